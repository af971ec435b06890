"""Probes of botocore's paginators: every list of every service comes to its end.

Decides that pages of five lead to the end and tell nothing twice. Which lists
there are is botocore's knowledge; it must not know what is in them.
"""

import botocore.session
import jmespath
from botocore.exceptions import ClientError
from botocore.model import ServiceModel

from fixtures import cluster, front, listener, network, role, zone
from harness import Mismatch, probe

LOADER = botocore.session.get_session().get_component("data_loader")
SERVICES = ("acm", "application-autoscaling", "dynamodb", "ec2", "ecr", "ecs", "elbv2", "iam", "logs", "rds",
            "resourcegroupstaggingapi", "route53", "scheduler", "secretsmanager", "servicediscovery", "ssm")
UNKNOWN = {"InvalidAction", "UnknownOperationException"}
# RDS has no pages below 20.
SMALLEST = {"rds": 20}
MOST = 400


def needs(t, service):
    """What lists need, though the model does not call it required, or which is easily had."""
    if service == "application-autoscaling":
        names = ("DescribeScalableTargets", "DescribeScalingPolicies", "DescribeScalingActivities", "DescribeScheduledActions")
        return {name: {"ServiceNamespace": "ecs"} for name in names}
    if service == "ecs":
        names = ("ListContainerInstances", "ListServices", "ListTasks", "ListAttributes")
        own = cluster(t)
        return {name: {"cluster": own, **({"targetType": "container-instance"} if name == "ListAttributes" else {})}
                for name in names}
    if service == "elbv2":
        own = listener(t, balancer_arn=front(t))
        return {"DescribeListeners": {"LoadBalancerArn": front(t)}, "DescribeRules": {"ListenerArn": own},
                "DescribeListenerCertificates": {"ListenerArn": own}}
    if service == "logs":
        t.logs.create_log_group(logGroupName=t.name)
        for number in range(7):
            t.logs.create_log_stream(logGroupName=t.name, logStreamName=f"s{number}")
        return {name: {"logGroupName": t.name} for name in ("DescribeLogStreams", "FilterLogEvents")}
    if service == "iam":
        role(t)
        return {"ListRolePolicies": {"RoleName": t.name}, "ListAttachedRolePolicies": {"RoleName": t.name},
                "ListInstanceProfilesForRole": {"RoleName": t.name}, "ListRoleTags": {"RoleName": t.name}}
    if service == "route53":
        return {"ListResourceRecordSets": {"HostedZoneId": zone(t)[0]}}
    return {}


def lists(service, given):
    """The paginated operations that can be asked with what is given."""
    pages = LOADER.load_service_model(service, "paginators-1")["pagination"]
    model = ServiceModel(LOADER.load_service_model(service, "service-2"), service)
    for name, config in sorted(pages.items()):
        shape = model.operation_model(name).input_shape
        required = set(shape.required_members if shape else ())
        if required <= set(given.get(name, {})):
            yield name, config


def all_items(client, size, name, config, given):
    """Everything that the list has, in pages of that size."""
    paginator = client.get_paginator(operation_name=botocore.xform_name(name))
    sized = {"PageSize": size} if "limit_key" in config else {}
    found = paginator.paginate(PaginationConfig={"MaxItems": MOST, **sized}, **given)
    keys = config["result_key"] if isinstance(config["result_key"], list) else [config["result_key"]]
    return [(key, repr(item)) for page in found for key in keys for item in jmespath.search(key, page) or []]


@probe("paginators.{0}", cases=[(service,) for service in SERVICES])
def come_to_an_end(t, service):
    network(t)
    client, given, asked = t.world.client(service, t.region), needs(t, service), 0
    for name, config in lists(service, given):
        try:
            items = all_items(client, SMALLEST.get(service, 5), name, config, given.get(name, {}))
        except ClientError as error:
            if error.response["Error"]["Code"] in UNKNOWN:
                continue
            raise Mismatch(f"pages of {name}", error) from None
        asked += 1
        twice = {item for item in items if items.count(item) > 1}
        t.true(not twice, f"{name} tells everything once", sorted(twice)[:2])
    t.true(asked, f"lists of {service}", asked)
