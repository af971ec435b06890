//! Which capacity providers there are: those of a wanted name, those that clusters of ours have, and others of ours that the finder
//! knows. Those of Fargate are AWS's and not asked for. What is fetched stays AWS's own JSON.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::error::CloudError;
use evenkeel_core::name;
use serde_json::{Value, json};

use super::reply::{is_ours, items, last, later_names, text};
use super::{Finder, Part, Scope};
use crate::call::raw::exchange;
use crate::client::Aws;
use crate::services::ecs::capacity_provider::{KIND, NAME_LIMIT};
use crate::sharing::Known;

/// AWS's limit for DescribeCapacityProviders.
const BATCH: usize = 100;

/// Whether AWS itself has a capacity provider of that name.
fn is_of_aws(name: &str) -> bool {
    matches!(name, "FARGATE" | "FARGATE_SPOT")
}

/// The providers that are there and may matter; none that is INACTIVE.
pub(super) async fn fetch(aws: &Aws, scope: &Scope<'_>, finder: &Finder<'_>, clusters: &[Value]) -> Part<Vec<Value>> {
    if !scope.wants(&[KIND, "cluster"]) {
        return Ok(Vec::new());
    }
    let wanted: BTreeSet<String> = scope.graph.of_kind(KIND).map(|node| node.name.clone()).collect();
    let attached = clusters.iter().flat_map(|cluster| items(cluster, "capacityProviders")).filter_map(Value::as_str);
    let mut names: BTreeSet<String> = attached.filter(|name| !is_of_aws(name)).map(str::to_owned).collect();
    names.extend(wanted.iter().cloned());
    if scope.only.is_some() {
        for base in &wanted {
            names.extend(later_names(base, NAME_LIMIT));
        }
    } else if let Ok(found) = finder.find(":capacity-provider/").await {
        // Where it does not answer, those of clusters of ours are there all the same.
        names.extend(found.iter().map(|found| last(&found.arn).to_owned()));
    }
    let names: Vec<String> = names.into_iter().collect();
    let mut found = describe(aws, &names).await?;
    let has = |cluster: &Value, name: &str| items(cluster, "capacityProviders").iter().any(|has| has == name);
    found.retain(|provider| {
        let name = text(provider, "name");
        let named = wanted.iter().any(|base| name::generation(base, name).is_some());
        let inside = clusters.iter().any(|cluster| has(cluster, name));
        (named || inside || is_ours(provider, scope.stack, KIND)) && text(provider, "status") != "INACTIVE"
    });
    Ok(found)
}

/// The names of those that belong to one cluster and cannot leave it.
pub fn bound(providers: &[Value]) -> BTreeSet<&str> {
    providers.iter().filter(|provider| is_bound(provider)).map(|provider| text(provider, "name")).collect()
}

/// Whether a provider belongs to one cluster.
pub fn is_bound(provider: &Value) -> bool {
    !text(provider, "cluster").is_empty() || provider.get("managedInstancesProvider").is_some_and(Value::is_object)
}

/// Describes providers by name or ARN, with tags; those that AWS does not know are left out.
///
/// # Errors
/// Any error of `ecs:DescribeCapacityProviders`.
pub async fn describe(aws: &Aws, names: &[String]) -> Result<Vec<Value>, CloudError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    if !aws.is_shared() {
        return in_batches(aws, names).await;
    }
    let ask = aws
        .together("ecs:DescribeCapacityProviders", "", names.to_vec(), |aws, _, names| Box::pin(by_name(aws, names)));
    Ok(ask.await?.into_values().collect())
}

async fn by_name(aws: &Aws, names: Vec<String>) -> Result<Known<Value>, CloudError> {
    let found = in_batches(aws, &names).await?;
    Ok(found.into_iter().map(|provider| (text(&provider, "name").to_owned(), provider)).collect::<BTreeMap<_, _>>())
}

async fn in_batches(aws: &Aws, names: &[String]) -> Result<Vec<Value>, CloudError> {
    let replies = futures::future::try_join_all(names.chunks(BATCH).map(|batch| pages(aws, batch))).await?;
    Ok(replies.into_iter().flatten().collect())
}

/// The providers of one batch, which come ten to a page.
async fn pages(aws: &Aws, batch: &[String]) -> Result<Vec<Value>, CloudError> {
    let mut found = Vec::new();
    let mut body = json!({ "capacityProviders": batch, "include": ["TAGS"] });
    loop {
        let reply = exchange!(aws, "ecs:DescribeCapacityProviders", ecs.describe_capacity_providers, &body)?;
        found.extend(items(&reply, "capacityProviders").iter().cloned());
        match text(&reply, "nextToken") {
            "" => return Ok(found),
            token => body["nextToken"] = token.into(),
        }
    }
}
