//! AWS Cloud Map: namespaces, services and instances, and the operations by which they change in their own time. DNS namespaces
//! own a hosted zone in Route 53; what a zone is, this does not know.

mod dns;
mod instances;
mod link;
mod list;
mod namespaces;
mod operations;
mod services;
mod tagging;
#[cfg(test)]
mod tests;

pub use self::link::*;
pub use self::operations::happen;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::service::{self, Carriers, Words};
use crate::call::{Said, Table};
use crate::model::{self, ErrorsAs};
use crate::tags::{Tagged, Tags};
use crate::throttle::Rate;
use crate::validate::Wording;
use crate::world::status::Entry;
use crate::world::{Moment, Place, World};

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

/// What a region has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CloudMap {
    /// By id.
    namespaces: BTreeMap<String, Namespace>,
    services: BTreeMap<String, Service>,
    operations: BTreeMap<String, operations::Operation>,
}

/// A namespace.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Namespace {
    id: String,
    arn: String,
    name: String,
    /// `HTTP`, `DNS_PUBLIC` or `DNS_PRIVATE`.
    kind: String,
    description: Option<String>,
    vpc: Option<String>,
    zone: Option<String>,
    ttl: i64,
    created: Moment,
    creator_request: String,
    /// False until its creation has succeeded.
    active: bool,
    tags: Tags,
}

/// A service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Service {
    id: String,
    name: String,
    namespace: String,
    /// `HTTP`, `DNS_HTTP` or `DNS`.
    kind: String,
    description: Option<String>,
    /// Its `DnsConfig`, if it has one.
    dns: Option<Map<String, Value>>,
    health: Option<Map<String, Value>>,
    custom_health: Option<Map<String, Value>>,
    created: Moment,
    creator_request: String,
    instances: BTreeMap<String, Instance>,
    /// Counts the changes of its instances.
    revision: i64,
    /// Whether it goes with its last instance.
    leaving: bool,
    tags: Tags,
}

/// An instance.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Instance {
    attributes: Tags,
    creator_request: Option<String>,
}

/// What happens by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// An operation is taken up.
    Begin {
        /// Its id.
        operation: String,
    },
    /// An operation ends.
    End {
        /// Its id.
        operation: String,
    },
}

impl CloudMap {
    /// The namespace of an id or ARN.
    fn namespace(&self, id: &str) -> Option<&Namespace> {
        self.namespaces.get(last(id)).filter(|namespace| namespace.active)
    }

    /// The service of an id or ARN.
    fn service(&self, id: &str) -> Option<&Service> {
        self.services.get(last(id))
    }

    fn service_named(&self, namespace: &str, name: &str) -> Option<&Service> {
        self.services.values().find(|service| service.namespace == namespace && service.name.eq_ignore_ascii_case(name))
    }
}

/// The id at the end of an ARN, or the id itself.
fn last(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn namespace_arn_of(place: &Place, id: &str) -> String {
    place.arn("servicediscovery", &format!("namespace/{id}"))
}

fn service_arn_of(place: &Place, id: &str) -> String {
    place.arn("servicediscovery", &format!("service/{id}"))
}

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
