//! Subnet groups: at least two zones, one VPC. Decides what refuses their deletion.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::tagging::Resources;
use super::{SubnetGroup, invalid, lists};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::services::ec2;
use crate::tags::dialect::Carrier;
use crate::world::Place;

/// The operations on subnet groups.
pub(super) const OPERATIONS: Table = &[
    ("CreateDBSubnetGroup", create),
    ("DescribeDBSubnetGroups", describe),
    ("ModifyDBSubnetGroup", modify),
    ("DeleteDBSubnetGroup", delete),
];

/// A group as it is described.
pub(super) fn view(place: &Place, name: &str, group: &SubnetGroup, arn: bool) -> Value {
    let subnets: Vec<Value> = group
        .subnets
        .iter()
        .map(|(id, zone)| {
            json!({
                "SubnetIdentifier": id, "SubnetAvailabilityZone": {"Name": zone}, "SubnetOutpost": {}, "SubnetStatus": "Active",
            })
        })
        .collect();
    let mut view = json!({
        "DBSubnetGroupName": name, "DBSubnetGroupDescription": group.description, "VpcId": group.vpc,
        "SubnetGroupStatus": "Complete", "Subnets": subnets,
    });
    if arn {
        view["DBSubnetGroupArn"] = place.arn("rds", &format!("subgrp:{name}")).into();
        view["SupportedNetworkTypes"] = json!(["IPV4"]);
    }
    view
}

/// The refusal for a group that is not there.
pub(super) fn missing(name: &str) -> Refusal {
    Refusal::new("DBSubnetGroupNotFoundFault", format!("DB subnet group '{name}' does not exist."))
}

fn covered(call: &mut Call<'_>, ids: &[String]) -> Result<(String, Vec<(String, String)>), Refusal> {
    let region = call.region();
    let unknown: Vec<&str> = ids.iter().map(String::as_str).filter(|id| ec2::subnet(region, id).is_none()).collect();
    if !unknown.is_empty() {
        return Err(invalid(format!("Some input subnets in :[{}] are invalid.", unknown.join(", "))));
    }
    let facts: Vec<ec2::SubnetFacts> = ids.iter().filter_map(|id| ec2::subnet(region, id)).collect();
    let vpcs: BTreeSet<&str> = facts.iter().map(|subnet| subnet.vpc.as_str()).collect();
    let vpc = (*vpcs.first().unwrap_or(&"")).to_owned();
    if vpcs.len() > 1 {
        let text = "The DB subnet group doesn't meet the requirement that all subnets are in the same VPC.";
        return Err(Refusal::new("InvalidSubnet", text));
    }
    let zones: BTreeSet<&str> = facts.iter().map(|subnet| subnet.zone.as_str()).collect();
    if zones.len() < 2 {
        let zones = zones.into_iter().collect::<Vec<_>>().join(", ");
        return Err(Refusal::new(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            format!(
                "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: {zones}. Add subnets to cover at least 2 AZs."
            ),
        ));
    }
    Ok((vpc, facts.into_iter().map(|subnet| (subnet.id, subnet.zone)).collect()))
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let (name, place) = (input.text_or_empty("DBSubnetGroupName").to_lowercase(), call.place.clone());
    let fits = |letter: char| letter.is_ascii_alphanumeric() || " ._-".contains(letter);
    if name == "default" || name.is_empty() || name.len() > 255 || !name.chars().all(fits) {
        return Err(invalid(format!(
            "The parameter DBSubnetGroupName is not a valid identifier: {name}. It must contain only alphanumeric characters, periods, underscores, spaces or hyphens and must not be default."
        )));
    }
    if call.region().rds.subnet_groups.contains_key(&name) {
        return Err(Refusal::new(
            "DBSubnetGroupAlreadyExists",
            format!("The DB subnet group '{name}' already exists."),
        ));
    }
    let (vpc, subnets) = covered(call, &input.texts("SubnetIds"))?;
    let description = input.text_or_empty("DBSubnetGroupDescription").to_owned();
    let group = SubnetGroup { description, vpc, subnets, tags: Resources::DIALECT.given(input)? };
    let answer = view(&place, &name, &group, true);
    call.region().rds.subnet_groups.insert(name, group);
    Ok(json!({"DBSubnetGroup": answer}))
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let place = call.place.clone();
    let groups = &call.region().rds.subnet_groups;
    let wanted = input.text("DBSubnetGroupName").map(str::to_lowercase);
    if let Some(name) = wanted.as_ref().filter(|name| !groups.contains_key(*name)) {
        return Err(missing(name));
    }
    let here = groups.iter().filter(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted == *name));
    let records = here.map(|(name, group)| view(&place, name, group, true)).collect();
    lists::page(input, "DBSubnetGroups", records, |item| item.text_or_empty("DBSubnetGroupName").to_owned())
}

/// The instances that use a group.
fn users(call: &mut Call<'_>, name: &str) -> Vec<(String, Vec<String>)> {
    let instances = call.region().rds.instances.iter().filter(|(_, instance)| instance.subnet_group == name);
    instances.map(|(name, instance)| (name.clone(), instance.interfaces.clone())).collect()
}

fn modify(call: &mut Call<'_>, input: &Input) -> Reply {
    let (name, place) = (input.text_or_empty("DBSubnetGroupName").to_lowercase(), call.place.clone());
    if !call.region().rds.subnet_groups.contains_key(&name) {
        return Err(missing(&name));
    }
    let (vpc, subnets) = covered(call, &input.texts("SubnetIds"))?;
    let used = !users(call, &name).is_empty();
    let group = call.region().rds.subnet_groups.entry(name.clone()).or_default();
    if vpc != group.vpc && used {
        let text = "The DB subnet group is in use; its subnets cannot be moved to another VPC.";
        return Err(Refusal::new("SubnetAlreadyInUse", text));
    }
    (group.vpc, group.subnets) = (vpc, subnets);
    if let Some(description) = input.text("DBSubnetGroupDescription") {
        description.clone_into(&mut group.description);
    }
    Ok(json!({"DBSubnetGroup": view(&place, &name, group, true)}))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("DBSubnetGroupName").to_lowercase();
    if !call.region().rds.subnet_groups.contains_key(&name) {
        return Err(missing(&name));
    }
    if let Some((user, _)) = users(call, &name).first() {
        let text = format!(
            "Cannot delete the subnet group '{name}' because at least one database instance: {user} is still using it."
        );
        return Err(Refusal::new("InvalidDBSubnetGroupStateFault", text));
    }
    call.region().rds.subnet_groups.remove(&name);
    Ok(json!({}))
}
