//! Reads from Parameter Store: the parameters that are wanted by name, and those that carry the stack's mark. DescribeParameters tells
//! everything but tags and values; values are asked for only of parameters that are not encrypted, and never decrypted. Tags come
//! from the finder in one request; where it may lag behind, the parameter itself is asked. At most three round trips in sequence.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_ssm::types::{ParameterMetadata, ParameterStringFilter, ParameterType, ResourceTypeForTagging};
use evenkeel_core::error::{CloudError, ErrorClass};
use futures::StreamExt;
use futures::future::try_join_all;

use crate::client::Aws;
use crate::finder::Finder;
use crate::read::{Part, Scope};
use crate::sharing::Known;
use crate::tags::{self, Tags};

/// Most names that a filter of DescribeParameters takes, and most parameters on one of its pages.
const BATCH: u8 = 50;
/// Most names that GetParameters takes.
const VALUES: usize = 10;
/// Tag requests under way at once.
const SIDE_BY_SIDE: usize = 16;

/// What was fetched from Parameter Store.
#[derive(Debug)]
pub struct Ssm {
    /// The wanted parameters that are there, and marked ones.
    pub parameters: Part<Vec<Item>>,
    /// Names that the graph wants, as [`plain`] has them.
    pub wanted: BTreeSet<String>,
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Item {
    /// What describes it.
    pub about: ParameterMetadata,
    /// Its ARN.
    pub arn: String,
    /// Its value, if it is not encrypted and was asked for.
    pub value: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// A name as it stands in an ARN: AWS takes `/x` and `x` for one parameter.
pub fn plain(name: &str) -> String {
    format!("/{}", name.trim_start_matches('/'))
}

/// The ARN of a parameter.
pub fn arn(aws: &Aws, account: &str, name: &str) -> String {
    format!("arn:{}:ssm:{}:{account}:parameter{}", aws.partition(), aws.region, plain(name))
}

/// Whether a parameter is encrypted.
pub fn is_secure(about: &ParameterMetadata) -> bool {
    about.r#type() == Some(&ParameterType::SecureString)
}

/// Reads what the scope asks for.
pub async fn fetch(aws: &Aws, scope: &Scope<'_>, finder: &Finder<'_>) -> Ssm {
    let mut wanted: BTreeMap<String, (String, Tags)> = BTreeMap::new();
    if scope.wants(&["parameter"]) {
        for node in scope.graph.of_kind("parameter") {
            wanted.insert(plain(&node.name), (node.name.clone(), tags::of_node(node, scope.stack)));
        }
    }
    let parameters = if scope.wants(&["parameter"]) { read(aws, scope, finder, &wanted).await } else { Ok(Vec::new()) };
    Ssm { parameters, wanted: wanted.into_keys().collect() }
}

async fn read(
    aws: &Aws,
    scope: &Scope<'_>,
    finder: &Finder<'_>,
    wanted: &BTreeMap<String, (String, Tags)>,
) -> Part<Vec<Item>> {
    let names = wanted.values().map(|(name, _)| name.clone()).collect();
    let (described, found) = futures::join!(describe(aws, names), marked(aws, scope, finder));
    let (mut known, marked) = found?;
    let mut about = described?;
    about.extend(marked);
    let missing: Vec<String> = known.keys().filter(|name| !about.contains_key(*name)).cloned().collect();
    about.extend(describe(aws, missing.iter().flat_map(|name| spellings(name)).collect()).await?);
    // One that an entry finds under another name is compared as well.
    let marked: BTreeSet<String> = known.keys().cloned().collect();
    let mut tagged = Tagged::default();
    let mut to_ask = Vec::new();
    for (name, parameter) in &about {
        match known.remove(name) {
            Some(tags) if wanted.get(name).is_none_or(|(_, wanted)| *wanted == tags) => {
                tagged.insert(name.clone(), Some(tags));
            }
            _ => to_ask.push((name.clone(), parameter.name().unwrap_or_default().to_owned())),
        }
    }
    let counts = |name: &String| wanted.contains_key(name) || marked.contains(name);
    let open = about.iter().filter(|(name, parameter)| counts(name) && !is_secure(parameter));
    let open = open.filter_map(|(_, parameter)| parameter.name().map(str::to_owned)).collect();
    let (asked, mut values) = futures::try_join!(ask_for_tags(aws, to_ask), values(aws, open))?;
    tagged.extend(asked);
    // Emulators leave the ARN out.
    let lacks = about.values().any(|about| about.arn().is_none());
    let account = if lacks { aws.account().await? } else { String::new() };
    let item = |(name, about): (String, ParameterMetadata)| {
        let tags = tagged.remove(&name).flatten()?;
        let value = values.remove(about.name().unwrap_or_default());
        let arn = about.arn().map_or_else(|| arn(aws, &account, &name), str::to_owned);
        Some(Item { about, arn, value, tags })
    };
    Ok(about.into_iter().filter_map(item).collect())
}

/// Tags by plain name; `None` for what has gone meanwhile.
type Tagged = BTreeMap<String, Option<Tags>>;

/// What carries the stack's mark: by the tagging API, with tags; or where that does not answer or may lag behind, by Parameter
/// Store itself.
async fn marked(
    aws: &Aws,
    scope: &Scope<'_>,
    finder: &Finder<'_>,
) -> Result<(BTreeMap<String, Tags>, Known<ParameterMetadata>), CloudError> {
    // Reading back what was made a moment ago: the tagging API does not know it yet.
    if scope.only.is_some() {
        return Ok(Default::default());
    }
    let found = if scope.thorough { Ok(Vec::new()) } else { finder.find(":parameter/").await };
    match found {
        Ok(found) if !scope.thorough => {
            let name = |arn: &str| arn.split_once(":parameter").map(|(_, name)| name.to_owned());
            let ours = found.into_iter().filter(|found| found.arn.contains(":ssm:"));
            let named = ours.filter_map(|found| Some((name(&found.arn)?, found.tags)));
            Ok((named.collect(), Known::new()))
        }
        found => {
            if let Err(error) = found {
                tracing::info!(%error, "the tagging API does not answer; Parameter Store is searched by tag");
            }
            let filter = filter(&format!("tag:{}", tags::STACK), vec![scope.stack.to_owned()])?;
            Ok((BTreeMap::new(), pages(aws, filter).await?))
        }
    }
}

/// The names that lead to a parameter of an ARN.
fn spellings(plain: &str) -> Vec<String> {
    let bare = plain.trim_start_matches('/');
    if bare.contains('/') { vec![plain.to_owned()] } else { vec![plain.to_owned(), bare.to_owned()] }
}

fn filter(key: &str, values: Vec<String>) -> Result<ParameterStringFilter, CloudError> {
    let filter = ParameterStringFilter::builder().key(key).option("Equals").set_values(Some(values)).build();
    filter.map_err(|error| CloudError::bug("ssm:DescribeParameters", error.to_string()))
}

/// What describes the parameters of these names that are there, by plain name, together with what other readings ask for.
///
/// # Errors
/// Any error of `ssm:DescribeParameters`.
pub(crate) async fn describe(aws: &Aws, names: Vec<String>) -> Result<Known<ParameterMetadata>, CloudError> {
    if names.is_empty() {
        return Ok(Known::new());
    }
    let asked: BTreeSet<String> = names.iter().map(|name| plain(name)).collect();
    let mut found =
        aws.together("ssm:DescribeParameters", "", names, |aws, _, names| Box::pin(in_batches(aws, names))).await?;
    let known = std::mem::take(&mut found).into_values();
    let known = known.filter_map(|about| Some((plain(about.name()?), about)));
    Ok(known.filter(|(name, _)| asked.contains(name)).collect())
}

/// By the name that was asked for.
async fn in_batches(aws: &Aws, names: Vec<String>) -> Result<Known<ParameterMetadata>, CloudError> {
    let batches =
        names.chunks(BATCH.into()).map(|batch| async move { pages(aws, filter("Name", batch.to_vec())?).await });
    let found: Known<ParameterMetadata> = try_join_all(batches).await?.into_iter().flatten().collect();
    Ok(names.into_iter().filter_map(|name| Some((name.clone(), found.get(&plain(&name))?.clone()))).collect())
}

/// All pages of a filter, by plain name. A page may be empty and not the last.
async fn pages(aws: &Aws, filter: ParameterStringFilter) -> Result<Known<ParameterMetadata>, CloudError> {
    let mut found = Known::new();
    let mut token = None;
    loop {
        let request = || {
            aws.ssm()
                .describe_parameters()
                .parameter_filters(filter.clone())
                .max_results(BATCH.into())
                .set_next_token(token.clone())
                .send()
        };
        let reply = aws.caller.send("ssm:DescribeParameters", request).await?;
        token = reply.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        let named = reply.parameters.unwrap_or_default().into_iter();
        found.extend(named.filter_map(|about| Some((plain(about.name()?), about))));
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// Values of parameters that are not encrypted, by name. Nothing is decrypted: what has become a SecureString meanwhile comes as a
/// ciphertext, and is dropped.
async fn values(aws: &Aws, names: Vec<String>) -> Result<BTreeMap<String, String>, CloudError> {
    let batches = names.chunks(VALUES).map(|batch| async move {
        let request = || aws.ssm().get_parameters().set_names(Some(batch.to_vec())).send();
        aws.caller.send("ssm:GetParameters", request).await
    });
    let replies = try_join_all(batches).await?;
    let all = replies.into_iter().flat_map(|reply| reply.parameters.unwrap_or_default());
    let open = all.filter(|one| one.r#type() != Some(&ParameterType::SecureString));
    Ok(open.filter_map(|one| Some((one.name()?.to_owned(), one.value()?.to_owned()))).collect())
}

async fn ask_for_tags(aws: &Aws, names: Vec<(String, String)>) -> Result<Tagged, CloudError> {
    let asked: Vec<_> = futures::stream::iter(names)
        .map(|(plain, name)| async move {
            let tags = aws.once(format!("ssm:ListTagsForResource {name}"), || tags_of(aws, &name)).await;
            (plain, tags.map(Arc::unwrap_or_clone))
        })
        .buffered(SIDE_BY_SIDE)
        .collect()
        .await;
    let told = asked.into_iter().map(|(plain, tags)| match tags {
        Ok(tags) => Ok((plain, Some(tags))),
        Err(error) if error.class == ErrorClass::Gone => Ok((plain, None)),
        Err(error) => Err(error),
    });
    told.collect()
}

/// The tags of a parameter.
///
/// # Errors
/// Any error of `ssm:ListTagsForResource`; `Gone` if there is no such parameter.
pub async fn tags_of(aws: &Aws, name: &str) -> Result<Tags, CloudError> {
    let request = || {
        let kind = ResourceTypeForTagging::Parameter;
        aws.ssm().list_tags_for_resource().resource_type(kind).resource_id(name).send()
    };
    let reply = aws.caller.send("ssm:ListTagsForResource", request).await?;
    Ok(reply.tag_list().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
}
