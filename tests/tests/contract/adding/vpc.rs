//! VPCs as a kind: the worked example of `docs/adding-a-kind.md`, which takes its pieces from here. Calls: CreateVpc (with tags),
//! ModifyVpcAttribute (one attribute a call), DescribeVpcs and DescribeVpcAttribute, CreateTags, DeleteTags, DeleteVpc. A VPC has no
//! name; its range never changes.

use async_trait::async_trait;
use aws_sdk_ec2::types::{AttributeBooleanValue, Filter, ResourceType, Tag, TagSpecification, Vpc, VpcAttributeName};
use evenkeel_aws::client::Aws;
use evenkeel_aws::read::{Fetched, Part, Scope};
use evenkeel_aws::resource::{Canonical, Creation, Entry, Modification, Paced, Resource, Work, doc};
use evenkeel_aws::tags::{self, Retag, Tags};
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Ready, Replace};
use evenkeel_core::snapshot::Live;
use evenkeel_stack::model::Stack;
use serde::{Deserialize, Serialize};

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "vpc",
        title: "VPC",
        fields: &[Field::immutable("range")],
        outputs: &["id"],
        replace: Replace::CreateFirst,
        ready: Ready::AtOnce,
        deadline_secs: 60,
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
        "ec2:DescribeVpcAttribute",
        "ec2:DescribeVpcs",
        "ec2:ModifyVpcAttribute",
    ],
};

/// The node of a VPC.
pub fn id(entry: &str) -> NodeId {
    NodeId::new("vpc", entry)
}

/// A VPC in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The range of its addresses.
    pub range: String,
    /// Whether what is in it gets DNS names.
    pub dns_hostnames: bool,
    /// The user's tags.
    pub tags: Tags,
}

impl Canonical for Spec {
    fn tags(&self) -> Option<Tags> {
        Some(self.tags.clone())
    }
}

/// One VPC to a stack: the file has no words for it.
fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    let want = Spec { range: "10.0.0.0/16".to_owned(), dns_hostnames: true, tags: stack.tags.clone() };
    nodes.push(Node::new(id("main"), "", doc(&want)));
}

/// What the reader fetches: the VPCs of the stack, with whether they give DNS names.
#[derive(Debug)]
pub struct Read(Part<Vec<(Vpc, bool)>>);

/// Reads the VPCs that carry the stack's mark.
pub async fn fetch(aws: &Aws, scope: &Scope<'_>) -> Read {
    let marked = Filter::builder().name(format!("tag:{}", tags::STACK)).values(scope.stack).build();
    let request = || aws.ec2().describe_vpcs().filters(marked.clone()).send();
    let vpcs = match aws.caller.send("ec2:DescribeVpcs", request).await {
        Ok(reply) => reply.vpcs.unwrap_or_default(),
        Err(error) => return Read(Err(error)),
    };
    let mut found = Vec::new();
    for vpc in vpcs {
        let attribute = VpcAttributeName::EnableDnsHostnames;
        let id = vpc.vpc_id().unwrap_or_default();
        let request = || aws.ec2().describe_vpc_attribute().vpc_id(id).attribute(attribute.clone()).send();
        match aws.caller.send("ec2:DescribeVpcAttribute", request).await {
            Ok(reply) => found.push((vpc, reply.enable_dns_hostnames().and_then(|it| it.value()).unwrap_or_default())),
            Err(error) => return Read(Err(error)),
        }
    }
    Read(Ok(found))
}

/// What evenkeel can do with VPCs.
pub struct Vpcs;

#[async_trait]
impl Resource for Vpcs {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let read: &Read = fetched.part()?;
        let vpcs = read.0.as_ref().map_err(Clone::clone)?;
        Ok(vpcs.iter().map(|(vpc, dns_hostnames)| live(vpc, *dns_hostnames, &fetched.stack)).collect())
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, want) = (work.aws, &order.want);
        let tags = TagSpecification::builder().resource_type(ResourceType::Vpc).set_tags(Some(api_tags(&order.tags)));
        let tags = tags.build();
        let request = || aws.ec2().create_vpc().cidr_block(&want.range).tag_specifications(tags.clone()).send();
        let reply = aws.caller.send("ec2:CreateVpc", request).await?;
        let vpc = reply.vpc.ok_or_else(|| CloudError::bug("ec2:CreateVpc", "the reply contains no VPC"))?;
        let mut made = live(&vpc, false, work.stack);
        if want.dns_hostnames {
            give_names(aws, &made.id, true).await?;
            made.have.dns_hostnames = true;
        }
        Ok(made)
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        let aws = work.aws;
        if !tags.set.is_empty() {
            let request = || aws.ec2().create_tags().resources(&live.id).set_tags(Some(api_tags(&tags.set))).send();
            aws.caller.send("ec2:CreateTags", request).await?;
        }
        if !tags.remove.is_empty() {
            let keys: Vec<Tag> = tags.remove.iter().map(|key| Tag::builder().key(key).build()).collect();
            let request = || aws.ec2().delete_tags().resources(&live.id).set_tags(Some(keys.clone())).send();
            aws.caller.send("ec2:DeleteTags", request).await?;
        }
        Ok(())
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        if order.changes("dns_hostnames") {
            give_names(work.aws, &order.live.id, order.want.dns_hostnames).await?;
        }
        Ok(order.done())
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let request = || work.aws.ec2().delete_vpc().vpc_id(&live.id).send();
        work.aws.caller.send("ec2:DeleteVpc", request).await.map(drop)
    }
}

async fn give_names(aws: &Aws, vpc: &str, give: bool) -> Result<(), CloudError> {
    let value = AttributeBooleanValue::builder().value(give).build();
    let request = || aws.ec2().modify_vpc_attribute().vpc_id(vpc).enable_dns_hostnames(value.clone()).send();
    aws.caller.send("ec2:ModifyVpcAttribute", request).await.map(drop)
}

fn api_tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

fn live(vpc: &Vpc, dns_hostnames: bool, stack: &str) -> Live<Spec> {
    let pairs = vpc.tags().iter().filter_map(|tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned())));
    let all: Tags = pairs.collect();
    let range = vpc.cidr_block().unwrap_or_default().to_owned();
    let have = Spec { range, dns_hostnames, tags: tags::user(&all) };
    let id = vpc.vpc_id().unwrap_or_default();
    let mut live = Live::new(id, "", tags::owner(&all, stack, ENTRY.kind.name), have).output("id", id);
    live.replaces = all.get(tags::REPLACES).cloned();
    live
}
