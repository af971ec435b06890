//! What the stack file still names does not go, whoever made it: a role that it looks up, a group that it writes by its id, what is to
//! make room for a look-up that finds nothing.

use std::path::Path;

use evenkeel_core::graph::Graph;
use evenkeel_core::plan::{HeldBecause, Plan};
use evenkeel_core::snapshot::Snapshot;
use evenkeel_tests::simulated::{Bench, Goal, graph_of, in_virtual_time};
use serde_json::json;

const HEAD: &str = "stack: shop\nregion: eu-west-1\n";
const ROLE: &str = "    managed_policies: [AmazonECSTaskExecutionRolePolicy]\n";

fn stack(rest: &str) -> Graph {
    graph_of(&format!("{HEAD}{rest}"), Path::new("."))
}

async fn planned(bench: &Bench, graph: &Graph) -> (Snapshot, Plan) {
    let snapshot = bench.read(graph, Goal::Apply).await;
    let plan = bench.plan(graph, &snapshot, Goal::Apply);
    (snapshot, plan)
}

fn steps(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| format!("{} {}", step.verb(), step.node)).collect()
}

fn held(plan: &Plan, node: &str) -> Option<HeldBecause> {
    plan.held.iter().find(|held| held.node.to_string() == node).map(|held| held.why.clone())
}

#[test]
fn a_role_that_is_looked_up_is_not_replaced_away() {
    in_virtual_time(async {
        let bench = Bench::new("eu-west-1");
        bench.done(&stack(&format!("roles:\n  ex:\n{ROLE}")), Goal::Apply).await;
        let after =
            stack(&format!("roles:\n  ex:\n    name: shop-new\n{ROLE}  look: {{ existing: shop-eu-west-1-ex }}\n"));
        let (_, plan) = planned(&bench, &after).await;
        assert_eq!(steps(&plan), Vec::<String>::new());
        assert!(matches!(held(&plan, "role.ex"), Some(HeldBecause::LookedUp(user)) if user.to_string() == "role.look"));
        // The other way round, what is looked up under its own entry stays when its stack goes.
        let same = stack("roles:\n  ex: { existing: shop-eu-west-1-ex }\n");
        let (_, plan) = planned(&bench, &same).await;
        assert!(matches!(held(&plan, "role.ex"), Some(HeldBecause::LookedUp(_))), "{:?}", plan.held);
    });
}

#[test]
fn a_look_up_that_finds_nothing_costs_nothing() {
    in_virtual_time(async {
        let bench = Bench::new("eu-west-1");
        bench
            .done(
                &stack(&format!("roles:\n  ex:\n{ROLE}dns:\n  - zone: shop.example\n    create: true\n")),
                Goal::Apply,
            )
            .await;
        let typo =
            stack("roles:\n  ex: { existing: typo }\ndns:\n  - zone: shop.example\n    id: Z0BOGUS00000000000000\n");
        let (_, plan) = planned(&bench, &typo).await;
        assert_eq!(steps(&plan), Vec::<String>::new());
        let right = stack("roles:\n  ex: { existing: theirs }\ndns:\n  - zone: shop.example\n    create: true\n");
        let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": { "Service": "ecs-tasks.amazonaws.com" } }] });
        bench.ask("iam.CreateRole", json!({ "RoleName": "theirs", "AssumeRolePolicyDocument": trust.to_string() }));
        bench.sim.pass(std::time::Duration::from_secs(600));
        bench.done(&right, Goal::Apply).await;
        bench.settled(&right, Goal::Apply).await;
        assert!(bench.ask("iam.GetRole", json!({ "RoleName": "theirs" }))["Role"]["RoleName"] == "theirs");
    });
}

#[test]
fn a_group_that_is_written_by_its_id_stays() {
    in_virtual_time(async {
        let bench = Bench::new("eu-west-1");
        let group = "security_groups:\n  app:\n    ingress: [{ port: 80, from: 10.0.0.0/8 }]\n";
        let before = stack(group);
        bench.done(&before, Goal::Apply).await;
        let (snapshot, _) = planned(&bench, &before).await;
        let node = "security_group.app".parse().expect("an id");
        let id = snapshot.live(&node).expect("it was made").id.clone();
        let by_id = stack(&format!("security_groups:\n  other:\n    ingress: [{{ port: 80, from: {id} }}]\n"));
        let (_, plan) = planned(&bench, &by_id).await;
        assert!(matches!(held(&plan, "security_group.app"), Some(HeldBecause::UsedBy(_))), "{:?}", plan.held);
        assert!(!steps(&plan).contains(&"delete security_group.app".to_owned()));
    });
}

#[test]
fn a_group_that_is_taken_over_brings_its_rules() {
    in_virtual_time(async {
        let mut bench = Bench::new("eu-west-1");
        let vpc = bench.ask("ec2.DescribeVpcs", json!({}))["Vpcs"][0]["VpcId"].clone();
        let group = json!({ "GroupName": "theirs", "Description": "app of shop", "VpcId": vpc });
        let id = bench.ask("ec2.CreateSecurityGroup", group)["GroupId"].clone();
        let rule =
            json!({ "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] });
        bench.ask("ec2.AuthorizeSecurityGroupIngress", json!({ "GroupId": id, "IpPermissions": [rule] }));
        let wanted = "security_groups:\n  app:\n    name: theirs\n    ingress: [{ port: 80, from: 10.0.0.0/8 }]\n";
        let graph = stack(wanted);
        let (_, plan) = planned(&bench, &graph).await;
        assert_eq!(plan.conflicts.len(), 1, "the rules go with the group: {:?}", plan.conflicts);
        bench.options.adopt.insert("security_group.app".to_owned());
        let (_, plan) = planned(&bench, &graph).await;
        let text = format!("{:?}", plan.steps);
        assert!(text.contains("tcp 22"), "that its rule goes is told: {text}");
        bench.done(&graph, Goal::Apply).await;
        bench.options.adopt.clear();
        bench.settled(&graph, Goal::Apply).await;
    });
}
