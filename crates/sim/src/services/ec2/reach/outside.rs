//! Ways out of a VPC and into it: the route with the longest prefix, the internet gateway (for what has a public address), the NAT
//! gateway or instance that lends its own, and the gateway endpoints of S3 and DynamoDB. Security groups of the source are looked
//! at before.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

use super::super::routes;
use super::super::state::{Ec2, Interface, RouteTable};
use super::{Obstacle, Packet, acls, filters, private, ready};
use crate::call::Members;

/// How many gateways a packet may pass: a private NAT gateway may lead to another one.
const HOPS: usize = 4;

/// Lets a packet of an interface out of its VPC to an address.
pub(super) fn leaves(ec2: &Ec2, from: &Interface, to: IpAddr, packet: Packet) -> Result<(), Obstacle> {
    acls::passes(ec2, &from.subnet, to, packet, true)?;
    follow(ec2, from, to, packet, HOPS)
}

/// Lets a packet from the internet in: there is a public address, and a route back through an internet gateway.
pub(super) fn enters(ec2: &Ec2, to: &Interface, from: IpAddr, packet: Packet) -> Result<(), Obstacle> {
    let back = route(ec2, to, from).ok_or(Obstacle::Route)?;
    if !back.text("GatewayId").is_some_and(|id| is_attached(ec2, id, &to.vpc)) {
        return Err(Obstacle::Route);
    }
    if to.public.is_none() {
        return Err(Obstacle::Private);
    }
    acls::passes(ec2, &to.subnet, from, packet, false)
}

fn is_attached(ec2: &Ec2, gateway: &str, vpc: &str) -> bool {
    ec2.gateways.get(gateway).and_then(Option::as_deref) == Some(vpc)
}

fn follow(ec2: &Ec2, from: &Interface, to: IpAddr, packet: Packet, hops: usize) -> Result<(), Obstacle> {
    let left = hops.checked_sub(1).ok_or(Obstacle::Route)?;
    let route = route(ec2, from, to).filter(|route| routes::alive(ec2, route)).ok_or(Obstacle::Route)?;
    if let Some(id) = route.text("GatewayId") {
        return match id {
            _ if is_attached(ec2, id, &from.vpc) && from.public.is_some() => Ok(()),
            _ if is_attached(ec2, id, &from.vpc) => Err(Obstacle::Private),
            // Its own network, where nobody has the address.
            "local" => Err(Obstacle::Nobody),
            _ if ec2.endpoints.get(id).is_some_and(ready) => Ok(()),
            _ => Err(Obstacle::Route),
        };
    }
    if let Some(nat) = route.text("NatGatewayId") {
        let nat = ec2.nats.get(nat).filter(|nat| ready(nat)).ok_or(Obstacle::Route)?;
        let address = nat.list("NatGatewayAddresses").first();
        let own = address.and_then(|address| ec2.interfaces.get(address.text_or_empty("NetworkInterfaceId")));
        return pass_through(ec2, from, own.ok_or(Obstacle::Route)?, (to, packet), left);
    }
    // An instance that translates addresses, or anything else that takes what is not meant for it.
    let own = route.text("NetworkInterfaceId").and_then(|id| ec2.interfaces.get(id));
    let own = own.filter(|own| !own.source_dest_check).ok_or(Obstacle::Route)?;
    filters::enters(ec2, own, private(from), &from.groups, packet)?;
    filters::leaves(ec2, own, to, &[], packet)?;
    pass_through(ec2, from, own, (to, packet), left)
}

/// Through an interface that sends packets on under its own address.
fn pass_through(
    ec2: &Ec2,
    from: &Interface,
    through: &Interface,
    (to, packet): (IpAddr, Packet),
    hops: usize,
) -> Result<(), Obstacle> {
    if from.subnet != through.subnet {
        acls::passes(ec2, &through.subnet, private(from), packet, false)?;
    }
    acls::passes(ec2, &through.subnet, to, packet, true)?;
    follow(ec2, through, to, packet, hops)
}

/// The route that a packet of an interface takes.
fn route<'e>(ec2: &'e Ec2, from: &Interface, to: IpAddr) -> Option<&'e Value> {
    let routes = table(ec2, from)?.routes.iter();
    let fitting = routes.filter_map(|route| Some((prefix(ec2, route, to)?, route)));
    fitting.max_by_key(|(prefix, _)| *prefix).map(|(_, route)| route)
}

/// The table of an interface's subnet: the one that it is associated with, else the VPC's main one.
fn table<'e>(ec2: &'e Ec2, from: &Interface) -> Option<&'e RouteTable> {
    let own = |table: &&RouteTable| table.associations.values().any(|subnet| *subnet == from.subnet);
    let main = |table: &&RouteTable| table.vpc == from.vpc && table.main.is_some();
    ec2.route_tables.values().find(own).or_else(|| ec2.route_tables.values().find(main))
}

/// How much of an address the destination of a route fixes; nothing if it is for others.
fn prefix(ec2: &Ec2, route: &Value, to: IpAddr) -> Option<u8> {
    let fits = |range: &str| {
        let range: IpNet = range.parse().ok()?;
        range.contains(&to).then(|| range.prefix_len())
    };
    if let Some(list) = route.text("DestinationPrefixListId") {
        let entries = ec2.prefix_lists.get(list)?.versions.last()?;
        return entries.keys().filter_map(|range| fits(range)).max();
    }
    fits(route.text("DestinationCidrBlock").or_else(|| route.text("DestinationIpv6CidrBlock"))?)
}
