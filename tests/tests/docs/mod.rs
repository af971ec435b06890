//! What the documentation says is what the program does: its stack files load, its links lead somewhere, its commands parse,
//! and no kind, key, flag, exit code or permission is missing. Reads README.md, docs/, examples/ and stacks/ as a user would.

mod commands;
mod complete;
mod coverage;
mod pages;
mod tutorial;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use evenkeel_aws::kinds;
use evenkeel_core::diagnostic::Diagnostic;
use evenkeel_stack::LoadOptions;
use evenkeel_tests::moto::root;
use pages::Page;

/// Environment variables that files of ours need and that have no sensible default.
fn options() -> LoadOptions {
    let certificate = "arn:aws:acm:ca-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555";
    LoadOptions {
        env: BTreeMap::from([("CERTIFICATE_ARN".to_owned(), certificate.to_owned())]),
        ..LoadOptions::default()
    }
}

fn words(found: &[Diagnostic]) -> String {
    let line = |one: &Diagnostic| {
        let line = one.place.as_ref().map_or(0, evenkeel_core::diagnostic::Place::line);
        format!("line {line}: {}: {} ({})", one.code, one.summary, one.help.clone().unwrap_or_default())
    };
    found.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Loads a stack file and makes its graph; warnings count as mistakes.
fn check(path: &Path, shown: &str) {
    let loaded = evenkeel_stack::load(path, &options()).unwrap_or_else(|errors| panic!("{shown}:\n{}", words(&errors)));
    assert!(loaded.warnings.is_empty(), "{shown}:\n{}", words(&loaded.warnings));
    let region = loaded.stack.region.clone().unwrap_or_else(|| panic!("{shown} names no region"));
    let graph = kinds::graph(&loaded.stack, &region).unwrap_or_else(|errors| panic!("{shown}: {errors:?}"));
    assert!(graph.len() > 1, "{shown} stands for nothing");
}

fn load_block(text: &str) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("stack.yaml");
    std::fs::write(&path, text).expect("the block is written");
    let files = folder.path().join("task-definitions");
    std::fs::create_dir(&files).expect("a folder for the file that it names");
    std::fs::copy(root().join("examples/task-definitions/worker.json"), files.join("worker.json")).expect("a copy");
    evenkeel_stack::load(&path, &options()).map(|loaded| loaded.warnings)
}

/// A whole file with its name.
const TITLED: &str = "yaml title=";

#[test]
fn whole_stack_files_on_the_pages_load() {
    let folder = tempfile::tempdir().expect("a folder");
    for page in Page::all() {
        let whole: Vec<_> =
            page.blocks.iter().filter(|block| block.info == "yaml" || block.info.starts_with(TITLED)).collect();
        for block in &whole {
            let path = folder.path().join("stack.yaml");
            std::fs::write(&path, &block.text).expect("the block is written");
            check(&path, &format!("{}:{}", page.name, block.line));
        }
        if ["README.md", "docs/stack-file.md"].contains(&page.name.as_str()) {
            assert!(!whole.is_empty(), "{} shows no whole stack file", page.name);
        }
        for block in page.blocks.iter().filter(|block| block.info.starts_with("yaml")) {
            let known = ["yaml", "yaml fragment"].contains(&block.info.as_str()) || block.info.starts_with(TITLED);
            assert!(known, "{}:{}", page.name, block.line);
        }
    }
}

const LISTENER: &str = "load_balancers:\n  web:\n    listeners:\n      http:\n";

/// A fragment names entries that it does not have, but no key or value that the loader does not know.
#[test]
fn fragments_have_no_unknown_keys_or_values() {
    let page = Page::read("docs/stack-file.md");
    let wrong =
        ["unknown-key", "wrong-type", "bad-value", "bad-port", "bad-cidr", "bad-record", "out-of-range", "not-yet"];
    let mut checked = 0;
    for block in page.blocks.iter().filter(|block| block.info == "yaml fragment") {
        let text = match block.text.split(':').next() {
            Some("rules") => below(&format!("{LISTENER}        forward: app\n"), 4, &block.text),
            Some("containers") => below("services:\n  app:\n    cpu: 256\n    memory: 512\n", 2, &block.text),
            Some("forward") => {
                for line in block.text.lines() {
                    assert_known(&below(LISTENER, 4, line), &wrong, line);
                }
                checked += 1;
                continue;
            }
            Some(_) | None => block.text.clone(),
        };
        assert_known(&text, &wrong, &format!("{}:{}", page.name, block.line));
        checked += 1;
    }
    assert!(checked >= 8, "only {checked} fragments");
}

/// A fragment below the lines that lead to it.
fn below(lead: &str, depth: usize, fragment: &str) -> String {
    let lines = fragment.lines().map(|line| format!("{}{line}\n", "  ".repeat(depth)));
    std::iter::once(lead.to_owned()).chain(lines).collect()
}

fn assert_known(text: &str, wrong: &[&str], shown: &str) {
    let text = format!("stack: fragment\nregion: eu-west-1\nvars: {{ image_tag: \"1\" }}\n{text}");
    let found = load_block(&text).unwrap_or_else(|errors| errors);
    let bad: Vec<Diagnostic> =
        found.into_iter().filter(|one| wrong.contains(&one.code) || one.code.contains("yaml")).collect();
    assert!(bad.is_empty(), "{shown}:\n{}\n{text}", words(&bad));
}

#[test]
fn every_example_and_stack_is_valid_without_warnings() {
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in ["examples", "stacks"] {
        let list = std::fs::read_dir(root().join(folder)).expect("the folder is there");
        let list = list.map(|entry| entry.expect("an entry").path());
        files.extend(list.filter(|path| path.extension().is_some_and(|end| end == "yaml")));
    }
    assert!(files.len() >= 10, "{files:?}");
    for path in files {
        check(&path, &path.display().to_string());
    }
}

#[test]
fn every_link_leads_to_a_file_or_a_heading() {
    let pages = Page::all();
    let mut seen = 0;
    for page in &pages {
        for link in &page.links {
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').map_or((link.as_str(), None), |(file, at)| (file, Some(at)));
            let path =
                if file.is_empty() { page.path.clone() } else { page.path.parent().expect("a folder").join(file) };
            assert!(path.exists(), "{}: {link} leads nowhere", page.name);
            if let Some(anchor) = anchor {
                let target = Page::at(&path);
                assert!(target.anchors.iter().any(|one| one == anchor), "{}: no heading for {link}", page.name);
            }
            seen += 1;
        }
    }
    assert!(seen > 30, "only {seen} links");
}
