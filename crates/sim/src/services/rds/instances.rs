//! Instances as they are read, and the operations that take no description: describe, reboot, start, stop.

use std::time::Duration;

use super::shown::{in_state, missing, shown, view};
use super::{Instance, change, create, delete, lifecycle, lists};
use crate::call::{Call, Input, Members, Reply, Table};
use crate::tags;

/// The operations on instances.
pub(super) const OPERATIONS: Table = &[
    ("CreateDBInstance", create::create),
    ("DescribeDBInstances", describe),
    ("ModifyDBInstance", change::modify),
    ("DeleteDBInstance", delete::delete),
    ("RebootDBInstance", reboot),
    ("StartDBInstance", start),
    ("StopDBInstance", stop),
];

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    const FILTERS: [&str; 5] = ["db-cluster-id", "db-instance-id", "dbi-resource-id", "domain", "engine"];
    let filters = lists::filters(input, &FILTERS)?;
    let place = call.place.clone();
    let rds = &call.region().rds;
    let wanted = input.text("DBInstanceIdentifier").map(|name| name.rsplit(':').next().unwrap_or(name).to_lowercase());
    if let Some(name) = wanted.as_ref().filter(|name| !rds.instances.contains_key(*name)) {
        return Err(missing(name));
    }
    let arn = |name: &str| place.arn("rds", &format!("db:{name}"));
    let fits = |name: &String, instance: &Instance| {
        filters.iter().all(|(filter, values)| match filter.as_str() {
            "db-instance-id" => values.iter().any(|value| value.to_lowercase() == *name || *value == arn(name)),
            "dbi-resource-id" => values.iter().any(|value| instance.fields.text("DbiResourceId") == Some(value)),
            "engine" => values.iter().any(|value| instance.fields.text("Engine") == Some(value)),
            _ => false,
        })
    };
    let here = rds
        .instances
        .iter()
        .filter(|(name, instance)| wanted.as_ref().is_none_or(|wanted| wanted == *name) && fits(name, instance));
    let records = here.map(|(name, instance)| view(&place, rds, name, instance)).collect();
    lists::page(input, "DBInstances", records, |item| item.text_or_empty("DBInstanceIdentifier").to_owned())
}

fn turn(call: &mut Call<'_>, name: &str, steps: &[(&'static str, u64)]) -> Reply {
    let steps = steps.iter().map(|(status, seconds)| ((*status).to_owned(), Duration::from_secs(*seconds))).collect();
    let place = call.place.clone();
    lifecycle::run(call.world, &place, name, steps);
    shown(call, name)
}

fn reboot(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = in_state(call, input, &["available"])?;
    let multi = call.region().rds.instances.get(&name).and_then(|instance| instance.fields.flag("MultiAZ"));
    if input.flag("ForceFailover") == Some(true) && multi != Some(true) {
        let text = "MultiAZ failover requested for a non-multiaz instance";
        return Err(super::mismatch(text));
    }
    turn(call, &name, &[("rebooting", 60)])
}

fn start(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = in_state(call, input, &["stopped"])?;
    turn(call, &name, &[("starting", 240)])
}

fn stop(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = in_state(call, input, &["available"])?;
    if let Some(snapshot) = input.text("DBSnapshotIdentifier") {
        super::snapshots::take(call, &name, snapshot, "manual", tags::Tags::new())?;
    }
    turn(call, &name, &[("stopping", 240), ("stopped", 0)])
}
