//! What an instance reads back: the members of its request that are kept, and the default of every other one.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::engines::Engine;
use super::inputs::storage_type;
use crate::call::{Call, Input, Members};

/// Members of CreateDBInstance that are read back as they were written.
const KEPT: &[&str] = &[
    "DBInstanceClass",
    "AllocatedStorage",
    "DBName",
    "PreferredBackupWindow",
    "PreferredMaintenanceWindow",
    "MultiAZ",
    "AutoMinorVersionUpgrade",
    "LicenseModel",
    "Iops",
    "StorageThroughput",
    "PubliclyAccessible",
    "StorageEncrypted",
    "CopyTagsToSnapshot",
    "MonitoringInterval",
    "MonitoringRoleArn",
    "DeletionProtection",
    "MaxAllocatedStorage",
    "MasterUsername",
    "NetworkType",
    "BackupTarget",
    "CACertificateIdentifier",
    "DatabaseInsightsMode",
    "PerformanceInsightsRetentionPeriod",
    "DedicatedLogVolume",
    "EngineLifecycleSupport",
    "BackupRetentionPeriod",
    "CharacterSetName",
    "Timezone",
];

/// Defaults that depend on nothing.
fn constants(default: &mut impl FnMut(&str, Value)) {
    for name in [
        "MultiAZ",
        "StorageEncrypted",
        "CopyTagsToSnapshot",
        "DeletionProtection",
        "PubliclyAccessible",
        "CustomerOwnedIpEnabled",
        "DedicatedLogVolume",
        "MultiTenant",
        "IsStorageConfigUpgradeAvailable",
    ] {
        default(name, false.into());
    }
    for name in ["DBSecurityGroups", "ReadReplicaDBInstanceIdentifiers", "DomainMemberships", "AssociatedRoles"] {
        default(name, json!([]));
    }
    for (name, value) in [
        ("NetworkType", "IPV4"),
        ("BackupTarget", "region"),
        ("CACertificateIdentifier", "rds-ca-rsa2048-g1"),
        ("DatabaseInsightsMode", "standard"),
        ("EngineLifecycleSupport", "open-source-rds-extended-support"),
        ("ActivityStreamStatus", "stopped"),
    ] {
        default(name, value.into());
    }
}

/// The members of a new instance.
pub(super) fn fields(call: &mut Call<'_>, input: &Input, engine: &Engine, zone: &str) -> Map<String, Value> {
    let kept = KEPT.iter().filter_map(|name| Some(((*name).to_owned(), input.member(name)?.clone())));
    let mut fields: Map<String, Value> = kept.collect();
    let now = call.now();
    let performance = input.flag("EnablePerformanceInsights") == Some(true);
    let mut default = |name: &str, value: Value| {
        fields.entry(name.to_owned()).or_insert(value);
    };
    default("Engine", engine.name.into());
    default("StorageType", storage_type(input).into());
    default("AvailabilityZone", zone.into());
    default("InstanceCreateTime", now.value());
    default("LicenseModel", engine.license.into());
    default("BackupRetentionPeriod", 1.into());
    default("PreferredBackupWindow", "06:12-06:42".into());
    default("PreferredMaintenanceWindow", "sun:08:31-sun:09:01".into());
    default("IAMDatabaseAuthenticationEnabled", (input.flag("EnableIAMDatabaseAuthentication") == Some(true)).into());
    default("PerformanceInsightsEnabled", performance.into());
    default("AutoMinorVersionUpgrade", true.into());
    constants(&mut default);
    default("MonitoringInterval", 0.into());
    default("DbInstancePort", 0.into());
    default("DbiResourceId", format!("db-{}", call.world.ids.upper(26)).into());
    let until = now.plus(Duration::from_secs(365 * 24 * 3600)).whole().value();
    let authority = input.text("CACertificateIdentifier").unwrap_or("rds-ca-rsa2048-g1");
    default("CertificateDetails", json!({"CAIdentifier": authority, "ValidTill": until}));
    if input.flag("StorageEncrypted") == Some(true) {
        default("KmsKeyId", call.place.key(input.text("KmsKeyId").unwrap_or("alias/aws/rds")).into());
    }
    if performance {
        default("PerformanceInsightsRetentionPeriod", 7.into());
        let key = input.text("PerformanceInsightsKMSKeyId").unwrap_or("alias/aws/rds");
        default("PerformanceInsightsKMSKeyId", call.place.key(key).into());
    }
    if storage_type(input) == "gp3" {
        default("Iops", 3000.into());
        default("StorageThroughput", 125.into());
    }
    if !input.list("EnableCloudwatchLogsExports").is_empty() {
        default("EnabledCloudwatchLogsExports", input.texts("EnableCloudwatchLogsExports").into());
    }
    fields
}
