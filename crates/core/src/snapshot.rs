//! What is live: each thing that a reader found ([`Live`]), and how the finds of one reading are matched with the nodes
//! of the graph. Matching goes by our mark first and by physical name second; "could not be read" never looks like
//! "not there". Pure: the reading itself happens elsewhere.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diff::{Change, Effect};
use crate::doc::{Doc, Outputs};
use crate::error::CloudError;
use crate::graph::{Graph, Node};
use crate::id::NodeId;
use crate::name;

/// Whose a live thing is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// It carries this stack's mark, and this is the node it was made for.
    Ours(NodeId),
    /// It carries another stack's mark.
    OtherStack(String),
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

/// One thing that is live in AWS, as a reader saw it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Live {
    /// AWS's id or ARN, whichever its calls take.
    pub id: String,
    /// The physical name, empty if things of this kind have none.
    pub name: String,
    /// Whose it is.
    pub owner: Owner,
    /// What it is, in the canonical form of its kind.
    pub have: Doc,
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
}

impl Live {
    /// A live thing with nothing but its identity; the rest is set by field.
    pub fn new(id: impl Into<String>, name: impl Into<String>, owner: Owner, have: Doc) -> Self {
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

/// Everything one reading found, by kind: the things, or why they could not be read.
///
/// A kind that is missing was not asked for.
pub type Candidates = BTreeMap<String, Result<Vec<Live>, CloudError>>;

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
}

/// A thing of ours that no node of the graph stands for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Surplus {
    /// The node that it was made for.
    pub node: NodeId,
    /// Whether that node is in the graph: then this is what an interrupted replacement left over.
    pub superseded: bool,
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
}

impl Snapshot {
    /// Matches what was found with the nodes of `graph`.
    ///
    /// A node's thing is the one that carries its mark (or, if the node has moved, the mark of its old id) and has the
    /// highest generation; else the one with its physical name, whoever owns it.
    pub fn of(graph: &Graph, found: Candidates) -> Self {
        let mut snapshot = Self::default();
        let mut left: BTreeMap<String, Vec<Live>> = BTreeMap::new();
        for (kind, result) in found {
            match result {
                Ok(things) => drop(left.insert(kind, things)),
                Err(error) => drop(snapshot.unreadable.insert(kind, error)),
            }
        }
        let mut marked: BTreeMap<NodeId, Vec<Live>> = BTreeMap::new();
        let mut named: BTreeMap<(String, String), Live> = BTreeMap::new();
        for (kind, things) in left {
            for live in things {
                match &live.owner {
                    Owner::Ours(node) => marked.entry(node.clone()).or_default().push(live),
                    // Things without a name of their own cannot be taken for one another.
                    Owner::OtherStack(_) | Owner::Nobody if live.name.is_empty() => {}
                    Owner::OtherStack(_) | Owner::Nobody => drop(named.insert((kind.clone(), live.name.clone()), live)),
                }
            }
        }
        for node in graph.nodes() {
            let observed = if let Some(error) = snapshot.unreadable.get(node.id.kind()) {
                Observed::Unreadable(error.clone())
            } else {
                let mut ours = marked.remove(&node.id).unwrap_or_default();
                if ours.is_empty()
                    && let Some(old) = &node.moved_from
                {
                    ours = marked.remove(old).unwrap_or_default();
                }
                match newest(ours, node, &mut snapshot.surplus) {
                    Some(live) => Observed::Present(Box::new(live)),
                    None => named
                        .remove(&(node.id.kind().to_owned(), node.name.clone()))
                        .map_or(Observed::Absent, |live| Observed::Present(Box::new(live))),
                }
            };
            snapshot.nodes.insert(node.id.clone(), observed);
        }
        for (node, things) in marked {
            let superseded = graph.get(&node).is_some();
            snapshot.surplus.extend(things.into_iter().map(|live| Surplus { node: node.clone(), superseded, live }));
        }
        snapshot
    }

    /// The live thing of a node, if there is one.
    pub fn live(&self, node: &NodeId) -> Option<&Live> {
        match self.nodes.get(node) {
            Some(Observed::Present(live)) => Some(live),
            Some(Observed::Absent | Observed::Unreadable(_)) | None => None,
        }
    }
}

/// Takes the current one out of several things with the same mark; the others are left over from replacements.
///
/// Where names do not tell (certificates, listeners), it is the one with the most fields as they should be.
fn newest(mut things: Vec<Live>, node: &Node, surplus: &mut Vec<Surplus>) -> Option<Live> {
    if things.len() > 1 {
        let fields = |live: &Live| match &node.want {
            Value::Object(want) => {
                want.iter().filter(|(key, value)| live.have.get(key.as_str()) == Some(value)).count()
            }
            _ => 0,
        };
        things.sort_by_cached_key(|live| {
            let generation = name::generation(&node.name, &live.name).unwrap_or(0);
            (generation, fields(live), live.name.clone(), live.id.clone())
        });
    }
    let current = things.pop()?;
    surplus.extend(things.into_iter().map(|live| Surplus { node: node.id.clone(), superseded: true, live }));
    Some(current)
}
