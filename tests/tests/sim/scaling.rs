//! The autoscaling of services on the simulated AWS: whose the count is, what follows what, what a schedule sets, whose target it
//! is, and how few questions a plan asks.

use std::path::Path;
use std::time::Duration;

use evenkeel_core::graph::Graph;
use evenkeel_core::id::NodeId;
use evenkeel_core::plan::{Plan, Remark};
use evenkeel_tests::simulated::{Bench, Goal, graph_of};
use serde_json::{Value, json};

/// A shop whose services have these keys beside the usual ones.
fn shop(services: &[(&str, &str)]) -> Graph {
    let service = |(name, keys): &(&str, &str)| {
        format!(
            "  {name}:\n    cpu: 256\n    memory: 512\n    containers: {{ app: {{ image: \"ghcr.io/example/app:1\", port: 8000 }} }}\n    {keys}\n"
        )
    };
    let services: String = services.iter().map(service).collect();
    let text = format!(
        "stack: shop\nregion: us-east-1\ntarget_groups: {{ app: {{ port: 8000 }}, next: {{ port: 8000 }} }}\n\
         load_balancers: {{ web: {{ listeners: {{ http: {{ forward: app, rules: [{{ priority: 1, path: /x, forward: next }}] }} }} }} }}\n\
         cluster: {{ name: shop, container_insights: enabled }}\nservices:\n{services}"
    );
    graph_of(&text, Path::new("."))
}

fn scaled(keys: &str) -> Graph {
    shop(&[("app", &format!("autoscaling: {{ {keys} }}"))])
}

async fn plan(bench: &Bench, graph: &Graph) -> Plan {
    let snapshot = bench.read(graph, Goal::Apply).await;
    bench.plan(graph, &snapshot, Goal::Apply)
}

fn service(bench: &Bench) -> Value {
    let input = json!({ "cluster": "shop", "services": ["shop-app"] });
    bench.ask("ecs.DescribeServices", input)["services"][0].clone()
}

const APP: &str = "service/shop/shop-app";

fn of_app(more: Value) -> Value {
    let mut input =
        json!({ "ServiceNamespace": "ecs", "ResourceId": APP, "ScalableDimension": "ecs:service:DesiredCount" });
    input.as_object_mut().expect("a document").extend(more.as_object().expect("a document").clone());
    input
}

fn target(bench: &Bench) -> Value {
    let all = bench.ask("application-autoscaling.DescribeScalableTargets", json!({ "ServiceNamespace": "ecs" }));
    let all = all["ScalableTargets"].as_array().cloned().unwrap_or_default();
    all.into_iter().find(|target| target["ResourceId"] == APP).unwrap_or_default()
}

fn policies(bench: &Bench) -> Vec<Value> {
    let all = bench.ask("application-autoscaling.DescribeScalingPolicies", of_app(json!({})));
    all["ScalingPolicies"].as_array().cloned().unwrap_or_default()
}

/// The steps that change something, by verb and node.
fn steps(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| format!("{} {}", step.verb(), step.node)).collect()
}

#[tokio::test(start_paused = true)]
async fn the_count_is_left_to_it() {
    let bench = Bench::new("us-east-1");
    let graph = scaled("min: 1, max: 4, cpu: 60");
    bench.done(&graph, Goal::Apply).await;
    assert_eq!(service(&bench)["desiredCount"], 1);
    bench.ask("ecs.UpdateService", json!({ "cluster": "shop", "service": "shop-app", "desiredCount": 3 }));
    bench.sim.pass(Duration::from_secs(600));
    let later = plan(&bench, &graph).await;
    assert!(later.steps.is_empty(), "{:#?}", later.steps);
    let by = "application-autoscaling".to_owned();
    let managed = Remark::Managed { path: "desired_count".to_owned(), by, now: Some(json!(3)) };
    assert!(later.notes.iter().any(|note| note.remark == managed), "{:#?}", later.notes);
    bench.done(&scaled("min: 1, max: 4, cpu: 50"), Goal::Apply).await;
    assert_eq!(service(&bench)["desiredCount"], 3);
    assert_eq!(policies(&bench)[0]["TargetTrackingScalingPolicyConfiguration"]["TargetValue"], 50.0);
}

#[tokio::test(start_paused = true)]
async fn tasks_that_new_limits_call_for_are_waited_for() {
    let bench = Bench::new("us-east-1");
    bench.done(&scaled("min: 1, max: 4, cpu: 60"), Goal::Apply).await;
    bench.done(&scaled("min: 3, max: 4, cpu: 60"), Goal::Apply).await;
    let service = service(&bench);
    assert_eq!((&service["desiredCount"], &service["runningCount"]), (&json!(3), &json!(3)));
}

#[tokio::test(start_paused = true)]
async fn a_policy_for_requests_follows_its_target_group() {
    let mut bench = Bench::new("us-east-1");
    // The service leaves the one group for the other, and nothing serves the first.
    bench.watched = false;
    let behind = |group: &str| {
        shop(&[("app", &format!("target_group: {group}\n    autoscaling: {{ min: 1, max: 4, requests: 500 }}"))])
    };
    bench.done(&behind("app"), Goal::Apply).await;
    let label = |bench: &Bench| {
        let config = policies(bench)[0]["TargetTrackingScalingPolicyConfiguration"].clone();
        config["PredefinedMetricSpecification"]["ResourceLabel"].as_str().unwrap().to_owned()
    };
    let before = label(&bench);
    assert!(before.starts_with("app/shop-web/") && before.contains("/targetgroup/shop-app/"), "{before}");
    let arn = policies(&bench)[0]["PolicyARN"].clone();
    bench.done(&behind("next"), Goal::Apply).await;
    let after = label(&bench);
    assert!(after.contains("/targetgroup/shop-next/"), "{after}");
    assert_eq!(policies(&bench)[0]["PolicyARN"], arn, "it is the same policy");
}

#[tokio::test(start_paused = true)]
async fn what_a_schedule_sets_is_no_difference_and_an_edit_is_one() {
    let bench = Bench::new("us-east-1");
    let night = "schedule: [{ name: night, at: rate(1 hour), min: 0, max: 0 }]";
    let graph = scaled(&format!("min: 1, max: 4, cpu: 60, {night}"));
    bench.done(&graph, Goal::Apply).await;
    bench.sim.pass(Duration::from_secs(3700));
    assert_eq!((&target(&bench)["MaxCapacity"], &service(&bench)["desiredCount"]), (&json!(0), &json!(0)));
    bench.sim.pass(Duration::from_secs(600));
    let asleep = plan(&bench, &graph).await;
    assert!(asleep.steps.is_empty(), "{:#?}", asleep.steps);
    let other = scaled(&format!("min: 2, max: 4, cpu: 60, {night}"));
    let edited = plan(&bench, &other).await;
    assert_eq!(steps(&edited), ["update scaling.app", "wait scaling.app"]);
    bench.done(&other, Goal::Apply).await;
    assert_eq!((&target(&bench)["MinCapacity"], &service(&bench)["desiredCount"]), (&json!(2), &json!(2)));
    // What nothing of the schedule has set is put back.
    bench.ask("application-autoscaling.RegisterScalableTarget", of_app(json!({ "MinCapacity": 1, "MaxCapacity": 9 })));
    assert_eq!(steps(&plan(&bench, &other).await), ["update scaling.app", "wait scaling.app"]);
}

#[tokio::test(start_paused = true)]
async fn a_target_of_another_is_a_conflict_until_it_is_adopted() {
    let mut bench = Bench::new("us-east-1");
    bench.done(&shop(&[("app", "desired_count: 1")]), Goal::Apply).await;
    bench.ask("application-autoscaling.RegisterScalableTarget", of_app(json!({ "MinCapacity": 1, "MaxCapacity": 9 })));
    assert!(plan(&bench, &shop(&[("app", "desired_count: 1")])).await.steps.is_empty(), "it is not ours to see");
    let graph = scaled("min: 1, max: 4, cpu: 60");
    let conflict = plan(&bench, &graph).await;
    let there: Vec<_> = conflict.conflicts.iter().map(|conflict| conflict.node.clone()).collect();
    assert_eq!(there, [NodeId::new("scaling", "app")]);
    assert_eq!(target(&bench)["MaxCapacity"], 9);
    bench.options.adopt.insert("scaling.app".to_owned());
    bench.done(&graph, Goal::Apply).await;
    assert_eq!(target(&bench)["MaxCapacity"], 4);
}

#[tokio::test(start_paused = true)]
async fn it_goes_before_its_service_and_alone() {
    let bench = Bench::new("us-east-1");
    let graph = scaled("min: 1, max: 4, cpu: 60");
    bench.done(&graph, Goal::Apply).await;
    bench.sim.pass(Duration::from_secs(60));
    bench.done(&shop(&[("app", "desired_count: 1")]), Goal::Apply).await;
    assert_eq!((target(&bench), service(&bench)["status"].as_str()), (Value::Null, Some("ACTIVE")));
    bench.done(&graph, Goal::Apply).await;
    let snapshot = bench.read(&graph, Goal::Destroy).await;
    let destruction = steps(&bench.plan(&graph, &snapshot, Goal::Destroy));
    let at = |step: &str| destruction.iter().position(|one| one == step);
    assert!(at("delete scaling.app").is_some(), "{destruction:?}");
    assert!(at("delete scaling.app") < at("delete service.app"), "{destruction:?}");
    bench.done(&graph, Goal::Destroy).await;
    assert_eq!(target(&bench), Value::Null);
}

#[tokio::test(start_paused = true)]
async fn a_plan_asks_nothing_where_there_is_none_and_little_where_there_is() {
    let bench = Bench::new("us-east-1");
    let asked = |bench: &Bench| {
        let all = bench.sim.take_requests().into_iter().filter(|(service, _)| *service == "application-autoscaling");
        all.map(|(_, operation)| operation).collect::<Vec<_>>()
    };
    let plain = shop(&[("app", ""), ("other", "")]);
    bench.done(&plain, Goal::Apply).await;
    bench.sim.take_requests();
    plan(&bench, &plain).await;
    assert_eq!(asked(&bench), Vec::<String>::new());
    let both = "autoscaling: { min: 1, max: 4, cpu: 60 }";
    let graph = shop(&[("app", both), ("other", both)]);
    bench.done(&graph, Goal::Apply).await;
    bench.sim.pass(Duration::from_secs(600));
    bench.sim.take_requests();
    plan(&bench, &graph).await;
    let asked = asked(&bench);
    let of = |name: &str| asked.iter().filter(|operation| *operation == name).count();
    assert_eq!(
        (of("DescribeScalableTargets"), of("DescribeScalingPolicies"), of("DescribeScheduledActions")),
        (1, 2, 2)
    );
    assert_eq!(asked.len(), 5, "the tagging API has told the tags: {asked:?}");
}
