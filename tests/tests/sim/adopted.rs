//! A stack that somebody made by hand, name for name and value for value, is taken over kind by kind: what is in the way is named with the
//! flag that takes it over, nothing is made twice, and then there is nothing to do. The world is that of the stack with one of
//! each kind, stripped of every mark. What cannot be taken over says why in [`MADE_ANEW`], and `docs/coverage.md` shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use evenkeel_core::plan::{Action, Remark};
use evenkeel_sim::world::World;
use evenkeel_tests::simulated::{Bench, Goal, graph_of, in_virtual_time};

use super::strangers::STACK;
use super::unmarked::strip;

const REGION: &str = "us-east-1";

const NETWORK: &str =
    "a network has no name to be known by: another one is made; `network: { vpc: … }` uses one of others";

/// Kinds of which nothing is taken over, with the reason.
pub const MADE_ANEW: &[(&str, &str)] = &[
    ("vpc", NETWORK),
    ("subnet", NETWORK),
    ("internet_gateway", NETWORK),
    ("elastic_ip", NETWORK),
    ("nat_gateway", NETWORK),
    ("route_table", NETWORK),
    ("vpc_endpoint", NETWORK),
    (
        "certificate",
        "it has no name to be known by: another one is requested; write the ARN of an existing one to use that",
    ),
    ("existing_group_rules", "a rule of others that says the same is enough, and stays theirs"),
    ("hosted_zone", "the reference that it was made with says whose it is; one of others is used without `create`"),
    (
        "task_definition",
        "the revision that an adopted service runs stays, and the next change registers one of the stack's own",
    ),
];

#[test]
fn what_was_made_by_hand_is_taken_over_kind_by_kind() {
    let graph = graph_of(STACK, Path::new("."));
    let marked = in_virtual_time(async {
        let bench = Bench::new(REGION);
        bench.done(&graph, Goal::Apply).await;
        bench.sim.pass(std::time::Duration::from_secs(900));
        serde_json::to_value(bench.world()).expect("a world is a document")
    });
    let mut stripped = marked.clone();
    strip(&mut stripped);
    let world: World = serde_json::from_value(stripped).expect("a world without marks is one");
    let (steps, notes) = in_virtual_time(async {
        let mut bench = Bench::of(world, REGION);
        // What is inside something is in the way only once that is to be taken over.
        let plan = loop {
            let plan = bench.plan(&graph, &bench.read(&graph, Goal::Apply).await, Goal::Apply);
            let before = bench.options.adopt.len();
            bench.options.adopt.extend(plan.conflicts.iter().map(|conflict| conflict.adopt.clone()));
            if bench.options.adopt.len() == before {
                break plan;
            }
        };
        assert!(plan.conflicts.is_empty() && plan.held.is_empty(), "{:#?} {:#?}", plan.conflicts, plan.held);
        bench.done(&graph, Goal::Apply).await;
        bench.options.adopt.clear();
        bench.settled(&graph, Goal::Apply).await;
        (plan.steps, plan.notes)
    });
    let mut done: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for step in &steps {
        let what = match &step.action {
            Action::Create { .. } => "made",
            Action::Adopt { .. } => "adopted",
            Action::Update { .. } | Action::Delete { .. } | Action::Wait { .. } => "other",
        };
        done.entry(step.node.kind()).or_default().insert(what);
    }
    // Members of something that is there are taken over one by one.
    for note in notes.iter().filter(|note| matches!(note.remark, Remark::TakesOver(_))) {
        done.entry(note.node.kind()).or_default().insert("adopted");
    }
    let reasons: BTreeMap<&str, &str> = MADE_ANEW.iter().copied().collect();
    let kinds: BTreeSet<&str> = graph.nodes().filter(|node| !node.lookup).map(|node| node.id.kind()).collect();
    let wrong: Vec<String> = kinds
        .into_iter()
        .filter(|kind| {
            let adopted = done.get(kind).is_some_and(|what| what.contains("adopted") && !what.contains("made"));
            adopted == reasons.contains_key(kind)
        })
        .map(|kind| format!("{kind}: {:?}", done.get(kind)))
        .collect();
    assert!(wrong.is_empty(), "neither taken over nor excused, or both: {wrong:#?}");
}
