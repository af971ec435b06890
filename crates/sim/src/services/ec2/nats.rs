//! NAT gateways, which take minutes to come and go and stay listed for a while when gone.

use std::time::Duration;

use serde_json::{Value, json};

use super::describe::{self, Filters, View, compact};
use super::state::{Address, Attachment, Ec2};
use super::{Event, fresh, interfaces, kinds, lacks, link, new_id, operations, public, state, tagging, tokens};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::world::{self, Moment, Place, World};

/// The operations.
pub(super) const OPERATIONS: Table = operations![
    "DescribeNatGateways" => describe,
    "CreateNatGateway" => create,
    "DeleteNatGateway" => delete,
];

const READY: Duration = Duration::from_secs(100);
const GONE: Duration = Duration::from_secs(45);
const FORGOTTEN: Duration = Duration::from_secs(3600);

const FILTERS: Filters = &[
    ("nat-gateway-id", "NatGatewayId"),
    ("state", "State"),
    ("subnet-id", "SubnetId"),
    ("vpc-id", "VpcId"),
    ("tag-key", ""),
];

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let ec2 = state(call);
    let items = ec2.nats.iter().map(|(id, nat)| {
        let mut nat = nat.clone();
        nat["Tags"] = tagging::of(ec2, id);
        nat
    });
    let items = items.collect();
    let ids = ("NatGatewayIds", "NatGatewayId");
    describe::answer(input, &View { list: "NatGateways", ids, kind: &kinds::NAT, filters: FILTERS }, items)
}

/// Brings a gateway to a state.
pub(super) fn turn(nat: &mut Value, state: &str, now: Moment) {
    nat["State"] = state.into();
    let address = &mut nat["NatGatewayAddresses"][0];
    match state {
        "available" => address["Status"] = "succeeded".into(),
        "deleted" => nat["DeleteTime"] = now.value(),
        _ => {}
    }
}

/// Gives the interface and the addresses of a gateway back.
pub(super) fn let_go(ec2: &mut Ec2, id: &str) {
    let nat = ec2.nats.get(id).cloned().unwrap_or_default();
    for address in nat.list("NatGatewayAddresses") {
        public::free(ec2, address.text_or_empty("AllocationId"));
        ec2.interfaces.remove(address.text_or_empty("NetworkInterfaceId"));
    }
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let tags = tagging::specified(input, &kinds::NAT)?;
    let kind = input.text("ConnectivityType").unwrap_or("public");
    let subnet = input.text("SubnetId").ok_or_else(|| lacks("subnetId"))?.to_owned();
    let operation = call.operation;
    let ec2 = state(call);
    if let Some(nat) = tokens::earlier(ec2, operation, input).and_then(|id| ec2.nats.get(&id)) {
        return Ok(json!({ "NatGateway": nat, "ClientToken": input.text("ClientToken") }));
    }
    let found = ec2.subnets.get(&subnet).ok_or_else(|| kinds::SUBNET.missing(&subnet))?;
    let vpc = found.vpc.clone();
    let allocation = input.text("AllocationId");
    match (kind, allocation) {
        ("public", None) => return Err(lacks("AllocationId")),
        ("private", Some(_)) => {
            let text = "You can't specify an AllocationId for a private NAT gateway.";
            return Err(Refusal::new("InvalidParameterCombination", text));
        }
        _ => {}
    }
    if let Some(id) = allocation {
        let address = ec2.addresses.get(id).ok_or_else(|| kinds::ADDRESS.missing(id))?;
        if address.association.is_some() {
            let text = format!("Elastic IP address [{id}] is already associated");
            return Err(Refusal::new("Resource.AlreadyAssociated", text));
        }
        if !ec2.gateways.values().any(|attached| attached.as_ref() == Some(&vpc)) {
            let text = format!("Network {vpc} has no Internet gateway attached");
            return Err(Refusal::new("Gateway.NotAttached", text));
        }
    }
    let id = new_id(call, "nat");
    let interface = attach(call, &subnet, &id)?;
    let association = new_id(call, "eipassoc");
    let now = call.now();
    let ec2 = state(call);
    let private = ec2.interfaces[&interface].private[0].clone();
    let association = allocation.map(|allocation| public::bind(ec2, association, allocation, &interface));
    let address = compact(json!({
        "AllocationId": allocation,
        "AssociationId": association,
        "IsPrimary": true,
        "NetworkInterfaceId": interface,
        "PrivateIp": private,
        "PublicIp": allocation.and_then(|id| ec2.addresses.get(id)).map(|address| &address.ip),
        "Status": "associating",
    }));
    let nat = json!({
        "NatGatewayId": id, "State": "pending", "SubnetId": subnet, "VpcId": vpc, "CreateTime": now.value(),
        "ConnectivityType": kind, "AvailabilityMode": "zonal", "NatGatewayAddresses": [address],
    });
    ec2.nats.insert(id.clone(), nat.clone());
    tagging::keep(ec2, &id, tags);
    tokens::keep(ec2, operation, input, &id);
    let mut shown = nat;
    shown["Tags"] = tagging::of(ec2, &id);
    let delay = call.world.about(READY);
    call.after(delay, world::Event::Ec2(Event::Turns(id, "available".to_owned())));
    Ok(json!({ "NatGateway": shown, "ClientToken": input.text("ClientToken") }))
}

/// The interface of a gateway, which has no groups.
fn attach(call: &mut Call<'_>, subnet: &str, nat: &str) -> Result<String, Refusal> {
    let place = call.place.clone();
    place_in(call.world, &place, subnet, nat)
}

fn place_in(world: &mut World, place: &Place, subnet: &str, nat: &str) -> Result<String, Refusal> {
    let (id, mut made) = link::draft(world, place, subnet, &[])?;
    made.groups.clear();
    made.description = format!("Interface for NAT Gateway {nat}");
    made.kind = "nat_gateway".to_owned();
    made.managed = true;
    made.requester = Some("003013012345".to_owned());
    made.source_dest_check = false;
    let attachment = fresh::id(&mut world.ids, "ela-attach");
    made.attachment = Some(Attachment { id: attachment, owner: "amazon-aws".to_owned(), time: world.now });
    world.region(place).ec2.interfaces.insert(id.clone(), made);
    Ok(id)
}

/// A gateway of a network that is provided, ready and with an address; its id. Nothing if the subnet has no room.
pub(super) fn provide(world: &mut World, place: &Place, subnet: &str) -> Option<String> {
    let id = fresh::id(&mut world.ids, "nat");
    let interface = place_in(world, place, subnet, &id).ok()?;
    let (allocation, association) = (fresh::id(&mut world.ids, "eipalloc"), fresh::id(&mut world.ids, "eipassoc"));
    let (ip, now) = (interfaces::public_address(&mut world.ids), world.now);
    let ec2 = &mut world.region(place).ec2;
    ec2.addresses.insert(allocation.clone(), Address { ip: ip.clone(), association: None });
    let association = public::bind(ec2, association, &allocation, &interface);
    let nat = json!({
        "NatGatewayId": id, "State": "available", "SubnetId": subnet, "VpcId": ec2.subnets.get(subnet)?.vpc,
        "CreateTime": now.value(), "ConnectivityType": "public", "AvailabilityMode": "zonal",
        "NatGatewayAddresses": [{ "AllocationId": allocation, "AssociationId": association, "IsPrimary": true,
            "NetworkInterfaceId": interface, "PrivateIp": ec2.interfaces.get(&interface)?.private.first(),
            "PublicIp": ip, "Status": "succeeded" }],
    });
    ec2.nats.insert(id.clone(), nat);
    Some(id)
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("NatGatewayId").to_owned();
    let ec2 = state(call);
    let nat = ec2.nats.get_mut(&id).ok_or_else(|| kinds::NAT.missing(&id))?;
    if nat.text_or_empty("State").starts_with("delet") {
        return Ok(json!({ "NatGatewayId": id }));
    }
    nat["State"] = "deleting".into();
    let gone = call.world.about(GONE);
    call.after(gone, world::Event::Ec2(Event::Turns(id.clone(), "deleted".to_owned())));
    call.after(gone + FORGOTTEN, world::Event::Ec2(Event::Forgotten(id.clone())));
    Ok(json!({ "NatGatewayId": id }))
}
