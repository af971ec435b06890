//! An internet gateway, attached to the VPC. Calls: CreateInternetGateway (with tags), AttachInternetGateway, DetachInternetGateway,
//! DeleteInternetGateway, CreateTags, DeleteTags; DescribeInternetGateways reads. It has no name. It cannot be detached while something
//! in the VPC has a public address, and EC2 hears of the last one's end only minutes later.

use async_trait::async_trait;
use aws_sdk_ec2::types::{InternetGateway, NetworkInterface, ResourceType};
use evenkeel_core::cloud::Waiting;
use evenkeel_core::doc::Text;
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Kind, Polls, Ready, Replace};
use evenkeel_core::snapshot::{Live, Readiness};
use evenkeel_stack::model::Stack;
use serde::{Deserialize, Serialize};

use super::super::replies::{filter, interface_in_words};
use super::super::requests;
use super::fetched::networks;
use super::{tagging, vpc};
use crate::call::gone::{not_yet, unless_gone};
use crate::client::Aws;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, tagged};
use crate::tags::{Retag, Tags};

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "internet_gateway",
        title: "internet gateway",
        fields: &[],
        outputs: &["id"],
        replace: Replace::DeleteFirst,
        ready: Ready::AtOnce,
        // Public addresses are mapped for five to ten minutes after the last thing that had one has gone.
        deadline_secs: 1500,
        vacates: true,
        polls: Polls::every(5, 10),
        ..Kind::PLAIN
    },
    contribute,
    driver: &Gateways,
    paced: Paced::NOT,
    actions: &[
        "ec2:AttachInternetGateway",
        "ec2:CreateInternetGateway",
        "ec2:CreateTags",
        "ec2:DeleteInternetGateway",
        "ec2:DeleteTags",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DetachInternetGateway",
    ],
};

/// The node of the internet gateway.
pub fn id() -> NodeId {
    NodeId::new("internet_gateway", "main")
}

/// The handle under which others refer to the internet gateway of a VPC.
pub(super) fn of_vpc(vpc: &str) -> String {
    format!("internet/{vpc}")
}

/// The canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The id of the VPC that it is attached to, if it is.
    pub vpc: Option<Text>,
    /// The user's tags.
    pub tags: Tags,
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    // Private subnets alone have no way to it.
    let Some(own) = stack.network.create.as_ref().filter(|own| !own.public.is_empty()) else { return };
    let want = Spec { vpc: Some(Text::output(vpc::id(), "id")), tags: tagging::named(stack, "main") };
    nodes.push(tagging::node(own, id(), &want));
}

struct Gateways;

tagged!(Spec);

fn live(stack: &str, raw: &InternetGateway) -> Live<Spec> {
    let attached = raw.attachments().iter().find_map(|one| one.vpc_id()).map(str::to_owned);
    let have = Spec { vpc: attached.clone().map(Text::from), tags: tagging::user(raw.tags()) };
    let mut live = tagging::live(raw.internet_gateway_id(), raw.tags(), (stack, ENTRY.kind.name), have);
    live.handles.extend(attached.as_deref().map(of_vpc));
    live.uses.extend(attached);
    live
}

#[async_trait]
impl Resource for Gateways {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let gateways = networks(fetched)?.gateways.as_ref().map_err(Clone::clone)?;
        Ok(gateways.iter().map(|raw| live(&fetched.stack, raw)).collect())
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, want) = (work.aws, &order.want);
        let tags = tagging::specification(ResourceType::InternetGateway, &order.tags);
        let request = || aws.ec2().create_internet_gateway().tag_specifications(tags.clone()).send();
        let reply = aws.caller.send("ec2:CreateInternetGateway", request).await?;
        let without = || CloudError::bug("ec2:CreateInternetGateway", "the reply contains no gateway");
        let made = live(work.stack, &reply.internet_gateway.ok_or_else(without)?);
        attach(aws, &made.id, want).await?;
        Ok(made.with(want.clone()))
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        requests::write_tags(work.aws, &live.id, tags).await
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        if order.changes("vpc") {
            detach(work.aws, &order.live.id, order.live.have.vpc.as_ref()).await?;
            attach(work.aws, &order.live.id, &order.want).await?;
        }
        Ok(order.done())
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        detach(work.aws, &live.id, live.have.vpc.as_ref()).await?;
        let request = || work.aws.ec2().delete_internet_gateway().internet_gateway_id(&live.id).send();
        work.aws.caller.send("ec2:DeleteInternetGateway", request).await.map(drop)
    }

    async fn poll(&self, work: Work<'_>, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        let mut answers = Vec::with_capacity(waiting.len());
        for one in waiting {
            let found = mapped(work.aws, one.live.have["vpc"].as_str()).await;
            answers.push(found.map(|found| requests::vacancy(&found)));
        }
        answers
    }

    async fn holders(&self, work: Work<'_>, live: &Live) -> Vec<String> {
        // This only explains.
        mapped(work.aws, live.have["vpc"].as_str()).await.unwrap_or_default()
    }
}

async fn attach(aws: &Aws, id: &str, want: &Spec) -> Result<(), CloudError> {
    let vpc = want.vpc.as_ref().and_then(Text::known).map(str::to_owned);
    let request = || aws.ec2().attach_internet_gateway().internet_gateway_id(id).set_vpc_id(vpc.clone()).send();
    aws.caller.send("ec2:AttachInternetGateway", request).await.map_err(not_yet).map(drop)
}

async fn detach(aws: &Aws, id: &str, from: Option<&Text>) -> Result<(), CloudError> {
    let Some(vpc) = from.and_then(Text::known) else { return Ok(()) };
    let request = || aws.ec2().detach_internet_gateway().internet_gateway_id(id).vpc_id(vpc).send();
    unless_gone(aws.caller.send("ec2:DetachInternetGateway", request).await.map(drop))
}

/// What has a public address in a VPC, in words.
async fn mapped(aws: &Aws, vpc: Option<&str>) -> Result<Vec<String>, CloudError> {
    let Some(vpc) = vpc else { return Ok(Vec::new()) };
    let found = requests::interfaces(aws, filter("vpc-id", vpc)).await?;
    let address = |one: &NetworkInterface| {
        let address = one.association()?.public_ip()?.to_owned();
        let id = one.network_interface_id().unwrap_or_default();
        Some(format!("the address {address} of {}", interface_in_words(id, one.description().unwrap_or_default())))
    };
    Ok(found.iter().filter_map(address).collect())
}
