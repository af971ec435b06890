//! A task definition as a whole: sizes, containers that depend on each other, ports, what Fargate insists on.

use evenkeel_core::doc::refs;
use serde_json::{Map, Value as Json};

use super::super::sections::Ctx;
use super::super::suggest;
use super::super::task_definition::coerce::placeholder;
use super::super::task_definition::{Draft, sizes};
use super::super::tree::shorten;
use super::super::values::ECS;
use super::{variables, volumes};

/// Containers that a task may have.
const CONTAINERS: usize = 10;
/// Keys of a container that Fargate refuses.
pub(crate) const NOT_ON_FARGATE: &[&str] =
    &["links", "dockerSecurityOptions", "privileged", "disableNetworking", "hostname", "extraHosts"];

/// Checks a complete draft.
pub(crate) fn task(ctx: &Ctx<'_>, draft: &Draft, fargate: bool) {
    let names: Vec<&str> = draft.containers().filter_map(name).collect();
    if names.len() > CONTAINERS {
        let summary = format!("the task has {} containers", names.len());
        ctx.problems.error("too-many", &draft.place, summary, format!("ECS accepts {CONTAINERS}. Remove some."));
    }
    if names.is_empty() && draft.document.contains_key("containerDefinitions") && !ctx.problems.failed() {
        ctx.problems.error("empty", &draft.place, "the task has no containers", "It needs at least one. Add one.");
    }
    let essential = |map: &&Map<String, Json>| map.get("essential").is_none_or(|value| *value != Json::Bool(false));
    if !names.is_empty() && draft.containers().find(essential).is_none() {
        let help = "A task stops when an essential container stops. Make the main one essential.";
        ctx.problems.error("no-essential", &draft.place, "no container of the task is essential", help);
    }
    for container in draft.containers() {
        depends_on(ctx, draft, container, &names);
        volumes::mounts(ctx, draft, container);
        variables::check(ctx, draft, container);
        image(ctx, draft, container);
    }
    volumes::check(ctx, draft, fargate);
    name_rules(ctx, draft);
    ports(ctx, draft, fargate);
    memory(ctx, draft, fargate);
    if fargate {
        self::fargate(ctx, draft);
    }
    let bytes = Json::Object(draft.document.clone()).to_string().len();
    if bytes > 64 * 1024 {
        let summary = format!("the task definition has {} KiB", bytes / 1024);
        ctx.problems.error(
            "too-big",
            &draft.place,
            summary,
            "ECS accepts 64 KiB. Move long lists of variables to environment files in S3.",
        );
    }
}

pub(super) fn name(map: &Map<String, Json>) -> Option<&str> {
    map.get("name").and_then(Json::as_str)
}

pub(super) fn list<'a>(map: &'a Map<String, Json>, key: &str) -> impl Iterator<Item = &'a Map<String, Json>> {
    map.get(key).and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_object)
}

/// The family, and containers of a file; those of the stack file are checked where they are read.
fn name_rules(ctx: &Ctx<'_>, draft: &Draft) {
    let bad = |place: &evenkeel_core::diagnostic::Place, what: &str, given: &str| {
        let Some(complaint) = ECS.complaint(given) else { return };
        let summary = format!("`{}` is not a valid name for {what}", shorten(given));
        let help = format!("{}.", super::super::decode::capital(&complaint));
        ctx.problems.error("bad-name", place, summary, help);
    };
    if let Some(family) = draft.text("family") {
        bad(draft.at("family"), "a family", family);
    }
    for container in draft.containers() {
        bad(spot(draft, container), "a container", name(container).unwrap_or_default());
    }
}

pub(super) fn spot<'a>(draft: &'a Draft, container: &Map<String, Json>) -> &'a evenkeel_core::diagnostic::Place {
    draft.at(&format!("container:{}", name(container).unwrap_or_default()))
}

fn depends_on(ctx: &Ctx<'_>, draft: &Draft, container: &Map<String, Json>, names: &[&str]) {
    let own = name(container).unwrap_or_default();
    let wanted = list(container, "dependsOn").map(|item| (item.get("containerName"), item.get("condition")));
    for (target, condition) in wanted {
        let Some(target) = target.and_then(Json::as_str) else { continue };
        if !names.contains(&target) || target == own {
            let help = suggest::help(target, "containers", names.iter().copied().filter(|name| *name != own));
            let summary =
                format!("container `{own}` depends on `{target}`, which is not another container of the task");
            ctx.problems.error("unknown-name", spot(draft, container), summary, help);
            continue;
        }
        let checked = draft.containers().any(|other| name(other) == Some(target) && other.contains_key("healthCheck"));
        if condition.and_then(Json::as_str) == Some("HEALTHY") && !checked {
            let summary =
                format!("container `{own}` waits until `{target}` is healthy, but `{target}` has no health check");
            ctx.problems.error(
                "no-health-check",
                spot(draft, container),
                summary,
                "ECS refuses that. Add a `health_check`, or wait for START.",
            );
        }
    }
    if let Some(cycle) = cycle(draft, own) {
        let summary = format!("containers wait for each other: {}", cycle.join(" → "));
        ctx.problems.error(
            "container-cycle",
            spot(draft, container),
            summary,
            "None of them could start. Remove one of the dependencies.",
        );
    }
}

/// The way from a container back to itself, told only by the first of it in the alphabet.
fn cycle(draft: &Draft, start: &str) -> Option<Vec<String>> {
    let mut path = vec![start.to_owned()];
    let mut current = start.to_owned();
    for _ in 0..=CONTAINERS {
        let container = draft.containers().find(|map| name(map) == Some(&current))?;
        let next =
            list(container, "dependsOn").filter_map(|item| item.get("containerName").and_then(Json::as_str)).next()?;
        path.push(next.to_owned());
        if next == start {
            return path.iter().min().is_some_and(|first| first == start).then_some(path).filter(|path| path.len() > 2);
        }
        next.clone_into(&mut current);
    }
    None
}

fn image(ctx: &Ctx<'_>, draft: &Draft, container: &Map<String, Json>) {
    let Some(image) = container.get("image").and_then(Json::as_str) else { return };
    let Some(complaint) = super::super::image::complaint(image) else { return };
    let own = name(container).unwrap_or_default();
    let place = draft.places.get(&format!("image:{own}")).unwrap_or_else(|| spot(draft, container));
    let help = if placeholder(image) {
        "evenkeel does not fill it in. Use ${env.NAME} or ${var.name}, or give the image in `images:`."
    } else {
        "Write registry/name:tag: public.ecr.aws/nginx/nginx:1.27."
    };
    let summary = format!("`{}` is not a valid image: {complaint}", shorten(image));
    ctx.problems.error("bad-image", place, summary, help);
}

fn ports(ctx: &Ctx<'_>, draft: &Draft, fargate: bool) {
    let awsvpc = fargate || draft.text("networkMode") == Some("awsvpc");
    let mut taken: Vec<(u64, &str, &str)> = Vec::new();
    for container in draft.containers() {
        let own = name(container).unwrap_or_default();
        for mapping in list(container, "portMappings") {
            let protocol = mapping.get("protocol").and_then(Json::as_str).unwrap_or("tcp");
            let host = mapping.get("hostPort").and_then(Json::as_u64).filter(|port| *port > 0);
            let Some(port) = mapping.get("containerPort").and_then(Json::as_u64) else {
                if !mapping.contains_key("containerPortRange") {
                    let summary = format!("a port mapping of container `{own}` has no container port");
                    ctx.problems.error("missing-key", spot(draft, container), summary, "Give containerPort.");
                }
                continue;
            };
            if port == 0 || port > 65_535 {
                let summary = format!("container `{own}` maps port {port}");
                ctx.problems.error("bad-port", spot(draft, container), summary, "A port is a number from 1 to 65535.");
            }
            if let Some(host) = host.filter(|host| awsvpc && *host != port) {
                let summary = format!("container `{own}` maps port {port} to {host}");
                let help = "In network mode awsvpc a task has its own address, and ECS refuses another host port. Remove the host port.";
                ctx.problems.error("host-port", spot(draft, container), summary, help);
            }
            let used = if awsvpc { Some(port) } else { host };
            let Some(used) = used else { continue };
            if let Some((_, _, other)) =
                taken.iter().find(|(p, proto, other)| *p == used && *proto == protocol && *other != own)
            {
                let summary = format!("containers `{other}` and `{own}` both use {protocol} port {used}");
                let help = "The containers of a task share one address. Give one of them another port.";
                ctx.problems.error("duplicate-port", spot(draft, container), summary, help);
            }
            taken.push((used, protocol, own));
        }
    }
}

fn memory(ctx: &Ctx<'_>, draft: &Draft, fargate: bool) {
    let whole = draft.text("memory").and_then(sizes::memory);
    let (mut sum, mut units) = (0, 0);
    for container in draft.containers() {
        let own = name(container).unwrap_or_default();
        let number = |key| container.get(key).and_then(Json::as_u64).filter(|size| *size > 0);
        let (hard, soft) = (number("memory"), number("memoryReservation"));
        if let (Some(hard), Some(soft)) = (hard, soft)
            && soft > hard
        {
            let summary = format!("container `{own}` reserves {soft} MiB but may use only {hard}");
            ctx.problems.error(
                "bad-size",
                spot(draft, container),
                summary,
                "The reservation must not exceed the limit. Lower it, or raise the limit.",
            );
        }
        if let (Some(hard), Some(whole)) = (hard, whole)
            && hard > whole
        {
            let summary = format!("container `{own}` may use {hard} MiB, but the task has {whole}");
            ctx.problems.error(
                "bad-size",
                spot(draft, container),
                summary,
                "Give the task more, or the container less.",
            );
        }
        if whole.is_none() && !fargate && hard.is_none() && soft.is_none() && draft.document.get("memory").is_none() {
            let summary = format!("container `{own}` has no memory limit");
            let help = "Without `memory` for the task each container needs memory or memory_reservation.";
            ctx.problems.error("bad-size", spot(draft, container), summary, help);
        }
        sum += soft.or(hard).unwrap_or(0);
        units += number("cpu").unwrap_or(0);
    }
    if let Some(whole) = whole.filter(|whole| sum > *whole) {
        let summary = format!("the containers need {sum} MiB, but the task has {whole}");
        let help = "ECS refuses more than the task has. Raise the task's memory, or lower the containers'.";
        ctx.problems.error("bad-size", draft.at("memory"), summary, help);
    }
    if let Some(whole) = draft.text("cpu").and_then(sizes::cpu).filter(|whole| units > *whole) {
        let summary = format!("the containers ask for {units} CPU units, but the task has {whole}");
        ctx.problems.error("bad-size", draft.at("cpu"), summary, "Raise the task's cpu, or lower the containers'.");
    }
}

fn fargate(ctx: &Ctx<'_>, draft: &Draft) {
    let (cpu, memory) = (draft.text("cpu"), draft.text("memory"));
    match (cpu.and_then(sizes::cpu), memory.and_then(sizes::memory)) {
        (Some(cpu), Some(memory)) if !sizes::fargate_offers(cpu, memory) => {
            let (near_cpu, near_memory) = sizes::nearest_fargate(cpu, memory);
            let offered = sizes::offered(cpu).map(|words| format!(" With {cpu} CPU units it offers {words} MiB."));
            let help = format!(
                "The nearest is cpu: {near_cpu}, memory: {near_memory}.{}",
                offered.unwrap_or_else(|| " CPU sizes are 256, 512, 1024, 2048, 4096, 8192 and 16384.".to_owned())
            );
            let place = if sizes::offered(cpu).is_some() { draft.at("memory") } else { draft.at("cpu") };
            let summary = format!("Fargate has no size with {cpu} CPU units and {memory} MiB");
            ctx.problems.error("fargate-size", place, summary, help);
        }
        (None, _) | (_, None) => {
            for key in ["cpu", "memory"] {
                if !draft.document.contains_key(key) {
                    let summary = format!("a task on Fargate needs `{key}`");
                    let help =
                        "Give cpu: 256 and memory: 512, for example; or launch_type: EC2 if it is not for Fargate.";
                    ctx.problems.error("fargate-size", &draft.place, summary, help);
                }
            }
        }
        (Some(_), Some(_)) => {}
    }
    if draft.text("networkMode").is_some_and(|mode| mode != "awsvpc") {
        let mode = draft.text("networkMode").unwrap_or_default();
        let summary = format!("Fargate has no network mode `{mode}`");
        ctx.problems.error("fargate-network", draft.at("networkMode"), summary, "Use awsvpc, or launch_type: EC2.");
    }
    let listed = draft.document.get("requiresCompatibilities").and_then(Json::as_array);
    if listed.is_some_and(|list| !list.is_empty() && !list.iter().any(|item| item == "FARGATE")) {
        let help = "Add FARGATE to requires_compatibilities, or give the service launch_type: EC2.";
        let place = draft.at("requiresCompatibilities");
        ctx.problems.error("fargate-compatibility", place, "the task is not compatible with Fargate", help);
    }
    if let Some(reason) = needs_role(draft).filter(|_| !draft.document.contains_key("executionRoleArn")) {
        let help = match ctx.scope.names.of("role")[..] {
            [] => "Fargate does that with the execution role. Add execution_role: with the policy AmazonECSTaskExecutionRolePolicy."
                .to_owned(),
            [only] => format!("Fargate does that with the execution role. Add execution_role: {only}."),
            _ => format!(
                "Fargate does that with the execution role. Add execution_role: with one of the file's roles, {}.",
                suggest::list(&ctx.scope.names.of("role"))
            ),
        };
        ctx.problems.error(
            "no-execution-role",
            &draft.place,
            format!("the task has no execution role, but {reason}"),
            help,
        );
    }
    for container in draft.containers() {
        for key in NOT_ON_FARGATE {
            let Some(value) = container.get(*key) else { continue };
            let unset = matches!(value, Json::Bool(false)) || value.as_array().is_some_and(Vec::is_empty);
            if !unset {
                let own = name(container).unwrap_or_default();
                let summary = format!("container `{own}` sets `{key}`, which Fargate does not have");
                ctx.problems.error(
                    "not-on-fargate",
                    spot(draft, container),
                    summary,
                    "Remove it, or use launch_type: EC2.",
                );
            }
        }
    }
    let storage = draft.document.get("ephemeralStorage").and_then(|it| it.get("sizeInGiB")).and_then(Json::as_i64);
    if let Some(size) = storage.filter(|size| !(21..=200).contains(size)) {
        let help = "Fargate accepts 21 to 200 GiB; without the key a task has 20.";
        ctx.problems.error("out-of-range", draft.at("ephemeralStorage"), format!("{size} GiB of storage"), help);
    }
}

/// Why a task needs an execution role; `None` if it does not.
fn needs_role(draft: &Draft) -> Option<String> {
    for container in draft.containers() {
        let own = name(container).unwrap_or_default();
        let driver = container.get("logConfiguration").and_then(|log| log.get("logDriver")).and_then(Json::as_str);
        if driver == Some("awslogs") {
            return Some(format!("container `{own}` writes to CloudWatch Logs"));
        }
        if list(container, "secrets").next().is_some() || container.contains_key("repositoryCredentials") {
            return Some(format!("container `{own}` has secrets"));
        }
        let image = container.get("image").unwrap_or(&Json::Null);
        let ours = refs(image).iter().any(|hole| hole.node.kind() == "repository");
        if ours || image.as_str().is_some_and(|image| image.contains(".dkr.ecr.")) {
            return Some(format!("the image of container `{own}` is in ECR"));
        }
    }
    None
}
