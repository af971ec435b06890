//! Certificates on the simulated AWS: requested, validated, served, replaced and let go. What validates them is shared by all
//! certificates of an account: nobody takes it away from another.

use std::time::Duration;

use evenkeel_core::graph::Graph;
use evenkeel_core::snapshot::{Observed, Readiness};
use evenkeel_sim::faults::{Fault, Faults, Rule};
use evenkeel_tests::laws;
use evenkeel_tests::simulated::{Bench, Ended, Goal, graph_of};
use evenkeel_tests::things::things;
use serde_json::{Value, json};

const HERE: &str = "eu-west-1";
const NAME: &str = "c.example";

fn graph(stack: &str, region: &str, rest: &str) -> Graph {
    graph_of(&format!("stack: {stack}\nregion: {region}\n{rest}"), std::path::Path::new("/nowhere"))
}

fn shop(rest: &str) -> Graph {
    graph("shop", HERE, rest)
}

fn bench() -> Bench {
    let bench = Bench::new(HERE);
    bench.add_zone(NAME);
    bench
}

/// All certificates of the region, as ACM describes them.
fn certificates(bench: &Bench) -> Vec<Value> {
    let types = json!({ "keyTypes": ["RSA_2048", "EC_prime256v1", "EC_secp384r1"] });
    let reply = bench.ask("acm.ListCertificates", json!({ "Includes": types }));
    let all = reply["CertificateSummaryList"].as_array().cloned().unwrap_or_default();
    let arns = all.iter().map(|one| one["CertificateArn"].clone());
    arns.map(|arn| bench.ask("acm.DescribeCertificate", json!({ "CertificateArn": arn }))["Certificate"].clone())
        .collect()
}

/// The validation records of a zone, and the marks of such.
fn records(bench: &Bench, zone: &str) -> (Vec<String>, Vec<String>) {
    let zones = bench.ask("route53.ListHostedZonesByName", json!({ "DNSName": zone }));
    let id = zones["HostedZones"][0]["Id"].as_str().unwrap_or_default().trim_start_matches("/hostedzone/").to_owned();
    let sets = bench.ask("route53.ListResourceRecordSets", json!({ "HostedZoneId": id }));
    let of = |kind: &str| -> Vec<String> {
        let sets = sets["ResourceRecordSets"].as_array().cloned().unwrap_or_default();
        let sets = sets.into_iter().filter(|set| set["Type"] == kind);
        sets.map(|set| set["Name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let marks = of("TXT").into_iter().filter(|name| name.contains(".certificates."));
    (of("CNAME"), marks.collect())
}

const SITE: &str = "certificates: { site: { domain: c.example, names: [\"*.c.example\"], zone: c.example } }\n";
const SERVED: &str = "load_balancers: { web: { listeners: { https: { certificate: site, fixed_response: 200 } } } }\n";

#[tokio::test(start_paused = true)]
async fn a_certificate_is_issued_before_its_listener_is_made_and_goes_with_all_that_was_made_for_it() {
    let bench = Bench::new(HERE);
    let wanted = shop(&format!(
        "{SITE}{SERVED}dns: [{{ zone: c.example, create: true, records: [{{ name: www, alias: web }}] }}]\n"
    ));
    bench.done(&wanted, Goal::Apply).await;
    bench.settled(&wanted, Goal::Apply).await;
    let made = certificates(&bench);
    assert_eq!((made.len(), &made[0]["Status"]), (1, &json!("ISSUED")));
    assert_eq!(made[0]["InUseBy"].as_array().map(Vec::len), Some(1), "{made:?}");
    let (records, marks) = records(&bench, NAME);
    assert_eq!((records.len(), marks.len()), (1, 1), "the name and its wildcard share one: {records:?}");
    bench.done(&wanted, Goal::Destroy).await;
    bench.settled(&wanted, Goal::Destroy).await;
    assert_eq!(certificates(&bench), Vec::<Value>::new());
    assert_eq!(bench.ask("route53.ListHostedZones", json!({}))["HostedZones"], json!([]), "the zone was empty");
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_there_is_right_and_stays() {
    let bench = bench();
    // Somebody has a certificate of the name, and wrote its record by hand.
    let input = json!({ "DomainName": NAME, "ValidationMethod": "DNS" });
    let arn = bench.ask("acm.RequestCertificate", input)["CertificateArn"].clone();
    bench.sim.pass(Duration::from_secs(60));
    let theirs = bench.ask("acm.DescribeCertificate", json!({ "CertificateArn": arn }))["Certificate"].clone();
    let record = theirs["DomainValidationOptions"][0]["ResourceRecord"].clone();
    let set = json!({ "Name": record["Name"], "Type": "CNAME", "TTL": 60, "ResourceRecords": [{ "Value": record["Value"] }] });
    let zone = bench.ask("route53.ListHostedZones", json!({}))["HostedZones"][0]["Id"].clone();
    let change = json!({ "HostedZoneId": zone, "ChangeBatch": { "Changes": [{ "Action": "CREATE", "ResourceRecordSet": set }] } });
    bench.ask("route53.ChangeResourceRecordSets", change);
    bench.sim.pass(Duration::from_secs(600));
    let before = things(&bench.world());

    bench.done(&shop(SITE), Goal::Apply).await;
    bench.settled(&shop(SITE), Goal::Apply).await;
    assert_eq!(records(&bench, NAME), (vec![record["Name"].as_str().unwrap_or_default().to_owned()], Vec::new()));
    bench.done(&shop(SITE), Goal::Destroy).await;
    laws::others_are_untouched(&before, &things(&bench.world()));
}

#[tokio::test(start_paused = true)]
async fn what_another_certificate_needs_stays_without_our_mark() {
    for elsewhere in [HERE, "us-east-1"] {
        let bench = bench();
        bench.done(&shop(SITE), Goal::Apply).await;
        let other = Bench::of(bench.world(), elsewhere);
        let blog = graph("blog", elsewhere, SITE);
        other.done(&blog, Goal::Apply).await;
        let bench = Bench::of(other.world(), HERE);
        bench.done(&shop(SITE), Goal::Destroy).await;
        let (kept, marks) = records(&bench, NAME);
        assert_eq!((kept.len(), marks.len()), (1, 0), "{elsewhere}: {kept:?} {marks:?}");
        // The other one still has all that it needs, and takes nothing that it did not make.
        let other = Bench::of(bench.world(), elsewhere);
        other.settled(&blog, Goal::Apply).await;
        other.done(&blog, Goal::Destroy).await;
        assert_eq!(records(&other, NAME).0.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn another_domain_replaces_it_and_the_listener_never_goes_without() {
    let bench = bench();
    bench.done(&shop(&format!("{SITE}{SERVED}")), Goal::Apply).await;
    let first = certificates(&bench)[0]["CertificateArn"].clone();
    let wanted = shop(&format!("{}{SERVED}", SITE.replace("domain: c.example", "domain: www.c.example")));
    bench.done(&wanted, Goal::Apply).await;
    bench.settled(&wanted, Goal::Apply).await;
    let now = certificates(&bench);
    assert_eq!((now.len(), &now[0]["DomainName"]), (1, &json!("www.c.example")));
    assert_ne!(now[0]["CertificateArn"], first);
    // The record of the wildcard is still needed, that of the other name is new.
    let (records, marks) = records(&bench, NAME);
    assert_eq!((records.len(), marks.len()), (2, 2), "{records:?}");
}

#[tokio::test(start_paused = true)]
async fn a_replacement_that_was_cut_short_is_found_before_the_tagging_api_knows_it() {
    let bench = bench();
    bench.done(&shop(&format!("{SITE}{SERVED}")), Goal::Apply).await;
    bench.sim.pass(Duration::from_secs(600));
    let wanted = shop(&format!("{}{SERVED}", SITE.replace("domain: c.example", "domain: www.c.example")));
    let die = Rule { nth: Some(1), ..Rule::operation("acm", "RequestCertificate", Fault::DieAfter) };
    bench.faults(Faults::new(vec![die], 1));
    assert!(matches!(bench.run(&wanted, Goal::Apply).await, Ended::Killed));
    bench.faults(Faults::default());
    assert_eq!(certificates(&bench).len(), 2);
    bench.done(&wanted, Goal::Apply).await;
    bench.settled(&wanted, Goal::Apply).await;
    assert_eq!(certificates(&bench).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn certificates_for_other_names_are_added_and_removed_one_by_one() {
    let bench = bench();
    let of = |listener: &str| {
        shop(&format!(
            "certificates: {{ a: {{ domain: a.c.example, zone: c.example }}, b: {{ domain: b.c.example, zone: c.example }} }}\n\
             load_balancers: {{ web: {{ listeners: {{ https: {{ {listener}, fixed_response: 200 }} }} }} }}\n"
        ))
    };
    for listener in
        ["certificate: a", "certificates: [a, b]", "certificate: b", "certificates: [b, a]", "certificate: a"]
    {
        bench.done(&of(listener), Goal::Apply).await;
        bench.settled(&of(listener), Goal::Apply).await;
    }
    bench.done(&of("certificate: a"), Goal::Destroy).await;
    assert_eq!(certificates(&bench), Vec::<Value>::new());
}

#[tokio::test(start_paused = true)]
async fn one_that_was_never_validated_is_replaced() {
    let bench = bench();
    bench.done(&shop(SITE), Goal::Apply).await;
    let input = json!({ "DomainName": "x.example", "ValidationMethod": "DNS", "Tags": [
        { "Key": "evenkeel:stack", "Value": "shop" }, { "Key": "evenkeel:id", "Value": "certificate.late" }] });
    bench.ask("acm.RequestCertificate", input);
    bench.sim.pass(Duration::from_secs(73 * 3600));
    let wanted = shop(&SITE.replace("site:", "late: { domain: x.example, zone: x.example }, site:"));
    bench.add_zone("x.example");
    let steps = bench.steps(&wanted, Goal::Apply).await;
    assert!(steps.iter().any(|step| step.contains("certificate.late")), "{steps:?}");
    bench.done(&wanted, Goal::Apply).await;
    let late = certificates(&bench).into_iter().filter(|one| one["DomainName"] == "x.example");
    assert_eq!(late.map(|one| one["Status"].clone()).collect::<Vec<_>>(), ["ISSUED"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_somebody_else_uses_is_not_deleted_and_the_user_is_named() {
    let bench = bench();
    bench.done(&shop(&format!("{SITE}{SERVED}")), Goal::Apply).await;
    let arn = certificates(&bench)[0]["CertificateArn"].clone();
    let subnets: Vec<Value> = bench.ask("ec2.DescribeSubnets", json!({}))["Subnets"]
        .as_array()
        .expect("there are subnets")
        .iter()
        .take(2)
        .map(|subnet| subnet["SubnetId"].clone())
        .collect();
    let balancer = bench.ask("elbv2.CreateLoadBalancer", json!({ "Name": "theirs", "Subnets": subnets }));
    let balancer = balancer["LoadBalancers"][0]["LoadBalancerArn"].clone();
    let action = json!({ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "200" } });
    bench.ask(
        "elbv2.CreateListener",
        json!({ "LoadBalancerArn": balancer, "Port": 443, "Protocol": "HTTPS",
        "Certificates": [{ "CertificateArn": arn }], "DefaultActions": [action] }),
    );
    let ended = bench.run(&shop(""), Goal::Apply).await;
    let said = format!("{ended:?}");
    assert!(said.contains("load balancer app/theirs/"), "{said}");
    assert_eq!(certificates(&bench).len(), 1);
    assert_eq!(records(&bench, NAME).0.len(), 1, "it is still validated");
}

#[tokio::test(start_paused = true)]
async fn the_newest_that_covers_a_name_is_taken() {
    let bench = bench();
    let provide = |digit: &str, name: &str| {
        let arn = format!("arn:aws:acm:{HERE}:123456789012:certificate/{digit}");
        bench.sim.with_world(|world| evenkeel_sim::services::acm::provide(world, &arn, &[name.to_owned()]));
        bench.sim.pass(Duration::from_secs(3600));
        arn
    };
    let _older = provide("1", "www.c.example");
    let newest = provide("2", "*.c.example");
    let _other = provide("3", "c.example");
    let _deeper = provide("4", "*.www.c.example");
    let wanted = shop(&format!("certificates: {{ site: {{ existing: www.c.example }} }}\n{SERVED}"));
    bench.done(&wanted, Goal::Apply).await;
    bench.settled(&wanted, Goal::Apply).await;
    let used = certificates(&bench).into_iter().find(|one| one["InUseBy"] != json!([]));
    assert_eq!(used.map(|one| one["CertificateArn"].clone()), Some(json!(newest)));
}

#[tokio::test(start_paused = true)]
async fn what_is_waited_for_is_on_screen() {
    let bench = bench();
    let die = Rule { nth: Some(1), ..Rule::operation("route53", "ChangeResourceRecordSets", Fault::DieBefore) };
    bench.faults(Faults::new(vec![die], 1));
    assert!(matches!(bench.run(&shop(SITE), Goal::Apply).await, Ended::Killed));
    bench.faults(Faults::default());
    bench.sim.pass(Duration::from_secs(60));
    let snapshot = bench.read(&shop(SITE), Goal::Apply).await;
    let Some(Observed::Present(live)) = snapshot
        .nodes
        .values()
        .find(|seen| matches!(seen, Observed::Present(live) if live.id.contains(":certificate/")))
    else {
        panic!("{snapshot:#?}");
    };
    assert!(matches!(&live.readiness, Readiness::Pending(what) if what.contains(".c.example CNAME ")), "{live:?}");
    bench.done(&shop(SITE), Goal::Apply).await;
    laws::nothing_is_there_twice(&bench.world());
}
