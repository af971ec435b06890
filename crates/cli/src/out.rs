//! Where text goes: results to stdout, everything else to stderr. A reader that has gone away (`| head`) is no error; a
//! full disk is, and is told at the end.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use evenkeel_aws::call::{Caller, Summary};
use evenkeel_core::secret::Secrets;
use serde_json::Value;

use crate::args::{Format, Global};
use crate::report::escape;
use crate::style::Palette;

/// One stream.
pub struct Out {
    stream: Box<dyn Write + Send>,
    /// Colours on this stream.
    pub palette: Palette,
    /// Whether nobody reads it any more.
    closed: bool,
    /// The first error of another sort.
    failed: Option<io::Error>,
    /// What must not be seen, whoever writes it.
    secrets: Secrets,
}

impl Out {
    /// Writes to any stream.
    pub fn new(stream: Box<dyn Write + Send>, palette: Palette) -> Self {
        Self { stream, palette, closed: false, failed: None, secrets: Secrets::default() }
    }

    /// Writes a text, which ends its own lines. Whatever it was put together from, it moves no cursor.
    pub fn text(&mut self, text: &str) {
        if self.closed || text.is_empty() {
            return;
        }
        let text = if self.secrets.is_empty() { text.to_owned() } else { self.secrets.message(text) };
        let written = self.stream.write_all(escape::sieve(&text).as_bytes()).and_then(|()| self.stream.flush());
        if let Err(error) = written {
            self.closed = true;
            if error.kind() != io::ErrorKind::BrokenPipe {
                self.failed = Some(error);
            }
        }
    }

    /// Writes one line.
    pub fn line(&mut self, line: &str) {
        self.text(&format!("{line}\n"));
    }

    /// Writes a document for programs, on one line.
    pub fn json(&mut self, document: &Value) {
        self.line(&escape::json(document, false));
    }

    /// Writes a document for programs that a person can read too.
    pub fn pretty_json(&mut self, document: &Value) {
        self.line(&escape::json(document, true));
    }

    /// Whether nobody reads it any more: whoever writes without an end stops then.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The error that lost something of the text, if there was one.
    pub fn failed(&self) -> Option<&io::Error> {
        self.failed.as_ref()
    }
}

/// The user's side of a run.
pub struct Ui {
    /// Results.
    pub out: Out,
    /// Progress, questions, errors.
    pub err: Out,
    /// How results are printed.
    pub format: Format,
    /// How often `-v` was given.
    pub verbose: u8,
    /// Whether progress is unwanted.
    pub quiet: bool,
    /// Whether somebody can be asked: input and both outputs are terminals.
    pub interactive: bool,
    /// Whether stderr is a terminal on which lines can be redrawn.
    pub live: bool,
    /// Whether the calls made are to be shown.
    pub wants_stats: bool,
    /// Who counts the calls, once there is a connection.
    pub caller: Option<Arc<Caller>>,
    /// The fewest calls that would do, of a plan.
    pub floor: Option<BTreeMap<&'static str, u64>>,
    /// Whether the calls have been shown as part of a result.
    pub stats_shown: bool,
    /// What the environment gave and must not be seen.
    pub secrets: Secrets,
}

impl Ui {
    /// The streams of the process.
    pub fn new(global: &Global) -> Self {
        let env = |name: &str| std::env::var(name).ok();
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let terminals = (stdout.is_terminal(), stderr.is_terminal());
        Self {
            out: Out::new(Box::new(stdout), Palette::choose(global.color, terminals.0, &env)),
            err: Out::new(Box::new(stderr), Palette::choose(global.color, terminals.1, &env)),
            format: global.format,
            verbose: global.verbose,
            quiet: global.quiet,
            interactive: io::stdin().is_terminal() && terminals.0 && terminals.1 && global.format == Format::Text,
            // Log messages and redrawn lines would write over each other.
            live: terminals.1 && global.verbose == 0 && env("TERM").is_none_or(|term| term != "dumb"),
            wants_stats: global.stats,
            caller: None,
            floor: None,
            stats_shown: false,
            secrets: Secrets::default(),
        }
    }

    /// Hides these values from now on.
    pub fn hide(&mut self, secrets: &Secrets) {
        self.secrets = secrets.clone();
        self.out.secrets = secrets.clone();
        self.err.secrets = secrets.clone();
    }

    /// Hides the values of several stacks from now on.
    pub fn hide_all<'a>(&mut self, secrets: impl IntoIterator<Item = &'a Secrets>) {
        let mut all = Secrets::default();
        for secrets in secrets {
            all.merge(secrets);
        }
        self.hide(&all);
    }

    /// What was sent, if that is to be shown; it then counts as shown.
    pub fn take_stats(&mut self) -> Option<Summary> {
        if !self.wants_stats || self.stats_shown {
            return None;
        }
        let summary = Summary { floor: self.floor.clone(), ..self.caller.as_ref()?.stats() };
        self.stats_shown = true;
        Some(summary)
    }

    /// Says what is being done, unless that is unwanted.
    pub fn note(&mut self, text: &str) {
        if !self.quiet {
            let line = self.err.palette.paint(crate::style::Tone::Dim, escape::text(text));
            self.err.line(&line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Refuses(io::ErrorKind);
    impl Write for Refuses {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        let mut out = Out::new(Box::new(Refuses(io::ErrorKind::BrokenPipe)), Palette::OFF);
        out.line("a");
        out.line("b");
        assert!(out.failed().is_none());
    }

    #[test]
    fn a_secret_is_written_as_its_name() {
        struct Kept(Arc<std::sync::Mutex<Vec<u8>>>);
        impl Write for Kept {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.lock().unwrap().write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let kept = Arc::default();
        let mut out = Out::new(Box::new(Kept(Arc::clone(&kept))), Palette::OFF);
        out.secrets.add_value("DB_PASSWORD", "hunter2!");
        out.line("ECS says: hunter2! is wrong");
        assert_eq!(String::from_utf8_lossy(&kept.lock().unwrap()), "ECS says: ${env.DB_PASSWORD} is wrong\n");
    }

    #[test]
    fn a_full_disk_is() {
        let mut out = Out::new(Box::new(Refuses(io::ErrorKind::StorageFull)), Palette::OFF);
        out.line("a");
        assert_eq!(out.failed().unwrap().kind(), io::ErrorKind::StorageFull);
    }
}
