//! `containers:` of a service: each entry takes every key of ECS in snake_case, and short forms for what people write most
//! (`port`, `environment`, `secrets`, `logs`, `health_check`). Gives the container as ECS takes it.

use evenkeel_core::doc::Text;
use evenkeel_core::id::NodeId;
use serde_json::{Map, Value as Json, json};

use super::super::decode::{Fields, Want};
use super::super::task_definition::coerce::{Coerce, Style};
use super::super::task_definition::schema::CONTAINER_DEFINITION;
use super::super::task_definition::{Draft, known_key};
use super::super::tree::{Entry, Tree, Value};
use super::super::values::ECS;
use super::{Ctx, logs, secrets};

/// Reads all containers into a draft.
pub(crate) fn read(ctx: &Ctx<'_>, section: &Tree, draft: &mut Draft) {
    let Some(fields) = section.entries() else {
        let help = "Each container is a name of your choice with its settings beneath it.";
        Want::new("`containers`", ctx.problems).wrong(section, "a map", help);
        return;
    };
    if fields.is_empty() {
        ctx.problems.error("empty", &section.place, "`containers` is empty", "A task has at least one container.");
    }
    let mut list = Vec::new();
    for entry in fields {
        if let Some(complaint) = ECS.complaint(&entry.key) {
            let summary = format!("`{}` cannot be the name of a container", entry.key);
            ctx.problems.error("bad-name", &entry.place, summary, super::super::decode::capital(&complaint));
        }
        draft.places.insert(format!("container:{}", entry.key), entry.place.clone());
        draft.remember_container(&entry.key, &entry.value);
        list.extend(container(ctx, entry).map(Json::Object));
    }
    draft.document.insert("containerDefinitions".to_owned(), list.into());
}

/// Keys with a short form, which are read here; the schema reads all others.
const SUGAR: &[&str] = &[
    "port",
    "ports",
    "health_check",
    "environment",
    "secrets",
    "logs",
    "command",
    "entry_point",
    "entrypoint",
    "depends_on",
    "ulimits",
    "mount_points",
    "firelens",
    "name",
    "log_configuration",
    "links",
];

fn container(ctx: &Ctx<'_>, entry: &Entry) -> Option<Map<String, Json>> {
    let name = entry.key.as_str();
    let what = format!("container `{name}`");
    let fields = Fields::open(&entry.value, what.clone(), ctx.problems)?;
    let entries = entry.value.entries().unwrap_or_default();
    let rest: Vec<Entry> = entries.iter().filter(|entry| !SUGAR.contains(&entry.key.as_str())).cloned().collect();
    unknown_keys(ctx, &rest, &what);
    let rest = rest.into_iter().filter(|entry| known_key(&CONTAINER_DEFINITION, &entry.key).is_some()).collect();
    let reader = Coerce::new(Style::Snake, ctx.problems);
    let mut out =
        reader.partial(&Tree::new(entry.value.place.clone(), Value::Map(rest)), &CONTAINER_DEFINITION, &[])?;
    out.insert("name".to_owned(), name.into());
    if !out.contains_key("image") && fields.take("image").is_none() {
        let help = "Say what it runs: image: public.ecr.aws/nginx/nginx:1.27.";
        ctx.problems.error("no-image", &entry.place, format!("{what} has no image"), help);
    }
    let mut set = |key: &str, value: Option<Json>| {
        if let Some(value) = value {
            out.insert(key.to_owned(), value);
        }
    };
    set("portMappings", fields.either(&["port", "ports"]).map(|tree| ports(ctx, tree, &what)));
    set("healthCheck", fields.take("health_check").and_then(|tree| health_check(ctx, tree, &what)));
    set("environment", fields.take("environment").map(|tree| environment(ctx, tree, &what)));
    set("secrets", fields.take("secrets").map(|tree| secrets::read(ctx, tree, &what)));
    set("command", fields.take("command").and_then(|tree| words(ctx, tree, "command")));
    set("entryPoint", fields.either(&["entry_point", "entrypoint"]).and_then(|tree| words(ctx, tree, "entry_point")));
    set("dependsOn", fields.take("depends_on").map(|tree| depends_on(ctx, tree, &what)));
    set("ulimits", fields.take("ulimits").map(|tree| ulimits(ctx, tree, &reader)));
    set("mountPoints", fields.take("mount_points").map(|tree| mount_points(ctx, tree, &reader)));
    set("logConfiguration", fields.either(&["logs", "log_configuration"]).and_then(|tree| logs::read(ctx, tree, name)));
    if let Some(tree) = fields.take("firelens") {
        let kind = Want::new("`firelens`", ctx.problems).one_of(tree, &["fluentbit", "fluentd"]);
        set("firelensConfiguration", kind.map(|kind| json!({ "type": kind })));
    }
    if let Some(tree) = fields.take("links") {
        set("links", Some(Want::new("`links`", ctx.problems).strings(tree).into()));
    }
    if let Some(tree) = fields.take("name") {
        let help = "A container is called as its entry. Rename the entry.";
        ctx.problems.error("unknown-key", &tree.place, format!("{what} cannot have `name`"), help);
    }
    Some(out)
}

/// Whether a key is one of a container.
pub(crate) fn is_key(key: &str) -> bool {
    SUGAR.contains(&key) || known_key(&CONTAINER_DEFINITION, key).is_some()
}

/// Like [`Fields::finish`], over the keys of ECS and the short forms.
fn unknown_keys(ctx: &Ctx<'_>, rest: &[Entry], what: &str) {
    let known: Vec<String> = SUGAR
        .iter()
        .filter(|key| **key != "name")
        .map(|key| (*key).to_owned())
        .chain(CONTAINER_DEFINITION.keys.iter().map(|(key, _)| super::super::task_definition::coerce::snake(key)))
        .collect();
    for entry in rest.iter().filter(|entry| known_key(&CONTAINER_DEFINITION, &entry.key).is_none()) {
        let near = super::super::suggest::nearest(&entry.key, known.iter().map(String::as_str));
        let help = near.map_or_else(
            || {
                "It may have image, port, environment, secrets, logs, and every key of an ECS container in snake_case."
                    .to_owned()
            },
            |near| format!("Did you mean `{near}`?"),
        );
        ctx.problems.error("unknown-key", &entry.place, format!("unknown key `{}` in {what}", entry.key), help);
    }
}

/// `4567`, `2000/udp`, `8080:80`, or a map as ECS has it.
fn ports(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Json {
    let key = format!("`port` of {what}");
    let want = Want::new(&key, ctx.problems);
    let mut found: Vec<Json> = Vec::new();
    for item in want.several(tree) {
        let mapping = if item.entries().is_some() {
            map_port(ctx, item)
        } else {
            let Some(text) = want.filled(item) else { continue };
            let (numbers, protocol) = match text.split_once('/') {
                Some((numbers, protocol)) => (numbers, protocol.to_ascii_lowercase()),
                None => (text.as_str(), "tcp".to_owned()),
            };
            let (host, port) = match numbers.split_once(':') {
                Some((host, port)) => (Some(host), port),
                None => (None, numbers),
            };
            let number = |text: &str| text.trim().parse::<u16>().ok();
            // A host port of 0 asks ECS for any that is free.
            let host_port = host.map(number);
            match (number(port).filter(|port| *port > 0), host_port, protocol.as_str()) {
                (Some(port), None, "tcp" | "udp") => Some(json!({ "containerPort": port, "protocol": protocol })),
                (Some(port), Some(Some(host)), "tcp" | "udp") => {
                    Some(json!({ "containerPort": port, "hostPort": host, "protocol": protocol }))
                }
                _ => {
                    let help = "Write a port (4567), with its protocol (2000/udp), host:container (8080:80, or 0:80 for any free host port), or { container_port: 4567, name: web }.";
                    ctx.problems.error("bad-port", &item.place, format!("`{text}` is not a port"), help);
                    None
                }
            }
        };
        let Some(mapping) = mapping else { continue };
        let same = |other: &Json| {
            other["containerPort"] == mapping["containerPort"]
                && other.get("protocol").unwrap_or(&json!("tcp")) == mapping.get("protocol").unwrap_or(&json!("tcp"))
        };
        if mapping.get("containerPort").is_some() && found.iter().any(same) {
            let summary = format!("{what} maps the port {} twice", mapping["containerPort"]);
            ctx.problems.error("duplicate-port", &item.place, summary, "Remove one of the two.");
            continue;
        }
        found.push(mapping);
    }
    found.into()
}

fn map_port(ctx: &Ctx<'_>, item: &Tree) -> Option<Json> {
    use super::super::task_definition::schema::{CONTAINER_DEFINITION, Type};
    // `port` is what one says for `container_port`.
    let entries = item.entries()?.iter().cloned().map(|mut entry| {
        if entry.key == "port" {
            entry.key = "container_port".to_owned();
        }
        entry
    });
    let tree = Tree::new(item.place.clone(), Value::Map(entries.collect()));
    let object = CONTAINER_DEFINITION.keys.iter().find_map(|(key, kind)| match kind {
        Type::Objects(object) if *key == "portMappings" => Some(*object),
        _ => None,
    })?;
    let reader = Coerce::new(Style::Snake, ctx.problems);
    let mapping = reader.object(&tree, object, &[])?;
    for key in ["containerPort", "hostPort"] {
        if let Some(port) = mapping.get(key).and_then(Json::as_i64).filter(|port| !(0..=65_535).contains(port)) {
            ctx.problems.error("bad-port", &item.place, format!("{port} is not a port"), "A port is 1 to 65535.");
        }
    }
    Some(Json::Object(mapping))
}

/// A map of names to values, or ECS's list of `{ name, value }`.
fn environment(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Json {
    let key = format!("`environment` of {what}");
    pairs(ctx, tree, &key, "value", |tree| {
        if tree.is_null() { Some(Text::default()) } else { Want::new(&key, ctx.problems).text(tree) }
    })
}

/// Reads a map, or a list of objects with `name` and a second key, into ECS's list.
pub(crate) fn pairs(
    ctx: &Ctx<'_>,
    tree: &Tree,
    what: &str,
    second: &'static str,
    read: impl Fn(&Tree) -> Option<Text>,
) -> Json {
    let want = Want::new(what, ctx.problems);
    let mut found: Vec<Json> = Vec::new();
    if let Some(entries) = tree.entries() {
        for entry in entries {
            if let Some(text) = read(&entry.value) {
                found.push(json!({ "name": entry.key, second: text.to_value() }));
            }
        }
        return found.into();
    }
    for item in tree.items().unwrap_or_default() {
        // `NAME=value`, as Docker has it; of a secret it would be the value itself.
        if let Some((name, value)) = item.scalar().as_deref().and_then(|text| text.split_once('=')) {
            let value = Tree::text(item.place.clone(), value);
            if let Some(value) = read(&value) {
                found.push(json!({ "name": name, second: value.to_value() }));
            }
            continue;
        }
        let Some(fields) = Fields::open(item, format!("an item of {what}"), ctx.problems) else { continue };
        let name = fields.need("name", "Write { name: …, value: … }.").and_then(|tree| want.filled(tree));
        let spelled: &[&'static str] = if second == "value" { &["value"] } else { &["value_from", "valueFrom"] };
        let value = fields.either(spelled).map_or_else(|| Some(Text::default()), &read);
        fields.finish();
        if let (Some(name), Some(value)) = (name, value) {
            found.push(json!({ "name": name, second: value.to_value() }));
        }
    }
    if tree.items().is_none() {
        want.wrong(tree, "a map", "Write { NAME: value }.");
    }
    found.into()
}

/// A list of words; a string is taken apart at its spaces if nothing in it needs a shell.
fn words(ctx: &Ctx<'_>, tree: &Tree, key: &'static str) -> Option<Json> {
    let shown = format!("`{key}`");
    let want = Want::new(&shown, ctx.problems);
    if let Some(items) = tree.items() {
        return Some(items.iter().filter_map(|item| want.text(item).map(|text| text.to_value())).collect());
    }
    let text = want.string(tree)?;
    if text.contains(['"', '\'', '\\', '|', '&', ';', '<', '>', '$', '`', '*', '(', '\n']) {
        let help = "ECS starts programs without a shell. Write [sh, -c, \"…\"], or the words as a list.";
        ctx.problems.error("needs-shell", &tree.place, format!("{shown} needs a shell: {}", tree.describe()), help);
        return None;
    }
    Some(text.split_whitespace().collect())
}

fn health_check(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Json> {
    let shown = format!("the health check of {what}");
    let command = |tree: &Tree| -> Option<Json> {
        let want = Want::new(&shown, ctx.problems);
        if tree.items().is_none() {
            return want.text(tree).map(|text| json!(["CMD-SHELL", text.to_value()]));
        }
        let list: Vec<Json> = want.several(tree).iter().filter_map(|item| Some(want.text(item)?.to_value())).collect();
        let first = list.first().and_then(Json::as_str);
        if !matches!(first, Some("CMD" | "CMD-SHELL" | "NONE")) {
            let mut all = vec![json!("CMD")];
            all.extend(list);
            return Some(all.into());
        }
        Some(list.into())
    };
    if tree.entries().is_none() {
        return Some(json!({ "command": command(tree)? }));
    }
    let fields = Fields::open(tree, shown.clone(), ctx.problems)?;
    let mut out = Map::new();
    let why = "Say what is run inside the container: command: [CMD, curl, -f, http://localhost/].";
    if let Some(value) = fields.need("command", why).and_then(command) {
        out.insert("command".to_owned(), value);
    }
    for (key, name, min, max) in
        [("interval", "interval", 5, 300), ("timeout", "timeout", 2, 120), ("start_period", "startPeriod", 0, 300)]
    {
        let words = format!("`{key}` of {shown}");
        let secs = fields.take(key).and_then(|tree| Want::new(&words, ctx.problems).seconds(tree, min, max));
        if let Some(secs) = secs {
            out.insert(name.to_owned(), secs.into());
        }
    }
    let words = format!("`retries` of {shown}");
    if let Some(n) = fields.take("retries").and_then(|tree| Want::new(&words, ctx.problems).count(tree, 1, 10)) {
        out.insert("retries".to_owned(), n.into());
    }
    fields.finish();
    Some(Json::Object(out))
}

/// `db`, `[db]`, `{ db: HEALTHY }`, or ECS's list.
fn depends_on(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Json {
    const CONDITIONS: &[&str] = &["START", "COMPLETE", "SUCCESS", "HEALTHY"];
    let key = format!("`depends_on` of {what}");
    let want = Want::new(&key, ctx.problems);
    let condition = |tree: &Tree| want.one_of(tree, CONDITIONS);
    let item = |name: &str, condition: &str| json!({ "containerName": name, "condition": condition });
    if let Some(entries) = tree.entries() {
        return entries.iter().filter_map(|entry| Some(item(&entry.key, condition(&entry.value)?))).collect();
    }
    let mut found = Vec::new();
    for tree in want.several(tree) {
        if tree.entries().is_none() {
            found.extend(want.filled(tree).map(|name| item(&name, "START")));
            continue;
        }
        let Some(fields) = Fields::open(tree, format!("an item of {key}"), ctx.problems) else { continue };
        let name = fields.either(&["container_name", "container", "containerName"]).and_then(|tree| want.filled(tree));
        let condition = fields.take("condition").map_or(Some("START"), condition);
        fields.finish();
        if let (Some(name), Some(condition)) = (name, condition) {
            found.push(item(&name, condition));
        }
    }
    found.into()
}

/// `{ nofile: 65536 }`, `{ nofile: { soft: …, hard: … } }`, or ECS's list.
fn ulimits(ctx: &Ctx<'_>, tree: &Tree, reader: &Coerce<'_>) -> Json {
    let Some(entries) = tree.entries() else { return listed(tree, "ulimits", reader) };
    let number = |tree: &Tree| Want::new("a ulimit", ctx.problems).number(tree, -1, i64::from(i32::MAX));
    let mut found = Vec::new();
    for entry in entries {
        let (soft, hard) = if entry.value.entries().is_some() {
            let get = |key: &str, long: &str| entry.value.get(key).or_else(|| entry.value.get(long)).and_then(number);
            (get("soft", "soft_limit"), get("hard", "hard_limit"))
        } else {
            let both = number(&entry.value);
            (both, both)
        };
        match (soft.or(hard), hard.or(soft)) {
            (Some(soft), Some(hard)) => found.push(json!({ "name": entry.key, "softLimit": soft, "hardLimit": hard })),
            _ => {
                let help = "Write { nofile: 65536 } or { nofile: { soft: 1024, hard: 65536 } }.";
                ctx.problems.error(
                    "bad-value",
                    &entry.value.place,
                    format!("ulimit `{}` has no limit", entry.key),
                    help,
                );
            }
        }
    }
    found.into()
}

/// `{ volume: /path }`, `{ volume: "/path:ro" }`, or ECS's list.
fn mount_points(ctx: &Ctx<'_>, tree: &Tree, reader: &Coerce<'_>) -> Json {
    let Some(entries) = tree.entries().filter(|_| tree.get("source_volume").is_none()) else {
        return listed(tree, "mountPoints", reader);
    };
    let mut found = Vec::new();
    for entry in entries {
        let Some(path) = Want::new("a mount point", ctx.problems).filled(&entry.value) else { continue };
        let (path, read_only) = path.strip_suffix(":ro").map_or((path.as_str(), false), |path| (path, true));
        found.push(json!({ "sourceVolume": entry.key, "containerPath": path, "readOnly": read_only }));
    }
    found.into()
}

fn listed(tree: &Tree, key: &'static str, reader: &Coerce<'_>) -> Json {
    let entry = Entry { key: key.to_owned(), place: tree.place.clone(), value: tree.clone() };
    let tree = Tree::new(tree.place.clone(), Value::Map(vec![entry]));
    let mut map = reader.partial(&tree, &CONTAINER_DEFINITION, &[]).unwrap_or_default();
    map.remove(key).unwrap_or_else(|| json!([]))
}

/// The name of a log group of the file, as an output.
pub(crate) fn log_group(name: &str) -> Text {
    Text::output(NodeId::new("log_group", name), "name")
}
