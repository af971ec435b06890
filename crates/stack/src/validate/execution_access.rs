//! Whether the execution role of a task may pull the images and write the logs of its containers, as far as the file says both: without
//! the one no task starts, without the other none does either. Decides by the policies of the role in the file; what it cannot judge it
//! takes for allowed. Secrets are looked at in `secret_access.rs`.

use evenkeel_core::doc::Text;
use serde_json::Value as Json;

use super::super::model::{Stack, TaskDefinition};
use super::super::sections::Ctx;
use super::permissions;

/// Something that ECS does for a task by its execution role.
struct Need {
    /// In words.
    what: &'static str,
    /// Actions that it takes.
    actions: &'static [&'static str],
    /// AWS's policies that allow them, among those of [`PLAIN`].
    policies: &'static [&'static str],
    /// Whether a container has it done.
    of: fn(&Json) -> bool,
}

/// AWS's own policy for this role.
const USUAL: &str = "AmazonECSTaskExecutionRolePolicy";

const NEEDS: &[Need] = &[
    Need {
        what: "pull images from ECR",
        actions: &["ecr:GetAuthorizationToken", "ecr:BatchGetImage"],
        policies: &[USUAL, "AmazonEC2ContainerRegistryReadOnly"],
        of: is_in_ecr,
    },
    Need {
        what: "write logs",
        actions: &["logs:CreateLogStream", "logs:PutLogEvents"],
        policies: &[USUAL, "CloudWatchLogsFullAccess"],
        of: |container| container["logConfiguration"]["logDriver"] == "awslogs",
    },
];

/// Policies of AWS whose contents are known here: they allow nothing of [`NEEDS`] but what stands there.
const PLAIN: &[&str] = &[
    USUAL,
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonS3ReadOnlyAccess",
    "AmazonSSMReadOnlyAccess",
    "AWSXRayDaemonWriteAccess",
    "CloudWatchLogsFullAccess",
    "CloudWatchLogsReadOnlyAccess",
];

/// Checks every task whose execution role is in the file.
pub(super) fn check(ctx: &Ctx<'_>, stack: &Stack) {
    for task in stack.services.values().filter_map(|service| service.runs.ours()) {
        let Some((entry, role)) = permissions::role_of(stack, task, "executionRoleArn") else { continue };
        let attached: Option<Vec<&str>> = role.managed.iter().map(plain).collect();
        let Some(attached) = attached else { continue };
        for need in NEEDS {
            let allowed =
                |action: &&str| permissions::statements(role).any(|statement| permissions::allows(statement, action));
            let by_policy = attached.iter().any(|policy| need.policies.contains(policy));
            if !containers(task).any(need.of) || by_policy || need.actions.iter().all(allowed) {
                continue;
            }
            let summary = format!("the execution role `{entry}` may not {} for this task", need.what);
            let help = format!("No task starts without it. Add {USUAL} to `managed_policies` of the role.");
            ctx.problems.warn("execution-access", &task.place, summary, help);
        }
    }
}

/// The name of a policy of AWS whose contents are known here.
fn plain(policy: &Text) -> Option<&'static str> {
    let name = policy.known()?.rsplit('/').next()?;
    PLAIN.iter().copied().find(|known| *known == name)
}

fn containers(task: &TaskDefinition) -> impl Iterator<Item = &Json> {
    task.document["containerDefinitions"].as_array().into_iter().flatten()
}

fn is_in_ecr(container: &Json) -> bool {
    let image = permissions::text(&container["image"]);
    let head = match &image {
        Some(Text::Join(parts)) => parts.first(),
        image => image.as_ref(),
    };
    match head {
        Some(Text::Known(name)) => name.contains(".dkr.ecr."),
        Some(Text::From(hole)) => hole.node.kind() == "repository",
        Some(Text::Join(_)) | None => false,
    }
}
