//! A subnet. Calls: CreateSubnet (with tags), CreateTags, DeleteTags, DeleteSubnet; DescribeSubnets reads. It has no name; its VPC, zone and
//! range never change. What runs in a subnet cannot be taken along into another one, so that a difference in zone or range is told and let
//! be: more zones come at the end of the list. A subnet cannot go before the network interfaces in it, which load balancers and tasks
//! leave behind for minutes.

use async_trait::async_trait;
use aws_sdk_ec2::types::{Filter, NetworkInterface, ResourceType, Subnet};
use evenkeel_core::cloud::Waiting;
use evenkeel_core::doc::Text;
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Polls, Ready, Replace};
use evenkeel_core::snapshot::{Live, Readiness};
use evenkeel_stack::model::{OwnNetwork, Stack};
use serde::{Deserialize, Serialize};

use super::super::replies::interface_in_words;
use super::super::requests;
use super::fetched::networks;
use super::{availability_zones, tagging, vpc};
use crate::call::gone::not_yet;
use crate::client::Aws;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, tagged};
use crate::tags::{Retag, Tags};

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "subnet",
        title: "subnet",
        fields: &[Field::immutable("vpc"), Field::informational("zone"), Field::informational("cidr")],
        outputs: &["id"],
        replace: Replace::DeleteFirst,
        ready: Ready::AtOnce,
        // The interfaces of stopped tasks and deleted load balancers stay for minutes.
        deadline_secs: 1500,
        vacates: true,
        polls: Polls::every(5, 10),
        ..Kind::PLAIN
    },
    contribute,
    driver: &Subnets,
    paced: Paced::NOT,
    actions: &[
        "ec2:CreateSubnet",
        "ec2:CreateTags",
        "ec2:DeleteSubnet",
        "ec2:DeleteTags",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
    ],
};

/// Whether a subnet's way out is the internet gateway.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tier {
    /// It is.
    Public,
    /// It is a NAT gateway, or there is none.
    Private,
}

impl Tier {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }

    /// The ranges of its subnets in a network, one for each zone.
    pub fn ranges(self, own: &OwnNetwork) -> &[String] {
        match self {
            Self::Public => &own.public,
            Self::Private => &own.private,
        }
    }
}

/// The node of the subnet of a tier in a zone, which are counted from 1.
pub fn id(tier: Tier, zone: usize) -> NodeId {
    NodeId::new("subnet", &format!("{}-{zone}", tier.word()))
}

/// The nodes of all subnets of a tier.
pub fn of_tier(own: &OwnNetwork, tier: Tier) -> impl Iterator<Item = NodeId> {
    (1..=tier.ranges(own).len()).map(move |zone| id(tier, zone))
}

/// The canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The id of its VPC.
    pub vpc: Text,
    /// The name of its availability zone.
    pub zone: Text,
    /// The range of its addresses.
    pub cidr: String,
    /// The user's tags.
    pub tags: Tags,
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    let Some(own) = &stack.network.create else { return };
    for tier in [Tier::Public, Tier::Private] {
        for (at, range) in tier.ranges(own).iter().enumerate() {
            let id = id(tier, at + 1);
            let want = Spec {
                vpc: Text::output(vpc::id(), "id"),
                zone: availability_zones::zone(at + 1),
                cidr: range.clone(),
                tags: tagging::named(stack, id.name()),
            };
            nodes.push(tagging::node(own, id, &want));
        }
    }
}

struct Subnets;

tagged!(Spec);

fn live(stack: &str, raw: &Subnet) -> Live<Spec> {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let have = Spec {
        vpc: text(raw.vpc_id()).into(),
        zone: text(raw.availability_zone()).into(),
        cidr: text(raw.cidr_block()),
        tags: tagging::user(raw.tags()),
    };
    let mut live = tagging::live(raw.subnet_id(), raw.tags(), (stack, ENTRY.kind.name), have);
    live.uses = vec![text(raw.vpc_id())];
    live
}

#[async_trait]
impl Resource for Subnets {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let own = networks(fetched)?;
        let subnets = own.subnets.as_ref().map_err(Clone::clone)?;
        let with_others = |raw: &Subnet| {
            let mut live = live(&fetched.stack, raw);
            live.kept_by = own.others_in(&live.id);
            live
        };
        Ok(subnets.iter().map(with_others).collect())
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, want) = (work.aws, &order.want);
        let tags = tagging::specification(ResourceType::Subnet, &order.tags);
        let request = || {
            let request = aws.ec2().create_subnet().cidr_block(&want.cidr).tag_specifications(tags.clone());
            request
                .set_vpc_id(want.vpc.known().map(str::to_owned))
                .set_availability_zone(want.zone.known().map(str::to_owned))
                .send()
        };
        let reply = aws.caller.send("ec2:CreateSubnet", request).await.map_err(not_yet)?;
        let raw = reply.subnet.ok_or_else(|| CloudError::bug("ec2:CreateSubnet", "the reply contains no subnet"))?;
        Ok(live(work.stack, &raw))
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        requests::write_tags(work.aws, &live.id, tags).await
    }

    async fn update(&self, _work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        // Nothing but the tags changes in place.
        Ok(order.live.clone())
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let request = || work.aws.ec2().delete_subnet().subnet_id(&live.id).send();
        work.aws.caller.send("ec2:DeleteSubnet", request).await.map(drop)
    }

    async fn poll(&self, work: Work<'_>, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        let ids: Vec<String> = waiting.iter().map(|one| one.live.id.clone()).collect();
        match inside(work.aws, ids.clone()).await {
            Err(error) => waiting.iter().map(|_| Err(error.clone())).collect(),
            Ok(found) => {
                let of = |id: &String| {
                    let own = found.iter().filter(|interface| interface.subnet_id() == Some(id));
                    requests::vacancy(&own.map(in_words).collect::<Vec<_>>())
                };
                ids.iter().map(|id| Ok(of(id))).collect()
            }
        }
    }

    async fn holders(&self, work: Work<'_>, live: &Live) -> Vec<String> {
        // This only explains.
        let found = inside(work.aws, vec![live.id.clone()]).await.unwrap_or_default();
        found.iter().map(in_words).collect()
    }
}

/// Network interfaces in these subnets: one request for all of them.
async fn inside(aws: &Aws, ids: Vec<String>) -> Result<Vec<NetworkInterface>, CloudError> {
    let only = Filter::builder().name("subnet-id").set_values(Some(ids)).build();
    requests::interfaces(aws, only).await
}

fn in_words(interface: &NetworkInterface) -> String {
    let id = interface.network_interface_id().unwrap_or_default();
    interface_in_words(id, interface.description().unwrap_or_default())
}
