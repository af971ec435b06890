//! Which groups move together, and whether traffic would stop if everything about them were changed at once. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Facts, Router, Server};
use super::lists::{self, Shares, groups, key};
use crate::graph::Graph;

/// Groups that are moved together, and who is in it: places in the lists of the facts.
#[derive(Default)]
pub(super) struct Movement {
    pub(super) groups: BTreeSet<String>,
    pub(super) routers: Vec<usize>,
    pub(super) servers: Vec<usize>,
    pub(super) fronts: BTreeSet<usize>,
    /// Groups that come into traffic, or change hands.
    pub(super) gaining: BTreeSet<String>,
    /// Groups that lose a share.
    pub(super) losing: BTreeSet<String>,
}

/// Groups that routers or servers have in common move together; each set in which something has to wait is a movement.
pub(super) fn movements(facts: &Facts, want: &Graph) -> Vec<Movement> {
    let mut sets = Sets::default();
    for (at, router) in facts.routers.iter().enumerate() {
        let items = router.have.values().chain(router.want.values());
        let mut all: BTreeSet<String> = items.flat_map(|item| item.keys().cloned()).collect();
        let mut fronts = BTreeSet::new();
        if let Some((parent, late)) = facts.late(at) {
            all.extend(facts.routers[*parent].have.values().flat_map(|item| item.keys().cloned()));
            all.extend(late.values().flatten().cloned());
        }
        // Everything behind a front that names leave, or come to, moves when they do.
        if !facts.fronts.is_empty() && !all.is_empty() {
            let above = want.closure([&router.node]);
            for (number, front) in facts.fronts.iter().enumerate() {
                let old = router.live.as_ref().is_some_and(|live| facts.is_beneath(live, &front.handles));
                if old || above.contains(&front.to) {
                    all.extend(front.handles.iter().cloned());
                    fronts.insert(number);
                }
            }
        }
        sets.join(all, |set| {
            set.routers.push(at);
            set.fronts.extend(fronts);
        });
    }
    for (at, server) in facts.servers.iter().enumerate() {
        let all: BTreeSet<String> = server.have.iter().chain(&server.want).filter_map(key).collect();
        sets.join(all, |set| set.servers.push(at));
    }
    let mut sets = sets.finish();
    sets.retain_mut(|set| moves(facts, set, want));
    sets
}

/// Whether traffic of this set would stop if everything were changed at once; notes what comes and goes.
fn moves(facts: &Facts, set: &mut Movement, want: &Graph) -> bool {
    let routers: Vec<&Router> = set.routers.iter().map(|at| &facts.routers[*at]).collect();
    let servers: Vec<&Server> = set.servers.iter().map(|at| &facts.servers[*at]).collect();
    let (mut losing, mut gaining, mut carried) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let none = Shares::new();
    for (router, (item, had)) in routers.iter().flat_map(|router| router.have.iter().map(move |it| (router, it))) {
        let wanted = router.want.get(item).unwrap_or(&none);
        losing.extend(had.keys().filter(|group| !wanted.contains_key(*group)).cloned());
        carried.extend(had.iter().filter(|(_, weight)| **weight > 0).map(|(group, _)| group.clone()));
        if had.values().any(|weight| *weight > 0) {
            gaining.extend(lists::raised(had, wanted));
        }
    }
    // What is behind the front that names are to lead to gets what was behind the other.
    for front in set.fronts.iter().map(|at| &facts.fronts[*at]) {
        let behind = routers.iter().filter(|router| want.closure([&router.node]).contains(&front.to));
        gaining.extend(behind.flat_map(|router| router.want.values()).flat_map(|item| lists::raised(&none, item)));
    }
    // What takes its paths from an item that serves.
    let late = set.routers.iter().filter_map(|at| facts.late(*at));
    gaining.extend(late.flat_map(|(_, late)| late.values().flatten().cloned()));
    // A group that goes from one rule to another must not be without one in between: its targets would begin anew.
    let wanders = losing.intersection(&gaining).next().is_some();
    let mut wanting: BTreeMap<String, Vec<&Server>> = BTreeMap::new();
    for server in &servers {
        groups(&server.want).into_iter().for_each(|group| wanting.entry(group).or_default().push(server));
    }
    let wanting = |group: &String| wanting.get(group).into_iter().flatten();
    let unready = gaining.iter().any(|group| wanting(group).any(|server| server.unproven));
    let mut hands = BTreeSet::new();
    for server in &servers {
        let stays = if server.goes { BTreeSet::new() } else { groups(&server.want) };
        for group in groups(&server.have).difference(&stays).filter(|group| carried.contains(*group)) {
            let mut heirs = wanting(group).filter(|other| other.node != server.node);
            let comes = |other: &Server| other.unproven || !groups(&other.have).contains(group);
            if losing.contains(group) || heirs.any(|heir| comes(heir)) {
                hands.insert(group.clone());
            }
        }
    }
    let moves = wanders || unready || !hands.is_empty() || !set.fronts.is_empty();
    gaining.extend(hands);
    (set.gaining, set.losing) = (gaining, losing);
    moves
}

/// Sets of groups that have none in common.
#[derive(Default)]
struct Sets {
    /// By the number of the last addition to each.
    sets: BTreeMap<usize, Movement>,
    /// The addition that a group came with, and what that was joined to since.
    came: BTreeMap<String, usize>,
    joined: Vec<usize>,
}

impl Sets {
    /// Adds a set of groups, joining all sets that have one of them.
    fn join(&mut self, groups: BTreeSet<String>, add: impl FnOnce(&mut Movement)) {
        if groups.is_empty() {
            return;
        }
        let number = self.joined.len();
        self.joined.push(number);
        let mut whole = Movement::default();
        for group in &groups {
            let Some(came) = self.came.get(group).copied() else {
                self.came.insert(group.clone(), number);
                continue;
            };
            let at = self.last(came);
            self.joined[at] = number;
            if let Some(set) = self.sets.remove(&at) {
                whole.take_in(set);
            }
        }
        whole.groups.extend(groups);
        add(&mut whole);
        self.sets.insert(number, whole);
    }

    /// The addition by which the set of this one is kept.
    fn last(&mut self, mut at: usize) -> usize {
        while self.joined[at] != at {
            // Halves the way for the next one who goes it.
            self.joined[at] = self.joined[self.joined[at]];
            at = self.joined[at];
        }
        at
    }

    /// The sets, those that nothing was added to for longest first.
    fn finish(self) -> Vec<Movement> {
        let mut sets: Vec<Movement> = self.sets.into_values().collect();
        for set in &mut sets {
            set.routers.sort_unstable();
            set.servers.sort_unstable();
        }
        sets
    }
}

impl Movement {
    /// Takes in another set; the smaller is moved into the larger, so that many of them do not move all again and again.
    fn take_in(&mut self, mut other: Self) {
        if self.groups.len() < other.groups.len() {
            std::mem::swap(self, &mut other);
        }
        self.groups.extend(other.groups);
        self.routers.extend(other.routers);
        self.servers.extend(other.servers);
        self.fronts.extend(other.fronts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(additions: &[&[&str]]) -> Vec<(String, Vec<usize>)> {
        let mut sets = Sets::default();
        for (at, groups) in additions.iter().enumerate() {
            let groups = groups.iter().map(|group| (*group).to_owned()).collect();
            sets.join(groups, |set| set.servers.push(at));
        }
        let words = |set: Movement| (set.groups.into_iter().collect::<Vec<_>>().join(" "), set.servers);
        sets.finish().into_iter().map(words).collect()
    }

    #[test]
    fn sets_with_a_group_in_common_are_one() {
        let apart = joined(&[&["a"], &["b", "c"], &[], &["d"]]);
        assert_eq!(apart, [("a".to_owned(), vec![0]), ("b c".to_owned(), vec![1]), ("d".to_owned(), vec![3])]);
        let through = joined(&[&["a"], &["b", "c"], &["d"], &["c", "a"], &["e"]]);
        let expected = [("d".to_owned(), vec![2]), ("a b c".to_owned(), vec![0, 1, 3]), ("e".to_owned(), vec![4])];
        assert_eq!(through, expected, "the one that was added to last comes behind");
    }

    #[test]
    fn every_way_of_joining_gives_what_joining_one_by_one_gives() {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let mut seed = 7_u32;
        let mut next = move || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) as usize
        };
        for _ in 0..200 {
            let additions: Vec<Vec<&str>> =
                (0..next() % 9).map(|_| (0..next() % 3).map(|_| names[next() % names.len()]).collect()).collect();
            let mut simple: Vec<(BTreeSet<String>, Vec<usize>)> = Vec::new();
            for (at, groups) in additions.iter().enumerate().filter(|(_, groups)| !groups.is_empty()) {
                let mut whole = (groups.iter().map(|group| (*group).to_owned()).collect::<BTreeSet<_>>(), vec![at]);
                let (same, apart): (Vec<_>, Vec<_>) =
                    simple.into_iter().partition(|(other, _)| !other.is_disjoint(&whole.0));
                simple = apart;
                for (groups, servers) in same {
                    whole.0.extend(groups);
                    whole.1.extend(servers);
                }
                whole.1.sort_unstable();
                simple.push(whole);
            }
            let simple: Vec<_> =
                simple.into_iter().map(|(groups, at)| (groups.into_iter().collect::<Vec<_>>().join(" "), at)).collect();
            let additions: Vec<&[&str]> = additions.iter().map(Vec::as_slice).collect();
            assert_eq!(joined(&additions), simple);
        }
    }
}
