//! A stack in an account that is full of others' things: what a reading costs must not grow with them, and what it finds must be
//! the same. Calls are counted, not timed.

use std::collections::BTreeMap;
use std::time::Duration;

use evenkeel_aws::call::Summary;
use evenkeel_aws::client::Aws;
use evenkeel_aws::cloud::AwsCloud;
use evenkeel_core::graph::Graph;
use evenkeel_core::plan::Plan;
use evenkeel_sim::client::SimClient;
use evenkeel_sim::{Settings, Sim};
use evenkeel_tests::simulated::{Bench, Goal, in_virtual_time};
use serde_json::json;

use super::pace::workload;
use super::scenes;

/// How many of each sort others have: more than any first page.
const MANY: usize = 130;
/// Records that others have in the stack's zone.
const RECORDS: usize = 1500;

fn trust() -> String {
    let principal = json!({ "Service": "lambda.amazonaws.com" });
    let statement = json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

/// Fills an account.
fn crowd(bench: &Bench, zone: &str) {
    let vpc = bench.ask("ec2.DescribeVpcs", json!({}))["Vpcs"][0]["VpcId"].clone();
    let trust = trust();
    for n in 0..MANY {
        // Names on both sides of the stack's own.
        let side = if n % 2 == 0 { "a" } else { "z" };
        let name = format!("{side}-other-{n}");
        bench.ask("iam.CreateRole", json!({ "RoleName": name, "AssumeRolePolicyDocument": trust }));
        let group = json!({ "GroupName": name, "Description": "not ours", "VpcId": vpc });
        bench.ask("ec2.CreateSecurityGroup", group);
        let target = json!({ "Name": name, "Protocol": "HTTP", "Port": 80, "VpcId": vpc, "TargetType": "ip" });
        bench.ask("elbv2.CreateTargetGroup", target);
    }
    for n in 0..12 {
        bench.add_zone(&format!("other-{n}.example"));
    }
    let zones = bench.ask("route53.ListHostedZones", json!({}));
    let zones = zones["HostedZones"].as_array().expect("zones");
    let id = &zones.iter().find(|it| it["Name"] == format!("{zone}.")).expect("the stack's zone is there")["Id"];
    let change = |n: usize| {
        json!({ "Action": "CREATE", "ResourceRecordSet": { "Name": format!("host-{n}.{zone}"), "Type": "A", "TTL": 60,
            "ResourceRecords": [{ "Value": "10.0.0.1" }] } })
    };
    for from in (0..RECORDS).step_by(500) {
        let changes: Vec<_> = (from..from + 500).map(change).collect();
        let batch = json!({ "HostedZoneId": id, "ChangeBatch": { "Changes": changes } });
        bench.ask("route53.ChangeResourceRecordSets", batch);
    }
}

/// A plan, and what its reading asked for.
async fn planned(bench: &Bench, graph: &Graph) -> (Plan, BTreeMap<String, usize>) {
    bench.sim.take_requests();
    let snapshot = bench.read(graph, Goal::Apply).await;
    assert!(snapshot.unreadable.is_empty(), "{:#?}", snapshot.unreadable);
    let plan = bench.plan(graph, &snapshot, Goal::Apply);
    let mut calls = BTreeMap::new();
    for (service, operation) in bench.sim.take_requests() {
        *calls.entry(format!("{service}:{operation}")).or_default() += 1;
    }
    (plan, calls)
}

fn told(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter().map(|step| format!("{} {} {:?}", step.verb(), step.node, step.why));
    let held = plan.held.iter().map(|held| format!("held {} {:?}", held.node, held.why));
    steps.chain(held).chain(plan.conflicts.iter().map(|conflict| format!("conflict {}", conflict.node))).collect()
}

#[test]
fn what_others_have_costs_little_and_hides_nothing() {
    in_virtual_time(async {
        let scene = scenes::cruddur();
        let (graph, changed) = (scene.graph(), scene.changed());
        let bench = scene.bench();
        bench.done(&graph, Goal::Apply).await;
        let (_, alone) = planned(&bench, &graph).await;
        let (before, _) = planned(&bench, &changed).await;
        crowd(&bench, "cruddur.example");

        let (plan, beside) = planned(&bench, &graph).await;
        assert_eq!(told(&plan), Vec::<String>::new());
        let count = |calls: &BTreeMap<String, usize>| calls.values().sum::<usize>();
        assert!(count(&alone) <= 40, "{alone:#?}");
        assert!(count(&beside) <= 60, "{} calls: {beside:#?}", count(&beside));
        assert!(beside["route53:ListResourceRecordSets"] < RECORDS.div_ceil(300), "{beside:#?}");

        let (after, _) = planned(&bench, &changed).await;
        assert_eq!(told(&after), told(&before), "a change is planned as it was without the others");
        bench.done(&changed, Goal::Apply).await;
        bench.settled(&changed, Goal::Apply).await;
        bench.done(&changed, Goal::Destroy).await;
        bench.settled(&changed, Goal::Destroy).await;
    });
}

/// What the reading of a plan with nothing to do takes.
async fn cost(bench: &Bench, graph: &Graph) -> Summary {
    let aws = bench.aws();
    let snapshot = AwsCloud { aws: aws.clone(), stack: graph.stack.clone() }.snapshot(graph).await;
    assert_eq!(told(&bench.plan(graph, &snapshot, Goal::Apply)), Vec::<String>::new());
    aws.caller.stats()
}

#[test]
fn a_plan_of_a_complete_stack_takes_four_round_trips() {
    for scene in [scenes::cruddur(), scenes::cruddur_http(), scenes::flask_todo(), scenes::private_network()] {
        in_virtual_time(async {
            let (bench, graph) = (scene.bench(), scene.graph());
            bench.done(&graph, Goal::Apply).await;
            // Replies take their time here, so that what is asked side by side is not asked one after the other.
            let settings = Settings { latency: Duration::from_millis(30), ..Settings::default() };
            let sim = Sim::new(bench.sim.with_world(|world| world.clone()), settings);
            let aws = Aws::simulated(SimClient::shared(sim), &graph.stack.region, 1.0).expect("there is a region");
            let snapshot = AwsCloud { aws: aws.clone(), stack: graph.stack.clone() }.snapshot(&graph).await;
            assert_eq!(told(&bench.plan(&graph, &snapshot, Goal::Apply)), Vec::<String>::new());
            let stats = aws.caller.stats();
            assert!(stats.round_trips <= 4, "{}: {stats:#?}", graph.stack.name);
        });
    }
}

#[test]
fn a_large_stack_among_others_takes_half_as_many_calls_again_at_most() {
    in_virtual_time(async {
        let graph = workload(100);
        let mut bench = Bench::new("us-east-1");
        bench.watched = false;
        bench.add_zone("w.example");
        bench.done(&graph, Goal::Apply).await;
        let alone = cost(&bench, &graph).await;
        crowd(&bench, "w.example");
        let beside = cost(&bench, &graph).await;
        // Two of them look for listeners and rules of the stack on load balancers of others.
        assert!(alone.total <= 40, "{alone:#?}");
        assert!(beside.total * 2 <= alone.total * 3, "{beside:#?}");
        // What others have in a region, but for their roles and the records between ours, adds some hundred kilobytes at most.
        assert!(beside.bytes <= alone.bytes + 600_000, "{beside:#?} {alone:#?}");
    });
}

#[test]
fn a_name_that_somebody_took_is_seen_beyond_the_first_page() {
    in_virtual_time(async {
        let scene = scenes::cruddur();
        let bench = scene.bench();
        crowd(&bench, "cruddur.example");
        let graph = scene.graph();
        let vpc = bench.ask("ec2.DescribeVpcs", json!({}))["Vpcs"][0]["VpcId"].clone();
        let trust = trust();
        let mut wanted = Vec::new();
        for node in graph.nodes().filter(|node| !node.lookup) {
            let name = &node.name;
            match node.id.kind() {
                "role" => {
                    bench.ask("iam.CreateRole", json!({ "RoleName": name, "AssumeRolePolicyDocument": trust }));
                }
                "security_group" => {
                    let group = json!({ "GroupName": name, "Description": "not ours", "VpcId": vpc });
                    bench.ask("ec2.CreateSecurityGroup", group);
                }
                "target_group" => {
                    let target =
                        json!({ "Name": name, "Protocol": "HTTP", "Port": 80, "VpcId": vpc, "TargetType": "ip" });
                    bench.ask("elbv2.CreateTargetGroup", target);
                }
                _ => continue,
            }
            wanted.push(node.id.clone());
        }
        assert!(wanted.len() >= 6, "{wanted:?}");
        bench.sim.pass(Duration::from_secs(600));
        let snapshot = bench.read(&graph, Goal::Apply).await;
        let plan = bench.plan(&graph, &snapshot, Goal::Apply);
        for node in wanted {
            let there = snapshot.live(&node).is_some();
            assert!(there, "{node}: somebody has its name, and the reading does not know");
        }
        assert!(!plan.conflicts.is_empty());
    });
}
