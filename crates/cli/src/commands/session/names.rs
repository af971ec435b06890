//! What the command line names has to be there: `--target`, `--adopt` and `--consent` of something else would silently do
//! nothing. Targets and adoptions are looked up in the stack file before anything is sent; consent may also be for what left
//! the file, which only a reading can tell.

use std::collections::BTreeSet;

use evenkeel_aws::kinds;
use evenkeel_core::doc::Doc;
use evenkeel_core::graph::{Graph, Node};
use evenkeel_core::id::NodeId;
use evenkeel_core::plan::{HeldBecause, Plan, PlanOptions};
use evenkeel_core::snapshot::Snapshot;
use evenkeel_stack::suggest;
use serde_json::Value;

use crate::exit::Failure;
use crate::out::Ui;
use crate::report::words;

/// Refuses targets and adoptions of what the stack file does not have.
pub fn of_the_file(options: &PlanOptions, graph: &Graph) -> Result<(), Failure> {
    let known = || -> BTreeSet<String> { graph.nodes().map(|node| node.id.to_string()).collect() };
    if let Some(target) = options.target.iter().find(|target| graph.get(target).is_none()) {
        let there = there(&target.to_string(), &known());
        return Err(Failure::Usage(format!("--target {target}: the stack file has no such entry; {there}")));
    }
    for adopt in &options.adopt {
        if owner(adopt, graph).is_none() {
            let there = there(adopt, &known());
            return Err(Failure::Usage(format!("--adopt {adopt}: the stack file has no such entry; {there}")));
        }
    }
    Ok(())
}

/// The service of that name: its entry, or its name in AWS.
///
/// # Errors
/// If the file has none; the nearest is named, and those that there are.
pub fn service<'g>(graph: &'g Graph, name: &str) -> Result<&'g Node, Failure> {
    let mut services = graph.of_kind(kinds::service::KIND);
    if let Some(found) = services.find(|node| node.id.name() == name || node.name == name) {
        return Ok(found);
    }
    let known: BTreeSet<String> = graph.of_kind(kinds::service::KIND).map(|node| node.id.name().to_owned()).collect();
    let there = among(name, &known, "its services");
    Err(Failure::Usage(format!("the stack file has no service `{name}`; {there}")))
}

/// The nearest of some names, and all of them: `did you mean `web`? its services: web and worker`.
pub fn among(given: &str, known: &BTreeSet<String>, what: &str) -> String {
    let near = suggest::nearest(given, known.iter().map(String::as_str));
    let near = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
    let all: Vec<String> = known.iter().cloned().collect();
    let all = if all.is_empty() { "none".to_owned() } else { words::listed(&all) };
    format!("{near}{what}: {all}")
}

/// The node of the graph that an id of `--adopt` is about, and the rest of it. Names of entries have slashes too.
fn owner<'a>(adopt: &'a str, graph: &Graph) -> Option<(NodeId, Option<&'a str>)> {
    let ends = adopt.match_indices('/').map(|(at, _)| at).chain([adopt.len()]);
    let mut found: Vec<_> = ends
        .filter_map(|end| {
            let id: NodeId = adopt[..end].parse().ok()?;
            graph.get(&id)?;
            Some((id, adopt.get(end + 1..)))
        })
        .collect();
    found.pop()
}

/// Refuses what matches nothing of what was read.
pub fn of_the_reading(
    options: &PlanOptions,
    (graph, file): (&Graph, Option<&Graph>),
    snapshot: &Snapshot,
    plan: &Plan,
    ui: &mut Ui,
) -> Result<(), Failure> {
    for adopt in &options.adopt {
        members(adopt, graph, snapshot)?;
    }
    if options.consent.is_empty() {
        return Ok(());
    }
    let nodes = graph.nodes().chain(file.into_iter().flat_map(Graph::nodes)).map(|node| &node.id);
    let read = snapshot.surplus.iter().map(|surplus| &surplus.node).chain(plan.held.iter().map(|held| &held.node));
    let gone = plan.steps.iter().map(|step| &step.node);
    let known: BTreeSet<String> = nodes.chain(read).chain(gone).map(ToString::to_string).collect();
    for consent in options.consent.iter().filter(|consent| !known.contains(&consent.to_string())) {
        let text = format!("--consent {consent}: this stack has no resource of that name");
        let near = suggest::nearest(&consent.to_string(), known.iter().map(String::as_str)).is_some();
        let waits = plan.held.iter().any(|held| matches!(held.why, HeldBecause::Protected | HeldBecause::Data(_)));
        if near || waits || kinds::get(consent.kind()).is_none() {
            return Err(Failure::Usage(format!("{text}; {}", there(&consent.to_string(), &known))));
        }
        // An earlier run may have deleted it, and the same command has to be able to go on.
        ui.note(&format!("{text}; it may have been deleted already"));
    }
    Ok(())
}

/// Refuses the adoption of a member that is neither somebody's nor wanted.
fn members(adopt: &str, graph: &Graph, snapshot: &Snapshot) -> Result<(), Failure> {
    let Some((node, Some(key))) = owner(adopt, graph) else { return Ok(()) };
    let Some(live) = snapshot.live(&node) else { return Ok(()) };
    let foreign: BTreeSet<String> = live.foreign.iter().map(|member| format!("{node}/{}", member.key)).collect();
    let wanted = graph.get(&node).is_some_and(|node| has_member(&node.want, key));
    if foreign.contains(adopt) || wanted {
        return Ok(());
    }
    let there = there(adopt, &foreign);
    Err(Failure::Usage(format!("--adopt {adopt}: {node} has no such member; {there}")))
}

/// Whether a document has a member to which a key such as `www.example.com/A` or `priority 77` may belong.
fn has_member(want: &Doc, key: &str) -> bool {
    let parts: Vec<&str> = key.split(['/', ' ']).collect();
    let says = |member: &Value, part: &str| {
        member.as_object().into_iter().flatten().any(|(name, value)| {
            name == part
                || value.as_str() == Some(part)
                || value.as_u64().is_some_and(|number| part.parse() == Ok(number))
        })
    };
    let lists = want.as_object().into_iter().flat_map(|map| map.values()).filter_map(Value::as_array);
    lists.flatten().any(|member| parts.iter().all(|part| says(member, part)))
}

/// What there is: the nearest name, or those of the same kind, or the kinds.
fn there(given: &str, known: &BTreeSet<String>) -> String {
    if let Some(near) = suggest::nearest(given, known.iter().map(String::as_str)) {
        return format!("did you mean `{near}`?");
    }
    let kind = |id: &str| id.split('.').next().unwrap_or_default().to_owned();
    let same: Vec<String> = known.iter().filter(|id| kind(id) == kind(given)).cloned().collect();
    if !same.is_empty() {
        return format!("there {} {}", if same.len() == 1 { "is" } else { "are" }, words::listed(&same));
    }
    let kinds: BTreeSet<String> = known.iter().map(|id| kind(id)).collect();
    let kinds: Vec<String> = kinds.into_iter().collect();
    if kinds.is_empty() { "there are no entries".to_owned() } else { format!("kinds: {}", words::listed(&kinds)) }
}

#[cfg(test)]
mod tests {
    use evenkeel_core::graph::StackInfo;
    use serde_json::json;

    use super::*;

    fn graph() -> Graph {
        let node = |id: &str, want: Value| Node::new(id.parse().unwrap(), "x", want);
        let records = json!({ "records": [{ "name": "www.h.example", "type": "A" }] });
        let nodes =
            [node("cluster.main", json!({})), node("listener.web/http", json!({})), node("records.h.example", records)];
        Graph::new(StackInfo::default(), nodes).unwrap()
    }

    fn refusal(options: &PlanOptions) -> String {
        match of_the_file(options, &graph()) {
            Err(Failure::Usage(text)) => text,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_slip_is_refused_with_the_nearest_name() {
        let adopt = |id: &str| PlanOptions { adopt: [id.to_owned()].into(), ..PlanOptions::default() };
        assert!(refusal(&adopt("cluster.mian")).contains("did you mean `cluster.main`?"));
        assert!(refusal(&adopt("service.none")).contains("kinds: cluster, listener and records"));
        for good in ["cluster.main", "listener.web/http", "records.h.example/www.h.example/A"] {
            assert_eq!(refusal(&adopt(good)), "Ok(())");
        }
        let target = PlanOptions { target: ["cluster.mian".parse().unwrap()].into(), ..PlanOptions::default() };
        assert!(refusal(&target).contains("did you mean `cluster.main`?"));
    }

    #[test]
    fn a_member_is_known_by_what_it_says() {
        let want = json!({ "records": [{ "name": "www.h.example", "type": "A" }], "rules": [{ "priority": 77 }] });
        assert!(has_member(&want, "www.h.example/A") && has_member(&want, "priority 77"));
        assert!(!has_member(&want, "www.h.example/AAAA") && !has_member(&want, "priority 78"));
    }
}
