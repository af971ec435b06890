//! What is wrong with the user's file, drawn with its source lines underlined, or as JSON.

use std::fmt;

use evenkeel_core::diagnostic::{Diagnostic, Place, Severity};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use serde_json::{Value, json};

use super::escape::{self, text as clean};
use super::words;
use crate::style::Palette;

/// Lines longer than this are told by number, not drawn.
const LONGEST_LINE: usize = 400;
/// Columns after which words go to the next line, where no terminal is narrower.
const WIDTH: usize = 100;
/// The narrowest that is cared for.
const NARROWEST: usize = 40;

/// All of them, in the order of the file, errors and warnings alike, and their counts.
pub fn render(diagnostics: &[Diagnostic], palette: Palette) -> String {
    let theme = if palette.is_on() { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_width(width(palette));
    let mut text = String::new();
    for diagnostic in diagnostics {
        let drawn = Drawn::new(diagnostic);
        let before = text.len();
        if handler.render_report(&mut text, &drawn).is_err() {
            text.truncate(before);
            text += &format!("{}: {}\n", drawn.place_words(), clean(&diagnostic.summary));
        }
        text.push('\n');
    }
    text
}

/// The width of the terminal, if it is one that is drawn for.
fn width(palette: Palette) -> usize {
    let columns = palette.is_on().then(|| console::Term::stderr().size_checked()).flatten();
    columns.map_or(WIDTH, |(_, columns)| usize::from(columns).clamp(NARROWEST, WIDTH))
}

/// `2 errors, 1 warning`.
pub fn counts(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|one| one.severity == Severity::Error).count();
    let warnings = diagnostics.len() - errors;
    match (errors, warnings) {
        (0, 0) => "no problems".to_owned(),
        (errors, 0) => words::count(errors, "error"),
        (0, warnings) => words::count(warnings, "warning"),
        (errors, warnings) => format!("{}, {}", words::count(errors, "error"), words::count(warnings, "warning")),
    }
}

/// One finding for programs.
pub fn json(diagnostic: &Diagnostic) -> Value {
    let place = |place: &Place| {
        let (line, column) = position(place);
        json!({ "file": place.source.path, "line": line, "column": column, "start": place.span.start, "end": place.span.end })
    };
    json!({
        "severity": diagnostic.severity,
        "code": diagnostic.code,
        "summary": diagnostic.summary,
        "place": diagnostic.place.as_ref().map(place),
        "label": diagnostic.label,
        "related": diagnostic.related.iter().map(|(at, words)| json!({ "place": place(at), "words": words })).collect::<Vec<_>>(),
        "help": diagnostic.help,
    })
}

/// Line and column, both from 1.
fn position(place: &Place) -> (usize, usize) {
    let text = &place.source.text;
    let start = place.span.start.min(text.len());
    let line_start = text.as_bytes()[..start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let column = String::from_utf8_lossy(&text.as_bytes()[line_start..start]).chars().count() + 1;
    (place.line(), column)
}

/// A finding in the form in which miette draws it.
#[derive(Debug)]
struct Drawn<'a> {
    of: &'a Diagnostic,
    source: Option<NamedSource<String>>,
    help: Option<String>,
}

impl<'a> Drawn<'a> {
    fn new(of: &'a Diagnostic) -> Self {
        let source = of
            .place
            .as_ref()
            .filter(|place| drawable(place))
            .map(|place| NamedSource::new(clean(&place.source.path), visible(&place.source.text)));
        let mut help: Vec<String> = of.help.iter().map(|help| clean_lines(help)).collect();
        // miette draws one source; other places are told in words.
        let here = of.place.as_ref().filter(|_| source.is_some());
        help.extend(
            of.related
                .iter()
                .filter(|(place, _)| here.is_none_or(|here| here.source != place.source))
                .map(|(place, words)| format!("{}: {}", clean(&place.to_string()), clean(words))),
        );
        let mut drawn = Self { of, source, help: None };
        if drawn.source.is_none() && of.place.is_some() {
            help.insert(0, format!("at {}", drawn.place_words()));
        }
        drawn.help = (!help.is_empty()).then(|| help.join("\n"));
        drawn
    }

    fn place_words(&self) -> String {
        self.of.place.as_ref().map_or_else(
            || "stack file".to_owned(),
            |place| {
                let (line, column) = position(place);
                format!("{}:{line}:{column}", clean(&place.source.path))
            },
        )
    }
}

/// Whether the line of a place can be shown: it exists and is not endless.
fn drawable(place: &Place) -> bool {
    let bytes = place.source.text.as_bytes();
    if place.span.start > bytes.len() || place.span.end > bytes.len() || place.span.start > place.span.end {
        return false;
    }
    let start = bytes[..place.span.start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let end = bytes[place.span.start..]
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(bytes.len(), |at| place.span.start + at);
    end - start <= LONGEST_LINE
}

/// The text with everything unseen replaced by something of as many bytes, so that spans keep their places.
fn visible(text: &str) -> String {
    let stand_in = |one: char| match (one, one.len_utf8()) {
        ('\n' | '\t' | '\r', _) => one,
        (one, _) if !escape::is_unseen(one) => one,
        (_, 1) => '?',
        (_, 2) => '\u{b7}',
        (_, 3) => '\u{fffd}',
        (_, _) => '\u{1f6c7}',
    };
    text.chars().map(stand_in).collect()
}

fn clean_lines(text: &str) -> String {
    text.lines().map(clean).collect::<Vec<_>>().join("\n")
}

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&clean(&self.of.summary))
    }
}

impl std::error::Error for Drawn<'_> {}

impl miette::Diagnostic for Drawn<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        Some(Box::new(self.of.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.of.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.source.as_ref()?;
        let place = self.of.place.as_ref()?;
        let label = (!self.of.label.is_empty()).then(|| clean(&self.of.label));
        let main = LabeledSpan::new_primary_with_span(label, place.span.clone());
        let related = self
            .of
            .related
            .iter()
            .filter(move |(other, _)| other.source == place.source && drawable(other))
            .map(|(other, words)| LabeledSpan::new_with_span(Some(clean(words)), other.span.clone()));
        Some(Box::new(std::iter::once(main).chain(related)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use evenkeel_core::diagnostic::Source;

    use super::*;

    fn place(text: &str, span: std::ops::Range<usize>) -> Place {
        Place { source: Arc::new(Source::new("stack.yaml", text)), span }
    }

    #[test]
    fn a_finding_shows_its_line() {
        let text = "stack: a\nprot: 80\nport: 80\n";
        let finding = Diagnostic::error("unknown-key", "unknown key `prot`", Some(place(text, 9..13)))
            .label("not a key of a stack")
            .help("did you mean `port`?")
            .related(place(text, 18..22), "given here");
        insta::assert_snapshot!(render(&[finding], Palette::OFF), @r"
        unknown-key

          × unknown key `prot`
           ╭─[stack.yaml:2:1]
         1 │ stack: a
         2 │ prot: 80
           · ──┬─
           ·   ╰── not a key of a stack
         3 │ port: 80
           · ──┬─
           ·   ╰── given here
           ╰────
          help: did you mean `port`?
        ");
    }

    #[test]
    fn an_endless_line_and_a_wrong_place_are_told_in_words() {
        for (text, span) in [("x".repeat(10_000), 9_000..9_001), ("short".to_owned(), 3..99)] {
            let finding = Diagnostic::error("bad", "bad value", Some(place(&text, span)));
            let shown = render(&[finding], Palette::OFF);
            assert!(shown.contains("bad value") && shown.contains("stack.yaml:1"), "{shown}");
            assert!(shown.len() < 500, "{shown}");
        }
    }

    #[test]
    fn a_source_cannot_move_the_cursor() {
        let text = "a: \u{1b}[2J\u{9b}x\u{202e}\u{e0041}\n";
        assert_eq!(visible(text).len(), text.len(), "places stay where they are");
        let finding = Diagnostic::error("bad", "bad \u{1b}[2J", Some(place(text, 0..1)));
        let shown = render(&[finding], Palette::OFF);
        assert!(!shown.chars().any(|one| one != '\n' && escape::is_unseen(one)), "{shown}");
    }
}
