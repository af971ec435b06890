//! A plan for a person at a terminal. The same plan gives the same text, byte for byte.

use evenkeel_core::plan::{Conflict, Held, HeldBecause, Intent, Plan, Step, Verb, adoptable};

use super::blocks::{self, Detail, Line, Mark};
use super::escape::text as clean;
use super::{verbs, words};
use crate::again::Again;
use crate::style::{Palette, Tone};
use evenkeel_aws::kinds;

/// How to draw.
#[derive(Clone, Debug)]
pub struct View {
    /// Colours.
    pub palette: Palette,
    /// Whether to show every field, and the order of the steps.
    pub all: bool,
    /// The command that would apply this plan.
    pub again: Again,
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
    let detail = Detail::of(plan, view.all);
    if let Some(tags) = detail.tags_line() {
        text += &format!("{}\n\n", palette.paint(Tone::Dim, tags));
    }
    for step in &plan.steps {
        text += &step_text(step, &detail, palette);
    }
    if !plan.steps.is_empty() {
        text.push('\n');
    }
    text += &held(plan, view);
    text += &unread(plan, view);
    if !plan.notes.is_empty() {
        text += &head("Left as it is:", palette);
        for note in &plan.notes {
            text += &format!("  {}: {}\n", words::id(&note.node), clean(&verbs::note(note)));
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

fn step_text(step: &Step, detail: &Detail, palette: Palette) -> String {
    let verb = verbs::face(step.verb());
    let mut text = format!(
        "{} {}{}\n",
        palette.paint(verb.tone, format!("{:>3} {:<7}", verb.sign, verb.present)),
        if step.verb() == Verb::Wait { blocks::title(step) } else { palette.paint(Tone::Strong, blocks::title(step)) },
        palette.paint(Tone::Dim, blocks::why(step, detail)),
    );
    for line in blocks::body(step, detail) {
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

fn held(plan: &Plan, view: &View) -> String {
    if plan.held.is_empty() {
        return String::new();
    }
    let mut text = head("Held back:", view.palette);
    // One unreadable service would repeat its error for each of its things.
    let mut told = std::collections::BTreeSet::new();
    // Behind a conflict nearly everything waits, which says nothing new.
    let waiting = |held: &&Held| !plan.conflicts.is_empty() && matches!(held.why, HeldBecause::Needs(_));
    for item in plan.held.iter().filter(|held| !waiting(held)) {
        let what = if item.what == Intent::Anything {
            String::new()
        } else {
            format!(" ({})", clean(&verbs::intent(&item.what)))
        };
        let (why, help) = verbs::held(item);
        let again = matches!(item.why, HeldBecause::Unreadable(_)) && !told.insert(why.clone());
        let why = if again { "could not be read, for the same reason".to_owned() } else { why };
        text += &format!("  {}{what}: {why}\n", view.palette.paint(Tone::Strong, words::id(&item.node)));
        if let Some(help) = help.filter(|_| !again) {
            text += &format!("    {}\n", view.palette.paint(Tone::Dim, help));
        }
    }
    let waiting: Vec<String> = plan.held.iter().filter(waiting).map(|held| words::id(&held.node)).collect();
    if !waiting.is_empty() {
        text += &format!("  until the conflicts are resolved: {}\n", words::listed(&waiting));
    }
    text.push('\n');
    text
}

/// Kinds that could not be read although nothing that is wanted told of it: something dropped may be among them.
fn unread(plan: &Plan, view: &View) -> String {
    let told = |kind: &str| {
        plan.held.iter().any(|held| held.node.kind() == kind && matches!(held.why, HeldBecause::Unreadable(_)))
    };
    let unread: Vec<_> = plan.unread.iter().filter(|(kind, _)| !told(kind)).collect();
    if unread.is_empty() {
        return String::new();
    }
    let mut text = head("Could not be read, so resources of this stack may be missing here:", view.palette);
    let mut seen = std::collections::BTreeSet::new();
    for (kind, error) in unread {
        let why = words::error(error);
        let first = seen.insert(why.clone());
        let why = if first { why } else { "for the same reason".to_owned() };
        text += &format!("  {}: {why}\n", view.palette.paint(Tone::Strong, clean(kind)));
        if let Some(hint) = error.hint.as_ref().filter(|_| first) {
            text += &format!("    {}\n", view.palette.paint(Tone::Dim, clean(hint)));
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
        format!("{}\n", palette.paint(Tone::Danger, "Conflicts (nothing is applied until they are resolved):"));
    for item in conflicts {
        let node = palette.paint(Tone::Strong, words::id(&item.node));
        text += &format!("  {node}: {} exists and {}\n", clean(&item.there), clean(&verbs::whose(item)));
        for line in blocks::conflict(item) {
            text += &draw(&line, palette);
        }
        if let Some(why) = &item.obstacle {
            let instead = kinds::shown(item.node.kind()).elsewhere.unwrap_or("give this entry another `name:`");
            text += &format!(
                "    it cannot be taken over: {}; {instead}, or remove the existing resource\n",
                clean(&verbs::obstacle(why))
            );
        }
    }
    text += &take_over(conflicts, view);
    text.push('\n');
    text
}

/// How to take over what can be: all of it, or some of it by name.
fn take_over(conflicts: &[Conflict], view: &View) -> String {
    let ids = adoptable(conflicts);
    if ids.is_empty() {
        return String::new();
    }
    let named = ids.iter().fold(view.again.clone(), |again, id| again.value("--adopt", id));
    match ids.len() {
        1 => format!("  take it over:      {named}\n"),
        _ => {
            let all = view.again.clone().flag("--adopt-all");
            format!("  take over all:     {all}\n  take over by name: {named}\n")
        }
    }
}
