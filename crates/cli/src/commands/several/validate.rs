//! `evenkeel validate` of several stack files: a line or a document for each, and what is wrong with any.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{load, show_failure};
use crate::args::{Format, Global};
use crate::commands::validate::{document, line};
use crate::exit::{Exit, Failure};
use crate::out::Ui;
use crate::report::{failure, words};
use crate::style::Tone;

/// Validates each of the files.
pub fn run(paths: &[PathBuf], global: &Global, ui: &mut Ui) -> Exit {
    let parts = load(paths, global, ui);
    let exit = |outcome: &Result<_, Failure>| outcome.as_ref().map_or_else(Failure::exit, |_| Exit::Done);
    let worst = parts.iter().fold(Exit::Done, |worst, part| worst.or_worse(exit(&part.outcome)));
    let valid = parts.iter().filter(|part| part.outcome.is_ok()).count();
    if ui.format == Format::Json {
        let stacks = parts.iter().map(|part| part.document(exit(&part.outcome), |(file, graph)| document(file, graph)));
        let stacks: Vec<Value> = stacks.collect();
        ui.out.json(&json!({
            "valid": valid == parts.len(),
            "summary": { "stacks": parts.len(), "valid": valid, "invalid": parts.len() - valid },
            "exit_code": worst.code(),
            "stacks": stacks,
        }));
        return worst;
    }
    let mut shown = Vec::new();
    for part in &parts {
        match &part.outcome {
            Ok((file, graph)) => ui.out.line(&line(file, graph, ui.out.palette)),
            Err(error) => {
                show_failure(&part.name(), error, &mut shown, ui);
                let wrong = ui.out.palette.paint(Tone::Danger, "is not valid");
                ui.out.line(&format!("{} {wrong}: {}", part.name(), failure::brief(error)));
            }
        }
    }
    ui.out.line(&format!("{}: {valid} valid, {} not", words::count(parts.len(), "stack file"), parts.len() - valid));
    worst
}
