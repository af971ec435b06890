"""Probes of IAM roles, instance profiles and STS.

Decides names, trust policies, what keeps a role alive, pages and AssumeRole.
"""

import json

from fixtures import permissions, quiet, role, trust
from harness import ACCOUNT, Part, Pattern, probe

GONE = (
    ("get_role", {}), ("delete_role", {}), ("list_role_policies", {}), ("list_attached_role_policies", {}),
    ("put_role_policy", {"PolicyName": "p", "PolicyDocument": permissions()}),
    ("attach_role_policy", {"PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
    ("update_assume_role_policy", {"PolicyDocument": trust()}),
    ("tag_role", {"Tags": [{"Key": "a", "Value": "b"}]}), ("list_role_tags", {}),
)
NO_PRINCIPAL = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "sts:AssumeRole"}]})
WITH_RESOURCE = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*",
     "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]})
ACCOUNT_TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}]})
BAD_TRUST = (
    ("not-json", "{not json", "This policy contains invalid Json"),
    ("no-principal", NO_PRINCIPAL, Part("statement with no principals!")),
    ("resource", WITH_RESOURCE, "Has prohibited field Resource"),
)
LONG_TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"},
     "Condition": {"StringEquals": {"aws:RequestTag/x": ["y" * 100 + str(n) for n in range(30)]}}}]})


@probe("iam.role.unknown.{0}", cases=GONE)
def unknown_role(t, operation, more):
    t.refused("404 NoSuchEntity", f"The role with name {t.name} cannot be found.",
              getattr(t.iam, operation), RoleName=t.name, **more)


@probe("iam.role.name-taken")
def name_taken(t):
    role(t)
    t.refused("409 EntityAlreadyExists", f"Role with name {t.name} already exists.", t.iam.create_role,
              RoleName=t.name, AssumeRolePolicyDocument=trust())


@probe("iam.role.name-taken-in-other-case")
def name_case(t):
    role(t)
    t.refused("409 EntityAlreadyExists", Part("already exists"), t.iam.create_role,
              RoleName=t.name.upper(), AssumeRolePolicyDocument=trust())


@probe("iam.role.trust.{0}", cases=BAD_TRUST)
def bad_trust(t, _case, document, text):
    t.refused("MalformedPolicyDocument", text, t.iam.create_role, RoleName=t.name,
              AssumeRolePolicyDocument=document)


@probe("iam.role.trust-unknown-principal")
def unknown_principal(t):
    arn = f"arn:aws:iam::{ACCOUNT}:role/{t.name}-none"
    document = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": arn}}]})
    t.refused("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{arn}"', t.iam.create_role,
              RoleName=t.name, AssumeRolePolicyDocument=document)


@probe("iam.role.trust-too-long")
def trust_too_long(t):
    t.refused("409 LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", t.iam.create_role,
              RoleName=t.name, AssumeRolePolicyDocument=LONG_TRUST)


@probe("iam.role.create.{0}", cases=(
    ("name-too-long", {"RoleName": "x" * 65}, Part("Member must have length less than or equal to 64")),
    ("name-characters", {"RoleName": "no spaces!"}, Part("roleName")),
    ("session-too-short", {"MaxSessionDuration": 60},
     Part("Member must have value greater than or equal to 3600")),
    ("name-missing", {"RoleName": None}, Part("Value null at 'roleName' failed to satisfy constraint")),
    ("51-tags", {"Tags": [{"Key": f"k{n}", "Value": "v"} for n in range(51)]},
     Part("Member must have length less than or equal to 50"))))
def bad_role(t, _case, spoil, text):
    request = {"RoleName": t.name, "AssumeRolePolicyDocument": trust(), **spoil}
    t.refused("ValidationError", text, t.iam.create_role,
              **{key: value for key, value in request.items() if value is not None})


@probe("iam.role.tags-same-key")
def same_key(t):
    role(t)
    t.refused("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
              t.iam.tag_role, RoleName=t.name, Tags=[{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}])


@probe("iam.role.tags-reserved-prefix")
def reserved_tag(t):
    role(t)
    t.refused("InvalidInput|ValidationError", None, t.iam.tag_role, RoleName=t.name,
              Tags=[{"Key": "aws:mine", "Value": "1"}])


@probe("iam.role.delete-with-attached-policy")
def delete_attached(t):
    role(t)
    t.iam.attach_role_policy(RoleName=t.name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    t.refused("409 DeleteConflict", "Cannot delete entity, must detach all policies first.",
              t.iam.delete_role, RoleName=t.name)


@probe("iam.role.delete-with-inline-policy")
def delete_inline(t):
    role(t)
    t.iam.put_role_policy(RoleName=t.name, PolicyName="p", PolicyDocument=permissions())
    t.refused("409 DeleteConflict", "Cannot delete entity, must delete policies first.",
              t.iam.delete_role, RoleName=t.name)


@probe("iam.role.delete-in-profile")
def delete_in_profile(t):
    role(t)
    t.iam.create_instance_profile(InstanceProfileName=t.name)
    t.iam.add_role_to_instance_profile(InstanceProfileName=t.name, RoleName=t.name)
    t.refused("409 DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.",
              t.iam.delete_role, RoleName=t.name)


@probe("iam.profile.name-taken")
def profile_taken(t):
    t.iam.create_instance_profile(InstanceProfileName=t.name)
    t.refused("409 EntityAlreadyExists", f"Instance Profile {t.name} already exists.",
              t.iam.create_instance_profile, InstanceProfileName=t.name)


@probe("iam.profile.unknown")
def profile_unknown(t):
    t.refused("404 NoSuchEntity", f"Instance Profile {t.name} cannot be found.",
              t.iam.get_instance_profile, InstanceProfileName=t.name)


@probe("iam.profile.second-role")
def profile_second(t):
    role(t)
    role(t, "2")
    t.iam.create_instance_profile(InstanceProfileName=t.name)
    t.iam.add_role_to_instance_profile(InstanceProfileName=t.name, RoleName=t.name)
    t.refused("409 LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
              t.iam.add_role_to_instance_profile, InstanceProfileName=t.name, RoleName=t.name + "2")


@probe("iam.service-linked.second-create")
def linked_twice(t):
    request = {"AWSServiceName": "ecs.amazonaws.com"}
    quiet(t.iam.create_service_linked_role, **request)
    t.refused("InvalidInput", "Service role name AWSServiceRoleForECS has been taken in this account, "
              "please try a different suffix.", t.iam.create_service_linked_role, **request)


@probe("iam.service-linked.suffix")
def linked_suffix(t):
    t.refused("InvalidInput", "Custom suffix is not allowed for ecs.amazonaws.com",
              t.iam.create_service_linked_role, AWSServiceName="ecs.amazonaws.com", CustomSuffix="mine")


@probe("iam.role.create-answer-is-short")
def create_answer(t):
    made = t.iam.create_role(RoleName=t.name, AssumeRolePolicyDocument=trust())["Role"]
    t.true("MaxSessionDuration" not in made, "no MaxSessionDuration in the create answer", sorted(made))
    t.equal(t.iam.get_role(RoleName=t.name)["Role"]["MaxSessionDuration"], 3600, "read back")


@probe("iam.certificate.unknown")
def unknown_certificate(t):
    t.refused("404 NoSuchEntity", f"The Server Certificate with name {t.name} cannot be found.",
              t.iam.get_server_certificate, ServerCertificateName=t.name)


@probe("iam.user.unknown")
def unknown_user(t):
    t.refused("404 NoSuchEntity", f"The user with name {t.name} cannot be found.", t.iam.get_user,
              UserName=t.name)


@probe("iam.pages.roles")
def page_roles(t):
    wanted = [role(t, f"-{n}") for n in range(5)]
    pages = t.walk(t.iam.list_roles, "Roles", ("Marker", "Marker"), MaxItems=2)
    t.once(pages, wanted, 2, lambda item: item["Arn"])


@probe("iam.pages.max-items-1001")
def page_size(t):
    t.refused("ValidationError", Part("Member must have value less than or equal to 1000"),
              t.iam.list_roles, MaxItems=1001)


@probe("iam.pages.is-truncated-always.{0}", cases=(
    ("list_roles", {}), ("list_policies", {"Scope": "Local"}), ("list_role_policies", {"RoleName": 0}),
    ("list_attached_role_policies", {"RoleName": 0}), ("list_role_tags", {"RoleName": 0}),
    ("list_instance_profiles", {"PathPrefix": "/nowhere/"}), ("list_users", {"PathPrefix": "/nowhere/"})))
def truncated_always(t, operation, request):
    if "RoleName" in request:
        role(t)
        request = {"RoleName": t.name}
    answer = getattr(t.iam, operation)(**request)
    t.true("IsTruncated" in answer, "IsTruncated", sorted(answer))
    t.equal("Marker" in answer, answer["IsTruncated"], "a Marker only on a truncated page:")


@probe("sts.identity")
def identity(t):
    answer = t.sts.get_caller_identity()
    t.equal(answer["Account"], ACCOUNT, "Account")
    t.true(answer["UserId"] and answer["Arn"].startswith("arn:aws:"), "UserId and Arn", answer)


@probe("sts.assume.unknown-role")
def assume_unknown(t):
    arn = f"arn:aws:iam::{ACCOUNT}:role/{t.name}"
    t.refused("403 AccessDenied",
              Pattern(rf"^User: arn:aws:\S+ is not authorized to perform: sts:AssumeRole on resource: {arn}$"),
              t.sts.assume_role, RoleArn=arn, RoleSessionName="probe")


@probe("sts.assume.malformed-arn.{0}", cases=(
    ("none", "no-arn-but-long-enough-to-be-read"), ("no-partition", "arn::b:::something/test-role"),
    ("no-service", "arn:a::::something/test-role"), ("no-resource", "arn:a:a::aaaaaaaaaa:")))
def assume_malformed(t, _case, text):
    t.refused("ValidationError", f"{text} is invalid", t.sts.assume_role, RoleArn=text,
              RoleSessionName="probe")


@probe("sts.assume.{0}", cases=(
    ("session-name", {"RoleSessionName": "not ok!"}, "ValidationError",
     "1 validation error detected: Value 'not ok!' at 'roleSessionName' failed to satisfy constraint: "
     r"Member must satisfy regular expression pattern: [\w+=,.@-]*"),
    ("role-missing", {"RoleArn": None}, "ValidationError",
     Part("Value null at 'roleArn' failed to satisfy constraint: Member must not be null")),
    ("tags-same-key", {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]},
     "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."),
    ("transitive-key", {"TransitiveTagKeys": ["zz"], "Tags": [{"Key": "a", "Value": "1"}]},
     "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."),
    ("duration", {"DurationSeconds": 60}, "ValidationError",
     Part("Member must have value greater than or equal to 900"))))
def bad_assume(t, _case, spoil, code, text):
    arn = t.iam.create_role(RoleName=t.name, AssumeRolePolicyDocument=ACCOUNT_TRUST)["Role"]["Arn"]
    request = {"RoleArn": arn, "RoleSessionName": "probe", **spoil}
    t.refused(code, text, t.sts.assume_role, **{k: v for k, v in request.items() if v is not None})
