//! Task definitions against moto: revisions, the tag that speaks for them, and what reading costs.

use evenkeel_core::cloud::{Cloud as _, Create};
use evenkeel_core::diff::diff;
use evenkeel_core::doc::partly_unreturned;
use evenkeel_core::graph::{Graph, Node};
use evenkeel_core::plan::PlanOptions;
use evenkeel_tests::moto::{Moto, connect};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

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
    let before = bench.aws().caller.stats().calls;
    bench.plan(&all(&web), &PlanOptions::default()).await;
    let sent: Vec<String> = bench
        .aws()
        .caller
        .stats()
        .calls
        .into_iter()
        .filter(|(operation, count)| operation.starts_with("ecs:") && before.get(operation) != Some(count))
        .map(|(operation, count)| format!("{operation} {}", count - before.get(&operation).copied().unwrap_or(0)))
        .collect();
    assert_eq!(sent, ["ecs:DescribeClusters 1", "ecs:DescribeServices 1"]);
    let live = bench.live(&all(&web), &web.id).await;
    assert!(partly_unreturned(&live.have).is_some(), "nothing but its tags is known: {}", live.have);
    assert_eq!(live.outputs["revision"], "1");
    assert!(live.uses.contains(&"log_group//t".to_owned()), "{:?}", live.uses);

    // A change is told by field and becomes a new revision; the old one stays.
    let changed = with(&web, "/containerDefinitions/0/environment/0/value", json!("x"));
    let live = bench.live(&all(&changed), &web.id).await;
    assert!(partly_unreturned(&live.have).is_none(), "it was read");
    let kinds = evenkeel_aws::kinds::table();
    let paths: Vec<String> =
        diff(kinds.get("task_definition").unwrap(), &changed.want, &live.have).into_iter().map(|c| c.path).collect();
    assert_eq!(paths, ["containerDefinitions[web].environment[A].value"]);
    let steps = bench.apply(&all(&changed)).await;
    assert_eq!(steps, ["revise task_definition.web", "update service.web"]);
    let active = evenkeel_aws::services::ecs::read::list_active(bench.aws(), Some("t-web"), 9).await.unwrap().unwrap();
    assert_eq!(active.len(), 2);

    // Somebody deploys another revision by hand: it is read, and what is wanted comes back.
    bench.aws().ecs().update_service().cluster("t").service("t-web").task_definition(&active[0]).send().await.unwrap();
    bench.aws().ecs().update_service().cluster("t").service("t-web").task_definition(&active[1]).send().await.unwrap();
    bench.apply(&all(&changed)).await;

    // An equal revision that somebody else registered and deployed is right as it is.
    let live = bench.live(&all(&changed), &web.id).await;
    let steps = bench.apply(&all(&with(&changed, "/tags", json!({ "team": "b" })))).await;
    // Tags of a revision change in place.
    assert_eq!(steps, ["update task_definition.web", "update service.web"], "{live:#?}");

    // A dropped service takes all of its revisions along; so does a destruction.
    let steps = bench.apply(&graph(&[&cluster])).await;
    let active = evenkeel_aws::services::ecs::read::list_active(bench.aws(), None, 9).await.unwrap().unwrap();
    assert!(active.is_empty(), "{active:?} after {steps:?}");
    bench.apply(&all(&web)).await;
    bench.apply(&all(&changed)).await;
    bench.aws().ecs().register_task_definition().family("t-web").container_definitions(foreign()).send().await.unwrap();
    bench.apply_with(&Graph::empty(info()), &destroy()).await;
    assert!(bench.apply_with(&Graph::empty(info()), &destroy()).await.is_empty());
    let active = evenkeel_aws::services::ecs::read::list_active(bench.aws(), None, 9).await.unwrap().unwrap();
    assert_eq!(active.len(), 1, "the foreign revision stays: {active:?}");

    // The newest revision of a family counts for a service that is not there yet, if it is ours.
    bench.apply(&graph(&[&cluster, &web])).await;
    // After a lost reply it only counts if it is the one that was asked for.
    let back = bench.cloud.read_back(&[&web]).await.unwrap();
    assert!(back[&web.id].as_ref().is_some_and(|live| live.have == web.want), "{back:#?}");
    assert_eq!(bench.cloud.read_back(&[&changed]).await.unwrap()[&web.id], None);
}

/// A document passes as it is, keys that no SDK knows included.
#[tokio::test]
async fn the_whole_document_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = String::new();
        while !seen.contains("keyOfTheFuture") {
            let mut part = [0; 8192];
            let read = stream.read(&mut part).await.unwrap();
            assert!(read > 0, "the request ended: {seen}");
            seen.push_str(&String::from_utf8_lossy(&part[..read]));
        }
        let arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/t-web:4";
        let reply = json!({ "taskDefinition": { "taskDefinitionArn": arn } }).to_string();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", reply.len());
        stream.write_all(format!("{head}{reply}").as_bytes()).await.unwrap();
        seen
    });
    let mut node = task_definition("web");
    node.want["containerDefinitions"][0]["keyOfTheFuture"] = json!({ "value": 1 });
    let bench = Bench::new(connect(&url).await);
    let order = Create { node: &node.id, name: &node.name, want: &node.want, replaces: None, token: "0" };
    let live = bench.cloud.create(order).await.unwrap();
    assert_eq!(live.outputs["revision"], "4");
    let (head, body) =
        server.await.unwrap().split_once("\r\n\r\n").map(|(h, b)| (h.to_lowercase(), b.to_owned())).unwrap();
    assert!(head.contains("amazonec2containerservicev20141113.registertaskdefinition"), "{head}");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    let mut sent: Value = serde_json::from_str(&body).unwrap();
    let tags = sent["tags"].take();
    assert!(tags.to_string().contains(r#""key":"evenkeel:id","value":"task_definition.web""#), "{tags}");
    sent["tags"] = node.want["tags"].clone();
    assert_eq!(sent, node.want);
}

fn foreign() -> aws_sdk_ecs::types::ContainerDefinition {
    aws_sdk_ecs::types::ContainerDefinition::builder().name("x").image("x").memory(128).build()
}
