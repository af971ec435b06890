"""One Secrets Manager secret with two versions.

Decides which secret the task definition refers to. Must not delete it: tasks read it at start.
"""

from compare import Absent, Bag, Has, Like, Maybe, Time
from harness import step


@step("create a secret")
def create(aws, lab):
    name, tags = lab.name("db"), [{"Key": "run", "Value": lab.run}]
    made = aws.secretsmanager.create_secret(Name=name, Description="database", SecretString='{"user":"app"}', Tags=tags)
    lab.secret, lab.first_version = made["ARN"], made["VersionId"]
    lab.same("CreateSecret", {
        "ARN": Like(rf"arn:aws:secretsmanager:{lab.region}:{lab.account}:secret:{name}-[A-Za-z0-9]{{6}}"),
        "Name": name, "VersionId": Like(r"[0-9a-f-]{36}"),
    }, made)
    lab.same("DescribeSecret", {
        "ARN": lab.secret, "Name": name, "Description": "database", "Tags": tags, "CreatedDate": Time(),
        "LastChangedDate": Time(), "LastAccessedDate": Maybe(Time()),
        "VersionIdsToStages": {lab.first_version: ["AWSCURRENT"]},
    }, aws.secretsmanager.describe_secret(SecretId=name))
    lab.same("GetSecretValue", {
        "ARN": lab.secret, "Name": name, "VersionId": lab.first_version, "SecretString": '{"user":"app"}',
        "VersionStages": ["AWSCURRENT"], "CreatedDate": Time(),
    }, aws.secretsmanager.get_secret_value(SecretId=lab.secret))


@step("second version of the secret, description and tags")
def second(aws, lab):
    put = aws.secretsmanager.put_secret_value(SecretId=lab.secret, SecretString='{"user":"app2"}')
    lab.same("PutSecretValue", {"ARN": lab.secret, "Name": lab.name("db"), "VersionId": Like(r"[0-9a-f-]{36}"),
                                "VersionStages": ["AWSCURRENT"]}, put)
    aws.secretsmanager.update_secret(SecretId=lab.secret, Description="database of the app")
    aws.secretsmanager.tag_resource(SecretId=lab.secret, Tags=[{"Key": "team", "Value": "core"}])
    aws.secretsmanager.untag_resource(SecretId=lab.secret, TagKeys=["run"])
    lab.same("DescribeSecret", Has({
        "Description": "database of the app", "Tags": [{"Key": "team", "Value": "core"}], "DeletedDate": Absent(),
        "VersionIdsToStages": {lab.first_version: ["AWSPREVIOUS"], put["VersionId"]: ["AWSCURRENT"]},
    }), aws.secretsmanager.describe_secret(SecretId=lab.secret))
    old = aws.secretsmanager.get_secret_value(SecretId=lab.secret, VersionStage="AWSPREVIOUS")
    lab.same("previous value", Has(VersionId=lab.first_version, SecretString='{"user":"app"}'), old)
    listed = aws.secretsmanager.list_secrets(Filters=[{"Key": "name", "Values": [lab.name("db")]}])["SecretList"]
    lab.same("ListSecrets", Bag([Has(ARN=lab.secret, Name=lab.name("db"))]), listed)


@step("secret refusals")
def refusals(aws, lab):
    name = lab.name("db")
    lab.refused("same name", "ResourceExistsException", lambda: aws.secretsmanager.create_secret(Name=name, SecretString="x"),
                status=400, message=f"The operation failed because the secret {name} already exists.")
    lab.refused("unknown", "ResourceNotFoundException", lambda: aws.secretsmanager.describe_secret(SecretId="no-such-secret"),
                status=400, message="Secrets Manager can't find the specified secret.")
    lab.refused("unknown stage", "ResourceNotFoundException", lambda: aws.secretsmanager.get_secret_value(
        SecretId=lab.secret, VersionStage="NEVER"), status=400, message="for staging label: NEVER")
