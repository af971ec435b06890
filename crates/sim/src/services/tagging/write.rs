//! Writing: tags for up to twenty resources at once. What fails is told for each resource; the others are done.

use serde_json::{Map, Value, json};

use super::belongs;
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::services::SERVICES;
use crate::tags::{Tags, from_map};
use crate::world::{Place, World};

/// The operations.
pub(super) const OPERATIONS: Table = &[("TagResources", tag), ("UntagResources", untag)];

/// Sets and removes tags of a resource of any service; false if there is none of that ARN, or it cannot have these tags.
pub(crate) fn retag(world: &mut World, place: &Place, arn: &str, set: &Tags, remove: &[String]) -> bool {
    for service in SERVICES {
        if let Some(tags) = (service.tagged.of_arn)(world, place, arn) {
            (service.tagged.remove)(tags, remove);
            return (service.tagged.add)(tags, set);
        }
    }
    false
}

fn change(call: &mut Call<'_>, input: &Input, set: &Tags, remove: &[String]) -> Reply {
    let arns = input.texts("ResourceARNList");
    if let Some(bad) = arns.iter().find(|arn| !arn.starts_with("arn:") || arn.split(':').count() < 6) {
        return Err(Refusal::new("InvalidParameterException", format!("{bad} is not a valid ARN.")));
    }
    if set.keys().chain(remove).any(|key| key.to_lowercase().starts_with("aws:")) {
        return Err(Refusal::new("InvalidParameterException", "Tag keys cannot start with aws:"));
    }
    let place = call.place.clone();
    let mut failed = Map::new();
    for arn in arns {
        if belongs(&place, &arn) && retag(call.world, &place, &arn, set, remove) {
            continue;
        }
        let text = format!("The resource {arn} does not exist or cannot be tagged in {}.", place.region);
        let failure = json!({ "StatusCode": 400, "ErrorCode": "InvalidParameterException", "ErrorMessage": text });
        failed.insert(arn, failure);
    }
    Ok(json!({ "FailedResourcesMap": Value::Object(failed) }))
}

fn tag(call: &mut Call<'_>, input: &Input) -> Reply {
    change(call, input, &from_map(input.map("Tags")), &[])
}

fn untag(call: &mut Call<'_>, input: &Input) -> Reply {
    change(call, input, &Tags::new(), &input.texts("TagKeys"))
}
