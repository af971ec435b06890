//! Application and network load balancers. Calls: CreateLoadBalancer, SetSubnets, SetSecurityGroups, SetIpAddressType,
//! Modify- and DescribeLoadBalancerAttributes, DescribeLoadBalancers, DeleteLoadBalancer. Names have at most 32 characters.
//! A new one is provisioned for two to four minutes, but takes listeners at once. Deletion is answered at once; its
//! network interfaces stay for minutes and keep security groups from being deleted, which is those groups' business.
//! A network load balancer that is created without security groups never gets any, and one that has some keeps at least one.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{
    AvailabilityZone, IpAddressType, LoadBalancer, LoadBalancerAttribute, LoadBalancerSchemeEnum,
    LoadBalancerStateEnum, LoadBalancerTypeEnum, SubnetMapping,
};
use evenkeel_core::cloud::{Update, Waiting};
use evenkeel_core::doc::{Text, Texts};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Polls, Ready, Replace, Traffic};
use evenkeel_core::name;
use evenkeel_core::snapshot::{Guard, Live, Readiness};
use futures::future;
use serde::{Deserialize, Serialize};

use super::existing;
use crate::client::Aws;
use crate::existing::at;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, tagged, wanted};
use crate::services::ec2::network;
use crate::services::ec2::replies::routes_of;
use crate::services::elb;
use crate::services::elb::read::{Elb, Item, attributes};
use crate::tags::{self, Retag, Tags};
use evenkeel_stack::model::{self, Stack};

/// The attribute by which AWS protects a load balancer from deletion.
pub(crate) const PROTECTION: &str = "deletion_protection.enabled";
const NAME_LIMIT: usize = 32;
/// The type of network load balancers.
const NETWORK: &str = "network";
/// The most ARNs that DescribeLoadBalancers takes.
const BATCH: usize = 20;
/// The most attributes that ModifyLoadBalancerAttributes takes.
const ATTRIBUTE_BATCH: usize = 20;

/// Load balancers in the table of kinds.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "load_balancer",
        title: "load balancer",
        fields: &[
            Field::immutable("type"),
            Field::immutable("scheme"),
            Field::immutable("vpc"),
            Field::immutable("has_security_groups"),
            Field::immutable("static_addresses"),
            Field::set("subnets"),
            Field::keyed("subnet_mappings", &["subnet"]),
            Field::immutable("subnet_mappings[].allocation_id"),
            Field::immutable("subnet_mappings[].private_ipv4"),
            Field::immutable("subnet_mappings[].ipv6"),
            Field::set("security_groups"),
        ],
        outputs: &["arn", "dns_name", "zone_id", "name", "full"],
        replace: Replace::CreateFirst,
        name_limit: NAME_LIMIT,
        ready: Ready::AtEnd,
        deadline_secs: 600,
        // 90 to 180 s.
        takes_secs: 150,
        polls: Polls::every(10, 10),
        traffic: Traffic::Front,
        exclusive: &[("subnet_mappings", "allocation_id"), ("subnet_mappings", "private_ipv4")],
        ..Kind::PLAIN
    },
    contribute,
    driver: &LoadBalancers,
    paced: Paced::NOT,
    actions: &[
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeLoadBalancerAttributes",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:CreateLoadBalancer",
        "elasticloadbalancing:SetSubnets",
        "elasticloadbalancing:SetSecurityGroups",
        "elasticloadbalancing:SetIpAddressType",
        "elasticloadbalancing:ModifyLoadBalancerAttributes",
        "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:RemoveTags",
        "iam:CreateServiceLinkedRole",
    ],
};

/// The node of an entry of `load_balancers:`.
pub fn id(entry: &str) -> NodeId {
    NodeId::new("load_balancer", entry)
}

/// The physical name of an entry, without a generation suffix.
pub fn base_name(stack: &Stack, entry: &str, balancer: &model::LoadBalancer) -> String {
    balancer.meta.name.clone().unwrap_or_else(|| name::physical(&stack.name, entry, NAME_LIMIT))
}

/// A load balancer in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// `application` or `network`; others are seen only when one of that name is in the way.
    #[serde(rename = "type")]
    pub kind: String,
    /// `internet-facing` or `internal`.
    pub scheme: String,
    /// `ipv4`, `dualstack` or `dualstack-without-public-ipv4`.
    pub ip_address_type: String,
    /// The VPC that its subnets are in, which it cannot leave; `None` if the file names subnets of its own.
    pub vpc: Option<Text>,
    /// Subnet ids.
    pub subnets: Texts,
    /// Which of these subnets have addresses of their own, if the file says; all subnets of a network load balancer that is there.
    #[serde(default)]
    pub subnet_mappings: Option<Vec<Mapping>>,
    /// Whether any of them has addresses that the file chooses; `None` for an application load balancer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub static_addresses: Option<bool>,
    /// Group ids; `None` leaves them to AWS, which gives an application load balancer the VPC's default group.
    pub security_groups: Option<Texts>,
    /// Whether a network load balancer has groups at all; `None` for an application load balancer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_security_groups: Option<bool>,
    /// Managed attributes by AWS's names.
    pub attributes: BTreeMap<String, String>,
    /// The user's tags.
    pub tags: Tags,
}

/// A subnet of a network load balancer with its addresses; empty where AWS chooses.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mapping {
    /// The subnet.
    pub subnet: String,
    /// The allocation of an Elastic IP address.
    pub allocation_id: String,
    /// A private address.
    pub private_ipv4: String,
    /// An IPv6 address; `None` leaves it to AWS, which shows the one that it chose.
    pub ipv6: Option<String>,
}

impl Mapping {
    fn is_static(&self) -> bool {
        !self.allocation_id.is_empty() || !self.private_ipv4.is_empty()
    }

    fn to_api(&self) -> SubnetMapping {
        let some = |text: &String| (!text.is_empty()).then(|| text.clone());
        SubnetMapping::builder()
            .subnet_id(&self.subnet)
            .set_allocation_id(some(&self.allocation_id))
            .set_private_ipv4_address(some(&self.private_ipv4))
            .set_ipv6_address(self.ipv6.clone())
            .build()
    }
}

impl From<&model::SubnetMapping> for Mapping {
    fn from(mapping: &model::SubnetMapping) -> Self {
        Self {
            subnet: mapping.subnet.clone(),
            allocation_id: mapping.allocation_id.clone().unwrap_or_default(),
            private_ipv4: mapping.private_ipv4.clone().unwrap_or_default(),
            ipv6: mapping.ipv6.clone(),
        }
    }
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (entry, balancer) in &stack.load_balancers {
        nodes.push(match &balancer.existing {
            Some(existing) => existing::load_balancer(entry, balancer, existing),
            None => wanted(id, entry, &balancer.meta, base_name(stack, entry, balancer), &desired(balancer)),
        });
    }
}

fn desired(balancer: &model::LoadBalancer) -> Spec {
    let groups = &balancer.security_groups;
    let network = balancer.is_network();
    let mappings: Vec<Mapping> = balancer.subnet_mappings.iter().map(Mapping::from).collect();
    Spec {
        kind: balancer.kind.clone(),
        scheme: balancer.scheme.clone(),
        ip_address_type: balancer.ip_address_type.clone(),
        vpc: balancer.subnets.is_none().then(|| Text::output(network::id(), "vpc_id")),
        subnets: balancer.subnets.as_ref().map_or_else(
            || Texts::output(network::id(), "subnets"),
            |ids| ids.iter().map(|id| id.as_str().into()).collect(),
        ),
        static_addresses: network.then(|| mappings.iter().any(Mapping::is_static)),
        subnet_mappings: (!mappings.is_empty()).then_some(mappings),
        security_groups: (network || !groups.is_empty()).then(|| groups.iter().cloned().collect()),
        has_security_groups: network.then_some(!groups.is_empty()),
        attributes: balancer.attributes.clone(),
        tags: balancer.meta.tags.clone(),
    }
}

struct LoadBalancers;

tagged!(Spec);

#[async_trait]
impl Resource for LoadBalancers {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let elb: &Elb = fetched.part()?;
        let balancers = elb.load_balancers.as_ref().map_err(Clone::clone)?;
        let observed = |item: &Item<LoadBalancer>| {
            let mut live = live(item, &fetched.stack);
            live.inside = elb.inside_balancer(&live.id, &fetched.stack);
            if elb.protected.contains(&live.id) {
                live.guard = Some(guard());
            }
            live
        };
        // What is only looked up is in nobody's way.
        let matters = |item: &&Item<LoadBalancer>| {
            let owner = tags::owner(&item.tags, &fetched.stack, ENTRY.kind.name);
            let name = item.raw.load_balancer_name().unwrap_or_default();
            tags::is_marked(&owner) || elb.wanted.load_balancer(name).is_some()
        };
        Ok(balancers.iter().filter(matters).map(observed).collect())
    }

    fn look_up(&self, fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError> {
        existing::look_up_balancer(fetched, node).map_err(|error| at(node, error))
    }

    fn marks(&self, want: &Spec) -> Tags {
        elb::attribute_marks(ENTRY.kind.name, &want.attributes)
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, want, tags) = (work.aws, &order.want, &order.tags);
        let request = || {
            aws.elb()
                .create_load_balancer()
                .name(order.order.name)
                .r#type(LoadBalancerTypeEnum::from(want.kind.as_str()))
                .scheme(LoadBalancerSchemeEnum::from(want.scheme.as_str()))
                .ip_address_type(IpAddressType::from(want.ip_address_type.as_str()))
                .set_subnets(if want.subnet_mappings.is_some() { None } else { want.subnets.known() })
                .set_subnet_mappings(mappings(want))
                .set_security_groups(groups(want).filter(|groups| !groups.is_empty()))
                .set_tags(Some(elb::api_tags(tags)))
                .send()
        };
        let reply = aws.caller.send("elb:CreateLoadBalancer", request).await?;
        let balancer = reply.load_balancers.unwrap_or_default().into_iter().next();
        let raw =
            balancer.ok_or_else(|| CloudError::bug("elb:CreateLoadBalancer", "the reply contains no load balancer"))?;
        elb::confirm(aws, "elb:CreateLoadBalancer", raw.load_balancer_arn().unwrap_or_default(), tags).await?;
        write_attributes(aws, raw.load_balancer_arn().unwrap_or_default(), &want.attributes).await?;
        Ok(live(&Item { tags: tags.clone(), attributes: want.attributes.clone(), ..Item::new(raw) }, work.stack))
    }

    fn marks_between(&self, live: &Live<Spec>, want: &Spec, order: &Update<'_>) -> (Tags, Tags) {
        let marking = !live.is_of(order.node);
        let steps = elb::attribute_steps(table(want), &live.have.attributes, &want.attributes, marking);
        (Tags::new(), steps.marks())
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        elb::write_tags(work.aws, &live.id, tags).await
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (live, want) = (&order.live, &order.want);
        change(work.aws, order).await?;
        let steps = elb::attribute_steps(table(want), &live.have.attributes, &want.attributes, false);
        write_attributes(work.aws, &live.id, &steps.write).await?;
        elb::forget_attributes(work.aws, &live.id, steps.forget).await?;
        Ok(order.done())
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        if live.guard.is_some() {
            // Only what was consented to gets here with its protection on.
            let off = BTreeMap::from([(PROTECTION.to_owned(), "false".to_owned())]);
            write_attributes(work.aws, &live.id, &off).await?;
        }
        let request = || work.aws.elb().delete_load_balancer().load_balancer_arn(&live.id).send();
        let sent = work.aws.caller.send("elb:DeleteLoadBalancer", request).await.map(drop);
        sent.map_err(|error| {
            let protected = error.code == "OperationNotPermitted";
            let hint =
                "it is protected from deletion: write `deletion_protection: false` in its entry, apply, and try again";
            CloudError { hint: if protected { Some(hint.to_owned()) } else { error.hint.clone() }, ..error }
        })
    }

    async fn poll(&self, work: Work<'_>, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        let batches = waiting.chunks(BATCH).map(|batch| states(work.aws, batch));
        future::join_all(batches).await.into_iter().flatten().collect()
    }
}

/// The request for each changed field but tags and attributes.
async fn change(aws: &Aws, order: &Modification<'_, Spec>) -> Result<(), CloudError> {
    let changed = |field: &str| order.changes(field);
    let (arn, want) = (order.live.id.as_str(), &order.want);
    let family = IpAddressType::from(want.ip_address_type.as_str());
    // Dual stack needs subnets that have IPv6: it comes after new subnets, and goes before.
    let family_first = family == IpAddressType::Ipv4;
    let set_family = async || -> Result<(), CloudError> {
        let request = || aws.elb().set_ip_address_type().load_balancer_arn(arn).ip_address_type(family.clone()).send();
        aws.caller.send("elb:SetIpAddressType", request).await.map(drop)
    };
    if changed("ip_address_type") && family_first {
        set_family().await?;
    }
    if changed("subnets") || changed("subnet_mappings") {
        set_subnets(aws, order).await?;
    }
    if changed("ip_address_type") && !family_first {
        set_family().await?;
    }
    if changed("security_groups") {
        let request =
            || aws.elb().set_security_groups().load_balancer_arn(arn).set_security_groups(groups(want)).send();
        aws.caller.send("elb:SetSecurityGroups", request).await?;
    }
    Ok(())
}

/// Gives a load balancer its subnets. A network load balancer leaves a zone in one request and enters it again in another one.
/// Source: the guide of Network Load Balancers, "Update the Availability Zones".
async fn set_subnets(aws: &Aws, order: &Modification<'_, Spec>) -> Result<(), CloudError> {
    let (arn, want) = (order.live.id.as_str(), &order.want);
    let send = async |subnets: Option<Vec<String>>, mappings: Option<Vec<SubnetMapping>>| -> Result<(), CloudError> {
        let request = || {
            let request = aws.elb().set_subnets().load_balancer_arn(arn);
            request.set_subnets(subnets.clone()).set_subnet_mappings(mappings.clone()).send()
        };
        aws.caller.send("elb:SetSubnets", request).await.map(drop)
    };
    let (had, wanted) = (order.live.have.subnets.known().unwrap_or_default(), want.subnets.known().unwrap_or_default());
    let stay: Vec<String> = had.iter().filter(|id| wanted.contains(id)).cloned().collect();
    let swaps = stay.len() < had.len() && stay.len() < wanted.len();
    if want.kind == NETWORK && swaps && !stay.is_empty() {
        let kept = mappings(want).map(|all| {
            let stays = |one: &SubnetMapping| stay.iter().any(|id| one.subnet_id() == Some(id));
            all.into_iter().filter(stays).collect::<Vec<_>>()
        });
        send(if kept.is_some() { None } else { Some(stay) }, kept).await?;
    }
    let all = mappings(want);
    send(if all.is_some() { None } else { Some(wanted) }, all).await
}

/// What is known of the attributes of a load balancer of this type.
fn table(want: &Spec) -> attributes::Table {
    attributes::balancer(&want.kind)
}

fn mappings(want: &Spec) -> Option<Vec<SubnetMapping>> {
    Some(want.subnet_mappings.as_ref()?.iter().map(Mapping::to_api).collect())
}

fn groups(want: &Spec) -> Option<Vec<String>> {
    want.security_groups.as_ref().and_then(Texts::known)
}

async fn write_attributes(aws: &Aws, arn: &str, values: &BTreeMap<String, String>) -> Result<(), CloudError> {
    let attribute = |(key, value): (&String, &String)| LoadBalancerAttribute::builder().key(key).value(value).build();
    let all: Vec<LoadBalancerAttribute> = values.iter().map(attribute).collect();
    for batch in all.chunks(ATTRIBUTE_BATCH) {
        let request = || {
            aws.elb()
                .modify_load_balancer_attributes()
                .load_balancer_arn(arn)
                .set_attributes(Some(batch.to_vec()))
                .send()
        };
        aws.caller.send("elb:ModifyLoadBalancerAttributes", request).await?;
    }
    Ok(())
}

/// The states of up to [`BATCH`] load balancers.
async fn states(aws: &Aws, batch: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
    let arns: Vec<String> = batch.iter().map(|waiting| waiting.live.id.clone()).collect();
    match describe(aws, arns.clone()).await {
        Ok(found) => arns.iter().map(|arn| Ok(found.get(arn).cloned().unwrap_or(Readiness::Gone))).collect(),
        Err(error) if error.class == ErrorClass::Gone && arns.len() == 1 => vec![Ok(Readiness::Gone)],
        // One that is missing fails the whole request.
        Err(error) if error.class == ErrorClass::Gone => {
            let singly = arns.into_iter().map(|arn| async move {
                match describe(aws, vec![arn]).await {
                    Ok(found) => Ok(found.into_values().next().unwrap_or(Readiness::Gone)),
                    Err(error) if error.class == ErrorClass::Gone => Ok(Readiness::Gone),
                    Err(error) => Err(error),
                }
            });
            future::join_all(singly).await
        }
        Err(error) => arns.iter().map(|_| Err(error.clone())).collect(),
    }
}

async fn describe(aws: &Aws, arns: Vec<String>) -> Result<BTreeMap<String, Readiness>, CloudError> {
    let request = || aws.elb().describe_load_balancers().set_load_balancer_arns(Some(arns.clone())).send();
    let reply = aws.caller.send("elb:DescribeLoadBalancers", request).await?;
    let found = reply.load_balancers().iter();
    Ok(found.filter_map(|raw| Some((raw.load_balancer_arn()?.to_owned(), readiness(raw)))).collect())
}

fn readiness(raw: &LoadBalancer) -> Readiness {
    let state = raw.state();
    let reason = state.and_then(|state| state.reason()).filter(|reason| !reason.is_empty());
    match state.and_then(|state| state.code()) {
        Some(LoadBalancerStateEnum::Provisioning) => Readiness::Pending("provisioning".to_owned()),
        Some(LoadBalancerStateEnum::Failed) => {
            Readiness::Failed(reason.unwrap_or("AWS could not provision it and does not say why").to_owned())
        }
        // An impaired one works, but could not be scaled.
        _ => Readiness::Ready,
    }
}

pub(super) fn live(item: &Item<LoadBalancer>, stack: &str) -> Live<Spec> {
    let raw = &item.raw;
    let (arn, name) = (raw.load_balancer_arn().unwrap_or_default(), raw.load_balancer_name().unwrap_or_default());
    // Route 53 keeps names in lower case: records made from this one have to read back the same.
    let dns_name = raw.dns_name().unwrap_or_default().to_ascii_lowercase();
    let mut live = Live::new(arn, name, tags::owner(&item.tags, stack, ENTRY.kind.name), canonical(item))
        .output("arn", arn)
        .output("dns_name", dns_name.as_str())
        .output("zone_id", raw.canonical_hosted_zone_id().unwrap_or_default())
        .output("name", name)
        .output("full", elb::full_name(arn));
    // Alias records of the console point to the name with this prefix.
    live.handles.push(format!("dualstack.{dns_name}"));
    live.handles.push(dns_name);
    live.uses = raw.security_groups().to_vec();
    live.uses.extend(raw.vpc_id().map(str::to_owned));
    for subnet in raw.availability_zones().iter().filter_map(|zone| zone.subnet_id()) {
        live.uses.extend([subnet.to_owned(), routes_of(subnet)]);
    }
    live.readiness = readiness(raw);
    live.replaces = item.tags.get(tags::REPLACES).cloned();
    live
}

fn guard() -> Guard {
    Guard { key: "deletion_protection".to_owned(), pointer: format!("/attributes/{PROTECTION}") }
}

fn canonical(item: &Item<LoadBalancer>) -> Spec {
    let raw = &item.raw;
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let sorted = |mut ids: Vec<String>| -> Texts {
        ids.sort();
        ids.into_iter().map(Into::into).collect()
    };
    let subnets = raw.availability_zones().iter().filter_map(|zone| zone.subnet_id()).map(str::to_owned);
    let network = raw.r#type() == Some(&LoadBalancerTypeEnum::Network);
    let mut mappings: Vec<Mapping> = raw.availability_zones().iter().map(mapping).collect();
    mappings.sort_by(|one, other| one.subnet.cmp(&other.subnet));
    Spec {
        kind: text(raw.r#type().map(LoadBalancerTypeEnum::as_str)),
        scheme: text(raw.scheme().map(LoadBalancerSchemeEnum::as_str)),
        ip_address_type: text(raw.ip_address_type().map(IpAddressType::as_str)),
        vpc: raw.vpc_id().map(Into::into),
        subnets: sorted(subnets.collect()),
        static_addresses: network.then(|| mappings.iter().any(Mapping::is_static)),
        subnet_mappings: network.then_some(mappings),
        has_security_groups: network.then_some(!raw.security_groups().is_empty()),
        security_groups: Some(sorted(raw.security_groups().to_vec())),
        attributes: item.attributes.clone(),
        tags: tags::user(&item.tags),
    }
}

/// The addresses of a zone. AWS shows none where it has chosen them itself.
fn mapping(zone: &AvailabilityZone) -> Mapping {
    let first = zone.load_balancer_addresses().first();
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    Mapping {
        subnet: text(zone.subnet_id()),
        allocation_id: text(first.and_then(|address| address.allocation_id())),
        private_ipv4: text(first.and_then(|address| address.private_ipv4_address())),
        ipv6: first.and_then(|address| address.ipv6_address()).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::LoadBalancerState;

    use evenkeel_core::snapshot::Owner;

    use super::*;

    fn raw(state: LoadBalancerStateEnum) -> LoadBalancer {
        LoadBalancer::builder()
            .load_balancer_arn("arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/c-web/0123456789abcdef")
            .load_balancer_name("c-web")
            .dns_name("C-web-1.us-east-1.elb.amazonaws.com")
            .canonical_hosted_zone_id("Z1")
            .r#type(LoadBalancerTypeEnum::Application)
            .scheme(LoadBalancerSchemeEnum::InternetFacing)
            .ip_address_type(IpAddressType::Ipv4)
            .vpc_id("vpc-1")
            .availability_zones(AvailabilityZone::builder().subnet_id("subnet-b").build())
            .availability_zones(AvailabilityZone::builder().subnet_id("subnet-a").build())
            .security_groups("sg-1")
            .state(LoadBalancerState::builder().code(state).build())
            .build()
    }

    #[test]
    fn a_load_balancer_is_read_in_canonical_form() {
        let tags = tags::marked(&Tags::new(), "c", &id("web"));
        let item = Item { tags, ..Item::new(raw(LoadBalancerStateEnum::Provisioning)) };
        let live = live(&item, "c");
        assert_eq!(live.owner, Owner::Ours(id("web")));
        assert_eq!(live.outputs["full"], "app/c-web/0123456789abcdef");
        assert_eq!(live.outputs["dns_name"], "c-web-1.us-east-1.elb.amazonaws.com");
        assert!(live.handles.contains(&"c-web-1.us-east-1.elb.amazonaws.com".to_owned()));
        assert_eq!(live.uses.first().map(String::as_str), Some("sg-1"));
        assert_eq!(live.readiness, Readiness::Pending("provisioning".to_owned()));
        let have = serde_json::json!(live.have);
        assert_eq!(have["subnets"], serde_json::json!(["subnet-a", "subnet-b"]));
        assert_eq!(have["scheme"], "internet-facing");
        assert_eq!(have["vpc"], "vpc-1");
    }

    #[test]
    fn states_are_told_apart() {
        assert_eq!(readiness(&raw(LoadBalancerStateEnum::Active)), Readiness::Ready);
        assert_eq!(readiness(&raw(LoadBalancerStateEnum::ActiveImpaired)), Readiness::Ready);
        assert!(matches!(readiness(&raw(LoadBalancerStateEnum::Failed)), Readiness::Failed(_)));
    }
}
