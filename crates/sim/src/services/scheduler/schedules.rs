//! Schedules: created, read, replaced as a whole, deleted, listed. Decides the defaults; an update returns what it leaves out
//! to them. Must not know what a target does.

use serde_json::{Map, Value, json};

use super::{DEFAULT, Schedule, expression, groups_of, invalid, no_group};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::paging;
use crate::services::iam;
use crate::world::Place;

/// The operations on schedules.
pub(super) const OPERATIONS: Table = &[
    ("CreateSchedule", create),
    ("GetSchedule", get),
    ("UpdateSchedule", update),
    ("DeleteSchedule", delete),
    ("ListSchedules", list),
];

const KEPT: [&str; 11] = [
    "Name",
    "GroupName",
    "ScheduleExpression",
    "StartDate",
    "EndDate",
    "Description",
    "ScheduleExpressionTimezone",
    "State",
    "KmsKeyArn",
    "FlexibleTimeWindow",
    "ActionAfterCompletion",
];

fn arn(place: &Place, group: &str, name: &str) -> String {
    place.arn("scheduler", &format!("schedule/{group}/{name}"))
}

fn unknown(name: &str) -> Refusal {
    Refusal::new("ResourceNotFoundException", format!("Schedule {name} does not exist."))
}

fn names(input: &Input) -> (String, String) {
    (input.text("GroupName").unwrap_or(DEFAULT).to_owned(), input.text_or_empty("Name").to_owned())
}

/// What a request asks for, with every default.
fn fields(input: &Input) -> Map<String, Value> {
    let mut fields: Map<String, Value> =
        KEPT.iter().filter_map(|name| Some(((*name).to_owned(), input.member(name)?.clone()))).collect();
    let mut default = |name: &str, value: &str| {
        fields.entry(name.to_owned()).or_insert_with(|| value.into());
    };
    default("GroupName", DEFAULT);
    default("State", "ENABLED");
    default("ScheduleExpressionTimezone", "UTC");
    default("ActionAfterCompletion", "NONE");
    let mut target = input.map("Target").cloned().unwrap_or_default();
    let mut retry = target.map("RetryPolicy").cloned().unwrap_or_default();
    retry.entry("MaximumEventAgeInSeconds").or_insert(86400.into());
    retry.entry("MaximumRetryAttempts").or_insert(185.into());
    target.insert("RetryPolicy".to_owned(), retry.into());
    if let Some(parameters) = target.get_mut("EcsParameters").and_then(Value::as_object_mut) {
        parameters.entry("TaskCount").or_insert(1.into());
    }
    fields.insert("Target".to_owned(), target.into());
    fields
}

fn check(call: &Call<'_>, input: &Input) -> Result<(), Refusal> {
    let expression = input.text_or_empty("ScheduleExpression");
    if !expression::is_valid(expression) {
        return Err(invalid(format!("Invalid Schedule Expression {expression}.")));
    }
    let zone = input.text("ScheduleExpressionTimezone").unwrap_or("UTC");
    if !is_zone(zone) {
        return Err(invalid(format!("Invalid Schedule Expression Timezone {zone}.")));
    }
    window(input, expression)?;
    if let (Some(start), Some(end)) = (input.number("StartDate"), input.number("EndDate"))
        && start >= end
    {
        return Err(invalid("The StartDate you specify must come before the EndDate you specify."));
    }
    if input.number("EndDate").is_some_and(|end| end < call.now().seconds()) {
        return Err(invalid("The EndDate you specify cannot be in the past."));
    }
    target(call, input)
}

fn window(input: &Input, expression: &str) -> Result<(), Refusal> {
    let window = input.map("FlexibleTimeWindow").cloned().unwrap_or_default();
    let sized = window.has("MaximumWindowInMinutes");
    match window.text_or_empty("Mode") {
        "FLEXIBLE" if !sized => {
            Err(invalid("MaximumWindowInMinutes must be specified when FlexibleTimeWindow Mode is set to FLEXIBLE."))
        }
        "OFF" if sized => {
            Err(invalid("MaximumWindowInMinutes must not be specified when FlexibleTimeWindow Mode is set to OFF."))
        }
        _ if expression::is_once(expression) && input.has("StartDate") => {
            Err(invalid("StartDate and EndDate must not be specified for a one-time schedule."))
        }
        _ => Ok(()),
    }
}

fn target(call: &Call<'_>, input: &Input) -> Result<(), Refusal> {
    let target = input.map("Target").cloned().unwrap_or_default();
    let is_arn = |text: &str| text.starts_with("arn:") && text.splitn(6, ':').count() == 6;
    for name in ["Arn", "RoleArn"] {
        if !is_arn(target.text_or_empty(name)) {
            return Err(invalid("Provided Arn is not in correct format."));
        }
    }
    let role = target.text_or_empty("RoleArn");
    let usable = iam::role_visible(call.world, &call.place, role)
        && iam::role_trusts(call.world, &call.place, role, "scheduler.amazonaws.com");
    if usable {
        return Ok(());
    }
    Err(invalid("The execution role you provide must allow AWS EventBridge Scheduler to assume the role."))
}

/// `UTC`, or an area and a city as the time zone database has them.
fn is_zone(zone: &str) -> bool {
    const PLAIN: [&str; 12] =
        ["UTC", "GMT", "CET", "EET", "MET", "WET", "EST", "MST", "HST", "Japan", "Singapore", "Israel"];
    const AREAS: [&str; 12] = [
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Brazil",
        "Canada",
        "Etc",
        "Europe",
        "Indian",
    ];
    let areas = |area: &str| AREAS.contains(&area) || area == "Pacific" || area == "US" || area == "Chile";
    let city = |city: &str| {
        city.starts_with(|first: char| first.is_ascii_uppercase())
            && city.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-+/".contains(letter))
    };
    PLAIN.contains(&zone) || zone.split_once('/').is_some_and(|(area, rest)| areas(area) && city(rest))
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    check(call, input)?;
    let (group, name) = names(input);
    let (now, answer) = (call.now(), json!({"ScheduleArn": arn(&call.place, &group, &name)}));
    let token = input.text("ClientToken").map(str::to_owned);
    let here = groups_of(call).get_mut(&group).filter(|group| group.gone.is_none()).ok_or_else(|| no_group(&group))?;
    let fields = fields(input);
    if let Some(known) = here.schedules.get(&name) {
        // The same request once more gets the same answer.
        if token.is_some() && known.token == token && known.fields == fields {
            return Ok(answer);
        }
        return Err(Refusal::new("ConflictException", format!("Schedule {name} already exists.")));
    }
    here.schedules.insert(name, Schedule { created: now, modified: now, token, fields });
    Ok(answer)
}

fn get(call: &mut Call<'_>, input: &Input) -> Reply {
    let (group, name) = names(input);
    let place = call.place.clone();
    let here =
        groups_of(call).get(&group).and_then(|group| group.schedules.get(&name)).ok_or_else(|| unknown(&name))?;
    let mut output = here.fields.clone();
    output.insert("Arn".to_owned(), arn(&place, &group, &name).into());
    output.insert("CreationDate".to_owned(), here.created.value());
    output.insert("LastModificationDate".to_owned(), here.modified.value());
    Ok(output.into())
}

fn update(call: &mut Call<'_>, input: &Input) -> Reply {
    check(call, input)?;
    let (group, name) = names(input);
    let (now, answer) = (call.now(), json!({"ScheduleArn": arn(&call.place, &group, &name)}));
    let here = groups_of(call)
        .get_mut(&group)
        .and_then(|group| group.schedules.get_mut(&name))
        .ok_or_else(|| unknown(&name))?;
    here.fields = fields(input);
    here.modified = now;
    Ok(answer)
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let (group, name) = names(input);
    let gone = groups_of(call).get_mut(&group).and_then(|group| group.schedules.remove(&name));
    gone.map(|_| json!({})).ok_or_else(|| unknown(&name))
}

fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let place = call.place.clone();
    let groups = groups_of(call);
    let wanted = input.text("GroupName");
    if let Some(group) = wanted.filter(|group| !groups.contains_key(*group)) {
        return Err(no_group(group));
    }
    let prefix = input.text_or_empty("NamePrefix");
    let mut found: Vec<Value> = Vec::new();
    for (group, held) in groups.iter().filter(|(name, _)| wanted.is_none_or(|wanted| wanted == name.as_str())) {
        for (name, schedule) in held.schedules.iter().filter(|(name, _)| name.starts_with(prefix)) {
            if input.text("State").is_none_or(|state| state == schedule.fields.text_or_empty("State")) {
                found.push(json!({
                    "Arn": arn(&place, group, name), "Name": name, "GroupName": group,
                    "State": schedule.fields.text("State"), "CreationDate": schedule.created.value(),
                    "LastModificationDate": schedule.modified.value(),
                    "Target": {"Arn": schedule.fields["Target"]["Arn"]},
                }));
            }
        }
    }
    let scope = format!("schedules {wanted:?} {prefix} {:?}", input.text("State"));
    let page = paging::page(
        found,
        |item| item.text_or_empty("Arn").to_owned(),
        input.integer("MaxResults").and_then(|size| usize::try_from(size).ok()).unwrap_or(100),
        input.text("NextToken"),
        &scope,
    );
    let page = page.map_err(|_| invalid("Invalid NextToken."))?;
    Ok(json!({"Schedules": page.items, "NextToken": page.next}))
}
