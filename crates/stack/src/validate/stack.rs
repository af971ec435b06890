//! The file across its sections.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::diagnostic::{Diagnostic, Place};

use super::super::image;
use super::super::model::{Action, Meta, Service, Stack, SubnetsRef};
use super::super::sections::Ctx;
use super::super::sections::listeners::LISTENER;
use super::super::table::Table;
use super::certificates;
use super::{execution_access, secret_access};

/// One service.
pub(crate) fn service(ctx: &Ctx<'_>, service: &Service, what: &str) {
    if service.scheduling == "DAEMON" && service.launch_type.as_deref() == Some("FARGATE") {
        let help = "Fargate has no instances to run one task on each. Use scheduling: REPLICA.";
        ctx.problems.error("contradiction", &service.meta.place, format!("{what} is a daemon on Fargate"), help);
    }
    if service.scheduling == "DAEMON" && !service.strategy.is_empty() {
        let help = "ECS runs a daemon on the container instances of its cluster. Write launch_type: EC2 in place of the strategy.";
        let summary = format!("{what} is a daemon with a capacity provider strategy");
        ctx.problems.error("contradiction", &service.meta.place, summary, help);
    }
    if service.scheduling == "DAEMON" && !service.placement_strategy.is_empty() {
        let summary = format!("{what} is a daemon with a placement strategy");
        ctx.problems.error(
            "contradiction",
            &service.meta.place,
            summary,
            "A daemon runs on every instance. Remove the strategy.",
        );
    }
    let fargate = service.platform_version.is_some();
    if fargate && !(service.placement_constraints.is_empty() && service.placement_strategy.is_empty()) {
        let summary = format!("{what} runs on Fargate but has placement keys");
        let help = "Fargate has no instances to choose from. Remove the placement keys.";
        ctx.problems.error("contradiction", &service.meta.place, summary, help);
    }
    let Some(task) = service.runs.ours() else { return };
    for container in task.document["containerDefinitions"].as_array().into_iter().flatten() {
        let (Some(name), Some(image)) = (container["name"].as_str(), container["image"].as_str()) else { continue };
        let parts = image::split(image);
        if parts.tag.is_none() && parts.digest.is_none() && !image.contains(['$', '<', '{']) {
            let summary = format!("the image of container `{name}` has no tag: {image}");
            let help = "It means `latest`, which can change at any time: a rollback would not restore \
                 the old image. Name a tag.";
            ctx.problems.warn("no-tag", &task.place, summary, help);
        }
    }
}

/// The whole stack.
pub(crate) fn stack(ctx: &Ctx<'_>, stack: &Stack) {
    target_groups(ctx, stack);
    load_balancers(ctx, stack);
    sticky_shares(ctx, stack);
    super::balancers::check(ctx, stack);
    super::exec::check(ctx, stack);
    certificates::check(ctx, stack);
    physical_names(ctx, stack);
    moved(ctx, stack);
    super::assumed::check(ctx, stack);
    execution_access::check(ctx, stack);
    super::managed_instances::check(ctx, stack);
    secret_access::check(ctx, stack);
    super::own_network::check(ctx, stack);
    super::reachability::check(ctx, stack);
    if !stack.services.is_empty() && stack.cluster.is_none() {
        let place = stack.services.values().next().map(|service| service.meta.place.clone());
        let error = Diagnostic::error("missing-key", "the file has services but no `cluster`", place);
        ctx.problems.push(error.help(format!("Name the cluster that they run in: cluster: {}.", stack.name)));
    }
    if stack.name.len() > 64 {
        // The loader checks the rest of the name.
        ctx.problems.push(Diagnostic::error("bad-name", "the name of the stack is longer than 64 characters", None));
    }
}

/// Every target that listeners and rules forward to.
fn forwarded(stack: &Stack) -> BTreeSet<&str> {
    let actions = stack
        .load_balancers
        .values()
        .flat_map(|balancer| balancer.listeners.values())
        .flat_map(|listener| listener.default.iter().chain(listener.rules.iter().map(|rule| &rule.action)));
    actions
        .filter_map(|action| match action {
            Action::Forward { targets, .. } => Some(targets.iter().map(|(name, _)| name.as_str())),
            Action::Redirect { .. } | Action::FixedResponse { .. } => None,
        })
        .flatten()
        .collect()
}

fn target_groups(ctx: &Ctx<'_>, stack: &Stack) {
    let forwarded = forwarded(stack);
    let registrations = ctx.registrations.borrow();
    let mut users: BTreeMap<&str, (&str, &Place)> = BTreeMap::new();
    for (service, group, place) in registrations.iter() {
        // Whether others forward to one of theirs, AWS knows.
        let theirs = stack.target_groups.get(group).is_some_and(|group| group.existing.is_some());
        if ctx.balancers_complete.get() && !theirs && !forwarded.contains(group.as_str()) {
            let help =
                "ECS refuses a target group that no load balancer uses. Forward to it from a listener or a rule.";
            let summary =
                format!("no listener forwards to target group `{group}`, which service `{service}` registers in");
            ctx.problems.error("unused-target-group", place, summary, help);
        }
        if let Some((other, first)) = users.get(group.as_str()).filter(|(other, _)| other != service) {
            ctx.problems.push(
                Diagnostic::warning(
                    "shared-target-group",
                    format!("services `{other}` and `{service}` register in the same target group"),
                    Some(place.clone()),
                )
                .related((*first).clone(), "the first one")
                .help("Requests go to tasks of both. Give each its own target group unless you want that."),
            );
        }
        users.insert(group, (service, place));
        let (Some(target), Some(service)) = (stack.target_groups.get(group), stack.services.get(service)) else {
            continue;
        };
        let wanted = if service.awsvpc { "ip" } else { "instance" };
        if !theirs && target.target_type != wanted {
            let summary = format!("target group `{group}` has target type `{}`", target.target_type);
            let help = format!("Tasks in this network mode register by {wanted}. Set target_type: {wanted}.");
            ctx.problems.error("target-type", place, summary, help);
        }
    }
    let targets = stack.services.values().flat_map(|service| &service.load_balancers);
    let alternates: BTreeSet<&str> = targets.filter_map(|target| target.alternate.as_ref()?.entry.as_deref()).collect();
    for (name, group) in &stack.target_groups {
        if alternates.contains(name.as_str()) {
            continue;
        }
        if ctx.balancers_complete.get() && !forwarded.contains(name.as_str()) && !users.contains_key(name.as_str()) {
            let help = "Forward to it from a listener or a rule, or remove it.";
            let summary = format!("nothing uses target group `{name}`");
            ctx.problems.warn("unused-target-group", &group.meta.place, summary, help);
        }
    }
}

/// AWS refuses to share traffic between groups of which one keeps its clients, unless the action keeps them too.
fn sticky_shares(ctx: &Ctx<'_>, stack: &Stack) {
    let sticky = |entry: &String| {
        let group = stack.target_groups.get(entry);
        group.is_some_and(|group| group.attributes.get("stickiness.enabled").is_some_and(|value| value == "true"))
    };
    for (name, balancer) in stack.load_balancers.iter().filter(|(_, balancer)| !balancer.is_network()) {
        for (entry, listener) in &balancer.listeners {
            let actions = listener.default.iter().chain(listener.rules.iter().map(|rule| &rule.action));
            for action in actions {
                let Action::Forward { targets, stickiness_secs: None } = action else { continue };
                let found = targets.iter().map(|(group, _)| group).find(|group| sticky(group));
                if let Some(group) = found.filter(|_| targets.len() > 1) {
                    let summary = format!(
                        "listener `{name}/{entry}` shares requests between target groups, \
                             and `{group}` keeps its clients"
                    );
                    let help = "AWS wants the action to keep them too. Write \
                                forward: { target_groups: { … }, stickiness: 1h }, or remove `stickiness` of the group.";
                    ctx.problems.error("contradiction", &listener.meta.place, summary, help);
                }
            }
        }
    }
}

fn load_balancers(ctx: &Ctx<'_>, stack: &Stack) {
    for (name, balancer) in stack.load_balancers.iter().filter(|(_, balancer)| balancer.existing.is_none()) {
        let place = &balancer.meta.place;
        if ctx.balancers_complete.get() && balancer.listeners.is_empty() {
            let help = "It would cost money and serve nothing. Add `listeners:`.";
            ctx.problems.warn("no-listener", place, format!("load balancer `{name}` has no listener"), help);
        }
        if let (None, SubnetsRef::Ids(ids)) = (&balancer.subnets, &stack.network.subnets) {
            let mut unique = ids.clone();
            unique.sort();
            unique.dedup();
            if unique.len() < 2 && !balancer.is_network() {
                let error = Diagnostic::error(
                    "one-zone",
                    format!("load balancer `{name}` has subnets in only one availability zone"),
                    Some(place.clone()),
                );
                ctx.problems.push(
                    error
                        .related(stack.network.place.clone(), "its subnets come from here")
                        .help("An application load balancer needs at least two subnets in two availability zones."),
                );
            }
        }
    }
}

/// The names that AWS will know things by, given or made from the stack and the entry, are good and unique.
fn physical_names(ctx: &Ctx<'_>, stack: &Stack) {
    // AWS does not tell upper and lower case apart in names of security groups and roles; elsewhere `/App` and `/app` are two.
    let check = |table: &Table, metas: Vec<(&String, &Meta)>| {
        let made = table.made.iter().find_map(|made| Some((made.kind.replace('_', " "), made.name?)));
        let Some((kind, rule)) = made else { return };
        let kind = kind.as_str();
        let ignores_case = matches!(kind, "security group" | "role");
        let mut seen: BTreeMap<String, &Place> = BTreeMap::new();
        for (entry, meta) in metas {
            let made = || stack.physical_name(table.path, entry, *rule.length.end());
            let name = meta.name.clone().unwrap_or_else(made);
            if let (None, Some(complaint)) = (&meta.name, rule.complaint(&name)) {
                let summary = format!("{kind} `{entry}` would be called `{name}`: {complaint}");
                ctx.problems.error("bad-name", &meta.place, summary, "Give it another `name:`.");
            }
            let same = if ignores_case { name.to_ascii_lowercase() } else { name.clone() };
            if let Some(first) = seen.insert(same, &meta.place) {
                let error = Diagnostic::error(
                    "duplicate-name",
                    format!("two entries are called `{name}`, both {kind}s"),
                    Some(meta.place.clone()),
                );
                let help = "AWS tells them apart by name. Give one of them another `name:`.";
                ctx.problems.push(error.related(first.clone(), "the first one").help(help));
            }
        }
    };
    for (table, metas) in sections(ctx, stack) {
        check(table, metas);
    }
    families(ctx, stack);
}

fn families(ctx: &Ctx<'_>, stack: &Stack) {
    let mut families: BTreeMap<&str, &Place> = BTreeMap::new();
    for task in stack.services.values().filter_map(|service| service.runs.ours()) {
        if let Some(first) = families.insert(&task.family, &task.place) {
            let warning = Diagnostic::warning(
                "shared-family",
                format!("two services register task definitions of family `{}`", task.family),
                Some(task.place.clone()),
            );
            ctx.problems.push(
                warning
                    .related(first.clone(), "the first one")
                    .help("Their revisions would mix. Give one of them another `family:`."),
            );
        }
    }
}

/// The sections of entries with names of their own, with their tables.
fn sections<'s>(ctx: &Ctx<'_>, stack: &'s Stack) -> Vec<(&'static Table, Vec<(&'s String, &'s Meta)>)> {
    let with_table = |(section, metas)| Some((ctx.scope.table(section)?, metas));
    stack.entries().into_iter().filter_map(with_table).collect()
}

fn moved(ctx: &Ctx<'_>, stack: &Stack) {
    let check = |table: &Table, metas: Vec<(&String, &Meta)>| {
        let section = table.path.rsplit('.').next().unwrap_or_default();
        let names: BTreeSet<&String> = metas.iter().map(|(name, _)| *name).collect();
        let mut moved: BTreeMap<&String, usize> = BTreeMap::new();
        metas
            .iter()
            .filter_map(|(_, meta)| meta.moved_from.as_ref())
            .for_each(|old| *moved.entry(old).or_default() += 1);
        for (name, meta) in &metas {
            let Some(old) = &meta.moved_from else { continue };
            let error = if old == *name {
                "it is its own name".to_owned()
            } else if names.contains(old) {
                format!("`{section}` still has an entry `{old}`")
            } else if moved.get(old).is_some_and(|times| *times > 1) {
                format!("another entry of `{section}` has the same `moved_from`")
            } else {
                continue;
            };
            let help = "`moved_from` is the old name of a renamed entry; no entry may have that name now.";
            let summary = format!("`{name}` cannot have moved from `{old}`: {error}");
            ctx.problems.error("bad-move", &meta.place, summary, help);
        }
    };
    for (table, metas) in sections(ctx, stack) {
        check(table, metas);
    }
    for balancer in stack.load_balancers.values() {
        check(&LISTENER, balancer.listeners.iter().map(|(name, it)| (name, &it.meta)).collect());
    }
}
