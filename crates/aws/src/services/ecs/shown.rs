//! How services and task definitions are shown.

use serde_json::{Map, Value};

use crate::shown::{Headed, Shown, told, usual};

/// How the kinds of this service are shown.
pub(super) const SHOWN: &[Shown] = &[
    Shown {
        kind: "service",
        usual: &[
            told("cluster"),
            usual("deployment.bake_time_minutes", "0"),
            usual("deployment.circuit_breaker", "true"),
            usual("deployment.maximum_percent", "200"),
            usual("deployment.minimum_healthy_percent", "100"),
            usual("deployment.rollback", "true"),
            usual("deployment.strategy", "ROLLING"),
            usual("grace_secs", "0"),
            usual("platform_version", "LATEST"),
            usual("propagate_tags", "NONE"),
            usual("scheduling", "REPLICA"),
            usual("service_connect.enabled", "false"),
            told("task_definition"),
        ],
        ..Shown::PLAIN
    },
    Shown {
        kind: "task_definition",
        usual: &[
            usual("containerDefinitions.[].cpu", "0"),
            usual("containerDefinitions.[].essential", "true"),
            usual("containerDefinitions.[].healthCheck.interval", "30"),
            usual("containerDefinitions.[].healthCheck.retries", "3"),
            usual("containerDefinitions.[].healthCheck.timeout", "5"),
            usual("containerDefinitions.[].logConfiguration.logDriver", "awslogs"),
            told("containerDefinitions.[].logConfiguration.options.awslogs-region"),
            told("containerDefinitions.[].logConfiguration.options.awslogs-stream-prefix"),
            usual("containerDefinitions.[].portMappings.[].protocol", "tcp"),
            told("family"),
            usual("networkMode", "awsvpc"),
            usual("requiresCompatibilities", "[FARGATE]"),
        ],
        shorter: |at, value| match at {
            ["containerDefinitions", "[]", "environment"] => pairs(value, "value"),
            ["containerDefinitions", "[]", "secrets"] => pairs(value, "valueFrom"),
            ["containerDefinitions", "[]", "portMappings", "[]"] => port(value),
            _ => None,
        },
        headed: Some(Headed { field: "containerDefinitions", name: "name", first: "image" }),
        ..Shown::PLAIN
    },
];

/// A list of names and values as a map.
fn pairs(list: &Value, value: &str) -> Option<Value> {
    let pair = |item: &Value| Some((item.get("name")?.as_str()?.to_owned(), item.get(value)?.clone()));
    list.as_array()?.iter().map(pair).collect::<Option<Map<_, _>>>().map(Value::Object)
}

/// A port that is mapped to itself is a number.
fn port(mapping: &Value) -> Option<Value> {
    let mut map = mapping.as_object()?.clone();
    if map.get("hostPort") == map.get("containerPort") {
        map.remove("hostPort");
    }
    match map.get("containerPort") {
        Some(port) if map.len() == 1 => Some(port.clone()),
        _ => Some(map.into()),
    }
}
