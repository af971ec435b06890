//! Load balancers: making, listing and deleting them, and when they are ready. Their networks are in `network`, how they read
//! back in `reading`; their attributes are in `attributes`.

mod dns;
pub(super) mod network;
mod reading;

use std::time::Duration;

use serde_json::{Value, json};

use super::arns::{check_count, check_name, configuration, invalid, page};
use super::listeners;
use super::state::{Balancer, Event, Kind};
use super::tagging;
use super::targets::health;
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::services::{ec2, iam};
use crate::tags::Tags;
use crate::world::{self, Place, World};

pub(super) use self::reading::document;

/// The operations on load balancers as such.
pub(super) const OPERATIONS: Table = &[
    ("CreateLoadBalancer", create),
    ("DescribeLoadBalancers", describe),
    ("DeleteLoadBalancer", delete),
    ("DescribeCapacityReservation", describe_capacity),
    ("ModifyCapacityReservation", modify_capacity),
];

/// How many load balancers of a kind a region may have.
const QUOTA: usize = 50;

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("Name").to_owned();
    let kind = Kind::of(input.text_or_empty("Type"));
    if name.starts_with("internal-") {
        return Err(invalid("Load balancer name cannot begin with 'internal-'"));
    }
    check_name("Load balancer", &name)?;
    let tags = tagging::DIALECT.given(input)?;
    let wanted = network::plan(call, input, kind)?;
    if let Some(existing) = call.region().elb.balancers.values().find(|balancer| balancer.name == name) {
        return same_again(existing, kind, &wanted, &tags);
    }
    let of_kind = call.region().elb.balancers.values().filter(|balancer| balancer.kind == kind).count();
    if of_kind >= QUOTA {
        return Err(Refusal::new("TooManyLoadBalancers", "The maximum number of load balancers has been reached"));
    }
    network::check_room(call, &wanted)?;
    service_role(call);
    let id = call.world.ids.hex(16);
    let region = call.place.region.clone();
    let arn = call.arn("elasticloadbalancing", &format!("loadbalancer/{}/{name}/{id}", kind.short()));
    let number = call.world.ids.digits(10);
    let mut balancer = Balancer {
        dns_name: dns::name_of(&name, kind, wanted.internal, &number, &id, &region),
        zone_id: dns::zone_id(kind, &region),
        arn: arn.clone(),
        name,
        kind,
        created: call.now(),
        tags,
        ..wanted
    };
    network::attach(call, &mut balancer, &[])?;
    balancer.made = call.region().elb.next();
    let answer = document(&balancer);
    call.region().elb.balancers.insert(arn.clone(), balancer);
    let usual = if kind == Kind::Application { 150 } else { 180 };
    let time = call.world.about(Duration::from_secs(usual));
    call.after(time, world::Event::Elb(Event::Provisioned(arn)));
    Ok(json!({ "LoadBalancers": [answer] }))
}

/// The first load balancer or target group of an account brings the role that the service acts with.
pub(super) fn service_role(call: &mut Call<'_>) {
    let place = call.place.clone();
    iam::service_linked_role(call.world, &place, "elasticloadbalancing.amazonaws.com");
}

/// The same name again: the load balancer that is there, if nothing differs.
fn same_again(existing: &Balancer, kind: Kind, wanted: &Balancer, tags: &Tags) -> Reply {
    let subnets = |balancer: &Balancer| {
        let mut all: Vec<String> = balancer.zones.iter().map(|zone| zone.subnet.clone()).collect();
        all.sort();
        all
    };
    let groups = |balancer: &Balancer| {
        let mut all = balancer.security_groups.clone().unwrap_or_default();
        all.sort();
        all
    };
    let same = existing.kind == kind
        && existing.internal == wanted.internal
        && existing.ip_address_type == wanted.ip_address_type
        && subnets(existing) == subnets(wanted)
        && groups(existing) == groups(wanted);
    let refuse = |what: &str| {
        let name = &existing.name;
        let text = format!("A load balancer with the same name '{name}' exists, but with different {what}");
        Err(Refusal::new("DuplicateLoadBalancerName", text))
    };
    match (same, existing.tags == *tags) {
        (false, _) => refuse("settings"),
        (true, false) => refuse("tags"),
        (true, true) => Ok(json!({ "LoadBalancers": [document(existing)] })),
    }
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let (arns, names) = (input.texts("LoadBalancerArns"), input.texts("Names"));
    if !arns.is_empty() && !names.is_empty() {
        return Err(invalid("Load balancer names and load balancer ARNs cannot be specified at the same time"));
    }
    check_count(arns.len().max(names.len()), "load balancers")?;
    let elb = &call.region().elb;
    for arn in &arns {
        super::arns::check(super::arns::What::Balancer, arn)?;
    }
    let missing = arns.iter().any(|arn| !elb.balancers.contains_key(arn))
        || names.iter().any(|name| !elb.balancers.values().any(|balancer| balancer.name == *name));
    if missing {
        return Err(Refusal::new("LoadBalancerNotFound", "One or more load balancers not found"));
    }
    let asked = |balancer: &&Balancer| {
        (arns.is_empty() && names.is_empty()) || arns.contains(&balancer.arn) || names.contains(&balancer.name)
    };
    let mut found: Vec<&Balancer> = elb.balancers.values().filter(asked).collect();
    found.sort_by_key(|balancer| balancer.made);
    let found: Vec<(String, Value)> = found.into_iter().map(|one| (one.arn.clone(), document(one))).collect();
    let page = page(call, input, found, |(arn, _)| arn.clone(), &format!("{arns:?} {names:?}"))?;
    let list: Vec<Value> = page.items.into_iter().map(|(_, document)| document).collect();
    Ok(json!({ "LoadBalancers": list, "NextMarker": page.next }))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let arn = input.text_or_empty("LoadBalancerArn").to_owned();
    super::arns::check(super::arns::What::Balancer, &arn)?;
    let elb = &call.region().elb;
    // Deleting what is not there succeeds.
    let Some(balancer) = elb.balancers.get(&arn) else { return Ok(json!({})) };
    if balancer.attributes.get("deletion_protection.enabled").is_some_and(|value| value == "true") {
        let text = format!("Load balancer '{arn}' cannot be deleted because deletion protection is enabled");
        return Err(Refusal::new("OperationNotPermitted", text));
    }
    if let Some(port) = elb.alb_port_in_use(&arn, None) {
        let text = format!("Listener port '{port}' is in use by registered target '{arn}' and cannot be removed.");
        return Err(Refusal::new("ResourceInUse", text));
    }
    let interfaces: Vec<String> =
        balancer.zones.iter().filter_map(|zone| Some(zone.interface.as_ref()?.id.clone())).collect();
    let all: Vec<String> = elb.listeners_of(&arn).iter().map(|listener| listener.arn.clone()).collect();
    for listener in all {
        listeners::remove(call.world, &call.place.clone(), &listener);
    }
    call.region().elb.balancers.remove(&arn);
    network::give_up(call, interfaces);
    Ok(json!({}))
}

/// A load balancer is ready.
pub(super) fn provisioned(world: &mut World, place: &Place, arn: &str) {
    let elb = &mut world.region(place).elb;
    let Some(balancer) = elb.balancers.get_mut(arn) else { return };
    balancer.active = true;
    // Only now are the targets behind it checked.
    for group in elb.groups_of(arn) {
        health::begin_all(world, place, &group);
    }
}

/// Interfaces that nobody needs any more go.
pub(super) fn interfaces_gone(world: &mut World, place: &Place, ids: &[String]) {
    for id in ids {
        ec2::release(world, place, id);
    }
}

fn capacity(balancer: &Balancer) -> Value {
    let states: Vec<Value> = balancer
        .capacity
        .iter()
        .flat_map(|units| {
            #[expect(clippy::cast_precision_loss, reason = "capacity units are few")]
            let each = *units as f64 / f64::from(u32::try_from(balancer.zones.len().max(1)).unwrap_or(1));
            balancer.zones.iter().map(move |zone| {
                json!({
                    "State": { "Code": "provisioned" },
                    "AvailabilityZone": zone.name,
                    "EffectiveCapacityUnits": each,
                })
            })
        })
        .collect();
    json!({
        "DecreaseRequestsRemaining": 2,
        "MinimumLoadBalancerCapacity": balancer.capacity.map(|units| json!({ "CapacityUnits": units })),
        "CapacityReservationState": states,
    })
}

fn describe_capacity(call: &mut Call<'_>, input: &Input) -> Reply {
    Ok(capacity(call.region().elb.balancer(input.text_or_empty("LoadBalancerArn"))?))
}

fn modify_capacity(call: &mut Call<'_>, input: &Input) -> Reply {
    let balancer = call.region().elb.balancer_mut(input.text_or_empty("LoadBalancerArn"))?;
    let units = input.map("MinimumLoadBalancerCapacity").and_then(|minimum| minimum.integer("CapacityUnits"));
    match (input.flag("ResetCapacityReservation"), units) {
        (Some(true), Some(_)) => {
            return Err(configuration("Capacity units cannot be specified when the reservation is reset"));
        }
        (Some(true), None) => balancer.capacity = None,
        (_, Some(units)) if units > 0 => balancer.capacity = Some(units),
        _ => return Err(configuration("Capacity units must be specified")),
    }
    Ok(capacity(balancer))
}
