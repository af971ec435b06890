//! The loader as a whole: what good files give, and what is said of broken ones.

mod broken;
mod codes;
mod environment;
mod good;
mod grants;
mod kept;
mod keys;
mod mutated;
mod own_files;
mod paths;
mod schema;
mod service_files;
mod sidecars;
mod tables;
mod whole;

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::{Diagnostic, Severity, Source};

use super::{FileProblem, Files, LoadOptions, Loaded, load_text};

/// Files that are only in memory.
#[derive(Default)]
pub(super) struct Memory(BTreeMap<&'static str, String>);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Source, FileProblem> {
        let text = self.0.get(path).ok_or_else(|| FileProblem {
            code: "not-found",
            summary: format!("there is no file `{path}`"),
            help: String::new(),
        })?;
        Ok(Source::new(path, text.as_str()))
    }
}

fn options() -> LoadOptions {
    LoadOptions {
        env: [("SET".to_owned(), "from-env".to_owned()), ("EMPTY".to_owned(), String::new())].into(),
        ..LoadOptions::default()
    }
}

fn try_load(text: &str) -> Result<Loaded, Vec<Diagnostic>> {
    schema::lets_through(text, load_text("stack.yaml", text, &options(), &Memory::default()))
}

fn with_file(text: &str, path: &'static str, file: &str) -> Result<Loaded, Vec<Diagnostic>> {
    let files = Memory([(path, file.to_owned())].into());
    schema::lets_through(text, load_text("stack.yaml", text, &options(), &files))
}

#[track_caller]
fn load(text: &str) -> Loaded {
    try_load(text).unwrap_or_else(|found| panic!("{}", show(&found)))
}

/// One line for each finding: line, code, summary.
fn show(found: &[Diagnostic]) -> String {
    let line = |found: &Diagnostic| {
        let line = found.place.as_ref().map_or(0, evenkeel_core::diagnostic::Place::line);
        let mark = if found.severity == Severity::Error { "" } else { "warning " };
        format!("{line} {mark}{} | {} | {}", found.code, found.summary, found.help.clone().unwrap_or_default())
    };
    found.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Every expected line (line, code, a part of the text) is there, and there are no other errors.
#[track_caller]
fn expect(found: &[Diagnostic], expected: &[(usize, &str, &str)]) {
    let shown = show(found);
    for (line, code, part) in expected {
        let start = format!("{line} {code} |");
        let hit = shown.lines().any(|shown| shown.starts_with(&start) && shown.contains(part));
        assert!(hit, "expected `{start} … {part}` in\n{shown}");
    }
    assert_eq!(found.len(), expected.len(), "more or fewer than expected:\n{shown}");
}

#[track_caller]
fn broken(text: &str, expected: &[(usize, &str, &str)]) {
    match try_load(text) {
        Ok(_) => panic!("this should not load:\n{text}"),
        Err(found) => expect(&found, expected),
    }
}
