//! The JSON Schema as an editor uses it: yaml-language-server completes and explains at every level of a stack file, marks nothing
//! in the files that ship, and marks mistakes at the lines at which the program does. If the server could not be installed, the
//! run says that this part was left out.

use std::collections::BTreeSet;
use std::io::Write as _;

use evenkeel_stack::ROOT;
use evenkeel_stack::table::{self, Since};
use evenkeel_tests::editor::{Editor, Problem, left_out};
use evenkeel_tests::moto::root;

use super::yaml_files;

/// The server with our schema; `None`, and a word of it, if it could not be installed.
fn editor() -> Option<Editor> {
    if let Some(reason) = left_out() {
        // Not `eprintln!`, which the test harness swallows where a test passes.
        drop(writeln!(std::io::stderr(), "LEFT OUT: {}", reason.trim()));
        return None;
    }
    Some(Editor::start(&root().join("docs/stack.schema.json")))
}

/// A text without its `|`, and where that was.
fn cursor(text: &str) -> (String, usize, usize) {
    let at = text.find('|').expect("there is a cursor");
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (text.replacen('|', "", 1), before.matches('\n').count(), at - line_start)
}

/// The sentence of the key at a path of the tables.
fn sentence(path: &str, key: &str) -> String {
    let table = table::all(&ROOT).into_iter().find(|table| table.path == path).expect("there is such a table");
    table.key(key).expect("it has such a key").say.to_owned()
}

const CONTAINER: &str = "stack: x\nservices:\n  web:\n    containers:\n      app:\n        image: a:1\n";
const RULE: &str = "stack: x\nload_balancers:\n  web:\n    listeners:\n      http:\n        rules:\n";

#[test]
fn nothing_is_marked_in_the_files_that_ship() {
    let Some(mut editor) = editor() else { return };
    let files: Vec<_> =
        ["stacks", "examples"].into_iter().flat_map(|folder| yaml_files(&root().join(folder))).collect();
    assert!(files.len() > 10, "only {files:?}");
    for file in files.into_iter().chain([root().join("tests/contract/everything.yaml")]) {
        let text = std::fs::read_to_string(&file).expect("a file");
        assert_eq!(editor.open(&file.to_string_lossy(), &text), [], "{}", file.display());
    }
}

#[test]
fn the_first_line_of_the_files_that_ship_leads_to_the_schema() {
    let Some(mut editor) = editor() else { return };
    // In a folder that no setting speaks of, only the line itself can lead there.
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("stack.yml").to_string_lossy().into_owned();
    assert_eq!(editor.open(&path, "stack: x\nregon: y\n"), []);
    let wanted = "# yaml-language-server: $schema=../docs/stack.schema.json\n";
    for folder in ["stacks", "examples"] {
        for file in yaml_files(&root().join(folder)) {
            let text = std::fs::read_to_string(&file).expect("a file");
            assert!(text.starts_with(wanted), "{}", file.display());
        }
        let path = root().join(folder).join("new.yml").to_string_lossy().into_owned();
        let marked = editor.open(&path, &format!("{wanted}stack: x\nregon: y\n"));
        assert!(marked.iter().any(|one| one.line == 3 && one.message.contains("regon")), "{folder}: {marked:?}");
    }
}

/// At each level of the file: what is written before the cursor, some proposals, and what is not proposed.
#[test]
fn keys_and_values_are_proposed_at_every_level() {
    let Some(mut editor) = editor() else { return };
    let cases: &[(&str, String, &[&str], &[&str])] = &[
        ("top", "stack: x\n|".to_owned(), &["region", "services", "dns"], &["stack", "queues"]),
        ("entry", "stack: x\ntarget_groups:\n  web:\n    |".to_owned(), &["port", "health_check", "name"], &["Port"]),
        (
            "nested",
            "stack: x\ntarget_groups:\n  web:\n    port: 80\n    health_check:\n      |".to_owned(),
            &["path", "interval", "matcher"],
            &["success_codes", "port_mappings"],
        ),
        ("container", format!("{CONTAINER}        |"), &["port", "linux_parameters"], &["image", "entrypoint"]),
        (
            "member of ECS",
            format!("{CONTAINER}        linux_parameters:\n          |"),
            &["capabilities", "init_process_enabled"],
            &["initProcessEnabled"],
        ),
        ("item", format!("{RULE}          - |"), &["priority", "host", "forward"], &["hosts"]),
        ("item that has a key", format!("{RULE}          - priority: 1\n            |"), &["host"], &["priority"]),
        (
            "word",
            "stack: x\ntarget_groups:\n  web:\n    port: 80\n    protocol: |".to_owned(),
            &["HTTP", "HTTPS"],
            &["null", "true"],
        ),
        (
            "word of ECS",
            format!("{CONTAINER}        logs:\n          driver: |"),
            &["awslogs", "awsfirelens"],
            &["null", "true"],
        ),
        ("boolean", "stack: x\nload_balancers:\n  web:\n    http2: |".to_owned(), &["true", "false"], &["null"]),
        ("text", "stack: x\nlog_groups:\n  web:\n    retention: |".to_owned(), &["never"], &["null", "true"]),
    ];
    for (at, (level, text, wanted, unwanted)) in cases.iter().enumerate() {
        let (text, line, column) = cursor(text);
        let path = format!("/completed/{at}.yaml");
        editor.open(&path, &text);
        let proposals = editor.complete(&path, line, column);
        let labels: BTreeSet<&str> = proposals.iter().map(|one| one.label.as_str()).collect();
        let missing: Vec<_> = wanted.iter().filter(|word| !labels.contains(**word)).collect();
        assert!(missing.is_empty(), "{level}: {missing:?} is not in {labels:?}");
        let odd: Vec<_> = unwanted.iter().filter(|word| labels.contains(**word)).collect();
        assert!(odd.is_empty(), "{level}: {odd:?} is in {labels:?}");
    }
}

/// Every key of a table is proposed once, with its sentence.
#[test]
fn what_is_proposed_is_what_the_tables_have() {
    let Some(mut editor) = editor() else { return };
    for (path, text) in [
        ("", "stack: x\n|".to_owned()),
        ("target_groups", "stack: x\ntarget_groups:\n  web:\n    |".to_owned()),
        ("services", "stack: x\nservices:\n  web:\n    |".to_owned()),
        ("services.containers", "stack: x\nservices:\n  web:\n    containers:\n      app:\n        |".to_owned()),
        ("load_balancers.listeners.rules", format!("{RULE}          - |")),
    ] {
        let (text, line, column) = cursor(&text);
        let file = format!("/proposed/of-{path}.yaml");
        editor.open(&file, &text);
        let proposals = editor.complete(&file, line, column);
        let table = table::all(&ROOT).into_iter().find(|table| table.path == path).expect("there is such a table");
        let keys: BTreeSet<&str> = table.keys().filter(|key| key.since != Since::NotYet).map(|key| key.name).collect();
        let mut labels: BTreeSet<&str> = proposals.iter().map(|one| one.label.as_str()).collect();
        // What is there already is not proposed.
        labels.extend(Some("stack").filter(|_| path.is_empty()));
        assert_eq!(labels, keys, "{path}");
        for proposal in &proposals {
            let said = sentence(path, &proposal.label);
            assert!(proposal.says.starts_with(&words(&said)), "{path}: {proposal:?} does not say: {said}");
        }
    }
}

/// A sentence as far as its first link, which an editor shows without its target.
fn words(sentence: &str) -> String {
    sentence.split('[').next().unwrap_or_default().to_owned()
}

#[test]
fn every_level_is_explained_where_the_mouse_rests() {
    let Some(mut editor) = editor() else { return };
    let of_ecs = "Whether a small init process forwards signals and reaps ended processes.";
    for (at, (text, says)) in [
        ("stack: x\ntarget_gr|oups:\n  web:\n    port: 80".to_owned(), sentence("", "target_groups")),
        ("stack: x\ntarget_groups:\n  w|eb:\n    port: 80".to_owned(), "a target group".to_owned()),
        ("stack: x\ntarget_groups:\n  web:\n    po|rt: 80".to_owned(), sentence("target_groups", "port")),
        ("stack: x\ntarget_groups:\n  web:\n    prot|ocol: HTTP".to_owned(), sentence("target_groups", "protocol")),
        (
            "stack: x\ntarget_groups:\n  web:\n    health_ch|eck:\n      path: /".to_owned(),
            sentence("target_groups", "health_check"),
        ),
        (
            "stack: x\ntarget_groups:\n  web:\n    health_check:\n      inter|val: 5s".to_owned(),
            sentence("target_groups.health_check", "interval"),
        ),
        (format!("{RULE}          - prio|rity: 5"), sentence("load_balancers.listeners.rules", "priority")),
        (
            format!("{CONTAINER}        linux_para|meters:\n          max_swap: 0"),
            sentence("services.containers", "linux_parameters"),
        ),
        (format!("{CONTAINER}        linux_parameters:\n          init_process_en|abled: true"), of_ecs.to_owned()),
        (format!("{CONTAINER}        entry|point: [a]"), sentence("services.containers", "entry_point")),
    ]
    .into_iter()
    .enumerate()
    {
        let (text, line, column) = cursor(&text);
        let path = format!("/shown/{at}.yaml");
        editor.open(&path, &text);
        let shown = editor.hover(&path, line, column);
        assert!(shown.contains(&says), "{text}\nshows {shown:?}\nand not {says:?}");
        assert!(!shown.contains("||") && !shown.contains("\\`"), "{text}\nshows {shown:?}");
    }
}

#[test]
fn mistakes_are_marked_where_they_are() {
    let Some(mut editor) = editor() else { return };
    let rule = format!("{RULE}          - priority: 0\n            paht: /a\n");
    let container = format!(
        "{CONTAINER}        prot: 80\n        linux_parameters:\n          tmpf: 3\n        health_check: {{ command: x, interval: 900 }}\n"
    );
    let group = "stack: x\ntarget_groups:\n  web:\n    port: 70000\n    protocol: QUIC\n    name: [a]\n    health_check:\n      interval: [5]\ndns:\n  - records: []\n";
    for (at, (text, marked)) in [
        ("stack: x\nregon: y\n", vec![(2, "regon")]),
        ("region: eu-west-1\n", vec![(1, "stack")]),
        ("stack: x\nservices: []\n", vec![(2, "object")]),
        (group, vec![(4, "maximum of 65535"), (5, "HTTPS"), (6, "string"), (8, "integer"), (10, "zone")]),
        (&container, vec![(7, "prot"), (9, "tmpf"), (10, "maximum of 300")]),
        (&rule, vec![(7, "minimum of 1"), (8, "paht")]),
    ]
    .into_iter()
    .enumerate()
    {
        let mut found = editor.open(&format!("/marked/{at}.yaml"), text);
        found.sort_by_key(|one| one.line);
        let lines: Vec<u64> = found.iter().map(|one| one.line).collect();
        assert_eq!(lines, marked.iter().map(|(line, _)| *line).collect::<Vec<_>>(), "{text}\n{found:#?}");
        for (one, (_, word)) in found.iter().zip(&marked) {
            assert!(one.message.contains(word) && one.of_schema, "{one:?} has no {word:?}");
        }
    }
}

/// Files of the tests of messages that the schema can know to be wrong.
const KNOWN: &[&str] = &["empty-file", "missing-key", "not-yet", "unknown-key", "wrong-type"];

/// The lines that the program shows for a file.
fn shown_lines(said: &str) -> BTreeSet<u64> {
    let places = said.split(".yaml:").skip(1);
    places.filter_map(|rest| rest.split(':').next()?.parse().ok()).collect()
}

#[test]
fn what_is_marked_in_a_broken_file_is_what_the_program_says() {
    let Some(mut editor) = editor() else { return };
    let mut known = BTreeSet::new();
    for file in yaml_files(&root().join("tests/broken")) {
        // The server is no match for a bomb of aliases; the program is.
        if file.is_dir() || file.ends_with("alias-bomb.yaml") {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let said = std::fs::read_to_string(file.with_extension("txt")).expect("what the program says of it");
        let lines = shown_lines(&said);
        let marked: Vec<Problem> = editor.open(&file.to_string_lossy(), &text);
        for one in marked.into_iter().filter(|one| one.of_schema) {
            assert!(lines.contains(&one.line), "{}: {one:?}, and not at {lines:?}", file.display());
            known.insert(file.file_stem().unwrap_or_default().to_string_lossy().into_owned());
        }
    }
    let missing: Vec<_> = KNOWN.iter().filter(|name| !known.contains(**name)).collect();
    assert!(missing.is_empty(), "{missing:?} are not marked, only {known:?}");
}
