//! Reads from ECR: the repositories that are wanted by name, and those that carry the stack's mark. DescribeRepositories takes a
//! hundred names and refuses all of them if one is not there; then each is asked for alone. Their tags come from the finder, or
//! from the repository itself where the finder may lag behind. Policies, and how many images there are, take a request each, side
//! by side. Two round trips in sequence; three where something is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_ecr::types::Repository;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::snapshot::Live;
use futures::StreamExt;
use futures::future::join_all;
use serde_json::Value;

use super::image;
use crate::client::Aws;
use crate::finder::{Finder, Found as Marked};
use crate::read::{Part, Scope};
use crate::tags::{self, Tags};

/// Most names that DescribeRepositories takes.
const BATCH: usize = 100;
/// Most repositories on one of its pages.
const PAGE: i32 = 1000;
/// Images that are counted; what holds more says so.
const IMAGES: i32 = 100;
/// Requests under way at once.
const SIDE_BY_SIDE: usize = 16;

/// What was fetched from ECR.
#[derive(Debug)]
pub struct Ecr {
    /// The wanted repositories that are there, and marked ones.
    pub repositories: Part<Vec<Found>>,
    /// Names of repositories that the graph wants to be the stack's, with the documents.
    pub wanted: BTreeMap<String, Value>,
    /// The images of the graph that are there.
    pub images: Part<Vec<Live<image::Spec>>>,
    /// Why repositories that no name leads to could not be looked for.
    pub blind: Option<CloudError>,
}

/// A repository with all that belongs to it.
#[derive(Clone, Debug)]
pub struct Found {
    /// Itself.
    pub repository: Repository,
    /// Its tags.
    pub tags: Tags,
    /// The text of its lifecycle policy, if it has one.
    pub lifecycle: Option<String>,
    /// The text of its policy, if it has one.
    pub policy: Option<String>,
    /// How many images it holds, up to those that are counted.
    pub images: usize,
    /// Whether it holds more.
    pub more_images: bool,
}

impl Found {
    /// A repository of which nothing else is looked at.
    fn bare(repository: Repository, tags: Tags) -> Self {
        Self { repository, tags, lifecycle: None, policy: None, images: 0, more_images: false }
    }
}

/// The tags that a wanted repository should have; `None` of one of others.
type Wanted = Option<Tags>;

/// Repositories by name.
type Repositories = BTreeMap<String, Repository>;

/// Reads what the scope asks for.
pub async fn fetch(aws: &Aws, scope: &Scope<'_>, finder: &Finder<'_>) -> Ecr {
    if !scope.wants(&["repository"]) {
        let images = image::read(aws, scope).await;
        return Ecr { repositories: Ok(Vec::new()), wanted: BTreeMap::new(), images, blind: None };
    }
    let nodes = || scope.graph.of_kind("repository").filter(|node| !node.lookup);
    let all = scope.graph.of_kind("repository");
    let tags = all.map(|node| (node.name.clone(), (!node.lookup).then(|| tags::of_node(node, scope.stack))));
    let (tags, mut blind) = (tags.collect(), None);
    let (repositories, images) = futures::join!(read(aws, scope, finder, &tags, &mut blind), image::read(aws, scope));
    let wanted = nodes().map(|node| (node.name.clone(), node.want.clone())).collect();
    Ecr { repositories, wanted, images, blind }
}

async fn read(
    aws: &Aws,
    scope: &Scope<'_>,
    finder: &Finder<'_>,
    wanted: &BTreeMap<String, Wanted>,
    blind: &mut Option<CloudError>,
) -> Part<Vec<Found>> {
    let (described, marked, listed) = futures::join!(
        describe(aws, wanted.keys().cloned().collect()),
        async {
            // Reading back what was made a moment ago: the tagging API does not know it yet.
            if scope.only.is_some() { Ok(Vec::new()) } else { finder.find(":repository/").await }
        },
        async {
            // A destruction right after a creation: the same.
            if scope.thorough { everything(aws).await.map(|all| of_stack(&all, scope.stack)) } else { Ok(Vec::new()) }
        },
    );
    let mut found = described?;
    found.extend(listed?);
    let mut known = BTreeMap::new();
    match marked {
        Ok(marked) => {
            known = by_name(marked);
            let missing = known.keys().filter(|name| !found.contains_key(*name)).cloned().collect();
            found.extend(describe(aws, missing).await?);
        }
        Err(error) => {
            tracing::info!(%error, "the tagging API does not answer; looking for repositories by their names");
            let all = everything(aws).await?;
            // Whatever is not called after the stack is found only by reading everything.
            found.extend(if scope.thorough {
                Repositories::clone(&all).into_iter().collect()
            } else {
                of_stack(&all, scope.stack)
            });
            *blind = (!scope.thorough).then_some(error);
        }
    }
    let parts = found.into_iter().map(|(name, repository)| {
        let tags = known.remove(&name);
        let wanted = wanted.get(&name);
        let right = tags.clone().filter(|tags| wanted.is_none_or(|wanted| wanted.as_ref() == Some(tags)));
        async move {
            match wanted {
                // Of one of others only its name and its address matter.
                Some(None) => Ok(Some(Found::bare(repository, tags.unwrap_or_default()))),
                Some(Some(_)) | None => whole(aws, repository, right).await,
            }
        }
    });
    let parts: Vec<_> = futures::stream::iter(parts.collect::<Vec<_>>()).buffered(SIDE_BY_SIDE).collect().await;
    parts.into_iter().filter_map(Result::transpose).collect()
}

/// Repositories that are called after the stack.
fn of_stack(all: &Repositories, stack: &str) -> Vec<(String, Repository)> {
    let prefix = format!("{}-", stack.to_lowercase());
    all.iter().filter(|(name, _)| name.starts_with(&prefix)).map(|(name, it)| (name.clone(), it.clone())).collect()
}

fn by_name(marked: Vec<Marked>) -> BTreeMap<String, Tags> {
    let name = |arn: &str| arn.split_once(":repository/").map(|(_, name)| name.to_owned());
    marked.into_iter().filter_map(|Marked { arn, tags }| Some((name(&arn)?, tags))).collect()
}

/// The repositories of these names that are there, together with what other readings ask for.
async fn describe(aws: &Aws, names: BTreeSet<String>) -> Result<Repositories, CloudError> {
    let names: Vec<String> = names.into_iter().collect();
    if names.is_empty() {
        return Ok(Repositories::new());
    }
    aws.together("ecr:DescribeRepositories", "", names, |aws, _, names| Box::pin(in_batches(aws, names))).await
}

async fn in_batches(aws: &Aws, names: Vec<String>) -> Result<Repositories, CloudError> {
    let batches: Vec<Vec<String>> = names.chunks(BATCH).map(<[String]>::to_vec).collect();
    let replies = join_all(batches.iter().map(|batch| of_names(aws, batch.clone()))).await;
    let (mut found, mut alone) = (Vec::new(), Vec::new());
    for (batch, reply) in batches.into_iter().zip(replies) {
        match reply {
            Ok(reply) => found.extend(reply),
            Err(error) if error.class == ErrorClass::Gone => {
                alone.extend(batch.into_iter().filter(|_| names.len() > 1))
            }
            Err(error) => return Err(error),
        }
    }
    let alone: Vec<_> =
        futures::stream::iter(alone).map(|name| of_names(aws, vec![name])).buffered(SIDE_BY_SIDE).collect().await;
    for reply in alone {
        match reply {
            Ok(reply) => found.extend(reply),
            Err(error) if error.class == ErrorClass::Gone => {}
            Err(error) => return Err(error),
        }
    }
    Ok(named(found))
}

fn named(all: Vec<Repository>) -> Repositories {
    all.into_iter().map(|one| (one.repository_name().unwrap_or_default().to_owned(), one)).collect()
}

async fn of_names(aws: &Aws, names: Vec<String>) -> Result<Vec<Repository>, CloudError> {
    let request = || aws.ecr().describe_repositories().set_repository_names(Some(names.clone())).send();
    Ok(aws.caller.send("ecr:DescribeRepositories", request).await?.repositories.unwrap_or_default())
}

/// All repositories of the region.
async fn everything(aws: &Aws) -> Result<Arc<Repositories>, CloudError> {
    let list = || async {
        let (mut all, mut token) = (Vec::new(), None);
        loop {
            let request = || aws.ecr().describe_repositories().max_results(PAGE).set_next_token(token.clone()).send();
            let reply = aws.caller.send("ecr:DescribeRepositories", request).await?;
            token = reply.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
            all.extend(reply.repositories.unwrap_or_default());
            if token.is_none() {
                return Ok(named(all));
            }
        }
    };
    aws.once("ecr:DescribeRepositories", list).await
}

/// A repository with what belongs to it; `None` if it has gone meanwhile.
async fn whole(aws: &Aws, repository: Repository, tags: Option<Tags>) -> Part<Option<Found>> {
    let name = repository.repository_name().unwrap_or_default();
    let arn = repository.repository_arn().unwrap_or_default();
    let tags = async {
        match tags {
            Some(tags) => Ok(tags),
            None => {
                let tags = aws.once(format!("ecr:ListTagsForResource {arn}"), || tags_of(aws, arn)).await;
                tags.map(Arc::unwrap_or_clone)
            }
        }
    };
    let lifecycle = aws.once(format!("ecr:GetLifecyclePolicy {name}"), || lifecycle_of(aws, name));
    let policy = aws.once(format!("ecr:GetRepositoryPolicy {name}"), || policy_of(aws, name));
    let images = aws.once(format!("ecr:ListImages {name}"), || images_of(aws, name));
    let parts = futures::join!(tags, lifecycle, policy, images);
    let gone = |error: &CloudError| error.class == ErrorClass::Gone;
    match parts {
        (Ok(tags), Ok(lifecycle), Ok(policy), Ok(images)) => {
            let (lifecycle, policy) = (Arc::unwrap_or_clone(lifecycle), Arc::unwrap_or_clone(policy));
            let (images, more_images) = *images;
            Ok(Some(Found { repository, tags, lifecycle, policy, images, more_images }))
        }
        (Err(error), ..) | (_, Err(error), ..) | (_, _, Err(error), _) | (.., Err(error)) if gone(&error) => Ok(None),
        (Err(error), ..) | (_, Err(error), ..) | (_, _, Err(error), _) | (.., Err(error)) => Err(error),
    }
}

/// The tags of a repository.
///
/// # Errors
/// Any error of `ecr:ListTagsForResource`; `Gone` if there is no such repository.
pub async fn tags_of(aws: &Aws, arn: &str) -> Result<Tags, CloudError> {
    let request = || aws.ecr().list_tags_for_resource().resource_arn(arn).send();
    let reply = aws.caller.send("ecr:ListTagsForResource", request).await?;
    Ok(reply.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
}

/// The text of a policy, or none: its own code says that there is none, while the repository is there.
fn or_none<T>(reply: Result<T, CloudError>, none: &str) -> Result<Option<T>, CloudError> {
    match reply {
        Ok(reply) => Ok(Some(reply)),
        Err(error) if error.code == none => Ok(None),
        Err(error) => Err(error),
    }
}

async fn lifecycle_of(aws: &Aws, name: &str) -> Result<Option<String>, CloudError> {
    let request = || aws.ecr().get_lifecycle_policy().repository_name(name).send();
    let reply = aws.caller.send("ecr:GetLifecyclePolicy", request).await;
    Ok(or_none(reply, "LifecyclePolicyNotFoundException")?.and_then(|reply| reply.lifecycle_policy_text))
}

async fn policy_of(aws: &Aws, name: &str) -> Result<Option<String>, CloudError> {
    let request = || aws.ecr().get_repository_policy().repository_name(name).send();
    let reply = aws.caller.send("ecr:GetRepositoryPolicy", request).await;
    Ok(or_none(reply, "RepositoryPolicyNotFoundException")?.and_then(|reply| reply.policy_text))
}

/// How many images a repository holds, up to those that are counted, and whether there are more.
async fn images_of(aws: &Aws, name: &str) -> Result<(usize, bool), CloudError> {
    let request = || aws.ecr().list_images().repository_name(name).max_results(IMAGES).send();
    let reply = aws.caller.send("ecr:ListImages", request).await?;
    // An image comes once for each of its tags.
    let digests: BTreeSet<&str> = reply.image_ids().iter().filter_map(|id| id.image_digest()).collect();
    Ok((digests.len(), reply.next_token().is_some_and(|token| !token.is_empty())))
}
