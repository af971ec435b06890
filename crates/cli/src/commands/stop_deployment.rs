//! `evenkeel stop-deployment`: stops the deployment of a service where it is, or takes it back, and follows it to its end.

use std::path::PathBuf;

use evenkeel_aws::services::ecs::service::follow::Ask;

use super::session::steering::{self, Steer};
use super::session::{File, Job, consent};
use super::{Context, Run};
use crate::again::Again;
use crate::args::{Confirmation, Global, PARALLEL, STACK_FILE};
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
    /// The same once more.
    pub fn again(&self, global: &Global) -> Again {
        let again = Again::of(&["stop-deployment", &self.service]);
        let again = if self.rollback { again.flag("--rollback") } else { again };
        let again = again.file(&self.file).place(global).vars(global);
        if self.confirmation.yes { again.flag("--yes") } else { again }
    }
}

impl Run for StopDeploymentArgs {
    async fn run(&self, Context { global, interrupt, ui }: Context<'_>) -> Result<Exit, Failure> {
        let yes = self.confirmation.yes;
        consent::allowed("stop-deployment", yes, ui)?;
        let (ask, verb, question) = if self.rollback {
            (Ask::Back, "roll back", "Roll the deployment back?")
        } else {
            (Ask::Stop, "stop", "Stop the deployment?")
        };
        let job = Job {
            again: self.again(global),
            password: "yes".to_owned(),
            question: question.to_owned(),
            yes,
            parallel: PARALLEL,
            interrupt,
        };
        let status = Again::on("status", &self.file).place(global).vars(global).to_string();
        let file = File::load(&self.file, global, ui)?;
        let steer = Steer { service: &self.service, ask, verb, status };
        steering::steer(file.connect(global, ui).await?, steer, job, ui).await
    }
}
