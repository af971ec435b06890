//! How many tasks of services run, for those who have changed how many should: asks for ten services at a time. Gives no verdict on
//! a deployment; the service that has one is waited for by itself.

use std::collections::BTreeMap;

use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::snapshot::Readiness;
use serde_json::Value;

use super::verdict;
use crate::client::Aws;
use crate::services::ecs::read::deployments::{count, primary};
use crate::services::ecs::read::{self, text};

/// Whether each of these services, by cluster and name, runs as many tasks as ECS wants of it.
///
/// What is not there, or has failed to deploy, is waited for by nobody who only waits for its count.
pub async fn counts(aws: &Aws, services: &[(String, String)]) -> Vec<Result<Readiness, CloudError>> {
    let mut clusters: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (cluster, name) in services {
        clusters.entry(cluster).or_default().push(name.clone());
    }
    let asked = clusters
        .into_iter()
        .map(|(cluster, names)| async move { (cluster, read::describe_services(aws, cluster, &names).await) });
    let replies: BTreeMap<&str, Result<Vec<Value>, CloudError>> =
        read::side_by_side(asked.collect()).await.into_iter().collect();
    let of = |(cluster, name): &(String, String)| match replies.get(cluster.as_str()) {
        Some(Ok(found)) => {
            let service = found.iter().find(|service| text(service, "serviceName") == name);
            Ok(service.map_or(Readiness::Ready, enough))
        }
        Some(Err(error)) if error.class != ErrorClass::Gone => Err(error.clone()),
        Some(Err(_)) | None => Ok(Readiness::Ready),
    };
    services.iter().map(of).collect()
}

fn enough(service: &Value) -> Readiness {
    let failed = primary(service).is_some_and(|primary| text(primary, "rolloutState") == "FAILED");
    if failed || text(service, "status") != "ACTIVE" || count(service, "runningCount") >= count(service, "desiredCount")
    {
        return Readiness::Ready;
    }
    Readiness::Pending(verdict::progress(service, None))
}
