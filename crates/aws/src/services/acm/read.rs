//! Reads from ACM: certificates that carry the stack's mark, by the tagging API; where that may lag behind (a wanted one that it does
//! not know) those of the wanted domain are listed and asked for their tags. Each is described by itself, side by side: ACM has no
//! request for several. Whether its validation records are in their zones is read from Route 53. Decides nothing about them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_acm::Client;
use aws_sdk_acm::types::{CertificateDetail, CertificateStatus, CertificateSummary, Filters, KeyAlgorithm};
use evenkeel_core::doc::Text;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::Owner;
use futures::StreamExt;

use super::certificate::{KIND, Sought, Spec};
use crate::client::Aws;
use crate::finder::{Finder, Found};
use crate::read::{Part, Scope};
use crate::resource::spec;
use crate::services::route53::proofs::{self, In, Proof};
use crate::services::route53::read::{self as route53, Zone};
use crate::tags::{self, Tags};

/// Requests under way at once.
const SIDE_BY_SIDE: usize = 10;
/// Certificates on a page.
const PAGE: i32 = 1000;
/// How many of the newest certificates a destruction asks for their tags: the tagging API may not know them yet.
const NEWEST: usize = 10;

/// What was fetched from ACM.
#[derive(Debug)]
pub struct Acm {
    /// Certificates that carry the stack's mark.
    pub marked: Part<Vec<Item>>,
    /// What the graph looks up: the certificate, or that there is none.
    pub sought: BTreeMap<NodeId, Part<Option<Chosen>>>,
    /// Why certificates that the graph does not name could not be looked for.
    pub blind: Option<CloudError>,
}

/// A certificate with what AWS keeps apart from it.
#[derive(Clone, Debug)]
pub struct Item {
    /// As ACM describes it.
    pub raw: CertificateDetail,
    /// All its tags.
    pub tags: Tags,
    /// The zones that can hold its validation records, the closest first.
    pub zones: Vec<In>,
    /// Which of its names have their record in the zone that the graph means, with the id of that zone.
    pub proved: BTreeMap<String, String>,
}

/// A certificate that was looked up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chosen {
    /// Its ARN.
    pub arn: String,
    /// Its first name.
    pub domain: String,
}

/// Reads what the scope asks for.
pub async fn fetch(aws: &Aws, scope: &Scope<'_>, finder: &Finder<'_>) -> Acm {
    let mut acm = Acm { marked: Ok(Vec::new()), sought: BTreeMap::new(), blind: None };
    if !scope.wants(&[KIND]) {
        return acm;
    }
    let (wanted, looked_up): (Vec<&Node>, Vec<&Node>) = scope.graph.of_kind(KIND).partition(|node| !node.lookup);
    let (marked, sought) = futures::join!(marked(aws, scope, finder, &wanted), sought(aws, &looked_up));
    acm.sought = sought;
    acm.marked = match marked {
        Ok((found, blind)) => {
            acm.blind = blind;
            items(aws, scope, &wanted, found).await
        }
        Err(error) => Err(error),
    };
    acm
}

/// The certificates with the stack's mark, by ARN with their tags, and why no more could be looked for.
async fn marked(
    aws: &Aws,
    scope: &Scope<'_>,
    finder: &Finder<'_>,
    wanted: &[&Node],
) -> Part<(BTreeMap<String, Tags>, Option<CloudError>)> {
    // Reading back what was made a moment ago: the tagging API does not know it yet.
    let found = if scope.only.is_some() { Ok(Vec::new()) } else { finder.find(":certificate/").await };
    let (found, blind) = match found {
        Ok(found) => (found, None),
        Err(error) => {
            tracing::info!(%error, "the tagging API does not answer; looking for certificates by their names");
            (Vec::new(), Some(error))
        }
    };
    let of_acm = |found: &Found| found.arn.split(':').nth(2) == Some("acm");
    let mut known: BTreeMap<String, Tags> =
        found.into_iter().filter(of_acm).map(|Found { arn, tags }| (arn, tags)).collect();
    let owners: Vec<NodeId> = known.values().filter_map(|tags| owner_of(tags, scope.stack)).collect();
    let is_known =
        |node: &Node| owners.contains(&node.id) || node.moved_from.as_ref().is_some_and(|old| owners.contains(old));
    let missing: BTreeSet<String> =
        wanted.iter().filter(|node| !is_known(node)).filter_map(|node| domain_of(node)).collect();
    let mut to_ask: BTreeSet<String> = BTreeSet::new();
    if !missing.is_empty() || scope.thorough {
        let all = match list(aws).await {
            // There is no ACM here, so there is nothing of the stack in it.
            Err(error) if wanted.is_empty() && error.class == ErrorClass::Unsupported => Vec::new(),
            all => all?,
        };
        to_ask.extend(worth_asking(&all, &missing, scope.thorough, blind.is_some()));
    }
    // What the tagging API tells of a certificate may be older than the last change.
    let changed = |arn: &String| known.get(arn).is_some_and(|tags| differs(tags, wanted, scope.stack));
    let stale: Vec<String> = known.keys().filter(|arn| changed(arn)).cloned().collect();
    to_ask.retain(|arn| !known.contains_key(arn));
    to_ask.extend(stale);
    for (arn, tags) in tags_of_all(aws, to_ask).await {
        match tags {
            Ok(tags) if owner_of(&tags, scope.stack).is_some() || known.contains_key(&arn) => {
                drop(known.insert(arn, tags));
            }
            Ok(_) => {}
            Err(error) if error.class == ErrorClass::Gone => drop(known.remove(&arn)),
            Err(error) => return Err(error),
        }
    }
    // Where everything was asked, nothing is left out.
    let blind = blind.filter(|_| !scope.thorough);
    Ok((known, blind))
}

/// The certificates of a listing whose tags may be those of the stack.
fn worth_asking(
    all: &[CertificateSummary],
    domains: &BTreeSet<String>,
    thorough: bool,
    everything: bool,
) -> Vec<String> {
    let mut newest: Vec<&CertificateSummary> = all.iter().collect();
    newest.sort_by_key(|one| std::cmp::Reverse(one.created_at().map(aws_sdk_acm::primitives::DateTime::secs)));
    let most = if everything { usize::MAX } else { NEWEST };
    let newest = newest.into_iter().take(if thorough { most } else { 0 });
    let named = all.iter().filter(|one| one.domain_name().is_some_and(|name| domains.contains(&name.to_lowercase())));
    newest.chain(named).filter_map(CertificateSummary::certificate_arn).map(str::to_owned).collect()
}

fn owner_of(tags: &Tags, stack: &str) -> Option<NodeId> {
    match tags::owner(tags, stack, KIND) {
        Owner::Ours(node) => Some(node),
        Owner::OtherStack(_) | Owner::Stray(_) | Owner::Nobody => None,
    }
}

fn domain_of(node: &Node) -> Option<String> {
    node.want.get("domain")?.as_str().map(str::to_owned)
}

/// Whether tags are not those that the graph wants, so that they have to be asked for again.
fn differs(have: &Tags, wanted: &[&Node], stack: &str) -> bool {
    let owner = owner_of(have, stack);
    let Some(node) = wanted.iter().find(|node| owner.as_ref() == Some(&node.id)) else { return false };
    let user: Tags = node.want.get("tags").and_then(|tags| spec(tags).ok()).unwrap_or_default();
    tags::user(have) != user
}

/// Describes certificates and looks for their records.
async fn items(aws: &Aws, scope: &Scope<'_>, wanted: &[&Node], found: BTreeMap<String, Tags>) -> Part<Vec<Item>> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let describe = futures::stream::iter(found).map(|(arn, tags)| async move { (describe(aws, &arn).await, tags) });
    let (described, zones) = futures::join!(describe.buffered(SIDE_BY_SIDE).collect::<Vec<_>>(), zones(aws));
    let mut items = Vec::new();
    for (raw, tags) in described {
        let Some(raw) = raw? else { continue };
        items.push(Item { raw, tags, zones: Vec::new(), proved: BTreeMap::new() });
    }
    let zones = match zones {
        Ok(zones) => zones,
        // Nothing of it is compared: what leaves the file is looked at once more before it goes.
        Err(error) if wanted.is_empty() && error.class.is_passing() => return Err(error),
        Err(_) if wanted.is_empty() => return Ok(items),
        Err(error) => return Err(error),
    };
    let owner = tags::global(scope.stack, &aws.region);
    let complete = items.into_iter().map(|mut item| {
        let (zones, owner) = (&zones, &owner);
        async move {
            item.zones = zones_of(&item.raw, zones);
            if let Some(node) = node_of(&item.tags, wanted, scope.stack) {
                item.proved = proved(aws, scope, &item.raw, node, zones, owner).await?;
            }
            Ok(item)
        }
    });
    let complete: Vec<Part<Item>> = futures::stream::iter(complete).buffered(SIDE_BY_SIDE).collect().await;
    complete.into_iter().collect()
}

fn node_of<'n>(tags: &Tags, wanted: &[&'n Node], stack: &str) -> Option<&'n Node> {
    let owner = owner_of(tags, stack)?;
    wanted.iter().copied().find(|node| node.id == owner || node.moved_from.as_ref() == Some(&owner))
}

/// All hosted zones of the account.
async fn zones(aws: &Aws) -> Part<Vec<Zone>> {
    aws.once("route53:ListHostedZones", || route53::zones(aws)).await.map(Arc::unwrap_or_clone)
}

/// The zones that can hold the validation records of a certificate.
pub(super) fn zones_of(raw: &CertificateDetail, zones: &[Zone]) -> Vec<In> {
    let mut found: Vec<In> = Vec::new();
    for name in names_of(raw) {
        for zone in proofs::holding(zones, base(&name)).into_iter().map(In::from) {
            if !found.contains(&zone) {
                found.push(zone);
            }
        }
    }
    found
}

/// The names of a certificate.
fn names_of(raw: &CertificateDetail) -> BTreeSet<String> {
    let names = raw.domain_name().into_iter().chain(raw.subject_alternative_names().iter().map(String::as_str));
    names.map(str::to_lowercase).collect()
}

/// Which names have their record in the zone that a node means.
async fn proved(
    aws: &Aws,
    scope: &Scope<'_>,
    raw: &CertificateDetail,
    node: &Node,
    zones: &[Zone],
    owner: &str,
) -> Part<BTreeMap<String, String>> {
    let want: Spec = spec(&node.want)?;
    let records = proofs_of(raw);
    let mut proved = BTreeMap::new();
    for wanted in &want.validation {
        let zone = match &wanted.zone_id {
            Text::Known(id) => zones.iter().find(|zone| zone.id == *id),
            Text::From(output) => {
                let lookup = scope.graph.get(&output.node).and_then(|node| node.want.get("id")?.as_str());
                proofs::meant(zones, output.node.name(), lookup, owner)
            }
            Text::Join(_) => None,
        };
        let (Some(zone), Some(proof)) = (zone, records.get(&wanted.name)) else { continue };
        match proofs::is_set(aws, &zone.id, proof).await {
            Ok(true) => drop(proved.insert(wanted.name.clone(), zone.id.clone())),
            Ok(false) => {}
            Err(error) if error.class == ErrorClass::Gone => {}
            Err(error) => return Err(error),
        }
    }
    Ok(proved)
}

/// A name without the wildcard before it: both are proved by one record.
pub(super) fn base(name: &str) -> &str {
    name.strip_prefix("*.").unwrap_or(name)
}

/// The validation records of a certificate, by the name without its wildcard, as far as ACM tells them yet.
pub(super) fn proofs_of(raw: &CertificateDetail) -> BTreeMap<String, Proof> {
    let told = raw.domain_validation_options().iter().filter_map(|option| {
        let record = option.resource_record()?;
        Some((base(&option.domain_name().to_lowercase()).to_owned(), Proof::new(record.name(), record.value())))
    });
    told.collect()
}

/// A certificate; `None` if it is gone.
pub(super) async fn describe(aws: &Aws, arn: &str) -> Part<Option<CertificateDetail>> {
    let request = || aws.acm().describe_certificate().certificate_arn(arn).send();
    match aws.caller.send("acm:DescribeCertificate", request).await {
        Ok(reply) => Ok(reply.certificate),
        Err(error) if error.class == ErrorClass::Gone => Ok(None),
        Err(error) => Err(error),
    }
}

/// The tags of a certificate.
///
/// # Errors
/// Any error of `acm:ListTagsForCertificate`; `Gone` if there is none.
pub(super) async fn tags_of(aws: &Aws, arn: &str) -> Part<Tags> {
    let request = || aws.acm().list_tags_for_certificate().certificate_arn(arn).send();
    let reply = aws.caller.send("acm:ListTagsForCertificate", request).await?;
    let pairs = reply.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().unwrap_or_default().to_owned()));
    Ok(pairs.collect())
}

async fn tags_of_all(aws: &Aws, arns: BTreeSet<String>) -> Vec<(String, Part<Tags>)> {
    let asked = futures::stream::iter(arns).map(|arn| async move {
        let tags = aws.once(format!("acm:ListTagsForCertificate {arn}"), || tags_of(aws, &arn)).await;
        (arn, tags.map(Arc::unwrap_or_clone))
    });
    asked.buffered(SIDE_BY_SIDE).collect().await
}

/// All certificates of the region.
async fn list(aws: &Aws) -> Part<Vec<CertificateSummary>> {
    let client = aws.acm();
    aws.once("acm:ListCertificates", || listed(aws, &client, &[])).await.map(Arc::unwrap_or_clone)
}

/// All certificates that a client sees, of these statuses if any are named.
pub(super) async fn listed(
    aws: &Aws,
    client: &Client,
    statuses: &[CertificateStatus],
) -> Part<Vec<CertificateSummary>> {
    // Without this, ACM leaves out every certificate whose key is not RSA of up to 2048 bits.
    let keys: Vec<KeyAlgorithm> = KeyAlgorithm::values().iter().map(|key| KeyAlgorithm::from(*key)).collect();
    let filters = Filters::builder().set_key_types(Some(keys)).build();
    let statuses = Some(statuses.to_vec()).filter(|statuses| !statuses.is_empty());
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let request = || {
            let request = client.list_certificates().includes(filters.clone()).max_items(PAGE);
            request.set_certificate_statuses(statuses.clone()).set_next_token(token.clone()).send()
        };
        let page = aws.caller.send("acm:ListCertificates", request).await?;
        token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        found.extend(page.certificate_summary_list.unwrap_or_default());
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// What the graph looks up.
async fn sought(aws: &Aws, nodes: &[&Node]) -> BTreeMap<NodeId, Part<Option<Chosen>>> {
    let by_domain = |node: &&Node| node.want.get("domain").is_some_and(serde_json::Value::is_string);
    let issued = if nodes.iter().any(by_domain) {
        let (client, statuses) = (aws.acm(), [CertificateStatus::Issued]);
        aws.once("acm:ListCertificates ISSUED", || listed(aws, &client, &statuses)).await.map(Arc::unwrap_or_clone)
    } else {
        Ok(Vec::new())
    };
    let issued = &issued;
    let nodes: Vec<(NodeId, Part<Sought>)> = nodes.iter().map(|node| (node.id.clone(), spec(&node.want))).collect();
    let looks = futures::stream::iter(nodes).map(|(id, sought)| async move {
        let found = match sought {
            Ok(sought) => look(aws, sought, issued).await,
            Err(error) => Err(error),
        };
        (id, found)
    });
    looks.buffered(SIDE_BY_SIDE).collect().await
}

async fn look(aws: &Aws, sought: Sought, issued: &Part<Vec<CertificateSummary>>) -> Part<Option<Chosen>> {
    let Some(arn) = sought.arn else {
        let domain = sought.domain.unwrap_or_default();
        return Ok(newest(issued.as_ref().map_err(Clone::clone)?, &domain));
    };
    let Some(raw) = describe(aws, &arn).await? else { return Ok(None) };
    match raw.status() {
        Some(CertificateStatus::Issued) | None => {
            Ok(Some(Chosen { arn, domain: raw.domain_name().unwrap_or_default().to_owned() }))
        }
        Some(status) => {
            let text = format!("the certificate {arn} is {}, not ISSUED", status.as_str());
            let error = CloudError::local(ErrorClass::Invalid, "acm:DescribeCertificate", text);
            let hint = "validate it, or name another certificate".to_owned();
            Err(CloudError { hint: Some(hint), ..error })
        }
    }
}

/// Of the issued certificates the newest that covers a name.
fn newest(issued: &[CertificateSummary], domain: &str) -> Option<Chosen> {
    let wildcard = domain.split_once('.').map(|(_, rest)| format!("*.{rest}"));
    let covers = |name: &str| {
        let name = name.to_lowercase();
        name == domain || (!domain.starts_with("*.") && Some(&name) == wildcard.as_ref())
    };
    let fits = |one: &&CertificateSummary| {
        let names = one.subject_alternative_name_summaries().iter().map(String::as_str);
        one.domain_name().into_iter().chain(names).any(covers)
    };
    let born = |one: &CertificateSummary| {
        let born = one.issued_at().or_else(|| one.imported_at()).or_else(|| one.created_at());
        (born.map(aws_sdk_acm::primitives::DateTime::secs), one.certificate_arn().map(str::to_owned))
    };
    let best = issued.iter().filter(fits).max_by_key(|one| born(one))?;
    Some(Chosen { arn: best.certificate_arn()?.to_owned(), domain: best.domain_name().unwrap_or_default().to_owned() })
}
