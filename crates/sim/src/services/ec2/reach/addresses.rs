//! Who has which address: interfaces of a VPC, endpoints to which the private names of services lead, the public addresses of
//! everything else. Public addresses are made up, the same for a name every time.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use serde_json::Value;

use super::super::state::{Ec2, Interface};
use super::ready;
use crate::call::Members;

/// The interface that has an address in a VPC, with its id.
pub(super) fn interface_at<'e>(ec2: &'e Ec2, vpc: &str, address: IpAddr) -> Option<(&'e String, &'e Interface)> {
    // Of an address that no range of the VPC has no interface needs to be asked.
    let ranges = &ec2.vpcs.get(vpc)?.ranges;
    ranges.iter().find(|range| super::filters::contains(&range.cidr, address))?;
    let address = address.to_string();
    ec2.interfaces.iter().find(|(_, one)| one.vpc == vpc && one.private.contains(&address))
}

/// The public address of a host.
pub fn address_of(host: &str) -> IpAddr {
    let sum = host.bytes().fold(0x811c_9dc5_u32, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let [_, second, third, last] = sum.to_be_bytes();
    // Not in the ranges of any prefix list.
    IpAddr::V4(Ipv4Addr::new(34, 192 + second % 48, third, last.clamp(1, 254)))
}

/// An address out of the prefix list of a service, if it has one.
pub(super) fn listed(ec2: &Ec2, service: &str) -> Option<IpAddr> {
    let name = format!("com.amazonaws.{}.{service}", ec2.name);
    let list = ec2.prefix_lists.values().find(|list| list.aws && list.name == name)?;
    let range: IpNet = list.versions.last()?.keys().next()?.parse().ok()?;
    range.hosts().next()
}

/// The interfaces to which the name of a service leads inside the VPC of an interface: those in its own zone, if there are any.
pub(super) fn endpoint_interfaces<'e>(ec2: &'e Ec2, from: &Interface, service: &str) -> Vec<&'e str> {
    let name = format!("com.amazonaws.{}.{service}", ec2.name);
    let on = |attribute: &str| ec2.vpcs.get(&from.vpc).and_then(|vpc| vpc.attributes.get(attribute)) == Some(&true);
    if !(on("EnableDnsSupport") && on("EnableDnsHostnames")) {
        return Vec::new();
    }
    let answers = |endpoint: &&Value| {
        endpoint.text("VpcEndpointType") == Some("Interface")
            && endpoint.text("VpcId") == Some(&from.vpc)
            && endpoint.text("ServiceName") == Some(&name)
            && endpoint.flag("PrivateDnsEnabled") == Some(true)
            && ready(endpoint)
    };
    let ids = ec2.endpoints.values().filter(answers).flat_map(|endpoint| endpoint.texts("NetworkInterfaceIds"));
    let all: Vec<(&String, &Interface)> = ids.filter_map(|id| ec2.interfaces.get_key_value(&id)).collect();
    let near = all.iter().any(|(_, door)| door.zone == from.zone);
    all.into_iter().filter(|(_, door)| !near || door.zone == from.zone).map(|(id, _)| id.as_str()).collect()
}
