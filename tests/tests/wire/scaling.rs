//! Autoscaling against moto: made, changed and taken away. moto has no tags of scalable targets, so that nothing there is known to
//! be ours; what was sent is read back with the SDK.

use evenkeel_aws::client::Aws;
use evenkeel_aws::resource::Work;
use evenkeel_aws::services::autoscaling::scaling::{ENTRY, id};
use evenkeel_core::cloud::{Create, Update};
use evenkeel_core::diff::diff;
use evenkeel_core::doc::Doc;
use evenkeel_core::graph::Node;
use evenkeel_tests::moto::Moto;
use serde_json::json;

use super::ecs::{Bench, around, cluster, graph, service, task_definition};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// The targets that moto has, with their limits.
async fn targets(aws: &Aws) -> Vec<(String, Option<i32>, Option<i32>)> {
    let all = aws.scaling().describe_scalable_targets().service_namespace("ecs".into()).send().await.unwrap();
    let all = all.scalable_targets().iter();
    all.map(|one| (one.resource_id().to_owned(), Some(one.min_capacity()), Some(one.max_capacity()))).collect()
}

/// The policies that moto has, with what they aim at.
async fn policies(aws: &Aws, resource: &str) -> Vec<(String, f64)> {
    let all = aws.scaling().describe_scaling_policies().service_namespace("ecs".into()).resource_id(resource);
    let all = all.scalable_dimension("ecs:service:DesiredCount".into()).send().await.unwrap();
    let all = all.scaling_policies().iter();
    all.map(|policy| {
        let aim = policy.target_tracking_scaling_policy_configuration().map(|config| config.target_value());
        (policy.policy_name().to_owned(), aim.unwrap_or_default())
    })
    .collect()
}

fn tracking(name: &str, metric: &str, target: u32) -> Doc {
    json!({ "name": name, "kind": "TargetTrackingScaling", "metric": { "predefined": metric }, "target": target,
        "scale_in": true, "cooldown_in_secs": 300, "cooldown_out_secs": 60 })
}

#[tokio::test]
async fn autoscaling_lives_its_life() {
    let moto = Moto::start();
    let bench = Bench::new(moto.aws().await);
    let around = around(bench.aws()).await;
    let (cluster, revision) = (cluster(), task_definition("web"));
    let node: Node = service("web", &around, &revision);
    bench.apply(&graph(&[&cluster, &revision, &node])).await;

    let resource = format!("service/{}/{}", cluster.name, node.name);
    let want = json!({ "cluster": cluster.name, "service": node.name, "min": 1, "max": 4, "suspended": [],
        "policies": [tracking("cpu", "ECSServiceAverageCPUUtilization", 60)],
        "schedule": [{ "name": "night", "at": "cron(0 22 * * ? *)", "timezone": "UTC", "min": 0, "max": 1 }],
        "applied_limits": "1-4",
        "tags": { "team": "a" } });
    let (aws, work) = (bench.aws(), Work { aws: bench.aws(), stack: "t" });
    let order = Create { node: &id("web"), name: &resource, want: &want, replaces: None, token: TOKEN };
    let made = ENTRY.driver.create(work, order).await.unwrap();
    assert_eq!(targets(aws).await, [(resource.clone(), Some(1), Some(4))]);
    assert_eq!(policies(aws, &resource).await, [("cpu".to_owned(), 60.0)]);

    let mut next = want.clone();
    next["max"] = json!(8);
    next["policies"] = json!([tracking("memory", "ECSServiceAverageMemoryUtilization", 70)]);
    next["schedule"] = json!([]);
    next["applied_limits"] = json!("1-8");
    let changes = diff(&ENTRY.kind, &next, &made.have);
    let order = Update { node: &id("web"), live: &made, want: &next, changes: &changes, token: TOKEN };
    // moto cannot write the tag that says which limits were applied; that comes last.
    let refused = ENTRY.driver.update(work, order).await.unwrap_err();
    assert_eq!(refused.operation, "application-autoscaling:TagResource");
    assert_eq!(targets(aws).await, [(resource.clone(), Some(1), Some(8))]);
    assert_eq!(policies(aws, &resource).await, [("memory".to_owned(), 70.0)]);
    let left = aws.scaling().describe_scheduled_actions().service_namespace("ecs".into()).send().await.unwrap();
    assert!(left.scheduled_actions().is_empty());

    ENTRY.driver.delete(work, &id("web"), &made).await.unwrap();
    ENTRY.driver.delete(work, &id("web"), &made).await.unwrap();
    assert!(targets(aws).await.is_empty());
}
