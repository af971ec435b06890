"""Roles and policies: an execution role and a task role, inline, AWS managed and customer policies.

Decides which roles the task definitions and schedules use, and checks the documents as they travel on
the wire. Must not delete roles: services still need them to drain.
"""

import json
import re
import urllib.parse

from compare import Absent, Bag, Has, Like, Maybe, Time
from harness import step

MANAGED = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


def trust(*services):
    """A trust policy for AWS services, written with spaces so that encoding is visible."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": list(services)}, "Action": "sts:AssumeRole"}]}, indent=1)


def allow(*actions, resource="*"):
    """A permission policy with one statement."""
    return {"Version": "2012-10-17", "Statement": [
        {"Sid": "One", "Effect": "Allow", "Action": list(actions), "Resource": resource}]}


def raw(client, operation, call):
    """Makes a call and returns (parsed answer, body as it came over the wire)."""
    seen = []

    def keep(response_dict, **_):
        seen.append(response_dict["body"].decode())

    client.meta.events.register(f"before-parse.iam.{operation}", keep)
    try:
        return call(), seen[-1]
    finally:
        client.meta.events.unregister(f"before-parse.iam.{operation}", keep)


@step("create the execution role")
def execution_role(aws, lab):
    name, document = lab.name("exec"), trust("ecs-tasks.amazonaws.com")
    tags = [{"Key": "run", "Value": lab.run}, {"Key": "kind", "Value": "exec role"}]
    answer, body = raw(aws.iam, "CreateRole", lambda: aws.iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=document, Description="Starts tasks", Tags=tags))
    lab.exec_role = answer["Role"]["Arn"]
    fields = {
        "Path": "/", "RoleName": name, "RoleId": Like(r"AROA[A-Z0-9]{17}"), "CreateDate": Time(),
        "Arn": f"arn:aws:iam::{lab.account}:role/{name}", "AssumeRolePolicyDocument": json.loads(document),
        "Tags": Bag(tags),
    }
    # The answer repeats neither the session length nor the last use; GetRole has both.
    lab.same("CreateRole", {**fields, "Description": Maybe("Starts tasks")}, answer["Role"])
    encoded = re.search("<AssumeRolePolicyDocument>(.*?)</", body, re.S)
    lab.same("document on the wire", urllib.parse.quote(document, safe=""), encoded and encoded.group(1).strip())
    got, body = raw(aws.iam, "GetRole", lambda: aws.iam.get_role(RoleName=name))
    lab.same("GetRole", {**fields, "Description": "Starts tasks", "MaxSessionDuration": 3600, "RoleLastUsed": {}}, got["Role"])
    encoded = re.search("<AssumeRolePolicyDocument>(.*?)</", body, re.S)
    lab.same("stored document", urllib.parse.quote(document, safe=""), encoded and encoded.group(1).strip())


@step("create the task role with path and session length")
def task_role(aws, lab):
    name = lab.name("task")
    answer = aws.iam.create_role(
        RoleName=name, Path="/bootcamp/", MaxSessionDuration=7200,
        AssumeRolePolicyDocument=trust("ecs-tasks.amazonaws.com", "scheduler.amazonaws.com"))["Role"]
    lab.task_role = answer["Arn"]
    lab.same("CreateRole", Has({"Arn": f"arn:aws:iam::{lab.account}:role/bootcamp/{name}", "Path": "/bootcamp/",
                                "MaxSessionDuration": Absent(), "RoleLastUsed": Absent(), "Tags": Absent()}), answer)
    lab.same("GetRole", {
        "Path": "/bootcamp/", "RoleName": name, "RoleId": answer["RoleId"], "Arn": lab.task_role, "CreateDate": Time(),
        "AssumeRolePolicyDocument": json.loads(trust("ecs-tasks.amazonaws.com", "scheduler.amazonaws.com")),
        "MaxSessionDuration": 7200, "RoleLastUsed": {},
    }, aws.iam.get_role(RoleName=name)["Role"])


@step("inline policies, listed by name")
def inline(aws, lab):
    name, body = lab.name("task"), allow("s3:GetObject", resource="arn:aws:s3:::bootcamp/*")
    aws.iam.put_role_policy(RoleName=name, PolicyName="zeta", PolicyDocument=json.dumps(allow("ecs:RunTask", "iam:PassRole")))
    aws.iam.put_role_policy(RoleName=name, PolicyName="alpha", PolicyDocument=json.dumps(body))
    lab.same("ListRolePolicies", {"PolicyNames": ["alpha", "zeta"], "IsTruncated": False},
             aws.iam.list_role_policies(RoleName=name))
    got, wire = raw(aws.iam, "GetRolePolicy", lambda: aws.iam.get_role_policy(RoleName=name, PolicyName="alpha"))
    lab.same("GetRolePolicy", {"RoleName": name, "PolicyName": "alpha", "PolicyDocument": body}, got)
    lab.true("document is URL-encoded", urllib.parse.quote(json.dumps(body), safe="") in wire, wire)
    lab.refused("unknown inline policy", "NoSuchEntity",
                lambda: aws.iam.get_role_policy(RoleName=name, PolicyName="none"), status=404,
                message="The role policy with name none cannot be found.")


@step("attach an AWS managed policy, twice")
def managed(aws, lab):
    name = lab.name("exec")
    lab.same("nothing attached", {"AttachedPolicies": [], "IsTruncated": False}, aws.iam.list_attached_role_policies(RoleName=name))
    for _ in range(2):
        aws.iam.attach_role_policy(RoleName=name, PolicyArn=MANAGED)
    lab.same("attached once", {"AttachedPolicies": [
        {"PolicyName": "AmazonECSTaskExecutionRolePolicy", "PolicyArn": MANAGED}], "IsTruncated": False},
        aws.iam.list_attached_role_policies(RoleName=name))
    lab.same("GetPolicy", Has({"PolicyName": "AmazonECSTaskExecutionRolePolicy", "Arn": MANAGED, "Path": "/service-role/",
                               "IsAttachable": True, "PolicyId": Like("ANPA[A-Z0-9]{17}")}),
             aws.iam.get_policy(PolicyArn=MANAGED)["Policy"])
    lab.refused("unknown policy", "NoSuchEntity", lambda: aws.iam.attach_role_policy(
        RoleName=name, PolicyArn="arn:aws:iam::aws:policy/NoSuchThing"), status=404)


@step("what the tasks' secrets need, as an inline policy of the execution role")
def secrets_allowed(aws, lab):
    name, body = lab.name("exec"), allow("ssm:GetParameters", "secretsmanager:GetSecretValue")
    aws.iam.put_role_policy(RoleName=name, PolicyName="secrets", PolicyDocument=json.dumps(body))
    lab.same("GetRolePolicy", {"RoleName": name, "PolicyName": "secrets", "PolicyDocument": body},
             aws.iam.get_role_policy(RoleName=name, PolicyName="secrets"))


@step("customer policy with a second version, attached")
def customer(aws, lab):
    name, tags = lab.name("read"), [{"Key": "run", "Value": lab.run}]
    first, second = allow("ssm:GetParameters"), allow("ssm:GetParameters", "secretsmanager:GetSecretValue")
    made = aws.iam.create_policy(PolicyName=name, Path="/bootcamp/", PolicyDocument=json.dumps(first),
                                 Description="Reads settings", Tags=tags)["Policy"]
    lab.policy = made["Arn"]
    fields = {
        "PolicyName": name, "PolicyId": Like("ANPA[A-Z0-9]{17}"), "Path": "/bootcamp/", "CreateDate": Time(),
        "Arn": f"arn:aws:iam::{lab.account}:policy/bootcamp/{name}", "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True, "UpdateDate": Time(), "Tags": tags,
    }
    lab.same("CreatePolicy", {**fields, "DefaultVersionId": "v1", "AttachmentCount": 0, "Description": Maybe("Reads settings")}, made)
    version = aws.iam.create_policy_version(PolicyArn=lab.policy, PolicyDocument=json.dumps(second), SetAsDefault=True)
    lab.same("CreatePolicyVersion", Has({"VersionId": "v2", "IsDefaultVersion": True, "CreateDate": Time()}), version["PolicyVersion"])
    aws.iam.attach_role_policy(RoleName=lab.name("task"), PolicyArn=lab.policy)
    lab.same("GetPolicy", {**fields, "DefaultVersionId": "v2", "AttachmentCount": 1, "Description": "Reads settings"},
             aws.iam.get_policy(PolicyArn=lab.policy)["Policy"])
    for number, document in (("v1", first), ("v2", second)):
        lab.same(number, {"Document": document, "VersionId": number, "IsDefaultVersion": number == "v2", "CreateDate": Time()},
                 aws.iam.get_policy_version(PolicyArn=lab.policy, VersionId=number)["PolicyVersion"])
    who = aws.iam.list_entities_for_policy(PolicyArn=lab.policy)
    lab.same("ListEntitiesForPolicy", [Has(RoleName=lab.name("task"))], who["PolicyRoles"])


@step("change a role: trust, description, session length, tags")
def change(aws, lab):
    name = lab.name("exec")
    lab.settle(lambda: aws.iam.update_assume_role_policy(
        RoleName=name, PolicyDocument=trust("ecs-tasks.amazonaws.com", "ecs.amazonaws.com")))
    aws.iam.update_role(RoleName=name, Description="Starts tasks, again", MaxSessionDuration=5400)
    aws.iam.tag_role(RoleName=name, Tags=[{"Key": "kind", "Value": "changed"}, {"Key": "extra", "Value": ""}])
    aws.iam.untag_role(RoleName=name, TagKeys=["run", "never-there"])
    lab.same("GetRole", Has({
        "Description": "Starts tasks, again", "MaxSessionDuration": 5400,
        "AssumeRolePolicyDocument": json.loads(trust("ecs-tasks.amazonaws.com", "ecs.amazonaws.com")),
        "Tags": Bag([{"Key": "kind", "Value": "changed"}, {"Key": "extra", "Value": ""}]),
    }), aws.iam.get_role(RoleName=name)["Role"])
    lab.same("ListRoleTags", {"Tags": Bag([{"Key": "kind", "Value": "changed"}, {"Key": "extra", "Value": ""}]),
                              "IsTruncated": False}, aws.iam.list_role_tags(RoleName=name))
    listed = aws.iam.list_roles(PathPrefix="/bootcamp/")
    lab.same("ListRoles", Has({"IsTruncated": False}), listed)
    mine = [role for role in listed["Roles"] if role["RoleName"] == lab.name("task")]
    lab.same("item", [Has({"MaxSessionDuration": 7200, "RoleLastUsed": Absent(), "Tags": Absent()})], mine)


@step("IAM refusals")
def refusals(aws, lab):
    name = lab.name("exec")
    lab.refused("same role", "EntityAlreadyExists", lambda: aws.iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=trust("ecs.amazonaws.com")), status=409,
        message=f"Role with name {name} already exists.")
    lab.refused("unknown role", "NoSuchEntity", lambda: aws.iam.get_role(RoleName=lab.name("none")), status=404,
                message=f"The role with name {lab.name('none')} cannot be found.")
    lab.refused("bad document", "MalformedPolicyDocument", lambda: aws.iam.create_role(
        RoleName=lab.name("bad"), AssumeRolePolicyDocument="{nonsense"), status=400)
