//! Whether a service's targets can serve: where it registers in several target groups, every one has at least as many healthy
//! targets as the service wants tasks. Asked once a deployment has succeeded; asks for the tasks only where a group has more
//! healthy targets than these. Decides nothing else.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::error::CloudError;
use serde_json::{Value, json};

use super::verdict;
use crate::call::raw::exchange;
use crate::client::Aws;
use crate::services::ecs::read::deployments::{count, primary};
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

/// What is still lacking, for a person; none if every group has its healthy targets, or none is wanted.
///
/// # Errors
/// Any error of `elb:DescribeTargetHealth`; of the tasks' reads if they are needed.
pub(super) async fn lacking(aws: &Aws, service: &Value) -> Result<Option<String>, CloudError> {
    let desired = count(service, "desiredCount");
    let mut groups: BTreeMap<&str, u64> = BTreeMap::new();
    for balancer in items(service, "loadBalancers") {
        // A service may register two ports of each task in one group.
        *groups.entry(text(balancer, "targetGroupArn")).or_default() += desired;
    }
    groups.retain(|group, wanted| !group.is_empty() && *wanted > 0);
    // ECS itself waits for the health checks of the one group that a service has. With several, traffic is about to move from
    // one to another, and each has to be seen to serve.
    if groups.len() < 2 {
        return Ok(None);
    }
    let health = side_by_side(groups.keys().map(|group| health(aws, group)).collect()).await;
    let mut own: Option<BTreeSet<String>> = None;
    for ((group, wanted), targets) in groups.into_iter().zip(health) {
        let targets = targets?;
        let mut healthy = number(targets.iter().filter(|target| target.healthy).count());
        if healthy > wanted {
            let own = match &mut own {
                Some(own) => own,
                none => none.insert(addresses(aws, service).await?),
            };
            // Targets on instances are not told by an address of a task.
            if targets.iter().any(|target| own.contains(&target.id)) {
                healthy = number(targets.iter().filter(|target| target.healthy && own.contains(&target.id)).count());
            }
        }
        if healthy < wanted {
            let progress = verdict::progress(service, None);
            let states: BTreeSet<&str> =
                targets.iter().filter(|target| !target.healthy).map(|target| target.state.as_str()).collect();
            let states = states.into_iter().collect::<Vec<_>>().join(", ");
            let states = if states.is_empty() { String::new() } else { format!(" ({states})") };
            let group = name(group);
            return Ok(Some(format!("{progress}; {healthy} of {wanted} targets healthy in {group}{states}")));
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

/// The addresses of the tasks that the service's last deployment started.
async fn addresses(aws: &Aws, service: &Value) -> Result<BTreeSet<String>, CloudError> {
    let cluster = text(service, "clusterArn");
    let deployment = primary(service).map_or("", |primary| text(primary, "id"));
    let mut arns: Vec<Value> = Vec::new();
    let mut token = Value::Null;
    loop {
        let mut body = json!({ "cluster": cluster, "serviceName": text(service, "serviceName") });
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
        let body = json!({ "cluster": cluster, "tasks": batch });
        let reply = exchange!(aws, "ecs:DescribeTasks", ecs.describe_tasks, &body)?;
        let own = items(&reply, "tasks").iter().filter(|task| text(task, "startedBy") == deployment);
        let details = own.flat_map(|task| items(task, "attachments")).flat_map(|it| items(it, "details"));
        let addresses = details.filter(|detail| text(detail, "name") == "privateIPv4Address");
        found.extend(addresses.map(|detail| text(detail, "value").to_owned()));
    }
    Ok(found)
}
