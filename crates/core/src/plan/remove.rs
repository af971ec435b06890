//! What goes: things that left the file, halves that replacements leave behind, and all of a stack that is taken down.
//! What disappears with something else gets no step of its own, unless two of them hold on to each other.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;

use super::decide::Outgoing;
use super::{Held, HeldBecause, PlanOptions, Reason};
use crate::id::NodeId;
use crate::snapshot::{Live, Snapshot};

/// A live thing that is to be deleted.
#[derive(Debug)]
pub(super) struct Removal {
    pub(super) node: NodeId,
    pub(super) live: Live,
    pub(super) why: Reason,
    /// Whether it is the old half of a replacement.
    pub(super) replaced: bool,
    /// The removal that it disappears with.
    pub(super) with: Option<usize>,
}

/// Collects what is to be deleted.
pub(super) fn removals(
    have: &Snapshot,
    options: &PlanOptions,
    outgoing: Vec<Outgoing>,
    held: &mut Vec<Held>,
) -> Vec<Removal> {
    let mut removals: Vec<Removal> = Vec::new();
    for Outgoing { node, live, .. } in outgoing {
        removals.push(Removal { node, live, why: Reason::Replaced, replaced: true, with: None });
    }
    for surplus in &have.surplus {
        let (node, live) = (surplus.node.clone(), surplus.live.clone());
        match obstacle(&node, &live, surplus.superseded, have, options) {
            Some(why) => held.push(Held { node, what: "delete".to_owned(), why }),
            None => {
                let why = match (options.destroy, surplus.superseded) {
                    (true, _) => Reason::Destroy,
                    (false, true) => Reason::LeftOver,
                    (false, false) => Reason::Dropped,
                };
                removals.push(Removal { node, live, why, replaced: surplus.superseded, with: None });
            }
        }
    }
    subsume(&mut removals);
    removals
}

fn obstacle(
    node: &NodeId,
    live: &Live,
    superseded: bool,
    have: &Snapshot,
    options: &PlanOptions,
) -> Option<HeldBecause> {
    if let Some(kind) = have.unreadable.keys().next() {
        let why = format!("{kind} could not be read, so nobody knows whether something there still uses it");
        return Some(HeldBecause::Other(why));
    }
    if !options.target.is_empty() && !options.target.contains(node) {
        return Some(HeldBecause::NotTargeted);
    }
    if options.consent.contains(node) {
        return None;
    }
    if options.protected.contains(node) && !superseded {
        return Some(HeldBecause::Protected);
    }
    live.data.clone().filter(|_| !options.destroy && !superseded).map(HeldBecause::Data)
}

/// Lets things disappear with what they are inside of, except where that would make two deletions wait for each other.
fn subsume(removals: &mut [Removal]) {
    let holder: BTreeMap<String, usize> = by_handle(removals);
    for (at, removal) in removals.iter_mut().enumerate() {
        let within = removal.live.within.as_ref().and_then(|handle| holder.get(handle)).copied();
        removal.with = within.filter(|holder| *holder != at);
    }
    let edges = edges(removals);
    let graph: DiGraphMap<usize, ()> = edges.into_iter().map(|(before, after)| (before, after, ())).collect();
    let knotted: BTreeSet<usize> = tarjan_scc(&graph).into_iter().filter(|group| group.len() > 1).flatten().collect();
    for at in 0..removals.len() {
        if knotted.contains(&root(removals, at)) && !removals[at].live.uses.is_empty() {
            removals[at].with = None;
        }
    }
}

/// Which removal answers to a handle.
pub(super) fn by_handle(removals: &[Removal]) -> BTreeMap<String, usize> {
    let handles = removals
        .iter()
        .enumerate()
        .flat_map(|(at, removal)| removal.live.handles.iter().map(move |handle| (handle.clone(), at)));
    handles.collect()
}

/// The removal with a step of its own that this one goes with.
pub(super) fn root(removals: &[Removal], mut at: usize) -> usize {
    // As long as a chain can be at most; a circle of holders would be a reader's mistake and must not hang.
    for _ in 0..removals.len() {
        match removals[at].with {
            Some(holder) => at = holder,
            None => break,
        }
    }
    at
}

/// Pairs of removals with steps of their own, of which the first has to be finished before the second.
pub(super) fn edges(removals: &[Removal]) -> BTreeSet<(usize, usize)> {
    let holder = by_handle(removals);
    let mut edges = BTreeSet::new();
    for (at, removal) in removals.iter().enumerate() {
        let user = root(removals, at);
        for used in removal.live.uses.iter().filter_map(|handle| holder.get(handle)) {
            edges.insert((user, root(removals, *used)));
        }
        // A member with a step of its own goes before what it is inside of.
        if removal.with.is_none()
            && let Some(within) = removal.live.within.as_ref().and_then(|handle| holder.get(handle))
        {
            edges.insert((user, root(removals, *within)));
        }
    }
    edges.retain(|(before, after)| before != after);
    edges
}
