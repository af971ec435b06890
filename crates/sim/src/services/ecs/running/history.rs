//! Service deployments and service revisions: ListServiceDeployments, DescribeServiceDeployments, StopServiceDeployment,
//! ContinueServiceDeployment, DescribeServiceRevisions.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::places::{self, invalid, missing};
use super::service::{Deployment, Revision};
use super::{Running, engine, list as lists, of, read};
use crate::call::{Call, Input, Members, Refusal, Reply};
use crate::services::ecs::gateways;
use crate::world::{Moment, Place};

/// ListServiceDeployments: the newest first.
pub(super) fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("service");
    let from_arn = name.strip_prefix("arn:").and_then(|_| name.rsplit('/').nth(1)).filter(|it| !it.contains(':'));
    let cluster = input.text("cluster").map(str::to_owned).or_else(|| from_arn.map(str::to_owned));
    let cluster = places::cluster(call, cluster.as_deref())?;
    let place = call.place.clone();
    let running = of(call.world, &place);
    let key = places::service(running, &cluster, name)?.key();
    let statuses = input.texts("status");
    let window = input.map("createdAt").cloned().unwrap_or_default();
    let bound = |name: &str| window.number(name).map(Moment::from_seconds);
    let (after, before) = (bound("after"), bound("before"));
    let mut found: Vec<&Deployment> = running
        .deployments
        .values()
        .filter(|it| it.service == key)
        .filter(|it| statuses.is_empty() || statuses.contains(&it.status))
        .filter(|it| after.is_none_or(|at| it.created >= at) && before.is_none_or(|at| it.created <= at))
        .collect();
    found.sort_by(|a, b| (b.created, &b.arn).cmp(&(a.created, &a.arn)));
    let items = found.into_iter().map(|it| brief(&place, running, it)).collect();
    let scope = format!("deployments {key} {statuses:?} {after:?} {before:?}");
    let arn = |item: &Value| item.text_or_empty("serviceDeploymentArn").to_owned();
    lists::pages("serviceDeployments", items, arn, input, (20, &scope))
}

fn owner(place: &Place, running: &Running, service: &str) -> (String, Option<String>) {
    let cluster = running.services.get(service).map(|service| service.cluster_arn.clone());
    (place.arn("ecs", &format!("service/{service}")), cluster)
}

fn brief(place: &Place, running: &Running, it: &Deployment) -> Value {
    let (service, cluster) = owner(place, running, &it.service);
    json!({
        "serviceDeploymentArn": it.arn,
        "serviceArn": service,
        "clusterArn": cluster,
        "startedAt": it.started.map(Moment::value),
        "createdAt": it.created.value(),
        "finishedAt": it.finished.map(Moment::value),
        "targetServiceRevisionArn": it.target,
        "status": it.status,
        "statusReason": it.reason,
    })
}

/// DescribeServiceDeployments.
pub(super) fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let place = call.place.clone();
    let arns = limited(input, "serviceDeploymentArns")?;
    let running = of(call.world, &place);
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in arns {
        match running.deployments.get(&arn) {
            Some(it) => found.push(full(&place, running, it)),
            None => failures.push(missing(&arn)),
        }
    }
    Ok(json!({ "serviceDeployments": found, "failures": failures }))
}

fn limited(input: &Input, name: &str) -> Result<Vec<String>, Refusal> {
    let arns = input.texts(name);
    if arns.is_empty() {
        return Err(invalid(format!("{name} cannot be empty.")));
    }
    if arns.len() > 20 {
        return Err(invalid(format!("{name} can have at most 20 items.")));
    }
    Ok(arns)
}

fn full(place: &Place, running: &Running, it: &Deployment) -> Value {
    let (service, cluster) = owner(place, running, &it.service);
    let sources = it.sources.iter().map(|(arn, before)| {
        let count = tasks(running, &it.service, arn);
        json!({ "arn": arn, "requestedTaskCount": before, "runningTaskCount": count.running,
            "pendingTaskCount": count.pending })
    });
    let count = tasks(running, &it.service, &it.target);
    let desired = running.services.get(&it.service).map_or(it.desired, |service| service.desired);
    let rollback = it.rollback.as_ref();
    let rollback = rollback
        .map(|(why, at, target)| json!({ "reason": why, "startedAt": at.value(), "serviceRevisionArn": target }));
    let names = it.configuration.map("alarms").map(|alarms| alarms.texts("alarmNames")).unwrap_or_default();
    let mut alarms = json!({ "status": it.alarms });
    if it.alarms != "DISABLED" {
        let firing: Vec<&String> =
            names.iter().filter(|name| it.alarms == "TRIGGERED" && name.contains("firing")).collect();
        alarms["triggeredAlarmNames"] = json!(firing);
        alarms["alarmNames"] = json!(names);
    }
    json!({
        "serviceDeploymentArn": it.arn,
        "serviceArn": service,
        "clusterArn": cluster,
        "createdAt": it.created.value(),
        "startedAt": it.started.map(Moment::value),
        "finishedAt": it.finished.map(Moment::value),
        "stoppedAt": it.stopped.map(Moment::value),
        "updatedAt": it.updated.value(),
        "sourceServiceRevisions": sources.collect::<Vec<Value>>(),
        "targetServiceRevision": { "arn": it.target, "requestedTaskCount": if it.is_open() { desired } else { it.desired },
            "runningTaskCount": count.running, "pendingTaskCount": count.pending },
        "status": it.status,
        "statusReason": it.reason,
        "lifecycleStage": it.stage,
        "lifecycleHookDetails": it.hook.as_ref().map(|hook| json!([hook])),
        "deploymentConfiguration": it.configuration,
        "rollback": rollback,
        "deploymentCircuitBreaker": { "status": it.breaker, "failureCount": it.failures, "threshold": it.threshold },
        "alarms": alarms,
    })
}

/// The tasks of a revision of a service.
fn tasks(running: &Running, service: &str, revision: &str) -> read::Count {
    let Some(service) = running.services.get(service) else { return read::Count::default() };
    let rollout = service.rollouts.iter().find(|rollout| rollout.revision == revision);
    rollout.map(|rollout| read::count(running, service, Some(&rollout.id))).unwrap_or_default()
}

fn open<'r>(running: &'r mut Running, arn: &str) -> Result<&'r mut Deployment, Refusal> {
    let found = running.deployments.get_mut(arn);
    found.ok_or_else(|| Refusal::new("ServiceDeploymentNotFoundException", "Service deployment not found."))
}

/// StopServiceDeployment.
pub(super) fn stop(call: &mut Call<'_>, input: &Input) -> Reply {
    let place = call.place.clone();
    let arn = input.text_or_empty("serviceDeploymentArn").to_owned();
    let back = match input.text("stopType") {
        None | Some("ROLLBACK") => true,
        Some("ABORT") => false,
        Some(other) => return Err(invalid(format!("stopType {other} is not valid."))),
    };
    let now = call.now();
    let found = open(of(call.world, &place), &arn)?;
    if !matches!(found.status.as_str(), "PENDING" | "IN_PROGRESS") {
        let text = format!("The service deployment cannot be stopped because it is in the {} state.", found.status);
        return Err(Refusal::new("ConflictException", text));
    }
    found.status = if back { "ROLLBACK_REQUESTED" } else { "STOP_REQUESTED" }.to_owned();
    found.updated = now;
    let key = found.service.clone();
    engine::nudge(call.world, &place, Some(&key));
    Ok(json!({ "serviceDeploymentArn": arn }))
}

/// ContinueServiceDeployment: resolves a hook that waits for somebody.
pub(super) fn go_on(call: &mut Call<'_>, input: &Input) -> Reply {
    let place = call.place.clone();
    let arn = input.text_or_empty("serviceDeploymentArn").to_owned();
    let found = open(of(call.world, &place), &arn)?;
    let wanted = input.text_or_empty("hookId");
    let waiting = found.hook.as_mut().filter(|hook| hook.text("hookId") == Some(wanted));
    let Some(hook) = waiting.filter(|hook| hook.text("status") == Some("AWAITING_ACTION")) else {
        return Err(invalid(format!("The lifecycle hook {wanted} is not awaiting an action.")));
    };
    let back = input.text("action") == Some("ROLLBACK");
    hook["status"] = json!(if back { "FAILED" } else { "SUCCEEDED" });
    let key = found.service.clone();
    engine::with(call.world, &place, &key, |world, service| service.wake(world, &place, Duration::from_secs(1)));
    Ok(json!({ "serviceDeploymentArn": arn }))
}

/// DescribeServiceRevisions.
pub(super) fn revisions(call: &mut Call<'_>, input: &Input) -> Reply {
    let place = call.place.clone();
    let arns = limited(input, "serviceRevisionArns")?;
    let running = of(call.world, &place);
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in arns {
        match running.revisions.get(&arn) {
            Some(it) => found.push((it.service.clone(), revision(&place, it))),
            None => failures.push(missing(&arn)),
        }
    }
    let region = call.region();
    let found = found.into_iter().map(|(service, mut shown)| {
        let connected = shown.has("gatewayConnectors");
        if let Some(managed) = gateways::managed(region, &place, &service).filter(|_| connected) {
            shown["ecsManagedResources"] = managed;
        }
        shown
    });
    Ok(json!({ "serviceRevisions": found.collect::<Vec<Value>>(), "failures": failures }))
}

fn revision(place: &Place, it: &Revision) -> Value {
    let mut document: Map<String, Value> = it.spec.clone();
    // Empty lists are left out of a revision.
    document.retain(|_, value| !value.as_array().is_some_and(Vec::is_empty));
    let mut set = |name: &str, value: Value| document.insert(name.to_owned(), value);
    set("serviceRevisionArn", json!(it.arn));
    set("serviceArn", json!(place.arn("ecs", &format!("service/{}", it.service))));
    set("clusterArn", json!(it.cluster_arn));
    set("createdAt", it.created.value());
    set("containerImages", json!(it.images));
    set("guardDutyEnabled", json!(false));
    document.entry("serviceConnectConfiguration").or_insert_with(|| json!({ "enabled": false }));
    document.into()
}
