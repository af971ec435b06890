//! The tags of what lives in ECS: services and tasks. Decides nothing.

use super::service;
use crate::tags::{Tagged, Tags};
use crate::world::{Place, World};

/// The tagged resources: services, and tasks that have not stopped.
pub fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let running = &world.region(place).ecs.running;
    let services = running.services.values().filter(|service| service.status != service::INACTIVE);
    let tasks = running.tasks.values().filter(|task| task.stopped.is_none());
    let services = services.map(|service| Tagged { arn: service.arn.clone(), tags: service.tags.clone() });
    services.chain(tasks.map(|task| Tagged { arn: task.arn.clone(), tags: task.tags.clone() })).collect()
}

/// The tags of a resource by its ARN; none if it is not one of these.
pub fn tags_mut<'w>(world: &'w mut World, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    let running = &mut world.region(place).ecs.running;
    let resource = arn.splitn(6, ':').nth(5)?;
    let (kind, key) = resource.split_once('/')?;
    match kind {
        "service" => {
            running.services.get_mut(key).filter(|it| it.arn == arn && it.gone.is_none()).map(|it| &mut it.tags)
        }
        "task" => running.tasks.get_mut(key).filter(|task| task.arn == arn).map(|task| &mut task.tags),
        _ => None,
    }
}
