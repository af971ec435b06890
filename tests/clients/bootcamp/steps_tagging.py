"""The tagging API over everything the run tagged.

Decides nothing; checks that one query by tag finds the stack. Must not change tags that later steps read.
"""

from compare import Absent, Bag, Has, Like
from harness import step


def tagged(aws, **query):
    """Every resource the query finds."""
    pages = aws.resourcegroupstaggingapi.get_paginator("get_resources").paginate(**query)
    return [item for page in pages for item in page["ResourceTagMappingList"]]


@step("resources by tag")
def by_tag(aws, lab):
    run = {"Key": "run", "Values": [lab.run]}
    # Not in the list: roles, which this API never returns, and what lost the tag on the way.
    arn, name = f"arn:aws:{{}}:{lab.region}:{lab.account}:{{}}", lab.name
    expected = [
        arn.format("ec2", f"security-group/{lab.edge}"), arn.format("ec2", f"security-group/{lab.app}"),
        arn.format("ec2", f"security-group/{lab.data}"), arn.format("ecs", f"cluster/{name('cluster')}"), lab.web, lab.blue, lab.http,
        lab.first_rule, lab.full, arn.format("ssm", f"parameter{lab.settings}/hosts"), lab.mesh_arn, lab.registry_arn, lab.subnet_group_arn,
    ]
    # The index behind this API follows the resources with a lag.
    found = lab.until("the index has caught up", lambda: tagged(aws, TagFilters=[run]), lambda items: set(expected) <= {
        item["ResourceARN"] for item in items}, deadline=min(10, lab.deadline))
    lab.same("entries", [Has(ResourceARN=Like("arn:aws:.+"), Tags=Bag([{"Key": "run", "Value": lab.run}], exact=False))] * len(found), found)
    lab.true("no roles", not [item for item in found if ":role/" in item["ResourceARN"]], found)


@step("resources by type and by ARN, paging, keys and values")
def narrow(aws, lab):
    run = {"Key": "run", "Values": [lab.run]}
    found = tagged(aws, TagFilters=[run], ResourceTypeFilters=["ecs:service"])
    lab.same("services", Bag([Has(ResourceARN=lab.web)]), found)
    page = aws.resourcegroupstaggingapi.get_resources(TagFilters=[run], ResourceTypeFilters=["ec2:security-group"], ResourcesPerPage=2)
    lab.same("first page", [2, True], [len(page["ResourceTagMappingList"]), page["PaginationToken"] != ""])
    page = aws.resourcegroupstaggingapi.get_resources(TagFilters=[run], ResourceTypeFilters=["ecs:cluster"])
    lab.same("last page", {"PaginationToken": "", "ResourceTagMappingList": [
        {"ResourceARN": lab.cluster, "Tags": Bag([{"Key": "run", "Value": lab.run}, {"Key": "team", "Value": "core"}]),
         "ComplianceDetails": Absent()}]}, page)
    unknown = f"arn:aws:ecs:{lab.region}:{lab.account}:cluster/none-{lab.run}"
    got = aws.resourcegroupstaggingapi.get_resources(ResourceARNList=[lab.cluster, unknown])["ResourceTagMappingList"]
    lab.same("unknown ARNs are left out", [lab.cluster], [item["ResourceARN"] for item in got])
    keys = [key for page in aws.resourcegroupstaggingapi.get_paginator("get_tag_keys").paginate() for key in page["TagKeys"]]
    values = [value for page in aws.resourcegroupstaggingapi.get_paginator("get_tag_values").paginate(Key="run") for value in page["TagValues"]]
    lab.true("key is known", "run" in keys, keys)
    lab.true("value is known", lab.run in values, values)


@step("tag and untag through the tagging API")
def change(aws, lab):
    got = aws.resourcegroupstaggingapi.tag_resources(ResourceARNList=[lab.worker], Tags={"via": "api"})
    lab.same("TagResources", {}, got.get("FailedResourcesMap", {}))
    lab.same("seen by ECS", {"tags": [{"key": "via", "value": "api"}]}, aws.ecs.list_tags_for_resource(resourceArn=lab.worker))
    aws.resourcegroupstaggingapi.untag_resources(ResourceARNList=[lab.worker], TagKeys=["via"])
    lab.same("gone again", {"tags": []}, aws.ecs.list_tags_for_resource(resourceArn=lab.worker))
