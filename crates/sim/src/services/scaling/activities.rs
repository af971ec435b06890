//! What scaling did: each time a count was moved.

use serde_json::{Map, Value, json};

use super::state::Activity;
use super::{Scaled, cut};
use crate::call::{Call, Input, Reply, Table};
use crate::world::{Place, World};

/// The operations.
pub(super) const OPERATIONS: Table = &[("DescribeScalingActivities", describe_scaling_activities)];

const PAGE: usize = 50;

/// So many are remembered.
const MOST: usize = 1000;

/// Notes that a count was set.
pub(super) fn record(world: &mut World, place: &Place, scaled: &Scaled, count: i64, cause: &str) {
    let id = world.ids.uuid();
    let activity = Activity { id, scaled: scaled.clone(), count, cause: cause.to_owned(), at: world.now };
    let activities = &mut world.region(place).scaling.activities;
    if activities.len() >= MOST {
        activities.remove(0);
    }
    activities.push(activity);
}

fn describe_scaling_activities(call: &mut Call<'_>, input: &Input) -> Reply {
    let all: Vec<&Activity> =
        call.region().scaling.activities.iter().rev().filter(|activity| activity.scaled.is_asked(input)).collect();
    let (items, next) = cut(input, all, |activity| activity.id.clone(), PAGE)?;
    let item = |activity: &Activity| {
        let set = format!("set desired count to {}.", activity.count);
        let mut document = Map::new();
        activity.scaled.write(&mut document);
        let mut add = |name: &str, value: Value| document.insert(name.to_owned(), value);
        add("ActivityId", activity.id.clone().into());
        add("Description", format!("Setting desired count to {}.", activity.count).into());
        add("Cause", activity.cause.clone().into());
        add("StartTime", activity.at.value());
        add("EndTime", activity.at.value());
        add("StatusCode", "Successful".into());
        let namespace = &activity.scaled.namespace;
        add("StatusMessage", format!("Successfully {set} Change successfully fulfilled by {namespace}.").into());
        Value::Object(document)
    };
    Ok(json!({ "ScalingActivities": items.into_iter().map(item).collect::<Vec<_>>(), "NextToken": next }))
}
