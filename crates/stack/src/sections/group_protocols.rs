//! What the protocol of a target group allows: HTTP and HTTPS behind application, TCP, TLS, UDP and TCP_UDP behind network load
//! balancers. Says which keys, attributes and health checks go with which; knows no listener.

use std::collections::BTreeMap;

use super::super::fields::Fields;
use super::super::model::HealthCheck;
use super::super::suggest::choices;
use super::super::tree::Tree;
use super::Ctx;

/// All protocols.
pub(crate) const PROTOCOLS: &[&str] = &["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP"];
/// Those of application load balancers.
const WEB: &[&str] = &["HTTP", "HTTPS"];
/// Those of network load balancers.
const NETWORK: &[&str] = &["TCP", "TLS", "UDP", "TCP_UDP"];
/// Those whose connections can end.
const STREAMS: &[&str] = &["TCP", "TLS"];

/// Keys that go with some protocols only.
const KEYS: &[(&str, &[&str])] = &[
    ("protocol_version", WEB),
    ("slow_start", WEB),
    ("algorithm", WEB),
    ("anomaly_mitigation", WEB),
    ("preserve_client_ip", NETWORK),
    ("proxy_protocol", NETWORK),
    ("connection_termination", NETWORK),
    ("unhealthy_termination", STREAMS),
    ("unhealthy_draining", STREAMS),
];

/// How the names of attributes begin that go with some protocols only. Source: the reference of `TargetGroupAttribute`.
const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("load_balancing.algorithm.", WEB),
    ("slow_start.", WEB),
    ("stickiness.lb_cookie.", WEB),
    ("stickiness.app_cookie.", WEB),
    ("preserve_client_ip.", NETWORK),
    ("proxy_protocol_v2.", NETWORK),
    ("deregistration_delay.connection_termination.", NETWORK),
    ("target_health_state.", NETWORK),
];

/// Whether a protocol is one of application load balancers.
pub(crate) fn is_http(protocol: &str) -> bool {
    WEB.contains(&protocol)
}

/// Refuses keys and attributes that do not go with the protocol.
pub(crate) fn check(ctx: &Ctx<'_>, fields: &Fields<'_>, protocol: &str) {
    let what = fields.what();
    for (name, protocols) in KEYS.iter().filter(|(_, protocols)| !protocols.contains(&protocol)) {
        if let Some(entry) = fields.entry(name).filter(|entry| !entry.value.is_null()) {
            let summary = format!("{what} is {protocol} and has `{name}`");
            let help = format!("Only target groups with {} have it. Remove the key.", choices(protocols));
            ctx.problems.error("not-for-type", &entry.place, summary, help);
        }
    }
    for entry in fields.take("attributes").and_then(Tree::entries).unwrap_or_default() {
        let limits = ATTRIBUTES.iter().find(|(start, _)| entry.key.starts_with(start));
        if let Some((_, protocols)) = limits.filter(|(_, protocols)| !protocols.contains(&protocol)) {
            let summary = format!("{what} is {protocol} and has the attribute `{}`", entry.key);
            let help = format!("Only target groups with {} have it. Remove the attribute.", choices(protocols));
            ctx.problems.error("not-for-type", &entry.place, summary, help);
        }
    }
}

/// Refuses values of attributes that exclude each other, or the protocol.
pub(crate) fn check_attributes(
    ctx: &Ctx<'_>,
    fields: &Fields<'_>,
    protocol: &str,
    attributes: &BTreeMap<String, String>,
) {
    let what = fields.what();
    let value = |name: &str| attributes.get(name).map(String::as_str);
    let place = |key: &'static str| {
        let key = if fields.take(key).is_some() { key } else { "attributes" };
        fields.take(key).map_or(fields.place(), |tree| &tree.place)
    };
    let refuse = |key: &'static str, code: &'static str, summary: String, help: &str| {
        ctx.problems.error(code, place(key), summary, help);
    };
    let udp = matches!(protocol, "UDP" | "TCP_UDP");
    if udp && value("preserve_client_ip.enabled") == Some("false") {
        let summary = format!("{what} is {protocol} and does not preserve the addresses of clients");
        refuse(
            "preserve_client_ip",
            "not-for-type",
            summary,
            "With UDP and TCP_UDP AWS always does. Remove the setting.",
        );
    }
    let sticky = value("stickiness.enabled") == Some("true");
    let by_cookie = sticky && value("stickiness.type") != Some("source_ip");
    if sticky && protocol == "TLS" {
        let summary = format!("{what} is TLS and keeps its clients");
        refuse("stickiness", "not-for-type", summary, "AWS refuses stickiness with TLS. Remove it.");
    } else if by_cookie && !is_http(protocol) {
        let summary = format!("{what} is {protocol} and keeps its clients by a cookie");
        refuse(
            "stickiness",
            "not-for-type",
            summary,
            "A network load balancer knows addresses only: stickiness: source_ip.",
        );
    } else if sticky && !by_cookie && is_http(protocol) {
        let summary = format!("{what} is {protocol} and keeps its clients by their addresses");
        let help =
            "An application load balancer keeps them by a cookie: stickiness: 1h, or stickiness: { cookie: session }.";
        refuse("stickiness", "not-for-type", summary, help);
    }
    let algorithm = value("load_balancing.algorithm.type").unwrap_or("round_robin");
    if value("load_balancing.algorithm.anomaly_mitigation") == Some("on") && algorithm != "weighted_random" {
        let summary = format!("{what} mitigates anomalies with the algorithm {algorithm}");
        refuse("anomaly_mitigation", "contradiction", summary, "AWS does that with algorithm: weighted_random only.");
    }
    if sticky && algorithm == "weighted_random" {
        let summary = format!("{what} keeps its clients with the algorithm weighted_random");
        refuse("stickiness", "contradiction", summary, "AWS refuses the two together. Remove one of them.");
    }
    let slow = value("slow_start.duration_seconds").is_some_and(|secs| secs != "0");
    if slow && algorithm != "round_robin" {
        let summary = format!("{what} starts targets slowly with the algorithm {algorithm}");
        refuse(
            "slow_start",
            "contradiction",
            summary,
            "AWS does that with algorithm: round_robin only. Remove one of the two.",
        );
    }
    let ends = value("target_health_state.unhealthy.connection_termination.enabled") != Some("false");
    if ends && value("target_health_state.unhealthy.draining_interval_seconds").is_some_and(|secs| secs != "0") {
        let summary = format!("{what} drains unhealthy targets whose connections end at once");
        refuse(
            "unhealthy_draining",
            "contradiction",
            summary,
            "Add unhealthy_termination: false, or remove the interval.",
        );
    }
}

/// The health check of a group where the file says nothing.
pub(crate) fn usual_check(protocol: &str, version: Option<&str>) -> HealthCheck {
    match protocol {
        "HTTP" | "HTTPS" => web_check(protocol, version, protocol),
        _ => HealthCheck { path: None, matcher: None, ..web_check(protocol, version, "TCP") },
    }
}

/// A health check by HTTP or HTTPS, with AWS's defaults. Source: the reference of `CreateTargetGroup`.
pub(crate) fn web_check(protocol: &str, version: Option<&str>, by: &str) -> HealthCheck {
    let grpc = version == Some("GRPC");
    let codes = match (grpc, is_http(protocol)) {
        (true, _) => "12",
        (false, true) => "200",
        (false, false) => "200-399",
    };
    HealthCheck {
        protocol: by.to_owned(),
        port: "traffic-port".to_owned(),
        path: Some(if grpc { "/AWS.ALB/healthcheck" } else { "/" }.to_owned()),
        interval_secs: 30,
        timeout_secs: None,
        healthy_threshold: 5,
        unhealthy_threshold: 2,
        matcher: Some(codes.to_owned()),
    }
}

/// The codes that may count as a success, from and to.
pub(crate) fn codes(protocol: &str, version: Option<&str>) -> (u32, u32) {
    match (version == Some("GRPC"), is_http(protocol)) {
        (true, _) => (0, 99),
        (false, true) => (200, 499),
        (false, false) => (200, 599),
    }
}

/// Refuses a health check by TCP where there is none, and keys that one by TCP does not have.
pub(crate) fn check_checks(
    ctx: &Ctx<'_>,
    fields: &Fields<'_>,
    protocol: &str,
    check: &HealthCheck,
    given: Option<&str>,
) {
    let what = fields.what();
    if let Some(tree) = fields.take("protocol").filter(|_| given == Some("TCP") && is_http(protocol)) {
        let summary = format!("{what} is by TCP, and the group is {protocol}");
        let help = "Only target groups with TCP, TLS, UDP or TCP_UDP are checked by TCP. Write HTTP or HTTPS, or remove the key.";
        return ctx.problems.error("not-for-type", &tree.place, summary, help);
    }
    if check.path.is_some() {
        return;
    }
    for name in ["path", "matcher"] {
        if let Some(entry) = fields.entry(name).filter(|entry| !entry.value.is_null()) {
            let summary = format!("{what} is by TCP and has `{name}`");
            let help = "A check by TCP only opens a connection. Remove the key, or add protocol: HTTP.";
            ctx.problems.error("not-for-type", &entry.place, summary, help);
        }
    }
}
