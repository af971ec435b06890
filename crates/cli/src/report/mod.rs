//! What is printed, and how. Reporters of a run are fed only by its events and never look into the engine.
//!
//! - plans: `plan_text`, `plan_json`, `plan_markdown`, all from `blocks`, `brief`, `verbs` and `words`
//! - a run: `progress` (a terminal), `plain` (anything else), `json_events`; afterwards `summary`, from `record`
//! - a stack that is live: `status_text`, `status_json`
//! - the rest: `diagnostics`, `failure`, `stats`
//! - text that is not ours, whatever it is printed in: `escape`

pub mod blocks;
pub mod brief;
pub mod diagnostics;
pub mod escape;
pub mod failure;
pub mod json_events;
pub mod plain;
pub mod plan_json;
pub mod plan_markdown;
pub mod plan_text;
pub mod progress;
pub mod record;
pub mod stats;
pub mod status_json;
pub mod status_text;
pub mod summary;
pub mod values;
pub mod verbs;
pub mod words;

use evenkeel_core::event::Event;

use crate::args::Format;
use crate::out::Ui;

/// Watches a run.
pub trait Reporter {
    /// Takes the next event, in order.
    fn event(&mut self, event: &Event, ui: &mut Ui);
}

/// The reporter that suits the user's side; the time of the run passes `speed` times as fast as that of the user.
pub fn reporter(ui: &Ui, speed: f64) -> Box<dyn Reporter + Send> {
    match ui.format {
        Format::Json => Box::new(json_events::JsonEvents),
        Format::Text | Format::Markdown if ui.quiet => Box::new(Silent),
        Format::Text | Format::Markdown if ui.live => Box::new(progress::Progress::new(ui.err.palette, speed)),
        Format::Text | Format::Markdown => Box::new(plain::Plain::default()),
    }
}

struct Silent;

impl Reporter for Silent {
    fn event(&mut self, _event: &Event, _ui: &mut Ui) {}
}

#[cfg(test)]
mod tests;
