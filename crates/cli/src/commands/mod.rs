//! The commands, one file each: its arguments, its help, and what it does. A new one is a file here, its `mod` line, and its line in
//! the list below. What several commands do, from a stack file to the end of a run, is in `session/`; what `plan` and `validate` do
//! with several stack files, in `several/`.

pub mod apply;
pub mod completions;
pub mod destroy;
pub mod env;
pub mod exec;
pub mod explain;
pub mod graph;
pub mod list;
pub mod logs;
pub mod outputs;
pub mod plan;
pub mod proceed;
pub mod push;
pub mod restart;
pub mod rollback;
mod run;
pub mod schema;
pub mod secrets;
pub mod session;
pub mod several;
pub mod sim;
pub mod status;
mod steered;
pub mod stop_deployment;
pub mod validate;

use clap::Subcommand;

pub use self::run::{Context, Run};

use crate::args::Global;
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::out::Ui;

/// The list of commands: what can be written, and what it runs.
macro_rules! commands {
    ($($name:ident($args:ty),)+) => {
        /// What to do.
        #[derive(Subcommand, Debug)]
        pub enum Command {
            $(
                $name($args),
            )+
        }

        impl Command {
            /// Runs the command.
            ///
            /// # Errors
            /// Whatever ended it before its work was done.
            pub async fn run(&self, global: &Global, ui: &mut Ui) -> Result<Exit, Failure> {
                match self {
                    $(Self::$name(args) => begin(args, global, ui).await,)+
                }
            }
        }
    };
}

commands! {
    Plan(plan::PlanArgs),
    Apply(apply::ApplyArgs),
    Destroy(destroy::DestroyArgs),
    Status(status::StatusArgs),
    Logs(logs::LogsArgs),
    Exec(exec::ExecArgs),
    Restart(restart::RestartArgs),
    Rollback(rollback::RollbackArgs),
    Continue(proceed::ContinueArgs),
    StopDeployment(stop_deployment::StopDeploymentArgs),
    Outputs(outputs::OutputsArgs),
    List(list::ListArgs),
    Push(push::PushArgs),
    Validate(validate::ValidateArgs),
    Graph(graph::GraphArgs),
    Explain(explain::ExplainArgs),
    Schema(schema::SchemaArgs),
    Secrets(secrets::SecretsArgs),
    Env(env::EnvArgs),
    Sim(sim::SimArgs),
    Completions(completions::CompletionsArgs),
}

async fn begin<C: Run>(command: &C, global: &Global, ui: &mut Ui) -> Result<Exit, Failure> {
    let interrupt = if C::INTERRUPTED { Interrupt::listen() } else { Interrupt::default() };
    command.run(Context { global, interrupt, ui }).await
}
