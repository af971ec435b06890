//! What happens during a run, as a stream of values in one order. Reporters (terminal, plain lines, JSON) are fed only by
//! these; they never look into the engine. Serialisable, so that a run can be recorded.

use serde::{Deserialize, Serialize};

use crate::cloud::Rate;
use crate::error::CloudError;
use crate::id::{NodeId, StepId};
use crate::plan::Verb;

/// One event; `seq` counts from 1 without gaps.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// Its number.
    pub seq: u64,
    /// Milliseconds since the run began.
    pub at_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum What {
    /// The run begins; always first.
    RunStarted {
        /// How many steps the plan has.
        steps: usize,
    },
    /// A step begins.
    StepStarted {
        /// The step.
        step: StepId,
        /// Its node.
        node: NodeId,
        /// Its verb.
        verb: Verb,
    },
    /// A wait goes on.
    Waiting {
        /// The step.
        step: StepId,
        /// Its node.
        node: NodeId,
        /// What is awaited, for a person.
        status: String,
        /// Seconds waited so far.
        waited_secs: u64,
        /// Seconds after which the wait is given up.
        deadline_secs: u64,
    },
    /// Steps that could begin wait for their turn within a rate of the cloud; told whenever their number changes.
    Pacing {
        /// The rate.
        rate: Rate,
        /// How many steps wait; 0 when none does any more.
        left: usize,
    },
    /// A step is tried again.
    Retrying {
        /// The step.
        step: StepId,
        /// Its node.
        node: NodeId,
        /// Why.
        error: CloudError,
        /// In how many milliseconds.
        in_ms: u64,
        /// Who holds the thing, for a person, if that is the reason.
        holders: Vec<String>,
    },
    /// The outcome of a request is unknown; the thing is read back.
    ReadingBack {
        /// The step.
        step: StepId,
        /// Its node.
        node: NodeId,
        /// What happened to the request.
        error: CloudError,
    },
    /// A step has been done. Exactly one of done, failed, skipped or abandoned ends each step.
    StepDone {
        /// The step.
        step: StepId,
        /// Its node.
        node: NodeId,
        /// Its verb.
        verb: Verb,
        /// Milliseconds it took.
        took_ms: u64,
    },
    /// A step has failed.
    StepFailed {
        /// The step.
        step: StepId,
        /// Its node.
        node: NodeId,
        /// Its verb.
        verb: Verb,
        /// Why.
        error: CloudError,
        /// Who holds the thing, if that is the reason.
        holders: Vec<String>,
    },
    /// A step was not begun because another one failed.
    StepSkipped {
        /// The step.
        step: StepId,
        /// Its node.
        node: NodeId,
        /// Its verb.
        verb: Verb,
        /// The node of the step that failed.
        because: NodeId,
    },
    /// A step was not begun, or no longer waited for, because the user stopped the run.
    StepAbandoned {
        /// The step.
        step: StepId,
        /// Its node.
        node: NodeId,
        /// Its verb.
        verb: Verb,
    },
    /// The user asked to stop: nothing new starts.
    Stopping,
    /// The run is over; always last.
    RunFinished {
        /// Steps done.
        done: usize,
        /// Steps failed.
        failed: usize,
        /// Steps skipped or abandoned.
        left: usize,
    },
}
