//! Target groups: defaults, refusals, idempotency, use.

use serde_json::{Value, json};

use super::{balancer, group, group_input, listener, text, vpc};
use crate::lab::Lab;

fn create(lab: &Lab, change: impl Fn(&mut Value)) -> Value {
    let mut input = group_input(lab, "a");
    change(&mut input);
    lab.ok("elbv2.CreateTargetGroup", input)["TargetGroups"][0].clone()
}

#[test]
fn an_http_group_has_http_checks() {
    let lab = Lab::new();
    let mut made = create(&lab, |_| {});
    let arn = text(&made["TargetGroupArn"]);
    assert!(arn.contains(":targetgroup/a/"), "{arn}");
    made.as_object_mut().expect("a group").remove("TargetGroupArn");
    let expected = json!({
        "TargetGroupName": "a", "Protocol": "HTTP", "Port": 80, "VpcId": vpc(&lab), "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port", "HealthCheckEnabled": true, "HealthCheckIntervalSeconds": 30,
        "HealthCheckTimeoutSeconds": 5, "HealthyThresholdCount": 5, "UnhealthyThresholdCount": 2,
        "HealthCheckPath": "/", "Matcher": { "HttpCode": "200" }, "TargetType": "ip", "ProtocolVersion": "HTTP1",
        "IpAddressType": "ipv4",
    });
    assert_eq!(made, expected, "and no load balancers in the answer to Create");
    let read = lab.ok("elbv2.DescribeTargetGroups", json!({ "Names": ["a"] }));
    assert_eq!(read["TargetGroups"][0]["LoadBalancerArns"], json!([]));
}

#[test]
fn a_tcp_group_has_tcp_checks_without_path_and_matcher() {
    let lab = Lab::new();
    let made = create(&lab, |input| input["Protocol"] = "TCP".into());
    assert_eq!((&made["HealthCheckProtocol"], &made["HealthCheckTimeoutSeconds"]), (&json!("TCP"), &json!(10)));
    for absent in ["HealthCheckPath", "Matcher", "ProtocolVersion"] {
        assert!(made.get(absent).is_none(), "{absent}");
    }
}

#[test]
fn a_lambda_group_has_no_protocol_and_checks_only_if_asked() {
    let lab = Lab::new();
    let made = lab.ok("elbv2.CreateTargetGroup", json!({ "Name": "f", "TargetType": "lambda" }));
    let made = &made["TargetGroups"][0];
    assert_eq!((&made["HealthCheckEnabled"], &made["HealthCheckIntervalSeconds"]), (&json!(false), &json!(35)));
    for absent in ["Protocol", "Port", "VpcId", "HealthCheckProtocol", "HealthCheckPort", "ProtocolVersion"] {
        assert!(made.get(absent).is_none(), "{absent}");
    }
    lab.refuses(
        "elbv2.CreateTargetGroup",
        json!({ "Name": "f", "TargetType": "lambda", "Port": 80 }),
        "ValidationError",
        "Port cannot be specified for target groups with target type 'lambda'",
    );
}

#[test]
fn a_grpc_group_matches_grpc_codes() {
    let lab = Lab::new();
    let made = create(&lab, |input| input["ProtocolVersion"] = "GRPC".into());
    assert_eq!(made["Matcher"], json!({ "GrpcCode": "12" }));
    assert_eq!(made["HealthCheckPath"], "/AWS.ALB/healthcheck");
}

#[test]
fn wrong_settings_are_refused_in_aws_words() {
    let lab = Lab::new();
    let refuses = |change: &dyn Fn(&mut Value), part: &str| {
        let mut input = group_input(&lab, "a");
        change(&mut input);
        lab.refuses("elbv2.CreateTargetGroup", input, "ValidationError", part);
    };
    refuses(
        &|input| {
            input["HealthCheckIntervalSeconds"] = 5.into();
            input["HealthCheckTimeoutSeconds"] = 5.into();
        },
        "Health check interval must be greater than the timeout.",
    );
    refuses(
        &|input| input["Matcher"] = json!({ "HttpCode": "200-500" }),
        "Health check matcher HTTP code '200-500' must be within '200-499' inclusive",
    );
    refuses(
        &|input| {
            input["ProtocolVersion"] = "GRPC".into();
            input["Matcher"] = json!({ "GrpcCode": "101" });
        },
        "Health check matcher GRPC code '101' must be within '0-99' inclusive",
    );
    refuses(
        &|input| input["VpcId"] = "vpc-0aaaaaaaaaaaaaaaa".into(),
        "The VPC ID 'vpc-0aaaaaaaaaaaaaaaa' is not found",
    );
    refuses(&|input| input["Port"] = Value::Null, "A port must be specified");
    refuses(
        &|input| input["HealthCheckIntervalSeconds"] = 4.into(),
        "Value '4' at 'healthCheckIntervalSeconds' failed to satisfy constraint: Member must have value greater than or \
         equal to 5",
    );
    refuses(
        &|input| input["Name"] = "a_b".into(),
        "can only contain characters that are alphanumeric characters or hyphens(-)",
    );
    refuses(&|input| input["Name"] = "-a".into(), "Target group name '-a' cannot begin or end with '-'");
}

#[test]
fn a_modified_group_keeps_what_is_not_said() {
    let lab = Lab::new();
    let arn = group(&lab, "a");
    let input = json!({ "TargetGroupArn": arn, "HealthCheckPath": "/up", "Matcher": { "HttpCode": "200,302" } });
    let made = lab.ok("elbv2.ModifyTargetGroup", input)["TargetGroups"][0].clone();
    assert_eq!((&made["HealthCheckPath"], &made["HealthCheckIntervalSeconds"]), (&json!("/up"), &json!(30)));
    assert_eq!(made["Matcher"]["HttpCode"], "200,302");
    lab.refuses(
        "elbv2.ModifyTargetGroup",
        json!({ "TargetGroupArn": arn, "HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 10 }),
        "ValidationError",
        "Health check timeout '10' must be smaller than the interval '5'",
    );
}

#[test]
fn the_same_again_is_the_same_and_other_settings_are_refused() {
    let lab = Lab::new();
    assert_eq!(group(&lab, "a"), group(&lab, "a"));
    let mut other = group_input(&lab, "a");
    other["Port"] = 81.into();
    let part = "A target group with the same name 'a' exists, but with different settings";
    lab.refuses("elbv2.CreateTargetGroup", other, "DuplicateTargetGroupName", part);
}

#[test]
fn a_group_in_use_cannot_be_deleted_and_shows_its_load_balancer() {
    let lab = Lab::new();
    let (web, target) = (balancer(&lab, "web"), group(&lab, "a"));
    let front = listener(&lab, &web, 80, &target);
    let read = lab.ok("elbv2.DescribeTargetGroups", json!({ "LoadBalancerArn": web }));
    assert_eq!(read["TargetGroups"][0]["LoadBalancerArns"], json!([web]));
    let part = format!("Target group '{target}' is currently in use by a listener or a rule");
    lab.refuses("elbv2.DeleteTargetGroup", json!({ "TargetGroupArn": target }), "ResourceInUse", &part);
    lab.ok("elbv2.DeleteListener", json!({ "ListenerArn": front }));
    lab.ok("elbv2.DeleteTargetGroup", json!({ "TargetGroupArn": target }));
    lab.ok("elbv2.DeleteTargetGroup", json!({ "TargetGroupArn": target }));
}

#[test]
fn one_missing_group_fails_the_list_and_twenty_one_are_too_many() {
    let lab = Lab::new();
    group(&lab, "a");
    let names = json!({ "Names": ["a", "b"] });
    lab.refuses("elbv2.DescribeTargetGroups", names, "TargetGroupNotFound", "One or more target groups not found");
    let many: Vec<String> = (0..21).map(|number| format!("a{number}")).collect();
    let part = "You cannot describe more than '20' target groups at a time";
    lab.refuses("elbv2.DescribeTargetGroups", json!({ "Names": many }), "ValidationError", part);
}
