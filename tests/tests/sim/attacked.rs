//! Stories of an attack on the laws: each brings about what its last words say, and what it was not to touch is as it was.

use std::path::Path;

use evenkeel_core::graph::Graph;
use evenkeel_core::id::NodeId;
use evenkeel_core::plan::HeldBecause;
use evenkeel_sim::faults::{Fault, Faults, Rule};
use evenkeel_tests::simulated::{Bench, Ended, Goal, graph_of, in_virtual_time};
use serde_json::{Value, json};

const REGION: &str = "us-east-1";

const SITE: &str = r#"
stack: demo
region: us-east-1
security_groups: { alb: { ingress: [{ port: 80, from: 0.0.0.0/0 }] }, app: { ingress: [{ port: 8000, from: alb }] } }
target_groups: { app: { port: 8000, deregistration_delay: 10s } }
load_balancers: { web: { security_groups: [alb], listeners: { http: { port: 80, forward: app } } } }
cluster: { name: demo }
services:
  app:
    cpu: 256
    memory: 512
    containers: { app: { image: "ghcr.io/example/app:1", port: 8000 } }
    security_groups: [app]
    target_group: app
dns: [{ zone: demo.example, create: true, records: [{ name: www, alias: web }] }]
"#;

fn graph(text: &str) -> Graph {
    graph_of(text, Path::new("."))
}

fn site(changes: &[(&str, &str)]) -> Graph {
    let text = changes.iter().fold(SITE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the stack has no {from:?}");
        text.replacen(from, to, 1)
    });
    graph(&text)
}

fn node(id: &str) -> NodeId {
    id.parse().expect("an id")
}

/// The rules that let something out of, and into, every group that is not the default one.
fn rules(bench: &Bench) -> Vec<(String, Value, Value)> {
    let reply = bench.ask("ec2.DescribeSecurityGroups", json!({}));
    let groups = reply["SecurityGroups"].as_array().cloned().unwrap_or_default();
    let mut found: Vec<(String, Value, Value)> = groups
        .iter()
        .filter(|group| group["GroupName"] != "default")
        .map(|group| {
            let name = group["GroupName"].as_str().unwrap_or_default().to_owned();
            (name, group["IpPermissionsEgress"].clone(), group["IpPermissions"].clone())
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[test]
fn groups_that_let_each_other_in_exchange_their_names_and_keep_their_rules() {
    let stack = |a: &str, b: &str| {
        graph(&format!(
            "stack: ex\nregion: us-east-1\nsecurity_groups:\n  a: {{ name: {a}, ingress: [{{ port: 80, from: b }}] }}\n  \
             b: {{ name: {b}, ingress: [{{ port: 81, from: a }}] }}\n"
        ))
    };
    in_virtual_time(async {
        let bench = Bench::new(REGION);
        bench.done(&stack("one", "two"), Goal::Apply).await;
        bench.done(&stack("two", "one"), Goal::Apply).await;
        for (name, egress, _) in rules(&bench) {
            assert_ne!(egress, json!([]), "{name} lets something out");
        }
        bench.settled(&stack("two", "one"), Goal::Apply).await;
    });
}

#[test]
fn a_file_that_is_put_back_goes_back_to_what_was_there() {
    in_virtual_time(async {
        let mut bench = Bench::new(REGION);
        bench.done(&site(&[]), Goal::Apply).await;
        let died = Rule { nth: Some(1), ..Rule::operation("ecs", "CreateCluster", Fault::DieAfter) };
        bench.faults(Faults::new(vec![died], 1));
        let ended = bench.run(&site(&[("name: demo }", "name: demo2 }")]), Goal::Apply).await;
        assert!(matches!(ended, Ended::Killed));
        bench.faults(Faults::default());
        bench.sim.pass(std::time::Duration::from_secs(60));
        let read = bench.read(&site(&[]), Goal::Apply).await;
        let plan = bench.plan(&site(&[]), &read, Goal::Apply);
        assert!(plan.steps.is_empty(), "what the file asks for is there: {:#?}", plan.steps);
        assert!(matches!(&plan.held[..], [held] if matches!(held.why, HeldBecause::Abandoned(_))), "{:?}", plan.held);
        bench.options.consent = [node("cluster.main")].into();
        bench.done(&site(&[]), Goal::Apply).await;
        bench.settled(&site(&[]), Goal::Apply).await;
        let clusters = bench.ask("ecs.ListClusters", json!({}));
        assert_eq!(clusters["clusterArns"].as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn a_forged_successor_does_not_make_the_real_thing_a_left_over() {
    in_virtual_time(async {
        let bench = Bench::new(REGION);
        let stack = graph("stack: tiny\nregion: us-east-1\nsecurity_groups: { x: {} }\n");
        bench.done(&stack, Goal::Apply).await;
        let groups = bench.ask("ec2.DescribeSecurityGroups", json!({}));
        let ours = groups["SecurityGroups"].as_array().into_iter().flatten().find(|it| it["GroupName"] == "tiny-x");
        let ours = ours.expect("it is there").clone();
        let tags = json!([{ "Key": "evenkeel:stack", "Value": "tiny" }, { "Key": "evenkeel:id", "Value": "security_group.x" },
            { "Key": "evenkeel:replaces", "Value": ours["GroupId"] }]);
        let forged = json!({ "GroupName": "foreign-x", "Description": "his", "VpcId": ours["VpcId"],
            "TagSpecifications": [{ "ResourceType": "security-group", "Tags": tags }] });
        bench.ask("ec2.CreateSecurityGroup", forged);
        let before = rules(&bench);
        assert_eq!(before.len(), 2);
        let plan = bench.plan(&stack, &bench.read(&stack, Goal::Apply).await, Goal::Apply);
        assert!(plan.steps.is_empty(), "{:#?}", plan.steps);
        bench.run(&stack, Goal::Apply).await;
        assert_eq!(rules(&bench), before, "both are as they were");
    });
}

#[test]
fn what_stays_for_its_users_keeps_what_is_inside_of_it() {
    in_virtual_time(async {
        let bench = Bench::new(REGION);
        let protected = site(&[
            ("    cpu: 256", "    protect: true\n    cpu: 256"),
            ("web: { security_groups", "web: { protect: true, security_groups"),
        ]);
        bench.done(&protected, Goal::Apply).await;
        let before = rules(&bench);
        bench.run(&graph("stack: demo\nregion: us-east-1\n"), Goal::Apply).await;
        assert_eq!(rules(&bench), before, "the protected site still lets its clients in");
    });
}

#[test]
fn half_of_a_movement_of_traffic_is_not_begun() {
    in_virtual_time(async {
        let internal = ("web: { security_groups", "web: { scheme: internal, security_groups");
        let renamed = ("app: { port: 8000, dereg", "app: { name: other, port: 8000, dereg");
        for (change, target) in [
            (internal, "service.app"),
            (internal, "listener.web/http"),
            (renamed, "listener.web/http"),
            (renamed, "target_group.app"),
        ] {
            let mut bench = Bench::new(REGION);
            bench.done(&site(&[]), Goal::Apply).await;
            let wanted = site(&[change]);
            bench.options.target = [node(target)].into();
            let plan = bench.plan(&wanted, &bench.read(&wanted, Goal::Apply).await, Goal::Apply);
            assert!(plan.blocked() && plan.steps.is_empty(), "{change:?} with --target {target}: {:#?}", plan.steps);
            bench.options.target.clear();
            bench.done(&wanted, Goal::Apply).await;
            bench.settled(&wanted, Goal::Apply).await;
        }
    });
}

#[test]
fn the_port_of_the_old_tasks_is_open_for_as_long_as_they_serve() {
    let moved = [
        ("port: 8000, from: alb", "port: 9000, from: alb"),
        ("app: { port: 8000, dereg", "app: { port: 9000, dereg"),
        ("app:1\", port: 8000", "missing:1\", port: 9000"),
    ];
    let open = |bench: &Bench| {
        rules(bench).iter().any(|(name, _, ingress)| name == "demo-app" && ingress.to_string().contains("8000"))
    };
    in_virtual_time(async {
        let bench = Bench::new(REGION);
        bench.done(&site(&[]), Goal::Apply).await;
        let died = Rule { nth: Some(1), ..Rule::operation("ecs", "UpdateService", Fault::DieAfter) };
        bench.faults(Faults::new(vec![died], 1));
        assert!(matches!(bench.run(&site(&moved), Goal::Apply).await, Ended::Killed));
        bench.faults(Faults::default());
        bench.run(&site(&moved), Goal::Apply).await;
        assert!(open(&bench), "the deployment was rolled back to tasks that listen there");

        let mut bench = Bench::new(REGION);
        bench.done(&site(&[]), Goal::Apply).await;
        bench.options.no_wait = true;
        bench.run(&site(&moved), Goal::Apply).await;
        assert!(open(&bench), "--no-wait leaves out no wait that traffic depends on");
    });
}

#[test]
fn a_new_rule_takes_its_paths_when_its_service_serves() {
    let with_api = |image: &'static str| {
        let text = SITE
            .replace("forward: app }", "forward: app, rules: [{ priority: 1, path: /api/*, forward: api }] }")
            .replace("target_groups: {", "target_groups: { api: { port: 8000 },")
            .replace(
                "services:\n",
                &format!(
                    "services:\n  api: {{ cpu: 256, memory: 512, containers: {{ api: {{ image: \"{image}\", port: 8000 }} }}, \
                     security_groups: [app], target_group: api }}\n"
                ),
            );
        graph(&text)
    };
    let rules = |bench: &Bench| {
        let balancer =
            bench.ask("elbv2.DescribeLoadBalancers", json!({}))["LoadBalancers"][0]["LoadBalancerArn"].clone();
        let listeners = bench.ask("elbv2.DescribeListeners", json!({ "LoadBalancerArn": balancer }));
        let listener = listeners["Listeners"][0]["ListenerArn"].clone();
        let rules = bench.ask("elbv2.DescribeRules", json!({ "ListenerArn": listener }))["Rules"].clone();
        rules.as_array().map_or(0, Vec::len)
    };
    in_virtual_time(async {
        let bench = Bench::new(REGION);
        bench.done(&site(&[]), Goal::Apply).await;
        for _ in 0..2 {
            let ended = bench.run(&with_api("ghcr.io/example/api:missing"), Goal::Apply).await;
            assert!(!ended.is_done(), "its image is missing: {ended:?}");
            assert_eq!(rules(&bench), 1, "the default rule goes on answering for all paths");
        }
        bench.done(&with_api("ghcr.io/example/api:1"), Goal::Apply).await;
        assert_eq!(rules(&bench), 2);
        bench.settled(&with_api("ghcr.io/example/api:1"), Goal::Apply).await;
        // And away again.
        bench.done(&site(&[]), Goal::Apply).await;
        bench.settled(&site(&[]), Goal::Apply).await;
    });
}

#[test]
fn a_cluster_with_a_service_of_others_is_held() {
    in_virtual_time(async {
        let mut bench = Bench::new(REGION);
        bench.done(&site(&[]), Goal::Apply).await;
        let service = bench.ask("ecs.DescribeServices", json!({ "cluster": "demo", "services": ["demo-app"] }));
        let service = &service["services"][0];
        let foreign = json!({ "cluster": "demo", "serviceName": "foreign", "taskDefinition": service["taskDefinition"],
            "desiredCount": 0, "launchType": "FARGATE", "networkConfiguration": service["networkConfiguration"] });
        bench.ask("ecs.CreateService", foreign);
        bench.consents = false;
        for (wanted, goal) in [(site(&[]), Goal::Destroy), (site(&[("name: demo }", "name: demo2 }")]), Goal::Apply)] {
            let plan = bench.plan(&wanted, &bench.read(&wanted, goal).await, goal);
            let held = plan.held.iter().find(|held| held.node == node("cluster.main"));
            let inside = held.map(|held| &held.why);
            assert!(
                matches!(inside, Some(HeldBecause::Inside(what)) if what == &["service foreign"]),
                "{goal:?}: {inside:?}"
            );
        }
    });
}
