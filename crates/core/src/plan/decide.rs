//! What happens to each wanted node: nothing, creation, update, replacement, adoption, or being held. Goes through the
//! graph in order, so that holes are filled from what stays. Total and without effects; order is decided elsewhere.

mod replace;
mod withheld;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use self::withheld::Withheld;
pub(super) use self::withheld::{decide, shifts};
use super::kept::{delegated, keep_delegated, settled};
use super::mention::Mentions;
use super::stage::{self, Moved, Sorts, Staged};
use super::{
    Action, Conflict, Gap, Held, HeldBecause, Intent, Note, Obstacle, PlanOptions, Reason, Remark, Replaced, Unhealthy,
};
use crate::diff::{Change, Effect, diff, is_in_place};
use crate::doc::{self, Doc, Outputs, Text};
use crate::error::ErrorClass;
use crate::graph::{Graph, Node};
use crate::id::NodeId;
use crate::kind::{Kind, Kinds, Ready, Replace};
use crate::matching::stands_elsewhere;
use crate::name;
use crate::snapshot::{ForeignMember, Live, Observed, Owner, Readiness, Snapshot};

/// A step before it has a number and edges.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) node: NodeId,
    pub(super) name: String,
    pub(super) action: Action,
    pub(super) why: Reason,
    pub(super) data: Option<String>,
    /// Where it stands among the steps that move traffic without a gap, if it is one of them.
    pub(super) staged: Option<Staged>,
    /// The slot that it takes: a name, or a port of a load balancer. Whoever holds it has to let go first.
    pub(super) claims: Option<String>,
}

impl Draft {
    /// A draft without anything special.
    pub(super) fn new(node: NodeId, action: Action, why: Reason) -> Self {
        Self { node, name: String::new(), action, why, data: None, staged: None, claims: None }
    }

    /// One of the steps that move traffic.
    pub(super) fn staged(node: NodeId, action: Action, staged: Staged) -> Self {
        Self { staged: Some(staged), ..Self::new(node, action, Reason::Staged(staged.phase)) }
    }

    /// The document that it leads to.
    pub(super) fn want(&self) -> Option<&Doc> {
        match &self.action {
            Action::Create { want, .. } | Action::Update { want, .. } | Action::Adopt { want, .. } => Some(want),
            Action::Delete { .. } | Action::Wait { .. } => None,
        }
    }
}

/// A live thing whose place is taken by a new one.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) node: NodeId,
    pub(super) live: Live,
    /// Whether it has to be gone before its successor is made.
    pub(super) first: bool,
}

/// Everything decided about wanted nodes.
#[derive(Debug, Default)]
pub(super) struct Decisions {
    pub(super) drafts: Vec<Draft>,
    /// The draft that makes or changes a node.
    pub(super) main: BTreeMap<NodeId, usize>,
    /// Handles of what carries traffic: groups that a router gives a share, and the fronts of such routers.
    pub(super) carrying: BTreeSet<String>,
    /// The last draft that changes a node, where that is not the first.
    pub(super) last: BTreeMap<NodeId, usize>,
    pub(super) outgoing: Vec<Outgoing>,
    /// Groups that cannot be served beside their successors, which was consented to.
    pub(super) gaps: BTreeSet<String>,
    /// What each movement of traffic is about.
    pub(super) movements: Vec<Moved>,
    /// Fronts that names are to lead to: they are awaited whatever else is not.
    pub(super) gates: BTreeSet<NodeId>,
    /// Drafts that take away what others still rely on until they have changed.
    pub(super) narrows: Vec<(usize, BTreeSet<NodeId>)>,
    /// Unchanged nodes that are not ready yet, and what is awaited.
    pub(super) under_way: Vec<(NodeId, Live, String)>,
    /// Those of them for which the steps of a movement wait.
    pub(super) proved: BTreeSet<NodeId>,
    pub(super) held: Vec<Held>,
    pub(super) conflicts: Vec<Conflict>,
    pub(super) notes: Vec<Note>,
    pub(super) unhealthy: Vec<Unhealthy>,
    pub(super) unchanged: usize,
    pub(super) known: BTreeMap<NodeId, Outputs>,
    blocked: BTreeSet<NodeId>,
    names: BTreeMap<String, BTreeSet<String>>,
}

pub(super) struct Decider<'a> {
    pub(super) kinds: &'a Kinds,
    pub(super) want: &'a Graph,
    pub(super) have: &'a Snapshot,
    pub(super) options: &'a PlanOptions,
    /// Nodes that move traffic together with one that `--target` leaves out.
    pub(super) torn: BTreeMap<NodeId, NodeId>,
    /// Nodes that fit only what is held back, or whose traffic somebody else moves.
    withheld: Withheld,
    pub(super) out: Decisions,
    /// Things of others by kind and name, and what is inside of what: sought where the first needs it.
    others: OnceCell<BTreeMap<(&'a str, &'a str), &'a Live>>,
    inside: OnceCell<BTreeMap<&'a str, Vec<&'a NodeId>>>,
    /// What the file names from outside, likewise.
    mentions: OnceCell<Mentions<'a>>,
    /// The sorts of groups, likewise.
    sorts: OnceCell<Sorts>,
}

impl<'a> Decider<'a> {
    pub(super) fn new(kinds: &'a Kinds, want: &'a Graph, have: &'a Snapshot, options: &'a PlanOptions) -> Self {
        let mut out = Decisions::default();
        let present = have.nodes.iter().filter_map(|(node, observed)| match observed {
            Observed::Present(live) => Some((node, &**live)),
            Observed::Absent | Observed::Unreadable(_) | Observed::Ambiguous(_) => None,
        });
        for (node, live) in present.chain(have.surplus.iter().map(|surplus| (&surplus.node, &surplus.live))) {
            out.names.entry(node.kind().to_owned()).or_default().insert(live.name.clone());
        }
        for (kind, live) in &have.others {
            out.names.entry(kind.clone()).or_default().insert(live.name.clone());
        }
        for stray in &have.strays {
            out.names.entry(stray.kind.clone()).or_default().insert(stray.name.clone());
        }
        out.carrying = stage::carrying(kinds, have);
        let (torn, withheld) = (BTreeMap::new(), Withheld::new());
        let (others, inside, mentions, sorts) = (OnceCell::new(), OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { kinds, want, have, options, torn, withheld, out, others, inside, mentions, sorts }
    }

    /// Decides about every node.
    pub(super) fn run(mut self) -> Decisions {
        let inside = (!self.options.target.is_empty()).then(|| self.want.closure(&self.options.target));
        for node in self.want.in_order() {
            let Some(kind) = self.kinds.get(node.id.kind()) else {
                self.hold(node, Intent::Anything, HeldBecause::UnknownKind);
                continue;
            };
            if inside.as_ref().is_some_and(|inside| !inside.contains(&node.id)) {
                self.outside(node, kind);
            } else if let Some(other) = self.torn.get(&node.id).cloned() {
                if let Some(live) = self.have.live(&node.id) {
                    self.out.known.insert(node.id.clone(), live.outputs.clone());
                }
                self.hold(node, Intent::Anything, HeldBecause::Torn(other));
            } else if let Some(why) = self.withheld.get(&node.id).cloned() {
                self.withhold(node, why);
            } else {
                self.node(node, kind);
            }
        }
        self.out
    }

    /// A node that `--target` leaves out: it offers what it has, and is only told about if it would have changed.
    fn outside(&mut self, node: &Node, kind: &Kind) {
        let Some(live) = self.have.live(&node.id) else {
            if !node.lookup {
                self.hold(node, Intent::Create, HeldBecause::NotTargeted);
            }
            return;
        };
        self.out.known.insert(node.id.clone(), live.outputs.clone());
        if !node.lookup && !diff(kind, &self.fill(&node.want), &live.have).is_empty() {
            self.out.held.push(Held { node: node.id.clone(), what: Intent::Update, why: HeldBecause::NotTargeted });
        }
    }

    fn node(&mut self, node: &Node, kind: &Kind) {
        if let Some(need) = self.want.needs_of(&node.id).find(|need| self.out.blocked.contains(*need)).cloned() {
            // What is there already still tells others its outputs.
            if let Some(live) = self.have.live(&node.id) {
                self.out.known.insert(node.id.clone(), live.outputs.clone());
            }
            return self.hold(node, Intent::Anything, HeldBecause::Needs(need));
        }
        match self.have.nodes.get(&node.id) {
            // Who looked knows best what was looked for, and what is there instead.
            Some(Observed::Unreadable(error)) if node.lookup && error.class == ErrorClass::Gone => {
                self.hold(node, Intent::LookUp, HeldBecause::NotFound(error.message.clone()));
            }
            Some(Observed::Unreadable(error)) => {
                self.hold(node, Intent::Anything, HeldBecause::Unreadable(error.clone()));
            }
            Some(Observed::Ambiguous(ids)) => self.hold(node, Intent::Anything, HeldBecause::Doubled(ids.clone())),
            Some(Observed::Present(live)) if node.lookup => {
                self.out.known.insert(node.id.clone(), live.outputs.clone());
            }
            Some(Observed::Absent) | None if node.lookup => {
                let what = node.want.get("look_up").and_then(Value::as_str).unwrap_or(&node.name).to_owned();
                self.hold(node, Intent::LookUp, HeldBecause::NotFound(what));
            }
            Some(Observed::Absent) | None => self.create(node, kind),
            Some(Observed::Present(live)) => match &live.owner {
                Owner::Ours(marked) => self.ours(node, kind, live, marked),
                Owner::OtherStack(stack) => self.foreign(node, kind, live, Some(stack)),
                Owner::Managed { .. } | Owner::Nobody | Owner::Stray(_) => self.foreign(node, kind, live, None),
            },
        }
    }

    /// A node that is left as it is; what is not there yet cannot be used either.
    fn withhold(&mut self, node: &Node, why: HeldBecause) {
        let Some(live) = self.have.live(&node.id) else { return self.hold(node, Intent::Create, why) };
        self.out.known.insert(node.id.clone(), live.outputs.clone());
        self.out.held.push(Held { node: node.id.clone(), what: Intent::Update, why });
    }

    /// Why traffic would be interrupted by an update, unless that was consented to: a router would change to groups that it cannot have
    /// beside those that it has.
    fn takes_apart(&self, node: &Node, kind: &Kind, live: &Live, want: &Doc) -> Option<HeldBecause> {
        let unmixed = kind.unmixed?;
        let carries = live.uses.iter().chain(&live.handles).any(|handle| self.out.carrying.contains(handle));
        if !carries || self.options.consent.contains(&node.id) {
            return None;
        }
        // The groups were consented to: in this plan, or before an earlier run was cut short.
        let begun = |group: &String| {
            self.out.gaps.contains(group)
                || self.have.surplus.iter().any(|gone| gone.superseded && gone.live.id == *group)
        };
        if live.uses.iter().any(begun) || !self.sorts().apart(kind, &live.have, want) {
            return None;
        }
        Some(HeldBecause::Gap(Gap::Apart(unmixed.sort.to_owned())))
    }

    fn sorts(&self) -> &Sorts {
        self.sorts.get_or_init(|| Sorts::of(self.kinds, self.want, self.have))
    }

    fn create(&mut self, node: &Node, kind: &Kind) {
        let want = self.fill(&node.want);
        let name = self.free_name(node, kind, 1);
        self.draft(node, name, Action::Create { want, replaces: None }, Reason::Missing);
        if kind.moves
            && let Some(draft) = self.out.drafts.last_mut()
        {
            draft.claims = Some(node.name.clone());
        }
    }

    fn ours(&mut self, node: &Node, kind: &Kind, live: &Live, marked: &NodeId) {
        let mut want = self.fill(&node.want);
        let mut changes = self.weigh(node, self.differences(node, kind, live, &want), live);
        keep_delegated(kind, node, live, &mut want);
        if !self.settle_foreign_members(node, live, &want, &mut changes) {
            self.out.known.insert(node.id.clone(), live.outputs.clone());
            self.out.blocked.insert(node.id.clone());
            return;
        }
        let moved = *marked != node.id;
        let elsewhere = stands_elsewhere(node, kind, live);
        if elsewhere && let Some(other) = self.other_in_slot(node) {
            return self.slot_is_taken(node, live, other);
        }
        if elsewhere && kind.name_limit > 0 {
            changes.push(Change {
                path: "name".to_owned(),
                from: Some(live.name.clone().into()),
                to: Some(node.name.clone().into()),
                effect: Effect::Replace,
            });
        }
        changes.extend(self.tied_elsewhere(node, live));
        let forced = changes.iter().find(|change| !is_in_place(kind, change));
        if let Some(forced) = forced {
            let path = if forced.path.is_empty() { "its content".to_owned() } else { forced.path.clone() };
            return self.replace(node, kind, Replaced { live: live.clone(), changes }, want, path);
        }
        if let Some(why) = self.takes_apart(node, kind, live, &want) {
            self.out.known.insert(node.id.clone(), live.outputs.clone());
            self.out.held.push(Held { node: node.id.clone(), what: Intent::Update, why });
            return;
        }
        self.out.known.insert(node.id.clone(), settled(kind, live, &changes));
        if let Some(waits) = &live.waits {
            self.note(node, Remark::Waits(waits.clone()));
        }
        changes.extend(live.renewal());
        if changes.is_empty() && !moved {
            self.out.unchanged += 1;
            return self.left_alone(node, kind, live);
        }
        let why = if moved {
            Reason::Moved(marked.clone())
        } else if let (Some(change), Readiness::Failed(why), 1) = (live.renewal(), &live.readiness, changes.len())
            && changes.contains(&change)
        {
            Reason::Unhealthy(why.clone())
        } else {
            Reason::Differs(changes.iter().map(|change| change.path.clone()).collect())
        };
        self.draft(node, live.name.clone(), Action::Update { live: Box::new(live.clone()), want, changes }, why);
        if elsewhere && let Some(draft) = self.out.drafts.last_mut() {
            draft.claims = Some(node.name.clone());
        }
    }

    /// The change that forces a replacement if the thing is tied to another one than its node follows.
    fn tied_elsewhere(&self, node: &Node, live: &Live) -> Option<Change> {
        let (tied, follows) = (live.tied.as_ref()?, node.follows.as_ref()?);
        let made = self.out.main.get(follows).map(|at| &self.out.drafts[*at].action);
        let made = matches!(made, Some(Action::Create { .. }));
        let followed = self.have.live(follows);
        if !made && followed.is_none_or(|followed| followed.handles.contains(tied)) {
            return None;
        }
        let field = follows.kind().to_owned();
        let there = followed.filter(|_| !made).map(|followed| followed.id.clone().into());
        let to = there.unwrap_or_else(|| Text::output(follows.clone(), "arn").to_value());
        Some(Change { path: field, from: Some(tied.clone().into()), to: Some(to), effect: Effect::Replace })
    }

    /// A thing of somebody else where one of ours is to move.
    fn other_in_slot(&self, node: &Node) -> Option<&'a Live> {
        let all = || self.have.others.iter().rev().map(|(kind, live)| ((kind.as_str(), live.name.as_str()), live));
        self.others.get_or_init(|| all().collect()).get(&(node.id.kind(), node.name.as_str())).copied()
    }

    fn slot_is_taken(&mut self, node: &Node, live: &Live, other: &Live) {
        self.out.known.insert(node.id.clone(), live.outputs.clone());
        self.out.conflicts.push(Conflict {
            node: node.id.clone(),
            adopt: node.id.to_string(),
            there: other.id.clone(),
            stack: match &other.owner {
                Owner::OtherStack(stack) => Some(stack.clone()),
                Owner::Ours(_) | Owner::Managed { .. } | Owner::Nobody | Owner::Stray(_) => None,
            },
            changes: Vec::new(),
            obstacle: Some(Obstacle::Taken(live.id.clone())),
        });
        self.out.blocked.insert(node.id.clone());
    }

    /// How what is wanted differs. What was not read, but carries the mark of the same document with the same holes, differs only
    /// where it refers to others.
    fn differences(&self, node: &Node, kind: &Kind, live: &Live, want: &Doc) -> Vec<Change> {
        let whole = |changes: &[Change]| changes.iter().any(|change| change.path.is_empty());
        let changes = diff(kind, want, &live.have);
        if !whole(&changes) {
            return changes;
        }
        let open = diff(kind, &node.want, &live.have);
        if open.is_empty() || whole(&open) {
            return changes;
        }
        let filled = |change: Change| Change { to: change.to.map(|to| self.fill(&to)), ..change };
        open.into_iter().map(filled).collect()
    }

    /// What is as the file says is not done before it is healthy: it is awaited, or told.
    fn left_alone(&mut self, node: &Node, kind: &Kind, live: &Live) {
        let text = match &live.readiness {
            Readiness::Pending(what) if kind.ready != Ready::AtOnce => {
                self.out.under_way.push((node.id.clone(), live.clone(), what.clone()));
                if !(self.options.no_wait && kind.ready == Ready::AtEnd) {
                    return;
                }
                what
            }
            Readiness::Failed(why) => why,
            Readiness::Ready | Readiness::Pending(_) | Readiness::Gone => return,
        };
        self.out.unhealthy.push(Unhealthy { node: node.id.clone(), text: text.clone() });
    }

    fn mentions(&self) -> &Mentions<'a> {
        self.mentions.get_or_init(|| Mentions::of(self.kinds, self.want, self.have))
    }

    /// The nodes whose things are inside of others, by the handles of these.
    fn inside(&self) -> &BTreeMap<&'a str, Vec<&'a NodeId>> {
        self.inside.get_or_init(|| {
            let mut inside: BTreeMap<&str, Vec<&NodeId>> = BTreeMap::new();
            for node in self.have.nodes.keys() {
                if let Some(within) = self.have.live(node).and_then(|live| live.within.as_deref()) {
                    inside.entry(within).or_default().push(node);
                }
            }
            inside
        })
    }

    fn foreign(&mut self, node: &Node, kind: &Kind, live: &Live, stack: Option<&String>) {
        let mut want = self.fill(&node.want);
        let mut changes = self.weigh(node, diff(kind, &want, &live.have), live);
        keep_delegated(kind, node, live, &mut want);
        self.out.known.insert(node.id.clone(), live.outputs.clone());
        let fixed = changes.iter().find(|change| change.effect == Effect::Replace);
        let obstacle = match (stack, &live.owner) {
            (_, Owner::Managed { by, .. }) => Some(Obstacle::RunBy(by.clone())),
            (Some(stack), _) => Some(Obstacle::OfStack(stack.clone())),
            (None, _) => fixed.map(|change| Obstacle::Immutable(change.path.clone())),
        };
        if obstacle.is_none() && adopts(self.options, self.want, self.have, &node.id, live) {
            if !self.settle_foreign_members(node, live, &want, &mut changes) {
                self.out.blocked.insert(node.id.clone());
                return;
            }
            let action = Action::Adopt { live: Box::new(live.clone()), want, changes };
            return self.draft(node, live.name.clone(), action, Reason::Adopted);
        }
        self.out.conflicts.push(Conflict {
            node: node.id.clone(),
            adopt: node.id.to_string(),
            there: live.id.clone(),
            stack: stack.cloned(),
            changes,
            obstacle,
        });
        self.out.blocked.insert(node.id.clone());
    }

    /// Looks at foreign members that stand where wanted ones should: adopts those that the user named, reports the others.
    fn settle_foreign_members(&mut self, node: &Node, live: &Live, want: &Doc, changes: &mut [Change]) -> bool {
        let mut clear = true;
        for foreign in &live.foreign {
            let Some(wanted) = clashing(want, foreign) else { continue };
            let adopt = format!("{}/{}", node.id, foreign.key);
            let added = changes.iter_mut().find(|change| change.to.as_ref() == Some(wanted));
            let (changes, obstacle) = match added {
                Some(change) if foreign.stack.is_none() && self.options.adopt.contains(&adopt) => {
                    change.from = Some(foreign.have.clone());
                    let remark = Remark::TakesOver(foreign.key.clone());
                    self.out.notes.push(Note { node: node.id.clone(), remark });
                    continue;
                }
                Some(change) => {
                    let obstacle = foreign.stack.clone().map(Obstacle::OfStack);
                    (vec![Change { from: Some(foreign.have.clone()), ..change.clone() }], obstacle)
                }
                // Both are there already, so they do not clash.
                None if clashing(&live.have, foreign).is_some() => continue,
                // One of ours is to move to where the foreign one is.
                None => (Vec::new(), Some(Obstacle::TakenByMember)),
            };
            clear = false;
            let (node, there, stack) = (node.id.clone(), foreign.key.clone(), foreign.stack.clone());
            self.out.conflicts.push(Conflict { node, adopt, there, stack, changes, obstacle });
        }
        clear
    }

    /// Takes out what is only told and what somebody else manages.
    fn weigh(&mut self, node: &Node, changes: Vec<Change>, live: &Live) -> Vec<Change> {
        let mut kept = Vec::with_capacity(changes.len());
        for change in changes {
            if let Some((path, manager)) = node.manager(&change, &live.have) {
                let kind = self.kinds.get(node.id.kind());
                let now = kind.and_then(|kind| delegated(kind, &live.have, path)).or(change.from.as_ref());
                let remark = Remark::Managed { path: path.clone(), by: manager.clone(), now: now.cloned() };
                self.note(node, remark);
            } else if change.effect == Effect::Tell {
                self.note(node, Remark::Fixed { path: change.path, is: change.from, wanted: change.to });
            } else {
                kept.push(change);
            }
        }
        kept
    }

    fn fill(&self, want: &Doc) -> Doc {
        doc::fill(want, &|hole| self.out.known.get(&hole.node)?.get(&hole.output).cloned())
    }

    /// The first generation of the node's name, from `from` on, that nothing live of its kind has.
    fn free_name(&mut self, node: &Node, kind: &Kind, from: u32) -> String {
        if kind.name_limit == 0 || node.name.is_empty() || kind.replace != Replace::CreateFirst {
            return node.name.clone();
        }
        let taken = self.out.names.entry(kind.name.to_owned()).or_default();
        let mut generation = from;
        loop {
            let name = name::of_generation(&node.name, generation, kind.name_limit);
            if taken.insert(name.clone()) {
                return name;
            }
            generation += 1;
        }
    }

    fn draft(&mut self, node: &Node, name: String, action: Action, why: Reason) {
        self.out.main.insert(node.id.clone(), self.out.drafts.len());
        let named = self.kinds.get(node.id.kind()).is_some_and(|it| it.name_limit > 0 && it.replace != Replace::Revise);
        let makes = matches!(action, Action::Create { .. }) && !name.is_empty();
        let claims = (named && makes).then(|| name.clone());
        self.out.drafts.push(Draft { name, claims, ..Draft::new(node.id.clone(), action, why) });
    }

    fn hold(&mut self, node: &Node, what: Intent, why: HeldBecause) {
        self.out.held.push(Held { node: node.id.clone(), what, why });
        self.out.blocked.insert(node.id.clone());
    }

    fn note(&mut self, node: &Node, remark: Remark) {
        let note = Note { node: node.id.clone(), remark };
        if self.out.notes.last() != Some(&note) {
            self.out.notes.push(note);
        }
    }
}

/// Whether a foreign thing is to be taken over: by its node, or with what it is inside of (the rules of a group).
pub(crate) fn adopts(options: &PlanOptions, want: &Graph, have: &Snapshot, node: &NodeId, live: &Live) -> bool {
    let named = |id: &NodeId| options.adopt.contains(&id.to_string());
    let holds = |need: &&NodeId| {
        let parent = have.live(need);
        live.within.as_ref().is_some_and(|within| parent.is_some_and(|parent| parent.handles.contains(within)))
    };
    named(node) || want.needs_of(node).filter(holds).any(named)
}

/// The wanted member of the same list that has the same values as a foreign one in its telling fields.
fn clashing<'w>(want: &'w Doc, foreign: &ForeignMember) -> Option<&'w Value> {
    let members = want.get(&foreign.list)?.as_array()?;
    members.iter().find(|member| foreign.same.iter().all(|field| member.get(field) == foreign.have.get(field)))
}
