//! What services ask of gateways: whether they can connect, that they do or no longer do, where their tasks register, and what a
//! revision shows of it. A connector names a port; ECS connects it with every gateway of the cluster that fits.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::checks::invalid;
use super::state::{Gateway, Route, of};
use super::{routes, show};
use crate::call::{Members, Refusal};
use crate::services::ec2;
use crate::world::{Place, Region, World};

/// What gateways need to know of a service.
#[derive(Clone, Debug)]
pub struct Facts {
    /// `cluster/name`.
    pub key: String,
    /// Its ARN.
    pub arn: String,
    /// The name of its cluster.
    pub cluster: String,
    /// The subnets of its tasks.
    pub subnets: Vec<String>,
}

/// The container and the number of a port by its name.
fn port<'d>(definition: &'d Value, name: &str) -> Option<(&'d str, i64)> {
    definition.list("containerDefinitions").iter().find_map(|container| {
        let mapping = container.list("portMappings").iter().find(|mapping| mapping.text("name") == Some(name))?;
        Some((container.text_or_empty("name"), mapping.integer("containerPort")?))
    })
}

/// The gateways of the cluster that fit a service: in its VPC, in each of its zones, with the access that the connector wants.
fn fitting(region: &Region, facts: &Facts, connector: &Value) -> Vec<String> {
    let places = |subnets: &[String]| -> BTreeSet<(String, String)> {
        let found = subnets.iter().filter_map(|id| ec2::subnet(region, id));
        found.map(|it| (it.vpc, it.zone)).collect()
    };
    let (wanted, access) = (places(&facts.subnets), connector.map("filters").map(|it| it.texts("accessTypes")));
    let access = access.unwrap_or_default();
    let fits = |gateway: &&Gateway| {
        let in_cluster = region
            .ecs
            .gateways
            .associations
            .values()
            .any(|it| it.gateway == gateway.name && it.cluster == facts.cluster && !it.leaving);
        in_cluster
            && places(&gateway.subnets()).is_superset(&wanted)
            && (access.is_empty() || access.iter().any(|it| it == gateway.access()))
    };
    region.ecs.gateways.gateways.values().filter(fits).map(|it| it.name.clone()).collect()
}

/// Whether a service can have these connectors.
///
/// # Errors
/// If its network mode, its ports, or the gateways of its cluster do not fit.
pub fn check(region: &Region, facts: &Facts, connectors: &[Value], definition: &Value) -> Result<(), Refusal> {
    let Some(connector) = connectors.first() else { return Ok(()) };
    if connectors.len() > 1 {
        return Err(invalid("A service can have at most one gateway connector."));
    }
    let cluster = &facts.cluster;
    if !region.ecs.gateways.associations.values().any(|it| it.cluster == *cluster && !it.leaving) {
        let text = format!("gatewayConnectors were specified but no gateways are associated with cluster {cluster}");
        return Err(invalid(text));
    }
    if definition.text("networkMode") != Some("awsvpc") {
        return Err(invalid("gatewayConnectors are supported only for task definitions with the awsvpc network mode."));
    }
    let name = connector.text_or_empty("portName");
    if port(definition, name).is_none() {
        return Err(invalid(format!("The port name {name} does not exist in the task definition.")));
    }
    if fitting(region, facts, connector).is_empty() {
        return Err(invalid(format!(
            "None of the gateways associated with cluster {cluster} is compatible with the service: a gateway must be in \
             the VPC of the service, match its access types and cover each of its Availability Zones."
        )));
    }
    Ok(())
}

fn live(world: &mut World, place: &Place, key: &str) -> Vec<Route> {
    let routes = of(world, place).routes.values();
    routes.filter(|route| route.service == key && !route.goes()).cloned().collect()
}

/// Connects a service by these connectors, and by no others.
pub fn connect(world: &mut World, place: &Place, facts: &Facts, connectors: &[Value], definition: &Value) {
    let connector = connectors.first();
    let wanted = connector.map(|it| fitting(world.region(place), facts, it)).unwrap_or_default();
    for route in live(world, place, &facts.key) {
        if !wanted.contains(&route.gateway) {
            routes::leave(world, place, &route.arn);
        }
    }
    let Some(connector) = connector else { return };
    let Some((container, number)) = port(definition, connector.text_or_empty("portName")) else { return };
    for gateway in wanted {
        let there = live(world, place, &facts.key).into_iter().find(|it| it.gateway == gateway);
        let fresh = Route { gateway, cluster: facts.cluster.clone(), service: facts.key.clone(), ..Route::default() };
        let mut route = there.unwrap_or(fresh);
        let before = (route.connector.clone(), route.port);
        facts.arn.clone_into(&mut route.service_arn);
        connector.text_or_empty("portName").clone_into(&mut route.port_name);
        container.clone_into(&mut route.container);
        (route.port, route.connector) = (number, connector.clone());
        let changed = before != (route.connector.clone(), number);
        routes::put(world, place, route, changed);
    }
}

/// A service is gone: so are its routes, soon.
pub fn disconnect(world: &mut World, place: &Place, key: &str) {
    for route in live(world, place, key) {
        routes::leave(world, place, &route.arn);
    }
}

/// The security groups that ECS has made for the tasks of a service.
pub fn groups(region: &Region, key: &str) -> BTreeSet<String> {
    let routes = region.ecs.gateways.routes.values().filter(|it| it.service == key && !it.goes());
    routes.map(|it| it.service_group.clone()).filter(|group| !group.is_empty()).collect()
}

/// Where the tasks of a service register because of its routes, as load balancers of a service are written.
pub fn entries(region: &Region, key: &str) -> Vec<Value> {
    let routes = region.ecs.gateways.routes.values().filter(|it| it.service == key && !it.goes());
    let entry = |route: &Route| {
        let [first, second] = &route.groups[..] else { return None };
        let mut advanced = json!({ "alternateTargetGroupArn": second, "productionListenerRule": route.rule });
        if let Some(rule) = &route.test_rule {
            advanced["testListenerRule"] = rule.clone().into();
        }
        Some(json!({ "targetGroupArn": first, "containerName": route.container, "containerPort": route.port,
            "advancedConfiguration": advanced }))
    };
    routes.filter_map(entry).collect()
}

/// What a revision of a service shows of what ECS made for it; nothing if that is nothing.
pub fn managed(region: &Region, place: &Place, key: &str) -> Option<Value> {
    let routes: Vec<&Route> =
        region.ecs.gateways.routes.values().filter(|it| it.service == key && !it.goes()).collect();
    if routes.is_empty() {
        return None;
    }
    let arn = |id: &String| place.arn("ec2", &format!("security-group/{id}"));
    let groups: Vec<Value> =
        groups(region, key).iter().map(|id| json!({ "arn": arn(id), "status": "ACTIVE" })).collect();
    let connections: Vec<Value> =
        routes.into_iter().map(|route| show::connection(&region.ecs.gateways, place, route)).collect();
    Some(json!({ "serviceSecurityGroups": groups, "gatewayConnections": connections }))
}
