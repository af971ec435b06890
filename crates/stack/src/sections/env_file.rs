//! `env_file:` of a container: a template of `NAME=value` lines beside the stack file, as `docker compose` and `envsubst` have them, filled in
//! from `${…}` like the stack file itself. Becomes variables of the container; what `environment` says goes before it.

use std::sync::Arc;

use evenkeel_core::diagnostic::{Diagnostic, Place, Source};
use serde_json::{Value as Json, json};

use super::super::decode::Want;
use super::super::interpolate::{self, Foreign};
use super::super::tree::{Entry, Tree, Value, shorten};
use super::Ctx;

/// The variables of the file, in its order, as ECS takes them.
pub(crate) fn read(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Vec<Json> {
    let key = format!("`env_file` of {what}");
    let Some(path) = Want::new(&key, ctx.problems).filled(tree) else { return Vec::new() };
    let source = match ctx.files.read(&path) {
        Ok(source) => Arc::new(source),
        Err(problem) => {
            ctx.problems.push(problem.at(Some(tree.place.clone())));
            return Vec::new();
        }
    };
    let entries = lines(ctx, &source);
    let map = Tree::new(tree.place.clone(), Value::Map(entries));
    let filled = interpolate::tree(map, ctx.scope, Foreign::Refuse, ctx.problems);
    let want = Want::new(&key, ctx.problems);
    let variable = |entry: &Entry| Some(json!({ "name": entry.key, "value": want.text(&entry.value)?.to_value() }));
    filled.entries().unwrap_or_default().iter().filter_map(variable).collect()
}

/// The lines that say something.
fn lines(ctx: &Ctx<'_>, source: &Arc<Source>) -> Vec<Entry> {
    let mut found: Vec<Entry> = Vec::new();
    let mut start = 0;
    for whole in source.text.split_inclusive('\n') {
        let at = start;
        start += whole.len();
        let line = whole.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let place = |part: &str| {
            let offset = at + whole.find(part).unwrap_or_default();
            Place { source: source.clone(), span: offset..offset + part.len() }
        };
        let assignment = line.strip_prefix("export ").map_or(line, str::trim_start);
        let Some((name, value)) = assignment.split_once('=').filter(|(name, _)| is_name(name.trim())) else {
            let help = "Write NAME=value, or begin the line with # to make it a comment.";
            let summary = format!("`{}` is not a variable with its value", shorten(line));
            ctx.problems.error("bad-value", &place(line), summary, help);
            continue;
        };
        let (name, value) = (name.trim(), unquoted(value.trim()));
        if value.contains("<%") {
            let help = "Write ${env.NAME} or ${var.name} in its place.";
            ctx.problems.error("placeholder", &place(line), "evenkeel does not run ERB", help);
            continue;
        }
        if let Some(first) = found.iter().find(|entry| entry.key == name) {
            ctx.problems.push(
                Diagnostic::error("duplicate-key", format!("`{name}` is given twice"), Some(place(line)))
                    .related(first.place.clone(), "the first one")
                    .help("Remove one of the two."),
            );
            continue;
        }
        let tree = Tree::text(place(line), value);
        found.push(Entry { key: name.to_owned(), place: place(line), value: tree });
    }
    found
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

/// The value without quotes around it.
fn unquoted(value: &str) -> &str {
    let inside = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
}
