//! What IAM refuses of a policy document (`MalformedPolicyDocument`), said at the statement: elements that are missing or
//! exclude each other, actions and resources without their form. Knows no services and no actions.

use evenkeel_core::diagnostic::Place;
use serde_json::{Map, Value as Json};

use super::sections::Ctx;

/// What a policy is for; the two sorts differ in what they have to name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// What a role may do.
    Identity,
    /// Who may assume a role.
    Trust,
}

/// Elements of a statement.
const ELEMENTS: &[&str] =
    &["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/// Checks one statement, in AWS's own form.
pub(crate) fn check(ctx: &Ctx<'_>, place: &Place, what: &str, statement: &Map<String, Json>, sort: Sort) {
    let bad = |summary: String, help: &str| ctx.problems.error("bad-policy", place, summary, help);
    if let Some(key) = statement.keys().find(|key| !ELEMENTS.contains(&key.as_str())) {
        let near = super::suggest::nearest(key, ELEMENTS.iter().copied());
        let help = near.map_or_else(
            || format!("A statement may have {}.", super::suggest::list(ELEMENTS)),
            |near| format!("Did you mean `{near}`?"),
        );
        bad(format!("a statement of {what} has `{key}`, which IAM does not know"), &help);
    }
    match statement.get("Effect").map(Json::as_str) {
        Some(Some("Allow" | "Deny")) => {}
        Some(_) => {
            bad(format!("a statement of {what} has an `Effect` other than Allow or Deny"), "Write Allow or Deny.")
        }
        None => bad(format!("a statement of {what} has no `Effect`"), "Write Effect: Allow, or Effect: Deny."),
    }
    let pairs: &[(&str, &str, bool)] = match sort {
        Sort::Identity => &[("Action", "NotAction", true), ("Resource", "NotResource", true)],
        Sort::Trust => &[("Action", "NotAction", true), ("Principal", "NotPrincipal", true)],
    };
    for (one, other, needed) in pairs {
        match (statement.contains_key(*one), statement.contains_key(*other)) {
            (true, true) => {
                bad(format!("a statement of {what} has both `{one}` and `{other}`"), "Keep one of the two.")
            }
            (false, false) if *needed => {
                bad(format!("a statement of {what} has no `{one}`"), "IAM refuses a statement without it. Add it.");
            }
            _ => {}
        }
    }
    let foreign: &[&str] = match sort {
        Sort::Identity => &["Principal", "NotPrincipal"],
        Sort::Trust => &["Resource", "NotResource"],
    };
    if let Some(key) = foreign.iter().find(|key| statement.contains_key(**key)) {
        let help = match sort {
            Sort::Identity => "A policy applies to the role that has it. Remove it.",
            Sort::Trust => "A trust policy is about the role that has it. Remove it.",
        };
        bad(format!("a statement of {what} cannot have `{key}`"), help);
    }
    actions(statement, &bad, what);
    resources(statement, &bad, what);
    conditions(statement, &bad, what);
}

/// The texts of a string or a list of strings that are known now.
fn texts<'a>(statement: &'a Map<String, Json>, key: &str) -> Vec<&'a str> {
    match statement.get(key) {
        Some(Json::String(text)) => vec![text],
        Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is_empty(statement: &Map<String, Json>, key: &str) -> bool {
    match statement.get(key) {
        Some(Json::Array(items)) => items.is_empty(),
        Some(Json::String(text)) => text.trim().is_empty(),
        Some(Json::Null) => true,
        _ => false,
    }
}

fn actions(statement: &Map<String, Json>, bad: &impl Fn(String, &str), what: &str) {
    for key in ["Action", "NotAction"] {
        if is_empty(statement, key) {
            bad(format!("`{key}` in a statement of {what} is empty"), "Name at least one action: ssm:GetParameters.");
        }
        let form = |text: &str| {
            text.split_once(':').is_some_and(|(service, action)| {
                let service_ok = !service.is_empty() && service.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
                let action_ok =
                    !action.is_empty() && action.chars().all(|c| c.is_ascii_alphanumeric() || "*?".contains(c));
                service_ok && action_ok
            })
        };
        if let Some(wrong) =
            texts(statement, key).into_iter().find(|text| *text != "*" && !text.is_empty() && !form(text))
        {
            let help =
                "An action is a service, a colon and an operation, which may contain * and ?: ssm:GetParameter*.";
            bad(format!("`{}` in a statement of {what} is not an action", super::tree::shorten(wrong)), help);
        }
    }
}

fn resources(statement: &Map<String, Json>, bad: &impl Fn(String, &str), what: &str) {
    for key in ["Resource", "NotResource"] {
        if is_empty(statement, key) {
            bad(format!("`{key}` in a statement of {what} is empty"), "Name at least one ARN, or \"*\".");
        }
        // IAM fills its own variables in later; they may be the whole text.
        let form = |text: &str| {
            text == "*" || text.starts_with("${") || (text.starts_with("arn:") && text.splitn(6, ':').count() == 6)
        };
        if let Some(wrong) = texts(statement, key).into_iter().find(|text| !text.is_empty() && !form(text)) {
            let help = "A resource is \"*\" or an ARN with its six parts: arn:aws:s3:::my-bucket/*.";
            bad(format!("`{}` in a statement of {what} is not a resource", super::tree::shorten(wrong)), help);
        }
    }
}

fn conditions(statement: &Map<String, Json>, bad: &impl Fn(String, &str), what: &str) {
    let Some(condition) = statement.get("Condition") else { return };
    let good = condition.as_object().is_some_and(|map| map.values().all(Json::is_object));
    if !good {
        let help = "A condition has operators, each with keys and values: StringEquals: { \
             \"aws:SourceAccount\": \"123456789012\" }.";
        bad(format!("`Condition` in a statement of {what} is not a map of maps"), help);
    }
}
