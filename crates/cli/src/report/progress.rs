//! A run on a terminal: one moving line for each step under way, finished ones scroll away above. Everything else is as in
//! `plain.rs`.

use std::collections::BTreeMap;
use std::time::Duration;

use evenkeel_core::event::{Event, What};
use evenkeel_core::id::{NodeId, StepId};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::plain::holder_words;
use super::values::clean;
use super::{Reporter, blocks, plan_text, words};
use crate::out::Ui;
use crate::style::{Palette, Tone};

/// Draws lines that move.
pub struct Progress {
    palette: Palette,
    lines: MultiProgress,
    total: Option<ProgressBar>,
    running: BTreeMap<StepId, ProgressBar>,
}

impl Progress {
    /// Begins to draw on stderr.
    pub fn new(palette: Palette) -> Self {
        let lines = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        Self { palette, lines, total: None, running: BTreeMap::new() }
    }

    fn begin(&mut self, step: StepId, node: &NodeId, verb: &str) {
        let bar = ProgressBar::new_spinner().with_style(spinner());
        let bar = match &self.total {
            Some(total) => self.lines.insert_before(total, bar),
            None => self.lines.add(bar),
        };
        bar.set_prefix(format!("{} {node}", self.palette.paint(plan_text::tone(verb), format!("{verb:<7}"))));
        bar.enable_steady_tick(Duration::from_millis(100));
        self.running.insert(step, bar);
    }

    fn say(&self, step: StepId, message: String) {
        if let Some(bar) = self.running.get(&step) {
            bar.set_message(message);
        }
    }

    fn end(&mut self, step: StepId, tone: Tone, mark: &str, text: &str) {
        if let Some(bar) = self.running.remove(&step) {
            bar.finish_and_clear();
            self.lines.remove(&bar);
        }
        if let Some(total) = &self.total {
            total.inc(1);
        }
        self.print(&format!("{} {text}", self.palette.paint(tone, mark)));
    }

    /// Lets a line scroll by above the moving ones.
    fn print(&self, line: &str) {
        // A terminal that cannot be written to shows nothing; the run goes on.
        drop(self.lines.println(line));
    }

    fn finish(&mut self) {
        for (_, bar) in std::mem::take(&mut self.running) {
            bar.finish_and_clear();
        }
        if let Some(total) = self.total.take() {
            total.finish_and_clear();
        }
    }
}

fn spinner() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {prefix} {elapsed:>4} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn total() -> ProgressStyle {
    ProgressStyle::with_template("  [{pos}/{len}] {bar:30} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─")
}

impl Reporter for Progress {
    fn event(&mut self, event: &Event, _ui: &mut Ui) {
        match &event.what {
            What::RunStarted { steps } => {
                let bar = self.lines.add(ProgressBar::new(*steps as u64).with_style(total()));
                bar.enable_steady_tick(Duration::from_millis(200));
                self.total = Some(bar);
            }
            What::StepStarted { step, node, verb } => self.begin(*step, node, verb),
            What::Waiting { step, status, deadline_secs, .. } => {
                self.say(*step, format!("{} (at most {})", clean(status), words::limit(*deadline_secs)));
            }
            What::Retrying { step, error, in_ms, holders, .. } => {
                let pause = words::duration(Duration::from_millis(*in_ms));
                self.say(*step, format!("again in {pause}: {}{}", clean(&error.code), holder_words(holders)));
            }
            What::ReadingBack { step, .. } => self.say(*step, "no reply came, reading back".to_owned()),
            What::StepDone { step, node, verb, took_ms } => {
                let took = self.palette.paint(Tone::Dim, words::duration(Duration::from_millis(*took_ms)));
                let sign = if verb == "wait" { "✓" } else { blocks::sign(verb) };
                let tone = if verb == "wait" { Tone::Add } else { plan_text::tone(verb) };
                self.end(*step, tone, &format!("{sign:>3}"), &format!("{verb:<7} {node}  {took}"));
            }
            What::StepFailed { step, node, verb, error, holders } => {
                let why = format!("{}{}", words::error(error), holder_words(holders));
                self.end(*step, Tone::Danger, "  ✗", &format!("{verb:<7} {node}  {why}"));
            }
            What::StepSkipped { step, node, verb, because } => {
                self.end(*step, Tone::Dim, "  ·", &format!("{verb:<7} {node}  skipped, because {because} failed"));
            }
            What::StepAbandoned { step, node, verb } => {
                self.end(*step, Tone::Dim, "  ·", &format!("{verb:<7} {node}  not done, stopped"));
            }
            What::Stopping => {
                self.print(
                    &self.palette.paint(Tone::Danger, "Stopping: nothing new starts. Ctrl-C again to stop waiting."),
                );
            }
            What::RunFinished { .. } => self.finish(),
        }
    }
}
