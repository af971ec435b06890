//! ECS task definitions. The document is the one that `RegisterTaskDefinition` takes, in its own camelCase, with `tags` as a map.
//!
//! Calls: RegisterTaskDefinition (one a second once a burst of 20 is used up), DeregisterTaskDefinition, DescribeTaskDefinition,
//! ListTaskDefinitions. Revisions never change, so every change is a new revision; what is live is the revision that the
//! service runs, not the newest. Tags alone change in place: running tasks keep those that they were started with. Old revisions stay: ECS rolls back to them. Limits: 64 KB, 10 containers.

pub mod mark;

use async_trait::async_trait;
use evenkeel_core::diff::{diff, is_in_place};
use evenkeel_core::doc::{self, Doc};
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Ready, Replace};
use evenkeel_core::snapshot::{Live, Owner};
use serde_json::{Value, json};

use super::cluster::change_tags;
use crate::call::raw::exchange;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Tagging, Work};
use crate::services::ecr::images;
use crate::services::ecs::read::{Ecs, Revision, describe_revision, last, tag_list, text};
use crate::tags::{self, Retag, Tags};
use evenkeel_stack::model::{self, Stack};
use evenkeel_stack::task_definition::canonical;

/// The kind's name.
pub const KIND: &str = "task_definition";

const FIELDS: &[Field] = &[
    Field::immutable("family"),
    Field::keyed("containerDefinitions", &["name"]).forces_replacement(),
    Field::keyed("containerDefinitions[].environment", &["name"]).forces_replacement(),
    Field::keyed("containerDefinitions[].secrets", &["name"]).forces_replacement(),
    Field::keyed("containerDefinitions[].portMappings", &["containerPort", "protocol"]).forces_replacement(),
    Field::keyed("containerDefinitions[].mountPoints", &["containerPath"]).forces_replacement(),
    Field::keyed("containerDefinitions[].volumesFrom", &["sourceContainer"]).forces_replacement(),
    Field::keyed("containerDefinitions[].dependsOn", &["containerName"]).forces_replacement(),
    Field::keyed("containerDefinitions[].ulimits", &["name"]).forces_replacement(),
    Field::keyed("containerDefinitions[].systemControls", &["namespace"]).forces_replacement(),
    Field::keyed("volumes", &["name"]).forces_replacement(),
    Field::set("requiresCompatibilities").forces_replacement(),
    Field::immutable("cpu"),
    Field::immutable("memory"),
    Field::immutable("networkMode"),
    Field::immutable("executionRoleArn"),
    Field::immutable("taskRoleArn"),
    Field::immutable("placementConstraints"),
    Field::immutable("runtimePlatform"),
    Field::immutable("pidMode"),
    Field::immutable("ipcMode"),
    Field::immutable("proxyConfiguration"),
    Field::immutable("ephemeralStorage"),
    Field::immutable("inferenceAccelerators"),
    Field::immutable("enableFaultInjection"),
    Field::in_place("tags"),
];

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: KIND,
        title: "ECS task definition",
        fields: FIELDS,
        outputs: &["arn", "family", "revision", "fingerprint"],
        replace: Replace::Revise,
        name_limit: 255,
        ready: Ready::AtOnce,
        deadline_secs: 60,
        ..Kind::PLAIN
    },
    contribute,
    driver: &TaskDefinition,
    paced: Paced {
        create: Some("ecs:RegisterTaskDefinition"),
        update: Some("ecs:TagResource"),
        delete: Some("ecs:DeregisterTaskDefinition"),
    },
    actions: &[
        "tag:GetResources",
        "ecs:RegisterTaskDefinition",
        "ecs:DeregisterTaskDefinition",
        "ecs:DescribeTaskDefinition",
        "ecs:ListTaskDefinitions",
        "ecs:ListTaskDefinitionFamilies",
        "ecs:TagResource",
        "ecs:UntagResource",
        "iam:PassRole",
        "ecr:BatchGetImage",
    ],
};

/// The node of a service entry's task definition.
pub fn id(service: &str) -> NodeId {
    NodeId::new(KIND, service)
}

/// The document that a task definition of the file wants, with holes.
pub fn wanted(task: &model::TaskDefinition) -> Doc {
    with_tags(&task.document, &task.tags)
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (entry, service) in &stack.services {
        let Some(task) = service.runs.ours() else { continue };
        let mut node = Node::new(id(entry), &task.family, wanted(task));
        node.moved_from = service.meta.moved_from.as_deref().map(id);
        node.origin = Some(task.place.to_string());
        node.places = task.images.iter().map(|(name, at)| (format!("image:{name}"), at.to_string())).collect();
        nodes.push(node);
    }
}

fn with_tags(document: &Value, tags: &Tags) -> Doc {
    let mut document = canonical(document);
    document["tags"] = json!(tags);
    document
}

/// The document of a revision that was read; evenkeel's own tags are no part of it.
pub fn document(read: &Value, tags: &Tags) -> Doc {
    with_tags(read, &tags::user(tags))
}

/// A revision as the engine sees it.
fn live(revision: &Revision) -> Live {
    let arn = &revision.arn;
    let (have, fingerprint, uses) = match &revision.read {
        Some((document, tags)) => {
            let have = self::document(document, tags);
            let fingerprint = mark::fingerprint(&have);
            let uses = mark::handles(&have).iter().filter_map(|handle| handle.known().map(str::to_owned)).collect();
            (have, fingerprint, uses)
        }
        None => (
            revision.mark.as_ref().map_or_else(|| doc::unreturned(None), mark::unread),
            revision.mark.as_ref().map(|mark| mark.fingerprint.clone()).unwrap_or_default(),
            revision.uses.clone(),
        ),
    };
    let mut live = outline(arn, Owner::Ours(revision.node.clone()), have, fingerprint);
    live.uses = uses;
    live
}

fn outline(arn: &str, owner: Owner, have: Doc, fingerprint: String) -> Live {
    Live::new(arn, family(arn), owner, have)
        .output("arn", arn)
        .output("family", family(arn))
        .output("revision", mark::revision_of(arn).to_string())
        .output("fingerprint", fingerprint)
}

fn family(arn: &str) -> &str {
    last(arn).split(':').next().unwrap_or_default()
}

#[derive(Debug)]
struct TaskDefinition;

#[async_trait]
impl Resource for TaskDefinition {
    type Want = Doc;
    type Have = Doc;
    // They are part of a revision.
    const TAGS: Tagging = Tagging::Within;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live>, CloudError> {
        Ok(fetched.part::<Ecs>()?.revisions.as_ref().map_err(Clone::clone)?.iter().map(live).collect())
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Doc>) -> Result<Live, CloudError> {
        let (node, want) = (order.order.node, &order.want);
        let left_over = match order.order.replaces {
            Some(_) => left_over(work, node, want).await?,
            // A family that no service runs was read for the plan.
            None => None,
        };
        match left_over {
            Some(arn) => Ok(registered(&arn, node, want)),
            None => register(work, node, want).await,
        }
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Doc>) -> Result<Live, CloudError> {
        let (node, live, want) = (order.order.node, &order.live, &order.want);
        let arn = live.outputs.get("arn").and_then(Value::as_str).unwrap_or(&live.id);
        if order.order.changes.is_empty() {
            let marks = tags::marked(&Tags::new(), work.stack, node);
            change_tags(work.aws, arn, &Retag::set(marks)).await?;
            return Ok(live.clone());
        }
        if order.order.changes.iter().any(|change| change.field() != "tags") {
            return register(work, node, want).await;
        }
        retag(work, arn, node, (&live.have, want)).await?;
        Ok(registered(arn, node, want))
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live) -> Result<(), CloudError> {
        let request = || work.aws.ecs().deregister_task_definition().task_definition(&live.id).send();
        work.aws.caller.send("ecs:DeregisterTaskDefinition", request).await.map(drop)
    }
}

/// Registers a revision. What was asked for is what it is: another try could not come out otherwise.
async fn register(work: Work<'_>, node: &NodeId, want: &Doc) -> Result<Live, CloudError> {
    images::pullable(work.aws, want).await?;
    let mut body = want.clone();
    let user: Tags = crate::resource::spec(want.get("tags").unwrap_or(&json!({})))?;
    body["tags"] = tag_list(&tags::marked(&user, work.stack, node));
    let reply = exchange!(work.aws, "ecs:RegisterTaskDefinition", ecs.register_task_definition, &body)?;
    let arn = reply.get("taskDefinition").map(|document| text(document, "taskDefinitionArn")).unwrap_or_default();
    Ok(registered(arn, node, want))
}

/// Writes what differs between the tags of two documents, and our marks.
async fn retag(work: Work<'_>, arn: &str, node: &NodeId, (from, to): (&Doc, &Doc)) -> Result<(), CloudError> {
    let user = |document: &Doc| -> Result<Tags, CloudError> {
        crate::resource::spec(document.get("tags").unwrap_or(&json!({})))
    };
    let mut tags = Retag::between(&user(from)?, &user(to)?);
    tags.set = tags::marked(&tags.set, work.stack, node);
    change_tags(work.aws, arn, &tags).await
}

fn registered(arn: &str, node: &NodeId, want: &Doc) -> Live {
    let mut live = outline(arn, Owner::Ours(node.clone()), want.clone(), mark::fingerprint(want));
    live.uses = mark::handles(want).iter().filter_map(|handle| handle.known().map(str::to_owned)).collect();
    live
}

/// The newest revision of the family, if it is the node's and has just the wanted content: what a run that was interrupted
/// before its service ran it has left. A plan reads what services run, so it cannot know of this one, and nobody would ever
/// clear it away.
async fn left_over(work: Work<'_>, node: &NodeId, want: &Doc) -> Result<Option<String>, CloudError> {
    let Some((read, tags)) = describe_revision(work.aws, text(want, "family")).await? else { return Ok(None) };
    let ours = tags::owner(&tags, work.stack, ENTRY.kind.name) == Owner::Ours(node.clone())
        && text(&read, "status") == "ACTIVE";
    let have = document(&read, &tags);
    let changes = diff(&ENTRY.kind, want, &have);
    if !ours || changes.iter().any(|change| !is_in_place(&ENTRY.kind, change)) {
        return Ok(None);
    }
    let arn = text(&read, "taskDefinitionArn").to_owned();
    if !changes.is_empty() {
        retag(work, &arn, node, (&have, want)).await?;
    }
    Ok(Some(arn))
}
