//! `IpPermissions` and the rules they stand for: reading them (protocols by name, ranges without host bits, one rule per peer)
//! and merging rules back. Knows groups and prefix lists only to tell whether a peer exists.

use std::collections::BTreeMap;

use ipnet::{Ipv4Net, Ipv6Net};
use serde_json::{Value, json};

use super::super::state::{Ec2, Peer, Rule, Traffic};
use super::super::{invalid, kinds, lacks};
use crate::call::{Input, Members, Refusal};

/// The rules that a request is about, from its permissions or its single fields.
///
/// # Errors
/// Of what is no permission, and of one that is there twice.
pub(crate) fn read(ec2: &Ec2, group: &str, egress: bool, input: &Input) -> Result<Vec<Rule>, Refusal> {
    let single = single(input);
    let permissions = if single.is_empty() { input.list("IpPermissions") } else { &single };
    if permissions.is_empty() {
        return Err(lacks("ipPermissions"));
    }
    let mut rules: Vec<Rule> = Vec::new();
    for permission in permissions {
        let made = one(ec2, group, egress, permission)?;
        if made.is_empty() {
            let text = "Invalid IP permission: at least one of IpRanges, Ipv6Ranges, PrefixListIds or UserIdGroupPairs must be \
                        specified";
            return Err(invalid(text));
        }
        for rule in made {
            if rules.iter().any(|other| same(other, &rule)) {
                return Err(invalid("The same permission must not appear multiple times"));
            }
            rules.push(rule);
        }
    }
    Ok(rules)
}

/// Whether two rules allow the same, whatever their descriptions.
pub(crate) fn same(one: &Rule, other: &Rule) -> bool {
    one.egress == other.egress && one.traffic == other.traffic && one.peer == other.peer
}

/// The permissions of a request that names one by single fields.
fn single(input: &Input) -> Vec<Value> {
    if let Some(range) = input.shared_text("CidrIp") {
        return vec![json!({
            "IpProtocol": input.member("IpProtocol"), "FromPort": input.member("FromPort"),
            "ToPort": input.member("ToPort"), "IpRanges": [{ "CidrIp": range }],
        })];
    }
    let Some(source) = input.shared_text("SourceSecurityGroupName") else { return Vec::new() };
    let peer = json!([{ "GroupName": source }]);
    // A source group without a protocol stands for everything that the first EC2 knew.
    let all = [("tcp", 0, 65535), ("udp", 0, 65535), ("icmp", -1, -1)];
    let whole = all.map(|(protocol, from, to)| {
        json!({ "IpProtocol": protocol, "FromPort": from, "ToPort": to, "UserIdGroupPairs": peer })
    });
    whole.to_vec()
}

fn one(ec2: &Ec2, group: &str, egress: bool, permission: &Value) -> Result<Vec<Rule>, Refusal> {
    let traffic = traffic(permission)?;
    let mut rules = Vec::new();
    let lists = [("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"), ("PrefixListIds", "PrefixListId")];
    for (list, member) in lists {
        for item in permission.list(list) {
            let text = item.text_or_empty(member);
            let peer = match list {
                "IpRanges" => v4(text)?,
                "Ipv6Ranges" => v6(text)?,
                _ => prefix_list(ec2, text)?,
            };
            rules.push(Rule { egress, traffic: traffic.clone(), peer, description: description(item)? });
        }
    }
    for pair in permission.list("UserIdGroupPairs") {
        let peer = pair_of(ec2, group, pair)?;
        rules.push(Rule { egress, traffic: traffic.clone(), peer, description: description(pair)? });
    }
    Ok(rules)
}

/// Protocol and ports, with the names that EC2 gives them.
///
/// # Errors
/// Of unknown protocols and impossible ports.
pub(crate) fn traffic(permission: &Value) -> Result<Traffic, Refusal> {
    let given = permission.text("IpProtocol").ok_or_else(|| {
        invalid("Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly.")
    })?;
    let lower = given.to_lowercase();
    let protocol = match lower.as_str() {
        "6" => "tcp",
        "17" => "udp",
        "1" => "icmp",
        "58" => "icmpv6",
        "all" => "-1",
        other => other,
    };
    let (from, to) = (permission.integer("FromPort"), permission.integer("ToPort"));
    let (from, to) = match protocol {
        "tcp" | "udp" => ports(from, to)?,
        "icmp" | "icmpv6" => (from.unwrap_or(-1), to.unwrap_or(-1)),
        "-1" => (-1, -1),
        number if number.parse::<u8>().is_ok() => (-1, -1),
        _ => return Err(invalid(format!("Invalid value '{given}' for IP protocol. Unknown protocol."))),
    };
    Ok(Traffic { protocol: protocol.to_owned(), from, to })
}

fn ports(from: Option<i64>, to: Option<i64>) -> Result<(i64, i64), Refusal> {
    let (Some(from), Some(to)) = (from, to) else {
        return Err(invalid("Invalid value for portRange. Must specify both from and to ports with TCP/UDP."));
    };
    if let Some(port) = [from, to].into_iter().find(|port| !(0..=65535).contains(port)) {
        return Err(invalid(format!("Invalid TCP/UDP port number ({port})")));
    }
    if from > to {
        return Err(invalid(format!("Invalid TCP/UDP port range ({from}:{to})")));
    }
    Ok((from, to))
}

/// An IPv4 range without host bits.
///
/// # Errors
/// If it is none.
pub(crate) fn v4(text: &str) -> Result<Peer, Refusal> {
    let net: Ipv4Net = text.parse().map_err(|_| invalid(format!("CIDR block {text} is malformed")))?;
    Ok(Peer::V4(net.trunc().to_string()))
}

/// An IPv6 range, shortened, without host bits.
///
/// # Errors
/// If it is none.
pub(crate) fn v6(text: &str) -> Result<Peer, Refusal> {
    let net: Ipv6Net = text.parse().map_err(|_| invalid(format!("CIDR block {text} is malformed")))?;
    Ok(Peer::V6(net.trunc().to_string()))
}

/// A prefix list.
///
/// # Errors
/// If there is none of that id.
pub(crate) fn prefix_list(ec2: &Ec2, id: &str) -> Result<Peer, Refusal> {
    if !ec2.prefix_lists.contains_key(id) {
        return Err(kinds::PREFIX_LIST.missing(id));
    }
    Ok(Peer::List(id.to_owned()))
}

/// Another group, or the same, in the same network.
///
/// # Errors
/// If there is none of that id there.
pub(crate) fn group(ec2: &Ec2, from: &str, id: &str) -> Result<Peer, Refusal> {
    let other = ec2.groups.get(id).ok_or_else(|| kinds::GROUP.missing(id))?;
    if ec2.groups.get(from).is_some_and(|group| group.vpc != other.vpc) {
        let text = "You have specified two resources that belong to different networks.";
        return Err(Refusal::new("InvalidGroup.NotFound", text));
    }
    Ok(Peer::Group(id.to_owned()))
}

fn pair_of(ec2: &Ec2, from: &str, pair: &Value) -> Result<Peer, Refusal> {
    if let Some(id) = pair.text("GroupId") {
        return group(ec2, from, id);
    }
    let name = pair.text("GroupName").ok_or_else(|| lacks("groupName or groupId"))?;
    let vpc = ec2.groups.get(from).map(|group| group.vpc.clone()).unwrap_or_default();
    let found = ec2.groups.iter().find(|(_, group)| group.vpc == vpc && group.name.eq_ignore_ascii_case(name));
    let missing = || {
        let text = format!("The security group '{name}' does not exist in VPC '{vpc}'");
        Refusal::new("InvalidGroup.NotFound", text)
    };
    found.map(|(id, _)| Peer::Group(id.clone())).ok_or_else(missing)
}

/// The description of a rule; an empty one is none.
///
/// # Errors
/// Of letters that are not allowed.
pub(crate) fn description(item: &Value) -> Result<Option<String>, Refusal> {
    let text = item.text_or_empty("Description");
    if !super::allowed(text) {
        return Err(invalid(
            "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  \
             a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        ));
    }
    Ok(Some(text).filter(|text| !text.is_empty()).map(str::to_owned))
}

/// The rules as permissions: those of the same protocol and ports in one.
pub(crate) fn merged<'r>(ec2: &Ec2, rules: impl Iterator<Item = &'r Rule>) -> Vec<Value> {
    let mut all: BTreeMap<&Traffic, [Vec<Value>; 4]> = BTreeMap::new();
    for rule in rules {
        let lists = all.entry(&rule.traffic).or_default();
        let (list, mut item) = match &rule.peer {
            Peer::V4(range) => (0, json!({ "CidrIp": range })),
            Peer::V6(range) => (1, json!({ "CidrIpv6": range })),
            Peer::List(id) => (2, json!({ "PrefixListId": id })),
            Peer::Group(id) => (3, json!({ "GroupId": id, "UserId": ec2.account })),
        };
        if let Some(text) = &rule.description {
            item["Description"] = text.clone().into();
        }
        lists[list].push(item);
    }
    let written = all.into_iter().map(|(traffic, [v4, v6, prefix_lists, groups])| {
        let mut permission = json!({
            "IpProtocol": traffic.protocol, "IpRanges": v4, "Ipv6Ranges": v6, "PrefixListIds": prefix_lists,
            "UserIdGroupPairs": groups,
        });
        if has_ports(traffic) {
            permission["FromPort"] = traffic.from.into();
            permission["ToPort"] = traffic.to.into();
        }
        permission
    });
    written.collect()
}

fn has_ports(traffic: &Traffic) -> bool {
    matches!(traffic.protocol.as_str(), "tcp" | "udp" | "icmp" | "icmpv6")
}

/// A rule in the words of a refusal.
pub(crate) fn words(rule: &Rule) -> String {
    let peer = match &rule.peer {
        Peer::V4(text) | Peer::V6(text) | Peer::List(text) | Peer::Group(text) => text,
    };
    let traffic = &rule.traffic;
    let protocol = if traffic.protocol == "-1" { "ALL".to_owned() } else { traffic.protocol.to_uppercase() };
    let ports = if has_ports(traffic) {
        format!("from port: {}, to port: {}, ", traffic.from, traffic.to)
    } else {
        String::new()
    };
    format!("peer: {peer}, {protocol}, {ports}ALLOW")
}
