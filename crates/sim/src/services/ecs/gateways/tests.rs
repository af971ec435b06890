//! Tests of gateways, with services that connect to them.

use serde_json::{Value, json};

use crate::lab::Lab;

const ROLE: &str = "arn:aws:iam::123456789012:role/ecs-gateway";

fn lab() -> Lab {
    let lab = Lab::new();
    let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "Service": "ecs.amazonaws.com" } }] });
    let role = json!({ "RoleName": "ecs-gateway", "AssumeRolePolicyDocument": trust.to_string() });
    lab.ok("iam.CreateRole", role);
    lab.pass(60);
    lab.ok("ecs.CreateCluster", json!({ "clusterName": "shop", "capacityProviders": ["FARGATE"] }));
    let app = json!({ "name": "app", "image": "nginx:1.27", "essential": true,
        "portMappings": [{ "containerPort": 80, "name": "http" }] });
    lab.ok(
        "ecs.RegisterTaskDefinition",
        json!({ "family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256",
            "memory": "512", "containerDefinitions": [app] }),
    );
    lab
}

fn gateway(lab: &Lab, more: Value) -> Value {
    let mut all = json!({ "name": "public", "infrastructureRoleArn": ROLE,
        "configuration": { "hostSharedAlb": { "networkConfiguration": { "ipAddressType": "ipv4" } } },
        "tags": [{ "key": "team", "value": "web" }] });
    for (key, value) in more.as_object().cloned().unwrap_or_default() {
        all[key] = value;
    }
    lab.ok("ecs.CreateGateway", all)
}

fn associate(lab: &Lab) {
    lab.ok("ecs.AssociateGatewayWithCluster", json!({ "gateway": "public", "cluster": "shop" }));
}

fn service(lab: &Lab) -> Value {
    json!({ "cluster": "shop", "serviceName": "web", "taskDefinition": "web", "desiredCount": 1, "launchType": "FARGATE",
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": lab.subnets(), "assignPublicIp": "ENABLED" } },
        "gatewayConnectors": [{ "portName": "http", "filters": { "accessTypes": ["PUBLIC"] } }] })
}

/// What the current revision of the service shows of what ECS made for it.
fn connection(lab: &Lab) -> Value {
    let reply = lab.ok("ecs.DescribeServices", json!({ "cluster": "shop", "services": ["web"] }));
    let arn = reply["services"][0]["currentServiceRevisions"][0]["arn"].clone();
    let reply = lab.ok("ecs.DescribeServiceRevisions", json!({ "serviceRevisionArns": [arn] }));
    reply["serviceRevisions"][0]["ecsManagedResources"].clone()
}

#[test]
fn a_gateway_is_active_at_once_and_runs_nothing_yet() {
    let lab = lab();
    assert_eq!(gateway(&lab, json!({}))["status"], "ACTIVE");
    let shown = lab.ok("ecs.DescribeGateway", json!({ "gateway": "public" }))["gateway"].clone();
    assert_eq!(shown["deletionProtection"], true);
    assert_eq!(shown["accessType"], "PUBLIC");
    let body = &shown["configuration"]["hostSharedAlb"];
    assert_eq!((&body["maxAlbCount"], &body["currentAlbCount"], &body["port"]), (&json!(10), &json!(0), &json!(443)));
    let found = lab.ok("ecs.ListGateways", json!({ "names": ["public", "other"] }));
    assert_eq!(found["gateways"].as_array().map(Vec::len), Some(1));
    lab.refuses("ecs.DescribeGateway", json!({ "gateway": "other" }), "GatewayNotFoundException", "not found");
}

#[test]
fn what_cannot_be_a_gateway_is_refused() {
    let lab = lab();
    let subnets = lab.subnets();
    let with =
        |alb: Value| json!({ "name": "x", "infrastructureRoleArn": ROLE, "configuration": { "hostSharedAlb": alb } });
    let refuse = |input: Value, part: &str| lab.refuses("ecs.CreateGateway", input, "InvalidParameterException", part);
    refuse(with(json!({ "networkConfiguration": { "subnets": [subnets[0]] } })), "two subnets");
    refuse(with(json!({ "port": 80 })), "HTTPS at port 443");
    refuse(with(json!({ "networkConfiguration": { "inboundSecurityGroup": "sg-none" } })), "does not exist");
    let mut role = with(json!({}));
    role["infrastructureRoleArn"] = json!("arn:aws:iam::123456789012:role/none");
    refuse(role, "Unable to assume role");
    let mut name = with(json!({}));
    name["name"] = json!("a b");
    refuse(name, "must match");
    gateway(&lab, json!({}));
    let mut twice = with(json!({}));
    twice["name"] = json!("public");
    refuse(twice, "already exists");
}

#[test]
fn a_service_connects_and_everything_goes_with_it() {
    let lab = lab();
    lab.refuses("ecs.CreateService", service(&lab), "InvalidParameterException", "no gateways are associated");
    gateway(&lab, json!({}));
    associate(&lab);
    let mut odd = service(&lab);
    odd["gatewayConnectors"][0]["portName"] = json!("grpc");
    lab.refuses("ecs.CreateService", odd, "InvalidParameterException", "The port name grpc");
    let mut private = service(&lab);
    private["gatewayConnectors"][0]["filters"]["accessTypes"] = json!(["PRIVATE"]);
    lab.refuses("ecs.CreateService", private, "InvalidParameterException", "compatible");
    let made = lab.ok("ecs.CreateService", service(&lab))["service"].clone();
    let groups = made["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"].clone();
    assert_eq!(groups.as_array().map(Vec::len), Some(1), "ECS gives the tasks a group of its own: {groups}");
    let group = lab.ok("ec2.DescribeSecurityGroups", json!({ "GroupIds": groups }));
    let tags = group["SecurityGroups"][0]["Tags"].clone();
    let tags: Vec<&str> = tags.as_array().into_iter().flatten().filter_map(|tag| tag["Key"].as_str()).collect();
    assert_eq!(tags, ["AmazonECSManaged", "team"]);
    assert_eq!(connection(&lab)["gatewayConnections"][0]["status"], "CREATE_IN_PROGRESS");
    lab.pass(400);
    let there = connection(&lab)["gatewayConnections"][0].clone();
    assert_eq!(there["status"], "ACTIVE");
    assert!(there["serviceUrl"].as_str().is_some_and(|url| url.starts_with("https://")), "{there}");
    let targets = &there["resources"]["hostSharedAlb"][0]["targetGroupArn"];
    let health = lab.ok("elbv2.DescribeTargetHealth", json!({ "TargetGroupArn": targets }));
    assert_eq!(health["TargetHealthDescriptions"][0]["TargetHealth"]["State"], "healthy", "{health}");

    lab.refuses("ecs.DeleteGateway", json!({ "gateway": "public" }), "InvalidParameterException", "associated");
    let tie = json!({ "gateway": "public", "cluster": "shop" });
    assert_eq!(lab.ok("ecs.DisassociateGatewayFromCluster", tie.clone())["status"], "DISASSOCIATING");
    lab.pass(600);
    let left = lab.ok("ecs.ListGatewayClusterAssociations", json!({ "gateway": "public" }));
    assert_eq!(left["gatewayClusterAssociations"][0]["status"], "DISASSOCIATING", "a service still has a route");
    lab.ok("ecs.DeleteService", json!({ "cluster": "shop", "service": "web", "force": true }));
    lab.pass(1200);
    let left = lab.ok("ecs.ListGatewayClusterAssociations", json!({ "gateway": "public" }));
    assert_eq!(left["gatewayClusterAssociations"], json!([]));
    lab.refuses("ecs.DisassociateGatewayFromCluster", tie, "ResourceNotFoundException", "not associated");
    lab.refuses("ecs.DeleteGateway", json!({ "gateway": "public" }), "InvalidParameterException", "protection");
    lab.ok("ecs.UpdateGateway", json!({ "gateway": "public", "deletionProtection": false }));
    assert_eq!(lab.ok("ecs.DeleteGateway", json!({ "gateway": "public" }))["status"], "DELETED");
    assert_eq!(lab.ok("elbv2.DescribeLoadBalancers", json!({}))["LoadBalancers"], json!([]));
    assert_eq!(lab.ok("elbv2.DescribeTargetGroups", json!({}))["TargetGroups"], json!([]));
    let groups = lab.ok("ec2.DescribeSecurityGroups", json!({}))["SecurityGroups"].clone();
    assert_eq!(groups.as_array().map(Vec::len), Some(1), "only the default group is left: {groups}");
    assert_eq!(lab.ok("acm.ListCertificates", json!({}))["CertificateSummaryList"], json!([]));
}

#[test]
fn a_service_lets_go_and_an_update_that_fails_says_so() {
    let lab = lab();
    gateway(&lab, json!({ "deletionProtection": false }));
    associate(&lab);
    lab.ok("ecs.CreateService", service(&lab));
    lab.pass(400);
    let input = json!({ "gateway": "public", "configuration": { "hostSharedAlb": { "webACLArn": "arn:acl/fail" } } });
    assert_eq!(lab.ok("ecs.UpdateGateway", input)["status"], "UPDATE_IN_PROGRESS");
    lab.pass(60);
    let shown = lab.ok("ecs.DescribeGateway", json!({ "gateway": "public" }))["gateway"].clone();
    assert_eq!(shown["status"], "UPDATE_FAILED");
    assert_eq!(shown["failures"][0]["errors"][0]["code"], "AccessDenied");
    let off = json!({ "cluster": "shop", "service": "web", "gatewayConnectors": [] });
    let groups = lab.ok("ecs.UpdateService", off)["service"]["networkConfiguration"]["awsvpcConfiguration"].clone();
    assert_eq!(groups["securityGroups"], json!([]));
    lab.pass(1200);
    assert_eq!(lab.ok("ecs.ListGatewayRoutes", json!({}))["gatewayRoutes"], json!([]));
    assert_eq!(lab.ok("elbv2.DescribeLoadBalancers", json!({}))["LoadBalancers"], json!([]));
}
