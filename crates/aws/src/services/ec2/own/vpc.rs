//! A VPC. Calls: CreateVpc (with tags), ModifyVpcAttribute (one attribute a call), CreateTags, DeleteTags, DeleteVpc; the reader tells it
//! with DescribeVpcs and DescribeVpcAttribute. It has no name, and its range never changes: another one would mean another VPC for
//! everything, so that a difference is told and let be. With it go its default security group, main route table and network ACL, which
//! AWS has made. What others have in it keeps it from being deleted.

use async_trait::async_trait;
use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType};
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Ready, Replace};
use evenkeel_core::snapshot::Live;
use evenkeel_stack::model::Stack;
use serde::{Deserialize, Serialize};

use super::super::requests;
use super::fetched::networks;
use super::read::OwnVpc;
use super::tagging;
use crate::call::gone::not_yet;
use crate::client::Aws;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, tagged};
use crate::tags::{Retag, Tags};

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "vpc",
        title: "VPC",
        fields: &[Field::informational("cidr")],
        outputs: &["id", "cidr"],
        replace: Replace::CreateFirst,
        ready: Ready::AtOnce,
        deadline_secs: 900,
        takes_secs: 2,
        ..Kind::PLAIN
    },
    contribute,
    driver: &Vpcs,
    paced: Paced::NOT,
    actions: &[
        "ec2:CreateTags",
        "ec2:CreateVpc",
        "ec2:DeleteTags",
        "ec2:DeleteVpc",
        "ec2:DescribeInstances",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcAttribute",
        "ec2:DescribeVpcs",
        "ec2:ModifyVpcAttribute",
    ],
};

/// The node of the VPC.
pub fn id() -> NodeId {
    NodeId::new("vpc", "main")
}

/// The canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The range of its addresses.
    pub cidr: String,
    /// Whether AWS's DNS server answers in it.
    pub dns_support: bool,
    /// Whether what has a public address gets a DNS name.
    pub dns_hostnames: bool,
    /// The user's tags.
    pub tags: Tags,
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    let Some(own) = &stack.network.create else { return };
    let want = Spec {
        cidr: own.cidr.clone(),
        dns_support: own.dns_support,
        dns_hostnames: own.dns_hostnames,
        tags: tagging::named(stack, "main"),
    };
    nodes.push(tagging::node(own, id(), &want));
}

struct Vpcs;

tagged!(Spec);

fn live(stack: &str, read: &OwnVpc) -> Live<Spec> {
    let raw = &read.raw;
    let have = Spec {
        cidr: raw.cidr_block().unwrap_or_default().to_owned(),
        dns_support: read.dns_support,
        dns_hostnames: read.dns_hostnames,
        tags: tagging::user(raw.tags()),
    };
    let cidr = have.cidr.clone();
    let mut live = tagging::live(raw.vpc_id(), raw.tags(), (stack, ENTRY.kind.name), have).output("cidr", cidr);
    live.kept_by = (!read.others.is_empty()).then(|| read.others.join(", "));
    live
}

#[async_trait]
impl Resource for Vpcs {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let vpcs = networks(fetched)?.vpcs.as_ref().map_err(Clone::clone)?;
        Ok(vpcs.iter().map(|vpc| live(&fetched.stack, vpc)).collect())
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, want) = (work.aws, &order.want);
        let tags = tagging::specification(ResourceType::Vpc, &order.tags);
        let request = || aws.ec2().create_vpc().cidr_block(&want.cidr).tag_specifications(tags.clone()).send();
        let reply = aws.caller.send("ec2:CreateVpc", request).await?;
        let raw = reply.vpc.ok_or_else(|| CloudError::bug("ec2:CreateVpc", "the reply contains no VPC"))?;
        // As AWS makes it.
        let made = OwnVpc { raw, dns_support: true, dns_hostnames: false, others: Vec::new() };
        let made = live(work.stack, &made);
        set(aws, &made.id, &made.have, want).await.map_err(not_yet)?;
        Ok(made.with(want.clone()))
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        requests::write_tags(work.aws, &live.id, tags).await
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        set(work.aws, &order.live.id, &order.live.have, &order.want).await?;
        let cidr = order.live.have.cidr.clone();
        Ok(order.live.clone().with(Spec { cidr, ..order.want.clone() }))
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let request = || work.aws.ec2().delete_vpc().vpc_id(&live.id).send();
        work.aws.caller.send("ec2:DeleteVpc", request).await.map(drop)
    }

    async fn holders(&self, work: Work<'_>, live: &Live) -> Vec<String> {
        super::read::inside(work.aws, &live.id).await.unwrap_or_default()
    }
}

/// Sets what differs, one attribute in a request; names need the server, so that this is on first and off last.
async fn set(aws: &Aws, vpc: &str, have: &Spec, want: &Spec) -> Result<(), CloudError> {
    let value = |on| AttributeBooleanValue::builder().value(on).build();
    let support = async || {
        if have.dns_support == want.dns_support {
            return Ok(());
        }
        let request =
            || aws.ec2().modify_vpc_attribute().vpc_id(vpc).enable_dns_support(value(want.dns_support)).send();
        aws.caller.send("ec2:ModifyVpcAttribute", request).await.map(drop)
    };
    let names = async || {
        if have.dns_hostnames == want.dns_hostnames {
            return Ok(());
        }
        let request =
            || aws.ec2().modify_vpc_attribute().vpc_id(vpc).enable_dns_hostnames(value(want.dns_hostnames)).send();
        aws.caller.send("ec2:ModifyVpcAttribute", request).await.map(drop)
    };
    if want.dns_support {
        support().await?;
        names().await
    } else {
        names().await?;
        support().await
    }
}
