//! `service: file.json` in an entry of `services:`: the document as `aws ecs create-service` takes it or `describe-services`
//! prints it. Its members become the keys that the table of a service has for them, so that the rest is read as if it stood in
//! the stack file; keys beside it go before it.

use std::collections::BTreeSet;

use evenkeel_core::diagnostic::Diagnostic;
use evenkeel_core::doc::Text;

use super::super::decode::{Want, capital};
use super::super::files;
use super::super::interpolate::Foreign;
use super::super::suggest;
use super::super::table::{Since, Table, Type};
use super::super::task_definition::coerce::placeholder;
use super::super::task_definition::schema::plain;
use super::super::tree::{Entry, Tree, Value, shorten};
use super::Ctx;
use super::service_keys::SERVICE;

/// Members that only AWS writes, or that mean nothing in a stack file.
const READ_ONLY: &[&str] = &[
    "serviceArn",
    "clusterArn",
    "status",
    "runningCount",
    "pendingCount",
    "deployments",
    "events",
    "createdAt",
    "createdBy",
    "taskSets",
    "platformFamily",
    "currentServiceDeployment",
    "currentServiceRevisions",
    "resourceManagementType",
    "role",
    "roleArn",
    "clientToken",
    "cluster",
];
/// Keys that editors and the CLI's input skeletons add.
const EDITOR: &[&str] = &["$schema", "__comment", "_comment"];
/// Members that are handled here, beside those that a key of the table stands for.
const OWN: &[&str] = &["serviceName", "networkConfiguration", "tags", "deploymentController"];

/// The entry with the keys of the file that its `service:` names; the entry itself if it names none.
pub(crate) fn merged(ctx: &Ctx<'_>, entry: &Entry) -> Option<Entry> {
    let Some(named) = entry.value.get("service") else { return Some(entry.clone()) };
    let path = Want::new("`service`", ctx.problems).filled(named)?;
    if !path.to_ascii_lowercase().ends_with(".json") {
        let help =
            "Name a JSON file next to the stack file, as `aws ecs create-service` accepts it: service: web.json.";
        ctx.problems.error("bad-value", &named.place, format!("`{path}` is not a JSON file"), help);
        return None;
    }
    let whole = files::json(ctx, &path, &named.place, Foreign::Keep)?;
    let (root, mut notes) = unwrap(ctx, &whole)?;
    let root = &filled(ctx, root);
    let found = keys(ctx, root, &mut notes);
    note(ctx, root, named, &notes);
    let mut entries: Vec<Entry> = entry.value.entries().unwrap_or_default().to_vec();
    entries.retain(|entry| entry.key != "service");
    let beside = |name: &str| entries.iter().any(|entry| SERVICE.key(&entry.key).is_some_and(|key| key.name == name));
    let gives_way = |name: &str| match name {
        "task_definition" => beside("containers"),
        "launch_type" => beside("capacity_provider_strategy"),
        "capacity_provider_strategy" => beside("launch_type"),
        _ => false,
    };
    let kept: Vec<Entry> = found.into_iter().filter(|entry| !beside(&entry.key) && !gives_way(&entry.key)).collect();
    entries.extend(kept);
    let value = Tree::new(entry.value.place.clone(), Value::Map(entries));
    Some(Entry { value, ..entry.clone() })
}

/// The service in what a file holds, and what was understood on the way.
fn unwrap<'t>(ctx: &Ctx<'_>, whole: &'t Tree) -> Option<(&'t Tree, BTreeSet<String>)> {
    let mut notes = BTreeSet::new();
    let root = if let Some(inner) = whole.get("service").filter(|inner| inner.entries().is_some()) {
        notes.insert("the `service` wrapper of an AWS reply".to_owned());
        inner
    } else if let Some(items) = whole.get("services").and_then(Tree::items) {
        notes.insert("the `services` wrapper of describe-services".to_owned());
        let [one] = items else {
            let help = "An entry of `services:` is one service. Put each into a file of its own.";
            let summary = format!("the file contains {} services", items.len());
            ctx.problems.error("bad-value", &whole.place, summary, help);
            return None;
        };
        one
    } else {
        whole
    };
    if root.entries().is_none() {
        Want::new("a service", ctx.problems).wrong(root, "an object", "A JSON object begins with `{`.");
        return None;
    }
    Some((root, notes))
}

/// The document without what another tool was meant to fill in, which is reported. Tags may hold anything.
fn filled(ctx: &Ctx<'_>, tree: &Tree) -> Tree {
    let value = match &tree.value {
        Value::Text(Text::Known(text)) if placeholder(text) => {
            let help = "evenkeel does not fill it in. Use ${env.NAME} or ${var.name}, write the key \
                 next to the file, or fill it in beforehand.";
            let summary = format!("`{}` is a placeholder of another tool", shorten(text));
            ctx.problems.error("placeholder", &tree.place, summary, help);
            Value::Wrong
        }
        Value::List(items) => Value::List(items.iter().map(|item| filled(ctx, item)).collect()),
        Value::Map(entries) => {
            let inner = |entry: &Entry| {
                let value = if is(entry, "tags") { entry.value.clone() } else { filled(ctx, &entry.value) };
                Entry { value, ..entry.clone() }
            };
            Value::Map(entries.iter().map(inner).collect())
        }
        other => other.clone(),
    };
    Tree::new(tree.place.clone(), value)
}

/// Whether a value stands for one that is not set.
fn is_unset(tree: &Tree) -> bool {
    match &tree.value {
        Value::Null => true,
        Value::Text(Text::Known(text)) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
        Value::Text(_) | Value::Bool(_) | Value::Number(_) | Value::Wrong => false,
    }
}

fn is(entry: &Entry, member: &str) -> bool {
    plain(&entry.key) == plain(member)
}

/// The members of the document as keys of a service.
fn keys(ctx: &Ctx<'_>, root: &Tree, notes: &mut BTreeSet<String>) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut ignored: Vec<&str> = Vec::new();
    let daemon = root.entries().unwrap_or_default().iter().any(|entry| {
        is(entry, "schedulingStrategy") && entry.value.scalar().is_some_and(|word| word.eq_ignore_ascii_case("DAEMON"))
    });
    for entry in root.entries().unwrap_or_default() {
        if let Some(member) = READ_ONLY.iter().find(|member| is(entry, member)) {
            ignored.push(member);
            continue;
        }
        if EDITOR.contains(&entry.key.as_str()) || (is_unset(&entry.value) && is_known(&entry.key)) {
            continue;
        }
        let zero = entry.value.scalar().as_deref() == Some("0");
        if is(entry, "serviceName") {
            found.push(renamed(entry, "name", entry.value.clone()));
        } else if is(entry, "tags") {
            found.push(renamed(entry, "tags", tags(&entry.value)));
        } else if is(entry, "networkConfiguration") {
            network(ctx, entry, &mut found);
        } else if is(entry, "deploymentController") {
            controller(ctx, entry);
        } else if (is(entry, "desiredCount") && daemon)
            || (is(entry, "healthCheckGracePeriodSeconds") && zero)
            || (is(entry, "serviceConnectConfiguration") && is_off(&entry.value))
        {
            // An answer has these even if nobody asked for them.
        } else {
            found.extend(member(ctx, entry, &SERVICE, "a service"));
        }
    }
    if !ignored.is_empty() {
        notes
            .insert(format!("members that only AWS writes, or that the stack itself decides ({})", ignored.join(", ")));
    }
    found
}

fn renamed(entry: &Entry, key: &str, value: Tree) -> Entry {
    Entry { key: key.to_owned(), place: entry.place.clone(), value }
}

/// Whether a document of ECS may have the member.
fn is_known(given: &str) -> bool {
    let own = OWN.iter().any(|member| plain(member) == plain(given));
    own || SERVICE.keys().any(|key| plain(key.aws) == plain(given))
}

/// `{ "enabled": false }`.
fn is_off(tree: &Tree) -> bool {
    tree.get("enabled").and_then(Tree::scalar).as_deref() == Some("false")
}

/// One member by the key of a table that stands for it, with everything beneath; reports one that no key stands for.
fn member(ctx: &Ctx<'_>, entry: &Entry, table: &'static Table, what: &str) -> Option<Entry> {
    let Some(key) = table.keys().find(|key| !key.aws.is_empty() && plain(key.aws) == plain(&entry.key)) else {
        let known = table.keys().map(|key| key.aws).chain(OWN.iter().copied().filter(|_| what == "a service"));
        let known: Vec<&str> = known.filter(|member| !member.is_empty() && !member.contains(['.', ' '])).collect();
        let help = match suggest::nearest(&entry.key, known.iter().copied()) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => format!("{} may have {}.", capital(what), suggest::all(&known)),
        };
        let summary = format!("unknown key `{}` in {what}", entry.key);
        let error = Diagnostic::error("unknown-key", summary, Some(entry.place.clone()));
        ctx.problems.push(error.label("unknown key").help(help));
        return None;
    };
    if key.since == Since::NotYet {
        let help = format!("Remove `{}` from the file and keep managing it as you do today.", entry.key);
        let summary = format!("this version does not manage `{}` yet", entry.key);
        ctx.problems.error("not-yet", &entry.place, summary, help);
        return None;
    }
    if key.name == "alarms" {
        return alarms(ctx, entry, key.kind.tables().first()?);
    }
    Some(renamed(entry, key.name, beneath(ctx, &entry.value, &key.kind)))
}

/// Alarms that are not enabled do nothing.
fn alarms(ctx: &Ctx<'_>, entry: &Entry, table: &'static Table) -> Option<Entry> {
    let enabled = entry.value.entries()?.iter().find(|entry| is(entry, "enable"))?;
    if enabled.value.scalar().as_deref() != Some("true") {
        return None;
    }
    let rest = entry.value.entries()?.iter().filter(|entry| !is(entry, "enable"));
    let members = rest.filter_map(|entry| member(ctx, entry, table, table.what)).collect();
    Some(renamed(entry, "alarms", Tree::new(entry.value.place.clone(), Value::Map(members))))
}

/// What stands under a member, with the keys of the tables that it leads to.
fn beneath(ctx: &Ctx<'_>, tree: &Tree, kind: &Type) -> Tree {
    let Some(table) = kind.tables().first().copied() else { return tree.clone() };
    let value = match &tree.value {
        Value::List(items) => Value::List(items.iter().map(|item| beneath(ctx, item, kind)).collect()),
        Value::Map(entries) => {
            let set = entries.iter().filter(|entry| !is_unset(&entry.value));
            Value::Map(set.filter_map(|entry| member(ctx, entry, table, table.what)).collect())
        }
        other => other.clone(),
    };
    Tree::new(tree.place.clone(), value)
}

/// Tags as ECS writes them, `[{ key, value }]`, without the marks that AWS or evenkeel wrote.
fn tags(tree: &Tree) -> Tree {
    let Some(items) = tree.items() else { return tree.clone() };
    let entries = items.iter().filter_map(|item| {
        let key = item.get("key")?.scalar()?;
        let value = item.get("value").cloned().unwrap_or_else(|| Tree::text(item.place.clone(), ""));
        let marked = key.starts_with("aws:") || key.starts_with("evenkeel:");
        (!marked).then(|| Entry { key, place: item.place.clone(), value })
    });
    Tree::new(tree.place.clone(), Value::Map(entries.collect()))
}

/// `networkConfiguration.awsvpcConfiguration`, whose members stand directly in the service.
fn network(ctx: &Ctx<'_>, entry: &Entry, found: &mut Vec<Entry>) {
    const MEMBERS: [(&str, &str); 3] =
        [("subnets", "subnets"), ("securityGroups", "security_groups"), ("assignPublicIp", "assign_public_ip")];
    let outer = entry.value.entries().unwrap_or_default();
    for inner in outer {
        if !is(inner, "awsvpcConfiguration") {
            unknown(ctx, inner, "the network configuration", &["awsvpcConfiguration"]);
            continue;
        }
        for entry in inner.value.entries().unwrap_or_default().iter().filter(|entry| !is_unset(&entry.value)) {
            match MEMBERS.iter().find(|(member, _)| is(entry, member)) {
                Some((_, key)) => found.push(renamed(entry, key, entry.value.clone())),
                None => unknown(ctx, entry, "the network configuration", &MEMBERS.map(|(member, _)| member)),
            }
        }
    }
}

fn unknown(ctx: &Ctx<'_>, entry: &Entry, what: &str, known: &[&str]) {
    let help = match suggest::nearest(&entry.key, known.iter().copied()) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => format!("{} may have {}.", capital(what), suggest::all(known)),
    };
    ctx.problems.error("unknown-key", &entry.place, format!("unknown key `{}` in {what}", entry.key), help);
}

/// ECS's own deployments are the only ones that this version carries out.
fn controller(ctx: &Ctx<'_>, entry: &Entry) {
    let kind = entry.value.get("type").and_then(Tree::scalar).unwrap_or_else(|| "ECS".to_owned());
    if kind != "ECS" {
        let help = "This version supports deployments by ECS only. Keep managing this service as you do today.";
        let summary = format!("this version does not manage deployments by {kind} yet");
        ctx.problems.error("not-yet", &entry.value.place, summary, help);
    }
}

/// Says once what was understood though it is no input.
fn note(ctx: &Ctx<'_>, root: &Tree, named: &Tree, notes: &BTreeSet<String>) {
    if notes.is_empty() {
        return;
    }
    let words = notes.iter().cloned().collect::<Vec<_>>().join("; ");
    let summary = format!("`{}` was read with corrections", root.place.source.path);
    let warning = Diagnostic::warning("understood", summary, Some(named.place.clone()));
    ctx.problems.push(warning.help(format!("{}. No action is needed.", capital(&words))));
}
