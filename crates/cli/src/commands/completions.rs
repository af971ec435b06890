//! `evenkeel completions`: a completion script for a shell.

use clap::CommandFactory;

use super::{Context, Run};
use crate::command_line::Args;
use crate::exit::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  evenkeel completions bash >~/.local/share/bash-completion/completions/evenkeel
  evenkeel completions zsh >~/.zfunc/_evenkeel
  evenkeel completions fish >~/.config/fish/completions/evenkeel.fish";

/// Print a completion script for a shell.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct CompletionsArgs {
    /// The shell.
    pub shell: clap_complete::Shell,
}

impl Run for CompletionsArgs {
    async fn run(&self, with: Context<'_>) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Args::command(), "evenkeel", &mut script);
        with.ui.out.text(&String::from_utf8_lossy(&script));
        Ok(Exit::Done)
    }
}
