//! Reads from ECS: clusters, services, how far those are that are not settled, and those revisions of task definitions for which no tag of a service speaks.
//! Decides what has to be asked and in which order (clusters and wanted services side by side; then what the cluster's count
//! of services says is missing; then revisions). What is fetched stays AWS's own JSON; the kinds make documents of it.

mod clusters;
pub mod deployments;
pub mod kept;
mod revisions;
mod services;

use std::collections::BTreeMap;

use futures::StreamExt as _;
use serde_json::{Value, json};

pub use self::clusters::describe as describe_clusters;
pub use self::revisions::{Revision, describe as describe_revision, list_active};
pub use self::services::{describe as describe_services, list as list_services};
use crate::client::Aws;
use crate::finder::Finder;
use crate::read::{Part, Scope};
use crate::tags::{self, Tags};

/// Requests side by side.
const AT_ONCE: usize = 16;

/// What was fetched from ECS.
#[derive(Debug)]
pub struct Ecs {
    /// Clusters, of ours or of a wanted name; none that is INACTIVE.
    pub clusters: Part<Vec<Value>>,
    /// ACTIVE services, of ours or of a wanted name.
    pub services: Part<Vec<Value>>,
    /// Services that are not of the stack, as far as they were seen, by the ARN of their cluster.
    pub foreign: BTreeMap<String, Vec<String>>,
    /// The newest service deployment of each of those that are not settled, by the service's ARN.
    pub deployments: BTreeMap<String, Value>,
    /// What those services run, and what else is ours.
    pub revisions: Part<Vec<Revision>>,
}

/// Reads what the scope asks for.
pub async fn fetch(aws: &Aws, scope: &Scope<'_>, finder: &Finder<'_>) -> Ecs {
    let mut ecs = Ecs {
        clusters: Ok(Vec::new()),
        services: Ok(Vec::new()),
        foreign: BTreeMap::new(),
        deployments: BTreeMap::new(),
        revisions: Ok(Vec::new()),
    };
    if !scope.wants(&["cluster", "service", "task_definition"]) {
        return ecs;
    }
    let wanted = services::Wanted::of(scope);
    let (found, named) =
        futures::join!(clusters::fetch(aws, scope, finder, &wanted), services::named(aws, scope, &wanted));
    ecs.clusters = found;
    ecs.services = match (&ecs.clusters, named) {
        (Ok(clusters), Ok(named)) => {
            let complete = services::complete(aws, scope, &wanted, clusters, (named, finder)).await;
            complete.map(|(services, foreign)| {
                ecs.foreign = foreign;
                services
            })
        }
        // Without the clusters nobody knows whether the file has dropped services that are still there.
        (Err(error), _) => Err(error.clone()),
        (_, Err(error)) => Err(error),
    };
    if let Ok(services) = &mut ecs.services {
        kept::tell(scope, services);
    }
    let (found, under_way) = match (&ecs.clusters, &ecs.services) {
        (Ok(_), Ok(services)) => {
            let revisions = async {
                let wanted = scope.wants(&["task_definition"]);
                if wanted { revisions::fetch(aws, scope, finder, services).await } else { Ok(Vec::new()) }
            };
            futures::join!(revisions, deployments::of_unsettled(aws, services))
        }
        (Err(error), _) | (_, Err(error)) => (Err(error.clone()), Ok(BTreeMap::new())),
    };
    ecs.revisions = found;
    match under_way {
        Ok(deployments) => ecs.deployments = deployments,
        // What nobody may ask for is not known, and what is not known to be healthy must not pass for it.
        Err(error) => ecs.services = Err(error),
    }
    ecs
}

/// Awaits requests side by side, a handful at a time, and gives their outcomes in order.
pub async fn side_by_side<F: Future>(requests: Vec<F>) -> Vec<F::Output> {
    futures::stream::iter(requests).buffered(AT_ONCE).collect().await
}

/// The string at a key, empty if there is none.
pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The members of the list at a key.
pub fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The tags of an ECS reply: a list of `key` and `value`.
pub fn tags_of(value: &Value) -> Tags {
    items(value, "tags").iter().map(|tag| (text(tag, "key").to_owned(), text(tag, "value").to_owned())).collect()
}

/// Tags as ECS takes them.
pub fn tag_list(tags: &Tags) -> Value {
    tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

/// What stands behind the last slash of an ARN: a cluster's or a service's name, a family with its revision.
pub fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn is_ours(value: &Value, stack: &str, kind: &str) -> bool {
    tags::is_marked(&tags::owner(&tags_of(value), stack, kind))
}
