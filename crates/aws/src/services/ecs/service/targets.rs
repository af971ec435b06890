//! Whether a service's targets can serve: every target group that it registers in has at least as many healthy targets as it
//! wants tasks. Asks for the tasks only where a group has more healthy targets than these. Does not decide when to ask.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::error::CloudError;
use evenkeel_core::snapshot::Live;
use serde_json::{Value, json};

use super::{ingress, stages};
use crate::call::raw::exchange;
use crate::client::Aws;
use crate::services::ecs::read::deployments::{self, count, primary};
use crate::services::ecs::read::{items, side_by_side, text};

/// How many tasks `DescribeTasks` takes at once.
const TASKS: usize = 100;

/// A target as the load balancer sees it.
#[derive(Clone, Debug)]
struct Target {
    id: String,
    healthy: bool,
    /// `initial: Elb.InitialHealthChecking`.
    state: String,
}

/// Target groups by ARN, with how many healthy targets each should have. Two between which ECS moves the traffic of a service are
/// one: which of them the tasks are in changes with each deployment.
pub(super) type Groups = BTreeMap<Vec<String>, u64>;

/// Which tasks count, where a group has targets of others as well.
pub(super) struct Tasks<'s> {
    cluster: &'s str,
    service: &'s str,
    /// The deployment that started them; any of the service if it is not known.
    deployment: Option<&'s str>,
}

impl<'s> Tasks<'s> {
    /// The tasks that the service's last deployment started.
    pub(super) fn of(service: &'s Value) -> Self {
        let deployment = primary(service).map(|primary| text(primary, "id"));
        Self { cluster: text(service, "clusterArn"), service: text(service, "serviceName"), deployment }
    }
}

/// The groups of a service as AWS describes it; none if it wants no tasks.
pub(super) fn groups(service: &Value) -> Groups {
    counted(items(service, "loadBalancers").iter().map(stages::groups), count(service, "desiredCount"))
}

fn counted<'a>(balancers: impl Iterator<Item = Vec<&'a str>>, desired: u64) -> Groups {
    let mut groups = Groups::new();
    for arns in balancers.filter(|arns| !arns.is_empty() && desired > 0) {
        // A service may register two ports of each task in one group.
        *groups.entry(arns.into_iter().map(str::to_owned).collect()).or_default() += desired;
    }
    groups
}

/// What a service that was read, and is done as far as ECS is concerned, lacks all the same.
///
/// # Errors
/// As [`lacking`].
pub(super) async fn lacking_as_read(aws: &Aws, live: &Live) -> Result<Option<String>, CloudError> {
    let arns = items(&live.have, "load_balancers").iter().map(|balancer| {
        let alternate = balancer.pointer("/shifts/alternate").and_then(Value::as_str).unwrap_or_default();
        [text(balancer, "target_group"), alternate].into_iter().filter(|arn| !arn.is_empty()).collect()
    });
    let desired = count(&live.have, "desired_count");
    let mut groups = counted(arns, desired);
    groups.extend(ingress::groups(live, desired));
    let tasks = Tasks { cluster: text(&live.have, "cluster"), service: &live.name, deployment: None };
    let Some(lacking) = lacking(aws, &tasks, groups).await? else { return Ok(None) };
    let service = json!({ "clusterArn": tasks.cluster, "serviceArn": live.id });
    Ok(registers(aws, &service).await?.then_some(lacking))
}

/// Whether the endpoint registers targets at all. One without service deployments (some emulators) does not, and would be
/// waited for in vain.
///
/// # Errors
/// Of the reads of service deployments.
pub(super) async fn registers(aws: &Aws, service: &Value) -> Result<bool, CloudError> {
    Ok(deployments::newest(aws, &[service]).await.pop().transpose()?.flatten().is_some())
}

/// What is still lacking, for a person: `0 of 1 targets healthy in web (unhealthy: Target.FailedHealthChecks)`; none if every
/// group has its healthy targets.
///
/// # Errors
/// Any error of `elb:DescribeTargetHealth`; of the tasks' reads if they are needed.
pub(super) async fn lacking(aws: &Aws, tasks: &Tasks<'_>, groups: Groups) -> Result<Option<String>, CloudError> {
    let health = side_by_side(groups.keys().map(|groups| health_of(aws, groups)).collect()).await;
    let mut own: Option<BTreeSet<String>> = None;
    for ((group, wanted), targets) in groups.into_iter().zip(health) {
        let targets = targets?;
        let mut healthy = number(targets.iter().filter(|target| target.healthy).count());
        if healthy > wanted {
            let own = match &mut own {
                Some(own) => own,
                none => none.insert(addresses(aws, tasks).await?),
            };
            // Targets on instances are not told by an address of a task.
            if targets.iter().any(|target| own.contains(&target.id)) {
                healthy = number(targets.iter().filter(|target| target.healthy && own.contains(&target.id)).count());
            }
        }
        if healthy < wanted {
            let states: BTreeSet<&str> =
                targets.iter().filter(|target| !target.healthy).map(|target| target.state.as_str()).collect();
            let states = states.into_iter().collect::<Vec<_>>().join(", ");
            let states = if states.is_empty() { String::new() } else { format!(" ({states})") };
            return Ok(Some(format!("{healthy} of {wanted} targets healthy in {}{states}", named(&group))));
        }
    }
    Ok(None)
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// The name in `…:targetgroup/web/0123456789abcdef`.
fn name(arn: &str) -> &str {
    arn.split('/').nth(1).unwrap_or(arn)
}

/// `web`, or `blue or green`.
fn named(groups: &[String]) -> String {
    groups.iter().map(|group| name(group)).collect::<Vec<_>>().join(" or ")
}

async fn health_of(aws: &Aws, groups: &[String]) -> Result<Vec<Target>, CloudError> {
    let found = side_by_side(groups.iter().map(|group| health(aws, group)).collect()).await;
    let mut all = Vec::new();
    for targets in found {
        all.extend(targets?);
    }
    Ok(all)
}

async fn health(aws: &Aws, group: &str) -> Result<Vec<Target>, CloudError> {
    let request = || aws.elb().describe_target_health().target_group_arn(group).send();
    let reply = aws.caller.send("elb:DescribeTargetHealth", request).await?;
    let targets = reply.target_health_descriptions().iter().filter_map(|found| {
        let health = found.target_health()?;
        let state = health.state()?.as_str();
        let reason = health.reason().map_or("", |reason| reason.as_str());
        Some(Target {
            id: found.target().and_then(|target| target.id()).unwrap_or_default().to_owned(),
            healthy: state == "healthy",
            state: format!("{state}: {reason}").trim_end_matches([':', ' ']).to_owned(),
        })
    });
    Ok(targets.collect())
}

/// The addresses of the tasks that count.
async fn addresses(aws: &Aws, tasks: &Tasks<'_>) -> Result<BTreeSet<String>, CloudError> {
    let mut arns: Vec<Value> = Vec::new();
    let mut token = Value::Null;
    loop {
        let mut body = json!({ "cluster": tasks.cluster, "serviceName": tasks.service });
        if token.is_string() {
            body["nextToken"] = token;
        }
        let reply = exchange!(aws, "ecs:ListTasks", ecs.list_tasks, &body)?;
        arns.extend(items(&reply, "taskArns").iter().cloned());
        token = reply["nextToken"].clone();
        if token.as_str().is_none_or(str::is_empty) {
            break;
        }
    }
    let mut found = BTreeSet::new();
    for batch in arns.chunks(TASKS) {
        let body = json!({ "cluster": tasks.cluster, "tasks": batch });
        let reply = exchange!(aws, "ecs:DescribeTasks", ecs.describe_tasks, &body)?;
        let counts = |task: &&Value| tasks.deployment.is_none_or(|id| text(task, "startedBy") == id);
        let own = items(&reply, "tasks").iter().filter(counts);
        let details = own.flat_map(|task| items(task, "attachments")).flat_map(|it| items(it, "details"));
        let addresses = details.filter(|detail| text(detail, "name") == "privateIPv4Address");
        found.extend(addresses.map(|detail| text(detail, "value").to_owned()));
    }
    Ok(found)
}
