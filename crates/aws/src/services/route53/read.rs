//! Reads from Route 53: all hosted zones of the account in one request (with the caller references that mark ours), then,
//! side by side, the records of the zones in question and the tags of the others. A zone in which a stack has records carries
//! a tag that says so, whoever owns it: what left the file is found by that, however many zones there are. Where tags may not
//! be read, each other zone is asked for marks of the stack, which stand side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_route53::types::{HostedZone, ResourceRecordSet, Tag, TagResourceType};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::snapshot::Owner;
use futures::StreamExt;
use serde_json::Value;

use super::some::{self, Demand};
use crate::client::Aws;
use crate::kinds::hosted_zone;
use crate::kinds::records::form::name;
use crate::kinds::records::marks::home;
use crate::read::{Part, Scope};
use crate::sharing::Known;
use crate::tags::{self, Tags};

/// Most zones that ListTagsForResources takes.
const TAG_BATCH: usize = 10;
/// Requests under way at once.
const SIDE_BY_SIDE: usize = 16;
/// Every caller reference of ours starts so, followed by the stack in its region, a slash and more.
const REFERENCE: &str = "evenkeel/";
/// The tag of a zone in which a stack has records: this, and the stack in its region.
const RECORDS: &str = "evenkeel:records/";

/// What was fetched from Route 53.
#[derive(Debug)]
pub struct Route53 {
    /// All hosted zones of the account.
    pub zones: Part<Vec<Zone>>,
    /// Tags by zone id, for the zones that were asked about.
    pub tags: Part<BTreeMap<String, Tags>>,
    /// Records by zone id, for the zones that were read.
    pub records: BTreeMap<String, Part<Vec<ResourceRecordSet>>>,
    /// What the graph wants.
    pub wanted: Wanted,
    /// Kinds of which only what the graph names could be read, and why no more.
    pub blind: BTreeMap<String, CloudError>,
}

impl Route53 {
    fn new(zones: Part<Vec<Zone>>, wanted: Wanted) -> Self {
        let (tags, records, blind) = (Ok(BTreeMap::new()), BTreeMap::new(), BTreeMap::new());
        Self { zones, tags, records, wanted, blind }
    }

    /// Whether the tags of a zone say that a stack in a region has records there.
    pub fn holds_records(&self, zone: &str, owner: &str) -> bool {
        let tags = self.tags.as_ref().ok().and_then(|tags| tags.get(zone));
        tags.is_some_and(|tags| tags.contains_key(&format!("{RECORDS}{owner}")))
    }
}

/// What the graph wants of Route 53.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Zones to look up: name, and id if the file gives it.
    pub lookups: BTreeMap<String, Option<String>>,
    /// Names of zones that the stack makes.
    pub managed: BTreeSet<String>,
    /// Names and types of the records wanted in a zone, by the zone's name.
    pub records: BTreeMap<String, BTreeSet<(String, String)>>,
    /// Zones whose records are read whatever their tags say, because the file has records there: also for a destruction,
    /// which wants none.
    pub named: BTreeSet<String>,
}

impl Wanted {
    fn is_empty(&self) -> bool {
        self.lookups.is_empty() && self.managed.is_empty() && self.named.is_empty()
    }
}

/// A hosted zone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Zone {
    /// `Z…`.
    pub id: String,
    /// The name, lower case, without the trailing dot.
    pub name: String,
    /// Whether it answers inside VPCs only.
    pub private: bool,
    /// The comment; `None` if there is none.
    pub comment: Option<String>,
    /// What its maker called the request; carries the stack's name if the zone is one of evenkeel's.
    pub reference: String,
    /// Whether another AWS service made it (Cloud Map).
    pub linked: bool,
    /// How many record sets it has; 0 if Route 53 does not say.
    pub count: usize,
}

impl Zone {
    fn new(zone: &HostedZone) -> Self {
        let comment = zone.config().and_then(|config| config.comment()).filter(|comment| !comment.is_empty());
        Self {
            id: bare(zone.id()).to_owned(),
            name: zone.name().trim_end_matches('.').to_lowercase(),
            private: zone.config().is_some_and(|config| config.private_zone()),
            comment: comment.map(str::to_owned),
            reference: zone.caller_reference().to_owned(),
            linked: zone.linked_service().is_some(),
            count: zone.resource_record_set_count().and_then(|count| count.try_into().ok()).unwrap_or_default(),
        }
    }

    /// The stack in its region that made it, if it was made by one.
    pub fn stack(&self) -> Option<&str> {
        self.reference.strip_prefix(REFERENCE)?.split_once('/').map(|(owner, _)| owner)
    }
}

/// The caller reference of a zone to be made; at most 128 characters, so a long zone name is left out.
pub fn reference(owner: &str, zone: &str, token: &str) -> String {
    let whole = format!("{REFERENCE}{owner}/{zone}/{token}");
    if whole.len() <= 128 { whole } else { format!("{REFERENCE}{owner}/{token}") }
}

/// An id without `/hostedzone/` or `/change/` before it.
pub fn bare(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// The zone that a name (and an id, if the file gives one) means: a public one rather than a private one.
///
/// # Errors
/// `Invalid`: several zones have the name, or the id is of a zone with another name.
pub fn choose<'a>(zones: &'a [Zone], name: &str, id: Option<&str>) -> Result<Option<&'a Zone>, CloudError> {
    let invalid = |message| CloudError::local(ErrorClass::Invalid, "route53:ListHostedZones", message);
    if let Some(id) = id {
        return match zones.iter().find(|zone| zone.id == bare(id)) {
            Some(zone) if zone.name != name => {
                Err(invalid(format!("the hosted zone {id} is called {}, not {name}", zone.name)))
            }
            found => Ok(found),
        };
    }
    for private in [false, true] {
        let named: Vec<&Zone> =
            zones.iter().filter(|zone| zone.name == name && zone.private == private && !zone.linked).collect();
        match named.as_slice() {
            [] => {}
            [one] => return Ok(Some(one)),
            several => {
                let ids: Vec<&str> = several.iter().map(|zone| zone.id.as_str()).collect();
                let mut error =
                    invalid(format!("{} hosted zones are called {name}: {}", several.len(), ids.join(", ")));
                error.hint = Some("write `id:` under the zone in `dns:` to choose one".to_owned());
                return Err(error);
            }
        }
    }
    Ok(None)
}

/// Reads what the scope asks for.
pub async fn fetch(aws: &Aws, scope: &Scope<'_>) -> Route53 {
    let wanted = wanted(scope);
    if !scope.wants(&["hosted_zone", "records"]) {
        return Route53::new(Ok(Vec::new()), wanted);
    }
    let zones = match aws.once("route53:ListHostedZones", || zones(aws)).await {
        Ok(zones) => Arc::unwrap_or_clone(zones),
        // There is no Route 53 here, so there is nothing of the stack in it.
        Err(error) if wanted.is_empty() && error.class == ErrorClass::Unsupported => {
            return Route53::new(Ok(Vec::new()), wanted);
        }
        // Nothing is wanted of it; but nobody knows whether something has left the file.
        Err(error) if wanted.is_empty() && error.class == ErrorClass::Denied && !scope.thorough => {
            let mut read = Route53::new(Ok(Vec::new()), wanted);
            read.blind = blind(&["hosted_zone", "records"], &error);
            return read;
        }
        Err(error) => return Route53::new(Err(error), wanted),
    };
    let owner = tags::global(scope.stack, &aws.region);
    let mut read = Route53::new(Ok(zones.clone()), wanted);
    let (asked, others) = to_read(scope, &read.wanted, &zones, &owner);
    let tagged = to_ask_tags_of(scope, &read.wanted, &zones, &others, &owner);
    let plan = |zone: &Zone| how(aws, &read.wanted, zone, &owner);
    let asked: Vec<(Zone, Demand)> = asked.into_iter().map(|zone| (zone.clone(), plan(zone))).collect();
    let (tags, records) = futures::join!(tags(aws, &tagged), records_of(aws, asked, &owner));
    read.records = records;
    read.tags = tags;
    let more: Vec<&Zone> = match read.tags.clone() {
        Ok(_) => others.into_iter().filter(|zone| matters(&read, zone, &owner)).collect(),
        Err(error) if matches!(error.class, ErrorClass::Denied | ErrorClass::Unsupported) => {
            if !of_ours_matter(scope, &read.wanted, &zones, &owner) {
                // Zones that were adopted and have left the file cannot be found; records can.
                read.blind = blind(&["hosted_zone"], &error);
                read.tags = Ok(BTreeMap::new());
            }
            let found: BTreeSet<String> =
                with_marks(aws, &others, &owner, &mut read.records).await.into_iter().collect();
            others.into_iter().filter(|zone| found.contains(&zone.id)).collect()
        }
        Err(error) => {
            read.records.extend(others.into_iter().map(|zone| (zone.id.clone(), Err(error.clone()))));
            Vec::new()
        }
    };
    // Of a zone that may be ours everything counts: it cannot go with what others have in it.
    let ours = |zone: &Zone| {
        read.tags.as_ref().ok().and_then(|tags| tags.get(&zone.id)).is_some_and(|it| is_marked(it, &owner))
    };
    let more = more.into_iter().map(|zone| {
        let demand = if ours(zone) { Demand::All } else { how(aws, &read.wanted, zone, &owner) };
        (zone.clone(), demand)
    });
    let more = more.collect();
    read.records.extend(records_of(aws, more, &owner).await);
    read
}

fn is_marked(tags: &Tags, owner: &str) -> bool {
    tags::is_marked(&tags::owner(tags, owner, hosted_zone::KIND))
}

/// Which records of a zone have to be read.
fn how(aws: &Aws, wanted: &Wanted, zone: &Zone, owner: &str) -> Demand {
    // What serves several stacks is read whole, and so is a zone that the stack makes. In another one marks lead to all that is ours.
    let whole = aws.is_shared() || wanted.managed.contains(&zone.name) || zone.stack() == Some(owner);
    if whole {
        return Demand::All;
    }
    let records = wanted.records.get(&zone.name).into_iter().flatten();
    Demand::Named(records.map(|(name, _)| name.clone()).collect())
}

fn blind(kinds: &[&str], error: &CloudError) -> BTreeMap<String, CloudError> {
    kinds.iter().map(|kind| ((*kind).to_owned(), error.clone())).collect()
}

/// Whether a zone that the file does not name holds something of the stack, or is the stack's, by its tags.
fn matters(read: &Route53, zone: &Zone, owner: &str) -> bool {
    let tags = read.tags.as_ref().ok().and_then(|tags| tags.get(&zone.id));
    read.holds_records(&zone.id, owner)
        || tags
            .is_some_and(|tags| tags::owner(tags, owner, hosted_zone::KIND) == Owner::Ours(hosted_zone::id(&zone.name)))
}

async fn records_of(
    aws: &Aws,
    zones: Vec<(Zone, Demand)>,
    owner: &str,
) -> BTreeMap<String, Part<Vec<ResourceRecordSet>>> {
    let read = futures::stream::iter(zones).map(|(zone, demand)| async move {
        let id = &zone.id;
        let sets = match demand {
            Demand::All => {
                let sets = aws.once(format!("route53:ListResourceRecordSets {id}"), || records(aws, id)).await;
                sets.map(Arc::unwrap_or_clone)
            }
            Demand::Named(names) => some::that_matter(aws, &zone, owner, names).await,
        };
        (zone.id, sets)
    });
    read.buffered(SIDE_BY_SIDE).collect().await
}

/// The zones in which marks of the stack stand, one request for each; what may not be read is noted as such.
async fn with_marks(
    aws: &Aws,
    zones: &[&Zone],
    owner: &str,
    records: &mut BTreeMap<String, Part<Vec<ResourceRecordSet>>>,
) -> Vec<String> {
    let zones: Vec<(String, String)> = zones.iter().map(|zone| (zone.id.clone(), home(owner, &zone.name))).collect();
    let asked = futures::stream::iter(zones).map(|(id, home)| async move {
        let page = aws
            .caller
            .send("route53:ListResourceRecordSets", || {
                let request = aws.route53().list_resource_record_sets().hosted_zone_id(&id);
                request.start_record_name(&home).max_items(2).send()
            })
            .await;
        let found = page.map(|page| page.resource_record_sets().iter().any(|set| name(set.name()).ends_with(&home)));
        (id, found)
    });
    let found: Vec<(String, Part<bool>)> = asked.buffered(SIDE_BY_SIDE).collect().await;
    let mut marked = Vec::new();
    for (zone, found) in found {
        match found {
            Ok(true) => marked.push(zone),
            Ok(false) => {}
            Err(error) => drop(records.insert(zone, Err(error))),
        }
    }
    marked
}

fn wanted(scope: &Scope<'_>) -> Wanted {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut wanted = Wanted::default();
    for node in scope.graph.of_kind("hosted_zone") {
        if node.lookup {
            wanted.lookups.insert(node.name.clone(), text(&node.want, "id"));
        } else {
            wanted.managed.insert(node.name.clone());
        }
    }
    for node in scope.graph.of_kind("records") {
        let records = node.want.get("records").and_then(Value::as_array).into_iter().flatten();
        let keys = records.filter_map(|record| Some((text(record, "name")?, text(record, "type")?)));
        wanted.named.insert(node.id.name().to_owned());
        if !scope.thorough {
            wanted.records.insert(node.id.name().to_owned(), keys.collect());
        }
    }
    wanted
}

/// The zones whose records have to be read, and the other zones in which something of the stack may be.
fn to_read<'z>(scope: &Scope<'_>, wanted: &Wanted, zones: &'z [Zone], owner: &str) -> (Vec<&'z Zone>, Vec<&'z Zone>) {
    if !scope.wants(&["records", "hosted_zone"]) {
        return (Vec::new(), Vec::new());
    }
    let named = |zone: &&Zone| {
        wanted.named.contains(&zone.name) || wanted.managed.contains(&zone.name) || zone.stack() == Some(owner)
    };
    let (asked, others): (Vec<&Zone>, Vec<&Zone>) = zones.iter().partition(named);
    // A zone of Cloud Map takes no records of anybody's. What is read back is named.
    let others = others.into_iter().filter(|zone| !zone.linked && scope.only.is_none()).collect();
    (asked, others)
}

/// The zones whose tags have to be read: all, if zones of the stack's own matter.
fn to_ask_tags_of(scope: &Scope<'_>, wanted: &Wanted, zones: &[Zone], others: &[&Zone], owner: &str) -> Vec<String> {
    if of_ours_matter(scope, wanted, zones, owner) {
        zones.iter().map(|zone| zone.id.clone()).collect()
    } else {
        others.iter().map(|zone| zone.id.clone()).collect()
    }
}

fn of_ours_matter(scope: &Scope<'_>, wanted: &Wanted, zones: &[Zone], owner: &str) -> bool {
    let ours = zones.iter().any(|zone| zone.stack() == Some(owner));
    scope.wants(&["hosted_zone"]) && (scope.thorough || ours || !wanted.managed.is_empty())
}

/// All hosted zones of the account.
///
/// # Errors
/// Any error of `route53:ListHostedZones`.
pub async fn zones(aws: &Aws) -> Part<Vec<Zone>> {
    let mut zones = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let page = aws
            .caller
            .send("route53:ListHostedZones", || aws.route53().list_hosted_zones().set_marker(marker.clone()).send())
            .await?;
        zones.extend(page.hosted_zones().iter().map(Zone::new));
        marker = page.next_marker().filter(|_| page.is_truncated()).map(str::to_owned);
        if marker.is_none() {
            return Ok(zones);
        }
    }
}

/// Tags of hosted zones, ten zones to a request.
///
/// # Errors
/// Any error of the requests.
pub async fn tags(aws: &Aws, ids: &[String]) -> Part<BTreeMap<String, Tags>> {
    aws.together("route53:ListTagsForResources", "", ids.to_vec(), |aws, _, ids| Box::pin(tags_in_batches(aws, ids)))
        .await
}

async fn tags_in_batches(aws: &Aws, ids: Vec<String>) -> Part<Known<Tags>> {
    let chunks: Vec<Vec<String>> = ids.chunks(TAG_BATCH).map(<[String]>::to_vec).collect();
    let replies: Vec<_> = futures::stream::iter(chunks)
        .map(|chunk| async move {
            let request = || {
                aws.route53()
                    .list_tags_for_resources()
                    .resource_type(TagResourceType::Hostedzone)
                    .set_resource_ids(Some(chunk.clone()))
                    .send()
            };
            aws.caller.send("route53:ListTagsForResources", request).await
        })
        .buffered(SIDE_BY_SIDE)
        .collect()
        .await;
    let mut tags = BTreeMap::new();
    for reply in replies {
        let reply = match reply {
            Err(error) if error.class == ErrorClass::Unsupported => return tags_one_by_one(aws, &ids).await,
            reply => reply?,
        };
        for set in reply.resource_tag_sets() {
            let pairs = set.tags().iter().filter_map(|tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned())));
            tags.insert(bare(set.resource_id().unwrap_or_default()).to_owned(), pairs.collect());
        }
    }
    Ok(tags)
}

/// The same where the request for several zones is not known.
async fn tags_one_by_one(aws: &Aws, ids: &[String]) -> Part<BTreeMap<String, Tags>> {
    let replies = ids.iter().map(|id| async move {
        let request = || {
            let request = aws.route53().list_tags_for_resource().resource_type(TagResourceType::Hostedzone);
            request.resource_id(id).send()
        };
        let reply = aws.caller.send("route53:ListTagsForResource", request).await?;
        let tags = reply.resource_tag_set().map(|set| set.tags()).unwrap_or_default();
        let pairs = tags.iter().filter_map(|tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned())));
        Ok((id.clone(), pairs.collect()))
    });
    futures::future::try_join_all(replies).await.map(|tags| tags.into_iter().collect())
}

/// Writes on a zone that a stack has records there, so that they are found whatever else the account has.
///
/// # Errors
/// Any error of `route53:ChangeTagsForResource`.
pub async fn say_records(aws: &Aws, zone: &str, owner: &str) -> Result<(), CloudError> {
    let tag = Tag::builder().key(format!("{RECORDS}{owner}")).value("true").build();
    let request = || {
        let request = aws.route53().change_tags_for_resource().resource_type(TagResourceType::Hostedzone);
        request.resource_id(zone).add_tags(tag.clone()).send()
    };
    let reply = aws.caller.send("route53:ChangeTagsForResource", request).await;
    reply.map(drop).map_err(|error| {
        let hint = "without that tag on the zone, the records cannot be found once they have left the stack file";
        CloudError { hint: error.hint.or_else(|| Some(hint.to_owned())), ..error }
    })
}

/// Takes away what [`say_records`] writes.
///
/// # Errors
/// Any error of `route53:ChangeTagsForResource`.
pub async fn unsay_records(aws: &Aws, zone: &str, owner: &str) -> Result<(), CloudError> {
    let key = format!("{RECORDS}{owner}");
    let request = || {
        let request = aws.route53().change_tags_for_resource().resource_type(TagResourceType::Hostedzone);
        request.resource_id(zone).remove_tag_keys(&key).send()
    };
    aws.caller.send("route53:ChangeTagsForResource", request).await.map(drop)
}

/// All records of a zone, as Route 53 writes them.
///
/// # Errors
/// Any error of `route53:ListResourceRecordSets`.
pub async fn records(aws: &Aws, zone: &str) -> Part<Vec<ResourceRecordSet>> {
    let mut sets: Vec<ResourceRecordSet> = Vec::new();
    let (mut name, mut kind, mut identifier) = (None, None, None);
    loop {
        let page = aws
            .caller
            .send("route53:ListResourceRecordSets", || {
                aws.route53()
                    .list_resource_record_sets()
                    .hosted_zone_id(zone)
                    .max_items(300)
                    .set_start_record_name(name.clone())
                    .set_start_record_type(kind.clone())
                    .set_start_record_identifier(identifier.clone())
                    .send()
            })
            .await?;
        sets.extend_from_slice(page.resource_record_sets());
        if !page.is_truncated() || page.next_record_name().is_none() {
            return Ok(sets);
        }
        name = page.next_record_name().map(str::to_owned);
        kind = page.next_record_type().cloned();
        identifier = page.next_record_identifier().map(str::to_owned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(id: &str, name: &str, private: bool) -> Zone {
        let (id, name, reference) = (id.to_owned(), name.to_owned(), reference("cruddur@eu-west-1", name, "0f"));
        Zone { id, name, private, comment: None, reference, linked: false, count: 0 }
    }

    #[test]
    fn a_public_zone_goes_before_a_private_one() {
        let zones = [zone("Z1", "a.example", true), zone("Z2", "a.example", false), zone("Z3", "b.example", true)];
        let id = |name, id| choose(&zones, name, id).unwrap().map(|zone| zone.id.as_str());
        assert_eq!(id("a.example", None), Some("Z2"));
        assert_eq!(id("a.example", Some("Z1")), Some("Z1"));
        assert_eq!(id("b.example", None), Some("Z3"));
        assert_eq!(id("c.example", None), None);
        assert_eq!(id("a.example", Some("Z9")), None);
        assert!(choose(&zones, "a.example", Some("Z3")).is_err());
    }

    #[test]
    fn several_zones_of_one_name_are_named() {
        let zones = [zone("Z1", "a.example", false), zone("Z2", "a.example", false)];
        let error = choose(&zones, "a.example", None).unwrap_err();
        assert_eq!(error.class, ErrorClass::Invalid);
        assert_eq!(error.message, "2 hosted zones are called a.example: Z1, Z2");
        assert!(error.hint.unwrap().contains("`id:`"));
    }

    #[test]
    fn a_caller_reference_names_its_stack() {
        assert_eq!(zone("Z1", "a.example", false).stack(), Some("cruddur@eu-west-1"));
        let long = reference("cruddur@eu-west-1", &"x".repeat(120), "0f");
        assert_eq!(long, "evenkeel/cruddur@eu-west-1/0f");
        let foreign = Zone { reference: "terraform-2026".to_owned(), ..zone("Z1", "a.example", false) };
        assert_eq!(foreign.stack(), None);
    }
}
