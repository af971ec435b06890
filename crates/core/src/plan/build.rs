//! Puts a plan together: decide, collect what goes, order. Total and without effects: the same inputs give the same plan.

use std::collections::BTreeSet;

use super::decide::decide;
use super::mention::Mentions;
use super::order::Orderer;
use super::remove::Remover;
use super::stage::{stage, torn};
use super::widen::widen;
use super::{Action, Held, HeldBecause, Intent, Note, Plan, PlanOptions, Remark, Step, verdict};
use crate::graph::Graph;
use crate::id::NodeId;
use crate::kind::Kinds;
use crate::snapshot::{Snapshot, Stray};

/// Compares what is wanted with what is live and decides what to do.
pub fn plan(kinds: &Kinds, want: &Graph, have: &Snapshot, options: &PlanOptions) -> Plan {
    let mut decisions = decide(kinds, want, have, options, &torn(kinds, want, have, options));
    stage(kinds, want, have, &mut decisions);
    widen(kinds, want, have, &mut decisions);
    let outgoing = std::mem::take(&mut decisions.outgoing);
    let removals =
        Remover { want, have, options, mentions: Mentions::of(kinds, want, have) }.collect(outgoing, &mut decisions);
    let mut held = std::mem::take(&mut decisions.held);
    held.extend(unseen(have));
    decisions.notes.extend(have.strays.iter().map(told));
    let mut order = Orderer::new(kinds, options, (want, have), &mut decisions);
    order.waits_for_readiness();
    order.waits_for_others(&mut decisions);
    order.needs_first(want);
    order.slots();
    order.phases(want);
    order.narrow_last();
    order.deletions(removals, have);
    let steps = order.finish();
    let mut unproven = verdict::unproven(kinds, want, have, options, &steps);
    unproven.extend(decisions.unhealthy.iter().map(|note| (note.node.clone(), note.text.clone())));
    Plan {
        stack: want.stack.clone(),
        unproven,
        steps,
        held,
        conflicts: decisions.conflicts,
        notes: decisions.notes,
        unhealthy: decisions.unhealthy,
        unchanged: decisions.unchanged,
        known: decisions.known,
        unread: have.unreadable.clone(),
        destroy: options.destroy,
    }
}

/// The kinds of which a plan could delete things, if everything were consented to: what is inside these has to be known.
pub fn doomed(kinds: &Kinds, want: &Graph, have: &Snapshot) -> BTreeSet<String> {
    let nodes = want.nodes().map(|node| node.id.clone());
    let surplus = have.surplus.iter().map(|surplus| surplus.node.clone());
    let options = PlanOptions { consent: nodes.chain(surplus).collect(), ..PlanOptions::default() };
    let made = plan(kinds, want, have, &options);
    let goes = |step: &Step| match &step.action {
        Action::Delete { with, .. } => [&step.node].into_iter().chain(with).map(|it| it.kind().to_owned()).collect(),
        Action::Create { .. } | Action::Update { .. } | Action::Adopt { .. } | Action::Wait { .. } => Vec::new(),
    };
    made.steps.iter().flat_map(goes).collect()
}

/// What nobody could look for: things that left the file, of kinds that are found by their marks only.
fn unseen(have: &Snapshot) -> impl Iterator<Item = Held> {
    have.blind.iter().map(|(kind, error)| Held {
        node: NodeId::new(kind, "*"),
        what: Intent::LookForDropped,
        why: HeldBecause::Unseen(error.clone()),
    })
}

/// A thing whose mark does not count.
fn told(stray: &Stray) -> Note {
    let Stray { kind, name, id, mark, double } = stray;
    let remark = Remark::Stray { id: id.clone(), mark: mark.to_string(), double: *double };
    Note { node: NodeId::new(kind, name), remark }
}
