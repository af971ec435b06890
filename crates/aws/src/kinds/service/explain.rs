//! Why a deployment failed: the service's latest events, why its tasks stopped, and what the load balancer says of its targets.
//! Only adds words to a verdict that stands already, so whatever cannot be read is left out.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::cloud::Waiting;
use serde_json::{Value, json};

use crate::call::raw::exchange;
use crate::client::Aws;
use crate::read::ecs::{self, items, text};

/// How many events are told.
const LATEST: usize = 5;
/// How many stopped tasks `DescribeTasks` takes at once.
const TASKS: usize = 100;

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
    let failed = events.iter().find_map(|event| failed_deployment(event));
    let mut lines = vec![why.to_owned()];
    lines.extend(telling(&events, failed).map(|event| format!("event: {event}")));
    lines.extend(alike(of_deployment(&tasks, failed).flat_map(reasons)));
    lines.extend(targets);
    lines.join("\n")
}

/// Events of everyday life, by parts of their texts: they explain no failure.
const EVERYDAY: &[&str] =
    &["has started", "has stopped", "has reached a steady state", "registered", "has begun draining", "completed."];

/// The latest events that say something of that deployment's failure; ECS gives the newest first.
fn telling<'e>(events: &'e [&'e str], failed: Option<&'e str>) -> impl Iterator<Item = &'e str> {
    let earlier = move |event: &&str| failed_deployment(event).is_some_and(|other| Some(other) != failed);
    let latest = events.iter().copied().take_while(move |event| !earlier(event));
    latest.filter(|event| !EVERYDAY.iter().any(|part| event.contains(part))).take(LATEST)
}

/// The deployment that an event says has failed: `ecs-svc/1`.
fn failed_deployment(event: &str) -> Option<&str> {
    let (before, _) = event.split_once(") deployment failed")?;
    before.rsplit_once("(deployment ").map(|(_, id)| id)
}

/// The stopped tasks of a service.
async fn stopped(aws: &Aws, cluster: &str, service: &str) -> Vec<Value> {
    let listed = json!({ "cluster": cluster, "serviceName": service, "desiredStatus": "STOPPED" });
    let Ok(listed) = exchange!(aws, "ecs:ListTasks", list_tasks, &listed) else { return Vec::new() };
    let arns: Vec<&Value> = items(&listed, "taskArns").iter().take(TASKS).collect();
    if arns.is_empty() {
        return Vec::new();
    }
    let body = json!({ "cluster": cluster, "tasks": arns });
    let Ok(reply) = exchange!(aws, "ecs:DescribeTasks", describe_tasks, &body) else { return Vec::new() };
    items(&reply, "tasks").to_vec()
}

/// The tasks that a deployment started, or all if it is not known which tasks those are.
fn of_deployment<'t>(tasks: &'t [Value], id: Option<&'t str>) -> impl Iterator<Item = &'t Value> {
    let own = move |task: &Value| id.is_some_and(|id| text(task, "startedBy") == id);
    let some = tasks.iter().any(own);
    tasks.iter().filter(move |task| !some || own(task))
}

/// Each reason once, although ids of tasks and requests differ, with how often there was one like it.
fn alike(reasons: impl Iterator<Item = String>) -> Vec<String> {
    let mut found: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for reason in reasons {
        let is_id = |word: &str| word.len() >= 8 && word.contains(|c: char| c.is_ascii_digit());
        let words = reason.split(|c: char| !(c.is_ascii_hexdigit() || c == '-'));
        let key = words.filter(|word| !is_id(word)).collect::<Vec<_>>().join(" ");
        found.entry(key).or_insert((reason, 0)).1 += 1;
    }
    let told = |(reason, times): (String, usize)| {
        if times > 1 { format!("{reason} ({times} times)") } else { reason }
    };
    found.into_values().map(told).collect()
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
        assert_eq!(telling(&events, Some("ecs-svc/2")).collect::<Vec<_>>(), [events[0], events[2]]);
        let again =
            ["(service web) (deployment ecs-svc/3) deployment failed: tasks failed to start.", events[0], events[2]];
        assert_eq!(failed_deployment(again[0]), Some("ecs-svc/3"));
        assert_eq!(
            telling(&again, Some("ecs-svc/3")).collect::<Vec<_>>(),
            again[..2],
            "what failed before that is another story"
        );
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
    fn tasks_of_the_failed_deployment_are_told_and_those_alike_once() {
        let task = |id: &str, request: &str| json!({ "startedBy": id, "stoppedReason": format!("denied, request id: {request}") });
        let tasks = [
            task("ecs-svc/1", "eba8f8f5-bc77-459b-a72c-5d6f56c2a304"),
            task("ecs-svc/2", "37f7f9a7-7fcd-4bfb-9a5c-a8090c215561"),
            task("ecs-svc/2", "0ff0c2f7-6486-43d7-b300-e7c55b7b990e"),
        ];
        let told = |id| alike(of_deployment(&tasks, id).flat_map(reasons));
        let text = "stopped task: denied, request id: 37f7f9a7-7fcd-4bfb-9a5c-a8090c215561 (2 times)";
        assert_eq!(told(Some("ecs-svc/2")), [text]);
        assert!(told(None)[0].ends_with("(3 times)"));
        assert!(told(Some("ecs-svc/9"))[0].ends_with("(3 times)"), "rather too much than nothing");
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
