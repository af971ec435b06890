//! `task_definition: file.json`: the document as `aws ecs register-task-definition` takes it or
//! `describe-task-definition` prints it, tolerant of what people's files hold.

use std::collections::BTreeSet;

use evenkeel_core::diagnostic::{Diagnostic, Place};
use evenkeel_core::doc::Text;
use evenkeel_core::id::NodeId;
use serde_json::Value as Json;

use super::super::decode::{Want, capital};
use super::super::files;
use super::super::interpolate::Foreign;
use super::super::model::Role;
use super::super::sections::{Ctx, secrets};
use super::super::tagging::{self, Rules};
use super::super::tree::{Entry, Tree, Value, shorten};
use super::super::values::ROLE;
use super::super::{arn, suggest};
use super::coerce::{Coerce, Style, placeholder};
use super::schema::{READ_ONLY, TASK_DEFINITION, plain};
use super::{Draft, known_key};

/// Keys of a CLI answer beside the document.
const BESIDE: &[&str] = &["tags", "failures", "ResponseMetadata"];
/// Keys that editors and the CLI's input skeletons add.
const EDITOR: &[&str] = &["$schema", "__comment", "_comment"];

/// Reads the file that a tree names; `images` fills or overrides images by container.
pub(crate) fn read(ctx: &Ctx<'_>, tree: &Tree, images: Option<&Tree>) -> Option<Draft> {
    let path = Want::new("`task_definition`", ctx.problems).filled(tree)?;
    let whole = files::json(ctx, &path, &tree.place, Foreign::Keep)?;
    let (root, wrapped) = match whole.get("taskDefinition") {
        Some(inner) if inner.entries().is_some() => (inner, true),
        Some(_) | None => (&whole, false),
    };
    if root.entries().is_none() {
        Want::new("a task definition", ctx.problems).wrong(root, "an object", "A JSON object begins with `{`.");
        return None;
    }
    let reader = Coerce::new(Style::Camel, ctx.problems);
    let ignored: Vec<&str> = READ_ONLY.iter().chain(EDITOR).copied().collect();
    let mut draft = Draft::new(tree.place.clone());
    draft.remember(root, |key| known_key(&TASK_DEFINITION, key));
    let document = reader.object(root, &TASK_DEFINITION, &ignored)?;
    draft.document = document;
    containers(ctx, root, &mut draft);
    if let Some(entry) =
        root.entries().unwrap_or_default().iter().find(|entry| entry.key.eq_ignore_ascii_case("volumes"))
    {
        draft.remember_volumes(&entry.value);
    }
    draft.tags = tags(ctx, root);
    if wrapped {
        beside(ctx, &whole);
        draft.tags.extend(tags(ctx, &whole));
    }
    draft.document.remove("tags");
    self::images(ctx, images, &mut draft);
    for key in ["executionRoleArn", "taskRoleArn"] {
        role(ctx, key, &mut draft);
    }
    references(ctx, root);
    notes(ctx, root, wrapped, &reader, tree);
    Some(draft)
}

fn beside(ctx: &Ctx<'_>, whole: &Tree) {
    for entry in whole.entries().unwrap_or_default() {
        if entry.key != "taskDefinition" && !BESIDE.contains(&entry.key.as_str()) {
            let summary = format!("unknown key `{}` next to `taskDefinition`", entry.key);
            let help = "Only `tags` is allowed next to `taskDefinition`.";
            ctx.problems.error("unknown-key", &entry.place, summary, help);
        }
    }
}

/// Tags as ECS writes them, `[{ key, value }]`.
fn tags(ctx: &Ctx<'_>, tree: &Tree) -> std::collections::BTreeMap<String, String> {
    let Some(list) = tree.get("tags") else { return std::collections::BTreeMap::new() };
    let entries = list.items().into_iter().flatten().filter_map(|item| {
        let key = item.get("key")?.scalar()?;
        // Marks that AWS or evenkeel wrote come with a document that was described; they are no input.
        let ours = key.starts_with("aws:") || key.starts_with("evenkeel:");
        let value = item.get("value").cloned().unwrap_or_else(|| Tree::text(item.place.clone(), ""));
        (!ours).then(|| Entry { key, place: item.place.clone(), value })
    });
    let what = "the task definition";
    let tags = tagging::read(&Tree::new(list.place.clone(), Value::Map(entries.collect())), what, ctx.problems);
    tagging::check(&tags, &list.place, what, Rules::Common, ctx.problems);
    tags.values
}

fn containers(ctx: &Ctx<'_>, root: &Tree, draft: &mut Draft) {
    let list = root
        .entries()
        .unwrap_or_default()
        .iter()
        .find(|e| known_key(&TASK_DEFINITION, &e.key) == Some("containerDefinitions"));
    let Some(list) = list else { return };
    for item in list.value.items().unwrap_or_default() {
        let Some(name) = item.get("name") else { continue };
        let Some(text) = name.scalar() else { continue };
        let key = format!("container:{text}");
        if let Some(first) = draft.places.get(&key) {
            ctx.problems.push(
                Diagnostic::error("duplicate", format!("two containers are called `{text}`"), Some(name.place.clone()))
                    .related(first.clone(), "the first one")
                    .help("ECS tells containers apart by name. Rename one."),
            );
            continue;
        }
        draft.places.insert(key, name.place.clone());
        draft.remember_container(&text, item);
    }
}

fn images(ctx: &Ctx<'_>, images: Option<&Tree>, draft: &mut Draft) {
    let names: Vec<String> =
        draft.containers().filter_map(|map| map.get("name").and_then(Json::as_str).map(str::to_owned)).collect();
    if let Some(tree) = images {
        let want = Want::new("an image", ctx.problems);
        if tree.entries().is_none() {
            want.wrong(tree, "a map", "Write images: { container: image }.");
        }
        for entry in tree.entries().unwrap_or_default() {
            if !names.contains(&entry.key) {
                let help = suggest::help(&entry.key, "the task definition", names.iter().map(String::as_str));
                let summary = format!("the task definition has no container `{}`", entry.key);
                ctx.problems.error("unknown-name", &entry.place, summary, help);
            }
            let Some(image) = want.text(&entry.value) else { continue };
            draft.places.insert(format!("image:{}", entry.key), entry.value.place.clone());
            let list = draft.document.get_mut("containerDefinitions").and_then(Json::as_array_mut);
            for container in list.into_iter().flatten().filter_map(Json::as_object_mut) {
                if container.get("name").and_then(Json::as_str) == Some(&entry.key) {
                    container.insert("image".to_owned(), image.to_value());
                }
            }
        }
    }
    for container in draft.containers().filter(|map| !map.contains_key("image")) {
        let Some(name) = container.get("name").and_then(Json::as_str) else { continue };
        let help = format!("If a pipeline sets it, write it in the service: images: {{ {name}: ${{env.IMAGE}} }}.");
        let place = draft.at(&format!("container:{name}"));
        ctx.problems.error("no-image", place, format!("container `{name}` has no image"), help);
    }
}

/// A role by ARN, entry or name. A bare name that is no entry is an existing role, as the CLI takes it.
fn role(ctx: &Ctx<'_>, key: &str, draft: &mut Draft) {
    let Some(given) = draft.text(key).map(str::to_owned) else { return };
    let place = draft.at(key).clone();
    if given.starts_with("arn:") {
        arn::check(ctx, &place, &given, &arn::ROLE);
        return;
    }
    if placeholder(&given) {
        unfilled(ctx, &place, &given);
        return;
    }
    let name = given.strip_prefix("existing:").unwrap_or(&given).trim().to_owned();
    if !ctx.scope.names.has("role", &name) {
        if let Some(complaint) = ROLE.complaint(&name) {
            let summary = format!("`{name}` is not a valid name for a role");
            ctx.problems.error("bad-name", &place, summary, format!("{}.", capital(&complaint)));
            return;
        }
        let role = Role::Existing { place, name: name.clone(), arn: None };
        ctx.implied_roles.borrow_mut().insert(name.clone(), role);
    }
    draft.document.insert(key.to_owned(), Text::output(NodeId::new("role", &name), "arn").to_value());
}

/// Refuses a placeholder of another tool where ECS would surely refuse it.
fn unfilled(ctx: &Ctx<'_>, place: &Place, text: &str) {
    let help = "evenkeel does not fill it in. Use ${env.NAME} or ${var.name}, or fill it in beforehand.";
    ctx.problems.error("placeholder", place, format!("`{}` is a placeholder of another tool", shorten(text)), help);
}

/// Where containers find secrets, environment files and the credentials of registries.
fn references(ctx: &Ctx<'_>, root: &Tree) {
    let key = |entry: &Entry, name: &str| plain(&entry.key) == plain(name);
    let find = |tree: &'_ Tree, name: &str| -> Option<Tree> {
        tree.entries()?.iter().find(|entry| key(entry, name)).map(|entry| entry.value.clone())
    };
    let Some(containers) = find(root, "containerDefinitions") else { return };
    for container in containers.items().unwrap_or_default() {
        let lists = [
            find(container, "secrets"),
            find(container, "logConfiguration").and_then(|log| find(&log, "secretOptions")),
        ];
        for secret in lists.iter().flatten().flat_map(|list| list.items().unwrap_or_default()) {
            let Some(from) = find(secret, "valueFrom") else { continue };
            match from.scalar() {
                Some(text) if placeholder(&text) && !text.starts_with("arn:") => unfilled(ctx, &from.place, &text),
                Some(text) if !text.is_empty() => drop(secrets::source(ctx, &from, "a secret")),
                Some(_) | None => {}
            }
        }
    }
}

/// Says once what was understood though `register-task-definition` would not take it.
fn notes(ctx: &Ctx<'_>, root: &Tree, wrapped: bool, reader: &Coerce<'_>, named: &Tree) {
    let mut said: BTreeSet<String> = reader.notes.borrow().iter().map(|note| (*note).to_owned()).collect();
    let read_only: Vec<&str> = root
        .entries()
        .unwrap_or_default()
        .iter()
        .map(|entry| entry.key.as_str())
        .filter(|key| READ_ONLY.contains(key))
        .collect();
    if !read_only.is_empty() {
        said.insert(format!("keys that only AWS writes ({})", read_only.join(", ")));
    }
    if wrapped {
        said.insert("the `taskDefinition` wrapper of describe-task-definition".to_owned());
    }
    if said.is_empty() {
        return;
    }
    let words = said.into_iter().collect::<Vec<_>>().join("; ");
    ctx.problems.push(
        Diagnostic::warning(
            "understood",
            format!("`{}` was read with corrections", root.place.source.path),
            Some(named.place.clone()),
        )
        .help(format!("{}. No action is needed.", capital(&words))),
    );
}
