"""Cloud Map: an HTTP namespace for Service Connect and a private DNS namespace with one service.

Decides the names that tasks find each other by. Must not register instances: the tasks do.
"""

from compare import Any, Has, Like, Maybe, OneOf, Time
from harness import step


def operation(aws, lab, what, operation_id):
    """Waits for a Cloud Map operation and returns it."""
    return lab.until(f"{what} operation ends", lambda: aws.servicediscovery.get_operation(OperationId=operation_id)["Operation"],
                     lambda item: item["Status"] in ("SUCCESS", "FAIL"))


def ended(lab, kind, targets):
    """A successful operation as it is read back."""
    return Has({"Id": Like(".+"), "Type": kind, "Status": "SUCCESS", "CreateDate": Time(), "UpdateDate": Time(), "Targets": targets})


def namespace(lab, kind, name, properties, **more):
    """A namespace as GetNamespace returns it."""
    return {
        "Id": Like("ns-[a-z0-9]{16}"), "Arn": Like(rf"arn:aws:servicediscovery:{lab.region}:{lab.account}:namespace/ns-[a-z0-9]{{16}}"),
        "Name": name, "Type": kind, "Properties": properties, "CreateDate": Time(), "CreatorRequestId": Like(".+"),
        "ServiceCount": Maybe(0), "ResourceOwner": Maybe(OneOf("SELF", lab.account)), **more,
    }


@step("HTTP namespace by operation")
def http(aws, lab):
    name = lab.name("mesh")
    answer = aws.servicediscovery.create_http_namespace(
        Name=name, CreatorRequestId=f"mesh-{lab.run}", Description="service connect", Tags=[{"Key": "run", "Value": lab.run}])
    lab.same("CreateHttpNamespace", {"OperationId": Like(".+")}, answer)
    done = operation(aws, lab, "create namespace", answer["OperationId"])
    lab.mesh = done["Targets"]["NAMESPACE"]
    lab.same("GetOperation", ended(lab, "CREATE_NAMESPACE", {"NAMESPACE": lab.mesh}), done)
    got = aws.servicediscovery.get_namespace(Id=lab.mesh)["Namespace"]
    lab.mesh_arn = got["Arn"]
    lab.same("GetNamespace", namespace(lab, "HTTP", name, {"HttpProperties": {"HttpName": name}, "DnsProperties": Maybe(Any())},
                                       Description="service connect"), got)
    lab.same("tags", {"Tags": [{"Key": "run", "Value": lab.run}]}, aws.servicediscovery.list_tags_for_resource(ResourceARN=lab.mesh_arn))
    lab.refused("same name", "NamespaceAlreadyExists", lambda: aws.servicediscovery.create_http_namespace(
        Name=name, CreatorRequestId=f"other-{lab.run}"))


@step("private DNS namespace with its hosted zone")
def private(aws, lab):
    name = f"{lab.run}.internal"
    answer = aws.servicediscovery.create_private_dns_namespace(Name=name, Vpc=lab.vpc, CreatorRequestId=f"dns-{lab.run}",
                                                               Properties={"DnsProperties": {"SOA": {"TTL": 30}}})
    lab.private = operation(aws, lab, "create namespace", answer["OperationId"])["Targets"]["NAMESPACE"]
    got = aws.servicediscovery.get_namespace(Id=lab.private)["Namespace"]
    zone = got["Properties"]["DnsProperties"]["HostedZoneId"]
    lab.same("GetNamespace", namespace(lab, "DNS_PRIVATE", name, {
        "DnsProperties": {"HostedZoneId": Like("Z[A-Z0-9]+"), "SOA": {"TTL": 30}}, "HttpProperties": Maybe({"HttpName": name})}), got)
    got = aws.route53.get_hosted_zone(Id=zone)
    lab.same("hosted zone", Has({
        "HostedZone": Has(Name=f"{name}.", Config=Has(PrivateZone=True)), "VPCs": [{"VPCRegion": lab.region, "VPCId": lab.vpc}]}), got)
    listed = aws.servicediscovery.list_namespaces(Filters=[{"Name": "TYPE", "Values": ["DNS_PRIVATE"], "Condition": "EQ"}])
    mine = [item for item in listed["Namespaces"] if item["Id"] == lab.private]
    lab.same("ListNamespaces", [Has(Name=name, Type="DNS_PRIVATE")], mine)


@step("Cloud Map service, changed by operation")
def service(aws, lab):
    made = aws.servicediscovery.create_service(
        Name="worker", NamespaceId=lab.private, CreatorRequestId=f"worker-{lab.run}", Description="workers",
        DnsConfig={"RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "A", "TTL": 60}]},
        HealthCheckCustomConfig={"FailureThreshold": 1}, Tags=[{"Key": "run", "Value": lab.run}])["Service"]
    lab.registry, lab.registry_arn = made["Id"], made["Arn"]

    def fields(ttl, description):
        return {
            "Id": Like("srv-[a-z0-9]{16}"), "Arn": Like(rf"arn:aws:servicediscovery:{lab.region}:{lab.account}:service/srv-[a-z0-9]{{16}}"),
            "Name": "worker", "NamespaceId": lab.private, "Description": description, "InstanceCount": Maybe(0),
            "DnsConfig": {"NamespaceId": Maybe(lab.private), "RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "A", "TTL": ttl}]},
            "Type": Maybe("DNS_HTTP"), "HealthCheckCustomConfig": {"FailureThreshold": 1}, "CreateDate": Time(),
            "CreatorRequestId": f"worker-{lab.run}", "ResourceOwner": Maybe(), "CreatedByAccount": Maybe(lab.account),
        }

    lab.same("CreateService", fields(60, "workers"), made)
    lab.same("GetService", fields(60, "workers"), aws.servicediscovery.get_service(Id=lab.registry)["Service"])
    answer = aws.servicediscovery.update_service(Id=lab.registry, Service={
        "Description": "all workers", "DnsConfig": {"DnsRecords": [{"Type": "A", "TTL": 15}]}})
    done = operation(aws, lab, "update service", answer["OperationId"])
    lab.same("operation", ended(lab, "UPDATE_SERVICE", Has(SERVICE=lab.registry)), done)
    lab.same("changed", fields(15, "all workers"), aws.servicediscovery.get_service(Id=lab.registry)["Service"])
    lab.refused("unknown service", "ServiceNotFound", lambda: aws.servicediscovery.get_service(Id="srv-0000000000000000"))
