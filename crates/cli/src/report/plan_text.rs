//! A plan for a person at a terminal. The same plan gives the same text, byte for byte.

use evenkeel_core::plan::{Conflict, Held, HeldBecause, Plan, Step};

use super::blocks::{self, Line, Mark};
use super::values::clean;
use super::words;
use crate::args::shell_word;
use crate::style::{Palette, Tone};

/// How to draw.
#[derive(Clone, Debug)]
pub struct View {
    /// Colours.
    pub palette: Palette,
    /// Whether to show every field, and the order of the steps.
    pub all: bool,
    /// The command that would apply this plan, to be continued with flags: `evenkeel apply`.
    pub again: String,
}

/// The whole plan.
pub fn render(plan: &Plan, view: &View) -> String {
    let palette = view.palette;
    let mut text = format!(
        "{} {} in {}\n\n",
        palette.paint(Tone::Dim, "stack"),
        palette.paint(Tone::Strong, clean(&plan.stack.name)),
        clean(&plan.stack.region),
    );
    for step in &plan.steps {
        text += &step_text(step, view);
    }
    if !plan.steps.is_empty() {
        text.push('\n');
    }
    text += &held(&plan.held, view);
    if !plan.notes.is_empty() {
        text += &head("Left as it is:", palette);
        for note in &plan.notes {
            text += &format!("  {}: {}\n", note.node, clean(&note.text));
        }
        text.push('\n');
    }
    text += &conflicts(&plan.conflicts, view);
    text += &palette.paint(Tone::Strong, words::summary(plan));
    text.push('\n');
    text
}

fn head(words: &str, palette: Palette) -> String {
    format!("{}\n", palette.paint(Tone::Strong, words))
}

/// The colour of a verb.
pub fn tone(verb: &str) -> Tone {
    match verb {
        "create" => Tone::Add,
        "update" | "revise" => Tone::Change,
        "replace" => Tone::Replace,
        "adopt" => Tone::Adopt,
        "delete" | "retire" => Tone::Remove,
        _ => Tone::Dim,
    }
}

fn step_text(step: &Step, view: &View) -> String {
    let verb = step.verb();
    let palette = view.palette;
    let mut text = format!(
        "{} {}{}\n",
        palette.paint(tone(verb), format!("{:>3} {verb:<7}", blocks::sign(verb))),
        if verb == "wait" { blocks::title(step) } else { palette.paint(Tone::Strong, blocks::title(step)) },
        palette.paint(Tone::Dim, format!(": {}", words::reason(step))),
    );
    for line in blocks::body(step, view.all) {
        text += &draw(&line, palette);
    }
    text
}

fn draw(line: &Line, palette: Palette) -> String {
    let tone = match line.mark {
        Mark::Plain => Tone::Plain,
        Mark::Add => Tone::Add,
        Mark::Remove => Tone::Remove,
        Mark::Change => Tone::Change,
        Mark::Dim => Tone::Dim,
        Mark::Danger => Tone::Danger,
    };
    let indent = " ".repeat(8 + 2 * line.depth);
    // Short changes are told by their sign alone; a line of a diff is coloured whole, as everybody draws them.
    let text = match line.mark {
        Mark::Add | Mark::Remove | Mark::Change if line.depth == 0 => {
            format!("{} {}", palette.paint(tone, line.sign()), line.text)
        }
        Mark::Plain | Mark::Add | Mark::Remove | Mark::Change | Mark::Dim | Mark::Danger => {
            palette.paint(tone, format!("{} {}", line.sign(), line.text))
        }
    };
    format!("{indent}{text}\n")
}

fn held(held: &[Held], view: &View) -> String {
    if held.is_empty() {
        return String::new();
    }
    let mut text = head("Held back:", view.palette);
    // One unreadable service would repeat its error for each of its things.
    let mut told = std::collections::BTreeSet::new();
    for item in held {
        let what = if item.what == "anything" { String::new() } else { format!(" ({})", clean(&item.what)) };
        let (why, help) = words::held(item);
        let again = matches!(item.why, HeldBecause::Unreadable(_)) && !told.insert(why.clone());
        let why = if again { "could not be read, for the same reason".to_owned() } else { why };
        text += &format!("  {}{what}: {why}\n", view.palette.paint(Tone::Strong, &item.node));
        if let Some(help) = help.filter(|_| !again) {
            text += &format!("    {}\n", view.palette.paint(Tone::Dim, clean(&help)));
        }
    }
    text.push('\n');
    text
}

fn conflicts(conflicts: &[Conflict], view: &View) -> String {
    if conflicts.is_empty() {
        return String::new();
    }
    let palette = view.palette;
    let mut text =
        format!("{}\n", palette.paint(Tone::Danger, "In the way (nothing is applied until this is settled):"));
    for item in conflicts {
        let whose =
            item.stack.as_ref().map_or("not made by evenkeel".to_owned(), |stack| format!("of stack {}", clean(stack)));
        text +=
            &format!("  {}: {} exists and is {whose}\n", palette.paint(Tone::Strong, &item.node), clean(&item.there));
        for line in blocks::conflict(item) {
            text += &draw(&line, palette);
        }
        text += &match &item.obstacle {
            Some(why) => {
                format!("    it cannot be taken over: {}; rename the entry, or remove what is there\n", clean(why))
            }
            None => format!("    take it over:  {} --adopt {}\n", view.again, shell_word(&item.adopt)),
        };
    }
    text.push('\n');
    text
}
