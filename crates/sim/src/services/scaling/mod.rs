//! Application Auto Scaling: scalable targets with their limits, policies and scheduled actions. Registering a target moves
//! the count into its limits at once, scheduled actions do so at their time; no metric is measured, so policies change nothing
//! by themselves.

mod activities;
mod link;
mod policies;
mod schedules;
mod state;
mod tagging;
mod targets;
#[cfg(test)]
mod tests;

pub use self::link::*;
pub use self::state::{Event, Scaling};
use self::state::{Scaled, Target, absent, cut, invalid, registered};
use super::service::{Carriers, Service, Words};
use crate::call::{Refusal, Said, Table};
use crate::model::{self, ErrorsAs};
use crate::tags::{Tagged, Tags};
use crate::validate::{self, Violation, What, Wording};
use crate::world::{Place, World};

/// The service.
pub const SERVICE: Service = Service {
    aliases: &["autoscaling"],
    words: Words {
        conflict: |_| {
            let text = "You already have a pending update to an Auto Scaling resource.";
            Some(Refusal::new("ConcurrentUpdateException", text))
        },
        role_not_ready: Some(Said::new(
            "ValidationException",
            "Unable to assume IAM role: arn:aws:iam::123456789012:role/aws-service-role/\
             ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService",
        )),
        ..Words::JSON
    },
    tagged: Carriers::new(tagged, of_arn),
    ..Service::new(model::source!("application-autoscaling", ErrorsAs::CAPITAL), OPERATIONS, Wording::Own(words))
};

/// The framework's words, with enumerations in the order of the alphabet.
fn words(_: &str, found: &[Violation]) -> Option<Refusal> {
    let mut found = found.to_vec();
    for violation in &mut found {
        if let What::NotOf(values) = &mut violation.what {
            values.sort_unstable();
        }
    }
    Some(validate::coral(&found, "ValidationException", true))
}

/// The operations.
const OPERATIONS: &[Table] =
    &[activities::OPERATIONS, policies::OPERATIONS, schedules::OPERATIONS, tagging::OPERATIONS, targets::OPERATIONS];

/// Lets it happen.
pub fn happen(world: &mut World, place: &Place, event: Event) {
    let (cluster, service) = match event {
        Event::Forget { cluster, service } => (cluster, service),
        Event::Fire { target, action, at } => return schedules::fire(world, place, &target, &action, at),
    };
    let region = world.region(place);
    // There may be a new one of that name by now.
    if crate::services::ecs::desired_count(region, &cluster, &service).is_none() {
        region.scaling.targets.retain(|_, target| target.scaled.ecs_service() != Some((&cluster, &service)));
    }
}

/// The tagged resources.
fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let targets = world.region(place).scaling.targets.values().filter(|target| !target.tags.is_empty());
    targets.map(|target| Tagged { arn: target.arn.clone(), tags: target.tags.clone() }).collect()
}

/// The tags of a resource by its ARN.
fn of_arn<'w>(world: &'w mut World, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    let mut targets = world.region(place).scaling.targets.values_mut();
    targets.find(|target| target.arn == arn).map(|target| &mut target.tags)
}
