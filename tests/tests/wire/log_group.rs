//! Log groups against moto. moto drops the class, so only `STANDARD` reads back, and has no AssociateKmsKey, so a key is given
//! at creation; its tagging API knows log groups.

use evenkeel_aws::client::Aws;
use evenkeel_aws::kinds::log_group::{ENTRY, id};
use evenkeel_aws::read::Scope;
use evenkeel_aws::reading;
use evenkeel_aws::resource::Work;
use evenkeel_core::cloud::{Create, Update};
use evenkeel_core::diff::diff;
use evenkeel_core::doc::Doc;
use evenkeel_core::graph::{Graph, Node, StackInfo};
use evenkeel_core::snapshot::{Live, Owner};
use evenkeel_tests::moto::{Moto, connect};
use serde_json::json;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn graph(nodes: Vec<Node>) -> Graph {
    Graph::detached(StackInfo { name: "cruddur".to_owned(), region: "us-east-1".to_owned() }, nodes)
}

fn want(retention: Doc, key: &str, tags: Doc) -> Doc {
    json!({ "class": "STANDARD", "retention": retention, "kms_key": key, "tags": tags })
}

async fn seen(aws: &Aws, nodes: Vec<Node>, thorough: bool) -> Vec<Live> {
    let graph = graph(nodes);
    let scope = Scope { stack: "cruddur", graph: &graph, thorough, closely: false, only: None };
    let mut seen = ENTRY.driver.observe(&reading::fetch(aws, &scope).await).expect("CloudWatch Logs can be read");
    for live in &mut seen {
        let private = std::mem::take(&mut live.private);
        assert!(private["created"].is_number(), "the next look needs it: {private}");
    }
    seen
}

async fn update(aws: &Aws, live: &Live, want: &Doc) -> Live {
    let changes = diff(&ENTRY.kind, want, &live.have);
    let order = Update { node: &id("web"), live, want, changes: &changes, token: TOKEN };
    ENTRY.driver.update(Work { aws, stack: "cruddur" }, order).await.expect("the update is taken")
}

#[tokio::test]
async fn a_log_group_lives_its_life() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let node = |want: &Doc| vec![Node::new(id("web"), "cruddur-web", want.clone())];
    let key = "arn:aws:kms:us-east-1:123456789012:key/1";
    let first = want(json!(14), key, json!({ "team": "a", "old": "1" }));
    assert!(seen(&aws, node(&first), false).await.is_empty());

    let order = Create { node: &id("web"), name: "cruddur-web", want: &first, replaces: None, token: TOKEN };
    let made = ENTRY.driver.create(Work { aws: &aws, stack: "cruddur" }, order.clone()).await.unwrap();
    assert_eq!(seen(&aws, node(&first), false).await, std::slice::from_ref(&made));
    assert_eq!(made.outputs["arn"], "arn:aws:logs:us-east-1:123456789012:log-group:cruddur-web");
    // Not in the file any more, and without a file: found by its mark.
    assert_eq!(seen(&aws, Vec::new(), false).await, std::slice::from_ref(&made));
    assert_eq!(seen(&aws, Vec::new(), true).await, std::slice::from_ref(&made));
    let again = ENTRY.driver.create(Work { aws: &aws, stack: "cruddur" }, order).await.unwrap_err();
    assert_eq!(again.class, evenkeel_core::error::ErrorClass::Exists);

    let mut live = made;
    for next in [want(json!(30), key, json!({ "team": "b", "new": "2" })), want(json!("forever"), key, json!({}))] {
        live = update(&aws, &live, &next).await;
        assert_eq!(live.have, next);
        assert_eq!(seen(&aws, node(&next), false).await, std::slice::from_ref(&live));
    }

    ENTRY.driver.delete(Work { aws: &aws, stack: "cruddur" }, &id("web"), &live).await.unwrap();
    ENTRY.driver.delete(Work { aws: &aws, stack: "cruddur" }, &id("web"), &live).await.unwrap();
    assert!(seen(&aws, node(&first), true).await.is_empty());

    // ECS made it first: somebody else's until it is adopted. (Another name: moto keeps the tags of deleted groups.)
    let node = |want: &Doc| vec![Node::new(id("web"), "cruddur-early", want.clone())];
    aws.logs().create_log_group().log_group_name("cruddur-early").send().await.unwrap();
    aws.logs().create_log_group().log_group_name("cruddur-unrelated").send().await.unwrap();
    let foreign = seen(&aws, node(&first), false).await;
    assert_eq!(foreign.len(), 1);
    assert_eq!(foreign[0].owner, Owner::Nobody);
    assert!(seen(&aws, Vec::new(), true).await.is_empty());
    let plain = want(json!(7), "", json!({ "team": "a" }));
    update(&aws, &foreign[0], &plain).await;
    let adopted = seen(&aws, node(&plain), false).await;
    assert_eq!((&adopted[0].owner, &adopted[0].have), (&Owner::Ours(id("web")), &plain));
}

#[tokio::test]
async fn many_log_groups_are_read_in_few_requests() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let plain = want(json!("forever"), "", json!({}));
    let nodes: Vec<Node> =
        (0..120).map(|n| Node::new(id(&format!("g{n:03}")), format!("cruddur-g{n:03}"), plain.clone())).collect();
    for node in &nodes {
        let order = Create { node: &node.id, name: &node.name, want: &plain, replaces: None, token: TOKEN };
        ENTRY.driver.create(Work { aws: &aws, stack: "cruddur" }, order).await.unwrap();
    }
    let fresh = moto.aws().await;
    assert_eq!(seen(&fresh, nodes, false).await.len(), 120);
    let stats = fresh.caller.stats();
    // moto ignores the list of names: the three first pages, and the rest of one of them.
    assert_eq!(stats.calls["logs:DescribeLogGroups"], 5);
    assert_eq!(stats.calls.get("logs:ListTagsForResource"), None);
}

#[tokio::test]
async fn without_the_tagging_api_groups_are_found_by_their_names() {
    let moto = Moto::start();
    let mut aws = moto.aws().await;
    aws = aws.using(connect(&format!("{}/nowhere", moto.url())).await.tagging());
    let plain = want(json!(7), "", json!({ "team": "a" }));
    for (entry, name) in [("web", "cruddur-web"), ("dropped", "cruddur-dropped"), ("named", "elsewhere")] {
        let order = Create { node: &id(entry), name, want: &plain, replaces: None, token: TOKEN };
        ENTRY.driver.create(Work { aws: &aws, stack: "cruddur" }, order).await.unwrap();
    }
    aws.logs().create_log_group().log_group_name("cruddur-by-hand").send().await.unwrap();
    let nodes = vec![Node::new(id("web"), "cruddur-web", plain.clone())];
    let names = |lives: Vec<Live>| lives.into_iter().map(|live| live.name).collect::<Vec<_>>();
    assert_eq!(names(seen(&aws, nodes, false).await), ["cruddur-dropped", "cruddur-web"]);
    // A destruction looks at every group.
    assert_eq!(names(seen(&aws, Vec::new(), true).await), ["cruddur-dropped", "cruddur-web", "elsewhere"]);
}
