//! Everything that can go wrong, at every call in turn: a second run ends in the world of one clean run.

use evenkeel_core::error::ErrorClass;
use evenkeel_core::event::What;
use evenkeel_core::execute::Outcome;
use evenkeel_tests::fake::{Mishap, Op};
use evenkeel_tests::lab::{Lab, id_of};
use serde_json::json;

/// A change of the shop that makes one plan with every sort of step in it.
fn changed(lab: &mut Lab) {
    lab.edit("target.web", "port", 8080)
        .edit("balancer.web", "scheme", "internal")
        .edit("service.app", "launch", "ec2")
        .edit("task.app", "image", "app:2")
        .edit("group.alb", "network", "elsewhere")
        .edit("rules.app", "rules", json!([{ "port": 9000, "from": id_of("group.alb") }]));
}

/// A name, and how to come to the state before the run.
type Story = (&'static str, fn() -> Lab);

/// The stories that every fault is tried in: a stack, and what its clean run leads to.
fn stories() -> Vec<Story> {
    vec![
        ("create", Lab::shop),
        ("change", || {
            let mut lab = Lab::applied();
            changed(&mut lab);
            lab
        }),
        ("prune", || {
            let mut lab = Lab::applied();
            lab.drop_nodes(&["service.app", "task.app", "rules.app", "rules.alb", "zone.example"]);
            lab
        }),
        ("destroy", || {
            let mut lab = Lab::applied();
            lab.options.destroy = true;
            lab
        }),
    ]
}

/// Calls of a clean run, and the world that it leads to.
fn clean(story: fn() -> Lab) -> (Vec<Op>, Vec<String>) {
    let lab = story();
    lab.apply().done();
    assert_eq!(lab.refusals(ErrorClass::InUse), 0, "a clean run never runs into what is still used");
    lab.is_converged();
    let calls = lab.fake.state().calls.iter().map(|call| call.op).collect();
    (calls, lab.shape())
}

/// Lets every call of every story go wrong in this way in turn; tells how many there were.
fn everywhere(what: Mishap, hits: impl Fn(Op) -> bool, passes: bool) -> usize {
    let mut tried = 0;
    for (name, story) in stories() {
        let (calls, shape) = clean(story);
        for (at, op) in calls.iter().enumerate().filter(|(_, op)| hits(**op)) {
            tried += 1;
            let lab = story();
            let ran = lab.apply_with_fault(None, at + 1, what);
            let done = matches!(ran.outcome, Some(Outcome::Done(_)));
            assert_eq!(done, passes, "{name}, {what:?} at call {} ({op:?}): {:?}", at + 1, ran.outcome);
            if passes {
                lab.is_converged();
            } else {
                lab.apply().done();
                lab.is_converged();
            }
            assert_eq!(lab.shape(), shape, "{name}, {what:?} at call {} ({op:?})", at + 1);
        }
    }
    assert!(tried > 30, "only {tried} calls were tried");
    tried
}

fn changing(op: Op) -> bool {
    matches!(op, Op::Create | Op::Update | Op::Delete)
}

#[test]
fn passing_errors_are_retried() {
    for class in [ErrorClass::Throttled, ErrorClass::Propagating, ErrorClass::Busy, ErrorClass::InUse] {
        everywhere(Mishap::Refuse(class), |_| true, true);
    }
    everywhere(Mishap::Refuse(ErrorClass::Unreachable), |_| true, true);
}

#[test]
fn an_unknown_outcome_is_read_back() {
    everywhere(Mishap::Refuse(ErrorClass::Unknown), |_| true, true);
    everywhere(Mishap::Lose, |_| true, true);
}

#[test]
fn a_refusal_fails_its_step_and_a_second_run_converges() {
    for class in [ErrorClass::Denied, ErrorClass::Invalid, ErrorClass::Quota, ErrorClass::Credentials] {
        everywhere(Mishap::Refuse(class), changing, false);
    }
}

#[test]
fn a_run_that_is_killed_anywhere_is_completed_by_the_next() {
    everywhere(Mishap::KillBefore, |_| true, false);
    everywhere(Mishap::KillAfter, |_| true, false);
}

#[test]
fn each_failed_step_skips_its_dependants_and_nothing_else() {
    for (name, story) in stories() {
        let (calls, _) = clean(story);
        for at in (0..calls.len()).filter(|at| changing(calls[*at])) {
            let lab = story();
            let ran = lab.apply_with_fault(None, at + 1, Mishap::Refuse(ErrorClass::Denied));
            let failed = ran.outcome.as_ref().unwrap().summary().failed[0].clone();
            let mut below = std::collections::BTreeSet::from([failed.step]);
            for step in &ran.plan.steps {
                if !step.after.is_disjoint(&below) {
                    below.insert(step.id);
                }
            }
            below.remove(&failed.step);
            let mut skipped = std::collections::BTreeSet::new();
            for event in &ran.events {
                if let What::StepSkipped { step, because, .. } = &event.what {
                    assert_eq!(*because, failed.node, "{name}");
                    skipped.insert(*step);
                }
            }
            assert_eq!(skipped, below, "{name}, call {}", at + 1);
            assert_eq!(ran.outcome.unwrap().summary().done, ran.plan.steps.len() - 1 - skipped.len());
        }
    }
}

#[test]
fn two_things_go_wrong_one_after_the_other() {
    for (_, story) in stories() {
        let (calls, shape) = clean(story);
        for at in (0..calls.len()).step_by(3) {
            let lab = story();
            lab.apply_with_fault(None, at + 1, Mishap::KillAfter);
            // Where the second run has fewer calls, the second fault is not reached.
            lab.fake.state().faults =
                vec![evenkeel_tests::fake::Fault { op: None, nth: at / 2 + 1, what: Mishap::KillAfter }];
            drop(lab.apply());
            lab.fake.state().faults.clear();
            lab.apply().done();
            lab.is_converged();
            assert_eq!(lab.shape(), shape);
        }
    }
}
