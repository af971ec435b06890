//! Elastic addresses: allocated, bound to an interface, released when nothing is bound to them.

use serde_json::{Value, json};

use super::describe::{self, Filters, View, compact};
use super::state::{Address, Ec2, Public};
use super::{interfaces, kinds, lacks, new_id, operations, state, tagging};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations.
pub(super) const OPERATIONS: Table = operations![
    "AllocateAddress" => allocate,
    "ReleaseAddress" => release,
    "DescribeAddresses" => describe,
    "DescribeAddressesAttribute" => attributes,
    "AssociateAddress" => associate,
    "DisassociateAddress" => disassociate,
];

const MOST: usize = 5;

const FILTERS: Filters = &[
    ("allocation-id", "AllocationId"),
    ("association-id", "AssociationId"),
    ("domain", "Domain"),
    ("instance-id", "InstanceId"),
    ("network-border-group", "NetworkBorderGroup"),
    ("network-interface-id", "NetworkInterfaceId"),
    ("network-interface-owner-id", "NetworkInterfaceOwnerId"),
    ("private-ip-address", "PrivateIpAddress"),
    ("public-ip", "PublicIp"),
    ("tag-key", ""),
];

fn document(ec2: &Ec2, id: &str, address: &Address) -> Value {
    let bound = address.association.as_ref();
    let interface = bound.and_then(|(_, interface)| ec2.interfaces.get(interface));
    compact(json!({
        "AllocationId": id,
        "PublicIp": address.ip,
        "Domain": "vpc",
        "PublicIpv4Pool": "amazon",
        "NetworkBorderGroup": ec2.name,
        "AssociationId": bound.map(|(association, _)| association),
        "NetworkInterfaceId": bound.map(|(_, interface)| interface),
        "NetworkInterfaceOwnerId": bound.map(|_| &ec2.account),
        "PrivateIpAddress": interface.and_then(|interface| interface.private.first()),
        "Tags": tagging::of(ec2, id),
    }))
}

fn allocate(call: &mut Call<'_>, input: &Input) -> Reply {
    let tags = tagging::specified(input, &kinds::ADDRESS)?;
    if state(call).addresses.len() >= MOST {
        let text = "The maximum number of addresses has been reached.";
        return Err(Refusal::new("AddressLimitExceeded", text));
    }
    let id = new_id(call, "eipalloc");
    let ip = interfaces::public_address(&mut call.world.ids);
    let ec2 = state(call);
    ec2.addresses.insert(id.clone(), Address { ip: ip.clone(), association: None });
    tagging::keep(ec2, &id, tags);
    Ok(json!({
        "AllocationId": id, "PublicIp": ip, "PublicIpv4Pool": "amazon", "NetworkBorderGroup": ec2.name, "Domain": "vpc",
    }))
}

/// The allocation of a request, by its id or its address.
fn named(ec2: &Ec2, input: &Input) -> Result<String, Refusal> {
    if let Some(id) = input.text("AllocationId") {
        return ec2.addresses.get_key_value(id).map(|(id, _)| id.clone()).ok_or_else(|| kinds::ADDRESS.missing(id));
    }
    let ip = input.text("PublicIp").ok_or_else(|| lacks("AllocationId"))?;
    let found = ec2.addresses.iter().find(|(_, address)| address.ip == ip).map(|(id, _)| id.clone());
    found.ok_or_else(|| Refusal::new("InvalidAddress.NotFound", format!("Address '{ip}' not found.")))
}

fn release(call: &mut Call<'_>, input: &Input) -> Reply {
    let ec2 = state(call);
    let id = named(ec2, input)?;
    if ec2.addresses[&id].association.is_some() {
        let text = format!("Address {} is in use.", ec2.addresses[&id].ip);
        return Err(Refusal::new("InvalidIPAddress.InUse", text));
    }
    ec2.addresses.remove(&id);
    ec2.tags.remove(&id);
    Ok(json!({}))
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let ips = input.texts("PublicIps");
    let ec2 = state(call);
    if let Some(ip) = ips.iter().find(|ip| !ec2.addresses.values().any(|address| address.ip == **ip)) {
        return Err(Refusal::new("InvalidAddress.NotFound", format!("Address '{ip}' not found.")));
    }
    let chosen = ec2.addresses.iter().filter(|(_, address)| ips.is_empty() || ips.contains(&address.ip));
    let items = chosen.map(|(id, address)| document(ec2, id, address)).collect();
    let ids = ("AllocationIds", "AllocationId");
    let mut reply =
        describe::answer(input, &View { list: "Addresses", ids, kind: &kinds::ADDRESS, filters: FILTERS }, items)?;
    // The one list of EC2 that comes in a single piece.
    if let Some(reply) = reply.as_object_mut() {
        reply.remove("NextToken");
    }
    Ok(reply)
}

fn attributes(call: &mut Call<'_>, input: &Input) -> Reply {
    let ids = input.texts("AllocationIds");
    let ec2 = state(call);
    if let Some(missing) = ids.iter().find(|id| !ec2.addresses.contains_key(*id)) {
        return Err(kinds::ADDRESS.missing(missing));
    }
    let chosen = ec2.addresses.iter().filter(|(id, _)| ids.is_empty() || ids.contains(id));
    let items = chosen.map(|(id, address)| json!({ "AllocationId": id, "PublicIp": address.ip })).collect();
    describe::page(input, "Addresses", items, |item| item.text_or_empty("AllocationId").to_owned())
}

/// Binds an address to an interface; the association's id.
pub(super) fn bind(ec2: &mut Ec2, association: String, allocation: &str, interface: &str) -> String {
    let owner = ec2.account.clone();
    let Some(address) = ec2.addresses.get_mut(allocation) else { return association };
    address.association = Some((association.clone(), interface.to_owned()));
    if let Some(interface) = ec2.interfaces.get_mut(interface) {
        interface.public = Some(Public {
            ip: address.ip.clone(),
            owner,
            association: Some(association.clone()),
            allocation: Some(allocation.to_owned()),
        });
    }
    association
}

/// Frees an address from its interface.
pub(super) fn free(ec2: &mut Ec2, allocation: &str) {
    let bound = ec2.addresses.get_mut(allocation).and_then(|address| address.association.take());
    if let Some(interface) = bound.and_then(|(_, interface)| ec2.interfaces.get_mut(&interface)) {
        interface.public = None;
    }
}

fn associate(call: &mut Call<'_>, input: &Input) -> Reply {
    let association = new_id(call, "eipassoc");
    let ec2 = state(call);
    let id = named(ec2, input)?;
    if let Some(instance) = input.text("InstanceId") {
        return Err(kinds::INSTANCE.missing(instance));
    }
    let interface = input.text("NetworkInterfaceId").ok_or_else(|| lacks("networkInterfaceId or instanceId"))?;
    let found = ec2.interfaces.get(interface).ok_or_else(|| kinds::INTERFACE.missing(interface))?;
    if !ec2.gateways.values().any(|vpc| vpc.as_ref() == Some(&found.vpc)) {
        let text = format!("Network {} is not attached to any internet gateway", found.vpc);
        return Err(Refusal::new("Gateway.NotAttached", text));
    }
    let bound = ec2.addresses[&id].association.as_ref().filter(|(_, other)| other != interface);
    if let Some((association, _)) = bound.filter(|_| input.flag("AllowReassociation") == Some(false)) {
        let text = format!("resource {id} is already associated with associate-id {association}");
        return Err(Refusal::new("Resource.AlreadyAssociated", text));
    }
    free(ec2, &id);
    Ok(json!({ "AssociationId": bind(ec2, association, &id, interface) }))
}

fn disassociate(call: &mut Call<'_>, input: &Input) -> Reply {
    let ec2 = state(call);
    let by_association = |id: &str| {
        let holds = |address: &Address| address.association.as_ref().is_some_and(|(association, _)| association == id);
        let found = ec2.addresses.iter().find(|(_, address)| holds(address)).map(|(id, _)| id.clone());
        let text = format!("The association ID '{id}' does not exist");
        found.ok_or_else(|| Refusal::new("InvalidAssociationID.NotFound", text))
    };
    let id = input.text("AssociationId").map_or_else(|| named(ec2, input), by_association)?;
    let interface = ec2.addresses[&id].association.as_ref().and_then(|(_, interface)| ec2.interfaces.get(interface));
    if interface.is_some_and(|interface| interface.managed) {
        let text = "You do not have permission to access the specified resource.";
        return Err(Refusal::new("AuthFailure", text).status(403));
    }
    free(ec2, &id);
    Ok(json!({}))
}
