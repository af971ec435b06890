//! `sidecars:` of a service: containers that stand beside its own, by word. Decides the container, its image, its ports, and what the task
//! role has to allow for it. Knows no service.

use evenkeel_core::doc::Text;
use serde_json::{Map, Value as Json, json};

use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::Role;
use super::super::suggest;
use super::super::table::{EMPTY, Table, Type, key};
use super::super::task_definition::Draft;
use super::super::tree::{Tree, shorten};
use super::{Ctx, grants};

/// A word.
struct Sidecar {
    word: &'static str,
    /// A pinned image of AWS's public registry.
    image: &'static str,
    ports: &'static [(u16, &'static str)],
    command: &'static [&'static str],
    user: Option<&'static str>,
    /// Whether the application cannot do without it.
    essential: bool,
    /// MiB that it gets at least.
    memory: u16,
    /// The word of `grants` that it needs.
    grant: Option<&'static str>,
}

/// All words. Sources: AWS's guides to X-Ray's daemon on ECS, to the collector of its distribution of OpenTelemetry on ECS, and to FireLens.
static SIDECARS: &[Sidecar] = &[
    Sidecar {
        word: "xray",
        image: "public.ecr.aws/xray/aws-xray-daemon:3.3.13",
        ports: &[(2000, "udp")],
        command: &[],
        user: Some("1337"),
        essential: false,
        memory: 32,
        grant: Some("xray"),
    },
    Sidecar {
        word: "otel",
        image: "public.ecr.aws/aws-observability/aws-otel-collector:v0.43.1",
        ports: &[(4317, "tcp"), (4318, "tcp"), (2000, "udp")],
        command: &["--config=/etc/ecs/ecs-default-config.yaml"],
        user: None,
        essential: false,
        memory: 64,
        grant: Some("otel"),
    },
    Sidecar {
        word: "firelens",
        image: "public.ecr.aws/aws-observability/aws-for-fluent-bit:2.34.3",
        ports: &[],
        command: &[],
        user: Some("0"),
        essential: true,
        memory: 50,
        grant: None,
    },
];

/// What may be said of one.
pub(crate) static SIDECAR: Table = Table {
    path: "services.sidecars",
    what: "a sidecar",
    groups: &[&[
        key("image", Type::Text, "Its image, in place of the one that this version of evenkeel is pinned to.")
            .aws("image")
            .example("public.ecr.aws/xray/aws-xray-daemon:3.3.13"),
        key("options", Type::MapOf(&Type::Text), "Options of the log router; for `firelens` only.")
            .aws("firelensConfiguration.options")
            .example("{ enable-ecs-log-metadata: \"true\" }"),
    ]],
    ..EMPTY
};

/// Adds them to a draft that has its own containers and its roles.
pub(crate) fn read(ctx: &Ctx<'_>, fields: &Fields<'_>, draft: &mut Draft) {
    let Some(tree) = fields.take("sidecars") else { return };
    let key = format!("`sidecars` of {}", fields.what());
    let named: Vec<(String, &Tree)> = match tree.entries() {
        Some(entries) => entries.iter().map(|entry| (entry.key.clone(), &entry.value)).collect(),
        None => {
            let want = Want::new(&key, ctx.problems);
            want.several(tree).iter().filter_map(|item| Some((want.filled(item)?, item))).collect()
        }
    };
    for (word, at) in named {
        let Some(sidecar) = SIDECARS.iter().find(|sidecar| sidecar.word == word) else {
            let help = suggest::help(&word, "the sidecars", SIDECARS.iter().map(|sidecar| sidecar.word));
            let summary = format!("there is no sidecar `{}`", shorten(&word));
            ctx.problems.error("unknown-name", &at.place, summary, help);
            continue;
        };
        if draft.containers().any(|map| map.get("name").and_then(Json::as_str) == Some(&word)) {
            let help = "The sidecar gets that name. Remove your own container, or the word.";
            let summary = format!("{key} names `{word}`, which is a container of the task already");
            ctx.problems.error("duplicate", &at.place, summary, help);
            continue;
        }
        draft.places.insert(format!("container:{word}"), at.place.clone());
        // A word of a list says no more.
        let settings = Some(at).filter(|at| tree.entries().is_some() && !at.is_null());
        let container = container(ctx, sidecar, settings, draft);
        draft.sidecars.insert(word.clone());
        if let Some(Json::Array(list)) = draft.document.get_mut("containerDefinitions") {
            list.push(Json::Object(container));
        }
        if let Some(grant) = sidecar.grant {
            allow(ctx, fields, draft, &at.place, &word, grant);
        }
    }
}

fn container(ctx: &Ctx<'_>, sidecar: &Sidecar, settings: Option<&Tree>, draft: &Draft) -> Map<String, Json> {
    let mut map = Map::new();
    let open = |tree| Fields::open(tree, format!("the sidecar `{}`", sidecar.word), &SIDECAR, ctx.problems);
    let (mut image, mut options) = (sidecar.image.to_owned(), Map::new());
    if let Some(fields) = settings.and_then(open) {
        image = fields.text("image").unwrap_or(image);
        if let Some(tree) = fields.take("options") {
            if sidecar.word == "firelens" {
                let pairs = Want::new("`options`", ctx.problems).string_map(tree);
                options = pairs.into_iter().map(|(name, value, _)| (name, value.into())).collect();
            } else {
                let summary = format!("the sidecar `{}` has no options", sidecar.word);
                ctx.problems.error(
                    "bad-value",
                    &tree.place,
                    summary,
                    "They are for the log router: firelens. Remove them.",
                );
            }
        }
        fields.finish();
    }
    let mut set = |name: &str, value: Json| map.insert(name.to_owned(), value);
    set("name", sidecar.word.into());
    set("image", image.into());
    set("essential", sidecar.essential.into());
    set("memoryReservation", sidecar.memory.into());
    if !sidecar.ports.is_empty() {
        let ports = sidecar.ports.iter().map(|(port, protocol)| json!({ "containerPort": port, "protocol": protocol }));
        set("portMappings", ports.collect());
    }
    if !sidecar.command.is_empty() {
        set("command", json!(sidecar.command));
    }
    if let Some(user) = sidecar.user {
        set("user", user.into());
    }
    if sidecar.word == "firelens" {
        let mut router = Map::from_iter([("type".to_owned(), Json::from("fluentbit"))]);
        if !options.is_empty() {
            router.insert("options".to_owned(), options.into());
        }
        set("firelensConfiguration", router.into());
    }
    if let Some(logs) = logs(draft, sidecar.word) {
        set("logConfiguration", logs);
    }
    map
}

/// Its own output goes where that of the first container goes that writes to CloudWatch Logs, in streams with its name.
fn logs(draft: &Draft, word: &str) -> Option<Json> {
    let mut all = draft.containers().filter_map(|map| map.get("logConfiguration"));
    let mut logs = all.find(|logs| logs["logDriver"] == "awslogs")?.clone();
    logs.get_mut("options")?.as_object_mut()?.insert("awslogs-stream-prefix".to_owned(), word.into());
    Some(logs)
}

/// Notes what the task role has to allow; a role that is only looked up is left as it is.
fn allow(
    ctx: &Ctx<'_>,
    fields: &Fields<'_>,
    draft: &Draft,
    place: &evenkeel_core::diagnostic::Place,
    word: &str,
    grant: &'static str,
) {
    let Some(role) = draft.document.get("taskRoleArn") else {
        let help = format!(
            "It sends with the task role. Add one: roles: {{ task: {{}} }}, and task_role: task; it gets the grant `{grant}`."
        );
        let summary = format!("{} has the sidecar `{word}` but no task role", fields.what());
        ctx.problems.error("missing-key", place, summary, help);
        return;
    };
    if let Ok(Text::From(hole)) = serde_json::from_value::<Text>(role.clone()) {
        ctx.granted.borrow_mut().insert((hole.node.name().to_owned(), grant));
    }
}

/// Adds what sidecars need to the roles of the file.
pub(crate) fn grant(ctx: &Ctx<'_>, roles: &mut std::collections::BTreeMap<String, Role>) {
    for (entry, word) in ctx.granted.borrow().iter() {
        let Some(Role::Managed(role)) = roles.get_mut(entry) else { continue };
        let empty = || json!({ "Version": "2012-10-17", "Statement": [] });
        let document = role.inline.entry(grants::POLICY.to_owned()).or_insert_with(empty);
        let Some(statements) = document["Statement"].as_array_mut() else { continue };
        for statement in grants::of(word) {
            if !statements.contains(&statement) {
                statements.push(statement);
            }
        }
    }
}
