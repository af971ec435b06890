//! Amazon EC2: the network that a stack looks up or has of its own, security groups and their rules.
//! This file says how to get along with the service; what its resources are is said by their kinds.

pub mod existing_group_rules;
mod groups;
pub mod network;
mod others;
pub mod own;
pub mod read;
pub(crate) mod replies;
mod requests;
pub mod security_group;
pub mod security_group_rules;
mod shown;

use evenkeel_core::error::ErrorClass;
use evenkeel_core::graph::Node;
use futures::future::BoxFuture;

use crate::call::{Manners, Rate};
use crate::client::Aws;
use crate::finder::Finder;
use crate::floor::{Floor, each};
use crate::read::{Gathered, Scope};
use crate::service::Service;

/// Amazon EC2.
pub static SERVICE: Service = Service {
    title: "Amazon EC2",
    manners: Manners { prefix: "ec2", iam: "ec2", codes: CODES, texts: &[], rates: RATES },
    tag_types: &[
        "ec2:security-group-rule",
        "ec2:elastic-ip",
        "ec2:internet-gateway",
        "ec2:natgateway",
        "ec2:route-table",
        "ec2:subnet",
        "ec2:vpc",
        "ec2:vpc-endpoint",
    ],
    fetch,
    kinds: &[
        &network::ENTRY,
        &own::availability_zones::ENTRY,
        &own::vpc::ENTRY,
        &own::subnet::ENTRY,
        &own::internet_gateway::ENTRY,
        &own::elastic_ip::ENTRY,
        &own::nat_gateway::ENTRY,
        &own::route_table::ENTRY,
        &own::vpc_endpoint::ENTRY,
        &security_group::ENTRY,
        &security_group_rules::ENTRY,
        &existing_group_rules::ENTRY,
    ],
    floor: FLOOR,
    shown: shown::SHOWN,
};

const FLOOR: &[Floor] = &[
    Floor::batch("ec2:DescribeSecurityGroups", &["security_group", "existing_group_rules"], 1000).always(),
    Floor::single("ec2:DescribeSecurityGroupRules", &["existing_group_rules"]),
    Floor::listing("ec2:DescribeSubnets", &["network"]).counted(each),
    Floor::single("ec2:DescribeVpcs", &["network"]).counted(by_tags),
    Floor::listing("ec2:DescribeAvailabilityZones", &["availability_zones"]).counted(each),
    Floor::listing("ec2:DescribeVpcs", &["vpc"]),
    Floor::single("ec2:DescribeVpcAttribute", &["vpc"]).counted(both_attributes),
    Floor::listing("ec2:DescribeSubnets", &["subnet"]),
    Floor::listing("ec2:DescribeInternetGateways", &["vpc"]),
    Floor::listing("ec2:DescribeAddresses", &["vpc"]),
    Floor::listing("ec2:DescribeNatGateways", &["vpc"]),
    Floor::listing("ec2:DescribeRouteTables", &["vpc"]),
    Floor::listing("ec2:DescribeVpcEndpoints", &["vpc"]),
];

/// Of each VPC two things are told by a request each.
fn both_attributes(_: &Node) -> usize {
    2
}

/// The default VPC's subnets tell which it is, and so does an id; a choice by tags has to be looked up.
fn by_tags(node: &Node) -> usize {
    usize::from(node.want.pointer("/vpc/tags").is_some())
}

const CODES: &[(ErrorClass, &[&str])] = &[
    (ErrorClass::InUse, &["InvalidGroup.InUse", "InvalidIPAddress.InUse", "Resource.AlreadyAssociated"]),
    (
        ErrorClass::Gone,
        &[
            "InvalidGroup.NotFound",
            "InvalidSecurityGroupID.NotFound",
            "InvalidGroupId.NotFound",
            "InvalidPermission.NotFound",
            "InvalidSecurityGroupRuleId.NotFound",
            "InvalidVpcID.NotFound",
            "InvalidSubnetID.NotFound",
            "InvalidInternetGatewayID.NotFound",
            "Gateway.NotAttached",
            "InvalidAllocationID.NotFound",
            "NatGatewayNotFound",
            "InvalidNatGatewayID.NotFound",
            "InvalidRouteTableID.NotFound",
            "InvalidRouteTableId.NotFound",
            "InvalidRoute.NotFound",
            "InvalidAssociationID.NotFound",
            "InvalidVpcEndpointId.NotFound",
        ],
    ),
    (ErrorClass::Exists, &["InvalidGroup.Duplicate", "InvalidPermission.Duplicate", "RouteAlreadyExists"]),
];

/// Source: the EC2 guide on API throttling.
const RATES: &[Rate] = &[
    Rate {
        name: "ec2 rules",
        counts: "rule change",
        burst: 50.0,
        per_second: 5.0,
        operations: &[
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
            "ec2:RevokeSecurityGroupEgress",
        ],
    },
    Rate {
        name: "ec2 modify",
        counts: "security group change",
        burst: 50.0,
        per_second: 5.0,
        operations: &["ec2:CreateSecurityGroup", "ec2:DeleteSecurityGroup"],
    },
];

impl Aws {
    /// The client of Amazon EC2.
    pub fn ec2(&self) -> aws_sdk_ec2::Client {
        self.client(aws_sdk_ec2::Client::new)
    }
}

/// Reads what the scope asks for.
fn fetch<'a>(aws: &'a Aws, scope: &'a Scope<'a>, finder: &'a Finder<'a>) -> BoxFuture<'a, Gathered> {
    // Boxed: inline, the state of all readers together is more than a thread's stack holds in a debug build.
    Box::pin(async move { Gathered::of(read::fetch(aws, scope, finder).await) })
}
