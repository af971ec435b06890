//! A VPC endpoint, by which what is in the VPC gets at a service of AWS: a gateway, which is a route in route tables, or an interface in
//! subnets that takes the name of the service over. Calls: CreateVpcEndpoint (with tags and a token), ModifyVpcEndpoint,
//! DeleteVpcEndpoints, CreateTags, DeleteTags; DescribeVpcEndpoints reads. It has no name; its service, its type and its VPC never change.
//! An interface takes a minute to come and to go, and holds its subnets and groups until then. Its policy is not managed.

use async_trait::async_trait;
use aws_sdk_ec2::types::{ResourceType, VpcEndpoint, VpcEndpointType};
use evenkeel_core::cloud::{Goal, Waiting};
use evenkeel_core::doc::{Text, Texts};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Polls, Ready, Replace};
use evenkeel_core::snapshot::{Live, Readiness};
use evenkeel_stack::model::{OwnNetwork, Stack, is_route};
use serde::{Deserialize, Serialize};

use super::super::requests;
use super::fetched::networks;
use super::read;
use super::subnet::Tier;
use super::{route_table, subnet, tagging, vpc};
use crate::call::gone::not_yet;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, tagged};
use crate::tags::{Retag, Tags};

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "vpc_endpoint",
        title: "VPC endpoint",
        fields: &[
            Field::immutable("vpc"),
            Field::immutable("service"),
            Field::immutable("interface"),
            Field::set("route_tables"),
            Field::set("subnets"),
            Field::set("security_groups"),
        ],
        outputs: &["id"],
        // Two cannot answer under one name, nor be two routes to one place.
        replace: Replace::DeleteFirst,
        ready: Ready::BeforeDependants,
        slow_delete: true,
        deadline_secs: 900,
        takes_secs: 75,
        polls: Polls::every(5, 15),
        ..Kind::PLAIN
    },
    contribute,
    driver: &Endpoints,
    paced: Paced::NOT,
    actions: &[
        "ec2:CreateTags",
        "ec2:CreateVpcEndpoint",
        "ec2:DeleteTags",
        "ec2:DeleteVpcEndpoints",
        "ec2:DescribeVpcEndpoints",
        "ec2:ModifyVpcEndpoint",
    ],
};

/// The security group of endpoints that are interfaces, which the stack file makes.
pub(super) const GROUP: &str = "network-endpoints";

/// The node of the endpoint of a service, as AWS names that.
pub fn id(service: &str) -> NodeId {
    NodeId::new("vpc_endpoint", &service.replace('.', "-"))
}

/// The services of AWS that a word of the stack file means.
fn services(word: &str) -> &[&str] {
    match word {
        "ecr" => &["ecr.api", "ecr.dkr"],
        "s3" => &["s3"],
        "dynamodb" => &["dynamodb"],
        "logs" => &["logs"],
        "ssm" => &["ssm"],
        "ssmmessages" => &["ssmmessages"],
        "secrets_manager" => &["secretsmanager"],
        "kms" => &["kms"],
        "sts" => &["sts"],
        "sqs" => &["sqs"],
        "sns" => &["sns"],
        _ => &[],
    }
}

/// The nodes of all endpoints of a network.
pub fn all(own: &OwnNetwork) -> impl Iterator<Item = NodeId> {
    own.endpoints.iter().flat_map(|word| services(word)).map(|service| id(service))
}

/// The canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The id of its VPC.
    pub vpc: Text,
    /// AWS's name of the service: `com.amazonaws.eu-west-1.s3`.
    pub service: String,
    /// Whether it is an interface; else it is a gateway.
    pub interface: bool,
    /// Of a gateway: the route tables that lead to it.
    pub route_tables: Texts,
    /// Of an interface: its subnets.
    pub subnets: Texts,
    /// Of an interface: its groups.
    pub security_groups: Texts,
    /// Of an interface: whether it answers under the name of the service.
    pub private_dns: bool,
    /// The user's tags.
    pub tags: Tags,
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    let Some(own) = &stack.network.create else { return };
    let outputs = |ids: Vec<NodeId>| ids.into_iter().map(|id| Text::output(id, "id")).collect::<Texts>();
    let tables = || [Tier::Public, Tier::Private].into_iter().flat_map(|tier| route_table::of_tier(own, tier));
    let tier = if own.private.is_empty() { Tier::Public } else { Tier::Private };
    for word in &own.endpoints {
        let interface = !is_route(word);
        for service in services(word) {
            let id = id(service);
            let want = Spec {
                vpc: Text::output(vpc::id(), "id"),
                service: format!("com.amazonaws.{}.{service}", stack.region.as_deref().unwrap_or_default()),
                interface,
                route_tables: if interface { Texts::default() } else { outputs(tables().collect()) },
                subnets: if interface { outputs(subnet::of_tier(own, tier).collect()) } else { Texts::default() },
                security_groups: if interface {
                    outputs(vec![NodeId::new("security_group", GROUP)])
                } else {
                    Texts::default()
                },
                private_dns: interface,
                tags: tagging::named(stack, id.name()),
            };
            nodes.push(tagging::node(own, id, &want));
        }
    }
}

struct Endpoints;

tagged!(Spec);

fn live(stack: &str, raw: &VpcEndpoint) -> Live<Spec> {
    let texts = |all: &[String]| all.iter().map(|one| Text::from(one.as_str())).collect::<Texts>();
    let groups: Vec<String> = raw.groups().iter().filter_map(|one| one.group_id()).map(str::to_owned).collect();
    let interface = raw.vpc_endpoint_type() == Some(&VpcEndpointType::Interface);
    let have = Spec {
        vpc: raw.vpc_id().unwrap_or_default().into(),
        service: raw.service_name().unwrap_or_default().to_owned(),
        interface,
        route_tables: texts(raw.route_table_ids()),
        subnets: texts(raw.subnet_ids()),
        security_groups: texts(&groups),
        private_dns: interface && raw.private_dns_enabled() == Some(true),
        tags: tagging::user(raw.tags()),
    };
    let mut live = tagging::live(raw.vpc_endpoint_id(), raw.tags(), (stack, ENTRY.kind.name), have);
    live.uses.extend(raw.vpc_id().map(str::to_owned));
    live.uses.extend(raw.route_table_ids().iter().chain(raw.subnet_ids()).cloned().chain(groups));
    live.readiness = readiness(raw);
    live
}

fn readiness(raw: &VpcEndpoint) -> Readiness {
    // The reference and the replies do not agree on capitals.
    match read::state(raw).as_str() {
        "available" | "" => Readiness::Ready,
        "deleted" => Readiness::Gone,
        state @ ("failed" | "rejected" | "expired") => {
            let why = raw.last_error().and_then(|error| error.message());
            Readiness::Failed(why.map_or_else(|| state.to_owned(), |why| format!("{state}: {why}")))
        }
        state => Readiness::Pending(state.to_owned()),
    }
}

fn list(texts: &Texts) -> Vec<String> {
    texts.known().unwrap_or_default()
}

/// What has to be added to a list, and what taken away.
fn difference(have: &Texts, want: &Texts) -> (Option<Vec<String>>, Option<Vec<String>>) {
    let (have, want) = (list(have), list(want));
    let only = |left: &[String], right: &[String]| {
        let found: Vec<String> = left.iter().filter(|one| !right.contains(one)).cloned().collect();
        (!found.is_empty()).then_some(found)
    };
    (only(&want, &have), only(&have, &want))
}

#[async_trait]
impl Resource for Endpoints {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let endpoints = networks(fetched)?.endpoints.as_ref().map_err(Clone::clone)?;
        Ok(endpoints.iter().map(|raw| live(&fetched.stack, raw)).collect())
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, want) = (work.aws, &order.want);
        let tags = tagging::specification(ResourceType::VpcEndpoint, &order.tags);
        let some = |texts: &Texts| Some(list(texts)).filter(|list| !list.is_empty());
        let kind = if want.interface { VpcEndpointType::Interface } else { VpcEndpointType::Gateway };
        let request = || {
            aws.ec2()
                .create_vpc_endpoint()
                .vpc_endpoint_type(kind.clone())
                .set_vpc_id(want.vpc.known().map(str::to_owned))
                .service_name(&want.service)
                .set_route_table_ids(some(&want.route_tables))
                .set_subnet_ids(some(&want.subnets))
                .set_security_group_ids(some(&want.security_groups))
                .set_private_dns_enabled(want.interface.then_some(want.private_dns))
                .client_token(order.order.token)
                .tag_specifications(tags.clone())
                .send()
        };
        let reply = aws.caller.send("ec2:CreateVpcEndpoint", request).await.map_err(not_yet)?;
        let without = || CloudError::bug("ec2:CreateVpcEndpoint", "the reply contains no endpoint");
        Ok(live(work.stack, &reply.vpc_endpoint.ok_or_else(without)?).with(want.clone()))
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        requests::write_tags(work.aws, &live.id, tags).await
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, have, want) = (work.aws, &order.live.have, &order.want);
        let tables = difference(&have.route_tables, &want.route_tables);
        let subnets = difference(&have.subnets, &want.subnets);
        let groups = difference(&have.security_groups, &want.security_groups);
        let request = || {
            aws.ec2()
                .modify_vpc_endpoint()
                .vpc_endpoint_id(&order.live.id)
                .set_add_route_table_ids(tables.0.clone())
                .set_remove_route_table_ids(tables.1.clone())
                .set_add_subnet_ids(subnets.0.clone())
                .set_remove_subnet_ids(subnets.1.clone())
                .set_add_security_group_ids(groups.0.clone())
                .set_remove_security_group_ids(groups.1.clone())
                .set_private_dns_enabled((have.private_dns != want.private_dns).then_some(want.private_dns))
                .send()
        };
        aws.caller.send("ec2:ModifyVpcEndpoint", request).await?;
        Ok(order.done())
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let request = || work.aws.ec2().delete_vpc_endpoints().vpc_endpoint_ids(&live.id).send();
        let reply = work.aws.caller.send("ec2:DeleteVpcEndpoints", request).await?;
        // What went wrong with one is told in a reply that succeeds.
        let Some(error) = reply.unsuccessful().iter().find_map(|one| one.error()) else { return Ok(()) };
        let code = error.code().unwrap_or_default();
        if code.ends_with(".NotFound") {
            return Ok(());
        }
        let text = format!("{code}: {}", error.message().unwrap_or_default());
        Err(CloudError::local(ErrorClass::Invalid, "ec2:DeleteVpcEndpoints", text))
    }

    async fn poll(&self, work: Work<'_>, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        let ids = waiting.iter().map(|one| one.live.id.clone()).collect();
        let found = match read::endpoints_by_id(work.aws, ids).await {
            Ok(found) => found,
            Err(error) => return waiting.iter().map(|_| Err(error.clone())).collect(),
        };
        let of = |one: &Waiting| {
            let raw = found.iter().find(|raw| raw.vpc_endpoint_id() == Some(&one.live.id));
            match raw.map(readiness) {
                None if one.goal == Goal::Ready => Readiness::Pending("not listed yet".to_owned()),
                None => Readiness::Gone,
                Some(Readiness::Ready) if one.goal == Goal::Gone => Readiness::Pending("deleting".to_owned()),
                Some(other) => other,
            }
        };
        waiting.iter().map(|one| Ok(of(one))).collect()
    }
}
