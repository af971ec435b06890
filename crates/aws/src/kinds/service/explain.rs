//! Why a deployment failed: the service's latest events, why its tasks stopped, and what the load balancer says of its targets.
//! Only adds words to a verdict that stands already, so whatever cannot be read is left out.

use std::collections::BTreeSet;

use evenkeel_core::cloud::Waiting;
use serde_json::{Value, json};

use crate::call::raw::exchange;
use crate::client::Aws;
use crate::read::ecs::{self, items, text};

/// How many events and how many stopped tasks are looked at.
const LATEST: usize = 5;

/// The verdict with its reasons, one a line.
pub(super) async fn failure(aws: &Aws, cluster: &str, wait: &Waiting, why: &str) -> String {
    let groups: Vec<String> = items(&wait.live.have, "load_balancers")
        .iter()
        .map(|balancer| text(balancer, "target_group").to_owned())
        .collect();
    let names = [wait.live.name.clone()];
    let (services, tasks, targets) = futures::join!(
        ecs::describe_services(aws, cluster, &names),
        stopped(aws, cluster, &wait.live.name),
        unhealthy(aws, &groups)
    );
    let services = services.unwrap_or_default();
    let events: Vec<&str> =
        services.iter().flat_map(|service| items(service, "events")).map(|event| text(event, "message")).collect();
    let mut lines = vec![why.to_owned()];
    lines.extend(telling(&events).map(|event| format!("event: {event}")));
    lines.extend(tasks.into_iter().chain(targets));
    lines.join("\n")
}

/// Events of everyday life, by parts of their texts: they explain no failure.
const EVERYDAY: &[&str] =
    &["has started", "has stopped", "has reached a steady state", "registered", "has begun draining", "completed."];

/// The latest events that say something of a failure.
fn telling<'e>(events: &'e [&'e str]) -> impl Iterator<Item = &'e str> {
    events.iter().copied().filter(|event| !EVERYDAY.iter().any(|part| event.contains(part))).take(LATEST)
}

/// Why tasks of the service stopped, each reason once.
async fn stopped(aws: &Aws, cluster: &str, service: &str) -> BTreeSet<String> {
    let listed = json!({ "cluster": cluster, "serviceName": service, "desiredStatus": "STOPPED" });
    let Ok(listed) = exchange!(aws, "ecs:ListTasks", list_tasks, &listed) else { return BTreeSet::new() };
    let arns: Vec<&Value> = items(&listed, "taskArns").iter().take(LATEST).collect();
    if arns.is_empty() {
        return BTreeSet::new();
    }
    let body = json!({ "cluster": cluster, "tasks": arns });
    let Ok(reply) = exchange!(aws, "ecs:DescribeTasks", describe_tasks, &body) else { return BTreeSet::new() };
    items(&reply, "tasks").iter().flat_map(reasons).collect()
}

/// How ECS says that it stopped a task because another deployment, or another count, wanted it.
const SCALED: &str = "Scaling activity initiated by";

fn reasons(task: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let why = text(task, "stoppedReason");
    // A task that was to stop explains nothing; what a container says is not said twice.
    let said = |container: &Value| text(container, "reason") == why;
    if !why.is_empty() && !why.starts_with(SCALED) && !items(task, "containers").iter().any(said) {
        found.push(format!("stopped task: {why}"));
    }
    for container in items(task, "containers").iter().filter(|_| !why.starts_with(SCALED)) {
        let code = container.get("exitCode").and_then(Value::as_i64).filter(|code| *code != 0);
        let reason = text(container, "reason");
        let name = text(container, "name");
        match (code, reason) {
            (None, "") => {}
            (None, reason) => found.push(format!("container {name}: {reason}")),
            (Some(code), "") => found.push(format!("container {name}: exit code {code}")),
            (Some(code), reason) => found.push(format!("container {name}: exit code {code}, {reason}")),
        }
    }
    found
}

/// What the load balancer says of targets that are not healthy, each thing once.
async fn unhealthy(aws: &Aws, groups: &[String]) -> BTreeSet<String> {
    let asked = groups.iter().map(|group| {
        aws.caller
            .send("elb:DescribeTargetHealth", move || aws.elb.describe_target_health().target_group_arn(group).send())
    });
    let replies = futures::future::join_all(asked).await;
    replies
        .iter()
        .flatten()
        .flat_map(|reply| reply.target_health_descriptions())
        .filter_map(|target| {
            let health = target.target_health()?;
            let state = health.state()?.as_str();
            // A target that is being registered or taken away is not a reason.
            if !matches!(state, "unhealthy" | "unavailable") {
                return None;
            }
            let id = target.target().map(|target| target.id().unwrap_or_default()).unwrap_or_default();
            let reason = health.reason().map(|reason| reason.as_str()).unwrap_or_default();
            let words = health.description().unwrap_or_default();
            Some(format!("target {id}: {state}, {reason} {words}").trim_end().to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyday_events_and_stops_are_left_out() {
        let events = [
            "(service web) rolling back to deployment ecs-svc/1.",
            "(service web) has started 2 tasks: (task 1) (task 2).",
            "(service web) (deployment ecs-svc/2) deployment failed: tasks failed to start.",
            "(service web) has reached a steady state.",
        ];
        assert_eq!(telling(&events).collect::<Vec<_>>(), [events[0], events[2]]);
        let scaled = json!({
            "stoppedReason": "Scaling activity initiated by (deployment ecs-svc/1)",
            "containers": [{ "name": "web", "exitCode": 143 }],
        });
        assert!(reasons(&scaled).is_empty());
        let same = json!({
            "stoppedReason": "CannotPullContainerError: not found",
            "containers": [{ "name": "web", "reason": "CannotPullContainerError: not found" }],
        });
        assert_eq!(reasons(&same), ["container web: CannotPullContainerError: not found"]);
    }

    #[test]
    fn a_stopped_task_tells_why() {
        let task = json!({
            "stoppedReason": "Essential container in task exited",
            "containers": [
                { "name": "web", "exitCode": 1 },
                { "name": "log", "exitCode": 0 },
                { "name": "xray", "reason": "CannotPullContainerError: not found" },
            ],
        });
        assert_eq!(
            reasons(&task),
            [
                "stopped task: Essential container in task exited",
                "container web: exit code 1",
                "container xray: CannotPullContainerError: not found",
            ]
        );
    }
}
