//! When the certificates of a stack expire, and what ACM says of those that are only looked up: one request for each, side by side.

use std::collections::BTreeMap;

use aws_sdk_acm::types::{CertificateDetail, CertificateStatus};
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Graph;
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::Snapshot;
use futures::future::join_all;

use super::{Resource, State, Unread, ours};
use crate::client::Aws;
use crate::kinds::certificate;

/// What ACM says of a certificate.
pub(super) struct Known {
    status: Option<CertificateStatus>,
    expires: Option<i64>,
}

impl Known {
    /// Adds it to what the reading tells.
    pub(super) fn add_to(&self, resource: &mut Resource) {
        resource.expires = self.expires;
        if resource.state == State::Healthy
            && let Some(status) = self.status.as_ref().filter(|status| **status != CertificateStatus::Issued)
        {
            let pending = *status == CertificateStatus::PendingValidation;
            resource.state = if pending { State::Pending } else { State::Failing };
            resource.words = status.as_str().to_lowercase().replace('_', " ");
        }
    }
}

/// What was found.
pub(super) struct Expiries {
    /// By node.
    pub(super) found: BTreeMap<NodeId, Known>,
    /// What could not be read.
    pub(super) unread: Vec<Unread>,
}

/// Asks for the certificates of a graph that are there.
pub(super) async fn look(aws: &Aws, graph: &Graph, snapshot: &Snapshot) -> Expiries {
    let there = graph.of_kind(certificate::KIND).filter_map(|node| Some((&node.id, ours(graph, snapshot, &node.id)?)));
    let asked = there.map(|(id, live)| async move { (id, describe(aws, &live.id).await) });
    let mut expiries = Expiries { found: BTreeMap::new(), unread: Vec::new() };
    for (id, answer) in join_all(asked).await {
        match answer {
            Ok(raw) => {
                let expires = raw.as_ref().and_then(|raw| raw.not_after()).map(aws_smithy_types::DateTime::secs);
                let status = raw.as_ref().and_then(|raw| raw.status().cloned());
                expiries.found.insert(id.clone(), Known { status, expires });
            }
            Err(error) => expiries.unread.push(Unread { what: format!("the expiry of {id}"), error }),
        }
    }
    expiries
}

async fn describe(aws: &Aws, arn: &str) -> Result<Option<CertificateDetail>, CloudError> {
    let request = || aws.acm().describe_certificate().certificate_arn(arn).send();
    Ok(aws.caller.send("acm:DescribeCertificate", request).await?.certificate)
}
