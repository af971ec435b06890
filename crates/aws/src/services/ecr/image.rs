//! Images that a stack builds (`build:` of a container) or copies (`mirror:` of a repository), as things of its graph: made between their
//! repository and what runs them. They are nodes only for who has a tool to make them ([`with_images`]); they carry no marks, one that
//! is there is right, and none is ever deleted: a repository takes its images along. What makes them is handed in ([`Builder`]).
//!
//! Calls: BatchGetImage for the wanted tags, one a repository. Pushing goes past this: through the tool, to the registry.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use evenkeel_core::doc::{self, Ref, Text};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::{Graph, GraphError, Node};
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Kind, Ready};
use evenkeel_core::snapshot::{Live, Owner};
use evenkeel_stack::image;
use evenkeel_stack::model::{Build, Stack};
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{images, push, repository};
use crate::client::Aws;
use crate::read::{Fetched, Part, Scope};
use crate::resource::{self, Creation, Entry, Modification, Paced, Resource, Work, untagged};

/// The kind's name.
pub const KIND: &str = "image";
/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: KIND,
        title: "container image",
        outputs: &["digest"],
        ready: Ready::AtOnce,
        deadline_secs: 7200,
        takes_secs: 60,
        ..Kind::PLAIN
    },
    contribute: |_, _| {},
    driver: &Images,
    paced: Paced::NOT,
    actions: &[
        "ecr:BatchGetImage",
        "ecr:ListImages",
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:InitiateLayerUpload",
        "ecr:UploadLayerPart",
        "ecr:CompleteLayerUpload",
        "ecr:PutImage",
    ],
};

/// The node of an image: `web/app` for a container of a service, `python:3.12` for what a repository mirrors.
pub fn id(of: &str) -> NodeId {
    NodeId::new(KIND, of)
}

/// An image in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// Where it goes, with its tag.
    pub image: Text,
    /// Where it comes from.
    pub from: Source,
}

/// Where an image comes from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// It is built.
    Build(Recipe),
    /// It is copied from another registry.
    Mirror(String),
}

/// What an image is built from; paths are relative to the stack file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Recipe {
    /// The folder.
    pub context: String,
    /// The Dockerfile.
    pub dockerfile: String,
    /// The stage to stop at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Arguments.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, String>,
    /// `linux/amd64`.
    pub platform: String,
}

impl From<&Build> for Recipe {
    fn from(build: &Build) -> Self {
        Self {
            context: build.context.clone(),
            dockerfile: build.dockerfile_path(),
            target: build.target.clone(),
            args: build.args.clone(),
            platform: build.platform.clone(),
        }
    }
}

/// What can make images: a container tool.
#[async_trait]
pub trait Builder: std::fmt::Debug + Send + Sync {
    /// Whether nothing but the API of ECR answers there. A repository that nothing was put into then has every image.
    fn without_registry(&self) -> bool;

    /// Whether an image is in a registry that is not ECR's.
    async fn has(&self, image: &str) -> bool;

    /// Makes an image and brings it to its registry; gives its digest where that is known.
    ///
    /// # Errors
    /// `Invalid`: the tool failed, in its own words.
    async fn make(&self, aws: &Aws, image: &str, from: &Source) -> Result<Option<String>, CloudError>;
}

/// What makes images in this run.
#[derive(Debug, Default)]
struct Hired(Mutex<Option<Arc<dyn Builder>>>);

impl Aws {
    /// From now on images are made with this.
    pub fn build_with(&self, builder: Arc<dyn Builder>) {
        *self.memory::<Hired>().0.lock().unwrap_or_else(PoisonError::into_inner) = Some(builder);
    }

    fn builder(&self) -> Option<Arc<dyn Builder>> {
        self.memory::<Hired>().0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// An image of a stack.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What it is for: `web/app` for a container of a service, `python:3.12` for what a repository mirrors.
    pub of: String,
    /// What it is.
    pub spec: Spec,
    /// Where it stands in the stack file.
    pub origin: Option<String>,
}

/// The images of a stack: those that are copied before those that are built, as a Dockerfile may begin with one. One that several
/// containers run is there for each of them.
pub fn wanted(stack: &Stack, graph: &Graph) -> Vec<Wanted> {
    let mut all = Vec::new();
    for (entry, repository) in &stack.repositories {
        let Some(place) = graph.get(&repository::id(entry)) else { continue };
        for source in &repository.mirrors {
            let tag = image::split(source).tag.unwrap_or("latest");
            let uri = Text::output(place.id.clone(), "uri");
            let image = Text::Join(vec![uri, Text::Known(format!(":{tag}"))]);
            let spec = Spec { image, from: Source::Mirror(source.clone()) };
            all.push(Wanted { of: format!("{entry}:{tag}"), spec, origin: place.origin.clone() });
        }
    }
    for (entry, service) in &stack.services {
        let Some(task) = service.runs.ours() else { continue };
        for (container, build) in &task.builds {
            let containers = task.document["containerDefinitions"].as_array().into_iter().flatten();
            let found = containers.filter(|one| one["name"] == container.as_str()).find_map(|one| one.get("image"));
            let Some(image) = found.and_then(|it| serde_json::from_value(it.clone()).ok()) else { continue };
            let spec = Spec { image, from: Source::Build(build.into()) };
            all.push(Wanted { of: format!("{entry}/{container}"), spec, origin: Some(build.place.to_string()) });
        }
    }
    all
}

/// Their nodes.
fn nodes(stack: &Stack, graph: &Graph) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    let mut copies: BTreeSet<NodeId> = BTreeSet::new();
    for Wanted { of, spec, origin } in wanted(stack, graph) {
        let name = name_of(&spec.image, graph);
        if nodes.iter().any(|node| node.name == name) {
            continue;
        }
        let mut node = Node::new(id(&of), name, resource::doc(&spec));
        node.origin = origin;
        match spec.from {
            Source::Mirror(_) => drop(copies.insert(node.id.clone())),
            Source::Build(_) => node.needs.clone_from(&copies),
        }
        nodes.push(node);
    }
    nodes
}

/// What an image is called before its repository is there: the repository's name in the place of its URI.
fn name_of(text: &Text, graph: &Graph) -> String {
    let known = |hole: &Ref| {
        let node = graph.get(&hole.node).filter(|node| node.id.kind() == repository::ENTRY.kind.name)?;
        Some(Value::String(node.name.clone()))
    };
    match doc::fill(&text.to_value(), &known) {
        Value::String(name) => name,
        _ => String::new(),
    }
}

/// The graph with the images of the stack in it; task definitions come after those that they run.
///
/// # Errors
/// As of [`Graph::new`].
pub fn with_images(stack: &Stack, graph: &Graph) -> Result<Graph, Vec<GraphError>> {
    let images = nodes(stack, graph);
    if images.is_empty() {
        return Ok(graph.clone());
    }
    let by_name: BTreeMap<&str, &NodeId> = images.iter().map(|node| (node.name.as_str(), &node.id)).collect();
    let mut all: Vec<Node> = graph.nodes().cloned().collect();
    for node in all.iter_mut().filter(|node| node.id.kind() == "task_definition") {
        let containers = node.want.get("containerDefinitions").and_then(Value::as_array).into_iter().flatten();
        let texts = containers.filter_map(|one| serde_json::from_value::<Text>(one.get("image")?.clone()).ok());
        let needed: Vec<NodeId> =
            texts.filter_map(|text| by_name.get(name_of(&text, graph).as_str()).map(|id| (*id).clone())).collect();
        node.needs.extend(needed);
    }
    Graph::new(graph.stack.clone(), all.into_iter().chain(images.iter().cloned()))
}

/// The images of the graph that are there.
pub(super) async fn read(aws: &Aws, scope: &Scope<'_>) -> Part<Vec<Live<Spec>>> {
    let nodes: Vec<&Node> = scope.graph.of_kind(KIND).collect();
    if nodes.is_empty() || !scope.wants(&[KIND]) {
        return Ok(Vec::new());
    }
    let (account, builder) = (aws.account().await?, aws.builder());
    let mut repositories: BTreeMap<String, Vec<(&Node, Spec, String)>> = BTreeMap::new();
    let mut elsewhere = Vec::new();
    for node in nodes {
        let spec: Spec = resource::spec(&node.want)?;
        let own = match &spec.image {
            Text::Known(image) => images::parse(image).and_then(|name| name.tag_in(&account, &aws.region)),
            Text::From(_) | Text::Join(_) => {
                node.name.rsplit_once(':').map(|(of, tag)| (of.to_owned(), tag.to_owned()))
            }
        };
        match (own, &spec.image) {
            (Some((repository, tag)), _) => repositories.entry(repository).or_default().push((node, spec, tag)),
            (None, Text::Known(_)) => elsewhere.push((node, spec)),
            (None, _) => {}
        }
    }
    let without_registry = builder.as_ref().is_some_and(|builder| builder.without_registry());
    let asked = repositories.into_iter().map(|(repository, wanted)| {
        let account = &account;
        async move {
            let tags: Vec<String> = wanted.iter().map(|(_, _, tag)| tag.clone()).collect();
            let digests = match push::digests(aws, &repository, &tags, without_registry).await {
                Err(error) if error.class == ErrorClass::Gone => BTreeMap::new(),
                digests => digests?,
            };
            let uri = images::uri(account, &aws.region, &repository);
            let found = wanted.into_iter().filter_map(|(node, spec, tag)| {
                Some(live(&node.id, &node.name, format!("{uri}:{tag}"), spec.from, digests.get(&tag)?))
            });
            Ok(found.collect::<Vec<_>>())
        }
    });
    let found: Vec<Part<Vec<Live<Spec>>>> = join_all(asked.collect::<Vec<_>>()).await;
    let mut found: Vec<Live<Spec>> = found.into_iter().collect::<Part<Vec<_>>>()?.into_iter().flatten().collect();
    if let Some(builder) = builder {
        for (node, spec) in elsewhere {
            let image = spec.image.known().unwrap_or_default();
            if builder.has(image).await {
                found.push(live(&node.id, &node.name, image.to_owned(), spec.from.clone(), ""));
            }
        }
    }
    Ok(found)
}

/// An image that is there: whoever pushed it, it is right.
fn live(node: &NodeId, name: &str, image: String, from: Source, digest: &str) -> Live<Spec> {
    let spec = Spec { image: Text::Known(image.clone()), from };
    Live::new(image, name, Owner::Ours(node.clone()), spec).output("digest", digest)
}

struct Images;

untagged!(Spec);

impl Images {
    async fn make(aws: &Aws, want: &Spec) -> Result<Option<String>, CloudError> {
        let image = want.image.known().unwrap_or_default();
        let builder = aws.builder().ok_or_else(|| {
            let text = "there is nothing here to build with";
            let error = CloudError::local(ErrorClass::Invalid, "build", text);
            CloudError { hint: Some("run it with --build".to_owned()), ..error }
        })?;
        builder.make(aws, image, &want.from).await
    }
}

#[async_trait]
impl Resource for Images {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        fetched.part::<super::read::Ecr>()?.images.clone()
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (order, want) = (&order.order, &order.want);
        let digest = Self::make(work.aws, want).await?.unwrap_or_default();
        let image = want.image.known().unwrap_or_default().to_owned();
        Ok(live(order.node, order.name, image, want.from.clone(), &digest))
    }

    /// Its repository is another one.
    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let digest = Self::make(work.aws, &order.want).await?.unwrap_or_default();
        Ok(order.done().output("digest", digest))
    }

    async fn delete(&self, _: Work<'_>, node: &NodeId, _: &Live<Spec>) -> Result<(), CloudError> {
        Err(CloudError::bug("ecr:BatchDeleteImage", format!("{node} goes with its repository")))
    }
}
