//! What a stack keeps secret: the nodes whose values are sent and never read, and the sending of another value to one that is there.
//! Knows which kinds those are, so that nobody else has to; decides nothing about whose they are.

use evenkeel_core::doc;
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::{Graph, Node};
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::Live;
use evenkeel_stack::value_from::ValueFrom;
use serde_json::Value;

use crate::client::Aws;
use crate::given::{self, Hidden};
use crate::kinds::{parameter, secret, task_definition};
use crate::resource::spec;

/// The nodes that keep a secret value.
pub fn nodes(graph: &Graph) -> Vec<&Node> {
    let secure = |node: &&Node| node.want.get("sealed").is_some_and(Value::is_object);
    let parameters = graph.of_kind(parameter::ENTRY.kind.name).filter(secure);
    parameters.chain(graph.of_kind(secret::ENTRY.kind.name)).collect()
}

/// Where the value of a document comes from when it is made, if it says so.
pub fn source(want: &Value) -> Option<ValueFrom> {
    want.get("value_from")?.as_str()?.parse().ok()
}

/// The task definitions whose containers get it.
pub fn users(graph: &Graph, of: &NodeId) -> Vec<String> {
    let refers = |node: &&Node| doc::refs(&node.want).iter().any(|hole| hole.node == *of);
    let tasks = graph.of_kind(task_definition::ENTRY.kind.name).filter(refers);
    tasks.map(|node| node.id.name().to_owned()).collect()
}

/// Sends another value to what is there; what its version is called.
///
/// # Errors
/// What AWS refuses, without the value.
pub async fn send(aws: &Aws, node: &Node, live: &Live, value: Hidden) -> Result<String, CloudError> {
    if node.id.kind() == secret::ENTRY.kind.name {
        return secret::send_value(aws, &live.id, &given::token()?, value).await;
    }
    let want: parameter::Spec = spec(&node.want)?;
    parameter::send_value(aws, &live.name, &want, value).await.map(|version| version.to_string())
}
