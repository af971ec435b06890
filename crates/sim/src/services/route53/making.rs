//! How zones and changes come about, for Route 53's own operations and for other services: ids, name servers, the two record
//! sets that every zone has, and how long a change takes to reach all servers.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::Event;
use super::state::{Change, RecordSet, Zone};
use crate::world::{self, Moment, Place, World};

/// How long a change takes to reach all servers: between 36 and 54 seconds.
const SPREADING: Duration = Duration::from_secs(45);
/// What the name servers of a zone's four domains are called, and where their numbers begin.
const DOMAINS: [(&str, usize); 4] = [("com", 0), ("net", 512), ("org", 1024), ("co.uk", 1536)];
/// The servers of every private zone.
const PRIVATE: [&str; 4] =
    ["ns-1536.awsdns-00.co.uk", "ns-0.awsdns-00.com", "ns-1024.awsdns-00.org", "ns-512.awsdns-00.net"];

/// What a zone is made of.
#[derive(Debug, Default)]
pub(super) struct NewZone {
    /// As it is kept.
    pub name: String,
    /// What its maker called the request.
    pub reference: String,
    /// The comment.
    pub comment: Option<String>,
    /// Region and VPC of a private zone.
    pub vpc: Option<(String, String)>,
    /// The service that makes it, and its words.
    pub linked: Option<(String, String)>,
}

fn id(world: &mut World, letter: char) -> String {
    // Twenty characters, so that an id with `/hostedzone/` before it is within the 32 of the model.
    let (digits, rest) = (world.ids.digits(7), world.ids.upper(11));
    format!("{letter}0{digits}{rest}")
}

fn servers(world: &mut World) -> Vec<String> {
    let first = world.ids.below(DOMAINS.len());
    let mut servers = Vec::new();
    for step in 0..DOMAINS.len() {
        let (domain, start) = DOMAINS[(first + step) % DOMAINS.len()];
        let number = world.ids.below(512);
        servers.push(format!("ns-{}.awsdns-{:02}.{domain}", start + number, number / 8));
    }
    servers
}

/// Makes a zone with its two record sets; its id.
pub(super) fn zone(world: &mut World, account: &Arc<str>, new: NewZone) -> String {
    let id = id(world, 'Z');
    let private = new.vpc.is_some();
    let servers = if private { PRIVATE.map(str::to_owned).to_vec() } else { servers(world) };
    let mut zone = Zone {
        id: id.clone(),
        name: new.name,
        reference: new.reference,
        comment: new.comment,
        private,
        vpcs: new.vpc.into_iter().collect(),
        servers,
        linked: new.linked,
        ..Zone::default()
    };
    let apex = zone.name.to_ascii_lowercase();
    let dotted: Vec<String> = zone.servers.iter().map(|server| format!("{server}.")).collect();
    let soa = format!("{} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400", dotted[0]);
    zone.put(RecordSet::simple(&apex, "NS", 172_800, &dotted));
    zone.put(RecordSet::simple(&apex, "SOA", 900, &[soa]));
    let route53 = &mut world.account(account).route53;
    route53.references.insert(zone.reference.clone());
    route53.zones.insert(id.clone(), zone);
    id
}

/// Notes a change that begins now; as it is answered.
pub(super) fn change(world: &mut World, place: &Place, comment: Option<&str>) -> Value {
    begin(world, place, comment).0
}

/// Notes a change that begins now; as it is answered, and when all servers have it.
pub(super) fn begin(world: &mut World, place: &Place, comment: Option<&str>) -> (Value, Moment) {
    let id = id(world, 'C');
    let delay = world.about(SPREADING);
    let change = Change { submitted: world.now, in_sync: world.now.plus(delay), comment: comment.map(str::to_owned) };
    let document = change.document(&id, world.now);
    world.account(&place.account).route53.changes.insert(id, change);
    world.after(delay, place, world::Event::Route53(Event::Spread));
    (document, world.now.plus(delay))
}
