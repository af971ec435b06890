//! Carrying out a plan. One loop owns the run: it starts what may start, hears what came back, decides what that means, and
//! tells events in one order. It chooses nothing about the cloud: every request was in the plan. `request.rs` has the single
//! requests, `poll.rs` the waits, `lanes.rs` the cloud's rates, `run.rs` the loop.

mod lanes;
mod poll;
mod request;
mod run;
mod stop;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::stop::Stop;
use crate::clock::Clock;
use crate::cloud::Cloud;
use crate::doc::Outputs;
use crate::error::CloudError;
use crate::event::Event;
use crate::graph::Graph;
use crate::id::{NodeId, StepId};
use crate::kind::Kinds;
use crate::plan::Plan;

/// Everything that a run needs beside its plan.
#[derive(Clone, Copy)]
pub struct Engine<'a> {
    /// What is known of the kinds.
    pub kinds: &'a Kinds,
    /// What the plan was made for.
    pub graph: &'a Graph,
    /// Who does the work.
    pub cloud: &'a dyn Cloud,
    /// Time.
    pub clock: &'a dyn Clock,
    /// How much at once.
    pub limits: &'a Limits,
}

/// Limits of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Most requests of steps under way at one time.
    pub in_flight: usize,
    /// What idempotency tokens are made from, together with the step: different for each run.
    pub seed: String,
}

impl Default for Limits {
    fn default() -> Self {
        Self { in_flight: 32, seed: String::new() }
    }
}

/// How a run ended.
#[must_use]
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every step was done.
    Done(Summary),
    /// At least one step failed.
    Failed(Summary),
    /// The user stopped it.
    Stopped(Summary),
}

impl Outcome {
    /// What was done and what not.
    pub fn summary(&self) -> &Summary {
        match self {
            Self::Done(summary) | Self::Failed(summary) | Self::Stopped(summary) => summary,
        }
    }
}

/// What a run did.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Steps that were done.
    pub done: usize,
    /// Steps that failed.
    pub failed: Vec<Failure>,
    /// Steps that were skipped or abandoned.
    pub left: Vec<StepId>,
    /// Outputs of everything that is known to be live.
    pub outputs: BTreeMap<NodeId, Outputs>,
}

/// A step that failed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// The step.
    pub step: StepId,
    /// Its node.
    pub node: NodeId,
    /// Why.
    pub error: CloudError,
    /// Who holds the thing, if that is the reason.
    pub holders: Vec<String>,
}

/// Carries out a plan; returns when every step has ended, or when the user has asked twice to stop.
pub async fn execute(engine: Engine<'_>, plan: &Plan, stop: &Stop, sink: &mut (dyn FnMut(Event) + Send)) -> Outcome {
    run::Run::new(engine, plan, sink).go(stop).await
}
