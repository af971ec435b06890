//! A plan as text for `plan.txt`: everything that decides, one line each. Written apart from the command line's own view, so
//! that a change of that changes no story.

use std::fmt::Write as _;

use evenkeel_core::diff::{Change, Effect};
use evenkeel_core::plan::{Action, Gap, HeldBecause, Obstacle, Plan, Reason, Remark, Step};
use evenkeel_tests::held::intent;
use serde_json::Value;

/// The whole plan.
pub fn plan(plan: &Plan) -> String {
    let mut text = String::new();
    plan.steps.iter().for_each(|step| self::step(step, &mut text));
    for held in &plan.held {
        let _ = writeln!(text, "held: {} of {}: {}", intent(&held.what), held.node, because(&held.why));
    }
    for conflict in &plan.conflicts {
        let whose = conflict.stack.as_ref().map_or("nobody's".to_owned(), |stack| format!("of stack {stack}"));
        let _ = writeln!(
            text,
            "conflict: {}: {} is there, {whose}; --adopt {}",
            conflict.node, conflict.there, conflict.adopt
        );
        if let Some(obstacle) = &conflict.obstacle {
            let _ = writeln!(text, "    not adoptable: {}", self::obstacle(obstacle));
        }
        changes(&conflict.changes, &mut text);
    }
    for note in &plan.notes {
        let _ = writeln!(text, "note: {}: {}", note.node, remark(&note.remark));
    }
    for note in &plan.unhealthy {
        let _ = writeln!(text, "unhealthy: {}: {}", note.node, note.text);
    }
    let counts = plan.counts().into_iter().filter(|(_, count)| *count > 0);
    let counts: Vec<String> = counts.map(|(verb, count)| format!("{count} {verb}")).collect();
    let counts = if counts.is_empty() { "nothing to do".to_owned() } else { counts.join(", ") };
    let _ = writeln!(text, "summary: {counts}; {} unchanged", plan.unchanged);
    text
}

fn step(step: &Step, text: &mut String) {
    let name = if step.name.is_empty() { String::new() } else { format!(" `{}`", step.name) };
    let after: Vec<String> = step.after.iter().map(ToString::to_string).collect();
    let after = if after.is_empty() { String::new() } else { format!("; after {}", after.join(" ")) };
    let _ = writeln!(text, "{:>2} {} {}{name}: {}{after}", step.id.0, step.verb(), step.node, reason(step));
    match &step.action {
        Action::Create { replaces: Some(replaced), .. } => changes(&replaced.changes, text),
        Action::Update { changes: list, .. } | Action::Adopt { changes: list, .. } => changes(list, text),
        Action::Delete { with, .. } => with.iter().for_each(|node| {
            let _ = writeln!(text, "     and with it {node}");
        }),
        Action::Create { replaces: None, .. } | Action::Wait { .. } => {}
    }
    if let Some(data) = &step.data {
        let _ = writeln!(text, "     loses {data}");
    }
}

fn reason(step: &Step) -> String {
    match &step.why {
        Reason::Missing => "missing".to_owned(),
        Reason::Differs(fields) => format!("{} differ", fields.join(", ")),
        Reason::Immutable(field) => format!("{field} cannot be changed in place"),
        Reason::Revised(field) => format!("{field} takes a new revision"),
        Reason::Replaced => "its successor takes its place".to_owned(),
        Reason::LeftOver => "left over from a replacement".to_owned(),
        Reason::Dropped => "no longer in the file".to_owned(),
        Reason::Destroy => "the stack goes".to_owned(),
        Reason::Adopted => "asked for".to_owned(),
        Reason::Moved(from) => format!("was {from}"),
        Reason::Staged(phase) => format!("phase {phase:?}"),
        Reason::Unhealthy(why) => format!("unhealthy: {why}"),
        Reason::TakesTime => match &step.action {
            Action::Wait { goal, of, .. } => {
                format!("until {goal:?}, of {}", of.map_or("before".to_owned(), |of| of.to_string()))
            }
            _ => "takes time".to_owned(),
        },
        Reason::UnderWay(what) => format!("under way: {what}"),
    }
}

fn because(why: &HeldBecause) -> String {
    match why {
        HeldBecause::Unreadable(error) => format!("could not be read: {error}"),
        HeldBecause::Unseen(error) => format!("could not be looked for: {error}"),
        HeldBecause::Guarded(key) => format!("guarded by {key}"),
        HeldBecause::Inside(things) => format!("{} would go with it", things.join(", ")),
        HeldBecause::Gap(why) => format!("would interrupt: {}", gap(why)),
        HeldBecause::Abandoned(current) => format!("says that it replaces {current}"),
        HeldBecause::Doubled(ids) => format!("several carry its mark: {}", ids.join(", ")),
        HeldBecause::Needs(node) => format!("needs {node}"),
        HeldBecause::Protected => "protected".to_owned(),
        HeldBecause::Data(data) => format!("would lose {data}"),
        HeldBecause::NotTargeted => "not targeted".to_owned(),
        HeldBecause::NotFound(what) => format!("not found: {what}"),
        HeldBecause::UnknownKind => "its kind is not known".to_owned(),
        HeldBecause::Torn(other) => format!("traffic moves in {other} at the same time, which --target leaves out"),
        HeldBecause::UsersUnread(kind) => format!("{kind} could not be read, so it may still be in use there"),
        HeldBecause::PoorSuccessor(why) => format!("its replacement is not healthy: {why}"),
        HeldBecause::UsedBy(user) => format!("still used by {user}, which stays"),
        HeldBecause::LookedUp(user) => format!("the stack file looks it up as {user}"),
        HeldBecause::Within(parent) => format!("it is in {parent}, which stays"),
        HeldBecause::Takes(node) => format!("{node} would be deleted with it, and that needs consent"),
        HeldBecause::Holds(what) => format!("it holds {what}"),
        HeldBecause::Shifted(server) => format!("the traffic of {server} is moved by somebody else"),
        HeldBecause::Exclusive(value) => format!("its replacement needs {value}, which it still has"),
    }
}

fn gap(gap: &Gap) -> String {
    match gap {
        Gap::Apart(field) => format!(
            "no task can serve the old and the new one at once while {field} changes, so traffic would be interrupted"
        ),
        Gap::Follower(node) => format!("{node} would be replaced with it, but is held back"),
        Gap::Address => {
            "its address changes, and no record of this stack points to it: clients of the old address lose it"
                .to_owned()
        }
    }
}

fn obstacle(obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::OfStack(stack) => format!("it belongs to stack {stack}"),
        Obstacle::RunBy(by) => format!("it is run by {by}"),
        Obstacle::Immutable(path) => format!("{path} cannot be changed in place"),
        Obstacle::Taken(id) => format!("{id} of this stack would replace it"),
        Obstacle::TakenByMember => "a member of this stack would replace it".to_owned(),
    }
}

fn remark(remark: &Remark) -> String {
    let show = |value: &Option<Value>, none: &str| value.as_ref().map_or(none.to_owned(), ToString::to_string);
    match remark {
        Remark::Managed { path, by, now } => format!("{path} is managed by {by}, now {}", show(now, "not set")),
        Remark::Fixed { path, is, wanted } => format!(
            "{path} is {}, not {}; AWS cannot change it, so it stays as it is",
            show(is, "nothing"),
            show(wanted, "nothing")
        ),
        Remark::Waits(what) => what.clone(),
        Remark::TakesOver(what) => format!("{what} is taken over"),
        Remark::Stray { id, mark, double } => {
            let why = if *double { "another one carries the same mark" } else { "that is not a mark for it" };
            format!(
                "{id} carries this stack's mark {mark}, but {why}: it is left as it is. If it does \
                     not belong to this stack, remove its tags evenkeel:stack and evenkeel:id"
            )
        }
    }
}

fn changes(list: &[Change], text: &mut String) {
    for change in list {
        let show = |value: &Option<Value>| value.as_ref().map_or("nothing".to_owned(), ToString::to_string);
        let effect = if change.effect == Effect::Replace { " (forces replacement)" } else { "" };
        let path = if change.path.is_empty() { "its content" } else { &change.path };
        let _ = writeln!(text, "     {path}: {} => {}{effect}", show(&change.from), show(&change.to));
    }
}
