//! From what was read of a zone to the live thing: the records of the stack, and those of others that are in the way.
//! Pure; what is ours and what is not is decided in `form.rs`.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_route53::types::ResourceRecordSet;
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::{ForeignMember, Live, Owner};

use super::form::{Key, Record, Spec, canonical, key, sort};
use super::id;
use crate::read::route53::{self, Route53, Zone};
use crate::resource::doc;

/// Where the stack is kept among a live thing's handles: marks name it, and a deletion has to compare them.
const STACK: &str = "records_of/";

/// The wanted records of a zone; `None` if this is not the zone that the stack file means.
pub fn wanted_in<'a>(read: &'a Route53, zones: &[Zone], zone: &Zone) -> Option<&'a BTreeSet<Key>> {
    let wanted = read.wanted.records.get(&zone.name)?;
    let id = read.wanted.lookups.get(&zone.name).and_then(Option::as_deref);
    // An ambiguous name is told where the zone is looked up.
    let meant = route53::choose(zones, &zone.name, id).ok().flatten();
    meant.is_none_or(|meant| meant.id == zone.id).then_some(wanted)
}

/// The records of the stack in a zone, and those of others that stand where the graph wants one.
///
/// If nothing there is ours but something foreign is in the way, an empty thing of ours carries it, so that the plan tells.
pub fn observed(sets: &[ResourceRecordSet], zone: &Zone, stack: &str, wanted: Option<&BTreeSet<Key>>) -> Option<Live> {
    let sorted = sort(sets, &zone.name, stack);
    let mut foreign: BTreeMap<Key, ForeignMember> = BTreeMap::new();
    for (set, other) in sorted.foreign {
        let key = key(set);
        let Some(wanted) = wanted else { continue };
        let same: &[&str] = if wanted.contains(&key) {
            &["name", "type"]
        } else if clashes(wanted, &key) {
            &["name"]
        } else {
            continue;
        };
        foreign.entry(key.clone()).or_insert_with(|| ForeignMember {
            key: format!("{}/{}", key.0, key.1),
            list: "records".to_owned(),
            same: same.iter().map(|field| (*field).to_owned()).collect(),
            have: doc(&canonical(set)),
            stack: other,
        });
    }
    if sorted.ours.is_empty() && sorted.orphans.is_empty() && foreign.is_empty() {
        return None;
    }
    let mut records: Vec<Record> = sorted.ours.into_iter().map(canonical).collect();
    records.sort_by_key(Record::key);
    let mut live = live(&zone.id, stack, &id(&zone.name), &Spec { zone_id: zone.id.as_str().into(), records });
    live.foreign = foreign.into_values().collect();
    Some(live)
}

/// Whether a record of this name and type cannot stand beside a wanted one: one of the two is a CNAME.
fn clashes(wanted: &BTreeSet<Key>, (name, kind): &Key) -> bool {
    let mut same_name = wanted.range((name.clone(), String::new())..).take_while(|(other, _)| other == name);
    same_name.any(|(_, other)| other != kind && (other == "CNAME" || kind == "CNAME"))
}

/// The records of a node in a zone, as a live thing.
pub fn live(zone_id: &str, stack: &str, node: &NodeId, spec: &Spec) -> Live {
    let mut live = Live::new(zone_id, "", Owner::Ours(node.clone()), doc(spec));
    live.handles = vec![format!("{STACK}{stack}")];
    let targets: BTreeSet<String> = spec.records.iter().flat_map(Record::targets).collect();
    live.uses = std::iter::once(zone_id.to_owned()).chain(targets).collect();
    live
}

/// The stack whose records these are.
pub fn stack_of(live: &Live) -> &str {
    live.handles.iter().find_map(|handle| handle.strip_prefix(STACK)).unwrap_or_default()
}

#[cfg(test)]
pub mod tests {
    use aws_sdk_route53::types::{ResourceRecord, RrType};

    use super::*;

    pub fn zone() -> Zone {
        let (id, name, reference) = ("Z1".to_owned(), "a.example".to_owned(), String::new());
        Zone { id, name, private: false, comment: None, reference, linked: false }
    }

    pub fn set(name: &str, kind: RrType, value: &str) -> ResourceRecordSet {
        let value = ResourceRecord::builder().value(value).build().unwrap();
        ResourceRecordSet::builder().name(name).r#type(kind).ttl(60).resource_records(value).build().unwrap()
    }

    pub fn keys(keys: &[(&str, &str)]) -> BTreeSet<Key> {
        keys.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned())).collect()
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
        let live = observed(&sets, &zone(), "cruddur", Some(&wanted)).unwrap();
        let told: Vec<_> = live.foreign.iter().map(|member| (member.key.as_str(), member.same.len())).collect();
        assert_eq!(told, [("api.a.example/A", 2), ("www.a.example/CNAME", 1)]);
        assert_eq!(observed(&sets, &zone(), "cruddur", None), None);
        assert_eq!(observed(&sets, &zone(), "cruddur", Some(&keys(&[("new.a.example", "A")]))), None);
    }
}
