//! The end of a run: what was done, what failed and why, what was left, what the user may want to know, what to do next.

use serde_json::{Value, json};

use super::outputs::Output;
use super::record::Record;
use super::{failure, words};
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
#[derive(Clone, Debug)]
pub struct Ending<'a> {
    /// How it came out.
    pub verdict: Verdict,
    /// What happened.
    pub record: &'a Record,
    /// What is worth knowing.
    pub outputs: &'a [Output],
    /// Things that the plan left undone although they were asked for.
    pub held: usize,
    /// The command that goes on where this one ended.
    pub again: &'a str,
}

/// The ending for a person.
pub fn render(ending: &Ending<'_>, palette: Palette) -> String {
    let record = ending.record;
    let mut text = String::new();
    for step in &record.failed {
        text += &format!(
            "{} {} {}\n",
            palette.paint(Tone::Danger, "failed:"),
            step.verb,
            palette.paint(Tone::Strong, &step.node)
        );
        text += &failure::cloud_lines(&step.error, &step.holders, "  ", palette);
    }
    text += &left(record, palette);
    if !text.is_empty() {
        text.push('\n');
    }
    text += &format!("{}\n", headline(ending, palette));
    if ending.verdict == Verdict::Done {
        text += &outputs(ending.outputs, palette);
    } else {
        text += &format!("What was done stays. To go on: {}\n", ending.again);
    }
    text
}

fn left(record: &Record, palette: Palette) -> String {
    let mut text = String::new();
    for step in &record.left {
        let why = match &step.because {
            Some(node) => format!("because {node} failed"),
            None => "stopped".to_owned(),
        };
        text += &format!("{} {} {}, {why}\n", palette.paint(Tone::Dim, "not done:"), step.verb, step.node);
    }
    text
}

fn headline(ending: &Ending<'_>, palette: Palette) -> String {
    let record = ending.record;
    let mut done: Vec<String> = [
        ("create", "created"),
        ("update", "updated"),
        ("revise", "revised"),
        ("replace", "replaced"),
        ("adopt", "adopted"),
        ("delete", "deleted"),
    ]
    .into_iter()
    .map(|(verb, past)| (record.count(verb), past))
    .filter(|(count, _)| *count > 0)
    .map(|(count, past)| format!("{count} {past}"))
    .collect();
    if done.is_empty() {
        done.push("nothing changed".to_owned());
    }
    let took = words::duration(record.took);
    let done = done.join(", ");
    let (failed, left) = (record.failed.len(), record.left.len());
    match ending.verdict {
        Verdict::Done => {
            let held =
                if ending.held > 0 { format!(" {} held back, see the plan.", ending.held) } else { String::new() };
            format!("{} {done} in {took}.{held}", palette.paint(Tone::Add, "Done:"))
        }
        Verdict::Failed => {
            format!("{} {done}, {failed} failed, {left} not done, in {took}.", palette.paint(Tone::Danger, "Failed:"))
        }
        Verdict::Stopped => {
            format!("{} {done}, {failed} failed, {left} not done, in {took}.", palette.paint(Tone::Change, "Stopped:"))
        }
    }
}

/// What is worth knowing, as a list.
pub fn outputs(outputs: &[Output], palette: Palette) -> String {
    let width = outputs.iter().map(|output| output.what.len()).max().unwrap_or(0);
    outputs
        .iter()
        .map(|output| format!("  {}  {}\n", palette.paint(Tone::Dim, format!("{:<width$}", output.what)), output.value))
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
        "seconds": record.took.as_secs_f64(),
        "done": record.done.iter().map(|(node, verb)| json!({ "node": node, "verb": verb })).collect::<Vec<_>>(),
        "failed": record.failed,
        "left": record.left,
        "held": ending.held,
        "outputs": ending.outputs,
    })
}
