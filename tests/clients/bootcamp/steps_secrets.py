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
    for operation in (aws.secretsmanager.describe_secret, aws.secretsmanager.get_secret_value):
        lab.refused("no name at all", "ValidationException", lambda: operation(SecretId="not a name?"), status=400,
                    message="Invalid name. Must be a valid name containing alphanumeric characters")


@step("the secret read as a parameter")
def reference(aws, lab):
    name = f"/aws/reference/secretsmanager/{lab.name('db')}"
    got = aws.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    lab.same("GetParameter", {
        "Name": name, "Type": "SecureString", "Value": '{"user":"app2"}', "Version": 0, "ARN": lab.secret,
        "LastModifiedDate": Time(), "SourceResult": Like(r'\{"ARN":".+"versionStages":\["AWSCURRENT"\].+\}'),
    }, got)
    old = aws.ssm.get_parameter(Name=f"{name}:AWSPREVIOUS", WithDecryption=True)["Parameter"]
    lab.same("previous value", Has(Value='{"user":"app"}', Selector=":AWSPREVIOUS"), old)
    lab.refused("encrypted", "ValidationException", lambda: aws.ssm.get_parameter(Name=name), status=400,
                message="WithDecryption flag must be True")
    lab.refused("unknown", "ParameterNotFound", lambda: aws.ssm.get_parameter(Name=f"{name}-none", WithDecryption=True),
                status=400, message="when referencing Secrets Manager: Secret")


@step("a pending version that was current is only the previous one")
def pending(aws, lab):
    put = aws.secretsmanager.put_secret_value(SecretId=lab.secret, SecretString="3", VersionStages=["AWSPENDING"])
    stages = aws.secretsmanager.describe_secret(SecretId=lab.secret)["VersionIdsToStages"]
    current = next(version for version, names in stages.items() if "AWSCURRENT" in names)
    aws.secretsmanager.update_secret_version_stage(
        SecretId=lab.secret, VersionStage="AWSCURRENT", RemoveFromVersionId=current, MoveToVersionId=put["VersionId"])
    last = aws.secretsmanager.put_secret_value(SecretId=lab.secret, SecretString='{"user":"app3"}')
    lab.same("stages", {put["VersionId"]: ["AWSPREVIOUS"], last["VersionId"]: ["AWSCURRENT"]},
             aws.secretsmanager.describe_secret(SecretId=lab.secret)["VersionIdsToStages"])
