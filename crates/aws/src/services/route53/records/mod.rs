//! All records of a stack in one zone, changed in one atomic ChangeResourceRecordSets (at most 1000 values and 32,000
//! characters; more are several). Ownership is a TXT record for each (`marks.rs`); what exactly to send is decided in `batch.rs`
//! from the zone as it is at that moment, since a DELETE has to repeat the current values. A zone with records of a stack
//! carries a tag that says so, written first and removed last. A change is accepted at once and reaches all name servers in
//! about a minute: its id stays in the live thing's private state.

mod batch;
pub mod form;
pub(crate) mod marks;
mod observed;
mod order;
pub(crate) mod sort;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_route53::types::{Change as RecordChange, ChangeBatch, ChangeStatus, ResourceRecordSet};
use evenkeel_core::cloud::{Goal, Update, Waiting};
use evenkeel_core::doc::{Doc, Text};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Polls, Ready, Replace, Traffic};
use evenkeel_core::snapshot::{ForeignMember, Live, Readiness};
use futures::future::join_all;
use serde_json::{Value, json};

use self::batch::Job;
use self::form::{Alias, Key, Record, Spec, host, name, value};
use self::observed::{Seen, live, wanted_in};
use super::hosted_zone;
use crate::client::Aws;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, doc, spec, untagged};
use crate::services::route53::read::{self as route53, Route53};
use crate::services::route53::some;
use crate::tags::{self, Tags};
use evenkeel_stack::model::{self, RecordData, Stack};

/// Where the ids of changes under way are kept in the private state of a live thing.
const CHANGES: &str = "changes";
/// The kind `records`.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "records",
        title: "Route 53 records",
        fields: &[
            Field::immutable("zone_id"),
            Field::recurring("records", &["name", "type"]),
            Field::set("records[].values"),
        ],
        outputs: &[],
        replace: Replace::CreateFirst,
        name_limit: 0,
        ready: Ready::AtEnd,
        deadline_secs: 600,
        // A change is on all name servers within a minute.
        takes_secs: 30,
        polls: Polls::every(5, 10),
        traffic: Traffic::Names,
        ..Kind::PLAIN
    },
    contribute,
    driver: &Records,
    paced: Paced::NOT,
    actions: &[
        "route53:ListHostedZones",
        "route53:ListResourceRecordSets",
        "route53:ListTagsForResource",
        "route53:ListTagsForResources",
        "route53:ChangeResourceRecordSets",
        "route53:ChangeTagsForResource",
        "route53:GetChange",
    ],
};

/// The node of the records in a zone.
pub fn id(zone: &str) -> NodeId {
    NodeId::new("records", zone)
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for item in stack.dns.iter().filter(|item| !item.records.is_empty()) {
        let of = hosted_zone::id(&item.name);
        let mut records: Vec<Record> = item.records.iter().map(wanted).collect();
        records.sort_by_key(Record::key);
        let want = Spec { zone_id: Text::output(of, "zone_id"), records, tags: Tags::new() };
        let mut node = Node::new(id(&item.name), "", doc(&want));
        node.origin = Some(item.place.to_string());
        node.protect = item.protect;
        nodes.push(node);
    }
}

fn wanted(record: &model::Record) -> Record {
    let fixed = |text: &Text, form: &dyn Fn(&str) -> String| match text.known() {
        Some(known) => Text::from(form(known)),
        None => text.clone(),
    };
    let (ttl, values, alias) = match &record.data {
        RecordData::Values { ttl, values } => {
            let form = |text: &str| value(&record.rtype, text);
            let mut values: Vec<Text> = values.iter().map(|value| fixed(value, &form)).collect();
            values.sort();
            (Some(i64::from(*ttl)), Some(values), None)
        }
        RecordData::Alias { dns_name, zone_id, evaluate_target_health } => {
            let evaluate_target_health = *evaluate_target_health;
            let (dns_name, zone_id) = (fixed(dns_name, &host), zone_id.clone());
            (None, None, Some(Alias { dns_name, zone_id, evaluate_target_health }))
        }
    };
    Record { name: name(&record.name), kind: record.rtype.clone(), ttl, values, alias }
}

struct Records;

// Protection is said by the mark of each record.
untagged!(Spec);

#[async_trait]
impl Resource for Records {
    type Want = Spec;
    type Have = Spec;
    const GLOBAL: bool = true;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let read: &Route53 = fetched.part()?;
        let zones = read.zones.as_ref().map_err(Clone::clone)?;
        let owner = tags::global(&fetched.stack, &fetched.region);
        let mut lives = Vec::new();
        for (zone_id, sets) in &read.records {
            let Some(zone) = zones.iter().find(|zone| zone.id == *zone_id) else { continue };
            match sets {
                Ok(sets) => {
                    let tagged = read.holds_records(zone_id, &owner);
                    let wanted = wanted_in(read, zones, zone);
                    lives.extend(Seen { zone, sets, tagged, owner: &owner, wanted }.observed());
                }
                Err(error) if error.class == ErrorClass::Gone => {}
                Err(error) => return Err(error.clone()),
            }
        }
        Ok(lives)
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, node, want) = (work.aws, order.order.node, &order.want);
        let owner = work.mark(true);
        let job = Job { write: want.records.clone(), protect: protects(want), ..job(node, &owner) };
        let zone_id = want.zone_id.known().unwrap_or_default().to_owned();
        route53::say_records(aws, &zone_id, &owner).await.map_err(still_new)?;
        let pending = carry_out(aws, &zone_id, &job, Some(Vec::new())).await.map_err(still_new)?;
        Ok(with_changes(live(&zone_id, node, want.clone()), &pending))
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, node) = (work.aws, order.order.node);
        let (zone, have, want) = (order.live.id.as_str(), &order.live.have, &order.want);
        let owner = work.mark(true);
        let seen: BTreeMap<Key, Record> = have.records.iter().map(|record| (record.key(), record.clone())).collect();
        let after: BTreeSet<Key> = want.records.iter().map(Record::key).collect();
        // Whether records are protected is said by the mark of each.
        let all = order.changes("tags");
        let write = want.records.iter().filter(|record| all || seen.get(&record.key()) != Some(record));
        let job = Job {
            protect: protects(want),
            write: write.cloned().collect(),
            remove: seen.keys().filter(|key| !after.contains(key)).cloned().collect(),
            adopt: adopted(&order.order)?,
            seen,
            ..job(node, &owner)
        };
        if have.records.is_empty() {
            route53::say_records(aws, zone, &owner).await.map_err(still_new)?;
        }
        let pending = carry_out(aws, zone, &job, None).await.map_err(still_new)?;
        let mut now = with_changes(live(zone, node, want.clone()), &pending);
        let left = |member: &&ForeignMember| member_key(&member.have).is_none_or(|key| !job.adopt.contains_key(&key));
        now.foreign = order.live.foreign.iter().filter(left).cloned().collect();
        Ok(now)
    }

    async fn delete(&self, work: Work<'_>, node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let have = live.have.records.iter();
        let seen: BTreeMap<Key, Record> = have.map(|record| (record.key(), record.clone())).collect();
        let remove = seen.keys().cloned().collect();
        let owner = work.mark(true);
        let job = Job { remove, seen, tidy: true, ..job(node, &owner) };
        let done = match carry_out(work.aws, &live.id, &job, None).await {
            Ok(_) => route53::unsay_records(work.aws, &live.id, &owner).await,
            Err(error) => Err(error),
        };
        match done {
            // The zone itself is gone.
            Err(error) if error.code == "NoSuchHostedZone" => Ok(()),
            // Anything else that is not there says nothing of what is.
            Err(error) if error.class == ErrorClass::Gone => Err(CloudError { class: ErrorClass::Unknown, ..error }),
            done => done,
        }
    }

    async fn poll(&self, work: Work<'_>, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        join_all(waiting.iter().map(|one| async move {
            match one.goal {
                Goal::Gone | Goal::Vacant => Ok(Readiness::Gone),
                Goal::Ready | Goal::Hold => progress(work.aws, &one.live).await,
            }
        }))
        .await
    }
}

/// A job that does nothing yet.
fn job<'a>(node: &'a NodeId, owner: &'a str) -> Job<'a> {
    let (write, remove, adopt, seen) = (Vec::new(), BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
    Job { zone: node.name(), owner, protect: false, write, remove, adopt, seen, tidy: false }
}

fn protects(want: &Spec) -> bool {
    want.tags.contains_key(tags::PROTECT)
}

/// The foreign records that this update may take over, as they were seen: those of a name at which a change starts from a
/// foreign one.
///
/// A plan goes ahead only if everything foreign that is in the way is adopted, and one wanted CNAME may displace several.
fn adopted(order: &Update<'_>) -> Result<BTreeMap<Key, Record>, CloudError> {
    let from = order.changes.iter().filter_map(|change| change.from.as_ref());
    let named: BTreeSet<String> = from
        .filter(|from| order.live.foreign.iter().any(|member| member.have == **from))
        .filter_map(member_key)
        .map(|(name, _)| name)
        .collect();
    let mut adopted = BTreeMap::new();
    for member in &order.live.foreign {
        let seen: Record = spec(&member.have)?;
        if named.contains(&seen.name) {
            // A text in the place of a mark comes last and has the key of its record, which says more.
            adopted.entry(seen.key()).or_insert(seen);
        }
    }
    Ok(adopted)
}

fn member_key(member: &Doc) -> Option<Key> {
    let text = |field: &str| member.get(field).and_then(Doc::as_str).map(str::to_owned);
    Some((text("name")?, text("type")?))
}

/// Sends what a job needs; the ids of the changes that are still on their way.
///
/// `now` is the zone as far as it is known; `None` reads it. If the zone turns out to be different it is read and tried
/// once more: a batch is all or nothing, so the first one has done nothing.
async fn carry_out(
    aws: &Aws,
    zone_id: &str,
    job: &Job<'_>,
    now: Option<Vec<ResourceRecordSet>>,
) -> Result<Vec<String>, CloudError> {
    let now = match now {
        Some(now) => now,
        None => as_it_is(aws, zone_id, job).await?,
    };
    let first = match batch::requests(job, &now) {
        Ok(requests) => send(aws, zone_id, requests).await,
        Err(error) => Err(error),
    };
    match first {
        Err(error) if error.code == "InvalidChangeBatch" || error.code == batch::MOVED => {
            let now = as_it_is(aws, zone_id, job).await?;
            let again = send(aws, zone_id, batch::requests(job, &now)?).await;
            // Something is not there, but not all that should go is gone: nothing of the request was done.
            again.map_err(|error| match error.class {
                ErrorClass::Gone if error.code == "InvalidChangeBatch" => {
                    CloudError { class: ErrorClass::Invalid, ..error }
                }
                _ => error,
            })
        }
        reply => reply,
    }
}

/// What there is in the zone now, as far as a job can touch it.
async fn as_it_is(aws: &Aws, zone_id: &str, job: &Job<'_>) -> Result<Vec<ResourceRecordSet>, CloudError> {
    let names =
        job.write.iter().map(|record| record.name.clone()).chain(job.remove.iter().map(|(name, _)| name.clone()));
    some::that_matter_now(aws, (zone_id, job.zone), job.owner, names.collect()).await
}

async fn send(aws: &Aws, zone_id: &str, requests: Vec<Vec<RecordChange>>) -> Result<Vec<String>, CloudError> {
    let mut pending = Vec::new();
    for changes in requests {
        let batch = ChangeBatch::builder()
            .set_changes(Some(changes))
            .build()
            .map_err(|error| CloudError::bug("route53:ChangeResourceRecordSets", error.to_string()))?;
        let reply = aws
            .caller
            .send("route53:ChangeResourceRecordSets", || {
                aws.route53().change_resource_record_sets().hosted_zone_id(zone_id).change_batch(batch.clone()).send()
            })
            .await?;
        let change = reply.change_info().filter(|change| *change.status() != ChangeStatus::Insync);
        pending.extend(change.map(|change| route53::bare(change.id()).to_owned()));
    }
    Ok(pending)
}

/// A zone made a moment ago is not known everywhere.
fn still_new(mut error: CloudError) -> CloudError {
    if error.code == "NoSuchHostedZone" {
        error.class = ErrorClass::Propagating;
    }
    error
}

fn with_changes(mut live: Live<Spec>, pending: &[String]) -> Live<Spec> {
    if !pending.is_empty() {
        live.readiness = Readiness::Pending("on its way to all name servers".to_owned());
    }
    live.private = json!({ CHANGES: pending });
    live
}

/// How far the changes are that were under way.
async fn progress(aws: &Aws, live: &Live) -> Result<Readiness, CloudError> {
    let changes = live.private.get(CHANGES).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let replies = join_all(changes.map(|id| async move {
        aws.caller.send("route53:GetChange", || aws.route53().get_change().id(id).send()).await
    }));
    for reply in replies.await {
        match reply {
            Ok(reply) if reply.change_info().is_some_and(|change| *change.status() == ChangeStatus::Pending) => {
                return Ok(Readiness::Pending("on its way to all name servers".to_owned()));
            }
            // Changes are forgotten long after they are everywhere.
            Err(error) if error.class != ErrorClass::Gone => return Err(error),
            _ => {}
        }
    }
    Ok(Readiness::Ready)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aws_sdk_route53::types::RrType;
    use evenkeel_core::diagnostic::{Place, Source};
    use evenkeel_core::diff::diff;

    use super::observed::tests::{keys, seen, set};
    use super::*;

    #[test]
    fn the_file_is_brought_into_the_form_that_is_read() {
        let source = Arc::new(Source::new("stack.yaml", ""));
        let record = |name: &str, rtype: &str, data| model::Record {
            place: Place { source: Arc::clone(&source), span: 0..0 },
            name: name.to_owned(),
            rtype: rtype.to_owned(),
            data,
        };
        let values = vec!["20 Mail.example.".into(), "10 mail.example".into()];
        let mail = wanted(&record("a.example", "MX", RecordData::Values { ttl: 60, values }));
        assert_eq!(mail.values, Some(vec!["10 mail.example".into(), "20 mail.example".into()]));
        let dns_name = Text::output(NodeId::new("load_balancer", "web"), "dns_name");
        let zone_id = Text::output(NodeId::new("load_balancer", "web"), "zone_id");
        let data = RecordData::Alias { dns_name: dns_name.clone(), zone_id, evaluate_target_health: true };
        let api = wanted(&record("api.a.example", "A", data));
        assert_eq!((api.ttl, api.values), (None, None));
        assert_eq!(api.alias.map(|alias| alias.dns_name), Some(dns_name));
    }

    #[test]
    fn everything_foreign_at_an_adopted_name_may_be_taken_over() {
        let sets = [
            set("www.a.example.", RrType::A, "10.0.0.1"),
            set("www.a.example.", RrType::Mx, "10 mail.example"),
            set("api.a.example.", RrType::A, "10.0.0.1"),
        ];
        let wanted = keys(&[("www.a.example", "CNAME"), ("api.a.example", "A")]);
        let live = seen(&sets, Some(&wanted)).remove(0);
        let cname =
            json!({ "name": "www.a.example", "type": "CNAME", "ttl": 60, "values": ["b.example"], "alias": null });
        let want = json!({ "zone_id": "Z1", "records": [cname], "tags": {} });
        let mut changes = diff(&ENTRY.kind, &want, &doc(&live.have));
        changes[0].from = Some(live.foreign[2].have.clone());
        let (node, live) = (id("a.example"), live.map(|have| doc(&have)));
        let order = Update { node: &node, live: &live, want: &want, changes: &changes, token: "" };
        let adopted = adopted(&order).unwrap();
        assert_eq!(
            adopted.into_keys().collect::<BTreeSet<_>>(),
            keys(&[("www.a.example", "A"), ("www.a.example", "MX")])
        );
    }

    #[test]
    fn changes_under_way_are_remembered() {
        let spec = Spec { zone_id: "Z1".into(), records: Vec::new(), tags: Tags::new() };
        let live = live("Z1", &id("a.example"), spec);
        assert_eq!(with_changes(live.clone(), &[]).readiness, Readiness::Ready);
        let pending = with_changes(live, &["C1".to_owned(), "C2".to_owned()]);
        assert!(matches!(pending.readiness, Readiness::Pending(_)));
        assert_eq!(pending.private, json!({ "changes": ["C1", "C2"] }));
    }
}
