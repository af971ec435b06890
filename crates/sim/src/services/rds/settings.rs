//! What is set in parameter groups: which parameters take effect at once, which need a restart, and what an instance says until then.
//! Every parameter can be set; of those of an engine only some are listed.

use serde_json::{Value, json};

use super::{Instance, Rds, invalid, lists, mismatch, parameters};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations on parameters.
pub(super) const OPERATIONS: Table =
    &[("DescribeDBParameters", describe), ("ModifyDBParameterGroup", modify), ("ResetDBParameterGroup", reset)];

/// Most parameters that a request takes.
const MOST: usize = 20;

/// Parameters that need a restart.
const STATIC: [&str; 12] = [
    "innodb_buffer_pool_instances",
    "innodb_log_file_size",
    "lower_case_table_names",
    "max_connections",
    "max_replication_slots",
    "max_wal_senders",
    "max_worker_processes",
    "performance_schema",
    "rds.logical_replication",
    "shared_buffers",
    "shared_preload_libraries",
    "wal_buffers",
];

/// Some of those that do not.
const DYNAMIC: [&str; 10] = [
    "autovacuum",
    "character_set_server",
    "log_min_duration_statement",
    "log_statement",
    "long_query_time",
    "maintenance_work_mem",
    "rds.force_ssl",
    "slow_query_log",
    "timezone",
    "work_mem",
];

fn is_static(name: &str) -> bool {
    STATIC.contains(&name)
}

fn view(name: &str, value: Option<&String>) -> Value {
    let (kind, method) = if is_static(name) { ("static", "pending-reboot") } else { ("dynamic", "immediate") };
    json!({
        "ParameterName": name, "ParameterValue": value, "Source": if value.is_some() { "user" } else { "engine-default" },
        "ApplyType": kind, "DataType": "string", "IsModifiable": true, "ApplyMethod": method,
    })
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("DBParameterGroupName").to_lowercase();
    parameters::check(call, &name)?;
    let values = call.region().rds.parameter_groups.get(&name).map(|group| group.values.clone()).unwrap_or_default();
    let mut names: Vec<&str> = STATIC.into_iter().chain(DYNAMIC).chain(values.keys().map(String::as_str)).collect();
    names.sort_unstable();
    names.dedup();
    let records = names.into_iter().map(|name| view(name, values.get(name)));
    let source = input.text("Source");
    let records = records.filter(|record| source.is_none_or(|source| record.text("Source") == Some(source))).collect();
    lists::page(input, "Parameters", records, |item| item.text_or_empty("ParameterName").to_owned())
}

/// The parameters of a request.
fn given(input: &Input) -> Result<Vec<(String, Option<String>)>, Refusal> {
    let all = input.list("Parameters");
    if all.len() > MOST {
        return Err(invalid(format!("A maximum of {MOST} parameters can be changed in a single request.")));
    }
    let mut found = Vec::new();
    for one in all {
        let name = one.text_or_empty("ParameterName");
        if is_static(name) && one.text("ApplyMethod") == Some("immediate") {
            return Err(mismatch("cannot use immediate apply method for static parameter"));
        }
        found.push((name.to_owned(), one.text("ParameterValue").map(str::to_owned)));
    }
    Ok(found)
}

fn group(call: &mut Call<'_>, input: &Input) -> Result<String, Refusal> {
    let name = input.text_or_empty("DBParameterGroupName").to_lowercase();
    if name.starts_with("default.") {
        return Err(invalid(format!("Default DBParameterGroup cannot be modified: {name}")));
    }
    if !call.region().rds.parameter_groups.contains_key(&name) {
        return Err(parameters::missing(&name));
    }
    Ok(name)
}

fn modify(call: &mut Call<'_>, input: &Input) -> Reply {
    let (name, all) = (group(call, input)?, given(input)?);
    for (parameter, value) in &all {
        let value = value.clone().ok_or_else(|| invalid(format!("The parameter {parameter} has no value.")))?;
        if let Some(group) = call.region().rds.parameter_groups.get_mut(&name) {
            group.values.insert(parameter.clone(), value);
        }
    }
    changed(&mut call.region().rds, &name, all.iter().any(|(parameter, _)| is_static(parameter)));
    Ok(json!({ "DBParameterGroupName": name }))
}

fn reset(call: &mut Call<'_>, input: &Input) -> Reply {
    let (name, all) = (group(call, input)?, given(input)?);
    let everything = input.flag("ResetAllParameters") == Some(true);
    let mut waits = false;
    if let Some(group) = call.region().rds.parameter_groups.get_mut(&name) {
        group.values.retain(|parameter, _| {
            let goes = everything || all.iter().any(|(name, _)| name == parameter);
            waits |= goes && is_static(parameter);
            !goes
        });
    }
    changed(&mut call.region().rds, &name, waits);
    Ok(json!({ "DBParameterGroupName": name }))
}

/// What uses a group needs a restart before it has all of its parameters.
fn changed(rds: &mut Rds, name: &str, waits: bool) {
    if !waits {
        return;
    }
    for instance in rds.instances.values_mut() {
        let uses = |group: &Value| group.text("DBParameterGroupName") == Some(name);
        if instance.fields.list("DBParameterGroups").iter().any(uses) {
            say(instance, "pending-reboot");
        }
    }
}

/// After a restart an instance has all of its parameters.
pub(super) fn restarted(instance: &mut Instance) {
    say(instance, "in-sync");
}

fn say(instance: &mut Instance, status: &str) {
    if let Some(groups) = instance.fields.get_mut("DBParameterGroups").and_then(Value::as_array_mut) {
        groups.iter_mut().for_each(|group| group["ParameterApplyStatus"] = status.into());
    }
}
