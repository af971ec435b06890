//! What a stack file says of the names by which services reach each other, after reading: namespaces, Service Connect, services of
//! Cloud Map. Data only.

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::Place;
use evenkeel_core::doc::{Doc, Text};

use super::Meta;

/// An entry of `namespaces:`.
#[derive(Clone, Debug)]
pub enum Namespace {
    /// Ours to make.
    Managed(Box<ManagedNamespace>),
    /// `existing:`, looked up and used as it is.
    Existing {
        /// Where it stands.
        place: Place,
        /// Which one.
        sought: SoughtNamespace,
    },
}

/// A namespace of ours.
#[derive(Clone, Debug)]
pub struct ManagedNamespace {
    /// The entry.
    pub meta: Meta,
    /// Whether it answers DNS questions in the network's VPC (`private-dns`); otherwise it is for API calls alone (`http`).
    pub private_dns: bool,
    /// `description:`, empty by default.
    pub description: String,
    /// `ttl:`, for how long resolvers remember that a name is not there; not managed if not given.
    pub ttl: Option<u32>,
}

/// Which namespace `existing:` means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SoughtNamespace {
    /// The one with this ARN.
    Arn(String),
    /// The one of this name.
    Name(String),
}

/// `discovery:` of a service: a service of Cloud Map in which its tasks are registered.
#[derive(Clone, Debug)]
pub struct Discovery {
    /// Where it stands.
    pub place: Place,
    /// `name:`; the entry's name by default.
    pub name: Option<String>,
    /// The id of its namespace.
    pub namespace: Text,
    /// Seconds to live, by type of record; none in an HTTP namespace.
    pub records: BTreeMap<String, u32>,
    /// `MULTIVALUE` or `WEIGHTED`.
    pub routing_policy: String,
    /// Whether ECS tells the health of tasks.
    pub health_check: bool,
}

/// `service_connect:` of a service, if it is on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Connect {
    /// As ECS takes it (camelCase JSON), with the namespace's ARN and every discovery name; strings may hold holes.
    pub document: Doc,
}
