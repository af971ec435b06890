//! From what was read of a zone to live things: the records of the stack, those of others that are in the way, and marks that
//! do not count. Pure; what is ours and what is not is decided in `sort.rs`.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_route53::types::ResourceRecordSet;
use evenkeel_core::doc::Doc;
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::{ForeignMember, Live, Owner};

use super::form::{Key, Record, Spec, canonical, key, name};
use super::id;
use super::marks::{Mark, Which};
use super::sort::{Odd, Own, Sorted, sort};
use crate::resource::doc;
use crate::services::route53::read::{self, Route53, Zone};
use crate::tags::{self, Tags};

/// What stands for the protection where some marks protect and some do not, so that all are written anew.
const VARIES: &str = "varies";

/// What was read of a zone.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The zone.
    pub zone: &'a Zone,
    /// Its records.
    pub sets: &'a [ResourceRecordSet],
    /// Whether its tags say that the stack has records there.
    pub tagged: bool,
    /// The stack in its region.
    pub owner: &'a str,
    /// The records that are wanted there; `None` if this is not a zone that the stack file means.
    pub wanted: Option<&'a BTreeSet<Key>>,
}

/// The wanted records of a zone; `None` if this is not the zone that the stack file means.
pub fn wanted_in<'a>(read: &'a Route53, zones: &[Zone], zone: &Zone) -> Option<&'a BTreeSet<Key>> {
    let wanted = read.wanted.records.get(&zone.name)?;
    let id = read.wanted.lookups.get(&zone.name).and_then(Option::as_deref);
    // An ambiguous name is told where the zone is looked up.
    let meant = read::choose(zones, &zone.name, id).ok().flatten();
    meant.is_none_or(|meant| meant.id == zone.id).then_some(wanted)
}

impl Seen<'_> {
    /// The records of the stack in the zone with those of others that stand where the graph wants one, and what is odd.
    ///
    /// If nothing there is ours but something foreign is in the way, an empty thing of ours carries it, so that the plan tells.
    /// An empty one also stands for marks without records and for the zone's tag, if nothing is wanted there: they have to go.
    pub fn observed(&self) -> Vec<Live<Spec>> {
        let zone = &self.zone.name;
        let mut sorted = sort(self.sets, zone, self.owner);
        let mut odd = std::mem::take(&mut sorted.odd);
        if let Some(wanted) = self.wanted {
            let lost =
                sorted.orphans.iter().filter(|(which, _)| !wanted.contains(&(which.name.clone(), which.kind.clone())));
            odd.extend(lost.map(|(which, set)| Odd {
                name: name(set.name()),
                why: format!("there is no record {} {}", which.name, which.kind),
            }));
        }
        let mut lives: Vec<Live<Spec>> = odd.iter().map(|odd| self.stray(odd)).collect();
        lives.extend(self.records(&sorted));
        lives
    }

    fn records(&self, sorted: &Sorted<'_>) -> Option<Live<Spec>> {
        let foreign = self.foreign(sorted);
        let traces = self.tagged && self.wanted.is_none();
        if sorted.ours.is_empty() && sorted.orphans.is_empty() && foreign.is_empty() && !traces {
            return None;
        }
        let mut records: Vec<Record> = sorted.ours.iter().map(|own| canonical(own.set)).collect();
        records.sort_by_key(Record::key);
        let zone_id = self.zone.id.as_str();
        let spec = Spec { zone_id: zone_id.into(), records, tags: protection(&sorted.ours) };
        let mut live = live(zone_id, &id(&self.zone.name), spec);
        // Where only some are protected, what is protected decides.
        live.protected = sorted.ours.iter().any(|own| own.protect);
        live.foreign = foreign;
        Some(live)
    }

    /// What of others stands where the graph wants one of ours, or its mark.
    fn foreign(&self, sorted: &Sorted<'_>) -> Vec<ForeignMember> {
        let Some(wanted) = self.wanted else { return Vec::new() };
        let mut members: BTreeMap<Key, ForeignMember> = BTreeMap::new();
        for (set, other) in &sorted.foreign {
            let key = key(set);
            let same: &[&str] = if wanted.contains(&key) {
                &["name", "type"]
            } else if clashes(wanted, &key) {
                &["name"]
            } else {
                continue;
            };
            members.entry(key.clone()).or_insert_with(|| member(&key, same, doc(&canonical(set)), other.clone()));
        }
        let ours: BTreeSet<String> = sorted
            .ours
            .iter()
            .map(|own| own.mark)
            .chain(sorted.orphans.values().copied())
            .map(|set| name(set.name()))
            .collect();
        let texts: BTreeMap<String, &ResourceRecordSet> =
            self.sets.iter().filter(|set| key(set).1 == "TXT").map(|set| (name(set.name()), set)).collect();
        let in_place = wanted.iter().filter_map(|wanted| {
            let which = Which::plain(wanted);
            let place = Mark { owner: self.owner.to_owned(), which, protect: false }.name(&self.zone.name);
            let text = texts.get(&place).filter(|_| !ours.contains(&place))?;
            // It stands for the record whose mark it keeps out.
            let (name, kind) = wanted.clone();
            let have = Record { name, kind, ..canonical(text) };
            Some(member(&(place, "TXT".to_owned()), &["name", "type"], doc(&have), None))
        });
        let texts: Vec<ForeignMember> = in_place.collect();
        members.into_values().chain(texts).collect()
    }

    fn stray(&self, odd: &Odd) -> Live<Spec> {
        let mark = format!("{}={}, but {}", tags::STACK, self.owner, odd.why);
        let id = format!("{}/{}", self.zone.id, odd.name);
        let nothing = Spec { zone_id: self.zone.id.as_str().into(), records: Vec::new(), tags: Tags::new() };
        Live::new(id, format!("{} TXT", odd.name), Owner::Stray(mark), nothing)
    }
}

fn member((name, kind): &Key, same: &[&str], have: Doc, stack: Option<String>) -> ForeignMember {
    let same = same.iter().map(|field| (*field).to_owned()).collect();
    ForeignMember { key: format!("{name}/{kind}"), list: "records".to_owned(), same, have, stack }
}

/// What the marks say of protection, as a tag.
fn protection(ours: &[Own<'_>]) -> Tags {
    let protected = ours.iter().filter(|own| own.protect).count();
    let value = match protected {
        0 => return Tags::new(),
        count if count == ours.len() => "true",
        _ => VARIES,
    };
    Tags::from([(tags::PROTECT.to_owned(), value.to_owned())])
}

/// Whether a record of this name and type cannot stand beside a wanted one: one of the two is a CNAME.
fn clashes(wanted: &BTreeSet<Key>, (name, kind): &Key) -> bool {
    let mut same_name = wanted.range((name.clone(), String::new())..).take_while(|(other, _)| other == name);
    same_name.any(|(_, other)| other != kind && (other == "CNAME" || kind == "CNAME"))
}

/// The records of a node in a zone, as a live thing.
pub fn live(zone_id: &str, node: &NodeId, spec: Spec) -> Live<Spec> {
    let targets: BTreeSet<String> = spec.records.iter().flat_map(Record::targets).collect();
    let mut live = Live::new(zone_id, "", Owner::Ours(node.clone()), spec);
    live.handles.clear();
    live.uses = std::iter::once(zone_id.to_owned()).chain(targets).collect();
    live
}

#[cfg(test)]
pub mod tests {
    use aws_sdk_route53::types::{ResourceRecord, RrType};

    use super::super::marks::tests::{OWNER, mark, txt, written};
    use super::*;

    pub fn zone() -> Zone {
        let (id, name, reference) = ("Z1".to_owned(), "a.example".to_owned(), String::new());
        Zone { id, name, private: false, comment: None, reference, linked: false, count: 0 }
    }

    pub fn set(name: &str, kind: RrType, value: &str) -> ResourceRecordSet {
        let value = ResourceRecord::builder().value(value).build().unwrap();
        ResourceRecordSet::builder().name(name).r#type(kind).ttl(60).resource_records(value).build().unwrap()
    }

    pub fn keys(keys: &[(&str, &str)]) -> BTreeSet<Key> {
        keys.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned())).collect()
    }

    pub fn seen(sets: &[ResourceRecordSet], wanted: Option<&BTreeSet<Key>>) -> Vec<Live<Spec>> {
        Seen { zone: &zone(), sets, tagged: false, owner: OWNER, wanted }.observed()
    }

    #[test]
    fn only_what_is_in_the_way_is_told_of_others() {
        let sets = [
            set("a.example.", RrType::Ns, "ns-1.example."),
            set("api.a.example.", RrType::A, "10.0.0.1"),
            set("api.a.example.", RrType::Txt, "\"x\""),
            set("www.a.example.", RrType::Cname, "b.example"),
            set("mail.a.example.", RrType::A, "10.0.0.1"),
        ];
        let wanted = keys(&[("api.a.example", "A"), ("www.a.example", "A"), ("www.a.example", "AAAA")]);
        let live = seen(&sets, Some(&wanted)).remove(0);
        let told: Vec<_> = live.foreign.iter().map(|member| (member.key.as_str(), member.same.len())).collect();
        assert_eq!(told, [("api.a.example/A", 2), ("www.a.example/CNAME", 1)]);
        assert_eq!(seen(&sets, None), []);
        assert_eq!(seen(&sets, Some(&keys(&[("new.a.example", "A")]))), []);
    }

    #[test]
    fn a_text_in_the_place_of_a_mark_is_in_the_way() {
        let place = mark(OWNER, "api.a.example", "A").name("a.example");
        let sets = [txt(&place, &["\"hello\""])];
        let lives = seen(&sets, Some(&keys(&[("api.a.example", "A")])));
        assert!(matches!(&lives[0].owner, Owner::Stray(mark) if mark.contains("not as evenkeel writes")), "{lives:?}");
        let member = &lives[1].foreign[0];
        assert_eq!(member.key, format!("{place}/TXT"));
        assert_eq!((&member.have["name"], &member.have["type"]), (&"api.a.example".into(), &"A".into()));
        assert_eq!(seen(&sets, None).len(), 1, "it is told all the same");
    }

    #[test]
    fn marks_without_records_are_told_where_records_are_wanted_and_go_where_none_are() {
        let sets = [written(&mark(OWNER, "gone.a.example", "A"), "a.example")];
        let told = seen(&sets, Some(&keys(&[("api.a.example", "A")])));
        assert!(matches!(&told[0].owner, Owner::Stray(mark) if mark.contains("there is no record gone.a.example A")));
        let dropped = seen(&sets, None);
        assert_eq!((dropped.len(), &dropped[0].owner), (1, &Owner::Ours(id("a.example"))));
        let tag = Seen { zone: &zone(), sets: &[], tagged: true, owner: OWNER, wanted: None };
        assert_eq!(tag.observed().len(), 1, "a tag that was left over goes");
        assert_eq!(Seen { wanted: Some(&BTreeSet::new()), ..tag }.observed(), []);
    }

    #[test]
    fn protection_outlives_the_entry() {
        let protected = Mark { protect: true, ..mark(OWNER, "b.a.example", "A") };
        let mut sets = vec![set("b.a.example.", RrType::A, "10.0.0.1"), written(&protected, "a.example")];
        let live = seen(&sets, None).remove(0);
        assert_eq!((live.protected, live.have.tags[tags::PROTECT].as_str()), (true, "true"));
        sets.push(set("c.a.example.", RrType::A, "10.0.0.1"));
        sets.push(written(&mark(OWNER, "c.a.example", "A"), "a.example"));
        let live = seen(&sets, None).remove(0);
        assert_eq!((live.protected, live.have.tags[tags::PROTECT].as_str()), (true, VARIES));
    }
}
