//! Snapshots: taken by hand or when an instance is deleted, listed, deleted.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::tagging::Resources;
use super::{Event, Rds, Snapshot, inputs, lists, shown};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::tags::dialect::Carrier;
use crate::tags::{self, Tags};
use crate::world;

/// The operations on snapshots.
pub(super) const OPERATIONS: Table =
    &[("CreateDBSnapshot", create_snapshot), ("DescribeDBSnapshots", describe), ("DeleteDBSnapshot", delete)];

fn view(snapshot: &Snapshot) -> Value {
    let mut fields = snapshot.fields.clone();
    let status = if snapshot.available { "available" } else { "creating" };
    fields.insert("Status".to_owned(), status.into());
    fields.insert("PercentProgress".to_owned(), if snapshot.available { 100 } else { 0 }.into());
    fields.insert("TagList".to_owned(), tags::to_list(&snapshot.tags, "Key", "Value"));
    fields.into()
}

fn missing(name: &str) -> Refusal {
    Refusal::new("DBSnapshotNotFound", format!("DBSnapshot {name} not found."))
}

/// Takes a snapshot of an instance.
pub(super) fn take(call: &mut Call<'_>, instance: &str, name: &str, kind: &str, tags: Tags) -> Result<Value, Refusal> {
    let name = name.to_lowercase();
    let (now, arn) = (call.now(), call.arn("rds", &format!("snapshot:{name}")));
    let rds = &mut call.region().rds;
    if rds.snapshots.contains_key(&name) {
        let text = format!("Cannot create the snapshot because a snapshot with the identifier {name} already exists.");
        return Err(Refusal::new("DBSnapshotAlreadyExists", text));
    }
    let of = rds.instances.get(instance).ok_or_else(|| shown::missing(instance))?;
    let mut fields = Map::new();
    for member in [
        "DBInstanceIdentifier",
        "Engine",
        "EngineVersion",
        "AllocatedStorage",
        "AvailabilityZone",
        "InstanceCreateTime",
        "MasterUsername",
        "LicenseModel",
        "Iops",
        "StorageThroughput",
        "StorageType",
        "KmsKeyId",
        "Timezone",
        "DbiResourceId",
        "IAMDatabaseAuthenticationEnabled",
        "DedicatedLogVolume",
        "MultiTenant",
    ] {
        if let Some(value) = of.fields.member(member) {
            fields.insert(member.to_owned(), value.clone());
        }
    }
    let encrypted = of.fields.flag("StorageEncrypted").unwrap_or_default();
    let options = of
        .fields
        .list("OptionGroupMemberships")
        .first()
        .and_then(|group| group.text("OptionGroupName"))
        .map(str::to_owned);
    let vpc = rds.subnet_groups.get(&of.subnet_group).map(|group| group.vpc.clone());
    let more = json!({
        "DBSnapshotIdentifier": name, "DBSnapshotArn": arn, "SnapshotType": kind, "Port": of.port, "Encrypted": encrypted,
        "OptionGroupName": options, "VpcId": vpc, "SnapshotCreateTime": now.value(), "OriginalSnapshotCreateTime": now.value(),
        "ProcessorFeatures": [], "SnapshotTarget": "region",
    });
    fields.extend(more.as_object().cloned().unwrap_or_default());
    let snapshot = Snapshot { fields, available: false, tags };
    let answer = view(&snapshot);
    rds.snapshots.insert(name.clone(), snapshot);
    let delay = call.world.about(Duration::from_secs(90));
    call.after(delay, world::Event::Rds(Event::SnapshotReady(name)));
    Ok(answer)
}

/// A snapshot is complete.
pub(super) fn ready(rds: &mut Rds, name: &str) {
    if let Some(snapshot) = rds.snapshots.get_mut(name) {
        snapshot.available = true;
    }
}

fn create_snapshot(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("DBSnapshotIdentifier");
    inputs::identifier("DBSnapshotIdentifier", name)?;
    let instance = shown::in_state(call, input, &["available", "storage-optimization", "stopped"])?;
    let tags = Resources::DIALECT.given(input)?;
    take(call, &instance, name, "manual", tags).map(|snapshot| json!({"DBSnapshot": snapshot}))
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let filters =
        lists::filters(input, &["db-instance-id", "db-snapshot-id", "dbi-resource-id", "snapshot-type", "engine"])?;
    let snapshots = &call.region().rds.snapshots;
    let wanted = input.text("DBSnapshotIdentifier").map(|name| name.rsplit(':').next().unwrap_or(name).to_lowercase());
    if let Some(name) = wanted.as_ref().filter(|name| !snapshots.contains_key(*name)) {
        return Err(missing(name));
    }
    let instance = input.text("DBInstanceIdentifier").map(str::to_lowercase);
    let same = |fields: &Map<String, Value>, member: &str, value: Option<&str>| {
        value.is_none_or(|value| fields.text(member) == Some(value))
    };
    let fits = |snapshot: &&Snapshot| {
        let fields = &snapshot.fields;
        let held = filters.iter().all(|(filter, values)| {
            let member = match filter.as_str() {
                "db-instance-id" => "DBInstanceIdentifier",
                "db-snapshot-id" => "DBSnapshotIdentifier",
                "dbi-resource-id" => "DbiResourceId",
                "engine" => "Engine",
                _ => "SnapshotType",
            };
            values.iter().any(|value| fields.text(member) == Some(value))
        });
        held && same(fields, "DBSnapshotIdentifier", wanted.as_deref())
            && same(fields, "DBInstanceIdentifier", instance.as_deref())
            && same(fields, "SnapshotType", input.text("SnapshotType"))
            && same(fields, "DbiResourceId", input.text("DbiResourceId"))
    };
    let records = snapshots.values().filter(fits).map(view).collect();
    lists::page(input, "DBSnapshots", records, |item| item.text_or_empty("DBSnapshotIdentifier").to_owned())
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("DBSnapshotIdentifier").to_lowercase();
    let snapshots = &mut call.region().rds.snapshots;
    let snapshot = snapshots.get(&name).ok_or_else(|| missing(&name))?;
    if !snapshot.available {
        let text = format!("Cannot delete the snapshot {name} because it is not in the available state.");
        return Err(Refusal::new("InvalidDBSnapshotState", text));
    }
    let mut answer = view(snapshot);
    answer["Status"] = "deleted".into();
    snapshots.remove(&name);
    Ok(json!({"DBSnapshot": answer}))
}
