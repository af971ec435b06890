//! What ECS Exec needs of a service: a task role that may open its channels, a platform that has it, and a file system that its agent can
//! write to. Without them ECS refuses the service, or `execute-command` fails much later. Knows only what the file says.

use evenkeel_core::diagnostic::Place;
use evenkeel_core::doc::Text;
use serde_json::Value as Json;

use super::super::model::{ManagedRole, Role, Service, Stack, TaskDefinition};
use super::super::sections::Ctx;

/// What the task role needs.
const ACTIONS: [&str; 4] = [
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
];
/// AWS's managed policies that allow them.
const ENOUGH: &[&str] =
    &["AdministratorAccess", "PowerUserAccess", "AmazonSSMManagedInstanceCore", "AmazonSSMFullAccess"];
/// The first platform version of Fargate that has it.
const PLATFORM: (u32, u32) = (1, 4);

/// Checks every service that asks for it.
pub(super) fn check(ctx: &Ctx<'_>, stack: &Stack) {
    for (entry, service) in stack.services.iter().filter(|(_, service)| service.execute_command) {
        let place = ctx.executed.borrow().get(entry).cloned().unwrap_or_else(|| service.meta.place.clone());
        platform(ctx, &place, entry, service);
        if let Some(task) = service.runs.ours() {
            role(ctx, &place, entry, stack, task);
            read_only(ctx, entry, task);
        }
    }
}

fn platform(ctx: &Ctx<'_>, place: &Place, entry: &str, service: &Service) {
    let Some(version) = service.platform_version.as_deref() else { return };
    let mut numbers = version.split('.').map(str::parse::<u32>);
    let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else { return };
    if (major, minor) < PLATFORM {
        let summary = format!("service `{entry}` has `execute_command`, which Fargate {version} does not have");
        ctx.problems.error(
            "contradiction",
            place,
            summary,
            "It came with platform version 1.4.0. Remove `platform_version`.",
        );
    }
}

fn role(ctx: &Ctx<'_>, place: &Place, entry: &str, stack: &Stack, task: &TaskDefinition) {
    let Some(given) = task.document.get("taskRoleArn") else {
        let summary = format!("service `{entry}` has `execute_command` but no task role");
        let help = "ECS refuses that. Add a role with grants: [exec] under `roles`, and name it: task_role: NAME.";
        ctx.problems.error("exec-role", place, summary, help);
        return;
    };
    let hole = serde_json::from_value::<Text>(given.clone()).ok();
    let Some(Text::From(hole)) = hole.filter(|_| !given.is_string()) else { return };
    let name = hole.node.name();
    let Some(Role::Managed(role)) = stack.roles.get(name).filter(|_| hole.node.kind() == "role") else { return };
    if !may(role) {
        let summary = format!("service `{entry}` has `execute_command`, but its task role `{name}` does not allow it");
        let help = format!("`aws ecs execute-command` would fail. Add grants: [exec] to the role `{name}`.");
        ctx.problems.warn("exec-role", place, summary, help);
    }
}

/// Whether the policies of a role allow it, as far as the file tells.
fn may(role: &ManagedRole) -> bool {
    let managed = role.managed.iter().any(|policy| match policy.known() {
        // What a policy of somebody else allows is not known.
        Some(arn) => !arn.contains(":iam::aws:policy/") || ENOUGH.iter().any(|name| arn.ends_with(&format!("/{name}"))),
        None => true,
    });
    managed || ACTIONS.iter().all(|action| role.inline.values().any(|document| allows(document, action)))
}

fn allows(document: &Json, action: &str) -> bool {
    let several = |value: &Json| match value {
        Json::Array(items) => items.clone(),
        one => vec![one.clone()],
    };
    several(&document["Statement"]).iter().any(|statement| {
        // An exception, or a value that is known later, can allow it too.
        let named =
            several(&statement["Action"]).iter().any(|given| given.as_str().is_none_or(|given| fits(given, action)));
        statement["Effect"] == "Allow" && (statement.get("NotAction").is_some() || named)
    })
}

/// Whether a pattern of IAM with `*` and `?` fits; actions know no case.
fn fits(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let (mut rest, mut parts) = (action.as_str(), pattern.split('*').peekable());
    let first = parts.next().unwrap_or_default();
    let Some(after) = rest.strip_prefix(first) else { return pattern.contains('?') };
    rest = after;
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

fn read_only(ctx: &Ctx<'_>, entry: &str, task: &TaskDefinition) {
    for container in task.document["containerDefinitions"].as_array().into_iter().flatten() {
        if container["readonlyRootFilesystem"] == true {
            let name = container["name"].as_str().unwrap_or_default();
            let summary =
                format!("service `{entry}` has `execute_command`, but container `{name}` has a read-only file system");
            let help = "The agent of ECS Exec has to write there. Remove `readonly_root_filesystem`, or give up one of the two.";
            ctx.problems.warn("exec-read-only", &task.place, summary, help);
        }
    }
}
