//! Which revisions of task definitions count, and which of them have to be read. A revision never changes, so a tag of the
//! service that runs it speaks for its content; it is read where that tag is missing, speaks of another revision, or of
//! another content than the stack file wants (then the plan can name the fields that differ).

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::diff::{diff, is_in_place};
use evenkeel_core::doc::Doc;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::name;
use evenkeel_core::snapshot::Owner;
use serde_json::{Value, json};

use super::reply::{last, side_by_side, tags_of, text};
use super::{Finder, Part, Scope, kept};
use crate::call::raw::exchange;
use crate::client::Aws;
use crate::kinds::task_definition::{self, ENTRY, KIND, mark};
use crate::tags::{self, Tags};

/// How many pages of a hundred revisions of the whole account are looked through before going family by family.
const PAGES: usize = 5;

/// A revision of a task definition.
#[derive(Clone, Debug)]
pub struct Revision {
    /// Its ARN.
    pub arn: String,
    /// The node that it stands for.
    pub node: NodeId,
    /// The document and the tags, if it was read.
    pub read: Option<(Value, Tags)>,
    /// What a tag of the service says of its content, if it speaks for it.
    pub mark: Option<mark::Mark>,
    /// What it refers to, if a tag of the service says so.
    pub uses: Vec<String>,
}

/// A revision that may have to be read.
struct Job {
    /// A family (its newest revision) or the ARN of a revision.
    what: String,
    node: NodeId,
    mark: Option<mark::Mark>,
    uses: Vec<String>,
    /// Whether it only counts if it carries the node's mark itself.
    unless_foreign: bool,
    /// Whether it only counts if this is what it is.
    only_if: Option<Doc>,
}

pub(super) async fn fetch(
    aws: &Aws,
    scope: &Scope<'_>,
    finder: &Finder<'_>,
    services: &[Value],
) -> Part<Vec<Revision>> {
    // A family that the file leaves to others is theirs, whatever marks its revisions carry.
    let others = kept::families(scope);
    let theirs = |node: &NodeId, arn: &str| scope.graph.get(node).is_none() && others.contains(family(arn));
    let newest_only = |service: &&Value| !is_superseded(scope, service, services);
    let mut jobs: Vec<Job> =
        services.iter().filter(newest_only).filter_map(|service| of_service(scope, service)).collect();
    jobs.retain(|job| !theirs(&job.node, &job.what));
    let served: BTreeSet<NodeId> = jobs.iter().map(|job| job.node.clone()).collect();
    let without: Vec<&Node> = scope.graph.of_kind(KIND).filter(|node| !served.contains(&node.id)).collect();
    // Alone means after a lost reply: then an older revision must not pass for the one that was asked for.
    let alone = !scope.wants(&["service"]);
    let without = if alone { without } else { with_revisions(aws, scope.stack, without).await };
    jobs.extend(without.into_iter().map(|node| Job { only_if: alone.then(|| node.want.clone()), ..newest(node) }));
    let mut dropped = dropped_families(scope, &jobs);
    let mut revisions = read_all(aws, scope, jobs).await?;
    let (candidates, marked) = if scope.thorough {
        all_active(aws, scope, finder, &revisions).await?
    } else {
        // Without its service nothing else leads to a revision of an entry that left the file.
        let marked = if scope.only.is_none() { marked(finder).await } else { BTreeMap::new() };
        dropped
            .extend(marked.iter().filter(|(_, tags)| is_dropped(scope, tags)).map(|(arn, _)| family(arn).to_owned()));
        (of_families(aws, &dropped).await?, marked)
    };
    revisions.extend(ours_among(aws, scope.stack, candidates, &marked, &revisions).await?);
    revisions.retain(|revision| !theirs(&revision.node, &revision.arn));
    Ok(revisions)
}

/// Whether a service is the old half of a replacement whose new half is there already: then what that one runs counts.
fn is_superseded(scope: &Scope<'_>, service: &Value, services: &[Value]) -> bool {
    let Owner::Ours(node) = tags::owner(&tags_of(service), scope.stack, "service") else { return false };
    let moved = || scope.graph.of_kind("service").find(|it| it.moved_from.as_ref() == Some(&node));
    let Some(base) = scope.graph.get(&node).or_else(moved) else { return false };
    let generation = |service: &Value| name::generation(&base.name, text(service, "serviceName")).unwrap_or(0);
    let same = |other: &&Value| tags::owner(&tags_of(other), scope.stack, "service") == Owner::Ours(node.clone());
    services.iter().filter(same).any(|other| generation(other) > generation(service))
}

/// The revisions that the finder knows as the stack's, with their tags; none if it does not answer.
async fn marked(finder: &Finder<'_>) -> BTreeMap<String, Tags> {
    match finder.find(":task-definition/").await {
        Ok(found) => found.into_iter().map(|found| (found.arn, found.tags)).collect(),
        Err(_) => BTreeMap::new(),
    }
}

/// Whether these are the tags of a revision of an entry that is not in the file any more.
fn is_dropped(scope: &Scope<'_>, tags: &Tags) -> bool {
    let Owner::Ours(node) = tags::owner(tags, scope.stack, KIND) else { return false };
    let moved = || scope.graph.of_kind(KIND).any(|it| it.moved_from.as_ref() == Some(&node));
    scope.graph.get(&node).is_none() && !moved()
}

/// The revision that a service runs. It counts as the service's node's whatever tags it carries: it is what that node replaces. One
/// that a service of nobody's runs is what an adoption would replace; a destruction takes it only if it carries our mark.
fn of_service(scope: &Scope<'_>, service: &Value) -> Option<Job> {
    let tags = tags_of(service);
    let arn = text(service, "taskDefinition");
    let (entry, ours) = match tags::owner(&tags, scope.stack, "service") {
        Owner::Ours(node) => (node.name().to_owned(), true),
        Owner::Nobody | Owner::Stray(_) => {
            let name = text(service, "serviceName");
            (scope.graph.of_kind("service").find(|node| node.name == name)?.id.name().to_owned(), false)
        }
        Owner::Managed { .. } | Owner::OtherStack(_) => return None,
    };
    let made_for = NodeId::new(KIND, &entry);
    let moved = || scope.graph.of_kind(KIND).find(|node| node.moved_from.as_ref() == Some(&made_for));
    let node = scope.graph.get(&made_for).or_else(moved);
    let mark = mark::of_tags(&tags).filter(|mark| ours && mark.revision == mark::revision_of(arn));
    let (uses, complete) = mark::uses_of_tags(&tags);
    let mark = match node {
        Some(node) => mark.filter(|mark| mark.is_of(&node.want)),
        // What is not wanted any more is only read if nothing tells what it refers to.
        None => mark.filter(|_| complete),
    };
    Some(Job {
        what: arn.to_owned(),
        node: node.map_or(made_for, |node| node.id.clone()),
        mark,
        uses,
        // What is to go has to be ours by its own mark; the mark on the service says that we registered it.
        unless_foreign: node.is_none() || (scope.thorough && !ours),
        only_if: None,
    })
}

/// Those nodes whose families may have a revision: one list of the families that are named after the stack, as they are
/// unless the file says otherwise, is cheaper than asking for each of them. What it cannot tell is asked for.
async fn with_revisions<'n>(aws: &Aws, stack: &str, nodes: Vec<&'n Node>) -> Vec<&'n Node> {
    let prefix = format!("{stack}-");
    if nodes.iter().filter(|node| node.name.starts_with(&prefix)).count() < 2 {
        return nodes;
    }
    let Ok(families) = families_like(aws, &prefix).await else { return nodes };
    let families: BTreeSet<String> = families.into_iter().collect();
    nodes.into_iter().filter(|node| !node.name.starts_with(&prefix) || families.contains(&node.name)).collect()
}

/// The newest revision of a wanted family that no service runs yet.
fn newest(node: &Node) -> Job {
    Job {
        what: node.name.clone(),
        node: node.id.clone(),
        mark: None,
        uses: Vec::new(),
        unless_foreign: true,
        only_if: None,
    }
}

async fn read_all(aws: &Aws, scope: &Scope<'_>, jobs: Vec<Job>) -> Part<Vec<Revision>> {
    let reading = jobs.into_iter().map(|job| read(aws, scope.stack, job));
    let found: Vec<Part<Option<Revision>>> = side_by_side(reading.collect()).await;
    Ok(found.into_iter().collect::<Part<Vec<_>>>()?.into_iter().flatten().collect())
}

async fn read(aws: &Aws, stack: &str, job: Job) -> Part<Option<Revision>> {
    let mut revision = Revision { arn: job.what.clone(), node: job.node, read: None, mark: job.mark, uses: job.uses };
    if revision.mark.is_some() {
        return Ok(Some(revision));
    }
    let Some((document, tags)) = describe(aws, &job.what).await? else { return Ok(None) };
    let ours = tags::owner(&tags, stack, KIND) == Owner::Ours(revision.node.clone());
    if job.unless_foreign && (!ours || text(&document, "status") == "INACTIVE") {
        return Ok(None);
    }
    let other = |want: &Doc| {
        let changes = diff(&ENTRY.kind, want, &task_definition::document(&document, &tags));
        changes.iter().any(|change| !is_in_place(&ENTRY.kind, change))
    };
    if job.only_if.as_ref().is_some_and(other) {
        return Ok(None);
    }
    text(&document, "taskDefinitionArn").clone_into(&mut revision.arn);
    revision.read = Some((document, tags));
    Ok(Some(revision))
}

/// Families of services that left the file and may have more revisions than the one that runs.
fn dropped_families(scope: &Scope<'_>, jobs: &[Job]) -> BTreeSet<String> {
    jobs.iter()
        .filter(|job| scope.graph.get(&job.node).is_none() && job.mark.as_ref().is_none_or(|mark| mark.revision != 1))
        .map(|job| family(&job.what).to_owned())
        .collect()
}

/// For a destruction: every ACTIVE revision that may be ours, and the tags of those that the finder knows.
async fn all_active(
    aws: &Aws,
    scope: &Scope<'_>,
    finder: &Finder<'_>,
    known: &[Revision],
) -> Part<(Vec<String>, BTreeMap<String, Tags>)> {
    let marked = marked(finder).await;
    let prefix = format!("{}-", scope.stack);
    let mut families: BTreeSet<String> = known.iter().map(|revision| family(&revision.arn).to_owned()).collect();
    families.extend(marked.keys().map(|arn| family(arn).to_owned()));
    // The finder also knows revisions that are INACTIVE, which must not be deregistered again, and it lags behind.
    let all = aws.once("ecs:ListTaskDefinitions", || list_active(aws, None, PAGES)).await?;
    let arns = if let Some(all) = all.as_ref() {
        all.iter().filter(|arn| families.contains(family(arn)) || family(arn).starts_with(&prefix)).cloned().collect()
    } else {
        families.extend(families_like(aws, &prefix).await?);
        of_families(aws, &families).await?
    };
    Ok((arns, marked))
}

async fn of_families(aws: &Aws, families: &BTreeSet<String>) -> Part<Vec<String>> {
    let lists = families.iter().map(|family| list_active(aws, Some(family), usize::MAX));
    let lists: Vec<Part<Option<Vec<String>>>> = side_by_side(lists.collect()).await;
    let mut arns = Vec::new();
    for list in lists {
        arns.extend(list?.unwrap_or_default().into_iter().filter(|arn| families.contains(family(arn))));
    }
    Ok(arns)
}

/// The candidates that carry the stack's mark and are not known yet.
async fn ours_among(
    aws: &Aws,
    stack: &str,
    candidates: Vec<String>,
    marked: &BTreeMap<String, Tags>,
    known: &[Revision],
) -> Part<Vec<Revision>> {
    let known: BTreeSet<&str> = known.iter().map(|revision| revision.arn.as_str()).collect();
    let unknown = candidates.into_iter().filter(|arn| !known.contains(arn.as_str()));
    let reading = unknown.map(|arn| async move {
        let tags = match marked.get(&arn) {
            Some(tags) => tags.clone(),
            None => describe(aws, &arn).await?.map(|(_, tags)| tags).unwrap_or_default(),
        };
        Ok(match tags::owner(&tags, stack, KIND) {
            Owner::Ours(node) => Some(Revision { arn, node, read: None, mark: None, uses: Vec::new() }),
            Owner::Managed { .. } | Owner::OtherStack(_) | Owner::Stray(_) | Owner::Nobody => None,
        })
    });
    let found: Vec<Part<Option<Revision>>> = side_by_side(reading.collect()).await;
    Ok(found.into_iter().collect::<Part<Vec<_>>>()?.into_iter().flatten().collect())
}

fn family(arn: &str) -> &str {
    last(arn).split(':').next().unwrap_or_default()
}

/// ARNs of ACTIVE revisions, newest first; `None` if there are more than fit on so many pages of a hundred.
///
/// # Errors
/// Any error of `ecs:ListTaskDefinitions`.
pub async fn list_active(aws: &Aws, family: Option<&str>, pages: usize) -> Result<Option<Vec<String>>, CloudError> {
    use aws_sdk_ecs::types::{SortOrder, TaskDefinitionStatus};
    let mut arns = Vec::new();
    let mut token: Option<String> = None;
    for _ in 0..pages {
        let page = aws
            .caller
            .send("ecs:ListTaskDefinitions", || {
                aws.ecs()
                    .list_task_definitions()
                    .set_family_prefix(family.map(str::to_owned))
                    .status(TaskDefinitionStatus::Active)
                    .sort(SortOrder::Desc)
                    .max_results(100)
                    .set_next_token(token.clone())
                    .send()
            })
            .await?;
        arns.extend(page.task_definition_arns().iter().cloned());
        token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            return Ok(Some(arns));
        }
    }
    Ok(None)
}

async fn families_like(aws: &Aws, prefix: &str) -> Part<Vec<String>> {
    use aws_sdk_ecs::types::TaskDefinitionFamilyStatus;
    let mut families = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let page = aws
            .caller
            .send("ecs:ListTaskDefinitionFamilies", || {
                aws.ecs()
                    .list_task_definition_families()
                    .family_prefix(prefix)
                    .status(TaskDefinitionFamilyStatus::Active)
                    .max_results(100)
                    .set_next_token(token.clone())
                    .send()
            })
            .await?;
        families.extend(page.families().iter().cloned());
        token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            return Ok(families);
        }
    }
}

/// The document and the tags of a revision, by ARN, or of the newest ACTIVE one of a family; `None` if there is none.
///
/// # Errors
/// Any error of `ecs:DescribeTaskDefinition` but "there is none".
pub async fn describe(aws: &Aws, what: &str) -> Result<Option<(Value, Tags)>, CloudError> {
    let body = json!({ "taskDefinition": what, "include": ["TAGS"] });
    let reply = match exchange!(aws, "ecs:DescribeTaskDefinition", ecs.describe_task_definition, &body) {
        Err(error) if error.class == ErrorClass::Gone => return Ok(None),
        reply => reply?,
    };
    let tags = tags_of(&reply);
    Ok(reply.get("taskDefinition").filter(|document| document.is_object()).map(|document| (document.clone(), tags)))
}
