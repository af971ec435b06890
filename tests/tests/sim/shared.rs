//! Teams with a stack each on the cluster and the load balancer of others: whatever the order in which they come, change and go, and
//! also at the same time, nothing of the others' changes, a plan has nothing left to do, and in the end all is as it was before.

use std::path::Path;
use std::time::Duration;

use evenkeel_aws::cloud::AwsCloud;
use evenkeel_aws::kinds;
use evenkeel_core::execute::{Engine, Limits, Outcome, Stop, execute};
use evenkeel_core::graph::Graph;
use evenkeel_core::plan::{HeldBecause, Plan};
use evenkeel_sim::faults::{Fault, Faults, Rule};
use evenkeel_sim::world::World;
use evenkeel_tests::picture::{Picture, difference, picture_since};
use evenkeel_tests::simulated::{Bench, Ended, Goal, PausedClock, graph_of, in_virtual_time};
use serde_json::{Value, json};

const REGION: &str = "us-east-1";
/// After this time nothing of what has gone is under way any more.
const SETTLING: Duration = Duration::from_secs(1800);

/// A team's file; `RULES` are its rules, `PORT` the port of the listener that they are on.
const TEAM: &str = r#"stack: NAME
region: us-east-1
cluster: { existing: shared }
roles: { execution: { managed_policies: [AmazonECSTaskExecutionRolePolicy] } }
security_groups:
  balancer: { existing: base-alb }
  app: { ingress: [{ port: 80, from: balancer }] }
load_balancers:
  web:
    existing: shared-web
    listeners:
      http: { port: PORT, rules: [RULES] }
target_groups: { app: { port: 80, health_check: / } }
services:
  app:
    cpu: 256
    memory: 512
    execution_role: execution
    containers: { c: { image: "public.ecr.aws/nginx/nginx:1.27", port: 80 } }
    security_groups: [app]
    target_group: app
"#;

/// The owner's file.
const BASE: &str = r"stack: base
region: us-east-1
cluster: { name: shared, capacity_providers: [FARGATE, FARGATE_SPOT] }
security_groups:
  alb: { name: base-alb, ingress: [{ port: 80, from: 0.0.0.0/0 }] }
load_balancers:
  web:
    name: shared-web
    security_groups: [alb]
    listeners:
      http: { port: 80, fixed_response: 404 }
      other: { port: 8080, fixed_response: 404 }
";

fn team(name: &str, port: u16, rules: &str) -> Graph {
    let text = TEAM.replace("NAME", name).replace("PORT", &port.to_string()).replace("RULES", rules);
    graph_of(&text, Path::new("."))
}

fn first(name: &str) -> Graph {
    team(name, 80, &format!("{{ priority: auto, path: /{name}/*, forward: app }}"))
}

/// The same with another rule, before the one that is there.
fn changed(name: &str) -> Graph {
    let rules = format!(
        "{{ priority: auto, path: /{name}/old/*, redirect: https }}, {{ priority: auto, path: /{name}/*, forward: app }}"
    );
    team(name, 80, &rules)
}

fn base() -> Graph {
    graph_of(BASE, Path::new("."))
}

/// What a team shares, made by an evenkeel stack.
fn made_by_a_stack() -> World {
    let bench = Bench::new(REGION);
    in_virtual_time(async {
        bench.done(&base(), Goal::Apply).await;
    });
    bench.sim.pass(SETTLING);
    bench.world()
}

/// The same, made by hand.
fn made_by_hand() -> World {
    let bench = Bench::new(REGION);
    bench.ask("ecs.CreateCluster", json!({ "clusterName": "shared" }));
    let group = bench.ask("ec2.CreateSecurityGroup", json!({ "GroupName": "base-alb", "Description": "the balancer" }));
    let subnets = bench.ask("ec2.DescribeSubnets", json!({}));
    let subnets: Vec<&Value> =
        subnets["Subnets"].as_array().expect("subnets").iter().map(|it| &it["SubnetId"]).collect();
    let tags = json!([{ "Key": "team", "Value": "platform" }]);
    let input = json!({ "Name": "shared-web", "Subnets": subnets, "SecurityGroups": [group["GroupId"]], "Tags": tags });
    let balancer = bench.ask("elbv2.CreateLoadBalancer", input)["LoadBalancers"][0]["LoadBalancerArn"].clone();
    for port in [80, 8080] {
        let answer = json!([{ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "404" } }]);
        let input = json!({ "LoadBalancerArn": balancer, "Port": port, "Protocol": "HTTP", "DefaultActions": answer });
        let listener = bench.ask("elbv2.CreateListener", input)["Listeners"][0]["ListenerArn"].clone();
        let when = json!([{ "Field": "path-pattern", "Values": ["/by-hand"] }]);
        let input = json!({ "ListenerArn": listener, "Priority": 7, "Conditions": when, "Actions": answer });
        bench.ask("elbv2.CreateRule", input);
    }
    bench.sim.pass(SETTLING);
    bench.world()
}

/// A world that nobody watches: a new rule takes its paths at once, and what answered them before was nobody's.
fn bench(world: &World) -> Bench {
    let mut bench = Bench::of(world.clone(), REGION);
    bench.watched = false;
    bench
}

/// What was there before, as it is now.
fn of_others(before: &World, now: &World) -> Picture {
    let was = picture_since(before, before);
    let mut picture = picture_since(before, now);
    picture.retain(|name, _| was.contains_key(name));
    picture
}

#[track_caller]
fn is_untouched(before: &World, now: &World, when: &str) {
    let lines = difference(&of_others(before, before), &of_others(before, now));
    assert!(lines.is_empty(), "{when}: {lines:#?}");
}

/// The rules of a world's load balancers, as stack, priority and path.
fn rules(bench: &Bench) -> Vec<(String, u64, String)> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut found = Vec::new();
    for balancer in list(&bench.ask("elbv2.DescribeLoadBalancers", json!({}))["LoadBalancers"]) {
        let input = json!({ "LoadBalancerArn": balancer["LoadBalancerArn"] });
        for listener in list(&bench.ask("elbv2.DescribeListeners", input)["Listeners"]) {
            let input = json!({ "ListenerArn": listener["ListenerArn"] });
            for rule in list(&bench.ask("elbv2.DescribeRules", input)["Rules"]) {
                let Some(priority) = rule["Priority"].as_str().and_then(|it| it.parse().ok()) else { continue };
                let tags = bench.ask("elbv2.DescribeTags", json!({ "ResourceArns": [rule["RuleArn"]] }));
                let tags = list(&tags["TagDescriptions"][0]["Tags"]);
                let stack =
                    tags.iter().find(|tag| tag["Key"] == "evenkeel:stack").and_then(|tag| tag["Value"].as_str());
                let path = rule["Conditions"][0]["PathPatternConfig"]["Values"][0].as_str();
                let path = path.or(rule["Conditions"][0]["Values"][0].as_str()).unwrap_or_default();
                found.push((stack.unwrap_or("nobody").to_owned(), priority, path.to_owned()));
            }
        }
    }
    found.sort();
    found
}

/// One step of a team.
#[derive(Clone, Copy, Debug)]
enum Move {
    First,
    Changed,
    Gone,
}

const MOVES: [Move; 3] = [Move::First, Move::Changed, Move::Gone];

/// Goes on from a world in which the teams have made some of their moves, in every order of those that are left.
fn go_on(before: &World, world: &World, done: &str, left: [usize; 2]) {
    for (at, name) in ["alpha", "beta"].into_iter().enumerate().filter(|(at, _)| left[*at] > 0) {
        let step = MOVES[MOVES.len() - left[at]];
        let told = format!("{done} {name}:{step:?}");
        let bench = bench(world);
        in_virtual_time(async {
            let (graph, goal) = match step {
                Move::First => (first(name), Goal::Apply),
                Move::Changed => (changed(name), Goal::Apply),
                Move::Gone => (changed(name), Goal::Destroy),
            };
            bench.done(&graph, goal).await;
            bench.settled(&graph, goal).await;
        });
        bench.sim.pass(SETTLING);
        is_untouched(before, &bench.world(), &told);
        let mut left = left;
        left[at] -= 1;
        let now = bench.world();
        if left == [0, 0] {
            let ours: Vec<_> = rules(&bench).into_iter().filter(|rule| rule.0 == "alpha" || rule.0 == "beta").collect();
            assert!(ours.is_empty(), "{told}: {ours:?}");
        }
        go_on(before, &now, &told, left);
    }
}

#[test]
fn teams_come_change_and_go_in_every_order() {
    let before = made_by_hand();
    go_on(&before, &before, "", [3, 3]);
}

#[test]
fn the_owner_may_be_a_stack_too_and_hears_who_is_on_what_is_his() {
    let before = made_by_a_stack();
    let bench = bench(&before);
    in_virtual_time(async {
        let (alpha, beta) = (first("alpha"), first("beta"));
        bench.done(&alpha, Goal::Apply).await;
        bench.done(&beta, Goal::Apply).await;
        bench.settled(&alpha, Goal::Apply).await;
        bench.settled(&base(), Goal::Apply).await;
        // The owner wants his listener gone, and the rules of the teams would go with it.
        let without = graph_of(&BASE.replace("      http: { port: 80, fixed_response: 404 }\n", ""), Path::new("."));
        let plan = planned(&bench, &without, Goal::Apply).await;
        let held: Vec<&HeldBecause> = plan.held.iter().map(|held| &held.why).collect();
        let HeldBecause::Inside(inside) = held[0] else { panic!("{held:?}") };
        let told = inside.join(", ");
        assert!(told.contains("(of stack alpha)") && told.contains("(of stack beta)"), "{told}");
        let plan = planned(&bench, &base(), Goal::Destroy).await;
        assert!(format!("{:?}", plan.held).contains("of stack alpha"), "{:#?}", plan.held);

        // He makes it anew all the same: the rules are seen to be missing, and are made there.
        let balancer =
            bench.ask("elbv2.DescribeLoadBalancers", json!({}))["LoadBalancers"][0]["LoadBalancerArn"].clone();
        let listeners = bench.ask("elbv2.DescribeListeners", json!({ "LoadBalancerArn": balancer }));
        let listener = &listeners["Listeners"].as_array().expect("listeners").iter().find(|it| it["Port"] == 80);
        bench.ask("elbv2.DeleteListener", json!({ "ListenerArn": listener.expect("one on port 80")["ListenerArn"] }));
        let steps = bench.steps(&base(), Goal::Apply).await;
        assert_eq!(steps, ["create listener.web/http"]);
        bench.done(&base(), Goal::Apply).await;
        assert_eq!(bench.steps(&alpha, Goal::Apply).await, ["create listener_rules.web/http"]);
        bench.done(&alpha, Goal::Apply).await;
        bench.settled(&alpha, Goal::Apply).await;
        bench.done(&beta, Goal::Apply).await;
        let names: Vec<String> = rules(&bench).into_iter().map(|rule| rule.0).collect();
        assert_eq!(names, ["alpha", "beta"]);
        for graph in [&alpha, &beta] {
            bench.done(graph, Goal::Destroy).await;
        }
        bench.settled(&base(), Goal::Apply).await;
        bench.done(&base(), Goal::Destroy).await;
    });
}

async fn planned(bench: &Bench, graph: &Graph, goal: Goal) -> Plan {
    let snapshot = bench.read(graph, goal).await;
    let mut options = bench.options.clone();
    options.destroy = goal == Goal::Destroy;
    let empty = Graph::empty(graph.stack.clone());
    evenkeel_core::plan::plan(&kinds::table(), if options.destroy { &empty } else { graph }, &snapshot, &options)
}

async fn carried_out(bench: &Bench, graph: &Graph, plan: &Plan) -> Outcome {
    let (kinds, cloud) = (kinds::table(), AwsCloud { aws: bench.aws(), stack: graph.stack.clone() });
    let (clock, seed) = (PausedClock::new(), format!("{} at once", graph.stack.name));
    let limits = Limits { seed, ..Limits::default() };
    let engine = Engine { kinds: &kinds, graph, cloud: &cloud, clock: &clock, limits: &limits };
    execute(engine, plan, &Stop::default(), &mut |_| {}).await
}

#[test]
fn teams_that_are_applied_at_once_take_different_priorities() {
    let before = made_by_hand();
    let bench = bench(&before);
    in_virtual_time(async {
        let (alpha, beta) = (first("alpha"), first("beta"));
        let plans = (planned(&bench, &alpha, Goal::Apply).await, planned(&bench, &beta, Goal::Apply).await);
        let (one, two) = futures::join!(carried_out(&bench, &alpha, &plans.0), carried_out(&bench, &beta, &plans.1));
        assert!(matches!((&one, &two), (Outcome::Done(_), Outcome::Done(_))), "{one:#?} {two:#?}");
        bench.settled(&alpha, Goal::Apply).await;
        bench.settled(&beta, Goal::Apply).await;
        let empty = Graph::empty(alpha.stack.clone());
        let plan = planned(&bench, &alpha, Goal::Destroy).await;
        let changed = changed("beta");
        let (gone, ()) = futures::join!(carried_out(&bench, &empty, &plan), bench.done(&changed, Goal::Apply));
        assert!(matches!(gone, Outcome::Done(_)), "{gone:#?}");
        bench.settled(&changed, Goal::Apply).await;
    });
    bench.sim.pass(SETTLING);
    is_untouched(&before, &bench.world(), "at once");
}

#[test]
fn a_priority_that_is_taken_meanwhile_fails_with_what_to_do() {
    let before = made_by_hand();
    let bench = bench(&before);
    in_virtual_time(async {
        let alpha = first("alpha");
        let plan = planned(&bench, &alpha, Goal::Apply).await;
        bench.done(&alpha, Goal::Apply).await;
        let number = rules(&bench)[0].1;
        bench.done(&alpha, Goal::Destroy).await;
        let beta = team("beta", 80, &format!("{{ priority: {number}, path: /beta, forward: app }}"));
        bench.done(&beta, Goal::Apply).await;
        let Outcome::Failed(summary) = carried_out(&bench, &alpha, &plan).await else { panic!("it is taken") };
        let error = &summary.failed[0].error;
        assert!(error.hint.as_deref().unwrap_or_default().contains("run the command again"), "{error:#?}");
        // And again, it takes another one.
        bench.done(&alpha, Goal::Apply).await;
        bench.settled(&alpha, Goal::Apply).await;
        bench.settled(&beta, Goal::Apply).await;
        let beside = team("gamma", 80, &format!("{{ priority: {number}, path: /gamma, forward: app }}"));
        let plan = planned(&bench, &beside, Goal::Apply).await;
        assert_eq!(plan.conflicts[0].stack.as_deref(), Some("beta"), "{:#?}", plan.conflicts);
    });
}

#[test]
fn priorities_stay_and_rise_in_the_order_of_the_file() {
    let before = made_by_hand();
    let bench = bench(&before);
    let ours = |bench: &Bench| -> Vec<(u64, String)> {
        let mut all: Vec<(u64, String)> =
            rules(bench).into_iter().filter(|rule| rule.0 == "alpha").map(|(_, number, path)| (number, path)).collect();
        all.sort();
        all
    };
    in_virtual_time(async {
        bench.done(&first("alpha"), Goal::Apply).await;
        let one = ours(&bench);
        bench.done(&changed("alpha"), Goal::Apply).await;
        bench.settled(&changed("alpha"), Goal::Apply).await;
        let two = ours(&bench);
        assert_eq!(two[1], one[0], "what is there stays");
        assert_eq!(two[0].1, "/alpha/old/*");
        bench.done(&first("alpha"), Goal::Apply).await;
        assert_eq!(ours(&bench), one);
    });
}

#[test]
fn rules_leave_what_the_file_does_not_name_any_more() {
    let before = made_by_hand();
    for without_file in [false, true] {
        let bench = bench(&before);
        in_virtual_time(async {
            bench.done(&first("alpha"), Goal::Apply).await;
            bench.sim.pass(Duration::from_secs(60));
            if without_file {
                let snapshot = bench.read_without_file(&first("alpha")).await;
                let plan = bench.plan(&first("alpha"), &snapshot, Goal::Destroy);
                let gone: Vec<String> = plan.steps.iter().map(|step| step.node.to_string()).collect();
                assert!(gone.contains(&"listener_rules.web/http".to_owned()), "{gone:?}");
                assert!(gone.contains(&"service.app".to_owned()), "{gone:?}");
                return;
            }
            // To another listener, and then to none at all.
            let moved = team("alpha", 8080, "{ priority: auto, path: /alpha/*, forward: app }");
            bench.done(&moved, Goal::Apply).await;
            bench.settled(&moved, Goal::Apply).await;
            assert_eq!(rules(&bench).iter().filter(|rule| rule.0 == "alpha").count(), 1);
            let none = graph_of("stack: alpha\nregion: us-east-1\nlog_groups: { app: }\n", Path::new("."));
            bench.done(&none, Goal::Apply).await;
            bench.settled(&none, Goal::Apply).await;
            bench.done(&none, Goal::Destroy).await;
        });
        bench.sim.pass(SETTLING);
        if !without_file {
            is_untouched(&before, &bench.world(), "dropped");
        }
    }
}

#[test]
fn what_is_not_there_or_does_not_fit_is_told() {
    let before = made_by_hand();
    let bench = bench(&before);
    let why = |text: String, node: &str| {
        let bench = &bench;
        let node = node.to_owned();
        in_virtual_time(async move {
            let graph = graph_of(&text, Path::new("."));
            let plan = planned(bench, &graph, Goal::Apply).await;
            let held = plan.held.iter().find(|held| held.node.to_string() == node);
            format!("{:?}", held.unwrap_or_else(|| panic!("{:#?}", plan.held)).why)
        })
    };
    let text = |from: &str, to: &str| {
        let rules = "{ priority: auto, path: /a, forward: app }";
        let text = TEAM.replace("NAME", "alpha").replace("PORT", "80").replace("RULES", rules);
        assert!(text.contains(from));
        text.replace(from, to)
    };
    let told = why(text("existing: shared-web", "existing: shared-wbe"), "load_balancer.web");
    assert!(told.contains("NotFound") && told.contains("the nearest name is `shared-web`"), "{told}");
    let told = why(text("port: 80, rules", "port: 81, rules"), "listener.web/http");
    assert!(told.contains("it has listeners on ports 80 and 8080"), "{told}");
    let told = why(text("cluster: { existing: shared }", "cluster: { existing: share }"), "cluster.main");
    assert!(told.contains("the nearest name is `shared`"), "{told}");
    let told =
        why(text("    cpu: 256\n", "    cpu: 256\n    capacity_provider_strategy: FARGATE_SPOT\n"), "cluster.main");
    assert!(told.contains("no capacity provider FARGATE_SPOT") && told.contains("stack.yaml"), "{told}");
    let tags = text("existing: shared-web", "existing: { tags: { team: platform } }");
    in_virtual_time(async {
        let plan = planned(&bench, &graph_of(&tags, Path::new(".")), Goal::Apply).await;
        assert!(plan.held.is_empty(), "{:#?}", plan.held);
    });
    let told = why(text("existing: shared-web", "existing: { tags: { team: other } }"), "load_balancer.web");
    assert!(told.contains("load balancer with the tags team=other"), "{told}");
}

#[test]
fn a_listener_of_ours_on_their_load_balancer_comes_and_goes() {
    let before = made_by_hand();
    let bench = bench(&before);
    let text = |port: &str| {
        let rules = "{ priority: auto, path: /a, forward: app }], fixed_response: 404, tags: { own: x }";
        let text = TEAM.replace("NAME", "alpha").replace("PORT", port).replace("RULES", rules);
        graph_of(&text.replace("tags: { own: x }] }", "tags: { own: x } }"), Path::new("."))
    };
    in_virtual_time(async {
        let plan = planned(&bench, &text("8080"), Goal::Apply).await;
        assert_eq!(plan.conflicts.len(), 1, "another's listener has that port: {:#?}", plan.conflicts);
        let wanted = text("8081");
        bench.done(&wanted, Goal::Apply).await;
        bench.settled(&wanted, Goal::Apply).await;
        bench.done(&wanted, Goal::Destroy).await;
    });
    bench.sim.pass(SETTLING);
    is_untouched(&before, &bench.world(), "a listener of ours");
}

#[test]
fn a_move_to_another_listener_that_is_cut_short_is_completed() {
    let before = made_by_hand();
    let moved = || team("alpha", 8080, "{ priority: auto, path: /alpha/*, forward: app }");
    for operation in ["CreateRule", "DeleteRule"] {
        for fault in [Fault::DieBefore, Fault::DieAfter] {
            let bench = bench(&before);
            in_virtual_time(async {
                bench.done(&first("alpha"), Goal::Apply).await;
                bench.faults(Faults::new(vec![Rule { nth: Some(1), ..Rule::operation("elbv2", operation, fault) }], 1));
                assert!(matches!(bench.run(&moved(), Goal::Apply).await, Ended::Killed), "{operation} {fault:?}");
                bench.faults(Faults::default());
                bench.done(&moved(), Goal::Apply).await;
                bench.settled(&moved(), Goal::Apply).await;
                let ours = rules(&bench).into_iter().filter(|rule| rule.0 == "alpha").count();
                assert_eq!(ours, 1, "{operation} {fault:?}");
                bench.done(&moved(), Goal::Destroy).await;
            });
            bench.sim.pass(SETTLING);
            is_untouched(&before, &bench.world(), operation);
        }
    }
}

#[test]
fn a_service_registers_in_a_target_group_of_others_and_logs_where_they_do() {
    let world = made_by_hand();
    let bench = bench(&world);
    let vpc = bench.ask("ec2.DescribeVpcs", json!({}))["Vpcs"][0]["VpcId"].clone();
    let input = json!({ "Name": "legacy", "Protocol": "HTTP", "Port": 80, "VpcId": vpc, "TargetType": "ip" });
    let group = bench.ask("elbv2.CreateTargetGroup", input)["TargetGroups"][0]["TargetGroupArn"].clone();
    let balancer = bench.ask("elbv2.DescribeLoadBalancers", json!({}))["LoadBalancers"][0]["LoadBalancerArn"].clone();
    let input = json!({ "LoadBalancerArn": balancer, "Port": 8082, "Protocol": "HTTP",
        "DefaultActions": [{ "Type": "forward", "TargetGroupArn": group }] });
    bench.ask("elbv2.CreateListener", input);
    bench.ask("logs.CreateLogGroup", json!({ "logGroupName": "/platform/services" }));
    bench.ask("ecr.CreateRepository", json!({ "repositoryName": "platform/base" }));
    bench.sim.pass(SETTLING);
    let before = bench.world();
    let text = r#"stack: alpha
region: us-east-1
cluster: { existing: shared }
roles: { execution: { managed_policies: [AmazonECSTaskExecutionRolePolicy] } }
target_groups: { app: { existing: legacy } }
log_groups: { team: { existing: /platform/services } }
repositories: { base: { existing: platform/base } }
parameters: { address: { type: String, value: "${repository.base.uri} ${log_group.team.arn}" } }
security_groups: { app: { ingress: [{ port: 80, from: 0.0.0.0/0 }] } }
services:
  app:
    cpu: 256
    memory: 512
    execution_role: execution
    containers: { c: { image: "public.ecr.aws/nginx/nginx:1.27", port: 80, logs: team } }
    security_groups: [app]
    target_group: app
"#;
    let wanted = graph_of(text, Path::new("."));
    in_virtual_time(async {
        bench.done(&wanted, Goal::Apply).await;
        bench.settled(&wanted, Goal::Apply).await;
        let health = bench.ask("elbv2.DescribeTargetHealth", json!({ "TargetGroupArn": group }));
        assert_eq!(health["TargetHealthDescriptions"].as_array().map(Vec::len), Some(1), "{health}");
        bench.done(&wanted, Goal::Destroy).await;
    });
    bench.sim.pass(SETTLING);
    is_untouched(&before, &bench.world(), "a target group of others");
    // Nothing fits, or it is the stack's own.
    in_virtual_time(async {
        let other = graph_of(&text.replace("existing: legacy", "existing: legacie"), Path::new("."));
        let plan = planned(&bench, &other, Goal::Apply).await;
        assert!(format!("{:?}", plan.held).contains("the nearest name is `legacy`"), "{:#?}", plan.held);
        let gone = graph_of(&text.replace("existing: /platform/services", "existing: /platform/other"), Path::new("."));
        let plan = planned(&bench, &gone, Goal::Apply).await;
        let told = HeldBecause::NotFound("log group `/platform/other`".to_owned());
        assert!(plan.held.iter().any(|held| held.why == told), "{:#?}", plan.held);
    });
}

#[test]
fn a_load_balancer_of_ours_is_none_of_others() {
    in_virtual_time(async {
        let bench = Bench::new(REGION);
        let text = "stack: own\nregion: us-east-1\ncluster: own\nsecurity_groups: { alb: { ingress: [{ port: 80, from: 0.0.0.0/0 }] } }\n\
                    load_balancers: { web: { security_groups: [alb], listeners: { http: { port: 80, forward: app } } } }\n\
                    target_groups: { app: { port: 80 } }\n\
                    services: { app: { cpu: 256, memory: 512, containers: { a: { image: \"nginx:1\", port: 80 } }, security_groups: [alb], target_group: app } }\n";
        bench.done(&graph_of(text, Path::new(".")), Goal::Apply).await;
        let foreign = graph_of(
            &text.replace("security_groups: [alb], listeners", "existing: own-web, listeners"),
            Path::new("."),
        );
        let plan = planned(&bench, &foreign, Goal::Apply).await;
        assert!(!plan.has_changes(), "{:#?}", plan.steps);
        let why = plan.held.iter().find(|held| held.node.to_string() == "load_balancer.web");
        assert!(
            why.is_some_and(|held| format!("{:?}", held.why).contains("belongs to this stack")),
            "{:#?}",
            plan.held
        );
    });
}
