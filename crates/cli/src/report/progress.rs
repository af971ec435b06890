//! A run on a terminal: one moving line for each step under way, finished ones scroll away above. Everything else is as in
//! `plain.rs`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use evenkeel_core::cloud::Rate;
use evenkeel_core::event::{Event, What};
use evenkeel_core::id::{NodeId, StepId};
use evenkeel_core::plan::Verb;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::escape::text as clean;
use super::plain::holder_words;
use super::verbs::{self, Face};
use super::{Reporter, words};
use crate::out::Ui;
use crate::style::{Palette, Tone};

/// Draws lines that move.
pub struct Progress {
    palette: Palette,
    lines: MultiProgress,
    /// How many times faster the time of the run passes than that of the terminal.
    speed: f64,
    /// Whether lines move by themselves between two events.
    moves: bool,
    total: Option<ProgressBar>,
    running: BTreeMap<StepId, ProgressBar>,
    /// A line for each rate that holds steps up.
    paced: BTreeMap<String, ProgressBar>,
}

impl Progress {
    /// Begins to draw on stderr.
    pub fn new(palette: Palette, speed: f64) -> Self {
        Self::on(ProgressDrawTarget::stderr_with_hz(10), palette, speed, true)
    }

    fn on(target: ProgressDrawTarget, palette: Palette, speed: f64, moves: bool) -> Self {
        let lines = MultiProgress::with_draw_target(target);
        Self { palette, lines, speed, moves, total: None, running: BTreeMap::new(), paced: BTreeMap::new() }
    }

    fn begin(&mut self, step: StepId, node: &NodeId, verb: Verb) {
        let bar = ProgressBar::new_spinner().with_style(self.style("{spinner} {prefix} {took:>4} {wide_msg}"));
        let bar = match &self.total {
            Some(total) => self.lines.insert_before(total, bar),
            None => self.lines.add(bar),
        };
        let face = verbs::face(verb);
        let verb = self.palette.paint(face.tone, format!("{:<7}", face.present));
        bar.set_prefix(format!("{verb} {}", words::id(node)));
        self.set_moving(&bar, Duration::from_millis(100));
        self.running.insert(step, bar);
    }

    /// A line for steps that wait for their turn, for as long as there are any.
    fn pace(&mut self, rate: &Rate, left: usize) {
        if left == 0 {
            if let Some(bar) = self.paced.remove(&rate.name) {
                bar.finish_and_clear();
                self.lines.remove(&bar);
            }
            return;
        }
        if !self.paced.contains_key(&rate.name) {
            let bar = ProgressBar::new_spinner().with_style(self.style("{spinner} {wide_msg}"));
            let bar = match &self.total {
                Some(total) => self.lines.insert_before(total, bar),
                None => self.lines.add(bar),
            };
            self.set_moving(&bar, Duration::from_millis(100));
            self.paced.insert(rate.name.clone(), bar);
        }
        if let Some(bar) = self.paced.get(&rate.name) {
            bar.set_message(clean(&words::pacing(rate, left)));
        }
    }

    fn set_moving(&self, bar: &ProgressBar, every: Duration) {
        if self.moves {
            bar.enable_steady_tick(every);
        } else {
            bar.tick();
        }
    }

    /// One clock for all that is on the screen: that of the run, which a simulation lets pass faster.
    fn style(&self, template: &str) -> ProgressStyle {
        let speed = self.speed;
        let took = move |state: &ProgressState, out: &mut dyn Write| {
            // What cannot be written is not shown; the next drawing tries again.
            let _ = out.write_str(&words::limit(state.elapsed().mul_f64(speed).as_secs()));
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
        style.with_key("took", took)
    }

    fn say(&self, step: StepId, message: &str) {
        if let Some(bar) = self.running.get(&step) {
            bar.set_message(clean(message));
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
        self.print(&format!("{} {}", self.palette.paint(tone, mark), clean(text)));
    }

    /// Lets a line scroll by above the moving ones.
    fn print(&self, line: &str) {
        // A terminal that cannot be written to shows nothing; the run goes on.
        drop(self.lines.println(line));
    }

    fn finish(&mut self) {
        let paced = std::mem::take(&mut self.paced).into_values();
        for bar in std::mem::take(&mut self.running).into_values().chain(paced) {
            bar.finish_and_clear();
        }
        if let Some(total) = self.total.take() {
            total.finish_and_clear();
        }
    }
}

impl Reporter for Progress {
    fn event(&mut self, event: &Event, _ui: &mut Ui) {
        match &event.what {
            What::RunStarted { steps } => {
                let style = self.style("  [{pos}/{len}] {bar:30} {took}").progress_chars("━╸─");
                let bar = self.lines.add(ProgressBar::new(*steps as u64).with_style(style));
                self.set_moving(&bar, Duration::from_millis(200));
                self.total = Some(bar);
            }
            What::StepStarted { step, node, verb } => self.begin(*step, node, *verb),
            What::Waiting { step, status, deadline_secs, .. } => {
                self.say(*step, &format!("{status} (up to {})", words::limit(*deadline_secs)));
            }
            What::Pacing { rate, left } => self.pace(rate, *left),
            What::Retrying { step, error, in_ms, holders, .. } => {
                let pause = words::duration(Duration::from_millis(*in_ms));
                self.say(*step, &format!("retrying in {pause}: {}{}", error.code, holder_words(holders)));
            }
            What::ReadingBack { step, .. } => self.say(*step, "no reply; reading back"),
            What::StepDone { step, node, verb, took_ms } => {
                let took = words::duration(Duration::from_millis(*took_ms));
                let Face { present, sign, tone, .. } = verbs::face(*verb);
                let (sign, tone) = if *verb == Verb::Wait { ("✓", Tone::Add) } else { (sign, tone) };
                self.end(*step, tone, &format!("{sign:>3}"), &format!("{present:<7} {node}  {took}"));
            }
            What::StepFailed { step, node, verb, error, holders } => {
                // The reasons behind it are told at the end.
                let why = format!("{}{}", words::error_lines(error).0, holder_words(holders));
                self.end(*step, Tone::Danger, "  ✗", &format!("{:<7} {node}  {why}", verbs::present(*verb)));
            }
            What::StepSkipped { step, node, verb, because } => {
                let text = format!("{:<7} {node}  skipped, {}", verbs::present(*verb), verbs::skipped(because));
                self.end(*step, Tone::Dim, "  ·", &text);
            }
            What::StepAbandoned { step, node, verb } => {
                let text = format!("{:<7} {node}  {}", verbs::present(*verb), verbs::ABANDONED);
                self.end(*step, Tone::Dim, "  ·", &text);
            }
            What::Stopping => {
                self.print(&self.palette.paint(Tone::Danger, verbs::STOPPING));
            }
            What::RunFinished { .. } => self.finish(),
        }
    }
}

#[cfg(test)]
mod tests;
