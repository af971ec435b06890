//! Whether the execution role of a task may read what its containers get as secrets, as far as the file says both: without it every task
//! stops at its start. Decides by the policies of the role in the file; what it cannot judge it takes for allowed.

use std::collections::BTreeSet;

use evenkeel_core::doc::{Ref, Text};
use evenkeel_core::id::NodeId;
use serde_json::Value as Json;

use super::super::model::{Meta, Stack, TaskDefinition};
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
            if permissions::statements(role).any(|statement| allows(stack, statement, action, &wanted)) {
                continue;
            }
            let places = ctx.references.borrow();
            let place = places.get(&wanted).unwrap_or(&task.place);
            let summary = format!("the execution role `{entry}` may not read what this refers to");
            let help = format!("ECS stops every task that needs it. Add {} to `grants` of the role.", grant(&wanted));
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

fn allows(stack: &Stack, statement: &Json, action: &str, wanted: &Text) -> bool {
    let resources = several(&statement["Resource"]);
    permissions::allows(statement, action)
        && (resources.is_empty() || resources.into_iter().any(|one| covers(stack, one, wanted)))
}

/// Whether a resource of a statement is, or may be, what is wanted.
fn covers(stack: &Stack, resource: &Json, wanted: &Text) -> bool {
    let Some(given) = text(resource) else { return true };
    match (&given, head(wanted)) {
        (Text::Known(given), _) if given == "*" => true,
        // The password of a database is in one secret, whichever of its outputs leads there; and that may be an entry of its own.
        (Text::From(given), Text::From(wanted)) if wanted.node.kind() == "database" => {
            let own = stack.databases.get(wanted.node.name()).and_then(|database| database.secret.as_deref());
            given.node == wanted.node || (given.node.kind() == "secret" && own == Some(given.node.name()))
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
        (Text::Known(given), Text::From(hole)) => {
            let Some((of, pattern)) =
                [":secret:", ":parameter"].iter().find_map(|of| Some((of, given.split_once(of)?.1)))
            else {
                return true;
            };
            name_of(stack, hole).is_none_or(|(kind, name)| kind == *of && fits(pattern, &name))
        }
        // The ARN of an entry in words: the name at its end is that of the entry, or a star.
        _ => true,
    }
}

/// What an entry is called in AWS, after what stands before it in its ARN. Secrets Manager adds six characters, and RDS makes the names of
/// its own secrets.
fn name_of(stack: &Stack, hole: &Ref) -> Option<(&'static str, String)> {
    let named =
        |meta: &Meta, section| meta.name.clone().unwrap_or_else(|| stack.physical_name(section, hole.node.name(), 512));
    match hole.node.kind() {
        "secret" => {
            let secret = stack.secrets.get(hole.node.name())?;
            Some((":secret:", format!("{}-AbCdEf", named(&secret.meta, "secrets"))))
        }
        "parameter" => {
            let parameter = stack.parameters.get(hole.node.name())?;
            let name = named(&parameter.meta, "parameters");
            Some((":parameter", format!("/{}", name.trim_start_matches('/'))))
        }
        "database" => match &stack.databases.get(hole.node.name())?.secret {
            Some(secret) => name_of(stack, &Ref { node: NodeId::new("secret", secret), output: "arn".to_owned() }),
            None => Some((":secret:", "rds!db-00000000-0000-0000-0000-000000000000-AbCdEf".to_owned())),
        },
        _ => None,
    }
}

/// The grant to write for a reference.
fn grant(wanted: &Text) -> String {
    match head(wanted) {
        Text::From(hole) if hole.node.kind() == "secret" => format!("secret:{}", hole.node.name()),
        Text::From(hole) if hole.node.kind() == "database" => format!("\"secret:${{{}.secret}}\"", hole.node),
        Text::From(hole) => format!("\"ssm:${{{}.{}}}\"", hole.node, hole.output),
        Text::Known(arn) if arn.contains(":secretsmanager:") => {
            format!("\"secret:{}\"", arn.splitn(8, ':').take(7).collect::<Vec<_>>().join(":"))
        }
        Text::Known(arn) if arn.starts_with("arn:") => format!("\"ssm:{arn}\""),
        Text::Known(name) => format!("ssm:/{}", name.split(':').next().unwrap_or(name).trim_start_matches('/')),
        Text::Join(_) => "\"ssm:/*\"".to_owned(),
    }
}
