//! `discovery:` of a service: the service of Cloud Map in which ECS registers its tasks, with records of DNS or without. Decides what
//! Cloud Map and ECS would refuse of it; which namespace is meant is decided in `namespaces.rs`.

use std::collections::BTreeMap;

use evenkeel_core::doc::{Doc, Text};
use evenkeel_core::id::NodeId;
use serde_json::{Map, Value as Json};

use super::super::decode::{Want, capital};
use super::super::fields::Fields;
use super::super::model::{Discovery, Namespace};
use super::super::table::{EMPTY, Table, Type, key};
use super::super::task_definition::Draft;
use super::super::values::NameRule;
use super::{Ctx, namespaces};

/// What Cloud Map accepts; parts between dots are looked at one by one.
const NAME: NameRule = NameRule { length: 1..=127, also: "-_.", not_starting: &["-", "."], inner_hyphen: true };
/// The types of records that ECS fills.
const TYPES: &[&str] = &["A", "AAAA", "SRV"];
/// How long a record may be remembered if the file does not say.
const TTL: u32 = 60;

/// The map.
pub(crate) static DISCOVERY: Table = Table {
    path: "services.discovery",
    what: "the discovery of a service",
    groups: &[&[
        key("namespace", Type::Entry("namespaces"), "The namespace that it is found in; a change replaces it.")
            .needed("Name the namespace that it is found in: namespace: internal.")
            .shape("entry, ARN, or `existing:NAME`")
            .aws("NamespaceId")
            .example("app"),
        key("name", Type::Text, "The name under which it is found; a change replaces it.")
            .without("the name of the entry")
            .aws("Name")
            .example("backend"),
        key(
            "records",
            Type::Several(&Type::AnyOf(&[Type::Word(TYPES), Type::Map(&RECORD)])),
            "The records of each task; other types replace it.",
        )
        .shape("`A`, `AAAA`, `SRV`, `{ type, ttl }`, or a list")
        .without("`A` in a `private-dns` namespace of this file, otherwise none")
        .aws("DnsRecords")
        .example("[{ type: A, ttl: 30s }]"),
        key(
            "routing_policy",
            Type::Word(&["MULTIVALUE", "WEIGHTED"]),
            "Up to eight tasks in an answer, or one of them; a change replaces it.",
        )
        .value("MULTIVALUE")
        .aws("RoutingPolicy"),
        key("health_check", Type::Flag, "Whether ECS tells Cloud Map which tasks are healthy; a change replaces it.")
            .value("true")
            .aws("HealthCheckCustomConfig"),
        key("port", Type::Port, "The port of SRV records; with network mode awsvpc.").aws("port"),
        key("container", Type::Text, "The container whose port is in SRV records.")
            .also(&["container_name"])
            .aws("containerName")
            .example("app"),
        key("container_port", Type::Port, "The port of that container.").aws("containerPort").example("3000"),
    ]],
    words: &[("registryArn", "For a service of Cloud Map that exists, use `service_registries:`.")],
    ..EMPTY
};

/// One record.
static RECORD: Table = Table {
    path: "services.discovery.records",
    what: "a record of a service",
    groups: &[&[
        key("type", Type::Word(TYPES), "The type.").needed("Write { type: A, ttl: 60s }.").aws("Type").example("A"),
        key("ttl", Type::Seconds(0, 2_147_483_647), "How long resolvers may remember it.").value("60s").aws("TTL"),
    ]],
    ..EMPTY
};

/// Reads it, with the registry of ECS that it means; `awsvpc` says whether tasks have network interfaces of their own.
pub(crate) fn read(
    ctx: &Ctx<'_>,
    fields: &Fields<'_>,
    entry: &str,
    draft: Option<&Draft>,
    awsvpc: bool,
) -> Option<(Discovery, Doc)> {
    let tree = fields.take("discovery")?;
    let what = format!("`discovery` of {}", fields.what());
    if let Some(other) = fields.take("service_registries") {
        let help = "ECS registers the tasks of a service in one service of Cloud Map. Remove one of the two.";
        let summary = format!("{} has both `discovery` and `service_registries`", fields.what());
        ctx.problems.error("contradiction", &other.place, summary, help);
    }
    let inner = Fields::open(tree, what.clone(), &DISCOVERY, ctx.problems)?;
    let words = format!("`namespace` of {what}");
    let namespace = inner.take("namespace").and_then(|tree| namespaces::reference(ctx, tree, &words, "id"));
    let name = inner.text("name");
    let place = inner.take("name").map_or(&tree.place, |tree| &tree.place);
    let called = name.clone().unwrap_or_else(|| entry.to_owned());
    name_is_good(ctx, place, &called, name.is_some(), fields.what());
    let records = records(ctx, &inner, namespace.as_ref(), &what);
    let routing_policy = inner.word("routing_policy").unwrap_or_default().to_owned();
    let health_check = inner.flag("health_check").unwrap_or(true);
    if !awsvpc && records.keys().any(|kind| kind != "SRV") {
        let help = "Only tasks in network mode awsvpc have an address of their own. Write records: SRV.";
        let at = inner.take("records").map_or(&tree.place, |tree| &tree.place);
        ctx.problems.error("contradiction", at, format!("{what} has records of addresses"), help);
    }
    let mut registry = registry(ctx, &inner, &records, draft, awsvpc);
    inner.finish();
    let namespace = namespace?;
    namespaces::claim(ctx, &namespace, &format!("the name `{called}`"), place);
    let arn = Text::output(NodeId::new("discovery_service", entry), "arn");
    registry.insert("registryArn".to_owned(), arn.to_value());
    let found = Discovery { place: tree.place.clone(), name, namespace, records, routing_policy, health_check };
    Some((found, registry.into()))
}

fn name_is_good(ctx: &Ctx<'_>, place: &evenkeel_core::diagnostic::Place, name: &str, given: bool, what: &str) {
    let part = |part: &str| {
        let bad = part.is_empty() || part.len() > 63 || part.starts_with('-') || part.ends_with('-');
        bad.then(|| "each part between dots has 1 to 63 characters and no hyphen at its ends".to_owned())
    };
    let Some(why) = NAME.complaint(name).or_else(|| name.split('.').find_map(part)) else { return };
    let (summary, help) = if given {
        (format!("`{name}` is not a valid name in Cloud Map"), format!("{}.", capital(&why)))
    } else {
        (format!("{what} would be called `{name}` in Cloud Map: {why}"), "Give it a `name:`.".to_owned())
    };
    ctx.problems.error("bad-name", place, summary, help);
}

fn records(ctx: &Ctx<'_>, fields: &Fields<'_>, namespace: Option<&Text>, what: &str) -> BTreeMap<String, u32> {
    let known = ctx.namespaces.borrow();
    let dns = namespace.and_then(namespaces::entry_of).and_then(|entry| known.get(entry)).and_then(|it| match it {
        Namespace::Managed(managed) => Some(managed.private_dns),
        Namespace::Existing { .. } => None,
    });
    let Some(tree) = fields.take("records") else {
        return if dns == Some(true) { BTreeMap::from([("A".to_owned(), TTL)]) } else { BTreeMap::new() };
    };
    if dns == Some(false) {
        let help = "An HTTP namespace has no records. Remove `records`, or give the namespace type: private-dns.";
        let summary = format!("{what} has records, but its namespace has no DNS");
        ctx.problems.error("contradiction", &tree.place, summary, help);
    }
    let key = format!("`records` of {what}");
    let want = Want::new(&key, ctx.problems);
    let mut found = BTreeMap::new();
    for item in want.several(tree) {
        let (kind, ttl) = if item.entries().is_none() {
            (want.one_of(item, TYPES), Some(TTL))
        } else {
            let Some(fields) = Fields::open(item, format!("an item of {key}"), &RECORD, ctx.problems) else { continue };
            let read = (fields.word("type"), fields.seconds("ttl"));
            fields.finish();
            read
        };
        let (Some(kind), Some(ttl)) = (kind, ttl) else { continue };
        if found.insert(kind.to_owned(), ttl).is_some() {
            let summary = format!("{key} has the type {kind} twice");
            ctx.problems.error("duplicate", &item.place, summary, "A service has one record of each type. Remove one.");
        }
    }
    found
}

/// What ECS is told beside the ARN: which port SRV records are for.
fn registry(
    ctx: &Ctx<'_>,
    fields: &Fields<'_>,
    records: &BTreeMap<String, u32>,
    draft: Option<&Draft>,
    awsvpc: bool,
) -> Map<String, Json> {
    let (port, container, container_port) =
        (fields.port("port"), fields.text("container"), fields.port("container_port"));
    let mut found = Map::new();
    let given = ["port", "container", "container_port"].into_iter().find_map(|key| fields.take(key));
    if let (Some(given), true) = (given, awsvpc && !records.contains_key("SRV")) {
        let help = "Only SRV records have a port. Remove it, or write records: [A, SRV].";
        ctx.problems.error(
            "contradiction",
            &given.place,
            format!("{} has a port but no SRV record", fields.what()),
            help,
        );
        return found;
    }
    if let (Some(tree), true) = (fields.take("port"), container.is_some() || container_port.is_some() || !awsvpc) {
        let help = if awsvpc {
            "Give the port, or the container with its port."
        } else {
            "Without awsvpc ECS chooses ports of the instance. Write `container` and `container_port`."
        };
        ctx.problems.error("contradiction", &tree.place, format!("`port` of {} has no effect", fields.what()), help);
        return found;
    }
    if let Some(port) = port {
        found.insert("port".to_owned(), port.into());
        return found;
    }
    if awsvpc && !records.contains_key("SRV") {
        return found;
    }
    let all = ports(draft);
    let fits = |(name, port): &&(String, u64)| {
        container.as_ref().is_none_or(|given| given == name)
            && container_port.is_none_or(|given| u64::from(given) == *port)
    };
    let fitting: Vec<&(String, u64)> = all.iter().filter(fits).collect();
    match (fitting.as_slice(), &container, container_port) {
        ([(name, port)], ..) => {
            found.insert("containerName".to_owned(), name.clone().into());
            found.insert("containerPort".to_owned(), (*port).into());
        }
        ([], Some(name), Some(port)) if draft.is_none() => {
            found.insert("containerName".to_owned(), name.clone().into());
            found.insert("containerPort".to_owned(), port.into());
        }
        ([], ..) if given.is_some() => {
            let help = "Name a container of the service and a port that it opens.";
            let place = given.map_or(fields.place(), |given| &given.place);
            ctx.problems.error("unknown-name", place, format!("no container fits {}", fields.what()), help);
        }
        _ => {
            let help = "SRV records have a port. Write container: NAME and container_port: 8080.";
            let summary = format!("{} does not say which port it means", fields.what());
            ctx.problems.error("missing-key", fields.place(), summary, help);
        }
    }
    found
}

/// The containers with the ports that they open.
fn ports(draft: Option<&Draft>) -> Vec<(String, u64)> {
    let containers = draft.into_iter().flat_map(Draft::containers);
    let of = |container: &Map<String, Json>| {
        let name = container.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
        let mappings = container.get("portMappings").and_then(Json::as_array).cloned().unwrap_or_default();
        let ports: Vec<u64> = mappings.iter().filter_map(|port| port["containerPort"].as_u64()).collect();
        ports.into_iter().map(move |port| (name.clone(), port)).collect::<Vec<_>>()
    };
    containers.flat_map(of).collect()
}
