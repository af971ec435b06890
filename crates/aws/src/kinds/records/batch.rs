//! Which changes bring a zone to what is wanted, and how they are cut into requests. A record and its mark always go in one
//! request, and so does everything of one name, since a CNAME and other records of its name can only swap places at once.
//! Nothing of somebody else's is touched unless it is to be adopted. Pure.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_route53::types::{AliasTarget, Change, ChangeAction, ResourceRecord, ResourceRecordSet, RrType};
use evenkeel_core::doc::Text;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::id::NodeId;

use super::form::{Key, Record, Sorted, canonical, key, mark_name, mark_value, marked_by, name, sort};

const OPERATION: &str = "route53:ChangeResourceRecordSets";
/// Most values in one request; an UPSERT counts twice.
const VALUES: usize = 1000;
/// Most characters of values in one request; an UPSERT counts twice.
const CHARACTERS: usize = 32_000;
/// Seconds that a mark may be cached.
const MARK_TTL: i64 = 300;

/// What is to be done in a zone.
#[derive(Debug)]
pub struct Job<'a> {
    /// The zone's name.
    pub zone: &'a str,
    /// The stack.
    pub stack: &'a str,
    /// The node, for the marks.
    pub node: &'a NodeId,
    /// Records to be there.
    pub write: Vec<Record>,
    /// Records of ours to go.
    pub remove: BTreeSet<Key>,
    /// Records of somebody else that may be taken over.
    pub adopt: BTreeSet<Key>,
    /// Whether marks without a record go too.
    pub tidy: bool,
}

/// Everything of one name that changes.
type Unit = Vec<Change>;

/// What is there now, for quick finding.
struct Now<'a> {
    sorted: Sorted<'a>,
    /// By name and type; several if weighted or the like.
    sets: BTreeMap<Key, Vec<&'a ResourceRecordSet>>,
}

impl<'a> Now<'a> {
    fn is_ours(&self, set: &ResourceRecordSet) -> bool {
        self.sorted.ours.contains(&set)
    }

    fn mark(&self, record: &str, kind: &str, zone: &str) -> Option<&'a ResourceRecordSet> {
        self.sets.get(&(mark_name(record, kind, zone), "TXT".to_owned()))?.first().copied()
    }
}

/// The requests that do a job in a zone with these records; none if it is done.
///
/// # Errors
/// `Exists`: a record of somebody else is in the way. `Invalid`: it cannot be taken over. `Bug`: a value has a hole.
pub fn requests(job: &Job<'_>, now: &[ResourceRecordSet]) -> Result<Vec<Vec<Change>>, CloudError> {
    let mut by_key: BTreeMap<Key, Vec<&ResourceRecordSet>> = BTreeMap::new();
    for set in now {
        by_key.entry(key(set)).or_default().push(set);
    }
    let now = Now { sorted: sort(now, job.zone, job.stack), sets: by_key };
    let mut units: BTreeMap<String, Unit> = BTreeMap::new();
    for gone in &job.remove {
        let changes = units.entry(gone.0.clone()).or_default();
        remove(job, &now, gone, changes)?;
    }
    if job.tidy {
        for orphan in &now.sorted.orphans {
            units.entry(name(orphan.name())).or_default().push(change(ChangeAction::Delete, (*orphan).clone())?);
        }
    }
    for record in &job.write {
        let changes = units.entry(record.name.clone()).or_default();
        write(job, &now, record, changes)?;
    }
    Ok(cut(units.into_values().filter(|unit| !unit.is_empty())))
}

/// Deletes a record of ours and its mark, exactly as they are.
fn remove(job: &Job<'_>, now: &Now<'_>, gone: &Key, changes: &mut Unit) -> Result<(), CloudError> {
    for set in now.sets.get(gone).into_iter().flatten().filter(|set| now.is_ours(set)) {
        changes.push(change(ChangeAction::Delete, (*set).clone())?);
        if let Some(mark) = now.mark(&gone.0, &gone.1, job.zone) {
            changes.push(change(ChangeAction::Delete, mark.clone())?);
        }
    }
    Ok(())
}

fn write(job: &Job<'_>, now: &Now<'_>, record: &Record, changes: &mut Unit) -> Result<(), CloudError> {
    make_room(job, now, record, changes)?;
    let there = now.sets.get(&record.key()).map(Vec::as_slice).unwrap_or_default();
    if there.iter().any(|set| set.set_identifier().is_some() || set.traffic_policy_instance_id().is_some()) {
        let text =
            format!("{} {} has a routing policy made by somebody else; it cannot be adopted", record.name, record.kind);
        return Err(CloudError::local(ErrorClass::Invalid, OPERATION, text));
    }
    match there.first() {
        None => changes.push(change(ChangeAction::Create, to_set(record)?)?),
        Some(set) if now.is_ours(set) => {
            if canonical(set) != *record {
                changes.push(change(ChangeAction::Upsert, to_set(record)?)?);
            }
        }
        Some(_) if job.adopt.contains(&record.key()) => {
            changes.push(change(ChangeAction::Upsert, to_set(record)?)?);
        }
        Some(_) => return Err(in_the_way(&record.key())),
    }
    mark(job, now, record, changes)
}

/// Takes away what cannot stand beside a record: a CNAME, or anything beside a CNAME.
fn make_room(job: &Job<'_>, now: &Now<'_>, record: &Record, changes: &mut Unit) -> Result<(), CloudError> {
    let same_name = now.sets.range((record.name.clone(), String::new())..).take_while(|(key, _)| key.0 == record.name);
    for (other, sets) in same_name.filter(|(other, _)| record.clashes(other) && !job.remove.contains(*other)) {
        if !job.adopt.contains(other) {
            return Err(in_the_way(other));
        }
        for set in sets {
            changes.push(change(ChangeAction::Delete, (*set).clone())?);
        }
        if let Some(mark) = now.mark(&other.0, &other.1, job.zone) {
            changes.push(change(ChangeAction::Delete, mark.clone())?);
        }
    }
    Ok(())
}

fn mark(job: &Job<'_>, now: &Now<'_>, record: &Record, changes: &mut Unit) -> Result<(), CloudError> {
    let text = mark_value(job.stack, job.node);
    let (mark, value) = (mark_name(&record.name, &record.kind, job.zone), Text::from(text.as_str()));
    let kind = "TXT".to_owned();
    let wanted = Record { name: mark.clone(), kind, ttl: Some(MARK_TTL), values: Some(vec![value]), alias: None };
    let action = match now.mark(&record.name, &record.kind, job.zone) {
        None => ChangeAction::Create,
        Some(set) if set.resource_records().iter().any(|value| value.value() == text) => return Ok(()),
        Some(set) => match marked_by(set) {
            Some(stack) if stack == job.stack || job.adopt.contains(&record.key()) => ChangeAction::Upsert,
            _ => return Err(in_the_way(&wanted.key())),
        },
    };
    changes.push(change(action, to_set(&wanted)?)?);
    Ok(())
}

fn in_the_way((name, kind): &Key) -> CloudError {
    let mut error =
        CloudError::local(ErrorClass::Exists, OPERATION, format!("{name} {kind} exists and is not of this stack"));
    error.hint = Some("delete it, or plan again and adopt it".to_owned());
    error
}

fn change(action: ChangeAction, set: ResourceRecordSet) -> Result<Change, CloudError> {
    Change::builder().action(action).resource_record_set(set).build().map_err(bug)
}

fn to_set(record: &Record) -> Result<ResourceRecordSet, CloudError> {
    let known = |text: &Text| {
        let open = || CloudError::bug(OPERATION, format!("a value of {} is not known", record.name));
        text.known().map(str::to_owned).ok_or_else(open)
    };
    let mut set = ResourceRecordSet::builder().name(&record.name).r#type(RrType::from(record.kind.as_str()));
    if let Some(alias) = &record.alias {
        let target = AliasTarget::builder()
            .hosted_zone_id(known(&alias.zone_id)?)
            .dns_name(known(&alias.dns_name)?)
            .evaluate_target_health(alias.evaluate_target_health);
        return set.alias_target(target.build().map_err(bug)?).build().map_err(bug);
    }
    for value in record.values.iter().flatten() {
        set = set.resource_records(ResourceRecord::builder().value(known(value)?).build().map_err(bug)?);
    }
    set.set_ttl(record.ttl).build().map_err(bug)
}

fn bug(error: impl std::fmt::Display) -> CloudError {
    CloudError::bug(OPERATION, error.to_string())
}

/// Puts units into as few requests as the limits allow, in their order.
fn cut(units: impl Iterator<Item = Unit>) -> Vec<Vec<Change>> {
    let mut requests: Vec<Vec<Change>> = Vec::new();
    let (mut values, mut characters) = (0, 0);
    for unit in units {
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
    requests
}

/// How many values, and characters of values, a change counts for.
fn weigh(change: &Change) -> (usize, usize) {
    let factor = if *change.action() == ChangeAction::Upsert { 2 } else { 1 };
    let records = change.resource_record_set().map(ResourceRecordSet::resource_records).unwrap_or_default();
    let characters: usize = records.iter().map(|record| record.value().chars().count()).sum();
    (factor * records.len().max(1), factor * characters)
}
