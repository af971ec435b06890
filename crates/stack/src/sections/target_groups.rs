//! `target_groups:`, with health checks and attributes.

use std::collections::BTreeMap;

use super::super::decode::{Fields, Want};
use super::super::model::{HealthCheck, TargetGroup};
use super::super::tagging::Rules;
use super::super::tree::{Entry, Tree, Value};
use super::super::values::TARGET_GROUP;
use super::Ctx;

/// Reads one entry.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry) -> Option<TargetGroup> {
    let what = format!("target group `{}`", entry.key);
    let fields = Fields::open(&entry.value, what.clone(), ctx.problems)?;
    let meta = ctx.meta(entry, &fields, Some(&TARGET_GROUP), Rules::Common);
    let key = format!("`port` of {what}");
    let why = "A target group needs the port that its targets listen on.";
    let port = fields.need("port", why).and_then(|tree| Want::new(&key, ctx.problems).port(tree));
    let word = |name: &'static str, words: &[&'static str]| {
        let key = format!("`{name}` of {what}");
        fields.take(name).and_then(|tree| Want::new(&key, ctx.problems).one_of(tree, words))
    };
    let protocol = word("protocol", &["HTTP", "HTTPS"]).unwrap_or("HTTP");
    let version = word("protocol_version", &["HTTP1", "HTTP2", "GRPC"]).unwrap_or("HTTP1");
    let target_type = word("target_type", &["ip", "instance"]).unwrap_or("ip");
    let health_check = health_check(ctx, fields.take("health_check"), &what, protocol, version);
    let attributes = attributes(ctx, &fields, &what);
    fields.finish();
    Some(TargetGroup {
        meta,
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
    let Some(fields) = Fields::open(tree, what.clone(), ctx.problems) else { return check };
    if let Some(tree) = fields.take("protocol")
        && let Some(word) = Want::new("the protocol of a health check", ctx.problems).one_of(tree, &["HTTP", "HTTPS"])
    {
        check.protocol = word.to_owned();
    }
    if let Some(tree) = fields.take("port") {
        check.port = match tree.scalar().as_deref() {
            Some("traffic-port" | "traffic_port") => "traffic-port".to_owned(),
            Some(_) | None => Want::new("the port of a health check", ctx.problems)
                .port(tree)
                .map_or(check.port, |port| port.to_string()),
        };
    }
    check.path = fields.take("path").and_then(|tree| path(ctx, tree)).or(check.path);
    let seconds = |key, min, max| {
        let words = format!("`{key}` of {what}");
        fields.take(key).and_then(|tree| Want::new(&words, ctx.problems).seconds(tree, min, max))
    };
    check.interval_secs = seconds("interval", 5, 300).unwrap_or(30);
    check.timeout_secs = seconds("timeout", 2, 120);
    let threshold = |key| {
        let words = format!("`{key}` of {what}");
        fields.take(key).and_then(|tree| Want::new(&words, ctx.problems).count(tree, 2, 10))
    };
    check.healthy_threshold = threshold("healthy_threshold").unwrap_or(5);
    check.unhealthy_threshold = threshold("unhealthy_threshold").unwrap_or(2);
    if let Some(tree) = fields.either(&["matcher", "success_codes"]) {
        check.matcher = matcher(ctx, tree, grpc).or(check.matcher);
    }
    if let Some(timeout) = check.timeout_secs.filter(|timeout| *timeout >= check.interval_secs) {
        let place = fields.take("timeout").map_or(&tree.place, |tree| &tree.place);
        let summary = format!("{what} waits {timeout}s for an answer but asks every {}s", check.interval_secs);
        ctx.problems.error("bad-health-check", place, summary, "The timeout has to be shorter than the interval.");
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
    let seconds = |key, min, max| {
        let words = format!("`{key}` of {what}");
        fields.take(key).and_then(|tree| Want::new(&words, ctx.problems).seconds(tree, min, max))
    };
    if let Some(secs) = seconds("deregistration_delay", 0, 3600) {
        set("deregistration_delay.timeout_seconds", secs.to_string());
    }
    if let Some(secs) = seconds("slow_start", 0, 900) {
        if (1..30).contains(&secs) {
            let place = fields.take("slow_start").map_or(fields.place(), |tree| &tree.place);
            let help = "AWS accepts 30 to 900 seconds, or 0 for none.";
            ctx.problems.error("out-of-range", place, "`slow_start` is too short", help);
        }
        set("slow_start.duration_seconds", secs.to_string());
    }
    let words = ["round_robin", "least_outstanding_requests", "weighted_random"];
    let algorithm =
        fields.take("algorithm").and_then(|tree| Want::new("`algorithm`", ctx.problems).one_of(tree, &words));
    if let Some(algorithm) = algorithm {
        set("load_balancing.algorithm.type", algorithm.to_owned());
    }
    if let Some(tree) = fields.take("stickiness") {
        let words = ["false", "off"];
        if tree.scalar().is_some_and(|text| words.contains(&text.as_str())) {
            set("stickiness.enabled", "false".to_owned());
        } else if let Some(secs) = Want::new("`stickiness`", ctx.problems).seconds(tree, 1, 604_800) {
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
