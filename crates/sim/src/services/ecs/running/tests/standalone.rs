//! Tasks without a service, and what can be done with a single task.

use serde_json::{Value, json};

use super::{Scene, merge};

fn run(scene: &Scene, more: Value) -> Value {
    let mut all = json!({ "cluster": "shop", "taskDefinition": "web", "launchType": "FARGATE",
        "networkConfiguration": scene.network() });
    merge(&mut all, more);
    scene.lab.ok("ecs.RunTask", all)
}

fn see(scene: &Scene, task: &Value) -> Value {
    let asked = json!({ "cluster": "shop", "tasks": [task["taskArn"]] });
    scene.lab.ok("ecs.DescribeTasks", asked)["tasks"][0].clone()
}

#[test]
fn a_task_starts_provisioning_with_a_precreated_interface() {
    let scene = Scene::new();
    let reply = run(&scene, json!({}));
    assert_eq!(reply["failures"], json!([]));
    let task = &reply["tasks"][0];
    assert_eq!((&task["lastStatus"], &task["desiredStatus"]), (&json!("PROVISIONING"), &json!("RUNNING")));
    assert_eq!((&task["version"], &task["group"]), (&json!(1), &json!("family:web")));
    assert_eq!((&task["cpu"], &task["memory"]), (&json!("256"), &json!("512")));
    assert_eq!(task["attributes"], json!([{ "name": "ecs.cpu-architecture", "value": "x86_64" }]));
    assert_eq!(task["ephemeralStorage"], json!({ "sizeInGiB": 20 }));
    assert_eq!(
        task["overrides"],
        json!({ "containerOverrides": [{ "name": "app" }], "inferenceAcceleratorOverrides": [] })
    );
    assert_eq!((&task["tags"], &task["inferenceAccelerators"]), (&json!([]), &json!([])));
    let attachment = &task["attachments"][0];
    assert_eq!((&attachment["type"], &attachment["status"]), (&json!("ElasticNetworkInterface"), &json!("PRECREATED")));
    assert_eq!(attachment["details"].as_array().map(Vec::len), Some(1));
    let container = &task["containers"][0];
    assert_eq!((&container["lastStatus"], &container["cpu"]), (&json!("PENDING"), &json!("0")));
    assert_eq!(container["networkInterfaces"], json!([]));
}

#[test]
fn a_task_gets_its_interface_and_runs_within_a_minute() {
    let scene = Scene::new();
    let task = run(&scene, json!({}))["tasks"][0].clone();
    let mut seen: Vec<Value> = Vec::new();
    for _ in 0..60 {
        let status = see(&scene, &task)["lastStatus"].clone();
        if seen.last() != Some(&status) {
            seen.push(status);
        }
        scene.lab.pass(1);
    }
    assert_eq!(seen, ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"].map(Value::from));
    let task = see(&scene, &task);
    let names: Vec<&Value> =
        task["attachments"][0]["details"].as_array().expect("a list").iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["subnetId", "networkInterfaceId", "macAddress", "privateDnsName", "privateIPv4Address"]);
    assert_eq!(task["attachments"][0]["status"], "ATTACHED");
    assert_eq!((&task["connectivity"], &task["healthStatus"]), (&json!("CONNECTED"), &json!("UNKNOWN")));
    assert!(task["containers"][0]["imageDigest"].as_str().is_some_and(|digest| digest.starts_with("sha256:")));
}

#[test]
fn a_stopped_task_is_seen_for_an_hour_and_its_interface_goes_soon() {
    let scene = Scene::new();
    let interfaces = || {
        let reply = scene.lab.ok("ec2.DescribeNetworkInterfaces", json!({}));
        reply["NetworkInterfaces"].as_array().map_or(0, Vec::len)
    };
    let before = interfaces();
    let task = run(&scene, json!({}))["tasks"][0].clone();
    scene.lab.pass(60);
    assert_eq!(interfaces(), before + 1);
    let stop = json!({ "cluster": "shop", "task": task["taskArn"] });
    let stopped = scene.lab.ok("ecs.StopTask", stop)["task"].clone();
    assert_eq!((&stopped["desiredStatus"], &stopped["stopCode"]), (&json!("STOPPED"), &json!("UserInitiated")));
    assert_eq!(stopped["stoppedReason"], "Task stopped by user");
    scene.lab.pass(40);
    let stopped = see(&scene, &task);
    assert_eq!((&stopped["lastStatus"], &stopped["attachments"][0]["status"]), (&json!("STOPPED"), &json!("DELETED")));
    for moment in ["stoppingAt", "executionStoppedAt", "stoppedAt"] {
        assert!(stopped[moment].is_number(), "{moment}");
    }
    assert_eq!(interfaces(), before + 1);
    scene.lab.pass(90);
    assert_eq!(interfaces(), before);
    scene.lab.pass(3600);
    let asked = json!({ "cluster": "shop", "tasks": [task["taskArn"]] });
    let reply = scene.lab.ok("ecs.DescribeTasks", asked);
    assert_eq!(reply["failures"], json!([{ "arn": task["taskArn"], "reason": "MISSING" }]));
}

#[test]
fn a_command_can_be_overridden_and_end_well() {
    let scene = Scene::new();
    let overrides = json!({ "containerOverrides": [{ "name": "app", "command": ["migrate", "exit-0"] }] });
    let task = run(&scene, json!({ "overrides": overrides, "startedBy": "ci" }))["tasks"][0].clone();
    assert_eq!(task["overrides"]["containerOverrides"], overrides["containerOverrides"]);
    scene.lab.pass(90);
    let task = see(&scene, &task);
    assert_eq!((&task["lastStatus"], &task["stopCode"]), (&json!("STOPPED"), &json!("EssentialContainerExited")));
    assert_eq!(task["containers"][0]["exitCode"], 0);
}

#[test]
fn tasks_are_listed_by_what_they_are() {
    let scene = Scene::new();
    run(&scene, json!({ "startedBy": "ci", "count": 2 }));
    scene.define("job", "nginx");
    run(&scene, json!({ "taskDefinition": "job" }));
    let list = |more: Value| {
        let mut all = json!({ "cluster": "shop" });
        merge(&mut all, more);
        scene.lab.ok("ecs.ListTasks", all)["taskArns"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(list(json!({})), 3);
    assert_eq!(list(json!({ "startedBy": "ci" })), 2);
    assert_eq!(list(json!({ "family": "job" })), 1);
    assert_eq!(list(json!({ "desiredStatus": "STOPPED" })), 0);
    assert_eq!(list(json!({ "launchType": "EC2" })), 0);
    let unknown = json!({ "cluster": "shop", "serviceName": "none" });
    scene.lab.refuses("ecs.ListTasks", unknown, "ServiceNotFoundException", "Service not found.");
    let empty = json!({ "cluster": "shop", "tasks": [] });
    scene.lab.refuses("ecs.DescribeTasks", empty, "InvalidParameterException", "Tasks cannot be empty.");
}

#[test]
fn the_same_token_runs_no_more_tasks() {
    let scene = Scene::new();
    let first = run(&scene, json!({ "clientToken": "once" }));
    let again = run(&scene, json!({ "clientToken": "once" }));
    assert_eq!(first["tasks"][0]["taskArn"], again["tasks"][0]["taskArn"]);
    let other = json!({ "cluster": "shop", "taskDefinition": "web", "launchType": "FARGATE", "count": 2,
        "networkConfiguration": scene.network(), "clientToken": "once" });
    let refusal = scene.lab.refused("ecs.RunTask", other.clone());
    assert_eq!(refusal.code, "ConflictException");
    assert_eq!(refusal.fields["resourceIds"], json!([first["tasks"][0]["taskArn"]]));
    let mut long = other;
    long["clientToken"] = "x".repeat(65).into();
    scene.lab.refuses("ecs.RunTask", long, "InvalidParameterException", "a length of at most 64");
    let long = scene.wanted("web", 1, json!({ "clientToken": "x".repeat(37) }));
    scene.lab.refuses("ecs.CreateService", long, "InvalidParameterException", "a length of at most 36");
}

#[test]
fn a_task_needs_an_instance_or_fargate() {
    let scene = Scene::new();
    let ec2 = json!({ "cluster": "shop", "taskDefinition": "web", "networkConfiguration": scene.private() });
    let text = "No Container Instances were found in your cluster.";
    scene.lab.refuses("ecs.RunTask", ec2, "InvalidParameterException", text);
    let start = json!({ "cluster": "shop", "taskDefinition": "web", "containerInstances": ["abc"] });
    let reply = scene.lab.ok("ecs.StartTask", start);
    assert_eq!(reply["failures"], json!([{ "arn": "abc", "reason": "MISSING" }]));
    let stop = json!({ "cluster": "shop", "task": "0".repeat(32) });
    scene.lab.refuses("ecs.StopTask", stop, "InvalidParameterException", "The referenced task was not found.");
}

#[test]
fn the_id_of_a_task_has_one_of_two_lengths() {
    let scene = Scene::new();
    let text = "taskId length should be one of [32,36]";
    for (operation, asked) in [
        ("ecs.DescribeTasks", json!({ "cluster": "shop", "tasks": ["None"] })),
        ("ecs.StopTask", json!({ "cluster": "shop", "task": "None" })),
        ("ecs.ExecuteCommand", json!({ "cluster": "shop", "task": "None", "command": "sh", "interactive": true })),
    ] {
        scene.lab.refuses(operation, asked, "InvalidParameterException", text);
    }
    for length in [32, 36] {
        let gone = scene.lab.ok("ecs.DescribeTasks", json!({ "cluster": "shop", "tasks": ["0".repeat(length)] }));
        assert_eq!(gone["failures"][0]["reason"], "MISSING");
    }
}

#[test]
fn a_service_replaces_a_task_that_somebody_stops() {
    let scene = Scene::new();
    scene.create("web", 1, json!({}));
    scene.lab.pass(90);
    let task = scene.tasks("web", "RUNNING")[0].clone();
    scene.lab.ok("ecs.StopTask", json!({ "cluster": "shop", "task": task["taskArn"], "reason": "broken" }));
    scene.lab.pass(90);
    let running = scene.tasks("web", "RUNNING");
    assert_eq!(running.len(), 1);
    assert_ne!(running[0]["taskArn"], task["taskArn"]);
    assert_eq!(scene.tasks("web", "STOPPED")[0]["stoppedReason"], "broken");
    assert_eq!(scene.events("web").last().map(String::as_str), Some("has reached a steady state."));
}

#[test]
fn commands_run_where_that_was_enabled() {
    let scene = Scene::new();
    let plain = run(&scene, json!({}))["tasks"][0].clone();
    let open = run(&scene, json!({ "enableExecuteCommand": true }))["tasks"][0].clone();
    scene.lab.pass(90);
    let ask = |task: &Value| json!({ "cluster": "shop", "task": task["taskArn"], "container": "app", "command": "sh", "interactive": true });
    let text = "The execute command failed because execute command was not enabled";
    scene.lab.refuses("ecs.ExecuteCommand", ask(&plain), "InvalidParameterException", text);
    let reply = scene.lab.ok("ecs.ExecuteCommand", ask(&open));
    assert!(reply["session"]["streamUrl"].as_str().is_some_and(|url| url.starts_with("wss://ssmmessages.us-east-1.")));
    assert_eq!(see(&scene, &open)["containers"][0]["managedAgents"][0]["name"], "ExecuteCommandAgent");
}

#[test]
fn a_protected_task_survives_scaling_in() {
    let scene = Scene::new();
    scene.create("web", 2, json!({}));
    scene.lab.pass(90);
    let arns: Vec<Value> = scene.tasks("web", "RUNNING").iter().map(|task| task["taskArn"].clone()).collect();
    let protect = json!({ "cluster": "shop", "tasks": arns, "protectionEnabled": true, "expiresInMinutes": 10 });
    let reply = scene.lab.ok("ecs.UpdateTaskProtection", protect);
    assert_eq!(reply["protectedTasks"][0]["protectionEnabled"], true);
    scene.update("web", json!({ "desiredCount": 1 }));
    scene.lab.pass(60);
    assert_eq!(scene.service("web")["runningCount"], 2);
    let free = json!({ "cluster": "shop", "tasks": [arns[0]], "protectionEnabled": false });
    scene.lab.ok("ecs.UpdateTaskProtection", free);
    scene.lab.pass(60);
    assert_eq!(scene.service("web")["runningCount"], 1);
    let seen = scene.lab.ok("ecs.GetTaskProtection", json!({ "cluster": "shop", "tasks": [arns[1]] }));
    assert_eq!(seen["protectedTasks"][0]["protectionEnabled"], true);
}

#[test]
fn service_connect_puts_its_container_before_a_tasks_own() {
    let scene = Scene::new();
    scene.lab.ok("servicediscovery.CreateHttpNamespace", json!({ "Name": "inner" }));
    scene.lab.pass(60);
    let connect = json!({ "enabled": true, "namespace": "inner", "services": [{ "portName": "http" }] });
    scene.create("web", 1, json!({ "serviceConnectConfiguration": connect }));
    scene.lab.pass(120);
    let task = scene.tasks("web", "RUNNING")[0].clone();
    let name = task["containers"][0]["name"].as_str().unwrap();
    assert!(name.starts_with("ecs-service-connect-") && name.len() == 25, "{name}");
    let proxy = &task["containers"][0];
    assert_eq!((&proxy["lastStatus"], &proxy["healthStatus"]), (&json!("RUNNING"), &json!("HEALTHY")));
    assert!(proxy["image"].is_null() && proxy["runtimeId"].is_null());
    assert_eq!(proxy["networkInterfaces"], task["containers"][1]["networkInterfaces"]);
    assert_eq!(task["containers"][1]["name"], "app");
    assert_eq!(task["overrides"]["containerOverrides"], json!([{ "name": name }, { "name": "app" }]));
    let attachment = &task["attachments"][0];
    assert_eq!((&attachment["type"], &attachment["status"]), (&json!("ServiceConnect"), &json!("ATTACHED")));
    assert_eq!(attachment["details"], json!([{ "name": "ContainerName", "value": name }]));
    assert_eq!(task["attachments"][1]["type"], "ElasticNetworkInterface");
    let stop = json!({ "cluster": "shop", "task": task["taskArn"] });
    scene.lab.ok("ecs.StopTask", stop);
    scene.lab.pass(120);
    let stopped = see(&scene, &task);
    assert_eq!(
        (&stopped["containers"][0]["lastStatus"], &stopped["containers"][0]["exitCode"]),
        (&json!("STOPPED"), &json!(0))
    );
}
