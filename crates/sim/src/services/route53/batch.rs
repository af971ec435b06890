//! Changes of record sets: all of a request or none of it, one after the other. Everything that is wrong is told in one message.
//! Whether a record may stand beside others, and what an alias targets, is judged by what the zone is when its turn comes.

use std::collections::BTreeMap;

use serde_json::json;

use super::making;
use super::names::is_within;
use super::shape::{self, Wanted};
use super::state::{RecordSet, Zone, bare, set_key};
use super::zones::own;
use crate::call::{Call, Handler, Input, Members, Refusal, Reply};
use crate::services::elb;
use crate::world::Account;

/// The operations of this part.
pub(super) const OPERATIONS: &[(&str, Handler)] = &[("ChangeResourceRecordSets", change)];

/// Domains in which AWS's own services have names that an alias can target.
const SERVICES: [&str; 5] =
    [".amazonaws.com.", ".cloudfront.net.", ".awsglobalaccelerator.com.", ".elasticbeanstalk.com.", ".on.aws."];

fn refused(problems: &[String]) -> Refusal {
    Refusal::new("InvalidChangeBatch", format!("[{}]", problems.join(", "))).status(400)
}

fn change(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = bare(input.text_or_empty("HostedZoneId")).to_owned();
    own(call.account().route53.zone(&id)?)?;
    let batch = input.map("ChangeBatch").cloned().unwrap_or_default();
    let changes = batch.list("Changes");
    changes.iter().try_for_each(shape::check)?;
    if let Some(problem) = shape::too_much(changes) {
        return Err(refused(&[problem]));
    }
    let wanted: Vec<Wanted> = changes.iter().map(shape::read).collect();
    let account = call.account();
    let balancers = balancers(account, &wanted);
    let route53 = &mut account.route53;
    for want in &wanted {
        if let Some(check) = want.set.document.text("HealthCheckId").filter(|_| want.action != "DELETE")
            && !route53.checks.contains_key(check)
        {
            let text = format!("A health check with id {check} does not exist.");
            return Err(Refusal::new("NoSuchHealthCheck", text));
        }
    }
    // Taken out for the time being: an alias can target a record of another zone of the account.
    let mut zone = std::mem::take(route53.zone(&id)?);
    let mut work = Work { zone: &mut zone, undo: Vec::new(), problems: Vec::new() };
    work.apply(&wanted, &Others { zones: &route53.zones, balancers });
    work.judge(&wanted);
    let (problems, undo) = (work.problems, work.undo);
    if !problems.is_empty() {
        for (key, before) in undo.into_iter().rev() {
            match before {
                Some(set) => zone.sets.insert(key, set),
                None => zone.sets.remove(&key),
            };
        }
    }
    route53.zones.insert(id, zone);
    if !problems.is_empty() {
        return Err(refused(&problems));
    }
    let place = call.place.clone();
    let (info, spread) = making::begin(call.world, &place, batch.text("Comment"));
    let zone = call.account().route53.zone(input.text_or_empty("HostedZoneId"))?;
    for want in wanted.iter().filter(|want| want.action != "DELETE") {
        if let Some(set) = zone.sets.get_mut(&key_of(&want.set)) {
            set.spread = spread;
        }
    }
    Ok(json!({"ChangeInfo": info}))
}

/// What an alias can target besides the zone's own records.
struct Others<'a> {
    /// The account's other zones.
    zones: &'a BTreeMap<String, Zone>,
    /// The hosted zones of the load balancers that are targeted; none for one that is not there.
    balancers: BTreeMap<String, Option<String>>,
}

/// The targets that look like load balancers, and the hosted zone that AWS keeps each one's name in.
fn balancers(account: &Account, wanted: &[Wanted]) -> BTreeMap<String, Option<String>> {
    let targets = wanted.iter().filter_map(|want| want.set.alias()).map(|(_, target)| target);
    let balancers = targets.filter(|target| target.contains(".elb.") && target.ends_with(".amazonaws.com."));
    let zone_of = |target: &str| {
        let mut zones = account.regions.values().filter_map(|region| elb::zone_of_name(region, target));
        zones.next().map(str::to_owned)
    };
    balancers.map(|target| (target.to_owned(), zone_of(target))).collect()
}

/// A batch under way.
struct Work<'z> {
    zone: &'z mut Zone,
    /// What stood there before, in the order of the changes.
    undo: Vec<(String, Option<RecordSet>)>,
    problems: Vec<String>,
}

fn called(set: &RecordSet) -> String {
    let identifier = set.identifier.as_ref().map(|id| format!(", set-identifier='{id}'")).unwrap_or_default();
    format!("resource record set [name='{}', type='{}'{identifier}]", set.name, set.kind)
}

fn rrset(set: &RecordSet) -> String {
    let identifier = set.identifier.as_ref().map(|id| format!(", SetIdentifier {id}")).unwrap_or_default();
    format!("RRSet with DNS name {}, type {}{identifier}", set.name, set.kind)
}

fn key_of(set: &RecordSet) -> String {
    set_key(&set.name, &set.kind, set.identifier.as_deref())
}

impl Work<'_> {
    /// Carries the changes out one after the other, and notes what is wrong with each by itself.
    fn apply(&mut self, wanted: &[Wanted], others: &Others<'_>) {
        let mut seen: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for want in wanted {
            let set = &want.set;
            let key = key_of(set);
            let before = seen.entry(key.clone()).or_default();
            before.push(&want.action);
            // A set can be deleted and made anew in one request; anything else twice makes no sense.
            if before.len() > 1
                && before.as_slice() != ["DELETE", "CREATE"]
                && before.as_slice() != ["DELETE", "UPSERT"]
            {
                let text = "The request contains an invalid set of changes for a resource record set";
                self.problems.push(format!("{text} '{} {}'", set.kind, set.name));
                continue;
            }
            self.problems.extend(want.problems.iter().cloned());
            let within = is_within(&set.name, &self.zone.name);
            if want.is_named && !within {
                let zone = &self.zone.name;
                self.problems.push(format!("RRSet with DNS name {} is not permitted in zone {zone}", set.name));
            }
            if want.problems.is_empty() && within {
                self.one(want, key, others);
            }
        }
    }

    fn one(&mut self, want: &Wanted, key: String, others: &Others<'_>) {
        let set = &want.set;
        let here = self.zone.sets.get(&key);
        let problem = match (want.action.as_str(), here) {
            ("CREATE", Some(_)) => Some(format!("Tried to create {} but it already exists", called(set))),
            ("DELETE", None) => Some(format!("Tried to delete {} but it was not found", called(set))),
            ("DELETE", Some(here)) if !shape::same(here, set) => {
                let text = "but the values provided do not match the current values";
                Some(format!("Tried to delete {} {text}", called(set)))
            }
            _ => None,
        };
        if let Some(problem) = problem {
            self.problems.push(problem);
            return;
        }
        let before = match want.action.as_str() {
            "DELETE" => self.zone.sets.remove(&key),
            _ => self.zone.sets.insert(key.clone(), set.clone()),
        };
        self.undo.push((key, before));
        if want.action != "DELETE" {
            let zone = &*self.zone;
            let found = [beside_others(zone, set), unrouted(zone, set), alias(zone, set, others)];
            self.problems.extend(found.into_iter().flatten());
        }
    }

    /// Judges what the zone has become.
    fn judge(&mut self, wanted: &[Wanted]) {
        let mut found = Vec::new();
        let zone = &*self.zone;
        let apex = zone.name.to_ascii_lowercase();
        let touched = |kind: &str| wanted.iter().any(|want| want.set.name == apex && want.set.kind == kind);
        if touched("NS") && !zone.sets.contains_key(&set_key(&apex, "NS", None)) {
            found.push("A HostedZone must contain at least one NS record for the zone itself.".to_owned());
        }
        if touched("SOA") && !zone.sets.contains_key(&set_key(&apex, "SOA", None)) {
            found.push("A HostedZone must contain exactly one SOA record.".to_owned());
        }
        self.problems.extend(found);
    }
}

/// The other sets of the same name.
pub(super) fn namesakes<'z>(zone: &'z Zone, set: &RecordSet) -> impl Iterator<Item = &'z RecordSet> {
    let own = key_of(set);
    let start = set_key(&set.name, "", None);
    let start = start.trim_end_matches('\u{1}').to_owned();
    let prefix = format!("{start}\u{1}");
    let others = zone.sets.range(start..).take_while(move |(key, _)| key.starts_with(&prefix));
    others.filter(move |(key, _)| **key != own).map(|(_, set)| set)
}

/// A CNAME stands alone.
fn beside_others(zone: &Zone, set: &RecordSet) -> Option<String> {
    let (name, kind, apex) = (&set.name, &set.kind, &zone.name);
    if kind == "CNAME" {
        if name.eq_ignore_ascii_case(apex) {
            return Some(format!("RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {apex}"));
        }
        return namesakes(zone, set).any(|other| other.kind != "CNAME").then(|| {
            format!(
                "RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records with the \
                 same DNS name in zone {apex}"
            )
        });
    }
    if kind == "SOA" && !name.eq_ignore_ascii_case(apex) {
        return Some(format!("RRSet of type SOA with DNS name {name} is not permitted in zone {apex}"));
    }
    namesakes(zone, set).any(|other| other.kind == "CNAME").then(|| {
        format!(
            "RRSet of type {kind} with DNS name {name} is not permitted because a conflicting RRSet of type  CNAME with \
             the same DNS name already exists in zone {apex}"
        )
    })
}

/// All sets of one name and type are told apart by the same thing, and differ in it.
fn unrouted(zone: &Zone, set: &RecordSet) -> Option<String> {
    let mine = shape::routing(&set.document);
    let mut others = namesakes(zone, set).filter(|other| other.kind == set.kind);
    let name = rrset(set);
    others.find_map(|other| match (mine, shape::routing(&other.document)) {
        (None, _) => Some(format!("{name} cannot be created as other RRSets exist with the same name and type.")),
        (Some((kind, text)), theirs) if theirs.is_none_or(|(other, _)| other != kind) => {
            Some(format!("{name} cannot be created {text} with the same name and type."))
        }
        (Some((kind @ ("Region" | "Failover" | "GeoLocation"), _)), _) => {
            let equal = set.document.get(*kind) == other.document.get(*kind);
            let text =
                format!("{name} cannot be created as a set with the same {kind} exists with the same name and type.");
            equal.then_some(text)
        }
        _ => None,
    })
}

/// An alias targets something that is there, in the zone that it names.
fn alias(zone: &Zone, set: &RecordSet, others: &Others<'_>) -> Option<String> {
    let (target_zone, target) = set.alias()?;
    let kind = &set.kind;
    let text = format!("Tried to create an alias that targets {target}, type {kind} in zone {target_zone}, but");
    let target_of = if target_zone == zone.id { Some(zone) } else { others.zones.get(target_zone) };
    let Some(home) = target_of else {
        // Of AWS's own zones nothing is known but what lies in them.
        let known = SERVICES.iter().any(|domain| target.ends_with(domain));
        if !known {
            return Some(format!("{text} the alias target name does not lie within the target zone"));
        }
        return match others.balancers.get(target)? {
            None => Some(format!("{text} that target was not found")),
            Some(zone) if zone == target_zone => None,
            Some(_) => Some(format!("{text} the alias target name does not lie within the target zone")),
        };
    };
    if !is_within(target, &home.name) {
        return Some(format!("{text} the alias target name does not lie within the target zone"));
    }
    let seed = RecordSet { name: target.to_owned(), kind: String::new(), ..RecordSet::default() };
    let found = namesakes(home, &seed).any(|other| other.kind == *kind);
    (!found).then(|| format!("{text} that target was not found"))
}
