//! The rules of security groups, one by one: listed, authorised, revoked. A request that is refused changes nothing.

use serde_json::{Value, json};

use super::super::describe::{self, Filters, View, compact};
use super::super::state::{Ec2, Group, Peer, Rule};
use super::super::{arn, invalid, kinds, lacks, new_id, operations, state, tagging};
use super::{named, permissions};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations.
pub(crate) const OPERATIONS: Table = operations![
    "DescribeSecurityGroupRules" => describe,
    "AuthorizeSecurityGroupIngress" => |call, input| authorize(call, input, false),
    "AuthorizeSecurityGroupEgress" => |call, input| authorize(call, input, true),
    "RevokeSecurityGroupIngress" => |call, input| revoke(call, input, false),
    "RevokeSecurityGroupEgress" => |call, input| revoke(call, input, true),
];

const MOST_RULES: i64 = 60;

const FILTERS: Filters = &[("group-id", "GroupId"), ("security-group-rule-id", "SecurityGroupRuleId"), ("tag-key", "")];

/// A rule as it is described.
fn document(ec2: &Ec2, group: &str, id: &str, rule: &Rule) -> Value {
    let (v4, v6, list, referenced) = match &rule.peer {
        Peer::V4(range) => (Some(range), None, None, Value::Null),
        Peer::V6(range) => (None, Some(range), None, Value::Null),
        Peer::List(id) => (None, None, Some(id), Value::Null),
        Peer::Group(id) => (None, None, None, json!({ "GroupId": id, "UserId": ec2.account })),
    };
    compact(json!({
        "SecurityGroupRuleId": id,
        "GroupId": group,
        "GroupOwnerId": ec2.account,
        "IsEgress": rule.egress,
        "IpProtocol": rule.traffic.protocol,
        "FromPort": rule.traffic.from,
        "ToPort": rule.traffic.to,
        "CidrIpv4": v4,
        "CidrIpv6": v6,
        "PrefixListId": list,
        "ReferencedGroupInfo": referenced,
        "Description": rule.description,
        "SecurityGroupRuleArn": arn(ec2, "security-group-rule", id),
    }))
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    for filter in input.list("Filters").iter().filter(|filter| filter.text("Name") == Some("group-id")) {
        if let Some(bad) = filter.texts("Values").iter().find(|id| !kinds::GROUP.fits(id)) {
            let text = format!("The security group ID '{bad}' is malformed");
            return Err(Refusal::new("InvalidGroupId.Malformed", text));
        }
    }
    let ec2 = state(call);
    let mut items = Vec::new();
    let may_fit = |id: &str| describe::may_fit(input, "SecurityGroupRuleIds", &[("group-id", id)]);
    for (group_id, group) in ec2.groups.iter().filter(|(id, _)| may_fit(id)) {
        for (id, rule) in &group.rules {
            let mut item = document(ec2, group_id, id, rule);
            item["Tags"] = tagging::of(ec2, id);
            items.push(item);
        }
    }
    let ids = ("SecurityGroupRuleIds", "SecurityGroupRuleId");
    describe::answer(input, &View { list: "SecurityGroupRules", ids, kind: &kinds::RULE, filters: FILTERS }, items)
}

/// How much a rule counts towards the quota of IPv4 and of IPv6.
fn weight(ec2: &Ec2, rule: &Rule) -> (i64, i64) {
    match &rule.peer {
        Peer::V4(_) => (1, 0),
        Peer::V6(_) => (0, 1),
        Peer::Group(_) => (1, 1),
        Peer::List(id) => {
            let list = ec2.prefix_lists.get(id);
            let entries = list.and_then(|list| list.versions.last()).map_or(1, std::collections::BTreeMap::len);
            let most = list.and_then(|list| list.max).unwrap_or(i64::try_from(entries).unwrap_or(i64::MAX));
            (most, most)
        }
    }
}

/// Checks that rules can be added: none is there yet, and there is room for them.
fn addable(ec2: &Ec2, group: &Group, egress: bool, new: &[Rule]) -> Result<(), Refusal> {
    let there = |rule: &&Rule| group.rules.values().any(|other| permissions::same(other, rule));
    if let Some(rule) = new.iter().find(there) {
        let text = format!("the specified rule \"{}\" already exists", permissions::words(rule));
        return Err(Refusal::new("InvalidPermission.Duplicate", text));
    }
    let all = group.rules.values().filter(|rule| rule.egress == egress).chain(new).map(|rule| weight(ec2, rule));
    let (v4, v6) = all.fold((0, 0), |sum, weight| (sum.0 + weight.0, sum.1 + weight.1));
    if v4.max(v6) > MOST_RULES {
        let text = "The maximum number of rules per security group has been reached.";
        return Err(Refusal::new("RulesPerSecurityGroupLimitExceeded", text));
    }
    Ok(())
}

fn authorize(call: &mut Call<'_>, input: &Input, egress: bool) -> Reply {
    let tags = tagging::specified(input, &kinds::RULE)?;
    let ec2 = state(call);
    let group_id = named(ec2, input)?;
    let rules = permissions::read(ec2, &group_id, egress, input)?;
    addable(ec2, &ec2.groups[&group_id], egress, &rules)?;
    let ids: Vec<String> = rules.iter().map(|_| new_id(call, "sgr")).collect();
    let ec2 = state(call);
    let mut made = Vec::new();
    for (id, rule) in ids.into_iter().zip(rules) {
        let mut item = document(ec2, &group_id, &id, &rule);
        if !tags.is_empty() {
            item["Tags"] = crate::tags::to_list(&tags, "Key", "Value");
        }
        made.push(item);
        tagging::keep(ec2, &id, tags.clone());
        let group = ec2.groups.entry(group_id.clone()).or_default();
        group.order.push(id.clone());
        group.rules.insert(id, rule);
    }
    Ok(json!({ "Return": true, "SecurityGroupRules": made }))
}

fn revoke(call: &mut Call<'_>, input: &Input, egress: bool) -> Reply {
    let wanted = input.texts("SecurityGroupRuleIds");
    let by_fields =
        !input.list("IpPermissions").is_empty() || input.has("CidrIp") || input.has("SourceSecurityGroupName");
    if !wanted.is_empty() && by_fields {
        let text = "The parameter securityGroupRuleIds cannot be used with the parameter ipPermissions";
        return Err(Refusal::new("InvalidParameterCombination", text));
    }
    if wanted.is_empty() && !by_fields {
        return Err(lacks("ipPermissions"));
    }
    let ec2 = state(call);
    let group_id = named(ec2, input)?;
    let group = &ec2.groups[&group_id];
    let mut gone = Vec::new();
    let mut unknown = Vec::new();
    if by_fields {
        for rule in permissions::read(ec2, &group_id, egress, input)? {
            match group.rules.iter().find(|(_, other)| permissions::same(other, &rule)) {
                Some((id, _)) => gone.push(id.clone()),
                None => unknown.push(rule),
            }
        }
        // In the default VPC rules that are not there are told, elsewhere they are an error.
        if !unknown.is_empty() && !ec2.vpcs.get(&group.vpc).is_some_and(|vpc| vpc.default) {
            return Err(absent());
        }
    } else {
        for id in wanted {
            if group.rules.get(&id).is_none_or(|rule| rule.egress != egress) {
                return Err(kinds::RULE.missing(&id));
            }
            if gone.contains(&id) {
                return Err(invalid("The same security group rule must not appear multiple times"));
            }
            gone.push(id);
        }
    }
    let unknown = permissions::merged(ec2, unknown.iter());
    let mut revoked = Vec::new();
    for id in gone {
        let rule = ec2.groups.get_mut(&group_id).and_then(|group| {
            group.order.retain(|other| *other != id);
            group.rules.remove(&id)
        });
        ec2.tags.remove(&id);
        revoked.extend(rule.map(|rule| revoked_document(&group_id, &id, &rule)));
    }
    let unknown = if unknown.is_empty() { Value::Null } else { unknown.into() };
    Ok(json!({ "Return": true, "RevokedSecurityGroupRules": revoked, "UnknownIpPermissions": unknown }))
}

/// The refusal of a rule that is not there.
pub(crate) fn absent() -> Refusal {
    Refusal::new("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
}

fn revoked_document(group: &str, id: &str, rule: &Rule) -> Value {
    let mut item = json!({
        "SecurityGroupRuleId": id, "GroupId": group, "IsEgress": rule.egress, "IpProtocol": rule.traffic.protocol,
        "FromPort": rule.traffic.from, "ToPort": rule.traffic.to, "Description": rule.description,
    });
    let (member, text) = match &rule.peer {
        Peer::V4(text) => ("CidrIpv4", text),
        Peer::V6(text) => ("CidrIpv6", text),
        Peer::List(text) => ("PrefixListId", text),
        Peer::Group(text) => ("ReferencedGroupId", text),
    };
    item[member] = text.clone().into();
    compact(item)
}
