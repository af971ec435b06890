//! `load_balancers:`, application and network load balancers with their listeners. What tells the two types apart is in `balancer_types`.

use std::collections::BTreeMap;

use super::super::arn;
use super::super::fields::Fields;
use super::super::model::{Listener, LoadBalancer};
use super::super::table::{EMPTY, Key, Made, Table, Type, key, later};
use super::super::tagging::Rules;
use super::super::tree::{Entry, Tree};
use super::super::values;
use super::balancer_types::{self, SUBNET_MAPPING, TYPES};
use super::listeners::{LISTENER, On};
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
            key(
                "type",
                Type::Word(TYPES),
                "`application` for HTTP and HTTPS, `network` for TCP, TLS and UDP; a change replaces the load balancer.",
            )
            .value("application")
            .aws("Type"),
            key(
                "ip_address_type",
                Type::Word(&["ipv4", "dualstack", "dualstack-without-public-ipv4"]),
                "Whether it answers on IPv6 too; its subnets then need IPv6 ranges. The last of the three is for internet-facing application load \
                 balancers.",
            )
            .value("ipv4")
            .aws("IpAddressType"),
            key(
                "subnets",
                Type::Several(&Type::Text),
                "Subnets in two availability zones or more; one is enough for a network load balancer.",
            )
            .shape("list of `subnet-…`")
            .without("those of `network`")
            .aws("Subnets"),
            key(
                "subnet_mappings",
                Type::Several(&Type::Map(&SUBNET_MAPPING)),
                "In place of `subnets`, for a network load balancer: subnets with addresses of their own. Other addresses for a \
                 subnet that it has already replace the load balancer.",
            )
            .aws("SubnetMappings")
            .example("[{ subnet: subnet-0123456789abcdef0, allocation_id: eipalloc-0123456789abcdef0 }]"),
            key(
                "security_groups",
                Type::Several(&Type::Entry("security_groups")),
                "Up to five security groups. A network load balancer that is created without any can never get one: giving it the \
                 first, or taking the last away, replaces it.",
            )
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
                "cross_zone",
                Type::Flag,
                "Whether a network load balancer sends to targets of all zones; an application load balancer always does.",
            )
            .without("not managed (AWS: false)")
            .aws("load_balancing.cross_zone.enabled"),
            key(
                "client_routing_policy",
                Type::Word(&["any_availability_zone", "availability_zone_affinity", "partial_availability_zone_affinity"]),
                "Whether the name of a network load balancer gives clients in the VPC addresses of their own zone.",
            )
            .without("not managed (AWS: `any_availability_zone`)")
            .aws("dns_record.client_routing_policy"),
            key(
                "access_logs",
                Type::AnyOf(&[Type::Map(&ACCESS_LOGS), Type::Text]),
                "The S3 bucket for its access logs; a network load balancer writes those of TLS.",
            )
            .shape("bucket, `{ bucket, prefix }`, or `off` (`false`)")
            .without("not managed")
            .aws("access_logs.s3.bucket")
            .example("{ bucket: my-logs, prefix: web }"),
            key(
                "connection_logs",
                Type::AnyOf(&[Type::Map(&CONNECTION_LOGS), Type::Text]),
                "The S3 bucket for logs of its clients' TLS connections.",
            )
            .shape("bucket, `{ bucket, prefix }`, or `off` (`false`)")
            .without("not managed")
            .aws("connection_logs.s3.bucket")
            .example("{ bucket: my-logs, prefix: web }"),
            key("attributes", Type::MapOf(&Type::Blank), "Any attribute of a load balancer by AWS's name.")
                .aws("Attributes"),
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
static ACCESS_LOGS: Table =
    Table { path: "load_balancers.access_logs", what: "the access logs of a load balancer", groups: &[&LOGS], ..EMPTY };

/// `connection_logs:`.
static CONNECTION_LOGS: Table = Table {
    path: "load_balancers.connection_logs",
    what: "the connection logs of a load balancer",
    groups: &[&LOGS],
    ..EMPTY
};

/// Where logs of either sort go.
pub(super) static LOGS: [Key; 2] = [
    key("bucket", Type::Text, "The bucket.").needed("Name the S3 bucket for the logs: bucket: my-logs.").aws("bucket"),
    key("prefix", Type::Blank, "The prefix of the log names.").aws("prefix"),
];

/// What of others can be named.
const EXISTING: existing::Sort =
    existing::Sort { shape: &arn::LOAD_BALANCER, rule: &values::LOAD_BALANCER, tags: true };

/// Reads one entry.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry) -> Option<LoadBalancer> {
    let what = format!("load balancer `{}`", entry.key);
    let fields = Fields::open(&entry.value, what.clone(), &LOAD_BALANCER, ctx.problems)?;
    if let Some(existing) = existing::read(ctx, entry, &fields, (&LOAD_BALANCER, &["listeners"]), &EXISTING) {
        let on = On { balancer: &entry.key, of_others: true, network: false, dualstack: false, protocol: "" };
        let listeners = listeners(ctx, fields.take("listeners"), on);
        let (meta, existing) = existing?;
        return Some(LoadBalancer {
            meta,
            existing: Some(existing),
            kind: TYPES[0].to_owned(),
            scheme: String::new(),
            ip_address_type: String::new(),
            subnets: None,
            subnet_mappings: Vec::new(),
            security_groups: Vec::new(),
            attributes: BTreeMap::new(),
            listeners,
        });
    }
    let meta = ctx.meta(entry, &fields, Rules::Common);
    let kind = fields.word("type").unwrap_or(TYPES[0]);
    let (network, dualstack) = (kind == "network", fields.word("ip_address_type") != Some("ipv4"));
    let scheme = fields.word("scheme").unwrap_or_default();
    let address = fields.word("ip_address_type").unwrap_or_default();
    balancer_types::check(ctx, &fields, kind);
    let subnets = fields.take("subnets");
    let ids = ctx.subnets(subnets, &format!("`subnets` of {what}"));
    if let (Some(tree), Some(ids)) = (subnets, &ids) {
        zones(ctx, tree, &what, ids, if network { 1 } else { 2 });
    }
    let subnet_mappings = balancer_types::mappings(ctx, &fields);
    let mapped = subnet_mappings.iter().map(|mapping| mapping.subnet.clone()).collect::<Vec<_>>();
    let groups = ctx.security_groups(fields.take("security_groups"), &format!("`security_groups` of {what}"));
    let attributes = attributes(ctx, &fields, &what);
    let on = On { balancer: &entry.key, of_others: false, network, dualstack, protocol: "" };
    let listeners = listeners(ctx, fields.take("listeners"), on);
    fields.finish();
    Some(LoadBalancer {
        meta,
        existing: None,
        kind: kind.to_owned(),
        scheme: scheme.to_owned(),
        ip_address_type: address.to_owned(),
        subnets: ids.or(Some(mapped).filter(|mapped| !mapped.is_empty())),
        subnet_mappings,
        security_groups: groups,
        attributes,
        listeners,
    })
}

/// An application load balancer, like a database, stands in at least two zones, and takes one subnet of each.
pub(crate) fn zones(ctx: &Ctx<'_>, tree: &Tree, what: &str, ids: &[String], least: usize) {
    let mut unique: Vec<&String> = ids.iter().collect();
    unique.sort();
    unique.dedup();
    if unique.len() < least {
        let summary = format!("{what} has subnets in only one availability zone");
        let help = "An application load balancer needs at least two subnets in two availability zones.";
        ctx.problems.error("one-zone", &tree.place, summary, help);
    } else if unique.len() < ids.len() {
        let summary = format!("{what} names a subnet twice");
        ctx.problems.error("duplicate", &tree.place, summary, "Name each subnet once.");
    }
}

fn listeners(ctx: &Ctx<'_>, tree: Option<&Tree>, on: On<'_>) -> BTreeMap<String, Listener> {
    let balancer = on.balancer;
    let found = each(ctx, tree, "listener", |entry| listeners::read(ctx, entry, on));
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
        ("cross_zone", "load_balancing.cross_zone.enabled"),
    ] {
        found.extend(fields.flag(key).map(|value| (name.to_owned(), value.to_string())));
    }
    for (key, name) in
        [("idle_timeout", "idle_timeout.timeout_seconds"), ("client_keep_alive", "client_keep_alive.seconds")]
    {
        found.extend(fields.seconds(key).map(|value| (name.to_owned(), value.to_string())));
    }
    let policy = fields.word("client_routing_policy");
    found.extend(policy.map(|value| ("dns_record.client_routing_policy".to_owned(), value.to_owned())));
    for (key, table) in [("access_logs", &ACCESS_LOGS), ("connection_logs", &CONNECTION_LOGS)] {
        if let Some(tree) = fields.take(key) {
            logs(ctx, tree, &format!("`{key}` of {what}"), (key, table), &mut found);
        }
    }
    found
}

fn logs(
    ctx: &Ctx<'_>,
    tree: &Tree,
    words: &str,
    (key, table): (&str, &'static Table),
    found: &mut BTreeMap<String, String>,
) {
    let mut set = |name: &str, value: String| found.insert(format!("{key}.s3.{name}"), value);
    if tree.entries().is_none() {
        // A bucket alone; `off` turns them off.
        let Some(bucket) = super::super::decode::Want::new(words, ctx.problems).filled(tree) else { return };
        if ["off", "false"].contains(&bucket.as_str()) {
            set("enabled", "false".to_owned());
            return;
        }
        set("enabled", "true".to_owned());
        set("bucket", bucket);
        return;
    }
    let Some(fields) = Fields::open(tree, words, table, ctx.problems) else { return };
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
