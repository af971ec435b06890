//! How a stranger takes away what needs several calls to go. Requests that AWS refuses do nothing.

use evenkeel_sim::world::{Place, World};
use serde_json::json;

use super::{ask, list};

pub(super) fn unmake_gateway(world: &mut World, place: &Place, name: &str) {
    ask(world, place, "ecs.UpdateGateway", json!({ "gateway": name, "deletionProtection": false }));
    let ties = json!({ "gateway": name });
    for tie in list(world, place, "ecs.ListGatewayClusterAssociations", ties, "gatewayClusterAssociations") {
        let input = json!({ "gateway": name, "cluster": tie["clusterArn"] });
        ask(world, place, "ecs.DisassociateGatewayFromCluster", input);
    }
    ask(world, place, "ecs.DeleteGateway", json!({ "gateway": name }));
}

pub(super) fn unmake_database(world: &mut World, place: &Place, name: &str) {
    let input = json!({ "DBInstanceIdentifier": name, "DeletionProtection": false });
    ask(world, place, "rds.ModifyDBInstance", input);
    ask(world, place, "rds.DeleteDBInstance", json!({ "DBInstanceIdentifier": name, "SkipFinalSnapshot": true }));
}

pub(super) fn unmake_profile(world: &mut World, place: &Place, name: &str) {
    let input = json!({ "InstanceProfileName": name });
    let Some(found) = ask(world, place, "iam.GetInstanceProfile", input.clone()) else { return };
    for role in found["InstanceProfile"]["Roles"].as_array().into_iter().flatten() {
        let input = json!({ "InstanceProfileName": name, "RoleName": role["RoleName"] });
        ask(world, place, "iam.RemoveRoleFromInstanceProfile", input);
    }
    ask(world, place, "iam.DeleteInstanceProfile", input);
}

pub(super) fn unmake_role(world: &mut World, place: &Place, name: &str) {
    let input = json!({ "RoleName": name });
    for policy in list(world, place, "iam.ListAttachedRolePolicies", input.clone(), "AttachedPolicies") {
        let input = json!({ "RoleName": name, "PolicyArn": policy["PolicyArn"] });
        ask(world, place, "iam.DetachRolePolicy", input);
    }
    for policy in list(world, place, "iam.ListRolePolicies", input.clone(), "PolicyNames") {
        ask(world, place, "iam.DeleteRolePolicy", json!({ "RoleName": name, "PolicyName": policy }));
    }
    ask(world, place, "iam.DeleteRole", input);
}
