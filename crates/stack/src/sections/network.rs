//! `network:`: which VPC and which subnets are used: existing ones, or with `create` those of the stack's own (`own_network.rs`).

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::{Diagnostic, Place};

use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::{Meta, Network, OwnNetwork, Peer, Rule, SecurityGroup, SubnetsRef, VpcRef};
use super::super::table::{EMPTY, Made, Table, Type, key};
use super::super::tree::{Tree, Value};
use super::{Ctx, own_network};

/// The section.
pub(crate) static NETWORK: Table = Table {
    path: "network",
    what: "the network",
    groups: &[&[
        key("vpc", Type::AnyOf(&[Type::Several(&Type::Text), Type::Map(&BY_TAGS)]), "The VPC.")
            .shape("`default`, `vpc-…`, or `{ tags: { key: value } }`")
            .value("default")
            .aws("VpcId")
            .example("{ tags: { Name: main } }"),
        key(
            "subnets",
            Type::AnyOf(&[Type::Several(&Type::Text), Type::Map(&BY_TAGS)]),
            "The subnets; a load balancer uses one for each availability zone.",
        )
        .shape("`default`, a list of `subnet-…`, or `{ tags: { key: value } }`")
        .value("default")
        .aws("SubnetIds")
        .example("{ tags: { tier: private } }"),
        key(
            "create",
            Type::Map(&own_network::OWN_NETWORK),
            "A network of the stack's own, instead of an existing one.",
        )
        .shape("a map; `{}` for a network with all defaults")
        .aws("CreateVpc")
        .example("{ zones: 2, nat: one }"),
    ]],
    made: &[Made {
        kind: "network",
        outputs: &["vpc_id", "public_subnets", "private_subnets", "nat_addresses"],
        name: None,
    }],
    ..EMPTY
};

/// A choice by tags.
pub(crate) static BY_TAGS: Table = Table {
    path: "network.vpc",
    what: "a choice by tags",
    groups: &[&[key("tags", Type::MapOf(&Type::Blank), "The tags to look for; all of them must match.")
        .needed("Choose by tags: { tags: { Name: main } }.")
        .example("{ Name: main }")]],
    ..EMPTY
};

/// Reads the section; without it everything is the default.
pub(crate) fn read(ctx: &Ctx<'_>, section: Option<&Tree>, start: &Place) -> Network {
    let mut network = Network {
        place: section.map_or_else(|| start.clone(), |tree| tree.place.clone()),
        vpc: VpcRef::Default,
        subnets: SubnetsRef::Default,
        create: None,
    };
    let Some(fields) = section.and_then(|tree| Fields::open(tree, "`network`", &NETWORK, ctx.problems)) else {
        return network;
    };
    if let Some(tree) = fields.take("vpc") {
        match choice(ctx, tree, "`vpc`", "vpc-") {
            Some(Choice::Ids(mut ids)) if ids.len() == 1 => network.vpc = VpcRef::Id(ids.swap_remove(0)),
            Some(Choice::Ids(_)) => {
                ctx.problems.error("bad-value", &tree.place, "`vpc` names several VPCs", "A stack uses one VPC.");
            }
            Some(Choice::Tags(tags)) => network.vpc = VpcRef::Tags(tags),
            Some(Choice::Default) | None => {}
        }
    }
    if let Some(tree) = fields.take("subnets") {
        match choice(ctx, tree, "`subnets`", "subnet-") {
            Some(Choice::Ids(ids)) => network.subnets = SubnetsRef::Ids(ids),
            Some(Choice::Tags(tags)) => network.subnets = SubnetsRef::Tags(tags),
            Some(Choice::Default) | None => {}
        }
    }
    if let Some(entry) = fields.entry("create").filter(|entry| !matches!(entry.value.value, Value::Wrong)) {
        for key in ["vpc", "subnets"] {
            let Some(other) = fields.entry(key) else { continue };
            let help = "The network is either the stack's own or an existing one. Remove one of the two.";
            let error = Diagnostic::error(
                "contradiction",
                format!("`create` and `{key}` exclude each other"),
                Some(other.place.clone()),
            );
            ctx.problems.push(error.related(entry.place.clone(), "the network of the stack's own").help(help));
        }
        let own = own_network::read(ctx, &entry.value);
        network.create = own.map(|own| OwnNetwork { place: entry.place.clone(), ..own });
    }
    fields.finish();
    network
}

/// The entry of the security group that endpoints are in which are interfaces: it lets the VPC in.
pub(crate) const ENDPOINTS: &str = "network-endpoints";

/// Adds the security group of endpoints to those of the file, if there are such endpoints.
pub(crate) fn admit(ctx: &Ctx<'_>, network: &Network, groups: &mut BTreeMap<String, SecurityGroup>) {
    let Some(own) = network.create.as_ref().filter(|own| own.has_interfaces()) else { return };
    if let Some(taken) = groups.get(ENDPOINTS) {
        let help = "The security group of the network's endpoints has that name. Give yours another.";
        let summary = format!("the security group `{ENDPOINTS}` is there already");
        ctx.problems.error("duplicate-name", &taken.meta.place, summary, help);
        return;
    }
    let rule = |protocol: &str, port: i32, range: &str| Rule {
        protocol: protocol.to_owned(),
        from_port: port,
        to_port: port,
        peer: Peer::Cidr4(range.to_owned()),
        description: String::new(),
    };
    let meta =
        Meta { place: own.place.clone(), name: None, tags: ctx.tags.values.clone(), moved_from: None, protect: false };
    let group = SecurityGroup {
        meta,
        existing: None,
        description: format!("{} endpoints", ctx.stack_name()),
        ingress: vec![rule("tcp", 443, &own.cidr)],
        egress: vec![rule("-1", -1, "0.0.0.0/0")],
    };
    groups.insert(ENDPOINTS.to_owned(), group);
}

enum Choice {
    Default,
    Ids(Vec<String>),
    Tags(BTreeMap<String, String>),
}

fn choice(ctx: &Ctx<'_>, tree: &Tree, what: &str, prefix: &str) -> Option<Choice> {
    let want = Want::new(what, ctx.problems);
    if let Value::Map(_) = &tree.value {
        let fields = Fields::open(tree, what, &BY_TAGS, ctx.problems)?;
        let tags = fields.take("tags").map(|tags| want.string_map(tags));
        fields.finish();
        let tags: BTreeMap<String, String> = tags?.into_iter().map(|(key, value, _)| (key, value)).collect();
        if tags.is_empty() {
            ctx.problems.error("empty", &tree.place, format!("{what} has no tags to choose by"), "Give at least one.");
            return None;
        }
        return Some(Choice::Tags(tags));
    }
    let ids = want.strings(tree);
    if ids.len() == 1 && ids[0] == "default" {
        return Some(Choice::Default);
    }
    let mut good = !ids.is_empty();
    if ids.is_empty() && !matches!(tree.value, Value::Wrong) {
        ctx.problems.error("empty", &tree.place, format!("{what} is an empty list"), "Remove it to use the default.");
    }
    for item in want.several(tree) {
        if let Some(id) = item.scalar().filter(|id| !id.starts_with(prefix)) {
            good = false;
            ctx.problems.error(
                "bad-value",
                &item.place,
                format!("`{id}` is neither `default` nor an id"),
                format!("Write `default`, `{prefix}…`, or {{ tags: {{ Name: {id} }} }} to look it up by its tags."),
            );
        }
    }
    good.then_some(Choice::Ids(ids))
}
