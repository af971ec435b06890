//! `evenkeel restart`: new tasks for services, of the revision that they run, and the wait for what becomes of them.

use std::path::PathBuf;

use super::session::{File, Job, consent, restarting};
use super::{Context, Run};
use crate::again::Again;
use crate::args::{Confirmation, Global, PARALLEL, STACK_FILE};
use crate::exit::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  evenkeel restart web                             new tasks for a service, once that is confirmed
  evenkeel restart web worker --yes                of two services, without asking";

/// Restart services: a new deployment of what they run.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct RestartArgs {
    /// The services.
    #[arg(value_name = "SERVICE", required = true)]
    pub services: Vec<String>,
    /// Whether to ask.
    #[command(flatten)]
    pub confirmation: Confirmation,
    /// The stack file.
    #[arg(long, value_name = "STACK", default_value = STACK_FILE)]
    pub file: PathBuf,
}

impl RestartArgs {
    /// The same once more.
    pub fn again(&self, global: &Global) -> Again {
        let names: Vec<&str> = self.services.iter().map(String::as_str).collect();
        let again = Again::of(&[&["restart"], &names[..]].concat()).file(&self.file).place(global).vars(global);
        if self.confirmation.yes { again.flag("--yes") } else { again }
    }
}

impl Run for RestartArgs {
    async fn run(&self, Context { global, interrupt, ui }: Context<'_>) -> Result<Exit, Failure> {
        let yes = self.confirmation.yes;
        consent::allowed("restart", yes, ui)?;
        let job = Job {
            again: self.again(global),
            password: "yes".to_owned(),
            question: "Restart?".to_owned(),
            yes,
            parallel: PARALLEL,
            interrupt,
        };
        let file = File::load(&self.file, global, ui)?;
        restarting::restart(file.connect(global, ui).await?, &self.services, job, ui).await
    }
}
