//! Services as ECS writes them, and task definitions that somebody else registers.

use super::super::model::{Runs, Service};
use super::{Loaded, broken, expect, load, show, with_file};

const HEAD: &str = "stack: shop\nregion: eu-west-1\ncluster: shop\nsecurity_groups: { app: }\nservices:\n  app:\n";
const ARN: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:7";

#[track_caller]
fn service(keys: &str, file: &str) -> (Service, Loaded) {
    let loaded = with_file(&format!("{HEAD}{keys}"), "service.json", file);
    let loaded = loaded.unwrap_or_else(|found| panic!("{}", show(&found)));
    (loaded.stack.services["app"].clone(), loaded)
}

#[track_caller]
fn refused(file: &str, expected: &[(usize, &str, &str)]) {
    let found = with_file(&format!("{HEAD}    service: service.json\n"), "service.json", file);
    match found {
        Ok(_) => panic!("this should not load:\n{file}"),
        Err(found) => expect(&found, expected),
    }
}

fn named(service: &Service) -> &str {
    match &service.runs {
        Runs::Kept(kept) => &kept.named,
        Runs::Ours(task) => panic!("it is ours: {}", task.family),
    }
}

const CREATE: &str = r#"{
  "cluster": "prod", "serviceName": "web", "taskDefinition": "web:7", "desiredCount": "3", "launchType": "FARGATE",
  "platformVersion": "LATEST", "schedulingStrategy": "REPLICA", "clientToken": "",
  "networkConfiguration": { "awsvpcConfiguration": {
    "subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED" } },
  "loadBalancers": [{
    "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef",
    "containerName": "web", "containerPort": 80 }],
  "serviceRegistries": [], "placementConstraints": [], "placementStrategy": null,
  "healthCheckGracePeriodSeconds": 60,
  "deploymentController": { "type": "ECS" },
  "deploymentConfiguration": { "minimumHealthyPercent": 50, "maximumPercent": 150,
    "deploymentCircuitBreaker": { "enable": true, "rollback": false },
    "alarms": { "alarmNames": [], "enable": false, "rollback": false }, "strategy": "ROLLING", "bakeTimeInMinutes": 0 },
  "serviceConnectConfiguration": { "enabled": false },
  "enableECSManagedTags": true, "propagateTags": "SERVICE", "enableExecuteCommand": false,
  "tags": [{ "key": "team", "value": "a" }, { "key": "aws:x", "value": "y" }]
}"#;

#[test]
fn a_document_of_create_service_is_taken_as_it_is() {
    let (app, loaded) = service("    service: service.json\n", CREATE);
    assert_eq!((app.meta.name.as_deref(), named(&app), app.desired_count), (Some("web"), "web:7", Some(3)));
    assert_eq!(app.subnets.as_deref(), Some(&["subnet-1".to_owned(), "subnet-2".to_owned()][..]));
    assert_eq!((app.security_groups.len(), app.assign_public_ip, app.grace_secs), (1, true, Some(60)));
    assert_eq!((app.load_balancers[0].container.as_str(), app.load_balancers[0].port), ("web", 80));
    let deployment = &app.deployment;
    assert_eq!((deployment.minimum_healthy_percent, deployment.maximum_percent), (50, 150));
    assert_eq!((deployment.circuit_breaker, deployment.rollback, deployment.alarms.len()), (true, false, 0));
    assert_eq!((app.managed_tags, app.propagate_tags.as_str(), app.execute_command), (true, "SERVICE", false));
    assert_eq!((app.meta.tags.len(), app.meta.tags["team"].as_str()), (1, "a"));
    let said: Vec<_> = loaded.warnings.iter().filter(|found| found.code == "understood").collect();
    assert!(said.len() == 1 && said[0].help.as_ref().is_some_and(|help| help.contains("cluster")), "{said:?}");
}

#[test]
fn an_answer_of_describe_services_is_taken_as_it_is() {
    let file = format!(
        r#"{{ "services": [{{ "serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/prod/web", "serviceName": "web",
          "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod", "status": "ACTIVE", "runningCount": 1,
          "desiredCount": 1, "schedulingStrategy": "DAEMON", "launchType": "EC2", "taskDefinition": "{ARN}",
          "deployments": [{{ "id": "ecs-svc/1" }}], "events": [], "roleArn": "arn:aws:iam::123456789012:role/x",
          "createdAt": 1.5, "createdBy": "me", "healthCheckGracePeriodSeconds": 0, "tags": [] }}], "failures": [] }}"#
    );
    let (app, _) = service("    service: service.json\n", &file);
    assert_eq!((named(&app), app.scheduling.as_str(), app.desired_count), (ARN, "DAEMON", None));
    assert!(!app.awsvpc && app.grace_secs.is_none());
}

#[test]
fn keys_beside_the_file_go_before_it() {
    let keys = "    service: service.json\n    desired_count: 1\n    security_groups: app\n    capacity_provider_strategy: FARGATE_SPOT\n    target_groups: []\n    health_check_grace_period: ~\n    cpu: 256\n    memory: 512\n    containers: { app: { image: \"a:1\", health_check: x } }\n";
    let (app, _) = service(keys, CREATE);
    assert_eq!((app.desired_count, app.strategy.len(), app.launch_type.as_deref()), (Some(1), 1, None));
    assert!(matches!(app.runs, Runs::Ours(_)) && app.load_balancers.is_empty());
    assert_eq!(app.meta.name.as_deref(), Some("web"));
}

#[test]
fn what_is_wrong_in_a_service_file_is_told_at_its_line() {
    refused(
        "{\n  \"taskDefinition\": \"web\",\n  \"desiredCont\": 1,\n  \"launchType\": \"FARGAT\",\n  \"serviceConnectConfiguration\": { \"enabled\": true, \"containerConfigurations\": [{}] },\n  \"deploymentConfiguration\": { \"maximumPercentage\": 200 },\n  \"deploymentController\": { \"type\": \"CODE_DEPLOY\" },\n  \"networkConfiguration\": { \"awsvpcConfiguration\": { \"subnet\": [\"a\"] } },\n  \"loadBalancers\": [{ \"loadBalancerName\": \"classic\", \"containerName\": \"a\", \"containerPort\": 80 }]\n}",
        &[
            (3, "unknown-key", "Did you mean `desiredCount`?"),
            (4, "bad-value", "Did you mean `FARGATE`?"),
            (5, "missing-key", "namespace: NAME"),
            (5, "not-yet", "`containerConfigurations`"),
            (6, "unknown-key", "Did you mean `maximumPercent`?"),
            (7, "not-yet", "CODE_DEPLOY"),
            (8, "unknown-key", "Did you mean `subnets`?"),
            (9, "not-yet", "`loadBalancerName`"),
            (9, "missing-key", "has no `name`"),
        ],
    );
    refused(
        "{ \"taskDefinition\": \"web\", \"networkConfiguration\": { \"awsvpcConfiguration\": {\n  \"subnets\": [\"{{ must_env `SUBNET` }}\"],\n  \"securityGroups\": [\"$GROUP\"] } },\n  \"tags\": [{ \"key\": \"a\", \"value\": \"<b>\" }] }",
        &[(2, "placeholder", "must_env"), (3, "placeholder", "$GROUP"), (4, "bad-tag", "`a`")],
    );
    refused("[]", &[(1, "wrong-type", "an object")]);
    refused("{ \"services\": [{}, {}] }", &[(1, "bad-value", "2 services")]);
    refused("{ \"serviceName\": \"web\" }", &[(7, "missing-key", "neither `containers` nor `task_definition`")]);
    broken(&format!("{HEAD}    service: web\n"), &[(7, "bad-value", "not a JSON file")]);
}

#[test]
fn task_definitions_of_others_are_named() {
    for name in ["web", "web:7", ARN] {
        let loaded = load(&format!("{HEAD}    task_definition: \"{name}\"\n"));
        let app = &loaded.stack.services["app"];
        assert_eq!((named(app), app.launch_type.as_deref(), app.awsvpc), (name, Some("FARGATE"), true));
    }
    let loaded = load(&format!("{HEAD}    task_definition: web\n    launch_type: EC2\n"));
    assert!(!loaded.stack.services["app"].awsvpc);
}

#[test]
fn what_belongs_to_a_task_definition_of_others_is_refused() {
    let keys = "    task_definition: web:0\n    cpu: 256\n    images: { a: b }\n    execution_role: existing:a\n    target_group: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef\n";
    broken(
        &format!("{HEAD}{keys}"),
        &[
            (7, "bad-value", "neither a JSON file nor a task definition"),
            (8, "contradiction", "`cpu`"),
            (9, "contradiction", "`images`"),
            (10, "contradiction", "`execution_role`"),
        ],
    );
    let keys = keys.lines().next_back().unwrap();
    broken(&format!("{HEAD}    task_definition: web\n{keys}\n"), &[(8, "ambiguous", "container: …")]);
    let other = ARN.replace("eu-west-1", "eu-west-2");
    broken(&format!("{HEAD}    task_definition: {other}\n"), &[(7, "other-region", "eu-west-2")]);
    broken(&format!("{HEAD}    task_definition: web.jsn\n"), &[(7, "bad-value", "web.json")]);
}
