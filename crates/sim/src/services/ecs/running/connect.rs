//! Service Connect: which services of Cloud Map a service needs, and what it may not ask for. Whether they are used by anybody
//! is Cloud Map's affair.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::places::invalid;
use crate::call::{Call, Members, Refusal};
use crate::services::cloud_map;
use crate::services::ecs::registry::ClusterFacts;

/// Whether Service Connect is on.
pub(super) fn is_on(configuration: Option<&Map<String, Value>>) -> bool {
    configuration.is_some_and(|it| it.flag("enabled") == Some(true))
}

/// Every service of the configuration has to name a port of the task definition.
pub(super) fn check(definition: &Value, configuration: Option<&Map<String, Value>>) -> Result<(), Refusal> {
    let Some(configuration) = configuration.filter(|it| is_on(Some(it))) else { return Ok(()) };
    let containers = definition.list("containerDefinitions").iter();
    let mappings: Vec<&Value> = containers.flat_map(|container| container.list("portMappings")).collect();
    let ports: Vec<&str> = mappings.iter().filter_map(|port| port.text("name")).collect();
    let protocols: Vec<&str> = mappings
        .iter()
        .filter(|port| port.text("appProtocol").is_some())
        .filter_map(|port| port.text("name"))
        .collect();
    for service in configuration.list("services") {
        let name = service.text_or_empty("portName");
        if !ports.contains(&name) {
            return Err(invalid(format!(
                "service connect portName({name}) does not refer to any named PortMapping in the Task Definition."
            )));
        }
        let timed = service.map("timeout").is_some_and(|timeout| timeout.has("perRequestTimeoutSeconds"));
        if timed && !protocols.contains(&name) {
            return Err(invalid(format!(
                "perRequestTimeout cannot be set for portName({name}) because its appProtocol is TCP."
            )));
        }
    }
    Ok(())
}

/// Makes the services in Cloud Map that a configuration asks for: their ARNs by name.
pub(super) fn prepare(
    call: &mut Call<'_>,
    hidden: &Map<String, Value>,
    cluster: &ClusterFacts,
) -> Result<BTreeMap<String, String>, Refusal> {
    let mut made = BTreeMap::new();
    let Some(configuration) = hidden.map("serviceConnectConfiguration").filter(|it| is_on(Some(it))) else {
        return Ok(made);
    };
    let namespace = match configuration.text("namespace") {
        Some(name) => cloud_map::namespace_arn(call.region(), name),
        None => cluster.namespace.clone(),
    };
    let Some(namespace) = namespace else {
        return Err(Refusal::new("NamespaceNotFoundException", "The specified namespace could not be found."));
    };
    for service in configuration.list("services") {
        let name = service.text("discoveryName").unwrap_or_else(|| service.text_or_empty("portName"));
        let place = call.place.clone();
        let arn = cloud_map::ensure_service(call.world, &place, &namespace, name)
            .map_err(|refusal| Refusal::new("NamespaceNotFoundException", refusal.message))?;
        made.insert(name.to_owned(), arn);
    }
    Ok(made)
}

/// The namespace that a service's Service Connect uses, as it was written: a name or an ARN.
pub(super) fn namespace(hidden: &Map<String, Value>) -> Option<&str> {
    hidden.map("serviceConnectConfiguration").filter(|it| is_on(Some(it)))?.text("namespace")
}
