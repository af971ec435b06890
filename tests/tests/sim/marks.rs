//! Records and their marks: adopted, dropped, protected, forged. A record is a stack's only if its mark says so exactly; what
//! left the file is found however many zones there are; and what is right already is only marked.

use std::collections::BTreeMap;

use evenkeel_aws::kinds::records;
use evenkeel_aws::resource::Work;
use evenkeel_core::error::ErrorClass;
use evenkeel_core::graph::Graph;
use evenkeel_core::plan::HeldBecause;
use evenkeel_core::snapshot::Snapshot;
use evenkeel_sim::faults::{Fault, Faults, Rule};
use evenkeel_tests::simulated::{Bench, Goal};
use serde_json::{Value, json};

use super::global::{graph, zone_tags};

const HERE: &str = "us-east-1";
const WWW: &str = "dns: [{ zone: h.example, records: [{ name: www, a: [192.0.2.1] }] }]\n";
const MARK: &str = "_a.www.us-east-1.shop._evenkeel.h.example.";

fn zone_id(bench: &Bench, name: &str) -> String {
    let zones = bench.ask("route53.ListHostedZones", json!({}))["HostedZones"].as_array().cloned().unwrap_or_default();
    let zone = zones.iter().find(|zone| zone["Name"] == format!("{name}.")).expect("the zone is there");
    zone["Id"].as_str().unwrap_or_default().to_owned()
}

fn change(bench: &Bench, zone: &str, action: &str, name: &str, kind: &str, value: &str) {
    let set = json!({ "Name": name, "Type": kind, "TTL": 300, "ResourceRecords": [{ "Value": value }] });
    let batch = json!({ "Changes": [{ "Action": action, "ResourceRecordSet": set }] });
    bench
        .ask("route53.ChangeResourceRecordSets", json!({ "HostedZoneId": zone_id(bench, zone), "ChangeBatch": batch }));
}

/// The records of a zone, its own apart, by `name type`.
fn sets(bench: &Bench, zone: &str) -> BTreeMap<String, Value> {
    let reply = bench.ask("route53.ListResourceRecordSets", json!({ "HostedZoneId": zone_id(bench, zone) }));
    let sets = reply["ResourceRecordSets"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let own = |set: &Value| set["Name"] == format!("{zone}.") && (set["Type"] == "NS" || set["Type"] == "SOA");
    let lines = sets.into_iter().filter(|set| !own(set));
    lines.map(|set| (format!("{} {}", text(&set["Name"]), text(&set["Type"])), set)).collect()
}

fn names(bench: &Bench, zone: &str) -> Vec<String> {
    sets(bench, zone).into_keys().collect()
}

/// What was there before is there as it was.
fn untouched(before: &BTreeMap<String, Value>, now: &BTreeMap<String, Value>) {
    for (name, set) in before {
        assert_eq!(now.get(name), Some(set), "{name}");
    }
}

fn bench() -> Bench {
    let bench = Bench::new(HERE);
    bench.add_zone("h.example");
    bench
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_right_already_only_gets_its_mark() {
    for fault in [None, Some(Fault::ReplyLost), Some(Fault::ReplyCut), Some(Fault::Timeout)] {
        let mut bench = bench();
        change(&bench, "h.example", "CREATE", "www.h.example", "A", "192.0.2.1");
        change(&bench, "h.example", "CREATE", "other.h.example", "A", "192.0.2.7");
        let before = sets(&bench, "h.example");
        let wanted = graph(HERE, &WWW.replace("192.0.2.1]", "192.0.2.1], ttl: 300"));
        bench.options.adopt.insert("records.h.example/www.h.example/A".to_owned());
        let rules =
            fault.map(|fault| Rule { nth: Some(1), ..Rule::operation("route53", "ChangeResourceRecordSets", fault) });
        bench.faults(Faults::new(rules.into_iter().collect(), 1));
        bench.done(&wanted, Goal::Apply).await;
        bench.faults(Faults::default());
        bench.options.adopt.clear();
        bench.settled(&wanted, Goal::Apply).await;
        assert!(names(&bench, "h.example").contains(&format!("{MARK} TXT")), "{fault:?}");
        untouched(&before, &sets(&bench, "h.example"));
    }
}

#[tokio::test(start_paused = true)]
async fn records_that_left_the_file_are_found_among_many_zones() {
    let bench = bench();
    for number in 0..30 {
        bench.add_zone(&format!("z{number}.example"));
    }
    bench.done(&graph(HERE, WWW), Goal::Apply).await;
    assert_eq!(zone_tags(&bench, "h.example"), json!([{ "Key": "evenkeel:records/shop@us-east-1", "Value": "true" }]));
    let without = graph(HERE, "");
    assert_eq!(bench.steps(&without, Goal::Apply).await, ["delete records.h.example"]);
    // Where tags may not be read, the marks themselves are looked for.
    let deny = Rule::operation("route53", "ListTagsForResources", Fault::AccessDenied);
    bench.faults(Faults::new(vec![deny], 1));
    let snapshot = bench.read(&without, Goal::Apply).await;
    assert_eq!(snapshot.surplus.len(), 1, "{snapshot:#?}");
    assert!(snapshot.blind.contains_key("hosted_zone"), "{snapshot:#?}");
    // And where nothing may be read, that is said.
    for operation in ["ListHostedZones", "ListResourceRecordSets"] {
        bench.faults(Faults::new(vec![Rule::operation("route53", operation, Fault::AccessDenied)], 1));
        let snapshot = bench.read(&without, Goal::Apply).await;
        let told = snapshot.blind.contains_key("records") || snapshot.unreadable.contains_key("records");
        assert!(told, "{operation}: {snapshot:#?}");
    }
    bench.faults(Faults::default());
    bench.done(&without, Goal::Apply).await;
    assert_eq!(names(&bench, "h.example"), Vec::<String>::new());
    assert_eq!(zone_tags(&bench, "h.example"), json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_dies_between_tag_and_records_leaves_nothing() {
    let wanted = graph(HERE, WWW);
    let applied = bench();
    applied.done(&wanted, Goal::Apply).await;
    for (goal, operation, fault) in [
        (Goal::Apply, "ChangeTagsForResource", Fault::DieAfter),
        (Goal::Apply, "ChangeResourceRecordSets", Fault::DieAfter),
        (Goal::Destroy, "ChangeResourceRecordSets", Fault::DieAfter),
        (Goal::Destroy, "ChangeTagsForResource", Fault::DieBefore),
    ] {
        let bench = if goal == Goal::Apply { bench() } else { Bench::of(applied.world(), HERE) };
        bench.faults(Faults::new(vec![Rule { nth: Some(1), ..Rule::operation("route53", operation, fault) }], 1));
        assert!(!bench.run(&wanted, goal).await.is_done(), "{operation}");
        bench.faults(Faults::default());
        // The file is changed before the next run: nothing is wanted there any more.
        bench.done(&graph(HERE, ""), Goal::Apply).await;
        bench.settled(&graph(HERE, ""), Goal::Apply).await;
        assert_eq!(names(&bench, "h.example"), Vec::<String>::new(), "{goal:?} {operation}");
        assert_eq!(zone_tags(&bench, "h.example"), json!([]), "{goal:?} {operation}");
    }
}

fn forge(bench: &Bench) {
    let mark = |record: &str| format!("\"evenkeel:stack=shop@us-east-1,evenkeel:record={record}\"");
    for (place, text) in [
        ("_a.gone", mark("gone.h.example A")),
        ("_ns.sub", mark("sub.h.example NS")),
        ("_a.broken", "\"evenkeel:stack=shop@us-east-1,evenkeel:record=\"".to_owned()),
        ("_a.longer", mark("longer.h.example A,evenkeel:protect=maybe")),
        ("_a.elsewhere", mark("mail.h.example A")),
        ("_a.hello", "\"hello\"".to_owned()),
    ] {
        let name = format!("{place}.us-east-1.shop._evenkeel.h.example");
        change(bench, "h.example", "CREATE", &name, "TXT", &text);
    }
    for name in ["broken", "longer", "mail", "hello"] {
        change(bench, "h.example", "CREATE", &format!("{name}.h.example"), "A", "192.0.2.9");
    }
    change(bench, "h.example", "CREATE", "sub.h.example", "NS", "ns.example.net.");
}

#[tokio::test(start_paused = true)]
async fn marks_that_evenkeel_did_not_write_are_told_and_never_acted_on() {
    let bench = bench();
    forge(&bench);
    let before = sets(&bench, "h.example");
    let wanted = graph(HERE, WWW);
    bench.done(&wanted, Goal::Apply).await;
    bench.settled(&wanted, Goal::Apply).await;
    let snapshot = bench.read(&wanted, Goal::Apply).await;
    assert_eq!(snapshot.strays.len(), 6, "{:#?}", snapshot.strays);
    untouched(&before, &sets(&bench, "h.example"));
    bench.done(&wanted, Goal::Destroy).await;
    // A mark whose record is not there is all that is left of a record of this stack: it goes with the others.
    let mut left = before;
    left.remove("_a.gone.us-east-1.shop._evenkeel.h.example. TXT").expect("it was there");
    assert_eq!(sets(&bench, "h.example"), left);
}

#[tokio::test(start_paused = true)]
async fn a_text_in_the_place_of_a_mark_is_a_conflict_that_a_plan_tells() {
    let mut bench = bench();
    change(&bench, "h.example", "CREATE", MARK, "TXT", "\"hello\"");
    let wanted = graph(HERE, WWW);
    let snapshot = bench.read(&wanted, Goal::Apply).await;
    let plan = bench.plan(&wanted, &snapshot, Goal::Apply);
    let ids: Vec<&str> = plan.conflicts.iter().map(|conflict| conflict.adopt.as_str()).collect();
    assert_eq!(ids, ["records.h.example/_a.www.us-east-1.shop._evenkeel.h.example/TXT"]);
    bench.options.adopt.extend(ids.iter().map(|id| (*id).to_owned()));
    bench.done(&wanted, Goal::Apply).await;
    bench.options.adopt.clear();
    bench.settled(&wanted, Goal::Apply).await;
}

#[tokio::test(start_paused = true)]
async fn a_record_that_two_stacks_have_marked_is_neithers() {
    let bench = bench();
    let wanted = graph(HERE, WWW);
    bench.done(&wanted, Goal::Apply).await;
    let text = "\"evenkeel:stack=blog@us-east-1,evenkeel:record=www.h.example A\"";
    change(&bench, "h.example", "CREATE", "_a.www.us-east-1.blog._evenkeel.h.example", "TXT", text);
    let without = graph(HERE, "");
    let before = sets(&bench, "h.example");
    let snapshot = bench.read(&without, Goal::Apply).await;
    assert!(
        snapshot.strays.iter().any(|stray| stray.mark.contains("stack blog in us-east-1")),
        "{:#?}",
        snapshot.strays
    );
    bench.run(&without, Goal::Apply).await;
    assert_eq!(sets(&bench, "h.example"), before);
}

async fn protected(bench: &Bench, graph: &Graph) -> Snapshot {
    let snapshot = bench.read(graph, Goal::Apply).await;
    let plan = bench.plan(graph, &snapshot, Goal::Apply);
    assert!(plan.steps.is_empty(), "{:?}", plan.steps);
    assert_eq!(plan.held.iter().map(|held| &held.why).collect::<Vec<_>>(), [&HeldBecause::Protected]);
    snapshot
}

#[tokio::test(start_paused = true)]
async fn the_protection_of_records_outlives_their_entry() {
    let bench = bench();
    let open = graph(HERE, WWW);
    let closed = graph(HERE, &WWW.replace("zone: h.example,", "zone: h.example, protect: true,"));
    bench.done(&open, Goal::Apply).await;
    bench.done(&closed, Goal::Apply).await;
    bench.settled(&closed, Goal::Apply).await;
    protected(&bench, &graph(HERE, "")).await;
    bench.done(&open, Goal::Apply).await;
    bench.settled(&open, Goal::Apply).await;
    assert_eq!(bench.steps(&graph(HERE, ""), Goal::Apply).await, ["delete records.h.example"]);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_changed_after_the_plan_is_not_deleted() {
    let bench = bench();
    let wanted = graph(HERE, WWW);
    bench.done(&wanted, Goal::Apply).await;
    let snapshot = bench.read(&graph(HERE, ""), Goal::Apply).await;
    let live = snapshot.surplus[0].live.clone();
    change(&bench, "h.example", "UPSERT", "www.h.example", "A", "192.0.2.200");
    let before = names(&bench, "h.example");
    let node = records::id("h.example");
    let refused =
        records::ENTRY.driver.delete(Work { aws: &bench.aws(), stack: "shop" }, &node, &live).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Invalid, "{refused}");
    assert!(refused.message.contains("was changed after the plan was made"), "{refused}");
    assert_eq!(names(&bench, "h.example"), before);
    // A plan that has seen it may.
    bench.done(&graph(HERE, ""), Goal::Apply).await;
    assert_eq!(names(&bench, "h.example"), Vec::<String>::new());
}
