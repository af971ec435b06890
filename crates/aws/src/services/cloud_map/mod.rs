//! AWS Cloud Map: namespaces, and the services in them in which tasks are registered.
//! This file says how to get along with the service; what its resources are is said by their kinds.

pub mod discovery_service;
mod inside;
pub mod namespace;
pub mod read;
mod send;
mod shown;

use evenkeel_core::error::ErrorClass;
use evenkeel_core::graph::Node;
use futures::future::BoxFuture;
use serde_json::Value;

use crate::call::Manners;
use crate::client::Aws;
use crate::finder::Finder;
use crate::floor::{Floor, each};
use crate::read::{Gathered, Scope};
use crate::service::Service;

/// AWS Cloud Map.
pub static SERVICE: Service = Service {
    title: "AWS Cloud Map",
    manners: Manners { prefix: "servicediscovery", iam: "servicediscovery", codes: CODES, texts: &[], rates: &[] },
    tag_types: &["servicediscovery:namespace", "servicediscovery:service"],
    fetch,
    kinds: &[&namespace::ENTRY, &discovery_service::ENTRY],
    floor: FLOOR,
    shown: shown::SHOWN,
};

const FLOOR: &[Floor] = &[
    Floor::batch("servicediscovery:ListNamespaces", &["namespace"], 100).counted(each),
    // The zone of a private one tells its VPC.
    Floor::single("route53:GetHostedZone", &["namespace"]).counted(private),
    Floor::batch("servicediscovery:ListServices", &["discovery_service"], 100),
];

/// Only a namespace of DNS has a zone.
fn private(node: &Node) -> usize {
    usize::from(!node.lookup && node.want.get("type").and_then(Value::as_str) == Some("DNS_PRIVATE"))
}

const CODES: &[(ErrorClass, &[&str])] = &[
    (
        ErrorClass::Gone,
        &["NamespaceNotFound", "ServiceNotFound", "InstanceNotFound", "OperationNotFound", "ResourceNotFoundException"],
    ),
    (ErrorClass::Exists, &["NamespaceAlreadyExists", "ServiceAlreadyExists"]),
    // An earlier try of the same is under way, and will be seen when it is done.
    (ErrorClass::Propagating, &["DuplicateRequest"]),
    (ErrorClass::Quota, &["ResourceLimitExceeded"]),
];

impl Aws {
    /// The client of AWS Cloud Map.
    pub fn cloud_map(&self) -> aws_sdk_servicediscovery::Client {
        self.client(aws_sdk_servicediscovery::Client::new)
    }
}

/// Reads what the scope asks for.
fn fetch<'a>(aws: &'a Aws, scope: &'a Scope<'a>, finder: &'a Finder<'a>) -> BoxFuture<'a, Gathered> {
    // Boxed: inline, the state of all readers together is more than a thread's stack holds in a debug build.
    Box::pin(async move {
        let part = read::fetch(aws, scope, finder).await;
        let kinds = [namespace::KIND, discovery_service::KIND];
        let blind = part.blind.clone().map(|error| kinds.map(|kind| (kind.to_owned(), error.clone())));
        Gathered::of(part).blind_to(blind.into_iter().flatten())
    })
}
