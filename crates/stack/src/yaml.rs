//! YAML text to [`Tree`]. Anchors and merge keys work; alias bombs and absurd depth are refused by the parser's budget.
//! The parser stops at the first syntax error; a key given twice is reported and reading goes on.

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

use evenkeel_core::diagnostic::{Diagnostic, Place, Source};
use evenkeel_core::doc::Text;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Error, Location, Options, Spanned};

use super::tree::{Entry, Tree, Value};

/// Levels of nesting that a stack file may have; real ones need about ten.
const MAX_DEPTH: usize = 48;
/// Values that a stack file may have once its aliases are expanded.
const MAX_NODES: usize = 250_000;
/// Bytes of text that a stack file may have once its aliases are expanded; the file itself has at most 1 MiB.
const MAX_TEXT: usize = 8 * 1024 * 1024;
/// What our own limit says, by which it is recognised among the parser's errors.
const TOO_MUCH_TEXT: &str = "too much text once aliases are expanded";

thread_local! {
    /// Bytes of text that were read of the file that is being read.
    static TEXT: Cell<usize> = const { Cell::new(0) };
}

/// Reads a text; problems that do not stop it go to `found`. `None` if there is nothing that could be read.
pub(crate) fn parse(source: &Arc<Source>, found: &mut Vec<Diagnostic>) -> Option<Tree> {
    let text = source.text.as_ref();
    let error = match read(text, DuplicateKeyPolicy::Error) {
        Ok(raw) => return Some(place(raw, source)),
        Err(error) => error,
    };
    found.push(explain(&error, source));
    if matches!(bare(&error), Error::DuplicateMappingKey { .. }) {
        return read(text, DuplicateKeyPolicy::FirstWins).ok().map(|raw| place(raw, source));
    }
    None
}

fn read(text: &str, duplicate_keys: DuplicateKeyPolicy) -> Result<Node, Error> {
    let options: Options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 2 * MAX_NODES,
            max_documents: 2,
            max_aliases: 5_000,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_NODES },
        duplicate_keys: duplicate_keys,
        strict_booleans: true,
        with_snippet: false,
    };
    TEXT.set(0);
    serde_saphyr::from_str_with_options(text, options)
}

/// A node as the parser gives it, before it knows its source.
struct Node {
    span: Range<usize>,
    data: Data,
}

enum Data {
    Null,
    Bool(bool),
    /// How it was written is cut from the source by the span.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

struct Key {
    span: Range<usize>,
    text: String,
}

fn place(node: Node, source: &Arc<Source>) -> Tree {
    let at = |span: Range<usize>| Place { source: source.clone(), span };
    let value = match node.data {
        Data::Null => Value::Null,
        Data::Bool(value) => Value::Bool(value),
        Data::Number(parsed) => match source.text.get(node.span.clone()).map(str::trim) {
            Some(raw) if !raw.is_empty() && !raw.contains(char::is_whitespace) => Value::Number(raw.to_owned()),
            _ => Value::Number(parsed),
        },
        Data::Text(text) => Value::Text(Text::Known(text)),
        Data::List(items) => Value::List(items.into_iter().map(|item| place(item, source)).collect()),
        Data::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| Entry { key: key.text, place: at(key.span), value: place(value, source) })
                .collect(),
        ),
    };
    let span = first_line(node.span, &value, &source.text);
    Tree::new(at(span), value)
}

/// What to underline: a scalar as it stands; of a list or map, of which the parser gives only the start, its first line.
fn first_line(span: Range<usize>, value: &Value, text: &str) -> Range<usize> {
    let last = match value {
        Value::List(items) => items.last().map(|item| item.place.span.end),
        Value::Map(entries) => entries.last().map(|entry| entry.value.place.span.end.max(entry.place.span.end)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Wrong => None,
    };
    // What an alias stands for was written before it.
    let (Some(last), Some(rest)) = (last.filter(|last| *last > span.end), text.get(span.start..)) else { return span };
    let line = rest.lines().next().map_or(0, |line| line.trim_end().len());
    span.start..last.min(span.start + line).max(span.end)
}

fn span(location: Location) -> Range<usize> {
    let span = location.span();
    let number = |value: Option<u64>| usize::try_from(value.unwrap_or(0)).unwrap_or(0);
    let start = number(span.byte_offset());
    start..start + number(span.byte_len())
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Data>::deserialize(deserializer)?;
        Ok(Self { span: span(spanned.defined), data: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<String>::deserialize(deserializer)?;
        Ok(Self { span: span(spanned.defined), text: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DataVisitor)
    }
}

struct DataVisitor;

impl<'de> Visitor<'de> for DataVisitor {
    type Value = Data;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_none<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Data, E> {
        Ok(Data::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Data, E> {
        Ok(Data::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Data, E> {
        Ok(Data::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Data, E> {
        Ok(Data::Number(value.to_string()))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Data, E> {
        // The parser counts what an alias repeats in values, not in bytes.
        TEXT.set(TEXT.get().saturating_add(value.len()));
        if TEXT.get() > MAX_TEXT { Err(E::custom(TOO_MUCH_TEXT)) } else { Ok(Data::Text(value.to_owned())) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Data, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Data::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Data, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key()? {
            entries.push((key, access.next_value()?));
        }
        Ok(Data::Map(entries))
    }
}

/// The place of an error that has no bytes, only a line and a column.
fn line_and_column(text: &str, location: Location) -> Range<usize> {
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX).saturating_sub(1);
    let mut start = 0;
    for line in text.split_inclusive('\n').take(number(location.line())) {
        start += line.len();
    }
    let line = text[start..].lines().next().unwrap_or_default();
    let offset = line.char_indices().nth(number(location.column())).map_or(line.len(), |(index, _)| index);
    start + offset..start + line.len()
}

/// The error itself, without what the parser wraps around it.
fn bare(error: &Error) -> &Error {
    match error.without_snippet() {
        Error::AliasError { error, .. } => bare(error),
        other => other,
    }
}

/// Puts a parser's error in our words where it is a frequent one.
fn explain(error: &Error, source: &Arc<Source>) -> Diagnostic {
    let at = error.location().map(|location| {
        let mut span = match location.span().byte_offset() {
            Some(_) => span(location),
            None => line_and_column(&source.text, location),
        };
        let end = source.text.len();
        span.start = span.start.min(end);
        span.end = span.end.clamp(span.start, end);
        Place { source: source.clone(), span }
    });
    match bare(error) {
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.clone().unwrap_or_default();
            Diagnostic::error("duplicate-key", format!("the key `{key}` is given twice"), at)
                .label("given before in the same map")
                .help("YAML would silently drop one of the two. Merge them, or rename one.")
        }
        Error::MultipleDocuments { .. } => {
            Diagnostic::error("several-documents", "the file contains more than one YAML document", at)
                .label("a second document starts here")
                .help("A stack is one document. Remove the `---` line, or put the second stack in a file of its own.")
        }
        Error::UnknownAnchor { .. } => Diagnostic::error("unknown-anchor", "an alias names no anchor", at)
            .label("no `&…` of this name precedes it")
            .help("A value that starts with `*` is a YAML alias. Quote it if it is meant as text: '*.example.com'."),
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::RecursiveReferencesRequireWeakTypes { .. } => {
            Diagnostic::error("alias-bomb", "the file's aliases expand to too much", at)
                .help("Aliases that contain aliases can grow without limit. Write the values out.")
        }
        Error::Budget { breach, .. } => {
            Diagnostic::error("too-big", format!("the file is too large or too deep for a stack file: {breach:?}"), at)
                .help("A stack file has at most 48 levels and 250,000 values, aliases expanded.")
        }
        other => match other.to_string() {
            message if message.contains(TOO_MUCH_TEXT) => Diagnostic::error(
                "alias-bomb",
                "the file's aliases expand to too much",
                at,
            )
            .help(
                "A stack file may contain 8 MiB of text, aliases expanded. Write the values out where they are needed.",
            ),
            message => tab(source, at.as_ref()).unwrap_or_else(|| syntax(&message, at)),
        },
    }
}

/// A line indented with a tab, where the parser stumbled: at it, or at the line before or behind.
fn tab(source: &Arc<Source>, at: Option<&Place>) -> Option<Diagnostic> {
    let near = at?.line();
    let mut start = 0;
    for (index, line) in source.text.split_inclusive('\n').enumerate() {
        let number = index + 1;
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        let tabbed = line[..indent].contains('\t') && !line.trim().is_empty();
        if tabbed && (number + 1 >= near && number <= near + 2) {
            let place = Place { source: source.clone(), span: start..start + indent };
            let summary = format!("line {number} is indented with a tab; YAML accepts spaces only");
            let help = "Replace it with spaces, two for each level. Most editors can do that automatically.";
            return Some(Diagnostic::error("bad-yaml", summary, Some(place)).label("a tab").help(help));
        }
        start += line.len();
    }
    None
}

fn syntax(message: &str, at: Option<Place>) -> Diagnostic {
    let message = message.lines().next().unwrap_or_default();
    let message = message.split(" at line ").next().unwrap_or(message);
    let line = at.as_ref().map(|place| {
        let text = place.source.text.as_ref();
        let start = text[..place.span.start].rfind('\n').map_or(0, |index| index + 1);
        text[start..].lines().next().unwrap_or_default()
    });
    let help = match line {
        Some(line) if ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark)) => {
            "This is the marker of a merge conflict. Keep the right side and remove the markers."
        }
        Some(line) if line.contains(": ${") || line.contains("{ ${") => {
            "Inside { … } and [ … ] a value with ${…} must be quoted."
        }
        _ => "Check the indentation, the quotes and the brackets on this line and the one before it.",
    };
    Diagnostic::error("bad-yaml", format!("this is not YAML: {message}"), at).help(help)
}
