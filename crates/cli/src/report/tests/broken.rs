//! Broken stack files and what `evenkeel validate` says of them, whole, as a person reads it: in tests/broken, `NAME.yaml` with
//! `NAME.txt`. Each code of the table is there. `EVENKEEL_BLESS=1` writes the texts; read the difference before committing it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use evenkeel_core::diagnostic::{Diagnostic, Source};
use evenkeel_stack::{Beside, FileProblem, Files, LoadOptions, codes, load_text};

use super::super::{diagnostics, failure};
use crate::exit::Failure;
use crate::style::Palette;

/// Codes that no file in a repository can have, or none that could be read: `internal` is a bug of ours, `many-problems` takes
/// some hundred problems, `too-big` hundreds of kilobytes, and the others need a device or a file without permissions. The tests
/// of the stack crate have them.
const ELSEWHERE: &[&str] = &["internal", "many-problems", "not-a-file", "too-big", "unreadable"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/broken")
}

/// The files of the folder, by the names that the stack files give them.
struct Neighbours;

impl Files for Neighbours {
    fn read(&self, path: &str) -> Result<Source, FileProblem> {
        let own = |text: &str| text.replace(&format!("{}/", folder().display()), "");
        match (Beside { folder: folder() }).read(path) {
            Ok(source) => Ok(Source::new(path, source.text)),
            Err(problem) => Err(FileProblem { summary: own(&problem.summary), help: own(&problem.help), ..problem }),
        }
    }
}

fn names() -> Vec<String> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let stacks = files.filter(|path| path.extension().is_some_and(|end| end == "yaml"));
    let mut names: Vec<String> = stacks.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// What is found in a file, and all that is printed.
fn validated(name: &str) -> (Vec<Diagnostic>, String) {
    let file = format!("{name}.yaml");
    let text = fs::read_to_string(folder().join(&file)).unwrap();
    match load_text(&file, &text, &LoadOptions::default(), &Neighbours) {
        Ok(loaded) => {
            let drawn = diagnostics::render(&loaded.warnings, Palette::OFF);
            let words = diagnostics::counts(&loaded.warnings);
            (loaded.warnings, format!("{drawn}{file} is valid: {words}\n"))
        }
        Err(found) => {
            let failure = Failure::BadFile(found.clone());
            (found, failure::render(&failure, Palette::OFF))
        }
    }
}

#[test]
fn what_is_said_of_broken_files_is_what_was_read() {
    let bless = std::env::var_os("EVENKEEL_BLESS").is_some();
    let mut wrong = Vec::new();
    for name in names() {
        let (_, text) = validated(&name);
        let file = folder().join(format!("{name}.txt"));
        if bless {
            fs::write(&file, &text).unwrap();
        } else if fs::read_to_string(&file).unwrap_or_default() != text {
            wrong.push(format!("== {name}\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}\nEVENKEEL_BLESS=1 writes them", wrong.join("\n"));
}

#[test]
fn each_code_has_a_broken_file_and_each_finding_a_place_and_a_next_step() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names() {
        let (found, _) = validated(&name);
        assert!(!found.is_empty(), "{name}: nothing is found");
        for one in found {
            *seen.entry(one.code).or_default() += 1;
            assert!(one.place.is_some(), "{name}: {} has no place", one.code);
            let help = one.help.unwrap_or_default();
            assert!(help.ends_with(['.', '?', '…', '`', '}', ')']), "{name}: {}: the help is {help:?}", one.code);
            assert!(!one.summary.ends_with('.'), "{name}: {}: {}", one.code, one.summary);
        }
    }
    let known: BTreeSet<&str> = codes::ALL.iter().map(|(code, _)| *code).collect();
    let missing: Vec<_> = known.iter().filter(|code| !seen.contains_key(**code) && !ELSEWHERE.contains(code)).collect();
    assert!(missing.is_empty(), "no file in tests/broken leads to {missing:?}");
}
