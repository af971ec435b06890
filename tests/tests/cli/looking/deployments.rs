//! Deployments that move traffic between two sets of tasks, as a person meets them: a pause and how it goes on, going back, how far an
//! apply waits, and that every wait ends with Ctrl-C.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use super::super::Desk;

/// A service between two target groups, which pauses before the traffic moves; `IMAGE` is its image.
const STACK: &str = r#"stack: turn
region: us-east-1
security_groups: { alb: { ingress: [{ port: 80, from: 0.0.0.0/0 }] }, app: { ingress: [{ port: 80, from: alb }] } }
roles: { traffic: { trust: ecs, managed_policies: [AmazonECSInfrastructureRolePolicyForLoadBalancers] } }
load_balancers: { web: { security_groups: [alb], listeners: { http: { forward: blue } } } }
target_groups: { blue: { port: 80, deregistration_delay: 5s }, green: { port: 80, deregistration_delay: 5s } }
cluster: turn
services:
  web:
    cpu: 256
    memory: 512
    containers: { app: { image: "ghcr.io/example/IMAGE", port: 80 } }
    security_groups: [app]
    target_group: { name: blue, alternate: green, role: traffic }
    deployment: { strategy: blue_green, bake_time: 5mHOOKS }
"#;

const PAUSE: &str = ", hooks: [{ stages: post_scale_up, pause: { timeout: 12h, on_timeout: rollback } }]";

fn stack(image: &str, hooks: &str) -> String {
    STACK.replace("IMAGE", image).replace("HOOKS", hooks)
}

/// The first version is live; the second one waits in a pause.
fn paused() -> Desk {
    let desk = Desk::new(&stack("web:1", ""));
    desk.sim(&["apply", "--yes"]).exits(0);
    desk.write("stack.yaml", stack("web:2", PAUSE).as_bytes());
    let ran = desk.sim(&["apply", "--yes", "--wait", "stage=POST_SCALE_UP"]).exits(5);
    let told = "service.web: waited for until its deployment reached POST_SCALE_UP, not until it was healthy";
    assert!(ran.stdout.contains(told), "{}", ran.stdout);
    desk
}

/// The shares of the two target groups, in the order of their names.
fn shares(desk: &Desk) -> Vec<(String, i64)> {
    let balancers = desk.call("elbv2", "DescribeLoadBalancers", &json!({}));
    let balancer = &balancers["LoadBalancers"][0]["LoadBalancerArn"];
    let listeners = desk.call("elbv2", "DescribeListeners", &json!({ "LoadBalancerArn": balancer }));
    let groups = &listeners["Listeners"][0]["DefaultActions"][0]["ForwardConfig"]["TargetGroups"];
    let share = |tuple: &serde_json::Value| {
        let name = tuple["TargetGroupArn"].as_str().and_then(|arn| arn.split('/').nth(1)).unwrap_or_default();
        (name.to_owned(), tuple["Weight"].as_i64().unwrap_or_default())
    };
    let mut shares: Vec<(String, i64)> = groups.as_array().into_iter().flatten().map(share).collect();
    shares.sort();
    shares
}

fn to(blue: i64, green: i64) -> Vec<(String, i64)> {
    vec![("turn-blue".to_owned(), blue), ("turn-green".to_owned(), green)]
}

#[test]
fn a_pause_is_told_and_goes_on_when_somebody_says_so() {
    let desk = paused();
    assert_eq!(shares(&desk), to(100, 0));
    let ran = desk.sim(&["status"]).exits(5);
    assert!(ran.stdout.contains("paused at POST_SCALE_UP"), "{}", ran.stdout);
    // A plan waits for it, and leaves the weights to ECS in any stage.
    let ran = desk.sim(&["plan"]).exits(0);
    assert!(ran.stdout.contains("`evenkeel continue"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("managed by ECS blue/green deployments, now turn-blue 100, turn-green 0"),
        "{}",
        ran.stdout
    );
    let ran = desk.sim(&["continue", "web", "--yes"]).exits(0);
    assert!(ran.stdout.contains("web: its deployment succeeded"), "{}", ran.stdout);
    assert_eq!(shares(&desk), to(0, 100));
    desk.sim(&["plan", "--detailed-exitcode"]).exits(0);
    desk.sim(&["status"]).exits(0);
    let ran = desk.sim(&["continue", "web", "--yes"]).exits(1);
    assert!(ran.stderr.contains("no deployment of service.web is under way"), "{}", ran.stderr);
}

#[test]
fn a_deployment_goes_back_from_its_pause_or_from_anywhere() {
    for back in [&["continue", "web", "--rollback", "--yes"][..], &["stop-deployment", "web", "--rollback", "--yes"]] {
        let desk = paused();
        let ran = desk.sim(back).exits(0);
        assert!(ran.stdout.contains("web: its deployment was rolled back"), "{}", ran.stdout);
        assert_eq!(shares(&desk), to(100, 0), "{back:?}");
        // The file still says what was taken back.
        desk.sim(&["plan", "--detailed-exitcode"]).exits(2);
    }
}

#[test]
fn an_apply_that_waits_says_that_its_deployment_was_taken_back() {
    let desk = paused();
    // Nobody says anything within twelve hours, so ECS takes it back.
    let ran = desk.run(&["apply", "--yes", "--sim=world.json", "--sim-speed", "20000"]).exits(1);
    assert!(ran.stdout.contains("service.web did not become ready"), "{}", ran.stdout);
    assert_eq!(shares(&desk), to(100, 0));
}

#[test]
fn a_service_goes_back_to_an_earlier_revision_of_the_stack() {
    let desk = Desk::new(&stack("web:1", ""));
    desk.sim(&["apply", "--yes"]).exits(0);
    desk.write("stack.yaml", stack("web:2", "").as_bytes());
    let ran = desk.sim(&["apply", "--yes", "--wait", "active"]).exits(5);
    assert!(ran.stdout.contains("until its deployment was under way"), "{}", ran.stdout);
    let ran = desk.sim(&["rollback", "web", "--yes"]).exits(1);
    assert!(ran.stderr.contains("stop-deployment --rollback"), "{}", ran.stderr);
    desk.sim(&["apply", "--yes"]).exits(0);
    for (wrong, words) in [("9", "there is no revision turn-web:9"), ("2", "runs turn-web:2 already")] {
        let ran = desk.sim(&["rollback", "web", "--to", wrong, "--yes"]).exits(1);
        assert!(ran.stderr.contains(words), "{wrong}: {}", ran.stderr);
    }
    let ran = desk.sim(&["rollback", "web", "--yes"]).exits(0);
    assert!(ran.stdout.contains("a new deployment of turn-web:1 replaces turn-web:2"), "{}", ran.stdout);
    let ran = desk.sim(&["plan", "--detailed-exitcode"]).exits(2);
    assert!(ran.stdout.contains("ghcr.io/example/web:1 -> ghcr.io/example/web:2"), "{}", ran.stdout);
    assert!(ran.stdout.contains("starts a deployment"), "{}", ran.stdout);
    desk.sim(&["apply", "--yes"]).exits(0);
    desk.sim(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn every_wait_for_a_deployment_ends_with_ctrl_c() {
    let desk = paused();
    for line in [&["continue", "web", "--yes"][..], &["apply", "--yes"]] {
        // At this pace the time to bake lasts for many minutes of ours.
        let mut child = desk.program.spawn(&[line, &["--sim=world.json", "--sim-speed", "1"]].concat());
        std::thread::sleep(Duration::from_secs(4));
        let asked = Instant::now();
        // An apply first finishes what it has begun; the second one ends its waiting.
        for _ in 0..2 {
            let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
            assert!(kill.success() || child.try_wait().expect("it can be asked").is_some());
            std::thread::sleep(Duration::from_millis(300));
        }
        let status = child.wait().expect("it ends");
        assert!(asked.elapsed() < Duration::from_secs(3), "{line:?} took {:?}", asked.elapsed());
        assert_eq!(status.code(), Some(130), "{line:?}");
    }
}
