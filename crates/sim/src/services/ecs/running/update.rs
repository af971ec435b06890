//! UpdateService: what may change, what of it needs a new deployment, and that. Everything is checked before anything changes.

use std::time::Duration;

use serde_json::json;

use super::check::{self, Capacity};
use super::places::{self, invalid};
use super::service::Service;
use super::{Event, connect, create, defaults, ingress, of, outcome, read, shifts};
use crate::call::{Call, Input, Members, Refusal, Reply};
use crate::services::ecs::registry::{self, ClusterFacts};

/// The members that a service takes over as they are.
const PLAIN: &[&str] = &[
    "healthCheckGracePeriodSeconds",
    "enableExecuteCommand",
    "enableECSManagedTags",
    "propagateTags",
    "placementConstraints",
    "placementStrategy",
    "loadBalancers",
    "serviceRegistries",
    "availabilityZoneRebalancing",
];

/// The members whose change needs a new deployment.
const DEPLOYED: &[&str] = &[
    "taskDefinition",
    "platformVersion",
    "networkConfiguration",
    "loadBalancers",
    "serviceRegistries",
    "capacityProviderStrategy",
    "launchType",
];

/// UpdateService.
pub(super) fn update(call: &mut Call<'_>, input: &Input) -> Reply {
    let cluster = places::cluster(call, input.text("cluster"))?;
    let place = call.place.clone();
    let before = places::active(of(call.world, &place), &cluster, input.text_or_empty("service"))?.clone();
    let key = before.key();
    if before.controller() == "CODE_DEPLOY" {
        left_to_code_deploy(input)?;
    }
    let mut after = changed(call, input, &before, &cluster)?;
    ingress::keep(call.region(), &mut after);
    let force = input.flag("forceNewDeployment") == Some(true);
    let differs =
        DEPLOYED.iter().any(|name| before.doc.get(*name) != after.doc.get(*name)) || before.hidden != after.hidden;
    let deploys = after.is_ours() && (force || differs || !before.is_ours());
    if deploys {
        sound(call, &after)?;
        after.discovery = connect::prepare(call, &after.hidden, &cluster)?;
        ingress::join(call.world, &place, &mut after);
        let revision = outcome::revise(call.world, &place, &mut after);
        outcome::deploy(call.world, &place, &mut after, &revision);
    }
    for discovery in
        before.discovery.values().filter(|_| deploys).filter(|arn| !after.discovery.values().any(|it| it == *arn))
    {
        let event = Event::Forget { discovery: discovery.clone() };
        call.after(Duration::from_secs(300), crate::world::Event::Ecs(event));
    }
    if deploys || before.desired != after.desired || before.doc != after.doc {
        let delay = if deploys { Duration::from_millis(1600) } else { Duration::from_secs(1) };
        after.wake(call.world, &place, delay);
    }
    if let Some(primary) = after.rollouts.first_mut().filter(|_| before.desired != after.desired) {
        primary.updated = call.world.now;
        primary.stuck = false;
    }
    of(call.world, &place).services.insert(key.clone(), after);
    Ok(json!({ "service": read::service(call, &key, false) }))
}

/// What only CodeDeploy changes of the services that it deploys.
fn left_to_code_deploy(input: &Input) -> Result<(), Refusal> {
    let names = [
        ("taskDefinition", "task definition"),
        ("networkConfiguration", "network parameters"),
        ("platformVersion", "platform version"),
        ("loadBalancers", "load balancers"),
    ];
    if let Some((_, what)) = names.into_iter().find(|(name, _)| input.has(name)) {
        return Err(invalid(format!(
            "Unable to update {what} on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger \
             a new deployment."
        )));
    }
    if input.flag("forceNewDeployment") == Some(true) {
        return Err(invalid(
            "Cannot force a new deployment on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to \
             trigger a new deployment.",
        ));
    }
    Ok(())
}

/// The service as the request wants it.
fn changed(call: &mut Call<'_>, input: &Input, before: &Service, cluster: &ClusterFacts) -> Result<Service, Refusal> {
    let mut after = before.clone();
    let daemon = before.is_daemon();
    for name in PLAIN {
        if let Some(value) = input.member(name) {
            after.doc.insert((*name).to_owned(), value.clone());
        }
    }
    if let Some(name) = input.text("taskDefinition") {
        let definition = check::definition(call, name)?;
        after.doc.insert("taskDefinition".to_owned(), definition["taskDefinitionArn"].clone());
    }
    if let Some(network) = input.map("networkConfiguration") {
        after.doc.insert("networkConfiguration".to_owned(), defaults::networking(network));
    }
    if let Some(controller) = input.member("deploymentController") {
        after.doc.insert("deploymentController".to_owned(), controller.clone());
    }
    if let Some(written) = input.map("deploymentConfiguration") {
        let old = before.configuration();
        let all = defaults::configuration(Some(written), Some(&old), daemon);
        check::configuration(&all.as_object().cloned().unwrap_or_default(), after.is_ours(), daemon)?;
        after.doc.insert("deploymentConfiguration".to_owned(), all);
        shifts::switch(of(call.world, &call.place.clone()), before, &after)?;
    }
    let capacity = capacity(input, before, cluster)?;
    if input.has("capacityProviderStrategy") || input.has("platformVersion") {
        let old = before.doc.text("platformVersion").map(str::to_owned);
        let version = input.text("platformVersion").or(old.as_deref());
        create::placed(&mut after.doc, &capacity, version);
    }
    if !input.list("capacityProviderStrategy").is_empty()
        && input.flag("forceNewDeployment") != Some(true)
        && before.doc.get("capacityProviderStrategy") != after.doc.get("capacityProviderStrategy")
    {
        return Err(invalid(
            "When switching from launch type to capacity provider strategy on an existing service, or \
             making a change to a capacity provider strategy on a service that is already using one, you must force a \
             new deployment.",
        ));
    }
    check::scheduling(input, &capacity, daemon)?;
    for name in defaults::HIDDEN {
        if let Some(value) = input.member(name) {
            if value.as_array().is_some_and(Vec::is_empty) {
                after.hidden.remove(*name);
            } else {
                after.hidden.insert((*name).to_owned(), value.clone());
            }
        }
    }
    after.desired = input.integer("desiredCount").unwrap_or(before.desired);
    kept_rules(call, input, &mut after)?;
    Ok(after)
}

fn capacity(input: &Input, before: &Service, cluster: &ClusterFacts) -> Result<Capacity, Refusal> {
    match input.member("capacityProviderStrategy") {
        // An empty strategy takes a service back to its launch type, whatever the default strategy of its cluster is.
        Some(strategy) if strategy.as_array().is_some_and(Vec::is_empty) => Ok(Capacity::Launch(launch_type(before))),
        Some(_) => Capacity::of(&input.0, cluster),
        None => Ok(match before.doc.get("capacityProviderStrategy") {
            Some(strategy) => Capacity::Strategy(strategy.clone()),
            None => Capacity::Launch(before.doc.text("launchType").unwrap_or("EC2").to_owned()),
        }),
    }
}

/// The launch type that a service has without a strategy: that which it was made with, else that of the providers it has now.
fn launch_type(before: &Service) -> String {
    let made = before.request.text("launchType").or_else(|| before.doc.text("launchType"));
    let fargate = before.doc.has("platformVersion");
    made.unwrap_or(if fargate { "FARGATE" } else { "EC2" }).to_owned()
}

/// The rules that hold without a deployment as well.
fn kept_rules(call: &mut Call<'_>, input: &Input, after: &mut Service) -> Result<(), Refusal> {
    let balancers = after.doc.list("loadBalancers").to_vec();
    let name = after.doc.text_or_empty("taskDefinition").to_owned();
    let checked = registry::definition(call.region(), &name).is_some_and(|found| check::has_health_check(&found));
    let balanced = !balancers.is_empty() || !after.hidden.list("gatewayConnectors").is_empty();
    if input.integer("healthCheckGracePeriodSeconds").is_some() && !balanced && !checked {
        return Err(invalid("Health check grace period is only valid for services configured to use load balancers"));
    }
    if input.text("availabilityZoneRebalancing") == Some("ENABLED") && !defaults::can_balance(&after.doc) {
        return Err(invalid("The service does not support Availability Zone rebalancing with this configuration."));
    }
    if !balancers.is_empty() {
        after.doc.entry("healthCheckGracePeriodSeconds").or_insert_with(|| json!(0));
    }
    check::groups_there(call.region(), &balancers)
}

/// What has to hold for a new deployment.
fn sound(call: &mut Call<'_>, after: &Service) -> Result<(), Refusal> {
    let definition = check::definition(call, after.doc.text_or_empty("taskDefinition"))?;
    let capacity = match after.doc.get("capacityProviderStrategy") {
        Some(strategy) => Capacity::Strategy(strategy.clone()),
        None => Capacity::Launch(after.doc.text_or_empty("launchType").to_owned()),
    };
    check::platform(&definition, &capacity, after.doc.text("platformVersion"))?;
    check::instances(call.region(), &definition, &capacity)?;
    check::network(call, &after.doc, &definition, capacity.is_fargate())?;
    check::load_balancers(call.region(), after.doc.list("loadBalancers"), &definition)?;
    shifts::balancers(call, after.doc.list("loadBalancers"), &after.configuration())?;
    check::registries(call.region(), after.doc.list("serviceRegistries"), &definition)?;
    connect::check(&definition, after.hidden.map("serviceConnectConfiguration"))?;
    ingress::check(call.region(), after, &definition)?;
    create::volumes(&definition, &after.hidden)
}
