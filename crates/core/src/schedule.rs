//! Which step may run when: a plain state machine over the edges of a plan, without time and without effects. What has the
//! longest way before it goes first. A failed step skips what depends on it, by name, and lets everything else go on.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::cloud::Goal;
use crate::id::StepId;
use crate::kind::{Kinds, Ready};
use crate::plan::{Action, Plan, Step};

/// How far each step is.
#[derive(Clone, Debug)]
pub struct Schedule {
    states: BTreeMap<StepId, State>,
    /// Steps that wait for the key.
    dependants: BTreeMap<StepId, Vec<StepId>>,
    /// Steps that may run, by lane.
    ready: BTreeMap<Option<usize>, BTreeSet<Place>>,
    /// The lane and the place of each step.
    places: BTreeMap<StepId, (Option<usize>, Place)>,
    running: usize,
    open: usize,
}

/// The place of a step among those that may run: the longest way first, then plan order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Place {
    way: Reverse<u64>,
    step: StepId,
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
    /// Nothing has run. Steps of one lane (a number that `lane` gives them) can be kept from starting together.
    pub fn new(plan: &Plan, kinds: &Kinds, lane: impl Fn(StepId) -> Option<usize>) -> Self {
        let mut schedule = Self {
            states: BTreeMap::new(),
            dependants: BTreeMap::new(),
            ready: BTreeMap::new(),
            places: BTreeMap::new(),
            running: 0,
            open: plan.steps.len(),
        };
        let ways = ways(plan, kinds);
        for step in &plan.steps {
            let way = ways.get(&step.id).copied().unwrap_or_default();
            schedule.places.insert(step.id, (lane(step.id), Place { way: Reverse(way), step: step.id }));
            schedule.states.insert(step.id, State::Blocked(step.after.len()));
            if step.after.is_empty() {
                schedule.make_ready(step.id);
            }
            for before in &step.after {
                schedule.dependants.entry(*before).or_default().push(step.id);
            }
        }
        schedule
    }

    /// The next step that may run, and its lane; none of the lanes that are closed.
    pub fn next(&self, closed: &BTreeSet<usize>) -> Option<(StepId, Option<usize>)> {
        let open = self.ready.iter().filter(|(lane, _)| lane.is_none_or(|lane| !closed.contains(&lane)));
        let first = open.filter_map(|(lane, ready)| Some((*ready.first()?, *lane))).min()?;
        Some((first.0.step, first.1))
    }

    /// Notes that a step which may run has begun.
    pub fn start(&mut self, step: StepId) {
        debug_assert_eq!(self.states.get(&step), Some(&State::Ready), "only what may run begins");
        self.withdraw(step);
        self.states.insert(step, State::Running);
        self.running += 1;
    }

    /// How many steps of a lane may run and have not begun.
    pub fn waiting(&self, lane: usize) -> usize {
        self.ready.get(&Some(lane)).map_or(0, BTreeSet::len)
    }

    fn make_ready(&mut self, step: StepId) {
        self.states.insert(step, State::Ready);
        if let Some((lane, place)) = self.places.get(&step) {
            self.ready.entry(*lane).or_default().insert(*place);
        }
    }

    fn withdraw(&mut self, step: StepId) {
        if let Some((lane, place)) = self.places.get(&step)
            && let Some(ready) = self.ready.get_mut(lane)
        {
            ready.remove(place);
        }
    }

    /// Notes that a running step has succeeded.
    pub fn done(&mut self, step: StepId) {
        self.end(step, State::Done);
        for dependant in self.dependants.get(&step).cloned().unwrap_or_default() {
            if let Some(State::Blocked(count)) = self.states.get_mut(&dependant) {
                *count -= 1;
                if *count == 0 {
                    self.make_ready(dependant);
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
                    self.withdraw(dependant);
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

/// How long the way is from the beginning of each step to the end of the run, in seconds that AWS is known to take.
fn ways(plan: &Plan, kinds: &Kinds) -> BTreeMap<StepId, u64> {
    let mut behind: BTreeMap<StepId, u64> = BTreeMap::new();
    let mut ways = BTreeMap::new();
    // A step comes after all that it waits for.
    for step in plan.steps.iter().rev() {
        let way = takes(step, kinds) + behind.get(&step.id).copied().unwrap_or_default();
        for before in &step.after {
            let longest = behind.entry(*before).or_default();
            *longest = way.max(*longest);
        }
        ways.insert(step.id, way);
    }
    ways
}

/// Seconds that a step takes. Where readiness is awaited, the wait takes the time, and the request none.
fn takes(step: &Step, kinds: &Kinds) -> u64 {
    let kind = kinds.get(step.node.kind());
    let (takes, at_once) = kind.map_or((1, true), |kind| (kind.takes_secs, kind.ready == Ready::AtOnce));
    let secs = match &step.action {
        Action::Wait { goal: Goal::Hold, deadline_secs, .. } => *deadline_secs,
        Action::Wait { .. } => takes,
        Action::Create { .. } | Action::Update { .. } | Action::Adopt { .. } if at_once => takes,
        Action::Create { .. } | Action::Update { .. } | Action::Adopt { .. } | Action::Delete { .. } => 1,
    };
    u64::from(secs.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::NodeId;
    use crate::kind::Kind;
    use crate::plan::Reason;

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

    fn new(plan: &Plan) -> Schedule {
        Schedule::new(plan, &Kinds::default(), |_| None)
    }

    /// Starts the next step.
    fn start(schedule: &mut Schedule) -> Option<u32> {
        let (step, _) = schedule.next(&BTreeSet::new())?;
        schedule.start(step);
        Some(step.0)
    }

    fn ids(steps: Vec<StepId>) -> Vec<u32> {
        steps.into_iter().map(|step| step.0).collect()
    }

    #[test]
    fn a_step_waits_for_all_that_it_needs() {
        let mut schedule = new(&plan(&[&[], &[], &[1, 2]]));
        let first = [start(&mut schedule), start(&mut schedule), start(&mut schedule)];
        assert_eq!(first, [Some(1), Some(2), None]);
        schedule.done(StepId(1));
        assert_eq!(start(&mut schedule), None);
        schedule.done(StepId(2));
        assert_eq!(start(&mut schedule), Some(3));
        schedule.done(StepId(3));
        assert!(schedule.is_over());
    }

    #[test]
    fn a_failure_skips_only_what_depends_on_it() {
        let mut schedule = new(&plan(&[&[], &[], &[1], &[3], &[2]]));
        start(&mut schedule);
        start(&mut schedule);
        assert_eq!(ids(schedule.failed(StepId(1))), [3, 4]);
        schedule.done(StepId(2));
        assert_eq!(start(&mut schedule), Some(5));
        schedule.done(StepId(5));
        assert!(schedule.is_over());
    }

    #[test]
    fn cancelling_leaves_what_runs() {
        let mut schedule = new(&plan(&[&[], &[1], &[]]));
        assert_eq!(start(&mut schedule), Some(1));
        assert_eq!(ids(schedule.cancel()), [2, 3]);
        assert!(!schedule.is_over());
        schedule.done(StepId(1));
        assert!(schedule.is_over() && start(&mut schedule).is_none());
    }

    /// A plan of creations, each followed by the wait for it where its kind is not ready at once; edges are between nodes.
    fn creations(kinds: &Kinds, edges: &[(&str, &[u32])]) -> Plan {
        let mut steps = plan(&edges.iter().map(|(_, after)| *after).collect::<Vec<_>>()).steps;
        for (step, (kind, _)) in steps.iter_mut().zip(edges) {
            step.node = NodeId::new(kind, step.node.name());
            step.action = Action::Create { want: crate::doc::Doc::Null, replaces: None };
        }
        let waits: Vec<Step> = steps
            .iter()
            .filter(|step| kinds.get(step.node.kind()).is_some_and(|kind| kind.ready != Ready::AtOnce))
            .map(|step| Step {
                action: Action::Wait { goal: Goal::Ready, of: Some(step.id), live: None, deadline_secs: 9 },
                after: [step.id].into(),
                ..step.clone()
            })
            .collect();
        let before = steps.len();
        steps.extend(
            waits
                .into_iter()
                .zip(1..)
                .map(|(step, at)| Step { id: StepId(u32::try_from(before).unwrap() + at), ..step }),
        );
        Plan { steps, ..Plan::default() }
    }

    fn kinds() -> Kinds {
        let kind = |name, takes_secs, ready| Kind { name, takes_secs, ready, ..Kind::PLAIN };
        Kinds::new([
            kind("log", 1, Ready::AtOnce),
            kind("role", 10, Ready::AtOnce),
            kind("task", 1, Ready::AtOnce),
            kind("service", 60, Ready::AtEnd),
            kind("balancer", 150, Ready::AtEnd),
        ])
    }

    #[test]
    fn what_has_the_longest_way_before_it_goes_first() {
        let kinds = kinds();
        // 1 log; 2 role; 3 task of 2; 4 service of 3; 5 balancer; 6 task without a service.
        let plan = creations(
            &kinds,
            &[("log", &[]), ("role", &[]), ("task", &[2]), ("service", &[3]), ("balancer", &[]), ("task", &[])],
        );
        let mut schedule = Schedule::new(&plan, &kinds, |_| None);
        let first: Vec<_> = std::iter::from_fn(|| start(&mut schedule)).collect();
        assert_eq!(first, [5, 2, 1, 6], "151 s, 10 + 1 + 1 + 60 s, and two that nothing waits for in plan order");
        schedule.done(StepId(2));
        assert_eq!(start(&mut schedule), Some(3));
    }

    #[test]
    fn a_closed_lane_lets_the_others_pass() {
        let kinds = kinds();
        let plan = creations(&kinds, &[("task", &[]), ("task", &[]), ("log", &[])]);
        let mut schedule = Schedule::new(&plan, &kinds, |step| (step.0 < 3).then_some(7));
        let closed = BTreeSet::from([7]);
        assert_eq!(schedule.next(&closed), Some((StepId(3), None)));
        assert_eq!(schedule.next(&BTreeSet::new()), Some((StepId(1), Some(7))));
        assert_eq!(schedule.waiting(7), 2);
        schedule.start(StepId(1));
        assert_eq!((schedule.waiting(7), schedule.waiting(8)), (1, 0));
        schedule.start(StepId(3));
        assert_eq!(schedule.next(&closed), None);
        assert_eq!(ids(schedule.cancel()), [2]);
        assert_eq!(schedule.waiting(7), 0);
    }
}
