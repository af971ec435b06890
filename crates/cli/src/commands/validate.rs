//! `evenkeel validate`: everything that can be said about a stack file without a network.

use evenkeel_core::graph::Node;
use serde_json::json;

use super::session;
use crate::args::{Format, Global, Validate};
use crate::exit::{Exit, Failure};
use crate::out::Ui;
use crate::report::{diagnostics, escape, words};
use crate::style::Tone;

/// Runs the command.
///
/// # Errors
/// If the file is wrong.
pub fn run(args: &Validate, global: &Global, ui: &mut Ui) -> Result<Exit, Failure> {
    let loaded = session::load(&args.stack, global, ui)?;
    let region = session::region(global, loaded.stack.region.as_deref()).unwrap_or_else(|| "unknown".to_owned());
    let graph = session::graph(&loaded.stack, &region)?;
    // What is only looked up is nobody's to count: a plan does not, either.
    let only_looked_up = |node: &&Node| node.lookup;
    let looked_up = graph.nodes().filter(only_looked_up).count();
    let resources = graph.len() - looked_up;
    match ui.format {
        Format::Json => {
            let document = json!({
                "valid": true,
                "stack": loaded.stack.name,
                "resources": resources,
                "looked_up": looked_up,
                "diagnostics": loaded.warnings.iter().map(diagnostics::json).collect::<Vec<_>>(),
            });
            ui.out.json(&document);
        }
        Format::Text | Format::Markdown => {
            let valid = ui.out.palette.paint(Tone::Add, "is valid");
            let warnings = match loaded.warnings.len() {
                0 => String::new(),
                many => format!(", {}", words::count(many, "warning")),
            };
            let count = words::count(resources, "resource");
            let looked_up = if looked_up > 0 { format!(" (and {looked_up} looked up)") } else { String::new() };
            let file = escape::text(&args.stack.display().to_string());
            ui.out.line(&format!("{file} {valid}: {count}{looked_up}{warnings}"));
        }
    }
    Ok(Exit::Done)
}
