//! What could not be read is never taken for absent: each read of a plan is refused, for good, and nothing may be made or deleted
//! for that. Either another way of reading tells the same, or the plan says what it could not read.

use std::collections::BTreeSet;

use evenkeel_core::plan::{Action, Intent};
use evenkeel_sim::faults::{Fault, Faults, Rule};
use evenkeel_tests::simulated::{Bench, Goal, in_virtual_time};

use super::phases::table::{Change, EDITS, Edit, edited};
use super::phases::{REGION, applied, applied_of, base_of, graph};
use super::scenes::{self, Scene};

/// What a plan would do, without mere waiting; and whether all could be read.
async fn planned(bench: &Bench, scene: &Scene, goal: Goal) -> (Vec<String>, bool) {
    let graph = scene.graph();
    let snapshot = bench.read(&graph, goal).await;
    let plan = bench.plan(&graph, &snapshot, goal);
    let steps = plan.steps.iter().filter(|step| !matches!(step.action, Action::Wait { .. }));
    let mut steps: Vec<String> = steps.map(|step| format!("{} {}", step.verb(), step.node)).collect();
    // In which order is not the question here.
    steps.sort();
    (steps, snapshot.unreadable.is_empty())
}

async fn refuse_each_read(scene: &Scene, goal: Goal) {
    let bench = scene.bench();
    bench.done(&scene.graph(), Goal::Apply).await;
    bench.sim.take_requests();
    let (clean, all) = planned(&bench, scene, goal).await;
    assert!(all && clean.is_empty() == (goal == Goal::Apply), "{clean:?}");
    let mut reads = bench.sim.take_requests();
    reads.sort();
    reads.dedup();
    assert!(reads.len() > 10, "{reads:?}");
    for (service, operation) in reads {
        for fault in [Fault::AccessDenied, Fault::ServerError] {
            bench.faults(Faults::new(vec![Rule::operation(service, &operation, fault)], 1));
            let (steps, all) = planned(&bench, scene, goal).await;
            if all {
                assert_eq!(steps, clean, "{goal:?}, {fault:?} of {service}:{operation}, which nobody was told of");
            } else {
                assert!(steps.is_empty(), "{goal:?}, {fault:?} of {service}:{operation} led to {steps:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_made_because_it_could_not_be_read() {
    refuse_each_read(&scenes::flask_todo(), Goal::Apply).await;
    refuse_each_read(&scenes::private_network(), Goal::Apply).await;
    refuse_each_read(&scenes::cruddur_http(), Goal::Apply).await;
    refuse_each_read(&scenes::cruddur(), Goal::Apply).await;
    refuse_each_read(&scenes::managed_instances(), Goal::Apply).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_forgotten_or_deleted_because_it_could_not_be_read() {
    refuse_each_read(&scenes::flask_todo(), Goal::Destroy).await;
    refuse_each_read(&scenes::private_network(), Goal::Destroy).await;
    refuse_each_read(&scenes::cruddur_http(), Goal::Destroy).await;
    refuse_each_read(&scenes::cruddur(), Goal::Destroy).await;
    refuse_each_read(&scenes::managed_instances(), Goal::Destroy).await;
}

/// A zone that may not be listed matters if the file has records there, or if its tags say that the stack has.
#[tokio::test(start_paused = true)]
async fn a_zone_that_may_not_be_listed_matters_where_records_may_be() {
    let deny = Rule::operation("route53", "ListResourceRecordSets", Fault::AccessDenied);
    let flask = scenes::flask_todo();
    let (served, text) = (
        "      http: { port: 80, redirect: https }\n      https: { port: 443, certificate: site, forward: app }\n",
        "      http: { port: 80, forward: app }\n",
    );
    let nameless = flask.with(&[
        (served, text),
        ("certificates:\n  site: { domain: \"${var.domain}\" }\n", ""),
        ("dns:\n  - zone: ${var.domain}\n    create: true\n    records:\n      - { name: \"@\", alias: web }\n", ""),
    ]);
    let (cruddur, whole) = (scenes::cruddur(), flask.graph());
    for (scene, graph, matters) in [(&cruddur, cruddur.graph(), true), (&flask, whole, true), (&flask, nameless, false)]
    {
        let bench = scene.bench();
        bench.add_zone("elsewhere.example");
        bench.done(&graph, Goal::Apply).await;
        bench.faults(Faults::new(vec![deny.clone()], 1));
        let with_file = bench.read(&graph, Goal::Destroy).await;
        assert_eq!(with_file.unreadable.contains_key("records"), matters, "{}", scene.name);
        let without_file = bench.read_without_file(&graph).await;
        assert_eq!(without_file.unreadable.contains_key("records"), matters, "{}", scene.name);
    }
}

/// Whatever leaves the file is found, or the plan says what kept it from looking.
#[test]
fn nothing_that_was_dropped_is_forgotten_because_it_could_not_be_read() {
    applied();
    for edit in EDITS {
        applied_of(edit);
    }
    let mut wrong = Vec::new();
    for edit in EDITS.iter().filter(|edit| edit.change == Change::Leaves) {
        wrong.extend(in_virtual_time(forgotten(edit)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn forgotten(edit: &Edit) -> Vec<String> {
    let mut bench = Bench::of(applied_of(edit).1.clone(), REGION);
    let wanted = graph(&edited(base_of(edit), edit.ops));
    // What holds data goes only with consent.
    let surplus = bench.read(&wanted, Goal::Apply).await.surplus;
    bench.options.consent = surplus.into_iter().map(|it| it.node).collect();
    bench.sim.take_requests();
    let steps = async |bench: &Bench| {
        let snapshot = bench.read(&wanted, Goal::Apply).await;
        let told = !(snapshot.unreadable.is_empty() && snapshot.blind.is_empty());
        let plan = bench.plan(&wanted, &snapshot, Goal::Apply);
        // What stays because something that uses it cannot be changed is held, with the reason.
        let told = told || plan.held.iter().any(|held| held.what == Intent::Delete);
        let gone = plan.steps.iter().filter(|step| matches!(step.action, Action::Delete { .. }));
        let gone: BTreeSet<String> = gone.map(|step| step.node.to_string()).collect();
        (gone, told)
    };
    let (clean, _) = steps(&bench).await;
    assert!(
        !clean.is_empty() || edit.kinds.contains(&"records") || edit.kinds.contains(&"listener_rules"),
        "{:?}",
        edit.kinds
    );
    let reads: BTreeSet<(&str, String)> = bench.sim.take_requests().into_iter().collect();
    let mut wrong = Vec::new();
    for (service, operation) in reads {
        bench.faults(Faults::new(vec![Rule::operation(service, &operation, Fault::AccessDenied)], 1));
        let (gone, told) = steps(&bench).await;
        if gone != clean && !told {
            wrong.push(format!(
                "{:?} leaves, {service}:{operation} is denied: {gone:?} instead of {clean:?}",
                edit.kinds
            ));
        }
    }
    wrong
}
