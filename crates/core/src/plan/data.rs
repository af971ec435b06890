//! The plan as data: steps, what is held back, conflicts and notes, and what the caller wants of it. Knows nothing of how it is
//! made.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::held::{Conflict, Held, Note, Unhealthy};
use super::verb::Verb;
use crate::cloud::Goal;
use crate::diff::Change;
use crate::doc::Doc;
use crate::error::CloudError;
use crate::graph::StackInfo;
use crate::id::{NodeId, StepId};
use crate::snapshot::Live;

/// What the caller wants of a plan.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PlanOptions {
    /// Plan only these nodes and what they need; empty: all.
    pub target: BTreeSet<NodeId>,
    /// Foreign things to take over: node ids, or `node-id/key` for members of a composite thing.
    pub adopt: BTreeSet<String>,
    /// Nodes whose data may be lost or whose protection may be passed over.
    pub consent: BTreeSet<NodeId>,
    /// Nodes with `protect: true` in a stack file that is to be destroyed (the graph is then empty and cannot say).
    pub protected: BTreeSet<NodeId>,
    /// Nodes that the stack file of a stack that is to be destroyed only looks up: what the stack once made for them stays.
    #[serde(default)]
    pub looked_up: BTreeSet<NodeId>,
    /// Whether to take everything down; the graph is then empty and data that is not protected may go.
    pub destroy: bool,
    /// Whether to leave out waiting for changed things to get ready.
    pub no_wait: bool,
    /// How far servers are waited for, where they are.
    #[serde(default)]
    pub until: Until,
}

/// How far what is served by others is waited for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Until {
    /// Until it is live and healthy.
    #[default]
    Healthy,
    /// Until what was asked for is under way.
    Active,
    /// Until a stage of its kind has been reached.
    Stage(String),
}

impl Until {
    /// What is not known at the end, in words; `None` if all is.
    pub fn unknown(&self) -> Option<String> {
        match self {
            Self::Healthy => None,
            Self::Active => Some("waited for until its deployment was under way, not until it was healthy".to_owned()),
            Self::Stage(name) => {
                Some(format!("waited for until its deployment reached {name}, not until it was healthy"))
            }
        }
    }
}

/// Everything that is to be done, and what is not.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Plan {
    /// The stack.
    pub stack: StackInfo,
    /// The steps, numbered from 1 in an order in which they could run one after the other.
    pub steps: Vec<Step>,
    /// What is left undone on purpose.
    pub held: Vec<Held>,
    /// Foreign things in the way; nothing can be applied while there are any.
    pub conflicts: Vec<Conflict>,
    /// Differences that are told and let be, and fields that somebody else manages.
    pub notes: Vec<Note>,
    /// Nodes that are as they should be and left alone, and yet not known to be healthy: failed in a way that no update mends,
    /// or on their way where nobody waits for them. With any of these, a run must not pass for a success.
    #[serde(default)]
    pub unhealthy: Vec<Unhealthy>,
    /// How many nodes are as they should be.
    pub unchanged: usize,
    /// Outputs that are known already: of things that stay as they are. Fills holes at execution.
    pub known: BTreeMap<NodeId, BTreeMap<String, Value>>,
    /// Kinds that could not be read, so that nobody knows whether something of this stack is among them.
    pub unread: BTreeMap<String, CloudError>,
    /// What will not be known to be healthy when all steps are done, with what is known of it.
    pub unproven: BTreeMap<NodeId, String>,
    /// Whether the plan takes the stack down.
    pub destroy: bool,
}

impl Plan {
    /// Whether something would be changed; mere waiting does not count.
    pub fn has_changes(&self) -> bool {
        self.steps.iter().any(|step| !matches!(step.action, Action::Wait { .. }))
    }

    /// The step of that number.
    pub fn step(&self, id: StepId) -> Option<&Step> {
        self.steps.get((id.0 as usize).checked_sub(1)?)
    }

    /// Everything of it but the steps.
    pub(crate) fn without_steps(&self) -> Self {
        Self {
            stack: self.stack.clone(),
            steps: Vec::new(),
            held: self.held.clone(),
            conflicts: self.conflicts.clone(),
            notes: self.notes.clone(),
            unhealthy: self.unhealthy.clone(),
            unchanged: self.unchanged,
            known: self.known.clone(),
            unread: self.unread.clone(),
            unproven: self.unproven.clone(),
            destroy: self.destroy,
        }
    }

    /// How many steps there are of each verb, in the order create, update, revise, replace, adopt,
    /// delete, wait.
    ///
    /// A replacement counts once, as `replace`, and not as its creation and deletion; the old half that an earlier run left
    /// over counts as a deletion.
    pub fn counts(&self) -> Vec<(Verb, usize)> {
        let verbs = Verb::ALL.into_iter().filter(|verb| *verb != Verb::Retire);
        verbs.map(|verb| (verb, self.steps.iter().filter(|step| step.counted() == verb).count())).collect()
    }
}

/// One step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Its number.
    pub id: StepId,
    /// The node that it is about.
    pub node: NodeId,
    /// The physical name of the thing.
    pub name: String,
    /// What is done.
    pub action: Action,
    /// Steps that have to be finished first.
    pub after: BTreeSet<StepId>,
    /// Why.
    pub why: Reason,
    /// What would be lost, for a person, if this step destroys data.
    pub data: Option<String>,
}

impl Step {
    /// What is done, in one word. The deletion at the end of a replacement is [`Verb::Retire`].
    pub fn verb(&self) -> Verb {
        match &self.action {
            Action::Create { replaces: None, .. } => Verb::Create,
            Action::Create { replaces: Some(_), .. } if matches!(self.why, Reason::Revised(_)) => Verb::Revise,
            Action::Create { replaces: Some(_), .. } => Verb::Replace,
            Action::Update { .. } => Verb::Update,
            Action::Adopt { .. } => Verb::Adopt,
            Action::Delete { replaced: true, .. } => Verb::Retire,
            Action::Delete { replaced: false, .. } => Verb::Delete,
            Action::Wait { .. } => Verb::Wait,
        }
    }
}

/// What a step does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Action {
    /// Make a thing.
    Create {
        /// What it should be, with holes for what only earlier steps will tell.
        want: Doc,
        /// The thing that this one replaces, if any, with what forced it.
        replaces: Option<Box<Replaced>>,
    },
    /// Change a thing in place.
    Update {
        /// What it is.
        live: Box<Live>,
        /// What it should be.
        want: Doc,
        /// How they differ.
        changes: Vec<Change>,
    },
    /// Put our mark on a foreign thing and change it in place.
    Adopt {
        /// What it is.
        live: Box<Live>,
        /// What it should be.
        want: Doc,
        /// How they differ, our mark apart.
        changes: Vec<Change>,
    },
    /// Delete a thing.
    Delete {
        /// What it is.
        live: Box<Live>,
        /// Whether a step of this plan makes, or an earlier run made, its successor.
        replaced: bool,
        /// Things of ours that disappear with it.
        with: Vec<NodeId>,
    },
    /// Wait.
    Wait {
        /// For what.
        goal: Goal,
        /// The step whose thing is awaited; `None` if it was under way before this run.
        of: Option<StepId>,
        /// The thing, if it exists already.
        live: Option<Box<Live>>,
        /// Longest wait, seconds.
        deadline_secs: u32,
    },
}

/// The old half of a replacement.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Replaced {
    /// The old thing.
    pub live: Live,
    /// All differences; at least one of them forces the replacement.
    pub changes: Vec<Change>,
}

/// Why a step is there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is in the stack file and not live.
    Missing,
    /// Fields differ; their paths.
    Differs(Vec<String>),
    /// This field cannot be changed in place.
    Immutable(String),
    /// This field changes, which takes a new revision; the old one stays.
    Revised(String),
    /// Its successor takes its place.
    Replaced,
    /// An interrupted replacement left it over.
    LeftOver,
    /// It is ours and no longer in the stack file.
    Dropped,
    /// The stack is being taken down.
    Destroy,
    /// The user asked to take it over.
    Adopted,
    /// Its entry was renamed.
    Moved(NodeId),
    /// It is as the file says and does not do what it is for; why not.
    Unhealthy(String),
    /// It is one of the steps that move traffic without a gap.
    Staged(Phase),
    /// What was done takes time.
    TakesTime,
    /// It was under way before this run; what is awaited.
    UnderWay(String),
}

/// Where a step stands among those that move traffic without a gap. Every step of a phase is over before the next begins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// What another change of the same thing needs.
    Prepare,
    /// The new one is there beside the old one, without a share of the traffic.
    Attach,
    /// Both are served.
    Serve,
    /// Traffic moves to the new one.
    Switch,
    /// The switch reaches everybody.
    Hold,
    /// The old one is served no more.
    Leave,
    /// The old one is let go.
    Detach,
    /// The change that needed the others.
    Settle,
}
