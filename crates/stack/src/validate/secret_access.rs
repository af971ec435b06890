//! Whether the execution role of a task may read what its containers get as secrets, as far as the file says both: without it every task
//! stops at its start. Decides by the policies of the role in the file; what it cannot judge it takes for allowed.

use std::collections::BTreeSet;

use evenkeel_core::doc::Text;
use serde_json::Value as Json;

use super::super::model::{Stack, TaskDefinition};
use super::super::pattern::fits;
use super::super::sections::Ctx;
use super::permissions::{self, several, text};

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
        let Some((entry, role)) = permissions::role_of(stack, task, "executionRoleArn") else { continue };
        if role.managed.iter().any(|policy| !is_lacking(policy)) {
            continue;
        }
        for wanted in references(task) {
            let action = if is_secret(&wanted) { SECRET } else { PARAMETER };
            if permissions::statements(role).any(|statement| allows(statement, action, &wanted)) {
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

fn is_lacking(policy: &Text) -> bool {
    policy.known().and_then(|arn| arn.rsplit('/').next()).is_some_and(|name| LACKING.contains(&name))
}

/// Everything that ECS fetches for the containers of a task.
fn references(task: &TaskDefinition) -> BTreeSet<Text> {
    let containers = task.document["containerDefinitions"].as_array().into_iter().flatten();
    let lists = containers.flat_map(|one| [&one["secrets"], &one["logConfiguration"]["secretOptions"]]);
    lists.filter_map(Json::as_array).flatten().filter_map(|one| text(&one["valueFrom"])).collect()
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
        Text::From(hole) => matches!(hole.node.kind(), "secret" | "database"),
        Text::Join(_) => false,
    }
}

fn allows(statement: &Json, action: &str, wanted: &Text) -> bool {
    let resources = several(&statement["Resource"]);
    permissions::allows(statement, action)
        && (resources.is_empty() || resources.into_iter().any(|one| covers(one, wanted)))
}

/// Whether a resource of a statement is, or may be, what is wanted.
fn covers(resource: &Json, wanted: &Text) -> bool {
    let Some(given) = text(resource) else { return true };
    match (&given, head(wanted)) {
        (Text::Known(given), _) if given == "*" => true,
        // The password of a database is in one secret, whichever of its outputs leads there; and that may be an entry of its own.
        (Text::From(given), Text::From(wanted)) if wanted.node.kind() == "database" => {
            given.node == wanted.node || given.node.kind() == "secret"
        }
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

/// The resource to write for a reference.
fn resource(wanted: &Text) -> String {
    match head(wanted) {
        Text::From(hole) if hole.node.kind() == "database" => format!("${{{}.secret}}", hole.node),
        Text::From(hole) => format!("${{{}.{}}}", hole.node, hole.output),
        Text::Known(arn) if arn.starts_with("arn:") => arn.splitn(8, ':').take(7).collect::<Vec<_>>().join(":"),
        Text::Known(name) => {
            format!("arn:aws:ssm:${{stack.region}}:*:parameter/{}", name.trim_start_matches('/'))
        }
        Text::Join(_) => "*".to_owned(),
    }
}
