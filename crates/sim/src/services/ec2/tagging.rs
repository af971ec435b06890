//! Tags of anything EC2 has: with the request that makes it, afterwards, and as a list of their own. What they are on only matters by
//! its id.

use serde_json::{Value, json};

use super::describe::{self, Filters};
use super::kinds::{self, Kind};
use super::state::Ec2;
use super::{invalid, operations, state};
use crate::call::{Call, Input, Members, Refusal, Reply, Said, Table};
use crate::tags::dialect::{AWS, Breach, Dialect, Keys, MOST_TAGS, Rule, named};
use crate::tags::{self, Tags};

/// The operations.
pub(super) const OPERATIONS: Table = operations![
    "CreateTags" => create,
    "DeleteTags" => delete,
    "DescribeTags" => describe,
];

/// The dialect. Amazon's own tags do not count for the limit.
const DIALECT: Dialect = Dialect {
    keys: Keys::Tags("Tags"),
    rules: &[
        Rule::request(Breach::NoKey, Said::new(INVALID, "Tag key cannot be empty.")),
        Rule::request(
            Breach::ReservedInAnyCase(AWS),
            Said::new(
                INVALID,
                "Value ( {key} ) for parameter key is invalid. Tag keys starting with 'aws:' are reserved for internal use",
            ),
        ),
        Rule::request(Breach::LongKey(128), Said::new(INVALID, "Tag key exceeds the maximum length of 128 characters")),
        Rule::request(
            Breach::LongValue(256),
            Said::new(INVALID, "Tag value exceeds the maximum length of 256 characters"),
        ),
        Rule::request(Breach::Twice, Said::new(INVALID, "Duplicate tag key '{key}' specified.")),
        Rule::both(
            Breach::OwnCount(MOST_TAGS),
            Said::new("TagLimitExceeded", "The maximum number of Tags for a resource has been reached."),
        ),
    ],
    ..Dialect::LIST
};

const INVALID: &str = "InvalidParameterValue";

const FILTERS: Filters = &[
    ("key", "Key"),
    ("resource-id", "ResourceId"),
    ("resource-type", "ResourceType"),
    ("value", "Value"),
    ("tag-key", "Key"),
];

/// The tags that a request gives to what it makes.
///
/// # Errors
/// Of tags for something else, and of bad tags.
pub(super) fn specified(input: &Input, kind: &Kind) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    for specification in input.list("TagSpecifications") {
        let resource = specification.text_or_empty("ResourceType");
        if resource != kind.resource {
            return Err(invalid(format!("'{resource}' is not a valid taggable resource type for this operation.")));
        }
        tags.extend(DIALECT.given(specification)?);
    }
    Ok(tags)
}

/// The tags of something, as they are described.
pub(super) fn of(ec2: &Ec2, id: &str) -> Value {
    ec2.tags.get(id).map_or_else(|| json!([]), |tags| tags::to_list(tags, "Key", "Value"))
}

/// Keeps the tags of something new.
pub(super) fn keep(ec2: &mut Ec2, id: &str, tags: Tags) {
    if !tags.is_empty() {
        ec2.tags.insert(id.to_owned(), tags);
    }
}

/// The resources of a request, all of which have to exist.
fn resources(ec2: &Ec2, input: &Input) -> Result<Vec<String>, Refusal> {
    let ids = input.texts("Resources");
    for id in &ids {
        let kind = kinds::of(id).ok_or_else(|| Refusal::new("InvalidID", format!("The ID '{id}' is not valid")))?;
        if !kinds::exists(ec2, id) {
            return Err(kind.missing(id));
        }
    }
    Ok(ids)
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let tags = DIALECT.given(input)?;
    let ec2 = state(call);
    let merged = |id: String| {
        let there = ec2.tags.get(&id).cloned().unwrap_or_default();
        DIALECT.changed(&there, tags.clone(), &[]).map(|all| (id, all))
    };
    let merged = resources(ec2, input)?.into_iter().map(merged).collect::<Result<Vec<_>, _>>()?;
    ec2.tags.extend(merged);
    Ok(json!({}))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let wanted = input.list("Tags");
    if wanted.iter().any(|tag| tag.text_or_empty("Key").to_lowercase().starts_with("aws:")) {
        return Err(invalid("Tag keys starting with 'aws:' are reserved for internal use"));
    }
    let ec2 = state(call);
    for id in resources(ec2, input)? {
        let Some(tags) = ec2.tags.get_mut(&id) else { continue };
        tags.retain(|key, value| key.starts_with("aws:") || !(wanted.is_empty() || named(wanted, key, value)));
        if tags.is_empty() {
            ec2.tags.remove(&id);
        }
    }
    Ok(json!({}))
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let filters = describe::filters(input, FILTERS)?;
    let ec2 = state(call);
    let mut all = Vec::new();
    for (id, tags) in &ec2.tags {
        let kind = kinds::of(id).map_or("", |kind| kind.resource);
        for (key, value) in tags {
            all.push(json!({ "Key": key, "Value": value, "ResourceId": id, "ResourceType": kind }));
        }
    }
    all.retain(|tag| filters.iter().all(|filter| filter.takes(tag)));
    let key = |tag: &Value| format!("{} {}", tag.text_or_empty("ResourceId"), tag.text_or_empty("Key"));
    describe::page(input, "Tags", all, key)
}
