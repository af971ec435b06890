//! Elastic Container Service. Two halves: `registry` is what is written down (clusters, capacity providers, task definitions,
//! settings), `running` is what lives (services, their deployments and revisions, tasks).

pub mod checks;
mod link;
pub mod registry;
pub mod running;

pub use self::link::*;

use serde::{Deserialize, Serialize};

use crate::call::Table;
use crate::tags::{Tagged, Tags};
use crate::world::{Place, World};

/// The operations.
pub const OPERATIONS: &[Table] = &[registry::OPERATIONS, running::OPERATIONS];

/// What a region has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ecs {
    /// What is written down.
    pub registry: registry::Registry,
    /// What lives.
    pub running: running::Running,
}

pub use self::running::{Event, happen};

/// The tagged resources.
pub fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let mut all = registry::tagged(world, place);
    all.extend(running::tagged(world, place));
    all
}

/// Sets and removes tags by ARN.
pub fn retag(world: &mut World, place: &Place, arn: &str, set: &Tags, remove: &[String]) -> bool {
    registry::retag(world, place, arn, set, remove) || running::retag(world, place, arn, set, remove)
}
