//! Tags of scalable targets; policies and scheduled actions have none.

use serde_json::json;

use super::Target;
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::tags::{self, Tags};

/// The operations.
pub const OPERATIONS: Table = &[
    ("ListTagsForResource", list_tags_for_resource),
    ("TagResource", tag_resource),
    ("UntagResource", untag_resource),
];

const MOST_TAGS: usize = 50;

/// Whether a target can have these tags.
pub fn check(tags: &Tags) -> Result<(), Refusal> {
    if tags.len() > MOST_TAGS {
        return Err(Refusal::new("TooManyTagsException", "A resource can have no more than 50 tags."));
    }
    if tags.keys().any(|key| key.starts_with("aws:")) {
        return Err(super::invalid("Tag keys that begin with aws: are reserved."));
    }
    Ok(())
}

fn target<'w>(call: &'w mut Call<'_>, input: &Input) -> Result<&'w mut Target, Refusal> {
    let arn = input.text_or_empty("ResourceARN");
    let found = call.region().scaling.targets.values_mut().find(|target| target.arn == arn);
    found.ok_or_else(|| {
        Refusal::new("ResourceNotFoundException", format!("The scalable target {arn} doesn't exist."))
            .with("ResourceName", arn)
    })
}

fn tag_resource(call: &mut Call<'_>, input: &Input) -> Reply {
    let target = target(call, input)?;
    let mut all = target.tags.clone();
    all.extend(tags::from_map(input.map("Tags")));
    check(&all)?;
    target.tags = all;
    Ok(json!({}))
}

fn untag_resource(call: &mut Call<'_>, input: &Input) -> Reply {
    let keys = input.texts("TagKeys");
    target(call, input)?.tags.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}

fn list_tags_for_resource(call: &mut Call<'_>, input: &Input) -> Reply {
    Ok(json!({ "Tags": tags::to_map(&target(call, input)?.tags) }))
}
