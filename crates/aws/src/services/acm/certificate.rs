//! Certificates of ACM. RequestCertificate takes tags and a token that makes it the same request for an hour; seconds later
//! DescribeCertificate tells the validation records, which are written into their zones as a change of the new certificate. It is
//! ready once ACM has seen them and issued it. Nothing but tags changes in place. A certificate that
//! timed out, failed or expired is replaced. It cannot go while something uses it, and ACM shows a use for a minute after its end;
//! its validation records go first, unless another certificate of the account needs them.

use async_trait::async_trait;
use aws_sdk_acm::types::{CertificateDetail, CertificateStatus, KeyAlgorithm, Tag, ValidationMethod};
use aws_smithy_types::error::operation::BuildError;
use evenkeel_core::cloud::{Goal, Waiting};
use evenkeel_core::doc::{Doc, Text};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Polls, Ready, Replace};
use evenkeel_core::snapshot::{Live, Owner, Readiness};
use evenkeel_stack::model::{Certificate, ManagedCertificate, SoughtCertificate, Stack};
use futures::future::join_all;
use serde::{Deserialize, Serialize};

use super::read::{self, Acm, Chosen, Item};
use super::{marked, release, wait};
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, doc, spec, tagged, wanted};
use crate::services::route53::proofs::{self, In};
use crate::services::route53::{hosted_zone, read as route53};
use crate::tags::{self, REPLACES, Retag, Tags};

/// The kind's name.
pub const KIND: &str = "certificate";
/// What `state` says of a certificate that is issued, or can still be.
const VALID: &str = "valid";

/// The kind `certificate`.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: KIND,
        title: "ACM certificate",
        fields: &[
            Field::immutable("domain"),
            Field::set("names").forces_replacement(),
            Field::immutable("key_algorithm"),
            Field::immutable("state"),
            Field::keyed("validation", &["name"]),
        ],
        outputs: &["arn", "domain"],
        replace: Replace::CreateFirst,
        name_limit: 0,
        ready: Ready::BeforeDependants,
        deadline_secs: 2700,
        // ACM looks for a new record within a minute or two.
        takes_secs: 120,
        polls: Polls::every(5, 20),
        ..Kind::PLAIN
    },
    contribute,
    driver: &Certificates,
    paced: Paced { create: Some("acm:RequestCertificate"), update: None, delete: None },
    actions: &[
        "acm:DescribeCertificate",
        "acm:ListCertificates",
        "acm:ListTagsForCertificate",
        "tag:GetResources",
        "acm:RequestCertificate",
        "acm:AddTagsToCertificate",
        "acm:RemoveTagsFromCertificate",
        "acm:DeleteCertificate",
        "route53:ListHostedZones",
        "route53:ListResourceRecordSets",
        "route53:ChangeResourceRecordSets",
        "elasticloadbalancing:DescribeTags",
    ],
};

/// The node of an entry of `certificates:`.
pub fn id(entry: &str) -> NodeId {
    NodeId::new(KIND, entry)
}

/// A certificate in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The first name, lower case.
    pub domain: String,
    /// The other names, sorted.
    pub names: Vec<String>,
    /// As requests write it: `RSA_2048`.
    pub key_algorithm: String,
    /// `valid`, or why it can never be used: `validation_timed_out`.
    pub state: String,
    /// The records that validate it.
    pub validation: Vec<Validation>,
    /// The user's tags.
    pub tags: Tags,
}

/// That the record which proves a name is in a zone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Validation {
    /// The name, without a wildcard before it.
    pub name: String,
    /// The zone.
    pub zone_id: Text,
}

/// A certificate to look up: by one of the two.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sought {
    /// Its ARN.
    pub arn: Option<String>,
    /// A name that it covers.
    pub domain: Option<String>,
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (entry, certificate) in &stack.certificates {
        match certificate {
            Certificate::Managed(certificate) => {
                nodes.push(wanted(id, entry, &certificate.meta, String::new(), &desired(certificate)));
            }
            Certificate::Existing { place, sought } => {
                let sought = match sought {
                    SoughtCertificate::Arn(arn) => Sought { arn: Some(arn.clone()), domain: None },
                    SoughtCertificate::Domain(domain) => Sought { arn: None, domain: Some(domain.clone()) },
                };
                let mut node = Node::lookup(id(entry), "", doc(&sought));
                node.origin = Some(place.to_string());
                nodes.push(node);
            }
        }
    }
}

fn desired(certificate: &ManagedCertificate) -> Spec {
    let validation = certificate
        .zones
        .iter()
        .map(|(name, zone)| Validation { name: name.clone(), zone_id: Text::output(hosted_zone::id(zone), "zone_id") });
    Spec {
        domain: certificate.domain.clone(),
        names: certificate.names.clone(),
        key_algorithm: certificate.key_algorithm.clone(),
        state: VALID.to_owned(),
        validation: validation.collect(),
        tags: certificate.meta.tags.clone(),
    }
}

struct Certificates;

tagged!(Spec);

#[async_trait]
impl Resource for Certificates {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let acm: &Acm = fetched.part()?;
        let items = acm.marked.as_ref().map_err(Clone::clone)?;
        let lives = items.iter().map(|item| observed(item, &fetched.stack));
        Ok(lives.filter(|live| tags::is_marked(&live.owner)).collect())
    }

    fn look_up(&self, fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError> {
        let found = match fetched.part::<Acm>()?.sought.get(&node.id) {
            Some(found) => found.clone()?,
            None => None,
        };
        let live = |Chosen { arn, domain }: Chosen| {
            Live::new(&arn, "", Owner::Nobody, node.want.clone()).output("arn", arn.as_str()).output("domain", domain)
        };
        Ok(found.map(live))
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, want) = (work.aws, &order.want);
        let tags = sdk_tags(order.tags.iter().map(|(key, value)| (key, Some(value))))?;
        let names = Some(want.names.clone()).filter(|names| !names.is_empty());
        let request = || {
            aws.acm()
                .request_certificate()
                .domain_name(&want.domain)
                .set_subject_alternative_names(names.clone())
                .validation_method(ValidationMethod::Dns)
                .key_algorithm(KeyAlgorithm::from(want.key_algorithm.as_str()))
                .idempotency_token(order.order.token)
                .set_tags(Some(tags.clone()))
                .send()
        };
        let made = marked::made_before(aws, (work.stack, order.order.node), order.order.replaces, &doc(want)).await?;
        let arn = match made {
            Some(arn) => arn,
            None => aws.caller.send("acm:RequestCertificate", request).await?.certificate_arn.unwrap_or_default(),
        };
        let arn = arn.as_str();
        // Its records are told seconds later; writing them is the first change of it.
        let mut live = live(arn, Spec { validation: Vec::new(), ..want.clone() }, Owner::Nobody);
        live.readiness = Readiness::Pending("ACM has not told its validation records yet".to_owned());
        live.replaces = order.order.replaces.map(str::to_owned);
        live.uses = zone_ids(want);
        Ok(live)
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        let (aws, arn) = (work.aws, live.id.as_str());
        if !tags.set.is_empty() {
            let set = sdk_tags(tags.set.iter().map(|(key, value)| (key, Some(value))))?;
            let request =
                || aws.acm().add_tags_to_certificate().certificate_arn(arn).set_tags(Some(set.clone())).send();
            aws.caller.send("acm:AddTagsToCertificate", request).await?;
        }
        if !tags.remove.is_empty() {
            let gone = sdk_tags(tags.remove.iter().map(|key| (key, None)))?;
            let request =
                || aws.acm().remove_tags_from_certificate().certificate_arn(arn).set_tags(Some(gone.clone())).send();
            aws.caller.send("acm:RemoveTagsFromCertificate", request).await?;
        }
        Ok(())
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let want = &order.want;
        let mut live = Live { uses: zone_ids(want), ..order.done() };
        if order.changes("validation") {
            live.readiness = prove(work, &order.live.id, want).await?;
        }
        Ok(live)
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        release::delete(work, &live.id).await
    }

    async fn poll(&self, work: Work<'_>, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        join_all(waiting.iter().map(|one| async move {
            match (read::describe(work.aws, &one.live.id).await?, one.goal) {
                (None, _) => Ok(Readiness::Gone),
                (Some(raw), Goal::Ready) => wait::progress(work.aws, &raw).await,
                (Some(_), Goal::Gone | Goal::Hold | Goal::Vacant) => Ok(Readiness::Ready),
            }
        }))
        .await
    }

    async fn holders(&self, work: Work<'_>, live: &Live) -> Vec<String> {
        let raw = read::describe(work.aws, &live.id).await.ok().flatten();
        raw.map(|raw| release::users(&raw).iter().map(|arn| release::in_words(arn)).collect()).unwrap_or_default()
    }
}

/// Writes the records that validate a certificate into their zones, and takes them out of others that can hold them.
async fn prove(work: Work<'_>, arn: &str, want: &Spec) -> Result<Readiness, CloudError> {
    let aws = work.aws;
    // What was requested a moment ago need not be visible to every read.
    let told = read::describe(aws, arn).await?;
    let records = told.as_ref().map(read::proofs_of).unwrap_or_default();
    if want.validation.iter().any(|wanted| !records.contains_key(&wanted.name)) {
        let text = "ACM has not told the validation records of the certificate yet";
        return Err(CloudError::local(ErrorClass::Propagating, "acm:DescribeCertificate", text));
    }
    let (owner, zones) = (proofs::owner(work.stack, &aws.region), route53::zones(aws).await?);
    for wanted in &want.validation {
        let (Some(proof), Some(id)) = (records.get(&wanted.name), wanted.zone_id.known()) else { continue };
        let zone = zones.iter().find(|zone| zone.id == id).map(In::from);
        // A zone that was made a moment ago need not be listed yet.
        let zone = zone.ok_or_else(|| {
            let text = format!("the hosted zone {id} is not listed yet");
            CloudError::local(ErrorClass::Propagating, "route53:ListHostedZones", text)
        })?;
        if zones.iter().any(|zone| zone.id == id && zone.private) {
            let text = format!("the hosted zone {} is private; ACM looks for records in public ones", zone.name);
            return Err(CloudError::local(ErrorClass::Invalid, "acm:RequestCertificate", text));
        }
        proofs::set(aws, &zone, &owner, proof).await?;
        for other in proofs::holding(&zones, &wanted.name).into_iter().map(In::from).filter(|other| *other != zone) {
            proofs::unset(aws, &other, &owner, proof, false).await?;
        }
    }
    Ok(told.as_ref().map_or(Readiness::Ready, wait::readiness))
}

/// Tags as ACM takes them; those to remove have no values.
fn sdk_tags<'t>(tags: impl Iterator<Item = (&'t String, Option<&'t String>)>) -> Result<Vec<Tag>, CloudError> {
    let built = tags.map(|(key, value)| Tag::builder().key(key).set_value(value.cloned()).build());
    let bug = |error: BuildError| CloudError::bug("acm:AddTagsToCertificate", error.to_string());
    built.collect::<Result<_, _>>().map_err(bug)
}

fn zone_ids(spec: &Spec) -> Vec<String> {
    spec.validation.iter().filter_map(|one| one.zone_id.known()).map(str::to_owned).collect()
}

fn live(arn: &str, have: Spec, owner: Owner) -> Live<Spec> {
    let domain = have.domain.clone();
    Live::new(arn, "", owner, have).output("arn", arn).output("domain", domain)
}

/// A certificate in canonical form, without what ACM does not tell of it.
fn canonical(raw: &CertificateDetail) -> Spec {
    let domain = raw.domain_name().unwrap_or_default().to_lowercase();
    let mut names: Vec<String> = raw.subject_alternative_names().iter().map(|name| name.to_lowercase()).collect();
    names.retain(|name| *name != domain);
    names.sort();
    names.dedup();
    Spec {
        domain,
        names,
        // Replies write it with a hyphen where requests have an underscore.
        key_algorithm: raw.key_algorithm().map_or("RSA_2048", KeyAlgorithm::as_str).replacen('-', "_", 1),
        state: state(raw.status()),
        validation: Vec::new(),
        tags: Tags::new(),
    }
}

/// Whether a certificate is as a document wants it, but for what can be changed in place.
pub(super) fn is_wanted(raw: &CertificateDetail, want: &Doc) -> bool {
    let fixed = |spec: Spec| Spec { validation: Vec::new(), tags: Tags::new(), ..spec };
    spec::<Spec>(want).is_ok_and(|want| fixed(want) == canonical(raw))
}

fn observed(item: &Item, stack: &str) -> Live<Spec> {
    let raw = &item.raw;
    let validation =
        item.proved.iter().map(|(name, zone)| Validation { name: name.clone(), zone_id: zone.as_str().into() });
    let have = Spec { validation: validation.collect(), tags: tags::user(&item.tags), ..canonical(raw) };
    let mut live = live(raw.certificate_arn().unwrap_or_default(), have, tags::owner(&item.tags, stack, KIND));
    live.readiness = wait::readiness(raw);
    live.replaces = item.tags.get(REPLACES).cloned();
    live.uses = item.zones.iter().map(|zone| zone.id.clone()).collect();
    live.kept_by = release::kept_by(raw);
    live
}

/// Whether a certificate can ever be used.
fn state(status: Option<&CertificateStatus>) -> String {
    match status {
        None | Some(CertificateStatus::Issued | CertificateStatus::PendingValidation) => VALID.to_owned(),
        Some(status) => status.as_str().to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_acm::types::{DomainValidation, RecordType, ResourceRecord};
    use serde_json::json;

    use super::*;

    fn item() -> Item {
        let record = ResourceRecord::builder()
            .name("_a1.cruddur.example.")
            .r#type(RecordType::Cname)
            .value("_b2.xyz.acm-validations.aws.")
            .build()
            .unwrap();
        let option =
            |name: &str| DomainValidation::builder().domain_name(name).resource_record(record.clone()).build().unwrap();
        let raw = CertificateDetail::builder()
            .certificate_arn("arn:aws:acm:us-east-1:1:certificate/a")
            .domain_name("cruddur.example")
            .subject_alternative_names("*.cruddur.example")
            .subject_alternative_names("cruddur.example")
            .key_algorithm(KeyAlgorithm::from("EC-prime256v1"))
            .status(CertificateStatus::PendingValidation)
            .domain_validation_options(option("cruddur.example"))
            .domain_validation_options(option("*.cruddur.example"))
            .in_use_by("arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/web/1")
            .build();
        let zones = vec![In { id: "Z1".to_owned(), name: "cruddur.example".to_owned() }];
        let proved = [("cruddur.example".to_owned(), "Z1".to_owned())].into();
        Item { raw, tags: tags::marked(&Tags::new(), "cruddur", &id("site")), zones, proved }
    }

    #[test]
    fn a_certificate_is_read_as_it_was_asked_for() {
        let live = observed(&item(), "cruddur");
        let have = json!({
            "domain": "cruddur.example", "names": ["*.cruddur.example"], "key_algorithm": "EC_prime256v1",
            "state": "valid", "tags": {},
            "validation": [{ "name": "cruddur.example", "zone_id": "Z1" }],
        });
        assert_eq!(json!(live.have), have);
        assert_eq!((live.owner, live.uses, live.kept_by), (Owner::Ours(id("site")), vec!["Z1".to_owned()], None));
        assert!(matches!(live.readiness, Readiness::Pending(what) if what.contains("_a1.cruddur.example CNAME")));
    }

    #[test]
    fn name_and_wildcard_share_a_record() {
        let proofs = read::proofs_of(&item().raw);
        assert_eq!(proofs.keys().collect::<Vec<_>>(), ["cruddur.example"]);
    }

    #[test]
    fn what_can_never_be_used_is_not_valid() {
        assert_eq!(state(Some(&CertificateStatus::Issued)), VALID);
        assert_eq!(state(Some(&CertificateStatus::ValidationTimedOut)), "validation_timed_out");
        assert_eq!(state(Some(&CertificateStatus::Expired)), "expired");
    }
}
