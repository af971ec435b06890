//! What `RegisterTaskDefinition` refuses, in AWS's words.

use serde_json::{Value, json};

use super::{bridge, container, fargate};
use crate::lab::Lab;

/// Each definition is refused with exactly that text.
#[track_caller]
fn refused(cases: Vec<(Value, &str)>) {
    let lab = Lab::new();
    for (definition, text) in cases {
        let refusal = lab.refused("ecs.RegisterTaskDefinition", definition);
        assert_eq!((refusal.code.as_str(), refusal.message.as_str()), ("ClientException", text));
    }
}

fn two(first: Value, second: Value) -> Value {
    fargate(json!({ "containerDefinitions": [first, second] }))
}

#[test]
fn families_and_containers_have_proper_names() {
    refused(vec![
        (fargate(json!({ "family": "a b" })), "Family contains invalid characters."),
        (fargate(json!({ "family": "" })), "Family should not be null or empty."),
        (fargate(json!({ "containerDefinitions": [] })), "Container list cannot be empty."),
        (fargate(json!({ "containerDefinitions": null })), "Container list cannot be empty."),
        (container(json!({ "name": null })), "Container.name should not be null or empty."),
        (container(json!({ "name": "a b" })), "Container.name contains invalid characters."),
        (container(json!({ "image": "" })), "Container.image should not be null or empty."),
        (
            two(json!({ "name": "a", "image": "i" }), json!({ "name": "a", "image": "i" })),
            "Container names must be unique within a task definition.",
        ),
        (container(json!({ "essential": false })), "Task definition does not have at least one essential container"),
        (fargate(json!({ "taskRoleArn": "arn:aws:iam::999999999999:role/x" })), "Role is not valid"),
        (fargate(json!({ "tags": [] })), "Tags can not be empty."),
    ]);
    let many: Vec<Value> = (0..11).map(|it| json!({ "name": format!("c{it}"), "image": "i" })).collect();
    refused(vec![(fargate(json!({ "containerDefinitions": many })), "Too many containers")]);
}

#[test]
fn sizes_are_checked() {
    let none = "No Fargate configuration exists for given values: 256 CPU, 4096 memory. See the Amazon ECS documentation \
                for the valid values.";
    refused(vec![
        (fargate(json!({ "cpu": null })), "Fargate requires that 'cpu' be defined at the task level."),
        (fargate(json!({ "memory": null })), "Fargate requires that 'memory' be defined at the task level."),
        (fargate(json!({ "memory": "4096" })), none),
        (
            container(json!({ "memory": 1024 })),
            "The 'memory' setting for container 'app' is greater than for the task.",
        ),
        (
            container(json!({ "cpu": 512 })),
            "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.",
        ),
        (
            bridge(json!({ "memory": null })),
            "Invalid setting for container 'app'. At least one of 'memory' or 'memoryReservation' must be specified.",
        ),
        (fargate(json!({ "ephemeralStorage": { "sizeInGiB": 20 } })), "EphemeralStorage size should be at least 21"),
        (fargate(json!({ "ephemeralStorage": { "sizeInGiB": 201 } })), "EphemeralStorage size should be at most 200"),
    ]);
    let lab = Lab::new();
    let odd = fargate(json!({ "cpu": "many" }));
    lab.refuses("ecs.RegisterTaskDefinition", odd, "InvalidParameterException", "Invalid 'cpu' setting for task.");
    let windows = json!({ "cpu": "512", "memory": "2048", "runtimePlatform": { "operatingSystemFamily": "WINDOWS_SERVER_2022_CORE" } });
    lab.refuses("ecs.RegisterTaskDefinition", fargate(windows), "ClientException", "No Fargate configuration exists");
    let roomy = lab.ok("ecs.RegisterTaskDefinition", fargate(json!({ "ephemeralStorage": { "sizeInGiB": 21 } })));
    assert_eq!(roomy["taskDefinition"]["compatibilities"], json!(["EC2", "FARGATE"]));
}

#[test]
fn network_modes_have_their_rules() {
    let mapping = |first: Value| container(json!({ "portMappings": [first] }));
    refused(vec![
        (fargate(json!({ "networkMode": "bridge" })), "Fargate only supports network mode \u{2018}awsvpc\u{2019}."),
        (
            mapping(json!({ "containerPort": 80, "hostPort": 8080 })),
            "When networkMode=awsvpc, the host ports and container ports in port mappings must match.",
        ),
        (container(json!({ "links": ["db"] })), "Links are not supported when networkMode=awsvpc."),
        (container(json!({ "hostname": "h" })), "hostname is not supported on container when networkMode=awsvpc."),
        (
            container(
                json!({ "portMappings": [{ "containerPort": 80, "name": "x" }, { "containerPort": 81, "name": "x" }] }),
            ),
            "When networkMode=awsvpc, port mapping name is already used",
        ),
        (
            container(json!({ "portMappings": [{ "containerPort": 80 }, { "containerPort": 80 }] })),
            "TCP container port '80' is used multiple times in task when networkMode=awsvpc.",
        ),
        (
            mapping(json!({ "containerPortRange": "90-80" })),
            "Invalid 'containerPortRange' setting for container 'app'.",
        ),
        (bridge(json!({ "links": ["db"] })), "Invalid 'links' setting. Unknown container: 'db'"),
        (
            fargate(json!({ "proxyConfiguration": { "containerName": "envoy" } })),
            "Proxy container [envoy] does not exist.",
        ),
    ]);
    let links = |name: &str, other: &str| json!({ "name": name, "image": "i", "memory": 64, "links": [other] });
    let circle = json!({ "family": "web", "containerDefinitions": [links("a", "b:x"), links("b", "a")] });
    refused(vec![(circle, "Container links should not have a cycle")]);
    let lab = Lab::new();
    let both = json!({ "portMappings": [{ "containerPort": 53 }, { "containerPort": 53, "protocol": "udp" }] });
    lab.ok("ecs.RegisterTaskDefinition", container(both));
}

#[test]
fn logging_and_secrets_need_their_options_and_roles() {
    let log = |driver: &str, options: Value| json!({ "logConfiguration": { "logDriver": driver, "options": options } });
    let without_role = |changes: Value| {
        let mut definition = container(changes);
        definition.as_object_mut().unwrap().remove("executionRoleArn");
        definition
    };
    let good = json!({ "awslogs-group": "g", "awslogs-region": "r", "awslogs-stream-prefix": "p" });
    refused(vec![
        (container(log("awslogs", json!({}))), "Log driver awslogs requires options: awslogs-region, awslogs-group"),
        (
            container(log("awslogs", json!({ "awslogs-region": "r" }))),
            "Log driver awslogs requires options: awslogs-group",
        ),
        (
            container(log("awslogs", json!({ "awslogs-region": "r", "awslogs-group": "g" }))),
            "Fargate requires log configuration options to include awslogs-stream-prefix to support log driver awslogs.",
        ),
        (
            without_role(log("awslogs", good)),
            "Fargate requires task definition to have execution role ARN to support log driver awslogs.",
        ),
        (
            container(log("json-file", json!({}))),
            "json-file is not a valid log driver. Must be one of [awslogs,splunk,awsfirelens]",
        ),
        (
            container(log("awsfirelens", json!({}))),
            "When awsfirelens log driver is specified in log configuration, a firelens configuration object must be \
             configured in one of the containers.",
        ),
        (
            without_role(json!({ "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/app" })),
            "Fargate requires task definition to have execution role ARN to support ECR images.",
        ),
        (
            without_role(json!({ "secrets": [{ "name": "A", "valueFrom": "a" }] })),
            "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
        ),
        (
            container(json!({
                "environment": [{ "name": "A", "value": "1" }], "secrets": [{ "name": "A", "valueFrom": "a" }],
            })),
            "The secret name must be unique and not shared with any new or existing environment variables set on the \
             container, such as 'A'.",
        ),
    ]);
}

#[test]
fn containers_wait_for_each_other_within_reason() {
    let on = |name: &str, other: &str, condition: &str, essential: bool| {
        let depends = json!([{ "containerName": other, "condition": condition }]);
        json!({ "name": name, "image": "i", "essential": essential, "dependsOn": depends })
    };
    let plain = |name: &str| json!({ "name": name, "image": "i" });
    refused(vec![
        (two(on("a", "no", "START", true), plain("b")), "Cannot depend on container + 'no' because it does not exist"),
        (
            two(on("a", "b", "SUCCESS", true), plain("b")),
            "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container",
        ),
        (
            two(on("a", "b", "HEALTHY", true), plain("b")),
            "A dependency container with HEALTHY condition must have health check configured",
        ),
        (
            two(on("a", "b", "START", true), on("b", "a", "START", false)),
            "Container dependencies should not have a cycle",
        ),
    ]);
    let lab = Lab::new();
    lab.ok("ecs.RegisterTaskDefinition", two(on("a", "b", "START", true), plain("b")));
}

#[test]
fn details_of_containers_are_checked() {
    let check = |more: Value| {
        let mut check = json!({ "command": ["CMD", "x"] });
        check.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        container(json!({ "healthCheck": check }))
    };
    let mount = json!([{ "sourceVolume": "nope", "containerPath": "/x" }]);
    refused(vec![
        (
            check(json!({ "interval": 301 })),
            "Health check interval must be less than or equal to the maximum allowed value 300 for container 'app'",
        ),
        (
            check(json!({ "timeout": 1 })),
            "Health check timeout must be greater than or equal to the minimum allowed value 2 for container 'app'",
        ),
        (
            container(json!({ "ulimits": [{ "name": "nofile", "softLimit": 9, "hardLimit": 3 }] })),
            "Soft limit exceeds hard limit for ulimit nofile",
        ),
        (container(json!({ "mountPoints": mount })), "Unknown volume 'nope'."),
        (
            container(json!({ "volumesFrom": [{ "sourceContainer": "no" }] })),
            "Invalid 'volumesFrom' setting. Unknown container: 'no'",
        ),
        (
            container(json!({ "restartPolicy": { "enabled": true, "restartAttemptPeriod": 30 } })),
            "The 'restartAttemptPeriod' setting for container 'app' must be between 60 and 1800.",
        ),
        (container(json!({ "privileged": true })), "Fargate requires that the 'privileged' setting be 'false'"),
        (
            fargate(json!({ "volumes": [{ "name": "v", "host": { "sourcePath": "/x" } }] })),
            "Fargate compatible task definitions do not support sourcePath",
        ),
        (
            fargate(json!({ "placementConstraints": [{ "type": "memberOf", "expression": "x" }] })),
            "Fargate compatible task definitions do not support constraints",
        ),
        (
            fargate(json!({ "pidMode": "host" })),
            "Tasks using the Fargate launch type do not support pidMode 'host'. The supported value for pidMode is 'task'.",
        ),
        (fargate(json!({ "ipcMode": "task" })), "Tasks using the Fargate launch type do not support ipcMode."),
    ]);
}

#[test]
fn a_definition_has_at_most_64_kib() {
    let lab = Lab::new();
    let long = json!({ "environment": [{ "name": "A", "value": "x".repeat(66_000) }] });
    lab.refuses(
        "ecs.RegisterTaskDefinition",
        container(long),
        "ClientException",
        "Max allowed length is '65536' bytes.",
    );
}
