//! Tags of namespaces and services.

use serde_json::json;

use super::{CloudMap, last, namespace_arn_of, service_arn_of};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::tags::{self, Tags};
use crate::world::Place;

/// The operations.
pub const OPERATIONS: Table = &[
    ("ListTagsForResource", list_tags_for_resource),
    ("TagResource", tag_resource),
    ("UntagResource", untag_resource),
];

const MOST_TAGS: usize = 50;

/// The tags of the resource of an ARN.
pub fn of_arn<'w>(map: &'w mut CloudMap, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    let id = last(arn);
    if arn == namespace_arn_of(place, id) {
        return map.namespaces.get_mut(id).map(|item| &mut item.tags);
    }
    (arn == service_arn_of(place, id)).then(|| map.services.get_mut(id).map(|item| &mut item.tags))?
}

/// Whether a resource can have these tags.
pub fn check(tags: &Tags) -> Result<(), Refusal> {
    if tags.len() > MOST_TAGS {
        return Err(Refusal::new("TooManyTagsException", "A resource can't have more than 50 tags."));
    }
    if tags.keys().any(|key| key.starts_with("aws:")) {
        return Err(Refusal::new("InvalidInput", "Tag keys that begin with aws: are reserved."));
    }
    Ok(())
}

fn tags<'w>(call: &'w mut Call<'_>, input: &Input) -> Result<&'w mut Tags, Refusal> {
    let arn = input.text_or_empty("ResourceARN");
    let place = call.place.clone();
    of_arn(&mut call.region().cloud_map, &place, arn).ok_or_else(|| {
        Refusal::new("ResourceNotFoundException", format!("The resource {arn} can't be found."))
            .with("ResourceName", arn)
    })
}

fn tag_resource(call: &mut Call<'_>, input: &Input) -> Reply {
    let tags = tags(call, input)?;
    let mut all = tags.clone();
    all.extend(tags::from_list(input.list("Tags"), "Key", "Value"));
    check(&all)?;
    *tags = all;
    Ok(json!({}))
}

fn untag_resource(call: &mut Call<'_>, input: &Input) -> Reply {
    let keys = input.texts("TagKeys");
    tags(call, input)?.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}

fn list_tags_for_resource(call: &mut Call<'_>, input: &Input) -> Reply {
    Ok(json!({ "Tags": tags::to_list(tags(call, input)?, "Key", "Value") }))
}
