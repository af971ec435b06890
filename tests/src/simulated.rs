//! A stack on a simulated AWS, in process and in virtual time: applied, changed, destroyed through the real drivers, with
//! faults and sudden death at any request. Every plan is checked, and what a run leaves is shown as a picture.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use evenkeel_aws::client::Aws;
use evenkeel_aws::cloud::AwsCloud;
use evenkeel_aws::kinds;
use evenkeel_core::check::check;
use evenkeel_core::clock::Clock;
use evenkeel_core::event::Event;
use evenkeel_core::execute::{Engine, Limits, Outcome, Stop, execute};
use evenkeel_core::graph::Graph;
use evenkeel_core::kind::Kinds;
use evenkeel_core::plan::{Plan, PlanOptions, plan};
use evenkeel_core::snapshot::Snapshot;
use evenkeel_sim::client::SimClient;
use evenkeel_sim::faults::Faults;
use evenkeel_sim::world::{Moment, Place, World};
use evenkeel_sim::{Settings, Sim};
use evenkeel_stack::{Beside, LoadOptions};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::laws::{self, outages::Watch};
use crate::things::{Key, Things, things};

/// The account of every simulated world here.
pub const ACCOUNT: &str = "123456789012";

/// A simulated AWS with a stack that lives in it.
#[derive(Debug)]
pub struct Bench {
    /// The simulation.
    pub sim: Sim,
    /// Where the stack lives.
    pub place: Place,
    /// How to plan.
    pub options: PlanOptions,
    /// Whether a destruction is agreed to for everything that it would take along.
    pub consents: bool,
    /// Whether what is served has to go on being served; not where somebody else breaks it meanwhile.
    pub watched: bool,
    /// How many requests of steps may be under way at one time.
    pub parallel: usize,
    kinds: Kinds,
    /// What the run under way has planned, once it has.
    planned: std::cell::RefCell<Option<Plan>>,
    requests: std::cell::RefCell<Vec<(&'static str, String)>>,
    runs: std::cell::Cell<u32>,
    /// Who watches what is served.
    pub watch: Watch,
    /// What somebody else did; he alone answers for it.
    pub others: Others,
}

/// What somebody else did in a world: filled by whoever plays that part, at any moment.
#[derive(Clone, Debug, Default)]
pub struct Others(Arc<Mutex<Things>>);

impl Others {
    /// Adds what he made or changed, as he left it.
    pub fn add(&self, things: impl IntoIterator<Item = (Key, Value)>) {
        self.lock().extend(things);
    }

    /// All that he made or changed so far.
    pub fn things(&self) -> Things {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Things> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a run ended.
pub enum Ended {
    /// By itself.
    Outcome(Box<Outcome>, Vec<Event>),
    /// There was nothing to do.
    Nothing,
    /// It refused: something foreign is in the way, or not everything could be read.
    Refused(Box<Plan>),
    /// A fault killed it.
    Killed,
}

/// Runs something in a time of its own, which passes at once. What is done in a fresh world is the same each time: even two
/// timers that end together do so in the same order, which depends on what else a runtime has seen.
///
/// # Panics
/// If there is no runtime to be had.
pub fn in_virtual_time<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(future)
}

/// What went wrong, without all that went well.
impl std::fmt::Debug for Ended {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Outcome(outcome, _) => {
                let (how, summary) = match &**outcome {
                    Outcome::Done(summary) => ("Done", summary),
                    Outcome::Failed(summary) => ("Failed", summary),
                    Outcome::Stopped(summary) => ("Stopped", summary),
                };
                write!(formatter, "{how} after {} steps", summary.done)?;
                for failure in &summary.failed {
                    write!(formatter, "\n  {}: {:?} {:?}", failure.node, failure.error.class, failure.error)?;
                }
                Ok(())
            }
            Self::Nothing => formatter.write_str("Nothing"),
            Self::Refused(plan) => {
                write!(formatter, "Refused: conflicts {:#?}, held {:#?}", plan.conflicts, plan.held)
            }
            Self::Killed => formatter.write_str("Killed"),
        }
    }
}

impl Ended {
    /// Whether everything asked for was done.
    pub fn is_done(&self) -> bool {
        match self {
            Self::Outcome(outcome, _) => matches!(**outcome, Outcome::Done(_)),
            Self::Nothing => true,
            Self::Refused(_) | Self::Killed => false,
        }
    }
}

/// What is wanted of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// As the stack says.
    Apply,
    /// Nothing of it left.
    Destroy,
}

impl Bench {
    /// A fresh world.
    pub fn new(region: &str) -> Self {
        Self::seeded(region, 1)
    }

    /// A fresh world from a seed.
    pub fn seeded(region: &str, seed: u64) -> Self {
        let start = Moment::parse_iso("2026-01-31T10:00:00Z").expect("a moment");
        Self::of(World::new(seed, start), region)
    }

    /// A world that is there already.
    pub fn of(world: World, region: &str) -> Self {
        let sim = Sim::new(world, Settings { recorded: true, ..Settings::default() });
        let place = Place::new(ACCOUNT, region);
        // AWS makes a region with its network when it is first asked for: that is no part of any run.
        sim.with_world(|world| {
            world.region(&place);
            // Certificates of CloudFront are there, wherever the stack lives.
            world.region(&Place::new(ACCOUNT, "us-east-1"));
        });
        let watch = Watch::over(&sim, &place);
        Self {
            sim,
            watch,
            others: Others::default(),
            place,
            options: PlanOptions::default(),
            consents: true,
            watched: true,
            parallel: Limits::default().in_flight,
            kinds: kinds::table(),
            planned: std::cell::RefCell::default(),
            requests: std::cell::RefCell::default(),
            runs: std::cell::Cell::new(0),
        }
    }

    /// The world as it is now.
    pub fn world(&self) -> World {
        self.sim.with_world(|world| world.clone())
    }

    /// Asks for `service.Operation` behind evenkeel's back.
    ///
    /// # Panics
    /// If that is refused.
    #[track_caller]
    pub fn ask(&self, operation: &str, input: Value) -> Value {
        let (service, name) = operation.split_once('.').expect("service.Operation");
        match self.sim.call(&self.place, service, name, input) {
            Ok(reply) => reply,
            Err(refusal) => panic!("{operation}: {refusal:?}"),
        }
    }

    /// What a stack presupposes: a public zone.
    pub fn add_zone(&self, domain: &str) {
        self.ask("route53.CreateHostedZone", json!({ "Name": domain, "CallerReference": domain }));
    }

    /// Clients of this world.
    pub fn aws(&self) -> Aws {
        let http = SimClient::shared(self.sim.clone());
        Aws::simulated(http, &self.place.region, 1.0).expect("there is a region")
    }

    fn cloud(&self, graph: &Graph) -> AwsCloud {
        AwsCloud { aws: self.aws(), stack: graph.stack.clone() }
    }

    /// Reads what is live.
    pub async fn read(&self, graph: &Graph, goal: Goal) -> Snapshot {
        let cloud = self.cloud(graph);
        match goal {
            Goal::Apply => cloud.snapshot(graph).await,
            Goal::Destroy => cloud.snapshot_to_destroy(Some(graph)).await,
        }
    }

    /// Reads what is live of a stack whose file is lost.
    pub async fn read_without_file(&self, graph: &Graph) -> Snapshot {
        self.cloud(graph).snapshot_to_destroy(None).await
    }

    /// Plans; the plan is checked.
    ///
    /// # Panics
    /// If the second opinion finds something.
    pub fn plan(&self, graph: &Graph, snapshot: &Snapshot, goal: Goal) -> Plan {
        let empty = Graph::empty(graph.stack.clone());
        let (wanted, options) = match goal {
            Goal::Apply => (graph, self.options.clone()),
            // Data is let go of, or a destruction would leave something.
            Goal::Destroy => {
                let ours = snapshot.surplus.iter().filter(|_| self.consents);
                let consent = ours.map(|surplus| surplus.node.clone()).collect();
                (&empty, PlanOptions { destroy: true, consent, ..self.options.clone() })
            }
        };
        let made = plan(&self.kinds, wanted, snapshot, &options);
        let findings = check(&self.kinds, wanted, snapshot, &made, &options);
        assert!(findings.is_empty(), "{findings:#?} in {:#?}", made.steps);
        made
    }

    /// The plan that is carried out in the place of this one: what it leaves alone is looked at more closely.
    pub async fn closely(&self, graph: &Graph, mut snapshot: Snapshot, plan: Plan) -> Plan {
        let lacks = self.cloud(graph).look_closer(graph, &self.options.target, &plan, &mut snapshot).await;
        if lacks { self.plan(graph, &snapshot, Goal::Apply) } else { plan }
    }

    /// Reads, plans and carries out, until it ends or a fault kills it. What it has asked for is held against the laws.
    ///
    /// # Panics
    /// If a law is broken.
    pub async fn run(&self, graph: &Graph, goal: Goal) -> Ended {
        self.sim.take_requests();
        let before = self.sim.with_world(|world| things(world));
        if goal == Goal::Apply && self.watched {
            self.watch.begin(graph);
        }
        let ended = tokio::select! {
            biased;
            () = self.sim.death() => Ended::Killed,
            ended = self.run_through(graph, goal) => ended,
        };
        let requests = self.sim.take_requests();
        laws::requests_were_planned(self.planned.take().as_ref(), &requests);
        laws::no_secret_is_asked_for(&requests);
        self.requests.borrow_mut().extend(requests);
        let after = self.sim.with_world(|world| things(world));
        if let Err(dark) = self.watch.end(ended.is_done() || goal == Goal::Destroy) {
            panic!("traffic went to what could not serve:\n{dark}\nended as {ended:#?}");
        }
        let others = self.others.things().into_keys().collect();
        let adopts = !self.options.adopt.is_empty();
        let allowed = laws::marks::Allowed { stack: &graph.stack.name, adopts, done: ended.is_done(), others: &others };
        laws::only_ours_changed(allowed, &before, &after);
        ended
    }

    /// Takes the list of what all runs have asked for so far: service and operation.
    pub fn take_requests(&self) -> Vec<(&'static str, String)> {
        self.requests.take()
    }

    async fn run_through(&self, graph: &Graph, goal: Goal) -> Ended {
        let snapshot = self.read(graph, goal).await;
        let mut plan = self.plan(graph, &snapshot, goal);
        if !plan.conflicts.is_empty() || !snapshot.unreadable.is_empty() || plan.gap().is_some() {
            return Ended::Refused(Box::new(plan));
        }
        if goal == Goal::Apply {
            plan = self.closely(graph, snapshot, plan).await;
        }
        if plan.steps.is_empty() {
            return Ended::Nothing;
        }
        self.runs.set(self.runs.get() + 1);
        self.planned.replace(Some(plan.clone()));
        // No two runs have the same tokens, not even in copies of one world.
        let now = self.sim.with_world(|world| world.now);
        let limits = Limits { seed: format!("run {} at {now:?}", self.runs.get()), in_flight: self.parallel };
        let empty = Graph::empty(graph.stack.clone());
        let wanted = if goal == Goal::Apply { graph } else { &empty };
        let (cloud, clock) = (self.cloud(graph), PausedClock::new());
        give_values(&cloud.aws, wanted);
        let engine = Engine { kinds: &self.kinds, graph: wanted, cloud: &cloud, clock: &clock, limits: &limits };
        let mut events = Vec::new();
        let outcome = execute(engine, &plan, &Stop::default(), &mut |event| events.push(event)).await;
        Ended::Outcome(Box::new(outcome), events)
    }

    /// Runs until it is done.
    ///
    /// # Panics
    /// If that does not come about at once.
    pub async fn done(&self, graph: &Graph, goal: Goal) {
        let ended = self.run(graph, goal).await;
        assert!(ended.is_done(), "{goal:?}: {ended:#?}");
    }

    /// The steps that a plan would have, as `verb node`.
    pub async fn steps(&self, graph: &Graph, goal: Goal) -> Vec<String> {
        let snapshot = self.read(graph, goal).await;
        assert!(snapshot.unreadable.is_empty(), "{:#?}", snapshot.unreadable);
        let plan = self.plan(graph, &snapshot, goal);
        plan.steps.iter().map(|step| format!("{} {}", step.verb(), step.node)).collect()
    }

    /// Asserts that there is nothing to do.
    pub async fn settled(&self, graph: &Graph, goal: Goal) {
        let snapshot = self.read(graph, goal).await;
        assert!(snapshot.unreadable.is_empty(), "{:#?}", snapshot.unreadable);
        let plan = self.plan(graph, &snapshot, goal);
        let steps: Vec<String> = plan.steps.iter().map(|step| format!("{} {}", step.verb(), step.node)).collect();
        let (held, conflicts) = (&plan.held, &plan.conflicts);
        assert!(
            steps.is_empty() && held.is_empty() && conflicts.is_empty(),
            "{goal:?} is not settled: {steps:?}, held {held:?}, conflicts {conflicts:?}, notes {:?}",
            plan.notes
        );
    }

    /// Sets what goes wrong from now on.
    pub fn faults(&self, faults: Faults) {
        self.sim.set_faults(faults);
    }
}

/// The value of every secret that the stack's file does not let chance decide.
pub const VALUE: &str = "a value that nobody is shown";

/// Gives the values that a person, a file or the environment would.
fn give_values(aws: &Aws, graph: &Graph) {
    for node in graph.nodes() {
        let from = node.want.get("value_from").and_then(Value::as_str);
        if from.is_some_and(|from| !from.starts_with("generated")) {
            aws.give(&node.id, VALUE.to_owned().into());
        }
    }
}

/// The graph of a stack's text; files that it names lie in `folder`.
///
/// # Panics
/// If it is wrong.
pub fn graph_of(text: &str, folder: &Path) -> Graph {
    let path = folder.join("stack.yaml");
    let options = LoadOptions {
        env: BTreeMap::from([("CERTIFICATE_ARN".to_owned(), CERTIFICATE.to_owned())]),
        fallback_region: Some("us-east-1".to_owned()),
        ..LoadOptions::default()
    };
    let files = Beside { folder: folder.to_owned() };
    let loaded = match evenkeel_stack::load_text(&path.to_string_lossy(), text, &options, &files) {
        Ok(loaded) => loaded,
        Err(problems) => panic!("{problems:#?}\n{text}"),
    };
    let region = loaded.stack.region.clone().unwrap_or_else(|| "us-east-1".to_owned());
    kinds::graph(&loaded.stack, &region).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// A certificate that the stacks are given.
pub const CERTIFICATE: &str = "arn:aws:acm:ca-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555";

/// The clock of a runtime whose time is paused.
#[derive(Debug)]
pub struct PausedClock(Instant);

impl PausedClock {
    /// A clock that starts now.
    #[expect(clippy::new_without_default, reason = "it starts at a moment")]
    pub fn new() -> Self {
        Self(Instant::now())
    }
}

#[async_trait]
impl Clock for PausedClock {
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Adds the certificate that the stacks are given, issued for a domain and what is below it.
pub fn add_certificate(bench: &Bench, domain: &str) {
    let names = [domain.to_owned(), format!("*.{domain}")];
    let made = bench.sim.with_world(|world| evenkeel_sim::services::acm::provide(world, CERTIFICATE, &names));
    assert!(made, "the certificate was made");
}
