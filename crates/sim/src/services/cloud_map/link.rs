//! What other services ask of Cloud Map: namespaces, and the services and instances that ECS keeps in them.

use crate::call::Refusal;
use crate::tags::Tags;
use crate::world::{Place, Region, World};

/// The ARN of a namespace, by its name or ARN.
pub fn namespace_arn(_region: &Region, _name: &str) -> Option<String> {
    None
}

/// Makes an HTTP namespace at once, as ECS does for a cluster's Service Connect defaults, or finds it; its ARN.
pub fn ensure_namespace(_world: &mut World, _place: &Place, _name: &str) -> String {
    String::new()
}

/// Makes a service in a namespace, as Service Connect does, or finds it; its ARN.
///
/// # Errors
/// If there is no such namespace.
pub fn ensure_service(_world: &mut World, _place: &Place, namespace: &str, _name: &str) -> Result<String, Refusal> {
    Err(Refusal::new("NamespaceNotFound", format!("{namespace} not found")))
}

/// Whether there is a service of that ARN.
pub fn service_exists(_region: &Region, _arn: &str) -> bool {
    false
}

/// Registers an instance with its attributes.
pub fn register(_world: &mut World, _place: &Place, _service: &str, _instance: &str, _attributes: &Tags) {}

/// Takes an instance out.
pub fn deregister(_world: &mut World, _place: &Place, _service: &str, _instance: &str) {}

/// Removes a service that ECS made, once nothing is registered in it.
pub fn remove_service(_world: &mut World, _place: &Place, _service: &str) {}
