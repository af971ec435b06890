//! What happens to a certificate by itself: somebody looks for its validation records, first often, then less so, and soon
//! after records changed; it is issued, or fails, or time runs out.

use std::sync::Arc;
use std::time::Duration;

use super::Event;
use super::state::Certificate;
use crate::services::route53;
use crate::world::{self, Place, World};

/// When the records are looked for the first time.
pub(super) const FIRST_LOOK: Duration = Duration::from_secs(30);
/// The longest time between two looks.
const LAST_PAUSE: Duration = Duration::from_secs(600);
/// From a change of records to the look at them.
const SOON: Duration = Duration::from_secs(40);

fn certificate<'w>(world: &'w mut World, place: &Place, arn: &str) -> Option<&'w mut Certificate> {
    let pending = |one: &&mut Certificate| one.status == "PENDING_VALIDATION";
    world.region(place).acm.certificates.get_mut(arn).filter(pending)
}

/// Lets something happen.
pub fn happen(world: &mut World, place: &Place, event: Event) {
    match event {
        Event::Look { arn, again } => look(world, place, &arn, again),
        Event::Issue { arn } => issue(world, place, &arn),
        Event::Fail { arn } => end(world, place, &arn, "FAILED", Some("ADDITIONAL_VERIFICATION_REQUIRED")),
        Event::GiveUp { arn } => end(world, place, &arn, "VALIDATION_TIMED_OUT", None),
    }
}

/// Whether nobody gets a certificate for a name by mail: it is for examples.
pub(super) fn is_reserved(name: &str) -> bool {
    let bases = ["example.com", "example.net", "example.org"];
    bases.iter().any(|base| name == *base || name.ends_with(&format!(".{base}")))
}

fn end(world: &mut World, place: &Place, arn: &str, status: &str, why: Option<&str>) {
    if let Some(certificate) = certificate(world, place, arn) {
        certificate.status = status.to_owned();
        certificate.failure = why.map(str::to_owned);
        // A request fails for one name that nobody gets; the others are not looked at any more.
        let mut open = certificate.validations.iter_mut();
        let failed = if why.is_some() { open.rfind(|one| is_reserved(&one.domain)) } else { None };
        if let Some(validation) = failed {
            validation.status = "FAILED".to_owned();
        } else if why.is_none() {
            open.for_each(|validation| validation.status = "FAILED".to_owned());
        }
    }
}

pub(super) fn issue(world: &mut World, place: &Place, arn: &str) {
    let hex = world.ids.hex(30);
    let serial: Vec<String> = std::iter::once("0a".to_owned())
        .chain(hex.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair).into_owned()))
        .collect();
    let now = world.now;
    if let Some(certificate) = certificate(world, place, arn) {
        certificate.issue(now, serial.join(":"));
    }
}

/// Whether a record says what it should, for all the world to see.
fn is_set(world: &World, account: &str, (name, value): &(String, String)) -> bool {
    let plain = |text: &str| text.trim_end_matches('.').to_ascii_lowercase();
    route53::resolve(world, account, name, "CNAME").iter().any(|found| plain(found) == plain(value))
}

fn look(world: &mut World, place: &Place, arn: &str, again: Option<Duration>) {
    let Some(certificate) = certificate(world, place, arn) else { return };
    let wanted: Vec<_> = certificate.validations.iter().map(|one| (one.method == "DNS", one.record.clone())).collect();
    let set: Vec<bool> =
        wanted.iter().map(|(is_dns, record)| *is_dns && is_set(world, &place.account, record)).collect();
    if let Some(certificate) = self::certificate(world, place, arn) {
        for (validation, set) in certificate.validations.iter_mut().zip(&set) {
            if *set {
                validation.status = "SUCCESS".to_owned();
            }
        }
        if certificate.validations.iter().all(|validation| validation.status == "SUCCESS") {
            issue(world, place, arn);
            return;
        }
    }
    if let Some(pause) = again {
        let next = (pause * 2).min(LAST_PAUSE);
        world.after(pause, place, world::Event::Acm(Event::Look { arn: arn.to_owned(), again: Some(next) }));
    }
}

/// Records of the account have changed: certificates that wait for one of them are looked at soon.
pub(super) fn records_changed(world: &mut World, account: &Arc<str>) {
    let mut waiting = Vec::new();
    for (region, state) in &world.account(account).regions {
        for certificate in state.acm.certificates.values().filter(|one| one.status == "PENDING_VALIDATION") {
            let place = Place { account: Arc::clone(account), region: Arc::clone(region) };
            let open = certificate.validations.iter().filter(|one| one.method == "DNS" && one.status != "SUCCESS");
            waiting.push((place, certificate.arn.clone(), open.map(|one| one.record.clone()).collect::<Vec<_>>()));
        }
    }
    for (place, arn, records) in waiting {
        if records.iter().any(|record| is_set(world, account, record)) {
            let delay = world.about(SOON);
            world.after(delay, &place, world::Event::Acm(Event::Look { arn, again: None }));
        }
    }
}
