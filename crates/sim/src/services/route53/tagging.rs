//! Tags of zones and health checks. These calls want the bare id: with `/hostedzone/` before it there is no such resource.

use serde_json::{Value, json};

use super::state::{Route53, no_zone};
use crate::call::{Call, Handler, Input, Members, Refusal, Reply, Said};
use crate::tags::Tags;
use crate::tags::dialect::{AWS, Breach, Dialect, MOST_TAGS, Rule};

/// The operations of this part.
pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("ChangeTagsForResource", change), ("ListTagsForResource", list), ("ListTagsForResources", list_several)];

const UNFIT: Said = Said::new("InvalidInput", "Invalid tag key: {key}");

/// The dialect.
const DIALECT: Dialect = Dialect {
    tags: "AddTags",
    rules: &[
        Rule::request(Breach::Twice, Said::new("InvalidInput", "The request contains duplicate tag keys.")),
        Rule::request(Breach::Reserved(AWS), UNFIT),
        Rule::request(Breach::NoKey, UNFIT),
        Rule::whole(
            Breach::Count(MOST_TAGS),
            Said::new("InvalidInput", "Limits Exceeded: a resource can have at most 50 tags."),
        ),
    ],
    ..Dialect::LIST
};

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
    let (set, remove) = (DIALECT.read(input), input.texts("RemoveTagKeys"));
    let here = of(&mut call.account().route53, input.text_or_empty("ResourceType"), input.text_or_empty("ResourceId"))?;
    if set.is_empty() && remove.is_empty() {
        return Err(Refusal::new("InvalidInput", "You must specify AddTags or RemoveTagKeys."));
    }
    *here = DIALECT.changed(here, DIALECT.given(input)?, &remove)?;
    Ok(json!({}))
}

fn tag_set(route53: &mut Route53, kind: &str, id: &str) -> Result<Value, Refusal> {
    let tags = DIALECT.written(of(route53, kind, id)?);
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
