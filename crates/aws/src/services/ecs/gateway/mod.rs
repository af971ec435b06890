//! Gateways of ECS: ingress that is set up once, and that services of a cluster connect to. This file holds what the engine knows of the
//! kind, its document, and what a stack file contributes; `convert.rs` turns replies into documents, `write.rs` documents into
//! requests, `existing.rs` looks for gateways of others.
//!
//! Calls: CreateGateway (which is answered with one that is active), UpdateGateway (which goes on for a while), DeleteGateway,
//! DescribeGateway, ListGateways; AssociateGatewayWithCluster, DisassociateGatewayFromCluster, ListGatewayClusterAssociations;
//! ListGatewayRoutes. What ECS makes for a gateway carries `AmazonECSManaged` and the gateway's own tags: our marks on it count
//! for nothing. A tag of the gateway names the cluster that the stack has associated it with.

mod convert;
mod existing;
mod write;

use evenkeel_core::doc::{Text, Texts};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Polls, Ready, Replace};
use evenkeel_stack::model::{self, Stack};
use serde::{Deserialize, Serialize};

use super::cluster;
use crate::resource::{Entry, Paced, wanted};
use crate::services::ec2::network;
use crate::tags::Tags;

/// The kind's name.
pub const KIND: &str = "gateway";

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: KIND,
        title: "ECS gateway",
        fields: &[
            Field::immutable("scheme"),
            Field::immutable("ip_address_type"),
            Field::set("subnets").forces_replacement(),
            Field::set("test_header.values"),
        ],
        outputs: &["arn", "name", "access"],
        replace: Replace::CreateFirst,
        name_limit: 255,
        ready: Ready::BeforeDependants,
        // Its last route goes with the load balancer behind it.
        deadline_secs: 1800,
        takes_secs: 2,
        polls: Polls::every(2, 5),
        ..Kind::PLAIN
    },
    contribute,
    driver: &write::Gateways,
    paced: Paced::NOT,
    actions: &[
        "tag:GetResources",
        "ecs:CreateGateway",
        "ecs:UpdateGateway",
        "ecs:DeleteGateway",
        "ecs:DescribeGateway",
        "ecs:ListGateways",
        "ecs:AssociateGatewayWithCluster",
        "ecs:DisassociateGatewayFromCluster",
        "ecs:ListGatewayClusterAssociations",
        "ecs:ListGatewayRoutes",
        "ecs:TagResource",
        "ecs:UntagResource",
        "iam:PassRole",
    ],
};

/// The node of an entry of `gateways:`.
pub fn id(entry: &str) -> NodeId {
    NodeId::new(KIND, entry)
}

/// A gateway in canonical form. What is off is empty.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// ARN of the role by which ECS runs it.
    role: Text,
    /// The name of the stack's cluster, if it is associated with that.
    cluster: String,
    /// `internet-facing` or `internal`.
    scheme: String,
    /// `ipv4`, `dualstack` or `dualstack-without-public-ipv4`.
    ip_address_type: String,
    /// Subnet ids.
    subnets: Texts,
    /// The group that lets clients in.
    security_group: Text,
    /// ARN.
    web_acl: Option<String>,
    access_logs: AccessLogs,
    max_load_balancers: u32,
    http_desync: String,
    test_header: TestHeader,
    deletion_protection: bool,
    propagate_tags: bool,
    /// The user's tags.
    tags: Tags,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct AccessLogs {
    bucket: String,
    prefix: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct TestHeader {
    name: String,
    /// Sorted.
    values: Vec<String>,
}

/// What a connector of a service has to say to reach gateways of a scheme.
fn access(scheme: &str) -> &'static str {
    if scheme == "internal" { "PRIVATE" } else { "PUBLIC" }
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (entry, gateway) in &stack.gateways {
        if let Some(existing) = &gateway.existing {
            nodes.push(existing::node(stack, entry, gateway, existing));
            continue;
        }
        let name = cluster::entry_name(stack, gateway.meta.name.as_deref(), entry);
        let mut node = wanted(id, entry, &gateway.meta, name, &desired(stack, gateway));
        node.needs.extend(stack.cluster.as_ref().map(|_| cluster::id()));
        nodes.push(node);
    }
}

fn desired(stack: &Stack, gateway: &model::Gateway) -> Spec {
    let logs = gateway.access_logs.clone().unwrap_or_default();
    let header = gateway.test_header.clone().unwrap_or_default();
    Spec {
        role: gateway.role.clone(),
        cluster: stack.cluster.as_ref().map(|_| cluster::physical(stack)).unwrap_or_default(),
        scheme: gateway.scheme.clone(),
        ip_address_type: gateway.ip_address_type.clone(),
        subnets: gateway.subnets.as_ref().map_or_else(
            || Texts::output(network::id(), "subnets"),
            |ids| ids.iter().map(|id| Text::from(id.as_str())).collect(),
        ),
        security_group: gateway.security_group.clone().unwrap_or_default(),
        web_acl: gateway.web_acl.clone(),
        access_logs: AccessLogs { bucket: logs.0, prefix: logs.1 },
        max_load_balancers: gateway.max_load_balancers,
        http_desync: gateway.http_desync.clone(),
        test_header: TestHeader { name: header.0, values: header.1 },
        deletion_protection: gateway.deletion_protection,
        propagate_tags: gateway.propagate_tags,
        tags: gateway.meta.tags.clone(),
    }
}
