//! Relational Database Service: instances, subnet groups, snapshots, parameter groups. Decides what is kept of each; the
//! databases themselves do not exist.

mod change;
mod create;
mod defaults;
mod delete;
mod engines;
mod instances;
mod lifecycle;
mod lists;
mod parameters;
mod snapshots;
mod subnets;
mod tagging;
#[cfg(test)]
mod tests;
mod windows;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::service::{Carriers, Service, Words};
use crate::call::{Refusal, Said, Table};
use crate::model;
use crate::tags::{Tagged, Tags};
use crate::validate::Wording;
use crate::world::status::Entry;
use crate::world::{Moment, Place, World};

pub use self::lifecycle::{Event, happen};

/// The service.
pub const SERVICE: Service = Service {
    words: Words {
        role_not_ready: Some(
            Said::new(
                "InvalidParameterValue",
                "IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING",
            )
            .status(400),
        ),
        ..Words::XML
    },
    tagged: Carriers::new(tagged, of_arn),
    region_status: Some(|region, _| vec![Entry::counted("database", region.rds.instances.len())]),
    ..Service::new(model::source!("rds"), OPERATIONS, Wording::coral("ValidationError"))
};

/// The operations.
const OPERATIONS: &[Table] = &[
    instances::OPERATIONS,
    subnets::OPERATIONS,
    snapshots::OPERATIONS,
    parameters::OPERATIONS,
    tagging::OPERATIONS,
    engines::OPERATIONS,
];

/// What a region has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Rds {
    /// By name, in lower case.
    pub instances: BTreeMap<String, Instance>,
    /// By name, in lower case.
    pub subnet_groups: BTreeMap<String, SubnetGroup>,
    /// By name, in lower case.
    pub snapshots: BTreeMap<String, Snapshot>,
    /// By name, in lower case.
    pub parameter_groups: BTreeMap<String, ParameterGroup>,
    /// The part of all endpoints that stands for the account.
    pub endpoint: String,
}

/// A database instance.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Instance {
    /// Its description, without status, endpoint, tags and what is pending.
    pub fields: Map<String, Value>,
    /// Its status.
    pub status: String,
    /// Counts the changes of the status, so that what was scheduled for an earlier one is noticed.
    pub turn: u64,
    /// Its port.
    pub port: i64,
    /// Whether it has an endpoint yet.
    pub reachable: bool,
    /// Changes that wait for the maintenance window.
    pub pending: Map<String, Value>,
    /// Changes that are being applied.
    pub applying: Map<String, Value>,
    /// Its subnet group.
    pub subnet_group: String,
    /// Its security groups.
    pub groups: Vec<String>,
    /// Its network interfaces.
    pub interfaces: Vec<String>,
    /// Until when its storage cannot be changed again.
    pub storage_locked: Moment,
    /// The snapshot that is taken when it is deleted.
    pub final_snapshot: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// A subnet group.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SubnetGroup {
    /// Its description.
    pub description: String,
    /// The VPC of its subnets.
    pub vpc: String,
    /// Its subnets with their zones.
    pub subnets: Vec<(String, String)>,
    /// Its tags.
    pub tags: Tags,
}

/// A snapshot.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// Its description, without status and tags.
    pub fields: Map<String, Value>,
    /// Whether it is complete.
    pub available: bool,
    /// Its tags.
    pub tags: Tags,
}

/// A parameter group.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ParameterGroup {
    /// Its family, such as `postgres16`.
    pub family: String,
    /// Its description.
    pub description: String,
    /// Its tags.
    pub tags: Tags,
}

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterValue", text)
}

fn mismatch(text: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterCombination", text)
}

/// The tagged resources.
fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let Some(region) = world.known_region(place) else { return Vec::new() };
    let rds = &region.rds;
    let of = |kind: &str, name: &String, tags: &Tags| {
        let arn = place.arn("rds", &format!("{kind}:{name}"));
        (!tags.is_empty()).then(|| Tagged { arn, tags: tags.clone() })
    };
    let instances = rds.instances.iter().filter_map(|(name, one)| of("db", name, &one.tags));
    let subnets = rds.subnet_groups.iter().filter_map(|(name, one)| of("subgrp", name, &one.tags));
    let snapshots = rds.snapshots.iter().filter_map(|(name, one)| of("snapshot", name, &one.tags));
    let parameters = rds.parameter_groups.iter().filter_map(|(name, one)| of("pg", name, &one.tags));
    instances.chain(subnets).chain(snapshots).chain(parameters).collect()
}

/// The tags of a resource by its ARN.
fn of_arn<'w>(world: &'w mut World, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    let (kind, name) = arn.strip_prefix(&place.arn("rds", ""))?.split_once(':')?;
    tagging::tags_of(&mut world.region(place).rds, kind, name)
}
