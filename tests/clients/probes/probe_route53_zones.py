"""Probes of hosted zones, their tags and how zones and records are walked.

Decides what a zone refuses and the order of its lists.
"""

from fixtures import change, send, spare, zone
from harness import Part, probe

NOWHERE = "Z0123456789ABCDEFGHIJ"


@probe("route53.zone.unknown.{0}", cases=(
    ("get_hosted_zone", "Id"), ("delete_hosted_zone", "Id"), ("list_resource_record_sets", "HostedZoneId")))
def unknown_zone(t, operation, member):
    t.refused("404 NoSuchHostedZone", f"No hosted zone found with ID: {NOWHERE}",
              getattr(t.route53, operation), **{member: NOWHERE})


@probe("route53.zone.change-in-unknown")
def change_unknown(t):
    t.refused("404 NoSuchHostedZone", f"No hosted zone found with ID: {NOWHERE}",
              t.route53.change_resource_record_sets, HostedZoneId=NOWHERE,
              ChangeBatch={"Changes": [change("CREATE", "a.x.io")]})


@probe("route53.zone.delete-with-records")
def delete_full(t):
    made, domain = zone(t)
    send(t, made, change("CREATE", f"a.{domain}"))
    t.refused("HostedZoneNotEmpty", "The specified hosted zone contains non-required resource record sets "
              " and so cannot be deleted.", t.route53.delete_hosted_zone, Id=made)
    send(t, made, change("DELETE", f"a.{domain}"))
    t.route53.delete_hosted_zone(Id=made)


@probe("route53.zone.caller-reference-again")
def reference_again(t):
    _, domain = zone(t)
    t.refused("409 HostedZoneAlreadyExists", Part("already been created with the specified caller reference"),
              t.route53.create_hosted_zone, Name=domain, CallerReference=t.name + domain)


@probe("route53.zone.same-name-again")
def same_name(t):
    first, domain = zone(t)
    second = t.route53.create_hosted_zone(Name=domain, CallerReference=t.name + "2")["HostedZone"]["Id"]
    t.true(first not in second, "two zones of one name", second)


@probe("route53.zone.bad-name")
def bad_name(t):
    t.refused("InvalidDomainName", None, t.route53.create_hosted_zone, Name="a..b.io",
              CallerReference=t.name)


@probe("route53.zone.unknown-vpc")
def unknown_vpc(t):
    t.refused("InvalidVPCId", "The VPC ID is invalid.", t.route53.create_hosted_zone,
              Name=f"{t.name}.probes.io", CallerReference=t.name,
              VPC={"VPCRegion": t.region, "VPCId": "vpc-0123456789abcdef0"})


@probe("route53.zone.private-clash")
def private_clash(t):
    place = {"VPCRegion": t.region, "VPCId": spare(t)}
    made, domain = zone(t, VPC=place)
    t.refused("ConflictingDomainExists", Part(made), t.route53.create_hosted_zone, Name=domain,
              CallerReference=t.name + "2", VPC=place)


@probe("route53.zone.both-id-forms")
def id_forms(t):
    made, domain = zone(t)
    for form in (made, "/hostedzone/" + made):
        t.equal(t.route53.get_hosted_zone(Id=form)["HostedZone"]["Name"], domain + ".", form)


@probe("route53.change.unknown")
def unknown_change(t):
    t.refused("404 NoSuchChange", None, t.route53.get_change, Id="C0123456789ABCDEFGHIJ")


@probe("route53.tags.unknown-zone")
def tags_unknown(t):
    t.refused("404 NoSuchHostedZone", Part(NOWHERE), t.route53.list_tags_for_resource,
              ResourceType="hostedzone", ResourceId=NOWHERE)


@probe("route53.tags.list-11")
def tags_batch(t):
    t.refused("InvalidInput", Part("Member must have length less than or equal to 10"),
              t.route53.list_tags_for_resources, ResourceType="hostedzone",
              ResourceIds=[f"Z0123456789ABCDEFGH{n:02d}" for n in range(11)])


@probe("route53.tags.add-11")
def tags_add(t):
    made, _ = zone(t)
    t.refused("InvalidInput", Part("Member must have length less than or equal to 10"),
              t.route53.change_tags_for_resource, ResourceType="hostedzone", ResourceId=made,
              AddTags=[{"Key": f"k{n}", "Value": "v"} for n in range(11)])


@probe("route53.pages.records")
def page_records(t):
    made, domain = zone(t)
    labels = ["delta", "alpha", "charlie", "bravo", "a.alpha"]
    send(t, made, *[change("CREATE", f"{label}.{domain}") for label in labels])
    seen, request, pages = [], {"HostedZoneId": made, "MaxItems": "2"}, 0
    while True:
        answer = t.route53.list_resource_record_sets(**request)
        t.equal(answer["MaxItems"], "2", "MaxItems")
        t.true(len(answer["ResourceRecordSets"]) <= 2, "two on a page")
        seen += [(item["Name"], item["Type"]) for item in answer["ResourceRecordSets"]]
        pages += 1
        if not answer["IsTruncated"]:
            break
        request.update(StartRecordName=answer["NextRecordName"], StartRecordType=answer["NextRecordType"])
    order = [(f"{domain}.", "NS"), (f"{domain}.", "SOA")]
    order += [(f"{label}.{domain}.", "A") for label in ("alpha", "a.alpha", "bravo", "charlie", "delta")]
    t.equal((seen, pages), (order, 4), "records and pages")


@probe("route53.pages.start-is-not-a-filter")
def start_name(t):
    made, domain = zone(t)
    send(t, made, change("CREATE", f"b.{domain}"), change("CREATE", f"d.{domain}"))
    answer = t.route53.list_resource_record_sets(HostedZoneId=made, StartRecordName=f"c.{domain}", MaxItems="1")
    t.equal(answer["ResourceRecordSets"][0]["Name"], f"d.{domain}.", "the next greater name")


@probe("route53.pages.zones")
def page_zones(t):
    wanted = ["/hostedzone/" + zone(t, f"z{n}.{t.name}.io")[0] for n in range(4)]
    pages = t.walk(t.route53.list_hosted_zones, "HostedZones", ("Marker", "NextMarker"), MaxItems="2")
    t.once(pages, wanted, 2, lambda item: item["Id"])


@probe("route53.pages.zones-by-name")
def zones_by_name(t):
    for label in ("b", "a", "x.a"):
        zone(t, f"{label}.{t.name}.io")
    answer = t.route53.list_hosted_zones_by_name(DNSName=f"a.{t.name}.io", MaxItems="3")
    t.equal([item["Name"] for item in answer["HostedZones"]],
            [f"{label}.{t.name}.io." for label in ("a", "x.a", "b")], "order")
    t.equal((answer["MaxItems"], "IsTruncated" in answer), ("3", True), "flags")
    t.true(answer["DNSName"].rstrip(".") == f"a.{t.name}.io", "the name echoed", answer["DNSName"])
