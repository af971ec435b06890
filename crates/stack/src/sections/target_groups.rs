//! `target_groups:`, with health checks and attributes.

use std::collections::BTreeMap;

use super::super::arn;
use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::{HealthCheck, TargetGroup};
use super::super::table::{EMPTY, Made, Table, Type, key};
use super::super::tagging::Rules;
use super::super::tree::{Entry, Tree, Value};
use super::super::values;
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
                Type::Word(&["HTTP", "HTTPS"]),
                "The protocol to the targets; a change replaces the group.",
            )
            .value("HTTP")
            .aws("Protocol"),
            key(
                "protocol_version",
                Type::Word(&["HTTP1", "HTTP2", "GRPC"]),
                "The version of the protocol; a change replaces the group.",
            )
            .value("HTTP1")
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
            key(
                "stickiness",
                Type::AnyOf(&[Type::Seconds(1, 604_800), Type::Just(&["off", "false"])]),
                "How long a client stays with a target, by a cookie of the load balancer.",
            )
            .shape("duration, or `off` (`false`)")
            .without("not managed")
            .aws("stickiness.lb_cookie.duration_seconds")
            .example("1h"),
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

/// `health_check:`.
static HEALTH_CHECK: Table = Table {
    path: "target_groups.health_check",
    what: "the health check of a target group",
    groups: &[&[
        key("path", Type::Text, "The path to request.")
            .without("`/` (`/AWS.ALB/healthcheck` for GRPC)")
            .aws("HealthCheckPath")
            .example("/healthz"),
        key("port", Type::AnyOf(&[Type::Port, Type::Just(&["traffic-port", "traffic_port"])]), "The port to use.")
            .shape("port or `traffic-port`")
            .value("traffic-port")
            .aws("HealthCheckPort"),
        key("protocol", Type::Word(&["HTTP", "HTTPS"]), "The protocol to use.")
            .without("that of the group")
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
            .without("`200` (`12` for GRPC)")
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
            health_check: health_check(ctx, None, &what, "HTTP", "HTTP1"),
            attributes: BTreeMap::new(),
        });
    }
    let meta = ctx.meta(entry, &fields, Rules::Common);
    let port = fields.port("port");
    if fields.entry("port").is_none() {
        let help = "A target group needs the port that its targets listen on: port: 3000. For one that exists: existing: NAME.";
        ctx.problems.error("missing-key", fields.place(), format!("{what} has no `port`"), help);
    }
    let protocol = fields.word("protocol").unwrap_or_default();
    let version = fields.word("protocol_version").unwrap_or_default();
    let target_type = fields.word("target_type").unwrap_or_default();
    let health_check = health_check(ctx, fields.take("health_check"), &what, protocol, version);
    let attributes = attributes(ctx, &fields, &what);
    fields.finish();
    Some(TargetGroup {
        meta,
        existing: None,
        port: port?,
        protocol: protocol.to_owned(),
        protocol_version: Some(version.to_owned()),
        target_type: target_type.to_owned(),
        health_check,
        attributes,
    })
}

fn health_check(ctx: &Ctx<'_>, tree: Option<&Tree>, what: &str, protocol: &str, version: &str) -> HealthCheck {
    let grpc = version == "GRPC";
    let mut check = HealthCheck {
        protocol: protocol.to_owned(),
        port: "traffic-port".to_owned(),
        path: Some(if grpc { "/AWS.ALB/healthcheck" } else { "/" }.to_owned()),
        interval_secs: 30,
        timeout_secs: None,
        healthy_threshold: 5,
        unhealthy_threshold: 2,
        matcher: Some(if grpc { "12" } else { "200" }.to_owned()),
    };
    let Some(tree) = tree else { return check };
    let what = format!("the health check of {what}");
    if let Value::Text(_) = &tree.value {
        check.path = path(ctx, tree).or(check.path);
        return check;
    }
    let Some(fields) = Fields::open(tree, what.clone(), &HEALTH_CHECK, ctx.problems) else { return check };
    check.protocol = fields.word("protocol").map_or(check.protocol, str::to_owned);
    if let Some(tree) = fields.take("port") {
        check.port = match tree.scalar().as_deref() {
            Some("traffic-port" | "traffic_port") => "traffic-port".to_owned(),
            Some(_) | None => fields.port("port").map_or(check.port, |port| port.to_string()),
        };
    }
    check.path = fields.take("path").and_then(|tree| path(ctx, tree)).or(check.path);
    check.interval_secs = fields.seconds("interval").unwrap_or_default();
    check.timeout_secs = fields.seconds("timeout");
    check.healthy_threshold = fields.count("healthy_threshold").unwrap_or_default();
    check.unhealthy_threshold = fields.count("unhealthy_threshold").unwrap_or_default();
    if let Some(tree) = fields.take("matcher") {
        check.matcher = matcher(ctx, tree, grpc).or(check.matcher);
    }
    if let Some(timeout) = check.timeout_secs.filter(|timeout| *timeout >= check.interval_secs) {
        let place = fields.take("timeout").map_or(&tree.place, |tree| &tree.place);
        let summary = format!("{what} has a timeout of {timeout}s but an interval of {}s", check.interval_secs);
        ctx.problems.error("bad-health-check", place, summary, "The timeout must be shorter than the interval.");
    }
    fields.finish();
    check
}

fn path(ctx: &Ctx<'_>, tree: &Tree) -> Option<String> {
    let path = Want::new("the path of a health check", ctx.problems).filled(tree)?;
    if !path.starts_with('/') || path.len() > 1024 {
        let help = format!("A path starts with `/` and has at most 1024 characters: /{path}.");
        ctx.problems.error("bad-value", &tree.place, format!("`{path}` is not a path"), help);
        return None;
    }
    Some(path)
}

fn matcher(ctx: &Ctx<'_>, tree: &Tree, grpc: bool) -> Option<String> {
    let (low, high) = if grpc { (0, 99) } else { (200, 499) };
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
    if let Some(tree) = fields.take("stickiness") {
        if tree.scalar().is_some_and(|text| ["false", "off"].contains(&text.as_str())) {
            set("stickiness.enabled", "false".to_owned());
        } else if let Some(secs) = fields.seconds("stickiness") {
            set("stickiness.enabled", "true".to_owned());
            set("stickiness.type", "lb_cookie".to_owned());
            set("stickiness.lb_cookie.duration_seconds", secs.to_string());
        }
    }
    found
}

/// `attributes:`, by AWS's own names.
pub(crate) fn generic_attributes(ctx: &Ctx<'_>, tree: Option<&Tree>, what: &str) -> BTreeMap<String, String> {
    let Some(tree) = tree else { return BTreeMap::new() };
    let key = format!("an attribute of {what}");
    Want::new(&key, ctx.problems).string_map(tree).into_iter().map(|(name, value, _)| (name, value)).collect()
}
