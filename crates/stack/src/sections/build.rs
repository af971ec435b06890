//! `build:` of a container: what its image is built from. The tag of the image is the hash of that (`content.rs`), unless the image names
//! one, so that what has not changed is not deployed again. Must not know what builds.

use std::collections::BTreeMap;

use evenkeel_core::doc::Text;
use serde_json::Value as Json;

use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::image;
use super::super::model::Build;
use super::super::table::{EMPTY, Table, Type, key};
use super::super::task_definition::Draft;
use super::super::tree::{Tree, Value};
use super::Ctx;

/// The long form.
pub(crate) static BUILD: Table = Table {
    path: "services.containers.build",
    what: "a build",
    groups: &[&[
        key("context", Type::Text, "The folder that the builder sees, relative to the stack file.")
            .value(".")
            .example("web"),
        key("dockerfile", Type::Text, "The Dockerfile, relative to the stack file.")
            .also(&["file"])
            .without("`Dockerfile` in the context")
            .example("docker/web.Dockerfile"),
        key("target", Type::Text, "The stage of the Dockerfile to stop at."),
        key("args", Type::MapOf(&Type::Blank), "Arguments for `ARG`; whoever can pull the image can read them.")
            .example("{ VERSION: \"1.4\" }"),
        key("platform", Type::Text, "What it is built for.")
            .without("what the task runs on: `linux/amd64`, or `linux/arm64` with `cpu_architecture: ARM64`")
            .example("linux/arm64"),
    ]],
    words: &[("tags", "The tag is behind the image; without one it is the hash of what it is built from.")],
    ..EMPTY
};

/// Reads `build:` of a container.
pub(crate) fn read(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Build> {
    let what = format!("`build` of {what}");
    let plain = |context: String| Build {
        place: tree.place.clone(),
        context,
        dockerfile: None,
        target: None,
        args: BTreeMap::new(),
        platform: String::new(),
    };
    if matches!(tree.value, Value::Text(_)) {
        return Want::new(&what, ctx.problems).filled(tree).map(plain);
    }
    let fields = Fields::open(tree, what.clone(), &BUILD, ctx.problems)?;
    let mut build = plain(fields.text("context")?);
    build.dockerfile = fields.text("dockerfile");
    build.target = fields.text("target");
    let key = format!("an argument of {what}");
    let args = fields.take("args").map(|tree| Want::new(&key, ctx.problems).string_map(tree)).unwrap_or_default();
    build.args = args.into_iter().map(|(name, value, _)| (name, value)).collect();
    build.platform = fields.text("platform").unwrap_or_default();
    fields.finish();
    Some(build)
}

/// Gives the images of a draft that are built their tags, and what is built its platform.
pub(crate) fn complete(ctx: &Ctx<'_>, draft: &mut Draft) -> BTreeMap<String, Build> {
    let architecture = draft.document.get("runtimePlatform").and_then(|it| it.get("cpuArchitecture"));
    let platform = if architecture.is_some_and(|it| it == "ARM64") { "linux/arm64" } else { "linux/amd64" };
    let mut builds = std::mem::take(&mut draft.builds);
    for (container, build) in &mut builds {
        if build.platform.is_empty() {
            platform.clone_into(&mut build.platform);
        }
        let containers = draft.document.get_mut("containerDefinitions").and_then(Json::as_array_mut);
        let own = containers.into_iter().flatten().find(|one| one["name"] == container.as_str());
        let Some(image) = own.and_then(|one| one.get_mut("image")) else { continue };
        let Ok(text) = serde_json::from_value::<Text>(image.clone()) else { continue };
        if let Some(name) = text.known().filter(|name| !image::split(name).name.contains('/')) {
            let summary = format!("`{name}` is built, and names no place to push it to");
            let help = "Docker takes that for docker.io/library, which is not yours. Add an entry under `repositories:` and write \
                        image: ${repository.NAME.uri}.";
            ctx.problems.error("bad-value", &build.place, summary, help);
        }
        if is_tagged(&text) {
            continue;
        }
        match ctx.files.content(build) {
            Ok(hash) => *image = tagged(text, &hash).to_value(),
            Err(problem) => ctx.problems.push(problem.at(Some(build.place.clone()))),
        }
    }
    builds
}

/// Whether an image names a tag or a digest already.
fn is_tagged(name: &Text) -> bool {
    match name {
        Text::Known(text) => {
            let parts = image::split(text);
            parts.tag.is_some() || parts.digest.is_some()
        }
        Text::From(_) => false,
        Text::Join(parts) => parts.last().is_some_and(is_tagged),
    }
}

fn tagged(image: Text, tag: &str) -> Text {
    let tag = format!(":{tag}");
    match image {
        Text::Known(text) => Text::Known(text + &tag),
        Text::From(hole) => Text::Join(vec![Text::From(hole), Text::Known(tag)]),
        Text::Join(mut parts) => {
            parts.push(Text::Known(tag));
            Text::Join(parts)
        }
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_core::id::NodeId;

    use super::*;

    #[test]
    fn a_tag_is_added_where_there_is_none() {
        let uri = Text::output(NodeId::new("repository", "web"), "uri");
        let with = |end: &str| Text::Join(vec![uri.clone(), end.into()]);
        assert!(is_tagged(&with(":1")) && is_tagged(&"host:5000/app:1".into()));
        assert!(!is_tagged(&uri) && !is_tagged(&"host:5000/app".into()) && !is_tagged(&with("/sub")));
        assert_eq!(tagged(uri.clone(), "ab"), with(":ab"));
        assert_eq!(tagged("host:5000/app".into(), "ab"), "host:5000/app:ab".into());
    }
}
