//! What policies allow: an allowing statement, no denying one, and the boundary's consent. Conditions are taken to hold for
//! what is allowed and not for what is denied; nothing is known of the circumstances of a request.

use serde_json::{Map, Value};

use super::common::policy_key;
use super::document::{statements, texts};
use super::managed;
use super::state::{Iam, Role};
use crate::call::Members;

/// What comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Some statement allows it.
    Allowed,
    /// No statement says anything.
    Implicit,
    /// Some statement denies it.
    Denied,
}

/// Whether a text fits a pattern with `*` and `?`.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut seen, mut star) = (0, 0, None);
    while seen < text.len() {
        if at < pattern.len() && pattern[at] == b'*' {
            star = Some((at, seen));
            at += 1;
        } else if at < pattern.len() && (pattern[at] == b'?' || pattern[at] == text[seen]) {
            at += 1;
            seen += 1;
        } else if let Some((back, from)) = star {
            star = Some((back, from + 1));
            at = back + 1;
            seen = from + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|letter| *letter == b'*')
}

fn concerns(statement: &Map<String, Value>, action: &str, resource: &str) -> bool {
    let action = action.to_lowercase();
    let any = |name: &str, lower: bool, text: &str| {
        texts(statement.member(name))
            .into_iter()
            .any(|pattern| if lower { fits(&pattern.to_lowercase(), text) } else { fits(pattern, text) })
    };
    let acts = any("Action", true, &action) || statement.has("NotAction") && !any("NotAction", true, &action);
    // An unnamed resource is any: a statement for some resource then speaks of it too.
    let on = resource == "*"
        || any("Resource", false, resource)
        || statement.has("NotResource") && !any("NotResource", false, resource);
    acts && on
}

/// What one set of documents says.
pub(super) fn decide(documents: &[Value], action: &str, resource: &str) -> Decision {
    let mut decision = Decision::Implicit;
    for statement in documents.iter().flat_map(statements) {
        if !concerns(statement, action, resource) {
            continue;
        }
        match statement.text("Effect") {
            Some("Deny") if !statement.has("Condition") => return Decision::Denied,
            Some("Allow") => decision = Decision::Allowed,
            _ => {}
        }
    }
    decision
}

/// The document of a managed policy, the account's or AWS's.
pub(super) fn managed_document(iam: &Iam, arn: &str) -> Option<Value> {
    if let Some(policy) = managed::named(arn) {
        return serde_json::from_str(&policy.document()).ok();
    }
    let policy = iam.policies.get(&policy_key(iam, arn)?)?;
    serde_json::from_str(&policy.versions.get(&policy.default)?.document).ok()
}

/// What a role may do.
pub(super) fn of_role(iam: &Iam, role: &Role, action: &str, resource: &str) -> Decision {
    let inline = role.inline.values().filter_map(|text| serde_json::from_str(text).ok());
    let attached = role.attached.iter().filter_map(|arn| managed_document(iam, arn));
    let documents: Vec<Value> = inline.chain(attached).collect();
    let decision = decide(&documents, action, resource);
    let Some(bound) = role.boundary.as_ref().and_then(|arn| managed_document(iam, arn)) else { return decision };
    match (decision, decide(&[bound], action, resource)) {
        (Decision::Allowed, bound) => bound,
        (decision, _) => decision,
    }
}
