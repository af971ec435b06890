//! No run is done over a service that does not serve: not after tasks were added without a deployment, and not where nothing
//! was to be changed at all. A plan alone does not look that closely, and a deployment costs no look of its own.

use std::path::Path;

use evenkeel_core::graph::Graph;
use evenkeel_core::plan::Plan;
use evenkeel_tests::simulated::{Bench, Ended, Goal, graph_of};
use serde_json::{Value, json};

const STACK: &str = r#"
stack: small
region: us-east-1
security_groups:
  alb: { ingress: [{ port: 80, from: 0.0.0.0/0 }] }
  app: { ingress: [{ port: 3000, from: alb }] }
load_balancers: { web: { security_groups: [alb], listeners: { http: { port: 80, forward: web } } } }
target_groups: { web: { port: 3000 } }
cluster: small
services:
  app:
    cpu: 256
    memory: 512
    desired_count: 0
    containers: { web: { image: "nginx:1", port: 3000 } }
    security_groups: [app]
    assign_public_ip: true
    target_group: web
"#;

fn graph(image: &str, count: u32) -> Graph {
    let text = STACK.replace("nginx:1", image).replace("desired_count: 0", &format!("desired_count: {count}"));
    graph_of(&text, Path::new("."))
}

fn group(bench: &Bench) -> Value {
    let groups = bench.ask("elbv2.DescribeTargetGroups", json!({ "Names": ["small-web"] }));
    groups["TargetGroups"][0]["TargetGroupArn"].clone()
}

fn targets(bench: &Bench) -> Vec<Value> {
    let health = bench.ask("elbv2.DescribeTargetHealth", json!({ "TargetGroupArn": group(bench) }));
    health["TargetHealthDescriptions"].as_array().cloned().unwrap_or_default()
}

fn healthy(bench: &Bench) -> usize {
    targets(bench).iter().filter(|target| target["TargetHealth"]["State"] == "healthy").count()
}

fn looks(bench: &Bench) -> usize {
    bench.take_requests().iter().filter(|(_, operation)| operation == "DescribeTargetHealth").count()
}

#[track_caller]
fn failure(ended: &Ended) -> String {
    let Ended::Outcome(outcome, _) = ended else { panic!("{ended:#?}") };
    assert!(!ended.is_done(), "it does not serve: {ended:#?}");
    outcome.summary().failed[0].error.message.clone()
}

#[tokio::test(start_paused = true)]
async fn tasks_that_are_added_are_awaited_until_they_serve() {
    let bench = Bench::new("us-east-1");
    bench.done(&graph("nginx:1", 2), Goal::Apply).await;
    bench.done(&graph("nginx:1", 5), Goal::Apply).await;
    assert_eq!(healthy(&bench), 5, "right after the run");
    bench.settled(&graph("nginx:1", 5), Goal::Apply).await;
}

#[tokio::test(start_paused = true)]
async fn tasks_that_never_serve_are_no_success_however_often_it_is_tried() {
    let mut bench = Bench::new("us-east-1");
    bench.watched = false;
    bench.done(&graph("nginx:unhealthy", 0), Goal::Apply).await;
    for _ in 0..2 {
        let why = failure(&bench.run(&graph("nginx:unhealthy", 2), Goal::Apply).await);
        assert!(why.contains("of 2 targets healthy in small-web") || why.contains("of 2 tasks running"), "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_left_alone_without_a_healthy_target_is_not_done() {
    let mut bench = Bench::new("us-east-1");
    bench.watched = false;
    let wanted = graph("nginx:1", 1);
    bench.done(&wanted, Goal::Apply).await;
    let targets: Vec<Value> =
        targets(&bench).iter().map(|it| json!({ "Id": it["Target"]["Id"], "Port": it["Target"]["Port"] })).collect();
    let input = json!({ "TargetGroupArn": group(&bench), "Targets": targets });
    bench.ask("elbv2.DeregisterTargets", input.clone());
    bench.settled(&wanted, Goal::Apply).await;
    let plan = run_closely(&bench, &wanted).await;
    let waits: Vec<String> = plan.steps.iter().map(|step| format!("{} {}", step.verb(), step.node)).collect();
    assert_eq!(waits, ["wait service.app"], "a run waits for it");
    let why = failure(&bench.run(&wanted, Goal::Apply).await);
    assert!(why.contains("0 of 1 targets healthy in small-web"), "{why}");

    bench.options.no_wait = true;
    let plan = run_closely(&bench, &wanted).await;
    let unproven: Vec<&String> = plan.unproven.values().collect();
    assert!(unproven.len() == 1 && unproven[0].starts_with("0 of 1 targets healthy in small-web"), "{unproven:?}");
    bench.options.no_wait = false;

    bench.ask("elbv2.RegisterTargets", input);
    bench.done(&wanted, Goal::Apply).await;
    assert_eq!(healthy(&bench), 1, "it was waited for");
}

/// The plan of a run.
async fn run_closely(bench: &Bench, graph: &Graph) -> Plan {
    let snapshot = bench.read(graph, Goal::Apply).await;
    let plan = bench.plan(graph, &snapshot, Goal::Apply);
    bench.closely(graph, snapshot, plan).await
}

#[tokio::test(start_paused = true)]
async fn looks_are_taken_only_where_nothing_else_tells() {
    let bench = Bench::new("us-east-1");
    bench.done(&graph("nginx:1", 1), Goal::Apply).await;
    assert_eq!(looks(&bench), 0, "ECS waits for the health checks of a first deployment");
    bench.done(&graph("nginx:2", 1), Goal::Apply).await;
    assert_eq!(looks(&bench), 0, "and of every other one");
    bench.done(&graph("nginx:2", 1), Goal::Apply).await;
    assert_eq!(looks(&bench), 1, "what is left alone has to serve");
    bench.done(&graph("nginx:2", 1), Goal::Destroy).await;
    assert_eq!(looks(&bench), 0, "what goes need not");
}
