//! `containers:` of a service: each entry takes every key of ECS in snake_case, and short forms for what people write most
//! (`port`, `environment`, `secrets`, `logs`, `health_check`). Gives the container as ECS takes it.

use evenkeel_core::doc::Text;
use evenkeel_core::id::NodeId;
use serde_json::{Map, Value as Json, json};

use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::Build;
use super::super::table::{Table, Type};
use super::super::task_definition::coerce::{Coerce, Style};
use super::super::task_definition::schema::{CONTAINER_DEFINITION, PORT_MAPPING};
use super::super::task_definition::{Draft, known_key};
use super::super::tree::{Entry, Tree, Value};
use super::super::values::ECS;
use super::container_keys::{CONDITIONS, CONTAINER, DEPENDENCY, HEALTH_CHECK, PAIR, ULIMIT};
use super::{Ctx, build, env_file, logs, secrets};

/// Reads all containers into a draft.
pub(crate) fn read(ctx: &Ctx<'_>, section: &Tree, draft: &mut Draft) {
    let Some(fields) = section.entries() else {
        let help = "Write a name of your choice for each container, with its settings under it.";
        Want::new("`containers`", ctx.problems).wrong(section, "a map", help);
        return;
    };
    if fields.is_empty() {
        ctx.problems.error(
            "empty",
            &section.place,
            "`containers` is empty",
            "A task needs at least one container. Add one.",
        );
    }
    let mut list = Vec::new();
    for entry in fields {
        if let Some(complaint) = ECS.complaint(&entry.key) {
            let summary = format!("`{}` is not a valid name for a container", entry.key);
            ctx.problems.error("bad-name", &entry.place, summary, super::super::decode::capital(&complaint));
        }
        draft.places.insert(format!("container:{}", entry.key), entry.place.clone());
        draft.remember_container(&entry.key, &entry.value);
        let Some((container, build)) = container(ctx, entry) else { continue };
        draft.builds.extend(build.map(|build| (entry.key.clone(), build)));
        list.push(Json::Object(container));
    }
    draft.document.insert("containerDefinitions".to_owned(), list.into());
}

/// Whether a key of a container is read as ECS has it: it stands so in the table, or is ECS's own word in another spelling.
fn as_ecs(key: &str) -> bool {
    match CONTAINER.key(key) {
        Some(known) => matches!(known.kind, Type::Ecs(..)),
        None => known_key(&CONTAINER_DEFINITION, key).is_some_and(|known| known != "name"),
    }
}

fn container(ctx: &Ctx<'_>, entry: &Entry) -> Option<(Map<String, Json>, Option<Build>)> {
    let name = entry.key.as_str();
    let what = format!("container `{name}`");
    let (ecs, ours): (Vec<Entry>, Vec<Entry>) =
        entry.value.entries().unwrap_or_default().iter().cloned().partition(|entry| as_ecs(&entry.key));
    let ours = match &entry.value.value {
        Value::Map(_) => Tree::new(entry.value.place.clone(), Value::Map(ours)),
        _ => entry.value.clone(),
    };
    let fields = Fields::open(&ours, what.clone(), &CONTAINER, ctx.problems)?;
    let reader = Coerce::new(Style::Snake, ctx.problems);
    let no_image = !ecs
        .iter()
        .any(|entry| known_key(&CONTAINER_DEFINITION, &entry.key) == Some("image") && !entry.value.is_null());
    let mut out = reader.partial(&Tree::new(entry.value.place.clone(), Value::Map(ecs)), &CONTAINER_DEFINITION, &[])?;
    out.insert("name".to_owned(), name.into());
    if no_image {
        let help = match fields.take("build") {
            Some(_) => "Say where the image that is built goes: image: ${repository.NAME.uri}.",
            None => "Say what it runs: image: public.ecr.aws/nginx/nginx:1.27.",
        };
        ctx.problems.error("no-image", &entry.place, format!("{what} has no image"), help);
    }
    let mut set = |key: &'static str, member: &str, read: &dyn Fn(&Tree) -> Option<Json>| {
        let Some(tree) = fields.take(key) else { return };
        if out.contains_key(member) {
            let summary = format!("`{key}` and `{member}` of {what} set the same value");
            ctx.problems.error("contradiction", &tree.place, summary, "Keep one of the two.");
        }
        out.extend(read(tree).map(|value| (member.to_owned(), value)));
    };
    set("port", "portMappings", &|tree| Some(ports(ctx, tree, &what)));
    set("health_check", "healthCheck", &|tree| health_check(ctx, tree, &what));
    set("environment", "environment", &|tree| Some(environment(ctx, tree, &what)));
    set("secrets", "secrets", &|tree| Some(secrets::read(ctx, tree, &what)));
    set("command", "command", &|tree| words(ctx, tree, "command"));
    set("entry_point", "entryPoint", &|tree| words(ctx, tree, "entry_point"));
    set("depends_on", "dependsOn", &|tree| Some(depends_on(ctx, tree, &what)));
    set("ulimits", "ulimits", &|tree| Some(ulimits(ctx, tree, &reader)));
    set("mount_points", "mountPoints", &|tree| Some(mount_points(ctx, tree, &reader)));
    set("logs", "logConfiguration", &|tree| logs::read(ctx, tree, name));
    set("firelens", "firelensConfiguration", &|tree| match tree.entries() {
        Some(_) => Some(listed(tree, "firelensConfiguration", &reader)),
        None => fields.word("firelens").map(|kind| json!({ "type": kind })),
    });
    set("links", "links", &|tree| Some(Want::new("`links`", ctx.problems).strings(tree).into()));
    if let Some(tree) = fields.take("env_file") {
        let mut all = env_file::read(ctx, tree, &what);
        let own = out.remove("environment").and_then(|own| own.as_array().cloned()).unwrap_or_default();
        all.retain(|one| own.iter().all(|own| own["name"] != one["name"]));
        all.extend(own);
        out.insert("environment".to_owned(), all.into());
    }
    let build = fields.take("build").and_then(|tree| build::read(ctx, tree, &what));
    fields.finish();
    Some((out, build))
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
    // `port` is what one says for `container_port`.
    let entries = item.entries()?.iter().cloned().map(|mut entry| {
        if entry.key == "port" {
            entry.key = "container_port".to_owned();
        }
        entry
    });
    let tree = Tree::new(item.place.clone(), Value::Map(entries.collect()));
    let reader = Coerce::new(Style::Snake, ctx.problems);
    let mapping = reader.object(&tree, &PORT_MAPPING, &[])?;
    for key in ["containerPort", "hostPort"] {
        if let Some(port) = mapping.get(key).and_then(Json::as_i64).filter(|port| !(0..=65_535).contains(port)) {
            ctx.problems.error(
                "bad-port",
                &item.place,
                format!("{port} is not a port"),
                "A port is a number from 1 to 65535.",
            );
        }
    }
    Some(Json::Object(mapping))
}

/// A map of names to values, or ECS's list of `{ name, value }`.
fn environment(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Json {
    let key = format!("`environment` of {what}");
    pairs(ctx, tree, &key, (&PAIR, "value"), |tree| {
        if tree.is_null() {
            return Some(Text::default());
        }
        let text = Want::new(&key, ctx.problems).text(tree)?;
        if let Some(database) = password(&text) {
            let summary = format!("the password of database `{database}` does not go into `environment`");
            let help = format!(
                "It is a reference that ECS resolves. Write it under `secrets`, alone: \
                 PGPASSWORD: ${{database.{database}.password}}, and put the address together in the program."
            );
            ctx.problems.error("bad-secret", &tree.place, summary, help);
        }
        Some(text)
    })
}

/// The database whose password a text holds.
fn password(text: &Text) -> Option<&str> {
    match text {
        Text::Known(_) => None,
        Text::From(hole) => (hole.node.kind() == "database" && hole.output == "password").then(|| hole.node.name()),
        Text::Join(parts) => parts.iter().find_map(password),
    }
}

/// Reads a map, or a list of objects with `name` and a second key, into ECS's list.
pub(crate) fn pairs(
    ctx: &Ctx<'_>,
    tree: &Tree,
    what: &str,
    (table, second): (&'static Table, &'static str),
    read: impl Fn(&Tree) -> Option<Text>,
) -> Json {
    let want = Want::new(what, ctx.problems);
    let member = if second == "value" { "value" } else { "valueFrom" };
    let mut found: Vec<Json> = Vec::new();
    if let Some(entries) = tree.entries() {
        for entry in entries {
            if let Some(text) = read(&entry.value) {
                found.push(json!({ "name": entry.key, member: text.to_value() }));
            }
        }
        return found.into();
    }
    for item in tree.items().unwrap_or_default() {
        // `NAME=value`, as Docker has it; of a secret it would be the value itself.
        if let Some((name, value)) = item.scalar().as_deref().and_then(|text| text.split_once('=')) {
            let value = Tree::text(item.place.clone(), value);
            if let Some(value) = read(&value) {
                found.push(json!({ "name": name, member: value.to_value() }));
            }
            continue;
        }
        let Some(fields) = Fields::open(item, format!("an item of {what}"), table, ctx.problems) else { continue };
        let name = fields.text("name");
        let value = fields.take(second).map_or_else(|| Some(Text::default()), &read);
        fields.finish();
        if let (Some(name), Some(value)) = (name, value) {
            found.push(json!({ "name": name, member: value.to_value() }));
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
    let fields = Fields::open(tree, shown.clone(), &HEALTH_CHECK, ctx.problems)?;
    let mut out = Map::new();
    if let Some(value) = fields.take("command").and_then(command) {
        out.insert("command".to_owned(), value);
    }
    for (key, name) in [("interval", "interval"), ("timeout", "timeout"), ("start_period", "startPeriod")] {
        out.extend(fields.seconds(key).map(|secs| (name.to_owned(), secs.into())));
    }
    out.extend(fields.count("retries").map(|count| ("retries".to_owned(), count.into())));
    fields.finish();
    Some(Json::Object(out))
}

/// `db`, `[db]`, `{ db: HEALTHY }`, or ECS's list.
fn depends_on(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Json {
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
        let Some(fields) = Fields::open(tree, format!("an item of {key}"), &DEPENDENCY, ctx.problems) else { continue };
        let (name, condition) = (fields.text("container"), fields.word("condition"));
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
            let what = format!("ulimit `{}`", entry.key);
            let Some(fields) = Fields::open(&entry.value, what, &ULIMIT, ctx.problems) else { continue };
            let limits = (fields.number("soft"), fields.number("hard"));
            fields.finish();
            limits
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
