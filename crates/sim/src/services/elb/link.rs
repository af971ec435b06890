//! What other services ask of Elastic Load Balancing: target groups, their load balancers, targets and their health.

use serde_json::Value;

use super::state::{Ear, Group, Outcome, Phase};
use super::targets::health;
use crate::call::Members;
use crate::world::{Place, Region, World};

/// What others need to know of a target group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupFacts {
    /// Its ARN.
    pub arn: String,
    /// `ip`, `instance`, `lambda` or `alb`.
    pub target_type: String,
    /// Its VPC.
    pub vpc: Option<String>,
    /// The load balancers whose listeners or rules forward to it.
    pub load_balancers: Vec<String>,
    /// The deregistration delay in seconds.
    pub deregistration_delay: u64,
}

/// The target group of that ARN.
pub fn target_group(region: &Region, arn: &str) -> Option<GroupFacts> {
    let group: &Group = region.elb.groups.get(arn)?;
    Some(GroupFacts {
        arn: group.arn.clone(),
        target_type: group.target_type.clone(),
        vpc: group.vpc.clone(),
        load_balancers: region.elb.balancers_of(arn).into_iter().collect(),
        deregistration_delay: health::delay(group),
    })
}

/// A target that a service registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTarget {
    /// An address, or an instance.
    pub id: String,
    /// Its port.
    pub port: u16,
    /// Its zone.
    pub zone: String,
    /// Whether it will answer the health checks with success.
    pub answers: bool,
    /// Its network interface, if it has one of its own.
    pub interface: Option<String>,
    /// Where it listens; on every port, if that is not told.
    pub ears: Vec<Ear>,
}

/// Registers a target; it becomes healthy (or not) after some health checks.
pub fn register(world: &mut World, place: &Place, group: &str, target: NewTarget) {
    // The zone of an instance is not shown, nor asked for.
    let instance = target.id.starts_with("i-");
    let zone = Some(target.zone).filter(|zone| !zone.is_empty() && !instance);
    let new = health::New { zone, answers: target.answers, interface: target.interface, ears: target.ears };
    health::add(world, place, group, (&target.id, target.port), new);
}

/// Takes a target out: it drains for the deregistration delay, then it is gone.
pub fn deregister(world: &mut World, place: &Place, group: &str, id: &str, port: u16) {
    health::drain(world, place, group, id, port);
}

/// The state of a target (`initial`, `healthy`, `unhealthy`, `draining`, `unused`) and its description, empty if it needs none;
/// nothing if it is not registered.
pub fn target_state(region: &Region, group: &str, id: &str, port: u16) -> Option<(&'static str, &'static str)> {
    let found = region.elb.groups.get(group)?;
    found.targets.get(&(id.to_owned(), port))?;
    let health = health::of(&region.elb, found, id, port);
    Some((health.state, health.words.unwrap_or_default()))
}

/// Whether the checks of a target fail as things are now, whatever its state says yet.
pub fn target_fails(region: &Region, group: &str, id: &str, port: u16) -> bool {
    let target = region.elb.groups.get(group).and_then(|group| group.targets.get(&(id.to_owned(), port)));
    target.is_some_and(|target| target.outcome != Outcome::Success && target.phase != Phase::Draining)
}

/// Gives the target groups of a forward action other weights, as ECS does in a blue/green deployment. `rule` is the ARN of a
/// rule, or of a listener for its default action. False if it does not forward to any of the groups.
///
/// An action that names one of the groups only forwards to all of them afterwards: with a weighted list it has no
/// `TargetGroupArn` of its own any more.
pub fn shift_weights(region: &mut Region, rule: &str, weights: &[(String, u32)]) -> bool {
    let elb = &mut region.elb;
    let default = elb.rules.get(rule).filter(|rule| rule.priority.is_none()).map(|rule| rule.listener.clone());
    let user = default.unwrap_or_else(|| rule.to_owned());
    let (actions, balancer) = if let Some(listener) = elb.listeners.get_mut(&user) {
        (&mut listener.actions, listener.balancer.clone())
    } else if let Some(rule) = elb.rules.get_mut(&user) {
        let Some(listener) = elb.listeners.get(&rule.listener) else { return false };
        (&mut rule.actions, listener.balancer.clone())
    } else {
        return false;
    };
    let Some(action) = actions.iter_mut().find(|action| action.text("Type") == Some("forward")) else { return false };
    let config = action.map("ForwardConfig").cloned().unwrap_or_default();
    let mut tuples: Vec<(String, Value)> = config
        .list("TargetGroups")
        .iter()
        .map(|tuple| (tuple.text_or_empty("TargetGroupArn").to_owned(), tuple["Weight"].clone()))
        .collect();
    if !tuples.iter().any(|(arn, _)| weights.iter().any(|(group, _)| group == arn)) {
        return false;
    }
    for (group, weight) in weights {
        if !elb.groups.contains_key(group) {
            return false;
        }
        match tuples.iter_mut().find(|(arn, _)| arn == group) {
            Some((_, old)) => *old = (*weight).into(),
            None => tuples.push((group.clone(), (*weight).into())),
        }
    }
    let list: Vec<Value> =
        tuples.iter().map(|(arn, weight)| serde_json::json!({ "TargetGroupArn": arn, "Weight": weight })).collect();
    action["ForwardConfig"]["TargetGroups"] = list.into();
    if let (Some(action), true) = (action.as_object_mut(), tuples.len() > 1) {
        action.remove("TargetGroupArn");
    }
    for (group, _) in tuples {
        elb.uses.entry(group).or_default().insert(user.clone(), balancer.clone());
    }
    true
}

/// Whether a rule (or a listener, for what it does by default) is there and forwards to one of these target groups.
pub fn leads_to(region: &Region, rule: &str, groups: &[&str]) -> bool {
    let elb = &region.elb;
    let actions = match (elb.rules.get(rule), elb.listeners.get(rule)) {
        (Some(rule), _) if rule.priority.is_none() => elb.listeners.get(&rule.listener).map(|it| &it.actions),
        (Some(rule), _) => Some(&rule.actions),
        (None, listener) => listener.map(|listener| &listener.actions),
    };
    actions.into_iter().flatten().any(|action| {
        let config = action.map("ForwardConfig").cloned().unwrap_or_default();
        let named = |tuple: &Value| groups.contains(&tuple.text_or_empty("TargetGroupArn"));
        config.list("TargetGroups").iter().any(named)
            || action.text("TargetGroupArn").is_some_and(|arn| groups.contains(&arn))
    })
}

/// The hosted zone of the load balancer that has that DNS name (also with `dualstack.` before it): for alias records.
pub fn zone_of_name<'r>(region: &'r Region, name: &str) -> Option<&'r str> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let name = name.strip_prefix("dualstack.").unwrap_or(&name);
    let mut balancers = region.elb.balancers.values();
    balancers.find(|balancer| balancer.dns_name.eq_ignore_ascii_case(name)).map(|balancer| &*balancer.zone_id)
}
