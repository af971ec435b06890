//! How routes come and go. A route is made while the load balancer may still be on its way, and active when that is; one that goes is
//! gone when nothing of it is left in the account.

use std::time::Duration;

use super::super::running;
use super::state::{Route, of};
use super::{associations, build};
use crate::world::{self, Place, World};

/// How long a route takes on a load balancer that is there.
const JOINS: Duration = Duration::from_secs(25);
/// And on one that is made for it.
const BUILDS: Duration = Duration::from_secs(180);
/// How often what is left of a route is looked after.
const CLEARS: Duration = Duration::from_secs(20);

fn later(world: &mut World, place: &Place, delay: Duration, route: &str) {
    let event = running::Event::Route { route: route.to_owned() };
    world.after(delay, place, world::Event::Ecs(event));
}

/// Keeps a route: makes what it needs if it is new, changes that if its connector has.
pub(super) fn put(world: &mut World, place: &Place, mut route: Route, changed: bool) {
    let Some(mut gateway) = of(world, place).gateways.get(&route.gateway).cloned() else { return };
    if !route.arn.is_empty() {
        if changed {
            build::recheck(world, place, &route);
        }
        of(world, place).routes.insert(route.arn.clone(), route);
        return;
    }
    route.arn = place.arn("ecs", &format!("gateway-route/{}/{}", gateway.name, world.ids.hex(32)));
    let same = of(world, place).routes.values().find(|it| it.service == route.service && !it.goes());
    route.service_group = same.map(|it| it.service_group.clone()).unwrap_or_default();
    let fresh = gateway.balancers.is_empty();
    let made = build::balancer(world, place, &mut gateway)
        .and_then(|balancer| build::route(world, place, &gateway, &balancer, &mut route));
    let status = if made.is_ok() { "CREATE_IN_PROGRESS" } else { "CREATE_FAILED" };
    status.clone_into(&mut route.status);
    of(world, place).gateways.insert(gateway.name.clone(), gateway);
    let arn = route.arn.clone();
    of(world, place).routes.insert(arn.clone(), route);
    let delay = world.about(if fresh { BUILDS } else { JOINS });
    later(world, place, delay, &arn);
}

/// A route begins to go.
pub(super) fn leave(world: &mut World, place: &Place, arn: &str) {
    if let Some(route) = of(world, place).routes.get_mut(arn).filter(|route| !route.goes()) {
        "DELETE_IN_PROGRESS".clone_into(&mut route.status);
        later(world, place, JOINS, arn);
    }
}

/// A route gets on.
pub fn step(world: &mut World, place: &Place, arn: &str) {
    let Some(route) = of(world, place).routes.get(arn).cloned() else { return };
    if !route.goes() {
        if let Some(route) = of(world, place).routes.get_mut(arn).filter(|it| it.status == "CREATE_IN_PROGRESS") {
            "ACTIVE".clone_into(&mut route.status);
        }
        return;
    }
    if !build::clear(world, place, &route) {
        later(world, place, CLEARS, arn);
        return;
    }
    let all = of(world, place);
    all.routes.remove(arn);
    associations::sweep(all);
}
