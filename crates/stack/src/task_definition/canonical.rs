//! The canonical form of a task definition: what `DescribeTaskDefinition` gives back for a document, less everything that AWS
//! fills in or reorders by itself. Desired documents and live ones both go through it, so that the diff is plain comparison.
//! Pure and idempotent; holes are left as they are.

use evenkeel_core::doc::is_hole;
use serde_json::{Map, Value};

use super::schema::READ_ONLY;
use super::sizes;

/// Keys of a container whose `false` AWS takes for unset.
const FALSE_IS_UNSET: &[&str] =
    &["privileged", "interactive", "pseudoTerminal", "readonlyRootFilesystem", "disableNetworking"];

/// Brings a document into canonical form.
///
/// Takes desired documents (with holes) and what `DescribeTaskDefinition` returned alike: read-only keys and tags go.
#[must_use]
pub fn canonical(document: &Value) -> Value {
    let Value::Object(map) = prune(document) else { return Value::Object(Map::new()) };
    let mut map = map;
    for key in READ_ONLY.iter().chain(&["tags"]) {
        map.remove(*key);
    }
    drop_if(&mut map, "enableFaultInjection", &Value::Bool(false));
    // Bridge is what ECS uses on Linux when nothing is said; some answers spell it, some do not.
    drop_if(&mut map, "networkMode", &"bridge".into());
    for (key, read) in [("cpu", sizes::cpu as fn(&str) -> Option<u64>), ("memory", sizes::memory)] {
        if let Some(value) = map.get_mut(key) {
            let text = match &*value {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            };
            if let Some(text) = text {
                *value = read(&text).map_or(text, |number| number.to_string()).into();
            }
        }
    }
    let shares_ports = matches!(map.get("networkMode").and_then(Value::as_str), Some("awsvpc" | "host"));
    if let Some(Value::Array(containers)) = map.get_mut("containerDefinitions") {
        for container in containers.iter_mut().filter_map(Value::as_object_mut) {
            self::container(container, shares_ports);
        }
        sort_by(containers, "name");
    }
    if let Some(Value::Array(volumes)) = map.get_mut("volumes") {
        volumes.iter_mut().filter_map(Value::as_object_mut).for_each(volume);
        sort_by(volumes, "name");
    }
    if let Some(Value::Array(words)) = map.get_mut("requiresCompatibilities") {
        words.sort_by_key(ToString::to_string);
        words.dedup();
    }
    if let Some(Value::Object(proxy)) = map.get_mut("proxyConfiguration") {
        // There is no other type.
        drop_if(proxy, "type", &"APPMESH".into());
        if let Some(Value::Array(items)) = proxy.get_mut("properties") {
            sort_by(items, "name");
        }
    }
    prune(&Value::Object(map))
}

/// Drops nulls, empty lists and empty objects, at every depth.
fn prune(value: &Value) -> Value {
    match value {
        _ if is_hole(value) => value.clone(),
        Value::Array(items) => items.iter().map(prune).filter(|item| !item.is_null()).collect(),
        Value::Object(map) => {
            let keep = |value: &Value| match value {
                Value::Null => false,
                Value::Array(items) => !items.is_empty(),
                Value::Object(map) => !map.is_empty(),
                Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
            };
            map.iter().map(|(key, value)| (key.clone(), prune(value))).filter(|(_, value)| keep(value)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn drop_if(map: &mut Map<String, Value>, key: &str, unset: &Value) {
    if map.get(key) == Some(unset) {
        map.remove(key);
    }
}

fn sort_by(items: &mut [Value], key: &str) {
    items.sort_by_cached_key(|item| item.get(key).map(ToString::to_string).unwrap_or_default());
}

fn container(map: &mut Map<String, Value>, shares_ports: bool) {
    map.entry("essential").or_insert(Value::Bool(true));
    map.entry("cpu").or_insert(0.into());
    for key in FALSE_IS_UNSET {
        drop_if(map, key, &Value::Bool(false));
    }
    drop_if(map, "versionConsistency", &"enabled".into());
    for (key, by) in
        [("environment", "name"), ("secrets", "name"), ("ulimits", "name"), ("systemControls", "namespace")]
    {
        if let Some(Value::Array(items)) = map.get_mut(key) {
            sort_by(items, by);
        }
    }
    if let Some(Value::Array(items)) = map.get_mut("links") {
        items.sort_by_key(ToString::to_string);
    }
    for (key, by) in [("mountPoints", "containerPath"), ("volumesFrom", "sourceContainer")] {
        if let Some(Value::Array(items)) = map.get_mut(key) {
            items.iter_mut().filter_map(Value::as_object_mut).for_each(|item| {
                drop_if(item, "readOnly", &Value::Bool(false));
            });
            sort_by(items, by);
        }
    }
    if let Some(Value::Array(items)) = map.get_mut("portMappings") {
        items.iter_mut().filter_map(Value::as_object_mut).for_each(|item| port_mapping(item, shares_ports));
        items.sort_by_cached_key(|item| {
            (
                item.get("containerPort").and_then(Value::as_i64),
                item.get("protocol").map(ToString::to_string),
                item.to_string(),
            )
        });
    }
    if let Some(Value::Object(check)) = map.get_mut("healthCheck") {
        for (key, default) in [("interval", 30), ("timeout", 5), ("retries", 3)] {
            check.entry(key).or_insert(default.into());
        }
        drop_if(check, "startPeriod", &0.into());
    }
    if let Some(Value::Array(items)) = map.get_mut("logConfiguration").and_then(|log| log.get_mut("secretOptions")) {
        sort_by(items, "name");
    }
    for key in ["add", "drop"] {
        let list =
            map.get_mut("linuxParameters").and_then(|it| it.get_mut("capabilities")).and_then(|it| it.get_mut(key));
        if let Some(Value::Array(items)) = list {
            items.sort_by_key(ToString::to_string);
        }
    }
}

fn port_mapping(map: &mut Map<String, Value>, shares_ports: bool) {
    map.entry("protocol").or_insert("tcp".into());
    // Under bridge 0 asks for a port of ECS's choice, which is what nothing at all does.
    drop_if(map, "hostPort", &0.into());
    if shares_ports && let Some(port) = map.get("containerPort").cloned() {
        map.entry("hostPort").or_insert(port);
    }
}

fn volume(map: &mut Map<String, Value>) {
    drop_if(map, "configuredAtLaunch", &Value::Bool(false));
    if let Some(Value::Object(efs)) = map.get_mut("efsVolumeConfiguration") {
        drop_if(efs, "rootDirectory", &"/".into());
        drop_if(efs, "transitEncryption", &"DISABLED".into());
        drop_if(efs, "transitEncryptionPort", &0.into());
        if let Some(Value::Object(authorization)) = efs.get_mut("authorizationConfig") {
            drop_if(authorization, "iam", &"DISABLED".into());
        }
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_core::doc::Text;
    use evenkeel_core::id::NodeId;
    use serde_json::json;

    use super::*;

    fn desired() -> Value {
        json!({
            "family": "web",
            "networkMode": "awsvpc",
            "cpu": "1 vCPU",
            "memory": 2048,
            "requiresCompatibilities": ["FARGATE"],
            "executionRoleArn": Text::output(NodeId::new("role", "exec"), "arn"),
            "containerDefinitions": [
                { "name": "b", "image": "b:1", "environment": [{ "name": "Z", "value": "" }, { "name": "A", "value": "1" }] },
                {
                    "name": "a", "image": "a:1", "command": [], "links": null,
                    "portMappings": [{ "containerPort": 80 }, { "containerPort": 53, "protocol": "udp" }],
                    "healthCheck": { "command": ["CMD", "true"] },
                },
            ],
        })
    }

    /// What AWS adds to the same document.
    fn live() -> Value {
        json!({
            "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:3",
            "revision": 3, "status": "ACTIVE", "compatibilities": ["EC2", "FARGATE"],
            "requiresAttributes": [{ "name": "ecs.capability.task-eni" }],
            "registeredAt": "2026-01-01T00:00:00Z", "registeredBy": "arn:aws:sts::123456789012:assumed-role/x/y",
            "family": "web", "networkMode": "awsvpc", "cpu": "1024", "memory": "2048",
            "volumes": [], "placementConstraints": [], "enableFaultInjection": false,
            "requiresCompatibilities": ["FARGATE"],
            "executionRoleArn": Text::output(NodeId::new("role", "exec"), "arn"),
            "containerDefinitions": [
                {
                    "name": "a", "image": "a:1", "cpu": 0, "essential": true, "environment": [], "mountPoints": [],
                    "volumesFrom": [], "systemControls": [],
                    "linuxParameters": { "capabilities": { "add": [], "drop": [] } },
                    "portMappings": [
                        { "containerPort": 53, "hostPort": 53, "protocol": "udp" },
                        { "containerPort": 80, "hostPort": 80, "protocol": "tcp" },
                    ],
                    "healthCheck": { "command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3 },
                },
                {
                    "name": "b", "image": "b:1", "cpu": 0, "essential": true, "portMappings": [],
                    "environment": [{ "name": "A", "value": "1" }, { "name": "Z", "value": "" }],
                    "mountPoints": [], "volumesFrom": [],
                },
            ],
        })
    }

    #[test]
    fn what_aws_adds_vanishes() {
        assert_eq!(canonical(&desired()), canonical(&live()));
    }

    #[test]
    fn canonical_is_idempotent_and_keeps_holes() {
        for document in [desired(), live()] {
            let once = canonical(&document);
            assert_eq!(canonical(&once), once);
            assert!(is_hole(&once["executionRoleArn"]));
        }
    }

    #[test]
    fn a_real_difference_stays() {
        let mut other = desired();
        other["containerDefinitions"][0]["environment"][1]["value"] = "2".into();
        assert_ne!(canonical(&desired()), canonical(&other));
    }

    #[test]
    fn nonsense_does_no_harm() {
        for document in [json!(null), json!([1]), json!({ "containerDefinitions": 3, "cpu": [] })] {
            let once = canonical(&document);
            assert_eq!(canonical(&once), once);
        }
    }
}
