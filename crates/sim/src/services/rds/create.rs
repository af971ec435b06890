//! New instances: what is checked before anything else happens, and every default that reads back.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::engines::{self, Engine};
use super::tagging::Resources;
use super::{Instance, SubnetGroup, defaults, instances, invalid, lifecycle, mismatch, subnets, windows};
use crate::call::{Call, Input, Members, Refusal, Reply};
use crate::services::{self, ec2, iam, secrets};
use crate::tags;
use crate::tags::dialect::Carrier;

/// The most instances of an account in a region.
const MOST: usize = 40;

/// Checks an identifier; `member` is the parameter's name.
pub(super) fn identifier(member: &str, name: &str) -> Result<(), Refusal> {
    let letters = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let first = name.starts_with(|first: char| first.is_ascii_alphabetic());
    if first && name.len() <= 63 && name.chars().all(letters) && !name.ends_with('-') && !name.contains("--") {
        return Ok(());
    }
    Err(invalid(format!(
        "The parameter {member} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
    )))
}

/// Checks a password.
pub(super) fn password(text: &str) -> Result<(), Refusal> {
    if text.len() < 8 {
        return Err(invalid(
            "The parameter MasterUserPassword is not a valid password because it is shorter than 8 characters.",
        ));
    }
    if text.chars().any(|letter| !letter.is_ascii_graphic() || "/@\"".contains(letter)) {
        return Err(invalid(
            "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used.",
        ));
    }
    Ok(())
}

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

pub(super) fn storage_type(input: &Input) -> &str {
    input.text("StorageType").unwrap_or(if input.has("Iops") { "io1" } else { "gp2" })
}

/// A monitoring role has to be there and to trust the service.
pub(super) fn monitoring(call: &Call<'_>, input: &Input) -> Result<(), Refusal> {
    let role = input.text_or_empty("MonitoringRoleArn");
    if input.integer("MonitoringInterval").unwrap_or_default() == 0 {
        return Ok(());
    }
    if role.is_empty() {
        return Err(mismatch(
            "A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.",
        ));
    }
    let usable = iam::role_visible(call.world, &call.place, role)
        && iam::role_trusts(call.world, &call.place, role, "monitoring.rds.amazonaws.com");
    let text = "IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING";
    if usable { Ok(()) } else { Err(invalid(text)) }
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

/// The security groups that are named, or the default one of the VPC.
pub(super) fn security_groups(call: &mut Call<'_>, input: &Input, vpc: &str) -> Result<Vec<String>, Refusal> {
    let groups = input.texts("VpcSecurityGroupIds");
    for group in &groups {
        match ec2::group_vpc(call.region(), group) {
            None => return Err(invalid(format!("Invalid security group , groupId= {group}, groupName=."))),
            Some(of) if of != vpc => {
                let text = format!(
                    "The DB instance and EC2 security group are in different VPCs. The DB instance is in {vpc} and the EC2 security group is in {of}"
                );
                return Err(mismatch(text));
            }
            Some(_) => {}
        }
    }
    if groups.is_empty() { Ok(ec2::default_group(call.region(), vpc).into_iter().collect()) } else { Ok(groups) }
}

/// The parameter and option groups that belong to a version, or those that were asked for.
pub(super) fn groups_of(
    fields: &mut Map<String, Value>,
    engine: &str,
    version: &str,
    parameters: Option<&str>,
    options: Option<&str>,
) {
    let family = engines::family(engine, version);
    let parameters = parameters.map_or_else(|| format!("default.{family}"), str::to_lowercase);
    let usual = format!("default:{engine}-{}", engines::major(engine, version).replace('.', "-"));
    let groups = json!([{"DBParameterGroupName": parameters, "ParameterApplyStatus": "in-sync"}]);
    fields.insert("DBParameterGroups".to_owned(), groups);
    let options = json!([{"OptionGroupName": options.unwrap_or(&usual), "Status": "in-sync"}]);
    fields.insert("OptionGroupMemberships".to_owned(), options);
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
        super::parameters::check(call, group)?;
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
    instances::shown(call, &name)
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

/// The secret that keeps the password.
pub(super) fn secret(call: &mut Call<'_>, input: &Input, name: &str) -> Value {
    let id = call.world.ids.uuid();
    let owner = call.arn("rds", &format!("db:{name}"));
    let place = call.place.clone();
    let arn = secrets::create_owned(call.world, &place, &format!("rds!db-{id}"), &owner);
    let key = place.key(input.text("MasterUserSecretKmsKeyId").unwrap_or("alias/aws/secretsmanager"));
    json!({"SecretArn": arn, "SecretStatus": "active", "KmsKeyId": key})
}
