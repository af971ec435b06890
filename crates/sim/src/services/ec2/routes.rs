//! Route tables: their routes, and the subnets and gateways that they are for.

use serde_json::{Map, Value, json};

use super::describe::{self, Filters, View};
use super::state::{Ec2, RouteTable};
use super::{depended_on, fresh, invalid, kinds, new_id, operations, state, tagging, tokens};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations.
pub(super) const OPERATIONS: Table = operations![
    "DescribeRouteTables" => describe,
    "CreateRouteTable" => create,
    "DeleteRouteTable" => delete,
    "CreateRoute" => |call, input| put_route(call, input, false),
    "ReplaceRoute" => |call, input| put_route(call, input, true),
    "DeleteRoute" => delete_route,
    "AssociateRouteTable" => associate,
    "DisassociateRouteTable" => disassociate,
    "ReplaceRouteTableAssociation" => replace_association,
];

const FILTERS: Filters = &[
    ("association.gateway-id", "Associations.GatewayId"),
    ("association.route-table-association-id", "Associations.RouteTableAssociationId"),
    ("association.route-table-id", "Associations.RouteTableId"),
    ("association.subnet-id", "Associations.SubnetId"),
    ("association.main", "Associations.Main"),
    ("owner-id", "OwnerId"),
    ("route-table-id", "RouteTableId"),
    ("route.destination-cidr-block", "Routes.DestinationCidrBlock"),
    ("route.destination-ipv6-cidr-block", "Routes.DestinationIpv6CidrBlock"),
    ("route.destination-prefix-list-id", "Routes.DestinationPrefixListId"),
    ("route.egress-only-internet-gateway-id", "Routes.EgressOnlyInternetGatewayId"),
    ("route.gateway-id", "Routes.GatewayId"),
    ("route.instance-id", "Routes.InstanceId"),
    ("route.nat-gateway-id", "Routes.NatGatewayId"),
    ("route.transit-gateway-id", "Routes.TransitGatewayId"),
    ("route.origin", "Routes.Origin"),
    ("route.state", "Routes.State"),
    ("route.vpc-peering-connection-id", "Routes.VpcPeeringConnectionId"),
    ("vpc-id", "VpcId"),
    ("tag-key", ""),
];

const DESTINATIONS: [&str; 3] = ["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"];

/// Whether the target of a route is still there.
pub(super) fn alive(ec2: &Ec2, route: &Value) -> bool {
    let gateway = route.text("GatewayId").is_none_or(|id| !id.starts_with("igw-") || ec2.gateways.contains_key(id));
    let gone = |nat: &Value| nat.text("State") == Some("deleted");
    let nat = route.text("NatGatewayId").is_none_or(|id| ec2.nats.get(id).is_some_and(|nat| !gone(nat)));
    let interface = route.text("NetworkInterfaceId").is_none_or(|id| ec2.interfaces.contains_key(id));
    gateway && nat && interface
}

fn document(ec2: &Ec2, id: &str, table: &RouteTable) -> Value {
    let state = json!({ "State": "associated" });
    let main = table.main.iter().map(|association| {
        json!({ "Main": true, "RouteTableAssociationId": association, "RouteTableId": id, "AssociationState": state })
    });
    let others = table.associations.iter().map(|(association, target)| {
        let member = if target.starts_with("subnet-") { "SubnetId" } else { "GatewayId" };
        json!({
            "Main": false, "RouteTableAssociationId": association, "RouteTableId": id, "AssociationState": state,
            member: target,
        })
    });
    let routes = table.routes.iter().map(|route| {
        let mut route = route.clone();
        if !alive(ec2, &route) {
            route["State"] = "blackhole".into();
        }
        route
    });
    json!({
        "RouteTableId": id, "VpcId": table.vpc, "OwnerId": ec2.account, "PropagatingVgws": [],
        "Associations": main.chain(others).collect::<Vec<_>>(), "Routes": routes.collect::<Vec<_>>(),
        "Tags": tagging::of(ec2, id),
    })
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let ec2 = state(call);
    let items = ec2.route_tables.iter().map(|(id, table)| document(ec2, id, table)).collect();
    let ids = ("RouteTableIds", "RouteTableId");
    describe::answer(input, &View { list: "RouteTables", ids, kind: &kinds::ROUTE_TABLE, filters: FILTERS }, items)
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let tags = tagging::specified(input, &kinds::ROUTE_TABLE)?;
    let operation = call.operation;
    let id = new_id(call, "rtb");
    let vpc = input.text_or_empty("VpcId");
    let ec2 = state(call);
    let network = ec2.vpcs.get(vpc).ok_or_else(|| kinds::VPC.missing(vpc))?;
    if let Some(id) = tokens::earlier(ec2, operation, input).filter(|id| ec2.route_tables.contains_key(id)) {
        let made = document(ec2, &id, &ec2.route_tables[&id]);
        return Ok(json!({ "RouteTable": made, "ClientToken": input.text("ClientToken") }));
    }
    let ranges = network.ranges.iter().chain(&network.ipv6);
    let routes = ranges.map(|range| fresh::local_route(&range.cidr)).collect();
    ec2.route_tables.insert(id.clone(), RouteTable { vpc: vpc.to_owned(), routes, ..RouteTable::default() });
    tagging::keep(ec2, &id, tags);
    tokens::keep(ec2, operation, input, &id);
    let made = document(ec2, &id, &ec2.route_tables[&id]);
    Ok(json!({ "RouteTable": made, "ClientToken": input.text("ClientToken") }))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("RouteTableId");
    let ec2 = state(call);
    let table = ec2.route_tables.get(id).ok_or_else(|| kinds::ROUTE_TABLE.missing(id))?;
    if table.main.is_some() || !table.associations.is_empty() {
        return Err(depended_on("routeTable", id));
    }
    ec2.route_tables.remove(id);
    ec2.tags.remove(id);
    for endpoint in ec2.endpoints.values_mut() {
        if let Some(tables) = endpoint.get_mut("RouteTableIds").and_then(Value::as_array_mut) {
            tables.retain(|table| table.as_str() != Some(id));
        }
    }
    Ok(json!({}))
}

/// The destination of a request: its member, and the range without host bits or the prefix list.
fn destination(ec2: &Ec2, input: &Input) -> Result<(&'static str, String), Refusal> {
    let given: Vec<&'static str> = DESTINATIONS.into_iter().filter(|name| input.has(name)).collect();
    let [member] = given[..] else {
        let text = "The request must contain exactly one of destinationCidrBlock, destinationIpv6CidrBlock, \
                    destinationPrefixListId";
        return Err(Refusal::new("InvalidParameterCombination", text));
    };
    let text = input.text_or_empty(member);
    if member == "DestinationPrefixListId" {
        if !ec2.prefix_lists.contains_key(text) {
            return Err(kinds::PREFIX_LIST.missing(text));
        }
        return Ok((member, text.to_owned()));
    }
    let parsed = match member {
        "DestinationCidrBlock" => text.parse().ok().map(|net: ipnet::Ipv4Net| net.trunc().to_string()),
        _ => text.parse().ok().map(|net: ipnet::Ipv6Net| net.trunc().to_string()),
    };
    let lower = format!("d{}", &member[1..]);
    let wrong = || invalid(format!("Value ({text}) for parameter {lower} is invalid. This is not a valid CIDR block."));
    Ok((member, parsed.ok_or_else(wrong)?))
}

/// The target of a request: one member, whose thing has to be there.
fn target(ec2: &Ec2, vpc: &str, input: &Input) -> Result<Map<String, Value>, Refusal> {
    const TARGETS: [&str; 11] = [
        "GatewayId",
        "NatGatewayId",
        "NetworkInterfaceId",
        "InstanceId",
        "VpcPeeringConnectionId",
        "TransitGatewayId",
        "EgressOnlyInternetGatewayId",
        "LocalGatewayId",
        "CarrierGatewayId",
        "CoreNetworkArn",
        "VpcEndpointId",
    ];
    let given: Vec<&str> = TARGETS.into_iter().filter(|name| input.has(name)).collect();
    let [member] = given[..] else {
        let text = "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, \
                    vpcPeeringConnectionId, egressOnlyInternetGatewayId, transitGatewayId, localGatewayId, \
                    carrierGatewayId, vpcEndpointId, coreNetworkArn or instanceId";
        return Err(Refusal::new("InvalidParameterCombination", text));
    };
    let id = input.text_or_empty(member);
    match member {
        "GatewayId" if id == "local" => {}
        "GatewayId" if !id.starts_with("igw-") => {
            let text = format!("The gateway ID '{id}' does not exist");
            return Err(Refusal::new("InvalidGatewayID.NotFound", text));
        }
        "GatewayId" => {
            let attached = ec2.gateways.get(id).ok_or_else(|| kinds::GATEWAY.missing(id))?;
            if attached.as_deref() != Some(vpc) {
                let text = format!("route table and network gateway {id} belong to different networks");
                return Err(invalid(text));
            }
        }
        "NatGatewayId" if !ec2.nats.contains_key(id) => {
            return Err(Refusal::new(
                "InvalidNatGatewayID.NotFound",
                format!("The natGateway ID '{id}' does not exist"),
            ));
        }
        "NetworkInterfaceId" if !ec2.interfaces.contains_key(id) => return Err(kinds::INTERFACE.missing(id)),
        "NatGatewayId" | "NetworkInterfaceId" => {}
        "InstanceId" => return Err(kinds::INSTANCE.missing(id)),
        // The other kinds of targets are never there.
        _ => {
            let noun = format!("{}{}", member[..1].to_lowercase(), member[1..].trim_end_matches("Id"));
            return Err(Refusal::new(
                format!("Invalid{}ID.NotFound", member.trim_end_matches("Id")),
                format!("The {noun} ID '{id}' does not exist"),
            ));
        }
    }
    Ok(Map::from_iter([(member.to_owned(), id.into())]))
}

fn put_route(call: &mut Call<'_>, input: &Input, replace: bool) -> Reply {
    let id = input.text_or_empty("RouteTableId");
    let ec2 = state(call);
    let table = ec2.route_tables.get(id).ok_or_else(|| kinds::ROUTE_TABLE.missing(id))?;
    let (member, value) = destination(ec2, input)?;
    let vpc = table.vpc.clone();
    let there = table.routes.iter().position(|route| route.text(member) == Some(&value));
    let mut route = if replace && input.flag("LocalTarget") == Some(true) {
        Map::from_iter([("GatewayId".to_owned(), "local".into())])
    } else {
        target(ec2, &vpc, input)?
    };
    route.insert(member.to_owned(), value.clone().into());
    route.insert("State".to_owned(), "active".into());
    route.insert("Origin".to_owned(), "CreateRoute".into());
    let table = ec2.route_tables.entry(id.to_owned()).or_default();
    match (there, replace) {
        (Some(_), false) => {
            let text = format!("The route identified by {value} already exists.");
            return Err(Refusal::new("RouteAlreadyExists", text));
        }
        (None, true) => {
            let text = format!("There is no route defined for '{value}' in the route table. Use CreateRoute instead.");
            return Err(invalid(text));
        }
        (Some(at), true) => table.routes[at] = route.into(),
        (None, false) => table.routes.push(route.into()),
    }
    Ok(if replace { json!({}) } else { json!({ "Return": true }) })
}

fn delete_route(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("RouteTableId");
    let ec2 = state(call);
    if !ec2.route_tables.contains_key(id) {
        return Err(kinds::ROUTE_TABLE.missing(id));
    }
    let (member, value) = destination(ec2, input)?;
    let table = ec2.route_tables.entry(id.to_owned()).or_default();
    let there = table.routes.iter().position(|route| route.text(member) == Some(&value)).ok_or_else(|| {
        let text = format!("no route with destination-cidr-block {value} in route table {id}");
        Refusal::new("InvalidRoute.NotFound", text)
    })?;
    if table.routes[there].text("Origin") == Some("CreateRouteTable") {
        let text = format!("cannot remove local route {value} in route table {id}");
        return Err(invalid(text));
    }
    table.routes.remove(there);
    Ok(json!({}))
}

fn associate(call: &mut Call<'_>, input: &Input) -> Reply {
    let association = new_id(call, "rtbassoc");
    let id = input.text_or_empty("RouteTableId");
    let ec2 = state(call);
    let table = ec2.route_tables.get(id).ok_or_else(|| kinds::ROUTE_TABLE.missing(id))?;
    let (thing, vpc) = match (input.text("SubnetId"), input.text("GatewayId")) {
        (Some(subnet), None) => {
            let found = ec2.subnets.get(subnet).ok_or_else(|| kinds::SUBNET.missing(subnet))?;
            (subnet, Some(found.vpc.as_str()))
        }
        (None, Some(gateway)) => {
            let found = ec2.gateways.get(gateway).ok_or_else(|| kinds::GATEWAY.missing(gateway))?;
            (gateway, found.as_deref())
        }
        _ => {
            let text = "The request must contain exactly one of subnetId or gatewayId";
            return Err(Refusal::new("InvalidParameterCombination", text));
        }
    };
    if vpc != Some(table.vpc.as_str()) {
        return Err(invalid(format!("route table {id} and {thing} belong to different networks")));
    }
    let reply = |association: &String| {
        Ok(json!({ "AssociationId": association, "AssociationState": { "State": "associated" } }))
    };
    for (other, table) in &ec2.route_tables {
        if let Some((earlier, _)) = table.associations.iter().find(|(_, target)| *target == thing) {
            if other == id {
                return reply(earlier);
            }
            let text = format!("the specified association for route table {id} conflicts with an existing association");
            return Err(Refusal::new("Resource.AlreadyAssociated", text));
        }
    }
    let thing = thing.to_owned();
    ec2.route_tables.entry(id.to_owned()).or_default().associations.insert(association.clone(), thing);
    reply(&association)
}

fn no_association(id: &str) -> Refusal {
    Refusal::new("InvalidAssociationID.NotFound", format!("The association ID '{id}' does not exist"))
}

fn disassociate(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("AssociationId");
    let ec2 = state(call);
    if ec2.route_tables.values().any(|table| table.main.as_deref() == Some(id)) {
        return Err(invalid(format!("cannot disassociate the main route table association {id}")));
    }
    let table = ec2.route_tables.values_mut().find(|table| table.associations.contains_key(id));
    table.ok_or_else(|| no_association(id))?.associations.remove(id);
    Ok(json!({}))
}

/// Moves a subnet, or being the main table, to another route table.
fn replace_association(call: &mut Call<'_>, input: &Input) -> Reply {
    let new = new_id(call, "rtbassoc");
    let (id, to) = (input.text_or_empty("AssociationId"), input.text_or_empty("RouteTableId"));
    let ec2 = state(call);
    if !ec2.route_tables.contains_key(to) {
        return Err(kinds::ROUTE_TABLE.missing(to));
    }
    let holds = |table: &&mut RouteTable| table.associations.contains_key(id) || table.main.as_deref() == Some(id);
    let from = ec2.route_tables.values_mut().find(holds).ok_or_else(|| no_association(id))?;
    let thing = from.associations.remove(id);
    if thing.is_none() {
        from.main = None;
    }
    let table = ec2.route_tables.entry(to.to_owned()).or_default();
    match thing {
        Some(thing) => drop(table.associations.insert(new.clone(), thing)),
        None => table.main = Some(new.clone()),
    }
    Ok(json!({ "NewAssociationId": new, "AssociationState": { "State": "associated" } }))
}
