//! Lifecycle and repository policies: checked, printed anew, given back, removed.

use serde_json::{Value, json};

use super::state::{Repository, invalid, repository};
use super::text::Ordered;
use crate::call::{Call, Handler, Input, Members, Refusal, Reply};

/// The operations of this part.
pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("PutLifecyclePolicy", put_lifecycle),
    ("GetLifecyclePolicy", get_lifecycle),
    ("DeleteLifecyclePolicy", delete_lifecycle),
    ("SetRepositoryPolicy", set_policy),
    ("GetRepositoryPolicy", get_policy),
    ("DeleteRepositoryPolicy", delete_policy),
];

/// What is wrong with a lifecycle policy.
fn fault(policy: &Value) -> Option<String> {
    let rules = policy.list("rules");
    if rules.is_empty() {
        return Some("object has missing required properties ([\"rules\"])".to_owned());
    }
    let mut priorities = Vec::new();
    for rule in rules {
        for name in ["rulePriority", "selection", "action"] {
            if !rule.has(name) {
                return Some(format!("object has missing required properties ([\"{name}\"])"));
            }
        }
        let priority = rule.integer("rulePriority").unwrap_or_default();
        if priority < 1 {
            return Some(format!(
                "numeric instance is lower than the required minimum (minimum: 1, found: {priority})"
            ));
        }
        priorities.push((priority, rule["selection"].text("tagStatus") == Some("any")));
        if let Some(fault) = selection_fault(&rule["selection"]) {
            return Some(fault);
        }
        let kind = rule["action"].text_or_empty("type");
        if !matches!(kind, "expire" | "transition") {
            return Some(format!(
                "instance value (\"{kind}\") not found in enum (possible values: [\"expire\",\"transition\"])"
            ));
        }
    }
    priorities.sort_unstable();
    if priorities.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Some("The lifecycle policy can't have rules with the same rulePriority.".to_owned());
    }
    let last = priorities.len() - 1;
    let early = priorities.iter().position(|(_, any)| *any).is_some_and(|position| position < last);
    early.then(|| {
        "A rule with tagStatus 'any' must have the highest value for rulePriority and be evaluated last.".to_owned()
    })
}

fn selection_fault(selection: &Value) -> Option<String> {
    let status = selection.text_or_empty("tagStatus");
    if !matches!(status, "tagged" | "untagged" | "any") {
        return Some(format!(
            "instance value (\"{status}\") not found in enum (possible values: [\"any\",\"tagged\",\"untagged\"])"
        ));
    }
    let lists = [selection.list("tagPrefixList"), selection.list("tagPatternList")];
    let named = lists.iter().any(|list| !list.is_empty());
    if (status == "tagged") != named {
        let text = if named { "can only be used with" } else { "is required with" };
        return Some(format!("tagPrefixList or tagPatternList {text} tagStatus 'tagged'"));
    }
    let kind = selection.text_or_empty("countType");
    if selection.integer("countNumber").is_none_or(|count| count < 1) {
        return Some("object has missing required properties ([\"countNumber\"])".to_owned());
    }
    match (kind, selection.text("countUnit")) {
        ("imageCountMoreThan", None)
        | ("sinceImagePushed" | "sinceImagePulled" | "sinceImageTransitioned", Some("days")) => None,
        ("imageCountMoreThan", Some(_)) => Some("countUnit can only be used with a countType of days".to_owned()),
        ("sinceImagePushed" | "sinceImagePulled" | "sinceImageTransitioned", _) => {
            Some("countUnit must be 'days' with this countType".to_owned())
        }
        _ => Some(format!(
            "instance value (\"{kind}\") not found in enum (possible values: \
             [\"imageCountMoreThan\",\"sinceImagePushed\"])"
        )),
    }
}

fn put_lifecycle(call: &mut Call<'_>, input: &Input) -> Reply {
    let here = repository(call, input)?;
    let text = input.text_or_empty("lifecyclePolicyText");
    let refused =
        |detail: &str| Err(invalid("LifecyclePolicyText", &format!("Lifecycle policy validation failure: {detail}")));
    let (Ok(policy), Some(ordered)) = (serde_json::from_str::<Value>(text), Ordered::read(text)) else {
        return refused("Could not map policyString into LifecyclePolicy.");
    };
    if let Some(fault) = fault(&policy) {
        return refused(&fault);
    }
    let printed = ordered.compact();
    here.lifecycle = Some(printed.clone());
    Ok(here.answer("lifecyclePolicyText", printed))
}

fn lifecycle_of(here: &Repository) -> Reply {
    let Some(text) = &here.lifecycle else {
        let text = format!(
            "Lifecycle policy does not exist for the repository with name '{}' in the registry with id '{}'",
            here.name, here.registry
        );
        return Err(Refusal::new("LifecyclePolicyNotFoundException", text));
    };
    let mut answer = here.answer("lifecyclePolicyText", text.clone());
    // It is evaluated within a day; until then this is the beginning of time.
    answer["lastEvaluatedAt"] = json!(0.0);
    Ok(answer)
}

fn get_lifecycle(call: &mut Call<'_>, input: &Input) -> Reply {
    lifecycle_of(repository(call, input)?)
}

fn delete_lifecycle(call: &mut Call<'_>, input: &Input) -> Reply {
    let here = repository(call, input)?;
    let answer = lifecycle_of(here)?;
    here.lifecycle = None;
    Ok(answer)
}

/// Whether it is a policy at all: statements, each with an effect, somebody and an action.
fn is_policy(policy: &Value) -> bool {
    let statements = match &policy["Statement"] {
        Value::Array(list) => list.clone(),
        one @ Value::Object(_) => vec![one.clone()],
        _ => return false,
    };
    let whole = |one: &Value| {
        matches!(one.text("Effect"), Some("Allow" | "Deny"))
            && (one.has("Principal") || one.has("NotPrincipal"))
            && (one.has("Action") || one.has("NotAction"))
    };
    !statements.is_empty() && statements.iter().all(whole)
}

fn set_policy(call: &mut Call<'_>, input: &Input) -> Reply {
    let here = repository(call, input)?;
    let text = input.text_or_empty("policyText");
    let policy = serde_json::from_str::<Value>(text).ok().filter(is_policy);
    let (Some(_), Some(ordered)) = (policy, Ordered::read(text)) else {
        return Err(invalid("PolicyText", "Invalid repository policy provided"));
    };
    let printed = ordered.pretty();
    here.policy = Some(printed.clone());
    Ok(here.answer("policyText", printed))
}

fn policy_of(here: &Repository) -> Reply {
    match &here.policy {
        Some(text) => Ok(here.answer("policyText", text.clone())),
        None => {
            let text = format!(
                "Repository policy does not exist for the repository with name '{}' in the registry with id '{}'",
                here.name, here.registry
            );
            Err(Refusal::new("RepositoryPolicyNotFoundException", text))
        }
    }
}

fn get_policy(call: &mut Call<'_>, input: &Input) -> Reply {
    policy_of(repository(call, input)?)
}

fn delete_policy(call: &mut Call<'_>, input: &Input) -> Reply {
    let here = repository(call, input)?;
    let answer = policy_of(here)?;
    here.policy = None;
    Ok(answer)
}
