//! `status`, `outputs` and `list`: in each state, what is said and how it ends.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::super::Desk;
use super::{applied, pass, stack};

/// Everything that is said contains these words.
#[track_caller]
fn says(desk: &Desk, arguments: &[&str], code: i32, words: &[&str]) -> String {
    let ran = desk.sim(arguments).exits(code);
    let told = format!("{}{}", ran.stdout, ran.stderr);
    let flat = told.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in words {
        assert!(flat.contains(word), "{arguments:?} says {word}:\n{told}");
    }
    told
}

#[test]
fn what_is_not_applied_is_told_with_the_command_that_applies_it() {
    let desk = Desk::new(&stack("web:1", "worker:1"));
    let apply = "evenkeel apply --sim=world.json --sim-speed 600";
    says(&desk, &["status"], 5, &["not applied yet", apply]);
    says(&desk, &["outputs"], 0, &["Nothing of this stack exists yet", apply]);
    assert_eq!(desk.sim(&["outputs", "--env"]).exits(0).stdout, "");
    says(&desk, &["list"], 0, &["No stack has anything in us-east-1."]);
    // In part: one of its resources.
    desk.sim(&["apply", "--yes", "--target", "log_group.app"]).exits(0);
    let told = says(&desk, &["status"], 5, &["applied in part", "1 of 15 resources exist", apply]);
    assert!(told.contains("absent  web"), "{told}");
}

#[test]
fn a_healthy_stack_ends_with_0_and_fits_a_terminal() {
    let desk = applied();
    let words = ["shop in us-east-1: healthy", "1 of 1 task running", "1 of 1 healthy in shop-web", "answers 200"];
    let told = says(&desk, &["status"], 0, &words);
    assert!(told.lines().all(|line| line.chars().count() < 100 || !line.contains(' ')), "{told}");
    assert!(told.contains("URLs (simulated"), "{told}");
    let unasked = says(&desk, &["status", "--no-check-urls"], 0, &["not asked"]);
    assert!(!unasked.contains("answers"), "{unasked}");
    let document: Value = serde_json::from_str(&desk.sim(&["status", "--format", "json"]).exits(0).stdout).unwrap();
    assert_eq!((&document["format"], &document["state"]), (&"evenkeel-status".into(), &"healthy".into()));
    assert_eq!(document["services"][0]["doing"]["running"], 1);
    assert_eq!(document["urls"][0]["answer"]["status"]["code"], 200);
    // A plan takes four round trips in sequence; what tasks, targets and certificates add goes side by side.
    let counted = desk.sim(&["status", "--stats"]).exits(0).stderr;
    let trips =
        counted.split("sequential round trips ").nth(1).and_then(|rest| rest.split(',').next()?.parse::<u32>().ok());
    assert!(trips.is_some_and(|trips| trips <= 6), "{counted}");
    // Without its file: by what carries its marks.
    std::fs::remove_file(desk.path("stack.yaml")).expect("it is there");
    let named = ["status", "--stack", "shop", "--region", "us-east-1"];
    says(&desk, &named, 0, &["shop in us-east-1: healthy", "1 of 1 task running", "answers 200"]);
    says(&desk, &["status", "--stack", "other", "--region", "us-east-1"], 5, &["nothing belongs to it"]);
}

#[test]
fn outputs_are_those_of_the_apply() {
    let desk = Desk::new(&stack("web:1", "worker:1"));
    let applied = desk.sim(&["apply", "--yes"]).exits(0).stdout;
    let outputs = desk.sim(&["outputs"]).exits(0).stdout;
    assert!(!outputs.is_empty() && applied.ends_with(&outputs), "{outputs}\nare not the end of\n{applied}");
    let lines = desk.sim(&["outputs", "--env"]).exits(0).stdout;
    let names: Vec<&str> = lines.lines().filter_map(|line| line.split('=').next()).collect();
    assert_eq!(names, ["URL", "LOAD_BALANCER", "CLUSTER", "SERVICE", "SERVICE_2"]);
    let document: Value = serde_json::from_str(&desk.sim(&["outputs", "--format", "json"]).exits(0).stdout).unwrap();
    assert_eq!(document["outputs"][2]["value"], "shop");
    desk.sim(&["outputs", "--env", "--format", "json"]).exits(64);
    let listed = says(&desk, &["list"], 0, &["shop", "2 services", "2 roles", "1 load balancer"]);
    assert!(listed.starts_with("STACK"), "{listed}");
    let document: Value = serde_json::from_str(&desk.sim(&["list", "--format", "json"]).exits(0).stdout).unwrap();
    assert_eq!(document["stacks"][0]["kinds"]["service"], 2);
}

#[test]
fn a_deployment_under_way_is_not_healthy_yet() {
    let desk = Desk::new(&stack("web:1", "worker:1"));
    desk.sim(&["apply", "--yes", "--no-wait"]).exits(5);
    let now = ["status", "--sim=world.json", "--sim-speed", "1"];
    let ran = desk.run(&now).exits(5);
    for words in ["not healthy yet", "wait", "in progress, began"] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
}

#[test]
fn an_image_that_cannot_be_pulled_and_a_container_that_exits_say_why() {
    let desk = Desk::new(&stack("missing:1", "worker-crash:1"));
    desk.sim(&["apply", "--yes"]).exits(1);
    let words = ["not healthy", "FAIL web", "CannotPullContainerError", "pull access denied", "exit code 1"];
    says(&desk, &["status"], 5, &words);
    // A deployment that was rolled back leaves what ran before, and is told.
    let desk = applied();
    desk.write("stack.yaml", stack("missing:1", "worker:1").as_bytes());
    desk.sim(&["apply", "--yes"]).exits(1);
    says(&desk, &["status"], 0, &["shop-web:1, completed", "failed and was rolled back: tasks failed to start"]);
}

#[test]
fn targets_that_fail_their_checks_say_why_in_words() {
    // ECS leaves a target that fails alone for that long.
    let patient = "    target_group: web\n    health_check_grace_period: 1h\n";
    let text = stack("web-unhealthy:1", "worker:1").replace("    target_group: web\n", patient);
    let desk = Desk::new(&text);
    desk.sim(&["apply", "--yes", "--no-wait"]).exits(5);
    let words = ["0 of 1 healthy in shop-web", "is unhealthy: it does not answer", "(Target.Timeout)", "answers 503"];
    let mut told = String::new();
    for _ in 0..10 {
        pass(&desk);
        told = desk.sim(&["status"]).exits(5).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        if words.iter().all(|word| told.contains(word)) {
            return;
        }
    }
    panic!("{words:?}: {told}");
}

#[test]
fn what_is_denied_is_neither_healthy_nor_absent() {
    let desk = applied();
    let denied = |service: &str, operation: &str| {
        let rule = format!(r#"[{{"service": "{service}", "operation": "{operation}", "fault": "access_denied"}}]"#);
        desk.write("faults.json", rule.as_bytes());
    };
    let status = ["status", "--sim-faults", "faults.json"];
    denied("ecs", "DescribeServices");
    let words =
        ["not fully known", "unknown web", "could not be read", "not authorized to perform: ecs:DescribeServices"];
    let told = says(&desk, &status, 1, &words);
    assert!(!told.contains("absent") && !told.contains(" healthy\n"), "{told}");
    denied("ecs", "ListTasks");
    says(&desk, &status, 1, &["ok web", "stopped tasks of shop-web, stopped tasks of shop-worker: ecs:ListTasks"]);
    denied("elbv2", "DescribeTargetHealth");
    says(&desk, &status, 1, &["target health of shop-web"]);
    denied("elbv2", "DescribeLoadBalancers");
    let told =
        says(&desk, &["outputs", "--sim-faults", "faults.json"], 1, &["could not be read, so its outputs are missing"]);
    assert!(told.contains("cluster") && !told.contains("http://"), "{told}");
    denied("iam", "ListRoles");
    says(&desk, &["list", "--sim-faults", "faults.json"], 1, &["2 services", "Roles could not be read"]);
}

#[test]
fn a_watch_prints_what_changes_and_ends_at_once() {
    let desk = Desk::new(&stack("web:1", "worker:1"));
    desk.sim(&["apply", "--yes", "--no-wait"]).exits(5);
    let child = Command::new(evenkeel_tests::program::path())
        .args(["status", "--watch", "--sim=world.json", "--sim-speed", "60"])
        .current_dir(desk.folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("evenkeel starts");
    std::thread::sleep(Duration::from_secs(8));
    let asked = Instant::now();
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(kill.success());
    let output = child.wait_with_output().expect("it ends");
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    assert_eq!(output.status.code(), Some(130));
    let told = String::from_utf8(output.stdout).expect("text");
    let blocks = told.matches("stack shop in us-east-1").count();
    assert_eq!(blocks, 2, "what was, and what has changed since:\n{told}");
}
