//! How far a database is, and what of it takes effect only later. A status wavers: an instance is ready when it was seen so several times
//! in a row and nothing is left that was to be applied at once. Decides by what one description says; asks in batches.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use aws_sdk_rds::types::{DbInstance, PendingModifiedValues};
use evenkeel_core::cloud::{Goal, Waiting};
use evenkeel_core::error::CloudError;
use evenkeel_core::snapshot::Readiness;

use super::read;
use crate::client::Aws;

/// Answers in a row that have to say that an instance is ready.
const IN_A_ROW: u32 = 3;

/// The status of a new instance.
pub(super) const CREATING: &str = "creating";
/// The status of one that goes.
pub(super) const DELETING: &str = "deleting";

/// The status of an instance.
pub(super) fn status(instance: &DbInstance) -> &str {
    instance.db_instance_status().unwrap_or_default()
}

/// How far an instance is, by its status.
pub(super) fn readiness(status: &str) -> Readiness {
    match status {
        // An emulator may leave it out.
        "available" | "storage-optimization" | "" => Readiness::Ready,
        "stopped" => Readiness::Failed("it is stopped".to_owned()),
        "storage-full" => Readiness::Failed("its storage is full".to_owned()),
        "failed" | "restore-error" | "insufficient-capacity" => Readiness::Failed(status.to_owned()),
        other if is_broken(other) => Readiness::Failed(other.to_owned()),
        other => Readiness::Pending(other.to_owned()),
    }
}

/// Whether an instance of this status has nothing of which RDS could take a last snapshot.
pub(super) fn is_broken(status: &str) -> bool {
    status == "failed" || status.starts_with("incompatible-") || status.starts_with("inaccessible-")
}

/// The changes of an instance that were accepted and have not taken effect, in words.
pub(super) fn pending(values: &PendingModifiedValues) -> Vec<String> {
    let number = |name: &str, value: Option<i32>| value.map(|value| format!("{name} {value}"));
    let text = |name: &str, value: Option<&str>| value.map(|value| format!("{name} {value}"));
    [
        text("version", values.engine_version()),
        text("class", values.db_instance_class()),
        number("storage.size", values.allocated_storage()),
        text("storage.type", values.storage_type()),
        number("storage.iops", values.iops()),
        number("storage.throughput", values.storage_throughput()),
        values.multi_az().map(|multi| format!("multi_az {multi}")),
        number("port", values.port()),
        number("backups", values.backup_retention_period()).map(|days| format!("{days}d")),
        values.master_user_password().map(|_| "the password".to_owned()),
        text("certificate authority", values.ca_certificate_identifier()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What of an instance takes effect later, and when, in words.
pub(super) fn later(instance: &DbInstance) -> Option<String> {
    let mut parts = Vec::new();
    let changes = instance.pending_modified_values().map(pending).unwrap_or_default();
    if !changes.is_empty() && readiness(status(instance)) == Readiness::Ready {
        let window = instance.preferred_maintenance_window().map(|window| format!(" ({window} UTC)"));
        let waits = if changes.len() == 1 { "waits" } else { "wait" };
        let window = window.unwrap_or_default();
        parts.push(format!("{} {waits} for the maintenance window{window}", changes.join(", ")));
    }
    let status =
        |one: &aws_sdk_rds::types::DbParameterGroupStatus| one.parameter_apply_status() == Some("pending-reboot");
    if instance.db_parameter_groups().iter().any(status) {
        parts.push("parameters wait for a restart of the database".to_owned());
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// How often in a row each instance was ready.
#[derive(Debug, Default)]
struct Seen(Mutex<BTreeMap<String, u32>>);

/// How far instances are, for those who wait.
pub(super) async fn poll(aws: &Aws, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
    let names = waiting.iter().map(|one| one.live.name.clone()).collect();
    let found = match read::in_batches(aws, names).await {
        Ok(found) => found,
        Err(error) => return waiting.iter().map(|_| Err(error.clone())).collect(),
    };
    waiting.iter().map(|one| Ok(progress(aws, one, found.get(&one.live.name)))).collect()
}

fn progress(aws: &Aws, waiting: &Waiting, instance: Option<&DbInstance>) -> Readiness {
    let known = waiting.live.private["resource"].as_str();
    // Another one may have the name by now.
    let same = |one: &&DbInstance| known.is_none() || one.dbi_resource_id().is_none() || one.dbi_resource_id() == known;
    let Some(instance) = instance.filter(same) else { return Readiness::Gone };
    if waiting.goal != Goal::Ready {
        return Readiness::Pending(status(instance).to_owned());
    }
    let seen = aws.memory::<Seen>();
    let mut seen = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
    let count = seen.entry(waiting.live.name.clone()).or_default();
    let now = applied(waiting, instance);
    if now != Readiness::Ready {
        *count = 0;
        return now;
    }
    *count += 1;
    if *count < IN_A_ROW {
        return Readiness::Pending(format!("{}; it has to stay so", status(instance)));
    }
    *count = 0;
    Readiness::Ready
}

/// How far an instance is with what was to be applied at once.
fn applied(waiting: &Waiting, instance: &DbInstance) -> Readiness {
    let now = readiness(status(instance));
    let values = instance.pending_modified_values();
    let at_once = waiting.live.have["pending"].is_string();
    let changes = values.map(pending).unwrap_or_default();
    let open = if at_once { changes } else { changes.into_iter().filter(|one| one == "the password").collect() };
    match now {
        Readiness::Ready if !open.is_empty() => Readiness::Pending(format!("{} to be applied", open.join(", "))),
        now => now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_told_apart() {
        assert_eq!(readiness("available"), Readiness::Ready);
        assert_eq!(readiness("storage-optimization"), Readiness::Ready);
        assert_eq!(readiness("backing-up"), Readiness::Pending("backing-up".to_owned()));
        for bad in ["stopped", "storage-full", "failed", "incompatible-network", "restore-error"] {
            assert!(matches!(readiness(bad), Readiness::Failed(_)), "{bad}");
        }
        assert!(is_broken("incompatible-restore") && !is_broken("stopped"));
    }

    #[test]
    fn what_waits_is_told_with_its_window() {
        let values = PendingModifiedValues::builder().db_instance_class("db.t3.small").multi_az(true).build();
        let instance = DbInstance::builder().db_instance_status("available").pending_modified_values(values);
        let told = later(&instance.preferred_maintenance_window("sun:08:31-sun:09:01").build()).unwrap();
        assert_eq!(told, "class db.t3.small, multi_az true wait for the maintenance window (sun:08:31-sun:09:01 UTC)");
        assert_eq!(later(&DbInstance::builder().db_instance_status("available").build()), None);
    }
}
