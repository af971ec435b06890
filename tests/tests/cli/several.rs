//! Several stack files in one command: each part is what the file gives alone, whatever is wrong with the others, and the worst end
//! counts.

use std::path::Path;

use evenkeel_tests::moto::root;
use serde_json::{Value, json};

use super::{Desk, GOOD, TINY};

/// Stacks that take different ways through a plan, in three regions.
const STACKS: &[(&str, &str)] = &[
    ("stacks", "cruddur.yaml"),
    ("stacks", "cruddur-http.yaml"),
    ("stacks", "flask-todo.yaml"),
    ("examples", "minimal.yaml"),
    ("examples", "weighted-forward.yaml"),
    ("examples", "spot.yaml"),
    ("examples", "protect.yaml"),
];

/// Copies a folder of files.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        std::fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("it is copied");
    }
}

/// A desk with those stacks in a folder, some of them applied, and all that they presuppose.
fn neighbours() -> Desk {
    let mut desk = Desk::new(GOOD);
    let certificate = "arn:aws:acm:ca-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555";
    desk.program = desk.program.env("CERTIFICATE_ARN", certificate);
    copy(&root().join("stacks/task-definitions"), &desk.path("all/task-definitions"));
    for (folder, name) in STACKS {
        let text = std::fs::read(root().join(folder).join(name)).expect("the stack is there");
        desk.write(&format!("all/{name}"), &text);
        desk.run(&["sim", "provide", "--file", "world.json", &format!("all/{name}")]).exits(0);
    }
    for name in ["minimal.yaml", "flask-todo.yaml"] {
        let line = ["apply", &format!("all/{name}"), "--yes", "--quiet", "--sim=world.json", "--sim-speed", "2000"];
        desk.run(&line).exits(0);
    }
    desk
}

/// What a program gets of a stack alone, out of what it gets of several.
fn alone(mut part: Value) -> Value {
    let map = part.as_object_mut().expect("a document");
    assert!(map.remove("file").is_some() && map.remove("exit_code").is_some());
    part
}

#[test]
fn each_part_is_what_the_stack_gives_alone() {
    let desk = neighbours();
    // Two of them want one zone, and one parameter.
    let text = desk.sim(&["plan", "all"]).exits(4).stdout;
    let markdown = desk.sim(&["plan", "all", "--format", "markdown"]).stdout;
    let json = desk.sim(&["plan", "all", "--format", "json", "--detailed-exitcode"]).exits(4).stdout;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let destroyed: Value =
        serde_json::from_str(&desk.sim(&["plan", "all", "--destroy", "--format", "json"]).exits(0).stdout)
            .expect("JSON");
    let names: Vec<&str> =
        json["stacks"].as_array().expect("stacks").iter().filter_map(|it| it["file"].as_str()).collect();
    let mut files: Vec<String> = STACKS.iter().map(|(_, name)| format!("all/{name}")).collect();
    files.sort();
    assert_eq!(names, files);
    for (at, file) in files.iter().enumerate() {
        let one = desk.sim(&["plan", file]).stdout;
        assert!(text.contains(&format!("{file}\n{one}\n")), "{file} in\n{text}\nalone:\n{one}");
        let one = desk.sim(&["plan", file, "--format", "markdown"]).stdout;
        assert!(markdown.contains(&one), "{file} in\n{markdown}\nalone:\n{one}");
        let one: Value = serde_json::from_str(&desk.sim(&["plan", file, "--format", "json"]).stdout).expect("JSON");
        assert_eq!(alone(json["stacks"][at].clone()), one, "{file}");
        let one = desk.sim(&["plan", file, "--format", "json", "--destroy"]).exits(0).stdout;
        let one: Value = serde_json::from_str(&one).expect("JSON");
        assert_eq!(alone(destroyed["stacks"][at].clone()), one, "{file}");
    }
    assert_eq!(json["summary"], json!({ "stacks": 7, "changes": 3, "no_changes": 2, "blocked": 2, "failed": 0 }));
    assert!(text.contains("7 stacks\n") && markdown.contains("| file | plan |"), "{text}{markdown}");
}

#[test]
fn a_wrong_file_keeps_no_other_from_its_plan() {
    let desk = Desk::new(GOOD);
    desk.write("a.yaml", TINY.as_bytes());
    desk.write("b.yaml", b"stack: b\nregon: us-east-1\n");
    desk.write("c.yaml", TINY.replace("tiny", "other").as_bytes());
    let line = ["plan", "a.yaml", "b.yaml", "gone.yaml", "c.yaml"];
    let ran = desk.sim(&line).exits(65);
    assert!(ran.stdout.contains("stack tiny in us-east-1") && ran.stdout.contains("stack other in us-east-1"));
    assert!(ran.stdout.contains("  b.yaml     No plan: the stack file cannot be used: 1 error."), "{}", ran.stdout);
    assert!(ran.stderr.contains("Did you mean `region`?") && ran.stderr.contains("gone.yaml"), "{}", ran.stderr);
    let ran = desk.sim(&[&line[..], &["--format", "json"]].concat()).exits(65);
    let told: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let codes: Vec<u64> =
        told["stacks"].as_array().into_iter().flatten().filter_map(|part| part["exit_code"].as_u64()).collect();
    assert_eq!((codes, &told["exit_code"]), (vec![0, 65, 65, 0], &json!(65)));
    assert_eq!(told["stacks"][1]["error"]["details"]["diagnostics"][0]["code"], "unknown-key");
    assert_eq!(told["summary"], json!({ "stacks": 4, "changes": 2, "no_changes": 0, "blocked": 0, "failed": 2 }));
}

#[test]
fn a_blocked_stack_counts_more_than_changes_and_less_than_a_failure() {
    let desk = Desk::new(GOOD);
    desk.write("a.yaml", TINY.as_bytes());
    desk.sim(&["plan", "a.yaml"]).exits(0);
    desk.call("logs", "CreateLogGroup", &json!({ "logGroupName": "mine" }));
    desk.write("b.yaml", b"stack: b\nregion: us-east-1\nlog_groups:\n  x: { name: mine }\n");
    let ran = desk.sim(&["plan", "a.yaml", "b.yaml", "--detailed-exitcode"]).exits(4);
    assert!(ran.stdout.contains("2 stacks\n") && ran.stdout.contains("Blocked: 1 conflict."), "{}", ran.stdout);
    desk.write("c.yaml", b"stack: c\nregion: us-east-1\naccount: \"999999999999\"\n");
    let ran = desk.sim(&["plan", "a.yaml", "b.yaml", "c.yaml"]).exits(1);
    assert!(ran.stderr.contains("c.yaml:\nerror: these credentials belong to account 123456789012"), "{}", ran.stderr);
}

#[test]
fn files_are_validated_each_for_itself() {
    let desk = Desk::new(GOOD);
    std::fs::create_dir(desk.path("all")).expect("a folder");
    desk.write("all/a.yaml", TINY.as_bytes());
    desk.write("all/values.yaml", b"image: x\n");
    let alone = desk.run(&["validate", "all/a.yaml"]).exits(0).stdout;
    let ran = desk.run(&["validate", "all"]).exits(0);
    assert_eq!(ran.stdout, format!("{alone}1 stack file: 1 valid, 0 not\n"), "a folder with one is still several");
    desk.write("all/b.yml", b"stack: b\nregon: us-east-1\n");
    let ran = desk.run(&["validate", "all", "stack.yaml"]).exits(65);
    assert!(
        ran.stdout.starts_with(&alone) && ran.stdout.ends_with("3 stack files: 2 valid, 1 not\n"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("all/b.yml is not valid: the stack file cannot be used: 1 error"), "{}", ran.stdout);
    assert!(ran.stderr.contains("Did you mean `region`?"), "{}", ran.stderr);
    let told = desk.run(&["validate", "all", "stack.yaml", "--format", "json"]).exits(65).stdout;
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["summary"], json!({ "stacks": 3, "valid": 2, "invalid": 1 }));
    for (at, file) in ["all/a.yaml", "all/b.yml", "stack.yaml"].iter().enumerate() {
        let one: Value = serde_json::from_str(&desk.run(&["validate", file, "--format", "json"]).stdout).expect("JSON");
        assert_eq!(self::alone(told["stacks"][at].clone()), one, "{file}");
    }
}

#[test]
fn two_files_of_one_stack_are_refused() {
    let desk = Desk::new(GOOD);
    desk.write("a.yaml", TINY.as_bytes());
    desk.write("b.yaml", TINY.as_bytes());
    for command in [&["validate", "a.yaml", "b.yaml"][..], &["plan", "a.yaml", "b.yaml", "--sim=world.json"]] {
        let ran = desk.run(command).exits(65);
        assert!(ran.stderr.contains("b.yaml and a.yaml are both of the stack tiny"), "{}", ran.stderr);
    }
    desk.write("b.yaml", TINY.replace("us-east-1", "us-west-2").as_bytes());
    desk.run(&["validate", "a.yaml", "b.yaml"]).exits(0);
}

#[test]
fn what_is_of_one_stack_is_refused_for_several() {
    let desk = Desk::new(GOOD);
    desk.write("a.yaml", TINY.as_bytes());
    std::fs::create_dir(desk.path("empty")).expect("a folder");
    for flags in [["--out", "p.json"], ["--target", "role.r"], ["--adopt", "role.r"], ["--consent", "role.r"]] {
        let ran = desk.run(&[&["plan", "a.yaml", "stack.yaml"][..], &flags].concat()).exits(64);
        assert!(ran.stderr.contains(&format!("{} is for one stack", flags[0])), "{}", ran.stderr);
    }
    let ran = desk.run(&["validate", "empty"]).exits(64);
    assert!(ran.stderr.contains("empty has no stack files"), "{}", ran.stderr);
    assert!(!desk.path("world.json").exists() && !desk.path("p.json").exists(), "nothing was made");
}

#[test]
fn files_that_are_all_wrong_make_no_world() {
    let desk = Desk::new("stack: x\nregon: y\n");
    desk.write("b.yaml", b"stack: b\nregon: us-east-1\n");
    desk.sim(&["plan", "stack.yaml", "b.yaml"]).exits(65);
    assert!(!desk.path("world.json").exists());
}
