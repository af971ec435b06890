//! A session about the values of secrets: which there are, and the sending of another one. Reads what describes a secret, and never the
//! secret; sends a value without a plan, because nothing else changes, and only to what belongs to the stack.

use std::collections::BTreeMap;

use evenkeel_aws::given::Hidden;
use evenkeel_aws::values;
use evenkeel_core::cloud::Cloud;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::{Live, Owner};
use evenkeel_stack::value_from::ValueFrom;

use super::connect::no_aws;
use super::reading::Reading;
use crate::exit::Failure;
use crate::report::words;

/// Secrets and encrypted parameters of a stack, as far as they are known without their values.
pub struct Values {
    reading: Reading,
}

/// One of them.
pub struct Kept<'a> {
    /// What the stack file says.
    pub node: &'a Node,
    /// What there is; `None` before the first apply.
    pub live: Option<Live>,
}

impl Values {
    /// Those of a stack on an open connection.
    pub fn new(reading: Reading) -> Self {
        Self { reading }
    }

    fn nodes(&self) -> Vec<&Node> {
        values::nodes(&self.reading.graph)
    }

    /// The entry that a name means: `secret.db`, or `db` where no other has the name.
    ///
    /// # Errors
    /// If it means none, or several.
    pub fn named(&self, name: &str) -> Result<&Node, Failure> {
        let nodes = self.nodes();
        let fits = |node: &&Node| node.id.to_string() == name || node.id.name() == name;
        let found: Vec<&Node> = nodes.iter().copied().filter(fits).collect();
        match found[..] {
            [node] => Ok(node),
            [] => {
                let all: Vec<String> = nodes.iter().map(|node| node.id.to_string()).collect();
                let there =
                    if all.is_empty() { "it has none".to_owned() } else { format!("it has {}", all.join(", ")) };
                Err(Failure::Usage(format!("the stack file has no secret or SecureString `{name}`; {there}")))
            }
            _ => {
                let all: Vec<String> = found.iter().map(|node| node.id.to_string()).collect();
                Err(Failure::Usage(format!("`{name}` may be {}; write which", all.join(" or "))))
            }
        }
    }

    /// All of them, as they are now.
    ///
    /// # Errors
    /// If AWS cannot be read, or it is the wrong account.
    pub async fn all(&self) -> Result<Vec<Kept<'_>>, Failure> {
        let nodes = self.nodes();
        let mut live = self.read(&nodes).await?;
        Ok(nodes.into_iter().map(|node| Kept { node, live: live.remove(&node.id).flatten() }).collect())
    }

    async fn read(&self, nodes: &[&Node]) -> Result<BTreeMap<NodeId, Option<Live>>, Failure> {
        self.reading.right_account().await?;
        self.reading.cloud.read_back(nodes).await.map_err(|error| no_aws(&error))
    }

    /// Sends another value; what the new version is called.
    ///
    /// # Errors
    /// If it is not there, is not of the stack, or AWS refuses.
    pub async fn send(&self, node: &Node, value: Hidden) -> Result<String, Failure> {
        let live = self.read(&[node]).await?.remove(&node.id).flatten();
        let Some(live) = live.filter(|live| matches!(&live.owner, Owner::Ours(owner) if *owner == node.id)) else {
            let text = format!("{} is not there, or does not belong to this stack; nothing was changed", node.id);
            return Err(Failure::refused(text, "`evenkeel apply` creates it, with its first value"));
        };
        // The database comes first: what it refuses, the secret does not get.
        let mut changed = Vec::new();
        for database in values::databases(&self.reading.graph, &node.id) {
            let there = self.read(&[database]).await?.remove(&database.id).flatten();
            if let Some(there) = there.filter(|there| there.is_of(&database.id)) {
                let sent = values::send_to_database(&self.reading.cloud.aws, database, &there, &value).await;
                sent.map_err(|error| half_sent(&error, &database.id, &changed))?;
                changed.push(database.id.to_string());
            }
        }
        let sent = values::send(&self.reading.cloud.aws, node, &live, value).await;
        sent.map_err(|error| half_sent(&error, &node.id, &changed))
    }

    /// A random value, as the entry wants it.
    ///
    /// # Errors
    /// If the entry does not say how.
    pub fn random(&self, node: &Node) -> Result<Hidden, Failure> {
        let Some(ValueFrom::Generate(of)) = values::source(&node.want) else {
            let text =
                format!("{} has no `generate` in the stack file, so there is nothing to make a value from", node.id);
            let help =
                format!("write `generate: 32` in its entry, or give the value: evenkeel secrets set {}", node.id);
            return Err(Failure::refused(text, help));
        };
        Hidden::random(&of).map_err(|error| no_aws(&error))
    }

    /// The nodes that refer to one of them.
    pub fn users(&self, of: &NodeId) -> Vec<String> {
        values::users(&self.reading.graph, of)
    }
}

/// A value that did not get everywhere: what has it, what may have it, and how to go on. A generated one is not known to anybody.
fn half_sent(error: &CloudError, at: &NodeId, changed: &[String]) -> Failure {
    let unknown = error.class == ErrorClass::Unknown;
    if changed.is_empty() && !unknown {
        return no_aws(error);
    }
    let mut doing = match changed {
        [] => String::new(),
        _ => format!("{} has the new password already; ", words::listed(changed)),
    };
    doing += &if unknown { format!("whether {at} has it is not known") } else { format!("{at} has the old value") };
    let mut error = error.clone();
    error.hint.get_or_insert_with(|| "run the same command again: another value is sent to both".to_owned());
    Failure::Cloud { doing, error: Box::new(error) }
}
