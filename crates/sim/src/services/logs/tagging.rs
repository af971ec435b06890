//! Tags of groups: by ARN (without `:*`), and by name as it was done before.

use serde_json::json;

use super::common::{add_tags, group, name_of};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::tags::{from_map, to_map};

/// The operations.
pub const OPERATIONS: Table = &[
    ("TagResource", tag),
    ("UntagResource", untag),
    ("ListTagsForResource", list),
    ("TagLogGroup", tag_group),
    ("UntagLogGroup", untag_group),
    ("ListTagsLogGroup", list_group),
];

fn by_arn(call: &Call<'_>, input: &Input) -> Result<String, Refusal> {
    let arn = input.text_or_empty("resourceArn");
    let name = name_of(call, arn).filter(|_| arn.starts_with("arn:"));
    name.ok_or_else(|| Refusal::new("ResourceNotFoundException", "The specified resource does not exist."))
}

fn tag(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = by_arn(call, input)?;
    add_tags(&mut group(call, &name)?.tags, from_map(input.map("tags")), "TooManyTagsException")?;
    Ok(json!({}))
}

fn untag(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = by_arn(call, input)?;
    let keys = input.texts("tagKeys");
    group(call, &name)?.tags.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}

fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = by_arn(call, input)?;
    Ok(json!({ "tags": to_map(&group(call, &name)?.tags) }))
}

fn tag_group(call: &mut Call<'_>, input: &Input) -> Reply {
    let group = group(call, input.text_or_empty("logGroupName"))?;
    add_tags(&mut group.tags, from_map(input.map("tags")), "InvalidParameterException")?;
    Ok(json!({}))
}

fn untag_group(call: &mut Call<'_>, input: &Input) -> Reply {
    let keys = input.texts("tags");
    group(call, input.text_or_empty("logGroupName"))?.tags.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}

fn list_group(call: &mut Call<'_>, input: &Input) -> Reply {
    Ok(json!({ "tags": to_map(&group(call, input.text_or_empty("logGroupName"))?.tags) }))
}
