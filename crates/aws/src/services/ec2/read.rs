//! Reads from EC2: the networks that the stack file looks up, that of its own (`own/read.rs`), and the security groups of the region (`groups.rs`; the replies
//! hold their tags and rules). Kept are the groups with this stack's mark and those of a wanted name, marked or not.
//! Knows no rules of ownership beyond that; the kinds beside it interpret.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_ec2::types::{Filter, SecurityGroup, SecurityGroupRule, Subnet, Vpc};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::name;
use futures::future::join_all;

use super::existing_group_rules::marked as guests;
use super::others::Others;
use super::own::read::{self as own, Networks};
use super::replies::{filter, tags_of};
use super::{groups, security_group};
use crate::client::Aws;
use crate::finder::Finder;
use crate::kinds::network;
use crate::kinds::security_group_rules;
use crate::read::{Part, Scope};
use crate::resource;
use crate::tags;

/// Largest page of the Describe calls of EC2.
const PAGE: i32 = 1000;

/// What was fetched from EC2.
#[derive(Debug)]
pub struct Ec2 {
    /// The networks that were looked up, by node.
    pub networks: BTreeMap<NodeId, Part<Network>>,
    /// Security groups of ours, and those of a wanted name.
    pub groups: Part<Vec<SecurityGroup>>,
    /// What the graph wants, by node name of the group.
    pub wanted: BTreeMap<String, Wanted>,
    /// Rules with this stack's mark, which are in groups of others.
    pub guests: Part<Vec<SecurityGroupRule>>,
    /// The groups of others whose rules the graph wants, with these.
    pub hosts: Vec<Host>,
    /// What others have to do with groups of ours.
    pub others: Others,
    /// The network of the stack's own.
    pub own: Networks,
}

/// A group of others that gets rules of ours.
#[derive(Debug)]
pub struct Host {
    /// The node of the rules.
    pub node: Node,
    /// The group.
    pub sought: security_group::Sought,
}

/// What the graph says of a security group.
#[derive(Debug, Default)]
pub struct Wanted {
    /// The physical name.
    pub name: String,
    /// The entry's old name.
    pub moved_from: Option<String>,
    /// Whether the wanted rules allow everything out over IPv4 and do not speak of the same for IPv6.
    pub default_egress: bool,
    /// The wanted rules, whose peers may not be known yet.
    pub rules: Option<security_group_rules::Spec>,
}

/// A network that was looked up.
#[derive(Debug)]
pub struct Network {
    /// What was looked for.
    pub spec: network::Spec,
    /// The VPC's id.
    pub vpc: String,
    /// The subnets, by zone and id.
    pub subnets: Vec<Subnet>,
}

/// Reads what the scope asks for.
pub async fn fetch(aws: &Aws, scope: &Scope<'_>, finder: &Finder<'_>) -> Ec2 {
    let wanted = wanted(scope);
    let existing = existing(scope);
    let kind = network::ENTRY.kind.name;
    let looked_up = scope.graph.of_kind(kind).filter(|node| node.lookup && scope.wants(&[kind]));
    let networks = looked_up.map(|node| async move { (node.id.clone(), network(aws, node).await) });
    let groups = async {
        if !scope.wants(&["security_group", "security_group_rules", guests::KIND]) {
            return Ok((Vec::new(), Vec::new()));
        }
        let looked_up = existing.values().map(|sought| sought.group.as_str());
        let (ids, looked_up): (BTreeSet<&str>, BTreeSet<&str>) =
            looked_up.partition(|text| security_group::is_id(text));
        let own = wanted.values().map(|wanted| wanted.name.as_str()).filter(|name| !name.is_empty());
        let names: BTreeSet<&str> = own.chain(looked_up).collect();
        let groups = groups::that_matter(aws, scope, &names, &ids).await?;
        let names = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        let kept = groups
            .iter()
            .filter(|group| keep(group, scope.stack, &names) || group.group_id().is_some_and(|id| ids.contains(id)));
        let kept = kept.cloned().collect();
        Ok((kept, Arc::unwrap_or_clone(groups)))
    };
    let (networks, groups, guests, own) =
        futures::join!(join_all(networks), groups, guests::marked(aws, scope, finder), own::fetch(aws, scope, finder));
    let mut networks: BTreeMap<NodeId, Part<Network>> = networks.into_iter().collect();
    if let Some((vpc, subnets)) = own.main(scope.stack) {
        // Where one is looked up, that is the network of the stack.
        let spec = network::Spec { vpc: network::VpcChoice::Id(vpc.clone()), subnets: network::SubnetChoice::Default };
        networks.entry(network::id()).or_insert(Ok(Network { spec, vpc, subnets }));
    }
    let (groups, seen) =
        groups.map_or_else(|error: CloudError| (Err(error), Vec::new()), |(kept, seen)| (Ok(kept), seen));
    let others = Others::of(aws, scope, &seen, &guests).await;
    let hosts = hosts(scope, &existing);
    Ec2 { networks, groups, wanted, guests, hosts, others, own }
}

/// The groups that are looked up, by node name.
fn existing(scope: &Scope<'_>) -> BTreeMap<String, security_group::Sought> {
    let looked_up = scope.graph.of_kind("security_group").filter(|node| node.lookup);
    looked_up.filter_map(|node| Some((node.id.name().to_owned(), resource::spec(&node.want).ok()?))).collect()
}

/// The groups of others whose rules are wanted.
fn hosts(scope: &Scope<'_>, existing: &BTreeMap<String, security_group::Sought>) -> Vec<Host> {
    let wanted = scope.graph.of_kind(guests::KIND);
    let host = |node: &Node| Some(Host { node: node.clone(), sought: existing.get(node.id.name())?.clone() });
    wanted.filter_map(host).collect()
}

fn wanted(scope: &Scope<'_>) -> BTreeMap<String, Wanted> {
    let mut wanted: BTreeMap<String, Wanted> = BTreeMap::new();
    for node in scope.graph.of_kind("security_group").filter(|node| !node.lookup) {
        let entry = wanted.entry(node.id.name().to_owned()).or_default();
        entry.name.clone_from(&node.name);
        entry.moved_from = node.moved_from.as_ref().map(|old| old.name().to_owned());
    }
    for node in scope.graph.of_kind("security_group_rules") {
        let entry = wanted.entry(node.id.name().to_owned()).or_default();
        entry.default_egress = security_group_rules::wants_default_egress(&node.want);
        entry.rules = resource::spec(&node.want).ok();
    }
    wanted
}

/// Whether a group is the stack's, or has one of these names, which are in lower case: EC2 ignores it.
fn keep(group: &SecurityGroup, stack: &str, names: &BTreeSet<String>) -> bool {
    let ours = tags_of(group.tags()).get(tags::STACK).is_some_and(|theirs| theirs == stack);
    ours || name::is_of_any(names, &group.group_name().unwrap_or_default().to_ascii_lowercase())
}

async fn network(aws: &Aws, node: &Node) -> Part<Network> {
    let spec: network::Spec = resource::spec(&node.want)?;
    if spec.vpc == network::VpcChoice::Default && spec.subnets == network::SubnetChoice::Default {
        // One request tells both: only the default VPC has default subnets.
        let mut subnets = subnets(aws, vec![filter("default-for-az", "true")]).await?;
        subnets.retain(|subnet| subnet.default_for_az() == Some(true));
        if let Some(vpc) = subnets.first().and_then(Subnet::vpc_id).map(str::to_owned) {
            subnets.retain(|subnet| subnet.vpc_id() == Some(&vpc));
            return network::choose(spec, vpc, subnets);
        }
    }
    let vpc = vpc(aws, &spec.vpc).await?;
    let mut filters = Vec::new();
    match &spec.subnets {
        network::SubnetChoice::Default => filters.push(filter("vpc-id", &vpc)),
        network::SubnetChoice::Tags(tags) => {
            filters.push(filter("vpc-id", &vpc));
            filters.extend(tags.iter().map(|(key, value)| filter(format!("tag:{key}"), value)));
        }
        // By filter, not by id: an id that does not exist would fail the request without naming the others.
        network::SubnetChoice::Ids(ids) => {
            filters.push(Filter::builder().name("subnet-id").set_values(Some(ids.clone())).build());
        }
    }
    let subnets = subnets(aws, filters).await?;
    network::choose(spec, vpc, subnets)
}

async fn vpc(aws: &Aws, choice: &network::VpcChoice) -> Result<String, CloudError> {
    let filters = match choice {
        network::VpcChoice::Id(id) => return Ok(id.clone()),
        network::VpcChoice::Default => vec![filter("is-default", "true")],
        network::VpcChoice::Tags(tags) => tags.iter().map(|(key, value)| filter(format!("tag:{key}"), value)).collect(),
    };
    let mut found = vpcs(aws, filters).await?;
    found.retain(|vpc| choice.fits(vpc));
    let ids: Vec<&str> = found.iter().filter_map(Vpc::vpc_id).collect();
    match ids.as_slice() {
        [one] => Ok((*one).to_owned()),
        [] if *choice == network::VpcChoice::Default => Err(missing(
            format!("region {} has no default VPC", aws.region),
            "create one with `aws ec2 create-default-vpc`, or name another with `network: { vpc: vpc-… }`",
        )),
        [] => Err(missing(
            format!("region {} has no VPC with {choice}", aws.region),
            "correct `network: vpc` in the stack file, or choose the region with `region:`",
        )),
        several => Err(missing(
            format!("{} VPCs have {choice}: {}", several.len(), several.join(", ")),
            "name one with `network: { vpc: vpc-… }`, or give tags that only one has",
        )),
    }
}

/// The error of a look-up that found nothing, or too much.
pub fn missing(message: String, hint: &str) -> CloudError {
    let mut error = CloudError::local(ErrorClass::Invalid, "network", message);
    error.hint = Some(hint.to_owned());
    error
}

async fn vpcs(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<Vpc>, CloudError> {
    let question = format!("ec2:DescribeVpcs {filters:?}");
    aws.once(question, || all_vpcs(aws, filters)).await.map(Arc::unwrap_or_clone)
}

async fn all_vpcs(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<Vpc>, CloudError> {
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let page = aws
            .caller
            .send("ec2:DescribeVpcs", || {
                let request = aws.ec2().describe_vpcs().set_filters(Some(filters.clone())).max_results(PAGE);
                request.set_next_token(token.clone()).send()
            })
            .await?;
        found.extend(page.vpcs().iter().cloned());
        token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            return Ok(found);
        }
    }
}

async fn subnets(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<Subnet>, CloudError> {
    let question = format!("ec2:DescribeSubnets {filters:?}");
    aws.once(question, || all_subnets(aws, filters)).await.map(Arc::unwrap_or_clone)
}

async fn all_subnets(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<Subnet>, CloudError> {
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let page = aws
            .caller
            .send("ec2:DescribeSubnets", || {
                let request = aws.ec2().describe_subnets().set_filters(Some(filters.clone())).max_results(PAGE);
                request.set_next_token(token.clone()).send()
            })
            .await?;
        found.extend(page.subnets().iter().cloned());
        token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            return Ok(found);
        }
    }
}
