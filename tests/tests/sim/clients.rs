//! Clients that we did not write, on `evenkeel sim`: boto3 builds, reads back, changes and tears down a whole stack and probes
//! refusals, limits, pages and idempotency; the aws CLI reads what it wrote.

use evenkeel_tests::served::Served;
use serde_json::Value;

fn passes(served: &Served, script: &str) {
    let output = served.python(script, &[]);
    let text = String::from_utf8_lossy(&output.stdout);
    let tail: Vec<&str> = text.lines().rev().take(60).collect();
    let tail: Vec<&str> = tail.into_iter().rev().collect();
    assert!(output.status.success(), "{script}:\n{}\n{}", tail.join("\n"), String::from_utf8_lossy(&output.stderr));
}

#[test]
fn boto3_builds_and_tears_down_a_whole_stack() {
    passes(&Served::start(&[]), "clients/bootcamp/main.py");
}

#[test]
fn boto3_is_refused_as_aws_refuses() {
    passes(&Served::start(&[]), "clients/probes/main.py");
}

#[test]
fn the_aws_cli_reads_what_it_wrote() {
    let served = Served::start(&[]);
    let ask = |arguments: &[&str]| -> Value {
        let output = served.aws(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    };
    let identity = ask(&["sts", "get-caller-identity"]);
    assert_eq!(identity["Account"], "123456789012");
    ask(&["logs", "create-log-group", "--log-group-name", "/cli"]);
    ask(&["logs", "put-retention-policy", "--log-group-name", "/cli", "--retention-in-days", "7"]);
    let groups = ask(&["logs", "describe-log-groups"]);
    assert_eq!(groups["logGroups"][0]["retentionInDays"], 7);
    let subnets = ask(&["ec2", "describe-subnets", "--query", "Subnets[].AvailabilityZone"]);
    assert_eq!(subnets.as_array().map(Vec::len), Some(3), "{subnets}");
    ask(&["servicediscovery", "create-http-namespace", "--name", "cli"]);
    let zone = ask(&["route53", "create-hosted-zone", "--name", "cli.example", "--caller-reference", "1"]);
    assert_eq!(zone["HostedZone"]["Name"], "cli.example.");
    let output = served.aws(&["ecs", "describe-services", "--services", "none"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("ClusterNotFoundException"), "{output:?}");
}
