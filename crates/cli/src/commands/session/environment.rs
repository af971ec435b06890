//! A session about the environment of a service: what its task definition says with everything filled in that is live, and, for who asks
//! for them, the values of its secrets. Reads only; no other session can come to such a value.

use std::collections::BTreeMap;

use evenkeel_aws::given::Hidden;
use evenkeel_aws::told;
use evenkeel_core::doc;
use evenkeel_core::graph::{Graph, Node};
use serde_json::Value;

use super::reading::Reading;
use crate::exit::Failure;
use crate::out::Ui;

/// The environments of a stack's services.
pub struct Environment {
    reading: Reading,
}

impl Environment {
    /// Those of a stack on an open connection.
    pub fn new(reading: Reading) -> Self {
        Self { reading }
    }

    /// What the stack file wants.
    pub fn graph(&self) -> &Graph {
        &self.reading.graph
    }

    /// The document of a node, filled with what is live and the stack's; what is not there yet stays open.
    ///
    /// # Errors
    /// If nothing can be read, or it is the wrong account.
    pub async fn filled(&mut self, node: &Node, ui: &mut Ui) -> Result<Value, Failure> {
        if doc::refs(&node.want).is_empty() {
            self.reading.right_account().await?;
            return Ok(node.want.clone());
        }
        let snapshot = self.reading.snapshot(ui).await?;
        let graph = self.graph();
        Ok(doc::fill(&node.want, &|hole| {
            let live = snapshot.live(&hole.node)?;
            let ours = live.is_of(&hole.node) || graph.get(&hole.node).is_some_and(|node| node.lookup);
            live.outputs.get(&hole.output).filter(|_| ours).cloned()
        }))
    }

    /// The values behind references of containers.
    ///
    /// # Errors
    /// If one is not there, or AWS refuses to tell it.
    pub async fn values(&self, references: &[String]) -> Result<BTreeMap<String, Hidden>, Failure> {
        let references: Vec<&str> = references.iter().map(String::as_str).collect();
        let told = told::values(&self.reading.cloud.aws, &references).await;
        told.map_err(|error| Failure::cloud("reading the values of secrets", error))
    }
}
