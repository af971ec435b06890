//! VPCs: their ranges, attributes and what keeps them from being deleted.

use std::time::Duration;

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::describe::{self, Filters, View, compact};
use super::state::{Ec2, Range, Subnet, Vpc};
use super::{Event, depended_on, fresh, invalid, kinds, lacks, new_id, one_attribute, operations, state, tagging};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::world;

/// The operations.
pub(super) const OPERATIONS: Table = operations![
    "DescribeVpcs" => describe,
    "CreateVpc" => create,
    "CreateDefaultVpc" => create_default,
    "DeleteVpc" => delete,
    "DescribeVpcAttribute" => describe_attribute,
    "ModifyVpcAttribute" => modify_attribute,
    "AssociateVpcCidrBlock" => associate_range,
    "DisassociateVpcCidrBlock" => disassociate_range,
];

const MOST_VPCS: usize = 5;
const MOST_RANGES: usize = 5;
const ATTRIBUTES: [&str; 3] = ["EnableDnsSupport", "EnableDnsHostnames", "EnableNetworkAddressUsageMetrics"];

const FILTERS: Filters = &[
    ("cidr", "CidrBlock"),
    ("cidr-block", "CidrBlock"),
    ("cidr-block-association.cidr-block", "CidrBlockAssociationSet.CidrBlock"),
    ("cidr-block-association.association-id", "CidrBlockAssociationSet.AssociationId"),
    ("cidr-block-association.state", "CidrBlockAssociationSet.CidrBlockState.State"),
    ("dhcp-options-id", "DhcpOptionsId"),
    ("ipv6-cidr-block-association.ipv6-cidr-block", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock"),
    ("ipv6-cidr-block-association.ipv6-pool", "Ipv6CidrBlockAssociationSet.Ipv6Pool"),
    ("ipv6-cidr-block-association.association-id", "Ipv6CidrBlockAssociationSet.AssociationId"),
    ("ipv6-cidr-block-association.state", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.State"),
    ("is-default", "IsDefault"),
    ("isDefault", "IsDefault"),
    ("owner-id", "OwnerId"),
    ("state", "State"),
    ("vpc-id", "VpcId"),
    ("tag-key", ""),
];

/// A VPC as it is described.
fn document(ec2: &Ec2, id: &str, vpc: &Vpc) -> Value {
    json!({
        "VpcId": id,
        "OwnerId": ec2.account,
        "InstanceTenancy": vpc.tenancy,
        "IsDefault": vpc.default,
        "State": if vpc.pending { "pending" } else { "available" },
        "CidrBlock": vpc.ranges.first().map(|range| &range.cidr),
        "CidrBlockAssociationSet": vpc.ranges.iter().map(v4).collect::<Vec<_>>(),
        "Ipv6CidrBlockAssociationSet": vpc.ipv6.iter().map(|range| v6(ec2, range, "associated")).collect::<Vec<_>>(),
        "DhcpOptionsId": vpc.dhcp,
        "BlockPublicAccessStates": { "InternetGatewayBlockMode": "off" },
        "Tags": tagging::of(ec2, id),
    })
}

fn v4(range: &Range) -> Value {
    json!({ "AssociationId": range.id, "CidrBlock": range.cidr, "CidrBlockState": { "State": "associated" } })
}

fn v6(ec2: &Ec2, range: &Range, state: &str) -> Value {
    json!({
        "AssociationId": range.id, "Ipv6CidrBlock": range.cidr, "Ipv6CidrBlockState": { "State": state },
        "NetworkBorderGroup": ec2.name, "Ipv6Pool": "Amazon", "Ipv6AddressAttribute": "public", "IpSource": "amazon",
    })
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let ec2 = state(call);
    let items = ec2.vpcs.iter().map(|(id, vpc)| document(ec2, id, vpc)).collect();
    let view = View { list: "Vpcs", ids: ("VpcIds", "VpcId"), kind: &kinds::VPC, filters: FILTERS };
    describe::answer(input, &view, items)
}

/// The range that a text stands for, without host bits.
///
/// # Errors
/// If it is none.
pub(super) fn range(text: &str) -> Result<Ipv4Net, Refusal> {
    let net = text.parse::<Ipv4Net>().map_err(|_| {
        invalid(format!("Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block."))
    })?;
    Ok(net.trunc())
}

fn sized(text: &str) -> Result<Ipv4Net, Refusal> {
    let net = range(text)?;
    if !(16..=28).contains(&net.prefix_len()) {
        return Err(Refusal::new("InvalidVpc.Range", format!("The CIDR '{text}' is invalid.")));
    }
    Ok(net)
}

fn amazons_v6(call: &mut Call<'_>) -> Range {
    let hex = call.world.ids.hex(6);
    let cidr = format!("2600:1f18:{}:{}00::/56", &hex[..4], &hex[4..]);
    let cidr = cidr.parse::<ipnet::Ipv6Net>().map_or(cidr, |net| net.trunc().to_string());
    Range { id: new_id(call, "vpc-cidr-assoc"), cidr }
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let tags = tagging::specified(input, &kinds::VPC)?;
    let cidr = input.text("CidrBlock").ok_or_else(|| {
        Refusal::new("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")
    })?;
    let cidr = sized(cidr)?.to_string();
    if state(call).vpcs.len() >= MOST_VPCS {
        return Err(Refusal::new("VpcLimitExceeded", "The maximum number of VPCs has been reached."));
    }
    let v6_range = (input.flag("AmazonProvidedIpv6CidrBlock") == Some(true)).then(|| amazons_v6(call));
    let tenancy = input.text("InstanceTenancy").unwrap_or("default").to_owned();
    let like = Vpc { tenancy, pending: true, ipv6: v6_range.into_iter().collect(), ..Vpc::default() };
    let place = call.place.clone();
    let mut ids = call.world.ids.clone();
    let ec2 = &mut call.world.region(&place).ec2;
    let id = fresh::vpc(ec2, &mut ids, &cidr, &like);
    tagging::keep(ec2, &id, tags);
    let mut made = document(ec2, &id, &ec2.vpcs[&id]);
    // The IPv6 range is on its way when the request is answered.
    if let Some(range) = like.ipv6.first() {
        made["Ipv6CidrBlockAssociationSet"] = json!([v6(ec2, range, "associating")]);
    }
    if let Some(made) = made.as_object_mut() {
        made.remove("BlockPublicAccessStates");
    }
    call.world.ids = ids;
    let soon = call.world.about(Duration::from_millis(1500));
    call.after(soon, world::Event::Ec2(Event::VpcReady(id)));
    Ok(json!({ "Vpc": made }))
}

fn create_default(call: &mut Call<'_>, _input: &Input) -> Reply {
    let place = call.place.clone();
    let mut ids = call.world.ids.clone();
    let ec2 = &mut call.world.region(&place).ec2;
    if ec2.vpcs.values().any(|vpc| vpc.default) {
        return Err(Refusal::new(
            "DefaultVpcAlreadyExists",
            "A Default VPC already exists for this account in this region.",
        ));
    }
    let id = fresh::default_network(ec2, &mut ids);
    let made = document(ec2, &id, &ec2.vpcs[&id]);
    call.world.ids = ids;
    Ok(json!({ "Vpc": made }))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("VpcId");
    let ec2 = state(call);
    if !ec2.vpcs.contains_key(id) {
        return Err(kinds::VPC.missing(id));
    }
    let needed = ec2.subnets.values().any(|subnet| subnet.vpc == id)
        || ec2.groups.values().any(|group| group.vpc == id && group.name != "default")
        || ec2.gateways.values().any(|vpc| vpc.as_deref() == Some(id))
        || ec2.route_tables.values().any(|table| table.vpc == id && table.main.is_none())
        || ec2.acls.values().any(|acl| acl.vpc == id && !acl.default)
        || ec2.interfaces.values().any(|interface| interface.vpc == id)
        || ec2.endpoints.values().any(|endpoint| endpoint.text("VpcId") == Some(id));
    if needed {
        return Err(depended_on("vpc", id));
    }
    let Ec2 { groups, route_tables, acls, tags, .. } = ec2;
    let gone: Vec<String> = std::iter::empty()
        .chain(groups.iter().filter(|(_, group)| group.vpc == id).map(|(id, _)| id.clone()))
        .chain(route_tables.iter().filter(|(_, table)| table.vpc == id).map(|(id, _)| id.clone()))
        .chain(acls.iter().filter(|(_, acl)| acl.vpc == id).map(|(id, _)| id.clone()))
        .chain([id.to_owned()])
        .collect();
    for id in gone {
        groups.remove(&id);
        route_tables.remove(&id);
        acls.remove(&id);
        tags.remove(&id);
    }
    ec2.vpcs.remove(id);
    Ok(json!({}))
}

fn describe_attribute(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("VpcId");
    let vpc = state(call).vpcs.get(id).ok_or_else(|| kinds::VPC.missing(id))?;
    let wanted = input.text_or_empty("Attribute");
    let name = ATTRIBUTES.iter().find(|name| name.eq_ignore_ascii_case(wanted)).copied().unwrap_or_default();
    let value = vpc.attributes.get(name).copied().unwrap_or_default();
    Ok(json!({ "VpcId": id, name: { "Value": value } }))
}

fn modify_attribute(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("VpcId");
    let vpc = state(call).vpcs.get_mut(id).ok_or_else(|| kinds::VPC.missing(id))?;
    let given: Vec<&str> = ATTRIBUTES.into_iter().filter(|name| input.has(name)).collect();
    if given.is_empty() {
        return Err(lacks("attribute"));
    }
    one_attribute(&given)?;
    for name in given {
        let value = input.member(name).and_then(|value| value.flag("Value")).unwrap_or_default();
        vpc.attributes.insert(name.to_owned(), value);
    }
    Ok(json!({}))
}

fn associate_range(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("VpcId").to_owned();
    let vpc = state(call).vpcs.get(&id).ok_or_else(|| kinds::VPC.missing(&id))?;
    let (known, known_v6) = (vpc.ranges.clone(), vpc.ipv6.len());
    let too_many = || {
        let text = format!("This network {id} has met its maximum number of allowed CIDRs: {MOST_RANGES}");
        Refusal::new("CidrLimitExceeded", text)
    };
    if input.flag("AmazonProvidedIpv6CidrBlock") == Some(true) {
        if known_v6 >= MOST_RANGES {
            return Err(too_many());
        }
        let range = amazons_v6(call);
        let ec2 = state(call);
        add_local_route(ec2, &id, &range.cidr);
        let association = v6(ec2, &range, "associating");
        ec2.vpcs.entry(id.clone()).or_default().ipv6.push(range);
        return Ok(json!({ "VpcId": id, "Ipv6CidrBlockAssociation": association }));
    }
    let net = sized(input.text("CidrBlock").ok_or_else(|| lacks("cidrBlock"))?)?;
    let parsed = known.iter().filter_map(|range| range.cidr.parse::<Ipv4Net>().ok());
    if parsed.into_iter().any(|other| other.contains(&net) || net.contains(&other)) {
        let text = format!("The CIDR '{net}' conflicts with another CIDR of the VPC '{id}'");
        return Err(Refusal::new("InvalidVpc.Range", text));
    }
    if known.len() >= MOST_RANGES {
        return Err(too_many());
    }
    let range = Range { id: new_id(call, "vpc-cidr-assoc"), cidr: net.to_string() };
    let mut association = v4(&range);
    association["CidrBlockState"]["State"] = "associating".into();
    let ec2 = state(call);
    add_local_route(ec2, &id, &range.cidr);
    ec2.vpcs.entry(id.clone()).or_default().ranges.push(range);
    Ok(json!({ "VpcId": id, "CidrBlockAssociation": association }))
}

fn add_local_route(ec2: &mut Ec2, vpc: &str, cidr: &str) {
    for table in ec2.route_tables.values_mut().filter(|table| table.vpc == vpc) {
        table.routes.push(fresh::local_route(cidr));
    }
}

fn disassociate_range(call: &mut Call<'_>, input: &Input) -> Reply {
    let association = input.text_or_empty("AssociationId");
    let ec2 = state(call);
    let missing = || {
        let text = format!("The vpc CIDR block with association ID {association} does not exist");
        Refusal::new("InvalidVpcCidrBlockAssociationID.NotFound", text)
    };
    let holds = |vpc: &Vpc| vpc.ranges.iter().chain(&vpc.ipv6).any(|range| range.id == association);
    let (id, vpc) = ec2.vpcs.iter().find(|(_, vpc)| holds(vpc)).ok_or_else(missing)?;
    let id = id.clone();
    if vpc.ranges.first().is_some_and(|range| range.id == association) {
        let text = format!(
            "The vpc CIDR block with association ID {association} may not be disassociated. It is the primary IPv4 CIDR \
             block of the VPC"
        );
        return Err(Refusal::new("OperationNotPermitted", text));
    }
    let range =
        vpc.ranges.iter().chain(&vpc.ipv6).find(|range| range.id == association).cloned().ok_or_else(missing)?;
    let within = |cidr: &str| {
        let inner = cidr.parse::<ipnet::IpNet>().ok();
        inner.zip(range.cidr.parse::<ipnet::IpNet>().ok()).is_some_and(|(inner, outer)| outer.contains(&inner))
    };
    let in_use = |subnet: &Subnet| {
        subnet.vpc == id && (within(&subnet.cidr) || subnet.ipv6.as_ref().is_some_and(|range| within(&range.cidr)))
    };
    if ec2.subnets.values().any(in_use) {
        let text =
            format!("The vpc CIDR block with association ID {association} has dependencies and cannot be removed.");
        return Err(Refusal::new("DependencyViolation", text));
    }
    let (mut v4_gone, v6_gone) = (v4(&range), v6(ec2, &range, "disassociating"));
    v4_gone["CidrBlockState"]["State"] = "disassociating".into();
    if let Some(vpc) = ec2.vpcs.get_mut(&id) {
        vpc.ranges.retain(|range| range.id != association);
        vpc.ipv6.retain(|range| range.id != association);
    }
    for table in ec2.route_tables.values_mut().filter(|table| table.vpc == id) {
        let local = fresh::local_route(&range.cidr);
        table.routes.retain(|route| *route != local);
    }
    let gone = if range.cidr.contains(':') { (Value::Null, v6_gone) } else { (v4_gone, Value::Null) };
    Ok(compact(json!({ "VpcId": id, "CidrBlockAssociation": gone.0, "Ipv6CidrBlockAssociation": gone.1 })))
}
