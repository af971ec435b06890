"""The account and the network that every account starts with: identity, default VPC, subnets, prefix lists.

Decides which two subnets the later areas use. Must not create anything but the prefix list.
"""

from compare import Any, Bag, Between, Has, Like, Maybe
from harness import step


@step("caller identity")
def identity(aws, lab):
    got = aws.sts.get_caller_identity()
    lab.account = got["Account"]
    lab.same("GetCallerIdentity", {
        "UserId": Any(), "Account": Like(r"\d{12}"), "Arn": Like(rf"arn:aws:(iam|sts)::{lab.account}:.+"),
    }, got)


@step("default VPC")
def default_vpc(aws, lab):
    vpcs = aws.ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    lab.same("number of default VPCs", 1, len(vpcs))
    lab.vpc = vpcs[0]["VpcId"]
    lab.same("Vpc", Has({
        "VpcId": Like(r"vpc-([0-9a-f]{8}|[0-9a-f]{17})"), "State": "available", "IsDefault": True,
        "CidrBlock": "172.31.0.0/16", "InstanceTenancy": "default", "OwnerId": lab.account,
        "DhcpOptionsId": Like(r"dopt-.+"),
        "CidrBlockAssociationSet": [{
            "AssociationId": Like(r"vpc-cidr-assoc-.+"), "CidrBlock": "172.31.0.0/16",
            "CidrBlockState": {"State": "associated"},
        }],
    }), vpcs[0])


@step("DNS attributes of the default VPC")
def vpc_attributes(aws, lab):
    for asked, field in (("enableDnsSupport", "EnableDnsSupport"), ("enableDnsHostnames", "EnableDnsHostnames")):
        got = aws.ec2.describe_vpc_attribute(VpcId=lab.vpc, Attribute=asked)
        lab.same(asked, {"VpcId": lab.vpc, field: {"Value": True}}, got)


@step("default subnets in different zones")
def default_subnets(aws, lab):
    subnets = aws.ec2.describe_subnets(Filters=[
        {"Name": "vpc-id", "Values": [lab.vpc]}, {"Name": "default-for-az", "Values": ["true"]},
    ])["Subnets"]
    subnets.sort(key=lambda subnet: subnet["AvailabilityZone"])
    lab.true("at least two default subnets", len(subnets) >= 2, len(subnets))
    lab.subnets = [subnet["SubnetId"] for subnet in subnets[:2]]
    lab.zones = [subnet["AvailabilityZone"] for subnet in subnets[:2]]
    lab.same("zones are distinct", len(subnets), len({subnet["AvailabilityZone"] for subnet in subnets}))
    for subnet in subnets[:2]:
        lab.same(f"subnet {subnet['SubnetId']}", Has({
            "SubnetId": Like(r"subnet-[0-9a-f]+"), "VpcId": lab.vpc, "State": "available", "DefaultForAz": True,
            "CidrBlock": Like(r"172\.31\.\d+\.0/20"), "AvailabilityZone": Like(rf"{lab.region}[a-z]"),
            "AvailabilityZoneId": Like(r"[a-z0-9]+-az\d"), "AvailableIpAddressCount": Between(1, 4091),
            "MapPublicIpOnLaunch": True, "AssignIpv6AddressOnCreation": False, "EnableDns64": False,
            "Ipv6Native": False, "Ipv6CidrBlockAssociationSet": [], "OwnerId": lab.account,
            "SubnetArn": f"arn:aws:ec2:{lab.region}:{lab.account}:subnet/{subnet['SubnetId']}",
            "MapCustomerOwnedIpOnLaunch": False,
            "PrivateDnsNameOptionsOnLaunch": {
                "HostnameType": "ip-name", "EnableResourceNameDnsARecord": False,
                "EnableResourceNameDnsAAAARecord": False,
            },
        }), subnet)


@step("unknown subnet is refused by id and absent by filter")
def unknown_subnet(aws, lab):
    unknown = "subnet-0123456789abcdef0"
    lab.refused("DescribeSubnets", "InvalidSubnetID.NotFound",
                lambda: aws.ec2.describe_subnets(SubnetIds=[unknown]),
                status=400, message=f"The subnet ID '{unknown}' does not exist")
    got = aws.ec2.describe_subnets(Filters=[{"Name": "subnet-id", "Values": [unknown]}])
    lab.same("filtered", [], got["Subnets"])


@step("managed prefix list")
def prefix_list(aws, lab):
    name = lab.name("offices")
    made = aws.ec2.create_managed_prefix_list(
        PrefixListName=name, MaxEntries=5, AddressFamily="IPv4",
        Entries=[{"Cidr": "198.51.100.0/24", "Description": "north"}, {"Cidr": "203.0.113.0/24", "Description": "south"}],
        TagSpecifications=[{"ResourceType": "prefix-list", "Tags": [{"Key": "run", "Value": lab.run}]}],
    )["PrefixList"]
    lab.prefix_list = made["PrefixListId"]
    expected = {
        "PrefixListId": Like(r"pl-[0-9a-f]+"), "AddressFamily": "IPv4", "PrefixListName": name, "MaxEntries": 5,
        "PrefixListArn": f"arn:aws:ec2:{lab.region}:{lab.account}:prefix-list/{lab.prefix_list}", "Version": 1,
        "OwnerId": lab.account, "Tags": [{"Key": "run", "Value": lab.run}],
    }
    lab.same("CreateManagedPrefixList", Has(expected), made)
    got = lab.until(
        "prefix list is created",
        lambda: aws.ec2.describe_managed_prefix_lists(PrefixListIds=[lab.prefix_list])["PrefixLists"][0],
        lambda item: item["State"] != "create-in-progress",
    )
    lab.same("DescribeManagedPrefixLists", Has({**expected, "State": "create-complete", "StateMessage": Maybe("")}), got)
    entries = aws.ec2.get_managed_prefix_list_entries(PrefixListId=lab.prefix_list)["Entries"]
    lab.same("GetManagedPrefixListEntries", Bag([
        {"Cidr": "198.51.100.0/24", "Description": "north"}, {"Cidr": "203.0.113.0/24", "Description": "south"},
    ]), entries)
