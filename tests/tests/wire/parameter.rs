//! Parameters against moto: those that are open are compared by their value, those that are encrypted never.

use evenkeel_aws::client::Aws;
use evenkeel_aws::kinds::parameter::{ENTRY, id};
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
use serde_json::{Value, json};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn open(value: &str, description: &str, tags: Doc) -> Doc {
    json!({ "type": "String", "value": value, "value_from": null, "description": description, "allowed_pattern": "",
        "tier_at_least": null, "tier_at_most": null, "sealed": null, "tags": tags })
}

fn secure() -> Doc {
    json!({ "type": "SecureString", "value": null, "value_from": "generated: 32 letters", "description": null,
        "allowed_pattern": null, "tier_at_least": null, "tier_at_most": null,
        "sealed": { "description": "", "allowed_pattern": "", "tier": null, "kms_key": "" }, "tags": {} })
}

async fn seen(aws: &Aws, nodes: Vec<Node>, thorough: bool) -> Vec<Live> {
    let graph = Graph::detached(StackInfo { name: "shop".to_owned(), region: "us-east-1".to_owned() }, nodes);
    let scope = Scope { stack: "shop", graph: &graph, thorough, closely: false, only: None };
    ENTRY.driver.observe(&reading::fetch(aws, &scope).await).expect("Parameter Store can be read")
}

async fn create(aws: &Aws, entry: &str, name: &str, want: &Doc) -> Live {
    let order = Create { node: &id(entry), name, want, replaces: None, token: TOKEN };
    ENTRY.driver.create(Work { aws, stack: "shop" }, order).await.expect("it is made")
}

async fn update(aws: &Aws, live: &Live, want: &Doc) -> Live {
    let changes = diff(&ENTRY.kind, want, &live.have);
    let order = Update { node: &id("level"), live, want, changes: &changes, token: TOKEN };
    ENTRY.driver.update(Work { aws, stack: "shop" }, order).await.expect("the update is taken")
}

/// What differs, told fields left out.
fn left(want: &Doc, live: &Live) -> Vec<String> {
    diff(&ENTRY.kind, want, &live.have).into_iter().map(|change| change.path).collect()
}

#[tokio::test]
async fn a_parameter_lives_its_life() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let node = |want: &Doc| vec![Node::new(id("level"), "/shop/level", want.clone())];
    let first = open("info", "", json!({ "team": "a", "old": "1" }));
    assert!(seen(&aws, node(&first), false).await.is_empty());
    let made = create(&aws, "level", "/shop/level", &first).await;
    assert_eq!(made.outputs["arn"], "arn:aws:ssm:us-east-1:123456789012:parameter/shop/level");
    let found = seen(&aws, node(&first), false).await;
    assert_eq!((found.len(), &found[0].id, &found[0].owner), (1, &made.id, &Owner::Ours(id("level"))));
    assert_eq!(left(&first, &found[0]), Vec::<String>::new());
    let order = Create { node: &id("level"), name: "/shop/level", want: &first, replaces: None, token: TOKEN };
    let again = ENTRY.driver.create(Work { aws: &aws, stack: "shop" }, order).await.unwrap_err();
    assert_eq!(again.class, ErrorClass::Exists);
    let mut live = found[0].clone();
    for next in [open("debug", "How much", json!({ "team": "b" })), open("warn", "", json!({}))] {
        update(&aws, &live, &next).await;
        live = seen(&aws, node(&next), false).await.remove(0);
        assert_eq!(left(&next, &live), Vec::<String>::new());
        assert_eq!(live.have["tags"], next["tags"]);
    }
    // Not in the file any more, and without a file: found by its mark.
    assert_eq!(seen(&aws, Vec::new(), false).await.len(), 1);
    assert_eq!(seen(&aws, Vec::new(), true).await.len(), 1);
    for _ in 0..2 {
        ENTRY.driver.delete(Work { aws: &aws, stack: "shop" }, &id("level"), &live).await.unwrap();
    }
    assert!(seen(&aws, node(&first), true).await.is_empty());
}

#[tokio::test]
async fn of_an_encrypted_one_only_what_describes_it_is_read() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let want = secure();
    create(&aws, "token", "/shop/token", &want).await;
    let fresh = moto.aws().await;
    let live = seen(&fresh, vec![Node::new(id("token"), "/shop/token", want.clone())], false).await.remove(0);
    assert_eq!(left(&want, &live), Vec::<String>::new());
    assert_eq!((&live.have["value"], live.data.is_some()), (&Value::Null, true));
    assert_eq!(fresh.caller.stats().calls.get("ssm:GetParameters"), None, "no value is asked for");
}

#[tokio::test]
async fn many_parameters_are_read_in_few_requests() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let want = open("x", "", json!({}));
    let name = |number: u32| format!("/shop/p{number:02}");
    for number in 0..60 {
        create(&aws, &format!("p{number:02}"), &name(number), &want).await;
    }
    let nodes = (0..60).map(|number| Node::new(id(&format!("p{number:02}")), name(number), want.clone())).collect();
    let fresh = moto.aws().await;
    assert_eq!(seen(&fresh, nodes, false).await.len(), 60);
    let calls = fresh.caller.stats().calls;
    // moto gives ten to a page.
    assert_eq!((calls["ssm:DescribeParameters"], calls["ssm:GetParameters"]), (8, 6), "{calls:?}");
}
