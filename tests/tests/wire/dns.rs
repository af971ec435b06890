//! Hosted zones and records against moto. moto does not escape `*`, takes trailing dots off alias names, is INSYNC at once
//! and accepts a CNAME beside other records; its CREATE refuses only what was made through the same API before.

use std::collections::BTreeSet;

use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType};
use evenkeel_aws::client::Aws;
use evenkeel_aws::kinds::{hosted_zone, records};
use evenkeel_aws::read::Scope;
use evenkeel_aws::reading;
use evenkeel_aws::resource::{Entry, Work};
use evenkeel_core::cloud::{Create, Goal, Update, Waiting};
use evenkeel_core::diff::diff;
use evenkeel_core::doc::{Doc, Text};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::{Graph, Node, StackInfo};
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::{Live, Owner, Readiness};
use evenkeel_tests::moto::Moto;
use serde_json::json;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const ZONE: &str = "cruddur.example";

struct World {
    aws: Aws,
    nodes: Vec<Node>,
}

impl World {
    async fn read(&self, entry: &Entry, thorough: bool) -> Result<Vec<Live>, CloudError> {
        let graph = Graph::detached(
            StackInfo { name: "cruddur".to_owned(), region: "us-east-1".to_owned() },
            self.nodes.clone(),
        );
        let scope = Scope { stack: "cruddur", graph: &graph, thorough, closely: false, only: None };
        entry.driver.observe(&reading::fetch(&self.aws, &scope).await)
    }

    /// What the first node looks for.
    async fn look_up(&self) -> Result<Option<Live>, CloudError> {
        let info = StackInfo { name: "cruddur".to_owned(), region: "us-east-1".to_owned() };
        let graph = Graph::detached(info, self.nodes.clone());
        let scope = Scope { stack: "cruddur", graph: &graph, thorough: false, closely: false, only: None };
        hosted_zone::ENTRY.driver.look_up(&reading::fetch(&self.aws, &scope).await, &self.nodes[0])
    }

    async fn one(&self, entry: &Entry) -> Live {
        let mut lives = self.read(entry, false).await.expect("Route 53 can be read");
        assert_eq!(lives.len(), 1, "{lives:?}");
        lives.remove(0)
    }

    async fn create(&self, entry: &Entry, node: &NodeId, name: &str, want: &Doc) -> Result<Live, CloudError> {
        entry
            .driver
            .create(
                Work { aws: &self.aws, stack: "cruddur" },
                Create { node, name, want, replaces: None, token: TOKEN },
            )
            .await
    }

    async fn update(&self, entry: &Entry, node: &NodeId, live: &Live, want: &Doc) -> Result<Live, CloudError> {
        let mut changes = diff(&entry.kind, want, &live.have);
        for foreign in &live.foreign {
            let key = |doc: &Doc| (doc["name"].clone(), doc["type"].clone());
            for change in changes.iter_mut().filter(|change| change.to.as_ref().map(key) == Some(key(&foreign.have))) {
                change.from = Some(foreign.have.clone());
            }
        }
        entry
            .driver
            .update(
                Work { aws: &self.aws, stack: "cruddur" },
                Update { node, live, want, changes: &changes, token: TOKEN },
            )
            .await
    }

    /// Makes a record as somebody else would.
    async fn by_hand(&self, zone: &str, name: &str, kind: RrType, value: &str, weight: Option<i64>) {
        let record = ResourceRecord::builder().value(value).build().expect("all is given");
        let mut set = ResourceRecordSet::builder().name(name).r#type(kind).ttl(60).resource_records(record);
        if let Some(weight) = weight {
            set = set.weight(weight).set_identifier(format!("w{weight}"));
        }
        let set = set.build().expect("all is given");
        let change =
            Change::builder().action(ChangeAction::Create).resource_record_set(set).build().expect("all is given");
        let batch = ChangeBatch::builder().changes(change).build().expect("all is given");
        self.aws
            .route53()
            .change_resource_record_sets()
            .hosted_zone_id(zone)
            .change_batch(batch)
            .send()
            .await
            .expect("moto takes it");
    }

    async fn names(&self, zone: &str) -> BTreeSet<String> {
        let sets = evenkeel_aws::services::route53::read::records(&self.aws, zone).await.expect("the zone is there");
        let line = |set: &ResourceRecordSet| format!("{} {}", set.name().trim_end_matches('.'), set.r#type().as_str());
        sets.iter().map(line).filter(|line| !line.ends_with(" NS") && !line.ends_with(" SOA")).collect()
    }
}

async fn world(moto: &Moto) -> World {
    World { aws: moto.aws().await, nodes: Vec::new() }
}

fn values(name: &str, kind: &str, values: &[&str]) -> Doc {
    json!({ "name": name, "type": kind, "ttl": 300, "values": values, "alias": null })
}

fn alias(name: &str, target: &str) -> Doc {
    let alias = json!({ "dns_name": target, "zone_id": "Z35SXDOTRQ7X7K", "evaluate_target_health": true });
    json!({ "name": name, "type": "A", "ttl": null, "values": null, "alias": alias })
}

#[tokio::test]
async fn a_hosted_zone_lives_its_life() {
    let moto = Moto::start();
    let mut world = world(&moto).await;
    let node = hosted_zone::id(ZONE);
    let tags: serde_json::Map<String, Doc> = (0..12).map(|n| (format!("t{n:02}"), json!("x"))).collect();
    let first = json!({ "name": ZONE, "comment": "of the stack", "tags": tags, "marked": true });
    world.nodes = vec![Node::new(node.clone(), ZONE, first.clone())];
    assert!(world.read(&hosted_zone::ENTRY, false).await.unwrap().is_empty());

    let made = world.create(&hosted_zone::ENTRY, &node, ZONE, &first).await.unwrap();
    assert_eq!(made.outputs["name_servers"].as_array().unwrap().len(), 4);
    assert_eq!(world.one(&hosted_zone::ENTRY).await, made);
    let dropped = World { aws: world.aws.clone(), nodes: Vec::new() };
    assert_eq!(dropped.one(&hosted_zone::ENTRY).await, made);

    let next = json!({ "name": ZONE, "comment": "changed", "tags": { "t01": "y" }, "marked": true });
    let changed = world.update(&hosted_zone::ENTRY, &node, &made, &next).await.unwrap();
    assert_eq!(changed.have, next);
    world.nodes = vec![Node::new(node.clone(), ZONE, next.clone())];
    assert_eq!(world.one(&hosted_zone::ENTRY).await, changed);

    world.by_hand(&made.id, "mail.cruddur.example", RrType::A, "10.0.0.1", None).await;
    let with_data = world.one(&hosted_zone::ENTRY).await;
    assert_eq!(with_data.kept_by.as_deref(), Some("1 record that does not belong to this stack"));
    let held = hosted_zone::ENTRY
        .driver
        .delete(Work { aws: &world.aws, stack: "cruddur" }, &node, &with_data)
        .await
        .unwrap_err();
    assert_eq!(held.class, ErrorClass::InUse);
    assert_eq!(
        hosted_zone::ENTRY.driver.holders(Work { aws: &world.aws, stack: "cruddur" }, &with_data).await,
        ["record mail.cruddur.example A"]
    );
}

#[tokio::test]
async fn a_zone_made_without_its_tags_is_still_ours() {
    let moto = Moto::start();
    let mut world = world(&moto).await;
    let node = hosted_zone::id(ZONE);
    let want = json!({ "name": ZONE, "comment": null, "tags": { "team": "a" }, "marked": true });
    let reference = evenkeel_aws::services::route53::read::reference("cruddur@us-east-1", ZONE, TOKEN);
    world.aws.route53().create_hosted_zone().name(ZONE).caller_reference(reference).send().await.unwrap();
    world.nodes = vec![Node::new(node.clone(), ZONE, want.clone())];
    let half = world.one(&hosted_zone::ENTRY).await;
    assert_eq!(half.owner, Owner::Ours(node.clone()));
    world.update(&hosted_zone::ENTRY, &node, &half, &want).await.unwrap();
    let whole = world.one(&hosted_zone::ENTRY).await;
    assert_eq!(whole.have["tags"], json!({ "team": "a" }));
    hosted_zone::ENTRY.driver.delete(Work { aws: &world.aws, stack: "cruddur" }, &node, &whole).await.unwrap();
    hosted_zone::ENTRY.driver.delete(Work { aws: &world.aws, stack: "cruddur" }, &node, &whole).await.unwrap();
    assert!(world.read(&hosted_zone::ENTRY, true).await.unwrap().is_empty());

    // Made by somebody else: a conflict, until it is adopted by its tags.
    world.aws.route53().create_hosted_zone().name(ZONE).caller_reference("by hand").send().await.unwrap();
    let foreign = world.one(&hosted_zone::ENTRY).await;
    assert_eq!((&foreign.owner, foreign.name.as_str()), (&Owner::Nobody, ZONE));
    world.update(&hosted_zone::ENTRY, &node, &foreign, &want).await.unwrap();
    assert_eq!(world.one(&hosted_zone::ENTRY).await.owner, Owner::Ours(node));
}

#[tokio::test]
async fn a_zone_is_looked_up() {
    let moto = Moto::start();
    let mut world = world(&moto).await;
    let node = |id: Option<&str>| vec![Node::lookup(hosted_zone::id(ZONE), ZONE, json!({ "name": ZONE, "id": id }))];
    world.nodes = node(None);
    assert_eq!(world.look_up().await, Ok(None));
    let mut ids = Vec::new();
    for reference in ["one", "two"] {
        let reply =
            world.aws.route53().create_hosted_zone().name(ZONE).caller_reference(reference).send().await.unwrap();
        ids.push(evenkeel_aws::services::route53::read::bare(reply.hosted_zone().unwrap().id()).to_owned());
        if reference == "one" {
            assert_eq!(world.look_up().await.unwrap().unwrap().outputs["zone_id"], ids[0].as_str());
        }
    }
    let error = world.look_up().await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Invalid);
    assert!(ids.iter().all(|id| error.message.contains(id)), "{error}");
    world.nodes = node(Some(&ids[1]));
    assert_eq!(world.look_up().await.unwrap().unwrap().outputs["zone_id"], ids[1].as_str());
}

#[tokio::test]
async fn records_live_their_life() {
    let moto = Moto::start();
    let mut world = world(&moto).await;
    let reply = world.aws.route53().create_hosted_zone().name(ZONE).caller_reference("by hand").send().await.unwrap();
    let zone_id = evenkeel_aws::services::route53::read::bare(reply.hosted_zone().unwrap().id()).to_owned();
    let node = records::id(ZONE);
    let spec = |records: Vec<Doc>| json!({ "zone_id": zone_id, "records": records, "tags": {} });
    let wanting = |want: &Doc| {
        let open = json!({ "zone_id": Text::output(hosted_zone::id(ZONE), "zone_id"), "records": want["records"], "tags": {} });
        vec![
            Node::lookup(hosted_zone::id(ZONE), ZONE, json!({ "name": ZONE, "id": null })),
            Node::new(node.clone(), "", open),
        ]
    };
    world.by_hand(&zone_id, "unrelated.cruddur.example", RrType::A, "10.9.9.9", None).await;

    let first = spec(vec![
        alias("*.cruddur.example", "web-1.us-east-1.elb.amazonaws.com"),
        values("api.cruddur.example", "A", &["10.0.0.1", "10.0.0.2"]),
        alias("cruddur.example", "web-1.us-east-1.elb.amazonaws.com"),
        values("cruddur.example", "MX", &["10 mail.example"]),
        values("cruddur.example", "TXT", &["\"v=spf1 -all\""]),
        values("www.cruddur.example", "CNAME", &["cruddur.example"]),
    ]);
    world.nodes = wanting(&first);
    assert!(world.read(&records::ENTRY, false).await.unwrap().is_empty());
    let made = world.create(&records::ENTRY, &node, "", &first).await.unwrap();
    assert_eq!(world.aws.caller.stats().calls["route53:ChangeResourceRecordSets"], 1);
    let now = world.one(&records::ENTRY).await;
    assert_eq!(Live { private: made.private.clone(), ..now.clone() }, made);
    assert_eq!(diff(&records::ENTRY.kind, &first, &made.have), []);
    assert!(made.uses.contains(&zone_id) && made.uses.contains(&"web-1.us-east-1.elb.amazonaws.com".to_owned()));
    let fresh = World { aws: moto.aws().await, nodes: world.nodes.clone() };
    fresh.read(&records::ENTRY, false).await.unwrap();
    let stats = fresh.aws.caller.stats();
    let route53 = stats.calls.iter().filter(|(operation, _)| operation.starts_with("route53:"));
    let expected = [("route53:ListHostedZones", 1), ("route53:ListResourceRecordSets", 1)];
    assert_eq!(route53.map(|(operation, count)| (operation.as_str(), *count)).collect::<Vec<_>>(), expected);
    // Dropped from the file, with the zone.
    let dropped = World { aws: world.aws.clone(), nodes: Vec::new() };
    assert_eq!(dropped.one(&records::ENTRY).await, now);

    // One changes its values, one its kind of data, one its type, one goes, one comes.
    let next = spec(vec![
        values("*.cruddur.example", "A", &["10.0.0.5"]),
        values("api.cruddur.example", "A", &["10.0.0.3"]),
        alias("cruddur.example", "web-1.us-east-1.elb.amazonaws.com"),
        values("cruddur.example", "TXT", &["\"v=spf1 -all\""]),
        values("new.cruddur.example", "AAAA", &["2001:db8::1"]),
        alias("www.cruddur.example", "web-1.us-east-1.elb.amazonaws.com"),
    ]);
    world.nodes = wanting(&next);
    let changed = world.update(&records::ENTRY, &node, &made, &next).await.unwrap();
    assert_eq!(world.aws.caller.stats().calls["route53:ChangeResourceRecordSets"], 2);
    let now = world.one(&records::ENTRY).await;
    assert_eq!(Live { private: changed.private.clone(), ..now }, changed);
    assert_eq!(diff(&records::ENTRY.kind, &next, &changed.have), []);

    records::ENTRY.driver.delete(Work { aws: &world.aws, stack: "cruddur" }, &node, &changed).await.unwrap();
    records::ENTRY.driver.delete(Work { aws: &world.aws, stack: "cruddur" }, &node, &changed).await.unwrap();
    assert_eq!(world.names(&zone_id).await, BTreeSet::from(["unrelated.cruddur.example A".to_owned()]));
    assert!(world.read(&records::ENTRY, true).await.unwrap().is_empty());
}

#[tokio::test]
async fn records_of_others_are_told_and_adopted_only_on_demand() {
    let moto = Moto::start();
    let mut world = world(&moto).await;
    let reply = world.aws.route53().create_hosted_zone().name(ZONE).caller_reference("by hand").send().await.unwrap();
    let zone_id = evenkeel_aws::services::route53::read::bare(reply.hosted_zone().unwrap().id()).to_owned();
    let node = records::id(ZONE);
    world.by_hand(&zone_id, "api.cruddur.example", RrType::A, "10.9.9.9", None).await;
    world.by_hand(&zone_id, "other.cruddur.example", RrType::A, "10.9.9.9", None).await;
    let api = values("api.cruddur.example", "A", &["10.0.0.1"]);
    let want = json!({ "zone_id": zone_id, "records": [api], "tags": {} });
    world.nodes = vec![Node::new(node.clone(), "", want.clone())];

    let live = world.one(&records::ENTRY).await;
    assert_eq!(live.have["records"], json!([]));
    let told: Vec<&str> = live.foreign.iter().map(|member| member.key.as_str()).collect();
    assert_eq!(told, ["api.cruddur.example/A"]);
    // moto's CREATE refuses only an exact repetition.
    let same = json!({ "name": "api.cruddur.example", "type": "A", "ttl": 60, "values": ["10.9.9.9"], "alias": null });
    let same = json!({ "zone_id": zone_id, "records": [same], "tags": {} });
    let refused = world.create(&records::ENTRY, &node, "", &same).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Exists, "{refused}");

    let adopted = world.update(&records::ENTRY, &node, &live, &want).await.unwrap();
    assert!(adopted.foreign.is_empty());
    let after = world.one(&records::ENTRY).await;
    assert_eq!((&after.have, after.foreign.len()), (&want, 0));
    records::ENTRY.driver.delete(Work { aws: &world.aws, stack: "cruddur" }, &node, &after).await.unwrap();
    assert_eq!(world.names(&zone_id).await, BTreeSet::from(["other.cruddur.example A".to_owned()]));

    // Several weighted ones of one name and type: told once, and never written over.
    world.by_hand(&zone_id, "api.cruddur.example", RrType::A, "10.9.9.1", Some(1)).await;
    world.by_hand(&zone_id, "api.cruddur.example", RrType::A, "10.9.9.2", Some(2)).await;
    let weighted = world.one(&records::ENTRY).await;
    assert_eq!(weighted.foreign.len(), 1);
    let refused = world.update(&records::ENTRY, &node, &weighted, &want).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Invalid, "{refused}");
}

#[tokio::test]
async fn a_change_is_awaited_by_its_id() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let mut live = Live::new("Z1", "", Owner::Nobody, json!({}));
    live.private = json!({ "changes": ["C2682N5HXP0BZ4"] });
    let waiting = [Waiting { node: records::id(ZONE), live, goal: Goal::Ready }];
    let answers = records::ENTRY.driver.poll(Work { aws: &aws, stack: "cruddur" }, &waiting).await;
    assert_eq!(answers.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [Readiness::Ready]);
    assert_eq!(aws.caller.stats().calls["route53:GetChange"], 1);
}
