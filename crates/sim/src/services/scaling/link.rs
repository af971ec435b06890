//! What other services tell Application Auto Scaling.

use std::time::Duration;

use super::Event;
use crate::world::{self, Place, World};

/// How long it takes until it is noticed that a service is gone.
const NOTICED: Duration = Duration::from_secs(180);

/// An ECS service is gone: its targets go some time later.
pub fn service_deleted(world: &mut World, place: &Place, cluster: &str, service: &str) {
    let name = |text: &str| text.rsplit('/').next().unwrap_or(text).to_owned();
    let (cluster, service) = (name(cluster), name(service));
    let delay = world.about(NOTICED);
    world.after(delay, place, world::Event::Scaling(Event::Forget { cluster, service }));
}
