"""Three security groups that refer to each other: edge (load balancer), app (tasks), data (database).

Decides the network policy of the stack and checks groups and rules both ways AWS lists them.
Must not delete the groups: teardown does, after everything that uses them is gone.
"""

from compare import Absent, Bag, Has, Like, Maybe
from harness import step

SGR = Like(r"sgr-[0-9a-f]{17}")
DEFAULT_EGRESS = {
    "IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [], "PrefixListIds": [],
    "UserIdGroupPairs": [],
}


def permission(port, to=None, **peers):
    """One merged permission as DescribeSecurityGroups lists it: all four peer lists are present."""
    empty = {"IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}
    bags = {kind: Bag(values) for kind, values in peers.items()}
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": to or port, **empty, **bags}


def group(aws, group_id):
    """Reads one group."""
    return aws.ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]


def rules(aws, group_id, egress=False):
    """Reads the rules of one group in one direction."""
    found = aws.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group_id]}])
    return [rule for rule in found["SecurityGroupRules"] if rule["IsEgress"] == egress]


def create(aws, lab, short, description):
    """Creates a group with two tags, checks answer and read-back, and returns its id."""
    tags = [{"Key": "Name", "Value": lab.name(short)}, {"Key": "run", "Value": lab.run}]
    made = aws.ec2.create_security_group(
        GroupName=lab.name(short), Description=description, VpcId=lab.vpc,
        TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}],
    )
    setattr(lab, short, made["GroupId"])
    arn = f"arn:aws:ec2:{lab.region}:{lab.account}:security-group/{made['GroupId']}"
    lab.same("CreateSecurityGroup", {
        "GroupId": Like(r"sg-[0-9a-f]{17}"), "Tags": Bag(tags), "SecurityGroupArn": arn,
    }, made)
    lab.same(short, {
        "GroupId": made["GroupId"], "GroupName": lab.name(short), "Description": description, "VpcId": lab.vpc,
        "OwnerId": lab.account, "SecurityGroupArn": arn, "Tags": Bag(tags), "IpPermissions": [],
        "IpPermissionsEgress": [DEFAULT_EGRESS],
    }, group(aws, made["GroupId"]))


@step("create security group edge")
def create_edge(aws, lab):
    create(aws, lab, "edge", "Public entrance (load balancer)")


@step("create security groups app and data")
def create_app_and_data(aws, lab):
    create(aws, lab, "app", "Tasks")
    create(aws, lab, "data", "Database")


@step("default egress rule as a rule object")
def default_egress(aws, lab):
    lab.same("rules of app", [{
        "SecurityGroupRuleId": SGR, "GroupId": lab.app, "GroupOwnerId": lab.account, "IsEgress": True,
        "IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "CidrIpv4": "0.0.0.0/0", "Tags": [],
        "SecurityGroupRuleArn": Maybe(Like(rf"arn:aws:ec2:{lab.region}:{lab.account}:security-group-rule/sgr-.+")),
    }], rules(aws, lab.app, egress=True))


@step("authorize ingress from IPv4 and IPv6 with descriptions and rule tags")
def edge_ingress(aws, lab):
    ranges = {"IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "any v4"}],
              "Ipv6Ranges": [{"CidrIpv6": "2001:DB8:0:0::/64", "Description": "lab v6"}]}
    answer = lab.settle(lambda: aws.ec2.authorize_security_group_ingress(
        GroupId=lab.edge,
        IpPermissions=[{"IpProtocol": "TCP", "FromPort": port, "ToPort": port, **ranges} for port in (80, 443)],
        TagSpecifications=[{"ResourceType": "security-group-rule", "Tags": [{"Key": "run", "Value": lab.run}]}],
    ), "InvalidGroup.NotFound")
    common = {"SecurityGroupRuleId": SGR, "GroupId": lab.edge, "GroupOwnerId": lab.account, "IsEgress": False,
              "IpProtocol": "tcp", "SecurityGroupRuleArn": Maybe()}
    peers = ({"CidrIpv4": "0.0.0.0/0", "Description": "any v4"}, {"CidrIpv6": "2001:db8::/64", "Description": "lab v6"})
    wanted = [{**common, "FromPort": port, "ToPort": port, **peer} for port in (80, 443) for peer in peers]
    tags = [{"Key": "run", "Value": lab.run}]
    lab.same("Authorize answer", {
        "Return": True, "SecurityGroupRules": Bag([{**rule, "Tags": Maybe(tags)} for rule in wanted]),
    }, answer)
    lab.same("rules read back", Bag([{**rule, "Tags": tags} for rule in wanted]), rules(aws, lab.edge))


@step("merged permissions of edge")
def edge_merged(aws, lab):
    peers = {"IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "any v4"}],
             "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/64", "Description": "lab v6"}]}
    lab.same("IpPermissions", Bag([permission(80, **peers), permission(443, **peers)]),
             group(aws, lab.edge)["IpPermissions"])


@step("cross references, self reference and prefix list")
def cross_references(aws, lab):
    pairs = [{"GroupId": lab.edge, "Description": "from the balancer"}, {"GroupId": lab.app, "Description": "among tasks"}]
    aws.ec2.authorize_security_group_ingress(GroupId=lab.app, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "UserIdGroupPairs": pairs,
         "PrefixListIds": [{"PrefixListId": lab.prefix_list, "Description": "offices"}]},
        {"IpProtocol": "tcp", "FromPort": 9000, "ToPort": 9010, "UserIdGroupPairs": [{"GroupId": lab.data}]},
    ])
    aws.ec2.authorize_security_group_ingress(GroupId=lab.data, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": lab.app, "Description": "sql"}]},
    ])
    echoed = [{**pair, "UserId": lab.account} for pair in pairs]
    lab.same("app", Bag([
        permission(8080, UserIdGroupPairs=echoed, PrefixListIds=[{"PrefixListId": lab.prefix_list, "Description": "offices"}]),
        permission(9000, 9010, UserIdGroupPairs=[{"GroupId": lab.data, "UserId": lab.account}]),
    ]), group(aws, lab.app)["IpPermissions"])
    lab.same("data", [permission(5432, UserIdGroupPairs=[
        {"GroupId": lab.app, "UserId": lab.account, "Description": "sql"}])], group(aws, lab.data)["IpPermissions"])
    found = rules(aws, lab.data)
    lab.same("rule with a group as peer", [{
        "SecurityGroupRuleId": SGR, "GroupId": lab.data, "GroupOwnerId": lab.account, "IsEgress": False,
        "IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "Description": "sql", "Tags": [],
        "ReferencedGroupInfo": {"GroupId": lab.app, "UserId": lab.account, "VpcId": Maybe(lab.vpc)},
        "SecurityGroupRuleArn": Maybe(),
    }], found)
    lab.sql_rule = found[0]["SecurityGroupRuleId"]


@step("host bits of a CIDR are masked, and the twin is a duplicate")
def masked(aws, lab):
    def add():
        return aws.ec2.authorize_security_group_ingress(GroupId=lab.data, IpPermissions=[
            {"IpProtocol": "6", "FromPort": 5433, "ToPort": 5433, "IpRanges": [{"CidrIp": "10.1.2.3/16"}]}])

    answer = add()
    lab.same("rule", Has({"CidrIpv4": "10.1.0.0/16", "IpProtocol": "tcp", "Description": Absent()}),
             answer["SecurityGroupRules"][0])
    lab.masked_rule = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    lab.refused("again", "InvalidPermission.Duplicate", add, status=400, message="already exists")


@step("one permission twice in one request is refused")
def twice(aws, lab):
    same = {"IpProtocol": "tcp", "FromPort": 7, "ToPort": 7, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}
    before = rules(aws, lab.data)
    lab.refused("Authorize", "InvalidParameterValue", lambda: aws.ec2.authorize_security_group_ingress(
        GroupId=lab.data, IpPermissions=[same, same]), status=400, message="must not appear multiple times")
    lab.same("nothing was added", Bag(before), rules(aws, lab.data))


@step("modify a rule and the description of another")
def modify(aws, lab):
    answer = aws.ec2.modify_security_group_rules(GroupId=lab.data, SecurityGroupRules=[{
        "SecurityGroupRuleId": lab.masked_rule, "SecurityGroupRule": {
            "IpProtocol": "udp", "FromPort": 53, "ToPort": 54, "CidrIpv4": "10.2.0.0/16", "Description": "names"}}])
    lab.same("ModifySecurityGroupRules", {"Return": True}, answer)
    aws.ec2.update_security_group_rule_descriptions_ingress(GroupId=lab.data, SecurityGroupRuleDescriptions=[
        {"SecurityGroupRuleId": lab.sql_rule, "Description": "postgres"}])
    lab.same("rules", Bag([
        Has({"SecurityGroupRuleId": lab.masked_rule, "IpProtocol": "udp", "FromPort": 53, "ToPort": 54,
             "CidrIpv4": "10.2.0.0/16", "Description": "names"}),
        Has({"SecurityGroupRuleId": lab.sql_rule, "IpProtocol": "tcp", "FromPort": 5432, "Description": "postgres"}),
    ]), rules(aws, lab.data))


@step("revoke by rule id and by permission")
def revoke(aws, lab):
    answer = aws.ec2.revoke_security_group_ingress(GroupId=lab.data, SecurityGroupRuleIds=[lab.masked_rule])
    lab.same("by id", Has(Return=True), answer)
    answer = aws.ec2.revoke_security_group_egress(GroupId=lab.data, IpPermissions=[
        {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    lab.same("by permission", Has(Return=True), answer)
    lab.same("egress", [], rules(aws, lab.data, egress=True))
    lab.same("data", Has({"IpPermissionsEgress": [], "IpPermissions": [permission(5432, UserIdGroupPairs=[
        {"GroupId": lab.app, "UserId": lab.account, "Description": "postgres"}])]}), group(aws, lab.data))
    lab.refused("unknown rule id", "InvalidSecurityGroupRuleId.NotFound", lambda: aws.ec2.revoke_security_group_ingress(
        GroupId=lab.data, SecurityGroupRuleIds=[lab.masked_rule]), status=400)
