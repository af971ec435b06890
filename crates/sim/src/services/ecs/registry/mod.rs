//! What ECS has written down: clusters, capacity providers, task definitions, account settings, container instances. This file
//! is the table of the operations; `facts.rs` has what the rest of the simulation asks. Knows nothing of what lives.

mod attributes;
mod capacity;
mod clusters;
mod definitions;
pub(in crate::services::ecs) mod dialect;
mod facts;
mod providers;
mod settings;
mod state;
mod tagging;
#[cfg(test)]
mod tests;

pub use self::facts::{ClusterFacts, active_definitions, cluster, definition, is_managed, setting};
pub use self::state::Registry;
use self::state::cluster_arn;
pub use self::tagging::{tagged, tags_mut, tags_of};
use super::{Ecs, checks};
use crate::call::Table;
use crate::world::status::{Entry, Item};

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

/// The clusters by name, with what lives in each.
pub fn cluster_items(ecs: &Ecs) -> Vec<Item> {
    let live = ecs.registry.clusters.values().filter(|cluster| !cluster.deleted);
    let item = |cluster: &clusters::Cluster| {
        let holds = vec![Entry::named("service", super::running::service_items(&ecs.running, &cluster.name))];
        Item { holds: holds.into_iter().filter(|entry| entry.count > 0).collect(), ..Item::called(&cluster.name) }
    };
    live.map(item).collect()
}
