//! How far a certificate is: what ACM waits for, with the record on screen, and why it will never be issued. Before anybody waits, the
//! domain has to be delegated to the zone with the record; where it is not, nothing would ever come of waiting.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use aws_sdk_acm::types::{CertificateDetail, CertificateStatus, FailureReason};
use evenkeel_core::error::CloudError;
use evenkeel_core::snapshot::Readiness;

use super::read;
use crate::client::Aws;
use crate::services::route53::delegation::Delegated;
use crate::services::route53::proofs::{self, In};
use crate::services::route53::read as route53;

/// How far a certificate is, as ACM describes it.
pub(super) fn readiness(raw: &CertificateDetail) -> Readiness {
    match raw.status() {
        None | Some(CertificateStatus::Issued) => Readiness::Ready,
        Some(CertificateStatus::PendingValidation) => Readiness::Pending(pending(raw)),
        Some(status) => Readiness::Failed(failed(status, raw.failure_reason())),
    }
}

/// The same, for somebody who waits.
///
/// # Errors
/// Of reading the zones.
pub(super) async fn progress(aws: &Aws, raw: &CertificateDetail) -> Result<Readiness, CloudError> {
    let readiness = readiness(raw);
    if !matches!(readiness, Readiness::Pending(_)) {
        return Ok(readiness);
    }
    let zones = route53::zones(aws).await?;
    let closest: BTreeSet<In> = read::proofs_of(raw)
        .keys()
        .filter_map(|name| proofs::holding(&zones, name).first().copied().map(In::from))
        .collect();
    for zone in closest {
        if let Some(why) = not_delegated(aws, &zone).await? {
            return Ok(Readiness::Failed(why));
        }
    }
    Ok(readiness)
}

/// Zones whose delegation has been looked at in this run.
#[derive(Debug, Default)]
struct Seen(Mutex<BTreeSet<String>>);

/// What is wrong with the delegation of a zone, and what to do, if that is certain. Asked once in a run.
async fn not_delegated(aws: &Aws, zone: &In) -> Result<Option<String>, CloudError> {
    let seen = aws.memory::<Seen>();
    if !seen.0.lock().unwrap_or_else(PoisonError::into_inner).insert(zone.id.clone()) {
        return Ok(None);
    }
    let delegated = aws.delegations().of(&zone.name).await;
    if delegated == Delegated::Unknown {
        return Ok(None);
    }
    let servers = proofs::name_servers(aws, zone).await?;
    Ok(complaint(&zone.name, &servers, &delegated))
}

/// What is said of a domain whose parent does not name a server of its zone.
fn complaint(zone: &str, servers: &[String], delegated: &Delegated) -> Option<String> {
    let others = match delegated {
        Delegated::To(named) if named.iter().any(|name| servers.contains(name)) => return None,
        Delegated::To(named) => named.iter().cloned().collect::<Vec<_>>().join(", "),
        Delegated::Nowhere => "none".to_owned(),
        Delegated::Unknown => return None,
    };
    let servers = servers.join(", ");
    Some(format!(
        "{zone} is not delegated to its hosted zone, so ACM cannot see the record; enter these name servers at its registrar, then run \
         again: {servers} (there now: {others})"
    ))
}

fn pending(raw: &CertificateDetail) -> String {
    let all = read::proofs_of(raw);
    let records: Vec<String> = all.values().map(|proof| format!("{} CNAME {}", proof.name, proof.value)).collect();
    match records.as_slice() {
        [] => "PENDING_VALIDATION".to_owned(),
        records => format!("PENDING_VALIDATION: ACM looks for {}", records.join(", ")),
    }
}

fn failed(status: &CertificateStatus, why: Option<&FailureReason>) -> String {
    match why {
        Some(why) => format!("{}: {}", status.as_str(), why.as_str()),
        None => status.as_str().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_that_leads_elsewhere_is_told_with_what_to_enter() {
        let servers = ["ns-1.awsdns-01.org".to_owned(), "ns-2.awsdns-02.com".to_owned()];
        let to = |names: &[&str]| Delegated::To(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(complaint("a.example", &servers, &to(&["ns-2.awsdns-02.com", "other"])), None);
        assert_eq!(complaint("a.example", &servers, &Delegated::Unknown), None);
        let said = complaint("a.example", &servers, &to(&["ns1.registrar.example"])).unwrap();
        assert!(said.contains("ns-1.awsdns-01.org, ns-2.awsdns-02.com (there now: ns1.registrar.example)"), "{said}");
        assert!(complaint("a.example", &servers, &Delegated::Nowhere).unwrap().ends_with("(there now: none)"));
    }
}
