//! Secrets against moto: made with a value that is sent and never read, changed, deleted with a window, restored.

use evenkeel_aws::client::Aws;
use evenkeel_aws::given::Hidden;
use evenkeel_aws::kinds::secret::{self, ENTRY, id};
use evenkeel_aws::read::Scope;
use evenkeel_aws::reading;
use evenkeel_aws::resource::Work;
use evenkeel_core::cloud::{Create, Update};
use evenkeel_core::diff::diff;
use evenkeel_core::doc::Doc;
use evenkeel_core::error::ErrorClass;
use evenkeel_core::graph::{Graph, Node, StackInfo};
use evenkeel_core::snapshot::{Live, Owner};
use evenkeel_tests::moto::Moto;
use serde_json::json;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "fedcba9876543210fedcba9876543210";

fn want(description: &str, days: u32, tags: Doc) -> Doc {
    json!({ "state": "in use", "value_from": "environment variable DB", "description": description, "kms_key": "",
        "recovery_days": days, "tags": tags })
}

async fn seen(aws: &Aws, nodes: Vec<Node>, thorough: bool) -> Vec<Live> {
    let graph = Graph::detached(StackInfo { name: "shop".to_owned(), region: "us-east-1".to_owned() }, nodes);
    let scope = Scope { stack: "shop", graph: &graph, thorough, closely: false, only: None };
    ENTRY.driver.observe(&reading::fetch(aws, &scope).await).expect("Secrets Manager can be read")
}

fn node(want: &Doc) -> Vec<Node> {
    vec![Node::new(id("db"), "shop/db", want.clone())]
}

async fn update(aws: &Aws, live: &Live, want: &Doc) {
    let changes = diff(&ENTRY.kind, want, &live.have);
    let order = Update { node: &id("db"), live, want, changes: &changes, token: TOKEN };
    ENTRY.driver.update(Work { aws, stack: "shop" }, order).await.expect("the update is taken");
}

fn left(want: &Doc, live: &Live) -> Vec<String> {
    diff(&ENTRY.kind, want, &live.have).into_iter().map(|change| change.path).collect()
}

#[tokio::test]
async fn a_secret_lives_its_life() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let work = Work { aws: &aws, stack: "shop" };
    let first = want("", 30, json!({ "team": "a" }));
    assert!(seen(&aws, node(&first), false).await.is_empty());
    let order = Create { node: &id("db"), name: "shop/db", want: &first, replaces: None, token: TOKEN };
    let nobody = ENTRY.driver.create(work, order.clone()).await.unwrap_err();
    assert_eq!(nobody.class, ErrorClass::Invalid, "without its value it is not made: {nobody}");
    aws.give(&id("db"), Hidden::from("hunter2".to_owned()));
    let made = ENTRY.driver.create(work, order).await.unwrap();
    let mut live = seen(&aws, node(&first), false).await.remove(0);
    assert_eq!((&live.id, &live.owner), (&made.id, &Owner::Ours(id("db"))));
    assert_eq!((left(&first, &live), live.private["version"].as_str()), (Vec::new(), Some(TOKEN)));
    for next in [want("Password", 7, json!({ "team": "b" })), want("Other", 0, json!({})), want("x", 30, json!({}))] {
        update(&aws, &live, &next).await;
        live = seen(&aws, node(&next), false).await.remove(0);
        assert_eq!(left(&next, &live), Vec::<String>::new());
        assert_eq!((&live.have["tags"], live.data.is_some()), (&next["tags"], next["recovery_days"] == 0));
    }
    assert_eq!(secret::send_value(&aws, &live.id, OTHER, Hidden::from("hunter3".to_owned())).await.unwrap(), OTHER);
    assert_eq!(seen(&aws, node(&first), false).await[0].private["version"], OTHER);
    // Not in the file any more, and without a file: found by its mark.
    assert_eq!(seen(&aws, Vec::new(), false).await.len(), 1);
    assert_eq!(seen(&aws, Vec::new(), true).await.len(), 1);
    for _ in 0..2 {
        ENTRY.driver.delete(work, &id("db"), &live).await.unwrap();
    }
    assert!(seen(&aws, Vec::new(), false).await.is_empty() && seen(&aws, node(&first), true).await.is_empty());
    // It comes back: its name is taken, and its value is there. (moto does not take a description away.)
    let first = want("y", 30, json!({ "team": "a" }));
    let going = seen(&aws, node(&first), false).await.remove(0);
    assert_eq!(left(&first, &going), ["description", "state", "tags.team"]);
    update(&aws, &going, &first).await;
    let back = seen(&aws, node(&first), false).await.remove(0);
    assert_eq!((left(&first, &back), &back.id), (Vec::new(), &made.id));
    assert_eq!(back.private["version"], OTHER);
}
