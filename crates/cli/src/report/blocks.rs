//! What a person is told about each part of a plan, as marked lines: the same for the terminal and for Markdown, which
//! only draw them. Knows no colours and no terminal.

use evenkeel_aws::kinds;
use evenkeel_aws::shown::Shown;
use evenkeel_core::diff::{Change, Effect};
use evenkeel_core::doc::Doc;
use evenkeel_core::plan::{Action, Conflict, Obstacle, Plan, Reason, Step, Verb};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::escape::text as clean;
use super::values;
use super::{brief, verbs, words};

/// What a line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// As it is.
    Plain,
    /// Comes.
    Add,
    /// Goes.
    Remove,
    /// Changes.
    Change,
    /// Less important.
    Dim,
    /// Data is lost.
    Danger,
}

/// One line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// What it is.
    pub mark: Mark,
    /// How deep it is, in steps of two columns.
    pub depth: usize,
    /// What it says.
    pub text: String,
}

impl Line {
    /// A line; whatever it was made of, it stays one and moves nothing.
    fn new(mark: Mark, depth: usize, text: impl Into<String>) -> Self {
        Self { mark, depth, text: clean(&text.into()) }
    }

    /// The sign in front of it.
    pub fn sign(&self) -> &'static str {
        match self.mark {
            Mark::Add => "+",
            Mark::Remove => "-",
            Mark::Change => "~",
            Mark::Danger => "!",
            Mark::Plain | Mark::Dim => " ",
        }
    }
}

/// How much of a plan is shown.
#[derive(Clone, Debug)]
pub struct Detail {
    /// Every field of what is created, and the order of the steps.
    pub all: bool,
    /// The tags of what is created, which are told once.
    pub tags: Option<Value>,
    /// Whether everything that is created has them.
    pub everywhere: bool,
}

impl Detail {
    /// What is shown of a plan: all of it, or what is worth knowing.
    pub fn of(plan: &Plan, all: bool) -> Self {
        let shared = if all { None } else { brief::shared_tags(plan) };
        let everywhere = shared.as_ref().is_some_and(|(_, everywhere)| *everywhere);
        Self { all, tags: shared.map(|(tags, _)| tags), everywhere }
    }

    /// The tags that everything new has, in a line.
    pub fn tags_line(&self) -> Option<String> {
        let tags = self.tags.as_ref()?;
        let on =
            if self.everywhere { "on every new resource" } else { "on new resources for which it shows no others" };
        Some(clean(&format!("tags {on}: {}", values::inline(tags))))
    }
}

/// Why a step is there, behind its title; that something new is not in AWS yet goes without saying.
pub fn why(step: &Step, detail: &Detail) -> String {
    if step.why == Reason::Missing && !detail.all { String::new() } else { format!(": {}", verbs::reason(step)) }
}

/// The node and the physical name, if that says more.
pub fn title(step: &Step) -> String {
    let node = words::id(&step.node);
    if step.name.is_empty() || step.node.name() == step.name { node } else { format!("{node} ({})", clean(&step.name)) }
}

/// Everything below the title of a step.
pub fn body(step: &Step, detail: &Detail) -> Vec<Line> {
    let mut lines = Vec::new();
    let all = detail.all;
    if all {
        let after: Vec<String> = step.after.iter().map(ToString::to_string).collect();
        let after = if after.is_empty() { String::new() } else { format!(", after {}", after.join(", ")) };
        lines.push(Line::new(Mark::Dim, 0, format!("step {}{after}", step.id)));
    }
    let kind = step.node.kind();
    match &step.action {
        Action::Create { want, replaces: None } => {
            lines.extend(fields(kind, want, detail));
            let next = kinds::shown(kind).next.map(|next| next(want));
            lines.extend(next.map(|next| Line::new(Mark::Dim, 0, format!("then: {next}"))));
        }
        Action::Create { want, replaces: Some(old) } => {
            let revised = step.verb() == Verb::Revise;
            let word = if revised { "previous:" } else { "replaces" };
            lines.push(Line::new(Mark::Dim, 0, format!("{word} {}", old.live.id)));
            lines.extend(old.changes.iter().flat_map(|change| {
                // Of a new revision nothing is forced: every change of it is one.
                let effect = if revised { Effect::Update } else { change.effect };
                change_lines(kind, &Change { effect, ..change.clone() })
            }));
            if all {
                lines.extend(fields(kind, want, detail));
            }
        }
        Action::Update { want, changes, .. } => {
            lines.extend(told_lines(kind, changes, all, "nothing of it changes but what evenkeel notes on it"));
            let fields: Vec<&str> = changes.iter().map(Change::field).collect();
            let told = kinds::shown(kind).changing.and_then(|changing| changing(want, &fields));
            lines.extend(told.map(|told| Line::new(Mark::Dim, 0, told)));
        }
        Action::Adopt { live, changes, .. } => {
            lines.push(Line::new(Mark::Dim, 0, format!("takes over {}", live.id)));
            lines.extend(told_lines(kind, changes, all, "nothing of it changes but its marks"));
        }
        Action::Delete { live, with, .. } => {
            lines.push(Line::new(Mark::Dim, 0, live.id.clone()));
            lines.extend(parts(kind, &live.have));
            lines.extend(with.iter().map(|node| Line::new(Mark::Remove, 0, format!("with it: {node}"))));
        }
        Action::Wait { goal, deadline_secs, .. } => {
            if all {
                let what = verbs::goal(*goal);
                lines.push(Line::new(
                    Mark::Dim,
                    0,
                    format!("until {what}, {} at most", words::limit((*deadline_secs).into())),
                ));
            }
        }
    }
    if let Action::Delete { live, .. } = &step.action
        && let Some(leaves) = &live.leaves
    {
        lines.push(Line::new(Mark::Dim, 0, format!("stays in AWS: {leaves}")));
    }
    if let Some(data) = &step.data {
        lines.push(Line::new(Mark::Danger, 0, format!("DATA IS LOST: {data}")));
    }
    lines
}

/// What goes with something that has no name of its own.
fn parts(kind: &str, have: &Doc) -> Vec<Line> {
    let shown = kinds::shown(kind);
    let part = |name: &&str| {
        let value = have.get(name).map(|value| brief::field(shown, name, &values::redact(shown.secret, name, value)));
        value.map(|value| short(shown, name, &value)).unwrap_or_default()
    };
    shown.parts.iter().flat_map(part).map(|line| Line { mark: Mark::Remove, ..line }).collect()
}

/// What is in the way, and what adopting it would change.
pub fn conflict(conflict: &Conflict) -> Vec<Line> {
    // What belongs to another stack is never changed.
    let theirs = matches!(conflict.obstacle, Some(Obstacle::OfStack(_) | Obstacle::RunBy(_)));
    let told = conflict.changes.iter().filter(|change| !theirs && !is_nothing(change));
    let mut lines: Vec<Line> = told.flat_map(|change| change_lines(conflict.node.kind(), change)).collect();
    if !lines.is_empty() {
        lines.insert(0, Line::new(Mark::Dim, 0, "taking it over would change:"));
    }
    lines
}

/// The changes that a person is told; if there are no others, in words that it is only about marks: each request of a run is in
/// its plan.
fn told_lines(kind: &str, changes: &[Change], all: bool, none: &str) -> Vec<Line> {
    let told: Vec<&Change> = changes.iter().filter(|change| all || !is_nothing(change)).collect();
    if told.is_empty() && !all {
        return vec![Line::new(Mark::Dim, 0, none)];
    }
    told.into_iter().flat_map(|change| change_lines(kind, change)).collect()
}

/// Whether a change tells a person nothing: it is about what evenkeel notes for itself, or both sides are the same and only a
/// mark is missing.
fn is_nothing(change: &Change) -> bool {
    is_bookkeeping(change.field()) || (change.from.is_some() && change.from == change.to)
}

/// One change: on one line if its values are short, else as a unified diff.
pub fn change_lines(kind: &str, change: &Change) -> Vec<Line> {
    let (path, secret) = (&change.path, kinds::shown(kind).secret);
    let effect = verbs::effect(change.effect);
    let shown = |value: &Option<Value>| {
        value.as_ref().map(|value| values::redact(secret, &change.path, value)).filter(|value| !value.is_null())
    };
    match (shown(&change.from), shown(&change.to)) {
        // They differ in what says nothing, or in what is hidden.
        (Some(from), Some(to)) if values::inline(&from) == values::inline(&to) => {
            vec![Line::new(Mark::Change, 0, format!("{path} differs{effect}"))]
        }
        (Some(from), Some(to)) if values::is_small(&from) && values::is_small(&to) => {
            let text = format!("{path}: {} -> {}{effect}", values::inline(&from), values::inline(&to));
            vec![Line::new(Mark::Change, 0, text)]
        }
        (Some(from), Some(to)) => {
            let mut lines = vec![Line::new(Mark::Change, 0, format!("{path}:{effect}"))];
            lines.extend(unified(&from, &to));
            lines
        }
        (None, Some(to)) => member(kind, Mark::Add, path, &to, effect),
        (Some(from), None) => member(kind, Mark::Remove, path, &from, effect),
        (None, None) => vec![Line::new(Mark::Change, 0, format!("{path}{effect}"))],
    }
}

/// A member that comes or goes, in the words of its kind if it has some.
fn member(kind: &str, mark: Mark, path: &str, value: &Value, effect: &str) -> Vec<Line> {
    let list = path.strip_suffix(']').and_then(|path| path.split_once('[')).map(|(list, _)| list);
    match list.map(|list| (list, brief::member(kinds::shown(kind), list, value))) {
        Some((list, Value::String(words))) => vec![Line::new(mark, 0, format!("{list}: {words}{effect}"))],
        _ => one_sided(mark, path, value, effect),
    }
}

fn one_sided(mark: Mark, path: &str, value: &Value, effect: &str) -> Vec<Line> {
    if values::is_small(value) {
        return vec![Line::new(mark, 0, format!("{path}: {}{effect}", values::inline(value)))];
    }
    let mut lines = vec![Line::new(mark, 0, format!("{path}:{effect}"))];
    lines.extend(values::block(value).into_iter().map(|line| Line::new(mark, 1, line)));
    lines
}

/// The changed lines of two values with two lines around them.
fn unified(from: &Value, to: &Value) -> Vec<Line> {
    let (old, new) = (values::block(from), values::block(to));
    let (old, new): (Vec<&str>, Vec<&str>) =
        (old.iter().map(String::as_str).collect(), new.iter().map(String::as_str).collect());
    let diff = TextDiff::from_slices(&old, &new);
    let mut lines = Vec::new();
    for (at, group) in diff.grouped_ops(2).iter().enumerate() {
        if at > 0 {
            lines.push(Line::new(Mark::Dim, 1, "…"));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let mark = match change.tag() {
                ChangeTag::Equal => Mark::Dim,
                ChangeTag::Delete => Mark::Remove,
                ChangeTag::Insert => Mark::Add,
            };
            lines.push(Line::new(mark, 1, change.value()));
        }
    }
    lines
}

/// The fields of something new: every one, or what is worth knowing, and long ones are cut.
pub fn fields(kind: &str, want: &Doc, detail: &Detail) -> Vec<Line> {
    let Some(map) = want.as_object() else {
        return vec![Line::new(Mark::Plain, 0, values::inline(want))];
    };
    let kind = kinds::shown(kind);
    let shown = map.iter().map(|(name, value)| (name, values::redact(kind.secret, name, value)));
    if !detail.all {
        let told = |name: &str| name == "tags" && detail.tags.as_ref() == map.get("tags");
        let chosen = shown.filter(|(name, _)| !is_bookkeeping(name) && !told(name));
        return chosen.flat_map(|(name, value)| short(kind, name, &brief::field(kind, name, &value))).collect();
    }
    let whole = |(name, value): (&String, Value)| {
        if values::is_small(&value) {
            return vec![Line::new(Mark::Plain, 0, format!("{name}: {}", values::inline(&value)))];
        }
        let head = Line::new(Mark::Plain, 0, format!("{name}:"));
        let inner = values::block(&value).into_iter().map(|line| Line::new(Mark::Plain, 1, line));
        std::iter::once(head).chain(inner).collect()
    };
    shown.flat_map(whole).collect()
}

/// A field of which only the beginning is shown if it is long.
fn short(kind: &Shown, name: &str, value: &Value) -> Vec<Line> {
    const MOST: usize = 20;
    if values::is_noise(value) {
        return Vec::new();
    }
    let headed = kind.headed.filter(|headed| headed.field == name);
    if headed.is_none() && values::fits(value, brief::WIDTH) {
        return vec![Line::new(Mark::Plain, 0, format!("{name}: {}", values::inline(value)))];
    }
    let inner = match headed {
        Some(by) => brief::headed(by, value),
        None => values::block_in(value, brief::WIDTH).into_iter().map(|line| (1, line)).collect(),
    };
    let cut = if inner.len() <= MOST + 1 { inner.len() } else { MOST };
    let left = inner.len() - cut;
    let mut lines = vec![Line::new(Mark::Plain, 0, format!("{name}:"))];
    lines.extend(inner.into_iter().take(cut).map(|(depth, line)| Line::new(Mark::Plain, depth, line)));
    if left > 0 {
        lines.push(Line::new(Mark::Dim, 1, format!("… {left} more (-v shows all)")));
    }
    lines
}

/// Whether a field holds what evenkeel notes for itself on a thing.
pub(super) fn is_bookkeeping(field: &str) -> bool {
    ["marks", "marked"].contains(&field)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(path: &str, from: Value, to: Value) -> Change {
        Change { path: path.to_owned(), from: Some(from), to: Some(to), effect: Effect::Update }
    }

    #[test]
    fn what_is_the_same_on_both_sides_is_not_shown_as_a_change() {
        let record = json!({ "name": "www", "type": "A" });
        let same = change("records[www A]", record.clone(), record.clone());
        let marked = change("marked", false.into(), true.into());
        let lines = |changes: &[Change], all| -> Vec<String> {
            told_lines("records", changes, all, "none").into_iter().map(|line| line.text).collect()
        };
        assert_eq!(lines(&[same.clone(), marked.clone()], false), ["none"]);
        let ttl = change("ttl", 60.into(), 300.into());
        assert_eq!(lines(&[same, marked.clone(), ttl], false), ["ttl: 60 -> 300"]);
        assert_eq!(lines(&[marked], true), ["marked: false -> true"], "-v shows all");
        let hidden = change("x", json!({ "a": "(hidden)" }), json!({ "a": "(hidden)", "b": null }));
        assert_eq!(lines(&[hidden], false), ["x differs"]);
    }
}
