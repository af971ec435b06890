//! `evenkeel schema`: the JSON Schema of the stack file, for editors.

use evenkeel_stack::{ROOT, table};

use crate::exit::{Exit, Failure};
use crate::out::Ui;

/// Runs the command.
pub fn run(ui: &mut Ui) -> Result<Exit, Failure> {
    ui.out.pretty_json(&table::json_schema(&ROOT));
    Ok(Exit::Done)
}
