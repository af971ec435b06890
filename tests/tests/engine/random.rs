//! Random stacks, edits, drift and faults: whatever happens, what is not ours stays, and a second run converges.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::doc;
use evenkeel_core::error::ErrorClass;
use evenkeel_core::graph::Node;
use evenkeel_tests::fake::{Fault, Mishap};
use evenkeel_tests::lab::{Lab, id_of, shop};
use proptest::prelude::*;
use serde_json::{Value, json};

/// One edit of the stack, or of what is live.
#[derive(Clone, Debug)]
enum Edit {
    /// Leave entries out, with what needs them.
    Drop(usize),
    /// Add a service with what it needs.
    Add(u8),
    /// Change a field.
    Field(usize, u8),
    /// Rename an entry.
    Rename(u8),
    /// Change something live.
    Drift(usize, u8),
}

/// Fields that may change: mutable ones and immutable ones.
const FIELDS: &[(&str, &str)] = &[
    ("target.web", "port"),
    ("target.web", "path"),
    ("balancer.web", "scheme"),
    ("listener.web", "port"),
    ("cluster.main", "insights"),
    ("cluster.main", "kind"),
    ("task.app", "image"),
    ("service.app", "launch"),
    ("service.app", "count"),
    ("group.app", "network"),
    ("group.alb", "network"),
    ("log.app", "days"),
];

/// Entries that nothing else needs once those before them are gone.
const DROPS: &[&[&str]] = &[
    &["zone.example"],
    &["service.app"],
    &["service.app", "listener.web", "target.web"],
    &["rules.alb", "rules.app"],
    &["service.app", "task.app"],
    &["service.app", "cluster.main"],
];

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        1 => (0..DROPS.len()).prop_map(Edit::Drop),
        2 => (0..3_u8).prop_map(Edit::Add),
        5 => (0..FIELDS.len(), any::<u8>()).prop_map(|(at, value)| Edit::Field(at, value % 3)),
        1 => (0..3_u8).prop_map(Edit::Rename),
        2 => (0..FIELDS.len(), any::<u8>()).prop_map(|(at, value)| Edit::Drift(at, value % 3)),
    ]
}

fn mishap() -> impl Strategy<Value = Mishap> {
    prop_oneof![
        Just(Mishap::KillBefore),
        Just(Mishap::KillAfter),
        Just(Mishap::Lose),
        Just(Mishap::Refuse(ErrorClass::Unknown)),
        Just(Mishap::Refuse(ErrorClass::Denied)),
        Just(Mishap::Refuse(ErrorClass::Throttled)),
        Just(Mishap::Refuse(ErrorClass::InUse)),
    ]
}

fn add(nodes: &mut BTreeMap<String, Node>, number: u8) {
    let all = shop();
    for kind in ["target", "task", "service"] {
        let model = ["target.web", "task.app", "service.app"]
            .into_iter()
            .find(|id| id.starts_with(kind))
            .expect("one for each");
        let mut node = all[model].clone();
        node.id = format!("{kind}.more{number}").parse().expect("a good id");
        node.name = format!("more{number}");
        if kind == "service" {
            node.want["task"] = id_of(&format!("task.more{number}"));
            node.want["targets"] = serde_json::json!([{ "target_group": id_of(&format!("target.more{number}")) }]);
            node.needs.clear();
        }
        nodes.insert(node.id.to_string(), node);
    }
    for needed in ["cluster.main", "log.app"] {
        nodes.entry(needed.to_owned()).or_insert_with(|| all[needed].clone());
    }
}

/// Takes out what needs something that is not there any more.
fn drop_dangling(nodes: &mut BTreeMap<String, Node>) {
    let there: BTreeSet<String> = nodes.keys().cloned().collect();
    nodes.retain(|_, node| {
        let refs = doc::refs(&node.want).into_iter().map(|hole| hole.node);
        refs.chain(node.needs.iter().cloned()).all(|need| there.contains(&need.to_string()))
    });
    if nodes.len() < there.len() {
        drop_dangling(nodes);
    }
}

fn rename(nodes: &mut BTreeMap<String, Node>, number: u8) {
    let Some(mut node) = nodes.remove("zone.example") else { return };
    node.moved_from = Some(node.id.clone());
    node.id = format!("zone.renamed{number}").parse().expect("a good id");
    nodes.insert(node.id.to_string(), node);
}

fn change(lab: &mut Lab, edit: &Edit) {
    match edit {
        Edit::Drop(at) => {
            lab.drop_nodes(DROPS[*at]);
            drop_dangling(&mut lab.nodes);
        }
        Edit::Add(number) => add(&mut lab.nodes, *number),
        Edit::Rename(number) => rename(&mut lab.nodes, *number),
        Edit::Field(at, value) => {
            let (node, field) = FIELDS[*at];
            if lab.nodes.contains_key(node) {
                lab.edit(node, field, format!("value {value}"));
            }
        }
        Edit::Drift(at, value) => {
            let (node, field) = FIELDS[*at];
            if let Some(thing) = lab.fake.state().world.of_mut(node)
                && thing.doc.get(field).is_some_and(Value::is_string)
            {
                thing.doc[field] = json!(format!("drift {value}"));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_a_second_run_converges(
        rounds in prop::collection::vec((prop::collection::vec(edit(), 1..4), 1..30_usize, mishap()), 1..4),
        limit in 1..6_usize,
    ) {
        let mut lab = Lab::shop();
        lab.limits.in_flight = limit;
        for (edits, nth, what) in &rounds {
            edits.iter().for_each(|edit| change(&mut lab, edit));
            // A load balancer that no record leads to any more is replaced with consent only.
            lab.options.consent = lab.graph().nodes().map(|node| node.id.clone()).collect();
            lab.fake.state().faults = vec![Fault { op: None, nth: *nth, what: *what }];
            drop(lab.apply());
            lab.fake.state().faults.clear();
        }
        lab.apply().done();
        lab.is_converged();

        // The same stack in an empty world comes to the same.
        let fresh = Lab::of(lab.nodes.clone());
        fresh.apply().done();
        prop_assert_eq!(fresh.shape(), lab.shape());

        lab.options.destroy = true;
        lab.apply().done();
        prop_assert_eq!(lab.shape().len(), 1);
    }
}
