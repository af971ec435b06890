//! Remembers of a run what its summary needs. Fed by the same events as the reporters.

use std::collections::BTreeMap;
use std::time::Duration;

use evenkeel_core::diagnostic::Diagnostic;
use evenkeel_core::error::CloudError;
use evenkeel_core::event::{Event, What};
use evenkeel_core::id::{NodeId, StepId};
use evenkeel_core::plan::{Action, Plan, Verb};
use serde::Serialize;

/// A step that failed.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct FailedStep {
    /// Its node.
    pub node: NodeId,
    /// Its verb.
    pub verb: Verb,
    /// Why.
    pub error: CloudError,
    /// Who holds the thing.
    pub holders: Vec<String>,
    /// What the stack file was warned of that explains it.
    #[serde(skip)]
    pub causes: Vec<Diagnostic>,
}

/// What the errors of steps say whose packets get no answer, in the words of ECS, Elastic Load Balancing and the network.
const NO_ANSWER: &[&str] =
    &["timed out", "timeout", "Timeout", "deadline exceeded", "failed ELB health checks", "FailedHealthChecks"];

/// A step that was not begun, or not awaited.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct LeftStep {
    /// Its node.
    pub node: NodeId,
    /// Its verb.
    pub verb: Verb,
    /// The node whose failure is the reason; `None` if the user stopped the run.
    pub because: Option<NodeId>,
}

/// What happened in a run.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Record {
    /// What was done: node and verb.
    pub done: Vec<(NodeId, Verb)>,
    /// What failed.
    pub failed: Vec<FailedStep>,
    /// What was left.
    pub left: Vec<LeftStep>,
    /// How long it took.
    pub took: Duration,
    /// How many things went with those that were deleted.
    pub with: usize,
    /// How often each verb was done, counted as in the plan.
    counts: BTreeMap<Verb, usize>,
    /// What each step of the plan counts as, and how many things go with it.
    steps: BTreeMap<StepId, (Verb, usize)>,
}

impl Record {
    /// Of a run of this plan, of which nothing has happened yet.
    pub fn of(plan: &Plan) -> Self {
        let with = |action: &Action| match action {
            Action::Delete { with, .. } => with.len(),
            _ => 0,
        };
        let steps = plan.steps.iter().map(|step| (step.id, (step.counted(), with(&step.action)))).collect();
        Self { steps, ..Self::default() }
    }

    /// Explains what failed with what the stack file was warned of: each warning names the nodes that fail for it.
    pub fn explain(&mut self, warnings: &[Diagnostic]) {
        for step in &mut self.failed {
            if NO_ANSWER.iter().any(|part| step.error.message.contains(part)) {
                let fits = |warning: &&Diagnostic| warning.about.contains(&step.node);
                step.causes = warnings.iter().filter(fits).cloned().collect();
            }
        }
    }

    /// Takes the next event.
    pub fn event(&mut self, event: &Event) {
        self.took = Duration::from_millis(event.at_ms);
        match &event.what {
            What::StepDone { step, node, verb, .. } => {
                if let Some((counted, with)) = self.steps.get(step) {
                    *self.counts.entry(*counted).or_default() += 1;
                    self.with += if *counted == Verb::Delete { *with } else { 0 };
                }
                self.done.push((node.clone(), *verb));
            }
            What::StepFailed { node, verb, error, holders, .. } => self.failed.push(FailedStep {
                node: node.clone(),
                verb: *verb,
                error: error.clone(),
                holders: holders.clone(),
                causes: Vec::new(),
            }),
            What::StepSkipped { node, verb, because, .. } => {
                self.left.push(LeftStep { node: node.clone(), verb: *verb, because: Some(because.clone()) });
            }
            What::StepAbandoned { node, verb, .. } => {
                self.left.push(LeftStep { node: node.clone(), verb: *verb, because: None });
            }
            What::RunStarted { .. }
            | What::StepStarted { .. }
            | What::Waiting { .. }
            | What::Pacing { .. }
            | What::Retrying { .. }
            | What::ReadingBack { .. }
            | What::Stopping
            | What::RunFinished { .. } => {}
        }
    }

    /// How many steps that count as this verb were done.
    pub fn count(&self, verb: Verb) -> usize {
        self.counts.get(&verb).copied().unwrap_or(0)
    }
}
