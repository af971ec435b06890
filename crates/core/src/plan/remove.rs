//! What goes: things that left the file, halves that replacements leave behind, and all of a stack that is taken down.
//! What disappears with something else gets no step of its own, unless two of them hold on to each other.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;

use super::decide::{Decisions, Outgoing};
use super::guard::guard;
use super::mention::Mentions;
use super::{Held, HeldBecause, Intent, PlanOptions, Reason};
use crate::graph::Graph;
use crate::id::NodeId;
use crate::snapshot::{Live, Readiness, Snapshot, Surplus};

/// A live thing that is to be deleted.
#[derive(Debug)]
pub(super) struct Removal {
    pub(super) node: NodeId,
    pub(super) live: Live,
    pub(super) why: Reason,
    /// Whether it is the old half of a replacement.
    pub(super) replaced: bool,
    /// Whether its successor, or another thing that takes its name, is made after it.
    pub(super) first: bool,
    /// The removal that it disappears with.
    pub(super) with: Option<usize>,
}

/// Collects what goes.
pub(super) struct Remover<'a> {
    pub(super) want: &'a Graph,
    pub(super) have: &'a Snapshot,
    pub(super) options: &'a PlanOptions,
    /// What the file names from outside.
    pub(super) mentions: Mentions<'a>,
}

impl Remover<'_> {
    /// What is to be deleted; what is not, although nobody wants it, is held.
    pub(super) fn collect(&self, outgoing: Vec<Outgoing>, decisions: &mut Decisions) -> Vec<Removal> {
        let mut removals: Vec<Removal> = Vec::new();
        let inside = self.want.closure(&self.options.target);
        for Outgoing { node, live, first } in outgoing {
            match self.unreadable().filter(|_| !first) {
                Some(why) => decisions.held.push(Held { node, what: Intent::Delete, why }),
                None => removals.push(Removal { node, live, why: Reason::Replaced, replaced: true, first, with: None }),
            }
        }
        let mut staying: Vec<Staying<'_>> = Vec::new();
        let judge = |surplus| (surplus, self.obstacle(surplus, &inside), self.poor_successor(surplus, decisions));
        let judged: Vec<(&Surplus, Option<HeldBecause>, Option<HeldBecause>)> =
            self.have.surplus.iter().map(judge).collect();
        // What is inside something that was to go and stays keeps it at work, so it stays as well.
        let (mut kept, mut free): (BTreeMap<&str, &NodeId>, BTreeSet<&str>) = Default::default();
        for (surplus, obstacle, poor) in &judged {
            let handles = || surplus.live.handles.iter().map(String::as_str);
            if obstacle.is_some() || poor.is_some() {
                kept.extend(handles().map(|handle| (handle, &surplus.node)));
            }
            if obstacle.is_none() {
                free.extend(handles());
            }
        }
        for (surplus, obstacle, poor) in judged {
            let (node, live) = (surplus.node.clone(), surplus.live.clone());
            // What of others is in a thing that goes with another one was told, and consented to, there.
            let told = |why: &HeldBecause| {
                let goes_with = surplus.live.within.as_deref().is_some_and(|within| free.contains(within));
                goes_with && matches!(why, HeldBecause::Inside(_))
            };
            let obstacle = obstacle.filter(|why| !told(why)).or(poor);
            let parent = surplus.live.within.as_deref().and_then(|within| kept.get(within));
            if let Some(why) = obstacle.or_else(|| parent.map(|parent| HeldBecause::Within((*parent).clone()))) {
                staying.push(Staying { node: node.clone(), live: &surplus.live, because: Because::Unwanted });
                decisions.held.push(Held { node, what: Intent::Delete, why });
                continue;
            }
            let why = match (self.options.destroy, surplus.superseded) {
                (true, _) => Reason::Destroy,
                // An entry that now names something that exists no longer has one of its own.
                (false, true) if self.want.get(&node).is_some_and(|entry| entry.lookup) => Reason::Dropped,
                (false, true) => Reason::LeftOver,
                (false, false) => Reason::Dropped,
            };
            removals.push(Removal { node, live, why, replaced: surplus.superseded, first: false, with: None });
        }
        let left = decisions.held.iter().map(|held| &held.node).chain(decisions.conflicts.iter().map(|it| &it.node));
        let left = left.filter(|node| !decisions.main.contains_key(*node));
        staying.extend(left.filter_map(|node| {
            Some(Staying { node: node.clone(), live: self.have.live(node)?, because: Because::Held })
        }));
        // What is as the file says goes on using what it uses, although the file may not name that any more.
        let changed: BTreeSet<&NodeId> = decisions.drafts.iter().map(|draft| &draft.node).collect();
        let settled = self.want.nodes().filter(|node| !node.lookup && !changed.contains(&node.id));
        staying.extend(settled.filter_map(|node| {
            Some(Staying { node: node.id.clone(), live: self.have.live(&node.id)?, because: Because::Settled })
        }));
        let mut removals = keep_for(staying, removals, &mut decisions.held);
        subsume(&mut removals);
        removals
    }

    fn unreadable(&self) -> Option<HeldBecause> {
        let kind = self.have.unreadable.keys().next()?;
        Some(HeldBecause::UsersUnread(kind.clone()))
    }

    /// What took the place of something does not do what it is for, and nothing in this plan mends it.
    fn poor_successor(&self, surplus: &Surplus, decisions: &Decisions) -> Option<HeldBecause> {
        let successor = self.have.live(&surplus.node).filter(|_| surplus.superseded)?;
        match &successor.readiness {
            Readiness::Failed(why) if !decisions.main.contains_key(&surplus.node) => {
                Some(HeldBecause::PoorSuccessor(why.clone()))
            }
            Readiness::Failed(_) | Readiness::Ready | Readiness::Pending(_) | Readiness::Gone => None,
        }
    }

    fn obstacle(&self, surplus: &Surplus, inside: &BTreeSet<NodeId>) -> Option<HeldBecause> {
        let Surplus { node, live, .. } = surplus;
        let options = self.options;
        if let Some(why) = self.unreadable() {
            return Some(why);
        }
        if !options.target.is_empty() && !options.target.contains(node) && !inside.contains(node) {
            return Some(HeldBecause::NotTargeted);
        }
        // Nothing is given up for something that is not there.
        if self.want.get(node).is_some_and(|entry| entry.lookup) && self.have.live(node).is_none() {
            return Some(HeldBecause::Needs(node.clone()));
        }
        if options.looked_up.contains(node) {
            return Some(HeldBecause::LookedUp(node.clone()));
        }
        if let Some(why) = self.mentions.keep(node.kind(), live) {
            return Some(why);
        }
        if surplus.abandoned && !options.consent.contains(node) {
            let current = self.have.live(node).map(|live| live.name.clone());
            return Some(HeldBecause::Abandoned(current.unwrap_or_else(|| node.to_string())));
        }
        let entry = self.want.get(node);
        guard(node, live, entry, entry.map(|entry| &entry.want), options)
    }
}

/// Something that stays although it could not be worked on.
struct Staying<'a> {
    node: NodeId,
    live: &'a Live,
    because: Because,
}

/// Why something stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Because {
    /// It was to go and is held: then what is inside of it stays too, for that is what it does.
    Unwanted,
    /// It was to be changed and is held.
    Held,
    /// It is as the file says.
    Settled,
}

/// Holds what is used by, is the place of, or is inside of something that stays; and so on, for what is held for that reason.
///
/// What has to make room for its successor is let go all the same: the successor was decided on already.
fn keep_for(staying: Vec<Staying<'_>>, removals: Vec<Removal>, held: &mut Vec<Held>) -> Vec<Removal> {
    if staying.is_empty() {
        return removals;
    }
    let holder = by_handle(&removals);
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, within) in removals.iter().enumerate().filter_map(|(at, it)| Some((at, it.live.within.as_deref()?))) {
        members.entry(within).or_default().push(at);
    }
    let mut kept: BTreeMap<usize, HeldBecause> = BTreeMap::new();
    let mut open = staying;
    while let Some(Staying { node: user, live, because }) = open.pop() {
        let used = live.uses.iter().chain(&live.within).filter_map(|handle| holder.get(handle).copied());
        let used = used.map(|at| (at, HeldBecause::UsedBy(user.clone())));
        let inside = live.handles.iter().filter_map(|handle| members.get(handle.as_str())).flatten().copied();
        let inside: BTreeSet<usize> = inside.filter(|_| because == Because::Unwanted).collect();
        let inside = inside.into_iter().map(|at| (at, HeldBecause::Within(user.clone())));
        for (at, why) in used.chain(inside).collect::<Vec<_>>() {
            let removal = &removals[at];
            let itself = (removal.node.kind(), &removal.live.id) == (user.kind(), &live.id);
            let may_hold = because != Because::Settled || removal.why == Reason::Dropped;
            if may_hold && !removal.first && !itself && !kept.contains_key(&at) {
                kept.insert(at, why);
                open.push(Staying { node: removal.node.clone(), live: &removal.live, because: Because::Unwanted });
            }
        }
    }
    for (at, why) in &kept {
        held.push(Held { node: removals[*at].node.clone(), what: Intent::Delete, why: why.clone() });
    }
    removals.into_iter().enumerate().filter(|(at, _)| !kept.contains_key(at)).map(|(_, removal)| removal).collect()
}

/// Lets things disappear with what they are inside of, except where that would make two deletions wait for each other.
fn subsume(removals: &mut [Removal]) {
    let holder: BTreeMap<String, usize> = by_handle(removals);
    let firsts: Vec<bool> = removals.iter().map(|removal| removal.first).collect();
    for (at, removal) in removals.iter_mut().enumerate() {
        let within = removal.live.within.as_ref().and_then(|handle| holder.get(handle)).copied();
        // What has to be gone before its successor is made cannot wait until what it is inside of goes (a listener holds its
        // target groups, and these can be behind one load balancer only).
        removal.with = within.filter(|holder| *holder != at && (!removal.first || firsts[*holder]));
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
