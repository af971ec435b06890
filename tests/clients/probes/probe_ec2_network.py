"""Probes of EC2 networks, interfaces, rule edits, tags and pagination.

Decides ids, address ranges, dependencies and how describe calls page.
"""

from fixtures import (BLOCKS, balancer, gated, group, network, open_port, spare, spare_subnet, subnet,
                      vpc)
from harness import Part, probe

MODIFY_BAD = (
    ("protocol-missing", {"FromPort": 1, "ToPort": 1, "CidrIpv4": "10.0.0.0/8"}, "InvalidParameterValue",
     "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly."),
    ("port-missing", {"IpProtocol": "tcp", "FromPort": 1, "CidrIpv4": "10.0.0.0/8"}, "InvalidParameterValue",
     "Invalid value for portRange. Must specify both from and to ports with TCP/UDP."),
    ("no-peer", {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1}, "MissingParameter",
     "The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId"),
    ("two-peers", {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIpv4": "10.0.0.0/8",
                   "CidrIpv6": "::/0"}, "InvalidParameterCombination",
     "Only one of cidrIp, cidrIpv6, prefixListId, or referencedGroupId can be specified"),
)
UNKNOWN = (
    ("describe_subnets", "SubnetIds", "subnet-0123456789abcdef0", "InvalidSubnetID.NotFound",
     "The subnet ID '{}' does not exist"),
    ("describe_vpcs", "VpcIds", "vpc-0123456789abcdef0", "InvalidVpcID.NotFound",
     "The vpc ID '{}' does not exist"),
    ("describe_network_interfaces", "NetworkInterfaceIds", "eni-0123456789abcdef0",
     "InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '{}' does not exist"),
)


@probe("ec2.rule.modify-{0}", cases=MODIFY_BAD)
def modify_rule(t, _name, body, code, text):
    made = group(t)
    answer = t.ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=open_port())
    rule_id = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    t.refused(code, text, t.ec2.modify_security_group_rules, GroupId=made, SecurityGroupRules=[
        {"SecurityGroupRuleId": rule_id, "SecurityGroupRule": body}])


@probe("ec2.rule.modify-unknown-id")
def modify_unknown(t):
    body = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIpv4": "10.0.0.0/8"}
    t.refused("InvalidSecurityGroupRuleId.NotFound",
              "The security group rule ID 'sgr-0123456789abcdef0' does not exist",
              t.ec2.modify_security_group_rules, GroupId=group(t), SecurityGroupRules=[
                  {"SecurityGroupRuleId": "sgr-0123456789abcdef0", "SecurityGroupRule": body}])


@probe("ec2.unknown-id.{0}", cases=UNKNOWN)
def unknown_id(t, operation, member, value, code, text):
    t.refused(code, text.format(value), getattr(t.ec2, operation), **{member: [value]})


@probe("ec2.filter-unknown-is-empty.{0}",
       cases=(("describe_subnets", "subnet-id", "Subnets"), ("describe_vpcs", "vpc-id", "Vpcs"),
              ("describe_network_interfaces", "group-id", "NetworkInterfaces")))
def filter_is_empty(t, operation, name, key):
    found = getattr(t.ec2, operation)(Filters=[{"Name": name, "Values": ["x-0123456789abcdef0"]}])
    t.equal(found[key], [])


@probe("ec2.subnet.overlap")
def subnet_overlap(t):
    own = network(t)["vpc"]
    t.refused("InvalidSubnet.Conflict", "The CIDR '10.20.1.0/25' conflicts with another subnet",
              t.ec2.create_subnet, VpcId=own, CidrBlock="10.20.1.0/25")


@probe("ec2.subnet.outside-vpc")
def subnet_range(t):
    t.refused("InvalidSubnet.Range", "The CIDR '192.168.1.0/24' is invalid.",
              t.ec2.create_subnet, VpcId=network(t)["vpc"], CidrBlock="192.168.1.0/24")


@probe("ec2.subnet.bad-zone")
def subnet_zone(t):
    t.refused("InvalidParameterValue",
              Part("Subnets can currently only be created in the following availability zones"),
              t.ec2.create_subnet, VpcId=network(t)["vpc"], CidrBlock="10.20.99.0/24",
              AvailabilityZone="mars-north-1a")


@probe("ec2.subnet.unknown-vpc")
def subnet_vpc(t):
    t.refused("InvalidVpcID.NotFound", "The vpc ID 'vpc-0123456789abcdef0' does not exist",
              t.ec2.create_subnet, VpcId="vpc-0123456789abcdef0", CidrBlock="10.0.0.0/24")


@probe("ec2.subnet.delete-with-load-balancer")
def subnet_in_use(t):
    subnets = [spare_subnet(t, "a"), spare_subnet(t, "b")]
    balancer(t, Subnets=subnets)
    t.refused("DependencyViolation", f"The subnet '{subnets[0]}' has dependencies and cannot be deleted.",
              t.ec2.delete_subnet, SubnetId=subnets[0])


@probe("ec2.vpc.delete-with-subnet", region="eu-north-1")
def vpc_in_use(t):
    own = vpc(t, "10.32.0.0/16")
    subnet(t, own, "10.32.1.0/24")
    t.refused("DependencyViolation", f"The vpc '{own}' has dependencies and cannot be deleted.",
              t.ec2.delete_vpc, VpcId=own)


@probe("ec2.vpc.cidr-too-wide")
def vpc_range(t):
    t.refused("InvalidVpc.Range", "The CIDR '10.0.0.0/8' is invalid.",
              t.ec2.create_vpc, CidrBlock="10.0.0.0/8")


@probe("ec2.gateway.delete-attached")
def gateway_attached(t):
    _, gateway = gated(t)
    t.refused("DependencyViolation",
              f"The internetGateway '{gateway}' has dependencies and cannot be deleted.",
              t.ec2.delete_internet_gateway, InternetGatewayId=gateway)


@probe("ec2.route-table.delete-associated")
def route_table_associated(t):
    held = spare_subnet(t)
    found = t.ec2.describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": [held]}])["RouteTables"]
    if found:
        table = found[0]["RouteTableId"]
    else:
        table = t.ec2.create_route_table(VpcId=spare(t))["RouteTable"]["RouteTableId"]
        t.ec2.associate_route_table(RouteTableId=table, SubnetId=held)
    t.refused("DependencyViolation", f"The routeTable '{table}' has dependencies and cannot be deleted.",
              t.ec2.delete_route_table, RouteTableId=table)


@probe("ec2.route.exists")
def route_exists(t):
    own, gateway = gated(t)
    table = t.ec2.create_route_table(VpcId=own)["RouteTable"]["RouteTableId"]
    t.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    place = subnet(t, own, f"10.22.{next(BLOCKS)}.0/24")
    other = t.ec2.create_network_interface(SubnetId=place)["NetworkInterface"]["NetworkInterfaceId"]
    t.refused("RouteAlreadyExists", "The route identified by 0.0.0.0/0 already exists.",
              t.ec2.create_route, RouteTableId=table, DestinationCidrBlock="0.0.0.0/0",
              NetworkInterfaceId=other)


@probe("ec2.interface.load-balancer-attachment-is-managed")
def managed_interface(t):
    arn = balancer(t)["LoadBalancerArn"]
    label = "ELB " + arn.partition("loadbalancer/")[2]

    def interfaces():
        return t.ec2.describe_network_interfaces(
            Filters=[{"Name": "description", "Values": [label]}])["NetworkInterfaces"]

    attachment = t.until(lambda: interfaces()[0]["Attachment"]["AttachmentId"])
    t.refused("OperationNotPermitted", "You are not allowed to manage 'ela-attach' attachments.",
              t.ec2.detach_network_interface, AttachmentId=attachment, Force=True)


@probe("ec2.tags.reserved-prefix")
def reserved_tag(t):
    t.refused("InvalidParameterValue", Part("Tag keys starting with 'aws:' are reserved for internal use"),
              t.ec2.create_tags, Resources=[group(t)], Tags=[{"Key": "aws:mine", "Value": "x"}])


@probe("ec2.tags.more-than-50")
def too_many_tags(t):
    tags = [{"Key": f"k{n}", "Value": "v"} for n in range(51)]
    t.refused("TagLimitExceeded", None, t.ec2.create_tags, Resources=[group(t)], Tags=tags)


@probe("ec2.tags.same-tag-again")
def same_tag(t):
    made = group(t)
    for value in ("one", "two", "two"):
        t.ec2.create_tags(Resources=[made], Tags=[{"Key": "k", "Value": value}])
    found = t.ec2.describe_security_groups(GroupIds=[made])["SecurityGroups"][0]
    t.equal(found["Tags"], [{"Key": "k", "Value": "two"}], "tags")


@probe("ec2.dry-run")
def dry_run(t):
    t.refused("412 DryRunOperation", "Request would have succeeded, but DryRun flag is set.",
              t.ec2.create_vpc, CidrBlock="10.36.0.0/16", DryRun=True)


@probe("ec2.pages.groups", region="eu-west-1")
def page_groups(t):
    wanted = [group(t, str(n)) for n in range(12)]
    pages = t.walk(t.ec2.describe_security_groups, "SecurityGroups", ("NextToken", "NextToken"),
                   MaxResults=5)
    t.once(pages, wanted, 5, lambda item: item["GroupId"])


@probe("ec2.pages.rules", region="eu-west-1")
def page_rules(t):
    made = group(t)
    ranges = [{"CidrIp": f"10.1.{n}.0/24"} for n in range(13)]
    t.ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": ranges}])
    pages = t.walk(t.ec2.describe_security_group_rules, "SecurityGroupRules", ("NextToken", "NextToken"),
                   Filters=[{"Name": "group-id", "Values": [made]}], MaxResults=5)
    t.equal([len(page) for page in pages], [5, 5, 4], "page sizes with the default egress rule")


@probe("ec2.pages.subnets", region="eu-west-1")
def page_subnets(t):
    own = vpc(t, "10.40.0.0/16")
    wanted = [subnet(t, own, f"10.40.{n}.0/24") for n in range(7)]
    pages = t.walk(t.ec2.describe_subnets, "Subnets", ("NextToken", "NextToken"),
                   Filters=[{"Name": "vpc-id", "Values": [own]}], MaxResults=5)
    t.once(pages, wanted, 5, lambda item: item["SubnetId"])


@probe("ec2.pages.size-below-5", region="eu-west-1")
def page_too_small(t):
    t.refused("InvalidParameterValue", None, t.ec2.describe_security_groups, MaxResults=4)


@probe("ec2.pages.ids-with-size", region="eu-west-1")
def page_with_ids(t):
    t.refused("InvalidParameterCombination", None, t.ec2.describe_security_groups,
              GroupIds=[group(t)], MaxResults=5)
