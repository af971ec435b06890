//! `evenkeel graph` over all stack files that we ship: what is in a picture, how it is drawn, and how its page behaves in a browser.
//! What a security group opens or not is tested beside the code.

mod drawing;
mod model;
mod page;
mod plan;

use std::path::PathBuf;

use evenkeel_tests::moto::root;
use evenkeel_tests::program::{Program, Ran};
use serde_json::Value;

/// A certificate that one of the examples takes from the environment.
const CERTIFICATE: &str = "arn:aws:acm:ca-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555";

fn program() -> Program {
    Program::offline().env("CERTIFICATE_ARN", CERTIFICATE).env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
}

/// Every stack file that we ship, and one with more lines, from the root of the repository.
fn files() -> Vec<String> {
    let mut files: Vec<String> = Vec::new();
    for folder in ["stacks", "examples"] {
        let entries = std::fs::read_dir(root().join(folder)).expect("the folder is there");
        let paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        let paths = paths.iter().filter(|path| path.extension().is_some_and(|end| end == "yaml"));
        files.extend(paths.map(|path| format!("{folder}/{}", path.file_name().expect("a name").to_string_lossy())));
    }
    files.push("tests/clients/page/mesh.yaml".to_owned());
    files.sort();
    assert!(files.len() > 20, "{files:?}");
    files
}

#[track_caller]
fn graph(file: &str, more: &[&str]) -> Ran {
    program().run(&[&["graph", file], more].concat()).exits(0)
}

/// The picture as data.
#[track_caller]
fn data(file: &str) -> Value {
    serde_json::from_str(&graph(file, &["--format", "json"]).stdout).expect("it is JSON")
}

/// The members of a list.
fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}
