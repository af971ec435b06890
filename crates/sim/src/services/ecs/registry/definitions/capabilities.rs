//! What ECS works out of a task definition: where it can run, and what a container instance must be able to do for it.

use serde_json::{Map, Value};

use super::fargate;
use crate::call::Members;

/// Where a definition can run.
pub(super) fn fits(definition: &Map<String, Value>) -> Vec<&'static str> {
    let awsvpc = definition.text("networkMode") == Some("awsvpc");
    let efs = definition
        .list("volumes")
        .iter()
        .any(|volume| volume.has("efsVolumeConfiguration") || volume.has("fsxWindowsFileServerVolumeConfiguration"));
    let mut found = Vec::new();
    if !awsvpc && !efs && !definition.has("proxyConfiguration") {
        found.push("EXTERNAL");
    }
    found.push("EC2");
    if fargate::check(definition).is_ok() {
        found.push("FARGATE");
    }
    found
}

/// The attributes that an instance must have, each once.
pub(super) fn needs(definition: &Map<String, Value>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let execution = definition.has("executionRoleArn");
    for container in definition.list("containerDefinitions") {
        found.extend(container_needs(container, execution));
    }
    let mode = definition.text("networkMode").unwrap_or("bridge");
    if definition.has("taskRoleArn") {
        let name = if mode == "host" { "task-iam-role-network-host" } else { "task-iam-role" };
        found.push(format!("com.amazonaws.ecs.capability.{name}"));
        if mode != "awsvpc" {
            found.push(docker(17));
        }
    }
    if mode == "awsvpc" {
        found.push(docker(18));
        found.push("ecs.capability.task-eni".to_owned());
    }
    if definition.has("pidMode") || definition.has("ipcMode") {
        found.push("ecs.capability.pid-ipc-namespace-sharing".to_owned());
    }
    if definition.has("proxyConfiguration") {
        found.push("ecs.capability.aws-appmesh".to_owned());
    }
    for volume in definition.list("volumes") {
        if let Some(efs) = volume.map("efsVolumeConfiguration") {
            found.push("ecs.capability.efs".to_owned());
            found.push(docker(25));
            if efs.has("authorizationConfig") {
                found.push("ecs.capability.efsAuth".to_owned());
            }
        }
        if let Some(docker) = volume.map("dockerVolumeConfiguration") {
            let driver = docker.text("driver").unwrap_or("local");
            found.push(format!("ecs.capability.docker-plugin.{driver}"));
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|name| seen.insert(name.clone()));
    found
}

/// A version of Docker's API.
fn docker(minor: u32) -> String {
    format!("com.amazonaws.ecs.capability.docker-remote-api.1.{minor}")
}

fn container_needs(container: &Value, execution: bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut plain = |name: &str| found.push(name.to_owned());
    if let Some(log) = container.map("logConfiguration") {
        let driver = log.text_or_empty("logDriver");
        plain(&format!("com.amazonaws.ecs.capability.logging-driver.{driver}"));
        if driver == "awslogs" && execution {
            plain("ecs.capability.execution-role-awslogs");
        }
        plain(&docker(19));
        if log.map("options").is_some_and(|options| options.has("awslogs-create-group")) {
            plain(&docker(29));
        }
        for option in log.list("secretOptions") {
            plain(&format!("ecs.capability.secrets.{}.bootstrap.log-driver", store(option)));
        }
    }
    if fargate::is_ecr(container.text_or_empty("image")) {
        plain("com.amazonaws.ecs.capability.ecr-auth");
        if execution {
            plain("ecs.capability.execution-role-ecr-pull");
        }
    }
    for secret in container.list("secrets") {
        plain(&format!("ecs.capability.secrets.{}.environment-variables", store(secret)));
    }
    if container.has("memoryReservation") {
        plain(&docker(21));
    }
    if container.has("healthCheck") {
        plain("ecs.capability.container-health-check");
        plain(&docker(24));
    }
    if !container.list("dependsOn").is_empty() || container.has("startTimeout") || container.has("stopTimeout") {
        plain("ecs.capability.container-ordering");
    }
    if container.flag("privileged") == Some(true) {
        plain("com.amazonaws.ecs.capability.privileged-container");
    }
    if !container.list("environmentFiles").is_empty() {
        plain("ecs.capability.env-files.s3");
    }
    if container.has("repositoryCredentials") {
        plain("ecs.capability.private-registry-authentication.secretsmanager");
    }
    if let Some(firelens) = container.map("firelensConfiguration") {
        plain(&format!("ecs.capability.firelens.{}", firelens.text_or_empty("type")));
    }
    for option in container.texts("dockerSecurityOptions") {
        match option.split(':').next() {
            Some("label") => plain("com.amazonaws.ecs.capability.selinux"),
            Some("apparmor") => plain("com.amazonaws.ecs.capability.apparmor"),
            _ => {}
        }
    }
    found
}

/// Where a secret lies: a parameter if it is not said to be a secret of Secrets Manager.
fn store(secret: &Value) -> &'static str {
    if secret.text_or_empty("valueFrom").contains(":secretsmanager:") { "asm" } else { "ssm" }
}
