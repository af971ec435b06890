//! What other services ask of Systems Manager: whether a parameter is there.

use super::names;
use crate::world::Region;

/// Whether there is a parameter of that name or ARN, with or without a version.
pub fn parameter_exists(region: &Region, name: &str) -> bool {
    names::select(&region.ssm, name).is_ok()
}
