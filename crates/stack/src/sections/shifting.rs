//! Services whose traffic ECS moves between two target groups: how large the steps are, which rules ECS changes, and whether
//! groups, rules and strategy go together. Rules are named before the load balancers are known, so they are resolved at the end.

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::Place;

use super::super::arn;
use super::super::ctx::Shifting;
use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::{Action, Listener, LoadBalancer, RuleRef, Service, Shift, TargetGroup};
use super::super::table::{EMPTY, Table, Type, key};
use super::super::tree::Tree;
use super::Ctx;
use super::deployment::minutes;

/// `canary:`; API: CanaryConfiguration.
pub(crate) static CANARY: Table = Table {
    path: "services.deployment.canary",
    what: "the canary of a deployment",
    groups: &[&[
        key("percent", Type::AnyOf(&[Type::Percent(1, 100), Type::Text]), "The share of traffic that moves first.")
            .also(&["canary_percent"])
            .shape("0.1 to 100, `5%` too")
            .value("5")
            .aws("canaryPercent"),
        key(
            "bake_time",
            Type::AnyOf(&[Type::Number(0, 1440), Type::Seconds(0, 86_400)]),
            "How long ECS waits before the rest moves.",
        )
        .also(&["canary_bake_time_in_minutes"])
        .shape("minutes, or a duration with its unit")
        .value("10")
        .aws("canaryBakeTimeInMinutes")
        .example("10m"),
    ]],
    ..EMPTY
};

/// `linear:`; API: LinearConfiguration.
pub(crate) static LINEAR: Table = Table {
    path: "services.deployment.linear",
    what: "the steps of a deployment",
    groups: &[&[
        key("step", Type::AnyOf(&[Type::Percent(3, 100), Type::Text]), "The share of traffic that moves in a step.")
            .also(&["percent", "step_percent"])
            .shape("3 to 100, `10%` too")
            .value("10")
            .aws("stepPercent"),
        key(
            "bake_time",
            Type::AnyOf(&[Type::Number(0, 1440), Type::Seconds(0, 86_400)]),
            "How long ECS waits after each step but the last.",
        )
        .also(&["step_bake_time_in_minutes"])
        .shape("minutes, or a duration with its unit")
        .value("6")
        .aws("stepBakeTimeInMinutes")
        .example("6m"),
    ]],
    ..EMPTY
};

/// Reads `canary:`.
pub(super) fn canary(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Shift> {
    let fields = Fields::open(tree, format!("`canary` of {what}"), &CANARY, ctx.problems)?;
    let permille = fields.take("percent").map_or(Some(50), |tree| permille(ctx, tree, (1, "0.1"), &fields));
    let bake_time_minutes = minutes(&fields, "bake_time").unwrap_or(10);
    fields.finish();
    Some(Shift { permille: permille?, bake_time_minutes })
}

/// Reads `linear:`.
pub(super) fn linear(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Shift> {
    let fields = Fields::open(tree, format!("`linear` of {what}"), &LINEAR, ctx.problems)?;
    let permille = fields.take("step").map_or(Some(100), |tree| permille(ctx, tree, (30, "3"), &fields));
    let bake_time_minutes = minutes(&fields, "bake_time").unwrap_or(6);
    fields.finish();
    Some(Shift { permille: permille?, bake_time_minutes })
}

/// A percentage with one decimal, in tenths.
fn permille(ctx: &Ctx<'_>, tree: &Tree, (least, shown): (u32, &str), fields: &Fields<'_>) -> Option<u32> {
    let text = Want::new(fields.what(), ctx.problems).filled(tree)?;
    let number = text.trim().trim_end_matches('%').trim();
    let (whole, tenths) = number.split_once('.').unwrap_or((number, "0"));
    let tenths = tenths.trim_end_matches('0');
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit()) && text.len() <= 3;
    let value = (digits(whole) && digits(tenths) && tenths.len() <= 1 && !whole.is_empty())
        .then(|| Some(whole.parse::<u32>().ok()? * 10 + tenths.parse::<u32>().unwrap_or(0)))
        .flatten();
    if let Some(value) = value.filter(|value| (least..=1000).contains(value)) {
        return Some(value);
    }
    let summary = format!("`{text}` is not a share that {} can have", fields.what());
    let help = format!("ECS accepts {shown} to 100 percent, with one decimal at most.");
    ctx.problems.error("out-of-range", &tree.place, summary, help);
    None
}

/// A rule as the file names it, and what it does.
type Known<'b> = (RuleRef, String, Option<&'b Action>);

/// Finds the rules that services name, now that the load balancers are known, and checks what belongs together.
pub(crate) fn resolve(
    ctx: &Ctx<'_>,
    balancers: &BTreeMap<String, LoadBalancer>,
    groups: &BTreeMap<String, TargetGroup>,
    services: &mut BTreeMap<String, Service>,
) {
    let rules = rules(balancers);
    for named in ctx.shifting.take() {
        let Some(service) = services.get_mut(&named.service) else { continue };
        if service.deployment.strategy == "ROLLING" {
            let help = "Write deployment: { strategy: BLUE_GREEN } (or LINEAR, CANARY), or remove `alternate`.";
            let summary = format!("service `{}` has an alternate target group and the strategy ROLLING", named.service);
            ctx.problems.error("contradiction", &named.alternate, summary, help);
        }
        let Some(target) = service.load_balancers.get_mut(named.at) else { continue };
        let main = target.entry.clone();
        let Some(alternate) = target.alternate.as_mut() else { continue };
        let pair = [main.as_deref(), alternate.entry.as_deref()];
        alike(ctx, groups, pair, &named);
        if !ctx.balancers_complete.get() {
            continue;
        }
        if let Some((text, place)) = &named.test {
            alternate.test = find(ctx, &rules, text, place);
        }
        let production = match &named.production {
            Some((text, place)) => find(ctx, &rules, text, place),
            None => only(ctx, &rules, pair, alternate.test.as_ref(), &named),
        };
        let Some(production) = production else { continue };
        if alternate.test.as_ref() == Some(&production) {
            let place = named.test.as_ref().map_or(&named.place, |(_, place)| place);
            let help = "Test requests need a rule of their own, for example on another port. Remove `test_rule`, or name another.";
            ctx.problems.error("contradiction", place, "the test rule is the production rule", help);
        }
        alternate.production = production;
        let own = [Some(&alternate.production), alternate.test.as_ref()];
        forwards(ctx, &rules, pair, own, &named);
    }
    without_alternate(ctx, services);
}

/// Every rule of the file, and the default action of every listener of the file.
fn rules(balancers: &BTreeMap<String, LoadBalancer>) -> Vec<Known<'_>> {
    let mut found = Vec::new();
    for (balancer, entry) in balancers {
        for (name, listener) in &entry.listeners {
            found.extend(of_listener(balancer, name, listener));
        }
    }
    found
}

fn of_listener<'b>(balancer: &str, name: &str, listener: &'b Listener) -> Vec<Known<'b>> {
    let (balancer, entry) = (balancer.to_owned(), name.to_owned());
    let default = RuleRef::Default { balancer: balancer.clone(), listener: entry.clone() };
    let mut found = vec![(default, format!("{balancer}/{entry}"), listener.default.as_ref())];
    found.extend(listener.rules.iter().enumerate().map(|(at, rule)| {
        let number = rule.priority.map_or_else(|| "auto".to_owned(), |priority| priority.to_string());
        let named = format!("{balancer}/{entry}/{number}");
        (RuleRef::Rule { balancer: balancer.clone(), listener: entry.clone(), at }, named, Some(&rule.action))
    }));
    found
}

fn find(ctx: &Ctx<'_>, rules: &[Known<'_>], text: &str, place: &Place) -> Option<RuleRef> {
    if text.starts_with("arn:") {
        return arn::check(ctx, place, text, &arn::RULE).then(|| RuleRef::Arn(text.to_owned()));
    }
    if let Some((rule, ..)) = rules.iter().find(|(_, name, _)| name == text) {
        return Some(rule.clone());
    }
    let names: Vec<&str> = rules.iter().map(|(_, name, _)| name.as_str()).collect();
    let near = super::super::suggest::nearest(text, names.iter().copied());
    let near = near.map(|near| format!("Did you mean `{near}`? ")).unwrap_or_default();
    let help = format!(
        "{near}Write BALANCER/LISTENER for what a listener does by default, BALANCER/LISTENER/PRIORITY for a rule, or an ARN."
    );
    ctx.problems.error("unknown-name", place, format!("there is no rule `{text}`"), help);
    None
}

/// Whether an action forwards to one of a pair of target groups.
fn leads_to(action: Option<&Action>, pair: [Option<&str>; 2]) -> bool {
    match action {
        Some(Action::Forward { targets, .. }) => {
            targets.iter().any(|(group, _)| pair.iter().flatten().any(|one| group == one))
        }
        Some(Action::Redirect { .. } | Action::FixedResponse { .. }) | None => false,
    }
}

/// The only rule that forwards to a pair of target groups.
fn only(
    ctx: &Ctx<'_>,
    rules: &[Known<'_>],
    pair: [Option<&str>; 2],
    test: Option<&RuleRef>,
    named: &Shifting,
) -> Option<RuleRef> {
    let fits = |(rule, _, action): &&Known<'_>| leads_to(*action, pair) && test != Some(rule);
    let found: Vec<&Known<'_>> = rules.iter().filter(fits).collect();
    if let [(rule, ..)] = found[..] {
        return Some(rule.clone());
    }
    let names: Vec<&str> = found.iter().map(|(_, name, _)| name.as_str()).collect();
    let (summary, help) = if names.is_empty() {
        (
            "no rule of the file forwards to this target group",
            "Name the one that ECS changes: production_rule: BALANCER/LISTENER/PRIORITY or its ARN.".to_owned(),
        )
    } else {
        let names = super::super::suggest::list(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        (
            "several rules forward to this target group, and the file does not say which of them ECS changes",
            format!("Write production_rule: and one of {names}; the one for test requests is `test_rule`."),
        )
    };
    ctx.problems.error("ambiguous", &named.place, summary, help);
    None
}

/// Rules beside those that ECS changes would go on sending requests to the group that it empties.
fn forwards(ctx: &Ctx<'_>, rules: &[Known<'_>], pair: [Option<&str>; 2], own: [Option<&RuleRef>; 2], named: &Shifting) {
    let others = rules.iter().filter(|(rule, _, action)| leads_to(*action, pair) && !own.contains(&Some(rule)));
    for (_, name, _) in others {
        let summary = format!("`{name}` forwards to this target group too, and ECS does not change it");
        let help = "Its requests would go to tasks that have stopped once ECS has moved the traffic. Let it forward to another group, or \
                    name it as `production_rule` or `test_rule`.";
        ctx.problems.error("contradiction", &named.place, summary, help);
    }
    for rule in own.into_iter().flatten() {
        let Some((_, name, action)) = rules.iter().find(|(known, ..)| known == rule) else { continue };
        if !leads_to(*action, pair) {
            let summary = format!("`{name}` does not forward to this target group");
            let help = "ECS moves traffic by the weights of the rule, so it has to forward to one of the two groups.";
            ctx.problems.error("contradiction", &named.place, summary, help);
        }
    }
}

/// The two groups are to be alike. Source: AWS's guide to the resources of blue/green deployments.
fn alike(ctx: &Ctx<'_>, groups: &BTreeMap<String, TargetGroup>, pair: [Option<&str>; 2], named: &Shifting) {
    let [Some(first), Some(second)] = pair else { return };
    if first == second {
        let help = "ECS moves traffic from one target group to another. Name a second one.";
        let summary = format!("`{first}` is its own alternate target group");
        return ctx.problems.error("contradiction", &named.alternate, summary, help);
    }
    let (Some(one), Some(two)) = (groups.get(first), groups.get(second)) else { return };
    if one.existing.is_some() || two.existing.is_some() {
        return;
    }
    let differs: Vec<&str> = [
        ("target_type", one.target_type != two.target_type),
        ("protocol", one.protocol != two.protocol),
        ("protocol_version", one.protocol_version != two.protocol_version),
    ]
    .into_iter()
    .filter_map(|(key, differs)| differs.then_some(key))
    .collect();
    if !differs.is_empty() {
        let summary = format!("target groups `{first}` and `{second}` differ in {}", differs.join(" and "));
        let help = "One service registers in both by turns. Give both the same type and protocol.";
        ctx.problems.error("contradiction", &named.alternate, summary, help);
    }
}

/// Strategies that move traffic need two target groups each, or Service Connect.
fn without_alternate(ctx: &Ctx<'_>, services: &BTreeMap<String, Service>) {
    for (name, service) in services.iter().filter(|(_, service)| service.deployment.shifts()) {
        let strategy = &service.deployment.strategy;
        if let Some(target) = service.load_balancers.iter().find(|target| target.alternate.is_none()) {
            let group = target.entry.as_deref().unwrap_or("its target group");
            let summary =
                format!("service `{name}` has the strategy {strategy}, and `{group}` has no alternate target group");
            let help = format!(
                "Write target_group: {{ name: {group}, alternate: OTHER, role: ROLE }}. The role lets ECS change the rules: \
                 roles: {{ ROLE: {{ trust: ecs, managed_policies: [AmazonECSInfrastructureRolePolicyForLoadBalancers] }} }}."
            );
            ctx.problems.error("missing-key", &service.meta.place, summary, help);
        } else if service.load_balancers.is_empty() && service.service_connect.is_none() && strategy != "BLUE_GREEN" {
            let summary = format!("service `{name}` has the strategy {strategy}, and no traffic that ECS could move");
            let help = "It needs a target group with an alternate one, or `service_connect`. Otherwise use ROLLING or BLUE_GREEN.";
            ctx.problems.error("missing-key", &service.meta.place, summary, help);
        }
    }
}
