//! Tags of everything in ECS by ARN. Those of clusters, capacity providers and task definitions are kept here; those of services
//! and tasks are the other half's.

use serde_json::json;

use super::super::checks::{EcsArn, arn, invalid};
use super::definitions;
use super::dialect::DIALECT;
use crate::call::{Call, Input, Members, Refusal, Reply};
use crate::tags::{Tagged, Tags};
use crate::world::{Place, World};

/// The tags of a resource by its ARN; none if it is not one of these.
pub fn tags_of(world: &mut World, place: &Place, arn: &str) -> Option<Tags> {
    tags_mut(world, place, arn).cloned()
}

/// The same, to change them.
pub fn tags_mut<'w>(world: &'w mut World, place: &Place, text: &str) -> Option<&'w mut Tags> {
    let EcsArn { account, kind, rest } = arn(place, text).ok()?;
    if account != &*place.account {
        return None;
    }
    let now = world.now;
    let registry = &mut world.region(place).ecs.registry;
    match kind {
        "cluster" => registry.clusters.get_mut(rest).filter(|it| !it.deleted).map(|it| &mut it.tags),
        "capacity-provider" => {
            registry.providers.get_mut(rest).filter(|it| it.status(now) != "INACTIVE").map(|it| &mut it.tags)
        }
        "task-definition" => definitions::find_mut(registry, rest)
            .filter(|it| rest.contains(':') && !it.deleting())
            .map(|it| &mut it.tags),
        _ => None,
    }
}

/// The tagged resources.
pub fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let now = world.now;
    let registry = &world.region(place).ecs.registry;
    let clusters = registry.clusters.values().filter(|it| !it.deleted).map(|it| (&it.arn, &it.tags));
    let live = registry.providers.values().filter(|it| it.status(now) != "INACTIVE");
    let providers = live.map(|it| (&it.arn, &it.tags));
    let definitions = registry.families.values().flat_map(definitions::Family::active).map(|it| (&it.arn, &it.tags));
    let all = clusters.chain(providers).chain(definitions).filter(|(_, tags)| !tags.is_empty());
    all.map(|(arn, tags)| Tagged { arn: arn.clone(), tags: tags.clone() }).collect()
}

/// The tags of the resource that a request names.
fn target(call: &mut Call<'_>, input: &Input) -> Result<(String, Tags), Refusal> {
    let text = input.text_or_empty("resourceArn").to_owned();
    let place = call.place.clone();
    let EcsArn { kind, rest, .. } = arn(&place, &text)?;
    let words = match kind {
        "cluster" | "service" | "task" | "gateway" => kind,
        "task-definition" => "task definition",
        "container-instance" => "container instance",
        "capacity-provider" => "capacity provider",
        _ => return Err(invalid("The specified ARN is not of a resource that can be tagged.")),
    };
    if matches!(kind, "service" | "task" | "container-instance") && !rest.contains('/') {
        return Err(invalid("Long arn format must be used for tagging operations"));
    }
    if kind == "cluster" && call.region().ecs.registry.clusters.get(rest).is_some_and(|it| it.deleted) {
        return Err(invalid("The specified cluster is inactive. Specify an active cluster and try again."));
    }
    let found = super::super::tagged::of_arn(call.world, &place, &text).cloned();
    let missing = || invalid(format!("The specified {words} does not exist. Specify a valid ARN and try again."));
    found.map(|tags| (text.clone(), tags)).ok_or_else(missing)
}

fn change(call: &mut Call<'_>, arn: &str, set: &Tags, remove: &[String]) -> Reply {
    let place = call.place.clone();
    if let Some(tags) = super::super::tagged::of_arn(call.world, &place, arn) {
        tags.retain(|key, _| !remove.contains(key));
        tags.extend(set.clone());
    }
    Ok(json!({}))
}

/// `TagResource`.
pub(super) fn tag(call: &mut Call<'_>, input: &Input) -> Reply {
    let (arn, there) = target(call, input)?;
    if input.list("tags").is_empty() {
        return Err(invalid("Tags can not be empty."));
    }
    let set = DIALECT.given(input)?;
    DIALECT.changed(&there, set.clone(), &[])?;
    change(call, &arn, &set, &[])
}

/// `UntagResource`.
pub(super) fn untag(call: &mut Call<'_>, input: &Input) -> Reply {
    let (arn, _) = target(call, input)?;
    let keys = input.texts("tagKeys");
    if keys.is_empty() {
        return Err(invalid("Tag keys can not be empty."));
    }
    change(call, &arn, &Tags::new(), &keys)
}

/// `ListTagsForResource`.
pub(super) fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let (_, tags) = target(call, input)?;
    Ok(json!({ "tags": DIALECT.written(&tags) }))
}
