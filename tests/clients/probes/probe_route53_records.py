"""Probes of record sets and change batches.

Decides which batches are refused, with which list of problems, and how records
read back.
"""

from fixtures import change, send, zone
from harness import Part, probe


def refuse(t, zone_id, text, *changes):
    """The batch is refused with that list of problems."""
    t.refused("InvalidChangeBatch", text, t.route53.change_resource_record_sets,
              HostedZoneId=zone_id, ChangeBatch={"Changes": list(changes)})


def names(t, zone_id):
    """Name and type of each record set, in the order listed."""
    found = t.route53.list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]
    return [(item["Name"], item["Type"]) for item in found]


@probe("route53.record.create-existing")
def create_existing(t):
    made, domain = zone(t)
    send(t, made, change("CREATE", f"a.{domain}"))
    refuse(t, made, f"[Tried to create resource record set [name='a.{domain}.', type='A'] but it already exists]",
           change("CREATE", f"a.{domain}"))


@probe("route53.record.create-existing-weighted")
def create_weighted(t):
    made, domain = zone(t)
    one = change("CREATE", f"a.{domain}", SetIdentifier="one", Weight=1)
    send(t, made, one)
    refuse(t, made, f"[Tried to create resource record set [name='a.{domain}.', type='A', "
           "set-identifier='one'] but it already exists]", one)


@probe("route53.record.delete-absent")
def delete_absent(t):
    made, domain = zone(t)
    refuse(t, made, f"[Tried to delete resource record set [name='a.{domain}.', type='A'] but it was not found]",
           change("DELETE", f"a.{domain}"))


@probe("route53.record.delete-other-{0}", cases=(("ttl", {"ttl": 61}), ("value", {"values": ("192.0.2.9",)})))
def delete_other(t, _what, spoil):
    made, domain = zone(t)
    send(t, made, change("CREATE", f"a.{domain}"))
    refuse(t, made, f"[Tried to delete resource record set [name='a.{domain}.', type='A'] but the values "
           "provided do not match the current values]", change("DELETE", f"a.{domain}", **spoil))


@probe("route53.record.outside-zone")
def outside_zone(t):
    made, domain = zone(t)
    refuse(t, made, f"[RRSet with DNS name a.elsewhere.io. is not permitted in zone {domain}., "
           f"RRSet with DNS name b.elsewhere.io. is not permitted in zone {domain}.]",
           change("CREATE", "a.elsewhere.io"), change("CREATE", "b.elsewhere.io"))


@probe("route53.record.batch-is-all-or-nothing")
def all_or_nothing(t):
    made, domain = zone(t)
    send(t, made, change("CREATE", f"taken.{domain}"))
    refuse(t, made, Part("but it already exists"),
           change("CREATE", f"fresh.{domain}"), change("CREATE", f"taken.{domain}"))
    t.true((f"fresh.{domain}.", "A") not in names(t, made), "no record of the refused batch")


@probe("route53.record.several-problems-in-one-message")
def several_problems(t):
    made, domain = zone(t)
    send(t, made, change("CREATE", f"taken.{domain}"))
    refuse(t, made, f"[Tried to create resource record set [name='taken.{domain}.', type='A'] but it already "
           f"exists, Tried to delete resource record set [name='none.{domain}.', type='A'] but it was not found]",
           change("CREATE", f"taken.{domain}"), change("DELETE", f"none.{domain}"))


@probe("route53.record.cname-beside-a")
def cname_beside(t):
    made, domain = zone(t)
    send(t, made, change("CREATE", f"a.{domain}"))
    refuse(t, made, f"[RRSet of type CNAME with DNS name a.{domain}. is not permitted as it conflicts with "
           f"other records with the same DNS name in zone {domain}.]",
           change("CREATE", f"a.{domain}", "CNAME", ["x.io"]))


@probe("route53.record.{0}-beside-cname", cases=(("CREATE",), ("UPSERT",)))
def beside_cname(t, action):
    made, domain = zone(t)
    send(t, made, change("CREATE", f"a.{domain}", "CNAME", ["x.io"]))
    refuse(t, made, f"[RRSet of type A with DNS name a.{domain}. is not permitted because a conflicting RRSet "
           f"of type  CNAME with the same DNS name already exists in zone {domain}.]",
           change(action, f"a.{domain}"))


@probe("route53.record.cname-at-apex")
def cname_apex(t):
    made, domain = zone(t)
    refuse(t, made, f"[RRSet of type CNAME with DNS name {domain}. is not permitted at apex in zone {domain}.]",
           change("CREATE", domain, "CNAME", ["x.io"]))


@probe("route53.record.change-type-in-one-batch")
def change_type(t):
    made, domain = zone(t)
    send(t, made, change("CREATE", f"a.{domain}"))
    send(t, made, change("DELETE", f"a.{domain}"), change("CREATE", f"a.{domain}", "CNAME", ["x.io"]))
    t.true((f"a.{domain}.", "CNAME") in names(t, made), "the CNAME")


@probe("route53.record.same-set-twice")
def twice(t):
    made, domain = zone(t)
    refuse(t, made, Part("The request contains an invalid set of changes for a resource record set"),
           change("CREATE", f"a.{domain}"), change("CREATE", f"a.{domain}"))


@probe("route53.record.bad-value.{0}", cases=(
    ("A", "nope", "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with 'nope'"),
    ("TXT", "bare", "Value should be enclosed in quotation marks"),
    ("CNAME", "", "FATAL problem: DomainNameEmpty (Domain name is empty) encountered with ''")))
def bad_value(t, kind, value, text):
    made, domain = zone(t)
    refuse(t, made, Part(text), change("CREATE", f"a.{domain}", kind, [value]))


@probe("route53.record.no-value")
def no_value(t):
    made, domain = zone(t)
    t.refused("InvalidInput", Part("Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords]"),
              t.route53.change_resource_record_sets, HostedZoneId=made,
              ChangeBatch={"Changes": [change("CREATE", f"a.{domain}", values=None)]})


@probe("route53.record.alias-{0}", cases=(
    ("absent", "but that target was not found"),
    ("outside", "but the alias target name does not lie within the target zone")))
def bad_alias(t, what, text):
    made, domain = zone(t)
    target = f"none.{domain}" if what == "absent" else "x.elsewhere.io"
    alias = {"HostedZoneId": made, "DNSName": target, "EvaluateTargetHealth": False}
    refuse(t, made, f"[Tried to create an alias that targets {target}., type A in zone {made}, {text}]",
           change("CREATE", f"a.{domain}", values=None, AliasTarget=alias))


@probe("route53.record.simple-beside-weighted")
def simple_beside_weighted(t):
    made, domain = zone(t)
    send(t, made, change("CREATE", f"a.{domain}"))
    refuse(t, made, Part(f"a.{domain}."), change("CREATE", f"a.{domain}", SetIdentifier="x", Weight=1))


@probe("route53.record.delete-apex-ns")
def delete_apex(t):
    made, domain = zone(t)
    found = t.route53.list_resource_record_sets(HostedZoneId=made)["ResourceRecordSets"]
    apex = next(item for item in found if item["Type"] == "NS")
    refuse(t, made, Part("must contain at least one NS record for the zone itself"),
           {"Action": "DELETE", "ResourceRecordSet": apex})


@probe("route53.record.equal-upsert")
def equal_upsert(t):
    made, domain = zone(t)
    first = send(t, made, change("UPSERT", f"a.{domain}"))["ChangeInfo"]["Id"]
    second = send(t, made, change("UPSERT", f"a.{domain}"))["ChangeInfo"]["Id"]
    t.true(first != second, "a new change id", second)


@probe("route53.record.change-becomes-insync")
def insync(t):
    made, domain = zone(t)
    info = send(t, made, change("CREATE", f"a.{domain}"))["ChangeInfo"]
    t.equal((info["Status"], info["Id"][:9]), ("PENDING", "/change/C"), "first answer")
    t.until(lambda: t.route53.get_change(Id=info["Id"].split("/")[-1])["ChangeInfo"]["Status"] == "INSYNC")


@probe("route53.record.names-are-normal")
def normal_names(t):
    made, domain = zone(t)
    send(t, made, change("CREATE", f"*.UP.{domain}"))
    t.true((f"\\052.up.{domain}.", "A") in names(t, made), "lower case, octal, trailing dot", names(t, made))
