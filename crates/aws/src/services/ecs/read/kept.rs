//! Task definitions that the stack file only names, because somebody else registers them: whether a service runs what a name
//! stands for. A service that was read is told what the file calls its task definition, so that its document has the same word.
//! Must not know how a revision of ours is found.

use std::collections::BTreeSet;

use evenkeel_core::graph::Node;
use evenkeel_core::snapshot::Owner;
use serde_json::Value;

use super::Scope;
use super::reply::{last, tags_of, text};
use crate::tags;

/// The member of a service that holds what the file calls its task definition; ECS has none of this name.
const NAMED: &str = "evenkeel:named";

/// The node of the graph that a service stands for, by its mark or by its name.
fn node_of<'g>(scope: &Scope<'g>, service: &Value) -> Option<&'g Node> {
    let mut nodes = scope.graph.of_kind("service");
    match tags::owner(&tags_of(service), scope.stack, "service") {
        Owner::Ours(node) => scope.graph.get(&node).or_else(|| nodes.find(|it| it.moved_from.as_ref() == Some(&node))),
        Owner::Managed { .. } | Owner::Nobody | Owner::Stray(_) | Owner::OtherStack(_) => {
            let name = text(service, "serviceName");
            nodes.find(|node| node.name == name)
        }
    }
}

/// What the file calls the task definition of a service, unless it is one of ours.
fn named(node: &Node) -> Option<&str> {
    node.want["task_definition"].as_str().filter(|named| !named.is_empty())
}

/// Tells each service what the file calls its task definition.
pub(super) fn tell(scope: &Scope<'_>, services: &mut [Value]) {
    for service in services {
        let Some(named) = node_of(scope, service).and_then(named).map(str::to_owned) else { continue };
        service[NAMED] = named.into();
    }
}

/// The families that the file leaves to others.
pub(super) fn families(scope: &Scope<'_>) -> BTreeSet<String> {
    let named = scope.graph.of_kind("service").filter_map(named);
    named.map(|named| family(named).to_owned()).collect()
}

/// The family in the name of a task definition, whichever way it is named.
fn family(named: &str) -> &str {
    last(named).split(':').next().unwrap_or_default()
}

/// Whether the revision of an ARN is what a name stands for: a family stands for each of its revisions.
pub fn stands_for(named: &str, arn: &str) -> bool {
    if !last(named).contains(':') {
        return family(named) == family(arn);
    }
    if named.starts_with("arn:") { named == arn } else { last(named) == last(arn) }
}

/// The task definition of a service, in the word of the file if that has one for it.
pub fn shown(service: &Value) -> &str {
    let arn = text(service, "taskDefinition");
    match text(service, NAMED) {
        "" => arn,
        named if stands_for(named, arn) => named,
        named if named.starts_with("arn:") => arn,
        _ => last(arn),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ARN: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:7";

    #[test]
    fn a_name_stands_for_its_revisions() {
        for named in ["web", "web:7", ARN, "arn:aws:ecs:eu-west-1:123456789012:task-definition/web"] {
            assert!(stands_for(named, ARN), "{named}");
        }
        for named in ["we", "web:8", "web:70", "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:8"] {
            assert!(!stands_for(named, ARN), "{named}");
        }
    }

    #[test]
    fn a_service_shows_the_word_of_the_file() {
        let service = |named: &str| json!({ "taskDefinition": ARN, NAMED: named });
        for (named, word) in [("", ARN), ("web", "web"), ("web:7", "web:7"), ("web:8", "web:7"), ("api", "web:7")] {
            assert_eq!(shown(&service(named)), word, "{named}");
        }
    }
}
