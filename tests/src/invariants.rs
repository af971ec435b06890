//! What has to hold for every plan and every run, whatever the stack and whatever goes wrong. Panics with what is wrong.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::check::check;
use evenkeel_core::event::{Event, What};
use evenkeel_core::graph::Graph;
use evenkeel_core::id::StepId;
use evenkeel_core::kind::Kinds;
use evenkeel_core::plan::{Action, Plan, PlanOptions, plan};
use evenkeel_core::snapshot::Snapshot;

use crate::fake::{Call, Op, Thing};

/// The second opinion has nothing to say, and planning again gives the same bytes.
///
/// # Panics
/// If not.
pub fn plan_is_sound(kinds: &Kinds, want: &Graph, have: &Snapshot, made: &Plan, options: &PlanOptions) {
    let findings = check(kinds, want, have, made, options);
    assert!(findings.is_empty(), "{findings:#?} in {:#?}", made.steps);
    let bytes = |plan: &Plan| serde_json::to_string(plan).expect("a plan can be written");
    assert_eq!(bytes(made), bytes(&plan(kinds, want, have, options)), "equal inputs give equal plans");
}

/// What is not ours is as it was.
///
/// # Panics
/// If not.
pub fn foreign_is_untouched(before: &BTreeMap<String, Thing>, after: &BTreeMap<String, Thing>) {
    assert_eq!(before, after, "something that is not ours was touched");
}

/// Every change that was asked for belongs to a step of the plan.
///
/// # Panics
/// If not.
pub fn calls_were_planned(plan: &Plan, calls: &[Call]) {
    for call in calls {
        let planned = plan.steps.iter().any(|step| {
            call.nodes.contains(&step.node)
                && match (&step.action, call.op) {
                    // A creation that came back different is followed by one update.
                    (Action::Create { .. }, Op::Create | Op::Update | Op::ReadBack)
                    | (Action::Update { .. } | Action::Adopt { .. }, Op::Update | Op::ReadBack)
                    // What has to be vacant first is asked about.
                    | (Action::Delete { .. }, Op::Delete | Op::Poll)
                    | (Action::Wait { .. }, Op::Poll) => true,
                    _ => false,
                }
        });
        assert!(planned, "{call:?} was not in the plan");
    }
}

/// Events are numbered without gaps, begin and end as they should, and each step has one end.
///
/// # Panics
/// If not.
pub fn events_are_sound(plan: &Plan, events: &[Event], finished: bool) {
    assert!(events.iter().zip(1..).all(|(event, seq)| event.seq == seq), "numbers have no gaps");
    assert!(events.windows(2).all(|pair| pair[0].at_ms <= pair[1].at_ms), "time does not go back");
    assert!(matches!(events.first().map(|event| &event.what), Some(What::RunStarted { .. })), "it begins");
    let mut started: BTreeSet<StepId> = BTreeSet::new();
    let mut done: BTreeSet<StepId> = BTreeSet::new();
    let mut ended: BTreeSet<StepId> = BTreeSet::new();
    for event in events {
        match &event.what {
            What::StepStarted { step, .. } => {
                assert!(started.insert(*step), "step {step} starts once");
                let after = &plan.step(*step).expect("it is of the plan").after;
                assert!(after.is_subset(&done), "step {step} starts after {after:?}, but only {done:?} are done");
            }
            What::StepDone { step, .. } => {
                assert!(started.contains(step) && ended.insert(*step), "step {step} ends once");
                done.insert(*step);
            }
            What::StepFailed { step, .. } => {
                assert!(started.contains(step) && ended.insert(*step), "step {step} ends once");
            }
            What::StepSkipped { step, .. } => {
                assert!(!started.contains(step) && ended.insert(*step), "step {step} is skipped once, unstarted");
            }
            What::StepAbandoned { step, .. } => assert!(ended.insert(*step), "step {step} ends once"),
            What::Waiting { step, .. } | What::Retrying { step, .. } | What::ReadingBack { step, .. } => {
                assert!(started.contains(step) && !ended.contains(step), "step {step} is under way");
            }
            What::RunStarted { .. } | What::Pacing { .. } | What::Stopping | What::RunFinished { .. } => {}
        }
    }
    if finished {
        let all: BTreeSet<StepId> = plan.steps.iter().map(|step| step.id).collect();
        assert_eq!(ended, all, "every step has an end");
        assert!(matches!(events.last().map(|event| &event.what), Some(What::RunFinished { .. })), "it ends");
    }
    let ends = events.iter().filter(|event| matches!(event.what, What::RunFinished { .. })).count();
    assert_eq!(ends, usize::from(finished), "it ends once");
}
