//! What application and network load balancers do not share: keys and attributes of one of the two, and the subnets with addresses of
//! their own of a network load balancer. Knows no listener.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::SubnetMapping;
use super::super::table::{EMPTY, Table, Type, key};
use super::super::tree::Tree;
use super::Ctx;

/// The types of load balancers that this version manages.
pub(crate) const TYPES: &[&str] = &["application", "network"];

/// Keys that load balancers of one type have only.
const KEYS: &[(&str, &[&str])] = &[
    (
        "application",
        &[
            "idle_timeout",
            "client_keep_alive",
            "http2",
            "drop_invalid_header_fields",
            "preserve_host_header",
            "connection_logs",
        ],
    ),
    ("network", &["subnet_mappings", "cross_zone", "client_routing_policy"]),
];

/// How the names of attributes begin that load balancers of one type have only. Source: the reference of `LoadBalancerAttribute`.
const ATTRIBUTES: &[(&str, &[&str])] = &[
    (
        "application",
        &["idle_timeout.", "client_keep_alive.", "connection_logs.", "health_check_logs.", "routing.", "waf."],
    ),
    ("network", &["dns_record.", "secondary_ips."]),
];

/// A subnet with addresses.
pub(crate) static SUBNET_MAPPING: Table = Table {
    path: "load_balancers.subnet_mappings",
    what: "a subnet of a network load balancer",
    groups: &[&[
        key("subnet", Type::Text, "The subnet.")
            .needed("Name the subnet: { subnet: subnet-…, allocation_id: eipalloc-… }.")
            .shape("`subnet-…`")
            .aws("SubnetId")
            .example("subnet-0123456789abcdef0"),
        key(
            "allocation_id",
            Type::Text,
            "The Elastic IP address that an internet-facing load balancer has there, by its allocation. One that exists is named; \
             evenkeel allocates none.",
        )
        .shape("`eipalloc-…`")
        .aws("AllocationId")
        .example("eipalloc-0123456789abcdef0"),
        key("private_ipv4", Type::Text, "The address that an internal load balancer has there, one of the subnet.")
            .aws("PrivateIPv4Address")
            .example("10.0.1.15"),
        key("ipv6", Type::Text, "The IPv6 address that it has there, one of the subnet.")
            .without("AWS chooses, with `dualstack`")
            .aws("IPv6Address")
            .example("\"2001:db8::15\""),
    ]],
    ..EMPTY
};

/// Refuses keys and attributes that a load balancer of this type does not have.
pub(crate) fn check(ctx: &Ctx<'_>, fields: &Fields<'_>, kind: &str) {
    let what = fields.what();
    for (owner, keys) in KEYS.iter().filter(|(owner, _)| *owner != kind) {
        for entry in keys.iter().filter_map(|key| fields.entry(key)) {
            let summary = format!("{what} is of type {kind} and has `{}`", entry.key);
            let help = format!("Only load balancers of type {owner} have it. Remove the key.");
            ctx.problems.error("not-for-type", &entry.place, summary, help);
        }
    }
    for (owner, starts) in ATTRIBUTES.iter().filter(|(owner, _)| *owner != kind) {
        for entry in fields.take("attributes").and_then(Tree::entries).unwrap_or_default() {
            if starts.iter().any(|start| entry.key.starts_with(start)) {
                let summary = format!("{what} is of type {kind} and has the attribute `{}`", entry.key);
                let help = format!("Only load balancers of type {owner} have it. Remove the attribute.");
                ctx.problems.error("not-for-type", &entry.place, summary, help);
            }
        }
    }
    let public_ipv6 = fields.word("ip_address_type") == Some("dualstack-without-public-ipv4");
    let internal = fields.word("scheme") == Some("internal");
    if let Some(tree) = fields.take("ip_address_type").filter(|_| public_ipv6 && (kind != "application" || internal)) {
        let summary = format!("{what} cannot have the address type dualstack-without-public-ipv4");
        let help = "Only internet-facing application load balancers have it. Write ipv4 or dualstack.";
        ctx.problems.error("not-for-type", &tree.place, summary, help);
    }
}

/// Reads `subnet_mappings:`, by subnet.
pub(crate) fn mappings(ctx: &Ctx<'_>, fields: &Fields<'_>) -> Vec<SubnetMapping> {
    let Some(tree) = fields.take("subnet_mappings") else { return Vec::new() };
    let key = format!("`subnet_mappings` of {}", fields.what());
    if let Some(subnets) = fields.entry("subnets").filter(|entry| !entry.value.is_null()) {
        let help = "AWS takes one of the two. Write all subnets under `subnet_mappings`, or none.";
        let summary = format!("{} has `subnets` and `subnet_mappings`", fields.what());
        ctx.problems.error("contradiction", &subnets.place, summary, help);
    }
    let internal = fields.word("scheme") == Some("internal");
    let mut found: BTreeMap<String, SubnetMapping> = BTreeMap::new();
    let items = Want::new(&key, ctx.problems).several(tree);
    if items.is_empty() {
        let help = "Name at least one subnet: [{ subnet: subnet-…, allocation_id: eipalloc-… }].";
        ctx.problems.error("empty", &tree.place, format!("{key} names no subnet"), help);
    }
    for item in items {
        let Some(mapping) = mapping(ctx, item, &key, internal) else { continue };
        if found.contains_key(&mapping.subnet) {
            let summary = format!("{key} names {} twice", mapping.subnet);
            ctx.problems.error("duplicate", &item.place, summary, "Name each subnet once.");
        }
        found.insert(mapping.subnet.clone(), mapping);
    }
    found.into_values().collect()
}

fn mapping(ctx: &Ctx<'_>, item: &Tree, key: &str, internal: bool) -> Option<SubnetMapping> {
    let what = format!("an item of {key}");
    let fields = Fields::open(item, what.clone(), &SUBNET_MAPPING, ctx.problems)?;
    let bad = |name: &'static str, summary: String, help: &str| {
        let place = fields.take(name).map_or(fields.place(), |tree| &tree.place);
        ctx.problems.error("bad-value", place, summary, help);
    };
    let id = |name: &'static str, start: &str| {
        let text = fields.text(name)?;
        let good = text.strip_prefix(start).is_some_and(|rest| {
            !rest.is_empty() && rest.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '-')
        });
        if !good {
            bad(
                name,
                format!("`{text}` is not an id of this sort"),
                &format!("Write it as AWS does: {start}0123456789abcdef0."),
            );
        }
        Some(text)
    };
    let subnet = id("subnet", "subnet-");
    let allocation_id = id("allocation_id", "eipalloc-");
    let private_ipv4 = fields.text("private_ipv4");
    if let Some(text) = private_ipv4.as_ref().filter(|text| text.parse::<Ipv4Addr>().is_err()) {
        bad("private_ipv4", format!("`{text}` is not an IPv4 address"), "Write an address of the subnet: 10.0.1.15.");
    }
    let ipv6 = fields.text("ipv6").map(|text| match text.parse::<Ipv6Addr>() {
        Ok(address) => address.to_string(),
        Err(_) => {
            bad(
                "ipv6",
                format!("`{text}` is not an IPv6 address"),
                "Write an address of the subnet: \"2001:db8::15\".",
            );
            text
        }
    });
    for (name, wrong) in [("allocation_id", internal), ("private_ipv4", !internal)] {
        if let Some(tree) = fields.take(name).filter(|_| wrong) {
            let (is, other) = if internal { ("internal", "internet-facing") } else { ("internet-facing", "internal") };
            let summary = format!("{what} has `{name}`, and its load balancer is {is}");
            let help = format!("Only {other} load balancers have it. Remove the key, or write scheme: {other}.");
            ctx.problems.error("not-for-type", &tree.place, summary, help);
        }
    }
    fields.finish();
    Some(SubnetMapping { subnet: subnet?, allocation_id, private_ipv4, ipv6 })
}
