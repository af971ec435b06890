//! Names of things: nodes of the graph, steps of a plan, and the ids that AWS gives.
//! Ids are newtypes so that a logical name is never mistaken for a physical one.
//! Knows nothing of what the kinds are.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The logical identity of one resource of a stack: its kind and the name of its entry in the stack file.
///
/// Written `kind.name`, for example `target_group.backend` or `listener.web/https`. A kind never contains a dot,
/// so the name may (`hosted_zone.cruddur.example`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    kind: Arc<str>,
    name: Arc<str>,
}

impl NodeId {
    /// Names a node.
    pub fn new(kind: &str, name: &str) -> Self {
        debug_assert!(!kind.contains('.'), "a kind has no dot: {kind}");
        Self { kind: kind.into(), name: name.into() }
    }

    /// The kind, for example `target_group`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The name of the entry within its kind.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.kind, self.name)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not `kind.name`.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not an id of the form kind.name")]
pub struct BadNodeId(String);

impl FromStr for NodeId {
    type Err = BadNodeId;

    fn from_str(text: &str) -> Result<Self, BadNodeId> {
        match text.split_once('.') {
            Some((kind, name)) if !kind.is_empty() && !name.is_empty() => Ok(Self::new(kind, name)),
            _ => Err(BadNodeId(text.to_owned())),
        }
    }
}

impl Serialize for NodeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NodeId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The number of a step within one plan, counted from 1 in an order in which the steps could run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub u32);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_being_written_and_read() {
        let id = NodeId::new("hosted_zone", "cruddur.example");
        assert_eq!(id.to_string(), "hosted_zone.cruddur.example");
        assert_eq!(id.to_string().parse::<NodeId>().unwrap(), id);
        assert!("nodot".parse::<NodeId>().is_err());
    }
}
