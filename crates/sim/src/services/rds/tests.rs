//! What RDS does, a test for each fact. They stand on the default VPC.

use serde_json::{Value, json};

use crate::lab::Lab;

fn request(name: &str) -> Value {
    json!({
        "DBInstanceIdentifier": name, "Engine": "Postgres", "EngineVersion": "16", "DBInstanceClass": "db.t4g.micro",
        "AllocatedStorage": 20, "MasterUsername": "app", "MasterUserPassword": "long-enough-1", "DBSubnetGroupName": "Data",
    })
}

fn subnet_group(lab: &Lab, name: &str) {
    let wanted = json!({"DBSubnetGroupName": name, "DBSubnetGroupDescription": "data", "SubnetIds": lab.subnets()});
    lab.ok("rds.CreateDBSubnetGroup", wanted);
}

fn instance(lab: &Lab, name: &str) -> Value {
    lab.ok("rds.DescribeDBInstances", json!({"DBInstanceIdentifier": name}))["DBInstances"][0].clone()
}

/// A lab with an available instance `db` in a subnet group `data`.
fn lab() -> Lab {
    let lab = Lab::new();
    subnet_group(&lab, "Data");
    lab.ok("rds.CreateDBInstance", request("DB"));
    lab.pass(900);
    lab
}

#[test]
fn an_instance_takes_minutes_and_has_no_endpoint_before() {
    let lab = Lab::new();
    subnet_group(&lab, "Data");
    let made = lab.ok("rds.CreateDBInstance", request("DB"))["DBInstance"].clone();
    assert_eq!((&made["DBInstanceIdentifier"], &made["DBInstanceStatus"]), (&json!("db"), &json!("creating")));
    assert!(made["Endpoint"].is_null() && made["MasterUserPassword"].is_null());
    lab.pass(120);
    assert_eq!(instance(&lab, "db")["DBInstanceStatus"], "creating");
    lab.pass(480);
    let got = instance(&lab, "db");
    assert_eq!(got["DBInstanceStatus"], "available");
    assert_eq!(got["Endpoint"]["Port"], 5432);
    assert!(got["EngineVersion"].as_str().is_some_and(|version| version.starts_with("16.")));
    assert_eq!(got["DBParameterGroups"][0]["DBParameterGroupName"], "default.postgres16");
    assert_eq!((&got["BackupRetentionPeriod"], &got["PendingModifiedValues"]), (&json!(1), &json!({})));
}

#[test]
fn names_are_taken_in_any_case() {
    let lab = lab();
    lab.refuses("rds.CreateDBInstance", request("dB"), "DBInstanceAlreadyExists", "DB instance already exists");
    let again = json!({"DBSubnetGroupName": "DATA", "DBSubnetGroupDescription": "x", "SubnetIds": lab.subnets()});
    lab.refuses(
        "rds.CreateDBSubnetGroup",
        again,
        "DBSubnetGroupAlreadyExists",
        "The DB subnet group 'data' already exists.",
    );
}

#[test]
fn a_subnet_group_needs_two_zones_and_subnets_that_exist() {
    let lab = Lab::new();
    let wanted =
        |subnets: Value| json!({"DBSubnetGroupName": "x", "DBSubnetGroupDescription": "x", "SubnetIds": subnets});
    let one = wanted(json!([lab.subnets()[0]]));
    lab.refuses(
        "rds.CreateDBSubnetGroup",
        one,
        "DBSubnetGroupDoesNotCoverEnoughAZs",
        "Add subnets to cover at least 2 AZs.",
    );
    let unknown = wanted(json!([lab.subnets()[0], "subnet-0123456789abcdef0"]));
    let text = "Some input subnets in :[subnet-0123456789abcdef0] are invalid.";
    lab.refuses("rds.CreateDBSubnetGroup", unknown, "InvalidParameterValue", text);
}

#[test]
fn a_subnet_group_in_use_is_not_deleted() {
    let lab = lab();
    let text = "Cannot delete the subnet group 'data' because at least one database instance: db is still using it.";
    lab.refuses(
        "rds.DeleteDBSubnetGroup",
        json!({"DBSubnetGroupName": "data"}),
        "InvalidDBSubnetGroupStateFault",
        text,
    );
}

#[test]
fn what_cannot_be_created_is_refused() {
    let lab = Lab::new();
    subnet_group(&lab, "Data");
    for (member, value, code, text) in [
        ("DBInstanceIdentifier", "9-first", "InvalidParameterValue", "not a valid identifier"),
        (
            "MasterUsername",
            "admin",
            "InvalidParameterValue",
            "MasterUsername admin cannot be used as it is a reserved word used by the engine",
        ),
        (
            "MasterUserPassword",
            "has/slash-and@at",
            "InvalidParameterValue",
            "is not a valid password. Only printable ASCII",
        ),
        ("MasterUserPassword", "short", "InvalidParameterValue", "shorter than 8 characters"),
        ("DBSubnetGroupName", "none", "DBSubnetGroupNotFoundFault", "DB subnet group 'none' does not exist."),
        ("EngineVersion", "99", "InvalidParameterCombination", "Cannot find version 99 for postgres"),
    ] {
        let mut wanted = request("db");
        wanted[member] = value.into();
        lab.refuses("rds.CreateDBInstance", wanted, code, text);
    }
}

#[test]
fn changes_wait_unless_they_are_applied_immediately() {
    let lab = lab();
    let later = json!({"DBInstanceIdentifier": "db", "DBInstanceClass": "db.t4g.small"});
    let got = lab.ok("rds.ModifyDBInstance", later)["DBInstance"].clone();
    assert_eq!(got["DBInstanceClass"], "db.t4g.micro");
    assert_eq!(got["PendingModifiedValues"], json!({"DBInstanceClass": "db.t4g.small"}));
    let now = json!({"DBInstanceIdentifier": "db", "MasterUserPassword": "another-one-2", "ApplyImmediately": true});
    let got = lab.ok("rds.ModifyDBInstance", now)["DBInstance"].clone();
    assert_eq!(got["PendingModifiedValues"]["MasterUserPassword"], "****");
    lab.pass(20);
    assert_ne!(instance(&lab, "db")["DBInstanceStatus"], "available");
    lab.pass(900);
    let got = instance(&lab, "db");
    assert_eq!((&got["DBInstanceStatus"], &got["DBInstanceClass"]), (&json!("available"), &json!("db.t4g.small")));
    assert_eq!(got["PendingModifiedValues"], json!({}));
}

#[test]
fn storage_cannot_be_changed_twice_within_hours() {
    let lab = lab();
    let grow = |size: i64| json!({"DBInstanceIdentifier": "db", "AllocatedStorage": size, "ApplyImmediately": true});
    lab.ok("rds.ModifyDBInstance", grow(30));
    lab.pass(900);
    assert_eq!(instance(&lab, "db")["AllocatedStorage"], 30);
    lab.refuses(
        "rds.ModifyDBInstance",
        grow(40),
        "InvalidParameterCombination",
        "previous storage change is being optimized",
    );
    lab.refuses("rds.ModifyDBInstance", grow(20), "InvalidParameterCombination", "storage size");
    lab.pass(7 * 3600);
    lab.ok("rds.ModifyDBInstance", grow(40));
}

#[test]
fn a_deletion_needs_a_choice_about_the_snapshot_and_takes_minutes() {
    let lab = lab();
    let text = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.";
    lab.refuses("rds.DeleteDBInstance", json!({"DBInstanceIdentifier": "db"}), "InvalidParameterCombination", text);
    lab.ok("rds.CreateDBSnapshot", json!({"DBInstanceIdentifier": "db", "DBSnapshotIdentifier": "Last"}));
    let taken = json!({"DBInstanceIdentifier": "db", "FinalDBSnapshotIdentifier": "last"});
    lab.refuses("rds.DeleteDBInstance", taken, "DBSnapshotAlreadyExists", "last");
    let skip = json!({"DBInstanceIdentifier": "db", "SkipFinalSnapshot": true});
    assert_eq!(lab.ok("rds.DeleteDBInstance", skip.clone())["DBInstance"]["DBInstanceStatus"], "deleting");
    lab.refuses(
        "rds.DeleteDBInstance",
        skip.clone(),
        "InvalidDBInstanceState",
        "Instance db is already being deleted.",
    );
    lab.pass(300);
    lab.refuses(
        "rds.DescribeDBInstances",
        json!({"DBInstanceIdentifier": "db"}),
        "DBInstanceNotFound",
        "DBInstance db not found.",
    );
    let snapshots = lab.ok("rds.DescribeDBSnapshots", json!({"DBSnapshotIdentifier": "last"}));
    assert_eq!(snapshots["DBSnapshots"][0]["Status"], "available");
}

#[test]
fn a_protected_instance_is_not_deleted() {
    let lab = lab();
    lab.ok("rds.ModifyDBInstance", json!({"DBInstanceIdentifier": "db", "DeletionProtection": true}));
    let text = "Cannot delete protected DB Instance, please disable deletion protection and try again.";
    let skip = json!({"DBInstanceIdentifier": "db", "SkipFinalSnapshot": true});
    lab.refuses("rds.DeleteDBInstance", skip, "InvalidParameterCombination", text);
}

#[test]
fn an_instance_stops_and_starts() {
    let lab = lab();
    let db = json!({"DBInstanceIdentifier": "db"});
    lab.ok("rds.StopDBInstance", db.clone());
    lab.pass(400);
    assert_eq!(instance(&lab, "db")["DBInstanceStatus"], "stopped");
    lab.refuses("rds.RebootDBInstance", db.clone(), "InvalidDBInstanceState", "available");
    lab.ok("rds.StartDBInstance", db);
    lab.pass(400);
    assert_eq!(instance(&lab, "db")["DBInstanceStatus"], "available");
}

#[test]
fn pages_hold_between_20_and_100_records() {
    let lab = Lab::new();
    lab.refuses("rds.DescribeDBInstances", json!({"MaxRecords": 19}), "InvalidParameterValue", "between 20 and 100");
    let first = lab.ok("rds.DescribeDBEngineVersions", json!({"MaxRecords": 20}));
    assert_eq!(first["DBEngineVersions"].as_array().map(Vec::len), Some(20));
    let next = json!({"MaxRecords": 20, "Marker": first["Marker"]});
    assert_eq!(lab.ok("rds.DescribeDBEngineVersions", next)["DBEngineVersions"].as_array().map(Vec::len), Some(10));
}

#[test]
fn a_version_that_is_asked_for_by_its_beginning_is_the_newest_one() {
    let engine = super::engines::engine("mysql").expect("mysql");
    assert_eq!(engine.version(Some("8.0")), Some("8.0.45"));
    assert_eq!(engine.version(Some("8.0.4")), None);
    assert_eq!(super::engines::family("mysql", "8.0.45"), "mysql8.0");
    assert_eq!(super::engines::family("postgres", "16.12"), "postgres16");
}

#[test]
fn ports_windows_and_kinds_of_storage_are_checked() {
    let lab = Lab::new();
    subnet_group(&lab, "Data");
    let refuses = |more: Value, text: &str| {
        let mut asked = request("db");
        asked.as_object_mut().expect("a map").extend(more.as_object().cloned().unwrap_or_default());
        lab.refuses("rds.CreateDBInstance", asked, "InvalidParameterValue", text);
    };
    refuses(json!({ "Port": 80 }), "between 1150 and 65535");
    refuses(json!({ "StorageType": "tape" }), "Invalid storage type: tape");
    refuses(json!({ "PreferredBackupWindow": "noon" }), "Invalid backup window format: noon.");
    refuses(json!({ "PreferredMaintenanceWindow": "sun:1-2" }), "Invalid maintenance window format: sun:1-2.");
    refuses(json!({ "PreferredMaintenanceWindow": "sun:23:50-mon:00:10" }), "must be at least 30 minutes.");
    let both = json!({ "PreferredBackupWindow": "23:45-00:30", "PreferredMaintenanceWindow": "Mon:00:00-Mon:01:00" });
    refuses(both, "The backup window and maintenance window must not overlap.");
    let mut fine = request("db");
    fine["PreferredBackupWindow"] = "23:45-00:30".into();
    fine["PreferredMaintenanceWindow"] = "sun:23:15-sun:23:45".into();
    lab.ok("rds.CreateDBInstance", fine);
}

#[test]
fn keys_are_shown_by_their_arn_never_by_an_alias_of_awss() {
    let lab = Lab::new();
    subnet_group(&lab, "Data");
    let mut wanted = request("db");
    for name in ["StorageEncrypted", "EnablePerformanceInsights", "ManageMasterUserPassword"] {
        wanted[name] = true.into();
    }
    wanted["KmsKeyId"] = "alias/aws/rds".into();
    wanted.as_object_mut().unwrap().remove("MasterUserPassword");
    let made = lab.ok("rds.CreateDBInstance", wanted.clone())["DBInstance"].clone();
    let is_key =
        |key: &Value| key.as_str().is_some_and(|key| key.starts_with("arn:aws:kms:us-east-1:123456789012:key/"));
    assert!(is_key(&made["KmsKeyId"]) && is_key(&made["MasterUserSecret"]["KmsKeyId"]), "{made}");
    assert_eq!(made["KmsKeyId"], made["PerformanceInsightsKMSKeyId"]);
    assert_ne!(made["KmsKeyId"], made["MasterUserSecret"]["KmsKeyId"]);
    wanted["DBInstanceIdentifier"] = "own".into();
    wanted["KmsKeyId"] = "1234abcd-12ab-34cd-56ef-1234567890ab".into();
    let own = lab.ok("rds.CreateDBInstance", wanted)["DBInstance"]["KmsKeyId"].clone();
    assert_eq!(own, "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab");
}

#[test]
fn parameters_that_need_a_restart_wait_for_one() {
    let lab = lab();
    let group = json!({"DBParameterGroupName": "Own", "DBParameterGroupFamily": "postgres16", "Description": "own"});
    lab.ok("rds.CreateDBParameterGroup", group);
    lab.ok("rds.ModifyDBInstance", json!({"DBInstanceIdentifier": "db", "DBParameterGroupName": "own"}));
    lab.ok("rds.RebootDBInstance", json!({"DBInstanceIdentifier": "db"}));
    lab.pass(200);
    let status = || instance(&lab, "db")["DBParameterGroups"][0]["ParameterApplyStatus"].clone();
    assert_eq!(status(), "in-sync");
    let set = |name: &str, method: &str| {
        let one = json!({"ParameterName": name, "ParameterValue": "1", "ApplyMethod": method});
        json!({"DBParameterGroupName": "own", "Parameters": [one]})
    };
    lab.ok("rds.ModifyDBParameterGroup", set("rds.force_ssl", "immediate"));
    assert_eq!(status(), "in-sync");
    let text = "cannot use immediate apply method for static parameter";
    lab.refuses("rds.ModifyDBParameterGroup", set("max_connections", "immediate"), "InvalidParameterCombination", text);
    lab.ok("rds.ModifyDBParameterGroup", set("max_connections", "pending-reboot"));
    assert_eq!(status(), "pending-reboot");
    let user = || lab.ok("rds.DescribeDBParameters", json!({"DBParameterGroupName": "own", "Source": "user"}));
    assert_eq!(user()["Parameters"].as_array().map(Vec::len), Some(2));
    let one = json!([{"ParameterName": "rds.force_ssl", "ApplyMethod": "immediate"}]);
    lab.ok("rds.ResetDBParameterGroup", json!({"DBParameterGroupName": "own", "Parameters": one}));
    assert_eq!(user()["Parameters"][0]["ParameterName"], "max_connections");
}

#[test]
fn storage_that_may_grow_to_what_it_has_does_not_grow() {
    let lab = lab();
    let max = |size: i64| json!({"DBInstanceIdentifier": "db", "MaxAllocatedStorage": size});
    assert_eq!(lab.ok("rds.ModifyDBInstance", max(100))["DBInstance"]["MaxAllocatedStorage"], 100);
    assert!(lab.ok("rds.ModifyDBInstance", max(20))["DBInstance"]["MaxAllocatedStorage"].is_null());
}

#[test]
fn what_waits_is_made_in_the_maintenance_window_unless_it_is_taken_back() {
    let lab = lab();
    let class = |class: &str| json!({"DBInstanceIdentifier": "db", "DBInstanceClass": class});
    lab.ok("rds.ModifyDBInstance", class("db.t4g.small"));
    let back = lab.ok("rds.ModifyDBInstance", class("db.t4g.micro"))["DBInstance"].clone();
    assert_eq!(back["PendingModifiedValues"], json!({}));
    lab.ok("rds.ModifyDBInstance", class("db.t4g.medium"));
    lab.pass(8 * 24 * 3600);
    let got = instance(&lab, "db");
    assert_eq!((&got["DBInstanceClass"], &got["PendingModifiedValues"]), (&json!("db.t4g.medium"), &json!({})));
    assert_eq!(got["DBInstanceStatus"], "available");
}

#[test]
fn a_parameter_group_is_of_the_family_of_the_version() {
    let lab = lab();
    let group = json!({"DBParameterGroupName": "other", "DBParameterGroupFamily": "postgres17", "Description": "x"});
    lab.ok("rds.CreateDBParameterGroup", group);
    let wanted = json!({"DBInstanceIdentifier": "db", "DBParameterGroupName": "other"});
    lab.refuses("rds.ModifyDBInstance", wanted, "InvalidParameterCombination", "can't be used for this instance");
    let both = json!({"DBInstanceIdentifier": "db", "DBParameterGroupName": "other", "EngineVersion": "17",
        "AllowMajorVersionUpgrade": true, "ApplyImmediately": true});
    lab.ok("rds.ModifyDBInstance", both);
    lab.pass(1800);
    assert_eq!(instance(&lab, "db")["DBParameterGroups"][0]["DBParameterGroupName"], "other");
}
