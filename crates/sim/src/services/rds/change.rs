//! Changes of an instance: which take effect at once, which wait for the maintenance window unless they are to be applied
//! immediately, and which are refused.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Event, Instance, engines, inputs, invalid, lifecycle, mismatch, shown, subnets, windows};
use crate::call::{Call, Input, Members, Refusal, Reply};
use crate::services::{ec2, secrets};
use crate::world::{self, Moment};

/// How long the storage cannot be changed again.
const STORAGE_LOCK: Duration = Duration::from_secs(6 * 3600);

/// Changes that need work on the instance, and so wait.
const WAITING: [&str; 10] = [
    "DBInstanceClass",
    "AllocatedStorage",
    "MultiAZ",
    "Iops",
    "StorageThroughput",
    "StorageType",
    "LicenseModel",
    "DedicatedLogVolume",
    "CACertificateIdentifier",
    "BackupRetentionPeriod",
];

/// Changes that take effect at once in any case.
const AT_ONCE: [&str; 13] = [
    "PreferredBackupWindow",
    "PreferredMaintenanceWindow",
    "AutoMinorVersionUpgrade",
    "CopyTagsToSnapshot",
    "MonitoringInterval",
    "MonitoringRoleArn",
    "PubliclyAccessible",
    "DatabaseInsightsMode",
    "PerformanceInsightsKMSKeyId",
    "PerformanceInsightsRetentionPeriod",
    "DeletionProtection",
    "MaxAllocatedStorage",
    "NetworkType",
];

/// Changes an instance.
pub(super) fn modify(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("DBInstanceIdentifier").to_lowercase();
    let instance = call.region().rds.instances.get(&name).cloned().ok_or_else(|| shown::missing(&name))?;
    if !lifecycle::rests(&instance) {
        return Err(Refusal::new("InvalidDBInstanceState", "Database instance is not in available state."));
    }
    let mut waiting = waiting(&instance, input)?;
    check(call, &name, &instance, input, &waiting)?;
    let vpc =
        call.region().rds.subnet_groups.get(&instance.subnet_group).map(|group| group.vpc.clone()).unwrap_or_default();
    let groups =
        if input.has("VpcSecurityGroupIds") { inputs::security_groups(call, input, &vpc)? } else { Vec::new() };
    let place = call.place.clone();
    let mut new = instance;
    for (member, value) in at_once(input) {
        new.fields.insert(member, value);
    }
    // Storage that is to grow to what it has does not grow by itself.
    if new.fields.get("MaxAllocatedStorage") == new.fields.get("AllocatedStorage") {
        new.fields.remove("MaxAllocatedStorage");
    }
    if !groups.is_empty() {
        for interface in &new.interfaces {
            ec2::regroup(call.world, &place, interface, &groups);
        }
        new.groups = groups;
    }
    if let Some(group) = input.text("DBParameterGroupName") {
        let groups = json!([{"DBParameterGroupName": group.to_lowercase(), "ParameterApplyStatus": "pending-reboot"}]);
        new.fields.insert("DBParameterGroups".to_owned(), groups);
    }
    managed(call, &mut new, input, &name);
    let now = input.flag("ApplyImmediately") == Some(true);
    // What is asked for as it is takes back what waits.
    let asked = |member: &str| input.has(if member == "Port" { "DBPortNumber" } else { member });
    new.pending.retain(|member, _| !asked(member) || waiting.contains_key(member));
    if now {
        let mut due = std::mem::take(&mut new.applying);
        due.extend(std::mem::take(&mut new.pending));
        due.extend(waiting);
        let steps = begin(&mut new, due, call.now());
        call.region().rds.instances.insert(name.clone(), new);
        let answer = shown::shown(call, &name);
        if !steps.is_empty() {
            // The status changes some seconds after the answer.
            let first = (String::from("available"), Duration::from_secs(5));
            lifecycle::run(call.world, &place, &name, std::iter::once(first).chain(steps).collect());
        }
        return answer;
    }
    let password = waiting.remove("MasterUserPassword");
    new.pending.extend(waiting);
    new.applying.extend(password.map(|password| ("MasterUserPassword".to_owned(), password)));
    let busy = !new.applying.is_empty();
    if let Some(delay) = windows::until(&new, call.now()).filter(|_| !new.pending.is_empty()) {
        call.after(delay, world::Event::Rds(Event::Window(name.clone())));
    }
    call.region().rds.instances.insert(name.clone(), new);
    let answer = shown::shown(call, &name);
    if busy {
        // A password never waits for the window.
        let steps = [("available", 5), ("resetting-master-credentials", 20)];
        let steps = steps.map(|(status, seconds)| (status.to_owned(), Duration::from_secs(seconds)));
        lifecycle::run(call.world, &place, &name, steps.to_vec());
    }
    answer
}

/// Begins changes of an instance; the states that they take it through.
pub(super) fn begin(instance: &mut Instance, due: Map<String, Value>, now: Moment) -> Vec<(String, Duration)> {
    if due.is_empty() {
        return Vec::new();
    }
    let mut steps = vec![("modifying", 40)];
    if due.contains_key("AllocatedStorage") || due.contains_key("StorageType") || due.contains_key("Iops") {
        instance.storage_locked = now.plus(STORAGE_LOCK);
    }
    if due.contains_key("EngineVersion") {
        steps.push(("upgrading", 300));
    } else if due.contains_key("DBInstanceClass") || due.contains_key("MultiAZ") {
        steps.push(("modifying", 200));
    }
    if due.contains_key("DBInstanceIdentifier") {
        steps.insert(0, ("renaming", 60));
    }
    if due.contains_key("MasterUserPassword") {
        steps.insert(0, ("resetting-master-credentials", 20));
    }
    instance.applying = due;
    steps.into_iter().map(|(status, seconds)| (status.to_owned(), Duration::from_secs(seconds))).collect()
}

fn at_once(input: &Input) -> Map<String, Value> {
    let mut found: Map<String, Value> =
        AT_ONCE.iter().filter_map(|member| Some(((*member).to_owned(), input.member(member)?.clone()))).collect();
    for (from, to) in [
        ("EnableIAMDatabaseAuthentication", "IAMDatabaseAuthenticationEnabled"),
        ("EnablePerformanceInsights", "PerformanceInsightsEnabled"),
    ] {
        if let Some(value) = input.member(from) {
            found.insert(to.to_owned(), value.clone());
        }
    }
    if let Some(logs) = input.map("CloudwatchLogsExportConfiguration").filter(|logs| logs.has("EnableLogTypes")) {
        found.insert("EnabledCloudwatchLogsExports".to_owned(), logs.texts("EnableLogTypes").into());
    }
    found
}

/// What differs and has to wait.
fn waiting(instance: &Instance, input: &Input) -> Result<Map<String, Value>, Refusal> {
    let differs = |member: &str, value: &Value| instance.fields.get(member) != Some(value);
    let mut found = Map::new();
    for member in WAITING {
        if let Some(value) = input.member(member).filter(|value| differs(member, value)) {
            found.insert(member.to_owned(), value.clone());
        }
    }
    if let Some(port) = input.integer("DBPortNumber").filter(|port| *port != instance.port) {
        found.insert("Port".to_owned(), port.into());
    }
    if let Some(text) = input.text("MasterUserPassword") {
        inputs::password(text)?;
        // Only that there is a new one; what it is concerns nobody.
        found.insert("MasterUserPassword".to_owned(), "****".into());
    }
    if let Some(new) = input.text("NewDBInstanceIdentifier") {
        inputs::identifier("NewDBInstanceIdentifier", new)?;
        found.insert("DBInstanceIdentifier".to_owned(), new.to_lowercase().into());
    }
    if let Some(wanted) = input.text("EngineVersion") {
        let (engine, old) = (instance.fields.text_or_empty("Engine"), instance.fields.text_or_empty("EngineVersion"));
        let known = engines::engine(engine).and_then(|engine| engine.version(Some(wanted)));
        let version = known.ok_or_else(|| {
            mismatch(format!("Cannot find upgrade target from {old} with requested version {wanted}."))
        })?;
        if engines::major(engine, version) != engines::major(engine, old)
            && input.flag("AllowMajorVersionUpgrade") != Some(true)
        {
            return Err(mismatch(
                "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.",
            ));
        }
        if version != old {
            found.insert("EngineVersion".to_owned(), version.into());
        }
    }
    Ok(found)
}

fn check(
    call: &mut Call<'_>,
    name: &str,
    instance: &Instance,
    input: &Input,
    waiting: &Map<String, Value>,
) -> Result<(), Refusal> {
    if let Some(class) = input.text("DBInstanceClass").filter(|class| !engines::is_class(class)) {
        return Err(invalid(format!("Invalid DB Instance class: {class}")));
    }
    inputs::monitoring(call, input)?;
    if let Some(group) = input.text("DBParameterGroupName") {
        let version = waiting.get("EngineVersion").and_then(Value::as_str);
        let version = version.unwrap_or(instance.fields.text_or_empty("EngineVersion"));
        super::parameters::fits(call, group, &engines::family(instance.fields.text_or_empty("Engine"), version))?;
    }
    if let Some(new) = input.text("NewDBInstanceIdentifier").map(str::to_lowercase)
        && new != name
        && call.region().rds.instances.contains_key(&new)
    {
        return Err(Refusal::new("DBInstanceAlreadyExists", "DB instance already exists"));
    }
    if let (Some(new), Some(old)) = (input.integer("AllocatedStorage"), instance.fields.integer("AllocatedStorage"))
        && new < old
    {
        return Err(mismatch("Requested storage size must be larger than the current storage size."));
    }
    let storage = ["AllocatedStorage", "StorageType", "Iops"].iter().any(|member| waiting.contains_key(*member));
    if storage && call.now() < instance.storage_locked {
        return Err(mismatch(
            "You can't currently modify the storage of this DB instance because the previous storage change is being optimized.",
        ));
    }
    let Some(group) = input.text("DBSubnetGroupName").map(str::to_lowercase) else { return Ok(()) };
    let groups = &call.region().rds.subnet_groups;
    let new = groups.get(&group).ok_or_else(|| subnets::missing(&group))?;
    let same = groups.get(&instance.subnet_group).is_some_and(|old| old.vpc == new.vpc);
    if same && group == instance.subnet_group {
        return Ok(());
    }
    let text = if same {
        format!(
            "You cannot move DB instance {name} to subnet group {group}. The specified DB subnet group and DB instance are in the same VPC. Choose a DB subnet group in different VPC than the specified DB instance and try again."
        )
    } else {
        format!(
            "You cannot move DB instance {name} to subnet group {group}: moves between VPCs are not supported for it."
        )
    };
    Err(Refusal::new("InvalidVPCNetworkStateFault", text))
}

/// Hands the password over to a secret, or takes it back.
fn managed(call: &mut Call<'_>, instance: &mut Instance, input: &Input, name: &str) {
    let known = instance.fields.get("MasterUserSecret").map(|secret| secret.text_or_empty("SecretArn").to_owned());
    match (input.flag("ManageMasterUserPassword"), known) {
        (Some(true), None) => {
            let secret = inputs::secret(call, input, name);
            instance.fields.insert("MasterUserSecret".to_owned(), secret);
        }
        (Some(false), Some(arn)) => {
            let place = call.place.clone();
            secrets::remove_owned(call.world, &place, &arn);
            instance.fields.remove("MasterUserSecret");
        }
        _ => {}
    }
}
