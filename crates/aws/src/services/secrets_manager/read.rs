//! Reads from Secrets Manager: the secrets that are wanted by name, even those that are scheduled for deletion, and those that carry
//! the stack's mark. DescribeSecret tells everything but the value, tags included, and is up to date, which ListSecrets is not always;
//! it takes one secret. Two round trips in sequence.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType};
use evenkeel_core::error::{CloudError, ErrorClass};
use futures::StreamExt;

use crate::client::Aws;
use crate::finder::Finder;
use crate::read::{Part, Scope};
use crate::tags::{self, Tags};

/// Descriptions under way at once.
const SIDE_BY_SIDE: usize = 16;
/// Most secrets on a page of ListSecrets.
const PAGE: i32 = 100;

/// What was fetched from Secrets Manager.
#[derive(Debug)]
pub struct Secrets {
    /// The wanted secrets that are there, and marked ones.
    pub secrets: Part<Vec<DescribeSecretOutput>>,
    /// Names that the graph wants.
    pub wanted: BTreeSet<String>,
    /// Whether all of the stack is to go: then what is scheduled for deletion counts as gone.
    pub thorough: bool,
}

/// Reads what the scope asks for.
pub async fn fetch(aws: &Aws, scope: &Scope<'_>, finder: &Finder<'_>) -> Secrets {
    let mut wanted = BTreeSet::new();
    if scope.wants(&["secret"]) {
        wanted.extend(scope.graph.of_kind("secret").map(|node| node.name.clone()));
    }
    let secrets = if scope.wants(&["secret"]) { read(aws, scope, finder, &wanted).await } else { Ok(Vec::new()) };
    Secrets { secrets, wanted, thorough: scope.thorough }
}

async fn read(
    aws: &Aws,
    scope: &Scope<'_>,
    finder: &Finder<'_>,
    wanted: &BTreeSet<String>,
) -> Part<Vec<DescribeSecretOutput>> {
    let names = wanted.iter().cloned().collect();
    let (described, arns) = futures::try_join!(describe(aws, names), marked(aws, scope, finder))?;
    let mut found: BTreeMap<String, DescribeSecretOutput> = by_arn(described);
    let missing = arns.into_iter().filter(|arn| !found.contains_key(arn)).collect();
    found.extend(by_arn(describe(aws, missing).await?));
    Ok(found.into_values().collect())
}

fn by_arn(described: Vec<DescribeSecretOutput>) -> BTreeMap<String, DescribeSecretOutput> {
    described.into_iter().filter_map(|secret| Some((secret.arn()?.to_owned(), secret))).collect()
}

/// The ARNs of what carries the stack's mark: by the tagging API, or where that does not answer or may lag behind, by Secrets
/// Manager itself.
async fn marked(aws: &Aws, scope: &Scope<'_>, finder: &Finder<'_>) -> Result<BTreeSet<String>, CloudError> {
    // Reading back what was made a moment ago: the tagging API does not know it yet.
    if scope.only.is_some() {
        return Ok(BTreeSet::new());
    }
    let found = finder.find(":secret:").await;
    let mut arns = BTreeSet::new();
    let answered = found.is_ok();
    match found {
        Ok(found) => arns.extend(found.into_iter().map(|found| found.arn)),
        Err(error) => tracing::info!(%error, "the tagging API does not answer; secrets are listed by tag"),
    }
    if scope.thorough || !answered {
        arns.extend(list(aws, scope.stack).await?);
    }
    Ok(arns)
}

/// What Secrets Manager lists with the stack's mark. Its filters go by beginnings, and each tag on its own.
async fn list(aws: &Aws, stack: &str) -> Result<Vec<String>, CloudError> {
    let filter = |key, value: &str| Filter::builder().key(key).values(value).build();
    let filters =
        vec![filter(FilterNameStringType::TagKey, tags::STACK), filter(FilterNameStringType::TagValue, stack)];
    let mut arns = Vec::new();
    let mut token = None;
    loop {
        let request = || {
            let request = aws.secrets_manager().list_secrets().set_filters(Some(filters.clone()));
            request.max_results(PAGE).set_next_token(token.clone()).send()
        };
        let reply = aws.caller.send("secretsmanager:ListSecrets", request).await?;
        token = reply.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        let ours = reply.secret_list().iter().filter(|secret| {
            let mut tags = secret.tags().iter();
            tags.any(|tag| tag.key() == Some(tags::STACK) && tag.value() == Some(stack))
        });
        arns.extend(ours.filter_map(|secret| secret.arn().map(str::to_owned)));
        if token.is_none() {
            return Ok(arns);
        }
    }
}

async fn describe(aws: &Aws, ids: Vec<String>) -> Result<Vec<DescribeSecretOutput>, CloudError> {
    let asked: Vec<_> = futures::stream::iter(ids)
        .map(|id| async move {
            let answer = aws.once(format!("secretsmanager:DescribeSecret {id}"), || one(aws, &id)).await;
            answer.map(Arc::unwrap_or_clone)
        })
        .buffered(SIDE_BY_SIDE)
        .collect()
        .await;
    let told = asked.into_iter().filter(|told| !matches!(told, Err(error) if error.class == ErrorClass::Gone));
    told.collect()
}

/// What is known of a secret, by its name or ARN.
///
/// # Errors
/// Any error of `secretsmanager:DescribeSecret`; `Gone` if there is no such secret.
pub async fn one(aws: &Aws, id: &str) -> Result<DescribeSecretOutput, CloudError> {
    let request = || aws.secrets_manager().describe_secret().secret_id(id).send();
    aws.caller.send("secretsmanager:DescribeSecret", request).await
}

/// All tags of a secret.
pub fn tags(secret: &DescribeSecretOutput) -> Tags {
    let tag = |tag: &aws_sdk_secretsmanager::types::Tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned()));
    secret.tags().iter().filter_map(tag).collect()
}
