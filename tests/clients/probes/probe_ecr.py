"""Probes of image repositories: names, images, policies, tags and pages.

Decides what ECR refuses. An image is pushed the way the registry API wants it.
"""

import hashlib
import json

from botocore.exceptions import ClientError

from fixtures import quiet
from harness import ACCOUNT, Part, probe

IMAGE_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
LIFECYCLE = json.dumps({"rules": [{
    "rulePriority": 1, "selection": {"tagStatus": "any", "countType": "imageCountMoreThan",
                                     "countNumber": 5}, "action": {"type": "expire"}}]})


def repository(t, suffix="", **more):
    """A repository of its own; its ARN."""
    return t.ecr.create_repository(repositoryName=t.name + suffix, **more)["repository"]["repositoryArn"]


def upload(t, blob):
    """Uploads one layer."""
    begun = t.ecr.initiate_layer_upload(repositoryName=t.name)["uploadId"]
    t.ecr.upload_layer_part(repositoryName=t.name, uploadId=begun, partFirstByte=0,
                            partLastByte=len(blob) - 1, layerPartBlob=blob)
    digest = "sha256:" + hashlib.sha256(blob).hexdigest()
    quiet(t.ecr.complete_layer_upload, repositoryName=t.name, uploadId=begun, layerDigests=[digest])


def push(t, content="one"):
    """Puts an image tagged `v1`, with its layers if the registry misses them."""
    config, layer = json.dumps({"architecture": "amd64", "x": content}).encode(), content.encode()

    def part(blob, kind):
        return {"mediaType": kind, "size": len(blob), "digest": "sha256:" + hashlib.sha256(blob).hexdigest()}

    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": IMAGE_TYPE,
        "config": part(config, "application/vnd.docker.container.image.v1+json"),
        "layers": [part(layer, "application/vnd.docker.image.rootfs.diff.tar.gzip")]})
    request = {"repositoryName": t.name, "imageManifest": manifest, "imageTag": "v1"}
    try:
        t.ecr.put_image(**request)
    except ClientError as error:
        if error.response["Error"]["Code"] != "LayersNotFoundException":
            raise
        upload(t, config)
        upload(t, layer)
        t.ecr.put_image(**request)


def missing(t):
    """The text for a repository that does not exist."""
    return f"The repository with name '{t.name}' does not exist in the registry with id '{ACCOUNT}'"


@probe("ecr.repository.exists")
def exists(t):
    repository(t)
    t.refused("RepositoryAlreadyExistsException",
              f"The repository with name '{t.name}' already exists in the registry with id '{ACCOUNT}'",
              t.ecr.create_repository, repositoryName=t.name)


@probe("ecr.repository.unknown.{0}", cases=(
    ("delete_repository", {}), ("list_images", {}), ("get_lifecycle_policy", {}),
    ("put_lifecycle_policy", {"lifecyclePolicyText": LIFECYCLE}), ("describe_images", {}),
    ("put_image_tag_mutability", {"imageTagMutability": "IMMUTABLE"})))
def unknown(t, operation, more):
    t.refused("RepositoryNotFoundException", missing(t), getattr(t.ecr, operation), repositoryName=t.name,
              **more)


@probe("ecr.repository.describe-one-unknown-fails-all")
def describe_mixed(t):
    repository(t, "-there")
    t.refused("RepositoryNotFoundException", missing(t), t.ecr.describe_repositories,
              repositoryNames=[t.name + "-there", t.name])


@probe("ecr.repository.name.{0}", cases=(("Upper",), ("-first",), ("x",), ("a//b",)))
def bad_name(t, name):
    t.refused("InvalidParameterException", Part("Invalid parameter at 'repositoryName' failed to satisfy "
                                                "constraint:"), t.ecr.create_repository, repositoryName=name)


@probe("ecr.repository.not-empty")
def not_empty(t):
    repository(t)
    push(t)
    t.refused("RepositoryNotEmptyException",
              f"The repository with name '{t.name}' in registry with id '{ACCOUNT}' cannot be deleted because "
              "it still contains images", t.ecr.delete_repository, repositoryName=t.name)
    t.ecr.delete_repository(repositoryName=t.name, force=True)


@probe("ecr.image.immutable-tag")
def immutable(t):
    repository(t, imageTagMutability="IMMUTABLE")
    push(t)
    t.refused("ImageTagAlreadyExistsException",
              f"The image tag 'v1' already exists in the '{t.name}' repository and cannot be overwritten "
              "because the repository is immutable.", Again(t), content="two")


class Again:
    """A second push seen as one call."""

    def __init__(self, t):
        self.raw = lambda content: push(t, content) or {}


@probe("ecr.image.unknown-tag")
def unknown_tag(t):
    repository(t)
    t.refused("ImageNotFoundException",
              f"The image with imageId {{imageDigest:'null', imageTag:'none'}} does not exist within the "
              f"repository with name '{t.name}' in the registry with id '{ACCOUNT}'",
              t.ecr.describe_images, repositoryName=t.name, imageIds=[{"imageTag": "none"}])


@probe("ecr.image.batch-get-reports-failures")
def batch_get(t):
    repository(t)
    answer = t.ecr.batch_get_image(repositoryName=t.name, imageIds=[{"imageTag": "none"}])
    t.equal([item["failureCode"] for item in answer["failures"]], ["ImageNotFound"], "failures")


@probe("ecr.policy.no-lifecycle")
def no_lifecycle(t):
    repository(t)
    t.refused("LifecyclePolicyNotFoundException",
              f"Lifecycle policy does not exist for the repository with name '{t.name}' in the registry with "
              f"id '{ACCOUNT}'", t.ecr.get_lifecycle_policy, repositoryName=t.name)


@probe("ecr.policy.none")
def no_policy(t):
    repository(t)
    t.refused("RepositoryPolicyNotFoundException",
              f"Repository policy does not exist for the repository with name '{t.name}' in the registry with "
              f"id '{ACCOUNT}'", t.ecr.get_repository_policy, repositoryName=t.name)


@probe("ecr.policy.bad")
def bad_policy(t):
    repository(t)
    t.refused("InvalidParameterException",
              "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'",
              t.ecr.set_repository_policy, repositoryName=t.name, policyText="{not json")


@probe("ecr.policy.bad-lifecycle")
def bad_lifecycle(t):
    repository(t)
    t.refused("InvalidParameterException",
              Part("Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: "
                   "'Lifecycle policy validation failure:"),
              t.ecr.put_lifecycle_policy, repositoryName=t.name, lifecyclePolicyText='{"rules": [{}]}'.ljust(100))


@probe("ecr.tags.unknown-repository")
def tags_unknown(t):
    arn = f"arn:aws:ecr:{t.region}:{ACCOUNT}:repository/{t.name}"
    t.refused("RepositoryNotFoundException", missing(t), t.ecr.list_tags_for_resource, resourceArn=arn)


@probe("ecr.tags.{0}", cases=(
    ("reserved-prefix", [{"Key": "aws:mine", "Value": "x"}], "InvalidTagParameterException"),
    ("more-than-50", [{"Key": f"k{n}", "Value": "v"} for n in range(51)],
     "TooManyTagsException|InvalidParameterException")))
def bad_tags(t, _case, tags, code):
    t.refused(code, None, t.ecr.tag_resource, resourceArn=repository(t), tags=tags)


@probe("ecr.pages.repositories", region="eu-central-1")
def page_repositories(t):
    wanted = [repository(t, f"-{n}") for n in range(5)]
    pages = t.walk(t.ecr.describe_repositories, "repositories", maxResults=2)
    t.once(pages, wanted, 2, lambda item: item["repositoryArn"])


@probe("ecr.pages.names-with-size")
def names_with_size(t):
    repository(t)
    t.refused("InvalidParameterException", None, t.ecr.describe_repositories, repositoryNames=[t.name],
              maxResults=5)
