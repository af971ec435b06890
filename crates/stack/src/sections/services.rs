//! `services:`: what runs, how many, where, and behind which target group.

use evenkeel_core::diagnostic::Place;
use evenkeel_core::doc::{Doc, refs};
use evenkeel_core::name;
use serde_json::{Map, Value as Json, json};

use super::super::arn;
use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::{
    Kept, Meta, Network, OwnNetwork, Runs, Scaling, Service, ServiceTarget, Strategy, TaskDefinition,
};
use super::super::tagging::Rules;
use super::super::task_definition::{self, Draft, canonical, kept};
use super::super::tree::{Entry, Tree};
use super::super::validate;
use super::autoscaling::{self, Around};
use super::service_keys::{PLACEMENT_STRATEGY, REGISTRY, SERVICE};
use super::{
    Ctx, build, cluster, deployment, discovery, ingress, inline, launch_type, roles, service_connect, service_file,
    service_targets, sidecars,
};

/// Keys that mean something only to tasks with network interfaces of their own.
const NETWORK: [&str; 3] = ["subnets", "security_groups", "assign_public_ip"];

/// What a service runs, while it is being read.
enum Task {
    Ours(Draft),
    Kept(Kept),
}

/// Where tasks run.
struct Launch {
    kind: Option<String>,
    strategy: Vec<Strategy>,
    fargate: bool,
    managed: bool,
}

/// Reads one entry.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry, network: &Network) -> Option<Service> {
    let what = format!("service `{}`", entry.key);
    let entry = &service_file::merged(ctx, entry)?;
    let fields = Fields::open(&entry.value, what.clone(), &SERVICE, ctx.problems)?;
    let meta = ctx.meta(entry, &fields, Rules::Common);
    let (draft, kept) = match task(ctx, &fields, &what) {
        Some(Task::Ours(draft)) => (Some(draft), None),
        Some(Task::Kept(kept)) => (None, Some(kept)),
        None => (None, None),
    };
    let launch = launch(ctx, &fields, &what, draft.as_ref());
    let draft = draft.map(|draft| complete(ctx, draft, &fields, &entry.key, &launch));
    // What a task of somebody else checks is not known.
    let checked = kept.is_some()
        || draft.as_ref().is_some_and(|draft| draft.containers().any(|map| map.contains_key("healthCheck")));
    let known = draft.is_some() || kept.is_some();
    let load_balancers = known.then(|| service_targets::read(ctx, &fields, &entry.key, draft.as_ref()));
    let ingress = known.then(|| ingress::read(ctx, &fields, draft.as_ref())).flatten();
    let daemon = fields.word("scheduling") == Some("DAEMON");
    let (desired_count, count_managed_by, scaling) = counted(ctx, &fields, &what, daemon, load_balancers.as_deref());
    let deployment = deployment::read(ctx, fields.take("deployment"), &what, daemon);
    deployment::controller(ctx, &fields, &what);
    balanced(ctx, &fields, &what, daemon);
    let interfaces = NETWORK.iter().any(|key| fields.take(key).is_some());
    let awsvpc = match &draft {
        Some(draft) => draft.text("networkMode") == Some("awsvpc"),
        None => kept.is_none() || launch.fargate || interfaces,
    };
    let subnets = ctx.subnets(fields.take("subnets"), &format!("`subnets` of {what}"));
    let security_groups = ctx.security_groups(fields.take("security_groups"), &format!("`security_groups` of {what}"));
    let public = subnets.is_none() && network.create.as_ref().map_or(network.is_default(), OwnNetwork::prefers_public);
    no_network_without_awsvpc(ctx, &fields, awsvpc);
    let assign_public_ip = public_address(ctx, &fields, public, launch.fargate);
    let grace = grace(ctx, &fields, ingress.is_some() || has_some(load_balancers.as_deref()), checked);
    let platform_version = platform_version(ctx, &fields, launch.fargate);
    let zone_rebalancing =
        fields.switch("availability_zone_rebalancing").map(|on| if on { "ENABLED" } else { "DISABLED" });
    let constraints = fields
        .take("placement_constraints")
        .map(|tree| inline::constraints(ctx, tree, "placement constraint", &["distinctInstance", "memberOf"]));
    let placement_strategy = fields.take("placement_strategy").map(|tree| strategy(ctx, tree));
    let registries = fields.take("service_registries").map(|tree| registries(ctx, tree));
    let service_connect = service_connect::read(ctx, &fields, draft.as_ref());
    let (discovery, registry) = discovery::read(ctx, &fields, &entry.key, draft.as_ref(), awsvpc).unzip();
    let (execute_command, managed_tags) = (executes(ctx, &fields, &entry.key), fields.flag("managed_tags"));
    let propagate = fields.word("propagate_tags");
    fields.finish();
    let runs = match (draft, kept) {
        (Some(draft), _) => Runs::Ours(finish(ctx, draft, &entry.key, &meta)),
        (None, Some(kept)) => Runs::Kept(kept),
        (None, None) => return None,
    };
    let service = Service {
        meta,
        runs,
        desired_count,
        count_managed_by,
        scaling,
        launch_type: launch.kind,
        strategy: launch.strategy,
        platform_version,
        scheduling: if daemon { "DAEMON" } else { "REPLICA" }.to_owned(),
        awsvpc,
        subnets,
        security_groups,
        assign_public_ip,
        load_balancers: load_balancers.unwrap_or_default(),
        ingress,
        grace_secs: grace,
        deployment,
        execute_command: execute_command.unwrap_or_default(),
        propagate_tags: propagate.unwrap_or_default().to_owned(),
        managed_tags: managed_tags.unwrap_or_default(),
        zone_rebalancing: zone_rebalancing.map(str::to_owned),
        placement_constraints: constraints.unwrap_or_default(),
        placement_strategy: placement_strategy.unwrap_or_default(),
        service_registries: registries.unwrap_or_default().into_iter().chain(registry).collect(),
        service_connect,
        discovery,
    };
    validate::service(ctx, &service, &what);
    Some(service)
}

/// Whether there is anything in a list.
fn has_some<T>(list: Option<&[T]>) -> bool {
    list.is_some_and(|list| !list.is_empty())
}

/// Refuses a daemon that is to be balanced between zones.
fn balanced(ctx: &Ctx<'_>, fields: &Fields<'_>, what: &str, daemon: bool) {
    if let (true, Some(tree)) = (daemon, fields.take("availability_zone_rebalancing")) {
        let help = "ECS moves tasks between zones only for replicas; a daemon runs on every instance. Remove it.";
        let summary = format!("{what} is a daemon, which cannot be balanced between zones");
        ctx.problems.error("contradiction", &tree.place, summary, help);
    }
}

/// The count that it is created with, who manages it afterwards, and `autoscaling:`.
fn counted(
    ctx: &Ctx<'_>,
    fields: &Fields<'_>,
    what: &str,
    daemon: bool,
    targets: Option<&[ServiceTarget]>,
) -> (Option<u32>, Option<String>, Option<Scaling>) {
    let (count, managed_by) = deployment::desired_count(ctx, fields, daemon);
    let given = fields.take("desired_count");
    // Who only says who manages the count has given none.
    let counts = given.is_some_and(|tree| tree.entries().is_none() || tree.get("initial").is_some());
    let around = Around {
        what,
        daemon,
        targets: targets.unwrap_or_default(),
        count: given.map(|tree| (count.filter(|_| counts), &tree.place)),
        managed_by: managed_by.as_deref(),
    };
    let Some(scaling) = autoscaling::read(ctx, fields, &around) else { return (count, managed_by, None) };
    let count = count.filter(|_| counts).or(Some(scaling.min.max(1).min(scaling.max)));
    (count, Some(autoscaling::MANAGER.to_owned()), Some(scaling))
}

/// `execute_command:`; what it needs is told at its place once the roles are known.
fn executes(ctx: &Ctx<'_>, fields: &Fields<'_>, service: &str) -> Option<bool> {
    let place = fields.entry("execute_command")?.place.clone();
    ctx.executed.borrow_mut().insert(service.to_owned(), place);
    fields.flag("execute_command")
}

fn task(ctx: &Ctx<'_>, fields: &Fields<'_>, what: &str) -> Option<Task> {
    let (containers, file) = (fields.take("containers"), fields.take("task_definition"));
    match (containers, file) {
        (Some(containers), None) => {
            if let Some(images) = fields.take("images") {
                let help = "`images` is for a task-definition file. Write the image in the container.";
                ctx.problems.error(
                    "contradiction",
                    &images.place,
                    format!("{what} has `containers` and `images`"),
                    help,
                );
            }
            let place = fields.entry("containers").map_or(&containers.place, |entry| &entry.place);
            Some(Task::Ours(inline::read(ctx, containers, place, fields)))
        }
        (None, Some(file)) => {
            let given = fields.text("task_definition")?;
            if !kept::is_file(&given) {
                let others =
                    ["images", "execution_role", "task_role", "sidecars", "volumes", "task_placement_constraints"];
                let others = inline::task_keys().chain(others);
                return kept::read(ctx, fields, file, &given, others).map(Task::Kept);
            }
            let mut draft = task_definition::from_file(ctx, file, fields.take("images"))?;
            for key in ["volumes", "task_placement_constraints"] {
                if let Some(tree) = fields.take(key) {
                    let help =
                        format!("With `task_definition` it belongs in that file. Move it there, or remove `{key}`.");
                    ctx.problems.error(
                        "contradiction",
                        &tree.place,
                        format!("{what} has both `{key}` and `task_definition`"),
                        help,
                    );
                }
            }
            inline::task_level(ctx, fields, &mut draft);
            Some(Task::Ours(draft))
        }
        (Some(_), Some(file)) => {
            let help = "Keep one: containers in the stack file, or a task-definition file.";
            let summary = format!("{what} has both `containers` and `task_definition`");
            ctx.problems.error("contradiction", &file.place, summary, help);
            None
        }
        (None, None) => {
            let help = "Write `containers:` with at least one container, task_definition: file.json, or the family of a task definition.";
            ctx.problems.error(
                "missing-key",
                fields.place(),
                format!("{what} has neither `containers` nor `task_definition`"),
                help,
            );
            None
        }
    }
}

fn launch(ctx: &Ctx<'_>, fields: &Fields<'_>, what: &str, draft: Option<&Draft>) -> Launch {
    let kind = fields.take("launch_type");
    let given = fields.word("launch_type");
    let list = fields.take("capacity_provider_strategy");
    let strategy = list
        .map(|tree| cluster::strategy(ctx, tree, &format!("the capacity provider strategy of {what}")))
        .unwrap_or_default();
    if let (Some(kind), false) = (kind, strategy.is_empty()) {
        let help = "A strategy decides where tasks run; ECS refuses both. Remove `launch_type`.";
        let summary = format!("{what} has both a launch type and a capacity provider strategy");
        ctx.problems.error("contradiction", &kind.place, summary, help);
    }
    if !strategy.is_empty() {
        let fargate = strategy.iter().all(|item| item.provider.starts_with("FARGATE"));
        let managed = strategy.iter().any(|item| item.ours);
        return Launch { kind: None, strategy, fargate, managed };
    }
    let kind = given.map_or_else(|| launch_type::guess(draft, fields).to_owned(), str::to_owned);
    Launch { fargate: kind == "FARGATE", kind: Some(kind), strategy, managed: false }
}

/// Roles, family, and what Fargate always needs; then the checks of the whole document.
fn complete(ctx: &Ctx<'_>, mut draft: Draft, fields: &Fields<'_>, service: &str, launch: &Launch) -> Draft {
    for (key, name) in [("execution_role", "executionRoleArn"), ("task_role", "taskRoleArn")] {
        let words = format!("`{key}` of {}", fields.what());
        let Some(tree) = fields.take(key) else { continue };
        draft.places.insert(name.to_owned(), tree.place.clone());
        // A wrong role has been reported; that there is none would be said for nothing.
        let role = roles::reference(ctx, tree, &words).unwrap_or_default();
        draft.document.insert(name.to_owned(), role.to_value());
    }
    sidecars::read(ctx, fields, &mut draft);
    if !draft.document.contains_key("family") {
        draft.document.insert("family".to_owned(), name::physical(ctx.stack_name(), service, 255).into());
    }
    if launch.fargate {
        draft.document.entry("networkMode").or_insert("awsvpc".into());
        draft.document.entry("requiresCompatibilities").or_insert(json!(["FARGATE"]));
    }
    if launch.managed {
        draft.document.entry("networkMode").or_insert("awsvpc".into());
        draft.document.entry("requiresCompatibilities").or_insert(json!(["MANAGED_INSTANCES"]));
    }
    draft.sizes(ctx);
    validate::task(ctx, &draft, launch.fargate);
    if launch.managed {
        validate::managed_instances::task(ctx, &draft);
    }
    draft
}

fn finish(ctx: &Ctx<'_>, mut draft: Draft, service: &str, meta: &Meta) -> TaskDefinition {
    let builds = build::complete(ctx, &mut draft);
    let mut tags = meta.tags.clone();
    tags.extend(draft.tags);
    let document: Doc = canonical(&Json::Object(draft.document));
    let mut log_groups: Vec<String> = refs(&document)
        .into_iter()
        .filter(|hole| hole.node.kind() == "log_group")
        .map(|hole| hole.node.name().to_owned())
        .collect();
    let known = ctx.log_groups.borrow();
    let containers = document["containerDefinitions"].as_array().cloned().unwrap_or_default();
    for container in &containers {
        let name = container["logConfiguration"]["options"]["awslogs-group"].as_str();
        log_groups.extend(name.and_then(|name| known.get(name)).cloned());
    }
    log_groups.sort();
    log_groups.dedup();
    let family = document["family"].as_str().map_or_else(|| service.to_owned(), str::to_owned);
    let image = |(key, place): (&String, &Place)| Some((key.strip_prefix("image:")?.to_owned(), place.clone()));
    let images = draft.places.iter().filter_map(image).collect();
    TaskDefinition { place: draft.place, family, document, tags, log_groups, images, builds }
}

fn no_network_without_awsvpc(ctx: &Ctx<'_>, fields: &Fields<'_>, awsvpc: bool) {
    if awsvpc {
        return;
    }
    for key in NETWORK {
        if let Some(tree) = fields.take(key) {
            let help =
                "Only tasks in network mode awsvpc have network interfaces of their own. Remove it, or use awsvpc.";
            let summary = format!("`{key}` of {} has no effect in this network mode", fields.what());
            ctx.problems.error("bad-value", &tree.place, summary, help);
        }
    }
}

/// ECS gives public addresses to tasks on Fargate alone.
fn public_address(ctx: &Ctx<'_>, fields: &Fields<'_>, public: bool, fargate: bool) -> bool {
    let asked = fields.switch("assign_public_ip").unwrap_or(public && fargate);
    if let Some(tree) = fields.take("assign_public_ip").filter(|_| asked && !fargate) {
        let help =
            "On instances tasks have no public addresses; they reach the internet through a NAT gateway. Remove it.";
        let summary = format!("{} asks for public addresses, and does not run on Fargate", fields.what());
        ctx.problems.error("contradiction", &tree.place, summary, help);
    }
    asked
}

/// Seconds in which a new task may be unhealthy, to a load balancer or by the health checks of its containers.
fn grace(ctx: &Ctx<'_>, fields: &Fields<'_>, behind_balancer: bool, checked: bool) -> Option<u32> {
    let tree = fields.take("health_check_grace_period");
    let secs = fields.seconds("health_check_grace_period");
    if let (Some(tree), false) = (tree, behind_balancer || checked) {
        let help = "It applies to the health checks of a load balancer or of containers. Remove it, or \
             add `target_group` or a `health_check`.";
        let summary = format!("{} has a grace period but nothing that checks its health", fields.what());
        ctx.problems.error("bad-value", &tree.place, summary, help);
        return None;
    }
    if behind_balancer { Some(secs.unwrap_or(0)) } else { secs }
}

fn platform_version(ctx: &Ctx<'_>, fields: &Fields<'_>, fargate: bool) -> Option<String> {
    let tree = fields.take("platform_version");
    let given = fields.text("platform_version");
    if let (Some(tree), false) = (tree, fargate) {
        let help = "Platform versions are Fargate's. Remove it.";
        let summary = format!("{} does not run on Fargate", fields.what());
        ctx.problems.error("bad-value", &tree.place, summary, help);
        return None;
    }
    fargate.then(|| given.unwrap_or_else(|| "LATEST".to_owned()))
}

/// Maps with `type` and `field`.
fn strategy(ctx: &Ctx<'_>, tree: &Tree) -> Vec<Doc> {
    let mut found = Vec::new();
    for item in Want::new("`placement_strategy`", ctx.problems).several(tree) {
        let table = &PLACEMENT_STRATEGY;
        let Some(fields) = Fields::open(item, "a placement strategy", table, ctx.problems) else { continue };
        let mut map = Map::new();
        map.insert("type".to_owned(), fields.word("type").unwrap_or("spread").into());
        map.extend(fields.text("field").map(|field| ("field".to_owned(), field.into())));
        fields.finish();
        found.push(Json::Object(map));
    }
    found
}

fn registries(ctx: &Ctx<'_>, tree: &Tree) -> Vec<Doc> {
    let mut found = Vec::new();
    for item in Want::new("`service_registries`", ctx.problems).several(tree) {
        let Some(fields) = Fields::open(item, "a service registry", &REGISTRY, ctx.problems) else { continue };
        let mut map = Map::new();
        if let (Some(tree), Some(arn)) = (fields.take("registry_arn"), fields.open_text("registry_arn")) {
            if let Some(known) = arn.known() {
                arn::check(ctx, &tree.place, known, &arn::REGISTRY);
            }
            map.insert("registryArn".to_owned(), arn.to_value());
        }
        for (key, name) in [("port", "port"), ("container_port", "containerPort")] {
            map.extend(fields.port(key).map(|port| (name.to_owned(), port.into())));
        }
        map.extend(fields.text("container_name").map(|name| ("containerName".to_owned(), name.into())));
        fields.finish();
        found.push(Json::Object(map));
    }
    found
}
