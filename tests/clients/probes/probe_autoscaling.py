"""Probes of Application Auto Scaling over ECS services.

Decides registration, policies, missing targets and pages.
"""

from fixtures import cluster, service
from harness import Part, probe

SPACE, DIMENSION = "ecs", "ecs:service:DesiredCount"
TRACKING = {"TargetValue": 50.0, "PredefinedMetricSpecification": {
    "PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}


def where(t, name=None):
    """The three members that name a target."""
    return {"ServiceNamespace": SPACE, "ResourceId": f"service/{t.name}/{name or t.name}",
            "ScalableDimension": DIMENSION}


def text(t):
    """How messages name a target."""
    return (f"service namespace: ecs, resource ID: service/{t.name}/{t.name}, "
            "scalable dimension: ecs:service:DesiredCount")


def register(t, low=1, high=4, **more):
    """Registers the probe's own service."""
    return t.application_autoscaling.register_scalable_target(
        MinCapacity=low, MaxCapacity=high, **where(t), **more)


def scaled(t):
    """A service with a registered target."""
    service(t)
    t.until(lambda: register(t), 20)


def steps(name):
    """A step scaling policy request without the target."""
    return {"PolicyName": name, "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": {
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}]}}


@probe("scaling.target.unknown-service")
def unknown_service(t):
    cluster(t)
    t.refused("ValidationException", Part("ECS service doesn't exist"),
              t.application_autoscaling.register_scalable_target, MinCapacity=1, MaxCapacity=2, **where(t))


@probe("scaling.target.{0}", cases=(
    ("no-capacities", {}, "Scalable target does not exist. Both Min and Max capacity must be specified for a "
     "new scalable target."),
    ("max-below-min", {"MinCapacity": 3, "MaxCapacity": 1}, "Maximum capacity cannot be less than minimum capacity"),
    ("dimension", {"MinCapacity": 1, "MaxCapacity": 2, "ScalableDimension": "ec2:spot-fleet-request:TargetCapacity"},
     None),
    ("namespace", {"MinCapacity": 1, "MaxCapacity": 2, "ServiceNamespace": "moon"},
     Part("at 'serviceNamespace' failed to satisfy constraint: Member must satisfy enum value set")),
    ("resource-missing", {"MinCapacity": 1, "MaxCapacity": 2, "ResourceId": None},
     Part("Value null at 'resourceId' failed to satisfy constraint: Member must not be null"))))
def bad_target(t, _case, spoil, message):
    service(t)
    request = {**where(t), **spoil}
    t.refused("ValidationException", message, t.application_autoscaling.register_scalable_target,
              **{key: value for key, value in request.items() if value is not None})


@probe("scaling.target.register-again-keeps-the-rest")
def upsert(t):
    scaled(t)
    first = register(t)["ScalableTargetARN"]
    again = t.application_autoscaling.register_scalable_target(MaxCapacity=9, **where(t))
    t.equal(again["ScalableTargetARN"], first, "the same ARN")
    found = t.application_autoscaling.describe_scalable_targets(
        ServiceNamespace=SPACE, ResourceIds=[where(t)["ResourceId"]])["ScalableTargets"]
    t.equal([(item["MinCapacity"], item["MaxCapacity"]) for item in found], [(1, 9)], "capacities")


@probe("scaling.target.moves-desired-count")
def moves_desired(t):
    scaled(t)
    find = t.ecs.describe_services
    t.until(lambda: find(cluster=t.name, services=[t.name])["services"][0]["desiredCount"] == 1, 30)


@probe("scaling.target.deregister-unknown")
def deregister_unknown(t):
    t.refused("ObjectNotFoundException", f"No scalable target found for {text(t)}",
              t.application_autoscaling.deregister_scalable_target, **where(t))


@probe("scaling.target.deregister-takes-policies")
def deregister_policies(t):
    scaled(t)
    t.application_autoscaling.put_scaling_policy(**steps("one"), **where(t))
    t.application_autoscaling.deregister_scalable_target(**where(t))
    found = t.application_autoscaling.describe_scaling_policies(
        ServiceNamespace=SPACE, ResourceId=where(t)["ResourceId"])["ScalingPolicies"]
    t.equal(found, [], "policies")


@probe("scaling.describe-unknown-is-empty.{0}", cases=(
    ("describe_scalable_targets", "ScalableTargets", "ResourceIds"),
    ("describe_scaling_policies", "ScalingPolicies", "ResourceId")))
def describe_unknown(t, operation, key, member):
    value = where(t)["ResourceId"]
    answer = getattr(t.application_autoscaling, operation)(
        ServiceNamespace=SPACE, **{member: [value] if member.endswith("s") else value})
    t.equal(answer[key], [])


@probe("scaling.policy.no-target")
def no_target(t):
    t.refused("ObjectNotFoundException", f"No scalable target registered for {text(t)}",
              t.application_autoscaling.put_scaling_policy, **steps("one"), **where(t))


@probe("scaling.policy.delete-unknown")
def delete_unknown(t):
    scaled(t)
    t.refused("ObjectNotFoundException", f"No scaling policy found for {text(t)}, policy name: none",
              t.application_autoscaling.delete_scaling_policy, PolicyName="none", **where(t))


@probe("scaling.policy.bad-type")
def bad_type(t):
    scaled(t)
    t.refused("ValidationException",
              "1 validation error detected: Value 'Moon' at 'policyType' failed to satisfy constraint: Member "
              "must satisfy enum value set: [PredictiveScaling, StepScaling, TargetTrackingScaling]",
              t.application_autoscaling.put_scaling_policy, PolicyName="p", PolicyType="Moon", **where(t))


@probe("scaling.policy.put-again")
def put_again(t):
    scaled(t)
    put = t.application_autoscaling.put_scaling_policy
    request = {"PolicyName": "cpu", "PolicyType": "TargetTrackingScaling",
               "TargetTrackingScalingPolicyConfiguration": TRACKING, **where(t)}
    t.equal(put(**request)["PolicyARN"], put(**request)["PolicyARN"], "the same ARN")


@probe("scaling.policy.second-tracking-of-one-metric")
def second_tracking(t):
    scaled(t)
    request = {"PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": TRACKING,
               **where(t)}
    t.application_autoscaling.put_scaling_policy(PolicyName="one", **request)
    t.refused("ValidationException", Part("Only one TargetTrackingScaling policy for a given metric"),
              t.application_autoscaling.put_scaling_policy, PolicyName="two", **request)


@probe("scaling.pages.policies-default-10", region="us-west-2")
def page_policies(t):
    scaled(t)
    wanted = [f"p{n:02d}" for n in range(12)]
    for name in wanted:
        t.application_autoscaling.put_scaling_policy(**steps(name), **where(t))
    for size, more in ((10, {}), (5, {"MaxResults": 5})):
        pages = t.walk(t.application_autoscaling.describe_scaling_policies, "ScalingPolicies",
                       ("NextToken", "NextToken"), ServiceNamespace=SPACE,
                       ResourceId=where(t)["ResourceId"], **more)
        t.once(pages, wanted, size, lambda item: item["PolicyName"])
