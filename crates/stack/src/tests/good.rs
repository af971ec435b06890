//! What good files give.

use evenkeel_core::doc::Text;
use evenkeel_core::id::NodeId;
use serde_json::json;

use super::super::model::{Action, Peer, RecordData, Role, SubnetsRef, VpcRef};
use super::{load, options, try_load, with_file};

#[test]
fn the_least_is_a_name() {
    let stack = load("stack: x").stack;
    assert_eq!(
        (stack.name.as_str(), &stack.network.vpc, &stack.network.subnets),
        ("x", &VpcRef::Default, &SubnetsRef::Default)
    );
}

#[test]
fn placeholders_are_filled_in() {
    let loaded = load(
        "stack: a-${env.SET}\nregion: ${env.NOPE:-eu-west-1}\nvars: { x: \"${var.y}\", y: 1.10, z: \"${env.EMPTY:-${var.y}}\" }\n\
         tags: { a: \"${env.SET}\", b: \"$${env.SET}\", c: \"${stack.region}/${stack.name}\", d: \"${var.z}\" }",
    );
    assert_eq!((loaded.stack.name.as_str(), loaded.stack.tags["a"].as_str()), ("a-from-env", "from-env"));
    assert_eq!(loaded.stack.tags["c"], "eu-west-1/a-from-env");
    assert_eq!(loaded.stack.tags["b"], "${env.SET}");
    assert_eq!(loaded.stack.tags["d"], "1.10");
}

#[test]
fn numbers_keep_how_they_were_written() {
    let loaded =
        load("stack: x\naccount: 012345678901\nvars: { v: 1.10 }\ntags: { v: \"${var.v}\", w: 1.20, t: true }");
    assert_eq!(loaded.stack.account.as_deref(), Some("012345678901"));
    assert_eq!((loaded.stack.tags["v"].as_str(), loaded.stack.tags["w"].as_str()), ("1.10", "1.20"));
    assert_eq!(loaded.stack.tags["t"], "true");
}

#[test]
fn the_callers_variables_and_region_go_first() {
    let mut options = options();
    options.vars.insert("v".to_owned(), "mine".to_owned());
    options.region = Some("us-east-1".to_owned());
    let text = "stack: x\nregion: eu-west-1\nvars: { v: theirs }\ntags: { v: \"${var.v}\", r: \"${stack.region}\" }";
    let stack = super::super::load_text("s", text, &options, &super::Memory::default()).unwrap().stack;
    assert_eq!((stack.tags["v"].as_str(), stack.tags["r"].as_str()), ("mine", "us-east-1"));
    assert_eq!(stack.region.as_deref(), Some("us-east-1"));
    options.vars.insert("w".to_owned(), "x".to_owned());
    let found = super::super::load_text("s", text, &options, &super::Memory::default()).unwrap_err();
    super::expect(&found, &[(1, "unknown-var", "no variable `w`")]);
    options.vars.remove("w");
    options.region = None;
    options.fallback_region = Some("us-west-2".to_owned());
    let stack = super::super::load_text("s", text, &options, &super::Memory::default()).unwrap().stack;
    assert_eq!(stack.region.as_deref(), Some("eu-west-1"));
}

#[test]
fn anchors_and_merge_keys_work() {
    let stack = load(
        "stack: x\nlog_groups:\n  a: &a { retention: 7d, tags: { t: one } }\n  b: { <<: *a, retention: never }\n  c: *a",
    )
    .stack;
    assert_eq!(stack.log_groups["b"].retention_days, None);
    assert_eq!((stack.log_groups["c"].retention_days, stack.log_groups["b"].meta.tags["t"].as_str()), (Some(7), "one"));
}

#[test]
fn rules_come_in_every_form() {
    let stack = load(
        "stack: x\nsecurity_groups:\n  a:\n    ingress:\n      - { ports: [80, 8000-8010], from: [0.0.0.0/0, \"::/0\"] }\n      \
         - { port: 2000/udp, from: b }\n      - { protocol: all, from: self }\n      - { icmp: { type: 8 }, from: pl-123 }\n      \
         - { protocol: 50, from: sg-123 }\n    egress: []\n  b:",
    )
    .stack;
    let rules = &stack.security_groups["a"].ingress;
    let shown: Vec<String> = rules.iter().map(|r| format!("{} {} {}", r.protocol, r.from_port, r.to_port)).collect();
    assert_eq!(
        shown,
        [
            "tcp 80 80",
            "tcp 80 80",
            "tcp 8000 8010",
            "tcp 8000 8010",
            "udp 2000 2000",
            "-1 -1 -1",
            "icmp 8 -1",
            "50 -1 -1"
        ]
    );
    assert_eq!(rules[1].peer, Peer::Cidr6("::/0".to_owned()));
    assert_eq!(rules[4].peer, Peer::Group(Text::output(NodeId::new("security_group", "b"), "id")));
    assert!(stack.security_groups["a"].egress.is_empty());
    assert_eq!(stack.security_groups["b"].egress.len(), 1);
    assert_eq!(stack.security_groups["b"].description, "x b");
}

#[test]
fn actions_come_in_every_form() {
    let stack = load(
        "stack: x\ntarget_groups: { a: { port: 1 }, b: { port: 2 } }\nload_balancers:\n  w:\n    listeners:\n      \
         http: { redirect: https }\n      a: { port: 81, forward: [{ target_group: a, weight: 9 }, b] }\n      \
         b: { port: 82, forward: { target_groups: { a: 1, b: 0 }, stickiness: 5m } }\n      c: { port: 83, fixed_response: 404 }\n      \
         d: { port: 84, redirect: \"https://example.com/new?x=1\" }",
    )
    .stack;
    let action = |name: &str| stack.load_balancers["w"].listeners[name].default.as_ref().expect("an action");
    let pair = |a: u32, b: u32| vec![("a".to_owned(), a), ("b".to_owned(), b)];
    assert_eq!(stack.load_balancers["w"].listeners["http"].port, 80);
    assert_eq!(action("a"), &Action::Forward { targets: pair(9, 1), stickiness_secs: None });
    assert_eq!(action("b"), &Action::Forward { targets: pair(1, 0), stickiness_secs: Some(300) });
    assert_eq!(action("c"), &Action::FixedResponse { status: "404".to_owned(), content_type: None, body: None });
    let Action::Redirect { protocol, port, host, path, query, status } = action("d") else { panic!() };
    assert_eq!(
        [protocol, port, host, path, query, status].map(String::as_str),
        ["HTTPS", "443", "example.com", "/new", "x=1", "HTTP_301"]
    );
}

#[test]
fn roles_get_their_policies() {
    let stack = load(
        "stack: x\nroles:\n  a:\n    managed_policies: [AmazonECSTaskExecutionRolePolicy, AWSXRayDaemonWriteAccess]\n    policies:\n      \
         p: { statements: [{ actions: s3:GetObject, resources: \"arn:aws:s3:::b/${aws:username}/*\" }] }\n      \
         raw: { Version: \"2012-10-17\", Statement: { Effect: Deny, Action: \"*\", Resource: \"${log_group.l.arn}\" } }\n  \
         b: { existing: arn:aws:iam::123456789012:role/path/theirs }\nlog_groups: { l: }",
    )
    .stack;
    let Role::Managed(role) = &stack.roles["a"] else { panic!() };
    let managed: Vec<_> = role.managed.iter().filter_map(Text::known).collect();
    assert_eq!(
        managed,
        [
            "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
            "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"
        ]
    );
    assert_eq!(role.inline["p"]["Statement"][0]["Resource"], "arn:aws:s3:::b/${aws:username}/*");
    assert_eq!(role.inline["raw"]["Statement"]["Resource"], json!({ "$from": "log_group.l#arn" }));
    let Role::Existing { name, .. } = &stack.roles["b"] else { panic!() };
    assert_eq!(name, "theirs");
}

const SERVICE: &str = "stack: x\nregion: eu-west-1\ncluster: x\nroles: { exec: }\nlog_groups: { l: { name: /ecs/l } }\n\
                       services:\n  s:\n    cpu: 256\n    memory: 512\n    execution_role: exec\n";

#[test]
fn containers_take_short_forms_and_every_key_of_ecs() {
    let text = format!(
        "{SERVICE}    volumes: {{ d: {{ efs: fs-1 }} }}\n    containers:\n      b:\n        image: b:1\n        port: [80, 53/udp]\n        \
         health_check: curl -f localhost\n        environment: {{ N: 1, T: true, E: , U: \"http://${{cluster.name}}\" }}\n        \
         secrets: {{ S: ssm:/p, A: arn:aws:ssm:eu-west-1:123456789012:parameter/q }}\n        logs: l\n        command: run --fast\n        \
         depends_on: {{ a: HEALTHY }}\n        ulimits: {{ nofile: {{ soft: 1, hard: 2 }} }}\n        mount_points: {{ d: \"/d:ro\" }}\n        \
         linux_parameters: {{ init_process_enabled: true, capabilities: {{ add: [SYS_PTRACE] }} }}\n        stop_timeout: 2m\n        \
         docker_labels: {{ a: b }}\n        system_controls: [{{ namespace: net.core.somaxconn, value: 1024 }}]\n      \
         a: {{ image: \"a:1\", health_check: {{ command: [a, b], interval: 1m }}, essential: false }}"
    );
    let stack = load(&text).stack;
    let task = stack.services["s"].runs.ours().unwrap();
    assert_eq!(task.log_groups, ["l"]);
    let container = &task.document["containerDefinitions"][1];
    assert_eq!(
        container,
        &json!({
            "name": "b", "image": "b:1", "cpu": 0, "essential": true,
            "portMappings": [
                { "containerPort": 53, "hostPort": 53, "protocol": "udp" },
                { "containerPort": 80, "hostPort": 80, "protocol": "tcp" },
            ],
            "healthCheck": { "command": ["CMD-SHELL", "curl -f localhost"], "interval": 30, "timeout": 5, "retries": 3 },
            "environment": [
                { "name": "E", "value": "" },
                { "name": "N", "value": "1" },
                { "name": "T", "value": "true" },
                { "name": "U", "value": { "$join": ["http://", { "$from": "cluster.main#name" }] } },
            ],
            "secrets": [
                { "name": "A", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/q" },
                { "name": "S", "valueFrom": "/p" },
            ],
            "logConfiguration": { "logDriver": "awslogs", "options": {
                "awslogs-group": { "$from": "log_group.l#name" },
                "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "b",
            } },
            "command": ["run", "--fast"],
            "dependsOn": [{ "containerName": "a", "condition": "HEALTHY" }],
            "ulimits": [{ "name": "nofile", "softLimit": 1, "hardLimit": 2 }],
            "mountPoints": [{ "sourceVolume": "d", "containerPath": "/d", "readOnly": true }],
            "linuxParameters": { "initProcessEnabled": true, "capabilities": { "add": ["SYS_PTRACE"] } },
            "stopTimeout": 120,
            "dockerLabels": { "a": "b" },
            "systemControls": [{ "namespace": "net.core.somaxconn", "value": "1024" }],
        })
    );
    assert_eq!(
        task.document["volumes"],
        json!([{ "name": "d", "efsVolumeConfiguration": { "fileSystemId": "fs-1" } }])
    );
    let check = &task.document["containerDefinitions"][0]["healthCheck"];
    assert_eq!(check, &json!({ "command": ["CMD", "a", "b"], "interval": 60, "timeout": 5, "retries": 3 }));
}

/// A document as people have it: described, with nulls, wrong types, other spellings, a comment.
const DESCRIBED: &str = r#"{
  "taskDefinition": {
    "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:7", // pasted
    "revision": 7, "status": "ACTIVE", "compatibilities": ["EC2", "FARGATE"], "registeredBy": "me",
    "family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
    "cpu": ".25 vcpu", "memory": 512, "ipcMode": "", "volumes": null,
    "executionRoleArn": "exec", "taskRoleArn": "somebodys-role",
    "containerDefinitions": [{
      "name": "web", "memory": "300", "essential": "true", "Healthcheck": { "command": ["CMD", "true"] },
      "portMappings": [{ "containerPort": "80" }],
      "environment": [{ "name": "N", "value": 5 }, { "name": "GROUP", "value": "${log_group.l.name}" }, { "name": "P", "value": "${NOT_OURS}" }],
      "logConfiguration": { "logDriver": "awslogs", "options": { "awslogs-group": "/ecs/l" } },
    }],
  },
  "tags": [{ "key": "team", "value": "a" }, { "key": "aws:x", "value": "y" }],
}"#;

#[test]
fn documents_are_taken_as_people_have_them() {
    let text = format!("{SERVICE}    task_definition: web.json\n    images: {{ web: \"web:${{env.SET}}\" }}")
        .replace("    cpu: 256\n    memory: 512\n    execution_role: exec\n", "");
    let loaded = with_file(&text, "web.json", DESCRIBED).unwrap_or_else(|found| panic!("{}", super::show(&found)));
    let task = loaded.stack.services["s"].runs.ours().unwrap();
    let document = &task.document;
    assert_eq!((task.family.as_str(), &document["cpu"], &document["memory"]), ("web", &"256".into(), &"512".into()));
    assert!(document.get("revision").is_none() && document.get("ipcMode").is_none());
    assert_eq!(document["executionRoleArn"], json!({ "$from": "role.exec#arn" }));
    assert_eq!(document["taskRoleArn"], json!({ "$from": "role.somebodys-role#arn" }));
    assert!(matches!(loaded.stack.roles["somebodys-role"], Role::Existing { .. }));
    let container = &document["containerDefinitions"][0];
    assert_eq!((&container["image"], &container["memory"]), (&"web:from-env".into(), &300.into()));
    assert_eq!(container["healthCheck"]["interval"], 30);
    assert_eq!(container["environment"][0]["value"], json!({ "$from": "log_group.l#name" }));
    assert_eq!(container["environment"][2]["value"], "${NOT_OURS}");
    assert_eq!((task.tags.len(), task.tags["team"].as_str()), (1, "a"));
    assert_eq!(task.log_groups, ["l"]);
    let codes: Vec<_> = loaded.warnings.iter().map(|found| found.code).collect();
    assert_eq!(codes.iter().filter(|code| **code == "understood").count(), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == "key-spelling").count(), 1, "{codes:?}");
}

#[test]
fn records_come_in_every_form() {
    let stack = load(
        "stack: x\nload_balancers: { w: { ip_address_type: dualstack, listeners: { http: { fixed_response: 200 } } } }\ndns:\n  - zone: Example.COM.\n    records:\n      \
         - { name: \"@\", alias: w }\n      - { name: api.example.com., cname: b.example.net. }\n      - { name: \"*\", type: TXT, values: [b, a] }\n      \
         - { name: cdn, alias: { dns_name: D.cloudfront.net, zone_id: Z2FDTNDATAQYW2 } }",
    )
    .stack;
    let records: Vec<(&str, &str)> =
        stack.dns[0].records.iter().map(|record| (record.name.as_str(), record.rtype.as_str())).collect();
    assert_eq!(
        records,
        [
            ("example.com", "A"),
            ("example.com", "AAAA"),
            ("api.example.com", "CNAME"),
            ("*.example.com", "TXT"),
            ("cdn.example.com", "A")
        ]
    );
    let RecordData::Values { ttl, values } = &stack.dns[0].records[3].data else { panic!() };
    assert_eq!((*ttl, values.clone()), (300, vec!["\"a\"".into(), "\"b\"".into()]));
}

#[test]
fn delegated_counts_and_daemons() {
    let text = format!(
        "{SERVICE}    containers: {{ a: {{ image: \"a:1\" }} }}\n    desired_count: {{ initial: 2, managed_by: x }}"
    );
    let stack = load(&text).stack;
    assert_eq!(
        (stack.services["s"].desired_count, stack.services["s"].count_managed_by.as_deref()),
        (Some(2), Some("x"))
    );
    let text = "stack: x\ncluster: x\nservices:\n  s:\n    launch_type: EC2\n    scheduling: DAEMON\n    containers: { a: { image: \"a:1\", memory: 5 } }";
    let stack = load(text).stack;
    let service = &stack.services["s"];
    assert_eq!((service.desired_count, service.awsvpc, service.deployment.maximum_percent), (None, false, 100));
    assert!(service.platform_version.is_none());
}

#[test]
fn a_daemon_on_fargate_is_refused() {
    let text = format!("{SERVICE}    scheduling: DAEMON\n    containers: {{ a: {{ image: \"a:1\" }} }}");
    assert!(try_load(&text).unwrap_err().iter().any(|found| found.code == "contradiction"));
}
