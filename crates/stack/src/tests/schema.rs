//! The JSON Schema: it takes every file that loads, refuses what nobody could mean, and is what stands in `docs/`.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use evenkeel_core::diagnostic::{Diagnostic, Source};
use serde_json::Value;

use super::super::policy::to_json;
use super::super::table::json_schema;
use super::super::{Loaded, ROOT, load_text, yaml};
use super::mutated::{Numbers, mutate};
use super::{Memory, own_files, show};

static SCHEMA: LazyLock<(Schemas, SchemaIndex)> = LazyLock::new(|| {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.set_default_draft(Draft::V7);
    compiler.add_resource("stack.schema.json", json_schema(&ROOT)).unwrap();
    let index = compiler.compile("stack.schema.json", &mut schemas).unwrap_or_else(|error| panic!("{error:#}"));
    (schemas, index)
});

/// What the schema says against a text; `None` if it is no YAML.
fn against(text: &str) -> Option<Result<(), String>> {
    let source = Arc::new(Source::new("stack.yaml", text));
    let mut found = Vec::new();
    let tree = yaml::parse(&source, &mut found)?;
    let document: Value = to_json(&tree);
    let (schemas, index) = &*SCHEMA;
    found.is_empty().then(|| schemas.validate(&document, *index).map_err(|error| format!("{error:#}")))
}

/// Passes a result on, if the schema lets the file through or the parser refuses it.
#[track_caller]
pub(super) fn lets_through(text: &str, result: Result<Loaded, Vec<Diagnostic>>) -> Result<Loaded, Vec<Diagnostic>> {
    if let (Ok(_), Some(Err(error))) = (&result, against(text)) {
        panic!("the schema is stricter than the parser: {error}\n{text}");
    }
    result
}

#[test]
fn our_own_files_are_let_through() {
    for path in own_files::files() {
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(against(&text), Some(Ok(())), "{}", path.display());
    }
}

/// Stack files of the tests of the whole.
#[test]
fn files_of_other_tests_are_let_through() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/stories");
    let stories = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path().join("stack.yaml"));
    let mut seen = 0;
    for path in stories.chain([folder.join("shop.yaml")]).filter(|path| path.is_file()) {
        let text = std::fs::read_to_string(&path).unwrap();
        let files = super::super::Beside { folder: path.parent().unwrap().to_path_buf() };
        let loaded = load_text("stack.yaml", &text, &own_files::options(), &files);
        seen += usize::from(lets_through(&text, loaded).is_ok());
    }
    assert!(seen > 15, "only {seen} stories have a file that loads");
}

#[test]
fn slips_are_refused() {
    for text in [
        "region: eu-west-1",
        "stack: x\nregon: eu-west-1",
        "stack: x\ncertificates: []",
        "stack: x\ntarget_groups: { a: { port: 70000 } }",
        "stack: x\ntarget_groups: { a: { port: 80, protocol: GENEVE } }",
        "stack: x\ntarget_groups: { a: { port: 80, health_check: { interval: 10m 5 } } }",
        "stack: x\nload_balancers: { w: { http2: yes } }",
        "stack: x\nservices: { s: { containers: { a: { image: a, prot: 80 } } } }",
        "stack: x\nservices: { s: { containers: { a: { image: a, linux_parameters: { init: true } } } } }",
        "stack: x\ndns: [{ records: [] }]",
    ] {
        assert!(matches!(against(text), Some(Err(_))), "{text}");
    }
}

/// A value or a key that a person might put there by mistake.
fn slip(text: &str, numbers: &mut Numbers) -> String {
    const VALUES: &[&str] = &[
        "true",
        "off",
        "ON",
        "\"80\"",
        "80.0",
        "0x50",
        "5m",
        "\"5 m\"",
        "1e2",
        "+7",
        "\"${env.SET}\"",
        "\"\"",
        "[a, b]",
        "{ a: 1 }",
        "null",
        "ENABLED",
        "enabled",
        "http",
        "Internet_Facing",
        "50%",
        "-1",
        "100000",
        "[[a]]",
        "{}",
        "[]",
    ];
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = numbers.below(lines.len());
    let value = VALUES[numbers.below(VALUES.len())];
    let line = &lines[at];
    // Within braces a value ends at a comma or a brace.
    let colons: Vec<usize> = line.match_indices(": ").map(|(at, _)| at + 2).collect();
    if let Some(start) = colons.get(numbers.below(colons.len().max(1))).copied() {
        let rest = &line[start..];
        let end = start + rest.find([',', '}']).unwrap_or(rest.len());
        lines[at] = format!("{}{value}{}", &line[..start], if line.contains('{') { &line[end..] } else { "" });
    } else if let Some((key, _)) = line.split_once(':') {
        lines[at] = format!("{key}: {value}");
    }
    lines.join("\n")
}

#[test]
fn what_the_schema_refuses_the_parser_refuses() {
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    let json = include_str!("../../../../stacks/task-definitions/frontend-react-js.json");
    let options = own_files::options();
    let texts: Vec<String> = own_files::files().iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let (mut seen, mut refused) = (0, 0);
    while seen < 2000 {
        let text = &texts[numbers.below(texts.len())];
        let changed = if seen % 4 == 0 { mutate(text, &mut numbers) } else { slip(text, &mut numbers) };
        let Some(verdict) = against(&changed) else { continue };
        seen += 1;
        let Err(error) = verdict else { continue };
        refused += 1;
        let files = Memory([("task-definitions/frontend-react-js.json", json.to_owned())].into());
        let found = load_text("stack.yaml", &changed, &options, &files);
        assert!(found.is_err(), "the schema is stricter than the parser: {error}\n{changed}");
    }
    assert!(refused > 300, "only {refused} files were refused");
}

#[test]
fn the_schema_of_the_documentation_is_this_one() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/stack.schema.json");
    let wanted = format!("{}\n", serde_json::to_string_pretty(&json_schema(&ROOT)).unwrap());
    if std::env::var_os("EVENKEEL_BLESS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(there == wanted, "docs/stack.schema.json is old: EVENKEEL_BLESS=1 cargo test -p evenkeel-stack schema");
}

#[test]
fn what_loads_is_shown_to_the_schema() {
    let loaded = super::try_load("stack: x\nlog_groups: { a: { retention: 7 } }");
    assert!(loaded.is_ok(), "{}", show(&loaded.unwrap_err()));
}

#[test]
fn other_spellings_of_members_of_ecs_are_let_through() {
    for member in [
        "STOP_TIMEOUT: 5",
        "stop-timeout: 30s",
        "read_only_root_filesystem: \"true\"",
        "portMappings: { containerPort: 80 }",
        "healthCheck: { command: [CMD, x], startPeriod: \"\" }",
        "linux_parameters: { initProcessEnabled: TRUE, tmpfs: { container-path: /a, size: \"64.0\" } }",
        "ulimits: [{ name: NOFILE, soft_limit: \"5\", hardLimit: 6 }]",
        "logConfiguration: { logDriver: awslogs, options: { awslogs-group: /a } }",
        "resource_requirements: { type: gpu, value: 1 }",
        "system_controls: [~, { namespace: net.core.somaxconn, value: 1024 }]",
    ] {
        let text = format!(
            "stack: x\nregion: eu-west-1\ncluster: x\nservices: {{ s: {{ launch_type: EC2, containers: {{ a: {{ image: \"a:1\", memory: 9, {member} }} }} }} }}\n"
        );
        let loaded = super::try_load(&text);
        assert!(loaded.is_ok(), "{member}\n{}", show(&loaded.unwrap_err()));
    }
}
