//! Each code of the table is reported by one small file, and the sources report no code that is not in the table.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::super::codes::ALL;
use super::super::{LoadOptions, load, load_text};
use super::Memory;

/// Codes whose files are of bytes and paths; `paths.rs` has them. `internal` is a mistake of ours.
const ELSEWHERE: &[&str] = &["a-directory", "not-a-file", "not-found", "not-text", "unreadable", "internal"];

const HEAD: &str = "stack: x\nregion: eu-west-1\n";
/// A service, to be continued with its keys.
const SERVICE: &str = "cluster: x\nservices:\n  s:\n    cpu: 256\n    memory: 512\n";
const ONE: &str = "    containers: { a: { image: \"a:1\", port: 80 } }\n";
/// A listener, to be continued with its keys in one line.
const LISTENER: &str = "target_groups: { a: { port: 80 } }\nload_balancers: { w: { listeners: { http: { forward: a, ";

/// Codes and files; `{H}`, `{S}`, `{1}` and `{L}` stand for the beginnings above. A file that names `t.json` has it behind a line of `---json`.
const FILES: &[(&str, &str)] = &[
    (
        "ambiguous",
        "{H}{S}    containers: { a: { image: \"a:1\", ports: [80, 81] } }\n    target_group: t\ntarget_groups: { t: { port: 80 } }\nload_balancers: { w: { listeners: { http: { forward: t } } } }\n",
    ),
    ("bad-account", "{H}account: 123\n"),
    ("bad-arn", "{H}{S}    execution_role: arn:aws:iam::123456789012:rol/x\n{1}"),
    ("bad-cidr", "{H}security_groups: { a: { ingress: [{ port: 80, from: 0.0.0.0 }] } }\n"),
    ("bad-database", "{H}databases: { d: { engine: postgres, version: \"9.6\" } }\n"),
    ("bad-header", "{H}{L} rules: [{ priority: 1, header: { \"X Y\": a }, forward: a }] } } } }\n"),
    ("bad-health-check", "{H}target_groups: { a: { port: 80, health_check: { interval: 5s, timeout: 5s } } }\n"),
    ("bad-image", "{H}{S}    containers: { a: { image: \"hello:$IMAGE_TAG\" } }\n"),
    ("bad-json", "{H}{S}    task_definition: t.json\n---json\n{ \"family\": }"),
    ("bad-move", "{H}log_groups: { a: { moved_from: a } }\n"),
    ("bad-name", "stack: 1\n"),
    (
        "bad-policy",
        "{H}roles: { r: { policies: { p: { statements: [{ actions: \"a:b:c\", resources: \"*\" }] } } } }\n",
    ),
    ("bad-port", "{H}security_groups: { a: { ingress: [{ port: x, from: self }] } }\n"),
    ("bad-protocol", "{H}security_groups: { a: { ingress: [{ protocol: x, from: self }] } }\n"),
    ("bad-record", "{H}dns: [{ zone: a.example, records: [{ name: x, a: \"::1\" }] }]\n"),
    ("bad-region", "stack: x\nregion: eu-west-1a\n"),
    ("bad-retention", "{H}log_groups: { a: { retention: 8 } }\n"),
    (
        "bad-schedule",
        "{H}{S}{1}    autoscaling: { min: 1, max: 2, schedule: { name: night, at: \"0 22 * * *\", min: 0 } }\n",
    ),
    ("from-zero", "{H}{S}{1}    autoscaling: { min: 0, max: 2, cpu: 60 }\n"),
    ("no-metric", "{H}{S}{1}    autoscaling: { min: 1, max: 2, queue: { name: jobs, backlog: 10 } }\n"),
    ("role-trust", "{H}roles: { r: { trust: events } }\n{S}    task_role: r\n{1}"),
    (
        "bad-secret",
        "{H}{S}    execution_role: existing:r\n    containers: { a: { image: \"a:1\", secrets: { A: a/b } } }\n",
    ),
    ("bad-size", "{H}{S}    containers: { a: { image: \"a:1\", memory: 600 } }\n"),
    ("bad-tag", "{H}tags: { Owner: \"a, b\" }\nlog_groups: { a: }\n"),
    ("bad-value", "{H}roles: { r: { description: \"日本\" } }\n"),
    (
        "bad-volume",
        "{H}{S}{1}    volumes: { v: { efs: { file_system_id: fs-1, root_directory: /a, transit_encryption: ENABLED, authorization_config: { access_point_id: fsap-1 } } } }\n",
    ),
    (
        "exec-read-only",
        "{H}roles: { r: { grants: [exec] } }\n{S}    task_role: r\n    execute_command: true\n    containers: { a: { image: \"a:1\", readonly_root_filesystem: true } }\n",
    ),
    ("exec-role", "{H}roles: { r: {} }\n{S}{1}    task_role: r\n    execute_command: true\n"),
    ("open-port", "{H}security_groups: { db: { ingress: [{ port: 5432, from: 0.0.0.0/0 }] } }\n"),
    ("plain-secret", "{H}{S}    containers: { a: { image: \"a:1\", environment: { DB_PASSWORD: hunter22 } } }\n"),
    ("unknown-grant", "{H}roles: { r: { grants: [xrays] } }\n"),
    ("bad-yaml", "{H}log_groups:\n\ta: {}\n"),
    ("alias-bomb", "{H}vars: &a { x: [*a] }\n"),
    ("cname-apex", "{H}dns: [{ zone: a.example, records: [{ name: \"@\", cname: b.example }] }]\n"),
    (
        "cname-beside",
        "{H}dns: [{ zone: a.example, records: [{ name: b, cname: b.example }, { name: b, a: 192.0.2.1 }] }]\n",
    ),
    (
        "container-cycle",
        "{H}{S}    containers: { a: { image: \"a:1\", depends_on: b }, b: { image: \"b:1\", depends_on: a } }\n",
    ),
    ("contradiction", "{H}{S}    scheduling: DAEMON\n{1}"),
    (
        "duplicate",
        "{H}{S}    execution_role: existing:r\n    containers: { a: { image: \"a:1\", environment: { A: 1 }, secrets: { A: \"ssm:/a\" } } }\n",
    ),
    ("duplicate-key", "{H}tags: { a: 1, a: 2 }\n"),
    ("duplicate-name", "{H}security_groups: { a: { name: one }, b: { name: One } }\n"),
    ("duplicate-port", "{H}{S}    containers: { a: { image: \"a:1\", port: 80 }, b: { image: \"b:1\", port: 80 } }\n"),
    (
        "duplicate-priority",
        "{H}{L} rules: [{ priority: 1, path: /a, forward: a }, { priority: 1, path: /b, forward: a }] } } } }\n",
    ),
    (
        "duplicate-record",
        "{H}dns: [{ zone: a.example, records: [{ name: b, a: 192.0.2.1 }, { name: b, a: 192.0.2.2 }] }]\n",
    ),
    (
        "duplicate-rule",
        "{H}security_groups: { a: { ingress: [{ port: 80, from: self }, { port: 80, from: self }] } }\n",
    ),
    ("empty", "{H}load_balancers: { w: { listeners: { http: { forward: [] } } } }\n"),
    ("empty-file", ""),
    (
        "execution-access",
        "{H}roles: { r: }\n{S}    execution_role: r\n    containers: { a: { image: \"a:1\", logs: /a } }\n",
    ),
    ("fargate-compatibility", "{H}{S}    launch_type: FARGATE\n    requires_compatibilities: [EC2]\n{1}"),
    ("fargate-network", "{H}{S}    launch_type: FARGATE\n    network_mode: bridge\n{1}"),
    ("fargate-size", "{H}cluster: x\nservices:\n  s:\n    cpu: 256\n    memory: 513\n{1}"),
    ("host-port", "{H}{S}    containers: { a: { image: \"a:1\", port: \"8080:80\" } }\n"),
    (
        "key-spelling",
        "{H}{S}    task_definition: t.json\n---json\n{ \"containerdefinitions\": [{ \"name\": \"a\", \"image\": \"a:1\" }] }",
    ),
    ("many-problems", "{H}{many}"),
    ("masked-range", "{H}security_groups: { a: { ingress: [{ port: 80, from: 10.1.2.3/8 }] } }\n"),
    ("merge-conflict", "{H}{S}    task_definition: t.json\n---json\n<<<<<<< HEAD\n{}\n"),
    ("missing-key", "region: eu-west-1\n"),
    ("needs-shell", "{H}{S}    containers: { a: { image: \"a:1\", command: \"a && b\" } }\n"),
    (
        "no-security-group",
        "{H}target_groups: { a: { port: 80, protocol: TCP } }\nload_balancers: { w: { type: network, listeners: { l: { port: 80, forward: a } } } }\n",
    ),
    ("not-for-type", "{H}target_groups: { a: { port: 80, protocol: TCP, slow_start: 30s } }\n"),
    (
        "protocol-mismatch",
        "{H}target_groups: { a: { port: 80, protocol: TCP } }\nload_balancers: { w: { listeners: { http: { forward: a } } } }\n",
    ),
    ("no-certificate", "{H}load_balancers: { w: { listeners: { https: { fixed_response: 200 } } } }\n"),
    ("no-condition", "{H}{L} rules: [{ priority: 1, forward: a }] } } } }\n"),
    ("no-essential", "{H}{S}    containers: { a: { image: \"a:1\", essential: false } }\n"),
    ("no-execution-role", "{H}{S}    containers: { a: { image: \"a:1\", logs: /a } }\n"),
    (
        "no-health-check",
        "{H}{S}    containers: { a: { image: \"a:1\" }, b: { image: \"b:1\", depends_on: { a: HEALTHY } } }\n",
    ),
    ("no-image", "{H}{S}    containers: { a: { port: 80 } }\n"),
    ("no-listener", "{H}load_balancers: { w: {} }\n"),
    ("no-region", "stack: x\n{S}    containers: { a: { image: \"a:1\", logs: /a } }\n"),
    (
        "no-such-port",
        "{H}{S}    containers: { a: { image: \"a:1\" } }\n    target_group: t\ntarget_groups: { t: { port: 80 } }\nload_balancers: { w: { listeners: { http: { forward: t } } } }\n",
    ),
    ("no-tag", "{H}{S}    containers: { a: { image: a } }\n"),
    ("no-zone", "{H}certificates: { c: { domain: a.example } }\n"),
    ("not-on-fargate", "{H}{S}    containers: { a: { image: \"a:1\", privileged: true } }\n"),
    ("not-ours", "{H}dns: [{ zone: a.example, comment: x }]\n"),
    ("not-yet", "{H}queues: {}\n"),
    ("one-zone", "{H}load_balancers: { w: { subnets: [subnet-1], listeners: { http: { fixed_response: 200 } } } }\n"),
    ("open-placeholder", "{H}tags: { a: \"${env.X\" }\n"),
    ("other-account", "{H}account: \"123456789012\"\n{S}    task_role: arn:aws:iam::210987654321:role/x\n{1}"),
    (
        "other-region",
        "{H}load_balancers: { w: { listeners: { https: { fixed_response: 200, certificate: \"arn:aws:acm:us-east-1:123456789012:certificate/a\" } } } }\n",
    ),
    (
        "out-of-range",
        "{H}cluster: x\nservices:\n  s:\n    launch_type: EC2\n    scheduling: DAEMON\n    deployment: { maximum_percent: 200 }\n    containers: { a: { image: \"a:1\", memory: 64 } }\n",
    ),
    ("output-not-here", "{H}log_groups: { a: }\ntags: { a: \"${log_group.a.name}\" }\n"),
    (
        "placeholder",
        "{H}{S}    task_definition: t.json\n---json\n{ \"taskRoleArn\": \"<ROLE>\", \"containerDefinitions\": [{ \"name\": \"a\", \"image\": \"a:1\" }] }",
    ),
    ("public-secret", "{H}public_env: [DB_PASSWORD]\n"),
    (
        "quota",
        "{H}security_groups: { a: { ingress: [{ ports: [1, 2, 3, 4, 5, 6, 7, 8], from: [10.0.0.0/8, 11.0.0.0/8, 12.0.0.0/8, 13.0.0.0/8, 14.0.0.0/8, 15.0.0.0/8, 16.0.0.0/8, 17.0.0.0/8] }] } }\n",
    ),
    ("reserved-tag", "{H}tags: { \"AWS:x\": y }\n"),
    (
        "secret-access",
        "{H}roles: { r: }\n{S}    execution_role: r\n    containers: { a: { image: \"a:1\", secrets: { A: \"ssm:/a\" } } }\n",
    ),
    ("unknown-region", "stack: x\nregion: eu-centra-1\n"),
    (
        "unreachable",
        "{H}security_groups: { g: { ingress: [{ port: 81, from: 0.0.0.0/0 }] } }\nload_balancers: { w: { security_groups: [g], listeners: { http: { port: 80, fixed_response: 200 } } } }\n",
    ),
    ("several-documents", "stack: x\n---\nstack: y\n"),
    (
        "shared-family",
        "{H}cluster: x\nservices:\n  s: { cpu: 256, memory: 512, family: f, containers: { a: { image: \"a:1\" } } }\n  t: { cpu: 256, memory: 512, family: f, containers: { a: { image: \"a:1\" } } }\n",
    ),
    (
        "shared-target-group",
        "{H}cluster: x\nservices:\n  s: { cpu: 256, memory: 512, target_group: t, containers: { a: { image: \"a:1\", port: 80 } } }\n  u: { cpu: 256, memory: 512, target_group: t, containers: { a: { image: \"a:1\", port: 80 } } }\ntarget_groups: { t: { port: 80 } }\nload_balancers: { w: { listeners: { http: { forward: t } } } }\n",
    ),
    (
        "target-type",
        "{H}{S}{1}    target_group: t\ntarget_groups: { t: { port: 80, target_type: instance } }\nload_balancers: { w: { listeners: { http: { forward: t } } } }\n",
    ),
    ("too-big", "{H}vars: { a: \"{long}\", b: \"${var.a}${var.a}\", c: \"${var.b}${var.b}\" }\n"),
    (
        "too-many",
        "{H}security_groups: { a: }\nload_balancers: { w: { security_groups: [sg-1, sg-2, sg-3, sg-4, sg-5, sg-6], listeners: { http: { fixed_response: 200 } } } }\n",
    ),
    (
        "understood",
        "{H}{S}    task_definition: t.json\n---json\n{ \"revision\": 1, \"containerDefinitions\": [{ \"name\": \"a\", \"image\": \"a:1\" }] }",
    ),
    (
        "uncovered-host",
        "{H}certificates: { c: { domain: a.example, zone: a.example } }\nload_balancers: { w: { listeners: { https: { certificate: c, fixed_response: 200, rules: [{ priority: 1, host: b.example, fixed_response: 404 }] } } } }\n",
    ),
    (
        "two-ways-in",
        "{H}{S}    containers: { a: { image: \"a:1\", port: { port: 80, name: http } } }\n    target_group: t\n    ingress: { gateway: g }\nroles: { r: { trust: ecs } }\ngateways: { g: { role: r } }\ntarget_groups: { t: { port: 80 } }\nload_balancers: { w: { listeners: { http: { forward: t } } } }\n",
    ),
    ("unknown-anchor", "stack: *a\n"),
    ("unknown-key", "{H}colour: red\n"),
    ("unknown-name", "{H}load_balancers: { w: { listeners: { http: { forward: a } } } }\n"),
    ("unknown-output", "{H}log_groups: { a: }\ntags: { a: \"${log_group.a.size}\" }\n"),
    ("unknown-policy", "{H}roles: { r: { managed_policies: AmazonECSTaskExecutionRolPolicy } }\n"),
    ("unknown-reference", "{H}tags: { a: \"${NAME}\" }\n"),
    ("unknown-var", "{H}tags: { a: \"${var.a}\" }\n"),
    ("unset-env", "{H}tags: { a: \"${env.NOT_SET}\" }\n"),
    ("unused-target-group", "{H}target_groups: { a: { port: 80 } }\n"),
    ("var-cycle", "{H}vars: { a: \"${var.a}\" }\n"),
    ("wrong-type", "{H}log_groups: []\n"),
];

fn reported(file: &str) -> Vec<super::Diagnostic> {
    let many: String = (0..250).map(|number| format!("k{number}: 1\n")).collect();
    let text = file
        .replace("{H}", HEAD)
        .replace("{S}", SERVICE)
        .replace("{1}", ONE)
        .replace("{L}", LISTENER)
        .replace("{many}", &many)
        .replace("{long}", &"x".repeat(100_000));
    let (yaml, json) = text.split_once("---json\n").unwrap_or((&text, ""));
    let files = Memory([("t.json", json.to_owned())].into());
    match load_text("stack.yaml", yaml, &LoadOptions::default(), &files) {
        Ok(loaded) => loaded.warnings,
        Err(found) => found,
    }
}

#[test]
fn each_code_is_reported() {
    let mut missed = Vec::new();
    for (code, file) in FILES {
        let found = reported(file);
        if !found.iter().any(|found| found.code == *code) {
            missed.push(format!("{code}: {}", super::show(&found)));
        }
        // Files without an end of their own aside, everything has its place.
        let placed = found.iter().filter(|found| found.code != "many-problems").all(|found| found.place.is_some());
        assert!(placed, "{code}: {}", super::show(&found));
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn each_code_has_a_file() {
    let tried: BTreeSet<&str> = FILES.iter().map(|(code, _)| *code).chain(ELSEWHERE.iter().copied()).collect();
    let known: BTreeSet<&str> = ALL.iter().map(|(code, _)| *code).collect();
    assert_eq!(tried, known);
    assert!(ALL.is_sorted(), "the table is not in order");
    // The last of the codes of paths: a file that nobody may read.
    let unreadable = load(Path::new("stack.yaml/\0"), &LoadOptions::default()).unwrap_err();
    assert!(unreadable.iter().any(|found| found.code == "unreadable"), "{unreadable:?}");
}

/// The codes that a source reports: the first text in each call of a constructor.
fn codes_of(source: &str) -> BTreeSet<String> {
    let starts = ["Diagnostic::error(", "Diagnostic::warning(", "problems.error(", "problems.warn(", "problem("];
    let mut found = BTreeSet::new();
    for rest in starts.iter().flat_map(|start| source.split(start).skip(1)) {
        let Some(rest) = rest.trim_start().strip_prefix('"') else { continue };
        found.extend(rest.split('"').next().map(str::to_owned));
    }
    found
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

#[test]
fn the_sources_report_what_is_in_the_table_and_all_of_it() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&folder, &mut files);
    files.retain(|path| !path.starts_with(folder.join("tests")));
    let mut by: BTreeMap<String, PathBuf> = BTreeMap::new();
    for path in files {
        let source = std::fs::read_to_string(&path).unwrap();
        by.extend(codes_of(&source).into_iter().map(|code| (code, path.clone())));
    }
    assert!(by.len() > 80, "only {} codes were found", by.len());
    let known: BTreeSet<&str> = ALL.iter().map(|(code, _)| *code).collect();
    let unknown: Vec<_> = by.iter().filter(|(code, _)| !known.contains(code.as_str())).collect();
    assert!(unknown.is_empty(), "not in the table: {unknown:?}");
    let unused: Vec<_> = known.iter().filter(|code| !by.contains_key(**code)).collect();
    assert!(unused.is_empty(), "in the table, but nothing reports {unused:?}");
}
