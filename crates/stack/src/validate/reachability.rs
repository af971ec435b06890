//! Who cannot reach whom, as far as the file tells: a load balancer its tasks, anybody a listener, a service its database, tasks the
//! registry of their images. On AWS each of these ends in a deployment that fails after many minutes, so each is a warning before.
//! What the file does not tell (groups that others keep, address ranges) counts as open.

use evenkeel_core::doc::{self, Text};

use super::super::model::{Action, LoadBalancer, Service, Stack, SubnetsRef, VpcRef};
use super::super::reach::{self, Port, Way};
use super::super::sections::Ctx;

/// What is not in a group of the file is in the VPC's default group, which admits its own members only.
const DEFAULT_GROUP: &str = "the VPC's default group, which admits nobody else";

/// Checks a whole file.
pub(super) fn check(ctx: &Ctx<'_>, stack: &Stack) {
    for (name, balancer) in stack.load_balancers.iter().filter(|(_, balancer)| balancer.existing.is_none()) {
        listeners(ctx, stack, name, balancer);
    }
    for (name, service) in stack.services.iter().filter(|(_, service)| service.awsvpc) {
        targets(ctx, stack, name, service);
        databases(ctx, stack, name, service);
        way_out(ctx, stack, name, service);
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
        let arrivals = reach::arrivals(group, target.port);
        for (balancer_name, balancer) in &stack.load_balancers {
            if balancer.existing.is_some() || !forwards(balancer, entry) {
                continue;
            }
            for (port, keeps) in &arrivals {
                let Some((why, to)) = unreached(stack, (balancer, *keeps), &service.security_groups, *port) else {
                    continue;
                };
                let number = port.number;
                let summary =
                    format!("load balancer `{balancer_name}` does not reach service `{name}` on port {number}: {why}");
                let from = who(stack, balancer, *keeps);
                let help = format!("Its targets stay unhealthy (Target.Timeout). {}", open(&to, *port, &from));
                ctx.problems.warn("unreachable", &service.meta.place, summary, help);
            }
        }
    }
}

/// Why a load balancer does not reach targets, and the group that would have to admit it.
fn unreached(
    stack: &Stack,
    (balancer, keeps): (&LoadBalancer, bool),
    to: &[Text],
    port: Port<'_>,
) -> Option<(String, Option<String>)> {
    if to.is_empty() && (balancer.is_network() || !balancer.security_groups.is_empty()) {
        return Some((format!("it is in {DEFAULT_GROUP}"), None));
    }
    match reach::through(stack, (balancer, keeps), to, port) {
        Way::Closed(why) => Some((why, Some(reach::named(stack, to)))),
        Way::Open(_) | Way::Unknown => None,
    }
}

/// Whom targets have to admit: the load balancer by its groups, or else by addresses.
fn who(stack: &Stack, balancer: &LoadBalancer, keeps: bool) -> String {
    if !balancer.security_groups.is_empty() {
        return reach::named(stack, &balancer.security_groups);
    }
    let clients = keeps && balancer.scheme == "internet-facing";
    if clients { "[0.0.0.0/0]" } else { "[the range of the VPC]" }.to_owned()
}

/// Why one side does not reach the other, and the group that would have to admit it, if it is of the file.
fn closed(stack: &Stack, from: &[Text], to: &[Text], port: u16) -> Option<(String, Option<String>)> {
    if to.is_empty() && !from.is_empty() {
        return Some((format!("it is in {DEFAULT_GROUP}"), None));
    }
    match reach::between(stack, from, to, Port::tcp(port)) {
        Way::Closed(why) => Some((why, Some(reach::named(stack, to)))),
        Way::Open(_) | Way::Unknown => None,
    }
}

fn open(group: &Option<String>, port: Port<'_>, from: &str) -> String {
    let udp = if port.protocol == "udp" { ", protocol: udp" } else { "" };
    let rule = format!("{{ port: {}{udp}, from: {from} }}", port.number);
    match group {
        Some(group) => format!("Add to `ingress` of {group}: {rule}."),
        None => format!("Give it `security_groups`, with a group that has ingress: [{rule}]."),
    }
}

/// Databases that a service is told of, and does not reach.
fn databases(ctx: &Ctx<'_>, stack: &Stack, name: &str, service: &Service) {
    let Some(task) = service.runs.ours() else { return };
    let told = doc::refs(&task.document);
    for (entry, database) in &stack.databases {
        if !told.iter().any(|hole| hole.node.kind() == "database" && hole.node.name() == entry) {
            continue;
        }
        let Some((why, to)) = closed(stack, &service.security_groups, &database.security_groups, database.port) else {
            continue;
        };
        let summary = format!("service `{name}` does not reach database `{entry}`: {why}");
        let from = reach::named(stack, &service.security_groups);
        ctx.problems.warn("unreachable", &database.meta.place, summary, open(&to, Port::tcp(database.port), &from));
    }
}

/// Tasks on Fargate without an address in subnets whose only way out is one.
fn way_out(ctx: &Ctx<'_>, stack: &Stack, name: &str, service: &Service) {
    let network = &stack.network;
    let default = network.vpc == VpcRef::Default && network.subnets == SubnetsRef::Default && service.subnets.is_none();
    let fargate = service.launch_type.as_deref().is_none_or(|launch| launch == "FARGATE");
    if !default || !fargate || service.assign_public_ip {
        return;
    }
    let summary =
        format!("tasks of service `{name}` have no way to their images: no public address in the default subnets");
    let help = "A default subnet has an internet gateway and no NAT. Write assign_public_ip: true, or choose subnets with a NAT gateway \
                or endpoints under `network:`.";
    ctx.problems.warn("unreachable", &service.meta.place, summary, help);
}
