//! What the environment gives is used as it is and told to nobody; how much placeholders and aliases may come to.

use super::super::{LoadOptions, Loaded, load_text};
use super::Memory;

const JSON: &str = r#"{ "containerDefinitions": [{ "name": "b", "image": "b:${env.TAG}",
  "environment": [{ "name": "PASSWORD", "value": "${env.PASSWORD}" }] }] }"#;

fn options() -> LoadOptions {
    let env = [
        ("PASSWORD", "hunter2!"),
        ("TAG", "1.4.2"),
        ("SHORT", "ab"),
        ("AWS_REGION", "eu-west-1"),
        ("OPEN", "everybody"),
    ];
    LoadOptions { env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).into(), ..LoadOptions::default() }
}

fn load(text: &str) -> Result<Loaded, Vec<super::Diagnostic>> {
    load_text("stack.yaml", text, &options(), &Memory([("t.json", JSON.to_owned())].into()))
}

const FILE: &str = "stack: x
region: ${env.AWS_REGION}
public_env: [OPEN]
vars: { url: \"postgres://u:${env.PASSWORD}@h/d\" }
load_balancers: { w: { listeners: { http: { fixed_response: { status: 200, body: \"${env.OPEN}\" } } } } }
cluster: x
services:
  a:
    cpu: 256
    memory: 512
    containers:
      a:
        image: a:${env.TAG}
        environment: { URL: \"${var.url}\", HOST: \"${env.PASSWORD}@${load_balancer.w.dns_name}\", SHORT: \"${env.SHORT}\", OPEN: \"${env.OPEN}\", DEFAULT: \"${env.NOT_SET:-here}\" }
  b: { cpu: 256, memory: 512, task_definition: t.json }
";

#[test]
fn values_are_used_but_not_shown() {
    let loaded = load(FILE).unwrap_or_else(|found| panic!("{}", super::show(&found)));
    let document = |service: &str| loaded.stack.services[service].runs.ours().unwrap().document.clone();
    let real = document("a").to_string();
    assert!(real.contains("postgres://u:hunter2!@h/d") && real.contains("\"ab\""), "{real}");
    for service in ["a", "b"] {
        let shown = loaded.secrets.document(&document(service)).to_string();
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("${env.PASSWORD}"), "{shown}");
        // An image may be seen.
        assert!(shown.contains(":1.4.2\""), "{shown}");
    }
    let shown = loaded.secrets.document(&document("a")).to_string();
    for part in ["postgres://u:${env.PASSWORD}@h/d", "\"${env.SHORT}\"", "\"everybody\"", "\"here\""] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(loaded.stack.region.as_deref(), Some("eu-west-1"));
    assert_eq!(loaded.secrets.message("in eu-west-1"), "in eu-west-1");
}

#[test]
fn findings_do_not_tell_values() {
    let found = load("stack: x\nregion: eu-west-1\ntarget_groups: { a: { port: \"${env.PASSWORD}\" } }\n").unwrap_err();
    let shown = super::show(&found);
    assert!(shown.contains("bad-port") && shown.contains("${env.PASSWORD}") && !shown.contains("hunter2"), "{shown}");
}

fn too_big(text: &str) {
    let found = load(text).unwrap_err();
    assert!(found.iter().any(|found| found.code == "too-big" && found.place.is_some()), "{}", super::show(&found));
}

#[test]
fn placeholders_come_to_an_end() {
    let doubled: String = (1..=60).map(|n| format!("  v{n}: ${{var.v{}}}${{var.v{}}}\n", n - 1, n - 1)).collect();
    too_big(&format!("stack: x\nvars:\n  v0: xxxxxxxxxx\n{doubled}tags: {{ a: \"${{var.v60}}\" }}\n"));
    let chain: String = (1..=5000).map(|n| format!("  v{n}: ${{var.v{}}}\n", n + 1)).collect();
    too_big(&format!("stack: x\nvars:\n{chain}  v5001: x\n"));
    let nested = format!("{}x{}", "${env.NO:-".repeat(3000), "}".repeat(3000));
    too_big(&format!("stack: x\ntags: {{ a: \"{nested}\" }}\n"));
    too_big(&format!("stack: x\ntags: {{ a: \"{}\" }}\n", "${env.SHORT}".repeat(20_000)));
    // Each is small, but there are many.
    let long = "x".repeat(200_000);
    let tags: String = (0..60).map(|n| format!("  t{n}: ${{var.v}}\n")).collect();
    too_big(&format!("stack: x\nvars: {{ v: \"{long}\" }}\ntags:\n{tags}"));
}

#[test]
fn aliases_that_repeat_a_long_text_come_to_an_end() {
    let text =
        format!("stack: x\nvars: {{ a: &a \"{}\" }}\ntags: [{}]\n", "x".repeat(500_000), ["*a"; 1000].join(", "));
    let found = load(&text).unwrap_err();
    let codes: Vec<_> = found.iter().map(|found| found.code).collect();
    assert!(codes.contains(&"alias-bomb") || codes.contains(&"too-big"), "{codes:?}");
}

#[test]
fn a_tab_is_told_at_its_line() {
    let found = load("stack: x\nlog_groups:\n  a: {}\n\tb: {}\n").unwrap_err();
    assert!(super::show(&found).contains("4 bad-yaml | line 4 is indented with a tab"), "{}", super::show(&found));
    let found = load("stack: x\nservices:\n  app:\n\t  image: a\n").unwrap_err();
    assert!(super::show(&found).contains("4 bad-yaml | line 4 is indented with a tab"), "{}", super::show(&found));
}
