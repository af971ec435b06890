//! Changes of rules that are there: all of a rule by its id, or its description alone. The kind of peer never changes.

use serde_json::{Value, json};

use super::super::state::{Ec2, Peer, Rule};
use super::super::{invalid, kinds, lacks, operations, state};
use super::rules::absent;
use super::{named, permissions};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations.
pub(crate) const OPERATIONS: Table = operations![
    "ModifySecurityGroupRules" => modify,
    "UpdateSecurityGroupRuleDescriptionsIngress" => |call, input| redescribe(call, input, false),
    "UpdateSecurityGroupRuleDescriptionsEgress" => |call, input| redescribe(call, input, true),
];

/// The peer that a changed rule names.
fn peer(ec2: &Ec2, group: &str, wanted: &Value) -> Result<Peer, Refusal> {
    let given = ["CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupId"].map(|name| wanted.text(name));
    match given {
        [Some(range), None, None, None] => permissions::v4(range),
        [None, Some(range), None, None] => permissions::v6(range),
        [None, None, Some(id), None] => permissions::prefix_list(ec2, id),
        [None, None, None, Some(id)] => permissions::group(ec2, group, id),
        [None, None, None, None] => Err(Refusal::new(
            "MissingParameter",
            "The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId",
        )),
        _ => Err(Refusal::new(
            "InvalidParameterCombination",
            "Only one of cidrIp, cidrIpv6, prefixListId, or referencedGroupId can be specified",
        )),
    }
}

fn modify(call: &mut Call<'_>, input: &Input) -> Reply {
    let group_id = input.text_or_empty("GroupId");
    let ec2 = state(call);
    let mut group = ec2.groups.get(group_id).ok_or_else(|| kinds::GROUP.missing(group_id))?.clone();
    let updates = input.list("SecurityGroupRules");
    if updates.is_empty() {
        return Err(lacks("SecurityGroupRule"));
    }
    for update in updates {
        let id = update.text_or_empty("SecurityGroupRuleId");
        let old = group.rules.get(id).ok_or_else(|| kinds::RULE.missing(id))?.clone();
        let wanted = update.member("SecurityGroupRule").cloned().unwrap_or(Value::Null);
        let traffic = permissions::traffic(&wanted)?;
        let peer = peer(ec2, group_id, &wanted)?;
        if std::mem::discriminant(&peer) != std::mem::discriminant(&old.peer) {
            return Err(invalid("You may not modify the source or destination type of a security group rule."));
        }
        let new = Rule { egress: old.egress, traffic, peer, description: permissions::description(&wanted)? };
        if group.rules.iter().any(|(other, rule)| other != id && permissions::same(rule, &new)) {
            let text = format!("the specified rule \"{}\" already exists", permissions::words(&new));
            return Err(Refusal::new("InvalidPermission.Duplicate", text));
        }
        group.rules.insert(id.to_owned(), new);
    }
    ec2.groups.insert(group_id.to_owned(), group);
    Ok(json!({ "Return": true }))
}

fn redescribe(call: &mut Call<'_>, input: &Input, egress: bool) -> Reply {
    let by_id = input.list("SecurityGroupRuleDescriptions");
    let by_fields = !input.list("IpPermissions").is_empty();
    if !by_id.is_empty() && by_fields {
        let text = "The parameter securityGroupRuleDescriptions cannot be used with the parameter ipPermissions";
        return Err(Refusal::new("InvalidParameterCombination", text));
    }
    if by_id.is_empty() && !by_fields {
        return Err(lacks("ipPermissions"));
    }
    let ec2 = state(call);
    let group_id = named(ec2, input)?;
    let mut group = ec2.groups[&group_id].clone();
    if by_fields {
        for wanted in permissions::read(ec2, &group_id, egress, input)? {
            let found = group.rules.values_mut().find(|rule| permissions::same(rule, &wanted));
            found.ok_or_else(absent)?.description = wanted.description;
        }
    }
    for wanted in by_id {
        let id = wanted.text_or_empty("SecurityGroupRuleId");
        let found = group.rules.get_mut(id).filter(|rule| rule.egress == egress);
        found.ok_or_else(|| kinds::RULE.missing(id))?.description = permissions::description(wanted)?;
    }
    ec2.groups.insert(group_id, group);
    Ok(json!({ "Return": true }))
}
