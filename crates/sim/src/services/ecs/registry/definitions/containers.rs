//! What each container of a task definition may say, and what they may say of each other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::super::super::checks::{client, is_name};
use crate::call::{Members, Refusal};

/// The numbers of a health check, with their ranges.
const CHECK: [(&str, i64, i64); 4] =
    [("interval", 5, 300), ("timeout", 2, 60), ("retries", 1, 10), ("startPeriod", 0, 300)];

/// Checks the containers, given the size of the task.
pub(super) fn check(definition: &Map<String, Value>, cpu: Option<u64>, memory: Option<u64>) -> Result<(), Refusal> {
    let containers = definition.list("containerDefinitions");
    let mut names = BTreeSet::new();
    for container in containers {
        let name = container.text_or_empty("name");
        if name.is_empty() {
            return Err(client("Container.name should not be null or empty."));
        }
        if !is_name(name) {
            return Err(client("Container.name contains invalid characters."));
        }
        if !names.insert(name) {
            return Err(client("Container names must be unique within a task definition."));
        }
        if container.text_or_empty("image").is_empty() {
            return Err(client("Container.image should not be null or empty."));
        }
        resources(container, name, memory)?;
        contents(definition, container, name)?;
        logging(container)?;
    }
    if !containers.iter().any(is_essential) {
        return Err(client("Task definition does not have at least one essential container"));
    }
    let sum: i64 = containers.iter().filter_map(|container| container.integer("cpu")).sum();
    if cpu.is_some_and(|cpu| u64::try_from(sum).is_ok_and(|sum| sum > cpu)) {
        return Err(client(
            "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.",
        ));
    }
    let uses_router =
        |it: &Value| it.map("logConfiguration").and_then(|log| log.text("logDriver")) == Some("awsfirelens");
    if containers.iter().any(uses_router) && !containers.iter().any(|it| it.has("firelensConfiguration")) {
        return Err(client(
            "When awsfirelens log driver is specified in log configuration, a firelens configuration object must be \
             configured in one of the containers.",
        ));
    }
    dependencies(containers)
}

/// Whether the task stops with that container.
fn is_essential(container: &Value) -> bool {
    container.flag("essential").unwrap_or(true)
}

fn bad(member: &str, name: &str) -> Refusal {
    client(format!("Invalid '{member}' setting for container '{name}'."))
}

fn resources(container: &Value, name: &str, task: Option<u64>) -> Result<(), Refusal> {
    let (hard, soft) = (container.integer("memory"), container.integer("memoryReservation"));
    if container.integer("cpu").is_some_and(|units| units < 0) {
        return Err(bad("cpu", name));
    }
    for (member, value) in [("memory", hard), ("memoryReservation", soft)] {
        if value.is_some_and(|value| value < 0 || (value > 0 && value < 4)) {
            return Err(bad(member, name));
        }
    }
    let none = |value: Option<i64>| value.unwrap_or(0) == 0;
    if task.is_none() && none(hard) && none(soft) {
        return Err(client(format!(
            "Invalid setting for container '{name}'. At least one of 'memory' or 'memoryReservation' must be specified."
        )));
    }
    if let (Some(hard), Some(soft)) = (hard, soft)
        && hard < soft
    {
        return Err(client(format!(
            "Invalid setting for container '{name}'. 'memory' must be greater than or equal to 'memoryReservation'."
        )));
    }
    let over = |value: Option<i64>| task.is_some_and(|task| value.and_then(|it| u64::try_from(it).ok()) > Some(task));
    for (member, value) in [("memory", hard), ("memoryReservation", soft)] {
        if over(value) {
            return Err(client(format!("The '{member}' setting for container '{name}' is greater than for the task.")));
        }
    }
    Ok(())
}

fn contents(definition: &Map<String, Value>, container: &Value, name: &str) -> Result<(), Refusal> {
    secrets(definition, container)?;
    let files = container.list("environmentFiles");
    if files.len() > 10 {
        return Err(client("The maximum number of environment files was exceeded. Specify ten or less and try again."));
    }
    if files.iter().any(|file| !file.text_or_empty("value").starts_with("arn:aws:s3:::")) {
        return Err(client("Invalid arn syntax."));
    }
    for limit in container.list("ulimits") {
        let (soft, hard) = (limit.integer("softLimit").unwrap_or(0), limit.integer("hardLimit").unwrap_or(0));
        // -1 stands for no limit at all.
        if hard >= 0 && (soft > hard || soft < 0) {
            return Err(client(format!("Soft limit exceeds hard limit for ulimit {}", limit.text_or_empty("name"))));
        }
    }
    health_check(container, name)?;
    for (member, words) in [("startTimeout", "start"), ("stopTimeout", "stop")] {
        if container.integer(member).is_some_and(|seconds| seconds < 2) {
            return Err(client(format!("Granular {words} timeout on container '{name}' must be at least 2 seconds.")));
        }
    }
    if let Some(policy) = container.map("restartPolicy") {
        if policy.integer("restartAttemptPeriod").is_some_and(|seconds| !(60..=1800).contains(&seconds)) {
            return Err(client(format!(
                "The 'restartAttemptPeriod' setting for container '{name}' must be between 60 and 1800."
            )));
        }
        if policy.list("ignoredExitCodes").len() > 50 {
            return Err(bad("ignoredExitCodes", name));
        }
    }
    if let Some(linux) = container.map("linuxParameters") {
        if linux.integer("swappiness").is_some_and(|value| !(0..=100).contains(&value)) {
            return Err(bad("swappiness", name));
        }
        if linux.integer("maxSwap").is_some_and(|value| value < 0) {
            return Err(bad("maxSwap", name));
        }
    }
    Ok(())
}

fn secrets(definition: &Map<String, Value>, container: &Value) -> Result<(), Refusal> {
    let role = definition.has("executionRoleArn");
    let secrets = container.list("secrets");
    if !secrets.is_empty() && !role {
        return Err(client(
            "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
        ));
    }
    let logged = container.map("logConfiguration").map(|log| log.list("secretOptions").len()).unwrap_or_default();
    if logged > 0 && !role {
        return Err(client(
            "When you are specifying secrets in the log configuration, you must also specify a value for 'executionRoleArn'.",
        ));
    }
    if container.has("repositoryCredentials") && !role {
        return Err(client(
            "When you are specifying repository credentials, you must also specify a value for 'executionRoleArn'.",
        ));
    }
    let mut taken: BTreeSet<&str> = container.list("environment").iter().filter_map(|it| it.text("name")).collect();
    for secret in secrets {
        let name = secret.text_or_empty("name");
        if name.is_empty() || secret.text_or_empty("valueFrom").is_empty() {
            return Err(client("Secret name and valueFrom should not be null or empty."));
        }
        if !taken.insert(name) {
            return Err(client(format!(
                "The secret name must be unique and not shared with any new or existing environment variables set on the \
                 container, such as '{name}'."
            )));
        }
    }
    Ok(())
}

fn health_check(container: &Value, name: &str) -> Result<(), Refusal> {
    let Some(check) = container.map("healthCheck") else { return Ok(()) };
    // Whether it begins with CMD is Docker's business: ECS takes any command, and then it never succeeds.
    if check.list("command").is_empty() {
        return Err(bad("healthCheck", name));
    }
    for (member, least, most) in CHECK {
        let text = match check.integer(member) {
            Some(value) if value < least => format!("greater than or equal to the minimum allowed value {least}"),
            Some(value) if value > most => format!("less than or equal to the maximum allowed value {most}"),
            _ => continue,
        };
        return Err(client(format!("Health check {member} must be {text} for container '{name}'")));
    }
    Ok(())
}

fn logging(container: &Value) -> Result<(), Refusal> {
    let Some(log) = container.map("logConfiguration") else { return Ok(()) };
    if log.text("logDriver") != Some("awslogs") {
        return Ok(());
    }
    let given = |name: &str| log.map("options").is_some_and(|options| !options.text_or_empty(name).is_empty());
    let missing: Vec<&str> = ["awslogs-region", "awslogs-group"].into_iter().filter(|name| !given(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(client(format!("Log driver awslogs requires options: {}", missing.join(", "))))
}

fn dependencies(containers: &[Value]) -> Result<(), Refusal> {
    let by_name: BTreeMap<&str, &Value> = containers.iter().map(|it| (it.text_or_empty("name"), it)).collect();
    let mut edges: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for container in containers {
        let own = container.text_or_empty("name");
        for item in container.list("dependsOn") {
            let name = item.text_or_empty("containerName");
            if name == own {
                return Err(client("A container cannot depend on itself."));
            }
            let Some(other) = by_name.get(name) else {
                // The plus sign is AWS's.
                return Err(client(format!("Cannot depend on container + '{name}' because it does not exist")));
            };
            match item.text_or_empty("condition") {
                "SUCCESS" | "COMPLETE" if is_essential(other) => {
                    return Err(client(
                        "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container",
                    ));
                }
                "HEALTHY" if !other.has("healthCheck") => {
                    return Err(client(
                        "A dependency container with HEALTHY condition must have health check configured",
                    ));
                }
                _ => edges.entry(own).or_default().push(name),
            }
        }
    }
    if cyclic(&edges) { Err(client("Container dependencies should not have a cycle")) } else { Ok(()) }
}

/// Whether one can get back to where one came from.
pub(super) fn cyclic(edges: &BTreeMap<&str, Vec<&str>>) -> bool {
    // Whatever leads nowhere is taken away until nothing does; what is left goes in circles.
    let mut left = edges.clone();
    loop {
        let stays: BTreeSet<&str> = left.keys().copied().collect();
        let before = left.len();
        left.retain(|_, to| to.iter().any(|name| stays.contains(name)));
        if left.len() == before {
            return !left.is_empty();
        }
    }
}
