//! A picture from the architecture of a stack, with the fields of the resources behind each box. Sends nothing.

use evenkeel_aws::architecture::Architecture;
use evenkeel_core::graph::{Graph, Node as Resource};
use evenkeel_core::secret::Secrets;

use super::model::{Diagram, FORMAT, Field, Member, Node, VERSION};
use crate::report::blocks::{self, Detail, Line};

/// The picture of a stack; `graph` is what it wants.
pub fn diagram(architecture: &Architecture, graph: &Graph, secrets: &Secrets) -> Diagram {
    let Architecture { groups, boxes, lines } = architecture.clone();
    let mut diagram = Diagram {
        format: FORMAT,
        version: VERSION,
        stack: graph.stack.name.clone(),
        region: graph.stack.region.clone(),
        plan: None,
        groups,
        boxes: boxes.into_iter().map(Node::from).collect(),
        lines,
        others: Vec::new(),
    };
    for resource in graph.nodes() {
        let member = member(resource, secrets);
        let home = architecture.home(&resource.id);
        let home = home.and_then(|home| diagram.boxes.iter_mut().find(|node| node.part.id == home));
        match home {
            Some(node) => node.members.push(member),
            None => diagram.others.push(member),
        }
    }
    for node in &mut diagram.boxes {
        // What the box is called by is what a person looks for first.
        node.members.sort_by_key(|member| member.id.to_string() != node.part.id);
    }
    diagram
}

fn member(resource: &Resource, secrets: &Secrets) -> Member {
    let lines = blocks::fields(
        resource.id.kind(),
        &secrets.document(&resource.want),
        &Detail { all: false, tags: None, everywhere: false },
    );
    Member { id: resource.id.clone(), place: resource.origin.clone(), fields: fields(lines), change: None }
}

/// Lines of a plan as fields.
pub fn fields(lines: Vec<Line>) -> Vec<Field> {
    lines.into_iter().map(|line| Field { depth: line.depth, sign: line.sign(), text: line.text }).collect()
}
