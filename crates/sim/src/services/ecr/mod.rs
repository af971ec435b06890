//! Elastic Container Registry: repositories with their settings and policies, and images by their manifests. There is no
//! registry behind it that a container tool could push to.

mod images;
mod link;
mod policies;
mod repositories;
mod state;
mod tagging;
#[cfg(test)]
mod tests;
mod text;
mod words;

pub use self::link::*;
pub use self::state::Ecr;

use super::service::{Carriers, Service, Words};
use crate::call::Table;
use crate::model;
use crate::tags::{Tagged, Tags};
use crate::validate::Wording;
use crate::world::status::Entry;
use crate::world::{Place, World};

/// The service.
pub const SERVICE: Service = Service {
    words: Words { server_error: "ServerException", ..Words::JSON },
    tagged: Carriers::new(tagged, of_arn),
    region_status: Some(|region, _| vec![Entry::counted("repository", region.ecr.repositories.len())]),
    ..Service::new(model::source!("ecr"), OPERATIONS, Wording::Own(words::words))
};

/// The operations.
const OPERATIONS: &[Table] = &[repositories::OPERATIONS, policies::OPERATIONS, images::OPERATIONS, tagging::OPERATIONS];

/// The tagged resources.
fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let repositories = world.region(place).ecr.repositories.values();
    let tagged = repositories.filter(|repository| !repository.tags.is_empty());
    tagged.map(|repository| Tagged { arn: repository.arn.clone(), tags: repository.tags.clone() }).collect()
}

/// The tags of a resource by its ARN.
fn of_arn<'w>(world: &'w mut World, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    let mut repositories = world.region(place).ecr.repositories.values_mut();
    repositories.find(|repository| repository.arn == arn).map(|repository| &mut repository.tags)
}
