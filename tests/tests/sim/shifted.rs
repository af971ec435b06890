//! Traffic that ECS moves between two target groups, and load balancers that share between groups of one protocol only: what cannot be
//! replaced in steps is held, with everything that would fit only what is held, and what can be is killed in the middle and
//! run again. The law of traffic (`laws::outages`) watches every run.

use std::path::Path;
use std::time::Duration;

use evenkeel_core::graph::Graph;
use evenkeel_core::id::NodeId;
use evenkeel_core::plan::{Gap, HeldBecause, Plan};
use evenkeel_sim::faults::{Fault, Faults, Rule};
use evenkeel_sim::world::World;
use evenkeel_tests::simulated::{Bench, Ended, Goal, graph_of, in_virtual_time};
use serde_json::{Value, json};

const REGION: &str = "us-east-1";
/// How often each story is killed in the usual run.
const DEATHS: u64 = 6;

/// A service between two groups.
const TURN: &str = r#"
stack: turn
region: us-east-1
security_groups: { alb: { ingress: [{ ports: [80], from: 0.0.0.0/0 }] }, app: { ingress: [{ port: 80, from: alb }] } }
roles: { traffic: { trust: ecs, managed_policies: [AmazonECSInfrastructureRolePolicyForLoadBalancers] } }
load_balancers: { web: { security_groups: [alb], listeners: { http: { forward: blue } } } }
target_groups: { blue: { port: 80, deregistration_delay: 5s }, green: { port: 80, deregistration_delay: 5s } }
cluster: turn
services:
  web:
    cpu: 256
    memory: 512
    containers: { app: { image: "ghcr.io/example/web:1", port: 80 } }
    security_groups: [app]
    target_group: { name: blue, alternate: green, role: traffic }
    deployment: { strategy: blue_green, bake_time: 1m }
dns: [{ zone: turn.example, create: true, records: [{ name: www, alias: web }] }]
"#;

/// Texts of a stack, and what takes their places.
type Changes = &'static [(&'static str, &'static str)];

const ROLLING: Changes = &[
    ("{ name: blue, alternate: green, role: traffic }", "blue"),
    ("strategy: blue_green, bake_time: 1m", "strategy: rolling"),
];

/// Listeners of a network load balancer: names on UDP, and something on TCP.
const NAMES: &str = r#"
stack: names
region: us-east-1
security_groups:
  nlb: { ingress: [{ ports: [53, 8080], from: 0.0.0.0/0 }, { port: 53, protocol: udp, from: 0.0.0.0/0 }] }
  app: { ingress: [{ ports: [53, 8080], from: 0.0.0.0/0 }, { port: 53, protocol: udp, from: 0.0.0.0/0 }] }
load_balancers:
  web:
    type: network
    security_groups: [nlb]
    listeners: { dns: { port: 53, protocol: UDP, forward: dns }, web: { port: 8080, protocol: TCP, forward: web } }
target_groups:
  dns: { port: 53, protocol: UDP, health_check: { port: 8080 }, deregistration_delay: 5s }
  web: { port: 8080, protocol: TCP, deregistration_delay: 5s }
cluster: names
services:
  app:
    cpu: 256
    memory: 512
    containers: { app: { image: "ghcr.io/example/app:1", ports: [8080, 53, { port: 53, protocol: udp }] } }
    security_groups: [app]
    target_group: [{ name: dns, port: 53 }, { name: web, port: 8080 }]
"#;

fn graph(text: &str, changes: &[(&str, &str)]) -> Graph {
    let text = changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the stack has no {from:?}");
        text.replacen(from, to, 1)
    });
    graph_of(&text, Path::new("."))
}

/// The world in which a service has been deployed `versions` times: with two the traffic is in the alternate group.
fn running(text: &str, versions: u32) -> World {
    in_virtual_time(async {
        let bench = Bench::new(REGION);
        for version in 1..=versions {
            let image = format!(":{version}\"");
            bench.done(&graph(text, &[(":1\"", &image)]), Goal::Apply).await;
            bench.sim.pass(Duration::from_secs(900));
        }
        bench.world()
    })
}

async fn planned(bench: &Bench, wanted: &Graph) -> Plan {
    bench.plan(wanted, &bench.read(wanted, Goal::Apply).await, Goal::Apply)
}

/// The share of each target group by the end of its name.
fn shares(bench: &Bench) -> Vec<(String, u64)> {
    let balancers = bench.ask("elbv2.DescribeLoadBalancers", json!({}));
    let balancer = balancers["LoadBalancers"][0]["LoadBalancerArn"].clone();
    let listeners = bench.ask("elbv2.DescribeListeners", json!({ "LoadBalancerArn": balancer }));
    let groups = &listeners["Listeners"][0]["DefaultActions"][0]["ForwardConfig"]["TargetGroups"];
    let share = |tuple: &Value| {
        let name = tuple["TargetGroupArn"].as_str().and_then(|arn| arn.split('/').nth(1)).unwrap_or_default();
        (name.to_owned(), tuple["Weight"].as_u64().unwrap_or_default())
    };
    groups.as_array().into_iter().flatten().map(share).collect()
}

/// At which requests a run of that many is killed: spread over it, or at every one with EVENKEEL_OUTAGES=all.
fn deaths(length: u64) -> Vec<u64> {
    let all = std::env::var("EVENKEEL_OUTAGES").is_ok_and(|said| said == "all");
    let some = if all { length } else { length.min(DEATHS) };
    (1..=some).map(|death| death * length / some).collect()
}

/// Runs from a world to what is wanted, undisturbed and then killed; each time a second run ends it.
fn converges(world: &World, wanted: &Graph, consent: &[&str]) {
    let bench = || {
        let mut bench = Bench::of(world.clone(), REGION);
        bench.options.consent = consent.iter().map(|node| node.parse::<NodeId>().expect("a node")).collect();
        // Who consents to an interruption gets one.
        bench.watched = consent.is_empty();
        bench
    };
    let length = in_virtual_time(async {
        let bench = bench();
        let ended = bench.run(wanted, Goal::Apply).await;
        assert!(ended.is_done(), "{ended:#?}\n{:#?}", bench.steps(wanted, Goal::Apply).await);
        let length = bench.take_requests().len() as u64;
        bench.settled(wanted, Goal::Apply).await;
        bench.sim.pass(Duration::from_secs(900));
        length
    });
    for request in deaths(length) {
        let fault = if request % 2 == 0 { Fault::DieBefore } else { Fault::DieAfter };
        in_virtual_time(async {
            let bench = bench();
            bench.faults(Faults::new(vec![Rule::nth(request, fault)], 1));
            let first = bench.run(wanted, Goal::Apply).await;
            bench.faults(Faults::default());
            bench.sim.pass(Duration::from_secs(120));
            let again = bench.run(wanted, Goal::Apply).await;
            assert!(again.is_done(), "{fault:?} {request} of {length}: {again:#?}\nthe first: {first:#?}");
            bench.settled(wanted, Goal::Apply).await;
        });
    }
}

fn held_for(plan: &Plan, node: &str) -> HeldBecause {
    let held = plan.held.iter().find(|held| held.node.to_string() == node);
    held.unwrap_or_else(|| panic!("{node} is not held: {:#?}", plan.held)).why.clone()
}

#[test]
fn what_ecs_moves_traffic_between_is_left_as_it_is() {
    let world = running(TURN, 2);
    let changes: &[(&str, Changes)] = &[
        (
            "the load balancer",
            &[("web: { security_groups: [alb], list", "web: { scheme: internal, security_groups: [alb], list")],
        ),
        (
            "both groups",
            &[
                ("blue: { port: 80, d", "blue: { protocol_version: HTTP2, port: 80, d"),
                ("green: { port: 80, d", "green: { protocol_version: HTTP2, port: 80, d"),
            ],
        ),
        (
            "another alternate group",
            &[("green: { port: 80, d", "other: { port: 80, d"), ("alternate: green", "alternate: other")],
        ),
    ];
    for (what, changes) in changes {
        let image = [(":1\"", ":2\"")];
        let wanted = graph(TURN, &[&image[..], changes].concat());
        in_virtual_time(async {
            let mut bench = Bench::of(world.clone(), REGION);
            // Consent changes nothing: there is no way that AWS would take.
            for consent in [false, true] {
                if consent {
                    bench.options.consent = wanted.nodes().map(|node| node.id.clone()).collect();
                }
                let plan = planned(&bench, &wanted).await;
                let service: NodeId = "service.web".parse().expect("a node");
                assert_eq!(held_for(&plan, "service.web"), HeldBecause::Shifted(service), "{what}");
                let before = shares(&bench);
                assert!(bench.run(&wanted, Goal::Apply).await.is_done(), "{what}");
                assert_eq!(shares(&bench), before, "{what}");
                let again = planned(&bench, &wanted).await;
                assert!(!again.has_changes(), "{what}: {:#?}", again.steps);
            }
        });
    }
}

#[test]
fn a_service_rolls_again_without_leaving_the_group_that_serves() {
    for (versions, changes) in [(1, ROLLING), (2, ROLLING)] {
        let world = running(TURN, versions);
        let image = format!(":{versions}\"");
        let wanted = graph(TURN, &[&[(":1\"", image.as_str())], changes].concat());
        converges(&world, &wanted, &[]);
    }
}

#[test]
fn a_load_balancer_is_replaced_while_its_service_rolls_and_ecs_takes_over_again() {
    let world = running(TURN, 2);
    in_virtual_time(async {
        let bench = Bench::of(world, REGION);
        let image = [(":1\"", ":2\"")];
        let internal =
            [("web: { security_groups: [alb], list", "web: { scheme: internal, security_groups: [alb], list")];
        bench.done(&graph(TURN, &[&image[..], ROLLING].concat()), Goal::Apply).await;
        let rolling = graph(TURN, &[&image[..], ROLLING, &internal].concat());
        bench.done(&rolling, Goal::Apply).await;
        bench.settled(&rolling, Goal::Apply).await;
        let back = graph(TURN, &[&image[..], &internal].concat());
        bench.done(&back, Goal::Apply).await;
        bench.settled(&back, Goal::Apply).await;
        bench.done(&back, Goal::Destroy).await;
    });
}

/// The edits by which a listener gets a group of another protocol, with what has to be consented to.
const PROTOCOLS: &[(&str, Changes, &[&str])] = &[
    (
        "UDP to TCP",
        &[
            ("{ port: 53, protocol: UDP, forward: dns }", "{ port: 53, protocol: TCP, forward: dns }"),
            (
                "dns: { port: 53, protocol: UDP, health_check: { port: 8080 }",
                "dns: { port: 53, protocol: TCP, health_check: { port: 8080 }",
            ),
        ],
        &["target_group.dns"],
    ),
    (
        "TCP to TCP_UDP",
        &[
            ("{ port: 8080, protocol: TCP, forward: web }", "{ port: 8080, protocol: TCP_UDP, forward: web }"),
            (
                "  web: { port: 8080, protocol: TCP, d",
                "  web: { port: 8080, protocol: TCP_UDP, health_check: { port: 8080 }, d",
            ),
        ],
        &["target_group.web"],
    ),
    (
        "two listeners exchange what they do",
        &[
            ("{ port: 53, protocol: UDP, forward: dns }", "{ port: 53, protocol: TCP, forward: web }"),
            ("{ port: 8080, protocol: TCP, forward: web }", "{ port: 8080, protocol: UDP, forward: dns }"),
        ],
        &["listener.web/dns", "listener.web/web"],
    ),
];

#[test]
fn a_network_listener_gets_a_group_of_another_protocol_at_once_and_with_consent() {
    let world = running(NAMES, 1);
    for (what, changes, consent) in PROTOCOLS {
        let wanted = graph(NAMES, changes);
        in_virtual_time(async {
            let bench = Bench::of(world.clone(), REGION);
            let plan = planned(&bench, &wanted).await;
            for node in *consent {
                assert!(matches!(held_for(&plan, node), HeldBecause::Gap(Gap::Apart(_))), "{what}: {:#?}", plan.held);
            }
            // Nothing is left that fits only what is held.
            let ended = bench.run(&wanted, Goal::Apply).await;
            assert!(ended.is_done() || matches!(ended, Ended::Nothing), "{what}: {ended:#?}");
        });
        converges(&world, &wanted, consent);
    }
}

#[test]
fn a_listener_of_another_type_waits_for_its_load_balancer() {
    let world = running(NAMES, 1);
    let changes = [
        ("    type: network\n", ""),
        (
            "dns: { port: 53, protocol: UDP, forward: dns }, web: { port: 8080, protocol: TCP, forward: web }",
            "web: { port: 8080, forward: web }",
        ),
        ("  dns: { port: 53, protocol: UDP, health_check: { port: 8080 }, deregistration_delay: 5s }\n", ""),
        ("  web: { port: 8080, protocol: TCP, d", "  web: { port: 8080, d"),
        ("[{ name: dns, port: 53 }, { name: web, port: 8080 }]", "{ name: web, port: 8080 }"),
    ];
    let wanted = graph(NAMES, &changes);
    in_virtual_time(async {
        let bench = Bench::of(world.clone(), REGION);
        let plan = planned(&bench, &wanted).await;
        assert!(matches!(held_for(&plan, "load_balancer.web"), HeldBecause::Gap(_)), "{:#?}", plan.held);
        assert!(matches!(held_for(&plan, "listener.web/web"), HeldBecause::Needs(_)), "{:#?}", plan.held);
        let ended = bench.run(&wanted, Goal::Apply).await;
        assert!(ended.is_done(), "{ended:#?}");
    });
}
