//! What is wrong with the user's file: collected, never thrown at the first one, and shown all together. Plain data; the
//! command line draws it.

use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

/// A text that was read: the stack file, or a task definition beside it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Source {
    /// The path as the user gave it.
    pub path: String,
    /// The whole text.
    pub text: Arc<str>,
}

/// A place in a source.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Place {
    /// The source.
    pub source: Arc<Source>,
    /// The bytes meant.
    pub span: Range<usize>,
}

impl Place {
    /// The line, counted from 1.
    pub fn line(&self) -> usize {
        let end = self.span.start.min(self.source.text.len());
        self.source.text.as_bytes()[..end].iter().filter(|byte| **byte == b'\n').count() + 1
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.source.path, self.line())
    }
}

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// It can, but this is probably not what was meant.
    Warning,
}

/// One finding.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A short name that never changes, for tests and searches: `unknown-key`, `bad-port`.
    pub code: &'static str,
    /// What is wrong, in one line, naming the value: ``unknown key `prot` ``.
    pub summary: String,
    /// Where: the line to underline, and the words beneath it.
    pub place: Option<Place>,
    /// The words beneath the underline; empty for none.
    pub label: String,
    /// Further places that matter, each with its words (`first given here`).
    pub related: Vec<(Place, String)>,
    /// Why it matters and what to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: &'static str, summary: impl Into<String>, place: Option<Place>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            summary: summary.into(),
            place,
            label: String::new(),
            related: Vec::new(),
            help: None,
        }
    }

    /// A warning at a place.
    pub fn warning(code: &'static str, summary: impl Into<String>, place: Option<Place>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, summary, place) }
    }

    /// Sets the words beneath the underline.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Sets why it matters and what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a further place.
    #[must_use]
    pub fn related(mut self, place: Place, words: impl Into<String>) -> Self {
        self.related.push((place, words.into()));
        self
    }
}
