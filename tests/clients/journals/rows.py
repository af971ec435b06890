"""How rows say what they found: a table of rows, and comparisons that name what differs.

Decides the words of a finding. Must not know any stack.
"""


class Rows(list):
    """The rows of a journal, filled by a decorator that takes the command as it was typed."""

    def of(self, *commands):
        """Registers a function as the row of each of the commands."""

        def register(function):
            self.extend((command, function) for command in commands)
            return function

        return register


def differs(**pairs):
    """Names each pair (expected, got) whose sides are not equal."""
    return [f"{name}: expected {want!r}, got {got!r}" for name, (want, got) in pairs.items() if want != got]


def lacks(what, wanted, got):
    """Names what of `wanted` is not in `got`."""
    return [f"{what}: no {one!r} in {sorted(map(str, got))}" for one in wanted if one not in got]


def only(items):
    """The one item; LookupError if there is none."""
    items = list(items)
    if len(items) > 1:
        raise AssertionError(f"one is expected, not {len(items)}: {items}")
    return items[0]


def group(aws, name):
    """A security group by its name, in which nobody else's is called so."""
    return only(aws.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])["SecurityGroups"])


def openings(found):
    """What a security group lets in: (port, who)."""
    return {
        (rule["FromPort"], who)
        for rule in found["IpPermissions"]
        for who in [peer["GroupId"] for peer in rule["UserIdGroupPairs"]]
        + [span["CidrIp"] for span in rule["IpRanges"]] + [span["CidrIpv6"] for span in rule["Ipv6Ranges"]]
    }


def role(aws, name):
    """What a role may do: its trust, the names of attached policies, the actions of its own ones."""
    iam = aws.iam
    trusted = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    attached = [one["PolicyName"] for one in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]]
    allowed = {}
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        for statement in iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]["Statement"]:
            actions, resources = statement["Action"], statement["Resource"]
            for action in [actions] if isinstance(actions, str) else actions:
                allowed.setdefault(action, set()).update([resources] if isinstance(resources, str) else resources)
    trusted = [one["Principal"]["Service"] for one in trusted]
    return [who for one in trusted for who in ([one] if isinstance(one, str) else one)], attached, allowed


def service(aws, cluster, name):
    """A service that is ACTIVE; LookupError if there is none."""
    found = aws.ecs.describe_services(cluster=cluster, services=[name], include=["TAGS"])["services"]
    return only(one for one in found if one["status"] == "ACTIVE")


def definition(aws, cluster, name):
    """The task definition that a service runs, and its containers by name."""
    arn = service(aws, cluster, name)["taskDefinition"]
    found = aws.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    return found, {one["name"]: one for one in found["containerDefinitions"]}


def balancer(aws, name):
    """A load balancer, its listeners by port, and the rules of each by priority."""
    elb = aws.elbv2
    found = only(elb.describe_load_balancers(Names=[name])["LoadBalancers"])
    listeners = {one["Port"]: one for one in elb.describe_listeners(LoadBalancerArn=found["LoadBalancerArn"])["Listeners"]}
    rules = {
        port: {one["Priority"]: one for one in elb.describe_rules(ListenerArn=one["ListenerArn"])["Rules"]}
        for port, one in listeners.items()
    }
    return found, listeners, rules


def records(aws, domain):
    """The records of a hosted zone by name and type."""
    zone = only(one for one in aws.route53.list_hosted_zones()["HostedZones"] if one["Name"] == f"{domain}.")
    found = aws.route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    return {(one["Name"].replace("\\052", "*").rstrip("."), one["Type"]): one for one in found}


def certificate(aws, domain):
    """The certificate of a domain."""
    found = only(one for one in aws.acm.list_certificates()["CertificateSummaryList"] if one["DomainName"] == domain)
    return aws.acm.describe_certificate(CertificateArn=found["CertificateArn"])["Certificate"]


def healthy(aws, name):
    """How many targets of a target group are healthy."""
    group = only(aws.elbv2.describe_target_groups(Names=[name])["TargetGroups"])
    states = aws.elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
    return sum(one["TargetHealth"]["State"] == "healthy" for one in states)


def scaling(aws, resource):
    """The scalable target of a service and its policies."""
    named = {"ServiceNamespace": "ecs", "ResourceIds": [resource]}
    target = only(aws.application_autoscaling.describe_scalable_targets(**named)["ScalableTargets"])
    policies = aws.application_autoscaling.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=resource)
    return target, policies["ScalingPolicies"]
