//! `evenkeel continue`: lets a deployment that is paused go on, or go back, and follows it to its end.

use std::path::PathBuf;

use evenkeel_aws::services::ecs::service::follow::Ask;

use super::steered::Steered;
use super::{Context, Run};
use crate::args::{Confirmation, STACK_FILE};
use crate::exit::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  evenkeel continue web                            the deployment of a service goes on
  evenkeel continue web --rollback --yes           it goes back, without asking";

/// Let the paused deployment of a service go on, and wait for its end.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ContinueArgs {
    /// The service.
    #[arg(value_name = "SERVICE")]
    pub service: String,
    /// Go back to the revision before instead.
    #[arg(long)]
    pub rollback: bool,
    /// Whether to ask.
    #[command(flatten)]
    pub confirmation: Confirmation,
    /// The stack file.
    #[arg(long, value_name = "STACK", default_value = STACK_FILE)]
    pub file: PathBuf,
}

impl ContinueArgs {
    /// What it asks for.
    pub fn steered(&self) -> Steered<'_> {
        let (ask, verb, question) = if self.rollback {
            (Ask::Leave, "roll back", "Roll the deployment back?")
        } else {
            (Ask::Continue, "continue", "Continue the deployment?")
        };
        let (service, rollback, yes, file) = (&self.service, self.rollback, self.confirmation.yes, &self.file);
        Steered { command: "continue", service, rollback, yes, file, ask, verb, question }
    }
}

impl Run for ContinueArgs {
    async fn run(&self, context: Context<'_>) -> Result<Exit, Failure> {
        self.steered().run(context).await
    }
}
