//! How far services are. The verdict follows the ECS *service deployment*, because "running equals desired" is also true after a
//! rollback; where an endpoint does not know service deployments, the service's own deployments decide. All services of a
//! cluster are asked for ten at a time, and only those that are not plainly done cost more.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::cloud::{Goal, Waiting};
use evenkeel_core::doc;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::snapshot::Readiness;
use serde_json::{Value, json};

use super::convert::{self, count, primary, progress};
use super::explain;
use crate::call::raw::exchange;
use crate::client::Aws;
use crate::read::ecs::{self, items, last, side_by_side, tags_of, text};

/// AWS's limit for DescribeServiceDeployments.
const BATCH: usize = 20;

/// One answer for each.
pub(super) async fn poll(aws: &Aws, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
    let found = describe(aws, waiting).await;
    let mut answers: Vec<Option<Result<Readiness, CloudError>>> = Vec::new();
    let mut open: Vec<(usize, &Value)> = Vec::new();
    for (at, wait) in waiting.iter().enumerate() {
        let cluster = text(&wait.live.have, "cluster");
        let service = match found.get(cluster) {
            Some(Ok(services)) => services.iter().find(|service| text(service, "serviceName") == wait.live.name),
            Some(Err(error)) => {
                answers.push(Some(Err(error.clone())));
                continue;
            }
            None => None,
        };
        let answer = match (service, wait.goal) {
            (None, _) => Some(Readiness::Gone),
            (Some(service), Goal::Gone) => Some(going(service)),
            (Some(service), Goal::Ready | Goal::Hold) => at_a_glance(service, wait),
        };
        if let (None, Some(service)) = (&answer, service) {
            open.push((at, service));
        }
        answers.push(answer.map(Ok));
    }
    for (at, answer) in by_deployment(aws, &open).await {
        answers[at] = Some(answer);
    }
    let finished = waiting.iter().zip(answers).map(|(wait, answer)| async move {
        match answer {
            Some(Ok(Readiness::Failed(why))) => {
                let cluster = text(&wait.live.have, "cluster");
                Ok(Readiness::Failed(explain::failure(aws, cluster, wait, &why).await))
            }
            Some(answer) => answer,
            None => Ok(Readiness::Pending("deployment".to_owned())),
        }
    });
    side_by_side(finished.collect()).await
}

type Found = BTreeMap<String, Result<Vec<Value>, CloudError>>;

async fn describe(aws: &Aws, waiting: &[Waiting]) -> Found {
    let mut names: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for wait in waiting {
        names.entry(text(&wait.live.have, "cluster")).or_default().insert(wait.live.name.clone());
    }
    let asked = names.into_iter().map(|(cluster, names)| async move {
        let names: Vec<String> = names.into_iter().collect();
        let services = match ecs::describe_services(aws, cluster, &names).await {
            // Without the cluster there is no service.
            Err(error) if error.class == ErrorClass::Gone => Ok(Vec::new()),
            result => result,
        };
        (cluster.to_owned(), services)
    });
    futures::future::join_all(asked).await.into_iter().collect()
}

fn going(service: &Value) -> Readiness {
    match text(service, "status") {
        "INACTIVE" => Readiness::Gone,
        "DRAINING" => Readiness::Pending(format!("draining, {} tasks still running", count(service, "runningCount"))),
        status => Readiness::Pending(status.to_lowercase()),
    }
}

/// The verdict, if the service's own description is enough for one.
fn at_a_glance(service: &Value, wait: &Waiting) -> Option<Readiness> {
    if text(service, "status") != "ACTIVE" {
        return Some(Readiness::Gone);
    }
    if let Some(why) = taken_back(service, wait) {
        return Some(Readiness::Failed(why));
    }
    let state = primary(service).map(|primary| text(primary, "rolloutState")).unwrap_or_default();
    if state == "FAILED" {
        return Some(convert::readiness(service));
    }
    (state == "COMPLETED" && all_run(service)).then_some(Readiness::Ready)
}

/// Whether one deployment is left and all its tasks run.
fn all_run(service: &Value) -> bool {
    items(service, "deployments").len() <= 1 && count(service, "runningCount") == count(service, "desiredCount")
}

/// Whether the service has gone back from what was deployed: that is what a rollback looks like from outside.
fn taken_back(service: &Value, wait: &Waiting) -> Option<String> {
    let now = convert::live(service, &tags_of(service), "").have;
    let (before, after) = (&wait.live.have, &now);
    // A value that a reply leaves out says nothing.
    let told = |value: &Value| doc::as_unreturned(value).is_none();
    let back = ["task_definition", "network", "load_balancers", "strategy"]
        .into_iter()
        .find(|field| before[*field] != after[*field] && told(&before[*field]) && told(&after[*field]))?;
    let running = text(service, "taskDefinition");
    Some(if back == "task_definition" {
        format!("the service went back to {}, so the deployment of {} was rolled back", last(running), asked(wait))
    } else {
        format!("the service's {} is not what was deployed: the deployment was rolled back", back.replace('_', " "))
    })
}

fn asked(wait: &Waiting) -> &str {
    last(text(&wait.live.have, "task_definition"))
}

/// The verdicts that need the service deployments.
async fn by_deployment(aws: &Aws, open: &[(usize, &Value)]) -> Vec<(usize, Result<Readiness, CloudError>)> {
    let newest = open.iter().map(|(_, service)| newest(aws, service));
    let newest = side_by_side(newest.collect()).await;
    let arns: Vec<String> = newest.iter().filter_map(|arn| arn.as_ref().ok().cloned().flatten()).collect();
    let deployments = describe_deployments(aws, &arns).await;
    open.iter()
        .zip(newest)
        .map(|((at, service), arn)| {
            let answer = match (arn, &deployments) {
                (Ok(Some(arn)), Ok(deployments)) => Ok(deployments
                    .iter()
                    .find(|deployment| text(deployment, "serviceDeploymentArn") == arn)
                    .map_or_else(|| by_counts(service), |deployment| verdict(service, deployment))),
                (Ok(None), _) => Ok(by_counts(service)),
                (Err(error), _) if is_missing(&error) => Ok(by_counts(service)),
                (Ok(Some(_)), Err(error)) if is_missing(error) => Ok(by_counts(service)),
                (Err(error), _) => Err(error),
                (Ok(Some(_)), Err(error)) => Err(error.clone()),
            };
            (*at, answer)
        })
        .collect()
}

/// Whether the endpoint does not know the operation. Some emulators say so with a server error that is none of AWS's.
fn is_missing(error: &CloudError) -> bool {
    error.class == ErrorClass::Unsupported || (error.class == ErrorClass::Unknown && error.code == "-")
}

/// The ARN of the service deployment under way; newer services name it themselves.
async fn newest(aws: &Aws, service: &Value) -> Result<Option<String>, CloudError> {
    if let Some(arn) = service.get("currentServiceDeployment").and_then(Value::as_str) {
        return Ok(Some(arn.to_owned()));
    }
    let body = json!({ "cluster": text(service, "clusterArn"), "service": text(service, "serviceArn") });
    let reply = exchange!(aws, "ecs:ListServiceDeployments", list_service_deployments, &body)?;
    let newest = items(&reply, "serviceDeployments").iter().max_by(|a, b| seconds(a).total_cmp(&seconds(b)));
    Ok(newest.map(|deployment| text(deployment, "serviceDeploymentArn").to_owned()))
}

fn seconds(deployment: &Value) -> f64 {
    deployment.get("createdAt").and_then(Value::as_f64).unwrap_or(0.0)
}

async fn describe_deployments(aws: &Aws, arns: &[String]) -> Result<Vec<Value>, CloudError> {
    let batches = arns.chunks(BATCH).map(|batch| async move {
        let body = json!({ "serviceDeploymentArns": batch });
        exchange!(aws, "ecs:DescribeServiceDeployments", describe_service_deployments, &body)
    });
    let replies = futures::future::try_join_all(batches).await?;
    Ok(replies.iter().flat_map(|reply| items(reply, "serviceDeployments")).cloned().collect())
}

/// What a service deployment says.
fn verdict(service: &Value, deployment: &Value) -> Readiness {
    let status = text(deployment, "status");
    match status {
        "SUCCESSFUL" => {
            // Just after a change the newest deployment listed can still be the one before.
            let finished = deployment.get("finishedAt").and_then(Value::as_f64).unwrap_or(f64::MAX);
            if primary(service).is_some_and(|primary| finished < seconds(primary)) {
                Readiness::Pending(progress(service))
            } else {
                Readiness::Ready
            }
        }
        // It will fail; how it ends, and with what words, is not known yet.
        "STOP_REQUESTED" => Readiness::Pending(format!("being stopped, {}", progress(service))),
        "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" => {
            Readiness::Pending(format!("rolling back, {}", progress(service)))
        }
        "STOPPED" | "ROLLBACK_SUCCESSFUL" | "ROLLBACK_FAILED" => {
            let reason = text(deployment, "statusReason");
            let reason = if reason.is_empty() { "ECS gives no reason" } else { reason };
            Readiness::Failed(format!("the deployment ended as {status}: {reason}"))
        }
        _ => Readiness::Pending(progress(service)),
    }
}

/// The verdict where there are no service deployments to ask.
fn by_counts(service: &Value) -> Readiness {
    if all_run(service) { Readiness::Ready } else { Readiness::Pending(progress(service)) }
}

#[cfg(test)]
mod tests {
    use evenkeel_core::snapshot::{Live, Owner};

    use super::*;

    fn service(running: u32, state: &str) -> Value {
        json!({
            "serviceArn": "arn:aws:ecs:eu-west-1:1:service/c/web", "serviceName": "web", "status": "ACTIVE",
            "clusterArn": "arn:aws:ecs:eu-west-1:1:cluster/c", "launchType": "FARGATE",
            "taskDefinition": "arn:aws:ecs:eu-west-1:1:task-definition/web:2",
            "desiredCount": 2, "runningCount": running,
            "deployments": [{ "status": "PRIMARY", "rolloutState": state, "createdAt": 100.0 }],
        })
    }

    fn wait(revision: u32) -> Waiting {
        let mut asked = service(0, "IN_PROGRESS");
        asked["taskDefinition"] = format!("arn:aws:ecs:eu-west-1:1:task-definition/web:{revision}").into();
        let node = super::super::id("web");
        let have = convert::live(&asked, &Default::default(), "").have;
        Waiting { node: node.clone(), live: Live::new("arn", "web", Owner::Ours(node), have), goal: Goal::Ready }
    }

    #[test]
    fn completed_and_all_running_is_ready() {
        assert_eq!(at_a_glance(&service(2, "COMPLETED"), &wait(2)), Some(Readiness::Ready));
        assert_eq!(at_a_glance(&service(1, "COMPLETED"), &wait(2)), None);
        assert_eq!(at_a_glance(&service(2, "IN_PROGRESS"), &wait(2)), None);
        assert_eq!(by_counts(&service(2, "IN_PROGRESS")), Readiness::Ready);
        let awaited = "1 of 2 tasks running, deployment IN_PROGRESS".to_owned();
        assert_eq!(by_counts(&service(1, "IN_PROGRESS")), Readiness::Pending(awaited));
    }

    #[test]
    fn an_older_revision_is_a_rollback_even_if_all_is_well() {
        let answer = at_a_glance(&service(2, "COMPLETED"), &wait(3));
        assert!(matches!(&answer, Some(Readiness::Failed(why)) if why.contains("web:2") && why.contains("web:3")));
    }

    #[test]
    fn the_service_deployment_decides() {
        let say = |status: &str, finished: f64| {
            verdict(
                &service(2, "IN_PROGRESS"),
                &json!({ "status": status, "finishedAt": finished, "statusReason": "tasks failed to start" }),
            )
        };
        assert_eq!(say("SUCCESSFUL", 200.0), Readiness::Ready);
        assert!(matches!(say("SUCCESSFUL", 50.0), Readiness::Pending(_)), "it ended before this one began");
        assert!(matches!(say("IN_PROGRESS", 0.0), Readiness::Pending(_)));
        for status in ["STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"] {
            assert!(matches!(say(status, 0.0), Readiness::Pending(_)), "{status}");
        }
        for status in ["STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"] {
            assert!(matches!(say(status, 0.0), Readiness::Failed(why) if why.contains("tasks failed to start")));
        }
    }

    #[test]
    fn a_draining_service_is_awaited() {
        let mut gone = service(1, "COMPLETED");
        gone["status"] = "DRAINING".into();
        assert_eq!(going(&gone), Readiness::Pending("draining, 1 tasks still running".to_owned()));
        gone["status"] = "INACTIVE".into();
        assert_eq!(going(&gone), Readiness::Gone);
    }
}
