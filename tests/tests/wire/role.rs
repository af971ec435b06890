//! Roles against moto: each field made, read back, changed, and taken away again; and roles that are only looked up.

use std::collections::BTreeMap;

use evenkeel_aws::client::Aws;
use evenkeel_aws::kinds::role::existing::Sought;
use evenkeel_aws::kinds::role::{self, Spec, policy};
use evenkeel_aws::read::Scope;
use evenkeel_aws::reading;
use evenkeel_aws::resource::{Entry, Work, doc};
use evenkeel_aws::services::iam::read::Found;
use evenkeel_core::cloud::{Create, Update};
use evenkeel_core::error::ErrorClass;
use evenkeel_core::graph::{Graph, Node, StackInfo};
use evenkeel_core::snapshot::{Live, Owner};
use evenkeel_tests::moto::Moto;
use serde_json::json;

const EXECUTION: &str = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn trust(service: &str) -> serde_json::Value {
    policy::canonical(&json!({
        "Version": "2012-10-17",
        "Statement": { "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Service": service } },
    }))
}

fn inline(action: &str) -> serde_json::Value {
    policy::canonical(&json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": [action, "ssm:GetParameter"], "Resource": "*" }],
    }))
}

fn spec() -> Spec {
    Spec {
        description: "Runs the tasks".to_owned(),
        trust: trust("ecs-tasks.amazonaws.com"),
        managed: vec![EXECUTION.into()],
        inline: [("logs".to_owned(), inline("logs:PutLogEvents")), ("more".to_owned(), inline("s3:GetObject"))].into(),
        max_session_secs: 7200,
        boundary: READ_ONLY.to_owned(),
        tags: [("team".to_owned(), "blue".to_owned()), ("old".to_owned(), "x".to_owned())].into(),
    }
}

fn node(entry: &str, spec: &Spec) -> Node {
    Node::new(role::id(entry), format!("a-{entry}"), doc(spec))
}

async fn read(aws: &Aws, entry: &Entry, nodes: &[Node]) -> BTreeMap<String, Live> {
    let info = StackInfo { name: "a".to_owned(), region: "us-east-1".to_owned() };
    let graph = Graph::detached(info, nodes.iter().cloned());
    let only = ["role".to_owned()].into();
    let scope = Scope { stack: "a", graph: &graph, thorough: false, closely: false, only: Some(&only) };
    let fetched = reading::fetch(aws, &scope).await;
    entry.driver.observe(&fetched).unwrap().into_iter().map(|live| (live.id.clone(), bare(live))).collect()
}

/// Without what only the driver reads.
fn bare(live: Live) -> Live {
    Live { private: json!(null), ..live }
}

async fn create(aws: &Aws, node: &Node) -> Live {
    let order = Create { node: &node.id, name: &node.name, want: &node.want, replaces: None, token: TOKEN };
    bare(role::ENTRY.driver.create(Work { aws, stack: "a" }, order).await.unwrap())
}

async fn update(aws: &Aws, live: &Live, node: &Node) -> Live {
    let order = Update { node: &node.id, live, want: &node.want, changes: &[], token: TOKEN };
    bare(role::ENTRY.driver.update(Work { aws, stack: "a" }, order).await.unwrap())
}

/// Without permission for the overview a role is read by itself; the outcome is the same.
async fn one_by_one_tells_the_same(aws: &Aws, node: &Node) {
    let info = StackInfo { name: "a".to_owned(), region: "us-east-1".to_owned() };
    let graph = Graph::detached(info, [node.clone()]);
    let only = ["role".to_owned()].into();
    let scope = Scope { stack: "a", graph: &graph, thorough: false, closely: false, only: Some(&only) };
    let overview = reading::fetch(aws, &scope)
        .await
        .part::<evenkeel_aws::services::iam::read::Iam>()
        .unwrap()
        .roles
        .clone()
        .unwrap();
    let single = evenkeel_aws::services::iam::read::one(aws, &node.name, "").await.unwrap().unwrap();
    // moto encodes the trust document in one reply and not in the other.
    let decoded = |mut found: Found| {
        found.trust = policy::from_reply(&found.trust).to_string();
        found.inline.values_mut().for_each(|document| *document = policy::from_reply(document).to_string());
        found
    };
    assert_eq!(overview.into_iter().map(decoded).collect::<Vec<_>>(), [decoded(single)]);
    assert_eq!(evenkeel_aws::services::iam::read::one(aws, "nobody", "").await.unwrap(), None);
}

#[tokio::test]
async fn a_role_is_made_read_changed_and_deleted() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let kind = &role::ENTRY;

    let wanted = node("task", &spec());
    let made = create(&aws, &wanted).await;
    assert_eq!(aws.caller.stats().total, 4, "the role, one attachment, two inline policies");
    assert_eq!(made.outputs["arn"], "arn:aws:iam::123456789012:role/evenkeel/a/us-east-1/a-task");
    let before = aws.caller.stats().total;
    assert_eq!(read(&aws, kind, std::slice::from_ref(&wanted)).await["a-task"], made);
    assert_eq!(aws.caller.stats().total - before, 2, "all roles");
    one_by_one_tells_the_same(&aws, &wanted).await;
    assert_eq!(create(&aws, &wanted).await, made, "what was half made is taken up");

    // Every field at once.
    let changed = Spec {
        description: String::new(),
        trust: trust("ec2.amazonaws.com"),
        managed: vec![READ_ONLY.into()],
        inline: [("more".to_owned(), inline("s3:PutObject")), ("new".to_owned(), inline("sqs:SendMessage"))].into(),
        max_session_secs: 3600,
        boundary: String::new(),
        tags: [("team".to_owned(), "red".to_owned()), ("new".to_owned(), "y".to_owned())].into(),
    };
    let changed = node("task", &changed);
    let updated = update(&aws, &made, &changed).await;
    assert_eq!(updated.have, changed.want);
    assert_eq!(read(&aws, kind, std::slice::from_ref(&changed)).await["a-task"], updated);

    // One field: one request.
    let before = aws.caller.stats().total;
    let mut one = changed.clone();
    one.want["boundary"] = EXECUTION.into();
    let updated = update(&aws, &updated, &one).await;
    assert_eq!(aws.caller.stats().total - before, 1);
    assert_eq!(read(&aws, kind, std::slice::from_ref(&one)).await["a-task"], updated);

    // Found without the file; what somebody added goes only if the plan saw it; deleted twice.
    assert_eq!(read(&aws, kind, &[]).await["a-task"].owner, Owner::Ours(wanted.id.clone()));
    aws.iam().attach_role_policy().role_name("a-task").policy_arn(EXECUTION).send().await.unwrap();
    aws.iam().create_instance_profile().instance_profile_name("p").send().await.unwrap();
    let join = aws.iam().add_role_to_instance_profile().instance_profile_name("p");
    join.role_name("a-task").send().await.unwrap();
    let refused = kind.driver.delete(Work { aws: &aws, stack: "a" }, &wanted.id, &updated).await.unwrap_err();
    assert!(refused.message.contains("the instance profile p"), "{refused}");
    let mut seen = read(&aws, kind, &[]).await.remove("a-task").unwrap();
    assert!(!seen.inside.is_empty());
    seen.private = json!({ "profiles": ["p"] });
    kind.driver.delete(Work { aws: &aws, stack: "a" }, &wanted.id, &seen).await.unwrap();
    kind.driver.delete(Work { aws: &aws, stack: "a" }, &wanted.id, &seen).await.unwrap();
    assert!(read(&aws, kind, &[changed]).await.is_empty());
}

#[tokio::test]
async fn a_strangers_role_is_told_adopted_and_looked_up() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let kind = &role::ENTRY;
    let document =
        r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"x.amazonaws.com"}}}"#;
    for name in ["a-task", "other"] {
        let request = aws.iam().create_role().role_name(name).description("by hand");
        request.assume_role_policy_document(document).send().await.unwrap();
    }
    let wanted = node("task", &spec());
    let seen = read(&aws, kind, std::slice::from_ref(&wanted)).await;
    assert_eq!(seen.len(), 1);
    let stranger = &seen["a-task"];
    assert_eq!((&stranger.owner, stranger.have["description"].as_str()), (&Owner::Nobody, Some("by hand")));
    let order = Create { node: &wanted.id, name: &wanted.name, want: &wanted.want, replaces: None, token: TOKEN };
    assert_eq!(kind.driver.create(Work { aws: &aws, stack: "a" }, order).await.unwrap_err().class, ErrorClass::Exists);
    let adopted = update(&aws, stranger, &wanted).await;
    assert_eq!(read(&aws, kind, std::slice::from_ref(&wanted)).await["a-task"], adopted);

    let existing = |entry: &str, name: &str| Node::lookup(role::id(entry), "", doc(&Sought::new(name, None)));
    let nodes = [existing("x", "other"), existing("y", "none")];
    let info = StackInfo { name: "a".to_owned(), region: "us-east-1".to_owned() };
    let graph = Graph::detached(info, nodes.iter().cloned());
    let scope = Scope { stack: "a", graph: &graph, thorough: false, closely: false, only: None };
    let fetched = reading::fetch(&aws, &scope).await;
    let [there, absent] = nodes.map(|node| kind.driver.look_up(&fetched, &node).unwrap());
    assert_eq!(there.expect("it exists").outputs["arn"], "arn:aws:iam::123456789012:role/other");
    assert_eq!(absent, None, "the one that does not exist is absent");
}
