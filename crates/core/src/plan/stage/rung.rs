//! Updates of which a part has to be live before the rest may be asked for: they are made in two steps, with a wait between. What needs
//! what is data of the kind. A run that was cut short between the two goes on with the second, once what is under way is over.

use super::super::decide::{Decisions, Draft};
use super::super::{Action, Phase};
use super::cut::Cutter;
use super::{Moved, Staged};
use crate::cloud::Goal;
use crate::id::NodeId;
use crate::snapshot::Readiness;

impl Cutter<'_> {
    /// Cuts the updates that need it, and are in no movement of traffic.
    pub(super) fn climb(&self, decisions: &mut Decisions) {
        let nodes: Vec<(NodeId, usize)> = decisions.main.iter().map(|(node, at)| (node.clone(), *at)).collect();
        for (node, at) in nodes {
            self.climb_one(&node, at, decisions);
        }
    }

    fn climb_one(&self, node: &NodeId, at: usize, decisions: &mut Decisions) {
        let Some(kind) = self.kinds.get(node.kind()) else { return };
        let (Some(rung), None) = (kind.rung, decisions.drafts[at].staged) else { return };
        let Action::Update { live, want, changes } = &decisions.drafts[at].action else { return };
        let from = Some(rung.from.into());
        if !changes.iter().any(|change| change.path == rung.then && change.from == from) {
            return;
        }
        let needs = changes.iter().any(|change| change.is_within(rung.first));
        let under_way = matches!(live.readiness, Readiness::Pending(_));
        if !needs && !under_way {
            return;
        }
        let movement = decisions.movements.len();
        let staged = |phase| Staged { movement, phase };
        let (want, live) = (want.clone(), live.clone());
        let mut steps = vec![(Phase::Settle, want.clone())];
        if needs {
            let field = rung.then.split('.').next().unwrap_or(rung.then);
            let mut first = want;
            first[field] = live.have[field].clone();
            steps.insert(0, (Phase::Prepare, first));
        } else {
            let action =
                Action::Wait { goal: Goal::Ready, of: None, live: Some(live), deadline_secs: kind.deadline_secs };
            decisions.drafts.push(Draft::staged(node.clone(), action, staged(Phase::Prepare)));
        }
        self.expand(node, at, steps, decisions, &staged);
        decisions.movements.push(Moved { nodes: [node.clone()].into(), ..Moved::default() });
    }
}
