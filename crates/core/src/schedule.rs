//! Which step may run when: a plain state machine over the edges of a plan, without time and without effects.
//! A failed step skips what depends on it, by name, and lets everything else go on.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::StepId;
use crate::plan::Plan;

/// How far each step is.
#[derive(Clone, Debug)]
pub struct Schedule {
    states: BTreeMap<StepId, State>,
    /// Steps that wait for the key.
    dependants: BTreeMap<StepId, Vec<StepId>>,
    ready: BTreeSet<StepId>,
    running: usize,
    open: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Waits for so many others.
    Blocked(usize),
    Ready,
    Running,
    Done,
    Failed,
    Skipped,
}

impl Schedule {
    /// Nothing has run.
    pub fn new(plan: &Plan) -> Self {
        let mut schedule = Self {
            states: BTreeMap::new(),
            dependants: BTreeMap::new(),
            ready: BTreeSet::new(),
            running: 0,
            open: plan.steps.len(),
        };
        for step in &plan.steps {
            let state = if step.after.is_empty() { State::Ready } else { State::Blocked(step.after.len()) };
            if state == State::Ready {
                schedule.ready.insert(step.id);
            }
            schedule.states.insert(step.id, state);
            for before in &step.after {
                schedule.dependants.entry(*before).or_default().push(step.id);
            }
        }
        schedule
    }

    /// Takes the next step that may run, in plan order; it counts as running from then on.
    pub fn start(&mut self) -> Option<StepId> {
        let step = self.ready.pop_first()?;
        self.states.insert(step, State::Running);
        self.running += 1;
        Some(step)
    }

    /// Notes that a running step has succeeded.
    pub fn done(&mut self, step: StepId) {
        self.end(step, State::Done);
        for dependant in self.dependants.get(&step).cloned().unwrap_or_default() {
            if let Some(State::Blocked(count)) = self.states.get_mut(&dependant) {
                *count -= 1;
                if *count == 0 {
                    self.states.insert(dependant, State::Ready);
                    self.ready.insert(dependant);
                }
            }
        }
    }

    /// Notes that a running step has failed; returns what is skipped because of it, in plan order.
    pub fn failed(&mut self, step: StepId) -> Vec<StepId> {
        self.end(step, State::Failed);
        let mut skipped = BTreeSet::new();
        let mut open = vec![step];
        while let Some(at) = open.pop() {
            for dependant in self.dependants.get(&at).cloned().unwrap_or_default() {
                if matches!(self.states.get(&dependant), Some(State::Blocked(_) | State::Ready)) {
                    self.ready.remove(&dependant);
                    self.states.insert(dependant, State::Skipped);
                    self.open -= 1;
                    skipped.insert(dependant);
                    open.push(dependant);
                }
            }
        }
        skipped.into_iter().collect()
    }

    /// Gives up everything that has not started; returns it in plan order.
    pub fn cancel(&mut self) -> Vec<StepId> {
        let waiting: Vec<StepId> = self
            .states
            .iter()
            .filter(|(_, state)| matches!(state, State::Blocked(_) | State::Ready))
            .map(|(step, _)| *step)
            .collect();
        for step in &waiting {
            self.states.insert(*step, State::Skipped);
        }
        self.ready.clear();
        self.open -= waiting.len();
        waiting
    }

    /// How many steps are running.
    pub fn running(&self) -> usize {
        self.running
    }

    /// Whether a step has begun and not ended.
    pub fn is_running(&self, step: StepId) -> bool {
        self.states.get(&step) == Some(&State::Running)
    }

    /// Whether every step has come to its end.
    pub fn is_over(&self) -> bool {
        self.open == 0
    }

    fn end(&mut self, step: StepId, state: State) {
        debug_assert_eq!(self.states.get(&step), Some(&State::Running), "only a running step ends");
        self.states.insert(step, state);
        self.running -= 1;
        self.open -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::Goal;
    use crate::id::NodeId;
    use crate::plan::{Action, Reason, Step};

    fn plan(edges: &[&[u32]]) -> Plan {
        let steps = edges.iter().zip(1..).map(|(after, id)| Step {
            id: StepId(id),
            node: NodeId::new("k", &id.to_string()),
            name: String::new(),
            action: Action::Wait { goal: Goal::Ready, of: None, live: None, deadline_secs: 1 },
            after: after.iter().map(|id| StepId(*id)).collect(),
            why: Reason::TakesTime,
            data: None,
        });
        Plan { steps: steps.collect(), ..Plan::default() }
    }

    fn ids(steps: Vec<StepId>) -> Vec<u32> {
        steps.into_iter().map(|step| step.0).collect()
    }

    #[test]
    fn a_step_waits_for_all_that_it_needs() {
        let mut schedule = Schedule::new(&plan(&[&[], &[], &[1, 2]]));
        assert_eq!((schedule.start(), schedule.start(), schedule.start()), (Some(StepId(1)), Some(StepId(2)), None));
        schedule.done(StepId(1));
        assert_eq!(schedule.start(), None);
        schedule.done(StepId(2));
        assert_eq!(schedule.start(), Some(StepId(3)));
        schedule.done(StepId(3));
        assert!(schedule.is_over());
    }

    #[test]
    fn a_failure_skips_only_what_depends_on_it() {
        let mut schedule = Schedule::new(&plan(&[&[], &[], &[1], &[3], &[2]]));
        schedule.start();
        schedule.start();
        assert_eq!(ids(schedule.failed(StepId(1))), [3, 4]);
        schedule.done(StepId(2));
        assert_eq!(schedule.start(), Some(StepId(5)));
        schedule.done(StepId(5));
        assert!(schedule.is_over());
    }

    #[test]
    fn cancelling_leaves_what_runs() {
        let mut schedule = Schedule::new(&plan(&[&[], &[1], &[]]));
        assert_eq!(schedule.start(), Some(StepId(1)));
        assert_eq!(ids(schedule.cancel()), [2, 3]);
        assert!(!schedule.is_over());
        schedule.done(StepId(1));
        assert!(schedule.is_over() && schedule.start().is_none());
    }
}
