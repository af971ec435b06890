//! What an operation answers with when it does nothing: a code, a text, and what else clients see of an error. How each protocol
//! writes it is decided in `wire`; knows no operation.

use serde_json::{Map, Value};

/// A refusal, as the service's clients see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The code as it stands on the wire, such as `ClusterNotFoundException` or `InvalidGroup.NotFound`.
    pub code: String,
    /// The text.
    pub message: String,
    /// The HTTP status, where it is not the one of the service's model.
    pub status: Option<u16>,
    /// Further members of the error.
    pub fields: Map<String, Value>,
}

impl Refusal {
    /// A refusal with the status that the service's model gives to the code, or 400.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status: None, fields: Map::new() }
    }

    /// The same with another HTTP status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The same with a further member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }
}

/// A refusal as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// The code.
    pub code: &'static str,
    /// The text.
    pub text: &'static str,
    /// The HTTP status, where it is not the one of the service's model.
    pub status: Option<u16>,
}

impl Said {
    /// A refusal with the status of the model.
    pub const fn new(code: &'static str, text: &'static str) -> Self {
        Self { code, text, status: None }
    }

    /// The same with an HTTP status.
    pub const fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// As an operation answers it.
    pub fn refusal(&self) -> Refusal {
        Refusal { status: self.status, ..Refusal::new(self.code, self.text) }
    }
}
