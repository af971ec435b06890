"""Listeners: HTTP that redirects, HTTPS with the certificate, fixed response and weighted forward.

Decides where requests enter. Must not create rules.
"""

from compare import Absent, Bag, Has, Like, Maybe
from harness import step
from steps_balancer import tags_of
from steps_targets import target_group

REDIRECT = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
# The placeholders that AWS fills in for the parts of the address a redirect leaves alone.
REDIRECT_FULL = {**REDIRECT, "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}
NOT_FOUND = {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "nothing here"}


def listener(aws, arn):
    """Reads one listener."""
    return aws.elbv2.describe_listeners(ListenerArns=[arn])["Listeners"][0]


def action(kind, **config):
    """One action as it is read back; its order is filled in only by some answers."""
    return {"Type": kind, "Order": Maybe(1), **config}


def forward_one(arn):
    """A forward to a single group: AWS answers with both the short and the long form."""
    return action("forward", TargetGroupArn=arn, ForwardConfig={
        "TargetGroups": [{"TargetGroupArn": arn, "Weight": 1}], "TargetGroupStickinessConfig": {"Enabled": False}})


def weighted(pairs, seconds=None):
    """A forward to several groups, as sent."""
    sticky = {"Enabled": True, "DurationSeconds": seconds} if seconds else {"Enabled": False}
    return {"TargetGroups": [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in pairs],
            "TargetGroupStickinessConfig": sticky}


def shape(lab, port, protocol, actions, **more):
    """A listener as AWS lists it."""
    path = lab.balancer.split(":loadbalancer/")[1]
    return {
        "ListenerArn": Like(rf"arn:aws:elasticloadbalancing:{lab.region}:{lab.account}:listener/{path}/[0-9a-f]{{16}}"),
        "LoadBalancerArn": lab.balancer, "Port": port, "Protocol": protocol, "DefaultActions": actions, "AlpnPolicy": Maybe([]), **more,
    }


@step("HTTP listener that redirects")
def http(aws, lab):
    made = aws.elbv2.create_listener(
        LoadBalancerArn=lab.balancer, Protocol="HTTP", Port=80, Tags=[{"Key": "run", "Value": lab.run}],
        DefaultActions=[{"Type": "redirect", "RedirectConfig": REDIRECT}])["Listeners"]
    lab.http = made[0]["ListenerArn"]
    wanted = shape(lab, 80, "HTTP", [action("redirect", RedirectConfig=REDIRECT_FULL)])
    lab.same("CreateListener", [wanted], made)
    lab.same("DescribeListeners", wanted, listener(aws, lab.http))
    lab.same("tags", [{"Key": "run", "Value": lab.run}], tags_of(aws, lab.http))


@step("HTTPS refused without certificate or with a pending one")
def https_refused(aws, lab):
    wanted = {"LoadBalancerArn": lab.balancer, "Protocol": "HTTPS", "Port": 443,
              "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": NOT_FOUND}]}
    lab.refused("no certificate", "ValidationError", lambda: aws.elbv2.create_listener(**wanted), status=400,
                message="A certificate must be specified for HTTPS listeners")
    pending = aws.acm.request_certificate(DomainName=f"pending.{lab.domain}", ValidationMethod="DNS")["CertificateArn"]
    lab.refused("pending certificate", "UnsupportedCertificate", lambda: aws.elbv2.create_listener(
        **wanted, Certificates=[{"CertificateArn": pending}]), status=400)
    aws.acm.delete_certificate(CertificateArn=pending)
    lab.refused("deleted certificate", "CertificateNotFound", lambda: aws.elbv2.create_listener(
        **wanted, Certificates=[{"CertificateArn": pending}]), status=400, message=f"Certificate '{pending}' not found")


@step("HTTPS listener with fixed response and default policy")
def https(aws, lab):
    def make():
        return aws.elbv2.create_listener(
            LoadBalancerArn=lab.balancer, Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": lab.certificate}],
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": NOT_FOUND}])["Listeners"]

    made = lab.settle(make, "CertificateNotFound")
    lab.https = made[0]["ListenerArn"]
    wanted = shape(
        lab, 443, "HTTPS", [action("fixed-response", FixedResponseConfig=NOT_FOUND)], SslPolicy="ELBSecurityPolicy-2016-08",
        Certificates=[{"CertificateArn": lab.certificate}], MutualAuthentication=Has(Mode="off"))
    lab.same("CreateListener", [{**wanted, "MutualAuthentication": Maybe(Has(Mode="off"))}], made)
    lab.same("DescribeListeners", wanted, listener(aws, lab.https))
    lab.same("same settings return it", lab.https, make()[0]["ListenerArn"])
    lab.refused("other action on the port", "DuplicateListener", lambda: aws.elbv2.create_listener(
        LoadBalancerArn=lab.balancer, Protocol="HTTP", Port=443, DefaultActions=[{"Type": "redirect", "RedirectConfig": {
            **REDIRECT, "Port": "444"}}]), status=400, message="A listener already exists on this port for this load balancer")


@step("listener certificates and use of the certificate")
def certificates(aws, lab):
    got = aws.elbv2.describe_listener_certificates(ListenerArn=lab.https)["Certificates"]
    lab.same("DescribeListenerCertificates", [{"CertificateArn": lab.certificate, "IsDefault": True}], got)
    lab.until("certificate is in use by the load balancer",
              lambda: aws.acm.describe_certificate(CertificateArn=lab.certificate)["Certificate"].get("InUseBy"),
              lambda users: users == [lab.balancer])


@step("HTTPS default action becomes a weighted, sticky forward")
def weighted_default(aws, lab):
    config = weighted([(lab.blue, 90), (lab.green, 10)], seconds=600)
    got = aws.elbv2.modify_listener(
        ListenerArn=lab.https, SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        DefaultActions=[{"Type": "forward", "ForwardConfig": config}])["Listeners"][0]
    wanted = Has(shape(
        lab, 443, "HTTPS", [action("forward", ForwardConfig={**config, "TargetGroups": Bag(config["TargetGroups"])},
                                   TargetGroupArn=Absent())],
        SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06", Certificates=[{"CertificateArn": lab.certificate}]))
    lab.same("ModifyListener", wanted, got)
    lab.same("DescribeListeners", wanted, listener(aws, lab.https))
    for arn in (lab.blue, lab.green):
        lab.same("LoadBalancerArns", [lab.balancer], target_group(aws, arn)["LoadBalancerArns"])


@step("HTTPS default action becomes a forward to one group")
def single_default(aws, lab):
    aws.elbv2.modify_listener(ListenerArn=lab.https, DefaultActions=[{"Type": "forward", "TargetGroupArn": lab.blue}])
    lab.same("both forms", [forward_one(lab.blue)], listener(aws, lab.https)["DefaultActions"])
    aws.elbv2.modify_listener(ListenerArn=lab.https, DefaultActions=[
        {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": lab.blue}]}}])
    lab.same("from the long form", [forward_one(lab.blue)], listener(aws, lab.https)["DefaultActions"])
    lab.same("green is free again", [], target_group(aws, lab.green)["LoadBalancerArns"])


@step("listener attributes and listing by load balancer")
def attributes(aws, lab):
    got = aws.elbv2.describe_listener_attributes(ListenerArn=lab.https)["Attributes"]
    values = {item["Key"]: item["Value"] for item in got}
    lab.same("server header", "true", values.pop("routing.http.response.server.enabled", None))
    # The remaining attributes name headers to add or rename, and are empty until set.
    lab.same("header attributes", {key: "" for key in values}, values)
    lab.true("header attributes are listed", len(values) >= 10, sorted(values))
    aws.elbv2.modify_listener_attributes(ListenerArn=lab.https, Attributes=[
        {"Key": "routing.http.response.server.enabled", "Value": "false"}])
    got = aws.elbv2.describe_listener_attributes(ListenerArn=lab.https)["Attributes"]
    lab.true("changed", {"Key": "routing.http.response.server.enabled", "Value": "false"} in got, got)
    listed = aws.elbv2.describe_listeners(LoadBalancerArn=lab.balancer)["Listeners"]
    lab.same("listeners", Bag([Has(ListenerArn=lab.http, Port=80), Has(ListenerArn=lab.https, Port=443)]), listed)
    unknown = lab.https[:-16] + "0" * 16
    lab.refused("unknown listener", "ListenerNotFound", lambda: aws.elbv2.describe_listeners(ListenerArns=[unknown]), status=400,
                message="One or more listeners not found")
