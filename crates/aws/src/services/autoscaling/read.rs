//! Reads from Application Auto Scaling: the targets of the services that are wanted, and those that carry the stack's mark. Fifty
//! targets to a request; their policies, scheduled actions and tags take one each, side by side. Where the stack wants none and the
//! finder knows none, nothing is sent. Two round trips in sequence; up to four where a service left the file.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::name;
use futures::StreamExt;
use futures::future::try_join_all;
use serde_json::{Value, json};

use super::convert;
use super::scaling::KIND;
use crate::call::raw::exchange;
use crate::client::Aws;
use crate::finder::{Finder, Found as Marked};
use crate::read::{Part, Scope};
use crate::sharing::Known;
use crate::tags::{self, Tags};

/// Most resources that DescribeScalableTargets takes, and most targets on one of its pages.
const BATCH: usize = 50;
/// Requests under way at once.
const SIDE_BY_SIDE: usize = 16;
/// A service that was replaced has another name by a number; so many of them are asked for along with the first.
const GENERATIONS: u32 = 4;
/// Longest name of a service.
const NAME_LIMIT: usize = 255;

/// What is scaled.
pub(super) const NAMESPACE: &str = "ecs";
/// Which of its numbers.
pub(super) const DIMENSION: &str = "ecs:service:DesiredCount";

/// What was fetched from Application Auto Scaling.
#[derive(Debug)]
pub struct Scaling {
    /// The wanted targets that are there, and marked ones.
    pub targets: Part<Vec<Found>>,
    /// What the graph wants, as `service/<cluster>/<service>`.
    pub wanted: BTreeSet<String>,
    /// Why targets that no name leads to could not be looked for.
    pub blind: Option<CloudError>,
}

/// A target with all that belongs to it, as AWS shows it.
#[derive(Clone, Debug)]
pub struct Found {
    /// Itself.
    pub target: Value,
    /// Its tags.
    pub tags: Tags,
    /// Its policies.
    pub policies: Vec<Value>,
    /// Its scheduled actions.
    pub actions: Vec<Value>,
}

/// Targets by what they scale.
type Targets = Known<Value>;

/// Reads what the scope asks for.
pub async fn fetch(aws: &Aws, scope: &Scope<'_>, finder: &Finder<'_>) -> Scaling {
    let nodes: Vec<&Node> = if scope.wants(&[KIND]) { scope.graph.of_kind(KIND).collect() } else { Vec::new() };
    let wanted = nodes.iter().map(|node| node.name.clone()).collect();
    let mut blind = None;
    let targets =
        if scope.wants(&[KIND]) { read(aws, scope, finder, &nodes, &mut blind).await } else { Ok(Vec::new()) };
    Scaling { targets, wanted, blind }
}

/// What may be the target of a node: of its service, or of one that replaced it.
fn candidates(node: &Node) -> impl Iterator<Item = String> {
    (1..=GENERATIONS).map(|number| name::of_generation(&node.name, number, NAME_LIMIT + node.name.len()))
}

async fn read(
    aws: &Aws,
    scope: &Scope<'_>,
    finder: &Finder<'_>,
    nodes: &[&Node],
    blind: &mut Option<CloudError>,
) -> Part<Vec<Found>> {
    let asked: BTreeSet<String> = nodes.iter().flat_map(|node| candidates(node)).collect();
    let (described, marked) = futures::join!(describe(aws, asked.iter().cloned().collect()), async {
        // Reading back what was made a moment ago: the tagging API does not know it yet.
        if scope.only.is_some() { Ok(Vec::new()) } else { finder.find(":scalable-target/").await }
    });
    let mut found = described?;
    let mut known: BTreeMap<String, Tags> = BTreeMap::new();
    match marked {
        Ok(marked) => {
            known.extend(marked.into_iter().map(|Marked { arn, tags }| (arn, tags)));
            find_rest(aws, finder, &asked, &known, &mut found).await?;
            if scope.thorough && scope.only.is_none() {
                // A destruction right after a creation: the same.
                match everything(aws).await {
                    Ok(all) => found.extend(of_stack(all, scope.stack)),
                    Err(error) if found.is_empty() && error.class == ErrorClass::Denied => {
                        tracing::info!(%error, "targets that are not tagged yet are not looked for");
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Err(error) => {
            tracing::info!(%error, "the tagging API does not answer; looking for targets by the names of services");
            found.extend(of_stack(everything(aws).await?, scope.stack));
            *blind = Some(error);
        }
    }
    let wanted: BTreeMap<String, Tags> = nodes
        .iter()
        .flat_map(|node| {
            let tags = settled(node, scope.stack);
            candidates(node).map(move |resource| (resource, tags.clone()))
        })
        .collect();
    let parts = found.into_iter().map(|(resource, target)| {
        let tags = target["ScalableTargetARN"].as_str().and_then(|arn| known.remove(arn));
        // The finder may lag behind: it is believed where it says what is wanted, and of what nothing is wanted.
        let tags = tags.filter(|tags| wanted.get(&resource).is_none_or(|wanted| without_history(tags) == *wanted));
        async move { whole(aws, &resource, target, tags).await }
    });
    let parts: Vec<_> = futures::stream::iter(parts.collect::<Vec<_>>()).buffered(SIDE_BY_SIDE).collect().await;
    parts.into_iter().filter_map(Result::transpose).collect()
}

/// The tags that a target has once nothing is left to do.
fn settled(node: &Node, stack: &str) -> Tags {
    let mut tags = tags::of_node(node, stack);
    let limits = node.want["applied_limits"].as_str().map(|limits| (convert::LIMITS.to_owned(), limits.to_owned()));
    tags.extend(limits);
    tags
}

/// The same without the mark of what it replaced.
fn without_history(tags: &Tags) -> Tags {
    tags.iter().filter(|(key, _)| *key != tags::REPLACES).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Marked targets that were not asked for: first by the marked services, then among all.
async fn find_rest(
    aws: &Aws,
    finder: &Finder<'_>,
    asked: &BTreeSet<String>,
    known: &BTreeMap<String, Tags>,
    found: &mut Targets,
) -> Result<(), CloudError> {
    let missing = |found: &Targets| {
        let arns: BTreeSet<&str> = found.values().filter_map(|target| target["ScalableTargetARN"].as_str()).collect();
        known.keys().any(|arn| !arns.contains(arn.as_str()))
    };
    if !missing(found) {
        return Ok(());
    }
    let services = finder.find(":service/").await?;
    let ids = services
        .iter()
        .filter_map(|service| service.arn.split_once(":service/"))
        .map(|(_, id)| format!("service/{id}"));
    let ids: Vec<String> = ids.filter(|id| !asked.contains(id)).collect();
    found.extend(describe(aws, ids).await?);
    if missing(found) {
        let all = everything(aws).await?;
        let ours = |target: &Value| target["ScalableTargetARN"].as_str().is_some_and(|arn| known.contains_key(arn));
        found.extend(all.into_iter().filter(|(_, target)| ours(target)));
    }
    Ok(())
}

/// Targets of services that are called after the stack, or are in a cluster of its name.
fn of_stack(all: Targets, stack: &str) -> impl Iterator<Item = (String, Value)> {
    let prefix = format!("{stack}-");
    all.into_iter().filter(move |(resource, _)| {
        let parts = convert::parts(resource);
        parts.is_some_and(|(cluster, service)| cluster == prefix.trim_end_matches('-') || service.starts_with(&prefix))
    })
}

/// The targets of these resources that are there, together with what other readings ask for.
async fn describe(aws: &Aws, resources: Vec<String>) -> Result<Targets, CloudError> {
    if resources.is_empty() {
        return Ok(Targets::new());
    }
    let operation = "application-autoscaling:DescribeScalableTargets";
    aws.together(operation, "", resources, |aws, _, resources| Box::pin(in_batches(aws, resources))).await
}

async fn in_batches(aws: &Aws, resources: Vec<String>) -> Result<Targets, CloudError> {
    let batches = resources.chunks(BATCH).map(|batch| {
        let body = json!({ "ServiceNamespace": NAMESPACE, "ScalableDimension": DIMENSION, "ResourceIds": batch });
        async move { targets(aws, body).await }
    });
    Ok(try_join_all(batches).await?.into_iter().flatten().collect())
}

/// All targets of services in the region.
async fn everything(aws: &Aws) -> Result<Targets, CloudError> {
    let all = aws.once("application-autoscaling:DescribeScalableTargets", || {
        targets(aws, json!({ "ServiceNamespace": NAMESPACE }))
    });
    Ok((*all.await?).clone())
}

async fn targets(aws: &Aws, body: Value) -> Result<Targets, CloudError> {
    let mut body = body;
    let mut found = Targets::new();
    loop {
        let reply = exchange!(
            aws,
            "application-autoscaling:DescribeScalableTargets",
            scaling.describe_scalable_targets,
            &body
        )?;
        let all = reply["ScalableTargets"].as_array().into_iter().flatten();
        let all = all.filter(|target| target["ScalableDimension"] == DIMENSION);
        found.extend(all.filter_map(|target| Some((target["ResourceId"].as_str()?.to_owned(), target.clone()))));
        match next(&reply) {
            Some(token) => body["NextToken"] = token,
            None => return Ok(found),
        }
    }
}

fn next(reply: &Value) -> Option<Value> {
    reply["NextToken"].as_str().filter(|token| !token.is_empty()).map(Into::into)
}

fn of_resource(resource: &str) -> Value {
    json!({ "ServiceNamespace": NAMESPACE, "ResourceId": resource, "ScalableDimension": DIMENSION })
}

/// A target with what belongs to it; `None` if it has gone meanwhile.
async fn whole(aws: &Aws, resource: &str, target: Value, tags: Option<Tags>) -> Part<Option<Found>> {
    let arn = target["ScalableTargetARN"].as_str().unwrap_or_default();
    let tags = async {
        match tags {
            Some(tags) => Ok(tags),
            None => {
                let question = format!("application-autoscaling:ListTagsForResource {arn}");
                aws.once(question, || tags_of(aws, arn)).await.map(|tags| (*tags).clone())
            }
        }
    };
    let policies =
        aws.once(format!("application-autoscaling:DescribeScalingPolicies {resource}"), || policies_of(aws, resource));
    let actions =
        aws.once(format!("application-autoscaling:DescribeScheduledActions {resource}"), || actions_of(aws, resource));
    let (tags, policies, actions) = futures::join!(tags, policies, actions);
    match tags {
        Ok(tags) => Ok(Some(Found {
            tags,
            policies: (*policies?).clone(),
            actions: (*actions?).clone(),
            target: target.clone(),
        })),
        Err(error) if error.class == ErrorClass::Gone => Ok(None),
        Err(error) => Err(error),
    }
}

async fn policies_of(aws: &Aws, resource: &str) -> Result<Vec<Value>, CloudError> {
    let mut body = of_resource(resource);
    let mut found = Vec::new();
    loop {
        let reply = exchange!(
            aws,
            "application-autoscaling:DescribeScalingPolicies",
            scaling.describe_scaling_policies,
            &body
        )?;
        found.extend(reply["ScalingPolicies"].as_array().into_iter().flatten().cloned());
        match next(&reply) {
            Some(token) => body["NextToken"] = token,
            None => return Ok(found),
        }
    }
}

async fn actions_of(aws: &Aws, resource: &str) -> Result<Vec<Value>, CloudError> {
    let mut body = of_resource(resource);
    let mut found = Vec::new();
    loop {
        let reply = exchange!(
            aws,
            "application-autoscaling:DescribeScheduledActions",
            scaling.describe_scheduled_actions,
            &body
        )?;
        found.extend(reply["ScheduledActions"].as_array().into_iter().flatten().cloned());
        match next(&reply) {
            Some(token) => body["NextToken"] = token,
            None => return Ok(found),
        }
    }
}

/// The target of a resource, if it has one.
///
/// # Errors
/// Any error of `application-autoscaling:DescribeScalableTargets`.
pub(super) async fn target_of(aws: &Aws, resource: &str) -> Result<Option<Value>, CloudError> {
    Ok(in_batches(aws, vec![resource.to_owned()]).await?.remove(resource))
}

/// The tags of a target.
///
/// # Errors
/// Any error of `application-autoscaling:ListTagsForResource`; `Gone` if there is no such target.
pub(super) async fn tags_of(aws: &Aws, arn: &str) -> Result<Tags, CloudError> {
    let body = json!({ "ResourceARN": arn });
    let reply = exchange!(aws, "application-autoscaling:ListTagsForResource", scaling.list_tags_for_resource, &body)?;
    let all = reply["Tags"].as_object().into_iter().flatten();
    Ok(all.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect())
}
