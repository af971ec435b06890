//! Help, wrong usage, and the endings that come before any stack file is looked at.

use super::{Desk, GOOD};

const COMMANDS: [&str; 21] = [
    "plan",
    "apply",
    "destroy",
    "status",
    "logs",
    "exec",
    "restart",
    "rollback",
    "continue",
    "stop-deployment",
    "outputs",
    "list",
    "push",
    "validate",
    "graph",
    "explain",
    "schema",
    "secrets",
    "env",
    "sim",
    "completions",
];

#[test]
fn help_of_every_command_has_an_example() {
    let desk = Desk::new(GOOD);
    let top = desk.run(&["--help"]).exits(0).stdout;
    for command in COMMANDS {
        assert!(top.lines().any(|line| line.trim_start().starts_with(command)), "--help lists {command}:\n{top}");
        for arguments in [vec![command, "--help"], vec!["help", command]] {
            let help = desk.run(&arguments).exits(0).stdout;
            let examples = help.split_once("Examples:").map(|(_, examples)| examples).unwrap_or_default();
            assert!(examples.contains(&format!("evenkeel {command}")), "{command} has an example:\n{help}");
            assert!(help.contains("Usage: evenkeel"), "{help}");
        }
    }
    assert!(top.contains("Exit codes:"), "{top}");
    assert!(desk.run(&["--version"]).exits(0).stdout.starts_with("evenkeel "));
}

#[test]
fn the_commands_here_are_all_that_there_are() {
    let help = Desk::new(GOOD).run(&["--help"]).exits(0).stdout;
    let (_, rest) = help.split_once("Commands:").expect("the help lists commands");
    let listed: Vec<&str> = rest
        .lines()
        .skip(1)
        .take_while(|line| !line.trim().is_empty())
        // Further lines of a description are indented more.
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .collect();
    assert_eq!(listed, COMMANDS);
}

#[test]
fn wrong_usage_ends_with_64() {
    let desk = Desk::new(GOOD);
    let wrong: [&[&str]; 14] = [
        &[],
        &["plam"],
        &["plan", "--nope"],
        &["apply", "a.yaml", "b.yaml"],
        &["plan", "--format", "xml"],
        &["plan", "--color", "sometimes"],
        &["plan", "--target", "nodot"],
        &["plan", "--var", "novalue"],
        &["plan", "-q", "-v"],
        &["plan", "--target"],
        &["apply", "--parallel", "0"],
        &["destroy", "a.yaml", "--stack", "a"],
        &["destroy", "--stack", "not a name"],
        &["completions", "tcsh"],
    ];
    for arguments in wrong {
        let ran = desk.run(arguments).exits(64);
        assert!(ran.stdout.is_empty() && !ran.stderr.is_empty(), "{arguments:?} is told on stderr");
    }
    for arguments in [&["plan", "--nope", "--format", "json"][..], &["--format=json", "plam"]] {
        let ran = desk.run(arguments).exits(64);
        let told: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON was asked for");
        assert_eq!((&told["error"]["kind"], &told["error"]["exit_code"]), (&"usage".into(), &64.into()), "{told}");
    }
    let typo = desk.run(&["plam"]).exits(64).stderr;
    assert!(typo.contains("plan"), "a near command is named:\n{typo}");
}

#[test]
fn a_target_that_is_not_in_the_file_is_wrong_usage() {
    let ran = Desk::new(GOOD).run(&["plan", "--target", "log_group.ap"]).exits(64);
    assert!(ran.stderr.contains("log_group.app"), "what there is is named:\n{}", ran.stderr);
}

#[test]
fn off_a_terminal_yes_is_needed() {
    let desk = Desk::new(GOOD);
    for arguments in [&["apply"][..], &["destroy"], &["destroy", "--stack", "tidy"], &["apply", "--format", "json"]] {
        let ran = desk.run(arguments).exits(64);
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert!(told.contains("--yes"), "{arguments:?}: what is missing is named:\n{told}");
    }
    let markdown = desk.run(&["apply", "--yes", "--format", "markdown"]).exits(64).stderr;
    assert!(markdown.contains("plan"), "{markdown}");
}

#[test]
fn completions_come_out_for_each_shell() {
    let desk = Desk::new(GOOD);
    for (shell, mark) in [("bash", "complete "), ("zsh", "#compdef evenkeel"), ("fish", "complete -c evenkeel")] {
        let script = desk.run(&["completions", shell]).exits(0).stdout;
        assert!(script.contains(mark), "{shell}");
        for word in ["destroy", "detailed-exitcode"] {
            assert!(script.contains(word), "{shell} completes {word}");
        }
    }
}

#[test]
fn keys_are_explained_and_near_ones_named() {
    let desk = Desk::new(GOOD);
    let sections = desk.run(&["explain"]).exits(0).stdout;
    assert!(sections.contains("target_groups") && sections.contains("ECS services."), "{sections}");
    let key = desk.run(&["explain", "target_groups.web.port"]).exits(0).stdout;
    assert!(key.starts_with("target_groups.port\n") && key.contains("example   port: 3000"), "{key}");
    let ran = desk.run(&["explain", "services.containers.imgae"]).exits(64);
    assert!(
        ran.stdout.is_empty() && ran.stderr.contains("evenkeel explain services.containers.image?"),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_schema_is_the_one_of_the_documentation() {
    let schema = Desk::new(GOOD).run(&["schema"]).exits(0).stdout;
    let page =
        std::fs::read_to_string(evenkeel_tests::moto::root().join("docs/stack.schema.json")).expect("it is there");
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("it is JSON");
    assert_eq!(read(&schema), read(&page));
}
