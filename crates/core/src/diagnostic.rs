//! What is wrong with the user's file: collected, never thrown at the first one, and shown all together. Plain data; the
//! command line draws it.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::Serialize;

use crate::id::NodeId;

/// A text that was read: the stack file, or a task definition beside it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Source {
    /// The path as the user gave it.
    pub path: String,
    /// The whole text.
    pub text: Arc<str>,
    #[serde(skip)]
    breaks: Breaks,
}

impl Source {
    /// A text and its path.
    pub fn new(path: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        Self { path: path.into(), text: text.into(), breaks: Breaks::default() }
    }

    /// The line of a byte, counted from 1.
    pub fn line(&self, byte: usize) -> usize {
        let find = || self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
        self.breaks.0.get_or_init(find).partition_point(|at| *at < byte) + 1
    }
}

/// Where the lines of a text end, looked for once: every resource has a place, and to count lines for each takes longer than
/// to read the file. Follows from the text, so two of them never make a difference.
#[derive(Clone, Debug, Default)]
struct Breaks(OnceLock<Vec<usize>>);

impl PartialEq for Breaks {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Breaks {}

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
        self.source.line(self.span.start)
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
    /// The nodes that fail for it if it is left as it is; none if that is not known.
    pub about: Vec<NodeId>,
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
            about: Vec::new(),
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

    /// Names a node that fails for it.
    #[must_use]
    pub fn about(mut self, node: NodeId) -> Self {
        self.about.push(node);
        self
    }

    /// Adds a further place.
    #[must_use]
    pub fn related(mut self, place: Place, words: impl Into<String>) -> Self {
        self.related.push((place, words.into()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_many_as_there_are_breaks_before_it() {
        for text in ["", "a", "\n", "\n\n", "a\nb", "a\r\nb\n", "ä\n\nö: 1\n x", "stack: a\n\n\nregion: b\n"] {
            let source = Arc::new(Source::new("stack.yaml", text));
            for start in 0..text.len() + 3 {
                let place = Place { source: source.clone(), span: start..start };
                let counted = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
                assert_eq!(place.line(), counted, "byte {start} of {text:?}");
            }
        }
    }

    #[test]
    fn the_text_of_a_source_is_searched_once_for_lines() {
        let source = Arc::new(Source::new("stack.yaml", "a\nb\nc"));
        assert!(source.breaks.0.get().is_none());
        let at = |start| Place { source: source.clone(), span: start..start };
        assert_eq!(at(4).to_string(), "stack.yaml:3");
        let found = source.breaks.0.get().map(|found| found.as_ptr());
        assert_eq!((at(0).line(), at(2).line()), (1, 2));
        assert!(found.is_some() && source.breaks.0.get().map(|found| found.as_ptr()) == found);
        assert_eq!(*source, Source::new("stack.yaml", "a\nb\nc"), "what was searched makes no difference");
    }
}
