//! Elastic Load Balancing v2: target groups, load balancers, their listeners and rules.
//! This file says how to get along with the service; what its resources are is said by their kinds.

mod announced;
mod created;
mod existing;
mod forwards;
pub mod health;
mod ids;
pub mod listener;
pub mod listener_rules;
pub mod load_balancer;
pub mod read;
pub mod rule_priorities;
mod shown;
pub mod sought;
pub mod target_group;
pub mod write;

use evenkeel_core::error::ErrorClass;
use evenkeel_core::graph::Node;
use futures::future::BoxFuture;
use serde_json::Value;

pub use self::announced::{announce, is_announced};
pub use self::created::confirm;
pub use self::forwards::Forwards;
pub use self::write::*;

use crate::call::{Manners, Rate};
use crate::client::Aws;
use crate::finder::Finder;
use crate::floor::{Floor, each};
use crate::read::{Gathered, Scope};
use crate::service::Service;

/// Elastic Load Balancing.
pub static SERVICE: Service = Service {
    title: "Elastic Load Balancing",
    manners: Manners { prefix: "elb", iam: "elasticloadbalancing", codes: CODES, texts: &[], rates: RATES },
    tag_types: &[
        "elasticloadbalancing:listener/app",
        "elasticloadbalancing:listener-rule/app",
        "elasticloadbalancing:listener/net",
        "elasticloadbalancing:listener-rule/net",
    ],
    fetch,
    kinds: &[
        &target_group::ENTRY,
        &load_balancer::ENTRY,
        &listener::ENTRY,
        &rule_priorities::ENTRY,
        &listener_rules::ENTRY,
    ],
    floor: FLOOR,
    shown: shown::SHOWN,
};

const FLOOR: &[Floor] = &[
    Floor::batch("elb:DescribeLoadBalancers", &["load_balancer"], 400).counted(each).always(),
    Floor::batch("elb:DescribeTargetGroups", &["target_group"], 400).counted(each).always(),
    Floor::single("elb:DescribeListeners", &["load_balancer"]).counted(each),
    Floor::single("elb:DescribeListenerCertificates", &["listener"]).counted(secure),
    Floor::single("elb:DescribeRules", &["listener_rules"]),
    Floor::batch("elb:DescribeTags", &["load_balancer", "target_group", "listener", "listener_rules"], 20)
        .counted(marked),
    Floor::single("elb:DescribeLoadBalancerAttributes", &["load_balancer"]).counted(attributes),
    Floor::single("elb:DescribeTargetGroupAttributes", &["target_group"]).counted(attributes),
    Floor::single("elb:DescribeListenerAttributes", &["listener"]).counted(attributes),
];

/// Only listeners with certificates have any.
fn secure(node: &Node) -> usize {
    usize::from(node.want.get("certificate").is_some_and(|it| !it.is_null()))
}

/// What carries tags: each rule by itself.
fn marked(node: &Node) -> usize {
    node.want.get("rules").and_then(Value::as_array).map_or(1, Vec::len)
}

/// Attributes are read where the file sets any.
fn attributes(node: &Node) -> usize {
    usize::from(node.want.get("attributes").and_then(Value::as_object).is_some_and(|set| !set.is_empty()))
}

const CODES: &[(ErrorClass, &[&str])] = &[
    // The listener of the other load balancer is about to go if that load balancer is being replaced.
    (ErrorClass::InUse, &["TargetGroupAssociationLimit"]),
    (ErrorClass::Gone, &["LoadBalancerNotFound", "TargetGroupNotFound", "ListenerNotFound", "RuleNotFound"]),
    (
        ErrorClass::Exists,
        &["DuplicateLoadBalancerName", "DuplicateTargetGroupName", "DuplicateListener", "PriorityInUse"],
    ),
];

/// Source: the Elastic Load Balancing guide on API throttling.
const RATES: &[Rate] = &[Rate {
    name: "elb read",
    counts: "read",
    burst: 40.0,
    per_second: 10.0,
    operations: &[
        "elb:DescribeLoadBalancers",
        "elb:DescribeTargetGroups",
        "elb:DescribeListeners",
        "elb:DescribeListenerCertificates",
        "elb:DescribeRules",
        "elb:DescribeTags",
        "elb:DescribeLoadBalancerAttributes",
        "elb:DescribeTargetGroupAttributes",
        "elb:DescribeListenerAttributes",
        "elb:DescribeTargetHealth",
    ],
}];

impl Aws {
    /// The client of Elastic Load Balancing.
    pub fn elb(&self) -> aws_sdk_elasticloadbalancingv2::Client {
        self.client(aws_sdk_elasticloadbalancingv2::Client::new)
    }
}

/// Reads what the scope asks for.
fn fetch<'a>(aws: &'a Aws, scope: &'a Scope<'a>, finder: &'a Finder<'a>) -> BoxFuture<'a, Gathered> {
    // Boxed: inline, the state of all readers together is more than a thread's stack holds in a debug build.
    Box::pin(async move {
        let elb = read::fetch(aws, scope, finder).await;
        let blind = elb.blind_to();
        Gathered::of(elb).blind_to(blind)
    })
}
