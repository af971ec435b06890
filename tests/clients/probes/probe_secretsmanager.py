"""Probes of secrets: names, tombstones, versions, tokens and pages.

Decides what Secrets Manager refuses before, during and after a deletion.
"""

import uuid

from harness import ACCOUNT, Part, probe

NOT_FOUND = "Secrets Manager can't find the specified secret."
MARKED = "You can't perform this operation on the secret because it was marked for deletion."
LABEL = "Secrets Manager can't find the specified secret value for staging label: "


def secret(t, suffix="", value="v", **more):
    """A secret of its own; its ARN."""
    request = {"Name": t.name + suffix, "SecretString": value, **more}
    return t.secretsmanager.create_secret(**{k: v for k, v in request.items() if v is not None})["ARN"]


@probe("secrets.unknown.{0}", cases=(
    ("get_secret_value", {}), ("describe_secret", {}), ("delete_secret", {}),
    ("put_secret_value", {"SecretString": "x"}), ("update_secret", {"SecretString": "x"}),
    ("tag_resource", {"Tags": [{"Key": "a", "Value": "b"}]}), ("restore_secret", {})))
def unknown(t, operation, more):
    t.refused("ResourceNotFoundException", NOT_FOUND, getattr(t.secretsmanager, operation),
              SecretId=t.name, **more)


@probe("secrets.create.name-taken")
def name_taken(t):
    secret(t)
    t.refused("ResourceExistsException", f"The operation failed because the secret {t.name} already exists.",
              t.secretsmanager.create_secret, Name=t.name, SecretString="x")


@probe("secrets.create.tombstone")
def tombstone(t):
    secret(t)
    t.secretsmanager.delete_secret(SecretId=t.name)
    t.refused("InvalidRequestException", "You can't create this secret because a secret with this name is "
              "already scheduled for deletion.", t.secretsmanager.create_secret, Name=t.name, SecretString="x")


@probe("secrets.tombstone.{0}", cases=(
    ("get_secret_value", {}), ("put_secret_value", {"SecretString": "x"}),
    ("tag_resource", {"Tags": [{"Key": "a", "Value": "b"}]}), ("untag_resource", {"TagKeys": ["a"]})))
def marked(t, operation, more):
    secret(t)
    t.secretsmanager.delete_secret(SecretId=t.name)
    t.refused("InvalidRequestException", MARKED, getattr(t.secretsmanager, operation), SecretId=t.name, **more)


@probe("secrets.tombstone.described-with-date")
def described(t):
    arn = secret(t)
    t.secretsmanager.delete_secret(SecretId=t.name)
    found = t.secretsmanager.describe_secret(SecretId=arn)
    t.true("DeletedDate" in found, "DeletedDate", sorted(found))


@probe("secrets.tombstone.restored")
def restored(t):
    secret(t)
    t.secretsmanager.delete_secret(SecretId=t.name)
    t.secretsmanager.restore_secret(SecretId=t.name)
    t.equal(t.secretsmanager.get_secret_value(SecretId=t.name)["SecretString"], "v", "value")


@probe("secrets.tombstone.hidden-from-list")
def hidden(t):
    secret(t)
    t.secretsmanager.delete_secret(SecretId=t.name)
    query = {"Filters": [{"Key": "name", "Values": [t.name]}]}
    plain = t.secretsmanager.list_secrets(**query)["SecretList"]
    asked = t.secretsmanager.list_secrets(IncludePlannedDeletion=True, **query)["SecretList"]
    t.equal((len(plain), len(asked)), (0, 1), "without and with planned deletions:")


@probe("secrets.delete.forced-frees-the-name")
def forced(t):
    first = secret(t)
    t.secretsmanager.delete_secret(SecretId=t.name, ForceDeleteWithoutRecovery=True)
    again = t.until(lambda: secret(t), 30)
    t.true(again != first, "a new ARN for the same name", again)


@probe("secrets.delete.forced-absent-succeeds")
def forced_absent(t):
    t.secretsmanager.delete_secret(SecretId=t.name, ForceDeleteWithoutRecovery=True)


@probe("secrets.delete.{0}", cases=(
    ("window-too-short", {"RecoveryWindowInDays": 6}), ("window-too-long", {"RecoveryWindowInDays": 31}),
    ("window-with-force", {"RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": True})))
def bad_delete(t, _case, more):
    secret(t)
    t.refused("InvalidParameterException", Part("RecoveryWindowInDays"), t.secretsmanager.delete_secret,
              SecretId=t.name, **more)


@probe("secrets.create.bad-name")
def bad_name(t):
    t.refused("ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters, "
              "or any of the following: -/_+=.@!", t.secretsmanager.create_secret, Name="no spaces",
              SecretString="x")


@probe("secrets.create.same-token-same-content")
def same_token(t):
    token = str(uuid.uuid4())
    t.equal(secret(t, ClientRequestToken=token), secret(t, ClientRequestToken=token), "the same ARN")


@probe("secrets.token-with-other-content.{0}", cases=(("create_secret",), ("put_secret_value",), ("update_secret",)))
def other_content(t, operation):
    token = str(uuid.uuid4())
    arn = secret(t, ClientRequestToken=token)
    who = {"Name": t.name} if operation == "create_secret" else {"SecretId": t.name}
    t.refused("ResourceExistsException",
              f"You can't use ClientRequestToken {token} because that value is already in use for a version of "
              f"secret {arn}.", getattr(t.secretsmanager, operation), SecretString="other",
              ClientRequestToken=token, **who)


@probe("secrets.value.unknown-stage")
def unknown_stage(t):
    secret(t)
    t.refused("ResourceNotFoundException", LABEL + "MINE", t.secretsmanager.get_secret_value,
              SecretId=t.name, VersionStage="MINE")


@probe("secrets.value.no-version-yet")
def no_version(t):
    secret(t, value=None)
    t.refused("ResourceNotFoundException", LABEL + "AWSCURRENT", t.secretsmanager.get_secret_value,
              SecretId=t.name)


@probe("secrets.value.unknown-version")
def unknown_version(t):
    secret(t)
    version = str(uuid.uuid4())
    t.refused("ResourceNotFoundException",
              f"Secrets Manager can't find the specified secret value for VersionId: {version}",
              t.secretsmanager.get_secret_value, SecretId=t.name, VersionId=version)


@probe("secrets.value.version-and-stage-disagree")
def disagree(t):
    secret(t)
    first = t.secretsmanager.get_secret_value(SecretId=t.name)["VersionId"]
    t.secretsmanager.put_secret_value(SecretId=t.name, SecretString="second")
    t.refused("InvalidRequestException",
              "You provided a VersionStage that is not associated to the provided VersionId.",
              t.secretsmanager.get_secret_value, SecretId=t.name, VersionId=first, VersionStage="AWSCURRENT")


@probe("secrets.stage.move-without-remove")
def stage_move(t):
    secret(t)
    first = t.secretsmanager.get_secret_value(SecretId=t.name)["VersionId"]
    second = t.secretsmanager.put_secret_value(SecretId=t.name, SecretString="w")["VersionId"]
    t.refused("InvalidParameterException",
              "The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached "
              f"to version {second}, so you must explicitly reference that version in RemoveFromVersionId.",
              t.secretsmanager.update_secret_version_stage, SecretId=t.name, VersionStage="AWSCURRENT",
              MoveToVersionId=first)


@probe("secrets.rotate.no-lambda")
def no_lambda(t):
    secret(t)
    t.refused("InvalidRequestException", "No Lambda rotation function ARN is associated with this secret.",
              t.secretsmanager.rotate_secret, SecretId=t.name)


@probe("secrets.arn-suffix")
def arn_suffix(t):
    arn = secret(t)
    head = f"arn:aws:secretsmanager:{t.region}:{ACCOUNT}:secret:{t.name}-"
    t.true(arn.startswith(head) and len(arn) == len(head) + 6, "six more characters", arn)


@probe("secrets.pages", region="us-west-2")
def pages(t):
    wanted = [secret(t, f"-{n}") for n in range(5)]
    found = t.walk(t.secretsmanager.list_secrets, "SecretList", ("NextToken", "NextToken"), MaxResults=2)
    t.once(found, wanted, 2, lambda item: item["ARN"])
