//! Service deployments: what ECS itself says of how far a service is. Asked for only where the service's own description does
//! not settle it; an endpoint that does not know them gives none. Makes no verdict.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use evenkeel_core::error::{CloudError, ErrorClass};
use serde_json::{Value, json};

use super::reply::{items, side_by_side, text};
use crate::call::raw::exchange;
use crate::client::Aws;

/// Set once the endpoint has turned out not to know service deployments (some emulators), so that it is asked only once.
#[derive(Debug, Default)]
struct Unknown(AtomicBool);

/// AWS's limit for DescribeServiceDeployments.
const BATCH: usize = 20;

/// The number at a key of a service or a deployment.
pub fn count(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or(0)
}

/// When something was made, in seconds.
pub fn created(value: &Value) -> f64 {
    value.get("createdAt").and_then(Value::as_f64).unwrap_or(0.0)
}

/// The deployment that the service is going to.
pub fn primary(service: &Value) -> Option<&Value> {
    items(service, "deployments").iter().find(|deployment| text(deployment, "status") == "PRIMARY")
}

/// Whether the service's own description tells that its last deployment is over and all its tasks run.
pub fn is_settled(service: &Value) -> bool {
    let state = primary(service).map_or("", |primary| text(primary, "rolloutState"));
    state == "COMPLETED"
        && items(service, "deployments").len() <= 1
        && count(service, "runningCount") == count(service, "desiredCount")
}

/// The newest service deployment of each service that is not settled, by the service's ARN.
///
/// # Errors
/// Any error of the two operations but "the endpoint does not know it".
pub(super) async fn of_unsettled(aws: &Aws, services: &[Value]) -> Result<BTreeMap<String, Value>, CloudError> {
    let open: Vec<&Value> = services.iter().filter(|service| !is_settled(service)).collect();
    let found = newest(aws, &open).await;
    let arn = |service: &Value| text(service, "serviceArn").to_owned();
    let pairs = open.iter().zip(found).filter_map(|(service, found)| match found {
        Ok(found) => Some(Ok((arn(service), found?))),
        Err(error) => Some(Err(error)),
    });
    pairs.collect()
}

/// The newest service deployment of each, in order; none where the endpoint does not know service deployments.
pub async fn newest(aws: &Aws, services: &[&Value]) -> Vec<Result<Option<Value>, CloudError>> {
    let named = side_by_side(services.iter().map(|service| newest_arn(aws, service)).collect()).await;
    let arns: Vec<String> = named.iter().filter_map(|arn| arn.as_ref().ok().cloned().flatten()).collect();
    let described = describe(aws, &arns).await;
    let find = |arn: &str, all: &[Value]| all.iter().find(|it| text(it, "serviceDeploymentArn") == arn).cloned();
    let answers = named.into_iter().map(|arn| match (arn, &described) {
        (Ok(Some(arn)), Ok(all)) => Ok(find(&arn, all)),
        (Ok(None), _) => Ok(None),
        (Ok(Some(_)), Err(error)) => known(aws, Err(error.clone())),
        (Err(error), _) => Err(error),
    });
    answers.collect()
}

/// All service deployments of a service that ECS still knows, newest first; none where the endpoint does not know them.
///
/// # Errors
/// Any error of `ecs:ListServiceDeployments` but "the endpoint does not know it".
pub async fn history(aws: &Aws, service: &Value) -> Result<Vec<Value>, CloudError> {
    if aws.memory::<Unknown>().0.load(Ordering::Relaxed) {
        return Ok(Vec::new());
    }
    let body = json!({ "cluster": text(service, "clusterArn"), "service": text(service, "serviceArn") });
    let reply =
        known(aws, exchange!(aws, "ecs:ListServiceDeployments", ecs.list_service_deployments, &body).map(Some))?;
    let mut all = reply.map(|reply| items(&reply, "serviceDeployments").to_vec()).unwrap_or_default();
    all.sort_by(|a, b| created(b).total_cmp(&created(a)));
    Ok(all)
}

/// The ARN of the service deployment under way; newer services name it themselves.
async fn newest_arn(aws: &Aws, service: &Value) -> Result<Option<String>, CloudError> {
    if let Some(arn) = service.get("currentServiceDeployment").and_then(Value::as_str) {
        return Ok(Some(arn.to_owned()));
    }
    Ok(history(aws, service).await?.first().map(|newest| text(newest, "serviceDeploymentArn").to_owned()))
}

async fn describe(aws: &Aws, arns: &[String]) -> Result<Vec<Value>, CloudError> {
    let batches = arns.chunks(BATCH).map(|batch| async move {
        let body = json!({ "serviceDeploymentArns": batch });
        exchange!(aws, "ecs:DescribeServiceDeployments", ecs.describe_service_deployments, &body)
    });
    let replies = futures::future::try_join_all(batches).await?;
    Ok(replies.iter().flat_map(|reply| items(reply, "serviceDeployments")).cloned().collect())
}

/// An endpoint that does not know the operation has nothing to say. Some emulators say so with a server error that is none of
/// AWS's.
fn known<T>(aws: &Aws, answer: Result<Option<T>, CloudError>) -> Result<Option<T>, CloudError> {
    let unknown = |error: &CloudError| {
        error.class == ErrorClass::Unsupported || (error.class == ErrorClass::Unknown && error.code == "-")
    };
    if answer.as_ref().is_err_and(unknown) {
        aws.memory::<Unknown>().0.store(true, Ordering::Relaxed);
        return Ok(None);
    }
    answer
}
