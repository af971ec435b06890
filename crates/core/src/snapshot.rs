//! What is live: each thing that a reader found ([`Live`]), and what one reading knows of the nodes of a graph
//! ([`Snapshot`]). "Could not be read" never looks like "not there". How finds are matched with nodes is in `matching.rs`;
//! the reading itself happens elsewhere.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diff::{Change, Effect};
use crate::doc::{Doc, Outputs};
use crate::error::CloudError;
use crate::id::NodeId;

/// Whose a live thing is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// It carries this stack's mark, and this is the node it was made for.
    Ours(NodeId),
    /// It carries another stack's mark.
    OtherStack(String),
    /// It carries this stack's mark, but not one for a thing of its kind: the mark as it reads. Nobody of us wrote that.
    Stray(String),
    /// AWS itself or another controller runs it, whatever marks it carries: it is never touched.
    Managed {
        /// Who.
        by: String,
        /// A mark of this stack on it, as it reads, that nobody but one of us can have written.
        mark: Option<String>,
    },
    /// It carries no mark.
    Nobody,
}

/// How far a live thing is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// It does what it is for.
    Ready,
    /// It is on its way; the text says what is awaited, for example `provisioning` or `1 of 2 tasks running`.
    Pending(String),
    /// It will not get ready without help; the text says why.
    Failed(String),
    /// It is not there any more.
    Gone,
}

/// One thing that is live in AWS, as a reader saw it. `D` is the form of its document: the engine's own, or a kind's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Live<D = Doc> {
    /// AWS's id or ARN, whichever its calls take.
    pub id: String,
    /// The physical name, empty if things of this kind have none.
    pub name: String,
    /// Whose it is.
    pub owner: Owner,
    /// What it is, in the canonical form of its kind.
    pub have: D,
    /// What it offers to others.
    pub outputs: Outputs,
    /// The strings under which other live things refer to this one (ARN, id, `log_group/<name>`).
    pub handles: Vec<String>,
    /// The strings by which this one refers to others; matched against their `handles` to order deletions.
    pub uses: Vec<String>,
    /// The handle of the thing that this one disappears with (the load balancer of a listener), if any.
    pub within: Option<String>,
    /// How far it is.
    pub readiness: Readiness,
    /// What an update makes anew once this has failed, as the path of that change (the deployment of a service); `None` if no
    /// update mends it.
    #[serde(default)]
    pub renews: Option<String>,
    /// What would be lost if it were deleted, for a person, for example `3 MB of logs`; `None` if nothing.
    pub data: Option<String>,
    /// What of others is inside it and keeps it from being deleted, for a person, for example `2 records that are not of this
    /// stack`; `None` if nothing. No consent helps: it is not ours to give.
    #[serde(default)]
    pub kept_by: Option<String>,
    /// Members inside this thing that are somebody else's (a listener rule made by hand): left alone, and told.
    pub foreign: Vec<ForeignMember>,
    /// What of others is inside it and would go with it, for a person, each: `a listener on port 8080`. Needs consent.
    #[serde(default)]
    pub inside: Vec<String>,
    /// Whether it carries the tag that protects it; that outlives its entry in the stack file.
    #[serde(default)]
    pub protected: bool,
    /// A protection against deletion that AWS itself holds.
    #[serde(default)]
    pub guard: Option<Guard>,
    /// What was changed already and takes effect at a later time, with when, for a person; `None` if nothing is.
    #[serde(default)]
    pub waits: Option<String>,
    /// What stays in AWS once it is deleted, and what that costs, for a person; `None` if nothing does.
    #[serde(default)]
    pub leaves: Option<String>,
    /// The id of the thing whose place it took, as it says of itself.
    #[serde(default)]
    pub replaces: Option<String>,
    /// The handle of the one thing that it is tied to for as long as it lives (the load balancer of a target group), if any.
    #[serde(default)]
    pub tied: Option<String>,
    /// What only the driver of its kind reads: never compared, shown or referred to. `null` if there is nothing.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub private: Value,
}

/// A protection against deletion that AWS itself holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Guard {
    /// What the stack file calls it: `deletion_protection`.
    pub key: String,
    /// Where it stands in the document, as a JSON pointer.
    pub pointer: String,
}

impl<D> Live<D> {
    /// A live thing with nothing but its identity; the rest is set by field.
    pub fn new(id: impl Into<String>, name: impl Into<String>, owner: Owner, have: D) -> Self {
        let id = id.into();
        Self {
            handles: vec![id.clone()],
            id,
            name: name.into(),
            owner,
            have,
            outputs: Outputs::new(),
            uses: Vec::new(),
            within: None,
            readiness: Readiness::Ready,
            renews: None,
            data: None,
            kept_by: None,
            foreign: Vec::new(),
            inside: Vec::new(),
            protected: false,
            guard: None,
            waits: None,
            leaves: None,
            replaces: None,
            tied: None,
            private: Value::Null,
        }
    }

    /// Whether it carries the mark of that node.
    pub fn is_of(&self, node: &NodeId) -> bool {
        matches!(&self.owner, Owner::Ours(owner) if owner == node)
    }

    /// The same thing with its document in another form.
    pub fn with<E>(self, have: E) -> Live<E> {
        self.map(|_| have)
    }

    /// The same thing with its document turned into another form.
    pub fn map<E>(self, turn: impl FnOnce(D) -> E) -> Live<E> {
        let Self { id, name, owner, have, outputs, handles, uses, within, readiness, renews, data, .. } = self;
        let Self { kept_by, foreign, inside, protected, guard, waits, leaves, replaces, tied, private, .. } = self;
        let have = turn(have);
        Live {
            id,
            name,
            owner,
            have,
            outputs,
            handles,
            uses,
            within,
            readiness,
            renews,
            data,
            kept_by,
            foreign,
            inside,
            protected,
            guard,
            waits,
            leaves,
            replaces,
            tied,
            private,
        }
    }

    /// Adds an output.
    #[must_use]
    pub fn output(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.outputs.insert(name.to_owned(), value.into());
        self
    }

    /// The change that makes anew what has failed, although every field is as it should be.
    pub fn renewal(&self) -> Option<Change> {
        let (Readiness::Failed(why), Some(path)) = (&self.readiness, &self.renews) else { return None };
        let (from, to) = (format!("failed: {why}"), "a new one".to_owned());
        Some(Change { path: path.clone(), from: Some(from.into()), to: Some(to.into()), effect: Effect::Update })
    }
}

/// A member of a composite thing (a record of a zone, a rule of a listener) that does not carry our mark.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ForeignMember {
    /// How it is named in conflicts and, behind the node's id and a slash, in `--adopt`: `api.cruddur.example/A`.
    pub key: String,
    /// The keyed list of the document that it would stand in: `records`.
    pub list: String,
    /// A wanted member of that list clashes with this one if it has the same values in all of these fields.
    pub same: Vec<String>,
    /// What it is, in the form of a member of that list.
    pub have: Doc,
    /// The other stack that it belongs to, if it carries such a mark.
    pub stack: Option<String>,
}

/// Everything one reading found.
#[derive(Clone, Debug, Default)]
pub struct Candidates {
    /// By kind: the things, or why they could not be read. A kind that is missing was not asked for.
    pub kinds: BTreeMap<String, Result<Vec<Live>, CloudError>>,
    /// Kinds of which only what was asked for by name could be read, and why no more.
    pub blind: BTreeMap<String, CloudError>,
    /// By node that is only looked up: what was found for it, nothing, or why nobody knows.
    pub looked_up: BTreeMap<NodeId, Result<Option<Live>, CloudError>>,
}

/// What is known of one node.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observed {
    /// It is there, ours or of the same name.
    Present(Box<Live>),
    /// It is certainly not there.
    Absent,
    /// It could not be read, so nothing is known.
    Unreadable(CloudError),
    /// Several things carry its mark, and nothing tells which of them is ours: their ids.
    Ambiguous(Vec<String>),
}

/// A thing with this stack's mark that no run of this stack can have left so. It is told, and let be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stray {
    /// Its kind.
    pub kind: String,
    /// Its physical name, or its id if it has none.
    pub name: String,
    /// AWS's id.
    pub id: String,
    /// The mark that it carries.
    pub mark: String,
    /// Whether another thing carries the same mark, and rightly; otherwise the mark is not one for its kind.
    pub double: bool,
}

/// A thing of ours that no node of the graph stands for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Surplus {
    /// The node that it was made for.
    pub node: NodeId,
    /// Whether that node is in the graph: then this is what an interrupted replacement left over.
    pub superseded: bool,
    /// Whether it says that it took the place of what the file has: left by a run whose file was put back since, or marked so by
    /// somebody else. Nobody can tell.
    pub abandoned: bool,
    /// The thing.
    pub live: Live,
}

/// The live state, matched with a graph.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Snapshot {
    /// One entry for each node of the graph.
    pub nodes: BTreeMap<NodeId, Observed>,
    /// Ours, but of no node: left the file, or left over.
    pub surplus: Vec<Surplus>,
    /// Kinds that could not be read, so that nobody knows whether something of ours is among them.
    pub unreadable: BTreeMap<String, CloudError>,
    /// Kinds of which only what the graph names could be read: nobody knows whether more of ours is there.
    #[serde(default)]
    pub blind: BTreeMap<String, CloudError>,
    /// Things whose mark does not count.
    #[serde(default)]
    pub strays: Vec<Stray>,
    /// Things of others under names that the graph wants, beside those that stand where a node's own should be.
    #[serde(default)]
    pub others: Vec<(String, Live)>,
}

impl Snapshot {
    /// The live thing of a node, if there is one.
    pub fn live(&self, node: &NodeId) -> Option<&Live> {
        match self.nodes.get(node) {
            Some(Observed::Present(live)) => Some(live),
            Some(Observed::Absent | Observed::Unreadable(_) | Observed::Ambiguous(_)) | None => None,
        }
    }

    /// Marks that several things carry while nobody knows which of them is rightly there, with their ids: nothing of that
    /// node's is worked on.
    pub fn unclear(&self) -> BTreeMap<NodeId, Vec<String>> {
        let told_apart =
            |node: &NodeId| self.nodes.contains_key(node) || self.surplus.iter().any(|surplus| surplus.node == *node);
        let mut unclear: BTreeMap<NodeId, Vec<String>> = BTreeMap::new();
        for stray in self.strays.iter().filter(|stray| stray.double) {
            if let Some(node) = stray.mark.parse().ok().filter(|node| !told_apart(node)) {
                unclear.entry(node).or_default().push(stray.id.clone());
            }
        }
        unclear
    }
}
