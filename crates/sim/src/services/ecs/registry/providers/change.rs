//! Making, changing and deleting capacity providers.

use serde_json::{Map, Value, json};

use super::super::super::checks::{self, client, invalid, is_name, name_of};
use super::super::{capacity, clusters};
use super::{BUILT_IN, CHANGE, Provider};
use crate::call::{Call, Input, Members, Refusal, Reply};
use crate::world::Moment;

/// Beginnings of names that AWS keeps for itself.
const RESERVED: [&str; 3] = ["aws", "ecs", "fargate"];

/// `CreateCapacityProvider`.
pub(crate) fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("name").to_owned();
    let lower = name.to_ascii_lowercase();
    if !is_name(&name) || RESERVED.iter().any(|start| lower.starts_with(start)) {
        return Err(invalid(
            "The specified capacity provider name is invalid. Up to 255 characters are allowed, including letters (upper \
             and lowercase), numbers, underscores, and hyphens. The name cannot be prefixed with \"aws\", \"ecs\", or \
             \"fargate\". Specify a valid name and try again.",
        ));
    }
    let tags = super::super::dialect::DIALECT.first(input)?;
    let now = call.now();
    let there = call.region().ecs.registry.providers.get(&name).map(|provider| provider.status(now));
    if there.is_some_and(|status| status != "INACTIVE") {
        return Err(client(
            "The specified capacity provider already exists. To change the configuration of an existing capacity provider, \
             update the capacity provider.",
        ));
    }
    let (cluster, body) = body(call, input)?;
    let arn = call.arn("ecs", &format!("capacity-provider/{name}"));
    let mut provider = Provider { arn, name: name.clone(), cluster, body, tags, settled: now, ..Provider::default() };
    if let Some(cluster) = &provider.cluster {
        provider.change = "CREATE".to_owned();
        provider.settled = now.plus(call.world.about(CHANGE));
        let cluster = call.region().ecs.registry.clusters.entry(cluster.clone()).or_default();
        cluster.providers.push(name.clone());
        cluster.providers.sort();
    }
    let shown = provider.show(now, true);
    call.region().ecs.registry.providers.insert(name, provider);
    Ok(json!({ "capacityProvider": shown }))
}

/// The cluster that a new provider belongs to, and what it is.
fn body(call: &mut Call<'_>, input: &Input) -> Result<(Option<String>, Value), Refusal> {
    match (input.map("autoScalingGroupProvider"), input.map("managedInstancesProvider")) {
        (Some(group), None) => {
            if input.has("cluster") {
                return Err(invalid(
                    "A cluster cannot be specified for a capacity provider with an Auto Scaling group.",
                ));
            }
            Ok((None, scaled(group)?))
        }
        (None, Some(managed)) => {
            let Some(cluster) = input.text("cluster") else {
                return Err(invalid("A cluster must be specified for a capacity provider with managed instances."));
            };
            let cluster = clusters::named(call, Some(cluster))?;
            let managed = managed.clone();
            super::managed::check(call, &managed)?;
            let mut body = managed;
            body.entry("propagateTags").or_insert(json!("NONE"));
            Ok((Some(cluster), Value::Object(body)))
        }
        _ => Err(invalid(
            "A capacity provider must have either an Auto Scaling group provider or a managed instances provider. Specify \
             one and try again.",
        )),
    }
}

/// What is given of an Auto Scaling group's provider, with everything else at its default.
fn scaled(given: &Map<String, Value>) -> Result<Value, Refusal> {
    let group = given.text_or_empty("autoScalingGroupArn");
    let is_arn = group.starts_with("arn:aws:autoscaling:") && group.contains(":autoScalingGroupName/");
    if group.is_empty() || (group.starts_with("arn:") && !is_arn) {
        return Err(client(
            "The specified Auto Scaling group ARN is invalid. Specify a valid Auto Scaling group ARN and try again.",
        ));
    }
    let mut body = given.clone();
    let mut scaling = given.map("managedScaling").cloned().unwrap_or_default();
    let usual = [
        ("status", json!("DISABLED")),
        ("targetCapacity", json!(100)),
        ("minimumScalingStepSize", json!(1)),
        ("maximumScalingStepSize", json!(10_000)),
        ("instanceWarmupPeriod", json!(300)),
    ];
    for (name, value) in usual {
        scaling.entry(name).or_insert(value);
    }
    if scaling.integer("minimumScalingStepSize") > scaling.integer("maximumScalingStepSize") {
        return Err(invalid(
            "The minimum or maximum scaling step size value is invalid. Specify a minimum scaling step size value that is \
             less than or equal to the maximum scaling step size value and try again.",
        ));
    }
    body.entry("managedTerminationProtection").or_insert(json!("DISABLED"));
    body.entry("managedDraining").or_insert(json!("ENABLED"));
    if body.text("managedTerminationProtection") == Some("ENABLED") && scaling.text("status") != Some("ENABLED") {
        return Err(client(
            "The managed termination protection setting for the capacity provider is invalid. To enable managed termination \
             protection for a capacity provider, managed scaling must be enabled.",
        ));
    }
    body.insert("managedScaling".to_owned(), Value::Object(scaling));
    Ok(Value::Object(body))
}

/// The name of a provider that can be changed.
fn changeable(call: &mut Call<'_>, text: &str, verb: &str) -> Result<String, Refusal> {
    let name = name_of(&call.place, text, "capacity-provider")?.to_owned();
    if BUILT_IN.contains(&name.as_str()) {
        return Err(client(format!("The specified capacity provider '{name}' is reserved and cannot be {verb}.")));
    }
    let now = call.now();
    match call.region().ecs.registry.providers.get(&name).map(|provider| provider.status(now)) {
        None | Some("INACTIVE") => {
            let text = "The specified capacity provider does not exist. Specify a valid name or ARN and try again.";
            Err(client(text))
        }
        Some("ACTIVE") => Ok(name),
        Some(_) => {
            let text = "The specified capacity provider is in a busy state. Wait until it is ACTIVE and try again.";
            Err(Refusal::new("UpdateInProgressException", text))
        }
    }
}

/// `UpdateCapacityProvider`.
pub(crate) fn update(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = changeable(call, input.text_or_empty("name"), "updated")?;
    let there = call.region().ecs.registry.providers.get(&name).cloned().unwrap_or_default();
    let member = if there.is_managed() { "managedInstancesProvider" } else { "autoScalingGroupProvider" };
    let Some(given) = input.map(member) else {
        return Err(invalid(format!("{} can not be blank.", checks::capital(member))));
    };
    if there.is_managed() {
        super::managed::check(call, given)?;
    }
    let mut body = there.body.as_object().cloned().unwrap_or_default();
    merge(&mut body, given);
    if there.is_managed() {
        // What is required is given as a whole, not added to.
        let given = given.map("instanceLaunchTemplate").and_then(|launch| launch.map("instanceRequirements"));
        if let (Some(given), Some(Value::Object(launch))) = (given, body.get_mut("instanceLaunchTemplate")) {
            launch.insert("instanceRequirements".to_owned(), Value::Object(given.clone()));
        }
    }
    let body = if there.is_managed() { Value::Object(body) } else { scaled(&body)? };
    let now = call.now();
    change(call, Provider { body, change: "UPDATE".to_owned(), settled: now, failure: None, ..there })
}

/// Members that are given replace those that are there, at every depth.
fn merge(there: &mut Map<String, Value>, given: &Map<String, Value>) {
    for (name, value) in given {
        match (there.get_mut(name), value) {
            (Some(Value::Object(inner)), Value::Object(given)) => merge(inner, given),
            _ => {
                there.insert(name.clone(), value.clone());
            }
        }
    }
}

/// `DeleteCapacityProvider`. That one is still attached shows in the reply, not as an error.
pub(crate) fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = changeable(call, input.text_or_empty("capacityProvider"), "deleted")?;
    let now = call.now();
    let settled = now.plus(call.world.about(CHANGE));
    let there = call.region().ecs.registry.providers.get(&name).cloned().unwrap_or_default();
    if let Some(cluster) = &there.cluster {
        let arn = call.arn("ecs", &format!("cluster/{cluster}"));
        if capacity::in_use(call, &arn, std::slice::from_ref(&name)) {
            return Err(client(
                "Cannot delete capacity provider. Services are still associated with this capacity provider.",
            ));
        }
    }
    let registry = &mut call.region().ecs.registry;
    let holder = registry
        .clusters
        .values()
        .find(|it| !it.deleted && !there.is_managed() && it.providers.contains(&name))
        .map(|it| it.name.clone());
    let failure = holder.map(|cluster| {
        format!(
            "The capacity provider cannot be deleted because it is associated with cluster: {cluster}. Remove the capacity \
             provider from the cluster and try again."
        )
    });
    if let (Some(cluster), None) = (&there.cluster, &failure)
        && let Some(cluster) = registry.clusters.get_mut(cluster)
    {
        cluster.providers.retain(|it| *it != name);
        cluster.strategy.retain(|it| it["capacityProvider"] != name);
    }
    let settled: Moment = if failure.is_some() { now } else { settled };
    change(call, Provider { change: "DELETE".to_owned(), settled, failure, ..there })
}

fn change(call: &mut Call<'_>, provider: Provider) -> Reply {
    let shown = provider.show(call.now(), true);
    call.region().ecs.registry.providers.insert(provider.name.clone(), provider);
    Ok(json!({ "capacityProvider": shown }))
}
