"""Application Auto Scaling of the web service: target, policies, scheduled action.

Decides between which counts the service moves. Must not set the count itself.
"""

from compare import Absent, Bag, Has, Like, Maybe, Time
from harness import step
from steps_services import service

DIMENSION = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
SUSPENDED = {"DynamicScalingInSuspended": False, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": False}


def key(lab):
    """What identifies the scalable target."""
    return {**DIMENSION, "ResourceId": lab.scalable}


def target(aws, lab):
    """Reads the target, or None."""
    found = aws.application_autoscaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[lab.scalable])["ScalableTargets"]
    return found[0] if found else None


@step("register the scalable target")
def register(aws, lab):
    lab.scalable = f"service/{lab.name('cluster')}/{lab.name('web')}"
    lab.refused("new target without limits", "ValidationException", lambda: aws.application_autoscaling.register_scalable_target(**key(lab)),
                status=400, message="Both Min and Max capacity must be specified")
    lab.refused("unknown service", "ValidationException", lambda: aws.application_autoscaling.register_scalable_target(
        **{**key(lab), "ResourceId": f"{lab.scalable}x"}, MinCapacity=1, MaxCapacity=2), status=400, message="ECS service doesn't exist")
    lab.refused("policy without target", "ObjectNotFoundException", lambda: aws.application_autoscaling.put_scaling_policy(
        **key(lab), PolicyName="early", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 1.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}),
        status=400, message="No scalable target registered for")
    answer = aws.application_autoscaling.register_scalable_target(**key(lab), MinCapacity=1, MaxCapacity=4, Tags={"run": lab.run})
    arn = Like(rf"arn:aws:application-autoscaling:{lab.region}:{lab.account}:scalable-target/[0-9a-z]+")
    lab.same("RegisterScalableTarget", {"ScalableTargetARN": arn}, answer)
    lab.scalable_arn = answer["ScalableTargetARN"]
    lab.same("DescribeScalableTargets", {
        **key(lab), "MinCapacity": 1, "MaxCapacity": 4, "CreationTime": Time(), "SuspendedState": SUSPENDED, "ScalableTargetARN": arn,
        "RoleARN": f"arn:aws:iam::{lab.account}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
                   "AWSServiceRoleForApplicationAutoScaling_ECSService", "PredictedCapacity": Maybe()}, target(aws, lab))
    lab.same("tags", {"Tags": {"run": lab.run}}, aws.application_autoscaling.list_tags_for_resource(ResourceARN=lab.scalable_arn))


@step("a higher minimum moves the service")
def minimum(aws, lab):
    aws.application_autoscaling.register_scalable_target(**key(lab), MinCapacity=3)
    lab.same("target", Has(MinCapacity=3, MaxCapacity=4, ScalableTargetARN=lab.scalable_arn), target(aws, lab))
    lab.until("desiredCount follows", lambda: service(aws, lab, lab.web)["desiredCount"], lambda count: count == 3)
    aws.application_autoscaling.register_scalable_target(**key(lab), MinCapacity=1, SuspendedState={
        **SUSPENDED, "ScheduledScalingSuspended": True})
    lab.same("suspended", Has(MinCapacity=1, SuspendedState={**SUSPENDED, "ScheduledScalingSuspended": True}), target(aws, lab))
    lab.same("a lower minimum moves nothing", 3, service(aws, lab, lab.web)["desiredCount"])


@step("target tracking policy with its alarms")
def tracking(aws, lab):
    config = {"TargetValue": 75.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}
    answer = lab.settle(lambda: aws.application_autoscaling.put_scaling_policy(
        **key(lab), PolicyName="cpu", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=config),
        "ObjectNotFoundException", "FailedResourceAccessException")
    alarms = Bag([{
        "AlarmName": Like(f"TargetTracking-{lab.scalable}-Alarm{side}-[0-9a-f-]{{36}}"),
        "AlarmARN": Like(rf"arn:aws:cloudwatch:{lab.region}:{lab.account}:alarm:TargetTracking-{lab.scalable}-Alarm{side}-.+")}
        for side in ("High", "Low")])
    arn = Like(rf"arn:aws:autoscaling:{lab.region}:{lab.account}:scalingPolicy:[0-9a-f-]{{36}}:resource/ecs/{lab.scalable}:policyName/cpu")
    lab.same("PutScalingPolicy", {"PolicyARN": arn, "Alarms": alarms}, answer)
    wanted = {**key(lab), "PolicyARN": answer["PolicyARN"], "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling",
              "TargetTrackingScalingPolicyConfiguration": config, "Alarms": alarms, "CreationTime": Time()}
    got = aws.application_autoscaling.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=lab.scalable)["ScalingPolicies"]
    lab.same("DescribeScalingPolicies", [wanted], got)
    changed = {**config, "TargetValue": 60.0, "ScaleInCooldown": 90, "ScaleOutCooldown": 30, "DisableScaleIn": True}
    again = aws.application_autoscaling.put_scaling_policy(
        **key(lab), PolicyName="cpu", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=changed)
    lab.same("same policy", answer["PolicyARN"], again["PolicyARN"])
    got = aws.application_autoscaling.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=lab.scalable)["ScalingPolicies"]
    lab.same("changed", [Has(TargetTrackingScalingPolicyConfiguration=changed)], got)


@step("step scaling policy and scheduled action")
def others(aws, lab):
    config = {"AdjustmentType": "ChangeInCapacity", "Cooldown": 60, "MetricAggregationType": "Average", "StepAdjustments": [
        {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 15.0, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 15.0, "ScalingAdjustment": 2}]}
    answer = aws.application_autoscaling.put_scaling_policy(
        **key(lab), PolicyName="steps", PolicyType="StepScaling", StepScalingPolicyConfiguration=config)
    lab.same("PutScalingPolicy", {"PolicyARN": Like(".+:policyName/steps"), "Alarms": Maybe([])}, answer)
    got = aws.application_autoscaling.describe_scaling_policies(ServiceNamespace="ecs", PolicyNames=["steps"], ResourceId=lab.scalable)
    lab.same("policy", [{**key(lab), "PolicyARN": answer["PolicyARN"], "PolicyName": "steps", "PolicyType": "StepScaling",
                         "StepScalingPolicyConfiguration": config, "Alarms": Maybe([]), "CreationTime": Time()}], got["ScalingPolicies"])
    action = {"MinCapacity": 2, "MaxCapacity": 3}
    aws.application_autoscaling.put_scheduled_action(**key(lab), ScheduledActionName="night", Schedule="cron(0 22 * * ? *)",
                                                     Timezone="Europe/Berlin", ScalableTargetAction=action)
    got = aws.application_autoscaling.describe_scheduled_actions(ServiceNamespace="ecs", ResourceId=lab.scalable)["ScheduledActions"]
    lab.same("scheduled action", [{
        **key(lab), "ScheduledActionName": "night", "Schedule": "cron(0 22 * * ? *)", "Timezone": "Europe/Berlin", "CreationTime": Time(),
        "ScalableTargetAction": action, "StartTime": Absent(),
        "ScheduledActionARN": Like(r"arn:aws:autoscaling:.+:scheduledAction:.+:scheduledActionName/night")}], got)
    aws.application_autoscaling.delete_scheduled_action(**key(lab), ScheduledActionName="night")
    lab.refused("delete an unknown policy", "ObjectNotFoundException", lambda: aws.application_autoscaling.delete_scaling_policy(
        **key(lab), PolicyName="none"), status=400, message="No scaling policy found for service namespace: ecs")
