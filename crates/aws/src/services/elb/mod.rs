//! Elastic Load Balancing v2: target groups, load balancers, their listeners and rules.
//! This file says how to get along with the service; what its resources are is said by their kinds.

mod announced;
mod created;
mod existing;
mod forwards;
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
use futures::future::BoxFuture;

pub use self::announced::{announce, is_announced};
pub use self::created::confirm;
pub use self::forwards::Forwards;
pub use self::write::*;

use crate::call::{Manners, Rate};
use crate::client::Aws;
use crate::finder::Finder;
use crate::read::{Gathered, Scope};
use crate::service::Service;

/// Elastic Load Balancing.
pub static SERVICE: Service = Service {
    title: "Elastic Load Balancing",
    manners: Manners { prefix: "elb", iam: "elasticloadbalancing", codes: CODES, texts: &[], rates: RATES },
    tag_types: &["elasticloadbalancing:listener/app", "elasticloadbalancing:listener-rule/app"],
    fetch,
    kinds: &[
        &target_group::ENTRY,
        &load_balancer::ENTRY,
        &listener::ENTRY,
        &rule_priorities::ENTRY,
        &listener_rules::ENTRY,
    ],
    shown: shown::SHOWN,
};

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
