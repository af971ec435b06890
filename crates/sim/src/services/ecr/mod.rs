//! Elastic Container Registry: repositories with their settings and policies, and images by their manifests. There is no
//! registry behind it that a container tool could push to.

mod images;
mod link;
mod policies;
mod repositories;
mod state;
mod tag_ops;
#[cfg(test)]
mod tests;
mod text;

pub use self::link::*;
pub use self::state::Ecr;

use crate::call::Table;
use crate::tags::{Tagged, Tags};
use crate::world::{Place, World};

/// The operations.
pub const OPERATIONS: &[Table] =
    &[repositories::OPERATIONS, policies::OPERATIONS, images::OPERATIONS, tag_ops::OPERATIONS];

/// The tagged resources.
pub fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let repositories = world.region(place).ecr.repositories.values();
    let tagged = repositories.filter(|repository| !repository.tags.is_empty());
    tagged.map(|repository| Tagged { arn: repository.arn.clone(), tags: repository.tags.clone() }).collect()
}

/// Sets and removes tags by ARN.
pub fn retag(world: &mut World, place: &Place, arn: &str, set: &Tags, remove: &[String]) -> bool {
    let mut repositories = world.region(place).ecr.repositories.values_mut();
    let Some(repository) = repositories.find(|repository| repository.arn == arn) else { return false };
    repository.tags.extend(set.clone());
    repository.tags.retain(|key, _| !remove.contains(key));
    true
}
