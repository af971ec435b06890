//! The canonical form of a task definition, for documents that come from AWS: without what ECS adds of its own.
//! Pure; holes are left as they are.

use evenkeel_core::doc;
use serde_json::{Map, Value};

/// Keys that ECS computes.
const READ_ONLY: &[&str] = &[
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "tags",
];

/// Brings a document into canonical form.
pub(super) fn canonical(document: &Value) -> Value {
    let Value::Object(mut map) = prune(document) else { return Value::Object(Map::new()) };
    map.retain(|key, _| !READ_ONLY.contains(&key.as_str()));
    drop_if(&mut map, "enableFaultInjection", &Value::Bool(false));
    drop_if(&mut map, "networkMode", &"bridge".into());
    let shares_ports = matches!(map.get("networkMode").and_then(Value::as_str), Some("awsvpc" | "host"));
    for container in map.get_mut("containerDefinitions").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Value::Object(container) = container {
            self::container(container, shares_ports);
        }
    }
    for (key, by) in [("containerDefinitions", "name"), ("volumes", "name")] {
        sort_by(&mut map, key, by);
    }
    prune(&Value::Object(map))
}

fn container(map: &mut Map<String, Value>, shares_ports: bool) {
    map.entry("essential").or_insert(Value::Bool(true));
    map.entry("cpu").or_insert(0.into());
    for mapping in map.get_mut("portMappings").and_then(Value::as_array_mut).into_iter().flatten() {
        let Value::Object(mapping) = mapping else { continue };
        mapping.entry("protocol").or_insert("tcp".into());
        drop_if(mapping, "hostPort", &0.into());
        if shares_ports && let Some(port) = mapping.get("containerPort").cloned() {
            mapping.entry("hostPort").or_insert(port);
        }
    }
    if let Some(Value::Object(check)) = map.get_mut("healthCheck") {
        for (key, default) in [("interval", 30), ("timeout", 5), ("retries", 3)] {
            check.entry(key).or_insert(default.into());
        }
    }
    for (key, by) in [
        ("environment", "name"),
        ("secrets", "name"),
        ("mountPoints", "containerPath"),
        ("portMappings", "containerPort"),
        ("volumesFrom", "sourceContainer"),
    ] {
        sort_by(map, key, by);
    }
}

fn sort_by(map: &mut Map<String, Value>, list: &str, key: &str) {
    if let Some(Value::Array(items)) = map.get_mut(list) {
        items.sort_by_cached_key(|item| (item.get(key).map(ToString::to_string), item.to_string()));
    }
}

fn drop_if(map: &mut Map<String, Value>, key: &str, unset: &Value) {
    if map.get(key) == Some(unset) {
        map.remove(key);
    }
}

/// Drops nulls, empty lists and empty objects.
fn prune(value: &Value) -> Value {
    match value {
        _ if doc::is_hole(value) => value.clone(),
        Value::Array(items) => items.iter().map(prune).filter(|item| !item.is_null()).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), prune(value)))
            .filter(|(_, value)| {
                !(value.is_null() || *value == Value::Array(Vec::new()) || value.as_object().is_some_and(Map::is_empty))
            })
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
