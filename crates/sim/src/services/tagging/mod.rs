//! The resource groups tagging API.

use crate::call::Table;
use crate::tags::{Tagged, Tags};
use crate::world::{Place, World};

/// The operations.
pub const OPERATIONS: &[Table] = &[];

/// The tagged resources.
pub fn tagged(_: &mut World, _: &Place) -> Vec<Tagged> {
    Vec::new()
}

/// Sets and removes tags by ARN.
pub fn retag(_: &mut World, _: &Place, _: &str, _: &Tags, _: &[String]) -> bool {
    false
}
