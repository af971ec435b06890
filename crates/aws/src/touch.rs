//! The look at the marks of a thing just before it is changed or deleted by a name that another thing may have by now.
//! Decides whether it is still ours; sends nothing.

use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::{Live, Owner};

use crate::tags::{self, Tags};

/// What is about to be done to a thing that was read as ours.
#[derive(Clone, Copy, Debug)]
pub struct Touch<'a> {
    /// What its marks call the stack.
    pub stack: &'a str,
    /// The node that it belongs to from now on: an earlier try may have moved the mark to it already.
    pub node: &'a NodeId,
    /// The thing, as it was read.
    pub live: &'a Live,
    /// Whether it is to be deleted; otherwise it is to be changed.
    pub deletes: bool,
}

impl Touch<'_> {
    /// The same of the answer to a look at the tags: what is to be deleted and has gone by itself is nobody's.
    ///
    /// # Errors
    /// As of [`Self::allowed`]; what kept the look from being taken.
    pub fn allowed_after(&self, look: Result<Tags, CloudError>, update: &str, delete: &str) -> Result<(), CloudError> {
        match look {
            Ok(tags) => self.allowed(&tags, update, delete),
            Err(error) if error.class == ErrorClass::Gone && self.deletes => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Whether these tags are still those of what was read. `update` and `delete` are the operations that would follow.
    ///
    /// # Errors
    /// `Invalid`: they are somebody else's by now; nothing has been changed.
    pub fn allowed(&self, tags: &Tags, update: &str, delete: &str) -> Result<(), CloudError> {
        let marked = tags.get(tags::STACK).is_some_and(|theirs| theirs == self.stack);
        let is = |node: &NodeId| tags.get(tags::ID).is_some_and(|id| *id == node.to_string());
        let other = |node: &NodeId| !is(node) && !is(self.node);
        if marked && !matches!(&self.live.owner, Owner::Ours(node) if other(node)) {
            return Ok(());
        }
        let message =
            format!("{} no longer belongs to this stack: its marks have changed since it was read", self.live.id);
        let (operation, done) = if self.deletes { (delete, "deleted") } else { (update, "changed") };
        let hint = format!("nothing was {done}; run the plan again to see the current state");
        Err(CloudError { hint: Some(hint), ..CloudError::local(ErrorClass::Invalid, operation, message) })
    }
}
