"""Creates the services web (balanced, Service Connect, circuit breaker, alarms) and worker (defaults, registry).

Decides the desired state of both services and checks what the creating calls return.
Must not wait for tasks: the steady area does.
"""

from compare import Absent, Any, Bag, Has, Like, Maybe, OneOf, Time
from harness import step

BREAKER_DEFAULTS = {"resetOnHealthyTask": True, "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50}}
DEPLOYMENT_DEFAULTS = {
    "maximumPercent": 200, "minimumHealthyPercent": 100, "strategy": "ROLLING", "bakeTimeInMinutes": 0,
    "deploymentCircuitBreaker": {"enable": False, "rollback": False, **BREAKER_DEFAULTS},
    "alarms": {"alarmNames": [], "rollback": False, "enable": False}, "lifecycleHooks": Maybe([]),
}
DEPLOYMENT_ID = Like(r"ecs-svc/\d{19}")


def service(aws, lab, name, tags=True):
    """Reads one service."""
    got = aws.ecs.describe_services(cluster=lab.cluster, services=[name], include=["TAGS"] if tags else [])
    return got["services"][0]


def network(lab, public="ENABLED"):
    """Where the tasks live."""
    return {"awsvpcConfiguration": {"subnets": lab.subnets, "securityGroups": [lab.app], "assignPublicIp": public}}


def connect(lab):
    """The Service Connect part of the web service."""
    return {"enabled": True, "namespace": lab.name("mesh"), "services": [{
        "portName": "http", "discoveryName": "web", "clientAliases": [{"port": 8080, "dnsName": "web"}]}]}


def web_deployment(lab):
    """The deployment configuration of the web service as sent."""
    return {"maximumPercent": 200, "minimumHealthyPercent": 50,
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "alarms": {"alarmNames": [lab.name("errors")], "enable": True, "rollback": True}}


def web_creation(lab, **other):
    """The parameters of CreateService for web."""
    return {
        "cluster": lab.cluster, "serviceName": lab.name("web"), "taskDefinition": f"{lab.name('web')}:1", "desiredCount": 2,
        "launchType": "FARGATE", "networkConfiguration": network(lab), "healthCheckGracePeriodSeconds": 30,
        "loadBalancers": [{"targetGroupArn": lab.blue, "containerName": "web", "containerPort": 8080}],
        "deploymentConfiguration": web_deployment(lab), "serviceConnectConfiguration": connect(lab), "propagateTags": "SERVICE",
        "enableECSManagedTags": True, "enableExecuteCommand": True, "tags": [{"key": "run", "value": lab.run}], **other,
    }


def fields(lab, name, desired, **other):
    """A Fargate service as AWS lists it, with every default."""
    return {
        "serviceArn": f"arn:aws:ecs:{lab.region}:{lab.account}:service/{lab.name('cluster')}/{name}", "serviceName": name,
        "clusterArn": lab.cluster, "status": "ACTIVE", "desiredCount": desired, "runningCount": 0, "pendingCount": 0,
        "loadBalancers": [], "serviceRegistries": [], "platformVersion": OneOf("LATEST", "1.4.0"), "platformFamily": "Linux",
        "deploymentConfiguration": DEPLOYMENT_DEFAULTS, "deploymentController": {"type": "ECS"}, "events": [],
        "roleArn": f"arn:aws:iam::{lab.account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        "createdAt": Time(), "createdBy": Like(r"arn:aws:(iam|sts)::\d{12}:.+"), "placementConstraints": [], "placementStrategy": [],
        "networkConfiguration": network(lab), "schedulingStrategy": "REPLICA", "enableECSManagedTags": False,
        "propagateTags": "NONE", "enableExecuteCommand": False, "availabilityZoneRebalancing": "ENABLED",
        "healthCheckGracePeriodSeconds": Maybe(0), "currentServiceDeployment": Maybe(), "currentServiceRevisions": Maybe(),
        "resourceManagementType": Maybe("CUSTOMER"), "taskSets": Maybe([]), "tags": Maybe([]), **other,
    }


def deployment(lab, task_definition, desired, **other):
    """A primary Fargate deployment as AWS lists it right after it was made."""
    return {
        "id": DEPLOYMENT_ID, "status": "PRIMARY", "taskDefinition": task_definition, "desiredCount": desired,
        "pendingCount": 0, "runningCount": 0, "failedTasks": 0, "createdAt": Time(), "updatedAt": Time(),
        "platformVersion": "1.4.0", "platformFamily": "Linux", "networkConfiguration": network(lab), "rolloutState": "IN_PROGRESS",
        "rolloutStateReason": Like(r"ECS deployment ecs-svc/\d{19} in progress\."), "fargateEphemeralStorage": Maybe(), **other,
    }


def web_fields(lab, **other):
    """The web service as AWS lists it."""
    sent = web_deployment(lab)
    breaker = {**sent["deploymentCircuitBreaker"], **BREAKER_DEFAULTS}
    return fields(lab, lab.name("web"), 2, **{
        "launchType": "FARGATE", "taskDefinition": lab.web_1, "loadBalancers": web_creation(lab)["loadBalancers"],
        "healthCheckGracePeriodSeconds": 30, "propagateTags": "SERVICE", "enableECSManagedTags": True, "enableExecuteCommand": True,
        "deploymentConfiguration": {**DEPLOYMENT_DEFAULTS, **sent, "deploymentCircuitBreaker": breaker},
        "tags": [{"key": "run", "value": lab.run}], "capacityProviderStrategy": Absent(), **other})


def web_primary(lab, **other):
    """The primary deployment of the web service: Service Connect is listed here and nowhere else."""
    return deployment(lab, lab.web_1, 2, **{
        "launchType": "FARGATE", "serviceConnectConfiguration": {**connect(lab), "namespace": OneOf(lab.name("mesh"), lab.mesh_arn)},
        "serviceConnectResources": [{"discoveryName": "web", "discoveryArn": Like(
            rf"arn:aws:servicediscovery:{lab.region}:{lab.account}:service/srv-[a-z0-9]+")}], **other})


@step("service refused: group without load balancer, wrong container, wrong port, no network")
def refused(aws, lab):
    # The probes carry another name, so that one accepted by mistake does not stand in for the real service.
    probe = {"serviceName": lab.name("probe")}
    balancer = {"targetGroupArn": lab.lonely, "containerName": "web", "containerPort": 8080}
    blue = {**balancer, "targetGroupArn": lab.blue}
    without_network = {key: value for key, value in web_creation(lab, **probe).items() if key != "networkConfiguration"}
    for what, creation, message in (
        ("lonely group", web_creation(lab, **probe, loadBalancers=[balancer]),
         f"The target group with targetGroupArn {lab.lonely} does not have an associated load balancer."),
        ("wrong container", web_creation(lab, **probe, loadBalancers=[{**blue, "containerName": "nope"}]), "does not exist in the task definition."),
        ("wrong port", web_creation(lab, **probe, loadBalancers=[{**blue, "containerPort": 81}]), "did not have a container port 81 defined."),
        ("no network", without_network, "Network Configuration must be provided when networkMode 'awsvpc' is specified."),
        ("both ways to launch", web_creation(lab, **probe, capacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}]),
         "Specifying both a launch type and capacity provider strategy is not supported."),
    ):
        lab.refused(what, "InvalidParameterException", lambda: aws.ecs.create_service(**creation), status=400, message=message)
    lab.refused("unknown cluster", "ClusterNotFoundException", lambda: aws.ecs.create_service(
        **web_creation(lab, cluster=lab.name("none"))), status=400, message="Cluster not found.")


@step("create service web")
def create_web(aws, lab):
    answer = lab.settle(lambda: aws.ecs.create_service(**web_creation(lab)))["service"]
    lab.web = answer["serviceArn"]
    lab.same("CreateService", {**web_fields(lab), "deployments": [web_primary(lab)]}, answer)


@step("service web read back while it starts")
def read_web(aws, lab):
    counts = {"runningCount": Any(), "pendingCount": Any()}
    got = service(aws, lab, lab.web)
    lab.same("service", {**web_fields(lab, **counts, events=Any()), "deployments": [web_primary(
        lab, **counts, rolloutState=Any(), rolloutStateReason=Any())]}, got)
    lab.same("tags only when asked for", [], service(aws, lab, lab.web, tags=False).get("tags", []))
    lab.same("by name", lab.web, service(aws, lab, lab.name("web"))["serviceArn"])


@step("create service worker: cluster strategy, registry, everything else default")
def create_worker(aws, lab):
    name = lab.name("worker")
    answer = aws.ecs.create_service(
        cluster=lab.cluster, serviceName=name, taskDefinition=name, desiredCount=1,
        networkConfiguration=network(lab),
        serviceRegistries=[{"registryArn": lab.registry_arn}])["service"]
    lab.worker = answer["serviceArn"]
    strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}, {"capacityProvider": "FARGATE", "weight": 2, "base": 0}]
    mode = {"launchType": Absent(), "capacityProviderStrategy": strategy, "networkConfiguration": network(lab)}
    wanted = fields(lab, name, 1, **mode, taskDefinition=lab.worker_1, serviceRegistries=[{"registryArn": lab.registry_arn}])
    primary = deployment(lab, lab.worker_1, 1, **mode, serviceConnectConfiguration=Maybe({"enabled": False}))
    lab.same("CreateService", {**wanted, "deployments": [primary]}, answer)


@step("services listed, unknown and too many services, same name again")
def lookups(aws, lab):
    listed = aws.ecs.list_services(cluster=lab.cluster)["serviceArns"]
    lab.same("ListServices", Bag([lab.web, lab.worker]), listed)
    got = aws.ecs.describe_services(cluster=lab.cluster, services=[lab.name("web"), lab.name("none")])
    lab.same("one known, one not", [lab.web], [item["serviceArn"] for item in got["services"]])
    lab.same("failures", [Has(arn=Like(rf".*{lab.name('none')}"), reason="MISSING")], got["failures"])
    lab.refused("eleven at once", "InvalidParameterException", lambda: aws.ecs.describe_services(
        cluster=lab.cluster, services=[f"s{n}" for n in range(11)]), status=400, message="at most 10 items")
    lab.refused("same name, other parameters", "InvalidParameterException", lambda: aws.ecs.create_service(
        **web_creation(lab, desiredCount=5)), status=400, message="Creation of service was not idempotent.")
    lab.refused("update of an unknown service", "ServiceNotFoundException", lambda: aws.ecs.update_service(
        cluster=lab.cluster, service=lab.name("none"), desiredCount=1), status=400)
    count = aws.ecs.describe_clusters(clusters=[lab.cluster])["clusters"][0]["activeServicesCount"]
    lab.same("activeServicesCount", 2, count)
