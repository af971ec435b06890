//! What carries traffic, as it is and as it should be: routers that give groups their shares, servers that register in groups,
//! fronts that names lead to. Gathered from what is live and from what was decided; decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::Action;
use super::super::decide::{Decisions, shifts};
use super::everything;
use super::lists::{self, Shares};
use super::sorts::Sorts;
use crate::diff::Change;
use crate::doc::{self, Doc, Text};
use crate::graph::Graph;
use crate::id::NodeId;
use crate::kind::{Kind, Kinds, Serving, Traffic};
use crate::snapshot::{Live, Owner, Readiness, Snapshot};

/// What gives shares.
pub(super) struct Router {
    pub(super) node: NodeId,
    /// By item: the listener's one action, each rule of a list.
    pub(super) have: BTreeMap<String, Shares>,
    pub(super) want: BTreeMap<String, Shares>,
    /// Whether it is made by this plan.
    pub(super) made: bool,
    /// The handle of what is live of it.
    pub(super) live: Option<String>,
    /// Whether it cannot have the groups that it has beside those that it gets.
    pub(super) apart: bool,
}

/// What registers targets.
pub(super) struct Server {
    pub(super) node: NodeId,
    pub(super) serving: Serving,
    pub(super) have: Vec<Value>,
    pub(super) want: Vec<Value>,
    /// Whether it is not known to serve, and to go on serving, in what is wanted of it: it is made, changed, or not ready.
    pub(super) unproven: bool,
    /// Whether what is live of it goes.
    pub(super) goes: bool,
}

/// A front whose names change over to another one.
pub(super) struct Front {
    /// The node of the front that they lead to afterwards.
    pub(super) to: NodeId,
    /// What the front that they lead to now is known by.
    pub(super) handles: Vec<String>,
    /// Whether it goes.
    pub(super) goes: bool,
}

/// Items of a router that wait, with the groups that they give a share.
pub(super) type Late = BTreeMap<String, Vec<String>>;

/// How many groups an item may have.
const MOST: usize = 5;

/// Everything that carries traffic.
pub(super) struct Facts {
    pub(super) routers: Vec<Router>,
    pub(super) servers: Vec<Server>,
    pub(super) fronts: Vec<Front>,
    /// Groups whose clients stay with their target, by every text that names them.
    pub(super) sticky: BTreeSet<String>,
    /// Routers whose shares somebody else gives.
    delegated: BTreeSet<NodeId>,
    /// What waits, by the place of its router.
    late: BTreeMap<usize, (usize, Late)>,
    /// What each live thing is inside of, by its handles.
    within: BTreeMap<String, String>,
    /// What sort each group is of, by every text that names it.
    sorts: Sorts,
}

/// Where to find routers that are live, the first of several, and which groups are not served yet.
struct Places<'f> {
    live: BTreeMap<&'f str, usize>,
    node: BTreeMap<&'f NodeId, usize>,
    unserved: BTreeSet<String>,
}

impl<'f> Places<'f> {
    fn of(facts: &'f Facts) -> Self {
        let (mut live, mut node) = (BTreeMap::new(), BTreeMap::new());
        for (at, router) in facts.routers.iter().enumerate() {
            if let Some(handle) = &router.live {
                live.entry(handle.as_str()).or_insert(at);
                node.entry(&router.node).or_insert(at);
            }
        }
        let unproven = facts.servers.iter().filter(|server| server.unproven);
        Self { live, node, unserved: unproven.flat_map(|server| lists::groups(&server.want)).collect() }
    }
}

impl Facts {
    pub(super) fn gather(kinds: &Kinds, want: &Graph, have: &Snapshot, decisions: &Decisions) -> Self {
        let mut within = BTreeMap::new();
        for (_, live) in everything(have) {
            let inside = live.within.iter().flat_map(|of| live.handles.iter().map(|it| (it.clone(), of.clone())));
            within.extend(inside);
        }
        let sticky = sticky(kinds, want, have);
        let delegated = want.nodes().filter(|node| !node.delegated.is_empty()).map(|node| node.id.clone()).collect();
        let (routers, servers, fronts) = (Vec::new(), Vec::new(), Vec::new());
        let late = BTreeMap::new();
        let sorts = Sorts::of(kinds, want, have);
        let mut facts = Self { routers, servers, fronts, sticky, delegated, late, within, sorts };
        let under_way = decisions.under_way.iter().map(|(node, ..)| node).collect();
        for node in want.nodes() {
            facts.wanted(kinds, &node.id, have, decisions, &under_way);
        }
        facts.left_over(kinds, have);
        facts.renamed(kinds, want, have, decisions);
        let places = Places::of(&facts);
        let routers = facts.routers.iter().enumerate();
        facts.late = routers.filter_map(|(at, router)| Some((at, facts.waits(router, want, &places)?))).collect();
        facts
    }

    /// What of the router at this place has to wait, with the place of the one above it, if anything does.
    pub(super) fn late(&self, router: usize) -> Option<&(usize, Late)> {
        self.late.get(&router)
    }

    /// What of a router has to wait: items that are new, that give a share to a group which is not served yet, and that take their
    /// paths from a router above which serves. With the place of that router; its own item has room for such a group meanwhile.
    fn waits(&self, router: &Router, want: &Graph, places: &Places<'_>) -> Option<(usize, Late)> {
        if router.want.keys().all(|item| router.have.contains_key(item)) {
            return None;
        }
        let parent = match &router.live {
            Some(own) => {
                let above = self.chain(own).filter(|handle| handle != own);
                above.filter_map(|handle| places.live.get(handle)).min()
            }
            None => want.needs_of(&router.node).filter_map(|need| places.node.get(need)).min(),
        };
        let parent = *parent?;
        let serves = |(item, had): (&String, &Shares)| {
            let goes_on = self.routers[parent].want.get(item).is_some_and(|wanted| (1..MOST).contains(&wanted.len()));
            goes_on && had.values().any(|weight| *weight > 0)
        };
        let passive = self.routers[parent].made || self.delegated.contains(&self.routers[parent].node);
        if passive || !self.routers[parent].have.iter().any(serves) {
            return None;
        }
        let new = router.want.iter().filter(|(item, _)| !router.have.contains_key(*item));
        let late = new.map(|(item, wanted)| (item.clone(), lists::raised(&Shares::new(), wanted)));
        let late: Late =
            late.filter(|(_, groups)| groups.iter().any(|group| places.unserved.contains(group))).collect();
        (!late.is_empty()).then_some((parent, late))
    }

    /// Whether something is inside of what is known by these handles, or is it.
    pub(super) fn is_beneath(&self, handle: &str, handles: &[String]) -> bool {
        self.chain(handle).any(|it| handles.iter().any(|handle| handle == it))
    }

    /// A handle, that of what it is inside of, and so on.
    fn chain<'f>(&'f self, handle: &'f str) -> impl Iterator<Item = &'f str> {
        let outer = |it: &&'f str| self.within.get(*it).map(String::as_str);
        // As deep as things can be inside of each other; a circle would be a reader's mistake and must not hang.
        std::iter::successors(Some(handle), outer).take(8)
    }

    /// A node of the file: as it is, and as its draft makes it.
    fn wanted(
        &mut self,
        kinds: &Kinds,
        node: &NodeId,
        have: &Snapshot,
        decisions: &Decisions,
        under_way: &BTreeSet<&NodeId>,
    ) {
        let Some(kind) = kinds.get(node.kind()) else { return };
        let none = Value::Null;
        let draft = decisions.main.get(node).map(|at| &decisions.drafts[*at].action);
        let live = have.live(node).filter(|live| matches!(live.owner, Owner::Ours(_)));
        let (before, after): (&Doc, &Doc) = match (draft, live) {
            (Some(Action::Update { live, want, .. } | Action::Adopt { live, want, .. }), _) => (&live.have, want),
            (Some(Action::Create { want, replaces }), _) => {
                (replaces.as_ref().map_or(&none, |replaced| &replaced.live.have), want)
            }
            (Some(Action::Delete { .. } | Action::Wait { .. }) | None, Some(live)) => (&live.have, &live.have),
            (_, None) => return,
        };
        match kind.traffic {
            Traffic::Router(paths) => {
                let (have, want) = lists::paired(before, after, paths);
                let live = live.map(|live| live.id.clone());
                let made = matches!(draft, Some(Action::Create { .. }));
                let apart = !made && self.sorts.apart(kind, before, after);
                self.routers.push(Router { node: node.clone(), have, want, made, live, apart });
            }
            Traffic::Server(serving) => self.servers.push(Server {
                node: node.clone(),
                serving,
                have: served(&decisions.carrying, (kind, serving), before, after),
                want: lists::members(after, serving.list),
                goes: matches!(draft, Some(Action::Create { replaces: Some(_), .. })),
                unproven: draft.is_some()
                    || under_way.contains(node)
                    || live.is_some_and(|live| live.readiness != Readiness::Ready),
            }),
            Traffic::Front => {
                if let Some(Action::Create { replaces: Some(replaced), .. }) = draft {
                    let handles = replaced.live.handles.clone();
                    self.fronts.push(Front { to: node.clone(), handles, goes: true });
                }
            }
            Traffic::None | Traffic::Names | Traffic::Group(_) => {}
        }
    }

    /// What is not in the file, or is the old half of a replacement that an earlier run began.
    fn left_over(&mut self, kinds: &Kinds, have: &Snapshot) {
        for surplus in &have.surplus {
            let Some(kind) = kinds.get(surplus.node.kind()) else { continue };
            let (node, live) = (surplus.node.clone(), &surplus.live);
            match kind.traffic {
                Traffic::Router(paths) => {
                    let have = lists::shares(&live.have, paths);
                    let live = Some(live.id.clone());
                    let want = BTreeMap::new();
                    self.routers.push(Router { node, have, want, made: false, live, apart: false });
                }
                // An earlier run has made the successor; the old one is still there.
                Traffic::Front if surplus.superseded => {
                    self.fronts.push(Front { to: node, handles: live.handles.clone(), goes: true });
                }
                // A service that left the file serves until traffic has moved.
                Traffic::Server(serving) => self.servers.push(Server {
                    node,
                    serving,
                    have: lists::members(&live.have, serving.list),
                    want: Vec::new(),
                    unproven: false,
                    goes: true,
                }),
                Traffic::Front | Traffic::None | Traffic::Names | Traffic::Group(_) => {}
            }
        }
    }

    /// Fronts that names leave for others: an entry that is called otherwise by now, or a second front.
    fn renamed(&mut self, kinds: &Kinds, want: &Graph, have: &Snapshot, decisions: &Decisions) {
        let is = |node: &NodeId, traffic: Traffic| kinds.get(node.kind()).is_some_and(|kind| kind.traffic == traffic);
        for draft in &decisions.drafts {
            let Action::Update { changes, .. } = &draft.action else { continue };
            if !is(&draft.node, Traffic::Names) {
                continue;
            }
            let to: Vec<&NodeId> = want
                .needs_of(&draft.node)
                .filter(|need| is(need, Traffic::Front))
                .filter(|need| changes.iter().any(|change| leads_to(change, need, have.live(need))))
                .collect();
            for (node, live) in everything(have).filter(|(node, _)| is(node, Traffic::Front)) {
                if !changes.iter().any(|change| names(change.from.as_ref(), live)) {
                    continue;
                }
                let goes = have.surplus.iter().any(|surplus| surplus.live.id == live.id)
                    || decisions.outgoing.iter().any(|gone| gone.live.id == live.id);
                for to in &to {
                    let known = self.fronts.iter().any(|front| front.to == **to && front.handles == live.handles);
                    if !known && *to != node {
                        self.fronts.push(Front { to: (*to).clone(), handles: live.handles.clone(), goes });
                    }
                }
            }
        }
    }
}

/// In which groups a server registers. One whose traffic somebody else moved until now may be in the group beside the one that
/// its list names, if that carries traffic.
fn served(carrying: &BTreeSet<String>, (kind, serving): (&Kind, Serving), before: &Doc, after: &Doc) -> Vec<Value> {
    let mut members = lists::members(before, serving.list);
    if !shifts(kind, serving, before) || shifts(kind, serving, after) {
        return members;
    }
    let beside = members.iter().filter_map(|member| lists::beside(member, serving));
    let beside: Vec<Value> = beside.filter(|it| lists::key(it).is_some_and(|it| carrying.contains(&it))).collect();
    members.extend(beside);
    members
}

/// Whether a value names a live thing.
fn names(value: Option<&Value>, live: &Live) -> bool {
    let text = value.map(ToString::to_string).unwrap_or_default();
    live.handles.iter().any(|handle| text.contains(handle.as_str()))
}

/// Whether a change makes a name lead to a front.
fn leads_to(change: &Change, front: &NodeId, live: Option<&Live>) -> bool {
    let refers = change.to.as_ref().is_some_and(|to| doc::refs(to).iter().any(|hole| hole.node == *front));
    refers || live.is_some_and(|live| names(change.to.as_ref(), live) && !names(change.from.as_ref(), live))
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
