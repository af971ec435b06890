"""Probes of the resource groups tagging API and of EventBridge Scheduler.

Decides how tagged resources are found and paged, and what a schedule refuses.
"""

from botocore.exceptions import ClientError

from fixtures import role
from harness import ACCOUNT, Part, probe


def tagged_group(t, suffix=""):
    """A tagged log group; its ARN."""
    t.logs.create_log_group(logGroupName=t.name + suffix, tags={"probe": t.name})
    return f"arn:aws:logs:{t.region}:{ACCOUNT}:log-group:{t.name}{suffix}"


def own(t):
    """The filter that finds what this probe tagged."""
    return [{"Key": "probe", "Values": [t.name]}]


def found(t, **more):
    """The ARNs found by the probe's own tag."""
    answer = t.resourcegroupstaggingapi.get_resources(TagFilters=own(t), **more)
    return sorted(item["ResourceARN"] for item in answer["ResourceTagMappingList"])


@probe("tagging.empty-token-at-the-end")
def empty_token(t):
    answer = t.resourcegroupstaggingapi.get_resources(TagFilters=own(t))
    t.equal((answer["ResourceTagMappingList"], answer.get("PaginationToken")), ([], ""), "list and token")


@probe("tagging.unknown-arns-left-out")
def unknown_arns(t):
    arn = f"arn:aws:logs:{t.region}:{ACCOUNT}:log-group:{t.name}"
    answer = t.resourcegroupstaggingapi.get_resources(ResourceARNList=[arn])
    t.equal(answer["ResourceTagMappingList"], [])


@probe("tagging.arns-with-filters")
def both(t):
    t.refused("InvalidParameterException", None, t.resourcegroupstaggingapi.get_resources,
              ResourceARNList=[tagged_group(t)], TagFilters=own(t))


@probe("tagging.{0}", cases=(("101-arns", 101), ("21-arns-to-tag", 21)))
def batch(t, _case, count):
    arns = [f"arn:aws:logs:{t.region}:{ACCOUNT}:log-group:{t.name}{n}" for n in range(count)]
    if count == 101:
        t.refused("InvalidParameterException|ValidationException", None,
                  t.resourcegroupstaggingapi.get_resources, ResourceARNList=arns)
    else:
        t.refused("InvalidParameterException|ValidationException", None,
                  t.resourcegroupstaggingapi.tag_resources, ResourceARNList=arns, Tags={"a": "b"})


@probe("tagging.pages", region="us-west-2")
def pages(t):
    wanted = [tagged_group(t, f"-{n}") for n in range(5)]
    t.until(lambda: found(t) == sorted(wanted), 30)
    walked = t.walk(t.resourcegroupstaggingapi.get_resources, "ResourceTagMappingList",
                    ("PaginationToken", "PaginationToken"), TagFilters=own(t), ResourcesPerPage=2)
    t.once(walked, wanted, 2, lambda item: item["ResourceARN"])


@probe("tagging.page-size-101")
def page_size(t):
    t.refused("InvalidParameterException|ValidationException", None,
              t.resourcegroupstaggingapi.get_resources, ResourcesPerPage=101)


@probe("tagging.no-roles")
def no_roles(t):
    role(t)
    t.iam.tag_role(RoleName=t.name, Tags=[{"Key": "probe", "Value": t.name}])
    arn = tagged_group(t)
    t.until(lambda: arn in found(t), 30)
    t.equal(found(t), [arn], "resources without the role:")


@probe("tagging.regional")
def regional(t):
    arn = tagged_group(t)
    t.until(lambda: arn in found(t), 30)
    other = t.world.client("resourcegroupstaggingapi", "eu-west-1").get_resources(TagFilters=own(t))
    t.equal(other["ResourceTagMappingList"], [], "resources in another region:")


def schedule(t, name=None, **more):
    """A CreateSchedule request that is in order once the role is usable."""
    arn = t.shared("schedule role", lambda: role(t, "s", "scheduler.amazonaws.com"))
    body = {"Name": name or t.name, "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": f"arn:aws:ecs:{t.region}:{ACCOUNT}:cluster/none", "RoleArn": arn,
                       "EcsParameters": {"TaskDefinitionArn":
                                         f"arn:aws:ecs:{t.region}:{ACCOUNT}:task-definition/none:1"}}}
    body.update(more)
    return body


def scheduled(t, name=None):
    """Creates a schedule as soon as its fresh role is usable."""

    def attempt():
        try:
            return t.scheduler.create_schedule(**schedule(t, name))["ScheduleArn"]
        except ClientError as error:
            if "role" in error.response["Error"]["Message"]:
                return None
            raise

    return t.until(attempt, 20)


@probe("scheduler.bad-expression")
def bad_expression(t):
    t.refused("ValidationException", "Invalid Schedule Expression never.", t.scheduler.create_schedule,
              **schedule(t, ScheduleExpression="never"))


@probe("scheduler.name-taken")
def name_taken(t):
    scheduled(t)
    t.refused("409 ConflictException", Part(t.name), t.scheduler.create_schedule, **schedule(t))


@probe("scheduler.unknown.{0}", cases=(("get_schedule",), ("delete_schedule",)))
def unknown(t, operation):
    t.refused("404 ResourceNotFoundException", Part(t.name), getattr(t.scheduler, operation), Name=t.name)


@probe("scheduler.unknown-group")
def unknown_group(t):
    t.refused_within(10, "404 ResourceNotFoundException", Part("none"), t.scheduler.create_schedule,
                     **schedule(t, GroupName="none"))


@probe("scheduler.read-back")
def read_back(t):
    scheduled(t)
    got = t.scheduler.get_schedule(Name=t.name)
    t.equal((got["GroupName"], got["State"], got["ScheduleExpressionTimezone"], got["ActionAfterCompletion"],
             got["Target"]["RetryPolicy"]),
            ("default", "ENABLED", "UTC", "NONE",
             {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}))


@probe("scheduler.pages", region="us-west-2")
def schedule_pages(t):
    wanted = [scheduled(t, f"{t.name}-{n}") for n in range(5)]
    walked = t.walk(t.scheduler.list_schedules, "Schedules", ("NextToken", "NextToken"), NamePrefix=t.name,
                    MaxResults=2)
    t.once(walked, wanted, 2, lambda item: item["Arn"])
