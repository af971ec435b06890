//! What an account has in Route 53: hosted zones with their record sets, the changes that were asked for, health checks. How
//! these are written as documents. Decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::names;
use crate::call::{Members, Refusal};
use crate::tags::Tags;
use crate::world::Moment;

/// Hosted zones and what belongs to them. Of the account: Route 53 has no regions.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Route53 {
    /// By id, `Z…`.
    pub zones: BTreeMap<String, Zone>,
    /// Every caller reference that a zone was ever made with.
    pub references: BTreeSet<String>,
    /// By id, `C…`.
    pub changes: BTreeMap<String, Change>,
    /// By id, a UUID.
    pub checks: BTreeMap<String, HealthCheck>,
    /// Every caller reference that a health check was ever made with, and the id of that check.
    pub check_references: BTreeMap<String, String>,
}

/// A hosted zone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Zone {
    /// `Z…`.
    pub id: String,
    /// With its case, escaped, with a dot at the end.
    pub name: String,
    /// What its maker called the request.
    pub reference: String,
    /// The comment.
    pub comment: Option<String>,
    /// Whether it answers inside VPCs only.
    pub private: bool,
    /// Region and id of each VPC of a private zone.
    pub vpcs: Vec<(String, String)>,
    /// The four servers, without a dot at the end.
    pub servers: Vec<String>,
    /// The service that made it, and its words.
    pub linked: Option<(String, String)>,
    /// By what lists are ordered by.
    pub sets: BTreeMap<String, RecordSet>,
    /// Its tags.
    pub tags: Tags,
}

/// A record set: its members as they are answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordSet {
    /// As it is kept.
    pub name: String,
    /// `A`, `TXT`, …
    pub kind: String,
    /// What tells sets of one name and type apart.
    pub identifier: Option<String>,
    /// Everything as a document, with names and values as they are kept.
    pub document: Map<String, Value>,
    /// When all servers have it.
    pub spread: Moment,
}

/// A change that was asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Change {
    /// When it was.
    pub submitted: Moment,
    /// When all servers have it.
    pub in_sync: Moment,
    /// The comment.
    pub comment: Option<String>,
}

/// A health check.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HealthCheck {
    /// What its maker called the request.
    pub reference: String,
    /// As it was first asked for.
    pub asked: Map<String, Value>,
    /// With defaults filled in.
    pub config: Map<String, Value>,
    /// Counts up with every update.
    pub version: i64,
    /// Its tags.
    pub tags: Tags,
}

/// An id without `/hostedzone/`, `/change/` or `/healthcheck/` before it.
pub(super) fn bare(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// The refusal of a zone that is not there.
pub(super) fn no_zone(id: &str) -> Refusal {
    Refusal::new("NoSuchHostedZone", format!("No hosted zone found with ID: {}", bare(id))).status(404)
}

impl Route53 {
    /// The zone.
    ///
    /// # Errors
    /// `NoSuchHostedZone`.
    pub fn zone(&mut self, id: &str) -> Result<&mut Zone, Refusal> {
        self.zones.get_mut(bare(id)).ok_or_else(|| no_zone(id))
    }
}

/// What the record sets of a zone are ordered by: the name's labels reversed, then type, then identifier.
pub(super) fn set_key(name: &str, kind: &str, identifier: Option<&str>) -> String {
    format!("{}\u{1}{kind}\u{1}{}", names::reversed(name), identifier.unwrap_or_default())
}

impl Zone {
    /// As it is answered.
    pub fn document(&self) -> Value {
        let linked =
            self.linked.as_ref().map(|(service, text)| json!({"ServicePrincipal": service, "Description": text}));
        json!({
            "Id": format!("/hostedzone/{}", self.id),
            "Name": self.name,
            "CallerReference": self.reference,
            "Config": { "Comment": self.comment, "PrivateZone": self.private },
            "ResourceRecordSetCount": self.sets.len(),
            "LinkedService": linked,
        })
    }

    /// Its servers as they are answered; a private zone shows none.
    pub fn delegation(&self) -> Value {
        if self.private { Value::Null } else { json!({"NameServers": self.servers}) }
    }

    /// Its VPCs as they are answered.
    pub fn vpc_list(&self) -> Value {
        self.vpcs.iter().map(|(region, id)| json!({"VPCRegion": region, "VPCId": id})).collect()
    }

    /// Whether it is one of the two sets at the apex that every zone has.
    pub fn is_required(&self, set: &RecordSet) -> bool {
        set.name.eq_ignore_ascii_case(&self.name) && matches!(set.kind.as_str(), "NS" | "SOA")
    }

    /// Puts a set in its place.
    pub fn put(&mut self, set: RecordSet) {
        self.sets.insert(set_key(&set.name, &set.kind, set.identifier.as_deref()), set);
    }
}

impl RecordSet {
    /// A set of values.
    pub fn simple(name: &str, kind: &str, ttl: i64, values: &[String]) -> Self {
        let records: Vec<Value> = values.iter().map(|value| json!({"Value": value})).collect();
        let document = json!({"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": records});
        let document = document.as_object().cloned().unwrap_or_default();
        Self { name: name.to_owned(), kind: kind.to_owned(), document, ..Self::default() }
    }

    /// Its values; none for an alias.
    pub fn values(&self) -> Vec<String> {
        let records = self.document.list("ResourceRecords").iter();
        records.map(|record| record.text_or_empty("Value").to_owned()).collect()
    }

    /// What it is an alias of: zone id and name.
    pub fn alias(&self) -> Option<(&str, &str)> {
        let target = self.document.get("AliasTarget")?;
        Some((target.text("HostedZoneId")?, target.text("DNSName")?))
    }
}

impl Change {
    /// As it is answered.
    pub fn document(&self, id: &str, now: Moment) -> Value {
        json!({
            "Id": format!("/change/{id}"),
            "Status": if now < self.in_sync { "PENDING" } else { "INSYNC" },
            "SubmittedAt": self.submitted.value(),
            "Comment": self.comment,
        })
    }
}

impl HealthCheck {
    /// As it is answered.
    pub fn document(&self, id: &str) -> Value {
        json!({
            "Id": id,
            "CallerReference": self.reference,
            "HealthCheckConfig": self.config,
            "HealthCheckVersion": self.version,
        })
    }
}

/// What happens by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// A change has reached all servers: whoever waits for a record can see it.
    Spread,
}
