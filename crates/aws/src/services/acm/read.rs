//! Reads from ACM: the certificates that carry the stack's mark (`marked.rs`), those that the graph looks up (`existing.rs`), and from
//! Route 53 whether the validation records are in their zones. Each certificate is described by itself, side by side: ACM has no
//! request for several. Decides nothing about them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_acm::Client;
use aws_sdk_acm::types::{CertificateDetail, CertificateStatus, CertificateSummary, Filters, KeyAlgorithm};
use evenkeel_core::doc::Text;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use futures::StreamExt;

use super::certificate::{KIND, Spec};
use super::{existing, marked};
use crate::client::Aws;
use crate::finder::Finder;
use crate::read::{Part, Scope};
use crate::resource::spec;
use crate::services::route53::proofs::{self, In, Proof};
use crate::services::route53::read::{self as route53, Zone};
use crate::tags::{self, Tags};

/// Requests under way at once.
pub(super) const SIDE_BY_SIDE: usize = 10;
/// Certificates on a page.
const PAGE: i32 = 1000;

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
    let zones = async { if wanted.is_empty() { None } else { Some(zones(aws).await) } };
    let (marked, sought, zones) =
        futures::join!(marked::marked(aws, scope, finder, &wanted), existing::sought(aws, &looked_up), zones);
    acm.sought = sought;
    acm.marked = match marked {
        Ok((found, blind)) => {
            acm.blind = blind;
            items(aws, scope, &wanted, found, zones).await
        }
        Err(error) => Err(error),
    };
    acm
}

/// Puts beside certificates the zones of their records, and which records are there.
async fn items(
    aws: &Aws,
    scope: &Scope<'_>,
    wanted: &[&Node],
    found: Vec<(CertificateDetail, Tags)>,
    zones: Option<Part<Vec<Zone>>>,
) -> Part<Vec<Item>> {
    let items = found.into_iter().map(|(raw, tags)| Item { raw, tags, zones: Vec::new(), proved: BTreeMap::new() });
    let items: Vec<Item> = items.collect();
    if items.is_empty() {
        return Ok(items);
    }
    let zones = match zones {
        Some(zones) => zones?,
        // Nothing of it is compared: what leaves the file is looked at once more before it goes.
        None => match self::zones(aws).await {
            Err(error) if !error.class.is_passing() => return Ok(items),
            zones => zones?,
        },
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

/// The node that a certificate with these tags is of.
pub(super) fn node_of<'n>(tags: &Tags, wanted: &[&'n Node], stack: &str) -> Option<&'n Node> {
    let owner = marked::owner_of(tags, stack)?;
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
    let asked = want.validation.iter().filter_map(|wanted| {
        let zone = match &wanted.zone_id {
            Text::Known(id) => zones.iter().find(|zone| zone.id == *id),
            Text::From(output) => {
                let lookup = scope.graph.get(&output.node).and_then(|node| node.want.get("id")?.as_str());
                proofs::meant(zones, output.node.name(), lookup, owner)
            }
            Text::Join(_) => None,
        };
        Some((&wanted.name, zone?, records.get(&wanted.name)?))
    });
    let asked = asked.map(|(name, zone, proof)| async move {
        match proofs::is_set(aws, &zone.id, proof).await {
            Ok(set) => Ok(set.then(|| (name.clone(), zone.id.clone()))),
            Err(error) if error.class == ErrorClass::Gone => Ok(None),
            Err(error) => Err(error),
        }
    });
    let asked: Vec<Part<Option<(String, String)>>> =
        futures::stream::iter(asked.collect::<Vec<_>>()).buffered(SIDE_BY_SIDE).collect().await;
    Ok(asked.into_iter().collect::<Part<Vec<_>>>()?.into_iter().flatten().collect())
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

/// The tags of certificates, side by side.
pub(super) async fn tags_of_all(aws: &Aws, arns: BTreeSet<String>) -> Vec<(String, Part<Tags>)> {
    let asked = futures::stream::iter(arns).map(|arn| async move {
        let tags = aws.once(format!("acm:ListTagsForCertificate {arn}"), || tags_of(aws, &arn)).await;
        (arn, tags.map(Arc::unwrap_or_clone))
    });
    asked.buffered(SIDE_BY_SIDE).collect().await
}

/// All certificates of the region.
pub(super) async fn list(aws: &Aws) -> Part<Vec<CertificateSummary>> {
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
