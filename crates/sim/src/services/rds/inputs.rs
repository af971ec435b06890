//! What creations and changes of RDS have in common: names, passwords, storage, groups and roles that a request gives. Knows no
//! operation.

use serde_json::{Map, Value, json};

use super::engines::{self};
use super::{invalid, mismatch};
use crate::call::{Call, Input, Members, Refusal};
use crate::services::{ec2, iam, secrets};

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

/// The secret that keeps the password.
pub(super) fn secret(call: &mut Call<'_>, input: &Input, name: &str) -> Value {
    let id = call.world.ids.uuid();
    let owner = call.arn("rds", &format!("db:{name}"));
    let place = call.place.clone();
    let arn = secrets::create_owned(call.world, &place, &format!("rds!db-{id}"), &owner);
    let key = place.key(input.text("MasterUserSecretKmsKeyId").unwrap_or("alias/aws/secretsmanager"));
    json!({"SecretArn": arn, "SecretStatus": "active", "KmsKeyId": key})
}
