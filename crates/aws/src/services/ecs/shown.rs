//! How services and task definitions are shown.

use serde_json::{Map, Value};

use crate::shown::{Headed, Shown, told, usual};

/// How the kinds of this service are shown.
pub(super) const SHOWN: &[Shown] = &[
    Shown {
        kind: "gateway",
        usual: &[
            usual("access_logs.bucket", ""),
            usual("access_logs.prefix", ""),
            usual("http_desync", "defensive"),
            usual("max_load_balancers", "10"),
            usual("propagate_tags", "true"),
            usual("security_group", ""),
            usual("test_header.name", ""),
            usual("test_header.values", "[]"),
            usual("web_acl", ""),
        ],
        ..Shown::PLAIN
    },
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
            usual("deployment.early_success.enable", "false"),
            usual("deployment.reset_on_healthy_task", "true"),
            usual("deployment.threshold.type", "BOUNDED_PERCENT"),
            usual("deployment.threshold.value", "50"),
            usual("grace_secs", "0"),
            usual("gateway", ""),
            usual("ingress", "[]"),
            usual("platform_version", "LATEST"),
            usual("propagate_tags", "NONE"),
            usual("scheduling", "REPLICA"),
            usual("service_connect.enabled", "false"),
            told("task_definition"),
        ],
        changing: Some(|_, fields| Some(deploys(fields).to_owned())),
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

/// Fields of a service whose change starts a deployment, or for which one is forced; API: UpdateService, which says it of each member.
const DEPLOYED: &[&str] = &[
    "task_definition",
    "network",
    "platform_version",
    "load_balancers",
    "gateway",
    "ingress",
    "service_registries",
    "service_connect",
    "strategy",
    "execute_command",
    "last_deployment",
];

/// Fields that only tasks have which start later; the same source.
const LATER: &[&str] = &["propagate_tags", "managed_tags", "tags", "placement_constraints", "placement_strategy"];

/// Whether changes of these fields of a service start a deployment, in words.
fn deploys(fields: &[&str]) -> &'static str {
    let any = |of: &[&str]| fields.iter().any(|field| of.contains(field));
    if any(DEPLOYED) {
        "starts a deployment"
    } else if any(LATER) {
        "starts no deployment; running tasks keep what they have until the next one (`evenkeel restart`)"
    } else {
        "starts no deployment"
    }
}

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
