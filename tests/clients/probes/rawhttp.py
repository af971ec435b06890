"""Signed calls sent without boto3, so that headers and bodies can be seen as they are.

Decides signing and the form of a request per protocol. It must not judge answers.
"""

import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

QUERY_VERSIONS = {
    "ec2": "2016-11-15", "iam": "2010-05-08", "elasticloadbalancing": "2015-12-01",
    "rds": "2014-10-31", "sts": "2011-06-15",
}
TARGETS = {
    "ecs": "AmazonEC2ContainerServiceV20141113", "logs": "Logs_20140328",
    "ecr": "AmazonEC2ContainerRegistry_V20150921", "acm": "CertificateManager",
    "ssm": "AmazonSSM", "secretsmanager": "secretsmanager",
    "application-autoscaling": "AnyScaleFrontendService", "dynamodb": "DynamoDB_20120810",
    "servicediscovery": "Route53AutoNaming_v20170314",
    "tagging": "ResourceGroupsTaggingAPI_20170126",
}


class Answer:
    """Status, headers and body as they came."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        """The body as text."""
        return self.body.decode("utf-8")

    @property
    def xml(self):
        """The body as an element tree."""
        return ElementTree.fromstring(self.body)


def send(t, service, method, path, body, headers, signed=True):
    """One HTTP call; every status is an answer."""
    url = t.world.endpoint.rstrip("/") + path
    request = AWSRequest(method=method, url=url, data=body, headers=headers)
    if signed:
        SigV4Auth(Credentials("test", "test"), service, t.region).add_auth(request)
    data = body.encode() if body is not None else None
    outgoing = urllib.request.Request(url, data=data, headers=dict(request.headers), method=method)
    try:
        with urllib.request.urlopen(outgoing, timeout=20) as reply:
            return Answer(reply.status, reply.headers, reply.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read())


def query(t, service, action, signed=True, **parameters):
    """A call of the query or ec2 protocol."""
    fields = {"Action": action, "Version": QUERY_VERSIONS[service], **parameters}
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    if not signed:
        headers["Host"] = f"{service}.{t.region}.amazonaws.com"
    return send(t, service, "POST", "/", urllib.parse.urlencode(fields), headers, signed)


def json_call(t, service, operation, body, version="1.1", signed=True):
    """A call of the json protocol; `body` is text."""
    headers = {"Content-Type": f"application/x-amz-json-{version}",
               "X-Amz-Target": f"{TARGETS[service]}.{operation}"}
    return send(t, service, "POST", "/", body, headers, signed)


def rest(t, service, method, path, body=None, kind="text/xml"):
    """A call of the rest protocols."""
    return send(t, service, method, path, body, {"Content-Type": kind})


def local(tag):
    """An element's name without its namespace."""
    return tag.rpartition("}")[2]


def namespace(tag):
    """An element's namespace, empty if it has none."""
    return tag[1:].partition("}")[0] if tag.startswith("{") else ""
