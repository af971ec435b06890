//! What an operation gets (the world, the caller, its input) and what it answers with: a document or a refusal. Knows no wire.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::known;
use crate::model::Api;
use crate::world::{Account, Event, Moment, Place, Region, World};

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

/// What an operation answers: a document with the members of its output (those that are missing or null are left out).
pub type Reply = Result<Value, Refusal>;

/// An operation.
pub type Handler = fn(&mut Call<'_>, &Input) -> Reply;

/// Operations by name.
pub type Table = &'static [(&'static str, Handler)];

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The ARN of the session or user.
    pub arn: String,
    /// The ARN of the role or user behind it, without a session.
    pub principal: String,
    /// The unique id, such as `AIDA…`.
    pub id: String,
}

/// One request under way.
#[derive(Debug)]
pub struct Call<'w> {
    /// Everything there is.
    pub world: &'w mut World,
    /// Where the request was sent to.
    pub place: Place,
    /// Who sent it.
    pub caller: Caller,
    /// The service.
    pub service: &'static Api,
    /// The name of the operation.
    pub operation: &'static str,
    /// The id of the request.
    pub request_id: String,
}

impl Call<'_> {
    /// The region that was asked.
    pub fn region(&mut self) -> &mut Region {
        let place = self.place.clone();
        self.world.region(&place)
    }

    /// The account that asked.
    pub fn account(&mut self) -> &mut Account {
        let place = self.place.clone();
        self.world.account(&place.account)
    }

    /// The time.
    pub fn now(&self) -> Moment {
        self.world.now
    }

    /// Lets something happen later, in the same place.
    pub fn after(&mut self, delay: Duration, event: Event) {
        let place = self.place.clone();
        self.world.after(delay, &place, event);
    }

    /// An ARN of the account and region of this request.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        self.place.arn(service, resource)
    }
}

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
