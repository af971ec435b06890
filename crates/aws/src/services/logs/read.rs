//! Reads from CloudWatch Logs: the log groups that are wanted by name, and those that carry the stack's mark. Their tags come
//! from the finder in one request; where it may lag behind (a wanted group that it does not know, or knows with other tags)
//! the group itself is asked, which AWS allows five times a second. At most three round trips in sequence.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_cloudwatchlogs::types::LogGroup;
use evenkeel_core::error::{CloudError, ErrorClass};
use futures::StreamExt;
use futures::future::join_all;

use crate::client::Aws;
use crate::finder::{Finder, Found};
use crate::read::{Part, Scope};
use crate::tags::{self, Tags};

/// Most identifiers that DescribeLogGroups takes.
const BATCH: usize = 50;
/// Tag requests under way at once.
const SIDE_BY_SIDE: usize = 16;

/// What was fetched from CloudWatch Logs.
#[derive(Debug)]
pub struct Logs {
    /// Groups with their tags: the wanted ones that are there, marked ones, perhaps others.
    pub groups: Part<Vec<(LogGroup, Tags)>>,
    /// Names of groups that the graph wants to be the stack's.
    pub wanted: BTreeSet<String>,
    /// Why groups that no name leads to could not be looked for.
    pub blind: Option<CloudError>,
}

/// The tags that a wanted group should have; `None` of one of others.
type Wanted = Option<Tags>;

/// Groups by name.
type Groups = BTreeMap<String, LogGroup>;

/// Reads what the scope asks for.
pub async fn fetch(aws: &Aws, scope: &Scope<'_>, finder: &Finder<'_>) -> Logs {
    let mut wanted: BTreeMap<String, Wanted> = BTreeMap::new();
    if scope.wants(&["log_group"]) {
        for node in scope.graph.of_kind("log_group") {
            wanted.insert(node.name.clone(), (!node.lookup).then(|| tags::of_node(node, scope.stack)));
        }
    }
    let mut blind = None;
    let groups =
        if scope.wants(&["log_group"]) { read(aws, scope, finder, &wanted, &mut blind).await } else { Ok(Vec::new()) };
    let made = wanted.into_iter().filter(|(_, tags)| tags.is_some());
    Logs { groups, wanted: made.map(|(name, _)| name).collect(), blind }
}

async fn read(
    aws: &Aws,
    scope: &Scope<'_>,
    finder: &Finder<'_>,
    wanted: &BTreeMap<String, Wanted>,
    blind: &mut Option<CloudError>,
) -> Part<Vec<(LogGroup, Tags)>> {
    let names: BTreeSet<String> = wanted.keys().cloned().collect();
    let prefix = format!("{}-", scope.stack);
    let (described, found, listed) = futures::join!(
        describe(aws, &names),
        async {
            // Reading back what was made a moment ago: the tagging API does not know it yet.
            if scope.only.is_some() { Ok(Vec::new()) } else { finder.find(":log-group:").await }
        },
        async {
            // A destruction right after a creation: the same.
            if scope.thorough { list(aws, Some(&prefix)).await } else { Ok(Groups::new()) }
        },
    );
    let mut groups = described?;
    groups.extend(listed?);
    let mut known: BTreeMap<String, Tags> = BTreeMap::new();
    // An endpoint that names no group at all perhaps knows none; then names have to lead to those that left the file.
    let found = match found {
        Ok(found) if found.is_empty() && scope.only.is_none() && !scope.thorough => {
            groups.extend(list(aws, Some(&prefix)).await?);
            Ok(found)
        }
        found => found,
    };
    match found {
        Ok(found) => {
            known = by_name(found);
            let missing = known.keys().filter(|name| !groups.contains_key(*name)).cloned().collect();
            groups.extend(describe(aws, &missing).await?);
        }
        Err(error) => {
            tracing::info!(%error, "the tagging API does not answer; looking for log groups by their names");
            // Whatever is not called after the stack is found only by reading everything.
            let prefix = (!scope.thorough).then_some(prefix.as_str());
            groups.extend(match prefix {
                Some(prefix) => list(aws, Some(prefix)).await?,
                None => everything(aws).await?,
            });
            *blind = prefix.map(|_| error);
        }
    }
    let mut with_tags = Vec::new();
    let mut to_ask = Vec::new();
    for (name, group) in groups {
        match (known.remove(&name), wanted.get(&name)) {
            // Of one of others the tags do not matter.
            (tags, Some(None)) => with_tags.push((group, tags.unwrap_or_default())),
            (Some(tags), wanted) if wanted.is_none_or(|wanted| wanted.as_ref() == Some(&tags)) => {
                with_tags.push((group, tags));
            }
            _ => to_ask.push(group),
        }
    }
    let asked: Vec<_> = futures::stream::iter(to_ask)
        .map(|group| async move {
            let arn = arn(&group);
            let tags = aws.once(format!("logs:ListTagsForResource {arn}"), || tags_of(aws, &arn)).await;
            (group, tags.map(Arc::unwrap_or_clone))
        })
        .buffered(SIDE_BY_SIDE)
        .collect()
        .await;
    for (group, tags) in asked {
        match tags {
            Ok(tags) => with_tags.push((group, tags)),
            Err(error) if error.class == ErrorClass::Gone => {}
            Err(error) => return Err(error),
        }
    }
    Ok(with_tags)
}

/// The ARN of a group without the `:*` that DescribeLogGroups puts behind it.
pub fn arn(group: &LogGroup) -> String {
    let arn = group.log_group_arn().or_else(|| group.arn()).unwrap_or_default();
    arn.strip_suffix(":*").unwrap_or(arn).to_owned()
}

fn by_name(found: Vec<Found>) -> BTreeMap<String, Tags> {
    let name = |arn: &str| arn.split_once(":log-group:").map(|(_, name)| name.trim_end_matches(":*").to_owned());
    found.into_iter().filter_map(|Found { arn, tags }| Some((name(&arn)?, tags))).collect()
}

/// The tags of a group.
///
/// # Errors
/// Any error of `logs:ListTagsForResource`; `Gone` if there is no such group.
pub async fn tags_of(aws: &Aws, arn: &str) -> Result<Tags, CloudError> {
    let reply = aws
        .caller
        .send("logs:ListTagsForResource", || aws.logs().list_tags_for_resource().resource_arn(arn).send())
        .await?;
    Ok(reply.tags().map(|tags| tags.iter().map(|(k, v)| (k.clone(), v.clone())).collect()).unwrap_or_default())
}

/// The same, together with what other readings ask for.
async fn describe(aws: &Aws, names: &BTreeSet<String>) -> Result<Groups, CloudError> {
    let names = names.iter().cloned().collect();
    aws.together("logs:DescribeLogGroups", "", names, |aws, _, names| Box::pin(in_batches(aws, names))).await
}

/// The groups of these names that are there, fifty to a request.
///
/// Emulators ignore the list of names and answer with pages of everything: their first answer is then followed to its end.
///
/// # Errors
/// Any error of `logs:DescribeLogGroups`.
pub(super) async fn in_batches(aws: &Aws, all: Vec<String>) -> Result<Groups, CloudError> {
    let names: &BTreeSet<String> = &all.iter().cloned().collect();
    let pages = join_all(all.chunks(BATCH).map(|chunk| page(aws, Some(chunk), None, None))).await;
    let mut groups = Groups::new();
    let mut open = Vec::new();
    for (chunk, reply) in all.chunks(BATCH).zip(pages) {
        match reply {
            Ok((found, token)) => {
                let ignored = found.iter().any(|group| !chunk.iter().any(|name| group.log_group_name() == Some(name)));
                take(&mut groups, found, names);
                let complete = chunk.iter().all(|name| groups.contains_key(name));
                open.extend(token.filter(|_| ignored || !complete).map(|token| (chunk, token, ignored)));
            }
            // An endpoint that does not know the parameter.
            Err(error) if matches!(error.class, ErrorClass::Invalid | ErrorClass::Unsupported) => {
                let mut groups = everything(aws).await?;
                groups.retain(|name, _| names.contains(name));
                return Ok(groups);
            }
            Err(error) => return Err(error),
        }
    }
    if let Some(at) = open.iter().position(|(_, _, ignored)| *ignored) {
        open = vec![open.swap_remove(at)];
    }
    for (chunk, token, _) in open {
        let mut token = Some(token);
        while let Some(next) = token.take().filter(|_| groups.len() < names.len()) {
            let (found, more) = page(aws, Some(chunk), None, Some(next)).await?;
            take(&mut groups, found, names);
            token = more;
        }
    }
    Ok(groups)
}

/// All groups of the region.
async fn everything(aws: &Aws) -> Result<Groups, CloudError> {
    aws.once("logs:DescribeLogGroups", || list(aws, None)).await.map(Arc::unwrap_or_clone)
}

/// All groups whose names begin so.
async fn list(aws: &Aws, prefix: Option<&str>) -> Result<Groups, CloudError> {
    let mut groups = Groups::new();
    let mut token = None;
    loop {
        let (found, more) = page(aws, None, prefix, token).await?;
        groups.extend(found.into_iter().map(|group| (group.log_group_name().unwrap_or_default().to_owned(), group)));
        token = more;
        if token.is_none() {
            return Ok(groups);
        }
    }
}

async fn page(
    aws: &Aws,
    names: Option<&[String]>,
    prefix: Option<&str>,
    token: Option<String>,
) -> Result<(Vec<LogGroup>, Option<String>), CloudError> {
    let reply = aws
        .caller
        .send("logs:DescribeLogGroups", || {
            aws.logs()
                .describe_log_groups()
                .set_log_group_identifiers(names.map(<[String]>::to_vec))
                .set_log_group_name_prefix(prefix.map(str::to_owned))
                .set_next_token(token.clone())
                .send()
        })
        .await?;
    let next = reply.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
    Ok((reply.log_groups.unwrap_or_default(), next))
}

fn take(groups: &mut Groups, found: Vec<LogGroup>, names: &BTreeSet<String>) {
    for group in found {
        let name = group.log_group_name().unwrap_or_default().to_owned();
        if names.contains(&name) {
            groups.insert(name, group);
        }
    }
}
