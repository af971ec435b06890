//! What CreateService and UpdateService refuse, in AWS's words.

use serde_json::{Value, json};

use super::{Scene, behind};

const INVALID: &str = "InvalidParameterException";

fn refuses(scene: &Scene, more: Value, code: &str, text: &str) {
    let refusal = scene.lab.refused("ecs.CreateService", scene.wanted("web", 1, more));
    assert_eq!((refusal.code.as_str(), refusal.message.as_str()), (code, text));
    let found = scene.lab.ok("ecs.DescribeServices", json!({ "cluster": "shop", "services": ["web"] }));
    assert_eq!(found["services"], json!([]), "nothing was made");
}

#[test]
fn a_service_needs_a_cluster_and_an_active_task_definition() {
    let scene = Scene::new();
    refuses(&scene, json!({ "cluster": "nowhere" }), "ClusterNotFoundException", "Cluster not found.");
    refuses(&scene, json!({ "taskDefinition": "nothing" }), "ClientException", "TaskDefinition not found.");
    scene.lab.ok("ecs.DeregisterTaskDefinition", json!({ "taskDefinition": "web:1" }));
    refuses(&scene, json!({ "taskDefinition": "web:1" }), "ClientException", "TaskDefinition is inactive");
}

#[test]
fn networks_have_to_fit() {
    let scene = Scene::new();
    let none = json!({ "networkConfiguration": null });
    let text = "Network Configuration must be provided when networkMode 'awsvpc' is specified.";
    refuses(&scene, none, INVALID, text);
    let at = |vpc: Value| json!({ "networkConfiguration": { "awsvpcConfiguration": vpc } });
    refuses(&scene, at(json!({ "subnets": [] })), INVALID, "subnets can not be empty.");
    let lost = "subnet-0123456789abcdef0";
    let text = format!(
        "Error retrieving subnet information for [{lost}]: The subnet ID '{lost}' does not exist (ErrorCode: \
         InvalidSubnetID.NotFound)"
    );
    refuses(&scene, at(json!({ "subnets": [lost] })), INVALID, &text);
    let group = "sg-0123456789abcdef0";
    let text = format!(
        "Error retrieving security group information for [{group}]: The security group '{group}' does not exist \
         (ErrorCode: InvalidGroup.NotFound)"
    );
    let subnets = scene.lab.subnets();
    refuses(&scene, at(json!({ "subnets": subnets, "securityGroups": [group] })), INVALID, &text);
    let public = json!({ "launchType": "EC2", "networkConfiguration": { "awsvpcConfiguration":
        { "subnets": subnets, "assignPublicIp": "ENABLED" } } });
    refuses(&scene, public, INVALID, "Assign public IP is not supported for this launch type.");
}

#[test]
fn load_balancers_have_to_fit() {
    let scene = Scene::new();
    let group = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/none/0123456789abcdef";
    refuses(&scene, behind(group), INVALID, &format!("The target group {group} does not exist."));
    let mut other = behind(group);
    other["loadBalancers"][0]["containerName"] = json!("other");
    refuses(&scene, other, INVALID, "The container other does not exist in the task definition.");
    let mut port = behind(group);
    port["loadBalancers"][0]["containerPort"] = json!(81);
    refuses(&scene, port, INVALID, "The container app did not have a container port 81 defined.");
    let vpc = scene.lab.ok("ec2.DescribeSubnets", json!({}))["Subnets"][0]["VpcId"].clone();
    let made = json!({ "Name": "alone", "Protocol": "HTTP", "Port": 80, "VpcId": vpc, "TargetType": "ip" });
    let made = scene.lab.ok("elbv2.CreateTargetGroup", made);
    let alone = made["TargetGroups"][0]["TargetGroupArn"].as_str().expect("an ARN");
    let text = format!("The target group with targetGroupArn {alone} does not have an associated load balancer.");
    refuses(&scene, behind(alone), INVALID, &text);
    let text = "Health check grace period is only valid for services configured to use load balancers";
    refuses(&scene, json!({ "healthCheckGracePeriodSeconds": 10 }), INVALID, text);
}

#[test]
fn capacity_is_a_launch_type_or_a_strategy() {
    let scene = Scene::new();
    let both = json!({ "capacityProviderStrategy": [{ "capacityProvider": "FARGATE", "weight": 1 }] });
    let text =
        "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.";
    refuses(&scene, both, INVALID, text);
    let unknown =
        json!({ "launchType": null, "capacityProviderStrategy": [{ "capacityProvider": "spare", "weight": 1 }] });
    let text = "The specified capacity provider does not exist. Specify a valid name or ARN and try again.";
    refuses(&scene, unknown, "ClientException", text);
    scene.define_with(
        "big",
        json!({ "memory": 512 }),
        json!({ "requiresCompatibilities": ["EC2"], "networkMode": "bridge" }),
    );
    let text = "Task definition does not support launch_type FARGATE.";
    refuses(&scene, json!({ "taskDefinition": "big", "networkConfiguration": null }), INVALID, text);
    let text = "Network Configuration is not valid for the given networkMode of this task definition.";
    refuses(&scene, json!({ "taskDefinition": "big", "launchType": "EC2" }), INVALID, text);
}

#[test]
fn counts_and_limits_have_to_make_sense() {
    let scene = Scene::new();
    refuses(&scene, json!({ "desiredCount": -1 }), INVALID, "Task count can not be lesser than 0");
    let text = "The daemon scheduling strategy does not support a desired count for services. Remove the desired count \
                value and try again";
    refuses(&scene, json!({ "schedulingStrategy": "DAEMON", "launchType": "EC2" }), INVALID, text);
    let limits = json!({ "deploymentConfiguration": { "maximumPercent": 100, "minimumHealthyPercent": 100 } });
    let text = "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.";
    refuses(&scene, limits, INVALID, text);
    let text = "You cannot specify an IAM role for services that require a service linked role.";
    refuses(&scene, json!({ "role": "ecsServiceRole" }), INVALID, text);
}

#[test]
fn service_connect_needs_a_namespace_and_a_named_port() {
    let scene = Scene::new();
    let connect = |port: &str| {
        json!({ "serviceConnectConfiguration": { "enabled": true, "namespace": "nowhere",
            "services": [{ "portName": port }] } })
    };
    let text = "service connect portName(grpc) does not refer to any named PortMapping in the Task Definition.";
    refuses(&scene, connect("grpc"), INVALID, text);
    let text = "The specified namespace could not be found.";
    refuses(&scene, connect("http"), "NamespaceNotFoundException", text);
}

#[test]
fn an_update_is_refused_without_changing_anything() {
    let scene = Scene::new();
    scene.create("web", 1, json!({}));
    let before = scene.service("web");
    let update = |more: Value| {
        let mut all = json!({ "cluster": "shop", "service": "web" });
        super::merge(&mut all, more);
        scene.lab.refused("ecs.UpdateService", all)
    };
    assert_eq!(update(json!({ "service": "other" })).code, "ServiceNotFoundException");
    assert_eq!(update(json!({ "taskDefinition": "nothing" })).message, "TaskDefinition not found.");
    assert_eq!(update(json!({ "desiredCount": -2 })).message, "Task count can not be lesser than 0");
    let limits = json!({ "maximumPercent": 100 });
    let refusal = update(json!({ "deploymentConfiguration": limits, "desiredCount": 9 }));
    assert_eq!(refusal.code, INVALID);
    let strategy = json!([{ "capacityProvider": "FARGATE", "weight": 1 }]);
    let refusal = update(json!({ "capacityProviderStrategy": strategy }));
    assert!(refusal.message.contains("you must force a new deployment"), "{}", refusal.message);
    assert_eq!(scene.service("web"), before);
    scene.lab.ok("ecs.DeregisterTaskDefinition", json!({ "taskDefinition": "web:1" }));
    let refusal = update(json!({ "forceNewDeployment": true }));
    assert_eq!(refusal.message, "TaskDefinition is inactive");
}

#[test]
fn an_id_of_a_task_has_32_or_36_characters() {
    let scene = Scene::new();
    let text = "taskId length should be one of [32,36]";
    scene.lab.refuses("ecs.DescribeTasks", json!({ "cluster": "shop", "tasks": ["nothing"] }), INVALID, text);
    scene.lab.refuses("ecs.StopTask", json!({ "cluster": "shop", "task": "nothing" }), INVALID, text);
    let found = scene.lab.ok("ecs.DescribeTasks", json!({ "cluster": "shop", "tasks": ["0".repeat(32)] }));
    assert_eq!(found["failures"][0]["reason"], "MISSING");
}

#[test]
fn a_daemon_has_one_task_an_instance_and_no_room_above() {
    let scene = Scene::new();
    scene.define_with(
        "agent",
        json!({ "memory": 64 }),
        json!({ "networkMode": "host", "requiresCompatibilities": ["EC2"] }),
    );
    let daemon = |more: Value| {
        let mut all = json!({ "cluster": "shop", "serviceName": "agent", "taskDefinition": "agent", "launchType": "EC2",
            "schedulingStrategy": "DAEMON" });
        super::merge(&mut all, more);
        all
    };
    let text = "The daemon scheduling strategy does not support values above 100 for maximumPercent on a deployment \
                configuration. Change the maximumPercent value to 100, and try again";
    let above = json!({ "maximumPercent": 200, "minimumHealthyPercent": 0 });
    let code = "InvalidParameterException";
    scene.lab.refuses("ecs.CreateService", daemon(json!({ "deploymentConfiguration": above })), code, text);
    let spread = json!([{ "type": "spread", "field": "host" }]);
    let text = "does not support placement strategies";
    scene.lab.refuses("ecs.CreateService", daemon(json!({ "placementStrategy": spread })), code, text);
    scene.lab.ok("ecs.CreateService", daemon(json!({})));
    let above = json!({ "cluster": "shop", "service": "agent", "deploymentConfiguration": { "maximumPercent": 150 } });
    scene.lab.refuses("ecs.UpdateService", above, code, "above 100 for maximumPercent");
}
