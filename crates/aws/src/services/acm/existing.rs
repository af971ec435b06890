//! Certificates that the graph looks up: by ARN, or the newest issued one that covers a name. Decides which one is meant.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_acm::primitives::DateTime;
use aws_sdk_acm::types::{CertificateStatus, CertificateSummary};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use futures::StreamExt;

use super::certificate::Sought;
use super::read::{Chosen, SIDE_BY_SIDE, describe, listed};
use crate::client::Aws;
use crate::read::Part;
use crate::resource::spec;

/// What the graph looks up.
pub(super) async fn sought(aws: &Aws, nodes: &[&Node]) -> BTreeMap<NodeId, Part<Option<Chosen>>> {
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
        (born.map(DateTime::secs), one.certificate_arn().map(str::to_owned))
    };
    let best = issued.iter().filter(fits).max_by_key(|one| born(one))?;
    Some(Chosen { arn: best.certificate_arn()?.to_owned(), domain: best.domain_name().unwrap_or_default().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_covers_one_part_and_the_newest_counts() {
        let one = |arn: &str, name: &str, secs| {
            let one = CertificateSummary::builder().certificate_arn(arn).domain_name(name);
            one.issued_at(DateTime::from_secs(secs)).build()
        };
        let issued = [
            one("a", "www.a.example", 1),
            one("b", "*.A.example", 2),
            one("c", "a.example", 3),
            one("d", "*.www.a.example", 4),
        ];
        let arn = |domain| newest(&issued, domain).map(|found| found.arn);
        assert_eq!(arn("www.a.example").as_deref(), Some("b"));
        assert_eq!(arn("a.example").as_deref(), Some("c"));
        assert_eq!(arn("*.a.example").as_deref(), Some("b"));
        assert_eq!(arn("x.y.a.example"), None);
    }
}
