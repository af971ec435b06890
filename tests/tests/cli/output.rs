//! What is printed where: colours, JSON, closed pipes.

use std::process::{Command, Stdio};

use evenkeel_tests::program;
use serde_json::Value;

use super::{Desk, GOOD};

const WRONG: &str = "stack: x\nregon: eu-west-1\n";
const ESCAPE: char = '\u{1b}';

#[test]
fn colours_come_when_they_are_wanted() {
    for text in [WRONG, GOOD] {
        let desk = Desk::new(text);
        let coloured = |arguments: &[&str]| {
            let ran = desk.run(arguments);
            format!("{}{}", ran.stdout, ran.stderr).contains(ESCAPE)
        };
        assert!(!coloured(&["validate"]), "not off a terminal");
        assert!(!coloured(&["validate", "--color", "never"]));
        assert!(coloured(&["validate", "--color", "always"]));
        let mut quiet = Desk::new(text);
        quiet.program = quiet.program.env("NO_COLOR", "1");
        let ran = quiet.run(&["validate"]);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(ESCAPE), "NO_COLOR");
        let mut forced = Desk::new(text);
        forced.program = forced.program.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1");
        let ran = forced.run(&["validate", "--color", "never"]);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(ESCAPE), "the flag goes first");
    }
}

#[test]
fn json_is_json_whatever_happens() {
    let good = Desk::new(GOOD);
    let valid: Value = serde_json::from_str(&good.run(&["validate", "--format", "json"]).exits(0).stdout).unwrap();
    assert_eq!(valid["valid"], true);
    assert_eq!(valid["stack"], "tidy");
    for (desk, arguments, code) in [
        (Desk::new(GOOD), &["plan", "--format", "json"][..], 1),
        (Desk::new(GOOD).with_credentials(), &["plan", "--format", "json"], 1),
        (Desk::new(GOOD), &["apply", "--format", "json"], 64),
        (Desk::new(GOOD), &["plan", "--format", "json", "--target", "service.none"], 64),
        (Desk::new(WRONG), &["destroy", "--format", "json", "--yes"], 65),
    ] {
        let ran = desk.run(arguments).exits(code);
        let lines: Vec<Value> = serde_json::Deserializer::from_str(&ran.stdout)
            .into_iter()
            .collect::<Result<_, _>>()
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}:\n{}", ran.stdout));
        let told = lines.last().expect("something is told");
        assert_eq!(told.pointer("/error/exit_code"), Some(&Value::from(code)), "{arguments:?}: {told:#}");
    }
}

#[test]
fn without_credentials_it_is_said_what_to_do() {
    let desk = Desk::new(GOOD);
    for arguments in [
        &["plan"][..],
        &["apply", "--yes"],
        &["destroy", "--yes"],
        &["destroy", "--stack", "tidy", "--yes", "--region", "eu-west-1"],
    ] {
        let ran = desk.run(arguments).exits(1);
        for words in ["credentials", "AWS_ACCESS_KEY_ID", "--profile", "nothing was changed"] {
            assert!(ran.stderr.contains(words), "{arguments:?} says {words}:\n{}", ran.stderr);
        }
    }
}

#[test]
fn without_a_server_it_is_said_what_to_do() {
    let desk = Desk::new(GOOD).with_credentials();
    let ran = desk.run(&["apply", "--yes"]).exits(1);
    for words in ["cannot be reached", "--endpoint-url", "nothing was changed"] {
        assert!(ran.stderr.contains(words), "it says {words}:\n{}", ran.stderr);
    }
}

#[test]
fn a_reader_that_leaves_early_does_no_harm() {
    let desk = Desk::new(GOOD);
    for arguments in [&["--help"][..], &["completions", "zsh"], &["validate"], &["validate", "--format", "json"]] {
        let mut child = Command::new(program::path())
            .args(arguments)
            .current_dir(desk.folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("evenkeel starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("evenkeel ends");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!told.contains("panicked"), "{arguments:?}:\n{told}");
        assert_ne!(output.status.code(), Some(101), "{arguments:?}");
    }
}
