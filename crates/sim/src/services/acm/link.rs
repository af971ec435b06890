//! What other services ask of ACM: the state of a certificate, and who uses it; and what they tell it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::validation;
use crate::services;
use crate::world::{Place, Region, World};

/// So long a certificate shows a use that has ended.
const LINGERING: Duration = Duration::from_secs(60);

/// The state of a certificate, such as `ISSUED`; none if there is none of that ARN.
pub fn status(region: &Region, arn: &str) -> Option<String> {
    region.acm.certificates.get(arn).map(|certificate| certificate.status.clone())
}

/// Notes that a resource uses a certificate.
pub fn use_by(world: &mut World, place: &Place, certificate: &str, user: &str) {
    if let Some(certificate) = world.region(place).acm.certificates.get_mut(certificate) {
        certificate.users.insert(user.to_owned(), None);
    }
}

/// Notes that it no longer does; the certificate shows it for some more time.
pub fn unuse_by(world: &mut World, place: &Place, certificate: &str, user: &str) {
    let now = world.now;
    if let Some(certificate) = world.region(place).acm.certificates.get_mut(certificate) {
        certificate.users.retain(|_, until| until.is_none_or(|until| until > now));
        if let Some(until) = certificate.users.get_mut(user) {
            *until = Some(now.plus(LINGERING));
        }
    }
}

/// Notes that records of an account have changed: whoever waits for a validation record looks soon.
pub fn records_changed(world: &mut World, account: &Arc<str>) {
    validation::records_changed(world, account);
}

/// Issues a certificate that was requested: who asked for it has set its records out of sight, as AWS's own services do.
pub fn issue(world: &mut World, place: &Place, arn: &str) {
    validation::issue(world, place, arn);
}

/// Makes an issued certificate for a name, unless one covers it; whether it did.
pub fn provide_for(world: &mut World, place: &Place, domain: &str) -> bool {
    let wildcard = domain.split_once('.').map(|(_, rest)| format!("*.{rest}"));
    let covers = |name: &String| name == domain || Some(name) == wildcard.as_ref();
    let there = &world.region(place).acm.certificates;
    if there.values().any(|one| one.status == "ISSUED" && one.names.iter().any(covers)) {
        return false;
    }
    let id = world.ids.uuid();
    let arn = format!("arn:aws:acm:{}:{}:certificate/{id}", place.region, place.account);
    provide(world, &arn, &[domain.to_owned()])
}

/// Makes an issued certificate of a given ARN, as if it had been requested and validated long ago; false if there is one of
/// that ARN, or it is none. For worlds that are prepared for a stack.
pub fn provide(world: &mut World, arn: &str, names: &[String]) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, "acm", region, account, _] = parts.as_slice() else { return false };
    let place = Place::new(account, region);
    if world.region(&place).acm.certificates.contains_key(arn) {
        return false;
    }
    let first = names.first().map_or("simulated.example.org", String::as_str);
    let input = json!({ "DomainName": first, "ValidationMethod": "DNS",
        "SubjectAlternativeNames": names.get(1..).filter(|more| !more.is_empty()) });
    let Ok(reply) = services::call(world, &place, "acm", "RequestCertificate", input) else { return false };
    let made = reply["CertificateArn"].as_str().unwrap_or_default();
    let certificates = &mut world.region(&place).acm.certificates;
    let Some(mut certificate) = certificates.remove(made) else { return false };
    arn.clone_into(&mut certificate.arn);
    certificates.insert(arn.to_owned(), certificate);
    validation::issue(world, &place, arn);
    true
}
