//! The loop of a run: starts steps, hears what comes back, decides what it means, tells events. Everything that happens is
//! decided here in one place and one order; futures only carry requests out and answers in.

mod late;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, Either, select};
use futures::stream::{FuturesUnordered, StreamExt};
use serde_json::Value;

use super::lanes::Lanes;
use super::poll::{Awaited, Heard, Poller};
use super::request::{self, Attempt, Finished, Order};
use super::{Engine, Failure, Outcome, Stop, Summary};
use crate::cloud::{Goal, Waiting};
use crate::diff::{Change, diff, is_in_place};
use crate::doc::{self, Doc, Outputs};
use crate::error::{CloudError, ErrorClass};
use crate::event::{Event, What};
use crate::graph::Node;
use crate::id::{NodeId, StepId};
use crate::plan::{Action, Plan, Step};
use crate::retry::{Verdict, verdict};
use crate::schedule::Schedule;
use crate::snapshot::{Live, Owner, Readiness};

pub(super) struct Run<'a> {
    engine: Engine<'a>,
    plan: &'a Plan,
    sink: &'a mut (dyn FnMut(Event) + Send),
    schedule: Schedule,
    lanes: Lanes,
    outputs: BTreeMap<NodeId, Outputs>,
    lives: BTreeMap<StepId, Live>,
    attempts: BTreeMap<StepId, Attempt>,
    pollers: BTreeMap<String, Poller>,
    tasks: FuturesUnordered<BoxFuture<'a, Finished>>,
    /// Requests of steps that are under way.
    busy: usize,
    /// Steps that have rested and are to be tried again.
    due: BTreeSet<StepId>,
    /// Steps that only let time pass, and since when.
    holds: BTreeMap<StepId, Duration>,
    /// How often what is ready could not be read back.
    late: BTreeMap<StepId, u32>,
    began: Duration,
    seq: u64,
    stopping: bool,
    summary: Summary,
}

impl<'a> Run<'a> {
    pub(super) fn new(engine: Engine<'a>, plan: &'a Plan, sink: &'a mut (dyn FnMut(Event) + Send)) -> Self {
        let lanes = Lanes::new(plan, engine.kinds, engine.cloud);
        Self {
            engine,
            plan,
            sink,
            schedule: Schedule::new(plan, engine.kinds, |step| lanes.of(step)),
            lanes,
            outputs: plan.known.clone(),
            lives: BTreeMap::new(),
            attempts: BTreeMap::new(),
            pollers: BTreeMap::new(),
            tasks: FuturesUnordered::new(),
            busy: 0,
            due: BTreeSet::new(),
            holds: BTreeMap::new(),
            late: BTreeMap::new(),
            began: engine.clock.now(),
            seq: 0,
            stopping: false,
            summary: Summary::default(),
        }
    }

    pub(super) async fn go(mut self, stop: &Stop) -> Outcome {
        self.tell(What::RunStarted { steps: self.plan.steps.len() });
        let mut heard = 0;
        loop {
            if stop.asked() > heard {
                heard = stop.asked();
                self.stop();
                if heard > 1 {
                    break;
                }
            }
            self.start_what_may();
            if self.schedule.is_over() {
                break;
            }
            let next = {
                let asked = std::pin::pin!(stop.more_than(heard));
                match select(self.tasks.next(), asked).await {
                    Either::Left((finished, _)) => Either::Left(finished),
                    Either::Right(_) => Either::Right(()),
                }
            };
            match next {
                Either::Left(Some(finished)) => self.hear(finished),
                // Nothing runs although steps are open: a mistake of ours, which must not hang.
                Either::Left(None) => break,
                Either::Right(_) => {}
            }
        }
        self.finish()
    }

    fn finish(mut self) -> Outcome {
        for step in self.schedule.cancel() {
            self.abandon(step);
        }
        for step in std::mem::take(&mut self.holds).into_keys() {
            self.abandon(step);
        }
        // What waits to be vacant is both.
        let awaited = self.pollers.values().flat_map(|poller| poller.awaited.keys());
        for step in self.attempts.keys().chain(awaited).copied().collect::<BTreeSet<_>>() {
            self.abandon(step);
        }
        let (done, failed, left) = (self.summary.done, self.summary.failed.len(), self.summary.left.len());
        self.tell(What::RunFinished { done, failed, left });
        self.summary.outputs = self.outputs;
        if self.stopping && left > 0 {
            Outcome::Stopped(self.summary)
        } else if failed > 0 || left > 0 {
            Outcome::Failed(self.summary)
        } else {
            Outcome::Done(self.summary)
        }
    }

    fn start_what_may(&mut self) {
        while self.busy < self.engine.limits.in_flight.max(1) {
            // What rests between two tries takes nobody's place, so that what it waits for can go on.
            if let Some(step) = self.due.pop_first() {
                self.send(step);
                continue;
            }
            let Some((id, lane)) = self.schedule.next(self.lanes.closed()) else { break };
            if let Some(lane) = lane.filter(|lane| !self.has_turn(*lane)) {
                self.lanes.close(lane);
                continue;
            }
            self.schedule.start(id);
            let Some(step) = self.plan.step(id) else { break };
            self.tell(What::StepStarted { step: step.id, node: step.node.clone(), verb: step.verb() });
            self.start(step);
        }
        for (rate, left) in self.lanes.news(|lane| self.schedule.waiting(lane)) {
            self.tell(What::Pacing { rate, left });
        }
    }

    /// Takes a turn in a lane. If there is none left, the steps of that lane do not begin, and take nobody's place.
    fn has_turn(&mut self, lane: usize) -> bool {
        match self.lanes.rate(lane).map_or(Ok(()), |rate| self.engine.cloud.turn(rate)) {
            Ok(()) => true,
            Err(pause) => {
                self.tasks.push(request::turn(self.engine, lane, pause));
                false
            }
        }
    }

    fn start(&mut self, step: &'a Step) {
        let order = match &step.action {
            Action::Create { want, replaces } => Order::Create {
                name: step.name.clone(),
                want: self.fill(want),
                replaces: replaces.as_ref().map(|replaced| replaced.live.id.clone()),
            },
            Action::Update { live, want, changes } | Action::Adopt { live, want, changes } => {
                // What is taken over and right already is told all the same: its mark is what changes.
                let adopts = |from: &Value| live.foreign.iter().any(|member| member.have == *from);
                let changes = changes
                    .iter()
                    .map(|change| self.fill_change(change))
                    .filter(|c| c.from != c.to || c.from.as_ref().is_some_and(adopts))
                    .collect();
                // What an earlier step of the same thing leads to may have had holes when this was planned.
                let live = Box::new(Live { have: self.fill(&live.have), ..(**live).clone() });
                Order::Update { live, want: self.fill(want), changes }
            }
            Action::Delete { live, .. } => Order::Delete { live: live.clone() },
            Action::Wait { goal: Goal::Hold, deadline_secs, .. } => {
                let time = Duration::from_secs(u64::from(*deadline_secs));
                self.holds.insert(step.id, self.engine.clock.now());
                return self.tasks.push(request::hold(self.engine, step.id, time));
            }
            Action::Wait { goal, of, live, deadline_secs } => {
                let made = of.and_then(|of| self.lives.get(&of)).cloned();
                let Some(live) = made.or_else(|| live.as_deref().cloned()) else {
                    return self.fail(step.id, CloudError::bug("wait", "there is nothing to wait for"), Vec::new());
                };
                let deadline = Duration::from_secs(u64::from(*deadline_secs));
                return self.wait(step, live, *goal, deadline);
            }
        };
        let leaves = match (&order, self.engine.kinds.get(step.node.kind())) {
            (Order::Delete { live }, Some(kind)) if kind.vacates => Some((**live).clone()),
            _ => None,
        };
        let attempt = Attempt {
            node: step.node.clone(),
            order: Arc::new(order),
            token: request::token(&self.engine.limits.seed, &step.node, step.verb(), step.id),
            began: self.engine.clock.now(),
            failures: BTreeMap::new(),
            followed_up: false,
            last: None,
        };
        self.attempts.insert(step.id, attempt);
        match leaves {
            // In vain as long as something is in it: its request is sent once that has gone.
            Some(live) => self.wait(step, live, Goal::Vacant, self.deadline(step.id)),
            None => self.send(step.id),
        }
    }

    fn wait(&mut self, step: &Step, live: Live, goal: Goal, deadline: Duration) {
        let waiting = Waiting { node: step.node.clone(), live, goal };
        let awaited = Awaited { waiting, began: self.engine.clock.now(), deadline, status: String::new() };
        let kind = step.node.kind();
        self.pollers.entry(kind.to_owned()).or_default().awaited.insert(step.id, awaited);
        self.poll(kind);
    }

    fn send(&mut self, step: StepId) {
        let Some(attempt) = self.attempts.get(&step) else { return };
        let open = match &*attempt.order {
            Order::Create { want, .. } | Order::Update { want, .. } => doc::refs(want),
            Order::Delete { .. } => Vec::new(),
        };
        if let Some(hole) = open.first() {
            let text = format!("{} of {} is not known although it should be", hole.output, hole.node);
            return self.fail(step, CloudError::bug("plan", text), Vec::new());
        }
        self.busy += 1;
        self.tasks.push(request::send(self.engine, step, attempt));
    }

    fn hear(&mut self, finished: Finished) {
        if matches!(finished, Finished::Request { .. } | Finished::ReadBack { .. }) {
            self.busy -= 1;
        }
        match finished {
            Finished::Request { step, result: Ok(live), .. } => self.answered(step, live),
            Finished::Request { step, result: Err(error), holders } => self.refused(step, error, holders),
            Finished::ReadBack { step, result } => self.was_read_back(step, result),
            Finished::Held { step } => {
                self.succeed(step, None);
                self.holds.remove(&step);
            }
            Finished::Paused { step } => drop(self.due.insert(step)),
            Finished::Turn { lane } => self.lanes.open(lane),
            Finished::PollDue { kind } => self.poll_now(&kind),
            Finished::Polled { kind, steps, results } => self.polled(&kind, &steps, results),
        }
    }

    /// A request has succeeded. A creation that came back different from what was asked is followed up, once.
    fn answered(&mut self, step: StepId, live: Option<Live>) {
        let Some(attempt) = self.attempts.get(&step) else { return };
        if let (Some(live), Order::Create { want, .. }, false) = (&live, &*attempt.order, attempt.followed_up) {
            let changes = self.in_place(&attempt.node, want, live);
            if !changes.is_empty() {
                let order = Order::Update { live: Box::new(live.clone()), want: want.clone(), changes };
                return self.follow_up(step, order);
            }
        }
        self.succeed(step, live);
    }

    fn follow_up(&mut self, step: StepId, order: Order) {
        if let Some(attempt) = self.attempts.get_mut(&step) {
            attempt.followed_up = true;
            attempt.order = Arc::new(order);
            self.send(step);
        }
    }

    fn refused(&mut self, step: StepId, error: CloudError, holders: Vec<String>) {
        let now = self.engine.clock.now();
        let deadline = self.deadline(step);
        let Some(attempt) = self.attempts.get_mut(&step) else { return };
        let count = attempt.failures.entry(error.class).or_default();
        *count += 1;
        let failures = *count;
        attempt.last = Some(error.clone());
        let creating = matches!(&*attempt.order, Order::Create { .. });
        let deleting = matches!(&*attempt.order, Order::Delete { .. });
        let spent = now.saturating_sub(attempt.began);
        let node = attempt.node.clone();
        match verdict(error.class, creating, failures, spent, deadline) {
            // What should go is gone.
            Verdict::Fail if deleting && error.class == ErrorClass::Gone => self.succeed(step, None),
            Verdict::Fail => self.fail(step, error, holders),
            Verdict::Again(_) if self.stopping => self.fail(step, error, holders),
            Verdict::ReadBack(_) if self.stopping && deleting => self.fail(step, error, holders),
            // Deleting twice does no harm, so there is nothing to find out first.
            Verdict::Again(pause) => self.again(step, node, error, pause, holders),
            Verdict::ReadBack(pause) if deleting => self.again(step, node, error, pause, holders),
            Verdict::ReadBack(pause) => {
                self.tell(What::ReadingBack { step, node, error });
                self.push_read_back(step, pause);
            }
        }
    }

    fn again(&mut self, step: StepId, node: NodeId, error: CloudError, pause: Duration, holders: Vec<String>) {
        let in_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        self.tell(What::Retrying { step, node, error, in_ms, holders });
        self.tasks.push(request::pause(self.engine, step, pause));
    }

    fn push_read_back(&mut self, step: StepId, pause: Duration) {
        let Some(attempt) = self.attempts.get(&step) else { return };
        let (Order::Create { want, .. } | Order::Update { want, .. }) = &*attempt.order else { return };
        let Some(node) = self.engine.graph.get(&attempt.node) else {
            return self.fail(step, CloudError::bug("read back", "the node is not in the graph"), Vec::new());
        };
        let mut node = Node { want: want.clone(), ..node.clone() };
        if let Order::Update { live, .. } = &*attempt.order {
            // It may still have the name and the mark that it had before.
            if !live.name.is_empty() {
                node.name.clone_from(&live.name);
            }
            if let Owner::Ours(mark) = &live.owner
                && *mark != node.id
            {
                node.moved_from = Some(mark.clone());
            }
        }
        self.busy += 1;
        self.tasks.push(request::read_back(self.engine, step, node, pause));
    }

    fn was_read_back(&mut self, step: StepId, result: Result<Option<Live>, CloudError>) {
        if self.tells_late(step) {
            return self.told_late(step, result);
        }
        let Some(attempt) = self.attempts.get(&step) else { return };
        let (Order::Create { want, .. } | Order::Update { want, .. }) = &*attempt.order else { return };
        let replaced = match &*attempt.order {
            Order::Create { replaces, .. } => replaces.clone(),
            Order::Update { .. } | Order::Delete { .. } => None,
        };
        let creating = matches!(&*attempt.order, Order::Create { .. });
        let last = attempt.last.clone();
        let (before, given) = match &*attempt.order {
            Order::Update { live, changes, .. } => (Some(live.id.clone()), changes.clone()),
            Order::Create { .. } | Order::Delete { .. } => (None, Vec::new()),
        };
        // What is to be replaced is not what was made, and what is to be changed is no other thing.
        let meant =
            |live: &Live| replaced.as_ref() != Some(&live.id) && before.as_ref().is_none_or(|id| *id == live.id);
        match result.map(|found| found.filter(meant)) {
            Err(error) => self.refused(step, CloudError { class: ErrorClass::Unknown, ..error }, Vec::new()),
            Ok(None) => match last {
                Some(error) if !creating || self.stopping => self.fail(step, error, Vec::new()),
                Some(error) if error.class == ErrorClass::Exists => {
                    let node = attempt.node.clone();
                    self.again(step, node, error, Duration::from_secs(2), Vec::new());
                }
                _ => self.send(step),
            },
            Ok(Some(live)) if creating && live.owner != Owner::Ours(attempt.node.clone()) => {
                let error = CloudError {
                    hint: Some(format!("it does not belong to this stack; take it over with --adopt {}", attempt.node)),
                    ..CloudError::local(ErrorClass::Exists, "create", format!("{} exists already", live.id))
                };
                self.fail(step, error, Vec::new());
            }
            Ok(Some(live)) => {
                let mut changes = self.in_place(&attempt.node, want, &live);
                for change in changes.iter_mut().filter(|change| change.from.is_none()) {
                    // A member that is taken over is not among ours yet; what is there was in the order.
                    change.from = given.iter().find(|it| it.path == change.path).and_then(|it| it.from.clone());
                }
                // The mark may be all that was to change.
                if changes.is_empty() && live.owner == Owner::Ours(attempt.node.clone()) {
                    self.succeed(step, Some(live));
                } else {
                    let order = Order::Update { live: Box::new(live), want: want.clone(), changes };
                    self.follow_up(step, order);
                }
            }
        }
    }

    /// What an update would still have to change.
    fn in_place(&self, id: &NodeId, want: &Doc, live: &Live) -> Vec<Change> {
        let Some(kind) = self.engine.kinds.get(id.kind()) else { return Vec::new() };
        let delegated = self.engine.graph.get(id).map(|node| &node.delegated);
        let theirs =
            |change: &Change| delegated.is_some_and(|paths| paths.keys().any(|path| change.is_of_values_within(path)));
        let mut changes = diff(kind, want, &live.have);
        changes.retain(|change| is_in_place(kind, change) && !theirs(change));
        changes.extend(live.renewal());
        changes
    }

    fn poll(&mut self, kind: &str) {
        if let Some(task) = self.pollers.get_mut(kind).and_then(|poller| poller.next(self.engine, kind)) {
            self.tasks.push(task);
        }
    }

    fn poll_now(&mut self, kind: &str) {
        if let Some(task) = self.pollers.get(kind).map(|poller| poller.ask(self.engine, kind)) {
            self.tasks.push(task);
        }
    }

    fn polled(&mut self, kind: &str, steps: &[StepId], results: Vec<Result<Readiness, CloudError>>) {
        let now = self.engine.clock.now();
        for (step, answer) in steps.iter().zip(results) {
            let Some(awaited) = self.pollers.get_mut(kind).and_then(|poller| poller.awaited.get_mut(step)) else {
                continue;
            };
            let vacant = awaited.waiting.goal == Goal::Vacant;
            match awaited.hear(answer, now) {
                // Whether it is vacant or that cannot be known: from here on AWS has the last word.
                Heard::Reached | Heard::Failed(_) if vacant => {
                    self.forget(kind, *step);
                    self.due.insert(*step);
                }
                Heard::Still(status) => {
                    awaited.status.clone_from(&status);
                    let waited_secs = now.saturating_sub(awaited.began).as_secs();
                    let (node, deadline_secs) = (awaited.waiting.node.clone(), awaited.deadline.as_secs());
                    self.tell(What::Waiting { step: *step, node, status, waited_secs, deadline_secs });
                }
                Heard::Reached if self.tells_late(*step) => {
                    self.forget(kind, *step);
                    self.read_late(*step, Duration::ZERO);
                }
                Heard::Reached => self.succeed(*step, None),
                Heard::Failed(error) => self.fail(*step, error, Vec::new()),
            }
            if self.schedule.is_running(*step) {
                continue;
            }
            self.forget(kind, *step);
        }
        if let Some(poller) = self.pollers.get_mut(kind) {
            poller.polled();
        }
        self.poll(kind);
    }

    fn forget(&mut self, kind: &str, step: StepId) {
        if let Some(poller) = self.pollers.get_mut(kind) {
            poller.awaited.remove(&step);
        }
    }

    fn succeed(&mut self, id: StepId, live: Option<Live>) {
        let took_ms = self.took(id);
        self.attempts.remove(&id);
        let Some(step) = self.plan.step(id) else { return };
        match (&step.action, live) {
            (Action::Delete { replaced: false, .. }, _) => drop(self.outputs.remove(&step.node)),
            (_, Some(live)) => {
                self.outputs.insert(step.node.clone(), live.outputs.clone());
                self.lives.insert(id, live);
            }
            (_, None) => {}
        }
        self.schedule.done(id);
        self.summary.done += 1;
        self.tell(What::StepDone { step: id, node: step.node.clone(), verb: step.verb(), took_ms });
    }

    fn fail(&mut self, id: StepId, error: CloudError, holders: Vec<String>) {
        self.attempts.remove(&id);
        let Some(step) = self.plan.step(id) else { return };
        let (node, verb) = (step.node.clone(), step.verb());
        self.summary.failed.push(Failure {
            step: id,
            node: node.clone(),
            error: error.clone(),
            holders: holders.clone(),
        });
        self.tell(What::StepFailed { step: id, node: node.clone(), verb, error, holders });
        for skipped in self.schedule.failed(id) {
            if let Some(step) = self.plan.step(skipped) {
                let verb = step.verb();
                self.summary.left.push(skipped);
                self.tell(What::StepSkipped { step: skipped, node: step.node.clone(), verb, because: node.clone() });
            }
        }
    }

    fn stop(&mut self) {
        if self.stopping {
            return;
        }
        self.stopping = true;
        self.tell(What::Stopping);
        for step in self.schedule.cancel() {
            self.abandon(step);
        }
        self.stop_leaving();
    }

    /// Ends the steps that wait for something to be vacant: they have changed nothing yet.
    fn stop_leaving(&mut self) {
        let mut leaving = BTreeSet::new();
        for poller in self.pollers.values_mut() {
            poller.awaited.retain(|step, awaited| {
                let leaves = awaited.waiting.goal == Goal::Vacant;
                if leaves {
                    leaving.insert(*step);
                }
                !leaves
            });
        }
        for step in leaving {
            self.attempts.remove(&step);
            // What depends on it has been given up before.
            self.schedule.failed(step);
            self.abandon(step);
        }
    }

    fn abandon(&mut self, id: StepId) {
        if let Some(step) = self.plan.step(id) {
            self.summary.left.push(id);
            self.tell(What::StepAbandoned { step: id, node: step.node.clone(), verb: step.verb() });
        }
    }

    fn fill(&self, want: &Doc) -> Doc {
        doc::fill(want, &|hole| self.outputs.get(&hole.node)?.get(&hole.output).cloned())
    }

    fn fill_change(&self, change: &Change) -> Change {
        let to: Option<Value> = change.to.as_ref().map(|to| self.fill(to));
        Change { to, ..change.clone() }
    }

    fn deadline(&self, step: StepId) -> Duration {
        let kind = self.plan.step(step).and_then(|step| self.engine.kinds.get(step.node.kind()));
        Duration::from_secs(kind.map_or(0, |kind| u64::from(kind.deadline_secs)))
    }

    fn took(&self, step: StepId) -> u64 {
        let awaited = self.pollers.values().find_map(|poller| poller.awaited.get(&step)).map(|awaited| awaited.began);
        let awaited = awaited.or_else(|| self.holds.get(&step).copied());
        let began = self.attempts.get(&step).map(|attempt| attempt.began).or(awaited).unwrap_or(self.began);
        u64::try_from(self.engine.clock.now().saturating_sub(began).as_millis()).unwrap_or(u64::MAX)
    }

    fn tell(&mut self, what: What) {
        self.seq += 1;
        let at = self.engine.clock.now().saturating_sub(self.began);
        let at_ms = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        (self.sink)(Event { seq: self.seq, at_ms, what });
    }
}
