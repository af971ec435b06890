//! Records that prove to ACM whose a name is. Such a record is the same for every certificate of an account that has the name: one
//! that is there already is right, whoever made it, and only one that carries this stack's mark is taken away. Its mark is a TXT
//! record like those of other records (`records/marks.rs`), in a home of its own, so that the records of `dns:` do not count it
//! as theirs. Record and mark go in one request. Knows names and values, not what they are for.

use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType};
use evenkeel_core::error::{CloudError, ErrorClass};

use super::read::{Zone, choose};
use super::records::form::{is_apex, key, name, value};
use super::records::marks::{Mark, Which};
use super::some::of_name;
use crate::client::Aws;
use crate::tags;

const OPERATION: &str = "route53:ChangeResourceRecordSets";
/// Seconds that a record and its mark may be cached.
const TTL: i64 = 300;
const KIND: &str = "CNAME";

/// A record that proves whose a name is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Proof {
    /// Its name, lower case, without the trailing dot.
    pub name: String,
    /// What it leads to, in the same form.
    pub value: String,
}

impl Proof {
    /// From name and value as a service writes them.
    pub fn new(of: &str, to: &str) -> Self {
        Self { name: name(of), value: value(KIND, to) }
    }

    fn is(&self, set: &ResourceRecordSet) -> bool {
        let values = set.resource_records();
        let right = values.len() == 1 && values.iter().all(|one| value(KIND, one.value()) == self.value);
        self.is_key(set) && right && set.set_identifier().is_none()
    }

    fn is_key(&self, set: &ResourceRecordSet) -> bool {
        key(set) == (self.name.clone(), KIND.to_owned())
    }

    fn mark(&self, owner: &str) -> Mark {
        let which = Which::plain(&(self.name.clone(), KIND.to_owned()));
        Mark { owner: owner.to_owned(), which, protect: false }
    }
}

/// A zone by id and name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct In {
    /// `Z…`.
    pub id: String,
    /// The name, lower case, without the trailing dot.
    pub name: String,
}

impl From<&Zone> for In {
    fn from(zone: &Zone) -> Self {
        Self { id: zone.id.clone(), name: zone.name.clone() }
    }
}

/// What the marks of proofs call a stack in a region.
pub fn owner(stack: &str, region: &str) -> String {
    tags::global(stack, &format!("certificates.{region}"))
}

/// The public zones that can hold a name, the closest first.
pub fn holding<'z>(zones: &'z [Zone], name: &str) -> Vec<&'z Zone> {
    let within = |zone: &&Zone| name == zone.name || name.ends_with(&format!(".{}", zone.name));
    let mut found: Vec<&Zone> = zones.iter().filter(|zone| !zone.private && !zone.linked).filter(within).collect();
    found.sort_by_key(|zone| std::cmp::Reverse(zone.name.len()));
    found
}

/// The zone that a name means, for a stack in a region; of several its own.
pub fn meant<'z>(zones: &'z [Zone], name: &str, id: Option<&str>, owner: &str) -> Option<&'z Zone> {
    let ours = || zones.iter().find(|zone| zone.name == name && !zone.private && zone.stack() == Some(owner));
    choose(zones, name, id).ok().flatten().or_else(ours)
}

/// Whether the record is there.
///
/// # Errors
/// Any error of `route53:ListResourceRecordSets`; `Gone` if there is no such zone.
pub async fn is_set(aws: &Aws, zone: &str, proof: &Proof) -> Result<bool, CloudError> {
    Ok(of_name(aws, zone, &proof.name).await?.iter().any(|set| proof.is(set)))
}

/// Writes the record with its mark, unless it is there.
///
/// # Errors
/// `Exists`: something else has its name. Any error of the requests.
pub async fn set(aws: &Aws, zone: &In, owner: &str, proof: &Proof) -> Result<(), CloudError> {
    let mark = proof.mark(owner);
    let place = mark.name(&zone.name);
    let (there, texts) = futures::try_join!(of_name(aws, &zone.id, &proof.name), of_name(aws, &zone.id, &place))?;
    if there.iter().any(|set| proof.is(set)) {
        return Ok(());
    }
    if let Some(other) = there.iter().find(|set| !is_apex(set, &zone.name)) {
        return Err(in_the_way(&key(other)));
    }
    let mut changes = vec![change(ChangeAction::Create, plain(&proof.name, KIND, &proof.value)?)?];
    match texts.iter().find(|set| *set.r#type() == RrType::Txt) {
        Some(text) if Mark::read(text, &zone.name).as_ref() == Some(&mark) => {}
        Some(text) => return Err(in_the_way(&key(text))),
        None => changes.push(change(ChangeAction::Create, plain(&place, "TXT", &mark.value())?)?),
    }
    match send(aws, &zone.id, changes).await {
        // A lost reply, or another run: what counts is that it is there.
        Err(error) if error.code == "InvalidChangeBatch" && is_set(aws, &zone.id, proof).await? => Ok(()),
        done => done,
    }
}

/// Takes away the mark, and the record with it unless others need it. What does not carry the stack's mark stays as it is.
///
/// # Errors
/// Any error of the requests.
pub async fn unset(aws: &Aws, zone: &In, owner: &str, proof: &Proof, needed: bool) -> Result<(), CloudError> {
    let mark = proof.mark(owner);
    let place = mark.name(&zone.name);
    let found = futures::try_join!(of_name(aws, &zone.id, &place), of_name(aws, &zone.id, &proof.name));
    let (texts, there) = match found {
        Err(error) if error.class == ErrorClass::Gone => return Ok(()),
        found => found?,
    };
    let Some(text) = texts.into_iter().find(|text| Mark::read(text, &zone.name).as_ref() == Some(&mark)) else {
        return Ok(());
    };
    let mut changes = Vec::new();
    if let Some(record) = there.into_iter().find(|set| proof.is_key(set)).filter(|_| !needed) {
        changes.push(change(ChangeAction::Delete, record)?);
    }
    changes.push(change(ChangeAction::Delete, text)?);
    send(aws, &zone.id, changes).await
}

/// The name servers of a zone, as its own NS record names them.
///
/// # Errors
/// Any error of `route53:ListResourceRecordSets`.
pub async fn name_servers(aws: &Aws, zone: &In) -> Result<Vec<String>, CloudError> {
    let sets = of_name(aws, &zone.id, &zone.name).await?;
    let apex = sets.iter().find(|set| *set.r#type() == RrType::Ns);
    let mut servers: Vec<String> = apex
        .into_iter()
        .flat_map(ResourceRecordSet::resource_records)
        .map(|record| value("NS", record.value()))
        .collect();
    servers.sort();
    Ok(servers)
}

/// Record sets without those that are proofs of this stack, and without the marks of these.
pub(super) fn without(sets: &[ResourceRecordSet], zone: &str, owner: &str) -> Vec<ResourceRecordSet> {
    let marks: Vec<(&ResourceRecordSet, Mark)> = sets
        .iter()
        .filter_map(|set| Some((set, Mark::read(set, zone)?)))
        .filter(|(_, mark)| mark.owner == owner)
        .collect();
    let is_own = |set: &ResourceRecordSet| {
        marks.iter().any(|(text, mark)| *text == set || (mark.which == Which::of(set) && mark.which.can_be_ours()))
    };
    sets.iter().filter(|set| !is_own(set)).cloned().collect()
}

async fn send(aws: &Aws, zone: &str, changes: Vec<Change>) -> Result<(), CloudError> {
    let batch = ChangeBatch::builder().set_changes(Some(changes)).build().map_err(bug)?;
    let request =
        || aws.route53().change_resource_record_sets().hosted_zone_id(zone).change_batch(batch.clone()).send();
    aws.caller.send(OPERATION, request).await.map(drop)
}

fn plain(name: &str, kind: &str, text: &str) -> Result<ResourceRecordSet, CloudError> {
    let record = ResourceRecord::builder().value(text).build().map_err(bug)?;
    let set = ResourceRecordSet::builder().name(name).r#type(RrType::from(kind)).ttl(TTL);
    set.resource_records(record).build().map_err(bug)
}

fn change(action: ChangeAction, set: ResourceRecordSet) -> Result<Change, CloudError> {
    Change::builder().action(action).resource_record_set(set).build().map_err(bug)
}

fn bug(error: impl std::fmt::Display) -> CloudError {
    CloudError::bug(OPERATION, error.to_string())
}

fn in_the_way((name, kind): &(String, String)) -> CloudError {
    let text = format!("{name} {kind} exists with another value; ACM looks for its own there");
    let error = CloudError::local(ErrorClass::Exists, OPERATION, text);
    CloudError { hint: Some("delete that record, then run again".to_owned()), ..error }
}
