//! `ingress:` of a service: which gateway it connects to, and by which port. What goes with other keys of the file is checked once all
//! of it has been read.

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::{Diagnostic, Place};
use serde_json::Value as Json;

use super::super::fields::Fields;
use super::super::model::{Cluster, Gateway, Ingress, IngressCheck, Service};
use super::super::suggest;
use super::super::table::{EMPTY, Table, Type, key};
use super::super::task_definition::Draft;
use super::super::tree::Tree;
use super::Ctx;
use super::target_groups::{matcher, path};

/// `ingress:`.
pub(crate) static INGRESS: Table = Table {
    path: "services.ingress",
    what: "the ingress of a service",
    groups: &[&[
        key("gateway", Type::Entry("gateways"), "The gateway.")
            .shape("entry")
            .needed("Name an entry of `gateways`: gateway: public.")
            .example("public"),
        key("port", Type::Text, "The name of the port that requests go to: one that a container gives with `name`.")
            .also(&["port_name"])
            .without("the only port with a name")
            .aws("portName")
            .example("api"),
        key("health_check", Type::AnyOf(&[Type::Map(&HEALTH_CHECK), Type::Text]), "How its tasks are checked.")
            .shape("path, or map (below)")
            .without("`/`, and the defaults below")
            .aws("healthCheck")
            .example("/healthz"),
        key(
            "deregistration_delay",
            Type::Seconds(0, 3600),
            "How long requests under way may take before a task stops.",
        )
        .value("300s")
        .aws("deregistrationDelay")
        .example("30s"),
    ]],
    words: &[("filters", "ECS connects the service with gateways of the scheme that `gateway` has.")],
    ..EMPTY
};

/// `health_check:`.
static HEALTH_CHECK: Table = Table {
    path: "services.ingress.health_check",
    what: "the health check of an ingress",
    groups: &[&[
        key("path", Type::Text, "The path to request.")
            .also(&["health_check_path"])
            .value("/")
            .aws("healthCheckPath")
            .example("/healthz"),
        key("port", Type::Port, "The port to use.")
            .also(&["health_check_port"])
            .without("that of the traffic")
            .aws("healthCheckPort")
            .example("8080"),
        key("protocol", Type::Word(&["HTTP", "HTTPS"]), "The protocol to use.")
            .also(&["health_check_protocol"])
            .value("HTTP")
            .aws("healthCheckProtocol"),
        key("interval", Type::Seconds(5, 300), "Time between two checks.")
            .also(&["health_check_interval_seconds"])
            .value("30s")
            .aws("healthCheckIntervalSeconds"),
        key("timeout", Type::Seconds(2, 120), "The time limit of one check; shorter than the interval.")
            .also(&["health_check_timeout_seconds"])
            .value("5s")
            .aws("healthCheckTimeoutSeconds"),
        key("healthy_threshold", Type::Number(2, 10), "Successful checks in a row until a task counts as healthy.")
            .also(&["healthy_threshold_count"])
            .value("5")
            .aws("healthyThresholdCount"),
        key("unhealthy_threshold", Type::Number(2, 10), "Failed checks in a row until it counts as unhealthy.")
            .also(&["unhealthy_threshold_count"])
            .value("2")
            .aws("unhealthyThresholdCount"),
        key("matcher", Type::Several(&Type::Text), "Status codes that count as a success.")
            .also(&["success_codes"])
            .shape("`200`, `200-299`, `200,302`, or a list")
            .value("200")
            .aws("matcher"),
    ]],
    ..EMPTY
};

/// Reads it; and where it stands.
pub(crate) fn read(ctx: &Ctx<'_>, fields: &Fields<'_>, draft: Option<&Draft>) -> Option<(Ingress, Place)> {
    let tree = fields.take("ingress")?;
    let what = format!("`ingress` of {}", fields.what());
    let tree = match tree.items() {
        None => tree,
        Some([one]) => one,
        Some(items) => {
            let summary = format!("{what} has {} items", items.len());
            ctx.problems.error(
                "too-many",
                &tree.place,
                summary,
                "ECS connects a service by one port. Keep one of them.",
            );
            return None;
        }
    };
    let inner = Fields::open(tree, what.clone(), &INGRESS, ctx.problems)?;
    let place = fields.entry("ingress").map_or(&tree.place, |entry| &entry.place).clone();
    let gateway = inner.take("gateway").and_then(|tree| ctx.entry_name(tree, "gateway", "gateways", &what));
    let port = port(ctx, &inner, &place, draft, &what);
    let health_check = check(ctx, inner.take("health_check"), &what);
    let delay = inner.seconds("deregistration_delay").unwrap_or_default();
    inner.finish();
    if let Some(draft) = draft
        && draft.text("networkMode") != Some("awsvpc")
    {
        let summary = format!("{what} needs tasks with network interfaces of their own");
        let help = "A gateway reaches tasks in network mode awsvpc only. Use network_mode: awsvpc, or a load balancer.";
        ctx.problems.error("contradiction", &place, summary, help);
    }
    let ingress =
        Ingress { gateway: gateway?, port: port?, health_check: health_check?, deregistration_delay_secs: delay };
    Some((ingress, place))
}

/// The names of the ports of a task, each with its number.
fn ports(draft: &Draft) -> BTreeMap<String, u64> {
    let mappings = draft.containers().flat_map(|map| map.get("portMappings").and_then(Json::as_array)).flatten();
    let named = |port: &Json| Some((port["name"].as_str()?.to_owned(), port["containerPort"].as_u64().unwrap_or(0)));
    mappings.filter_map(named).collect()
}

fn port(ctx: &Ctx<'_>, fields: &Fields<'_>, place: &Place, draft: Option<&Draft>, what: &str) -> Option<String> {
    let given = fields.text("port");
    let known = draft.map(ports);
    let listed = |known: &BTreeMap<String, u64>| {
        let names: Vec<&str> = known.keys().map(String::as_str).collect();
        if names.is_empty() {
            "No port of its containers has a name.".to_owned()
        } else {
            format!("There are {}.", suggest::list(&names))
        }
    };
    match (fields.take("port"), given, known) {
        (Some(tree), Some(given), Some(known)) if !known.contains_key(&given) => {
            let near = suggest::nearest(&given, known.keys().map(String::as_str));
            let near = near.map(|near| format!("Did you mean `{near}`? ")).unwrap_or_default();
            // A number is what a load balancer would want.
            let number = given.parse::<u16>().unwrap_or(8080);
            let name = if given.parse::<u16>().is_ok() { "http" } else { &given };
            let help =
                format!("{near}{} Give the port a name: port: {{ port: {number}, name: {name} }}.", listed(&known));
            ctx.problems.error("unknown-name", &tree.place, format!("no container has a port called `{given}`"), help);
            None
        }
        (Some(_), given, _) => given,
        (None, _, Some(known)) => {
            let mut names = known.keys();
            if let (Some(only), None) = (names.next(), names.next()) {
                return Some(only.clone());
            }
            let help =
                format!("Write port: NAME. {} One gets a name by port: {{ port: 8080, name: http }}.", listed(&known));
            ctx.problems.error("ambiguous", place, format!("{what} does not say which port to use"), help);
            None
        }
        (None, _, None) => {
            let help = "Its task definition is registered elsewhere, so say which: port: NAME.";
            ctx.problems.error("ambiguous", place, format!("{what} does not say which port to use"), help);
            None
        }
    }
}

fn check(ctx: &Ctx<'_>, tree: Option<&Tree>, what: &str) -> Option<IngressCheck> {
    let what = format!("the health check of {what}");
    let usual = IngressCheck {
        protocol: "HTTP".to_owned(),
        port: 0,
        path: "/".to_owned(),
        interval_secs: 30,
        timeout_secs: 5,
        healthy_threshold: 5,
        unhealthy_threshold: 2,
        matcher: "200".to_owned(),
    };
    let Some(tree) = tree else { return Some(usual) };
    if tree.entries().is_none() {
        return Some(IngressCheck { path: path(ctx, tree)?, ..usual });
    }
    let fields = Fields::open(tree, what.clone(), &HEALTH_CHECK, ctx.problems)?;
    let check = IngressCheck {
        protocol: fields.word("protocol").unwrap_or_default().to_owned(),
        port: fields.port("port").unwrap_or_default(),
        path: fields.take("path").map_or(Some(usual.path), |tree| path(ctx, tree))?,
        interval_secs: fields.seconds("interval").unwrap_or_default(),
        timeout_secs: fields.seconds("timeout").unwrap_or_default(),
        healthy_threshold: fields.count("healthy_threshold").unwrap_or_default(),
        unhealthy_threshold: fields.count("unhealthy_threshold").unwrap_or_default(),
        matcher: fields.take("matcher").map_or(Some(usual.matcher), |tree| matcher(ctx, tree, (200, 499)))?,
    };
    if check.timeout_secs >= check.interval_secs {
        let place = fields.entry("timeout").or(fields.entry("interval")).map_or(fields.place(), |entry| &entry.place);
        let summary = format!("{what} takes up to {}s, every {}s", check.timeout_secs, check.interval_secs);
        ctx.problems.error("bad-health-check", place, summary, "The timeout must be shorter than the interval.");
    }
    fields.finish();
    Some(check)
}

/// What of several sections has to go together.
pub(crate) fn verify(
    ctx: &Ctx<'_>,
    gateways: &BTreeMap<String, Gateway>,
    cluster: Option<&Cluster>,
    services: &BTreeMap<String, Service>,
) {
    for (name, gateway) in gateways.iter().filter(|(_, gateway)| gateway.existing.is_some()) {
        if cluster.is_some_and(|cluster| cluster.existing.is_none()) {
            let summary = format!("gateway `{name}` is of others, and the cluster is not");
            let help = "Who has a gateway associates it with clusters, so it can only serve one that is there: write cluster: { \
                        existing: NAME }, or let this stack make a gateway of its own.";
            ctx.problems.error("contradiction", &gateway.meta.place, summary, help);
        }
    }
    for (name, service) in services {
        let Some((ingress, place)) = &service.ingress else { continue };
        let Some(gateway) = gateways.get(&ingress.gateway) else { continue };
        let twin = gateways.iter().find(|(other, twin)| {
            **other != ingress.gateway && gateway.existing.is_none() && twin.scheme == gateway.scheme
        });
        if let Some((other, twin)) = twin {
            let (one, scheme) = (&ingress.gateway, &gateway.scheme);
            let summary = format!("ECS would connect service `{name}` with gateway `{other}` as well as with `{one}`");
            let error = Diagnostic::error("ambiguous", summary, Some(place.clone()));
            let error = error.related(twin.meta.place.clone(), format!("it is {scheme} too"));
            let help = "ECS connects a service with every gateway of its cluster that has the scheme. Keep one gateway of each scheme.";
            ctx.problems.push(error.help(help));
        }
        if !service.load_balancers.is_empty() {
            let summary = format!("service `{name}` is behind a load balancer and behind a gateway");
            let help = "Requests come in both ways. That is fine while you move from one to the other; then remove `target_group`.";
            ctx.problems.warn("two-ways-in", place, summary, help);
        }
    }
}
