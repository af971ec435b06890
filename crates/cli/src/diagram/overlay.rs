//! A plan over a picture: what it does to the resources behind each box, and boxes for what it deletes and the file no longer has.
//! The words and signs are those of plans.

use evenkeel_aws::architecture::{Architecture, Shape};
use evenkeel_core::id::NodeId;
use evenkeel_core::plan::{Plan, Step, Verb};

use super::build::fields;
use super::model::{Change, Diagram, Member, Node};
use crate::report::blocks::{self, Detail};
use crate::report::{verbs, words};

/// From what most needs a look to what is quiet: a box shows the first that one of its resources has, if its own has none.
const RANK: [&str; 9] = ["conflict", "held back", "replace", "delete", "create", "adopt", "revise", "update", "wait"];

/// Draws a plan over a picture.
pub fn plan(diagram: &mut Diagram, architecture: &Architecture, plan: &Plan) {
    diagram.plan = Some(words::summary(plan));
    let detail = Detail::of(plan, false);
    for step in &plan.steps {
        // The old half of a replacement is told with the new one.
        if step.verb() != Verb::Retire {
            add(diagram, architecture, &step.node, change(step), blocks::body(step, &detail));
        }
    }
    for held in &plan.held {
        let (why, _) = verbs::held(held);
        add(diagram, architecture, &held.node, Change { sign: "!", word: "held back", why }, Vec::new());
    }
    for conflict in &plan.conflicts {
        let change = Change { sign: "!", word: "conflict", why: verbs::whose(conflict) };
        add(diagram, architecture, &conflict.node, change, blocks::conflict(conflict));
    }
    for node in &mut diagram.boxes {
        let own = node.members.iter().find(|member| member.id.to_string() == node.part.id);
        let own = own.and_then(|member| member.change.clone()).filter(|change| change.word != "wait");
        let parts = node.members.iter().filter_map(|member| member.change.as_ref());
        let worst = parts.min_by_key(|change| rank(change)).cloned().map(|change| whole(change, node.part.shape));
        node.change = own.or(worst);
    }
}

fn change(step: &Step) -> Change {
    let face = verbs::face(step.verb());
    Change { sign: face.sign, word: face.present, why: verbs::reason(step) }
}

fn rank(change: &Change) -> usize {
    RANK.iter().position(|word| *word == change.word).unwrap_or(RANK.len())
}

/// What is made or deleted of the parts of a box changes the box.
fn whole(change: Change, shape: Shape) -> Change {
    let part = ["create", "delete", "replace", "revise"].contains(&change.word) && shape != Shape::Values;
    if part { Change { sign: "~", word: "update", ..change } } else { change }
}

/// Notes a change on a resource; what has no box gets one if it is of a kind that has.
fn add(diagram: &mut Diagram, architecture: &Architecture, id: &NodeId, change: Change, body: Vec<blocks::Line>) {
    let home = architecture.home(id).unwrap_or_else(|| id.to_string());
    let at = diagram.boxes.iter().position(|node| node.part.id == home).or_else(|| {
        diagram.boxes.push(Node::from(architecture.gone(id)?));
        Some(diagram.boxes.len() - 1)
    });
    let members = match at {
        Some(at) => &mut diagram.boxes[at].members,
        None => &mut diagram.others,
    };
    let at = members.iter().position(|member| member.id == *id).unwrap_or_else(|| {
        members.push(Member { id: id.clone(), place: None, fields: Vec::new(), change: None });
        members.len() - 1
    });
    let member = &mut members[at];
    // A wait follows what is waited for.
    if member.change.as_ref().is_some_and(|known| rank(known) <= rank(&change)) {
        return;
    }
    if !body.is_empty() {
        member.fields = fields(body);
    }
    member.change = Some(change);
}
