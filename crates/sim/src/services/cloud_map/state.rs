//! What a region keeps of Cloud Map, and how its ARNs and ids are written. Knows no operation but as what is under way.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::operations;
use crate::tags::Tags;
use crate::world::{Moment, Place};

/// What a region has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CloudMap {
    /// By id.
    pub(super) namespaces: BTreeMap<String, Namespace>,
    pub(super) services: BTreeMap<String, Service>,
    pub(super) operations: BTreeMap<String, operations::Operation>,
}

/// A namespace.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Namespace {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) name: String,
    /// `HTTP`, `DNS_PUBLIC` or `DNS_PRIVATE`.
    pub(super) kind: String,
    pub(super) description: Option<String>,
    pub(super) vpc: Option<String>,
    pub(super) zone: Option<String>,
    pub(super) ttl: i64,
    pub(super) created: Moment,
    pub(super) creator_request: String,
    /// False until its creation has succeeded.
    pub(super) active: bool,
    pub(super) tags: Tags,
}

/// A service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Service {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) namespace: String,
    /// `HTTP`, `DNS_HTTP` or `DNS`.
    pub(super) kind: String,
    pub(super) description: Option<String>,
    /// Its `DnsConfig`, if it has one.
    pub(super) dns: Option<Map<String, Value>>,
    pub(super) health: Option<Map<String, Value>>,
    pub(super) custom_health: Option<Map<String, Value>>,
    pub(super) created: Moment,
    pub(super) creator_request: String,
    pub(super) instances: BTreeMap<String, Instance>,
    /// Counts the changes of its instances.
    pub(super) revision: i64,
    /// Whether it goes with its last instance.
    pub(super) leaving: bool,
    pub(super) tags: Tags,
}

/// An instance.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Instance {
    pub(super) attributes: Tags,
    pub(super) creator_request: Option<String>,
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
    pub(super) fn namespace(&self, id: &str) -> Option<&Namespace> {
        self.namespaces.get(last(id)).filter(|namespace| namespace.active)
    }

    /// The service of an id or ARN.
    pub(super) fn service(&self, id: &str) -> Option<&Service> {
        self.services.get(last(id))
    }

    pub(super) fn service_named(&self, namespace: &str, name: &str) -> Option<&Service> {
        self.services.values().find(|service| service.namespace == namespace && service.name.eq_ignore_ascii_case(name))
    }
}

/// The id at the end of an ARN, or the id itself.
pub(super) fn last(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

pub(super) fn namespace_arn_of(place: &Place, id: &str) -> String {
    place.arn("servicediscovery", &format!("namespace/{id}"))
}

pub(super) fn service_arn_of(place: &Place, id: &str) -> String {
    place.arn("servicediscovery", &format!("service/{id}"))
}
