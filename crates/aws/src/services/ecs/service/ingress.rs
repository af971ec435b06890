//! What connects a service to a gateway: its connector, as the file wants it and as a revision shows it, and how far the route is that ECS
//! makes for it. ECS shows connectors in revisions only, and a route's address once there is one.

use std::collections::BTreeMap;

use evenkeel_core::doc::Text;
use evenkeel_core::error::CloudError;
use evenkeel_core::snapshot::{Live, Readiness};
use evenkeel_stack::model;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::gateway;
use super::targets::Groups;
use crate::client::Aws;
use crate::services::ecs::read::{self, REVISION, items, last, text};

/// Where the target groups of routes are kept in the private state of a live service.
const GROUPS: &str = "ingress_groups";

/// The connection with a gateway.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Ingress {
    /// `PUBLIC` or `PRIVATE`: ECS connects with the gateways of the cluster that have it.
    access: Text,
    /// The name of the port.
    port: String,
    health_check: Check,
    deregistration_delay_secs: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Check {
    protocol: String,
    /// 0 for the port of the traffic.
    port: u32,
    path: String,
    interval_secs: u32,
    timeout_secs: u32,
    healthy_threshold: u32,
    unhealthy_threshold: u32,
    matcher: String,
}

/// What the file wants; nothing if the service has no ingress.
pub(super) fn wanted(service: &model::Service) -> Vec<Ingress> {
    let wanted = service.ingress.iter().map(|(ingress, _)| {
        let (node, check) = (gateway::id(&ingress.gateway), &ingress.health_check);
        Ingress {
            access: Text::output(node, "access"),
            port: ingress.port.clone(),
            health_check: Check {
                protocol: check.protocol.clone(),
                port: check.port.into(),
                path: check.path.clone(),
                interval_secs: check.interval_secs,
                timeout_secs: check.timeout_secs,
                healthy_threshold: check.healthy_threshold,
                unhealthy_threshold: check.unhealthy_threshold,
                matcher: check.matcher.clone(),
            },
            deregistration_delay_secs: ingress.deregistration_delay_secs,
        }
    });
    wanted.collect()
}

/// The ARN of the gateway; empty if the service has no ingress. Another gateway is another address.
pub(super) fn gateway(service: &model::Service) -> Text {
    let node = service.ingress.as_ref().map(|(ingress, _)| gateway::id(&ingress.gateway));
    node.map(|node| Text::output(node, "arn")).unwrap_or_default()
}

/// As ECS takes it.
pub(super) fn request(wanted: &[Ingress]) -> Value {
    wanted
        .iter()
        .map(|ingress| {
            let check = &ingress.health_check;
            let mut health = json!({
                "healthCheckProtocol": check.protocol,
                "healthCheckPath": check.path,
                "healthCheckIntervalSeconds": check.interval_secs,
                "healthCheckTimeoutSeconds": check.timeout_secs,
                "healthyThresholdCount": check.healthy_threshold,
                "unhealthyThresholdCount": check.unhealthy_threshold,
                "matcher": { "httpCode": check.matcher },
            });
            if check.port > 0 {
                health["healthCheckPort"] = check.port.into();
            }
            json!({
                "portName": ingress.port,
                "healthCheck": health,
                "filters": { "accessTypes": [ingress.access.known().unwrap_or_default()] },
                "deregistrationDelay": { "timeoutSeconds": ingress.deregistration_delay_secs },
            })
        })
        .collect()
}

/// The connections that ECS shows in a revision.
fn connections(revision: &Value) -> &[Value] {
    revision.get("ecsManagedResources").map_or(&[], |made| items(made, "gatewayConnections"))
}

/// What a service is connected with; `None` if its revision was not asked for.
pub(super) fn observed(service: &Value) -> Option<Value> {
    let revision = service.get(REVISION)?;
    let one = |connector: &Value| {
        let access = items(connector.get("filters").unwrap_or(&Value::Null), "accessTypes");
        let access: Vec<&str> = access.iter().filter_map(Value::as_str).collect();
        let nothing = Value::Null;
        let check = connector.get("healthCheck").unwrap_or(&nothing);
        let number = |key: &str, usual: u64| check.get(key).and_then(Value::as_u64).unwrap_or(usual);
        let word = |key: &str, usual: &str| check.get(key).and_then(Value::as_str).unwrap_or(usual).to_owned();
        let matcher = check.pointer("/matcher/httpCode").and_then(Value::as_str).unwrap_or("200");
        let delay = connector.pointer("/deregistrationDelay/timeoutSeconds").and_then(Value::as_u64).unwrap_or(300);
        json!({
            "access": access.join(","),
            "port": text(connector, "portName"),
            "health_check": {
                "protocol": word("healthCheckProtocol", "HTTP"),
                "port": number("healthCheckPort", 0),
                "path": word("healthCheckPath", "/"),
                "interval_secs": number("healthCheckIntervalSeconds", 30),
                "timeout_secs": number("healthCheckTimeoutSeconds", 5),
                "healthy_threshold": number("healthyThresholdCount", 5),
                "unhealthy_threshold": number("unhealthyThresholdCount", 2),
                "matcher": matcher,
            },
            "deregistration_delay_secs": delay,
        })
    };
    Some(items(revision, "gatewayConnectors").iter().map(one).collect())
}

/// The ARN of the gateway that a service is connected with, empty if there is none; `None` if its revision was not asked for.
pub(super) fn observed_gateway(service: &Value) -> Option<Value> {
    let revision = service.get(REVISION)?;
    let wants = !items(revision, "gatewayConnectors").is_empty();
    let first = connections(revision).first().filter(|_| wants);
    Some(first.map_or("", |it| text(it, "gatewayArn")).into())
}

/// Adds to a live service what its revision tells: addresses, what it uses, how far its routes are.
pub(super) fn tell(live: &mut Live, service: &Value) {
    let Some(revision) = service.get(REVISION).filter(|revision| !items(revision, "gatewayConnectors").is_empty())
    else {
        return;
    };
    let all = connections(revision);
    live.uses.extend(all.iter().map(|it| text(it, "gatewayArn").to_owned()).filter(|arn| !arn.is_empty()));
    if let Some(url) = all.iter().map(|it| text(it, "serviceUrl")).find(|url| !url.is_empty()) {
        let host = url.trim_start_matches("https://").trim_end_matches('/');
        live.outputs.insert("url".to_owned(), url.into());
        live.outputs.insert("host".to_owned(), host.into());
    }
    if live.readiness == Readiness::Ready {
        live.readiness = of_routes(all);
    }
    if let Value::Object(private) = &mut live.private {
        private.insert(GROUPS.to_owned(), json!(groups_of(all)));
    }
}

/// Whether a document of a service has an ingress.
pub(super) fn is_wanted(have: &Value) -> bool {
    !items(have, "ingress").is_empty()
}

/// How far routes are.
fn of_routes(connections: &[Value]) -> Readiness {
    let at = |it: &Value| last(text(it, "gatewayArn")).to_owned();
    if let Some(failed) = connections.iter().find(|it| text(it, "status").ends_with("_FAILED")) {
        let state = text(failed, "status").to_lowercase().replace('_', " ");
        return Readiness::Failed(format!(
            "its route through gateway {}: {state}. ECS tells why in the events of the service",
            at(failed)
        ));
    }
    let open = connections.iter().find(|it| text(it, "status") != "ACTIVE");
    match (connections.is_empty(), open) {
        (true, _) => Readiness::Pending("waits for its route".to_owned()),
        (false, Some(open)) => {
            let state = text(open, "status").to_lowercase().replace('_', " ");
            Readiness::Pending(format!("its route through gateway {}: {state}", at(open)))
        }
        (false, None) => Readiness::Ready,
    }
}

/// The target groups of routes, in pairs.
fn groups_of(connections: &[Value]) -> Vec<Vec<String>> {
    let resources = connections.iter().filter_map(|it| it.pointer("/resources/hostSharedAlb")?.as_array()).flatten();
    let pair = |it: &Value| {
        let both = ["targetGroupArn", "alternateTargetGroupArn"].map(|key| text(it, key).to_owned());
        both.into_iter().filter(|arn| !arn.is_empty()).collect::<Vec<_>>()
    };
    resources.map(pair).filter(|pair| !pair.is_empty()).collect()
}

/// The target groups of the routes of a live service, each pair with how many healthy targets it should have.
pub(super) fn groups(live: &Live, desired: u64) -> Groups {
    let pairs: Vec<Vec<String>> =
        live.private.get(GROUPS).cloned().and_then(|pairs| serde_json::from_value(pairs).ok()).unwrap_or_default();
    pairs.into_iter().filter(|_| desired > 0).map(|pair| (pair, desired)).collect()
}

/// How far the routes of a service are now that ECS is done with its deployment, and their target groups.
///
/// # Errors
/// Any error of `ecs:DescribeServiceRevisions`.
pub(super) async fn state(aws: &Aws, service: &Value, desired: u64) -> Result<(Readiness, Groups), CloudError> {
    let found: BTreeMap<String, Value> = read::revisions_of(aws, &[service]).await?;
    let nothing = Value::Null;
    let revision = found.get(text(service, "serviceArn")).unwrap_or(&nothing);
    let all = connections(revision);
    let groups = groups_of(all).into_iter().filter(|_| desired > 0).map(|pair| (pair, desired)).collect();
    Ok((of_routes(all), groups))
}
