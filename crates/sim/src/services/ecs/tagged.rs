//! The tags of a resource of ECS, whichever part has it. Decides nothing.

use super::{gateways, registry, running};
use crate::tags::Tags;
use crate::world::{Place, World};

/// The tags of a resource by its ARN.
pub(super) fn of_arn<'w>(world: &'w mut World, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    // Which half has it is asked first: a loan cannot be given back.
    if registry::tags_of(world, place, arn).is_some() {
        return registry::tags_mut(world, place, arn);
    }
    if running::tags_mut(world, place, arn).is_some() {
        return running::tags_mut(world, place, arn);
    }
    gateways::tags_mut(world, place, arn)
}
