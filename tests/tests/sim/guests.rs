//! What others have in things of ours, or hang on them: services in our target groups, rules in our security groups, groups whose rules
//! refer to ours. None of it is changed, what would take it along is held and says whose it is, and whoever cannot ask for marks does not
//! take away what an unseen service needs.

use std::path::Path;

use evenkeel_core::graph::Graph;
use evenkeel_core::plan::{HeldBecause, Plan};
use evenkeel_sim::faults::{Fault, Faults, Rule};
use evenkeel_tests::simulated::{Bench, Goal, graph_of, in_virtual_time};
use serde_json::{Value, json};

const REGION: &str = "us-east-1";

const OWNER: &str = r#"stack: owner
region: us-east-1
cluster: shared
roles: { ex: { name: owner-ex, managed_policies: [AmazonECSTaskExecutionRolePolicy] } }
security_groups: { alb: { name: owner-alb, ingress: [{ port: 80, from: 0.0.0.0/0 }] } }
target_groups: { tg: { name: owner-tg, port: 80 } }
load_balancers: { web: { security_groups: [alb], listeners: { http: { port: 80, forward: tg } } } }
"#;

const GUEST: &str = r#"stack: guest
region: us-east-1
cluster: { existing: shared }
roles: { ex: { managed_policies: [AmazonECSTaskExecutionRolePolicy] } }
security_groups:
  balancer: { existing: owner-alb, ingress: [{ port: 8443, from: 10.0.0.0/8 }] }
  app: { ingress: [{ port: 80, from: balancer }] }
target_groups: { tg: { existing: owner-tg } }
services:
  app:
    cpu: 256
    memory: 512
    execution_role: ex
    containers: { a: { image: "public.ecr.aws/nginx/nginx:1.27", port: 80 } }
    security_groups: [app]
    target_group: tg
"#;

fn graph(text: &str) -> Graph {
    graph_of(text, Path::new("."))
}

async fn both() -> Bench {
    let mut bench = Bench::new(REGION);
    bench.watched = false;
    bench.done(&graph(OWNER), Goal::Apply).await;
    bench.done(&graph(GUEST), Goal::Apply).await;
    bench.settled(&graph(OWNER), Goal::Apply).await;
    bench.settled(&graph(GUEST), Goal::Apply).await;
    bench
}

async fn plan(bench: &mut Bench, graph: &Graph, goal: Goal) -> Plan {
    let consents = std::mem::replace(&mut bench.consents, false);
    let snapshot = bench.read(graph, goal).await;
    let plan = bench.plan(graph, &snapshot, goal);
    bench.consents = consents;
    plan
}

/// Why things of a kind are held.
fn held(plan: &Plan, kind: &str) -> String {
    let of_kind = plan.held.iter().filter(|held| held.node.kind() == kind);
    of_kind.map(|held| format!("{:?}", held.why)).collect::<Vec<_>>().join("; ")
}

fn ports(bench: &Bench) -> Vec<i64> {
    let input = json!({ "Filters": [{ "Name": "group-name", "Values": ["owner-alb"] }] });
    let rules = bench.ask("ec2.DescribeSecurityGroups", input)["SecurityGroups"][0]["IpPermissions"].clone();
    let mut ports: Vec<i64> = rules.as_array().into_iter().flatten().filter_map(|it| it["FromPort"].as_i64()).collect();
    ports.sort_unstable();
    ports
}

fn service(bench: &Bench) -> Value {
    let input = json!({ "cluster": "shared", "services": ["guest-app"] });
    bench.ask("ecs.DescribeServices", input)["services"][0].clone()
}

#[test]
fn a_target_group_in_which_others_serve_is_neither_replaced_nor_dropped_without_consent() {
    in_virtual_time(async {
        let mut bench = both().await;
        let replaced = graph(&OWNER.replace("name: owner-tg, port: 80", "name: owner-next, port: 80"));
        let dropped = graph(
            &OWNER
                .replace("target_groups: { tg: { name: owner-tg, port: 80 } }\n", "")
                .replace("forward: tg", "fixed_response: 404"),
        );
        for (goal, wanted) in [(Goal::Apply, &replaced), (Goal::Apply, &dropped), (Goal::Destroy, &graph(OWNER))] {
            let plan = plan(&mut bench, wanted, goal).await;
            let why = held(&plan, "target_group");
            assert!(why.contains("service guest-app of stack guest"), "{goal:?}: {why}\n{:#?}", plan.held);
        }
    });
}

#[test]
fn rules_of_others_in_a_group_of_ours_stay_and_keep_it() {
    in_virtual_time(async {
        let mut bench = both().await;
        assert_eq!(ports(&bench), [80, 8443]);
        bench.done(&graph(&OWNER.replace("port: 80, from: 0.0.0.0/0", "port: 81, from: 0.0.0.0/0")), Goal::Apply).await;
        assert_eq!(ports(&bench), [81, 8443], "the rule of the guest stays");
        let by_hand =
            json!({ "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{ "CidrIp": "10.0.0.0/8" }] });
        bench.ask("ec2.AuthorizeSecurityGroupIngress", json!({ "GroupName": "owner-alb", "IpPermissions": [by_hand] }));
        bench.done(&graph(OWNER), Goal::Apply).await;
        assert_eq!(ports(&bench), [80, 8443], "what nobody has marked is drift");
        let plan = plan(&mut bench, &graph(OWNER), Goal::Destroy).await;
        let why = held(&plan, "security_group");
        assert!(why.contains("security group guest-app of stack guest"), "{why}");
        // The owner goes once the guests have.
        bench.done(&graph(GUEST), Goal::Destroy).await;
        assert_eq!(ports(&bench), [80]);
        bench.done(&graph(OWNER), Goal::Destroy).await;
    });
}

#[test]
fn a_service_that_only_marks_lead_to_is_found_without_the_tagging_api() {
    in_virtual_time(async {
        let bench = both().await;
        bench.faults(Faults::new(
            vec![Rule::operation("resourcegroupstaggingapi", "GetResources", Fault::AccessDenied)],
            1,
        ));
        let moved = graph("stack: guest\nregion: us-east-1\nlog_groups: { z: {} }\n");
        let snapshot = bench.read(&moved, Goal::Apply).await;
        let found = snapshot.surplus.iter().any(|surplus| surplus.node.to_string() == "service.app");
        assert!(found, "{:#?}", snapshot.surplus.iter().map(|it| it.node.to_string()).collect::<Vec<_>>());
        let snapshot = bench.read_without_file(&graph(GUEST)).await;
        assert!(snapshot.surplus.iter().any(|surplus| surplus.node.to_string() == "service.app"));
        let without_file = Graph::empty(graph(GUEST).stack.clone());
        bench.done(&without_file, Goal::Destroy).await;
        assert_ne!(service(&bench)["status"], "ACTIVE", "nothing of it is left to run without its role");
    });
}

#[test]
fn holders_are_told_and_no_flag_helps() {
    in_virtual_time(async {
        let mut bench = both().await;
        let dropped = OWNER
            .replace("security_groups: { alb: { name: owner-alb, ingress: [{ port: 80, from: 0.0.0.0/0 }] } }\n", "");
        let wanted = graph(&dropped.replace("security_groups: [alb], ", ""));
        let plan = plan(&mut bench, &wanted, Goal::Apply).await;
        let holds = |why: &HeldBecause| matches!(why, HeldBecause::Holds(what) if what.contains("guest-app"));
        let used = |why: &HeldBecause| matches!(why, HeldBecause::UsedBy(_));
        let group = plan.held.iter().find(|held| held.node.to_string() == "security_group.alb");
        assert!(group.is_some_and(|held| holds(&held.why) || used(&held.why)), "{:#?}", plan.held);
    });
}
