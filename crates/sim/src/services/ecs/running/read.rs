//! How a service and its deployments read back. Only looks; what it shows was decided elsewhere.

use serde_json::{Map, Value, json};

use super::service::{Rollout, Service};
use super::{Running, of};
use crate::call::{Call, Members};
use crate::tags;

/// Tasks of a deployment: those that run, and those on their way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    /// Running.
    pub running: i64,
    /// On their way.
    pub pending: i64,
    /// Meant to run.
    pub wanted: i64,
    /// Not stopped yet.
    pub left: i64,
}

/// The tasks of a deployment of a service, or of all of them.
pub(super) fn count(running: &Running, service: &Service, rollout: Option<&str>) -> Count {
    let mut found = Count::default();
    for task in service.tasks.iter().filter_map(|key| running.tasks.get(key)) {
        if rollout.is_none_or(|id| task.rollout == id) {
            found.running += i64::from(task.is_running());
            found.pending += i64::from(task.is_pending());
            found.wanted += i64::from(task.is_wanted());
            found.left += i64::from(task.stopped.is_none());
        }
    }
    found
}

/// A service by its key, as the request that made it shows it: with its tags, if it has some.
pub(super) fn made(call: &mut Call<'_>, key: &str) -> Value {
    let place = call.place.clone();
    let tagged = of(call.world, &place).services.get(key).is_some_and(|service| !service.tags.is_empty());
    service(call, key, tagged)
}

/// A service by its key, as it is described; with its tags if they are asked for.
pub(super) fn service(call: &mut Call<'_>, key: &str, with_tags: bool) -> Value {
    let place = call.place.clone();
    let Some(mut service) = of(call.world, &place).services.remove(key) else { return Value::Null };
    if service.status == super::service::ACTIVE {
        service.repeat_steady(call.world);
    }
    let document = describe(of(call.world, &place), &service, with_tags);
    of(call.world, &place).services.insert(key.to_owned(), service);
    document
}

fn describe(running: &Running, service: &Service, with_tags: bool) -> Value {
    let all = count(running, service, None);
    let events = service.events.iter();
    let events: Vec<Value> =
        events.map(|event| json!({ "id": event.id, "createdAt": event.at.value(), "message": event.text })).collect();
    let mut document = service.doc.clone();
    let mut set = |name: &str, value: Value| document.insert(name.to_owned(), value);
    set("serviceArn", json!(service.arn));
    set("serviceName", json!(service.name));
    set("clusterArn", json!(service.cluster_arn));
    set("status", json!(service.status));
    set("desiredCount", json!(service.desired));
    set("runningCount", json!(all.running));
    set("pendingCount", json!(all.pending));
    set("createdAt", service.created.value());
    set("events", json!(events));
    let rollouts = service.rollouts.iter().enumerate();
    set("deployments", rollouts.map(|(index, it)| deployment(running, service, it, index == 0)).collect());
    match service.controller() {
        "ECS" if service.rollouts.is_empty() => {}
        "ECS" => {
            let current = service.rollouts.iter().map(|it| revision(running, service, it));
            set("currentServiceRevisions", current.collect());
            set("currentServiceDeployment", json!(service.deployment));
        }
        _ => {
            let rollouts = service.rollouts.iter().enumerate();
            set("taskSets", rollouts.map(|(index, it)| task_set(running, service, it, index == 0)).collect());
            set("deployments", json!([]));
        }
    }
    if with_tags {
        set("tags", tags::to_list(&service.tags, "key", "value"));
    }
    document.into()
}

fn revision(running: &Running, service: &Service, rollout: &Rollout) -> Value {
    let count = count(running, service, Some(&rollout.id));
    json!({
        "arn": rollout.revision,
        "requestedTaskCount": wanted(service, rollout, count),
        "runningTaskCount": count.running,
        "pendingTaskCount": count.pending,
    })
}

/// How many tasks a deployment is to have: what the service wants for the primary one, what is left for the others.
fn wanted(service: &Service, rollout: &Rollout, count: Count) -> i64 {
    let primary = service.rollouts.first().is_some_and(|first| first.id == rollout.id);
    if primary { service.desired } else { count.wanted }
}

/// The task set of a service that CodeDeploy deploys: what is a deployment elsewhere.
fn task_set(running: &Running, service: &Service, rollout: &Rollout, primary: bool) -> Value {
    let mut document = deployment(running, service, rollout, primary);
    let count = count(running, service, Some(&rollout.id));
    if let Some(members) = document.as_object_mut() {
        for name in ["rolloutState", "rolloutStateReason", "failedTasks", "desiredCount", "serviceConnectConfiguration"]
        {
            members.remove(name);
        }
        members.insert("computedDesiredCount".to_owned(), json!(wanted(service, rollout, count)));
        members.insert("loadBalancers".to_owned(), json!(rollout.spec.list("loadBalancers")));
        members.insert("serviceRegistries".to_owned(), json!(rollout.spec.list("serviceRegistries")));
        members.insert("scale".to_owned(), json!({ "value": 100.0, "unit": "PERCENT" }));
        let steady = if service.steady.is_some() { "STEADY_STATE" } else { "STABILIZING" };
        members.insert("stabilityStatus".to_owned(), json!(steady));
        members.insert("stabilityStatusAt".to_owned(), rollout.updated.value());
        members.insert("serviceArn".to_owned(), json!(service.arn));
        members.insert("clusterArn".to_owned(), json!(service.cluster_arn));
        members.insert("startedBy".to_owned(), json!("CODE_DEPLOY"));
        let set = format!(":task-set/{}/{}", service.key(), rollout.id);
        let arn = service.arn.replace(&format!(":service/{}", service.key()), &set);
        members.insert("taskSetArn".to_owned(), json!(arn));
        for extra in ["volumeConfigurations", "vpcLatticeConfigurations", "serviceConnectResources"] {
            members.remove(extra);
        }
    }
    document
}

/// The members of a revision that a deployment shows.
const SHOWN: &[&str] = &[
    "taskDefinition",
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "platformFamily",
    "networkConfiguration",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
];

fn deployment(running: &Running, service: &Service, rollout: &Rollout, primary: bool) -> Value {
    let count = count(running, service, Some(&rollout.id));
    let mut document: Map<String, Value> =
        SHOWN.iter().filter_map(|name| Some(((*name).to_owned(), rollout.spec.get(*name)?.clone()))).collect();
    let mut set = |name: &str, value: Value| document.insert(name.to_owned(), value);
    set("id", json!(rollout.id));
    set("status", json!(if primary { "PRIMARY" } else { "ACTIVE" }));
    set("desiredCount", json!(wanted(service, rollout, count)));
    set("pendingCount", json!(count.pending));
    set("runningCount", json!(count.running));
    set("failedTasks", json!(rollout.failed));
    set("createdAt", rollout.created.value());
    set("updatedAt", rollout.updated.value());
    set("rolloutState", json!(rollout.state));
    set("rolloutStateReason", json!(rollout.reason));
    if !service.discovery.is_empty() && super::connect::is_on(rollout.spec.map("serviceConnectConfiguration")) {
        let made = service.discovery.iter();
        let made = made.map(|(name, arn)| json!({ "discoveryName": name, "discoveryArn": arn }));
        set("serviceConnectResources", made.collect());
    }
    document.into()
}
