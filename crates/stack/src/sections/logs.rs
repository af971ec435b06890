//! `logs:` of a container: the name of a log group of the file, or a log driver with its options.

use evenkeel_core::diagnostic::Place;
use evenkeel_core::doc::Text;
use serde_json::{Map, Value as Json, json};

use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::task_definition::coerce::{Coerce, Style};
use super::super::task_definition::schema::CONTAINER_DEFINITION;
use super::super::tree::{Entry, Tree, Value};
use super::container_keys::LOGS;
use super::{Ctx, containers};

/// Reads it; the stream prefix is the container's name unless it says otherwise.
pub(crate) fn read(ctx: &Ctx<'_>, tree: &Tree, container: &str) -> Option<Json> {
    of(ctx, tree, &format!("`logs` of container `{container}`"), container)
}

/// The same of anything that writes logs as a container does.
pub(crate) fn of(ctx: &Ctx<'_>, tree: &Tree, what: &str, container: &str) -> Option<Json> {
    if tree.entries().is_none() {
        let want = Want::new(what, ctx.problems);
        let text = want.text(tree)?;
        if text.known().is_some_and(|text| ["false", "none", "off"].contains(&text)) {
            return None;
        }
        let group = group(ctx, tree, what)?;
        return awslogs(ctx, group, container, &tree.place);
    }
    let driver = ["driver", "log_driver", "logDriver"].iter().find_map(|key| tree.get(key));
    if driver.is_none() && (tree.get("group").is_some() || tree.get("log_group").is_some()) {
        return short(ctx, tree, what, container);
    }
    // The full form: `driver` is what one says for `log_driver`.
    let entries = tree.entries()?.iter().map(|entry| {
        let key = if entry.key == "driver" { "log_driver".to_owned() } else { entry.key.clone() };
        Entry { key, ..entry.clone() }
    });
    let whole = Tree::new(tree.place.clone(), Value::Map(entries.collect()));
    let secrets = whole.entries()?.iter().find(|e| e.key == "secret_options" || e.key == "secretOptions").cloned();
    let rest = whole.entries()?.iter().filter(|e| e.key != "secret_options" && e.key != "secretOptions").cloned();
    let entry = Entry {
        key: "log_configuration".to_owned(),
        place: tree.place.clone(),
        value: Tree::new(tree.place.clone(), Value::Map(rest.collect())),
    };
    let reader = Coerce::new(Style::Snake, ctx.problems);
    let all = Tree::new(tree.place.clone(), Value::Map(vec![entry]));
    let mut found = reader.partial(&all, &CONTAINER_DEFINITION, &[])?.remove("logConfiguration")?;
    if let (Some(entry), Some(map)) = (secrets, found.as_object_mut()) {
        map.insert("secretOptions".to_owned(), super::secrets::read(ctx, &entry.value, what));
    }
    if found["logDriver"] == "awslogs" {
        fill(ctx, &mut found, container, &tree.place);
    }
    Some(found)
}

/// Fills in what awslogs always needs: the region and, for Fargate, a stream prefix; a group of the file by its entry.
fn fill(ctx: &Ctx<'_>, found: &mut Json, container: &str, place: &Place) {
    let Some(map) = found.as_object_mut() else { return };
    let options = map.entry("options").or_insert_with(|| json!({}));
    let Some(options) = options.as_object_mut() else { return };
    let entry =
        options.get("awslogs-group").and_then(Json::as_str).filter(|name| ctx.scope.names.has("log_group", name));
    if let Some(group) = entry.map(containers::log_group) {
        options.insert("awslogs-group".to_owned(), group.to_value());
    }
    if !options.contains_key("awslogs-region")
        && let Some(region) = region(ctx, place)
    {
        options.insert("awslogs-region".to_owned(), region.into());
    }
    options.entry("awslogs-stream-prefix").or_insert(container.into());
}

fn short(ctx: &Ctx<'_>, tree: &Tree, what: &str, container: &str) -> Option<Json> {
    let fields = Fields::open(tree, what, &LOGS, ctx.problems)?;
    let group = fields.take("group").and_then(|tree| group(ctx, tree, what));
    let prefix = fields.text("stream_prefix");
    let mut extra = Map::new();
    for (key, option) in [
        ("datetime_format", "awslogs-datetime-format"),
        ("multiline_pattern", "awslogs-multiline-pattern"),
        ("mode", "mode"),
        ("max_buffer_size", "max-buffer-size"),
        ("region", "awslogs-region"),
    ] {
        extra.extend(fields.text(key).map(|text| (option.to_owned(), text.into())));
    }
    fields.finish();
    let mut found = awslogs(ctx, group?, prefix.as_deref().unwrap_or(container), &tree.place)?;
    if let Some(options) = found.get_mut("options").and_then(Json::as_object_mut) {
        options.extend(extra);
    }
    Some(found)
}

/// A log group of the file, or one that exists elsewhere, which begins with `/`.
fn group(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Text> {
    let text = Want::new(what, ctx.problems).text(tree)?;
    let Some(name) = text.known() else { return Some(text) };
    if ctx.scope.names.has("log_group", name) {
        return Some(containers::log_group(name));
    }
    if name.starts_with('/') {
        return Some(text);
    }
    ctx.dangling(tree, name, "log_group", "log_groups");
    None
}

fn awslogs(ctx: &Ctx<'_>, group: Text, prefix: &str, place: &Place) -> Option<Json> {
    Some(json!({
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": group.to_value(),
            "awslogs-region": region(ctx, place)?,
            "awslogs-stream-prefix": prefix,
        },
    }))
}

fn region(ctx: &Ctx<'_>, place: &Place) -> Option<String> {
    let region = ctx.scope.region.clone();
    if region.is_none() {
        let help = "Add `region:` to the stack file, or give --region; the log driver needs it.";
        ctx.problems.error("no-region", place, "the region of the logs is not known", help);
    }
    region
}
