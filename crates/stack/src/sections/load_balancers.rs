//! `load_balancers:`, application load balancers with their listeners.

use std::collections::BTreeMap;

use super::super::arn;
use super::super::fields::Fields;
use super::super::model::{Listener, LoadBalancer};
use super::super::table::{EMPTY, Made, Table, Type, key, later};
use super::super::tagging::Rules;
use super::super::tree::{Entry, Tree};
use super::super::values;
use super::listeners::LISTENER;
use super::network::BY_TAGS;
use super::target_groups::generic_attributes;
use super::{Ctx, META, NAME, each, existing, listeners};

/// An entry.
pub(crate) static LOAD_BALANCER: Table = Table {
    path: "load_balancers",
    what: "a load balancer",
    groups: &[
        &[key(
            "existing",
            Type::AnyOf(&[Type::Text, Type::Map(&BY_TAGS)]),
            "An existing load balancer, which is only looked up; of the other keys only `listeners` is allowed with it. A listener \
             with an action is then one of ours on it; one without is looked up by its port, and only its `rules` are ours.",
        )
        .shape("name, ARN, or `{ tags: { key: value } }`")
        .aws("DescribeLoadBalancers")
        .example("shared-web")],
        &NAME,
        &META,
        &[
            key(
                "scheme",
                Type::Word(&["internet-facing", "internal"]),
                "Whether the internet can reach it; a change replaces the load balancer.",
            )
            .value("internet-facing")
            .aws("Scheme"),
            key("type", Type::Just(&["application"]), "The type of load balancer.").value("application").aws("Type"),
            key(
                "ip_address_type",
                Type::Word(&["ipv4", "dualstack"]),
                "Whether it answers on IPv6 too; its subnets then need IPv6 ranges.",
            )
            .value("ipv4")
            .aws("IpAddressType"),
            key("subnets", Type::Several(&Type::Text), "Subnets in two availability zones or more.")
                .shape("list of `subnet-…`, at least two")
                .without("those of `network`")
                .aws("Subnets"),
            key("security_groups", Type::Several(&Type::Entry("security_groups")), "Up to five security groups.")
                .shape("list of entries or `sg-…`")
                .aws("SecurityGroups")
                .example("[alb]"),
            key("listeners", Type::Entries(&LISTENER), "[Listeners](#listeners) by names of your choice.")
                .without("none (a warning)")
                .example("{ http: { redirect: https } }"),
            key("deletion_protection", Type::Flag, "Whether AWS itself refuses to delete it.")
                .without("not managed")
                .aws("deletion_protection.enabled"),
            key("idle_timeout", Type::Seconds(1, 4000), "How long a connection may be idle.")
                .without("not managed (AWS: 60s)")
                .aws("idle_timeout.timeout_seconds"),
            key("client_keep_alive", Type::Seconds(60, 604_800), "How long a client may keep a connection.")
                .without("not managed")
                .aws("client_keep_alive.seconds"),
            key("http2", Type::Flag, "Whether HTTP/2 is on.").without("not managed").aws("routing.http2.enabled"),
            key("drop_invalid_header_fields", Type::Flag, "Whether invalid headers are dropped.")
                .without("not managed")
                .aws("routing.http.drop_invalid_header_fields.enabled"),
            key("preserve_host_header", Type::Flag, "Whether targets see the host header of the client.")
                .without("not managed")
                .aws("routing.http.preserve_host_header.enabled"),
            key(
                "access_logs",
                Type::AnyOf(&[Type::Map(&ACCESS_LOGS), Type::Text]),
                "The S3 bucket for its access logs.",
            )
            .shape("bucket, `{ bucket, prefix }`, or `off` (`false`)")
            .without("not managed")
            .aws("access_logs.s3.bucket")
            .example("{ bucket: my-logs, prefix: web }"),
            key("attributes", Type::MapOf(&Type::Blank), "Any attribute of a load balancer by AWS's name.")
                .aws("Attributes"),
            later("subnet_mappings", "SubnetMappings", "Subnets with fixed addresses."),
            later("customer_owned_ipv4_pool", "CustomerOwnedIpv4Pool", "A pool of addresses of an Outpost."),
        ],
    ],
    made: &[Made {
        kind: "load_balancer",
        outputs: &["arn", "dns_name", "zone_id"],
        name: Some(&values::LOAD_BALANCER),
    }],
    words: &[
        ("LoadBalancerName", "It is called `name` here."),
        ("LoadBalancerAttributes", "It is called `attributes` here."),
    ],
    ..EMPTY
};

/// `access_logs:`.
static ACCESS_LOGS: Table = Table {
    path: "load_balancers.access_logs",
    what: "the access logs of a load balancer",
    groups: &[&[
        key("bucket", Type::Text, "The bucket.")
            .needed("Name the S3 bucket for the logs: bucket: my-logs.")
            .aws("access_logs.s3.bucket"),
        key("prefix", Type::Blank, "The prefix of the log names.").aws("access_logs.s3.prefix"),
    ]],
    ..EMPTY
};

/// What of others can be named.
const EXISTING: existing::Sort =
    existing::Sort { shape: &arn::LOAD_BALANCER, rule: &values::LOAD_BALANCER, tags: true };

/// Reads one entry.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry) -> Option<LoadBalancer> {
    let what = format!("load balancer `{}`", entry.key);
    let fields = Fields::open(&entry.value, what.clone(), &LOAD_BALANCER, ctx.problems)?;
    if let Some(existing) = existing::read(ctx, entry, &fields, (&LOAD_BALANCER, &["listeners"]), &EXISTING) {
        let listeners = listeners(ctx, fields.take("listeners"), &entry.key, true);
        let (meta, existing) = existing?;
        return Some(LoadBalancer {
            meta,
            existing: Some(existing),
            scheme: String::new(),
            ip_address_type: String::new(),
            subnets: None,
            security_groups: Vec::new(),
            attributes: BTreeMap::new(),
            listeners,
        });
    }
    let meta = ctx.meta(entry, &fields, Rules::Common);
    let scheme = fields.word("scheme").unwrap_or_default();
    let address = fields.word("ip_address_type").unwrap_or_default();
    if let (Some(tree), Some(kind)) = (fields.take("type"), fields.blank("type"))
        && kind != "application"
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
    let listeners = listeners(ctx, fields.take("listeners"), &entry.key, false);
    fields.finish();
    Some(LoadBalancer {
        meta,
        existing: None,
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

fn listeners(ctx: &Ctx<'_>, tree: Option<&Tree>, balancer: &str, of_others: bool) -> BTreeMap<String, Listener> {
    let found = each(ctx, tree, "listener", |entry| listeners::read(ctx, entry, balancer, of_others));
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
    for (key, name) in [
        ("deletion_protection", "deletion_protection.enabled"),
        ("http2", "routing.http2.enabled"),
        ("drop_invalid_header_fields", "routing.http.drop_invalid_header_fields.enabled"),
        ("preserve_host_header", "routing.http.preserve_host_header.enabled"),
    ] {
        found.extend(fields.flag(key).map(|value| (name.to_owned(), value.to_string())));
    }
    for (key, name) in
        [("idle_timeout", "idle_timeout.timeout_seconds"), ("client_keep_alive", "client_keep_alive.seconds")]
    {
        found.extend(fields.seconds(key).map(|value| (name.to_owned(), value.to_string())));
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
        let Some(bucket) = super::super::decode::Want::new(&words, ctx.problems).filled(tree) else { return };
        if ["off", "false"].contains(&bucket.as_str()) {
            set("enabled", "false".to_owned());
            return;
        }
        set("enabled", "true".to_owned());
        set("bucket", bucket);
        return;
    }
    let Some(fields) = Fields::open(tree, words, &ACCESS_LOGS, ctx.problems) else { return };
    let (bucket, prefix) = (fields.text("bucket"), fields.blank("prefix"));
    fields.finish();
    set("enabled", "true".to_owned());
    if let Some(bucket) = bucket {
        set("bucket", bucket);
    }
    if let Some(prefix) = prefix {
        set("prefix", prefix);
    }
}
