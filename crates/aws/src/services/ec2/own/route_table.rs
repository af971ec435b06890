//! A route table with its default route and the subnets that it is for. Calls: CreateRouteTable (with tags and a token), CreateRoute,
//! ReplaceRoute, DeleteRoute, AssociateRouteTable, DisassociateRouteTable, DeleteRouteTable, CreateTags, DeleteTags; DescribeRouteTables
//! reads. It has no name. Routes and associations carry no tags: those that lead out are ours with the table, those that AWS makes (local
//! ones, those of gateway endpoints) are not looked at, and those that others have put in are left alone until the table goes, which is
//! told. The public subnets have one table together, the private ones one each, so that each can have a NAT gateway of its own.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{ResourceType, Route as ApiRoute, RouteTable};
use evenkeel_core::doc::{Text, Texts};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Ready, Replace};
use evenkeel_core::snapshot::Live;
use evenkeel_stack::model::{Nat, OwnNetwork, Stack};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::replies::routes_of;
use super::super::requests;
use super::fetched::networks;
use super::read::Networks;
use super::subnet::Tier;
use super::{internet_gateway, nat_gateway, subnet, tagging, vpc};
use crate::call::gone::{not_yet, unless_gone};
use crate::client::Aws;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, tagged};
use crate::tags::{Retag, Tags};

/// Where what is nowhere nearer goes.
const ANYWHERE: &str = "0.0.0.0/0";

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "route_table",
        title: "route table",
        fields: &[Field::immutable("vpc"), Field::set("subnets")],
        outputs: &["id"],
        replace: Replace::DeleteFirst,
        ready: Ready::AtOnce,
        deadline_secs: 600,
        ..Kind::PLAIN
    },
    contribute,
    driver: &Tables,
    paced: Paced::NOT,
    actions: &[
        "ec2:AssociateRouteTable",
        "ec2:CreateRoute",
        "ec2:CreateRouteTable",
        "ec2:CreateTags",
        "ec2:DeleteRoute",
        "ec2:DeleteRouteTable",
        "ec2:DeleteTags",
        "ec2:DescribeRouteTables",
        "ec2:DisassociateRouteTable",
        "ec2:ReplaceRoute",
    ],
};

/// The nodes of the tables of a tier.
pub fn of_tier(own: &OwnNetwork, tier: Tier) -> Vec<NodeId> {
    match tier {
        _ if tier.ranges(own).is_empty() => Vec::new(),
        Tier::Public => vec![NodeId::new("route_table", "public")],
        Tier::Private => subnet::of_tier(own, tier).map(|subnet| NodeId::new("route_table", subnet.name())).collect(),
    }
}

/// The canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The id of its VPC.
    pub vpc: Text,
    /// The gateway that everything goes to that is not for the VPC; empty if nothing gets out.
    pub way_out: Text,
    /// The ids of the subnets that it is for.
    pub subnets: Texts,
    /// The user's tags.
    pub tags: Tags,
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    let Some(own) = &stack.network.create else { return };
    let mut push = |id: NodeId, way_out: Option<Text>, subnets: Vec<NodeId>| {
        let want = Spec {
            vpc: Text::output(vpc::id(), "id"),
            way_out: way_out.unwrap_or_default(),
            subnets: subnets.into_iter().map(|subnet| Text::output(subnet, "id")).collect(),
            tags: tagging::named(stack, id.name()),
        };
        nodes.push(tagging::node(own, id, &want));
    };
    for id in of_tier(own, Tier::Public) {
        let gateway = Text::output(internet_gateway::id(), "id");
        push(id, Some(gateway), subnet::of_tier(own, Tier::Public).collect());
    }
    for (at, id) in of_tier(own, Tier::Private).into_iter().enumerate() {
        let nat = match own.nat {
            Nat::None => None,
            Nat::One => Some(1),
            Nat::OnePerZone => Some(at + 1),
        };
        let way_out = nat.map(|nat| Text::output(nat_gateway::id(nat), "id"));
        push(id, way_out, vec![subnet::id(Tier::Private, at + 1)]);
    }
}

struct Tables;

tagged!(Spec);

/// Where a route of ours leads, if it is one.
fn way_out(route: &ApiRoute) -> Option<&str> {
    let out = route.destination_cidr_block() == Some(ANYWHERE);
    let target = route.gateway_id().or(route.nat_gateway_id()).or(route.instance_id());
    target.or(route.network_interface_id()).or(route.transit_gateway_id()).filter(|_| out)
}

/// What others have put into a table, in words: routes that neither AWS nor a stack makes.
fn strange(route: &ApiRoute) -> Option<String> {
    let made = route.origin().map(|origin| origin.as_str()) == Some("CreateRoute");
    let endpoint = route.gateway_id().is_some_and(|id| id.starts_with("vpce-") || id == "local");
    let to =
        route.destination_cidr_block().or(route.destination_ipv6_cidr_block()).or(route.destination_prefix_list_id());
    let to = to.filter(|to| made && !endpoint && *to != ANYWHERE)?;
    Some(format!("a route to {to}"))
}

fn live(networks: &Networks, stack: &str, raw: &RouteTable) -> Live<Spec> {
    let associated: BTreeMap<&str, &str> = raw
        .associations()
        .iter()
        .filter_map(|one| Some((one.subnet_id()?, one.route_table_association_id().unwrap_or_default())))
        .collect();
    let (ours, others): (Vec<&str>, Vec<&str>) = associated.keys().partition(|id| networks.has_subnet(id));
    let out = raw.routes().iter().find_map(way_out);
    let have = Spec {
        vpc: raw.vpc_id().unwrap_or_default().into(),
        way_out: out.map(Text::from).unwrap_or_default(),
        subnets: ours.iter().map(|id| Text::from(*id)).collect(),
        tags: tagging::user(raw.tags()),
    };
    let mut live = tagging::live(raw.route_table_id(), raw.tags(), (stack, ENTRY.kind.name), have);
    live.handles.extend(ours.iter().map(|id| routes_of(id)));
    live.uses.extend(raw.vpc_id().map(str::to_owned));
    live.uses.extend(ours.iter().map(|id| (*id).to_owned()));
    live.uses.extend(out.map(str::to_owned));
    live.uses.extend(networks.outlive(&ours));
    live.inside = raw.routes().iter().filter_map(strange).collect();
    live.kept_by = (!others.is_empty()).then(|| format!("subnets of others: {}", others.join(", ")));
    live.private = json!({ "associations": associated });
    live
}

#[async_trait]
impl Resource for Tables {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let own = networks(fetched)?;
        // Which subnets are the stack's own decides whose an association is.
        own.subnets.as_ref().map_err(Clone::clone)?;
        let tables = own.tables.as_ref().map_err(Clone::clone)?;
        Ok(tables.iter().map(|raw| live(own, &fetched.stack, raw)).collect())
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, want) = (work.aws, &order.want);
        let tags = tagging::specification(ResourceType::RouteTable, &order.tags);
        let request = || {
            let request = aws.ec2().create_route_table().set_vpc_id(want.vpc.known().map(str::to_owned));
            request.client_token(order.order.token).tag_specifications(tags.clone()).send()
        };
        let reply = aws.caller.send("ec2:CreateRouteTable", request).await.map_err(not_yet)?;
        let without = || CloudError::bug("ec2:CreateRouteTable", "the reply contains no route table");
        let raw = reply.route_table.ok_or_else(without)?;
        let id = raw.route_table_id().unwrap_or_default();
        route(aws, id, None, known(&want.way_out)).await?;
        let mut associations = BTreeMap::new();
        for subnet in want.subnets.known().unwrap_or_default() {
            associations.insert(subnet.clone(), associate(aws, id, &subnet).await?);
        }
        let mut made = Live::new(id, "", evenkeel_core::snapshot::Owner::Nobody, want.clone()).output("id", id);
        made.private = json!({ "associations": associations });
        Ok(made)
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        requests::write_tags(work.aws, &live.id, tags).await
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, live, want) = (work.aws, &order.live, &order.want);
        if order.changes("way_out") {
            route(aws, &live.id, known(&live.have.way_out), known(&want.way_out)).await?;
        }
        if order.changes("subnets") {
            let wanted = want.subnets.known().unwrap_or_default();
            let had = live.have.subnets.known().unwrap_or_default();
            for subnet in had.iter().filter(|subnet| !wanted.contains(subnet)) {
                disassociate(aws, live, subnet).await?;
            }
            for subnet in wanted.iter().filter(|subnet| !had.contains(subnet)) {
                associate(aws, &live.id, subnet).await?;
            }
        }
        Ok(order.done())
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        for subnet in live.have.subnets.known().unwrap_or_default() {
            disassociate(work.aws, live, &subnet).await?;
        }
        let request = || work.aws.ec2().delete_route_table().route_table_id(&live.id).send();
        work.aws.caller.send("ec2:DeleteRouteTable", request).await.map(drop)
    }
}

fn known(way_out: &Text) -> Option<&str> {
    way_out.known().filter(|id| !id.is_empty())
}

/// Leads everything that is not for the VPC to another gateway, or nowhere.
async fn route(aws: &Aws, table: &str, from: Option<&str>, to: Option<&str>) -> Result<(), CloudError> {
    let gateway = |id: &str| (!id.starts_with("nat-")).then(|| id.to_owned());
    let nat = |id: &str| id.starts_with("nat-").then(|| id.to_owned());
    match (from, to) {
        (None, None) => Ok(()),
        (Some(from), Some(to)) if from == to => Ok(()),
        (Some(_), None) => {
            let request = || aws.ec2().delete_route().route_table_id(table).destination_cidr_block(ANYWHERE).send();
            unless_gone(aws.caller.send("ec2:DeleteRoute", request).await.map(drop))
        }
        (None, Some(to)) => {
            let request = || {
                let request = aws.ec2().create_route().route_table_id(table).destination_cidr_block(ANYWHERE);
                request.set_gateway_id(gateway(to)).set_nat_gateway_id(nat(to)).send()
            };
            match aws.caller.send("ec2:CreateRoute", request).await.map_err(not_yet) {
                // An earlier try has made it.
                Err(error) if error.class == ErrorClass::Exists => {
                    Box::pin(route(aws, table, Some(""), Some(to))).await
                }
                reply => reply.map(drop),
            }
        }
        (Some(_), Some(to)) => {
            let request = || {
                let request = aws.ec2().replace_route().route_table_id(table).destination_cidr_block(ANYWHERE);
                request.set_gateway_id(gateway(to)).set_nat_gateway_id(nat(to)).send()
            };
            aws.caller.send("ec2:ReplaceRoute", request).await.map_err(not_yet).map(drop)
        }
    }
}

async fn associate(aws: &Aws, table: &str, subnet: &str) -> Result<String, CloudError> {
    let request = || aws.ec2().associate_route_table().route_table_id(table).subnet_id(subnet).send();
    let reply = aws.caller.send("ec2:AssociateRouteTable", request).await.map_err(not_yet)?;
    Ok(reply.association_id().unwrap_or_default().to_owned())
}

async fn disassociate(aws: &Aws, live: &Live<Spec>, subnet: &str) -> Result<(), CloudError> {
    let Some(association) = live.private["associations"][subnet].as_str() else { return Ok(()) };
    let request = || aws.ec2().disassociate_route_table().association_id(association).send();
    unless_gone(aws.caller.send("ec2:DisassociateRouteTable", request).await.map(drop))
}
