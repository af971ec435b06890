//! The finder: asks the tagging API, once, which log groups, clusters, services and revisions of task definitions carry this
//! stack's mark. The tagging API lags behind by seconds and does not exist everywhere, so it only helps to find what
//! no name in the stack file leads to; whether a thing is ours is always decided by its own tags or this answer's tags.

use std::collections::BTreeMap;

use aws_sdk_resourcegroupstagging::types::{ResourceTagMapping, TagFilter};
use evenkeel_core::error::CloudError;
use futures::future::try_join_all;
use futures::lock::Mutex;

use crate::client::Aws;
use crate::read::Scope;
use crate::sharing::Known;
use crate::tags::{self, Tags};

/// Most values that a filter takes.
const VALUES: usize = 20;
/// Most ARNs that GetResources takes, and most things on one of its pages.
const PAGE: u8 = 100;

impl Aws {
    /// The client of the resource groups tagging API.
    pub fn tagging(&self) -> aws_sdk_resourcegroupstagging::Client {
        self.client(aws_sdk_resourcegroupstagging::Client::new)
    }
}

/// A thing that carries the stack's mark.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its ARN.
    pub arn: String,
    /// All its tags but AWS's own.
    pub tags: Tags,
}

/// Asks at most once, when first needed.
pub struct Finder<'a> {
    aws: &'a Aws,
    stack: &'a str,
    /// The questions that it asks, each for the types that it has.
    questions: Vec<String>,
    answer: Mutex<Option<Result<Vec<Found>, CloudError>>>,
}

impl<'a> Finder<'a> {
    /// A finder that has not asked yet; `types` are the resource types of each service, with how many things of them are expected.
    pub fn new(aws: &'a Aws, scope: &Scope<'a>, types: Vec<(&[&str], usize)>) -> Self {
        Self { aws, stack: scope.stack, questions: questions(&types), answer: Mutex::new(None) }
    }

    /// The marked things whose ARN contains `part`, for example `:log-group:`.
    ///
    /// # Errors
    /// What kept the tagging API from answering; the caller then lists by itself.
    pub async fn find(&self, part: &str) -> Result<Vec<Found>, CloudError> {
        let mut answer = self.answer.lock().await;
        if answer.is_none() {
            *answer = Some(self.ask().await);
        }
        match answer.as_ref() {
            Some(Ok(found)) => Ok(found.iter().filter(|found| found.arn.contains(part)).cloned().collect()),
            Some(Err(error)) => Err(error.clone()),
            None => Ok(Vec::new()),
        }
    }

    /// The marked things of these types, which the first question leaves out: they are asked for where a region is large.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn of_types(&self, types: &[&str]) -> Result<Vec<Found>, CloudError> {
        self.ask_for(&types.join(" ")).await
    }

    async fn ask(&self) -> Result<Vec<Found>, CloudError> {
        Ok(try_join_all(self.questions.iter().map(|one| self.ask_for(one))).await?.into_iter().flatten().collect())
    }

    async fn ask_for(&self, types: &str) -> Result<Vec<Found>, CloudError> {
        let stacks = vec![self.stack.to_owned()];
        let ask = self
            .aws
            .together("tagging:GetResources", types, stacks, |aws, types, stacks| Box::pin(marked(aws, types, stacks)));
        let mut found = ask.await?;
        let mut found = found.remove(self.stack).unwrap_or_default();
        found.retain(|found| !tags::is_copy(&found.tags));
        Ok(found)
    }
}

/// One question for everything where one page may hold it. A large stack surely fills more: each type that it has many of is a question
/// of its own from the first, and all that it has nothing of are one.
fn questions(types: &[(&[&str], usize)]) -> Vec<String> {
    let joined = |types: Vec<&str>| types.join(" ");
    if types.iter().map(|(_, expected)| expected).sum::<usize>() <= usize::from(PAGE) {
        return vec![joined(types.iter().flat_map(|(types, _)| types.iter().copied()).collect())];
    }
    let (many, none): (Vec<_>, Vec<_>) = types.iter().partition(|(_, expected)| *expected > 0);
    let own = many.into_iter().flat_map(|(types, _)| by_head(types)).map(joined);
    let rest = joined(none.into_iter().flat_map(|(types, _)| types.iter().copied()).collect());
    own.chain(Some(rest).filter(|rest| !rest.is_empty())).collect()
}

/// Types with their variants: of `listener/app` and `listener/net` a stack rarely has many each, so that one question is for both.
fn by_head<'t>(types: &[&'t str]) -> Vec<Vec<&'t str>> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in types {
        found.entry(one.split('/').next().unwrap_or(one)).or_default().push(one);
    }
    found.into_values().collect()
}

/// The tags of things as the tagging API knows them, by ARN; what it does not know is left out.
///
/// # Errors
/// Any error of `tag:GetResources`.
pub(crate) async fn tags_of(aws: &Aws, arns: Vec<String>) -> Result<Known<Tags>, CloudError> {
    let batches = arns.chunks(PAGE.into()).map(|batch| async move {
        let request = || aws.tagging().get_resources().set_resource_arn_list(Some(batch.to_vec())).send();
        aws.caller.send("tagging:GetResources", request).await
    });
    let replies = try_join_all(batches).await?;
    let found = replies.iter().flat_map(|reply| reply.resource_tag_mapping_list()).map(from_mapping);
    Ok(found.map(|found| (found.arn, found.tags)).collect())
}

fn from_mapping(mapping: &ResourceTagMapping) -> Found {
    // AWS's own tags come along here: they may tell who runs a thing.
    let tags = mapping.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect();
    Found { arn: mapping.resource_arn().unwrap_or_default().to_owned(), tags }
}

/// What carries the mark of each of these stacks, of the types in a list.
async fn marked(aws: &Aws, types: &str, stacks: Vec<String>) -> Result<Known<Vec<Found>>, CloudError> {
    let batches = stacks.chunks(VALUES).map(|batch| marked_with(aws, types, batch));
    let mut all = Known::<Vec<Found>>::new();
    for found in try_join_all(batches).await?.into_iter().flatten() {
        let stack = found.tags.get(tags::STACK).cloned().unwrap_or_default();
        all.entry(stack).or_default().push(found);
    }
    Ok(all)
}

/// What carries the mark of these stacks. One page of all types is most often all there is; where it is not, each type has a chain
/// of pages of its own, side by side with the others'.
async fn marked_with(aws: &Aws, types: &str, stacks: &[String]) -> Result<Vec<Found>, CloudError> {
    let types: Vec<&str> = types.split(' ').collect();
    let (first, more) = page(aws, &types, stacks, None).await?;
    let Some(more) = more else { return Ok(first) };
    let heads = by_head(&types);
    if heads.len() == 1 {
        let rest = chain(aws, &types, stacks, Some(more)).await?;
        return Ok(first.into_iter().chain(rest).collect());
    }
    let chains = heads.iter().map(|types| chain(aws, types, stacks, None));
    Ok(try_join_all(chains).await?.into_iter().flatten().collect())
}

/// A chain of pages to its end.
async fn chain(
    aws: &Aws,
    types: &[&str],
    stacks: &[String],
    mut token: Option<String>,
) -> Result<Vec<Found>, CloudError> {
    let mut found = Vec::new();
    loop {
        let (some, more) = page(aws, types, stacks, token).await?;
        found.extend(some);
        token = more;
        if token.is_none() {
            return Ok(found);
        }
    }
}

async fn page(
    aws: &Aws,
    types: &[&str],
    stacks: &[String],
    token: Option<String>,
) -> Result<(Vec<Found>, Option<String>), CloudError> {
    let filter = TagFilter::builder().key(tags::STACK).set_values(Some(stacks.to_vec())).build();
    let request = || {
        aws.tagging()
            .get_resources()
            .tag_filters(filter.clone())
            .set_resource_type_filters(Some(types.iter().map(ToString::to_string).collect()))
            .resources_per_page(PAGE.into())
            // Pages also end after so many tags; 100 unless more is asked for.
            .tags_per_page(500)
            .set_pagination_token(token.clone())
            .send()
    };
    let reply = aws.caller.send("tagging:GetResources", request).await?;
    let found = reply.resource_tag_mapping_list().iter().map(from_mapping);
    // The last page has an empty token, not none.
    let more = reply.pagination_token().filter(|token| !token.is_empty()).map(str::to_owned);
    Ok((found.collect(), more))
}

impl std::fmt::Debug for Finder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Finder").field("stack", &self.stack).finish_non_exhaustive()
    }
}
