"""Task definitions: one with every field AWS reads back, and the small ones the services run.

Decides what tasks run and with which images. Must not start them.
"""

from compare import Absent, Bag, Has, Like, Maybe, Time
from harness import step

WEB_IMAGE, NEXT_IMAGE = "public.ecr.aws/nginx/nginx:1.27", "public.ecr.aws/nginx/nginx:1.28"
# The simulated registry treats an image whose name holds `does-not-exist` or `missing` as absent.
MISSING_IMAGE = "public.ecr.aws/bootcamp/does-not-exist:missing"


def defaults(**other):
    """What AWS fills into a container definition."""
    empty = {"environment": [], "mountPoints": [], "portMappings": [], "volumesFrom": []}
    return {"cpu": 0, "essential": True, **empty, "systemControls": Maybe([]), **other}


def task_definition(lab, family, revision, containers, **other):
    """A Fargate task definition as it is read back."""
    return {
        "taskDefinitionArn": f"arn:aws:ecs:{lab.region}:{lab.account}:task-definition/{family}:{revision}", "family": family,
        "revision": revision, "status": "ACTIVE", "containerDefinitions": containers, "volumes": [], "placementConstraints": [],
        "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "compatibilities": Bag(["EC2", "FARGATE"], exact=False),
        "requiresAttributes": Bag([{"name": "com.amazonaws.ecs.capability.docker-remote-api.1.18"}, {"name": "ecs.capability.task-eni"}],
                                  exact=False),
        "registeredAt": Time(), "registeredBy": Like(r"arn:aws:(sts|iam)::\d{12}:.+"), "enableFaultInjection": Maybe(False), **other,
    }


def log_configuration(lab, prefix):
    """Where a container logs to."""
    return {"logDriver": "awslogs", "options": {
        "awslogs-group": lab.logs, "awslogs-region": lab.region, "awslogs-stream-prefix": prefix}}


def full_container(lab):
    """A container with nearly every field that Fargate takes; the health check leaves two fields out."""
    return {
        "name": "app", "image": f"{lab.account}.dkr.ecr.{lab.region}.amazonaws.com/{lab.repository}:1", "cpu": 256, "memory": 512,
        "memoryReservation": 256, "essential": True, "entryPoint": ["/bin/sh", "-c"], "command": ["exec app"],
        "portMappings": [{"name": "http", "containerPort": 8080, "appProtocol": "http"}],
        "environment": [{"name": "ZETA", "value": "1"}, {"name": "ALPHA", "value": ""}],
        "secrets": [{"name": "COLOR", "valueFrom": lab.color_arn}, {"name": "DB", "valueFrom": f"{lab.secret}:user::"}],
        "mountPoints": [{"sourceVolume": "shared", "containerPath": "/srv", "readOnly": True},
                        {"sourceVolume": "scratch", "containerPath": "/tmp", "readOnly": False}],
        "dependsOn": [{"containerName": "init", "condition": "SUCCESS"}], "startTimeout": 60, "stopTimeout": 20,
        "user": "1000:1000", "workingDirectory": "/srv", "readonlyRootFilesystem": True, "interactive": True, "pseudoTerminal": True,
        "dockerLabels": {"a.b": "c"}, "ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 4096}],
        "logConfiguration": log_configuration(lab, "app"),
        "healthCheck": {"command": ["CMD-SHELL", "true"], "interval": 10, "startPeriod": 15},
        "linuxParameters": {"initProcessEnabled": True, "capabilities": {"drop": ["NET_RAW"]}},
        "systemControls": [{"namespace": "net.core.somaxconn", "value": "1024"}],
    }


@step("register a task definition with every field")
def full(aws, lab):
    family, app = lab.name("full"), full_container(lab)
    storage = {"fileSystemId": "fs-0123456789abcdef0", "transitEncryption": "ENABLED", "authorizationConfig": {
        "accessPointId": "fsap-0123456789abcdef0", "iam": "ENABLED"}}
    sent = {
        "family": family, "taskRoleArn": lab.task_role, "executionRoleArn": lab.exec_role, "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"], "cpu": "512", "memory": "1024", "ephemeralStorage": {"sizeInGiB": 25},
        "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        "volumes": [{"name": "shared", "efsVolumeConfiguration": storage}, {"name": "scratch"}],
        "containerDefinitions": [app, {"name": "init", "image": "public.ecr.aws/docker/library/busybox:1.36", "essential": False,
                                       "command": ["true"]}],
    }
    tags = [{"key": "run", "value": lab.run}]
    answer = lab.settle(lambda: aws.ecs.register_task_definition(**sent, tags=tags))
    lab.full = answer["taskDefinition"]["taskDefinitionArn"]
    read_app = {
        **app, "volumesFrom": [], "environment": Bag(app["environment"]), "secrets": Bag(app["secrets"]),
        "portMappings": [{"name": "http", "containerPort": 8080, "hostPort": 8080, "protocol": "tcp", "appProtocol": "http"}],
        "healthCheck": {**app["healthCheck"], "timeout": 5, "retries": 3},
        "linuxParameters": {"initProcessEnabled": True, "capabilities": {"add": Maybe([]), "drop": ["NET_RAW"]},
                            "devices": Maybe([]), "tmpfs": Maybe([])},
    }
    kept = {key: sent[key] for key in ("taskRoleArn", "executionRoleArn", "cpu", "memory", "ephemeralStorage", "runtimePlatform")}
    wanted = task_definition(
        lab, family, 1, [read_app, defaults(name="init", image=sent["containerDefinitions"][1]["image"], essential=False,
                                            command=["true"])],
        volumes=[{"name": "shared", "efsVolumeConfiguration": {**storage, "rootDirectory": Maybe("/")}},
                 {"name": "scratch", "host": Maybe({})}], **kept)
    lab.same("RegisterTaskDefinition", {"taskDefinition": wanted, "tags": tags}, answer)
    lab.same("with tags", {"taskDefinition": wanted, "tags": tags},
             aws.ecs.describe_task_definition(taskDefinition=f"{family}:1", include=["TAGS"]))
    lab.same("without tags", {"taskDefinition": wanted, "tags": Maybe([])}, aws.ecs.describe_task_definition(taskDefinition=family))


def web(lab, image, **other):
    """The task definition the web service runs."""
    return {
        "family": lab.name("web"), "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
        "taskRoleArn": lab.task_role, "executionRoleArn": lab.exec_role, **other,
        "containerDefinitions": [{
            "name": "web", "image": image, "portMappings": [{"name": "http", "containerPort": 8080, "protocol": "tcp"}],
            "environment": [{"name": "MODE", "value": "live"}], "secrets": [{"name": "COLOR", "valueFrom": lab.color_arn}],
            "logConfiguration": log_configuration(lab, "web"),
        }],
    }


@step("register the web and worker task definitions")
def small(aws, lab):
    lab.web_1 = lab.settle(lambda: aws.ecs.register_task_definition(**web(lab, WEB_IMAGE)))["taskDefinition"]["taskDefinitionArn"]
    got = aws.ecs.describe_task_definition(taskDefinition=lab.web_1)["taskDefinition"]
    sent = web(lab, WEB_IMAGE)
    container = defaults(**{**sent["containerDefinitions"][0], "portMappings": [
        {"name": "http", "containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}]})
    lab.same("web", task_definition(lab, lab.name("web"), 1, [container], cpu="256", memory="512", taskRoleArn=lab.task_role,
                                    executionRoleArn=lab.exec_role, runtimePlatform=Absent(), ephemeralStorage=Absent()), got)
    answer = aws.ecs.register_task_definition(
        family=lab.name("worker"), networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu=".25 vCPU", memory="1 GB",
        containerDefinitions=[{"name": "worker", "image": "public.ecr.aws/docker/library/busybox:1.36", "command": ["sleep", "9999"]}])
    lab.worker_1 = answer["taskDefinition"]["taskDefinitionArn"]
    lab.same("worker", task_definition(lab, lab.name("worker"), 1, [defaults(
        name="worker", image="public.ecr.aws/docker/library/busybox:1.36", command=["sleep", "9999"])], cpu="256", memory="1024"),
        answer["taskDefinition"])


@step("revisions, listing and deregistration")
def revisions(aws, lab):
    family = lab.name("full")
    again = {"family": family, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
             "containerDefinitions": [{"name": "one", "image": WEB_IMAGE}]}
    made = [aws.ecs.register_task_definition(**again)["taskDefinition"] for _ in range(2)]
    lab.same("equal content, new revisions", [2, 3], [item["revision"] for item in made])
    listed = aws.ecs.list_task_definitions(familyPrefix=family, sort="DESC")["taskDefinitionArns"]
    lab.same("newest first", [made[1]["taskDefinitionArn"], made[0]["taskDefinitionArn"], lab.full], listed)
    gone = aws.ecs.deregister_task_definition(taskDefinition=f"{family}:3")["taskDefinition"]
    lab.same("deregistered", Has(status="INACTIVE", deregisteredAt=Time(), revision=3), gone)
    lab.same("still described", Has(status="INACTIVE"), aws.ecs.describe_task_definition(taskDefinition=f"{family}:3")["taskDefinition"])
    lab.same("newest active", 2, aws.ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]["revision"])
    aws.ecs.deregister_task_definition(taskDefinition=f"{family}:2")
    deleted = aws.ecs.delete_task_definitions(taskDefinitions=[f"{family}:2", f"{family}:3"])
    lab.same("deleted", {"taskDefinitions": Bag([Has(revision=n, status="DELETE_IN_PROGRESS") for n in (2, 3)]), "failures": []}, deleted)
    made = aws.ecs.register_task_definition(**again)["taskDefinition"]
    lab.same("numbers are not reused", 4, made["revision"])
    aws.ecs.deregister_task_definition(taskDefinition=made["taskDefinitionArn"])


@step("task definition refusals")
def refusals(aws, lab):
    base = {"family": lab.name("bad"), "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512"}
    one = [{"name": "one", "image": WEB_IMAGE}]

    def register(**other):
        return lambda: aws.ecs.register_task_definition(**{**base, "containerDefinitions": one, **other})

    for what, call, message in (
        ("size not offered", register(memory="4096"), "No Fargate configuration exists for given values"),
        ("no task cpu", lambda: aws.ecs.register_task_definition(**{k: v for k, v in base.items() if k != "cpu"}, containerDefinitions=one),
         "Fargate requires that 'cpu' be defined at the task level."),
        ("ports differ", register(containerDefinitions=[{**one[0], "portMappings": [{"containerPort": 80, "hostPort": 81}]}]),
         "the host ports and container ports in port mappings must match"),
        ("bridge on Fargate", register(networkMode="bridge"), "Fargate only supports network mode"),
        ("log driver without role", register(containerDefinitions=[{**one[0], "logConfiguration": log_configuration(lab, "x")}]),
         "Fargate requires task definition to have execution role ARN to support log driver awslogs."),
        ("unknown family", lambda: aws.ecs.describe_task_definition(taskDefinition=lab.name("none")), "Unable to describe task definition."),
    ):
        lab.refused(what, "ClientException", call, status=400, message=message)
