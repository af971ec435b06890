"""Probes of IAM policies, managed and inline.

Decides documents, sizes, versions, attachments and their pages.
"""

import json

from botocore.exceptions import ClientError

from fixtures import permissions, role
from harness import ACCOUNT, Part, Pattern, probe

WITH_PRINCIPAL = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*"}]})
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def policy(t, suffix=""):
    """A managed policy of its own; its ARN."""
    return t.iam.create_policy(PolicyName=t.name + suffix, PolicyDocument=permissions())["Policy"]["Arn"]


def long_document(size):
    """A policy of about that many characters, white space not counted."""
    names = [f"arn:aws:s3:::{'b' * 80}{n}" for n in range(size // 100)]
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": names}]}, separators=(",", ":"))


@probe("iam.policy.name-taken")
def name_taken(t):
    policy(t)
    t.refused("409 EntityAlreadyExists",
              f"A policy called {t.name} already exists. Duplicate names are not allowed.",
              t.iam.create_policy, PolicyName=t.name, PolicyDocument=permissions())


@probe("iam.policy.document.{0}", cases=(
    ("not-json", "{not json", "This policy contains invalid Json"),
    ("not-a-policy", '{"a": 1}', "Syntax errors in policy."),
    ("principal", WITH_PRINCIPAL, "Policy document should not specify a principal."),
    ("no-version", permissions().replace('"Version": "2012-10-17", ', ""),
     "Policy document must be version 2012-10-17 or greater."),
    ("two-colons", permissions(action="s3:Get:Object"), "Actions/Condition can contain only one colon."),
    ("resource", permissions(resource="nonsense"), 'Resource nonsense must be in ARN format or "*".')))
def bad_document(t, _case, document, text):
    t.refused("MalformedPolicyDocument", text, t.iam.create_policy, PolicyName=t.name,
              PolicyDocument=document)


@probe("iam.policy.inline-document.{0}", cases=(
    ("not-json", "{not json", None), ("not-a-policy", '{"a": 1}', "Syntax errors in policy.")))
def bad_inline(t, _case, document, text):
    role(t)
    t.refused("MalformedPolicyDocument", text, t.iam.put_role_policy, RoleName=t.name, PolicyName="p",
              PolicyDocument=document)


@probe("iam.policy.too-long")
def too_long(t):
    t.refused("409 LimitExceeded", "Cannot exceed quota for PolicySize: 6144", t.iam.create_policy,
              PolicyName=t.name, PolicyDocument=long_document(7000))


@probe("iam.policy.inline-total-too-long")
def inline_too_long(t):
    role(t)
    t.iam.put_role_policy(RoleName=t.name, PolicyName="one", PolicyDocument=long_document(6000))
    t.refused("409 LimitExceeded", f"Maximum policy size of 10240 bytes exceeded for role {t.name}",
              t.iam.put_role_policy, RoleName=t.name, PolicyName="two", PolicyDocument=long_document(6000))


@probe("iam.policy.unknown.{0}", cases=(("get_policy",), ("delete_policy",), ("list_policy_versions",)))
def unknown(t, operation):
    arn = f"arn:aws:iam::{ACCOUNT}:policy/{t.name}"
    t.refused("404 NoSuchEntity", f"Policy {arn} was not found." if "list" not in operation else Part(arn),
              getattr(t.iam, operation), PolicyArn=arn)


@probe("iam.policy.attach-unknown")
def attach_unknown(t):
    role(t)
    arn = f"arn:aws:iam::{ACCOUNT}:policy/{t.name}"
    t.refused("404 NoSuchEntity", f"Policy {arn} does not exist or is not attachable.",
              t.iam.attach_role_policy, RoleName=t.name, PolicyArn=arn)


@probe("iam.policy.attach-malformed-arn")
def attach_malformed(t):
    role(t)
    t.refused("ValidationError|InvalidInput", Part("Invalid ARN:  Could not be parsed!"),
              t.iam.attach_role_policy, RoleName=t.name, PolicyArn="longenough-but-not-an-arn")


@probe("iam.policy.attach-twice")
def attach_twice(t):
    role(t)
    for _ in "ab":
        t.iam.attach_role_policy(RoleName=t.name, PolicyArn=READ_ONLY)
    found = t.iam.list_attached_role_policies(RoleName=t.name)["AttachedPolicies"]
    t.equal([item["PolicyArn"] for item in found], [READ_ONLY], "attached")


@probe("iam.policy.attach-quota")
def attach_quota(t):
    role(t)
    for count in range(30):
        arn = policy(t, f"-{count}")
        try:
            t.iam.attach_role_policy(RoleName=t.name, PolicyArn=arn)
        except ClientError:
            break
    t.true(count in (10, 20, 25), "10, 20 or 25 policies attached", count)
    t.refused("409 LimitExceeded", Pattern(rf"^Cannot exceed quota for PoliciesPerRole: {count}$"),
              t.iam.attach_role_policy, RoleName=t.name, PolicyArn=arn)


@probe("iam.policy.detach-not-attached")
def detach(t):
    role(t)
    t.refused("404 NoSuchEntity", Part("was not found"), t.iam.detach_role_policy, RoleName=t.name,
              PolicyArn=READ_ONLY)


@probe("iam.policy.delete-attached")
def delete_attached(t):
    role(t)
    arn = policy(t)
    t.iam.attach_role_policy(RoleName=t.name, PolicyArn=arn)
    t.refused("409 DeleteConflict", "Cannot delete a policy attached to entities.", t.iam.delete_policy,
              PolicyArn=arn)


@probe("iam.policy.delete-with-versions")
def delete_versions(t):
    arn = policy(t)
    t.iam.create_policy_version(PolicyArn=arn, PolicyDocument=permissions("s3:GetObject"))
    t.refused("409 DeleteConflict", Part("This policy has more than one version."), t.iam.delete_policy,
              PolicyArn=arn)


@probe("iam.policy.sixth-version")
def sixth_version(t):
    arn = policy(t)
    for _ in range(4):
        t.iam.create_policy_version(PolicyArn=arn, PolicyDocument=permissions())
    t.refused("409 LimitExceeded", Part("A managed policy can have up to 5 versions."),
              t.iam.create_policy_version, PolicyArn=arn, PolicyDocument=permissions())


@probe("iam.policy.delete-default-version")
def default_version(t):
    t.refused("409 DeleteConflict", "Cannot delete the default version of a policy.",
              t.iam.delete_policy_version, PolicyArn=policy(t), VersionId="v1")


@probe("iam.policy.inline-unknown.{0}", cases=(("get_role_policy",), ("delete_role_policy",)))
def inline_unknown(t, operation):
    role(t)
    t.refused("404 NoSuchEntity", "The role policy with name none cannot be found.",
              getattr(t.iam, operation), RoleName=t.name, PolicyName="none")


@probe("iam.policy.inline-again")
def inline_again(t):
    role(t)
    for _ in "ab":
        t.iam.put_role_policy(RoleName=t.name, PolicyName="p", PolicyDocument=permissions())
    t.equal(t.iam.list_role_policies(RoleName=t.name)["PolicyNames"], ["p"], "inline policies")


@probe("iam.pages.inline-sorted")
def page_inline(t):
    role(t)
    for name in ("zeta", "alpha", "mike", "bravo", "yankee"):
        t.iam.put_role_policy(RoleName=t.name, PolicyName=name, PolicyDocument=permissions())
    pages = t.walk(t.iam.list_role_policies, "PolicyNames", ("Marker", "Marker"), RoleName=t.name, MaxItems=2)
    t.equal(pages, [["alpha", "bravo"], ["mike", "yankee"], ["zeta"]], "pages")


@probe("iam.pages.attached")
def page_attached(t):
    role(t)
    wanted = [policy(t, f"-{n}") for n in range(5)]
    for arn in wanted:
        t.iam.attach_role_policy(RoleName=t.name, PolicyArn=arn)
    pages = t.walk(t.iam.list_attached_role_policies, "AttachedPolicies", ("Marker", "Marker"),
                   RoleName=t.name, MaxItems=2)
    t.once(pages, wanted, 2, lambda item: item["PolicyArn"])


@probe("iam.pages.policies")
def page_policies(t):
    wanted = [policy(t, f"-{n}") for n in range(5)]
    pages = t.walk(t.iam.list_policies, "Policies", ("Marker", "Marker"), Scope="Local", MaxItems=3)
    t.once(pages, wanted, 3, lambda item: item["Arn"])
