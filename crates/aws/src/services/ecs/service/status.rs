//! How services do, for a person who looks: tasks, deployment, latest events, why tasks stopped, and the health of targets. Asks in
//! batches, side by side. Changes nothing and gives no verdict on a deployment: that is in `verdict.rs`.

use std::collections::BTreeMap;

use evenkeel_core::error::CloudError;
use evenkeel_core::snapshot::Live;
use serde::Serialize;
use serde_json::{Value, json};

use super::explain;
use crate::call::raw::exchange;
use crate::client::Aws;
use crate::services::ecs::read::deployments::{count, created, primary};
use crate::services::ecs::read::{self, items, last, side_by_side, text};
use crate::services::elb::health::{self, Group};

/// How many events are shown.
const EVENTS: usize = 3;
/// How many tasks `DescribeTasks` takes at once.
const TASKS: usize = 100;

/// What one service does.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Doing {
    /// How many tasks there should be.
    pub desired: u64,
    /// How many run.
    pub running: u64,
    /// How many are on their way.
    pub pending: u64,
    /// The deployment that the service is going to.
    pub deployment: Option<Deployment>,
    /// How many deployments before it still have tasks.
    pub older_deployments: usize,
    /// The latest events, newest first, those with the same text as one.
    pub events: Vec<Event>,
    /// Why tasks stopped that were to run, newest first, those alike as one.
    pub stopped: Vec<Stopped>,
    /// Its target groups.
    pub target_groups: Vec<Group>,
}

/// A deployment.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Deployment {
    /// Its id: `ecs-svc/1`.
    pub id: String,
    /// `IN_PROGRESS`, `COMPLETED` or `FAILED`; empty where ECS does not say.
    pub state: String,
    /// ECS's own words on it.
    pub reason: String,
    /// When it began, seconds since 1970.
    pub began: f64,
    /// When it last changed, seconds since 1970.
    pub changed: f64,
    /// The revision that it brings: `web:7`.
    pub revision: String,
    /// How many of its tasks failed to start.
    pub failed: u64,
    /// What ECS said of the deployment before it, if it went back to this one because that failed.
    pub rolled_back: Option<String>,
}

/// An event of a service.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Event {
    /// When it last happened, seconds since 1970.
    pub at: f64,
    /// What ECS says, without the name of the service.
    pub message: String,
    /// How often it is among the events that ECS keeps.
    pub times: usize,
}

/// Tasks that stopped for one reason.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Stopped {
    /// When the last of them stopped, seconds since 1970; 0 where ECS does not say.
    pub at: f64,
    /// Why.
    pub reason: String,
    /// How many.
    pub times: usize,
}

/// What could not be read, and why: `target health of web`.
pub type Unread = (String, CloudError);

/// The name of the cluster of a live service.
pub fn cluster(live: &Live) -> &str {
    text(&live.have, "cluster")
}

/// The revision that a live service runs: `web:7`.
pub fn revision(live: &Live) -> &str {
    last(text(&live.have, "task_definition"))
}

/// What each service does, in order; `None` if it could not be read, or is gone since. And what could not be read.
pub async fn look(aws: &Aws, services: &[&Live]) -> (Vec<Option<Doing>>, Vec<Unread>) {
    let asked = services.iter().map(|live| async move {
        let groups: Vec<&str> = items(&live.have, "load_balancers").iter().map(|it| text(it, "target_group")).collect();
        futures::join!(stopped(aws, live), of_groups(aws, live, &groups))
    });
    let (described, beside) = futures::join!(describe(aws, services), side_by_side(asked.collect()));
    let mut unread = Vec::new();
    let mut found = Vec::new();
    for (live, (stopped, groups)) in services.iter().zip(beside) {
        let mut doing = match described.get(cluster(live)) {
            Some(Ok(all)) => all.iter().find(|service| text(service, "serviceName") == live.name).map(doing),
            Some(Err(_)) | None => None,
        };
        let mut note = |what: &str, error: CloudError| unread.push((format!("{what} of {}", live.name), error));
        if let Some(doing) = &mut doing {
            match stopped {
                Ok(stopped) => doing.stopped = stopped,
                Err(error) => note("stopped tasks", error),
            }
        }
        for group in groups {
            match group {
                Ok(group) => doing.iter_mut().for_each(|doing| doing.target_groups.push(group.clone())),
                Err(error) => note("target health", error),
            }
        }
        found.push(doing);
    }
    for (cluster, answer) in described {
        unread.extend(answer.err().map(|error| (format!("services of cluster {cluster}"), error)));
    }
    (found, unread)
}

/// The health of target groups; of two between which ECS moves the traffic, of the one that has targets.
async fn of_groups(aws: &Aws, live: &Live, groups: &[&str]) -> Vec<Result<Group, CloudError>> {
    let mut found = health::of_groups(aws, groups).await;
    for balancer in items(&live.have, "load_balancers") {
        let Some(other) = balancer.pointer("/shifts/alternate").and_then(Value::as_str) else { continue };
        let own = text(balancer, "target_group").split('/').nth(1).unwrap_or_default();
        let is_empty = |group: &Group| group.healthy == 0 && group.others.iter().all(|it| it.state == "draining");
        let empty = |group: &Result<Group, CloudError>| group.as_ref().is_ok_and(is_empty);
        let Some(place) =
            found.iter_mut().find(|group| empty(group) && group.as_ref().is_ok_and(|group| group.name == own))
        else {
            continue;
        };
        if let Some(Ok(group)) = health::of_groups(aws, &[other]).await.pop()
            && !is_empty(&group)
        {
            *place = Ok(group);
        }
    }
    found
}

/// The services as ECS describes them, by cluster.
async fn describe(aws: &Aws, services: &[&Live]) -> BTreeMap<String, Result<Vec<Value>, CloudError>> {
    let mut names: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for live in services {
        names.entry(cluster(live)).or_default().push(live.name.clone());
    }
    let asked = names.into_iter().map(|(cluster, names)| async move {
        (cluster.to_owned(), read::describe_services(aws, cluster, &names).await)
    });
    side_by_side(asked.collect()).await.into_iter().collect()
}

/// The newest stopped tasks of a service, with their reasons.
async fn stopped(aws: &Aws, live: &Live) -> Result<Vec<Stopped>, CloudError> {
    let tasks = tasks(aws, live, "STOPPED").await?;
    let mut found: Vec<Stopped> = Vec::new();
    // A container that ended by the signal to stop explains nothing.
    let own = |reason: &String| !reason.ends_with("exit code 143");
    for (reason, times) in explain::alike(tasks.iter().flat_map(explain::reasons).filter(own)) {
        let at = tasks.iter().filter(|task| explain::reasons(task).iter().any(|it| explain::is_alike(it, &reason)));
        let at = at.filter_map(|task| task.get("stoppedAt")?.as_f64()).fold(0.0, f64::max);
        found.push(Stopped { at, reason, times });
    }
    found.sort_by(|a, b| b.at.total_cmp(&a.at));
    Ok(found)
}

/// Tasks of a service that should run, or that have stopped: `RUNNING` or `STOPPED`.
///
/// # Errors
/// Any error of `ecs:ListTasks` and `ecs:DescribeTasks`.
pub async fn tasks(aws: &Aws, live: &Live, desired: &str) -> Result<Vec<Value>, CloudError> {
    let cluster = cluster(live);
    let body = json!({ "cluster": cluster, "serviceName": live.name, "desiredStatus": desired });
    let listed = exchange!(aws, "ecs:ListTasks", ecs.list_tasks, &body)?;
    let arns: Vec<&Value> = items(&listed, "taskArns").iter().take(TASKS).collect();
    if arns.is_empty() {
        return Ok(Vec::new());
    }
    let body = json!({ "cluster": cluster, "tasks": arns });
    let reply = exchange!(aws, "ecs:DescribeTasks", ecs.describe_tasks, &body)?;
    Ok(items(&reply, "tasks").to_vec())
}

/// All tasks of the cluster of a service, of whatever service, running and stopped.
///
/// # Errors
/// Any error of `ecs:ListTasks` and `ecs:DescribeTasks`.
pub async fn tasks_of_cluster(aws: &Aws, live: &Live) -> Result<Vec<Value>, CloudError> {
    let cluster = cluster(live);
    let mut arns: Vec<Value> = Vec::new();
    for desired in ["RUNNING", "STOPPED"] {
        let mut token = Value::Null;
        loop {
            let mut body = json!({ "cluster": cluster, "desiredStatus": desired });
            if token.is_string() {
                body["nextToken"] = token;
            }
            let page = exchange!(aws, "ecs:ListTasks", ecs.list_tasks, &body)?;
            arns.extend(items(&page, "taskArns").iter().cloned());
            token = page.get("nextToken").filter(|token| token.as_str() != Some("")).cloned().unwrap_or_default();
            if !token.is_string() {
                break;
            }
        }
    }
    let mut tasks = Vec::new();
    for batch in arns.chunks(TASKS) {
        let body = json!({ "cluster": cluster, "tasks": batch });
        let reply = exchange!(aws, "ecs:DescribeTasks", ecs.describe_tasks, &body)?;
        tasks.extend(items(&reply, "tasks").iter().cloned());
    }
    Ok(tasks)
}

fn doing(service: &Value) -> Doing {
    Doing {
        desired: count(service, "desiredCount"),
        running: count(service, "runningCount"),
        pending: count(service, "pendingCount"),
        deployment: primary(service).map(|primary| Deployment {
            id: text(primary, "id").to_owned(),
            state: text(primary, "rolloutState").to_owned(),
            reason: text(primary, "rolloutStateReason").to_owned(),
            began: created(primary),
            changed: primary.get("updatedAt").and_then(Value::as_f64).unwrap_or_else(|| created(primary)),
            revision: last(text(primary, "taskDefinition")).to_owned(),
            failed: count(primary, "failedTasks"),
            rolled_back: rolled_back(service, text(primary, "id")),
        }),
        older_deployments: items(service, "deployments").len().saturating_sub(1),
        events: events(service),
        ..Doing::default()
    }
}

/// What ECS said when it went back to a deployment, if that was the last thing that it deployed.
fn rolled_back(service: &Value, to: &str) -> Option<String> {
    let messages = || items(service, "events").iter().map(|event| text(event, "message"));
    let back = format!("rolling back to deployment {to}.");
    let at = messages().position(|message| message.ends_with(&back))?;
    let other = |message: &str| message.ends_with("deployment completed.") && !message.contains(to);
    if messages().take(at).any(other) {
        return None;
    }
    let failed = messages().skip(at).find_map(|message| message.split_once("deployment failed: "));
    Some(failed.map_or("", |(_, why)| why).trim_end_matches('.').to_owned())
}

/// The latest events, each text once; ECS gives the newest first.
fn events(service: &Value) -> Vec<Event> {
    let own = format!("(service {}) ", text(service, "serviceName"));
    let mut found: Vec<Event> = Vec::new();
    for event in items(service, "events") {
        let message = text(event, "message");
        let message = message.strip_prefix(&own).unwrap_or(message);
        match found.iter_mut().find(|known| known.message == message) {
            Some(known) => known.times += 1,
            None => found.push(Event { at: created(event), message: message.to_owned(), times: 1 }),
        }
    }
    found.truncate(EVENTS);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_told_once_and_without_the_name_of_the_service() {
        let event = |at: f64, text: &str| json!({ "createdAt": at, "message": format!("(service web) {text}") });
        let service = json!({ "serviceName": "web", "events": [
            event(9.0, "has reached a steady state."), event(8.0, "was unable to place a task."),
            event(7.0, "has reached a steady state."), event(6.0, "a"), event(5.0, "b"),
        ] });
        let found = events(&service);
        let told: Vec<(&str, usize)> = found.iter().map(|event| (event.message.as_str(), event.times)).collect();
        assert_eq!(told, [("has reached a steady state.", 2), ("was unable to place a task.", 1), ("a", 1)]);
        assert!((found[0].at - 9.0).abs() < f64::EPSILON, "when it last happened");
    }

    #[test]
    fn a_deployment_that_was_gone_back_to_is_told_until_the_next_one() {
        let event = |text: &str| json!({ "message": format!("(service web) {text}") });
        let mut events = vec![
            event("(deployment ecs-svc/1) deployment completed."),
            event("rolling back to deployment ecs-svc/1."),
            event("(deployment ecs-svc/2) deployment failed: tasks failed to start."),
        ];
        let back = |events: &[Value], to| rolled_back(&json!({ "events": events }), to);
        assert_eq!(back(&events, "ecs-svc/1").as_deref(), Some("tasks failed to start"));
        assert_eq!(back(&events, "ecs-svc/3"), None, "another one began since");
        events.insert(0, event("(deployment ecs-svc/3) deployment completed."));
        assert_eq!(back(&events, "ecs-svc/1"), None);
    }
}
