//! What a word of `sidecars` adds to a task and to its role, and what is said of wrong ones.

use serde_json::json;

use super::super::model::Role;
use super::super::sections::grants::POLICY;
use super::{load, try_load};

fn file(role: &str, service: &str) -> String {
    format!(
        "stack: x\nregion: eu-west-1\ncluster: x\nroles: {{ e: {{}}, task: {role} }}\ntarget_groups: {{ t: {{ port: 80 }} }}\n\
         load_balancers: {{ w: {{ listeners: {{ http: {{ forward: t }} }} }} }}\n\
         services: {{ s: {{ cpu: 256, memory: 512, execution_role: e, target_group: t, {service}, \
         containers: {{ app: {{ image: \"app:1\", port: 80, logs: /app }} }} }} }}"
    )
}

#[test]
fn a_sidecar_is_a_container_with_its_ports_its_logs_and_its_grant() {
    let loaded = load(&file("{ grants: [exec] }", "task_role: task, sidecars: [xray]"));
    let service = &loaded.stack.services["s"];
    assert_eq!(service.load_balancers[0].container, "app", "the sidecar is no target");
    let document = &service.runs.ours().expect("a task of ours").document;
    let xray = &document["containerDefinitions"][1];
    assert_eq!((&xray["name"], &xray["essential"], &xray["user"]), (&json!("xray"), &json!(false), &json!("1337")));
    assert_eq!(xray["portMappings"][0]["containerPort"], 2000);
    assert!(xray["image"].as_str().is_some_and(|image| image.contains("aws-xray-daemon:3.")), "{xray}");
    assert_eq!(xray["logConfiguration"]["options"]["awslogs-group"], "/app");
    assert_eq!(xray["logConfiguration"]["options"]["awslogs-stream-prefix"], "xray");
    let Role::Managed(role) = &loaded.stack.roles["task"] else { panic!("a role of ours") };
    let statements = role.inline[POLICY]["Statement"].as_array().expect("statements");
    assert_eq!(statements.len(), 2, "{statements:#?}");
    assert!(statements[1]["Action"].to_string().contains("xray:PutTraceSegments"), "{statements:#?}");
}

#[test]
fn what_the_role_has_already_is_not_said_twice() {
    let loaded = load(&file("{ grants: [xray] }", "task_role: task, sidecars: [xray]"));
    let Role::Managed(role) = &loaded.stack.roles["task"] else { panic!("a role of ours") };
    assert_eq!(role.inline[POLICY]["Statement"].as_array().map(Vec::len), Some(1));
}

#[test]
fn the_log_router_takes_options_and_every_sidecar_an_image() {
    let words =
        "sidecars: { firelens: { options: { enable-ecs-log-metadata: \"true\" } }, otel: { image: \"me/otel:2\" } }";
    let loaded = load(&file("{}", &format!("task_role: task, {words}")));
    let document = &loaded.stack.services["s"].runs.ours().expect("a task of ours").document;
    let named = |name: &str| {
        let all = document["containerDefinitions"].as_array().into_iter().flatten();
        all.clone().find(|container| container["name"] == name).cloned().unwrap_or_default()
    };
    assert_eq!(named("firelens")["firelensConfiguration"]["options"]["enable-ecs-log-metadata"], "true");
    assert_eq!(named("otel")["image"], "me/otel:2");
}

#[test]
fn wrong_sidecars_are_told() {
    let codes = |service: &str| {
        let found = try_load(&file("{}", service)).map_or_else(|found| found, |loaded| loaded.warnings);
        // The execution role of the file allows nothing.
        let told = found.iter().map(|problem| problem.code).filter(|code| *code != "execution-access");
        told.collect::<Vec<_>>()
    };
    assert_eq!(codes("task_role: task, sidecars: [xrays]"), ["unknown-name"]);
    assert_eq!(codes("sidecars: [xray]"), ["missing-key"], "it sends with the task role");
    assert_eq!(codes("task_role: task, sidecars: [otel, otel]"), ["duplicate"]);
    assert_eq!(codes("task_role: task, sidecars: [xray, otel]"), ["duplicate-port"]);
    assert_eq!(codes("task_role: task, sidecars: { xray: { options: { a: b } } }"), ["bad-value"]);
    assert_eq!(codes("task_role: task, sidecars: { xray: { port: 1 } }"), ["unknown-key"]);
}
