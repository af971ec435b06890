"""Target groups blue and green, and one that stays without a load balancer.

Decides the health checks and attributes that the listeners and services rely on.
Must not attach anything.
"""

from compare import Absent, Any, Has, Like, Maybe
from harness import step
from steps_balancer import tags_of

ATTRIBUTES = {
    "deregistration_delay.timeout_seconds": "300", "stickiness.enabled": "false", "stickiness.type": "lb_cookie",
    "stickiness.lb_cookie.duration_seconds": "86400", "stickiness.app_cookie.duration_seconds": "86400",
    "stickiness.app_cookie.cookie_name": "", "slow_start.duration_seconds": "0",
    "load_balancing.algorithm.type": "round_robin", "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}


def target_group(aws, arn):
    """Reads one target group."""
    return aws.elbv2.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]


def attributes(aws, arn):
    """Reads the attributes as one object of strings."""
    got = aws.elbv2.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    return {item["Key"]: item["Value"] for item in got}


def fields(lab, name, **other):
    """A target group as AWS lists it, with the default health check."""
    return {
        "TargetGroupArn": Like(rf"arn:aws:elasticloadbalancing:{lab.region}:{lab.account}:targetgroup/{name}/[0-9a-f]{{16}}"),
        "TargetGroupName": name, "Protocol": "HTTP", "Port": 8080, "VpcId": lab.vpc, "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port", "HealthCheckEnabled": True, "HealthCheckIntervalSeconds": 30,
        "HealthCheckTimeoutSeconds": 5, "HealthyThresholdCount": 5, "UnhealthyThresholdCount": 2, "HealthCheckPath": "/",
        "Matcher": {"HttpCode": "200"}, "TargetType": "ip", "ProtocolVersion": "HTTP1", "IpAddressType": "ipv4", **other,
    }


def base(lab, name):
    """The parameters without which a target group cannot be created."""
    return {"Name": name, "Protocol": "HTTP", "Port": 8080, "VpcId": lab.vpc, "TargetType": "ip"}


CHECK = {
    "HealthCheckPath": "/health", "HealthCheckIntervalSeconds": 10, "HealthCheckTimeoutSeconds": 4,
    "HealthyThresholdCount": 2, "UnhealthyThresholdCount": 3, "HealthCheckPort": "8080",
}


@step("create target group blue with its own health check")
def blue(aws, lab):
    name = lab.name("blue")
    made = aws.elbv2.create_target_group(**base(lab, name), **CHECK, HealthCheckProtocol="HTTP", Matcher={"HttpCode": "200-299"},
                                         Tags=[{"Key": "run", "Value": lab.run}])["TargetGroups"][0]
    lab.blue = made["TargetGroupArn"]
    wanted = fields(lab, name, **CHECK, Matcher={"HttpCode": "200-299"})
    lab.same("CreateTargetGroup", {**wanted, "LoadBalancerArns": Absent()}, made)
    lab.same("DescribeTargetGroups", {**wanted, "LoadBalancerArns": []}, target_group(aws, lab.blue))
    lab.same("tags", [{"Key": "run", "Value": lab.run}], tags_of(aws, lab.blue))


@step("create target groups green and lonely with all defaults")
def green(aws, lab):
    for short in ("green", "lonely"):
        made = aws.elbv2.create_target_group(**base(lab, lab.name(short)))["TargetGroups"][0]
        setattr(lab, short, made["TargetGroupArn"])
        lab.same(f"create {short}", fields(lab, lab.name(short)), made)
        lab.same(short, fields(lab, lab.name(short), LoadBalancerArns=[]), target_group(aws, made["TargetGroupArn"]))
        lab.same("tags", [], tags_of(aws, made["TargetGroupArn"]))


@step("target group attributes: all defaults")
def default_attributes(aws, lab):
    lab.same("attributes", ATTRIBUTES, attributes(aws, lab.green))


@step("target group attributes changed: delay, stickiness, slow start")
def change_attributes(aws, lab):
    wanted = {"deregistration_delay.timeout_seconds": "5", "stickiness.enabled": "true",
              "stickiness.lb_cookie.duration_seconds": "3600", "slow_start.duration_seconds": "30"}
    for arn in (lab.blue, lab.green):
        aws.elbv2.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[
            {"Key": key, "Value": value} for key, value in wanted.items()])
        lab.same("attributes", {**ATTRIBUTES, **wanted}, attributes(aws, arn))
    aws.elbv2.modify_target_group_attributes(TargetGroupArn=lab.blue, Attributes=[
        {"Key": "stickiness.type", "Value": "app_cookie"}, {"Key": "stickiness.app_cookie.cookie_name", "Value": "SID"}])
    lab.same("application cookie", {**ATTRIBUTES, **wanted, "stickiness.type": "app_cookie", "stickiness.app_cookie.cookie_name": "SID"},
             attributes(aws, lab.blue))
    lab.refused("source address stickiness on HTTP", "InvalidConfigurationRequest", lambda: aws.elbv2.modify_target_group_attributes(
        TargetGroupArn=lab.green, Attributes=[{"Key": "stickiness.type", "Value": "source_ip"}]), status=400)


@step("health check of green changed")
def modify(aws, lab):
    check = {**CHECK, "HealthCheckPort": "traffic-port"}
    wanted = fields(lab, lab.name("green"), **check, Matcher={"HttpCode": "200,204"}, LoadBalancerArns=[])
    got = aws.elbv2.modify_target_group(TargetGroupArn=lab.green, **check, Matcher={"HttpCode": "200,204"})["TargetGroups"][0]
    lab.same("ModifyTargetGroup", {**wanted, "LoadBalancerArns": Maybe(Any())}, got)
    lab.same("DescribeTargetGroups", wanted, target_group(aws, lab.green))
    lab.refused("interval not above timeout", "ValidationError", lambda: aws.elbv2.modify_target_group(
        TargetGroupArn=lab.green, HealthCheckIntervalSeconds=10, HealthCheckTimeoutSeconds=10), status=400)
    lab.refused("matcher out of range", "ValidationError", lambda: aws.elbv2.modify_target_group(
        TargetGroupArn=lab.green, Matcher={"HttpCode": "700"}), status=400)
    lab.same("unchanged", wanted, target_group(aws, lab.green))


@step("target group creation again; unknown group; tags")
def creation_again(aws, lab):
    again = aws.elbv2.create_target_group(**base(lab, lab.name("lonely")))["TargetGroups"][0]
    lab.same("same settings", lab.lonely, again["TargetGroupArn"])
    name = lab.name("lonely")
    lab.refused("other port", "DuplicateTargetGroupName", lambda: aws.elbv2.create_target_group(**{**base(lab, name), "Port": 81}),
                status=400, message=f"A target group with the same name '{name}' exists, but with different settings")
    lab.refused("one unknown name fails the call", "TargetGroupNotFound", lambda: aws.elbv2.describe_target_groups(
        Names=[name, lab.name("none")]), status=400, message="One or more target groups not found")
    aws.elbv2.add_tags(ResourceArns=[lab.green], Tags=[{"Key": "team", "Value": "core"}, {"Key": "old", "Value": "1"}])
    aws.elbv2.remove_tags(ResourceArns=[lab.green], TagKeys=["old"])
    lab.same("tags", [{"Key": "team", "Value": "core"}], tags_of(aws, lab.green))


@step("registered target in a group without listener is unused")
def unused(aws, lab):
    aws.elbv2.register_targets(TargetGroupArn=lab.lonely, Targets=[{"Id": "172.31.0.77", "Port": 8080}])
    health = aws.elbv2.describe_target_health(TargetGroupArn=lab.lonely)["TargetHealthDescriptions"]
    lab.same("health", [{
        "Target": {"Id": "172.31.0.77", "Port": 8080, "AvailabilityZone": Like(r".+")}, "HealthCheckPort": "8080",
        "TargetHealth": {"State": "unused", "Reason": "Target.NotInUse",
                         "Description": "Target group is not configured to receive traffic from the load balancer"},
        "AnomalyDetection": Maybe(Has(Result="normal")), "AdministrativeOverride": Maybe(Any()),
    }], health)
    aws.elbv2.deregister_targets(TargetGroupArn=lab.lonely, Targets=[{"Id": "172.31.0.77", "Port": 8080}])
    lab.until("target is gone", lambda: aws.elbv2.describe_target_health(TargetGroupArn=lab.lonely)["TargetHealthDescriptions"],
              lambda items: items == [])
