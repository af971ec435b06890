//! JSON text to [`Tree`], as forgiving as people's files need: comments and trailing commas are accepted. What is
//! broken is reported at its line, with the frequent causes named.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use evenkeel_core::diagnostic::{Diagnostic, Place, Source};
use evenkeel_core::doc::Text;
use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::errors::ParseErrorKind;
use jsonc_parser::{CollectOptions, ParseOptions};

use super::tree::{Entry, Tree, Value};

/// Reads a text; problems that do not stop it go to `found`. `None` if it could not be read.
pub(crate) fn parse(source: &Arc<Source>, found: &mut Vec<Diagnostic>) -> Option<Tree> {
    let text = source.text.as_ref();
    if let Some(diagnostic) = conflict_marks(source) {
        found.push(diagnostic);
        return None;
    }
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    match jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &options) {
        Ok(result) => match result.value {
            Some(value) => Some(Reader { source, found }.tree(value)),
            None => {
                let at = Place { source: source.clone(), span: 0..0 };
                found.push(Diagnostic::error("empty-file", "the file is empty", Some(at)).help("Write a JSON object."));
                None
            }
        },
        Err(error) => {
            let range = error.range();
            let start = range.start.min(text.len());
            let at = Place { source: source.clone(), span: start..range.end.clamp(start, text.len()) };
            found.push(explain(error.kind(), at));
            None
        }
    }
}

fn explain(kind: &ParseErrorKind, at: Place) -> Diagnostic {
    let found = at.source.text.get(at.span.clone()).unwrap_or_default().chars().take(30).collect::<String>();
    let (summary, help) = match kind {
        ParseErrorKind::UnterminatedObject => (
            "a `{` is never closed".to_owned(),
            "A closing `}` is missing, somewhere between here and the end of the file.",
        ),
        ParseErrorKind::UnterminatedArray => (
            "a `[` is never closed".to_owned(),
            "A closing `]` is missing, somewhere between here and the end of the file.",
        ),
        ParseErrorKind::ExpectedComma => {
            ("a comma is missing".to_owned(), "Separate the members of a JSON object or array with commas.")
        }
        ParseErrorKind::UnexpectedWord => (
            format!("`{found}` has no quotes"),
            "JSON text needs double quotes, and so does a placeholder that a script fills in later.",
        ),
        _ if found.starts_with('$') || found.starts_with("{{") => (
            "a placeholder has no quotes".to_owned(),
            "evenkeel does not fill it in. Quote it and write \"${env.NAME}\" or \
                 \"${var.name}\", or fill it in beforehand.",
        ),
        other => (
            format!("this is not JSON: {}", other.to_string().to_lowercase()),
            "Check the commas, quotes and brackets on this line and the one before it.",
        ),
    };
    Diagnostic::error("bad-json", summary, Some(at)).help(help)
}

fn conflict_marks(source: &Arc<Source>) -> Option<Diagnostic> {
    let mut offset = 0;
    for line in source.text.split_inclusive('\n') {
        if ["<<<<<<< ", ">>>>>>> "].iter().any(|mark| line.starts_with(mark)) {
            let at = Place { source: source.clone(), span: offset..offset + line.trim_end().len() };
            return Some(
                Diagnostic::error("merge-conflict", "the file contains an unresolved merge conflict", Some(at))
                    .help("Keep the right side and remove the lines with the conflict markers."),
            );
        }
        offset += line.len();
    }
    None
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    found: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn at(&self, span: Range<usize>) -> Place {
        Place { source: self.source.clone(), span }
    }

    fn tree(&mut self, value: ast::Value<'_>) -> Tree {
        let range = value.range();
        let at = self.at(range.start..range.end);
        let value = match value {
            ast::Value::StringLit(text) => Value::Text(Text::Known(text.value.into_owned())),
            ast::Value::NumberLit(number) => Value::Number(number.value.to_owned()),
            ast::Value::BooleanLit(flag) => Value::Bool(flag.value),
            ast::Value::NullKeyword(_) => Value::Null,
            ast::Value::Array(array) => Value::List(array.elements.into_iter().map(|item| self.tree(item)).collect()),
            ast::Value::Object(object) => Value::Map(self.entries(object)),
        };
        Tree::new(at, value)
    }

    fn entries(&mut self, object: ast::Object<'_>) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for property in object.properties {
            let range = property.name.range();
            let place = self.at(range.start..range.end);
            let key = property.name.into_string();
            let value = self.tree(property.value);
            if let Some(first) = seen.get(&key).map(|index| &entries[*index]) {
                self.found.push(
                    Diagnostic::error("duplicate-key", format!("the key `{key}` is given twice"), Some(place))
                        .label("given a second time")
                        .related(first.place.clone(), "first given here")
                        .help("AWS would use only one of the two. Remove the wrong one."),
                );
                continue;
            }
            seen.insert(key.clone(), entries.len());
            entries.push(Entry { key, place, value });
        }
        entries
    }
}
