//! What ECS has written down: clusters, capacity providers, task definitions, account settings, container instances.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::Table;
use crate::tags::{Tagged, Tags};
use crate::world::{Place, Region, World};

/// The operations.
pub const OPERATIONS: Table = &[];

/// What a region has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Registry {}

/// What services and tasks need to know of a cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterFacts {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// `ACTIVE`, `INACTIVE` and so on.
    pub status: String,
    /// Its capacity providers.
    pub capacity_providers: Vec<String>,
    /// Its default strategy, as `DescribeClusters` shows it.
    pub default_strategy: Vec<Value>,
    /// The ARN of the namespace of its Service Connect defaults.
    pub namespace: Option<String>,
}

/// A cluster by its name or ARN (`default` if none is given), deleted ones as well.
pub fn cluster(_region: &Region, _cluster: Option<&str>) -> Option<ClusterFacts> {
    None
}

/// A task definition by `family`, `family:revision` or ARN, as `DescribeTaskDefinition` shows it; a family alone means its newest
/// active revision. Inactive revisions are found by their number.
pub fn definition(_region: &Region, _name: &str) -> Option<Value> {
    None
}

/// Whether an account setting is `enabled`, for its principal.
pub fn setting(_region: &Region, _name: &str, _principal: &str) -> Option<String> {
    None
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
