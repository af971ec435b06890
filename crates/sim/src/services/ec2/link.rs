//! What other services ask of EC2: subnets, security groups, and network interfaces of their load balancers, tasks, databases.
//! Knows none of those services; they say what they want in `NewInterface`.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

pub use super::fresh::fresh;
use super::interfaces;
use super::kinds;
use super::state::{Attachment, Ec2, Interface, Public};
use crate::call::Refusal;
use crate::world::{Place, Region, World};

/// What others need to know of a subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubnetFacts {
    /// `subnet-…`.
    pub id: String,
    /// Its VPC.
    pub vpc: String,
    /// Its zone, such as `us-east-1a`.
    pub zone: String,
    /// Its IPv4 range.
    pub cidr: String,
    /// Whether it has an IPv6 range too.
    pub ipv6: bool,
    /// How many addresses are free.
    pub free: usize,
}

/// The subnet of that id.
pub fn subnet(region: &Region, id: &str) -> Option<SubnetFacts> {
    let subnet = region.ec2.subnets.get(id)?;
    let (vpc, zone, cidr) = (subnet.vpc.clone(), subnet.zone.clone(), subnet.cidr.clone());
    let used = region.ec2.interfaces.values().filter(|interface| interface.subnet == id);
    let used = used.map(|interface| interface.private.len()).sum();
    let (free, ipv6) = (capacity(&cidr).saturating_sub(used), subnet.ipv6.is_some());
    Some(SubnetFacts { id: id.to_owned(), vpc, zone, free, cidr, ipv6 })
}

/// How many addresses a range has for interfaces: all but the first four and the last one.
pub(super) fn capacity(cidr: &str) -> usize {
    let bits = cidr.parse::<Ipv4Net>().map_or(32, |net| net.prefix_len());
    (1usize << (32 - bits)).saturating_sub(5)
}

/// The VPC of a security group; none if there is no such group.
pub fn group_vpc(region: &Region, group: &str) -> Option<String> {
    region.ec2.groups.get(group).map(|group| group.vpc.clone())
}

/// The default security group of a VPC.
pub fn default_group(region: &Region, vpc: &str) -> Option<String> {
    default_of(&region.ec2, vpc)
}

pub(super) fn default_of(ec2: &Ec2, vpc: &str) -> Option<String> {
    let found = ec2.groups.iter().find(|(_, group)| group.vpc == vpc && group.name == "default");
    found.map(|(id, _)| id.clone())
}

/// The default VPC.
pub fn default_vpc(region: &Region) -> Option<String> {
    region.ec2.vpcs.iter().find(|(_, vpc)| vpc.default).map(|(id, _)| id.clone())
}

/// The subnets of a VPC.
pub fn subnets_of(region: &Region, vpc: &str) -> Vec<String> {
    region.ec2.subnets.iter().filter(|(_, subnet)| subnet.vpc == vpc).map(|(id, _)| id.clone()).collect()
}

/// Whether there is such a VPC.
pub fn vpc_exists(region: &Region, vpc: &str) -> bool {
    region.ec2.vpcs.contains_key(vpc)
}

/// The zones of a region.
pub fn zones(place: &Place) -> Vec<String> {
    super::fresh::ZONES.iter().map(|zone| format!("{}{zone}", place.region)).collect()
}

/// A network interface that a service wants.
#[derive(Clone, Debug)]
pub struct NewInterface {
    /// Where.
    pub subnet: String,
    /// Its security groups; the VPC's default group if there are none.
    pub groups: Vec<String>,
    /// `ELB app/web/…`, `arn:aws:ecs:…:attachment/…`, `RDSNetworkInterface`.
    pub description: String,
    /// `amazon-elb`, `amazon-rds`, or the account for ECS.
    pub requester: String,
    /// Whether it gets a public address.
    pub public: bool,
}

/// A network interface that a service got.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attached {
    /// `eni-…`.
    pub id: String,
    /// Its subnet.
    pub subnet: String,
    /// Its zone.
    pub zone: String,
    /// Its private address.
    pub private_ip: String,
    /// Its public address, if it has one.
    pub public_ip: Option<String>,
    /// Its hardware address.
    pub mac: String,
    /// Its private DNS name.
    pub private_dns: String,
}

/// Makes an interface that is in use at once. While it exists its groups and its subnet cannot be deleted.
///
/// # Errors
/// If the subnet or a group is not there, or the subnet has no free address.
pub fn attach(world: &mut World, place: &Place, wanted: NewInterface) -> Result<Attached, Refusal> {
    let kind = if wanted.description.starts_with("ELB net/") { "network_load_balancer" } else { "interface" };
    let (id, mut made) = draft(world, place, &wanted.subnet, &wanted.groups)?;
    // Load balancers and databases are behind an account of Amazon's own name; the account of Fargate is a number.
    let owner = if wanted.requester.starts_with("amazon") { wanted.requester.clone() } else { "578734482556".into() };
    let attachment = format!("ela-attach-0{}", world.ids.hex(16));
    made.attachment = Some(Attachment { id: attachment, owner, time: world.now });
    made.description = wanted.description;
    made.managed = true;
    made.kind = kind.to_owned();
    if kind == "network_load_balancer" && wanted.groups.is_empty() {
        // It was made without any, and never gets one.
        made.groups.clear();
    }
    if wanted.public {
        let ip = interfaces::public_address(&mut world.ids);
        let owner = if wanted.requester == "amazon-elb" { "amazon-elb" } else { "amazon" }.to_owned();
        made.public = Some(Public { ip, owner, ..Public::default() });
    }
    made.requester = Some(wanted.requester);
    let private_ip = made.private.first().cloned().unwrap_or_default();
    let attached = Attached {
        id: id.clone(),
        subnet: made.subnet.clone(),
        zone: made.zone.clone(),
        private_dns: interfaces::private_name(&place.region, &private_ip),
        private_ip,
        public_ip: made.public.as_ref().map(|public| public.ip.clone()),
        mac: made.mac.clone(),
    };
    world.region(place).ec2.interfaces.insert(id, made);
    Ok(attached)
}

/// An interface of that subnet and those groups, with an address, that is not kept yet.
pub(super) fn draft(
    world: &mut World,
    place: &Place,
    subnet_id: &str,
    groups: &[String],
) -> Result<(String, Interface), Refusal> {
    let id = format!("eni-0{}", world.ids.hex(16));
    let mac = interfaces::hardware_address(&mut world.ids);
    let start = world.ids.below(1 << 16);
    let ec2 = &world.region(place).ec2;
    let subnet = ec2.subnets.get(subnet_id).ok_or_else(|| kinds::SUBNET.missing(subnet_id))?;
    let groups = interfaces::checked_groups(ec2, &subnet.vpc, groups)?;
    let address = interfaces::free_address(ec2, subnet_id, start).ok_or_else(|| {
        let text =
            format!("The specified subnet does not have enough free addresses to satisfy the request: {subnet_id}");
        Refusal::new("InsufficientFreeAddressesInSubnet", text)
    })?;
    let made = Interface {
        subnet: subnet_id.to_owned(),
        vpc: subnet.vpc.clone(),
        zone: subnet.zone.clone(),
        groups,
        private: vec![address],
        mac,
        kind: "interface".to_owned(),
        source_dest_check: true,
        ..Interface::default()
    };
    Ok((id, made))
}

/// Removes an interface at once. Services call it some time after their owner of the interface is gone.
pub fn release(world: &mut World, place: &Place, id: &str) {
    let ec2 = &mut world.region(place).ec2;
    ec2.interfaces.remove(id);
    ec2.tags.remove(id);
}

/// Gives an interface other groups.
pub fn regroup(world: &mut World, place: &Place, id: &str, groups: &[String]) {
    let ec2 = &mut world.region(place).ec2;
    if let Some(interface) = ec2.interfaces.get_mut(id) {
        interface.groups = groups.to_vec();
    }
}
