"""A rolling update, scaling by hand, a failing deployment that rolls back, and settings changed in place.

Decides how the web service changes over its life. Must not delete it.
"""

import re

from compare import Any, Bag, Between, Has, Like, Time
from harness import step
from steps_services import BREAKER_DEFAULTS, DEPLOYMENT_DEFAULTS, DEPLOYMENT_ID, service, web_deployment
from steps_steady import health, healthy, steady, tasks
from steps_taskdefs import MISSING_IMAGE, NEXT_IMAGE, web


def newest(aws, lab):
    """The newest service deployment of web, described."""
    brief = aws.ecs.list_service_deployments(service=lab.name("web"), cluster=lab.cluster)["serviceDeployments"]
    brief.sort(key=lambda item: item["createdAt"], reverse=True)
    return aws.ecs.describe_service_deployments(serviceDeploymentArns=[brief[0]["serviceDeploymentArn"]])["serviceDeployments"][0]


def finished(aws, lab, after, what):
    """Waits for the end of the service deployment that follows `after`."""
    return lab.until(what, lambda: newest(aws, lab), lambda item: item["serviceDeploymentArn"] != after and item["status"] in (
        "SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"))


@step("rolling update: two deployments at first")
def update(aws, lab):
    lab.before_update = newest(aws, lab)["serviceDeploymentArn"]
    lab.web_2 = aws.ecs.register_task_definition(**web(lab, NEXT_IMAGE))["taskDefinition"]["taskDefinitionArn"]
    got = aws.ecs.update_service(cluster=lab.cluster, service=lab.name("web"), taskDefinition=lab.name("web"))["service"]
    lab.same("UpdateService", Has({
        "taskDefinition": lab.web_2, "desiredCount": 2, "runningCount": 2, "deployments": [
            Has(status="PRIMARY", taskDefinition=lab.web_2, desiredCount=2, runningCount=0, rolloutState="IN_PROGRESS", id=DEPLOYMENT_ID,
                rolloutStateReason=Like(r"ECS deployment ecs-svc/\d{19} in progress\.")),
            Has(status="ACTIVE", taskDefinition=lab.web_1, runningCount=2, id=lab.web_deployment, rolloutState="COMPLETED")],
    }), got)


@step("rolling update: completes and replaces every task")
def updated(aws, lab):
    done = finished(aws, lab, lab.before_update, "rolling update ends")
    lab.after_update = done["serviceDeploymentArn"]
    lab.same("service deployment", Has({
        "status": "SUCCESSFUL", "sourceServiceRevisions": [Has(arn=lab.first_revision)],
        "targetServiceRevision": Has(requestedTaskCount=2, runningTaskCount=2, pendingTaskCount=0),
        "deploymentCircuitBreaker": {"status": "MONITORING_COMPLETE", "failureCount": 0, "threshold": 3}}), done)
    lab.good_revision = done["targetServiceRevision"]["arn"]
    lab.true("a new service revision", lab.good_revision != lab.first_revision, lab.good_revision)
    got = steady(aws, lab, lab.web)
    lab.web_deployment = got["deployments"][0]["id"]
    lab.same("service", Has(taskDefinition=lab.web_2, runningCount=2, pendingCount=0), got)
    now = tasks(aws, lab, lab.web)
    lab.same("tasks", Bag([Has(taskDefinitionArn=lab.web_2, startedBy=lab.web_deployment)] * 2), now)
    lab.true("all are new", not {task["taskArn"] for task in now} & {task["taskArn"] for task in lab.web_tasks})
    lab.web_now = now


@step("rolling update: old tasks stopped, targets replaced")
def replaced(aws, lab):
    old = [task["taskArn"] for task in lab.web_tasks]
    stopped = lab.until("old tasks are stopped", lambda: aws.ecs.describe_tasks(cluster=lab.cluster, tasks=old)["tasks"],
                        lambda items: all(item["lastStatus"] == "STOPPED" for item in items))
    lab.same("stopped tasks", [Has({
        "lastStatus": "STOPPED", "desiredStatus": "STOPPED", "stopCode": "ServiceSchedulerInitiated", "stoppingAt": Time(),
        "stoppedAt": Time(), "executionStoppedAt": Time(),
        "stoppedReason": Like(r"Scaling activity initiated by \(deployment ecs-svc/\d{19}\)"),
        "containers": Bag([Has(name="web", lastStatus="STOPPED", exitCode=Any())], exact=False)})] * 2, stopped)
    got = lab.until("targets are the new tasks", lambda: health(aws, lab.blue), lambda items: len(items) == 2 and all(
        item["TargetHealth"]["State"] == "healthy" for item in items))
    lab.same("targets", Bag([healthy(task) for task in lab.web_now]), got)
    text = "\n".join(item["message"] for item in service(aws, lab, lab.web)["events"])
    for pattern in (r"has stopped \d running tasks: \(task [0-9a-f]{32}\)", r"has begun draining connections on \d tasks\.",
                    r"deregistered \d targets in \(target-group "):
        lab.true(f"event {pattern}", re.search(pattern, text), text)


@step("scaled by hand without a new deployment")
def scaled(aws, lab):
    for count in (3, 2):
        got = aws.ecs.update_service(cluster=lab.cluster, service=lab.web, desiredCount=count)["service"]
        lab.same("UpdateService", Has(desiredCount=count, deployments=[Has(id=lab.web_deployment, desiredCount=count)]), got)
        lab.until(f"{count} tasks run", lambda: service(aws, lab, lab.web), lambda item: (item["runningCount"], item["pendingCount"]) == (count, 0))
    lab.same("no service deployment", lab.after_update, newest(aws, lab)["serviceDeploymentArn"])


@step("failing deployment: circuit breaker rolls back")
def failing(aws, lab):
    # The breaker may only judge a service whose earlier scaling has settled.
    steady(aws, lab, lab.web)
    lab.web_3 = aws.ecs.register_task_definition(**web(lab, MISSING_IMAGE))["taskDefinition"]["taskDefinitionArn"]
    got = aws.ecs.update_service(cluster=lab.cluster, service=lab.web, taskDefinition=lab.web_3)["service"]
    lab.failed_deployment = got["deployments"][0]["id"]
    counts = []

    def look():
        counts.append(service(aws, lab, lab.web)["runningCount"])
        return newest(aws, lab)

    done = lab.until("roll-back ends", look, lambda item: item["serviceDeploymentArn"] != lab.after_update and item["status"] in (
        "SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"), deadline=2 * lab.deadline)
    lab.same("service deployment", Has({
        "status": "ROLLBACK_SUCCESSFUL", "statusReason": Like(".*circuit breaker.*"), "finishedAt": Time(),
        "deploymentCircuitBreaker": {"status": "TRIGGERED", "failureCount": Between(3, 99), "threshold": 3},
        "rollback": Has(reason=Like(".+"), startedAt=Time(), serviceRevisionArn=lab.good_revision),
        "sourceServiceRevisions": [Has(arn=lab.good_revision)]}), done)
    lab.true("half the tasks ran at any moment", min(counts) >= 1, counts)


@step("failing deployment: the old revision serves again")
def rolled_back(aws, lab):
    got = steady(aws, lab, lab.web)
    lab.same("service", Has(taskDefinition=lab.web_2, runningCount=2, deployments=[Has(
        status="PRIMARY", taskDefinition=lab.web_2, rolloutState="COMPLETED", failedTasks=0)]), got)
    text = "\n".join(item["message"] for item in got["events"])
    for pattern in (rf"\(deployment {lab.failed_deployment}\) deployment failed: tasks failed to start\.",
                    r"rolling back to deployment ecs-svc/\d{19}\."):
        lab.true(f"event {pattern}", re.search(pattern, text), text)
    lab.same("tasks", Bag([Has(taskDefinitionArn=lab.web_2)] * 2), tasks(aws, lab, lab.web))
    lab.until("targets are healthy", lambda: health(aws, lab.blue), lambda items: [
        item["TargetHealth"]["State"] for item in items] == ["healthy", "healthy"])


@step("failing deployment: why its tasks stopped")
def why(aws, lab):
    failed = [task for task in tasks(aws, lab, lab.web, "STOPPED") if task["taskDefinitionArn"] == lab.web_3]
    lab.true("at least three failures are still listed", len(failed) >= 3, len(failed))
    lab.same("failed tasks", [Has({
        "lastStatus": "STOPPED", "stopCode": "TaskFailedToStart", "startedBy": lab.failed_deployment, "stoppedAt": Time(),
        "stoppedReason": Like("CannotPullContainerError: .+")})] * len(failed), failed)


@step("settings of the service changed in place")
def settings(aws, lab):
    aws.ecs.update_service(
        cluster=lab.cluster, service=lab.web, healthCheckGracePeriodSeconds=45, availabilityZoneRebalancing="DISABLED",
        deploymentConfiguration={**web_deployment(lab), "maximumPercent": 150, "deploymentCircuitBreaker": {"enable": True, "rollback": False},
                                 "alarms": {"alarmNames": [], "enable": False, "rollback": False}})
    aws.ecs.tag_resource(resourceArn=lab.web, tags=[{"key": "team", "value": "core"}])
    aws.ecs.untag_resource(resourceArn=lab.web, tagKeys=["never"])
    got = service(aws, lab, lab.web)
    lab.same("service", Has({
        "healthCheckGracePeriodSeconds": 45, "availabilityZoneRebalancing": "DISABLED", "propagateTags": "SERVICE",
        "tags": Bag([{"key": "run", "value": lab.run}, {"key": "team", "value": "core"}]),
        "deploymentConfiguration": {**DEPLOYMENT_DEFAULTS, "maximumPercent": 150, "minimumHealthyPercent": 50,
                                    "deploymentCircuitBreaker": {"enable": True, "rollback": False, **BREAKER_DEFAULTS}}}), got)
    steady(aws, lab, lab.web)


@step("forced new deployment of the worker")
def forced(aws, lab):
    before = [task["taskArn"] for task in tasks(aws, lab, lab.worker)]
    lab.same("one task before", 1, len(before))
    got = aws.ecs.update_service(cluster=lab.cluster, service=lab.worker, forceNewDeployment=True)["service"]
    lab.same("two deployments", ["PRIMARY", "ACTIVE"], [item["status"] for item in got["deployments"]])
    got = lab.until("one deployment is left", lambda: service(aws, lab, lab.worker), lambda item: len(item["deployments"]) == 1
                    and item["runningCount"] == 1 and item["deployments"][0]["rolloutState"] == "COMPLETED")
    lab.same("same definition", lab.worker_1, got["taskDefinition"])
    after = [task["taskArn"] for task in tasks(aws, lab, lab.worker)]
    lab.true("one other task after", len(after) == 1 and after != before, after)
