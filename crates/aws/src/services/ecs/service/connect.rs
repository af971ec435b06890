//! Service Connect of a service: the canonical form of what ECS takes, and where a reply shows it. ECS shows it with the deployments of
//! a service only, and of a service that never had it nothing at all. Which namespace is meant is not decided here.

use evenkeel_core::doc::{self, Doc};
use evenkeel_stack::model::Connect;
use serde_json::{Value, json};

use crate::services::ecs::read::deployments::primary;
use crate::services::ecs::read::{items, text};

/// Service Connect that is off.
pub(super) fn off() -> Value {
    json!({ "enabled": false })
}

/// Whether it is off.
pub(super) fn is_off(value: &Value) -> bool {
    value.get("enabled").and_then(Value::as_bool) == Some(false)
}

/// What a stack file wants.
pub(super) fn wanted(connect: Option<&Connect>) -> Doc {
    connect.map_or_else(off, |connect| canonical(&connect.document))
}

/// What a reply shows; `None` if it shows nothing.
pub(super) fn observed(service: &Value) -> Option<Value> {
    let shown = primary(service)?.get("serviceConnectConfiguration").filter(|value| !value.is_null())?;
    Some(if shown.get("enabled").and_then(Value::as_bool) == Some(true) { canonical(shown) } else { off() })
}

/// Without what is empty, and with the name that ECS gives a service without one.
fn canonical(document: &Value) -> Value {
    let mut document = without_empty(document);
    for service in document.get_mut("services").and_then(Value::as_array_mut).into_iter().flatten() {
        if service.get("discoveryName").is_none() {
            service["discoveryName"] = service["portName"].clone();
        }
    }
    if let Some(logs) = document.get_mut("accessLogConfiguration")
        && logs.get("includeQueryParameters").is_none()
    {
        logs["includeQueryParameters"] = "DISABLED".into();
    }
    document
}

fn without_empty(value: &Value) -> Value {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    match value {
        Value::Object(_) if doc::is_hole(value) => value.clone(),
        Value::Object(map) => {
            let kept = map.iter().map(|(key, value)| (key.clone(), without_empty(value)));
            Value::Object(kept.filter(|(_, value)| !is_empty(value)).collect())
        }
        Value::Array(items) => items.iter().map(without_empty).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// What has to outlive the service because of it: its namespace, the group of its logs, the roles by which it gets certificates.
pub(super) fn uses(service: &Value) -> Vec<String> {
    let Some(shown) = observed(service) else { return Vec::new() };
    let group = shown.pointer("/logConfiguration/options/awslogs-group").and_then(Value::as_str);
    let roles = items(&shown, "services").iter().filter_map(|one| one.pointer("/tls/roleArn")?.as_str());
    let mut uses = vec![text(&shown, "namespace").to_owned()];
    uses.extend(group.map(|group| format!("log_group/{group}")));
    uses.extend(roles.map(str::to_owned));
    uses
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(connect: Value) -> Value {
        json!({ "deployments": [{ "status": "PRIMARY", "serviceConnectConfiguration": connect }] })
    }

    #[test]
    fn what_is_shown_is_what_was_sent() {
        let sent = json!({ "enabled": true, "namespace": "arn:ns", "services": [{ "portName": "api", "clientAliases": [] }],
            "logConfiguration": { "logDriver": "awslogs", "options": { "awslogs-group": "app" }, "secretOptions": [] } });
        let shown = observed(&service(sent)).unwrap();
        let canonical = json!({ "enabled": true, "namespace": "arn:ns",
            "services": [{ "portName": "api", "discoveryName": "api" }],
            "logConfiguration": { "logDriver": "awslogs", "options": { "awslogs-group": "app" } } });
        assert_eq!(shown, canonical);
        assert_eq!(wanted(Some(&Connect { document: canonical.clone() })), canonical);
        assert_eq!(uses(&service(canonical)), ["arn:ns", "log_group/app"]);
    }

    #[test]
    fn off_is_off_however_it_is_shown() {
        assert_eq!(observed(&service(json!({ "enabled": false }))), Some(off()));
        assert_eq!(observed(&service(Value::Null)), None);
        assert_eq!(wanted(None), off());
    }
}
