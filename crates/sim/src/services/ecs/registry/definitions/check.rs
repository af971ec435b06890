//! What a task definition may say as a whole, and the order in which ECS complains. Single containers, ports, volumes and the
//! limits of Fargate have files of their own.

use serde_json::{Map, Value};

use super::super::super::checks::{client, invalid, is_name};
use super::{containers, fargate, network, roles, sizes, volumes};
use crate::call::{Members, Refusal};
use crate::world::Place;

/// The longest definition, in bytes.
const LONGEST: usize = 65_536;
/// The most containers.
const MOST_CONTAINERS: usize = 10;
/// The most placement constraints.
const MOST_CONSTRAINTS: usize = 10;

/// Checks a definition.
pub(super) fn check(definition: &Map<String, Value>, place: &Place) -> Result<(), Refusal> {
    let family = definition.text_or_empty("family");
    if family.is_empty() {
        return Err(client("Family should not be null or empty."));
    }
    if !is_name(family) {
        return Err(client("Family contains invalid characters."));
    }
    let list = definition.list("containerDefinitions");
    if list.is_empty() {
        return Err(client("Container list cannot be empty."));
    }
    if list.len() > MOST_CONTAINERS {
        return Err(client("Too many containers"));
    }
    let length = Value::Object(definition.clone()).to_string().len();
    if length > LONGEST {
        return Err(client(format!("Actual length: '{length}'. Max allowed length is '{LONGEST}' bytes.")));
    }
    if !definition.list("inferenceAccelerators").is_empty() {
        return Err(client("Unsupported field 'inferenceAccelerators'"));
    }
    roles::check(definition, place)?;
    let (cpu, memory) = sizes(definition)?;
    // That a task has no size at all is told before what its containers lack.
    if requires(definition, "FARGATE") {
        fargate::task(definition)?;
    }
    containers::check(definition, cpu, memory)?;
    network::check(definition)?;
    volumes::check(definition)?;
    constraints(definition)?;
    compatible(definition)?;
    ephemeral_storage(definition)
}

/// The size of the task in CPU units and MiB.
pub(super) fn sizes(definition: &Map<String, Value>) -> Result<(Option<u64>, Option<u64>), Refusal> {
    let read = |name: &str, reading: fn(&str) -> Option<u64>| match definition.text(name) {
        None => Ok(None),
        Some(text) => reading(text).map(Some).ok_or_else(|| invalid(format!("Invalid '{name}' setting for task."))),
    };
    let cpu = read("cpu", sizes::cpu)?;
    if cpu.is_some_and(|units| !(128..=196_608).contains(&units)) {
        return Err(invalid("Invalid 'cpu' setting for task."));
    }
    Ok((cpu, read("memory", sizes::memory)?))
}

fn requires(definition: &Map<String, Value>, what: &str) -> bool {
    definition.list("requiresCompatibilities").iter().any(|it| it == what)
}

fn compatible(definition: &Map<String, Value>) -> Result<(), Refusal> {
    if requires(definition, "FARGATE") {
        fargate::check(definition)?;
    }
    if requires(definition, "EXTERNAL") && definition.text("networkMode") == Some("awsvpc") {
        return Err(client("External launch type does not support network mode 'awsvpc'."));
    }
    if requires(definition, "MANAGED_INSTANCES") {
        managed_instances(definition)?;
    }
    Ok(())
}

/// What managed instances do not have. Source: the ECS guide on task definitions for them.
fn managed_instances(definition: &Map<String, Value>) -> Result<(), Refusal> {
    let mode = definition.text("networkMode").unwrap_or_default();
    if !matches!(mode, "awsvpc" | "host") {
        return Err(client("Managed Instances only support the network modes 'awsvpc' and 'host'."));
    }
    let unknown = |name: &str| Err(client(format!("Managed Instances do not support '{name}'.")));
    for name in ["ipcMode", "proxyConfiguration"] {
        if definition.has(name) {
            return unknown(name);
        }
    }
    let given = |container: &Value, name: &str| match container.member(name) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(items)) => !items.is_empty(),
        Some(_) => true,
    };
    let names =
        ["disableNetworking", "dnsSearchDomains", "dnsServers", "dockerLabels", "dockerSecurityOptions", "extraHosts"];
    for container in definition.list("containerDefinitions") {
        if let Some(name) = names.into_iter().chain(["hostname", "links"]).find(|name| given(container, name)) {
            return unknown(name);
        }
    }
    Ok(())
}

fn constraints(definition: &Map<String, Value>) -> Result<(), Refusal> {
    let constraints = definition.list("placementConstraints");
    if constraints.len() > MOST_CONSTRAINTS {
        return Err(client(format!("The maximum number of placement constraints is {MOST_CONSTRAINTS}.")));
    }
    for constraint in constraints {
        if constraint.text("type") != Some("memberOf") {
            return Err(client("Placement constraint type should be one of [memberOf]"));
        }
        if constraint.text_or_empty("expression").is_empty() {
            return Err(client("Placement constraint expression should not be null or empty."));
        }
    }
    Ok(())
}

fn ephemeral_storage(definition: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(storage) = definition.map("ephemeralStorage") else { return Ok(()) };
    if !requires(definition, "FARGATE") {
        return Err(client("Tasks using the EC2 launch type do not support EphemeralStorage."));
    }
    match storage.integer("sizeInGiB").unwrap_or(0) {
        ..21 => Err(client("EphemeralStorage size should be at least 21")),
        21..=200 => Ok(()),
        _ => Err(client("EphemeralStorage size should be at most 200")),
    }
}
