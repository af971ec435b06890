//! Gateways of ECS and the services that connect to them: from nothing to an address, through changes, moves and interruptions, to nothing.

use std::path::Path;

use evenkeel_core::graph::Graph;
use evenkeel_core::id::NodeId;
use evenkeel_core::plan::HeldBecause;
use evenkeel_core::snapshot::Readiness;
use evenkeel_sim::faults::{Fault, Faults, Rule};
use evenkeel_tests::simulated::{Bench, Goal, graph_of};
use evenkeel_tests::things::things;
use serde_json::json;

const STACK: &str = r#"
stack: ways
region: us-east-1
roles: { gateway: { trust: ecs, managed_policies: [AmazonECSInfrastructureRoleForGatewayHostSharedALB] } }
gateways: { public: { role: gateway } }
cluster: { name: ways }
services:
  api:
    cpu: 256
    memory: 512
    containers: { api: { image: "ghcr.io/example/api:1", port: { port: 80, name: http } } }
    ingress: { gateway: public, deregistration_delay: 10s }
  web:
    cpu: 256
    memory: 512
    containers: { web: { image: "ghcr.io/example/web:1", port: { port: 80, name: http }, environment: { API: "${service.api.url}" } } }
    ingress: { gateway: public, deregistration_delay: 10s }
"#;

fn graph(changes: &[(&str, &str)]) -> Graph {
    let text = changes.iter().fold(STACK.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "there is no {from:?} to change");
        text.replacen(from, to, 1)
    });
    graph_of(&text, Path::new("."))
}

fn id(text: &str) -> NodeId {
    text.parse().expect("an id")
}

async fn url(bench: &Bench, graph: &Graph, service: &str) -> String {
    let snapshot = bench.read(graph, Goal::Apply).await;
    let live = snapshot.live(&id(service)).expect("it is there");
    assert_eq!(live.readiness, Readiness::Ready);
    live.outputs["url"].as_str().expect("it has an address").to_owned()
}

#[tokio::test(start_paused = true)]
async fn services_get_addresses_that_others_are_told() {
    let bench = Bench::new("us-east-1");
    let before = things(&bench.world());
    let wanted = graph(&[]);
    bench.done(&wanted, Goal::Apply).await;
    bench.settled(&wanted, Goal::Apply).await;
    let api = url(&bench, &wanted, "service.api").await;
    assert!(api.starts_with("https://") && api.ends_with(".ecs.us-east-1.on.aws"), "{api}");
    let web = bench.ask("ecs.DescribeTaskDefinition", json!({ "taskDefinition": "ways-web" }));
    assert_eq!(web["taskDefinition"]["containerDefinitions"][0]["environment"][0]["value"], *api);
    // What ECS has made carries our tags, and is told nowhere.
    let snapshot = bench.read(&wanted, Goal::Apply).await;
    assert_eq!(snapshot.strays, [], "{:#?}", snapshot.strays);
    let balancers = bench.ask("elbv2.DescribeLoadBalancers", json!({}))["LoadBalancers"].clone();
    assert_eq!(balancers.as_array().map(Vec::len), Some(1));

    // A new version keeps its address.
    let next = graph(&[("example/api:1", "example/api:2")]);
    bench.done(&next, Goal::Apply).await;
    bench.settled(&next, Goal::Apply).await;
    assert_eq!(url(&bench, &next, "service.api").await, api);

    bench.done(&next, Goal::Destroy).await;
    bench.sim.pass(std::time::Duration::from_secs(900));
    let left = things(&bench.world());
    let left: Vec<String> = left.keys().filter(|key| !before.contains_key(key)).map(ToString::to_string).collect();
    let own = |key: &String| !key.contains("iam.") && !key.contains("ecs.running") && !key.contains("ecs.registry");
    assert_eq!(left.into_iter().filter(own).collect::<Vec<_>>(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_dies_anywhere_is_finished_by_the_next() {
    let wanted = graph(&[]);
    for operation in ["CreateGateway", "AssociateGatewayWithCluster", "CreateService", "DescribeServiceRevisions"] {
        for fault in [Fault::DieBefore, Fault::DieAfter, Fault::ReplyLost] {
            let bench = Bench::new("us-east-1");
            bench.faults(Faults::new(vec![Rule { nth: Some(1), ..Rule::operation("ecs", operation, fault) }], 1));
            bench.run(&wanted, Goal::Apply).await;
            bench.faults(Faults::default());
            bench.done(&wanted, Goal::Apply).await;
            bench.settled(&wanted, Goal::Apply).await;
            for gone in ["UpdateGateway", "DisassociateGatewayFromCluster", "DeleteGateway"] {
                let bench = Bench::of(bench.world(), "us-east-1");
                bench.faults(Faults::new(vec![Rule { nth: Some(1), ..Rule::operation("ecs", gone, fault) }], 1));
                bench.run(&wanted, Goal::Destroy).await;
                bench.faults(Faults::default());
                bench.done(&wanted, Goal::Destroy).await;
                let left = bench.ask("ecs.ListGateways", json!({}));
                assert_eq!(left["gateways"], json!([]), "{operation} {gone}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn another_scheme_is_another_gateway_to_which_the_services_turn() {
    let bench = Bench::new("us-east-1");
    bench.done(&graph(&[]), Goal::Apply).await;
    let before = url(&bench, &graph(&[]), "service.api").await;
    let wanted = graph(&[("{ role: gateway }", "{ role: gateway, scheme: internal }")]);
    bench.done(&wanted, Goal::Apply).await;
    bench.settled(&wanted, Goal::Apply).await;
    assert_ne!(url(&bench, &wanted, "service.api").await, before);
    let gateways = bench.ask("ecs.ListGateways", json!({}))["gateways"].clone();
    assert_eq!(gateways.as_array().map(Vec::len), Some(1), "{gateways}");
}

#[tokio::test(start_paused = true)]
async fn a_service_leaves_its_gateway() {
    let bench = Bench::new("us-east-1");
    bench.done(&graph(&[]), Goal::Apply).await;
    let wanted = graph(&[
        ("gateways: { public: { role: gateway } }\n", ""),
        ("    ingress: { gateway: public, deregistration_delay: 10s }\n", ""),
        (", environment: { API: \"${service.api.url}\" }", ""),
        ("    ingress: { gateway: public, deregistration_delay: 10s }\n", ""),
    ]);
    bench.done(&wanted, Goal::Apply).await;
    bench.settled(&wanted, Goal::Apply).await;
    assert_eq!(bench.ask("ecs.ListGateways", json!({}))["gateways"], json!([]));
    assert_eq!(bench.ask("elbv2.DescribeLoadBalancers", json!({}))["LoadBalancers"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn what_others_have_tied_to_it_keeps_it() {
    let mut bench = Bench::new("us-east-1");
    bench.done(&graph(&[]), Goal::Apply).await;
    bench.ask("ecs.CreateCluster", json!({ "clusterName": "legacy" }));
    bench.ask("ecs.AssociateGatewayWithCluster", json!({ "gateway": "ways-public", "cluster": "legacy" }));
    bench.options.consent.insert(id("gateway.public"));
    let wanted = graph(&[]);
    let snapshot = bench.read(&wanted, Goal::Destroy).await;
    let plan = bench.plan(&wanted, &snapshot, Goal::Destroy);
    let held = plan.held.iter().find(|held| held.node == id("gateway.public")).expect("it is held");
    assert!(matches!(&held.why, HeldBecause::Holds(what) if what.contains("cluster legacy")), "{held:?}");
}

#[tokio::test(start_paused = true)]
async fn a_gateway_of_others_serves_a_cluster_of_others() {
    let bench = Bench::new("us-east-1");
    let platform = STACK.split("services:").next().expect("a head");
    bench.done(&graph_of(platform, Path::new(".")), Goal::Apply).await;
    let app = r#"
stack: app
region: us-east-1
gateways: { public: { existing: ways-public } }
cluster: { existing: ways }
services:
  web:
    cpu: 256
    memory: 512
    containers: { web: { image: "ghcr.io/example/web:1", port: { port: 80, name: http } } }
    ingress: { gateway: public, deregistration_delay: 10s }
"#;
    let app = graph_of(app, Path::new("."));
    let snapshot = bench.read(&app, Goal::Apply).await;
    let plan = bench.plan(&app, &snapshot, Goal::Apply);
    assert!(plan.held.is_empty() && plan.conflicts.is_empty(), "{:#?} {:#?}", plan.held, plan.conflicts);
    let made = plan.steps.iter().find(|step| step.node == id("service.web")).expect("it is made");
    let text = format!("{:?}", made.action);
    assert!(text.contains("gateway/ways-public") && text.contains("PUBLIC"), "{text}");
    bench.ask("ecs.DisassociateGatewayFromCluster", json!({ "gateway": "ways-public", "cluster": "ways" }));
    bench.sim.pass(std::time::Duration::from_secs(900));
    let snapshot = bench.read(&app, Goal::Apply).await;
    let plan = bench.plan(&app, &snapshot, Goal::Apply);
    let held = plan.held.iter().find(|held| held.node == id("gateway.public")).expect("it serves the cluster no more");
    assert!(
        matches!(&held.why, HeldBecause::Unreadable(error) if error.message.contains("not associated")),
        "{held:?}"
    );
}
