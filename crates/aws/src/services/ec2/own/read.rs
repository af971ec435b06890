//! Reads the networks of a stack's own: what carries its mark, one request for each kind of thing, all at once; then, of its VPC, what a
//! description does not tell, and before it goes what others have in it. Sends nothing for a stack without such a network that nothing is
//! left of, as far as the tagging API knows. Knows no kind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_ec2::types::{
    Address, Filter, InternetGateway, NatGateway, NatGatewayState, NetworkInterface, RouteTable, Subnet, Tag, Vpc,
    VpcAttributeName, VpcEndpoint,
};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::Owner;
use futures::future::{join_all, try_join_all};

use super::super::groups::VALUES;
use super::super::replies::{filter, interface_in_words, tags_of};
use super::super::requests;
use crate::client::Aws;
use crate::finder::Finder;
use crate::hands;
use crate::read::{Part, Scope};
use crate::sharing::Known;
use crate::tags;

/// The kinds of a network, but for what is only looked up.
const KINDS: [&str; 7] =
    ["vpc", "subnet", "internet_gateway", "elastic_ip", "nat_gateway", "route_table", "vpc_endpoint"];
/// What is looked up for one.
const ZONES: &str = "availability_zones";
/// What the ARNs of its things have in them.
const ARNS: [&str; 7] =
    [":vpc/", ":subnet/", ":internet-gateway/", ":elastic-ip/", ":natgateway/", ":route-table/", ":vpc-endpoint/"];

/// The networks of a stack's own.
#[derive(Debug)]
pub struct Networks {
    /// Its VPCs.
    pub vpcs: Part<Vec<OwnVpc>>,
    /// Subnets.
    pub subnets: Part<Vec<Subnet>>,
    /// Internet gateways.
    pub gateways: Part<Vec<InternetGateway>>,
    /// Elastic IP addresses.
    pub addresses: Part<Vec<Address>>,
    /// NAT gateways that are there, or that go and are not wanted.
    pub nats: Part<Vec<NatGateway>>,
    /// Route tables.
    pub tables: Part<Vec<RouteTable>>,
    /// Endpoints, likewise.
    pub endpoints: Part<Vec<VpcEndpoint>>,
    /// The names of the region's zones, if they are asked for.
    pub zones: Part<Vec<String>>,
    /// What others have in subnets of the stack, in words, by subnet; only known where something goes.
    others: BTreeMap<String, Vec<String>>,
    /// Whether all of it goes.
    goes: bool,
}

/// A VPC with what only further requests tell.
#[derive(Clone, Debug)]
pub struct OwnVpc {
    /// As it is described.
    pub raw: Vpc,
    /// Whether AWS's DNS server answers in it.
    pub dns_support: bool,
    /// Whether what has a public address gets a DNS name.
    pub dns_hostnames: bool,
    /// What others have in it, in words; only known where it goes.
    pub others: Vec<String>,
}

impl Default for Networks {
    fn default() -> Self {
        Self {
            vpcs: Ok(Vec::new()),
            subnets: Ok(Vec::new()),
            gateways: Ok(Vec::new()),
            addresses: Ok(Vec::new()),
            nats: Ok(Vec::new()),
            tables: Ok(Vec::new()),
            endpoints: Ok(Vec::new()),
            zones: Ok(Vec::new()),
            others: BTreeMap::new(),
            goes: false,
        }
    }
}

impl Networks {
    /// Whether a subnet is the stack's own.
    pub fn has_subnet(&self, id: &str) -> bool {
        self.subnets.as_ref().is_ok_and(|all| all.iter().any(|subnet| subnet.subnet_id() == Some(id)))
    }

    /// What others have in a subnet, in words.
    pub fn others_in(&self, subnet: &str) -> Option<String> {
        self.others.get(subnet).map(|all| all.join(", "))
    }

    /// The endpoints that have interfaces in some of these subnets, if all of the network goes: whoever gets at them goes first.
    pub fn outlive(&self, subnets: &[&str]) -> Vec<String> {
        let all = self.endpoints.iter().flatten().filter(|_| self.goes);
        let there = all.filter(|one| one.subnet_ids().iter().any(|id| subnets.contains(&id.as_str())));
        there.filter_map(|one| one.vpc_endpoint_id()).map(str::to_owned).collect()
    }

    fn vpc(&self, stack: &str) -> Option<&Vpc> {
        let is_main = |vpc: &&OwnVpc| owner(vpc.raw.tags(), stack, "vpc") == Owner::Ours(NodeId::new("vpc", "main"));
        Some(&self.vpcs.as_ref().ok()?.iter().find(is_main)?.raw)
    }

    /// The VPC of a stack, and its range.
    pub fn range(&self, stack: &str) -> Option<(&str, &str)> {
        let vpc = self.vpc(stack)?;
        Some((vpc.vpc_id()?, vpc.cidr_block()?))
    }

    /// The entries whose subnets are there.
    pub fn entries_of_subnets(&self, stack: &str) -> BTreeSet<String> {
        let entry = |subnet: &Subnet| match owner(subnet.tags(), stack, "subnet") {
            Owner::Ours(node) => Some(node.name().to_owned()),
            Owner::OtherStack(_) | Owner::Stray(_) | Owner::Nobody | Owner::Managed { .. } => None,
        };
        self.subnets.iter().flatten().filter_map(entry).collect()
    }

    /// The VPC of a stack, and its subnets.
    pub fn main(&self, stack: &str) -> Option<(String, Vec<Subnet>)> {
        let id = self.vpc(stack)?.vpc_id()?.to_owned();
        let subnets = self.subnets.as_ref().ok()?.iter().filter(|subnet| subnet.vpc_id() == Some(&id));
        let subnets = subnets.cloned().collect();
        Some((id, subnets))
    }

    /// The zones in which the subnets of each number are.
    ///
    /// # Errors
    /// What kept the subnets from being read.
    pub fn zones_of_subnets(&self, stack: &str, count: usize) -> Result<Vec<Option<String>>, CloudError> {
        let subnets = self.subnets.as_ref().map_err(Clone::clone)?;
        let of = |number: usize| {
            let marks = ["public", "private"].map(|tier| NodeId::new("subnet", &format!("{tier}-{number}")));
            let is = |subnet: &&Subnet| matches!(owner(subnet.tags(), stack, "subnet"), Owner::Ours(node) if marks.contains(&node));
            subnets.iter().find(is)?.availability_zone().map(str::to_owned)
        };
        Ok((1..=count).map(of).collect())
    }
}

fn owner(raw: &[Tag], stack: &str, kind: &str) -> Owner {
    tags::owner(&tags_of(raw), stack, kind)
}

/// The state of an endpoint, in small letters: the reference and the replies do not agree on capitals.
pub(super) fn state(endpoint: &VpcEndpoint) -> String {
    endpoint.state().map(|state| state.as_str().to_lowercase()).unwrap_or_default()
}

/// Reads what the scope asks for.
pub async fn fetch(aws: &Aws, scope: &Scope<'_>, finder: &Finder<'_>) -> Networks {
    let zones = async {
        let wanted = scope.graph.of_kind(ZONES).next().is_some() && scope.wants(&[ZONES]);
        if wanted {
            aws.once("ec2:DescribeAvailabilityZones", || zones(aws)).await.map(Arc::unwrap_or_clone)
        } else {
            Ok(Vec::new())
        }
    };
    if !scope.wants(&KINDS) || !matter(scope, finder).await {
        // Which zone has which number, the subnets tell.
        let subnets = if scope.wants(&[ZONES]) && scope.graph.of_kind(ZONES).next().is_some() {
            marked(aws, scope, "ec2:DescribeSubnets own", |aws, _, stacks| Box::pin(subnets_of(aws, stacks))).await
        } else {
            Ok(Vec::new())
        };
        return Networks { zones: zones.await, subnets, ..Networks::default() };
    }
    let vpcs = || marked(aws, scope, "ec2:DescribeVpcs own", |aws, _, stacks| Box::pin(vpcs_of(aws, stacks)));
    // Where all is looked for and nothing is known, the VPC tells whether there is anything inside of one.
    let outside = scope.thorough && !named(scope) && vpcs().await.is_ok_and(|found| found.is_empty());
    if outside {
        let (gateways, addresses, zones) = futures::join!(
            marked(aws, scope, "ec2:DescribeInternetGateways own", |aws, _, stacks| Box::pin(gateways_of(aws, stacks))),
            marked(aws, scope, "ec2:DescribeAddresses own", |aws, _, stacks| Box::pin(addresses_of(aws, stacks))),
            zones,
        );
        return Networks { gateways, addresses, zones, ..Networks::default() };
    }
    let (vpcs, subnets, gateways, addresses, nats, tables, endpoints, zones) = futures::join!(
        vpcs(),
        marked(aws, scope, "ec2:DescribeSubnets own", |aws, _, stacks| Box::pin(subnets_of(aws, stacks))),
        marked(aws, scope, "ec2:DescribeInternetGateways own", |aws, _, stacks| Box::pin(gateways_of(aws, stacks))),
        marked(aws, scope, "ec2:DescribeAddresses own", |aws, _, stacks| Box::pin(addresses_of(aws, stacks))),
        marked(aws, scope, "ec2:DescribeNatGateways own", |aws, _, stacks| Box::pin(nats_of(aws, stacks))),
        marked(aws, scope, "ec2:DescribeRouteTables own", |aws, _, stacks| Box::pin(tables_of(aws, stacks))),
        marked(aws, scope, "ec2:DescribeVpcEndpoints own", |aws, _, stacks| Box::pin(endpoints_of(aws, stacks))),
        zones,
    );
    let wanted = |raw: &[Tag], kind: &str| match owner(raw, scope.stack, kind) {
        Owner::Ours(node) => scope.graph.get(&node).is_some(),
        _ => false,
    };
    // One that is on its way out is no longer what the file wants, and to be waited for where all goes.
    let nats = nats.map(|mut all| {
        all.retain(|raw| match raw.state() {
            Some(NatGatewayState::Deleted | NatGatewayState::Failed) => false,
            Some(NatGatewayState::Deleting) => !wanted(raw.tags(), "nat_gateway"),
            _ => true,
        });
        all
    });
    let endpoints = endpoints.map(|mut all| {
        all.retain(|raw| match state(raw).as_str() {
            "deleted" => false,
            "deleting" => !wanted(raw.tags(), "vpc_endpoint"),
            _ => true,
        });
        all
    });
    let goes = scope.only.is_none() && scope.graph.of_kind("vpc").next().is_none();
    let (vpcs, others) = match vpcs {
        Ok(vpcs) => more(aws, vpcs, goes.then_some(scope.stack)).await,
        Err(error) => (Err(error), BTreeMap::new()),
    };
    Networks { vpcs, subnets, gateways, addresses, nats, tables, endpoints, zones, others, goes }
}

/// Whether the file has a network of its own.
fn named(scope: &Scope<'_>) -> bool {
    KINDS.iter().any(|kind| scope.graph.of_kind(kind).next().is_some())
}

/// Whether there can be something.
async fn matter(scope: &Scope<'_>, finder: &Finder<'_>) -> bool {
    if scope.thorough || named(scope) {
        return true;
    }
    // Reading back what was made a moment ago: the tagging API does not know it yet.
    if scope.only.is_some() {
        return false;
    }
    // Without the tagging API nobody knows. Everything of EC2 is one answer.
    let Ok(found) = finder.find(":ec2:").await else { return true };
    found.iter().any(|found| ARNS.iter().any(|part| found.arn.contains(part)))
}

/// What of VPCs only further requests tell; where they go also what others have in them, by subnet.
async fn more(aws: &Aws, vpcs: Vec<Vpc>, leaving: Option<&str>) -> (Part<Vec<OwnVpc>>, BTreeMap<String, Vec<String>>) {
    let each = vpcs.into_iter().map(|raw| async move {
        let id = raw.vpc_id().unwrap_or_default().to_owned();
        let (support, names) = (VpcAttributeName::EnableDnsSupport, VpcAttributeName::EnableDnsHostnames);
        let of_others = async {
            match leaving {
                Some(stack) => of_others(aws, &id, stack).await,
                None => Ok((Vec::new(), BTreeMap::new())),
            }
        };
        let (dns_support, dns_hostnames, (others, inside)) =
            futures::try_join!(attribute(aws, &id, support), attribute(aws, &id, names), of_others)?;
        Ok::<_, CloudError>((OwnVpc { raw, dns_support, dns_hostnames, others }, inside))
    });
    let (mut found, mut by_subnet) = (Vec::new(), BTreeMap::new());
    for one in join_all(each).await {
        match one {
            Ok((vpc, inside)) => {
                found.push(vpc);
                by_subnet.extend(inside);
            }
            Err(error) => return (Err(error), BTreeMap::new()),
        }
    }
    (Ok(found), by_subnet)
}

async fn attribute(aws: &Aws, vpc: &str, attribute: VpcAttributeName) -> Result<bool, CloudError> {
    let question = format!("ec2:DescribeVpcAttribute {vpc} {}", attribute.as_str());
    let ask = || async {
        let request = || aws.ec2().describe_vpc_attribute().vpc_id(vpc).attribute(attribute.clone()).send();
        let reply = aws.caller.send("ec2:DescribeVpcAttribute", request).await?;
        let value = reply.enable_dns_support().or(reply.enable_dns_hostnames());
        Ok(value.and_then(|value| value.value()).unwrap_or_default())
    };
    aws.once(question, ask).await.map(|value| *value)
}

/// What others have in a VPC of the stack, in words: subnets without its mark; and by subnet the network interfaces of instances that are
/// not its own, and those that somebody has made by hand.
async fn of_others(
    aws: &Aws,
    vpc: &str,
    stack: &str,
) -> Result<(Vec<String>, BTreeMap<String, Vec<String>>), CloudError> {
    let (subnets, interfaces) =
        futures::try_join!(subnets(aws, filter("vpc-id", vpc)), requests::interfaces(aws, filter("vpc-id", vpc)))?;
    let ours = |raw: &[Tag]| tags_of(raw).get(tags::STACK).is_some_and(|of| of == stack);
    let strange = subnets.iter().filter(|subnet| !ours(subnet.tags())).filter_map(Subnet::subnet_id);
    let strange = strange.map(|id| format!("subnet {id}, which is not of this stack")).collect();
    let by_hand = |one: &&NetworkInterface| one.requester_managed() != Some(true);
    let suspects: Vec<&NetworkInterface> = interfaces.iter().filter(by_hand).collect();
    let instance = |one: &NetworkInterface| one.attachment().and_then(|it| it.instance_id()).map(str::to_owned);
    let instances: BTreeSet<String> = suspects.iter().filter_map(|one| instance(one)).collect();
    let known = if instances.is_empty() { BTreeSet::new() } else { own_instances(aws, vpc, stack).await? };
    let mut inside: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in suspects {
        let id = one.network_interface_id().unwrap_or_default();
        let words = match instance(one) {
            Some(instance) if known.contains(&instance) => continue,
            Some(instance) => format!("instance {instance}, which is not of this stack"),
            None => {
                format!("{}, which is not of this stack", interface_in_words(id, one.description().unwrap_or_default()))
            }
        };
        inside.entry(one.subnet_id().unwrap_or_default().to_owned()).or_default().push(words);
    }
    Ok((strange, inside))
}

/// What keeps a VPC, in words.
pub(super) async fn inside(aws: &Aws, vpc: &str) -> Result<Vec<String>, CloudError> {
    let (subnets, interfaces) =
        futures::try_join!(subnets(aws, filter("vpc-id", vpc)), requests::interfaces(aws, filter("vpc-id", vpc)))?;
    let subnets = subnets.iter().filter_map(Subnet::subnet_id).map(|id| format!("subnet {id}"));
    let words = |one: &NetworkInterface| {
        interface_in_words(one.network_interface_id().unwrap_or_default(), one.description().unwrap_or_default())
    };
    Ok(subnets.chain(interfaces.iter().map(words)).collect())
}

/// Instances in a VPC that carry the stack's mark, or that ECS runs.
async fn own_instances(aws: &Aws, vpc: &str, stack: &str) -> Result<BTreeSet<String>, CloudError> {
    let (mut found, mut token) = (BTreeSet::new(), None::<String>);
    loop {
        let request = || {
            let request = aws.ec2().describe_instances().filters(filter("vpc-id", vpc));
            request.set_next_token(token.clone()).send()
        };
        let page = aws.caller.send("ec2:DescribeInstances", request).await?;
        let all = page.reservations().iter().flat_map(|reservation| reservation.instances());
        let ours = all.filter(|one| {
            let all = tags_of(one.tags());
            all.get(tags::STACK).is_some_and(|of| of == stack) || all.contains_key(hands::ECS.0)
        });
        found.extend(ours.filter_map(|one| one.instance_id()).map(str::to_owned));
        token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// The names of the zones that are zones of the region, and not of a city or a carrier.
async fn zones(aws: &Aws) -> Result<Vec<String>, CloudError> {
    let request = || {
        let request = aws.ec2().describe_availability_zones().filters(filter("zone-type", "availability-zone"));
        request.filters(filter("state", "available")).send()
    };
    let reply = aws.caller.send("ec2:DescribeAvailabilityZones", request).await?;
    let mut names: Vec<String> =
        reply.availability_zones().iter().filter_map(|zone| zone.zone_name()).map(str::to_owned).collect();
    names.sort();
    Ok(names)
}

/// What carries the stack's mark, together with what other readings ask for.
async fn marked<T: Clone + Send + Sync + 'static>(
    aws: &Aws,
    scope: &Scope<'_>,
    question: &'static str,
    ask: crate::sharing::Ask<Vec<T>>,
) -> Part<Vec<T>> {
    let mut found = aws.together(question, "", vec![scope.stack.to_owned()], ask).await?;
    Ok(found.remove(scope.stack).unwrap_or_default())
}

/// Requests for all pages of one sort of thing, and for those that carry the mark of some stacks.
macro_rules! things {
    ($($pages:ident $of:ident $type:ty: $request:literal $call:ident $filter:ident $list:ident $($token:ident)?;)*) => { $(
        async fn $pages(aws: &Aws, only: Filter) -> Result<Vec<$type>, CloudError> {
            #[allow(unused_mut, reason = "what has no pages has no token")]
            let (mut found, mut token) = (Vec::new(), None::<String>);
            loop {
                let request = || {
                    let request = aws.ec2().$call().$filter(Some(vec![only.clone()]));
                    $( let request = request.$token(token.clone()); )?
                    request.send()
                };
                let page = aws.caller.send($request, request).await?;
                $( let _ = stringify!($token); token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned); )?
                found.extend(page.$list.unwrap_or_default());
                if token.is_none() {
                    return Ok(found);
                }
            }
        }

        async fn $of(aws: &Aws, stacks: Vec<String>) -> Result<Known<Vec<$type>>, CloudError> {
            let batches = stacks.chunks(VALUES).map(|batch| async {
                let values = Some(batch.to_vec());
                let only = Filter::builder().name(format!("tag:{}", tags::STACK)).set_values(values).build();
                $pages(aws, only).await
            });
            let mut all = Known::<Vec<$type>>::new();
            for one in try_join_all(batches).await?.into_iter().flatten() {
                // Asked again here because some endpoints ignore filters.
                if let Some(stack) = tags_of(one.tags()).remove(tags::STACK).filter(|stack| stacks.contains(stack)) {
                    all.entry(stack).or_default().push(one);
                }
            }
            Ok(all)
        }
    )* };
}

things! {
    vpcs vpcs_of Vpc: "ec2:DescribeVpcs" describe_vpcs set_filters vpcs set_next_token;
    subnets subnets_of Subnet: "ec2:DescribeSubnets" describe_subnets set_filters subnets set_next_token;
    gateways gateways_of InternetGateway: "ec2:DescribeInternetGateways" describe_internet_gateways set_filters
        internet_gateways set_next_token;
    addresses addresses_of Address: "ec2:DescribeAddresses" describe_addresses set_filters addresses;
    nats nats_of NatGateway: "ec2:DescribeNatGateways" describe_nat_gateways set_filter nat_gateways set_next_token;
    tables tables_of RouteTable: "ec2:DescribeRouteTables" describe_route_tables set_filters route_tables set_next_token;
    endpoints endpoints_of VpcEndpoint: "ec2:DescribeVpcEndpoints" describe_vpc_endpoints set_filters vpc_endpoints
        set_next_token;
}

/// NAT gateways by their ids; what is not there is left out.
pub(super) async fn nats_by_id(aws: &Aws, ids: Vec<String>) -> Result<Vec<NatGateway>, CloudError> {
    nats(aws, Filter::builder().name("nat-gateway-id").set_values(Some(ids)).build()).await
}

/// Endpoints by their ids; what is not there is left out.
pub(super) async fn endpoints_by_id(aws: &Aws, ids: Vec<String>) -> Result<Vec<VpcEndpoint>, CloudError> {
    let ask = |ids: Vec<String>| async move {
        let request = || aws.ec2().describe_vpc_endpoints().set_vpc_endpoint_ids(Some(ids.clone())).send();
        let reply = aws.caller.send("ec2:DescribeVpcEndpoints", request).await;
        reply.map(|reply| reply.vpc_endpoints.unwrap_or_default())
    };
    match ask(ids.clone()).await {
        // One that is gone fails all; then each is asked for alone.
        Err(error) if error.class == ErrorClass::Gone => {
            let mut found = Vec::new();
            for id in ids {
                match ask(vec![id]).await {
                    Err(error) if error.class == ErrorClass::Gone => {}
                    reply => found.extend(reply?),
                }
            }
            Ok(found)
        }
        reply => reply,
    }
}
