//! What one change has to hold before a zone is looked at: an alias or values with a TTL, and what sets with an identifier are
//! told apart by. Turns it into a record set as it is kept. Knows no zones.

use serde_json::{Map, Value};

use super::names;
use super::state::{RecordSet, bare};
use super::values;
use crate::call::{Members, Refusal};

/// What sets of one name and type can be told apart by, and what Route 53 calls a set that is not of that sort.
pub(super) const ROUTINGS: [(&str, &str); 7] = [
    ("Weight", "as a non-weighted set exists"),
    ("Region", "as a non-latency set exists"),
    ("Failover", "as a non-failover set exists"),
    ("GeoLocation", "as a non-geolocation set exists"),
    ("MultiValueAnswer", "because a non multivalue answer rrset exists"),
    ("GeoProximityLocation", "as a non-geoproximity set exists"),
    ("CidrRoutingConfig", "as a non-CIDR set exists"),
];
/// Record elements of one request; those of an UPSERT count twice.
const MOST_RECORDS: usize = 1000;
/// Records of one set.
const MOST_OF_A_SET: usize = 400;
/// Characters of the values of one request; those of an UPSERT count twice.
const MOST_CHARACTERS: usize = 32_000;

/// One change, its name and target as they are kept.
#[derive(Debug)]
pub(super) struct Wanted {
    /// `CREATE`, `UPSERT`, `DELETE`.
    pub action: String,
    /// The set.
    pub set: RecordSet,
    /// Whether its name is one at all.
    pub is_named: bool,
    /// What is wrong with its name and values.
    pub problems: Vec<String>,
}

/// By what a set is told apart from the others of its name and type.
pub(super) fn routing(set: &Map<String, Value>) -> Option<&'static (&'static str, &'static str)> {
    ROUTINGS.iter().find(|(name, _)| set.has(name))
}

/// Checks the form of a change.
///
/// # Errors
/// `InvalidInput`, which is told alone and at once.
pub(super) fn check(change: &Value) -> Result<(), Refusal> {
    let set = change.map("ResourceRecordSet").cloned().unwrap_or_default();
    let invalid = |text: String| {
        let place = format!(
            "in Change with [Action={}, Name={}, Type={}, SetIdentifier={}]",
            change.text_or_empty("Action"),
            set.text_or_empty("Name"),
            set.text_or_empty("Type"),
            set.text("SetIdentifier").unwrap_or("null"),
        );
        Err(Refusal::new("InvalidInput", format!("Invalid request: {text} {place}")))
    };
    let targets =
        "Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]";
    let (ttl, records) = (set.has("TTL"), !set.list("ResourceRecords").is_empty());
    match (set.has("AliasTarget"), ttl, records) {
        (true, false, false) | (false, true, true) => {}
        (true, ..) => return invalid(format!("{targets}, but found more than one")),
        (false, ..) if set.has("TrafficPolicyInstanceId") => {}
        (false, ..) => return invalid(format!("{targets}, but found none")),
    }
    let (kinds, identifier) = (ROUTINGS.iter().filter(|(name, _)| set.has(name)).count(), set.has("SetIdentifier"));
    let all = "Expected exactly one of [Weight, Region, Failover, GeoLocation, MultiValueAnswer, \
               GeoProximityLocation, or CidrRoutingConfig]";
    match (kinds, identifier) {
        (0, false) | (1, true) => Ok(()),
        (0, true) => invalid(format!("{all}, but found none")),
        (1, false) => invalid("Missing field 'SetIdentifier'".to_owned()),
        _ => invalid(format!("{all}, but found more than one")),
    }
}

/// Checks how much a request holds.
pub(super) fn too_much(changes: &[Value]) -> Option<String> {
    let (mut records, mut characters) = (0, 0);
    for change in changes {
        let factor = if change.text("Action") == Some("UPSERT") { 2 } else { 1 };
        let Some(set) = change.map("ResourceRecordSet") else { continue };
        let values = set.list("ResourceRecords");
        // An alias counts like one record.
        records += factor * values.len().max(1);
        let of = |value: &Value| value.text_or_empty("Value").chars().count();
        characters += factor * values.iter().map(of).sum::<usize>();
    }
    if records > MOST_RECORDS {
        return Some(format!("Number of records limit of {MOST_RECORDS} exceeded."));
    }
    (characters > MOST_CHARACTERS).then(|| format!("Number of characters limit of {MOST_CHARACTERS} exceeded."))
}

/// Reads a change.
pub(super) fn read(change: &Value) -> Wanted {
    let mut document = change.map("ResourceRecordSet").cloned().unwrap_or_default();
    let mut problems = Vec::new();
    let is_named = names::canonical(document.text_or_empty("Name")).is_ok();
    let mut keep = |text: &str| {
        names::canonical(text).unwrap_or_else(|bad| {
            problems.push(bad.0);
            text.to_ascii_lowercase()
        })
    };
    let name = keep(document.text_or_empty("Name"));
    let kind = document.text_or_empty("Type").to_owned();
    document.insert("Name".to_owned(), name.clone().into());
    if let Some(target) = document.get_mut("AliasTarget").and_then(Value::as_object_mut) {
        let dns = keep(target.text_or_empty("DNSName"));
        let zone = bare(target.text_or_empty("HostedZoneId")).to_owned();
        target.insert("DNSName".to_owned(), dns.into());
        target.insert("HostedZoneId".to_owned(), zone.into());
        target.entry("EvaluateTargetHealth").or_insert(Value::Bool(false));
    }
    let identifier = document.text("SetIdentifier").map(str::to_owned);
    let mut set = RecordSet { name, kind, identifier, document, ..RecordSet::default() };
    let values = set.values();
    problems.extend(values.iter().filter_map(|value| values::problem(&set.kind, value)));
    for (index, value) in values.iter().enumerate() {
        if values[..index].contains(value) {
            problems.push(format!("Duplicate Resource Record: '{value}'"));
        }
    }
    if values.len() > MOST_OF_A_SET {
        problems.push(format!("Cannot have more than {MOST_OF_A_SET} records in a RRSet."));
    }
    if matches!(set.kind.as_str(), "CNAME" | "SOA") && values.len() > 1 {
        let (name, kind) = (&set.name, &set.kind);
        problems
            .push(format!("RRSet of type {kind} with DNS name {name} is not permitted more than one resource record"));
    }
    if set.kind == "TXT"
        && let Some(records) = set.document.get_mut("ResourceRecords").and_then(Value::as_array_mut)
    {
        // Texts come back in an order that is not the one they were sent in.
        records.reverse();
    }
    Wanted { action: change.text_or_empty("Action").to_owned(), set, is_named, problems }
}

/// Whether two sets say the same: values have no order, an absent flag is false.
pub(super) fn same(left: &RecordSet, right: &RecordSet) -> bool {
    let sorted = |set: &RecordSet| {
        let mut values = set.values();
        values.sort();
        let mut rest = set.document.clone();
        rest.remove("ResourceRecords");
        (values, rest)
    };
    sorted(left) == sorted(right)
}
