//! What the words of `grants` stand for, and what is said of wrong ones; what ECS Exec needs; choices that hurt.

use evenkeel_core::doc::refs;
use serde_json::{Value as Json, json};

use super::super::model::Role;
use super::super::sections::grants::POLICY;
use super::{load, try_load};

const HEAD: &str = "stack: x\nregion: eu-west-1\n";

fn statements(grants: &str, more: &str) -> Vec<Json> {
    let loaded = load(&format!("{HEAD}{more}roles: {{ r: {{ grants: {grants} }} }}"));
    let Role::Managed(role) = &loaded.stack.roles["r"] else { panic!("a role of ours") };
    role.inline[POLICY]["Statement"].as_array().expect("statements").clone()
}

fn codes(file: &str) -> Vec<&'static str> {
    let found = try_load(file).map_or_else(|found| found, |loaded| loaded.warnings);
    found.iter().map(|problem| problem.code).collect()
}

#[test]
fn a_word_is_the_least_that_its_use_needs() {
    let found = statements(
        "[exec, \"ssm:/cruddur/*\", \"s3:pictures/avatars/*\", \"dynamodb:likes\"]",
        "account: \"111122223333\"\n",
    );
    assert_eq!(found.len(), 5, "{found:#?}");
    assert_eq!(found[0]["Resource"], "*");
    assert_eq!(found[0]["Action"].as_array().map(Vec::len), Some(4));
    assert_eq!(found[1]["Resource"], "arn:aws:ssm:eu-west-1:111122223333:parameter/cruddur/*");
    assert_eq!(found[2]["Resource"], "arn:aws:s3:::pictures/avatars/*");
    assert_eq!(
        (&found[3]["Action"], &found[3]["Resource"]),
        (&json!(["s3:GetBucketLocation", "s3:ListBucket"]), &json!("arn:aws:s3:::pictures"))
    );
    let table = "arn:aws:dynamodb:eu-west-1:111122223333:table/likes";
    assert_eq!(found[4]["Resource"], json!([table, format!("{table}/index/*")]));
}

#[test]
fn a_bucket_alone_is_all_of_its_objects_and_an_arn_is_taken_as_it_is() {
    let found = statements("[\"s3-read:b\", \"sqs:arn:aws:sqs:eu-west-1:444455556666:jobs\", \"secret:db\", logs]", "");
    assert_eq!(found[0]["Resource"], "arn:aws:s3:::b/*");
    assert_eq!(found[1]["Resource"], "arn:aws:s3:::b");
    assert_eq!(found[2]["Resource"], "arn:aws:sqs:eu-west-1:444455556666:jobs");
    assert_eq!(found[3]["Resource"], "arn:aws:secretsmanager:eu-west-1:*:secret:db-??????");
    assert_eq!(found[4]["Resource"][0], "arn:aws:logs:eu-west-1:*:log-group:*");
}

#[test]
fn an_output_of_another_entry_is_filled_in_later() {
    let found =
        statements("[\"logs:${log_group.app.arn}\", \"ses:${log_group.app.name}\"]", "log_groups: { app: {} }\n");
    let seen: Vec<_> = found.iter().flat_map(refs).map(|hole| hole.output).collect();
    assert_eq!(seen, ["arn", "arn", "name"]);
    assert!(found[1]["Resource"].to_string().contains("identity/"), "{found:#?}");
}

#[test]
fn wrong_grants_are_told() {
    let wrong = |grants: &str| codes(&format!("{HEAD}roles: {{ r: {{ grants: {grants} }} }}"));
    assert_eq!(wrong("[\"ssm\"]"), ["bad-value"]);
    assert_eq!(wrong("[\"exec:shop\"]"), ["bad-value"]);
    assert_eq!(wrong("[exec, exec]"), ["duplicate"]);
    assert_eq!(wrong("[\"s3:a b\"]"), ["bad-value"]);
    assert_eq!(wrong("[s4]"), ["unknown-grant"]);
    let both = codes(&format!(
        "{HEAD}roles: {{ r: {{ grants: [exec], policies: {{ {POLICY}: {{ statements: [{{ actions: [\"a:B\"], resources: \"*\" }}] }} }} }} }}"
    ));
    assert_eq!(both, ["contradiction"]);
}

fn exec(role: &str, service: &str) -> Vec<&'static str> {
    codes(&format!(
        "{HEAD}cluster: x\nroles: {{ {role} }}\nservices: {{ s: {{ cpu: 256, memory: 512, execute_command: true, {service}, containers: {{ a: {{ image: \"a:1\" }} }} }} }}"
    ))
}

#[test]
fn exec_needs_a_role_that_allows_it() {
    let statement = |action: &str| {
        format!("r: {{ policies: {{ p: {{ statements: [{{ actions: [\"{action}\"], resources: \"*\" }}] }} }} }}")
    };
    assert_eq!(exec("r: { grants: [exec] }", "task_role: r"), [""; 0]);
    assert_eq!(exec(&statement("ssmmessages:*"), "task_role: r"), [""; 0]);
    assert_eq!(exec(&statement("SSMMessages:*Channel"), "task_role: r"), [""; 0]);
    assert_eq!(exec("r: { managed_policies: [AmazonSSMManagedInstanceCore] }", "task_role: r"), [""; 0]);
    assert_eq!(exec("r: { existing: mine }", "task_role: r"), [""; 0], "what it allows is not known");
    assert_eq!(exec(&statement("ssmmessages:OpenDataChannel"), "task_role: r"), ["exec-role"]);
    assert_eq!(exec("r: {}", "task_role: r"), ["exec-role"]);
    assert_eq!(exec("r: {}", "desired_count: 1"), ["exec-role"], "ECS refuses it without a task role");
    assert_eq!(exec("r: { grants: [exec] }", "task_role: r, platform_version: \"1.3.0\""), ["contradiction"]);
}

#[test]
fn what_hurts_is_told_and_what_does_not_is_not() {
    let rule = |rule: &str| codes(&format!("{HEAD}security_groups: {{ g: {{ ingress: [{rule}] }} }}"));
    assert_eq!(rule("{ port: 5432, from: \"::/0\" }"), ["open-port"]);
    assert_eq!(rule("{ port: 20-30, from: 0.0.0.0/0 }"), ["open-port"]);
    assert_eq!(rule("{ port: 443, from: 0.0.0.0/0 }"), [""; 0]);
    assert_eq!(rule("{ port: 5432, from: 10.0.0.0/8 }"), [""; 0]);
    let variable = |name: &str, value: &str| {
        codes(&format!(
            "{HEAD}cluster: x\nservices: {{ s: {{ cpu: 256, memory: 512, containers: {{ a: {{ image: \"a:1\", environment: {{ {name}: \"{value}\" }} }} }} }} }}"
        ))
    };
    assert_eq!(variable("DATABASE_URL", "postgresql://root:hunter2@db/x"), ["plain-secret"]);
    assert_eq!(variable("KEY_ID", "AKIAABCDEFGHIJKLMNOP"), ["plain-secret"]);
    assert_eq!(variable("ROLLBAR_ACCESS_TOKEN", "f00ba4"), ["plain-secret"]);
    for (name, value) in [
        ("DATABASE_URL", "postgresql://root@db/x"),
        ("POSTGRES_PASSWORD_FILE", "/run/secrets/x"),
        ("TOKEN", "arn:aws:ssm:x"),
        ("USE_TOKEN", "true"),
        ("TOKEN_EXPIRY", "3600"),
    ] {
        assert_eq!(variable(name, value), [""; 0], "{name}");
    }
}
