//! What other services ask of Cloud Map: namespaces, and the services and instances that ECS keeps in them.

use super::{Namespace, Service, dns, last, namespace_arn_of, service_arn_of};
use crate::call::Refusal;
use crate::tags::Tags;
use crate::world::{Place, Region, World};

/// What ECS puts on what it makes.
fn managed() -> Tags {
    Tags::from([("AmazonECSManaged".to_owned(), "true".to_owned())])
}

fn named<'r>(region: &'r Region, name: &str) -> Option<&'r Namespace> {
    let map = &region.cloud_map;
    if name.starts_with("arn:") {
        return map.namespace(name).filter(|_| name.contains(":namespace/"));
    }
    map.namespaces.values().find(|namespace| namespace.active && namespace.name.eq_ignore_ascii_case(name))
}

/// The ARN of a namespace, by its name or ARN.
pub fn namespace_arn(region: &Region, name: &str) -> Option<String> {
    named(region, name).map(|namespace| namespace.arn.clone())
}

/// Makes an HTTP namespace at once, as ECS does for a cluster's Service Connect defaults, or finds it; its ARN.
pub fn ensure_namespace(world: &mut World, place: &Place, name: &str) -> String {
    if let Some(arn) = namespace_arn(world.region(place), name) {
        return arn;
    }
    let id = format!("ns-{}", world.ids.lower(16));
    let namespace = Namespace {
        id: id.clone(),
        arn: namespace_arn_of(place, &id),
        name: name.to_owned(),
        kind: "HTTP".to_owned(),
        created: world.now,
        creator_request: world.ids.uuid(),
        active: true,
        tags: managed(),
        ..Namespace::default()
    };
    world.region(place).cloud_map.namespaces.insert(id.clone(), namespace);
    namespace_arn_of(place, &id)
}

/// Makes a service in a namespace, as Service Connect does, or finds it; its ARN.
///
/// # Errors
/// If there is no such namespace.
pub fn ensure_service(world: &mut World, place: &Place, namespace: &str, name: &str) -> Result<String, Refusal> {
    let region = world.region(place);
    let found = named(region, namespace).or_else(|| region.cloud_map.namespace(namespace));
    let namespace = found.ok_or_else(|| super::namespaces::unknown(namespace))?.id.clone();
    if let Some(service) = region.cloud_map.service_named(&namespace, name) {
        let id = service.id.clone();
        // Whoever wants it again keeps it.
        if let Some(service) = region.cloud_map.services.get_mut(&id) {
            service.leaving = false;
        }
        return Ok(service_arn_of(place, &id));
    }
    let id = format!("srv-{}", world.ids.lower(16));
    let service = Service {
        id: id.clone(),
        name: name.to_owned(),
        namespace,
        kind: "HTTP".to_owned(),
        description: Some("Managed by Amazon ECS Service Connect".to_owned()),
        created: world.now,
        creator_request: world.ids.uuid(),
        tags: managed(),
        ..Service::default()
    };
    world.region(place).cloud_map.services.insert(id.clone(), service);
    Ok(service_arn_of(place, &id))
}

/// Whether there is a service of that ARN.
pub fn service_exists(region: &Region, arn: &str) -> bool {
    arn.contains(":service/") && region.cloud_map.service(arn).is_some()
}

/// Registers an instance with its attributes.
pub fn register(world: &mut World, place: &Place, service: &str, instance: &str, attributes: &Tags) {
    dns::register(world, place, last(service), instance, (attributes, None));
}

/// Takes an instance out.
pub fn deregister(world: &mut World, place: &Place, service: &str, instance: &str) {
    dns::deregister(world, place, last(service), instance);
}

/// Removes a service that ECS made, once nothing is registered in it.
pub fn remove_service(world: &mut World, place: &Place, service: &str) {
    let services = &mut world.region(place).cloud_map.services;
    let id = last(service);
    match services.get_mut(id) {
        Some(found) if found.instances.is_empty() => {
            services.remove(id);
        }
        Some(found) => found.leaving = true,
        None => {}
    }
}
