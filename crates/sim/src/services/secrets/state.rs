//! What a region keeps of Secrets Manager: secrets with their versions, and what is to happen to them by itself. Knows no operation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::tags::Tags;
use crate::world::Moment;

/// The stage of the version that is read unless another is asked for.
pub(super) const CURRENT: &str = "AWSCURRENT";

pub(super) const PREVIOUS: &str = "AWSPREVIOUS";

/// The stage of a version that is to become the current one.
pub(super) const PENDING: &str = "AWSPENDING";

/// What a region has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Secrets {
    /// By name.
    pub(super) secrets: BTreeMap<String, Secret>,
}

/// A secret.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Secret {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) key: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) owner: Option<String>,
    /// The oldest first.
    pub(super) versions: Vec<Version>,
    /// None until there was a tag.
    pub(super) tags: Option<Tags>,
    pub(super) policy: Option<String>,
    pub(super) created: Moment,
    pub(super) changed: Moment,
    pub(super) accessed: Option<Moment>,
    pub(super) deletion: Option<Deletion>,
}

/// A deletion that has not taken effect yet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Deletion {
    pub(super) asked: Moment,
    pub(super) due: Moment,
}

/// A version of a secret's value.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Version {
    pub(super) id: String,
    pub(super) text: Option<String>,
    pub(super) binary: Option<String>,
    pub(super) stages: Vec<String>,
    pub(super) created: Moment,
    pub(super) accessed: Option<Moment>,
}

impl Secret {
    pub(super) fn version(&self, id: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.id == id)
    }

    pub(super) fn staged(&self, stage: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.stages.iter().any(|other| other == stage))
    }

    /// Tags as they are kept from now on.
    pub(super) fn tags_mut(&mut self) -> &mut Tags {
        self.tags.get_or_insert_default()
    }
}

/// What happens by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// A deletion takes effect.
    Purge {
        /// The secret's ARN.
        arn: String,
    },
}
