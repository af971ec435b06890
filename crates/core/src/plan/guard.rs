//! What keeps a thing from being deleted: one answer for everything that goes, whether it was dropped, replaced, left over
//! or taken down with its stack. Consent releases what is ours to lose; what is not ours to give, it does not.

use super::{HeldBecause, PlanOptions};
use crate::doc::Doc;
use crate::graph::Node;
use crate::id::NodeId;
use crate::snapshot::Live;

/// What keeps `live` of `id` from being deleted, if anything does. `node` is its entry, if it has one; `after` what the
/// file wants in its place, if it is replaced.
pub(super) fn guard(
    id: &NodeId,
    live: &Live,
    node: Option<&Node>,
    after: Option<&Doc>,
    options: &PlanOptions,
) -> Option<HeldBecause> {
    if let Some(what) = &live.kept_by {
        return Some(HeldBecause::Holds(what.clone()));
    }
    if options.consent.contains(id) {
        return None;
    }
    if let Some(guard) = &live.guard {
        // The file may release the protection together with the change that replaces the thing.
        let released = after
            .and_then(|after| after.pointer(&guard.pointer))
            .is_some_and(|value| value == "false" || value == false);
        if !released {
            return Some(HeldBecause::Guarded(guard.key.clone()));
        }
    }
    if live.protected || node.is_some_and(|node| node.protect) || options.protected.contains(id) {
        return Some(HeldBecause::Protected);
    }
    if !live.inside.is_empty() {
        return Some(HeldBecause::Inside(live.inside.clone()));
    }
    live.data.clone().filter(|_| !options.destroy).map(HeldBecause::Data)
}
