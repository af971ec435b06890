//! What a resource kind has to offer: a line of the table ([`Entry`]), and what it can do, either typed ([`Resource`], with
//! one implementation of [`Driver`] for all of them) or only looked up ([`Lookup`]). A kind is a pure part (what it contributes
//! to the graph, how a reading becomes its documents) and single requests; it never waits, retries or prints. What every kind
//! does alike stands in `driver.rs`: marks, tags, owners, the way from documents to types and back.

use async_trait::async_trait;
use evenkeel_core::cloud::{Create, Update, Waiting};
use evenkeel_core::doc::Doc;
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::Kind;
use evenkeel_core::snapshot::{Live, Readiness};
use evenkeel_stack::model::{Meta, Stack};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::Aws;
use crate::read::Fetched;
use crate::tags::{Retag, Tags};
use crate::touch::Touch;

/// A line of the table of kinds.
pub struct Entry {
    /// What the engine knows of it.
    pub kind: Kind,
    /// Adds the nodes that a stack wants of this kind.
    pub contribute: fn(&Stack, &mut Vec<Node>),
    /// What it can do.
    pub driver: &'static dyn Driver,
    /// The requests whose rates hold up its steps, if they are many.
    pub paced: Paced,
    /// The requests it sends, as IAM actions (`ecs:CreateService`), reads included.
    pub actions: &'static [&'static str],
}

/// Of each sort of step of a kind the request, `service:Operation`, that AWS takes at the lowest rate. Where AWS publishes none
/// there is nothing to say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Paced {
    /// Of a creation.
    pub create: Option<&'static str>,
    /// Of a change.
    pub update: Option<&'static str>,
    /// Of a deletion.
    pub delete: Option<&'static str>,
}

impl Paced {
    /// No rate holds up anything.
    pub const NOT: Self = Self { create: None, update: None, delete: None };
}

/// What a driver works with: AWS, on behalf of one stack.
#[derive(Clone, Copy, Debug)]
pub struct Work<'a> {
    /// The clients.
    pub aws: &'a Aws,
    /// The stack's name.
    pub stack: &'a str,
}

/// What a kind has to do, in terms of its own documents. One request or a few in a row; the engine does the rest.
///
/// Guarantees to the implementation: documents have no holes; marks, the user's tags and the mark of what is replaced are
/// worked out; what is deleted or changed was read as ours. Asked of it: a `create` of several requests puts the tags on with
/// the first one, so that a half-made thing is recognised as ours and completed by `update`; an error of the class `Gone` from
/// `delete` means that nothing is left to delete. Every call may come twice, and its future may be dropped between requests.
#[async_trait]
pub trait Resource: Send + Sync + 'static {
    /// What is wanted of a thing: the canonical document of the kind.
    type Want: Canonical;
    /// What is known of one that is there: the same, unless AWS leaves parts of it out.
    type Have: Canonical;
    /// Whether its marks name the stack in its region, because no region holds it (a role, a zone).
    const GLOBAL: bool = false;
    /// Who writes the tags when a thing is changed.
    const TAGS: Tagging = Tagging::First;

    /// Turns what the readers fetched into the live things of this kind. Pure.
    ///
    /// # Errors
    /// What kept the reader from reading them.
    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Self::Have>>, CloudError>;

    /// The thing that a node looks for, if what the readers fetched holds it. Pure.
    ///
    /// # Errors
    /// What kept the reader from reading it; that it is not clear which one is meant.
    fn look_up(&self, _fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError> {
        Err(CloudError::bug("kinds", format!("{} cannot be looked up", node.id)))
    }

    /// Makes a thing, with all of `order.tags` on it, and returns it as it is: from the reply where it tells, otherwise as it
    /// was asked for. Whose it is and its mark are filled in behind it.
    async fn create(&self, work: Work<'_>, order: &Creation<'_, Self::Want>) -> Result<Live<Self::Have>, CloudError>;

    /// Further marks that a new thing of this kind carries.
    fn marks(&self, _want: &Self::Want) -> Tags {
        Tags::new()
    }

    /// Further marks that a thing carries before a change and has to carry after it.
    fn marks_between(&self, _live: &Live<Self::Have>, _want: &Self::Want, _order: &Update<'_>) -> (Tags, Tags) {
        Default::default()
    }

    /// Writes tags and takes some away. Not called for nothing.
    async fn write_tags(&self, _work: Work<'_>, live: &Live<Self::Have>, _tags: &Retag) -> Result<(), CloudError> {
        Err(CloudError::bug("tags", format!("{} carries no tags", live.id)))
    }

    /// Changes the fields named in `order.changes`, and nothing else. Called only if something but the tags differs, unless the
    /// kind writes its tags itself.
    async fn update(
        &self,
        work: Work<'_>,
        order: &Modification<'_, Self::Have, Self::Want>,
    ) -> Result<Live<Self::Have>, CloudError>;

    /// Looks, just before a thing is changed or deleted by its name, whether what has that name is still the stack's: since the
    /// reading somebody may have put another one in its place. What goes by an id that no other thing can have need not look.
    ///
    /// # Errors
    /// Of [`Touch::allowed`]; what kept the look from being taken.
    async fn still_ours(&self, _work: Work<'_>, _touch: &Touch<'_>) -> Result<(), CloudError> {
        Ok(())
    }

    /// Deletes a thing.
    async fn delete(&self, work: Work<'_>, node: &NodeId, live: &Live<Self::Have>) -> Result<(), CloudError>;

    /// What a thing that was read as ready lacks all the same, in words: what a reading does not look at because it costs
    /// requests of its own. Asked before a run that leaves the thing alone.
    ///
    /// # Errors
    /// What kept the look from being taken.
    async fn lacks(&self, _work: Work<'_>, _live: &Live) -> Result<Option<String>, CloudError> {
        Ok(None)
    }

    /// How far things are; one answer for each. Asks in batches.
    async fn poll(&self, _work: Work<'_>, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        waiting.iter().map(|_| Ok(Readiness::Ready)).collect()
    }

    /// Who keeps a thing from being deleted, in words.
    async fn holders(&self, _work: Work<'_>, _live: &Live) -> Vec<String> {
        Vec::new()
    }
}

/// What a kind has to do whose things are only ever looked up.
pub trait Lookup: Send + Sync + 'static {
    /// The thing that a node looks for, if what the readers fetched holds it. Pure.
    ///
    /// # Errors
    /// As of [`Resource::look_up`].
    fn look_up(&self, fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError>;
}

/// The driver of a kind whose things are only looked up.
#[derive(Clone, Copy, Debug)]
pub struct OnlyLookedUp<L>(pub L);

/// Who writes the tags of a thing that is changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tagging {
    /// [`Resource::write_tags`], before anything else is changed: what a run adopts and leaves half-done is known as ours.
    First,
    /// [`Resource::update`], from [`Modification::tags`]: the order matters, or they are part of the document.
    Within,
}

/// The canonical document of a kind, typed.
pub trait Canonical: Serialize + DeserializeOwned + Clone + Send + Sync {
    /// The tags that the stack file decides; `None` if things of this kind have none of their own.
    fn tags(&self) -> Option<Tags>;
}

/// Implements [`Canonical`] for documents with a field `tags`.
macro_rules! tagged {
    ($($spec:ty),+) => { $(
        impl $crate::resource::Canonical for $spec {
            fn tags(&self) -> Option<$crate::tags::Tags> {
                Some(self.tags.clone())
            }
        }
    )+ };
}
pub(crate) use tagged;

/// Implements [`Canonical`] for documents whose tags, if any, are no tags of the thing itself.
macro_rules! untagged {
    ($($spec:ty),+) => { $(
        impl $crate::resource::Canonical for $spec {
            fn tags(&self) -> Option<$crate::tags::Tags> {
                None
            }
        }
    )+ };
}
pub(crate) use untagged;

/// A thing to be made.
#[derive(Clone, Debug)]
pub struct Creation<'a, W> {
    /// The node, the name, the token; and the document.
    pub order: Create<'a>,
    /// What it should be.
    pub want: W,
    /// All its tags: the user's, our marks, and those of the kind.
    pub tags: Tags,
}

/// A thing to be changed in place.
#[derive(Clone, Debug)]
pub struct Modification<'a, H, W = H> {
    /// The node, the changes, the token; and the documents.
    pub order: Update<'a>,
    /// What it is now.
    pub live: Live<H>,
    /// What it should be.
    pub want: W,
    /// How its tags change: the user's, our marks, and those of the kind.
    pub tags: Retag,
}

impl<H, W> Modification<'_, H, W> {
    /// Whether something changes in this field of the document.
    pub fn changes(&self, field: &str) -> bool {
        self.order.changes.iter().any(|change| change.field() == field)
    }
}

impl<S: Clone> Modification<'_, S> {
    /// The thing as it is once all of it is done.
    pub fn done(&self) -> Live<S> {
        self.live.clone().with(self.want.clone())
    }
}

/// What the engine asks of a kind, on documents; implemented once for every [`Resource`] and once for every [`Lookup`].
#[async_trait]
pub trait Driver: Send + Sync {
    /// Whether things of this kind can be made; otherwise they are only looked up.
    fn makes(&self) -> bool;

    /// See [`Resource::observe`].
    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live>, CloudError>;

    /// See [`Resource::look_up`].
    fn look_up(&self, fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError>;

    /// Makes a thing, marked as ours.
    async fn create(&self, work: Work<'_>, order: Create<'_>) -> Result<Live, CloudError>;

    /// Changes a thing in place: the fields named in `order.changes`, and the mark if it differs.
    async fn update(&self, work: Work<'_>, order: Update<'_>) -> Result<Live, CloudError>;

    /// See [`Resource::still_ours`].
    async fn still_ours(&self, work: Work<'_>, node: &NodeId, live: &Live, deletes: bool) -> Result<(), CloudError>;

    /// Deletes a thing; succeeds if it is gone.
    async fn delete(&self, work: Work<'_>, node: &NodeId, live: &Live) -> Result<(), CloudError>;

    /// See [`Resource::lacks`].
    async fn lacks(&self, work: Work<'_>, live: &Live) -> Result<Option<String>, CloudError>;

    /// See [`Resource::poll`].
    async fn poll(&self, work: Work<'_>, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>>;

    /// See [`Resource::holders`].
    async fn holders(&self, work: Work<'_>, live: &Live) -> Vec<String>;
}

/// The node of an entry of the stack file: what it wants, and what every entry says alike.
///
/// `name` is the physical name if the file gives none.
pub fn wanted<W: Serialize>(id: fn(&str) -> NodeId, entry: &str, meta: &Meta, name: String, want: &W) -> Node {
    let mut node = Node::new(id(entry), meta.name.clone().unwrap_or(name), doc(want));
    node.named = meta.name.is_some();
    node.moved_from = meta.moved_from.as_deref().map(id);
    node.protect = meta.protect;
    node.origin = Some(meta.place.to_string());
    node
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
