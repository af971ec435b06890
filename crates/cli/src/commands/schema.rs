//! `evenkeel schema`: the JSON Schema of the stack file, for editors.

use evenkeel_stack::{ROOT, table};

use super::{Context, Run};
use crate::exit::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  evenkeel schema >stack.schema.json               for a line at the top of a stack file:
                                                   # yaml-language-server: $schema=stack.schema.json";

/// Print the JSON Schema of the stack file, for editors.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct SchemaArgs {}

impl Run for SchemaArgs {
    async fn run(&self, with: Context<'_>) -> Result<Exit, Failure> {
        with.ui.out.pretty_json(&table::json_schema(&ROOT));
        Ok(Exit::Done)
    }
}
