//! What containers write to their logs, as nothing really runs: that they start, listen and are checked, why they exit, that they are
//! told to stop. Decides nothing about a task.

use serde_json::Value;

use super::task::Task;
use super::{fate, of};
use crate::call::Members;
use crate::services::logs;
use crate::world::{Place, World};

/// The stream of a container.
fn stream(log: &fate::Log, name: &str, task: &Task) -> String {
    match &log.prefix {
        Some(prefix) => format!("{prefix}/{name}/{}", task.id),
        None => task.id.clone(),
    }
}

/// A further line of a container with a log.
fn more(world: &mut World, place: &Place, task: &Task, container: &Value, line: &str) {
    if let Some(log) = fate::log_of(place, container) {
        let stream = stream(&log, container.text_or_empty("name"), task);
        logs::write_more(world, &log.place, &log.group, &stream, line);
    }
}

/// Every container starts, and listens where it has ports.
pub(super) fn started(world: &mut World, place: &Place, task: &Task) {
    for container in task.defined() {
        let Some(log) = fate::log_of(place, container) else { continue };
        let name = container.text_or_empty("name");
        if log.create {
            logs::create_group(world, &log.place, &log.group);
        }
        let line = format!("{name} started from {}", container.text_or_empty("image"));
        logs::write(world, &log.place, &log.group, &stream(&log, name, task), &line);
        let ports = container.list("portMappings").iter().filter_map(|port| port.integer("containerPort"));
        for port in ports.collect::<Vec<_>>() {
            more(world, place, task, container, &format!("listening on port {port}"));
        }
    }
}

/// A load balancer checks a container; one that does not answer says why.
pub(super) fn checked(world: &mut World, place: &Place, task: &Task, name: &str, answers: bool) {
    let Some(container) = task.defined().iter().find(|container| container.text("name") == Some(name)) else { return };
    let line = if answers {
        "\"GET / HTTP/1.1\" 200 \"ELB-HealthChecker/2.0\""
    } else {
        "error: cannot answer \"GET / HTTP/1.1\" of \"ELB-HealthChecker/2.0\" in time"
    };
    more(world, place, task, container, line);
}

/// Containers exit by themselves; what fails says so.
pub(super) fn exits(world: &mut World, place: &Place, key: &str, code: i64) {
    let Some(task) = of(world, place).tasks.get(key).cloned() else { return };
    for container in task.defined() {
        match fate::exit_of(&task, container) {
            Some(0) if code == 0 => more(world, place, &task, container, "done"),
            Some(own) if own == code => {
                more(world, place, &task, container, &format!("fatal: cannot go on, exiting with code {own}"));
            }
            _ => {}
        }
    }
}

/// What runs is told to stop.
pub(super) fn told_to_stop(world: &mut World, place: &Place, task: &Task) {
    let exited = |container: &Value| {
        let name = container.text("name");
        task.containers.iter().any(|it| it.text("name") == name && it.contains_key("exitCode"))
    };
    for container in task.defined().iter().filter(|container| task.started.is_some() && !exited(container)) {
        more(world, place, task, container, "received SIGTERM, stopping");
    }
}
