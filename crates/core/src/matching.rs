//! How the finds of one reading are matched with the nodes of a graph: by our mark, then by the slot (the physical name) that
//! a node claims. A mark counts only on a thing of its kind, and of several things with one mark only those count that a run
//! of ours can have left: the rest is told and let be. Pure; knows no kinds but through their table.

use std::collections::{BTreeMap, BTreeSet};

use crate::doc;
use crate::error::CloudError;
use crate::graph::{Graph, Node};
use crate::id::NodeId;
use crate::kind::{Kind, Kinds, Replace};
use crate::name;
use crate::snapshot::{Candidates, Live, Observed, Owner, Snapshot, Stray, Surplus};

impl Snapshot {
    /// Matches what was found with the nodes of `graph`.
    ///
    /// A node's thing is the one that carries its mark (or, if the node has moved, the mark of its old id); else the one of
    /// ours that nobody wants any more and that stands where it should be; else the one with its physical name, whoever owns
    /// it. `names` are nodes that are not wanted, but known by name (a destruction): they help to tell doubles apart.
    pub fn of(kinds: &Kinds, graph: &Graph, names: &Graph, found: Candidates) -> Self {
        let mut found = found;
        let mut matcher =
            Matcher { kinds, graph, names, marked: BTreeMap::new(), elsewhere: Vec::new(), out: Self::default() };
        let looked_up = std::mem::take(&mut found.looked_up);
        let mut others = matcher.sort(found);
        for node in graph.in_order() {
            if node.lookup { matcher.looked_up(node, looked_up.get(&node.id)) } else { matcher.by_mark(node) }
        }
        matcher.exchange();
        matcher.by_slot();
        // Only now it is known which parents stand.
        matcher.members_elsewhere();
        matcher.by_slot();
        matcher.members_home();
        matcher.by_name(&mut others);
        matcher.dropped();
        matcher.out.others = others.into_iter().map(|((kind, _), live)| (kind, live)).collect();
        matcher.out
    }
}

/// Things of others by kind and name.
type Others = BTreeMap<(String, String), Live>;

struct Matcher<'a> {
    kinds: &'a Kinds,
    graph: &'a Graph,
    names: &'a Graph,
    /// What carries a mark of ours and is not matched yet.
    marked: BTreeMap<NodeId, Vec<Live>>,
    /// Members with the mark of a node whose current one is in another parent.
    elsewhere: Vec<(NodeId, Live)>,
    out: Snapshot,
}

/// Several things with one mark, told apart.
#[derive(Default)]
struct Sorted {
    current: Option<Live>,
    /// What an interrupted replacement has left.
    left_over: Vec<Live>,
    /// What says that it took the place of the current one.
    abandoned: Vec<Live>,
    /// Members of another parent than the current one is in: left over, if that parent is.
    elsewhere: Vec<Live>,
    /// What no run of ours can have left.
    doubles: Vec<Live>,
    /// Whether one of the doubles is ours, but nobody knows which.
    unclear: bool,
}

impl Matcher<'_> {
    fn sort(&mut self, found: Candidates) -> Others {
        let mut others = Others::new();
        self.out.blind = found.blind;
        for (kind, result) in found.kinds {
            let things = match result {
                Ok(things) => things,
                Err(error) => {
                    self.out.unreadable.insert(kind, error);
                    continue;
                }
            };
            for live in things {
                match &live.owner {
                    Owner::Ours(node) if node.kind() == kind => {
                        self.marked.entry(node.clone()).or_default().push(live);
                        continue;
                    }
                    Owner::Ours(node) => {
                        let mark = node.to_string();
                        self.out.strays.push(stray(&kind, &live, mark, false));
                    }
                    Owner::Stray(mark) => {
                        let mark = mark.clone();
                        self.out.strays.push(stray(&kind, &live, mark, false));
                    }
                    Owner::Managed { by, mark: Some(mark) } => {
                        let mark = format!("{mark}, while it is run by {by}");
                        self.out.strays.push(stray(&kind, &live, mark, false));
                    }
                    Owner::Managed { mark: None, .. } | Owner::OtherStack(_) | Owner::Nobody => {}
                }
                // Things without a name of their own cannot be taken for one another.
                if !live.name.is_empty() {
                    others.insert((kind.clone(), live.name.clone()), live);
                }
            }
        }
        others
    }

    fn looked_up(&mut self, node: &Node, found: Option<&Result<Option<Live>, CloudError>>) {
        let observed = match found {
            Some(Ok(Some(live))) => Observed::Present(Box::new(live.clone())),
            Some(Ok(None)) | None => Observed::Absent,
            Some(Err(error)) => Observed::Unreadable(error.clone()),
        };
        self.out.nodes.insert(node.id.clone(), observed);
    }

    fn by_mark(&mut self, node: &Node) {
        let observed = if let Some(error) = self.out.unreadable.get(node.id.kind()) {
            Observed::Unreadable(error.clone())
        } else {
            let mut ours = self.marked.remove(&node.id).unwrap_or_default();
            if ours.is_empty()
                && let Some(old) = &node.moved_from
            {
                ours = self.marked.remove(old).unwrap_or_default();
            }
            let sample = ours.iter().find(|live| live.within.is_some());
            let parents = self.parents(node, sample);
            let parents: Vec<&str> = parents.iter().flat_map(|live| live.handles.iter().map(String::as_str)).collect();
            let sorted = sort_out(ours, &node.name, self.kinds.get(node.id.kind()), &parents);
            let left_over = |live| Surplus { node: node.id.clone(), superseded: true, abandoned: false, live };
            self.out.surplus.extend(sorted.left_over.into_iter().map(left_over));
            let abandoned = |live| Surplus { node: node.id.clone(), superseded: true, abandoned: true, live };
            self.out.surplus.extend(sorted.abandoned.into_iter().map(abandoned));
            self.elsewhere.extend(sorted.elsewhere.into_iter().map(|live| (node.id.clone(), live)));
            let ids = sorted.doubles.iter().map(|live| live.id.clone()).collect();
            if !sorted.doubles.is_empty() {
                self.marked.insert(node.id.clone(), sorted.doubles);
            }
            match sorted.current {
                Some(live) => Observed::Present(Box::new(live)),
                None if sorted.unclear => Observed::Ambiguous(ids),
                None => Observed::Absent,
            }
        };
        self.out.nodes.insert(node.id.clone(), observed);
    }

    /// A member whose parent stands for a node is somebody's place, perhaps from an exchange that was cut short; one whose
    /// parent was replaced is left over, and goes with it.
    fn members_elsewhere(&mut self) {
        let standing: BTreeSet<String> = self
            .graph
            .nodes()
            .filter_map(|node| self.out.live(&node.id))
            .flat_map(|live| live.handles.clone())
            .collect();
        let mut going = self.going();
        for (node, live) in std::mem::take(&mut self.elsewhere) {
            if live.within.as_ref().is_some_and(|within| standing.contains(within)) {
                self.marked.entry(node).or_default().push(live);
            } else if live.within.as_ref().is_some_and(|within| going.contains(within)) {
                going.extend(live.handles.iter().cloned());
                self.out.surplus.push(Surplus { node, superseded: true, abandoned: false, live });
            } else {
                let stray = stray(node.kind(), &live, node.to_string(), true);
                self.out.strays.push(stray);
            }
        }
    }

    /// What a node's thing is to be inside of. Which of its needs that is, the field tells in which a thing of it names what it is
    /// inside of now; a need may be there for another reason (a rule that lets another group in).
    fn parents(&self, node: &Node, thing: Option<&Live>) -> Vec<&Live> {
        let field = thing.and_then(|live| {
            let within = live.within.as_deref()?;
            let fields = live.have.as_object()?.iter();
            fields.filter(|(_, value)| value.as_str() == Some(within)).map(|(field, _)| field).next()
        });
        let named = field.and_then(|field| node.want.get(field)).map(doc::refs).unwrap_or_default();
        let named: Vec<&Live> = named.iter().filter_map(|hole| self.out.live(&hole.node)).collect();
        if field.is_some_and(|field| node.want.get(field).is_some_and(doc::is_open)) {
            return named;
        }
        self.graph.needs_of(&node.id).filter_map(|need| self.out.live(need)).collect()
    }

    /// The handles of what is ours and goes.
    fn going(&self) -> BTreeSet<String> {
        self.out.surplus.iter().flat_map(|surplus| &surplus.live.handles).cloned().collect()
    }

    /// Nodes that want each other's slots exchange their things: what a listener does is changed more easily than its port, and
    /// a log group keeps its name and its data.
    fn exchange(&mut self) {
        let mut holder: BTreeMap<(&str, &str), &NodeId> = BTreeMap::new();
        for node in self.graph.nodes() {
            if let Some(live) = self.out.live(&node.id).filter(|live| !live.name.is_empty() && !node.lookup) {
                holder.insert((node.id.kind(), slot(&live.name, node)), &node.id);
            }
        }
        let mut next: BTreeMap<&NodeId, &NodeId> = BTreeMap::new();
        for node in self.graph.nodes().filter(|node| self.moves_slot(node)) {
            if let Some(held) = holder.get(&(node.id.kind(), node.name.as_str())).filter(|held| **held != &node.id) {
                next.insert(&node.id, held);
            }
        }
        let mut taken: Vec<(NodeId, Observed)> = Vec::new();
        for node in circles(&next).into_iter().flatten() {
            taken.extend(self.out.nodes.get(next[node]).cloned().map(|observed| (node.clone(), observed)));
        }
        self.out.nodes.extend(taken);
    }

    /// What is inside things that were exchanged goes along, where each has such a member (the rules of two groups).
    fn members_home(&mut self) {
        let mut strayed: Vec<(&NodeId, Vec<&String>, &String)> = Vec::new();
        for node in self.graph.nodes() {
            let Some(live) = self.out.live(&node.id) else { continue };
            let Some(within) = live.within.as_ref() else { continue };
            let home: Vec<&String> =
                self.parents(node, Some(live)).into_iter().flat_map(|live| &live.handles).collect();
            if !home.contains(&within) {
                strayed.push((&node.id, home, within));
            }
        }
        let mut inside: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        for (at, (node, _, within)) in strayed.iter().enumerate() {
            inside.entry((node.kind(), within.as_str())).or_default().push(at);
        }
        let mut next: BTreeMap<&NodeId, &NodeId> = BTreeMap::new();
        for (at, (node, home, _)) in strayed.iter().enumerate() {
            let guests = home.iter().filter_map(|handle| inside.get(&(node.kind(), handle.as_str())));
            let guest = guests.filter_map(|guests| guests.iter().find(|guest| **guest != at)).min();
            next.extend(guest.map(|guest| (*node, strayed[*guest].0)));
        }
        // Only whole circles: a member that nobody takes over must not be taken away.
        let mut taken: Vec<(NodeId, Observed)> = Vec::new();
        for node in circles(&next).into_iter().flatten() {
            taken.extend(self.out.nodes.get(next[node]).cloned().map(|observed| (node.clone(), observed)));
        }
        self.out.nodes.extend(taken);
    }

    /// Whether the thing of a node stands elsewhere than the node says.
    fn moves_slot(&self, node: &Node) -> bool {
        let Some(kind) = self.kinds.get(node.id.kind()) else { return false };
        let Some(live) = self.out.live(&node.id) else { return false };
        !node.lookup && kind.replace != Replace::Revise && stands_elsewhere(node, kind, live)
    }

    /// A node without a thing takes the one of ours that stands in its slot and that nobody else wants: its entry was renamed.
    fn by_slot(&mut self) {
        let mut free: BTreeMap<(String, String), NodeId> = BTreeMap::new();
        for (mark, things) in &self.marked {
            // Where it is not clear which of them is ours, nothing is taken.
            let unclear = matches!(self.out.nodes.get(mark), Some(Observed::Ambiguous(_)));
            for live in things.iter().filter(|live| !live.name.is_empty() && !unclear) {
                free.insert((mark.kind().to_owned(), live.name.clone()), mark.clone());
            }
        }
        let absent = self.graph.nodes().filter(|node| matches!(self.out.nodes.get(&node.id), Some(Observed::Absent)));
        let absent: Vec<&Node> = absent.filter(|node| !node.name.is_empty() && !node.lookup).collect();
        for node in absent {
            let revises = self.kinds.get(node.id.kind()).is_none_or(|kind| kind.replace == Replace::Revise);
            let Some(mark) = free.get(&(node.id.kind().to_owned(), node.name.clone())).filter(|_| !revises) else {
                continue;
            };
            let Some(things) = self.marked.get_mut(mark) else { continue };
            // With several of one dropped entry, which is which is decided below.
            if things.len() > 1 && self.graph.get(mark).is_none() {
                continue;
            }
            if let Some(at) = things.iter().position(|live| live.name == node.name) {
                let live = things.remove(at);
                self.out.nodes.insert(node.id.clone(), Observed::Present(Box::new(live)));
            }
        }
    }

    fn by_name(&mut self, others: &mut Others) {
        for node in self.graph.nodes().filter(|node| !node.lookup) {
            if matches!(self.out.nodes.get(&node.id), Some(Observed::Absent))
                && let Some(live) = others.remove(&(node.id.kind().to_owned(), node.name.clone()))
            {
                self.out.nodes.insert(node.id.clone(), Observed::Present(Box::new(live)));
            }
        }
    }

    /// What is left with marks of ours: things that left the file, with their left-overs, and doubles.
    fn dropped(&mut self) {
        let mut elsewhere: Vec<(NodeId, Live)> = Vec::new();
        for (mark, things) in std::mem::take(&mut self.marked) {
            let entry = self.graph.get(&mark);
            if entry.is_some_and(|node| !node.lookup) {
                let doubles = things.iter().map(|live| stray(mark.kind(), live, mark.to_string(), true));
                self.out.strays.extend(doubles);
                continue;
            }
            let kind = self.kinds.get(mark.kind());
            let base = self.names.get(&mark).map(|node| node.name.clone()).unwrap_or_else(|| {
                name::physical(&self.graph.stack.name, mark.name(), kind.map_or(0, |kind| kind.name_limit))
            });
            let sorted = sort_out(things, &base, kind, &[]);
            elsewhere.extend(sorted.elsewhere.into_iter().map(|live| (mark.clone(), live)));
            let gone = sorted.current.into_iter().chain(sorted.left_over);
            // Where the entry now names something that exists, that takes the place of what was made for it.
            let superseded = entry.is_some();
            let surplus = gone.map(|live| Surplus { node: mark.clone(), superseded, abandoned: false, live });
            let abandoned = sorted.abandoned.into_iter();
            let abandoned =
                abandoned.map(|live| Surplus { node: mark.clone(), superseded: true, abandoned: true, live });
            self.out.surplus.extend(surplus.chain(abandoned));
            // Which of several members was whose does not matter where what they are inside of goes.
            let (members, doubles): (Vec<Live>, Vec<Live>) =
                sorted.doubles.into_iter().partition(|live| live.within.is_some());
            elsewhere.extend(members.into_iter().map(|live| (mark.clone(), live)));
            let doubles = doubles.iter().map(|live| stray(mark.kind(), live, mark.to_string(), true));
            self.out.strays.extend(doubles);
        }
        // Members of another parent go if that goes.
        let mut going = self.going();
        for (mark, live) in elsewhere {
            if live.within.as_ref().is_some_and(|within| going.contains(within)) {
                going.extend(live.handles.iter().cloned());
                self.out.surplus.push(Surplus { node: mark, superseded: false, abandoned: false, live });
            } else {
                self.out.strays.push(stray(mark.kind(), &live, mark.to_string(), true));
            }
        }
    }
}

fn stray(kind: &str, live: &Live, mark: String, double: bool) -> Stray {
    let name = if live.name.is_empty() { &live.id } else { &live.name };
    Stray { kind: kind.to_owned(), name: name.clone(), id: live.id.clone(), mark, double }
}

/// Whether a thing stands elsewhere than its node says: in another slot, or under another name that no replacement chose.
///
/// A default name may differ from that of a thing that was renamed in the file: it keeps the one that it has.
pub(crate) fn stands_elsewhere(node: &Node, kind: &Kind, live: &Live) -> bool {
    let chosen = kind.moves || node.named && kind.name_limit > 0;
    chosen && !live.name.is_empty() && !node.name.is_empty() && name::generation(&node.name, &live.name).is_none()
}

/// The slot of a live name: without a generation, where it is one of the node's own name.
fn slot<'l>(live: &'l str, node: &'l Node) -> &'l str {
    if name::generation(&node.name, live).is_some() { &node.name } else { live }
}

/// Tells several things with one mark apart.
///
/// Only a replacement makes a second thing with the same mark: then the new one says whose place it took, or it is inside
/// the successor of what the old one is inside of. Revisions stay by design. Anything else was marked by somebody else.
fn sort_out(mut things: Vec<Live>, base: &str, kind: Option<&Kind>, parents: &[&str]) -> Sorted {
    if things.len() < 2 {
        return Sorted { current: things.pop(), ..Sorted::default() };
    }
    if kind.is_some_and(|kind| kind.replace == Replace::Revise) {
        things.sort_by_cached_key(|live| {
            (name::generation(base, &live.name).unwrap_or(0), live.name.clone(), live.id.clone())
        });
        let current = things.pop();
        return Sorted { current, left_over: things, ..Sorted::default() };
    }
    things.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    let at = by_succession(&things, base).or_else(|| by_parent(&things, parents)).or_else(|| by_base(&things, base));
    let Some(at) = at else { return Sorted { doubles: things, unclear: true, ..Sorted::default() } };
    let current = things.remove(at);
    let mut sorted = Sorted { current: None, ..Sorted::default() };
    let mut before: BTreeSet<String> = current.replaces.iter().cloned().collect();
    // A chain of replacements, each of which was cut short.
    while let Some(at) = things.iter().position(|live| before.contains(&live.id)) {
        let live = things.remove(at);
        before.extend(live.replaces.iter().cloned());
        sorted.left_over.push(live);
    }
    // Those that were to take its place before the file was put back.
    let mut after: BTreeSet<String> = [current.id.clone()].into();
    while let Some(at) = things.iter().position(|live| live.replaces.as_ref().is_some_and(|id| after.contains(id))) {
        let live = things.remove(at);
        after.insert(live.id.clone());
        sorted.abandoned.push(live);
    }
    for live in things {
        // Members of different parents are told apart by these, and go with them.
        let elsewhere = live.within.is_some() && current.within.is_some() && live.within != current.within;
        if elsewhere { sorted.elsewhere.push(live) } else { sorted.doubles.push(live) }
    }
    sorted.current = Some(current);
    sorted
}

/// The one that took the place of another one of them and whose place nobody took. Where only an earlier one has the name that is
/// wanted, that one: the file was put back, or somebody else says that he took its place.
fn by_succession(things: &[Live], base: &str) -> Option<usize> {
    let among = |id: &String| things.iter().any(|live| live.id == *id);
    let replaced: BTreeSet<&String> = things.iter().filter_map(|live| live.replaces.as_ref()).collect();
    let heads: Vec<usize> = (0..things.len())
        .filter(|at| things[*at].replaces.as_ref().is_some_and(among) && !replaced.contains(&things[*at].id))
        .collect();
    let [head] = heads[..] else { return None };
    let is_wanted = |at: &usize| base.is_empty() || name::generation(base, &things[*at].name).is_some();
    let mut chain = vec![head];
    while let Some(before) = chain.last().and_then(|at| things[*at].replaces.as_ref()) {
        match things.iter().position(|live| live.id == *before) {
            Some(at) if !chain.contains(&at) => chain.push(at),
            _ => break,
        }
    }
    chain.iter().copied().find(is_wanted).or(Some(head))
}

/// The one inside of what its node needs, as that is now.
fn by_parent(things: &[Live], parents: &[&str]) -> Option<usize> {
    let inside: Vec<usize> = (0..things.len())
        .filter(|at| things[*at].within.as_deref().is_some_and(|within| parents.contains(&within)))
        .collect();
    match inside[..] {
        [one] => Some(one),
        _ => None,
    }
}

/// The one of the node's own name; else the only one that a replacement can have named.
fn by_base(things: &[Live], base: &str) -> Option<usize> {
    if base.is_empty() {
        return None;
    }
    let exact: Vec<usize> = (0..things.len()).filter(|at| things[*at].name == base).collect();
    let generations: Vec<usize> =
        (0..things.len()).filter(|at| name::generation(base, &things[*at].name).is_some()).collect();
    match (&exact[..], &generations[..]) {
        ([one], _) | ([], [one]) => Some(*one),
        _ => None,
    }
}

/// The circles of a map in which each key leads to one other.
fn circles<'n>(next: &BTreeMap<&'n NodeId, &'n NodeId>) -> Vec<Vec<&'n NodeId>> {
    let mut done: BTreeSet<&NodeId> = BTreeSet::new();
    let mut circles = Vec::new();
    for start in next.keys().copied() {
        let mut path: Vec<&NodeId> = Vec::new();
        let mut at = start;
        while !done.contains(at) {
            done.insert(at);
            path.push(at);
            let Some(to) = next.get(at).copied() else { break };
            if let Some(from) = path.iter().position(|node| *node == to) {
                circles.push(path[from..].to_vec());
            }
            at = to;
        }
    }
    circles
}
