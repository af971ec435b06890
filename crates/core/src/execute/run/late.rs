//! Outputs that are known only once a thing is ready: it is read again when the wait for it is over, so that what refers to it gets them.
//! Decides when a reading is given up; the loop starts and ends the steps.

use std::time::Duration;

use super::super::request;
use super::Run;
use crate::cloud::Goal;
use crate::error::{CloudError, ErrorClass};
use crate::graph::Node;
use crate::id::StepId;
use crate::plan::Action;
use crate::snapshot::Live;

/// Readings before it is given up; each has tries of its own.
const TRIES: u32 = 10;

impl Run<'_> {
    /// Whether a step waits for something that has outputs only now.
    pub(super) fn tells_late(&self, step: StepId) -> bool {
        let Some(step) = self.plan.step(step) else { return false };
        let by_itself = self.engine.graph.get(&step.node).is_some_and(|node| !node.late.is_empty());
        let late = by_itself || self.engine.kinds.get(step.node.kind()).is_some_and(|kind| kind.late);
        let waits = matches!(step.action, Action::Wait { goal: Goal::Ready, .. });
        late && waits && self.engine.graph.get(&step.node).is_some()
    }

    /// Reads back what a wait was for.
    pub(super) fn read_late(&mut self, step: StepId, pause: Duration) {
        let node = self.plan.step(step).and_then(|step| self.engine.graph.get(&step.node));
        let Some(node) = node else { return self.succeed(step, None) };
        // It has its own name, which may be that of another generation.
        let name = self.awaited_name(step).unwrap_or_else(|| node.name.clone());
        let node = Node { name, want: self.fill(&node.want), ..node.clone() };
        self.busy += 1;
        self.tasks.push(request::read_back(self.engine, step, node, pause));
    }

    /// What is called how, of what a wait is for.
    fn awaited_name(&self, step: StepId) -> Option<String> {
        let Action::Wait { of, live, .. } = &self.plan.step(step)?.action else { return None };
        let made = of.and_then(|of| self.lives.get(&of));
        made.or(live.as_deref()).map(|live| live.name.clone()).filter(|name| !name.is_empty())
    }

    /// What a wait was for has been read back.
    pub(super) fn told_late(&mut self, step: StepId, result: Result<Option<Live>, CloudError>) {
        match result {
            Ok(Some(live)) => self.succeed(step, Some(live)),
            Err(error) if !error.class.is_passing() || self.stopping => self.fail(step, error, Vec::new()),
            // It was there a moment ago.
            Ok(None) | Err(_) => {
                let tries = self.late.entry(step).or_default();
                *tries += 1;
                if *tries > TRIES || self.stopping {
                    let error = CloudError::local(ErrorClass::Unknown, "read back", "it is ready, but cannot be read");
                    return self.fail(step, error, Vec::new());
                }
                self.read_late(step, Duration::from_secs(2));
            }
        }
    }
}
