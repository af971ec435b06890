//! What goes by its name may have changed hands between the reading and the change: another thing of that name stands there
//! then, and is left as it is. What a run has just made needs no such look.

use std::path::Path;

use evenkeel_aws::cloud::AwsCloud;
use evenkeel_aws::kinds;
use evenkeel_core::error::ErrorClass;
use evenkeel_core::execute::{Engine, Limits, Outcome, Stop, execute};
use evenkeel_core::graph::Graph;
use evenkeel_core::plan::Verb;
use evenkeel_tests::simulated::{Bench, Goal, PausedClock, graph_of};
use evenkeel_tests::things::things;
use serde_json::json;

const STACK: &str = r#"
stack: small
region: us-east-1
roles: { run: { name: small-run } }
log_groups: { audit: { name: small-audit } }
cluster: { name: small }
security_groups: { app: }
services:
  app:
    cpu: 256
    memory: 512
    containers: { web: { image: "nginx:1" } }
    security_groups: [app]
    assign_public_ip: true
"#;

fn graph(changes: &[(&str, &str)]) -> Graph {
    let text = changes.iter().fold(STACK.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "there is no {from:?} to change");
        text.replacen(from, to, 1)
    });
    graph_of(&text, Path::new("."))
}

/// Plans one change, lets somebody come in between, and carries it out; what it was refused as.
async fn swapped(change: (&str, &str), come: impl FnOnce(&Bench)) -> String {
    let bench = Bench::new("us-east-1");
    bench.done(&graph(&[]), Goal::Apply).await;
    let wanted = graph(&[change]);
    let snapshot = bench.read(&wanted, Goal::Apply).await;
    let plan = bench.plan(&wanted, &snapshot, Goal::Apply);
    let verbs: Vec<Verb> = plan.steps.iter().map(|step| step.verb()).filter(|verb| *verb != Verb::Wait).collect();
    assert_eq!(verbs, [Verb::Update], "{:#?}", plan.steps);
    come(&bench);
    let before = bench.sim.with_world(|world| things(world));
    let (kinds, cloud) = (kinds::table(), AwsCloud { aws: bench.aws(), stack: wanted.stack.clone() });
    let (clock, limits) = (PausedClock::new(), Limits { seed: "swapped".to_owned(), ..Limits::default() });
    let engine = Engine { kinds: &kinds, graph: &wanted, cloud: &cloud, clock: &clock, limits: &limits };
    let outcome = execute(engine, &plan, &Stop::default(), &mut |_| {}).await;
    let Outcome::Failed(summary) = outcome else { panic!("it is somebody else's: {outcome:#?}") };
    let error = &summary.failed[0].error;
    assert!(
        error.class == ErrorClass::Invalid && error.message.contains("no longer belongs to this stack"),
        "{error:?}"
    );
    assert!(error.hint.as_ref().is_some_and(|hint| hint.contains("nothing was changed")), "{error:?}");
    assert_eq!(before, bench.sim.with_world(|world| things(world)), "what is his stays as it is");
    error.operation.clone()
}

#[tokio::test(start_paused = true)]
async fn a_role_that_somebody_put_in_the_place_of_ours_gets_no_policies() {
    let change = ("small-run }", "small-run, managed_policies: [AdministratorAccess] }");
    let operation = swapped(change, |bench| {
        bench.ask("iam.DeleteRole", json!({ "RoleName": "small-run" }));
        let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": { "AWS": "arn:aws:iam::999999999999:root" } }] });
        let input = json!({ "RoleName": "small-run", "AssumeRolePolicyDocument": trust.to_string() });
        bench.ask("iam.CreateRole", input);
    });
    assert_eq!(operation.await, "iam:UpdateRole");
}

#[tokio::test(start_paused = true)]
async fn clusters_services_and_log_groups_that_changed_hands_stay_as_they_are() {
    let untag = |bench: &Bench, arn: String| {
        bench.ask("ecs.UntagResource", json!({ "resourceArn": arn, "tagKeys": ["evenkeel:stack", "evenkeel:id"] }));
    };
    let arn = |what: &str| format!("arn:aws:ecs:us-east-1:123456789012:{what}");
    let cluster = swapped(("{ name: small }", "{ name: small, container_insights: enabled }"), |bench| {
        untag(bench, arn("cluster/small"));
    });
    assert_eq!(cluster.await, "ecs:UpdateCluster");
    let service = swapped(("    cpu: 256\n", "    desired_count: 3\n    cpu: 256\n"), |bench| {
        untag(bench, arn("service/small/small-app"));
    });
    assert_eq!(service.await, "ecs:UpdateService");
    let group = swapped(("small-audit }", "small-audit, retention: 7d }"), |bench| {
        bench.ask("logs.DeleteLogGroup", json!({ "logGroupName": "small-audit" }));
        bench.ask("logs.CreateLogGroup", json!({ "logGroupName": "small-audit" }));
    });
    assert_eq!(group.await, "logs:PutRetentionPolicy");
}

#[tokio::test(start_paused = true)]
async fn what_was_just_made_or_is_taken_over_is_not_looked_at_again() {
    let bench = Bench::new("us-east-1");
    bench.done(&graph(&[]), Goal::Apply).await;
    let looks = bench.take_requests().iter().filter(|(_, operation)| operation == "GetRole").count();
    assert_eq!(looks, 0);
    bench.done(&graph(&[("small-run }", "small-run, description: a }")]), Goal::Apply).await;
    let sent = bench.take_requests();
    let at = |name: &str| sent.iter().position(|(_, operation)| operation == name);
    assert!(at("GetRole") < at("UpdateRole") && at("GetRole").is_some(), "{sent:?}");
}
