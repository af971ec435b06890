//! What registered instances put into the zone of their namespace, and how instances come and go. Knows no requests.

use super::{Instance, Service};
use crate::call::Members;
use crate::services::route53;
use crate::tags::Tags;
use crate::world::{Place, World};

/// A record: its name, type, TTL and values.
type Record = (String, String, i64, Vec<String>);

/// Registers an instance at once, or replaces its attributes.
pub(super) fn register(world: &mut World, place: &Place, service: &str, id: &str, what: (&Tags, Option<String>)) {
    let (attributes, creator_request) = what;
    withdraw(world, place, service);
    if let Some(service) = world.region(place).cloud_map.services.get_mut(service) {
        service.instances.insert(id.to_owned(), Instance { attributes: attributes.clone(), creator_request });
        service.revision += 1;
    }
    publish(world, place, service);
}

/// Takes an instance out at once; the service goes with its last one if it is to.
pub(super) fn deregister(world: &mut World, place: &Place, service: &str, id: &str) {
    withdraw(world, place, service);
    let services = &mut world.region(place).cloud_map.services;
    if let Some(found) = services.get_mut(service) {
        found.instances.remove(id);
        found.revision += 1;
        if found.leaving && found.instances.is_empty() {
            services.remove(service);
        }
    }
    publish(world, place, service);
}

/// Removes what a service has in DNS.
pub(super) fn withdraw(world: &mut World, place: &Place, service: &str) {
    for (zone, (name, kind, ttl, _)) in all(world, place, service) {
        route53::set_record(world, place, &zone, &name, &kind, ttl, &[]);
    }
}

/// Puts a service's instances into DNS.
pub(super) fn publish(world: &mut World, place: &Place, service: &str) {
    for (zone, (name, kind, ttl, values)) in all(world, place, service) {
        route53::set_record(world, place, &zone, &name, &kind, ttl, &values);
    }
}

fn all(world: &mut World, place: &Place, service: &str) -> Vec<(String, Record)> {
    let map = &world.region(place).cloud_map;
    let found = map.services.get(service);
    let Some((service, namespace)) = found.and_then(|found| Some((found, map.namespaces.get(&found.namespace)?)))
    else {
        return Vec::new();
    };
    let Some(zone) = &namespace.zone else { return Vec::new() };
    records(service, &namespace.name).into_iter().map(|record| (zone.clone(), record)).collect()
}

/// At most so many values answer one query.
const MOST_ANSWERS: usize = 8;

/// The records of a service's instances.
fn records(service: &Service, domain: &str) -> Vec<Record> {
    let name = format!("{}.{domain}", service.name);
    let Some(dns) = &service.dns else { return Vec::new() };
    let one = dns.text("RoutingPolicy") == Some("WEIGHTED");
    let most = if one { 1 } else { MOST_ANSWERS };
    let configured = dns.list("DnsRecords");
    let mut records = Vec::new();
    for config in configured {
        let (kind, ttl) = (config.text_or_empty("Type"), config.integer("TTL").unwrap_or(60));
        let values = |attribute: &str| -> Vec<String> {
            let all = service.instances.values().filter_map(|instance| instance.attributes.get(attribute));
            all.take(most).cloned().collect()
        };
        let found = match kind {
            "A" => values("AWS_INSTANCE_IPV4"),
            "AAAA" => values("AWS_INSTANCE_IPV6"),
            "CNAME" => values("AWS_INSTANCE_CNAME"),
            _ => {
                let with_port = service.instances.iter().filter_map(|(id, instance)| {
                    Some((id, instance.attributes.get("AWS_INSTANCE_PORT")?, &instance.attributes))
                });
                let mut targets = Vec::new();
                for (id, port, attributes) in with_port.take(most) {
                    let host = format!("{id}.{name}");
                    targets.push(format!("1 1 {port} {host}"));
                    for (kind, attribute) in [("A", "AWS_INSTANCE_IPV4"), ("AAAA", "AWS_INSTANCE_IPV6")] {
                        if let Some(address) = attributes.get(attribute) {
                            records.push((host.clone(), kind.to_owned(), ttl, vec![address.clone()]));
                        }
                    }
                }
                targets
            }
        };
        if !found.is_empty() {
            records.push((name.clone(), kind.to_owned(), ttl, found));
        }
    }
    records
}
