//! The order of changes, and how they are cut into requests. Route 53 takes the changes of a request one after the other and
//! refuses an alias whose target is not there: targets are made before their aliases and deleted after them, within a
//! request and across several. Everything of one name stays in one request, since a CNAME and other records of its name can
//! only swap places at once. Pure; knows nothing of whose records they are.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_route53::types::{Change, ChangeAction, ResourceRecordSet};

use super::form::{Key, key, name};

/// Most values in one request.
const VALUES: usize = 1000;
/// Most characters of values in one request.
const CHARACTERS: usize = 32_000;

/// Everything of one name that changes.
pub(super) type Unit = Vec<Change>;

/// Puts units, by name, into as few requests as the limits allow.
pub(super) fn requests_of(units: BTreeMap<String, Unit>) -> Vec<Vec<Change>> {
    let mut requests: Vec<Vec<Change>> = Vec::new();
    let (mut values, mut characters) = (0, 0);
    for unit in in_order(units) {
        let weight = unit.iter().map(weigh).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        match requests.last_mut() {
            Some(last) if values + weight.0 <= VALUES && characters + weight.1 <= CHARACTERS => {
                last.extend(unit);
                (values, characters) = (values + weight.0, characters + weight.1);
            }
            _ => {
                requests.push(unit);
                (values, characters) = weight;
            }
        }
    }
    requests.iter_mut().for_each(|request| arrange(request));
    requests
}

/// The units in an order in which each finds its targets made, and no target goes while an alias still leads to it.
fn in_order(mut units: BTreeMap<String, Unit>) -> Vec<Unit> {
    let mut first: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (unit, changes) in &units {
        for change in changes {
            let Some(target) = target(change).map(|key| key.0).filter(|target| units.contains_key(target)) else {
                continue;
            };
            let (before, after) = if is_delete(change) { (unit.clone(), target) } else { (target, unit.clone()) };
            first.entry(after).or_default().insert(before);
        }
    }
    let mut order = Vec::new();
    let mut seen = BTreeSet::new();
    for unit in units.keys() {
        // A walk without recursion: chains of aliases may be long. A circle is broken where it was entered.
        let mut open = vec![(unit, false)];
        while let Some((unit, ready)) = open.pop() {
            if ready {
                order.push(unit.clone());
            } else if seen.insert(unit) {
                open.push((unit, true));
                open.extend(first.get(unit).into_iter().flatten().map(|before| (before, false)));
            }
        }
    }
    order.into_iter().filter_map(|unit| units.remove(&unit)).collect()
}

/// Within a request: deletions first, aliases before their targets; then what is made, targets before their aliases. A mark
/// stays behind its record.
fn arrange(request: &mut [Change]) {
    let depth = |made: bool| {
        let aliases: BTreeMap<Key, Key> = request
            .iter()
            .filter(|change| is_delete(change) != made)
            .filter_map(|change| Some((key(change.resource_record_set()?), target(change)?)))
            .collect();
        move |change: &Change| {
            let mut at = change.resource_record_set().map(key);
            // As long as a chain can be at most: a circle must not hang.
            let chain = (0..=aliases.len()).take_while(|_| {
                at = at.as_ref().and_then(|at| aliases.get(at).cloned());
                at.is_some()
            });
            chain.count()
        }
    };
    let (made, gone) = (depth(true), depth(false));
    let mut ranks: Vec<(bool, isize)> = Vec::with_capacity(request.len());
    for (at, change) in request.iter().enumerate() {
        let record = change.resource_record_set();
        let is_mark = record.is_some_and(|set| set.name().contains("_evenkeel."));
        let rank = match (is_mark, at.checked_sub(1).map(|before| (&request[before], ranks[before]))) {
            (true, Some((before, rank))) if is_delete(before) == is_delete(change) => rank,
            _ if is_delete(change) => (false, -isize::try_from(gone(change)).unwrap_or(0)),
            _ => (true, isize::try_from(made(change)).unwrap_or(0)),
        };
        ranks.push(rank);
    }
    let mut ranked: Vec<((bool, isize), Change)> = ranks.into_iter().zip(request.iter().cloned()).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    for (place, (_, change)) in request.iter_mut().zip(ranked) {
        *place = change;
    }
}

fn is_delete(change: &Change) -> bool {
    *change.action() == ChangeAction::Delete
}

/// The record that an alias leads to, if it lies in a zone of this account at all: it has the same type.
fn target(change: &Change) -> Option<Key> {
    let set = change.resource_record_set()?;
    let target = set.alias_target()?;
    Some((name(target.dns_name()), set.r#type().as_str().to_owned()))
}

/// How many values, and characters of values, a change counts for.
fn weigh(change: &Change) -> (usize, usize) {
    let records = change.resource_record_set().map(ResourceRecordSet::resource_records).unwrap_or_default();
    let characters: usize = records.iter().map(|record| record.value().chars().count()).sum();
    (records.len().max(1), characters)
}

#[cfg(test)]
mod tests {
    use super::super::batch::tests::{alias, job, record, shown};
    use super::super::batch::{Job, requests};
    use super::super::form::Record;
    use super::*;

    fn records(write: Vec<Record>) -> Job<'static> {
        Job { write, ..job() }
    }

    fn positions(lines: &[String], wanted: &[&str]) -> Vec<usize> {
        let at =
            |line: &&str| lines.iter().position(|other| other == line).unwrap_or_else(|| panic!("{line}: {lines:?}"));
        wanted.iter().map(at).collect()
    }

    #[test]
    fn targets_are_made_before_their_aliases_and_deleted_after_them() {
        let chain = vec![
            alias("a.cruddur.example", "b.cruddur.example"),
            alias("b.cruddur.example", "c.cruddur.example"),
            record("c.cruddur.example", "A", "10.0.0.1"),
        ];
        let made = requests(&records(chain.clone()), &[]).unwrap();
        let lines = shown(&made);
        let order = [
            "CREATE c.cruddur.example A",
            "CREATE _a.c.* TXT",
            "CREATE b.cruddur.example A",
            "CREATE a.cruddur.example A",
        ];
        assert!(positions(&lines, &order).is_sorted(), "{lines:?}");
        let now: Vec<_> = made.concat().iter().map(|change| change.resource_record_set().unwrap().clone()).collect();
        let seen: BTreeMap<Key, Record> = chain.iter().map(|record| (record.key(), record.clone())).collect();
        let gone = Job { remove: seen.keys().cloned().collect(), seen, ..job() };
        let lines = shown(&requests(&gone, &now).unwrap());
        let order = ["DELETE a.cruddur.example A", "DELETE b.cruddur.example A", "DELETE c.cruddur.example A"];
        assert!(positions(&lines, &order).is_sorted(), "{lines:?}");
    }

    #[test]
    fn many_records_are_cut_into_requests_within_the_limits() {
        let mut many: Vec<Record> =
            (0..700).map(|n| record(&format!("h{n:03}.cruddur.example"), "A", "10.0.0.1")).collect();
        // An alias that stands before its target by name, and would be in an earlier request.
        many.push(alias("a.cruddur.example", "z.cruddur.example"));
        many.push(record("z.cruddur.example", "A", "10.0.0.1"));
        let requests = requests(&records(many), &[]).unwrap();
        assert!(requests.len() > 1);
        for request in &requests {
            let (values, characters) =
                request.iter().map(weigh).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            assert!(values <= VALUES && characters <= CHARACTERS, "{values} {characters}");
            assert_eq!(request.len() % 2, 0, "a record and its mark stay together");
        }
        assert_eq!(requests.concat().len(), 1404);
        let lines = shown(&requests);
        assert!(positions(&lines, &["CREATE z.cruddur.example A", "CREATE a.cruddur.example A"]).is_sorted());
    }

    #[test]
    fn a_circle_of_names_does_not_hang() {
        let circle =
            vec![alias("a.cruddur.example", "b.cruddur.example"), alias("b.cruddur.example", "a.cruddur.example")];
        assert_eq!(requests(&records(circle), &[]).unwrap().concat().len(), 4);
    }
}
