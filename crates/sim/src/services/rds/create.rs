//! New instances: what is checked before anything else happens, and every default that reads back.

use std::time::Duration;

use serde_json::{Value, json};

use super::engines::{self, Engine};
use super::inputs::{groups_of, identifier, monitoring, password, secret, security_groups, storage_type};
use super::tagging::Resources;
use super::{Instance, SubnetGroup, defaults, invalid, lifecycle, mismatch, shown, subnets, windows};
use crate::call::{Call, Input, Members, Refusal, Reply};
use crate::services::{self, ec2, iam};
use crate::tags;
use crate::tags::dialect::Carrier;

/// The most instances of an account in a region.
const MOST: usize = 40;

fn check(input: &Input, engine: &Engine) -> Result<(), Refusal> {
    let class = input.text_or_empty("DBInstanceClass");
    if !engines::is_class(class) {
        return Err(invalid(format!("Invalid DB Instance class: {class}")));
    }
    let must = |member: &str| invalid(format!("The parameter {member} must be provided and must not be blank."));
    let storage = input.integer("AllocatedStorage").ok_or_else(|| must("AllocatedStorage"))?;
    let kind = storage_type(input);
    let least = if kind.starts_with("io") { 100 } else { 20 };
    if !(least..=65536).contains(&storage) {
        return Err(invalid(format!(
            "Invalid storage size for engine name {} and storage type {kind}: {storage}",
            engine.name
        )));
    }
    let user = input.text("MasterUsername").filter(|user| !user.is_empty()).ok_or_else(|| must("MasterUsername"))?;
    if engine.reserved.contains(&user.to_lowercase().as_str()) {
        return Err(invalid(format!(
            "MasterUsername {user} cannot be used as it is a reserved word used by the engine"
        )));
    }
    match (input.text("MasterUserPassword"), input.flag("ManageMasterUserPassword") == Some(true)) {
        (Some(_), true) => {
            return Err(mismatch("You can't specify MasterUserPassword when ManageMasterUserPassword is enabled."));
        }
        (Some(text), false) => password(text)?,
        (None, false) => return Err(must("MasterUserPassword")),
        (None, true) => {}
    }
    if input.integer("BackupRetentionPeriod").is_some_and(|days| !(0..=35).contains(&days)) {
        let days = input.integer("BackupRetentionPeriod").unwrap_or_default();
        return Err(invalid(format!("Invalid backup retention period: {days}. Must be between 0 and 35.")));
    }
    if kind.starts_with("io") && !input.has("Iops") {
        return Err(mismatch(format!("You must specify Iops when StorageType is {kind}.")));
    }
    if !["standard", "gp2", "gp3", "io1", "io2"].contains(&kind) {
        return Err(invalid(format!("Invalid storage type: {kind}")));
    }
    if input.integer("Port").is_some_and(|port| !(1150..=65535).contains(&port)) {
        let port = input.integer("Port").unwrap_or_default();
        return Err(invalid(format!("The parameter Port is not valid: {port}. It must be between 1150 and 65535.")));
    }
    windows::check(input)
}

/// The subnet group that is named, or the default one with the subnets of the default VPC.
fn subnet_group(call: &mut Call<'_>, input: &Input) -> Result<(String, SubnetGroup), Refusal> {
    let name = input.text("DBSubnetGroupName").map_or_else(|| "default".to_owned(), str::to_lowercase);
    if let Some(group) = call.region().rds.subnet_groups.get(&name) {
        return Ok((name, group.clone()));
    }
    let vpc = ec2::default_vpc(call.region()).filter(|_| name == "default").ok_or_else(|| subnets::missing(&name))?;
    let wanted = json!({"Filters": [{"Name": "vpc-id", "Values": [vpc]}]});
    let place = call.place.clone();
    let found = services::call(call.world, &place, "ec2", "DescribeSubnets", wanted)?;
    let part = |subnet: &Value, member: &str| subnet.text_or_empty(member).to_owned();
    let subnets =
        found.list("Subnets").iter().map(|subnet| (part(subnet, "SubnetId"), part(subnet, "AvailabilityZone")));
    let group =
        SubnetGroup { description: "default".to_owned(), vpc, subnets: subnets.collect(), tags: tags::Tags::new() };
    call.region().rds.subnet_groups.insert(name.clone(), group.clone());
    Ok((name, group))
}

/// Creates an instance.
pub(super) fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let given = input.text_or_empty("DBInstanceIdentifier");
    identifier("DBInstanceIdentifier", given)?;
    let tags = Resources::DIALECT.given(input)?;
    let name = given.to_lowercase();
    let engine = engines::engine(&input.text_or_empty("Engine").to_lowercase());
    let engine = engine.ok_or_else(|| invalid("Invalid DB engine"))?;
    let wanted = input.text("EngineVersion");
    let version = engine
        .version(wanted)
        .ok_or_else(|| mismatch(format!("Cannot find version {} for {}", wanted.unwrap_or_default(), engine.name)))?;
    check(input, engine)?;
    if call.region().rds.instances.contains_key(&name) {
        return Err(Refusal::new("DBInstanceAlreadyExists", "DB instance already exists"));
    }
    if call.region().rds.instances.len() >= MOST {
        return Err(Refusal::new("InstanceQuotaExceeded", "DB Instance quota exceeded"));
    }
    monitoring(call, input)?;
    if let Some(group) = input.text("DBParameterGroupName") {
        super::parameters::fits(call, group, &engines::family(engine.name, version))?;
    }
    let (subnet_group, network) = subnet_group(call, input)?;
    let groups = security_groups(call, input, &network.vpc)?;
    if call.region().rds.endpoint.is_empty() {
        let endpoint = call.world.ids.lower(12);
        call.region().rds.endpoint = format!("c{}", &endpoint[1..]);
    }
    let zone = input.text("AvailabilityZone");
    let (subnet, zone) =
        network.subnets.iter().find(|(_, here)| zone.is_none_or(|zone| zone == here)).cloned().ok_or_else(|| {
            let text = format!(
                "Cannot create a db instance in {}: the subnet group has no subnet there.",
                zone.unwrap_or_default()
            );
            Refusal::new("InvalidVPCNetworkStateFault", text)
        })?;
    let wanted = ec2::NewInterface {
        subnet,
        groups: groups.clone(),
        description: "RDSNetworkInterface".to_owned(),
        requester: "amazon-rds".to_owned(),
        public: input.flag("PubliclyAccessible") == Some(true),
    };
    let place = call.place.clone();
    let interface = ec2::attach(call.world, &place, wanted)?;
    iam::service_linked_role(call.world, &place, "rds.amazonaws.com");
    let mut fields = defaults::fields(call, input, engine, &zone);
    fields.insert("DBInstanceIdentifier".to_owned(), name.clone().into());
    fields.insert("DBInstanceArn".to_owned(), place.arn("rds", &format!("db:{name}")).into());
    fields.insert("EngineVersion".to_owned(), version.into());
    groups_of(&mut fields, engine.name, version, input.text("DBParameterGroupName"), input.text("OptionGroupName"));
    if input.flag("ManageMasterUserPassword") == Some(true) {
        fields.insert("MasterUserSecret".to_owned(), secret(call, input, &name));
    }
    let instance = Instance {
        fields,
        port: input.integer("Port").unwrap_or(engine.port),
        subnet_group,
        groups,
        interfaces: vec![interface.id],
        tags,
        ..Instance::default()
    };
    call.region().rds.instances.insert(name.clone(), instance);
    lifecycle::run(call.world, &place, &name, steps(input));
    shown::shown(call, &name)
}

/// The states of a new instance.
fn steps(input: &Input) -> Vec<(String, Duration)> {
    let mut steps = vec![("creating", 210), ("backing-up", 60), ("modifying", 15)];
    if input.integer("MonitoringInterval").unwrap_or_default() > 0 {
        steps.push(("configuring-enhanced-monitoring", 20));
    }
    if !input.list("EnableCloudwatchLogsExports").is_empty() {
        steps.push(("configuring-log-exports", 20));
    }
    if input.flag("EnableIAMDatabaseAuthentication") == Some(true) {
        steps.push(("configuring-iam-database-auth", 20));
    }
    // The status wavers before it stays.
    steps.push(("backing-up", 30));
    steps.into_iter().map(|(status, seconds)| (status.to_owned(), Duration::from_secs(seconds))).collect()
}
