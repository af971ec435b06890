//! What sets AWS apart from a mere store of what was asked for, shown from one end to the other: delays, lingering leftovers,
//! things that move by themselves, limits, refusals of what comes too early. One test for each; details are tested beside
//! the services. Nothing else lives here.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::faults::{Fault, Faults, Rule};
use crate::lab::Lab;
use crate::sim::{Outcome, Settings, Sim};
use crate::wire::{Request, Response};
use crate::world::{Moment, World};

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// A role that tasks may take; its ARN.
fn role(lab: &Lab, name: &str) -> String {
    let principal = json!({ "Service": ["ecs-tasks.amazonaws.com", "ecs.amazonaws.com"] });
    let trust = json!({ "Statement": { "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" } });
    let made = lab.ok("iam.CreateRole", json!({ "RoleName": name, "AssumeRolePolicyDocument": trust.to_string() }));
    let allowed = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
    lab.ok("iam.AttachRolePolicy", json!({ "RoleName": name, "PolicyArn": allowed }));
    text(&made["Role"]["Arn"])
}

/// Registers a revision of `web` with one container `app` on port 80.
fn define(lab: &Lab, container: Value, more: Value) {
    let port = json!([{ "containerPort": 80, "name": "http" }]);
    let mut app = json!({ "name": "app", "image": "nginx:1", "portMappings": port });
    extend(&mut app, container);
    let mut wanted = json!({ "family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
        "cpu": "256", "memory": "512", "containerDefinitions": [app] });
    extend(&mut wanted, more);
    lab.ok("ecs.RegisterTaskDefinition", wanted);
}

fn extend(into: &mut Value, more: Value) {
    for (name, value) in more.as_object().cloned().unwrap_or_default() {
        into[name] = value;
    }
}

/// A lab with a cluster `shop` and a definition `web`.
fn shop() -> Lab {
    let lab = Lab::new();
    lab.ok("ecs.CreateCluster", json!({ "clusterName": "shop" }));
    define(&lab, json!({}), json!({}));
    lab
}

/// What makes a service `web` of one task.
fn wanted(lab: &Lab, more: Value) -> Value {
    let network = json!({ "awsvpcConfiguration": { "subnets": lab.subnets(), "assignPublicIp": "ENABLED" } });
    let mut wanted = json!({ "cluster": "shop", "serviceName": "web", "taskDefinition": "web", "desiredCount": 1,
        "launchType": "FARGATE", "networkConfiguration": network });
    extend(&mut wanted, more);
    wanted
}

fn service(lab: &Lab) -> Value {
    lab.ok("ecs.DescribeServices", json!({ "cluster": "shop", "services": ["web"] }))["services"][0].clone()
}

/// The reason why the service's last task stopped.
fn last_reason(lab: &Lab) -> String {
    let stopped = json!({ "cluster": "shop", "serviceName": "web", "desiredStatus": "STOPPED" });
    let arns = lab.ok("ecs.ListTasks", stopped)["taskArns"].clone();
    text(&lab.ok("ecs.DescribeTasks", json!({ "cluster": "shop", "tasks": arns }))["tasks"][0]["stoppedReason"])
}

fn security_group(lab: &Lab, name: &str) -> String {
    text(&lab.ok("ec2.CreateSecurityGroup", json!({ "GroupName": name, "Description": "for a test" }))["GroupId"])
}

fn balancer(lab: &Lab, more: Value) -> String {
    let mut wanted = json!({ "Name": "web", "Subnets": lab.subnets() });
    extend(&mut wanted, more);
    text(&lab.ok("elbv2.CreateLoadBalancer", wanted)["LoadBalancers"][0]["LoadBalancerArn"])
}

fn target_group(lab: &Lab, name: &str) -> String {
    let vpc = lab.ok("ec2.DescribeSubnets", json!({}))["Subnets"][0]["VpcId"].clone();
    let wanted = json!({ "Name": name, "Protocol": "HTTP", "Port": 80, "VpcId": vpc, "TargetType": "ip" });
    text(&lab.ok("elbv2.CreateTargetGroup", wanted)["TargetGroups"][0]["TargetGroupArn"])
}

/// A listener of a balancer that forwards to a group.
fn listener(lab: &Lab, balancer: &str, group: &str) -> String {
    let action = json!([{ "Type": "forward", "TargetGroupArn": group }]);
    let wanted = json!({ "LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": 80, "DefaultActions": action });
    text(&lab.ok("elbv2.CreateListener", wanted)["Listeners"][0]["ListenerArn"])
}

fn rule(lab: &Lab, listener: &str, priority: u32) -> String {
    let condition = json!([{ "Field": "path-pattern", "Values": [format!("/{priority}")] }]);
    let action = json!([{ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "200" } }]);
    let wanted = json!({ "ListenerArn": listener, "Priority": priority, "Conditions": condition, "Actions": action });
    text(&lab.ok("elbv2.CreateRule", wanted)["Rules"][0]["RuleArn"])
}

fn behind(group: &str) -> Value {
    json!({ "loadBalancers": [{ "targetGroupArn": group, "containerName": "app", "containerPort": 80 }] })
}

/// A request of a JSON service, as a client sends it.
fn request(target: &str, body: &Value) -> Request {
    let credential = "AWS4-HMAC-SHA256 Credential=test/20260131/us-east-1/ecs/aws4_request, Signature=0";
    http::Request::post("/")
        .header("x-amz-target", target)
        .header("authorization", credential)
        .body(Bytes::from(body.to_string()))
        .expect("a request")
}

fn reply(sim: &Sim, request: &Request) -> Response {
    match sim.answer(request) {
        Outcome::Reply(reply, _) => reply,
        other => panic!("{other:?}"),
    }
}

const INVALID: &str = "InvalidParameterException";

#[test]
fn a_task_whose_role_is_too_new_cannot_start_and_a_later_one_can() {
    let lab = shop();
    lab.ok("ecs.CreateService", wanted(&lab, json!({})));
    lab.pass(120);
    let arn = "arn:aws:iam::123456789012:role/tasks";
    define(&lab, json!({}), json!({ "executionRoleArn": arn }));
    lab.ok("ecs.UpdateService", json!({ "cluster": "shop", "service": "web", "taskDefinition": "web" }));
    lab.pass(30);
    let reason = last_reason(&lab);
    assert!(reason.starts_with(&format!("ECS was unable to assume the role '{arn}'")), "{reason}");
    role(&lab, "tasks");
    lab.pass(600);
    assert_eq!(service(&lab)["deployments"][0]["rolloutState"], "COMPLETED");
}

#[test]
fn the_linked_role_can_be_too_new_for_the_first_service() {
    let lab = shop();
    let rule = Rule { operation: Some("CreateService".into()), ..Rule::nth(1, Fault::RoleNotReady) };
    lab.sim.set_faults(Faults::new(vec![rule], 0));
    let create = request("AmazonEC2ContainerServiceV20141113.CreateService", &wanted(&lab, json!({})));
    let refused = reply(&lab.sim, &create);
    let body: Value = serde_json::from_slice(refused.body()).expect("JSON");
    assert_eq!((refused.status().as_u16(), &body["__type"]), (400, &json!(INVALID)));
    assert!(text(&body["message"]).starts_with("Unable to assume the service linked role."));
    assert_eq!(reply(&lab.sim, &create).status(), 200);
}

#[test]
fn a_service_needs_its_target_group_behind_a_load_balancer() {
    let lab = shop();
    let group = target_group(&lab, "web");
    let text = format!("The target group with targetGroupArn {group} does not have an associated load balancer.");
    lab.refuses("ecs.CreateService", wanted(&lab, behind(&group)), INVALID, &text);
    listener(&lab, &balancer(&lab, json!({})), &group);
    lab.ok("ecs.CreateService", wanted(&lab, behind(&group)));
}

#[test]
fn a_load_balancer_takes_minutes_and_its_interfaces_hold_its_group_after_it_is_gone() {
    let lab = Lab::new();
    let group = security_group(&lab, "edge");
    let arn = balancer(&lab, json!({ "SecurityGroups": [group] }));
    let state = || lab.ok("elbv2.DescribeLoadBalancers", json!({}))["LoadBalancers"][0]["State"]["Code"].clone();
    lab.pass(60);
    assert_eq!(state(), "provisioning");
    lab.pass(240);
    assert_eq!(state(), "active");
    lab.ok("elbv2.DeleteLoadBalancer", json!({ "LoadBalancerArn": arn }));
    lab.refuses("elbv2.DescribeLoadBalancers", json!({ "Names": ["web"] }), "LoadBalancerNotFound", "");
    let text = format!("resource {group} has a dependent object");
    lab.refuses("ec2.DeleteSecurityGroup", json!({ "GroupId": group }), "DependencyViolation", &text);
    let filter = json!({ "Filters": [{ "Name": "group-id", "Values": [group] }] });
    let left = lab.ok("ec2.DescribeNetworkInterfaces", filter)["NetworkInterfaces"].clone();
    assert!(left[0]["Description"].as_str().is_some_and(|text| text.starts_with("ELB app/web/")), "{left}");
    lab.pass(600);
    lab.ok("ec2.DeleteSecurityGroup", json!({ "GroupId": group }));
}

#[test]
fn a_running_tasks_interface_holds_its_security_group() {
    let lab = shop();
    let group = security_group(&lab, "tasks");
    let network = json!({ "subnets": lab.subnets(), "securityGroups": [group], "assignPublicIp": "ENABLED" });
    let network = json!({ "awsvpcConfiguration": network });
    lab.ok("ecs.CreateService", wanted(&lab, json!({ "networkConfiguration": network })));
    lab.pass(60);
    let delete = json!({ "GroupId": group });
    lab.refuses("ec2.DeleteSecurityGroup", delete.clone(), "DependencyViolation", "has a dependent object");
    lab.ok("ecs.DeleteService", json!({ "cluster": "shop", "service": "web", "force": true }));
    lab.refuses("ec2.DeleteSecurityGroup", delete.clone(), "DependencyViolation", "has a dependent object");
    lab.pass(300);
    assert_eq!(service(&lab)["status"], "INACTIVE");
    lab.ok("ec2.DeleteSecurityGroup", delete);
}

#[test]
fn a_service_drains_as_long_as_its_group_says_and_keeps_its_name_meanwhile() {
    let lab = shop();
    let group = target_group(&lab, "web");
    listener(&lab, &balancer(&lab, json!({})), &group);
    lab.pass(300);
    lab.ok("ecs.CreateService", wanted(&lab, behind(&group)));
    lab.pass(300);
    lab.ok("ecs.DeleteService", json!({ "cluster": "shop", "service": "web", "force": true }));
    lab.pass(290);
    assert_eq!(service(&lab)["status"], "DRAINING");
    let text = "Unable to Start a service that is still Draining.";
    lab.refuses("ecs.CreateService", wanted(&lab, json!({})), INVALID, text);
    lab.refuses("ecs.DeleteCluster", json!({ "cluster": "shop" }), "ClusterContainsServicesException", "");
    lab.pass(120);
    assert_eq!(service(&lab)["status"], "INACTIVE");
    lab.ok("ecs.CreateService", wanted(&lab, json!({})));
}

#[test]
fn a_rolled_back_deployment_leaves_the_service_stable_on_its_old_revision() {
    let lab = shop();
    lab.ok("ecs.CreateService", wanted(&lab, json!({})));
    lab.pass(120);
    let before = service(&lab);
    define(&lab, json!({ "image": "nginx:missing" }), json!({}));
    let breaker = json!({ "deploymentCircuitBreaker": { "enable": true, "rollback": true } });
    let update =
        json!({ "cluster": "shop", "service": "web", "taskDefinition": "web", "deploymentConfiguration": breaker });
    lab.ok("ecs.UpdateService", update);
    lab.pass(900);
    let after = service(&lab);
    assert_eq!(after["taskDefinition"], before["taskDefinition"]);
    assert_eq!((&after["runningCount"], after["deployments"].as_array().map(Vec::len)), (&json!(1), Some(1)));
    let list = lab.ok("ecs.ListServiceDeployments", json!({ "cluster": "shop", "service": "web" }));
    assert_eq!(list["serviceDeployments"][0]["status"], "ROLLBACK_SUCCESSFUL");
    assert!(last_reason(&lab).starts_with("CannotPullContainerError"));
}

#[test]
fn the_scaler_moves_the_count_of_a_service_by_itself() {
    let lab = shop();
    lab.ok("ecs.CreateService", wanted(&lab, json!({})));
    let target = json!({ "ServiceNamespace": "ecs", "ResourceId": "service/shop/web",
        "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 3, "MaxCapacity": 5 });
    lab.ok("application-autoscaling.RegisterScalableTarget", target);
    lab.pass(120);
    assert_eq!((&service(&lab)["desiredCount"], &service(&lab)["runningCount"]), (&json!(3), &json!(3)));
    let action = json!({ "ServiceNamespace": "ecs", "ResourceId": "service/shop/web",
        "ScalableDimension": "ecs:service:DesiredCount", "ScheduledActionName": "lunch",
        "Schedule": "at(2026-01-31T11:00:00)", "ScalableTargetAction": { "MinCapacity": 5, "MaxCapacity": 5 } });
    lab.ok("application-autoscaling.PutScheduledAction", action);
    lab.pass(3600);
    assert_eq!((&service(&lab)["desiredCount"], &service(&lab)["runningCount"]), (&json!(5), &json!(5)));
}

#[test]
fn a_priority_is_taken_once_but_two_rules_can_change_places() {
    let lab = Lab::new();
    let arn = listener(&lab, &balancer(&lab, json!({})), &target_group(&lab, "web"));
    let (one, two) = (rule(&lab, &arn, 1), rule(&lab, &arn, 2));
    let moved = |pairs: &[(&str, u32)]| {
        let pairs: Vec<Value> = pairs.iter().map(|(rule, to)| json!({ "RuleArn": rule, "Priority": to })).collect();
        lab.ask("elbv2.SetRulePriorities", json!({ "RulePriorities": pairs }))
    };
    let refusal = moved(&[(&one, 2)]).expect_err("it is taken");
    assert_eq!(
        (refusal.code.as_str(), refusal.message.as_str()),
        ("PriorityInUse", "Priority '2' is currently in use")
    );
    moved(&[(&one, 2), (&two, 1)]).expect("they change places");
    let rules = lab.ok("elbv2.DescribeRules", json!({ "ListenerArn": arn }))["Rules"].clone();
    assert_eq!((&rules[0]["RuleArn"], &rules[1]["RuleArn"]), (&json!(two), &json!(one)));
}

#[test]
fn the_same_again_gives_what_is_there_and_something_else_of_that_name_is_refused() {
    let lab = Lab::new();
    let (first, group) = (balancer(&lab, json!({})), target_group(&lab, "web"));
    assert_eq!((balancer(&lab, json!({})), target_group(&lab, "web")), (first, group));
    let other = json!({ "Name": "web", "Subnets": lab.subnets(), "Scheme": "internal" });
    lab.refuses("elbv2.CreateLoadBalancer", other, "DuplicateLoadBalancerName", "exists, but with different settings");
    let vpc = lab.ok("ec2.DescribeSubnets", json!({}))["Subnets"][0]["VpcId"].clone();
    let other = json!({ "Name": "web", "Protocol": "HTTP", "Port": 81, "VpcId": vpc, "TargetType": "ip" });
    lab.refuses("elbv2.CreateTargetGroup", other, "DuplicateTargetGroupName", "exists, but with different settings");
}

#[test]
fn twenty_definitions_can_be_registered_at_once_and_one_a_second_after_that() {
    let start = Moment::parse_iso("2026-01-31T10:00:00Z").expect("a moment");
    let sim = Sim::new(World::new(7, start), Settings { throttling: true, ..Settings::default() });
    let container = json!([{ "name": "app", "image": "nginx", "memory": 64 }]);
    let body = json!({ "family": "web", "containerDefinitions": container });
    let register = request("AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition", &body);
    assert!((0..20).all(|_| reply(&sim, &register).status() == 200));
    let refused = reply(&sim, &register);
    let body: Value = serde_json::from_slice(refused.body()).expect("JSON");
    assert_eq!((refused.status().as_u16(), &body["__type"]), (400, &json!("ThrottlingException")));
    sim.pass(std::time::Duration::from_secs(1));
    assert_eq!(reply(&sim, &register).status(), 200);
}

#[test]
fn a_blue_green_deployment_rewrites_the_weights_of_the_rule() {
    let lab = shop();
    let (blue, green) = (target_group(&lab, "blue"), target_group(&lab, "green"));
    let listener = listener(&lab, &balancer(&lab, json!({})), &blue);
    let groups = json!([{ "TargetGroupArn": blue, "Weight": 100 }, { "TargetGroupArn": green, "Weight": 0 }]);
    let action = json!([{ "Type": "forward", "ForwardConfig": { "TargetGroups": groups } }]);
    let condition = json!([{ "Field": "path-pattern", "Values": ["/*"] }]);
    let made = json!({ "ListenerArn": listener, "Priority": 1, "Conditions": condition, "Actions": action });
    let rule = text(&lab.ok("elbv2.CreateRule", made)["Rules"][0]["RuleArn"]);
    let advanced = json!({ "alternateTargetGroupArn": green, "productionListenerRule": rule,
        "roleArn": role(&lab, "mover") });
    let mut more = behind(&blue);
    more["loadBalancers"][0]["advancedConfiguration"] = advanced;
    more["deploymentConfiguration"] = json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0 });
    lab.pass(300);
    lab.ok("ecs.CreateService", wanted(&lab, more));
    lab.pass(600);
    lab.ok("ecs.UpdateService", json!({ "cluster": "shop", "service": "web", "forceNewDeployment": true }));
    lab.pass(1800);
    let rules = lab.ok("elbv2.DescribeRules", json!({ "RuleArns": [rule] }))["Rules"].clone();
    let action = &rules[0]["Actions"][0];
    let weight = |group: &str| {
        let groups = action["ForwardConfig"]["TargetGroups"].as_array().cloned().unwrap_or_default();
        groups.iter().find(|it| it["TargetGroupArn"] == *group).map(|it| it["Weight"].clone())
    };
    assert_eq!((weight(&blue), weight(&green)), (Some(json!(0)), Some(json!(100))), "{action}");
    assert_eq!(action["TargetGroupArn"], Value::Null);
}

#[test]
fn a_record_is_pending_first_and_a_batch_fails_as_a_whole_with_all_its_faults() {
    let lab = Lab::new();
    let zone = json!({ "Name": "shop.example", "CallerReference": "1" });
    let id = text(&lab.ok("route53.CreateHostedZone", zone)["HostedZone"]["Id"]);
    let change = |name: &str, action: &str| {
        let set = json!({ "Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{ "Value": "10.0.0.1" }] });
        json!({ "Action": action, "ResourceRecordSet": set })
    };
    let batch = |changes: Value| json!({ "HostedZoneId": id, "ChangeBatch": { "Changes": changes } });
    let made = lab.ok("route53.ChangeResourceRecordSets", batch(json!([change("*.shop.example", "CREATE")])));
    let status =
        || lab.ok("route53.GetChange", json!({ "Id": made["ChangeInfo"]["Id"] }))["ChangeInfo"]["Status"].clone();
    assert_eq!((&made["ChangeInfo"]["Status"], status()), (&json!("PENDING"), json!("PENDING")));
    lab.pass(90);
    assert_eq!(status(), "INSYNC");
    let wrong = json!([
        change("new.shop.example", "CREATE"),
        change("*.shop.example", "CREATE"),
        change("gone.shop.example", "DELETE"),
    ]);
    let refusal = lab.refused("route53.ChangeResourceRecordSets", batch(wrong));
    assert_eq!(
        (refusal.code.as_str(), refusal.message.as_str()),
        (
            "InvalidChangeBatch",
            "[Tried to create resource record set [name='\\052.shop.example.', type='A'] but it already exists, Tried \
             to delete resource record set [name='gone.shop.example.', type='A'] but it was not found]"
        )
    );
    let sets = lab.ok("route53.ListResourceRecordSets", json!({ "HostedZoneId": id }))["ResourceRecordSets"].clone();
    assert_eq!(sets.as_array().map(Vec::len), Some(3), "{sets}");
    assert_eq!(sets[2]["Name"], "\\052.shop.example.");
}

#[test]
fn a_certificate_waits_for_its_record_and_stays_in_use_for_minutes_after_its_listener() {
    let lab = Lab::new();
    let zone = json!({ "Name": "shop.example", "CallerReference": "1" });
    let id = text(&lab.ok("route53.CreateHostedZone", zone)["HostedZone"]["Id"]);
    let asked = json!({ "DomainName": "shop.example", "ValidationMethod": "DNS" });
    let arn = text(&lab.ok("acm.RequestCertificate", asked)["CertificateArn"]);
    let certificate = || lab.ok("acm.DescribeCertificate", json!({ "CertificateArn": arn }))["Certificate"].clone();
    assert_eq!(certificate()["DomainValidationOptions"][0]["ResourceRecord"], Value::Null);
    lab.pass(10);
    let record = certificate()["DomainValidationOptions"][0]["ResourceRecord"].clone();
    let set = json!({ "Name": record["Name"], "Type": "CNAME", "TTL": 60,
        "ResourceRecords": [{ "Value": record["Value"] }] });
    let batch = json!({ "Changes": [{ "Action": "CREATE", "ResourceRecordSet": set }] });
    lab.ok("route53.ChangeResourceRecordSets", json!({ "HostedZoneId": id, "ChangeBatch": batch }));
    assert_eq!(certificate()["Status"], "PENDING_VALIDATION");
    lab.pass(600);
    assert_eq!(certificate()["Status"], "ISSUED");
    let (balancer, group) = (balancer(&lab, json!({})), target_group(&lab, "web"));
    let wanted = json!({ "LoadBalancerArn": balancer, "Protocol": "HTTPS", "Port": 443,
        "Certificates": [{ "CertificateArn": arn }],
        "DefaultActions": [{ "Type": "forward", "TargetGroupArn": group }] });
    let listener = lab.ok("elbv2.CreateListener", wanted)["Listeners"][0]["ListenerArn"].clone();
    lab.ok("elbv2.DeleteListener", json!({ "ListenerArn": listener }));
    let delete = json!({ "CertificateArn": arn });
    let text = format!("Certificate {arn} in account 123456789012 is in use.");
    lab.refuses("acm.DeleteCertificate", delete.clone(), "ResourceInUseException", &text);
    lab.pass(900);
    assert_eq!(certificate()["InUseBy"], json!([]));
    lab.ok("acm.DeleteCertificate", delete);
}

#[test]
fn a_namespace_is_made_by_an_operation_and_held_by_services_that_nobody_declared() {
    let lab = shop();
    let started = lab.ok("servicediscovery.CreateHttpNamespace", json!({ "Name": "mesh" }))["OperationId"].clone();
    let operation = || lab.ok("servicediscovery.GetOperation", json!({ "OperationId": started }))["Operation"].clone();
    assert_ne!(operation()["Status"], "SUCCESS");
    lab.pass(120);
    assert_eq!(operation()["Status"], "SUCCESS");
    let namespace = operation()["Targets"]["NAMESPACE"].clone();
    let connect = json!({ "enabled": true, "namespace": "mesh", "services": [{ "portName": "http" }] });
    let absent = json!({ "serviceConnectConfiguration": { "enabled": true, "namespace": "none",
        "services": [{ "portName": "http" }] } });
    lab.refuses("ecs.CreateService", wanted(&lab, absent), "NamespaceNotFoundException", "");
    lab.ok("ecs.CreateService", wanted(&lab, json!({ "serviceConnectConfiguration": connect })));
    lab.pass(120);
    let listed = || lab.ok("servicediscovery.ListServices", json!({}))["Services"].clone();
    assert_eq!(listed()[0]["Name"], "http");
    let delete = json!({ "Id": namespace });
    lab.refuses("servicediscovery.DeleteNamespace", delete.clone(), "ResourceInUse", "");
    lab.ok("ecs.DeleteService", json!({ "cluster": "shop", "service": "web", "force": true }));
    assert_eq!(listed()[0]["Name"], "http", "it outlives the deletion for a while");
    lab.pass(600);
    assert_eq!(listed(), json!([]));
    lab.ok("servicediscovery.DeleteNamespace", delete);
}

#[test]
fn the_name_of_a_secret_is_not_free_at_once_and_that_of_a_parameter_is() {
    let lab = Lab::new();
    let secret = json!({ "Name": "db", "SecretString": "x" });
    lab.ok("secretsmanager.CreateSecret", secret.clone());
    lab.ok("secretsmanager.DeleteSecret", json!({ "SecretId": "db" }));
    let text = "You can't create this secret because a secret with this name is already scheduled for deletion.";
    lab.refuses("secretsmanager.CreateSecret", secret.clone(), "InvalidRequestException", text);
    assert!(lab.ok("secretsmanager.DescribeSecret", json!({ "SecretId": "db" }))["DeletedDate"].is_number());
    lab.pass(31 * 86_400);
    lab.ok("secretsmanager.CreateSecret", secret);
    let parameter = json!({ "Name": "/app", "Value": "x", "Type": "String" });
    lab.ok("ssm.PutParameter", parameter.clone());
    lab.ok("ssm.DeleteParameter", json!({ "Name": "/app" }));
    lab.ok("ssm.PutParameter", parameter);
}

#[test]
fn lists_of_names_have_their_limits() {
    let lab = shop();
    let many = |number: usize, name: &str| (0..number).map(|index| format!("{name}{index}")).collect::<Vec<_>>();
    let services = json!({ "cluster": "shop", "services": many(11, "s") });
    lab.refuses("ecs.DescribeServices", services, INVALID, "at most 10 items");
    let group = target_group(&lab, "web");
    let arns: Vec<String> = many(21, "").iter().map(|_| group.clone()).collect();
    let asked = json!({ "TargetGroupArns": arns });
    lab.refuses("elbv2.DescribeTargetGroups", asked, "ValidationError", "");
    lab.refuses("elbv2.DescribeTags", json!({ "ResourceArns": arns }), "ValidationError", "");
    lab.ok("elbv2.DescribeTags", json!({ "ResourceArns": [group] }));
}

#[test]
fn what_was_just_made_can_be_unknown_to_the_next_read() {
    let lab = Lab::new();
    let rule = Rule { operation: Some("DescribeClusters".into()), ..Rule::nth(1, Fault::StaleRead) };
    lab.sim.set_faults(Faults::new(vec![rule], 0));
    let create = request("AmazonEC2ContainerServiceV20141113.CreateCluster", &json!({ "clusterName": "shop" }));
    let describe = request("AmazonEC2ContainerServiceV20141113.DescribeClusters", &json!({ "clusters": ["shop"] }));
    assert_eq!(reply(&lab.sim, &create).status(), 200);
    let seen = || -> Value { serde_json::from_slice(reply(&lab.sim, &describe).body()).expect("JSON") };
    assert_eq!(seen()["failures"][0]["reason"], "MISSING");
    assert_eq!(seen()["clusters"][0]["status"], "ACTIVE");
}

#[test]
fn a_change_can_meet_another_one_of_the_same_zone() {
    let lab = Lab::new();
    lab.sim.set_faults(Faults::new(vec![Rule::nth(1, Fault::Conflict)], 0));
    let ask = || {
        let credential = "AWS4-HMAC-SHA256 Credential=test/20260131/us-east-1/route53/aws4_request, Signature=0";
        let get = http::Request::get("/2013-04-01/hostedzone").header("authorization", credential);
        reply(&lab.sim, &get.body(Bytes::new()).expect("a request"))
    };
    let refused = ask();
    assert_eq!(refused.status(), 400);
    assert!(String::from_utf8_lossy(refused.body()).contains("<Code>PriorRequestNotComplete</Code>"));
    assert_eq!(ask().status(), 200);
}

#[test]
fn what_is_read_back_is_normal_and_complete() {
    let lab = shop();
    let made = lab.ok("ecs.DescribeTaskDefinition", json!({ "taskDefinition": "web" }))["taskDefinition"].clone();
    let container = &made["containerDefinitions"][0];
    for name in ["environment", "mountPoints", "volumesFrom", "systemControls"] {
        assert_eq!(container[name], json!([]), "{name}");
    }
    assert_eq!((&container["cpu"], &container["essential"]), (&json!(0), &json!(true)));
    assert_eq!(container["portMappings"][0]["hostPort"], 80);
    let group = security_group(&lab, "web");
    let permission = json!({ "IpProtocol": "TCP", "FromPort": 80, "ToPort": 80,
        "IpRanges": [{ "CidrIp": "10.0.0.5/8" }], "Ipv6Ranges": [{ "CidrIpv6": "2001:DB8:0::/32" }] });
    lab.ok("ec2.AuthorizeSecurityGroupIngress", json!({ "GroupId": group, "IpPermissions": [permission] }));
    let read = lab.ok("ec2.DescribeSecurityGroups", json!({ "GroupIds": [group] }))["SecurityGroups"][0].clone();
    let normal = json!([{ "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [],
        "IpRanges": [{ "CidrIp": "10.0.0.0/8" }], "Ipv6Ranges": [{ "CidrIpv6": "2001:db8::/32" }],
        "PrefixListIds": [] }]);
    assert_eq!(read["IpPermissions"], normal);
}

#[test]
fn a_container_can_make_its_own_log_group_before_anybody_else_does() {
    let lab = shop();
    let arn = role(&lab, "tasks");
    let allowed = "arn:aws:iam::aws:policy/CloudWatchLogsFullAccess";
    lab.ok("iam.AttachRolePolicy", json!({ "RoleName": "tasks", "PolicyArn": allowed }));
    let options = json!({ "awslogs-group": "/shop", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web",
        "awslogs-create-group": "true" });
    let log = json!({ "logConfiguration": { "logDriver": "awslogs", "options": options } });
    define(&lab, log, json!({ "executionRoleArn": arn }));
    lab.pass(10);
    lab.ok("ecs.CreateService", wanted(&lab, json!({})));
    lab.pass(120);
    let text = "The specified log group already exists";
    lab.refuses("logs.CreateLogGroup", json!({ "logGroupName": "/shop" }), "ResourceAlreadyExistsException", text);
}

#[test]
fn a_deleted_role_reads_back_as_its_id_where_it_was_a_principal() {
    let lab = Lab::new();
    let arn = role(&lab, "old");
    let id = text(&lab.ok("iam.GetRole", json!({ "RoleName": "old" }))["Role"]["RoleId"]);
    let trust = json!({ "Statement": { "Effect": "Allow", "Principal": { "AWS": arn }, "Action": "sts:AssumeRole" } });
    let other = json!({ "RoleName": "other", "AssumeRolePolicyDocument": trust.to_string() });
    lab.refuses("iam.CreateRole", other.clone(), "MalformedPolicyDocument", "Invalid principal in policy");
    lab.pass(30);
    lab.ok("iam.CreateRole", other);
    let allowed = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
    lab.ok("iam.DetachRolePolicy", json!({ "RoleName": "old", "PolicyArn": allowed }));
    lab.ok("iam.DeleteRole", json!({ "RoleName": "old" }));
    let read = text(&lab.ok("iam.GetRole", json!({ "RoleName": "other" }))["Role"]["AssumeRolePolicyDocument"]);
    assert!(read.contains(&id) && !read.contains("role%2Fold") && !read.contains("role/old"), "{read}");
}

#[test]
fn a_database_flaps_keeps_changes_for_its_window_and_is_protected() {
    let lab = Lab::new();
    let subnets = json!({ "DBSubnetGroupName": "data", "DBSubnetGroupDescription": "x", "SubnetIds": lab.subnets() });
    lab.ok("rds.CreateDBSubnetGroup", subnets);
    let wanted = json!({ "DBInstanceIdentifier": "db", "Engine": "postgres", "DBInstanceClass": "db.t4g.micro",
        "AllocatedStorage": 20, "MasterUsername": "app", "MasterUserPassword": "long-enough-1",
        "DBSubnetGroupName": "data", "DeletionProtection": true });
    lab.ok("rds.CreateDBInstance", wanted);
    let read = || lab.ok("rds.DescribeDBInstances", json!({ "DBInstanceIdentifier": "db" }))["DBInstances"][0].clone();
    let mut seen = Vec::new();
    for _ in 0..240 {
        let status = text(&read()["DBInstanceStatus"]);
        if seen.last() != Some(&status) {
            seen.push(status);
        }
        lab.pass(5);
    }
    assert_eq!(seen.first().map(String::as_str), Some("creating"));
    assert_eq!(seen.last().map(String::as_str), Some("available"));
    assert!(seen.iter().any(|status| status == "backing-up"), "{seen:?}");
    let change = json!({ "DBInstanceIdentifier": "db", "DBInstanceClass": "db.t4g.small" });
    lab.ok("rds.ModifyDBInstance", change);
    assert_eq!(read()["PendingModifiedValues"]["DBInstanceClass"], "db.t4g.small");
    assert_eq!(read()["DBInstanceClass"], "db.t4g.micro");
    let delete = json!({ "DBInstanceIdentifier": "db", "SkipFinalSnapshot": true });
    lab.refuses("rds.DeleteDBInstance", delete, "InvalidParameterCombination", "disable deletion protection");
}

#[test]
fn an_operation_that_a_json_service_does_not_have_is_told_by_its_type_alone() {
    let lab = Lab::new();
    let refused = reply(&lab.sim, &request("AmazonEC2ContainerServiceV20141113.FoldLaundry", &json!({})));
    let body: Value = serde_json::from_slice(refused.body()).expect("JSON");
    assert_eq!((refused.status().as_u16(), body), (400, json!({ "__type": "UnknownOperationException" })));
}
