//! Tags by ARN: of instances, subnet groups, snapshots and parameter groups.

use serde_json::json;

use super::{Rds, instances, invalid, subnets};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::tags::{self, Tags};

/// The operations on tags.
pub const OPERATIONS: Table =
    &[("AddTagsToResource", add), ("RemoveTagsFromResource", remove), ("ListTagsForResource", list)];

/// The tags of a resource, by the last two parts of its ARN.
pub fn tags_of<'r>(rds: &'r mut Rds, kind: &str, name: &str) -> Option<&'r mut Tags> {
    match kind {
        "db" => rds.instances.get_mut(name).map(|one| &mut one.tags),
        "subgrp" => rds.subnet_groups.get_mut(name).map(|one| &mut one.tags),
        "snapshot" => rds.snapshots.get_mut(name).map(|one| &mut one.tags),
        "pg" => rds.parameter_groups.get_mut(name).map(|one| &mut one.tags),
        _ => None,
    }
}

fn found<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Tags, Refusal> {
    let arn = input.text_or_empty("ResourceName");
    let Some((kind, name)) = arn.strip_prefix(&call.place.arn("rds", "")).and_then(|rest| rest.split_once(':')) else {
        return Err(invalid(format!("Invalid resource name: {arn}")));
    };
    let missing = match kind {
        "db" => instances::missing(name),
        "subgrp" => subnets::missing(name),
        "snapshot" => Refusal::new("DBSnapshotNotFound", format!("DBSnapshot {name} not found.")),
        "pg" => Refusal::new("DBParameterGroupNotFound", format!("DBParameterGroup {name} not found.")),
        _ => invalid(format!("Invalid resource name: {arn}")),
    };
    tags_of(&mut call.region().rds, kind, name).ok_or(missing)
}

/// The tags of a request. RDS's reference says which letters they have; its model does not.
///
/// # Errors
/// If they have others, or a key that is AWS's own.
pub fn given(input: &Input) -> Result<Tags, Refusal> {
    let tags = tags::from_list(input.list("Tags"), "Key", "Value");
    let reserved = |key: &&String| ["aws:", "rds:"].iter().any(|start| key.to_lowercase().starts_with(start));
    if let Some(key) = tags.keys().find(reserved) {
        return Err(invalid(format!("The tag key {key} is reserved: keys must not start with aws: or rds:")));
    }
    let fits = |letter: char| letter.is_alphanumeric() || letter.is_whitespace() || "_.:/=+-@".contains(letter);
    if let Some(text) = tags.iter().flat_map(|(key, value)| [key, value]).find(|text| !text.chars().all(fits)) {
        return Err(invalid(format!(
            "The tag text {text} is not valid: it can have letters, digits, white space and _ . : / = + - @"
        )));
    }
    Ok(tags)
}

fn add(call: &mut Call<'_>, input: &Input) -> Reply {
    let new = given(input)?;
    found(call, input)?.extend(new);
    Ok(json!({}))
}

fn remove(call: &mut Call<'_>, input: &Input) -> Reply {
    let keys = input.texts("TagKeys");
    found(call, input)?.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}

fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let tags = tags::to_list(found(call, input)?, "Key", "Value");
    Ok(json!({"TagList": tags}))
}
