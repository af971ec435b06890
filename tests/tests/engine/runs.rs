//! Runs: order, how much at once, stopping, waiting, tokens.

use std::time::Duration;

use evenkeel_core::clock::Clock;
use evenkeel_core::error::ErrorClass;
use evenkeel_core::event::What;
use evenkeel_core::execute::{Outcome, Stop};
use evenkeel_tests::fake::{Fault, Mishap, Op, Turns};
use evenkeel_tests::lab::Lab;

#[test]
fn independent_steps_run_side_by_side_within_the_limit() {
    let mut lab = Lab::shop();
    lab.apply().done();
    assert_eq!(lab.fake.state().most, 5, "two groups, a target group, a cluster, a log group");
    for limit in [1, 2, 3] {
        lab = Lab::shop();
        lab.limits.in_flight = limit;
        lab.apply().done();
        assert_eq!(lab.fake.state().most, limit);
        lab.is_converged();
    }
}

#[test]
fn a_step_that_rests_takes_nobodys_place() {
    let mut lab = Lab::applied();
    lab.options.destroy = true;
    lab.limits.in_flight = 1;
    lab.fake.state().faults =
        (1..=3).map(|nth| Fault { op: Some(Op::Delete), nth, what: Mishap::Refuse(ErrorClass::InUse) }).collect();
    lab.apply().done();
    let state = lab.fake.state();
    let mut first: Vec<_> =
        state.calls.iter().filter(|call| call.op == Op::Delete).map(|call| &call.nodes[0]).collect();
    first.truncate(3);
    first.dedup();
    assert_eq!((state.fired, first.len()), (3, 3), "the others are tried while the first rests");
}

/// A shop with that many task definitions more, and turns for one a second after the first two.
fn crowded(tasks: usize) -> Lab {
    let mut lab = Lab::shop();
    for number in 0..tasks {
        let mut more = lab.nodes["task.app"].clone();
        more.id = format!("task.more{number}").parse().expect("it is an id");
        more.name = format!("more{number}");
        lab.nodes.insert(more.id.to_string(), more);
    }
    lab.fake.state().rate = Some(Turns::new("task", 2, Duration::from_secs(30)));
    lab
}

#[test]
fn a_step_that_waits_for_its_turn_takes_nobodys_place() {
    let mut lab = crowded(6);
    lab.limits.in_flight = 1;
    let ran = lab.apply();
    let ends = |kind: &str| -> Vec<u64> {
        let done =
            ran.events.iter().filter(|event| matches!(&event.what, What::StepDone { node, .. } if node.kind() == kind));
        done.map(|event| event.at_ms / 1000).collect()
    };
    assert_eq!(ends("task").len(), 7);
    assert!(ends("task")[1] < 30 && ends("task")[2] >= 30, "two at once, then one each 30 s: {:?}", ends("task"));
    assert!(ends("listener")[0] < 30, "what needs no turn goes past those that wait: {:?}", ends("listener"));
    let left: Vec<usize> = ran
        .events
        .iter()
        .filter_map(|event| if let What::Pacing { left, .. } = &event.what { Some(*left) } else { None })
        .collect();
    assert_eq!(left, [5, 4, 3, 2, 1, 0], "how many wait is told");
    ran.done();
    lab.is_converged();
}

#[test]
fn what_waits_for_its_turn_is_given_up_with_the_first_stop() {
    let lab = crowded(6);
    let stop = Stop::default();
    let asked = stop.clone();
    let ran = lab.apply_with(&stop, move |event| {
        if matches!(event.what, What::Pacing { .. }) && asked.asked() == 0 {
            asked.ask();
        }
    });
    assert!(ran.events.last().unwrap().at_ms < 30_000, "nobody waits for a turn any more");
    let Some(Outcome::Stopped(summary)) = &ran.outcome else { panic!("{:?}", ran.outcome) };
    assert!(summary.failed.is_empty(), "{summary:?}");
    let made =
        lab.fake.state().calls.iter().filter(|call| call.op == Op::Create && call.nodes[0].kind() == "task").count();
    assert_eq!(made, 2);
}

/// Deletions of groups, and how many of them were refused.
fn deletions_of_groups(lab: &Lab) -> (usize, usize) {
    let state = lab.fake.state();
    let all: Vec<_> =
        state.calls.iter().filter(|call| call.op == Op::Delete && call.nodes[0].kind() == "group").collect();
    (all.len(), all.iter().filter(|call| call.refused.is_some()).count())
}

/// An applied shop that is to be destroyed.
fn doomed() -> Lab {
    let mut lab = Lab::applied();
    lab.options.destroy = true;
    lab
}

/// Puts somebody's thing into a group of the shop, which goes after that time.
fn occupy(lab: &Lab, time: Duration) {
    let gone_at = lab.fake.clock.now() + time;
    let world = &mut lab.fake.state().world;
    let group = world.of("group.app").expect("it was made").0.clone();
    let theirs = evenkeel_core::snapshot::Owner::Nobody;
    let holder = world.put("balancer", "theirs", theirs, serde_json::json!({ "groups": [group] }));
    world.things.get_mut(&holder).expect("it is there").gone_at = Some(gone_at);
}

#[test]
fn what_is_not_vacant_is_not_tried_in_vain() {
    let lab = doomed();
    let ran = lab.apply_with(&Stop::default(), |event| {
        if matches!(event.what, What::RunStarted { .. }) {
            occupy(&lab, Duration::from_secs(60));
        }
    });
    assert_eq!(deletions_of_groups(&lab), (2, 0), "each is deleted once");
    let told = |event: &evenkeel_core::event::Event| {
        matches!(&event.what, What::Waiting { node, status, .. }
        if node.to_string() == "group.app" && status.contains("id:balancer:"))
    };
    assert!(ran.events.iter().any(told), "it is told what is in it");
    assert!(ran.events.last().unwrap().at_ms > 60_000);
    ran.done();
}

#[test]
fn where_nobody_can_say_whether_it_is_vacant_the_deletion_is_tried() {
    let lab = doomed();
    // The first poll is for the groups, or for the service: neither ends the run.
    lab.fake.state().faults = vec![Fault { op: Some(Op::Poll), nth: 2, what: Mishap::Refuse(ErrorClass::Denied) }];
    lab.apply().done();
    assert_eq!(deletions_of_groups(&lab).0, 2);
}

#[test]
fn a_stop_ends_the_waiting_for_something_to_be_vacant() {
    let lab = doomed();
    let stop = Stop::default();
    let asked = stop.clone();
    let ran = lab.apply_with(&stop, |event| match &event.what {
        What::RunStarted { .. } => occupy(&lab, Duration::from_secs(3000)),
        What::Waiting { node, .. } if node.kind() == "group" && asked.asked() == 0 => asked.ask(),
        // What is not ours is not touched by the run: it goes by itself.
        What::Stopping => lab.fake.state().world.things.retain(|_, thing| thing.name != "theirs"),
        _ => {}
    });
    assert!(matches!(ran.outcome, Some(Outcome::Stopped(_))), "{:?}", ran.outcome);
    assert!(ran.events.last().unwrap().at_ms < 120_000, "nothing was waited for any more");
    assert_eq!(deletions_of_groups(&lab).1, 0);
}

#[test]
fn nothing_new_starts_after_the_first_stop() {
    let lab = Lab::shop();
    let stop = Stop::default();
    let asked = stop.clone();
    let ran = lab.apply_with(&stop, move |event| {
        if matches!(event.what, What::StepDone { .. }) && asked.asked() == 0 {
            asked.ask();
        }
    });
    let stopped = ran.events.iter().position(|event| event.what == What::Stopping).unwrap();
    assert!(!ran.events[stopped..].iter().any(|event| matches!(event.what, What::StepStarted { .. })));
    let Some(Outcome::Stopped(summary)) = &ran.outcome else { panic!("{:?}", ran.outcome) };
    assert!(summary.failed.is_empty() && summary.done == 5, "what ran was awaited: {summary:?}");
    lab.apply().done();
    lab.is_converged();
}

#[test]
fn the_second_stop_ends_the_waiting() {
    let lab = Lab::shop();
    lab.fake.state().world.slowness = Duration::from_secs(400);
    let stop = Stop::default();
    let asked = stop.clone();
    let ran = lab.apply_with(&stop, move |event| {
        if matches!(event.what, What::Waiting { .. }) {
            asked.ask();
        }
    });
    assert_eq!(stop.asked(), 2);
    assert!(matches!(ran.outcome, Some(Outcome::Stopped(_))));
    assert!(ran.events.last().unwrap().at_ms < 60_000, "it did not wait to the end");
    lab.apply().done();
    lab.is_converged();
}

#[test]
fn a_wait_has_a_deadline_and_says_what_it_last_heard() {
    let lab = Lab::shop();
    lab.fake.state().world.slowness = Duration::from_secs(100_000);
    let ran = lab.apply();
    let Some(Outcome::Failed(summary)) = ran.outcome else { panic!("it cannot be done") };
    let cluster = summary.failed.iter().find(|failure| failure.node.kind() == "cluster").unwrap();
    assert_eq!(cluster.error.code, "Timeout");
    assert!(cluster.error.message.contains("not ready after 10m; last status: provisioning"), "{}", cluster.error);
    assert!(ran.events.iter().any(|event| matches!(
        &event.what, What::Waiting { waited_secs, deadline_secs: 600, .. } if *waited_secs > 500)));
}

#[test]
fn what_does_not_get_healthy_fails_with_its_reason() {
    let lab = Lab::shop();
    let why = "rolled back: the health check failed".to_owned();
    lab.fake.state().world.unhealthy.insert("service.app".parse().unwrap(), why.clone());
    let ran = lab.apply();
    let Some(Outcome::Failed(summary)) = ran.outcome else { panic!("it cannot be done") };
    assert_eq!(summary.failed.len(), 1);
    assert_eq!(summary.failed[0].error.message, why);
    assert!(lab.plan().unhealthy.iter().any(|note| note.text.contains(&why)), "the next plan tells it as well");
}

#[test]
fn one_poll_asks_for_everything_of_a_kind() {
    let mut lab = Lab::shop();
    for name in ["two", "three"] {
        let mut more = lab.nodes["balancer.web"].clone();
        more.id = format!("balancer.{name}").parse().unwrap();
        more.name = name.to_owned();
        lab.nodes.insert(more.id.to_string(), more);
    }
    lab.apply().done();
    let state = lab.fake.state();
    let polls = state.calls.iter().filter(|call| call.op == Op::Poll && call.nodes[0].kind() == "balancer");
    assert!(polls.map(|call| call.nodes.len()).max() == Some(3));
}

#[test]
fn a_creation_that_comes_back_different_is_followed_by_one_update() {
    let lab = Lab::shop();
    lab.fake.state().world.forgetful.push(("target".to_owned(), "path".to_owned()));
    lab.apply().done();
    let updates: Vec<_> = lab.fake.state().calls.iter().filter(|call| call.op == Op::Update).cloned().collect();
    assert_eq!(updates.len(), 1);
    assert_eq!(updates[0].changes, ["path"]);
    lab.is_converged();
}

#[test]
fn every_try_of_a_step_has_the_same_token() {
    let lab = Lab::shop();
    let refuse = Mishap::Refuse(ErrorClass::Throttled);
    lab.fake.state().faults = (1..=4).map(|nth| Fault { op: Some(Op::Create), nth, what: refuse }).collect();
    lab.apply().done();
    let state = lab.fake.state();
    assert_eq!(state.fired, 4);
    let mut tokens = std::collections::BTreeMap::new();
    for call in state.calls.iter().filter(|call| call.op == Op::Create) {
        assert_eq!(call.token.len(), 32);
        assert_eq!(tokens.entry(call.nodes[0].clone()).or_insert(call.token.clone()), &call.token);
    }
    let different: std::collections::BTreeSet<_> = tokens.values().collect();
    assert_eq!(different.len(), 12);
}

#[test]
fn the_holders_are_named_when_something_blocks() {
    let mut lab = Lab::applied();
    let target = lab.fake.state().world.of("target.web").unwrap().0.clone();
    let holder = lab.fake.state().world.put(
        "listener",
        "",
        evenkeel_core::snapshot::Owner::Nobody,
        serde_json::json!({ "forward": [{ "target_group": target, "weight": 1 }] }),
    );
    lab.options.destroy = true;
    let ran = lab.apply();
    let Some(Outcome::Failed(summary)) = ran.outcome else { panic!("it cannot be done") };
    assert_eq!((summary.failed.len(), &summary.failed[0].holders), (1, &vec![holder]));
    assert!(
        ran.events.iter().any(|event| matches!(&event.what, What::Retrying { holders, .. } if !holders.is_empty()))
    );
}

#[test]
fn a_lost_adoption_still_gets_its_mark() {
    for (what, _) in [(Mishap::Refuse(ErrorClass::Unknown), 1), (Mishap::Lose, 1)] {
        let mut lab = Lab::shop();
        let doc = lab.nodes["cluster.main"].want.clone();
        lab.fake.state().world.put("cluster", "shop", evenkeel_core::snapshot::Owner::Nobody, doc);
        lab.options.adopt.insert("cluster.main".to_owned());
        lab.apply_with_fault(Some(Op::Update), 1, what).done();
        assert!(lab.fake.state().world.of("cluster.main").is_some());
        lab.is_converged();
    }
}
