//! Traffic never moves to what cannot serve: an update that would take groups from a router or from a server at once is cut
//! into steps. The successor is attached without a share, served beside the old one, given the share, and only then is the
//! old one left and let go. Which steps are still to be done follows from what is live alone, so a later run goes on.
//! Knows routers, servers, groups and fronts by what their kinds say; must not know what they are.

mod cut;
mod facts;
pub(super) mod lists;
mod movements;
mod rung;
mod sorts;

use std::collections::{BTreeMap, BTreeSet};

use self::cut::Cutter;
use self::facts::Facts;
use self::lists::shares;
pub(super) use self::sorts::Sorts;
use super::decide::{Decisions, decide};
use super::{Phase, PlanOptions};
use crate::graph::Graph;
use crate::id::NodeId;
use crate::kind::{Kinds, Traffic};
use crate::snapshot::{Live, Snapshot};

/// A step's place among those of one movement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Staged {
    /// Which movement, if there are several at once.
    pub(super) movement: usize,
    pub(super) phase: Phase,
}

/// The handles of what carries traffic now: groups with a share, and the fronts of routers that give one.
pub(super) fn carrying(kinds: &Kinds, have: &Snapshot) -> BTreeSet<String> {
    let mut carrying = BTreeSet::new();
    for (node, live) in everything(have) {
        let Some(Traffic::Router(paths)) = kinds.get(node.kind()).map(|kind| kind.traffic) else { continue };
        for item in shares(&live.have, paths).values() {
            let routed: Vec<&String> = item.iter().filter(|(_, weight)| **weight > 0).map(|(group, _)| group).collect();
            if !routed.is_empty() {
                carrying.extend(live.within.clone());
                carrying.extend(routed.into_iter().cloned());
            }
        }
    }
    carrying
}

fn everything(have: &Snapshot) -> impl Iterator<Item = (&NodeId, &Live)> {
    let current = have.nodes.keys().filter_map(|node| Some((node, have.live(node)?)));
    current.chain(have.surplus.iter().map(|surplus| (&surplus.node, &surplus.live)))
}

/// What moves together when traffic does.
#[derive(Clone, Debug, Default)]
pub(super) struct Moved {
    /// The handles of groups and fronts that it is about.
    pub(super) handles: BTreeSet<String>,
    /// The nodes that have a step in it.
    pub(super) nodes: BTreeSet<NodeId>,
}

/// Cuts updates into steps where traffic would stop otherwise.
pub(super) fn stage(kinds: &Kinds, want: &Graph, have: &Snapshot, decisions: &mut Decisions) {
    let facts = Facts::gather(kinds, want, have, decisions);
    let movements = movements::movements(&facts, want);
    let cutter = Cutter { kinds, want, have, facts: &facts };
    for (number, movement) in movements.iter().enumerate() {
        let about = cutter.cut(number, movement, decisions);
        decisions.movements.push(about);
    }
    cutter.climb(decisions);
    let proved = std::mem::take(&mut decisions.proved);
    decisions.under_way.retain(|(node, ..)| !proved.contains(node));
}

/// Nodes that `--target` names, or that those need, and that move traffic together with one that it leaves out: half of a
/// movement would end in the middle of it. Each with such another one.
pub(super) fn torn(kinds: &Kinds, want: &Graph, have: &Snapshot, options: &PlanOptions) -> BTreeMap<NodeId, NodeId> {
    let mut torn = BTreeMap::new();
    if options.target.is_empty() {
        return torn;
    }
    let whole = PlanOptions { target: BTreeSet::new(), ..options.clone() };
    let mut decisions = decide(kinds, want, have, &whole, &BTreeMap::new());
    stage(kinds, want, have, &mut decisions);
    let inside = want.closure(&options.target);
    for moved in &decisions.movements {
        let replaced = |handles: &[String]| handles.iter().any(|handle| moved.handles.contains(handle));
        let replaced = decisions.outgoing.iter().filter(|gone| replaced(&gone.live.handles)).map(|gone| &gone.node);
        let all: BTreeSet<&NodeId> = moved.nodes.iter().chain(replaced).collect();
        if let Some(other) = all.iter().find(|node| !inside.contains(**node)) {
            let left = all.iter().filter(|node| inside.contains(**node));
            torn.extend(left.map(|node| ((*node).clone(), (*other).clone())));
        }
    }
    torn
}
