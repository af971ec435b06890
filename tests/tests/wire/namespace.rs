//! Namespaces and services of Cloud Map against moto: made, read back, changed, adopted and deleted. moto ends every operation at once.

use evenkeel_aws::client::Aws;
use evenkeel_aws::read::Scope;
use evenkeel_aws::reading;
use evenkeel_aws::resource::{Entry, Work};
use evenkeel_aws::services::cloud_map::{discovery_service, namespace};
use evenkeel_core::cloud::{Create, Goal, Update, Waiting};
use evenkeel_core::diff::diff;
use evenkeel_core::doc::Doc;
use evenkeel_core::graph::{Graph, Node, StackInfo};
use evenkeel_core::snapshot::{Live, Owner, Readiness};
use evenkeel_tests::moto::Moto;
use serde_json::json;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

async fn seen(aws: &Aws, entry: &Entry, nodes: Vec<Node>, thorough: bool) -> Vec<Live> {
    let graph = Graph::detached(StackInfo { name: "shop".to_owned(), region: "us-east-1".to_owned() }, nodes);
    let scope = Scope { stack: "shop", graph: &graph, thorough, closely: false, only: None };
    entry.driver.observe(&reading::fetch(aws, &scope).await).expect("Cloud Map can be read")
}

fn space(want: &Doc) -> Vec<Node> {
    vec![Node::new(namespace::id("app"), "shop-app", want.clone())]
}

fn left(entry: &Entry, want: &Doc, live: &Live) -> Vec<String> {
    diff(&entry.kind, want, &live.have).into_iter().map(|change| change.path).collect()
}

async fn made(work: Work<'_>, want: &Doc) -> Live {
    let node = namespace::id("app");
    let order = Create { node: &node, name: "shop-app", want, replaces: None, token: TOKEN };
    let live = namespace::ENTRY.driver.create(work, order).await.unwrap();
    let waiting = [Waiting { node, live: live.clone(), goal: Goal::Ready }];
    assert_eq!(namespace::ENTRY.driver.poll(work, &waiting).await, [Ok(Readiness::Ready)]);
    live
}

#[tokio::test]
async fn a_namespace_lives_its_life() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let work = Work { aws: &aws, stack: "shop" };
    let (entry, id) = (&namespace::ENTRY, namespace::id("app"));
    let first =
        json!({ "type": "HTTP", "vpc": null, "description": "for calls", "ttl": null, "tags": { "team": "a" } });
    assert!(seen(&aws, entry, space(&first), false).await.is_empty());
    let live = made(work, &first).await;
    let read = seen(&aws, entry, space(&first), false).await.remove(0);
    assert_eq!((&read.owner, &read.outputs, &read.id), (&live.owner, &live.outputs, &live.id));
    assert_eq!(left(entry, &first, &read), Vec::<String>::new());

    let next = json!({ "type": "HTTP", "vpc": null, "description": "for calls", "ttl": null, "tags": { "team": "b", "new": "1" } });
    let changes = diff(&entry.kind, &next, &read.have);
    let order = Update { node: &id, live: &read, want: &next, changes: &changes, token: TOKEN };
    entry.driver.update(work, order).await.unwrap();
    let read = seen(&aws, entry, space(&next), false).await.remove(0);
    assert_eq!(left(entry, &next, &read), Vec::<String>::new());
    // Without a file it is found by its tags.
    assert_eq!(seen(&aws, entry, Vec::new(), true).await.len(), 1);

    entry.driver.delete(work, &id, &read).await.unwrap();
    let waiting = [Waiting { node: id.clone(), live: read.clone(), goal: Goal::Gone }];
    assert_eq!(entry.driver.poll(work, &waiting).await, [Ok(Readiness::Gone)]);
    entry.driver.delete(work, &id, &read).await.unwrap();
    assert!(seen(&aws, entry, space(&next), true).await.is_empty());
}

#[tokio::test]
async fn a_service_of_a_namespace_lives_its_life() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let work = Work { aws: &aws, stack: "shop" };
    let spaces = json!({ "type": "HTTP", "vpc": null, "description": "", "ttl": null, "tags": {} });
    let space = made(work, &spaces).await;
    let (entry, id) = (&discovery_service::ENTRY, discovery_service::id("web"));
    let want = json!({ "namespace": space.id, "types": [], "ttls": {}, "routing_policy": null, "health_check": true,
        "tags": { "team": "a" } });
    let node = || vec![Node::new(id.clone(), "web", want.clone())];
    let order = Create { node: &id, name: "web", want: &want, replaces: None, token: TOKEN };
    let live = entry.driver.create(work, order).await.unwrap();
    let read = seen(&aws, entry, node(), false).await.remove(0);
    assert_eq!((&read.owner, &read.outputs), (&Owner::Ours(id.clone()), &live.outputs));
    assert_eq!(left(entry, &want, &read), Vec::<String>::new());
    entry.driver.delete(work, &id, &read).await.unwrap();
    entry.driver.delete(work, &id, &read).await.unwrap();
    assert!(seen(&aws, entry, node(), false).await.is_empty());
}

#[tokio::test]
async fn a_namespace_of_others_is_theirs_until_it_is_adopted() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    aws.cloud_map().create_http_namespace().name("shop-app").send().await.unwrap();
    let want = json!({ "type": "HTTP", "vpc": null, "description": "", "ttl": null, "tags": { "team": "a" } });
    let foreign = seen(&aws, &namespace::ENTRY, space(&want), false).await;
    assert_eq!((foreign.len(), &foreign[0].owner), (1, &Owner::Nobody));
    let (id, changes) = (namespace::id("app"), diff(&namespace::ENTRY.kind, &want, &foreign[0].have));
    let order = Update { node: &id, live: &foreign[0], want: &want, changes: &changes, token: TOKEN };
    namespace::ENTRY.driver.update(Work { aws: &aws, stack: "shop" }, order).await.unwrap();
    let adopted = seen(&aws, &namespace::ENTRY, space(&want), false).await.remove(0);
    assert_eq!((&adopted.owner, left(&namespace::ENTRY, &want, &adopted)), (&Owner::Ours(id), Vec::new()));
}
