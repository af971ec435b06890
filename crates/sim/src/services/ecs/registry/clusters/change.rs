//! Changing and deleting clusters. What still lives in a cluster keeps it from being deleted.

use serde_json::json;

use super::super::super::checks::{client, invalid};
use super::super::super::running;
use super::{Cluster, configuration, insights, named, namespace, show};
use crate::call::{Call, Input, Members, Refusal, Reply};

/// `UpdateCluster`.
pub(crate) fn update(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = changeable(call, input.text("cluster"))?;
    let insights = insights(input.list("settings"))?;
    let configuration = input.map("configuration").map(configuration).transpose()?;
    let namespace = match input.map("serviceConnectDefaults") {
        Some(defaults) => Some(namespace(call, defaults)?),
        None => None,
    };
    change(call, &name, |cluster| {
        if let Some(value) = insights {
            cluster.insights = value;
        }
        if configuration.is_some() {
            cluster.configuration = configuration;
        }
        if let Some(namespace) = namespace {
            cluster.namespace = namespace;
        }
    })
}

/// `UpdateClusterSettings`.
pub(crate) fn update_settings(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = changeable(call, input.text("cluster"))?;
    let value = insights(input.list("settings"))?.ok_or_else(|| invalid("Settings can not be empty."))?;
    change(call, &name, |cluster| cluster.insights = value)
}

/// The name of a cluster that can be changed now.
pub(crate) fn changeable(call: &mut Call<'_>, text: Option<&str>) -> Result<String, Refusal> {
    let name = named(call, text)?;
    let now = call.now();
    match call.region().ecs.registry.clusters.get(&name) {
        Some(cluster) if cluster.status(now) == "ACTIVE" => Ok(name),
        _ => Err(client("Cluster was not ACTIVE.")),
    }
}

/// Changes a cluster and shows it.
pub(crate) fn change(call: &mut Call<'_>, name: &str, with: impl FnOnce(&mut Cluster)) -> Reply {
    let cluster = call.region().ecs.registry.clusters.entry(name.to_owned()).or_default();
    with(cluster);
    let changed = cluster.clone();
    Ok(json!({ "cluster": show::plain(call, &changed) }))
}

/// `DeleteCluster`.
pub(crate) fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = named(call, input.text("cluster"))?;
    let now = call.now();
    let arn = super::super::cluster_arn(&call.place, &name);
    let there = running::population(call.region(), &arn);
    let registry = &mut call.region().ecs.registry;
    if there.services > 0 {
        let text = "The Cluster cannot be deleted while Services are active.";
        return Err(Refusal::new("ClusterContainsServicesException", text));
    }
    if there.running + there.pending > 0 {
        let text = "The Cluster cannot be deleted while Tasks are active.";
        return Err(Refusal::new("ClusterContainsTasksException", text));
    }
    if registry.providers.values().any(|provider| provider.belongs_to(&name, now)) {
        let text = "The Cluster cannot be deleted while Cluster Scoped Capacity Providers are attached.";
        return Err(Refusal::new("ClusterContainsCapacityProviderException", text));
    }
    if registry.clusters.get(&name).is_some_and(|cluster| cluster.busy(now)) {
        let text = "The specified cluster is in a busy state. Cannot perform DeleteCluster.";
        return Err(Refusal::new("UpdateInProgressException", text));
    }
    change(call, &name, |cluster| cluster.deleted = true)
}
