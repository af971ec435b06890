//! From a stack file to the end of a run, in stages that can each do more than the one before:
//!
//! - [`mod@file`]: the stack file and its graph; nothing is sent
//! - [`reading`]: a connection to where the stack lives, and what is live there; nothing can be changed
//! - [`planning`]: a plan with its independent check; nothing can be changed
//! - [`changing`]: the question, the run, the ending; the only stage that hands the engine a way to change AWS
//! - [`values`]: another value for a secret that is there, without a plan
//! - [`environment`]: the variables of a service, for this machine
//! - [`logging`]: the lines that containers of services write
//! - [`executing`]: which container takes a command, and a session to it
//! - [`restarting`]: new deployments of what services run
//! - [`going_back`]: earlier revisions of what services run
//! - [`steering`]: deployments that are under way
//! - [`seeing`]: how a stack does that is live, and what is worth knowing of it
//!
//! A command takes the stage that it needs. Beside them are [`connect`] (the way to AWS), [`ways`] (that of several stacks), [`names`] (what the command line names),
//! [`save`] (plans in files), [`given`] (values that no plan holds) and [`consent`] (what is between a plan and its run).

pub mod changing;
pub mod connect;
pub mod consent;
mod environment;
pub mod executing;
pub mod file;
pub mod given;
pub mod going_back;
pub mod logging;
pub mod names;
pub mod planning;
pub mod reading;
pub mod restarting;
pub mod save;
pub mod seeing;
pub mod steering;
mod values;
pub mod ways;

pub use self::changing::{Bound, Changing};
pub use self::consent::Job;
pub use self::environment::Environment;
pub use self::file::{File, SIMULATED_REGION, region};
pub use self::planning::Planning;
pub use self::reading::Reading;
pub use self::seeing::Seeing;
pub use self::values::{Kept, Values};
pub use self::ways::Ways;
