//! Elastic Load Balancing v2: the tables of its operations, what happens in it by itself, and its tags for other services.
//! What each operation decides is in the folders below; the state is in `state`.

mod answer;
mod arns;
mod attributes;
mod balancers;
mod groups;
mod limits;
mod link;
mod listeners;
pub mod outages;
mod policies;
mod rules;
mod state;
mod tagging;
mod targets;
#[cfg(test)]
mod tests;
mod traffic;

pub use self::answer::{Answered, answer, answer_to};
pub use self::link::*;
pub use self::state::{Ear, Elb, Event};
pub use self::traffic::{Forwarding, Share, traffic};

use super::service::{Carriers, Service, Words};
use crate::call::Table;
use crate::model;
use crate::throttle::Rate;
use crate::validate::Wording;
use crate::world::status::Entry;
use crate::world::{Place, World};

/// The service.
pub const SERVICE: Service = Service {
    iam: "elasticloadbalancing",
    aliases: &["elb", "elasticloadbalancingv2"],
    words: Words::XML,
    rates: &[Rate::shared("describe", (40.0, 10.0), &["Describe*"])],
    tagged: Carriers::new(tagging::tagged, tagging::of_arn),
    moves_packets: &["SetSecurityGroups", "SetSubnets", "ModifyTargetGroup"],
    packets_moved: Some(targets::health::look_again),
    region_status: Some(|region, _| {
        vec![
            Entry::counted("load balancer", region.elb.balancers.len()),
            Entry::counted("target group", region.elb.groups.len()),
        ]
    }),
    ..Service::new(model::source!("elbv2"), OPERATIONS, Wording::coral("ValidationError"))
};

/// The operations.
const OPERATIONS: &[Table] = &[
    balancers::OPERATIONS,
    balancers::network::OPERATIONS,
    groups::OPERATIONS,
    attributes::OPERATIONS,
    targets::OPERATIONS,
    listeners::OPERATIONS,
    listeners::certificates::OPERATIONS,
    rules::OPERATIONS,
    rules::priorities::OPERATIONS,
    tagging::OPERATIONS,
    limits::OPERATIONS,
    policies::OPERATIONS,
];

/// Lets it happen.
pub fn happen(world: &mut World, place: &Place, event: Event) {
    match event {
        Event::Provisioned(arn) => balancers::provisioned(world, place, &arn),
        Event::InterfacesGone(ids) => balancers::interfaces_gone(world, place, &ids),
        Event::Target(step) => targets::health::step(world, place, &step),
    }
}
