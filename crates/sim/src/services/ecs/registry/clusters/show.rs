//! How clusters are shown: what always stands there, and what only on demand.

use serde_json::{Value, json};

use super::super::super::checks::{at_most, cluster_name, invalid, page};
use super::super::super::running;
use super::super::cluster_arn;
use super::{Attachment, Cluster};
use crate::call::{Call, Input, Members, Reply};
use crate::tags;
use crate::world::Moment;

/// The most clusters that can be described at once.
const MOST: usize = 100;

/// What stands there on demand.
#[derive(Clone, Copy, Debug)]
struct Shown {
    attachments: bool,
    configuration: bool,
    settings: bool,
    statistics: bool,
    tags: bool,
}

/// A cluster as the replies of changes show it: with everything but its statistics.
pub(crate) fn full(call: &mut Call<'_>, cluster: &Cluster) -> Value {
    show(call, cluster, Shown { attachments: true, configuration: true, settings: true, statistics: false, tags: true })
}

/// A cluster as other replies show it.
pub(crate) fn plain(call: &mut Call<'_>, cluster: &Cluster) -> Value {
    let nothing = Shown { attachments: true, configuration: true, settings: true, statistics: false, tags: false };
    show(call, cluster, nothing)
}

fn show(call: &mut Call<'_>, cluster: &Cluster, what: Shown) -> Value {
    let now = call.now();
    let there = running::population(call.region(), &cluster.arn);
    let mut shown = json!({
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": cluster.status(now),
        "registeredContainerInstancesCount": running::instances_of(call.region(), &cluster.arn).len(),
        "runningTasksCount": there.running,
        "pendingTasksCount": there.pending,
        "activeServicesCount": there.services,
        "statistics": [],
        "tags": [],
        "settings": [],
        "capacityProviders": cluster.providers,
        "defaultCapacityProviderStrategy": cluster.strategy,
    });
    if what.statistics {
        shown["statistics"] = statistics(there);
    }
    if what.tags {
        shown["tags"] = tags::to_list(&cluster.tags, "key", "value");
    }
    if what.settings {
        shown["settings"] = json!([{ "name": "containerInsights", "value": cluster.insights }]);
    }
    if what.configuration {
        shown["configuration"] = cluster.configuration.clone().unwrap_or_default();
    }
    if let Some(namespace) = &cluster.namespace {
        shown["serviceConnectDefaults"] = json!({ "namespace": namespace });
    }
    // A cluster without providers of Auto Scaling groups never had attachments.
    if what.attachments && cluster.busy.is_some() {
        shown["attachments"] = cluster.attachments.iter().map(|it| attachment(it, cluster.busy(now))).collect();
        shown["attachmentsStatus"] = if cluster.busy(now) { "UPDATE_IN_PROGRESS" } else { "UPDATE_COMPLETE" }.into();
    }
    shown
}

fn attachment(attachment: &Attachment, busy: bool) -> Value {
    json!({
        "id": attachment.id,
        "type": "as_policy",
        "status": if busy { "PRECREATED" } else { "CREATED" },
        "details": [
            { "name": "capacityProviderName", "value": attachment.provider },
            { "name": "scalingPolicyName", "value": attachment.policy },
        ],
    })
}

/// Counts by kind of capacity. Whatever runs here runs on Fargate.
fn statistics(there: running::Population) -> Value {
    let count = |name: &str, number: usize| json!({ "name": name, "value": number.to_string() });
    json!([
        count("runningEC2TasksCount", 0),
        count("runningFargateTasksCount", there.running),
        count("pendingEC2TasksCount", 0),
        count("pendingFargateTasksCount", there.pending),
        count("runningExternalTasksCount", 0),
        count("pendingExternalTasksCount", 0),
        count("activeEC2ServiceCount", 0),
        count("activeFargateServiceCount", there.services),
        count("drainingEC2ServiceCount", 0),
        count("drainingFargateServiceCount", 0),
        count("activeExternalServiceCount", 0),
        count("drainingExternalServiceCount", 0),
    ])
}

/// `DescribeClusters`.
pub(crate) fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let mut asked = input.texts("clusters");
    if asked.len() > MOST {
        return Err(at_most("clusters", MOST));
    }
    if asked.is_empty() {
        asked.push("default".to_owned());
    }
    let include = input.texts("include");
    let with = |name: &str| include.iter().any(|it| it == name);
    let what = Shown {
        attachments: with("ATTACHMENTS"),
        configuration: with("CONFIGURATIONS"),
        settings: with("SETTINGS"),
        statistics: with("STATISTICS"),
        tags: with("TAGS"),
    };
    let (mut clusters, mut failures, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for text in &asked {
        if text.is_empty() {
            return Err(invalid("Clusters can not be blank."));
        }
        let name = cluster_name(&call.place, Some(text))?.to_owned();
        if seen.contains(&name) {
            continue;
        }
        let own = cluster_arn(&call.place, &name);
        let arn = if text.starts_with("arn:") { text.clone() } else { own.clone() };
        match call.region().ecs.registry.clusters.get(&name).filter(|_| arn == own).cloned() {
            Some(cluster) => clusters.push(show(call, &cluster, what)),
            None => failures.push(json!({ "arn": arn, "reason": "MISSING" })),
        }
        seen.push(name);
    }
    Ok(json!({ "clusters": clusters, "failures": failures }))
}

/// `ListClusters`.
pub(crate) fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let live = |cluster: &&Cluster| !cluster.deleted;
    let arns: Vec<String> =
        call.region().ecs.registry.clusters.values().filter(live).map(|cluster| cluster.arn.clone()).collect();
    let page = page(call, input, arns, Clone::clone, (MOST, MOST))?;
    Ok(json!({ "clusterArns": page.items, "nextToken": page.next }))
}

/// The moment at which a change of attachments that begins now is over.
pub(crate) fn settled(call: &mut Call<'_>) -> Moment {
    let time = call.world.about(std::time::Duration::from_secs(10));
    call.now().plus(time)
}
