//! Where a load balancer stands: its subnets (two zones for an application load balancer, one subnet a zone), security groups,
//! address type, and its interfaces there.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::arns::{configuration, invalid};
use super::super::state::{Balancer, Event, Kind, Listener, Zone};
use super::reading;
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::services::{self, ec2};
use crate::world;

/// The operations on a load balancer's network.
pub(in crate::services::elb) const OPERATIONS: Table = &[
    ("SetSubnets", set_subnets),
    ("SetSecurityGroups", set_security_groups),
    ("SetIpAddressType", set_ip_address_type),
];

/// What a request to make a load balancer says of its network, checked.
pub(super) fn plan(call: &mut Call<'_>, input: &Input, kind: Kind) -> Result<Balancer, Refusal> {
    let internal = input.text("Scheme") == Some("internal");
    if kind == Kind::Gateway && input.has("Scheme") {
        return Err(configuration("A scheme cannot be specified for gateway load balancers"));
    }
    let own = input.text_or_empty("Name").to_owned();
    let (vpc, zones) = read_zones(call, input, kind, &own)?;
    if let Some((id, _)) = addresses(&zones).find(|(_, public)| *public == internal) {
        let scheme = if internal { "internal" } else { "internet-facing" };
        return Err(configuration(format!(
            "'{id}' cannot be specified for a load balancer with the scheme '{scheme}'"
        )));
    }
    let ip_address_type = input.text("IpAddressType").unwrap_or("ipv4").to_owned();
    check_ip_address_type(call, &ip_address_type, (kind, internal), &zones)?;
    if !internal && kind != Kind::Gateway && !has_gateway(call, &vpc) {
        return Err(Refusal::new("InvalidSubnet", format!("VPC {vpc} has no internet gateway")));
    }
    let given = input.texts("SecurityGroups");
    check_groups(call, &given, &vpc)?;
    let security_groups = match kind {
        Kind::Gateway if !given.is_empty() => {
            return Err(configuration("Security groups are not supported for gateway load balancers"));
        }
        Kind::Application if given.is_empty() => Some(ec2::default_group(call.region(), &vpc).into_iter().collect()),
        Kind::Network | Kind::Gateway if given.is_empty() => None,
        _ => Some(given),
    };
    let off = || (kind == Kind::Network).then(|| "off".to_owned());
    let grouped = kind == Kind::Network && security_groups.is_some();
    Ok(Balancer {
        internal,
        vpc,
        zones,
        security_groups,
        ip_address_type,
        source_nat: input.text("EnablePrefixForIpv6SourceNat").map(str::to_owned).or_else(off),
        private_link_rules: grouped.then(|| "on".to_owned()),
        ipam_pool: input.map("IpamPools").and_then(|pools| pools.text("Ipv4IpamPoolId")).map(str::to_owned),
        ..Balancer::default()
    })
}

/// Refuses an address type that the load balancer cannot have, with the subnets that it has or is to have.
fn check_ip_address_type(
    call: &mut Call<'_>,
    wanted: &str,
    (kind, internal): (Kind, bool),
    zones: &[Zone],
) -> Result<(), Refusal> {
    if wanted == "dualstack-without-public-ipv4" && (kind != Kind::Application || internal) {
        let text = "IP address type 'dualstack-without-public-ipv4' is only supported on internet-facing application \
                    load balancers";
        return Err(configuration(text));
    }
    let region = call.region();
    let without = |zone: &Zone| ec2::subnet(region, &zone.subnet).is_some_and(|facts| !facts.ipv6);
    if wanted != "ipv4" && zones.iter().any(without) {
        return Err(invalid("You must specify subnets with an associated IPv6 CIDR block."));
    }
    Ok(())
}

/// The zones that a request names, by subnets or mappings, and their VPC.
fn read_zones(call: &mut Call<'_>, input: &Input, kind: Kind, own: &str) -> Result<(String, Vec<Zone>), Refusal> {
    let (subnets, mappings) = (input.texts("Subnets"), input.list("SubnetMappings"));
    if !subnets.is_empty() && !mappings.is_empty() {
        return Err(invalid("You must specify either subnets or subnet mappings, but not both"));
    }
    let mut wanted: Vec<(String, Vec<Value>)> = subnets.into_iter().map(|id| (id, Vec::new())).collect();
    for mapping in mappings {
        if kind == Kind::Application && mapping.has("AllocationId") {
            return Err(configuration("Elastic IP addresses are not supported for application load balancers"));
        }
        let mut address = serde_json::Map::new();
        for name in ["AllocationId", "PrivateIPv4Address", "IPv6Address"] {
            if let Some(value) = mapping.member(name) {
                address.insert(name.to_owned(), value.clone());
            }
        }
        if let Some(id) = mapping.text("AllocationId") {
            let elsewhere =
                |balancer: &&Balancer| balancer.name != own && addresses(&balancer.zones).any(|(other, _)| other == id);
            if call.region().elb.balancers.values().any(|balancer| elsewhere(&balancer)) {
                return Err(not_available(id));
            }
            if let Some(ip) = elastic_ip(call, id)? {
                address.insert("IpAddress".to_owned(), ip.into());
            }
        }
        let addresses = if address.is_empty() { Vec::new() } else { vec![Value::Object(address)] };
        wanted.push((mapping.text_or_empty("SubnetId").to_owned(), addresses));
    }
    let least = if kind == Kind::Application { 2 } else { 1 };
    let different: BTreeSet<&String> = wanted.iter().map(|(id, _)| id).collect();
    let few = || {
        invalid(if kind == Kind::Application {
            "At least two subnets in two different Availability Zones must be specified"
        } else {
            "At least one subnet must be specified"
        })
    };
    if wanted.is_empty() {
        return Err(few());
    }
    if different.len() < least && wanted.len() < least {
        return Err(few());
    }
    let (mut vpc, mut zones) = (None::<String>, Vec::<Zone>::new());
    for (id, addresses) in wanted {
        let none = || Refusal::new("SubnetNotFound", format!("The subnet ID '{id}' does not exist"));
        let facts = ec2::subnet(call.region(), &id).ok_or_else(none)?;
        if vpc.get_or_insert_with(|| facts.vpc.clone()) != &facts.vpc {
            return Err(configuration("All subnets must belong to the same VPC"));
        }
        if zones.iter().any(|zone| zone.name == facts.zone) {
            let text = "A load balancer cannot be attached to multiple subnets in the same Availability Zone";
            return Err(configuration(text));
        }
        zones.push(Zone { name: facts.zone, subnet: facts.id, addresses, interface: None });
    }
    zones.sort_by(|one, other| one.name.cmp(&other.name));
    Ok((vpc.unwrap_or_default(), zones))
}

/// The Elastic IP allocations, and the private addresses, of zones; each with whether it is public.
fn addresses(zones: &[Zone]) -> impl Iterator<Item = (&str, bool)> {
    let all = zones.iter().flat_map(|zone| &zone.addresses);
    all.flat_map(|address| {
        let public = address.text("AllocationId").map(|id| (id, true));
        public.into_iter().chain(address.text("PrivateIPv4Address").map(|address| (address, false)))
    })
}

/// An Elastic IP allocation that is not there, or that another load balancer has.
fn not_available(id: &str) -> Refusal {
    Refusal::new("AllocationIdNotFound", format!("The allocation IDs '{id}' are not available for use"))
}

/// The address of an Elastic IP allocation, as far as EC2 can say.
fn elastic_ip(call: &mut Call<'_>, id: &str) -> Result<Option<String>, Refusal> {
    let place = call.place.clone();
    match services::call(call.world, &place, "ec2", "DescribeAddresses", json!({ "AllocationIds": [id] })) {
        Ok(reply) => Ok(reply.list("Addresses").first().and_then(|one| one.text("PublicIp")).map(str::to_owned)),
        Err(refusal) if refusal.code.starts_with("InvalidAllocationID") => Err(not_available(id)),
        Err(_) => Ok(None),
    }
}

/// Whether the internet can reach a VPC. If EC2 cannot say, it can.
fn has_gateway(call: &mut Call<'_>, vpc: &str) -> bool {
    let place = call.place.clone();
    let input = json!({ "Filters": [{ "Name": "attachment.vpc-id", "Values": [vpc] }] });
    match services::call(call.world, &place, "ec2", "DescribeInternetGateways", input) {
        Ok(reply) => !reply.list("InternetGateways").is_empty(),
        Err(_) => true,
    }
}

/// Refuses security groups that are not there or in another VPC, as EC2 words it.
fn check_groups(call: &mut Call<'_>, groups: &[String], vpc: &str) -> Result<(), Refusal> {
    for group in groups {
        match ec2::group_vpc(call.region(), group) {
            None => {
                let id = call.world.ids.uuid();
                let text = format!(
                    "The security group '{group}' does not exist (Service: AmazonEC2; Status Code: 400; Error Code: \
                     InvalidGroup.NotFound; Request ID: {id}; Proxy: null)"
                );
                return Err(Refusal::new("InvalidSecurityGroup", text));
            }
            Some(other) if other != vpc => return Err(configuration("One or more security groups are invalid")),
            Some(_) => {}
        }
    }
    Ok(())
}

/// Refuses subnets with too few addresses left: the load balancer may have to grow.
pub(super) fn check_room(call: &mut Call<'_>, balancer: &Balancer) -> Result<(), Refusal> {
    for zone in &balancer.zones {
        let free = ec2::subnet(call.region(), &zone.subnet).map_or(0, |facts| facts.free);
        if zone.interface.is_none() && free < 8 {
            let text = format!(
                "Not enough IP space available in {}. ELB requires at least 8 free IP addresses in each subnet.",
                zone.subnet
            );
            return Err(Refusal::new("InvalidSubnet", text));
        }
    }
    Ok(())
}

/// Gives every zone an interface: the one it had, or a new one.
pub(super) fn attach(call: &mut Call<'_>, balancer: &mut Balancer, before: &[Zone]) -> Result<(), Refusal> {
    let id = balancer.arn.rsplit(":loadbalancer/").next().unwrap_or_default().to_owned();
    let place = call.place.clone();
    for zone in &mut balancer.zones {
        if let Some(old) = before.iter().find(|old| old.subnet == zone.subnet) {
            zone.interface.clone_from(&old.interface);
            zone.addresses.clone_from(&old.addresses);
            continue;
        }
        let wanted = ec2::NewInterface {
            subnet: zone.subnet.clone(),
            groups: balancer.security_groups.clone().unwrap_or_default(),
            description: format!("ELB {id}"),
            requester: "amazon-elb".to_owned(),
            public: !balancer.internal && balancer.kind != Kind::Gateway,
        };
        zone.interface = Some(ec2::attach(call.world, &place, wanted)?);
    }
    Ok(())
}

/// Gives interfaces up, some minutes from now.
pub(super) fn give_up(call: &mut Call<'_>, interfaces: Vec<String>) {
    if !interfaces.is_empty() {
        let time = call.world.about(Duration::from_secs(180));
        call.after(time, world::Event::Elb(Event::InterfacesGone(interfaces)));
    }
}

/// Refuses what a load balancer that is there cannot do with its zones: a gateway load balancer only gets more of them, a network load
/// balancer leaves a zone before it enters it with another subnet, and neither changes the addresses of a subnet that stays.
fn check_zones(old: &Balancer, zones: &[Zone]) -> Result<(), Refusal> {
    if old.kind == Kind::Application {
        return Ok(());
    }
    for had in &old.zones {
        let same = zones.iter().find(|new| new.subnet == had.subnet);
        let moved = zones.iter().find(|new| new.name == had.name && new.subnet != had.subnet);
        match (same, moved) {
            (Some(new), _) => {
                let differs = !new.addresses.is_empty()
                    && !addresses(std::slice::from_ref(new)).eq(addresses(std::slice::from_ref(had)));
                if differs {
                    let text = format!("The addresses of subnet '{}' cannot be changed", had.subnet);
                    return Err(configuration(text));
                }
            }
            (None, _) if old.kind == Kind::Gateway => {
                let text = format!("Subnet '{}' cannot be removed from a gateway load balancer", had.subnet);
                return Err(configuration(text));
            }
            (None, Some(new)) => {
                return Err(configuration(format!(
                    "Subnet '{}' must be removed before subnet '{}' of the same Availability Zone can be added",
                    had.subnet, new.subnet
                )));
            }
            (None, None) => {}
        }
    }
    Ok(())
}

fn set_subnets(call: &mut Call<'_>, input: &Input) -> Reply {
    let arn = input.text_or_empty("LoadBalancerArn").to_owned();
    let old = call.region().elb.balancer(&arn)?.clone();
    if !input.has("Subnets") && !input.has("SubnetMappings") {
        return Err(invalid("You must specify either subnets or subnet mappings"));
    }
    let (vpc, zones) = read_zones(call, input, old.kind, &old.name)?;
    if vpc != old.vpc {
        return Err(Refusal::new("InvalidSubnet", format!("The subnets must be in the VPC '{}'", old.vpc)));
    }
    check_zones(&old, &zones)?;
    let mut new = Balancer { zones, ..old.clone() };
    if let Some(wanted) = input.text("IpAddressType") {
        wanted.clone_into(&mut new.ip_address_type);
    }
    check_ip_address_type(call, &new.ip_address_type, (new.kind, new.internal), &new.zones)?;
    if let Some(wanted) = input.text("EnablePrefixForIpv6SourceNat") {
        new.source_nat = Some(wanted.to_owned());
    }
    let fresh = Balancer {
        zones: new.zones.iter().filter(|zone| !old.zones.iter().any(|o| o.subnet == zone.subnet)).cloned().collect(),
        ..Balancer::default()
    };
    check_room(call, &fresh)?;
    attach(call, &mut new, &old.zones)?;
    let kept = |id: &String| new.zones.iter().any(|zone| zone.interface.as_ref().is_some_and(|one| one.id == *id));
    let interfaces = old.zones.iter().filter_map(|zone| Some(zone.interface.as_ref()?.id.clone()));
    let gone: Vec<String> = interfaces.filter(|id| !kept(id)).collect();
    let answer = json!({
        "AvailabilityZones": reading::zones(&new),
        "IpAddressType": new.ip_address_type,
        "EnablePrefixForIpv6SourceNat": new.source_nat,
    });
    call.region().elb.balancers.insert(arn, new);
    give_up(call, gone);
    Ok(answer)
}

fn set_security_groups(call: &mut Call<'_>, input: &Input) -> Reply {
    let arn = input.text_or_empty("LoadBalancerArn").to_owned();
    let balancer = call.region().elb.balancer(&arn)?;
    let (vpc, kind, had) = (balancer.vpc.clone(), balancer.kind, balancer.security_groups.is_some());
    let interfaces: Vec<String> =
        balancer.zones.iter().filter_map(|zone| Some(zone.interface.as_ref()?.id.clone())).collect();
    let groups = input.texts("SecurityGroups");
    if kind == Kind::Gateway {
        return Err(configuration("SetSecurityGroups is not supported for load balancers of type 'gateway'"));
    }
    if kind == Kind::Network && !had {
        return Err(configuration(
            "You cannot set security groups on a Network Load Balancer which was created without any security groups.",
        ));
    }
    if groups.is_empty() {
        return Err(configuration("At least one security group must be specified"));
    }
    check_groups(call, &groups, &vpc)?;
    let place = call.place.clone();
    for interface in &interfaces {
        ec2::regroup(call.world, &place, interface, &groups);
    }
    let balancer = call.region().elb.balancer_mut(&arn)?;
    balancer.security_groups = Some(groups.clone());
    if let Some(value) = input.text("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic") {
        balancer.private_link_rules = Some(value.to_owned());
    }
    Ok(json!({
        "SecurityGroupIds": groups,
        "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic": balancer.private_link_rules,
    }))
}

fn set_ip_address_type(call: &mut Call<'_>, input: &Input) -> Reply {
    let wanted = input.text_or_empty("IpAddressType");
    let arn = input.text_or_empty("LoadBalancerArn");
    let balancer = call.region().elb.balancer(arn)?.clone();
    check_ip_address_type(call, wanted, (balancer.kind, balancer.internal), &balancer.zones)?;
    let elb = &call.region().elb;
    let datagrams = |listener: &&Listener| matches!(listener.protocol.as_deref(), Some("UDP" | "TCP_UDP"));
    if wanted != "ipv4" && balancer.kind == Kind::Network && elb.listeners_of(arn).iter().any(datagrams) {
        let text = format!("IP address type '{wanted}' is not supported by the UDP listeners of load balancer '{arn}'");
        return Err(configuration(text));
    }
    wanted.clone_into(&mut call.region().elb.balancer_mut(arn)?.ip_address_type);
    Ok(json!({ "IpAddressType": wanted }))
}
