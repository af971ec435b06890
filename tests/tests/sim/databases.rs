//! Databases: ten minutes until there is one, what refers to it in the meantime, what waits for the maintenance window, passwords that
//! are sent and never read, and what keeps the data of one that goes.

use std::path::Path;

use evenkeel_core::graph::Graph;
use evenkeel_core::id::NodeId;
use evenkeel_core::plan::{HeldBecause, Plan, Remark};
use evenkeel_sim::faults::{Fault, Faults, Rule};
use evenkeel_tests::simulated::{Bench, Ended, Goal, graph_of};
use serde_json::{Value, json};

fn graph(text: &str) -> Graph {
    graph_of(&format!("stack: shop\nregion: us-east-1\n{text}\n"), Path::new("."))
}

fn of(entry: &str) -> Graph {
    graph(&format!("databases: {{ main: {{ engine: postgres, {entry} }} }}"))
}

fn id() -> NodeId {
    NodeId::new("database", "main")
}

fn bench() -> Bench {
    let mut bench = Bench::new("us-east-1");
    bench.consents = false;
    bench
}

fn live(bench: &Bench) -> Value {
    bench.ask("rds.DescribeDBInstances", json!({}))["DBInstances"].clone()
}

fn snapshots(bench: &Bench) -> Vec<String> {
    let all = bench.ask("rds.DescribeDBSnapshots", json!({}))["DBSnapshots"].clone();
    let names = all.as_array().into_iter().flatten();
    names.filter_map(|one| Some(one["DBSnapshotIdentifier"].as_str()?.to_owned())).collect()
}

async fn plan(bench: &Bench, graph: &Graph, goal: Goal) -> Plan {
    let snapshot = bench.read(graph, goal).await;
    bench.plan(graph, &snapshot, goal)
}

async fn held(bench: &Bench, graph: &Graph, goal: Goal) -> Option<HeldBecause> {
    plan(bench, graph, goal).await.held.into_iter().find(|held| held.node == id()).map(|held| held.why)
}

/// A service that gets everything of a database.
const SERVING: &str = "cluster: shop
roles:
  execution:
    managed_policies: [AmazonECSTaskExecutionRolePolicy]
    policies: { db: { statements: [{ actions: \"secretsmanager:GetSecretValue\", resources: \"${database.main.secret}\" }] } }
security_groups: { app: {}, db: { ingress: [{ port: 5432, from: app }] } }
databases: { main: { engine: postgres, version: \"16\", database: shop, security_groups: [db], protect: false, final_snapshot: false } }
services:
  app:
    cpu: 256
    memory: 512
    execution_role: execution
    security_groups: [app]
    containers:
      app:
        image: \"ghcr.io/example/app:1\"
        environment: { HOST: \"${database.main.endpoint}:${database.main.port}/${database.main.database}\" }
        secrets: { PASSWORD: \"${database.main.password}\", NAME: \"${database.main.secret}:username::\" }";

fn serving() -> Graph {
    graph(SERVING)
}

#[tokio::test(start_paused = true)]
async fn a_service_waits_for_its_database_and_gets_where_it_is() {
    let bench = Bench::new("us-east-1");
    bench.done(&serving(), Goal::Apply).await;
    bench.settled(&serving(), Goal::Apply).await;
    let database = live(&bench)[0].clone();
    assert_eq!(database["DBInstanceStatus"], "available");
    let task =
        bench.ask("ecs.DescribeTaskDefinition", json!({ "taskDefinition": "shop-app" }))["taskDefinition"].clone();
    let container = &task["containerDefinitions"][0];
    let host = format!("{}:5432/shop", database["Endpoint"]["Address"].as_str().expect("an address"));
    assert_eq!(container["environment"][0]["value"], host);
    let secret = database["MasterUserSecret"]["SecretArn"].as_str().expect("a secret");
    let from: Vec<&str> =
        container["secrets"].as_array().unwrap().iter().filter_map(|it| it["valueFrom"].as_str()).collect();
    assert!(from.contains(&format!("{secret}:password::").as_str()), "{from:?}");
    assert!(from.contains(&format!("{secret}:username::").as_str()), "{from:?}");
    bench.done(&serving(), Goal::Destroy).await;
    assert_eq!((live(&bench), snapshots(&bench)), (json!([]), Vec::new()));
    let groups = bench.ask("rds.DescribeDBSubnetGroups", json!({}))["DBSubnetGroups"].clone();
    assert_eq!(groups, json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_dies_before_the_address_is_known_is_taken_up() {
    let bench = Bench::new("us-east-1");
    let die = Rule { operation: Some("CreateDBInstance".to_owned()), ..Rule::nth(1, Fault::DieAfter) };
    bench.faults(Faults::new(vec![die], 1));
    assert!(matches!(bench.run(&serving(), Goal::Apply).await, Ended::Killed));
    bench.faults(Faults::default());
    assert_eq!(live(&bench)[0]["DBInstanceStatus"], "creating");
    bench.done(&serving(), Goal::Apply).await;
    bench.settled(&serving(), Goal::Apply).await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_the_window_is_done_and_told() {
    let bench = bench();
    bench.done(&of("version: \"16\""), Goal::Apply).await;
    let larger = of("version: \"16\", class: db.t4g.small, maintenance_window: \"sun:04:00-sun:04:30\"");
    bench.done(&larger, Goal::Apply).await;
    assert_eq!(live(&bench)[0]["DBInstanceClass"], "db.t4g.micro", "it waits");
    let after = plan(&bench, &larger, Goal::Apply).await;
    assert!(after.steps.is_empty(), "{:?}", after.steps);
    let told =
        Remark::Waits("class db.t4g.small waits for the maintenance window (sun:04:00-sun:04:30 UTC)".to_owned());
    assert!(after.notes.iter().any(|note| note.remark == told), "{:?}", after.notes);
    let now = of(
        "version: \"16\", class: db.t4g.small, maintenance_window: \"sun:04:00-sun:04:30\", apply_immediately: true",
    );
    bench.done(&now, Goal::Apply).await;
    assert_eq!(live(&bench)[0]["DBInstanceClass"], "db.t4g.small", "it waits no longer, and the run has seen it");
    bench.settled(&now, Goal::Apply).await;
}

#[tokio::test(start_paused = true)]
async fn data_is_not_lost_unasked_and_leaves_a_snapshot() {
    let mut bench = bench();
    let (guarded, free) = (of("version: \"16\""), of("version: \"16\", protect: false"));
    let none = graph("");
    bench.done(&guarded, Goal::Apply).await;
    let protected = Some(HeldBecause::Guarded("protect".to_owned()));
    for (graph, goal) in [(&none, Goal::Apply), (&guarded, Goal::Destroy), (&of("version: \"15\""), Goal::Apply)] {
        assert_eq!(held(&bench, graph, goal).await, protected, "{goal:?}");
    }
    bench.done(&free, Goal::Apply).await;
    assert!(matches!(held(&bench, &none, Goal::Apply).await, Some(HeldBecause::Data(_))), "its tags remember");
    let smaller = of("version: \"16\", protect: false, storage: 20");
    assert_eq!(held(&bench, &smaller, Goal::Apply).await, None);
    bench.done(&of("version: \"16\", protect: false, storage: 30, apply_immediately: true"), Goal::Apply).await;
    assert!(matches!(held(&bench, &smaller, Goal::Apply).await, Some(HeldBecause::Data(_))), "storage never shrinks");

    bench.done(&guarded_again(), Goal::Apply).await;
    bench.options.consent = [id()].into();
    let destruction = plan(&bench, &none, Goal::Apply).await;
    let step = destruction.steps.iter().find(|step| step.node == id()).expect("it goes");
    let data = step.data.clone().expect("what is lost is told");
    bench.done(&none, Goal::Apply).await;
    let left = snapshots(&bench);
    assert_eq!((live(&bench), left.len()), (json!([]), 1));
    assert!(data.contains(&left[0]) && left[0].starts_with("shop-main-final-"), "{data}: {left:?}");
}

fn guarded_again() -> Graph {
    of("version: \"16\", storage: 30")
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_was_cut_short_ends_and_makes_room() {
    let mut bench = Bench::new("us-east-1");
    let one = of("version: \"16\", protect: false");
    bench.done(&one, Goal::Apply).await;
    bench.options.consent = [id()].into();
    let lost = Rule { operation: Some("DeleteDBInstance".to_owned()), ..Rule::nth(1, Fault::DieAfter) };
    bench.faults(Faults::new(vec![lost], 1));
    assert!(matches!(bench.run(&graph(""), Goal::Apply).await, Ended::Killed));
    bench.faults(Faults::default());
    assert_eq!(live(&bench)[0]["DBInstanceStatus"], "deleting");
    // It is wanted again while it goes.
    bench.done(&one, Goal::Apply).await;
    bench.settled(&one, Goal::Apply).await;
    assert_eq!((live(&bench).as_array().map(Vec::len), snapshots(&bench).len()), (Some(1), 1));
    bench.faults(Faults::new(
        vec![Rule { operation: Some("DeleteDBInstance".to_owned()), ..Rule::nth(1, Fault::DieAfter) }],
        1,
    ));
    assert!(matches!(bench.run(&graph(""), Goal::Apply).await, Ended::Killed));
    bench.faults(Faults::default());
    bench.done(&graph(""), Goal::Apply).await;
    assert_eq!((live(&bench), snapshots(&bench).len()), (json!([]), 2), "each has left a snapshot of its own");
}

#[tokio::test(start_paused = true)]
async fn a_password_of_ours_is_in_its_secret_and_in_no_other_place() {
    let bench = Bench::new("us-east-1");
    let with = |password: &str| {
        graph(&format!(
            "secrets: {{ db: {{ generate: 32, recovery_days: 0 }} }}\ndatabases: {{ main: {{ engine: postgres, protect: false, \
             final_snapshot: false{password} }} }}"
        ))
    };
    let own = with(", password: secret:db");
    // The secret is there, and its value is known to nobody any more.
    let die = Rule { operation: Some("CreateDBInstance".to_owned()), ..Rule::nth(1, Fault::DieBefore) };
    bench.faults(Faults::new(vec![die], 1));
    assert!(matches!(bench.run(&own, Goal::Apply).await, Ended::Killed));
    bench.faults(Faults::default());
    bench.take_requests();
    bench.done(&own, Goal::Apply).await;
    let asked = bench.take_requests();
    assert!(asked.iter().any(|(_, operation)| operation == "PutSecretValue"), "both get another one: {asked:?}");
    bench.settled(&own, Goal::Apply).await;
    let database = live(&bench)[0].clone();
    assert!(database["MasterUserSecret"].is_null());
    let word = bench.ask("secretsmanager.GetSecretValue", json!({ "SecretId": "shop/db" }))["SecretString"].clone();
    let word = word.as_str().expect("a value");
    let graph_text = serde_json::to_string(&own).unwrap();
    let tags = database["TagList"].to_string();
    assert!(!graph_text.contains(word) && !tags.contains(word), "it is in no document and no tag");

    // And back to one that RDS makes.
    bench.done(&with(""), Goal::Apply).await;
    bench.settled(&with(""), Goal::Apply).await;
    assert!(live(&bench)[0]["MasterUserSecret"]["SecretArn"].is_string());
    bench.done(&own, Goal::Apply).await;
    bench.settled(&own, Goal::Apply).await;
    assert!(live(&bench)[0]["MasterUserSecret"].is_null());
}

#[tokio::test(start_paused = true)]
async fn a_stack_without_databases_asks_rds_nothing_and_one_with_many_asks_little() {
    let bench = Bench::new("us-east-1");
    let plain = graph("log_groups: { app: { retention: 14d } }");
    bench.done(&plain, Goal::Apply).await;
    bench.sim.take_requests();
    plan(&bench, &plain, Goal::Apply).await;
    let asked = bench.sim.take_requests();
    assert!(asked.iter().all(|(service, _)| *service != "rds"), "{asked:?}");
    let entries: Vec<String> = (0..12).map(|number| format!("d{number}: {{ engine: postgres }}")).collect();
    let many = graph(&format!("databases: {{ {} }}", entries.join(", ")));
    bench.done(&many, Goal::Apply).await;
    bench.sim.pass(std::time::Duration::from_secs(60));
    bench.sim.take_requests();
    assert!(plan(&bench, &many, Goal::Apply).await.steps.is_empty());
    let asked = bench.sim.take_requests();
    let of = |name: &str| asked.iter().filter(|(_, operation)| operation == name).count();
    assert_eq!(
        (of("DescribeDBInstances"), of("DescribeDBSubnetGroups"), of("ListTagsForResource")),
        (1, 12, 0),
        "{asked:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_major_upgrade_takes_its_parameters_along() {
    let bench = bench();
    let at = |version: &str, value: &str| {
        of(&format!("version: \"{version}\", parameters: {{ log_statement: {value} }}, apply_immediately: true"))
    };
    bench.done(&at("16", "all"), Goal::Apply).await;
    bench.done(&at("17", "all"), Goal::Apply).await;
    bench.settled(&at("17", "all"), Goal::Apply).await;
    let database = live(&bench)[0].clone();
    assert!(database["EngineVersion"].as_str().is_some_and(|version| version.starts_with("17.")), "{database}");
    let groups = bench.ask("rds.DescribeDBParameterGroups", json!({}))["DBParameterGroups"].clone();
    let families: Vec<&str> =
        groups.as_array().unwrap().iter().filter_map(|it| it["DBParameterGroupFamily"].as_str()).collect();
    assert_eq!(families, ["postgres17"], "the old one is gone");
    bench.done(&at("17", "none"), Goal::Apply).await;
    bench.settled(&at("17", "none"), Goal::Apply).await;
}

/// The steps of a plan, by verb and node.
fn steps(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| format!("{} {}", step.verb(), step.node)).collect()
}

/// The same file with some of its text changed.
fn edited(changes: &[(&str, &str)]) -> Graph {
    let text = changes.iter().fold(SERVING.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    graph(&text)
}

#[tokio::test(start_paused = true)]
async fn what_changes_an_output_changes_who_uses_it_in_the_same_run() {
    let bench = Bench::new("us-east-1");
    bench.done(&serving(), Goal::Apply).await;
    let own = edited(&[
        ("databases: { main: {", "secrets: { db: { generate: 20 } }\ndatabases: { main: { password: \"secret:db\","),
        (r#"resources: "${database.main.secret}""#, r#"resources: "*""#),
        // A secret of the stack holds the password and no more.
        (r#", NAME: "${database.main.secret}:username::""#, ""),
    ]);
    let moved = edited(&[("databases: { main: {", "databases: { main: { port: 6000, apply_immediately: true,")]);
    for next in [&own, &serving(), &moved, &serving()] {
        let told = steps(&plan(&bench, next, Goal::Apply).await);
        assert!(told.contains(&"revise task_definition.app".to_owned()), "{told:?}");
        bench.done(next, Goal::Apply).await;
        bench.settled(next, Goal::Apply).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_renamed_entry_keeps_its_instance_whatever_it_says_of_version_and_storage() {
    let bench = bench();
    let entry = "engine: postgres, version: \"16\", storage: { size: 30 }, protect: false, final_snapshot: false";
    bench.done(&graph(&format!("databases: {{ main: {{ {entry} }} }}")), Goal::Apply).await;
    let was = live(&bench)[0]["DbiResourceId"].clone();
    let renamed = graph(&format!("databases: {{ haupt: {{ moved_from: main, {entry} }} }}"));
    let plan = plan(&bench, &renamed, Goal::Apply).await;
    let made = steps(&plan).iter().any(|step| !step.starts_with("update ") && !step.starts_with("wait "));
    assert!(plan.held.is_empty() && !made, "{:?}", steps(&plan));
    bench.done(&renamed, Goal::Apply).await;
    bench.settled(&renamed, Goal::Apply).await;
    assert_eq!(live(&bench)[0]["DbiResourceId"], was);
}

#[tokio::test(start_paused = true)]
async fn a_port_that_waits_is_taken_back() {
    let bench = bench();
    bench.done(&of("version: \"16\""), Goal::Apply).await;
    bench.done(&of("version: \"16\", port: 5433"), Goal::Apply).await;
    bench.done(&of("version: \"16\", port: 5432"), Goal::Apply).await;
    bench.settled(&of("version: \"16\", port: 5432"), Goal::Apply).await;
    assert_eq!(live(&bench)[0]["PendingModifiedValues"]["Port"], Value::Null);
}
