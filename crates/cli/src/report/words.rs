//! What the plan's reasons are in words. One function for each type of the engine; the same words in every format.

use std::time::Duration;

use evenkeel_core::cloud::Goal;
use evenkeel_core::error::CloudError;
use evenkeel_core::plan::{Action, Held, HeldBecause, Phase, Plan, Reason, Step};

use super::values::clean;

/// Why a step is there.
pub fn reason(step: &Step) -> String {
    match &step.why {
        Reason::Missing => "in the stack file, not in AWS".to_owned(),
        Reason::Differs(paths) => differs(paths),
        Reason::Immutable(path) => format!("{} cannot be changed in place", clean(path)),
        Reason::Revised(path) => format!("{} changes, which takes a new revision", clean(path)),
        Reason::Replaced => "its successor takes its place".to_owned(),
        Reason::LeftOver => "left over from an interrupted replacement".to_owned(),
        Reason::Dropped => "ours, and no longer in the stack file".to_owned(),
        Reason::Destroy => "the stack is being taken down".to_owned(),
        Reason::Adopted => "taken over, as asked".to_owned(),
        Reason::Moved(old) => format!("renamed from {old} in the stack file"),
        Reason::Staged(phase) => staged(*phase, &step.action).to_owned(),
        Reason::Unhealthy(why) => format!("as the stack file says, but not healthy: {}", clean(why)),
        Reason::TakesTime => match &step.action {
            Action::Wait { goal: Goal::Gone, .. } => "until it is gone".to_owned(),
            Action::Wait { .. }
            | Action::Create { .. }
            | Action::Update { .. }
            | Action::Adopt { .. }
            | Action::Delete { .. } => "until it is ready".to_owned(),
        },
        Reason::UnderWay(what) => format!("under way before this run: {}", clean(what)),
    }
}

/// What a step does for traffic that has to go on.
fn staged(phase: Phase, action: &Action) -> &'static str {
    match (phase, action) {
        (Phase::Attach, _) => "adds the new one first; nothing moves yet",
        (Phase::Serve, Action::Wait { .. }) => "until both old and new are served",
        (Phase::Serve, _) => "serves old and new side by side",
        (Phase::Switch, _) => "moves traffic to the new one",
        (Phase::Hold, _) => "until the switch has reached everybody",
        (Phase::Leave, _) => "leaves the old one",
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
    let consent = || format!("--consent {} lets it go ahead", crate::args::shell_word(&held.node.to_string()));
    match &held.why {
        HeldBecause::Unreadable(error) => (format!("could not be read: {}", self::error(error)), error.hint.clone()),
        HeldBecause::Unseen(error) => (
            format!("nobody knows whether more of this stack is there: {}", self::error(error)),
            error.hint.clone().or_else(|| Some(format!("allow {} for these credentials", error.operation))),
        ),
        HeldBecause::Needs(node) => (format!("needs {node}, which is held"), None),
        HeldBecause::Protected => ("it has `protect: true`".to_owned(), Some(consent())),
        HeldBecause::Guarded(key) => (
            format!("AWS protects it from deletion: its `{key}` is on"),
            Some(format!("write `{key}: false` in its entry and apply, or run again with --consent {}", held.node)),
        ),
        HeldBecause::Inside(things) => (
            format!(
                "{} would go with it, and is not of this stack",
                things.iter().map(|it| clean(it)).collect::<Vec<_>>().join(", ")
            ),
            Some(consent()),
        ),
        HeldBecause::Gap(why) => {
            (clean(why), Some(format!("to accept the interruption, run again with --consent {}", held.node)))
        }
        HeldBecause::Doubled(ids) => (
            format!("several things carry its mark: {}", ids.iter().map(|id| clean(id)).collect::<Vec<_>>().join(", ")),
            Some("remove the tags evenkeel:stack and evenkeel:id from those that are not of this stack".to_owned()),
        ),
        HeldBecause::Data(what) => (format!("data would be lost: {}", clean(what)), Some(consent())),
        HeldBecause::NotTargeted => ("left out by --target".to_owned(), None),
        HeldBecause::NotFound(what) => (format!("not found: {}", clean(what)), None),
        HeldBecause::Other(why) => (clean(why), None),
    }
}

/// What differs: the path if there is one and it is short, else the fields, each once and without evenkeel's own marks.
fn differs(paths: &[String]) -> String {
    if let [path] = paths
        && path.len() <= 60
    {
        return format!("{} differs", clean(path));
    }
    let mut fields: Vec<&str> = paths.iter().filter_map(|path| path.split(['.', '[']).next()).collect();
    fields.dedup();
    if fields.iter().any(|field| *field != "marks") {
        fields.retain(|field| *field != "marks");
    }
    let word = if fields.len() == 1 { "differs" } else { "differ" };
    format!("{} {word}", clean(&fields.join(", ")))
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
    let message = clean(&message.split_whitespace().collect::<Vec<_>>().join(" "));
    if error.code == "-" {
        format!("{}: {message}", error.operation)
    } else {
        format!("{}: {}: {message}", error.operation, clean(&error.code))
    }
}

/// The plan in one line.
pub fn summary(plan: &Plan) -> String {
    let counts: std::collections::BTreeMap<&str, usize> = plan.counts().into_iter().collect();
    let of = |verb: &str| counts.get(verb).copied().unwrap_or(0);
    let held = plan.held.iter().filter(|held| held.why != HeldBecause::NotTargeted).count();
    let mut rest = format!("; {} unchanged", plan.unchanged);
    for (count, word) in [(held, "held back"), (plan.conflicts.len(), "in the way")] {
        if count > 0 {
            rest += &format!(", {count} {word}");
        }
    }
    // The old halves of replacements that an earlier run left over are deletions to a person.
    let retired = plan.steps.iter().filter(|step| step.why == Reason::LeftOver && step.verb() == "retire").count();
    let deletions = of("delete") + retired;
    if plan.has_changes() {
        let adopt = if of("adopt") > 0 { format!("{} to adopt, ", of("adopt")) } else { String::new() };
        return format!(
            "Plan: {} to create, {} to update, {} to replace, {adopt}{deletions} to delete{rest}.",
            of("create"),
            of("update") + of("revise"),
            of("replace"),
        );
    }
    match of("wait") {
        0 if held + plan.conflicts.len() == 0 => match plan.unchanged {
            0 => "Nothing to do: nothing belongs to this stack.".to_owned(),
            1 => "Nothing to do: the one resource is as the stack file says.".to_owned(),
            many => format!("Nothing to do: all {many} resources are as the stack file says."),
        },
        0 => format!("Nothing to do{rest}."),
        waits => format!("Nothing to change, {waits} to wait for{rest}."),
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
    fn nothing_to_do_is_said_plainly() {
        let plan = Plan { unchanged: 14, ..Plan::default() };
        assert_eq!(summary(&plan), "Nothing to do: all 14 resources are as the stack file says.");
    }
}
