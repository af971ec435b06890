//! Which target groups listeners and rules forward to: what an action may name, and the index of it. A group belongs to one
//! load balancer; groups that come into use have their targets checked.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::state::{Balancer, Elb};
use super::super::targets::health;
use crate::call::{Call, Members, Refusal};
use crate::world::{Place, World};

/// How many target groups a load balancer may use.
const QUOTA: usize = 100;

/// The target groups that actions name.
pub(in crate::services::elb) fn groups(actions: &[Value]) -> BTreeSet<String> {
    let of = |action: &Value| {
        let config = action.map("ForwardConfig").cloned().unwrap_or_default();
        let list: Vec<String> =
            config.list("TargetGroups").iter().map(|tuple| tuple.text_or_empty("TargetGroupArn").to_owned()).collect();
        list.into_iter().chain(action.text("TargetGroupArn").map(str::to_owned)).collect::<Vec<_>>()
    };
    actions.iter().flat_map(of).collect()
}

/// Whether a listener or rule shares traffic between this group and others, and lets clients change between them.
pub(in crate::services::elb) fn shares_without_stickiness(elb: &Elb, group: &str) -> bool {
    let listeners = elb.listeners.values().flat_map(|listener| &listener.actions);
    let rules = elb.rules.values().flat_map(|rule| &rule.actions);
    listeners.chain(rules).any(|action| {
        let config = action.map("ForwardConfig").cloned().unwrap_or_default();
        let tuples = config.list("TargetGroups");
        let sticky = config.map("TargetGroupStickinessConfig").and_then(|sticky| sticky.flag("Enabled"));
        tuples.len() > 1
            && sticky != Some(true)
            && tuples.iter().any(|tuple| tuple.text_or_empty("TargetGroupArn") == group)
    })
}

/// Refuses actions whose groups serve another load balancer, or are too many. `user` is the listener or rule that they are of.
pub(in crate::services::elb) fn check(
    call: &mut Call<'_>,
    balancer: &Balancer,
    user: &str,
    actions: &[Value],
) -> Result<(), Refusal> {
    let elb = &call.region().elb;
    let wanted = groups(actions);
    let elsewhere = |group: &&String| elb.balancers_of(group).iter().any(|other| *other != balancer.arn);
    let taken: Vec<String> = wanted.iter().filter(elsewhere).cloned().collect();
    if !taken.is_empty() {
        let text = format!(
            "The following target groups cannot be associated with more than one load balancer: {}",
            taken.join(", ")
        );
        return Err(Refusal::new("TargetGroupAssociationLimit", text));
    }
    let kept = elb.uses.iter().filter(|(_, users)| users.iter().any(|(one, of)| one != user && *of == balancer.arn));
    let all: BTreeSet<&String> = kept.map(|(group, _)| group).chain(&wanted).collect();
    if all.len() > QUOTA {
        let text =
            format!("The maximum number of unique target groups on load balancer '{}' has been reached", balancer.arn);
        return Err(Refusal::new("TooManyUniqueTargetGroupsPerLoadBalancer", text));
    }
    Ok(())
}

/// Notes the groups that a listener or rule forwards to, in place of those before.
pub(in crate::services::elb) fn claim(world: &mut World, place: &Place, user: &str, balancer: &str, actions: &[Value]) {
    let wanted = groups(actions);
    let elb = &mut world.region(place).elb;
    let fresh: Vec<String> = wanted.iter().filter(|group| !elb.in_use(group)).cloned().collect();
    for (group, users) in &mut elb.uses {
        if !wanted.contains(group) {
            users.remove(user);
        }
    }
    for group in wanted {
        elb.uses.entry(group).or_default().insert(user.to_owned(), balancer.to_owned());
    }
    elb.uses.retain(|_, users| !users.is_empty());
    for group in fresh {
        health::begin_all(world, place, &group);
    }
}

/// Forgets what a listener or rule forwards to.
pub(in crate::services::elb) fn release(world: &mut World, place: &Place, user: &str) {
    claim(world, place, user, "", &[]);
}
