//! Application Auto Scaling.

mod link;

pub use self::link::*;

use serde::{Deserialize, Serialize};

use crate::call::Table;
use crate::tags::{Tagged, Tags};
use crate::world::{Place, World};

/// The operations.
pub const OPERATIONS: &[Table] = &[];

/// What a region has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Scaling {}

/// What happens by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {}

/// Lets it happen.
pub fn happen(_: &mut World, _: &Place, event: Event) {
    match event {}
}

/// The tagged resources.
pub fn tagged(_: &mut World, _: &Place) -> Vec<Tagged> {
    Vec::new()
}

/// Sets and removes tags by ARN.
pub fn retag(_: &mut World, _: &Place, _: &str, _: &Tags, _: &[String]) -> bool {
    false
}
