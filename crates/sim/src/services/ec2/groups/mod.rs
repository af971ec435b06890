//! Security groups: how they are made, listed and deleted, and what holds them. Their rules are read and written next door.

pub(super) mod changes;
pub(super) mod permissions;
pub(super) mod rules;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::describe::{self, Filters, View};
use super::state::{Ec2, Group, Peer};
use super::{arn, fresh, invalid, kinds, lacks, new_id, operations, state, tagging};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations.
pub(super) const OPERATIONS: Table = operations![
    "CreateSecurityGroup" => create,
    "DeleteSecurityGroup" => delete,
    "DescribeSecurityGroups" => describe,
    "DescribeSecurityGroupReferences" => references,
    "DescribeStaleSecurityGroups" => stale,
    "GetSecurityGroupsForVpc" => for_vpc,
];

const MOST_GROUPS: usize = 2500;
const LONGEST: usize = 255;
const ALLOWED: &str = "._-:/()#,@[]+=&;{}!$* ";

const FILTERS: Filters = &[
    ("description", "Description"),
    ("egress.ip-permission.cidr", "IpPermissionsEgress.IpRanges.CidrIp"),
    ("egress.ip-permission.from-port", "IpPermissionsEgress.FromPort"),
    ("egress.ip-permission.group-id", "IpPermissionsEgress.UserIdGroupPairs.GroupId"),
    ("egress.ip-permission.group-name", "IpPermissionsEgress.UserIdGroupPairs.GroupName"),
    ("egress.ip-permission.ipv6-cidr", "IpPermissionsEgress.Ipv6Ranges.CidrIpv6"),
    ("egress.ip-permission.prefix-list-id", "IpPermissionsEgress.PrefixListIds.PrefixListId"),
    ("egress.ip-permission.protocol", "IpPermissionsEgress.IpProtocol"),
    ("egress.ip-permission.to-port", "IpPermissionsEgress.ToPort"),
    ("egress.ip-permission.user-id", "IpPermissionsEgress.UserIdGroupPairs.UserId"),
    ("group-id", "GroupId"),
    ("group-name", "GroupName"),
    ("ip-permission.cidr", "IpPermissions.IpRanges.CidrIp"),
    ("ip-permission.from-port", "IpPermissions.FromPort"),
    ("ip-permission.group-id", "IpPermissions.UserIdGroupPairs.GroupId"),
    ("ip-permission.group-name", "IpPermissions.UserIdGroupPairs.GroupName"),
    ("ip-permission.ipv6-cidr", "IpPermissions.Ipv6Ranges.CidrIpv6"),
    ("ip-permission.prefix-list-id", "IpPermissions.PrefixListIds.PrefixListId"),
    ("ip-permission.protocol", "IpPermissions.IpProtocol"),
    ("ip-permission.to-port", "IpPermissions.ToPort"),
    ("ip-permission.user-id", "IpPermissions.UserIdGroupPairs.UserId"),
    ("owner-id", "OwnerId"),
    ("vpc-id", "VpcId"),
    ("tag-key", ""),
];

fn document(ec2: &Ec2, id: &str, group: &Group) -> Value {
    json!({
        "GroupId": id,
        "GroupName": group.name,
        "Description": group.description,
        "VpcId": group.vpc,
        "OwnerId": ec2.account,
        "SecurityGroupArn": arn(ec2, "security-group", id),
        "IpPermissions": permissions::merged(ec2, group.ordered().filter(|rule| !rule.egress)),
        "IpPermissionsEgress": permissions::merged(ec2, group.ordered().filter(|rule| rule.egress)),
        "Tags": tagging::of(ec2, id),
    })
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let names = input.texts("GroupNames");
    let ids = input.texts("GroupIds");
    let ec2 = state(call);
    let default = default_vpc(ec2);
    let named =
        |name: &str, group: &Group| Some(&group.vpc) == default.as_ref() && group.name.eq_ignore_ascii_case(name);
    if let Some(name) = names.iter().find(|name| !ec2.groups.values().any(|group| named(name, group))) {
        return Err(unknown_name(ec2, name));
    }
    let wanted = |id: &String, group: &Group| {
        let by_id = ids.is_empty() || ids.contains(id);
        let texts = [("group-id", id.as_str()), ("group-name", &group.name), ("vpc-id", &group.vpc)];
        by_id
            && describe::may_fit(input, "GroupIds", &texts)
            && (names.is_empty() || names.iter().any(|name| named(name, group)))
    };
    let chosen = ec2.groups.iter().filter(|(id, group)| wanted(id, group));
    let items = chosen.map(|(id, group)| document(ec2, id, group)).collect();
    let view = View { list: "SecurityGroups", ids: ("GroupIds", "GroupId"), kind: &kinds::GROUP, filters: FILTERS };
    describe::answer(input, &view, items)
}

fn default_vpc(ec2: &Ec2) -> Option<String> {
    ec2.vpcs.iter().find(|(_, vpc)| vpc.default).map(|(id, _)| id.clone())
}

fn unknown_name(ec2: &Ec2, name: &str) -> Refusal {
    let text = match default_vpc(ec2) {
        Some(vpc) => format!("The security group '{name}' does not exist in default VPC '{vpc}'"),
        None => format!("The security group '{name}' does not exist"),
    };
    Refusal::new("InvalidGroup.NotFound", text)
}

/// The id of the group that a request is about: by its id, or by name in the default VPC.
///
/// # Errors
/// If there is no such group, or none is named.
pub(super) fn named(ec2: &Ec2, input: &Input) -> Result<String, Refusal> {
    if let Some(id) = input.text("GroupId") {
        return ec2.groups.get_key_value(id).map(|(id, _)| id.clone()).ok_or_else(|| kinds::GROUP.missing(id));
    }
    let name = input.text("GroupName").ok_or_else(|| lacks("groupName or groupId"))?;
    let default = default_vpc(ec2);
    let fits = |group: &Group| Some(&group.vpc) == default.as_ref() && group.name.eq_ignore_ascii_case(name);
    let found = ec2.groups.iter().find(|(_, group)| fits(group));
    found.map(|(id, _)| id.clone()).ok_or_else(|| unknown_name(ec2, name))
}

/// Whether every letter may stand in a name or description.
pub(super) fn allowed(text: &str) -> bool {
    text.chars().count() <= LONGEST
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || ALLOWED.contains(letter))
}

fn check_texts(name: &str, description: &str) -> Result<(), Refusal> {
    for (parameter, text) in [("GroupName", name), ("GroupDescription", description)] {
        if text.is_empty() {
            return Err(lacks(parameter));
        }
        if !text.is_ascii() {
            return Err(invalid(format!(
                "Value ({text}) for parameter {parameter} is invalid. Character sets beyond ASCII are not supported."
            )));
        }
        if !allowed(text) {
            let (what, kind) =
                if parameter == "GroupName" { ("name", "names") } else { ("description", "descriptions") };
            return Err(invalid(format!(
                "Invalid security group {what}. Valid {kind} are strings less than 256 characters from the following set:  \
                 a-zA-Z0-9. _-:/()#,@[]+=&;{{}}!$*"
            )));
        }
    }
    if name.to_lowercase().starts_with("sg-") {
        return Err(invalid(format!(
            "Invalid value '{name}' for groupName. Group names may not be in the format sg-*."
        )));
    }
    if name.eq_ignore_ascii_case("default") {
        return Err(invalid("Cannot use reserved security group name: default"));
    }
    Ok(())
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let (name, description) = (input.text_or_empty("GroupName"), input.text_or_empty("Description"));
    check_texts(name, description)?;
    let tags = tagging::specified(input, &kinds::GROUP)?;
    let ec2 = state(call);
    let vpc = input.text("VpcId").map(str::to_owned).or_else(|| default_vpc(ec2));
    let vpc = vpc.ok_or_else(|| Refusal::new("VPCIdNotSpecified", "No default VPC for this user"))?;
    let network = ec2.vpcs.get(&vpc).ok_or_else(|| kinds::VPC.missing(&vpc))?;
    let v6 = !network.ipv6.is_empty();
    if ec2.groups.values().any(|group| group.vpc == vpc && group.name.eq_ignore_ascii_case(name)) {
        let text = format!("The security group '{name}' already exists for VPC '{vpc}'");
        return Err(Refusal::new("InvalidGroup.Duplicate", text));
    }
    if ec2.groups.len() >= MOST_GROUPS {
        let text = "The maximum number of security groups has been reached.";
        return Err(Refusal::new("SecurityGroupLimitExceeded", text));
    }
    let id = new_id(call, "sg");
    let rules = fresh::open_egress(&mut call.world.ids, v6);
    let ec2 = state(call);
    let group = Group { name: name.to_owned(), description: description.to_owned(), vpc, rules, ..Group::default() };
    ec2.groups.insert(id.clone(), group);
    let shown = if tags.is_empty() { Value::Null } else { crate::tags::to_list(&tags, "Key", "Value") };
    tagging::keep(ec2, &id, tags);
    Ok(json!({ "GroupId": id, "SecurityGroupArn": arn(ec2, "security-group", &id), "Tags": shown }))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let ec2 = state(call);
    let id = named(ec2, input)?;
    if ec2.groups[&id].name == "default" {
        let text = format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user");
        return Err(Refusal::new("CannotDelete", text));
    }
    let in_use = ec2.interfaces.values().any(|interface| interface.groups.contains(&id));
    if in_use || !referencing(ec2, &id).is_empty() {
        return Err(Refusal::new("DependencyViolation", format!("resource {id} has a dependent object")));
    }
    let group = ec2.groups.remove(&id).unwrap_or_default();
    ec2.tags.remove(&id);
    for rule in group.rules.keys() {
        ec2.tags.remove(rule);
    }
    Ok(json!({ "Return": true, "GroupId": id }))
}

/// The other groups with a rule about this one.
fn referencing(ec2: &Ec2, id: &str) -> BTreeSet<String> {
    let peer = Peer::Group(id.to_owned());
    let refers = |group: &Group| group.rules.values().any(|rule| rule.peer == peer);
    let others = ec2.groups.iter().filter(|(other, group)| *other != id && refers(group));
    others.map(|(other, _)| other.clone()).collect()
}

/// Only groups of other networks count as references, and there are no peered networks.
fn references(call: &mut Call<'_>, input: &Input) -> Reply {
    let ec2 = state(call);
    if let Some(missing) = input.texts("GroupId").iter().find(|id| !ec2.groups.contains_key(*id)) {
        return Err(kinds::GROUP.missing(missing));
    }
    Ok(json!({ "SecurityGroupReferenceSet": [] }))
}

/// Rules go stale when a peering ends, and there are no peered networks.
fn stale(call: &mut Call<'_>, input: &Input) -> Reply {
    let vpc = input.text_or_empty("VpcId");
    if !state(call).vpcs.contains_key(vpc) {
        return Err(kinds::VPC.missing(vpc));
    }
    Ok(json!({ "StaleSecurityGroupSet": [] }))
}

fn for_vpc(call: &mut Call<'_>, input: &Input) -> Reply {
    const FILTERS: Filters = &[
        ("group-id", "GroupId"),
        ("description", "Description"),
        ("group-name", "GroupName"),
        ("owner-id", "OwnerId"),
        ("primary-vpc-id", "PrimaryVpcId"),
        ("tag-key", ""),
    ];
    let filters = describe::filters(input, FILTERS)?;
    let vpc = input.text_or_empty("VpcId");
    let ec2 = state(call);
    if !ec2.vpcs.contains_key(vpc) {
        return Err(kinds::VPC.missing(vpc));
    }
    let groups = ec2.groups.iter().filter(|(_, group)| group.vpc == vpc);
    let items = groups.map(|(id, group)| {
        json!({
            "GroupId": id, "GroupName": group.name, "Description": group.description, "OwnerId": ec2.account,
            "PrimaryVpcId": vpc, "Tags": tagging::of(ec2, id),
        })
    });
    let items = items.filter(|item| filters.iter().all(|filter| filter.takes(item))).collect();
    describe::page(input, "SecurityGroupForVpcs", items, |item| item.text_or_empty("GroupId").to_owned())
}
