//! AWS Cloud Map: namespaces, services and instances, and the operations by which they change in their own time. DNS namespaces
//! own a hosted zone in Route 53; what a zone is, this does not know.

mod dns;
mod instances;
mod link;
mod list;
mod namespaces;
mod operations;
mod services;
mod state;
mod tagging;
#[cfg(test)]
mod tests;

pub use self::link::*;
pub use self::operations::happen;
pub use self::state::{CloudMap, Event};
use self::state::{Instance, Namespace, Service, last, namespace_arn_of, service_arn_of};
use super::service::{self, Carriers, Words};
use crate::call::{Said, Table};
use crate::model::{self, ErrorsAs};
use crate::tags::{Tagged, Tags};
use crate::throttle::Rate;
use crate::validate::Wording;
use crate::world::status::Entry;
use crate::world::{Place, World};

/// The service.
pub const SERVICE: service::Service = service::Service {
    aliases: &["cloudmap", "cloud-map"],
    words: Words {
        throttled: Said::new("RequestLimitExceeded", "Rate exceeded").status(400),
        server_error: "InternalServerError",
        ..Words::JSON
    },
    rates: &[Rate::shared("discover", (2000.0, 1000.0), &["DiscoverInstances"])],
    tagged: Carriers::new(tagged, of_arn),
    region_status: Some(|region, _| {
        vec![Entry::counted(
            "namespace",
            region.cloud_map.namespaces.values().filter(|namespace| namespace.active).count(),
        )]
    }),
    ..service::Service::new(
        model::source!("servicediscovery", ErrorsAs::CAPITAL),
        OPERATIONS,
        Wording::coral("InvalidInput"),
    )
};

/// The operations.
const OPERATIONS: &[Table] = &[
    instances::OPERATIONS,
    list::OPERATIONS,
    namespaces::OPERATIONS,
    operations::OPERATIONS,
    services::OPERATIONS,
    tagging::OPERATIONS,
];

/// The tagged resources.
fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let map = &world.region(place).cloud_map;
    let namespaces = map.namespaces.values().map(|item| (namespace_arn_of(place, &item.id), &item.tags));
    let services = map.services.values().map(|item| (service_arn_of(place, &item.id), &item.tags));
    let all = namespaces.chain(services).filter(|(_, tags)| !tags.is_empty());
    all.map(|(arn, tags)| Tagged { arn, tags: tags.clone() }).collect()
}

/// The tags of a resource by its ARN.
fn of_arn<'w>(world: &'w mut World, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    tagging::of_arn(&mut world.region(place).cloud_map, place, arn)
}
