"""Looks for anything of this run that teardown left behind.

Decides nothing and deletes nothing: it lists, and every list must be empty.
"""

from compare import Has
from harness import step
from steps_stores import log_group


@step("nothing left in the network")
def network(aws, lab):
    prefix = lab.name("")
    found = aws.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [f"{prefix}*"]}])["SecurityGroups"]
    lab.same("security groups", [], found)
    mine = {lab.edge, lab.app, lab.data}
    interfaces = aws.ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [lab.vpc]}])["NetworkInterfaces"]
    lab.same("interfaces", [], [item for item in interfaces if mine & {group["GroupId"] for group in item["Groups"]}])
    lab.until("prefix list is gone", lambda: [item for item in aws.ec2.describe_managed_prefix_lists()["PrefixLists"]
                                              if item["PrefixListId"] == lab.prefix_list], lambda items: items == [])
    balancers = aws.elbv2.describe_load_balancers()["LoadBalancers"]
    lab.same("load balancers", [], [item for item in balancers if item["LoadBalancerName"].startswith(prefix)])
    groups = aws.elbv2.describe_target_groups()["TargetGroups"]
    lab.same("target groups", [], [item for item in groups if item["TargetGroupName"].startswith(prefix)])
    zones = aws.route53.list_hosted_zones()["HostedZones"]
    lab.same("zones", [], [item for item in zones if item["Name"] in (f"{lab.domain}.", f"{lab.run}.internal.")])


@step("nothing left that runs or remembers")
def running(aws, lab):
    prefix = lab.name("")
    lab.same("clusters", [], [arn for arn in aws.ecs.list_clusters()["clusterArns"] if prefix in arn])
    families = aws.ecs.list_task_definition_families(familyPrefix=prefix, status="ACTIVE")["families"]
    lab.same("families", [], families)
    roles = [role for page in aws.iam.get_paginator("list_roles").paginate() for role in page["Roles"]]
    lab.same("roles", [], [role["RoleName"] for role in roles if role["RoleName"].startswith(prefix)])
    policies = [item for page in aws.iam.get_paginator("list_policies").paginate(Scope="Local") for item in page["Policies"]]
    lab.same("policies", [], [item["PolicyName"] for item in policies if item["PolicyName"].startswith(prefix)])
    lab.same("log group", None, log_group(aws, lab.logs))
    namespaces = aws.servicediscovery.list_namespaces()["Namespaces"]
    lab.same("namespaces", [], [item for item in namespaces if lab.run in item["Name"]])
    lab.same("databases", [], [item["DBInstanceIdentifier"] for item in aws.rds.describe_db_instances()["DBInstances"]
                               if item["DBInstanceIdentifier"].startswith(prefix)])
    lab.same("tables", [], [name for name in aws.dynamodb.list_tables()["TableNames"] if name.startswith(prefix)])
    lab.same("schedules", [], aws.scheduler.list_schedules(NamePrefix=prefix)["Schedules"])
    left = aws.ssm.describe_parameters(ParameterFilters=[{"Key": "Path", "Option": "Recursive", "Values": [lab.settings]}])
    lab.same("parameters", [], left["Parameters"])


@step("the account is as it was found")
def account(aws, lab):
    got = aws.ec2.describe_vpcs(VpcIds=[lab.vpc])["Vpcs"]
    lab.same("default VPC", [Has(State="available", IsDefault=True)], got)
    # Every address that an interface of the stack held is free again; what others hold is none of this run's business.
    def held():
        found = aws.ec2.describe_network_interfaces(Filters=[{"Name": "subnet-id", "Values": lab.subnets}])["NetworkInterfaces"]
        others = {subnet: sum(item["SubnetId"] == subnet for item in found) for subnet in lab.subnets}
        subnets = aws.ec2.describe_subnets(SubnetIds=lab.subnets)["Subnets"]
        return {item["SubnetId"]: item["AvailableIpAddressCount"] + others[item["SubnetId"]] for item in subnets}

    lab.until("all other addresses are free", held, lambda sums: set(sums.values()) == {4091})
    listed = aws.acm.list_certificates(Includes={"keyTypes": ["RSA_2048", "EC_prime256v1"]})["CertificateSummaryList"]
    lab.same("certificates", [], [item["DomainName"] for item in listed if lab.run in item["DomainName"]])
