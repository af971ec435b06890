//! Hosted zones one at a time: made, read, given another comment, counted, deleted. Names are not unique; caller references
//! are.

use serde_json::json;

use super::making::{self, NewZone};
use super::names;
use super::state::{Zone, bare, no_zone};
use crate::call::{Call, Handler, Input, Members, Refusal, Reply};
use crate::services::ec2;
use crate::world::Place;

/// The operations of this part.
pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateHostedZone", create),
    ("GetHostedZone", get),
    ("DeleteHostedZone", delete),
    ("UpdateHostedZoneComment", comment),
    ("GetHostedZoneCount", count),
    ("GetHostedZoneLimit", limit),
    ("GetDNSSEC", dnssec),
];

/// Zones of an account.
const MOST_ZONES: usize = 500;
/// Record sets of a zone.
const MOST_SETS: usize = 10_000;
/// VPCs of a zone.
const MOST_VPCS: usize = 300;

/// Region and id of a VPC that is there.
///
/// # Errors
/// `InvalidVPCId`.
pub(super) fn known_vpc(call: &mut Call<'_>, vpc: &impl Members) -> Result<(String, String), Refusal> {
    let (region, id) = (vpc.text_or_empty("VPCRegion").to_owned(), vpc.text_or_empty("VPCId").to_owned());
    let place = Place { account: call.place.account.clone(), region: region.as_str().into() };
    if region.is_empty() || !ec2::vpc_exists(call.world.region(&place), &id) {
        return Err(Refusal::new("InvalidVPCId", "The VPC ID is invalid."));
    }
    Ok((region, id))
}

/// The zone of that name which a VPC belongs to already.
pub(super) fn clash<'z>(
    zones: impl IntoIterator<Item = &'z Zone>,
    name: &str,
    vpc: &(String, String),
) -> Option<Refusal> {
    let mut zones = zones.into_iter();
    let found = zones.find(|zone| zone.name.eq_ignore_ascii_case(name) && zone.vpcs.contains(vpc))?;
    let text = format!(
        "The VPC {} in region {} has already been associated with the hosted zone {} with the same domain name.",
        vpc.1, vpc.0, found.id
    );
    Some(Refusal::new("ConflictingDomainExists", text).status(400))
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let asked = input.text_or_empty("Name");
    let name = names::escaped(asked)
        .map_err(|_| Refusal::new("InvalidDomainName", format!("{asked} is not a valid domain name")))?;
    if let Some(set) = input.text("DelegationSetId") {
        let text = format!("No delegation set found with ID: {}", bare(set));
        return Err(Refusal::new("NoSuchDelegationSet", text).status(400));
    }
    let config = input.map("HostedZoneConfig").cloned().unwrap_or_default();
    let vpc = match input.map("VPC") {
        Some(vpc) => Some(known_vpc(call, vpc)?),
        None if config.flag("PrivateZone") == Some(true) => {
            let text = "When you're creating a private hosted zone (when you specify true for PrivateZone), you must \
                        also specify values for VPCId and VPCRegion.";
            return Err(Refusal::new("InvalidInput", text));
        }
        None => None,
    };
    let reference = input.text_or_empty("CallerReference").to_owned();
    let route53 = &call.account().route53;
    if route53.references.contains(&reference) {
        let text = "A hosted zone has already been created with the specified caller reference.";
        return Err(Refusal::new("HostedZoneAlreadyExists", text));
    }
    if let Some(refusal) = vpc.as_ref().and_then(|vpc| clash(route53.zones.values(), &name, vpc)) {
        return Err(refusal);
    }
    if route53.zones.len() >= MOST_ZONES {
        let text = "Limits Exceeded: MAX_HOSTED_ZONES_BY_OWNER - Cannot create more hosted zones.";
        return Err(Refusal::new("TooManyHostedZones", text));
    }
    let comment = config.text("Comment").filter(|text| !text.is_empty()).map(str::to_owned);
    let new = NewZone { name, reference, comment, vpc, linked: None };
    let place = call.place.clone();
    let id = making::zone(call.world, &place.account, new);
    let change = making::change(call.world, &place, None);
    let zone = call.account().route53.zone(&id)?;
    Ok(json!({
        "HostedZone": zone.document(),
        "ChangeInfo": change,
        "DelegationSet": zone.delegation(),
        "VPC": zone.vpc_list().get(0),
        "Location": format!("https://route53.amazonaws.com/2013-04-01/hostedzone/{id}"),
    }))
}

fn get(call: &mut Call<'_>, input: &Input) -> Reply {
    let zone = call.account().route53.zone(input.text_or_empty("Id"))?;
    Ok(json!({
        "HostedZone": zone.document(),
        "DelegationSet": zone.delegation(),
        "VPCs": zone.private.then(|| zone.vpc_list()),
    }))
}

/// A zone that another service made is changed by that service alone.
///
/// # Errors
/// `AccessDenied`.
pub(super) fn own(zone: &Zone) -> Result<(), Refusal> {
    match &zone.linked {
        Some((_, text)) => {
            let id = &zone.id;
            let text = format!("The resource hostedzone/{id} can only be managed through AWS Cloud Map ({text})");
            Err(Refusal::new("AccessDenied", text).status(403))
        }
        None => Ok(()),
    }
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let route53 = &mut call.account().route53;
    let zone = route53.zone(input.text_or_empty("Id"))?;
    own(zone)?;
    if zone.sets.values().any(|set| !zone.is_required(set)) {
        let text = "The specified hosted zone contains non-required resource record sets  and so cannot be deleted.";
        return Err(Refusal::new("HostedZoneNotEmpty", text));
    }
    let id = zone.id.clone();
    route53.zones.remove(&id);
    let place = call.place.clone();
    Ok(json!({"ChangeInfo": making::change(call.world, &place, None)}))
}

fn comment(call: &mut Call<'_>, input: &Input) -> Reply {
    let zone = call.account().route53.zone(input.text_or_empty("Id"))?;
    zone.comment = input.text("Comment").filter(|text| !text.is_empty()).map(str::to_owned);
    Ok(json!({"HostedZone": zone.document()}))
}

fn count(call: &mut Call<'_>, _: &Input) -> Reply {
    Ok(json!({"HostedZoneCount": call.account().route53.zones.len()}))
}

fn limit(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("HostedZoneId");
    let zone = call.account().route53.zone(id).map_err(|_| no_zone(id))?;
    let kind = input.text_or_empty("Type");
    let (most, count) = match kind {
        "MAX_VPCS_ASSOCIATED_BY_ZONE" if !zone.private => {
            let text = format!("The specified hosted zone {} is a public hosted zone.", zone.id);
            return Err(Refusal::new("HostedZoneNotPrivate", text).status(400));
        }
        "MAX_VPCS_ASSOCIATED_BY_ZONE" => (MOST_VPCS, zone.vpcs.len()),
        _ => (MOST_SETS, zone.sets.len()),
    };
    Ok(json!({"Limit": {"Type": kind, "Value": most}, "Count": count}))
}

fn dnssec(call: &mut Call<'_>, input: &Input) -> Reply {
    let zone = call.account().route53.zone(input.text_or_empty("HostedZoneId"))?;
    if zone.private {
        let text = "DNSSEC is not supported for private hosted zones.";
        return Err(Refusal::new("InvalidArgument", text).status(400));
    }
    Ok(json!({"Status": {"ServeSignature": "NOT_SIGNING"}, "KeySigningKeys": []}))
}
