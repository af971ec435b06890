//! Scheduled actions: written down, read back and, at their time, carried out. Those of `cron(…)`, and of time zones other than
//! UTC, are only written down.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::state::Action;
use super::{Event, Scaled, absent, cut, invalid, registered, targets};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::world::{self, Moment, Place, World};

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("DeleteScheduledAction", delete_scheduled_action),
    ("DescribeScheduledActions", describe_scheduled_actions),
    ("PutScheduledAction", put_scheduled_action),
];

const PAGE: usize = 50;

impl Action {
    /// When it is carried out next after a moment.
    fn next(&self, after: Moment) -> Option<Moment> {
        if !matches!(self.zone.as_deref(), None | Some("UTC" | "Etc/UTC")) {
            return None;
        }
        let inside = |start: &str| self.schedule.strip_prefix(start)?.strip_suffix(')');
        let due = match (inside("at("), inside("rate(")) {
            (Some(at), _) => Moment::parse_iso(&format!("{at}Z")).filter(|at| *at > after),
            (None, Some(rate)) => {
                let (number, unit) = rate.split_once(' ')?;
                let seconds = match unit.trim_end_matches('s') {
                    "minute" => 60,
                    "hour" => 3600,
                    "day" => 86_400,
                    _ => return None,
                };
                let period = number.parse::<u64>().ok().filter(|number| *number > 0)?.checked_mul(seconds)?;
                Some(after.plus(Duration::from_secs(period)))
            }
            _ => None,
        };
        let bound = |value: &Value| value.as_f64().map(Moment::from_seconds);
        due.filter(|due| bound(&self.start).is_none_or(|start| *due >= start))
            .filter(|due| bound(&self.end).is_none_or(|end| *due <= end))
    }
}

/// The time of an action has come.
pub(super) fn fire(world: &mut World, place: &Place, key: &str, name: &str, at: Moment) {
    let Some(target) = world.region(place).scaling.targets.get_mut(key) else { return };
    // It may have been put anew, for another time.
    let Some(action) = target.actions.get_mut(name).filter(|action| action.due == Some(at)) else { return };
    action.due = action.next(at);
    let (due, limits) = (action.due, action.limits.clone());
    if target.suspended.get("ScheduledScalingSuspended") != Some(&true) {
        target.min = limits.integer("MinCapacity").unwrap_or(target.min);
        target.max = limits.integer("MaxCapacity").unwrap_or(target.max);
        let (scaled, min, max) = (target.scaled.clone(), target.min, target.max);
        targets::move_into(world, place, &scaled, min, max);
    }
    plan(world, place, key, name, due);
}

/// Has an action carried out when it is due.
fn plan(world: &mut World, place: &Place, key: &str, name: &str, due: Option<Moment>) {
    let Some(at) = due else { return };
    let event = Event::Fire { target: key.to_owned(), action: name.to_owned(), at };
    world.after(at.since(world.now), place, world::Event::Scaling(event));
}

fn put_scheduled_action(call: &mut Call<'_>, input: &Input) -> Reply {
    let now = call.now();
    let place = call.place.clone();
    let target = registered(call, input)?;
    let name = input.text_or_empty("ScheduledActionName");
    let old = target.actions.get(name);
    let schedule = input.text("Schedule").or(old.map(|old| old.schedule.as_str()));
    let schedule = schedule.ok_or_else(|| invalid("Schedule must be specified for a new scheduled action"))?.to_owned();
    check(&schedule)?;
    let limits = input.map("ScalableTargetAction").or(old.map(|old| &old.limits)).cloned().unwrap_or_default();
    match (limits.integer("MinCapacity"), limits.integer("MaxCapacity")) {
        (None, None) => return Err(invalid("At least one of min capacity and max capacity must be specified")),
        (Some(min), Some(max)) if max < min => {
            return Err(invalid("Maximum capacity cannot be less than minimum capacity"));
        }
        _ => {}
    }
    let scaled = &target.scaled;
    let resource = format!("resource/{}/{}", scaled.namespace, scaled.resource);
    let arn =
        place.arn("autoscaling", &format!("scheduledAction:{}:{resource}:scheduledActionName/{name}", target.unique));
    // Times that are left out are forgotten, everything else is kept.
    let time = |name: &str| input.member(name).cloned().unwrap_or_default();
    let mut action = Action {
        name: name.to_owned(),
        arn,
        schedule,
        zone: input.text("Timezone").map(str::to_owned).or_else(|| old?.zone.clone()),
        start: time("StartTime"),
        end: time("EndTime"),
        limits,
        created: old.map_or(now, |old| old.created),
        due: None,
    };
    action.due = action.next(now);
    let (key, due) = (target.scaled.key(), action.due);
    target.actions.insert(name.to_owned(), action);
    plan(call.world, &place, &key, name, due);
    Ok(json!({}))
}

fn check(schedule: &str) -> Result<(), Refusal> {
    let inner = ["at(", "rate(", "cron("].iter().find_map(|start| schedule.strip_prefix(start)?.strip_suffix(')'));
    let fields = inner.map_or(0, |inner| inner.split_whitespace().count());
    let right = match schedule {
        _ if schedule.starts_with("cron(") => fields == 6,
        _ if schedule.starts_with("rate(") => fields == 2,
        _ => fields == 1,
    };
    if right { Ok(()) } else { Err(invalid(format!("Schedule expression is not valid: {schedule}"))) }
}

fn describe_scheduled_actions(call: &mut Call<'_>, input: &Input) -> Reply {
    let names = input.texts("ScheduledActionNames");
    let targets = call.region().scaling.targets.values().filter(|target| target.scaled.is_asked(input));
    let all: Vec<(&Scaled, &Action)> = targets
        .flat_map(|target| target.actions.values().map(|action| (&target.scaled, action)))
        .filter(|(_, action)| names.is_empty() || names.contains(&action.name))
        .collect();
    let (items, next) = cut(input, all, |(scaled, action)| format!("{} {}", scaled.key(), action.name), PAGE)?;
    let item = |(scaled, action): (&Scaled, &Action)| {
        let mut document = Map::new();
        scaled.write(&mut document);
        document.insert("ScheduledActionName".into(), action.name.clone().into());
        document.insert("ScheduledActionARN".into(), action.arn.clone().into());
        document.insert("Schedule".into(), action.schedule.clone().into());
        document.insert("Timezone".into(), json!(action.zone));
        document.insert("StartTime".into(), action.start.clone());
        document.insert("EndTime".into(), action.end.clone());
        document.insert("ScalableTargetAction".into(), action.limits.clone().into());
        document.insert("CreationTime".into(), action.created.value());
        Value::Object(document)
    };
    Ok(json!({ "ScheduledActions": items.into_iter().map(item).collect::<Vec<_>>(), "NextToken": next }))
}

fn delete_scheduled_action(call: &mut Call<'_>, input: &Input) -> Reply {
    let scaled = Scaled::of(input);
    let name = input.text_or_empty("ScheduledActionName");
    let target = call.region().scaling.targets.get_mut(&scaled.key());
    match target.and_then(|target| target.actions.remove(name)) {
        Some(_) => Ok(json!({})),
        None => Err(absent(format!("No scheduled action found for {}, scheduled action name: {name}", scaled.words()))),
    }
}
