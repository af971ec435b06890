//! Rules of ours in a security group of others: each carries the stack's mark, and only those are changed or taken away. A rule of
//! others that says the same as a wanted one is enough: EC2 refuses a second one, and it stays theirs.
//! Calls: `ec2:AuthorizeSecurityGroup*` with tags, `ec2:RevokeSecurityGroup*` by the ids of rules,
//! `ec2:UpdateSecurityGroupRuleDescriptions*`, `ec2:CreateTags`. Before each the rules are read again: the group is not ours.

pub(super) mod marked;
mod send;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_ec2::types::SecurityGroupRule;
use evenkeel_core::doc::Text;
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Ready, Replace};
use evenkeel_core::snapshot::{Live, Owner};

pub use self::marked::KIND;
use self::send::Ours;
use super::read::{Ec2, Host};
use super::replies::tags_of;
use super::security_group_rules::convert::{self, Rules};
use super::security_group_rules::{Rule, Spec, entry_of, wanted};
use super::{security_group, security_group_rules};
use crate::call::gone::not_yet;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, doc, spec};
use crate::tags::{self, Tags};
use evenkeel_stack::model::{Peer, Rule as FileRule, Stack};

const KEYS: &[&str] = &["protocol", "from_port", "to_port", "peer"];

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: KIND,
        title: "rules in an existing security group",
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
    driver: &GuestRules,
    paced: Paced {
        create: Some("ec2:AuthorizeSecurityGroupIngress"),
        update: Some("ec2:AuthorizeSecurityGroupIngress"),
        delete: Some("ec2:RevokeSecurityGroupIngress"),
    },
    actions: &[
        "ec2:AuthorizeSecurityGroupEgress",
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:CreateTags",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
        "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
        "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
        "tag:GetResources",
    ],
};

/// The node of the rules that an entry of `security_groups:` adds to an existing group.
pub fn id(entry: &str) -> NodeId {
    NodeId::new(KIND, entry)
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (entry, group) in &stack.security_groups {
        // Who only names a group adds nothing to it.
        if group.existing.is_none() || group.adds_nothing() {
            continue;
        }
        let want = Spec {
            group: Text::output(security_group::id(entry), "id"),
            ingress: wanted(&group.ingress),
            egress: wanted(&group.egress),
        };
        // What the file calls the group: an entry that was renamed takes over the rules in it.
        let mut node = Node::new(id(entry), group.existing.clone().unwrap_or_default(), doc(&want));
        node.origin = Some(group.meta.place.to_string());
        nodes.push(node);
    }
}

/// The rules that members of these groups need: those of their groups, and those that the file adds to existing groups for them.
pub fn needed_by(stack: &Stack, groups: &[Text]) -> BTreeSet<NodeId> {
    let entries: BTreeSet<&str> = groups.iter().filter_map(entry_of).collect();
    let lets_them = |rule: &FileRule| matches!(&rule.peer, Peer::Group(group) if entry_of(group).is_some_and(|it| entries.contains(it)));
    let mut needed = BTreeSet::new();
    for (entry, group) in &stack.security_groups {
        let member = entries.contains(entry.as_str());
        if group.existing.is_none() {
            needed.extend(member.then(|| security_group_rules::id(entry)));
        } else if !group.adds_nothing() && (member || group.ingress.iter().chain(&group.egress).any(lets_them)) {
            needed.insert(id(entry));
        }
    }
    needed
}

/// The rules with the stack's mark by node and group; with them, rules of others in a wanted group that say the same as a wanted one.
fn observe(ec2: &Ec2, stack: &str) -> Result<Vec<Live<Spec>>, CloudError> {
    let guests = ec2.guests.as_ref().map_err(Clone::clone)?;
    let mut found: BTreeMap<(NodeId, String), Live<Spec>> = BTreeMap::new();
    let mut strays = Vec::new();
    for rule in guests {
        let tags = tags_of(rule.tags());
        let group = rule.group_id().unwrap_or_default();
        match tags::owner(&tags, stack, KIND) {
            Owner::Ours(node) => {
                let live = found.entry((node.clone(), group.to_owned())).or_insert_with(|| live(ec2, group, &node));
                side(&mut live.have, rule.is_egress() == Some(true)).push(convert::of_rule(rule));
                live.replaces = live.replaces.take().or_else(|| tags.get(tags::REPLACES).cloned());
            }
            owner @ Owner::Stray(_) => {
                let id = rule.security_group_rule_id().unwrap_or_default();
                strays.push(Live::new(id, "", owner, empty(group)));
            }
            Owner::Managed { .. } | Owner::OtherStack(_) | Owner::Nobody => {}
        }
    }
    for host in &ec2.hosts {
        let Some((group, want, theirs)) = of_others(ec2, stack, host, guests)? else { continue };
        let node = &host.node.id;
        for egress in [false, true] {
            let (there, wanted) =
                if egress { (&theirs.egress, &want.egress) } else { (&theirs.ingress, &want.ingress) };
            for rule in wanted.iter().filter(|rule| there.iter().any(|other| other.same(rule))) {
                let live = found.entry((node.clone(), group.to_owned())).or_insert_with(|| live(ec2, group, node));
                side(&mut live.have, egress).push(rule.clone());
            }
        }
    }
    let complete = |mut live: Live<Spec>| {
        live.have.ingress = convert::distinct(std::mem::take(&mut live.have.ingress));
        live.have.egress = convert::distinct(std::mem::take(&mut live.have.egress));
        let rules = Rules { ingress: live.have.ingress.clone(), egress: live.have.egress.clone() };
        let group = live.id.clone();
        live.uses = rules.groups().into_iter().filter(|other| *other != group).collect();
        live
    };
    Ok(found.into_values().map(complete).chain(strays).collect())
}

/// The wanted rules of a host, as far as their peers are known, and the rules in it that are not the stack's.
fn of_others<'e>(
    ec2: &'e Ec2,
    stack: &str,
    host: &Host,
    guests: &[SecurityGroupRule],
) -> Result<Option<(&'e str, Spec, Rules)>, CloudError> {
    let groups = ec2.groups.as_ref().map_err(Clone::clone)?;
    let Some(group) = groups.iter().find(|group| host.sought.fits(ec2, group)) else { return Ok(None) };
    let group_id = group.group_id().unwrap_or_default();
    let mut theirs = Rules::of(group);
    for guest in guests.iter().filter(|guest| guest.group_id() == Some(group_id)) {
        let ours = convert::of_rule(guest);
        let list = if guest.is_egress() == Some(true) { &mut theirs.egress } else { &mut theirs.ingress };
        list.retain(|rule| !rule.same(&ours));
    }
    let mut want: Spec = spec(&host.node.want)?;
    for rule in want.ingress.iter_mut().chain(&mut want.egress) {
        if let Some(peer) = entry_of(&rule.peer).and_then(|entry| id_of(ec2, groups, stack, host, entry)) {
            rule.peer = peer.into();
        }
    }
    Ok(Some((group_id, want, theirs)))
}

/// The id of a group of this file, if it is there.
fn id_of<'g>(
    ec2: &Ec2,
    groups: &'g [aws_sdk_ec2::types::SecurityGroup],
    stack: &str,
    host: &Host,
    entry: &str,
) -> Option<&'g str> {
    let node = security_group::id(entry);
    let is = |group: &&aws_sdk_ec2::types::SecurityGroup| {
        if entry == host.node.id.name() {
            return host.sought.fits(ec2, group);
        }
        matches!(security_group::owner(group, stack), Owner::Ours(ours) if ours == node)
    };
    groups.iter().find(is).and_then(|group| group.group_id())
}

fn side(have: &mut Spec, egress: bool) -> &mut Vec<Rule> {
    if egress { &mut have.egress } else { &mut have.ingress }
}

fn empty(group: &str) -> Spec {
    Spec { group: group.into(), ingress: Vec::new(), egress: Vec::new() }
}

/// The rules in a group, none yet. They are called as the file calls the group.
fn live(ec2: &Ec2, group: &str, node: &NodeId) -> Live<Spec> {
    let groups = ec2.groups.as_deref().unwrap_or_default();
    let found = groups.iter().find(|found| found.group_id() == Some(group));
    let host = ec2.hosts.iter().find(|host| found.is_some_and(|found| host.sought.fits(ec2, found)));
    named(group, host.map_or(group, |host| host.node.name.as_str()), node)
}

fn named(group: &str, name: &str, node: &NodeId) -> Live<Spec> {
    let mut live = Live::new(group, name, Owner::Ours(node.clone()), empty(group));
    live.handles.clear();
    live
}

struct GuestRules;

#[async_trait]
impl Resource for GuestRules {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        observe(fetched.part::<Ec2>()?, &fetched.stack)
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let group = order.want.group.known().unwrap_or_default();
        let ours = Ours { stack: work.stack, node: order.order.node, tags: &order.tags };
        send::bring(work.aws, group, &ours, &order.want).await.map_err(not_yet)?;
        Ok(named(group, order.order.name, order.order.node).with(order.want.clone()))
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (group, node) = (order.live.id.as_str(), order.order.node);
        let tags = tags::marked(&Tags::new(), work.stack, node);
        let ours = Ours { stack: work.stack, node, tags: &tags };
        send::bring(work.aws, group, &ours, &order.want).await.map_err(not_yet)?;
        Ok(named(group, &order.live.name, node).with(order.want.clone()))
    }

    async fn delete(&self, work: Work<'_>, node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        // The node that it was made for may have had another name.
        let node = match &live.owner {
            Owner::Ours(marked) => marked,
            _ => node,
        };
        let ours = Ours { stack: work.stack, node, tags: &Tags::new() };
        send::bring(work.aws, &live.id, &ours, &empty(&live.id)).await
    }
}

#[cfg(test)]
mod tests;
