//! `evenkeel validate`: everything that can be said about a stack file without a network.

use evenkeel_core::graph::{Graph, Node};
use serde_json::json;

use super::session::File;
use super::{Context, Run};
use crate::args::{Format, StackFile};
use crate::exit::{Exit, Failure};
use crate::out::Ui;
use crate::report::{diagnostics, escape, words};
use crate::style::Tone;

const EXAMPLES: &str = "\
Examples:
  evenkeel validate                                ./stack.yaml
  evenkeel validate stacks/web.yaml --format json  for an editor or a pull request";

/// Check the stack file; needs no network.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ValidateArgs {
    /// The stack file.
    #[command(flatten)]
    pub file: StackFile,
}

impl Run for ValidateArgs {
    async fn run(&self, Context { global, ui, .. }: Context<'_>) -> Result<Exit, Failure> {
        let file = File::load(&self.file.stack, global, ui)?;
        tell(&file, &file.graph("unknown")?, ui);
        Ok(Exit::Done)
    }
}

/// Says what a file without mistakes amounts to.
fn tell(file: &File, graph: &Graph, ui: &mut Ui) {
    let loaded = &file.loaded;
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
            let path = escape::text(&file.path.display().to_string());
            ui.out.line(&format!("{path} {valid}: {count}{looked_up}{warnings}"));
        }
    }
}
