//! Internet gateways: made alone, attached to one VPC, and held there by public addresses.

use serde_json::{Value, json};

use super::describe::{self, Filters, View};
use super::state::Ec2;
use super::{depended_on, kinds, new_id, operations, state, tagging};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations.
pub(super) const OPERATIONS: Table = operations![
    "DescribeInternetGateways" => describe,
    "CreateInternetGateway" => create,
    "AttachInternetGateway" => attach,
    "DetachInternetGateway" => detach,
    "DeleteInternetGateway" => delete,
];

const FILTERS: Filters = &[
    ("attachment.state", "Attachments.State"),
    ("attachment.vpc-id", "Attachments.VpcId"),
    ("internet-gateway-id", "InternetGatewayId"),
    ("owner-id", "OwnerId"),
    ("tag-key", ""),
];

fn document(ec2: &Ec2, id: &str, vpc: Option<&String>) -> Value {
    // Attached internet gateways have a state of their own: `available`.
    let attachments: Vec<Value> = vpc.iter().map(|vpc| json!({ "State": "available", "VpcId": vpc })).collect();
    json!({
        "InternetGatewayId": id, "OwnerId": ec2.account, "Attachments": attachments, "Tags": tagging::of(ec2, id),
    })
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let ec2 = state(call);
    let items = ec2.gateways.iter().map(|(id, vpc)| document(ec2, id, vpc.as_ref())).collect();
    let ids = ("InternetGatewayIds", "InternetGatewayId");
    describe::answer(input, &View { list: "InternetGateways", ids, kind: &kinds::GATEWAY, filters: FILTERS }, items)
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let tags = tagging::specified(input, &kinds::GATEWAY)?;
    let id = new_id(call, "igw");
    let ec2 = state(call);
    ec2.gateways.insert(id.clone(), None);
    tagging::keep(ec2, &id, tags);
    Ok(json!({ "InternetGateway": document(ec2, &id, None) }))
}

fn attach(call: &mut Call<'_>, input: &Input) -> Reply {
    let (id, vpc) = (input.text_or_empty("InternetGatewayId"), input.text_or_empty("VpcId"));
    let ec2 = state(call);
    let attached = ec2.gateways.get(id).ok_or_else(|| kinds::GATEWAY.missing(id))?;
    if !ec2.vpcs.contains_key(vpc) {
        return Err(kinds::VPC.missing(vpc));
    }
    if attached.is_some() {
        let text = format!("resource {id} is already attached to network {}", attached.clone().unwrap_or_default());
        return Err(Refusal::new("Resource.AlreadyAssociated", text));
    }
    if ec2.gateways.values().any(|other| other.as_deref() == Some(vpc)) {
        let text = format!("Network {vpc} already has an internet gateway attached");
        return Err(Refusal::new("InvalidParameterValue", text));
    }
    ec2.gateways.insert(id.to_owned(), Some(vpc.to_owned()));
    Ok(json!({}))
}

fn detach(call: &mut Call<'_>, input: &Input) -> Reply {
    let (id, vpc) = (input.text_or_empty("InternetGatewayId"), input.text_or_empty("VpcId"));
    let ec2 = state(call);
    let attached = ec2.gateways.get(id).ok_or_else(|| kinds::GATEWAY.missing(id))?;
    if !ec2.vpcs.contains_key(vpc) {
        return Err(kinds::VPC.missing(vpc));
    }
    if attached.as_deref() != Some(vpc) {
        let text = format!("resource {id} is not attached to network {vpc}");
        return Err(Refusal::new("Gateway.NotAttached", text));
    }
    if ec2.interfaces.values().any(|interface| interface.vpc == vpc && interface.public.is_some()) {
        let text = format!(
            "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching the \
             gateway."
        );
        return Err(Refusal::new("DependencyViolation", text));
    }
    ec2.gateways.insert(id.to_owned(), None);
    Ok(json!({}))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("InternetGatewayId");
    let ec2 = state(call);
    if ec2.gateways.get(id).ok_or_else(|| kinds::GATEWAY.missing(id))?.is_some() {
        return Err(depended_on("internetGateway", id));
    }
    ec2.gateways.remove(id);
    ec2.tags.remove(id);
    Ok(json!({}))
}
