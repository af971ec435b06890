//! Where traffic goes: for each rule of each load balancer (default actions included) the target groups behind it, their weights
//! and how many healthy targets they have. For whoever wants to know whether anything serves; it changes nothing.

use super::state::{Elb, Rule};
use super::targets::health;
use crate::call::Members;
use crate::world::Region;

/// A target group behind a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Its ARN.
    pub group: String,
    /// How much of the traffic it gets, as the rule has it.
    pub weight: i64,
    /// How many of its targets are healthy.
    pub healthy: usize,
}

/// A rule, and what is behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarding {
    /// The ARN of the load balancer.
    pub balancer: String,
    /// Whether the load balancer is ready.
    pub active: bool,
    /// The ARN of the listener.
    pub listener: String,
    /// Its port.
    pub port: Option<i64>,
    /// The ARN of the rule.
    pub rule: String,
    /// Its priority; `None` for the default actions.
    pub priority: Option<i64>,
    /// The groups that it forwards to; none if it redirects or answers by itself.
    pub groups: Vec<Share>,
}

impl Forwarding {
    /// Whether it forwards at all.
    pub fn forwards(&self) -> bool {
        !self.groups.is_empty()
    }

    /// Whether a request that comes here can be answered: the load balancer is ready, and some group with a weight has a
    /// healthy target.
    pub fn serves(&self) -> bool {
        self.active && self.groups.iter().any(|share| share.weight > 0 && share.healthy > 0)
    }

    /// Groups that get traffic and have no healthy target: their share of the requests is answered with 503.
    pub fn starved(&self) -> impl Iterator<Item = &Share> {
        self.groups.iter().filter(|share| share.weight > 0 && share.healthy == 0)
    }
}

/// Every rule of every load balancer of a region.
pub fn traffic(region: &Region) -> Vec<Forwarding> {
    let elb = &region.elb;
    elb.rules.values().filter_map(|rule| forwarding(elb, rule)).collect()
}

fn forwarding(elb: &Elb, rule: &Rule) -> Option<Forwarding> {
    let listener = elb.listeners.get(&rule.listener)?;
    let actions = if rule.priority.is_none() { &listener.actions } else { &rule.actions };
    let tuples = actions
        .iter()
        .filter_map(|action| action.map("ForwardConfig"))
        .flat_map(|config| config.list("TargetGroups"))
        .map(|tuple| (tuple.text_or_empty("TargetGroupArn"), tuple.integer("Weight").unwrap_or(1)));
    let shares = tuples.map(|(group, weight)| Share { group: group.to_owned(), weight, healthy: healthy(elb, group) });
    Some(Forwarding {
        balancer: listener.balancer.clone(),
        active: elb.balancers.get(&listener.balancer).is_some_and(|balancer| balancer.active),
        listener: listener.arn.clone(),
        port: listener.port,
        rule: rule.arn.clone(),
        priority: rule.priority,
        groups: shares.collect(),
    })
}

/// How many targets of a group are healthy.
fn healthy(elb: &Elb, group: &str) -> usize {
    let Some(group) = elb.groups.get(group) else { return 0 };
    group.targets.keys().filter(|(id, port)| health::of(elb, group, id, *port).state == "healthy").count()
}
