//! ECS on the simulated AWS: a run that is done is done, a deployment that failed is planned anew, and what somebody else does
//! meanwhile is told.

use std::path::Path;
use std::time::Duration;

use evenkeel_aws::cloud::AwsCloud;
use evenkeel_aws::kinds;
use evenkeel_core::event::{Event, What};
use evenkeel_core::execute::{Engine, Limits, Outcome, Stop, execute};
use evenkeel_core::graph::Graph;
use evenkeel_core::plan::{Action, Plan, Reason, Verb};
use evenkeel_core::snapshot::{Readiness, Snapshot};
use evenkeel_sim::faults::{Fault, Faults, Rule};
use evenkeel_tests::simulated::{Bench, Ended, Goal, PausedClock, graph_of};
use serde_json::{Value, json};

const STACK: &str = r#"
stack: small
region: us-east-1
tags: { team: a }
security_groups:
  alb: { ingress: [{ port: 80, from: 0.0.0.0/0 }] }
  app: { ingress: [{ port: 3000, from: alb }] }
log_groups: { audit: { name: small-audit } }
load_balancers:
  web:
    security_groups: [alb]
    listeners: { http: { port: 80, forward: web, rules: [{ priority: 1, path: /spare, forward: spare }] } }
target_groups: { web: { port: 3000 }, spare: { port: 3000 } }
cluster: { name: small, capacity_providers: [FARGATE, FARGATE_SPOT] }
services:
  app:
    cpu: 256
    memory: 512
    containers: { web: { image: "nginx:1", port: 3000 } }
    security_groups: [app]
    assign_public_ip: true
    target_group: web
"#;

const MISSING: (&str, &str) = ("nginx:1", "ghcr.io/example/missing:1");
/// Without a circuit breaker nothing ends a deployment whose tasks fail.
const NO_BREAKER: (&str, &str) =
    ("    target_group: web\n", "    target_group: web\n    deployment: { circuit_breaker: off }\n");
/// The service is gone from the file.
fn without_service() -> Graph {
    let text = STACK.split("services:").next().expect("there is a part before");
    graph_of(text, Path::new("."))
}

fn graph(changes: &[(&str, &str)]) -> Graph {
    let text = changes.iter().fold(STACK.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "there is no {from:?} to change");
        text.replacen(from, to, 1)
    });
    graph_of(&text, Path::new("."))
}

fn bench() -> Bench {
    let bench = Bench::new("us-east-1");
    // What every account has is there from the first request on, and nobody's doing.
    bench.ask("ec2.DescribeVpcs", json!({}));
    bench
}

fn service(bench: &Bench, name: &str) -> Value {
    let input = json!({ "cluster": "small", "services": [name], "include": ["TAGS"] });
    bench.ask("ecs.DescribeServices", input)["services"][0].clone()
}

fn revisions(bench: &Bench) -> usize {
    let reply = bench.ask("ecs.ListTaskDefinitions", json!({ "familyPrefix": "small-app", "status": "ACTIVE" }));
    reply["taskDefinitionArns"].as_array().map_or(0, Vec::len)
}

fn deployments(bench: &Bench) -> usize {
    let reply = bench.ask("ecs.ListServiceDeployments", json!({ "cluster": "small", "service": "small-app" }));
    reply["serviceDeployments"].as_array().map_or(0, Vec::len)
}

/// The message of the only failure.
#[track_caller]
fn failure(ended: &Ended) -> String {
    let Ended::Outcome(outcome, _) = ended else { panic!("{ended:#?}") };
    let Outcome::Failed(summary) = &**outcome else { panic!("it cannot succeed: {outcome:#?}") };
    assert_eq!(summary.failed.len(), 1, "{summary:#?}");
    summary.failed[0].error.message.clone()
}

async fn planned(bench: &Bench, graph: &Graph) -> (Snapshot, Plan) {
    let snapshot = bench.read(graph, Goal::Apply).await;
    let plan = bench.plan(graph, &snapshot, Goal::Apply);
    (snapshot, plan)
}

/// Carries out a plan that was made a while ago.
async fn carry_out(bench: &Bench, graph: &Graph, plan: &Plan) -> (Outcome, Vec<Event>) {
    let (kinds, cloud) = (kinds::table(), AwsCloud { aws: bench.aws(), stack: graph.stack.clone() });
    let (clock, mut events) = (PausedClock::new(), Vec::new());
    let limits = Limits { seed: format!("{:?}", std::ptr::from_ref(plan)), ..Limits::default() };
    let engine = Engine { kinds: &kinds, graph, cloud: &cloud, clock: &clock, limits: &limits };
    let outcome = execute(engine, plan, &Stop::default(), &mut |event| events.push(event)).await;
    (outcome, events)
}

#[tokio::test(start_paused = true)]
async fn a_first_deployment_that_failed_is_planned_anew_until_it_runs() {
    let (bench, missing) = (bench(), graph(&[MISSING]));
    let why = failure(&bench.run(&missing, Goal::Apply).await);
    assert!(why.contains("0 of 1 task running") && why.contains("CannotPullContainerError"), "{why}");
    let steps = ["update service.app", "wait service.app"];
    assert_eq!(bench.steps(&missing, Goal::Apply).await, steps, "there is something to do");
    failure(&bench.run(&missing, Goal::Apply).await);
    assert_eq!((revisions(&bench), deployments(&bench)), (1, 2), "deployed again, and not registered again");

    let (snapshot, plan) = planned(&bench, &missing).await;
    let Some(Readiness::Failed(why)) = snapshot.live(&plan.steps[0].node).map(|live| live.readiness.clone()) else {
        panic!("it has failed");
    };
    assert_eq!(plan.steps[0].why, Reason::Unhealthy(why));
    bench.done(&graph(&[]), Goal::Apply).await;
    bench.settled(&graph(&[]), Goal::Apply).await;
}

#[tokio::test(start_paused = true)]
async fn a_cause_that_was_mended_outside_is_tried_again() {
    let bench = bench();
    let policies = "managed_policies: [AmazonECSTaskExecutionRolePolicy, AmazonSSMReadOnlyAccess]";
    let roles = format!("roles: {{ run: {{ {policies} }} }}\nlog_groups:");
    let secret = graph(&[
        ("log_groups:", &roles),
        ("    containers:", "    execution_role: run\n    containers:"),
        ("image: \"nginx:1\"", "image: \"nginx:1\", secrets: { KEY: ssm:/small/key }"),
    ]);
    failure(&bench.run(&secret, Goal::Apply).await);
    bench.ask("ssm.PutParameter", json!({ "Name": "/small/key", "Type": "String", "Value": "x" }));
    assert_eq!(bench.steps(&secret, Goal::Apply).await, ["update service.app", "wait service.app"]);
    bench.done(&secret, Goal::Apply).await;
    bench.settled(&secret, Goal::Apply).await;
}

#[tokio::test(start_paused = true)]
async fn after_a_rollback_the_same_revision_is_tried_again_and_the_old_file_needs_nothing() {
    let bench = bench();
    bench.done(&graph(&[]), Goal::Apply).await;
    let missing = graph(&[MISSING]);
    let why = failure(&bench.run(&missing, Goal::Apply).await);
    assert!(why.contains("was rolled back"), "{why}");
    failure(&bench.run(&missing, Goal::Apply).await);
    assert_eq!(revisions(&bench), 2, "the revision of the failed run is taken up");
    let _ = bench.run(&graph(&[]), Goal::Apply).await;
    bench.settled(&graph(&[]), Goal::Apply).await;
    assert_eq!(revisions(&bench), 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_stopped_by_hand_or_lost_its_tasks_is_not_done() {
    let (mut bench, wanted) = (bench(), graph(&[]));
    bench.done(&wanted, Goal::Apply).await;
    let task = bench.ask("ecs.ListTasks", json!({ "cluster": "small" }))["taskArns"][0].clone();
    bench.ask("ecs.StopTask", json!({ "cluster": "small", "task": task }));
    bench.sim.pass(Duration::from_secs(5));
    assert_eq!(bench.steps(&wanted, Goal::Apply).await, ["wait service.app"], "no task runs");
    bench.options.no_wait = true;
    let (_, plan) = planned(&bench, &wanted).await;
    assert!(plan.steps.is_empty(), "{plan:#?}");
    assert_eq!(plan.unhealthy.len(), 1, "it is told all the same");
    bench.options.no_wait = false;
    bench.done(&wanted, Goal::Apply).await;
    bench.settled(&wanted, Goal::Apply).await;

    let update = json!({ "cluster": "small", "service": "small-app", "forceNewDeployment": true });
    let arn = bench.ask("ecs.UpdateService", update)["service"]["currentServiceDeployment"].clone();
    bench.sim.pass(Duration::from_secs(3));
    bench.ask("ecs.StopServiceDeployment", json!({ "serviceDeploymentArn": arn, "stopType": "ABORT" }));
    bench.sim.pass(Duration::from_secs(60));
    assert_eq!(bench.steps(&wanted, Goal::Apply).await, ["update service.app", "wait service.app"]);
    bench.done(&wanted, Goal::Apply).await;
    bench.settled(&wanted, Goal::Apply).await;
}

#[tokio::test(start_paused = true)]
async fn none_wanted_is_healthy() {
    let (bench, none) =
        (bench(), graph(&[("    target_group: web\n", "    target_group: web\n    desired_count: 0\n")]));
    bench.done(&none, Goal::Apply).await;
    bench.settled(&none, Goal::Apply).await;
}

#[tokio::test(start_paused = true)]
async fn a_strategy_comes_and_goes_in_place() {
    let bench = bench();
    let strategy = "    target_group: web\n    capacity_provider_strategy: { FARGATE_SPOT: 1 }\n";
    let strategy = graph(&[("    target_group: web\n", strategy)]);
    for wanted in [&graph(&[]), &strategy, &graph(&[])] {
        let _ = bench.steps(wanted, Goal::Apply).await;
        bench.done(wanted, Goal::Apply).await;
        bench.settled(wanted, Goal::Apply).await;
        assert_eq!(service(&bench, "small-app")["status"], "ACTIVE");
    }
    assert_eq!(deployments(&bench), 3, "one service, three deployments");
    assert_eq!(service(&bench, "small-app")["launchType"], "FARGATE");
}

#[tokio::test(start_paused = true)]
async fn tags_of_a_revision_change_in_place() {
    let bench = bench();
    bench.done(&graph(&[]), Goal::Apply).await;
    let other = graph(&[("team: a", "team: b, cost: x")]);
    let steps = bench.steps(&other, Goal::Apply).await;
    assert!(steps.contains(&"update task_definition.app".to_owned()), "{steps:?}");
    bench.done(&other, Goal::Apply).await;
    bench.settled(&other, Goal::Apply).await;
    assert_eq!((revisions(&bench), deployments(&bench)), (1, 1), "neither registered nor deployed again");
    let arn = service(&bench, "small-app")["taskDefinition"].clone();
    let tags = bench.ask("ecs.ListTagsForResource", json!({ "resourceArn": arn }))["tags"].to_string();
    assert!(tags.contains(r#""key":"cost""#) && tags.contains("evenkeel:id"), "{tags}");
    bench.done(&graph(&[]), Goal::Apply).await;
    let tags = bench.ask("ecs.ListTagsForResource", json!({ "resourceArn": arn }))["tags"].to_string();
    assert!(!tags.contains(r#""key":"cost""#) && tags.contains("evenkeel:id"), "{tags}");
}

#[tokio::test(start_paused = true)]
async fn a_revision_that_differs_by_a_reference_alone_shows_that_and_nothing_else() {
    let role = |name: &str| {
        let roles = format!("roles: {{ run: {{ name: {name} }} }}\nlog_groups:");
        graph(&[("log_groups:", &roles), ("    containers:", "    task_role: run\n    containers:")])
    };
    let bench = bench();
    bench.done(&role("small-run"), Goal::Apply).await;
    let paths = |plan: &Plan| -> Vec<String> {
        let replaced = plan.steps.iter().filter_map(|step| match &step.action {
            Action::Create { replaces: Some(replaced), .. } if step.verb() == Verb::Revise => Some(&replaced.changes),
            Action::Create { .. }
            | Action::Update { .. }
            | Action::Adopt { .. }
            | Action::Delete { .. }
            | Action::Wait { .. } => None,
        });
        replaced.flatten().map(|change| change.path.clone()).collect()
    };
    let other = role("small-other");
    let (_, plan) = planned(&bench, &other).await;
    assert_eq!(paths(&plan), ["taskRoleArn"], "it is known after the role is there");
    let killed = Rule { nth: Some(1), ..Rule::operation("ecs", "RegisterTaskDefinition", Fault::DieBefore) };
    bench.faults(Faults::new(vec![killed], 1));
    assert!(matches!(bench.run(&other, Goal::Apply).await, Ended::Killed));
    bench.faults(Faults::default());
    let (_, plan) = planned(&bench, &other).await;
    assert_eq!(paths(&plan), ["taskRoleArn"], "now it is known, and the revision was not read");
    bench.done(&other, Goal::Apply).await;
    bench.settled(&other, Goal::Apply).await;
}

#[tokio::test(start_paused = true)]
async fn two_people_apply_one_new_stack_at_once() {
    let (bench, wanted) = (bench(), graph(&[]));
    let (_, first) = planned(&bench, &wanted).await;
    let second = first.clone();
    let ((one, _), (two, _)) = futures::join!(carry_out(&bench, &wanted, &first), carry_out(&bench, &wanted, &second));
    assert!(matches!(one, Outcome::Done(_)), "{one:#?}");
    assert!(matches!(two, Outcome::Done(_)), "{two:#?}");
    bench.done(&wanted, Goal::Apply).await;
    bench.settled(&wanted, Goal::Apply).await;
}

#[tokio::test(start_paused = true)]
async fn a_deployment_of_somebody_else_is_no_rollback() {
    let bench = bench();
    bench.done(&graph(&[]), Goal::Apply).await;
    let mut other =
        bench.ask("ecs.DescribeTaskDefinition", json!({ "taskDefinition": "small-app" }))["taskDefinition"].clone();
    for key in [
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
    ] {
        other.as_object_mut().expect("a document").remove(key);
    }
    other["containerDefinitions"][0]["image"] = "nginx:theirs".into();
    let changed = graph(&[("nginx:1", "nginx:2")]);
    let meddle = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        let arn = bench.ask("ecs.RegisterTaskDefinition", other)["taskDefinition"]["taskDefinitionArn"].clone();
        bench.ask("ecs.UpdateService", json!({ "cluster": "small", "service": "small-app", "taskDefinition": arn }));
    };
    let (_, plan) = planned(&bench, &changed).await;
    let ((outcome, events), ()) = futures::join!(carry_out(&bench, &changed, &plan), meddle);
    let why = failure(&Ended::Outcome(Box::new(outcome), events));
    assert!(why.contains("deployed from elsewhere at the same time") && why.contains("small-app:3"), "{why}");
    assert!(!why.contains("rolled back"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_end_well_ends_early() {
    let on_instances = r#"
stack: small
region: us-east-1
cluster: small
services:
  app: { cpu: 256, memory: 512, launch_type: EC2, containers: { web: { image: "nginx:1", port: 3000 } } }
"#;
    let hopeless = [
        (graph_of(on_instances, Path::new(".")), "No Container Instances"),
        (graph(&[MISSING, NO_BREAKER]), "pull access denied"),
    ];
    for (wanted, reason) in hopeless {
        let bench = bench();
        ends_early(&bench.run(&wanted, Goal::Apply).await, reason);
    }
}

#[track_caller]
fn ends_early(ended: &Ended, reason: &str) {
    let why = failure(ended);
    let Ended::Outcome(_, events) = ended else { panic!("{ended:#?}") };
    let waited =
        events.iter().map(|event| if let What::Waiting { waited_secs, .. } = &event.what { *waited_secs } else { 0 });
    let waited = waited.max().unwrap_or(0);
    assert!(waited < 600 && why.contains(reason), "{waited}: {why}");
}

#[tokio::test(start_paused = true)]
async fn a_hopeless_deployment_ends_early_although_the_tasks_of_before_run_on() {
    let bench = bench();
    bench.done(&graph(&[NO_BREAKER]), Goal::Apply).await;
    ends_early(&bench.run(&graph(&[MISSING, NO_BREAKER]), Goal::Apply).await, "pull access denied");
    assert_eq!(service(&bench, "small-app")["runningCount"], 1, "what ran before runs on");
    // What the next one fails of is its own.
    let unhealthy = graph(&[("nginx:1", "nginx:unhealthy")]);
    let why = failure(&bench.run(&unhealthy, Goal::Apply).await);
    assert!(!why.contains("CannotPull") && !why.contains("missing"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_somebody_made_meanwhile_is_not_taken() {
    let (bench, wanted) = (bench(), graph(&[]));
    let (_, plan) = planned(&bench, &wanted).await;
    bench.ask("ecs.CreateCluster", json!({ "clusterName": "small", "capacityProviders": ["FARGATE", "FARGATE_SPOT"] }));
    let (outcome, _) = carry_out(&bench, &wanted, &plan).await;
    let Outcome::Failed(summary) = outcome else { panic!("it is somebody else's") };
    let cluster = summary.failed.iter().find(|failure| failure.node.kind() == "cluster").expect("the cluster fails");
    assert!(cluster.error.hint.as_ref().is_some_and(|hint| hint.contains("--adopt cluster.main")), "{cluster:?}");
    let tags = bench.ask("ecs.DescribeClusters", json!({ "clusters": ["small"], "include": ["TAGS"] }));
    assert_eq!(tags["clusters"][0]["tags"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn what_changed_hands_between_reading_and_deleting_stays() {
    let bench = bench();
    bench.done(&graph(&[]), Goal::Apply).await;
    let without = graph(&[("log_groups: { audit: { name: small-audit } }\n", "")]);
    let (_, plan) = planned(&bench, &without).await;
    bench.ask("logs.DeleteLogGroup", json!({ "logGroupName": "small-audit" }));
    bench.ask("logs.CreateLogGroup", json!({ "logGroupName": "small-audit" }));
    let (outcome, _) = carry_out(&bench, &without, &plan).await;
    let Outcome::Failed(summary) = outcome else { panic!("it is somebody else's") };
    assert!(summary.failed[0].error.message.contains("no longer belongs to this stack"), "{summary:#?}");
    let groups = bench.ask("logs.DescribeLogGroups", json!({ "logGroupNamePrefix": "small-audit" }));
    assert_eq!(groups["logGroups"].as_array().map(Vec::len), Some(1));

    let wanted = without_service();
    let (_, plan) = planned(&bench, &wanted).await;
    let arn = service(&bench, "small-app")["serviceArn"].clone();
    bench.ask("ecs.UntagResource", json!({ "resourceArn": arn, "tagKeys": ["evenkeel:stack"] }));
    let (outcome, _) = carry_out(&bench, &wanted, &plan).await;
    let Outcome::Failed(summary) = outcome else { panic!("it is somebody else's") };
    assert!(summary.failed.iter().any(|it| it.error.operation == "ecs:DeleteService"), "{summary:#?}");
    assert_eq!(service(&bench, "small-app")["status"], "ACTIVE");
}

#[tokio::test(start_paused = true)]
async fn a_revision_that_a_killed_run_did_not_come_to_is_found() {
    let bench = bench();
    bench.done(&graph(&[]), Goal::Apply).await;
    bench.done(&graph(&[("nginx:1", "nginx:2")]), Goal::Apply).await;
    // The finder lags behind what was just made.
    bench.sim.pass(Duration::from_secs(120));
    let killed = Rule { nth: Some(1), ..Rule::operation("ecs", "DeregisterTaskDefinition", Fault::DieBefore) };
    bench.faults(Faults::new(vec![killed], 1));
    assert!(matches!(bench.run(&without_service(), Goal::Apply).await, Ended::Killed));
    bench.faults(Faults::default());
    // The other one may have gone at the same moment.
    assert_ne!(revisions(&bench), 0);
    bench.done(&without_service(), Goal::Apply).await;
    assert_eq!(revisions(&bench), 0);
    bench.settled(&without_service(), Goal::Apply).await;
}

#[tokio::test(start_paused = true)]
async fn a_replaced_service_goes_once_its_successor_is_healthy() {
    let bench = bench();
    bench.done(&graph(&[]), Goal::Apply).await;
    let moved = graph(&[("name: small,", "name: large,")]);
    let steps = bench.steps(&moved, Goal::Apply).await;
    let at = |step: &str| steps.iter().position(|it| it == step).unwrap_or_else(|| panic!("{step}: {steps:?}"));
    assert!(at("replace service.app") < at("wait service.app"), "{steps:?}");
    assert!(at("wait service.app") < at("retire service.app"), "{steps:?}");
    bench.done(&moved, Goal::Apply).await;
    bench.settled(&moved, Goal::Apply).await;
    let missing = graph(&[("name: small,", "name: other,"), MISSING]);
    failure(&bench.run(&missing, Goal::Apply).await);
    let old = bench.ask("ecs.ListServices", json!({ "cluster": "large" }))["serviceArns"].clone();
    assert_eq!(old.as_array().map(Vec::len), Some(1), "the old one serves on");
}

#[tokio::test(start_paused = true)]
async fn a_service_is_ready_once_it_is_healthy_in_every_group() {
    let bench = bench();
    bench.done(&graph(&[]), Goal::Apply).await;
    let both = graph(&[("target_group: web\n", "target_groups: [web, spare]\n")]);
    let ended = bench.run(&both, Goal::Apply).await;
    assert!(ended.is_done(), "{ended:#?}");
    for name in ["small-web", "small-spare"] {
        let groups = bench.ask("elbv2.DescribeTargetGroups", json!({ "Names": [name] }));
        let arn = groups["TargetGroups"][0]["TargetGroupArn"].clone();
        let health = bench.ask("elbv2.DescribeTargetHealth", json!({ "TargetGroupArn": arn })).to_string();
        assert!(health.contains(r#""healthy""#), "{name}: {health}");
    }
    assert_eq!(bench.steps(&graph(&[]), Goal::Apply).await, ["update service.app", "wait service.app"]);
    // The rule of the group that it leaves stays in the file, so it is the file that takes its targets away.
    let (_, plan) = planned(&bench, &graph(&[])).await;
    let (outcome, _) = carry_out(&bench, &graph(&[]), &plan).await;
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:#?}");
    assert_eq!(service(&bench, "small-app")["loadBalancers"].as_array().map(Vec::len), Some(1));
}
