//! What the sweep and the random worlds have found, each as a story of its own.

use evenkeel_aws::kinds::security_group_rules::{self, Rule as Permission};
use evenkeel_aws::resource::{Work, doc};
use evenkeel_core::cloud::Update;
use evenkeel_core::snapshot::{Live, Owner};
use evenkeel_sim::faults::{Fault, Faults, Rule};
use evenkeel_tests::simulated::{Bench, Ended, Goal};
use serde_json::{Value, json};

use super::scenes;

fn rule(service: &str, operation: &str, fault: Fault) -> Rule {
    Rule { nth: Some(1), ..Rule::operation(service, operation, fault) }
}

fn revisions(bench: &Bench, family: &str) -> usize {
    let reply = bench.ask("ecs.ListTaskDefinitions", json!({ "familyPrefix": family, "status": "ACTIVE" }));
    reply["taskDefinitionArns"].as_array().map_or(0, Vec::len)
}

#[tokio::test(start_paused = true)]
async fn a_revision_that_an_interrupted_run_registered_is_taken_up() {
    let scene = scenes::flask_todo();
    let bench = scene.bench();
    let graph = scene.graph();
    // Before there is a service: the revision is there, and nothing runs it.
    bench.faults(Faults::new(vec![rule("ecs", "CreateService", Fault::DieBefore)], 1));
    assert!(matches!(bench.run(&graph, Goal::Apply).await, Ended::Killed));
    bench.faults(Faults::default());
    bench.done(&graph, Goal::Apply).await;
    assert_eq!(revisions(&bench, "flask-todo"), 1, "the first revision was registered once");

    // Between two revisions of a service that runs.
    let graph = scene.with(&[("FLASK_ENV: production", "FLASK_ENV: development")]);
    bench.faults(Faults::new(vec![rule("ecs", "UpdateService", Fault::DieBefore)], 1));
    assert!(matches!(bench.run(&graph, Goal::Apply).await, Ended::Killed));
    assert_eq!(revisions(&bench, "flask-todo"), 2);
    bench.faults(Faults::default());
    bench.done(&graph, Goal::Apply).await;
    bench.settled(&graph, Goal::Apply).await;
    assert_eq!(revisions(&bench, "flask-todo"), 2, "the second revision was registered once");

    // Back to what once was is a new revision: only the newest is taken up.
    bench.done(&scene.graph(), Goal::Apply).await;
    bench.settled(&scene.graph(), Goal::Apply).await;
    assert_eq!(revisions(&bench, "flask-todo"), 3);
}

#[tokio::test(start_paused = true)]
async fn rules_that_cannot_be_read_are_not_taken_for_gone() {
    let bench = Bench::new("us-east-1");
    let vpc = bench.ask("ec2.CreateVpc", json!({ "CidrBlock": "10.9.0.0/16" }))["Vpc"]["VpcId"].clone();
    let group = json!({ "GroupName": "a", "Description": "a", "VpcId": vpc });
    let group = bench.ask("ec2.CreateSecurityGroup", group)["GroupId"].as_str().unwrap_or_default().to_owned();
    let permission = |port: i32| Permission {
        protocol: "tcp".to_owned(),
        from_port: port,
        to_port: port,
        peer: "10.0.0.0/8".into(),
        description: String::new(),
    };
    let one = |port: i32| -> Value {
        json!({ "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{ "CidrIp": "10.0.0.0/8" }] })
    };
    // Of two rules that are to go one is gone already, which refuses the whole request; and then nothing can be read.
    let input = json!({ "GroupId": group, "IpPermissions": [one(2)] });
    bench.ask("ec2.AuthorizeSecurityGroupIngress", input);
    let spec = |rules: &[i32]| security_group_rules::Spec {
        group: group.as_str().into(),
        ingress: rules.iter().map(|port| permission(*port)).collect(),
        egress: Vec::new(),
    };
    let node = security_group_rules::id("a");
    let live = Live::new(&group, "a", Owner::Ours(node.clone()), doc(&spec(&[1, 2])));
    let want = doc(&spec(&[]));
    let order = || Update { node: &node, live: &live, want: &want, changes: &[], token: "t" };
    let driver = security_group_rules::ENTRY.driver;
    bench.faults(Faults::new(vec![rule("ec2", "DescribeSecurityGroups", Fault::AccessDenied)], 1));
    assert!(driver.update(Work { aws: &bench.aws(), stack: "a" }, order()).await.is_err(), "the rule is still there");
    driver.update(Work { aws: &bench.aws(), stack: "a" }, order()).await.expect("under a clear sky it goes");
    let groups = bench.ask("ec2.DescribeSecurityGroups", json!({ "GroupIds": [group] }));
    assert_eq!(groups["SecurityGroups"][0]["IpPermissions"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_after_minutes_of_being_in_use_does_not_end_a_run() {
    let scene = scenes::cruddur_http();
    for fault in [Fault::Unavailable, Fault::Timeout, Fault::ReplyCut] {
        let bench = scene.bench();
        bench.done(&scene.graph(), Goal::Apply).await;
        // Interfaces hold the groups for a while. Where nobody may look at them, a deletion is refused again and again before this.
        let blind = Rule::operation("ec2", "DescribeNetworkInterfaces", Fault::AccessDenied);
        let late = Rule { nth: Some(14), ..rule("ec2", "DeleteSecurityGroup", fault) };
        bench.faults(Faults::new(vec![late, blind], 1));
        let ended = bench.run(&scene.graph(), Goal::Destroy).await;
        let fired = bench.sim.fired();
        assert_eq!(fired.iter().filter(|fired| fired.fault == fault).count(), 1, "it came so far");
        assert!(ended.is_done(), "{fault:?}: {ended:#?}");
        bench.settled(&scene.graph(), Goal::Destroy).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_made_although_its_reply_was_lost_is_not_asked_for_again() {
    let scene = scenes::flask_todo();
    let count = |requests: &[(&str, String)], operation: &str| requests.iter().filter(|(_, o)| o == operation).count();
    let clean = scene.bench();
    clean.done(&scene.graph(), Goal::Apply).await;
    let clean = clean.take_requests();
    for (service, operation) in [
        ("ec2", "CreateSecurityGroup"),
        ("ecs", "CreateCluster"),
        ("ecs", "CreateService"),
        ("ecs", "RegisterTaskDefinition"),
        ("elbv2", "CreateListener"),
        ("elbv2", "CreateLoadBalancer"),
        ("elbv2", "CreateTargetGroup"),
        ("iam", "CreateRole"),
        ("logs", "CreateLogGroup"),
    ] {
        let bench = scene.bench();
        bench.faults(Faults::new(vec![rule(service, operation, Fault::ReplyCut)], 1));
        bench.done(&scene.graph(), Goal::Apply).await;
        let asked = count(&bench.take_requests(), operation);
        assert_eq!(asked, count(&clean, operation), "{service}:{operation}: it was there, and a read would have told");
    }
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_waited_for_again_and_again() {
    let scene = scenes::flask_todo();
    for (service, operation, fault) in [
        ("ecs", "CreateService", Fault::RoleNotReady),
        ("ecs", "RegisterTaskDefinition", Fault::Conflict),
        ("iam", "AttachRolePolicy", Fault::Conflict),
        ("logs", "CreateLogGroup", Fault::Conflict),
        ("elbv2", "CreateLoadBalancer", Fault::Throttle),
        ("ecs", "DescribeClusters", Fault::Unavailable),
        ("ec2", "AuthorizeSecurityGroupIngress", Fault::Unavailable),
        ("elbv2", "CreateTargetGroup", Fault::Timeout),
    ] {
        let bench = scene.bench();
        let rule = Rule { times: Some(3), ..Rule::operation(service, operation, fault) };
        bench.faults(Faults::new(vec![rule], 1));
        let ended = bench.run(&scene.graph(), Goal::Apply).await;
        assert_eq!(bench.sim.fired().len(), 3, "{fault:?} of {service}:{operation}");
        assert!(ended.is_done(), "{fault:?} of {service}:{operation}: {ended:#?}");
    }
}
