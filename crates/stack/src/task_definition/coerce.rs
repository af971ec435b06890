//! Reading a document by the schema: unknown keys with the nearest known one, and what people write in place of what
//! ECS takes (numbers as strings, strings as numbers, nulls, empty strings, other spellings of a key).

use std::cell::RefCell;
use std::collections::BTreeSet;

use evenkeel_core::diagnostic::Diagnostic;
use evenkeel_core::doc::Text;
use serde_json::{Map, Value as Json};

use super::super::decode::{Problems, Want, capital};
use super::super::suggest;
use super::super::tree::{Entry, Tree, Value};
use super::schema::{Member, Object, Type, plain, snake};

/// How keys are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// AWS's camelCase, in JSON. Another spelling is understood but said.
    Camel,
    /// snake_case, in the stack file.
    Snake,
}

/// A reader of one document.
pub(crate) struct Coerce<'a> {
    /// How keys are written.
    pub style: Style,
    /// Where problems go.
    pub problems: &'a Problems,
    /// What was understood though it is not what ECS takes; told once for the whole document.
    pub notes: RefCell<BTreeSet<&'static str>>,
}

/// Keys whose empty string is a value, not the absence of one.
const EMPTY_COUNTS: &[&str] = &["value"];

/// Whether a text holds a placeholder that some other tool would fill in.
pub(crate) fn placeholder(text: &str) -> bool {
    let dollar = text.match_indices('$').any(|(index, _)| {
        text[index + 1..].starts_with(|c: char| c == '{' || c == '(' || c.is_ascii_uppercase() || c == '_')
    });
    let angle = text.split_once('<').is_some_and(|(_, rest)| {
        rest.split_once('>').is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_- .".contains(c))
        })
    });
    dollar || angle || text.contains("{{")
}

impl<'a> Coerce<'a> {
    /// A reader.
    pub(crate) fn new(style: Style, problems: &'a Problems) -> Self {
        Self { style, problems, notes: RefCell::default() }
    }

    fn note(&self, words: &'static str) {
        self.notes.borrow_mut().insert(words);
    }

    /// The name of a key as the reader of this document writes it.
    pub(crate) fn shown(&self, key: &str) -> String {
        if self.style == Style::Snake { snake(key) } else { key.to_owned() }
    }

    /// Reads an object; keys in `ignored` are skipped without a word.
    pub(crate) fn object(&self, tree: &Tree, object: &'static Object, ignored: &[&str]) -> Option<Map<String, Json>> {
        let out = self.partial(tree, object, ignored)?;
        let entries = tree.entries().unwrap_or_default();
        for key in object.required {
            let given = |entry: &Entry| plain(&entry.key) == plain(key) && !entry.value.is_null();
            if !out.contains_key(*key) && !entries.iter().any(given) {
                let summary = format!("{} has no `{}`", object.what, self.shown(key));
                self.problems.error("missing-key", &tree.place, summary, "ECS requires it. Add it.");
            }
        }
        Some(out)
    }

    /// Like [`Self::object`], for a part of the keys: nothing has to be there.
    pub(crate) fn partial(&self, tree: &Tree, object: &'static Object, ignored: &[&str]) -> Option<Map<String, Json>> {
        let entries = match &tree.value {
            Value::Map(entries) => entries,
            Value::Null | Value::Wrong => return None,
            Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) => {
                Want::new(object.what, self.problems).wrong(tree, "an object", "Write keys and values.");
                return None;
            }
        };
        let mut out = Map::new();
        for entry in entries {
            if ignored.contains(&entry.key.as_str()) {
                continue;
            }
            let Some((key, kind)) = self.key(entry, object) else { continue };
            if out.contains_key(key) {
                let help = "The same key is given in two spellings. Remove one.";
                self.problems.error("duplicate-key", &entry.place, format!("`{key}` is given twice"), help);
                continue;
            }
            if let Some(value) = self.value(&entry.value, key, kind) {
                out.insert(key.to_owned(), value);
            }
        }
        Some(out)
    }

    fn key(&self, entry: &Entry, object: &'static Object) -> Option<(&'static str, &'static Type)> {
        if let Some(member) = object.member(&entry.key) {
            return Some((member.name, &member.kind));
        }
        if let Some(Member { name: key, kind, .. }) = object.member_like(&entry.key) {
            if self.style == Style::Camel {
                let help = "AWS's own tools refuse this spelling; correct it to use the file with them.";
                let summary = format!("`{}` is read as `{key}`", entry.key);
                self.problems.warn("key-spelling", &entry.place, summary, help);
            }
            return Some((key, kind));
        }
        let names: Vec<String> = object.keys.iter().map(|member| self.shown(member.name)).collect();
        let help = match suggest::nearest(&entry.key, names.iter().map(String::as_str)) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => format!("{} may have {}.", capital(object.what), suggest::all(&names)),
        };
        self.problems.push(
            Diagnostic::error(
                "unknown-key",
                format!("unknown key `{}` in {}", entry.key, object.what),
                Some(entry.place.clone()),
            )
            .label("unknown key")
            .help(help),
        );
        None
    }

    /// Reads one value; `None` if it is unset or wrong.
    fn value(&self, tree: &Tree, key: &'static str, kind: &'static Type) -> Option<Json> {
        if tree.is_null() {
            self.note("null for a key that is not set");
            return None;
        }
        let empty = matches!(&tree.value, Value::Text(Text::Known(text)) if text.is_empty());
        if empty && !EMPTY_COUNTS.contains(&key) {
            self.note("an empty string for a key that is not set");
            return None;
        }
        let shown = format!("`{}`", self.shown(key));
        let want = Want::new(&shown, self.problems);
        match kind {
            Type::Text => self.text(tree, want),
            Type::Int => self.int(tree, want),
            Type::Seconds => self.seconds(tree, want),
            Type::Flag => self.flag(tree, want),
            Type::Word(words) => self.word(tree, want, words),
            Type::Texts => self.list(tree, want, |item| self.text(item, want)),
            Type::Ints => self.list(tree, want, |item| self.int(item, want)),
            Type::Words(words) => self.list(tree, want, |item| self.word(item, want, words)),
            Type::Strings => self.strings(tree, want),
            Type::Object(object) => self.object(tree, object, &[]).map(Json::Object),
            Type::Objects(object) => self.list(tree, want, |item| self.object(item, object, &[]).map(Json::Object)),
        }
    }

    fn text(&self, tree: &Tree, want: Want<'_>) -> Option<Json> {
        if let Value::Bool(_) | Value::Number(_) = &tree.value {
            self.note("a number or boolean where ECS expects a string");
        }
        want.text(tree).map(|text| text.to_value())
    }

    fn int(&self, tree: &Tree, want: Want<'_>) -> Option<Json> {
        let text = want.string(tree)?;
        match text.trim().parse::<i64>() {
            Ok(number) => {
                if let Value::Text(_) = &tree.value {
                    self.note("a number written as a string");
                }
                Some(number.into())
            }
            // Some templates print whole numbers as 256.0.
            Err(_) => match text.trim().strip_suffix(".0").and_then(|text| text.parse::<i64>().ok()) {
                Some(number) => Some(number.into()),
                None => {
                    want.wrong(tree, "a whole number", "ECS expects a number here.");
                    None
                }
            },
        }
    }

    fn seconds(&self, tree: &Tree, want: Want<'_>) -> Option<Json> {
        want.seconds(tree, 0, u32::MAX).map(Json::from)
    }

    fn flag(&self, tree: &Tree, want: Want<'_>) -> Option<Json> {
        if let Value::Text(_) = &tree.value {
            self.note("a boolean written as a string");
        }
        want.flag(tree).map(Json::Bool)
    }

    fn word(&self, tree: &Tree, want: Want<'_>, words: &[&'static str]) -> Option<Json> {
        if let Some(text) = tree.scalar().filter(|text| placeholder(text)) {
            let help = "evenkeel does not fill it in, and ECS refuses it as it is. Fill it in, or use ${env.NAME}.";
            self.problems.error("placeholder", &tree.place, format!("`{text}` is a placeholder of another tool"), help);
            return None;
        }
        want.one_of(tree, words).map(Json::from)
    }

    fn list(&self, tree: &Tree, want: Want<'_>, read: impl Fn(&Tree) -> Option<Json>) -> Option<Json> {
        match &tree.value {
            Value::List(items) => Some(items.iter().filter_map(read).collect()),
            Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Map(_) if self.style == Style::Snake => {
                read(tree).map(|item| Json::Array(vec![item]))
            }
            _ => {
                want.wrong(tree, "a list", "Put it in brackets: [ … ].");
                None
            }
        }
    }

    fn strings(&self, tree: &Tree, want: Want<'_>) -> Option<Json> {
        let Some(entries) = tree.entries() else {
            want.wrong(tree, "a map", "Write names and values.");
            return None;
        };
        let mut out = Map::new();
        for entry in entries {
            let value = if entry.value.is_null() { Some("".into()) } else { self.text(&entry.value, want) };
            if let Some(value) = value {
                out.insert(entry.key.clone(), value);
            }
        }
        Some(Json::Object(out))
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::{CONTAINER_DEFINITION, TASK_DEFINITION};
    use super::*;

    #[test]
    fn keys_are_shown_in_snake_case() {
        assert_eq!(snake("readonlyRootFilesystem"), "readonly_root_filesystem");
        assert_eq!(snake("sizeInGiB"), "size_in_gib");
        assert_eq!(plain("size_in_gib"), plain("sizeInGiB"));
    }

    #[test]
    fn no_two_keys_of_an_object_read_the_same() {
        for object in [&TASK_DEFINITION, &CONTAINER_DEFINITION] {
            let mut names: Vec<String> = object.keys.iter().map(|member| plain(member.name)).collect();
            names.sort();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "{}", object.what);
        }
    }

    #[test]
    fn placeholders_of_other_tools_are_recognised() {
        for text in ["<IMAGE>", "{{ must_env `X` }}", "$IMAGE", "${IMAGE}", "$(date)"] {
            assert!(placeholder(text), "{text}");
        }
        for text in ["nginx:1.27", "a < b", "costs $5", "x -> y > z", "a<b=c>d"] {
            assert!(!placeholder(text), "{text}");
        }
    }
}
