//! A plan that was written down to be applied later: bound to the live state that it was made from. Before it is applied,
//! everything is read again; if anything moved, it is refused, naming what.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::doc::Doc;
use crate::graph::Graph;
use crate::id::NodeId;
use crate::plan::{Plan, PlanOptions};
use crate::snapshot::{Live, Observed, Owner, Snapshot};

/// The format of the file; another one is refused.
pub const FORMAT: &str = "evenkeel-plan";
/// The version of the format.
pub const VERSION: u32 = 1;

/// A plan with everything needed to apply it, and what it was made from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SavedPlan {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// The version of evenkeel that wrote it.
    pub written_by: String,
    /// The account it is for, if that is known.
    pub account: Option<String>,
    /// What was wanted.
    pub graph: Graph,
    /// How it was planned.
    pub options: PlanOptions,
    /// What was live.
    pub snapshot: Snapshot,
    /// What is to be done.
    pub plan: Plan,
}

/// A text is not a saved plan that this version can apply.
#[derive(Debug, thiserror::Error)]
pub enum NotAPlan {
    /// It is not JSON, or lacks parts.
    #[error("it is not a saved plan: {0}")]
    Broken(#[from] serde_json::Error),
    /// It was written by another version.
    #[error("it has format {format} version {version}, but this evenkeel reads {FORMAT} version {VERSION}; plan again")]
    OtherVersion {
        /// Its format.
        format: String,
        /// Its version.
        version: u32,
    },
}

/// Something that is not as it was when the plan was made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Moved {
    /// What.
    pub node: NodeId,
    /// Which field; empty for its existence.
    pub path: String,
    /// What it was.
    pub was: Value,
    /// What it is.
    pub is: Value,
}

#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

impl SavedPlan {
    /// Puts together what has to be kept.
    pub fn new(
        graph: &Graph,
        snapshot: &Snapshot,
        plan: &Plan,
        options: &PlanOptions,
        account: Option<String>,
    ) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            written_by: env!("CARGO_PKG_VERSION").to_owned(),
            account,
            graph: graph.clone(),
            options: options.clone(),
            snapshot: snapshot.clone(),
            plan: plan.clone(),
        }
    }

    /// Whether a text looks like a saved plan, of whatever version.
    pub fn recognises(text: &str) -> bool {
        serde_json::from_str::<Head>(text).is_ok_and(|head| head.format == FORMAT)
    }

    /// Reads a saved plan.
    ///
    /// # Errors
    /// If it is none, or of another version.
    pub fn from_json(text: &str) -> Result<Self, NotAPlan> {
        let head: Head = serde_json::from_str(text)?;
        if head.format != FORMAT || head.version != VERSION {
            return Err(NotAPlan::OtherVersion { format: head.format, version: head.version });
        }
        Ok(serde_json::from_str(text)?)
    }

    /// Writes it down.
    ///
    /// # Errors
    /// Never for a plan that was made here.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }

    /// What has moved since the plan was made.
    pub fn moved(&self, fresh: &Snapshot) -> Vec<Moved> {
        let mut moved = Vec::new();
        for (node, was) in &self.snapshot.nodes {
            match (was, fresh.nodes.get(node)) {
                (Observed::Present(was), Some(Observed::Present(is))) => compare(node, was, is, &mut moved),
                (Observed::Absent, Some(Observed::Absent)) => {}
                (was, is) => {
                    let (was, is) = (word(Some(was)), word(is));
                    moved.push(Moved { node: node.clone(), path: String::new(), was, is });
                }
            }
        }
        let old = surplus(&self.snapshot);
        let mut new = surplus(fresh);
        for ((node, id), was) in old {
            match new.remove(&(node, id)) {
                Some(is) => compare(node, was, is, &mut moved),
                None => moved.push(existence(node, id.into(), "gone".into())),
            }
        }
        moved.extend(new.into_keys().map(|(node, id)| existence(node, "not there".into(), id.into())));
        for (kind, error) in fresh.unreadable.iter().filter(|(kind, _)| !self.snapshot.unreadable.contains_key(*kind)) {
            moved.push(existence(&NodeId::new(kind, "*"), "readable".into(), format!("unreadable: {error}").into()));
        }
        moved
    }
}

fn surplus(snapshot: &Snapshot) -> BTreeMap<(&NodeId, &str), &Live> {
    snapshot.surplus.iter().map(|surplus| ((&surplus.node, surplus.live.id.as_str()), &surplus.live)).collect()
}

fn existence(node: &NodeId, was: Value, is: Value) -> Moved {
    Moved { node: node.clone(), path: String::new(), was, is }
}

fn word(observed: Option<&Observed>) -> Value {
    match observed {
        Some(Observed::Present(live)) => live.id.clone().into(),
        Some(Observed::Absent) | None => "not there".into(),
        Some(Observed::Unreadable(error)) => format!("unreadable: {error}").into(),
        Some(Observed::Ambiguous(ids)) => format!("several: {}", ids.join(", ")).into(),
    }
}

fn compare(node: &NodeId, was: &Live, is: &Live, moved: &mut Vec<Moved>) {
    if was.id != is.id {
        let (was, is) = (was.id.clone().into(), is.id.clone().into());
        return moved.push(Moved { node: node.clone(), path: "id".to_owned(), was, is });
    }
    let mut field = |path: &str, was: Value, is: Value| documents(node, path, &was, &is, moved);
    field("owner", owner(&was.owner), owner(&is.owner));
    field("outputs", Value::from_iter(was.outputs.clone()), Value::from_iter(is.outputs.clone()));
    field("foreign", foreign(was), foreign(is));
    documents(node, "", &was.have, &is.have, moved);
}

fn owner(owner: &Owner) -> Value {
    match owner {
        Owner::Ours(node) => node.to_string().into(),
        Owner::OtherStack(stack) => format!("stack {stack}").into(),
        Owner::Stray(mark) => format!("nobody, with the mark {mark}").into(),
        Owner::Nobody => "nobody".into(),
    }
}

fn foreign(live: &Live) -> Value {
    live.foreign.iter().map(|member| (member.key.clone(), member.have.clone())).collect()
}

fn documents(node: &NodeId, path: &str, was: &Doc, is: &Doc, moved: &mut Vec<Moved>) {
    match (was, is) {
        (Value::Object(old), Value::Object(new)) => {
            let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let (was, is) = (old.get(key).unwrap_or(&Value::Null), new.get(key).unwrap_or(&Value::Null));
                documents(node, &path, was, is, moved);
            }
        }
        _ if was == is => {}
        _ => moved.push(Moved { node: node.clone(), path: path.to_owned(), was: was.clone(), is: is.clone() }),
    }
}
