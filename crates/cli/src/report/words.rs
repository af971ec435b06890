//! What the plan's reasons are in words. One function for each type of the engine; the same words in every format. What is
//! given back is harmless on a terminal; Markdown escapes it again in its own way.

use std::time::Duration;

use evenkeel_core::cloud::Goal;
use evenkeel_core::error::CloudError;
use evenkeel_core::id::NodeId;
use evenkeel_core::plan::{Action, Held, HeldBecause, Phase, Plan, Reason, Step};

use super::blocks::is_bookkeeping;
use super::escape::text as clean;
use crate::again::shell_word;

/// The id of a node; that of something dropped comes from a tag, which anybody may have written.
pub fn id(node: &NodeId) -> String {
    clean(&node.to_string())
}

/// Why a step is there.
pub fn reason(step: &Step) -> String {
    let words = match &step.why {
        Reason::Missing => "in the stack file, not in AWS".to_owned(),
        Reason::Differs(paths) => differs(paths),
        Reason::Immutable(path) => format!("{path} cannot be changed in place"),
        Reason::Revised(path) => format!("{path} changed; needs a new revision"),
        Reason::Replaced => "replaced by the new one".to_owned(),
        Reason::LeftOver => "left over from an interrupted replacement".to_owned(),
        Reason::Dropped => "no longer in the stack file".to_owned(),
        Reason::Destroy => "the stack is deleted".to_owned(),
        Reason::Adopted => "taken over, as asked".to_owned(),
        Reason::Moved(old) => format!("renamed from {old} in the stack file"),
        Reason::Staged(phase) => staged(*phase, &step.action).to_owned(),
        Reason::Unhealthy(why) => format!("matches the stack file, but is not healthy: {}", clean(why)),
        Reason::TakesTime => match &step.action {
            Action::Wait { goal: Goal::Gone, .. } => "until it is gone".to_owned(),
            Action::Wait { .. }
            | Action::Create { .. }
            | Action::Update { .. }
            | Action::Adopt { .. }
            | Action::Delete { .. } => "until it is ready".to_owned(),
        },
        Reason::UnderWay(what) => format!("in progress before this run: {what}"),
    };
    clean(&words)
}

/// What a step does for traffic that has to go on.
fn staged(phase: Phase, action: &Action) -> &'static str {
    match (phase, action) {
        (Phase::Attach, _) => "adds the new one first; no traffic moves yet",
        (Phase::Serve, Action::Wait { .. }) => "until both the old and the new one serve traffic",
        (Phase::Serve, _) => "serves the old and the new one side by side",
        (Phase::Switch, _) => "moves traffic to the new one",
        (Phase::Hold, _) => "until the switch has reached all clients",
        (Phase::Leave, _) => "takes traffic off the old one",
        (Phase::Detach, _) => "removes the old one last",
    }
}

/// A short name of the reason that never changes, for programs.
pub fn reason_code(reason: &Reason) -> &'static str {
    match reason {
        Reason::Missing => "missing",
        Reason::Differs(_) => "differs",
        Reason::Immutable(_) => "immutable",
        Reason::Revised(_) => "revised",
        Reason::Replaced => "replaced",
        Reason::LeftOver => "left_over",
        Reason::Dropped => "dropped",
        Reason::Destroy => "destroy",
        Reason::Adopted => "adopted",
        Reason::Moved(_) => "moved",
        Reason::Staged(_) => "staged",
        Reason::Unhealthy(_) => "unhealthy",
        Reason::TakesTime => "takes_time",
        Reason::UnderWay(_) => "under_way",
    }
}

/// Why something is held, and what to do about it.
pub fn held(held: &Held) -> (String, Option<String>) {
    let flag = || format!("--consent {}", shell_word(&held.node.to_string()));
    let consent = || format!("to allow it: {}", flag());
    let (why, help) = match &held.why {
        HeldBecause::Unreadable(error) => (format!("could not be read: {}", self::error(error)), error.hint.clone()),
        HeldBecause::Unseen(error) => (
            format!("more resources of this stack may exist: {}", self::error(error)),
            error.hint.clone().or_else(|| Some(format!("allow {} for these credentials", error.operation))),
        ),
        HeldBecause::Needs(node) => (format!("needs {node}, which is held back"), None),
        HeldBecause::Guarded(key) => (
            format!("AWS protects it from deletion: its `{key}` is on"),
            Some(format!("write `{key}: false` in its entry and apply; or {}", consent())),
        ),
        HeldBecause::Inside(things) => (
            format!(
                "{} would be deleted with it, and {} not belong to this stack",
                listed(things),
                if things.len() == 1 { "does" } else { "do" }
            ),
            Some(consent()),
        ),
        HeldBecause::Gap(why) => (why.clone(), Some(format!("to accept the interruption: {}", flag()))),
        HeldBecause::Abandoned(current) => (
            format!(
                "its tags say that it replaces {current}, which is still in the file: it is \
                     left over from an interrupted run, or was tagged outside evenkeel"
            ),
            Some(format!("if it belongs to this stack, delete it with {}", flag())),
        ),
        HeldBecause::Doubled(ids) => (
            format!("several resources carry its mark: {}", ids.join(", ")),
            Some(
                "remove the tags evenkeel:stack and evenkeel:id from those that do not belong to this stack".to_owned(),
            ),
        ),
        HeldBecause::Protected => ("it has `protect: true`".to_owned(), Some(consent())),
        HeldBecause::Data(what) => (format!("its data would be lost: {what}"), Some(consent())),
        HeldBecause::NotTargeted => ("left out by --target".to_owned(), None),
        HeldBecause::NotFound(what) => (format!("not found: {what}"), None),
        HeldBecause::Other(why) => (why.clone(), None),
    };
    (clean(&why), help.map(|help| clean(&help)))
}

/// A short name of why something is held that never changes, for programs.
pub fn held_code(why: &HeldBecause) -> &'static str {
    match why {
        HeldBecause::Unreadable(_) => "unreadable",
        HeldBecause::Unseen(_) => "unseen",
        HeldBecause::Guarded(_) => "guarded",
        HeldBecause::Inside(_) => "inside",
        HeldBecause::Gap(_) => "gap",
        HeldBecause::Abandoned(_) => "abandoned",
        HeldBecause::Doubled(_) => "doubled",
        HeldBecause::Needs(_) => "needs",
        HeldBecause::Protected => "protected",
        HeldBecause::Data(_) => "data",
        HeldBecause::NotTargeted => "not_targeted",
        HeldBecause::NotFound(_) => "not_found",
        HeldBecause::Other(_) => "other",
    }
}

/// What differs: the path if there is one and it is short, else the fields, each once and without evenkeel's own marks.
fn differs(paths: &[String]) -> String {
    let field = |path: &'_ str| path.split(['.', '[']).next().unwrap_or_default().to_owned();
    let told: Vec<&String> = paths.iter().filter(|path| !is_bookkeeping(&field(path))).collect();
    if told.is_empty() {
        return "its marks differ".to_owned();
    }
    if let [path] = told[..]
        && path.len() <= 60
    {
        return format!("{path} differs");
    }
    let mut fields: Vec<String> = told.iter().map(|path| field(path)).collect();
    fields.dedup();
    let word = if fields.len() == 1 { "differs" } else { "differ" };
    format!("{} {word}", fields.join(", "))
}

/// Operation, code and message of an error.
pub fn error(error: &CloudError) -> String {
    worded(error, &error.message)
}

/// The first line of an error, and the further ones: the reasons that we found ourselves stand on lines of their own.
pub fn error_lines(error: &CloudError) -> (String, Vec<String>) {
    let mut lines = error.message.lines().filter(|line| !line.trim().is_empty());
    let first = worded(error, lines.next().unwrap_or_default());
    (first, lines.map(clean).collect())
}

fn worded(error: &CloudError, message: &str) -> String {
    // Some messages of the SDK go over several lines.
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = match (error.operation.as_str(), error.code.as_str()) {
        ("wait until ready", _) => format!("did not become ready: {message}"),
        ("wait until gone", _) => format!("is not gone: {message}"),
        (operation, "-") => format!("{operation}: {message}"),
        (operation, code) => format!("{operation}: {code}: {message}"),
    };
    clean(&words)
}

/// The plan in one line.
pub fn summary(plan: &Plan) -> String {
    let counts: std::collections::BTreeMap<&str, usize> = plan.counts().into_iter().collect();
    let of = |verb: &str| counts.get(verb).copied().unwrap_or(0);
    let held = plan.held.iter().filter(|held| held.why != HeldBecause::NotTargeted).count();
    let blocked = blocked(plan);
    let mut rest = format!("; {} unchanged", plan.unchanged);
    if held > 0 {
        rest += &format!(", {held} held back");
    }
    rest += &format!(".{}", blocked.as_ref().map_or(String::new(), |words| format!(" {words}")));
    if plan.has_changes() {
        let adopt = if of("adopt") > 0 { format!("{} to adopt, ", of("adopt")) } else { String::new() };
        return format!(
            "Plan: {} to create, {} to update, {} to replace, {adopt}{} to delete{}{rest}",
            of("create"),
            of("update") + of("revise"),
            of("replace"),
            of("delete"),
            with_them(plan),
        );
    }
    match (of("wait"), blocked) {
        (0, Some(blocked)) => blocked,
        (0, None) if held == 0 => match plan.unchanged {
            0 if plan.destroy => "Nothing to delete: nothing belongs to this stack.".to_owned(),
            0 => "No changes: nothing belongs to this stack.".to_owned(),
            1 => "No changes: the one resource matches the stack file.".to_owned(),
            many => format!("No changes: all {many} resources match the stack file."),
        },
        (0, None) => format!("No changes{rest}"),
        (waits, _) => format!("No changes, {waits} to wait for{rest}"),
    }
}

/// What goes with the things that are deleted, without a step of its own.
fn with_them(plan: &Plan) -> String {
    let with = |step: &Step| match &step.action {
        Action::Delete { with, .. } if step.counted() == "delete" => with.len(),
        _ => 0,
    };
    match plan.steps.iter().map(with).sum::<usize>() {
        0 => String::new(),
        1 => " (1 more is deleted with them)".to_owned(),
        many => format!(" ({many} more are deleted with them)"),
    }
}

/// Why the plan is blocked, if it is.
pub fn blocked(plan: &Plan) -> Option<String> {
    if !plan.conflicts.is_empty() {
        let adoptable = evenkeel_core::plan::adoptable(&plan.conflicts).len();
        let help = match adoptable {
            0 => "",
            1 if plan.conflicts.len() == 1 => " Take it over: --adopt-all",
            all if all == plan.conflicts.len() => " Take over all of them: --adopt-all",
            _ => " Take over those that can be: --adopt-all",
        };
        return Some(format!("Blocked: {}.{help}", count(plan.conflicts.len(), "conflict")));
    }
    if plan.gap().is_some() {
        return Some("Blocked: some resources could not be read.".to_owned());
    }
    let needed: Vec<String> = plan.needed().map(|held| id(&held.node)).collect();
    (!needed.is_empty()).then(|| format!("Blocked: {} held back.", are(&needed)))
}

/// `a is`, `a and b are`, `a, b and 3 more are`.
pub fn are(names: &[String]) -> String {
    format!("{} {}", listed(names), if names.len() == 1 { "is" } else { "are" })
}

/// `a`, `a and b`, `a, b, c and 3 more`.
pub fn listed(names: &[String]) -> String {
    const MOST: usize = 6;
    match names {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [most @ .., last] if names.len() <= MOST => format!("{} and {last}", most.join(", ")),
        many => format!("{} and {} more", many[..MOST - 1].join(", "), many.len() + 1 - MOST),
    }
}

/// A duration as a person says it: `0.4s`, `12s`, `1m 05s`, `1h 02m`.
pub fn duration(time: Duration) -> String {
    let secs = time.as_secs();
    match secs {
        0..=9 => format!("{:.1}s", time.as_secs_f64()),
        10..=59 => format!("{secs}s"),
        60..=3599 => format!("{}m {:02}s", secs / 60, secs % 60),
        _ => format!("{}h {:02}m", secs / 3600, secs % 3600 / 60),
    }
}

/// A limit in seconds as a person says it: `30s`, `10m`, `1h 30m`.
pub fn limit(secs: u64) -> String {
    match (secs / 3600, secs % 3600 / 60, secs % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, 0) => format!("{m}m"),
        (0, m, s) => format!("{m}m {s:02}s"),
        (h, 0, 0) => format!("{h}h"),
        (h, m, _) => format!("{h}h {m:02}m"),
    }
}

/// `1 step`, `2 steps`.
pub fn count(many: usize, noun: &str) -> String {
    if many == 1 { format!("1 {noun}") } else { format!("{many} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_readable() {
        let shown: Vec<String> =
            [420, 9_940, 12_000, 65_000, 3_720_000].map(|ms| duration(Duration::from_millis(ms))).into();
        assert_eq!(shown, ["0.4s", "9.9s", "12s", "1m 05s", "1h 02m"]);
        assert_eq!([30, 600, 90, 5400, 3600].map(limit), ["30s", "10m", "1m 30s", "1h 30m", "1h"]);
    }

    #[test]
    fn what_evenkeel_notes_for_itself_is_no_difference_to_a_person() {
        let say = |paths: &[&str]| differs(&paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>());
        assert_eq!(say(&["marked"]), "its marks differ");
        assert_eq!(say(&["marks.revision", "marks.uses"]), "its marks differ");
        assert_eq!(say(&["marks.revision", "task_definition"]), "task_definition differs");
        assert_eq!(say(&["marked", "tags.a", "tags.b"]), "tags differs");
    }

    #[test]
    fn nothing_to_do_is_said_plainly() {
        let plan = Plan { unchanged: 14, ..Plan::default() };
        assert_eq!(summary(&plan), "No changes: all 14 resources match the stack file.");
        assert_eq!(
            summary(&Plan { destroy: true, ..Plan::default() }),
            "Nothing to delete: nothing belongs to this stack."
        );
    }

    #[test]
    fn what_blocks_a_plan_is_said_in_its_last_line() {
        let hold = |what: &str, why| Held { node: NodeId::new("service", "app"), what: what.to_owned(), why };
        let mut plan = Plan { unchanged: 3, held: vec![hold("delete", HeldBecause::Protected)], ..Plan::default() };
        assert_eq!(summary(&plan), "No changes; 3 unchanged, 1 held back.");
        plan.destroy = true;
        assert_eq!(summary(&plan), "Blocked: service.app is held back.");
    }

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<String> = (1..=8).map(|number| number.to_string()).collect();
        assert_eq!(listed(&names[..2]), "1 and 2");
        assert_eq!(listed(&names), "1, 2, 3, 4, 5 and 3 more");
    }
}
