//! `target_groups:`, with health checks and attributes. What a protocol allows is in `group_protocols`.

use std::collections::BTreeMap;

use super::super::arn;
use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::{HealthCheck, TargetGroup};
use super::super::table::{EMPTY, Made, Table, Type, key};
use super::super::tagging::Rules;
use super::super::tree::{Entry, Tree, Value};
use super::super::values;
use super::group_protocols::{self, PROTOCOLS};
use super::network::BY_TAGS;
use super::{Ctx, META, NAME, existing};

/// An entry.
pub(crate) static TARGET_GROUP: Table = Table {
    path: "target_groups",
    what: "a target group",
    groups: &[
        &[key(
            "existing",
            Type::AnyOf(&[Type::Text, Type::Map(&BY_TAGS)]),
            "An existing target group, which is only looked up; no other key is allowed with it.",
        )
        .shape("name, ARN, or `{ tags: { key: value } }`")
        .aws("DescribeTargetGroups")
        .example("shared-app")],
        &NAME,
        &META,
        &[
            key("port", Type::Port, "The port that targets listen on, where they bring none of their own, as those of services do. AWS cannot change it: another port is shown in the plan, and stays as it is.")
                .without("required, unless `existing` is given")
                .aws("Port")
                .example("3000"),
            key(
                "protocol",
                Type::Word(PROTOCOLS),
                "The protocol to the targets: HTTP or HTTPS; behind a network load balancer TCP, TLS, UDP or TCP_UDP. A change replaces \
                 the group.",
            )
            .value("HTTP")
            .aws("Protocol"),
            key(
                "protocol_version",
                Type::Word(&["HTTP1", "HTTP2", "GRPC"]),
                "The version of HTTP; a change replaces the group.",
            )
            .without("`HTTP1`")
            .aws("ProtocolVersion"),
            key(
                "target_type",
                Type::Word(&["ip", "instance"]),
                "The type of the targets; tasks in network mode awsvpc need `ip`. A change replaces the group.",
            )
            .value("ip")
            .aws("TargetType"),
            key(
                "health_check",
                Type::AnyOf(&[Type::Map(&HEALTH_CHECK), Type::Text]),
                "The health check of the targets.",
            )
            .shape("a path, or a map (below)")
            .without("the defaults below")
            .example("{ path: /healthz, interval: 15s }"),
            key(
                "deregistration_delay",
                Type::Seconds(0, 3600),
                "How long open requests may continue when a target is removed.",
            )
            .without("not managed (AWS: 300s)")
            .aws("deregistration_delay.timeout_seconds")
            .example("30s"),
            key("slow_start", Type::Seconds(0, 900), "How long a new target gets less than its share.")
                .shape("0, or 30s to 15m")
                .without("not managed")
                .aws("slow_start.duration_seconds"),
            key(
                "algorithm",
                Type::Word(&["round_robin", "least_outstanding_requests", "weighted_random"]),
                "How a target is chosen.",
            )
            .without("not managed")
            .aws("load_balancing.algorithm.type"),
            key("anomaly_mitigation", Type::Switch, "Whether targets that answer worse than others get less; with `weighted_random`.")
                .without("not managed")
                .aws("load_balancing.algorithm.anomaly_mitigation"),
            key(
                "stickiness",
                Type::AnyOf(&[Type::Map(&COOKIE), Type::Seconds(1, 604_800), Type::Just(&["off", "false", "source_ip"])]),
                "How long a client stays with a target, by a cookie of the load balancer or of the application; behind a network load \
                 balancer `source_ip`, by its address.",
            )
            .shape("duration, `{ cookie, duration }`, `source_ip`, or `off` (`false`)")
            .without("not managed")
            .aws("stickiness.type")
            .example("1h"),
            key(
                "preserve_client_ip",
                Type::Flag,
                "Whether packets reach the targets with the addresses of the clients; behind a network load balancer. With UDP they always do.",
            )
            .without("not managed (AWS: true for UDP, TCP_UDP and `instance`, else false)")
            .aws("preserve_client_ip.enabled"),
            key(
                "proxy_protocol",
                Type::Flag,
                "Whether each connection begins with a header of proxy protocol version 2, which the targets must understand; behind a \
                 network load balancer.",
            )
            .without("not managed (AWS: false)")
            .aws("proxy_protocol_v2.enabled"),
            key(
                "connection_termination",
                Type::Flag,
                "Whether connections end when the deregistration delay is over; behind a network load balancer.",
            )
            .without("not managed (AWS: true for UDP and TCP_UDP, else false)")
            .aws("deregistration_delay.connection_termination.enabled"),
            key(
                "unhealthy_termination",
                Type::Flag,
                "Whether connections end when a target becomes unhealthy; TCP and TLS behind a network load balancer.",
            )
            .without("not managed (AWS: true)")
            .aws("target_health_state.unhealthy.connection_termination.enabled"),
            key(
                "unhealthy_draining",
                Type::Seconds(0, 360_000),
                "How long connections of an unhealthy target go on, with unhealthy_termination: false.",
            )
            .without("not managed (AWS: 0s)")
            .aws("target_health_state.unhealthy.draining_interval_seconds"),
            key(
                "cross_zone",
                Type::AnyOf(&[Type::Flag, Type::Just(&["use_load_balancer_configuration"])]),
                "Whether targets of all zones are used, in place of what the load balancer says.",
            )
            .without("not managed (AWS: `use_load_balancer_configuration`)")
            .aws("load_balancing.cross_zone.enabled"),
            key("attributes", Type::MapOf(&Type::Blank), "Any attribute of a target group by AWS's name.")
                .aws("Attributes")
                .example("{ load_balancing.cross_zone.enabled: \"true\" }"),
        ],
    ],
    made: &[Made { kind: "target_group", outputs: &["arn", "name"], name: Some(&values::TARGET_GROUP) }],
    words: &[
        ("HealthCheckPath", "It is `path` under `health_check:` here."),
        ("HealthCheckPort", "It is `port` under `health_check:` here."),
        ("HealthCheckProtocol", "It is `protocol` under `health_check:` here."),
        ("HealthCheckIntervalSeconds", "It is `interval` under `health_check:` here."),
        ("HealthCheckTimeoutSeconds", "It is `timeout` under `health_check:` here."),
        ("HealthyThresholdCount", "It is `healthy_threshold` under `health_check:` here."),
        ("UnhealthyThresholdCount", "It is `unhealthy_threshold` under `health_check:` here."),
        ("Matcher", "It is `matcher` under `health_check:` here."),
        ("TargetGroupName", "It is called `name` here."),
        ("VpcId", "The VPC of the stack is `vpc` under `network:`."),
    ],
    ..EMPTY
};

/// `stickiness:` by a cookie of the application.
static COOKIE: Table = Table {
    path: "target_groups.stickiness",
    what: "the stickiness of a target group",
    groups: &[&[
        key("cookie", Type::Text, "The name of the cookie that the application sets.")
            .needed("Name the cookie: { cookie: session, duration: 1h }. For one of the load balancer: stickiness: 1h.")
            .aws("stickiness.app_cookie.cookie_name")
            .example("session"),
        key("duration", Type::Seconds(1, 604_800), "How long a client stays with a target.")
            .value("1d")
            .aws("stickiness.app_cookie.duration_seconds"),
    ]],
    ..EMPTY
};

/// `health_check:`.
static HEALTH_CHECK: Table = Table {
    path: "target_groups.health_check",
    what: "the health check of a target group",
    groups: &[&[
        key("path", Type::Text, "The path to request, with HTTP and HTTPS.")
            .without("`/` (`/AWS.ALB/healthcheck` for GRPC)")
            .aws("HealthCheckPath")
            .example("/healthz"),
        key("port", Type::AnyOf(&[Type::Port, Type::Just(&["traffic-port", "traffic_port"])]), "The port to use.")
            .shape("port or `traffic-port`")
            .value("traffic-port")
            .aws("HealthCheckPort"),
        key(
            "protocol",
            Type::Word(&["HTTP", "HTTPS", "TCP"]),
            "The protocol to use; TCP only behind a network load balancer.",
        )
        .without("that of the group; `TCP` for TCP, TLS, UDP and TCP_UDP")
        .aws("HealthCheckProtocol"),
        key("interval", Type::Seconds(5, 300), "Time between two checks.")
            .value("30s")
            .aws("HealthCheckIntervalSeconds"),
        key("timeout", Type::Seconds(2, 120), "The time limit of one check; shorter than the interval.")
            .without("AWS's default")
            .aws("HealthCheckTimeoutSeconds"),
        key("healthy_threshold", Type::Number(2, 10), "Successful checks in a row until a target counts as healthy.")
            .value("5")
            .aws("HealthyThresholdCount"),
        key("unhealthy_threshold", Type::Number(2, 10), "Failed checks in a row until it counts as unhealthy.")
            .value("2")
            .aws("UnhealthyThresholdCount"),
        key("matcher", Type::Several(&Type::Text), "Status codes that count as a success.")
            .also(&["success_codes"])
            .shape("`200`, `200-299`, `200,302`, or a list")
            .without("`200` (`12` for GRPC, `200-399` behind a network load balancer)")
            .aws("Matcher"),
    ]],
    ..EMPTY
};

/// What of others can be named.
const EXISTING: existing::Sort = existing::Sort { shape: &arn::TARGET_GROUP, rule: &values::TARGET_GROUP, tags: true };

/// Reads one entry.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry) -> Option<TargetGroup> {
    let what = format!("target group `{}`", entry.key);
    let fields = Fields::open(&entry.value, what.clone(), &TARGET_GROUP, ctx.problems)?;
    if let Some(existing) = existing::read(ctx, entry, &fields, (&TARGET_GROUP, &[]), &EXISTING) {
        let (meta, existing) = existing?;
        return Some(TargetGroup {
            meta,
            existing: Some(existing),
            port: 0,
            protocol: String::new(),
            protocol_version: None,
            target_type: String::new(),
            health_check: health_check(ctx, None, &what, "HTTP", Some("HTTP1")),
            attributes: BTreeMap::new(),
        });
    }
    let meta = ctx.meta(entry, &fields, Rules::Common);
    let port = fields.port("port");
    if fields.take("port").is_none() {
        let help = "A target group needs the port that its targets listen on: port: 3000. For one that exists: existing: NAME.";
        ctx.problems.error("missing-key", fields.place(), format!("{what} has no `port`"), help);
    }
    let protocol = fields.word("protocol").unwrap_or_default();
    group_protocols::check(ctx, &fields, protocol);
    let http = group_protocols::is_http(protocol);
    let version = fields.word("protocol_version").or(Some("HTTP1")).filter(|_| http);
    let target_type = fields.word("target_type").unwrap_or_default();
    let health_check = health_check(ctx, fields.take("health_check"), &what, protocol, version);
    let attributes = attributes(ctx, &fields, &what);
    group_protocols::check_attributes(ctx, &fields, protocol, &attributes);
    fields.finish();
    ctx.protocols.borrow_mut().insert(entry.key.clone(), protocol.to_owned());
    Some(TargetGroup {
        meta,
        existing: None,
        port: port?,
        protocol: protocol.to_owned(),
        protocol_version: version.map(str::to_owned),
        target_type: target_type.to_owned(),
        health_check,
        attributes,
    })
}

fn health_check(ctx: &Ctx<'_>, tree: Option<&Tree>, what: &str, protocol: &str, version: Option<&str>) -> HealthCheck {
    let usual = group_protocols::usual_check(protocol, version);
    let Some(tree) = tree else { return usual };
    let what = format!("the health check of {what}");
    if let Value::Text(_) = &tree.value {
        let web = if usual.path.is_none() { group_protocols::web_check(protocol, version, "HTTP") } else { usual };
        return HealthCheck { path: path(ctx, tree).or(web.path), ..web };
    }
    let Some(fields) = Fields::open(tree, what.clone(), &HEALTH_CHECK, ctx.problems) else { return usual };
    let given = fields.word("protocol");
    let mut check = match given {
        Some("TCP") | None if usual.path.is_none() => usual,
        Some(given) => group_protocols::web_check(protocol, version, given),
        None => usual,
    };
    group_protocols::check_checks(ctx, &fields, protocol, &check, given);
    if let Some(tree) = fields.take("port") {
        check.port = match tree.scalar().as_deref() {
            Some("traffic-port" | "traffic_port") => "traffic-port".to_owned(),
            Some(_) | None => fields.port("port").map_or(check.port, |port| port.to_string()),
        };
    }
    let web = check.path.is_some();
    check.path = fields.take("path").and_then(|tree| path(ctx, tree)).or(check.path).filter(|_| web);
    check.interval_secs = fields.seconds("interval").unwrap_or_default();
    check.timeout_secs = fields.seconds("timeout");
    check.healthy_threshold = fields.count("healthy_threshold").unwrap_or_default();
    check.unhealthy_threshold = fields.count("unhealthy_threshold").unwrap_or_default();
    if let Some(tree) = fields.take("matcher") {
        let range = group_protocols::codes(protocol, version);
        check.matcher = matcher(ctx, tree, range).or(check.matcher).filter(|_| web);
    }
    // Checks of network load balancers may take as long as the time between two.
    let too_long = |timeout: &u32| {
        if group_protocols::is_http(protocol) {
            *timeout >= check.interval_secs
        } else {
            *timeout > check.interval_secs
        }
    };
    if let Some(timeout) = check.timeout_secs.filter(too_long) {
        let place = fields.take("timeout").map_or(&tree.place, |tree| &tree.place);
        let summary = format!("{what} has a timeout of {timeout}s but an interval of {}s", check.interval_secs);
        ctx.problems.error("bad-health-check", place, summary, "The timeout must be shorter than the interval.");
    }
    let usual_timeout = usual_timeout(protocol, web);
    if let (None, Some(place)) = (check.timeout_secs, fields.take("interval").map(|tree| &tree.place))
        && too_long(&usual_timeout)
    {
        let summary = format!(
            "{what} has an interval of {}s, and AWS's timeout is {usual_timeout}s unless it is given",
            check.interval_secs
        );
        let help =
            format!("The timeout must be shorter than the interval. Write timeout: {}s, too.", check.interval_secs - 1);
        ctx.problems.error("bad-health-check", place, summary, help);
    }
    fields.finish();
    check
}

/// The timeout of a health check, in seconds, that AWS takes where none is given: 5 for groups with HTTP, 6 for checks by HTTP of other
/// groups, else 10. Source: the reference of CreateTargetGroup.
fn usual_timeout(protocol: &str, web: bool) -> u32 {
    match (group_protocols::is_http(protocol), web) {
        (true, _) => 5,
        (false, true) => 6,
        (false, false) => 10,
    }
}

pub(super) fn path(ctx: &Ctx<'_>, tree: &Tree) -> Option<String> {
    let path = Want::new("the path of a health check", ctx.problems).filled(tree)?;
    if !path.starts_with('/') || path.len() > 1024 {
        let help = format!("A path starts with `/` and has at most 1024 characters: /{path}.");
        ctx.problems.error("bad-value", &tree.place, format!("`{path}` is not a path"), help);
        return None;
    }
    Some(path)
}

pub(super) fn matcher(ctx: &Ctx<'_>, tree: &Tree, (low, high): (u32, u32)) -> Option<String> {
    let text = match tree.items() {
        Some(items) => items.iter().filter_map(Tree::scalar).collect::<Vec<_>>().join(","),
        None => Want::new("the matcher", ctx.problems).filled(tree)?,
    };
    let text = text.replace(' ', "");
    let code = |text: &str| text.parse::<u32>().is_ok_and(|code| (low..=high).contains(&code));
    let good = text.split(',').all(|part| match part.split_once('-') {
        Some((from, to)) => code(from) && code(to),
        None => code(part),
    });
    if !good {
        let help = format!("Write codes from {low} to {high}: 200, 200-299 or 200,302.");
        ctx.problems.error("bad-value", &tree.place, format!("`{text}` is not a set of status codes"), help);
        return None;
    }
    Some(text)
}

fn attributes(ctx: &Ctx<'_>, fields: &Fields<'_>, what: &str) -> BTreeMap<String, String> {
    let mut found = generic_attributes(ctx, fields.take("attributes"), what);
    let mut set = |name: &str, value: String| found.insert(name.to_owned(), value);
    if let Some(secs) = fields.seconds("deregistration_delay") {
        set("deregistration_delay.timeout_seconds", secs.to_string());
    }
    if let Some(secs) = fields.seconds("slow_start") {
        if (1..30).contains(&secs) {
            let place = fields.take("slow_start").map_or(fields.place(), |tree| &tree.place);
            let help = "AWS accepts 30 to 900 seconds, or 0 for none.";
            ctx.problems.error("out-of-range", place, "`slow_start` is too short", help);
        }
        set("slow_start.duration_seconds", secs.to_string());
    }
    if let Some(algorithm) = fields.word("algorithm") {
        set("load_balancing.algorithm.type", algorithm.to_owned());
    }
    for (key, name) in [
        ("preserve_client_ip", "preserve_client_ip.enabled"),
        ("proxy_protocol", "proxy_protocol_v2.enabled"),
        ("connection_termination", "deregistration_delay.connection_termination.enabled"),
        ("unhealthy_termination", "target_health_state.unhealthy.connection_termination.enabled"),
    ] {
        if let Some(on) = fields.flag(key) {
            set(name, on.to_string());
        }
    }
    if let Some(secs) = fields.seconds("unhealthy_draining") {
        set("target_health_state.unhealthy.draining_interval_seconds", secs.to_string());
    }
    if let Some(on) = fields.switch("anomaly_mitigation") {
        set("load_balancing.algorithm.anomaly_mitigation", if on { "on" } else { "off" }.to_owned());
    }
    if let Some(tree) = fields.take("cross_zone") {
        let whose = "use_load_balancer_configuration";
        let value = if tree.scalar().as_deref() == Some(whose) {
            Some(whose.to_owned())
        } else {
            fields.flag("cross_zone").map(|on| on.to_string())
        };
        if let Some(value) = value {
            set("load_balancing.cross_zone.enabled", value);
        }
    }
    if let Some(tree) = fields.take("stickiness") {
        stickiness(ctx, fields, tree, &mut found);
    }
    found
}

fn stickiness(ctx: &Ctx<'_>, fields: &Fields<'_>, tree: &Tree, found: &mut BTreeMap<String, String>) {
    let mut set = |name: &str, value: String| found.insert(format!("stickiness.{name}"), value);
    match tree.scalar().as_deref() {
        Some("false" | "off") => drop(set("enabled", "false".to_owned())),
        Some("source_ip") => {
            set("enabled", "true".to_owned());
            set("type", "source_ip".to_owned());
        }
        Some(_) => {
            if let Some(secs) = fields.seconds("stickiness") {
                set("enabled", "true".to_owned());
                set("type", "lb_cookie".to_owned());
                set("lb_cookie.duration_seconds", secs.to_string());
            }
        }
        None => {
            let what = format!("`stickiness` of {}", fields.what());
            let Some(inner) = Fields::open(tree, what, &COOKIE, ctx.problems) else { return };
            let (cookie, secs) = (inner.text("cookie"), inner.seconds("duration"));
            if let (Some(name), Some(tree)) = (&cookie, inner.take("cookie"))
                && name.starts_with("AWSALB")
            {
                let help =
                    "Names that begin with AWSALB are those of the load balancer. Name the cookie of the application.";
                ctx.problems.error("bad-value", &tree.place, format!("the cookie `{name}` is reserved"), help);
            }
            inner.finish();
            set("enabled", "true".to_owned());
            set("type", "app_cookie".to_owned());
            if let Some(cookie) = cookie {
                set("app_cookie.cookie_name", cookie);
            }
            if let Some(secs) = secs {
                set("app_cookie.duration_seconds", secs.to_string());
            }
        }
    }
}

/// `attributes:`, by AWS's own names.
pub(crate) fn generic_attributes(ctx: &Ctx<'_>, tree: Option<&Tree>, what: &str) -> BTreeMap<String, String> {
    let Some(tree) = tree else { return BTreeMap::new() };
    let key = format!("an attribute of {what}");
    Want::new(&key, ctx.problems).string_map(tree).into_iter().map(|(name, value, _)| (name, value)).collect()
}
