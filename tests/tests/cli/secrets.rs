//! What comes from the environment reaches AWS and nobody else: not the screen, not a comment on a pull request, not a saved plan.

use std::fs;

use evenkeel_tests::program::Ran;
use serde_json::json;

use super::Desk;

const SECRET: &str = "hunter2-\"quoted\"";
const OTHER: &str = "before-that";
const STACK: &str = "stack: quiet
region: eu-west-1
public_env: [OPEN]
vars: { url: \"postgres://app:${env.DB_PASSWORD}@db/app\" }
cluster: quiet
services:
  app:
    cpu: 256
    memory: 512
    desired_count: 0
    containers:
      app:
        image: ghcr.io/example/app:${env.TAG}
        environment: { URL: \"${var.url}\", AWS_SECRET_ACCESS_KEY: \"${env.DB_PASSWORD}\", OPEN: \"${env.OPEN}\" }
";

fn desk(secret: &str) -> Desk {
    let mut desk = Desk::new(STACK);
    for (name, value) in [("DB_PASSWORD", secret), ("TAG", "1.4.2"), ("OPEN", "everybody")] {
        desk.program = desk.program.env(name, value);
    }
    desk
}

/// Shows nothing of a secret, and what may be seen.
#[track_caller]
fn quiet(ran: &Ran) {
    let all = format!("{}{}", ran.stdout, ran.stderr);
    for part in ["hunter2", "quoted", OTHER] {
        assert!(!all.contains(part), "{all}");
    }
}

#[test]
fn a_plan_shows_names_in_the_place_of_values() {
    let desk = desk(SECRET);
    for format in ["text", "json", "markdown"] {
        let ran = desk.run(&["plan", "-v", "--sim", "--format", format]).exits(0);
        quiet(&ran);
        for part in ["${env.DB_PASSWORD}", "postgres://app:", ":1.4.2", "everybody"] {
            assert!(ran.stdout.contains(part), "{format}: {part}: {}", ran.stdout);
        }
    }
}

#[test]
fn a_run_sends_the_values_and_tells_none() {
    let first = desk(OTHER);
    quiet(&first.run(&["apply", "--sim", "--sim-speed", "600", "--yes"]).exits(0));
    let world = || fs::read_to_string(first.path(".evenkeel/sim.json")).expect("a world");
    assert!(world().contains("postgres://app:before-that@db/app"));
    // What gives way is a secret as well.
    let mut second = first;
    second.program = second.program.env("DB_PASSWORD", SECRET);
    for arguments in [
        &["plan", "-v", "--sim"][..],
        &["plan", "--sim", "--format", "json"],
        &["apply", "--sim", "--sim-speed", "600", "--yes", "--format", "json"],
    ] {
        quiet(&second.run(arguments).exits(0));
    }
    let ran = second.run(&["plan", "--sim"]).exits(0);
    assert!(ran.stdout.contains("No changes"), "{}", ran.stdout);
}

#[test]
fn a_saved_plan_holds_a_proof_and_is_applied_with_the_same_value_only() {
    let mut desk = desk(SECRET);
    quiet(&desk.run(&["plan", "--sim", "--out", "plan.json"]).exits(0));
    let saved = fs::read_to_string(desk.path("plan.json")).expect("a plan");
    assert!(!saved.contains("hunter2") && saved.contains("DB_PASSWORD"), "{saved}");
    let apply = ["apply", "plan.json", "--sim", "--sim-speed", "600", "--yes"];
    desk.program = desk.program.env("DB_PASSWORD", "another");
    let ran = desk.run(&apply).exits(1);
    assert!(ran.stderr.contains("`DB_PASSWORD` has another value"), "{}", ran.stderr);
    desk.program.env.retain(|(name, _)| name != "DB_PASSWORD");
    let ran = desk.run(&apply).exits(1);
    assert!(ran.stderr.contains("`DB_PASSWORD` is not set"), "{}", ran.stderr);
    desk.program = desk.program.env("DB_PASSWORD", SECRET);
    quiet(&desk.run(&apply).exits(0));
    let world = fs::read_to_string(desk.path(".evenkeel/sim.json")).expect("a world");
    assert!(world.contains("hunter2-"));
}

/// Secrets where keys are made of values, and where AWS's references are.
const PLACES: &str = "stack: quiet
region: us-east-1
load_balancers:
  w:
    listeners:
      http:
        fixed_response: 404
        rules: [{ priority: 1, header: { X-K: \"${env.SEC}\" }, fixed_response: 404 }]
roles:
  r: { policies: { p: { statements: [{ actions: [\"s3:*\"], resources: \"arn:aws:s3:::${env.SEC}\" }] } } }
";

#[test]
fn neither_a_key_nor_a_reference_tells_a_secret_or_the_one_before_it() {
    let mut desk = Desk::new(PLACES);
    desk.program = desk.program.env("SEC", OTHER);
    quiet(&desk.sim(&["apply", "--yes"]).exits(0));
    desk.program = desk.program.env("SEC", "hunter2");
    for arguments in [
        &["plan", "-vv"][..],
        &["plan", "--format", "json"],
        &["plan", "--format", "markdown"],
        &["plan", "--out", "plan.json"],
    ] {
        let ran = desk.sim(arguments).exits(0);
        quiet(&ran);
        assert!(ran.stdout.contains("X-K=${env.SEC}") && ran.stdout.contains("X-K=(hidden)"), "{}", ran.stdout);
    }
    let saved = fs::read_to_string(desk.path("plan.json")).expect("a plan");
    assert!(!saved.contains("hunter2") && !saved.contains(OTHER), "{saved}");
    quiet(&desk.sim(&["apply", "plan.json", "--yes"]).exits(0));
    quiet(&desk.sim(&["plan", "--detailed-exitcode"]).exits(0));
}

#[test]
fn a_saved_plan_sees_that_an_older_secret_has_moved_without_telling_it() {
    let mut desk = Desk::new(PLACES);
    desk.program = desk.program.env("SEC", OTHER);
    desk.sim(&["apply", "--yes"]).exits(0);
    desk.program = desk.program.env("SEC", "hunter2");
    desk.sim(&["plan", "--out", "plan.json"]).exits(0);
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::quoted-in-between" },
    ] });
    let input = json!({ "RoleName": "quiet-us-east-1-r", "PolicyName": "p", "PolicyDocument": policy.to_string() });
    desk.call("iam", "PutRolePolicy", &input);
    let ran = desk.sim(&["apply", "plan.json", "--yes"]).exits(3);
    quiet(&ran);
    assert!(ran.stderr.contains("role.r"), "{}", ran.stderr);
}
