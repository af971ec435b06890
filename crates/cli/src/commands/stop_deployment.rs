//! `evenkeel stop-deployment`: stops the deployment of a service where it is, or takes it back, and follows it to its end.

use std::path::PathBuf;

use evenkeel_aws::services::ecs::service::follow::Ask;

use super::steered::Steered;
use super::{Context, Run};
use crate::args::{Confirmation, STACK_FILE};
use crate::exit::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  evenkeel stop-deployment web --rollback          the deployment under way goes back
  evenkeel stop-deployment web --yes               it stops where it is, without asking";

/// Stop the deployment of a service that is under way, and wait for its end.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct StopDeploymentArgs {
    /// The service.
    #[arg(value_name = "SERVICE")]
    pub service: String,
    /// Go back to the revision before; without it old and new tasks stay as they are.
    #[arg(long)]
    pub rollback: bool,
    /// Whether to ask.
    #[command(flatten)]
    pub confirmation: Confirmation,
    /// The stack file.
    #[arg(long, value_name = "STACK", default_value = STACK_FILE)]
    pub file: PathBuf,
}

impl StopDeploymentArgs {
    /// What it asks for.
    pub fn steered(&self) -> Steered<'_> {
        let (ask, verb, question) = if self.rollback {
            (Ask::Back, "roll back", "Roll the deployment back?")
        } else {
            (Ask::Stop, "stop", "Stop the deployment?")
        };
        let (service, rollback, yes, file) = (&self.service, self.rollback, self.confirmation.yes, &self.file);
        Steered { command: "stop-deployment", service, rollback, yes, file, ask, verb, question }
    }
}

impl Run for StopDeploymentArgs {
    async fn run(&self, context: Context<'_>) -> Result<Exit, Failure> {
        self.steered().run(context).await
    }
}
