"""Probes of EC2 security groups and their rules.

Decides names, duplicates, missing ids, rule limits and what keeps a group alive.
"""

from fixtures import balancer, cluster, definition, group, awsvpc, network, open_port, spare
from harness import Part, probe

ABSENT = "sg-0123456789abcdef0"
ABSENT_RULE = "sgr-0123456789abcdef0"


@probe("ec2.group.duplicate-name")
def duplicate_name(t):
    group(t)
    vpc_id = network(t)["vpc"]
    t.refused("InvalidGroup.Duplicate",
              f"The security group '{t.name}' already exists for VPC '{vpc_id}'",
              t.ec2.create_security_group, GroupName=t.name, Description="again", VpcId=vpc_id)


@probe("ec2.group.same-name-in-another-vpc")
def same_name_elsewhere(t):
    first = group(t)
    second = group(t, vpc_id=spare(t))
    t.true(first != second, "two groups", first)


@probe("ec2.group.name-begins-with-sg")
def sg_name(t):
    t.refused("InvalidParameterValue", Part("Group names may not be in the format sg-*"),
              t.ec2.create_security_group, GroupName="sg-" + t.name, Description="x",
              VpcId=network(t)["vpc"])


@probe("ec2.group.unknown-vpc")
def unknown_vpc(t):
    t.refused("InvalidVpcID.NotFound", "The vpc ID 'vpc-0123456789abcdef0' does not exist",
              t.ec2.create_security_group, GroupName=t.name, Description="x",
              VpcId="vpc-0123456789abcdef0")


@probe("ec2.group.description-missing")
def no_description(t):
    t.refused("MissingParameter", "The request must contain the parameter GroupDescription",
              t.ec2.create_security_group, GroupName=t.name, VpcId=network(t)["vpc"])


@probe("ec2.group.description-not-ascii")
def description_charset(t):
    t.refused("InvalidParameterValue", Part("Character sets beyond ASCII are not supported"),
              t.ec2.create_security_group, GroupName=t.name, Description="größe",
              VpcId=network(t)["vpc"])


@probe("ec2.group.describe-unknown-id")
def describe_unknown(t):
    t.refused("InvalidGroup.NotFound", f"The security group '{ABSENT}' does not exist",
              t.ec2.describe_security_groups, GroupIds=[ABSENT])


@probe("ec2.group.describe-one-unknown-fails-all")
def describe_mixed(t):
    t.refused("InvalidGroup.NotFound", f"The security group '{ABSENT}' does not exist",
              t.ec2.describe_security_groups, GroupIds=[group(t), ABSENT])


@probe("ec2.group.describe-malformed-id")
def describe_malformed(t):
    t.refused("InvalidGroupId.Malformed|InvalidGroup.Malformed", None,
              t.ec2.describe_security_groups, GroupIds=["nonsense"])


@probe("ec2.group.filter-unknown-is-empty")
def filter_unknown(t):
    found = t.ec2.describe_security_groups(Filters=[{"Name": "group-id", "Values": [ABSENT]}])
    t.equal(found["SecurityGroups"], [])


@probe("ec2.group.delete-unknown")
def delete_unknown(t):
    t.refused("InvalidGroup.NotFound", f"The security group '{ABSENT}' does not exist",
              t.ec2.delete_security_group, GroupId=ABSENT)


@probe("ec2.group.delete-default", region="eu-north-1")
def delete_default(t):
    default = t.ec2.describe_security_groups(Filters=[
        {"Name": "vpc-id", "Values": [network(t)["vpc"]]},
        {"Name": "group-name", "Values": ["default"]}])["SecurityGroups"][0]["GroupId"]
    t.refused("CannotDelete",
              f'the specified group: "{default}" name: "default" cannot be deleted by a user',
              t.ec2.delete_security_group, GroupId=default)


@probe("ec2.group.delete-referenced-by-rule")
def delete_referenced(t):
    first, second = group(t, "a"), group(t, "b")
    t.ec2.authorize_security_group_ingress(GroupId=first, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": second}]}])
    t.refused("DependencyViolation", f"resource {second} has a dependent object",
              t.ec2.delete_security_group, GroupId=second)


@probe("ec2.group.delete-used-by-load-balancer")
def delete_under_balancer(t):
    held = group(t)
    balancer(t, SecurityGroups=[held])
    t.refused("DependencyViolation", f"resource {held} has a dependent object",
              t.ec2.delete_security_group, GroupId=held)


@probe("ec2.group.delete-lingering-load-balancer-interfaces")
def delete_after_balancer(t):
    held = group(t)
    arn = balancer(t, SecurityGroups=[held])["LoadBalancerArn"]
    t.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    t.refused("DependencyViolation", f"resource {held} has a dependent object",
              t.ec2.delete_security_group, GroupId=held)
    t.until(lambda: t.ec2.delete_security_group(GroupId=held), 90)


@probe("ec2.group.delete-used-by-interface")
def delete_under_interface(t):
    held = group(t)
    t.ec2.create_network_interface(SubnetId=network(t)["subnets"][0], Groups=[held])
    t.refused("DependencyViolation", f"resource {held} has a dependent object",
              t.ec2.delete_security_group, GroupId=held)


@probe("ec2.group.delete-used-by-task")
def delete_under_task(t):
    held = group(t)
    cluster(t)
    t.ecs.run_task(cluster=t.name, taskDefinition=definition(t), launchType="FARGATE",
                   networkConfiguration=awsvpc(t, [held]))

    def attached():
        found = t.ec2.describe_network_interfaces(Filters=[{"Name": "group-id", "Values": [held]}])
        return found["NetworkInterfaces"] or None

    t.until(attached)
    t.refused("DependencyViolation", f"resource {held} has a dependent object",
              t.ec2.delete_security_group, GroupId=held)


@probe("ec2.rule.duplicate-cidr")
def duplicate_cidr(t):
    made = group(t)
    t.ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=open_port())
    t.refused("InvalidPermission.Duplicate",
              'the specified rule "peer: 10.0.0.0/8, TCP, from port: 443, to port: 443, ALLOW" already exists',
              t.ec2.authorize_security_group_ingress, GroupId=made, IpPermissions=open_port())


@probe("ec2.rule.duplicate-group-peer")
def duplicate_peer(t):
    made, peer = group(t, "a"), group(t, "b")
    rule = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": peer}]}]
    t.ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=rule)
    t.refused("InvalidPermission.Duplicate",
              f'the specified rule "peer: {peer}, TCP, from port: 80, to port: 80, ALLOW" already exists',
              t.ec2.authorize_security_group_ingress, GroupId=made, IpPermissions=rule)


@probe("ec2.rule.duplicate-default-egress")
def duplicate_egress(t):
    t.refused("InvalidPermission.Duplicate",
              'the specified rule "peer: 0.0.0.0/0, ALL, ALLOW" already exists',
              t.ec2.authorize_security_group_egress, GroupId=group(t),
              IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])


@probe("ec2.rule.twice-in-one-request")
def twice_in_request(t):
    made = group(t)
    t.refused("InvalidParameterValue", "The same permission must not appear multiple times",
              t.ec2.authorize_security_group_ingress, GroupId=made,
              IpPermissions=open_port() + open_port())
    found = t.ec2.describe_security_groups(GroupIds=[made])["SecurityGroups"][0]
    t.equal(found["IpPermissions"], [], "rules after the refusal")


@probe("ec2.rule.masked-twin-is-duplicate")
def masked_twin(t):
    made = group(t)
    t.ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=open_port())
    t.refused("InvalidPermission.Duplicate", Part("already exists"),
              t.ec2.authorize_security_group_ingress, GroupId=made,
              IpPermissions=open_port(cidr="10.0.0.5/8"))


@probe("ec2.rule.limit-60-adds-nothing")
def rule_limit(t):
    made = group(t)
    ranges = [{"CidrIp": f"10.1.{n}.0/24"} for n in range(61)]
    t.refused("RulesPerSecurityGroupLimitExceeded",
              "The maximum number of rules per security group has been reached.",
              t.ec2.authorize_security_group_ingress, GroupId=made,
              IpPermissions=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": ranges}])
    found = t.ec2.describe_security_groups(GroupIds=[made])["SecurityGroups"][0]
    t.equal(found["IpPermissions"], [], "rules after the refusal")


@probe("ec2.rule.malformed-cidr")
def malformed_cidr(t):
    t.refused("InvalidParameterValue", "CIDR block 10.0.0/99 is malformed",
              t.ec2.authorize_security_group_ingress, GroupId=group(t),
              IpPermissions=open_port(cidr="10.0.0/99"))


@probe("ec2.rule.ports-reversed")
def ports_reversed(t):
    t.refused("InvalidParameterValue", "Invalid TCP/UDP port range (90:80)",
              t.ec2.authorize_security_group_ingress, GroupId=group(t), IpPermissions=[
                  {"IpProtocol": "tcp", "FromPort": 90, "ToPort": 80,
                   "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}])


@probe("ec2.rule.authorize-unknown-group")
def authorize_unknown(t):
    t.refused("InvalidGroup.NotFound", f"The security group '{ABSENT}' does not exist",
              t.ec2.authorize_security_group_ingress, GroupId=ABSENT, IpPermissions=open_port())


@probe("ec2.rule.unknown-peer-group")
def unknown_peer(t):
    t.refused("InvalidGroup.NotFound", Part(f"The security group '{ABSENT}' does not exist"),
              t.ec2.authorize_security_group_ingress, GroupId=group(t), IpPermissions=[
                  {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80,
                   "UserIdGroupPairs": [{"GroupId": ABSENT}]}])


@probe("ec2.rule.revoke-absent")
def revoke_absent(t):
    t.refused("InvalidPermission.NotFound", "The specified rule does not exist in this security group.",
              t.ec2.revoke_security_group_ingress, GroupId=group(t), IpPermissions=open_port())


@probe("ec2.rule.revoke-unknown-id")
def revoke_unknown_id(t):
    t.refused("InvalidSecurityGroupRuleId.NotFound",
              f"The security group rule ID '{ABSENT_RULE}' does not exist",
              t.ec2.revoke_security_group_ingress, GroupId=group(t),
              SecurityGroupRuleIds=[ABSENT_RULE])


@probe("ec2.rule.describe-unknown-id")
def describe_rule_unknown(t):
    t.refused("InvalidSecurityGroupRuleId.NotFound",
              f"The security group rule ID '{ABSENT_RULE}' does not exist",
              t.ec2.describe_security_group_rules, SecurityGroupRuleIds=[ABSENT_RULE])


@probe("ec2.rule.filter-malformed-group")
def filter_malformed(t):
    t.refused("InvalidGroupId.Malformed", "The security group ID 'nonsense' is malformed",
              t.ec2.describe_security_group_rules, Filters=[{"Name": "group-id", "Values": ["nonsense"]}])


@probe("ec2.rule.filter-unknown-group-is-empty")
def filter_unknown_group(t):
    found = t.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [ABSENT]}])
    t.equal(found["SecurityGroupRules"], [])
