//! What a stack file contributes, and that a reply in AWS's own words becomes the same document.

use std::collections::BTreeMap;

use evenkeel_core::diff::{Effect, diff};
use evenkeel_core::doc::{self, Doc, Text};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::{Owner, Readiness};
use serde_json::{Value, json};

use super::{ENTRY, convert};
use crate::kinds;
use crate::tags::Tags;
use evenkeel_stack::{FileProblem, Files, LoadOptions, load_text};

const STACK: &str = r#"
stack: cruddur
region: eu-west-1
network: { vpc: vpc-0123456789abcdef0, subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1] }
cluster: { container_insights: enabled }
roles: { exec: { managed_policies: [AmazonECSTaskExecutionRolePolicy] } }
log_groups: { cruddur: { retention: 7d } }
security_groups: { alb: {}, service: {} }
target_groups: { web: { port: 80 }, api: { port: 81 } }
load_balancers:
  main:
    security_groups: [alb]
    listeners:
      http: { port: 80, forward: web, rules: [{ priority: 1, path: /api, forward: api }] }
services:
  web:
    cpu: 256
    memory: 512
    execution_role: exec
    containers: { web: { image: "web:1", port: 80, logs: cruddur } }
    security_groups: [service]
    target_group: web
    tags: { team: a }
  api:
    cpu: 256
    memory: 512
    execution_role: exec
    containers: { api: { image: "api:1", port: 81, logs: cruddur } }
    security_groups: [service]
    target_group: api
"#;

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<evenkeel_core::diagnostic::Source, FileProblem> {
        Err(FileProblem { code: "file", summary: format!("there is no {path}"), help: String::new() })
    }
}

fn nodes() -> BTreeMap<NodeId, Node> {
    let loaded = load_text("stack.yaml", STACK, &LoadOptions::default(), &NoFiles);
    let loaded = loaded.unwrap_or_else(|problems| panic!("{problems:#?}"));
    let graph = kinds::graph(&loaded.stack, "eu-west-1").unwrap_or_else(|errors| panic!("{errors:#?}"));
    graph.nodes().map(|node| (node.id.clone(), node.clone())).collect()
}

#[test]
fn a_service_waits_for_what_ecs_asks_for() {
    let nodes = nodes();
    let needs = |entry: &str| nodes[&super::id(entry)].needs.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        needs("web"),
        ["cluster.main", "listener.main/http", "log_group.cruddur", "security_group_rules.service"]
    );
    assert_eq!(
        needs("api"),
        ["cluster.main", "listener_rules.main/http", "log_group.cruddur", "security_group_rules.service"]
    );
    let refs: Vec<String> =
        doc::refs(&nodes[&super::id("web")].want).into_iter().map(|hole| hole.node.to_string()).collect();
    for needed in ["task_definition.web", "target_group.web", "security_group.service", "network.main"] {
        assert!(refs.iter().any(|node| node == needed), "{needed}: {refs:?}");
    }
}

/// The document without holes, as the engine fills it.
fn filled(want: &Doc) -> Doc {
    doc::fill(want, &|hole| {
        Some(match hole.output.as_str() {
            "subnets" => json!(["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]),
            "revision" => "3".into(),
            "fingerprint" => "0123456789".into(),
            output => format!("{}-{output}", hole.node).into(),
        })
    })
}

/// What DescribeServices says of the service `web` of the file, with everything that AWS fills in.
fn reply() -> Value {
    json!({
        "serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/cruddur/cruddur-web",
        "serviceName": "cruddur-web",
        "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/cruddur",
        "status": "ACTIVE", "desiredCount": 1, "runningCount": 1, "pendingCount": 0,
        "launchType": "FARGATE", "platformVersion": "1.4.0", "platformFamily": "Linux",
        "taskDefinition": "task_definition.web-arn",
        "schedulingStrategy": "REPLICA", "deploymentController": { "type": "ECS" },
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {
                "enable": true, "rollback": true, "resetOnHealthyTask": true,
                "thresholdConfiguration": { "type": "BOUNDED_PERCENT", "value": 50 },
            },
            "maximumPercent": 200, "minimumHealthyPercent": 100, "strategy": "ROLLING", "bakeTimeInMinutes": 0,
            "alarms": { "alarmNames": [], "rollback": false, "enable": false },
        },
        "loadBalancers": [
            { "targetGroupArn": "target_group.web-arn", "containerName": "web", "containerPort": 80 },
        ],
        "networkConfiguration": { "awsvpcConfiguration": {
            "subnets": ["subnet-0123456789abcdef1", "subnet-0123456789abcdef0"],
            "securityGroups": ["security_group.service-id"], "assignPublicIp": "DISABLED",
        } },
        "healthCheckGracePeriodSeconds": 0, "propagateTags": "NONE",
        "enableECSManagedTags": false, "enableExecuteCommand": false,
        "availabilityZoneRebalancing": "ENABLED",
        "placementConstraints": [], "placementStrategy": [], "serviceRegistries": [], "events": [],
        "deployments": [{ "status": "PRIMARY", "rolloutState": "COMPLETED" }],
    })
}

fn tags(want: &Doc) -> Tags {
    use super::mark::{REVISION, USES};
    let text = |pointer: &str| want.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    Tags::from([
        ("team".to_owned(), "a".to_owned()),
        (REVISION.to_owned(), text("/marks/revision")),
        (USES.to_owned(), super::mark::uses_tag(&text("/marks/uses"))),
        (convert::APPLIED.to_owned(), convert::applied(want)),
    ])
}

#[test]
fn what_aws_fills_in_is_no_difference() {
    let want = filled(&nodes()[&super::id("web")].want);
    let live = convert::live(&reply(), None, &tags(&want), "cruddur");
    assert_eq!(diff(&ENTRY.kind, &want, &live.have), []);
    assert_eq!(live.readiness, Readiness::Ready);
}

#[test]
fn what_a_reply_leaves_out_is_judged_by_the_tag() {
    let want = filled(&nodes()[&super::id("web")].want);
    let mut reply = reply();
    let left_out = [
        "deploymentConfiguration",
        "healthCheckGracePeriodSeconds",
        "propagateTags",
        "enableECSManagedTags",
        "enableExecuteCommand",
        "placementConstraints",
        "placementStrategy",
        "platformVersion",
    ];
    for key in left_out {
        reply.as_object_mut().unwrap().remove(key);
    }
    let live = convert::live(&reply, None, &tags(&want), "cruddur");
    assert_eq!(diff(&ENTRY.kind, &want, &live.have), []);
    let mut other = want.clone();
    other["execute_command"] = json!(true);
    let paths: Vec<String> = diff(&ENTRY.kind, &other, &live.have).into_iter().map(|change| change.path).collect();
    assert_eq!(paths, ["execute_command"]);
    // And what a reply does hold goes before the tag.
    reply["enableExecuteCommand"] = json!(true);
    let live = convert::live(&reply, None, &tags(&want), "cruddur");
    assert_eq!(diff(&ENTRY.kind, &want, &live.have).len(), 1);
    assert!(convert::applied(&want).len() <= 256);
}

#[test]
fn a_deployment_that_failed_is_planned_anew() {
    let want = filled(&nodes()[&super::id("web")].want);
    let mut service = reply();
    service["runningCount"] = 0.into();
    service["deployments"] = json!([{ "status": "PRIMARY", "rolloutState": "FAILED", "rolloutStateReason": "why" }]);
    let live = convert::live(&service, None, &tags(&want), "cruddur");
    assert_eq!(live.readiness, Readiness::Failed("0 of 1 task running; why".to_owned()));
    let change = live.renewal().expect("a new deployment helps");
    assert_eq!((change.field(), &change.to), ("last_deployment", &Some("a new one".into())));
    service["desiredCount"] = 0.into();
    service["deployments"] = json!([{ "status": "PRIMARY", "rolloutState": "COMPLETED" }]);
    let live = convert::live(&service, None, &tags(&want), "cruddur");
    assert_eq!((live.renewal(), live.readiness), (None, Readiness::Ready));
}

#[test]
fn a_strategy_shows_the_launch_type_that_the_service_goes_back_to() {
    let mut service = reply();
    service.as_object_mut().unwrap().remove("launchType");
    service["capacityProviderStrategy"] = json!([{ "capacityProvider": "FARGATE_SPOT", "weight": 1 }]);
    let want = filled(&nodes()[&super::id("web")].want);
    let live = convert::live(&service, None, &tags(&want), "cruddur");
    let changes = diff(&ENTRY.kind, &want, &live.have);
    assert!(changes.iter().all(|change| change.field() == "strategy"), "{changes:?}");
    assert!(!changes.is_empty() && changes.iter().all(|change| change.effect == Effect::Update), "{changes:?}");
    let provider = "arn:aws:ecs:eu-west-1:123456789012:cluster/cruddur/capacity-provider/FARGATE_SPOT".to_owned();
    assert!(live.uses.contains(&provider), "{:?}", live.uses);
    service["capacityProviderStrategy"] = json!([{ "capacityProvider": "instances", "weight": 1 }]);
    let live = convert::live(&service, None, &tags(&want), "cruddur");
    assert_eq!(live.have["launch_type"], "EC2");
}

#[test]
fn the_mark_speaks_for_the_node_of_the_task_definition() {
    let nodes = nodes();
    let revision = &nodes[&kinds::task_definition::id("web")];
    assert_eq!(revision.name, "cruddur-web");
    let marks: Text = serde_json::from_value(nodes[&super::id("web")].want["marks"]["revision"].clone()).unwrap();
    assert_eq!(marks, super::mark::wanted(&revision.id, &revision.want));
}

#[test]
fn a_service_of_express_mode_is_nobodys_to_touch() {
    let service = json!({ "serviceName": "web", "status": "ACTIVE", "resourceManagementType": "ECS" });
    let marked = Tags::from([
        ("evenkeel:stack".to_owned(), "shop".to_owned()),
        ("evenkeel:id".to_owned(), "service.web".to_owned()),
    ]);
    for (tags, has_mark) in [(Tags::new(), false), (marked, true)] {
        let live = convert::live(&service, None, &tags, "shop");
        let Owner::Managed { by, mark } = &live.owner else { panic!("{:?}", live.owner) };
        assert!(by.contains("Express Mode") && mark.is_some() == has_mark, "{by} {mark:?}");
    }
}
