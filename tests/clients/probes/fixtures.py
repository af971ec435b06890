"""The objects probes need before they can ask their question.

Decides how a network, a load balancer, a role, a zone, a certificate or a running
service is made and when it counts as usable. It must not check any refusal.
"""

import itertools
import json

from botocore.exceptions import ClientError

PORTS = itertools.count(8000)
BLOCKS = itertools.count(1)
IMAGE = "public.ecr.aws/nginx/nginx:1.27"
TASKS_TRUST = "ecs-tasks.amazonaws.com"


def trust(service=TASKS_TRUST):
    """A trust policy for one service."""
    return json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service},
                       "Action": "sts:AssumeRole"}],
    })


def permissions(action="logs:PutLogEvents", resource="*"):
    """An identity policy with one statement."""
    return json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}],
    })


def vpc(t, cidr="10.20.0.0/16"):
    """A network with that range: of an earlier run if there is one, for a region has only five."""
    found = t.ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": [cidr]}])["Vpcs"]
    made = found[0]["VpcId"] if found else t.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
    t.until(lambda: t.ec2.describe_vpcs(VpcIds=[made])["Vpcs"][0]["State"] == "available")
    return made


def subnet(t, vpc_id, cidr, zone="a"):
    """A subnet in the zone of that letter, or the one of that range that is there."""
    found = t.ec2.describe_subnets(Filters=[
        {"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "cidr-block", "Values": [cidr]},
        {"Name": "availability-zone", "Values": [t.region + zone]}])["Subnets"]
    if found:
        return found[0]["SubnetId"]
    made = t.ec2.create_subnet(VpcId=vpc_id, CidrBlock=cidr, AvailabilityZone=t.region + zone)
    return made["Subnet"]["SubnetId"]


def network(t):
    """The shared network of the region: a VPC with a way out, and two subnets in two zones."""

    def make():
        vpc_id = vpc(t)
        way_out(t, vpc_id)
        subnets = [subnet(t, vpc_id, "10.20.1.0/24", "a"), subnet(t, vpc_id, "10.20.2.0/24", "b")]
        default = t.ec2.describe_security_groups(Filters=[
            {"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": ["default"]}])
        return {"vpc": vpc_id, "subnets": subnets,
                "group": default["SecurityGroups"][0]["GroupId"]}

    return t.shared("network", make)


def way_out(t, vpc_id):
    """An internet gateway of a VPC and the route to it, unless they are there."""
    if t.ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc_id]}])["InternetGateways"]:
        return
    gateway = t.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    t.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc_id)
    main = t.ec2.describe_route_tables(Filters=[
        {"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "association.main", "Values": ["true"]}])
    t.ec2.create_route(RouteTableId=main["RouteTables"][0]["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)


def spare(t):
    """A second shared VPC of the region, without gateway; few accounts may have many."""
    return t.shared("spare", lambda: vpc(t, "10.21.0.0/16"))


def spare_subnet(t, zone="a"):
    """A subnet of its own in the second VPC; the ranges of the zones are apart."""
    return subnet(t, spare(t), f"10.21.{next(BLOCKS) + 128 * (zone != 'a')}.0/24", zone)


def gated(t):
    """A shared VPC with an internet gateway: the ids of both."""

    def make():
        own = vpc(t, "10.22.0.0/16")
        found = t.ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [own]}])
        if found["InternetGateways"]:
            return own, found["InternetGateways"][0]["InternetGatewayId"]
        gateway = t.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        t.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=own)
        return own, gateway

    return t.shared("gated", make)


def group(t, suffix="", vpc_id=None):
    """A security group in the shared network, seen by a describe call."""
    made = t.ec2.create_security_group(
        GroupName=t.name + suffix, Description="probe", VpcId=vpc_id or network(t)["vpc"]
    )["GroupId"]
    t.until(lambda: t.ec2.describe_security_groups(GroupIds=[made])["SecurityGroups"])
    return made


def open_port(port=443, cidr="10.0.0.0/8", protocol="tcp"):
    """One rule for a CIDR."""
    return [{"IpProtocol": protocol, "FromPort": port, "ToPort": port,
             "IpRanges": [{"CidrIp": cidr}]}]


def balancer(t, suffix="", **more):
    """An internal application load balancer; its describe answer."""
    request = {"Name": t.name + suffix, "Subnets": network(t)["subnets"], "Scheme": "internal"}
    request.update(more)
    arn = t.elbv2.create_load_balancer(**request)["LoadBalancers"][0]["LoadBalancerArn"]
    find = t.elbv2.describe_load_balancers
    return t.until(lambda: find(LoadBalancerArns=[arn])["LoadBalancers"])[0]


def front(t):
    """One of three shared load balancers of the region, for none has more than 50 listeners."""
    share = int(t.name[-1], 16) % 3
    return t.shared(f"front {share}", lambda: balancer(t, "f"))["LoadBalancerArn"]


def targets(t, suffix="", **more):
    """A target group for addresses; its ARN."""
    request = {"Name": t.name + suffix, "Protocol": "HTTP", "Port": 80, "TargetType": "ip",
               "VpcId": network(t)["vpc"]}
    request.update(more)
    arn = t.elbv2.create_target_group(**request)["TargetGroups"][0]["TargetGroupArn"]
    t.until(lambda: t.elbv2.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"])
    return arn


def forward(arn):
    """The action that sends everything to one target group."""
    return [{"Type": "forward", "TargetGroupArn": arn}]


def fixed(code="404"):
    """The action that answers by itself."""
    return [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": code}}]


def listener(t, actions=None, balancer_arn=None, **more):
    """An HTTP listener on a port nobody else uses; its ARN."""
    request = {"LoadBalancerArn": balancer_arn or front(t), "Protocol": "HTTP",
               "Port": next(PORTS), "DefaultActions": actions or fixed()}
    request.update(more)
    arn = t.elbv2.create_listener(**request)["Listeners"][0]["ListenerArn"]
    t.until(lambda: t.elbv2.describe_listeners(ListenerArns=[arn])["Listeners"])
    return arn


def path_is(value):
    """A rule condition on the path."""
    return [{"Field": "path-pattern", "PathPatternConfig": {"Values": [value]}}]


def rule(t, listener_arn, priority, value="/x*", actions=None):
    """A listener rule; its ARN."""
    made = t.elbv2.create_rule(ListenerArn=listener_arn, Priority=priority,
                               Conditions=path_is(value), Actions=actions or fixed())
    return made["Rules"][0]["RuleArn"]


def role(t, suffix="", service=TASKS_TRUST):
    """A role a service may assume; its ARN."""
    return t.iam.create_role(
        RoleName=t.name + suffix, AssumeRolePolicyDocument=trust(service)
    )["Role"]["Arn"]


def cluster(t):
    """A cluster of its own, ACTIVE; its name."""
    t.ecs.create_cluster(clusterName=t.name)
    describe = t.ecs.describe_clusters
    t.until(lambda: describe(clusters=[t.name])["clusters"][0]["status"] == "ACTIVE")
    return t.name


def container(name="web", **more):
    """A container that listens on port 80."""
    body = {"name": name, "image": IMAGE, "essential": True, "portMappings": [{"containerPort": 80}]}
    body.update(more)
    return body


def fargate(t, **more):
    """A valid Fargate registration, to be spoiled by the probe."""
    request = {"family": t.name, "networkMode": "awsvpc", "cpu": "256", "memory": "512",
               "requiresCompatibilities": ["FARGATE"], "containerDefinitions": [container()]}
    request.update(more)
    return {key: value for key, value in request.items() if value is not None}


def definition(t, **more):
    """A registered revision; its ARN."""
    made = t.ecs.register_task_definition(**fargate(t, **more))
    return made["taskDefinition"]["taskDefinitionArn"]


def awsvpc(t, groups=None, subnets=None, public=True):
    """The network part of a service or task; on Fargate its images come by a public address."""
    shared = network(t)
    return {"awsvpcConfiguration": {
        "assignPublicIp": "ENABLED" if public else "DISABLED",
        "subnets": shared["subnets"] if subnets is None else subnets,
        "securityGroups": [shared["group"]] if groups is None else groups}}


def service_request(t, **more):
    """A valid CreateService request without load balancer, nothing running."""
    request = {"cluster": t.name, "serviceName": t.name, "desiredCount": 0,
               "launchType": "FARGATE", "networkConfiguration": awsvpc(t, public=more.get("launchType") != "EC2")}
    request.update(more)
    if "taskDefinition" not in request:
        request["taskDefinition"] = definition(t)
    return {key: value for key, value in request.items() if value is not None}


def service(t, **more):
    """A service in a cluster of its own; the create answer."""
    cluster(t)
    made = t.ecs.create_service(**service_request(t, **more))["service"]
    described = t.ecs.describe_services
    request = {"cluster": t.name, "services": [made["serviceName"]]}
    t.until(lambda: described(**request)["services"][0]["status"] == "ACTIVE")
    return made


def zone(t, domain=None, **more):
    """A hosted zone of its own; its bare id and its name without the last dot."""
    domain = domain or f"{t.name}.probes.io"
    made = t.route53.create_hosted_zone(Name=domain, CallerReference=t.name + domain, **more)
    return made["HostedZone"]["Id"].split("/")[-1], domain


def change(action, name, kind="A", values=("192.0.2.1",), ttl=60, **more):
    """One change of a record set."""
    record = {"Name": name, "Type": kind, **more}
    if values is not None:
        record["ResourceRecords"] = [{"Value": value} for value in values]
        record["TTL"] = ttl
    return {"Action": action, "ResourceRecordSet": record}


def send(t, zone_id, *changes):
    """Applies changes to a zone."""
    return t.route53.change_resource_record_sets(
        HostedZoneId=zone_id, ChangeBatch={"Changes": list(changes)}
    )


def issued_certificate(t):
    """The shared certificate of the region, validated over DNS; its ARN."""

    def make():
        zone_id, domain = zone(t, f"{t.name}c.probes.io")
        arn = t.acm.request_certificate(DomainName=domain, ValidationMethod="DNS")["CertificateArn"]

        def certificate():
            return t.acm.describe_certificate(CertificateArn=arn)["Certificate"]

        record = t.until(lambda: certificate()["DomainValidationOptions"][0]["ResourceRecord"])
        send(t, zone_id, change("UPSERT", record["Name"], record["Type"], [record["Value"]]))
        t.until(lambda: certificate()["Status"] == "ISSUED", 90)
        return arn

    return t.shared("certificate", make)


def finished(t, operation_id):
    """Waits for a Cloud Map operation; its last form."""

    def check():
        operation = t.servicediscovery.get_operation(OperationId=operation_id)["Operation"]
        return operation if operation["Status"] in ("SUCCESS", "FAIL") else None

    return t.until(check)


def http_namespace(t):
    """A namespace without DNS; its id."""
    answer = t.servicediscovery.create_http_namespace(Name=t.name, CreatorRequestId=t.name)
    return finished(t, answer["OperationId"])["Targets"]["NAMESPACE"]


def quiet(call, **kwargs):
    """A call whose refusal does not matter to the probe."""
    try:
        return call(**kwargs)
    except ClientError:
        return None
