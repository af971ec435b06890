//! How a task definition reads back: sizes as numbers, roles as ARNs, and the defaults that AWS fills in. What a client sent
//! beyond that comes back as it was, empty lists included; what it did not send stays away.

use serde_json::{Map, Value, json};

use super::{capabilities, roles, sizes};
use crate::call::Members;
use crate::world::Place;

/// Lists of a container that are always there.
const LISTS: [&str; 5] = ["environment", "mountPoints", "portMappings", "systemControls", "volumesFrom"];

/// The document that is kept of a request.
pub(super) fn stored(given: &Map<String, Value>, place: &Place) -> Map<String, Value> {
    let mut kept = given.clone();
    kept.remove("tags");
    strip(&mut kept);
    kept.retain(|name, value| !(name.ends_with("Mode") && value == ""));
    for (name, read) in [("cpu", sizes::cpu as fn(&str) -> Option<u64>), ("memory", sizes::memory)] {
        if let Some(size) = kept.text(name).and_then(read) {
            kept.insert(name.to_owned(), size.to_string().into());
        }
    }
    for name in roles::MEMBERS {
        if let Some(arn) = kept.text(name).and_then(|role| roles::arn(role, place)) {
            kept.insert(name.to_owned(), arn.into());
        }
    }
    for name in ["volumes", "placementConstraints"] {
        kept.entry(name).or_insert(json!([]));
    }
    kept.entry("enableFaultInjection").or_insert(json!(false));
    if let Some(Value::Object(proxy)) = kept.get_mut("proxyConfiguration") {
        proxy.entry("type").or_insert(json!("APPMESH"));
    }
    let mode = kept.text("networkMode").unwrap_or("bridge").to_owned();
    for container in objects(&mut kept, "containerDefinitions") {
        self::container(container, &mode);
    }
    for volume in objects(&mut kept, "volumes") {
        if let Some(Value::Object(efs)) = volume.get_mut("efsVolumeConfiguration") {
            efs.entry("rootDirectory").or_insert(json!("/"));
        }
    }
    let needs = capabilities::needs(&kept);
    if !needs.is_empty() {
        let attributes = needs.into_iter().map(|name| json!({ "name": name })).collect();
        kept.insert("requiresAttributes".to_owned(), attributes);
    }
    let fits: Value = capabilities::fits(given).into_iter().map(Value::from).collect();
    kept.insert("compatibilities".to_owned(), fits);
    kept
}

/// Takes members away that were sent as null.
fn strip(map: &mut Map<String, Value>) {
    map.retain(|_, value| !value.is_null());
    for value in map.values_mut() {
        match value {
            Value::Object(inner) => strip(inner),
            Value::Array(items) => items.iter_mut().filter_map(Value::as_object_mut).for_each(strip),
            _ => {}
        }
    }
}

fn objects<'m>(map: &'m mut Map<String, Value>, name: &str) -> impl Iterator<Item = &'m mut Map<String, Value>> {
    map.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}

fn container(container: &mut Map<String, Value>, mode: &str) {
    container.entry("cpu").or_insert(json!(0));
    container.entry("essential").or_insert(json!(true));
    for name in LISTS {
        container.entry(name).or_insert(json!([]));
    }
    for mapping in objects(container, "portMappings") {
        mapping.entry("protocol").or_insert(json!("tcp"));
        let Some(port) = mapping.integer("containerPort") else { continue };
        let shared = matches!(mode, "awsvpc" | "host");
        if shared && mapping.integer("hostPort").unwrap_or(0) == 0 {
            mapping.insert("hostPort".to_owned(), port.into());
        }
        mapping.entry("hostPort").or_insert(json!(0));
    }
    if let Some(Value::Object(check)) = container.get_mut("healthCheck") {
        for (name, usual) in [("interval", 30), ("timeout", 5), ("retries", 3)] {
            check.entry(name).or_insert(json!(usual));
        }
    }
    let capabilities = container.get_mut("linuxParameters").and_then(|linux| linux.get_mut("capabilities"));
    if let Some(Value::Object(capabilities)) = capabilities {
        for name in ["add", "drop"] {
            capabilities.entry(name).or_insert(json!([]));
        }
    }
}
