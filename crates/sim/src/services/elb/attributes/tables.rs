//! The attributes of each sort of load balancer, target group and listener: key, default and limit, in the order in which they
//! are shown. Knows no thing in particular.

use std::ops::RangeInclusive;

use super::super::state::{Group, Kind};

/// What an attribute may be.
#[derive(Clone, Debug)]
pub(super) enum Limit {
    /// Anything.
    Any,
    /// A number.
    Range(RangeInclusive<i64>),
    /// `off` or a number.
    OffOr(RangeInclusive<i64>),
    /// 0 or a number.
    ZeroOr(RangeInclusive<i64>),
    /// One of these.
    OneOf(&'static [&'static str]),
}

/// An attribute.
#[derive(Clone, Debug)]
pub(super) struct Attribute {
    pub(super) key: &'static str,
    pub(super) default: &'static str,
    pub(super) limit: Limit,
}

const fn flag(key: &'static str, default: &'static str) -> Attribute {
    Attribute { key, default, limit: Limit::OneOf(&["true", "false"]) }
}

const fn any(key: &'static str) -> Attribute {
    Attribute { key, default: "", limit: Limit::Any }
}

const fn range(key: &'static str, default: &'static str, from: i64, to: i64) -> Attribute {
    Attribute { key, default, limit: Limit::Range(from..=to) }
}

const fn off_or(key: &'static str, default: &'static str, from: i64, to: i64) -> Attribute {
    Attribute { key, default, limit: Limit::OffOr(from..=to) }
}

const fn one_of(key: &'static str, default: &'static str, values: &'static [&'static str]) -> Attribute {
    Attribute { key, default, limit: Limit::OneOf(values) }
}

/// Those of a load balancer.
pub(super) fn balancer(kind: Kind) -> Vec<Attribute> {
    let logs = [flag("access_logs.s3.enabled", "false"), any("access_logs.s3.bucket"), any("access_logs.s3.prefix")];
    let protection = flag("deletion_protection.enabled", "false");
    let ipv6 = flag("ipv6.deny_all_igw_traffic", "false");
    let shift = flag("zonal_shift.config.enabled", "false");
    match kind {
        Kind::Application => [
            logs.to_vec(),
            vec![
                range("idle_timeout.timeout_seconds", "60", 1, 4000),
                protection,
                flag("routing.http2.enabled", "true"),
                flag("routing.http.drop_invalid_header_fields.enabled", "false"),
                flag("routing.http.xff_client_port.enabled", "false"),
                flag("routing.http.preserve_host_header.enabled", "false"),
                one_of("routing.http.xff_header_processing.mode", "append", &["append", "preserve", "remove"]),
                flag("load_balancing.cross_zone.enabled", "true"),
                one_of("routing.http.desync_mitigation_mode", "defensive", &["monitor", "defensive", "strictest"]),
                flag("waf.fail_open.enabled", "false"),
                flag("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false"),
                flag("connection_logs.s3.enabled", "false"),
                any("connection_logs.s3.bucket"),
                any("connection_logs.s3.prefix"),
                flag("health_check_logs.s3.enabled", "false"),
                any("health_check_logs.s3.bucket"),
                any("health_check_logs.s3.prefix"),
                range("client_keep_alive.seconds", "3600", 60, 604_800),
                shift,
                ipv6,
            ],
        ]
        .concat(),
        Kind::Network => [
            vec![protection],
            logs.to_vec(),
            vec![
                flag("load_balancing.cross_zone.enabled", "false"),
                one_of(
                    "dns_record.client_routing_policy",
                    "any_availability_zone",
                    &["availability_zone_affinity", "partial_availability_zone_affinity", "any_availability_zone"],
                ),
                range("secondary_ips.auto_assigned.per_subnet", "0", 0, 7),
                shift,
                ipv6,
            ],
        ]
        .concat(),
        Kind::Gateway => vec![protection, flag("load_balancing.cross_zone.enabled", "false")],
    }
}

fn health() -> Vec<Attribute> {
    vec![
        off_or("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1", 1, 1000),
        off_or("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off", 1, 100),
        off_or("target_group_health.dns_failover.minimum_healthy_targets.count", "1", 1, 1000),
        off_or("target_group_health.dns_failover.minimum_healthy_targets.percentage", "off", 1, 100),
    ]
}

fn cross_zone() -> Attribute {
    one_of(
        "load_balancing.cross_zone.enabled",
        "use_load_balancer_configuration",
        &["true", "false", "use_load_balancer_configuration"],
    )
}

fn of_application() -> Vec<Attribute> {
    const STICKINESS: &[&str] = &["app_cookie", "lb_cookie", "source_ip"];
    let attributes = vec![
        range("deregistration_delay.timeout_seconds", "300", 0, 3600),
        flag("stickiness.enabled", "false"),
        one_of("stickiness.type", "lb_cookie", STICKINESS),
        range("stickiness.lb_cookie.duration_seconds", "86400", 1, 604_800),
        range("stickiness.app_cookie.duration_seconds", "86400", 1, 604_800),
        any("stickiness.app_cookie.cookie_name"),
        Attribute { key: "slow_start.duration_seconds", default: "0", limit: Limit::ZeroOr(30..=900) },
        one_of(
            "load_balancing.algorithm.type",
            "round_robin",
            &["round_robin", "least_outstanding_requests", "weighted_random"],
        ),
        one_of("load_balancing.algorithm.anomaly_mitigation", "off", &["on", "off"]),
        cross_zone(),
    ];
    [attributes, health()].concat()
}

fn of_network(protocol: &str, target_type: &str) -> Vec<Attribute> {
    const STICKINESS: &[&str] = &["app_cookie", "lb_cookie", "source_ip"];
    let udp = matches!(protocol, "UDP" | "TCP_UDP" | "QUIC" | "TCP_QUIC");
    let (ends, unhealthy) = if udp { ("true", "false") } else { ("false", "true") };
    let preserve = if target_type == "ip" && !udp { "false" } else { "true" };
    let attributes = vec![
        range("deregistration_delay.timeout_seconds", "300", 0, 3600),
        flag("deregistration_delay.connection_termination.enabled", ends),
        flag("proxy_protocol_v2.enabled", "false"),
        flag("preserve_client_ip.enabled", preserve),
        flag("stickiness.enabled", "false"),
        one_of("stickiness.type", "source_ip", STICKINESS),
        flag("target_health_state.unhealthy.connection_termination.enabled", unhealthy),
        range("target_health_state.unhealthy.draining_interval_seconds", "0", 0, 360_000),
        cross_zone(),
    ];
    [attributes, health()].concat()
}

fn of_gateway() -> Vec<Attribute> {
    const FAILOVER: &[&str] = &["rebalance", "no_rebalance"];
    vec![
        range("deregistration_delay.timeout_seconds", "300", 0, 3600),
        flag("stickiness.enabled", "false"),
        one_of("stickiness.type", "source_ip_dest_ip_proto", &["source_ip_dest_ip_proto", "source_ip_dest_ip"]),
        one_of("target_failover.on_deregistration", "no_rebalance", FAILOVER),
        one_of("target_failover.on_unhealthy", "no_rebalance", FAILOVER),
        flag("send_tcp_reset.on_unhealthy.enabled", "false"),
        flag("send_tcp_reset.on_deregistration.enabled", "false"),
    ]
}

/// Those of a target group.
pub(super) fn group(group: &Group) -> Vec<Attribute> {
    match (group.target_type.as_str(), group.protocol.as_deref().unwrap_or_default()) {
        ("lambda", _) => vec![flag("lambda.multi_value_headers.enabled", "false")],
        (_, "HTTP" | "HTTPS") => of_application(),
        (_, "GENEVE") => of_gateway(),
        (target_type, protocol) => of_network(protocol, target_type),
    }
}

/// Whether any target group has that key.
pub(super) fn some_group_has(key: &str) -> bool {
    let all = [of_application(), of_network("TCP", "ip"), of_gateway()].concat();
    key == "lambda.multi_value_headers.enabled" || all.iter().any(|attribute| attribute.key == key)
}

/// Those of a listener; no protocol is a gateway's.
pub(super) fn listener(protocol: Option<&str>) -> Vec<Attribute> {
    match protocol {
        Some("HTTP") => responses(),
        Some("HTTPS") => [requests(), responses()].concat(),
        Some("TCP" | "TCP_UDP" | "TCP_QUIC" | "TLS") => vec![range("tcp.idle_timeout.seconds", "350", 60, 6000)],
        None => vec![
            range("tcp.idle_timeout.seconds", "350", 60, 6000),
            flag("send_tcp_reset.on_idle_timeout.enabled", "false"),
        ],
        Some(_) => Vec::new(),
    }
}

fn requests() -> Vec<Attribute> {
    [
        "routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name",
        "routing.http.request.x_amzn_mtls_clientcert_issuer.header_name",
        "routing.http.request.x_amzn_mtls_clientcert_subject.header_name",
        "routing.http.request.x_amzn_mtls_clientcert_validity.header_name",
        "routing.http.request.x_amzn_mtls_clientcert_leaf.header_name",
        "routing.http.request.x_amzn_mtls_clientcert.header_name",
        "routing.http.request.x_amzn_tls_version.header_name",
        "routing.http.request.x_amzn_tls_cipher_suite.header_name",
    ]
    .into_iter()
    .map(any)
    .collect()
}

fn responses() -> Vec<Attribute> {
    let headers = [
        "routing.http.response.strict_transport_security.header_value",
        "routing.http.response.access_control_allow_origin.header_value",
        "routing.http.response.access_control_allow_methods.header_value",
        "routing.http.response.access_control_allow_headers.header_value",
        "routing.http.response.access_control_allow_credentials.header_value",
        "routing.http.response.access_control_expose_headers.header_value",
        "routing.http.response.access_control_max_age.header_value",
        "routing.http.response.content_security_policy.header_value",
        "routing.http.response.x_content_type_options.header_value",
        "routing.http.response.x_frame_options.header_value",
    ];
    let server = flag("routing.http.response.server.enabled", "true");
    std::iter::once(server).chain(headers.into_iter().map(any)).collect()
}
