//! The container instances of managed capacity: ECS starts one where a task has no room on those that are there, and ends it with its
//! last task. They are what their tasks say, so that nothing has to be kept of them. Which tasks there are is not decided here.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::task::Task;
use super::{of, places};
use crate::call::Members;
use crate::world::{Place, Region, World};

/// The member of a task that names its instance.
const ARN: &str = "containerInstanceArn";
/// What an instance has if a task does not need more: CPU units and MiB.
const USUAL: (i64, i64) = (4096, 16_384);

/// What a task takes of an instance: CPU units and MiB.
fn size(doc: &Map<String, Value>) -> (i64, i64) {
    let number = |name: &str| doc.text(name).and_then(|text| text.parse().ok()).unwrap_or(0);
    (number("cpu"), number("memory"))
}

/// The tasks of a cluster that are on instances and have not stopped, by the ARN of the instance.
fn occupied<'r>(tasks: impl Iterator<Item = &'r Task>) -> BTreeMap<&'r str, Vec<&'r Task>> {
    let mut found: BTreeMap<&str, Vec<&Task>> = BTreeMap::new();
    for task in tasks.filter(|task| task.stopped.is_none()) {
        if let Some(arn) = task.doc.text(ARN) {
            found.entry(arn).or_default().push(task);
        }
    }
    found
}

/// What an instance has, by the tasks on it.
fn room(tasks: &[&Task]) -> (i64, i64) {
    let largest = tasks.iter().map(|task| size(&task.doc));
    largest.fold(USUAL, |room, size| (room.0.max(size.0), room.1.max(size.1)))
}

fn left(tasks: &[&Task]) -> (i64, i64) {
    tasks.iter().map(|task| size(&task.doc)).fold(room(tasks), |left, size| (left.0 - size.0, left.1 - size.1))
}

/// Puts a new task on an instance of its capacity provider, in its zone: one that has room, or another one.
pub(super) fn place(world: &mut World, at: &Place, cluster: &str, doc: &mut Map<String, Value>) {
    let needs = size(doc);
    let tasks = of(world, at).tasks.values().filter(|task| task.cluster == cluster);
    let same = |task: &Task, name: &str| task.doc.text(name) == doc.text(name);
    let fits = |tasks: &[&Task]| {
        let left = left(tasks);
        let here = |task: &&Task| same(task, "capacityProviderName") && same(task, "availabilityZone");
        tasks.iter().all(here) && left.0 >= needs.0 && left.1 >= needs.1
    };
    let found = occupied(tasks).into_iter().find(|(_, tasks)| fits(tasks)).map(|(arn, _)| arn.to_owned());
    let arn = found.unwrap_or_else(|| {
        let id = world.ids.hex(32);
        at.arn("ecs", &format!("container-instance/{cluster}/{id}"))
    });
    doc.insert(ARN.to_owned(), arn.into());
}

/// The instances of a cluster as they read back, by ARN.
pub fn of_cluster(region: &Region, cluster: &str) -> BTreeMap<String, Value> {
    let tasks = places::of_cluster(&region.ecs.running.tasks, cluster).map(|(_, task)| task);
    let all = occupied(tasks).into_iter();
    all.map(|(arn, tasks)| (arn.to_owned(), shown(arn, &tasks))).collect()
}

fn shown(arn: &str, tasks: &[&Task]) -> Value {
    let resources = |(cpu, memory): (i64, i64)| {
        let one = |name: &str, value: i64| json!({ "name": name, "type": "INTEGER", "doubleValue": 0.0, "longValue": 0, "integerValue": value });
        json!([one("CPU", cpu), one("MEMORY", memory)])
    };
    let first = &tasks[0].doc;
    let architecture = first.list("attributes").first().map(|it| it["value"].clone()).unwrap_or_default();
    let attribute = |name: &str, value: &Value| json!({ "name": name, "value": value });
    let zone = first.get("availabilityZone").cloned().unwrap_or_default();
    let id: String = arn.rsplit('/').next().unwrap_or_default().chars().take(17).collect();
    json!({
        "containerInstanceArn": arn,
        "ec2InstanceId": format!("i-{id}"),
        "capacityProviderName": first.get("capacityProviderName"),
        "version": 1,
        "versionInfo": {},
        "remainingResources": resources(left(tasks)),
        "registeredResources": resources(room(tasks)),
        "status": "ACTIVE",
        "agentConnected": true,
        "runningTasksCount": tasks.iter().filter(|task| task.is_running()).count(),
        "pendingTasksCount": tasks.iter().filter(|task| task.is_pending()).count(),
        "attributes": [attribute("ecs.availability-zone", &zone), attribute("ecs.cpu-architecture", &architecture)],
        "registeredAt": tasks.iter().map(|task| task.created).min().unwrap_or_default().value(),
        "attachments": [],
        "tags": [],
    })
}
