"""Tasks outside services: run, exec, stop, and one whose image does not exist.

Decides what RunTask and StopTask return at each moment. Must not leave a task running.
"""

from compare import Absent, Any, Between, Has, Like, Maybe, OneOf, Time
from harness import step
from steps_services import network
from steps_steady import detail
from steps_taskdefs import MISSING_IMAGE

REASON = "bootcamp is over"


def task(aws, lab, arn):
    """Reads one task."""
    return aws.ecs.describe_tasks(cluster=lab.cluster, tasks=[arn], include=["TAGS"])["tasks"][0]


@step("run a task with overrides and tags")
def run(aws, lab):
    overrides = {"containerOverrides": [{"name": "web", "command": ["migrate"], "environment": [{"name": "MODE", "value": "job"}]}],
                 "cpu": "512", "memory": "1024"}
    answer = lab.settle(lambda: aws.ecs.run_task(
        cluster=lab.cluster, taskDefinition=f"{lab.name('web')}:2", launchType="FARGATE", networkConfiguration=network(lab), count=1,
        overrides=overrides, startedBy="bootcamp", enableExecuteCommand=True, tags=[{"key": "run", "value": lab.run}]))
    lab.same("failures", [], answer["failures"])
    lab.task = answer["tasks"][0]["taskArn"]
    lab.same("RunTask", [{
        "taskArn": Like(rf"arn:aws:ecs:{lab.region}:{lab.account}:task/{lab.name('cluster')}/[0-9a-f]{{32}}"), "clusterArn": lab.cluster,
        "taskDefinitionArn": lab.web_2, "lastStatus": "PROVISIONING", "desiredStatus": "RUNNING", "version": 1, "launchType": "FARGATE",
        "platformVersion": "1.4.0", "platformFamily": "Linux", "group": f"family:{lab.name('web')}", "startedBy": "bootcamp",
        "cpu": "512", "memory": "1024", "createdAt": Time(), "availabilityZone": OneOf(*lab.zones), "enableExecuteCommand": True,
        "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}], "inferenceAccelerators": Maybe([]),
        "ephemeralStorage": {"sizeInGiB": 20}, "fargateEphemeralStorage": Maybe(), "tags": [{"key": "run", "value": lab.run}],
        "overrides": {**overrides, "inferenceAcceleratorOverrides": []}, "healthStatus": Maybe("UNKNOWN"),
        "attachments": [{"id": Like("[0-9a-f-]{36}"), "type": "ElasticNetworkInterface", "status": "PRECREATED", "details": [
            {"name": "subnetId", "value": OneOf(*lab.subnets)}]}],
        "containers": [{
            "containerArn": Like(rf"arn:aws:ecs:{lab.region}:{lab.account}:container/{lab.name('cluster')}/[0-9a-f]{{32}}/[0-9a-f-]{{36}}"),
            "taskArn": lab.task, "name": "web", "image": Any(), "lastStatus": "PENDING", "networkInterfaces": [], "cpu": "0",
            "managedAgents": Maybe([Has(name="ExecuteCommandAgent", lastStatus="PENDING")])}],
    }], answer["tasks"])


@step("the task runs")
def running(aws, lab):
    got = lab.until("task runs", lambda: task(aws, lab, lab.task), lambda item: item["lastStatus"] in ("RUNNING", "STOPPED"))
    lab.same("task", Has({
        "lastStatus": "RUNNING", "desiredStatus": "RUNNING", "connectivity": "CONNECTED", "version": Between(2, 99), "startedAt": Time(),
        "pullStartedAt": Time(), "pullStoppedAt": Time(), "connectivityAt": Time(), "stoppedAt": Absent(), "stopCode": Absent(),
        "tags": [{"key": "run", "value": lab.run}], "attachments": [Has(status="ATTACHED")],
        "containers": [Has(name="web", lastStatus="RUNNING", runtimeId=Like("[0-9a-f]{32}-\\d+"), exitCode=Absent())]}), got)
    lab.task_interface = detail(got, "networkInterfaceId")
    listed = aws.ecs.list_tasks(cluster=lab.cluster, startedBy="bootcamp")["taskArns"]
    lab.same("by startedBy", [lab.task], listed)
    listed = aws.ecs.list_tasks(cluster=lab.cluster, family=lab.name("web"))["taskArns"]
    lab.true("by family", lab.task in listed and len(listed) == 3, listed)


@step("execute a command in it")
def execute(aws, lab):
    answer = lab.settle(lambda: aws.ecs.execute_command(
        cluster=lab.cluster, task=lab.task, container="web", interactive=True, command="/bin/true"), "TargetNotConnectedException")
    lab.same("ExecuteCommand", {
        "clusterArn": lab.cluster, "taskArn": lab.task, "containerName": "web", "interactive": True,
        "containerArn": Like(".+:container/.+"), "session": {
            "sessionId": Like("ecs-execute-command-.+"), "streamUrl": Like("wss://.+"), "tokenValue": Like(".+")}}, answer)


@step("stop the task")
def stop(aws, lab):
    answer = aws.ecs.stop_task(cluster=lab.cluster, task=lab.task, reason=REASON)["task"]
    lab.same("StopTask", Has(taskArn=lab.task, desiredStatus="STOPPED", stopCode="UserInitiated", stoppedReason=REASON), answer)
    got = lab.until("task is stopped", lambda: task(aws, lab, lab.task), lambda item: item["lastStatus"] == "STOPPED")
    lab.same("task", Has({
        "lastStatus": "STOPPED", "desiredStatus": "STOPPED", "stopCode": "UserInitiated", "stoppedReason": REASON, "stoppingAt": Time(),
        "executionStoppedAt": Time(), "stoppedAt": Time(), "version": Between(3, 99),
        "containers": [Has(name="web", lastStatus="STOPPED", exitCode=OneOf(0, 137, 143))],
        "attachments": [Has(status="DELETED")]}), got)
    lab.true("stopped task is listed", lab.task in aws.ecs.list_tasks(cluster=lab.cluster, desiredStatus="STOPPED")["taskArns"])
    lab.gone("interface of the task", lambda: aws.ec2.describe_network_interfaces(
        NetworkInterfaceIds=[lab.task_interface]), "InvalidNetworkInterfaceID.NotFound")


@step("a task whose image does not exist stops by itself")
def missing(aws, lab):
    answer = aws.ecs.run_task(cluster=lab.cluster, taskDefinition=f"{lab.name('web')}:3", launchType="FARGATE",
                              networkConfiguration=network(lab))
    lab.same("accepted", [[], ["PROVISIONING"]], [answer["failures"], [item["lastStatus"] for item in answer["tasks"]]])
    arn = answer["tasks"][0]["taskArn"]
    got = lab.until("task is stopped", lambda: task(aws, lab, arn), lambda item: item["lastStatus"] == "STOPPED")
    lab.same("task", Has({
        "stopCode": "TaskFailedToStart", "stoppedReason": Like("CannotPullContainerError: .+"), "startedAt": Absent(),
        "containers": [Has(name="web", image=MISSING_IMAGE, lastStatus="STOPPED")]}), got)
    unknown = arn[:-32] + "0" * 32
    got = aws.ecs.describe_tasks(cluster=lab.cluster, tasks=[unknown])
    lab.same("unknown task", {"tasks": [], "failures": [{"arn": unknown, "reason": "MISSING"}]}, got)
    lab.refused("what an empty list prints", "InvalidParameterException", lambda: aws.ecs.describe_tasks(cluster=lab.cluster, tasks=["None"]),
                status=400, message="taskId length should be one of [32,36]")
    lab.refused("no tasks asked", "InvalidParameterException", lambda: aws.ecs.describe_tasks(cluster=lab.cluster, tasks=[]), status=400,
                message="Tasks cannot be empty.")
