//! Why a service is not there yet, or has failed: its latest events, why its tasks stopped, and what the load balancer says of
//! its targets. Adds words to a verdict that stands already, so whatever cannot be read is left out; and ends a wait that cannot
//! end well: nothing ever starts where there is nowhere to run, or what every task lacks does not come by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use evenkeel_core::snapshot::Readiness;
use serde_json::{Value, json};

use super::{stages, verdict};
use crate::call::raw::exchange;
use crate::client::Aws;
use crate::services::ecs::read::deployments::{count, created, primary};
use crate::services::ecs::read::{items, text};

/// How long targets of a group drain, seconds, by the group's ARN: only for words, and asked for once.
#[derive(Debug, Default)]
struct Drains(Mutex<BTreeMap<String, Option<u64>>>);

/// How many events are told.
const LATEST: usize = 5;
/// How many stopped tasks `DescribeTasks` takes at once.
const TASKS: usize = 100;
/// How many tasks have to fail alike before nothing else is expected of the next one.
const ENOUGH: usize = 3;

/// The verdict with its reasons, one a line; `awaited` is the deployment that was to bring it about, if there was one. What an
/// earlier one failed of explains nothing here.
pub(super) async fn failure(aws: &Aws, service: &Value, awaited: Option<&str>, why: &str) -> String {
    let groups: Vec<String> =
        items(service, "loadBalancers").iter().flat_map(stages::groups).map(str::to_owned).collect();
    let (tasks, targets) = futures::join!(stopped(aws, service), unhealthy(aws, &groups));
    let events = items(service, "events");
    let failed = events.iter().find_map(|event| failed_deployment(text(event, "message")));
    let id = awaited.or(failed).or_else(|| primary(service).map(|primary| text(primary, "id"))).unwrap_or_default();
    let began = began(service, id);
    let events: Vec<&str> =
        events.iter().filter(|event| created(event) >= began).map(|event| text(event, "message")).collect();
    let mut lines = vec![why.to_owned()];
    lines.extend(telling(&events, Some(id)).map(|event| format!("event: {event}")));
    lines.extend(alike(of_deployment(&tasks, id, began).flat_map(reasons)).into_iter().map(times));
    lines.extend(targets);
    lines.join("\n")
}

/// What is awaited, with what is in the way; a failure if that does not go away by itself.
pub(super) async fn pending(aws: &Aws, service: &Value, what: String) -> Readiness {
    if verdict::drains(service) && what == verdict::progress(service, None) {
        return Readiness::Pending(verdict::progress(service, drain(aws, service).await));
    }
    // Tasks of before run on until the new ones do.
    if verdict::new_and_old(service).0 >= count(service, "desiredCount") {
        return Readiness::Pending(what);
    }
    let trouble = trouble(service);
    if let Some(event) = trouble.filter(|event| is_nowhere(service, event)) {
        let why =
            format!("{what}; the cluster has no container instances to run on, and no capacity provider adds any");
        return Readiness::Failed(format!("{why}\nevent: {event}"));
    }
    let deployment = primary(service);
    let failing = deployment.is_none_or(|it| count(it, "failedTasks") > 0 || text(it, "rolloutState") == "COMPLETED");
    let id = deployment.map_or("", |deployment| text(deployment, "id"));
    let tasks = if failing { stopped(aws, service).await } else { Vec::new() };
    let stops = alike(of_deployment(&tasks, id, began(service, id)).flat_map(reasons));
    if let Some(lasting) = stops.iter().find(|(reason, times)| *times >= ENOUGH && lasts(reason))
        && !has_breaker(service)
    {
        let why =
            format!("{what}; its tasks keep failing in the same way, and no circuit breaker stops the deployment");
        return Readiness::Failed(format!("{why}\n{}", times(lasting.clone())));
    }
    let told = stops.into_iter().map(times).chain(trouble.map(str::to_owned)).next();
    Readiness::Pending(told.map_or(what.clone(), |told| format!("{what}; {told}")))
}

/// The newest event since the deployment began that says what keeps tasks from starting.
fn trouble(service: &Value) -> Option<&str> {
    let began = primary(service).map_or(0.0, created);
    let recent = items(service, "events").iter().filter(|event| created(event) >= began);
    recent.map(|event| text(event, "message")).find(|message| message.contains("unable to"))
}

/// Whether there is nowhere to run, and no capacity provider that would see to that.
fn is_nowhere(service: &Value, event: &str) -> bool {
    text(service, "launchType") == "EC2" && event.contains("No Container Instances were found")
}

fn has_breaker(service: &Value) -> bool {
    let path = "/deploymentConfiguration/deploymentCircuitBreaker/enable";
    let watched = primary(service).is_some_and(|primary| text(primary, "rolloutState") == "IN_PROGRESS");
    watched && service.pointer(path).and_then(Value::as_bool) == Some(true)
}

/// Whether a reason says that something is not there or not allowed, which another try does not mend.
fn lasts(reason: &str) -> bool {
    let of_start = ["CannotPull", "ResourceInitializationError", "unable to assume", "log group does not exist"];
    let missing = ["not found", "NotFound", "does not exist", "AccessDenied", "not authorized", "denied", "assume"];
    of_start.iter().any(|part| reason.contains(part)) && missing.iter().any(|part| reason.contains(part))
}

/// The longest deregistration delay of the service's target groups, seconds; asked for once in a run.
async fn drain(aws: &Aws, service: &Value) -> Option<u64> {
    let mut longest = None;
    let drains = aws.memory::<Drains>();
    for balancer in items(service, "loadBalancers") {
        let group = text(balancer, "targetGroupArn");
        let known = drains.0.lock().ok().and_then(|drains| drains.get(group).copied());
        let delay = match known {
            Some(delay) => delay,
            None => {
                let request = || aws.elb().describe_target_group_attributes().target_group_arn(group).send();
                let reply = aws.caller.send("elb:DescribeTargetGroupAttributes", request).await;
                let delay = reply.ok().and_then(|reply| {
                    let attributes = reply.attributes().iter();
                    let mut found = attributes.filter(|it| it.key() == Some("deregistration_delay.timeout_seconds"));
                    found.next()?.value()?.parse().ok()
                });
                if let Ok(mut drains) = drains.0.lock() {
                    drains.insert(group.to_owned(), delay);
                }
                delay
            }
        };
        longest = longest.max(delay);
    }
    longest
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
async fn stopped(aws: &Aws, service: &Value) -> Vec<Value> {
    let cluster = text(service, "clusterArn");
    let listed = json!({ "cluster": cluster, "serviceName": text(service, "serviceName"), "desiredStatus": "STOPPED" });
    let Ok(listed) = exchange!(aws, "ecs:ListTasks", ecs.list_tasks, &listed) else { return Vec::new() };
    let arns: Vec<&Value> = items(&listed, "taskArns").iter().take(TASKS).collect();
    if arns.is_empty() {
        return Vec::new();
    }
    let body = json!({ "cluster": cluster, "tasks": arns });
    let Ok(reply) = exchange!(aws, "ecs:DescribeTasks", ecs.describe_tasks, &body) else { return Vec::new() };
    items(&reply, "tasks").to_vec()
}

/// The tasks that a deployment started; those of which nobody says which one did (some emulators do not) by their time.
fn of_deployment<'t>(tasks: &'t [Value], id: &'t str, began: f64) -> impl Iterator<Item = &'t Value> {
    tasks.iter().filter(move |task| match text(task, "startedBy") {
        "" => created(task) >= began,
        by => by == id,
    })
}

/// When a deployment of the service began, as far as the service still tells; else the beginning of time.
fn began(service: &Value, id: &str) -> f64 {
    items(service, "deployments").iter().find(|deployment| text(deployment, "id") == id).map_or(0.0, created)
}

/// Each reason once, although ids of tasks and requests differ, with how often there was one like it.
pub(super) fn alike(reasons: impl Iterator<Item = String>) -> Vec<(String, usize)> {
    let mut found: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for reason in reasons {
        found.entry(without_ids(&reason)).or_insert((reason, 0)).1 += 1;
    }
    found.into_values().collect()
}

/// Whether two reasons differ in ids alone.
pub(super) fn is_alike(one: &str, other: &str) -> bool {
    without_ids(one) == without_ids(other)
}

fn without_ids(reason: &str) -> String {
    let is_id = |word: &str| word.len() >= 8 && word.contains(|c: char| c.is_ascii_digit());
    let words = reason.split(|c: char| !(c.is_ascii_hexdigit() || c == '-'));
    words.filter(|word| !is_id(word)).collect::<Vec<_>>().join(" ")
}

fn times((reason, times): (String, usize)) -> String {
    if times > 1 { format!("{reason} ({times} times)") } else { reason }
}

/// How ECS says that it stopped a task because another deployment, or another count, wanted it.
const SCALED: &str = "Scaling activity initiated by";

/// Why a task stopped that was to run, in ECS's words; nothing of one that was to stop.
pub(super) fn reasons(task: &Value) -> Vec<String> {
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
            .send("elb:DescribeTargetHealth", move || aws.elb().describe_target_health().target_group_arn(group).send())
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
        let told =
            |id| alike(of_deployment(&tasks, id, 0.0).flat_map(reasons)).into_iter().map(times).collect::<Vec<_>>();
        let text = "stopped task: denied, request id: 37f7f9a7-7fcd-4bfb-9a5c-a8090c215561 (2 times)";
        assert_eq!(told("ecs-svc/2"), [text]);
        assert!(told("ecs-svc/9").is_empty(), "what others failed of is not its reason");
        let unmarked =
            [json!({ "createdAt": 5.0, "stoppedReason": "old" }), json!({ "createdAt": 9.0, "stoppedReason": "new" })];
        let told: Vec<String> = of_deployment(&unmarked, "ecs-svc/2", 7.0).flat_map(reasons).collect();
        assert_eq!(told, ["stopped task: new"]);
    }

    #[test]
    fn only_what_another_try_does_not_mend_lasts() {
        for lasting in [
            "stopped task: CannotPullContainerError: pull access denied, repository does not exist",
            "stopped task: ResourceInitializationError: unable to pull secrets: AccessDeniedException",
            "stopped task: ECS was unable to assume the role 'arn:aws:iam::1:role/x'",
        ] {
            assert!(lasts(lasting), "{lasting}");
        }
        for passing in [
            "stopped task: CannotPullContainerError: i/o timeout",
            "container web: exit code 1",
            "stopped task: Essential container in task exited",
        ] {
            assert!(!lasts(passing), "{passing}");
        }
    }

    #[test]
    fn nowhere_to_run_is_told_only_of_this_deployment_and_only_where_nothing_comes() {
        let text = "(service web) was unable to place a task because no container instance met all of its requirements. \
                    Reason: No Container Instances were found in your cluster.";
        let mut service = json!({
            "launchType": "EC2", "events": [{ "createdAt": 20.0, "message": text }],
            "deployments": [{ "status": "PRIMARY", "createdAt": 10.0 }],
        });
        assert!(trouble(&service).is_some_and(|event| is_nowhere(&service, event)));
        service["launchType"] = Value::Null;
        assert!(!is_nowhere(&service, text), "a capacity provider brings instances");
        service["deployments"][0]["createdAt"] = 30.0.into();
        assert_eq!(trouble(&service), None, "that was before");
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
