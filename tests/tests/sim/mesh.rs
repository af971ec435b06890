//! Namespaces, Service Connect and services of Cloud Map: what ECS makes by itself is waited for when they go, what others have in a
//! namespace keeps it, and a stack without any of it asks nothing.

use std::path::Path;

use evenkeel_core::event::{Event, What};
use evenkeel_core::graph::Graph;
use evenkeel_core::id::NodeId;
use evenkeel_core::plan::{Action, HeldBecause, Plan};
use evenkeel_tests::simulated::{Bench, Ended, Goal, graph_of};
use serde_json::{Value, json};

const HEAD: &str =
    "stack: shop\nregion: us-east-1\nroles: { execution: { managed_policies: [AmazonECSTaskExecutionRolePolicy] } }\n";

fn graph(text: &str) -> Graph {
    graph_of(&format!("{HEAD}{text}"), Path::new("."))
}

/// A service with these keys beside what it runs.
fn serving(namespaces: &str, keys: &str) -> Graph {
    let container =
        "containers: { web: { image: \"ghcr.io/example/web:1\", port: { port: 80, name: web, app_protocol: http } } }";
    graph(&format!(
        "namespaces: {namespaces}\ncluster: {{ name: shop, namespace: app }}\nservices:\n  web: {{ cpu: 256, memory: 512, \
         execution_role: execution, {container}, {keys} }}\n"
    ))
}

async fn plan(bench: &Bench, graph: &Graph, goal: Goal) -> Plan {
    let snapshot = bench.read(graph, goal).await;
    bench.plan(graph, &snapshot, goal)
}

fn spaces(bench: &Bench) -> Vec<Value> {
    bench.ask("servicediscovery.ListNamespaces", json!({}))["Namespaces"].as_array().cloned().unwrap_or_default()
}

fn services(bench: &Bench) -> Vec<Value> {
    bench.ask("servicediscovery.ListServices", json!({}))["Services"].as_array().cloned().unwrap_or_default()
}

/// What was said while something was waited for.
fn waits(events: &[Event]) -> Vec<&str> {
    let status =
        |event: &Event| if let What::Waiting { status, .. } = &event.what { Some(status.clone()) } else { None };
    let all: Vec<String> = events.iter().filter_map(status).collect();
    all.leak().iter().map(String::as_str).collect()
}

#[tokio::test(start_paused = true)]
async fn what_ecs_made_goes_before_its_namespace() {
    let bench = Bench::new("us-east-1");
    let all = serving("{ app: {} }", "service_connect: { services: [{ port_name: web, client_aliases: 80 }] }");
    bench.done(&all, Goal::Apply).await;
    assert_eq!(services(&bench).len(), 1, "ECS has made one");
    assert!(plan(&bench, &all, Goal::Apply).await.steps.is_empty());
    let Ended::Outcome(outcome, events) = bench.run(&all, Goal::Destroy).await else { panic!("nothing was destroyed") };
    assert!(outcome.summary().failed.is_empty(), "{:#?}", outcome.summary().failed);
    assert!(
        waits(&events).iter().any(|said| said.contains("ECS still has `web` of Service Connect")),
        "{:?}",
        waits(&events)
    );
    assert!(spaces(&bench).is_empty() && services(&bench).is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_ecs_forgets_is_removed_after_a_while() {
    let bench = Bench::new("us-east-1");
    let all = graph("namespaces: { app: {} }\n");
    bench.done(&all, Goal::Apply).await;
    let space = spaces(&bench)[0]["Id"].clone();
    let tags = json!([{ "Key": "AmazonECSManaged", "Value": "true" }]);
    bench.ask("servicediscovery.CreateService", json!({ "Name": "left", "NamespaceId": space, "Tags": tags }));
    let ended = bench.run(&all, Goal::Destroy).await;
    let Ended::Outcome(_, events) = &ended else { panic!("{ended:#?}") };
    assert!(ended.is_done(), "{ended:#?}");
    assert!(waits(events).iter().any(|said| said.contains("`left`")));
    assert!(spaces(&bench).is_empty() && services(&bench).is_empty());
}

#[tokio::test(start_paused = true)]
async fn services_of_others_keep_a_namespace() {
    let bench = Bench::new("us-east-1");
    let (all, none) = (graph("namespaces: { app: {} }\n"), graph(""));
    bench.done(&all, Goal::Apply).await;
    let space = spaces(&bench)[0]["Id"].clone();
    let his = bench.ask("servicediscovery.CreateService", json!({ "Name": "his", "NamespaceId": space }));
    for (wanted, goal) in [(&none, Goal::Apply), (&all, Goal::Destroy)] {
        let held = plan(&bench, wanted, goal).await.held;
        let why =
            held.iter().find(|held| held.node == NodeId::new("namespace", "app")).map(|held| format!("{:?}", held.why));
        assert!(why.as_ref().is_some_and(|why| why.contains("`his`")), "{held:?}");
    }
    assert!(plan(&bench, &all, Goal::Apply).await.steps.is_empty(), "it is nothing to the namespace that stays");
    bench.ask("servicediscovery.DeleteService", json!({ "Id": his["Service"]["Id"] }));
    bench.done(&none, Goal::Apply).await;
    assert!(spaces(&bench).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_change_of_service_connect_is_deployed_and_one_by_hand_is_undone() {
    let bench = Bench::new("us-east-1");
    let (off, on) = (serving("{ app: {} }", "service_connect: false"), serving("{ app: {} }", "service_connect: true"));
    bench.done(&off, Goal::Apply).await;
    let first = bench.ask("ecs.DescribeServices", json!({ "cluster": "shop", "services": ["shop-web"] }));
    bench.done(&on, Goal::Apply).await;
    let now = bench.ask("ecs.DescribeServices", json!({ "cluster": "shop", "services": ["shop-web"] }));
    let deployment = |reply: &Value| reply["services"][0]["deployments"][0].clone();
    assert_ne!(deployment(&first)["id"], deployment(&now)["id"]);
    assert_eq!(deployment(&now)["serviceConnectConfiguration"]["namespace"], spaces(&bench)[0]["Arn"]);
    let by_hand =
        json!({ "cluster": "shop", "service": "shop-web", "serviceConnectConfiguration": { "enabled": false } });
    bench.ask("ecs.UpdateService", by_hand);
    bench.sim.pass(std::time::Duration::from_secs(600));
    let plan = plan(&bench, &on, Goal::Apply).await;
    let step = plan.steps.first().expect("it is undone");
    let Action::Update { changes, .. } = &step.action else { panic!("{:#?}", step.action) };
    assert!(changes.iter().all(|change| change.field() == "service_connect"), "{changes:#?}");
    bench.done(&on, Goal::Apply).await;
    bench.done(&off, Goal::Apply).await;
    assert!(self::plan(&bench, &off, Goal::Apply).await.steps.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_registry_is_replaced_while_its_tasks_run() {
    let bench = Bench::new("us-east-1");
    let spaces = "{ app: { type: private-dns, name: shop.internal } }";
    let first = serving(spaces, "discovery: { namespace: app }");
    bench.done(&first, Goal::Apply).await;
    let zones = bench.ask("route53.ListHostedZones", json!({}))["HostedZones"].clone();
    assert_eq!(zones[0]["LinkedService"]["ServicePrincipal"], "servicediscovery.amazonaws.com", "{zones}");
    let made = services(&bench);
    assert_eq!((made.len(), made[0]["InstanceCount"].clone()), (1, json!(1)));
    let next = serving(spaces, "discovery: { namespace: app, records: [A, SRV], port: 80 }");
    bench.done(&next, Goal::Apply).await;
    bench.sim.pass(std::time::Duration::from_secs(60));
    let then = services(&bench);
    assert_eq!((then.len(), then[0]["InstanceCount"].clone()), (1, json!(1)));
    assert_ne!(made[0]["Id"], then[0]["Id"]);
    assert!(plan(&bench, &next, Goal::Apply).await.steps.is_empty());
    bench.done(&next, Goal::Destroy).await;
    assert!(services(&bench).is_empty());
    assert_eq!(bench.ask("route53.ListHostedZones", json!({}))["HostedZones"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_cannot_be_made_says_why() {
    let bench = Bench::new("us-east-1");
    let vpc = bench.ask("ec2.DescribeVpcs", json!({}))["Vpcs"][0]["VpcId"].clone();
    let zone =
        json!({ "Name": "shop.internal", "CallerReference": "his", "VPC": { "VPCId": vpc, "VPCRegion": "us-east-1" } });
    bench.ask("route53.CreateHostedZone", zone);
    let wanted = graph("namespaces: { app: { type: private-dns, name: shop.internal } }\n");
    let ended = bench.run(&wanted, Goal::Apply).await;
    let Ended::Outcome(outcome, _) = &ended else { panic!("{ended:#?}") };
    let failed = &outcome.summary().failed;
    assert!(failed.len() == 1 && failed[0].error.message.contains("ConflictingDomainExists"), "{failed:#?}");
}

#[tokio::test(start_paused = true)]
async fn one_that_another_run_begins_to_make_is_seen_when_it_is_there() {
    let bench = Bench::new("us-east-1");
    let wanted = graph("namespaces: { app: {} }\n");
    let tags =
        json!([{ "Key": "evenkeel:stack", "Value": "shop" }, { "Key": "evenkeel:id", "Value": "namespace.app" }]);
    bench.ask("servicediscovery.CreateHttpNamespace", json!({ "Name": "shop-app", "Tags": tags }));
    bench.done(&wanted, Goal::Apply).await;
    assert_eq!(spaces(&bench).len(), 1);
    assert!(plan(&bench, &wanted, Goal::Apply).await.steps.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_plan_asks_only_what_it_needs() {
    let bench = Bench::new("us-east-1");
    for number in 0..30 {
        bench.ask("servicediscovery.CreateHttpNamespace", json!({ "Name": format!("others-{number}") }));
    }
    bench.sim.pass(std::time::Duration::from_secs(120));
    let asked = |bench: &Bench| {
        let all = bench.sim.take_requests().into_iter().filter(|(service, _)| *service != "ecs");
        let of_map =
            ["ListNamespaces", "ListServices", "GetNamespace", "GetService", "GetHostedZone", "ListTagsForResource"];
        let found = all.map(|(_, operation)| operation);
        let mut found: Vec<String> = found.filter(|one| of_map.contains(&one.as_str())).collect();
        found.sort();
        found
    };
    let without = graph("cluster: shop\n");
    bench.done(&without, Goal::Apply).await;
    asked(&bench);
    plan(&bench, &without, Goal::Apply).await;
    assert_eq!(asked(&bench), Vec::<String>::new());
    let with = serving(
        "{ app: { type: private-dns, name: shop.internal } }",
        "service_connect: true, discovery: { namespace: app }",
    );
    bench.done(&with, Goal::Apply).await;
    bench.sim.pass(std::time::Duration::from_secs(120));
    asked(&bench);
    plan(&bench, &with, Goal::Apply).await;
    assert_eq!(asked(&bench), ["GetHostedZone", "ListNamespaces", "ListServices"]);
}

#[tokio::test(start_paused = true)]
async fn a_namespace_of_others_is_looked_up_and_left() {
    let bench = Bench::new("us-east-1");
    bench.ask("servicediscovery.CreateHttpNamespace", json!({ "Name": "his" }));
    bench.sim.pass(std::time::Duration::from_secs(120));
    let wanted = serving(
        "{ app: { existing: his } }",
        "service_connect: { services: [{ port_name: web }] }, discovery: { namespace: existing:his, name: api }",
    );
    bench.done(&wanted, Goal::Apply).await;
    assert!(plan(&bench, &wanted, Goal::Apply).await.steps.is_empty());
    bench.done(&wanted, Goal::Destroy).await;
    assert_eq!(spaces(&bench).len(), 1);
    let missing = serving("{ app: { existing: hers } }", "service_connect: true");
    let held = plan(&bench, &missing, Goal::Apply).await.held;
    let not_found = |why: &HeldBecause| matches!(why, HeldBecause::NotFound(what) if what == "hers");
    assert!(held.iter().any(|held| not_found(&held.why)), "{held:#?}");
}
