//! Relational Database Service: instances, subnet groups, snapshots, parameter groups. Decides what is kept of each; the
//! databases themselves do not exist.

mod change;
mod create;
mod defaults;
mod delete;
mod engines;
mod inputs;
mod instances;
mod lifecycle;
mod lists;
mod parameters;
mod settings;
mod shown;
mod snapshots;
mod state;
mod subnets;
mod tagging;
#[cfg(test)]
mod tests;
mod windows;

pub use self::lifecycle::{Event, happen};
pub use self::state::{Instance, ParameterGroup, Rds, Snapshot, SubnetGroup};
use self::state::{invalid, mismatch};
use super::service::{Carriers, Service, Words};
use crate::call::{Said, Table};
use crate::model;
use crate::tags::{Tagged, Tags};
use crate::validate::Wording;
use crate::world::status::Entry;
use crate::world::{Place, World};

/// The service.
pub const SERVICE: Service = Service {
    words: Words {
        role_not_ready: Some(
            Said::new(
                "InvalidParameterValue",
                "IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING",
            )
            .status(400),
        ),
        ..Words::XML
    },
    tagged: Carriers::new(tagged, of_arn),
    region_status: Some(|region, _| {
        vec![
            Entry::counted("database", region.rds.instances.len()),
            Entry::counted("database snapshot", region.rds.snapshots.len()),
        ]
    }),
    ..Service::new(model::source!("rds"), OPERATIONS, Wording::coral("ValidationError"))
};

/// The operations.
const OPERATIONS: &[Table] = &[
    instances::OPERATIONS,
    subnets::OPERATIONS,
    snapshots::OPERATIONS,
    parameters::OPERATIONS,
    settings::OPERATIONS,
    tagging::OPERATIONS,
    engines::OPERATIONS,
];

/// The tagged resources.
fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let Some(region) = world.known_region(place) else { return Vec::new() };
    let rds = &region.rds;
    let of = |kind: &str, name: &String, tags: &Tags| {
        let arn = place.arn("rds", &format!("{kind}:{name}"));
        (!tags.is_empty()).then(|| Tagged { arn, tags: tags.clone() })
    };
    let instances = rds.instances.iter().filter_map(|(name, one)| of("db", name, &one.tags));
    let subnets = rds.subnet_groups.iter().filter_map(|(name, one)| of("subgrp", name, &one.tags));
    let snapshots = rds.snapshots.iter().filter_map(|(name, one)| of("snapshot", name, &one.tags));
    let parameters = rds.parameter_groups.iter().filter_map(|(name, one)| of("pg", name, &one.tags));
    instances.chain(subnets).chain(snapshots).chain(parameters).collect()
}

/// The tags of a resource by its ARN.
fn of_arn<'w>(world: &'w mut World, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    let (kind, name) = arn.strip_prefix(&place.arn("rds", ""))?.split_once(':')?;
    tagging::tags_of(&mut world.region(place).rds, kind, name)
}
