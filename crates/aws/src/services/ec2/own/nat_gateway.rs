//! A NAT gateway, by which private subnets get out. Calls: CreateNatGateway (with tags and a token), DeleteNatGateway, CreateTags,
//! DeleteTags; DescribeNatGateways reads. It has no name; its subnet and its address never change, and two cannot have one address, so that
//! the old one goes before another comes. It takes about two minutes to come and one to go; until it is `deleted` it holds its subnet and
//! its address, and then it is listed for another hour, which is nobody's business. One that failed goes by itself.

use async_trait::async_trait;
use aws_sdk_ec2::types::{ConnectivityType, NatGateway, NatGatewayState, ResourceType};
use evenkeel_core::cloud::{Goal, Waiting};
use evenkeel_core::doc::Text;
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Polls, Ready, Replace};
use evenkeel_core::snapshot::{Live, Readiness};
use evenkeel_stack::model::Stack;
use serde::{Deserialize, Serialize};

use super::super::requests;
use super::fetched::networks;
use super::read;
use super::subnet::Tier;
use super::{elastic_ip, internet_gateway, subnet, tagging};
use crate::call::gone::not_yet;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, tagged};
use crate::tags::{Retag, Tags};

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "nat_gateway",
        title: "NAT gateway",
        fields: &[Field::immutable("subnet"), Field::immutable("address")],
        outputs: &["id"],
        replace: Replace::DeleteFirst,
        ready: Ready::BeforeDependants,
        slow_delete: true,
        deadline_secs: 1200,
        takes_secs: 110,
        polls: Polls::every(10, 15),
        ..Kind::PLAIN
    },
    contribute,
    driver: &Nats,
    paced: Paced::NOT,
    actions: &[
        "ec2:CreateNatGateway",
        "ec2:CreateTags",
        "ec2:DeleteNatGateway",
        "ec2:DeleteTags",
        "ec2:DescribeNatGateways",
    ],
};

/// The node of a NAT gateway; they are counted from 1.
pub fn id(nat: usize) -> NodeId {
    NodeId::new("nat_gateway", &format!("nat-{nat}"))
}

/// The canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The id of its subnet.
    pub subnet: Text,
    /// The allocation of its address.
    pub address: Text,
    /// The user's tags.
    pub tags: Tags,
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    let Some(own) = &stack.network.create else { return };
    for nat in 1..=own.nats() {
        let id = id(nat);
        let want = Spec {
            subnet: Text::output(subnet::id(Tier::Public, nat), "id"),
            address: Text::output(elastic_ip::id(nat), "id"),
            tags: tagging::named(stack, id.name()),
        };
        let mut node = tagging::node(own, id, &want);
        // EC2 makes none in a network without a way to the internet.
        node.needs.insert(internet_gateway::id());
        nodes.push(node);
    }
}

struct Nats;

tagged!(Spec);

fn live(stack: &str, raw: &NatGateway) -> Live<Spec> {
    let subnet = raw.subnet_id().unwrap_or_default();
    let address = raw.nat_gateway_addresses().iter().find_map(|one| one.allocation_id()).unwrap_or_default();
    let have = Spec { subnet: subnet.into(), address: address.into(), tags: tagging::user(raw.tags()) };
    let mut live = tagging::live(raw.nat_gateway_id(), raw.tags(), (stack, ENTRY.kind.name), have);
    live.uses = vec![subnet.to_owned(), address.to_owned()];
    live.uses.extend(raw.vpc_id().map(internet_gateway::of_vpc));
    live.readiness = readiness(raw);
    live
}

fn readiness(raw: &NatGateway) -> Readiness {
    match raw.state() {
        // An emulator may leave it out.
        Some(NatGatewayState::Available) | None => Readiness::Ready,
        Some(NatGatewayState::Failed) => {
            let code = raw.failure_code().unwrap_or("failed");
            Readiness::Failed(format!("{code}: {}", raw.failure_message().unwrap_or("EC2 does not say why")))
        }
        Some(NatGatewayState::Deleted) => Readiness::Gone,
        Some(other) => Readiness::Pending(other.as_str().to_owned()),
    }
}

#[async_trait]
impl Resource for Nats {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let nats = networks(fetched)?.nats.as_ref().map_err(Clone::clone)?;
        Ok(nats.iter().map(|raw| live(&fetched.stack, raw)).collect())
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, want) = (work.aws, &order.want);
        let tags = tagging::specification(ResourceType::Natgateway, &order.tags);
        let request = || {
            let request = aws.ec2().create_nat_gateway().connectivity_type(ConnectivityType::Public);
            request
                .set_subnet_id(want.subnet.known().map(str::to_owned))
                .set_allocation_id(want.address.known().map(str::to_owned))
                .client_token(order.order.token)
                .tag_specifications(tags.clone())
                .send()
        };
        let reply = aws.caller.send("ec2:CreateNatGateway", request).await.map_err(not_yet)?;
        let without = || CloudError::bug("ec2:CreateNatGateway", "the reply contains no gateway");
        Ok(live(work.stack, &reply.nat_gateway.ok_or_else(without)?).with(want.clone()))
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        requests::write_tags(work.aws, &live.id, tags).await
    }

    async fn update(&self, _work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        // Nothing but the tags changes in place.
        Ok(order.live.clone())
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let request = || work.aws.ec2().delete_nat_gateway().nat_gateway_id(&live.id).send();
        work.aws.caller.send("ec2:DeleteNatGateway", request).await.map(drop)
    }

    async fn poll(&self, work: Work<'_>, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        let ids = waiting.iter().map(|one| one.live.id.clone()).collect();
        let found = match read::nats_by_id(work.aws, ids).await {
            Ok(found) => found,
            Err(error) => return waiting.iter().map(|_| Err(error.clone())).collect(),
        };
        let of = |one: &Waiting| {
            let raw = found.iter().find(|raw| raw.nat_gateway_id() == Some(&one.live.id));
            match raw.map(readiness) {
                // A moment after it was made, the list may not have it.
                None if one.goal == Goal::Ready => Readiness::Pending("not listed yet".to_owned()),
                None => Readiness::Gone,
                // It goes by itself.
                Some(Readiness::Failed(_)) if one.goal == Goal::Gone => Readiness::Gone,
                Some(Readiness::Ready) if one.goal == Goal::Gone => Readiness::Pending("deleting".to_owned()),
                Some(other) => other,
            }
        };
        waiting.iter().map(|one| Ok(of(one))).collect()
    }
}
