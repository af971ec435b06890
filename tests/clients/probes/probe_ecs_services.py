"""Probes of ECS services: what CreateService, UpdateService and DeleteService refuse.

Decides names, dependencies, batches and pages of services.
"""

from fixtures import (awsvpc, cluster, container, definition, forward, group, listener, service,
                      service_request, spare, targets)
from harness import ACCOUNT, Part, probe


def lb(arn, name="web", port=80):
    """The loadBalancers member for one target group."""
    return [{"targetGroupArn": arn, "containerName": name, "containerPort": port}]


def serving(t):
    """A target group that a listener forwards to."""
    arn = targets(t)
    listener(t, forward(arn))
    return arn


@probe("ecs.service.missing-cluster")
def missing_cluster(t):
    t.refused("ClusterNotFoundException", "Cluster not found.", t.ecs.create_service, **service_request(t))


@probe("ecs.service.target-group-without-listener")
def lonely_targets(t):
    cluster(t)
    arn = targets(t)
    t.refused("InvalidParameterException",
              f"The target group with targetGroupArn {arn} does not have an associated load balancer.",
              t.ecs.create_service, **service_request(t, loadBalancers=lb(arn)))


@probe("ecs.service.target-group-deleted")
def deleted_targets(t):
    cluster(t)
    arn = targets(t)
    t.elbv2.delete_target_group(TargetGroupArn=arn)
    t.refused("InvalidParameterException", Part(arn), t.ecs.create_service,
              **service_request(t, loadBalancers=lb(arn)))


@probe("ecs.service.target-group-of-instances")
def instance_targets(t):
    cluster(t)
    arn = targets(t, TargetType="instance")
    listener(t, forward(arn))
    t.refused("InvalidParameterException",
              Part("has target type instance, which is incompatible with the awsvpc network mode"),
              t.ecs.create_service, **service_request(t, loadBalancers=lb(arn)))


@probe("ecs.service.load-balancer-{0}", cases=(
    ("container", "other", 80, "The container other does not exist in the task definition."),
    ("port", "web", 81, "The container web did not have a container port 81 defined.")))
def bad_load_balancer(t, _case, name, port, text):
    cluster(t)
    t.refused("InvalidParameterException", text, t.ecs.create_service,
              **service_request(t, loadBalancers=lb(serving(t), name, port)))


@probe("ecs.service.create.{0}", cases=(
    ("no-network", {"networkConfiguration": None},
     "Network Configuration must be provided when networkMode 'awsvpc' is specified."),
    ("negative-count", {"desiredCount": -1}, "Task count can not be lesser than 0"),
    ("grace-without-balancer", {"healthCheckGracePeriodSeconds": 10},
     "Health check grace period is only valid for services configured to use load balancers"),
    ("daemon-with-count", {"schedulingStrategy": "DAEMON", "desiredCount": 2, "launchType": "EC2"},
     Part("The daemon scheduling strategy does not support a desired count")),
    ("launch-type-and-strategy", {"capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
     "Specifying both a launch type and capacity provider strategy is not supported. "
     "Remove one and try again."),
    ("name-characters", {"serviceName": "not a name!"}, None),
    ("bad-launch-type", {"launchType": "MOON"}, None),
))
def bad_service(t, _case, spoil, text):
    cluster(t)
    codes = "InvalidParameterException" if text else "InvalidParameterException|ClientException"
    t.refused(codes, text, t.ecs.create_service, **service_request(t, **spoil))


@probe("ecs.service.network.{0}", cases=(
    ("no-subnets", [], None, "subnets can not be empty."),
    ("17-subnets", [f"subnet-0123456789abcde{n:02x}" for n in range(17)], None, Part("at most 16 items")),
    ("6-groups", None, [f"sg-0123456789abcdef{n}" for n in range(6)], Part("at most 5 items")),
    ("unknown-subnet", ["subnet-0123456789abcdef0"], None,
     Part("The subnet ID 'subnet-0123456789abcdef0' does not exist")),
    ("unknown-group", None, ["sg-0123456789abcdef0"],
     Part("The security group 'sg-0123456789abcdef0' does not exist")),
))
def bad_network(t, _case, subnets, groups, text):
    cluster(t)
    t.refused("InvalidParameterException", text, t.ecs.create_service,
              **service_request(t, networkConfiguration=awsvpc(t, groups, subnets)))


@probe("ecs.service.network.group-of-another-vpc")
def foreign_group(t):
    cluster(t)
    foreign = group(t, vpc_id=spare(t))
    t.refused("InvalidParameterException",
              f"The security group {foreign} does not appear to belong to the same VPC as the input subnets.",
              t.ecs.create_service, **service_request(t, networkConfiguration=awsvpc(t, [foreign])))


@probe("ecs.service.network-with-bridge")
def network_with_bridge(t):
    cluster(t)
    arn = t.ecs.register_task_definition(family=t.name, containerDefinitions=[
        container(memory=128)])["taskDefinition"]["taskDefinitionArn"]
    t.refused("InvalidParameterException",
              "Network Configuration is not valid for the given networkMode of this task definition.",
              t.ecs.create_service, **service_request(t, taskDefinition=arn, launchType="EC2"))


@probe("ecs.service.public-address-on-ec2")
def public_address(t):
    cluster(t)
    network_part = awsvpc(t)
    network_part["awsvpcConfiguration"]["assignPublicIp"] = "ENABLED"
    t.refused("InvalidParameterException", "Assign public IP is not supported for this launch type.",
              t.ecs.create_service, **service_request(t, launchType="EC2", networkConfiguration=network_part))


@probe("ecs.service.not-a-fargate-definition")
def not_fargate(t):
    cluster(t)
    arn = t.ecs.register_task_definition(family=t.name, networkMode="awsvpc", containerDefinitions=[
        container(memory=128)])["taskDefinition"]["taskDefinitionArn"]
    t.refused("InvalidParameterException", "Task definition does not support launch_type FARGATE.",
              t.ecs.create_service, **service_request(t, taskDefinition=arn))


@probe("ecs.service.inactive-definition")
def inactive_definition(t):
    cluster(t)
    arn = definition(t)
    t.ecs.deregister_task_definition(taskDefinition=arn)
    t.refused("ClientException", "TaskDefinition is inactive", t.ecs.create_service,
              **service_request(t, taskDefinition=arn))


@probe("ecs.service.unknown-definition")
def unknown_definition(t):
    cluster(t)
    t.refused("ClientException", "TaskDefinition not found.", t.ecs.create_service,
              **service_request(t, taskDefinition=f"{t.name}:1"))


@probe("ecs.service.same-name-other-parameters")
def not_idempotent(t):
    service(t)
    t.refused("InvalidParameterException", "Creation of service was not idempotent.",
              t.ecs.create_service, **service_request(t, desiredCount=1))


@probe("ecs.service.same-token-same-answer")
def same_token(t):
    cluster(t)
    request = service_request(t, clientToken=t.name)
    first = t.ecs.create_service(**request)["service"]["serviceArn"]
    t.equal(t.ecs.create_service(**request)["service"]["serviceArn"], first, "the same ARN")


@probe("ecs.service.draining-name")
def draining_name(t):
    # The deregistration delay of a served target keeps the name draining long enough to ask.
    service(t, desiredCount=1, loadBalancers=lb(serving(t)))
    request = service_request(t)
    running = t.ecs.describe_services
    t.until(lambda: running(cluster=t.name, services=[t.name])["services"][0]["runningCount"] == 1)
    t.ecs.delete_service(cluster=t.name, service=t.name, force=True)
    t.refused("InvalidParameterException", "Unable to Start a service that is still Draining.",
              t.ecs.create_service, **request)
    t.equal(t.ecs.list_services(cluster=t.name)["serviceArns"], [], "services that are listed")
    t.until(lambda: t.ecs.create_service(**request), 90)


@probe("ecs.service.delete-scaled")
def delete_scaled(t):
    service(t, desiredCount=1)
    t.refused("InvalidParameterException", "The service cannot be stopped while it is scaled above 0.",
              t.ecs.delete_service, cluster=t.name, service=t.name)


@probe("ecs.service.inactive-still-described")
def inactive_described(t):
    service(t)
    t.ecs.delete_service(cluster=t.name, service=t.name)
    described = t.ecs.describe_services
    t.until(lambda: described(cluster=t.name, services=[t.name])["services"][0]["status"] == "INACTIVE")
    t.equal(t.ecs.list_services(cluster=t.name)["serviceArns"], [], "listed services")
    t.refused("ServiceNotActiveException", "Service was not ACTIVE.", t.ecs.update_service,
              cluster=t.name, service=t.name, desiredCount=1)


@probe("ecs.service.unknown.{0}", cases=(("update_service",), ("delete_service",)))
def unknown_service(t, operation):
    cluster(t)
    t.refused("ServiceNotFoundException", "Service not found.", getattr(t.ecs, operation),
              cluster=t.name, service=t.name)


@probe("ecs.service.update.{0}", cases=(
    ("unknown-definition", {"taskDefinition": "none:1"}, "ClientException", "TaskDefinition not found."),
    ("negative-count", {"desiredCount": -1}, "InvalidParameterException",
     "Task count can not be lesser than 0"),
    ("targets-without-listener", {"loadBalancers": "lonely"}, "InvalidParameterException",
     Part("does not have an associated load balancer."))))
def bad_update(t, _case, spoil, code, text):
    service(t)
    if spoil.get("loadBalancers") == "lonely":
        spoil = {"loadBalancers": lb(targets(t))}
    t.refused(code, text, t.ecs.update_service, cluster=t.name, service=t.name, **spoil)


@probe("ecs.service.update-inactive-definition")
def update_inactive(t):
    service(t)
    arn = definition(t)
    t.ecs.deregister_task_definition(taskDefinition=arn)
    t.refused("ClientException", "TaskDefinition is inactive", t.ecs.update_service,
              cluster=t.name, service=t.name, taskDefinition=arn)


@probe("ecs.service.describe-unknown")
def describe_unknown(t):
    cluster(t)
    answer = t.ecs.describe_services(cluster=t.name, services=["nobody"])
    arn = f"arn:aws:ecs:{t.region}:{ACCOUNT}:service/{t.name}/nobody"
    t.equal(answer["services"], [], "services")
    t.equal(answer["failures"], [{"arn": arn, "reason": "MISSING"}], "failures")


@probe("ecs.service.describe-11")
def describe_batch(t):
    cluster(t)
    t.refused("InvalidParameterException", Part("at most 10 items"), t.ecs.describe_services,
              cluster=t.name, services=[f"s{n}" for n in range(11)])


@probe("ecs.service.describe-none")
def describe_none(t):
    cluster(t)
    t.refused("InvalidParameterException", "Services cannot be empty.", t.ecs.describe_services,
              cluster=t.name, services=[])


@probe("ecs.service.describe-in-unknown-cluster")
def describe_elsewhere(t):
    t.refused("ClusterNotFoundException", "Cluster not found.", t.ecs.describe_services,
              cluster=t.name, services=["s"])


@probe("ecs.service.load-balancer-read-back")
def service_on_balancer(t):
    service(t, loadBalancers=lb(serving(t)))
    found = t.ecs.describe_services(cluster=t.name, services=[t.name])["services"][0]
    t.equal([entry["containerPort"] for entry in found["loadBalancers"]], [80], "load balancer")


@probe("ecs.pages.services-default-10", region="ap-southeast-2")
def page_services(t):
    cluster(t)
    arn = definition(t)
    wanted = [t.ecs.create_service(**service_request(t, taskDefinition=arn, serviceName=f"s{n:02d}"))
              ["service"]["serviceArn"] for n in range(12)]
    pages = t.walk(t.ecs.list_services, "serviceArns", cluster=t.name)
    t.once(pages, wanted, 10)
    t.once(t.walk(t.ecs.list_services, "serviceArns", cluster=t.name, maxResults=5), wanted, 5)
    t.once(t.walk(t.ecs.list_services, "serviceArns", cluster=t.name, maxResults=100), wanted, 100)


@probe("ecs.pages.services-size-101")
def page_size(t):
    cluster(t)
    t.refused("InvalidParameterException", None, t.ecs.list_services, cluster=t.name, maxResults=101)


@probe("ecs.pages.services-bad-token")
def bad_token(t):
    cluster(t)
    t.refused("InvalidParameterException", None, t.ecs.list_services, cluster=t.name, nextToken="nonsense")
