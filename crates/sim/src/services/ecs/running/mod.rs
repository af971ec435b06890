//! What lives in ECS: services with their deployments and revisions, and tasks.

use serde::{Deserialize, Serialize};

use crate::call::Table;
use crate::tags::{Tagged, Tags};
use crate::world::{Place, Region, World};

/// The operations.
pub const OPERATIONS: Table = &[];

/// What a region has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Running {}

/// What happens by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {}

/// Lets it happen.
pub fn happen(_: &mut World, _: &Place, event: Event) {
    match event {}
}

/// How much there is in a cluster: active services, running and pending tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Population {
    /// Services that are not inactive.
    pub services: usize,
    /// Tasks that run.
    pub running: usize,
    /// Tasks on their way to run.
    pub pending: usize,
}

/// How much there is in a cluster, by its ARN.
pub fn population(_region: &Region, _cluster: &str) -> Population {
    Population::default()
}

/// The tagged resources.
pub fn tagged(_: &mut World, _: &Place) -> Vec<Tagged> {
    Vec::new()
}

/// Sets and removes tags by ARN.
pub fn retag(_: &mut World, _: &Place, _: &str, _: &Tags, _: &[String]) -> bool {
    false
}

/// The tags of a resource by its ARN; none if it is not one of these.
pub fn tags_of(_: &mut World, _: &Place, _: &str) -> Option<Tags> {
    None
}
