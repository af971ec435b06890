"""Probes of clusters, tasks, capacity providers and ECS tags.

Decides what a cluster, a task and a tag call refuse.
"""

from fixtures import awsvpc, cluster, definition, service
from harness import ACCOUNT, Part, probe


def status(t):
    """The cluster's status as described."""
    return t.ecs.describe_clusters(clusters=[t.name])["clusters"][0]["status"]


@probe("ecs.cluster.create-twice")
def create_twice(t):
    first = t.ecs.create_cluster(clusterName=t.name)["cluster"]["clusterArn"]
    t.equal(t.ecs.create_cluster(clusterName=t.name)["cluster"]["clusterArn"], first, "the same ARN")


@probe("ecs.cluster.create-with-other-arguments")
def create_other(t):
    cluster(t)
    t.refused("InvalidParameterException", Part("Arguments on this idempotent request are inconsistent"),
              t.ecs.create_cluster, clusterName=t.name, configuration={
                  "executeCommandConfiguration": {"logging": "NONE"}})


@probe("ecs.cluster.name.{0}", cases=(("characters", "no spaces"), ("too-long", "x" * 256)))
def bad_name(t, _case, name):
    t.refused("InvalidParameterException", None, t.ecs.create_cluster, clusterName=name)


@probe("ecs.cluster.describe-unknown")
def describe_unknown(t):
    answer = t.ecs.describe_clusters(clusters=[t.name])
    arn = f"arn:aws:ecs:{t.region}:{ACCOUNT}:cluster/{t.name}"
    t.equal((answer["clusters"], answer["failures"]), ([], [{"arn": arn, "reason": "MISSING"}]))


@probe("ecs.cluster.describe-101")
def describe_batch(t):
    t.refused("InvalidParameterException", Part("at most 100 items"), t.ecs.describe_clusters,
              clusters=[f"c{n}" for n in range(101)])


@probe("ecs.cluster.unknown.{0}", cases=(
    ("delete_cluster", "cluster", {}), ("list_services", "cluster", {}), ("list_tasks", "cluster", {}),
    ("describe_tasks", "cluster", {"tasks": ["a"]}), ("update_cluster", "cluster", {"settings": []}),
    ("put_cluster_capacity_providers", "cluster",
     {"capacityProviders": [], "defaultCapacityProviderStrategy": []})))
def unknown_cluster(t, operation, member, more):
    t.refused("ClusterNotFoundException", "Cluster not found.", getattr(t.ecs, operation),
              **{member: t.name}, **more)


@probe("ecs.cluster.delete-with-service")
def delete_with_service(t):
    service(t)
    t.refused("ClusterContainsServicesException",
              "The Cluster cannot be deleted while Services are active.",
              t.ecs.delete_cluster, cluster=t.name)


@probe("ecs.cluster.delete-with-task")
def delete_with_task(t):
    cluster(t)
    t.ecs.run_task(cluster=t.name, taskDefinition=definition(t), launchType="FARGATE",
                   networkConfiguration=awsvpc(t))
    t.refused("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.",
              t.ecs.delete_cluster, cluster=t.name)


@probe("ecs.cluster.deleted-is-inactive")
def deleted_inactive(t):
    cluster(t)
    t.equal(t.ecs.delete_cluster(cluster=t.name)["cluster"]["status"], "INACTIVE", "answer")
    t.equal(status(t), "INACTIVE", "described")
    arn = f"arn:aws:ecs:{t.region}:{ACCOUNT}:cluster/{t.name}"
    t.true(arn not in t.ecs.list_clusters(maxResults=100)["clusterArns"], "not listed")


@probe("ecs.cluster.deleted-refuses-{0}", cases=(
    ("tags", "tag_resource", "InvalidParameterException",
     "The specified cluster is inactive. Specify an active cluster and try again."),
    ("services", "create_service", "ClusterNotFoundException", "Cluster not found."),
    ("providers", "put_cluster_capacity_providers", "InvalidParameterException|ClientException", None)))
def inactive_refuses(t, _case, operation, code, text):
    cluster(t)
    arn = t.ecs.delete_cluster(cluster=t.name)["cluster"]["clusterArn"]
    request = {
        "tag_resource": lambda: {"resourceArn": arn, "tags": [{"key": "a", "value": "b"}]},
        "create_service": lambda: {"cluster": t.name, "serviceName": "s", "desiredCount": 0,
                                   "launchType": "FARGATE", "taskDefinition": definition(t),
                                   "networkConfiguration": awsvpc(t)},
        "put_cluster_capacity_providers": lambda: {
            "cluster": t.name, "capacityProviders": ["FARGATE"], "defaultCapacityProviderStrategy": []},
    }[operation]()
    t.refused(code, text, getattr(t.ecs, operation), **request)


@probe("ecs.cluster.delete-then-create-revives")
def revive(t):
    cluster(t)
    t.ecs.delete_cluster(cluster=t.name)
    t.ecs.create_cluster(clusterName=t.name)
    t.until(lambda: status(t) == "ACTIVE", 20)


@probe("ecs.provider.in-use")
def provider_in_use(t):
    cluster(t)
    put = t.ecs.put_cluster_capacity_providers
    put(cluster=t.name, capacityProviders=["FARGATE", "FARGATE_SPOT"], defaultCapacityProviderStrategy=[])
    t.until(lambda: t.ecs.create_service(
        cluster=t.name, serviceName="s", desiredCount=0, taskDefinition=definition(t),
        networkConfiguration=awsvpc(t), capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT"}]), 10)
    t.refused("ResourceInUseException", "The specified capacity provider is in use and cannot be removed.",
              put, cluster=t.name, capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[])


@probe("ecs.provider.describe-unknown")
def provider_unknown(t):
    answer = t.ecs.describe_capacity_providers(capacityProviders=[t.name])
    t.equal([failure["reason"] for failure in answer["failures"]], ["MISSING"], "reasons")


@probe("ecs.task.{0}", cases=(
    ("unknown-definition", {"taskDefinition": "none:1"}, "ClientException", "TaskDefinition not found."),
    ("no-network", {"networkConfiguration": None}, "InvalidParameterException",
     "Network Configuration must be provided when networkMode 'awsvpc' is specified."),
    ("count-11", {"count": 11}, "InvalidParameterException", None)))
def bad_task(t, _case, spoil, code, text):
    cluster(t)
    request = {"cluster": t.name, "launchType": "FARGATE", "networkConfiguration": awsvpc(t), **spoil}
    request.setdefault("taskDefinition", definition(t))
    t.refused(code, text, t.ecs.run_task, **{k: v for k, v in request.items() if v is not None})


@probe("ecs.task.describe-unknown")
def describe_task_unknown(t):
    cluster(t)
    answer = t.ecs.describe_tasks(cluster=t.name, tasks=["0123456789abcdef0123456789abcdef"])
    t.equal((answer["tasks"], [item["reason"] for item in answer["failures"]]), ([], ["MISSING"]))


@probe("ecs.task.describe-none")
def describe_no_tasks(t):
    cluster(t)
    t.refused("InvalidParameterException", "Tasks cannot be empty.", t.ecs.describe_tasks,
              cluster=t.name, tasks=[])


@probe("ecs.task.describe-101")
def describe_tasks_batch(t):
    cluster(t)
    t.refused("InvalidParameterException", Part("at most 100 items"), t.ecs.describe_tasks,
              cluster=t.name, tasks=[f"{n:032x}" for n in range(101)])


@probe("ecs.task.id-of-another-length.{0}", cases=(
    ("describe_tasks", "tasks", ["short"]), ("stop_task", "task", "short")))
def task_id_length(t, operation, member, value):
    cluster(t)
    t.refused("InvalidParameterException", "taskId length should be one of [32,36]", getattr(t.ecs, operation),
              cluster=t.name, **{member: value})


@probe("ecs.task.stop-unknown")
def stop_unknown(t):
    cluster(t)
    t.refused("InvalidParameterException", Part("task was not found"), t.ecs.stop_task, cluster=t.name,
              task="0123456789abcdef0123456789abcdef")


@probe("ecs.tags.unknown-resource.{0}", cases=(("service", "service/{0}/{0}"), ("cluster", "cluster/{0}")))
def tag_unknown(t, _kind, path):
    arn = f"arn:aws:ecs:{t.region}:{ACCOUNT}:" + path.format(t.name)
    t.refused("InvalidParameterException|ClusterNotFoundException|ServiceNotFoundException", None,
              t.ecs.tag_resource, resourceArn=arn, tags=[{"key": "a", "value": "b"}])


@probe("ecs.tags.{0}", cases=(
    ("more-than-50", [{"key": f"k{n}", "value": "v"} for n in range(51)]),
    ("reserved-prefix", [{"key": "aws:mine", "value": "v"}])))
def bad_tags(t, _case, tags):
    cluster(t)
    arn = f"arn:aws:ecs:{t.region}:{ACCOUNT}:cluster/{t.name}"
    t.refused("InvalidParameterException|ClientException", None, t.ecs.tag_resource,
              resourceArn=arn, tags=tags)


@probe("ecs.pages.clusters", region="ap-southeast-2")
def page_clusters(t):
    wanted = []
    for n in range(5):
        wanted.append(t.ecs.create_cluster(clusterName=f"{t.name}-{n}")["cluster"]["clusterArn"])
    t.once(t.walk(t.ecs.list_clusters, "clusterArns", maxResults=2), wanted, 2)


@probe("ecs.pages.tasks", region="ap-southeast-2")
def page_tasks(t):
    cluster(t)
    made = t.ecs.run_task(cluster=t.name, taskDefinition=definition(t), launchType="FARGATE", count=5,
                          networkConfiguration=awsvpc(t))["tasks"]
    pages = t.walk(t.ecs.list_tasks, "taskArns", cluster=t.name, maxResults=2)
    t.once(pages, [task["taskArn"] for task in made], 2)


@probe("ecs.provider.unknown")
def unknown_provider(t):
    cluster(t)
    t.refused("InvalidParameterException|ClientException", None, t.ecs.put_cluster_capacity_providers,
              cluster=t.name, capacityProviders=["MOON"], defaultCapacityProviderStrategy=[])


@probe("ecs.settings.long-arns-stay", region="eu-north-1")
def long_arns(t):
    t.refused("InvalidParameterException", Part("You can no longer disable"), t.ecs.put_account_setting,
              name="serviceLongArnFormat", value="disabled")
