//! `evenkeel validate`: everything that can be said about a stack file without a network.

use evenkeel_core::graph::{Graph, Node};
use serde_json::{Value, json};

use super::session::File;
use super::several::files::{Named, named};
use super::several::validate;
use super::{Context, Run};
use crate::args::{Format, StackFiles};
use crate::exit::{Exit, Failure};
use crate::report::{diagnostics, escape, words};
use crate::style::{Palette, Tone};

const EXAMPLES: &str = "\
Examples:
  evenkeel validate                                ./stack.yaml
  evenkeel validate stacks/web.yaml --format json  for an editor or a pull request
  evenkeel validate stacks/                        every stack file in a folder";

/// Check stack files; needs no network.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ValidateArgs {
    /// The stack files.
    #[command(flatten)]
    pub files: StackFiles,
}

impl Run for ValidateArgs {
    async fn run(&self, Context { global, ui, .. }: Context<'_>) -> Result<Exit, Failure> {
        let path = match named(&self.files.stacks)? {
            Named::One(path) => path,
            Named::Several(paths) => return Ok(validate::run(&paths, global, ui)),
        };
        let file = File::load(&path, global, ui)?;
        let graph = file.graph("unknown")?;
        match ui.format {
            Format::Json => ui.out.json(&document(&file, &graph)),
            Format::Text | Format::Markdown => ui.out.line(&line(&file, &graph, ui.out.palette)),
        }
        Ok(Exit::Done)
    }
}

/// How many resources a graph has, and how many it only looks up, which are nobody's to count: a plan does not, either.
fn sizes(graph: &Graph) -> (usize, usize) {
    let only_looked_up = |node: &&Node| node.lookup;
    let looked_up = graph.nodes().filter(only_looked_up).count();
    (graph.len() - looked_up, looked_up)
}

/// What a file without mistakes amounts to, for programs.
pub fn document(file: &File, graph: &Graph) -> Value {
    let loaded = &file.loaded;
    let (resources, looked_up) = sizes(graph);
    json!({
        "valid": true,
        "stack": loaded.stack.name,
        "resources": resources,
        "looked_up": looked_up,
        "diagnostics": loaded.warnings.iter().map(diagnostics::json).collect::<Vec<_>>(),
    })
}

/// What a file without mistakes amounts to, for a person.
pub fn line(file: &File, graph: &Graph, palette: Palette) -> String {
    let valid = palette.paint(Tone::Add, "is valid");
    let warnings = match file.loaded.warnings.len() {
        0 => String::new(),
        many => format!(", {}", words::count(many, "warning")),
    };
    let (resources, looked_up) = sizes(graph);
    let count = words::count(resources, "resource");
    let looked_up = if looked_up > 0 { format!(" (and {looked_up} looked up)") } else { String::new() };
    let path = escape::text(&file.path.display().to_string());
    format!("{path} {valid}: {count}{looked_up}{warnings}")
}
