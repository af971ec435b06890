//! The deletion of an instance: what refuses it, and the snapshot that it leaves.

use std::time::Duration;

use super::{inputs, lifecycle, mismatch, shown, snapshots};
use crate::call::{Call, Input, Members, Refusal, Reply};
use crate::tags::Tags;

/// Deletes an instance.
pub(super) fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("DBInstanceIdentifier").to_lowercase();
    let instance = call.region().rds.instances.get(&name).cloned().ok_or_else(|| shown::missing(&name))?;
    if instance.status == "deleting" {
        let text = format!("Instance {name} is already being deleted.");
        return Err(Refusal::new("InvalidDBInstanceState", text));
    }
    if instance.fields.flag("DeletionProtection") == Some(true) {
        let text = "Cannot delete protected DB Instance, please disable deletion protection and try again.";
        return Err(mismatch(text));
    }
    let skips = input.flag("SkipFinalSnapshot") == Some(true);
    match input.text("FinalDBSnapshotIdentifier") {
        None if !skips => {
            return Err(mismatch("FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."));
        }
        Some(_) if skips => {
            return Err(mismatch(
                "FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is specified.",
            ));
        }
        Some(snapshot) => {
            inputs::identifier("FinalDBSnapshotIdentifier", snapshot)?;
            if instance.status == "creating" {
                let text = format!(
                    "Cannot create a snapshot because the database instance {name} is not currently in the available state."
                );
                return Err(Refusal::new("InvalidDBInstanceState", text));
            }
            let copies = instance.fields.flag("CopyTagsToSnapshot") == Some(true);
            let tags = if copies { instance.tags.clone() } else { Tags::new() };
            snapshots::take(call, &name, snapshot, "manual", tags)?;
            if let Some(instance) = call.region().rds.instances.get_mut(&name) {
                instance.final_snapshot = Some(snapshot.to_lowercase());
            }
        }
        None => {}
    }
    let place = call.place.clone();
    if let Some(instance) = call.region().rds.instances.get_mut(&name) {
        instance.pending.clear();
        instance.applying.clear();
    }
    lifecycle::run(call.world, &place, &name, vec![("deleting".to_owned(), Duration::from_secs(200))]);
    shown::shown(call, &name)
}
