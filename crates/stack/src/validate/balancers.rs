//! Load balancers, their listeners and target groups together: which protocols go with which, what a network load balancer can never be
//! given later, and what a service behind one needs. Reads the model only.

use evenkeel_core::diagnostic::Diagnostic;

use super::super::model::{Action, Listener, LoadBalancer, ScalingMetric, ScalingRule, Service, Stack, TargetGroup};
use super::super::sections::Ctx;
use super::super::suggest::choices;

/// Checks a whole file.
pub(super) fn check(ctx: &Ctx<'_>, stack: &Stack) {
    for (name, balancer) in &stack.load_balancers {
        ungrouped(ctx, name, balancer);
        for (entry, listener) in &balancer.listeners {
            let actions = listener.default.iter().chain(listener.rules.iter().map(|rule| &rule.action));
            for action in actions {
                forwards(ctx, stack, (&format!("{name}/{entry}"), listener), (balancer, action));
            }
        }
    }
    for (name, service) in &stack.services {
        checked_by_tcp(ctx, stack, name, service);
        counted(ctx, stack, name, service);
    }
}

/// A network load balancer without security groups stays without.
fn ungrouped(ctx: &Ctx<'_>, name: &str, balancer: &LoadBalancer) {
    if balancer.existing.is_some() || !balancer.is_network() || !balancer.security_groups.is_empty() {
        return;
    }
    let summary = format!("network load balancer `{name}` has no security group, and can never get one");
    let help = "AWS takes them only when it is created; adding one later replaces it. Without one every client reaches its listeners. Add \
                security_groups.";
    ctx.problems.warn("no-security-group", &balancer.meta.place, summary, help);
}

/// The protocols of target groups that a listener can forward to. Source: the guides of Application and Network Load Balancers,
/// "Target groups".
fn partners(listener: &str) -> &'static [&'static str] {
    match listener {
        "TCP" => &["TCP", "TCP_UDP"],
        "TLS" => &["TCP", "TLS"],
        "UDP" => &["UDP", "TCP_UDP"],
        "TCP_UDP" => &["TCP_UDP"],
        _ => &["HTTP", "HTTPS"],
    }
}

fn forwards(
    ctx: &Ctx<'_>,
    stack: &Stack,
    (what, listener): (&str, &Listener),
    (balancer, action): (&LoadBalancer, &Action),
) {
    let Action::Forward { targets, .. } = action else { return };
    let ours = |name: &str| stack.target_groups.get(name).filter(|group| group.existing.is_none());
    for (name, group) in targets.iter().filter_map(|(name, _)| Some((name, ours(name)?))) {
        let fits = partners(&listener.protocol);
        if !fits.contains(&group.protocol.as_str()) {
            let summary =
                format!("listener `{what}` is {}, and target group `{name}` is {}", listener.protocol, group.protocol);
            let help =
                format!("AWS refuses the two together. Behind this listener a group is protocol: {}.", choices(fits));
            let error = Diagnostic::error("protocol-mismatch", summary, Some(listener.meta.place.clone()));
            ctx.problems.push(error.related(group.meta.place.clone(), "the target group").help(help));
        } else if balancer.is_network()
            && balancer.ip_address_type != "ipv4"
            && matches!(listener.protocol.as_str(), "UDP" | "TCP_UDP")
        {
            let summary =
                format!("listener `{what}` is {} on a load balancer that answers on IPv6 too", listener.protocol);
            let help = "Such a listener takes only groups of IPv6 addresses, which this version does not manage. Write ip_address_type: ipv4.";
            ctx.problems.error("not-for-type", &listener.meta.place, summary, help);
        }
    }
}

/// The target groups of the file that a service registers in, with the port.
fn groups<'s>(stack: &'s Stack, service: &'s Service) -> impl Iterator<Item = (&'s str, &'s TargetGroup, u16)> {
    service.load_balancers.iter().filter_map(|target| {
        let (name, group) = stack.target_groups.get_key_value(target.entry.as_ref()?)?;
        Some((name.as_str(), group, target.port)).filter(|_| group.existing.is_none())
    })
}

/// Targets of UDP are checked by TCP or HTTP, on their own port unless the group names another.
fn checked_by_tcp(ctx: &Ctx<'_>, stack: &Stack, name: &str, service: &Service) {
    let Some(task) = service.runs.ours() else { return };
    let containers = task.document["containerDefinitions"].as_array();
    let mappings = || containers.into_iter().flatten().filter_map(|one| one["portMappings"].as_array()).flatten();
    for (group, it, port) in groups(stack, service).filter(|(_, it, _)| it.protocol == "UDP") {
        let checked = it.health_check.port.parse().unwrap_or(port);
        let by_tcp = mappings().any(|one| {
            one["protocol"].as_str().unwrap_or("tcp") == "tcp" && one["containerPort"].as_u64() == Some(checked.into())
        });
        if by_tcp {
            continue;
        }
        let summary = format!(
            "target group `{group}` checks service `{name}` by {} on port {checked}, which no container opens for TCP",
            it.health_check.protocol
        );
        let help = "UDP has no health checks. Let a container answer on a TCP port, map it, and name it: health_check: { port: 8080 }.";
        ctx.problems.warn("unreachable", &it.meta.place, summary, help);
    }
}

/// Requests are counted by application load balancers only.
fn counted(ctx: &Ctx<'_>, stack: &Stack, name: &str, service: &Service) {
    let counts = |group: &str| {
        let mut rules = service.scaling.iter().flat_map(|scaling| &scaling.policies).map(|policy| &policy.rule);
        rules.any(
            |rule| matches!(rule, ScalingRule::Track { metric: ScalingMetric::Requests(entry), .. } if entry == group),
        )
    };
    if let Some((group, it, _)) = groups(stack, service).find(|(group, it, _)| !it.is_http() && counts(group)) {
        let summary =
            format!("service `{name}` scales by requests of target group `{group}`, which is {}", it.protocol);
        let help = "Only application load balancers count requests. Scale by cpu, memory or a metric of your own.";
        ctx.problems.error("no-metric", &service.meta.place, summary, help);
    }
}
