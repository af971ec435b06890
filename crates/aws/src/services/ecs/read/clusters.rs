//! Which clusters there are: those of a wanted name, and those of ours that no name leads to (renamed, dropped from the
//! file). The finder knows the latter; where it does not answer, every cluster of the account is looked at.

use std::collections::BTreeSet;
use std::sync::Arc;

use evenkeel_core::error::CloudError;
use serde_json::{Value, json};

use super::reply::{is_ours, items, last, text};
use super::services::Wanted;
use super::{Finder, Part, Scope};
use crate::call::raw::exchange;
use crate::client::Aws;
use crate::sharing::Known;

/// AWS's limit for DescribeClusters.
const BATCH: usize = 100;

/// The names of all clusters, where one of others is looked for and is not there; otherwise none.
pub(super) async fn names(aws: &Aws, scope: &Scope<'_>, clusters: &Part<Vec<Value>>) -> Vec<String> {
    let Ok(clusters) = clusters else { return Vec::new() };
    let is_there = |name: &str| clusters.iter().any(|cluster| text(cluster, "clusterName") == name);
    let mut sought = scope.graph.of_kind("cluster").filter(|node| node.lookup);
    if !sought.any(|node| !is_there(&node.name)) {
        return Vec::new();
    }
    // It is for a message only: who may not list them gets on without.
    let all = aws.once("ecs:ListClusters", || list(aws)).await.map(Arc::unwrap_or_clone).unwrap_or_default();
    all.iter().map(|arn| last(arn).to_owned()).collect()
}

pub(super) async fn fetch(aws: &Aws, scope: &Scope<'_>, finder: &Finder<'_>, wanted: &Wanted) -> Part<Vec<Value>> {
    if !scope.wants(&["cluster"]) {
        return Ok(Vec::new());
    }
    let named: Vec<String> = wanted.clusters.iter().cloned().collect();
    let (described, marked) = futures::join!(describe(aws, &named), marked(aws, scope, finder));
    let mut clusters = described?;
    let known: BTreeSet<&str> = named.iter().map(String::as_str).collect();
    let others: Vec<String> = marked?.into_iter().filter(|arn| !known.contains(last(arn))).collect();
    clusters.extend(describe(aws, &others).await?);
    clusters.retain(|cluster| {
        let ours = is_ours(cluster, scope.stack, "cluster") || known.contains(text(cluster, "clusterName"));
        ours && text(cluster, "status") != "INACTIVE"
    });
    Ok(clusters)
}

/// ARNs of the clusters that may be ours.
async fn marked(aws: &Aws, scope: &Scope<'_>, finder: &Finder<'_>) -> Part<Vec<String>> {
    // What was made a moment ago is read back by name; the finder lags behind.
    if scope.only.is_some() {
        return Ok(Vec::new());
    }
    match finder.find(":cluster/").await {
        Ok(found) => Ok(found.into_iter().map(|found| found.arn).filter(|arn| arn.contains(":ecs:")).collect()),
        Err(_) => aws.once("ecs:ListClusters", || list(aws)).await.map(Arc::unwrap_or_clone),
    }
}

/// ARNs of all clusters.
pub(super) async fn list(aws: &Aws) -> Part<Vec<String>> {
    let mut arns = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let page = aws
            .caller
            .send("ecs:ListClusters", || aws.ecs().list_clusters().set_next_token(token.clone()).send())
            .await?;
        arns.extend(page.cluster_arns().iter().cloned());
        token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            return Ok(arns);
        }
    }
}

/// Describes clusters by name or ARN, with tags and settings; those that AWS does not know are left out.
///
/// # Errors
/// Any error of `ecs:DescribeClusters`.
pub async fn describe(aws: &Aws, names: &[String]) -> Result<Vec<Value>, CloudError> {
    if !aws.is_shared() {
        return in_batches(aws, names).await;
    }
    let ask = aws.together("ecs:DescribeClusters", "", names.to_vec(), |aws, _, names| Box::pin(by_name(aws, names)));
    Ok(ask.await?.into_values().collect())
}

/// The clusters that are there, by what they were asked for with.
async fn by_name(aws: &Aws, names: Vec<String>) -> Result<Known<Value>, CloudError> {
    let found = in_batches(aws, &names).await?;
    let asked: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let keyed = found.into_iter().filter_map(|cluster| {
        let keys = [text(&cluster, "clusterArn"), text(&cluster, "clusterName")];
        let key = keys.into_iter().find(|key| asked.contains(key))?.to_owned();
        Some((key, cluster))
    });
    Ok(keyed.collect())
}

async fn in_batches(aws: &Aws, names: &[String]) -> Result<Vec<Value>, CloudError> {
    let batches = names.chunks(BATCH).map(|batch| async move {
        let body = json!({ "clusters": batch, "include": ["TAGS", "SETTINGS", "CONFIGURATIONS"] });
        exchange!(aws, "ecs:DescribeClusters", ecs.describe_clusters, &body)
    });
    let replies = futures::future::try_join_all(batches).await?;
    Ok(replies.iter().flat_map(|reply| items(reply, "clusters")).cloned().collect())
}
