//! Network interfaces: addresses and names, groups, and who may change or delete which. Those of services come through
//! `link.rs`; both kinds look alike from outside.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::describe::{self, Filters, View, compact};
use super::state::{Ec2, Interface, Public};
use super::{fresh, invalid, kinds, link, operations, places, state, tagging, tokens};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::world::Ids;

/// The operations.
pub(super) const OPERATIONS: Table = operations![
    "DescribeNetworkInterfaces" => describe,
    "CreateNetworkInterface" => create,
    "DeleteNetworkInterface" => delete,
    "ModifyNetworkInterfaceAttribute" => modify,
    "DetachNetworkInterface" => detach,
];

const MOST_GROUPS: usize = 5;

const FILTERS: Filters = &[
    ("association.allocation-id", "Association.AllocationId"),
    ("association.association-id", "Association.AssociationId"),
    ("addresses.association.owner-id", "PrivateIpAddresses.Association.IpOwnerId"),
    ("addresses.association.public-ip", "PrivateIpAddresses.Association.PublicIp"),
    ("addresses.primary", "PrivateIpAddresses.Primary"),
    ("addresses.private-ip-address", "PrivateIpAddresses.PrivateIpAddress"),
    ("association.ip-owner-id", "Association.IpOwnerId"),
    ("association.public-ip", "Association.PublicIp"),
    ("association.public-dns-name", "Association.PublicDnsName"),
    ("attachment.attach-time", "Attachment.AttachTime"),
    ("attachment.attachment-id", "Attachment.AttachmentId"),
    ("attachment.delete-on-termination", "Attachment.DeleteOnTermination"),
    ("attachment.device-index", "Attachment.DeviceIndex"),
    ("attachment.instance-id", "Attachment.InstanceId"),
    ("attachment.instance-owner-id", "Attachment.InstanceOwnerId"),
    ("attachment.status", "Attachment.Status"),
    ("availability-zone", "AvailabilityZone"),
    ("availability-zone-id", "AvailabilityZoneId"),
    ("description", "Description"),
    ("group-id", "Groups.GroupId"),
    ("group-name", "Groups.GroupName"),
    ("ipv6-addresses.ipv6-address", "Ipv6Addresses.Ipv6Address"),
    ("interface-type", "InterfaceType"),
    ("mac-address", "MacAddress"),
    ("network-interface-id", "NetworkInterfaceId"),
    ("operator.managed", "Operator.Managed"),
    ("operator.principal", "Operator.Principal"),
    ("owner-id", "OwnerId"),
    ("private-dns-name", "PrivateDnsName"),
    ("private-ip-address", "PrivateIpAddress"),
    ("requester-id", "RequesterId"),
    ("requester-managed", "RequesterManaged"),
    ("source-dest-check", "SourceDestCheck"),
    ("status", "Status"),
    ("subnet-id", "SubnetId"),
    ("vpc-id", "VpcId"),
    ("tag-key", ""),
];

/// A made-up public address.
pub(super) fn public_address(ids: &mut Ids) -> String {
    let first = [3, 18, 34, 44, 52, 54][ids.below(6)];
    format!("{first}.{}.{}.{}", 64 + ids.below(160), ids.below(256), 1 + ids.below(254))
}

/// A made-up hardware address of Amazon's.
pub(super) fn hardware_address(ids: &mut Ids) -> String {
    let hex = ids.hex(10);
    format!("0e:{}:{}:{}:{}:{}", &hex[..2], &hex[2..4], &hex[4..6], &hex[6..8], &hex[8..])
}

/// The private name of an address.
pub(super) fn private_name(region: &str, ip: &str) -> String {
    format!("ip-{}.{}", ip.replace('.', "-"), fresh::internal_domain(region))
}

/// The public name of an address.
pub(super) fn public_name(region: &str, ip: &str) -> String {
    let zone = if region == "us-east-1" { "compute-1".to_owned() } else { format!("{region}.compute") };
    format!("ec2-{}.{zone}.amazonaws.com", ip.replace('.', "-"))
}

/// A free address of a subnet, sought from somewhere in it.
pub(super) fn free_address(ec2: &Ec2, subnet_id: &str, start: usize) -> Option<String> {
    let net: Ipv4Net = ec2.subnets.get(subnet_id)?.cidr.parse().ok()?;
    let inside = ec2.interfaces.values().filter(|interface| interface.subnet == subnet_id);
    let used: BTreeSet<&str> = inside.flat_map(|interface| interface.private.iter().map(String::as_str)).collect();
    let size = link::capacity(&net.to_string());
    let first = u32::from(net.network()) + 4;
    let nth = |number: usize| Some(Ipv4Addr::from(first + u32::try_from((start + number) % size).ok()?).to_string());
    (0..size).filter_map(nth).find(|ip| !used.contains(ip.as_str()))
}

/// The groups of an interface: those given, which have to be in its network, or the default one.
///
/// # Errors
/// If a group is not there, or there are too many.
pub(super) fn checked_groups(ec2: &Ec2, vpc: &str, groups: &[String]) -> Result<Vec<String>, Refusal> {
    if groups.is_empty() {
        return Ok(link::default_of(ec2, vpc).into_iter().collect());
    }
    if groups.len() > MOST_GROUPS {
        let text = "The maximum number of security groups per interface has been reached.";
        return Err(Refusal::new("SecurityGroupsPerInterfaceLimitExceeded", text));
    }
    for id in groups {
        let group = ec2.groups.get(id).ok_or_else(|| kinds::GROUP.missing(id))?;
        if group.vpc != vpc {
            let text = "You have specified two resources that belong to different networks.";
            return Err(Refusal::new("InvalidGroup.NotFound", text));
        }
    }
    Ok(groups.to_vec())
}

fn association(ec2: &Ec2, public: &Public, named: bool) -> Value {
    let name = if named { public_name(&ec2.name, &public.ip) } else { String::new() };
    compact(json!({
        "IpOwnerId": public.owner, "PublicDnsName": name, "PublicIp": public.ip,
        "AllocationId": public.allocation, "AssociationId": public.association,
    }))
}

fn document(ec2: &Ec2, id: &str, interface: &Interface) -> Value {
    let named = ec2.vpcs.get(&interface.vpc).is_some_and(|vpc| vpc.attributes.get("EnableDnsHostnames") == Some(&true));
    let association = interface.public.as_ref().map(|public| association(ec2, public, named));
    let name = |ip: &str| named.then(|| private_name(&ec2.name, ip));
    let addresses = interface.private.iter().enumerate().map(|(number, ip)| {
        let association = association.clone().filter(|_| number == 0);
        compact(json!({
            "Association": association, "Primary": number == 0, "PrivateDnsName": name(ip), "PrivateIpAddress": ip,
        }))
    });
    let primary = interface.private.first().cloned().unwrap_or_default();
    let group = |id: &String| json!({ "GroupId": id, "GroupName": ec2.groups.get(id).map(|group| &group.name) });
    let attachment = interface.attachment.as_ref().map(|attachment| {
        json!({
            "AttachTime": attachment.time.value(), "AttachmentId": attachment.id, "DeleteOnTermination": false,
            "DeviceIndex": 1, "NetworkCardIndex": 0, "InstanceOwnerId": attachment.owner, "Status": "attached",
        })
    });
    compact(json!({
        "NetworkInterfaceId": id,
        "Status": if attachment.is_some() { "in-use" } else { "available" },
        "Attachment": attachment,
        "Association": association,
        "AvailabilityZone": interface.zone,
        "AvailabilityZoneId": places::zone_id(&interface.zone),
        "Description": interface.description,
        "Groups": interface.groups.iter().map(group).collect::<Vec<_>>(),
        "InterfaceType": interface.kind,
        "Ipv6Addresses": [],
        "MacAddress": interface.mac,
        "OwnerId": ec2.account,
        "Operator": { "Managed": false },
        "PrivateDnsName": name(&primary),
        "PrivateIpAddresses": addresses.collect::<Vec<_>>(),
        "PrivateIpAddress": primary,
        "RequesterId": interface.requester,
        "RequesterManaged": interface.managed,
        "SourceDestCheck": interface.source_dest_check,
        "SubnetId": interface.subnet,
        "TagSet": tagging::of(ec2, id),
        "VpcId": interface.vpc,
    }))
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let ec2 = state(call);
    let may_fit = |interface: &Interface| {
        let mut texts: Vec<(&str, &str)> = interface.groups.iter().map(|id| ("group-id", id.as_str())).collect();
        texts.extend([("subnet-id", interface.subnet.as_str()), ("vpc-id", &interface.vpc)]);
        describe::may_fit(input, "NetworkInterfaceIds", &texts)
    };
    let chosen = ec2.interfaces.iter().filter(|(_, interface)| may_fit(interface));
    let items = chosen.map(|(id, interface)| document(ec2, id, interface)).collect();
    let ids = ("NetworkInterfaceIds", "NetworkInterfaceId");
    let view = View { list: "NetworkInterfaces", ids, kind: &kinds::INTERFACE, filters: FILTERS };
    describe::answer(input, &view, items)
}

/// The address that a request wants, which has to be a free one of the subnet.
fn wanted_address(ec2: &Ec2, subnet: &str, ip: &str) -> Result<(), Refusal> {
    let net: Option<Ipv4Net> = ec2.subnets.get(subnet).and_then(|subnet| subnet.cidr.parse().ok());
    let parsed: Ipv4Addr = ip.parse().map_err(|_| invalid(format!("invalid value for parameter address: [{ip}]")))?;
    if !net.is_some_and(|net| net.contains(&parsed)) {
        return Err(invalid("Address does not fall within the subnet's address range"));
    }
    if ec2.interfaces.values().any(|other| other.subnet == subnet && other.private.iter().any(|used| used == ip)) {
        let text = "The specified address is already in use.";
        return Err(Refusal::new("InvalidIPAddress.InUse", text));
    }
    Ok(())
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let tags = tagging::specified(input, &kinds::INTERFACE)?;
    let operation = call.operation;
    let ec2 = state(call);
    if let Some(id) = tokens::earlier(ec2, operation, input).filter(|id| ec2.interfaces.contains_key(id)) {
        let shown = document(ec2, &id, &ec2.interfaces[&id]);
        return Ok(json!({ "NetworkInterface": shown, "ClientToken": input.text("ClientToken") }));
    }
    let place = call.place.clone();
    let subnet = input.text_or_empty("SubnetId");
    let (id, mut made) = link::draft(call.world, &place, subnet, &input.texts("Groups"))?;
    made.description = input.text_or_empty("Description").to_owned();
    made.requester = Some(call.caller.id.clone());
    let mut listed: Vec<&Value> = input.list("PrivateIpAddresses").iter().collect();
    listed.sort_by_key(|address| address.flag("Primary") != Some(true));
    let mut wanted: Vec<String> = input.text("PrivateIpAddress").map(str::to_owned).into_iter().collect();
    wanted.extend(listed.iter().filter_map(|address| address.text("PrivateIpAddress")).map(str::to_owned));
    wanted.dedup();
    let ec2 = state(call);
    for ip in &wanted {
        wanted_address(ec2, subnet, ip)?;
    }
    if !wanted.is_empty() {
        made.private = wanted;
    }
    ec2.interfaces.insert(id.clone(), made);
    let more = input.integer("SecondaryPrivateIpAddressCount").unwrap_or_default();
    for _ in 0..more {
        let start = call.world.ids.below(1 << 16);
        let ec2 = state(call);
        let Some(ip) = free_address(ec2, subnet, start) else {
            ec2.interfaces.remove(&id);
            let text = "The specified subnet does not have enough free addresses to satisfy the request.";
            return Err(Refusal::new("InsufficientFreeAddressesInSubnet", text));
        };
        ec2.interfaces.entry(id.clone()).or_default().private.push(ip);
    }
    let ec2 = state(call);
    tagging::keep(ec2, &id, tags);
    tokens::keep(ec2, operation, input, &id);
    let mut shown = document(ec2, &id, &ec2.interfaces[&id]);
    // Only the reply of its making says so; it is available at once.
    shown["Status"] = "pending".into();
    Ok(json!({ "NetworkInterface": shown, "ClientToken": input.text("ClientToken") }))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("NetworkInterfaceId");
    let ec2 = state(call);
    let interface = ec2.interfaces.get(id).ok_or_else(|| kinds::INTERFACE.missing(id))?;
    if interface.attachment.is_some() {
        return Err(invalid(format!("Network interface '{id}' is currently in use.")));
    }
    for address in ec2.addresses.values_mut() {
        address.association.take_if(|(_, interface)| interface == id);
    }
    ec2.interfaces.remove(id);
    ec2.tags.remove(id);
    Ok(json!({}))
}

fn modify(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("NetworkInterfaceId");
    let ec2 = state(call);
    let interface = ec2.interfaces.get(id).ok_or_else(|| kinds::INTERFACE.missing(id))?;
    let groups = input.texts("Groups");
    let changed = if groups.is_empty() { None } else { Some(checked_groups(ec2, &interface.vpc, &groups)?) };
    if interface.managed {
        let text = "You do not have permission to access the specified resource.";
        return Err(Refusal::new("AuthFailure", text).status(403));
    }
    let Some(interface) = ec2.interfaces.get_mut(id) else { return Err(kinds::INTERFACE.missing(id)) };
    if let Some(groups) = changed {
        interface.groups = groups;
    }
    if let Some(text) = input.member("Description").and_then(|value| value.text("Value")) {
        interface.description = text.to_owned();
    }
    if let Some(check) = input.member("SourceDestCheck").and_then(|value| value.flag("Value")) {
        interface.source_dest_check = check;
    }
    Ok(json!({}))
}

/// Only services attach interfaces here, and theirs nobody else detaches.
fn detach(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("AttachmentId");
    let attachments = state(call).interfaces.values().filter_map(|interface| interface.attachment.as_ref());
    if attachments.into_iter().any(|attachment| attachment.id == id) {
        let text = "You are not allowed to manage 'ela-attach' attachments.";
        return Err(Refusal::new("OperationNotPermitted", text));
    }
    Err(Refusal::new("InvalidAttachmentID.NotFound", format!("The attachment ID '{id}' does not exist")))
}
