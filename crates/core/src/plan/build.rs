//! Puts a plan together: decide, collect what goes, order. Total and without effects: the same inputs give the same plan.

use super::decide::Decider;
use super::order::Orderer;
use super::remove::Remover;
use super::{Plan, PlanOptions, verdict};
use crate::graph::Graph;
use crate::kind::Kinds;
use crate::snapshot::Snapshot;

/// Compares what is wanted with what is live and decides what to do.
pub fn plan(kinds: &Kinds, want: &Graph, have: &Snapshot, options: &PlanOptions) -> Plan {
    let mut decisions = Decider::new(kinds, want, have, options).run();
    let outgoing = std::mem::take(&mut decisions.outgoing);
    let removals = Remover { want, have, options }.collect(outgoing, &mut decisions);
    let held = std::mem::take(&mut decisions.held);
    let mut order = Orderer::new(kinds, options, &mut decisions);
    order.waits_for_readiness();
    order.waits_for_others(&mut decisions);
    order.needs_first(want);
    order.deletions(removals, have);
    let steps = order.finish();
    Plan {
        stack: want.stack.clone(),
        unproven: verdict::unproven(kinds, want, have, options, &steps),
        steps,
        held,
        conflicts: decisions.conflicts,
        notes: decisions.notes,
        unchanged: decisions.unchanged,
        known: decisions.known,
        unread: have.unreadable.clone(),
        destroy: options.destroy,
    }
}
