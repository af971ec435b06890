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

/// Asks the aws CLI and reads its answer; nothing if it says nothing.
fn ask(served: &Served, line: &str) -> Value {
    let words: Vec<&str> = line.split_whitespace().collect();
    let output = served.aws(&words);
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

/// What the aws CLI says when it is refused.
fn complaint(served: &Served, line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let output = served.aws(&words);
    assert!(!output.status.success(), "{line} was not refused");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_aws_cli_reads_what_it_wrote() {
    let served = Served::start(&[]);
    let identity = ask(&served, "sts get-caller-identity");
    assert_eq!(identity["Account"], "123456789012");
    ask(&served, "logs create-log-group --log-group-name /cli");
    ask(&served, "logs put-retention-policy --log-group-name /cli --retention-in-days 7");
    let groups = ask(&served, "logs describe-log-groups");
    assert_eq!(groups["logGroups"][0]["retentionInDays"], 7);
    let subnets = ask(&served, "ec2 describe-subnets --query Subnets[].AvailabilityZone");
    assert_eq!(subnets.as_array().map(Vec::len), Some(3), "{subnets}");
    ask(&served, "servicediscovery create-http-namespace --name cli");
    let zone = ask(&served, "route53 create-hosted-zone --name cli.example --caller-reference 1");
    assert_eq!(zone["HostedZone"]["Name"], "cli.example.");
    let said = complaint(&served, "ecs describe-services --services none");
    assert!(said.contains("ClusterNotFoundException"), "{said}");
}

#[test]
fn the_aws_cli_waits_for_what_takes_time() {
    let served = Served::start(&[]);
    let subnets = ask(&served, "ec2 describe-subnets --query Subnets[].SubnetId");
    let subnets: Vec<&str> = subnets.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let made = ask(&served, &format!("elbv2 create-load-balancer --name web --subnets {}", subnets.join(" ")));
    let balancer = made["LoadBalancers"][0]["LoadBalancerArn"].as_str().expect("an ARN");
    ask(&served, "ecs create-cluster --cluster-name web");
    ask(
        &served,
        "ecs register-task-definition --family web --network-mode awsvpc --cpu 256 --memory 512 \
         --requires-compatibilities FARGATE --container-definitions name=web,image=nginx,essential=true",
    );
    let network = format!("awsvpcConfiguration={{subnets=[{}],assignPublicIp=ENABLED}}", subnets.join(","));
    ask(
        &served,
        &format!(
            "ecs create-service --cluster web --service-name web --task-definition web --desired-count 2 --launch-type FARGATE \
             --network-configuration {network}"
        ),
    );
    // Each looks again only after 15 seconds.
    std::thread::scope(|scope| {
        scope.spawn(|| ask(&served, "ecs wait services-stable --cluster web --services web"));
        scope.spawn(|| ask(&served, &format!("elbv2 wait load-balancer-available --load-balancer-arns {balancer}")));
    });
    let running = ask(&served, "ecs describe-services --cluster web --services web --query services[0].runningCount");
    assert_eq!(running, 2);
    let tasks = ask(&served, "ecs list-tasks --cluster web --page-size 1 --query taskArns");
    assert_eq!(tasks.as_array().map(Vec::len), Some(2), "{tasks}");
    let state = ask(&served, "elbv2 describe-load-balancers --names web --query LoadBalancers[0].State.Code");
    assert_eq!(state, "active");
    ask(&served, "ecs delete-service --cluster web --service web --force");
    ask(&served, &format!("elbv2 delete-load-balancer --load-balancer-arn {balancer}"));
    std::thread::scope(|scope| {
        scope.spawn(|| ask(&served, "ecs wait services-inactive --cluster web --services web"));
        scope.spawn(|| ask(&served, &format!("elbv2 wait load-balancers-deleted --load-balancer-arns {balancer}")));
    });
    ask(&served, "ecs delete-cluster --cluster web");
}

#[test]
fn the_aws_cli_sees_a_closed_group_and_opens_it() {
    let served = Served::start(&["--sim-speed", "600"]);
    let subnets = ask(&served, "ec2 describe-subnets --query Subnets[].[SubnetId,VpcId]");
    let vpc = subnets[0][1].as_str().expect("an id").to_owned();
    let subnets: Vec<&str> = subnets.as_array().into_iter().flatten().filter_map(|pair| pair[0].as_str()).collect();
    let group = ask(&served, &format!("ec2 create-security-group --group-name app --description app --vpc-id {vpc}"));
    let group = group["GroupId"].as_str().expect("an id").to_owned();
    let made = ask(&served, &format!("elbv2 create-load-balancer --name web --subnets {}", subnets.join(" ")));
    let balancer = made["LoadBalancers"][0]["LoadBalancerArn"].as_str().expect("an ARN").to_owned();
    let made = ask(
        &served,
        &format!("elbv2 create-target-group --name web --protocol HTTP --port 80 --vpc-id {vpc} --target-type ip"),
    );
    let target = made["TargetGroups"][0]["TargetGroupArn"].as_str().expect("an ARN").to_owned();
    let listener = format!(
        "elbv2 create-listener --load-balancer-arn {balancer} --protocol HTTP --port 80 --default-actions \
         Type=forward,TargetGroupArn={target}"
    );
    ask(&served, &listener);
    let made = ask(&served, &format!("ec2 create-network-interface --subnet-id {} --groups {group}", subnets[0]));
    let address = made["NetworkInterface"]["PrivateIpAddress"].as_str().expect("an address").to_owned();
    ask(&served, &format!("elbv2 register-targets --target-group-arn {target} --targets Id={address}"));
    let health = format!(
        "elbv2 describe-target-health --target-group-arn {target} --query TargetHealthDescriptions[0].TargetHealth"
    );
    let becomes = |state: &str| {
        let seen = (0..60).map(|_| ask(&served, &health)).find(|health| health["State"] == state);
        seen.unwrap_or_else(|| panic!("it is never {state}: {}", ask(&served, &health)))
    };
    let health = becomes("unhealthy");
    assert_eq!((&health["Reason"], &health["Description"]), (&"Target.Timeout".into(), &"Request timed out".into()));
    let rule = format!("--group-id {group} --protocol tcp --port 80 --cidr 172.31.0.0/16");
    ask(&served, &format!("ec2 authorize-security-group-ingress {rule}"));
    becomes("healthy");
    ask(&served, &format!("ec2 revoke-security-group-ingress {rule}"));
    becomes("unhealthy");
}

#[test]
fn services_that_are_not_simulated_are_refused_readably() {
    let served = Served::start(&[]);
    for (line, what) in [
        ("cloudformation list-stacks", "POST / of cloudformation"),
        ("s3 ls", "GET / of s3"),
        ("s3 mb s3://bucket", "PUT /bucket of s3"),
        ("cloudfront list-distributions", "GET /2020-05-31/distribution of cloudfront"),
        ("kms list-keys", "TrentService.ListKeys"),
        ("lambda list-functions", "GET /2015-03-31/functions of lambda"),
    ] {
        let said = complaint(&served, line);
        assert!(said.contains(&format!("Nothing is simulated that answers {what}.")), "{line}: {said}");
    }
    let said = complaint(&served, "ec2 run-instances --image-id ami-1");
    assert!(said.contains("The action RunInstances is not valid for this web service."), "{said}");
}
