"""The cluster: settings, capacity providers, execute-command logging, Service Connect default namespace.

Decides where services run. Must not start anything.
"""

from compare import Absent, Bag, Has, Maybe, OneOf
from harness import step

INCLUDE = ["SETTINGS", "TAGS", "CONFIGURATIONS", "STATISTICS", "ATTACHMENTS"]


def cluster(aws, lab, include=()):
    """Reads the cluster with the given parts."""
    got = aws.ecs.describe_clusters(clusters=[lab.cluster], include=list(include))
    lab.same("failures", [], got["failures"])
    return got["clusters"][0]


def creation(lab):
    """The parameters of CreateCluster."""
    return {
        "clusterName": lab.name("cluster"), "settings": [{"name": "containerInsights", "value": "enabled"}],
        "capacityProviders": ["FARGATE_SPOT", "FARGATE"],
        "defaultCapacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1, "base": 1},
                                            {"capacityProvider": "FARGATE_SPOT", "weight": 3}],
        "configuration": {"executeCommandConfiguration": {"logging": "OVERRIDE", "logConfiguration": {
            "cloudWatchLogGroupName": lab.exec_logs, "cloudWatchEncryptionEnabled": False, "s3EncryptionEnabled": False}}},
        "serviceConnectDefaults": {"namespace": lab.name("mesh")}, "tags": [{"key": "run", "value": lab.run}],
    }


def fields(lab, **other):
    """The cluster as AWS lists it, without the parts that must be asked for."""
    return {
        "clusterArn": f"arn:aws:ecs:{lab.region}:{lab.account}:cluster/{lab.name('cluster')}", "clusterName": lab.name("cluster"),
        "status": "ACTIVE", "registeredContainerInstancesCount": 0, "runningTasksCount": 0, "pendingTasksCount": 0,
        "activeServicesCount": 0, "statistics": [], "tags": [], "settings": [], "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "defaultCapacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1, "base": 1},
                                            {"capacityProvider": "FARGATE_SPOT", "weight": 3, "base": 0}],
        "serviceConnectDefaults": {"namespace": lab.mesh_arn}, "attachments": Maybe(), "attachmentsStatus": Maybe(), **other,
    }


def all_parts(lab):
    """The parts that must be asked for."""
    return {"settings": [{"name": "containerInsights", "value": "enabled"}], "tags": [{"key": "run", "value": lab.run}]}


@step("create the cluster")
def create(aws, lab):
    made = lab.settle(lambda: aws.ecs.create_cluster(**creation(lab)))["cluster"]
    lab.cluster = made["clusterArn"]
    lab.same("CreateCluster", fields(
        lab, **all_parts(lab), status=OneOf("ACTIVE", "PROVISIONING"), capacityProviders=Bag(["FARGATE", "FARGATE_SPOT"]),
        configuration=Maybe(creation(lab)["configuration"])), made)


@step("cluster read back, bare and with every part")
def read(aws, lab):
    got = lab.until("cluster is ACTIVE", lambda: cluster(aws, lab), lambda item: item["status"] == "ACTIVE")
    lab.same("bare", fields(lab, configuration=Absent()), got)
    lab.same("all parts", fields(lab, **all_parts(lab), configuration=creation(lab)["configuration"],
                                 statistics=Bag([], exact=False)), cluster(aws, lab, INCLUDE))
    lab.same("by name", [Has(clusterArn=lab.cluster)], aws.ecs.describe_clusters(clusters=[lab.name("cluster")])["clusters"])
    unknown = aws.ecs.describe_clusters(clusters=[lab.name("none")])
    lab.same("unknown cluster", {"clusters": [], "failures": [
        {"arn": f"arn:aws:ecs:{lab.region}:{lab.account}:cluster/{lab.name('none')}", "reason": "MISSING"}]}, unknown)
    lab.true("listed", lab.cluster in aws.ecs.list_clusters()["clusterArns"])


@step("the same cluster created again is returned")
def again(aws, lab):
    lab.same("same arguments", lab.cluster, aws.ecs.create_cluster(**creation(lab))["cluster"]["clusterArn"])
    other = {**creation(lab), "configuration": {"executeCommandConfiguration": {"logging": "NONE"}}}
    lab.refused("other configuration", "InvalidParameterException", lambda: aws.ecs.create_cluster(**other), status=400,
                message="Arguments on this idempotent request are inconsistent")


@step("cluster settings, providers and tags changed")
def change(aws, lab):
    strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}, {"capacityProvider": "FARGATE", "weight": 2, "base": 0}]
    aws.ecs.update_cluster_settings(cluster=lab.cluster, settings=[{"name": "containerInsights", "value": "enhanced"}])
    lab.settle(lambda: aws.ecs.put_cluster_capacity_providers(
        cluster=lab.cluster, capacityProviders=["FARGATE", "FARGATE_SPOT"], defaultCapacityProviderStrategy=[
            {"capacityProvider": "FARGATE_SPOT", "weight": 1}, {"capacityProvider": "FARGATE", "weight": 2}]),
        "ResourceInUseException", "UpdateInProgressException")
    aws.ecs.tag_resource(resourceArn=lab.cluster, tags=[{"key": "team", "value": "core"}, {"key": "old", "value": ""}])
    aws.ecs.untag_resource(resourceArn=lab.cluster, tagKeys=["old"])
    tags = [{"key": "run", "value": lab.run}, {"key": "team", "value": "core"}]
    got = lab.until("cluster is ACTIVE", lambda: cluster(aws, lab, INCLUDE), lambda item: item["status"] == "ACTIVE")
    lab.same("cluster", fields(
        lab, settings=[{"name": "containerInsights", "value": "enhanced"}], tags=Bag(tags), defaultCapacityProviderStrategy=strategy,
        configuration=creation(lab)["configuration"], statistics=Bag([], exact=False)), got)
    lab.same("ListTagsForResource", {"tags": Bag(tags)}, aws.ecs.list_tags_for_resource(resourceArn=lab.cluster))
    lab.refused("unknown cluster", "ClusterNotFoundException", lambda: aws.ecs.list_services(cluster=lab.name("none")), status=400,
                message="Cluster not found.")


@step("Fargate capacity providers")
def providers(aws, lab):
    got = aws.ecs.describe_capacity_providers(capacityProviders=["FARGATE", "FARGATE_SPOT"])["capacityProviders"]
    lab.same("providers", Bag([Has(name=name, status="ACTIVE") for name in ("FARGATE", "FARGATE_SPOT")]), got)
