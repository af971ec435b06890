//! The rates that a cloud keeps, as lanes of the schedule: which step goes in which lane, which lanes are closed because no turn
//! is left, and how many steps were last said to wait. No time: how long a lane stays closed the cloud says.

use std::collections::{BTreeMap, BTreeSet};

use crate::cloud::{Cloud, Rate, Sort};
use crate::id::StepId;
use crate::kind::Kinds;
use crate::plan::{Action, Plan};

/// The lanes of a run.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    rates: Vec<Rate>,
    of: BTreeMap<StepId, usize>,
    closed: BTreeSet<usize>,
    told: BTreeMap<usize, usize>,
}

impl Lanes {
    /// Every step in the lane of the rate that holds it up.
    pub(super) fn new(plan: &Plan, kinds: &Kinds, cloud: &dyn Cloud) -> Self {
        let mut lanes = Self::default();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        for step in &plan.steps {
            let sort = match &step.action {
                Action::Create { .. } => Sort::Create,
                Action::Update { .. } | Action::Adopt { .. } => Sort::Update,
                // What first has to be vacant sends its request some other time.
                Action::Delete { .. } if kinds.get(step.node.kind()).is_some_and(|kind| kind.vacates) => continue,
                Action::Delete { .. } => Sort::Delete,
                Action::Wait { .. } => continue,
            };
            let Some(rate) = cloud.rate(step.node.kind(), sort) else { continue };
            let lane = *known.entry(rate.name.clone()).or_insert_with(|| {
                lanes.rates.push(rate);
                lanes.rates.len() - 1
            });
            lanes.of.insert(step.id, lane);
        }
        lanes
    }

    /// The lane of a step.
    pub(super) fn of(&self, step: StepId) -> Option<usize> {
        self.of.get(&step).copied()
    }

    /// The rate of a lane.
    pub(super) fn rate(&self, lane: usize) -> Option<&Rate> {
        self.rates.get(lane)
    }

    /// Lanes in which nothing may start.
    pub(super) fn closed(&self) -> &BTreeSet<usize> {
        &self.closed
    }

    /// Closes a lane.
    pub(super) fn close(&mut self, lane: usize) {
        self.closed.insert(lane);
    }

    /// Opens a lane.
    pub(super) fn open(&mut self, lane: usize) {
        self.closed.remove(&lane);
    }

    /// What is news about steps that wait for a turn: each rate with its number, where that has changed.
    pub(super) fn news(&mut self, waiting: impl Fn(usize) -> usize) -> Vec<(Rate, usize)> {
        let mut news = Vec::new();
        for (lane, rate) in self.rates.iter().enumerate() {
            let left = waiting(lane);
            let told = self.told.entry(lane).or_insert(0);
            // What waits for a place only, and not for a turn, is no news; but what was said to wait is followed up.
            if left != *told && (self.closed.contains(&lane) || left < *told) {
                *told = left;
                news.push((rate.clone(), left));
            }
        }
        news
    }
}
