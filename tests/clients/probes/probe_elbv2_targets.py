"""Probes of target groups: settings, duplicates, health, attributes and use.

Decides what a target group refuses and what holds it.
"""

from fixtures import balancer, fixed, forward, listener, network, targets
from harness import Part, probe
from probe_elbv2_balancers import absent


@probe("elbv2.targets.identical-create")
def identical_targets(t):
    t.equal(targets(t), targets(t), "the same ARN")


@probe("elbv2.targets.same-name-other-settings")
def other_target_settings(t):
    targets(t)
    t.refused("DuplicateTargetGroupName",
              f"A target group with the same name '{t.name}' exists, but with different settings",
              t.elbv2.create_target_group, Name=t.name, Protocol="HTTP", Port=8081,
              TargetType="ip", VpcId=network(t)["vpc"])


@probe("elbv2.targets.create.{0}", cases=(
    ("interval-not-above-timeout", {"HealthCheckIntervalSeconds": 10, "HealthCheckTimeoutSeconds": 10},
     "Health check interval must be greater than the timeout."),
    ("matcher", {"Matcher": {"HttpCode": "999"}},
     "Health check matcher HTTP code '999' must be within '200-499' inclusive"),
    ("grpc-matcher", {"ProtocolVersion": "GRPC", "Matcher": {"GrpcCode": "100"}},
     "Health check matcher GRPC code '100' must be within '0-99' inclusive"),
    ("port-range", {"Port": 70000}, Part("Member must have value less than or equal to 65535")),
    ("threshold", {"HealthyThresholdCount": 11}, Part("Member must have value less than or equal to 10")),
    ("name-too-long", {"Name": "x" * 33}, Part("cannot be longer than '32' characters")),
    ("no-vpc", {"VpcId": None}, None),
    ("no-port", {"Port": None}, None),
    ("no-protocol", {"Protocol": None}, None),
))
def bad_targets(t, _case, spoil, text):
    request = {"Name": t.name, "Protocol": "HTTP", "Port": 80, "TargetType": "ip",
               "VpcId": network(t)["vpc"], **spoil}
    t.refused("ValidationError", text, t.elbv2.create_target_group,
              **{key: value for key, value in request.items() if value is not None})


@probe("elbv2.targets.modify-interval-not-above-timeout")
def modify_interval(t):
    t.refused("ValidationError", Part("interval"), t.elbv2.modify_target_group,
              TargetGroupArn=targets(t), HealthCheckIntervalSeconds=10, HealthCheckTimeoutSeconds=10)


@probe("elbv2.targets.stickiness.{0}", cases=(
    ("source-ip-on-http", "HTTP", {"stickiness.type": "source_ip"},
     "Stickiness type 'source_ip' is not supported for target groups with the HTTP protocol"),
    ("cookie-on-tcp", "TCP", {"stickiness.type": "lb_cookie"},
     "Stickiness type 'lb_cookie' is not supported for target groups with the TCP protocol"),
    ("slow-start-with-random", "HTTP",
     {"slow_start.duration_seconds": "60", "load_balancing.algorithm.type": "weighted_random"},
     "You cannot enable both slow start and weighted random algorithm on a target group"),
    ("cookie-with-random", "HTTP",
     {"stickiness.enabled": "true", "load_balancing.algorithm.type": "weighted_random"},
     "You cannot have both stickiness and weighted random algorithm enabled on the same target group."),
    ("mitigation-with-round-robin", "HTTP", {"load_balancing.algorithm.anomaly_mitigation": "on"},
     "You cannot enable both anomaly mitigation and round robin algorithm on a target group"),
))
def stickiness(t, _case, protocol, values, text):
    attributes = [{"Key": key, "Value": value} for key, value in values.items()]
    if "stickiness.type" in values:
        attributes.append({"Key": "stickiness.enabled", "Value": "true"})
    t.refused("InvalidConfigurationRequest", text, t.elbv2.modify_target_group_attributes,
              TargetGroupArn=targets(t, Protocol=protocol), Attributes=attributes)


@probe("elbv2.targets.delete-used-by-listener")
def targets_in_listener(t):
    arn = targets(t)
    listener(t, forward(arn))
    t.refused("ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule",
              t.elbv2.delete_target_group, TargetGroupArn=arn)


@probe("elbv2.targets.address-outside-vpc")
def foreign_address(t):
    t.refused("ValidationError", Part("The IP address '8.8.8.8' is not within the VPC CIDR block"),
              t.elbv2.register_targets, TargetGroupArn=targets(t), Targets=[{"Id": "8.8.8.8"}])


@probe("elbv2.targets.register-unknown-group")
def register_unknown(t):
    t.refused("TargetGroupNotFound", None, t.elbv2.register_targets,
              TargetGroupArn=absent(t, "targetgroup"), Targets=[{"Id": "10.20.1.9"}])


@probe("elbv2.targets.health.{0}", cases=(
    ("unused", True, "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"),
    ("not-registered", False, "Target.NotRegistered", "Target is not registered to the target group"),
))
def health_reason(t, _case, register, reason, text):
    arn = targets(t)
    target = [{"Id": "10.20.1.77", "Port": 80}]
    if register:
        t.elbv2.register_targets(TargetGroupArn=arn, Targets=target)
    found = t.elbv2.describe_target_health(TargetGroupArn=arn, Targets=target)
    health = found["TargetHealthDescriptions"][0]["TargetHealth"]
    t.equal((health["State"], health.get("Reason"), health.get("Description")), ("unused", reason, text))


@probe("elbv2.pages.target-groups", region="eu-west-1")
def page_targets(t):
    wanted = [targets(t, f"-{n}") for n in range(5)]
    pages = t.walk(t.elbv2.describe_target_groups, "TargetGroups", ("Marker", "NextMarker"), PageSize=2)
    t.once(pages, wanted, 2, lambda item: item["TargetGroupArn"])


@probe("elbv2.targets.used-by-two-balancers")
def two_balancers(t):
    arn = targets(t)
    listener(t, forward(arn))
    other = balancer(t, "z")["LoadBalancerArn"]
    t.refused("TargetGroupAssociationLimit",
              Part("The following target groups cannot be associated with more than one load balancer"),
              t.elbv2.create_listener, LoadBalancerArn=other, Protocol="HTTP", Port=80,
              DefaultActions=forward(arn))


@probe("elbv2.targets.swap-then-delete")
def swap_then_delete(t):
    arn = targets(t)
    made = listener(t, forward(arn))
    t.elbv2.modify_listener(ListenerArn=made, DefaultActions=fixed())
    t.until(lambda: t.elbv2.delete_target_group(TargetGroupArn=arn), 10)


def health(t, arn):
    """State and reason of the only target."""
    found = t.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"][0]["TargetHealth"]
    return found["State"], found.get("Reason"), found.get("Description")


@probe("elbv2.targets.health.registering")
def registering(t):
    arn = targets(t)
    listener(t, forward(arn))
    t.elbv2.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.20.1.78"}])
    t.true(health(t, arn) in (
        ("initial", "Elb.RegistrationInProgress", "Target registration is in progress"),
        ("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")),
        "an initial state", health(t, arn))


@probe("elbv2.targets.health.draining")
def draining(t):
    arn = targets(t)
    listener(t, forward(arn))
    t.elbv2.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.20.1.79"}])
    t.elbv2.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": "10.20.1.79"}])
    t.equal(health(t, arn),
            ("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"))
