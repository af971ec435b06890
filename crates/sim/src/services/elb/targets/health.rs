//! What becomes of a target: it registers, is checked, is healthy or not by what its checks come to (`ways`), drains and goes. While
//! no listener or rule forwards to its group it reads as unused; while the load balancer is not ready nothing is checked.

use std::time::Duration;

use super::super::attributes;
use super::super::state::{Check, Ear, Elb, Event, Group, Kind, Outcome, Phase, Step, Target};
use super::ways;
use crate::world::{self, Place, World};

/// How a target fares, in AWS's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::services::elb) struct Health {
    pub(in crate::services::elb) state: &'static str,
    pub(in crate::services::elb) reason: Option<&'static str>,
    pub(in crate::services::elb) words: Option<&'static str>,
}

const fn health(state: &'static str, reason: &'static str, words: &'static str) -> Health {
    Health { state, reason: Some(reason), words: Some(words) }
}

/// How a target fares.
pub(in crate::services::elb) fn of(elb: &Elb, group: &Group, id: &str, port: u16) -> Health {
    let Some(target) = group.targets.get(&(id.to_owned(), port)) else {
        return health("unused", "Target.NotRegistered", "Target is not registered to the target group");
    };
    if target.phase == Phase::Draining {
        return health("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress");
    }
    if !elb.in_use(&group.arn) {
        let words = "Target group is not configured to receive traffic from the load balancer";
        return health("unused", "Target.NotInUse", words);
    }
    if let Some(zone) = target.zone.as_deref().filter(|zone| *zone != "all") {
        let balancers = elb.balancers_of(&group.arn);
        let mut balancers = balancers.iter().filter_map(|arn| elb.balancers.get(arn));
        if !balancers.any(|balancer| balancer.zones.iter().any(|one| one.name == zone)) {
            let words = "Target is in an Availability Zone that is not enabled for the load balancer";
            return health("unused", "Target.NotInUse", words);
        }
    }
    if !group.check.enabled {
        let words = "Health checks are not enabled for this target";
        return health("unavailable", "Target.HealthCheckDisabled", words);
    }
    let registering = health("initial", "Elb.RegistrationInProgress", "Target registration is in progress");
    let balancers = elb.balancers_of(&group.arn);
    if !balancers.iter().any(|arn| elb.balancers.get(arn).is_some_and(|balancer| balancer.active)) {
        return registering;
    }
    match target.phase {
        Phase::Registering => registering,
        Phase::Checking => health("initial", "Elb.InitialHealthChecking", "Initial health checks in progress"),
        // Other load balancers do not tell a check that times out from one that fails.
        Phase::Unhealthy if target.outcome != Outcome::Refused && is_application(elb, group) => {
            health("unhealthy", "Target.Timeout", "Request timed out")
        }
        Phase::Unhealthy => health("unhealthy", "Target.FailedHealthChecks", "Health checks failed"),
        Phase::Healthy | Phase::Draining => Health { state: "healthy", reason: None, words: None },
    }
}

fn is_application(elb: &Elb, group: &Group) -> bool {
    let balancers = elb.balancers_of(&group.arn);
    let mut balancers = balancers.iter().filter_map(|arn| elb.balancers.get(arn));
    balancers.any(|balancer| balancer.kind == Kind::Application)
}

/// What is known of a target that is registered.
pub(in crate::services::elb) struct New {
    pub(in crate::services::elb) zone: Option<String>,
    pub(in crate::services::elb) answers: bool,
    pub(in crate::services::elb) interface: Option<String>,
    pub(in crate::services::elb) ears: Vec<Ear>,
}

/// Adds a target, or takes one back that drains. One that is there already stays as it is.
pub(in crate::services::elb) fn add(world: &mut World, place: &Place, group: &str, (id, port): (&str, u16), new: New) {
    let Some(found) = world.region(place).elb.groups.get_mut(group) else { return };
    let key = (id.to_owned(), port);
    let New { zone, answers, interface, ears } = new;
    if let Some(target) = found.targets.get_mut(&key).filter(|target| target.phase != Phase::Draining) {
        (target.zone, target.answers) = (zone, answers);
        look(world, place, group, id, port);
        return;
    }
    found.targets.insert(key, Target { zone, answers, interface, ears, ..Target::default() });
    begin(world, place, group, id, port);
}

/// Begins the life of a target anew.
fn begin(world: &mut World, place: &Place, group: &str, id: &str, port: u16) {
    let elb = &mut world.region(place).elb;
    let round = elb.next();
    let Some(found) = elb.groups.get_mut(group) else { return };
    let checked = found.check.enabled;
    let Some(target) = found.targets.get_mut(&(id.to_owned(), port)) else { return };
    target.phase = Phase::Registering;
    target.round = round;
    // Also while the group is unused, which only hides it: weights may bring it into use without anybody's asking.
    if checked {
        schedule(
            world,
            place,
            Duration::from_secs(5),
            Step { group: group.to_owned(), id: id.to_owned(), port, round },
        );
    }
}

fn schedule(world: &mut World, place: &Place, usual: Duration, step: Step) {
    let time = world.about(usual);
    world.after(time, place, world::Event::Elb(Event::Target(step)));
}

/// The targets of a group that a load balancer has begun to use register.
pub(in crate::services::elb) fn begin_all(world: &mut World, place: &Place, group: &str) {
    let Some(found) = world.region(place).elb.groups.get(group) else { return };
    let waiting = found.targets.iter().filter(|(_, target)| target.phase != Phase::Draining);
    let keys: Vec<(String, u16)> = waiting.map(|(key, _)| key.clone()).collect();
    for (id, port) in keys {
        begin(world, place, group, &id, port);
    }
}

/// How long the checks take until a target counts as such: seconds.
fn until(check: &Check, first: bool, answers: bool) -> Duration {
    let interval = u64::try_from(check.interval).unwrap_or(30);
    let times = |count: i64| interval * u64::try_from(count).unwrap_or(2);
    Duration::from_secs(match (first, answers) {
        // A new target is healthy after one check that succeeds.
        (true, true) => interval,
        (false, true) => times(check.healthy),
        (_, false) => times(check.unhealthy),
    })
}

/// The next step of a target.
pub(in crate::services::elb) fn step(world: &mut World, place: &Place, step: &Step) {
    let region = world.region(place);
    let outcome = ways::outcome(region, &step.group, &step.id, step.port);
    let Some(group) = region.elb.groups.get_mut(&step.group) else { return };
    let key = (step.id.clone(), step.port);
    let check = group.check.clone();
    let Some(target) = group.targets.get_mut(&key).filter(|target| target.round == step.round) else { return };
    match target.phase {
        Phase::Draining => {
            group.targets.remove(&key);
        }
        Phase::Registering => {
            target.phase = Phase::Checking;
            target.outcome = outcome;
            schedule(world, place, until(&check, true, outcome == Outcome::Success), step.clone());
        }
        Phase::Checking | Phase::Healthy | Phase::Unhealthy => {
            target.phase = if target.outcome == Outcome::Success { Phase::Healthy } else { Phase::Unhealthy };
        }
    }
}

/// Looks whether the checks of a target come to something else than before; its state follows some checks later.
fn look(world: &mut World, place: &Place, group: &str, id: &str, port: u16) {
    let region = world.region(place);
    let outcome = ways::outcome(region, group, id, port);
    let elb = &mut region.elb;
    let Some(found) = elb.groups.get_mut(group) else { return };
    let check = found.check.clone();
    let Some(target) = found.targets.get_mut(&(id.to_owned(), port)) else { return };
    if target.outcome == outcome || target.phase == Phase::Draining {
        return;
    }
    target.outcome = outcome;
    if target.phase == Phase::Registering {
        return;
    }
    let first = target.phase == Phase::Checking;
    elb.made += 1;
    let round = elb.made;
    target.round = round;
    if check.enabled {
        let step = Step { group: group.to_owned(), id: id.to_owned(), port, round };
        schedule(world, place, until(&check, first, outcome == Outcome::Success), step);
    }
}

/// Looks at every target again.
pub(in crate::services::elb) fn look_again(world: &mut World, place: &Place) {
    let groups = &world.region(place).elb.groups;
    let keys = groups.values().flat_map(|group| group.targets.keys().map(|key| (group.arn.clone(), key.clone())));
    for (group, (id, port)) in keys.collect::<Vec<_>>() {
        look(world, place, &group, &id, port);
    }
}

/// Takes a target out: it drains if its group is in use, else it is gone at once.
pub(in crate::services::elb) fn drain(world: &mut World, place: &Place, group: &str, id: &str, port: u16) {
    let elb = &mut world.region(place).elb;
    let (round, in_use) = (elb.next(), elb.in_use(group));
    let Some(found) = elb.groups.get_mut(group) else { return };
    let delay = delay(found);
    let key = (id.to_owned(), port);
    let Some(target) = found.targets.get_mut(&key).filter(|target| target.phase != Phase::Draining) else { return };
    if !in_use || delay == 0 {
        found.targets.remove(&key);
        return;
    }
    target.phase = Phase::Draining;
    target.round = round;
    let step = Step { group: group.to_owned(), id: id.to_owned(), port, round };
    world.after(Duration::from_secs(delay), place, world::Event::Elb(Event::Target(step)));
}

/// The deregistration delay of a group in seconds.
pub(in crate::services::elb) fn delay(group: &Group) -> u64 {
    let value = attributes::value_of(group, "deregistration_delay.timeout_seconds");
    value.and_then(|value| value.parse().ok()).unwrap_or(0)
}
