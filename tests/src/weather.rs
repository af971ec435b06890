//! Bad weather: which faults there are, and how often, is drawn for each seed, so that in the end every mixture comes up: lost
//! replies, old states, refusals, slowness and sudden death included. Decides nothing about what has to come of it.

use evenkeel_sim::faults::{Fault, Faults, Rule};

/// Everything that can go wrong, with the highest rate that leaves a run some hope.
pub const ALL: &[(Fault, f64)] = &[
    (Fault::Throttle, 0.10),
    (Fault::ServerError, 0.05),
    (Fault::Unavailable, 0.05),
    (Fault::Conflict, 0.03),
    (Fault::RoleNotReady, 0.03),
    (Fault::Reset, 0.05),
    (Fault::Timeout, 0.02),
    (Fault::ReplyLost, 0.02),
    (Fault::ReplyCut, 0.05),
    (Fault::StaleRead, 0.08),
    (Fault::AccessDenied, 0.02),
    (Fault::Slow, 0.05),
    (Fault::DieBefore, 0.02),
    (Fault::DieAfter, 0.02),
];

/// Of what only happens to requests that change something.
const CHANGING: &[Fault] = &[Fault::Conflict, Fault::RoleNotReady];

/// How requests begin that change something.
const CHANGES: &[&str] =
    &["Create*", "Register*", "Update*", "Modify*", "Put*", "Attach*", "Tag*", "Delete*", "Change*", "Authorize*"];

/// The weather of a seed: a random part of all that can go wrong, each as often as chance has it.
pub fn weather(seed: u64) -> Faults {
    Faults::new(rules(seed), seed)
}

/// What a seed's weather is made of.
pub fn rules(seed: u64) -> Vec<Rule> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d;
    let mut draw = || {
        // SplitMix64: a seed's weather is the same for ever, whatever generators come and go.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        f64::from(u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or_default()) / f64::from(u32::MAX)
    };
    let mut rules = Vec::new();
    for (fault, most) in ALL {
        let (present, rate) = (draw() < 0.4, draw() * most);
        if !present {
            continue;
        }
        let rule = Rule { probability: Some(rate), ..Rule::always(*fault) };
        if CHANGING.contains(fault) {
            rules.extend(CHANGES.iter().map(|start| Rule { operation: Some((*start).to_owned()), ..rule.clone() }));
        } else {
            rules.push(rule);
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_fault_comes_up_and_no_seed_has_them_all() {
        let faults = |seed| rules(seed).iter().map(|rule| format!("{:?}", rule.fault)).collect::<BTreeSet<_>>();
        let all: BTreeSet<String> = (0..40).flat_map(faults).collect();
        assert_eq!(all.len(), ALL.len(), "{all:?}");
        assert!((0..40).all(|seed| faults(seed).len() < ALL.len()));
        assert_ne!(faults(1), faults(2));
    }
}
