"""Probes of the wire: shapes of errors and answers per protocol, seen without boto3.

Decides what a body, a status and a header must look like. It must not test the
rules of any service.
"""

import json

from fixtures import zone
from harness import probe
from rawhttp import json_call, local, namespace, query, rest

QUERY_NAMESPACES = (
    ("iam", "GetRole", "RoleName", "404", "NoSuchEntity", "https://iam.amazonaws.com/doc/2010-05-08/"),
    ("elasticloadbalancing", "DescribeTargetGroups", "Names.member.1", "400", "TargetGroupNotFound",
     "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"),
    ("rds", "DescribeDBInstances", "DBInstanceIdentifier", "404", "DBInstanceNotFound",
     "http://rds.amazonaws.com/doc/2014-10-31/"),
)
JSON_ABSENT = (
    ("ecs", "DescribeTaskDefinition", "taskDefinition", "ClientException", "message"),
    ("logs", "DescribeLogStreams", "logGroupName", "ResourceNotFoundException", "message"),
    ("ecr", "ListImages", "repositoryName", "RepositoryNotFoundException", "message"),
    ("secretsmanager", "DescribeSecret", "SecretId", "ResourceNotFoundException", "Message"),
)
UNKNOWN_JSON = tuple((name,) for name in (
    "ecs", "logs", "ecr", "acm", "ssm", "secretsmanager", "application-autoscaling"))


@probe("wire.query.error-body.{0}", cases=QUERY_NAMESPACES)
def query_error(t, service, action, member, status, code, space):
    answer = query(t, service, action, **{member: t.name})
    t.equal(answer.status, int(status), "status")
    root = answer.xml
    t.equal((local(root.tag), namespace(root.tag)), ("ErrorResponse", space), "root")
    error = next(child for child in root if local(child.tag) == "Error")
    fields = {local(child.tag): child.text for child in error}
    t.equal((fields.get("Type"), fields.get("Code")), ("Sender", code), "Type and Code")
    t.true(fields.get("Message"), "a Message", fields)
    t.true(any(local(child.tag) == "RequestId" for child in root), "RequestId beside Error")


@probe("wire.query.request-id-header.{0}", cases=(("iam", "ListRoles"), ("sts", "GetCallerIdentity")))
def query_request_id(t, service, action):
    answer = query(t, service, action)
    metadata = next(c for c in answer.xml if local(c.tag) == "ResponseMetadata")
    body = next(c.text for c in metadata if local(c.tag) == "RequestId")
    t.equal(answer.headers.get("x-amzn-RequestId"), body, "x-amzn-RequestId")


@probe("wire.query.unknown-action.{0}", cases=(("iam",), ("elasticloadbalancing",), ("rds",), ("sts",)))
def query_unknown(t, service):
    answer = query(t, service, "FoldLaundry")
    codes = [element.text for element in answer.xml.iter() if local(element.tag) == "Code"]
    t.equal((answer.status, codes), (400, ["InvalidAction"]), "status and code")


@probe("wire.query.unsigned")
def query_unsigned(t):
    answer = query(t, "iam", "ListRoles", signed=False)
    codes = [element.text for element in answer.xml.iter() if local(element.tag) == "Code"]
    t.equal((answer.status, codes), (403, ["MissingAuthenticationToken"]), "status and code")


@probe("wire.ec2.error-body")
def ec2_error(t):
    answer = query(t, "ec2", "DescribeVpcs", **{"VpcId.1": "vpc-0123456789abcdef0"})
    t.equal(answer.status, 400, "status")
    t.true(answer.text.startswith('<?xml version="1.0" encoding="UTF-8"?>'), "an XML declaration",
           answer.text[:60])
    root = answer.xml
    t.equal(root.tag, "Response", "root without namespace")
    t.equal([child.tag for child in root], ["Errors", "RequestID"], "children of Response")
    error = root[0][0]
    t.equal([child.tag for child in error], ["Code", "Message"], "children of Error")
    t.equal(error[0].text, "InvalidVpcID.NotFound", "Code")


@probe("wire.ec2.unknown-action")
def ec2_unknown(t):
    answer = query(t, "ec2", "FoldLaundry")
    error = {local(e.tag): e.text for e in answer.xml.iter()}
    t.equal((answer.status, error.get("Code")), (400, "InvalidAction"), "status and code")
    t.equal(error.get("Message"), "The action FoldLaundry is not valid for this web service.")


@probe("wire.ec2.answer-namespace")
def ec2_answer(t):
    answer = query(t, "ec2", "DescribeVpcs")
    t.equal(answer.status, 200, "status")
    root = answer.xml
    t.equal((local(root.tag), namespace(root.tag)),
            ("DescribeVpcsResponse", "http://ec2.amazonaws.com/doc/2016-11-15/"), "root")
    t.true(any(local(child.tag) == "requestId" for child in root), "requestId in the body")


@probe("wire.json.error-body.{0}", cases=JSON_ABSENT)
def json_error(t, service, operation, member, code, key):
    answer = json_call(t, service, operation, json.dumps({member: t.name}))
    body = json.loads(answer.text)
    t.equal(answer.status, 400, "status")
    t.equal(body.get("__type", "").rpartition("#")[2], code, "__type")
    t.true(body.get(key), f"the text under {key!r}", sorted(body))
    t.equal(answer.headers.get_content_type(), "application/x-amz-json-1.1", "content type")
    t.true(answer.headers.get("x-amzn-RequestId"), "x-amzn-RequestId header")


@probe("wire.json.bare-type-in-ecs")
def ecs_bare_type(t):
    answer = json_call(t, "ecs", "ListServices", json.dumps({"cluster": t.name}))
    t.equal(json.loads(answer.text).get("__type"), "ClusterNotFoundException", "__type")


@probe("wire.json.unknown-operation.{0}", cases=UNKNOWN_JSON)
def json_unknown(t, service):
    answer = json_call(t, service, "FoldLaundry", "{}")
    body = json.loads(answer.text)
    t.equal(answer.status, 400, "status")
    t.equal(body.get("__type", "").rpartition("#")[2], "UnknownOperationException", "__type")
    t.equal(sorted(body), ["__type"], "members")


@probe("wire.json.body-not-json.{0}", cases=(("ecs",), ("logs",), ("ssm",)))
def json_malformed(t, service):
    operation = {"ecs": "ListClusters", "logs": "DescribeLogGroups", "ssm": "DescribeParameters"}
    answer = json_call(t, service, operation[service], '{"a": ')
    body = json.loads(answer.text)
    t.equal(answer.status, 400, "status")
    t.equal(body.get("__type", "").rpartition("#")[2], "SerializationException", "__type")


@probe("wire.json.wrong-member-type")
def json_wrong_type(t):
    answer = json_call(t, "ecs", "DescribeServices", '{"services": "not-a-list"}')
    body = json.loads(answer.text)
    t.equal(answer.status, 400, "status")
    t.equal(body.get("__type", "").rpartition("#")[2], "SerializationException", "__type")


@probe("wire.json.unsigned")
def json_unsigned(t):
    answer = json_call(t, "ecs", "ListClusters", "{}", signed=False)
    kind = json.loads(answer.text).get("__type", "").rpartition("#")[2]
    t.equal((answer.status, kind), (400, "MissingAuthenticationTokenException"), "status and type")


@probe("wire.json.dynamodb-prefixed-type")
def dynamodb_type(t):
    answer = json_call(t, "dynamodb", "DescribeTable", json.dumps({"TableName": t.name}), "1.0")
    body = json.loads(answer.text)
    t.equal(answer.status, 400, "status")
    t.equal(body.get("__type"), "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException")


@probe("wire.json.empty-answer-body")
def empty_body(t):
    answer = json_call(t, "logs", "CreateLogGroup", json.dumps({"logGroupName": t.name}))
    t.equal((answer.status, answer.text), (200, ""), "status and body")


@probe("wire.json.logs-milliseconds")
def logs_milliseconds(t):
    json_call(t, "logs", "CreateLogGroup", json.dumps({"logGroupName": t.name}))
    answer = json_call(t, "logs", "DescribeLogGroups", json.dumps({"logGroupNamePrefix": t.name}))
    created = json.loads(answer.text)["logGroups"][0]["creationTime"]
    t.true(isinstance(created, int) and created > 10**12, "whole milliseconds", created)


@probe("wire.json.epoch-seconds")
def epoch_seconds(t):
    request = {"family": t.name, "containerDefinitions": [
        {"name": "web", "image": "nginx", "memory": 128}]}
    answer = json_call(t, "ecs", "RegisterTaskDefinition", json.dumps(request))
    at = json.loads(answer.text)["taskDefinition"]["registeredAt"]
    t.true(isinstance(at, (int, float)) and at < 10**11, "epoch seconds as a number", at)


@probe("wire.route53.error-body")
def route53_error(t):
    answer = rest(t, "route53", "GET", "/2013-04-01/hostedzone/Z0000000000000")
    root = answer.xml
    t.equal(answer.status, 404, "status")
    t.equal((local(root.tag), namespace(root.tag)),
            ("ErrorResponse", "https://route53.amazonaws.com/doc/2013-04-01/"), "root")
    fields = {local(e.tag): e.text for e in root.iter()}
    t.equal((fields["Type"], fields["Code"]), ("Sender", "NoSuchHostedZone"), "Type and Code")
    t.equal(answer.headers.get_content_type(), "text/xml", "content type")


@probe("wire.route53.created-location")
def route53_location(t):
    space = "https://route53.amazonaws.com/doc/2013-04-01/"
    body = (f'<CreateHostedZoneRequest xmlns="{space}"><Name>{t.name}.probes.io</Name>'
            f"<CallerReference>{t.name}</CallerReference></CreateHostedZoneRequest>")
    answer = rest(t, "route53", "POST", "/2013-04-01/hostedzone", body)
    t.equal(answer.status, 201, "status")
    made = next(e.text for e in answer.xml.iter() if local(e.tag) == "Id").rpartition("/")[2]
    t.equal(answer.headers.get("Location"),
            f"https://route53.amazonaws.com/2013-04-01/hostedzone/{made}", "Location")


@probe("wire.route53.max-items-text")
def route53_max_items(t):
    zone_id, _ = zone(t)
    answer = rest(t, "route53", "GET", f"/2013-04-01/hostedzone/{zone_id}/rrset")
    fields = {local(e.tag): e.text for e in answer.xml.iter()}
    t.equal(fields.get("IsTruncated"), "false", "IsTruncated")
    t.true(fields.get("MaxItems") in ("100", "300"), "MaxItems 100 or 300", fields.get("MaxItems"))


@probe("wire.route53.malformed-body")
def route53_malformed(t):
    zone_id, _ = zone(t)
    answer = rest(t, "route53", "POST", f"/2013-04-01/hostedzone/{zone_id}/rrset", "<Change")
    code = next((e.text for e in answer.xml.iter() if local(e.tag) == "Code"), None)
    t.equal((answer.status, code), (400, "MalformedInput"), "status and code")


@probe("wire.scheduler.error-type-header")
def scheduler_header(t):
    answer = rest(t, "scheduler", "GET", f"/schedules/{t.name}", kind="application/json")
    t.equal(answer.status, 404, "status")
    kind = (answer.headers.get("x-amzn-errortype") or "").partition(":")[0]
    t.equal(kind, "ResourceNotFoundException", "x-amzn-errortype")
    t.true(json.loads(answer.text).get("Message"), "the text under 'Message'", answer.text)
