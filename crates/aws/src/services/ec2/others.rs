//! What others have to do with security groups of the stack: rules that another stack has put into one, which are that stack's, and groups
//! of others whose rules refer to one, which keep it from being deleted. A rule made by hand, without a mark, is drift as ever. Decides
//! whether the rules' tags have to be asked for; the kinds say what follows.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{SecurityGroup, SecurityGroupRule};
use evenkeel_core::error::CloudError;
use evenkeel_core::snapshot::Owner;

use super::existing_group_rules::marked;
use super::groups::{VALUES, one_of};
use super::replies::tags_of;
use super::security_group;
use super::security_group_rules::convert::{Rules, of_rule};
use super::security_group_rules::{self as own, Rule, Spec};
use crate::client::Aws;
use crate::read::{Part, Scope};
use crate::resource;
use crate::tags;

/// What others have to do with groups of ours.
#[derive(Debug)]
pub struct Others {
    /// Rules with the mark of another stack in groups of ours, by the group's id.
    pub rules: Part<BTreeMap<String, Vec<SecurityGroupRule>>>,
    /// What refers to a group of ours, by the group's id: `security group alpha-app of stack alpha`.
    pub named_by: BTreeMap<String, BTreeSet<String>>,
}

impl Default for Others {
    fn default() -> Self {
        Self { rules: Ok(BTreeMap::new()), named_by: BTreeMap::new() }
    }
}

impl Others {
    /// Looks at the groups that were read; `guests` are rules of ours in groups of others.
    pub(super) async fn of(
        aws: &Aws,
        scope: &Scope<'_>,
        groups: &[SecurityGroup],
        guests: &Part<Vec<SecurityGroupRule>>,
    ) -> Self {
        let suspicious = groups.iter().filter(|group| has_more(scope, group)).filter_map(SecurityGroup::group_id);
        let ids: Vec<String> = suspicious.map(str::to_owned).collect();
        let guests = guests.as_deref().unwrap_or_default();
        Self { rules: rules(aws, scope.stack, &ids).await, named_by: named_by(groups, scope.stack, guests) }
    }

    /// The rules of other stacks in a group, in canonical form, each with its stack.
    ///
    /// # Errors
    /// That they could not be read.
    pub(super) fn rules_in(&self, group: &str) -> Result<Vec<(Rule, bool, String)>, CloudError> {
        let rules = self.rules.as_ref().map_err(Clone::clone)?.get(group).into_iter().flatten();
        let of = |rule: &SecurityGroupRule| tags_of(rule.tags()).remove(tags::STACK).unwrap_or_default();
        Ok(rules.map(|rule| (of_rule(rule), rule.is_egress() == Some(true), of(rule))).collect())
    }
}

/// Whether a group of ours has a rule that the file does not ask for.
fn has_more(scope: &Scope<'_>, group: &SecurityGroup) -> bool {
    let Owner::Ours(node) = security_group::owner(group, scope.stack) else { return false };
    let mut of_kind = scope.graph.of_kind(own::ENTRY.kind.name);
    let wanted = of_kind
        .find(|it| it.id.name() == node.name() || it.moved_from.as_ref().is_some_and(|old| old.name() == node.name()));
    let Some(want) = wanted.and_then(|node| resource::spec::<Spec>(&node.want).ok()) else { return true };
    let mut rules = Rules::of(group);
    rules.hide_second_default();
    let more = |live: &[Rule], want: &[Rule]| live.iter().any(|rule| !want.iter().any(|one| may_be(one, rule)));
    more(&rules.ingress, &want.ingress) || more(&rules.egress, &want.egress)
}

/// Whether a wanted rule, whose peer may not be known yet, is a live one.
fn may_be(want: &Rule, live: &Rule) -> bool {
    let ports = (&want.protocol, want.from_port, want.to_port) == (&live.protocol, live.from_port, live.to_port);
    ports && (want.peer.known().is_none() || want.peer == live.peer)
}

async fn rules(aws: &Aws, stack: &str, groups: &[String]) -> Part<BTreeMap<String, Vec<SecurityGroupRule>>> {
    let mut found: BTreeMap<String, Vec<SecurityGroupRule>> = BTreeMap::new();
    for batch in groups.chunks(VALUES) {
        for rule in marked::rules(aws, &one_of("group-id", batch)).await? {
            let group = rule.group_id().unwrap_or_default().to_owned();
            let theirs = tags_of(rule.tags()).get(tags::STACK).is_some_and(|of| of != stack);
            if theirs && batch.contains(&group) {
                found.entry(group).or_default().push(rule);
            }
        }
    }
    Ok(found)
}

/// The groups of others whose rules refer to groups of ours, but by rules that are ours.
fn named_by(groups: &[SecurityGroup], stack: &str, guests: &[SecurityGroupRule]) -> BTreeMap<String, BTreeSet<String>> {
    let is_ours = |group: &&SecurityGroup| matches!(security_group::owner(group, stack), Owner::Ours(_));
    let ours: BTreeSet<&str> = groups.iter().filter(is_ours).filter_map(SecurityGroup::group_id).collect();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for group in groups.iter().filter(|group| !is_ours(group)) {
        let id = group.group_id().unwrap_or_default();
        let guests: Vec<Rule> = guests.iter().filter(|rule| rule.group_id() == Some(id)).map(of_rule).collect();
        let rules = Rules::of(group);
        for rule in rules.ingress.iter().chain(&rules.egress) {
            let Some(peer) = rule.peer.known().filter(|peer| ours.contains(peer)) else { continue };
            if !guests.iter().any(|guest| guest.same(rule)) {
                let of = tags::of_stack(&tags_of(group.tags()));
                let named = format!("security group {}{of}", group.group_name().unwrap_or(id));
                found.entry(peer.to_owned()).or_default().insert(named);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{IpPermission, Tag, UserIdGroupPair};

    use super::*;
    use crate::tags::Tags;

    fn group(id: &str, stack: &str, peer: &str) -> SecurityGroup {
        let marks = tags::marked(&Tags::new(), stack, &security_group::id("web"));
        let pair = UserIdGroupPair::builder().group_id(peer).build();
        SecurityGroup::builder()
            .group_id(id)
            .group_name(format!("{stack}-web"))
            .set_tags(Some(marks.iter().map(|(k, v)| Tag::builder().key(k).value(v).build()).collect()))
            .ip_permissions(
                IpPermission::builder().ip_protocol("tcp").from_port(80).to_port(80).user_id_group_pairs(pair).build(),
            )
            .build()
    }

    #[test]
    fn others_that_refer_to_a_group_are_named_and_our_own_rules_are_not() {
        let groups = [group("sg-1", "a", "sg-1"), group("sg-2", "b", "sg-1"), group("sg-3", "a", "sg-2")];
        let found = named_by(&groups, "a", &[]);
        let named: Vec<&str> = found["sg-1"].iter().map(String::as_str).collect();
        assert_eq!((found.len(), named), (1, vec!["security group b-web of stack b"]));
        let guest = SecurityGroupRule::builder().group_id("sg-2").ip_protocol("tcp").from_port(80).to_port(80);
        let peer = aws_sdk_ec2::types::ReferencedSecurityGroup::builder().group_id("sg-1").build();
        assert!(named_by(&groups, "a", &[guest.referenced_group_info(peer).build()]).is_empty());
    }
}
