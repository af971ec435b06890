//! Whether a packet gets from one end to another: the one place that knows. Security groups of both ends, network ACLs of both
//! subnets, the route that leaves the source's subnet, and the public address or gateway that a way out needs. It looks at a region
//! and changes nothing; what becomes of whoever waits for an answer is decided by those who ask.

mod acls;
mod addresses;
mod filters;
mod outside;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr};

pub use self::addresses::address_of;
use super::state::{Ec2, Interface};
use crate::call::Members;

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End<'a> {
    /// A network interface, by its id.
    Interface(&'a str),
    /// An address, which may lie outside of every VPC.
    Address(IpAddr),
}

/// What is sent: the first packet of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// `tcp` or `udp`.
    pub protocol: &'static str,
    /// The port that it is for.
    pub port: u16,
}

impl Packet {
    /// One of TCP.
    pub const fn tcp(port: u16) -> Self {
        Self { protocol: "tcp", port }
    }
}

/// HTTPS, by which every API and registry is reached.
pub const HTTPS: Packet = Packet::tcp(443);

/// What stops a packet. Whoever sends it sees only that no answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// One end is not there.
    Nobody,
    /// No security group of the source lets it out.
    Egress,
    /// No security group of the destination lets it in.
    Ingress,
    /// A network ACL denies it, or its answer.
    Acl,
    /// No route leads there, or one whose target is gone.
    Route,
    /// The route leads to an internet gateway, and the source has no public address.
    Private,
}

/// Whether a packet gets there.
///
/// # Errors
/// The first obstacle on its way.
pub fn way(ec2: &Ec2, from: End<'_>, to: End<'_>, packet: Packet) -> Result<(), Obstacle> {
    match (from, to) {
        (End::Interface(from), End::Interface(to)) => within(ec2, interface(ec2, from)?, interface(ec2, to)?, packet),
        (End::Interface(from), End::Address(to)) => {
            let from = interface(ec2, from)?;
            if let Some((_, there)) = addresses::interface_at(ec2, &from.vpc, to) {
                return within(ec2, from, there, packet);
            }
            filters::leaves(ec2, from, to, &[], packet)?;
            outside::leaves(ec2, from, to, packet)
        }
        (End::Address(from), End::Interface(to)) => {
            let to = interface(ec2, to)?;
            outside::enters(ec2, to, from, packet)?;
            filters::enters(ec2, to, from, &[], packet)
        }
        (End::Address(_), End::Address(_)) => Err(Obstacle::Nobody),
    }
}

/// The interface that has an address in a VPC.
pub fn at<'e>(ec2: &'e Ec2, vpc: &str, address: IpAddr) -> Option<&'e str> {
    addresses::interface_at(ec2, vpc, address).map(|(id, _)| id.as_str())
}

/// Whether an interface reaches a service of AWS in its region, by the name that endpoints give it (`ecr.dkr`): through the endpoint
/// of its VPC to which private DNS leads, else at the service's public addresses.
///
/// # Errors
/// The first obstacle on its way.
pub fn to_service(ec2: &Ec2, from: &str, service: &str) -> Result<(), Obstacle> {
    let source = interface(ec2, from)?;
    let doors = addresses::endpoint_interfaces(ec2, source, service);
    if doors.is_empty() {
        return way(ec2, End::Interface(from), End::Address(public_address(ec2, service)), HTTPS);
    }
    let ways = doors.into_iter().map(|door| way(ec2, End::Interface(from), End::Interface(door), HTTPS));
    ways.reduce(Result::or).unwrap_or(Err(Obstacle::Nobody))
}

/// Where the name of a service leads for an interface: to an endpoint of its VPC, else to a public address. Those of S3 and DynamoDB
/// are in the ranges of their prefix lists.
pub fn leads_to(ec2: &Ec2, from: &str, service: &str) -> IpAddr {
    let doors = ec2.interfaces.get(from).map(|from| addresses::endpoint_interfaces(ec2, from, service));
    let door = doors.and_then(|doors| ec2.interfaces.get(*doors.first()?));
    door.map_or_else(|| public_address(ec2, service), private)
}

fn public_address(ec2: &Ec2, service: &str) -> IpAddr {
    addresses::listed(ec2, service).unwrap_or_else(|| address_of(&format!("{service}.{}.amazonaws.com", ec2.name)))
}

fn interface<'e>(ec2: &'e Ec2, id: &str) -> Result<&'e Interface, Obstacle> {
    ec2.interfaces.get(id).ok_or(Obstacle::Nobody)
}

fn private(interface: &Interface) -> IpAddr {
    let first = interface.private.first().and_then(|ip| ip.parse().ok());
    first.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// Between two interfaces. Those of different VPCs never meet: there is no peering here.
fn within(ec2: &Ec2, from: &Interface, to: &Interface, packet: Packet) -> Result<(), Obstacle> {
    if from.vpc != to.vpc {
        return Err(Obstacle::Route);
    }
    filters::leaves(ec2, from, private(to), &to.groups, packet)?;
    if from.subnet != to.subnet {
        acls::passes(ec2, &from.subnet, private(to), packet, true)?;
        acls::passes(ec2, &to.subnet, private(from), packet, false)?;
    }
    filters::enters(ec2, to, private(from), &from.groups, packet)
}

/// Whether a resource that is kept as it is described is ready.
fn ready(resource: &serde_json::Value) -> bool {
    resource.text("State").is_some_and(|state| state.eq_ignore_ascii_case("available"))
}
