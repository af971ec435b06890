//! What a region keeps of Relational Database Service, and how most of its operations refuse. Knows no operation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::call::Refusal;
use crate::tags::Tags;
use crate::world::Moment;

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
    /// The parameters that were set, with their values.
    pub values: BTreeMap<String, String>,
    /// Its tags.
    pub tags: Tags,
}

pub(super) fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterValue", text)
}

pub(super) fn mismatch(text: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterCombination", text)
}
