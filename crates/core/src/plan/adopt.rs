//! Everything foreign that is in the way, in one round: also what only shows once that which it depends on is taken over. Asks
//! the planner again and again what would be left; the plan that is shown is not made here.

use std::collections::BTreeSet;

use super::{Conflict, PlanOptions, plan};
use crate::graph::Graph;
use crate::id::NodeId;
use crate::kind::Kinds;
use crate::snapshot::Snapshot;

/// Everything that is in the way of what is wanted, in the order in which it would come up.
pub fn in_the_way(kinds: &Kinds, want: &Graph, have: &Snapshot, options: &PlanOptions) -> Vec<Conflict> {
    let mut options = options.clone();
    let mut found: Vec<Conflict> = Vec::new();
    let mut known: BTreeSet<(NodeId, String)> = BTreeSet::new();
    loop {
        let mut more = false;
        for conflict in plan(kinds, want, have, &options).conflicts {
            if !known.insert((conflict.node.clone(), conflict.adopt.clone())) {
                continue;
            }
            if conflict.obstacle.is_none() {
                more |= options.adopt.insert(conflict.adopt.clone());
            }
            found.push(conflict);
        }
        // Each round takes over at least one thing more, so this ends.
        if !more {
            return found;
        }
    }
}

/// What would have to be named with `--adopt` to take over all that can be.
pub fn adoptable(conflicts: &[Conflict]) -> BTreeSet<String> {
    conflicts.iter().filter(|one| one.obstacle.is_none()).map(|one| one.adopt.clone()).collect()
}
