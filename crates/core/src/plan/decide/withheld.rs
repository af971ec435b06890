//! What has to be left as it is although nothing forbids its own change: because it fits only what is held back itself, or because
//! somebody else moves the traffic that a change would move. Pure; says only which nodes, and why.

use std::collections::{BTreeMap, BTreeSet};

use super::super::kept::at;
use super::super::stage::lists;
use super::super::{Action, HeldBecause, Intent, PlanOptions};
use super::{Decider, Decisions, Draft};
use crate::diff::diff;
use crate::doc::Doc;
use crate::graph::{Graph, Node};
use crate::id::NodeId;
use crate::kind::{Kind, Kinds, Serving, Traffic};
use crate::snapshot::{Owner, Snapshot};

/// Nodes that are left as they are, each with the reason.
pub(super) type Withheld = BTreeMap<NodeId, HeldBecause>;

/// Decides about every node; what turns out to fit only what is held back is held back too, until nothing more does.
pub(in crate::plan) fn decide(
    kinds: &Kinds,
    want: &Graph,
    have: &Snapshot,
    options: &PlanOptions,
    torn: &BTreeMap<NodeId, NodeId>,
) -> Decisions {
    let mut withheld = Withheld::new();
    loop {
        let mut decider = Decider::new(kinds, want, have, options);
        decider.torn.clone_from(torn);
        decider.withheld.clone_from(&withheld);
        let decisions = decider.run();
        let judge = Judge { kinds, want, have, decisions: &decisions };
        let mut more = judge.shifted();
        more.extend(judge.misfits());
        more.retain(|node, _| !withheld.contains_key(node));
        if more.is_empty() {
            return decisions;
        }
        withheld.extend(more);
    }
}

struct Judge<'a> {
    kinds: &'a Kinds,
    want: &'a Graph,
    have: &'a Snapshot,
    decisions: &'a Decisions,
}

impl Judge<'_> {
    fn draft(&self, node: &NodeId) -> Option<&Draft> {
        self.decisions.main.get(node).map(|at| &self.decisions.drafts[*at])
    }

    /// What is to be changed, and fits only what is held back from a change.
    fn misfits(&self) -> Withheld {
        let held = self.decisions.held.iter();
        let stuck: Vec<(&Node, BTreeSet<String>)> = held
            .filter(|held| matches!(held.what, Intent::Replace(_) | Intent::Update))
            .filter_map(|held| {
                let (node, live) = (self.want.get(&held.node)?, self.have.live(&held.node)?);
                let kind = self.kinds.get(node.id.kind())?;
                let changes = diff(kind, &node.want, &live.have);
                Some((node, changes.iter().map(|change| change.field().to_owned()).collect()))
            })
            .collect();
        let mut found = Withheld::new();
        for (node, fields) in &stuck {
            for alike in &node.alike {
                let replaced = self.draft(alike).is_some_and(|draft| matches!(draft.action, Action::Create { .. }));
                if replaced && self.have.live(alike).is_some() {
                    found.insert(alike.clone(), HeldBecause::Needs(node.id.clone()));
                }
            }
            let users = self.decisions.main.keys().filter(|user| self.want.needs_of(user).any(|need| *need == node.id));
            for user in users {
                let fits = self.kinds.get(user.kind()).map_or(&[][..], |kind| kind.fits);
                let fits = fits.iter().filter(|fit| fit.kind == node.id.kind() && fields.contains(fit.with));
                if fits.into_iter().any(|fit| self.draft(user).is_some_and(|draft| touches(draft, fit.field))) {
                    found.insert(user.clone(), HeldBecause::Needs(node.id.clone()));
                }
            }
        }
        found
    }

    /// Servers whose traffic somebody else moves between two groups, that are to be served by two others; and everything that would
    /// take part in that.
    fn shifted(&self) -> Withheld {
        let mut found = Withheld::new();
        for node in self.want.nodes() {
            let Some((kind, serving)) = serves(self.kinds, &node.id) else { continue };
            let live = self.have.live(&node.id).filter(|live| matches!(live.owner, Owner::Ours(_)));
            let draft = self.draft(&node.id);
            let (Some(live), Some(Action::Update { want, .. })) = (live, draft.map(|draft| &draft.action)) else {
                continue;
            };
            if !shifts(kind, serving, want) || !changes_hands(kind, serving, &live.have, want) {
                continue;
            }
            let why = HeldBecause::Shifted(node.id.clone());
            let groups: BTreeSet<String> = pairs(serving, &live.have).into_iter().flatten().collect();
            let about = self.want.closure([&node.id]);
            found.insert(node.id.clone(), why.clone());
            for other in self.decisions.main.keys() {
                let routes = |live: &Doc| groups.iter().any(|group| live.to_string().contains(group.as_str()));
                let takes_part = match self.kinds.get(other.kind()).map(|kind| kind.traffic) {
                    Some(Traffic::Router(_)) => {
                        about.contains(other) || self.have.live(other).is_some_and(|live| routes(&live.have))
                    }
                    Some(Traffic::Front | Traffic::Group(_)) => {
                        let made = self.draft(other).is_some_and(|draft| matches!(draft.action, Action::Create { .. }));
                        made && about.contains(other)
                    }
                    Some(Traffic::Names | Traffic::Server(_) | Traffic::None) | None => false,
                };
                if takes_part {
                    found.insert(other.clone(), why.clone());
                }
            }
        }
        found
    }
}

/// Whether a draft makes a thing, or changes this field of one.
fn touches(draft: &Draft, field: &str) -> bool {
    match &draft.action {
        Action::Create { .. } => true,
        Action::Update { changes, .. } | Action::Adopt { changes, .. } => {
            changes.iter().any(|change| change.is_within(field))
        }
        Action::Delete { .. } | Action::Wait { .. } => false,
    }
}

fn serves<'k>(kinds: &'k Kinds, node: &NodeId) -> Option<(&'k Kind, Serving)> {
    let kind = kinds.get(node.kind())?;
    match kind.traffic {
        Traffic::Server(serving) => Some((kind, serving)),
        _ => None,
    }
}

/// Whether somebody else moves the traffic of a server between two groups.
pub(in crate::plan) fn shifts(kind: &Kind, serving: Serving, doc: &Doc) -> bool {
    let value = |path: &str| at(doc, path).and_then(Doc::as_str);
    let climbed = kind.rung.is_none_or(|rung| value(rung.then).is_some_and(|now| now != rung.from));
    climbed && pairs(serving, doc).iter().any(|pair| pair.len() > 1)
}

/// The groups of each member: its own, and the one beside that.
fn pairs(serving: Serving, doc: &Doc) -> BTreeSet<BTreeSet<String>> {
    let pair = |member: &Doc| {
        let beside = lists::beside(member, serving);
        lists::key(member).into_iter().chain(beside.as_ref().and_then(lists::key)).collect()
    };
    lists::members(doc, serving.list).iter().map(pair).collect()
}

/// Whether a server that is to have its traffic moved by somebody else gets other groups than it serves.
fn changes_hands(kind: &Kind, serving: Serving, have: &Doc, want: &Doc) -> bool {
    let (had, wanted) = (pairs(serving, have), pairs(serving, want));
    if shifts(kind, serving, have) {
        return !had.is_subset(&wanted);
    }
    // He takes over from a server that is in the groups already, and brings those beside them.
    let main = |doc: &Doc| lists::groups(&lists::members(doc, serving.list));
    !main(have).is_subset(&main(want))
}
