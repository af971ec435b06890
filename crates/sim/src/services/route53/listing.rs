//! Lists of hosted zones: by id, by name (labels reversed) and by VPC. A marker is where the next page begins, not where the
//! last one ended.

use serde_json::{Value, json};

use super::names;
use super::state::{Zone, bare};
use crate::call::{Call, Handler, Input, Members, Refusal, Reply};
use crate::paging;

/// The operations of this part.
pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("ListHostedZones", list), ("ListHostedZonesByName", by_name), ("ListHostedZonesByVPC", by_vpc)];

/// Most items of a page of zones or health checks, and what a page has if nothing is asked for.
const PAGE: usize = 100;

/// The size of a page, which stands in the request and in the reply as a text.
///
/// # Errors
/// `InvalidInput` for what is no positive number.
pub(super) fn size(input: &Input, most: usize) -> Result<usize, Refusal> {
    let Some(text) = input.text("MaxItems").filter(|text| !text.is_empty()) else { return Ok(most) };
    match text.parse::<usize>() {
        Ok(size) if size > 0 => Ok(size.min(most)),
        _ => Err(Refusal::new("InvalidInput", format!("Invalid value for MaxItems: {text}"))),
    }
}

fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let size = size(input, PAGE)?;
    if let Some(set) = input.text("DelegationSetId") {
        let text = format!("No delegation set found with ID: {}", bare(set));
        return Err(Refusal::new("NoSuchDelegationSet", text).status(400));
    }
    let private_only = input.text("HostedZoneType").is_some();
    let start = bare(input.text_or_empty("Marker")).to_owned();
    let zones = call.account().route53.zones.range(start..).map(|(_, zone)| zone);
    let mut zones = zones.filter(|zone| zone.private || !private_only);
    let page: Vec<Value> = zones.by_ref().take(size).map(Zone::document).collect();
    let next = zones.next().map(|zone| zone.id.clone());
    Ok(json!({
        "HostedZones": page,
        "Marker": input.text("Marker"),
        "IsTruncated": next.is_some(),
        "NextMarker": next,
        "MaxItems": size.to_string(),
    }))
}

fn by_name(call: &mut Call<'_>, input: &Input) -> Reply {
    let size = size(input, PAGE)?;
    let (name, id) = (input.text("DNSName"), input.text("HostedZoneId").map(bare));
    if id.is_some() && name.is_none() {
        return Err(Refusal::new("InvalidInput", "HostedZoneId cannot be specified without DNSName"));
    }
    let start = match name {
        Some(name) => names::escaped(name)
            .map_err(|_| Refusal::new("InvalidDomainName", format!("{name} is not a valid domain name")))?,
        None => String::new(),
    };
    let start = (names::reversed(&start), id.unwrap_or_default().to_owned());
    let zones = &call.account().route53.zones;
    let mut sorted: Vec<_> =
        zones.values().map(|zone| ((names::reversed(&zone.name), zone.id.clone()), zone)).collect();
    sorted.sort_by(|left, right| left.0.cmp(&right.0));
    let mut sorted = sorted.into_iter().filter(|(key, _)| name.is_none() || *key >= start);
    let page: Vec<Value> = sorted.by_ref().take(size).map(|(_, zone)| zone.document()).collect();
    let next = sorted.next().map(|(_, zone)| zone);
    Ok(json!({
        "HostedZones": page,
        "DNSName": name,
        "HostedZoneId": id,
        "IsTruncated": next.is_some(),
        "NextDNSName": next.map(|zone| &zone.name),
        "NextHostedZoneId": next.map(|zone| &zone.id),
        "MaxItems": size.to_string(),
    }))
}

fn by_vpc(call: &mut Call<'_>, input: &Input) -> Reply {
    let size = size(input, PAGE)?;
    let vpc = (input.text_or_empty("VPCRegion").to_owned(), input.text_or_empty("VPCId").to_owned());
    let owner = call.place.account.to_string();
    let zones = call.account().route53.zones.values();
    let zones: Vec<&Zone> = zones.filter(|zone| zone.vpcs.contains(&vpc)).collect();
    let scope = format!("by-vpc {} {}", vpc.0, vpc.1);
    let page = paging::page(zones, |zone| zone.id.clone(), size, input.text("NextToken"), &scope)
        .map_err(|_| Refusal::new("InvalidPaginationToken", "The specified pagination token is not valid."))?;
    let summaries: Vec<Value> = page.items.iter().map(|zone| summary(zone, &owner)).collect();
    Ok(json!({"HostedZoneSummaries": summaries, "MaxItems": size.to_string(), "NextToken": page.next}))
}

fn summary(zone: &Zone, owner: &str) -> Value {
    let owner = match &zone.linked {
        Some((service, _)) => json!({"OwningService": service}),
        None => json!({"OwningAccount": owner}),
    };
    json!({"HostedZoneId": zone.id, "Name": zone.name, "Owner": owner})
}
