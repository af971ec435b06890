//! How task definitions read back.

use serde_json::json;

use super::{bridge, container, fargate, read_back};
use crate::lab::Lab;

#[test]
fn a_bare_definition_reads_back_as_aws_shows_it() {
    let lab = Lab::new();
    let given = json!({
        "family": "sleep360",
        "containerDefinitions": [
            { "name": "sleep", "image": "busybox", "cpu": 10, "command": ["sleep", "360"], "memory": 10, "essential": true },
        ],
    });
    let read = read_back(&lab, given);
    let when = read["registeredAt"].clone();
    assert!(when.is_number());
    assert_eq!(
        read,
        json!({
            "taskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/sleep360:1",
            "family": "sleep360", "revision": 1, "status": "ACTIVE", "volumes": [], "placementConstraints": [],
            "compatibilities": ["EXTERNAL", "EC2"], "enableFaultInjection": false,
            "registeredAt": when, "registeredBy": read["registeredBy"],
            "containerDefinitions": [{
                "name": "sleep", "image": "busybox", "cpu": 10, "memory": 10, "essential": true,
                "command": ["sleep", "360"], "environment": [], "mountPoints": [], "portMappings": [],
                "systemControls": [], "volumesFrom": [],
            }],
        })
    );
}

#[test]
fn defaults_of_containers_are_filled_in() {
    let lab = Lab::new();
    let read = read_back(
        &lab,
        container(json!({
            "portMappings": [{ "containerPort": 80 }, { "containerPort": 53, "protocol": "udp" }],
            "healthCheck": { "command": ["CMD", "true"] },
            "linuxParameters": { "capabilities": { "drop": ["ALL"] } },
        })),
    );
    let shown = &read["containerDefinitions"][0];
    assert_eq!((&shown["cpu"], &shown["essential"]), (&json!(0), &json!(true)));
    assert_eq!(shown["portMappings"][0], json!({ "containerPort": 80, "hostPort": 80, "protocol": "tcp" }));
    assert_eq!(shown["portMappings"][1], json!({ "containerPort": 53, "hostPort": 53, "protocol": "udp" }));
    assert_eq!(shown["healthCheck"], json!({ "command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3 }));
    assert_eq!(shown["linuxParameters"]["capabilities"], json!({ "add": [], "drop": ["ALL"] }));
    for absent in ["command", "entryPoint", "secrets", "links", "logConfiguration", "memory"] {
        assert!(shown.get(absent).is_none(), "{absent}");
    }
    assert_eq!(read["compatibilities"], json!(["EC2", "FARGATE"]));
    let read = read_back(&lab, bridge(json!({ "portMappings": [{ "containerPort": 80 }] })));
    assert_eq!(read["containerDefinitions"][0]["portMappings"][0]["hostPort"], 0);
    assert!(read.get("networkMode").is_none());
}

#[test]
fn sizes_come_back_as_numbers_in_texts() {
    let lab = Lab::new();
    for (cpu, memory, units, mib) in [
        ("1 vCPU", "2 GB", "1024", "2048"),
        (".25 vcpu", "0.5GB", "256", "512"),
        ("16384", "122880", "16384", "122880"),
    ] {
        let read = read_back(&lab, fargate(json!({ "cpu": cpu, "memory": memory })));
        assert_eq!((&read["cpu"], &read["memory"]), (&json!(units), &json!(mib)));
    }
}

#[test]
fn roles_come_back_as_arns() {
    let lab = Lab::new();
    let read = read_back(&lab, fargate(json!({ "taskRoleArn": "task" })));
    assert_eq!(read["taskRoleArn"], "arn:aws:iam::123456789012:role/task");
    assert_eq!(read["executionRoleArn"], "arn:aws:iam::123456789012:role/exec");
}

#[test]
fn an_efs_volume_has_a_root() {
    let lab = Lab::new();
    let volumes = json!([{ "name": "data", "efsVolumeConfiguration": { "fileSystemId": "fs-1" } }]);
    let read = read_back(&lab, fargate(json!({ "volumes": volumes })));
    assert_eq!(read["volumes"][0]["efsVolumeConfiguration"], json!({ "fileSystemId": "fs-1", "rootDirectory": "/" }));
}

#[test]
fn the_abilities_that_a_definition_needs_are_worked_out() {
    let lab = Lab::new();
    let options = json!({ "awslogs-group": "g", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p" });
    let read = read_back(
        &lab,
        container(json!({
            "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1",
            "logConfiguration": { "logDriver": "awslogs", "options": options },
            "secrets": [{ "name": "A", "valueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/a" }],
        })),
    );
    let names: Vec<&str> =
        read["requiresAttributes"].as_array().unwrap().iter().filter_map(|it| it["name"].as_str()).collect();
    for name in [
        "com.amazonaws.ecs.capability.logging-driver.awslogs",
        "ecs.capability.execution-role-awslogs",
        "com.amazonaws.ecs.capability.ecr-auth",
        "ecs.capability.execution-role-ecr-pull",
        "ecs.capability.secrets.ssm.environment-variables",
        "com.amazonaws.ecs.capability.docker-remote-api.1.18",
        "ecs.capability.task-eni",
    ] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let mut once = names.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), names.len(), "each once");
}

#[test]
fn every_pair_of_sizes_that_fargate_offers_is_taken_and_no_other() {
    let lab = Lab::new();
    let sizes = |cpu: u64| match cpu {
        256 => vec![512, 1024, 2048],
        512 => (1..=4).map(|it| it * 1024).collect(),
        1024 => (2..=8).map(|it| it * 1024).collect(),
        2048 => (4..=16).map(|it| it * 1024).collect(),
        4096 => (8..=30).map(|it| it * 1024).collect(),
        8192 => (4..=15).map(|it| it * 4096).collect(),
        _ => (4..=15).map(|it| it * 8192).collect::<Vec<u64>>(),
    };
    for cpu in [256, 512, 1024, 2048, 4096, 8192, 16384] {
        let offered = sizes(cpu);
        for memory in (1..=248).map(|it| it * 512) {
            let size = json!({ "cpu": cpu.to_string(), "memory": memory.to_string() });
            let taken = lab.ask("ecs.RegisterTaskDefinition", fargate(size)).is_ok();
            assert_eq!(taken, offered.contains(&memory), "{cpu} {memory}");
        }
    }
}

#[test]
fn tags_stand_beside_the_definition() {
    let lab = Lab::new();
    let tags = json!([{ "key": "a", "value": "b" }]);
    let reply = lab.ok("ecs.RegisterTaskDefinition", fargate(json!({ "tags": tags })));
    assert_eq!(reply["tags"], tags);
    assert!(reply["taskDefinition"].get("tags").is_none());
    let read = lab.ok("ecs.DescribeTaskDefinition", json!({ "taskDefinition": "web" }));
    assert!(read.get("tags").is_none());
    let read = lab.ok("ecs.DescribeTaskDefinition", json!({ "taskDefinition": "web", "include": ["TAGS"] }));
    assert_eq!(read["tags"], tags);
}
