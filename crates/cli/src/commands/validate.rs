//! `evenkeel validate`: everything that can be said about a stack file without a network.

use serde_json::json;

use super::session;
use crate::args::{Format, Global, Validate};
use crate::exit::{Exit, Failure};
use crate::out::Ui;
use crate::report::{diagnostics, words};
use crate::style::Tone;

/// Runs the command.
///
/// # Errors
/// If the file is wrong.
pub fn run(args: &Validate, global: &Global, ui: &mut Ui) -> Result<Exit, Failure> {
    let loaded = session::load(&args.stack, global, ui)?;
    let region = session::region(global, loaded.stack.region.as_deref()).unwrap_or_else(|| "unknown".to_owned());
    let graph = session::graph(&loaded.stack, &region)?;
    match ui.format {
        Format::Json => {
            let document = json!({
                "valid": true,
                "stack": loaded.stack.name,
                "resources": graph.len(),
                "diagnostics": loaded.warnings.iter().map(diagnostics::json).collect::<Vec<_>>(),
            });
            ui.out.line(&document.to_string());
        }
        Format::Text | Format::Markdown => {
            let valid = ui.out.palette.paint(Tone::Add, "is valid");
            let warnings = match loaded.warnings.len() {
                0 => String::new(),
                many => format!(", {}", words::count(many, "warning")),
            };
            let count = words::count(graph.len(), "resource");
            ui.out.line(&format!("{} {valid}: {count}{warnings}", args.stack.display()));
        }
    }
    Ok(Exit::Done)
}
