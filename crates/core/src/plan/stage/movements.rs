//! Which groups move together, and whether traffic would stop if everything about them were changed at once. Pure.

use std::collections::BTreeSet;

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
    let mut sets: Vec<Movement> = Vec::new();
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
        join(&mut sets, all, |set| {
            set.routers.push(at);
            set.fronts.extend(fronts);
        });
    }
    for (at, server) in facts.servers.iter().enumerate() {
        let all: BTreeSet<String> = server.have.iter().chain(&server.want).filter_map(key).collect();
        join(&mut sets, all, |set| set.servers.push(at));
    }
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
    let wants = |server: &Server, group: &String| groups(&server.want).contains(group);
    let unready = gaining.iter().any(|group| servers.iter().any(|server| server.unproven && wants(server, group)));
    let mut hands = BTreeSet::new();
    for server in &servers {
        let stays = if server.goes { BTreeSet::new() } else { groups(&server.want) };
        for group in groups(&server.have).difference(&stays).filter(|group| carried.contains(*group)) {
            let heirs = servers.iter().filter(|other| other.node != server.node && wants(other, group));
            let comes = |other: &&Server| other.unproven || !groups(&other.have).contains(group);
            if losing.contains(group) || heirs.into_iter().any(comes) {
                hands.insert(group.clone());
            }
        }
    }
    let moves = wanders || unready || !hands.is_empty() || !set.fronts.is_empty();
    gaining.extend(hands);
    (set.gaining, set.losing) = (gaining, losing);
    moves
}

/// Adds a set of groups, joining all sets that have one of them.
fn join(sets: &mut Vec<Movement>, groups: BTreeSet<String>, add: impl FnOnce(&mut Movement)) {
    if groups.is_empty() {
        return;
    }
    let mut joined = Movement { groups, ..Movement::default() };
    add(&mut joined);
    let mut apart = Vec::with_capacity(sets.len() + 1);
    for set in sets.drain(..) {
        if !set.groups.is_disjoint(&joined.groups) {
            joined.groups.extend(set.groups);
            joined.routers.extend(set.routers);
            joined.servers.extend(set.servers);
            joined.fronts.extend(set.fronts);
        } else {
            apart.push(set);
        }
    }
    joined.routers.sort_unstable();
    joined.servers.sort_unstable();
    apart.push(joined);
    *sets = apart;
}
