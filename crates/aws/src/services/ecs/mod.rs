//! Amazon ECS: clusters, task definitions, services. Documents go out and come back as JSON (`call/raw.rs`).
//! This file says how to get along with the service; what its resources are is said by their kinds.

pub mod cluster;
pub mod exec;
pub mod gateway;
pub mod read;
pub mod service;
mod shown;
pub mod task_definition;

use evenkeel_core::error::ErrorClass;
use futures::future::BoxFuture;

use crate::call::{Manners, REFUSALS, Rate, Text};
use crate::client::Aws;
use crate::finder::Finder;
use crate::floor::{Floor, each};
use crate::read::{Gathered, Scope};
use crate::service::Service;

/// Amazon ECS.
pub static SERVICE: Service = Service {
    title: "Amazon ECS",
    manners: Manners { prefix: "ecs", iam: "ecs", codes: CODES, texts: TEXTS, rates: RATES },
    tag_types: &["ecs:cluster", "ecs:gateway", "ecs:service", "ecs:task-definition"],
    fetch,
    kinds: &[&cluster::ENTRY, &gateway::ENTRY, &task_definition::ENTRY, &service::ENTRY],
    floor: FLOOR,
    shown: shown::SHOWN,
};

const FLOOR: &[Floor] = &[
    Floor::batch("ecs:DescribeClusters", &["cluster"], 100).counted(each),
    Floor::batch("ecs:DescribeServices", &["service"], 10),
];

const CODES: &[(ErrorClass, &[&str])] = &[
    (
        ErrorClass::InUse,
        &[
            "ClusterContainsServicesException",
            "ClusterContainsTasksException",
            "ClusterContainsContainerInstancesException",
            "ClusterContainsCapacityProviderException",
        ],
    ),
    (
        ErrorClass::Gone,
        &[
            "ClusterNotFoundException",
            "GatewayNotFoundException",
            "ServiceNotFoundException",
            "ServiceNotActiveException",
            "TargetNotFoundException",
        ],
    ),
];

const TEXTS: &[Text] = &[
    Text {
        codes: REFUSALS,
        has: &[
            "Unable to assume the service linked role",
            "verify that the ECS service role",
            "does not have an associated load balancer",
            "Role is not valid",
            "Unable to assume role",
        ],
        class: ErrorClass::Propagating,
    },
    Text {
        codes: REFUSALS,
        has: &["still Draining", "while deployments are active", "because it is associated with cluster"],
        class: ErrorClass::InUse,
    },
    // There is one of that name, made otherwise: perhaps by somebody who applies the same stack at this moment.
    Text {
        codes: REFUSALS,
        has: &["was not idempotent", "idempotent request are inconsistent", "gateway with the name"],
        class: ErrorClass::Exists,
    },
    Text {
        codes: REFUSALS,
        has: &["Cluster was not ACTIVE", "Too many concurrent attempts", "is being disassociated"],
        class: ErrorClass::Busy,
    },
    Text {
        codes: REFUSALS,
        has: &[
            "Unable to describe task definition",
            "task definition does not exist",
            "The specified cluster is inactive",
        ],
        class: ErrorClass::Gone,
    },
    // A role that was made seconds ago may not be passed yet.
    Text { codes: &["AccessDeniedException"], has: &["iam:PassRole"], class: ErrorClass::Propagating },
];

/// Source: the ECS guide on API throttling.
const RATES: &[Rate] = &[
    Rate {
        name: "ecs cluster modify",
        counts: "cluster change",
        burst: 20.0,
        per_second: 1.0,
        operations: &["ecs:CreateCluster", "ecs:UpdateCluster", "ecs:DeleteCluster", "ecs:PutClusterCapacityProviders"],
    },
    Rate {
        name: "ecs task definition modify",
        counts: "registration",
        burst: 20.0,
        per_second: 1.0,
        operations: &["ecs:RegisterTaskDefinition", "ecs:DeregisterTaskDefinition"],
    },
    Rate {
        name: "ecs task definition read",
        counts: "read",
        burst: 50.0,
        per_second: 20.0,
        operations: &["ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions", "ecs:ListTaskDefinitionFamilies"],
    },
    Rate {
        name: "ecs service modify",
        counts: "service change",
        burst: 50.0,
        per_second: 5.0,
        operations: &["ecs:CreateService", "ecs:UpdateService", "ecs:DeleteService"],
    },
    Rate {
        name: "ecs service read",
        counts: "read",
        burst: 100.0,
        per_second: 20.0,
        operations: &["ecs:DescribeServices", "ecs:ListServices"],
    },
    Rate {
        name: "ecs deployment read",
        counts: "read",
        burst: 50.0,
        per_second: 20.0,
        operations: &["ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments"],
    },
    Rate {
        name: "ecs tag modify",
        counts: "tag change",
        burst: 20.0,
        per_second: 10.0,
        operations: &["ecs:TagResource", "ecs:UntagResource"],
    },
];

impl Aws {
    /// The client of Amazon ECS.
    pub fn ecs(&self) -> aws_sdk_ecs::Client {
        self.client(aws_sdk_ecs::Client::new)
    }
}

/// Reads what the scope asks for.
fn fetch<'a>(aws: &'a Aws, scope: &'a Scope<'a>, finder: &'a Finder<'a>) -> BoxFuture<'a, Gathered> {
    // Boxed: inline, the state of all readers together is more than a thread's stack holds in a debug build.
    Box::pin(async move { Gathered::of(read::fetch(aws, scope, finder).await) })
}
