//! Reads from RDS: the instances, subnet groups and parameter groups that are wanted by name, and those that carry the stack's mark.
//! DescribeDBInstances takes many names in a filter and tells the tags; groups are asked for one by one, side by side, and their
//! tags come from the finder where it knows them as they are wanted. A stack without any of them sends nothing. Three round trips.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_rds::types::{DbInstance, DbParameterGroup, DbSubnetGroup, Filter};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::id::NodeId;
use futures::StreamExt;
use futures::future::try_join_all;
use serde_json::Value;

use super::tagging;
use crate::client::Aws;
use crate::finder::Finder;
use crate::read::{Part, Scope};
use crate::sharing::Known;
use crate::tags::{self, Tags};

/// Names in one filter; RDS documents no limit.
const BATCH: usize = 50;
/// Most records on a page.
const PAGE: i32 = 100;
/// Requests under way at once.
const SIDE_BY_SIDE: usize = 16;

/// A parameter group, and the parameters that were set in it.
pub type Parameters = (DbParameterGroup, BTreeMap<String, String>);

/// What was fetched from RDS.
#[derive(Debug)]
pub struct Rds {
    /// The instances.
    pub instances: Part<Vec<DbInstance>>,
    /// The subnet groups.
    pub subnet_groups: Part<Vec<Group<DbSubnetGroup>>>,
    /// The parameter groups.
    pub parameter_groups: Part<Vec<Group<Parameters>>>,
    /// What the graph wants, by kind and name.
    pub wanted: BTreeMap<&'static str, BTreeMap<String, Value>>,
    /// The databases that it wants, by node.
    pub databases: BTreeMap<NodeId, Value>,
    /// Whether all of the stack is to go.
    pub thorough: bool,
    /// Why what no name leads to could not be looked for.
    pub blind: Option<CloudError>,
}

/// A group with its tags.
#[derive(Clone, Debug)]
pub struct Group<T> {
    /// Itself.
    pub raw: T,
    /// Its tags.
    pub tags: Tags,
}

impl Rds {
    /// What the graph wants under a name.
    pub fn want(&self, kind: &str, name: &str) -> Option<&Value> {
        self.wanted.get(kind)?.get(name)
    }
}

/// What carries the mark: tags by name.
type Marked = BTreeMap<String, Tags>;

/// What is looked for, of one kind.
struct Search {
    /// The tags that are wanted, by name.
    wanted: BTreeMap<String, Tags>,
    /// What the finder told.
    marked: Marked,
}

impl Search {
    fn names(&self) -> BTreeSet<String> {
        self.wanted.keys().chain(self.marked.keys()).cloned().collect()
    }

    /// Tags that need not be asked for: the finder knows them, and they are those that are wanted.
    fn known(&self, name: &str) -> Option<Tags> {
        let tags = self.marked.get(name)?;
        self.wanted.get(name).is_none_or(|wanted| wanted == tags).then(|| tags.clone())
    }
}

/// Reads what the scope asks for.
pub async fn fetch(aws: &Aws, scope: &Scope<'_>, finder: &Finder<'_>) -> Rds {
    let mut wanted: BTreeMap<&'static str, BTreeMap<String, Value>> = BTreeMap::new();
    let mut searches: BTreeMap<&'static str, Search> = BTreeMap::new();
    for kind in KINDS {
        let nodes = || scope.graph.of_kind(kind).filter(|_| scope.wants(&[kind]));
        wanted.insert(kind, nodes().map(|node| (node.name.clone(), node.want.clone())).collect());
        let tags = nodes().map(|node| (node.name.clone(), tags::of_node(node, scope.stack))).collect();
        searches.insert(kind, Search { wanted: tags, marked: Marked::new() });
    }
    // Until a renamed entry has been applied, its instance carries the old name.
    let databases = scope.graph.of_kind(DATABASE).flat_map(|node| {
        let ids = std::iter::once(&node.id).chain(&node.moved_from);
        ids.map(|id| (id.clone(), node.want.clone()))
    });
    let mut rds = Rds {
        databases: databases.collect(),
        instances: Ok(Vec::new()),
        subnet_groups: Ok(Vec::new()),
        parameter_groups: Ok(Vec::new()),
        wanted,
        thorough: scope.thorough,
        blind: None,
    };
    if !scope.wants(&KINDS) {
        return rds;
    }
    let first = searches[DATABASE].wanted.keys().cloned().collect();
    // What is wanted by name is asked for while the finder is.
    let (instances, marked) = futures::join!(describe(aws, first), marked(aws, scope, finder));
    let mut lists = scope.thorough;
    match marked {
        Ok(marked) => {
            for (kind, name, tags) in marked {
                searches
                    .get_mut(kind)
                    .into_iter()
                    .for_each(|search| drop(search.marked.insert(name.clone(), tags.clone())));
            }
        }
        Err(error) => {
            tracing::info!(%error, "the tagging API does not answer; databases are listed");
            rds.blind = (!scope.thorough).then_some(error);
            lists = true;
        }
    }
    let prefix = format!("{}-", scope.stack.to_lowercase());
    let (instances, subnet_groups, parameter_groups) = futures::join!(
        all_instances(aws, &searches[DATABASE], instances, lists.then_some(scope.stack)),
        subnet_groups(aws, &searches[SUBNETS], lists.then_some(prefix.as_str())),
        parameter_groups(aws, &searches[PARAMETERS], lists.then_some(prefix.as_str())),
    );
    Rds { instances, subnet_groups, parameter_groups, ..rds }
}

const DATABASE: &str = "database";
const SUBNETS: &str = "db_subnet_group";
const PARAMETERS: &str = "db_parameter_group";
const KINDS: [&str; 3] = [DATABASE, SUBNETS, PARAMETERS];

/// What the finder knows: kind, name and tags.
async fn marked(
    aws: &Aws,
    scope: &Scope<'_>,
    finder: &Finder<'_>,
) -> Result<Vec<(&'static str, String, Tags)>, CloudError> {
    // Reading back what was made a moment ago: the tagging API does not know it yet.
    if scope.only.is_some() {
        return Ok(Vec::new());
    }
    let here = format!(":rds:{}:", aws.region);
    let found = finder.find(":rds:").await?;
    let found = found.into_iter().filter(|found| found.arn.contains(&here)).filter_map(|found| {
        let mut parts = found.arn.splitn(7, ':').skip(5);
        let kind = match parts.next()? {
            "db" => DATABASE,
            "subgrp" => SUBNETS,
            "pg" => PARAMETERS,
            _ => return None,
        };
        Some((kind, parts.next()?.to_owned(), found.tags))
    });
    Ok(found.collect())
}

/// The name of an instance.
pub fn name(instance: &DbInstance) -> &str {
    instance.db_instance_identifier().unwrap_or_default()
}

/// The instances of these names that are there, together with what other readings ask for.
///
/// # Errors
/// Any error of `rds:DescribeDBInstances`.
pub(super) async fn describe(aws: &Aws, names: Vec<String>) -> Result<Known<DbInstance>, CloudError> {
    if names.is_empty() {
        return Ok(Known::new());
    }
    aws.together("rds:DescribeDBInstances", "", names, |aws, _, names| Box::pin(in_batches(aws, names))).await
}

/// The same, asked now.
///
/// # Errors
/// As [`describe`].
pub(super) async fn in_batches(aws: &Aws, names: Vec<String>) -> Result<Known<DbInstance>, CloudError> {
    let filter = |batch: &[String]| {
        let filter = Filter::builder().name("db-instance-id").set_values(Some(batch.to_vec())).build();
        pages(aws, Some(filter))
    };
    let found = try_join_all(names.chunks(BATCH).map(filter)).await?;
    Ok(found.into_iter().flatten().map(|one| (name(&one).to_owned(), one)).collect())
}

/// All pages of a filter, or of everything.
async fn pages(aws: &Aws, filter: Option<Filter>) -> Result<Vec<DbInstance>, CloudError> {
    let (mut found, mut marker) = (Vec::new(), None);
    loop {
        let request = || {
            let request = aws.rds().describe_db_instances().max_records(PAGE).set_marker(marker.clone());
            request.set_filters(filter.clone().map(|filter| vec![filter])).send()
        };
        let reply = aws.caller.send("rds:DescribeDBInstances", request).await?;
        marker = reply.marker().filter(|marker| !marker.is_empty()).map(str::to_owned);
        found.extend(reply.db_instances.unwrap_or_default());
        if marker.is_none() {
            return Ok(found);
        }
    }
}

/// Those that were found already, those that only the finder knows, and with `stack` those that a listing of all shows with its mark.
async fn all_instances(
    aws: &Aws,
    search: &Search,
    found: Result<Known<DbInstance>, CloudError>,
    stack: Option<&str>,
) -> Part<Vec<DbInstance>> {
    let mut found = found?;
    let missing = search.marked.keys().filter(|name| !found.contains_key(*name)).cloned().collect();
    let everything = async {
        match stack {
            Some(_) => aws.once("rds:DescribeDBInstances", || pages(aws, None)).await.map(Arc::unwrap_or_clone),
            None => Ok(Vec::new()),
        }
    };
    let (more, all) = futures::try_join!(describe(aws, missing), everything)?;
    found.extend(more);
    let ours = |one: &DbInstance| {
        let tags = tagging::of(one.tag_list());
        tags.get(tags::STACK).map(String::as_str) == stack
    };
    found.extend(all.into_iter().filter(ours).map(|one| (name(&one).to_owned(), one)));
    Ok(found.into_values().collect())
}

/// What is not there is none.
fn unless_gone<T>(reply: Result<T, CloudError>) -> Result<Option<T>, CloudError> {
    match reply {
        Err(error) if error.class == ErrorClass::Gone => Ok(None),
        reply => reply.map(Some),
    }
}

async fn tags_of(aws: &Aws, search: &Search, name: &str, arn: &str) -> Result<Option<Tags>, CloudError> {
    match search.known(name) {
        Some(tags) => Ok(Some(tags)),
        None => {
            let told = aws.once(format!("rds:ListTagsForResource {arn}"), || tagging::read(aws, arn)).await;
            unless_gone(told.map(Arc::unwrap_or_clone))
        }
    }
}

/// Asks about each name, side by side.
async fn each<T, Fut>(names: BTreeSet<String>, ask: impl Fn(String) -> Fut) -> Part<Vec<T>>
where
    Fut: Future<Output = Result<Option<T>, CloudError>>,
{
    let asked: Vec<_> = futures::stream::iter(names).map(ask).buffered(SIDE_BY_SIDE).collect().await;
    asked.into_iter().filter_map(Result::transpose).collect()
}

async fn subnet_groups(aws: &Aws, search: &Search, prefix: Option<&str>) -> Part<Vec<Group<DbSubnetGroup>>> {
    let mut names = search.names();
    if let Some(prefix) = prefix {
        names.extend(listed_subnets(aws).await?.into_iter().filter(|name| name.starts_with(prefix)));
    }
    let one = |name: String| async move {
        let told = aws.once(format!("rds:DescribeDBSubnetGroups {name}"), || subnet_group(aws, &name)).await;
        let Some(raw) = unless_gone(told.map(Arc::unwrap_or_clone))? else { return Ok(None) };
        let tags = tags_of(aws, search, &name, raw.db_subnet_group_arn().unwrap_or_default()).await?;
        Ok(tags.map(|tags| Group { raw, tags }))
    };
    each(names, one).await
}

/// A subnet group.
async fn subnet_group(aws: &Aws, name: &str) -> Result<DbSubnetGroup, CloudError> {
    let request = || aws.rds().describe_db_subnet_groups().db_subnet_group_name(name).send();
    let reply = aws.caller.send("rds:DescribeDBSubnetGroups", request).await?;
    let found = reply.db_subnet_groups.unwrap_or_default().into_iter().next();
    found.ok_or_else(|| CloudError::local(ErrorClass::Gone, "rds:DescribeDBSubnetGroups", "the reply is empty"))
}

async fn listed_subnets(aws: &Aws) -> Result<Vec<String>, CloudError> {
    let (mut found, mut marker) = (Vec::new(), None);
    loop {
        let request = || aws.rds().describe_db_subnet_groups().max_records(PAGE).set_marker(marker.clone()).send();
        let reply = aws.caller.send("rds:DescribeDBSubnetGroups", request).await?;
        found.extend(
            reply.db_subnet_groups().iter().filter_map(|group| group.db_subnet_group_name().map(str::to_owned)),
        );
        marker = reply.marker().filter(|marker| !marker.is_empty()).map(str::to_owned);
        if marker.is_none() {
            return Ok(found);
        }
    }
}

async fn parameter_groups(aws: &Aws, search: &Search, prefix: Option<&str>) -> Part<Vec<Group<Parameters>>> {
    let mut names = search.names();
    if let Some(prefix) = prefix {
        names.extend(listed_parameters(aws).await?.into_iter().filter(|name| name.starts_with(prefix)));
    }
    let one = |name: String| async move {
        let (group, values) = futures::join!(
            aws.once(format!("rds:DescribeDBParameterGroups {name}"), || parameter_group(aws, &name)),
            aws.once(format!("rds:DescribeDBParameters {name}"), || set_parameters(aws, &name)),
        );
        let Some(group) = unless_gone(group.map(Arc::unwrap_or_clone))? else { return Ok(None) };
        let Some(values) = unless_gone(values.map(Arc::unwrap_or_clone))? else { return Ok(None) };
        let tags = tags_of(aws, search, &name, group.db_parameter_group_arn().unwrap_or_default()).await?;
        Ok(tags.map(|tags| Group { raw: (group, values), tags }))
    };
    each(names, one).await
}

/// A parameter group.
async fn parameter_group(aws: &Aws, name: &str) -> Result<DbParameterGroup, CloudError> {
    let request = || aws.rds().describe_db_parameter_groups().db_parameter_group_name(name).send();
    let reply = aws.caller.send("rds:DescribeDBParameterGroups", request).await?;
    let found = reply.db_parameter_groups.unwrap_or_default().into_iter().next();
    found.ok_or_else(|| CloudError::local(ErrorClass::Gone, "rds:DescribeDBParameterGroups", "the reply is empty"))
}

async fn listed_parameters(aws: &Aws) -> Result<Vec<String>, CloudError> {
    let (mut found, mut marker) = (Vec::new(), None);
    loop {
        let request = || aws.rds().describe_db_parameter_groups().max_records(PAGE).set_marker(marker.clone()).send();
        let reply = aws.caller.send("rds:DescribeDBParameterGroups", request).await?;
        let names = reply.db_parameter_groups().iter().filter_map(|group| group.db_parameter_group_name());
        found.extend(names.map(str::to_owned));
        marker = reply.marker().filter(|marker| !marker.is_empty()).map(str::to_owned);
        if marker.is_none() {
            return Ok(found);
        }
    }
}

/// The parameters that were set in a group, with their values.
async fn set_parameters(aws: &Aws, name: &str) -> Result<BTreeMap<String, String>, CloudError> {
    let all = parameters(aws, name, Some("user")).await?;
    let set = all.iter().filter_map(|one| Some((one.parameter_name()?.to_owned(), one.parameter_value()?.to_owned())));
    Ok(set.collect())
}

/// The parameters of a group: those of a source, or all.
///
/// # Errors
/// Any error of `rds:DescribeDBParameters`.
pub(super) async fn parameters(
    aws: &Aws,
    name: &str,
    source: Option<&str>,
) -> Result<Vec<aws_sdk_rds::types::Parameter>, CloudError> {
    let (mut found, mut marker) = (Vec::new(), None);
    loop {
        let request = || {
            let request = aws.rds().describe_db_parameters().db_parameter_group_name(name).max_records(PAGE);
            request.set_source(source.map(str::to_owned)).set_marker(marker.clone()).send()
        };
        let reply = aws.caller.send("rds:DescribeDBParameters", request).await?;
        marker = reply.marker().filter(|marker| !marker.is_empty()).map(str::to_owned);
        found.extend(reply.parameters.unwrap_or_default());
        if marker.is_none() {
            return Ok(found);
        }
    }
}
