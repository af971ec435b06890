//! Traffic never moves to what cannot serve: an update that would take groups from a router or from a server at once is cut
//! into steps. The successor is attached without a share, served beside the old one, given the share, and only then is the
//! old one left and let go. Which steps are still to be done follows from what is live alone, so a later run goes on.
//! Knows routers, servers, groups and fronts by what their kinds say; must not know what they are.

mod lists;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use self::lists::{Shares, groups, key, shares};
use super::decide::{Decisions, Draft};
use super::{Action, Phase, Reason};
use crate::cloud::Goal;
use crate::diff::{Change, diff, is_in_place};
use crate::doc::{Doc, Text};
use crate::graph::Graph;
use crate::id::NodeId;
use crate::kind::{Kinds, Traffic};
use crate::snapshot::{Live, Owner, Snapshot};

/// How long a switch takes to reach every node of a load balancer, with a margin: seconds.
const HOLD_SHARES: u32 = 60;
/// How long a changed alias is kept by resolvers (60 s to live) and takes to spread (60 s): seconds.
const HOLD_NAMES: u32 = 120;

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

/// Cuts updates into steps where traffic would stop otherwise.
pub(super) fn stage(kinds: &Kinds, want: &Graph, have: &Snapshot, decisions: &mut Decisions) {
    let sticky = sticky(kinds, want, have);
    let mut stager = Stager { kinds, want, have, sticky, routers: Vec::new(), servers: Vec::new(), fronts: Vec::new() };
    stager.collect(decisions);
    let movements = stager.movements();
    for (number, movement) in movements.iter().enumerate() {
        let about = stager.cut(number, movement, decisions);
        decisions.movements.push(about);
    }
}

/// The groups whose clients stay with their target, as they are and as they should be, by every text that names them.
fn sticky(kinds: &Kinds, want: &Graph, have: &Snapshot) -> BTreeSet<String> {
    let is_sticky = |node: &NodeId, doc: &Doc| match kinds.get(node.kind()).map(|kind| kind.traffic) {
        Some(Traffic::Group(Some((map, key)))) => doc.get(map).and_then(|map| map.get(key)) == Some(&"true".into()),
        _ => false,
    };
    let live = everything(have).filter(|(node, live)| is_sticky(node, &live.have));
    let mut found: BTreeSet<String> = live.map(|(_, live)| live.id.clone()).collect();
    for node in want.nodes().filter(|node| is_sticky(&node.id, &node.want)) {
        found.extend(have.live(&node.id).map(|live| live.id.clone()));
        let outputs = kinds.get(node.id.kind()).map_or(&[][..], |kind| kind.outputs);
        found.extend(outputs.iter().map(|output| json!(Text::output(node.id.clone(), output)).to_string()));
    }
    found
}

/// What gives shares: live, and as it should be.
struct Router {
    node: NodeId,
    /// By item: the listener's one action, each rule of a list.
    have: BTreeMap<String, Shares>,
    want: BTreeMap<String, Shares>,
    /// Whether it is updated in place; otherwise it is made, goes, or stays.
    updated: bool,
}

/// What registers targets: live, and as it should be.
struct Server {
    node: NodeId,
    list: &'static str,
    have: Vec<Value>,
    want: Vec<Value>,
    /// Whether it is not known to serve what it has.
    pending: bool,
    /// Whether what is live of it goes.
    goes: bool,
}

struct Stager<'a> {
    kinds: &'a Kinds,
    want: &'a Graph,
    have: &'a Snapshot,
    /// Groups that keep their clients.
    sticky: BTreeSet<String>,
    routers: Vec<Router>,
    servers: Vec<Server>,
    /// Fronts that are being replaced, and their handles.
    fronts: Vec<(NodeId, Vec<String>)>,
}

/// Groups that are moved together, and who is in it.
#[derive(Default)]
struct Movement {
    groups: BTreeSet<String>,
    routers: Vec<usize>,
    servers: Vec<usize>,
}

impl<'a> Stager<'a> {
    fn collect(&mut self, decisions: &Decisions) {
        let none = Value::Null;
        for node in self.want.nodes() {
            let Some(kind) = self.kinds.get(node.id.kind()) else { continue };
            let draft = decisions.main.get(&node.id).map(|at| &decisions.drafts[*at].action);
            let live = self.have.live(&node.id).filter(|live| matches!(live.owner, Owner::Ours(_)));
            let (before, after, updated): (&Doc, &Doc, bool) = match (draft, live) {
                (Some(Action::Update { live, want, .. } | Action::Adopt { live, want, .. }), _) => {
                    (&live.have, want, true)
                }
                (Some(Action::Create { want, replaces }), _) => {
                    (replaces.as_ref().map_or(&none, |replaced| &replaced.live.have), want, false)
                }
                (Some(Action::Delete { .. } | Action::Wait { .. }) | None, Some(live)) => {
                    (&live.have, &live.have, false)
                }
                (_, None) => continue,
            };
            match kind.traffic {
                Traffic::Router(paths) => {
                    let (have, want) = lists::paired(before, after, paths);
                    self.routers.push(Router { node: node.id.clone(), have, want, updated });
                }
                Traffic::Server(list) => self.servers.push(Server {
                    node: node.id.clone(),
                    list,
                    have: lists::members(before, list),
                    want: lists::members(after, list),
                    goes: matches!(draft, Some(Action::Create { replaces: Some(_), .. })),
                    pending: decisions.under_way.iter().any(|(pending, ..)| *pending == node.id),
                }),
                Traffic::Front if !updated && draft.is_some() => {
                    if let Some(Action::Create { replaces: Some(replaced), .. }) = draft {
                        self.fronts.push((node.id.clone(), replaced.live.handles.clone()));
                    }
                }
                Traffic::Front | Traffic::None | Traffic::Names | Traffic::Group(_) => {}
            }
        }
        for surplus in &self.have.surplus {
            let Some(kind) = self.kinds.get(surplus.node.kind()) else { continue };
            match kind.traffic {
                Traffic::Router(paths) => {
                    let have = shares(&surplus.live.have, paths);
                    let node = surplus.node.clone();
                    self.routers.push(Router { node, have, want: BTreeMap::new(), updated: false });
                }
                // An earlier run has made the successor; the old one still stands.
                Traffic::Front if surplus.superseded => {
                    self.fronts.push((surplus.node.clone(), surplus.live.handles.clone()));
                }
                // A service that left the file serves until traffic has moved.
                Traffic::Server(list) => self.servers.push(Server {
                    node: surplus.node.clone(),
                    list,
                    have: lists::members(&surplus.live.have, list),
                    want: Vec::new(),
                    pending: false,
                    goes: true,
                }),
                Traffic::Front | Traffic::None | Traffic::Names | Traffic::Group(_) => {}
            }
        }
    }

    /// Groups that routers or servers have in common move together; each set in which something has to wait is a movement.
    fn movements(&self) -> Vec<Movement> {
        let mut sets: Vec<Movement> = Vec::new();
        for (at, router) in self.routers.iter().enumerate() {
            let items = router.have.values().chain(router.want.values());
            let mut groups: BTreeSet<String> = items.flat_map(|item| item.keys().cloned()).collect();
            // Everything behind a front that goes moves when its names do.
            if !self.fronts.is_empty() && !groups.is_empty() {
                let beneath = self.want.closure([&router.node]);
                let fronts = self.fronts.iter().filter(|(front, _)| beneath.contains(front));
                groups.extend(fronts.flat_map(|(_, handles)| handles.iter().cloned()));
            }
            join(&mut sets, groups, |set| set.routers.push(at));
        }
        for (at, server) in self.servers.iter().enumerate() {
            let all: BTreeSet<String> = server.have.iter().chain(&server.want).filter_map(key).collect();
            join(&mut sets, all, |set| set.servers.push(at));
        }
        sets.retain(|set| self.moves(set));
        sets
    }

    /// Whether traffic of this set would stop if everything were changed at once.
    fn moves(&self, set: &Movement) -> bool {
        let none = Shares::new();
        let (mut leaving, mut coming) = (BTreeSet::new(), BTreeSet::new());
        for router in set.routers.iter().map(|at| &self.routers[*at]) {
            for (item, had) in &router.have {
                let wanted = router.want.get(item).unwrap_or(&none);
                leaving.extend(had.keys().filter(|group| !wanted.contains_key(*group)));
                if had.values().any(|weight| *weight > 0) {
                    let raised =
                        |(group, weight): &(&String, &u64)| **weight > 0 && had.get(*group).copied().unwrap_or(0) == 0;
                    coming.extend(wanted.iter().filter(raised).map(|(group, _)| group));
                }
            }
        }
        // A group that goes from one rule to another must not be without one in between: its targets would begin anew.
        let wanders = leaving.intersection(&coming).next().is_some();
        wanders
            || set.servers.iter().map(|at| &self.servers[*at]).any(|server| {
                let (had, wanted) = (groups(&server.have), groups(&server.want));
                let leaves = had.difference(&wanted).any(|group| leaving.contains(group));
                let comes = wanted.difference(&had).any(|group| coming.contains(group));
                let unproven = server.pending && wanted.iter().any(|group| coming.contains(group));
                leaves || comes || unproven
            })
    }

    /// Replaces the drafts of a movement by its steps.
    /// Returns the handles of everything that it is about.
    fn cut(&self, number: usize, movement: &Movement, decisions: &mut Decisions) -> BTreeSet<String> {
        let mut routed: BTreeSet<String> = BTreeSet::new();
        for router in movement.routers.iter().map(|at| &self.routers[*at]) {
            routed.extend(router.have.values().flat_map(|item| item.keys().cloned()));
        }
        // Where traffic moves to nothing, nothing is kept for it.
        let moves = movement.routers.iter().any(|at| self.routers[*at].want.values().any(|item| !item.is_empty()));
        if !moves {
            routed.clear();
        }
        // A group that cannot be served beside its successor is left at once: that was consented to.
        routed.retain(|group| !decisions.gaps.contains(group));
        let staged = |phase| Staged { movement: number, phase };
        for router in movement.routers.iter().map(|at| &self.routers[*at]) {
            self.cut_router(router, decisions, &staged);
        }
        let mut leaves = false;
        for server in movement.servers.iter().map(|at| &self.servers[*at]) {
            leaves |= self.cut_server(server, &routed, decisions, &staged);
        }
        let fronts = self.fronts_of(movement);
        let names = self.cut_names(&fronts, decisions, &staged);
        let switches = |draft: &Draft| draft.staged == Some(staged(Phase::Switch));
        let goes = movement.servers.iter().any(|at| self.servers[*at].goes);
        if leaves || names || goes && decisions.drafts.iter().any(switches) {
            let anchor =
                movement.servers.iter().map(|at| &self.servers[*at].node).find(|node| self.want.get(node).is_some());
            let anchor = anchor.or_else(|| movement.routers.first().map(|at| &self.routers[*at].node)).cloned();
            let secs = if names { HOLD_NAMES } else { HOLD_SHARES };
            if let Some(node) = anchor {
                let action = Action::Wait { goal: Goal::Hold, of: None, live: None, deadline_secs: secs };
                decisions.drafts.push(Draft::staged(node, action, staged(Phase::Hold)));
            }
        }
        let mut about = movement.groups.clone();
        about.extend(fronts.into_iter().flat_map(|(_, handles)| handles.iter().cloned()));
        about
    }

    fn cut_router(&self, router: &Router, decisions: &mut Decisions, staged: &dyn Fn(Phase) -> Staged) {
        let Some(at) = decisions.main.get(&router.node).copied() else { return };
        let Some(Traffic::Router(paths)) = self.kinds.get(router.node.kind()).map(|kind| kind.traffic) else { return };
        if !router.updated {
            decisions.drafts[at].staged = Some(staged(Phase::Attach));
            return;
        }
        let Some(want) = decisions.drafts[at].want().cloned() else { return };
        let attach = lists::with_shares(&want, paths, &self.sticky, |item, wanted| match router.have.get(item) {
            // What forwarded nothing before has nothing to lose.
            Some(had) if !had.is_empty() => {
                let mut both = had.clone();
                for group in wanted.keys() {
                    both.entry(group.clone()).or_insert(0);
                }
                both
            }
            _ => wanted.clone(),
        });
        let switch = lists::with_shares(&want, paths, &self.sticky, |item, wanted| {
            let mut both = wanted.clone();
            for group in router.have.get(item).into_iter().flat_map(BTreeMap::keys) {
                both.entry(group.clone()).or_insert(0);
            }
            both
        });
        let steps = vec![(Phase::Attach, attach), (Phase::Switch, switch), (Phase::Detach, want)];
        self.expand(&router.node, at, steps, decisions, staged);
    }

    /// Returns whether it leaves a group in a step of its own.
    fn cut_server(
        &self,
        server: &Server,
        routed: &BTreeSet<String>,
        decisions: &mut Decisions,
        staged: &dyn Fn(Phase) -> Staged,
    ) -> bool {
        let Some(at) = decisions.main.get(&server.node).copied() else {
            self.prove(server, decisions, staged);
            return false;
        };
        let Some(want) = decisions.drafts[at].want().cloned() else { return false };
        if !matches!(decisions.drafts[at].action, Action::Update { .. } | Action::Adopt { .. }) {
            decisions.drafts[at].staged = Some(staged(Phase::Serve));
            return false;
        }
        let both = lists::both(&server.have, &server.want, routed);
        let leaves = both.len() > server.want.len();
        let mut serve = want.clone();
        serve[server.list] = Value::Array(both);
        self.expand(&server.node, at, vec![(Phase::Serve, serve), (Phase::Leave, want)], decisions, staged);
        let serves = decisions.drafts[at].staged.is_some_and(|it| it.phase == Phase::Serve);
        if leaves && !serves {
            // Both are served as far as the service says; whether they are healthy is to be seen before traffic moves.
            self.prove(server, decisions, staged);
        }
        leaves
    }

    /// Waits until what is live serves.
    fn prove(&self, server: &Server, decisions: &mut Decisions, staged: &dyn Fn(Phase) -> Staged) {
        let (Some(live), Some(kind)) = (self.have.live(&server.node), self.kinds.get(server.node.kind())) else {
            return;
        };
        decisions.under_way.retain(|(node, ..)| *node != server.node);
        let live = Some(Box::new(live.clone()));
        let action = Action::Wait { goal: Goal::Ready, of: None, live, deadline_secs: kind.deadline_secs };
        decisions.drafts.push(Draft::staged(server.node.clone(), action, staged(Phase::Serve)));
    }

    /// The fronts that are being replaced and whose routers are in this movement.
    fn fronts_of(&self, movement: &Movement) -> Vec<&(NodeId, Vec<String>)> {
        let routers: BTreeSet<&NodeId> = movement.routers.iter().map(|at| &self.routers[*at].node).collect();
        let beneath = self.want.closure(routers);
        self.fronts.iter().filter(|(front, _)| beneath.contains(front)).collect()
    }

    /// Names that lead to a front that goes change when traffic switches. Returns whether any do.
    fn cut_names(
        &self,
        fronts: &[&(NodeId, Vec<String>)],
        decisions: &mut Decisions,
        staged: &dyn Fn(Phase) -> Staged,
    ) -> bool {
        let mut any = false;
        for draft in &mut decisions.drafts {
            let names = self.kinds.get(draft.node.kind()).is_some_and(|kind| kind.traffic == Traffic::Names);
            let (Action::Update { live, .. }, true) = (&draft.action, names) else { continue };
            if fronts.iter().any(|(_, handles)| live.uses.iter().any(|used| handles.contains(used))) {
                draft.staged = Some(staged(Phase::Switch));
                any = true;
            }
        }
        any
    }

    /// Puts the steps from what is live to `steps` in place of a draft; a step that would change nothing is left out.
    fn expand(
        &self,
        node: &NodeId,
        at: usize,
        steps: Vec<(Phase, Doc)>,
        decisions: &mut Decisions,
        staged: &dyn Fn(Phase) -> Staged,
    ) {
        let Some(kind) = self.kinds.get(node.kind()) else { return };
        let delegated = self.want.get(node).map(|node| &node.delegated);
        let theirs = |change: &Change| delegated.is_some_and(|paths| paths.keys().any(|path| change.is_within(path)));
        let (live, asked) = match &decisions.drafts[at].action {
            Action::Update { live, changes, .. } | Action::Adopt { live, changes, .. } => {
                (live.clone(), changes.clone())
            }
            Action::Create { .. } | Action::Delete { .. } | Action::Wait { .. } => return,
        };
        let mut current = live;
        let mut made: Vec<(Phase, Action)> = Vec::new();
        let first_mark = decisions.drafts[at].why.clone();
        let marks = matches!(first_mark, Reason::Moved(_) | Reason::Adopted);
        for (phase, want) in steps {
            let mut changes = diff(kind, &want, &current.have);
            changes.retain(|change| is_in_place(kind, change) && !theirs(change));
            for change in &mut changes {
                // What is taken over was told apart before.
                let known = asked.iter().find(|it| it.path == change.path && it.to == change.to);
                change.from = known.map_or(change.from.take(), |known| known.from.clone());
            }
            if made.is_empty() {
                // What is to be done anew although it is as the file says.
                let renewed = asked.iter().filter(|change| current.renews.as_ref() == Some(&change.path));
                changes.extend(renewed.cloned());
            }
            if changes.is_empty() && !(marks && made.is_empty()) {
                continue;
            }
            let after = Live { have: want.clone(), owner: Owner::Ours(node.clone()), ..(*current).clone() };
            let before = std::mem::replace(&mut current, Box::new(after));
            let adopts = made.is_empty() && first_mark == Reason::Adopted;
            let action = if adopts {
                Action::Adopt { live: before, want, changes }
            } else {
                Action::Update { live: before, want, changes }
            };
            made.push((phase, action));
        }
        let single = made.len() == 1;
        for (index, (phase, action)) in made.into_iter().enumerate() {
            if index == 0 {
                let draft = &mut decisions.drafts[at];
                draft.action = action;
                draft.staged = Some(staged(phase));
                if !single && !marks {
                    draft.why = Reason::Staged(phase);
                }
            } else {
                let name = decisions.drafts[at].name.clone();
                let mut draft = Draft::staged(node.clone(), action, staged(phase));
                draft.name = name;
                decisions.last.insert(node.clone(), decisions.drafts.len());
                decisions.drafts.push(draft);
            }
        }
    }
}

/// Adds a set of groups, joining all sets that have one of them.
fn join(sets: &mut Vec<Movement>, groups: BTreeSet<String>, add: impl FnOnce(&mut Movement)) {
    if groups.is_empty() {
        return;
    }
    let mut joined = Movement { groups, ..Movement::default() };
    add(&mut joined);
    let mut apart = Vec::with_capacity(sets.len() + 1);
    for set in sets.drain(..) {
        if !set.groups.is_disjoint(&joined.groups) {
            joined.groups.extend(set.groups);
            joined.routers.extend(set.routers);
            joined.servers.extend(set.servers);
        } else {
            apart.push(set);
        }
    }
    joined.routers.sort_unstable();
    joined.servers.sort_unstable();
    apart.push(joined);
    *sets = apart;
}
