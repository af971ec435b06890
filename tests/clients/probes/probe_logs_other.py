"""Probes of log policies, filters and exports.

Decides what the rest of CloudWatch Logs refuses.
"""

import json

from harness import probe

KINESIS = "arn:aws:kinesis:us-east-1:123456789012:stream/none"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "es.amazonaws.com"}, "Action": "logs:PutLogEvents",
     "Resource": "*"}]})


@probe("logs.policy.unknown")
def policy_unknown(t):
    t.refused("ResourceNotFoundException", f"Policy with name [{t.name}] does not exist.",
              t.logs.delete_resource_policy, policyName=t.name)


@probe("logs.policy.eleventh", region="eu-north-1")
def policy_quota(t):
    for n in range(10 - len(t.logs.describe_resource_policies().get("resourcePolicies", []))):
        t.logs.put_resource_policy(policyName=f"{t.name}-{n}", policyDocument=POLICY)
    t.refused("LimitExceededException", "Resource limit exceeded.", t.logs.put_resource_policy,
              policyName=t.name, policyDocument=POLICY)


@probe("logs.filter.unknown")
def filter_unknown(t):
    t.logs.create_log_group(logGroupName=t.name)
    t.refused("ResourceNotFoundException", "The specified subscription filter does not exist.",
              t.logs.delete_subscription_filter, logGroupName=t.name, filterName="none")


@probe("logs.filter.kinesis-without-role")
def filter_role(t):
    t.logs.create_log_group(logGroupName=t.name)
    t.refused("InvalidParameterException", "destinationArn for vendor kinesis cannot be used without roleArn",
              t.logs.put_subscription_filter, logGroupName=t.name, filterName="f", filterPattern="",
              destinationArn=KINESIS)


@probe("logs.export.unknown-task")
def export_unknown(t):
    t.refused("ResourceNotFoundException", "The specified export task does not exist.",
              t.logs.cancel_export_task, taskId="00000000-0000-0000-0000-000000000000")


@probe("logs.events.{0}", cases=(
    ("bad-token", {"nextToken": "nonsense"}, "The specified nextToken is invalid."),
    ("limit-10001", {"limit": 10001}, "1 validation error detected: Value '10001' at 'limit' failed to satisfy "
     "constraint: Member must have value less than or equal to 10000")))
def bad_events(t, _case, more, text):
    t.logs.create_log_group(logGroupName=t.name)
    t.logs.create_log_stream(logGroupName=t.name, logStreamName="s")
    t.refused("InvalidParameterException", text, t.logs.get_log_events, logGroupName=t.name,
              logStreamName="s", **more)


@probe("logs.group.name-length-text")
def name_length(t):
    t.refused("InvalidParameterException",
              "Invalid LogGroup or LogStream, both must have length less than or equal to 512.",
              t.logs.create_log_group, logGroupName="x" * 513)
