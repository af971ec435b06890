//! Parameters and secrets: what gives a value, and what is refused at its line.

use super::super::value_from::{Characters, Generate, ValueFrom};
use super::{broken, expect, load, show, try_load, with_file};

const HEAD: &str = "stack: x\nregion: eu-west-1\n";

#[test]
fn the_type_of_a_parameter_follows_from_its_value() {
    let text = format!(
        "{HEAD}parameters:\n  a: {{ value: 1.10 }}\n  b: {{ value: [a, b] }}\n  c: {{ from_env: TOKEN }}\n  d: {{ generate: 64 }}\n"
    );
    let parameters = load(&text).stack.parameters;
    let seen =
        |name: &str| (parameters[name].kind.as_str(), parameters[name].value.as_ref().and_then(|value| value.known()));
    assert_eq!(seen("a"), ("String", Some("1.10")));
    assert_eq!(seen("b"), ("StringList", Some("a,b")));
    assert_eq!((seen("c"), &parameters["c"].from), (("SecureString", None), &Some(ValueFrom::Env("TOKEN".to_owned()))));
    assert_eq!(parameters["d"].from, Some(ValueFrom::Generate(Generate { length: 64, ..Generate::default() })));
}

#[test]
fn where_a_value_comes_from_is_read_and_the_value_is_not() {
    let text = format!(
        "{HEAD}secrets:\n  a: {{ from_file: keys/a.pem }}\n  b: {{ prompt: true }}\n  c: {{}}\n  d: {{ generate: {{ characters: [symbols, digits] }} }}\n"
    );
    let secrets = load(&text).stack.secrets;
    assert_eq!(secrets["a"].from, Some(ValueFrom::File("keys/a.pem".to_owned())));
    assert_eq!((&secrets["b"].from, &secrets["c"].from), (&Some(ValueFrom::Prompt), &None));
    let characters = vec![Characters::Digits, Characters::Symbols];
    assert_eq!(secrets["d"].from, Some(ValueFrom::Generate(Generate { length: 32, characters })));
    assert_eq!(secrets["a"].recovery_days, 30);
}

#[test]
fn names_have_levels() {
    let stack = load(&format!("{HEAD}parameters: {{ a: {{ value: b }} }}\nsecrets: {{ a: }}\n")).stack;
    assert_eq!(stack.physical_name("parameters", "a", 1011), "/x/a");
    assert_eq!(stack.physical_name("secrets", "a", 512), "x/a");
}

#[test]
fn what_is_wrong_with_a_parameter_is_told_at_its_line() {
    let long = "x".repeat(5000);
    broken(
        &format!(
            "{HEAD}parameters:\n  a: {{ type: SecureString, value: hunter2 }}\n  b: {{}}\n  c: {{ type: String, from_env: A }}\n  d: {{ type: StringList }}\n  \
             e: {{ value: x, from_env: A }}\n  f: {{ from_env: A, generate: 32 }}\n  g: {{ value: [\"a,b\"] }}\n  h: {{ value: \"\" }}\n  i: {{ value: {long} }}\n  \
             j: {{ name: a/b, value: x }}\n  k: {{ name: aws-x, value: x }}\n  l: {{ type: String, value: [a] }}\n  \
             m: {{ value: x, kms_key: \"arn:aws:kms:eu-west-1:123456789012:key/1\" }}\n  n: {{ generate: 4 }}\n"
        ),
        &[
            (4, "bad-secret", "from_env: VARIABLE"),
            (5, "missing-key", "has no value"),
            (6, "contradiction", "not secret"),
            (7, "missing-key", "has no `value`"),
            (8, "contradiction", "not secret"),
            (9, "contradiction", "one source"),
            (10, "bad-value", "comma"),
            (11, "empty", "no empty value"),
            (12, "too-big", "tier: Advanced"),
            (13, "bad-name", "begins with a slash"),
            (14, "bad-name", "aws"),
            (15, "wrong-type", "is a list"),
            (16, "contradiction", "encrypted"),
            (17, "out-of-range", "8"),
        ],
    );
}

#[test]
fn what_is_wrong_with_a_secret_is_told_at_its_line() {
    broken(
        &format!(
            "{HEAD}secrets:\n  a: {{ value: hunter2 }}\n  b: {{ recovery_days: 3 }}\n  c: {{ from_env: \"${{env.SET}}\" }}\n  d: {{ generate: {{ characters: [] }} }}\n  \
             e: {{ generate: {{ characters: [runes] }} }}\n  f: {{ from_env: \"A B\" }}\n"
        ),
        &[
            (4, "unknown-key", "must not be in the file"),
            (5, "out-of-range", "7 to 30"),
            (6, "bad-secret", "without `${…}`"),
            (7, "empty", "at least one sort"),
            (8, "bad-value", "letters"),
            (9, "bad-secret", "name of the variable"),
        ],
    );
    // What was filled in is not told.
    let found = try_load(&format!("{HEAD}secrets: {{ c: {{ from_env: \"${{env.SET}}\" }} }}\n")).err();
    assert!(!show(&found.unwrap_or_default()).contains("from-env"));
}

#[test]
fn an_open_parameter_that_looks_like_a_secret_gets_a_warning() {
    let loaded = load(&format!("{HEAD}parameters: {{ DB_PASSWORD: {{ value: hunter2 }}, level: {{ value: x }} }}\n"));
    assert_eq!(loaded.warnings.len(), 1, "{}", show(&loaded.warnings));
    assert!(show(&loaded.warnings).contains("3 warning public-secret"), "{}", show(&loaded.warnings));
}

const SERVICE: &str = "cluster: x\nroles: { r: { managed_policies: [AmazonECSTaskExecutionRolePolicy], policies: { p: { statements: [{ actions: [\"ssm:Get*\"], resources: [\"${parameter.token.arn}\", \"arn:aws:ssm:eu-west-1:123456789012:parameter/shop/*\"] }] } } } }\nparameters: { token: { generate: 32 }, other: { generate: 32 } }\nsecrets: { db: { generate: 32 } }\nservices:\n  s:\n    cpu: 256\n    memory: 512\n    execution_role: r\n    containers:\n      a:\n        image: a:1\n";

fn container(stack: &super::super::model::Stack) -> serde_json::Value {
    stack.services["s"].runs.ours().unwrap().document["containerDefinitions"][0].clone()
}

#[test]
fn containers_name_entries_and_keys_in_them() {
    let text = format!(
        "{HEAD}{SERVICE}        secrets: {{ A: \"parameter:token\", B: \"secret:db\", C: \"secret:db:password\" }}\n"
    );
    let stack = load(&text).stack;
    let hole = |from: &str| serde_json::json!({ "$from": from });
    let secrets = container(&stack)["secrets"].clone();
    assert_eq!(secrets[0]["valueFrom"], hole("parameter.token#arn"));
    assert_eq!(secrets[1]["valueFrom"], hole("secret.db#arn"));
    assert_eq!(secrets[2]["valueFrom"]["$join"][1], ":password::");
    broken(&format!("{HEAD}{SERVICE}        secrets: {{ A: \"parameter:tokn\" }}\n"), &[(15, "unknown-name", "token")]);
}

#[test]
fn a_role_that_may_not_read_a_secret_gets_a_warning_at_its_line() {
    let text = format!(
        "{HEAD}{SERVICE}        secrets:\n          A: \"parameter:token\"\n          B: ssm:/shop/x\n          C: \"secret:db:password\"\n          D: ssm:/other/x\n"
    );
    let loaded = load(&text);
    let expected = [
        (18, "warning secret-access", "Add secret:db to `grants`"),
        (19, "warning secret-access", "Add ssm:/other/x to"),
    ];
    expect(&loaded.warnings, &expected);
}

#[test]
fn a_grant_for_something_else_is_no_grant_for_a_secret() {
    let with = |grants: &str| {
        let text =
            SERVICE.replace("managed_policies: [AmazonECSTaskExecutionRolePolicy]", &format!("grants: [{grants}]"));
        let database = "databases: { main: { engine: postgres, version: \"16\", class: db.t4g.micro, username: a, storage: { size: 20 }, security_groups: [] } }\n";
        let secrets = "        secrets: { A: \"secret:db\", B: \"${database.main.password}\" }\n";
        let loaded = load(&format!("{HEAD}{database}{text}{secrets}"));
        loaded.warnings.iter().filter(|one| one.code == "secret-access").count()
    };
    assert_eq!(with("\"secret:foo\""), 2);
    assert_eq!(with("\"secret:db\""), 1, "the word is the entry, as in `secrets`");
    assert_eq!(with("\"secret:x/db\", \"secret:${database.main.secret}\""), 0, "{HEAD}");
    assert_eq!(with("\"secret:*\""), 0);
}

#[test]
fn the_password_of_a_database_is_no_variable() {
    let database = "databases: { main: { engine: postgres, version: \"16\", class: db.t4g.micro, username: a, storage: { size: 20 } } }\n";
    let variable = "        environment: { U: \"postgres://a:${database.main.password}@x\" }\n";
    broken(
        &format!("{HEAD}{database}{SERVICE}{variable}"),
        &[(16, "bad-secret", "PGPASSWORD: ${database.main.password}")],
    );
}

#[test]
fn a_template_of_variables_is_filled_in() {
    let text = format!("{HEAD}{SERVICE}        env_file: web.env\n        environment: {{ LEVEL: debug }}\n");
    let file = "# comment\n\nLEVEL=info\nexport REGION=${stack.region}\nNAME='a b'\nURL=\"x=${env.SET}\"\n";
    let loaded = with_file(&text, "web.env", file).unwrap();
    let expected = serde_json::json!([
        { "name": "LEVEL", "value": "debug" },
        { "name": "NAME", "value": "a b" },
        { "name": "REGION", "value": "eu-west-1" },
        { "name": "URL", "value": "x=from-env" },
    ]);
    assert_eq!(container(&loaded.stack)["environment"], expected);
    assert_eq!(loaded.secrets.text("x=from-env"), "x=${env.SET}");
    let found = with_file(&text, "web.env", "A\nB=<%= 1 %>\nC=1\nC=2\nD=${NOPE}\n").unwrap_err();
    let expected = [
        (1, "bad-value", "NAME=value"),
        (2, "placeholder", "${env.NAME}"),
        (4, "duplicate-key", "twice"),
        (5, "unknown-reference", "env.NOPE"),
    ];
    expect(&found, &expected);
}
