//! What every source file has to keep: a header, a length, its place. Looks at text only.

mod circles;
mod comments;
mod features;
mod kinds;
mod secrets;
mod words;

use std::path::{Path, PathBuf};

use evenkeel_aws::kinds as table;
use evenkeel_tests::moto::root;

/// The most lines that a file may have.
const LONGEST: usize = 600;

/// All Rust files below a folder of the repository, with their texts.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    assert!(!found.is_empty(), "{folder} holds no sources");
    found
}

fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source is text");
            found.push((path, text));
        }
    }
}

fn everything() -> Vec<(PathBuf, String)> {
    ["crates", "tests"].into_iter().flat_map(sources).collect()
}

/// The lines that are not comments, with their numbers.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[track_caller]
fn without(folder: &str, words: &[&str]) {
    for (path, text) in sources(folder) {
        for (at, line) in code(&text) {
            let word = words.iter().find(|word| line.contains(**word));
            assert!(word.is_none(), "{}:{at}: {} has no place here", path.display(), word.unwrap_or(&""));
        }
    }
}

/// The first dependency of a crate, those of its tests not counted, that begins with one of these words.
fn dependency(package: &str, words: &[&str]) -> Option<String> {
    let manifest = std::fs::read_to_string(root().join(package).join("Cargo.toml")).expect("a manifest");
    let own = manifest.split("[dependencies]").nth(1).expect("dependencies").split("\n[").next().unwrap_or_default();
    own.lines().find(|line| words.iter().any(|word| line.starts_with(word))).map(str::to_owned)
}

#[test]
fn every_file_says_what_it_is() {
    for (path, text) in everything() {
        assert!(text.starts_with("//! "), "{} does not begin with a header", path.display());
    }
}

#[test]
fn no_file_is_too_long() {
    for (path, text) in everything() {
        let lines = text.lines().count();
        assert!(lines <= LONGEST, "{} has {lines} lines", path.display());
    }
}

#[test]
fn every_kind_is_in_the_table() {
    // A file or a folder in a service's folder is a kind if it has an entry for the table.
    let mut files: Vec<String> = everything()
        .into_iter()
        .filter(|(path, text)| {
            path.starts_with(root().join("crates/aws/src/services")) && text.contains("pub static ENTRY: Entry")
        })
        .map(|(path, _)| if path.ends_with("mod.rs") { path.parent().expect("a folder").to_owned() } else { path })
        .map(|path| path.file_stem().and_then(|stem| stem.to_str()).expect("a plain name").to_owned())
        .collect();
    let mut table: Vec<String> = table::ALL.iter().map(|entry| entry.kind.name.to_owned()).collect();
    files.sort();
    table.sort();
    assert_eq!(files, table);
}

#[test]
fn the_stack_file_knows_no_sdk() {
    let wrong = dependency("crates/stack", &["aws-", "tokio", "evenkeel-aws", "evenkeel-sim", "reqwest"]);
    assert_eq!(wrong, None);
}

#[test]
fn the_engine_is_pure() {
    without("crates/core/src", &["aws_sdk", "tokio", "std::fs", "std::env", "std::net", "Instant::now", "SystemTime"]);
    assert_eq!(dependency("crates/core", &["aws-", "tokio", "reqwest", "serde-saphyr", "evenkeel-"]), None);
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not find itself.
    let words = [concat!("to", "do!("), concat!("unimple", "mented!("), concat!("#[ign", "ore"), concat!("db", "g!(")];
    for folder in ["crates", "tests"] {
        without(folder, &words);
    }
}
