//! Several stack files at once: which ones a command line names ([`files`]), and what `plan` and `validate` make of them. Each is
//! taken as if it were alone: what is wrong with one keeps no other from its result, and the worst end is the end of all.

pub mod files;
pub mod plan;
pub mod validate;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use evenkeel_core::diagnostic::Diagnostic;
use evenkeel_core::graph::Graph;
use serde_json::{Value, json};

use super::session::File;
use crate::args::{Format, Global};
use crate::exit::{Exit, Failure};
use crate::out::Ui;
use crate::report::{escape, failure};

/// One of several stack files, and what became of it.
struct Part<T> {
    path: PathBuf,
    outcome: Result<T, Failure>,
}

impl<T> Part<T> {
    /// The path as it is shown.
    fn name(&self) -> String {
        escape::text(&self.path.display().to_string())
    }

    /// What a program gets of it: what it gets of a stack alone, with the file and the exit code.
    fn document(&self, exit: Exit, of: impl FnOnce(&T) -> Value) -> Value {
        let mut document = match &self.outcome {
            Ok(it) => of(it),
            Err(error) => failure::json(error),
        };
        if let Some(map) = document.as_object_mut() {
            map.insert("file".to_owned(), json!(self.path.display().to_string()));
            map.insert("exit_code".to_owned(), json!(exit.code()));
        }
        document
    }
}

/// Reads each of the files.
fn load(paths: &[PathBuf], global: &Global, ui: &mut Ui) -> Vec<Part<(File, Graph)>> {
    let mut parts: Vec<Part<(File, Graph)>> = Vec::new();
    let mut secrets = Vec::new();
    for path in paths {
        let file = File::load(path, global, ui);
        secrets.extend(file.as_ref().ok().map(|file| file.loaded.secrets.clone()));
        let outcome = file.and_then(|file| {
            let graph = file.graph("unknown")?;
            Ok((file, graph))
        });
        parts.push(Part { path: path.clone(), outcome });
    }
    ui.hide_all(&secrets);
    refuse_twins(&mut parts);
    parts
}

/// Refuses files of one stack: each would delete what only the other has.
fn refuse_twins(parts: &mut [Part<(File, Graph)>]) {
    let mut first: BTreeMap<(String, Option<String>, Option<String>), PathBuf> = BTreeMap::new();
    for part in parts {
        let Ok((file, _)) = &part.outcome else { continue };
        let stack = &file.loaded.stack;
        let whose = (stack.name.clone(), file.region.clone(), stack.account.clone());
        if let Some(other) = first.get(&whose) {
            part.outcome = Err(Failure::BadFile(vec![twin(&stack.name, &part.path, other)]));
        } else {
            first.insert(whose, part.path.clone());
        }
    }
}

fn twin(stack: &str, file: &Path, other: &Path) -> Diagnostic {
    let summary = format!("{} and {} are both of the stack {stack}", file.display(), other.display());
    let help =
        "Give one of them another name in `stack:`, or another `region:`. Each would delete what only the other has.";
    Diagnostic::error("twice", summary, None).help(help)
}

/// Shows a failure in full, below the name of its file; what has been shown already is not shown again.
fn show_failure(name: &str, error: &Failure, shown: &mut Vec<String>, ui: &mut Ui) {
    if ui.format == Format::Json {
        return;
    }
    let text = failure::render(error, ui.err.palette);
    if !shown.contains(&text) {
        ui.err.text(&format!("{name}:\n{text}\n"));
        shown.push(text);
    }
}
