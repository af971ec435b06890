//! Tags of zones and health checks. These calls want the bare id: with `/hostedzone/` before it there is no such resource.

use serde_json::{Value, json};

use super::state::{Route53, no_zone};
use crate::call::{Call, Handler, Input, Members, Refusal, Reply};
use crate::tags::{self, Tags};

/// The operations of this part.
pub const OPERATIONS: &[(&str, Handler)] =
    &[("ChangeTagsForResource", change), ("ListTagsForResource", list), ("ListTagsForResources", list_several)];

/// Tags of a resource.
const MOST_TAGS: usize = 50;
/// Longest id of a zone with all that may stand before it.
const LONGEST_ID: usize = 32;

fn of<'r>(route53: &'r mut Route53, kind: &str, id: &str) -> Result<&'r mut Tags, Refusal> {
    if kind == "healthcheck" {
        let check = route53.checks.get_mut(id).map(|check| &mut check.tags);
        return check
            .ok_or_else(|| Refusal::new("NoSuchHealthCheck", format!("A health check with id {id} does not exist.")));
    }
    if id.len() > LONGEST_ID {
        let text = format!(
            "1 validation error detected: Value '{id}' at 'resourceId' failed to satisfy constraint: Member must have \
             length less than or equal to {LONGEST_ID}"
        );
        return Err(Refusal::new("InvalidInput", text));
    }
    route53.zones.get_mut(id).map(|zone| &mut zone.tags).ok_or_else(|| no_zone(id))
}

fn change(call: &mut Call<'_>, input: &Input) -> Reply {
    let (set, remove) = (tags::from_list(input.list("AddTags"), "Key", "Value"), input.texts("RemoveTagKeys"));
    let here = of(&mut call.account().route53, input.text_or_empty("ResourceType"), input.text_or_empty("ResourceId"))?;
    let invalid = |text: String| Err(Refusal::new("InvalidInput", text));
    if set.is_empty() && remove.is_empty() {
        return invalid("You must specify AddTags or RemoveTagKeys.".to_owned());
    }
    if set.len() < input.list("AddTags").len() {
        return invalid("The request contains duplicate tag keys.".to_owned());
    }
    if let Some(key) = set.keys().find(|key| key.starts_with("aws:") || key.is_empty()) {
        return invalid(format!("Invalid tag key: {key}"));
    }
    let mut after = here.clone();
    after.extend(set);
    after.retain(|key, _| !remove.contains(key));
    if after.len() > MOST_TAGS {
        return invalid(format!("Limits Exceeded: a resource can have at most {MOST_TAGS} tags."));
    }
    *here = after;
    Ok(json!({}))
}

fn tag_set(route53: &mut Route53, kind: &str, id: &str) -> Result<Value, Refusal> {
    let tags = tags::to_list(of(route53, kind, id)?, "Key", "Value");
    Ok(json!({"ResourceType": kind, "ResourceId": id, "Tags": tags}))
}

fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let (kind, id) = (input.text_or_empty("ResourceType"), input.text_or_empty("ResourceId"));
    Ok(json!({"ResourceTagSet": tag_set(&mut call.account().route53, kind, id)?}))
}

fn list_several(call: &mut Call<'_>, input: &Input) -> Reply {
    let kind = input.text_or_empty("ResourceType");
    let route53 = &mut call.account().route53;
    let sets = input.texts("ResourceIds").iter().map(|id| tag_set(route53, kind, id)).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({"ResourceTagSets": sets}))
}
