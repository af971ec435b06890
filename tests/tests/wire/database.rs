//! Databases against moto: made with their groups, read back, changed and taken away. moto applies every change at once, tells no
//! parameters that were set, its tagging API knows the instances alone, and a subnet group
//! whose subnets change is lost.

use evenkeel_aws::client::Aws;
use evenkeel_aws::kinds::{database, db_parameter_group, db_subnet_group};
use evenkeel_aws::read::Scope;
use evenkeel_aws::reading;
use evenkeel_aws::resource::{Entry, Work};
use evenkeel_core::cloud::{Create, Update};
use evenkeel_core::diff::diff;
use evenkeel_core::doc::Doc;
use evenkeel_core::error::ErrorClass;
use evenkeel_core::graph::{Graph, Node, StackInfo};
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::{Live, Owner, Readiness};
use evenkeel_tests::moto::Moto;
use serde_json::{Value, json};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

async fn seen(aws: &Aws, entry: &Entry, nodes: Vec<Node>, thorough: bool) -> Vec<Live> {
    let graph = Graph::detached(StackInfo { name: "shop".to_owned(), region: "us-east-1".to_owned() }, nodes);
    let scope = Scope { stack: "shop", graph: &graph, thorough, closely: false, only: None };
    entry.driver.observe(&reading::fetch(aws, &scope).await).expect("RDS can be read")
}

fn node(id: &NodeId, want: &Doc) -> Vec<Node> {
    vec![Node::new(id.clone(), "shop-main", want.clone())]
}

fn left(entry: &Entry, want: &Doc, live: &Live) -> Vec<String> {
    diff(&entry.kind, want, &live.have).into_iter().map(|change| change.path).collect()
}

async fn create(aws: &Aws, entry: &Entry, id: &NodeId, want: &Doc) -> Live {
    let order = Create { node: id, name: "shop-main", want, replaces: None, token: TOKEN };
    entry.driver.create(Work { aws, stack: "shop" }, order).await.expect("it is made")
}

async fn update(aws: &Aws, entry: &Entry, id: &NodeId, live: &Live, want: &Doc) {
    let changes = diff(&entry.kind, want, &live.have);
    let order = Update { node: id, live, want, changes: &changes, token: TOKEN };
    entry.driver.update(Work { aws, stack: "shop" }, order).await.expect("the update is taken");
}

async fn subnets(aws: &Aws) -> (String, Vec<String>) {
    let reply = aws.ec2().describe_subnets().send().await.expect("subnets");
    let mut ids: Vec<String> =
        reply.subnets().iter().filter_map(|subnet| subnet.subnet_id().map(str::to_owned)).collect();
    ids.sort();
    (reply.subnets()[0].vpc_id().unwrap_or_default().to_owned(), ids)
}

fn want(changes: &Value) -> Doc {
    let storage = json!({ "type": "gp2", "size": 20, "at_most": 20, "max": 0, "iops": null, "throughput": null,
        "encrypted": false, "kms_key": null });
    let mut want = json!({ "engine": "postgres", "version": "16", "version_at_most": "16", "class": "db.t4g.micro",
        "storage": storage, "database": "shop", "username": "keeper", "password": "managed by RDS", "password_from": null,
        "port": 5432, "subnet_group": "shop-main", "security_groups": null, "multi_az": false, "public": false,
        "backup_days": 7, "backup_window": null, "maintenance_window": null, "parameter_group": "default",
        "auto_minor_upgrade": true, "performance_insights": false, "deletion_protection": true, "final_snapshot": true,
        "pending": "nothing", "tags": { "team": "a" } });
    for (key, value) in changes.as_object().into_iter().flatten() {
        want[key] = value.clone();
    }
    want
}

#[tokio::test]
async fn a_database_lives_its_life() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let work = Work { aws: &aws, stack: "shop" };
    let (vpc, ids) = subnets(&aws).await;
    let group = json!({ "vpc": vpc, "subnets": [ids[0], ids[1]], "tags": { "team": "a" } });
    create(&aws, &db_subnet_group::ENTRY, &db_subnet_group::id("main"), &group).await;

    let (entry, id) = (&database::ENTRY, database::id("main"));
    let first = want(&json!({ "version": "16.3", "version_at_most": "16.3" }));
    assert!(seen(&aws, entry, node(&id, &first), false).await.is_empty());
    let made = create(&aws, entry, &id, &first).await;
    let live = seen(&aws, entry, node(&id, &first), false).await.remove(0);
    assert_eq!((&live.owner, &live.id), (&Owner::Ours(id.clone()), &made.id));
    assert_eq!(left(entry, &first, &live), Vec::<String>::new());
    assert_eq!((&live.outputs["port"], &live.readiness), (&json!("5432"), &Readiness::Ready));
    let secret = live.outputs["secret"].as_str().expect("a secret");
    assert_eq!(live.outputs["password"], format!("{secret}:password::"));
    assert!(live.guard.is_some() && live.data.is_some() && live.leaves.is_some());
    let again = Create { node: &id, name: "shop-main", want: &first, replaces: None, token: TOKEN };
    assert_eq!(entry.driver.create(work, again).await.unwrap_err().class, ErrorClass::Exists);

    let next = want(&json!({ "version": "16.3", "version_at_most": "16.3", "class": "db.t4g.small", "backup_days": 3,
        "deletion_protection": false, "final_snapshot": false, "tags": { "team": "b" } }));
    update(&aws, entry, &id, &live, &next).await;
    let live = seen(&aws, entry, node(&id, &next), false).await.remove(0);
    assert_eq!(left(entry, &next, &live), Vec::<String>::new());
    assert!(live.leaves.is_none(), "its tag says so");
    // Without a file it is found by its mark.
    assert_eq!(seen(&aws, entry, Vec::new(), true).await.len(), 1);
    entry.driver.delete(work, &id, &live).await.unwrap();
    entry.driver.delete(work, &id, &live).await.unwrap();
    assert!(seen(&aws, entry, node(&id, &next), true).await.is_empty());
}

#[tokio::test]
async fn one_that_is_protected_goes_with_a_snapshot_once_that_is_consented_to() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let (entry, id) = (&database::ENTRY, database::id("main"));
    let (_, ids) = subnets(&aws).await;
    let group = json!({ "vpc": null, "subnets": [ids[0], ids[1]], "tags": {} });
    create(&aws, &db_subnet_group::ENTRY, &db_subnet_group::id("main"), &group).await;
    let kept = want(&json!({ "version": "16.3", "version_at_most": "16.3" }));
    create(&aws, entry, &id, &kept).await;
    let live = seen(&aws, entry, node(&id, &kept), false).await.remove(0);
    let name = live.private["snapshot"].as_str().expect("a name").to_owned();
    entry.driver.delete(Work { aws: &aws, stack: "shop" }, &id, &live).await.unwrap();
    let left = aws.rds().describe_db_snapshots().send().await.unwrap();
    let names: Vec<&str> = left.db_snapshots().iter().filter_map(|one| one.db_snapshot_identifier()).collect();
    assert!(names.contains(&name.as_str()), "{names:?}");
}

#[tokio::test]
async fn groups_are_made_changed_and_deleted() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let work = Work { aws: &aws, stack: "shop" };
    let (vpc, ids) = subnets(&aws).await;
    let (entry, id) = (&db_subnet_group::ENTRY, db_subnet_group::id("main"));
    let of = |ids: &[&String], team: &str| json!({ "vpc": vpc, "subnets": ids, "tags": { "team": team } });
    let (first, next) = (of(&[&ids[0], &ids[1]], "a"), of(&[&ids[0], &ids[1]], "b"));
    create(&aws, entry, &id, &first).await;
    let live = seen(&aws, entry, node(&id, &first), false).await.remove(0);
    assert_eq!((&live.owner, left(entry, &first, &live)), (&Owner::Ours(id.clone()), Vec::new()));
    update(&aws, entry, &id, &live, &next).await;
    let live = seen(&aws, entry, node(&id, &next), false).await.remove(0);
    assert_eq!(left(entry, &next, &live), Vec::<String>::new());
    assert_eq!(seen(&aws, entry, Vec::new(), true).await.len(), 1, "found by its name and its tags");
    entry.driver.delete(work, &id, &live).await.unwrap();
    assert!(seen(&aws, entry, node(&id, &next), true).await.is_empty());

    let (entry, id) = (&db_parameter_group::ENTRY, db_parameter_group::id("main"));
    let want = json!({ "family": "postgres16", "parameters": { "log_statement": "all" }, "tags": { "team": "a" } });
    create(&aws, entry, &id, &want).await;
    let live = seen(&aws, entry, node(&id, &want), false).await.remove(0);
    assert_eq!((&live.owner, &live.have["family"]), (&Owner::Ours(id.clone()), &json!("postgres16")));
    entry.driver.delete(work, &id, &live).await.unwrap();
    assert!(seen(&aws, entry, node(&id, &want), true).await.is_empty());
}
