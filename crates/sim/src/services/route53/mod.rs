//! Route 53: hosted zones and their record sets, changes that take time to spread, health checks. It belongs to the account,
//! not to a region. Knows of other services only whether a VPC and a load balancer are there.

mod batch;
mod health;
mod link;
mod listing;
mod making;
mod names;
mod reading;
mod shape;
mod state;
mod tagging;
#[cfg(test)]
mod tests;
mod values;
mod vpcs;
mod zones;

pub use self::link::*;
pub use self::state::{Event, Route53};
use super::acm;
use super::service::{Carriers, Service, Words};
use crate::call::{Refusal, Table};
use crate::model;
use crate::tags::{Tagged, Tags};
use crate::throttle::Rate;
use crate::validate::Wording;
use crate::world::status::{Entry, Item};
use crate::world::{Place, World};

/// The service.
pub const SERVICE: Service = Service {
    words: Words {
        conflict: |_| {
            let text = "The request was rejected because Route 53 was still processing a prior request.";
            Some(Refusal::new("PriorRequestNotComplete", text).status(400))
        },
        ..Words::XML
    },
    rates: &[
        Rate::shared("account", (50.0, 10.0), &["*"]).global().besides(),
        Rate::each((40.0, 2.0), &["CreateHostedZone"]).global(),
        Rate::each((40.0, 5.0), &["DeleteHostedZone"]).global(),
        Rate::each((20.0, 5.0), &["AssociateVPCWithHostedZone"]).global(),
        Rate::each((10.0, 5.0), &["DisassociateVPCFromHostedZone"]).global(),
        Rate::each((50.0, 0.5), &["CreateHealthCheck"]).global(),
        Rate::each((15.0, 3.0), &["DeleteHealthCheck"]).global(),
        Rate::each((50.0, 10.0), &["*"]).global(),
    ],
    tagged: Carriers::new(tagged, of_arn),
    account_status: Some(|account| {
        let zones = account.route53.zones.values();
        vec![Entry::named("hosted zone", zones.map(|zone| Item::called(&zone.name)).collect())]
    }),
    ..Service::new(model::source!("route53"), OPERATIONS, Wording::coral("InvalidInput"))
};

/// The operations.
const OPERATIONS: &[Table] = &[
    zones::OPERATIONS,
    listing::OPERATIONS,
    vpcs::OPERATIONS,
    batch::OPERATIONS,
    reading::OPERATIONS,
    tagging::OPERATIONS,
    health::OPERATIONS,
];

/// Lets it happen.
pub fn happen(world: &mut World, place: &Place, event: Event) {
    match event {
        Event::Spread => acm::records_changed(world, &place.account),
    }
}

const ZONE_ARN: &str = "arn:aws:route53:::hostedzone/";

const CHECK_ARN: &str = "arn:aws:route53:::healthcheck/";

/// The tagged resources. Route 53's are seen from one region only.
fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    if &*place.region != "us-east-1" {
        return Vec::new();
    }
    let route53 = &world.account(&place.account).route53;
    let zones = route53.zones.iter().map(|(id, zone)| (format!("{ZONE_ARN}{id}"), &zone.tags));
    let checks = route53.checks.iter().map(|(id, check)| (format!("{CHECK_ARN}{id}"), &check.tags));
    let tagged = zones.chain(checks).filter(|(_, tags)| !tags.is_empty());
    tagged.map(|(arn, tags)| Tagged { arn, tags: tags.clone() }).collect()
}

/// The tags of a resource by its ARN.
fn of_arn<'w>(world: &'w mut World, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    let route53 = &mut world.account(&place.account).route53;
    match (arn.strip_prefix(ZONE_ARN), arn.strip_prefix(CHECK_ARN)) {
        (Some(id), _) => route53.zones.get_mut(id).map(|zone| &mut zone.tags),
        (_, Some(id)) => route53.checks.get_mut(id).map(|check| &mut check.tags),
        _ => None,
    }
}
