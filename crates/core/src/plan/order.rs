//! The order of steps: from edges only. What is needed comes before what needs it; what is used goes after its users have
//! let go; waits stand between what takes time and what cannot go on without it. Numbers follow the order.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;

use super::decide::{Decisions, Draft};
use super::remove::{self, Removal};
use super::stage::{Moved, Staged};
use super::{Action, Phase, PlanOptions, Reason, Step};
use crate::cloud::Goal;
use crate::doc;
use crate::graph::Graph;
use crate::id::{NodeId, StepId};
use crate::kind::{Kind, Kinds, Ready, Replace, Traffic};
use crate::snapshot::Snapshot;

/// Drafts with edges between them.
pub(super) struct Orderer<'a> {
    kinds: &'a Kinds,
    options: &'a PlanOptions,
    drafts: Vec<Draft>,
    edges: BTreeSet<(usize, usize)>,
    /// The draft after which a draft's effect is complete: its wait, if it has one.
    complete: BTreeMap<usize, usize>,
    main: BTreeMap<NodeId, usize>,
    /// The last draft of a node, where that is not its main one.
    last: BTreeMap<NodeId, usize>,
    movements: Vec<Moved>,
    /// Fronts that names are to lead to.
    gates: BTreeSet<NodeId>,
    /// Nodes whose predecessors still stand, left over from interrupted replacements.
    succeed: BTreeSet<NodeId>,
    narrows: Vec<(usize, BTreeSet<NodeId>)>,
    /// Nodes of which others want outputs that are known only once they are ready.
    gated: BTreeSet<NodeId>,
    /// Seconds that nodes take by what the file itself says.
    patience: BTreeMap<NodeId, u32>,
}

/// Nodes of which others want outputs that are known only once they are ready.
fn gated(want: &Graph) -> BTreeSet<NodeId> {
    if want.nodes().all(|node| node.late.is_empty()) {
        return BTreeSet::new();
    }
    let holes = want.nodes().flat_map(|node| doc::refs(&node.want));
    let late = holes.filter(|hole| want.get(&hole.node).is_some_and(|node| node.late.contains(&hole.output)));
    late.map(|hole| hole.node).collect()
}

impl<'a> Orderer<'a> {
    pub(super) fn new(
        kinds: &'a Kinds,
        options: &'a PlanOptions,
        (want, have): (&Graph, &Snapshot),
        decisions: &mut Decisions,
    ) -> Self {
        let left_over = have.surplus.iter().filter(|surplus| surplus.superseded);
        let patient = want.nodes().filter(|node| node.patience_secs > 0);
        Self {
            kinds,
            options,
            patience: patient.map(|node| (node.id.clone(), node.patience_secs)).collect(),
            drafts: std::mem::take(&mut decisions.drafts),
            edges: BTreeSet::new(),
            complete: BTreeMap::new(),
            main: std::mem::take(&mut decisions.main),
            last: std::mem::take(&mut decisions.last),
            movements: std::mem::take(&mut decisions.movements),
            gates: std::mem::take(&mut decisions.gates),
            succeed: left_over.map(|surplus| surplus.node.clone()).collect(),
            narrows: std::mem::take(&mut decisions.narrows),
            gated: gated(want),
        }
    }

    /// Adds waits for what is made or changed.
    pub(super) fn waits_for_readiness(&mut self) {
        for at in 0..self.drafts.len() {
            let Some(kind) = self.kind(at).copied() else { continue };
            let waits = match kind.ready {
                Ready::AtOnce => false,
                Ready::BeforeDependants => true,
                Ready::AtEnd => {
                    !self.options.no_wait || self.gives_way(at) || self.gated.contains(&self.drafts[at].node)
                }
            };
            let waits = waits && !matches!(self.drafts[at].action, Action::Wait { .. });
            if waits {
                self.wait(at, Goal::Ready, &kind);
            }
        }
    }

    /// Whether something goes only when this is ready: then it is waited for in any case.
    fn gives_way(&self, at: usize) -> bool {
        let draft = &self.drafts[at];
        let replaces = matches!(draft.action, Action::Create { replaces: Some(_), .. });
        replaces
            || draft.staged.is_some()
            || self.succeed.contains(&draft.node)
            || self.gates.contains(&draft.node)
            || self.is_relied_on(&draft.node)
    }

    /// Whether something is taken away as soon as this has changed.
    fn is_relied_on(&self, node: &NodeId) -> bool {
        self.narrows.iter().any(|(_, users)| users.contains(node))
    }

    /// Adds waits for what was under way before.
    pub(super) fn waits_for_others(&mut self, decisions: &mut Decisions) {
        for (node, live, what) in std::mem::take(&mut decisions.under_way) {
            if let Some(kind) = self.kinds.get(node.kind())
                && (!self.options.no_wait
                    || kind.ready != Ready::AtEnd
                    || self.succeed.contains(&node)
                    || self.is_relied_on(&node))
            {
                let action = Action::Wait {
                    goal: Goal::Ready,
                    of: None,
                    deadline_secs: self.deadline(&node, kind),
                    live: Some(Box::new(live)),
                };
                self.main.insert(node.clone(), self.drafts.len());
                self.drafts.push(Draft::new(node, action, Reason::UnderWay(what)));
            }
        }
    }

    /// What is needed comes first.
    pub(super) fn needs_first(&mut self, want: &Graph) {
        for (node, at) in &self.main {
            for need in want.needs_of(node) {
                let Some(before) = self.main.get(need).copied() else { continue };
                // Within a movement the phases decide: a router that switches waits for the server that needs it.
                if let (Some(first), Some(second)) = (self.drafts[before].staged, self.drafts[*at].staged)
                    && first.movement == second.movement
                    && first.phase > second.phase
                {
                    continue;
                }
                let gate = self.gated.contains(need)
                    || self.kind(before).is_some_and(|kind| kind.ready == Ready::BeforeDependants);
                if !gate && matches!(self.drafts[before].action, Action::Wait { .. }) {
                    continue;
                }
                let before = if gate { self.complete.get(&before).copied().unwrap_or(before) } else { before };
                self.edges.insert((before, *at));
            }
        }
    }

    /// A step that refers to something comes after that is made, whether or not the file says that its node needs it.
    fn referred_first(&mut self) {
        let mut edges = Vec::new();
        for (at, draft) in self.drafts.iter().enumerate().filter(|(_, draft)| draft.staged.is_some()) {
            let made = draft.want().map(doc::refs).unwrap_or_default();
            let made = made.iter().filter_map(|hole| self.main.get(&hole.node)).filter(|made| **made != at);
            edges.extend(made.map(|made| (*made, at)));
        }
        self.edges.extend(edges);
    }

    /// Phases of a movement follow each other, and traffic switches to what is ready.
    pub(super) fn phases(&mut self, want: &Graph) {
        self.referred_first();
        let mut phases: BTreeMap<Staged, Vec<usize>> = BTreeMap::new();
        for (at, draft) in self.drafts.iter().enumerate() {
            if let Some(staged) = draft.staged {
                phases.entry(staged).or_default().push(at);
            }
        }
        let mut edges = Vec::new();
        for ((before, earlier), (after, later)) in phases.iter().zip(phases.iter().skip(1)) {
            if before.movement == after.movement {
                let ends = earlier.iter().map(|at| self.end(*at));
                edges.extend(ends.flat_map(|end| later.iter().map(move |at| (end, *at))));
            }
        }
        for at in phases.iter().filter(|(it, _)| it.phase == Phase::Switch).flat_map(|(_, drafts)| drafts) {
            let needs = want.needs_of(&self.drafts[*at].node).filter_map(|need| self.main.get(need));
            edges.extend(needs.map(|need| (self.end(*need), *at)));
        }
        self.edges.extend(edges);
    }

    /// What others rely on is taken away when they have changed.
    pub(super) fn narrow_last(&mut self) {
        for (narrow, users) in std::mem::take(&mut self.narrows) {
            let ends: Vec<usize> = users.iter().filter_map(|user| self.end_of(user)).collect();
            self.edges.extend(ends.into_iter().filter(|end| *end != narrow).map(|end| (end, narrow)));
            let first = self.main.get(&self.drafts[narrow].node).copied().filter(|first| *first != narrow);
            self.edges.extend(first.map(|first| (self.end(first), narrow)));
        }
    }

    /// The draft after which the effect of a draft is complete.
    fn end(&self, at: usize) -> usize {
        self.complete.get(&at).copied().unwrap_or(at)
    }

    /// The draft after which nothing changes a node any more.
    fn end_of(&self, node: &NodeId) -> Option<usize> {
        let last = self.last.get(node).or_else(|| self.main.get(node))?;
        Some(self.end(*last))
    }

    /// Servers that go and what movement they are in: they serve until traffic has moved.
    fn leavers(&self, removals: &[Removal]) -> Vec<(usize, usize)> {
        let mut leavers = Vec::new();
        let about = self.about();
        // What makes room for its successor cannot wait until traffic has moved to that.
        for (at, removal) in removals.iter().enumerate().filter(|(_, removal)| !removal.first) {
            let serves = |kind: &Kind| matches!(kind.traffic, Traffic::Server(_));
            if self.kinds.get(removal.node.kind()).is_some_and(serves) {
                let movements = removal.live.uses.iter().filter_map(|used| about.get(used.as_str())).flatten();
                let movements: BTreeSet<usize> = movements.copied().collect();
                leavers.extend(movements.into_iter().map(|movement| (at, movement)));
            }
        }
        leavers
    }

    /// The movements that are about what is known by a handle.
    fn about(&self) -> BTreeMap<&str, Vec<usize>> {
        let mut about: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (movement, moved) in self.movements.iter().enumerate() {
            moved.handles.iter().for_each(|handle| about.entry(handle).or_default().push(movement));
        }
        about
    }

    /// The drafts of each movement.
    fn by_movement(&self) -> BTreeMap<usize, Vec<usize>> {
        let mut steps: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, staged) in self.drafts.iter().enumerate().filter_map(|(at, draft)| Some((at, draft.staged?))) {
            steps.entry(staged.movement).or_default().push(at);
        }
        steps
    }

    /// A server goes between the switch of its movement and the steps that let its groups go.
    fn let_go_after(&mut self, draft: Option<usize>, movement: &[usize]) {
        let Some(draft) = draft else { return };
        let gone = self.end(draft);
        let steps = movement.iter().filter_map(|at| Some((*at, self.drafts[*at].staged?.phase)));
        let edges: Vec<(usize, usize)> = steps
            .map(|(at, phase)| if phase <= Phase::Hold { (self.end(at), draft) } else { (gone, at) })
            .filter(|(first, second)| first != second)
            .collect();
        self.edges.extend(edges);
    }

    /// Everything of a movement of traffic is over before what it is about goes.
    fn after_movements(&self, removals: &[Removal], roots: &[usize]) -> BTreeSet<(usize, usize)> {
        let mut edges = BTreeSet::new();
        let (about, steps) = (self.about(), self.by_movement());
        for (at, removal) in removals.iter().enumerate().filter(|(_, removal)| !removal.first) {
            // A listener goes after those that serve behind it have left: ECS keeps a task whose group has none any more.
            let routes = |kind: &Kind| matches!(kind.traffic, Traffic::Router(_));
            let routes = self.kinds.get(removal.node.kind()).is_some_and(routes);
            let used = if routes { &removal.live.uses } else { &removal.live.handles };
            let movements: BTreeSet<&usize> =
                used.iter().filter_map(|handle| about.get(handle.as_str())).flatten().collect();
            let steps = movements.into_iter().filter_map(|movement| steps.get(movement)).flatten();
            edges.extend(steps.map(|step| (self.end(*step), roots[at])));
        }
        edges
    }

    /// Adds deletions, each after everything that still uses the thing, and around what takes its place.
    pub(super) fn deletions(&mut self, mut removals: Vec<Removal>, have: &Snapshot) {
        let names = self.claims();
        let takers: Vec<Option<usize>> = removals
            .iter()
            .map(|removal| names.get(&(removal.node.kind(), removal.live.name.as_str())).copied())
            .collect();
        make_room(&mut removals, &takers);
        let holder = remove::by_handle(&removals);
        let between = remove::edges(&removals);
        let roots: Vec<usize> = (0..removals.len()).map(|at| remove::root(&removals, at)).collect();
        let mut releases = self.releases(&removals, &holder, &roots, have);
        releases.extend(self.after_movements(&removals, &roots));
        let leavers = self.leavers(&removals);
        let mut with: BTreeMap<usize, Vec<NodeId>> = BTreeMap::new();
        // What takes the place of something that goes with another thing is made before that other thing goes.
        let mut moves: BTreeSet<(usize, usize)> = BTreeSet::new();
        for (at, removal) in
            removals.iter().enumerate().filter(|(at, removal)| removal.with.is_some() || roots[*at] != *at)
        {
            with.entry(roots[at]).or_default().push(removal.node.clone());
            moves.extend(self.successor(&removal.node).map(|successor| (successor, roots[at])));
        }
        let firsts: Vec<bool> = removals.iter().map(|removal| removal.first).collect();
        let revises =
            |removal: &Removal| self.kinds.get(removal.node.kind()).is_some_and(|it| it.replace == Replace::Revise);
        let revisions: Vec<bool> = removals.iter().map(revises).collect();
        let mut draft_of: BTreeMap<usize, usize> = BTreeMap::new();
        for (at, removal) in removals.into_iter().enumerate() {
            if removal.with.is_none() {
                let draft = self.delete(removal, with.remove(&at).unwrap_or_default(), takers[at]);
                draft_of.insert(at, draft);
            }
        }
        let steps = self.by_movement();
        for (gone, movement) in leavers {
            let steps = steps.get(&movement).map(Vec::as_slice).unwrap_or_default();
            self.let_go_after(draft_of.get(&roots[gone]).copied(), steps);
        }
        for (user, used) in &between {
            let (asked, gone) = (draft_of[user], self.end(draft_of[user]));
            if !revisions[*used] {
                self.edges.insert((gone, draft_of[used]));
                continue;
            }
            // What has been asked to go starts nothing new from its revision, which can go beside it. What the revision uses is
            // used until its user is gone.
            self.edges.insert((asked, draft_of[used]));
            let rest = between.range((*used, 0)..=(*used, usize::MAX)).map(|(_, rest)| draft_of[rest]);
            self.edges.extend(rest.filter(|rest| *rest != gone).map(|rest| (gone, rest)));
        }
        let above = if firsts.contains(&true) { self.above() } else { BTreeMap::new() };
        for (before, gone) in releases.into_iter().chain(moves) {
            // A user of what has to make room changes to the successor, so it cannot let go earlier.
            let too_late = firsts[gone] && reaches(&above, draft_of[&gone], before);
            if before != draft_of[&gone] && !too_late {
                self.edges.insert((before, draft_of[&gone]));
            }
        }
        let departures = firsts.iter().enumerate().filter(|(_, first)| **first);
        self.late_departures(departures.filter_map(|(at, _)| draft_of.get(&at)));
    }

    /// What goes before its successor comes goes as late as it can: once all else that the successor needs is there. If some
    /// of that fails, the old thing still stands.
    fn late_departures<'d>(&mut self, departures: impl Iterator<Item = &'d usize>) {
        let departures: Vec<usize> = departures.copied().collect();
        if departures.is_empty() {
            return;
        }
        let mut above = self.above();
        let mut below: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        self.edges.iter().for_each(|(first, second)| below.entry(*second).or_default().push(*first));
        for gone in departures {
            let needs = self.successor(&self.drafts[gone].node).and_then(|successor| below.get(&successor));
            for need in needs.into_iter().flatten().copied() {
                if need != gone && !reaches(&above, gone, need) {
                    self.edges.insert((need, gone));
                    above.entry(need).or_default().push(gone);
                }
            }
        }
    }

    /// Who lets go of a thing by being changed: users that stay.
    fn releases(
        &self,
        removals: &[Removal],
        holder: &BTreeMap<String, usize>,
        roots: &[usize],
        have: &Snapshot,
    ) -> BTreeSet<(usize, usize)> {
        let removed: BTreeSet<(&str, &str)> =
            removals.iter().map(|removal| (removal.node.kind(), removal.live.id.as_str())).collect();
        let mut releases = BTreeSet::new();
        if removals.is_empty() {
            return releases;
        }
        for node in self.main.keys().chain(self.last.keys()) {
            let Some(user) = have.live(node).filter(|live| !removed.contains(&(node.kind(), live.id.as_str()))) else {
                continue;
            };
            let Some(after) = self.end_of(node) else { continue };
            releases.extend(user.uses.iter().filter_map(|handle| holder.get(handle)).map(|gone| (after, roots[*gone])));
        }
        releases
    }

    /// The draft that claims a slot, by kind and slot.
    fn claims(&self) -> BTreeMap<(&str, &str), usize> {
        let claims = self.drafts.iter().enumerate();
        claims.filter_map(|(at, draft)| Some(((draft.node.kind(), draft.claims.as_deref()?), at))).collect()
    }

    /// Whoever holds a slot that another one claims, and moves to another slot, moves first.
    pub(super) fn slots(&mut self) {
        let mut edges = Vec::new();
        let claims = self.claims();
        for (at, draft) in self.drafts.iter().enumerate() {
            if let Action::Update { live, .. } = &draft.action
                && draft.claims.is_some()
                && let Some(taker) = claims.get(&(draft.node.kind(), live.name.as_str()))
                && *taker != at
            {
                edges.push((at, *taker));
            }
        }
        self.edges.extend(edges);
    }

    fn successor(&self, node: &NodeId) -> Option<usize> {
        self.main.get(node).copied().filter(|main| matches!(self.drafts[*main].action, Action::Create { .. }))
    }

    fn delete(&mut self, removal: Removal, with: Vec<NodeId>, taker: Option<usize>) -> usize {
        let Removal { node, live, why, replaced, first, .. } = removal;
        let at = self.drafts.len();
        let (name, data) = (live.name.clone(), live.data.clone());
        let successor = self.successor(&node);
        let action = Action::Delete { live: Box::new(live), replaced, with };
        self.drafts.push(Draft { name, data, ..Draft::new(node.clone(), action, why) });
        let kind = self.kinds.get(node.kind()).copied();
        if let Some(kind) = kind.filter(|kind| kind.slow_delete) {
            self.wait(at, Goal::Gone, &kind);
        }
        let gone = self.complete.get(&at).copied().unwrap_or(at);
        match successor {
            Some(main) if first => drop(self.edges.insert((gone, main))),
            // It stands until its successor does what it is for.
            Some(main) => drop(self.edges.insert((self.end(main), at))),
            None => {}
        }
        if self.drafts[at].why == Reason::LeftOver
            && let Some(main) = self.main.get(&node)
        {
            // It stands until what took its place does what it is for.
            self.edges.insert((self.end(*main), at));
        }
        if let Some(taker) = taker.filter(|taker| Some(*taker) != successor || first) {
            self.edges.insert((gone, taker));
        }
        at
    }

    /// Which drafts wait for a draft.
    fn above(&self) -> BTreeMap<usize, Vec<usize>> {
        let mut above: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        self.edges.iter().for_each(|(first, second)| above.entry(*first).or_default().push(*second));
        above
    }

    /// How long a node is waited for.
    fn deadline(&self, node: &NodeId, kind: &Kind) -> u32 {
        kind.deadline_secs.saturating_add(self.patience.get(node).copied().unwrap_or(0))
    }

    fn wait(&mut self, of: usize, goal: Goal, kind: &Kind) {
        let live = match &self.drafts[of].action {
            Action::Update { live, .. } | Action::Adopt { live, .. } | Action::Delete { live, .. } => {
                Some(live.clone())
            }
            Action::Create { .. } | Action::Wait { .. } => None,
        };
        let at = self.drafts.len();
        let (node, name) = (self.drafts[of].node.clone(), self.drafts[of].name.clone());
        // The step number is not known yet; `finish` puts it in place of the draft's index.
        let action = Action::Wait {
            goal,
            of: Some(StepId(u32::try_from(of).unwrap_or(u32::MAX))),
            live,
            deadline_secs: if goal == Goal::Ready { self.deadline(&node, kind) } else { kind.deadline_secs },
        };
        self.drafts.push(Draft { name, ..Draft::new(node, action, Reason::TakesTime) });
        self.edges.insert((of, at));
        self.complete.insert(of, at);
    }

    fn kind(&self, at: usize) -> Option<&Kind> {
        self.kinds.get(self.drafts[at].node.kind())
    }

    /// Numbers the drafts so that each comes after all that it waits for.
    pub(super) fn finish(self) -> Vec<Step> {
        let mut before: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); self.drafts.len()];
        let mut after: Vec<Vec<usize>> = vec![Vec::new(); self.drafts.len()];
        for (first, second) in &self.edges {
            before[*second].insert(*first);
            after[*first].push(*second);
        }
        let mut open: Vec<usize> = before.iter().map(BTreeSet::len).collect();
        let mut ready: BTreeSet<usize> = (0..open.len()).filter(|at| open[*at] == 0).collect();
        let mut waiting: BTreeSet<usize> = (0..open.len()).filter(|at| open[*at] > 0).collect();
        let mut order = Vec::with_capacity(open.len());
        let mut number: BTreeMap<usize, StepId> = BTreeMap::new();
        // A circle can only come from what is live; one of it then goes without waiting and AWS has the last word.
        let deletes = |at: usize| matches!(self.drafts[at].action, Action::Delete { .. });
        while let Some(at) =
            ready.pop_first().or_else(|| (!waiting.is_empty()).then(|| knot(&self.edges, &waiting, deletes)).flatten())
        {
            waiting.remove(&at);
            order.push(at);
            number.insert(at, StepId(u32::try_from(order.len()).unwrap_or(u32::MAX)));
            for next in &after[at] {
                open[*next] = open[*next].saturating_sub(1);
                if open[*next] == 0 && waiting.remove(next) {
                    ready.insert(*next);
                }
            }
        }
        let mut drafts: BTreeMap<usize, Draft> = self.drafts.into_iter().enumerate().collect();
        let mut steps = Vec::with_capacity(order.len());
        for at in order {
            let Some(mut draft) = drafts.remove(&at) else { continue };
            let id = number[&at];
            if let Action::Wait { of: Some(of), .. } = &mut draft.action {
                *of = number[&(of.0 as usize)];
            }
            let after = before[at].iter().map(|first| number[first]).filter(|first| *first < id).collect();
            let Draft { node, name, action, why, data, .. } = draft;
            steps.push(Step { id, node, name, action, after, why, data });
        }
        steps
    }
}

/// Marks what has to be gone before something else is made, and the old halves that hold on to such a thing.
fn make_room(removals: &mut [Removal], takers: &[Option<usize>]) {
    for (removal, taker) in removals.iter_mut().zip(takers) {
        removal.first |= taker.is_some();
    }
    let holder = remove::by_handle(removals);
    loop {
        let uses_first = |removal: &Removal| {
            let mut used = removal.live.uses.iter().chain(&removal.live.within);
            used.any(|handle| holder.get(handle).is_some_and(|at| removals[*at].first))
        };
        let more: Vec<usize> = removals
            .iter()
            .enumerate()
            .filter(|(_, removal)| removal.why == Reason::Replaced && !removal.first && uses_first(removal))
            .map(|(at, _)| at)
            .collect();
        if more.is_empty() {
            return;
        }
        more.into_iter().for_each(|at| removals[at].first = true);
    }
}

/// Whether `to` waits for `from`, directly or not.
fn reaches(above: &BTreeMap<usize, Vec<usize>>, from: usize, to: usize) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        if seen.insert(at) {
            open.extend(above.get(&at).into_iter().flatten());
        }
    }
    false
}

/// One draft of a circle that waits for nothing outside it, to go first; a deletion if there is one.
fn knot(edges: &BTreeSet<(usize, usize)>, waiting: &BTreeSet<usize>, deletes: impl Fn(usize) -> bool) -> Option<usize> {
    let inside = edges.iter().filter(|(first, second)| waiting.contains(first) && waiting.contains(second));
    let graph: DiGraphMap<usize, ()> = inside.map(|(first, second)| (*first, *second, ())).collect();
    // Groups come in reverse order of their edges, so the last one waits for no other.
    let mut group = tarjan_scc(&graph).pop()?;
    group.sort_unstable();
    group.iter().copied().find(|at| deletes(*at)).or_else(|| group.first().copied())
}
