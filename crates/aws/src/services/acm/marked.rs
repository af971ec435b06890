//! Which certificates carry the stack's mark: what the tagging API knows; and where that may lag behind (of a node no certificate as it
//! is wanted is known), those of the wanted domain, asked for their tags. A destruction without a file asks the newest as well.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_acm::primitives::DateTime;
use aws_sdk_acm::types::{CertificateDetail, CertificateSummary};
use evenkeel_core::doc::Doc;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::Owner;
use futures::StreamExt;

use super::certificate::{KIND, is_wanted};
use super::read::{SIDE_BY_SIDE, describe, list, listed, node_of, tags_of_all};
use crate::client::Aws;
use crate::finder::{Finder, Found};
use crate::read::{Part, Scope};
use crate::tags::{self, Tags};

/// How many of the newest certificates are asked for their tags where no name leads to them.
const NEWEST: usize = 10;

/// Certificates with their tags.
type Described = Vec<(CertificateDetail, Tags)>;

/// The certificates with the stack's mark, and why no more could be looked for.
pub(super) async fn marked(
    aws: &Aws,
    scope: &Scope<'_>,
    finder: &Finder<'_>,
    wanted: &[&Node],
) -> Part<(Described, Option<CloudError>)> {
    let (known, blind) = known(aws, scope, finder, wanted).await?;
    let arns: BTreeSet<String> = known.keys().cloned().collect();
    let mut found = described(aws, known).await?;
    // A replacement that was cut short may be new as well: it counts only what is as it is wanted.
    let is_there = |node: &Node| {
        let mut own = found.iter().filter(|(_, tags)| node_of(tags, &[node], scope.stack).is_some());
        own.any(|(raw, _)| is_wanted(raw, &node.want))
    };
    let missing: BTreeSet<String> =
        wanted.iter().filter(|node| !is_there(node)).filter_map(|node| domain_of(node)).collect();
    let newest = match blind {
        Some(_) if scope.thorough => usize::MAX,
        // Without a file no name leads to what was made a moment ago.
        None if scope.thorough && scope.graph.is_empty() => NEWEST,
        _ => 0,
    };
    if !missing.is_empty() || newest > 0 {
        let all = match list(aws).await {
            // There is no ACM here, so there is nothing of the stack in it.
            Err(error) if wanted.is_empty() && error.class == ErrorClass::Unsupported => Vec::new(),
            all => all?,
        };
        let to_ask = worth_asking(&all, &missing, newest).into_iter().filter(|arn| !arns.contains(arn)).collect();
        let mut more = BTreeMap::new();
        for (arn, tags) in tags_of_all(aws, to_ask).await {
            match tags {
                Ok(tags) if owner_of(&tags, scope.stack).is_some() => drop(more.insert(arn, tags)),
                Ok(_) => {}
                Err(error) if error.class == ErrorClass::Gone => {}
                Err(error) => return Err(error),
            }
        }
        found.extend(described(aws, more).await?);
    }
    // Where everything was asked, nothing is left out.
    Ok((found, blind.filter(|_| !scope.thorough)))
}

/// What the tagging API knows, by ARN with the tags, and why it does not answer.
async fn known(
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
    // What it tells of a certificate may be older than the last change.
    let stale = known.iter().filter(|(_, tags)| differs(tags, wanted, scope.stack)).map(|(arn, _)| arn.clone());
    for (arn, tags) in tags_of_all(aws, stale.collect()).await {
        match tags {
            Ok(tags) => drop(known.insert(arn, tags)),
            Err(error) if error.class == ErrorClass::Gone => drop(known.remove(&arn)),
            Err(error) => return Err(error),
        }
    }
    Ok((known, blind))
}

/// The descriptions of certificates, without those that are gone.
async fn described(aws: &Aws, known: BTreeMap<String, Tags>) -> Part<Described> {
    let asked = futures::stream::iter(known).map(|(arn, tags)| async move { (describe(aws, &arn).await, tags) });
    let answers: Vec<(Part<Option<CertificateDetail>>, Tags)> = asked.buffered(SIDE_BY_SIDE).collect().await;
    let mut found = Vec::new();
    for (raw, tags) in answers {
        found.extend(raw?.map(|raw| (raw, tags)));
    }
    Ok(found)
}

/// What a run that was cut short has made already, in the place of another certificate or as the first one: listings lag, so that a plan
/// need not know of it, and a second one could not be told from the first.
///
/// # Errors
/// Any error of the look.
pub(super) async fn made_before(
    aws: &Aws,
    (stack, node): (&str, &NodeId),
    replaced: Option<&str>,
    want: &Doc,
) -> Result<Option<String>, CloudError> {
    let domain = want["domain"].as_str().unwrap_or_default().to_lowercase();
    // Asked again, not remembered: what the reading saw may be what lacks it.
    let all = listed(aws, &aws.acm(), &[]).await?;
    let named = worth_asking(&all, &BTreeSet::from([domain]), 0);
    let mut made = BTreeMap::new();
    for (arn, tags) in tags_of_all(aws, named.into_iter().collect()).await {
        match tags {
            Ok(tags) if owner_of(&tags, stack).as_ref() == Some(node) => {
                if tags.get(tags::REPLACES).map(String::as_str) == replaced {
                    made.insert(arn, tags);
                }
            }
            Ok(_) => {}
            Err(error) if error.class == ErrorClass::Gone => {}
            Err(error) => return Err(error),
        }
    }
    let made = described(aws, made).await?;
    let fits = made.into_iter().find(|(raw, _)| is_wanted(raw, want));
    Ok(fits.and_then(|(raw, _)| raw.certificate_arn))
}

/// The certificates of a listing whose tags may be those of the stack.
fn worth_asking(all: &[CertificateSummary], domains: &BTreeSet<String>, most: usize) -> Vec<String> {
    let mut newest: Vec<&CertificateSummary> = all.iter().collect();
    newest.sort_by_key(|one| std::cmp::Reverse(one.created_at().map(DateTime::secs)));
    let newest = newest.into_iter().take(most);
    let named = all.iter().filter(|one| one.domain_name().is_some_and(|name| domains.contains(&name.to_lowercase())));
    newest.chain(named).filter_map(CertificateSummary::certificate_arn).map(str::to_owned).collect()
}

/// The node that tags name as the owner, if it is one of the stack.
pub(super) fn owner_of(tags: &Tags, stack: &str) -> Option<NodeId> {
    match tags::owner(tags, stack, KIND) {
        Owner::Ours(node) => Some(node),
        Owner::Managed { .. } | Owner::OtherStack(_) | Owner::Stray(_) | Owner::Nobody => None,
    }
}

fn domain_of(node: &Node) -> Option<String> {
    node.want.get("domain")?.as_str().map(str::to_owned)
}

/// Whether tags are not those that the graph wants, so that they have to be asked for again.
fn differs(have: &Tags, wanted: &[&Node], stack: &str) -> bool {
    let owner = owner_of(have, stack);
    let Some(node) = wanted.iter().find(|node| owner.as_ref() == Some(&node.id)) else { return false };
    tags::user(have) != tags::wanted(node)
}
