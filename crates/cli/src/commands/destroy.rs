//! `evenkeel destroy`: deletes everything that belongs to a stack, found by its marks; the file gives only the name.

use std::path::PathBuf;

use evenkeel_core::plan::PlanOptions;

use super::session::{Changing, File, Job, Planning, Reading, consent};
use super::{Context, Run};
use crate::again::Again;
use crate::args::{Confirmation, Consent, Global, Pace, STACK_FILE};
use crate::exit::{Exit, Failure};
use crate::out::Ui;

const EXAMPLES: &str = "\
Examples:
  evenkeel destroy                                 delete everything that belongs to the stack of ./stack.yaml
  evenkeel destroy --stack cruddur --region ca-central-1
  evenkeel destroy --yes --consent log_group.app   also delete the data of a log group";

/// Delete everything that belongs to a stack.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct DestroyArgs {
    /// The stack file; only its name, region, account and `protect` are used.
    #[arg(value_name = "STACK", default_value = STACK_FILE)]
    pub file: PathBuf,
    /// The name of the stack, if there is no file.
    #[arg(long = "stack", value_name = "NAME", conflicts_with = "file", value_parser = stack_name)]
    pub name: Option<String>,
    /// Whether to ask.
    #[command(flatten)]
    pub confirmation: Confirmation,
    /// What may be lost.
    #[command(flatten)]
    pub allowed: Consent,
    /// How fast.
    #[command(flatten)]
    pub pace: Pace,
}

/// Reads the name of a stack.
///
/// # Errors
/// If it cannot be one.
pub fn stack_name(text: &str) -> Result<String, String> {
    let good = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.len() <= 64
        && text.chars().all(|one| one.is_ascii_alphanumeric() || one == '-');
    if good {
        Ok(text.to_owned())
    } else {
        Err("use 1 to 64 letters, digits and hyphens, and begin with a letter".to_owned())
    }
}

impl DestroyArgs {
    /// The same once more.
    pub fn again(&self, global: &Global) -> Again {
        let again = match &self.name {
            Some(name) => Again::of(&["destroy", "--stack", name]).place(global),
            None => Again::on("destroy", &self.file).place(global).vars(global),
        };
        again.consent(&self.allowed).run(self.pace, self.confirmation)
    }
}

impl Run for DestroyArgs {
    async fn run(&self, Context { global, interrupt, ui }: Context<'_>) -> Result<Exit, Failure> {
        let yes = self.confirmation.yes;
        consent::allowed("destroy", yes, ui)?;
        let reading = match &self.name {
            Some(name) => by_name(name, global, ui).await?,
            None => File::load(&self.file, global, ui)?.connect_to_destroy(global, ui).await?,
        };
        let stack = &reading.graph.stack;
        let job = Job {
            again: self.again(global),
            password: stack.name.clone(),
            question: format!("Delete all of this in {}? It cannot be undone.", stack.region),
            yes,
            parallel: self.pace.parallel,
            interrupt,
        };
        let options = PlanOptions { consent: self.allowed.ids(), ..PlanOptions::default() };
        Changing::new(Planning::new(reading, options), job, None).plan_and_run(ui).await
    }
}

/// A stack without its file.
async fn by_name(name: &str, global: &Global, ui: &mut Ui) -> Result<Reading, Failure> {
    if let Some((key, _)) = global.vars.first() {
        return Err(Failure::Usage(format!("--var {key}: without a stack file there is no such variable")));
    }
    Reading::by_name(name, global, ui).await
}
