"""Probes of the rest of EC2: interfaces, ranges, images.

Decides ids, limits and exclusive parameters outside groups and plain subnets.
"""

from fixtures import balancer, gated, group, network, spare, subnet, vpc
from harness import Pattern, probe

IMAGES = ("ami-0123456789abcdef0", "ami-0123456789abcdef1")


@probe("ec2.rule.peer-in-another-vpc")
def foreign_peer(t):
    foreign = group(t, "b", vpc_id=spare(t))
    t.refused("InvalidGroup.NotFound", "You have specified two resources that belong to different networks.",
              t.ec2.authorize_security_group_ingress, GroupId=group(t, "a"), IpPermissions=[
                  {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80,
                   "UserIdGroupPairs": [{"GroupId": foreign}]}])


@probe("ec2.rule.group-of-60-and-one-more")
def sixty_first(t):
    made = group(t)
    ranges = [{"CidrIp": f"10.2.{n}.0/24"} for n in range(60)]
    body = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1}
    t.ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[{**body, "IpRanges": ranges}])
    t.refused("RulesPerSecurityGroupLimitExceeded",
              "The maximum number of rules per security group has been reached.",
              t.ec2.authorize_security_group_ingress, GroupId=made,
              IpPermissions=[{**body, "IpRanges": [{"CidrIp": "10.3.0.0/24"}]}])
    t.ec2.authorize_security_group_ingress(
        GroupId=made, IpPermissions=[{**body, "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}]}])


@probe("ec2.interface.17-groups")
def too_many_groups(t):
    groups = [group(t, str(n)) for n in range(17)]
    t.refused("SecurityGroupsPerInterfaceLimitExceeded",
              "The maximum number of security groups per interface has been reached.",
              t.ec2.create_network_interface, SubnetId=network(t)["subnets"][0], Groups=groups)


@probe("ec2.interface.unknown-subnet")
def interface_subnet(t):
    t.refused("InvalidSubnetID.NotFound", "The subnet ID 'subnet-0123456789abcdef0' does not exist",
              t.ec2.create_network_interface, SubnetId="subnet-0123456789abcdef0")


@probe("ec2.interface.delete-attached")
def interface_in_use(t):
    label = "ELB " + balancer(t)["LoadBalancerArn"].partition("loadbalancer/")[2]

    def interface():
        return t.ec2.describe_network_interfaces(
            Filters=[{"Name": "description", "Values": [label]}])["NetworkInterfaces"][0]["NetworkInterfaceId"]

    made = t.until(interface, 30)
    t.refused("InvalidParameterValue", f"Network interface '{made}' is currently in use.",
              t.ec2.delete_network_interface, NetworkInterfaceId=made)


@probe("ec2.subnet.ipv6-native.{0}", cases=(
    ("no-range", {}, "MissingParameter", "Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided."),
    ("both-families", {"CidrBlock": "10.20.98.0/24", "Ipv6CidrBlock": "2001:db8::/64"},
     "InvalidParameterCombination",
     "When specifying ipv4 parameters, cidrBlock or ipv4IpamPoolId, you cannot set ipv6Native to true.")))
def ipv6_native(t, _case, more, code, text):
    t.refused(code, text, t.ec2.create_subnet, VpcId=network(t)["vpc"], Ipv6Native=True, **more)


@probe("ec2.vpc.sixth-range", region="eu-north-1")
def sixth_range(t):
    own = vpc(t, "10.100.0.0/16")
    ranges = t.ec2.describe_vpcs(VpcIds=[own])["Vpcs"][0]["CidrBlockAssociationSet"]
    for n in range(100 + len(ranges), 105):
        t.ec2.associate_vpc_cidr_block(VpcId=own, CidrBlock=f"10.{n}.0.0/16")
    t.refused("CidrLimitExceeded", f"This network {own} has met its maximum number of allowed CIDRs: 5",
              t.ec2.associate_vpc_cidr_block, VpcId=own, CidrBlock="10.105.0.0/16")


@probe("ec2.vpc.delete-unknown")
def delete_vpc(t):
    t.refused("InvalidVpcID.NotFound", "The vpc ID 'vpc-0123456789abcdef0' does not exist",
              t.ec2.delete_vpc, VpcId="vpc-0123456789abcdef0")


@probe("ec2.subnet.delete-unknown")
def delete_subnet(t):
    t.refused("InvalidSubnetID.NotFound", "The subnet ID 'subnet-0123456789abcdef0' does not exist",
              t.ec2.delete_subnet, SubnetId="subnet-0123456789abcdef0")


@probe("ec2.subnet.delete-with-interface")
def subnet_with_interface(t):
    own, _ = gated(t)
    made = subnet(t, own, "10.22.240.0/24")
    t.ec2.create_network_interface(SubnetId=made)
    t.refused("DependencyViolation", f"The subnet '{made}' has dependencies and cannot be deleted.",
              t.ec2.delete_subnet, SubnetId=made)


@probe("ec2.image.{0}", cases=(
    ("one-unknown", IMAGES[:1], "InvalidAMIID.NotFound", "The image id '[ami-0123456789abcdef0]' does not exist"),
    ("two-unknown", IMAGES, "InvalidAMIID.NotFound",
     "The image ids '[ami-0123456789abcdef0, ami-0123456789abcdef1]' do not exist"),
    ("malformed", ("nonsense",), "InvalidAMIID.Malformed", 'Invalid id: "nonsense" (expecting "ami-...")')))
def image(t, _case, ids, code, text):
    t.refused(code, text, t.ec2.describe_images, ImageIds=list(ids))


@probe("ec2.endpoint.unknown-service.{0}", cases=(("Gateway",), ("Interface",)))
def unknown_service(t, kind):
    name = f"com.amazonaws.{t.region}.nothing"
    t.refused("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist",
              t.ec2.create_vpc_endpoint, VpcId=network(t)["vpc"], ServiceName=name, VpcEndpointType=kind)


@probe("ec2.route.nat-gateway-as-gateway")
def nat_as_gateway(t):
    table = t.ec2.create_route_table(VpcId=network(t)["vpc"])["RouteTable"]["RouteTableId"]
    t.refused("InvalidGatewayID.NotFound", "The gateway ID 'nat-0123456789abcdef0' does not exist",
              t.ec2.create_route, RouteTableId=table, DestinationCidrBlock="192.0.2.0/24",
              GatewayId="nat-0123456789abcdef0")


@probe("ec2.client-token.interface")
def client_token(t):
    request = {"SubnetId": network(t)["subnets"][0], "ClientToken": t.name}
    made = [t.ec2.create_network_interface(**request)["NetworkInterface"]["NetworkInterfaceId"] for _ in range(2)]
    t.equal(made[1], made[0], "the same interface")
    t.refused("IdempotentParameterMismatch", None, t.ec2.create_network_interface, Description="other", **request)


@probe("ec2.client-token.endpoint")
def endpoint_token(t):
    request = {"VpcId": network(t)["vpc"], "ServiceName": f"com.amazonaws.{t.region}.s3", "ClientToken": t.name}
    made = [t.ec2.create_vpc_endpoint(**request)["VpcEndpoint"]["VpcEndpointId"] for _ in range(2)]
    t.equal(made[1], made[0], "the same endpoint")


@probe("ec2.vpc.two-attributes")
def two_attributes(t):
    on = {"Value": True}
    t.refused("InvalidParameterCombination",
              Pattern("^Fields for multiple attribute types specified: enableDns[A-Za-z]+, enableDns[A-Za-z]+$"),
              t.ec2.modify_vpc_attribute, VpcId=spare(t), EnableDnsSupport=on, EnableDnsHostnames=on)


@probe("ec2.nat-gateway.unknown.{0}", cases=(
    ("describe_nat_gateways", "NatGatewayIds", ["nat-0123456789abcdef0"]),
    ("delete_nat_gateway", "NatGatewayId", "nat-0123456789abcdef0")))
def nat_unknown(t, operation, member, value):
    t.refused("NatGatewayNotFound", "NAT gateway nat-0123456789abcdef0 was not found", getattr(t.ec2, operation),
              **{member: value})


@probe("ec2.instance.{0}", cases=(
    ("one-unknown", ["i-0123456789abcdef0"], "The instance ID 'i-0123456789abcdef0' does not exist"),
    ("two-unknown", ["i-0123456789abcdef0", "i-0123456789abcdef1"],
     "The instance IDs 'i-0123456789abcdef0, i-0123456789abcdef1' do not exist")))
def instance_unknown(t, _case, ids, text):
    t.refused("InvalidInstanceID.NotFound", text, t.ec2.describe_instances, InstanceIds=ids)
