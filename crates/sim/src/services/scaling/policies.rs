//! Scaling policies: step scaling as it is written, target tracking with the alarms that it brings along.

use serde_json::{Map, Value, json};

use super::state::Policy;
use super::{Scaled, Target, absent, cut, invalid, registered};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::world::Place;

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("DeleteScalingPolicy", delete_scaling_policy),
    ("DescribeScalingPolicies", describe_scaling_policies),
    ("PutScalingPolicy", put_scaling_policy),
];

const PAGE: usize = 10;

const STEPS: &str = "StepScalingPolicyConfiguration";

const TRACKING: &str = "TargetTrackingScalingPolicyConfiguration";

const PREDICTION: &str = "PredictiveScalingPolicyConfiguration";

fn put_scaling_policy(call: &mut Call<'_>, input: &Input) -> Reply {
    let now = call.now();
    let place = call.place.clone();
    let ids = [call.world.ids.uuid(), call.world.ids.uuid()];
    let target = registered(call, input)?;
    let name = input.text_or_empty("PolicyName");
    let old = target.policies.get(name);
    let kind = input.text("PolicyType").or(old.map(|old| old.kind.as_str())).unwrap_or("StepScaling").to_owned();
    let member = match kind.as_str() {
        "TargetTrackingScaling" => TRACKING,
        "PredictiveScaling" => PREDICTION,
        _ => STEPS,
    };
    let kept = || old.filter(|old| old.member == member).map(|old| &old.config);
    let config = input.map(member).or_else(kept).cloned();
    let config = config.ok_or_else(|| invalid(format!("{member} must be specified for the policy type {kind}")))?;
    if member == TRACKING {
        check_tracking(target, name, &config)?;
    } else if member == STEPS {
        check_steps(&config)?;
    }
    let old = target.policies.get(name);
    let policy = Policy {
        name: name.to_owned(),
        arn: old.map_or_else(|| arn(&place, target, name), |old| old.arn.clone()),
        alarms: if member == TRACKING { alarms(old, &config, ids) } else { Vec::new() },
        created: old.map_or(now, |old| old.created),
        kind,
        member: member.to_owned(),
        config,
    };
    let reply = json!({ "PolicyARN": policy.arn, "Alarms": alarm_documents(&place, &target.scaled, &policy) });
    target.policies.insert(name.to_owned(), policy);
    Ok(reply)
}

fn arn(place: &Place, target: &Target, name: &str) -> String {
    let Target { unique, scaled, .. } = target;
    place.arn(
        "autoscaling",
        &format!("scalingPolicy:{unique}:resource/{}/{}:policyName/{name}", scaled.namespace, scaled.resource),
    )
}

fn check_tracking(target: &Target, name: &str, config: &Map<String, Value>) -> Result<(), Refusal> {
    const METRICS: [&str; 2] = ["PredefinedMetricSpecification", "CustomizedMetricSpecification"];
    if config.has(METRICS[0]) == config.has(METRICS[1]) {
        return Err(invalid(
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified",
        ));
    }
    let predefined = config.map(METRICS[0]);
    let per_target =
        predefined.and_then(|metric| metric.text("PredefinedMetricType")) == Some("ALBRequestCountPerTarget");
    if per_target && !predefined.is_some_and(|metric| metric.has("ResourceLabel")) {
        return Err(invalid("The metric type ALBRequestCountPerTarget needs a resource label"));
    }
    let same = |other: &&Policy| {
        other.name != name
            && other.member == TRACKING
            && METRICS.iter().all(|metric| other.config.get(*metric) == config.get(*metric))
    };
    if target.policies.values().any(|other| same(&other)) {
        return Err(invalid("Only one TargetTrackingScaling policy for a given metric specification is allowed."));
    }
    Ok(())
}

fn check_steps(config: &Map<String, Value>) -> Result<(), Refusal> {
    if !config.has("AdjustmentType") {
        return Err(invalid("AdjustmentType must be specified for the policy type StepScaling"));
    }
    let steps = config.list("StepAdjustments");
    if steps.is_empty() {
        return Err(invalid("At least one StepAdjustment must be specified for the policy type StepScaling"));
    }
    let (low, high) = ("MetricIntervalLowerBound", "MetricIntervalUpperBound");
    if steps.iter().any(|step| !step.has(low) && !step.has(high)) {
        return Err(invalid("A StepAdjustment must have at least one of lower bound and upper bound"));
    }
    let upside_down = |step: &Value| step.number(low).zip(step.number(high)).is_some_and(|(low, high)| low >= high);
    if steps.iter().any(upside_down) {
        return Err(invalid("The lower bound of a StepAdjustment must be less than its upper bound"));
    }
    Ok(())
}

/// The alarms of a target tracking policy: one above and, unless it never scales in, one below.
fn alarms(old: Option<&Policy>, config: &Map<String, Value>, ids: [String; 2]) -> Vec<(String, String)> {
    let sides = if config.flag("DisableScaleIn").unwrap_or(false) { &["High"][..] } else { &["High", "Low"][..] };
    let known = old.map_or(&[][..], |old| old.alarms.as_slice());
    let alarm = |(side, fresh): (&&str, String)| {
        known.iter().find(|(other, _)| other == side).cloned().unwrap_or_else(|| ((*side).to_owned(), fresh))
    };
    sides.iter().zip(ids).map(alarm).collect()
}

fn alarm_documents(place: &Place, scaled: &Scaled, policy: &Policy) -> Vec<Value> {
    let document = |(side, id): &(String, String)| {
        let name = format!("TargetTracking-{}-Alarm{side}-{id}", scaled.resource);
        json!({ "AlarmName": name, "AlarmARN": place.arn("cloudwatch", &format!("alarm:{name}")) })
    };
    policy.alarms.iter().map(document).collect()
}

fn describe_scaling_policies(call: &mut Call<'_>, input: &Input) -> Reply {
    let place = call.place.clone();
    let names = input.texts("PolicyNames");
    let targets = call.region().scaling.targets.values().filter(|target| target.scaled.is_asked(input));
    let all: Vec<(&Scaled, &Policy)> = targets
        .flat_map(|target| target.policies.values().map(|policy| (&target.scaled, policy)))
        .filter(|(_, policy)| names.is_empty() || names.contains(&policy.name) || names.contains(&policy.arn))
        .collect();
    let (items, next) = cut(input, all, |(scaled, policy)| format!("{} {}", scaled.key(), policy.name), PAGE)?;
    let item = |(scaled, policy): (&Scaled, &Policy)| {
        let mut document = Map::new();
        scaled.write(&mut document);
        document.insert("PolicyARN".into(), policy.arn.clone().into());
        document.insert("PolicyName".into(), policy.name.clone().into());
        document.insert("PolicyType".into(), policy.kind.clone().into());
        document.insert(policy.member.clone(), policy.config.clone().into());
        document.insert("Alarms".into(), alarm_documents(&place, scaled, policy).into());
        document.insert("CreationTime".into(), policy.created.value());
        Value::Object(document)
    };
    Ok(json!({ "ScalingPolicies": items.into_iter().map(item).collect::<Vec<_>>(), "NextToken": next }))
}

fn delete_scaling_policy(call: &mut Call<'_>, input: &Input) -> Reply {
    let scaled = Scaled::of(input);
    let name = input.text_or_empty("PolicyName");
    let target = call.region().scaling.targets.get_mut(&scaled.key());
    match target.and_then(|target| target.policies.remove(name)) {
        Some(_) => Ok(json!({})),
        None => Err(absent(format!("No scaling policy found for {}, policy name: {name}", scaled.words()))),
    }
}
