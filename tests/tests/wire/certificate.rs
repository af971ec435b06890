//! Certificates against moto, which issues one some time after its request whether a record is there or not, tells the same validation
//! record for every name, and takes any deletion.

use evenkeel_aws::client::Aws;
use evenkeel_aws::kinds::certificate::{ENTRY, id};
use evenkeel_aws::kinds::hosted_zone;
use evenkeel_aws::read::Scope;
use evenkeel_aws::reading;
use evenkeel_aws::resource::Work;
use evenkeel_core::cloud::{Create, Goal, Update, Waiting};
use evenkeel_core::diff::diff;
use evenkeel_core::doc::Doc;
use evenkeel_core::graph::{Graph, Node, StackInfo};
use evenkeel_core::snapshot::{Live, Readiness};
use evenkeel_tests::moto::Moto;
use serde_json::json;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const ZONE: &str = "cruddur.example";

fn want(zone: &str, tags: Doc) -> Doc {
    json!({
        "domain": ZONE, "names": ["*.cruddur.example"], "key_algorithm": "RSA_2048", "state": "valid",
        "validation": [{ "name": ZONE, "zone_id": zone }], "tags": tags,
    })
}

fn nodes(want: &Doc) -> Vec<Node> {
    let zone = Node::lookup(hosted_zone::id(ZONE), ZONE, json!({ "name": ZONE, "id": null }));
    vec![Node::new(id("site"), "", want.clone()), zone]
}

async fn seen(aws: &Aws, nodes: Vec<Node>, thorough: bool) -> Vec<Live> {
    let graph = Graph::detached(StackInfo { name: "cruddur".to_owned(), region: "us-east-1".to_owned() }, nodes);
    let scope = Scope { stack: "cruddur", graph: &graph, thorough, closely: false, only: None };
    ENTRY.driver.observe(&reading::fetch(aws, &scope).await).expect("ACM can be read")
}

async fn update(aws: &Aws, live: &Live, want: &Doc) -> Live {
    let changes = diff(&ENTRY.kind, want, &live.have);
    let order = Update { node: &id("site"), live, want, changes: &changes, token: TOKEN };
    ENTRY.driver.update(Work { aws, stack: "cruddur" }, order).await.expect("the update is taken")
}

async fn names(aws: &Aws, zone: &str) -> Vec<String> {
    let reply =
        aws.route53().list_resource_record_sets().hosted_zone_id(zone).send().await.expect("records are listed");
    let sets = reply.resource_record_sets().iter();
    let sets = sets.filter(|set| matches!(set.r#type().as_str(), "CNAME" | "TXT"));
    sets.map(|set| format!("{} {}", set.name(), set.r#type().as_str())).collect()
}

#[tokio::test]
async fn a_certificate_lives_its_life() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let made = aws.route53().create_hosted_zone().name(ZONE).caller_reference("one").send().await.unwrap();
    let zone = made.hosted_zone().unwrap().id().rsplit('/').next().unwrap().to_owned();
    let first = want(&zone, json!({ "team": "a", "old": "1" }));
    assert!(seen(&aws, nodes(&first), false).await.is_empty());

    let order = Create { node: &id("site"), name: "", want: &first, replaces: None, token: TOKEN };
    let made = ENTRY.driver.create(Work { aws: &aws, stack: "cruddur" }, order).await.unwrap();
    assert_eq!(made.have["validation"], json!([]), "its records follow");
    let mut live = update(&aws, &made, &first).await;
    assert_eq!(live.have, first);
    let written = names(&aws, &zone).await;
    assert!(
        written.len() == 2 && written.iter().any(|name| name.contains(".certificates.us-east-1.cruddur._evenkeel."))
    );

    let found = seen(&aws, nodes(&first), false).await;
    assert_eq!((found.len(), &found[0].have, &found[0].id), (1, &first, &live.id));
    assert_eq!(found[0].uses, [zone.as_str()]);
    // Not in the file any more, and without a file: found by its mark.
    for thorough in [false, true] {
        assert_eq!(seen(&aws, Vec::new(), thorough).await.len(), 1);
    }

    for next in [want(&zone, json!({ "team": "b", "new": "2" })), want(&zone, json!({}))] {
        live = update(&aws, &live, &next).await;
        assert_eq!(seen(&aws, nodes(&next), false).await[0].have, next);
    }
    let waiting = Waiting { node: id("site"), live: live.clone(), goal: Goal::Ready };
    let told = ENTRY.driver.poll(Work { aws: &aws, stack: "cruddur" }, &[waiting]).await.remove(0).unwrap();
    assert!(matches!(told, Readiness::Ready | Readiness::Pending(_)), "{told:?}");

    for _ in 0..2 {
        ENTRY.driver.delete(Work { aws: &aws, stack: "cruddur" }, &id("site"), &live).await.unwrap();
    }
    assert!(seen(&aws, nodes(&first), true).await.is_empty());
    assert_eq!(names(&aws, &zone).await, Vec::<String>::new());
}
