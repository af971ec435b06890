//! `evenkeel completions`: a completion script for a shell.

use clap::CommandFactory;

use crate::args::{Args, Completions};
use crate::exit::{Exit, Failure};
use crate::out::Ui;

/// Runs the command.
pub fn run(args: &Completions, ui: &mut Ui) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "evenkeel", &mut script);
    ui.out.text(&String::from_utf8_lossy(&script));
    Ok(Exit::Done)
}
