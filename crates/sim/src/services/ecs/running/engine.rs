//! The scheduler: looks at a service whenever something changed and starts and stops tasks until there are as many healthy ones
//! of the right revision as wanted, within the limits of the deployment. A steady service costs it nothing.

use std::time::Duration;

use serde_json::Value;

use super::launch::{self, Plan};
use super::service::{ACTIVE, DRAINING, INACTIVE, Rollout, Service};
use super::{Event, Running, health, of, outcome, places, read, stages, stop};
use crate::call::Members;
use crate::services::ecs::{gateways, registry};
use crate::services::scaling;
use crate::tags::Tags;
use crate::world::{self, Moment, Place, Region, World};

/// The longest time between two attempts to start a task that fails again and again.
const LONGEST: u64 = 900;
/// How long after a service its services of Service Connect go.
const FORGOTTEN: Duration = Duration::from_secs(180);

/// The desired count of an active service; none if there is no such service.
pub fn desired_count(region: &Region, cluster: &str, service: &str) -> Option<i64> {
    let cluster = cluster.rsplit('/').next().unwrap_or_default();
    let found = region.ecs.running.services.get(&places::service_key(cluster, service));
    found.filter(|service| service.status == ACTIVE).map(|service| service.desired)
}

/// Sets the desired count of an active service.
pub fn set_desired_count(world: &mut World, place: &Place, cluster: &str, service: &str, count: i64) {
    let cluster = cluster.rsplit('/').next().unwrap_or_default();
    with(world, place, &places::service_key(cluster, service), |world, service| {
        if service.status == ACTIVE && service.desired != count {
            service.desired = count;
            service.wake(world, place, Duration::from_secs(2));
        }
    });
}

/// Takes a service out, changes it together with the world, and puts it back.
pub(super) fn with(world: &mut World, place: &Place, key: &str, change: impl FnOnce(&mut World, &mut Service)) {
    let Some(mut service) = of(world, place).services.remove(key) else { return };
    change(world, &mut service);
    of(world, place).services.insert(key.to_owned(), service);
}

/// The scheduler looks at a service.
pub(super) fn tick(world: &mut World, place: &Place, key: &str, at: Moment) {
    with(world, place, key, |world, service| {
        // An earlier look took the place of this one.
        if service.next_tick != Some(at) {
            return;
        }
        service.next_tick = None;
        match service.status.as_str() {
            ACTIVE if service.is_ours() => active(world, place, service),
            DRAINING => draining(world, place, service),
            _ => {}
        }
    });
}

fn active(world: &mut World, place: &Place, service: &mut Service) {
    begin(world, place, service);
    let again = health::look(world, place, service);
    outcome::judge(world, place, service);
    back_off(world, service);
    if stages::advance(world, place, service) {
        roll(world, place, service);
    }
    close(world, place, service);
    if let Some(delay) = again {
        service.wake(world, place, delay);
    }
    let waiting = service.retry_at.filter(|at| *at > world.now);
    if let Some(at) = waiting {
        let delay = at.since(world.now);
        service.wake(world, place, delay);
    }
}

/// What was asked for is taken up: a new deployment begins, one that is to stop does.
fn begin(world: &mut World, place: &Place, service: &mut Service) {
    let now = world.now;
    let mut asked = String::new();
    outcome::with_deployment(world, place, service, |deployment| {
        if deployment.status == "PENDING" {
            "IN_PROGRESS".clone_into(&mut deployment.status);
            deployment.started = Some(now);
        }
        asked.clone_from(&deployment.status);
    });
    match asked.as_str() {
        "ROLLBACK_REQUESTED" => outcome::fail(world, place, service, outcome::Cause::Asked, true),
        "STOP_REQUESTED" => outcome::fail(world, place, service, outcome::Cause::Asked, false),
        _ => {}
    }
}

/// Tasks that fail again and again are started ever more seldom.
fn back_off(world: &mut World, service: &mut Service) {
    if !service.failed_lately {
        return;
    }
    service.failed_lately = false;
    service.round += 1;
    let seconds = if service.round < 3 { 0 } else { (1_u64 << service.round.min(10)).min(LONGEST) };
    service.retry_at = Some(world.now.plus(Duration::from_secs(seconds)));
    if service.round == 5 {
        service.tell(
            world,
            "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section \
             of the Amazon ECS Developer Guide.",
        );
    }
}

/// What there is and what there may be.
struct Census {
    /// The tasks of the primary deployment that are to run, newest last.
    new: Vec<String>,
    /// Those of other deployments.
    old: Vec<String>,
    /// How many of all are healthy.
    healthy: i64,
    /// How many may be there.
    maximum: i64,
    /// How many healthy ones have to be there.
    minimum: i64,
}

fn len(list: &[String]) -> i64 {
    i64::try_from(list.len()).unwrap_or(i64::MAX)
}

fn census(world: &mut World, place: &Place, service: &Service) -> Census {
    let configuration = service.configuration();
    let percent = |name: &str, usual: i64| configuration.integer(name).unwrap_or(usual);
    let maximum = service.desired * percent("maximumPercent", 200) / 100;
    let minimum = (service.desired * percent("minimumHealthyPercent", 100) + 99) / 100;
    let primary = service.rollouts.first().map(|rollout| rollout.id.clone()).unwrap_or_default();
    let running = of(world, place);
    let mut wanted: Vec<_> = service.tasks.iter().filter_map(|key| Some((key, running.tasks.get(key)?))).collect();
    wanted.retain(|(_, task)| task.is_wanted());
    wanted.sort_by_key(|(key, task)| (task.created, (*key).clone()));
    let healthy = wanted.iter().filter(|(_, task)| task.is_running() && task.settled).count();
    let (new, old): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|(_, task)| task.rollout == primary);
    let keys = |list: Vec<(&String, _)>| list.into_iter().map(|(key, _)| key.clone()).collect();
    Census { new: keys(new), old: keys(old), healthy: i64::try_from(healthy).unwrap_or(0), maximum, minimum }
}

/// Brings the tasks of the service to what they should be, a step at a time.
fn roll(world: &mut World, place: &Place, service: &mut Service) {
    let Some(primary) = service.rollouts.first().cloned() else { return };
    let now = census(world, place, service);
    let reason = format!("Scaling activity initiated by (deployment {})", primary.id);
    let surplus = usize::try_from(len(&now.new) - service.desired).unwrap_or(0);
    if surplus > 0 {
        if stop_some(world, place, service, &now.new, surplus, &reason) < surplus {
            expiry(world, place, service);
        }
        return;
    }
    let missing = service.desired - len(&now.new);
    let room = now.maximum - len(&now.new) - len(&now.old);
    // Where all new tasks fit beside the old ones, the old ones stay until the new ones are healthy.
    let floor = if room >= missing { service.desired.max(now.minimum) } else { now.minimum };
    let spare = if primary.state == "FAILED" { 0 } else { now.healthy - floor };
    let (idle, serving): (Vec<String>, Vec<String>) =
        now.old.iter().cloned().partition(|key| !serves(world, place, key));
    // What is on its way in a deployment that failed is left to its fate: it mostly fails as the others did.
    let running = of(world, place);
    let idle: Vec<String> = idle.into_iter().filter(|key| !is_fated(running, service, key)).collect();
    let idling = if primary.state == "FAILED" { 0 } else { idle.len() };
    let mut stopped = stop_some(world, place, service, &idle, idling, &reason);
    stopped += stop_some(world, place, service, &serving, usize::try_from(spare).unwrap_or(0), &reason);
    let may = primary.state != "FAILED" && service.retry_at.is_none_or(|at| at <= world.now);
    let started = if may { start(world, place, service, missing.min(room)) } else { 0 };
    let running = of(world, place);
    let waits = service.tasks.iter().filter_map(|key| running.tasks.get(key)).any(super::Task::is_in_motion);
    if may && missing > 0 && started == 0 && stopped == 0 && !waits {
        stuck(world, service, room);
    } else if stopped > 0 {
        service.wake(world, place, Duration::from_secs(1));
    }
}

/// Looks again when the first protection of a task is over.
fn expiry(world: &mut World, place: &Place, service: &mut Service) {
    let now = world.now;
    let running = of(world, place);
    let tasks = service.tasks.iter().filter_map(|key| running.tasks.get(key)).filter(|task| task.is_wanted());
    if let Some(first) = tasks.filter_map(|task| task.protected).filter(|until| *until > now).min() {
        service.wake(world, place, first.since(now));
    }
}

fn serves(world: &mut World, place: &Place, key: &str) -> bool {
    of(world, place).tasks.get(key).is_some_and(|task| task.is_running() && task.settled)
}

/// Whether a task is on its way to run in a deployment that has failed.
fn is_fated(running: &Running, service: &Service, key: &str) -> bool {
    let failed = |id: &str| service.rollouts.iter().any(|it| it.id == id && it.state == "FAILED");
    running.tasks.get(key).is_some_and(|task| task.is_pending() && failed(&task.rollout))
}

/// Tells once why nothing goes on.
fn stuck(world: &mut World, service: &mut Service, room: i64) {
    let Some(primary) = service.rollouts.first_mut().filter(|primary| !primary.stuck) else { return };
    primary.stuck = true;
    let text = if room <= 0 {
        "was unable to stop or start tasks during a deployment because of the service deployment configuration. Update \
         the minimumHealthyPercent or maximumPercent value and try again."
    } else {
        "was unable to place a task because no container instance met all of its requirements. Reason: No Container \
         Instances were found in your cluster. For more information, see the Troubleshooting section of the Amazon ECS \
         Developer Guide."
    };
    service.tell(world, text);
}

/// Stops up to that many of these tasks, the newest first, protected ones never; tells what it does. How many it stopped.
fn stop_some(
    world: &mut World,
    place: &Place,
    service: &mut Service,
    tasks: &[String],
    most: usize,
    reason: &str,
) -> usize {
    let now = world.now;
    let running = of(world, place);
    let may = |key: &&String| running.tasks.get(*key).is_some_and(|task| !task.is_protected(now));
    let chosen: Vec<String> = tasks.iter().rev().filter(may).take(most).cloned().collect();
    stop_all(world, place, service, &chosen, reason);
    chosen.len()
}

/// Stops these tasks and tells so.
pub(super) fn stop_all(world: &mut World, place: &Place, service: &mut Service, tasks: &[String], reason: &str) {
    if !tasks.is_empty() {
        service.unsettle(world);
    }
    let (mut groups, mut drained) = (std::collections::BTreeMap::<String, usize>::new(), 0_usize);
    for key in tasks {
        let left = stop::begin(world, place, key, "ServiceSchedulerInitiated", reason);
        drained += usize::from(!left.is_empty());
        for group in left {
            *groups.entry(group).or_default() += 1;
        }
    }
    if drained > 0 {
        service.tell(world, &format!("has begun draining connections on {drained} tasks."));
    }
    for (group, number) in groups {
        service.tell(world, &format!("deregistered {number} targets in (target-group {group})"));
    }
    for some in tasks.chunks(10) {
        service.tell(world, &format!("has stopped {} running tasks: {}.", some.len(), named(some)));
    }
}

fn named(tasks: &[String]) -> String {
    let ids = tasks.iter().map(|key| format!("(task {})", key.rsplit('/').next().unwrap_or_default()));
    ids.collect::<Vec<_>>().join(" ")
}

/// Starts tasks of the primary deployment; how many.
fn start(world: &mut World, place: &Place, service: &mut Service, number: i64) -> usize {
    let number = usize::try_from(number).unwrap_or(0);
    let Some(primary) = service.rollouts.first().cloned().filter(|_| number > 0) else { return 0 };
    let Some(plan) = plan(world, place, service, &primary) else { return 0 };
    let started: Vec<String> = (0..number).map(|_| launch::launch(world, place, &plan)).collect();
    service.tasks.extend(started.iter().cloned());
    service.unsettle(world);
    for some in started.chunks(10) {
        service.tell(world, &format!("has started {} tasks: {}.", some.len(), named(some)));
    }
    started.len()
}

/// How a task of a deployment is to run; nothing if there is nowhere to run it.
fn plan(world: &mut World, place: &Place, service: &Service, rollout: &Rollout) -> Option<Plan> {
    let spec = &rollout.spec;
    // There are no container instances in this world; those of capacity providers come when they are needed.
    if matches!(spec.text("launchType"), Some("EC2" | "EXTERNAL")) {
        return None;
    }
    let definition = registry::definition(world.region(place), spec.text_or_empty("taskDefinition"))?;
    let mut tags = Tags::new();
    match service.doc.text("propagateTags") {
        Some("SERVICE") => tags.extend(service.tags.clone()),
        Some("TASK_DEFINITION") => {
            let arn = definition.text_or_empty("taskDefinitionArn").to_owned();
            tags.extend(registry::tags_of(world, place, &arn).unwrap_or_default());
        }
        _ => {}
    }
    if service.doc.flag("enableECSManagedTags") == Some(true) {
        tags.insert("aws:ecs:clusterName".to_owned(), service.cluster.clone());
        tags.insert("aws:ecs:serviceName".to_owned(), service.name.clone());
    }
    let discovery = service.discovery.values().cloned();
    Some(Plan {
        cluster: service.cluster.clone(),
        cluster_arn: service.cluster_arn.clone(),
        definition,
        spec: spec.clone(),
        group: format!("service:{}", service.name),
        started_by: Some(rollout.id.clone()),
        service: Some(service.key()),
        rollout: rollout.id.clone(),
        alternate: rollout.alternate,
        discovery: if super::connect::is_on(spec.map("serviceConnectConfiguration")) {
            discovery.collect()
        } else {
            Vec::new()
        },
        exec: service.doc.flag("enableExecuteCommand") == Some(true),
        overrides: Value::Null,
        tags,
    })
}

/// Brings a blue/green deployment to its full size beside the one before; true once all its tasks are healthy.
pub(super) fn scale_up(world: &mut World, place: &Place, service: &mut Service) -> bool {
    let now = census(world, place, service);
    let may = service.rollouts.first().is_some_and(|primary| primary.state != "FAILED");
    if may && service.retry_at.is_none_or(|at| at <= world.now) {
        let missing = service.desired - len(&now.new);
        let started = start(world, place, service, missing);
        if missing > 0 && started == 0 {
            stuck(world, service, missing);
        }
    }
    let healthy = now.new.iter().filter(|key| serves(world, place, key)).count();
    i64::try_from(healthy).is_ok_and(|healthy| healthy >= service.desired)
}

/// Deployments without tasks go; when only the right tasks are left the service is steady.
fn close(world: &mut World, place: &Place, service: &mut Service) {
    let running = of(world, place);
    let primary = service.rollouts.first().map(|rollout| rollout.id.clone());
    let empty: Vec<String> = service
        .rollouts
        .iter()
        .filter(|rollout| {
            Some(&rollout.id) != primary.as_ref() && read::count(running, service, Some(&rollout.id)).left == 0
        })
        .map(|rollout| rollout.id.clone())
        .collect();
    service.rollouts.retain(|rollout| !empty.contains(&rollout.id));
    let now = census(world, place, service);
    let cleaning =
        service.rollouts.first().is_some_and(|primary| primary.stages.as_ref().is_none_or(stages::is_cleaning));
    let done =
        service.rollouts.len() == 1 && cleaning && now.healthy == service.desired && len(&now.new) == service.desired;
    let state = service.rollouts.first().map(|primary| primary.state.clone()).unwrap_or_default();
    if state == "IN_PROGRESS" && (done || early(world, place, service, &now)) {
        outcome::complete(world, place, service);
    }
    if done && state != "FAILED" {
        service.retry_at = None;
        service.say_steady(world);
    } else {
        service.unsettle(world);
    }
}

/// Whether a rolling deployment has succeeded before the last old task is gone: enough new ones are healthy, and the old ones either
/// may stay for a while or are gone.
fn early(world: &mut World, place: &Place, service: &Service, now: &Census) -> bool {
    let configuration = service.configuration();
    let criteria = configuration.map("earlySuccessCriteria").cloned().unwrap_or_default();
    let rolling = service.rollouts.first().is_some_and(|primary| primary.stages.is_none());
    if criteria.flag("enable") != Some(true) || !rolling {
        return false;
    }
    let share = criteria.integer("healthyPercent").unwrap_or(100);
    let healthy = now.new.iter().filter(|key| serves(world, place, key)).count();
    let enough = i64::try_from(healthy).unwrap_or(0) * 100 >= service.desired * share;
    let deferred = criteria.text("sourceServiceRevisionCleanup") == Some("DEFERRED");
    enough && (deferred || service.rollouts.len() == 1)
}

/// Stops what is left of a deleted service; when nothing is, it is inactive.
fn draining(world: &mut World, place: &Place, service: &mut Service) {
    let running = of(world, place);
    let wanted = |key: &&String| running.tasks.get(*key).is_some_and(super::Task::is_wanted);
    let wanted: Vec<String> = service.tasks.iter().filter(wanted).cloned().collect();
    if !wanted.is_empty() {
        let id = service.rollouts.first().map(|rollout| rollout.id.clone()).unwrap_or_default();
        stop_all(world, place, service, &wanted, &format!("Scaling activity initiated by (deployment {id})"));
        return;
    }
    if read::count(of(world, place), service, None).left > 0 {
        return;
    }
    INACTIVE.clone_into(&mut service.status);
    service.gone = Some(world.now);
    service.rollouts.clear();
    gateways::disconnect(world, place, &service.key());
    scaling::service_deleted(world, place, &service.cluster, &service.name);
    for discovery in std::mem::take(&mut service.discovery).into_values() {
        world.after(FORGOTTEN, place, world::Event::Ecs(Event::Forget { discovery }));
    }
}

/// Something changed with a task of a service: the scheduler looks at it soon.
pub(super) fn nudge(world: &mut World, place: &Place, service: Option<&str>) {
    let Some(key) = service else { return };
    with(world, place, key, |world, service| service.wake(world, place, Duration::from_millis(500)));
}

/// A task of a service failed by itself.
pub(super) fn failed(world: &mut World, place: &Place, service: Option<&str>, rollout: &str) {
    let Some(key) = service else { return };
    with(world, place, key, |world, service| {
        outcome::count_failure(world, place, service, rollout);
        service.wake(world, place, Duration::from_millis(500));
    });
}
