"""The Application Load Balancer: creation, readiness, network interfaces, attributes, tags, DNS alias.

Decides the entrance of the stack. Must not know listeners or target groups.
"""

from compare import Bag, Has, Like, Maybe, Time
from harness import step
from steps_dns import change, records

ATTRIBUTES = {
    "access_logs.s3.enabled": "false", "access_logs.s3.bucket": "", "access_logs.s3.prefix": "",
    "connection_logs.s3.enabled": "false", "connection_logs.s3.bucket": "", "connection_logs.s3.prefix": "",
    "health_check_logs.s3.enabled": Maybe("false"), "health_check_logs.s3.bucket": Maybe(""),
    "health_check_logs.s3.prefix": Maybe(""), "client_keep_alive.seconds": "3600",
    "deletion_protection.enabled": "false", "idle_timeout.timeout_seconds": "60",
    "ipv6.deny_all_igw_traffic": Maybe("false"), "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive", "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false", "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true", "waf.fail_open.enabled": "false", "zonal_shift.config.enabled": "false",
}


def balancer(aws, lab):
    """Reads the load balancer."""
    return aws.elbv2.describe_load_balancers(LoadBalancerArns=[lab.balancer])["LoadBalancers"][0]


def attributes(aws, lab):
    """Reads the attributes as one object of strings."""
    got = aws.elbv2.describe_load_balancer_attributes(LoadBalancerArn=lab.balancer)["Attributes"]
    return {item["Key"]: item["Value"] for item in got}


def tags_of(aws, arn):
    """The tags of one load balancing object; a list, because a doubled key would hide in a dict."""
    got = aws.elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    return got[0]["Tags"]


def creation(lab, **other):
    """The parameters of CreateLoadBalancer."""
    return {
        "Name": lab.name("alb"), "Subnets": lab.subnets, "SecurityGroups": [lab.edge], "Scheme": "internet-facing",
        "Type": "application", "IpAddressType": "ipv4",
        "Tags": [{"Key": "run", "Value": lab.run}, {"Key": "team", "Value": "edge"}], **other,
    }


def fields(lab, state):
    """The load balancer as AWS lists it."""
    name = lab.name("alb")
    return {
        "LoadBalancerArn": Like(rf"arn:aws:elasticloadbalancing:{lab.region}:{lab.account}:loadbalancer/app/{name}/[0-9a-f]{{16}}"),
        "DNSName": Like(rf"{name}-\d+\.{lab.region}\.elb\.amazonaws\.com"), "CanonicalHostedZoneId": Like("Z[A-Z0-9]+"),
        "CreatedTime": Time(), "LoadBalancerName": name, "Scheme": "internet-facing", "VpcId": lab.vpc,
        "State": {"Code": state}, "Type": "application", "SecurityGroups": [lab.edge], "IpAddressType": "ipv4",
        "AvailabilityZones": Bag([
            {"ZoneName": zone, "SubnetId": subnet, "LoadBalancerAddresses": []} for zone, subnet in zip(lab.zones, lab.subnets)]),
        "EnablePrefixForIpv6SourceNat": Maybe("off"),
    }


@step("create the load balancer")
def create(aws, lab):
    made = lab.settle(lambda: aws.elbv2.create_load_balancer(**creation(lab)), "InvalidSecurityGroup")["LoadBalancers"]
    lab.balancer, lab.balancer_dns = made[0]["LoadBalancerArn"], made[0]["DNSName"]
    lab.balancer_zone = made[0]["CanonicalHostedZoneId"]
    lab.same("CreateLoadBalancer", [fields(lab, "provisioning")], made)
    lab.same("tags", Bag(creation(lab)["Tags"]), tags_of(aws, lab.balancer))


@step("load balancer becomes active")
def active(aws, lab):
    got = lab.until("load balancer is active", lambda: balancer(aws, lab), lambda item: item["State"]["Code"] != "provisioning")
    lab.same("DescribeLoadBalancers", fields(lab, "active"), got)
    by_name = aws.elbv2.describe_load_balancers(Names=[lab.name("alb")])["LoadBalancers"]
    lab.same("by name", [got], by_name)


@step("network interfaces of the load balancer")
def interfaces(aws, lab):
    lab.balancer_interfaces = "ELB " + lab.balancer.split(":loadbalancer/")[1]
    got = lab.until("interfaces exist", lambda: aws.ec2.describe_network_interfaces(Filters=[
        {"Name": "description", "Values": [lab.balancer_interfaces]}])["NetworkInterfaces"], lambda items: len(items) >= 2)
    lab.same("interfaces", Bag([Has({
        "NetworkInterfaceId": Like("eni-[0-9a-f]{17}"), "SubnetId": subnet, "VpcId": lab.vpc, "Status": "in-use",
        "Description": lab.balancer_interfaces, "InterfaceType": "interface", "RequesterId": "amazon-elb",
        "RequesterManaged": True, "SourceDestCheck": True, "Groups": [{"GroupId": lab.edge, "GroupName": lab.name("edge")}],
        "PrivateIpAddress": Like(r"172\.31\.\d+\.\d+"), "Attachment": Has(Status="attached", InstanceOwnerId="amazon-elb"),
    }) for subnet in lab.subnets]), got)


@step("load balancer attributes: all defaults")
def default_attributes(aws, lab):
    lab.same("attributes", ATTRIBUTES, attributes(aws, lab))


@step("load balancer attributes changed")
def change_attributes(aws, lab):
    wanted = {"idle_timeout.timeout_seconds": "120", "routing.http.drop_invalid_header_fields.enabled": "true",
              "deletion_protection.enabled": "true"}
    aws.elbv2.modify_load_balancer_attributes(LoadBalancerArn=lab.balancer, Attributes=[
        {"Key": key, "Value": value} for key, value in wanted.items()])
    lab.same("attributes", {**ATTRIBUTES, **wanted}, attributes(aws, lab))
    aws.elbv2.modify_load_balancer_attributes(LoadBalancerArn=lab.balancer, Attributes=[
        {"Key": "deletion_protection.enabled", "Value": "false"}])
    lab.same("attributes", {**ATTRIBUTES, **wanted, "deletion_protection.enabled": "false"}, attributes(aws, lab))


@step("same creation returns it, other settings and bad subnets are refused")
def creation_again(aws, lab):
    again = aws.elbv2.create_load_balancer(**creation(lab))["LoadBalancers"][0]
    lab.same("same settings", lab.balancer, again["LoadBalancerArn"])
    lab.refused("other scheme", "DuplicateLoadBalancerName", lambda: aws.elbv2.create_load_balancer(
        **creation(lab, Scheme="internal")), status=400,
        message=f"A load balancer with the same name '{lab.name('alb')}' exists, but with different settings")
    lab.refused("one subnet", "ValidationError", lambda: aws.elbv2.create_load_balancer(
        **creation(lab, Name=lab.name("one"), Subnets=lab.subnets[:1])), status=400,
        message="At least two subnets in two different Availability Zones must be specified")
    lab.refused("unknown name", "LoadBalancerNotFound", lambda: aws.elbv2.describe_load_balancers(Names=[lab.name("none")]),
                status=400, message="One or more load balancers not found")


@step("load balancer groups and tags changed")
def groups_and_tags(aws, lab):
    got = aws.elbv2.set_security_groups(LoadBalancerArn=lab.balancer, SecurityGroups=[lab.edge, lab.app])
    lab.same("SetSecurityGroups", Bag([lab.edge, lab.app]), got["SecurityGroupIds"])
    lab.same("groups", Bag([lab.edge, lab.app]), balancer(aws, lab)["SecurityGroups"])
    aws.elbv2.set_security_groups(LoadBalancerArn=lab.balancer, SecurityGroups=[lab.edge])
    lab.same("groups", [lab.edge], balancer(aws, lab)["SecurityGroups"])
    aws.elbv2.add_tags(ResourceArns=[lab.balancer], Tags=[{"Key": "team", "Value": "core"}, {"Key": "new", "Value": "1"}])
    aws.elbv2.remove_tags(ResourceArns=[lab.balancer], TagKeys=["run"])
    lab.same("tags", Bag([{"Key": "team", "Value": "core"}, {"Key": "new", "Value": "1"}]), tags_of(aws, lab.balancer))


@step("alias record to the load balancer")
def alias(aws, lab):
    target = {"HostedZoneId": lab.balancer_zone, "DNSName": lab.balancer_dns, "EvaluateTargetHealth": True}
    lab.alias = {"Name": f"www.{lab.domain}.", "Type": "A", "AliasTarget": {**target, "DNSName": lab.balancer_dns.lower() + "."}}
    change(aws, lab, ("CREATE", {"Name": f"www.{lab.domain}", "Type": "A", "AliasTarget": target}))
    lab.same("alias", [lab.alias], [item for item in records(aws, lab) if item["Name"] == f"www.{lab.domain}."])
    wrong = {**lab.alias, "Name": f"bad.{lab.domain}.", "AliasTarget": {**target, "HostedZoneId": "Z00000000000000000000"}}
    lab.refused("wrong alias zone", "InvalidChangeBatch", lambda: aws.route53.change_resource_record_sets(
        HostedZoneId=lab.zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": wrong}]}), status=400,
        message="Tried to create an alias that targets")
