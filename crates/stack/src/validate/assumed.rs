//! Whether the services of AWS that act by a role of the file may assume it: ECS for its tasks, for the traffic that it moves and for the
//! functions that it calls. Decides by the trust policy alone; conditions and what it cannot judge it takes for met.

use evenkeel_core::diagnostic::{Diagnostic, Place};
use evenkeel_core::doc::Text;
use serde_json::Value as Json;

use super::super::model::{ManagedRole, Stack};
use super::super::sections::Ctx;
use super::permissions::{self, several};

/// ECS itself.
const ECS: &str = "ecs.amazonaws.com";
/// The tasks of ECS.
const TASKS: &str = "ecs-tasks.amazonaws.com";

/// Checks every use of a role of the file.
pub(super) fn check(ctx: &Ctx<'_>, stack: &Stack) {
    for (name, service) in &stack.services {
        let place = &service.meta.place;
        for target in service.load_balancers.iter().filter_map(|target| target.alternate.as_ref()) {
            let what = format!("ECS moves the traffic of service `{name}`");
            of(ctx, stack, &target.role, (&what, ECS), place);
        }
        for (_, role) in service.deployment.hooks.iter().filter_map(|hook| hook.lambda.as_ref()) {
            let what = format!("ECS calls a function in deployments of service `{name}`");
            of(ctx, stack, role, (&what, ECS), place);
        }
        let Some(task) = service.runs.ours() else { continue };
        let works = [("executionRoleArn", "ECS starts the tasks", ""), ("taskRoleArn", "the containers", " work")];
        for (member, what, work) in works {
            let Some((entry, role)) = permissions::role_of(stack, task, member) else { continue };
            let what = format!("{what} of service `{name}`{work}");
            trusts(ctx, (&entry, role), (&what, TASKS), &task.place);
        }
    }
}

fn of(ctx: &Ctx<'_>, stack: &Stack, role: &Text, what: (&str, &str), place: &Place) {
    if let Some((entry, role)) = permissions::referred(stack, role) {
        trusts(ctx, (&entry, role), what, place);
    }
}

fn trusts(ctx: &Ctx<'_>, (entry, role): (&str, &ManagedRole), (what, service): (&str, &str), place: &Place) {
    if several(&role.trust["Statement"]).into_iter().any(|statement| admits(statement, service)) {
        return;
    }
    let summary = format!("{what} by role `{entry}`, which {service} may not assume");
    let short = service.trim_end_matches(".amazonaws.com");
    let help = format!("AWS refuses that. Give the role trust: {short}, or name another role.");
    let error = Diagnostic::error("role-trust", summary, Some(place.clone()));
    ctx.problems.push(error.related(role.meta.place.clone(), "the role").help(help));
}

/// Whether a statement of a trust policy may let a service in.
fn admits(statement: &Json, service: &str) -> bool {
    let principal = &statement["Principal"];
    let named = |principal: &Json| {
        several(principal).into_iter().any(|one| one.as_str().is_none_or(|it| it == service || it == "*"))
    };
    statement["Effect"] == "Allow"
        && permissions::allows(statement, "sts:AssumeRole")
        && (principal.is_null() || principal == "*" || !principal["Service"].is_null() && named(&principal["Service"]))
}
