//! What becomes of a deployment: how one begins, when it has succeeded, failed, or goes back to the revision before. Which tasks
//! run meanwhile is `engine`'s affair.

use serde_json::{Map, Value, json};

use super::defaults::HIDDEN;
use super::fate;
use super::service::Stages;
use super::service::{Deployment, Revision, Rollout, Service};
use super::stages;
use super::{ingress, of, read};
use crate::call::Members;
use crate::services::ecs::registry;
use crate::world::{Place, World};

/// The members of a service that a revision is made of.
const MADE_OF: &[&str] = &[
    "taskDefinition",
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "platformFamily",
    "loadBalancers",
    "serviceRegistries",
    "networkConfiguration",
];

/// Why a deployment fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Too many tasks failed.
    Breaker,
    /// An alarm is on.
    Alarm,
    /// Somebody asked for it.
    Asked,
    /// A lifecycle hook failed.
    Hook,
}

impl Cause {
    fn rollout(self) -> &'static str {
        match self {
            Self::Breaker => "ECS deployment circuit breaker: tasks failed to start.",
            Self::Alarm => "ECS deployment failed: alarm detected.",
            Self::Asked => "ECS deployment stopped by user.",
            Self::Hook => "ECS deployment failed: lifecycle hook failed.",
        }
    }

    fn event(self) -> &'static str {
        match self {
            Self::Breaker => "deployment failed: tasks failed to start.",
            Self::Alarm => "deployment failed: alarm detected.",
            Self::Asked => "deployment stopped by user.",
            Self::Hook => "deployment failed: lifecycle hook failed.",
        }
    }

    fn why(self) -> &'static str {
        match self {
            Self::Breaker => "because the circuit breaker threshold was exceeded.",
            Self::Alarm => "because an alarm went into the ALARM state.",
            Self::Asked => "because of a user request.",
            Self::Hook => "because a lifecycle hook failed.",
        }
    }
}

/// Makes a revision of what the service is now; its ARN.
pub(super) fn revise(world: &mut World, place: &Place, service: &mut Service) -> String {
    let number = world.ids.digits(19);
    let arn = place.arn("ecs", &format!("service-revision/{}/{number}", service.key()));
    let mut spec = Map::new();
    for name in MADE_OF {
        if let Some(value) = service.doc.get(*name) {
            spec.insert((*name).to_owned(), value.clone());
        }
    }
    spec.extend(service.hidden.clone());
    let definition = registry::definition(world.region(place), service.doc.text_or_empty("taskDefinition"));
    let containers = definition.as_ref().map_or(&[][..], |it| it.list("containerDefinitions"));
    let images = containers.iter().map(|container| {
        let image = container.text_or_empty("image");
        json!({ "containerName": container["name"], "image": image, "imageDigest": fate::digest(image) })
    });
    let revision = Revision {
        arn: arn.clone(),
        service: service.key(),
        cluster_arn: service.cluster_arn.clone(),
        created: world.now,
        spec,
        images: images.collect(),
    };
    of(world, place).revisions.insert(arn.clone(), revision);
    arn
}

/// Begins a deployment of a revision; one that is still under way is stopped.
pub(super) fn deploy(world: &mut World, place: &Place, service: &mut Service, revision: &str) {
    close_open(world, place, service, "Service deployment stopped because a newer service deployment was started.");
    let now = world.now;
    let arn = place.arn("ecs", &format!("service-deployment/{}/{}", service.key(), world.ids.mixed(21)));
    let running = of(world, place);
    let sources = service
        .rollouts
        .iter()
        .map(|rollout| (rollout.revision.clone(), read::count(running, service, Some(&rollout.id)).running));
    let configuration = service.configuration();
    let watching = |on: bool| if on { "MONITORING" } else { "DISABLED" }.to_owned();
    let on = |name: &str| configuration.map(name).and_then(|it| it.flag("enable")) == Some(true);
    let deployment = Deployment {
        arn: arn.clone(),
        service: service.key(),
        created: now,
        updated: now,
        status: "PENDING".to_owned(),
        sources: sources.collect(),
        target: revision.to_owned(),
        desired: service.desired,
        threshold: threshold(service),
        breaker: watching(on("deploymentCircuitBreaker")),
        alarms: watching(on("alarms")),
        configuration: configuration.clone().into(),
        ..Deployment::default()
    };
    running.deployments.insert(arn.clone(), deployment);
    service.deployment = Some(arn);
    let staged = configuration.text("strategy").is_some_and(|strategy| strategy != "ROLLING");
    // Without a second group there was nothing to be in but the first.
    let paired = |rollout: &Rollout| {
        let balancers = rollout.spec.list("loadBalancers");
        balancers.iter().any(|entry| entry.map("advancedConfiguration").is_some()) || balancers.is_empty()
    };
    let before = service.rollouts.first().map(|rollout| rollout.alternate && paired(rollout));
    let mut rollout = rollout(world, place, service, revision);
    rollout.alternate = before.is_some_and(|alternate| alternate != staged);
    rollout.stages = staged.then(Stages::default);
    service.rollouts.insert(0, rollout);
    (service.round, service.failed_lately, service.retry_at) = (0, false, None);
    service.unsettle(world);
}

fn rollout(world: &mut World, place: &Place, service: &Service, revision: &str) -> Rollout {
    let id = format!("ecs-svc/{}", world.ids.digits(19));
    let now = world.now;
    let spec = of(world, place).revisions.get(revision).map(|it| it.spec.clone()).unwrap_or_default();
    Rollout {
        reason: format!("ECS deployment {id} in progress."),
        id,
        created: now,
        updated: now,
        state: "IN_PROGRESS".to_owned(),
        revision: revision.to_owned(),
        deployment: service.deployment.clone().unwrap_or_default(),
        spec,
        ..Rollout::default()
    }
}

/// How many failures open the circuit breaker.
pub(super) fn threshold(service: &Service) -> i64 {
    let breaker = service.configuration().map("deploymentCircuitBreaker").cloned().unwrap_or_default();
    let limit = breaker.map("thresholdConfiguration").cloned().unwrap_or_default();
    let value = limit.integer("value").unwrap_or(50);
    let share = (service.desired.max(0) * value + 99) / 100;
    match limit.text("type") {
        Some("COUNT") => value.max(1),
        Some("UNBOUNDED_PERCENT") => share.max(1),
        _ => share.clamp(3, 200),
    }
}

/// Ends the service deployment that is still open, because something else takes its place.
pub(super) fn close_open(world: &mut World, place: &Place, service: &Service, why: &str) {
    let now = world.now;
    let Some(open) = service.deployment.as_ref().and_then(|arn| of(world, place).deployments.get_mut(arn)) else {
        return;
    };
    if open.is_open() {
        open.status = "STOPPED".to_owned();
        open.reason = Some(why.to_owned());
        (open.stopped, open.updated) = (Some(now), now);
        open.hook = None;
        watched(open);
    }
}

fn watched(deployment: &mut Deployment) {
    for monitor in [&mut deployment.breaker, &mut deployment.alarms] {
        if monitor == "MONITORING" {
            "MONITORING_COMPLETE".clone_into(monitor);
        }
    }
}

/// Changes the service deployment that the primary deployment belongs to.
pub(super) fn with_deployment(
    world: &mut World,
    place: &Place,
    service: &Service,
    change: impl FnOnce(&mut Deployment),
) {
    let now = world.now;
    let found = service.deployment.as_ref().and_then(|arn| of(world, place).deployments.get_mut(arn));
    if let Some(found) = found.filter(|found| found.is_open()) {
        found.updated = now;
        change(found);
    }
}

/// The primary deployment is done.
pub(super) fn complete(world: &mut World, place: &Place, service: &mut Service) {
    let now = world.now;
    let Some(primary) = service.rollouts.first_mut() else { return };
    "COMPLETED".clone_into(&mut primary.state);
    primary.reason = format!("ECS deployment {} completed.", primary.id);
    (primary.updated, primary.stages) = (now, None);
    let (id, revision) = (primary.id.clone(), primary.revision.clone());
    service.good_revision = Some(revision);
    service.tell(world, &format!("(deployment {id}) deployment completed."));
    with_deployment(world, place, service, |deployment| {
        let back = deployment.status == "ROLLBACK_IN_PROGRESS";
        deployment.status = if back { "ROLLBACK_SUCCESSFUL" } else { "SUCCESSFUL" }.to_owned();
        if back {
            deployment.reason = deployment.rollback.as_ref().map(|(why, ..)| why.clone());
        }
        deployment.finished = Some(now);
        deployment.stage = None;
        watched(deployment);
    });
}

/// A task of a deployment failed.
pub(super) fn count_failure(world: &mut World, place: &Place, service: &mut Service, rollout: &str) {
    service.failed_lately = true;
    let Some(found) = service.rollouts.first_mut().filter(|it| it.id == rollout && it.state == "IN_PROGRESS") else {
        return;
    };
    found.failed += 1;
    let failed = found.failed;
    with_deployment(world, place, service, |deployment| {
        if deployment.status == "IN_PROGRESS" && deployment.breaker == "MONITORING" {
            deployment.failures = failed;
        }
    });
}

/// A task of a deployment has become healthy.
pub(super) fn count_success(world: &mut World, place: &Place, service: &mut Service, rollout: &str) {
    service.round = 0;
    let breaker = service.configuration().map("deploymentCircuitBreaker").cloned().unwrap_or_default();
    let Some(found) = service.rollouts.iter_mut().find(|it| it.id == rollout && it.state == "IN_PROGRESS") else {
        return;
    };
    if breaker.flag("resetOnHealthyTask") != Some(false) && found.failed > 0 {
        found.failed = 0;
        with_deployment(world, place, service, |deployment| deployment.failures = 0);
    }
}

/// Whether the primary deployment has failed by now, and lets it.
pub(super) fn judge(world: &mut World, place: &Place, service: &mut Service) {
    let Some(primary) = service.rollouts.first().filter(|it| it.state == "IN_PROGRESS") else { return };
    let configuration = service.configuration();
    let breaker = configuration.map("deploymentCircuitBreaker").cloned().unwrap_or_default();
    let alarms = configuration.map("alarms").cloned().unwrap_or_default();
    let up = read::count(of(world, place), service, Some(&primary.id)).running > 0;
    let firing = alarms.texts("alarmNames").iter().any(|name| name.contains("firing"));
    if breaker.flag("enable") == Some(true) && primary.failed >= threshold(service) {
        fail(world, place, service, Cause::Breaker, breaker.flag("rollback") == Some(true));
    } else if alarms.flag("enable") == Some(true)
        && firing
        && up
        && primary.revision != service.good_revision.clone().unwrap_or_default()
    {
        fail(world, place, service, Cause::Alarm, alarms.flag("rollback") == Some(true));
    }
}

/// Lets the primary deployment fail; and goes back, if that is wanted and there is something to go back to.
pub(super) fn fail(world: &mut World, place: &Place, service: &mut Service, cause: Cause, back: bool) {
    let now = world.now;
    let Some(primary) = service.rollouts.first_mut() else { return };
    "FAILED".clone_into(&mut primary.state);
    cause.rollout().clone_into(&mut primary.reason);
    primary.updated = now;
    let (id, revision) = (primary.id.clone(), primary.revision.clone());
    service.tell(world, &format!("(deployment {id}) {}", cause.event()));
    let target = service.good_revision.clone().filter(|good| *good != revision);
    with_deployment(world, place, service, |deployment| {
        match cause {
            Cause::Breaker => "TRIGGERED".clone_into(&mut deployment.breaker),
            Cause::Alarm => "TRIGGERED".clone_into(&mut deployment.alarms),
            Cause::Asked | Cause::Hook => {}
        }
        watched(deployment);
        deployment.hook = None;
        match (back, &target) {
            (true, Some(target)) => {
                deployment.status = "ROLLBACK_IN_PROGRESS".to_owned();
                let why = format!("Service deployment rolled back {}", cause.why());
                deployment.rollback = Some((why, now, target.clone()));
            }
            (true, None) => {
                deployment.status = "ROLLBACK_FAILED".to_owned();
                deployment.reason = Some("No rollback candidate was found to run the rollback.".to_owned());
                deployment.finished = Some(now);
            }
            (false, _) => {
                deployment.status = "STOPPED".to_owned();
                deployment.reason = Some(format!("Service deployment stopped {}", cause.why()));
                deployment.stopped = Some(now);
            }
        }
    });
    if let Some(target) = target.filter(|_| back) {
        go_back(world, place, service, &target, cause);
    }
}

/// Makes an earlier revision the primary one again: its deployment, if that is still there, or one more.
fn go_back(world: &mut World, place: &Place, service: &mut Service, target: &str, cause: Cause) {
    let now = world.now;
    let there = service.rollouts.iter().position(|rollout| rollout.revision == target);
    let mut rollout = match there {
        Some(index) => service.rollouts.remove(index),
        None => {
            let mut fresh = rollout(world, place, service, target);
            fresh.alternate = service.rollouts.first().is_some_and(|it| it.stages.is_some() != it.alternate);
            fresh
        }
    };
    "IN_PROGRESS".clone_into(&mut rollout.state);
    rollout.updated = now;
    rollout.failed = 0;
    let who = if cause == Cause::Breaker { "ECS deployment circuit breaker" } else { "ECS deployment" };
    rollout.reason = format!("{who}: rolling back to deploymentId {}.", rollout.id);
    for name in MADE_OF {
        match rollout.spec.get(*name) {
            Some(value) => service.doc.insert((*name).to_owned(), value.clone()),
            None => service.doc.remove(*name),
        };
    }
    let hidden = HIDDEN.iter().filter_map(|name| Some(((*name).to_owned(), rollout.spec.get(*name)?.clone())));
    service.hidden = hidden.collect::<Map<String, Value>>();
    ingress::join(world, place, service);
    stages::shift(world, place, service, &rollout, 100.0, "productionListenerRule");
    let text = format!("rolling back to deployment {}.", rollout.id);
    service.rollouts.insert(0, rollout);
    (service.round, service.failed_lately, service.retry_at) = (0, false, None);
    service.tell(world, &text);
}
