//! Which attributes of a target group go together: stickiness with the protocol, algorithms with slow start, anomalies and
//! stickiness.

use std::collections::BTreeMap;

use super::super::arns::{configuration, invalid};
use super::super::state::Group;
use super::tables;
use crate::call::Refusal;

/// The refusal of a key that this group does not have.
pub(super) fn strange(group: &Group, key: &str) -> Refusal {
    if !tables::some_group_has(key) {
        return invalid(format!("Target group attribute key '{key}' is not recognized"));
    }
    match (group.target_type.as_str(), &group.protocol) {
        ("lambda", _) => {
            configuration(format!("A target group with target type 'lambda' does not support the attribute {key}"))
        }
        (_, Some(protocol)) => configuration(format!(
            "Target group attribute key '{key}' is not supported for target groups with the {protocol} protocol"
        )),
        (_, None) => {
            configuration(format!("Target group attribute key '{key}' is not supported for this target group"))
        }
    }
}

/// Refuses what does not go together: `wanted` is what the request sets, `all` what the group has afterwards.
pub(super) fn check(
    group: &Group,
    wanted: &BTreeMap<String, String>,
    all: &BTreeMap<String, String>,
) -> Result<(), Refusal> {
    let protocol = group.protocol.as_deref().unwrap_or_default();
    let asked = |key: &str| wanted.get(key).map(String::as_str);
    let table = tables::group(group);
    let value = |key: &str| {
        let default = || table.iter().find(|attribute| attribute.key == key).map_or("", |attribute| attribute.default);
        all.get(key).map_or_else(default, String::as_str)
    };
    stickiness(protocol, asked("stickiness.type"), asked("stickiness.enabled"))?;
    if value("stickiness.enabled") == "true"
        && value("stickiness.type") == "app_cookie"
        && value("stickiness.app_cookie.cookie_name").is_empty()
    {
        return Err(configuration("You must set an application cookie name to enable stickiness of type 'app_cookie'"));
    }
    if let Some(name) = asked("stickiness.app_cookie.cookie_name").filter(|name| name.starts_with("AWSALB")) {
        return Err(invalid(format!("Application cookie name '{name}' is reserved")));
    }
    let algorithm = value("load_balancing.algorithm.type");
    let slow = !matches!(value("slow_start.duration_seconds"), "0" | "");
    if slow && algorithm == "weighted_random" {
        return Err(configuration("You cannot enable both slow start and weighted random algorithm on a target group"));
    }
    if slow && algorithm == "least_outstanding_requests" {
        return Err(configuration(
            "You cannot enable both slow start and least outstanding requests algorithm on a target group",
        ));
    }
    if value("load_balancing.algorithm.anomaly_mitigation") == "on" && algorithm != "weighted_random" {
        let words = if algorithm == "round_robin" { "round robin" } else { "least outstanding requests" };
        return Err(configuration(format!(
            "You cannot enable both anomaly mitigation and {words} algorithm on a target group"
        )));
    }
    if value("stickiness.enabled") == "true" && algorithm == "weighted_random" {
        return Err(configuration(
            "You cannot have both stickiness and weighted random algorithm enabled on the same target group.",
        ));
    }
    if matches!(protocol, "UDP" | "TCP_UDP") && asked("preserve_client_ip.enabled") == Some("false") {
        return Err(configuration(format!(
            "Client IP preservation cannot be disabled for target groups with the {protocol} protocol"
        )));
    }
    if matches!(protocol, "UDP" | "TCP_UDP")
        && asked("target_health_state.unhealthy.connection_termination.enabled") == Some("true")
    {
        return Err(configuration(format!(
            "Connection termination of unhealthy targets cannot be enabled for target groups with the {protocol} protocol"
        )));
    }
    let drains = !matches!(value("target_health_state.unhealthy.draining_interval_seconds"), "0" | "");
    if drains && value("target_health_state.unhealthy.connection_termination.enabled") == "true" {
        return Err(configuration(
            "You cannot set a draining interval for unhealthy targets while their connections are terminated",
        ));
    }
    if protocol == "GENEVE" && value("target_failover.on_deregistration") != value("target_failover.on_unhealthy") {
        let text =
            "The values of 'target_failover.on_deregistration' and 'target_failover.on_unhealthy' must be the same";
        return Err(configuration(text));
    }
    Ok(())
}

fn stickiness(protocol: &str, kind: Option<&str>, enabled: Option<&str>) -> Result<(), Refusal> {
    let http = matches!(protocol, "HTTP" | "HTTPS");
    if protocol == "TLS" && (enabled == Some("true") || kind == Some("source_ip")) {
        return Err(configuration("You cannot enable stickiness on target groups with the TLS protocol"));
    }
    let fits = match kind {
        Some("source_ip") => !http,
        Some("lb_cookie" | "app_cookie") => http,
        _ => true,
    };
    if !fits {
        let kind = kind.unwrap_or_default();
        return Err(configuration(format!(
            "Stickiness type '{kind}' is not supported for target groups with the {protocol} protocol"
        )));
    }
    Ok(())
}
