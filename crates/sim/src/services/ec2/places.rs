//! Regions, zones and what an account may do in them.

use serde_json::{Value, json};

use super::describe::{self, Filters};
use super::{invalid, link, operations, state};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations.
pub(super) const OPERATIONS: Table = operations![
    "DescribeAvailabilityZones" => zones,
    "DescribeRegions" => regions,
    "DescribeAccountAttributes" => attributes,
];

const ZONE_FILTERS: Filters = &[
    ("group-long-name", "GroupLongName"),
    ("group-name", "GroupName"),
    ("message", "Messages.Message"),
    ("opt-in-status", "OptInStatus"),
    ("parent-zone-id", "ParentZoneId"),
    ("parent-zone-name", "ParentZoneName"),
    ("region-name", "RegionName"),
    ("state", "State"),
    ("zone-id", "ZoneId"),
    ("zone-name", "ZoneName"),
    ("zone-type", "ZoneType"),
];
const REGION_FILTERS: Filters =
    &[("endpoint", "Endpoint"), ("opt-in-status", "OptInStatus"), ("region-name", "RegionName")];

/// Regions that every account has, and where they are.
const REGIONS: [&str; 17] = [
    "ap-south-1",
    "eu-north-1",
    "eu-west-3",
    "eu-west-2",
    "eu-west-1",
    "ap-northeast-3",
    "ap-northeast-2",
    "ap-northeast-1",
    "ca-central-1",
    "sa-east-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "eu-central-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The id of a zone, such as `use1-az1` of `us-east-1a`: the same for all accounts.
pub(super) fn zone_id(zone: &str) -> String {
    let (region, letter) = zone.split_at(zone.len().saturating_sub(1));
    let mut parts = region.split('-');
    let land = parts.next().unwrap_or_default();
    let direction = parts.next().unwrap_or_default();
    let short: String = match direction {
        "northeast" => "ne".into(),
        "northwest" => "nw".into(),
        "southeast" => "se".into(),
        "southwest" => "sw".into(),
        other => other.chars().take(1).collect(),
    };
    let number = letter.bytes().next().map_or(1, |letter| u32::from(letter.saturating_sub(b'a')) + 1);
    format!("{land}{short}{}-az{number}", parts.next().unwrap_or_default())
}

fn zones(call: &mut Call<'_>, input: &Input) -> Reply {
    let filters = describe::filters(input, ZONE_FILTERS)?;
    let region = call.place.region.to_string();
    let all = link::zones(&call.place);
    let (names, ids) = (input.texts("ZoneNames"), input.texts("ZoneIds"));
    if let Some(unknown) = names.iter().find(|name| !all.contains(name)) {
        return Err(invalid(format!("Invalid availability zone: [{unknown}]")));
    }
    if let Some(unknown) = ids.iter().find(|id| !all.iter().any(|zone| zone_id(zone) == **id)) {
        return Err(invalid(format!("Invalid availability zone-id: [{unknown}]")));
    }
    let wanted =
        |zone: &&String| (names.is_empty() && ids.is_empty()) || names.contains(zone) || ids.contains(&zone_id(zone));
    let items = all.iter().filter(wanted).map(|zone| {
        json!({
            "OptInStatus": "opt-in-not-required", "Messages": [], "RegionName": region, "ZoneName": zone,
            "ZoneId": zone_id(zone), "GroupName": format!("{region}-zg-1"), "NetworkBorderGroup": region,
            "ZoneType": "availability-zone", "State": "available",
        })
    });
    let items: Vec<Value> = items.filter(|item| filters.iter().all(|filter| filter.takes(item))).collect();
    Ok(json!({ "AvailabilityZones": items }))
}

fn regions(call: &mut Call<'_>, input: &Input) -> Reply {
    let filters = describe::filters(input, REGION_FILTERS)?;
    let here = call.place.region.to_string();
    let mut all: Vec<&str> = REGIONS.to_vec();
    if !all.contains(&here.as_str()) {
        all.push(&here);
    }
    let names = input.texts("RegionNames");
    if let Some(unknown) = names.iter().find(|name| !all.contains(&name.as_str())) {
        return Err(invalid(format!("Invalid region names: [{unknown}]")));
    }
    let wanted = all.into_iter().filter(|name| names.is_empty() || names.iter().any(|wanted| wanted == name));
    let items = wanted.map(|name| {
        json!({
            "OptInStatus": "opt-in-not-required", "RegionName": name, "Endpoint": format!("ec2.{name}.amazonaws.com"),
        })
    });
    let items: Vec<Value> = items.filter(|item| filters.iter().all(|filter| filter.takes(item))).collect();
    Ok(json!({ "Regions": items }))
}

fn attributes(call: &mut Call<'_>, input: &Input) -> Reply {
    let vpc = state(call).vpcs.iter().find(|(_, vpc)| vpc.default).map_or("none", |(id, _)| id.as_str()).to_owned();
    let all = [
        ("supported-platforms", "VPC".to_owned()),
        ("vpc-max-security-groups-per-interface", "5".to_owned()),
        ("max-elastic-ips", "5".to_owned()),
        ("max-instances", "20".to_owned()),
        ("vpc-max-elastic-ips", "5".to_owned()),
        ("default-vpc", vpc),
    ];
    let names = input.texts("AttributeNames");
    if let Some(unknown) = names.iter().find(|name| !all.iter().any(|(known, _)| known == name)) {
        let text = format!("Value ({unknown}) for parameter attributeName is invalid.");
        return Err(Refusal::new("InvalidParameterValue", text));
    }
    let wanted = all.iter().filter(|(name, _)| names.is_empty() || names.iter().any(|wanted| wanted == name));
    let items =
        wanted.map(|(name, value)| json!({ "AttributeName": name, "AttributeValues": [{ "AttributeValue": value }] }));
    Ok(json!({ "AccountAttributes": items.collect::<Vec<_>>() }))
}
