"""Probes of load balancers: names, settings, duplicates, attributes, batches, tags.

Decides what a load balancer refuses on its own. Target groups, listeners and rules
live in other files.
"""

from fixtures import balancer, front, network, spare_subnet, spare, targets
from harness import ACCOUNT, Part, Pattern, probe

NONE = "0123456789abcdef"


def absent(t, kind):
    """The ARN of something that never existed."""
    return f"arn:aws:elasticloadbalancing:{t.region}:{ACCOUNT}:{kind}/{t.name}/{NONE}"


@probe("elbv2.balancer.one-zone")
def one_zone(t):
    t.refused("ValidationError",
              "At least two subnets in two different Availability Zones must be specified",
              t.elbv2.create_load_balancer, Name=t.name, Scheme="internal",
              Subnets=network(t)["subnets"][:1])


@probe("elbv2.balancer.two-subnets-one-zone")
def same_zone(t):
    pair = [spare_subnet(t, "a"), spare_subnet(t, "a")]
    t.refused("InvalidConfigurationRequest",
              "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
              t.elbv2.create_load_balancer, Name=t.name, Scheme="internal", Subnets=pair)


@probe("elbv2.balancer.no-gateway")
def no_gateway(t):
    pair = [spare_subnet(t, "a"), spare_subnet(t, "b")]
    t.refused("InvalidSubnet", f"VPC {spare(t)} has no internet gateway",
              t.elbv2.create_load_balancer, Name=t.name, Subnets=pair)


@probe("elbv2.balancer.unknown-subnet")
def unknown_subnet(t):
    gone = "subnet-0123456789abcdef0"
    t.refused("SubnetNotFound", Part(gone), t.elbv2.create_load_balancer, Name=t.name,
              Scheme="internal", Subnets=[network(t)["subnets"][0], gone])


@probe("elbv2.balancer.unknown-group")
def unknown_group(t):
    gone = "sg-0123456789abcdef0"
    t.refused("InvalidSecurityGroup",
              Pattern(rf"^The security group '{gone}' does not exist \(Service: AmazonEC2; "
                      r"Status Code: 400; Error Code: InvalidGroup.NotFound; Request ID: [^;]+; Proxy: null\)$"),
              t.elbv2.create_load_balancer, Name=t.name, Scheme="internal",
              Subnets=network(t)["subnets"], SecurityGroups=[gone])


@probe("elbv2.balancer.same-name-other-settings")
def other_settings(t):
    balancer(t)
    t.refused("DuplicateLoadBalancerName",
              f"A load balancer with the same name '{t.name}' exists, but with different settings",
              t.elbv2.create_load_balancer, Name=t.name, Scheme="internal",
              IpAddressType="ipv4", Type="network", Subnets=network(t)["subnets"])


@probe("elbv2.balancer.same-name-other-tags")
def other_tags(t):
    balancer(t, Tags=[{"Key": "a", "Value": "1"}])
    t.refused("DuplicateLoadBalancerName", Part(f"with the same name '{t.name}' exists"),
              t.elbv2.create_load_balancer, Name=t.name, Scheme="internal",
              Subnets=network(t)["subnets"], Tags=[{"Key": "a", "Value": "2"}])


@probe("elbv2.balancer.identical-create")
def identical_balancer(t):
    first = balancer(t)["LoadBalancerArn"]
    t.equal(balancer(t)["LoadBalancerArn"], first, "the same ARN")


@probe("elbv2.balancer.name.{0}", cases=(
    ("too-long", "x" * 33, "cannot be longer than '32' characters"),
    ("internal", "internal-lb", "Load balancer name cannot begin with 'internal-'"),
    ("characters", "under_score", "can only contain characters that are alphanumeric"),
    ("hyphen-first", "-edge", "cannot begin or end with"),
))
def balancer_name(t, _case, name, text):
    t.refused("ValidationError", Part(text), t.elbv2.create_load_balancer, Name=name,
              Scheme="internal", Subnets=network(t)["subnets"])


@probe("elbv2.balancer.deletion-protection")
def deletion_protection(t):
    arn = balancer(t)["LoadBalancerArn"]
    t.elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[
        {"Key": "deletion_protection.enabled", "Value": "true"}])
    t.refused("OperationNotPermitted",
              f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
              t.elbv2.delete_load_balancer, LoadBalancerArn=arn)


@probe("elbv2.delete-absent-succeeds.{0}", cases=(
    ("loadbalancer/app", "delete_load_balancer", "LoadBalancerArn"),
    ("targetgroup", "delete_target_group", "TargetGroupArn")))
def delete_absent(t, kind, operation, member):
    getattr(t.elbv2, operation)(**{member: absent(t, kind)})


@probe("elbv2.describe-unknown.{0}.{1}", cases=(
    ("load-balancers", "Names", "LoadBalancerNotFound", "One or more load balancers not found"),
    ("load-balancers", "LoadBalancerArns", "LoadBalancerNotFound", None),
    ("target-groups", "Names", "TargetGroupNotFound", "One or more target groups not found"),
    ("target-groups", "TargetGroupArns", "TargetGroupNotFound", "One or more target groups not found"),
))
def describe_unknown(t, what, member, code, text):
    kind = "loadbalancer/app" if what == "load-balancers" else "targetgroup"
    value = t.name if member == "Names" else absent(t, kind)
    t.refused(code, text, getattr(t.elbv2, f"describe_{what.replace('-', '_')}"), **{member: [value]})


@probe("elbv2.describe-one-unknown-fails-all")
def describe_mixed(t):
    targets(t)
    t.refused("TargetGroupNotFound", "One or more target groups not found",
              t.elbv2.describe_target_groups, Names=[t.name, t.name + "-none"])


@probe("elbv2.attributes-unknown-balancer")
def attributes_unknown(t):
    arn = absent(t, "loadbalancer/app")
    t.refused("LoadBalancerNotFound", f"Load balancer '{arn}' not found",
              t.elbv2.describe_load_balancer_attributes, LoadBalancerArn=arn)


@probe("elbv2.malformed-arn.{0}", cases=(
    ("load balancer", "describe_load_balancer_attributes", "LoadBalancerArn"),
    ("target group", "describe_target_group_attributes", "TargetGroupArn")))
def malformed_arn(t, what, operation, member):
    t.refused("ValidationError", f"'nonsense' is not a valid {what} ARN",
              getattr(t.elbv2, operation), **{member: "nonsense"})


@probe("elbv2.attributes.unknown-key.{0}", cases=(("Load balancer",), ("Target group",)))
def unknown_key(t, what):
    attributes = [{"Key": "no.such.key", "Value": "1"}]
    text = f"{what} attribute key 'no.such.key' is not recognized"
    if what == "Load balancer":
        t.refused("ValidationError", text, t.elbv2.modify_load_balancer_attributes,
                  LoadBalancerArn=front(t), Attributes=attributes)
    else:
        t.refused("ValidationError", text, t.elbv2.modify_target_group_attributes,
                  TargetGroupArn=targets(t), Attributes=attributes)


@probe("elbv2.attributes.key-of-another-type")
def foreign_key(t):
    key = "dns_record.client_routing_policy"
    t.refused("InvalidConfigurationRequest",
              f"Load balancer attribute key '{key}' is not supported on load balancers with type 'application'",
              t.elbv2.modify_load_balancer_attributes, LoadBalancerArn=front(t),
              Attributes=[{"Key": key, "Value": "any_availability_zone"}])


@probe("elbv2.attributes.more-than-20")
def attribute_batch(t):
    attributes = [{"Key": "idle_timeout.timeout_seconds", "Value": str(60 + n)} for n in range(21)]
    t.refused("ValidationError", None, t.elbv2.modify_load_balancer_attributes,
              LoadBalancerArn=front(t), Attributes=attributes)


@probe("elbv2.batch.{0}", cases=(
    ("describe_tags", "ResourceArns"), ("describe_target_groups", "TargetGroupArns"),
    ("describe_load_balancers", "LoadBalancerArns")))
def batch(t, operation, member):
    kind = "loadbalancer/app" if "balancer" in operation else "targetgroup"
    arns = [absent(t, kind)[:-2] + f"{n:02d}" for n in range(21)]
    t.refused("ValidationError", None, getattr(t.elbv2, operation), **{member: arns})


@probe("elbv2.tags.describe-20-arns")
def tags_of_twenty(t):
    arn = targets(t, Tags=[{"Key": "k", "Value": "v"}])
    more = [targets(t, f"-{n}") for n in range(19)]
    found = t.elbv2.describe_tags(ResourceArns=[arn, *more])["TagDescriptions"]
    t.equal(sorted(item["ResourceArn"] for item in found), sorted([arn, *more]))


@probe("elbv2.tags.{0}", cases=(
    ("more-than-50", [{"Key": f"k{n}", "Value": "v"} for n in range(51)], "TooManyTags"),
    ("same-key-twice", [{"Key": "k", "Value": "a"}, {"Key": "k", "Value": "b"}], "DuplicateTagKeys")))
def bad_tags(t, _case, tags, code):
    t.refused(code, None, t.elbv2.add_tags, ResourceArns=[targets(t)], Tags=tags)


@probe("elbv2.tags.unknown-balancer")
def tags_unknown(t):
    arn = absent(t, "loadbalancer/app")
    t.refused("LoadBalancerNotFound", f"Load balancer '{arn}' not found",
              t.elbv2.describe_tags, ResourceArns=[arn])


@probe("elbv2.tags.one-resource-per-add")
def one_resource(t):
    t.refused("ValidationError", None, t.elbv2.add_tags, ResourceArns=[targets(t, "a"), targets(t, "b")],
              Tags=[{"Key": "k", "Value": "v"}])


@probe("elbv2.pages.load-balancers", region="eu-west-1")
def page_balancers(t):
    wanted = [balancer(t, f"-{n}")["LoadBalancerArn"] for n in range(3)]
    pages = t.walk(t.elbv2.describe_load_balancers, "LoadBalancers", ("Marker", "NextMarker"), PageSize=1)
    t.once(pages, wanted, 1, lambda item: item["LoadBalancerArn"])


@probe("elbv2.pages.size-{0}", cases=((0, "greater than or equal to 1"), (401, "less than or equal to 400")))
def page_size(t, size, text):
    t.refused("ValidationError", Part(f"Member must have value {text}"),
              t.elbv2.describe_target_groups, PageSize=size)
