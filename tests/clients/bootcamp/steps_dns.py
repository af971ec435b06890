"""The public hosted zone and its plain records.

Decides the domain of the stack. Must not create the alias (the balancer area does) nor the
validation record (the certificate area does).
"""

from compare import Any, Bag, Has, Like, Maybe, Time
from harness import step


def change(aws, lab, *changes):
    """Sends one batch of (action, record) and waits until it is in effect."""
    answer = lab.settle(lambda: aws.route53.change_resource_record_sets(
        HostedZoneId=lab.zone, ChangeBatch={"Changes": [
            {"Action": action, "ResourceRecordSet": record} for action, record in changes]}), "PriorRequestNotComplete")
    lab.until("change is INSYNC", lambda: aws.route53.get_change(Id=answer["ChangeInfo"]["Id"])["ChangeInfo"]["Status"],
              lambda status: status == "INSYNC")
    return answer["ChangeInfo"]


def record(name, kind, values, ttl=60, **more):
    """A plain record set as it is sent."""
    return {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": [{"Value": value} for value in values], **more}


def stored(sent):
    """The same record set as it is listed: values in Route 53's own order, `*` escaped."""
    return {**sent, "Name": sent["Name"].replace("*", "\\052"), "ResourceRecords": Bag(sent["ResourceRecords"])}


def records(aws, lab):
    """All record sets of the zone."""
    pages = aws.route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=lab.zone)
    return [item for page in pages for item in page["ResourceRecordSets"]]


@step("create the hosted zone")
def create(aws, lab):
    lab.domain = f"bootcamp-{lab.run}.dev"
    made = aws.route53.create_hosted_zone(Name=lab.domain, CallerReference=lab.run, HostedZoneConfig={"Comment": "the stack"})
    lab.zone = made["HostedZone"]["Id"].removeprefix("/hostedzone/")
    zone = {
        "Id": Like(r"/hostedzone/Z[A-Z0-9]+"), "Name": f"{lab.domain}.", "CallerReference": lab.run,
        "Config": {"Comment": "the stack", "PrivateZone": False}, "ResourceRecordSetCount": 2, "Features": Maybe(),
    }
    lab.same("CreateHostedZone", Has({
        "HostedZone": zone, "Location": f"https://route53.amazonaws.com/2013-04-01/hostedzone/{lab.zone}",
        "ChangeInfo": {"Id": Like(r"/change/C[A-Z0-9]+"), "Status": "PENDING", "SubmittedAt": Time(), "Comment": Maybe()},
        "DelegationSet": Has(NameServers=[Any()] * 4),
    }), made)
    lab.same("HTTP status", 201, made["ResponseMetadata"]["HTTPStatusCode"])
    lab.servers = made["DelegationSet"]["NameServers"]
    lab.until("zone is INSYNC", lambda: aws.route53.get_change(Id=made["ChangeInfo"]["Id"])["ChangeInfo"],
              lambda info: info["Status"] == "INSYNC")
    got = aws.route53.get_hosted_zone(Id=lab.zone)
    lab.same("GetHostedZone", {"HostedZone": zone, "DelegationSet": Has(NameServers=lab.servers)}, got)
    lab.refused("same reference", "HostedZoneAlreadyExists", lambda: aws.route53.create_hosted_zone(
        Name=lab.domain, CallerReference=lab.run), status=409)


@step("NS and SOA of the new zone")
def apex(aws, lab):
    lab.same("records", [
        {"Name": f"{lab.domain}.", "Type": "NS", "TTL": 172800,
         "ResourceRecords": Bag([{"Value": f"{server}."} for server in lab.servers])},
        {"Name": f"{lab.domain}.", "Type": "SOA", "TTL": 900, "ResourceRecords": [{
            "Value": Like(r"\S+\. awsdns-hostmaster\.amazon\.com\. 1 7200 900 1209600 86400")}]},
    ], records(aws, lab))
    listed = aws.route53.list_resource_record_sets(HostedZoneId=lab.zone)
    lab.same("page", Has({"IsTruncated": False, "MaxItems": Like(r"\d+")}), listed)


@step("zone comment, tags and lookup by name")
def zone_details(aws, lab):
    got = aws.route53.update_hosted_zone_comment(Id=lab.zone, Comment="changed")
    lab.same("UpdateHostedZoneComment", Has(Config={"Comment": "changed", "PrivateZone": False}), got["HostedZone"])
    aws.route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=lab.zone, AddTags=[
        {"Key": "run", "Value": lab.run}, {"Key": "old", "Value": "1"}])
    aws.route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=lab.zone, RemoveTagKeys=["old"])
    lab.same("ListTagsForResource", {"ResourceTagSet": {
        "ResourceType": "hostedzone", "ResourceId": lab.zone, "Tags": [{"Key": "run", "Value": lab.run}]}},
        aws.route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=lab.zone))
    found = aws.route53.list_hosted_zones_by_name(DNSName=lab.domain, MaxItems="1")
    lab.same("ListHostedZonesByName", Has({
        "HostedZones": [Has(Id=f"/hostedzone/{lab.zone}", Name=f"{lab.domain}.")], "MaxItems": "1"}), found)
    lab.refused("unknown zone", "NoSuchHostedZone", lambda: aws.route53.get_hosted_zone(Id="Z0123456789UNKNOWN00"), status=404)


@step("A, CNAME, TXT, wildcard and weighted records in one batch")
def plain(aws, lab):
    lab.records = [
        record(f"direct.{lab.domain}.", "A", ["192.0.2.10", "192.0.2.11"]),
        record(f"docs.{lab.domain}.", "CNAME", [f"direct.{lab.domain}"], ttl=300),
        record(f"{lab.domain}.", "TXT", ['"v=spf1 -all"', '"zeta"', '"alpha"']),
        record(f"*.{lab.domain}.", "A", ["192.0.2.99"]),
        record(f"split.{lab.domain}.", "A", ["192.0.2.1"], SetIdentifier="one", Weight=90),
        record(f"split.{lab.domain}.", "A", ["192.0.2.2"], SetIdentifier="two", Weight=10),
    ]
    info = change(aws, lab, *[("CREATE", item) for item in lab.records])
    lab.same("ChangeInfo", {"Id": Like(r"/change/C[A-Z0-9]+"), "Status": "PENDING", "SubmittedAt": Time(), "Comment": Maybe()}, info)
    got = records(aws, lab)
    lab.same("records", Bag([stored(item) for item in lab.records]), [item for item in got if item["Type"] not in ("NS", "SOA")])
    lab.same("count", 2 + len(lab.records), aws.route53.get_hosted_zone(Id=lab.zone)["HostedZone"]["ResourceRecordSetCount"])
    # Sorted by reversed labels: the apex first, then its children by label.
    names = [item["Name"] for item in got]
    lab.same("order", sorted(names, key=lambda name: name.rstrip(".").split(".")[::-1]), names)


@step("UPSERT replaces, listing starts at a name")
def upsert(aws, lab):
    lab.records[0] = record(f"direct.{lab.domain}.", "A", ["192.0.2.12"], ttl=120)
    change(aws, lab, ("UPSERT", {**lab.records[0], "Name": f"DIRECT.{lab.domain}"}))
    page = aws.route53.list_resource_record_sets(
        HostedZoneId=lab.zone, StartRecordName=f"direct.{lab.domain}", StartRecordType="A", MaxItems="1")
    lab.same("first from there", Has({
        "ResourceRecordSets": [lab.records[0]], "IsTruncated": True, "MaxItems": "1",
        "NextRecordName": f"docs.{lab.domain}.", "NextRecordType": "CNAME"}), page)


@step("record refusals, all or nothing")
def refusals(aws, lab):
    before = records(aws, lab)

    def send(*changes):
        return lambda: aws.route53.change_resource_record_sets(HostedZoneId=lab.zone, ChangeBatch={"Changes": [
            {"Action": action, "ResourceRecordSet": item} for action, item in changes]})

    good = record(f"good.{lab.domain}.", "A", ["192.0.2.50"])
    lab.refused("CREATE of an existing set", "InvalidChangeBatch", send(("CREATE", good), ("CREATE", lab.records[0])), status=400,
                message=f"Tried to create resource record set [name='direct.{lab.domain}.', type='A'] but it already exists")
    lab.refused("DELETE of an absent set", "InvalidChangeBatch", send(("DELETE", good)), status=400, message="but it was not found")
    lab.refused("DELETE with another TTL", "InvalidChangeBatch", send(("DELETE", {**lab.records[0], "TTL": 7})), status=400,
                message="do not match the current values")
    lab.refused("CNAME beside an A", "InvalidChangeBatch", send(("UPSERT", record(f"direct.{lab.domain}.", "CNAME", ["x.test"]))),
                status=400, message="RRSet of type CNAME with DNS name")
    lab.refused("outside the zone", "InvalidChangeBatch", send(("UPSERT", record("www.elsewhere.dev.", "A", ["192.0.2.1"]))),
                status=400, message="is not permitted in zone")
    lab.same("nothing changed", before, records(aws, lab))
