//! The end of a run: what was done, what failed and why, what was left, what the user may want to know, what to do next.

use evenkeel_aws::outputs::Output;
use evenkeel_core::plan::{HeldBecause, Plan, Verb};
use serde_json::{Value, json};

use super::escape::text as clean;
use super::record::{FailedStep, Record};
use super::{diagnostics, failure, verbs, words};
use crate::again::Again;
use crate::exit::Exit;
use crate::style::{Palette, Tone};

/// How a run came out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// All steps done.
    Done,
    /// Some failed.
    Failed,
    /// The user stopped it.
    Stopped,
}

/// What is told at the end.
#[derive(Clone, Copy, Debug)]
pub struct Ending<'a> {
    /// How it came out.
    pub verdict: Verdict,
    /// The code that the command ends with.
    pub exit: Exit,
    /// What was to be done, and what was held back.
    pub plan: &'a Plan,
    /// What happened.
    pub record: &'a Record,
    /// What is worth knowing.
    pub outputs: &'a [Output],
    /// The command that goes on where this one ended.
    pub again: &'a Again,
}

/// The ending for a person.
pub fn render(ending: &Ending<'_>, palette: Palette) -> String {
    let record = ending.record;
    let mut text = String::new();
    for step in &record.failed {
        let head = palette.paint(Tone::Danger, "failed:");
        let node = palette.paint(Tone::Strong, words::id(&step.node));
        let lines = failure::cloud_lines(&step.error, &step.holders, "  ", palette);
        // Of a wait the error itself says what has not come.
        text += &match step.verb {
            Verb::Wait => format!("{head} {node} {}", lines.trim_start()),
            verb => format!("{head} {} {node}\n{lines}", verbs::present(verb)),
        };
        if !step.causes.is_empty() {
            let head = palette.paint(Tone::Strong, "The stack file tells why:");
            text += &format!("{head}\n{}", diagnostics::render(&step.causes, palette));
        }
    }
    text += &left(record, palette);
    if !text.is_empty() {
        text.push('\n');
    }
    text += &format!("{}\n", headline(ending, palette));
    if ending.verdict == Verdict::Done {
        let only_unproven = !ending.plan.blocked() && !ending.plan.unproven.is_empty();
        text += &unproven(ending.plan, if only_unproven { "" } else { UNPROVEN }, palette);
        text += &outputs(ending.outputs, palette);
        text += &held(ending.plan, palette);
    } else {
        text += &format!("Completed steps are kept. To continue: {}\n", ending.again);
    }
    text
}

fn left(record: &Record, palette: Palette) -> String {
    let mut text = String::new();
    for step in &record.left {
        let why = match &step.because {
            Some(node) => clean(&verbs::skipped(node)),
            None => "stopped".to_owned(),
        };
        let (head, verb) = (palette.paint(Tone::Dim, "not done:"), verbs::present(step.verb));
        text += &format!("{head} {verb} {}, {why}\n", words::id(&step.node));
    }
    text
}

/// The head of a list of things that nobody knows to be healthy.
pub const UNPROVEN: &str = "Not known to be healthy:";

/// What nobody knows to be healthy although all steps were done.
pub fn unproven(plan: &Plan, head: &str, palette: Palette) -> String {
    let mut text = String::new();
    if !plan.unproven.is_empty() && !head.is_empty() {
        text += &format!("{}\n", palette.paint(Tone::Change, head));
    }
    for (node, why) in &plan.unproven {
        text += &format!("  {}: {}\n", words::id(node), clean(why));
    }
    text
}

/// What was held back.
fn held(plan: &Plan, palette: Palette) -> String {
    let mut text = String::new();
    let held: Vec<_> = plan.held.iter().filter(|held| held.why != HeldBecause::NotTargeted).collect();
    if !held.is_empty() {
        text += &format!("{}\n", palette.paint(Tone::Change, "Held back:"));
        for item in held {
            let (why, help) = verbs::held(item);
            let help = help.map_or(String::new(), |help| format!(" ({help})"));
            text += &format!("  {}: {why}{help}\n", words::id(&item.node));
        }
    }
    text
}

/// `1 created, 2 updated`.
fn done(record: &Record) -> String {
    // Waiting changes nothing, and what is retired counts as a part of its replacement.
    let changing = Verb::ALL.into_iter().filter(|verb| ![Verb::Retire, Verb::Wait].contains(verb));
    let counted = changing.map(|verb| (record.count(verb), verbs::face(verb).past));
    let done: Vec<String> =
        counted.filter(|(count, _)| *count > 0).map(|(count, past)| format!("{count} {past}")).collect();
    match (done.is_empty(), record.with) {
        (true, _) => "nothing changed".to_owned(),
        (false, 0) => done.join(", "),
        (false, with) => format!("{} (and {with} with them)", done.join(", ")),
    }
}

fn headline(ending: &Ending<'_>, palette: Palette) -> String {
    let record = ending.record;
    let (took, done) = (words::duration(record.took), done(record));
    let left = match record.left.len() {
        0 => String::new(),
        left => format!("; {left} not done"),
    };
    match ending.verdict {
        Verdict::Done if ending.plan.blocked() => {
            let why = words::blocked(ending.plan).unwrap_or_default();
            format!("{} {done} in {took}. {why}", palette.paint(Tone::Change, "Done in part:"))
        }
        Verdict::Done if !ending.plan.unproven.is_empty() => {
            format!("{} {done} in {took}, but not known to be healthy:", palette.paint(Tone::Change, "Done:"))
        }
        Verdict::Done => format!("{} {done} in {took}.", palette.paint(Tone::Add, "Done:")),
        Verdict::Failed => {
            let mut failed: Vec<String> = record.failed.iter().map(|step| words::id(&step.node)).collect();
            failed.dedup();
            let failed = palette.paint(Tone::Danger, format!("Failed at {}", words::listed(&failed)));
            format!("{failed} after {took}. Done before: {done}{left}.")
        }
        Verdict::Stopped => {
            let failed = match record.failed.len() {
                0 => String::new(),
                many => format!(", {many} failed"),
            };
            format!("{} after {took}. Done before: {done}{failed}{left}.", palette.paint(Tone::Change, "Stopped"))
        }
    }
}

/// What is worth knowing, as a list.
pub fn outputs(outputs: &[Output], palette: Palette) -> String {
    let width = outputs.iter().map(|output| output.what.len()).max().unwrap_or(0);
    outputs
        .iter()
        .map(|output| {
            format!("  {}  {}\n", palette.paint(Tone::Dim, format!("{:<width$}", output.what)), clean(&output.value))
        })
        .collect()
}

/// The ending for a program: the last line of a run.
pub fn json(ending: &Ending<'_>) -> Value {
    let record = ending.record;
    let verdict = match ending.verdict {
        Verdict::Done => "done",
        Verdict::Failed => "failed",
        Verdict::Stopped => "stopped",
    };
    json!({
        "event": "result",
        "outcome": verdict,
        "exit_code": ending.exit.code(),
        "seconds": record.took.as_secs_f64(),
        "done": record.done.iter().map(|(node, verb)| json!({ "node": node, "verb": verb })).collect::<Vec<_>>(),
        "failed": record.failed.iter().map(failed).collect::<Vec<_>>(),
        "left": record.left,
        "held": ending.plan.needed().count(),
        "blocked": ending.plan.blocked(),
        "unproven": ending.plan.unproven,
        "outputs": ending.outputs,
    })
}

/// A step that failed, with the findings of the file that explain it.
fn failed(step: &FailedStep) -> Value {
    let mut value = json!(step);
    if !step.causes.is_empty() {
        value["causes"] = step.causes.iter().map(diagnostics::json).collect();
    }
    value
}
