//! Scheduled actions: written down and read back. They do not fire.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Scaled, absent, cut, invalid, registered};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::world::Moment;

/// The operations.
pub const OPERATIONS: Table = &[
    ("DeleteScheduledAction", delete_scheduled_action),
    ("DescribeScheduledActions", describe_scheduled_actions),
    ("PutScheduledAction", put_scheduled_action),
];

const PAGE: usize = 50;

/// A scheduled action.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Action {
    name: String,
    arn: String,
    schedule: String,
    zone: Option<String>,
    start: Value,
    end: Value,
    limits: Map<String, Value>,
    created: Moment,
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
    let action = Action {
        name: name.to_owned(),
        arn,
        schedule,
        zone: input.text("Timezone").map(str::to_owned).or_else(|| old?.zone.clone()),
        start: time("StartTime"),
        end: time("EndTime"),
        limits,
        created: old.map_or(now, |old| old.created),
    };
    target.actions.insert(name.to_owned(), action);
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
