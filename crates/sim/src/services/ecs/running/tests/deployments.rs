//! Deployments: rolling ones, the circuit breaker, rollbacks, blue/green ones, their history.

use serde_json::{Value, json};

use super::{Scene, behind};

const BREAKER: &str = "deploymentCircuitBreaker";

fn breaker(rollback: bool) -> Value {
    json!({ "deploymentConfiguration": { BREAKER: { "enable": true, "rollback": rollback } } })
}

#[test]
fn a_rolling_deployment_starts_the_new_task_before_it_stops_the_old_one() {
    let scene = Scene::new();
    scene.create("web", 1, json!({}));
    scene.lab.pass(120);
    let old = scene.service("web")["deployments"][0]["id"].clone();
    let next = scene.define("web", "nginx:1.28");
    let service = scene.update("web", json!({ "taskDefinition": "web" }));
    assert_eq!(service["taskDefinition"], json!(next));
    let deployments = service["deployments"].as_array().expect("a list");
    assert_eq!(deployments.len(), 2);
    assert_eq!((&deployments[0]["status"], &deployments[1]["status"]), (&json!("PRIMARY"), &json!("ACTIVE")));
    assert_eq!(deployments[1]["id"], old);
    let mut least = 1;
    for _ in 0..60 {
        scene.lab.pass(2);
        least = least.min(scene.service("web")["runningCount"].as_i64().unwrap_or(0));
    }
    assert_eq!(least, 1, "at least the wanted number runs all the time");
    let service = scene.service("web");
    assert_eq!(service["deployments"].as_array().map(Vec::len), Some(1));
    assert_eq!(service["deployments"][0]["taskDefinition"], json!(next));
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    let deployment = scene.deployment("web");
    assert_eq!(deployment["status"], "SUCCESSFUL");
    assert_eq!(deployment["sourceServiceRevisions"].as_array().map(Vec::len), Some(1));
    assert_eq!(deployment["targetServiceRevision"]["runningTaskCount"], 1);
}

#[test]
fn half_healthy_and_no_room_above_replaces_tasks_by_halves() {
    let scene = Scene::new();
    let limits = json!({ "deploymentConfiguration": { "maximumPercent": 100, "minimumHealthyPercent": 50 } });
    scene.create("web", 4, limits);
    scene.lab.pass(120);
    scene.update("web", json!({ "forceNewDeployment": true }));
    let (mut least, mut most) = (4, 0);
    for _ in 0..100 {
        scene.lab.pass(2);
        let service = scene.service("web");
        let count = |name: &str| service[name].as_i64().unwrap_or(0);
        least = least.min(count("runningCount"));
        most = most.max(count("runningCount") + count("pendingCount"));
    }
    assert_eq!((least, most), (2, 4));
    assert_eq!(scene.service("web")["deployments"][0]["rolloutState"], "COMPLETED");
    assert_eq!(scene.service("web")["runningCount"], 4);
}

#[test]
fn a_deployment_without_room_says_why_it_stands_still() {
    let scene = Scene::new();
    let limits = json!({ "deploymentConfiguration": { "maximumPercent": 150, "minimumHealthyPercent": 100 } });
    scene.create("web", 1, limits);
    scene.lab.pass(120);
    scene.update("web", json!({ "forceNewDeployment": true }));
    scene.lab.pass(600);
    let stuck =
        "was unable to stop or start tasks during a deployment because of the service deployment configuration.";
    assert_eq!(scene.events("web").iter().filter(|text| text.starts_with(stuck)).count(), 1);
    assert_eq!(scene.service("web")["deployments"].as_array().map(Vec::len), Some(2));
    assert_eq!(scene.service("web")["runningCount"], 1);
}

#[test]
fn the_circuit_breaker_rolls_back_to_the_deployment_before() {
    let scene = Scene::new();
    scene.create("web", 1, breaker(true));
    scene.lab.pass(120);
    let good = scene.service("web")["deployments"][0]["id"].as_str().expect("an id").to_owned();
    let revision = scene.service("web")["currentServiceRevisions"][0]["arn"].clone();
    scene.define("web", "nginx:does-not-exist");
    scene.update("web", json!({ "taskDefinition": "web:2" }));
    let bad = scene.service("web")["deployments"][0]["id"].as_str().expect("an id").to_owned();
    scene.lab.pass(600);
    let service = scene.service("web");
    assert_eq!(service["taskDefinition"], "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1");
    assert_eq!(service["deployments"].as_array().map(Vec::len), Some(1));
    assert_eq!(service["deployments"][0]["id"], json!(good));
    assert_eq!(service["runningCount"], 1);
    let events = scene.events("web");
    assert!(events.contains(&format!("(deployment {bad}) deployment failed: tasks failed to start.")), "{events:?}");
    assert!(events.contains(&format!("rolling back to deployment {good}.")));
    let deployment = scene.deployment("web");
    assert_eq!(deployment["status"], "ROLLBACK_SUCCESSFUL");
    assert_eq!(
        deployment["deploymentCircuitBreaker"],
        json!({ "status": "TRIGGERED", "failureCount": 3, "threshold": 3 })
    );
    assert_eq!(deployment["rollback"]["serviceRevisionArn"], revision);
    assert!(deployment["statusReason"].as_str().is_some_and(|text| text.contains("circuit breaker")));
}

#[test]
fn the_circuit_breaker_without_rollback_leaves_the_old_tasks_running() {
    let scene = Scene::new();
    scene.create("web", 1, breaker(false));
    scene.lab.pass(120);
    scene.define("web", "crash:1");
    scene.update("web", json!({ "taskDefinition": "web:2" }));
    scene.lab.pass(900);
    let service = scene.service("web");
    let primary = &service["deployments"][0];
    assert_eq!((&primary["rolloutState"], &primary["failedTasks"]), (&json!("FAILED"), &json!(3)));
    assert_eq!(primary["rolloutStateReason"], "ECS deployment circuit breaker: tasks failed to start.");
    assert_eq!(service["deployments"][1]["runningCount"], 1);
    assert_eq!(scene.deployment("web")["status"], "STOPPED");
    assert_eq!(scene.lab.sim.with_world(|world| world.next_event()), None, "nothing is tried any more");
}

#[test]
fn a_first_deployment_that_fails_has_nothing_to_go_back_to() {
    let scene = Scene::new();
    scene.define("web", "nginx:missing");
    scene.create("web", 2, breaker(true));
    scene.lab.pass(600);
    let service = scene.service("web");
    assert_eq!(service["deployments"][0]["rolloutState"], "FAILED");
    assert_eq!(service["runningCount"], 0);
    assert_eq!(scene.deployment("web")["status"], "ROLLBACK_FAILED");
}

#[test]
fn the_threshold_is_half_the_tasks_between_three_and_two_hundred() {
    let scene = Scene::new();
    for (name, count, threshold) in [("one", 1, 3), ("ten", 11, 6), ("many", 900, 200)] {
        scene.create(name, count, breaker(true));
        assert_eq!(scene.deployment(name)["deploymentCircuitBreaker"]["threshold"], threshold, "{name}");
        assert_eq!(scene.deployment(name)["deploymentCircuitBreaker"]["status"], "MONITORING");
    }
}

#[test]
fn a_failing_service_without_a_breaker_is_tried_ever_more_seldom() {
    let scene = Scene::new();
    scene.define("web", "nginx:missing");
    scene.create("web", 1, json!({}));
    scene.lab.pass(24 * 3600);
    let started = scene.events("web").iter().filter(|text| text.starts_with("has started")).count();
    assert!(started > 20, "{started}");
    let failed = scene.service("web")["deployments"][0]["failedTasks"].as_i64().unwrap_or(0);
    assert!((50..130).contains(&failed), "{failed}");
    assert_eq!(scene.tasks("web", "STOPPED").len(), 4, "stopped tasks are seen for an hour");
    assert!(scene.deployment("web")["status"] == "IN_PROGRESS");
}

#[test]
fn a_deployment_can_be_stopped_and_goes_back() {
    let scene = Scene::new();
    scene.create("web", 1, json!({}));
    scene.lab.pass(120);
    scene.define("web", "nginx:1.28");
    scene.update("web", json!({ "taskDefinition": "web:2" }));
    scene.lab.pass(5);
    let arn = scene.service("web")["currentServiceDeployment"].clone();
    scene.lab.ok("ecs.StopServiceDeployment", json!({ "serviceDeploymentArn": arn, "stopType": "ROLLBACK" }));
    assert_eq!(scene.deployment("web")["status"], "ROLLBACK_REQUESTED");
    scene.lab.pass(120);
    assert_eq!(scene.deployment("web")["status"], "ROLLBACK_SUCCESSFUL");
    assert_eq!(scene.service("web")["taskDefinition"], "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1");
    let again = json!({ "serviceDeploymentArn": arn });
    scene.lab.refuses("ecs.StopServiceDeployment", again, "ConflictException", "ROLLBACK_SUCCESSFUL");
    let unknown = json!({ "serviceDeploymentArn": "arn:aws:ecs:us-east-1:123456789012:service-deployment/shop/web/x" });
    scene.lab.refuses("ecs.StopServiceDeployment", unknown, "ServiceDeploymentNotFoundException", "");
}

#[test]
fn a_newer_deployment_stops_the_one_under_way() {
    let scene = Scene::new();
    scene.create("web", 1, json!({}));
    scene.lab.pass(5);
    let first = scene.service("web")["currentServiceDeployment"].clone();
    scene.update("web", json!({ "forceNewDeployment": true }));
    let reply = scene.lab.ok("ecs.DescribeServiceDeployments", json!({ "serviceDeploymentArns": [first] }));
    assert_eq!(reply["serviceDeployments"][0]["status"], "STOPPED");
    scene.lab.pass(120);
    assert_eq!(scene.deployment("web")["status"], "SUCCESSFUL");
    let list = scene.lab.ok("ecs.ListServiceDeployments", json!({ "cluster": "shop", "service": "web" }));
    let list = list["serviceDeployments"].as_array().expect("a list");
    assert_eq!((&list[0]["status"], &list[1]["status"]), (&json!("SUCCESSFUL"), &json!("STOPPED")));
    let only = json!({ "cluster": "shop", "service": "web", "status": ["STOPPED"] });
    let only = scene.lab.ok("ecs.ListServiceDeployments", only);
    assert_eq!(only["serviceDeployments"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_revision_tells_what_was_deployed() {
    let scene = Scene::new();
    let service = scene.create("web", 1, json!({}));
    let arn = service["currentServiceRevisions"][0]["arn"].clone();
    let reply = scene.lab.ok("ecs.DescribeServiceRevisions", json!({ "serviceRevisionArns": [arn, "arn:x"] }));
    let revision = &reply["serviceRevisions"][0];
    assert_eq!(revision["taskDefinition"], service["taskDefinition"]);
    assert_eq!(revision["containerImages"][0]["image"], "nginx:1.27");
    assert_eq!(revision["guardDutyEnabled"], false);
    assert_eq!(revision["serviceConnectConfiguration"], json!({ "enabled": false }));
    assert_eq!(revision.get("loadBalancers"), None);
    assert_eq!(reply["failures"], json!([{ "arn": "arn:x", "reason": "MISSING" }]));
}

#[test]
fn what_needs_no_deployment_gets_none() {
    let scene = Scene::new();
    scene.create("web", 1, json!({}));
    let id = scene.service("web")["deployments"][0]["id"].clone();
    let more = json!({ "enableExecuteCommand": true, "propagateTags": "SERVICE", "taskDefinition": "web:1",
        "deploymentConfiguration": { "maximumPercent": 150 } });
    let service = scene.update("web", more);
    assert_eq!(service["deployments"].as_array().map(Vec::len), Some(1));
    assert_eq!(service["deployments"][0]["id"], id);
    assert_eq!(service["enableExecuteCommand"], true);
    assert_eq!(service["deploymentConfiguration"]["maximumPercent"], 150);
    assert_eq!(service["deploymentConfiguration"]["minimumHealthyPercent"], 100);
}

/// The default rule of a listener, a second target group, and a role that ECS can assume.
fn shifting(scene: &Scene, listener: &str, green: &str) -> Value {
    let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
        "Principal": { "Service": "ecs.amazonaws.com" }, "Action": "sts:AssumeRole" }] });
    let role = json!({ "RoleName": "ecs-elb", "AssumeRolePolicyDocument": trust.to_string() });
    scene.lab.ok("iam.CreateRole", role);
    scene.lab.pass(60);
    let rules = scene.lab.ok("elbv2.DescribeRules", json!({ "ListenerArn": listener }));
    let rules = rules["Rules"].as_array().cloned().unwrap_or_default();
    let default = rules.iter().find(|rule| rule["IsDefault"] == true).expect("a listener has a default rule");
    json!({ "alternateTargetGroupArn": green, "productionListenerRule": default["RuleArn"],
        "roleArn": "arn:aws:iam::123456789012:role/ecs-elb" })
}

/// What ECS refuses of deployments that move traffic, by what differs from one that it accepts.
#[test]
fn what_does_not_go_together_is_refused() {
    let scene = Scene::new();
    let (listener, blue, green) = scene.balanced();
    let good = shifting(&scene, &listener, &green);
    let refused = |change: Value, configuration: Value| {
        let mut more = behind(&blue);
        let mut advanced = good.clone();
        for (key, value) in change.as_object().expect("a map") {
            advanced[key] = value.clone();
        }
        more["loadBalancers"][0]["advancedConfiguration"] = advanced;
        more["deploymentConfiguration"] = configuration;
        let input = scene.wanted("web", 1, more);
        scene.lab.refused("ecs.CreateService", input).message
    };
    let bg = || json!({ "strategy": "BLUE_GREEN" });
    assert!(refused(json!({ "alternateTargetGroupArn": blue }), bg()).contains("must be different"));
    assert!(refused(json!({ "productionListenerRule": listener }), bg()).contains("listener rule"));
    assert!(refused(json!({ "roleArn": "arn:aws:iam::123456789012:role/none" }), bg()).contains("Unable to assume"));
    let canary = json!({ "strategy": "LINEAR", "canaryConfiguration": { "canaryPercent": 5.0 } });
    let text = "Canary configuration can only be present with CANARY deployment strategy";
    assert_eq!(refused(json!({}), canary), text);
    let hook =
        json!({ "strategy": "BLUE_GREEN", "lifecycleHooks": [{ "targetType": "PAUSE", "lifecycleStages": [] }] });
    assert!(refused(json!({}), hook).contains("Lifecycle stage cannot be null or empty"));
    let step = json!({ "strategy": "LINEAR", "linearConfiguration": { "stepPercent": 2.0 } });
    assert!(refused(json!({}), step).contains("stepPercent must be between 3 and 100"));
}

fn blue_green(scene: &Scene, configuration: Value) -> (String, String) {
    let (listener, blue, green) = scene.balanced();
    let mut more = behind(&blue);
    more["loadBalancers"][0]["advancedConfiguration"] = shifting(scene, &listener, &green);
    more["deploymentConfiguration"] = configuration;
    scene.create("web", 1, more);
    scene.lab.pass(900);
    assert_eq!(scene.deployment("web")["status"], "SUCCESSFUL");
    (blue, green)
}

fn targets(scene: &Scene, group: &str) -> usize {
    let reply = scene.lab.ok("elbv2.DescribeTargetHealth", json!({ "TargetGroupArn": group }));
    let list = reply["TargetHealthDescriptions"].as_array().cloned().unwrap_or_default();
    list.iter().filter(|it| it["TargetHealth"]["State"] != "draining").count()
}

#[test]
fn a_blue_green_deployment_bakes_beside_the_old_tasks_and_changes_the_group() {
    let scene = Scene::new();
    let (blue, green) = blue_green(&scene, json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5 }));
    assert_eq!((targets(&scene, &blue), targets(&scene, &green)), (1, 0));
    scene.update("web", json!({ "forceNewDeployment": true }));
    let baking = (0..60).any(|_| {
        scene.lab.pass(10);
        scene.deployment("web")["lifecycleStage"] == "BAKE_TIME"
    });
    assert!(baking, "it gets as far as that");
    let deployment = scene.deployment("web");
    assert_eq!((&deployment["status"], &deployment["lifecycleStage"]), (&json!("IN_PROGRESS"), &json!("BAKE_TIME")));
    assert_eq!((targets(&scene, &blue), targets(&scene, &green)), (1, 1));
    assert_eq!(scene.service("web")["runningCount"], 2);
    scene.lab.pass(500);
    assert_eq!(scene.deployment("web")["status"], "SUCCESSFUL");
    assert_eq!((targets(&scene, &blue), targets(&scene, &green)), (0, 1));
}

#[test]
fn a_pause_hook_waits_for_somebody() {
    let scene = Scene::new();
    let hook = json!([{ "targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"] }]);
    let (listener, blue, green) = scene.balanced();
    let mut more = behind(&blue);
    more["loadBalancers"][0]["advancedConfiguration"] = shifting(&scene, &listener, &green);
    more["deploymentConfiguration"] = json!({ "strategy": "BLUE_GREEN", "lifecycleHooks": hook });
    scene.create("web", 1, more);
    scene.lab.pass(1000);
    let deployment = scene.deployment("web");
    assert_eq!(deployment["lifecycleStage"], "POST_SCALE_UP");
    let waiting = &deployment["lifecycleHookDetails"][0];
    assert_eq!(waiting["status"], "AWAITING_ACTION");
    let go = json!({ "serviceDeploymentArn": deployment["serviceDeploymentArn"], "hookId": waiting["hookId"] });
    scene.lab.ok("ecs.ContinueServiceDeployment", go);
    scene.lab.pass(100);
    assert_eq!(scene.deployment("web")["status"], "SUCCESSFUL");
}

#[test]
fn a_canary_waits_before_the_rest_of_the_traffic_moves() {
    let scene = Scene::new();
    let canary = json!({ "canaryPercent": 10.0, "canaryBakeTimeInMinutes": 10 });
    blue_green_canary(&scene, &canary);
    scene.update("web", json!({ "forceNewDeployment": true }));
    scene.lab.pass(400);
    assert_eq!(scene.deployment("web")["lifecycleStage"], "PRODUCTION_TRAFFIC_SHIFT");
    scene.lab.pass(600);
    assert_eq!(scene.deployment("web")["status"], "SUCCESSFUL");
}

fn blue_green_canary(scene: &Scene, canary: &Value) {
    let (listener, blue, green) = scene.balanced();
    let mut more = behind(&blue);
    more["loadBalancers"][0]["advancedConfiguration"] = shifting(scene, &listener, &green);
    more["deploymentConfiguration"] = json!({ "strategy": "CANARY", "canaryConfiguration": canary });
    scene.create("web", 1, more);
    scene.lab.pass(1500);
    assert_eq!(scene.deployment("web")["status"], "SUCCESSFUL");
}

#[test]
fn an_update_of_the_breaker_keeps_how_it_counts() {
    let scene = Scene::new();
    let counting = json!({ "enable": true, "rollback": true, "resetOnHealthyTask": false,
        "thresholdConfiguration": { "type": "COUNT", "value": 7 } });
    scene.create("web", 1, json!({ "deploymentConfiguration": { BREAKER: counting } }));
    assert_eq!(scene.deployment("web")["deploymentCircuitBreaker"]["threshold"], 7);
    let service = scene.update("web", breaker(false));
    assert_eq!(
        service["deploymentConfiguration"][BREAKER],
        json!({ "enable": true, "rollback": false, "resetOnHealthyTask": false,
            "thresholdConfiguration": { "type": "COUNT", "value": 7 } })
    );
}

#[test]
fn every_task_of_a_deployment_that_rolls_back_failed_by_itself() {
    let scene = Scene::new();
    scene.create("web", 2, breaker(true));
    scene.lab.pass(120);
    scene.define("web", "nginx:missing");
    let failing = scene.update("web", json!({ "taskDefinition": "web:2" }))["deployments"][0]["id"].clone();
    scene.lab.pass(400);
    assert_eq!(scene.deployment("web")["status"], "ROLLBACK_SUCCESSFUL");
    let stopped = scene.tasks("web", "STOPPED");
    assert!(stopped.len() >= 3, "{}", stopped.len());
    for task in stopped {
        assert_eq!((&task["startedBy"], &task["stopCode"]), (&failing, &json!("TaskFailedToStart")));
    }
}

#[test]
fn new_tasks_take_the_new_groups_and_a_rollback_brings_the_old_ones_back() {
    let scene = Scene::new();
    let (_, blue, green) = scene.balanced();
    let mut both = behind(&blue);
    both["loadBalancers"]
        .as_array_mut()
        .expect("a list")
        .extend(behind(&green)["loadBalancers"].as_array().cloned().unwrap());
    let mut first = behind(&blue);
    first["deploymentConfiguration"] = breaker(true)["deploymentConfiguration"].clone();
    scene.create("web", 1, first);
    scene.lab.pass(300);
    assert_eq!((targets(&scene, &blue), targets(&scene, &green)), (1, 0));
    scene.update("web", both.clone());
    scene.lab.pass(600);
    assert_eq!(scene.deployment("web")["status"], "SUCCESSFUL");
    assert_eq!((targets(&scene, &blue), targets(&scene, &green)), (1, 1));
    // A group of its own for other ports is not needed: each target has its own.
    let ports = json!([{ "containerPort": 80 }, { "containerPort": 9090 }]);
    scene.define_with("web", json!({ "image": "nginx:missing", "portMappings": ports }), json!({}));
    let mut moved = behind(&green);
    moved["loadBalancers"][0]["containerPort"] = 9090.into();
    moved["taskDefinition"] = "web".into();
    scene.update("web", moved);
    scene.lab.pass(1200);
    assert_eq!(scene.deployment("web")["status"], "ROLLBACK_SUCCESSFUL");
    assert_eq!(scene.service("web")["loadBalancers"], both["loadBalancers"]);
    assert_eq!((targets(&scene, &blue), targets(&scene, &green)), (1, 1));
}

#[test]
fn a_deployment_into_a_group_that_lost_its_listener_stands_still() {
    let scene = Scene::new();
    let (listener, blue, _) = scene.balanced();
    scene.create("web", 1, behind(&blue));
    scene.lab.ok("elbv2.DeleteListener", json!({ "ListenerArn": listener }));
    scene.lab.pass(900);
    assert_eq!(scene.deployment("web")["status"], "IN_PROGRESS");
    let unattached = scene.update_refused("web", behind(&blue));
    assert!(unattached.contains("does not have an associated load balancer"), "{unattached}");
}

#[test]
fn early_success_does_not_wait_for_old_tasks_that_may_go_later() {
    let ends = |cleanup: &str| {
        let scene = Scene::new();
        let (_, blue, _) = scene.balanced();
        let mut more = behind(&blue);
        more["deploymentConfiguration"] =
            json!({ "earlySuccessCriteria": { "enable": true, "sourceServiceRevisionCleanup": cleanup } });
        scene.create("web", 1, more);
        scene.lab.pass(600);
        scene.update("web", json!({ "forceNewDeployment": true }));
        let begun = scene.deployment("web")["createdAt"].as_f64().expect("a time");
        scene.lab.pass(1200);
        let ended = scene.deployment("web");
        assert_eq!(ended["status"], "SUCCESSFUL", "{ended}");
        ended["finishedAt"].as_f64().expect("a time") - begun
    };
    assert!(ends("DEFERRED") < ends("BLOCKING"));
}
