//! Where things of ECS are found: what a request means by a cluster, service or task, and what has been gone long enough to be
//! forgotten. Knows no rule of any operation.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::Running;
use super::service::{ACTIVE, INACTIVE, Service};
use crate::call::{Call, Input, Members, Refusal};
use crate::services::ecs::registry::{self, ClusterFacts};
use crate::world::Moment;

/// How long a stopped task can be seen.
const STOPPED_SEEN: Duration = Duration::from_secs(3600);
/// How long a deleted service can be seen.
const DELETED_SEEN: Duration = Duration::from_secs(24 * 3600);

/// A parameter that makes no sense.
pub(super) fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterException", text)
}

/// Whether the token of a request is short enough.
pub(super) fn token(input: &Input, most: usize) -> Result<(), Refusal> {
    match input.text("clientToken") {
        Some(token) if token.chars().count() > most => {
            Err(invalid(format!("ClientToken must have a length of at most {most}.")))
        }
        _ => Ok(()),
    }
}

/// A client's fault that has no code of its own.
pub(super) fn client(text: impl Into<String>) -> Refusal {
    Refusal::new("ClientException", text)
}

/// A name or ARN that is not there: an entry of `failures`.
pub(super) fn missing(arn: &str) -> Value {
    json!({ "arn": arn, "reason": "MISSING" })
}

/// The active cluster of a request.
pub(super) fn cluster(call: &mut Call<'_>, name: Option<&str>) -> Result<ClusterFacts, Refusal> {
    forget(call);
    let found = registry::cluster(call.region(), name);
    let found = found.ok_or_else(|| Refusal::new("ClusterNotFoundException", "Cluster not found."))?;
    if found.status == INACTIVE {
        return Err(Refusal::new("ClusterNotFoundException", "Cluster not found."));
    }
    Ok(found)
}

/// The entries of a cluster, by its ARN, in a map by `cluster/…`.
pub(super) fn of_cluster<'m, T>(
    map: &'m BTreeMap<String, T>,
    arn: &str,
) -> impl Iterator<Item = (&'m String, &'m T)> + use<'m, T> {
    let prefix = format!("{}/", arn.rsplit('/').next().unwrap_or_default());
    map.range(prefix.clone()..).take_while(move |(key, _)| key.starts_with(&prefix))
}

/// The key of a service, written as name or ARN, in a cluster.
pub(super) fn service_key(cluster: &str, service: &str) -> String {
    format!("{cluster}/{}", service.rsplit('/').next().unwrap_or_default())
}

/// The key of a task, written as id or ARN, in a cluster.
pub(super) fn task_key(cluster: &str, task: &str) -> String {
    service_key(cluster, task)
}

/// Refuses what is as long as no id of a task; in an ARN any is taken.
pub(super) fn task_id(task: &str) -> Result<(), Refusal> {
    if task.starts_with("arn:") || matches!(task.rsplit('/').next().unwrap_or_default().len(), 32 | 36) {
        return Ok(());
    }
    Err(invalid("taskId length should be one of [32,36]"))
}

/// A service that is asked for by name or ARN: not found if it was never there, or is of another cluster.
pub(super) fn service<'r>(
    running: &'r mut Running,
    cluster: &ClusterFacts,
    name: &str,
) -> Result<&'r mut Service, Refusal> {
    let found = running.services.get_mut(&service_key(&cluster.name, name));
    let found = found.filter(|service| !name.starts_with("arn:") || service.arn == name);
    found.ok_or_else(|| Refusal::new("ServiceNotFoundException", "Service not found."))
}

/// A service that has to be active.
pub(super) fn active<'r>(
    running: &'r mut Running,
    cluster: &ClusterFacts,
    name: &str,
) -> Result<&'r mut Service, Refusal> {
    let found = service(running, cluster, name)?;
    if found.status == ACTIVE {
        return Ok(found);
    }
    Err(Refusal::new("ServiceNotActiveException", "Service was not ACTIVE."))
}

/// Forgets what has been gone for long: it costs no event.
pub(super) fn forget(call: &mut Call<'_>) {
    let now = call.now();
    let old = |since: Option<Moment>, limit: Duration| since.is_some_and(|at| at.plus(limit) <= now);
    let running = &mut call.region().ecs.running;
    if running.tasks.values().any(|task| old(task.stopped, STOPPED_SEEN)) {
        running.tasks.retain(|_, task| !old(task.stopped, STOPPED_SEEN));
        let Running { services, tasks, .. } = running;
        for service in services.values_mut() {
            service.tasks.retain(|key| tasks.contains_key(key));
        }
    }
    if running.services.values().any(|service| old(service.gone, DELETED_SEEN)) {
        running.services.retain(|_, service| !old(service.gone, DELETED_SEEN));
        let Running { services, deployments, revisions, .. } = running;
        deployments.retain(|_, deployment| services.contains_key(&deployment.service));
        revisions.retain(|_, revision| services.contains_key(&revision.service));
    }
}
