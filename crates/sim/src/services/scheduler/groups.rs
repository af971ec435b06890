//! Schedule groups: created, read, deleted with all that is in them, listed. Decides that the default group is always there.

use serde_json::{Value, json};

use super::tagging::Groups;
use super::{DEFAULT, GROUP_DELETION, Group, group_arn, groups_of, invalid, no_group};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::paging;
use crate::tags::dialect::Carrier;
use crate::world::Place;

/// The operations on groups.
pub(super) const OPERATIONS: Table = &[
    ("CreateScheduleGroup", create),
    ("GetScheduleGroup", get),
    ("DeleteScheduleGroup", delete),
    ("ListScheduleGroups", list),
];

fn view(place: &Place, name: &str, group: &Group) -> Value {
    json!({
        "Arn": group_arn(place, name), "Name": name, "State": if group.gone.is_some() { "DELETING" } else { "ACTIVE" },
        "CreationDate": group.created.value(), "LastModificationDate": group.modified.value(),
    })
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("Name").to_owned();
    let (now, answer) = (call.now(), json!({"ScheduleGroupArn": group_arn(&call.place, &name)}));
    let token = input.text("ClientToken").map(str::to_owned);
    let tags = Groups::DIALECT.read(input);
    let groups = groups_of(call);
    if let Some(known) = groups.get(&name) {
        if token.is_some() && known.token == token && known.tags == tags {
            return Ok(answer);
        }
        return Err(Refusal::new("ConflictException", format!("Schedule group {name} already exists.")));
    }
    groups.insert(name, Group { created: now, modified: now, token, tags, ..Group::default() });
    Ok(answer)
}

fn get(call: &mut Call<'_>, input: &Input) -> Reply {
    let (place, name) = (call.place.clone(), input.text_or_empty("Name"));
    groups_of(call).get(name).map(|group| view(&place, name, group)).ok_or_else(|| no_group(name))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("Name");
    if name == DEFAULT {
        return Err(invalid("Deleting the default schedule group is not allowed."));
    }
    let gone = call.now().plus(GROUP_DELETION);
    let group = groups_of(call).get_mut(name).ok_or_else(|| no_group(name))?;
    group.gone.get_or_insert(gone);
    group.schedules.clear();
    Ok(json!({}))
}

fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let (place, prefix) = (call.place.clone(), input.text_or_empty("NamePrefix"));
    let here = groups_of(call).iter().filter(|(name, _)| name.starts_with(prefix));
    let page = paging::page(
        here.map(|(name, group)| view(&place, name, group)).collect(),
        |item| item.text_or_empty("Name").to_owned(),
        input.integer("MaxResults").and_then(|size| usize::try_from(size).ok()).unwrap_or(100),
        input.text("NextToken"),
        &format!("groups {prefix}"),
    );
    let page = page.map_err(|_| invalid("Invalid NextToken."))?;
    Ok(json!({"ScheduleGroups": page.items, "NextToken": page.next}))
}
