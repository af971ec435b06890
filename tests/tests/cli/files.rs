//! Files that cannot be used end with 65, show every problem at its line, and lead to no request (which would end with 1).

use serde_json::Value;

use super::{Desk, GOOD, listing};

/// Where a problem has to be shown: its line, and a part of the words.
type Problem = (usize, &'static str);

/// Runs every command that reads a stack file, in every form, and expects each problem at its line.
#[track_caller]
fn refused(desk: &Desk, problems: &[Problem]) {
    let before = listing(desk.folder.path());
    for command in
        [&["validate"][..], &["plan"], &["apply", "--yes"], &["destroy", "--yes"], &["plan", "--out", "p.json"]]
    {
        let ran = desk.run(command).exits(65);
        assert!(ran.stdout.is_empty(), "{command:?} prints no result:\n{}", ran.stdout);
        for (line, words) in problems {
            assert!(ran.stderr.contains(words), "{command:?} says `{words}`:\n{}", ran.stderr);
            let at = ran.stderr.contains(&format!(":{line}:"));
            // Of several problems, each has its own picture, with the line's number in the margin.
            let drawn = ran.stderr.lines().any(|shown| shown.trim_start().starts_with(&format!("{line} │")));
            assert!(*line == 0 || at || drawn, "{command:?} shows line {line}:\n{}", ran.stderr);
        }
    }
    for command in [&["validate", "--format", "json"][..], &["plan", "--format", "json"]] {
        let ran = desk.run(command).exits(65);
        let told: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stdout));
        let list = told.pointer("/error/details/diagnostics").and_then(Value::as_array).expect("diagnostics");
        assert!(list.iter().filter(|one| one["severity"] == "error").count() >= problems.len().min(1), "{told:#}");
        for (line, words) in problems {
            let fits = |one: &&Value| {
                one.to_string().contains(&words.replace('"', "\\\""))
                    && (*line == 0 || one.pointer("/place/line").and_then(Value::as_u64) == Some(*line as u64))
            };
            assert!(list.iter().any(|one| fits(&one)), "{command:?} has `{words}` at line {line}: {told:#}");
        }
    }
    assert_eq!(listing(desk.folder.path()), before, "nothing was written");
}

#[track_caller]
fn broken(text: &str, problems: &[Problem]) {
    refused(&Desk::new(text), problems);
}

#[test]
fn wrong_yaml() {
    broken("stack: x\nregion: eu-west-1\nlog_groups: { a: { retention: 7d }\n", &[(3, "not YAML")]);
    broken("stack: x\n\tregion: eu-west-1\n", &[(2, "indented with a tab")]);
}

#[test]
fn all_problems_of_a_file_at_once() {
    broken(
        "stack: x
regon: eu-west-1
security_groups:
  web:
    ingress:
      - { port: 99999, from: 10.0.0.0/8 }
      - { port: 80, from: 10.0.0.0/40 }
      - { port: 80, from: wbe }
load_balancers:
  web:
    subnets: [subnet-1]
    listeners:
      a: { port: 80, fixed_response: 200 }
      b:
        port: 80
        fixed_response: 200
        rules:
          - { priority: 1, path: /a, fixed_response: 200 }
          - { priority: 1, path: /b, forward: nowhere }
target_groups:
  one: { name: same, port: 80 }
  two: { name: same, port: 80 }
cluster: x
services:
  s:
    cpu: 256
    memory: 8192
    containers: { c: { image: \"${env.NO_SUCH_VARIABLE}/c\" } }
    security_groups: [web]
",
        &[
            (2, "region"),
            (6, "99999"),
            (7, "/40"),
            (8, "wbe"),
            (11, "two availability zones"),
            (14, "port 80"),
            (19, "priority 1"),
            (19, "nowhere"),
            (22, "same"),
            (27, "8192"),
            (28, "NO_SUCH_VARIABLE"),
        ],
    );
}

#[test]
fn a_cycle_through_outputs() {
    let service = |name: &str, other: &str| {
        format!(
            "  {name}:\n    cpu: 256\n    memory: 512\n    containers: {{ c: {{ image: \"c:1\", environment: {{ OTHER: \"${{service.{other}.name}}\" }} }} }}\n    security_groups: [g]\n"
        )
    };
    let text = format!(
        "stack: x\nregion: eu-west-1\ncluster: x\nsecurity_groups: {{ g: }}\nservices:\n{}{}",
        service("a", "b"),
        service("b", "a")
    );
    let desk = Desk::new(&text);
    for command in ["validate", "plan"] {
        let ran = desk.run(&[command]).exits(65);
        let way = "service.a -> task_definition.a -> service.b -> task_definition.b -> service.a";
        let said = ran.stderr.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
        assert!(said.contains("circle") && said.contains(way), "the circle is named:\n{}", ran.stderr);
    }
}

#[test]
fn task_definition_files() {
    let text = "stack: x\nregion: eu-west-1\ncluster: x\nservices:\n  s:\n    task_definition: task.json\n";
    broken(text, &[(6, "task.json")]);
    let desk = Desk::new(text);
    desk.write("task.json", b"{ \"family\": \"x\",\n  \"containerDefinitions\": [\n");
    refused(&desk, &[(2, "never closed")]);
    desk.write("task.json", b"{ \"family\": \"x\",\n  \"containerDefinitons\": [] }");
    refused(&desk, &[(2, "containerDefinitions")]);
}

#[test]
fn what_is_no_text_at_all() {
    broken("", &[(0, "empty")]);
    let desk = Desk::new(GOOD);
    desk.write("stack.yaml", &[0xff, 0xfe, 0x00, 0x80, 0x01]);
    refused(&desk, &[(0, "not text")]);
    std::fs::remove_file(desk.path("stack.yaml")).expect("it is there");
    refused(&desk, &[(0, "no file")]);
    std::fs::create_dir(desk.path("stack.yaml")).expect("a directory is made");
    for command in [["apply", "--yes"], ["destroy", "--yes"]] {
        assert!(desk.run(&command).exits(65).stderr.contains("directory"));
    }
    for command in ["validate", "plan"] {
        assert!(desk.run(&[command]).exits(64).stderr.contains("stack.yaml has no stack files"));
    }
}

#[test]
fn what_is_too_much() {
    let mut big = "stack: x\nregion: eu-west-1\n".to_owned();
    while big.len() < 10 * 1024 * 1024 {
        big.push_str("# a comment that makes the file longer, line by line, until it is longer than any stack file\n");
    }
    broken(&big, &[(0, "stack.yaml")]);
    let mut bomb = "stack: x\na0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let before = format!("*a{}", level - 1);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", [before.as_str(); 9].join(", ")));
    }
    let desk = Desk::new(&bomb);
    let ran = desk.run(&["validate"]).exits(65);
    assert!(ran.stderr.contains("alias"), "{}", ran.stderr);
    desk.run(&["apply", "--yes"]).exits(65);
}

#[test]
fn a_saved_plan_that_is_none() {
    let desk = Desk::new(GOOD);
    desk.write("plan.json", b"{ \"version\": ");
    let ran = desk.run(&["apply", "plan.json", "--yes"]);
    assert!([1, 3, 65].contains(&ran.code), "{ran:?}");
    assert!(ran.stderr.contains("plan.json"), "{}", ran.stderr);
}
