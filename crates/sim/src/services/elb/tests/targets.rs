//! Targets: what may be registered, and how they fare.

use serde_json::json;

use super::super::{NewTarget, register, target_group, target_state};
use super::{balancer, group, group_input, listener, text};
use crate::lab::Lab;

fn add(lab: &Lab, group: &str, answers: bool) {
    let place = lab.place.clone();
    let zone = text(&lab.ok("ec2.DescribeSubnets", json!({}))["Subnets"][0]["AvailabilityZone"]);
    let target =
        NewTarget { id: "172.31.0.10".to_owned(), port: 8080, zone, answers, interface: None, ears: Vec::new() };
    lab.sim.with_world(|world| register(world, &place, group, target));
}

fn health(lab: &Lab, group: &str) -> (String, String) {
    let read = lab.ok("elbv2.DescribeTargetHealth", json!({ "TargetGroupArn": group }));
    let health = &read["TargetHealthDescriptions"][0]["TargetHealth"];
    let of = |name: &str| health[name].as_str().unwrap_or_default().to_owned();
    (of("State"), of("Reason"))
}

fn pair(state: &str, reason: &str) -> (String, String) {
    (state.to_owned(), reason.to_owned())
}

#[test]
fn a_target_is_unused_until_a_listener_forwards_to_its_group() {
    let lab = Lab::new();
    let (web, target) = (balancer(&lab, "web"), group(&lab, "a"));
    add(&lab, &target, true);
    assert_eq!(health(&lab, &target), pair("unused", "Target.NotInUse"));
    let front = listener(&lab, &web, 80, &target);
    assert_eq!(health(&lab, &target), pair("initial", "Elb.RegistrationInProgress"));
    let states: Vec<String> = (0..40)
        .map(|_| {
            lab.pass(6);
            health(&lab, &target).1
        })
        .collect();
    let checking = states.iter().position(|it| it == "Elb.InitialHealthChecking").expect("it is checked");
    assert!(checking * 6 > 100, "nothing is checked while the load balancer is provisioned: {states:?}");
    lab.pass(60);
    assert_eq!(health(&lab, &target), pair("healthy", ""));
    lab.ok("elbv2.DeleteListener", json!({ "ListenerArn": front }));
    assert_eq!(health(&lab, &target), pair("unused", "Target.NotInUse"));
}

#[test]
fn a_target_that_does_not_answer_is_unhealthy() {
    let lab = Lab::new();
    let (web, target) = (balancer(&lab, "web"), group(&lab, "a"));
    listener(&lab, &web, 80, &target);
    add(&lab, &target, false);
    lab.pass(300);
    assert_eq!(health(&lab, &target), pair("unhealthy", "Target.Timeout"));
    add(&lab, &target, true);
    lab.pass(60);
    assert_eq!(health(&lab, &target).0, "unhealthy", "it takes five checks to be healthy again");
    lab.pass(180);
    assert_eq!(health(&lab, &target).0, "healthy");
}

#[test]
fn a_deregistered_target_drains_for_the_delay() {
    let lab = Lab::new();
    let (web, target) = (balancer(&lab, "web"), group(&lab, "a"));
    listener(&lab, &web, 80, &target);
    add(&lab, &target, true);
    lab.pass(60);
    lab.ok("elbv2.DeregisterTargets", json!({ "TargetGroupArn": target, "Targets": [{ "Id": "172.31.0.10" }] }));
    lab.pass(299);
    assert_eq!(health(&lab, &target), pair("draining", "Target.DeregistrationInProgress"));
    lab.pass(2);
    let read = lab.ok("elbv2.DescribeTargetHealth", json!({ "TargetGroupArn": target }));
    assert_eq!(read["TargetHealthDescriptions"], json!([]));
}

#[test]
fn a_target_that_is_asked_for_by_name_need_not_be_there() {
    let lab = Lab::new();
    let target = group(&lab, "a");
    let input = json!({ "TargetGroupArn": target, "Targets": [{ "Id": "172.31.0.9", "Port": 80 }] });
    let read = lab.ok("elbv2.DescribeTargetHealth", input);
    let one = &read["TargetHealthDescriptions"][0];
    assert_eq!(one["Target"], json!({ "Id": "172.31.0.9", "Port": 80 }));
    assert_eq!(one["TargetHealth"]["Reason"], "Target.NotRegistered");
    assert_eq!(one["TargetHealth"]["Description"], "Target is not registered to the target group");
}

#[test]
fn registered_addresses_show_their_zone_and_port() {
    let lab = Lab::new();
    let target = group(&lab, "a");
    lab.ok("elbv2.RegisterTargets", json!({ "TargetGroupArn": target, "Targets": [{ "Id": "172.31.0.9" }] }));
    let read = lab.ok("elbv2.DescribeTargetHealth", json!({ "TargetGroupArn": target }));
    let one = &read["TargetHealthDescriptions"][0];
    assert_eq!((&one["HealthCheckPort"], &one["Target"]["Port"]), (&json!("80"), &json!(80)));
    assert!(text(&one["Target"]["AvailabilityZone"]).starts_with("us-east-1"));
}

#[test]
fn strange_targets_are_refused() {
    let lab = Lab::new();
    let target = group(&lab, "a");
    let refuses = |group: &str, id: &str, code: &str, part: &str| {
        let input = json!({ "TargetGroupArn": group, "Targets": [{ "Id": id }] });
        lab.refuses("elbv2.RegisterTargets", input, code, part);
    };
    let part = "The IP address '8.8.8.8' is not within the VPC CIDR block(s) or a supported private range";
    refuses(&target, "8.8.8.8", "ValidationError", part);
    refuses(&target, "nine", "ValidationError", "The IP address 'nine' is not a valid IPv4 address");
    let mut input = group_input(&lab, "i");
    input["TargetType"] = "instance".into();
    let instances = lab.ok("elbv2.CreateTargetGroup", input);
    let instances = text(&instances["TargetGroups"][0]["TargetGroupArn"]);
    let part = "The following targets are not in a running state and cannot be registered: 'i-0123456789abcdef0'";
    refuses(&instances, "i-0123456789abcdef0", "InvalidTarget", part);
    refuses(&instances, "172.31.0.9", "ValidationError", "Instance ID '172.31.0.9' is not valid");
}

#[test]
fn other_services_see_groups_and_targets() {
    let lab = Lab::new();
    let (web, target) = (balancer(&lab, "web"), group(&lab, "a"));
    let facts = || {
        let place = lab.place.clone();
        lab.sim.with_world(|world| target_group(world.region(&place), &target)).expect("a group")
    };
    assert!(facts().load_balancers.is_empty());
    listener(&lab, &web, 80, &target);
    assert_eq!(facts().load_balancers, [web]);
    assert_eq!((facts().deregistration_delay, facts().target_type.as_str()), (300, "ip"));
    add(&lab, &target, true);
    let place = lab.place.clone();
    let state = lab.sim.with_world(|world| target_state(world.region(&place), &target, "172.31.0.10", 8080));
    assert_eq!(state.map(|(state, _)| state), Some("initial"));
}
