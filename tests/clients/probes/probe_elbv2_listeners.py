"""Probes of listeners, their rules, priorities and certificates.

Decides what is refused between a listener and what it points at.
"""

from fixtures import (PORTS, balancer, fixed, forward, front, issued_certificate, listener, path_is,
                      rule, targets)
from harness import ACCOUNT, Part, probe

NONE = "0123456789abcdef"


def absent(t, kind, depth):
    """The ARN of a listener or rule that never existed."""
    return f"arn:aws:elasticloadbalancing:{t.region}:{ACCOUNT}:{kind}/app/{t.name}" + f"/{NONE}" * depth


def priorities(t, listener_arn):
    """Rule ARN to priority, as text, of a listener."""
    found = t.elbv2.describe_rules(ListenerArn=listener_arn)["Rules"]
    return {item["RuleArn"]: item["Priority"] for item in found}


@probe("elbv2.listener.identical-create")
def identical(t):
    port = next(PORTS)
    t.equal(listener(t, Port=port), listener(t, Port=port), "the same ARN")


@probe("elbv2.listener.port-taken")
def port_taken(t):
    port = next(PORTS)
    listener(t, Port=port)
    t.refused("DuplicateListener",
              f"A listener already exists on this port for this load balancer '{front(t)}'",
              t.elbv2.create_listener, LoadBalancerArn=front(t), Protocol="HTTP", Port=port,
              DefaultActions=fixed("503"))


@probe("elbv2.listener.modify-to-taken-port")
def modify_port(t):
    taken = next(PORTS)
    listener(t, Port=taken)
    t.refused("ValidationError|DuplicateListener", None, t.elbv2.modify_listener,
              ListenerArn=listener(t), Port=taken)


@probe("elbv2.listener.unknown-balancer")
def unknown_balancer(t):
    arn = absent(t, "loadbalancer", 1)
    t.refused("LoadBalancerNotFound", f"Load balancer '{arn}' not found", t.elbv2.create_listener,
              LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=fixed())


@probe("elbv2.listener.unknown-target-group")
def unknown_targets(t):
    arn = f"arn:aws:elasticloadbalancing:{t.region}:{ACCOUNT}:targetgroup/{t.name}/{NONE}"
    t.refused("TargetGroupNotFound", f"Target groups '{arn}' not found", t.elbv2.create_listener,
              LoadBalancerArn=front(t), Protocol="HTTP", Port=next(PORTS), DefaultActions=forward(arn))


@probe("elbv2.listener.https-without-certificate")
def no_certificate(t):
    t.refused("ValidationError", "A certificate must be specified for HTTPS listeners",
              t.elbv2.create_listener, LoadBalancerArn=front(t), Protocol="HTTPS", Port=next(PORTS),
              DefaultActions=fixed())


@probe("elbv2.listener.http-with-certificate")
def http_certificate(t):
    t.refused("ValidationError", "A certificate cannot be specified for HTTP listeners",
              t.elbv2.create_listener, LoadBalancerArn=front(t), Protocol="HTTP", Port=next(PORTS),
              Certificates=[{"CertificateArn": issued_certificate(t)}], DefaultActions=fixed())


@probe("elbv2.listener.unknown-certificate")
def unknown_certificate(t):
    arn = f"arn:aws:acm:{t.region}:{ACCOUNT}:certificate/00000000-0000-0000-0000-000000000000"
    t.refused("CertificateNotFound", f"Certificate '{arn}' not found", t.elbv2.create_listener,
              LoadBalancerArn=front(t), Protocol="HTTPS", Port=next(PORTS),
              Certificates=[{"CertificateArn": arn}], DefaultActions=fixed())


@probe("elbv2.listener.pending-certificate")
def pending_certificate(t):
    arn = t.acm.request_certificate(
        DomainName=f"{t.name}.probes.io", ValidationMethod="DNS")["CertificateArn"]
    t.refused("UnsupportedCertificate",
              f"The certificate '{arn}' must have a fully-qualified domain name, a supported signature, "
              "and a supported key size.",
              t.elbv2.create_listener, LoadBalancerArn=front(t), Protocol="HTTPS", Port=next(PORTS),
              Certificates=[{"CertificateArn": arn}], DefaultActions=fixed())


@probe("elbv2.listener.unknown-policy")
def unknown_policy(t):
    t.refused("SSLPolicyNotFound", "SSL policy 'No-Such-Policy' not found", t.elbv2.create_listener,
              LoadBalancerArn=front(t), Protocol="HTTPS", Port=next(PORTS), SslPolicy="No-Such-Policy",
              Certificates=[{"CertificateArn": issued_certificate(t)}], DefaultActions=fixed())


@probe("elbv2.listener.protocol-of-another-type")
def wrong_protocol(t):
    t.refused("ValidationError", Part("HTTP"), t.elbv2.create_listener, LoadBalancerArn=front(t),
              Protocol="TCP", Port=next(PORTS), DefaultActions=forward(targets(t, Protocol="TCP")))


@probe("elbv2.listener.port-range")
def port_range(t):
    t.refused("ValidationError", Part("Member must have value less than or equal to 65535"),
              t.elbv2.create_listener, LoadBalancerArn=front(t), Protocol="HTTP", Port=65536,
              DefaultActions=fixed())


@probe("elbv2.listener.default-certificate-stays")
def default_certificate(t):
    arn = issued_certificate(t)
    made = listener(t, Protocol="HTTPS", Certificates=[{"CertificateArn": arn}])
    t.refused("OperationNotPermitted", Part("Default certificate cannot be removed"),
              t.elbv2.remove_listener_certificates, ListenerArn=made,
              Certificates=[{"CertificateArn": arn}])


@probe("elbv2.listener.unknown.{0}", cases=(
    ("describe_listeners", "ListenerArns"), ("describe_rules", "ListenerArn"),
    ("delete_listener", "ListenerArn")))
def unknown_listener(t, operation, member):
    arn = absent(t, "listener", 2)
    t.refused("ListenerNotFound", "One or more listeners not found", getattr(t.elbv2, operation),
              **{member: [arn] if member.endswith("s") else arn})


@probe("elbv2.listener.gone-with-balancer")
def gone_with_balancer(t):
    own = balancer(t)["LoadBalancerArn"]
    made = listener(t, balancer_arn=own)
    t.elbv2.delete_load_balancer(LoadBalancerArn=own)
    t.refused_within(20, "ListenerNotFound", "One or more listeners not found",
                     t.elbv2.describe_listeners, ListenerArns=[made])


@probe("elbv2.rule.unknown.{0}", cases=(("describe_rules",), ("modify_rule",), ("delete_rule",)))
def unknown_rule(t, operation):
    arn = absent(t, "listener-rule", 3)
    request = {"RuleArns": [arn]} if operation == "describe_rules" else {"RuleArn": arn}
    if operation == "modify_rule":
        request["Actions"] = fixed()
    t.refused("RuleNotFound", "One or more rules not found", getattr(t.elbv2, operation), **request)


@probe("elbv2.rule.create-on-unknown-listener")
def rule_on_nothing(t):
    t.refused("ListenerNotFound", "One or more listeners not found", t.elbv2.create_rule,
              ListenerArn=absent(t, "listener", 2), Priority=1, Conditions=path_is("/a"), Actions=fixed())


@probe("elbv2.rule.priority-taken")
def priority_taken(t):
    made = listener(t)
    rule(t, made, 7)
    t.refused("PriorityInUse", "Priority '7' is currently in use", t.elbv2.create_rule, ListenerArn=made,
              Priority=7, Conditions=path_is("/other"), Actions=fixed())


@probe("elbv2.rule.priority-{0}", cases=((0, "greater than or equal to 1"), (50001, "less than or equal to 50000")))
def priority_range(t, number, text):
    t.refused("ValidationError", Part(f"Value '{number}' at 'priority' failed to satisfy constraint: "
                                      f"Member must have value {text}"),
              t.elbv2.create_rule, ListenerArn=listener(t), Priority=number,
              Conditions=path_is("/a"), Actions=fixed())


@probe("elbv2.rule.swap-priorities")
def swap(t):
    made = listener(t)
    first, second = rule(t, made, 1, "/a"), rule(t, made, 2, "/b")
    t.elbv2.set_rule_priorities(RulePriorities=[
        {"RuleArn": first, "Priority": 2}, {"RuleArn": second, "Priority": 1}])
    found = priorities(t, made)
    t.equal((found[first], found[second]), ("2", "1"), "priorities")


@probe("elbv2.rule.move-to-taken-priority")
def move_to_taken(t):
    made = listener(t)
    first, second = rule(t, made, 1, "/a"), rule(t, made, 2, "/b")
    t.refused("PriorityInUse", "Priority '2' is currently in use", t.elbv2.set_rule_priorities,
              RulePriorities=[{"RuleArn": first, "Priority": 2}])
    found = priorities(t, made)
    t.equal((found[first], found[second]), ("1", "2"), "priorities after the refusal")


@probe("elbv2.rule.refused-move-changes-nothing")
def partial_move(t):
    made = listener(t)
    first, second, third = (rule(t, made, n, f"/{n}") for n in (1, 2, 3))
    t.refused("PriorityInUse", None, t.elbv2.set_rule_priorities, RulePriorities=[
        {"RuleArn": first, "Priority": 9}, {"RuleArn": second, "Priority": 3}])
    found = priorities(t, made)
    t.equal([found[arn] for arn in (first, second, third)], ["1", "2", "3"], "priorities")


@probe("elbv2.rule.default-{0}", cases=(
    ("delete", "delete_rule", {}), ("conditions", "modify_rule", {"Conditions": path_is("/a")})))
def default_rule(t, _case, operation, more):
    made = listener(t)
    default = t.elbv2.describe_rules(ListenerArn=made)["Rules"][0]
    t.equal((default["Priority"], default["IsDefault"]), ("default", True), "the default rule")
    text = f"Default rule '{default['RuleArn']}' cannot be deleted" if operation == "delete_rule" else None
    t.refused("OperationNotPermitted", text, getattr(t.elbv2, operation),
              RuleArn=default["RuleArn"], **more)


@probe("elbv2.rule.condition-field")
def condition_field(t):
    t.refused("ValidationError", Part("Condition field 'moon-phase' must be one of"), t.elbv2.create_rule,
              ListenerArn=listener(t), Priority=1, Conditions=[{"Field": "moon-phase", "Values": ["full"]}],
              Actions=fixed())


@probe("elbv2.rule.too-many-values")
def condition_values(t):
    values = [f"/{n}" for n in range(6)]
    t.refused("ValidationError", None, t.elbv2.create_rule, ListenerArn=listener(t), Priority=1,
              Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": values}}],
              Actions=fixed())


@probe("elbv2.rule.unknown-target-group")
def rule_targets(t):
    arn = f"arn:aws:elasticloadbalancing:{t.region}:{ACCOUNT}:targetgroup/{t.name}/{NONE}"
    t.refused("TargetGroupNotFound", f"Target groups '{arn}' not found", t.elbv2.create_rule,
              ListenerArn=listener(t), Priority=1, Conditions=path_is("/a"), Actions=forward(arn))


@probe("elbv2.rule.holds-target-group")
def rule_holds(t):
    arn = targets(t)
    rule(t, listener(t), 1, "/a", forward(arn))
    t.refused("ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule",
              t.elbv2.delete_target_group, TargetGroupArn=arn)


@probe("elbv2.pages.rules")
def page_rules(t):
    made = listener(t)
    wanted = [rule(t, made, n + 1, f"/{n}") for n in range(5)]
    pages = t.walk(t.elbv2.describe_rules, "Rules", ("Marker", "NextMarker"), ListenerArn=made, PageSize=2)
    t.once(pages, wanted, 2, lambda item: item["RuleArn"])


@probe("elbv2.pages.listeners", region="eu-west-1")
def page_listeners(t):
    own = balancer(t, "p")["LoadBalancerArn"]
    wanted = [listener(t, balancer_arn=own) for _ in range(5)]
    pages = t.walk(t.elbv2.describe_listeners, "Listeners", ("Marker", "NextMarker"),
                   LoadBalancerArn=own, PageSize=2)
    t.once(pages, wanted, 2, lambda item: item["ListenerArn"])
    t.equal([len(page) for page in pages], [2, 2, 1], "page sizes")


@probe("elbv2.rule.order")
def rule_order(t):
    made = listener(t)
    for number in (30, 4, 200):
        rule(t, made, number, f"/{number}")
    found = t.elbv2.describe_rules(ListenerArn=made)["Rules"]
    t.equal([item["Priority"] for item in found], ["4", "30", "200", "default"], "priorities in order")


@probe("elbv2.rule.more-than-100")
def too_many_rules(t):
    made = listener(t, balancer_arn=balancer(t, "q")["LoadBalancerArn"])
    for number in range(1, 101):
        rule(t, made, number, f"/{number}")
    t.refused("TooManyRules", None, t.elbv2.create_rule, ListenerArn=made, Priority=101,
              Conditions=path_is("/one-more"), Actions=fixed())


@probe("elbv2.rule.of-a-network-load-balancer")
def network_rule(t):
    made = balancer(t, "-n", Type="network")["LoadBalancerArn"]
    group = targets(t, "-n", Protocol="TCP")
    arn = listener(t, forward(group), made, Protocol="TCP", Port=80)
    t.refused("InvalidConfigurationRequest|ValidationError|UnsupportedFeature|InvalidLoadBalancerAction", None,
              t.elbv2.create_rule, ListenerArn=arn, Priority=1, Conditions=path_is("/a"), Actions=forward(group))
