//! IAM policy documents: as AWS writes them (in YAML or in a JSON file), or in the short form `statements:` with
//! `actions`, `resources`, `effect`. Knows nothing of roles.

use evenkeel_core::doc::Doc;
use serde_json::{Map, Value as Json, json};

use super::decode::{Fields, Want};
use super::files;
use super::interpolate::Foreign;
use super::sections::Ctx;
use super::tree::{Tree, Value};

/// The version that every new policy should have; without one IAM assumes that of 2008, which has no variables.
const VERSION: &str = "2012-10-17";

/// Reads a document, a list of statements, or the name of a JSON file that holds a document.
pub(crate) fn read(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Doc> {
    match &tree.value {
        Value::Text(_) => {
            let path = Want::new(what, ctx.problems).filled(tree)?;
            if path.trim_start().starts_with('{') {
                let help = "Write the document as YAML, or put it in a file and give its name.";
                ctx.problems.error("bad-value", &tree.place, format!("{what} is JSON in a string"), help);
                return None;
            }
            let loaded = files::json(ctx, &path, &tree.place, Foreign::Keep)?;
            document(ctx, &loaded, what)
        }
        Value::List(_) | Value::Map(_) => document(ctx, tree, what),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Wrong => {
            let help = "Write { statements: [ { actions: …, resources: … } ] }, or the name of a JSON file.";
            Want::new(what, ctx.problems).wrong(tree, "a policy document", help);
            None
        }
    }
}

fn document(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Doc> {
    let raw = tree.get("Statement").or_else(|| tree.get("statement"));
    if let Some(statements) = raw {
        // A document as AWS writes it goes through untouched; IAM knows best what it may hold.
        let mut json = to_json(tree);
        if let Json::Object(map) = &mut json {
            if let Some(value) = map.remove("statement") {
                map.insert("Statement".to_owned(), value);
            }
            if let Some(value) = map.remove("version") {
                map.insert("Version".to_owned(), value);
            }
        }
        check_raw(ctx, statements, what);
        return Some(json);
    }
    let list = match &tree.value {
        Value::List(_) => tree,
        _ => {
            let fields = Fields::open(tree, what, ctx.problems)?;
            let why = "A policy has `statements:`, a list of { actions, resources }, or AWS's own `Statement`.";
            let list = fields.need("statements", why);
            fields.finish();
            list?
        }
    };
    let statements: Vec<Json> =
        Want::new(what, ctx.problems).several(list).iter().filter_map(|item| statement(ctx, item, what)).collect();
    if statements.is_empty() && list.items().is_some_and(<[Tree]>::is_empty) {
        ctx.problems.error("empty", &list.place, format!("{what} has no statements"), "IAM refuses an empty policy.");
    }
    Some(json!({ "Version": VERSION, "Statement": statements }))
}

fn check_raw(ctx: &Ctx<'_>, statements: &Tree, what: &str) {
    for item in Want::new(what, ctx.problems).several(statements) {
        let Some(entries) = item.entries() else {
            Want::new(&format!("a statement of {what}"), ctx.problems).wrong(
                item,
                "a map",
                "Write { Effect: Allow, … }.",
            );
            continue;
        };
        let has = |key: &str| entries.iter().any(|entry| entry.key == key);
        if !has("Effect") || !(has("Action") || has("NotAction")) {
            let help = "IAM needs Effect and Action in each statement, with capital letters.";
            ctx.problems.error(
                "bad-policy",
                &item.place,
                format!("a statement of {what} lacks Effect or Action"),
                help,
            );
        }
    }
}

fn statement(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Json> {
    if tree.get("Action").is_some() || tree.get("Effect").is_some() {
        return Some(to_json(tree));
    }
    let fields = Fields::open(tree, format!("a statement of {what}"), ctx.problems)?;
    let mut out = Map::new();
    if let Some(sid) = fields.take("sid").and_then(|tree| Want::new("`sid`", ctx.problems).filled(tree)) {
        out.insert("Sid".to_owned(), sid.into());
    }
    let effect =
        fields.take("effect").and_then(|tree| Want::new("`effect`", ctx.problems).one_of(tree, &["Allow", "Deny"]));
    out.insert("Effect".to_owned(), effect.unwrap_or("Allow").into());
    for (keys, name) in [
        (["principals", "principal"], "Principal"),
        (["actions", "action"], "Action"),
        (["not_actions", "not_action"], "NotAction"),
        (["resources", "resource"], "Resource"),
        (["not_resources", "not_resource"], "NotResource"),
        (["conditions", "condition"], "Condition"),
    ] {
        if let Some(value) = fields.either(&keys) {
            out.insert(name.to_owned(), to_json(value));
        }
    }
    fields.finish();
    if !out.contains_key("Action") && !out.contains_key("NotAction") {
        let help = "Say which actions are meant: actions: [ssm:GetParameters].";
        ctx.problems.error("missing-key", &tree.place, format!("a statement of {what} has no `actions`"), help);
    }
    if !out.contains_key("Resource") && !out.contains_key("NotResource") && !out.contains_key("Principal") {
        let help = "Say on what: resources: \"*\", or a list of ARNs.";
        ctx.problems.error("missing-key", &tree.place, format!("a statement of {what} has no `resources`"), help);
    }
    Some(Json::Object(out))
}

/// A tree as JSON; outputs of other entries become holes.
pub(crate) fn to_json(tree: &Tree) -> Json {
    match &tree.value {
        Value::Null | Value::Wrong => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Number(raw) => raw.parse::<serde_json::Number>().map_or_else(|_| raw.as_str().into(), Json::Number),
        Value::Text(text) => text.to_value(),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Map(entries) => {
            Json::Object(entries.iter().map(|entry| (entry.key.clone(), to_json(&entry.value))).collect())
        }
    }
}
