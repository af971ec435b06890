//! The boxes of a picture: one for each entry of the stack file that takes part in serving, with what is worth knowing of it. What
//! connects them is in `lines`.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::doc;
use evenkeel_core::id::NodeId;
use evenkeel_stack::model::{
    Database, Gateway, LoadBalancer, Namespace, OwnNetwork, RecordData, Service, Stack, TargetGroup, VpcRef, Zone,
};
use serde_json::Value;

use super::routes::{self, cut};
use super::uses::{Used, task};
use super::{Group, Part, Shape};
use crate::kinds;

/// The frame of what is in the VPC.
pub(super) const NETWORK: &str = "network";
/// The frame of what runs in the cluster.
pub(super) const CLUSTER: &str = "cluster";

/// The frames of a stack.
pub(super) fn groups(stack: &Stack) -> Vec<Group> {
    let vpc = match &stack.network.vpc {
        _ if stack.network.create.is_some() => stack.network.create.as_ref().map(own_network).unwrap_or_default(),
        VpcRef::Default => "default VPC".to_owned(),
        VpcRef::Id(id) => format!("VPC {id}"),
        VpcRef::Tags(tags) => {
            let tags: Vec<String> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("VPC {}", tags.join(", "))
        }
    };
    let network = Group { id: NETWORK.to_owned(), title: vpc, group: None };
    let cluster = stack.cluster.as_ref().map(|cluster| {
        let name = cluster.meta.name.clone().unwrap_or_else(|| stack.name.clone());
        Group { id: CLUSTER.to_owned(), title: format!("cluster {name}"), group: Some(NETWORK.to_owned()) }
    });
    std::iter::once(network).chain(cluster).collect()
}

/// A network of the stack's own in a few words: `VPC 10.0.0.0/16 of this stack: 2 public and 2 private subnets, 1 NAT gateway`.
fn own_network(own: &OwnNetwork) -> String {
    let tier = |ranges: &[String], word: &str| (!ranges.is_empty()).then(|| format!("{} {word}", ranges.len()));
    let tiers: Vec<String> =
        [tier(&own.public, "public"), tier(&own.private, "private")].into_iter().flatten().collect();
    let subnets = if tiers == ["1 public"] || tiers == ["1 private"] { "subnet" } else { "subnets" };
    let mut parts = vec![format!("{} {subnets}", tiers.join(" and "))];
    parts.extend((own.nats() > 0).then(|| count(own.nats(), "NAT gateway")));
    parts.extend((!own.endpoints.is_empty()).then(|| format!("endpoints of {}", own.endpoints.join(", "))));
    format!("VPC {} of this stack: {}", own.cidr, parts.join("; "))
}

/// The boxes of a stack, by what stands behind what.
pub(super) fn all(stack: &Stack, used: &BTreeMap<BTreeSet<String>, Vec<Used>>) -> Vec<Part> {
    let mut boxes: Vec<Part> = stack.dns.iter().map(zone).collect();
    boxes.extend(stack.load_balancers.iter().map(|(name, balancer)| load_balancer(name, balancer)));
    boxes.extend(stack.gateways.iter().map(|(name, it)| gateway(name, it)));
    boxes.extend(stack.target_groups.iter().map(|(name, group)| target_group(name, group)));
    boxes.extend(stack.services.iter().map(|(name, it)| service(name, it, stack.network.create.as_ref())));
    boxes.extend(stack.namespaces.iter().map(|(name, it)| namespace(stack, name, it)));
    boxes.extend(stack.databases.iter().map(|(name, it)| database(name, it)));
    boxes.extend(used.iter().map(|(users, list)| values(users, list)));
    boxes.extend(stack.repositories.iter().map(|(name, it)| {
        let mirrors = it.mirrors.iter().map(|image| format!("copy of {image}")).collect();
        part(Shape::Images, NodeId::new("repository", name), name, "image repository", None, mirrors)
    }));
    boxes
}

/// A box without members yet.
pub(super) fn part(
    shape: Shape,
    id: impl ToString,
    title: &str,
    what: impl Into<String>,
    group: Option<&str>,
    details: Vec<String>,
) -> Part {
    Part {
        id: id.to_string(),
        shape,
        title: title.to_owned(),
        what: what.into(),
        details: cut(details),
        group: group.map(str::to_owned),
        holds: Vec::new(),
    }
}

fn zone(zone: &Zone) -> Part {
    let leads = |data: &RecordData| !targets(data).is_empty();
    let names: BTreeSet<&str> =
        zone.records.iter().filter(|record| leads(&record.data)).map(|record| record.name.as_str()).collect();
    let others = zone.records.iter().filter(|record| !leads(&record.data)).count();
    let mut details: Vec<String> = names.into_iter().map(str::to_owned).collect();
    if others > 0 {
        details.push(count(others, "other record"));
    }
    let what = if zone.create { "hosted zone" } else { "hosted zone, looked up" };
    part(Shape::Zone, kinds::records::id(&zone.name), &zone.name, what, None, details)
}

/// The load balancers that a record leads to.
pub(super) fn targets(data: &RecordData) -> BTreeSet<String> {
    let texts = match data {
        RecordData::Values { values, .. } => values.iter().collect(),
        RecordData::Alias { dns_name, .. } => vec![dns_name],
    };
    let refs = texts.into_iter().flat_map(|text| doc::refs(&text.to_value()));
    refs.filter(|found| found.node.kind() == "load_balancer").map(|found| found.node.name().to_owned()).collect()
}

fn load_balancer(name: &str, balancer: &LoadBalancer) -> Part {
    let what = match &balancer.existing {
        Some(_) => "existing load balancer".to_owned(),
        None if balancer.is_network() => format!("network load balancer, {}", balancer.scheme),
        None => format!("load balancer, {}", balancer.scheme),
    };
    part(Shape::Balancer, kinds::load_balancer::id(name), name, what, Some(NETWORK), routes::listeners(balancer))
}

fn gateway(name: &str, gateway: &Gateway) -> Part {
    let what = match &gateway.existing {
        Some(_) => "existing gateway".to_owned(),
        None => format!("gateway, {}", gateway.scheme),
    };
    part(Shape::Balancer, kinds::gateway::id(name), name, what, Some(NETWORK), vec!["HTTPS 443".to_owned()])
}

fn target_group(name: &str, group: &TargetGroup) -> Part {
    let check = &group.health_check;
    let port = if check.port == "traffic-port" { String::new() } else { format!(" on {}", check.port) };
    let asks = match &check.path {
        Some(path) => format!("health check {path}{port}"),
        None => format!("health check {}{port}", check.protocol),
    };
    let details = vec![format!("{} {}", group.protocol, group.port), asks];
    part(Shape::Targets, kinds::target_group::id(name), name, "target group", Some(NETWORK), details)
}

fn service(name: &str, service: &Service, own: Option<&OwnNetwork>) -> Part {
    let tasks = match (&service.scaling, service.desired_count) {
        (Some(scaling), _) if scaling.min != scaling.max => format!("{} to {} tasks", scaling.min, scaling.max),
        (Some(scaling), _) => count(scaling.min as usize, "task"),
        (None, Some(tasks)) => count(tasks as usize, "task"),
        (None, None) => "a task on each instance".to_owned(),
    };
    let document = task(service);
    let size = document.map(size).unwrap_or_default();
    let mut details = vec![format!("{size}{tasks}")];
    details.extend(document.into_iter().flat_map(containers).map(|container| line(&container)));
    if let Some(own) = own.filter(|_| service.awsvpc && service.subnets.is_none()) {
        let public = own.private.is_empty() || (service.assign_public_ip && !own.public.is_empty());
        details.push(format!("in the {} subnets", if public { "public" } else { "private" }));
    }
    let what = match service.launch_type.as_deref() {
        None if service.strategy.iter().any(|item| item.ours) => "service on managed instances".to_owned(),
        Some("FARGATE") | None => "service".to_owned(),
        Some(other) => format!("service on {other}"),
    };
    part(Shape::Tasks, kinds::service::id(name), name, what, Some(CLUSTER), details)
}

/// CPU and memory of a task.
fn size(document: &Value) -> String {
    let number = |key: &str| document[key].as_str().and_then(|text| text.parse::<f64>().ok());
    let cpu = number("cpu").map(|units| format!("{} vCPU, ", units / 1024.0)).unwrap_or_default();
    let memory = number("memory").map(|mib| match mib {
        mib if mib >= 1024.0 => format!("{} GB, ", (mib / 102.4).round() / 10.0),
        mib => format!("{mib} MB, "),
    });
    format!("{cpu}{}", memory.unwrap_or_default())
}

/// A container of a task.
pub(super) struct Container {
    /// Its name.
    pub name: String,
    /// Its ports, each with its protocol and its name.
    pub ports: Vec<(u16, String, Option<String>)>,
}

/// The containers of a task.
pub(super) fn containers(document: &Value) -> Vec<Container> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let port = |mapping: &Value| {
        let number = mapping["containerPort"].as_u64().and_then(|port| u16::try_from(port).ok())?;
        let name = mapping["name"].as_str().map(str::to_owned);
        Some((number, mapping["protocol"].as_str().unwrap_or("tcp").to_owned(), name))
    };
    let one = |container: &Value| Container {
        name: container["name"].as_str().unwrap_or_default().to_owned(),
        ports: list(&container["portMappings"]).iter().filter_map(port).collect(),
    };
    list(&document["containerDefinitions"]).iter().map(one).collect()
}

fn line(container: &Container) -> String {
    let ports = container.ports.iter().map(|(port, protocol, _)| match protocol.as_str() {
        "tcp" => format!(":{port}"),
        other => format!(":{port}/{other}"),
    });
    let ports: Vec<String> = ports.collect();
    [container.name.clone()].into_iter().chain(ports).collect::<Vec<_>>().join(" ")
}

fn namespace(stack: &Stack, name: &str, namespace: &Namespace) -> Part {
    let what = match namespace {
        Namespace::Managed(it) if it.private_dns => "namespace, private DNS",
        Namespace::Managed(_) => "namespace",
        Namespace::Existing { .. } => "namespace, looked up",
    };
    let physical = match namespace {
        Namespace::Managed(it) => it.meta.name.clone().filter(|given| given != name),
        Namespace::Existing { .. } => None,
    };
    let group = stack.cluster.as_ref().map(|_| CLUSTER);
    part(Shape::Names, kinds::namespace::id(name), name, what, group, physical.into_iter().collect())
}

fn database(name: &str, database: &Database) -> Part {
    let version = database.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    let mut details = vec![format!("{}{version}, port {}", database.engine, database.port)];
    let zones = if database.multi_az { ", in two zones" } else { "" };
    details.push(format!("{}, {} GiB{zones}", database.class, database.storage.size));
    part(Shape::Data, kinds::database::id(name), name, "database", Some(NETWORK), details)
}

/// Parameters and secrets that have the same users are one box.
fn values(users: &BTreeSet<String>, list: &[Used]) -> Part {
    let of = |kind: &str| list.iter().filter(|used| used.kind == kind).count();
    let (secrets, parameters) = (of("secret"), of("parameter"));
    let some = |many: usize, noun: &str| (many > 0).then(|| count(many, noun));
    let title: Vec<String> = [some(parameters, "parameter"), some(secrets, "secret")].into_iter().flatten().collect();
    let what = if users.is_empty() { "values, used by no service" } else { "values" };
    let details = list.iter().map(|used| used.name.clone()).collect();
    let holds = list.iter().filter_map(|used| used.node.clone()).collect();
    Part { holds, ..part(Shape::Values, values_id(users), &title.join(", "), what, None, details) }
}

/// The id of the box of the values that have these users.
pub(super) fn values_id(users: &BTreeSet<String>) -> String {
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    format!("values:{}", users.join("+"))
}

/// `1 task`, `2 tasks`.
fn count(many: usize, noun: &str) -> String {
    if many == 1 { format!("1 {noun}") } else { format!("{many} {noun}s") }
}
