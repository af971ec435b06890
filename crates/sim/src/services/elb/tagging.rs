//! Tags of load balancers, target groups, listeners and rules: one resource at a time is tagged, twenty are described.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::arns::{self, What, invalid, no_balancer, no_groups, no_listener, no_rule};
use super::state::Elb;
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::tags::{self, Tagged, Tags};
use crate::world::{Place, World};

/// The operations on tags.
pub(super) const OPERATIONS: Table = &[("AddTags", add), ("RemoveTags", remove), ("DescribeTags", describe)];

/// How many tags a resource may have.
const QUOTA: usize = 50;

/// Reads the tags of a request.
pub(super) fn given(list: &[Value]) -> Result<Tags, Refusal> {
    let tags = tags::from_list(list, "Key", "Value");
    if tags.len() < list.len() {
        let mut seen = BTreeMap::new();
        for tag in list {
            *seen.entry(tag.text_or_empty("Key")).or_insert(0) += 1;
        }
        let key = seen.iter().find(|(_, count)| **count > 1).map_or("", |(key, _)| key);
        return Err(Refusal::new("DuplicateTagKeys", format!("Tag key was specified more than once: {key}")));
    }
    if tags.keys().any(|key| key.to_ascii_lowercase().starts_with("aws:")) {
        return Err(invalid("aws: prefixed tag key names are not allowed for external use."));
    }
    check_count(&tags)?;
    Ok(tags)
}

fn check_count(tags: &Tags) -> Result<(), Refusal> {
    if tags.keys().filter(|key| !key.starts_with("aws:")).count() > QUOTA {
        return Err(Refusal::new("TooManyTags", "The maximum number of tags on the resource has been exceeded"));
    }
    Ok(())
}

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
    let wanted = given(input.list("Tags"))?;
    let place = call.place.clone();
    let tags = find(&mut call.region().elb, &place, &arn)?;
    let mut all = tags.clone();
    all.extend(wanted);
    check_count(&all)?;
    *tags = all;
    Ok(json!({}))
}

fn remove(call: &mut Call<'_>, input: &Input) -> Reply {
    let arn = only_one(input, "untagged")?;
    let place = call.place.clone();
    let tags = find(&mut call.region().elb, &place, &arn)?;
    for key in input.texts("TagKeys") {
        tags.remove(&key);
    }
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
        let tags = tags::to_list(find(elb, &place, &arn)?, "Key", "Value");
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
