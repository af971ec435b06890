//! What ECS has written down: clusters, capacity providers, task definitions, account settings, container instances. This file
//! is the table of the operations and what the rest of the simulation asks of it; it knows nothing of what lives.

mod attributes;
mod capacity;
mod clusters;
mod definitions;
mod providers;
mod settings;
mod tagging;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Ecs, checks};
use crate::call::Table;
use crate::world::status::{Entry, Item};
use crate::world::{Place, Region};

pub use self::tagging::{tagged, tags_mut, tags_of};

/// The operations.
pub const OPERATIONS: Table = &[
    ("CreateCluster", clusters::create::create),
    ("UpdateCluster", clusters::change::update),
    ("UpdateClusterSettings", clusters::change::update_settings),
    ("DeleteCluster", clusters::change::delete),
    ("DescribeClusters", clusters::show::describe),
    ("ListClusters", clusters::show::list),
    ("PutClusterCapacityProviders", capacity::put),
    ("CreateCapacityProvider", providers::change::create),
    ("UpdateCapacityProvider", providers::change::update),
    ("DeleteCapacityProvider", providers::change::delete),
    ("DescribeCapacityProviders", providers::describe),
    ("RegisterTaskDefinition", definitions::register),
    ("DescribeTaskDefinition", definitions::describe),
    ("DeregisterTaskDefinition", definitions::deregister),
    ("DeleteTaskDefinitions", definitions::delete),
    ("ListTaskDefinitions", definitions::lists::definitions),
    ("ListTaskDefinitionFamilies", definitions::lists::families),
    ("TagResource", tagging::tag),
    ("UntagResource", tagging::untag),
    ("ListTagsForResource", tagging::list),
    ("PutAccountSetting", settings::put),
    ("PutAccountSettingDefault", settings::put_default),
    ("ListAccountSettings", settings::list),
    ("DeleteAccountSetting", settings::delete),
    ("ListContainerInstances", attributes::list_instances),
    ("DescribeContainerInstances", attributes::describe_instances),
    ("PutAttributes", attributes::put),
    ("ListAttributes", attributes::list),
    ("DeleteAttributes", attributes::delete),
];

/// What a region has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Registry {
    clusters: BTreeMap<String, clusters::Cluster>,
    providers: BTreeMap<String, providers::Provider>,
    families: BTreeMap<String, definitions::Family>,
    settings: settings::Settings,
}

/// What services and tasks need to know of a cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterFacts {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// `ACTIVE`, `INACTIVE` and so on.
    pub status: String,
    /// Its capacity providers.
    pub capacity_providers: Vec<String>,
    /// Its default strategy, as `DescribeClusters` shows it.
    pub default_strategy: Vec<Value>,
    /// The ARN of the namespace of its Service Connect defaults.
    pub namespace: Option<String>,
}

/// A cluster by its name or ARN (`default` if none is given), deleted ones as well.
pub fn cluster(region: &Region, cluster: Option<&str>) -> Option<ClusterFacts> {
    let text = cluster.unwrap_or("default");
    let name = text.rsplit_once(":cluster/").map_or(text, |(_, name)| name);
    let found = region.ecs.registry.clusters.get(name)?;
    if text.starts_with("arn:") && found.arn != text {
        return None;
    }
    Some(ClusterFacts {
        arn: found.arn.clone(),
        name: found.name.clone(),
        status: if found.deleted { "INACTIVE" } else { "ACTIVE" }.to_owned(),
        capacity_providers: found.providers.clone(),
        default_strategy: found.strategy.clone(),
        namespace: found.namespace.clone(),
    })
}

/// A task definition by `family`, `family:revision` or ARN, as `DescribeTaskDefinition` shows it; a family alone means its newest
/// active revision. Inactive revisions are found by their number.
pub fn definition(region: &Region, name: &str) -> Option<Value> {
    let text = name.rsplit_once(":task-definition/").map_or(name, |(_, rest)| rest);
    let shown = definitions::find(&region.ecs.registry, text)?.show();
    let same = !name.starts_with("arn:") || shown["taskDefinitionArn"] == name || !text.contains(':');
    same.then_some(shown)
}

/// What an account setting is (`enabled`, `disabled` and so on) for a principal; none if there is no such setting.
pub fn setting(region: &Region, name: &str, principal: &str) -> Option<String> {
    region.ecs.registry.settings.effective(name, principal).map(|(value, _)| value)
}

/// The clusters by name, with what lives in each.
pub fn cluster_items(ecs: &Ecs) -> Vec<Item> {
    let live = ecs.registry.clusters.values().filter(|cluster| !cluster.deleted);
    let item = |cluster: &clusters::Cluster| {
        let holds = vec![Entry::named("service", super::running::service_items(&ecs.running, &cluster.name))];
        Item { holds: holds.into_iter().filter(|entry| entry.count > 0).collect(), ..Item::called(&cluster.name) }
    };
    live.map(item).collect()
}

/// How many revisions of task definitions are active.
pub fn active_definitions(region: &Region) -> usize {
    region.ecs.registry.families.values().flat_map(definitions::Family::active).count()
}

fn cluster_arn(place: &Place, name: &str) -> String {
    place.arn("ecs", &format!("cluster/{name}"))
}
