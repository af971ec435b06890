//! Tags of schedule groups. Decides that schedules have none.

use serde_json::json;

use super::{Group, group_arn, groups_of, invalid, no_group};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::tags;

/// The operations on tags.
pub const OPERATIONS: Table = &[("TagResource", tag), ("UntagResource", untag), ("ListTagsForResource", list)];

/// More than these are not allowed on a group.
const MOST: usize = 200;

fn group<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Group, Refusal> {
    let arn = input.text_or_empty("ResourceArn");
    let Some(name) = arn.strip_prefix(&group_arn(&call.place, "")) else {
        return Err(invalid("Provided Arn is not in correct format."));
    };
    groups_of(call).get_mut(name).ok_or_else(|| no_group(name))
}

fn tag(call: &mut Call<'_>, input: &Input) -> Reply {
    let new = tags::from_list(input.list("Tags"), "Key", "Value");
    let group = group(call, input)?;
    let mut all = group.tags.clone();
    all.extend(new);
    if all.len() > MOST {
        return Err(Refusal::new("ServiceQuotaExceededException", "The number of tags exceeds the limit."));
    }
    group.tags = all;
    Ok(json!({}))
}

fn untag(call: &mut Call<'_>, input: &Input) -> Reply {
    let keys = input.texts("TagKeys");
    group(call, input)?.tags.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}

fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let tags = tags::to_list(&group(call, input)?.tags, "Key", "Value");
    Ok(json!({"Tags": tags}))
}
