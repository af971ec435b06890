"""Probes of task definitions: Fargate sizes, refused registrations, revisions.

Decides which registrations are refused and how revisions are counted and listed.
"""

import json

from fixtures import container, definition, fargate, role
from harness import ACCOUNT, Part, probe

ACCEPTED = (
    ("256", "512"), ("256", "2048"), ("512", "1024"), ("512", "4096"), ("1024", "2048"),
    ("1024", "8192"), ("2048", "4096"), ("2048", "16384"), ("4096", "8192"), ("4096", "30720"),
    ("8192", "16384"), ("8192", "61440"), ("16384", "32768"), ("16384", "122880"),
)
REFUSED = (
    ("256", "4096"), ("256", "1536"), ("512", "512"), ("512", "5120"), ("1024", "1024"),
    ("1024", "9216"), ("2048", "3072"), ("4096", "31744"), ("8192", "17408"), ("16384", "36864"),
)
AWSLOGS = {"logDriver": "awslogs", "options": {"awslogs-group": "g", "awslogs-region": "us-east-1",
                                               "awslogs-stream-prefix": "s"}}
BAD = (
    ("cpu-missing", {"cpu": None}, "Fargate requires that 'cpu' be defined at the task level."),
    ("memory-missing", {"memory": None}, "Fargate requires that 'memory' be defined at the task level."),
    ("network-mode", {"networkMode": "bridge"}, "Fargate only supports network mode ‘awsvpc’."),
    ("no-containers", {"containerDefinitions": []}, "Container list cannot be empty."),
    ("family-characters", {"family": "no spaces"}, Part("Family contains invalid characters.")),
    ("image-empty", {"containerDefinitions": [container(image="")]},
     "Container.image should not be null or empty."),
    ("no-essential", {"containerDefinitions": [container(essential=False)]},
     "Task definition does not have at least one essential container"),
    ("memory-above-task", {"containerDefinitions": [container(memory=1024)]},
     "The 'memory' setting for container 'web' is greater than for the task."),
    ("cpu-sum", {"containerDefinitions": [container("a", cpu=200, portMappings=[]),
                                          container("b", cpu=100, portMappings=[])]},
     "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'."),
    ("host-port", {"containerDefinitions": [container(portMappings=[
        {"containerPort": 80, "hostPort": 8080}])]},
     "When networkMode=awsvpc, the host ports and container ports in port mappings must match."),
    ("awslogs-options", {"executionRoleArn": "role", "containerDefinitions": [container(
        logConfiguration={"logDriver": "awslogs", "options": {}})]},
     "Log driver awslogs requires options: awslogs-region, awslogs-group"),
    ("depends-on-essential", {"containerDefinitions": [
        container("a", portMappings=[]),
        container("b", dependsOn=[{"containerName": "a", "condition": "SUCCESS"}])]},
     "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container"),
    ("ecr-without-role", {"containerDefinitions": [container(
        image=f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/app:1")]},
     "Fargate requires task definition to have execution role ARN to support ECR images."),
    ("awslogs-without-role", {"containerDefinitions": [container(logConfiguration=AWSLOGS)]},
     "Fargate requires task definition to have execution role ARN to support log driver awslogs."),
    ("role-not-an-arn", {"taskRoleArn": "arn:aws:iam::nonsense"}, "Role is not valid"),
    ("container-twice", {"containerDefinitions": [container(), container()]}, None),
    ("11-containers", {"containerDefinitions": [
        container(f"c{n}", portMappings=[]) for n in range(11)]}, None),
)


@probe("ecs.fargate.size-{0}-{1}", cases=ACCEPTED)
def size_accepted(t, cpu, memory):
    made = t.ecs.register_task_definition(**fargate(t, cpu=cpu, memory=memory))["taskDefinition"]
    t.equal((made["cpu"], made["memory"], made["revision"]), (cpu, memory, 1), "size and revision")


@probe("ecs.fargate.no-size-{0}-{1}", cases=REFUSED)
def size_refused(t, cpu, memory):
    t.refused("ClientException", Part("No Fargate configuration exists for given values"),
              t.ecs.register_task_definition, **fargate(t, cpu=cpu, memory=memory))


@probe("ecs.fargate.size-text")
def size_text(t):
    t.refused("ClientException",
              "No Fargate configuration exists for given values: 256 CPU, 4096 memory. "
              "See the Amazon ECS documentation for the valid values.",
              t.ecs.register_task_definition, **fargate(t, memory="4096"))


@probe("ecs.fargate.units")
def size_units(t):
    made = t.ecs.register_task_definition(**fargate(t, cpu="1 vCPU", memory="2 GB"))["taskDefinition"]
    t.equal((made["cpu"], made["memory"]), ("1024", "2048"), "numbers in text")


@probe("ecs.fargate.cpu-{0}", cases=(("lots",),))
def cpu_text(t, cpu):
    t.refused("ClientException|InvalidParameterException", Part("Invalid 'cpu' setting for task."),
              t.ecs.register_task_definition, **fargate(t, cpu=cpu))


@probe("ecs.definition.{0}", cases=BAD)
def bad_definition(t, _case, spoil, text):
    spoil = dict(spoil)
    if spoil.get("executionRoleArn") == "role":
        spoil["executionRoleArn"] = role(t)
    t.refused_within(10 if "executionRoleArn" in spoil else 0, "ClientException", text,
                     t.ecs.register_task_definition, **fargate(t, **spoil))


@probe("ecs.definition.no-memory-anywhere")
def no_memory(t):
    t.refused("ClientException", "Invalid setting for container 'web'. At least one of 'memory' or "
              "'memoryReservation' must be specified.", t.ecs.register_task_definition, family=t.name,
              containerDefinitions=[container()])


@probe("ecs.definition.over-64-kib")
def too_long(t):
    environment = [{"name": f"v{n}", "value": "x" * 1000} for n in range(70)]
    body = fargate(t, containerDefinitions=[container(environment=environment)])
    t.true(len(json.dumps(body)) > 65536, "a long request")
    t.refused("ClientException", Part("Max allowed length is '65536' bytes."),
              t.ecs.register_task_definition, **body)


@probe("ecs.definition.fresh-role-becomes-valid")
def fresh_role(t):
    arn = role(t)
    made = t.until(lambda: t.ecs.register_task_definition(**fargate(t, executionRoleArn=arn)), 20)
    t.equal(made["taskDefinition"]["executionRoleArn"], arn)


@probe("ecs.definition.identical-registration-is-a-new-revision")
def new_revision(t):
    first, second = definition(t), definition(t)
    t.equal((first.rpartition(":")[2], second.rpartition(":")[2]), ("1", "2"), "revisions")


@probe("ecs.definition.revision-never-reused")
def never_reused(t):
    first = definition(t)
    t.ecs.deregister_task_definition(taskDefinition=first)
    t.ecs.delete_task_definitions(taskDefinitions=[first])
    t.equal(definition(t).rpartition(":")[2], "2", "the next revision")


@probe("ecs.definition.inactive-still-described")
def inactive_described(t):
    arn = definition(t)
    t.equal(t.ecs.deregister_task_definition(taskDefinition=arn)["taskDefinition"]["status"], "INACTIVE")
    found = t.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    t.equal((found["status"], "deregisteredAt" in found), ("INACTIVE", True), "status, deregisteredAt")


@probe("ecs.definition.describe-family-of-inactive")
def family_of_inactive(t):
    t.ecs.deregister_task_definition(taskDefinition=definition(t))
    t.refused("ClientException", "Unable to describe task definition.",
              t.ecs.describe_task_definition, taskDefinition=t.name)


@probe("ecs.definition.describe-unknown-{0}", cases=(("family", ""), ("revision", ":9")))
def describe_unknown(t, what, suffix):
    if what == "revision":
        definition(t)
    t.refused("ClientException", "Unable to describe task definition.",
              t.ecs.describe_task_definition, taskDefinition=t.name + suffix)


@probe("ecs.definition.deregister-unknown")
def deregister_unknown(t):
    t.refused("ClientException", "The specified task definition does not exist.",
              t.ecs.deregister_task_definition, taskDefinition=f"{t.name}:3")


@probe("ecs.definition.deregister-without-revision")
def deregister_family(t):
    t.refused("ClientException|InvalidParameterException", None,
              t.ecs.deregister_task_definition, taskDefinition=t.name)


@probe("ecs.definition.delete-active-fails-in-answer")
def delete_active(t):
    answer = t.ecs.delete_task_definitions(taskDefinitions=[definition(t)])
    t.equal((len(answer["failures"]), answer["taskDefinitions"]), (1, []), "failures, deleted")


@probe("ecs.definition.delete-11")
def delete_batch(t):
    t.refused("InvalidParameterException|ClientException", None, t.ecs.delete_task_definitions,
              taskDefinitions=[f"{t.name}:{n + 1}" for n in range(11)])


@probe("ecs.definition.list-newest-first")
def newest_first(t):
    made = [definition(t) for _ in range(3)]
    found = t.ecs.list_task_definitions(familyPrefix=t.name, sort="DESC")["taskDefinitionArns"]
    t.equal(found, made[::-1], "order")


@probe("ecs.definition.tags-only-when-asked")
def tags_when_asked(t):
    arn = definition(t, tags=[{"key": "a", "value": "b"}])
    plain = t.ecs.describe_task_definition(taskDefinition=arn)
    asked = t.ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])
    t.equal((plain.get("tags", []), asked["tags"]), ([], [{"key": "a", "value": "b"}]), "tags")


@probe("ecs.pages.definitions", region="ap-southeast-2")
def page_definitions(t):
    wanted = [definition(t) for _ in range(5)]
    pages = t.walk(t.ecs.list_task_definitions, "taskDefinitionArns", familyPrefix=t.name, maxResults=2)
    t.once(pages, wanted, 2)
    t.equal([arn for page in pages for arn in page], wanted, "order of revisions")


@probe("ecs.pages.families", region="ap-southeast-2")
def page_families(t):
    wanted = [f"{t.name}-{n}" for n in range(5)]
    for family in wanted:
        definition(t, family=family)
    pages = t.walk(t.ecs.list_task_definition_families, "families", familyPrefix=t.name, maxResults=2)
    t.once(pages, wanted, 2)


@probe("ecs.pages.definitions-size-101")
def page_size(t):
    t.refused("InvalidParameterException|ClientException", None, t.ecs.list_task_definitions, maxResults=101)
