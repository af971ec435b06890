//! `load_balancers:`, application load balancers with their listeners.

use std::collections::BTreeMap;

use super::super::decode::{Fields, Want};
use super::super::model::{Listener, LoadBalancer};
use super::super::tagging::Rules;
use super::super::tree::{Entry, Tree};
use super::super::values::LOAD_BALANCER;
use super::target_groups::generic_attributes;
use super::{Ctx, each, listeners};

/// Reads one entry.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry) -> Option<LoadBalancer> {
    let what = format!("load balancer `{}`", entry.key);
    let fields = Fields::open(&entry.value, what.clone(), ctx.problems)?;
    let meta = ctx.meta(entry, &fields, Some(&LOAD_BALANCER), Rules::Common);
    let word = |name: &'static str, words: &[&'static str]| {
        let key = format!("`{name}` of {what}");
        fields.take(name).and_then(|tree| Want::new(&key, ctx.problems).one_of(tree, words))
    };
    let scheme = word("scheme", &["internet-facing", "internal"]).unwrap_or("internet-facing");
    let address = word("ip_address_type", &["ipv4", "dualstack"]).unwrap_or("ipv4");
    if let Some(tree) = fields.take("type")
        && Want::new("`type`", ctx.problems).string(tree).is_some_and(|kind| kind != "application")
    {
        let help = "This version manages application load balancers only.";
        ctx.problems.error("not-yet", &tree.place, format!("{what} cannot be of this type"), help);
    }
    let subnets = fields.take("subnets");
    let ids = ctx.subnets(subnets, &format!("`subnets` of {what}"));
    if let (Some(tree), Some(ids)) = (subnets, &ids) {
        zones(ctx, tree, &what, ids);
    }
    let groups = ctx.security_groups(fields.take("security_groups"), &format!("`security_groups` of {what}"));
    let attributes = attributes(ctx, &fields, &what);
    let listeners = listeners(ctx, fields.take("listeners"), &entry.key);
    fields.finish();
    Some(LoadBalancer {
        meta,
        scheme: scheme.to_owned(),
        ip_address_type: address.to_owned(),
        subnets: ids,
        security_groups: groups,
        attributes,
        listeners,
    })
}

/// A load balancer stands in at least two zones, and takes one subnet of each.
pub(crate) fn zones(ctx: &Ctx<'_>, tree: &Tree, what: &str, ids: &[String]) {
    let mut unique: Vec<&String> = ids.iter().collect();
    unique.sort();
    unique.dedup();
    if unique.len() < 2 {
        let summary = format!("{what} has subnets in only one availability zone");
        let help = "An application load balancer needs at least two subnets in two availability zones.";
        ctx.problems.error("one-zone", &tree.place, summary, help);
    } else if unique.len() < ids.len() {
        let summary = format!("{what} names a subnet twice");
        ctx.problems.error("duplicate", &tree.place, summary, "Name each subnet once.");
    }
}

fn listeners(ctx: &Ctx<'_>, tree: Option<&Tree>, balancer: &str) -> BTreeMap<String, Listener> {
    let found = each(ctx, tree, "listener", |entry| listeners::read(ctx, entry, balancer));
    let mut ports: BTreeMap<u16, (&str, &Listener)> = BTreeMap::new();
    for (name, listener) in &found {
        if let Some((other, first)) = ports.get(&listener.port) {
            let (first, second) = if first.meta.place.span.start < listener.meta.place.span.start {
                (first, listener)
            } else {
                (&listener, *first)
            };
            ctx.problems.push(
                evenkeel_core::diagnostic::Diagnostic::error(
                    "duplicate-port",
                    format!("two listeners of load balancer `{balancer}` use port {}", listener.port),
                    Some(second.meta.place.clone()),
                )
                .label(format!("`{name}` and `{other}` use port {}", listener.port))
                .related(first.meta.place.clone(), "the first one")
                .help("A load balancer has one listener for each port. Give one of them another port, or merge their rules."),
            );
        }
        ports.insert(listener.port, (name, listener));
    }
    found
}

fn attributes(ctx: &Ctx<'_>, fields: &Fields<'_>, what: &str) -> BTreeMap<String, String> {
    let mut found = generic_attributes(ctx, fields.take("attributes"), what);
    let mut flag = |key: &'static str, name: &str| {
        let words = format!("`{key}` of {what}");
        let value = fields.take(key).and_then(|tree| Want::new(&words, ctx.problems).flag(tree));
        if let Some(value) = value {
            found.insert(name.to_owned(), value.to_string());
        }
    };
    flag("deletion_protection", "deletion_protection.enabled");
    flag("http2", "routing.http2.enabled");
    flag("drop_invalid_header_fields", "routing.http.drop_invalid_header_fields.enabled");
    flag("preserve_host_header", "routing.http.preserve_host_header.enabled");
    for (key, name, max) in [
        ("idle_timeout", "idle_timeout.timeout_seconds", 4000),
        ("client_keep_alive", "client_keep_alive.seconds", 604_800),
    ] {
        let words = format!("`{key}` of {what}");
        let min = if key == "idle_timeout" { 1 } else { 60 };
        let value = fields.take(key).and_then(|tree| Want::new(&words, ctx.problems).seconds(tree, min, max));
        if let Some(value) = value {
            found.insert(name.to_owned(), value.to_string());
        }
    }
    if let Some(tree) = fields.take("access_logs") {
        access_logs(ctx, tree, what, &mut found);
    }
    found
}

fn access_logs(ctx: &Ctx<'_>, tree: &Tree, what: &str, found: &mut BTreeMap<String, String>) {
    let words = format!("`access_logs` of {what}");
    let mut set = |name: &str, value: String| found.insert(format!("access_logs.s3.{name}"), value);
    if tree.entries().is_none() {
        // A bucket alone; `off` turns them off.
        let Some(bucket) = Want::new(&words, ctx.problems).filled(tree) else { return };
        if ["off", "false"].contains(&bucket.as_str()) {
            set("enabled", "false".to_owned());
            return;
        }
        set("enabled", "true".to_owned());
        set("bucket", bucket);
        return;
    }
    let Some(fields) = Fields::open(tree, words, ctx.problems) else { return };
    let text = |key| fields.take(key).and_then(|tree| Want::new("`access_logs`", ctx.problems).string(tree));
    let bucket = fields.need("bucket", "Say which S3 bucket takes the logs.").and_then(Tree::scalar);
    let prefix = text("prefix");
    fields.finish();
    set("enabled", "true".to_owned());
    if let Some(bucket) = bucket {
        set("bucket", bucket);
    }
    if let Some(prefix) = prefix {
        set("prefix", prefix);
    }
}
