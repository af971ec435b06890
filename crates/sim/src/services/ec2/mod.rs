//! EC2: networks, security groups, network interfaces. Ties its parts together and lets happen what takes time. What other
//! services may ask stands in `link.rs`; nothing here knows who they are.

mod common;
mod describe;
mod endpoints;
mod fresh;
mod gateways;
mod groups;
mod interfaces;
mod kinds;
mod link;
mod nats;
mod places;
mod plain;
mod prefix_lists;
pub mod provide;
mod public;
pub mod reach;
mod routes;
mod state;
mod subnets;
mod tagging;
#[cfg(test)]
mod tests;
mod tokens;
mod vpcs;
mod words;

use serde_json::Value;

pub use self::common::Event;
use self::common::{arn, depended_on, invalid, lacks, new_id, one_attribute, operations, rehearsed, state};
pub use self::link::*;
pub use self::state::Ec2;
use super::service::{Carriers, Service, Words};
use crate::call::{Input, Members, Said, Table};
use crate::model;
use crate::tags::{Tagged, Tags};
use crate::throttle::Rate;
use crate::validate::Wording;
use crate::world::status::Entry;
use crate::world::{Place, World};

/// The service.
pub const SERVICE: Service = Service {
    words: Words {
        throttled: Said::new("RequestLimitExceeded", "Request limit exceeded.").status(503),
        server_error: "InternalError",
        unavailable: "Unavailable",
        denied: Said::new("UnauthorizedOperation", "You are not authorized to perform this operation. ").status(403),
        ..Words::XML
    },
    rates: &[
        Rate::each((100.0, 10.0), &["CreateTags", "DeleteTags"]),
        Rate::each((100.0, 5.0), &["CreateNetworkInterface"]),
        Rate::each((20.0, 5.0), &["DescribeSecurityGroupReferences", "DescribeStaleSecurityGroups"]),
        Rate::shared(
            "resource intensive",
            (50.0, 5.0),
            &["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"],
        ),
        Rate::each((50.0, 10.0), &["Describe*"]).only("unfiltered", asks_for_all),
        Rate::each((100.0, 20.0), &["Describe*", "Get*", "List*", "Search*"]),
        Rate::each((50.0, 5.0), &["*"]),
    ],
    tagged: Carriers::new(tagged, of_arn),
    moves_packets: &[
        "AuthorizeSecurityGroup",
        "RevokeSecurityGroup",
        "ModifySecurityGroupRules",
        "ModifyNetworkInterfaceAttribute",
        "ModifyManagedPrefixList",
    ],
    opens_region: Some(|region, ids, place, now| region.ec2 = fresh(ids, place, now)),
    region_status: Some(|region, _| {
        let own = region.ec2.groups.values().filter(|group| group.name != "default");
        vec![
            Entry::counted("security group", own.count()),
            Entry::counted("network interface", region.ec2.interfaces.len()),
        ]
    }),
    ..Service::new(model::source!("ec2"), OPERATIONS, Wording::Own(words::words))
};

/// Whether a request asks for everything at once, which is worth less.
fn asks_for_all(input: &Input) -> bool {
    let narrows =
        |name: &String| name == "Filters" || name == "MaxResults" || name.ends_with("Ids") || name.ends_with("Names");
    !input.0.iter().any(|(name, value)| narrows(name) && !value.is_null())
}

/// The operations.
const OPERATIONS: &[Table] = &[
    vpcs::OPERATIONS,
    subnets::OPERATIONS,
    gateways::OPERATIONS,
    routes::OPERATIONS,
    groups::OPERATIONS,
    groups::rules::OPERATIONS,
    groups::changes::OPERATIONS,
    interfaces::OPERATIONS,
    tagging::OPERATIONS,
    prefix_lists::OPERATIONS,
    nats::OPERATIONS,
    public::OPERATIONS,
    endpoints::OPERATIONS,
    places::OPERATIONS,
    plain::OPERATIONS,
];

/// Lets it happen.
pub fn happen(world: &mut World, place: &Place, event: Event) {
    let now = world.now;
    let ec2 = &mut world.region(place).ec2;
    match event {
        Event::VpcReady(id) => {
            if let Some(vpc) = ec2.vpcs.get_mut(&id) {
                vpc.pending = false;
            }
        }
        Event::Turns(id, state) => {
            // What is being deleted meanwhile is not brought back.
            let leaving = |item: &Value| item.text_or_empty("State").to_lowercase().starts_with("delet");
            let late = |item: &Value| leaving(item) && !state.to_lowercase().starts_with("delet");
            if let Some(item) = ec2.nats.get_mut(&id).filter(|item| !late(item)) {
                nats::turn(item, &state, now);
                if state == "deleted" {
                    nats::let_go(ec2, &id);
                }
            } else if let Some(item) = ec2.endpoints.get_mut(&id).filter(|item| !late(item)) {
                item["State"] = state.into();
            } else if let Some(list) = ec2.prefix_lists.get_mut(&id).filter(|list| !list.state.starts_with("delete")) {
                list.state = state;
            }
        }
        Event::Forgotten(id) => {
            let endpoint = ec2.endpoints.remove(&id);
            ec2.nats.remove(&id);
            ec2.prefix_lists.remove(&id);
            ec2.tags.remove(&id);
            for interface in endpoint.iter().flat_map(|endpoint| endpoint.texts("NetworkInterfaceIds")) {
                ec2.interfaces.remove(&interface);
                ec2.tags.remove(&interface);
            }
        }
    }
}

/// The tagged resources.
fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let ec2 = &world.region(place).ec2;
    let known = ec2.tags.iter().filter(|(_, tags)| !tags.is_empty());
    let arn_of = |id: &str| kinds::of(id).map(|kind| arn(ec2, kind.resource, id));
    known.filter_map(|(id, tags)| Some(Tagged { arn: arn_of(id)?, tags: tags.clone() })).collect()
}

/// The tags of a resource by its ARN.
fn of_arn<'w>(world: &'w mut World, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    let ec2 = &mut world.region(place).ec2;
    let id = arn.strip_prefix(&format!("arn:aws:ec2:{}:{}:", ec2.name, ec2.account))?;
    let (resource, id) = id.split_once('/')?;
    if kinds::of(id).is_none_or(|kind| kind.resource != resource) || !kinds::exists(ec2, id) {
        return None;
    }
    Some(ec2.tags.entry(id.to_owned()).or_default())
}
