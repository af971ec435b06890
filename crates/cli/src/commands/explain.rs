//! `evenkeel explain`: what a key of the stack file takes, what holds without it, and AWS's word for it.

use evenkeel_stack::{ROOT, table};

use super::{Context, Run};
use crate::exit::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  evenkeel explain                                 the sections
  evenkeel explain services                        the keys of a service
  evenkeel explain services.containers.image       one key";

/// Explain a key of the stack file.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ExplainArgs {
    /// The path of the key, with dots; without it, the sections are listed.
    #[arg(value_name = "SECTION[.KEY…]")]
    pub key: Option<String>,
}

impl Run for ExplainArgs {
    async fn run(&self, with: Context<'_>) -> Result<Exit, Failure> {
        let text = table::explain(&ROOT, self.key.as_deref());
        let text = text.map_err(|(what, help)| Failure::Usage(format!("{what}. {help}")))?;
        with.ui.out.text(&text);
        Ok(Exit::Done)
    }
}
