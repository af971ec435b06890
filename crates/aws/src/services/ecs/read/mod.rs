//! Reads from ECS: clusters, services, capacity providers, how far those are that are not settled, and those revisions of task definitions for which no tag of a service speaks.
//! Decides what has to be asked and in which order (clusters and wanted services side by side; then what the cluster's count
//! of services says is missing; then revisions). What is fetched stays AWS's own JSON; the kinds make documents of it.

mod clusters;
mod connections;
pub mod deployments;
mod gateways;
pub mod kept;
pub mod providers;
mod reply;
mod revisions;
mod services;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

pub use self::clusters::describe as describe_clusters;
pub use self::connections::{REVISION, revisions as revisions_of};
pub use self::gateways::{CLUSTERS, clusters as gateway_clusters, describe as describe_gateway};
pub use self::reply::{items, last, side_by_side, tag_list, tags_of, text};
pub use self::revisions::{Revision, describe as describe_revision, list_active};
pub use self::services::{describe as describe_services, list as list_services};
use crate::client::Aws;
use crate::finder::Finder;
use crate::read::{Part, Scope};

/// What was fetched from ECS.
#[derive(Debug)]
pub struct Ecs {
    /// Clusters, of ours or of a wanted name; none that is INACTIVE.
    pub clusters: Part<Vec<Value>>,
    /// The names of all clusters, where one of others is looked for and is not there.
    pub cluster_names: Vec<String>,
    /// Capacity providers, of ours, of a wanted name, or in one of these clusters; none that is INACTIVE.
    pub providers: Part<Vec<Value>>,
    /// ACTIVE services, of ours or of a wanted name.
    pub services: Part<Vec<Value>>,
    /// Services that are not of the stack, as far as they were seen, by the ARNs of their cluster and of their target groups.
    pub foreign: BTreeMap<String, Vec<String>>,
    /// The newest service deployment of each of those that are not settled, by the service's ARN.
    pub deployments: BTreeMap<String, Value>,
    /// Gateways, of ours or of a wanted name.
    pub gateways: Part<Vec<Value>>,
    /// The names of gateways that are wanted.
    pub gateways_wanted: BTreeSet<String>,
    /// What those services run, and what else is ours.
    pub revisions: Part<Vec<Revision>>,
}

/// Reads what the scope asks for.
pub async fn fetch(aws: &Aws, scope: &Scope<'_>, finder: &Finder<'_>) -> Ecs {
    let mut ecs = Ecs {
        clusters: Ok(Vec::new()),
        cluster_names: Vec::new(),
        providers: Ok(Vec::new()),
        services: Ok(Vec::new()),
        foreign: BTreeMap::new(),
        deployments: BTreeMap::new(),
        gateways: Ok(Vec::new()),
        gateways_wanted: gateways::wanted(scope),
        revisions: Ok(Vec::new()),
    };
    if !scope.wants(&["cluster", "capacity_provider", "gateway", "service", "task_definition"]) {
        return ecs;
    }
    let wanted = services::Wanted::of(scope);
    let (found, named, gateways) = futures::join!(
        clusters::fetch(aws, scope, finder, &wanted),
        services::named(aws, scope, &wanted),
        gateways::fetch(aws, scope, finder, &ecs.gateways_wanted)
    );
    ecs.gateways = gateways;
    ecs.clusters = found;
    ecs.cluster_names = clusters::names(aws, scope, &ecs.clusters).await;
    ecs.services = match (&ecs.clusters, named) {
        (Ok(clusters), Ok(named)) => {
            let complete = services::complete(aws, scope, &wanted, clusters, (named, finder)).await;
            complete.map(|(services, foreign)| {
                ecs.foreign = foreign;
                services
            })
        }
        // Without the clusters nobody knows whether the file has dropped services that are still there.
        (Err(error), _) => Err(error.clone()),
        (_, Err(error)) => Err(error),
    };
    if let Ok(services) = &mut ecs.services {
        kept::tell(scope, services);
    }
    let providers = async {
        match &ecs.clusters {
            Ok(clusters) => providers::fetch(aws, scope, finder, clusters).await,
            Err(error) => Err(error.clone()),
        }
    };
    let rest = async {
        match (&ecs.clusters, &ecs.services) {
            (Ok(_), Ok(services)) => {
                let revisions = async {
                    let wanted = scope.wants(&["task_definition"]);
                    if wanted { revisions::fetch(aws, scope, finder, services).await } else { Ok(Vec::new()) }
                };
                futures::join!(
                    revisions,
                    deployments::of_unsettled(aws, services),
                    connections::fetch(aws, scope, services)
                )
            }
            (Err(error), _) | (_, Err(error)) => (Err(error.clone()), Ok(BTreeMap::new()), Ok(Default::default())),
        }
    };
    let (providers, (found, under_way, connected)) = futures::join!(providers, rest);
    ecs.providers = providers;
    ecs.revisions = found;
    match under_way {
        Ok(deployments) => ecs.deployments = deployments,
        // What nobody may ask for is not known, and what is not known to be healthy must not pass for it.
        Err(error) => ecs.services = Err(error),
    }
    match (connected, &mut ecs.services) {
        (Ok(found), Ok(services)) => connections::tell(&found, services),
        (Err(error), services) => *services = Err(error),
        (Ok(_), Err(_)) => {}
    }
    ecs
}
