//! Roles that belong to services: which service has which, how they come about and go.

use std::time::Duration;

use serde_json::json;

use super::common::{absent, iam, key};
use super::roles;
use super::state::Role;
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::world::{Place, World};

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("CreateServiceLinkedRole", create),
    ("DeleteServiceLinkedRole", delete),
    ("GetServiceLinkedRoleDeletionStatus", status),
];

/// Services, what follows `AWSServiceRoleFor` in the names of their roles, the policies, and whether a suffix is allowed.
const SERVICES: &[(&str, &str, &str, bool)] = &[
    ("ecs.amazonaws.com", "ECS", "AmazonECSServiceRolePolicy", false),
    ("ecs-compute.amazonaws.com", "ECSCompute", "AmazonECSComputeServiceRolePolicy", false),
    ("elasticloadbalancing.amazonaws.com", "ElasticLoadBalancing", "AWSElasticLoadBalancingServiceRolePolicy", false),
    ("rds.amazonaws.com", "RDS", "AmazonRDSServiceRolePolicy", false),
    (
        "ecs.application-autoscaling.amazonaws.com",
        "ApplicationAutoScaling_ECSService",
        "AWSApplicationAutoscalingECSServicePolicy",
        false,
    ),
    (
        "rds.application-autoscaling.amazonaws.com",
        "ApplicationAutoScaling_RDSCluster",
        "AWSApplicationAutoscalingRDSClusterPolicy",
        false,
    ),
    (
        "dynamodb.application-autoscaling.amazonaws.com",
        "ApplicationAutoScaling_DynamoDBTable",
        "AWSApplicationAutoscalingDynamoDBTablePolicy",
        false,
    ),
    (
        "lambda.application-autoscaling.amazonaws.com",
        "ApplicationAutoScaling_LambdaConcurrency",
        "AWSApplicationAutoscalingLambdaConcurrencyPolicy",
        false,
    ),
    (
        "elasticache.application-autoscaling.amazonaws.com",
        "ApplicationAutoScaling_ElastiCacheRG",
        "AWSApplicationAutoscalingElastiCacheRGPolicy",
        false,
    ),
    (
        "ec2.application-autoscaling.amazonaws.com",
        "ApplicationAutoScaling_EC2SpotFleetRequest",
        "AWSApplicationAutoscalingEC2SpotFleetRequestPolicy",
        false,
    ),
    ("autoscaling.amazonaws.com", "AutoScaling", "AutoScalingServiceRolePolicy", true),
    ("elasticache.amazonaws.com", "ElastiCache", "ElastiCacheServiceRolePolicy", false),
    ("eks.amazonaws.com", "AmazonEKS", "AmazonEKSServiceRolePolicy", false),
    ("acm.amazonaws.com", "CertificateManager", "CertificateManagerServiceRolePolicy", false),
    ("replication.ecr.amazonaws.com", "ECRReplication", "ECRReplicationServiceRolePolicy", false),
    ("spot.amazonaws.com", "EC2Spot", "AWSEC2SpotServiceRolePolicy", false),
    ("support.amazonaws.com", "Support", "AWSSupportServiceRolePolicy", false),
    ("trustedadvisor.amazonaws.com", "TrustedAdvisor", "AWSTrustedAdvisorServiceRolePolicy", false),
    ("events.amazonaws.com", "CloudWatchEvents", "CloudWatchEventsServiceRolePolicy", false),
    ("opensearchservice.amazonaws.com", "AmazonOpenSearchService", "AmazonOpenSearchServiceRolePolicy", false),
    ("ssm.amazonaws.com", "AmazonSSM", "AmazonSSMServiceRolePolicy", false),
    ("backup.amazonaws.com", "Backup", "AWSBackupServiceLinkedRolePolicyForBackup", false),
];

const DELETION: Duration = Duration::from_secs(3);

type Linked = &'static (&'static str, &'static str, &'static str, bool);

fn of(service: &str) -> Option<Linked> {
    SERVICES.iter().find(|(name, ..)| *name == service)
}

fn trust(service: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{service}"}},"Action":"sts:AssumeRole"}}]}}"#
    )
}

fn build(world: &mut World, place: &Place, linked: Linked, suffix: &str, description: Option<String>) -> Role {
    let (service, tail, policy, _) = linked;
    let name = format!("AWSServiceRoleFor{tail}{suffix}");
    let path = format!("/aws-service-role/{service}/");
    Role {
        arn: format!("arn:aws:iam::{}:role{path}{name}", place.account),
        path,
        id: format!("AROA{}", world.ids.upper(17)),
        created: world.now.whole(),
        trust: trust(service),
        description,
        longest_session: 3600,
        attached: vec![format!("arn:aws:iam::aws:policy/aws-service-role/{policy}")],
        linked: true,
        name,
        ..Role::default()
    }
}

/// Makes the role of a service unless it is there. Its ARN; for an unknown service, what it would be.
pub(super) fn ensure(world: &mut World, place: &Place, service: &str) -> String {
    let Some(linked) = of(service) else {
        return format!("arn:aws:iam::{}:role/aws-service-role/{service}/AWSServiceRole", place.account);
    };
    let name = key(&format!("AWSServiceRoleFor{}", linked.1));
    if let Some(role) = world.account(&place.account).iam.roles.get(&name) {
        return role.arn.clone();
    }
    let role = build(world, place, linked, "", None);
    let arn = role.arn.clone();
    world.account(&place.account).iam.roles.insert(name, role);
    arn
}

/// Whether the role of a service is missing because it was deleted.
pub(super) fn is_lost(world: &mut World, place: &Place, service: &str) -> bool {
    let Some(linked) = of(service) else { return false };
    let name = format!("AWSServiceRoleFor{}", linked.1);
    let iam = &world.account(&place.account).iam;
    !iam.roles.contains_key(&key(&name)) && iam.deletions.keys().any(|task| task.contains(&format!("/{name}/")))
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let service = input.text_or_empty("AWSServiceName");
    let linked = of(service)
        .ok_or_else(|| Refusal::new("InvalidInput", format!("Service Name {service} is invalid.")).status(400))?;
    let suffix = input.text("CustomSuffix").map(|suffix| format!("_{suffix}")).unwrap_or_default();
    if !suffix.is_empty() && !linked.3 {
        return Err(Refusal::new("InvalidInput", format!("Custom suffix is not allowed for {service}")).status(400));
    }
    let place = call.place.clone();
    let description = input.text("Description").map(str::to_owned);
    let role = build(call.world, &place, linked, &suffix, description);
    let iam = iam(call);
    if iam.roles.contains_key(&key(&role.name)) {
        let text =
            format!("Service role name {} has been taken in this account, please try a different suffix.", role.name);
        return Err(Refusal::new("InvalidInput", text).status(400));
    }
    let mut shown = role.core();
    shown["Description"] = role.description.clone().into();
    iam.roles.insert(key(&role.name), role);
    Ok(json!({ "Role": shown }))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("RoleName");
    let uuid = call.world.ids.uuid();
    let done = call.now().plus(DELETION);
    let iam = iam(call);
    let found = iam.roles.get(&key(name)).filter(|role| role.linked);
    let role = found.ok_or_else(|| absent(format!("The role with name {name} cannot be found.")))?;
    let task = format!("task{}{}/{uuid}", role.path, role.name);
    let (arn, id) = (role.arn.clone(), role.id.clone());
    iam.roles.remove(&key(name));
    roles::forget(iam, &arn, &id);
    iam.deletions.insert(task.clone(), done);
    Ok(json!({ "DeletionTaskId": task }))
}

fn status(call: &mut Call<'_>, input: &Input) -> Reply {
    let task = input.text_or_empty("DeletionTaskId");
    let now = call.now();
    let done = iam(call).deletions.get(task);
    let done = done.ok_or_else(|| absent(format!("The deletion task with id {task} cannot be found.")))?;
    Ok(json!({ "Status": if *done <= now { "SUCCEEDED" } else { "IN_PROGRESS" } }))
}
