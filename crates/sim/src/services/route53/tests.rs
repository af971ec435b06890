//! What is true of Route 53, one test each.

use serde_json::{Value, json};

use crate::lab::Lab;
use crate::services::route53;

fn zone(lab: &Lab, name: &str) -> String {
    let reply = lab.ok("route53.CreateHostedZone", json!({"Name": name, "CallerReference": format!("ref {name}")}));
    let id = reply["HostedZone"]["Id"].as_str().expect("an id");
    id.trim_start_matches("/hostedzone/").to_owned()
}

fn set(name: &str, kind: &str, value: &str) -> Value {
    json!({"Name": name, "Type": kind, "TTL": 300, "ResourceRecords": [{"Value": value}]})
}

fn batch(zone: &str, changes: &[(&str, Value)]) -> Value {
    let changes: Vec<Value> =
        changes.iter().map(|(action, set)| json!({"Action": action, "ResourceRecordSet": set})).collect();
    json!({"HostedZoneId": zone, "ChangeBatch": {"Changes": changes}})
}

fn change(lab: &Lab, zone: &str, action: &str, set: Value) -> Value {
    lab.ok("route53.ChangeResourceRecordSets", batch(zone, &[(action, set)]))
}

#[track_caller]
fn refused(lab: &Lab, zone: &str, action: &str, set: Value, text: &str) {
    let refusal = lab.refused("route53.ChangeResourceRecordSets", batch(zone, &[(action, set)]));
    assert_eq!(refusal.message, text);
    assert!(matches!(refusal.code.as_str(), "InvalidChangeBatch" | "InvalidInput"), "{}", refusal.code);
}

fn sets(lab: &Lab, zone: &str) -> Vec<Value> {
    let reply = lab.ok("route53.ListResourceRecordSets", json!({"HostedZoneId": zone}));
    reply["ResourceRecordSets"].as_array().cloned().expect("a list")
}

fn names(lab: &Lab, zone: &str) -> Vec<String> {
    let text = |set: &Value| format!("{} {}", set["Name"].as_str().unwrap(), set["Type"].as_str().unwrap());
    sets(lab, zone).iter().map(text).collect()
}

#[test]
fn a_new_zone_has_four_servers_and_two_record_sets() {
    let lab = Lab::new();
    let reply = lab.ok("route53.CreateHostedZone", json!({"Name": "Example.com", "CallerReference": "a"}));
    let id = reply["HostedZone"]["Id"].as_str().unwrap();
    assert_eq!(reply["HostedZone"]["Name"], "Example.com.");
    assert_eq!(reply["HostedZone"]["Config"], json!({"Comment": null, "PrivateZone": false}));
    assert_eq!(reply["HostedZone"]["ResourceRecordSetCount"], 2);
    assert_eq!(reply["Location"], format!("https://route53.amazonaws.com/2013-04-01{id}"));
    assert_eq!(reply["ChangeInfo"]["Status"], "PENDING");
    let servers = reply["DelegationSet"]["NameServers"].as_array().unwrap();
    assert_eq!(servers.len(), 4);
    let list = sets(&lab, id);
    let values: Vec<String> = servers.iter().map(|server| format!("{}.", server.as_str().unwrap())).collect();
    let records: Vec<Value> = values.iter().map(|value| json!({"Value": value})).collect();
    assert_eq!(list[0], json!({"Name": "example.com.", "Type": "NS", "TTL": 172_800, "ResourceRecords": records}));
    let soa = format!("{} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400", values[0]);
    assert_eq!(list[1]["TTL"], 900);
    assert_eq!(list[1]["ResourceRecords"], json!([{"Value": soa}]));
}

#[test]
fn a_caller_reference_makes_one_zone_but_a_name_any_number() {
    let lab = Lab::new();
    lab.ok("route53.CreateHostedZone", json!({"Name": "a.example", "CallerReference": "1"}));
    lab.ok("route53.CreateHostedZone", json!({"Name": "a.example", "CallerReference": "2"}));
    let again = json!({"Name": "b.example", "CallerReference": "1"});
    lab.refuses("route53.CreateHostedZone", again, "HostedZoneAlreadyExists", "the specified caller reference.");
    assert_eq!(lab.ok("route53.GetHostedZoneCount", json!({}))["HostedZoneCount"], 2);
    let bad = json!({"Name": "a..example", "CallerReference": "3"});
    lab.refuses("route53.CreateHostedZone", bad, "InvalidDomainName", "a..example is not a valid domain name");
}

#[test]
fn a_private_zone_needs_a_vpc_that_is_there() {
    let lab = Lab::new();
    let vpc = json!({"VPCRegion": "us-east-1", "VPCId": "vpc-00000000000000000"});
    let input = json!({"Name": "a.local", "CallerReference": "1", "VPC": vpc});
    lab.refuses("route53.CreateHostedZone", input, "InvalidVPCId", "The VPC ID is invalid.");
    let none = json!({"Name": "a.local", "CallerReference": "1", "HostedZoneConfig": {"PrivateZone": true}});
    lab.refuses("route53.CreateHostedZone", none, "InvalidInput", "must also specify");
}

#[test]
fn a_private_zone_has_vpcs_and_no_delegation_set_and_is_never_without_a_vpc() {
    let lab = Lab::new();
    let place = lab.place.clone();
    let id = lab.sim.with_world(|world| route53::create_zone(world, &place, "a.local", Some("vpc-1"), "arn:ns"));
    let reply = lab.ok("route53.GetHostedZone", json!({"Id": id}));
    assert_eq!(reply["DelegationSet"], Value::Null);
    let vpc = json!({"VPCRegion": "us-east-1", "VPCId": "vpc-1"});
    assert_eq!(reply["VPCs"], json!([vpc]));
    assert_eq!(reply["HostedZone"]["LinkedService"]["ServicePrincipal"], "servicediscovery.amazonaws.com");
    let by_vpc = lab.ok("route53.ListHostedZonesByVPC", json!({"VPCId": "vpc-1", "VPCRegion": "us-east-1"}));
    assert_eq!(by_vpc["HostedZoneSummaries"][0]["HostedZoneId"], id);
    let last = json!({"HostedZoneId": id, "VPC": vpc});
    lab.refuses("route53.DisassociateVPCFromHostedZone", last, "LastVPCAssociation", "vpc-1");
    lab.refuses("route53.DeleteHostedZone", json!({"Id": id}), "AccessDenied", "can only be managed through");
    let conflict = lab.sim.with_world(|world| route53::zone_conflict(world, &place, "A.local", "vpc-1"));
    let text = format!(
        "The VPC vpc-1 in region us-east-1 has already been associated with the hosted zone {id} with the same domain \
         name."
    );
    assert_eq!(conflict.unwrap().message, text);
}

#[test]
fn only_an_empty_zone_can_be_deleted() {
    let lab = Lab::new();
    let id = zone(&lab, "example.com");
    change(&lab, &id, "CREATE", set("www.example.com", "A", "192.0.2.1"));
    let refusal = lab.refused("route53.DeleteHostedZone", json!({"Id": id}));
    assert_eq!(refusal.code, "HostedZoneNotEmpty");
    assert_eq!(
        refusal.message,
        "The specified hosted zone contains non-required resource record sets  and so cannot be deleted."
    );
    change(&lab, &id, "DELETE", set("www.example.com", "A", "192.0.2.1"));
    assert_eq!(lab.ok("route53.DeleteHostedZone", json!({"Id": id}))["ChangeInfo"]["Status"], "PENDING");
    let refusal = lab.refused("route53.GetHostedZone", json!({"Id": id}));
    assert_eq!((refusal.code.as_str(), refusal.status), ("NoSuchHostedZone", Some(404)));
    assert_eq!(refusal.message, format!("No hosted zone found with ID: {id}"));
}

#[test]
fn a_change_is_pending_for_about_45_seconds() {
    let lab = Lab::new();
    let id = zone(&lab, "example.com");
    let reply = change(&lab, &id, "CREATE", set("a.example.com", "A", "192.0.2.1"));
    let change = json!({"Id": reply["ChangeInfo"]["Id"]});
    lab.pass(30);
    assert_eq!(lab.ok("route53.GetChange", change.clone())["ChangeInfo"]["Status"], "PENDING");
    lab.pass(30);
    assert_eq!(lab.ok("route53.GetChange", change)["ChangeInfo"]["Status"], "INSYNC");
    lab.refuses("route53.GetChange", json!({"Id": "C1"}), "NoSuchChange", "No change found with ID: C1");
}

#[test]
fn zones_are_listed_by_reversed_name_from_a_start_on() {
    let lab = Lab::new();
    for name in ["b.com", "x.a.com", "a.com", "com.net"] {
        zone(&lab, name);
    }
    let page = lab.ok("route53.ListHostedZonesByName", json!({"MaxItems": "3"}));
    let list: Vec<&str> = page["HostedZones"].as_array().unwrap().iter().filter_map(|z| z["Name"].as_str()).collect();
    assert_eq!(list, ["a.com.", "x.a.com.", "b.com."]);
    assert_eq!((&page["IsTruncated"], &page["MaxItems"]), (&json!(true), &json!("3")));
    let next = json!({"DNSName": page["NextDNSName"], "HostedZoneId": page["NextHostedZoneId"]});
    let rest = lab.ok("route53.ListHostedZonesByName", next);
    assert_eq!(rest["HostedZones"].as_array().unwrap().len(), 1);
    assert_eq!(rest["DNSName"], "com.net.");
    let (mut seen, mut marker) = (0, Value::Null);
    loop {
        let page = lab.ok("route53.ListHostedZones", json!({"MaxItems": "3", "Marker": marker}));
        seen += page["HostedZones"].as_array().unwrap().len();
        marker = page["NextMarker"].clone();
        if page["IsTruncated"] == false {
            break;
        }
    }
    assert_eq!(seen, 4);
}

#[test]
fn records_are_listed_by_reversed_name_and_type_in_pages() {
    let lab = Lab::new();
    let id = zone(&lab, "example.com");
    let changes = [
        ("CREATE", set("www.example.com", "TXT", "\"x\"")),
        ("CREATE", set("WWW.example.com.", "A", "192.0.2.1")),
        ("CREATE", set("*.example.com", "A", "192.0.2.2")),
        ("CREATE", set("example.com", "A", "192.0.2.3")),
    ];
    lab.ok("route53.ChangeResourceRecordSets", batch(&id, &changes));
    let order = [
        "example.com. A",
        "example.com. NS",
        "example.com. SOA",
        "\\052.example.com. A",
        "www.example.com. A",
        "www.example.com. TXT",
    ];
    assert_eq!(names(&lab, &id), order);
    let page = lab.ok("route53.ListResourceRecordSets", json!({"HostedZoneId": id, "MaxItems": "4"}));
    assert_eq!(page["MaxItems"], "4");
    assert_eq!((&page["NextRecordName"], &page["NextRecordType"]), (&json!("www.example.com."), &json!("A")));
    let start = json!({"HostedZoneId": id, "StartRecordName": "www.example.com", "StartRecordType": "TXT"});
    assert_eq!(lab.ok("route53.ListResourceRecordSets", start)["ResourceRecordSets"].as_array().unwrap().len(), 1);
}

#[test]
fn creating_deleting_and_replacing_records_follow_what_is_there() {
    let lab = Lab::new();
    let id = zone(&lab, "example.com");
    let a = |value: &str| set("a.example.com", "A", value);
    change(&lab, &id, "CREATE", a("192.0.2.1"));
    let text = "[Tried to create resource record set [name='a.example.com.', type='A'] but it already exists]";
    refused(&lab, &id, "CREATE", a("192.0.2.1"), text);
    let text = "[Tried to delete resource record set [name='a.example.com.', type='A'] but the values provided do not \
                match the current values]";
    refused(&lab, &id, "DELETE", a("192.0.2.2"), text);
    change(&lab, &id, "UPSERT", a("192.0.2.2"));
    change(&lab, &id, "UPSERT", a("192.0.2.2"));
    change(&lab, &id, "DELETE", a("192.0.2.2"));
    let text = "[Tried to delete resource record set [name='a.example.com.', type='A'] but it was not found]";
    refused(&lab, &id, "DELETE", a("192.0.2.2"), text);
}

#[test]
fn a_batch_is_all_or_nothing_and_tells_everything_that_is_wrong() {
    let lab = Lab::new();
    let id = zone(&lab, "example.com");
    change(&lab, &id, "CREATE", set("old.example.com", "A", "192.0.2.9"));
    let changes = [
        ("CREATE", set("good.example.com", "A", "192.0.2.1")),
        ("UPSERT", set("old.example.com", "A", "192.0.2.1")),
        ("CREATE", set("a.example.org", "A", "192.0.2.1")),
        ("CREATE", set("b.example.org", "A", "300.0.0.1")),
    ];
    let before = sets(&lab, &id);
    let refusal = lab.refused("route53.ChangeResourceRecordSets", batch(&id, &changes));
    assert_eq!(
        refusal.message,
        "[RRSet with DNS name a.example.org. is not permitted in zone example.com., Invalid Resource Record: 'FATAL \
         problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '300.0.0.1'', RRSet with \
         DNS name b.example.org. is not permitted in zone example.com.]"
    );
    assert_eq!(refusal.status, Some(400));
    assert_eq!(sets(&lab, &id), before);
}

#[test]
fn a_cname_stands_alone_and_never_at_the_apex() {
    let lab = Lab::new();
    let id = zone(&lab, "example.com");
    change(&lab, &id, "CREATE", set("a.example.com", "A", "192.0.2.1"));
    change(&lab, &id, "CREATE", set("c.example.com", "CNAME", "a.example.com"));
    let text = "[RRSet of type CNAME with DNS name a.example.com. is not permitted as it conflicts with other records \
                with the same DNS name in zone example.com.]";
    refused(&lab, &id, "UPSERT", set("a.example.com", "CNAME", "x.example.com"), text);
    let text = "[RRSet of type A with DNS name c.example.com. is not permitted because a conflicting RRSet of type  \
                CNAME with the same DNS name already exists in zone example.com.]";
    refused(&lab, &id, "CREATE", set("c.example.com", "A", "192.0.2.1"), text);
    let text = "[RRSet of type CNAME with DNS name example.com. is not permitted at apex in zone example.com.]";
    refused(&lab, &id, "CREATE", set("example.com", "CNAME", "x.example.com"), text);
    let swap = [
        ("DELETE", set("c.example.com", "CNAME", "a.example.com")),
        ("CREATE", set("c.example.com", "A", "192.0.2.1")),
    ];
    lab.ok("route53.ChangeResourceRecordSets", batch(&id, &swap));
}

#[test]
fn the_records_that_every_zone_has_cannot_be_deleted() {
    let lab = Lab::new();
    let id = zone(&lab, "example.com");
    let list = sets(&lab, &id);
    let text = "[A HostedZone must contain at least one NS record for the zone itself.]";
    refused(&lab, &id, "DELETE", list[0].clone(), text);
    refused(&lab, &id, "DELETE", list[1].clone(), "[A HostedZone must contain exactly one SOA record.]");
    assert_eq!(sets(&lab, &id), list);
}

#[test]
fn one_record_twice_in_a_request_is_refused() {
    let lab = Lab::new();
    let id = zone(&lab, "example.com");
    let twice = [
        ("UPSERT", set("a.example.com", "CNAME", "b.example.com")),
        ("UPSERT", set("a.example.com", "CNAME", "b.example.com")),
    ];
    let refusal = lab.refused("route53.ChangeResourceRecordSets", batch(&id, &twice));
    let text = "[The request contains an invalid set of changes for a resource record set 'CNAME a.example.com.']";
    assert_eq!(refusal.message, text);
}

#[test]
fn sets_with_identifiers_need_one_thing_to_be_told_apart_by() {
    let lab = Lab::new();
    let id = zone(&lab, "example.com");
    let weighted = |identifier: &str| {
        let mut set = set("w.example.com", "A", "192.0.2.1");
        set["SetIdentifier"] = identifier.into();
        set["Weight"] = 10.into();
        set
    };
    let mut none = weighted("blue");
    none.as_object_mut().unwrap().remove("Weight");
    let place = "in Change with [Action=CREATE, Name=w.example.com, Type=A, SetIdentifier=blue]";
    let text = format!(
        "Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, MultiValueAnswer, \
         GeoProximityLocation, or CidrRoutingConfig], but found none {place}"
    );
    refused(&lab, &id, "CREATE", none, &text);
    let mut anonymous = weighted("blue");
    anonymous.as_object_mut().unwrap().remove("SetIdentifier");
    let text = "Invalid request: Missing field 'SetIdentifier' in Change with [Action=CREATE, Name=w.example.com, \
                Type=A, SetIdentifier=null]";
    refused(&lab, &id, "CREATE", anonymous, text);
    change(&lab, &id, "CREATE", weighted("blue"));
    change(&lab, &id, "CREATE", weighted("green"));
    let text = "[Tried to create resource record set [name='w.example.com.', type='A', set-identifier='blue'] but it \
                already exists]";
    refused(&lab, &id, "CREATE", weighted("blue"), text);
    let text = "[RRSet with DNS name w.example.com., type A cannot be created as other RRSets exist with the same name \
                and type.]";
    refused(&lab, &id, "CREATE", set("w.example.com", "A", "192.0.2.3"), text);
    change(&lab, &id, "CREATE", set("s.example.com", "A", "192.0.2.3"));
    let mut beside = weighted("blue");
    beside["Name"] = "s.example.com".into();
    let text = "[RRSet with DNS name s.example.com., type A, SetIdentifier blue cannot be created as a non-weighted \
                set exists with the same name and type.]";
    refused(&lab, &id, "CREATE", beside, text);
}

#[test]
fn a_set_is_an_alias_or_has_values_with_a_ttl() {
    let lab = Lab::new();
    let id = zone(&lab, "example.com");
    let text = "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or \
                TrafficPolicyInstanceId], but found none in Change with [Action=DELETE, Name=example.com, Type=A, \
                SetIdentifier=null]";
    refused(&lab, &id, "DELETE", json!({"Name": "example.com", "Type": "A"}), text);
    let empty = json!({"Name": "a.example.com", "Type": "CNAME", "TTL": 1, "ResourceRecords": [{"Value": ""}]});
    refused(&lab, &id, "CREATE", empty, "[FATAL problem: DomainNameEmpty (Domain name is empty) encountered with '']");
}

#[test]
fn an_alias_has_a_target_in_the_zone_that_it_names() {
    let lab = Lab::new();
    let id = zone(&lab, "example.com");
    let alias = |zone: &str, target: &str| {
        let target = json!({"HostedZoneId": zone, "DNSName": target, "EvaluateTargetHealth": false});
        json!({"Name": "www.example.com", "Type": "A", "AliasTarget": target})
    };
    let text = format!(
        "[Tried to create an alias that targets a.example.com., type A in zone {id}, but that target was not found]"
    );
    refused(&lab, &id, "CREATE", alias(&id, "A.example.com"), &text);
    let text = format!(
        "[Tried to create an alias that targets a.example.org., type A in zone {id}, but the alias target name does \
         not lie within the target zone]"
    );
    refused(&lab, &id, "CREATE", alias(&id, "a.example.org"), &text);
    let target = "gone-1.us-east-1.elb.amazonaws.com";
    let text = format!(
        "[Tried to create an alias that targets {target}., type A in zone Z35SXDOTRQ7X7K, but that target was not found]"
    );
    refused(&lab, &id, "CREATE", alias("Z35SXDOTRQ7X7K", target), &text);
    let made = lab.ok("elbv2.CreateLoadBalancer", json!({"Name": "web", "Subnets": lab.subnets()}));
    let balancer = made["LoadBalancers"][0]["DNSName"].as_str().expect("a name");
    let text = format!(
        "[Tried to create an alias that targets {}., type A in zone Z26RNL4JYFTOTI, but the alias target name does not lie \
         within the target zone]",
        balancer.to_lowercase()
    );
    refused(&lab, &id, "CREATE", alias("Z26RNL4JYFTOTI", balancer), &text);
    change(&lab, &id, "UPSERT", alias("Z35SXDOTRQ7X7K", &format!("dualstack.{balancer}")));
    change(&lab, &id, "DELETE", alias("Z35SXDOTRQ7X7K", &format!("dualstack.{balancer}")));
    change(&lab, &id, "CREATE", set("a.example.com", "A", "192.0.2.1"));
    change(&lab, &id, "CREATE", alias(&format!("/hostedzone/{id}"), "A.Example.com"));
    let target = json!({"HostedZoneId": id, "DNSName": "a.example.com.", "EvaluateTargetHealth": false});
    assert_eq!(sets(&lab, &id)[3], json!({"Name": "www.example.com.", "Type": "A", "AliasTarget": target}));
}

#[test]
fn a_request_holds_a_thousand_records_and_an_upsert_counts_twice() {
    let lab = Lab::new();
    let id = zone(&lab, "example.com");
    let changes = |action: &'static str, count: usize| -> Vec<(&str, Value)> {
        (0..count).map(|number| (action, set(&format!("a{number}.example.com"), "A", "192.0.2.1"))).collect()
    };
    let too_many = batch(&id, &changes("UPSERT", 501));
    lab.refuses("route53.ChangeResourceRecordSets", too_many, "InvalidChangeBatch", "limit of 1000 exceeded");
    lab.ok("route53.ChangeResourceRecordSets", batch(&id, &changes("CREATE", 1000)));
    let long: Vec<Value> = (0..9).map(|n| json!({"Value": format!("\"{n}\" {}", "\"x\" ".repeat(980))})).collect();
    let long = json!({"Name": "t.example.com", "Type": "TXT", "TTL": 1, "ResourceRecords": long});
    let long = batch(&id, &[("CREATE", long)]);
    lab.refuses("route53.ChangeResourceRecordSets", long, "InvalidChangeBatch", "limit of 32000 exceeded");
}

#[test]
fn a_set_holds_four_hundred_values() {
    let lab = Lab::new();
    let id = zone(&lab, "example.com");
    let of = |count: usize| {
        let values: Vec<Value> =
            (0..count).map(|n| json!({"Value": format!("10.0.{}.{}", n / 250, n % 250)})).collect();
        json!({"Name": "a.example.com", "Type": "A", "TTL": 1, "ResourceRecords": values})
    };
    refused(&lab, &id, "CREATE", of(401), "[Cannot have more than 400 records in a RRSet.]");
    change(&lab, &id, "CREATE", of(400));
}

#[test]
fn tags_are_asked_for_by_the_bare_id() {
    let lab = Lab::new();
    let id = zone(&lab, "example.com");
    let input = |id: &str| json!({"ResourceType": "hostedzone", "ResourceId": id});
    let set = json!({"ResourceType": "hostedzone", "ResourceId": id, "AddTags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]});
    lab.ok("route53.ChangeTagsForResource", set);
    let remove = json!({"ResourceType": "hostedzone", "ResourceId": id, "RemoveTagKeys": ["a"]});
    lab.ok("route53.ChangeTagsForResource", remove);
    let reply = lab.ok("route53.ListTagsForResource", input(&id));
    assert_eq!(reply["ResourceTagSet"]["Tags"], json!([{"Key": "b", "Value": "2"}]));
    let several = json!({"ResourceType": "hostedzone", "ResourceIds": [id]});
    assert_eq!(lab.ok("route53.ListTagsForResources", several)["ResourceTagSets"][0]["ResourceId"], id);
    let refusal = lab.refused("route53.ListTagsForResource", input(&format!("/hostedzone/{id}")));
    assert_eq!(refusal.code, "NoSuchHostedZone");
    lab.refuses("route53.ListTagsForResource", input("Z1"), "NoSuchHostedZone", "No hosted zone found with ID: Z1");
}

#[test]
fn a_health_check_is_made_once_for_a_reference() {
    let lab = Lab::new();
    let input = |path: &str| {
        let config = json!({"Type": "HTTPS", "FullyQualifiedDomainName": "a.example.com", "ResourcePath": path});
        json!({"CallerReference": "1", "HealthCheckConfig": config})
    };
    let first = lab.ok("route53.CreateHealthCheck", input("/"));
    let id = first["HealthCheck"]["Id"].clone();
    let config = &first["HealthCheck"]["HealthCheckConfig"];
    assert_eq!(
        (&config["Port"], &config["RequestInterval"], &config["EnableSNI"]),
        (&json!(443), &json!(30), &json!(true))
    );
    assert_eq!(lab.ok("route53.CreateHealthCheck", input("/"))["HealthCheck"]["Id"], id);
    lab.refuses("route53.CreateHealthCheck", input("/x"), "HealthCheckAlreadyExists", "already exists");
    let update = json!({"HealthCheckId": id, "HealthCheckVersion": 1, "FailureThreshold": 5});
    assert_eq!(lab.ok("route53.UpdateHealthCheck", update.clone())["HealthCheck"]["HealthCheckVersion"], 2);
    lab.refuses("route53.UpdateHealthCheck", update, "HealthCheckVersionMismatch", "version");
    lab.ok("route53.DeleteHealthCheck", json!({"HealthCheckId": id}));
    lab.refuses("route53.GetHealthCheck", json!({"HealthCheckId": id}), "NoSuchHealthCheck", "does not exist");
}

#[test]
fn names_resolve_in_the_nearest_public_zone_and_by_wildcard() {
    let lab = Lab::new();
    let id = zone(&lab, "example.com");
    change(&lab, &id, "CREATE", set("*.example.com", "CNAME", "target.example.org"));
    change(&lab, &id, "CREATE", set("a.example.com", "TXT", "\"x\""));
    let resolve =
        |name: &str, kind: &str| lab.sim.with_world(|world| route53::resolve(world, "123456789012", name, kind));
    assert!(resolve("b.example.com", "CNAME").is_empty(), "before the change has spread");
    lab.pass(60);
    assert_eq!(resolve("B.example.com.", "CNAME"), ["target.example.org"]);
    assert!(resolve("a.example.com", "CNAME").is_empty());
    let ask = json!({"HostedZoneId": id, "RecordName": "b.example.com", "RecordType": "CNAME"});
    let answer = lab.ok("route53.TestDNSAnswer", ask);
    assert_eq!((&answer["ResponseCode"], &answer["RecordData"]), (&json!("NOERROR"), &json!(["target.example.org"])));
}

#[test]
fn changes_are_made_in_their_order() {
    let lab = Lab::new();
    let id = zone(&lab, "example.com");
    let target = set("a.example.com", "A", "192.0.2.1");
    let alias = json!({ "Name": "www.example.com", "Type": "A", "AliasTarget": {
        "HostedZoneId": id, "DNSName": "a.example.com", "EvaluateTargetHealth": false } });
    let before = [("UPSERT", alias.clone()), ("UPSERT", target.clone())];
    let refusal = lab.refused("route53.ChangeResourceRecordSets", batch(&id, &before));
    assert!(refusal.message.contains("but that target was not found"), "{}", refusal.message);
    assert_eq!(sets(&lab, &id).len(), 2, "nothing of it is done");
    lab.ok("route53.ChangeResourceRecordSets", batch(&id, &[("UPSERT", target), ("UPSERT", alias)]));
    let (address, name) = (set("c.example.com", "A", "192.0.2.1"), set("c.example.com", "CNAME", "a.example.com"));
    change(&lab, &id, "CREATE", address.clone());
    let early = [("CREATE", name.clone()), ("DELETE", address.clone())];
    let refusal = lab.refused("route53.ChangeResourceRecordSets", batch(&id, &early));
    assert!(refusal.message.contains("conflicts with other records"), "{}", refusal.message);
    lab.ok("route53.ChangeResourceRecordSets", batch(&id, &[("DELETE", address), ("CREATE", name)]));
}
