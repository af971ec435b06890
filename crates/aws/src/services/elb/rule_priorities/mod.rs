//! The priorities of rules that say `auto`: looked up among what the listener has, before anything is planned, so that the plan shows
//! them. One node for each listener that has such rules. Why they are chosen so: docs/decisions/0016. Sends nothing.

mod number;

use std::collections::BTreeSet;

use evenkeel_core::doc::Text;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::Kind;
use evenkeel_core::snapshot::{Live, Owner};
use evenkeel_stack::model::{Listener, Stack};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::number::{Slot, beginning, number};
use super::listener::{self, Balancers};
use super::listener_rules::conditions::Conditions;
use super::read::{Elb, Item};
use super::{ids, listener_rules};
use crate::read::Fetched;
use crate::resource::{Entry, Lookup, OnlyLookedUp, Paced, doc, spec};
use crate::tags;

/// The output that has the priority of a rule: this, a dot and the place of the rule in the file.
const OUTPUT: &str = "priority";

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind { name: "rule_priorities", title: "priorities of rules", outputs: &[OUTPUT], ..Kind::PLAIN },
    contribute,
    driver: &OnlyLookedUp(Priorities),
    paced: Paced::NOT,
    actions: &[
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTags",
    ],
};

/// The node for the rules of a listener.
pub fn id(balancer: &str, listener: &str) -> NodeId {
    NodeId::new("rule_priorities", &format!("{balancer}/{listener}"))
}

/// The priority that is looked up for the rule at a place of the file.
pub(super) fn output(balancer: &str, listener: &str, at: usize) -> Value {
    Text::output(id(balancer, listener), &format!("{OUTPUT}.{at}")).to_value()
}

/// What to find numbers for.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Asked {
    /// The node of the rules.
    rules_of: NodeId,
    /// What that node was called before.
    moved_from: Option<NodeId>,
    /// Where to begin.
    first: u32,
    /// The rules in the order of the file.
    rules: Vec<AskedRule>,
    look_up: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct AskedRule {
    conditions: Conditions,
    priority: Option<u32>,
}

/// Whether rules of a listener are numbered here.
pub(super) fn are_asked(listener: &Listener) -> bool {
    listener.rules.iter().any(|rule| rule.priority.is_none())
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (balancer, listener, site) in listener::all(stack) {
        if !are_asked(listener) {
            continue;
        }
        let rules = listener
            .rules
            .iter()
            .map(|rule| AskedRule { conditions: Conditions::desired(&rule.conditions), priority: rule.priority });
        let want = Asked {
            rules_of: ids::listener_rules(&site.balancer, &site.listener),
            moved_from: site.moved_from().map(|(balancer, listener)| ids::listener_rules(&balancer, &listener)),
            first: if balancer.existing.is_some() { beginning(&stack.name) } else { 10 },
            rules: rules.collect(),
            look_up: "priorities".to_owned(),
        };
        let mut node = Node::lookup(id(&site.balancer, &site.listener), site.name(), doc(&want));
        node.origin = Some(listener.meta.place.to_string());
        nodes.push(node);
    }
}

struct Priorities;

impl Lookup for Priorities {
    fn look_up(&self, fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError> {
        let asked: Asked = spec(&node.want)?;
        let there = There::of(fetched, node, &asked)?;
        let slot = |rule: &AskedRule| Slot { fixed: rule.priority, has: there.of_rule(&rule.conditions) };
        let slots: Vec<Slot> = asked.rules.iter().map(slot).collect();
        let Some(numbers) = number(&slots, &there.taken, asked.first) else {
            let text = format!("no priority is left for the rules of {}", node.name);
            let error = CloudError::local(ErrorClass::Invalid, "elb:DescribeRules", text);
            let hint = "write the rules with `priority: auto` above those with high priorities".to_owned();
            return Err(CloudError { hint: Some(hint), ..error });
        };
        let live = Live::new(node.id.to_string(), "", Owner::Nobody, node.want.clone());
        let found = numbers.into_iter().enumerate();
        Ok(Some(found.fold(live, |live, (at, number)| live.output(&format!("{OUTPUT}.{at}"), number))))
    }
}

/// The rules that are there.
struct There {
    /// Those of the stack, on whatever listener, those of the right listener first.
    ours: Vec<(Conditions, u32)>,
    /// The priorities of all others on the right listener.
    taken: BTreeSet<u32>,
}

impl There {
    fn of(fetched: &Fetched, node: &Node, asked: &Asked) -> Result<Self, CloudError> {
        let elb: &Elb = fetched.part()?;
        let listeners = elb.listeners.as_ref().map_err(Clone::clone)?;
        let rules = elb.rules.as_ref().map_err(Clone::clone)?;
        let balancers = Balancers::of(elb, &fetched.stack)?;
        let is_one = |own: &NodeId, of: &NodeId| own.name() == of.name();
        let is_it = |arn: &str| {
            let Some(item) = listeners.iter().find(|item| item.raw.listener_arn() == Some(arn)) else { return false };
            let ours = match tags::owner(&item.tags, &fetched.stack, listener::ENTRY.kind.name) {
                Owner::Ours(own) => {
                    is_one(&own, &asked.rules_of) || asked.moved_from.as_ref().is_some_and(|old| is_one(&own, old))
                }
                Owner::Managed { .. } | Owner::OtherStack(_) | Owner::Stray(_) | Owner::Nobody => false,
            };
            let (balancer, port) =
                (item.raw.load_balancer_arn().unwrap_or_default(), item.raw.port().unwrap_or_default());
            ours || balancers.name(balancer, port, false) == node.name
        };
        let mut there = Self { ours: Vec::new(), taken: BTreeSet::new() };
        for (arn, rules) in rules {
            let here = is_it(arn);
            for item in rules {
                let Some(priority) = priority(item) else { continue };
                let ours = match tags::owner(&item.tags, &fetched.stack, listener_rules::ENTRY.kind.name) {
                    // A listener has one node for all rules of the stack, whatever it was called before.
                    Owner::Ours(own) => here || own == asked.rules_of || asked.moved_from.as_ref() == Some(&own),
                    Owner::Managed { .. } | Owner::OtherStack(_) | Owner::Stray(_) | Owner::Nobody => false,
                };
                match (ours, here) {
                    (true, true) => there.ours.insert(0, (Conditions::live(item.raw.conditions()), priority)),
                    (true, false) => there.ours.push((Conditions::live(item.raw.conditions()), priority)),
                    (false, true) => drop(there.taken.insert(priority)),
                    (false, false) => {}
                }
            }
        }
        Ok(there)
    }

    fn of_rule(&self, conditions: &Conditions) -> Option<u32> {
        self.ours.iter().find(|(own, _)| own == conditions).map(|(_, priority)| *priority)
    }
}

fn priority(item: &Item<aws_sdk_elasticloadbalancingv2::types::Rule>) -> Option<u32> {
    item.raw.priority()?.parse().ok()
}
