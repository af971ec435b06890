//! What gateways mean to a service: it connects when a deployment brings a connector, its tasks get a security group of ECS's own, and
//! it lets go when it has none any more. Which gateways fit and what they run is theirs to know.

use serde_json::{Value, json};

use super::service::Service;
use crate::call::{Members, Refusal};
use crate::services::ecs::{gateways, registry};
use crate::world::{Place, Region, World};

/// The connectors of a service.
const CONNECTORS: &str = "gatewayConnectors";

fn facts(service: &Service) -> gateways::Facts {
    let network = service.doc.map("networkConfiguration").and_then(|it| it.map("awsvpcConfiguration"));
    gateways::Facts {
        key: service.key(),
        arn: service.arn.clone(),
        cluster: service.cluster.clone(),
        subnets: network.map(|it| it.texts("subnets")).unwrap_or_default(),
    }
}

/// Whether a service can have its connectors.
pub(super) fn check(region: &Region, service: &Service, definition: &Value) -> Result<(), Refusal> {
    gateways::check(region, &facts(service), service.hidden.list(CONNECTORS), definition)
}

/// Keeps the security group that ECS has given the tasks of a service, whatever network an update writes.
pub(super) fn keep(region: &Region, service: &mut Service) {
    let connected = !service.hidden.list(CONNECTORS).is_empty();
    regroup(service, &gateways::groups(region, &service.key()), connected);
}

/// Connects a service by the connectors that it has now, and by no others.
pub(super) fn join(world: &mut World, place: &Place, service: &mut Service) {
    let definition = registry::definition(world.region(place), service.doc.text_or_empty("taskDefinition"));
    let connectors = service.hidden.list(CONNECTORS).to_vec();
    let before = gateways::groups(world.region(place), &service.key());
    let facts = facts(service);
    gateways::connect(world, place, &facts, &connectors, &definition.unwrap_or_default());
    regroup(service, &before, false);
    let after = gateways::groups(world.region(place), &service.key());
    regroup(service, &after, !connectors.is_empty());
}

/// Puts groups of ECS's own among those of a service's tasks, or takes them out.
fn regroup(service: &mut Service, own: &std::collections::BTreeSet<String>, there: bool) {
    let network = service.doc.get_mut("networkConfiguration");
    let Some(vpc) = network.and_then(|it| it.get_mut("awsvpcConfiguration")) else { return };
    let mut groups = vpc.texts("securityGroups");
    groups.retain(|group| !own.contains(group));
    if there {
        groups.extend(own.iter().cloned());
    }
    vpc["securityGroups"] = json!(groups);
}
