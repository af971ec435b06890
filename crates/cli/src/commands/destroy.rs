//! `evenkeel destroy`: deletes everything that belongs to a stack, found by its marks; the file gives only the name.

use evenkeel_aws::kinds;
use evenkeel_core::graph::{Graph, StackInfo};
use evenkeel_core::plan::PlanOptions;

use super::carry_out::{self, Job};
use super::connect::connect;
use super::session::{self, Session};
use crate::again::Again;
use crate::args::{Destroy, Global};
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
    let mut session = match &args.name {
        Some(name) => by_name(name, global, options, ui).await?,
        None => session::open(&args.file, global, options, ui).await?,
    };
    let stack = &session.graph.stack;
    let job = Job {
        again: Again::destroy(args, global),
        password: stack.name.clone(),
        question: format!("Delete all of this in {}? It cannot be undone.", stack.region),
        yes: args.yes,
        parallel: args.parallel,
        interrupt,
    };
    carry_out::plan_and_run(&mut session, &job, None, ui).await
}

/// A session for a stack without its file.
async fn by_name(name: &str, global: &Global, options: PlanOptions, ui: &mut Ui) -> Result<Session, Failure> {
    if let Some((key, _)) = global.vars.first() {
        return Err(Failure::Usage(format!("--var {key}: without a stack file there is no such variable")));
    }
    let connection = connect(global, session::region(global, None), None, ui).await?;
    let graph = Graph::empty(StackInfo { name: name.to_owned(), region: connection.aws.region.clone() });
    tracing::debug!(kinds = kinds::ALL.len(), "looking for all resources of the stack");
    Ok(Session::new(graph, connection, options))
}
