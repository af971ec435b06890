//! The certificates of a listener: the default one, which belongs to the listener itself, and those for other names. ACM is told
//! who uses which.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::arns::{configuration, invalid, page};
use super::super::state::Listener;
use super::tls;
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::services::acm;
use crate::world::{Place, World};

/// The operations on certificates.
pub(in crate::services::elb) const OPERATIONS: Table = &[
    ("AddListenerCertificates", add),
    ("RemoveListenerCertificates", remove),
    ("DescribeListenerCertificates", describe),
];

/// How many certificates a load balancer may have besides the default ones.
const QUOTA: usize = 25;

fn arns(input: &Input) -> Result<Vec<String>, Refusal> {
    let list = input.list("Certificates");
    if list.is_empty() {
        return Err(invalid("At least one certificate must be specified"));
    }
    if list.iter().any(|certificate| certificate.has("IsDefault")) {
        return Err(invalid("You cannot set 'isDefault' for a certificate of a listener"));
    }
    let arns = list.iter().map(|certificate| certificate.text_or_empty("CertificateArn").to_owned());
    Ok(arns.collect())
}

fn add(call: &mut Call<'_>, input: &Input) -> Reply {
    let listener = call.region().elb.listener(input.text_or_empty("ListenerArn"))?.clone();
    if listener.certificate.is_none() {
        let protocol = listener.protocol.clone().unwrap_or_default();
        return Err(configuration(format!("Certificates cannot be added to {protocol} listeners")));
    }
    let wanted = arns(input)?;
    let mut new = listener.clone();
    for arn in &wanted {
        tls::check_certificate(call, arn)?;
        // Adding one twice changes nothing.
        if !new.more_certificates.contains(arn) && new.certificate.as_ref() != Some(arn) {
            new.more_certificates.push(arn.clone());
        }
    }
    let others = call.region().elb.listeners_of(&listener.balancer);
    let count: usize = others.iter().filter(|one| one.arn != new.arn).map(|one| one.more_certificates.len()).sum();
    if count + new.more_certificates.len() > QUOTA {
        let text = format!("The maximum number of certificates on load balancer '{}' has been reached", new.balancer);
        return Err(Refusal::new("TooManyCertificates", text));
    }
    call.region().elb.listeners.insert(new.arn.clone(), new.clone());
    let place = call.place.clone();
    settle(call.world, &place, &listener.balancer, &listener, Some(&new));
    let list: Vec<Value> = wanted.iter().map(|arn| json!({ "CertificateArn": arn, "IsDefault": false })).collect();
    Ok(json!({ "Certificates": list }))
}

fn remove(call: &mut Call<'_>, input: &Input) -> Reply {
    let listener = call.region().elb.listener(input.text_or_empty("ListenerArn"))?.clone();
    let unwanted = arns(input)?;
    if listener.certificate.as_ref().is_some_and(|default| unwanted.contains(default)) {
        return Err(Refusal::new("OperationNotPermitted", "Default certificate cannot be removed"));
    }
    let mut new = listener.clone();
    new.more_certificates.retain(|arn| !unwanted.contains(arn));
    call.region().elb.listeners.insert(new.arn.clone(), new.clone());
    let place = call.place.clone();
    settle(call.world, &place, &listener.balancer, &listener, Some(&new));
    Ok(json!({}))
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let listener = call.region().elb.listener(input.text_or_empty("ListenerArn"))?;
    let all: Vec<(String, bool)> = listener
        .certificate
        .iter()
        .map(|arn| (arn.clone(), true))
        .chain(listener.more_certificates.iter().map(|arn| (arn.clone(), false)))
        .collect();
    let scope = listener.arn.clone();
    let page = page(call, input, all, |(arn, _)| arn.clone(), &scope)?;
    let list: Vec<Value> =
        page.items.iter().map(|(arn, default)| json!({ "CertificateArn": arn, "IsDefault": default })).collect();
    Ok(json!({ "Certificates": list, "NextMarker": page.next }))
}

fn used(listener: &Listener) -> BTreeSet<String> {
    listener.certificate.iter().chain(&listener.more_certificates).cloned().collect()
}

/// Tells ACM what a load balancer uses more and less after a listener of it changed or went.
pub(super) fn settle(world: &mut World, place: &Place, balancer: &str, old: &Listener, new: Option<&Listener>) {
    let (before, after) = (used(old), new.map(used).unwrap_or_default());
    let others: BTreeSet<String> = {
        let elb = &world.region(place).elb;
        elb.listeners_of(balancer).into_iter().filter(|one| one.arn != old.arn).flat_map(used).collect()
    };
    for arn in after.difference(&before) {
        acm::use_by(world, place, arn, balancer);
    }
    for arn in before.difference(&after).filter(|arn| !others.contains(*arn)) {
        acm::unuse_by(world, place, arn, balancer);
    }
}
