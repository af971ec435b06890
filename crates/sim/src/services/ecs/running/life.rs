//! The steps of a task from its first moment to its last: the interface, pulling, running, registering, stopping. What goes
//! wrong on the way is `fate`'s affair; whether a stopped one is replaced is the scheduler's.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::fate::{self, Failure};
use super::state::Step;
use super::task::Task;
use super::{Event, engine, of, output, stop};
use crate::call::Members;
use crate::services::ecs::gateways;
use crate::services::{cloud_map, ec2, elb};
use crate::tags::Tags;
use crate::world::{self, Place, World};

/// Lets a task take a step, if it is still there and still on that way.
pub(super) fn step(world: &mut World, place: &Place, key: &str, step: Step) {
    let Some(task) = of(world, place).tasks.get(key).cloned() else { return };
    let onward = matches!(step, Step::Deactivated | Step::Executed | Step::Stopped);
    if onward == task.is_wanted() {
        return;
    }
    match step {
        Step::Attach => attach(world, place, task),
        Step::Pull => pull(world, place, task),
        Step::Run => run(world, place, task),
        Step::Register => register(world, place, task),
        Step::Verdict => verdict(world, place, task),
        Step::Exit(code) => exit(world, place, key, code),
        Step::Deactivated => stop::deactivated(world, place, task),
        Step::Executed => stop::executed(world, place, task),
        Step::Stopped => stop::stopped(world, place, task),
    }
}

/// Plans the next step of a task.
pub(super) fn next(world: &mut World, place: &Place, key: &str, step: Step, delay: Duration) {
    world.after(delay, place, world::Event::Ecs(Event::Task { task: key.to_owned(), step }));
}

fn soon(world: &mut World, place: &Place, key: &str, step: Step, seconds: u64) {
    let delay = world.about(Duration::from_secs(seconds));
    next(world, place, key, step, delay);
}

/// Puts a task back that was changed.
pub(super) fn keep(world: &mut World, place: &Place, mut task: Task) {
    task.version += 1;
    of(world, place).tasks.insert(task.key(), task);
}

fn attach(world: &mut World, place: &Place, mut task: Task) {
    let key = task.key();
    if task.attachment.is_some() {
        let vpc = task.spec.map("networkConfiguration").and_then(|it| it.map("awsvpcConfiguration"));
        let wanted = ec2::NewInterface {
            subnet: task.subnet.clone(),
            groups: vpc.map(|it| it.texts("securityGroups")).unwrap_or_default(),
            description: place.arn("ecs", &format!("attachment/{}", task.attachment.clone().unwrap_or_default())),
            requester: place.account.to_string(),
            public: vpc.and_then(|it| it.text("assignPublicIp")) == Some("ENABLED"),
        };
        match ec2::attach(world, place, wanted) {
            Ok(interface) => task.interface = Some(interface),
            Err(_) => {
                let text = "Timeout waiting for network interface provisioning to complete.";
                fail(world, place, &key, &Failure::start(text));
                return;
            }
        }
    }
    let address = task.interface.as_ref().map(|it| it.private_ip.clone());
    for container in &mut task.containers {
        let bound = task.attachment.iter().zip(&address);
        let bound = bound.map(|(id, ip)| json!({ "attachmentId": id, "privateIpv4Address": ip }));
        container.insert("networkInterfaces".to_owned(), bound.collect());
    }
    "PENDING".clone_into(&mut task.last);
    task.note("connectivity", json!("CONNECTED"));
    task.note("connectivityAt", world.now.value());
    keep(world, place, task);
    soon(world, place, &key, Step::Pull, 8);
}

fn pull(world: &mut World, place: &Place, mut task: Task) {
    let key = task.key();
    let now = world.now;
    let before = fate::before_pull(world, place, &task);
    if before.is_none() && !task.doc.contains_key("pullStartedAt") {
        task.note("pullStartedAt", now.value());
    }
    if let Some(failure) = before.or_else(|| fate::at_pull(world, place, &task)) {
        give_up(world, place, task, &failure, Step::Pull);
        return;
    }
    task.trying = false;
    let time = world.about(Duration::from_secs(6));
    task.note("pullStoppedAt", now.plus(time).value());
    "ACTIVATING".clone_into(&mut task.last);
    for container in &mut task.containers {
        let image = container.text_or_empty("image").to_owned();
        container.insert("imageDigest".to_owned(), json!(fate::digest(&image)));
    }
    keep(world, place, task);
    next(world, place, &key, Step::Run, time + Duration::from_millis(1500));
}

/// A task fails to get on: at once, or after it has tried the same step again until its time is over.
fn give_up(world: &mut World, place: &Place, mut task: Task, failure: &Failure, step: Step) {
    let (key, trying) = (task.key(), task.trying);
    task.trying = true;
    keep(world, place, task);
    match failure.late.filter(|_| !trying) {
        Some(time) => {
            let time = world.about(time);
            next(world, place, &key, step, time);
        }
        None => fail(world, place, &key, failure),
    }
}

fn run(world: &mut World, place: &Place, mut task: Task) {
    let key = task.key();
    if let Some(failure) = fate::at_start(world, place, &task) {
        give_up(world, place, task, &failure, Step::Run);
        return;
    }
    "RUNNING".clone_into(&mut task.last);
    task.started = Some(world.now);
    let (id, digits) = (task.id.clone(), world.ids.digits(10));
    let exec = task.doc.flag("enableExecuteCommand") == Some(true);
    for container in &mut task.containers {
        let set = json!({ "lastStatus": "RUNNING", "networkBindings": [], "healthStatus": "UNKNOWN",
            "runtimeId": format!("{id}-{digits}") });
        container.extend(set.as_object().cloned().unwrap_or_default());
        if exec {
            let agent = json!({ "name": "ExecuteCommandAgent", "lastStatus": "RUNNING",
                "lastStartedAt": world.now.value() });
            container.insert("managedAgents".to_owned(), json!([agent]));
        }
    }
    let service = task.service.clone();
    output::started(world, place, &task);
    let (exit, verdict) = (fate::exit(&task), fate::verdict_after(&task));
    keep(world, place, task);
    if let Some(code) = exit {
        next(world, place, &key, Step::Exit(code), Duration::from_secs(4));
    } else {
        next(world, place, &key, Step::Register, Duration::from_secs(1));
        if let Some(delay) = verdict {
            next(world, place, &key, Step::Verdict, delay);
        }
    }
    engine::nudge(world, place, service.as_deref());
}

/// Registers a task in target groups and Cloud Map, and tells its service.
fn register(world: &mut World, place: &Place, mut task: Task) {
    let key = task.key();
    let address = task.interface.as_ref().map_or_else(String::new, |it| it.private_ip.clone());
    let zone = task.interface.as_ref().map_or_else(String::new, |it| it.zone.clone());
    let mut told = Vec::new();
    let mut entries = task.spec.list("loadBalancers").to_vec();
    entries.extend(task.service.as_ref().map(|key| gateways::entries(world.region(place), key)).unwrap_or_default());
    for entry in entries {
        let alternate = entry.map("advancedConfiguration").and_then(|it| it.text("alternateTargetGroupArn"));
        let group = alternate.filter(|_| task.alternate).or_else(|| entry.text("targetGroupArn"));
        let (Some(group), Some(port)) =
            (group, entry.integer("containerPort").and_then(|port| u16::try_from(port).ok()))
        else {
            continue;
        };
        let answers = fate::answers(&task, entry.text_or_empty("containerName"));
        let interface = task.interface.as_ref().map(|it| it.id.clone());
        let ears = fate::ears(&task);
        let target = elb::NewTarget { id: address.clone(), port, zone: zone.clone(), answers, interface, ears };
        elb::register(world, place, group, target);
        output::checked(world, place, &task, entry.text_or_empty("containerName"), answers);
        task.targets.push((group.to_owned(), port));
        told.push(format!("registered 1 targets in (target-group {group})"));
    }
    for entry in task.spec.list("serviceRegistries").to_vec() {
        let arn = entry.text_or_empty("registryArn").to_owned();
        let attributes = attributes(place, &task, &entry, &address);
        cloud_map::register(world, place, &arn, &task.id, &attributes);
        task.instances.push(arn);
    }
    for arn in task.discovery.clone() {
        let attributes = attributes(place, &task, &json!({}), &address);
        cloud_map::register(world, place, &arn, &task.id, &attributes);
        task.instances.push(arn);
    }
    let service = task.service.clone();
    of(world, place).tasks.insert(key, task);
    if let Some(service) = &service {
        engine::with(world, place, service, |world, service| {
            for text in told {
                service.tell(world, &text);
            }
        });
    }
    engine::nudge(world, place, service.as_deref());
}

/// What Cloud Map is told of a task.
fn attributes(place: &Place, task: &Task, entry: &Value, address: &str) -> Tags {
    let mut known = Tags::new();
    let mut set = |name: &str, value: &str| known.insert(name.to_owned(), value.to_owned());
    set("AWS_INSTANCE_IPV4", address);
    if let Some(port) = entry.integer("port").or_else(|| entry.integer("containerPort")) {
        set("AWS_INSTANCE_PORT", &port.to_string());
    }
    set("AWS_INIT_HEALTH_STATUS", "HEALTHY");
    set("AVAILABILITY_ZONE", task.doc.text_or_empty("availabilityZone"));
    set("REGION", &place.region);
    set("ECS_CLUSTER_NAME", &task.cluster);
    set("ECS_SERVICE_NAME", task.doc.text_or_empty("group").trim_start_matches("service:"));
    set("ECS_TASK_DEFINITION_FAMILY", &task.family);
    known
}

/// The health checks of the containers have come to something.
fn verdict(world: &mut World, place: &Place, mut task: Task) {
    let mut worst = "HEALTHY";
    let checked: Map<String, Value> = task
        .defined()
        .iter()
        .filter_map(|container| {
            let health = fate::health(container)?;
            if health == "UNHEALTHY" && container.flag("essential") != Some(false) {
                worst = "UNHEALTHY";
            }
            Some((container.text_or_empty("name").to_owned(), json!(health)))
        })
        .collect();
    for container in &mut task.containers {
        if let Some(health) = checked.get(container.text_or_empty("name")) {
            container.insert("healthStatus".to_owned(), health.clone());
        }
    }
    worst.clone_into(&mut task.health);
    let service = task.service.clone();
    keep(world, place, task);
    engine::nudge(world, place, service.as_deref());
}

fn exit(world: &mut World, place: &Place, key: &str, code: i64) {
    output::exits(world, place, key, code);
    fail(world, place, key, &Failure::exit(code));
}

/// A task stops by itself.
pub(super) fn fail(world: &mut World, place: &Place, key: &str, failure: &Failure) {
    let Some(task) = of(world, place).tasks.get_mut(key) else { return };
    failure.mark(task);
    let (service, rollout) = (task.service.clone(), task.rollout.clone());
    stop::begin(world, place, key, failure.code, &failure.reason);
    engine::failed(world, place, service.as_deref(), &rollout);
}
