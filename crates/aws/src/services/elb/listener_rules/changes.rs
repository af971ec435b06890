//! How to get from the rules that a listener has to those that it should have: which requests, in which order. Pure.
//! Priorities that are already taken are refused, so whatever frees one goes first, and all moves go in one request, which
//! AWS carries out at once: two rules can swap.

use std::collections::BTreeMap;

use super::{Rule, Tags};

/// A rule of a listener that may be changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LiveRule {
    /// Its ARN.
    pub arn: String,
    /// What it is.
    pub rule: Rule,
    /// All its tags.
    pub tags: Tags,
}

/// The requests, stage by stage; those of one stage do not depend on each other.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Stages {
    /// ModifyRule: the rule, what it should be, and whether its conditions change as well.
    pub modify: Vec<(String, Rule, bool)>,
    /// DeleteRule of those whose priority somebody needs.
    pub delete_first: Vec<String>,
    /// One SetRulePriorities.
    pub moves: Vec<(String, u32)>,
    /// CreateRule.
    pub create: Vec<Rule>,
    /// DeleteRule of the others.
    pub delete: Vec<String>,
    /// Rules that stay, changed or not; their tags may need writing.
    pub kept: Vec<LiveRule>,
}

/// Works out the requests. With `weights` off, forwards that differ only in their weights are left as they are.
pub fn stages(have: Vec<LiveRule>, want: &[Rule], weights: bool) -> Stages {
    let mut stages = Stages::default();
    let mut left = have;
    let mut added: Vec<&Rule> = Vec::new();
    for rule in want {
        // Of several with these conditions the one that has the priority already.
        let same = |live: &LiveRule| live.rule.conditions == rule.conditions;
        let of_another = |live: &LiveRule| {
            want.iter().any(|w| w.conditions == live.rule.conditions && w.priority == live.rule.priority)
        };
        let at = left
            .iter()
            .position(|live| same(live) && live.rule.priority == rule.priority)
            .or_else(|| left.iter().position(|live| same(live) && !of_another(live)));
        match at {
            Some(at) => stages.keep(left.remove(at), rule, weights),
            None => added.push(rule),
        }
    }
    added.retain(|rule| match left.iter().position(|live| live.rule.priority == rule.priority) {
        Some(at) => {
            let live = left.remove(at);
            stages.modify.push((live.arn.clone(), (*rule).clone(), true));
            stages.kept.push(live);
            false
        }
        None => true,
    });
    let moving_to: Vec<u32> =
        stages.moves.iter().map(|(_, priority)| *priority).chain(added.iter().map(|rule| rule.priority)).collect();
    for live in left {
        let stage = if moving_to.contains(&live.rule.priority) { &mut stages.delete_first } else { &mut stages.delete };
        stage.push(live.arn);
    }
    stages.create = added.into_iter().cloned().collect();
    stages
}

/// The highest priority that a rule can have.
const LAST: u32 = 50_000;

/// Single moves, one after the other, that do what `moves` do at once. `taken` has the priorities of all rules of the listener.
/// Where rules wait for each other in a circle, one of them steps aside to a free priority first.
pub fn in_turn(moves: &[(String, u32)], mut taken: BTreeMap<String, u32>) -> Vec<(String, u32)> {
    let mut open: Vec<(String, u32)> = moves.iter().filter(|(arn, to)| taken.get(arn) != Some(to)).cloned().collect();
    let mut turns = Vec::with_capacity(open.len() + 1);
    while !open.is_empty() {
        let next = open.iter().position(|(_, to)| !taken.values().any(|at| at == to));
        let (arn, to) = match next {
            Some(at) => open.remove(at),
            None => {
                let free = (1..=LAST).rev().find(|spare| !taken.values().any(|at| at == spare));
                // With every priority taken there is no way; the endpoint then has the last word.
                let Some(free) = free else { return [turns, open].concat() };
                (open[0].0.clone(), free)
            }
        };
        taken.insert(arn.clone(), to);
        turns.push((arn, to));
        // Stepping aside twice cannot help: a priority that stays taken belongs to a rule that does not move.
        if turns.len() > 2 * moves.len() {
            return turns;
        }
    }
    turns
}

impl Stages {
    fn keep(&mut self, live: LiveRule, want: &Rule, weights: bool) {
        let acts = live.rule.action.means(&want.action) || !weights && live.rule.action.same_but_weights(&want.action);
        let same = acts && live.rule.authenticate == want.authenticate;
        if !same {
            self.modify.push((live.arn.clone(), want.clone(), false));
        }
        if live.rule.priority != want.priority {
            self.moves.push((live.arn.clone(), want.priority));
        }
        self.kept.push(live);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::listener::action::{Action, Target};
    use crate::kinds::listener_rules::conditions::Conditions;

    fn rule(priority: u32, host: &str, group: &str) -> Rule {
        Rule {
            priority,
            conditions: Conditions { host: vec![host.to_owned()], ..Conditions::default() },
            authenticate: None,
            action: Action::Forward {
                targets: vec![Target { target_group: group.into(), weight: 1 }],
                stickiness_secs: 0,
            },
        }
    }

    fn live(arn: &str, rule: Rule) -> LiveRule {
        LiveRule { arn: arn.to_owned(), rule, tags: Tags::new() }
    }

    #[test]
    fn what_is_as_it_should_be_is_left_alone() {
        let want = [rule(10, "a", "x"), rule(20, "b", "y")];
        let have = vec![live("1", want[0].clone()), live("2", want[1].clone())];
        let stages = stages(have.clone(), &want, true);
        assert_eq!(stages, Stages { kept: have, ..Stages::default() });
    }

    #[test]
    fn where_rules_cannot_swap_at_once_one_steps_aside() {
        let taken = |pairs: &[(&str, u32)]| pairs.iter().map(|(arn, at)| ((*arn).to_owned(), *at)).collect();
        let moves = |pairs: &[(&str, u32)]| -> Vec<(String, u32)> {
            pairs.iter().map(|(arn, to)| ((*arn).to_owned(), *to)).collect()
        };
        let swap = in_turn(&moves(&[("1", 20), ("2", 10)]), taken(&[("1", 10), ("2", 20), ("3", 50_000)]));
        assert_eq!(swap, moves(&[("1", 49_999), ("2", 10), ("1", 20)]));
        let shift = in_turn(&moves(&[("1", 20), ("2", 30)]), taken(&[("1", 10), ("2", 20)]));
        assert_eq!(shift, moves(&[("2", 30), ("1", 20)]));
        let blocked = in_turn(&moves(&[("1", 20)]), taken(&[("1", 10), ("2", 20)]));
        assert!(blocked.len() <= 3, "a priority that stays taken ends it: {blocked:?}");
    }

    #[test]
    fn two_rules_swap_in_one_request() {
        let have = vec![live("1", rule(10, "a", "x")), live("2", rule(20, "b", "y"))];
        let stages = stages(have, &[rule(10, "b", "y"), rule(20, "a", "x")], true);
        assert_eq!(stages.moves, [("2".to_owned(), 10), ("1".to_owned(), 20)]);
        assert!(stages.modify.is_empty() && stages.create.is_empty() && stages.delete.is_empty());
    }

    #[test]
    fn a_rule_whose_place_is_taken_by_another_is_changed_in_place() {
        let stages = stages(vec![live("1", rule(10, "a", "x"))], &[rule(10, "b", "x")], true);
        assert_eq!(stages.modify, [("1".to_owned(), rule(10, "b", "x"), true)]);
        assert!(stages.create.is_empty() && stages.delete.is_empty());
    }

    #[test]
    fn a_deletion_goes_first_only_if_its_priority_is_needed() {
        let have = vec![live("1", rule(10, "a", "x")), live("2", rule(20, "b", "y")), live("3", rule(30, "c", "z"))];
        let stages = stages(have, &[rule(10, "b", "y"), rule(40, "d", "x")], true);
        assert_eq!(stages.delete_first, ["1"]);
        assert_eq!(stages.moves, [("2".to_owned(), 10)]);
        assert_eq!(stages.create, [rule(40, "d", "x")]);
        assert_eq!(stages.delete, ["3"]);
    }

    #[test]
    fn delegated_weights_are_left_alone() {
        let weighted = |a: u32, b: u32| Rule {
            authenticate: None,
            action: Action::Forward {
                targets: vec![
                    Target { target_group: "x".into(), weight: a },
                    Target { target_group: "y".into(), weight: b },
                ],
                stickiness_secs: 0,
            },
            ..rule(10, "a", "x")
        };
        let have = vec![live("1", weighted(0, 100))];
        assert!(stages(have.clone(), &[weighted(100, 0)], false).modify.is_empty());
        assert_eq!(stages(have, &[weighted(100, 0)], true).modify.len(), 1);
    }
}
