//! `${…}` in strings. A whole tree is filled in before any section is read, so that a section sees only values and
//! outputs of other entries. There is no expression language: a name, and for the environment a default. What a value comes
//! to is limited, and what came from the environment is noted, so that nobody is shown it.

use evenkeel_core::diagnostic::Place;
use evenkeel_core::doc::Text;

use super::decode::Problems;
use super::scope::{Found, Scope};
use super::tree::{Entry, Tree, Value};

/// What becomes of a placeholder that is not ours, like `${NAME}`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// It is an error: in our own file it is a slip.
    Refuse,
    /// It stays: in a document that other tools read as well it may be theirs.
    Keep,
}

/// Bytes that one value may come to. The largest that AWS takes, a task definition, has 64 KiB.
const LONGEST: usize = 256 * 1024;
/// Placeholders that one value may hold.
const MOST: usize = 500;

/// A text that is filled in, and the same with `${env.NAME}` in the place of what the environment gave.
#[derive(Clone, Debug)]
pub(crate) struct Filled {
    /// The text.
    pub text: Text,
    /// As it may be shown, if that is something else.
    pub shown: Option<Text>,
}

impl From<Text> for Filled {
    fn from(text: Text) -> Self {
        Self { text, shown: None }
    }
}

/// Fills in a whole tree.
pub(crate) fn tree(tree: Tree, scope: &Scope<'_>, foreign: Foreign, problems: &Problems) -> Tree {
    beneath(tree, false, scope, foreign, problems)
}

/// Fills in a tree that everybody may see, whatever it is made of.
pub(crate) fn public(tree: Tree, scope: &Scope<'_>, problems: &Problems) -> Tree {
    beneath(tree, true, scope, Foreign::Refuse, problems)
}

/// Fills in what stands beneath a key that is `public`: an image, which everybody may see whatever it is made of.
fn beneath(tree: Tree, public: bool, scope: &Scope<'_>, foreign: Foreign, problems: &Problems) -> Tree {
    let value = match tree.value {
        Value::Text(Text::Known(text)) if text.contains("${") => {
            let filled = fill(&text, &tree.place, scope, foreign, problems);
            filled.map_or(Value::Wrong, |filled| {
                if !public {
                    scope.hide(&filled);
                }
                Value::Text(filled.text)
            })
        }
        Value::List(items) => {
            Value::List(items.into_iter().map(|item| beneath(item, public, scope, foreign, problems)).collect())
        }
        Value::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|entry| {
                    let public = public || matches!(entry.key.as_str(), "image" | "images");
                    Entry { value: beneath(entry.value, public, scope, foreign, problems), ..entry }
                })
                .collect(),
        ),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Wrong) => other,
    };
    Tree { place: tree.place, value }
}

/// Fills in one string of our own file; `None` if something in it is wrong, which has been reported.
pub(crate) fn text(text: &str, at: &Place, scope: &Scope<'_>, problems: &Problems) -> Option<Filled> {
    fill(text, at, scope, Foreign::Refuse, problems)
}

fn fill(text: &str, at: &Place, scope: &Scope<'_>, foreign: Foreign, problems: &Problems) -> Option<Filled> {
    if text.matches("${").count() > MOST {
        let help = format!("The limit is {MOST}. Check that this is the right file.");
        problems.error("too-big", at, "a value contains too many placeholders", help);
        return None;
    }
    let mut parts = Both::default();
    let mut rest = text;
    let mut good = true;
    while let Some(start) = rest.find("${") {
        let (before, from) = rest.split_at(start);
        if let Some(before) = before.strip_suffix('$') {
            parts.literal(before);
            parts.literal("${");
            rest = &from[2..];
            continue;
        }
        parts.literal(before);
        let Some(length) = closing(&from[2..]) else {
            if foreign == Foreign::Keep {
                parts.literal(from);
            } else {
                let help = "Close it with `}`, or write $${ for a literal ${.";
                problems.error("open-placeholder", &narrow(at, from), "a `${` is never closed", help);
                good = false;
            }
            rest = "";
            break;
        };
        let (inner, whole) = (&from[2..2 + length], &from[..length + 3]);
        let here = narrow(at, whole);
        match scope.resolve(inner, &here, problems) {
            Found::Text(filled) => parts.push(filled),
            Found::Foreign if foreign == Foreign::Keep || inner.contains(':') && !inner.contains(":-") => {
                parts.literal(whole);
            }
            Found::Foreign => {
                let name = inner.split(":-").next().unwrap_or(inner);
                problems.error(
                    "unknown-reference",
                    &here,
                    format!("`{whole}` does not say what it refers to"),
                    format!("Did you mean ${{env.{name}}} or ${{var.{name}}}? A literal ${{ is written $${{."),
                );
                good = false;
            }
            Found::Wrong => good = false,
        }
        rest = &from[length + 3..];
        if parts.bytes() > LONGEST || !scope.has_room() {
            let help = "A value may have 256 KiB, and all values together 8 MiB. Check for variables \
                 that contain each other many times.";
            problems.error("too-big", at, "this value is too long once its placeholders are filled in", help);
            return None;
        }
    }
    parts.literal(rest);
    scope.grow(parts.bytes());
    good.then(|| parts.finish())
}

/// The length of what stands before the closing brace, nested placeholders included.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (index, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(index),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The place of a part of a scalar, if it stands there as it reads.
fn narrow(at: &Place, part: &str) -> Place {
    let found = at.source.text.get(at.span.clone()).and_then(|text| text.find(part));
    match found {
        Some(offset) => {
            let start = at.span.start + offset;
            Place { source: at.source.clone(), span: start..start + part.len() }
        }
        None => at.clone(),
    }
}

/// A text and what is shown of it, while both are put together from the same parts.
#[derive(Default)]
struct Both {
    real: Parts,
    shown: Parts,
    differ: bool,
}

impl Both {
    fn literal(&mut self, text: &str) {
        self.real.literal(text);
        self.shown.literal(text);
    }

    fn push(&mut self, filled: Filled) {
        self.differ |= filled.shown.is_some();
        self.shown.push(filled.shown.unwrap_or_else(|| filled.text.clone()));
        self.real.push(filled.text);
    }

    fn bytes(&self) -> usize {
        self.real.bytes
    }

    fn finish(self) -> Filled {
        let shown = self.differ.then(|| self.shown.finish());
        Filled { text: self.real.finish(), shown }
    }
}

#[derive(Default)]
struct Parts {
    parts: Vec<Text>,
    bytes: usize,
}

impl Parts {
    fn literal(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.bytes += text.len();
        if let Some(Text::Known(last)) = self.parts.last_mut() {
            last.push_str(text);
        } else {
            self.parts.push(text.into());
        }
    }

    fn push(&mut self, text: Text) {
        match text {
            Text::Known(text) => self.literal(&text),
            Text::Join(parts) => parts.into_iter().for_each(|part| self.push(part)),
            hole @ Text::From(_) => self.parts.push(hole),
        }
    }

    fn finish(mut self) -> Text {
        match self.parts.len() {
            0 => Text::default(),
            1 => self.parts.swap_remove(0),
            _ => Text::Join(self.parts),
        }
    }
}
