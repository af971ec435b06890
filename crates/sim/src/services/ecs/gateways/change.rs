//! CreateGateway, UpdateGateway, DeleteGateway: what a gateway can be, what of it can change, and what keeps it from going. A gateway is
//! active at once and runs nothing before a service connects; a change reaches its load balancers a while later.
//!
//! An update whose web ACL has `fail` in its name fails on every load balancer that there is.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::super::checks::{arn, invalid, name_of};
use super::super::registry::dialect::DIALECT;
use super::build;
use super::state::{ACTIVE, Gateway, missing, of};
use crate::call::{Call, Input, Members, Refusal, Reply};
use crate::services::{ec2, iam};

/// How long an update is under way.
const UPDATE: Duration = Duration::from_secs(20);

/// What of a gateway can be changed, as the request has it.
const CHANGEABLE: &[&str] = &["maxAlbCount", "webACLArn", "accessLogs", "httpDesync", "testTrafficRules"];

/// The name of the gateway that a text means, which is there.
pub(super) fn named(call: &mut Call<'_>, text: &str) -> Result<String, Refusal> {
    let name = name_of(&call.place, text, "gateway")?.to_owned();
    let place = call.place.clone();
    if text.starts_with("arn:") && arn(&place, text)?.account != &*place.account {
        return Err(missing());
    }
    if of(call.world, &place).gateways.contains_key(&name) { Ok(name) } else { Err(missing()) }
}

/// CreateGateway.
pub(super) fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("name").to_owned();
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    if name.is_empty() || name.len() > 255 || !name.chars().all(fits) {
        return Err(invalid(format!("Gateway name must match ^[a-zA-Z0-9-]{{1,255}}$, but was {name}")));
    }
    let place = call.place.clone();
    let request = input.0.clone();
    if let Some(there) = of(call.world, &place).gateways.get(&name) {
        if there.request == request && request.has("clientToken") {
            return Ok(answer(there, ACTIVE));
        }
        return Err(invalid(format!("A gateway with the name {name} already exists.")));
    }
    let tags = DIALECT.given(input)?;
    DIALECT.changed(&crate::tags::Tags::new(), tags.clone(), &[])?;
    let role = input.text_or_empty("infrastructureRoleArn").to_owned();
    assumable(call, &role)?;
    let written = input.map("configuration").and_then(|it| it.map("hostSharedAlb"));
    let Some(written) = written.cloned() else {
        return Err(invalid("Exactly one gateway configuration must be specified."));
    };
    let body = body(call, &written)?;
    let now = call.now();
    let gateway = Gateway {
        arn: call.arn("ecs", &format!("gateway/{name}")),
        name: name.clone(),
        request,
        role,
        protection: input.flag("deletionProtection").unwrap_or(true),
        body,
        propagate: input.text("propagateTags").unwrap_or("GATEWAY").to_owned(),
        tags,
        created: now,
        updated: now,
        ..Gateway::default()
    };
    let answer = answer(&gateway, ACTIVE);
    of(call.world, &place).gateways.insert(name, gateway);
    Ok(answer)
}

fn answer(gateway: &Gateway, status: &str) -> Value {
    json!({ "gatewayArn": gateway.arn, "name": gateway.name, "status": status })
}

fn assumable(call: &mut Call<'_>, role: &str) -> Result<(), Refusal> {
    let place = call.place.clone();
    if iam::role_visible(call.world, &place, role) && iam::role_trusts(call.world, &place, role, "ecs.amazonaws.com") {
        return Ok(());
    }
    let text = format!(
        "Unable to assume role {role}. Verify that the role exists and that ecs.amazonaws.com is allowed to assume it."
    );
    Err(invalid(text))
}

/// The configuration with its defaults.
fn body(call: &mut Call<'_>, written: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    let network = written.map("networkConfiguration").cloned().unwrap_or_default();
    let mut subnets = network.texts("subnets");
    if subnets.is_empty() {
        let vpc = ec2::default_vpc(call.region());
        let vpc = vpc.ok_or_else(|| invalid("There is no default VPC. Specify subnets for the gateway."))?;
        subnets = ec2::subnets_of(call.region(), &vpc);
    }
    let vpc = spread(call, &subnets)?;
    let inbound = network.text("inboundSecurityGroup").map(str::to_owned);
    in_vpc(call, inbound.as_deref(), &vpc)?;
    if written.integer("port").is_some_and(|port| port != 443) || written.text("protocol") == Some("HTTP") {
        return Err(invalid("A gateway supports only HTTPS at port 443."));
    }
    let mut shown = json!({
        "subnets": subnets,
        "ipAddressType": network.text("ipAddressType").unwrap_or("dualstack"),
    });
    if let Some(group) = inbound {
        shown["inboundSecurityGroup"] = group.into();
    }
    let mut body = Map::new();
    body.insert("networkConfiguration".to_owned(), shown);
    body.insert("scheme".to_owned(), json!(written.text("scheme").unwrap_or("internet-facing")));
    body.insert("port".to_owned(), json!(443));
    body.insert("protocol".to_owned(), json!("HTTPS"));
    body.insert("maxAlbCount".to_owned(), json!(10));
    body.insert("httpDesync".to_owned(), json!("defensive"));
    merge(&mut body, written)?;
    Ok(body)
}

/// Takes over what can be changed.
fn merge(body: &mut Map<String, Value>, written: &Map<String, Value>) -> Result<(), Refusal> {
    for name in CHANGEABLE {
        let Some(value) = written.get(*name) else { continue };
        // What is empty turns it off.
        if value.as_object().is_some_and(Map::is_empty) || value == "" {
            body.remove(*name);
        } else {
            body.insert((*name).to_owned(), value.clone());
        }
    }
    if body.integer("maxAlbCount").is_some_and(|count| count < 1) {
        return Err(invalid("maxAlbCount must be at least 1."));
    }
    let header = body.map("testTrafficRules").and_then(|it| it.map("header"));
    if header.is_some_and(|header| header.text_or_empty("name").is_empty() || header.texts("values").is_empty()) {
        return Err(invalid("A test traffic header must have a name and at least one value."));
    }
    Ok(())
}

/// The VPC of subnets in two zones or more.
fn spread(call: &mut Call<'_>, subnets: &[String]) -> Result<String, Refusal> {
    let (mut zones, mut vpcs) = (BTreeSet::new(), BTreeSet::new());
    for id in subnets {
        let found = ec2::subnet(call.region(), id);
        let found = found.ok_or_else(|| invalid(format!("The subnet ID '{id}' does not exist")))?;
        zones.insert(found.zone);
        vpcs.insert(found.vpc);
    }
    if zones.len() < 2 || zones.len() < subnets.len() {
        return Err(invalid("At least two subnets in different Availability Zones must be specified."));
    }
    if vpcs.len() > 1 {
        return Err(invalid("All subnets of a gateway must belong to the same VPC."));
    }
    Ok(vpcs.into_iter().next().unwrap_or_default())
}

fn in_vpc(call: &mut Call<'_>, group: Option<&str>, vpc: &str) -> Result<(), Refusal> {
    match group.map(|group| (group, ec2::group_vpc(call.region(), group))) {
        None => Ok(()),
        Some((_, Some(there))) if there == vpc => Ok(()),
        Some((group, Some(_))) => Err(invalid(format!("The security group {group} is not in VPC {vpc}."))),
        Some((group, None)) => Err(invalid(format!("The security group '{group}' does not exist"))),
    }
}

/// UpdateGateway.
pub(super) fn update(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = named(call, input.text_or_empty("gateway"))?;
    let place = call.place.clone();
    let mut gateway = of(call.world, &place).gateways.get(&name).cloned().unwrap_or_default();
    if let Some(role) = input.text("infrastructureRoleArn") {
        assumable(call, role)?;
        role.clone_into(&mut gateway.role);
    }
    if let Some(written) = input.map("configuration").and_then(|it| it.map("hostSharedAlb")) {
        merge(&mut gateway.body, written)?;
        if let Some(group) = written.map("networkConfiguration").and_then(|it| it.text("inboundSecurityGroup")) {
            let first = gateway.subnets().into_iter().next().unwrap_or_default();
            let vpc = ec2::subnet(call.region(), &first).map(|it| it.vpc).unwrap_or_default();
            in_vpc(call, Some(group).filter(|group| !group.is_empty()), &vpc)?;
            let network = gateway.body.entry("networkConfiguration").or_insert_with(|| json!({}));
            network["inboundSecurityGroup"] = group.into();
        }
    }
    gateway.protection = input.flag("deletionProtection").unwrap_or(gateway.protection);
    if let Some(propagate) = input.text("propagateTags") {
        propagate.clone_into(&mut gateway.propagate);
    }
    gateway.updated = call.now();
    gateway.updating = Some(call.now().plus(call.world.about(UPDATE)));
    gateway.failures = build::adapt(call.world, &place, &gateway);
    let answer = answer(&gateway, "UPDATE_IN_PROGRESS");
    of(call.world, &place).gateways.insert(name, gateway);
    Ok(answer)
}

/// DeleteGateway.
pub(super) fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = named(call, input.text_or_empty("gateway"))?;
    let place = call.place.clone();
    let all = of(call.world, &place);
    if let Some(association) = all.associations.values().find(|it| it.gateway == name) {
        let text = format!(
            "The gateway {name} cannot be deleted because it is associated with cluster {}. Disassociate all clusters and \
             try again.",
            association.cluster
        );
        return Err(invalid(text));
    }
    if all.gateways.get(&name).is_some_and(|it| it.protection) {
        let text = format!("The gateway {name} cannot be deleted because deletion protection is enabled.");
        return Err(invalid(text));
    }
    let gone = all.gateways.remove(&name).unwrap_or_default();
    Ok(answer(&gone, "DELETED"))
}
