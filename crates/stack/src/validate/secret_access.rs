//! Whether the execution role of a task may read what its containers get as secrets, as far as the file says both: without it every task
//! stops at its start. Decides by the policies of the role in the file; what it cannot judge it takes for allowed.

use std::collections::BTreeSet;

use evenkeel_core::doc::Text;
use serde::Deserialize as _;
use serde_json::Value as Json;

use super::super::model::{ManagedRole, Role, Stack, TaskDefinition};
use super::super::sections::Ctx;

/// Managed policies of AWS that are often on execution roles and allow none of it.
const LACKING: &[&str] = &[
    "AmazonECSTaskExecutionRolePolicy",
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonECS_FullAccess",
    "AmazonS3ReadOnlyAccess",
    "AWSXRayDaemonWriteAccess",
    "CloudWatchLogsFullAccess",
    "CloudWatchLogsReadOnlyAccess",
];

/// What ECS asks for.
const PARAMETER: &str = "ssm:GetParameters";
const SECRET: &str = "secretsmanager:GetSecretValue";

/// Checks every task whose execution role is in the file.
pub(super) fn check(ctx: &Ctx<'_>, stack: &Stack) {
    for task in stack.services.values().filter_map(|service| service.runs.ours()) {
        let Some((entry, role)) = execution_role(stack, task) else { continue };
        if role.managed.iter().any(|policy| !is_lacking(policy)) {
            continue;
        }
        for wanted in references(task) {
            let action = if is_secret(&wanted) { SECRET } else { PARAMETER };
            if role.inline.values().flat_map(statements).any(|statement| allows(statement, action, &wanted)) {
                continue;
            }
            let places = ctx.references.borrow();
            let place = places.get(&wanted).unwrap_or(&task.place);
            let summary = format!("the execution role `{entry}` may not read what this refers to");
            let help = format!(
                "ECS stops every task that needs it. Add to `policies` of the role: secrets: {{ statements: \
                 [{{ actions: [\"{action}\"], resources: \"{}\" }}] }}.",
                resource(&wanted)
            );
            ctx.problems.warn("secret-access", place, summary, help);
        }
    }
}

fn execution_role<'s>(stack: &'s Stack, task: &TaskDefinition) -> Option<(String, &'s ManagedRole)> {
    let Text::From(hole) = text(&task.document["executionRoleArn"])? else { return None };
    let entry = hole.node.name().to_owned();
    match stack.roles.get(&entry) {
        Some(Role::Managed(role)) if hole.node.kind() == "role" => Some((entry, role)),
        _ => None,
    }
}

fn is_lacking(policy: &Text) -> bool {
    policy.known().and_then(|arn| arn.rsplit('/').next()).is_some_and(|name| LACKING.contains(&name))
}

/// Everything that ECS fetches for the containers of a task.
fn references(task: &TaskDefinition) -> BTreeSet<Text> {
    let containers = task.document["containerDefinitions"].as_array().into_iter().flatten();
    let lists = containers.flat_map(|one| [&one["secrets"], &one["logConfiguration"]["secretOptions"]]);
    lists.filter_map(Json::as_array).flatten().filter_map(|one| text(&one["valueFrom"])).collect()
}

fn text(value: &Json) -> Option<Text> {
    Text::deserialize(value).ok()
}

/// The part of a reference that says what it is.
fn head(wanted: &Text) -> &Text {
    match wanted {
        Text::Join(parts) => parts.first().unwrap_or(wanted),
        Text::Known(_) | Text::From(_) => wanted,
    }
}

fn is_secret(wanted: &Text) -> bool {
    match head(wanted) {
        Text::Known(text) => text.contains(":secretsmanager:"),
        Text::From(hole) => hole.node.kind() == "secret",
        Text::Join(_) => false,
    }
}

fn statements(policy: &Json) -> Vec<&Json> {
    match &policy["Statement"] {
        Json::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

fn several(value: &Json) -> Vec<&Json> {
    match value {
        Json::Array(items) => items.iter().collect(),
        Json::Null => Vec::new(),
        one => vec![one],
    }
}

fn allows(statement: &Json, action: &str, wanted: &Text) -> bool {
    if statement["Effect"] != "Allow" {
        return false;
    }
    let lower = action.to_ascii_lowercase();
    let acts = |given: &Json| given.as_str().is_none_or(|text| fits(&text.to_ascii_lowercase(), &lower));
    let named = several(&statement["Action"]);
    // What is excepted, and what only a step will tell, is taken for allowed.
    (named.is_empty() || named.into_iter().any(acts))
        && (statement["Resource"].is_null()
            || several(&statement["Resource"]).into_iter().any(|one| covers(one, wanted)))
}

/// Whether a resource of a statement is, or may be, what is wanted.
fn covers(resource: &Json, wanted: &Text) -> bool {
    let Some(given) = text(resource) else { return true };
    match (&given, head(wanted)) {
        (Text::Known(given), _) if given == "*" => true,
        (Text::From(given), Text::From(wanted)) => given == wanted,
        (Text::From(_), Text::Known(_)) => false,
        (Text::Known(given), Text::Known(wanted)) if wanted.starts_with("arn:") => {
            let bare: Vec<&str> = wanted.splitn(8, ':').take(7).collect();
            fits(given, wanted) || fits(given, &bare.join(":"))
        }
        (Text::Known(given), Text::Known(name)) => given
            .split_once(":parameter")
            .is_some_and(|(_, pattern)| fits(pattern, &format!("/{}", name.trim_start_matches('/')))),
        // The ARN of an entry in words: the name at its end is that of the entry, or a star.
        _ => true,
    }
}

/// Whether a text fits a pattern of IAM with `*` and `?`.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*' {
            (p, t) = (p + 1, t + 1);
        } else if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            (p, t) = (at + 1, from + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|rest| *rest == '*')
}

/// The resource to write for a reference.
fn resource(wanted: &Text) -> String {
    match head(wanted) {
        Text::From(hole) => format!("${{{}.{}}}", hole.node, hole.output),
        Text::Known(arn) if arn.starts_with("arn:") => arn.splitn(8, ':').take(7).collect::<Vec<_>>().join(":"),
        Text::Known(name) => {
            format!("arn:aws:ssm:${{stack.region}}:*:parameter/{}", name.trim_start_matches('/'))
        }
        Text::Join(_) => "*".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_fit_as_iam_has_them() {
        for (pattern, text, fit) in [
            ("*", "", true),
            ("ssm:get*", "ssm:getparameters", true),
            ("ssm:get?arameters", "ssm:getparameters", true),
            ("ssm:*s", "ssm:getparameters", true),
            ("ssm:get", "ssm:getparameters", false),
            ("/shop/*", "/shop", false),
            ("a*b*c", "axxbxxc", true),
            ("a*b*c", "axxbxx", false),
        ] {
            assert_eq!(fits(pattern, text), fit, "{pattern} {text}");
        }
    }
}
