//! Who cannot reach whom, as far as the file tells: a load balancer its tasks, anybody a listener, a service its database, tasks the
//! registry of their images. On AWS each of these ends in a deployment that fails after many minutes, so each is a warning before.
//! What the file does not tell (groups that others keep, address ranges) counts as open.

use evenkeel_core::diagnostic::{Diagnostic, Place};
use evenkeel_core::doc::{self, Text};
use evenkeel_core::id::NodeId;

use super::super::model::{Action, LoadBalancer, Service, Stack};
use super::super::reach::{self, Port, Side, Way};
use super::super::sections::Ctx;

/// What is not in a group of the file is in the VPC's default group, which admits its own members only.
const DEFAULT_GROUP: &str = "the VPC's default group, which admits nobody else";

/// The port of registries, secrets and logs.
const REGISTRY: u16 = 443;

/// Checks a whole file.
pub(super) fn check(ctx: &Ctx<'_>, stack: &Stack) {
    for (name, balancer) in stack.load_balancers.iter().filter(|(_, balancer)| balancer.existing.is_none()) {
        listeners(ctx, stack, name, balancer);
    }
    for (name, service) in stack.services.iter().filter(|(_, service)| service.awsvpc) {
        targets(ctx, stack, name, service);
        databases(ctx, stack, name, service);
        // On managed instances it is the instance that fetches images and secrets and takes logs away.
        if !service.strategy.iter().any(|item| item.ours) {
            way_out(ctx, stack, name, service);
        }
    }
}

/// Listeners on whose port the groups of their load balancer admit nobody.
fn listeners(ctx: &Ctx<'_>, stack: &Stack, name: &str, balancer: &LoadBalancer) {
    for listener in balancer.listeners.values() {
        let admitted = |protocol: &&str| {
            let port = Port { number: listener.port, protocol };
            let (entrants, complete) = reach::entrants(stack, &balancer.security_groups, port);
            !complete || !entrants.is_empty()
        };
        let Some(protocol) = listener.transports().iter().find(|protocol| !admitted(protocol)) else {
            continue;
        };
        let udp = if *protocol == "udp" { ", protocol: udp" } else { "" };
        let groups = reach::named(stack, &balancer.security_groups);
        let summary = format!(
            "nobody reaches port {} of load balancer `{name}`: security group {groups} admits nobody",
            listener.port
        );
        let help = format!(
            "Add to `ingress` of the group: {{ port: {}{udp}, from: [0.0.0.0/0, \"::/0\"] }}, or name who may come in.",
            listener.port
        );
        ctx.problems.warn("unreachable", &listener.meta.place, summary, help);
    }
}

/// The target groups that a load balancer forwards to.
fn forwards<'b>(balancer: &'b LoadBalancer, entry: &str) -> bool {
    let actions = |listener: &'b super::super::model::Listener| {
        listener.default.iter().chain(listener.rules.iter().map(|rule| &rule.action))
    };
    balancer.listeners.values().flat_map(actions).any(|action| match action {
        Action::Forward { targets, .. } => targets.iter().any(|(target, _)| target == entry),
        Action::Redirect { .. } | Action::FixedResponse { .. } => false,
    })
}

/// Load balancers that cannot reach the tasks behind them, on the port of their traffic or of their health check.
fn targets(ctx: &Ctx<'_>, stack: &Stack, name: &str, service: &Service) {
    for target in &service.load_balancers {
        let Some((entry, group)) = target.entry.as_ref().and_then(|entry| stack.target_groups.get_key_value(entry))
        else {
            continue;
        };
        let check: Option<u16> = group.health_check.port.parse().ok().filter(|port| *port != target.port);
        let fronted = stack.load_balancers.values().any(|balancer| forwards(balancer, entry));
        if let Some(port) = check.filter(|port| fronted && !listens(service, *port)) {
            let summary = format!(
                "nothing in service `{name}` listens on port {port}, where target group `{entry}` checks its health"
            );
            let help = "Its targets stay unhealthy (Target.FailedHealthChecks). Write `port` in the container that answers the checks, \
                        or leave `port` out of `health_check`: then the port of the traffic is checked.";
            warn(ctx, &group.meta.place, summary, help.to_owned(), name);
        }
        for (balancer_name, balancer) in &stack.load_balancers {
            if balancer.existing.is_some() || !forwards(balancer, entry) {
                continue;
            }
            for (port, keeps) in reach::arrivals(group, target.port) {
                let Some(closed) = unreached(stack, (balancer, keeps), &service.security_groups, port) else {
                    continue;
                };
                let number = port.number;
                let summary = format!(
                    "load balancer `{balancer_name}` does not reach service `{name}` on port {number}: {}",
                    closed.why
                );
                let help = format!("Its targets stay unhealthy (Target.Timeout). {}", closed.mend);
                warn(ctx, closed.place.unwrap_or(&service.meta.place), summary, help, name);
            }
        }
    }
}

/// A warning of what lets the deployment of a service fail.
fn warn(ctx: &Ctx<'_>, place: &Place, summary: String, help: String, service: &str) {
    let warning = Diagnostic::warning("unreachable", summary, Some(place.clone())).help(help);
    ctx.problems.push(warning.about(NodeId::new("service", service)));
}

/// Whether a container of a service maps a port; of a task definition that others register nothing is known.
fn listens(service: &Service, port: u16) -> bool {
    let Some(task) = service.runs.ours() else { return true };
    let containers = task.document["containerDefinitions"].as_array().into_iter().flatten();
    let mut mappings = containers.filter_map(|container| container["portMappings"].as_array()).flatten();
    mappings.any(|mapping| {
        let range = mapping["containerPortRange"].as_str().and_then(|range| range.split_once('-'));
        let within = |(from, to): (&str, &str)| Some((from.parse().ok()?..=to.parse().ok()?).contains(&port));
        mapping["containerPort"].as_u64() == Some(u64::from(port)) || range.and_then(within) == Some(true)
    })
}

/// Why one side does not reach the other, and what to write where.
struct Closed<'s> {
    why: String,
    mend: String,
    /// The group that is to be changed, if it is of the file.
    place: Option<&'s Place>,
}

/// A rule as it is written in the file, with `from:` or `to:`.
fn rule(port: Port<'_>, side: &str, peer: &str) -> String {
    let udp = if port.protocol == "udp" { ", protocol: udp" } else { "" };
    format!("{{ port: {}{udp}, {side}: {peer} }}", port.number)
}

/// Why a load balancer does not reach targets.
fn unreached<'s>(
    stack: &'s Stack,
    (balancer, keeps): (&'s LoadBalancer, bool),
    to: &'s [Text],
    port: Port<'_>,
) -> Option<Closed<'s>> {
    let from = &balancer.security_groups;
    if !balancer.is_network() || reach::closing(stack, from, to, port) == Some(Side::Out) {
        return closed(stack, from, to, port);
    }
    let rule = rule(port, "from", &who(stack, balancer, keeps));
    if to.is_empty() {
        return Some(Closed { why: format!("it is in {DEFAULT_GROUP}"), mend: with_group(&rule), place: None });
    }
    let Way::Closed(why) = reach::through(stack, (balancer, keeps), to, port) else { return None };
    let mend = format!("Add to `ingress` of {}: {rule}.", reach::named(stack, to));
    Some(Closed { why, mend, place: place_of(stack, to) })
}

/// Whom targets have to admit: the load balancer by its groups, or else by addresses.
fn who(stack: &Stack, balancer: &LoadBalancer, keeps: bool) -> String {
    if !balancer.security_groups.is_empty() {
        return reach::named(stack, &balancer.security_groups);
    }
    let clients = keeps && balancer.scheme == "internet-facing";
    if clients { "[0.0.0.0/0]" } else { "[the range of the VPC]" }.to_owned()
}

fn with_group(rule: &str) -> String {
    format!("Give it `security_groups`, with a group that has ingress: [{rule}].")
}

fn closed<'s>(stack: &'s Stack, from: &'s [Text], to: &'s [Text], port: Port<'_>) -> Option<Closed<'s>> {
    let sources = reach::named(stack, from);
    if to.is_empty() && !from.is_empty() {
        let mend = with_group(&rule(port, "from", &sources));
        return Some(Closed { why: format!("it is in {DEFAULT_GROUP}"), mend, place: None });
    }
    let Way::Closed(why) = reach::between(stack, from, to, port) else { return None };
    let destinations = reach::named(stack, to);
    let (mend, changed) = match reach::closing(stack, from, to, port)? {
        Side::Out if to.is_empty() => (format!("Add port {} to `egress` of {sources}.", port.number), from),
        Side::Out => (format!("Add to `egress` of {sources}: {}.", rule(port, "to", &destinations)), from),
        Side::In => (format!("Add to `ingress` of {destinations}: {}.", rule(port, "from", &sources)), to),
    };
    Some(Closed { why, mend, place: place_of(stack, changed) })
}

/// Where the first of these groups is in the file.
fn place_of<'s>(stack: &'s Stack, groups: &[Text]) -> Option<&'s Place> {
    groups.iter().find_map(|group| reach::entry(stack, group)).map(|(_, group)| &group.meta.place)
}

/// Databases that a service is told of, and does not reach.
fn databases(ctx: &Ctx<'_>, stack: &Stack, name: &str, service: &Service) {
    let Some(task) = service.runs.ours() else { return };
    let told = doc::refs(&task.document);
    for (entry, database) in &stack.databases {
        if !told.iter().any(|hole| hole.node.kind() == "database" && hole.node.name() == entry) {
            continue;
        }
        let Some(closed) = closed(stack, &service.security_groups, &database.security_groups, Port::tcp(database.port))
        else {
            continue;
        };
        let summary = format!("service `{name}` does not reach database `{entry}`: {}", closed.why);
        ctx.problems.warn("unreachable", &database.meta.place, summary, closed.mend);
    }
}

/// Tasks on Fargate that do not reach the registry of their images: without an address in subnets whose only way out is one, or in
/// groups that do not let them out on its port.
fn way_out(ctx: &Ctx<'_>, stack: &Stack, name: &str, service: &Service) {
    if service.launch_type.as_deref().is_some_and(|launch| launch != "FARGATE") {
        return;
    }
    if reach::shut(stack, &service.security_groups, Port::tcp(REGISTRY)) {
        let groups = reach::named(stack, &service.security_groups);
        let summary = format!(
            "tasks of service `{name}` have no way to their images: security group {groups} lets nothing out on port {REGISTRY}"
        );
        let help = format!(
            "Registries, secrets and logs are reached by HTTPS. Add to `egress` of {groups}: {{ port: {REGISTRY}, to: 0.0.0.0/0 }}."
        );
        let place = place_of(stack, &service.security_groups).unwrap_or(&service.meta.place);
        warn(ctx, place, summary, help, name);
    }
    if !stack.network.is_default() || service.subnets.is_some() || service.assign_public_ip {
        return;
    }
    let summary =
        format!("tasks of service `{name}` have no way to their images: no public address in the default subnets");
    let help = "A default subnet has an internet gateway and no NAT. Write assign_public_ip: true, or choose subnets with a NAT gateway \
                or endpoints under `network:`.";
    warn(ctx, &service.meta.place, summary, help.to_owned(), name);
}
