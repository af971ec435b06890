//! Clusters against moto.

use evenkeel_core::graph::Graph;
use evenkeel_core::plan::PlanOptions;
use evenkeel_core::snapshot::Owner;
use evenkeel_tests::moto::Moto;
use serde_json::json;

use super::ecs::{Bench, STACK, cluster, destroy, graph, info, with};

#[tokio::test]
async fn clusters() {
    let moto = Moto::start();
    let bench = Bench::new(moto.aws().await);
    let node = cluster();
    let wanted = graph(&[&node]);
    assert_eq!(bench.apply(&wanted).await, ["create cluster.main"]);
    let live = bench.live(&wanted, &node.id).await;
    assert_eq!(live.have, node.want);
    assert_eq!(live.owner, Owner::Ours(node.id.clone()));
    assert_eq!(live.outputs["name"], STACK);
    assert!(live.handles.contains(&"cluster/t".to_owned()));

    let changes = [
        ("/container_insights", json!("disabled")),
        ("/capacity_providers", json!(["FARGATE"])),
        ("/default_strategy", json!([{ "provider": "FARGATE", "weight": 2, "base": 1 }])),
        ("/tags", json!({ "team": "b", "cost": "1" })),
        ("/tags", json!({})),
    ];
    let mut changed = node.clone();
    for (field, value) in changes {
        changed = with(&changed, field, value);
        assert_eq!(bench.apply(&graph(&[&changed])).await, ["update cluster.main"], "{field}");
    }
    // What is not managed stays as it is.
    let unmanaged = with(&with(&changed, "/capacity_providers", json!(null)), "/container_insights", json!(null));
    assert!(bench.apply(&graph(&[&unmanaged])).await.is_empty());

    // Dropped from the file, it is found by its mark alone, whatever its name.
    assert_eq!(bench.apply(&Graph::empty(info())).await, ["delete cluster.main"]);
    bench.cloud.aws.ecs().delete_cluster().cluster(STACK).send().await.unwrap();
    evenkeel_core::cloud::Cloud::delete(&bench.cloud, &node.id, &live).await.unwrap();
    assert!(bench.apply_with(&Graph::empty(info()), &destroy()).await.is_empty());

    // Somebody else's of the same name is a conflict, and can be taken over.
    bench.cloud.aws.ecs().create_cluster().cluster_name(STACK).send().await.unwrap();
    let plan = bench.plan(&wanted, &PlanOptions::default()).await;
    assert_eq!(plan.conflicts.len(), 1);
    let adopt = PlanOptions { adopt: [node.id.to_string()].into(), ..PlanOptions::default() };
    assert_eq!(bench.apply_with(&wanted, &adopt).await, ["adopt cluster.main"]);
    assert!(bench.apply(&wanted).await.is_empty());
}
