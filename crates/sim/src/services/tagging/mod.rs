//! The resource groups tagging API: the tagged resources of every service of a region in one list, and tags for many at once.
//! Resources that belong to no region show in us-east-1. Knows no service, only ARNs and tags.

mod read;
#[cfg(test)]
mod tests;
mod write;

use crate::call::Table;
use crate::tags::{Tagged, Tags};
use crate::world::{Place, World};

/// The operations.
pub const OPERATIONS: &[Table] = &[read::OPERATIONS, write::OPERATIONS];

/// Nothing of its own carries tags.
pub fn tagged(_: &mut World, _: &Place) -> Vec<Tagged> {
    Vec::new()
}

/// Nothing of its own carries tags.
pub fn retag(_: &mut World, _: &Place, _: &str, _: &Tags, _: &[String]) -> bool {
    false
}

/// Whether a region's tagging API is in charge of an ARN.
fn belongs(place: &Place, arn: &str) -> bool {
    match arn.split(':').nth(3) {
        Some("") => place.region.as_ref() == "us-east-1",
        region => region == Some(place.region.as_ref()),
    }
}
