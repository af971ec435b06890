//! What services and databases take from elsewhere, as their documents say: databases, repositories, parameters and secrets. Reads the
//! model of the stack file alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds;
use evenkeel_core::doc;
use evenkeel_core::id::NodeId;
use evenkeel_stack::model::{Service, Stack};
use serde_json::Value;

/// A parameter or a secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Used {
    /// `parameter` or `secret`.
    pub kind: &'static str,
    /// Its entry, or its name in AWS.
    pub name: String,
    /// The node, if it is of the file.
    pub node: Option<NodeId>,
}

/// The task definition of a service, if it is of the file.
pub(super) fn task(service: &Service) -> Option<&Value> {
    service.runs.ours().map(|task| &task.document)
}

/// The entries of a kind that a document refers to.
pub(super) fn entries(document: &Value, kind: &str) -> BTreeSet<String> {
    let refs = doc::refs(document).into_iter().filter(|found| found.node.kind() == kind);
    refs.map(|found| found.node.name().to_owned()).collect()
}

/// Parameters and secrets, by the ids of the boxes that use them; those of the file that nobody uses come without any.
pub(super) fn values(stack: &Stack) -> BTreeMap<BTreeSet<String>, Vec<Used>> {
    let mut users: BTreeMap<Used, BTreeSet<String>> = BTreeMap::new();
    let of_the_file =
        |kind: &'static str, name: &str| Used { kind, name: name.to_owned(), node: Some(NodeId::new(kind, name)) };
    users.extend(stack.parameters.keys().map(|name| (of_the_file("parameter", name), BTreeSet::new())));
    users.extend(stack.secrets.keys().map(|name| (of_the_file("secret", name), BTreeSet::new())));
    for (name, service) in &stack.services {
        let Some(document) = task(service) else { continue };
        let id = kinds::service::id(name).to_string();
        for kind in ["parameter", "secret"] {
            for name in entries(document, kind) {
                users.entry(of_the_file(kind, &name)).or_default().insert(id.clone());
            }
        }
        for used in elsewhere(document) {
            users.entry(used).or_default().insert(id.clone());
        }
    }
    for (name, database) in &stack.databases {
        if let Some(secret) = &database.secret {
            let id = kinds::database::id(name).to_string();
            users.entry(of_the_file("secret", secret)).or_default().insert(id);
        }
    }
    let mut by_users: BTreeMap<BTreeSet<String>, Vec<Used>> = BTreeMap::new();
    for (used, users) in users {
        by_users.entry(users).or_default().push(used);
    }
    by_users
}

/// Parameters and secrets that a task takes and the file does not have.
fn elsewhere(document: &Value) -> BTreeSet<Used> {
    let containers = document["containerDefinitions"].as_array().into_iter().flatten();
    let secrets = containers.flat_map(|container| container["secrets"].as_array().into_iter().flatten());
    let known = secrets.filter_map(|secret| secret["valueFrom"].as_str());
    known.map(used).collect()
}

/// What a reference names: `arn:…:secret:NAME-AbCdEf:key::`, `arn:…:parameter/NAME`, or the name of a parameter.
fn used(reference: &str) -> Used {
    let parts: Vec<&str> = reference.splitn(7, ':').collect();
    let (kind, name) = match parts[..] {
        ["arn", _, "secretsmanager", _, _, "secret", rest] => ("secret", rest.split(':').next().unwrap_or(rest)),
        ["arn", _, "ssm", _, _, resource] => ("parameter", resource.strip_prefix("parameter").unwrap_or(resource)),
        _ => ("parameter", reference),
    };
    Used { kind, name: name.to_owned(), node: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_told_apart() {
        let told = |reference: &str| {
            let Used { kind, name, .. } = used(reference);
            format!("{kind} {name}")
        };
        assert_eq!(told("/app/TOKEN"), "parameter /app/TOKEN");
        assert_eq!(told("arn:aws:ssm:eu-west-1:123456789012:parameter/app/TOKEN"), "parameter /app/TOKEN");
        assert_eq!(
            told("arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/db-AbCdEf:password::"),
            "secret app/db-AbCdEf"
        );
    }
}
