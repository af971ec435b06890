//! A task as it is on its first moment: its ids, containers, attachment, and the first step on its way.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::state::Step;
use super::task::Task;
use super::{Event, fate, instances, of};
use crate::call::Members;
use crate::services::ec2;
use crate::services::ecs::registry;
use crate::tags::Tags;
use crate::world::{self, Place, World};

/// How a task is to run.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    /// The name of the cluster.
    pub cluster: String,
    /// Its ARN.
    pub cluster_arn: String,
    /// The task definition, as it is described.
    pub definition: Value,
    /// Network, capacity, platform, load balancers: the members of a revision.
    pub spec: Map<String, Value>,
    /// `service:…` or `family:…`.
    pub group: String,
    /// Who started it.
    pub started_by: Option<String>,
    /// The service, `cluster/name`.
    pub service: Option<String>,
    /// Its deployment.
    pub rollout: String,
    /// Whether it takes the alternate target groups.
    pub alternate: bool,
    /// The services of Cloud Map where Service Connect has it.
    pub discovery: Vec<String>,
    /// Whether commands can be run in it.
    pub exec: bool,
    /// What it runs otherwise than its task definition says.
    pub overrides: Value,
    /// Its tags.
    pub tags: Tags,
}

/// Starts a task; its key.
pub(super) fn launch(world: &mut World, place: &Place, plan: &Plan) -> String {
    let id = world.ids.hex(32);
    let arn = place.arn("ecs", &format!("task/{}/{id}", plan.cluster));
    let definition = &plan.definition;
    let vpc = plan.spec.map("networkConfiguration").and_then(|it| it.map("awsvpcConfiguration"));
    let subnets = vpc.map(|it| it.texts("subnets")).unwrap_or_default();
    let used = of(world, place).tasks.values().filter(|task| task.service == plan.service && task.is_wanted()).count();
    let subnet = subnets.get(used % subnets.len().max(1)).cloned().unwrap_or_default();
    let attachment = (!subnet.is_empty()).then(|| world.ids.uuid());
    let containers = definition.list("containerDefinitions").iter();
    let containers = containers.map(|container| first_container(world, place, container, &plan.cluster, &arn));
    let containers = containers.collect();
    let mut doc = first_document(world, place, plan, &subnet);
    doc.retain(|_, value| !value.is_null());
    if doc.text("launchType") == Some("MANAGED_INSTANCES") {
        instances::place(world, place, &plan.cluster, &mut doc);
    }
    let task = Task {
        arn,
        cluster: plan.cluster.clone(),
        service: plan.service.clone(),
        rollout: plan.rollout.clone(),
        family: definition.text_or_empty("family").to_owned(),
        last: if attachment.is_some() { "PROVISIONING" } else { "PENDING" }.to_owned(),
        desired: "RUNNING".to_owned(),
        doc,
        containers,
        definition: definition.clone(),
        spec: plan.spec.clone(),
        alternate: plan.alternate,
        discovery: plan.discovery.clone(),
        attachment,
        subnet,
        created: world.now,
        health: "UNKNOWN".to_owned(),
        version: 1,
        tags: plan.tags.clone(),
        id,
        ..Task::default()
    };
    let key = task.key();
    of(world, place).tasks.insert(key.clone(), task);
    let delay = world.about(Duration::from_secs(10));
    world.after(delay, place, world::Event::Ecs(Event::Task { task: key.clone(), step: Step::Attach }));
    key
}

fn first_container(world: &mut World, place: &Place, defined: &Value, cluster: &str, task: &str) -> Map<String, Value> {
    let id = task.rsplit('/').next().unwrap_or_default();
    let arn = place.arn("ecs", &format!("container/{cluster}/{id}/{}", world.ids.uuid()));
    let number = |name: &str| defined.integer(name).map(|number| number.to_string());
    let container = json!({
        "containerArn": arn,
        "taskArn": task,
        "name": defined["name"],
        "image": defined["image"],
        "lastStatus": "PENDING",
        "networkInterfaces": [],
        "cpu": number("cpu").unwrap_or_else(|| "0".to_owned()),
        "memory": number("memory"),
        "memoryReservation": number("memoryReservation"),
    });
    let mut container = container.as_object().cloned().unwrap_or_default();
    container.retain(|_, value| !value.is_null());
    container
}

fn first_document(world: &mut World, place: &Place, plan: &Plan, subnet: &str) -> Map<String, Value> {
    let (spec, definition) = (&plan.spec, &plan.definition);
    let strategy = spec.list("capacityProviderStrategy");
    let provider = provider(strategy, world.ids.fraction());
    let fargate = spec.has("platformVersion");
    let launch = match (&provider, fargate) {
        (_, true) => "FARGATE",
        (Some(name), false) if registry::is_managed(world.region(place), name) => "MANAGED_INSTANCES",
        (Some(_), false) => "EC2",
        (None, false) => spec.text("launchType").unwrap_or("EC2"),
    };
    let architecture = definition.map("runtimePlatform").and_then(|it| it.text("cpuArchitecture")).unwrap_or("X86_64");
    let storage = definition.map("ephemeralStorage").and_then(|it| it.integer("sizeInGiB")).unwrap_or(20);
    let storage = fargate.then(|| json!({ "sizeInGiB": storage }));
    let document = json!({
        "attributes": [{ "name": "ecs.cpu-architecture", "value": architecture.to_lowercase() }],
        "availabilityZone": ec2::subnet(world.region(place), subnet).map(|it| it.zone),
        "capacityProviderName": provider,
        "clusterArn": plan.cluster_arn,
        "cpu": fate::overridden(&plan.overrides, "cpu").or_else(|| total(definition, "cpu")),
        "memory": fate::overridden(&plan.overrides, "memory").or_else(|| total(definition, "memory")),
        "enableExecuteCommand": plan.exec,
        "group": plan.group,
        "inferenceAccelerators": [],
        "launchType": launch,
        "overrides": overrides(definition, &plan.overrides),
        "platformVersion": spec.text("platformVersion"),
        "platformFamily": spec.text("platformFamily"),
        "startedBy": plan.started_by,
        "taskDefinitionArn": definition["taskDefinitionArn"],
        "ephemeralStorage": storage,
        "fargateEphemeralStorage": storage,
    });
    document.as_object().cloned().unwrap_or_default()
}

/// The cpu or memory of a task: its own, or that of its containers together.
fn total(definition: &Value, name: &str) -> Option<String> {
    if let Some(text) = definition.text(name) {
        return Some(text.to_owned());
    }
    let sum: i64 = definition.list("containerDefinitions").iter().filter_map(|container| container.integer(name)).sum();
    Some(sum.to_string())
}

/// One of the capacity providers, by their weights.
fn provider(strategy: &[Value], chance: f64) -> Option<String> {
    let weight = |item: &Value| item.number("weight").unwrap_or(0.0);
    let all: f64 = strategy.iter().map(weight).sum();
    let mut left = chance * all;
    let chosen = strategy.iter().find(|item| {
        left -= weight(item);
        weight(item) > 0.0 && left < 0.0
    });
    chosen.or_else(|| strategy.first())?.text("capacityProvider").map(str::to_owned)
}

/// The overrides of a task: every container is there, with nothing but its name if nothing of it is overridden.
fn overrides(definition: &Value, written: &Value) -> Value {
    let mut all = written.as_object().cloned().unwrap_or_default();
    let given = written.list("containerOverrides");
    let containers = definition.list("containerDefinitions").iter().map(|container| {
        let own = given.iter().find(|it| it.text("name") == container.text("name"));
        own.cloned().unwrap_or_else(|| json!({ "name": container["name"] }))
    });
    all.insert("containerOverrides".to_owned(), containers.collect());
    all.entry("inferenceAcceleratorOverrides").or_insert_with(|| json!([]));
    all.into()
}
