//! What a resource kind has to offer: the contract between a kind's file and everything else. A kind is a pure part (what it
//! contributes to the graph, how a reading becomes documents) and single requests; it never waits, retries or prints.

use async_trait::async_trait;
use evenkeel_core::cloud::{Create, Update, Waiting};
use evenkeel_core::doc::Doc;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::Kind;
use evenkeel_core::snapshot::{Live, Owner, Readiness};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::Aws;
use crate::read::Fetched;
use crate::tags::{self, Tags};
use evenkeel_stack::model::Stack;

/// A line of the table of kinds.
pub struct Entry {
    /// What the engine knows of it.
    pub kind: Kind,
    /// Adds the nodes that a stack wants of this kind.
    pub contribute: fn(&Stack, &mut Vec<Node>),
    /// What it can do.
    pub driver: &'static dyn Driver,
    /// The requests it sends, as IAM actions (`ecs:CreateService`), reads included.
    pub actions: &'static [&'static str],
}

/// What a kind can do. One request or a few in a row; the engine does the rest.
///
/// `create` and `update` return the thing as it is afterwards: from the reply where it tells, otherwise as it was asked for.
/// A `create` of several requests puts the mark on with the first one, so that a half-made thing is recognised as ours and
/// completed by `update`. `delete` of what is gone succeeds.
#[async_trait]
pub trait Driver: Send + Sync {
    /// Turns what the readers fetched into the live things of this kind, in canonical form. Pure.
    ///
    /// # Errors
    /// What kept the reader from reading them.
    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live>, CloudError>;

    /// Makes a thing.
    async fn create(&self, aws: &Aws, stack: &str, order: Create<'_>) -> Result<Live, CloudError>;

    /// Changes a thing in place: the fields named in `order.changes`, and the mark if it differs.
    async fn update(&self, aws: &Aws, stack: &str, order: Update<'_>) -> Result<Live, CloudError>;

    /// Looks, just before a thing is changed or deleted by its name, whether what has that name is still the stack's: since the
    /// reading somebody may have put another one in its place. What goes by an id that no other thing can have need not look.
    ///
    /// # Errors
    /// Of [`Touch::allowed`]; what kept the look from being taken.
    async fn still_ours(&self, _aws: &Aws, _touch: &Touch<'_>) -> Result<(), CloudError> {
        Ok(())
    }

    /// Deletes a thing.
    async fn delete(&self, aws: &Aws, node: &NodeId, live: &Live) -> Result<(), CloudError>;

    /// What a thing that was read as ready lacks all the same, in words: what a reading does not look at because it costs
    /// requests of its own. Asked before a run that leaves the thing alone.
    ///
    /// # Errors
    /// What kept the look from being taken.
    async fn lacks(&self, _aws: &Aws, _live: &Live) -> Result<Option<String>, CloudError> {
        Ok(None)
    }

    /// How far things are; one answer for each. Asks in batches.
    async fn poll(&self, _aws: &Aws, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        waiting.iter().map(|_| Ok(Readiness::Ready)).collect()
    }

    /// Who keeps a thing from being deleted, in words.
    async fn holders(&self, _aws: &Aws, _live: &Live) -> Vec<String> {
        Vec::new()
    }
}

/// What is about to be done to a thing that was read as ours.
#[derive(Clone, Copy, Debug)]
pub struct Touch<'a> {
    /// The stack.
    pub stack: &'a str,
    /// The node that it belongs to from now on: an earlier try may have moved the mark to it already.
    pub node: &'a NodeId,
    /// The thing, as it was read.
    pub live: &'a Live,
    /// Whether it is to be deleted; otherwise it is to be changed.
    pub deletes: bool,
}

impl Touch<'_> {
    /// Whether these tags are still those of what was read. `update` and `delete` are the operations that would follow.
    ///
    /// # Errors
    /// `Invalid`: they are somebody else's by now; nothing has been changed.
    pub fn allowed(&self, tags: &Tags, update: &str, delete: &str) -> Result<(), CloudError> {
        self.allowed_in(self.stack, tags, if self.deletes { delete } else { update })
    }

    /// The same where marks hold another word for the stack.
    ///
    /// # Errors
    /// As [`Self::allowed`].
    pub fn allowed_in(&self, stack: &str, tags: &Tags, operation: &str) -> Result<(), CloudError> {
        let marked = tags.get(tags::STACK).is_some_and(|theirs| theirs == stack);
        let is = |node: &NodeId| tags.get(tags::ID).is_some_and(|id| *id == node.to_string());
        let other = |node: &NodeId| !is(node) && !is(self.node);
        if marked && !matches!(&self.live.owner, Owner::Ours(node) if other(node)) {
            return Ok(());
        }
        let message =
            format!("{} no longer belongs to this stack: its marks have changed since it was read", self.live.id);
        let done = if self.deletes { "deleted" } else { "changed" };
        let hint = format!("nothing was {done}; run the plan again to see the current state");
        Err(CloudError { hint: Some(hint), ..CloudError::local(ErrorClass::Invalid, operation, message) })
    }
}

/// The typed form of a document without holes.
///
/// # Errors
/// `Bug`: the document is not of this kind.
pub fn spec<S: DeserializeOwned>(doc: &Doc) -> Result<S, CloudError> {
    S::deserialize(doc).map_err(|error| CloudError::bug("document", format!("{error} in {doc}")))
}

/// The document of a typed form.
pub fn doc<S: Serialize>(spec: &S) -> Doc {
    serde_json::to_value(spec).unwrap_or_else(|error| Doc::String(format!("cannot be written: {error}")))
}
