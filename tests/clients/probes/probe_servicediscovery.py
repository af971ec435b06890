"""Probes of Cloud Map: namespaces, services, instances, operations and pages.

Decides duplicates, missing ids and what must be emptied first. The model gives
these errors 404, 409 and 429 while the json protocol used to answer 400, so the
status is left open between the two.
"""

from fixtures import finished, http_namespace, spare
from harness import Part, probe


def service(t, namespace, suffix=""):
    """A service without DNS; its id."""
    made = t.servicediscovery.create_service(Name="s" + suffix, NamespaceId=namespace)
    return made["Service"]["Id"]


@probe("cloudmap.unknown.{0}", cases=(
    ("get_namespace", {"Id": "ns-0123456789abcdef"}, "NamespaceNotFound"),
    ("delete_namespace", {"Id": "ns-0123456789abcdef"}, "NamespaceNotFound"),
    ("create_service", {"Name": "s", "NamespaceId": "ns-0123456789abcdef"}, "NamespaceNotFound"),
    ("get_service", {"Id": "srv-0123456789abcdef"}, "ServiceNotFound"),
    ("delete_service", {"Id": "srv-0123456789abcdef"}, "ServiceNotFound"),
    ("list_instances", {"ServiceId": "srv-0123456789abcdef"}, "ServiceNotFound"),
    ("register_instance", {"ServiceId": "srv-0123456789abcdef", "InstanceId": "i",
                           "Attributes": {"AWS_INSTANCE_IPV4": "10.0.0.1"}}, "ServiceNotFound"),
    ("get_operation", {"OperationId": "0123456789abcdef0123456789abcdef-abcdefgh"}, "OperationNotFound")))
def unknown(t, operation, request, code):
    t.refused(f"400|404 {code}", None, getattr(t.servicediscovery, operation), **request)


@probe("cloudmap.namespace.http-name-taken")
def name_taken(t):
    http_namespace(t)
    t.refused("400|409 NamespaceAlreadyExists", None, t.servicediscovery.create_http_namespace, Name=t.name,
              CreatorRequestId=t.name + "2")


@probe("cloudmap.namespace.dns-name-taken")
def dns_taken(t):
    request = {"Name": t.name + ".local", "Vpc": spare(t)}
    first = t.servicediscovery.create_private_dns_namespace(CreatorRequestId=t.name, **request)
    t.equal(finished(t, first["OperationId"])["Status"], "SUCCESS", "the first operation")
    t.refused("400|409 NamespaceAlreadyExists|ConflictingDomainExists", None,
              t.servicediscovery.create_private_dns_namespace, CreatorRequestId=t.name + "2", **request)


@probe("cloudmap.namespace.zone-clash-fails-the-operation")
def zone_clash(t):
    place = spare(t)
    t.route53.create_hosted_zone(Name=t.name + ".local", CallerReference=t.name,
                                 VPC={"VPCRegion": t.region, "VPCId": place})
    answer = t.servicediscovery.create_private_dns_namespace(Name=t.name + ".local", Vpc=place)
    operation = finished(t, answer["OperationId"])
    t.equal(operation["Status"], "FAIL", "the operation")
    t.true(operation.get("ErrorCode"), "an ErrorCode", sorted(operation))


@probe("cloudmap.namespace.has-services")
def has_services(t):
    namespace = http_namespace(t)
    service(t, namespace)
    t.refused("400|409 ResourceInUse", Part("Namespace has associated services"),
              t.servicediscovery.delete_namespace, Id=namespace)


@probe("cloudmap.service.name-taken")
def service_taken(t):
    namespace = http_namespace(t)
    service(t, namespace)
    t.refused("ServiceAlreadyExists", None, t.servicediscovery.create_service, Name="s",
              NamespaceId=namespace, CreatorRequestId="another")


@probe("cloudmap.service.has-instances")
def has_instances(t):
    made = service(t, http_namespace(t))
    answer = t.servicediscovery.register_instance(
        ServiceId=made, InstanceId="one", Attributes={"AWS_INSTANCE_IPV4": "10.0.0.1"})
    finished(t, answer["OperationId"])
    t.refused("400|409 ResourceInUse", Part("Service contains registered instances"),
              t.servicediscovery.delete_service, Id=made)


@probe("cloudmap.instance.unknown")
def unknown_instance(t):
    made = service(t, http_namespace(t))
    t.refused("400|404 InstanceNotFound", None, t.servicediscovery.deregister_instance, ServiceId=made,
              InstanceId="none")


@probe("cloudmap.tags.unknown-resource")
def tags_unknown(t):
    arn = f"arn:aws:servicediscovery:{t.region}:123456789012:namespace/ns-0123456789abcdef"
    t.refused("400|404 ResourceNotFoundException", None, t.servicediscovery.list_tags_for_resource,
              ResourceARN=arn)


@probe("cloudmap.namespace.dns-zone-is-owned")
def owned_zone(t):
    answer = t.servicediscovery.create_private_dns_namespace(
        Name=t.name + ".local", Vpc=spare(t))
    namespace = finished(t, answer["OperationId"])["Targets"]["NAMESPACE"]
    found = t.servicediscovery.get_namespace(Id=namespace)["Namespace"]
    zone_id = found["Properties"]["DnsProperties"]["HostedZoneId"]
    t.equal(t.route53.get_hosted_zone(Id=zone_id)["HostedZone"]["Name"], t.name + ".local.", "zone")


@probe("cloudmap.pages.services", region="us-west-2")
def page_services(t):
    namespace = http_namespace(t)
    wanted = [service(t, namespace, str(n)) for n in range(5)]
    pages = t.walk(t.servicediscovery.list_services, "Services", ("NextToken", "NextToken"), MaxResults=2,
                   Filters=[{"Name": "NAMESPACE_ID", "Values": [namespace], "Condition": "EQ"}])
    t.once(pages, wanted, 2, lambda item: item["Id"])


@probe("cloudmap.pages.namespaces", region="us-west-2")
def page_namespaces(t):
    operations = [t.servicediscovery.create_http_namespace(Name=f"{t.name}-{n}") for n in range(3)]
    wanted = [finished(t, item["OperationId"])["Targets"]["NAMESPACE"] for item in operations]
    pages = t.walk(t.servicediscovery.list_namespaces, "Namespaces", ("NextToken", "NextToken"), MaxResults=1)
    t.once(pages, wanted, 1, lambda item: item["Id"])
