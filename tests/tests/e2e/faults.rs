//! Faults on the wire, by microburst in front of moto: throttling, server errors, lost replies, denials. Each test asserts
//! that the faults really fired.

use evenkeel_tests::burst::Burst;
use evenkeel_tests::moto::Moto;
use evenkeel_tests::world::world;
use serde_json::json;

use super::{Bench, STACK};

#[tokio::test]
async fn throttling_delays_and_changes_nothing() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let expected = after_a_clean_run(&moto).await;
    let burst = Burst::before(&moto);
    burst.rules(&json!([
        { "service": "*", "probability": 0.2, "times": 40, "error": { "code": "ThrottlingException", "status": 400, "message": "Rate exceeded" } }
    ]));
    let bench = Bench::new(&burst.url(), STACK);
    bench.apply();
    // One in five of some forty requests: it is a matter of luck how many.
    assert!(!burst.fired().is_empty(), "nothing was throttled");
    burst.rules(&json!([]));
    bench.settled();
    assert_eq!(without_numbers(world(&aws).await), expected);
}

#[tokio::test]
async fn lost_replies_and_server_errors_duplicate_nothing() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let expected = after_a_clean_run(&moto).await;
    let operations = [
        ("ec2", "CreateSecurityGroup"),
        ("ec2", "AuthorizeSecurityGroupIngress"),
        ("iam", "CreateRole"),
        ("iam", "PutRolePolicy"),
        ("logs", "CreateLogGroup"),
        ("elbv2", "CreateTargetGroup"),
        ("elbv2", "CreateLoadBalancer"),
        ("elbv2", "CreateListener"),
        ("elbv2", "CreateRule"),
        ("ecs", "CreateCluster"),
        ("ecs", "RegisterTaskDefinition"),
        ("ecs", "CreateService"),
        ("route53", "CreateHostedZone"),
        ("route53", "ChangeResourceRecordSets"),
    ];
    let rules: Vec<_> = operations
        .iter()
        .map(|(service, operation)| {
            // The request reaches the server; its reply is cut off before the first byte of the body is through.
            json!({ "service": service, "operation": operation, "times": 1, "response": { "abort_bytes": 1 } })
        })
        .collect();
    let burst = Burst::before(&moto);
    burst.rules(&json!(rules));
    let bench = Bench::new(&burst.url(), STACK);
    let ran = bench.run("apply", &["--yes"]).exits(0);
    let fired = burst.fired().len();
    assert!(fired >= 10, "{fired} faults fired\n{}", ran.stderr);
    burst.rules(&json!([]));
    bench.settled();
    assert_eq!(without_numbers(world(&aws).await), expected, "one of each, as without faults");

    burst.rules(&json!([
        { "service": "*", "probability": 0.2, "times": 20, "error": { "code": "InternalFailure", "status": 500, "message": "oops" } }
    ]));
    bench.run("destroy", &["--yes"]).exits(0);
    assert!(!burst.fired().is_empty());
    burst.rules(&json!([]));
    let left = world(&aws).await;
    assert!(left.is_empty(), "{left:#?}");
}

#[tokio::test]
async fn a_read_that_is_denied_is_not_absence() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let bench = Bench::new(&moto.url(), STACK);
    bench.apply();
    let before = world(&aws).await;
    let burst = Burst::before(&moto);
    for (service, operation) in
        [("elbv2", "DescribeTargetGroups"), ("ecs", "DescribeServices"), ("ec2", "DescribeSecurityGroups")]
    {
        burst.rules(&json!([
            { "service": service, "operation": operation, "error": { "code": "AccessDenied", "status": 403, "message": "not for you" } }
        ]));
        let denied = Bench::new(&burst.url(), STACK);
        for (command, more) in [("apply", &["--yes"][..]), ("destroy", &["--yes"]), ("plan", &[])] {
            let ran = denied.run(command, more).exits(4);
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(said.contains(operation) && said.contains("AccessDenied"), "{said}");
        }
        assert_eq!(world(&aws).await, before, "{operation}: nothing was changed");
    }
}

/// What the stack looks like when nothing goes wrong; it is taken down again.
async fn after_a_clean_run(moto: &Moto) -> std::collections::BTreeSet<String> {
    let clean = Bench::new(&moto.url(), STACK);
    clean.apply();
    let expected = without_numbers(world(&moto.aws().await).await);
    clean.run("destroy", &["--yes"]).exits(0);
    expected
}

/// Revision numbers of task definitions never go back, so they are no difference.
fn without_numbers(world: std::collections::BTreeSet<String>) -> std::collections::BTreeSet<String> {
    world
        .into_iter()
        .map(|line| match line.strip_prefix("task definition ").and_then(|rest| rest.rsplit_once(':')) {
            Some((family, _)) => format!("task definition {family}"),
            None => line,
        })
        .collect()
}
