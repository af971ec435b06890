//! Rules between EC2's form (permissions: protocol and ports with many peers) and the canonical one (one rule, one peer).
//! Canonical: protocol numbers that have names become names, ports are -1 where the protocol has none, ranges are masked,
//! rules are sorted and distinct. Pure.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, SecurityGroup, SecurityGroupRule, UserIdGroupPair,
};
use evenkeel_core::doc::Text;
use ipnet::IpNet;

use super::{ANYWHERE_V4, ANYWHERE_V6, Rule, Spec, default_egress};

impl Rule {
    /// Whether the two are one rule to EC2, whatever their descriptions.
    pub fn same(&self, other: &Self) -> bool {
        self.key() == other.key()
    }

    fn key(&self) -> (&str, i32, i32, &Text) {
        (&self.protocol, self.from_port, self.to_port, &self.peer)
    }
}

/// The rules of a live group.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::services::ec2) struct Rules {
    pub ingress: Vec<Rule>,
    pub egress: Vec<Rule>,
}

impl Rules {
    /// The rules that a reply shows.
    pub(in crate::services::ec2) fn of(group: &SecurityGroup) -> Self {
        Self { ingress: from_api(group.ip_permissions()), egress: from_api(group.ip_permissions_egress()) }
    }

    /// Hides AWS's allow-all egress for IPv6 where the one for IPv4 stands beside it.
    pub(in crate::services::ec2) fn hide_second_default(&mut self) {
        if self.egress.contains(&default_egress(ANYWHERE_V4)) {
            self.egress.retain(|rule| *rule != default_egress(ANYWHERE_V6));
        }
    }

    /// Leaves out the rules of other stacks, each with whether it is one for what goes out, but those that the file asks for as well.
    pub(in crate::services::ec2) fn leave_to_others(&mut self, theirs: &[(Rule, bool, String)], want: Option<&Spec>) {
        let is_theirs = |rule: &Rule, out: bool| theirs.iter().any(|(other, goes, _)| *goes == out && other.same(rule));
        let asked = |rules: &[Rule], rule: &Rule| rules.iter().any(|one| one.same(rule));
        let (ingress, egress) = want.map_or((&[][..], &[][..]), |want| (&want.ingress[..], &want.egress[..]));
        self.ingress.retain(|rule| !is_theirs(rule, false) || asked(ingress, rule));
        self.egress.retain(|rule| !is_theirs(rule, true) || asked(egress, rule));
    }

    /// The ids of the groups that the rules refer to.
    pub(in crate::services::ec2) fn groups(&self) -> Vec<String> {
        let peers = self.ingress.iter().chain(&self.egress).filter_map(|rule| rule.peer.known());
        let ids: BTreeSet<String> = peers.filter(|peer| peer.starts_with("sg-")).map(str::to_owned).collect();
        ids.into_iter().collect()
    }
}

/// A rule that is described as a resource of its own.
pub(in crate::services::ec2) fn of_rule(rule: &SecurityGroupRule) -> Rule {
    let referenced = rule.referenced_group_info().and_then(|group| group.group_id());
    let peer = rule.cidr_ipv4().or(rule.cidr_ipv6()).or(rule.prefix_list_id()).or(referenced).unwrap_or_default();
    let protocol = rule.ip_protocol().unwrap_or("-1");
    canonical(protocol, rule.from_port(), rule.to_port(), peer.into(), rule.description().unwrap_or_default())
}

/// The canonical form of one rule.
pub(in crate::services::ec2) fn canonical(
    protocol: &str,
    from: Option<i32>,
    to: Option<i32>,
    peer: Text,
    description: &str,
) -> Rule {
    let protocol = protocol.to_ascii_lowercase();
    let protocol = match protocol.as_str() {
        "6" => "tcp",
        "17" => "udp",
        "1" => "icmp",
        "58" => "icmpv6",
        "all" => "-1",
        other => other,
    };
    let has_ports = matches!(protocol, "tcp" | "udp" | "icmp" | "icmpv6");
    let port = |port: Option<i32>| port.filter(|_| has_ports).unwrap_or(-1);
    Rule {
        protocol: protocol.to_owned(),
        from_port: port(from),
        to_port: port(to),
        peer: match peer {
            Text::Known(peer) => Text::Known(masked(&peer)),
            open => open,
        },
        description: description.to_owned(),
    }
}

/// A range without host bits, compressed; anything else as it is.
fn masked(peer: &str) -> String {
    peer.parse::<IpNet>().map_or_else(|_| peer.to_owned(), |net| net.trunc().to_string())
}

/// Sorted, each rule once: EC2 refuses a request that names one twice.
pub(in crate::services::ec2) fn distinct(mut rules: Vec<Rule>) -> Vec<Rule> {
    rules.sort();
    rules.dedup_by(|a, b| a.same(b));
    rules
}

fn from_api(permissions: &[IpPermission]) -> Vec<Rule> {
    let mut rules = Vec::new();
    for permission in permissions {
        let peers = permission
            .ip_ranges()
            .iter()
            .map(|range| (range.cidr_ip(), range.description()))
            .chain(permission.ipv6_ranges().iter().map(|range| (range.cidr_ipv6(), range.description())))
            .chain(permission.prefix_list_ids().iter().map(|list| (list.prefix_list_id(), list.description())))
            .chain(permission.user_id_group_pairs().iter().map(|pair| (pair.group_id(), pair.description())));
        for (peer, description) in peers {
            rules.push(canonical(
                permission.ip_protocol().unwrap_or("-1"),
                permission.from_port(),
                permission.to_port(),
                peer.unwrap_or_default().into(),
                description.unwrap_or_default(),
            ));
        }
    }
    distinct(rules)
}

/// What EC2 takes: peers of equal protocol and ports together.
pub(in crate::services::ec2) fn to_api(rules: &[Rule]) -> Vec<IpPermission> {
    let mut groups: BTreeMap<(&str, i32, i32), Vec<&Rule>> = BTreeMap::new();
    for rule in rules {
        groups.entry((&rule.protocol, rule.from_port, rule.to_port)).or_default().push(rule);
    }
    groups
        .into_iter()
        .map(|((protocol, from, to), rules)| {
            let mut permission = IpPermission::builder().ip_protocol(protocol);
            if matches!(protocol, "tcp" | "udp" | "icmp" | "icmpv6") {
                permission = permission.from_port(from).to_port(to);
            }
            for rule in rules {
                let peer = rule.peer.known().unwrap_or_default();
                let text = Some(rule.description.clone()).filter(|text| !text.is_empty());
                permission = if peer.starts_with("sg-") {
                    permission
                        .user_id_group_pairs(UserIdGroupPair::builder().group_id(peer).set_description(text).build())
                } else if peer.starts_with("pl-") {
                    permission
                        .prefix_list_ids(PrefixListId::builder().prefix_list_id(peer).set_description(text).build())
                } else if peer.contains(':') {
                    permission.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(peer).set_description(text).build())
                } else {
                    permission.ip_ranges(IpRange::builder().cidr_ip(peer).set_description(text).build())
                };
            }
            permission.build()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(protocol: &str, ports: (i32, i32), peer: &str, description: &str) -> Rule {
        canonical(protocol, Some(ports.0), Some(ports.1), peer.into(), description)
    }

    #[test]
    fn spellings_of_one_rule_are_one() {
        assert_eq!(rule("TCP", (80, 80), "10.0.0.5/8", ""), rule("6", (80, 80), "10.0.0.0/8", ""));
        assert_eq!(rule("all", (0, 65535), "::/0", ""), rule("-1", (-1, -1), "0:0::/0", ""));
        assert_eq!(rule("50", (1, 2), "sg-1", "").from_port, -1);
        assert_eq!(rule("icmp", (8, 0), "10.0.0.0/8", "").from_port, 8);
        let twice = vec![rule("tcp", (1, 2), "sg-1", "b"), rule("tcp", (1, 2), "sg-1", "a")];
        assert_eq!(distinct(twice).len(), 1);
    }

    #[test]
    fn rules_survive_the_way_to_ec2_and_back() {
        let rules = distinct(vec![
            rule("tcp", (80, 80), "0.0.0.0/0", "web"),
            rule("tcp", (80, 80), "::/0", ""),
            rule("tcp", (80, 80), "sg-1", "peer"),
            rule("tcp", (443, 443), "pl-1", ""),
            rule("icmp", (-1, -1), "10.0.0.0/8", ""),
            rule("-1", (-1, -1), "10.0.0.0/8", ""),
        ]);
        let sent = to_api(&rules);
        assert_eq!(sent.len(), 4, "equal protocol and ports go together");
        assert_eq!(from_api(&sent), rules);
    }
}
