//! `evenkeel explain`: what a key of the stack file takes, what holds without it, and AWS's word for it.

use evenkeel_stack::{ROOT, table};

use crate::args::Explain;
use crate::exit::{Exit, Failure};
use crate::out::Ui;

/// Runs the command.
///
/// # Errors
/// If there is no such key.
pub fn run(args: &Explain, ui: &mut Ui) -> Result<Exit, Failure> {
    let text = table::explain(&ROOT, args.key.as_deref());
    let text = text.map_err(|(what, help)| Failure::Usage(format!("{what}. {help}")))?;
    ui.out.text(&text);
    Ok(Exit::Done)
}
