//! Several stacks read at once: what is read of each is what it reads alone, also where the stacks have to do with each other, and
//! what the account has is asked for once and not once for each stack.

use std::collections::BTreeMap;
use std::path::Path;

use evenkeel_aws::client::Aws;
use evenkeel_aws::cloud::AwsCloud;
use evenkeel_core::graph::Graph;
use evenkeel_core::snapshot::Snapshot;
use evenkeel_sim::faults::{Fault, Faults, Rule};
use evenkeel_tests::simulated::{Bench, Goal, graph_of};
use futures::future::join_all;

use super::scenes;

/// A stack of one service behind a load balancer.
const SMALL: &str = r#"
stack: NAME
region: ca-central-1
security_groups:
  alb: { ingress: [{ port: 80, from: 0.0.0.0/0 }] }
  app: { ingress: [{ port: 80, from: alb }] }
roles:
  execution: { managed_policies: [AmazonECSTaskExecutionRolePolicy] }
cluster: NAME
load_balancers:
  web: { security_groups: [alb], listeners: { http: { forward: app, rules: [{ priority: 1, path: /a, forward: app }] } } }
log_groups: { app: { retention: 7d } }
target_groups: { app: { port: 80, attributes: { slow_start.duration_seconds: "30" } } }
services:
  app:
    cpu: 256
    memory: 512
    execution_role: execution
    containers:
      app: { image: "public.ecr.aws/nginx/nginx:1.27", port: 80, logs: app }
    security_groups: [app]
    target_group: app
"#;

fn small(name: &str, changes: &[(&str, &str)]) -> Graph {
    let text = changes.iter().fold(SMALL.replace("NAME", name), |text, (from, to)| {
        assert!(text.contains(from), "there is no {from:?} to change");
        text.replace(from, to)
    });
    graph_of(&text, Path::new("."))
}

/// Clients that wait for one another's answers.
async fn snapshots(aws: &Aws, graphs: &[Graph], goal: Goal) -> Vec<Snapshot> {
    let read = graphs.iter().map(|graph| async move {
        let cloud = AwsCloud { aws: aws.clone(), stack: graph.stack.clone() };
        match goal {
            Goal::Apply => cloud.snapshot(graph).await,
            Goal::Destroy => cloud.snapshot_to_destroy(Some(graph)).await,
        }
    });
    join_all(read).await
}

/// The calls of each stack alone, added up, and those of all together; what is read has to be the same.
async fn compare(bench: &Bench, graphs: &[Graph], goal: Goal) -> (BTreeMap<String, u64>, BTreeMap<String, u64>) {
    let mut alone = BTreeMap::new();
    let mut each = Vec::new();
    for graph in graphs {
        let aws = bench.aws();
        each.extend(snapshots(&aws, std::slice::from_ref(graph), goal).await);
        for (operation, count) in aws.caller.stats().calls {
            *alone.entry(operation).or_default() += count;
        }
    }
    let aws = bench.aws().sharing();
    let together = snapshots(&aws, graphs, goal).await;
    for ((graph, one), other) in graphs.iter().zip(&each).zip(&together) {
        assert_eq!(one, other, "{goal:?} of {}", graph.stack.name);
        assert_eq!(bench.plan(graph, one, goal), bench.plan(graph, other, goal));
    }
    (alone, aws.caller.stats().calls)
}

/// Stacks that are there and match, differ, want less, want what another one has, or are not there at all.
async fn neighbours(bench: &Bench) -> Vec<Graph> {
    let names = ["a", "b", "c", "d", "e"];
    for name in names {
        bench.done(&small(name, &[]), Goal::Apply).await;
    }
    let without_front = [
        (
            "  web: { security_groups: [alb], listeners: { http: { forward: app, rules: [{ priority: 1, path: /a, forward: app }] } } }",
            "  {}",
        ),
        ("    target_group: app\n", ""),
    ];
    let cruddur = scenes::cruddur();
    bench.done(&cruddur.graph(), Goal::Apply).await;
    bench.sim.pass(std::time::Duration::from_secs(600));
    vec![
        small("a", &[]),
        small("b", &[("retention: 7d", "retention: 30d"), ("path: /a", "path: /b"), ("1.27", "1.28")]),
        small("c", &without_front),
        small("d", &[("  app:\n    cpu", "  new:\n    moved_from: app\n    cpu")]),
        small("e", &[("log_groups: { app: { retention: 7d } }", "log_groups: { app: { name: a-app } }")]),
        small("f", &[("cluster: f", "cluster: a")]),
        small("g", &[]),
        cruddur.changed(),
        scenes::cruddur_http().graph(),
    ]
}

#[tokio::test(start_paused = true)]
async fn what_is_read_together_is_what_each_reads_alone() {
    let bench = scenes::cruddur().bench();
    let graphs = neighbours(&bench).await;
    for goal in [Goal::Apply, Goal::Destroy] {
        let (alone, together) = compare(&bench, &graphs, goal).await;
        for (operation, count) in &together {
            assert!(*count <= alone[operation], "{operation}: {count} together, {} alone", alone[operation]);
        }
        let once = [
            "ec2:DescribeSecurityGroups",
            "elb:DescribeLoadBalancers",
            "elb:DescribeTargetGroups",
            "iam:GetAccountAuthorizationDetails",
            "route53:ListHostedZones",
            "tagging:GetResources",
        ];
        for operation in once {
            assert_eq!(together[operation], 1, "{goal:?}: {operation}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stack_more_costs_only_what_nothing_else_can_answer() {
    let bench = scenes::cruddur().bench();
    let names: Vec<String> = (0..12).map(|number| format!("s{number:02}")).collect();
    let graphs: Vec<Graph> = names.iter().map(|name| small(name, &[])).collect();
    for graph in &graphs {
        bench.done(graph, Goal::Apply).await;
    }
    bench.sim.pass(std::time::Duration::from_secs(600));
    let (_, of_six) = compare(&bench, &graphs[..6], Goal::Apply).await;
    let (alone, of_all) = compare(&bench, &graphs, Goal::Apply).await;
    // Of a cluster its services, of a load balancer its listeners, of a listener its rules, of a target group its attributes.
    let per_stack =
        ["ecs:DescribeServices", "elb:DescribeListeners", "elb:DescribeRules", "elb:DescribeTargetGroupAttributes"];
    for (operation, count) in &of_all {
        let more = if per_stack.contains(&operation.as_str()) { 6 } else { 0 };
        let tags = operation == "elb:DescribeTags";
        assert!(tags || *count == of_six[operation] + more, "{operation}: {count} after {}", of_six[operation]);
    }
    // Twelve stacks have four resources with tags each, and another one's load balancer is there.
    assert_eq!(of_all["elb:DescribeTags"], 3);
    let total = |calls: &BTreeMap<String, u64>| calls.values().sum::<u64>();
    assert!(total(&of_all) * 3 < total(&alone), "{of_all:#?}\nalone: {alone:#?}");
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_read_is_the_same_for_each() {
    let bench = scenes::cruddur().bench();
    let graphs = [small("a", &[]), small("b", &[])];
    for graph in &graphs {
        bench.done(graph, Goal::Apply).await;
    }
    for (service, operation) in [
        ("iam", "GetAccountAuthorizationDetails"),
        ("tagging", "GetResources"),
        ("elbv2", "DescribeTags"),
        ("ecs", "DescribeClusters"),
        ("logs", "DescribeLogGroups"),
        ("route53", "ListHostedZones"),
    ] {
        let denied = Rule::operation(service, operation, Fault::AccessDenied);
        bench.faults(Faults::new(vec![denied], 1));
        let alone = [
            snapshots(&bench.aws(), &graphs[..1], Goal::Apply).await,
            snapshots(&bench.aws(), &graphs[1..], Goal::Apply).await,
        ]
        .concat();
        let together = snapshots(&bench.aws().sharing(), &graphs, Goal::Apply).await;
        for (one, other) in alone.iter().zip(&together) {
            let kinds = |snapshot: &Snapshot| snapshot.unreadable.keys().cloned().collect::<Vec<_>>();
            assert_eq!(kinds(one), kinds(other), "{operation}");
            assert_eq!(one.nodes.keys().collect::<Vec<_>>(), other.nodes.keys().collect::<Vec<_>>(), "{operation}");
            assert_eq!(one.surplus, other.surplus, "{operation}");
        }
    }
}
