//! What `evenkeel continue` and `evenkeel stop-deployment` have in common: they ask something of the deployment of one service that is under
//! way, once that is agreed to, and follow it to its end. Knows nothing of what is asked.

use std::path::Path;

use evenkeel_aws::services::ecs::service::follow::Ask;

use super::Context;
use super::session::steering::{self, Steer};
use super::session::{File, Job, consent};
use crate::again::Again;
use crate::args::{Global, PARALLEL};
use crate::exit::{Exit, Failure};

/// A command that steers a deployment.
pub struct Steered<'a> {
    /// The command's name.
    pub command: &'static str,
    /// The service, as the command line names it.
    pub service: &'a str,
    /// Whether `--rollback` was given.
    pub rollback: bool,
    /// Whether `--yes` was given.
    pub yes: bool,
    /// The stack file.
    pub file: &'a Path,
    /// What is asked for.
    pub ask: Ask,
    /// What is done, in words.
    pub verb: &'static str,
    /// The question that is answered with `yes`.
    pub question: &'static str,
}

impl Steered<'_> {
    /// The same once more.
    pub fn again(&self, global: &Global) -> Again {
        let again = Again::of(&[self.command, self.service]);
        let again = if self.rollback { again.flag("--rollback") } else { again };
        let again = again.file(self.file).place(global).vars(global);
        if self.yes { again.flag("--yes") } else { again }
    }

    /// Runs it.
    ///
    /// # Errors
    /// As [`steering::steer`]; if the file cannot be used, or nobody can be asked.
    pub async fn run(self, Context { global, interrupt, ui }: Context<'_>) -> Result<Exit, Failure> {
        consent::allowed(self.command, self.yes, ui)?;
        let job = Job {
            again: self.again(global),
            password: "yes".to_owned(),
            question: self.question.to_owned(),
            yes: self.yes,
            parallel: PARALLEL,
            interrupt,
        };
        let status = Again::on("status", self.file).place(global).vars(global).to_string();
        let file = File::load(self.file, global, ui)?;
        let steer = Steer { service: self.service, ask: self.ask, verb: self.verb, status };
        steering::steer(file.connect(global, ui).await?, steer, job, ui).await
    }
}
