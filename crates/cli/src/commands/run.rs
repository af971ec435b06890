//! What a command is: it is read from a command line, and run with what every command is given. Knows none of them.

use crate::args::Global;
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::out::Ui;

/// What every command is given.
pub struct Context<'a> {
    /// The flags of every command.
    pub global: &'a Global,
    /// Ctrl-C.
    pub interrupt: Interrupt,
    /// Where it prints.
    pub ui: &'a mut Ui,
}

/// A command that was read from a command line.
pub trait Run {
    /// Whether Ctrl-C ends it early; for a server it is how it is stopped.
    const INTERRUPTED: bool = true;

    /// Runs it.
    ///
    /// # Errors
    /// Whatever ended it before its work was done.
    async fn run(&self, with: Context<'_>) -> Result<Exit, Failure>;
}
