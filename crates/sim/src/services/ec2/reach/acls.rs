//! What the network ACL of a subnet lets through. ACLs remember nothing: the answer to a packet has to pass as well, to one of the
//! ports from which connections begin. The entry with the lowest number that fits decides; without any, nothing passes.

use std::net::IpAddr;

use serde_json::Value;

use super::super::state::Ec2;
use super::filters::contains;
use super::{Obstacle, Packet};
use crate::call::Members;

/// A port from which a connection may begin: those of Linux, load balancers and NAT gateways all have it.
const EPHEMERAL: u16 = 50_000;

/// Lets a packet out of a subnet (or into it) to or from that address, and its answer back.
pub(super) fn passes(ec2: &Ec2, subnet: &str, peer: IpAddr, packet: Packet, out: bool) -> Result<(), Obstacle> {
    let own = |acl: &&super::super::state::Acl| acl.associations.values().any(|one| one == subnet);
    // Every subnet has one; where a world has lost it nothing is known to deny.
    let Some(acl) = ec2.acls.values().find(own) else { return Ok(()) };
    let answer = Packet { port: EPHEMERAL, ..packet };
    let allowed = allows(&acl.entries, out, peer, packet) && allows(&acl.entries, !out, peer, answer);
    if allowed { Ok(()) } else { Err(Obstacle::Acl) }
}

fn allows(entries: &[Value], egress: bool, peer: IpAddr, packet: Packet) -> bool {
    let fitting = entries.iter().filter(|entry| entry.flag("Egress") == Some(egress) && fits(entry, peer, packet));
    let first = fitting.min_by_key(|entry| entry.integer("RuleNumber"));
    first.is_some_and(|entry| entry.text("RuleAction") == Some("allow"))
}

fn fits(entry: &Value, peer: IpAddr, packet: Packet) -> bool {
    let number = if packet.protocol == "udp" { "17" } else { "6" };
    let protocol = entry.text_or_empty("Protocol");
    let range = entry.text("CidrBlock").or_else(|| entry.text("Ipv6CidrBlock")).unwrap_or_default();
    let ports = entry.map("PortRange").is_none_or(|ports| {
        let end = |name: &str, usual: i64| ports.integer(name).unwrap_or(usual);
        (end("From", 0)..=end("To", 65_535)).contains(&i64::from(packet.port))
    });
    (protocol == "-1" || protocol == number && ports) && contains(range, peer)
}
