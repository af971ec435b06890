//! An in-memory cloud: the engine's door to a [`World`], with faults that are addressed by call. Every call takes a tenth of
//! a second of virtual time, so that calls overlap and a run can be dropped in the middle of one.

mod kinds;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use evenkeel_core::clock::Clock;
use evenkeel_core::cloud::{Cloud, Create, Rate, Sort, Update, Waiting};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::{Graph, Node, StackInfo};
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::{Live, Readiness, Snapshot};

pub use self::kinds::kinds;
pub use self::world::{Thing, World};
use crate::virtual_time::Virtual;

/// An operation of the cloud.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Op {
    /// `Cloud::create`
    Create,
    /// `Cloud::update`
    Update,
    /// `Cloud::delete`
    Delete,
    /// `Cloud::poll`
    Poll,
    /// `Cloud::read_back`
    ReadBack,
}

/// What goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mishap {
    /// The call is refused with this class and has no effect.
    Refuse(ErrorClass),
    /// The call has its effect, but its reply is lost.
    Lose,
    /// The program is killed before the call has an effect.
    KillBefore,
    /// The program is killed after the call has had its effect.
    KillAfter,
}

/// A fault: which call, and what.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// The operation; `None`: any.
    pub op: Option<Op>,
    /// Which call of it, counted from 1.
    pub nth: usize,
    /// What goes wrong.
    pub what: Mishap,
}

/// A call as it was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// The operation.
    pub op: Op,
    /// The nodes that it was about.
    pub nodes: Vec<NodeId>,
    /// Its idempotency token, if it has one.
    pub token: String,
    /// The paths of the changes of an update.
    pub changes: Vec<String>,
    /// The class of the refusal, if it was refused.
    pub refused: Option<ErrorClass>,
}

/// Turns for the creations of one kind: some at once, and then one after the other.
#[derive(Clone, Debug)]
pub struct Turns {
    /// The kind.
    pub kind: &'static str,
    /// How many may go at once.
    pub at_once: usize,
    /// How long each of the others takes to come.
    pub every: Duration,
    /// When the next one comes.
    next: Duration,
}

impl Turns {
    /// Turns for creations of a kind.
    pub fn new(kind: &'static str, at_once: usize, every: Duration) -> Self {
        Self { kind, at_once, every, next: every }
    }
}

/// What the fake keeps between calls.
#[derive(Debug, Default)]
pub struct State {
    /// What is there.
    pub world: World,
    /// Faults that have not happened yet.
    pub faults: Vec<Fault>,
    /// How many faults have happened.
    pub fired: usize,
    /// Every call, in the order in which they began.
    pub calls: Vec<Call>,
    /// A rate that the cloud keeps, if there is one.
    pub rate: Option<Turns>,
    /// Most creations, updates and deletions under way at one time.
    pub most: usize,
    busy: usize,
    killed: bool,
}

/// The fake cloud.
#[derive(Debug, Default)]
pub struct Fake {
    /// Its clock.
    pub clock: Virtual,
    state: Mutex<State>,
}

impl Fake {
    /// Its state, to look at or to change.
    ///
    /// # Panics
    /// If a test has panicked while it held it.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it holds the state")
    }

    /// Whether a fault has killed the program.
    pub fn killed(&self) -> bool {
        self.state().killed
    }

    /// Forgets calls and faults, as a new run begins.
    pub fn begin(&self) {
        let mut state = self.state();
        let world = std::mem::take(&mut state.world);
        *state =
            State { world, faults: std::mem::take(&mut state.faults), rate: state.rate.take(), ..State::default() };
    }

    /// What a reading finds, matched with a graph.
    pub fn snapshot(&self, graph: &Graph) -> Snapshot {
        let now = self.clock.now();
        let mut state = self.state();
        state.world.tick(now);
        Snapshot::of(&kinds(), graph, &Graph::default(), state.world.candidates(graph, now))
    }

    async fn call<T>(
        &self,
        call: Call,
        work: impl FnOnce(&mut World, Duration) -> Result<T, CloudError> + Send,
    ) -> Result<T, CloudError> {
        let op = call.op;
        let changing = matches!(op, Op::Create | Op::Update | Op::Delete);
        let (number, mishap) = {
            let mut state = self.state();
            state.busy += usize::from(changing);
            state.most = state.most.max(state.busy);
            state.calls.push(call);
            (state.calls.len() - 1, take_fault(&mut state, op))
        };
        self.clock.sleep(Duration::from_millis(100)).await;
        let now = self.clock.now();
        let result = {
            let mut state = self.state();
            state.busy -= usize::from(changing);
            state.world.tick(now);
            let error = |class| CloudError::local(class, &format!("{op:?}"), "a fault of the test");
            let result = match mishap {
                Some(Mishap::Refuse(class)) => Err(error(class)),
                Some(Mishap::Lose) => work(&mut state.world, now).and(Err(error(ErrorClass::Unknown))),
                Some(Mishap::KillBefore) => Err(error(ErrorClass::Bug)),
                Some(Mishap::KillAfter) | None => work(&mut state.world, now),
            };
            state.killed |= matches!(mishap, Some(Mishap::KillBefore | Mishap::KillAfter));
            state.calls[number].refused = result.as_ref().err().map(|error| error.class);
            result
        };
        if self.killed() {
            std::future::pending::<()>().await;
        }
        result
    }
}

fn take_fault(state: &mut State, op: Op) -> Option<Mishap> {
    let all = state.calls.len();
    let same = state.calls.iter().filter(|call| call.op == op).count();
    let due = |fault: &Fault| match fault.op {
        None => fault.nth == all,
        Some(which) => which == op && fault.nth == same,
    };
    let at = state.faults.iter().position(due)?;
    state.fired += 1;
    Some(state.faults.remove(at).what)
}

fn call(op: Op, nodes: Vec<NodeId>) -> Call {
    Call { op, nodes, token: String::new(), changes: Vec::new(), refused: None }
}

#[async_trait]
impl Cloud for Fake {
    async fn create(&self, order: Create<'_>) -> Result<Live, CloudError> {
        let call = Call { token: order.token.to_owned(), ..call(Op::Create, vec![order.node.clone()]) };
        self.call(call, |world, now| world.create(&order, now)).await
    }

    async fn update(&self, order: Update<'_>) -> Result<Live, CloudError> {
        let changes = order.changes.iter().map(|change| change.path.clone()).collect();
        let call = Call { token: order.token.to_owned(), changes, ..call(Op::Update, vec![order.node.clone()]) };
        self.call(call, |world, now| world.update(&order, now)).await
    }

    async fn delete(&self, node: &NodeId, live: &Live) -> Result<(), CloudError> {
        self.call(call(Op::Delete, vec![node.clone()]), |world, now| world.delete(node, live, now)).await
    }

    async fn poll(&self, _kind: &str, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        let nodes = waiting.iter().map(|waiting| waiting.node.clone()).collect();
        let answers = self.call(call(Op::Poll, nodes), |world, now| {
            Ok(waiting.iter().map(|waiting| world.poll(waiting, now)).collect::<Vec<_>>())
        });
        answers.await.unwrap_or_else(|error| waiting.iter().map(|_| Err(error.clone())).collect())
    }

    async fn read_back(&self, nodes: &[&Node]) -> Result<BTreeMap<NodeId, Option<Live>>, CloudError> {
        let graph = Graph::detached(StackInfo::default(), nodes.iter().copied().cloned());
        let ids = nodes.iter().map(|node| node.id.clone()).collect();
        self.call(call(Op::ReadBack, ids), |world, now| {
            let snapshot = Snapshot::of(&kinds(), &graph, &Graph::default(), world.candidates(&graph, now));
            Ok(graph.nodes().map(|node| (node.id.clone(), snapshot.live(&node.id).cloned())).collect())
        })
        .await
    }

    fn rate(&self, kind: &str, sort: Sort) -> Option<Rate> {
        let state = self.state();
        let turns = state.rate.as_ref().filter(|turns| turns.kind == kind && sort == Sort::Create)?;
        let per_second = 1.0 / turns.every.as_secs_f64();
        Some(Rate { name: kind.to_owned(), of: "the fake".to_owned(), counts: "creation".to_owned(), per_second })
    }

    fn turn(&self, _rate: &Rate) -> Result<(), Duration> {
        let now = self.clock.now();
        let mut state = self.state();
        let Some(turns) = &mut state.rate else { return Ok(()) };
        if turns.at_once > 0 {
            turns.at_once -= 1;
            return Ok(());
        }
        if now < turns.next {
            return Err(turns.next - now);
        }
        turns.next = now + turns.every;
        Ok(())
    }

    async fn holders(&self, _node: &NodeId, live: &Live) -> Vec<String> {
        let users: BTreeSet<String> = self.state().world.users(&live.id).into_iter().collect();
        users.into_iter().collect()
    }
}
