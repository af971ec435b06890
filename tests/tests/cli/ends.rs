//! How runs end: each exit code with what leads to it, the same in `plan`, `apply`, `destroy` and JSON.

use serde_json::{Value, json};

use super::{Desk, TINY};

const SERVICE: &str = "stack: shop
region: us-east-1
cluster: shop
security_groups: { app: }
services:
  app:
    cpu: 256
    memory: 512
    containers: { app: { image: \"nginx:1\" } }
    security_groups: [app]
    assign_public_ip: true
";

#[track_caller]
fn last(stdout: &str) -> Value {
    serde_json::from_str(stdout.lines().last().expect("a line")).expect("JSON")
}

#[test]
fn a_conflict_blocks_everything() {
    let desk = Desk::new(TINY);
    desk.sim(&["plan"]).exits(0);
    desk.call("logs", "CreateLogGroup", &json!({ "logGroupName": "tiny-a" }));
    desk.call("logs", "CreateLogGroup", &json!({ "logGroupName": "tiny-b" }));
    for arguments in [&["plan"][..], &["plan", "--detailed-exitcode"], &["apply", "--yes"]] {
        let ran = desk.sim(arguments).exits(4);
        assert!(ran.stdout.contains("Blocked: 2 conflicts. Take over all of them: --adopt-all"), "{}", ran.stdout);
        let all = "--adopt log_group.a --adopt log_group.b";
        assert!(ran.stdout.contains(all), "one command for all of them:\n{}", ran.stdout);
    }
    let document: Value = serde_json::from_str(&desk.sim(&["plan", "--format", "json"]).exits(4).stdout).expect("JSON");
    assert_eq!(document["blocked"], true);
    let refused = last(&desk.sim(&["apply", "--yes", "--format", "json"]).exits(4).stdout);
    assert_eq!((&refused["error"]["kind"], &refused["error"]["exit_code"]), (&json!("blocked"), &json!(4)));
    let roles = desk.call("iam", "ListRoles", &json!({}));
    assert!(!roles.to_string().contains("tiny-r"), "nothing was begun: {roles}");
    let adopted = desk.sim(&["apply", "--yes", "--adopt-all"]).exits(0);
    assert!(adopted.stdout.contains("adopt   log_group.a"), "everything is shown first:\n{}", adopted.stdout);
    desk.sim(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_deletion_that_waits_for_consent_is_no_failure_of_apply() {
    let protected = "stack: rec\nregion: us-east-1\nlog_groups:\n  audit: { protect: true }\n  app: {}\n";
    let desk = Desk::new(protected);
    desk.sim(&["apply", "--yes"]).exits(0);
    let held = desk.sim(&["destroy", "--yes"]).exits(4);
    assert!(
        held.stdout.contains("Done in part: 1 deleted") && held.stdout.contains("log_group.audit"),
        "{}",
        held.stdout
    );
    assert_eq!(last(&desk.sim(&["destroy", "--yes", "--format", "json"]).exits(4).stdout)["blocked"], true);
    desk.sim(&["plan", "--destroy"]).exits(4);
    assert_eq!(desk.log_groups(), ["rec-audit"]);
    desk.sim(&["destroy", "--yes", "--consent", "log_group.audit"]).exits(0);
}

#[test]
fn what_is_needed_and_not_there_blocks_only_itself() {
    let desk = Desk::new(TINY);
    desk.sim(&["apply", "--yes"]).exits(0);
    // A world that is there already is not given the zone.
    let records = "dns: [{ zone: none.example, records: [{ name: www, a: [192.0.2.1] }] }]\n";
    desk.write("stack.yaml", format!("{}{records}", TINY.replace("  b: {}", "  c: {}")).as_bytes());
    let planned = desk.sim(&["plan"]).exits(4);
    for words in ["Blocked: ", "zone.none.example", "not found"] {
        assert!(planned.stdout.contains(words), "{words}:\n{}", planned.stdout);
    }
    let applied = desk.sim(&["apply", "--yes"]).exits(4);
    assert!(applied.stdout.contains("Done in part: 1 created, 1 deleted"), "{}", applied.stdout);
    assert_eq!(desk.log_groups(), ["tiny-a", "tiny-c"]);
    desk.sim(&["apply", "--yes"]).exits(4);
}

#[test]
fn what_nobody_waits_for_is_not_known_to_be_healthy() {
    let desk = Desk::new(SERVICE);
    let ran = desk.sim(&["apply", "--yes", "--no-wait"]).exits(5);
    assert!(ran.stdout.contains("not known to be healthy") && ran.stdout.contains("service.app"), "{}", ran.stdout);
    // Nothing that takes time, nothing that is not known.
    let tiny = Desk::new(TINY);
    tiny.sim(&["apply", "--yes", "--no-wait"]).exits(0);
    desk.sim(&["apply", "--yes"]).exits(0);
    let told = last(&desk.sim(&["apply", "--yes", "--no-wait", "--format", "json"]).exits(0).stdout);
    assert_eq!((&told["exit_code"], &told["unproven"]), (&json!(0), &json!({})));
}

#[test]
fn what_could_not_be_read_blocks_without_a_change() {
    let desk = Desk::new(TINY);
    desk.sim(&["apply", "--yes"]).exits(0);
    desk.write("stack.yaml", TINY.replace("  b: {}\n", "").as_bytes());
    desk.write("faults.json", br#"[{"service": "logs", "operation": "DescribeLogGroups", "fault": "access_denied"}]"#);
    for arguments in [&["plan"][..], &["apply", "--yes"], &["destroy", "--yes"]] {
        let ran = desk.sim(&[arguments, &["--sim-faults", "faults.json"]].concat()).exits(4);
        let told = format!("{}{}", ran.stdout, ran.stderr);
        for words in ["DescribeLogGroups", "nothing was changed", "Blocked: some resources could not be read"] {
            assert!(told.contains(words), "{arguments:?} says {words}:\n{told}");
        }
    }
    assert_eq!(desk.log_groups(), ["tiny-a", "tiny-b"]);
}

#[test]
fn counts_come_from_the_steps() {
    let desk = Desk::new(TINY);
    let valid = desk.run(&["validate"]).exits(0);
    assert!(valid.stdout.contains("is valid: 3 resources"), "{}", valid.stdout);
    let planned = desk.sim(&["plan"]).exits(0);
    assert!(planned.stdout.contains("Plan: 3 to create"), "{}", planned.stdout);
    let applied = desk.sim(&["apply", "--yes"]).exits(0);
    assert!(applied.stdout.contains("Done: 3 created"), "{}", applied.stdout);
    let gone = desk.sim(&["destroy", "--yes"]).exits(0);
    assert!(gone.stdout.contains("3 to delete") && gone.stdout.contains("Done: 3 deleted"), "{}", gone.stdout);
}

#[test]
fn a_renamed_service_is_told_by_its_name() {
    let desk = Desk::new(SERVICE);
    desk.sim(&["apply", "--yes"]).exits(0);
    desk.write("stack.yaml", SERVICE.replace("  app:\n    cpu", "  web:\n    moved_from: app\n    cpu").as_bytes());
    let ran = desk.sim(&["apply", "--yes"]).exits(0);
    let told = ran.stdout.lines().rev().find(|line| line.trim_start().starts_with("service ")).expect("it is told");
    assert!(told.ends_with("shop-app"), "{told}");
}

#[test]
fn what_nobody_can_tell_apart_is_not_passed_over_by_a_destruction() {
    let desk = Desk::new("stack: twins\nregion: us-east-1\nlog_groups: { a: {} }\n");
    desk.sim(&["apply", "--yes"]).exits(0);
    let zone = |reference: &str| {
        let name =
            json!({ "Name": "twins.example", "CallerReference": format!("evenkeel/twins@us-east-1/{reference}") });
        desk.call("route53", "CreateHostedZone", &name)["HostedZone"]["Id"].as_str().unwrap_or_default().to_owned()
    };
    let ids = [zone("1"), zone("2")].map(|id| id.rsplit('/').next().unwrap_or_default().to_owned());
    for arguments in [&["plan", "--destroy"][..], &["destroy", "--yes"], &["destroy", "--yes"]] {
        let ran = desk.sim(arguments).exits(4);
        for words in
            ["hosted_zone.twins.example", "several resources carry its mark", "remove the tags", &ids[0], &ids[1]]
        {
            assert!(ran.stdout.contains(words), "{arguments:?} says {words}:\n{}", ran.stdout);
        }
        assert!(!ran.stdout.contains("belongs to this stack."), "{arguments:?}:\n{}", ran.stdout);
    }
    assert!(desk.log_groups().is_empty(), "the rest goes");
}
