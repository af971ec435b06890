//! Which changes bring a zone to what is wanted. A record and its mark always go in one request, and so does everything of
//! one name. Nothing is written over: what is changed is deleted exactly as the plan saw it and created anew, so that Route 53
//! refuses if somebody was there meanwhile. Nothing of somebody else's is touched unless it is to be adopted. Pure; how the
//! changes are put in order and cut into requests: `order.rs`.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_route53::types::{AliasTarget, Change, ChangeAction, ResourceRecord, ResourceRecordSet, RrType};
use evenkeel_core::doc::Text;
use evenkeel_core::error::{CloudError, ErrorClass};

use super::form::{Key, Record, canonical, key};
use super::marks::{Mark, Which};
use super::order::{Unit, requests_of};
use super::sort::{Sorted, sort};

const OPERATION: &str = "route53:ChangeResourceRecordSets";
/// The code of an error that says that the zone is not as the plan saw it.
pub(super) const MOVED: &str = "Moved";
/// Seconds that a mark may be cached.
const MARK_TTL: i64 = 300;

/// What is to be done in a zone.
#[derive(Debug)]
pub(super) struct Job<'a> {
    /// The zone's name.
    pub zone: &'a str,
    /// The stack in its region, as marks name it.
    pub owner: &'a str,
    /// Whether the marks protect the records.
    pub protect: bool,
    /// Records to be there.
    pub write: Vec<Record>,
    /// Records of ours to go.
    pub remove: BTreeSet<Key>,
    /// Records of somebody else that may be taken over, as the plan saw them.
    pub adopt: BTreeMap<Key, Record>,
    /// Records of ours, as the plan saw them: nothing else may be changed or deleted.
    pub seen: BTreeMap<Key, Record>,
    /// Whether marks without a record go too.
    pub tidy: bool,
}

/// What is there now, for quick finding.
struct Now<'a> {
    sorted: Sorted<'a>,
    /// By name and type; several if weighted or the like.
    sets: BTreeMap<Key, Vec<&'a ResourceRecordSet>>,
}

impl<'a> Now<'a> {
    fn is_ours(&self, set: &ResourceRecordSet) -> bool {
        self.sorted.ours.iter().any(|own| own.set == set)
    }

    fn is_of_another_stack(&self, set: &ResourceRecordSet) -> bool {
        self.sorted.foreign.iter().any(|(foreign, stack)| *foreign == set && stack.is_some())
    }

    fn text_at(&self, place: &str) -> Option<&'a ResourceRecordSet> {
        self.sets.get(&(place.to_owned(), "TXT".to_owned()))?.first().copied()
    }
}

/// The requests that do a job in a zone with these records; none if it is done.
///
/// # Errors
/// `Exists`: a record of somebody else is in the way. `Invalid`: it cannot be taken over, or the zone is not as the plan saw
/// it. `Bug`: a value has a hole.
pub(super) fn requests(job: &Job<'_>, now: &[ResourceRecordSet]) -> Result<Vec<Vec<Change>>, CloudError> {
    let mut by_key: BTreeMap<Key, Vec<&ResourceRecordSet>> = BTreeMap::new();
    for set in now {
        by_key.entry(key(set)).or_default().push(set);
    }
    let now = Now { sorted: sort(now, job.zone, job.owner), sets: by_key };
    let mut units: BTreeMap<String, Unit> = BTreeMap::new();
    for gone in &job.remove {
        remove(job, &now, gone, units.entry(gone.0.clone()).or_default())?;
    }
    if job.tidy {
        for (which, orphan) in &now.sorted.orphans {
            units.entry(which.name.clone()).or_default().push(change(ChangeAction::Delete, (*orphan).clone())?);
        }
    }
    for record in &job.write {
        write(job, &now, record, units.entry(record.name.clone()).or_default())?;
    }
    Ok(requests_of(units.into_iter().filter(|(_, unit)| !unit.is_empty()).collect()))
}

/// Deletes a record of ours and its mark, exactly as they are.
fn remove(job: &Job<'_>, now: &Now<'_>, gone: &Key, changes: &mut Unit) -> Result<(), CloudError> {
    for own in now.sorted.ours.iter().filter(|own| key(own.set) == *gone) {
        as_seen(own.set, job.seen.get(gone))?;
        changes.push(change(ChangeAction::Delete, own.set.clone())?);
        changes.push(change(ChangeAction::Delete, own.mark.clone())?);
    }
    Ok(())
}

fn write(job: &Job<'_>, now: &Now<'_>, record: &Record, changes: &mut Unit) -> Result<(), CloudError> {
    make_room(job, now, record, changes)?;
    let there = now.sets.get(&record.key()).map(Vec::as_slice).unwrap_or_default();
    if there.iter().any(|set| set.set_identifier().is_some() || set.traffic_policy_instance_id().is_some()) {
        let text =
            format!("{} {} has a routing policy from outside evenkeel; it cannot be adopted", record.name, record.kind);
        return Err(CloudError::local(ErrorClass::Invalid, OPERATION, text));
    }
    if let Some(set) = there.first() {
        let adopted = job.adopt.get(&record.key()).filter(|_| !now.is_of_another_stack(set));
        let seen = if now.is_ours(set) {
            job.seen.get(&record.key())
        } else {
            Some(adopted.ok_or_else(|| in_the_way(&record.key()))?)
        };
        if canonical(set) != *record {
            as_seen(set, seen)?;
            changes.push(change(ChangeAction::Delete, (*set).clone())?);
            changes.push(change(ChangeAction::Create, to_set(record)?)?);
        }
    } else {
        changes.push(change(ChangeAction::Create, to_set(record)?)?);
    }
    mark(job, now, record, changes)
}

/// Takes away what cannot stand beside a record: a CNAME, or anything beside a CNAME.
fn make_room(job: &Job<'_>, now: &Now<'_>, record: &Record, changes: &mut Unit) -> Result<(), CloudError> {
    let same_name = now.sets.range((record.name.clone(), String::new())..).take_while(|(key, _)| key.0 == record.name);
    for (other, sets) in same_name.filter(|(other, _)| record.clashes(other) && !job.remove.contains(*other)) {
        for set in sets {
            let adopted = job.adopt.get(other).filter(|_| !now.is_of_another_stack(set));
            as_seen(set, Some(adopted.ok_or_else(|| in_the_way(other))?))?;
            let delete = change(ChangeAction::Delete, (*set).clone())?;
            // Two wanted records may both have to displace the one CNAME.
            if !changes.contains(&delete) {
                changes.push(delete);
            }
        }
    }
    Ok(())
}

fn mark(job: &Job<'_>, now: &Now<'_>, record: &Record, changes: &mut Unit) -> Result<(), CloudError> {
    let mark = Mark { owner: job.owner.to_owned(), which: Which::plain(&record.key()), protect: job.protect };
    let (place, text) = (mark.name(job.zone), mark.value());
    let values = Some(vec![Text::from(text.as_str())]);
    let wanted = Record { name: place.clone(), kind: "TXT".to_owned(), ttl: Some(MARK_TTL), values, alias: None };
    if let Some(set) = now.text_at(&place) {
        let there = Mark::read(set, job.zone);
        if there.as_ref() == Some(&mark) {
            return Ok(());
        }
        let ours = there.is_some_and(|there| Mark { protect: mark.protect, ..there } == mark);
        if !ours && !job.adopt.contains_key(&record.key()) {
            return Err(in_the_way(&wanted.key()));
        }
        changes.push(change(ChangeAction::Delete, set.clone())?);
    }
    changes.push(change(ChangeAction::Create, to_set(&wanted)?)?);
    Ok(())
}

/// What is there has to be what the plan saw.
fn as_seen(set: &ResourceRecordSet, seen: Option<&Record>) -> Result<(), CloudError> {
    let is = canonical(set);
    if seen == Some(&is) {
        return Ok(());
    }
    let text = format!("{} {} was changed after the plan was made", is.name, is.kind);
    let error = CloudError::local(ErrorClass::Invalid, OPERATION, text);
    Err(CloudError {
        code: MOVED.to_owned(),
        hint: Some("run the plan again to see the current state".to_owned()),
        ..error
    })
}

fn in_the_way((name, kind): &Key) -> CloudError {
    let mut error = CloudError::local(
        ErrorClass::Exists,
        OPERATION,
        format!("{name} {kind} exists and does not belong to this stack"),
    );
    error.hint = Some("delete it, or run the plan again and adopt it".to_owned());
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

#[cfg(test)]
pub(super) mod tests {
    use super::super::form::{Alias, name};
    use super::super::marks::tests::OWNER;
    use super::*;

    const ZONE: &str = "cruddur.example";
    const HOME: &str = "ca-central-1.cruddur._evenkeel.cruddur.example";

    pub(crate) fn record(name: &str, kind: &str, value: &str) -> Record {
        let (name, kind) = (name.to_owned(), kind.to_owned());
        Record { name, kind, ttl: Some(300), values: Some(vec![value.into()]), alias: None }
    }

    pub(crate) fn alias(name: &str, target: &str) -> Record {
        let alias = Alias { dns_name: target.into(), zone_id: "Z35".into(), evaluate_target_health: false };
        Record { ttl: None, values: None, alias: Some(alias), ..record(name, "A", "") }
    }

    pub(crate) fn job<'a>() -> Job<'a> {
        let (write, remove, tidy, protect) = (Vec::new(), BTreeSet::new(), false, false);
        let (adopt, seen) = (BTreeMap::new(), BTreeMap::new());
        Job { zone: ZONE, owner: OWNER, protect, write, remove, adopt, seen, tidy }
    }

    fn by_key(records: &[Record]) -> BTreeMap<Key, Record> {
        records.iter().map(|record| (record.key(), record.clone())).collect()
    }

    /// The zone after these records were written by `owner`.
    fn zone_with(owner: &str, records: &[Record]) -> Vec<ResourceRecordSet> {
        let job = Job { owner, write: records.to_vec(), ..job() };
        let changes = requests(&job, &[]).unwrap().concat();
        changes.into_iter().map(|change| change.resource_record_set().unwrap().clone()).collect()
    }

    pub(crate) fn shown(requests: &[Vec<Change>]) -> Vec<String> {
        let line = |change: &Change| {
            let set = change.resource_record_set().unwrap();
            let name = name(set.name());
            format!("{} {} {}", change.action().as_str(), name.replace(HOME, "*"), set.r#type().as_str())
        };
        requests.iter().flatten().map(line).collect()
    }

    #[test]
    fn a_new_record_brings_its_mark() {
        let job = Job { write: vec![record("api.cruddur.example", "A", "10.0.0.1")], ..job() };
        let changes = requests(&job, &[]).unwrap();
        assert_eq!(shown(&changes), ["CREATE api.cruddur.example A", "CREATE _a.api.* TXT"]);
    }

    #[test]
    fn what_is_as_wanted_is_left_and_what_differs_is_changed_exactly() {
        let before = [record("api.cruddur.example", "A", "10.0.0.7"), record("x.cruddur.example", "A", "10.0.0.1")];
        let now = zone_with(OWNER, &before);
        let same = Job { write: before.to_vec(), seen: by_key(&before), ..job() };
        assert!(requests(&same, &now).unwrap().is_empty());
        let other = || vec![record("x.cruddur.example", "A", "10.0.0.2")];
        let changed = Job { write: other(), seen: by_key(&before), ..job() };
        assert_eq!(
            shown(&requests(&changed, &now).unwrap()),
            ["DELETE x.cruddur.example A", "CREATE x.cruddur.example A"]
        );
        // Protection is in the mark alone.
        let protected = Job { write: before[..1].to_vec(), protect: true, seen: by_key(&before), ..job() };
        assert_eq!(shown(&requests(&protected, &now).unwrap()), ["DELETE _a.api.* TXT", "CREATE _a.api.* TXT"]);
    }

    #[test]
    fn what_somebody_changed_after_the_plan_is_neither_changed_nor_deleted() {
        let (seen, is) = (record("x.cruddur.example", "A", "10.0.0.1"), record("x.cruddur.example", "A", "10.0.0.9"));
        let now = zone_with(OWNER, std::slice::from_ref(&is));
        let seen = by_key(&[seen]);
        let write = Job { write: vec![record("x.cruddur.example", "A", "10.0.0.2")], seen: seen.clone(), ..job() };
        let remove = Job { remove: BTreeSet::from([is.key()]), seen: seen.clone(), ..job() };
        let mut foreign = zone_with(OWNER, std::slice::from_ref(&is));
        foreign.pop();
        let adopt = Job { write: write.write.clone(), adopt: seen.clone(), ..job() };
        for (job, now) in [(&write, &now), (&remove, &now), (&adopt, &foreign)] {
            let error = requests(job, now).unwrap_err();
            assert_eq!((error.class, error.code.as_str()), (ErrorClass::Invalid, MOVED), "{error}");
        }
        // What an earlier try has brought about is done.
        let done = Job { write: vec![is], seen, ..job() };
        assert!(requests(&done, &now).unwrap().is_empty());
    }

    #[test]
    fn nothing_foreign_is_touched_without_adoption() {
        let (old, wanted) =
            (record("x.cruddur.example", "A", "10.0.0.1"), record("x.cruddur.example", "A", "10.0.0.2"));
        let theirs = zone_with("blog@ca-central-1", std::slice::from_ref(&old));
        let elsewhere = zone_with("cruddur@eu-west-1", std::slice::from_ref(&old));
        let nobodys: Vec<_> = zone_with(OWNER, std::slice::from_ref(&old)).drain(..1).collect();
        let adopt = by_key(std::slice::from_ref(&old));
        for now in [&theirs, &elsewhere, &nobodys] {
            let write = Job { write: vec![wanted.clone()], ..job() };
            assert_eq!(requests(&write, now).unwrap_err().class, ErrorClass::Exists);
            let remove = Job { remove: BTreeSet::from([wanted.key()]), tidy: true, ..job() };
            assert!(requests(&remove, now).unwrap().is_empty());
            let adopt = Job { write: vec![wanted.clone()], adopt: adopt.clone(), ..job() };
            let adopted = requests(&adopt, now);
            if std::ptr::eq(now, &raw const nobodys) {
                let lines = ["DELETE x.cruddur.example A", "CREATE x.cruddur.example A", "CREATE _a.x.* TXT"];
                assert_eq!(shown(&adopted.unwrap()), lines);
            } else {
                assert_eq!(adopted.unwrap_err().class, ErrorClass::Exists, "it got a mark meanwhile");
            }
        }
        // What is right already only gets its mark.
        let mark_only = Job { write: vec![old.clone()], adopt, ..job() };
        assert_eq!(shown(&requests(&mark_only, &nobodys).unwrap()), ["CREATE _a.x.* TXT"]);
    }

    #[test]
    fn a_text_in_the_place_of_a_mark_is_somebodys() {
        let wanted = record("x.cruddur.example", "A", "10.0.0.2");
        let odd = [super::super::marks::tests::txt(&format!("_a.x.{HOME}"), &["\"hello\""])];
        let mut write = Job { write: vec![wanted.clone()], ..job() };
        assert_eq!(requests(&write, &odd).unwrap_err().class, ErrorClass::Exists);
        write.adopt = by_key(&[wanted]);
        let lines = ["DELETE _a.x.* TXT", "CREATE x.cruddur.example A", "CREATE _a.x.* TXT"];
        assert_eq!(shown(&requests(&write, &odd).unwrap()), lines);
    }

    #[test]
    fn a_cname_and_an_address_swap_in_one_request() {
        let before = record("x.cruddur.example", "CNAME", "y.example");
        let now = zone_with(OWNER, std::slice::from_ref(&before));
        let write = vec![record("x.cruddur.example", "A", "10.0.0.1")];
        let job = Job { write, remove: BTreeSet::from([before.key()]), seen: by_key(&[before]), ..job() };
        let requests = requests(&job, &now).unwrap();
        assert_eq!(requests.len(), 1);
        let expected = [
            "DELETE x.cruddur.example CNAME",
            "DELETE _cname.x.* TXT",
            "CREATE x.cruddur.example A",
            "CREATE _a.x.* TXT",
        ];
        assert_eq!(shown(&requests), expected);
    }

    #[test]
    fn an_adopted_cname_makes_room_once() {
        let cname = record("x.cruddur.example", "CNAME", "y.example");
        let now: Vec<_> = zone_with("x@y", std::slice::from_ref(&cname)).drain(..1).collect();
        let v4 = record("x.cruddur.example", "A", "10.0.0.1");
        let v6 = record("x.cruddur.example", "AAAA", "2001:db8::1");
        let mut job = Job { write: vec![v4, v6], ..job() };
        assert_eq!(requests(&job, &now).unwrap_err().class, ErrorClass::Exists);
        job.adopt = by_key(&[cname]);
        let lines = shown(&requests(&job, &now).unwrap());
        assert_eq!(lines.iter().filter(|line| line.starts_with("DELETE")).count(), 1, "{lines:?}");
        assert_eq!(lines.len(), 5);
    }

    #[test]
    fn weighted_records_of_others_are_never_written_over() {
        let weighted = ResourceRecordSet::builder().name("x.cruddur.example.").r#type(RrType::A).ttl(60);
        let value = ResourceRecord::builder().value("10.0.0.1").build().unwrap();
        let now = [weighted.set_identifier("one").weight(1).resource_records(value).build().unwrap()];
        let wanted = record("x.cruddur.example", "A", "10.0.0.2");
        let adopt = by_key(std::slice::from_ref(&wanted));
        let job = Job { adopt, write: vec![wanted], ..job() };
        assert_eq!(requests(&job, &now).unwrap_err().class, ErrorClass::Invalid);
    }

    #[test]
    fn a_mark_without_a_record_is_used_again_or_tidied_up() {
        let record = record("x.cruddur.example", "A", "10.0.0.1");
        let now: Vec<_> = zone_with(OWNER, std::slice::from_ref(&record)).drain(1..).collect();
        let write = Job { write: vec![record], ..job() };
        assert_eq!(shown(&requests(&write, &now).unwrap()), ["CREATE x.cruddur.example A"]);
        let tidy = Job { tidy: true, ..job() };
        assert_eq!(shown(&requests(&tidy, &now).unwrap()), ["DELETE _a.x.* TXT"]);
    }
}
