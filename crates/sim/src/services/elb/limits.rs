//! The limits of an account, as DescribeAccountLimits tells them.

use serde_json::{Value, json};

use super::arns::page;
use crate::call::{Call, Input, Reply, Table};

/// The operation.
pub(super) const OPERATIONS: Table = &[("DescribeAccountLimits", describe)];

const LIMITS: &[(&str, u32)] = &[
    ("target-groups", 3000),
    ("targets-per-application-load-balancer", 1000),
    ("listeners-per-application-load-balancer", 50),
    ("rules-per-application-load-balancer", 100),
    ("network-load-balancers", 50),
    ("targets-per-network-load-balancer", 3000),
    ("targets-per-availability-zone-per-network-load-balancer", 500),
    ("listeners-per-network-load-balancer", 50),
    ("condition-values-per-alb-rule", 5),
    ("condition-wildcards-per-alb-rule", 5),
    ("target-groups-per-application-load-balancer", 100),
    ("target-groups-per-action-on-application-load-balancer", 5),
    ("target-groups-per-action-on-network-load-balancer", 1),
    ("certificates-per-application-load-balancer", 25),
    ("certificates-per-network-load-balancer", 25),
    ("targets-per-target-group", 1000),
    ("target-id-registrations-per-application-load-balancer", 1000),
    ("network-load-balancer-enis-per-vpc", 1200),
    ("application-load-balancers", 50),
    ("gateway-load-balancers", 100),
    ("gateway-load-balancers-per-vpc", 100),
    ("geneve-target-groups", 100),
    ("targets-per-availability-zone-per-gateway-load-balancer", 300),
];

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let page = page(call, input, LIMITS.to_vec(), |(name, _)| (*name).to_owned(), "")?;
    let list: Vec<Value> =
        page.items.iter().map(|(name, max)| json!({ "Name": name, "Max": max.to_string() })).collect();
    Ok(json!({ "Limits": list, "NextMarker": page.next }))
}
