//! Amazon ECS: clusters, capacity providers, task definitions, services. Documents go out and come back as JSON (`call/raw.rs`).
//! This file says how to get along with the service; what its resources are is said by their kinds.

pub mod capacity_provider;
pub mod cluster;
pub mod exec;
pub mod gateway;
pub mod read;
pub mod service;
mod shown;
pub mod task_definition;

use evenkeel_core::error::ErrorClass;
use evenkeel_core::graph::Node;
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
    tag_types: &["ecs:capacity-provider", "ecs:cluster", "ecs:gateway", "ecs:service", "ecs:task-definition"],
    fetch,
    kinds: &[&cluster::ENTRY, &capacity_provider::ENTRY, &gateway::ENTRY, &task_definition::ENTRY, &service::ENTRY],
    floor: FLOOR,
    shown: shown::SHOWN,
};

fn connected(node: &Node) -> usize {
    usize::from(node.want["ingress"].as_array().is_some_and(|list| !list.is_empty()))
}

const FLOOR: &[Floor] = &[
    Floor::batch("ecs:DescribeClusters", &["cluster"], 100).counted(each),
    Floor::batch("ecs:DescribeCapacityProviders", &["capacity_provider"], 10),
    Floor::batch("ecs:DescribeServices", &["service"], 10),
    Floor::listing("ecs:ListGateways", &["gateway"]),
    Floor::single("ecs:DescribeGateway", &["gateway"]),
    Floor::single("ecs:ListGatewayClusterAssociations", &["gateway"]),
    // The load balancers that ECS makes for one are told from ours by their tags.
    Floor::single("elb:DescribeTags", &["gateway"]),
    // What a service is connected to is told by its revision alone.
    Floor::batch("ecs:DescribeServiceRevisions", &["service"], 20).counted(connected),
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
            // The service-linked one, or one of the stack that was made a moment ago.
            "Unable to assume",
            "verify that the ECS service role",
            "does not have an associated load balancer",
            "Role is not valid",
        ],
        class: ErrorClass::Propagating,
    },
    // The roles of a capacity provider were made seconds ago.
    Text {
        codes: REFUSALS,
        has: &["ServiceAccessDeniedException for ECSInfrastructureRole", "Invalid IAM Instance Profile"],
        class: ErrorClass::Propagating,
    },
    Text { codes: REFUSALS, has: &["capacity provider already exists"], class: ErrorClass::Exists },
    Text { codes: REFUSALS, has: &["capacity provider does not exist"], class: ErrorClass::Gone },
    Text {
        codes: REFUSALS,
        has: &["Cannot delete capacity provider", "is in use and cannot be removed", "Capacity Providers are attached"],
        class: ErrorClass::InUse,
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
        name: "ecs capacity provider modify",
        counts: "capacity provider change",
        burst: 10.0,
        per_second: 1.0,
        operations: &["ecs:CreateCapacityProvider", "ecs:UpdateCapacityProvider", "ecs:DeleteCapacityProvider"],
    },
    Rate {
        name: "ecs capacity provider read",
        counts: "read",
        burst: 50.0,
        per_second: 20.0,
        operations: &["ecs:DescribeCapacityProviders"],
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
