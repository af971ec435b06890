//! What is left undone on purpose, what is in the way, and what is told and let be: the reasons as data. Whoever tells a person finds the words; the command
//! line has them in `report/verbs.rs`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diff::Change;
use crate::error::CloudError;
use crate::id::NodeId;

/// Something that is left undone on purpose.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Held {
    /// The node.
    pub node: NodeId,
    /// What would have been done.
    pub what: Intent,
    /// Why it is not.
    pub why: HeldBecause,
}

/// What would be done if it were not held.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Whatever turned out to be needed.
    Anything,
    /// It would be made.
    Create,
    /// It would be changed in place.
    Update,
    /// It would be replaced, because this field cannot be changed in place.
    Replace(String),
    /// It would be deleted.
    Delete,
    /// It would be looked up.
    LookUp,
    /// What left the file would be looked for.
    LookForDropped,
}

/// Why something is left undone. Texts in it are names, paths, and what AWS or a kind says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldBecause {
    /// It could not be read.
    Unreadable(CloudError),
    /// What left the file could not be looked for, because this was not answered.
    Unseen(CloudError),
    /// It needs something that is held.
    Needs(NodeId),
    /// It has `protect: true`, or its tag says that it had.
    Protected,
    /// AWS itself protects it from deletion; what the stack file calls that.
    Guarded(String),
    /// These things of others would go with it.
    Inside(Vec<String>),
    /// Its replacement cannot do without an interruption.
    Gap(Gap),
    /// It says that it took the place of what the file has, and the file does not ask for that; the name of that.
    Abandoned(String),
    /// Several things carry its mark, and nothing tells which of them is ours: their ids.
    Doubled(Vec<String>),
    /// It would lose data; what.
    Data(String),
    /// `--target` leaves it out.
    NotTargeted,
    /// It is looked up and not there.
    NotFound(String),
    /// Nobody knows its kind.
    UnknownKind,
    /// Traffic moves in this node at the same time, which `--target` leaves out.
    Torn(NodeId),
    /// This kind could not be read, so something of it may use the thing.
    UsersUnread(String),
    /// Its successor does not do what it is for; why not.
    PoorSuccessor(String),
    /// This uses it, and stays.
    UsedBy(NodeId),
    /// The stack file looks it up for this node.
    LookedUp(NodeId),
    /// It is inside of this, which stays.
    Within(NodeId),
    /// This would go with it, and must not without consent.
    Takes(NodeId),
    /// There is this in it that is nobody's to lose.
    Holds(String),
    /// Its replacement would need this while the old one still has it.
    Exclusive(String),
    /// Somebody else moves the traffic of this server between two groups, which can be other ones only while he does not.
    Shifted(NodeId),
}

/// Why traffic would be interrupted by a replacement.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// The old and the new one differ in this field, so that no task serves both.
    Apart(String),
    /// This would have to be replaced with it, and is held.
    Follower(NodeId),
    /// Its address changes, and no record of the stack leads to it.
    Address,
}

/// A foreign thing where one of ours should be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Conflict {
    /// The node.
    pub node: NodeId,
    /// What to hand to `--adopt`.
    pub adopt: String,
    /// What is there: its id or key.
    pub there: String,
    /// The other stack that owns it, if it carries a mark.
    pub stack: Option<String>,
    /// What adopting would change.
    pub changes: Vec<Change>,
    /// Why it cannot be adopted, if it cannot.
    pub obstacle: Option<Obstacle>,
}

/// Why a foreign thing cannot be adopted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// It belongs to this stack.
    OfStack(String),
    /// AWS itself or another controller runs it: who.
    RunBy(String),
    /// This field of it cannot be changed in place.
    Immutable(String),
    /// This thing of ours would take its place.
    Taken(String),
    /// A member of ours would take its place.
    TakenByMember,
}

/// A difference that is told and let be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Note {
    /// The node.
    pub node: NodeId,
    /// What there is to tell.
    pub remark: Remark,
}

/// What there is to tell of something that is let be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remark {
    /// Somebody else manages a field.
    Managed {
        /// The field.
        path: String,
        /// Who.
        by: String,
        /// What it is now, if it is set.
        now: Option<Value>,
    },
    /// A field differs, and AWS cannot change it.
    Fixed {
        /// The field.
        path: String,
        /// What it is.
        is: Option<Value>,
        /// What it should be.
        wanted: Option<Value>,
    },
    /// Something of it was changed already and takes effect later: what, and when, as its kind says it.
    Waits(String),
    /// A member of somebody else's becomes the stack's: its key.
    TakesOver(String),
    /// It carries a mark of the stack that does not count.
    Stray {
        /// Its id.
        id: String,
        /// The mark.
        mark: String,
        /// Whether another thing carries the same one; otherwise it is no mark for a thing of this kind.
        double: bool,
    },
}

/// A node that is as it should be and yet not known to be healthy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Unhealthy {
    /// The node.
    pub node: NodeId,
    /// What its kind says of it.
    pub text: String,
}
