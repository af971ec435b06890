//! A run off a terminal (CI, a file): one line for each step when it ends, and for long waits one now and then. No times
//! of day, so that two logs can be compared.

use std::collections::BTreeMap;
use std::time::Duration;

use evenkeel_core::event::{Event, What};
use evenkeel_core::id::StepId;
use evenkeel_core::plan::Verb;

use super::escape::text as clean;
use super::{Reporter, verbs, words};
use crate::out::Ui;

/// Seconds after which an unchanged wait is told again.
const REMIND_SECS: u64 = 60;

/// Prints lines.
#[derive(Debug, Default)]
pub struct Plain {
    steps: usize,
    ended: usize,
    /// What was last told of each wait and each retry, and when in seconds.
    waits: BTreeMap<StepId, (String, u64)>,
    /// When each rate was last said to hold steps up, in seconds.
    paces: BTreeMap<String, u64>,
}

impl Plain {
    /// The line for an event, if it deserves one.
    pub fn line(&mut self, event: &Event) -> Option<String> {
        self.worded(event).map(|line| clean(&line))
    }

    fn worded(&mut self, event: &Event) -> Option<String> {
        let width = self.steps.to_string().len();
        self.ended += usize::from(ends(&event.what));
        let at = format!("[{:>width$}/{}]", self.ended, self.steps);
        match &event.what {
            What::RunStarted { steps } => {
                self.steps = *steps;
                None
            }
            What::StepStarted { .. } | What::RunFinished { .. } => None,
            What::Waiting { step, node, status, waited_secs, deadline_secs } => {
                let told = self
                    .waits
                    .get(step)
                    .is_some_and(|(last, at)| last == status && waited_secs - at.min(waited_secs) < REMIND_SECS);
                if told {
                    return None;
                }
                self.waits.insert(*step, (status.clone(), *waited_secs));
                Some(format!(
                    "{at} {} {node} … {} ({} of {})",
                    verbs::present(Verb::Wait),
                    status,
                    words::limit(*waited_secs),
                    words::limit(*deadline_secs)
                ))
            }
            What::Pacing { rate, left: 0 } => {
                self.paces.remove(&rate.name);
                None
            }
            What::Pacing { rate, left } => {
                let now = event.at_ms / 1000;
                if self.paces.get(&rate.name).is_some_and(|at| now - at.min(&now) < REMIND_SECS) {
                    return None;
                }
                self.paces.insert(rate.name.clone(), now);
                Some(format!("{at} … {}", words::pacing(rate, *left)))
            }
            What::Retrying { step, node, error, in_ms, holders } => {
                let why = format!("{}{}", words::error(error), holder_words(holders));
                let (now, told) = (event.at_ms / 1000, self.waits.get(step));
                if told.is_some_and(|(last, at)| *last == why && now - at.min(&now) < REMIND_SECS) {
                    return None;
                }
                let pause = words::duration(Duration::from_millis(*in_ms));
                let line = format!("{at} {node} … retrying in {pause}: {why}");
                self.waits.insert(*step, (why, now));
                Some(line)
            }
            What::ReadingBack { node, error, .. } => {
                Some(format!("{at} {node} … no reply; reading back: {}", words::error(error)))
            }
            What::StepDone { node, verb, took_ms, .. } => {
                let took = words::duration(Duration::from_millis(*took_ms));
                Some(format!("{at} {} {node} … done ({took})", verbs::present(*verb)))
            }
            What::StepFailed { node, verb, error, holders, .. } => {
                // The reasons behind it are told at the end.
                let why = format!("{}{}", words::error_lines(error).0, holder_words(holders));
                Some(format!("{at} {} {node} … FAILED: {why}", verbs::present(*verb)))
            }
            What::StepSkipped { node, verb, because, .. } => {
                Some(format!("{at} {} {node} … skipped, {}", verbs::present(*verb), verbs::skipped(because)))
            }
            What::StepAbandoned { node, verb, .. } => {
                Some(format!("{at} {} {node} … {}", verbs::present(*verb), verbs::ABANDONED))
            }
            What::Stopping => Some(verbs::STOPPING.to_owned()),
        }
    }
}

/// Who holds a thing, behind a message.
pub fn holder_words(holders: &[String]) -> String {
    if holders.is_empty() { String::new() } else { format!(" (held by {})", clean(&holders.join(", "))) }
}

impl Reporter for Plain {
    fn event(&mut self, event: &Event, ui: &mut Ui) {
        if let Some(line) = self.line(event) {
            ui.err.line(&line);
        }
    }
}
/// Whether a step is over with this, one way or the other.
fn ends(what: &What) -> bool {
    match what {
        What::StepDone { .. } | What::StepFailed { .. } | What::StepSkipped { .. } | What::StepAbandoned { .. } => true,
        What::RunStarted { .. }
        | What::StepStarted { .. }
        | What::Waiting { .. }
        | What::Pacing { .. }
        | What::Retrying { .. }
        | What::ReadingBack { .. }
        | What::Stopping
        | What::RunFinished { .. } => false,
    }
}
