//! IAM policy documents: as AWS writes them (in YAML or in a JSON file), or in the short form `statements:` with
//! `actions`, `resources`, `effect`. Knows nothing of roles.

use evenkeel_core::doc::Doc;
use serde_json::{Map, Value as Json, json};

use super::decode::Want;
use super::fields::Fields;
use super::files;
use super::interpolate::Foreign;
use super::sections::Ctx;
use super::statements::{self, Sort};
use super::table::{EMPTY, Table, Type, key};
use super::tree::{Tree, Value};

/// The version that every new policy should have; without one IAM assumes that of 2008, which has no variables.
const VERSION: &str = "2012-10-17";

/// A policy in the short form.
pub(crate) static POLICY: Table = Table {
    path: "roles.policies",
    what: "a policy",
    groups: &[&[key("statements", Type::Several(&Type::Map(&STATEMENT)), "What it allows and denies.")
        .needed("A policy has `statements:`, a list of { actions, resources }, or AWS's own `Statement`.")
        .aws("Statement")
        .example("[{ actions: [ssm:GetParameters], resources: \"*\" }]")]],
    ..EMPTY
};

/// A statement in the short form.
static STATEMENT: Table = Table {
    path: "roles.policies.statements",
    what: "a statement of a policy",
    groups: &[&[
        key("sid", Type::Text, "Its name.").aws("Sid"),
        key("effect", Type::Word(&["Allow", "Deny"]), "Whether it allows or denies.").value("Allow").aws("Effect"),
        key("principals", Type::Document, "Who it applies to; in trust policies only.")
            .also(&["principal"])
            .shape("as in IAM")
            .aws("Principal"),
        key("actions", Type::Document, "The actions.")
            .also(&["action"])
            .shape("action or list")
            .without("required, unless there is `not_actions`")
            .aws("Action")
            .example("[ssm:GetParameters]"),
        key("not_actions", Type::Document, "All actions except these.")
            .also(&["not_action"])
            .shape("action or list")
            .aws("NotAction"),
        key("resources", Type::Document, "The resources.")
            .also(&["resource"])
            .shape("ARN or list")
            .without("required, unless there is `not_resources`")
            .aws("Resource")
            .example("\"*\""),
        key("not_resources", Type::Document, "All resources except these.")
            .also(&["not_resource"])
            .shape("ARN or list")
            .aws("NotResource"),
        key("conditions", Type::Document, "When it applies.").also(&["condition"]).shape("as in IAM").aws("Condition"),
    ]],
    ..EMPTY
};

/// Reads a document, a list of statements, or the name of a JSON file that holds a document.
pub(crate) fn read(ctx: &Ctx<'_>, tree: &Tree, what: &str, sort: Sort) -> Option<Doc> {
    match &tree.value {
        Value::Text(_) => {
            let path = Want::new(what, ctx.problems).filled(tree)?;
            if path.trim_start().starts_with('{') {
                let help = "Write the document as YAML, or put it in a file and give its name.";
                ctx.problems.error("bad-value", &tree.place, format!("{what} is JSON in a string"), help);
                return None;
            }
            let loaded = files::json(ctx, &path, &tree.place, Foreign::Keep)?;
            document(ctx, &loaded, what, sort)
        }
        Value::List(_) | Value::Map(_) => document(ctx, tree, what, sort),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Wrong => {
            let help = "Write { statements: [ { actions: …, resources: … } ] }, or the name of a JSON file.";
            Want::new(what, ctx.problems).wrong(tree, "a policy document", help);
            None
        }
    }
}

fn document(ctx: &Ctx<'_>, tree: &Tree, what: &str, sort: Sort) -> Option<Doc> {
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
        check_raw(ctx, tree, statements, what, sort);
        return Some(json);
    }
    let list = match &tree.value {
        Value::List(_) => tree,
        _ => {
            let fields = Fields::open(tree, what, &POLICY, ctx.problems)?;
            let list = fields.take("statements");
            fields.finish();
            list?
        }
    };
    let statements: Vec<Json> = Want::new(what, ctx.problems)
        .several(list)
        .iter()
        .filter_map(|item| statement(ctx, item, what, sort))
        .collect();
    if statements.is_empty() && list.items().is_some_and(<[Tree]>::is_empty) {
        ctx.problems.error(
            "empty",
            &list.place,
            format!("{what} has no statements"),
            "IAM refuses an empty policy. Add a statement.",
        );
    }
    Some(json!({ "Version": VERSION, "Statement": statements }))
}

fn check_raw(ctx: &Ctx<'_>, document: &Tree, statements: &Tree, what: &str, sort: Sort) {
    for entry in document.entries().unwrap_or_default() {
        match entry.key.as_str() {
            "Statement" | "statement" | "Id" => {}
            "Version" | "version" => {
                let given = entry.value.scalar().unwrap_or_default();
                if given != VERSION && given != "2008-10-17" {
                    let help = format!("The versions are {VERSION} and 2008-10-17. Use {VERSION}.");
                    let summary = format!("`{given}` is not a version of IAM's policy language");
                    ctx.problems.error("bad-policy", &entry.value.place, summary, help);
                }
            }
            other => {
                let help = "A policy has Version, Id and Statement.";
                let summary = format!("{what} has `{other}`, which IAM does not know");
                ctx.problems.error("bad-policy", &entry.place, summary, help);
            }
        }
    }
    if sort == Sort::Identity && document.get("Version").or_else(|| document.get("version")).is_none() {
        let help = format!("Add Version: \"{VERSION}\". IAM refuses a policy without it.");
        ctx.problems.error("bad-policy", &document.place, format!("{what} has no `Version`"), help);
    }
    if statements.items().is_some_and(<[Tree]>::is_empty) {
        let help = "IAM refuses an empty policy. Add a statement.";
        ctx.problems.error("empty", &statements.place, format!("{what} has no statements"), help);
    }
    for item in Want::new(what, ctx.problems).several(statements) {
        if item.entries().is_none() {
            Want::new(&format!("a statement of {what}"), ctx.problems).wrong(
                item,
                "a map",
                "Write { Effect: Allow, … }.",
            );
            continue;
        }
        if let Json::Object(map) = to_json(item) {
            statements::check(ctx, &item.place, what, &map, sort);
        }
    }
}

fn statement(ctx: &Ctx<'_>, tree: &Tree, what: &str, sort: Sort) -> Option<Json> {
    if tree.get("Action").is_some() || tree.get("Effect").is_some() {
        let json = to_json(tree);
        if let Json::Object(map) = &json {
            statements::check(ctx, &tree.place, what, map, sort);
        }
        return Some(json);
    }
    let fields = Fields::open(tree, format!("a statement of {what}"), &STATEMENT, ctx.problems)?;
    let mut out = Map::new();
    if let Some(sid) = fields.text("sid") {
        out.insert("Sid".to_owned(), sid.into());
    }
    out.insert("Effect".to_owned(), fields.word("effect").unwrap_or_default().into());
    for (key, name) in [
        ("principals", "Principal"),
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
        ("conditions", "Condition"),
    ] {
        if let Some(value) = fields.take(key) {
            out.insert(name.to_owned(), to_json(value));
        }
    }
    fields.finish();
    if !out.contains_key("Action") && !out.contains_key("NotAction") {
        let help = "Name the actions: actions: [ssm:GetParameters].";
        ctx.problems.error("missing-key", &tree.place, format!("a statement of {what} has no `actions`"), help);
    }
    if !out.contains_key("Resource") && !out.contains_key("NotResource") && !out.contains_key("Principal") {
        let help = "Name the resources: resources: \"*\", or a list of ARNs.";
        ctx.problems.error("missing-key", &tree.place, format!("a statement of {what} has no `resources`"), help);
    }
    let told = ["Action", "NotAction", "Resource", "NotResource", "Principal"];
    // What is missing has been told in the words of this form.
    if out.keys().filter(|key| told.contains(&key.as_str())).count() > 1 {
        statements::check(ctx, &tree.place, what, &out, sort);
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
