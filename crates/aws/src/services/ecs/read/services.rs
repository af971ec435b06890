//! Which services there are: the wanted ones by name, ten at a time, and others of ours in the same clusters, which are only
//! listed if the cluster's own count says that there are any.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::name;
use serde_json::{Value, json};

use super::reply::{is_ours, items, last, later_names, side_by_side, tags_of, text};
use super::{Finder, Part, Scope, clusters};
use crate::call::raw::exchange;
use crate::client::Aws;
use crate::finder::Found;
use crate::sharing::Known;
use crate::tags;

/// AWS's limit for DescribeServices.
const BATCH: usize = 10;
/// Longest name of a service.
const NAME_LIMIT: usize = 255;

/// The names that the graph leads to.
pub(super) struct Wanted {
    /// Clusters.
    pub clusters: BTreeSet<String>,
    /// Services by cluster.
    pub services: BTreeMap<String, BTreeSet<String>>,
}

impl Wanted {
    pub(super) fn of(scope: &Scope<'_>) -> Self {
        let mut clusters: BTreeSet<String> = scope.graph.of_kind("cluster").map(|node| node.name.clone()).collect();
        let mut services: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for node in scope.graph.of_kind("service") {
            let names = services.entry(text(&node.want, "cluster").to_owned()).or_default();
            names.insert(node.name.clone());
            if scope.only.is_some() {
                names.extend(later_names(&node.name, NAME_LIMIT));
            }
            // An entry that was renamed in the file most likely still has the default name of its old entry.
            names.extend(node.moved_from.iter().map(|old| name::physical(scope.stack, old.name(), NAME_LIMIT)));
        }
        if scope.thorough {
            // The default name of the stack's cluster, in case the finder does not know the cluster yet.
            clusters.insert(scope.stack.to_owned());
        }
        clusters.extend(services.keys().cloned());
        Self { clusters, services }
    }

    fn has(&self, service: &Value) -> bool {
        self.services
            .get(last(text(service, "clusterArn")))
            .is_some_and(|names| names.contains(text(service, "serviceName")))
    }
}

/// The wanted services that are there.
pub(super) async fn named(aws: &Aws, scope: &Scope<'_>, wanted: &Wanted) -> Part<Vec<Value>> {
    if !scope.wants(&["service"]) {
        return Ok(Vec::new());
    }
    let asked = wanted.services.iter().map(|(cluster, names)| {
        let names: Vec<String> = names.iter().cloned().collect();
        async move { active(aws, cluster, &names).await }
    });
    Ok(futures::future::try_join_all(asked).await?.into_iter().flatten().collect())
}

/// Services that are not of the stack, by the ARN of what would go from under them: their cluster, and their target groups.
pub(super) type Foreign = BTreeMap<String, Vec<String>>;

/// Adds the services of ours that no name leads to, and tells of the others that were seen on the way: they go with their cluster.
pub(super) async fn complete(
    aws: &Aws,
    scope: &Scope<'_>,
    wanted: &Wanted,
    clusters: &[Value],
    (mut named, finder): (Vec<Value>, &Finder<'_>),
) -> Part<(Vec<Value>, Foreign)> {
    let marked = if scope.only.is_some() { Ok(Vec::new()) } else { finder.find(":service/").await };
    elsewhere(aws, clusters, &marked, &mut named).await?;
    let blind = marked.is_err();
    if blind && scope.wants(&["service"]) {
        named.extend(in_other_clusters(aws, scope.stack, clusters, &named).await?);
    }
    for cluster in clusters {
        let arn = text(cluster, "clusterArn");
        let here: Vec<&Value> = named.iter().filter(|service| text(service, "clusterArn") == arn).collect();
        let own = is_ours(cluster, scope.stack, "cluster");
        let marked_here = |found: &Found| found.arn.contains(&format!(":service/{}/", last(arn)));
        let ours = own
            || here.iter().any(|service| is_ours(service, scope.stack, "service"))
            || marked.iter().flatten().any(marked_here);
        if !ours && !blind {
            continue;
        }
        let mut known: BTreeSet<String> = here.iter().map(|service| text(service, "serviceName").to_owned()).collect();
        let here = format!(":service/{}/", last(arn));
        let in_cluster = |found: &&Found| found.arn.contains(&here);
        let mut more: Vec<String> =
            marked.iter().flatten().filter(in_cluster).map(|found| last(&found.arn).to_owned()).collect();
        // A finder that does not know the services that we know is no help.
        let searched = known.iter().all(|name| more.contains(name));
        more.retain(|name| known.insert(name.clone()));
        let mut found = active(aws, arn, &more).await?;
        let count = known.len() - more.len() + found.len();
        // Of a cluster of others the count says nothing: most of its services are theirs.
        let more = blind || if own { may_have_others(cluster, count, searched) } else { !searched };
        if scope.thorough || more {
            let all = aws.once(format!("ecs:ListServices {arn}"), || list(aws, arn)).await?;
            let mut names: Vec<String> = all.iter().map(|arn| last(arn).to_owned()).collect();
            names.retain(|name| known.insert(name.clone()));
            found.extend(active(aws, arn, &names).await?);
        }
        named.extend(found);
    }
    let mut foreign = Foreign::new();
    for service in named.iter().filter(|service| !is_ours(service, scope.stack, "service")) {
        let cluster = foreign.entry(text(service, "clusterArn").to_owned()).or_default();
        cluster.push(format!("service {}", text(service, "serviceName")));
        let of = tags::of_stack(&tags_of(service));
        for group in items(service, "loadBalancers").iter().map(|one| text(one, "targetGroupArn")) {
            let there = foreign.entry(group.to_owned()).or_default();
            there.push(format!("service {}{of}", text(service, "serviceName")));
        }
    }
    named.retain(|service| wanted.has(service) || is_ours(service, scope.stack, "service"));
    Ok((named, foreign))
}

/// Adds services in clusters that neither the file nor a mark leads to: the file has named another one since.
async fn elsewhere(
    aws: &Aws,
    clusters: &[Value],
    marked: &Result<Vec<Found>, CloudError>,
    named: &mut Vec<Value>,
) -> Part<()> {
    let mut others: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for found in marked.iter().flatten() {
        let path = found.arn.split_once(":service/").and_then(|(_, path)| path.split_once('/'));
        let Some((cluster, service)) = path.filter(|_| found.arn.contains(":ecs:")) else { continue };
        let is_known = clusters.iter().any(|known| last(text(known, "clusterArn")) == cluster)
            || named.iter().any(|known| text(known, "serviceArn") == found.arn);
        if !is_known {
            others.entry(cluster).or_default().push(service.to_owned());
        }
    }
    for (cluster, services) in others {
        named.extend(active(aws, cluster, &services).await?);
    }
    Ok(())
}

/// The services of ours in clusters that no name leads to, where the tagging API does not answer: every cluster is looked through, since
/// one that is not seen may run what the rest of the stack is for.
async fn in_other_clusters(aws: &Aws, stack: &str, clusters: &[Value], named: &[Value]) -> Part<Vec<Value>> {
    let all = aws.once("ecs:ListClusters", || clusters::list(aws)).await?;
    let known = |arn: &String| clusters.iter().any(|cluster| text(cluster, "clusterArn") == *arn);
    let mut found = Vec::new();
    for cluster in all.iter().filter(|arn| !known(arn)) {
        let mut services = list(aws, cluster).await?;
        services.retain(|arn| !named.iter().any(|service| text(service, "serviceArn") == *arn));
        found.extend(active(aws, cluster, &services).await?);
    }
    found.retain(|service| is_ours(service, stack, "service"));
    Ok(found)
}

/// Whether there may be services beside the ones found, as far as the count of the cluster tells.
///
/// Some emulators always count 0. There the tagging API has the last word, if it knows services.
fn may_have_others(cluster: &Value, found: usize, searched: bool) -> bool {
    let count = cluster.get("activeServicesCount").and_then(Value::as_u64).unwrap_or(0);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if count == 0 { !searched || found == 0 } else { count != found }
}

/// The ACTIVE ones. One that is DRAINING is on its way out and cannot be changed; INACTIVE is gone.
async fn active(aws: &Aws, cluster: &str, names: &[String]) -> Part<Vec<Value>> {
    let services = match describe(aws, cluster, names).await {
        Err(error) if error.class == ErrorClass::Gone => Vec::new(),
        result => result?,
    };
    Ok(services.into_iter().filter(|service| text(service, "status") == "ACTIVE").collect())
}

/// Describes services by name, with their tags; those that AWS does not know are left out.
///
/// # Errors
/// Any error of `ecs:DescribeServices`; `Gone` if there is no such cluster.
pub async fn describe(aws: &Aws, cluster: &str, names: &[String]) -> Result<Vec<Value>, CloudError> {
    if !aws.is_shared() {
        return in_batches(aws, cluster, names).await;
    }
    let names = names.to_vec();
    let ask = aws
        .together("ecs:DescribeServices", cluster, names, |aws, cluster, names| Box::pin(by_name(aws, cluster, names)));
    Ok(ask.await?.into_values().collect())
}

/// The services that are there, by what they were asked for with.
async fn by_name(aws: &Aws, cluster: &str, names: Vec<String>) -> Result<Known<Value>, CloudError> {
    let found = in_batches(aws, cluster, &names).await?;
    let asked: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let keyed = found.into_iter().filter_map(|service| {
        let keys = [text(&service, "serviceArn"), text(&service, "serviceName")];
        let key = keys.into_iter().find(|key| asked.contains(key))?.to_owned();
        Some((key, service))
    });
    Ok(keyed.collect())
}

async fn in_batches(aws: &Aws, cluster: &str, names: &[String]) -> Result<Vec<Value>, CloudError> {
    let batches = names.chunks(BATCH).map(|batch| async move {
        let body = json!({ "cluster": cluster, "services": batch, "include": ["TAGS"] });
        exchange!(aws, "ecs:DescribeServices", ecs.describe_services, &body)
    });
    let replies = side_by_side(batches.collect()).await;
    let mut services = Vec::new();
    for reply in replies {
        services.extend(items(&reply?, "services").iter().cloned());
    }
    Ok(services)
}

/// ARNs of all services of a cluster.
///
/// # Errors
/// Any error of `ecs:ListServices`.
pub async fn list(aws: &Aws, cluster: &str) -> Result<Vec<String>, CloudError> {
    let mut arns = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let page = aws
            .caller
            .send("ecs:ListServices", || {
                aws.ecs().list_services().cluster(cluster).max_results(100).set_next_token(token.clone()).send()
            })
            .await?;
        arns.extend(page.service_arns().iter().cloned());
        token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            return Ok(arns);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_exact_count_saves_the_listing() {
        let cluster = |count: u32| json!({ "activeServicesCount": count });
        assert!(!may_have_others(&cluster(2), 2, false));
        assert!(may_have_others(&cluster(3), 2, true));
        assert!(may_have_others(&cluster(0), 2, false));
        assert!(!may_have_others(&cluster(0), 2, true));
        assert!(may_have_others(&cluster(0), 0, true));
    }
}
