//! How a plan is made.

use super::{Plan, PlanOptions};
use crate::graph::Graph;
use crate::kind::Kinds;
use crate::snapshot::Snapshot;

/// Compares what is wanted with what is live and decides what to do.
pub fn plan(_kinds: &Kinds, _want: &Graph, _have: &Snapshot, _options: &PlanOptions) -> Plan {
    Plan::default()
}
