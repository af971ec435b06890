//! `evenkeel continue`: lets a deployment that is paused go on, or go back, and follows it to its end.

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
    /// The same once more.
    pub fn again(&self, global: &Global) -> Again {
        let again = Again::of(&["continue", &self.service]);
        let again = if self.rollback { again.flag("--rollback") } else { again };
        let again = again.file(&self.file).place(global).vars(global);
        if self.confirmation.yes { again.flag("--yes") } else { again }
    }
}

impl Run for ContinueArgs {
    async fn run(&self, Context { global, interrupt, ui }: Context<'_>) -> Result<Exit, Failure> {
        let yes = self.confirmation.yes;
        consent::allowed("continue", yes, ui)?;
        let (ask, verb, question) = if self.rollback {
            (Ask::Leave, "roll back", "Roll the deployment back?")
        } else {
            (Ask::Continue, "continue", "Continue the deployment?")
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
