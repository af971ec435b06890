//! How a task stops: out of its target groups and registries first, then its containers, then its interface. Why it stops is
//! told from outside.

use std::time::Duration;

use serde_json::json;

use super::life::{self, keep};
use super::state::Step;
use super::task::Task;
use super::{Event, engine, of, output};
use crate::services::{cloud_map, elb};
use crate::world::{self, Place, World};

/// Begins to stop a task that is meant to run; the target groups that it leaves.
pub(super) fn begin(world: &mut World, place: &Place, key: &str, code: &str, reason: &str) -> Vec<String> {
    let now = world.now;
    let Some(mut task) = of(world, place).tasks.get(key).filter(|task| task.is_wanted()).cloned() else {
        return Vec::new();
    };
    "STOPPED".clone_into(&mut task.desired);
    task.stopping = Some(now);
    task.note("stopCode", json!(code));
    task.note("stoppedReason", json!(reason));
    let address = task.interface.as_ref().map_or_else(String::new, |it| it.private_ip.clone());
    let mut delay = Duration::ZERO;
    for (group, port) in &task.targets {
        let state = elb::target_state(world.region(place), group, &address, *port);
        let facts = elb::target_group(world.region(place), group);
        // Nobody is connected to a target that never answered.
        if state.is_some_and(|(state, _)| state == "healthy") {
            delay = delay.max(Duration::from_secs(facts.map_or(0, |it| it.deregistration_delay)));
        }
        elb::deregister(world, place, group, &address, *port);
    }
    for arn in &task.instances {
        cloud_map::deregister(world, place, arn, &task.id);
    }
    let left: Vec<String> = task.targets.drain(..).map(|(group, _)| group).collect();
    task.instances.clear();
    if task.is_running() {
        "DEACTIVATING".clone_into(&mut task.last);
    }
    let exited = code == "EssentialContainerExited";
    keep(world, place, task);
    let delay = if exited { Duration::ZERO } else { delay };
    life::next(world, place, key, Step::Deactivated, delay + Duration::from_millis(800));
    left
}

/// It is registered nowhere any more: its containers are told to stop.
pub(super) fn deactivated(world: &mut World, place: &Place, mut task: Task) {
    let key = task.key();
    "STOPPING".clone_into(&mut task.last);
    let ran = task.started.is_some();
    output::told_to_stop(world, place, &task);
    keep(world, place, task);
    let time = world.about(Duration::from_secs(if ran { 4 } else { 1 }));
    life::next(world, place, &key, Step::Executed, time);
}

/// Its containers have stopped.
pub(super) fn executed(world: &mut World, place: &Place, mut task: Task) {
    let key = task.key();
    "DEPROVISIONING".clone_into(&mut task.last);
    task.note("executionStoppedAt", world.now.value());
    let ran = task.started.is_some();
    for container in &mut task.containers {
        container.insert("lastStatus".to_owned(), json!("STOPPED"));
        if ran {
            // A container that has not exited by itself ends by the signal to stop.
            container.entry("exitCode").or_insert_with(|| json!(0));
        }
    }
    let fargate = task.attachment.is_some();
    keep(world, place, task);
    let time = world.about(Duration::from_secs(if fargate { 18 } else { 2 }));
    life::next(world, place, &key, Step::Stopped, time);
}

/// Nothing of it is left but its interface, which goes some time later.
pub(super) fn stopped(world: &mut World, place: &Place, mut task: Task) {
    "STOPPED".clone_into(&mut task.last);
    task.stopped = Some(world.now);
    task.containers_to("STOPPED");
    let (service, interface) = (task.service.clone(), task.interface.as_ref().map(|it| it.id.clone()));
    keep(world, place, task);
    if let Some(interface) = interface {
        let time = world.about(Duration::from_secs(60));
        world.after(time, place, world::Event::Ecs(Event::Release { interface }));
    }
    engine::nudge(world, place, service.as_deref());
}
