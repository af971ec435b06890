"""Probes of log groups: names, retention, protection, tags, events and pages.

Decides what CloudWatch Logs refuses and how its lists page.
"""

import time

from harness import ACCOUNT, Part, probe

NO_GROUP = "The specified log group does not exist."
RETENTION = Part("at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set")


def log_group(t, suffix="", **more):
    """A log group of its own; its ARN without the star."""
    t.logs.create_log_group(logGroupName=t.name + suffix, **more)
    return f"arn:aws:logs:{t.region}:{ACCOUNT}:log-group:{t.name}{suffix}"


@probe("logs.group.exists")
def exists(t):
    log_group(t)
    t.refused("ResourceAlreadyExistsException", "The specified log group already exists",
              t.logs.create_log_group, logGroupName=t.name)


@probe("logs.stream.exists")
def stream_exists(t):
    log_group(t)
    t.logs.create_log_stream(logGroupName=t.name, logStreamName="s")
    t.refused("ResourceAlreadyExistsException", "The specified log stream already exists",
              t.logs.create_log_stream, logGroupName=t.name, logStreamName="s")


@probe("logs.group.unknown.{0}", cases=(
    ("delete_log_group", {}), ("put_retention_policy", {"retentionInDays": 7}),
    ("delete_retention_policy", {}), ("describe_log_streams", {}),
    ("create_log_stream", {"logStreamName": "s"}), ("get_log_events", {"logStreamName": "s"})))
def unknown_group(t, operation, more):
    t.refused("ResourceNotFoundException", NO_GROUP, getattr(t.logs, operation), logGroupName=t.name, **more)


@probe("logs.stream.unknown.{0}", cases=(
    ("get_log_events", {}), ("put_log_events", {"logEvents": [{"timestamp": 0, "message": "m"}]})))
def unknown_stream(t, operation, more):
    log_group(t)
    if "logEvents" in more:
        more = {"logEvents": [{"timestamp": int(time.time() * 1000), "message": "m"}]}
    t.refused("ResourceNotFoundException", "The specified log stream does not exist.",
              getattr(t.logs, operation), logGroupName=t.name, logStreamName="none", **more)


@probe("logs.group.name.{0}", cases=(
    ("characters", "no spaces", Part("Value at 'logGroupName' failed to satisfy constraint: "
                                     "Member must satisfy regular expression pattern:")),
    ("reserved", "aws/mine", None),
    ("missing", None, Part("Value null at 'logGroupName' failed to satisfy constraint: Member must not be null"))))
def bad_name(t, _case, name, text):
    t.refused("InvalidParameterException", text, t.logs.create_log_group,
              **({} if name is None else {"logGroupName": name}))


@probe("logs.retention.{0}-days", cases=((2,), (8,), (1000,)))
def bad_retention(t, days):
    log_group(t)
    t.refused("InvalidParameterException", RETENTION, t.logs.put_retention_policy, logGroupName=t.name,
              retentionInDays=days)


@probe("logs.retention.same-again")
def same_retention(t):
    log_group(t)
    for _ in "ab":
        t.logs.put_retention_policy(logGroupName=t.name, retentionInDays=3653)
    found = t.logs.describe_log_groups(logGroupNamePrefix=t.name)["logGroups"][0]
    t.equal(found["retentionInDays"], 3653, "retention")
    for _ in "ab":
        t.logs.delete_retention_policy(logGroupName=t.name)
    found = t.logs.describe_log_groups(logGroupNamePrefix=t.name)["logGroups"][0]
    t.true("retentionInDays" not in found, "no retentionInDays once removed", found)


@probe("logs.group.deletion-protection")
def protection(t):
    log_group(t, deletionProtectionEnabled=True)
    t.refused("ValidationException", None, t.logs.delete_log_group, logGroupName=t.name)
    t.logs.put_log_group_deletion_protection(logGroupIdentifier=t.name, deletionProtectionEnabled=False)
    t.until(lambda: t.logs.delete_log_group(logGroupName=t.name), 10)


@probe("logs.group.prefix-is-not-equality")
def prefix(t):
    log_group(t, "-long")
    found = t.logs.describe_log_groups(logGroupNamePrefix=t.name)["logGroups"]
    t.equal([item["logGroupName"] for item in found], [t.name + "-long"], "groups of the prefix")


@probe("logs.group.both-arns")
def both_arns(t):
    arn = log_group(t)
    found = t.logs.describe_log_groups(logGroupNamePrefix=t.name)["logGroups"][0]
    t.equal((found["arn"], found["logGroupArn"]), (arn + ":*", arn), "arn and logGroupArn")


@probe("logs.group.prefix-with-pattern")
def prefix_and_pattern(t):
    t.refused("InvalidParameterException",
              "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
              t.logs.describe_log_groups, logGroupNamePrefix="a", logGroupNamePattern="b")


@probe("logs.group.pattern-gives-a-token")
def pattern_token(t):
    log_group(t)
    answer = t.logs.describe_log_groups(logGroupNamePattern=t.name)
    t.equal([item["logGroupName"] for item in answer["logGroups"]], [t.name], "groups")
    t.true(answer.get("nextToken"), "a nextToken even for one hit", sorted(answer))


@probe("logs.streams.name-and-identifier")
def name_and_identifier(t):
    arn = log_group(t)
    t.refused("ValidationException|InvalidParameterException",
              "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
              t.logs.describe_log_streams, logGroupName=t.name, logGroupIdentifier=arn)


@probe("logs.streams.identifier-with-star")
def starred_identifier(t):
    arn = log_group(t)
    t.refused("InvalidParameterException",
              "1 validation error detected: Value at 'logGroupIdentifier' failed to satisfy constraint: "
              r"Member must satisfy regular expression pattern: [\w#+=/:,.@-]*",
              t.logs.describe_log_streams, logGroupIdentifier=arn + ":*")


@probe("logs.tags.unknown-group")
def tags_unknown(t):
    t.refused("ResourceNotFoundException", None, t.logs.list_tags_for_resource,
              resourceArn=f"arn:aws:logs:{t.region}:{ACCOUNT}:log-group:{t.name}")


@probe("logs.tags.same-set-both-ways")
def tags_both_ways(t):
    arn = log_group(t, tags={"a": "1"})
    t.logs.tag_resource(resourceArn=arn, tags={"b": "2"})
    for answer in (t.logs.list_tags_for_resource(resourceArn=arn),
                   t.logs.list_tags_log_group(logGroupName=t.name)):
        t.equal(answer["tags"], {"a": "1", "b": "2"}, "tags")


@probe("logs.tags.reserved-prefix")
def reserved_tag(t):
    t.refused("InvalidParameterException", None, t.logs.create_log_group, logGroupName=t.name,
              tags={"aws:mine": "x"})


@probe("logs.events.not-chronological")
def not_chronological(t):
    log_group(t)
    t.logs.create_log_stream(logGroupName=t.name, logStreamName="s")
    now = int(time.time() * 1000)
    t.refused("InvalidParameterException",
              "Log events in a single PutLogEvents request must be in chronological order.",
              t.logs.put_log_events, logGroupName=t.name, logStreamName="s",
              logEvents=[{"timestamp": now, "message": "b"}, {"timestamp": now - 1000, "message": "a"}])


@probe("logs.pages.groups", region="eu-central-1")
def page_groups(t):
    wanted = [log_group(t, f"-{n}") for n in (3, 1, 2, 5, 4)]
    pages = t.walk(t.logs.describe_log_groups, "logGroups", logGroupNamePrefix=t.name, limit=2)
    t.once(pages, wanted, 2, lambda item: item["logGroupArn"])
    flat = [item["logGroupName"] for page in pages for item in page]
    t.equal(flat, sorted(flat), "names in order")


@probe("logs.pages.groups-default-50", region="eu-central-1")
def page_default(t):
    wanted = [log_group(t, f"-{n:02d}") for n in range(52)]
    pages = t.walk(t.logs.describe_log_groups, "logGroups", logGroupNamePrefix=t.name)
    t.once(pages, wanted, 50, lambda item: item["logGroupArn"])


@probe("logs.pages.limit-51")
def page_limit(t):
    t.refused("InvalidParameterException",
              Part("Value '51' at 'limit' failed to satisfy constraint: Member must have value less than or "
                   "equal to 50"), t.logs.describe_log_groups, limit=51)


@probe("logs.pages.bad-token")
def bad_token(t):
    t.refused("InvalidParameterException", None, t.logs.describe_log_groups, nextToken="nonsense")


@probe("logs.pages.streams", region="eu-central-1")
def page_streams(t):
    log_group(t)
    wanted = [f"s{n}" for n in range(5)]
    for stream in wanted:
        t.logs.create_log_stream(logGroupName=t.name, logStreamName=stream)
    pages = t.walk(t.logs.describe_log_streams, "logStreams", logGroupName=t.name, limit=2)
    t.once(pages, wanted, 2, lambda item: item["logStreamName"])
