//! The table of kinds. Adding a kind is one file here and its two lines below.

pub mod hosted_zone;
pub mod listener;
pub mod listener_rules;
pub mod load_balancer;
pub mod log_group;
pub mod records;
pub mod target_group;
pub mod zone;

use evenkeel_core::graph::{Graph, GraphError, StackInfo};
use evenkeel_core::kind::Kinds;

use crate::resource::Entry;
use crate::stack::model::Stack;

/// All kinds, in the order in which a person reads a stack.
pub static ALL: &[&Entry] = &[
    &log_group::ENTRY,
    &target_group::ENTRY,
    &load_balancer::ENTRY,
    &listener::ENTRY,
    &listener_rules::ENTRY,
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
    for entry in ALL {
        (entry.contribute)(stack, &mut nodes);
    }
    Graph::new(StackInfo { name: stack.name.clone(), region: region.to_owned() }, nodes)
}
