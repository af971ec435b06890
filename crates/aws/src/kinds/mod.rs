//! The table of kinds. Adding a kind is one file here and its two lines below.

pub mod cluster;
pub mod existing_role;
pub mod hosted_zone;
pub mod listener;
pub mod listener_rules;
pub mod load_balancer;
pub mod log_group;
pub mod network;
pub mod records;
pub mod role;
pub mod security_group;
pub mod security_group_rules;
pub mod service;
pub mod target_group;
pub mod task_definition;
pub mod zone;

use evenkeel_core::graph::{Graph, GraphError, Node, StackInfo};
use evenkeel_core::kind::{Kinds, Replace};
use serde_json::Value;

use crate::resource::Entry;
use crate::tags;
use evenkeel_stack::model::Stack;

/// All kinds, in the order in which a person reads a stack.
pub static ALL: &[&Entry] = &[
    &network::ENTRY,
    &role::ENTRY,
    &existing_role::ENTRY,
    &log_group::ENTRY,
    &security_group::ENTRY,
    &security_group_rules::ENTRY,
    &target_group::ENTRY,
    &load_balancer::ENTRY,
    &listener::ENTRY,
    &listener_rules::ENTRY,
    &cluster::ENTRY,
    &task_definition::ENTRY,
    &service::ENTRY,
    &zone::ENTRY,
    &hosted_zone::ENTRY,
    &records::ENTRY,
];

/// The kind of that name.
pub fn get(name: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.kind.name == name).copied()
}

/// What the engine knows of the kinds.
pub fn table() -> Kinds {
    Kinds::new(ALL.iter().map(|entry| entry.kind))
}

/// The graph of what a stack wants.
///
/// # Errors
/// References in a circle, or to nothing.
pub fn graph(stack: &Stack, region: &str) -> Result<Graph, Vec<GraphError>> {
    let mut nodes = Vec::new();
    // What is global carries the region in its name, wherever that came from.
    let stack = &Stack { region: Some(region.to_owned()), ..stack.clone() };
    for entry in ALL {
        (entry.contribute)(stack, &mut nodes);
    }
    existing_role::redirect(&mut nodes);
    nodes.iter_mut().for_each(protect);
    Graph::new(StackInfo { name: stack.name.clone(), region: region.to_owned() }, nodes)
}

/// Writes the protection of an entry into the tags that it wants, so that it outlives the entry.
fn protect(node: &mut Node) {
    // Revisions stay for as long as a service uses them; the service is what is protected.
    let revises = get(node.id.kind()).is_none_or(|entry| entry.kind.replace == Replace::Revise);
    if let (Some(tags), true, false) = (node.want.get_mut("tags").and_then(Value::as_object_mut), node.protect, revises)
    {
        tags.insert(tags::PROTECT.to_owned(), "true".into());
    }
}
