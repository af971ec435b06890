//! Tasks that do not start, do not last or are not healthy, and what they say of it.

use serde_json::{Value, json};

use super::{Scene, behind};

fn stopped(scene: &Scene, container: Value, more: Value) -> Value {
    scene.define_with("web", container, more);
    scene.create("web", 1, json!({}));
    scene.lab.pass(60);
    scene.tasks("web", "STOPPED").first().cloned().unwrap_or_default()
}

#[test]
fn an_image_that_is_not_there_cannot_be_pulled() {
    let scene = Scene::new();
    let task = stopped(&scene, json!({ "image": "shop/missing:1" }), json!({}));
    let reason = "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref \
                  docker.io/shop/missing:1: pull access denied, repository does not exist or may require authorization: \
                  server message: insufficient_scope: authorization failed";
    assert_eq!((&task["stopCode"], &task["stoppedReason"]), (&json!("TaskFailedToStart"), &json!(reason)));
    assert_eq!(task["containers"][0]["reason"], reason);
    assert_eq!(task.get("startedAt"), None);
}

#[test]
fn an_execution_role_that_is_not_there_cannot_be_assumed() {
    let scene = Scene::new();
    let role = "arn:aws:iam::123456789012:role/absent";
    let task = stopped(&scene, json!({}), json!({ "executionRoleArn": role }));
    let reason = task["stoppedReason"].as_str().unwrap_or_default();
    assert!(reason.starts_with(&format!("ECS was unable to assume the role '{role}'")), "{reason}");
}

fn role(scene: &Scene) -> Value {
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    scene.lab.ok("iam.CreateRole", json!({ "RoleName": "exec", "AssumeRolePolicyDocument": trust }));
    let policy = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
    scene.lab.ok("iam.AttachRolePolicy", json!({ "RoleName": "exec", "PolicyArn": policy }));
    scene.lab.pass(60);
    json!({ "executionRoleArn": "arn:aws:iam::123456789012:role/exec" })
}

fn logging() -> Value {
    let options =
        json!({ "awslogs-group": "/shop/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs" });
    json!({ "logConfiguration": { "logDriver": "awslogs", "options": options } })
}

#[test]
fn a_log_group_that_is_not_there_stops_the_task() {
    let scene = Scene::new();
    let role = role(&scene);
    let task = stopped(&scene, logging(), role);
    let reason = task["stoppedReason"].as_str().unwrap_or_default();
    assert!(reason.starts_with("ResourceInitializationError: failed to validate logger args"), "{reason}");
    assert!(reason.contains("The specified log group does not exist."), "{reason}");
}

#[test]
fn a_container_writes_to_its_log_when_it_starts() {
    let scene = Scene::new();
    let role = role(&scene);
    scene.lab.ok("logs.CreateLogGroup", json!({ "logGroupName": "/shop/web" }));
    scene.define_with("web", logging(), role);
    scene.create("web", 1, json!({}));
    scene.lab.pass(90);
    let task = &scene.tasks("web", "RUNNING")[0];
    let id = task["taskArn"].as_str().and_then(|arn| arn.rsplit('/').next()).expect("an id").to_owned();
    let streams = scene.lab.ok("logs.DescribeLogStreams", json!({ "logGroupName": "/shop/web" }));
    assert_eq!(streams["logStreams"][0]["logStreamName"], format!("ecs/app/{id}"));
    let groups = scene.lab.ok("logs.DescribeLogGroups", json!({}));
    assert!(groups["logGroups"][0]["storedBytes"].as_u64() > Some(0), "its data is seen");
    let lines = || {
        let found = scene.lab.ok("logs.FilterLogEvents", json!({ "logGroupName": "/shop/web" }));
        found["events"].as_array().cloned().unwrap_or_default()
    };
    let said = |lines: &[Value]| -> Vec<String> {
        lines.iter().filter_map(|line| line["message"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(said(&lines()), ["app started from nginx:1.27", "listening on port 80"]);
    scene.update("web", json!({ "desiredCount": 0 }));
    scene.lab.pass(60);
    let all = lines();
    assert_eq!(said(&all).last().map(String::as_str), Some("received SIGTERM, stopping"));
    let ids: std::collections::BTreeSet<&str> = all.iter().filter_map(|line| line["eventId"].as_str()).collect();
    assert!(ids.len() == all.len() && ids.iter().all(|id| id.len() == 56), "each line has an id of its own");
}

#[test]
fn a_container_that_fails_writes_why() {
    let scene = Scene::new();
    let role = role(&scene);
    scene.lab.ok("logs.CreateLogGroup", json!({ "logGroupName": "/shop/web" }));
    let mut failing = logging();
    failing["image"] = "crash:1".into();
    scene.define_with("web", failing, role);
    scene.create("web", 1, json!({}));
    scene.lab.pass(60);
    let pattern = json!({ "logGroupName": "/shop/web", "filterPattern": "fatal" });
    let found = scene.lab.ok("logs.FilterLogEvents", pattern);
    assert_eq!(found["events"][0]["message"], "fatal: cannot go on, exiting with code 1");
}

#[test]
fn a_secret_that_cannot_be_read_stops_the_task() {
    let scene = Scene::new();
    let role = role(&scene);
    let from = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf";
    let task = stopped(&scene, json!({ "secrets": [{ "name": "DB", "valueFrom": from }] }), role);
    let reason = task["stoppedReason"].as_str().unwrap_or_default();
    let start = format!(
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable \
         to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret {from}"
    );
    assert!(reason.starts_with(&start), "{reason}");
}

#[test]
fn a_container_that_crashes_ends_its_task() {
    let scene = Scene::new();
    let task = stopped(&scene, json!({ "command": ["sh", "-c", "exit-1"] }), json!({}));
    assert_eq!(task["stopCode"], "EssentialContainerExited");
    assert_eq!(task["stoppedReason"], "Essential container in task exited");
    assert_eq!(task["containers"][0]["exitCode"], 1);
    assert!(task["startedAt"].is_number());
    assert_ne!(scene.service("web")["deployments"][0]["rolloutState"], "COMPLETED");
}

#[test]
fn a_target_that_does_not_answer_ends_its_task_after_the_grace_period() {
    let scene = Scene::new();
    let (_, group, _) = scene.balanced();
    scene.define("web", "unhealthy:1");
    let mut more = behind(&group);
    more["healthCheckGracePeriodSeconds"] = json!(300);
    scene.create("web", 1, more);
    scene.lab.pass(200);
    assert_eq!(scene.tasks("web", "STOPPED").len(), 0, "the grace period");
    scene.lab.pass(250);
    let task = &scene.tasks("web", "STOPPED")[0];
    assert_eq!(task["stoppedReason"], format!("Task failed ELB health checks in (target-group {group})"));
    assert_eq!(task["stopCode"], "ServiceSchedulerInitiated");
    let told = format!("(port 80) is unhealthy in (target-group {group}) due to (reason Request timed out).");
    assert!(scene.events("web").contains(&told), "{:?}", scene.events("web"));
}

#[test]
fn a_health_check_that_fails_ends_the_task_of_a_service() {
    let scene = Scene::new();
    let check = json!({ "healthCheck": { "command": ["CMD-SHELL", "exit 1"], "interval": 10, "retries": 2 } });
    scene.define_with("web", check, json!({}));
    scene.create("web", 1, json!({}));
    scene.lab.pass(40);
    assert_eq!(scene.service("web")["deployments"][0]["rolloutState"], "IN_PROGRESS");
    scene.lab.pass(40);
    let task = &scene.tasks("web", "STOPPED")[0];
    assert_eq!(task["stoppedReason"], "Task failed container health checks");
    assert_eq!(task["healthStatus"], "UNHEALTHY");
}

#[test]
fn a_health_check_that_passes_makes_the_task_healthy() {
    let scene = Scene::new();
    let check = json!({ "healthCheck": { "command": ["CMD-SHELL", "curl -f localhost || exit 1"] } });
    scene.define_with("web", check, json!({}));
    scene.create("web", 1, json!({}));
    scene.lab.pass(45);
    assert_eq!(scene.tasks("web", "RUNNING")[0]["healthStatus"], "UNKNOWN");
    scene.lab.pass(60);
    assert_eq!(scene.tasks("web", "RUNNING")[0]["containers"][0]["healthStatus"], "HEALTHY");
    assert_eq!(scene.service("web")["deployments"][0]["rolloutState"], "COMPLETED");
}

#[test]
fn an_alarm_that_fires_brings_the_deployment_before_back() {
    let scene = Scene::new();
    let alarms = json!({ "alarms": { "alarmNames": ["errors-firing"], "enable": true, "rollback": true } });
    scene.create("web", 1, json!({}));
    scene.lab.pass(120);
    scene.define("web", "nginx:1.28");
    scene.update("web", json!({ "taskDefinition": "web:2", "deploymentConfiguration": alarms }));
    scene.lab.pass(200);
    let deployment = scene.deployment("web");
    assert_eq!(
        (&deployment["status"], &deployment["alarms"]["status"]),
        (&json!("ROLLBACK_SUCCESSFUL"), &json!("TRIGGERED"))
    );
    assert_eq!(scene.service("web")["taskDefinition"], "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1");
}
