//! What is in a zone, what a name resolves to, and how far a change has come. A start is where the list begins, not a filter.

use serde_json::{Value, json};

use super::listing::size;
use super::names;
use super::state::{RecordSet, Zone, bare};
use crate::call::{Call, Handler, Input, Members, Refusal, Reply};

/// The operations of this part.
pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("ListResourceRecordSets", list), ("GetChange", get_change), ("TestDNSAnswer", test_answer)];

/// Most record sets of a page.
const MOST: usize = 300;
/// Record sets of a page if nothing is asked for.
const USUAL: usize = 100;

fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let size = if input.has("MaxItems") { size(input, MOST)? } else { USUAL };
    let zone = call.account().route53.zone(input.text_or_empty("HostedZoneId"))?;
    let start = start(input)?;
    let mut sets = zone.sets.range(start..).map(|(_, set)| set);
    let page: Vec<Value> = sets.by_ref().take(size).map(|set| set.document.clone().into()).collect();
    let next = sets.next();
    Ok(json!({
        "ResourceRecordSets": page,
        "IsTruncated": next.is_some(),
        "NextRecordName": next.map(|set| &set.name),
        "NextRecordType": next.map(|set| &set.kind),
        "NextRecordIdentifier": next.and_then(|set| set.identifier.as_ref()),
        "MaxItems": size.to_string(),
    }))
}

fn start(input: &Input) -> Result<String, Refusal> {
    let (name, kind) = (input.text("StartRecordName"), input.text("StartRecordType"));
    let invalid = |text: &str| Err(Refusal::new("InvalidInput", text));
    let Some(name) = name else {
        return match kind {
            Some(_) => invalid("StartRecordType cannot be specified without StartRecordName"),
            None => Ok(String::new()),
        };
    };
    let identifier = input.text("StartRecordIdentifier");
    if identifier.is_some() && kind.is_none() {
        return invalid("StartRecordIdentifier cannot be specified without StartRecordType");
    }
    let name = names::canonical(name).map_err(|bad| Refusal::new("InvalidInput", bad.0))?;
    let mut start = names::reversed(&name);
    for part in [kind, identifier].into_iter().flatten() {
        start.push('\u{1}');
        start.push_str(part);
    }
    Ok(start)
}

fn get_change(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = bare(input.text_or_empty("Id"));
    let now = call.now();
    match call.account().route53.changes.get(id) {
        Some(change) => Ok(json!({"ChangeInfo": change.document(id, now)})),
        None => Err(Refusal::new("NoSuchChange", format!("No change found with ID: {id}"))),
    }
}

/// The sets that answer for a name: its own, or those of the nearest wildcard.
pub(super) fn answering<'z>(zone: &'z Zone, name: &str) -> Vec<&'z RecordSet> {
    let mut asked = name.to_owned();
    let mut below = name;
    loop {
        let seed = RecordSet { name: asked, ..RecordSet::default() };
        let sets: Vec<&RecordSet> = super::batch::namesakes(zone, &seed).collect();
        if !sets.is_empty() {
            return sets;
        }
        let Some((_, parent)) = below.split_once('.').filter(|(_, parent)| names::is_within(parent, &zone.name)) else {
            return Vec::new();
        };
        below = parent;
        asked = format!("\\052.{parent}");
    }
}

fn test_answer(call: &mut Call<'_>, input: &Input) -> Reply {
    let zone = call.account().route53.zone(input.text_or_empty("HostedZoneId"))?;
    let asked = input.text_or_empty("RecordName");
    let name = names::canonical(asked).map_err(|bad| Refusal::new("InvalidInput", bad.0))?;
    if zone.private {
        return Err(Refusal::new("InvalidInput", "TestDNSAnswer does not support private hosted zones."));
    }
    if !names::is_within(&name, &zone.name) {
        let text = format!("The record name {asked} is not within the hosted zone {}", zone.name);
        return Err(Refusal::new("InvalidInput", text));
    }
    let kind = input.text_or_empty("RecordType");
    let sets = answering(zone, &name);
    let fits = |set: &&&RecordSet| set.kind == kind;
    let data: Vec<String> = match sets.iter().find(fits) {
        Some(set) => match set.alias() {
            Some((_, target)) => vec![target.to_owned()],
            None => set.values(),
        },
        None => Vec::new(),
    };
    Ok(json!({
        "Nameserver": zone.servers.first(),
        "RecordName": asked,
        "RecordType": kind,
        "RecordData": data,
        "ResponseCode": if sets.is_empty() { "NXDOMAIN" } else { "NOERROR" },
        "Protocol": "UDP",
    }))
}
