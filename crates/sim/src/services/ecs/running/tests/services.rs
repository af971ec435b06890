//! Services from their creation to their end: what reads back, what takes time.

use serde_json::{Value, json};

use super::{Scene, behind};

#[test]
fn a_new_service_reads_back_with_every_default() {
    let scene = Scene::new();
    let service = scene.create("web", 2, json!({ "networkConfiguration": scene.private() }));
    assert_eq!(service["serviceArn"], "arn:aws:ecs:us-east-1:123456789012:service/shop/web");
    assert_eq!(service["clusterArn"], "arn:aws:ecs:us-east-1:123456789012:cluster/shop");
    assert_eq!(service["taskDefinition"], "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1");
    for list in ["loadBalancers", "serviceRegistries", "placementConstraints", "placementStrategy", "events"] {
        assert_eq!(service[list], json!([]), "{list}");
    }
    assert_eq!(
        service["deploymentConfiguration"],
        json!({
            "maximumPercent": 200, "minimumHealthyPercent": 100, "strategy": "ROLLING", "bakeTimeInMinutes": 0,
            "deploymentCircuitBreaker": { "enable": false, "rollback": false, "resetOnHealthyTask": true,
                "thresholdConfiguration": { "type": "BOUNDED_PERCENT", "value": 50 } },
            "alarms": { "alarmNames": [], "rollback": false, "enable": false },
        })
    );
    assert_eq!(service["deploymentController"], json!({ "type": "ECS" }));
    assert_eq!(service["platformVersion"], "1.4.0");
    assert_eq!(service["platformFamily"], "Linux");
    assert_eq!(service["launchType"], "FARGATE");
    assert_eq!(service["propagateTags"], "NONE");
    assert_eq!(service["enableECSManagedTags"], false);
    assert_eq!(service["availabilityZoneRebalancing"], "ENABLED");
    let vpc = &service["networkConfiguration"]["awsvpcConfiguration"];
    assert_eq!((&vpc["assignPublicIp"], &vpc["securityGroups"]), (&json!("DISABLED"), &json!([])));
    let role = "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS";
    assert_eq!(service["roleArn"], role);
    assert_eq!(service["healthCheckGracePeriodSeconds"], 0);
    for absent in ["tags", "capacityProviderStrategy", "taskSets"] {
        assert_eq!(service.get(absent), None, "{absent}");
    }
    let primary = &service["deployments"][0];
    let id = primary["id"].as_str().expect("an id");
    assert_eq!((&primary["status"], &primary["rolloutState"]), (&json!("PRIMARY"), &json!("IN_PROGRESS")));
    assert_eq!(primary["rolloutStateReason"], format!("ECS deployment {id} in progress."));
    assert_eq!((&primary["desiredCount"], &primary["failedTasks"]), (&json!(2), &json!(0)));
}

#[test]
fn a_service_becomes_steady_within_a_minute_or_so() {
    let scene = Scene::new();
    scene.create("web", 2, json!({}));
    scene.lab.pass(4);
    let service = scene.service("web");
    assert_eq!((&service["runningCount"], &service["pendingCount"]), (&json!(0), &json!(2)));
    assert_eq!(scene.deployment("web")["status"], "IN_PROGRESS");
    scene.lab.pass(90);
    let service = scene.service("web");
    assert_eq!((&service["runningCount"], &service["pendingCount"]), (&json!(2), &json!(0)));
    let primary = &service["deployments"][0];
    assert_eq!(primary["rolloutState"], "COMPLETED");
    let id = primary["id"].as_str().expect("an id");
    assert_eq!(primary["rolloutStateReason"], format!("ECS deployment {id} completed."));
    let events = scene.events("web");
    assert!(events[0].starts_with("has started 2 tasks: (task "), "{events:?}");
    assert_eq!(events[1], format!("(deployment {id}) deployment completed."));
    assert_eq!(events[2], "has reached a steady state.");
    assert_eq!(scene.deployment("web")["status"], "SUCCESSFUL");
}

#[test]
fn a_steady_service_plans_nothing_and_says_so_every_six_hours() {
    let scene = Scene::new();
    scene.create("web", 1, json!({}));
    scene.lab.pass(300);
    assert_eq!(scene.lab.sim.with_world(|world| world.next_event()), None);
    scene.lab.pass(13 * 3600);
    let steady = |events: Vec<String>| events.iter().filter(|text| *text == "has reached a steady state.").count();
    assert_eq!(steady(scene.events("web")), 3);
    // However long it was left alone, no more than a hundred are kept.
    scene.lab.pass(400 * 24 * 3600);
    assert_eq!(scene.events("web").len(), 100);
}

#[test]
fn a_change_of_the_count_is_no_deployment() {
    let scene = Scene::new();
    scene.create("web", 1, json!({}));
    scene.lab.pass(120);
    let before = scene.service("web")["deployments"][0]["id"].clone();
    assert_eq!(scene.update("web", json!({ "desiredCount": 3 }))["desiredCount"], 3);
    scene.lab.pass(120);
    let service = scene.service("web");
    assert_eq!(service["runningCount"], 3);
    assert_eq!(service["deployments"][0]["id"], before);
    scene.update("web", json!({ "desiredCount": 1 }));
    scene.lab.pass(120);
    assert_eq!(scene.service("web")["runningCount"], 1);
    let stopped = scene.tasks("web", "STOPPED");
    assert_eq!(stopped.len(), 2);
    let id = before.as_str().expect("an id");
    assert_eq!(stopped[0]["stoppedReason"], format!("Scaling activity initiated by (deployment {id})"));
    assert_eq!(stopped[0]["stopCode"], "ServiceSchedulerInitiated");
    let list = json!({ "cluster": "shop", "service": "web" });
    assert_eq!(
        scene.lab.ok("ecs.ListServiceDeployments", list)["serviceDeployments"].as_array().map(Vec::len),
        Some(1)
    );
}

#[test]
fn auto_scaling_reads_and_moves_the_count() {
    let scene = Scene::new();
    scene.create("web", 1, json!({}));
    let place = scene.lab.place.clone();
    scene.lab.sim.with_world(|world| {
        assert_eq!(super::super::desired_count(world.region(&place), "shop", "web"), Some(1));
        assert_eq!(super::super::desired_count(world.region(&place), "shop", "other"), None);
        super::super::set_desired_count(world, &place, "shop", "web", 2);
    });
    scene.lab.pass(120);
    assert_eq!(scene.service("web")["runningCount"], 2);
}

#[test]
fn a_load_balanced_service_registers_its_tasks_and_drains_them() {
    let scene = Scene::new();
    let (_, group, _) = scene.balanced();
    let service = scene.create("web", 1, behind(&group));
    assert_eq!(service["healthCheckGracePeriodSeconds"], 0);
    scene.lab.pass(300);
    let health = |scene: &Scene| {
        let reply = scene.lab.ok("elbv2.DescribeTargetHealth", json!({ "TargetGroupArn": group }));
        reply["TargetHealthDescriptions"].clone()
    };
    let task = &scene.tasks("web", "RUNNING")[0];
    let ip = task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"].clone();
    assert_eq!(health(&scene)[0]["Target"]["Id"], ip);
    assert!(scene.events("web").contains(&format!("registered 1 targets in (target-group {group})")));
    assert_eq!(scene.service("web")["deployments"][0]["rolloutState"], "COMPLETED");
    scene.update("web", json!({ "desiredCount": 0 }));
    scene.lab.pass(20);
    assert_eq!(scene.tasks("web", "STOPPED")[0]["lastStatus"], "DEACTIVATING");
    let events = scene.events("web");
    let at = |text: &str| {
        events.iter().position(|event| event.contains(text)).unwrap_or_else(|| panic!("{text}: {events:?}"))
    };
    assert!(at("has begun draining connections on 1 tasks.") < at("deregistered 1 targets in (target-group"));
    scene.lab.pass(60);
    assert_eq!(scene.tasks("web", "STOPPED")[0]["lastStatus"], "STOPPED");
}

#[test]
fn a_deleted_service_drains_and_its_name_is_free_again_after_that() {
    let scene = Scene::new();
    scene.create("web", 1, json!({}));
    scene.lab.pass(120);
    let delete = json!({ "cluster": "shop", "service": "web" });
    let text = "The service cannot be stopped while it is scaled above 0.";
    scene.lab.refuses("ecs.DeleteService", delete, "InvalidParameterException", text);
    let deleted = scene.lab.ok("ecs.DeleteService", json!({ "cluster": "shop", "service": "web", "force": true }));
    assert_eq!(deleted["service"]["status"], "DRAINING");
    let text = "Unable to Start a service that is still Draining.";
    scene.lab.refuses("ecs.CreateService", scene.wanted("web", 1, json!({})), "InvalidParameterException", text);
    let update = json!({ "cluster": "shop", "service": "web", "desiredCount": 1 });
    scene.lab.refuses("ecs.UpdateService", update.clone(), "ServiceNotActiveException", "Service was not ACTIVE.");
    let listed = scene.lab.ok("ecs.ListServices", json!({ "cluster": "shop" }));
    assert_eq!(listed["serviceArns"], json!([]), "one that drains is described, but not listed");
    scene.lab.pass(60);
    let service = scene.service("web");
    assert_eq!((&service["status"], &service["deployments"]), (&json!("INACTIVE"), &json!([])));
    scene.lab.refuses("ecs.UpdateService", update, "ServiceNotActiveException", "Service was not ACTIVE.");
    let listed = scene.lab.ok("ecs.ListServices", json!({ "cluster": "shop" }));
    assert_eq!(listed["serviceArns"], json!([]));
    assert_eq!(scene.create("web", 1, json!({}))["status"], "ACTIVE");
}

#[test]
fn a_deleted_service_is_forgotten_after_a_day() {
    let scene = Scene::new();
    scene.create("web", 0, json!({}));
    scene.lab.pass(10);
    scene.lab.ok("ecs.DeleteService", json!({ "cluster": "shop", "service": "web" }));
    scene.lab.pass(25 * 3600);
    let reply = scene.lab.ok("ecs.DescribeServices", json!({ "cluster": "shop", "services": ["web"] }));
    let arn = "arn:aws:ecs:us-east-1:123456789012:service/shop/web";
    assert_eq!(reply, json!({ "services": [], "failures": [{ "arn": arn, "reason": "MISSING" }] }));
    let gone = json!({ "cluster": "shop", "service": "web", "force": true });
    scene.lab.refuses("ecs.DeleteService", gone, "ServiceNotFoundException", "Service not found.");
}

#[test]
fn tags_come_with_their_creation_and_only_when_asked_for() {
    let scene = Scene::new();
    let tags = json!([{ "key": "app", "value": "shop" }]);
    let made = scene.create("web", 0, json!({ "tags": tags }));
    assert_eq!(made["tags"], tags);
    assert_eq!(scene.service("web").get("tags"), None);
    let asked = json!({ "cluster": "shop", "services": ["web"], "include": ["TAGS"] });
    assert_eq!(scene.lab.ok("ecs.DescribeServices", asked)["services"][0]["tags"], tags);
}

#[test]
fn tasks_carry_the_tags_of_their_service_if_it_propagates_them() {
    let scene = Scene::new();
    let more = json!({ "tags": [{ "key": "app", "value": "shop" }], "propagateTags": "SERVICE",
        "enableECSManagedTags": true });
    scene.create("web", 1, more);
    scene.lab.pass(10);
    let arn = scene.tasks("web", "RUNNING")[0]["taskArn"].clone();
    let asked = json!({ "cluster": "shop", "tasks": [arn], "include": ["TAGS"] });
    let tags = json!([{ "key": "app", "value": "shop" }, { "key": "aws:ecs:clusterName", "value": "shop" },
        { "key": "aws:ecs:serviceName", "value": "web" }]);
    assert_eq!(scene.lab.ok("ecs.DescribeTasks", asked)["tasks"][0]["tags"], tags);
}

#[test]
fn services_are_listed_ten_on_a_page_and_described_ten_at_a_time() {
    let scene = Scene::new();
    let names: Vec<String> = (0..12).map(|number| format!("web-{number:02}")).collect();
    for name in &names {
        scene.create(name, 0, json!({}));
    }
    let first = scene.lab.ok("ecs.ListServices", json!({ "cluster": "shop" }));
    assert_eq!(first["serviceArns"].as_array().map(Vec::len), Some(10));
    let next = json!({ "cluster": "shop", "nextToken": first["nextToken"] });
    let second = scene.lab.ok("ecs.ListServices", next);
    assert_eq!(second["serviceArns"].as_array().map(Vec::len), Some(2));
    assert_eq!(second["nextToken"], Value::Null);
    let asked = json!({ "cluster": "shop", "services": names });
    scene.lab.refuses("ecs.DescribeServices", asked, "InvalidParameterException", "at most 10 items");
}

#[test]
fn the_same_creation_again_is_no_other_service() {
    let scene = Scene::new();
    scene.create("web", 1, json!({}));
    assert_eq!(scene.create("web", 1, json!({}))["serviceName"], "web");
    let other = scene.wanted("web", 2, json!({}));
    let text = "Creation of service was not idempotent.";
    scene.lab.refuses("ecs.CreateService", other, "InvalidParameterException", text);
}

#[test]
fn a_service_on_instances_finds_none_and_says_so_once() {
    let scene = Scene::new();
    scene.create("web", 1, json!({ "launchType": "EC2", "networkConfiguration": scene.private() }));
    scene.lab.pass(3600);
    let events = scene.events("web");
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(
        events[0].starts_with("was unable to place a task because no container instance met all of its requirements.")
    );
    assert_eq!(scene.service("web")["runningCount"], 0);
}

#[test]
fn a_capacity_provider_strategy_takes_the_place_of_the_launch_type() {
    let scene = Scene::new();
    let mut wanted = scene.wanted("web", 1, json!({}));
    wanted.as_object_mut().expect("an object").remove("launchType");
    wanted["capacityProviderStrategy"] = json!([{ "capacityProvider": "FARGATE_SPOT", "weight": 1 }]);
    let service = scene.lab.ok("ecs.CreateService", wanted)["service"].clone();
    assert_eq!(service.get("launchType"), None);
    let strategy = json!([{ "capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0 }]);
    assert_eq!(service["capacityProviderStrategy"], strategy);
    scene.lab.pass(10);
    assert_eq!(scene.tasks("web", "RUNNING")[0]["capacityProviderName"], "FARGATE_SPOT");
}

#[test]
fn a_service_of_code_deploy_shows_task_sets_and_leaves_its_revision_to_it() {
    let scene = Scene::new();
    scene.create("web", 1, json!({ "deploymentController": { "type": "CODE_DEPLOY" } }));
    scene.lab.pass(90);
    let service = scene.service("web");
    assert_eq!((&service["deployments"], &service["runningCount"]), (&json!([]), &json!(1)));
    let set = &service["taskSets"][0];
    assert_eq!((&set["status"], &set["stabilityStatus"]), (&json!("PRIMARY"), &json!("STEADY_STATE")));
    assert_eq!(service.get("currentServiceDeployment"), None);
    let text = "Unable to update task definition on services with a CODE_DEPLOY deployment controller.";
    let update = json!({ "cluster": "shop", "service": "web", "taskDefinition": "web" });
    scene.lab.refuses("ecs.UpdateService", update, "InvalidParameterException", text);
}

#[test]
fn events_are_told_newest_first_whatever_was_left_unsaid() {
    let scene = Scene::new();
    scene.create("web", 2, json!({}));
    scene.lab.pass(8 * 3600);
    scene.update("web", json!({ "desiredCount": 1 }));
    scene.lab.pass(120);
    let service = scene.service("web");
    let times: Vec<f64> =
        service["events"].as_array().expect("a list").iter().filter_map(|event| event["createdAt"].as_f64()).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");
    assert!(times.len() >= 6, "{times:?}");
}

#[test]
fn an_empty_strategy_takes_a_service_back_to_its_launch_type() {
    let scene = Scene::new();
    let default = json!([{ "capacityProvider": "FARGATE_SPOT", "weight": 1 }]);
    let put = json!({ "cluster": "shop", "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "defaultCapacityProviderStrategy": default });
    scene.lab.ok("ecs.PutClusterCapacityProviders", put);
    scene.create("web", 1, json!({ "launchType": null }));
    scene.lab.pass(120);
    assert_eq!(scene.service("web")["capacityProviderStrategy"][0]["capacityProvider"], "FARGATE_SPOT");
    let left = json!({ "cluster": "shop", "capacityProviders": ["FARGATE"], "defaultCapacityProviderStrategy": [] });
    scene.lab.refuses("ecs.PutClusterCapacityProviders", left.clone(), "ResourceInUseException", "is in use");
    let service = scene.update("web", json!({ "capacityProviderStrategy": [] }));
    assert_eq!((&service["launchType"], service.get("capacityProviderStrategy")), (&json!("FARGATE"), None));
    scene.lab.pass(300);
    assert_eq!(scene.deployment("web")["status"], "SUCCESSFUL");
    scene.lab.ok("ecs.PutClusterCapacityProviders", left);
}
