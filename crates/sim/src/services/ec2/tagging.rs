//! Tags of anything EC2 has: with the request that makes it, afterwards, and as a list of their own. Which rules tags have is
//! decided here; what they are on only matters by its id.

use serde_json::{Value, json};

use super::describe::{self, Filters};
use super::kinds::{self, Kind};
use super::state::Ec2;
use super::{invalid, operations, state};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::tags::{self, Tags};

/// The operations.
pub const OPERATIONS: Table = operations![
    "CreateTags" => create,
    "DeleteTags" => delete,
    "DescribeTags" => describe,
];

const MOST_TAGS: usize = 50;
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;

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
pub fn specified(input: &Input, kind: &Kind) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    for specification in input.list("TagSpecifications") {
        let resource = specification.text_or_empty("ResourceType");
        if resource != kind.resource {
            return Err(invalid(format!("'{resource}' is not a valid taggable resource type for this operation.")));
        }
        tags.extend(checked(specification.list("Tags"))?);
    }
    Ok(tags)
}

/// The tags of something, as they are described.
pub fn of(ec2: &Ec2, id: &str) -> Value {
    ec2.tags.get(id).map_or_else(|| json!([]), |tags| tags::to_list(tags, "Key", "Value"))
}

/// Keeps the tags of something new.
pub fn keep(ec2: &mut Ec2, id: &str, tags: Tags) {
    if !tags.is_empty() {
        ec2.tags.insert(id.to_owned(), tags);
    }
}

fn checked(list: &[Value]) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    for tag in list {
        let (key, value) = (tag.text_or_empty("Key"), tag.text_or_empty("Value"));
        if key.is_empty() {
            return Err(invalid("Tag key cannot be empty."));
        }
        if key.to_lowercase().starts_with("aws:") {
            return Err(invalid(format!(
                "Value ( {key} ) for parameter key is invalid. Tag keys starting with 'aws:' are reserved for internal use"
            )));
        }
        if key.chars().count() > LONGEST_KEY {
            return Err(invalid(format!("Tag key exceeds the maximum length of {LONGEST_KEY} characters")));
        }
        if value.chars().count() > LONGEST_VALUE {
            return Err(invalid(format!("Tag value exceeds the maximum length of {LONGEST_VALUE} characters")));
        }
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(invalid(format!("Duplicate tag key '{key}' specified.")));
        }
    }
    if tags.len() > MOST_TAGS {
        return Err(too_many());
    }
    Ok(tags)
}

fn too_many() -> Refusal {
    Refusal::new("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
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
    let tags = checked(input.list("Tags"))?;
    let ec2 = state(call);
    let ids = resources(ec2, input)?;
    let merged = |id: &String| {
        let mut all = ec2.tags.get(id).cloned().unwrap_or_default();
        all.extend(tags.clone());
        (id.clone(), all)
    };
    let merged: Vec<(String, Tags)> = ids.iter().map(merged).collect();
    // Amazon's own tags do not count.
    if merged.iter().any(|(_, tags)| tags.keys().filter(|key| !key.starts_with("aws:")).count() > MOST_TAGS) {
        return Err(too_many());
    }
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
        // A tag without a value goes whatever its value is; with one (even an empty one) only if it is that.
        let named = |key: &str, value: &str| {
            let fits = |tag: &Value| tag.text("Key") == Some(key) && tag.text("Value").is_none_or(|text| text == value);
            wanted.iter().any(fits)
        };
        tags.retain(|key, value| key.starts_with("aws:") || !(wanted.is_empty() || named(key, value)));
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
