//! The engines: which versions there are, what a version that is asked for means, what an engine's defaults are, and which
//! instance classes can be ordered for it.

use serde_json::{Value, json};

use super::lists;
use crate::call::{Call, Input, Members, Reply, Table};
use crate::services::ec2;

/// The operations on engines.
pub(super) const OPERATIONS: Table =
    &[("DescribeDBEngineVersions", versions), ("DescribeOrderableDBInstanceOptions", orderable)];

/// What is known of an engine.
#[derive(Debug)]
pub(super) struct Engine {
    /// Its name.
    pub name: &'static str,
    /// Its port.
    pub port: i64,
    /// Its licence.
    pub license: &'static str,
    /// What it is called.
    title: &'static str,
    /// Its versions, oldest first; the last one of `usual` is the default.
    versions: &'static [&'static str],
    /// The major version that is taken if none is asked for.
    usual: &'static str,
    /// User names that it keeps for itself.
    pub reserved: &'static [&'static str],
    logs: &'static [&'static str],
}

const ENGINES: &[Engine] = &[
    Engine {
        name: "mariadb",
        port: 3306,
        license: "general-public-license",
        title: "MariaDb Community Edition",
        versions: &["10.6.24", "10.6.25", "10.11.15", "10.11.16", "11.4.9", "11.4.10", "11.8.5", "11.8.6"],
        usual: "11.4",
        reserved: &["rdsadmin", "root", "mysql"],
        logs: &["audit", "error", "general", "slowquery"],
    },
    Engine {
        name: "mysql",
        port: 3306,
        license: "general-public-license",
        title: "MySQL Community Edition",
        versions: &["5.7.44-rds.20250508", "8.0.42", "8.0.43", "8.0.44", "8.0.45", "8.4.6", "8.4.7", "8.4.8"],
        usual: "8.4",
        reserved: &["rdsadmin", "root", "mysql"],
        logs: &["audit", "error", "general", "slowquery"],
    },
    Engine {
        name: "postgres",
        port: 5432,
        license: "postgresql-license",
        title: "PostgreSQL",
        versions: &[
            "13.22", "13.23", "14.20", "14.21", "15.15", "15.16", "16.10", "16.11", "16.12", "17.6", "17.7", "17.8",
            "18.1", "18.2",
        ],
        usual: "17",
        reserved: &["admin", "rdsadmin", "postgresql"],
        logs: &["iam-db-auth-error", "postgresql", "upgrade"],
    },
];

const CLASSES: &[&str] = &[
    "db.t3.micro",
    "db.t3.small",
    "db.t3.medium",
    "db.t3.large",
    "db.t4g.micro",
    "db.t4g.small",
    "db.t4g.medium",
    "db.t4g.large",
    "db.m5.large",
    "db.m5.xlarge",
    "db.m6g.large",
    "db.m6g.xlarge",
    "db.m6i.large",
    "db.m6i.xlarge",
    "db.m7g.large",
    "db.m7g.xlarge",
    "db.r5.large",
    "db.r5.xlarge",
    "db.r6g.large",
    "db.r6g.xlarge",
    "db.r7g.large",
    "db.r7g.xlarge",
];

/// The engine of that name.
pub(super) fn engine(name: &str) -> Option<&'static Engine> {
    ENGINES.iter().find(|engine| engine.name == name)
}

/// The major version of a version: `16` of postgres' `16.4`, `8.0` of mysql's `8.0.45`.
pub(super) fn major(engine: &str, version: &str) -> String {
    let parts = if engine == "postgres" { 1 } else { 2 };
    version.split('.').take(parts).collect::<Vec<_>>().join(".")
}

/// The parameter group family of a version.
pub(super) fn family(engine: &str, version: &str) -> String {
    format!("{engine}{}", major(engine, version))
}

impl Engine {
    /// The version that is meant: the newest one that begins so.
    pub(super) fn version(&self, wanted: Option<&str>) -> Option<&'static str> {
        let wanted = wanted.unwrap_or(self.usual);
        let within =
            |version: &str| version.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        self.versions.iter().copied().rfind(|version| within(version))
    }

    fn describe(&self, version: &str) -> Value {
        let (major, family) = (major(self.name, version), family(self.name, version));
        let later = self.versions.iter().skip_while(|known| **known != version).skip(1);
        let targets = later.map(|target| {
            let same = super::engines::major(self.name, target) == major;
            json!({
                "Engine": self.name, "EngineVersion": target, "Description": format!("{} {target}", self.title),
                "AutoUpgrade": false, "IsMajorVersionUpgrade": !same,
            })
        });
        json!({
            "Engine": self.name, "MajorEngineVersion": major, "EngineVersion": version, "DBParameterGroupFamily": family,
            "DBEngineDescription": self.title, "DBEngineVersionDescription": format!("{} {version}", self.title),
            "ValidUpgradeTarget": targets.collect::<Vec<_>>(), "ExportableLogTypes": self.logs,
            "SupportsLogExportsToCloudwatchLogs": true, "SupportsReadReplica": true, "SupportedEngineModes": ["provisioned"],
            "SupportedFeatureNames": [], "Status": "available", "SupportsParallelQuery": false,
            "SupportsGlobalDatabases": false, "SupportsBabelfish": false, "SupportsCertificateRotationWithoutRestart": true,
            "SupportedCACertificateIdentifiers": ["rds-ca-ecc384-g1", "rds-ca-rsa4096-g1", "rds-ca-rsa2048-g1"],
            "SupportsLocalWriteForwarding": false, "SupportsIntegrations": self.name != "mariadb",
            "SupportsLimitlessDatabase": false,
        })
    }
}

fn versions(_: &mut Call<'_>, input: &Input) -> Reply {
    let filters =
        lists::filters(input, &["db-parameter-group-family", "engine", "engine-mode", "engine-version", "status"])?;
    let prefix = input.text("EngineVersion");
    let mut found = Vec::new();
    for engine in ENGINES.iter().filter(|engine| input.text("Engine").is_none_or(|wanted| wanted == engine.name)) {
        let default = engine.version(None);
        for version in engine.versions {
            let record = engine.describe(version);
            let held = filters.iter().all(|(name, values)| {
                let member = match name.as_str() {
                    "db-parameter-group-family" => "DBParameterGroupFamily",
                    "engine" => "Engine",
                    "engine-version" => "EngineVersion",
                    "status" => "Status",
                    _ => return values.iter().any(|mode| mode == "provisioned"),
                };
                values.iter().any(|value| record.text(member) == Some(value))
            });
            let begins = prefix.is_none_or(|prefix| {
                version.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            });
            let family = input
                .text("DBParameterGroupFamily")
                .is_none_or(|family| record.text("DBParameterGroupFamily") == Some(family));
            let usual = input.flag("DefaultOnly") != Some(true) || prefix.is_some() || default == Some(*version);
            if held && begins && family && usual {
                found.push(record);
            }
        }
    }
    if input.flag("DefaultOnly") == Some(true) && prefix.is_some() {
        found = found.pop().into_iter().collect();
    }
    lists::page(input, "DBEngineVersions", found, |item| {
        format!("{} {}", item.text_or_empty("Engine"), item.text_or_empty("EngineVersion"))
    })
}

fn orderable(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("Engine");
    let Some(engine) = engine(name) else {
        return Err(super::invalid(format!("Invalid DB engine: {name}")));
    };
    let zones: Vec<Value> = ec2::zones(&call.place).into_iter().map(|zone| json!({ "Name": zone })).collect();
    let mut found = Vec::new();
    for version in
        engine.versions.iter().filter(|version| input.text("EngineVersion").is_none_or(|wanted| wanted == **version))
    {
        for class in CLASSES.iter().filter(|class| input.text("DBInstanceClass").is_none_or(|wanted| wanted == **class))
        {
            for storage in ["gp2", "gp3", "io1"] {
                found.push(json!({
                    "Engine": name, "EngineVersion": version, "DBInstanceClass": class, "LicenseModel": engine.license,
                    "AvailabilityZones": zones, "MultiAZCapable": true, "ReadReplicaCapable": true, "Vpc": true,
                    "SupportsStorageEncryption": true, "StorageType": storage, "SupportsIops": storage != "gp2",
                    "SupportsStorageThroughput": storage == "gp3", "SupportsEnhancedMonitoring": true,
                    "SupportsIAMDatabaseAuthentication": true, "SupportsPerformanceInsights": true,
                    "MinStorageSize": if storage == "io1" { 100 } else { 20 }, "MaxStorageSize": 65536,
                    "AvailableProcessorFeatures": [], "SupportedEngineModes": ["provisioned"],
                    "SupportsStorageAutoscaling": true, "SupportsKerberosAuthentication": name != "mariadb",
                    "OutpostCapable": false, "SupportedActivityStreamModes": [], "SupportsGlobalDatabases": false,
                    "SupportsClusters": false, "SupportedNetworkTypes": ["IPV4", "DUAL"], "SupportsDedicatedLogVolume": storage == "io1",
                }));
            }
        }
    }
    lists::page(input, "OrderableDBInstanceOptions", found, |item| {
        let part = |name: &str| item.text_or_empty(name).to_owned();
        format!("{} {} {}", part("EngineVersion"), part("DBInstanceClass"), part("StorageType"))
    })
}

/// Whether there is such an instance class.
pub(super) fn is_class(name: &str) -> bool {
    let mut parts = name.split('.');
    let family = |family: &str| family.len() >= 2 && family.starts_with(['t', 'm', 'r', 'x', 'z', 'c']);
    let size = |size: &str| {
        ["micro", "small", "medium", "large"].contains(&size) || size.ends_with("xlarge") || size == "metal"
    };
    parts.next() == Some("db") && parts.next().is_some_and(family) && parts.next().is_some_and(size)
}
