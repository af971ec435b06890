//! CloudWatch Logs: groups, streams and events. This file holds the table of its operations and what the tagging API sees.

mod common;
mod events;
mod exports;
mod filters;
mod groups;
mod link;
mod pattern;
mod policies;
mod state;
mod streams;
mod tagging;
#[cfg(test)]
mod tests;

pub use self::link::*;
pub use self::state::Logs;

use crate::call::Table;
use crate::tags::{Tagged, Tags};
use crate::world::{Place, World};

/// The operations.
pub const OPERATIONS: &[Table] = &[
    events::OPERATIONS,
    groups::OPERATIONS,
    streams::OPERATIONS,
    tagging::OPERATIONS,
    policies::OPERATIONS,
    filters::OPERATIONS,
    exports::OPERATIONS,
];

/// The tagged resources: groups.
pub fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let groups = world.region(place).logs.groups.iter().filter(|(_, group)| !group.tags.is_empty());
    groups.map(|(name, group)| Tagged { arn: state::arn(place, name), tags: group.tags.clone() }).collect()
}

/// Sets and removes tags by ARN.
pub fn retag(world: &mut World, place: &Place, arn: &str, set: &Tags, remove: &[String]) -> bool {
    let name = arn.strip_prefix(&state::arn(place, ""));
    let Some(group) = name.and_then(|name| world.region(place).logs.groups.get_mut(name)) else { return false };
    group.tags.retain(|key, _| !remove.contains(key));
    group.tags.extend(set.clone());
    true
}
