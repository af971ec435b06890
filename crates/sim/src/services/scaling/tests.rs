//! What is true of auto scaling. Tables are scaled here where it does not matter what, as they need not be there.

use serde_json::{Value, json};

use super::targets::within;
use super::{Scaled, Target, service_deleted};
use crate::lab::Lab;

fn with(mut input: Value, more: Value) -> Value {
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

fn table(more: Value) -> Value {
    let dimension = "dynamodb:table:ReadCapacityUnits";
    with(json!({ "ServiceNamespace": "dynamodb", "ResourceId": "table/t", "ScalableDimension": dimension }), more)
}

fn service(more: Value) -> Value {
    let dimension = "ecs:service:DesiredCount";
    with(json!({ "ServiceNamespace": "ecs", "ResourceId": "service/c/s", "ScalableDimension": dimension }), more)
}

/// A target of an ECS service, put there behind everybody's back.
fn with_service() -> Lab {
    let lab = Lab::new();
    lab.sim.with_world(|world| {
        let scaled = Scaled {
            namespace: "ecs".into(),
            resource: "service/c/s".into(),
            dimension: "ecs:service:DesiredCount".into(),
        };
        let target = Target { scaled: scaled.clone(), unique: "u".into(), min: 1, max: 4, ..Target::default() };
        world.region(&lab.place).scaling.targets.insert(scaled.key(), target);
    });
    lab
}

fn targets(lab: &Lab, namespace: &str) -> Value {
    lab.ok("application-autoscaling.DescribeScalableTargets", json!({ "ServiceNamespace": namespace }))["ScalableTargets"].clone()
}

const REGISTER: &str = "application-autoscaling.RegisterScalableTarget";
const PUT: &str = "application-autoscaling.PutScalingPolicy";

fn tracking(name: &str, more: Value) -> Value {
    let metric = json!({ "PredefinedMetricType": "ECSServiceAverageCPUUtilization" });
    let config = with(json!({ "TargetValue": 75.0, "PredefinedMetricSpecification": metric }), more);
    let policy = json!({ "PolicyName": name, "PolicyType": "TargetTrackingScaling" });
    service(with(policy, json!({ "TargetTrackingScalingPolicyConfiguration": config })))
}

#[test]
fn a_new_target_needs_both_limits_and_its_service() {
    let lab = Lab::new();
    let part = "Both Min and Max capacity must be specified for a new scalable target.";
    lab.refuses(REGISTER, table(json!({ "MinCapacity": 1 })), "ValidationException", part);
    let part = "Maximum capacity cannot be less than minimum capacity";
    lab.refuses(REGISTER, table(json!({ "MinCapacity": 2, "MaxCapacity": 1 })), "ValidationException", part);
    let part = "ECS service doesn't exist: service/c/s";
    lab.refuses(REGISTER, service(json!({ "MinCapacity": 1, "MaxCapacity": 2 })), "ValidationException", part);
    let by_arn =
        json!({ "ResourceId": "arn:aws:ecs:us-east-1:123456789012:service/c/s", "MinCapacity": 1, "MaxCapacity": 2 });
    lab.refuses(REGISTER, service(by_arn), "ValidationException", "Unsupported service namespace");
}

#[test]
fn registering_again_keeps_what_is_left_out() {
    let lab = Lab::new();
    let first =
        lab.ok(REGISTER, table(json!({ "MinCapacity": 1, "MaxCapacity": 4, "RoleARN": "arn:aws:iam::1:role/mine" })));
    let suspended = json!({ "ScheduledScalingSuspended": true });
    let second = lab.ok(REGISTER, table(json!({ "MinCapacity": 2, "SuspendedState": suspended })));
    assert_eq!(first, second);
    let got = &targets(&lab, "dynamodb")[0];
    assert_eq!((&got["MinCapacity"], &got["MaxCapacity"]), (&json!(2), &json!(4)));
    let state = json!({
        "DynamicScalingInSuspended": false, "DynamicScalingOutSuspended": false, "ScheduledScalingSuspended": true,
    });
    assert_eq!(got["SuspendedState"], state);
    let role = "arn:aws:iam::123456789012:role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/\
                AWSServiceRoleForApplicationAutoScaling_DynamoDBTable";
    assert_eq!(got["RoleARN"], role);
}

#[test]
fn a_count_outside_its_limits_moves_to_the_nearer_one() {
    assert_eq!(within(1, 3, 4), Some((3, "minimum")));
    assert_eq!(within(9, 3, 4), Some((4, "maximum")));
    assert_eq!(within(3, 3, 4), None);
}

#[test]
fn a_policy_needs_its_target() {
    let lab = Lab::new();
    let part = "No scalable target registered for service namespace: ecs, resource ID: service/c/s, scalable dimension: \
                ecs:service:DesiredCount";
    lab.refuses(PUT, tracking("cpu", json!({})), "ObjectNotFoundException", part);
    let part = "No scalable target found for service namespace: ecs, resource ID: service/c/s, scalable dimension: \
                ecs:service:DesiredCount";
    lab.refuses(
        "application-autoscaling.DeregisterScalableTarget",
        service(json!({})),
        "ObjectNotFoundException",
        part,
    );
    let part = "No scaling policy found for service namespace: ecs, resource ID: service/c/s, scalable dimension: \
                ecs:service:DesiredCount, policy name: cpu";
    let input = service(json!({ "PolicyName": "cpu" }));
    lab.refuses("application-autoscaling.DeleteScalingPolicy", input, "ObjectNotFoundException", part);
}

#[test]
fn target_tracking_brings_two_alarms_that_stay() {
    let lab = with_service();
    let made = lab.ok(PUT, tracking("cpu", json!({})));
    let names: Vec<&str> =
        made["Alarms"].as_array().unwrap().iter().map(|alarm| alarm["AlarmName"].as_str().unwrap()).collect();
    assert!(names[0].starts_with("TargetTracking-service/c/s-AlarmHigh-"), "{names:?}");
    assert!(names[1].starts_with("TargetTracking-service/c/s-AlarmLow-"), "{names:?}");
    let arn = "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:u:resource/ecs/service/c/s:policyName/cpu";
    assert_eq!(made["PolicyARN"], arn);
    assert_eq!(lab.ok(PUT, tracking("cpu", json!({ "ScaleInCooldown": 60 }))), made);
    let got = lab.ok("application-autoscaling.DescribeScalingPolicies", json!({ "ServiceNamespace": "ecs" }));
    let config = &got["ScalingPolicies"][0]["TargetTrackingScalingPolicyConfiguration"];
    assert_eq!((&config["ScaleInCooldown"], config.get("ScaleOutCooldown")), (&json!(60), None));
    let out_only = lab.ok(PUT, tracking("cpu", json!({ "DisableScaleIn": true })));
    assert_eq!(out_only["Alarms"], json!([made["Alarms"][0]]));
    let part = "Only one TargetTrackingScaling policy for a given metric specification is allowed.";
    lab.refuses(PUT, tracking("cpu2", json!({})), "ValidationException", part);
}

#[test]
fn a_policy_type_is_one_of_three() {
    let lab = with_service();
    let part = "1 validation error detected: Value 'Moon' at 'policyType' failed to satisfy constraint: Member must satisfy enum \
                value set: [PredictiveScaling, StepScaling, TargetTrackingScaling]";
    lab.refuses(PUT, service(json!({ "PolicyName": "p", "PolicyType": "Moon" })), "ValidationException", part);
}

#[test]
fn policies_come_ten_to_a_page() {
    let lab = with_service();
    let config = json!({ "AdjustmentType": "ChangeInCapacity", "StepAdjustments": [{ "MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1 }] });
    for number in 0..12 {
        let policy = json!({ "PolicyName": format!("p{number:02}"), "StepScalingPolicyConfiguration": config });
        assert_eq!(lab.ok(PUT, service(policy))["Alarms"], json!([]));
    }
    let describe = "application-autoscaling.DescribeScalingPolicies";
    let first = lab.ok(describe, json!({ "ServiceNamespace": "ecs" }));
    assert_eq!(first["ScalingPolicies"].as_array().unwrap().len(), 10);
    let next = lab.ok(describe, json!({ "ServiceNamespace": "ecs", "NextToken": first["NextToken"] }));
    assert_eq!(next["ScalingPolicies"].as_array().unwrap().len(), 2);
    assert_eq!(next["ScalingPolicies"][1]["PolicyType"], "StepScaling");
    let wrong = json!({ "ServiceNamespace": "ecs", "NextToken": "x" });
    lab.refuses(describe, wrong, "InvalidNextTokenException", "");
}

#[test]
fn a_scheduled_action_reads_back_and_forgets_its_times() {
    let lab = with_service();
    let put = "application-autoscaling.PutScheduledAction";
    let name = json!({ "ScheduledActionName": "night" });
    let all = json!({
        "Schedule": "cron(0 22 * * ? *)", "Timezone": "Europe/Berlin", "StartTime": 1_800_000_000,
        "ScalableTargetAction": { "MinCapacity": 2 },
    });
    lab.ok(put, service(with(name.clone(), all)));
    lab.ok(put, service(with(name.clone(), json!({ "ScalableTargetAction": { "MaxCapacity": 3 } }))));
    let got = lab.ok("application-autoscaling.DescribeScheduledActions", json!({ "ServiceNamespace": "ecs" }));
    let action = &got["ScheduledActions"][0];
    assert_eq!(
        (&action["Timezone"], &action["ScalableTargetAction"]),
        (&json!("Europe/Berlin"), &json!({ "MaxCapacity": 3 }))
    );
    assert!(action.get("StartTime").is_none_or(Value::is_null));
    assert!(action["ScheduledActionARN"].as_str().unwrap().ends_with("service/c/s:scheduledActionName/night"));
    let wrong =
        json!({ "ScheduledActionName": "x", "Schedule": "daily", "ScalableTargetAction": { "MinCapacity": 2 } });
    lab.refuses(put, service(wrong), "ValidationException", "daily");
    lab.ok("application-autoscaling.DeleteScheduledAction", service(name.clone()));
    lab.refuses("application-autoscaling.DeleteScheduledAction", service(name), "ObjectNotFoundException", "night");
}

#[test]
fn deregistering_takes_the_policies_along() {
    let lab = with_service();
    lab.ok(PUT, tracking("cpu", json!({})));
    lab.ok("application-autoscaling.DeregisterScalableTarget", service(json!({})));
    let got = lab.ok("application-autoscaling.DescribeScalingPolicies", json!({ "ServiceNamespace": "ecs" }));
    assert_eq!((&got["ScalingPolicies"], targets(&lab, "ecs")), (&json!([]), json!([])));
}

#[test]
fn a_target_goes_some_minutes_after_its_service() {
    let lab = with_service();
    lab.sim.with_world(|world| service_deleted(world, &lab.place, "arn:aws:ecs:us-east-1:123456789012:cluster/c", "s"));
    lab.pass(60);
    assert_eq!(targets(&lab, "ecs").as_array().unwrap().len(), 1);
    lab.pass(200);
    assert_eq!(targets(&lab, "ecs"), json!([]));
}

#[test]
fn tags_belong_to_targets() {
    let lab = Lab::new();
    let limits = json!({ "MinCapacity": 1, "MaxCapacity": 4, "Tags": { "a": "1" } });
    let arn = lab.ok(REGISTER, table(limits))["ScalableTargetARN"].clone();
    lab.ok("application-autoscaling.TagResource", json!({ "ResourceARN": arn, "Tags": { "b": "2" } }));
    lab.ok("application-autoscaling.UntagResource", json!({ "ResourceARN": arn, "TagKeys": ["a"] }));
    let got = lab.ok("application-autoscaling.ListTagsForResource", json!({ "ResourceARN": arn }));
    assert_eq!(got["Tags"], json!({ "b": "2" }));
    let unknown = "arn:aws:application-autoscaling:us-east-1:123456789012:scalable-target/0";
    let input = json!({ "ResourceARN": unknown });
    lab.refuses("application-autoscaling.ListTagsForResource", input, "ResourceNotFoundException", unknown);
}
