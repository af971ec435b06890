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

fn add(call: &mut Call<'_>, input: &Input) -> Reply {
    let new = tags::from_list(input.list("Tags"), "Key", "Value");
    if let Some(key) = new.keys().find(|key| key.to_lowercase().starts_with("aws:")) {
        return Err(invalid(format!("The tag key {key} is reserved: keys must not start with aws:")));
    }
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
