//! `evenkeel destroy`: deletes everything that belongs to a stack, found by its marks; the file gives only the name.

use evenkeel_aws::kinds;
use evenkeel_core::graph::{Graph, StackInfo};
use evenkeel_core::plan::PlanOptions;

use super::carry_out::{self, Job};
use super::session::{self, Session};
use crate::args::{self, Destroy, Global};
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::out::Ui;

/// Runs the command.
///
/// # Errors
/// If the file is wrong, AWS cannot be read, or the plan may not be carried out.
pub async fn run(args: &Destroy, global: &Global, interrupt: Interrupt, ui: &mut Ui) -> Result<Exit, Failure> {
    carry_out::allowed("destroy", args.yes, ui)?;
    let options =
        PlanOptions { destroy: true, consent: args.consent.iter().cloned().collect(), ..PlanOptions::default() };
    let (session, again) = match &args.name {
        Some(name) => (
            by_name(name, global, options, ui).await?,
            format!("evenkeel destroy --stack {name}{}", args::simulated(global)),
        ),
        None => {
            (session::open(&args.file, global, options, ui).await?, args::command_for("destroy", &args.file, global))
        }
    };
    let stack = &session.graph.stack;
    let job = Job {
        again,
        password: stack.name.clone(),
        question: format!("Delete all of this, for good, in {}?", stack.region),
        yes: args.yes,
        parallel: args.parallel,
        interrupt,
    };
    carry_out::plan_and_run(&session, &job, ui).await
}

/// A session for a stack without its file.
async fn by_name(name: &str, global: &Global, options: PlanOptions, ui: &mut Ui) -> Result<Session, Failure> {
    let connection = session::connect(global, session::region(global, None), None, ui).await?;
    let graph = Graph::empty(StackInfo { name: name.to_owned(), region: connection.aws.region.clone() });
    tracing::debug!(kinds = kinds::ALL.len(), "looking for everything of the stack");
    Ok(Session::new(graph, connection, options))
}
