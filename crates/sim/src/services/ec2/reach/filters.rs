//! What security groups let through. They remember connections, so that only the first packet is held against them: on its way out
//! of the source, and on its way into the destination. What has no group (a NAT gateway, a network load balancer without any) is
//! open; a group without a rule for a packet keeps it back.

use std::net::IpAddr;

use ipnet::IpNet;

use super::super::state::{Ec2, Interface, Peer, Rule, Traffic};
use super::{Obstacle, Packet};

/// Lets a packet out of an interface to somebody with that address and those groups.
pub(super) fn leaves(
    ec2: &Ec2,
    from: &Interface,
    to: IpAddr,
    groups: &[String],
    packet: Packet,
) -> Result<(), Obstacle> {
    if open(ec2, from, true, (to, groups), packet) { Ok(()) } else { Err(Obstacle::Egress) }
}

/// Lets a packet into an interface from somebody with that address and those groups.
pub(super) fn enters(
    ec2: &Ec2,
    to: &Interface,
    from: IpAddr,
    groups: &[String],
    packet: Packet,
) -> Result<(), Obstacle> {
    if open(ec2, to, false, (from, groups), packet) { Ok(()) } else { Err(Obstacle::Ingress) }
}

fn open(ec2: &Ec2, own: &Interface, egress: bool, peer: (IpAddr, &[String]), packet: Packet) -> bool {
    let groups = own.groups.iter().filter_map(|id| ec2.groups.get(id));
    let mut rules = groups.flat_map(|group| group.rules.values()).filter(|rule| rule.egress == egress);
    own.groups.is_empty() || rules.any(|rule| covers(&rule.traffic, packet) && meets(ec2, rule, peer))
}

fn covers(traffic: &Traffic, packet: Packet) -> bool {
    let ports = traffic.from == -1 || (traffic.from..=traffic.to).contains(&i64::from(packet.port));
    traffic.protocol == "-1" || (traffic.protocol == packet.protocol && ports)
}

fn meets(ec2: &Ec2, rule: &Rule, (address, groups): (IpAddr, &[String])) -> bool {
    match &rule.peer {
        Peer::V4(range) | Peer::V6(range) => contains(range, address),
        Peer::List(id) => {
            let entries = ec2.prefix_lists.get(id).and_then(|list| list.versions.last());
            entries.is_some_and(|entries| entries.keys().any(|range| contains(range, address)))
        }
        Peer::Group(id) => groups.contains(id),
    }
}

/// Whether a range has an address.
pub(super) fn contains(range: &str, address: IpAddr) -> bool {
    range.parse::<IpNet>().is_ok_and(|range| range.contains(&address))
}
