//! The table of kinds. Adding a kind is one file here and its two lines below.

pub mod cluster;
pub mod service;
pub mod task_definition;

use evenkeel_core::graph::{Graph, GraphError, StackInfo};
use evenkeel_core::kind::Kinds;

use crate::resource::Entry;
use crate::stack::model::Stack;

/// All kinds, in the order in which a person reads a stack.
pub static ALL: &[&Entry] = &[&cluster::ENTRY, &task_definition::ENTRY, &service::ENTRY];

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
