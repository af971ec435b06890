//! Whether tasks can pull the images that they name in this account's ECR: looked at before their revision is registered, so that
//! nothing is deployed that cannot start. One BatchGetImage asks for a hundred images of a repository, and tells of each that is
//! missing. An index of several platforms says which these are; the platform of a single manifest is in its configuration, which
//! only a download would tell, so it is not looked at. What may not be read is held against nobody: ECS reads by another role.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use aws_sdk_ecr::types::ImageIdentifier;
use evenkeel_core::doc::{self, Doc, Ref};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Graph;
use evenkeel_core::plan::{Action, Plan};
use evenkeel_stack::image;
use futures::future::join_all;
use serde_json::Value;

use crate::client::Aws;

/// Most images that BatchGetImage takes.
const BATCH: usize = 100;

/// An image that a container of a task names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Use {
    /// The container.
    pub container: String,
    /// The image, as the task names it.
    pub image: String,
    /// What it has to run on, `linux/amd64`; `None` where that is not known.
    pub platform: Option<String>,
}

/// What is wrong with an image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Complaint {
    /// Who names it.
    pub of: Use,
    /// What is wrong, in words.
    pub what: String,
}

impl std::fmt::Display for Complaint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "container `{}`: {}: {}", self.of.container, self.of.image, self.what)
    }
}

/// The parts of an image's name in ECR.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name {
    /// The account.
    pub registry: String,
    /// The region.
    pub region: String,
    /// The repository.
    pub repository: String,
    /// The tag or, where there is one, the digest.
    pub version: Version,
}

impl Name {
    /// Whether it is in the ECR of an account and a region.
    pub fn is_in(&self, account: &str, region: &str) -> bool {
        self.registry == account && self.region == region
    }

    /// Its repository and its tag, if it is there and goes by a tag.
    pub fn tag_in(self, account: &str, region: &str) -> Option<(String, String)> {
        match self.version {
            Version::Tag(ref tag) if self.is_in(account, region) => Some((self.repository.clone(), tag.clone())),
            Version::Tag(_) | Version::Digest(_) => None,
        }
    }
}

/// What tells the images of a repository apart.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Version {
    /// A tag.
    Tag(String),
    /// A digest.
    Digest(String),
}

impl Version {
    fn id(&self) -> ImageIdentifier {
        match self {
            Self::Tag(tag) => ImageIdentifier::builder().image_tag(tag).build(),
            Self::Digest(digest) => ImageIdentifier::builder().image_digest(digest).build(),
        }
    }
}

/// Where the images of a repository are, without a tag.
pub fn uri(account: &str, region: &str, repository: &str) -> String {
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("{account}.dkr.ecr.{region}.{suffix}/{repository}")
}

/// The parts of an image's name, if it is one in ECR.
pub fn parse(image: &str) -> Option<Name> {
    let parts = image::split(image);
    let (host, repository) = parts.name.split_once('/')?;
    let (registry, rest) = host.split_once(".dkr.ecr.")?;
    let (region, _) = rest.split_once(".amazonaws.com")?;
    let tag = || Version::Tag(parts.tag.unwrap_or("latest").to_owned());
    let version = parts.digest.map_or_else(tag, |digest| Version::Digest(digest.to_owned()));
    Some(Name { registry: registry.to_owned(), region: region.to_owned(), repository: repository.to_owned(), version })
}

/// The images in ECR that a task definition names, as far as they are known.
pub fn uses(task: &Doc) -> Vec<Use> {
    let containers = task.get("containerDefinitions").and_then(Value::as_array).into_iter().flatten();
    let found = containers.filter_map(|container| {
        let image = container.get("image")?.as_str().filter(|image| parse(image).is_some())?;
        let container = container.get("name")?.as_str()?.to_owned();
        Some(Use { container, image: image.to_owned(), platform: platform(task) })
    });
    found.collect()
}

/// What a task runs on: as it says, or as Fargate takes it if it does not. Elsewhere the instance decides.
fn platform(task: &Doc) -> Option<String> {
    let given = |key: &str| task.get("runtimePlatform").and_then(|it| it.get(key)).and_then(Value::as_str);
    let fargate = task["requiresCompatibilities"].as_array().is_some_and(|all| all.iter().any(|one| one == "FARGATE"));
    let architecture = match given("cpuArchitecture").or(fargate.then_some("X86_64"))? {
        "ARM64" => "arm64",
        _ => "amd64",
    };
    let windows = given("operatingSystemFamily").is_some_and(|family| family.starts_with("WINDOWS"));
    Some(format!("{}/{architecture}", if windows { "windows" } else { "linux" }))
}

/// Sees that the images of a task definition can be pulled.
///
/// # Errors
/// `Invalid`, with everything that is wrong with them; any error of the look.
pub async fn pullable(aws: &Aws, task: &Doc) -> Result<(), CloudError> {
    let found = complaints(aws, &uses(task)).await?;
    if found.is_empty() {
        return Ok(());
    }
    let all: Vec<String> = found.iter().map(ToString::to_string).collect();
    let hint = "push the image, or name another one; nothing was registered, and what runs goes on running".to_owned();
    let error = CloudError::local(ErrorClass::Invalid, "ecr:BatchGetImage", all.join("; "));
    Err(CloudError { hint: Some(hint), ..error })
}

/// What is wrong with the images of the revisions that a plan registers, each with its place in the stack file. Images whose
/// repository the plan makes are not known yet; they are looked at when it is there.
///
/// # Errors
/// Any error of the look.
pub async fn of_plan(aws: &Aws, graph: &Graph, plan: &Plan) -> Result<Vec<(Option<String>, Complaint)>, CloudError> {
    let mut all: Vec<(Use, Option<String>)> = Vec::new();
    for step in plan.steps.iter().filter(|step| step.node.kind() == "task_definition") {
        let Action::Create { want, .. } = &step.action else { continue };
        let known = |hole: &Ref| plan.known.get(&hole.node)?.get(&hole.output).cloned();
        let node = graph.get(&step.node);
        let place = |container: &str| {
            let node = node?;
            node.places.get(&format!("image:{container}")).or(node.origin.as_ref()).cloned()
        };
        all.extend(uses(&doc::fill(want, &known)).into_iter().map(|one| (one.clone(), place(&one.container))));
    }
    // What the plan pushes is there by then.
    let pushed = pushed(graph, plan);
    all.retain(|(one, _)| !pushed.contains(&one.image));
    let uses: Vec<Use> = all.iter().map(|(one, _)| one.clone()).collect();
    let found = complaints(aws, &uses).await?;
    let place = |of: &Use| all.iter().find(|(one, _)| one == of).and_then(|(_, place)| place.clone());
    Ok(found.into_iter().map(|complaint| (place(&complaint.of), complaint)).collect())
}

/// The images that a plan makes and pushes, as far as their repositories are known.
fn pushed(graph: &Graph, plan: &Plan) -> BTreeSet<String> {
    let known = |hole: &Ref| plan.known.get(&hole.node)?.get(&hole.output).cloned();
    let made = plan.steps.iter().filter(|step| step.node.kind() == "image");
    let wants = made.filter_map(|step| graph.get(&step.node)?.want.get("image"));
    wants.filter_map(|image| doc::fill(image, &known).as_str().map(str::to_owned)).collect()
}

/// Images that this run has seen to be there.
#[derive(Debug, Default)]
struct Seen(Mutex<BTreeSet<Use>>);

/// What is wrong with images, one request for each hundred of a repository. What was found in this run already is not asked for.
///
/// # Errors
/// Any error but that something may not be read.
pub async fn complaints(aws: &Aws, uses: &[Use]) -> Result<Vec<Complaint>, CloudError> {
    let seen = aws.memory::<Seen>();
    let new: Vec<Use> = {
        let seen = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        uses.iter().filter(|one| !seen.contains(one)).cloned().collect()
    };
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let account = aws.account().await?;
    let mut repositories: BTreeMap<String, BTreeMap<Version, Vec<Use>>> = BTreeMap::new();
    for one in new {
        let Some(name) = parse(&one.image) else { continue };
        if name.is_in(&account, &aws.region) {
            repositories.entry(name.repository).or_default().entry(name.version).or_default().push(one);
        }
    }
    let looks = repositories.iter().flat_map(|(repository, versions)| {
        let all: Vec<(&Version, &Vec<Use>)> = versions.iter().collect();
        let batches: Vec<_> = all.chunks(BATCH).map(<[_]>::to_vec).collect();
        batches.into_iter().map(move |batch| look(aws, repository, batch))
    });
    let mut found = Vec::new();
    for complaints in join_all(looks.collect::<Vec<_>>()).await {
        found.extend(complaints?);
    }
    let all = repositories.into_values().flat_map(BTreeMap::into_values).flatten();
    let good = all.filter(|one| !found.iter().any(|complaint| complaint.of == *one));
    seen.0.lock().unwrap_or_else(PoisonError::into_inner).extend(good);
    Ok(found)
}

async fn look(aws: &Aws, repository: &str, versions: Vec<(&Version, &Vec<Use>)>) -> Result<Vec<Complaint>, CloudError> {
    let ids: Vec<ImageIdentifier> = versions.iter().map(|(version, _)| version.id()).collect();
    let of_all = |what: &str| {
        let all = versions.iter().flat_map(|(_, uses)| uses.iter());
        all.map(|of| Complaint { of: of.clone(), what: what.to_owned() }).collect()
    };
    let request = || aws.ecr().batch_get_image().repository_name(repository).set_image_ids(Some(ids.clone())).send();
    let reply = match aws.caller.send("ecr:BatchGetImage", request).await {
        Ok(reply) => reply,
        Err(error) if error.class == ErrorClass::Gone => return Ok(of_all("there is no such repository")),
        Err(error) if matches!(error.class, ErrorClass::Denied | ErrorClass::Unsupported) => {
            tracing::info!(%error, "images of {repository} are not looked at");
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for (version, uses) in versions {
        let is = |id: Option<&ImageIdentifier>| {
            id.is_some_and(|id| match version {
                Version::Tag(tag) => id.image_tag() == Some(tag),
                Version::Digest(digest) => id.image_digest() == Some(digest),
            })
        };
        if let Some(failure) = reply.failures().iter().find(|failure| is(failure.image_id())) {
            let code = failure.failure_code().map_or("", |code| code.as_str());
            let what = match code {
                "ImageNotFound" => "there is no such image".to_owned(),
                code => format!("{code}: {}", failure.failure_reason().unwrap_or_default()),
            };
            found.extend(uses.iter().map(|of| Complaint { of: of.clone(), what: what.clone() }));
            continue;
        }
        let manifest =
            reply.images().iter().find(|image| is(image.image_id())).and_then(|image| image.image_manifest());
        let platforms = manifest.map(platforms).unwrap_or_default();
        for of in uses {
            if let Some(wanted) =
                of.platform.as_ref().filter(|wanted| !platforms.is_empty() && !platforms.contains(*wanted))
            {
                let built: Vec<&str> = platforms.iter().map(String::as_str).collect();
                let what = format!("it is built for {}, and the task runs on {wanted}", built.join(", "));
                found.push(Complaint { of: of.clone(), what });
            }
        }
    }
    Ok(found)
}

/// The platforms of an index; none of a single manifest, which does not tell its own.
fn platforms(manifest: &str) -> BTreeSet<String> {
    let document: Value = serde_json::from_str(manifest).unwrap_or_default();
    let members = document.get("manifests").and_then(Value::as_array).into_iter().flatten();
    let platform = |member: &Value| {
        let part = |key: &str| member.get("platform")?.get(key)?.as_str().map(str::to_owned);
        Some(format!("{}/{}", part("os")?, part("architecture")?))
    };
    // What proves where an image comes from stands beside it in the index.
    members.filter_map(platform).filter(|platform| platform != "unknown/unknown").collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_taken_apart() {
        let own = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
        let name = parse(&format!("{own}/team/web:1.4")).unwrap();
        assert_eq!((name.registry.as_str(), name.region.as_str()), ("123456789012", "eu-west-1"));
        assert_eq!((name.repository.as_str(), name.version), ("team/web", Version::Tag("1.4".to_owned())));
        assert_eq!(uri("123456789012", "eu-west-1", "team/web"), format!("{own}/team/web"));
        assert_eq!(parse(&format!("{own}/web")).unwrap().version, Version::Tag("latest".to_owned()));
        let both = parse(&format!("{own}/web:1@sha256:ab")).unwrap();
        assert_eq!(both.version, Version::Digest("sha256:ab".to_owned()), "ECS goes by the digest");
        for other in ["nginx:1", "public.ecr.aws/nginx/nginx:1", "ghcr.io/a/b:1"] {
            assert_eq!(parse(other), None);
        }
    }

    #[test]
    fn what_a_task_runs_on_is_said_or_known() {
        let task = |more: Value| {
            let mut task = json!({ "containerDefinitions": [] });
            task.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            platform(&task)
        };
        assert_eq!(task(json!({})), None);
        assert_eq!(task(json!({ "requiresCompatibilities": ["FARGATE"] })).as_deref(), Some("linux/amd64"));
        let arm = json!({ "requiresCompatibilities": ["FARGATE"], "runtimePlatform": { "cpuArchitecture": "ARM64" } });
        assert_eq!(task(arm).as_deref(), Some("linux/arm64"));
        let windows = json!({ "runtimePlatform": { "cpuArchitecture": "X86_64", "operatingSystemFamily": "WINDOWS_SERVER_2022_CORE" } });
        assert_eq!(task(windows).as_deref(), Some("windows/amd64"));
    }

    #[test]
    fn an_index_tells_its_platforms() {
        let of = |os: &str, architecture: &str| json!({ "platform": { "os": os, "architecture": architecture } });
        let index = json!({ "manifests": [of("linux", "amd64"), of("linux", "arm64"), of("unknown", "unknown")] });
        let all: Vec<String> = platforms(&index.to_string()).into_iter().collect();
        assert_eq!(all, ["linux/amd64", "linux/arm64"]);
        assert!(platforms(&json!({ "layers": [] }).to_string()).is_empty());
    }
}
