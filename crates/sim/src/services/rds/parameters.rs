//! Parameter groups. Those of AWS (`default.…`) are there once an instance uses them; their parameters are not kept.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::tagging::Resources;
use super::{ParameterGroup, inputs, invalid, lists, mismatch};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::tags::dialect::Carrier;
use crate::world::Place;

/// The operations on parameter groups.
pub(super) const OPERATIONS: Table = &[
    ("CreateDBParameterGroup", create_group),
    ("DescribeDBParameterGroups", describe),
    ("DeleteDBParameterGroup", delete),
];

const FAMILIES: [&str; 13] = [
    "postgres13",
    "postgres14",
    "postgres15",
    "postgres16",
    "postgres17",
    "postgres18",
    "mysql5.7",
    "mysql8.0",
    "mysql8.4",
    "mariadb10.6",
    "mariadb10.11",
    "mariadb11.4",
    "mariadb11.8",
];

pub(super) fn missing(name: &str) -> Refusal {
    Refusal::new("DBParameterGroupNotFound", format!("DBParameterGroup {name} not found."))
}

fn view(place: &Place, name: &str, family: &str, description: &str) -> Value {
    json!({
        "DBParameterGroupName": name, "DBParameterGroupFamily": family, "Description": description,
        "DBParameterGroupArn": place.arn("rds", &format!("pg:{name}")),
    })
}

/// Whether there is such a group: one of AWS's, or one that was made.
pub(super) fn check(call: &mut Call<'_>, name: &str) -> Result<(), Refusal> {
    let name = name.to_lowercase();
    let usual = name.strip_prefix("default.").is_some_and(|family| FAMILIES.contains(&family));
    if usual || call.region().rds.parameter_groups.contains_key(&name) { Ok(()) } else { Err(missing(&name)) }
}

/// Whether there is such a group, of this family.
pub(super) fn fits(call: &mut Call<'_>, name: &str, family: &str) -> Result<(), Refusal> {
    check(call, name)?;
    let name = name.to_lowercase();
    let of_aws = name.strip_prefix("default.").map(str::to_owned);
    let own = of_aws.or_else(|| call.region().rds.parameter_groups.get(&name).map(|group| group.family.clone()));
    let own = own.unwrap_or_default();
    if own == family {
        return Ok(());
    }
    Err(mismatch(format!(
        "The parameter group {name} with DBParameterGroupFamily {own} can't be used for this instance. Please use a parameter group with DBParameterGroupFamily {family}"
    )))
}

fn create_group(call: &mut Call<'_>, input: &Input) -> Reply {
    let (given, family) = (input.text_or_empty("DBParameterGroupName"), input.text_or_empty("DBParameterGroupFamily"));
    inputs::identifier("DBParameterGroupName", given)?;
    if !FAMILIES.contains(&family) {
        return Err(invalid(format!("ParameterGroupFamily {family} is not a valid parameter group family")));
    }
    let (name, place) = (given.to_lowercase(), call.place.clone());
    let groups = &mut call.region().rds.parameter_groups;
    if groups.contains_key(&name) {
        let text = format!("Parameter group {name} already exists");
        return Err(Refusal::new("DBParameterGroupAlreadyExists", text));
    }
    let group = ParameterGroup {
        family: family.to_owned(),
        description: input.text_or_empty("Description").to_owned(),
        values: BTreeMap::new(),
        tags: Resources::DIALECT.given(input)?,
    };
    let answer = view(&place, &name, &group.family, &group.description);
    groups.insert(name, group);
    Ok(json!({"DBParameterGroup": answer}))
}

/// The families of the instances that there are.
fn usual(call: &mut Call<'_>) -> Vec<String> {
    let used = |name: &str| {
        let name = name.strip_prefix("default.")?;
        FAMILIES.contains(&name).then(|| name.to_owned())
    };
    let instances = call.region().rds.instances.values();
    let mut found: Vec<String> = instances
        .flat_map(|instance| instance.fields.list("DBParameterGroups"))
        .filter_map(|group| used(group.text_or_empty("DBParameterGroupName")))
        .collect();
    found.sort();
    found.dedup();
    found
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    lists::filters(input, &[])?;
    let wanted = input.text("DBParameterGroupName").map(str::to_lowercase);
    let mut families = usual(call);
    if let Some(name) = &wanted {
        check(call, name)?;
        families.extend(name.strip_prefix("default.").map(str::to_owned));
        families.dedup();
    }
    let place = call.place.clone();
    let of_aws = families.iter().map(|family| {
        view(&place, &format!("default.{family}"), family, &format!("Default parameter group for {family}"))
    });
    let groups = call.region().rds.parameter_groups.iter();
    let own = groups.map(|(name, group)| view(&place, name, &group.family, &group.description));
    let mut records: Vec<Value> = of_aws.chain(own).collect();
    records.retain(|record| wanted.as_deref().is_none_or(|wanted| record.text("DBParameterGroupName") == Some(wanted)));
    records.sort_by(|one, two| one.text("DBParameterGroupName").cmp(&two.text("DBParameterGroupName")));
    records.dedup();
    lists::page(input, "DBParameterGroups", records, |item| item.text_or_empty("DBParameterGroupName").to_owned())
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("DBParameterGroupName").to_lowercase();
    let invalid_state = |text: String| Refusal::new("InvalidDBParameterGroupState", text);
    if name.starts_with("default.") {
        return Err(invalid_state(format!("Default parameter groups cannot be deleted: {name}")));
    }
    let rds = &mut call.region().rds;
    if !rds.parameter_groups.contains_key(&name) {
        return Err(missing(&name));
    }
    let uses = |group: &Value| group.text("DBParameterGroupName") == Some(&name);
    if rds.instances.values().any(|instance| instance.fields.list("DBParameterGroups").iter().any(uses)) {
        let text = "One or more database instances are still members of this parameter group";
        return Err(invalid_state(format!("{text} {name}, so the group cannot be deleted")));
    }
    rds.parameter_groups.remove(&name);
    Ok(json!({}))
}
