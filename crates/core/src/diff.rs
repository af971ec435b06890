//! How two documents of one kind differ, as a list of changes by path. Lists are compared by key, as sets or by position,
//! as the kind says. A desired `null` means "not managed"; a live value that AWS did not return is judged by its mark.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::doc::{self, Doc};
use crate::kind::{Field, Kind, List, OnChange};

/// One difference between what is live and what is wanted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Change {
    /// Where, for a person: `containers[backend].image`, `ingress[tcp 80 0.0.0.0/0]`.
    pub path: String,
    /// What it is; `None` if it is not there.
    pub from: Option<Value>,
    /// What it should be, perhaps with holes; `None` if it should go.
    pub to: Option<Value>,
    /// What the change means.
    pub effect: Effect,
}

/// What a change means for its resource.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It is only told.
    Tell,
    /// It is updated in place.
    Update,
    /// The resource has to be replaced.
    Replace,
}

impl Change {
    /// The first name of the path: the field of the kind's document that changes.
    pub fn field(&self) -> &str {
        self.path.split(['.', '[']).next().unwrap_or(&self.path)
    }
}
