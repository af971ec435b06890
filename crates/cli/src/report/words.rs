//! Sentences about a whole plan, errors, and the helpers that all texts are made with: counts, lists, durations. The words for the
//! engine's own verbs and reasons are in `verbs`. What is given back is harmless on a terminal; Markdown escapes it again in its
//! own way.

use std::time::Duration;

use evenkeel_core::cloud::Rate;
use evenkeel_core::error::CloudError;
use evenkeel_core::id::NodeId;
use evenkeel_core::plan::{Action, HeldBecause, Plan, Step, Verb};

use super::escape::text as clean;

/// The id of a node; that of something dropped comes from a tag, which anybody may have written.
pub fn id(node: &NodeId) -> String {
    clean(&node.to_string())
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
    let counts: std::collections::BTreeMap<Verb, usize> = plan.counts().into_iter().collect();
    let of = |verb: Verb| counts.get(&verb).copied().unwrap_or(0);
    let held = plan.held.iter().filter(|held| held.why != HeldBecause::NotTargeted).count();
    let blocked = blocked(plan);
    let mut rest = format!("; {} unchanged", plan.unchanged);
    if held > 0 {
        rest += &format!(", {held} held back");
    }
    rest += &format!(".{}", blocked.as_ref().map_or(String::new(), |words| format!(" {words}")));
    if plan.has_changes() {
        let adopt = if of(Verb::Adopt) > 0 { format!("{} to adopt, ", of(Verb::Adopt)) } else { String::new() };
        return format!(
            "Plan: {} to create, {} to update, {} to replace, {adopt}{} to delete{}{rest}",
            of(Verb::Create),
            of(Verb::Update) + of(Verb::Revise),
            of(Verb::Replace),
            of(Verb::Delete),
            with_them(plan),
        );
    }
    match (of(Verb::Wait), blocked) {
        (0, Some(blocked)) => blocked,
        (0, None) if held == 0 => match plan.unchanged {
            0 => {
                let what = if plan.destroy { "Nothing to delete" } else { "No changes" };
                format!("{what}: nothing in {} belongs to this stack.", plan.stack.region)
            }
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
        Action::Delete { with, .. } if step.counted() == Verb::Delete => with.len(),
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

/// Steps that wait for their turn: `waiting for ECS's rate of 1 registration a second: 80 left`.
pub fn pacing(rate: &Rate, left: usize) -> String {
    let whose = if rate.of.ends_with('s') { format!("{}'", rate.of) } else { format!("{}'s", rate.of) };
    let each = if (rate.per_second - 1.0).abs() < f64::EPSILON {
        count(1, &rate.counts)
    } else {
        // What follows the number is that of many; a rate need not be a whole number.
        count(2, &rate.counts).replacen('2', &rate.per_second.to_string(), 1)
    };
    clean(&format!("waiting for {whose} rate of {each} a second: {left} left"))
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

/// `1 step`, `2 steps`, `2 repositories`.
pub fn count(many: usize, noun: &str) -> String {
    let stem = noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u']));
    match (many, stem) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{many} {stem}ies"),
        (_, None) => format!("{many} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_core::graph::StackInfo;
    use evenkeel_core::plan::{Held, Intent};

    use super::*;

    #[test]
    fn a_rate_is_told_with_whose_it_is_and_how_many_wait() {
        let rate = |of: &str, counts: &str, per_second| Rate {
            name: String::new(),
            of: of.to_owned(),
            counts: counts.to_owned(),
            per_second,
        };
        let told = pacing(&rate("ECS", "registration", 1.0), 80);
        assert_eq!(told, "waiting for ECS's rate of 1 registration a second: 80 left");
        let told = pacing(&rate("CloudWatch Logs", "retention change", 5.0), 3);
        assert_eq!(told, "waiting for CloudWatch Logs' rate of 5 retention changes a second: 3 left");
        let told = pacing(&rate("EC2", "rule change", 2.5), 1);
        assert_eq!(told, "waiting for EC2's rate of 2.5 rule changes a second: 1 left");
    }

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
        assert_eq!(summary(&plan), "No changes: all 14 resources match the stack file.");
        let stack = StackInfo { name: "shop".to_owned(), region: "eu-west-1".to_owned() };
        assert_eq!(
            summary(&Plan { destroy: true, stack, ..Plan::default() }),
            "Nothing to delete: nothing in eu-west-1 belongs to this stack."
        );
    }

    #[test]
    fn what_blocks_a_plan_is_said_in_its_last_line() {
        let hold = |why| Held { node: NodeId::new("service", "app"), what: Intent::Delete, why };
        let mut plan = Plan { unchanged: 3, held: vec![hold(HeldBecause::Protected)], ..Plan::default() };
        assert_eq!(summary(&plan), "No changes; 3 unchanged, 1 held back.");
        plan.destroy = true;
        assert_eq!(summary(&plan), "Blocked: service.app is held back.");
    }

    #[test]
    fn what_is_counted_has_its_plural() {
        let counted = [count(1, "entry"), count(0, "entry"), count(2, "step"), count(1, "step")];
        assert_eq!(counted, ["1 entry", "0 entries", "2 steps", "1 step"]);
        assert_eq!([count(1, "day"), count(2, "day")], ["1 day", "2 days"]);
    }

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<String> = (1..=8).map(|number| number.to_string()).collect();
        assert_eq!(listed(&names[..2]), "1 and 2");
        assert_eq!(listed(&names), "1, 2, 3, 4, 5 and 3 more");
    }
}
