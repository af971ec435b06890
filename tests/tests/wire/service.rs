//! Services against moto. moto drops deployment settings, grace period, managed tags, execute command and zone rebalancing
//! of CreateService and leaves them out of its replies: a tag of the service stands in until an update brings them back.

use evenkeel_core::cloud::{Cloud, Create, Goal, Waiting};
use evenkeel_core::diff::diff;
use evenkeel_core::doc::Doc;
use evenkeel_core::graph::Node;
use evenkeel_core::plan::PlanOptions;
use evenkeel_core::snapshot::{Owner, Readiness};
use evenkeel_tests::moto::Moto;
use serde_json::json;

use super::ecs::{Bench, around, cluster, graph, service, task_definition, with};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn two_tasks(want: &Doc) -> Doc {
    let mut want = want.clone();
    want["desired_count"] = json!(2);
    want["marks"]["revision"] = json!("1 a b");
    want
}

#[tokio::test]
async fn services() {
    let moto = Moto::start();
    let bench = Bench::new(moto.aws().await);
    let around = around(bench.aws()).await;
    let (cluster, revision) = (cluster(), task_definition("web"));
    let node = service("web", &around, &revision);
    let all = |node: &Node| graph(&[&cluster, &revision, node]);
    let steps = bench.apply(&all(&node)).await;
    assert_eq!(steps.len(), 3, "{steps:?}");
    let live = bench.live(&all(&node), &node.id).await;
    assert_eq!(live.owner, Owner::Ours(node.id.clone()));
    for handle in [&around.targets[0], &around.group, &"log_group//t".to_owned()] {
        assert!(live.uses.contains(handle), "{:?}", live.uses);
    }
    let told = ["desired_count", "launch_type", "strategy", "network", "load_balancers", "propagate_tags", "tags"];
    for field in told {
        assert_eq!(live.have[field], node.want[field], "{field}");
    }

    let changes = [
        ("/desired_count", json!(2)),
        ("/network/subnets", json!(around.subnets[1..4])),
        ("/network/assign_public_ip", json!(false)),
        ("/load_balancers/0/target_group", json!(around.targets[1])),
        ("/grace_secs", json!(60)),
        ("/deployment/maximum_percent", json!(175)),
        ("/deployment/rollback", json!(false)),
        ("/execute_command", json!(false)),
        ("/propagate_tags", json!("NONE")),
        ("/managed_tags", json!(false)),
        ("/zone_rebalancing", json!("DISABLED")),
        ("/load_balancers", json!([])),
        ("/tags", json!({ "team": "b", "cost": "1" })),
        ("/tags", json!({})),
    ];
    let mut changed = node.clone();
    for (field, value) in changes {
        changed = with(&changed, field, value);
        assert_eq!(bench.apply(&all(&changed)).await, ["update service.web"], "{field}");
    }
    // By now moto has been told everything once, and returns it.
    let live = bench.live(&all(&changed), &changed.id).await;
    for field in ["grace_secs", "deployment", "execute_command", "managed_tags", "zone_rebalancing"] {
        assert_eq!(live.have[field], changed.want[field], "{field}");
    }
    let kinds = evenkeel_aws::kinds::table();
    let paths: Vec<String> =
        diff(kinds.get("service").unwrap(), &node.want, &live.have).into_iter().map(|change| change.path).collect();
    assert!(paths.iter().any(|path| path == "deployment.rollback"), "{paths:?}");

    // A count that somebody else manages is let be.
    let mut scaled = with(&changed, "/desired_count", json!(7));
    scaled.delegated.insert("desired_count".to_owned(), "Application Auto Scaling".to_owned());
    assert!(bench.apply(&all(&scaled)).await.is_empty());

    // An entry that was renamed in the file.
    let new_revision = task_definition("front");
    let mut moved = service("front", &around, &new_revision);
    moved.moved_from = Some(node.id.clone());
    let mut renamed = new_revision.clone();
    renamed.moved_from = Some(revision.id.clone());
    let after = graph(&[&cluster, &renamed, &moved]);
    let steps = bench.apply(&after).await;
    assert!(!steps.iter().any(|step| step.starts_with("delete service")), "{steps:?}");
    assert_eq!(bench.live(&after, &moved.id).await.name, "t-web");

    // A service that left the file is found by the cluster's count and its mark.
    let live = bench.live(&after, &moved.id).await;
    let steps = bench.apply(&graph(&[&cluster])).await;
    assert!(steps.contains(&"delete service.front".to_owned()), "{steps:?}");
    bench.cloud.delete(&moved.id, &live).await.unwrap();
    let wait = Waiting { node: moved.id.clone(), live: live.clone(), goal: Goal::Gone };
    assert_eq!(bench.cloud.poll("service", &[wait]).await, [Ok(Readiness::Gone)]);

    verdicts(&bench, &service("two", &around, &revision)).await;

    // Somebody else's of a wanted name is a conflict.
    let request = bench.aws().ecs().create_service().cluster("t").service_name("t-web").desired_count(1);
    request.task_definition("t-web:1").launch_type("FARGATE".into()).send().await.unwrap();
    let plan = bench.plan(&all(&node), &PlanOptions::default()).await;
    assert!(plan.conflicts.iter().any(|conflict| conflict.node == node.id), "{plan:#?}");
    let adopt = PlanOptions { adopt: [node.id.to_string()].into(), ..PlanOptions::default() };
    bench.apply_with(&all(&node), &adopt).await;
    assert!(bench.apply(&all(&node)).await.is_empty());
}

async fn verdicts(bench: &Bench, two: &Node) {
    // moto never starts the second task of a service made with two, and has no service deployments to ask.
    let two = with(two, "/task_definition", json!("t-web:1"));
    let order = Create { node: &two.id, name: &two.name, want: &two_tasks(&two.want), replaces: None, token: TOKEN };
    let live = bench.cloud.create(order).await.unwrap();
    let wait = Waiting { node: two.id.clone(), live: live.clone(), goal: Goal::Ready };
    let awaited = Readiness::Pending("1 of 2 tasks running".to_owned());
    assert_eq!(bench.cloud.poll("service", &[wait]).await, [Ok(awaited)]);
    // A service that runs something else than what was deployed was rolled back.
    let mut rolled_back = live.clone();
    rolled_back.have["task_definition"] = json!("arn:aws:ecs:us-east-1:123456789012:task-definition/t-web:9");
    let wait = Waiting { node: two.id.clone(), live: rolled_back, goal: Goal::Ready };
    let answers = bench.cloud.poll("service", &[wait]).await;
    assert!(matches!(&answers[0], Ok(Readiness::Failed(why)) if why.contains("t-web:9")), "{answers:?}");
    bench.cloud.delete(&two.id, &live).await.unwrap();
}
