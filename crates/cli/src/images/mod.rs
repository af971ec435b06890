//! Images that a stack file builds (`build:` of a container) or copies (`mirror:` of a repository): what there is to do, and doing it with
//! the container tool that is found. What is there already is left alone. Knows no plan; whoever deploys comes later.

mod tool;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use evenkeel_aws::client::Aws;
use evenkeel_aws::services::ecr::image::{self, Builder, KIND, Recipe, Source};
use evenkeel_aws::services::ecr::{images, push};
use evenkeel_core::doc::{self, Ref};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Graph;
use evenkeel_core::plan::{Action, Plan, Step};
use evenkeel_stack::model::Stack;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::OnceCell;

use self::tool::Tool;
use crate::exit::Failure;
use crate::out::Ui;
use crate::report::failure;

/// An image that is to be in a registry.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What it is for: `web/app` for a container of a service, `python:3.12` for a mirror.
    pub of: String,
    /// Where it goes, with its tag.
    pub image: String,
    /// Where it comes from.
    pub from: Source,
}

/// An image that is in its registry now.
#[derive(Clone, Debug, Serialize)]
pub struct Pushed {
    /// What it is for.
    #[serde(rename = "for")]
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
    let known = |hole: &Ref| {
        let node = graph.get(&hole.node).filter(|_| hole.output == "uri")?;
        Some(Value::String(images::uri(account, &graph.stack.region, &node.name)))
    };
    let service = |of: &str| of.split_once('/').map(|(service, _)| service.to_owned());
    let all = image::wanted(stack, graph).into_iter().filter_map(|one| {
        let Value::String(image) = doc::fill(&one.spec.image.to_value(), &known) else { return None };
        Some(Wanted { of: one.of, image, from: one.spec.from })
    });
    let named = |one: &Wanted| only.is_empty() || service(&one.of).is_some_and(|service| only.contains(&service));
    let all: Vec<Wanted> = all.filter(named).collect();
    match only.iter().find(|name| !all.iter().any(|one| service(&one.of).as_ref() == Some(name))) {
        Some(other) => Err(Failure::Usage(format!("service `{other}` has no container with `build:`"))),
        None => Ok(all),
    }
}

fn cloud(error: CloudError) -> Failure {
    Failure::cloud("pushing images", error)
}

/// Where images are made, and from where they go to their registries.
#[derive(Debug)]
pub struct Yard {
    /// What paths of the stack file are relative to.
    folder: PathBuf,
    /// Whether something stands in AWS's place, which has no registry behind its API.
    instead_of_aws: bool,
    /// Whether the tool may write to the screen.
    aloud: bool,
    tool: OnceCell<Tool>,
    logged_in: OnceCell<()>,
}

impl Yard {
    /// For the images of a stack file. Where something else is on the screen, the tool is not heard until it fails.
    pub fn new(stack_file: &Path, instead_of_aws: bool, aloud: bool) -> Self {
        let folder = stack_file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let (tool, logged_in) = (OnceCell::new(), OnceCell::new());
        Self { folder: folder.to_owned(), instead_of_aws, aloud, tool, logged_in }
    }

    async fn tool(&self) -> Result<Tool, Failure> {
        let aloud = self.aloud;
        self.tool.get_or_try_init(|| blocking(move || Tool::find(aloud))).await.copied()
    }

    /// Builds an image, or fetches it.
    async fn make(&self, image: &str, from: &Source) -> Result<(), Failure> {
        let tool = self.tool().await?;
        let (image, from, folder) = (image.to_owned(), from.clone(), self.folder.clone());
        blocking(move || match from {
            Source::Build(recipe) => tool.run(&line(&recipe, &image, &folder)),
            Source::Mirror(source) => {
                tool.run(&["pull", &source])?;
                tool.run(&["tag", &source, &image])
            }
        })
        .await
    }

    /// Sends an image to where it belongs; gives its digest where that is known.
    async fn send(&self, aws: &Aws, image: &str) -> Result<Option<String>, Failure> {
        let tool = self.tool().await?;
        let own = own(aws, image).await?;
        let name = image.to_owned();
        if let (Some((repository, tag)), true) = (&own, self.instead_of_aws) {
            let manifest = blocking(move || tool.manifest(&name)).await?;
            return push::put(aws, repository, tag, &manifest).await.map(Some).map_err(cloud);
        }
        if own.is_some() && !self.instead_of_aws {
            self.logged_in.get_or_try_init(|| log_in(aws, tool, image)).await?;
        }
        blocking(move || tool.run(&["push", &name])).await?;
        match own {
            Some((repository, tag)) => push::digest(aws, &repository, &tag).await.map_err(cloud),
            None => Ok(None),
        }
    }

    /// An image that is there already.
    async fn there(&self, aws: &Aws, one: &Wanted) -> Result<Option<Pushed>, Failure> {
        let found = |digest| Pushed { of: one.of.clone(), image: one.image.clone(), digest, was_there: true };
        let Some((repository, tag)) = own(aws, &one.image).await? else {
            let there = self.has(&one.image).await;
            return Ok(there.then(|| found(None)));
        };
        let missing = |error: CloudError| match error.class {
            ErrorClass::Gone => Failure::refused(
                format!("there is no repository {repository} to push {} to", one.of),
                "make it first: evenkeel apply --target repository.NAME, or evenkeel apply --build",
            ),
            _ => cloud(error),
        };
        let tags = std::slice::from_ref(&tag);
        let mut digests = push::digests(aws, &repository, tags, self.instead_of_aws).await.map_err(missing)?;
        Ok(digests.remove(&tag).map(|digest| found(Some(digest))))
    }
}

#[async_trait]
impl Builder for Yard {
    fn without_registry(&self) -> bool {
        self.instead_of_aws
    }

    async fn has(&self, image: &str) -> bool {
        let Ok(tool) = self.tool().await else { return false };
        let image = image.to_owned();
        blocking(move || Ok(tool.has(&image))).await.unwrap_or_default()
    }

    async fn make(&self, aws: &Aws, image: &str, from: &Source) -> Result<Option<String>, CloudError> {
        let made = async {
            self.make(image, from).await?;
            self.send(aws, image).await
        };
        made.await.map_err(|failure| match failure {
            Failure::Cloud { error, .. } => *error,
            Failure::Refused { text, help } => {
                let error = CloudError::local(ErrorClass::Invalid, "build", text);
                CloudError { hint: help, ..error }
            }
            other => CloudError::bug("build", failure::brief(&other)),
        })
    }
}

/// Does what takes its time where nothing else waits for it.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Failure::Bug(vec![error.to_string()])))
}

async fn log_in(aws: &Aws, tool: Tool, image: &str) -> Result<(), Failure> {
    let login = push::login(aws).await.map_err(cloud)?;
    let host = image.split('/').next().unwrap_or_default().to_owned();
    blocking(move || tool.login(&login, &host)).await
}

/// Repository and tag of an image in the ECR of the account.
async fn own(aws: &Aws, image: &str) -> Result<Option<(String, String)>, Failure> {
    let Some(name) = images::parse(image) else { return Ok(None) };
    let account = aws.account().await.map_err(cloud)?;
    Ok(name.tag_in(&account, &aws.region))
}

/// The command line that builds an image.
fn line(recipe: &Recipe, image: &str, folder: &Path) -> Vec<String> {
    let path = |path: &str| folder.join(path).to_string_lossy().into_owned();
    let dockerfile = path(&recipe.dockerfile);
    let mut line: Vec<String> = ["build", "--platform", &recipe.platform, "--tag", image, "--file", &dockerfile]
        .into_iter()
        .map(str::to_owned)
        .collect();
    line.extend(recipe.target.iter().flat_map(|target| ["--target".to_owned(), target.clone()]));
    let args = recipe.args.iter().map(|(name, value)| format!("{name}={value}"));
    line.extend(args.flat_map(|arg| ["--build-arg".to_owned(), arg]));
    line.push(path(&recipe.context));
    line
}

/// Builds and copies what is not there yet, and pushes it. Each image is built once, also if several containers name it. `tag` is
/// given to everything that is pushed as a second one.
///
/// # Errors
/// If there is no tool, or it fails, or AWS refuses; nothing that runs is changed by that.
pub async fn push(
    aws: &Aws,
    yard: &Yard,
    wanted: Vec<Wanted>,
    tag: Option<&str>,
    ui: &mut Ui,
) -> Result<Vec<Pushed>, Failure> {
    let mut done: Vec<Pushed> = Vec::new();
    for one in wanted {
        if let Some(same) = done.iter().find(|other| other.image == one.image).cloned() {
            done.push(Pushed { of: one.of, ..same });
            continue;
        }
        if let Some(there) = yard.there(aws, &one).await?.filter(|_| tag.is_none()) {
            ui.note(&format!("{}: {} is there already", there.of, there.image));
            done.push(there);
            continue;
        }
        let tool = yard.tool().await?;
        ui.note(&match &one.from {
            Source::Build(_) => format!("{}: building {} with {}", one.of, one.image, tool.name()),
            Source::Mirror(source) => format!("{}: copying {source} to {}", one.of, one.image),
        });
        yard.make(&one.image, &one.from).await?;
        ui.note(&format!("pushing {}", one.image));
        let digest = yard.send(aws, &one.image).await?;
        if let Some(tag) = tag {
            let other = with_tag(&one.image, tag);
            let (from, to) = (one.image.clone(), other.clone());
            blocking(move || tool.run(&["tag", &from, &to])).await?;
            yard.send(aws, &other).await?;
        }
        done.push(Pushed { of: one.of, image: one.image, digest, was_there: false });
    }
    Ok(done)
}

/// The image under another tag.
fn with_tag(image: &str, tag: &str) -> String {
    format!("{}:{tag}", evenkeel_stack::image::split(image).name)
}

/// Sees that what a plan makes can be made here.
///
/// # Errors
/// If there is no tool.
pub async fn check(plan: &Plan) -> Result<(), Failure> {
    let makes = |step: &Step| step.node.kind() == KIND && !matches!(step.action, Action::Wait { .. });
    if plan.steps.iter().any(makes) {
        blocking(|| Tool::find(false)).await?;
    }
    Ok(())
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
