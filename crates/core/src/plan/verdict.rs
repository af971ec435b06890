//! What a plan means for the command that asked for it: whether something blocks it, what a run of it leaves undone, and what
//! nobody knows to be healthy afterwards. Every exit code and every format asks here; nothing is printed here.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Held, HeldBecause, Intent, Plan, PlanOptions, Reason, Step, Verb};
use crate::cloud::Goal;
use crate::error::{CloudError, ErrorClass};
use crate::graph::Graph;
use crate::id::NodeId;
use crate::kind::{Kinds, Ready, Traffic};
use crate::snapshot::{Readiness, Snapshot};

impl Plan {
    /// Whether the plan cannot do all that was asked for: something foreign is in the way, something could not be read, or
    /// something that the run needs is held.
    pub fn blocked(&self) -> bool {
        !self.may_begin() || self.needed().next().is_some()
    }

    /// Whether any step may be begun. What could not be read might be in the way of every one of them.
    pub fn may_begin(&self) -> bool {
        self.conflicts.is_empty() && self.gap().is_none() && self.guarded().next().is_none()
    }

    /// What AWS itself protects although the stack is to be taken down: nothing is begun, for the rest would be gone when AWS
    /// refuses.
    pub fn guarded(&self) -> impl Iterator<Item = &Held> {
        self.held.iter().filter(|held| self.destroy && matches!(held.why, HeldBecause::Guarded(_)))
    }

    /// An error of the reading because of which nothing may be applied.
    ///
    /// An API that the endpoint does not have at all holds nothing of ours, so it is in the way only of what the stack wants
    /// there.
    pub fn gap(&self) -> Option<&CloudError> {
        let held = self.held.iter().find_map(|held| match &held.why {
            HeldBecause::Unreadable(error) => Some(error),
            _ => None,
        });
        held.or_else(|| self.unread.values().find(|error| error.class != ErrorClass::Unsupported))
    }

    /// What is held although the run needs it.
    ///
    /// What `--target` leaves out was not asked for. A deletion that waits for consent harms nobody who only applies; a stack
    /// that is to be taken down is not gone before everything is.
    pub fn needed(&self) -> impl Iterator<Item = &Held> {
        self.held.iter().filter(|held| match &held.why {
            HeldBecause::NotTargeted => false,
            HeldBecause::Unreadable(_) | HeldBecause::Needs(_) | HeldBecause::NotFound(_) => true,
            _ => self.destroy || held.what != Intent::Delete,
        })
    }
}

impl Step {
    /// The verb that the step counts as: what an interrupted replacement left over is a deletion of its own, while the old
    /// half of a replacement is a part of it.
    pub fn counted(&self) -> Verb {
        match self.verb() {
            Verb::Retire if self.why != Reason::Replaced => Verb::Delete,
            verb => verb,
        }
    }
}

/// What will not be known to be healthy when all steps are done, and what is known of it: things that nobody waits for, and
/// things that are left alone although they do not do what they are for.
pub(super) fn unproven(
    kinds: &Kinds,
    want: &Graph,
    have: &Snapshot,
    options: &PlanOptions,
    steps: &[Step],
) -> BTreeMap<NodeId, String> {
    let takes_time = |node: &NodeId| {
        let looked_up = want.get(node).is_some_and(|node| node.lookup);
        !looked_up && kinds.get(node.kind()).is_some_and(|kind| kind.ready != Ready::AtOnce)
    };
    let (mut awaited, mut worked_on, mut unproven) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
    let serves = |node: &NodeId| kinds.get(node.kind()).is_some_and(|kind| matches!(kind.traffic, Traffic::Server(_)));
    for step in steps {
        match &step.action {
            Action::Wait { goal: Goal::Ready, .. } if serves(&step.node) => {
                awaited.insert(&step.node);
                unproven.extend(options.until.unknown().map(|why| (step.node.clone(), why)));
            }
            Action::Wait { .. } => drop(awaited.insert(&step.node)),
            Action::Delete { .. } => {}
            _ => drop(worked_on.insert(&step.node)),
        }
    }
    let inside = (!options.target.is_empty()).then(|| want.closure(&options.target));
    for node in want.nodes().map(|node| &node.id).filter(|node| takes_time(node) && !awaited.contains(node)) {
        if inside.as_ref().is_some_and(|inside| !inside.contains(node)) {
            continue;
        }
        let why = match have.live(node).map(|live| &live.readiness) {
            _ if worked_on.contains(node) => Some("not waited for".to_owned()),
            Some(Readiness::Failed(why) | Readiness::Pending(why)) => Some(why.clone()),
            Some(Readiness::Ready | Readiness::Gone) | None => None,
        };
        unproven.extend(why.map(|why| (node.clone(), why)));
    }
    unproven
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(what: Intent, why: HeldBecause) -> Plan {
        let held = Held { node: NodeId::new("k", "n"), what, why };
        Plan { held: vec![held], ..Plan::default() }
    }

    fn denied(class: ErrorClass) -> CloudError {
        CloudError::local(class, "k:Describe", "no")
    }

    #[test]
    fn a_destruction_does_not_begin_before_what_aws_protects_is_released() {
        let guarded = || held(Intent::Delete, HeldBecause::Guarded("deletion_protection".to_owned()));
        assert!(guarded().may_begin(), "a deletion of one thing harms no other");
        let destruction = Plan { destroy: true, ..guarded() };
        assert!(!destruction.may_begin() && destruction.blocked());
        let protected = Plan { destroy: true, ..held(Intent::Delete, HeldBecause::Protected) };
        assert!(protected.may_begin(), "what the file protects stays, and the rest goes");
    }

    #[test]
    fn what_the_run_needs_blocks_it() {
        assert!(!Plan::default().blocked());
        for why in [
            HeldBecause::Unreadable(denied(ErrorClass::Denied)),
            HeldBecause::Needs(NodeId::new("k", "m")),
            HeldBecause::NotFound("a role".to_owned()),
        ] {
            assert!(held(Intent::Anything, why.clone()).blocked() && held(Intent::Delete, why).blocked());
        }
        for why in [HeldBecause::Protected, HeldBecause::Data("1 MB".to_owned()), HeldBecause::Holds("x".to_owned())] {
            assert!(held(Intent::Replace("x".to_owned()), why.clone()).blocked(), "{why:?}");
            let deletion = held(Intent::Delete, why.clone());
            assert!(!deletion.blocked(), "{why:?}");
            assert!(Plan { destroy: true, ..deletion }.blocked(), "a destruction that leaves something is not done");
        }
        assert!(!held(Intent::Update, HeldBecause::NotTargeted).blocked());
    }

    #[test]
    fn what_could_not_be_read_blocks_unless_it_is_not_there_at_all() {
        let unread = |class| Plan { unread: [("k".to_owned(), denied(class))].into(), ..Plan::default() };
        assert!(unread(ErrorClass::Denied).blocked() && !unread(ErrorClass::Denied).may_begin());
        assert!(!unread(ErrorClass::Unsupported).blocked());
    }
}
