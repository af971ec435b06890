//! The table of kinds: those of all services. A new kind is a file in the folder of its service and its place in that service's
//! list.

use std::borrow::Cow;
use std::sync::LazyLock;

use evenkeel_core::graph::{Graph, GraphError, Node, StackInfo};
use evenkeel_core::kind::{Kinds, Replace};
use serde_json::Value;

use crate::resource::Entry;
pub use crate::services::acm::certificate;
pub use crate::services::autoscaling::scaling;
pub use crate::services::cloud_map::{discovery_service, namespace};
pub use crate::services::ec2::{existing_group_rules, network, own, security_group, security_group_rules};
pub use crate::services::ecr::image;
pub use crate::services::ecs::{capacity_provider, cluster, gateway, service, task_definition};
pub use crate::services::elb::{listener, listener_rules, load_balancer, rule_priorities, target_group};
pub use crate::services::iam::{instance_profile, role, service_linked_role};
pub use crate::services::logs::log_group;
pub use crate::services::rds::{database, db_parameter_group, db_subnet_group};
pub use crate::services::route53::{hosted_zone, records};
pub use crate::services::secrets_manager::secret;
pub use crate::services::ssm::parameter;
use crate::shown::Shown;
use crate::{services, tags};
use evenkeel_stack::model::Stack;

/// All kinds, service by service.
pub static ALL: LazyLock<Vec<&'static Entry>> =
    LazyLock::new(|| services::ALL.iter().flat_map(|service| service.kinds).copied().collect());

/// The kind of that name.
pub fn get(name: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.kind.name == name).copied()
}

/// What the engine knows of the kinds.
pub fn table() -> Kinds {
    Kinds::new(ALL.iter().map(|entry| entry.kind))
}

/// How the resources of a kind are shown to a person.
pub fn shown(kind: &str) -> &'static Shown {
    let mut all = services::ALL.iter().flat_map(|service| service.shown);
    all.find(|shown| shown.kind == kind).unwrap_or(&Shown::PLAIN)
}

/// The graph of what a stack wants.
///
/// # Errors
/// References in a circle, or to nothing.
pub fn graph(stack: &Stack, region: &str) -> Result<Graph, Vec<GraphError>> {
    let mut nodes = Vec::new();
    // What is global carries the region in its name, wherever that came from.
    let stack = if stack.region.as_deref() == Some(region) {
        Cow::Borrowed(stack)
    } else {
        Cow::Owned(Stack { region: Some(region.to_owned()), ..stack.clone() })
    };
    for entry in ALL.iter() {
        (entry.contribute)(&stack, &mut nodes);
    }
    own::place(&stack, &mut nodes);
    nodes.iter_mut().for_each(protect);
    Graph::new(StackInfo { name: stack.name.clone(), region: region.to_owned() }, nodes)
}

/// Writes the protection of an entry into the tags that it wants, so that it outlives the entry.
fn protect(node: &mut Node) {
    if node.lookup {
        return;
    }
    // Revisions stay for as long as a service uses them; the service is what is protected.
    let revises = get(node.id.kind()).is_none_or(|entry| entry.kind.replace == Replace::Revise);
    if let (Some(tags), true, false) = (node.want.get_mut("tags").and_then(Value::as_object_mut), node.protect, revises)
    {
        tags.insert(tags::PROTECT.to_owned(), "true".into());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_is_for_a_kind_of_its_service_and_there_is_one() {
        let mut seen = BTreeSet::new();
        for service in services::ALL {
            let own: BTreeSet<&str> = service.kinds.iter().map(|entry| entry.kind.name).collect();
            for shown in service.shown {
                assert!(own.contains(shown.kind), "{} is no kind of {}", shown.kind, service.title);
                assert!(seen.insert(shown.kind), "{} is shown in two ways", shown.kind);
                assert_eq!(super::shown(shown.kind).kind, shown.kind);
            }
        }
        assert!(seen.len() > 8 && seen.len() <= ALL.len());
        assert_eq!(shown("nothing").kind, "");
    }
}
