//! An account that lacks the roles by which AWS's services act: they are made as steps of the plan, before what needs them, for no
//! further request; they stay when the stack goes; and who may not make them gets on without.

use std::path::Path;

use evenkeel_aws::cloud::AwsCloud;
use evenkeel_core::graph::Graph;
use evenkeel_core::snapshot::Snapshot;
use evenkeel_sim::faults::{Fault, Faults, Rule};
use evenkeel_tests::simulated::{Bench, Goal, graph_of};
use serde_json::{Value, json};

const SERVICES: [&str; 3] =
    ["ecs.amazonaws.com", "elasticloadbalancing.amazonaws.com", "ecs.application-autoscaling.amazonaws.com"];

fn shop() -> Graph {
    let text = "stack: shop\nregion: us-east-1\ntarget_groups: { app: { port: 8000 } }\n\
                load_balancers: { web: { listeners: { http: { forward: app } } } }\ncluster: shop\nservices:\n  app:\n    \
                cpu: 256\n    memory: 512\n    containers: { app: { image: \"ghcr.io/example/app:1\", port: 8000 } }\n    \
                target_group: app\n    autoscaling: { min: 1, max: 2, cpu: 60 }\n";
    graph_of(text, Path::new("."))
}

/// An account whose roles of services were deleted.
fn bench() -> Bench {
    let bench = Bench::new("us-east-1");
    for service in SERVICES {
        let role = bench.ask("iam.CreateServiceLinkedRole", json!({ "AWSServiceName": service }));
        bench.ask("iam.DeleteServiceLinkedRole", json!({ "RoleName": role["Role"]["RoleName"] }));
    }
    bench
}

fn roles(bench: &Bench) -> Vec<String> {
    let all = bench.ask("iam.ListRoles", json!({ "PathPrefix": "/aws-service-role/" }))["Roles"].clone();
    all.as_array().into_iter().flatten().map(|role| role["RoleName"].to_string()).collect()
}

async fn read(bench: &Bench, graph: &Graph) -> (Snapshot, Option<Graph>) {
    AwsCloud { aws: bench.aws(), stack: graph.stack.clone() }.snapshot_with_roles(graph).await
}

fn added(graph: Option<&Graph>) -> Vec<String> {
    let nodes = graph.into_iter().flat_map(|graph| graph.of_kind("service_linked_role"));
    nodes.map(|node| node.id.to_string()).collect()
}

const ALL: [&str; 3] =
    ["service_linked_role.autoscaling", "service_linked_role.ecs", "service_linked_role.elasticloadbalancing"];

#[tokio::test(start_paused = true)]
async fn what_an_account_lacks_is_made_first_and_stays() {
    let bench = bench();
    let graph = shop();
    let (snapshot, completed) = read(&bench, &graph).await;
    assert_eq!(added(completed.as_ref()), ALL);
    let completed = completed.unwrap();
    let plan = bench.plan(&completed, &snapshot, Goal::Apply);
    let order: Vec<String> = plan.steps.iter().map(|step| format!("{} {}", step.verb(), step.node)).collect();
    let at = |step: &str| order.iter().position(|one| one == step).unwrap_or_else(|| panic!("no {step} in {order:?}"));
    assert!(at("create service_linked_role.ecs") < at("create cluster.main"));
    assert!(at("create service_linked_role.elasticloadbalancing") < at("create load_balancer.web"));
    assert!(at("create service_linked_role.autoscaling") < at("create scaling.app"));

    bench.done(&completed, Goal::Apply).await;
    assert_eq!(roles(&bench).len(), 3);
    let (snapshot, completed) = read(&bench, &graph).await;
    assert_eq!(completed, None, "the account has them now");
    assert!(bench.plan(&graph, &snapshot, Goal::Apply).steps.is_empty());
    bench.done(&graph, Goal::Destroy).await;
    assert_eq!(roles(&bench).len(), 3, "they are the account's");
}

#[tokio::test(start_paused = true)]
async fn the_look_costs_no_request() {
    let bench = bench();
    let graph = shop();
    bench.sim.take_requests();
    bench.read(&graph, Goal::Apply).await;
    let alone = bench.sim.take_requests().len();
    read(&bench, &graph).await;
    assert_eq!(bench.sim.take_requests().len(), alone);
}

#[tokio::test(start_paused = true)]
async fn without_them_the_first_cluster_is_refused_and_asked_for_again() {
    let bench = bench();
    let refused = bench.sim.with_world(|world| {
        let input = json!({ "clusterName": "first" });
        evenkeel_sim::services::call(world, &bench.place, "ecs", "CreateCluster", input)
    });
    assert!(refused.is_err(), "{refused:?}");
    // The service has its role by now.
    assert_eq!(bench.ask("ecs.CreateCluster", json!({ "clusterName": "first" }))["cluster"]["status"], "ACTIVE");
    let other = self::bench();
    other.done(&shop(), Goal::Apply).await;
}

#[tokio::test(start_paused = true)]
async fn who_may_not_look_or_make_one_gets_on_as_before() {
    let bench = bench();
    let graph = shop();
    let (_, completed) = read(&bench, &graph).await;
    bench.faults(Faults::new(vec![Rule::operation("iam", "CreateServiceLinkedRole", Fault::AccessDenied)], 0));
    bench.done(&completed.unwrap(), Goal::Apply).await;
    let all = ["GetAccountAuthorizationDetails", "ListRoles"];
    let denied = all.map(|operation| Rule::operation("iam", operation, Fault::AccessDenied));
    let blind = self::bench();
    blind.faults(Faults::new(denied.into(), 0));
    assert_eq!(read(&blind, &graph).await.1, None);
    assert_eq!(
        bench.ask("ecs.DescribeClusters", json!({ "clusters": ["shop"] }))["failures"],
        Value::Array(Vec::new())
    );
}
