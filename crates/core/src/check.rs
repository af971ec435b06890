//! A second opinion on a plan, written apart from the planner: its own view of order, ownership, consent and completeness.
//! It runs before every apply and in every test. A finding means that evenkeel is wrong, not the user.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::cloud::Goal;
use crate::doc;
use crate::graph::Graph;
use crate::id::{NodeId, StepId};
use crate::kind::{GROUP, Kinds, Replace, Serving, Traffic};
use crate::plan::{Action, Held, HeldBecause, Intent, Plan, PlanOptions, Step};
use crate::snapshot::{Live, Observed, Owner, Snapshot};

/// Something in a plan that must not be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// The step, if it is about one.
    pub step: Option<StepId>,
    /// What is wrong.
    pub text: String,
}

/// Looks for anything that a plan must not contain.
pub fn check(kinds: &Kinds, want: &Graph, have: &Snapshot, plan: &Plan, options: &PlanOptions) -> Vec<Finding> {
    let creations = plan.steps.iter().filter(|step| matches!(step.action, Action::Create { .. }));
    let made = creations.map(|step| (&step.node, step.id)).collect();
    let mut holders = BTreeMap::new();
    for step in &plan.steps {
        if let Action::Delete { live, .. } = &step.action {
            for handle in &live.handles {
                holders.entry(handle.as_str()).or_insert(step);
            }
        }
    }
    let strays = have.strays.iter().map(|stray| (stray.kind.as_str(), stray.id.as_str())).collect();
    let kept = kept(have, plan);
    let mut checker = Checker { kinds, want, have, plan, options, made, holders, strays, kept, findings: Vec::new() };
    let held: BTreeMap<&NodeId, &Held> = plan.held.iter().map(|held| (&held.node, held)).collect();
    checker.numbers();
    for step in &plan.steps {
        checker.ownership(step);
        checker.consent(step);
        checker.holes(step);
        checker.held(step, &held);
        checker.members(step);
    }
    checker.needs();
    checker.deletions();
    checker.findings
}

/// What stays, by the handle of what it is inside of: the first of several, with its place in the list.
fn kept<'a>(have: &'a Snapshot, plan: &'a Plan) -> BTreeMap<&'a str, (usize, &'a NodeId)> {
    let mut surplus: BTreeMap<&NodeId, Vec<&Live>> = BTreeMap::new();
    have.surplus.iter().for_each(|it| surplus.entry(&it.node).or_default().push(&it.live));
    let mut kept = BTreeMap::new();
    for (at, held) in plan.held.iter().enumerate() {
        if matches!(held.what, Intent::Delete | Intent::Replace(_)) {
            let things =
                have.live(&held.node).into_iter().chain(surplus.get(&held.node).into_iter().flatten().copied());
            for within in things.filter_map(|live| live.within.as_deref()) {
                kept.entry(within).or_insert((at, &held.node));
            }
        }
    }
    kept
}

struct Checker<'a> {
    kinds: &'a Kinds,
    want: &'a Graph,
    have: &'a Snapshot,
    plan: &'a Plan,
    options: &'a PlanOptions,
    /// The step that makes a node.
    made: BTreeMap<&'a NodeId, StepId>,
    /// The first step that deletes a thing, by the handles of that.
    holders: BTreeMap<&'a str, &'a Step>,
    /// Things whose mark does not count, by kind and id.
    strays: BTreeSet<(&'a str, &'a str)>,
    /// What is inside of what is known by a handle, of what is held and not deleted, in the order in which that is told.
    kept: BTreeMap<&'a str, (usize, &'a NodeId)>,
    findings: Vec<Finding>,
}

impl Checker<'_> {
    fn find(&mut self, step: Option<StepId>, text: String) {
        self.findings.push(Finding { step, text });
    }

    /// Whether edges alone make one step end before the other begins.
    fn precedes(&self, before: StepId, after: StepId) -> bool {
        let (mut seen, mut open) = (BTreeSet::new(), vec![after]);
        while let Some(at) = open.pop() {
            let Some(step) = self.plan.step(at) else { continue };
            if step.after.contains(&before) {
                return true;
            }
            open.extend(step.after.iter().copied().filter(|at| *at > before && seen.insert(*at)));
        }
        false
    }

    /// What goes with something else may go too.
    fn members(&mut self, step: &Step) {
        let Action::Delete { live, .. } = &step.action else { return };
        let kept = live.handles.iter().filter_map(|handle| self.kept.get(handle.as_str())).min();
        if let Some((_, kept)) = kept {
            self.find(Some(step.id), format!("deletes {}, and with it {kept}, which is held", step.node));
        }
    }

    fn numbers(&mut self) {
        for (at, step) in self.plan.steps.iter().enumerate() {
            if step.id.0 as usize != at + 1 {
                self.find(Some(step.id), format!("is number {} of the list", at + 1));
            }
            if let Some(late) = step.after.iter().find(|before| **before >= step.id) {
                self.find(Some(step.id), format!("comes after step {late}, which comes after it"));
            }
        }
    }

    /// Nothing is changed or deleted that does not carry our mark, except what the user asked to adopt.
    fn ownership(&mut self, step: &Step) {
        let (live, adopted): (&Live, bool) = match &step.action {
            Action::Update { live, .. } | Action::Delete { live, .. } => (live, false),
            Action::Adopt { live, .. } => (live, self.is_adopted(&step.node, live)),
            Action::Create { .. } | Action::Wait { .. } => return,
        };
        let ours = matches!(&live.owner, Owner::Ours(mark) if mark.kind() == step.node.kind());
        if !ours && !adopted {
            self.find(Some(step.id), format!("touches {}, which is not of this stack", live.id));
        }
        if self.strays.contains(&(step.node.kind(), live.id.as_str())) && !adopted {
            self.find(Some(step.id), format!("touches {}, whose mark does not count", live.id));
        }
        let looked_up = self.want.get(&step.node).is_some_and(|node| node.lookup);
        // What the stack made under that entry before it was looked up may go.
        let goes = matches!(&step.action, Action::Delete { replaced: true, .. });
        let is_it = |node: &NodeId| self.have.live(node).is_some_and(|found| found.id == live.id);
        let mut of_kind = self.want.of_kind(step.node.kind()).filter(|node| node.lookup);
        if matches!(&step.action, Action::Delete { .. }) && of_kind.any(|node| is_it(&node.id)) {
            self.find(Some(step.id), format!("deletes {}, which the stack file looks up", live.id));
        }
        if self.kinds.get(step.node.kind()).is_none() || looked_up && !goes {
            self.find(Some(step.id), format!("changes {}, which is only looked up", step.node));
        }
    }

    /// Whether the user has asked to take it over, or what it is inside of.
    fn is_adopted(&self, node: &NodeId, live: &Live) -> bool {
        let asked = |id: &NodeId| self.options.adopt.contains(&id.to_string());
        let parents = self.want.needs_of(node).filter_map(|need| Some((need, self.have.live(need)?)));
        let within = |parent: &Live| live.within.as_ref().is_some_and(|it| parent.handles.contains(it));
        asked(node) || parents.filter(|(_, parent)| within(parent)).any(|(need, _)| asked(need))
    }

    fn consent(&mut self, step: &Step) {
        let Action::Delete { live, .. } = &step.action else { return };
        if let Some(what) = &live.kept_by {
            self.find(Some(step.id), format!("deletes {}, which holds {what}", step.node));
        }
        if self.options.consent.contains(&step.node) {
            return;
        }
        let wanted = self.want.get(&step.node);
        let released = |pointer: &str| {
            wanted.and_then(|node| node.want.pointer(pointer)).is_some_and(|it| it == "false" || it == false)
        };
        let protected =
            live.protected || self.options.protected.contains(&step.node) || wanted.is_some_and(|n| n.protect);
        if protected {
            self.find(Some(step.id), format!("deletes {}, which is protected", step.node));
        }
        if let Some(guard) = live.guard.as_ref().filter(|guard| !released(&guard.pointer)) {
            self.find(Some(step.id), format!("deletes {} in spite of its {}", step.node, guard.key));
        }
        let holder = live.within.as_deref().and_then(|within| self.holders.get(within));
        let goes_with_consent = holder.is_some_and(|it| self.options.consent.contains(&it.node));
        if let Some(what) = live.inside.first().filter(|_| !goes_with_consent) {
            self.find(Some(step.id), format!("deletes {}, and with it {what}, without consent", step.node));
        }
        if live.data.is_some() && !self.options.destroy {
            self.find(Some(step.id), format!("loses the data of {} without consent", step.node));
        }
    }

    /// Whether a wait before the step ends with what the node tells only then.
    fn is_told_late(&self, node: &NodeId, before: StepId) -> bool {
        let by_itself = self.want.get(node).is_some_and(|node| !node.late.is_empty());
        let late = by_itself || self.kinds.get(node.kind()).is_some_and(|kind| kind.late);
        let waits = |step: &&Step| step.node == *node && matches!(step.action, Action::Wait { goal: Goal::Ready, .. });
        late && self.plan.steps.iter().filter(waits).any(|wait| self.precedes(wait.id, before))
    }

    /// Every hole is filled by an earlier step.
    fn holes(&mut self, step: &Step) {
        let (Action::Create { want, .. } | Action::Update { want, .. } | Action::Adopt { want, .. }) = &step.action
        else {
            return;
        };
        for hole in doc::refs(want) {
            let made = self.made.get(&hole.node).is_some_and(|made| self.precedes(*made, step.id));
            if !made && !self.is_told_late(&hole.node, step.id) {
                self.find(
                    Some(step.id),
                    format!("needs {} of {}, which no earlier step makes", hole.output, hole.node),
                );
            }
        }
    }

    fn held(&mut self, step: &Step, held: &BTreeMap<&NodeId, &Held>) {
        let stops = |held: &&&Held| {
            matches!(
                held.why,
                HeldBecause::Unreadable(_)
                    | HeldBecause::Needs(_)
                    | HeldBecause::Protected
                    | HeldBecause::Guarded(_)
                    | HeldBecause::Inside(_)
                    | HeldBecause::Gap(_)
                    | HeldBecause::Doubled(_)
            )
        };
        if held.get(&step.node).filter(stops).is_some() && !matches!(step.action, Action::Delete { .. }) {
            self.find(Some(step.id), format!("works on {} ({:?}), which is held", step.node, step.verb()));
        }
        if let Some(Observed::Unreadable(_)) = self.have.nodes.get(&step.node) {
            self.find(Some(step.id), format!("works on {}, which could not be read", step.node));
        }
    }

    /// What a node needs is made before it.
    fn needs(&mut self) {
        let mut late = Vec::new();
        for step in &self.plan.steps {
            if !matches!(step.action, Action::Create { .. } | Action::Update { .. }) {
                continue;
            }
            for need in self.want.needs_of(&step.node) {
                let after = self.made.get(need).is_some_and(|before| !self.precedes(*before, step.id));
                if after && !self.known_to_another(step, need) {
                    late.push((step.id, need.clone()));
                }
            }
        }
        for (step, need) in late {
            self.find(Some(step), format!("comes before {need}, which it needs"));
        }
    }

    /// Whether what registers in groups comes before a router that is to give them a share, after another one that has them.
    fn known_to_another(&self, step: &Step, need: &NodeId) -> bool {
        let traffic = |node: &NodeId| self.kinds.get(node.kind()).map(|kind| kind.traffic);
        let (Some(Traffic::Server(Serving { list, .. })), Some(Traffic::Router(_))) =
            (traffic(&step.node), traffic(need))
        else {
            return false;
        };
        let (Action::Create { want, .. } | Action::Update { want, .. }) = &step.action else { return false };
        let groups: Vec<String> =
            want[list].as_array().into_iter().flatten().map(|member| member[GROUP].to_string()).collect();
        let has = |other: &&Step, group: &str| match &other.action {
            Action::Update { want, .. } => want.to_string().contains(group),
            _ => false,
        };
        let routes = |node: &NodeId| matches!(traffic(node), Some(Traffic::Router(_)));
        let routers = || self.plan.steps.iter().filter(|it| routes(&it.node));
        let live = |group: &str| {
            let live = self.have.nodes.keys().filter(|node| routes(node)).filter_map(|node| self.have.live(node));
            live.into_iter().any(|live| live.have.to_string().contains(group))
        };
        groups
            .iter()
            .all(|group| live(group) || routers().any(|other| self.precedes(other.id, step.id) && has(&other, group)))
    }

    /// Nothing that is wanted is deleted without a successor, and nothing before those of ours that use it and also go.
    fn deletions(&mut self) {
        let deleted: BTreeMap<(&str, &str), &Step> = self
            .plan
            .steps
            .iter()
            .filter_map(|step| match &step.action {
                Action::Delete { live, .. } => Some(((step.node.kind(), live.id.as_str()), step)),
                _ => None,
            })
            .collect();
        let mut holder: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
        for (id, step) in &deleted {
            if let Action::Delete { live, .. } = &step.action {
                holder.extend(live.handles.iter().map(|handle| (handle.as_str(), *id)));
            }
        }
        let mut wrong = Vec::new();
        for step in deleted.values() {
            let Action::Delete { live, .. } = &step.action else { continue };
            let current = self.have.live(&step.node).is_some_and(|current| current.id == live.id);
            let revises = self.kinds.get(step.node.kind()).is_some_and(|kind| kind.replace == Replace::Revise);
            if self.want.get(&step.node).is_some() && current && (!self.made.contains_key(&step.node) || revises) {
                wrong.push((step.id, format!("deletes {}, which is wanted", step.node)));
            }
            for used in live
                .uses
                .iter()
                .filter_map(|handle| holder.get(handle.as_str()))
                .filter(|it| **it != (step.node.kind(), live.id.as_str()))
            {
                let other = deleted[used];
                let Action::Delete { live: its, .. } = &other.action else { continue };
                let mutual = its.uses.iter().any(|handle| live.handles.contains(handle));
                if !mutual && !self.precedes(step.id, other.id) {
                    wrong.push((other.id, format!("deletes {} before {}, which uses it", other.node, step.node)));
                }
            }
        }
        for (step, text) in wrong {
            self.find(Some(step), text);
        }
    }
}
