//! Records in canonical form. Route 53 writes names in lower case, with a trailing dot and `*` as `\052`, and values in an
//! order of its own. Pure: from the API's shapes to documents. Whose a record is, is decided in `marks.rs` and `sort.rs`.

use aws_sdk_route53::types::{ResourceRecordSet, RrType};
use evenkeel_core::doc::Text;
use serde::{Deserialize, Serialize};

use crate::tags::Tags;

/// The records of a stack in one zone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The zone.
    pub zone_id: Text,
    /// The record sets, by name and type.
    pub records: Vec<Record>,
    /// What the marks say beside whose the records are: whether they are protected, as a tag would.
    pub tags: Tags,
}

/// One record set: values with a time to live, or an alias.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Record {
    /// The full name, lower case, without the trailing dot.
    pub name: String,
    /// `A`, `TXT`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Seconds; `None` for an alias.
    pub ttl: Option<i64>,
    /// Sorted; `None` for an alias.
    pub values: Option<Vec<Text>>,
    /// The alias; `None` for values.
    pub alias: Option<Alias>,
}

/// What an alias points to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Alias {
    /// Its DNS name, lower case, without the trailing dot and without `dualstack.`.
    pub dns_name: Text,
    /// The zone that the target lies in.
    pub zone_id: Text,
    /// Whether an unhealthy target is left out of answers.
    pub evaluate_target_health: bool,
}

/// Name and type.
pub type Key = (String, String);

impl Record {
    /// What tells it from the other records of its zone, as this program manages them.
    pub fn key(&self) -> Key {
        (self.name.clone(), self.kind.clone())
    }

    /// Whether two records cannot stand side by side: equal names, and one of them is an alias of DNS itself.
    pub fn clashes(&self, other: &Key) -> bool {
        self.name == other.0 && self.kind != other.1 && (self.kind == "CNAME" || other.1 == "CNAME")
    }

    /// The DNS names that it points to.
    pub fn targets(&self) -> impl Iterator<Item = String> + '_ {
        let names = self.values.iter().flatten().filter(|_| self.kind == "CNAME");
        let alias = self.alias.iter().map(|alias| &alias.dns_name);
        alias.chain(names).filter_map(Text::known).map(host)
    }
}

/// Whether a record set belongs to the zone itself: its NS and SOA.
pub fn is_apex(set: &ResourceRecordSet, zone: &str) -> bool {
    matches!(set.r#type(), RrType::Ns | RrType::Soa) && name(set.name()) == zone
}

/// The canonical name and the type of a record set.
pub fn key(set: &ResourceRecordSet) -> Key {
    (name(set.name()), set.r#type().as_str().to_owned())
}

/// A record set in canonical form.
pub fn canonical(set: &ResourceRecordSet) -> Record {
    let (name, kind) = key(set);
    let alias = set.alias_target().map(|target| Alias {
        dns_name: host(target.dns_name()).into(),
        zone_id: target.hosted_zone_id().into(),
        evaluate_target_health: target.evaluate_target_health(),
    });
    let values = set.resource_records().iter().map(|record| Text::from(value(&kind, record.value())));
    let mut record = Record { values: alias.is_none().then(|| values.collect()), name, kind, ttl: set.ttl(), alias };
    record.values.iter_mut().for_each(|values| values.sort());
    record
}

/// A DNS name as it is compared: lower case, no trailing dot, `\052` written as `*`.
pub fn name(text: &str) -> String {
    let text = text.trim_end_matches('.').to_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        match after.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok()).filter(u8::is_ascii_graphic) {
            Some(byte) => {
                out.push(char::from(byte));
                rest = &after[3..];
            }
            None => {
                out.push('\\');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// The name of an alias target as it is compared; `dualstack.` is the console's addition and means the same target.
pub fn host(text: &str) -> String {
    let text = text.trim_end_matches('.').to_lowercase();
    text.strip_prefix("dualstack.").map(str::to_owned).unwrap_or(text)
}

/// A value as it is compared: the names of hosts in lower case and without the trailing dot, IPv6 addresses compressed.
pub fn value(kind: &str, text: &str) -> String {
    match kind {
        "CNAME" | "MX" | "SRV" | "NS" | "PTR" => {
            let words: Vec<&str> = text.split_whitespace().collect();
            // A dot alone is the root: no such service, no mail.
            let rooted = words.len() > 1 && words.last() == Some(&".");
            let text = words.join(" ").to_lowercase();
            if rooted { text } else { text.trim_end_matches('.').to_owned() }
        }
        "AAAA" => text.parse::<std::net::Ipv6Addr>().map_or_else(|_| text.to_owned(), |address| address.to_string()),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_route53::types::AliasTarget;
    use serde_json::json;

    use super::*;

    fn alias(name: &str) -> ResourceRecordSet {
        let target = AliasTarget::builder()
            .hosted_zone_id("Z35")
            .dns_name("dualstack.Web-1.elb.amazonaws.com.")
            .evaluate_target_health(false);
        let target = target.build().unwrap();
        ResourceRecordSet::builder().name(name).r#type(RrType::A).alias_target(target).build().unwrap()
    }

    #[test]
    fn names_lose_escapes_case_and_dot() {
        assert_eq!(name("\\052.Cruddur.Example."), "*.cruddur.example");
        assert_eq!(name("a\\\\b.example."), "a\\\\b.example");
        assert_eq!(value("MX", "10  Mail.Example."), "10 mail.example");
        assert_eq!(value("AAAA", "2001:DB8:0:0:0:0:0:1"), "2001:db8::1");
        assert_eq!(value("TXT", "\"A.\""), "\"A.\"");
    }

    #[test]
    fn an_alias_is_read_in_canonical_form() {
        let record = canonical(&alias("API.cruddur.example."));
        let expected = json!({
            "name": "api.cruddur.example", "type": "A", "ttl": null, "values": null,
            "alias": { "dns_name": "web-1.elb.amazonaws.com", "zone_id": "Z35", "evaluate_target_health": false },
        });
        assert_eq!(json!(record), expected);
        assert_eq!(record.targets().collect::<Vec<_>>(), ["web-1.elb.amazonaws.com"]);
    }
}
