//! Where what is put into a network of the stack's own goes. Every kind names *the* network; with `create` the subnets are those of the
//! tier that fits: public ones for what faces the internet or has public addresses, private ones for the rest, if there are any. What runs
//! there waits until its subnets have their way out. Decides by the wanted document; knows no kind but what each may want.

use std::cell::Cell;
use std::collections::BTreeSet;

use evenkeel_core::doc::{self, Ref, Text, Texts};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_stack::model::{OwnNetwork, Stack};
use serde_json::Value;

use super::super::network;
use super::subnet::Tier;
use super::{elastic_ip, internet_gateway, route_table, subnet, vpc, vpc_endpoint};

/// Puts nodes into the network of the stack's own, if it has one.
pub fn place(stack: &Stack, nodes: &mut Vec<Node>) {
    let Some(own) = &stack.network.create else { return };
    nodes.retain(|node| node.id != network::id());
    for node in nodes.iter_mut() {
        admit_vpc(node);
        let tier = tier(own, node);
        let placed = Cell::new(false);
        let fill = |hole: &Ref| {
            placed.set(placed.get() || (hole.node == network::id() && hole.output == "subnets"));
            (hole.node == network::id()).then(|| told(own, tier, &hole.output))
        };
        node.want = doc::fill(&node.want, &fill);
        if placed.get() {
            node.needs.extend(ways(own, tier, node));
        }
        let needed = node.needs.remove(&network::id());
        node.needs.extend(needed.then(vpc::id));
    }
}

/// The endpoints let the VPC in by the range that it has, whatever the file says by now.
fn admit_vpc(node: &mut Node) {
    if node.id.kind() != "security_group_rules" || node.id.name() != vpc_endpoint::GROUP {
        return;
    }
    for rule in node.want["ingress"].as_array_mut().into_iter().flatten() {
        rule["peer"] = Text::output(vpc::id(), "cidr").to_value();
    }
}

/// The tier whose subnets a node gets.
fn tier(own: &OwnNetwork, node: &Node) -> Tier {
    let want = &node.want;
    let public = match (want["scheme"].as_str(), want.pointer("/network/assign_public_ip").and_then(Value::as_bool)) {
        (Some(scheme), _) => scheme == "internet-facing",
        (None, Some(public)) => public,
        (None, None) => false,
    };
    match public {
        true if !own.public.is_empty() => Tier::Public,
        false if own.private.is_empty() => Tier::Public,
        _ => Tier::Private,
    }
}

/// What has to be there before something in a tier can do its work. Load balancers only answer: of these, one that faces the internet
/// needs the way there, and AWS refuses it without. Databases go nowhere.
fn ways(own: &OwnNetwork, tier: Tier, node: &Node) -> BTreeSet<NodeId> {
    let gateway = || (!own.public.is_empty()).then(internet_gateway::id);
    match node.want["scheme"].as_str() {
        Some("internet-facing") => route_table::of_tier(own, tier).into_iter().chain(gateway()).collect(),
        Some(_) => BTreeSet::new(),
        None if node.id.kind() == "db_subnet_group" => BTreeSet::new(),
        None => route_table::of_tier(own, tier).into_iter().chain(vpc_endpoint::all(own)).collect(),
    }
}

/// What an output of the network is.
fn told(own: &OwnNetwork, tier: Tier, output: &str) -> Value {
    let ids = |tier: Tier| subnet::of_tier(own, tier).map(|id| Text::output(id, "id")).collect::<Vec<_>>();
    match output {
        "subnets" => serde_json::to_value(Texts::from_iter(ids(tier))).unwrap_or_default(),
        "public_subnets" => joined(ids(Tier::Public)).to_value(),
        "private_subnets" => joined(ids(Tier::Private)).to_value(),
        "nat_addresses" => {
            joined((1..=own.nats()).map(|nat| Text::output(elastic_ip::id(nat), "address")).collect()).to_value()
        }
        _ => Text::output(vpc::id(), "id").to_value(),
    }
}

/// Several texts in one, with commas.
fn joined(texts: Vec<Text>) -> Text {
    let mut parts = Vec::new();
    for text in texts {
        if !parts.is_empty() {
            parts.push(Text::from(","));
        }
        parts.push(text);
    }
    if parts.is_empty() { Text::default() } else { Text::Join(parts) }
}
