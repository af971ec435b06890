//! The order of steps: from edges only. What is needed comes before what needs it; what is used goes after its users have
//! let go; waits stand between what takes time and what cannot go on without it. Numbers follow the order.

use std::collections::{BTreeMap, BTreeSet};

use super::decide::{Decisions, Draft};
use super::remove::{self, Removal};
use super::{Action, PlanOptions, Reason, Step};
use crate::cloud::Goal;
use crate::graph::Graph;
use crate::id::{NodeId, StepId};
use crate::kind::{Kind, Kinds, Ready, Replace};
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
}

impl<'a> Orderer<'a> {
    pub(super) fn new(kinds: &'a Kinds, options: &'a PlanOptions, decisions: &mut Decisions) -> Self {
        Self {
            kinds,
            options,
            drafts: std::mem::take(&mut decisions.drafts),
            edges: BTreeSet::new(),
            complete: BTreeMap::new(),
            main: std::mem::take(&mut decisions.main),
        }
    }

    /// Adds waits for what is made or changed.
    pub(super) fn waits_for_readiness(&mut self) {
        for at in 0..self.drafts.len() {
            let Some(kind) = self.kind(at).copied() else { continue };
            let waits = match kind.ready {
                Ready::AtOnce => false,
                Ready::BeforeDependants => true,
                Ready::AtEnd => !self.options.no_wait,
            };
            if waits {
                self.wait(at, Goal::Ready, &kind);
            }
        }
    }

    /// Adds waits for what was under way before.
    pub(super) fn waits_for_others(&mut self, decisions: &mut Decisions) {
        for (node, live, what) in std::mem::take(&mut decisions.under_way) {
            if let Some(kind) = self.kinds.get(node.kind())
                && !self.options.no_wait
            {
                let action = Action::Wait {
                    goal: Goal::Ready,
                    of: None,
                    deadline_secs: kind.deadline_secs,
                    live: Some(Box::new(live)),
                };
                let name = String::new();
                self.main.insert(node.clone(), self.drafts.len());
                self.drafts.push(Draft { node, name, action, why: Reason::UnderWay(what), data: None });
            }
        }
    }

    /// What is needed comes first.
    pub(super) fn needs_first(&mut self, want: &Graph) {
        for (node, at) in self.main.clone() {
            let Some(wanted) = want.get(&node) else { continue };
            for need in want.needs(wanted) {
                let Some(before) = self.main.get(&need).copied() else { continue };
                let gate = self.kind(before).is_some_and(|kind| kind.ready == Ready::BeforeDependants);
                let before = if gate { self.complete.get(&before).copied().unwrap_or(before) } else { before };
                self.edges.insert((before, at));
            }
        }
    }

    /// Adds deletions, each after everything that still uses the thing, and around what takes its place.
    pub(super) fn deletions(&mut self, removals: Vec<Removal>, first: &BTreeSet<NodeId>, have: &Snapshot) {
        let holder = remove::by_handle(&removals);
        let between = remove::edges(&removals);
        let roots: Vec<usize> = (0..removals.len()).map(|at| remove::root(&removals, at)).collect();
        let removed: BTreeSet<&str> = removals.iter().map(|removal| removal.live.id.as_str()).collect();
        // Who lets go of a thing by being changed: users that stay.
        let mut releases: BTreeSet<(usize, usize)> = BTreeSet::new();
        for (node, used) in have.nodes.keys().filter_map(|node| Some((node, have.live(node)?))) {
            if let Some(at) = self.main.get(node)
                && !removed.contains(used.id.as_str())
            {
                let after = self.complete.get(at).copied().unwrap_or(*at);
                releases
                    .extend(used.uses.iter().filter_map(|handle| holder.get(handle)).map(|gone| (after, roots[*gone])));
            }
        }
        let mut draft_of: BTreeMap<usize, usize> = BTreeMap::new();
        let mut with: BTreeMap<usize, Vec<NodeId>> = BTreeMap::new();
        for (at, removal) in
            removals.iter().enumerate().filter(|(at, removal)| removal.with.is_some() || roots[*at] != *at)
        {
            with.entry(roots[at]).or_default().push(removal.node.clone());
        }
        for (at, removal) in removals.into_iter().enumerate() {
            if removal.with.is_some() {
                continue;
            }
            let draft = self.delete(removal, with.remove(&at).unwrap_or_default(), first);
            draft_of.insert(at, draft);
        }
        for (before, after) in between {
            let before = draft_of[&before];
            self.edges.insert((self.complete.get(&before).copied().unwrap_or(before), draft_of[&after]));
        }
        for (before, gone) in releases {
            if before != draft_of[&gone] {
                self.edges.insert((before, draft_of[&gone]));
            }
        }
    }

    fn delete(&mut self, removal: Removal, with: Vec<NodeId>, first: &BTreeSet<NodeId>) -> usize {
        let Removal { node, live, why, replaced, .. } = removal;
        let at = self.drafts.len();
        let name = live.name.clone();
        let data = live.data.clone();
        let successor =
            self.main.get(&node).copied().filter(|main| matches!(self.drafts[*main].action, Action::Create { .. }));
        let same_name = self.drafts.iter().position(|draft| {
            draft.node.kind() == node.kind()
                && !name.is_empty()
                && draft.name == name
                && matches!(draft.action, Action::Create { .. })
        });
        self.drafts.push(Draft {
            node: node.clone(),
            name,
            action: Action::Delete { live: Box::new(live), replaced, with },
            why,
            data,
        });
        let kind = self.kinds.get(node.kind()).copied();
        if let Some(kind) = kind.filter(|kind| kind.slow_delete) {
            self.wait(at, Goal::Gone, &kind);
        }
        let gone = self.complete.get(&at).copied().unwrap_or(at);
        match successor {
            Some(main) if first.contains(&node) => drop(self.edges.insert((gone, main))),
            Some(main) => drop(self.edges.insert((main, at))),
            None => {}
        }
        if let Some(taker) = same_name.filter(|taker| Some(*taker) != successor || first.contains(&node)) {
            self.edges.insert((gone, taker));
        }
        at
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
            deadline_secs: kind.deadline_secs,
        };
        self.drafts.push(Draft { node, name, action, why: Reason::TakesTime, data: None });
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
        // A circle can only come from what is live; the first of it then goes without waiting and AWS has the last word.
        while let Some(at) = ready.pop_first().or_else(|| waiting.first().copied()) {
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
            let Draft { node, name, action, why, data } = draft;
            steps.push(Step { id, node, name, action, after, why, data });
        }
        steps
    }
}

/// Nodes whose old thing has to be gone before the new one is made.
pub(super) fn delete_first(kinds: &Kinds, decisions: &Decisions) -> BTreeSet<NodeId> {
    let by_kind = |node: &NodeId| kinds.get(node.kind()).is_some_and(|kind| kind.replace == Replace::DeleteFirst);
    decisions.outgoing.iter().filter(|out| out.first || by_kind(&out.node)).map(|out| out.node.clone()).collect()
}
