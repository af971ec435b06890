//! The one shape in which the loader sees every text it reads: values with the places they stand at, whether they came
//! from YAML or from JSON. It keeps how a number was written (`1.10` stays `1.10`), so that a version or an account id
//! is never mangled. Knows nothing of what the keys mean.

use evenkeel_core::diagnostic::Place;
use evenkeel_core::doc::Text;

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub value: Value,
}

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// `null`, `~`, or nothing at all.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it was written.
    Number(String),
    /// A string; after interpolation it may hold outputs of other entries.
    Text(Text),
    /// A list.
    List(Vec<Tree>),
    /// A map, in the order of the file.
    Map(Vec<Entry>),
    /// Something that was wrong and has been reported; whoever meets it stays silent.
    Wrong,
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub place: Place,
    /// The value.
    pub value: Tree,
}

impl Tree {
    /// A value at a place.
    pub(crate) fn new(place: Place, value: Value) -> Self {
        Self { place, value }
    }

    /// A known string at a place.
    pub(crate) fn text(place: Place, text: impl Into<String>) -> Self {
        Self::new(place, Value::Text(Text::Known(text.into())))
    }

    /// Whether there is nothing.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The members of a map; `None` for anything else.
    pub(crate) fn entries(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) | Value::Wrong => None,
        }
    }

    /// The items of a list; `None` for anything else.
    pub(crate) fn items(&self) -> Option<&[Tree]> {
        match &self.value {
            Value::List(items) => Some(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Map(_) | Value::Wrong => None,
        }
    }

    /// The value under a key, if this is a map that has it and it is not null.
    pub(crate) fn get(&self, key: &str) -> Option<&Tree> {
        self.entries()?.iter().find(|entry| entry.key == key).map(|entry| &entry.value).filter(|tree| !tree.is_null())
    }

    /// The scalar as a string, if it is one and known: numbers and booleans as they are written.
    pub(crate) fn scalar(&self) -> Option<String> {
        match &self.value {
            Value::Bool(value) => Some(value.to_string()),
            Value::Number(raw) => Some(raw.clone()),
            Value::Text(text) => text.known().map(str::to_owned),
            Value::Null | Value::List(_) | Value::Map(_) | Value::Wrong => None,
        }
    }

    /// What it is, for messages: `a list`, ``the number `80` ``.
    pub(crate) fn describe(&self) -> String {
        match &self.value {
            Value::Null | Value::Wrong => "nothing".to_owned(),
            Value::Bool(value) => format!("`{value}`"),
            Value::Number(raw) => format!("the number `{raw}`"),
            Value::Text(Text::Known(text)) => format!("`{}`", shorten(text)),
            Value::Text(Text::From(_) | Text::Join(_)) => "an output of another entry".to_owned(),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
        }
    }
}

/// At most 60 characters of a text, for messages.
pub(crate) fn shorten(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(60).collect();
    if text.chars().count() > 60 { format!("{line}…") } else { line }
}
