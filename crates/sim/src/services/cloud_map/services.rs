//! Services of a namespace: how they appear in DNS and how their health is told. Making and deleting one is done at once,
//! changing it is an operation.

use serde_json::{Map, Value, json};

use super::operations::{self, Job};
use super::tagging::Resources;
use super::{Service, dns, namespaces, service_arn_of};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::tags::dialect::Carrier;
use crate::world::{Place, World};

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("CreateService", create_service),
    ("DeleteService", delete_service),
    ("GetService", get_service),
    ("UpdateService", update_service),
];

fn invalid(text: &str) -> Refusal {
    Refusal::new("InvalidInput", text)
}

/// The refusal of a service that is not there.
pub(super) fn unknown(id: &str) -> Refusal {
    Refusal::new("ServiceNotFound", format!("The service with ID {id} can't be found."))
}

fn create_service(call: &mut Call<'_>, input: &Input) -> Reply {
    let given = input.map("DnsConfig");
    let asked = input.text("NamespaceId").or_else(|| given?.text("NamespaceId"));
    let asked = asked.ok_or_else(|| invalid("NamespaceId is required."))?;
    let map = &call.region().cloud_map;
    let namespace = map.namespace(asked).ok_or_else(|| namespaces::unknown(asked))?.clone();
    let name = input.text_or_empty("Name");
    if let Some(other) = map.service_named(&namespace.id, name) {
        return Err(Refusal::new("ServiceAlreadyExists", "Service already exists.")
            .with("CreatorRequestId", other.creator_request.clone())
            .with("ServiceId", other.id.clone()));
    }
    let tags = Resources::DIALECT.first(input)?;
    check(input, &namespace.kind)?;
    let dns = given.map(|given| dns_config(given, &namespace.id));
    let kind = if dns.is_some() { "DNS_HTTP" } else { "HTTP" };
    let id = format!("srv-{}", call.world.ids.lower(16));
    let service = Service {
        id: id.clone(),
        name: name.to_owned(),
        namespace: namespace.id,
        kind: kind.to_owned(),
        description: input.text("Description").map(str::to_owned),
        dns,
        health: input.map("HealthCheckConfig").map(health),
        custom_health: input.map("HealthCheckCustomConfig").map(|_| custom_health()),
        created: call.now(),
        creator_request: input.text("CreatorRequestId").map_or_else(|| call.world.ids.uuid(), str::to_owned),
        tags,
        ..Service::default()
    };
    let reply = json!({ "Service": full_document(&call.place, &service) });
    call.region().cloud_map.services.insert(id, service);
    Ok(reply)
}

/// Whether a namespace of that kind can have such a service.
fn check(input: &Input, namespace_kind: &str) -> Result<(), Refusal> {
    let dns = input.map("DnsConfig");
    if dns.is_some() && (namespace_kind == "HTTP" || input.text("Type") == Some("HTTP")) {
        return Err(invalid("DnsConfig can't be specified for a service that is discovered by HTTP only."));
    }
    if input.has("HealthCheckConfig") && input.has("HealthCheckCustomConfig") {
        return Err(invalid("You can specify either HealthCheckConfig or HealthCheckCustomConfig, but not both."));
    }
    if input.has("HealthCheckConfig") && namespace_kind != "DNS_PUBLIC" {
        return Err(invalid("HealthCheckConfig can be specified for services of public DNS namespaces only."));
    }
    let kinds: Vec<&str> =
        dns.into_iter().flat_map(|dns| dns.list("DnsRecords")).map(|record| record.text_or_empty("Type")).collect();
    if kinds.contains(&"CNAME") {
        if kinds.len() > 1 {
            return Err(invalid("A record of type CNAME can't be combined with other records."));
        }
        if dns.and_then(|dns| dns.text("RoutingPolicy")) != Some("WEIGHTED") {
            return Err(invalid("A record of type CNAME needs the routing policy WEIGHTED."));
        }
    }
    let mut unique = kinds.clone();
    unique.sort_unstable();
    unique.dedup();
    if unique.len() < kinds.len() {
        return Err(invalid("DnsRecords can't contain a record type twice."));
    }
    Ok(())
}

fn dns_config(given: &Map<String, Value>, namespace: &str) -> Map<String, Value> {
    let mut config = given.clone();
    config.insert("NamespaceId".into(), namespace.into());
    config.entry("RoutingPolicy").or_insert_with(|| "MULTIVALUE".into());
    config
}

fn health(given: &Map<String, Value>) -> Map<String, Value> {
    let mut config = given.clone();
    config.entry("FailureThreshold").or_insert_with(|| 1.into());
    if given.text("Type") != Some("TCP") {
        config.entry("ResourcePath").or_insert_with(|| "/".into());
    }
    config
}

/// Whatever threshold is asked for, it is 1.
fn custom_health() -> Map<String, Value> {
    Map::from_iter([("FailureThreshold".to_owned(), Value::from(1))])
}

/// A service as it is listed.
pub(super) fn document(place: &Place, service: &Service) -> Map<String, Value> {
    let count = service.instances.len();
    let document = json!({
        "Id": service.id,
        "Arn": service_arn_of(place, &service.id),
        "ResourceOwner": place.account.as_ref(),
        "Name": service.name,
        "Type": service.kind,
        "Description": service.description,
        "InstanceCount": (count > 0).then_some(count),
        "DnsConfig": service.dns.clone().unwrap_or_default(),
        "HealthCheckConfig": service.health,
        "HealthCheckCustomConfig": service.custom_health,
        "CreateDate": service.created.value(),
        "CreatedByAccount": place.account.as_ref(),
    });
    document.as_object().cloned().unwrap_or_default()
}

fn full_document(place: &Place, service: &Service) -> Map<String, Value> {
    let mut document = document(place, service);
    document.insert("NamespaceId".into(), service.namespace.clone().into());
    document.insert("CreatorRequestId".into(), service.creator_request.clone().into());
    document
}

fn get_service(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("Id");
    let place = call.place.clone();
    let service = call.region().cloud_map.service(id).ok_or_else(|| unknown(id))?;
    Ok(json!({ "Service": full_document(&place, service) }))
}

fn update_service(call: &mut Call<'_>, input: &Input) -> Reply {
    let asked = input.text_or_empty("Id");
    let service = call.region().cloud_map.service(asked).ok_or_else(|| unknown(asked))?.clone();
    if service.kind == "HTTP" {
        return Err(invalid("A service that is discovered by HTTP only can't be updated."));
    }
    let change = input.map("Service").cloned().unwrap_or_default();
    let old: Vec<&str> = records(service.dns.as_ref()).iter().map(|record| record.text_or_empty("Type")).collect();
    let new = records(change.map("DnsConfig"));
    if new.iter().any(|record| !old.contains(&record.text_or_empty("Type"))) {
        return Err(invalid("You can't add a DNS record of another type to an existing service."));
    }
    if service.custom_health.is_some() && change.has("HealthCheckConfig") {
        return Err(invalid("HealthCheckConfig can't be specified for a service with a custom health check."));
    }
    if let Some(other) =
        operations::open_by(call, |open| matches!(&open.job, Job::UpdateService(id, _) if *id == service.id))
    {
        return Err(operations::duplicate(&other));
    }
    operations::start(call, Job::UpdateService(service.id, change), None)
}

fn records(dns: Option<&Map<String, Value>>) -> &[Value] {
    dns.map_or(&[], |dns| dns.list("DnsRecords"))
}

/// Changes a service; records and health checks that are left out go.
pub(super) fn finish_update(world: &mut World, place: &Place, id: &str, change: &Map<String, Value>) {
    dns::withdraw(world, place, id);
    if let Some(service) = world.region(place).cloud_map.services.get_mut(id) {
        if let Some(text) = change.text("Description") {
            service.description = Some(text.to_owned());
        }
        service.health = change.map("HealthCheckConfig").map(health);
        if let Some(dns) = &mut service.dns {
            dns.insert("DnsRecords".into(), records(change.map("DnsConfig")).into());
        }
    }
    dns::publish(world, place, id);
}

fn delete_service(call: &mut Call<'_>, input: &Input) -> Reply {
    let asked = input.text_or_empty("Id");
    let service = call.region().cloud_map.service(asked).ok_or_else(|| unknown(asked))?;
    let (id, filled) = (service.id.clone(), !service.instances.is_empty());
    let coming = operations::open_by(call, |open| matches!(&open.job, Job::Register(service, ..) if *service == id));
    if filled || coming.is_some() {
        let text = "Service contains registered instances; delete the instances before deleting the service";
        return Err(Refusal::new("ResourceInUse", text));
    }
    call.region().cloud_map.services.remove(&id);
    Ok(json!({}))
}
