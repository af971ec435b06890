//! A task definition from the keys of a service: `containers:` and what ECS has at the level of the task.

use evenkeel_core::diagnostic::Place;
use serde_json::{Map, Value as Json, json};

use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::table::Type;
use super::super::task_definition::coerce::{Coerce, Style};
use super::super::task_definition::schema::TASK_DEFINITION;
use super::super::task_definition::{Draft, known_key};
use super::super::tree::{Entry, Tree, Value};
use super::service_keys::{CONSTRAINT, SERVICE};
use super::{Ctx, containers};

/// Keys of a service that belong to its task definition and are read as ECS has them.
pub(crate) fn task_keys() -> impl Iterator<Item = &'static str> {
    let task = |kind: &Type| {
        if let Type::Ecs(object, _) = kind { Some(std::ptr::eq(*object, &TASK_DEFINITION)) } else { None }
    };
    SERVICE.keys().filter(move |key| key.kind.find(&task) == Some(true)).map(|key| key.name)
}

/// Builds the draft from `containers:`.
pub(crate) fn read(ctx: &Ctx<'_>, section: &Tree, place: &Place, fields: &Fields<'_>) -> Draft {
    let mut draft = Draft::new(place.clone());
    task_level(ctx, fields, &mut draft);
    if let Some(tree) = fields.take("volumes") {
        draft.document.insert("volumes".to_owned(), volumes(ctx, tree).into());
        draft.remember_volumes(tree);
    }
    if let Some(tree) = fields.take("task_placement_constraints") {
        let list = constraints(ctx, tree, "task placement constraint", &["memberOf"]);
        draft.document.insert("placementConstraints".to_owned(), list.into());
    }
    containers::read(ctx, section, &mut draft);
    draft
}

/// Reads the keys of the task's own level into a draft; with a file they override it.
pub(crate) fn task_level(ctx: &Ctx<'_>, fields: &Fields<'_>, draft: &mut Draft) {
    let mut entries = Vec::new();
    for key in task_keys() {
        let Some(entry) = fields.entry(key) else { continue };
        let Some(known) = known_key(&TASK_DEFINITION, key) else { continue };
        draft.places.insert(known.to_owned(), entry.value.place.clone());
        let short = match (key, entry.value.scalar()) {
            // `ephemeral_storage: 50` and `runtime_platform: ARM64` are what one would guess.
            ("ephemeral_storage", Some(size)) => {
                let size = size.trim().trim_end_matches("GiB").trim_end_matches("GB").trim().to_owned();
                Some(("size_in_gib", size))
            }
            ("runtime_platform", Some(architecture)) => Some(("cpu_architecture", architecture)),
            _ => None,
        };
        let mut entry = entry.clone();
        if let Some((inner, text)) = short {
            let place = entry.value.place.clone();
            let value = Tree::text(place.clone(), text);
            let inner = Entry { key: inner.to_owned(), place: place.clone(), value };
            entry.value = Tree::new(place, Value::Map(vec![inner]));
        }
        entries.push(entry);
    }
    let tree = Tree::new(fields.place().clone(), Value::Map(entries));
    let reader = Coerce::new(Style::Snake, ctx.problems);
    draft.document.extend(reader.partial(&tree, &TASK_DEFINITION, &[]).unwrap_or_default());
}

/// A map of names to volumes with `efs:`, `host:` or nothing, or ECS's list.
fn volumes(ctx: &Ctx<'_>, tree: &Tree) -> Vec<Json> {
    let reader = Coerce::new(Style::Snake, ctx.problems);
    let as_task = |list: Vec<Tree>| {
        let list = Tree::new(tree.place.clone(), Value::List(list));
        let entry = Entry { key: "volumes".to_owned(), place: tree.place.clone(), value: list };
        let whole = Tree::new(tree.place.clone(), Value::Map(vec![entry]));
        let mut found = reader.partial(&whole, &TASK_DEFINITION, &[]).unwrap_or_default();
        found.remove("volumes").and_then(|list| list.as_array().cloned()).unwrap_or_default()
    };
    let whole = tree.entries().is_some() || tree.items().is_some();
    let inner = tree.entries().unwrap_or_default().iter().map(|entry| &entry.value);
    let scalars = inner.filter(|value| !value.is_null() && value.entries().is_none());
    for wrong in scalars.chain((!whole).then_some(tree)) {
        Want::new("a volume", ctx.problems).wrong(wrong, "a map", "Write { efs: fs-… }, { host: /path } or {}.");
    }
    let Some(entries) = tree.entries() else {
        let items: Vec<Tree> = tree.items().map(<[Tree]>::to_vec).unwrap_or_default();
        return as_task(items.into_iter().map(|item| short_keys(&item)).collect());
    };
    let named = |entry: &Entry| {
        let mut all = vec![Entry {
            key: "name".to_owned(),
            place: entry.place.clone(),
            value: Tree::text(entry.place.clone(), &entry.key),
        }];
        all.extend(entry.value.entries().unwrap_or_default().iter().cloned());
        short_keys(&Tree::new(entry.value.place.clone(), Value::Map(all)))
    };
    as_task(entries.iter().map(named).collect())
}

/// `efs:`, `docker:`, `fsx:` and `host:` in place of ECS's long keys.
fn short_keys(volume: &Tree) -> Tree {
    let Some(entries) = volume.entries() else { return volume.clone() };
    let entries = entries.iter().map(|entry| {
        let (key, inner) = match entry.key.as_str() {
            "efs" => ("efs_volume_configuration", Some("file_system_id")),
            "docker" => ("docker_volume_configuration", Some("driver")),
            "fsx" => ("fsx_windows_file_server_volume_configuration", None),
            "host" => ("host", Some("source_path")),
            other => (other, None),
        };
        let mut value = entry.value.clone();
        if let (Some(inner), Some(_)) = (inner, value.scalar()) {
            let place = value.place.clone();
            let entry = Entry { key: inner.to_owned(), place: place.clone(), value };
            value = Tree::new(place, Value::Map(vec![entry]));
        }
        Entry { key: key.to_owned(), place: entry.place.clone(), value }
    });
    Tree::new(volume.place.clone(), Value::Map(entries.collect()))
}

/// Placement constraints: an expression alone, `distinct_instance`, or maps with `type` and `expression`.
pub(crate) fn constraints(ctx: &Ctx<'_>, tree: &Tree, what: &str, types: &[&'static str]) -> Vec<Json> {
    let key = format!("a {what}");
    let want = Want::new(&key, ctx.problems);
    let mut found = Vec::new();
    for item in want.several(tree) {
        if item.entries().is_none() {
            let Some(text) = want.filled(item) else { continue };
            let distinct = text.replace('_', "").eq_ignore_ascii_case("distinctInstance");
            found.push(if distinct {
                json!({ "type": "distinctInstance" })
            } else {
                json!({ "type": "memberOf", "expression": text })
            });
            continue;
        }
        let Some(fields) = Fields::open(item, key.clone(), &CONSTRAINT, ctx.problems) else { continue };
        let kind = fields.take("type").map_or(Some("memberOf"), |tree| {
            let plain = tree.scalar().map(|text| Tree::text(tree.place.clone(), text.replace('_', "")));
            want.one_of(plain.as_ref().unwrap_or(tree), types)
        });
        let expression = fields.text("expression");
        fields.finish();
        let mut map = Map::new();
        map.insert("type".to_owned(), kind.unwrap_or("memberOf").into());
        if let Some(expression) = expression {
            map.insert("expression".to_owned(), expression.into());
        } else if kind == Some("memberOf") {
            let help = "Write { type: memberOf, expression: \"attribute:ecs.instance-type =~ t3.*\" }.";
            ctx.problems.error("missing-key", &item.place, format!("{key} has no expression"), help);
        }
        found.push(Json::Object(map));
    }
    found
}
