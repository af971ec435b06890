//! What other services tell Application Auto Scaling.

use crate::world::{Place, World};

/// An ECS service is gone: its targets go some time later.
pub fn service_deleted(_world: &mut World, _place: &Place, _cluster: &str, _service: &str) {}
