//! How a certificate is let go: not while something uses it, with the user named; then its validation records, unless another
//! certificate of the account (in this region, or in us-east-1 for CloudFront) is validated by them; then the certificate.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_acm::types::{CertificateDetail, CertificateSummary};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::snapshot::Owner;

use super::certificate::KIND;
use super::read::{self, base};
use crate::resource::Work;
use crate::services::elb;
use crate::services::route53::proofs::{self, Proof};
use crate::services::route53::read as route53;
use crate::tags;

const OPERATION: &str = "acm:DeleteCertificate";

/// Who needs a validation record beside the certificate that goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Need {
    /// Nobody.
    None,
    /// A certificate of others.
    Others,
    /// A certificate of this stack: the record stays the stack's.
    Ours,
}

/// Deletes a certificate and what validates it.
///
/// # Errors
/// `InUse`: something uses it, or did a moment ago. `Invalid`: something uses it that does not go.
pub(super) async fn delete(work: Work<'_>, arn: &str) -> Result<(), CloudError> {
    let aws = work.aws;
    let Some(raw) = read::describe(aws, arn).await? else { return Ok(()) };
    if !raw.in_use_by().is_empty() {
        return Err(in_use(work, &raw).await);
    }
    let records = read::proofs_of(&raw);
    let kept = take_back(work, arn, &records, false).await?;
    let request = || aws.acm().delete_certificate().certificate_arn(arn).send();
    aws.caller.send(OPERATION, request).await?;
    // Another certificate of the stack that goes at the same time has left them to this one, as this one to it: the last takes them.
    take_back(work, arn, &kept, true).await.map(drop)
}

/// Takes records back that nobody needs once a certificate has gone; gives those that are left to another one of this stack.
async fn take_back(
    work: Work<'_>,
    arn: &str,
    records: &BTreeMap<String, Proof>,
    gone: bool,
) -> Result<BTreeMap<String, Proof>, CloudError> {
    let mut kept = BTreeMap::new();
    if records.is_empty() {
        return Ok(kept);
    }
    let aws = work.aws;
    let names: BTreeSet<&str> = records.keys().map(String::as_str).collect();
    let (zones, needs) = futures::try_join!(route53::zones(aws), needs(work, arn, &names))?;
    let owner = proofs::owner(work.stack, &aws.region);
    for (name, proof) in records {
        let need = needs.of(name);
        if need == Need::Ours {
            kept.insert(name.clone(), proof.clone());
            continue;
        }
        for zone in proofs::holding(&zones, name) {
            match proofs::unset(aws, &zone.into(), &owner, proof, need == Need::Others).await {
                // Its zone may be going at the same time.
                Err(error) if gone && error.class == ErrorClass::Gone => {}
                done => done?,
            }
        }
    }
    Ok(kept)
}

/// Who needs the records of which name.
struct Needs {
    names: BTreeMap<String, Need>,
    /// Whether that is all: a listing may be refused, or leave names out.
    complete: bool,
}

impl Needs {
    fn of(&self, name: &str) -> Need {
        let known = self.names.get(name).copied().unwrap_or(Need::None);
        if self.complete { known } else { known.max(Need::Others) }
    }

    fn note(&mut self, certificate: &CertificateSummary, need: Need) {
        for name in bases(certificate) {
            let noted = self.names.entry(name).or_insert(need);
            *noted = need.max(*noted);
        }
    }
}

/// The names of a certificate without wildcards, as far as a listing tells.
fn bases(certificate: &CertificateSummary) -> BTreeSet<String> {
    let names = certificate.subject_alternative_name_summaries().iter().map(String::as_str);
    certificate.domain_name().into_iter().chain(names).map(|name| base(&name.to_lowercase()).to_owned()).collect()
}

/// What other certificates of the account need of the records of these names.
async fn needs(work: Work<'_>, but: &str, names: &BTreeSet<&str>) -> Result<Needs, CloudError> {
    let aws = work.aws;
    let (here, client) = (aws.acm(), aws.acm_for_cloudfront());
    let east = async {
        match &client {
            Some(client) => read::listed(aws, client, &[]).await,
            None => Ok(Vec::new()),
        }
    };
    let (here, east) = futures::join!(read::listed(aws, &here, &[]), east);
    let mut needs = Needs { names: BTreeMap::new(), complete: true };
    let here: Vec<CertificateSummary> = here?.into_iter().filter(|one| one.certificate_arn() != Some(but)).collect();
    let east = match east {
        Ok(east) => east,
        // Accounts often forbid other regions. What is not known may be there, so the records stay.
        Err(error) if error.class == ErrorClass::Denied => {
            needs.complete = false;
            Vec::new()
        }
        Err(error) => return Err(error),
    };
    let has_more = |one: &&CertificateSummary| one.has_additional_subject_alternative_names() == Some(true);
    needs.complete &= !here.iter().chain(&east).filter(|one| is_validated(one)).any(|one| has_more(&one));
    let shares =
        |one: &&CertificateSummary| is_validated(one) && bases(one).iter().any(|name| names.contains(name.as_str()));
    for other in here.iter().filter(shares) {
        let arn = other.certificate_arn().unwrap_or_default();
        let ours = match read::tags_of(aws, arn).await {
            Ok(tags) => matches!(tags::owner(&tags, work.stack, KIND), Owner::Ours(_)),
            Err(error) if error.class == ErrorClass::Gone => continue,
            Err(error) if error.class == ErrorClass::Denied => false,
            Err(error) => return Err(error),
        };
        needs.note(other, if ours { Need::Ours } else { Need::Others });
    }
    east.iter().filter(shares).for_each(|other| needs.note(other, Need::Others));
    Ok(needs)
}

/// Whether a certificate is, or can be, validated by a record.
fn is_validated(one: &CertificateSummary) -> bool {
    use aws_sdk_acm::types::{CertificateStatus as Status, CertificateType};
    let issued = !matches!(one.r#type(), Some(CertificateType::Imported | CertificateType::Private));
    issued && matches!(one.status(), None | Some(Status::Issued | Status::PendingValidation | Status::Inactive))
}

/// Why a certificate cannot go: what uses it goes too, or has just gone; or it is another's and stays.
async fn in_use(work: Work<'_>, raw: &CertificateDetail) -> CloudError {
    let all = users(raw);
    let users: Vec<String> = all.iter().map(|arn| in_words(arn)).collect();
    let balancers: Vec<String> = all.into_iter().filter(|arn| is_balancer(arn)).collect();
    let tags = elb::read::tags_of(work.aws, balancers).await.unwrap_or_default();
    let foreign = tags.values().any(|tags| !matches!(tags::owner(tags, work.stack, "load_balancer"), Owner::Ours(_)));
    let text = format!("the certificate is used by {}", users.join(", "));
    let mut error = CloudError::local(ErrorClass::InUse, OPERATION, text);
    "ResourceInUseException".clone_into(&mut error.code);
    if foreign || kept_by(raw).is_some() {
        error.class = ErrorClass::Invalid;
        error.hint = Some("let that use another certificate, then run again".to_owned());
    }
    error
}

/// What uses a certificate that no stack file can say: then it cannot go.
pub(super) fn kept_by(raw: &CertificateDetail) -> Option<String> {
    let other = users(raw).into_iter().find(|arn| !is_balancer(arn))?;
    Some(in_words(&other))
}

/// What uses a certificate, by ARN. ACM names load balancers; some endpoints name their listeners.
pub(super) fn users(raw: &CertificateDetail) -> Vec<String> {
    let mut all: Vec<String> =
        raw.in_use_by().iter().map(|arn| balancer_of(arn).unwrap_or_else(|| arn.clone())).collect();
    all.sort();
    all.dedup();
    all
}

fn balancer_of(arn: &str) -> Option<String> {
    let (before, rest) = arn.split_once(":listener/")?;
    let (balancer, _) = rest.rsplit_once('/')?;
    Some(format!("{before}:loadbalancer/{balancer}"))
}

fn is_balancer(arn: &str) -> bool {
    arn.contains(":loadbalancer/app/")
}

/// What an ARN names, for a person.
pub(super) fn in_words(arn: &str) -> String {
    match arn.split_once(":loadbalancer/") {
        Some((_, name)) => format!("load balancer {name}"),
        None => arn.to_owned(),
    }
}
