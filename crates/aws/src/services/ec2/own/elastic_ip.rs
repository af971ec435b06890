//! An Elastic IP address, which a NAT gateway has. Calls: AllocateAddress (with tags), ReleaseAddress, CreateTags, DeleteTags;
//! DescribeAddresses reads, in one piece. It has no name. It cannot be released before its NAT gateway is gone for good, and once it is
//! released nobody gets the same address again. An account has five in a region unless it asks for more.

use async_trait::async_trait;
use aws_sdk_ec2::types::{Address, DomainType, ResourceType};
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Kind, Ready, Replace};
use evenkeel_core::snapshot::Live;
use evenkeel_stack::model::Stack;
use serde::{Deserialize, Serialize};

use super::super::requests;
use super::fetched::networks;
use super::tagging;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, tagged};
use crate::tags::{Retag, Tags};

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "elastic_ip",
        title: "Elastic IP address",
        fields: &[],
        outputs: &["id", "address"],
        replace: Replace::CreateFirst,
        ready: Ready::AtOnce,
        deadline_secs: 600,
        ..Kind::PLAIN
    },
    contribute,
    driver: &Addresses,
    paced: Paced::NOT,
    actions: &[
        "ec2:AllocateAddress",
        "ec2:CreateTags",
        "ec2:DeleteTags",
        "ec2:DescribeAddresses",
        "ec2:ReleaseAddress",
    ],
};

/// The node of the address of a NAT gateway; these are counted from 1.
pub fn id(nat: usize) -> NodeId {
    NodeId::new("elastic_ip", &format!("nat-{nat}"))
}

/// The canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The user's tags.
    pub tags: Tags,
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    let Some(own) = &stack.network.create else { return };
    for nat in 1..=own.nats() {
        let id = id(nat);
        let want = Spec { tags: tagging::named(stack, id.name()) };
        nodes.push(tagging::node(own, id, &want));
    }
}

struct Addresses;

tagged!(Spec);

fn live(stack: &str, raw: &Address) -> Live<Spec> {
    let have = Spec { tags: tagging::user(raw.tags()) };
    let live = tagging::live(raw.allocation_id(), raw.tags(), (stack, ENTRY.kind.name), have);
    live.output("address", raw.public_ip().unwrap_or_default())
}

#[async_trait]
impl Resource for Addresses {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let addresses = networks(fetched)?.addresses.as_ref().map_err(Clone::clone)?;
        Ok(addresses.iter().map(|raw| live(&fetched.stack, raw)).collect())
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let aws = work.aws;
        let tags = tagging::specification(ResourceType::ElasticIp, &order.tags);
        let request = || aws.ec2().allocate_address().domain(DomainType::Vpc).tag_specifications(tags.clone()).send();
        let reply = aws.caller.send("ec2:AllocateAddress", request).await?;
        let raw = Address::builder()
            .set_allocation_id(reply.allocation_id().map(str::to_owned))
            .set_public_ip(reply.public_ip().map(str::to_owned));
        Ok(live(work.stack, &raw.build()).with(order.want.clone()))
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        requests::write_tags(work.aws, &live.id, tags).await
    }

    async fn update(&self, _work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        // Nothing but the tags changes in place.
        Ok(order.live.clone())
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let request = || work.aws.ec2().release_address().allocation_id(&live.id).send();
        work.aws.caller.send("ec2:ReleaseAddress", request).await.map(drop)
    }
}
