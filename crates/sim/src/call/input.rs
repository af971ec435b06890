//! The input of an operation, and reading members of it or of any other document. Which members an input can have, `known` watches;
//! whether their values are within the model's limits has been decided before. Knows no request.

use serde_json::{Map, Value};

use crate::known;

/// The input of an operation: members of its model only, of the right types, checked against the model's limits.
#[derive(Clone, Debug, Default)]
pub struct Input(pub Map<String, Value>);

/// Reading members of a document. A member that is absent or of another type reads as nothing.
pub trait Members {
    /// The member.
    #[track_caller]
    fn member(&self, name: &str) -> Option<&Value>;

    /// A member that only some of the operations have for which this is written; a misspelled one is not noticed.
    fn shared(&self, name: &str) -> Option<&Value>;

    /// Such a member, if it is a text.
    fn shared_text(&self, name: &str) -> Option<&str> {
        self.shared(name)?.as_str()
    }

    /// Such a member, if it is a structure or map.
    fn shared_map(&self, name: &str) -> Option<&Map<String, Value>> {
        self.shared(name)?.as_object()
    }

    /// A text.
    #[track_caller]
    fn text(&self, name: &str) -> Option<&str> {
        self.member(name)?.as_str()
    }

    /// A text, or the empty one.
    #[track_caller]
    fn text_or_empty(&self, name: &str) -> &str {
        self.text(name).unwrap_or_default()
    }

    /// A whole number.
    #[track_caller]
    fn integer(&self, name: &str) -> Option<i64> {
        self.member(name)?.as_i64()
    }

    /// A number.
    #[track_caller]
    fn number(&self, name: &str) -> Option<f64> {
        self.member(name)?.as_f64()
    }

    /// True or false.
    #[track_caller]
    fn flag(&self, name: &str) -> Option<bool> {
        self.member(name)?.as_bool()
    }

    /// A list; empty if it is absent.
    #[track_caller]
    fn list(&self, name: &str) -> &[Value] {
        self.member(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The texts of a list.
    #[track_caller]
    fn texts(&self, name: &str) -> Vec<String> {
        self.list(name).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// A structure or map.
    #[track_caller]
    fn map(&self, name: &str) -> Option<&Map<String, Value>> {
        self.member(name)?.as_object()
    }

    /// Whether the member is there at all.
    #[track_caller]
    fn has(&self, name: &str) -> bool {
        self.member(name).is_some()
    }
}

impl Members for Input {
    #[track_caller]
    fn member(&self, name: &str) -> Option<&Value> {
        self.0.member(name)
    }

    fn shared(&self, name: &str) -> Option<&Value> {
        self.0.shared(name)
    }
}

impl Members for Map<String, Value> {
    #[track_caller]
    fn member(&self, name: &str) -> Option<&Value> {
        known::check(self, name);
        self.shared(name)
    }

    fn shared(&self, name: &str) -> Option<&Value> {
        self.get(name).filter(|value| !value.is_null())
    }
}

impl Members for Value {
    #[track_caller]
    fn member(&self, name: &str) -> Option<&Value> {
        self.as_object()?.member(name)
    }

    fn shared(&self, name: &str) -> Option<&Value> {
        self.as_object()?.shared(name)
    }
}
