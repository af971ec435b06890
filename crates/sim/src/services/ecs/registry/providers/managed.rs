//! What ECS refuses of a capacity provider of managed instances: roles that it may not assume (yet), profiles without a role, networks
//! that are not there. Changes nothing.

use serde_json::{Map, Value};

use super::super::super::checks::{client, invalid};
use crate::call::{Call, Members, Refusal};
use crate::services::{ec2, iam};

/// The longest that ECS waits before it moves tasks off idle instances, in seconds.
const LONGEST: i64 = 3600;

/// Whether what is given of one (all of it, or what changes) can be.
///
/// # Errors
/// The first thing that cannot.
pub(super) fn check(call: &mut Call<'_>, given: &Map<String, Value>) -> Result<(), Refusal> {
    if let Some(role) = given.text("infrastructureRoleArn") {
        let place = call.place.clone();
        let trusted = iam::role_visible(call.world, &place, role)
            && iam::role_trusts(call.world, &place, role, "ecs.amazonaws.com");
        if !trusted {
            let text = format!(
                "Caught ServiceAccessDeniedException for ECSInfrastructureRole. Amazon ECS was unable to assume the role '{role}'."
            );
            return Err(client(text));
        }
    }
    let launch = given.map("instanceLaunchTemplate").cloned().unwrap_or_default();
    if let Some(profile) = launch.text("ec2InstanceProfileArn")
        && !iam::profile_with_role(call.world, &call.place.clone(), profile)
    {
        return Err(client(format!("Invalid IAM Instance Profile: {profile}")));
    }
    if let Some(wires) = launch.map("networkConfiguration") {
        network(call, wires)?;
    }
    let requirements = launch.map("instanceRequirements").cloned().unwrap_or_default();
    if !requirements.list("allowedInstanceTypes").is_empty() && !requirements.list("excludedInstanceTypes").is_empty() {
        return Err(invalid("Specify allowedInstanceTypes or excludedInstanceTypes, not both."));
    }
    let after = given.map("infrastructureOptimization").and_then(|it| it.integer("scaleInAfter"));
    if !after.is_none_or(|secs| (-1..=LONGEST).contains(&secs)) {
        return Err(invalid("scaleInAfter must be -1, or between 0 and 3600."));
    }
    Ok(())
}

fn network(call: &mut Call<'_>, wires: &Map<String, Value>) -> Result<(), Refusal> {
    let (subnets, groups) = (wires.texts("subnets"), wires.texts("securityGroups"));
    if subnets.is_empty() {
        return Err(invalid("subnets can not be empty."));
    }
    let region = call.region();
    let mut vpc = None;
    for id in &subnets {
        let Some(facts) = ec2::subnet(region, id) else {
            return Err(invalid(format!("The subnet ID '{id}' does not exist")));
        };
        if vpc.get_or_insert_with(|| facts.vpc.clone()) != &facts.vpc {
            return Err(invalid("All the subnets must belong to the same VPC."));
        }
    }
    for id in &groups {
        if ec2::group_vpc(region, id) != vpc {
            return Err(invalid(format!("The security group '{id}' does not exist in the VPC of the subnets")));
        }
    }
    Ok(())
}
