//! `target_group:` and `target_groups:` of a service: which container and port its load balancer reaches.

use evenkeel_core::diagnostic::Place;
use evenkeel_core::doc::Text;
use evenkeel_core::id::NodeId;
use serde_json::{Map, Value as Json};

use super::super::arn;
use super::super::ctx::Shifting;
use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::{Alternate, RuleRef, ServiceTarget};
use super::super::suggest;
use super::super::table::{EMPTY, Key, Table, Type, key, later};
use super::super::task_definition::Draft;
use super::super::tree::Tree;
use super::{Ctx, roles};

/// One target group of a service.
pub(crate) static TARGET: Table = Table {
    path: "services.target_group",
    what: "a target group of a service",
    groups: &[
        &[
            key("name", Type::Entry("target_groups"), "The target group.")
                .also(&["target_group"])
                .shape("entry or ARN")
                .needed("Write { name: web, container: app, port: 3000 }.")
                .aws("targetGroupArn")
                .example("web"),
            key("container", Type::Text, "The container.")
                .also(&["container_name"])
                .without("the only one")
                .aws("containerName"),
            key("port", Type::Port, "The port of the container.")
                .also(&["container_port"])
                .without("the only one")
                .aws("containerPort"),
            key("advanced_configuration", Type::Map(&ADVANCED), "The next keys, as ECS has them.")
                .shape("map of the next keys")
                .aws("advancedConfiguration"),
            later("load_balancer_name", "loadBalancerName", "Classic load balancers."),
        ],
        &SHIFTED,
    ],
    ..EMPTY
};

/// `advanced_configuration:`.
static ADVANCED: Table = Table {
    path: "services.target_group.advanced_configuration",
    what: "the other target group of a service",
    groups: &[&SHIFTED],
    ..EMPTY
};

/// What a service has whose traffic ECS moves between two target groups; API: AdvancedConfiguration.
static SHIFTED: [Key; 4] = [
    key(
        "alternate",
        Type::Entry("target_groups"),
        "The other target group, with a `deployment.strategy` that moves traffic between the two. [More](deployments.md).",
    )
    .also(&["alternate_target_group", "alternate_target_group_arn"])
    .shape("entry or ARN")
    .aws("alternateTargetGroupArn")
    .example("green"),
    key("production_rule", Type::Text, "The rule whose weights ECS sets, with `alternate`.")
        .also(&["rule", "production_listener_rule"])
        .shape("`BALANCER/LISTENER` for what a listener does by default, `BALANCER/LISTENER/PRIORITY`, or an ARN")
        .without("the only one that forwards to the group")
        .aws("productionListenerRule")
        .example("web/http"),
    key("test_rule", Type::Text, "The rule for test requests, which ECS moves first.")
        .also(&["test_listener_rule"])
        .shape("as `production_rule`")
        .aws("testListenerRule")
        .example("web/test"),
    key("role", Type::Open, "The role by which ECS changes the rules, with `alternate`.")
        .also(&["role_arn"])
        .shape("entry of `roles`, ARN, or `existing:NAME`")
        .aws("roleArn")
        .example("existing:ecsInfrastructureRole"),
];

/// Reads both keys.
pub(crate) fn read(ctx: &Ctx<'_>, fields: &Fields<'_>, service: &str, draft: Option<&Draft>) -> Vec<ServiceTarget> {
    let Some(tree) = fields.take("target_group") else { return Vec::new() };
    let what = format!("`target_group` of {}", fields.what());
    let mut found: Vec<ServiceTarget> = Vec::new();
    for item in Want::new(&what, ctx.problems).several(tree) {
        let Some(target) = target(ctx, item, service, (draft, found.len()), &what) else { continue };
        if found.contains(&target) {
            let summary = format!("{what} names the same target group, container and port twice");
            ctx.problems.error("duplicate", &item.place, summary, "Remove one of the two.");
            continue;
        }
        found.push(target);
    }
    if found.len() > 5 {
        let summary = format!("{what} names {} target groups", found.len());
        ctx.problems.error("too-many", &tree.place, summary, "ECS accepts five for a service.");
    }
    found
}

fn target(
    ctx: &Ctx<'_>,
    item: &Tree,
    service: &str,
    (draft, at): (Option<&Draft>, usize),
    what: &str,
) -> Option<ServiceTarget> {
    let want = Want::new(what, ctx.problems);
    if item.entries().is_none() {
        let (target_group, entry) = group(ctx, item, service, want)?;
        let (container, port) = endpoint(ctx, draft, (None, None), transport(ctx, entry.as_ref()), &item.place, what)?;
        return Some(ServiceTarget { target_group, entry, container, port, alternate: None });
    }
    let fields = Fields::open(item, what, &TARGET, ctx.problems)?;
    let given = fields.take("name");
    let container = fields.take("container");
    let port = fields.take("port");
    let alternate = match fields.take("advanced_configuration") {
        Some(tree) => {
            let inner = Fields::open(tree, format!("`advanced_configuration` of {what}"), &ADVANCED, ctx.problems)?;
            let found = alternate(ctx, &inner, service, at, what);
            inner.finish();
            // They are asked for all the same, or would count as forgotten.
            for key in &SHIFTED {
                let _ = fields.take(key.name);
            }
            found
        }
        None => alternate(ctx, &fields, service, at, what),
    };
    fields.finish();
    let given = given?;
    let group = group(ctx, given, service, want);
    let transport = transport(ctx, group.as_ref().and_then(|(_, entry)| entry.as_ref()));
    let endpoint = endpoint(ctx, draft, (container, port), transport, &item.place, what);
    let ((target_group, entry), (container, port)) = (group?, endpoint?);
    let alternate = alternate?;
    Some(ServiceTarget { target_group, entry, container, port, alternate })
}

/// The other group, if there is one; `None` if it is wrong.
fn alternate(ctx: &Ctx<'_>, fields: &Fields<'_>, service: &str, at: usize, what: &str) -> Option<Option<Alternate>> {
    let (tree, role) = (fields.take("alternate"), fields.take("role"));
    let rule = |key: &'static str| {
        let tree = fields.take(key)?;
        Some((fields.text(key)?, tree.place.clone()))
    };
    let (production, test) = (rule("production_rule"), rule("test_rule"));
    let Some(tree) = tree else {
        for key in ["production_rule", "test_rule", "role"] {
            if let Some(entry) = fields.entry(key) {
                let help = "It says how ECS moves traffic between two groups. Name the other one: alternate: GROUP, or remove it.";
                ctx.problems.error("missing-key", &entry.place, format!("{what} has `{key}` and no `alternate`"), help);
                return None;
            }
        }
        return Some(None);
    };
    let Some(role) = role else {
        let help = "ECS changes the rules by a role of yours: roles: { ecs-traffic: { trust: ecs, managed_policies: \
                    [AmazonECSInfrastructureRolePolicyForLoadBalancers] } }, then role: ecs-traffic here.";
        ctx.problems.error("missing-key", &tree.place, format!("{what} has `alternate` and no `role`"), help);
        return None;
    };
    let (target_group, entry) = named(ctx, tree, Want::new(what, ctx.problems))?;
    let role = roles::reference(ctx, role, &format!("`role` of {what}"))?;
    let place = fields.place().clone();
    let waits = Shifting { service: service.to_owned(), at, place, alternate: tree.place.clone(), production, test };
    ctx.shifting.borrow_mut().push(waits);
    // Until the load balancers are known.
    let production = RuleRef::Arn(String::new());
    Some(Some(Alternate { target_group, entry, production, test: None, role }))
}

/// A target group; the service registers in it, unless it is only the other one of two.
fn group(ctx: &Ctx<'_>, tree: &Tree, service: &str, want: Want<'_>) -> Option<(Text, Option<String>)> {
    let (text, entry) = named(ctx, tree, want)?;
    if let Some(name) = &entry {
        ctx.registrations.borrow_mut().push((service.to_owned(), name.clone(), tree.place.clone()));
    }
    Some((text, entry))
}

fn named(ctx: &Ctx<'_>, tree: &Tree, want: Want<'_>) -> Option<(Text, Option<String>)> {
    let text = want.text(tree)?;
    let Some(name) = text.known() else { return Some((text, None)) };
    if name.starts_with("arn:") {
        return arn::check(ctx, &tree.place, name, &arn::TARGET_GROUP).then_some((text, None));
    }
    let name = ctx.entry_name(tree, "target_group", "target_groups", want.what)?;
    Some((Text::output(NodeId::new("target_group", &name), "arn"), Some(name)))
}

/// The transport of a target group of the file, as port mappings have it.
fn transport(ctx: &Ctx<'_>, entry: Option<&String>) -> &'static str {
    let udp = entry.is_some_and(|entry| ctx.protocols.borrow().get(entry).is_some_and(|protocol| protocol == "UDP"));
    if udp { "udp" } else { "tcp" }
}

/// Container and port: as given, or the only ones that there are; as given where the task is not known.
fn endpoint(
    ctx: &Ctx<'_>,
    draft: Option<&Draft>,
    (container, port): (Option<&Tree>, Option<&Tree>),
    transport: &str,
    place: &Place,
    what: &str,
) -> Option<(String, u16)> {
    let want = Want::new(what, ctx.problems);
    let container_name = match container {
        Some(tree) => Some((want.filled(tree)?, tree)),
        None => None,
    };
    let port_given = match port {
        Some(tree) => Some(want.port(tree)?),
        None => None,
    };
    let Some(draft) = draft else {
        if let (Some((name, _)), Some(port)) = (&container_name, port_given) {
            return Some((name.clone(), port));
        }
        let help = "Its task definition is registered elsewhere, so say which: { name: …, container: …, port: … }.";
        ctx.problems.error("ambiguous", place, format!("{what} does not say which container and port to use"), help);
        return None;
    };
    let own = |name: &&str| !draft.sidecars.contains(*name);
    let all: Vec<(&str, Vec<u16>)> =
        draft.containers().filter_map(|map| Some((name(map).filter(own)?, ports(map, transport)))).collect();
    if all.is_empty() {
        return None;
    }
    let candidates: Vec<(&str, u16)> = all
        .iter()
        .filter(|(name, _)| container_name.as_ref().is_none_or(|(wanted, _)| wanted == name))
        .flat_map(|(name, ports)| ports.iter().map(move |port| (*name, *port)))
        .filter(|(_, port)| port_given.is_none_or(|wanted| wanted == *port))
        .collect();
    if let [(name, port)] = candidates[..] {
        return Some((name.to_owned(), port));
    }
    if let Some((wanted, tree)) = &container_name
        && !all.iter().any(|(name, _)| name == wanted)
    {
        let names = all.iter().map(|(name, _)| *name);
        let help = suggest::help(wanted, "containers", names);
        ctx.problems.error("unknown-name", &tree.place, format!("the task has no container `{wanted}`"), help);
        return None;
    }
    if candidates.is_empty() {
        let shown: Vec<String> =
            all.iter().flat_map(|(name, ports)| ports.iter().map(move |port| format!("{name}:{port}"))).collect();
        let place = port.map_or(place, |tree| &tree.place);
        let summary = match (&container_name, port_given) {
            (Some((name, _)), Some(port)) => format!("container `{name}` does not open port {port}"),
            (Some((name, _)), None) => format!("container `{name}` opens no {} port", transport.to_uppercase()),
            (None, Some(port)) => format!("no container opens port {port}"),
            (None, None) => format!("no container opens a {} port", transport.to_uppercase()),
        };
        let mapped = if shown.is_empty() {
            "No container has a `port:`.".to_owned()
        } else {
            format!("Mapped ports: {}.", suggest::list(&shown))
        };
        let help = format!("A load balancer reaches only ports that a container maps with `port:`. {mapped}");
        ctx.problems.error("no-such-port", place, summary, help);
        return None;
    }
    let shown: Vec<String> = candidates.iter().map(|(name, port)| format!("{name}:{port}")).collect();
    let help = format!("Say which: {{ name: …, container: …, port: … }}. There are {}.", suggest::list(&shown));
    ctx.problems.error("ambiguous", place, format!("{what} does not say which container and port to use"), help);
    None
}

fn name(map: &Map<String, Json>) -> Option<&str> {
    map.get("name").and_then(Json::as_str)
}

/// The ports that a container maps for a transport; without a word a port is one of TCP.
fn ports(map: &Map<String, Json>, transport: &str) -> Vec<u16> {
    let list = map.get("portMappings").and_then(Json::as_array).into_iter().flatten();
    let of = |mapping: &&Json| mapping.get("protocol").and_then(Json::as_str).unwrap_or("tcp") == transport;
    list.filter(of)
        .filter_map(|mapping| mapping.get("containerPort").and_then(Json::as_u64))
        .filter_map(|port| u16::try_from(port).ok())
        .collect()
}
