//! What ECS Exec needs of a service: a task role that may open its channels, a platform that has it, and a file system that its agent can
//! write to. Without them ECS refuses the service, or `execute-command` fails much later. Knows only what the file says.

use evenkeel_core::diagnostic::Place;

use super::super::model::{ManagedRole, Service, Stack, TaskDefinition};
use super::super::sections::Ctx;
use super::permissions;

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
    if task.document.get("taskRoleArn").is_none() {
        let summary = format!("service `{entry}` has `execute_command` but no task role");
        let help = "ECS refuses that. Add a role with grants: [exec] under `roles`, and name it: task_role: NAME.";
        ctx.problems.error("exec-role", place, summary, help);
        return;
    }
    let Some((name, role)) = permissions::role_of(stack, task, "taskRoleArn") else { return };
    if !may(role) {
        let summary = format!("service `{entry}` has `execute_command`, but its task role `{name}` does not allow it");
        let help = format!("`evenkeel exec` would fail. Add grants: [exec] to the role `{name}`.");
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
    let allowed = |action: &&str| permissions::statements(role).any(|statement| permissions::allows(statement, action));
    managed || ACTIONS.iter().all(allowed)
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
