"""Waits until both services are steady and looks at everything that steadiness leaves behind.

Decides what a healthy service looks like: events, tasks, interfaces, targets, deployments, revisions, instances.
Must not change anything.
"""

import re

from compare import Absent, Any, Bag, Between, Has, Like, Maybe, OneOf, Time
from harness import step
from steps_services import DEPLOYMENT_ID, connect, network, service, web_fields, web_primary
from steps_taskdefs import WEB_IMAGE


def steady(aws, lab, name, what="service is steady"):
    """Waits as the ServicesStable waiter does, and for the deployment to be declared complete."""
    return lab.until(what, lambda: service(aws, lab, name), lambda item: (
        len(item["deployments"]) == 1 and item["runningCount"] == item["desiredCount"]
        and item["deployments"][0]["rolloutState"] == "COMPLETED"))


def tasks(aws, lab, name, status="RUNNING"):
    """The tasks of a service, described."""
    arns = aws.ecs.list_tasks(cluster=lab.cluster, serviceName=name, desiredStatus=status)["taskArns"]
    return aws.ecs.describe_tasks(cluster=lab.cluster, tasks=arns, include=["TAGS"])["tasks"] if arns else []


def detail(task, key):
    """One value of the network attachment of a task."""
    details = [item["details"] for item in task["attachments"] if item["type"] == "ElasticNetworkInterface"]
    return next((item["value"] for entry in details for item in entry if item["name"] == key), None)


def health(aws, group):
    """The targets of a group."""
    return aws.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]


def healthy(task):
    """The target of a task, in good health."""
    return {"Target": {"Id": detail(task, "privateIPv4Address"), "Port": 8080, "AvailabilityZone": task["availabilityZone"]},
            "HealthCheckPort": "8080", "TargetHealth": {"State": "healthy"}, "AnomalyDetection": Maybe(), "AdministrativeOverride": Maybe()}


@step("service web becomes steady")
def web_steady(aws, lab):
    got = steady(aws, lab, lab.web)
    lab.web_deployment = got["deployments"][0]["id"]
    counts = {"runningCount": 2, "pendingCount": 0}
    lab.same("service", {**web_fields(lab, **counts, events=Any()), "deployments": [web_primary(
        lab, **counts, rolloutState="COMPLETED", rolloutStateReason=f"ECS deployment {lab.web_deployment} completed.")]}, got)


@step("events of service web, newest first")
def events(aws, lab):
    name = lab.name("web")
    got = lab.until("steady event", lambda: service(aws, lab, lab.web)["events"],
                    lambda items: any("steady state" in item["message"] for item in items))
    lab.same("shape", [{"id": Like("[0-9a-f-]{36}"), "createdAt": Time(), "message": Like(rf"\(service {name}\).+")}] * len(got), got)
    times = [item["createdAt"] for item in got]
    lab.same("newest first", sorted(times, reverse=True), times)
    text = "\n".join(item["message"] for item in got)
    for pattern in (
        rf"\(service {name}\) has started \d tasks: \(task [0-9a-f]{{32}}\)",
        rf"\(service {name}\) registered \d targets in \(target-group {lab.blue}\)",
        rf"\(service {name}\) \(deployment {lab.web_deployment}\) deployment completed\.",
        rf"\(service {name}\) has reached a steady state\.",
    ):
        lab.true(f"event {pattern}", re.search(pattern, text), text)


@step("tasks of service web")
def web_tasks(aws, lab):
    lab.web_tasks = tasks(aws, lab, lab.web)
    managed = [{"key": "aws:ecs:clusterName", "value": lab.name("cluster")}, {"key": "aws:ecs:serviceName", "value": lab.name("web")}]
    container = Has({
        "name": "web", "image": WEB_IMAGE, "lastStatus": "RUNNING", "healthStatus": "UNKNOWN", "cpu": "0", "networkBindings": Maybe([]),
        "containerArn": Like(rf"arn:aws:ecs:{lab.region}:{lab.account}:container/{lab.name('cluster')}/[0-9a-f]{{32}}/[0-9a-f-]{{36}}"),
        "taskArn": Like(".+:task/.+"), "runtimeId": Like(r"[0-9a-f]{32}-\d+"), "imageDigest": Like("sha256:[0-9a-f]{64}"),
        "networkInterfaces": [{"attachmentId": Like("[0-9a-f-]{36}"), "privateIpv4Address": Like(r"172\.31\.\d+\.\d+")}],
    })
    task = Has({
        "taskArn": Like(rf"arn:aws:ecs:{lab.region}:{lab.account}:task/{lab.name('cluster')}/[0-9a-f]{{32}}"), "clusterArn": lab.cluster,
        "taskDefinitionArn": lab.web_1, "lastStatus": "RUNNING", "desiredStatus": "RUNNING", "launchType": "FARGATE",
        "platformVersion": "1.4.0", "platformFamily": "Linux", "cpu": "256", "memory": "512", "group": f"service:{lab.name('web')}",
        "startedBy": lab.web_deployment, "connectivity": "CONNECTED", "enableExecuteCommand": True, "healthStatus": "UNKNOWN",
        "availabilityZone": OneOf(*lab.zones), "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
        "createdAt": Time(), "connectivityAt": Time(), "pullStartedAt": Time(), "pullStoppedAt": Time(), "startedAt": Time(),
        "version": Between(2, 99), "ephemeralStorage": {"sizeInGiB": 20}, "tags": Bag([{"key": "run", "value": lab.run}, *managed]),
        "overrides": Has(containerOverrides=Bag([{"name": "web"}], exact=False), inferenceAcceleratorOverrides=[]),
        # Service Connect adds a proxy container and an attachment of its own.
        "containers": Bag([container], exact=False),
        "attachments": Bag([{"id": Like("[0-9a-f-]{36}"), "type": "ElasticNetworkInterface", "status": "ATTACHED", "details": [
            {"name": "subnetId", "value": OneOf(*lab.subnets)}, {"name": "networkInterfaceId", "value": Like("eni-[0-9a-f]{17}")},
            {"name": "macAddress", "value": Like("([0-9a-f]{2}:){5}[0-9a-f]{2}")},
            {"name": "privateDnsName", "value": Like(r"ip-172-31-\d+-\d+\.ec2\.internal")},
            {"name": "privateIPv4Address", "value": Like(r"172\.31\.\d+\.\d+")}]}], exact=False),
    })
    lab.same("tasks", Bag([task, task]), lab.web_tasks)
    for one in lab.web_tasks:
        proxy = next((item for item in one["containers"] if item["name"] != "web"), {})
        lab.same("the container of Service Connect", Has(name=Like("ecs-service-connect-.{5}"), lastStatus="RUNNING", healthStatus="HEALTHY",
                                                         image=Absent(), runtimeId=Absent()), proxy)
        lab.same("its attachment", Bag([Has(type="ServiceConnect", status="ATTACHED", details=[
            {"name": "ContainerName", "value": proxy.get("name")}])], exact=False), one["attachments"])
    lab.same("spread over both zones", Bag(lab.zones), [item["availabilityZone"] for item in lab.web_tasks])


@step("network interfaces of the tasks")
def interfaces(aws, lab):
    lab.same("number of tasks", 2, len(lab.web_tasks))
    for task in lab.web_tasks:
        eni, address = detail(task, "networkInterfaceId"), detail(task, "privateIPv4Address")
        got = aws.ec2.describe_network_interfaces(NetworkInterfaceIds=[eni])["NetworkInterfaces"]
        lab.same(eni, [Has({
            "NetworkInterfaceId": eni, "SubnetId": detail(task, "subnetId"), "VpcId": lab.vpc, "Status": "in-use",
            "PrivateIpAddress": address, "MacAddress": detail(task, "macAddress"), "InterfaceType": "interface",
            "Groups": [{"GroupId": lab.app, "GroupName": lab.name("app")}], "OwnerId": lab.account, "RequesterManaged": True,
            "Description": Like(rf"arn:aws:ecs:{lab.region}:{lab.account}:attachment/[0-9a-f-]{{36}}"),
            "AvailabilityZone": task["availabilityZone"], "SourceDestCheck": True, "Association": Has(PublicIp=Like(r"[\d.]+")),
        })], got)
    used = aws.ec2.describe_network_interfaces(Filters=[{"Name": "group-id", "Values": [lab.app]}])["NetworkInterfaces"]
    lab.true("filter by group finds them", {detail(task, "networkInterfaceId") for task in lab.web_tasks}
             <= {item["NetworkInterfaceId"] for item in used}, used)


@step("targets of service web are healthy")
def targets(aws, lab):
    got = lab.until("targets are healthy", lambda: health(aws, lab.blue), lambda items: len(items) == 2 and all(
        item["TargetHealth"]["State"] == "healthy" for item in items))
    lab.same("targets", Bag([healthy(task) for task in lab.web_tasks]), got)


@step("service deployment of the first rollout")
def service_deployment(aws, lab):
    brief = aws.ecs.list_service_deployments(service=lab.name("web"), cluster=lab.cluster)["serviceDeployments"]
    prefix = rf"arn:aws:ecs:{lab.region}:{lab.account}:service-"
    path = f"{lab.name('cluster')}/{lab.name('web')}"
    common = {
        "serviceDeploymentArn": Like(rf"{prefix}deployment/{path}/[A-Za-z0-9_-]{{21}}"), "serviceArn": lab.web, "clusterArn": lab.cluster,
        "createdAt": Time(), "startedAt": Time(), "finishedAt": Time(), "status": "SUCCESSFUL", "statusReason": Maybe(),
    }
    lab.same("ListServiceDeployments", [{**common, "targetServiceRevisionArn": Like(rf"{prefix}revision/{path}/\d{{19}}")}], brief)
    lab.first_revision = brief[0]["targetServiceRevisionArn"]
    got = aws.ecs.describe_service_deployments(serviceDeploymentArns=[brief[0]["serviceDeploymentArn"]])
    lab.same("DescribeServiceDeployments", {"failures": [], "serviceDeployments": [Has({
        **common, "updatedAt": Time(), "sourceServiceRevisions": [], "targetServiceRevision": Has(
            arn=lab.first_revision, requestedTaskCount=2, runningTaskCount=2, pendingTaskCount=0),
        "deploymentConfiguration": web_fields(lab)["deploymentConfiguration"],
        "deploymentCircuitBreaker": {"status": "MONITORING_COMPLETE", "failureCount": 0, "threshold": 3},
        "alarms": Has(alarmNames=[lab.name("errors")], status=OneOf("MONITORING_COMPLETE", "MONITORING", "DISABLED")),
    })]}, got)


@step("service revision of the first rollout")
def service_revision(aws, lab):
    got = aws.ecs.describe_service_revisions(serviceRevisionArns=[lab.first_revision])
    lab.same("DescribeServiceRevisions", {"failures": [], "serviceRevisions": [Has({
        "serviceRevisionArn": lab.first_revision, "serviceArn": lab.web, "clusterArn": lab.cluster, "taskDefinition": lab.web_1,
        "launchType": "FARGATE", "platformVersion": "1.4.0", "platformFamily": "Linux", "networkConfiguration": network(lab),
        "loadBalancers": [{"targetGroupArn": lab.blue, "containerName": "web", "containerPort": 8080}],
        "containerImages": Bag([{"containerName": "web", "image": WEB_IMAGE, "imageDigest": Like("sha256:[0-9a-f]{64}")}], exact=False),
        "guardDutyEnabled": False, "createdAt": Time(),
        "serviceConnectConfiguration": {**connect(lab), "namespace": OneOf(lab.name("mesh"), lab.mesh_arn)},
    })]}, got)
    current = service(aws, lab, lab.web)
    lab.same("currentServiceRevisions", [Has(arn=lab.first_revision, requestedTaskCount=2, runningTaskCount=2, pendingTaskCount=0)],
             current.get("currentServiceRevisions"))


@step("Service Connect registered the service in Cloud Map")
def discovery(aws, lab):
    found = aws.servicediscovery.list_services(Filters=[{"Name": "NAMESPACE_ID", "Values": [lab.mesh], "Condition": "EQ"}])["Services"]
    lab.same("services nobody declared", [Has(Name="web", Arn=Like(".+:service/srv-.+"))], found)
    resources = service(aws, lab, lab.web)["deployments"][0].get("serviceConnectResources", [])
    lab.same("named by the deployment", [found[0]["Arn"]], [item["discoveryArn"] for item in resources])
    instances = aws.servicediscovery.list_instances(ServiceId=found[0]["Id"])["Instances"]
    lab.same("one instance for each task", 2, len(instances))


@step("service worker becomes steady and its task is registered")
def worker(aws, lab):
    got = steady(aws, lab, lab.worker, "worker is steady")
    lab.same("worker", Has(runningCount=1, deployments=[Has(rolloutState="COMPLETED", id=DEPLOYMENT_ID)]), got)
    task = (tasks(aws, lab, lab.worker) or [{"attachments": []}])[0]
    lab.same("task", Has(capacityProviderName=OneOf("FARGATE", "FARGATE_SPOT"), tags=[], memory="1024"), task)
    instances = lab.until("instance is registered", lambda: aws.servicediscovery.list_instances(ServiceId=lab.registry)["Instances"], bool)
    lab.same("instance", [Has(Attributes=Has(AWS_INSTANCE_IPV4=detail(task, "privateIPv4Address"), ECS_SERVICE_NAME=lab.name("worker"),
                                             ECS_CLUSTER_NAME=lab.name("cluster")))], instances)
    counts = aws.ecs.describe_clusters(clusters=[lab.cluster])["clusters"][0]
    lab.same("cluster", Has(runningTasksCount=3, pendingTasksCount=0, activeServicesCount=2), counts)
