//! Systems Manager's parameters: names, versions, labels, tiers and tags. Nothing here takes time; encryption
//! is a text that tells nothing.

mod describe;
mod link;
mod names;
mod put;
mod read;
mod references;
mod remove;
mod state;
mod tagging;
#[cfg(test)]
mod tests;

pub use self::link::*;
pub use self::state::Ssm;
use self::state::{Parameter, Version};
use super::service::{Carriers, Service, Words};
use crate::call::{Refusal, Table};
use crate::model;
use crate::tags::{Tagged, Tags};
use crate::throttle::Rate;
use crate::validate::Wording;
use crate::world::status::Entry;
use crate::world::{Place, World};

/// The service.
pub const SERVICE: Service = Service {
    aliases: &["systemsmanager"],
    words: Words { server_error: "InternalServerError", conflict, ..Words::JSON },
    rates: &[
        Rate::shared("get", (40.0, 40.0), &["GetParameter", "GetParameters", "GetParametersByPath"]),
        // Not published; AWS's support tells it.
        Rate::shared("put", (3.0, 3.0), &["PutParameter"]),
    ],
    tagged: Carriers::new(tagged, of_arn),
    region_status: Some(|region, _| vec![Entry::counted("parameter", region.ssm.parameters.len())]),
    ..Service::new(model::source!("ssm"), OPERATIONS, Wording::coral("ValidationException"))
};

fn conflict(operation: &str) -> Option<Refusal> {
    let text = "There are concurrent updates for a resource that supports one update at a time.";
    (operation == "PutParameter").then(|| Refusal::new("TooManyUpdates", text))
}

/// The operations.
const OPERATIONS: &[Table] =
    &[put::OPERATIONS, read::OPERATIONS, describe::OPERATIONS, remove::OPERATIONS, tagging::OPERATIONS];

/// The tagged resources.
fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let parameters = world.region(place).ssm.parameters.values().filter(|parameter| !parameter.tags.is_empty());
    parameters.map(|parameter| Tagged { arn: parameter.arn(place), tags: parameter.tags.clone() }).collect()
}

/// The tags of a resource by its ARN.
fn of_arn<'w>(world: &'w mut World, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    let name = names::of_arn(arn)?;
    names::find_mut(&mut world.region(place).ssm, &name).map(|parameter| &mut parameter.tags)
}
