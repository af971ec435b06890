//! What ECS tells of gateways only in the revisions of services: their connectors, and what ECS made for them. Asked for those services
//! alone that connect to one or may have done so. Security groups that ECS has put among a service's own are taken out, as nobody
//! wrote them there.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::snapshot::Owner;
use serde_json::{Value, json};

use super::deployments::created;
use super::reply::{items, tags_of, text};
use super::{Part, Scope};
use crate::call::raw::exchange;
use crate::client::Aws;
use crate::hands;
use crate::tags;

/// The member of a service that holds its newest revision; ECS has none of this name.
pub const REVISION: &str = "evenkeel:revision";
/// The tag that tells what was last applied, and the letter of the ingress in it.
const APPLIED: (&str, &str) = ("evenkeel:applied", "i=");
/// AWS's limit for DescribeServiceRevisions.
const BATCH: usize = 20;

/// What was found: revisions by the ARN of their service, and the security groups of ECS's own.
pub(super) type Found = (BTreeMap<String, Value>, BTreeSet<String>);

/// Whether a service connects to a gateway, or may have done so.
fn matters(scope: &Scope<'_>, service: &Value) -> bool {
    let tags = tags_of(service);
    let applied = tags.get(APPLIED.0).is_some_and(|tag| tag.split(' ').any(|part| part.starts_with(APPLIED.1)));
    let connects = |node: &Node| !items(&node.want, "ingress").is_empty();
    let node = match tags::owner(&tags, scope.stack, "service") {
        Owner::Ours(id) => scope.graph.get(&id),
        // What is to be adopted may have anything.
        _ => return true,
    };
    applied || node.is_some_and(connects)
}

/// Asks for what matters.
pub(super) async fn fetch(aws: &Aws, scope: &Scope<'_>, services: &[Value]) -> Part<Found> {
    if !scope.wants(&["service"]) {
        return Ok(Found::default());
    }
    let some: Vec<&Value> = services.iter().filter(|service| matters(scope, service)).collect();
    let groups = some.iter().flat_map(|service| groups(service)).collect::<BTreeSet<_>>();
    futures::try_join!(revisions(aws, &some), own_groups(aws, groups))
}

fn groups(service: &Value) -> Vec<String> {
    let listed = service.pointer("/networkConfiguration/awsvpcConfiguration/securityGroups").and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(|group| group.as_str().map(str::to_owned)).collect()
}

/// Tells each service what was found.
pub(super) fn tell((revisions, own): &Found, services: &mut [Value]) {
    for service in services {
        if let Some(revision) = revisions.get(text(service, "serviceArn")) {
            service[REVISION] = revision.clone();
        }
        let listed = service.pointer_mut("/networkConfiguration/awsvpcConfiguration/securityGroups");
        if let Some(listed) = listed.and_then(Value::as_array_mut) {
            listed.retain(|group| group.as_str().is_none_or(|group| !own.contains(group)));
        }
    }
}

/// The newest revision of each service, by the service's ARN.
///
/// # Errors
/// Any error of `ecs:DescribeServiceRevisions`.
pub async fn revisions(aws: &Aws, services: &[&Value]) -> Result<BTreeMap<String, Value>, CloudError> {
    let arns = services.iter().flat_map(|service| items(service, "currentServiceRevisions"));
    let arns: Vec<&str> = arns.map(|revision| text(revision, "arn")).collect();
    let asked = arns.chunks(BATCH).map(|batch| async move {
        let body = json!({ "serviceRevisionArns": batch });
        exchange!(aws, "ecs:DescribeServiceRevisions", ecs.describe_service_revisions, &body)
    });
    let mut newest: BTreeMap<String, Value> = BTreeMap::new();
    for reply in futures::future::try_join_all(asked).await? {
        for revision in items(&reply, "serviceRevisions") {
            let place = newest.entry(text(revision, "serviceArn").to_owned()).or_default();
            if place.is_null() || created(place) <= created(revision) {
                *place = revision.clone();
            }
        }
    }
    Ok(newest)
}

/// Which of these groups ECS has made for itself.
async fn own_groups(aws: &Aws, groups: BTreeSet<String>) -> Part<BTreeSet<String>> {
    use aws_sdk_ec2::types::Filter;
    if groups.is_empty() {
        return Ok(groups);
    }
    let (key, value) = hands::ECS;
    let request = || {
        let ids = Filter::builder().name("group-id").set_values(Some(groups.iter().cloned().collect())).build();
        let tag = Filter::builder().name(format!("tag:{key}")).values(value).build();
        aws.ec2().describe_security_groups().filters(ids).filters(tag).send()
    };
    let reply = aws.caller.send("ec2:DescribeSecurityGroups", request).await?;
    Ok(reply.security_groups().iter().filter_map(|group| group.group_id().map(str::to_owned)).collect())
}
