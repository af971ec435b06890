//! Scalable targets: registering one makes or changes it (what is left out is kept) and moves the count into its limits.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::tagging::Targets;
use super::{Scaled, Target, absent, activities, cut, invalid};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::services::{ecs, iam};
use crate::tags::dialect::Carrier;
use crate::world::{Place, World};

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("DeregisterScalableTarget", deregister_scalable_target),
    ("DescribeScalableTargets", describe_scalable_targets),
    ("RegisterScalableTarget", register_scalable_target),
];

const PAGE: usize = 50;
const SWITCHES: [&str; 3] = ["DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"];

fn register_scalable_target(call: &mut Call<'_>, input: &Input) -> Reply {
    let scaled = Scaled::of(input);
    check(call, &scaled)?;
    let old = call.region().scaling.targets.get(&scaled.key()).cloned();
    let limit = |name: &str, old: Option<i64>| input.integer(name).or(old);
    let limits = limit("MinCapacity", old.as_ref().map(|old| old.min))
        .zip(limit("MaxCapacity", old.as_ref().map(|old| old.max)));
    let (min, max) = limits.ok_or_else(|| {
        invalid(
            "Scalable target does not exist. Both Min and Max capacity must be specified for a new scalable target.",
        )
    })?;
    if min < 0 {
        return Err(invalid("Minimum capacity cannot be less than 0"));
    }
    if max < min {
        return Err(invalid("Maximum capacity cannot be less than minimum capacity"));
    }
    let mut target = match old {
        Some(old) => old,
        None => fresh(call, input, &scaled)?,
    };
    target.min = min;
    target.max = max;
    for (name, value) in input.map("SuspendedState").into_iter().flatten() {
        target.suspended.insert(name.clone(), value.as_bool().unwrap_or(false));
    }
    let reply = json!({ "ScalableTargetARN": target.arn });
    call.region().scaling.targets.insert(scaled.key(), target);
    let place = call.place.clone();
    move_into(call.world, &place, &scaled, min, max);
    Ok(reply)
}

fn check(call: &mut Call<'_>, scaled: &Scaled) -> Result<(), Refusal> {
    if !scaled.dimension.starts_with(&format!("{}:", scaled.namespace)) {
        return Err(invalid("Unsupported service namespace, resource type or scalable dimension"));
    }
    if scaled.namespace != "ecs" {
        return Ok(());
    }
    let (cluster, service) = scaled
        .ecs_service()
        .ok_or_else(|| invalid("Unsupported service namespace, resource type or scalable dimension"))?;
    match ecs::desired_count(call.region(), cluster, service) {
        Some(_) => Ok(()),
        None => Err(invalid(format!("ECS service doesn't exist: {}", scaled.resource))),
    }
}

/// A target that is new. It is always the service-linked role that works for it.
fn fresh(call: &mut Call<'_>, input: &Input, scaled: &Scaled) -> Result<Target, Refusal> {
    let tags = Targets::DIALECT.first(input)?;
    let principal = format!("{}.application-autoscaling.amazonaws.com", scaled.namespace);
    let place = call.place.clone();
    let lost = iam::service_linked_role_is_lost(call.world, &place, &principal);
    // Made for its own sake: what it is called depends on what is scaled.
    let arn = iam::service_linked_role(call.world, &place, &principal);
    if lost {
        return Err(invalid(format!("Unable to assume IAM role: {arn}")));
    }
    let what = match scaled.namespace.as_str() {
        "ecs" => "ECSService",
        "dynamodb" => "DynamoDBTable",
        "rds" => "RDSCluster",
        "lambda" => "LambdaConcurrency",
        _ => "CustomResource",
    };
    let role = format!("role/aws-service-role/{principal}/AWSServiceRoleForApplicationAutoScaling_{what}");
    let id = call.world.ids.hex(36);
    Ok(Target {
        scaled: scaled.clone(),
        arn: call.arn("application-autoscaling", &format!("scalable-target/{id}")),
        unique: call.world.ids.uuid(),
        role: format!("arn:aws:iam::{}:{role}", place.account),
        suspended: SWITCHES.into_iter().map(|name| (name.to_owned(), false)).collect::<BTreeMap<_, _>>(),
        created: call.now(),
        tags,
        ..Target::default()
    })
}

/// Where a count goes that has to be within limits, and which limit moves it.
pub(super) fn within(count: i64, min: i64, max: i64) -> Option<(i64, &'static str)> {
    match count {
        _ if count < min => Some((min, "minimum")),
        _ if count > max => Some((max, "maximum")),
        _ => None,
    }
}

/// Moves the count of a service into limits.
pub(super) fn move_into(world: &mut World, place: &Place, scaled: &Scaled, min: i64, max: i64) {
    let Some((cluster, service)) = scaled.ecs_service() else { return };
    let count = ecs::desired_count(world.region(place), cluster, service);
    let Some((wanted, which)) = count.and_then(|count| within(count, min, max)) else { return };
    ecs::set_desired_count(world, place, cluster, service, wanted);
    activities::record(world, place, scaled, wanted, &format!("{which} capacity was set to {wanted}"));
}

fn deregister_scalable_target(call: &mut Call<'_>, input: &Input) -> Reply {
    let scaled = Scaled::of(input);
    match call.region().scaling.targets.remove(&scaled.key()) {
        Some(_) => Ok(json!({})),
        None => Err(absent(format!("No scalable target found for {}", scaled.words()))),
    }
}

fn describe_scalable_targets(call: &mut Call<'_>, input: &Input) -> Reply {
    let wanted = input.texts("ResourceIds");
    if wanted.is_empty() && input.has("ScalableDimension") {
        return Err(invalid("A scalable dimension can only be specified together with resource IDs."));
    }
    let shown = |target: &&Target| {
        target.scaled.is_asked(input) && (wanted.is_empty() || wanted.contains(&target.scaled.resource))
    };
    let all: Vec<&Target> = call.region().scaling.targets.values().filter(shown).collect();
    let (items, next) = cut(input, all, |target| target.scaled.key(), PAGE)?;
    let item = |target: &Target| {
        let mut document = Map::new();
        target.scaled.write(&mut document);
        document.insert("MinCapacity".into(), target.min.into());
        document.insert("MaxCapacity".into(), target.max.into());
        document.insert("RoleARN".into(), target.role.clone().into());
        document.insert("CreationTime".into(), target.created.value());
        document.insert("SuspendedState".into(), json!(target.suspended));
        document.insert("ScalableTargetARN".into(), target.arn.clone().into());
        Value::Object(document)
    };
    Ok(json!({ "ScalableTargets": items.into_iter().map(item).collect::<Vec<_>>(), "NextToken": next }))
}
