"""Log groups, the image repository and the parameters.

Decides where tasks log to and what settings they read. Must not know the tasks.
"""

import json

from compare import Any, Bag, Between, Has, Json, Like, Maybe, Time
from harness import step

LIFECYCLE = {"rules": [{"rulePriority": 1, "description": "keep ten", "selection": {
    "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 10}, "action": {"type": "expire"}}]}


def log_group(aws, name):
    """The one group of exactly this name, or None."""
    found = aws.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return next((item for item in found if item["logGroupName"] == name), None)


def log_item(lab, name, **more):
    """A log group as DescribeLogGroups lists it."""
    arn = f"arn:aws:logs:{lab.region}:{lab.account}:log-group:{name}"
    return {
        "logGroupName": name, "arn": f"{arn}:*", "logGroupArn": arn, "creationTime": Between(1.6e12, 9e12),
        "metricFilterCount": 0, "storedBytes": 0, "logGroupClass": "STANDARD", "deletionProtectionEnabled": False,
        "bearerTokenAuthenticationEnabled": Maybe(False), **more,
    }


@step("create log groups with tags")
def log_groups(aws, lab):
    lab.logs = f"/ecs/{lab.name('web')}"
    lab.exec_logs = f"/ecs/{lab.name('web')}-exec"
    aws.logs.create_log_group(logGroupName=lab.logs, tags={"run": lab.run, "team": "core"})
    aws.logs.create_log_group(logGroupName=lab.exec_logs)
    lab.same("group without retention", log_item(lab, lab.logs), log_group(aws, lab.logs))
    arn = f"arn:aws:logs:{lab.region}:{lab.account}:log-group:{lab.logs}"
    lab.same("ListTagsForResource", {"tags": {"run": lab.run, "team": "core"}}, aws.logs.list_tags_for_resource(resourceArn=arn))
    listed = aws.logs.describe_log_groups(logGroupNamePrefix=lab.logs)["logGroups"]
    lab.same("prefix match, sorted", [lab.logs, lab.exec_logs], [item["logGroupName"] for item in listed])


@step("log retention set, changed and removed")
def retention(aws, lab):
    for days in (7, 30):
        aws.logs.put_retention_policy(logGroupName=lab.logs, retentionInDays=days)
        lab.same(f"{days} days", log_item(lab, lab.logs, retentionInDays=days), log_group(aws, lab.logs))
    aws.logs.delete_retention_policy(logGroupName=lab.logs)
    lab.same("never expires", log_item(lab, lab.logs), log_group(aws, lab.logs))
    lab.refused("day count not offered", "InvalidParameterException", lambda: aws.logs.put_retention_policy(
        logGroupName=lab.logs, retentionInDays=8), status=400, message="'retentionInDays'")
    aws.logs.put_retention_policy(logGroupName=lab.logs, retentionInDays=14)


@step("log group tags changed; refusals")
def log_tags(aws, lab):
    arn = f"arn:aws:logs:{lab.region}:{lab.account}:log-group:{lab.logs}"
    aws.logs.tag_resource(resourceArn=arn, tags={"team": "edge", "new": "yes"})
    aws.logs.untag_resource(resourceArn=arn, tagKeys=["run"])
    lab.same("tags", {"tags": {"team": "edge", "new": "yes"}}, aws.logs.list_tags_for_resource(resourceArn=arn))
    lab.refused("create again", "ResourceAlreadyExistsException", lambda: aws.logs.create_log_group(logGroupName=lab.logs),
                status=400, message="already exists")
    lab.refused("unknown group", "ResourceNotFoundException", lambda: aws.logs.put_retention_policy(
        logGroupName="/none/at/all", retentionInDays=7), status=400)


@step("create the image repository")
def repository(aws, lab):
    name, tags = lab.name("app/web"), [{"Key": "run", "Value": lab.run}]
    lab.repository = name
    made = aws.ecr.create_repository(
        repositoryName=name, imageTagMutability="IMMUTABLE", imageScanningConfiguration={"scanOnPush": True}, tags=tags)
    lab.repository_arn = made["repository"]["repositoryArn"]
    fields = {
        "repositoryArn": f"arn:aws:ecr:{lab.region}:{lab.account}:repository/{name}", "registryId": lab.account,
        "repositoryName": name, "repositoryUri": f"{lab.account}.dkr.ecr.{lab.region}.amazonaws.com/{name}",
        "createdAt": Time(), "imageTagMutability": "IMMUTABLE", "imageScanningConfiguration": {"scanOnPush": True},
        "encryptionConfiguration": {"encryptionType": "AES256"},
    }
    lab.same("CreateRepository", fields, made["repository"])
    lab.same("DescribeRepositories", [fields], aws.ecr.describe_repositories(repositoryNames=[name])["repositories"])
    lab.same("tags", {"tags": tags}, aws.ecr.list_tags_for_resource(resourceArn=lab.repository_arn))
    lab.refused("create again", "RepositoryAlreadyExistsException", lambda: aws.ecr.create_repository(repositoryName=name),
                status=400, message=f"The repository with name '{name}' already exists in the registry with id '{lab.account}'")


@step("lifecycle and repository policies")
def repository_policies(aws, lab):
    name = lab.repository
    lab.refused("no lifecycle policy yet", "LifecyclePolicyNotFoundException",
                lambda: aws.ecr.get_lifecycle_policy(repositoryName=name), status=400)
    lab.refused("no policy yet", "RepositoryPolicyNotFoundException",
                lambda: aws.ecr.get_repository_policy(repositoryName=name), status=400)
    aws.ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=json.dumps(LIFECYCLE))
    policy = {"Version": "2012-10-17", "Statement": [{
        "Sid": "pull", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{lab.account}:root"},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}]}
    aws.ecr.set_repository_policy(repositoryName=name, policyText=json.dumps(policy))
    owner = {"registryId": lab.account, "repositoryName": name}
    lab.same("GetLifecyclePolicy", {**owner, "lifecyclePolicyText": Json(LIFECYCLE), "lastEvaluatedAt": Maybe(Any())},
             aws.ecr.get_lifecycle_policy(repositoryName=name))
    lab.same("GetRepositoryPolicy", {**owner, "policyText": Json(policy)}, aws.ecr.get_repository_policy(repositoryName=name))


@step("repository settings and tags changed")
def repository_changes(aws, lab):
    name = lab.repository
    lab.same("PutImageTagMutability", Has({"imageTagMutability": "MUTABLE", "repositoryName": name}),
             aws.ecr.put_image_tag_mutability(repositoryName=name, imageTagMutability="MUTABLE"))
    aws.ecr.put_image_scanning_configuration(repositoryName=name, imageScanningConfiguration={"scanOnPush": False})
    aws.ecr.tag_resource(resourceArn=lab.repository_arn, tags=[{"Key": "team", "Value": "core"}])
    aws.ecr.untag_resource(resourceArn=lab.repository_arn, tagKeys=["run"])
    lab.same("repository", [Has({"imageTagMutability": "MUTABLE", "imageScanningConfiguration": {"scanOnPush": False}})],
             aws.ecr.describe_repositories(repositoryNames=[name])["repositories"])
    lab.same("tags", {"tags": [{"Key": "team", "Value": "core"}]}, aws.ecr.list_tags_for_resource(resourceArn=lab.repository_arn))
    aws.ecr.delete_lifecycle_policy(repositoryName=name)
    lab.refused("policy is gone", "LifecyclePolicyNotFoundException", lambda: aws.ecr.get_lifecycle_policy(repositoryName=name))


def parameter(lab, name, kind, value, version):
    """A parameter as GetParameter returns it."""
    return {
        "Name": name, "Type": kind, "Value": value, "Version": version, "LastModifiedDate": Time(), "DataType": "text",
        "ARN": f"arn:aws:ssm:{lab.region}:{lab.account}:parameter{name}",
    }


@step("parameters: String, StringList and SecureString")
def parameters(aws, lab):
    lab.settings = f"/{lab.name('settings')}"
    for short, kind, value in (("color", "String", "blue"), ("hosts", "StringList", "a,b"), ("deep/token", "SecureString", "s3cret")):
        answer = aws.ssm.put_parameter(Name=f"{lab.settings}/{short}", Type=kind, Value=value, Description=f"the {short}",
                                       Tags=[{"Key": "run", "Value": lab.run}])
        lab.same(f"PutParameter {short}", {"Version": 1, "Tier": "Standard"}, answer)
    color, token = f"{lab.settings}/color", f"{lab.settings}/deep/token"
    lab.color_arn = f"arn:aws:ssm:{lab.region}:{lab.account}:parameter{color}"
    lab.same("GetParameter", parameter(lab, color, "String", "blue", 1), aws.ssm.get_parameter(Name=color)["Parameter"])
    lab.same("decrypted", parameter(lab, token, "SecureString", "s3cret", 1),
             aws.ssm.get_parameter(Name=token, WithDecryption=True)["Parameter"])
    lab.true("encrypted value hides the text", aws.ssm.get_parameter(Name=token)["Parameter"]["Value"] != "s3cret")
    described = aws.ssm.describe_parameters(ParameterFilters=[{"Key": "Path", "Option": "Recursive", "Values": [lab.settings]}])
    common = {"LastModifiedDate": Time(), "LastModifiedUser": Like("arn:aws:.+"), "Version": 1, "Tier": "Standard",
              "Policies": [], "DataType": "text"}
    wanted = [
        {**common, "Name": f"{lab.settings}/{short}", "Type": kind, "Description": f"the {short}", **more,
         "ARN": f"arn:aws:ssm:{lab.region}:{lab.account}:parameter{lab.settings}/{short}"}
        for short, kind, more in (("color", "String", {}), ("hosts", "StringList", {}),
                                  ("deep/token", "SecureString", {"KeyId": "alias/aws/ssm"}))
    ]
    lab.same("DescribeParameters", Bag(wanted), described["Parameters"])


@step("parameters overwritten, listed by path, unknown names")
def parameters_again(aws, lab):
    color = f"{lab.settings}/color"
    lab.same("overwrite", {"Version": 2, "Tier": "Standard"},
             aws.ssm.put_parameter(Name=color, Value="green", Overwrite=True))
    lab.refused("without overwrite", "ParameterAlreadyExists", lambda: aws.ssm.put_parameter(
        Name=color, Type="String", Value="red"), status=400, message="The parameter already exists.")
    lab.refused("tags with overwrite", "ValidationException", lambda: aws.ssm.put_parameter(
        Name=color, Type="String", Value="red", Overwrite=True, Tags=[{"Key": "a", "Value": "b"}]), status=400)
    lab.same("GetParameters", {"Parameters": [parameter(lab, color, "String", "green", 2)], "InvalidParameters": ["/none/at/all"]},
             aws.ssm.get_parameters(Names=[color, "/none/at/all"]))
    direct = aws.ssm.get_parameters_by_path(Path=lab.settings)["Parameters"]
    lab.same("one level", Bag([color, f"{lab.settings}/hosts"]), [item["Name"] for item in direct])
    deep = aws.ssm.get_parameters_by_path(Path=lab.settings, Recursive=True, WithDecryption=True)["Parameters"]
    lab.same("all levels", Bag([color, f"{lab.settings}/hosts", f"{lab.settings}/deep/token"]), [item["Name"] for item in deep])
    lab.refused("unknown", "ParameterNotFound", lambda: aws.ssm.get_parameter(Name="/none/at/all"), status=400)
    aws.ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId=color, Tags=[{"Key": "team", "Value": "core"}])
    aws.ssm.remove_tags_from_resource(ResourceType="Parameter", ResourceId=color, TagKeys=["run"])
    lab.same("tags", {"TagList": [{"Key": "team", "Value": "core"}]},
             aws.ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=color))
