//! All rules of one security group, in both directions. They belong to the group: a rule made by hand in a group of ours is
//! drift, and one that another stack has put there is that stack's (`others.rs`). Calls: one `ec2:AuthorizeSecurityGroup*`, `ec2:RevokeSecurityGroup*` or `ec2:UpdateSecurityGroupRuleDescriptions*`
//! to a direction; new rules first, so that traffic has no gap. A new group already holds AWS's allow-all egress rule (in a
//! VPC with IPv6 a second one for `::/0`, which a file that says nothing of egress leaves alone).

pub(super) mod convert;
pub(super) mod send;

use async_trait::async_trait;
use evenkeel_core::doc::{Doc, Text};
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Ready, Replace};
use evenkeel_core::snapshot::{Live, Owner};
use serde::{Deserialize, Serialize};

use self::convert::Rules;
use self::send::Direction;
use super::security_group;
use crate::call::gone::not_yet;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, doc, spec, untagged};
use crate::services::ec2::read::Ec2;
use crate::tags;
use evenkeel_stack::model::{Peer, Rule as FileRule, Stack};

const KEYS: &[&str] = &["protocol", "from_port", "to_port", "peer"];

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "security_group_rules",
        title: "security group rules",
        fields: &[Field::immutable("group"), Field::keyed("ingress", KEYS), Field::keyed("egress", KEYS)],
        outputs: &[],
        replace: Replace::CreateFirst,
        name_limit: 0,
        ready: Ready::AtOnce,
        deadline_secs: 120,
        widens: &["ingress", "egress"],
        ..Kind::PLAIN
    },
    contribute,
    driver: &AllRules,
    paced: Paced {
        create: Some("ec2:AuthorizeSecurityGroupIngress"),
        update: Some("ec2:AuthorizeSecurityGroupIngress"),
        delete: Some("ec2:RevokeSecurityGroupIngress"),
    },
    actions: &[
        "ec2:AuthorizeSecurityGroupEgress",
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
        "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
        "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
    ],
};

/// The node of the rules of an entry of `security_groups:`.
pub fn id(entry: &str) -> NodeId {
    NodeId::new("security_group_rules", entry)
}

/// The canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The id of the group.
    pub group: Text,
    /// What may come in.
    pub ingress: Vec<Rule>,
    /// What may go out.
    pub egress: Vec<Rule>,
}

/// One rule with one peer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, another protocol's number, or `-1` for all.
    pub protocol: String,
    /// First port, or the ICMP type; -1 for all.
    pub from_port: i32,
    /// Last port, or the ICMP code; -1 for all.
    pub to_port: i32,
    /// A range, `pl-…`, or the id of a group.
    pub peer: Text,
    /// May be empty.
    pub description: String,
}

/// The rule that AWS puts into a new group: everything to anywhere.
pub fn default_egress(range: &str) -> Rule {
    Rule { protocol: "-1".to_owned(), from_port: -1, to_port: -1, peer: range.into(), description: String::new() }
}

/// Every address of IPv4.
pub const ANYWHERE_V4: &str = "0.0.0.0/0";
/// Every address of IPv6.
pub const ANYWHERE_V6: &str = "::/0";

/// Whether wanted rules keep AWS's allow-all egress for IPv4 and say nothing of the one for IPv6.
pub fn wants_default_egress(want: &Doc) -> bool {
    let Ok(want) = spec::<Spec>(want) else { return false };
    let has = |range: &str| want.egress.iter().any(|rule| rule.same(&default_egress(range)));
    has(ANYWHERE_V4) && !has(ANYWHERE_V6)
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (entry, group) in stack.security_groups.iter().filter(|(_, group)| group.existing.is_none()) {
        let spec = Spec {
            group: Text::output(security_group::id(entry), "id"),
            ingress: wanted(&group.ingress),
            egress: wanted(&group.egress),
        };
        // The group's name: it tells which of two generations of a group these rules belong to.
        let mut node = Node::new(id(entry), security_group::physical(stack, entry), doc(&spec));
        node.moved_from = group.meta.moved_from.as_deref().map(id);
        node.origin = Some(group.meta.place.to_string());
        nodes.push(node);
    }
}

/// The entry of a group of this file.
pub(super) fn entry_of(group: &Text) -> Option<&str> {
    match group {
        Text::From(hole) if hole.node.kind() == "security_group" => Some(hole.node.name()),
        Text::From(_) | Text::Known(_) | Text::Join(_) => None,
    }
}

/// Rules of the file in canonical form.
pub(super) fn wanted(rules: &[FileRule]) -> Vec<Rule> {
    let rules = rules.iter().map(|rule| {
        let peer = match &rule.peer {
            Peer::Cidr4(range) | Peer::Cidr6(range) | Peer::PrefixList(range) => range.as_str().into(),
            Peer::Group(group) => group.clone(),
        };
        convert::canonical(&rule.protocol, Some(rule.from_port), Some(rule.to_port), peer, &rule.description)
    });
    convert::distinct(rules.collect())
}

/// One to each group of ours, and to each of somebody else's that stands where one of ours should be: whoever takes that over has to
/// see its rules.
fn observe(ec2: &Ec2, stack: &str) -> Result<Vec<Live<Spec>>, CloudError> {
    let mut found = Vec::new();
    for group in ec2.groups.as_ref().map_err(Clone::clone)? {
        let group_id = group.group_id().unwrap_or_default();
        let owner = security_group::owner(group, stack);
        let (owner, name, wanted) = if let Owner::Ours(node) = &owner {
            let moved = || ec2.wanted.values().find(|it| it.moved_from.as_deref() == Some(node.name()));
            let wanted = ec2.wanted.get(node.name()).or_else(moved);
            (Owner::Ours(id(node.name())), group.group_name().unwrap_or_default(), wanted)
        } else {
            let Some(wanted) = security_group::in_the_place_of(ec2, group) else { continue };
            (owner, wanted.name.as_str(), Some(wanted))
        };
        let mut rules = Rules::of(group);
        if wanted.is_some_and(|wanted| wanted.default_egress) {
            rules.hide_second_default();
        }
        if tags::is_marked(&owner) {
            let asked = wanted.and_then(|wanted| wanted.rules.as_ref());
            rules.leave_to_others(&ec2.others.rules_in(group_id)?, asked);
        }
        found.push(live(group_id, name, owner, &rules));
    }
    Ok(found)
}

fn live(group: &str, name: &str, owner: Owner, rules: &Rules) -> Live<Spec> {
    let have = Spec { group: group.into(), ingress: rules.ingress.clone(), egress: rules.egress.clone() };
    let mut live = Live::new(group, name, owner, have);
    live.handles.clear();
    live.within = Some(group.to_owned());
    live.uses = rules.groups().into_iter().filter(|other| other != group).collect();
    live
}

fn group_id(spec: &Spec) -> Result<&str, CloudError> {
    spec.group.known().ok_or_else(|| CloudError::bug("security_group_rules", "the group is not known"))
}

struct AllRules;

untagged!(Spec);

#[async_trait]
impl Resource for AllRules {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        observe(fetched.part::<Ec2>()?, &fetched.stack)
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, want) = (work.aws, &order.want);
        let group = group_id(want)?;
        let v4 = default_egress(ANYWHERE_V4);
        let (ingress, egress) =
            futures::join!(send::change(aws, group, Direction::Ingress, &[], &want.ingress), async {
                let fresh = std::slice::from_ref(&v4);
                send::change(aws, group, Direction::Egress, fresh, &want.egress).await?;
                if !want.egress.iter().any(|rule| rule.same(&v4)) {
                    send::revoke_second_default(aws, group, &want.egress).await?;
                }
                Ok(())
            },);
        ingress.and(egress).map_err(not_yet)?;
        Ok(after(group, order.order.name, order.order.node, want))
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (have, want) = (&order.live.have, &order.want);
        let group = group_id(have)?;
        let (ingress, egress) = futures::join!(
            send::change(work.aws, group, Direction::Ingress, &have.ingress, &want.ingress),
            send::change(work.aws, group, Direction::Egress, &have.egress, &want.egress),
        );
        // The group itself was seen; what is missing is a peer that was just made.
        ingress.and(egress).map_err(not_yet)?;
        Ok(after(group, &order.live.name, order.order.node, want))
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let group = group_id(&live.have)?;
        let (ingress, egress) = futures::join!(
            send::revoke(work.aws, group, Direction::Ingress, &live.have.ingress),
            send::revoke(work.aws, group, Direction::Egress, &live.have.egress),
        );
        ingress.and(egress)
    }
}

/// The rules after they were written.
fn after(group: &str, name: &str, node: &NodeId, want: &Spec) -> Live<Spec> {
    let rules = Rules { ingress: want.ingress.clone(), egress: want.egress.clone() };
    live(group, name, Owner::Ours(node.clone()), &rules).with(want.clone())
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, SecurityGroup, Tag};

    use super::*;
    use crate::services::ec2::read::Wanted;
    use crate::tags::{self, Tags};

    fn group_with_both_defaults() -> SecurityGroup {
        let marks = tags::marked(&Tags::new(), "a", &security_group::id("web"));
        let all = IpPermission::builder()
            .ip_protocol("-1")
            .ip_ranges(IpRange::builder().cidr_ip(ANYWHERE_V4).build())
            .ipv6_ranges(Ipv6Range::builder().cidr_ipv6(ANYWHERE_V6).build())
            .build();
        SecurityGroup::builder()
            .group_id("sg-1")
            .group_name("a-web")
            .set_tags(Some(marks.iter().map(|(k, v)| Tag::builder().key(k).value(v).build()).collect()))
            .ip_permissions_egress(all)
            .build()
    }

    fn egress_seen(want: &[Rule]) -> Vec<Rule> {
        let want = doc(&Spec { group: "sg-1".into(), ingress: Vec::new(), egress: want.to_vec() });
        let wanted = Wanted { default_egress: wants_default_egress(&want), ..Wanted::default() };
        let ec2 = Ec2 {
            networks: Default::default(),
            groups: Ok(vec![group_with_both_defaults()]),
            wanted: [("web".to_owned(), wanted)].into(),
            guests: Ok(Vec::new()),
            hosts: Vec::new(),
            others: Default::default(),
            own: Default::default(),
        };
        observe(&ec2, "a").unwrap()[0].have.egress.clone()
    }

    #[test]
    fn the_default_of_an_ipv6_vpc_is_not_drift_unless_the_file_chooses_its_egress() {
        let (v4, v6) = (default_egress(ANYWHERE_V4), default_egress(ANYWHERE_V6));
        assert_eq!(egress_seen(std::slice::from_ref(&v4)), vec![v4.clone()]);
        assert_eq!(egress_seen(&[v4.clone(), v6.clone()]), [v4.clone(), v6.clone()]);
        assert_eq!(egress_seen(&[]), [v4, v6]);
    }
}
