//! The network: the VPC and the subnets that the stack lives in. Only looked up (`ec2:DescribeSubnets`, and
//! `ec2:DescribeVpcs` unless the default or an id was asked for), never made or changed.
//! Only the default VPC has default subnets, so asking for these finds both in one request.

use std::collections::BTreeMap;
use std::fmt;

use aws_sdk_ec2::types::{Subnet, Vpc};
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Kind, Ready, Replace};
use evenkeel_core::snapshot::{Live, Owner};
use serde::{Deserialize, Serialize};

use crate::read::Fetched;
use crate::resource::{Entry, Lookup, OnlyLookedUp, Paced, doc};
use crate::services::ec2::read::{Ec2, Network, missing};
use crate::services::ec2::replies::tags_of;
use crate::tags::Tags;
use evenkeel_stack::model::{Stack, SubnetsRef, VpcRef};

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "network",
        title: "VPC and subnets",
        fields: &[],
        // Those that only a network of the stack's own has are told in `own/places.rs`.
        outputs: &["vpc_id", "subnets", "zones", "public_subnets", "private_subnets", "nat_addresses"],
        replace: Replace::CreateFirst,
        name_limit: 0,
        ready: Ready::AtOnce,
        deadline_secs: 60,
        ..Kind::PLAIN
    },
    contribute,
    driver: &OnlyLookedUp(Networks),
    paced: Paced::NOT,
    actions: &["ec2:DescribeSubnets", "ec2:DescribeVpcs"],
};

/// The node of `network:`.
pub fn id() -> NodeId {
    NodeId::new("network", "main")
}

/// What to look for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The VPC.
    pub vpc: VpcChoice,
    /// The subnets in it.
    pub subnets: SubnetChoice,
}

/// Which VPC.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VpcChoice {
    /// The region's default.
    Default,
    /// This one.
    Id(String),
    /// The one with all these tags.
    Tags(BTreeMap<String, String>),
}

/// Which subnets.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubnetChoice {
    /// The default subnet of each zone; in a VPC without such, the first subnet of each zone.
    Default,
    /// These.
    Ids(Vec<String>),
    /// All with all these tags.
    Tags(BTreeMap<String, String>),
}

impl VpcChoice {
    /// Whether this VPC is meant, asked again here because some endpoints ignore filters.
    pub fn fits(&self, vpc: &Vpc) -> bool {
        match self {
            Self::Default => vpc.is_default() == Some(true),
            Self::Id(id) => vpc.vpc_id() == Some(id),
            Self::Tags(tags) => has_all(&tags_of(vpc.tags()), tags),
        }
    }
}

impl fmt::Display for VpcChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the default VPC"),
            Self::Id(id) => f.write_str(id),
            Self::Tags(tags) => write!(f, "the tags {}", tag_list(tags)),
        }
    }
}

fn tag_list(tags: &BTreeMap<String, String>) -> String {
    tags.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ")
}

fn has_all(have: &Tags, wanted: &Tags) -> bool {
    wanted.iter().all(|(key, value)| have.get(key) == Some(value))
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    let network = &stack.network;
    let vpc = match &network.vpc {
        VpcRef::Default => VpcChoice::Default,
        VpcRef::Id(id) => VpcChoice::Id(id.clone()),
        VpcRef::Tags(tags) => VpcChoice::Tags(tags.clone()),
    };
    let subnets = match &network.subnets {
        SubnetsRef::Default => SubnetChoice::Default,
        SubnetsRef::Ids(ids) => SubnetChoice::Ids(ids.clone()),
        SubnetsRef::Tags(tags) => SubnetChoice::Tags(tags.clone()),
    };
    let mut node = Node::lookup(id(), "", doc(&Spec { vpc, subnets }));
    node.origin = Some(network.place.to_string());
    nodes.push(node);
}

/// Picks the subnets that are meant out of those that AWS returned, in a stable order.
///
/// # Errors
/// `Invalid`: there is none, or one that was named is not in the VPC.
pub fn choose(spec: Spec, vpc: String, mut subnets: Vec<Subnet>) -> Result<Network, CloudError> {
    let key = |subnet: &Subnet| {
        let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
        (text(subnet.availability_zone()), text(subnet.subnet_id()))
    };
    subnets.sort_by_key(key);
    match &spec.subnets {
        SubnetChoice::Ids(ids) => {
            subnets.retain(|subnet| subnet.subnet_id().is_some_and(|id| ids.iter().any(|wanted| wanted == id)));
            check_ids(&spec, ids, &vpc, &subnets)?;
        }
        SubnetChoice::Tags(tags) => {
            subnets.retain(|subnet| subnet.vpc_id() == Some(&vpc) && has_all(&tags_of(subnet.tags()), tags));
            if subnets.is_empty() {
                return Err(missing(
                    format!("no subnet of {vpc} has the tags {}", tag_list(tags)),
                    "correct `network: subnets` in the stack file",
                ));
            }
        }
        SubnetChoice::Default => {
            subnets.retain(|subnet| subnet.vpc_id() == Some(&vpc));
            if subnets.iter().any(|subnet| subnet.default_for_az() == Some(true)) {
                subnets.retain(|subnet| subnet.default_for_az() == Some(true));
            }
            // A load balancer takes one subnet of a zone.
            subnets.dedup_by_key(|subnet| key(subnet).0);
            if subnets.is_empty() {
                return Err(missing(
                    format!("{vpc} does not exist in this region, or has no subnets"),
                    "correct `network: vpc` in the stack file, or create subnets (`aws ec2 create-default-subnet`)",
                ));
            }
        }
    }
    Ok(Network { spec, vpc, subnets })
}

fn check_ids(spec: &Spec, ids: &[String], vpc: &str, found: &[Subnet]) -> Result<(), CloudError> {
    for id in ids {
        match found.iter().find(|subnet| subnet.subnet_id() == Some(id)) {
            None => {
                return Err(missing(
                    format!("subnet {id} does not exist in this region"),
                    "correct `network: subnets` in the stack file",
                ));
            }
            Some(subnet) if subnet.vpc_id() != Some(vpc) => {
                let other = subnet.vpc_id().unwrap_or_default();
                let what = if spec.vpc == VpcChoice::Default { "the default VPC " } else { "" };
                return Err(missing(
                    format!("subnet {id} is in {other}, not in {what}{vpc}"),
                    &format!("write `network: {{ vpc: {other} }}`"),
                ));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn live(network: &Network) -> Live {
    let subnets: Vec<&str> = network.subnets.iter().filter_map(Subnet::subnet_id).collect();
    let mut zones: Vec<&str> = network.subnets.iter().filter_map(Subnet::availability_zone).collect();
    zones.dedup();
    Live::new(&network.vpc, "", Owner::Nobody, doc(&network.spec))
        .output("vpc_id", network.vpc.as_str())
        .output("subnets", subnets)
        .output("zones", zones)
}

struct Networks;

impl Lookup for Networks {
    fn look_up(&self, fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError> {
        match fetched.part::<Ec2>()?.networks.get(&node.id) {
            None => Ok(None),
            Some(Ok(network)) => Ok(Some(live(network))),
            Some(Err(error)) => Err(error.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(id: &str, zone: &str, default: bool) -> Subnet {
        Subnet::builder().subnet_id(id).availability_zone(zone).vpc_id("vpc-1").default_for_az(default).build()
    }

    fn spec(subnets: SubnetChoice) -> Spec {
        Spec { vpc: VpcChoice::Default, subnets }
    }

    #[test]
    fn the_default_is_one_subnet_of_each_zone() {
        let all = vec![
            subnet("subnet-3", "b", true),
            subnet("subnet-2", "a", false),
            subnet("subnet-1", "b", false),
            subnet("subnet-4", "a", true),
        ];
        let ids = |network: &Network| live(network).outputs["subnets"].clone();
        let chosen = choose(spec(SubnetChoice::Default), "vpc-1".to_owned(), all.clone()).unwrap();
        assert_eq!(ids(&chosen), serde_json::json!(["subnet-4", "subnet-3"]));
        let none_default = all.into_iter().filter(|subnet| subnet.default_for_az() == Some(false)).collect();
        let chosen = choose(spec(SubnetChoice::Default), "vpc-1".to_owned(), none_default).unwrap();
        assert_eq!(ids(&chosen), serde_json::json!(["subnet-2", "subnet-1"]));
    }

    #[test]
    fn a_subnet_of_another_vpc_is_refused_by_name() {
        let ids = SubnetChoice::Ids(vec!["subnet-1".to_owned()]);
        let error = choose(spec(ids.clone()), "vpc-2".to_owned(), vec![subnet("subnet-1", "a", true)]).unwrap_err();
        assert_eq!(error.message, "subnet subnet-1 is in vpc-1, not in the default VPC vpc-2");
        let error = choose(spec(ids), "vpc-1".to_owned(), Vec::new()).unwrap_err();
        assert_eq!(error.message, "subnet subnet-1 does not exist in this region");
    }

    #[test]
    fn what_to_look_for_survives_being_written_and_read() {
        let tags = [("Name".to_owned(), "main".to_owned())].into();
        for vpc in [VpcChoice::Default, VpcChoice::Id("vpc-1".to_owned()), VpcChoice::Tags(tags)] {
            let spec = Spec { vpc, subnets: SubnetChoice::Default };
            assert_eq!(crate::resource::spec::<Spec>(&doc(&spec)).unwrap(), spec);
        }
    }
}
