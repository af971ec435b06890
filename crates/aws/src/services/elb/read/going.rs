//! What has to be known of load balancers that may go, beyond what a plan with nothing to do needs: whether AWS protects them,
//! and what of others is inside them. Costs a call each, so it is asked only where a deletion is in sight.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::{Listener, Rule};
use evenkeel_core::snapshot::Owner;

use super::{Attributes, Elb, Item, Reading};
use crate::kinds::{listener, listener_rules, load_balancer};
use crate::tags::{self, Tags};

impl Reading<'_> {
    /// Whether a load balancer or listener of ours goes, as far as its mark and the graph tell, or whether somebody asks closely.
    pub(super) fn goes(&self, tags: &Tags, kind: &str) -> bool {
        let Owner::Ours(mark) = self.owner(tags, kind) else { return false };
        let wanted = |id| self.scope.graph.get(id).is_some();
        let moved = || self.scope.graph.of_kind(kind).any(|node| node.moved_from.as_ref() == Some(&mark));
        self.scope.thorough || self.scope.closely || self.scope.only.is_none() && !wanted(&mark) && !moved()
    }
}

/// The load balancers that AWS protects, of those whose attributes were read.
pub(super) fn protected(read: &[Attributes]) -> BTreeSet<String> {
    let all = read.iter().flatten().flatten();
    let on = |(_, values): &(&String, &std::collections::BTreeMap<String, String>)| {
        values.get(load_balancer::PROTECTION).map(String::as_str) == Some("true")
    };
    all.filter(on).map(|(arn, _)| arn.clone()).collect()
}

impl Elb {
    /// What of others is on a load balancer, for a person, each.
    pub fn inside_balancer(&self, arn: &str, stack: &str) -> Vec<String> {
        let listeners = self.listeners.iter().flatten().filter(|item| item.raw.load_balancer_arn() == Some(arn));
        let mut inside = Vec::new();
        for item in listeners {
            if foreign(item, stack) {
                let whose = tags::owner(&item.tags, stack, listener::ENTRY.kind.name);
                let port = item.raw.port().unwrap_or_default();
                inside.push(format!("the listener on port {port}{}", of_stack(&whose)));
            } else {
                inside.extend(self.inside_listener(item, stack));
            }
        }
        inside
    }

    /// What of others is on a listener, for a person, each.
    pub fn inside_listener(&self, item: &Item<Listener>, stack: &str) -> Vec<String> {
        let rules = self.rules.iter().filter_map(|rules| rules.get(item.raw.listener_arn()?)).flatten();
        let theirs = |rule: &&Item<Rule>| {
            let owner = tags::owner(&rule.tags, stack, listener_rules::ENTRY.kind.name);
            !matches!(owner, Owner::Ours(_)) && !rule.raw.is_default().unwrap_or_default()
        };
        let port = item.raw.port().unwrap_or_default();
        let told = |rule: &Item<Rule>| {
            let whose = tags::owner(&rule.tags, stack, listener_rules::ENTRY.kind.name);
            let priority = rule.raw.priority().unwrap_or_default();
            format!("the rule with priority {priority}{} of the listener on port {port}", of_stack(&whose))
        };
        rules.filter(theirs).map(told).collect()
    }
}

/// Whose something is, where another stack says so.
fn of_stack(owner: &Owner) -> String {
    match owner {
        Owner::OtherStack(stack) => format!(" (of stack {stack})"),
        Owner::Managed { .. } | Owner::Ours(_) | Owner::Stray(_) | Owner::Nobody => String::new(),
    }
}

fn foreign(item: &Item<Listener>, stack: &str) -> bool {
    !matches!(tags::owner(&item.tags, stack, listener::ENTRY.kind.name), Owner::Ours(_))
}
