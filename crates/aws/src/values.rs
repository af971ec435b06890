//! What a stack keeps secret: the nodes whose values are sent and never read, and the sending of another value to one that is there.
//! Knows which kinds those are, so that nobody else has to; decides nothing about whose they are.

use evenkeel_core::diff::Change;
use evenkeel_core::doc;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::{Graph, Node};
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::Live;
use evenkeel_stack::value_from::ValueFrom;
use serde_json::Value;

use crate::client::Aws;
use crate::given::{self, Hidden};
use crate::kinds::{database, parameter, secret, task_definition};
use crate::resource::spec;
use crate::services::rds::password::{self, PasswordFrom};

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

/// What a document sends: where the value comes from, and the node that keeps it, which for a database is the secret of its password.
pub fn sent(node: &NodeId, want: &Value, changes: Option<&[Change]>) -> Option<(NodeId, ValueFrom)> {
    if node.kind() == database::ENTRY.kind.name {
        let changed = changes.is_none_or(|changes| changes.iter().any(|change| change.field() == "password"));
        let from: PasswordFrom = spec(want.get("password_from").filter(|_| changed)?).ok()?;
        return from.source();
    }
    Some((node.clone(), source(want).filter(|_| changes.is_none())?))
}

/// Why the value that a document sends would be refused, if that is certain; the value is not part of it.
pub fn complaint(node: &NodeId, want: &Value, value: &str) -> Option<String> {
    let engine = want.get("engine")?.as_str().filter(|_| node.kind() == database::ENTRY.kind.name)?;
    password::complaint(engine, value)
}

/// The databases whose password a secret keeps.
pub fn databases<'g>(graph: &'g Graph, secret: &NodeId) -> Vec<&'g Node> {
    let keeps = |node: &&Node| {
        let from = node.want.get("password_from").and_then(|from| from.get("secret")?.as_str());
        from.is_some_and(|from| from == secret.to_string())
    };
    graph.of_kind(database::ENTRY.kind.name).filter(keeps).collect()
}

/// Gives a database the password that its secret is about to have.
///
/// # Errors
/// If RDS would refuse it, or does; without the value.
pub async fn send_to_database(aws: &Aws, node: &Node, live: &Live, value: &Hidden) -> Result<(), CloudError> {
    if let Some(why) = complaint(&node.id, &node.want, value.to_send()) {
        return Err(CloudError::local(ErrorClass::Invalid, "rds:ModifyDBInstance", format!("{}: {why}", node.id)));
    }
    database::send_password(aws, &live.name, value).await
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
