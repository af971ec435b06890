//! Who sends what to which target group, turned round: found once for a stack, because every target group and every service
//! asks. Reads the stack file's model only; decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::doc::Text;
use evenkeel_core::id::NodeId;
use evenkeel_stack::model::{Action, RuleRef, Stack};

use super::ids;

/// The listeners and rules of a stack that forward to target groups, by the entries of these.
#[derive(Debug, Default)]
pub struct Forwards<'s> {
    groups: BTreeMap<&'s str, Group<'s>>,
    /// Pairs between which ECS moves traffic, each way round.
    pairs: BTreeSet<(&'s str, &'s str)>,
}

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
        found.alternates(stack);
        found
    }

    /// Rules that ECS changes lead to the other target group as well, though the file need not say so.
    fn alternates(&mut self, stack: &'s Stack) {
        for target in stack.services.values().flat_map(|service| &service.load_balancers) {
            let Some((alternate, entry)) = target.alternate.as_ref().and_then(|it| Some((it, it.entry.as_deref()?)))
            else {
                continue;
            };
            if let Some(main) = &target.entry {
                self.pairs.extend([(main.as_str(), entry), (entry, main.as_str())]);
            }
            for rule in [Some(&alternate.production), alternate.test.as_ref()].into_iter().flatten() {
                let (balancer, node) = match rule {
                    RuleRef::Arn(_) => continue,
                    RuleRef::Default { balancer, listener } => (balancer, ids::listener(balancer, listener)),
                    RuleRef::Rule { balancer, listener, .. } => (balancer, ids::listener_rules(balancer, listener)),
                };
                let Some((balancer, _)) = stack.load_balancers.get_key_value(balancer) else { continue };
                let group = self.groups.entry(entry).or_insert_with(|| Group { balancer, nodes: BTreeSet::new() });
                group.nodes.insert(node);
            }
        }
    }

    fn add(&mut self, balancer: &'s str, actions: impl Iterator<Item = &'s Action>, node: &NodeId) {
        for action in actions {
            for (entry, _) in targets(action) {
                let group = self.groups.entry(entry).or_insert_with(|| Group { balancer, nodes: BTreeSet::new() });
                group.nodes.insert(node.clone());
            }
        }
    }

    /// The load balancer whose listeners forward to a target group, if one of the stack does.
    pub fn balancer(&self, group: &str) -> Option<&'s str> {
        self.groups.get(group).map(|group| group.balancer)
    }

    /// The target groups that have to be of one shape with this one.
    pub fn alike(&self, group: &str) -> impl Iterator<Item = &'s str> {
        self.pairs.iter().filter(move |(one, _)| *one == group).map(|(_, other)| *other)
    }

    /// The listeners, and the rules of listeners, that forward to a target group.
    pub fn nodes(&self, group: &str) -> impl Iterator<Item = &NodeId> {
        self.groups.get(group).into_iter().flat_map(|group| &group.nodes)
    }
}

/// The rules whose shares ECS sets, because services move their traffic between two target groups, each with the two.
#[derive(Debug, Default)]
pub(super) struct Shifts(BTreeMap<RuleRef, Vec<Text>>);

impl Shifts {
    /// Those of a stack.
    pub(super) fn of(stack: &Stack) -> Self {
        let mut found: BTreeMap<RuleRef, Vec<Text>> = BTreeMap::new();
        for service in stack.services.values().filter(|service| service.deployment.shifts()) {
            for target in &service.load_balancers {
                let Some(alternate) = &target.alternate else { continue };
                for rule in [Some(&alternate.production), alternate.test.as_ref()].into_iter().flatten() {
                    let groups = found.entry(rule.clone()).or_default();
                    groups.extend([target.target_group.clone(), alternate.target_group.clone()]);
                }
            }
        }
        Self(found)
    }

    /// The two target groups between which ECS moves the traffic of a rule of a listener; `None` if it does not. `at` is the place of
    /// the rule, and nothing for what the listener does if no rule fits.
    pub(super) fn pair(&self, balancer: &str, listener: &str, at: Option<usize>) -> Option<&[Text]> {
        let (balancer, listener) = (balancer.to_owned(), listener.to_owned());
        let rule = match at {
            Some(at) => RuleRef::Rule { balancer, listener, at },
            None => RuleRef::Default { balancer, listener },
        };
        self.0.get(&rule).map(Vec::as_slice)
    }
}

fn targets(action: &Action) -> &[(String, u32)] {
    match action {
        Action::Forward { targets, .. } => targets,
        Action::Redirect { .. } | Action::FixedResponse { .. } => &[],
    }
}
