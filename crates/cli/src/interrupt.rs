//! Ctrl-C. Before a run it ends the program; during a run the first one asks the engine to stop, the second not to wait.

use std::sync::{Arc, Mutex};

use evenkeel_core::execute::Stop;

use crate::exit::Exit;

/// Listens for Ctrl-C from its creation on.
#[derive(Clone, Default)]
pub struct Interrupt {
    /// The run under way, if there is one.
    run: Arc<Mutex<Option<Stop>>>,
}

impl Interrupt {
    /// Begins to listen; needs a runtime.
    pub fn listen() -> Self {
        let interrupt = Self::default();
        let run = Arc::clone(&interrupt.run);
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                let stop = run.lock().expect("no panic holds it").clone();
                match stop {
                    Some(stop) => stop.ask(),
                    // Nothing has been changed yet, so there is nothing to finish.
                    None => {
                        // The terminal has echoed `^C`; the prompt is to stand on a line of its own.
                        let terminal = console::Term::stderr();
                        if terminal.is_term() {
                            drop(terminal.write_line(""));
                        }
                        std::process::exit(Exit::Interrupted.code().into())
                    }
                }
            }
        });
        interrupt
    }

    /// From now on Ctrl-C is for this run.
    pub fn hand_to(&self, stop: &Stop) {
        *self.run.lock().expect("no panic holds it") = Some(stop.clone());
    }
}
