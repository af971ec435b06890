//! What Fargate demands of a task definition. The same checks tell whether a definition that does not ask for Fargate fits it.

use serde_json::{Map, Value};

use super::super::super::checks::client;
use super::{check, sizes};
use crate::call::{Members, Refusal};

/// The log drivers of Fargate.
const DRIVERS: [&str; 3] = ["awslogs", "splunk", "awsfirelens"];

/// Checks the task as a whole against Fargate: its network and size.
pub(super) fn task(definition: &Map<String, Value>) -> Result<(), Refusal> {
    if definition.text("networkMode") != Some("awsvpc") {
        return Err(client("Fargate only supports network mode \u{2018}awsvpc\u{2019}."));
    }
    let (cpu, memory) = check::sizes(definition)?;
    let Some(cpu) = cpu else { return Err(client("Fargate requires that 'cpu' be defined at the task level.")) };
    let Some(memory) = memory else {
        return Err(client("Fargate requires that 'memory' be defined at the task level."));
    };
    let system = definition.map("runtimePlatform").map(|it| it.text_or_empty("operatingSystemFamily").to_owned());
    if !sizes::offered(cpu, memory, system.is_some_and(|system| system.starts_with("WINDOWS"))) {
        return Err(client(format!(
            "No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the Amazon ECS documentation \
             for the valid values."
        )));
    }
    Ok(())
}

/// Checks a definition against Fargate.
pub(super) fn check(definition: &Map<String, Value>) -> Result<(), Refusal> {
    task(definition)?;
    if let Some(mode) = definition.text("pidMode").filter(|mode| !matches!(*mode, "task" | "")) {
        return Err(client(format!(
            "Tasks using the Fargate launch type do not support pidMode '{mode}'. The supported value for pidMode is 'task'."
        )));
    }
    if !definition.text_or_empty("ipcMode").is_empty() {
        return Err(client("Tasks using the Fargate launch type do not support ipcMode."));
    }
    if !definition.list("placementConstraints").is_empty() {
        return Err(unsupported("constraints"));
    }
    for volume in definition.list("volumes") {
        if volume.has("dockerVolumeConfiguration") {
            return Err(unsupported("dockerVolumeConfiguration"));
        }
        if volume.map("host").is_some_and(|host| host.has("sourcePath")) {
            return Err(unsupported("sourcePath"));
        }
    }
    definition.list("containerDefinitions").iter().try_for_each(|it| container(it, definition.has("executionRoleArn")))
}

fn unsupported(what: &str) -> Refusal {
    client(format!("Fargate compatible task definitions do not support {what}"))
}

fn container(container: &Value, role: bool) -> Result<(), Refusal> {
    if container.flag("privileged") == Some(true) {
        return Err(client("Fargate requires that the 'privileged' setting be 'false'"));
    }
    if !container.list("dockerSecurityOptions").is_empty() {
        return Err(unsupported("dockerSecurityOptions"));
    }
    if container.list("resourceRequirements").iter().any(|it| it.text("type") == Some("GPU")) {
        return Err(client("Tasks using the Fargate launch type do not support GPU resource requirements."));
    }
    if container.integer("stopTimeout").is_some_and(|seconds| seconds > 120) {
        return Err(client(
            "Tasks using the Fargate launch type must have a container stop timeout of less than 120 seconds.",
        ));
    }
    if let Some(linux) = container.map("linuxParameters") {
        for name in ["devices", "sharedMemorySize", "maxSwap", "swappiness", "tmpfs"] {
            if linux.has(name) && linux.member(name).is_none_or(|it| it.as_array().is_none_or(|list| !list.is_empty()))
            {
                return Err(unsupported(name));
            }
        }
        let added = linux.map("capabilities").map(|it| it.texts("add")).unwrap_or_default();
        if let Some(capability) = added.iter().find(|it| *it != "SYS_PTRACE") {
            return Err(client(format!("{capability} is not allowed on Fargate.")));
        }
    }
    if !role && is_ecr(container.text_or_empty("image")) {
        return Err(client("Fargate requires task definition to have execution role ARN to support ECR images."));
    }
    container.map("logConfiguration").map_or(Ok(()), |log| logging(log, role))
}

fn logging(log: &Map<String, Value>, role: bool) -> Result<(), Refusal> {
    let driver = log.text_or_empty("logDriver");
    if !DRIVERS.contains(&driver) {
        return Err(client(format!("{driver} is not a valid log driver. Must be one of [{}]", DRIVERS.join(","))));
    }
    if driver != "awslogs" {
        return Ok(());
    }
    if !role {
        return Err(client(
            "Fargate requires task definition to have execution role ARN to support log driver awslogs.",
        ));
    }
    if log.map("options").is_none_or(|options| !options.has("awslogs-stream-prefix")) {
        return Err(client(
            "Fargate requires log configuration options to include awslogs-stream-prefix to support log driver awslogs.",
        ));
    }
    Ok(())
}

/// Whether an image lies in a private registry of ECR.
pub(super) fn is_ecr(image: &str) -> bool {
    let host = image.split('/').next().unwrap_or_default();
    let account = host.split('.').next().unwrap_or_default();
    account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) && host.contains(".dkr.ecr.")
}
