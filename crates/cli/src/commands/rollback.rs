//! `evenkeel rollback`: takes a service back to an earlier revision, and waits for what becomes of it.

use std::path::PathBuf;

use super::session::{File, Job, consent, going_back};
use super::{Context, Run};
use crate::again::Again;
use crate::args::{Confirmation, Global, PARALLEL, STACK_FILE};
use crate::exit::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  evenkeel rollback web                            to the last revision that was deployed with success
  evenkeel rollback web --to 41 --yes              to a revision, without asking";

/// Take a service back to an earlier revision: a new deployment of that.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct RollbackArgs {
    /// The service.
    #[arg(value_name = "SERVICE")]
    pub service: String,
    /// The revision of its task definition: a number, `family:number` or an ARN.
    #[arg(long, value_name = "REVISION")]
    pub to: Option<String>,
    /// Whether to ask.
    #[command(flatten)]
    pub confirmation: Confirmation,
    /// The stack file.
    #[arg(long, value_name = "STACK", default_value = STACK_FILE)]
    pub file: PathBuf,
}

impl RollbackArgs {
    /// The same once more.
    pub fn again(&self, global: &Global) -> Again {
        let again = Again::of(&["rollback", &self.service]);
        let again = self.to.iter().fold(again, |again, to| again.value("--to", to));
        let again = again.file(&self.file).place(global).vars(global);
        if self.confirmation.yes { again.flag("--yes") } else { again }
    }
}

impl Run for RollbackArgs {
    async fn run(&self, Context { global, interrupt, ui }: Context<'_>) -> Result<Exit, Failure> {
        let yes = self.confirmation.yes;
        consent::allowed("rollback", yes, ui)?;
        let job = Job {
            again: self.again(global),
            password: "yes".to_owned(),
            question: "Roll back?".to_owned(),
            yes,
            parallel: PARALLEL,
            interrupt,
        };
        let file = File::load(&self.file, global, ui)?;
        going_back::go_back(file.connect(global, ui).await?, &self.service, self.to.as_deref(), job, ui).await
    }
}
