//! Who sends what to which target group, turned round: found once for a stack, because every target group and every service
//! asks. Reads the stack file's model only; decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::id::NodeId;
use evenkeel_stack::model::{Action, Stack};

use super::ids;

/// The listeners and rules of a stack that forward to target groups, by the entries of these.
#[derive(Debug, Default)]
pub struct Forwards<'s>(BTreeMap<&'s str, Group<'s>>);

/// What forwards to one target group.
#[derive(Debug)]
struct Group<'s> {
    /// The first load balancer whose listeners do.
    balancer: &'s str,
    /// The nodes that do: listeners, and the rules of listeners.
    nodes: BTreeSet<NodeId>,
}

impl<'s> Forwards<'s> {
    /// Those of a stack.
    pub fn of(stack: &'s Stack) -> Self {
        let mut found = Self::default();
        for (balancer, entry) in &stack.load_balancers {
            for (name, listener) in &entry.listeners {
                found.add(balancer, listener.default.iter(), &ids::listener(balancer, name));
                let rules = listener.rules.iter().map(|rule| &rule.action);
                found.add(balancer, rules, &ids::listener_rules(balancer, name));
            }
        }
        found
    }

    fn add(&mut self, balancer: &'s str, actions: impl Iterator<Item = &'s Action>, node: &NodeId) {
        for action in actions {
            for (entry, _) in targets(action) {
                let group = self.0.entry(entry).or_insert_with(|| Group { balancer, nodes: BTreeSet::new() });
                group.nodes.insert(node.clone());
            }
        }
    }

    /// The load balancer whose listeners forward to a target group, if one of the stack does.
    pub fn balancer(&self, group: &str) -> Option<&'s str> {
        self.0.get(group).map(|group| group.balancer)
    }

    /// The listeners, and the rules of listeners, that forward to a target group.
    pub fn nodes(&self, group: &str) -> impl Iterator<Item = &NodeId> {
        self.0.get(group).into_iter().flat_map(|group| &group.nodes)
    }
}

/// The target groups whose shares ECS sets, because services move their traffic between them.
pub(super) fn shifted(stack: &Stack) -> BTreeSet<&str> {
    let shifts = |strategy: &str| matches!(strategy, "BLUE_GREEN" | "LINEAR" | "CANARY");
    let services = stack.services.values().filter(|service| shifts(&service.deployment.strategy));
    services.flat_map(|service| &service.load_balancers).filter_map(|target| target.entry.as_deref()).collect()
}

/// Whether an action forwards to one of these target groups.
pub(super) fn leads_to(action: &Action, groups: &BTreeSet<&str>) -> bool {
    targets(action).iter().any(|(group, _)| groups.contains(group.as_str()))
}

fn targets(action: &Action) -> &[(String, u32)] {
    match action {
        Action::Forward { targets, .. } => targets,
        Action::Redirect { .. } | Action::FixedResponse { .. } => &[],
    }
}
