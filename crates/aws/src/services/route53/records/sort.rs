//! Whose the records of a zone are: this stack's, another's, nobody's; and which marks do not count, with the reason. Pure.
//! A record is this stack's only if exactly one mark is for it, and that is this stack's. Says nothing of what is wanted.

use std::collections::BTreeMap;

use aws_sdk_route53::types::ResourceRecordSet;

use super::form::{is_apex, name};
use super::marks::{Mark, Which, is_mark, pretends};
use crate::tags;

/// A record of this stack.
#[derive(Debug)]
pub(crate) struct Own<'a> {
    /// The record.
    pub set: &'a ResourceRecordSet,
    /// Its mark.
    pub mark: &'a ResourceRecordSet,
    /// Whether the mark protects it.
    pub protect: bool,
}

/// A mark with this stack's name that does not count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Odd {
    /// The name of its TXT record.
    pub name: String,
    /// What is odd about it, for a person.
    pub why: String,
}

/// The records of a zone by whose they are, its own NS and SOA and the marks apart.
#[derive(Debug, Default)]
pub(crate) struct Sorted<'a> {
    /// This stack's.
    pub ours: Vec<Own<'a>>,
    /// Everything else, with the other stack that it belongs to.
    pub foreign: Vec<(&'a ResourceRecordSet, Option<String>)>,
    /// Marks of this stack whose record is gone.
    pub orphans: BTreeMap<Which, &'a ResourceRecordSet>,
    /// Marks of others whose record is gone, and what no stack has written.
    pub left: usize,
    /// What is told of marks.
    pub odd: Vec<Odd>,
}

impl Sorted<'_> {
    /// How many record sets are not this stack's to take away.
    pub(crate) fn others(&self) -> usize {
        self.foreign.len() + self.left
    }
}

/// Sorts the records of a zone, as a stack in a region sees them.
pub(crate) fn sort<'a>(sets: &'a [ResourceRecordSet], zone: &str, owner: &str) -> Sorted<'a> {
    let mut sorted = Sorted::default();
    let mut marks: BTreeMap<Which, Vec<(&ResourceRecordSet, Mark)>> = BTreeMap::new();
    let mut plain = Vec::new();
    for set in sets.iter().filter(|set| !is_apex(set, zone)) {
        if !is_mark(set, zone) {
            plain.push(set);
        } else if let Some(mark) = Mark::read(set, zone) {
            marks.entry(mark.which.clone()).or_default().push((set, mark));
        } else {
            sorted.left += 1;
            if pretends(set, owner, zone) {
                sorted.odd(set, "it is not as evenkeel writes a mark");
            }
        }
    }
    for set in plain {
        let which = Which::of(set);
        let found = marks.remove(&which).unwrap_or_default();
        match found.as_slice() {
            [] => sorted.foreign.push((set, None)),
            [(text, mark)] if mark.owner == owner && which.can_be_ours() => {
                sorted.ours.push(Own { set, mark: text, protect: mark.protect });
            }
            [(text, mark)] if mark.owner == owner => {
                sorted.left += 1;
                sorted.odd(text, "no stack file can ask for such a record");
                sorted.foreign.push((set, None));
            }
            several => {
                let others = several.iter().filter(|(_, mark)| mark.owner != owner);
                let other = others.map(|(_, mark)| tags::told(&mark.owner)).next();
                for (text, _) in several.iter().filter(|(_, mark)| mark.owner == owner) {
                    sorted.left += 1;
                    let other = other.as_deref().unwrap_or_default();
                    sorted.odd(text, &format!("stack {other} has marked the same record"));
                }
                sorted.foreign.push((set, other));
            }
        }
    }
    for (which, found) in marks {
        for (text, mark) in found {
            if mark.owner == owner {
                sorted.orphans.insert(which.clone(), text);
            } else {
                sorted.left += 1;
            }
        }
    }
    sorted
}

impl Sorted<'_> {
    fn odd(&mut self, set: &ResourceRecordSet, why: &str) {
        self.odd.push(Odd { name: name(set.name()), why: why.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_route53::types::{ResourceRecord, RrType};

    use super::super::marks::tests::{OWNER, mark, txt, written};
    use super::*;

    const ZONE: &str = "a.example";

    fn record(name: &str, kind: RrType) -> ResourceRecordSet {
        let value = ResourceRecord::builder().value("10.0.0.1").build().unwrap();
        ResourceRecordSet::builder().name(name).r#type(kind).ttl(60).resource_records(value).build().unwrap()
    }

    #[test]
    fn marks_say_whose_a_record_is() {
        let other_region = "cruddur@eu-west-1";
        let sets = [
            record("a.example.", RrType::Soa),
            record("\\052.a.example.", RrType::A),
            written(&mark(OWNER, "*.a.example", "A"), ZONE),
            record("api.a.example.", RrType::A),
            written(&mark(other_region, "api.a.example", "A"), ZONE),
            record("api.a.example.", RrType::Aaaa),
            written(&mark(OWNER, "gone.a.example", "A"), ZONE),
            written(&mark("blog@eu-west-1", "gone.a.example", "A"), ZONE),
        ];
        let sorted = sort(&sets, ZONE, OWNER);
        assert_eq!(sorted.ours.iter().map(|own| (own.set, own.mark)).collect::<Vec<_>>(), [(&sets[1], &sets[2])]);
        let other = Some("cruddur in eu-west-1".to_owned());
        assert_eq!(sorted.foreign, [(&sets[3], other), (&sets[5], None)]);
        assert_eq!(sorted.orphans.into_values().collect::<Vec<_>>(), [&sets[6]]);
        assert_eq!((sorted.left, sorted.odd), (1, Vec::new()));
    }

    #[test]
    fn marks_that_do_not_count_make_nothing_ours_and_are_told() {
        let www = mark(OWNER, "www.a.example", "A");
        let mut weighted = record("w.a.example.", RrType::A);
        (weighted.set_identifier, weighted.weight) = (Some("one".to_owned()), Some(1));
        let of_weighted = Mark { which: Which::of(&weighted), ..www.clone() };
        let sets = [
            record("www.a.example.", RrType::A),
            written(&www, ZONE),
            written(&mark("blog@eu-west-1", "www.a.example", "A"), ZONE),
            record("sub.a.example.", RrType::Ns),
            written(&mark(OWNER, "sub.a.example", "NS"), ZONE),
            weighted,
            written(&of_weighted, ZONE),
            record("api.a.example.", RrType::A),
            txt(&mark(OWNER, "api.a.example", "A").name(ZONE), &["\"hello\""]),
        ];
        let sorted = sort(&sets, ZONE, OWNER);
        assert!(sorted.ours.is_empty() && sorted.orphans.is_empty(), "{sorted:?}");
        assert_eq!((sorted.foreign.len(), sorted.odd.len(), sorted.left), (4, 4, 4));
        assert_eq!(sorted.foreign[0].1.as_deref(), Some("blog in eu-west-1"));
        let why: Vec<&str> = sorted.odd.iter().map(|odd| odd.why.as_str()).collect();
        assert!(why.contains(&"stack blog in eu-west-1 has marked the same record"), "{why:?}");
    }
}
