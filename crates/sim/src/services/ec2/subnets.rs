//! Subnets: where they fit into their VPC, and the attributes that can be modified later.

use std::collections::BTreeMap;

use ipnet::{Ipv4Net, Ipv6Net};
use serde_json::{Value, json};

use super::describe::{self, Filters, View};
use super::state::{Ec2, Range, Subnet, Vpc};
use super::{
    arn, depended_on, fresh, invalid, kinds, lacks, link, new_id, one_attribute, operations, places, state, tagging,
    vpcs,
};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations.
pub(super) const OPERATIONS: Table = operations![
    "DescribeSubnets" => describe,
    "CreateSubnet" => create,
    "CreateDefaultSubnet" => create_default,
    "DeleteSubnet" => delete,
    "ModifySubnetAttribute" => modify,
    "AssociateSubnetCidrBlock" => associate_range,
    "DisassociateSubnetCidrBlock" => disassociate_range,
];

const FILTERS: Filters = &[
    ("availability-zone", "AvailabilityZone"),
    ("availabilityZone", "AvailabilityZone"),
    ("availability-zone-id", "AvailabilityZoneId"),
    ("available-ip-address-count", "AvailableIpAddressCount"),
    ("cidr-block", "CidrBlock"),
    ("cidr", "CidrBlock"),
    ("cidrBlock", "CidrBlock"),
    ("customer-owned-ipv4-pool", "CustomerOwnedIpv4Pool"),
    ("default-for-az", "DefaultForAz"),
    ("defaultForAz", "DefaultForAz"),
    ("enable-dns64", "EnableDns64"),
    ("enable-lni-at-device-index", "EnableLniAtDeviceIndex"),
    ("ipv6-cidr-block-association.ipv6-cidr-block", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock"),
    ("ipv6-cidr-block-association.association-id", "Ipv6CidrBlockAssociationSet.AssociationId"),
    ("ipv6-cidr-block-association.state", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.State"),
    ("ipv6-native", "Ipv6Native"),
    ("map-customer-owned-ip-on-launch", "MapCustomerOwnedIpOnLaunch"),
    ("map-public-ip-on-launch", "MapPublicIpOnLaunch"),
    ("outpost-arn", "OutpostArn"),
    ("owner-id", "OwnerId"),
    ("private-dns-name-options-on-launch.hostname-type", "PrivateDnsNameOptionsOnLaunch.HostnameType"),
    (
        "private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
        "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsARecord",
    ),
    (
        "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
        "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsAAAARecord",
    ),
    ("state", "State"),
    ("subnet-arn", "SubnetArn"),
    ("subnet-id", "SubnetId"),
    ("vpc-id", "VpcId"),
    ("tag-key", ""),
];

fn v6(range: &Range, state: &str) -> Value {
    json!({
        "AssociationId": range.id, "Ipv6CidrBlock": range.cidr, "Ipv6CidrBlockState": { "State": state },
        "Ipv6AddressAttribute": "public", "IpSource": "amazon",
    })
}

/// A subnet as it is described, with that many addresses in use.
fn document(ec2: &Ec2, id: &str, subnet: &Subnet, used: usize) -> Value {
    let mut made = json!({
        "SubnetId": id,
        "VpcId": subnet.vpc,
        "State": "available",
        "AvailabilityZone": subnet.zone,
        "AvailabilityZoneId": places::zone_id(&subnet.zone),
        "AvailableIpAddressCount": link::capacity(&subnet.cidr).saturating_sub(used),
        "CidrBlock": if subnet.cidr.is_empty() { Value::Null } else { subnet.cidr.clone().into() },
        "DefaultForAz": subnet.default,
        "Ipv6CidrBlockAssociationSet": subnet.ipv6.iter().map(|range| v6(range, "associated")).collect::<Vec<_>>(),
        "OwnerId": ec2.account,
        "SubnetArn": arn(ec2, "subnet", id),
        "BlockPublicAccessStates": { "InternetGatewayBlockMode": "off" },
        "Tags": tagging::of(ec2, id),
    });
    if let Some(made) = made.as_object_mut() {
        made.extend(subnet.attributes.clone());
    }
    made
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let ec2 = state(call);
    let mut used: BTreeMap<&str, usize> = BTreeMap::new();
    for interface in ec2.interfaces.values() {
        *used.entry(&interface.subnet).or_default() += interface.private.len();
    }
    let of = |id: &str| used.get(id).copied().unwrap_or_default();
    let items = ec2.subnets.iter().map(|(id, subnet)| document(ec2, id, subnet, of(id))).collect();
    let view = View { list: "Subnets", ids: ("SubnetIds", "SubnetId"), kind: &kinds::SUBNET, filters: FILTERS };
    describe::answer(input, &view, items)
}

/// The zone that a request names, or one of the region's.
fn zone(call: &mut Call<'_>, input: &Input) -> Result<String, Refusal> {
    let zones = link::zones(&call.place);
    let by_id = |id: &str| zones.iter().find(|zone| places::zone_id(zone) == id);
    let (wanted, parameter, found) = match (input.text("AvailabilityZone"), input.text("AvailabilityZoneId")) {
        (Some(name), _) => (name, "availabilityZone", zones.iter().find(|zone| *zone == name)),
        (None, Some(id)) => (id, "availabilityZoneId", by_id(id)),
        (None, None) => return Ok(zones[call.world.ids.below(zones.len())].clone()),
    };
    found.cloned().ok_or_else(|| {
        invalid(format!(
            "Value ({wanted}) for parameter {parameter} is invalid. Subnets can currently only be created in the following \
             availability zones: {}.",
            zones.join(", ")
        ))
    })
}

/// The IPv4 range of a new subnet, which has to be free in its VPC.
fn fitting(ec2: &Ec2, vpc_id: &str, vpc: &Vpc, text: &str) -> Result<String, Refusal> {
    let net = vpcs::range(text)?;
    let inside = |range: &Range| range.cidr.parse::<Ipv4Net>().is_ok_and(|outer| outer.contains(&net));
    if !(16..=28).contains(&net.prefix_len()) || !vpc.ranges.iter().any(inside) {
        return Err(Refusal::new("InvalidSubnet.Range", format!("The CIDR '{text}' is invalid.")));
    }
    let others = ec2.subnets.values().filter(|subnet| subnet.vpc == vpc_id);
    let overlaps = |other: Ipv4Net| other.contains(&net) || net.contains(&other);
    if others.filter_map(|subnet| subnet.cidr.parse().ok()).any(overlaps) {
        return Err(Refusal::new("InvalidSubnet.Conflict", format!("The CIDR '{text}' conflicts with another subnet")));
    }
    Ok(net.to_string())
}

/// The IPv6 range of a new subnet.
fn fitting_v6(ec2: &Ec2, vpc_id: &str, vpc: &Vpc, text: &str) -> Result<String, Refusal> {
    let wrong = |code: &str, why: &str| Refusal::new(code, format!("The CIDR '{text}' {why}"));
    let net: Ipv6Net = text.parse().map_err(|_| wrong("InvalidSubnet.Range", "is invalid."))?;
    let net = net.trunc();
    let inside = |range: &Range| range.cidr.parse::<Ipv6Net>().is_ok_and(|outer| outer.contains(&net));
    if !(44..=64).contains(&net.prefix_len()) || !vpc.ipv6.iter().any(inside) {
        return Err(wrong("InvalidSubnet.Range", "is invalid."));
    }
    let others = ec2.subnets.values().filter(|subnet| subnet.vpc == vpc_id).filter_map(|subnet| subnet.ipv6.as_ref());
    if others.filter_map(|range| range.cidr.parse::<Ipv6Net>().ok()).any(|other| other.contains(&net)) {
        return Err(wrong("InvalidSubnet.Conflict", "conflicts with another subnet"));
    }
    Ok(net.to_string())
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let tags = tagging::specified(input, &kinds::SUBNET)?;
    let native = input.flag("Ipv6Native") == Some(true);
    let (v4, v6) = (input.text("CidrBlock"), input.text("Ipv6CidrBlock"));
    let both = || {
        let text = "When specifying ipv4 parameters, cidrBlock or ipv4IpamPoolId, you cannot set ipv6Native to true.";
        Refusal::new("InvalidParameterCombination", text)
    };
    let none = |text: &str| Refusal::new("MissingParameter", text);
    match (native, v4, v6) {
        (true, _, None) => return Err(none("Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided.")),
        (true, Some(_), Some(_)) => return Err(both()),
        (false, None, _) => return Err(none("Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")),
        _ => {}
    }
    let zone = zone(call, input)?;
    let association = new_id(call, "subnet-cidr-assoc");
    let vpc_id = input.text_or_empty("VpcId").to_owned();
    let place = call.place.clone();
    let mut ids = call.world.ids.clone();
    let ec2 = &mut call.world.region(&place).ec2;
    let vpc = ec2.vpcs.get(&vpc_id).ok_or_else(|| kinds::VPC.missing(&vpc_id))?;
    let cidr = v4.map(|text| fitting(ec2, &vpc_id, vpc, text)).transpose()?.unwrap_or_default();
    let range = v6.map(|text| fitting_v6(ec2, &vpc_id, vpc, text)).transpose()?;
    let ipv6 = range.map(|cidr| Range { id: association, cidr });
    let attributes = if native { json!({ "Ipv6Native": true }) } else { json!({}) };
    let attributes = fresh::members(attributes);
    let made = Subnet { vpc: vpc_id, zone, cidr, ipv6, attributes, default: false };
    let id = fresh::subnet(ec2, &mut ids, made);
    tagging::keep(ec2, &id, tags);
    let mut made = document(ec2, &id, &ec2.subnets[&id], 0);
    if let Some(made) = made.as_object_mut() {
        made.remove("BlockPublicAccessStates");
    }
    call.world.ids = ids;
    Ok(json!({ "Subnet": made }))
}

fn associate_range(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("SubnetId").to_owned();
    let association = new_id(call, "subnet-cidr-assoc");
    let ec2 = state(call);
    let subnet = ec2.subnets.get(&id).ok_or_else(|| kinds::SUBNET.missing(&id))?;
    let text = input.text("Ipv6CidrBlock").ok_or_else(|| lacks("ipv6CidrBlock"))?;
    if subnet.ipv6.is_some() {
        let text = format!("This subnet {id} has met its maximum number of allowed IPv6 CIDRs: 1");
        return Err(Refusal::new("CidrLimitExceeded", text));
    }
    let vpc = ec2.vpcs.get(&subnet.vpc).ok_or_else(|| kinds::VPC.missing(&subnet.vpc))?;
    let range = Range { id: association, cidr: fitting_v6(ec2, &subnet.vpc, vpc, text)? };
    let answer = json!({ "SubnetId": id, "Ipv6CidrBlockAssociation": v6(&range, "associating") });
    ec2.subnets.entry(id).or_default().ipv6 = Some(range);
    Ok(answer)
}

fn disassociate_range(call: &mut Call<'_>, input: &Input) -> Reply {
    let association = input.text_or_empty("AssociationId");
    let has = |subnet: &Subnet| subnet.ipv6.as_ref().is_some_and(|range| range.id == association);
    let Some((id, subnet)) = state(call).subnets.iter_mut().find(|(_, subnet)| has(subnet)) else {
        let text = format!("The subnet CIDR block with association ID {association} does not exist");
        return Err(Refusal::new("InvalidSubnetCidrBlockAssociationID.NotFound", text));
    };
    let range = subnet.ipv6.take().unwrap_or_default();
    Ok(json!({ "SubnetId": id, "Ipv6CidrBlockAssociation": v6(&range, "disassociating") }))
}

fn create_default(call: &mut Call<'_>, input: &Input) -> Reply {
    let zone = zone(call, input)?;
    let place = call.place.clone();
    let mut ids = call.world.ids.clone();
    let ec2 = &mut call.world.region(&place).ec2;
    let vpc = ec2.vpcs.iter().find(|(_, vpc)| vpc.default).map(|(id, _)| id.clone());
    let vpc = vpc.ok_or_else(|| {
        Refusal::new("DefaultVpcDoesNotExist", "No default VPC exists for this account in this region.")
    })?;
    if ec2.subnets.values().any(|subnet| subnet.default && subnet.zone == zone) {
        let text = format!("A default subnet already exists for the Availability Zone {zone}");
        return Err(Refusal::new("DefaultSubnetAlreadyExistsInAvailabilityZone", text));
    }
    let free = (0..16).map(|number| format!("172.31.{}.0/20", 16 * number));
    let cidr = free.into_iter().find(|range| fitting(ec2, &vpc, &ec2.vpcs[&vpc], range).is_ok());
    let cidr =
        cidr.ok_or_else(|| Refusal::new("InsufficientCidrBlocks", "No free range is left in the default VPC"))?;
    let id = fresh::subnet(ec2, &mut ids, Subnet { vpc, zone, cidr, default: true, ..Subnet::default() });
    let made = document(ec2, &id, &ec2.subnets[&id], 0);
    call.world.ids = ids;
    Ok(json!({ "Subnet": made }))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("SubnetId");
    let ec2 = state(call);
    if !ec2.subnets.contains_key(id) {
        return Err(kinds::SUBNET.missing(id));
    }
    if ec2.interfaces.values().any(|interface| interface.subnet == id) {
        return Err(depended_on("subnet", id));
    }
    ec2.subnets.remove(id);
    ec2.tags.remove(id);
    for table in ec2.route_tables.values_mut() {
        table.associations.retain(|_, subnet| subnet != id);
    }
    for acl in ec2.acls.values_mut() {
        acl.associations.retain(|_, subnet| subnet != id);
    }
    Ok(json!({}))
}

/// What can be changed, one in a request; the pool of a customer's addresses comes along with their use.
const ATTRIBUTES: [&str; 9] = [
    "AssignIpv6AddressOnCreation",
    "DisableLniAtDeviceIndex",
    "EnableDns64",
    "EnableLniAtDeviceIndex",
    "EnableResourceNameDnsAAAARecordOnLaunch",
    "EnableResourceNameDnsARecordOnLaunch",
    "MapCustomerOwnedIpOnLaunch",
    "MapPublicIpOnLaunch",
    "PrivateDnsHostnameTypeOnLaunch",
];

fn modify(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("SubnetId");
    let subnet = state(call).subnets.get_mut(id).ok_or_else(|| kinds::SUBNET.missing(id))?;
    let given: Vec<&str> = ATTRIBUTES.into_iter().filter(|name| input.has(name)).collect();
    one_attribute(&given)?;
    let flag = |name: &str| input.member(name).and_then(|value| value.flag("Value"));
    if subnet.ipv6.is_none() && flag("AssignIpv6AddressOnCreation") == Some(true) {
        return Err(invalid(format!(
            "Invalid value 'true' for AssignIpv6AddressOnCreation. Subnet {id} has no IPv6 CIDR"
        )));
    }
    for name in ["MapPublicIpOnLaunch", "AssignIpv6AddressOnCreation", "EnableDns64", "MapCustomerOwnedIpOnLaunch"] {
        if let Some(value) = flag(name) {
            subnet.attributes.insert(name.to_owned(), value.into());
        }
    }
    if let Some(pool) = input.text("CustomerOwnedIpv4Pool") {
        subnet.attributes.insert("CustomerOwnedIpv4Pool".to_owned(), pool.into());
    }
    if let Some(index) = input.integer("EnableLniAtDeviceIndex") {
        subnet.attributes.insert("EnableLniAtDeviceIndex".to_owned(), index.into());
    }
    if flag("DisableLniAtDeviceIndex") == Some(true) {
        subnet.attributes.remove("EnableLniAtDeviceIndex");
    }
    let names = subnet.attributes.entry("PrivateDnsNameOptionsOnLaunch").or_insert_with(|| json!({}));
    if let Some(kind) = input.text("PrivateDnsHostnameTypeOnLaunch") {
        names["HostnameType"] = kind.into();
    }
    for record in ["EnableResourceNameDnsARecord", "EnableResourceNameDnsAAAARecord"] {
        if let Some(value) = flag(&format!("{record}OnLaunch")) {
            names[record] = value.into();
        }
    }
    Ok(json!({}))
}
