//! EventBridge Scheduler: groups and the schedules in them. Decides what is kept and when a group that is being deleted is
//! gone. Nothing fires here: what a schedule would start is not simulated.

mod expression;
mod groups;
mod schedules;
mod tagging;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::service::{Carriers, Service, Words};
use crate::call::{Call, Refusal, Said, Table};
use crate::model::{self, ErrorsAs};
use crate::tags::{Tagged, Tags};
use crate::validate::Wording;
use crate::world::status::Entry;
use crate::world::{Moment, Place, World};

/// The service.
pub const SERVICE: Service = Service {
    words: Words { throttled: Said::new("ThrottlingException", "Rate exceeded").status(429), ..Words::JSON },
    tagged: Carriers::new(tagged, of_arn),
    region_status: Some(|region, now| {
        let groups = region.scheduler.groups.values().filter(|group| group.gone.is_none_or(|gone| gone > now));
        vec![Entry::counted("schedule", groups.map(|group| group.schedules.len()).sum())]
    }),
    ..Service::new(model::source!("scheduler", ErrorsAs::CAPITAL), OPERATIONS, Wording::coral("ValidationException"))
};

/// The operations.
const OPERATIONS: &[Table] = &[schedules::OPERATIONS, groups::OPERATIONS, tagging::OPERATIONS];

/// The group that every region has.
const DEFAULT: &str = "default";

/// How long a group is DELETING.
const GROUP_DELETION: Duration = Duration::from_secs(20);

/// What a region has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Scheduler {
    /// By name. The default group appears when it is first looked for.
    pub groups: BTreeMap<String, Group>,
}

/// A schedule group.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Group {
    /// When it was made.
    pub created: Moment,
    /// When it was changed.
    pub modified: Moment,
    /// When it is gone, if it is being deleted.
    pub gone: Option<Moment>,
    /// The token of the request that made it.
    pub token: Option<String>,
    /// Its tags.
    pub tags: Tags,
    /// Its schedules by name.
    pub schedules: BTreeMap<String, Schedule>,
}

/// A schedule.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Schedule {
    /// When it was made.
    pub created: Moment,
    /// When it was changed.
    pub modified: Moment,
    /// The token of the request that made it.
    pub token: Option<String>,
    /// What was asked for, with every default.
    pub fields: Map<String, Value>,
}

impl Scheduler {
    /// The groups at a moment: those whose deletion is over are gone, the default one is there.
    fn at(&mut self, now: Moment) -> &mut BTreeMap<String, Group> {
        self.groups.retain(|_, group| group.gone.is_none_or(|gone| gone > now));
        let fresh = || Group { created: now, modified: now, ..Group::default() };
        self.groups.entry(DEFAULT.to_owned()).or_insert_with(fresh);
        &mut self.groups
    }
}

/// The groups of the region that was asked.
fn groups_of<'c>(call: &'c mut Call<'_>) -> &'c mut BTreeMap<String, Group> {
    let now = call.now();
    call.region().scheduler.at(now)
}

fn no_group(name: &str) -> Refusal {
    Refusal::new("ResourceNotFoundException", format!("Schedule group {name} does not exist."))
}

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", text)
}

fn group_arn(place: &Place, name: &str) -> String {
    place.arn("scheduler", &format!("schedule-group/{name}"))
}

/// The tagged resources: groups. Schedules carry no tags.
fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let Some(region) = world.known_region(place) else { return Vec::new() };
    let here = region.scheduler.groups.iter().filter(|(_, group)| group.gone.is_none() && !group.tags.is_empty());
    here.map(|(name, group)| Tagged { arn: group_arn(place, name), tags: group.tags.clone() }).collect()
}

/// The tags of a resource by its ARN.
fn of_arn<'w>(world: &'w mut World, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    let name = arn.strip_prefix(&group_arn(place, ""))?;
    let now = world.now;
    world.region(place).scheduler.at(now).get_mut(name).map(|group| &mut group.tags)
}
