//! Elastic Container Service. Two halves: `registry` is what is written down (clusters, capacity providers, task definitions,
//! settings), `running` is what lives (services, their deployments and revisions, tasks). Beside them are `gateways`.

pub mod checks;
pub mod gateways;
mod link;
pub mod registry;
pub mod running;
mod tagged;
mod words;

use serde::{Deserialize, Serialize};

pub use self::link::*;
pub use self::running::{Event, happen};
use self::tagged::of_arn;
use super::service::{Carriers, Empties, Service, Words};
use crate::call::{Said, Table};
use crate::model;
use crate::tags::Tagged;
use crate::validate::Wording;
use crate::world::status::Entry;
use crate::world::{Place, World};

/// The service.
pub const SERVICE: Service = Service {
    empties: Empties { meant: &["cluster", "taskDefinition"], idle: &["loadBalancerName", "rootDirectory"] },
    words: Words {
        server_error: "ServerException",
        conflict: words::conflict,
        role_not_ready: Some(Said::new(
            "InvalidParameterException",
            "Unable to assume the service linked role. Please verify that the ECS service linked role exists.",
        )),
        ..Words::JSON
    },
    rates: words::RATES,
    tagged: Carriers::new(tagged, of_arn),
    packets_moved: Some(running::targets_moved),
    region_status: Some(|region, _| {
        vec![
            Entry::named("cluster", registry::cluster_items(&region.ecs)),
            Entry::counted("task definition", registry::active_definitions(region)),
        ]
    }),
    ..Service::new(model::source!("ecs"), OPERATIONS, Wording::Own(checks::words))
};

/// The operations.
const OPERATIONS: &[Table] = &[registry::OPERATIONS, running::OPERATIONS, gateways::OPERATIONS];

/// What a region has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ecs {
    /// What is written down.
    pub registry: registry::Registry,
    /// What lives.
    pub running: running::Running,
    /// Gateways and what connects to them.
    pub gateways: gateways::Gateways,
}

/// The tagged resources.
fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let mut all = registry::tagged(world, place);
    all.extend(running::tagged(world, place));
    all.extend(gateways::tagged(world, place));
    all
}
