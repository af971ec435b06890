//! Whether the running tasks of a service are healthy: settled, their containers' checks passed, their targets answering. Those
//! that are not are stopped, once their grace period is over; so are those whose targets cease to answer later.

use std::time::Duration;

use super::service::Service;
use super::task::Task;
use super::{engine, fate, of, outcome};
use crate::call::Members;
use crate::services::elb;
use crate::world::{Moment, Place, Region, World};

/// How long a task has to run before it counts: one that crashes at once never does.
const SETTLES: Duration = Duration::from_secs(8);
/// How often a target is asked for that has not answered yet.
const OFTEN: Duration = Duration::from_secs(5);
/// How often later.
const SELDOM: Duration = Duration::from_secs(30);

/// What is known of a task.
enum Health {
    /// It is healthy.
    Good,
    /// Not known yet: look again after that time.
    Open(Duration),
    /// It is not, for that reason; and what the service tells of it.
    Bad(String, Option<String>),
}

/// Packets of load balancers take other ways than before: services with targets that fail for it are looked at.
pub fn targets_moved(world: &mut World, place: &Place) {
    let region = world.region(place);
    let fails = |task: &&Task| {
        let address = address(task);
        task.is_running() && task.targets.iter().any(|(group, port)| elb::target_fails(region, group, address, *port))
    };
    let failing = region.ecs.running.tasks.values().filter(fails);
    let services: std::collections::BTreeSet<String> = failing.filter_map(|task| task.service.clone()).collect();
    for service in services {
        engine::nudge(world, place, Some(&service));
    }
}

fn address(task: &Task) -> &str {
    task.interface.as_ref().map_or("", |it| it.private_ip.as_str())
}

/// Looks at the tasks that have not been seen healthy yet, and at those that may not be healthy any more; when to look again.
pub(super) fn look(world: &mut World, place: &Place, service: &mut Service) -> Option<Duration> {
    let grace = service.doc.integer("healthCheckGracePeriodSeconds").unwrap_or(0).unsigned_abs();
    let grace = Duration::from_secs(grace);
    let mut again: Option<Duration> = None;
    let mut sooner = |delay: Duration| again = Some(again.map_or(delay, |other| other.min(delay)));
    for key in service.tasks.clone() {
        let now = world.now;
        let region = world.region(place);
        let Some(task) = region.ecs.running.tasks.get(&key) else { continue };
        if !task.is_running() || !task.is_wanted() || fate::exit(task).is_some() {
            continue;
        }
        let (rollout, started) = (task.rollout.clone(), task.started.unwrap_or(now));
        let settled = task.settled;
        match if settled { of_settled(region, task) } else { of_task(region, task, now) } {
            Health::Good if settled => {}
            Health::Good => {
                if let Some(task) = of(world, place).tasks.get_mut(&key) {
                    task.settled = true;
                }
                outcome::count_success(world, place, service, &rollout);
            }
            Health::Open(delay) => sooner(delay),
            Health::Bad(..) if started.plus(grace) > now => sooner(started.plus(grace).since(now)),
            Health::Bad(reason, told) => {
                if let Some(text) = told {
                    service.tell(world, &text);
                }
                outcome::count_failure(world, place, service, &rollout);
                engine::stop_all(world, place, service, &[key], &reason);
            }
        }
    }
    again
}

fn of_task(region: &Region, task: &Task, now: Moment) -> Health {
    let started = task.started.unwrap_or(now);
    if task.health == "UNHEALTHY" {
        return Health::Bad("Task failed container health checks".to_owned(), None);
    }
    let often = if started.plus(Duration::from_secs(300)) > now { OFTEN } else { SELDOM };
    let mut open = None;
    for (group, port) in &task.targets {
        match elb::target_state(region, group, address(task), *port) {
            Some(("unhealthy", why)) => return failed(group, *port, why),
            // Behind no listener, or gone: a target that nobody checks is not known to be healthy.
            Some(("initial" | "unused", _)) | None => open = Some(often),
            _ => {}
        }
    }
    // The checks of containers end in an event of their own.
    if task.health == "UNKNOWN" && fate::verdict_after(task).is_some() {
        return Health::Open(SELDOM);
    }
    let settled = started.plus(SETTLES);
    match open {
        Some(delay) => Health::Open(delay),
        None if settled > now => Health::Open(settled.since(now)),
        None => Health::Good,
    }
}

/// A task that was healthy: while its targets answer, nothing needs to be looked at.
fn of_settled(region: &Region, task: &Task) -> Health {
    let mut health = Health::Good;
    for (group, port) in &task.targets {
        match elb::target_state(region, group, address(task), *port) {
            Some(("unhealthy", why)) => return failed(group, *port, why),
            Some(_) if elb::target_fails(region, group, address(task), *port) => health = Health::Open(OFTEN),
            _ => {}
        }
    }
    health
}

fn failed(group: &str, port: u16, why: &str) -> Health {
    let told = format!("(port {port}) is unhealthy in (target-group {group}) due to (reason {why}).");
    Health::Bad(format!("Task failed ELB health checks in (target-group {group})"), Some(told))
}
