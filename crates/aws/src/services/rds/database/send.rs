//! The requests that make, change and delete instances. Decides what goes into one, not whether it is sent.

use aws_sdk_rds::types::DbInstance;
use evenkeel_core::doc::Texts;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::snapshot::Live;
use serde_json::Value;

use super::super::{read, tagging, waits};
use super::{DEFAULT, MANAGED, Spec};
use crate::client::Aws;
use crate::given::Hidden;
use crate::resource::Modification;
use crate::tags::Tags;
use evenkeel_stack::databases::{family, is_major_change};

fn groups(want: &Spec) -> Option<Vec<String>> {
    want.security_groups.as_ref().and_then(Texts::known)
}

fn kept(password: Option<&Hidden>, error: CloudError) -> CloudError {
    password.map_or(error.clone(), |password| password.kept_from(error))
}

fn instance(operation: &str, reply: Option<DbInstance>) -> Result<DbInstance, CloudError> {
    reply.ok_or_else(|| CloudError::bug(operation, "the reply has no instance"))
}

/// Makes an instance.
pub(super) async fn create(
    aws: &Aws,
    name: &str,
    want: &Spec,
    password: Option<&Hidden>,
    tags: &Tags,
) -> Result<DbInstance, CloudError> {
    let storage = &want.storage;
    let managed = want.password.known() == Some(MANAGED);
    let group = want.parameter_group.known().filter(|group| *group != DEFAULT);
    let request = || {
        aws.rds()
            .create_db_instance()
            .db_instance_identifier(name)
            .engine(&want.engine)
            .set_engine_version(want.version.clone())
            .db_instance_class(&want.class)
            .allocated_storage(storage.size)
            .storage_type(&storage.kind)
            .set_iops(storage.iops)
            .set_storage_throughput(storage.throughput)
            .set_max_allocated_storage(Some(storage.max).filter(|max| *max > 0))
            .storage_encrypted(storage.encrypted)
            .set_kms_key_id(storage.kms_key.clone())
            .set_db_name(want.database.clone())
            .master_username(&want.username)
            .set_manage_master_user_password(managed.then_some(true))
            .set_master_user_password(password.map(|password| password.to_send().to_owned()))
            .port(want.port)
            .set_db_subnet_group_name(want.subnet_group.known().map(str::to_owned))
            .set_vpc_security_group_ids(groups(want))
            .multi_az(want.multi_az)
            .publicly_accessible(want.public)
            .backup_retention_period(want.backup_days)
            .set_preferred_backup_window(want.backup_window.clone())
            .set_preferred_maintenance_window(want.maintenance_window.clone())
            .set_db_parameter_group_name(group.map(str::to_owned))
            .auto_minor_version_upgrade(want.auto_minor_upgrade)
            .set_enable_performance_insights(want.performance_insights.then_some(true))
            .deletion_protection(want.deletion_protection)
            .set_tags(Some(tagging::api(tags)))
            .send()
    };
    match aws.caller.send("rds:CreateDBInstance", request).await.map_err(|error| kept(password, error)) {
        Err(error) if error.class == ErrorClass::Exists && is_leaving(aws, name).await => {
            Err(CloudError { class: ErrorClass::InUse, ..error })
        }
        reply => instance("rds:CreateDBInstance", reply?.db_instance),
    }
}

/// Whether an instance of that name is on its way out, so that the name is free in some minutes.
async fn is_leaving(aws: &Aws, name: &str) -> bool {
    let found = read::in_batches(aws, vec![name.to_owned()]).await.unwrap_or_default();
    found.get(name).is_none_or(|one| waits::status(one) == waits::DELETING)
}

/// Changes what differs; with `pending` in what is wanted at once, otherwise RDS decides what waits for the maintenance window.
pub(super) async fn modify(
    aws: &Aws,
    order: &Modification<'_, Spec>,
    password: Option<&Hidden>,
) -> Result<DbInstance, CloudError> {
    let (want, have) = (&order.want, &order.live.have);
    let changes = |field: &str| order.changes(field);
    let inside = |path: &str| order.order.changes.iter().any(|change| change.is_within(path));
    let storage = &want.storage;
    let (kind, size) = (inside("storage.type"), inside("storage.size"));
    // As large as it is: it does not grow by itself any more.
    let allocated =
        order.live.private["allocated"].as_i64().and_then(|size| i32::try_from(size).ok()).unwrap_or_default();
    let max = if storage.max > 0 { storage.max } else { allocated.max(storage.size) };
    let version = want.version.clone().filter(|_| changes("version"));
    let from = have.version.as_deref().unwrap_or_default();
    let major = version.as_deref().is_some_and(|to| is_major_change(&want.engine, from, to));
    let group = changes("parameter_group").then(|| want.parameter_group.known().unwrap_or_default());
    let group = group.map(|group| match group {
        DEFAULT => {
            format!("default.{}", family(&want.engine, want.version.as_deref().unwrap_or(from)).unwrap_or_default())
        }
        name => name.to_owned(),
    });
    let managed = changes("password").then(|| want.password.known() == Some(MANAGED));
    // Turning it off is refused where it is not on.
    let managed = managed.filter(|managed| *managed || have.password.known() == Some(MANAGED));
    let request = || {
        aws.rds()
            .modify_db_instance()
            .db_instance_identifier(&order.live.name)
            .set_engine_version(version.clone())
            .set_allow_major_version_upgrade(major.then_some(true))
            .set_db_instance_class(changes("class").then(|| want.class.clone()))
            .set_allocated_storage(size.then_some(storage.size))
            .set_storage_type(kind.then(|| storage.kind.clone()))
            .set_iops(storage.iops.filter(|_| kind || inside("storage.iops")))
            .set_storage_throughput(storage.throughput.filter(|_| kind || inside("storage.throughput")))
            .set_max_allocated_storage(inside("storage.max").then_some(max))
            .set_manage_master_user_password(managed)
            .set_master_user_password(password.map(|password| password.to_send().to_owned()))
            .set_db_port_number(changes("port").then_some(want.port))
            .set_vpc_security_group_ids(groups(want).filter(|_| changes("security_groups")))
            .set_multi_az(changes("multi_az").then_some(want.multi_az))
            .set_publicly_accessible(changes("public").then_some(want.public))
            .set_backup_retention_period(changes("backup_days").then_some(want.backup_days))
            .set_preferred_backup_window(want.backup_window.clone().filter(|_| changes("backup_window")))
            .set_preferred_maintenance_window(want.maintenance_window.clone().filter(|_| changes("maintenance_window")))
            .set_db_parameter_group_name(group.clone())
            .set_auto_minor_version_upgrade(changes("auto_minor_upgrade").then_some(want.auto_minor_upgrade))
            .set_enable_performance_insights(changes("performance_insights").then_some(want.performance_insights))
            .set_deletion_protection(changes("deletion_protection").then_some(want.deletion_protection))
            .apply_immediately(want.pending.is_some())
            .send()
    };
    let reply = aws.caller.send("rds:ModifyDBInstance", request).await.map_err(|error| kept(password, error));
    let reply = reply.map_err(|error| {
        let busy = error.message.contains("previous storage change is being optimized");
        let hint = "RDS changes the storage of a database once in six hours; run it again later".to_owned();
        if busy { CloudError { hint: Some(hint), ..error } } else { error }
    })?;
    instance("rds:ModifyDBInstance", reply.db_instance)
}

/// Gives a database another password.
///
/// # Errors
/// Any error of `rds:ModifyDBInstance`, without the value.
pub async fn send_password(aws: &Aws, name: &str, value: &Hidden) -> Result<(), CloudError> {
    let request = || {
        let request = aws.rds().modify_db_instance().db_instance_identifier(name);
        request.master_user_password(value.to_send()).apply_immediately(true).send()
    };
    let sent = aws.caller.send("rds:ModifyDBInstance", request).await;
    sent.map(drop).map_err(|error| value.kept_from(error))
}

/// Deletes an instance, with the snapshot that was announced.
pub(super) async fn delete(aws: &Aws, live: &Live<Spec>) -> Result<(), CloudError> {
    let name = live.name.as_str();
    if live.guard.is_some() || live.have.deletion_protection {
        // Only what was consented to gets here with its protection on.
        let request = || {
            let request = aws.rds().modify_db_instance().db_instance_identifier(name);
            request.deletion_protection(false).apply_immediately(true).send()
        };
        match aws.caller.send("rds:ModifyDBInstance", request).await {
            Err(error) if is_going(&error) => return Ok(()),
            sent => drop(sent?),
        }
    }
    let last = live.private.get("snapshot").and_then(Value::as_str);
    let send = async |last: Option<String>| {
        let request = || {
            let request = aws.rds().delete_db_instance().db_instance_identifier(name);
            let request = request.skip_final_snapshot(last.is_none());
            request.set_final_db_snapshot_identifier(last.clone()).send()
        };
        aws.caller.send("rds:DeleteDBInstance", request).await.map(drop)
    };
    let sent = match send(last.map(str::to_owned)).await {
        // An earlier deletion took it and came no further.
        Err(error) if error.code.starts_with("DBSnapshotAlreadyExists") => {
            let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            send(last.map(|last| format!("{last}-{}", since.as_secs()))).await
        }
        sent => sent,
    };
    match sent {
        Err(error) if is_going(&error) => Ok(()),
        // The protection was taken off a moment ago.
        Err(error) if error.message.contains("disable deletion pro") && live.have.deletion_protection => {
            Err(CloudError { class: ErrorClass::Busy, ..error })
        }
        sent => sent,
    }
}

/// Whether it is on its way already.
fn is_going(error: &CloudError) -> bool {
    error.message.contains("is already being deleted")
}
