//! What the command line names has to be there, and what is printed to be copied does the same in the same place.

use serde_json::json;

use super::{Desk, TINY};

#[test]
fn a_name_that_matches_nothing_is_refused_with_the_nearest() {
    let desk = Desk::new(TINY);
    desk.sim(&["apply", "--yes"]).exits(0);
    for (flags, nearest) in [
        (&["--target", "log_group.aa"][..], "log_group.a"),
        (&["--adopt", "role.rr"], "role.r"),
        (&["--adopt", "cluster.mian"], "kinds: log_group"),
        (&["--consent", "log_grup.a"], "log_group.a"),
        (&["--consent", "x.nope"], "log_group"),
        (&["--var", "nosuch=1"], "nosuch"),
    ] {
        for command in [&["plan"][..], &["apply", "--yes"]] {
            let ran = desk.sim(&[command, flags].concat());
            assert!([64, 65].contains(&ran.code), "{command:?} {flags:?}: {ran:?}");
            assert!(ran.stderr.contains(flags[1].split('=').next().unwrap()), "{flags:?}:\n{}", ran.stderr);
            assert!(ran.stderr.contains(nearest), "{flags:?}:\n{}", ran.stderr);
        }
    }
    desk.sim(&["destroy", "--stack", "tiny", "--region", "us-east-1", "--yes", "--consent", "log_group.aa"]).exits(64);
    desk.sim(&["destroy", "--stack", "tiny", "--region", "us-east-1", "--yes", "--var", "a=b"]).exits(64);
    assert_eq!(desk.log_groups(), ["tiny-a", "tiny-b"]);
}

#[test]
fn consent_for_what_is_deleted_already_is_no_mistake() {
    let desk = Desk::new(TINY);
    desk.sim(&["apply", "--yes"]).exits(0);
    desk.write("stack.yaml", TINY.replace("  b: {}\n", "").replace("  a: {", "  audit: {").as_bytes());
    for _ in 0..2 {
        desk.sim(&["apply", "--yes", "--consent", "log_group.b"]).exits(0);
    }
}

#[test]
fn commands_to_be_copied_repeat_what_was_given() {
    let desk = Desk::new(
        &TINY.replace("region", "vars: { days: 14d }\nregion").replace("14d }\n  b", "\"${var.days}\" }\n  b"),
    );
    desk.write("faults.json", br#"[{"service": "logs", "operation": "CreateLogGroup", "fault": "access_denied"}]"#);
    let given = ["--region", "eu-west-2", "--var", "days=7d", "--sim-faults", "faults.json"];
    let ran = desk.sim(&[&["apply", "--yes", "--target", "log_group.a"], &given[..]].concat()).exits(1);
    let line = ran.stdout.lines().find_map(|line| line.split_once("To continue: ")).expect("it is said how to go on").1;
    for part in [
        "evenkeel apply",
        "--region eu-west-2",
        "--var days=7d",
        "--target log_group.a",
        "--sim=world.json",
        "--sim-speed 600",
        "--sim-faults faults.json",
        "--yes",
    ] {
        assert!(line.contains(part), "{part} in {line}");
    }
    let words: Vec<&str> =
        line.split(' ').skip(1).filter(|word| !["--sim-faults", "faults.json"].contains(word)).collect();
    desk.run(&words).exits(0);
    let saved = desk.sim(&["plan", "--out", "p.json", "--region", "eu-west-2", "--var", "days=7d"]).exits(0);
    let line = saved.stderr.lines().find_map(|line| line.split_once("exactly this: ")).expect("it is said").1;
    let words: Vec<&str> = line.split(' ').skip(1).collect();
    desk.run(&[&words[..], &["--yes"]].concat()).exits(0);
    desk.sim(&["plan", "--detailed-exitcode", "--region", "eu-west-2", "--var", "days=7d"]).exits(0);
}

#[test]
fn a_profile_that_nobody_has_is_named() {
    let mut desk = Desk::new(TINY);
    desk.write("config", b"[default]\n[profile work]\n[sso-session x]\n");
    let config = desk.path("config");
    desk.program = desk.program.env("AWS_CONFIG_FILE", config.to_str().expect("a plain path"));
    let ran = desk.run(&["plan", "--profile", "wrok"]).exits(64);
    for words in ["there is no profile `wrok`", "did you mean `work`?", "default and work"] {
        assert!(ran.stderr.contains(words), "{words}:\n{}", ran.stderr);
    }
    let mut environment = Desk::new(TINY);
    environment.program = environment.program.env("AWS_PROFILE", "nope");
    let ran = environment.run(&["plan"]).exits(1);
    assert!(ran.stderr.contains("there is no profile `nope`") && ran.stderr.contains("none"), "{}", ran.stderr);
}

#[test]
fn everything_in_the_way_is_told_in_one_round() {
    let text = "stack: hand\nregion: us-east-1\nsecurity_groups: { app: }\nlog_groups: { a: }\ncluster: hand
services:
  app:
    cpu: 256
    memory: 512
    containers: { app: { image: \"nginx:1\" } }
    security_groups: [app]
";
    let desk = Desk::new(text);
    desk.sim(&["plan"]).exits(0);
    desk.call("logs", "CreateLogGroup", &json!({ "logGroupName": "hand-a" }));
    desk.call("ecs", "CreateCluster", &json!({ "clusterName": "hand" }));
    desk.call("ec2", "CreateSecurityGroup", &json!({ "GroupName": "hand-app", "Description": "x" }));
    let ran = desk.sim(&["plan"]).exits(4);
    for id in ["cluster.main", "log_group.a", "security_group.app"] {
        assert!(ran.stdout.contains(&format!("--adopt {id}")), "{id}:\n{}", ran.stdout);
    }
    desk.sim(&["apply", "--yes", "--adopt-all"]);
    desk.sim(&["plan"]).exits(0);
}
