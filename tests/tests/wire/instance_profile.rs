//! Instance profiles against moto: made with a role in them, read back, given another role and other tags, and deleted. What lies under
//! the path of the stack is found by a destruction although it holds no role.

use evenkeel_aws::client::Aws;
use evenkeel_aws::kinds::instance_profile::{self, ENTRY};
use evenkeel_aws::read::Scope;
use evenkeel_aws::reading;
use evenkeel_aws::resource::Work;
use evenkeel_core::cloud::{Create, Update};
use evenkeel_core::diff::diff;
use evenkeel_core::doc::Doc;
use evenkeel_core::graph::{Graph, Node, StackInfo};
use evenkeel_core::snapshot::{Live, Owner};
use evenkeel_tests::moto::Moto;
use serde_json::json;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const NAME: &str = "shop-us-east-1-app";

async fn seen(aws: &Aws, nodes: Vec<Node>, thorough: bool) -> Vec<Live> {
    let graph = Graph::detached(StackInfo { name: "shop".to_owned(), region: "us-east-1".to_owned() }, nodes);
    let scope = Scope { stack: "shop", graph: &graph, thorough, closely: false, only: None };
    ENTRY.driver.observe(&reading::fetch(aws, &scope).await).expect("IAM can be read")
}

fn wanted(want: &Doc) -> Vec<Node> {
    vec![Node::new(instance_profile::id("app"), NAME, want.clone())]
}

async fn role(aws: &Aws, name: &str) {
    let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "Service": "ec2.amazonaws.com" } }] });
    let request = aws.iam().create_role().role_name(name).assume_role_policy_document(trust.to_string());
    request.send().await.expect("a role is made");
}

#[tokio::test]
async fn an_instance_profile_lives_its_life() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let (work, id) = (Work { aws: &aws, stack: "shop" }, instance_profile::id("app"));
    for name in ["one", "two"] {
        role(&aws, name).await;
    }
    let first = json!({ "role": "one", "tags": { "team": "a" } });
    assert!(seen(&aws, wanted(&first), false).await.is_empty());
    let order = Create { node: &id, name: NAME, want: &first, replaces: None, token: TOKEN };
    let live = ENTRY.driver.create(work, order.clone()).await.unwrap();
    let read = seen(&aws, wanted(&first), false).await.remove(0);
    assert_eq!((&read.owner, &read.outputs, &read.id), (&Owner::Ours(id.clone()), &live.outputs, &live.id));
    assert_eq!(diff(&ENTRY.kind, &first, &read.have), []);
    // A reply that was lost: it is there, and of this node.
    ENTRY.driver.create(work, order).await.unwrap();

    let next = json!({ "role": "two", "tags": { "team": "b", "new": "1" } });
    let changes = diff(&ENTRY.kind, &next, &read.have);
    let order = Update { node: &id, live: &read, want: &next, changes: &changes, token: TOKEN };
    ENTRY.driver.update(work, order).await.unwrap();
    let read = seen(&aws, wanted(&next), false).await.remove(0);
    assert_eq!(diff(&ENTRY.kind, &next, &read.have), []);

    let leave = aws.iam().remove_role_from_instance_profile().instance_profile_name(NAME).role_name("two");
    leave.send().await.expect("the role leaves");
    let found = seen(&aws, Vec::new(), true).await.remove(0);
    assert_eq!((found.name.as_str(), &found.have["role"]), (NAME, &json!("")));
    ENTRY.driver.delete(work, &id, &found).await.unwrap();
    ENTRY.driver.delete(work, &id, &found).await.unwrap();
    assert!(seen(&aws, wanted(&next), true).await.is_empty());
}
