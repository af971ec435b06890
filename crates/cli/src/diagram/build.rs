//! A picture from a stack file: the boxes and lines of its entries, and behind each box the resources that it stands for, with their
//! fields. Sends nothing.

use std::collections::BTreeMap;

use evenkeel_core::graph::{Graph, Node as Resource};
use evenkeel_core::id::NodeId;
use evenkeel_core::secret::Secrets;
use evenkeel_stack::model::Stack;

use super::lines::Lines;
use super::model::{Diagram, FORMAT, Field, Member, VERSION};
use super::{boxes, uses};
use crate::report::blocks::{self, Detail, Line};

/// The picture of a stack; `graph` is what it wants.
pub fn diagram(stack: &Stack, graph: &Graph, secrets: &Secrets) -> Diagram {
    let used = uses::values(stack);
    let (lines, mut all) = Lines::of(stack, &used);
    all.extend(boxes::all(stack, &used));
    let mut diagram = Diagram {
        format: FORMAT,
        version: VERSION,
        stack: graph.stack.name.clone(),
        region: graph.stack.region.clone(),
        plan: None,
        groups: boxes::groups(stack),
        boxes: all,
        lines,
        others: Vec::new(),
    };
    let homes: BTreeMap<&NodeId, String> = used
        .iter()
        .flat_map(|(users, list)| list.iter().filter_map(|used| Some((used.node.as_ref()?, boxes::values_id(users)))))
        .collect();
    for resource in graph.nodes() {
        let member = member(resource, secrets);
        let home = homes.get(&resource.id).and_then(|id| diagram.boxes.iter().position(|node| node.id == *id));
        match home.or_else(|| owner(&diagram, &resource.id)) {
            Some(at) => diagram.boxes[at].members.push(member),
            None => diagram.others.push(member),
        }
    }
    for node in &mut diagram.boxes {
        // What the box is called by is what a person looks for first.
        node.members.sort_by_key(|member| member.id.to_string() != node.id);
    }
    let framed = |id: &str| diagram.boxes.iter().any(|node| node.group.as_deref() == Some(id));
    let cluster = framed(boxes::CLUSTER);
    let network = cluster || framed(boxes::NETWORK);
    diagram.groups.retain(|group| if group.id == boxes::CLUSTER { cluster } else { network });
    diagram
}

fn member(resource: &Resource, secrets: &Secrets) -> Member {
    let lines =
        blocks::fields(resource.id.kind(), &secrets.document(&resource.want), &Detail { all: false, tags: None });
    Member { id: resource.id.clone(), place: resource.origin.clone(), fields: fields(lines), change: None }
}

/// Lines of a plan as fields.
pub fn fields(lines: Vec<Line>) -> Vec<Field> {
    lines.into_iter().map(|line| Field { depth: line.depth, sign: line.sign(), text: line.text }).collect()
}

/// The box of a resource.
pub fn owner(diagram: &Diagram, id: &NodeId) -> Option<usize> {
    let box_of = |kind: &str, name: &str| {
        let id = NodeId::new(kind, name).to_string();
        diagram.boxes.iter().position(|node| node.id == id)
    };
    let name = id.name();
    match id.kind() {
        "task_definition" | "scaling" | "discovery_service" => box_of("service", name),
        "listener" | "listener_rules" => {
            name.match_indices('/').find_map(|(at, _)| box_of("load_balancer", &name[..at]))
        }
        "db_subnet_group" | "db_parameter_group" => box_of("database", name),
        "hosted_zone" => box_of("records", name),
        "parameter" | "secret" => {
            diagram.boxes.iter().position(|node| node.members.iter().any(|member| member.id == *id))
        }
        kind => box_of(kind, name),
    }
}
