//! Reads what is live: all services side by side, in as few requests as AWS's batch limits allow, and turns what they fetched
//! into the live things of the kinds. Decides nothing about them. Knows as well how few requests would do ([`floor`]).

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::graph::Graph;
use evenkeel_core::snapshot::Candidates;
use futures::future;

use crate::client::Aws;
use crate::finder::Finder;
use crate::floor::made;
use crate::hands;
use crate::read::{Fetched, Scope};
use crate::resource::Entry;
use crate::service::Service;
use crate::{kinds, services};

/// Reads everything that the scope asks for.
pub async fn fetch(aws: &Aws, scope: &Scope<'_>) -> Fetched {
    let aws = &aws.reading();
    // Kinds that are found in other ways are no answer of the tagging API.
    let found = |entry: &&&Entry| entry.actions.contains(&"tag:GetResources");
    let expected = |service: &Service| {
        let kinds = service.kinds.iter().filter(found);
        kinds.map(|entry| scope.graph.of_kind(entry.kind.name).count()).sum()
    };
    // A type that is called as a kind of which the file has nothing is no question of its own.
    let lacks = |kind: &str| kinds::get(kind).is_some() && scope.graph.of_kind(kind).next().is_none();
    let none = |one: &&str| lacks(&one.split(':').next_back().unwrap_or(one).replace('-', "_"));
    let types: Vec<_> = services::ALL
        .iter()
        .flat_map(|service| {
            let (none, some): (Vec<&str>, Vec<&str>) = service.tag_types.iter().copied().partition(none);
            [(some, expected(service)), (none, 0)]
        })
        .collect();
    let finder = Finder::new(aws, scope, types.iter().map(|(types, count)| (types.as_slice(), *count)).collect());
    let readers = services::ALL.iter().map(|service| (service.fetch)(aws, scope, &finder));
    Fetched::new(scope.stack, &aws.region, future::join_all(readers).await)
}

/// Reads, and turns what was fetched into the live things of every kind asked for.
pub async fn candidates(aws: &Aws, scope: &Scope<'_>) -> Candidates {
    let fetched = fetch(aws, scope).await;
    let asked = kinds::ALL.iter().filter(|entry| scope.wants(&[entry.kind.name]));
    let observed = asked.clone().map(|entry| {
        let kind = entry.kind.name;
        (
            kind.to_owned(),
            entry.driver.observe(&fetched).map(|lives| lives.into_iter().map(|live| hands::told(kind, live)).collect()),
        )
    });
    let nodes = asked.flat_map(|entry| scope.graph.of_kind(entry.kind.name).map(move |node| (entry, node)));
    let looked_up = nodes
        .filter(|(_, node)| node.lookup)
        .map(|(entry, node)| (node.id.clone(), entry.driver.look_up(&fetched, node)));
    Candidates { kinds: observed.collect(), looked_up: looked_up.collect(), blind: fetched.blind }
}

/// The marks of what is found by the tagging API, by the kinds that say so among their actions.
const MARKED: &str = "tag:GetResources";
/// As the requests are counted.
const MARKS: &str = "tagging:GetResources";
/// Most things on a page of it.
const MARKS_AT_ONCE: usize = 100;

/// The fewest requests for a plan of these stacks that finds everything as it should be, by request.
pub fn floor<'g>(graphs: impl IntoIterator<Item = &'g Graph>) -> BTreeMap<&'static str, u64> {
    let mut things: BTreeMap<&'static str, (usize, usize)> = BTreeMap::new();
    let mut add = |request, at_once, count: usize| {
        let place = things.entry(request).or_insert((0, at_once));
        place.0 += count;
    };
    let mut always = BTreeSet::new();
    for graph in graphs {
        for floor in services::ALL.iter().flat_map(|service| service.floor) {
            let nodes = floor.of.iter().flat_map(|kind| graph.of_kind(kind));
            add(floor.request, floor.at_once, nodes.map(floor.things).sum());
            always.extend(floor.always.then_some(floor.request));
        }
        let marked = kinds::ALL.iter().filter(|entry| entry.actions.contains(&MARKED));
        let nodes = marked.flat_map(|entry| graph.of_kind(entry.kind.name));
        add(MARKS, MARKS_AT_ONCE, nodes.map(made).sum());
        always.insert(MARKS);
    }
    let needed = things.into_iter().map(|(request, (count, at_once))| {
        let least = usize::from(always.contains(request));
        (request, count.div_ceil(at_once).max(least) as u64)
    });
    needed.filter(|(_, count)| *count > 0).collect()
}
