//! Task definitions against moto: revisions, the tag that speaks for them, and what reading costs.

use evenkeel_core::diff::diff;
use evenkeel_core::doc::as_unreturned;
use evenkeel_core::graph::{Graph, Node};
use evenkeel_core::plan::PlanOptions;
use evenkeel_tests::moto::Moto;
use serde_json::json;

use super::ecs::{Bench, around, cluster, destroy, graph, info, service, task_definition, with};

#[tokio::test]
async fn revisions() {
    let moto = Moto::start();
    let bench = Bench::new(moto.aws().await);
    let around = around(bench.aws()).await;
    let (cluster, web) = (cluster(), task_definition("web"));
    let all = |revision: &Node| graph(&[&cluster, revision, &service("web", &around, revision)]);
    bench.apply(&all(&web)).await;

    // The tag of the service speaks for the revision: nothing is read.
    let read = bench.calls("ecs:DescribeTaskDefinition");
    assert!(bench.apply(&all(&web)).await.is_empty());
    assert_eq!(bench.calls("ecs:DescribeTaskDefinition"), read);
    let live = bench.live(&all(&web), &web.id).await;
    assert!(as_unreturned(&live.have).is_some());
    assert_eq!(live.outputs["revision"], "1");
    assert!(live.uses.contains(&"log_group//t".to_owned()), "{:?}", live.uses);

    // A change is told by field and becomes a new revision; the old one stays.
    let changed = with(&web, "/containerDefinitions/0/environment/0/value", json!("x"));
    let live = bench.live(&all(&changed), &web.id).await;
    assert_eq!(as_unreturned(&live.have), None, "it was read");
    let kinds = evenkeel_aws::kinds::table();
    let paths: Vec<String> =
        diff(kinds.get("task_definition").unwrap(), &changed.want, &live.have).into_iter().map(|c| c.path).collect();
    assert_eq!(paths, ["containerDefinitions[web].environment[A].value"]);
    let steps = bench.apply(&all(&changed)).await;
    assert_eq!(steps, ["replace task_definition.web", "update service.web"]);
    let active = evenkeel_aws::read::ecs::list_active(bench.aws(), Some("t-web"), 9).await.unwrap().unwrap();
    assert_eq!(active.len(), 2);

    // Somebody deploys another revision by hand: it is read, and what is wanted comes back.
    bench.aws().ecs.update_service().cluster("t").service("t-web").task_definition(&active[0]).send().await.unwrap();
    bench.aws().ecs.update_service().cluster("t").service("t-web").task_definition(&active[1]).send().await.unwrap();
    bench.apply(&all(&changed)).await;

    // An equal revision that somebody else registered and deployed is right as it is.
    let live = bench.live(&all(&changed), &web.id).await;
    let steps = bench.apply(&all(&with(&changed, "/tags", json!({ "team": "b" })))).await;
    assert_eq!(steps, ["replace task_definition.web", "update service.web"], "{live:#?}");

    // A dropped service takes all of its revisions along; so does a destruction.
    let steps = bench.apply(&graph(&[&cluster])).await;
    let active = evenkeel_aws::read::ecs::list_active(bench.aws(), None, 9).await.unwrap().unwrap();
    assert!(active.is_empty(), "{active:?} after {steps:?}");
    bench.apply(&all(&web)).await;
    bench.apply(&all(&changed)).await;
    bench.aws().ecs.register_task_definition().family("t-web").container_definitions(foreign()).send().await.unwrap();
    bench.apply_with(&Graph::empty(info()), &destroy()).await;
    assert!(bench.apply_with(&Graph::empty(info()), &destroy()).await.is_empty());
    let active = evenkeel_aws::read::ecs::list_active(bench.aws(), None, 9).await.unwrap().unwrap();
    assert_eq!(active.len(), 1, "the foreign revision stays: {active:?}");

    // The newest revision of a family counts for a service that is not there yet, if it is ours.
    let none = bench.plan(&graph(&[&cluster, &web]), &PlanOptions::default()).await;
    assert_eq!(none.steps.len(), 2);
}

fn foreign() -> aws_sdk_ecs::types::ContainerDefinition {
    aws_sdk_ecs::types::ContainerDefinition::builder().name("x").image("x").memory(128).build()
}
