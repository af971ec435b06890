//! Tags of load balancers, target groups, listeners and rules: one resource at a time is tagged, twenty are described.

use serde_json::json;

use super::arns::{self, What, invalid, no_balancer, no_groups, no_listener, no_rule};
use super::state::Elb;
use crate::call::{Call, Input, Members, Refusal, Reply, Said, Table};
use crate::tags::dialect::{AWS, Breach, Dialect, MOST_TAGS, Rule};
use crate::tags::{Tagged, Tags};
use crate::world::{Place, World};

/// The operations on tags.
pub(super) const OPERATIONS: Table = &[("AddTags", add), ("RemoveTags", remove), ("DescribeTags", describe)];

/// The dialect.
pub(super) const DIALECT: Dialect = Dialect {
    rules: &[
        Rule::request(Breach::Twice, Said::new("DuplicateTagKeys", "Tag key was specified more than once: {key}")),
        Rule::request(
            Breach::ReservedInAnyCase(AWS),
            Said::new("ValidationError", "aws: prefixed tag key names are not allowed for external use."),
        ),
        Rule::both(
            Breach::OwnCount(MOST_TAGS),
            Said::new("TooManyTags", "The maximum number of tags on the resource has been exceeded"),
        ),
    ],
    ..Dialect::LIST
};

impl Elb {
    fn tags_mut(&mut self, arn: &str) -> Option<&mut Tags> {
        match arns::kind_of(arn)? {
            What::Balancer => self.balancers.get_mut(arn).map(|one| &mut one.tags),
            What::Group => self.groups.get_mut(arn).map(|one| &mut one.tags),
            What::Listener => self.listeners.get_mut(arn).map(|one| &mut one.tags),
            What::Rule => self.rules.get_mut(arn).map(|one| &mut one.tags),
        }
    }
}

/// The tags of a resource of this place.
fn find<'e>(elb: &'e mut Elb, place: &Place, arn: &str) -> Result<&'e mut Tags, Refusal> {
    let kind = arns::kind_of(arn).ok_or_else(|| invalid(format!("'{arn}' is not a valid load balancer ARN")))?;
    if !arn.contains(&format!(":{}:", place.region)) {
        return Err(invalid(format!("'{arn}' must be in ARN format")));
    }
    let none = || match kind {
        What::Balancer => no_balancer(arn),
        What::Group => no_groups(&[arn.to_owned()]),
        What::Listener => no_listener(),
        What::Rule => no_rule(),
    };
    elb.tags_mut(arn).ok_or_else(none)
}

fn only_one(input: &Input, word: &str) -> Result<String, Refusal> {
    match input.texts("ResourceArns").as_slice() {
        [arn] => Ok(arn.clone()),
        [] => Err(invalid("At least one resource must be specified")),
        _ => Err(invalid(format!("Only one resource can be {word} at a time"))),
    }
}

fn add(call: &mut Call<'_>, input: &Input) -> Reply {
    let arn = only_one(input, "tagged")?;
    let wanted = DIALECT.given(input)?;
    let place = call.place.clone();
    let tags = find(&mut call.region().elb, &place, &arn)?;
    *tags = DIALECT.changed(tags, wanted, &[])?;
    Ok(json!({}))
}

fn remove(call: &mut Call<'_>, input: &Input) -> Reply {
    let arn = only_one(input, "untagged")?;
    let place = call.place.clone();
    DIALECT.removed(find(&mut call.region().elb, &place, &arn)?, input);
    Ok(json!({}))
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let arns = input.texts("ResourceArns");
    if arns.is_empty() {
        return Err(invalid("At least one resource must be specified"));
    }
    if arns.len() > 20 {
        return Err(invalid("Cannot have more than 20 resources described"));
    }
    let place = call.place.clone();
    let elb = &mut call.region().elb;
    let mut list = Vec::new();
    for arn in arns {
        let tags = DIALECT.written(find(elb, &place, &arn)?);
        list.push(json!({ "ResourceArn": arn, "Tags": tags }));
    }
    Ok(json!({ "TagDescriptions": list }))
}

/// The tagged resources.
pub(super) fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let elb = &world.region(place).elb;
    let balancers = elb.balancers.iter().map(|(arn, one)| (arn, &one.tags));
    let groups = elb.groups.iter().map(|(arn, one)| (arn, &one.tags));
    let listeners = elb.listeners.iter().map(|(arn, one)| (arn, &one.tags));
    let rules = elb.rules.iter().map(|(arn, one)| (arn, &one.tags));
    let all = balancers.chain(groups).chain(listeners).chain(rules);
    all.filter(|(_, tags)| !tags.is_empty())
        .map(|(arn, tags)| Tagged { arn: arn.clone(), tags: tags.clone() })
        .collect()
}

/// The tags of a resource by its ARN.
pub(super) fn of_arn<'w>(world: &'w mut World, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    world.region(place).elb.tags_mut(arn)
}
