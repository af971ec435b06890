//! What a region keeps of Systems Manager: parameters with their versions. Knows no operation.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::names;
use crate::tags::Tags;
use crate::world::{Moment, Place};

/// What a region has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ssm {
    /// Parameters by plain name.
    pub(super) parameters: BTreeMap<String, Parameter>,
}

/// A parameter.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Parameter {
    pub(super) name: String,
    /// The newest last; never empty.
    pub(super) versions: Vec<Version>,
    pub(super) tags: Tags,
}

/// A version of a parameter, with everything that a change may change.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Version {
    pub(super) number: i64,
    pub(super) kind: String,
    pub(super) value: String,
    /// What somebody sees who may not decrypt; empty unless the value is secure.
    pub(super) ciphertext: String,
    pub(super) key_id: Option<String>,
    pub(super) description: Option<String>,
    pub(super) allowed_pattern: Option<String>,
    pub(super) tier: String,
    pub(super) policies: Option<String>,
    pub(super) data_type: String,
    pub(super) modified: Moment,
    pub(super) modified_by: String,
    pub(super) labels: BTreeSet<String>,
}

impl Parameter {
    pub(super) fn latest(&self) -> Option<&Version> {
        self.versions.last()
    }

    pub(super) fn arn(&self, place: &Place) -> String {
        names::arn(place, &self.name)
    }
}
