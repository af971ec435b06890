//! Reads from Route 53: all hosted zones of the account in one request (with the caller references that mark ours), then,
//! side by side, the records of the zones in question and, if zones of ours matter, the zones' tags. Two round trips.
//! Records of the stack in zones that its file no longer names are looked for if the account has few zones, or always
//! for a destruction.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_route53::types::{HostedZone, ResourceRecordSet, TagResourceType};
use evenkeel_core::error::{CloudError, ErrorClass};
use futures::StreamExt;
use serde_json::Value;

use super::{Part, Scope};
use crate::client::Aws;
use crate::tags::Tags;

/// Up to so many zones the records of all of them are read.
const FEW: usize = 25;
/// Most zones that ListTagsForResources takes.
const TAG_BATCH: usize = 10;
/// Requests under way at once.
const SIDE_BY_SIDE: usize = 16;
/// Every caller reference of ours starts so, followed by the stack, a slash and more.
const REFERENCE: &str = "evenkeel/";

/// What was fetched from Route 53.
#[derive(Debug)]
pub struct Route53 {
    /// All hosted zones of the account.
    pub zones: Part<Vec<Zone>>,
    /// Tags by zone id; empty if no zone of ours matters.
    pub tags: Part<BTreeMap<String, Tags>>,
    /// Records by zone id, for the zones that were read.
    pub records: BTreeMap<String, Part<Vec<ResourceRecordSet>>>,
    /// What the graph wants.
    pub wanted: Wanted,
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
    /// Zones that have to be readable, because the file has records there: also for a destruction, which wants none.
    pub named: BTreeSet<String>,
    /// Whether every zone has to be readable: for a destruction that no file tells where to look.
    pub all: bool,
}

impl Wanted {
    /// Whether nothing can be said if the records of this zone cannot be read.
    pub fn has_to_read(&self, zone: &str) -> bool {
        self.all || self.named.contains(zone)
    }

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
        }
    }

    /// The stack that made it, if it was made by one.
    pub fn stack(&self) -> Option<&str> {
        self.reference.strip_prefix(REFERENCE)?.split_once('/').map(|(stack, _)| stack)
    }
}

/// The caller reference of a zone to be made; at most 128 characters, so a long zone name is left out.
pub fn reference(stack: &str, zone: &str, token: &str) -> String {
    let whole = format!("{REFERENCE}{stack}/{zone}/{token}");
    if whole.len() <= 128 { whole } else { format!("{REFERENCE}{stack}/{token}") }
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
        let named: Vec<&Zone> = zones.iter().filter(|zone| zone.name == name && zone.private == private).collect();
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
    let nothing = |zones, wanted| Route53 { zones, tags: Ok(BTreeMap::new()), records: BTreeMap::new(), wanted };
    if !scope.wants(&["zone", "hosted_zone", "records"]) {
        return nothing(Ok(Vec::new()), wanted);
    }
    let zones = match zones(aws).await {
        Ok(zones) => zones,
        Err(error) if wanted.is_empty() && is_elsewhere(&error, scope.thorough) => {
            tracing::warn!(%error, "hosted zones cannot be listed; the stack file names none, so none are looked for");
            return nothing(Ok(Vec::new()), wanted);
        }
        Err(error) => return nothing(Err(error), wanted),
    };
    let ours = zones.iter().any(|zone| zone.stack() == Some(scope.stack));
    let tagged: Vec<String> = if scope.wants(&["hosted_zone"]) && (ours || scope.thorough || !wanted.managed.is_empty())
    {
        zones.iter().map(|zone| zone.id.clone()).collect()
    } else {
        Vec::new()
    };
    let ids = to_read(scope, &wanted, &zones);
    let (tags, records) = futures::join!(
        tags(aws, &tagged),
        futures::stream::iter(ids)
            .map(|id| async move {
                let sets = records(aws, &id).await;
                (id, sets)
            })
            .buffered(SIDE_BY_SIDE)
            .collect::<BTreeMap<_, _>>(),
    );
    Route53 { tags, records, wanted, zones: Ok(zones) }
}

/// Whether an error says that nothing of a stack without DNS can be left over: there is no Route 53, or (except for a
/// destruction, which must be sure) whoever runs this may not even list zones.
fn is_elsewhere(error: &CloudError, thorough: bool) -> bool {
    error.class == ErrorClass::Unsupported || (error.class == ErrorClass::Denied && !thorough)
}

fn wanted(scope: &Scope<'_>) -> Wanted {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let nothing_is_known = scope.graph.nodes().next().is_none();
    let mut wanted = Wanted { all: scope.thorough && nothing_is_known, ..Wanted::default() };
    for node in scope.graph.of_kind("zone") {
        wanted.lookups.insert(node.id.name().to_owned(), text(&node.want, "id"));
    }
    wanted.managed.extend(scope.graph.of_kind("hosted_zone").map(|node| node.name.clone()));
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

/// The zones whose records have to be read.
fn to_read(scope: &Scope<'_>, wanted: &Wanted, zones: &[Zone]) -> Vec<String> {
    if !scope.wants(&["records", "hosted_zone"]) {
        return Vec::new();
    }
    let all = scope.only.is_none() && (scope.thorough || zones.len() <= FEW);
    let named = |zone: &Zone| {
        wanted.named.contains(&zone.name) || wanted.managed.contains(&zone.name) || zone.stack() == Some(scope.stack)
    };
    zones.iter().filter(|zone| named(zone) || (all && !zone.linked)).map(|zone| zone.id.clone()).collect()
}

async fn zones(aws: &Aws) -> Part<Vec<Zone>> {
    let mut zones = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let page = aws
            .caller
            .send("route53:ListHostedZones", || aws.route53.list_hosted_zones().set_marker(marker.clone()).send())
            .await?;
        zones.extend(page.hosted_zones().iter().map(Zone::new));
        marker = page.next_marker().filter(|_| page.is_truncated()).map(str::to_owned);
        if marker.is_none() {
            return Ok(zones);
        }
    }
}

async fn tags(aws: &Aws, ids: &[String]) -> Part<BTreeMap<String, Tags>> {
    let chunks: Vec<Vec<String>> = ids.chunks(TAG_BATCH).map(<[String]>::to_vec).collect();
    let replies: Vec<_> = futures::stream::iter(chunks)
        .map(|chunk| async move {
            let request = || {
                aws.route53
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
            Err(error) if error.class == ErrorClass::Unsupported => return tags_one_by_one(aws, ids).await,
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
            let request = aws.route53.list_tags_for_resource().resource_type(TagResourceType::Hostedzone);
            request.resource_id(id).send()
        };
        let reply = aws.caller.send("route53:ListTagsForResource", request).await?;
        let tags = reply.resource_tag_set().map(|set| set.tags()).unwrap_or_default();
        let pairs = tags.iter().filter_map(|tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned())));
        Ok((id.clone(), pairs.collect()))
    });
    futures::future::try_join_all(replies).await.map(|tags| tags.into_iter().collect())
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
                aws.route53
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
        let (id, name, reference) = (id.to_owned(), name.to_owned(), reference("cruddur", name, "0f"));
        Zone { id, name, private, comment: None, reference, linked: false }
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
        assert_eq!(zone("Z1", "a.example", false).stack(), Some("cruddur"));
        let long = reference("cruddur", &"x".repeat(120), "0f");
        assert_eq!(long, "evenkeel/cruddur/0f");
        let foreign = Zone { reference: "terraform-2026".to_owned(), ..zone("Z1", "a.example", false) };
        assert_eq!(foreign.stack(), None);
    }
}
