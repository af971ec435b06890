"""EventBridge Scheduler: a schedule that runs a task of the cluster.

Decides what is run by the clock. Must not wait for it to fire.
"""

from compare import Absent, Has, Like, Time
from harness import step

RETRY = {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}


def target(lab):
    """The task the schedule runs."""
    return {"Arn": lab.cluster, "RoleArn": lab.task_role, "EcsParameters": {
        "TaskDefinitionArn": lab.worker_1, "LaunchType": "FARGATE", "TaskCount": 1, "NetworkConfiguration": {
            "awsvpcConfiguration": {"Subnets": lab.subnets, "SecurityGroups": [lab.app], "AssignPublicIp": "ENABLED"}}}}


def fields(lab, **other):
    """The schedule as GetSchedule returns it, with every default."""
    name = lab.name("nightly")
    return {
        "Arn": f"arn:aws:scheduler:{lab.region}:{lab.account}:schedule/default/{name}", "GroupName": "default", "Name": name,
        "ScheduleExpression": "rate(1 day)", "ScheduleExpressionTimezone": "UTC", "State": "ENABLED", "CreationDate": Time(),
        "LastModificationDate": Time(), "FlexibleTimeWindow": {"Mode": "OFF"}, "ActionAfterCompletion": "NONE",
        "Target": {**target(lab), "RetryPolicy": RETRY}, **other,
    }


@step("create a schedule")
def create(aws, lab):
    name = lab.name("nightly")

    def make():
        return aws.scheduler.create_schedule(Name=name, ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"},
                                             Target=target(lab))

    lab.same("CreateSchedule", {"ScheduleArn": fields(lab)["Arn"]}, lab.settle(make))
    lab.schedule = name
    lab.same("GetSchedule", fields(lab), aws.scheduler.get_schedule(Name=name))
    lab.refused("same name", "ConflictException", make, status=409, message=f"Schedule {name} already exists.")
    lab.refused("unknown", "ResourceNotFoundException", lambda: aws.scheduler.get_schedule(Name=lab.name("none")), status=404)
    listed = aws.scheduler.list_schedules(NamePrefix=name)["Schedules"]
    lab.same("ListSchedules", [Has(Name=name, GroupName="default", State="ENABLED", Target={"Arn": lab.cluster})], listed)


@step("update the schedule: what is left out returns to its default")
def update(aws, lab):
    whole = {"Name": lab.schedule, "Target": {**target(lab), "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 600}}}
    aws.scheduler.update_schedule(**whole, ScheduleExpression="cron(0 4 * * ? *)", ScheduleExpressionTimezone="Europe/Berlin",
                                  Description="every night", State="DISABLED", FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15})
    lab.same("GetSchedule", fields(
        lab, ScheduleExpression="cron(0 4 * * ? *)", ScheduleExpressionTimezone="Europe/Berlin", Description="every night", State="DISABLED",
        FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}, Target=whole["Target"]), aws.scheduler.get_schedule(Name=lab.schedule))
    aws.scheduler.update_schedule(Name=lab.schedule, ScheduleExpression="rate(2 days)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target(lab))
    lab.same("defaults again", fields(lab, ScheduleExpression="rate(2 days)", Description=Absent()), aws.scheduler.get_schedule(Name=lab.schedule))
    lab.refused("bad expression", "ValidationException", lambda: aws.scheduler.update_schedule(
        Name=lab.schedule, ScheduleExpression="often", FlexibleTimeWindow={"Mode": "OFF"}, Target=target(lab)), status=400,
        message="Invalid Schedule Expression often.")
    try:
        aws.scheduler.update_schedule(Name=lab.schedule, ScheduleExpression="rate(10 years)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target(lab))
    except aws.scheduler.exceptions.ValidationException as error:
        lab.same("the model's member of the refusal", "Invalid Schedule Expression rate(10 years).", error.response.get("Message"))


@step("schedule group with tags")
def group(aws, lab):
    name, tags = lab.name("jobs"), [{"Key": "run", "Value": lab.run}]
    arn = aws.scheduler.create_schedule_group(Name=name, Tags=tags)["ScheduleGroupArn"]
    lab.schedule_group = name
    lab.same("ARN", f"arn:aws:scheduler:{lab.region}:{lab.account}:schedule-group/{name}", arn)
    lab.same("GetScheduleGroup", {"Arn": arn, "Name": name, "State": "ACTIVE", "CreationDate": Time(), "LastModificationDate": Time()},
             aws.scheduler.get_schedule_group(Name=name))
    lab.same("tags", {"Tags": tags}, aws.scheduler.list_tags_for_resource(ResourceArn=arn))
    lab.same("the default group", Has(Name="default", Arn=Like(".+:schedule-group/default")), aws.scheduler.get_schedule_group(Name="default"))
