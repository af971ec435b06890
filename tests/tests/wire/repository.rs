//! Repositories against moto: made, read back, changed, adopted and taken away. moto's tagging API knows no repositories, so what
//! left the file is found by its name, and only when the stack is taken down. It keeps the scanning that a repository was made with.

use evenkeel_aws::client::Aws;
use evenkeel_aws::read::Scope;
use evenkeel_aws::reading;
use evenkeel_aws::resource::Work;
use evenkeel_aws::services::ecr::repository::{ENTRY, id};
use evenkeel_core::cloud::{Create, Update};
use evenkeel_core::diff::diff;
use evenkeel_core::doc::Doc;
use evenkeel_core::error::ErrorClass;
use evenkeel_core::graph::{Graph, Node, StackInfo};
use evenkeel_core::snapshot::{Live, Owner};
use evenkeel_tests::moto::Moto;
use serde_json::json;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn want(changes: &Doc) -> Doc {
    let mut want = json!({ "mutability": "MUTABLE", "exclusions": [], "scan_on_push": false, "encryption": "AES256",
        "kms_key": null, "lifecycle": {}, "policy": {}, "tags": {} });
    for (key, value) in changes.as_object().into_iter().flatten() {
        want[key] = value.clone();
    }
    want
}

fn lifecycle(images: u32) -> Doc {
    let selection = json!({ "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": images });
    json!({ "rules": [{ "rulePriority": 1, "selection": selection, "action": { "type": "expire" } }] })
}

fn policy(action: &str) -> Doc {
    let statement = json!({ "Effect": "Allow", "Principal": { "AWS": ["210987654321"] }, "Action": [action] });
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

async fn seen(aws: &Aws, nodes: Vec<Node>, thorough: bool) -> Vec<Live> {
    let graph = Graph::detached(StackInfo { name: "shop".to_owned(), region: "us-east-1".to_owned() }, nodes);
    let scope = Scope { stack: "shop", graph: &graph, thorough, closely: false, only: None };
    ENTRY.driver.observe(&reading::fetch(aws, &scope).await).expect("ECR can be read")
}

fn named(name: &str, want: &Doc) -> Vec<Node> {
    vec![Node::new(id("web"), name, want.clone())]
}

/// What is left to change, as the engine sees it.
fn left(want: &Doc, live: &Live) -> Vec<String> {
    diff(&ENTRY.kind, want, &live.have).into_iter().map(|change| change.path).collect()
}

#[tokio::test]
async fn a_repository_lives_its_life() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let work = Work { aws: &aws, stack: "shop" };
    let first = want(&json!({ "scan_on_push": true, "lifecycle": lifecycle(10), "policy": policy("ecr:BatchGetImage"),
        "tags": { "team": "a" } }));
    assert!(seen(&aws, named("shop-web", &first), false).await.is_empty());

    let order = Create { node: &id("web"), name: "shop-web", want: &first, replaces: None, token: TOKEN };
    let made = ENTRY.driver.create(work, order.clone()).await.unwrap();
    let live = seen(&aws, named("shop-web", &first), false).await.remove(0);
    assert_eq!((&live.owner, &live.outputs, &live.id), (&made.owner, &made.outputs, &made.id));
    assert_eq!(left(&first, &live), Vec::<String>::new());
    assert_eq!(live.outputs["uri"], "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop-web");
    assert_eq!(ENTRY.driver.create(work, order).await.unwrap_err().class, ErrorClass::Exists);

    let mut live = live;
    for next in [
        want(
            &json!({ "mutability": "IMMUTABLE", "scan_on_push": true, "lifecycle": lifecycle(20), "policy": policy("ecr:PutImage"),
            "tags": { "team": "b", "new": "1" } }),
        ),
        want(&json!({ "scan_on_push": true })),
    ] {
        let changes = diff(&ENTRY.kind, &next, &live.have);
        let order = Update { node: &id("web"), live: &live, want: &next, changes: &changes, token: TOKEN };
        ENTRY.driver.update(work, order).await.unwrap();
        live = seen(&aws, named("shop-web", &next), false).await.remove(0);
        assert_eq!(left(&next, &live), Vec::<String>::new());
    }
    // Without a file it is found by its name.
    assert_eq!(seen(&aws, Vec::new(), true).await.len(), 1);
    ENTRY.driver.delete(work, &id("web"), &live).await.unwrap();
    ENTRY.driver.delete(work, &id("web"), &live).await.unwrap();
    assert!(seen(&aws, named("shop-web", &first), true).await.is_empty());
}

#[tokio::test]
async fn a_repository_of_others_is_theirs_until_it_is_adopted() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    aws.ecr().create_repository().repository_name("shop-web").send().await.unwrap();
    aws.ecr().create_repository().repository_name("shop-other").send().await.unwrap();
    let want = want(&json!({ "tags": { "team": "a" } }));
    let foreign = seen(&aws, named("shop-web", &want), false).await;
    assert_eq!((foreign.len(), &foreign[0].owner), (1, &Owner::Nobody));
    assert!(seen(&aws, Vec::new(), true).await.is_empty(), "a name makes nothing ours");
    let changes = diff(&ENTRY.kind, &want, &foreign[0].have);
    let order = Update { node: &id("web"), live: &foreign[0], want: &want, changes: &changes, token: TOKEN };
    ENTRY.driver.update(Work { aws: &aws, stack: "shop" }, order).await.unwrap();
    let adopted = seen(&aws, named("shop-web", &want), false).await.remove(0);
    assert_eq!((&adopted.owner, left(&want, &adopted)), (&Owner::Ours(id("web")), Vec::new()));
}

#[tokio::test]
async fn images_keep_a_repository() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let work = Work { aws: &aws, stack: "shop" };
    let want = want(&json!({}));
    let order = Create { node: &id("web"), name: "shop-web", want: &want, replaces: None, token: TOKEN };
    ENTRY.driver.create(work, order).await.unwrap();
    let empty = seen(&aws, named("shop-web", &want), false).await.remove(0);
    let manifest = json!({ "schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": { "mediaType": "application/vnd.docker.container.image.v1+json", "size": 2, "digest": "sha256:00" },
        "layers": [] });
    let put = aws.ecr().put_image().repository_name("shop-web").image_tag("1").image_manifest(manifest.to_string());
    put.send().await.unwrap();
    let full = seen(&aws, named("shop-web", &want), false).await.remove(0);
    assert_eq!((full.data.as_deref(), full.guard.is_some()), (Some("1 image"), true));
    // It came after the reading.
    let refused = ENTRY.driver.delete(work, &id("web"), &empty).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Invalid);
    assert!(refused.hint.is_some());
    ENTRY.driver.delete(work, &id("web"), &full).await.unwrap();
    assert!(seen(&aws, named("shop-web", &want), true).await.is_empty());
}

#[tokio::test]
async fn many_repositories_are_read_in_few_requests() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let plain = want(&json!({}));
    let nodes: Vec<Node> =
        (0..120).map(|n| Node::new(id(&format!("r{n:03}")), format!("shop-r{n:03}"), plain.clone())).collect();
    for node in &nodes {
        aws.ecr().create_repository().repository_name(&node.name).send().await.unwrap();
    }
    let fresh = moto.aws().await;
    assert_eq!(seen(&fresh, nodes, false).await.len(), 120);
    assert_eq!(fresh.caller.stats().calls["ecr:DescribeRepositories"], 2, "a hundred to a request");
}
