//! Images that a stack file builds (`build:` of a container) or copies (`mirror:` of a repository): what there is to do, and doing it with
//! the container tool that is found. What is there already is left alone. Knows no plan; whoever deploys comes later.

mod tool;

use std::path::{Path, PathBuf};

use evenkeel_aws::client::Aws;
use evenkeel_aws::services::ecr::{images, push, repository};
use evenkeel_core::doc::{self, Ref};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Graph;
use evenkeel_stack::image;
use evenkeel_stack::model::{Build, Stack};
use serde_json::Value;

use self::tool::Tool;
use crate::exit::Failure;
use crate::out::Ui;

/// An image that is to be in a registry.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What it is for: `web/app` for a container of a service, `repository.python` for a mirror.
    pub of: String,
    /// Where it goes, with its tag.
    pub image: String,
    /// Where it comes from.
    pub from: Source,
}

/// Where an image comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// It is built.
    Build(Build),
    /// It is copied from another registry.
    Mirror(String),
}

/// An image that is in its registry now.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// What it is for.
    pub of: String,
    /// Where it is.
    pub image: String,
    /// Its digest, where that is known.
    pub digest: Option<String>,
    /// Whether it was there before.
    pub was_there: bool,
}

/// The images of a stack in an account and a region; of these services only, if any are named.
///
/// # Errors
/// If a name is no service that builds anything.
pub fn wanted(stack: &Stack, graph: &Graph, account: &str, only: &[String]) -> Result<Vec<Wanted>, Failure> {
    let region = &graph.stack.region;
    let uri = |name: &str| images::uri(account, region, name);
    let known = |hole: &Ref| {
        let node = graph
            .get(&hole.node)
            .filter(|_| hole.node.kind() == repository::ENTRY.kind.name && hole.output == "uri")?;
        Some(Value::String(uri(&node.name)))
    };
    let mut all: Vec<Wanted> = Vec::new();
    for (entry, service) in &stack.services {
        let Some(task) = service.runs.ours().filter(|_| only.is_empty() || only.contains(entry)) else { continue };
        for (container, build) in &task.builds {
            let containers = task.document["containerDefinitions"].as_array().into_iter().flatten();
            let image = containers.filter(|one| one["name"] == container.as_str()).find_map(|one| one.get("image"));
            let Some(Value::String(image)) = image.map(|image| doc::fill(image, &known)) else { continue };
            all.push(Wanted { of: format!("{entry}/{container}"), image, from: Source::Build(build.clone()) });
        }
    }
    if let Some(other) = only.iter().find(|name| !all.iter().any(|one| one.of.split('/').next() == Some(name.as_str())))
    {
        let text = format!("service `{other}` has no container with `build:`");
        return Err(Failure::Usage(text));
    }
    for (entry, repository) in stack.repositories.iter().filter(|_| only.is_empty()) {
        let Some(node) = graph.get(&repository::id(entry)) else { continue };
        for source in &repository.mirrors {
            let image = format!("{}:{}", uri(&node.name), image::split(source).tag.unwrap_or("latest"));
            all.push(Wanted { of: node.id.to_string(), image, from: Source::Mirror(source.clone()) });
        }
    }
    Ok(all)
}

fn cloud(error: CloudError) -> Failure {
    Failure::cloud("pushing images", error)
}

/// A place where images go.
struct Registry<'a> {
    aws: &'a Aws,
    account: String,
    /// Whether something stands in AWS's place, which has no registry behind its API.
    instead_of_aws: bool,
    folder: PathBuf,
}

/// Builds and copies what is not there yet, and pushes it. Each image is built once, also if several containers name it. `tag` is
/// given to everything that is pushed as a second one.
///
/// # Errors
/// If there is no tool, or it fails, or AWS refuses; nothing that runs is changed by that.
pub async fn push(
    aws: &Aws,
    instead_of_aws: bool,
    stack_file: &Path,
    wanted: Vec<Wanted>,
    tag: Option<&str>,
    ui: &mut Ui,
) -> Result<Vec<Pushed>, Failure> {
    let account = aws.account().await.map_err(cloud)?;
    let folder = stack_file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let registry = Registry { aws, account, instead_of_aws, folder: folder.to_owned() };
    let mut tool: Option<Tool> = None;
    let mut logged_in = false;
    let mut done: Vec<Pushed> = Vec::new();
    for one in wanted {
        if let Some(same) = done.iter().find(|other| other.image == one.image).cloned() {
            done.push(Pushed { of: one.of, ..same });
            continue;
        }
        if let Some(there) = registry.there(&one, &mut tool).await?.filter(|_| tag.is_none()) {
            ui.note(&format!("{}: {} is there already", there.of, there.image));
            done.push(there);
            continue;
        }
        let tool = Tool::or_find(&mut tool)?;
        registry.make(&one, tool, ui)?;
        if registry.is_own(&one.image).is_some() && !registry.instead_of_aws && !logged_in {
            let login = push::login(aws).await.map_err(cloud)?;
            tool.login(&login, one.image.split('/').next().unwrap_or_default())?;
            logged_in = true;
        }
        let digest = registry.send(&one.image, tool, ui).await?;
        if let Some(tag) = tag {
            let other = with_tag(&one.image, tag);
            tool.run(&["tag", &one.image, &other])?;
            registry.send(&other, tool, ui).await?;
        }
        done.push(Pushed { of: one.of, image: one.image, digest, was_there: false });
    }
    Ok(done)
}

/// The image under another tag.
fn with_tag(image: &str, tag: &str) -> String {
    format!("{}:{tag}", image::split(image).name)
}

impl Registry<'_> {
    /// Repository and tag of an image in the ECR of the account.
    fn is_own(&self, image: &str) -> Option<(String, String)> {
        let name =
            images::parse(image).filter(|name| name.registry == self.account && name.region == self.aws.region)?;
        match name.version {
            images::Version::Tag(tag) => Some((name.repository, tag)),
            images::Version::Digest(_) => None,
        }
    }

    /// An image that is there already.
    async fn there(&self, one: &Wanted, tool: &mut Option<Tool>) -> Result<Option<Pushed>, Failure> {
        let found = |digest| Pushed { of: one.of.clone(), image: one.image.clone(), digest, was_there: true };
        let Some((repository, tag)) = self.is_own(&one.image) else {
            let there = Tool::or_find(tool)?.has(&one.image);
            return Ok(there.then(|| found(None)));
        };
        let missing = |error: CloudError| match error.class {
            ErrorClass::Gone => Failure::refused(
                format!("there is no repository {repository} to push {} to", one.of),
                "make it first: evenkeel apply --target repository.NAME, or evenkeel apply --build",
            ),
            _ => cloud(error),
        };
        // A simulated repository that nothing was put into has every image.
        if self.instead_of_aws && push::is_empty(self.aws, &repository).await.map_err(missing)? {
            return Ok(None);
        }
        let digest = push::digest(self.aws, &repository, &tag).await.map_err(missing)?;
        Ok(digest.map(|digest| found(Some(digest))))
    }

    /// Builds an image, or fetches it.
    fn make(&self, one: &Wanted, tool: &Tool, ui: &mut Ui) -> Result<(), Failure> {
        match &one.from {
            Source::Build(build) => {
                ui.note(&format!("{}: building {} with {}", one.of, one.image, tool.name()));
                let (context, dockerfile) =
                    (self.folder.join(&build.context), self.folder.join(build.dockerfile_path()));
                let (context, dockerfile) = (context.to_string_lossy(), dockerfile.to_string_lossy());
                let mut line: Vec<String> = ["build", "--platform", &build.platform, "--tag", &one.image, "--file"]
                    .into_iter()
                    .map(str::to_owned)
                    .collect();
                line.push(dockerfile.into_owned());
                line.extend(build.target.iter().flat_map(|target| ["--target".to_owned(), target.clone()]));
                let args = build.args.iter().map(|(name, value)| format!("{name}={value}"));
                line.extend(args.flat_map(|arg| ["--build-arg".to_owned(), arg]));
                line.push(context.into_owned());
                tool.run(&line)
            }
            Source::Mirror(source) => {
                ui.note(&format!("{}: copying {source} to {}", one.of, one.image));
                tool.run(&["pull", source])?;
                tool.run(&["tag", source, &one.image])
            }
        }
    }

    /// Sends an image to where it belongs; gives its digest where that is known.
    async fn send(&self, image: &str, tool: &Tool, ui: &mut Ui) -> Result<Option<String>, Failure> {
        let own = self.is_own(image);
        if let (Some((repository, tag)), true) = (&own, self.instead_of_aws) {
            let manifest = tool.manifest(image)?;
            return push::put(self.aws, repository, tag, &manifest).await.map(Some).map_err(cloud);
        }
        ui.note(&format!("pushing {image}"));
        tool.run(&["push", image])?;
        match own {
            Some((repository, tag)) => push::digest(self.aws, &repository, &tag).await.map_err(cloud),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_takes_the_place_of_another() {
        for (image, out) in [
            ("host:5000/a/b:1", "host:5000/a/b:new"),
            ("host:5000/b", "host:5000/b:new"),
            ("b:1", "b:new"),
            ("a/b@sha256:00", "a/b:new"),
        ] {
            assert_eq!(with_tag(image, "new"), out);
        }
    }
}
