//! The parts of the reference page that are made from the tables: one table of keys for each map, the outputs, the keys of
//! ECS's own objects, and those of later versions. Everything else on the page is written by hand. Knows Markdown, and nothing of files.

use super::{Key, Since, Table, all, kinds, words};
use crate::task_definition::schema::{Object, snake};

/// Every part by its name, as it stands on the page between `<!-- NAME -->` and `<!-- / -->`.
pub fn parts(root: &'static Table) -> Vec<(String, String)> {
    let mut parts = vec![
        ("outputs".to_owned(), outputs(root)),
        (
            "keys of every entry".to_owned(),
            keys(&super::entries::NAME.iter().chain(&super::entries::META).collect::<Vec<_>>()),
        ),
        ("objects of ECS".to_owned(), objects(root)),
        ("keys of later versions".to_owned(), later(root)),
    ];
    for table in all(root) {
        // What every entry has is told once, and so is what rules share with listeners.
        let own: Vec<&'static Key> = table.keys().filter(|key| !is_common(key) || table.path.is_empty()).collect();
        let name = if table.path.is_empty() { "keys of the file" } else { table.path };
        parts.push((name.to_owned(), keys(&own)));
    }
    parts
}

fn is_common(key: &Key) -> bool {
    let common = super::entries::NAME.iter().chain(&super::entries::META);
    common.into_iter().any(|one| one.name == key.name && one.say == key.say)
}

fn keys(keys: &[&'static Key]) -> String {
    let mut out = "| key | type | default | meaning | AWS |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for key in keys.iter().filter(|key| key.since != Since::NotYet) {
        let spellings: Vec<String> =
            key.spellings().filter(|name| !name.contains(char::is_uppercase)).map(|name| format!("`{name}`")).collect();
        let (shape, default, aws) = (words::shape(key), words::default(key), aws(key.aws));
        out += &format!("| {} | {shape} | {default} | {} | {aws} |\n", spellings.join(" / "), key.say);
    }
    out
}

fn aws(members: &str) -> String {
    let quoted = members.split(", ").filter(|member| !member.is_empty()).map(|member| format!("`{member}`"));
    quoted.collect::<Vec<_>>().join(", ")
}

/// ECS's own objects under keys that have no table of their own, each where it comes first.
fn objects(root: &'static Table) -> String {
    let mut found: Vec<(String, &'static Object)> = Vec::new();
    for (table, key) in all(root).into_iter().flat_map(|table| table.keys().map(move |key| (table, key))) {
        if let Some(object) = key.kind.ecs().filter(|_| key.kind.tables().is_empty()) {
            add(&format!("{}.{}", table.path, key.name), object, &mut found);
        }
    }
    let mut out = "| under | key | type | meaning | AWS |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for (path, object) in found {
        let under = path.trim_start_matches("services.");
        for member in object.keys {
            let (name, kind) = (snake(member.name), words::ecs(&member.kind));
            out += &format!("| `{under}` | `{name}` | {kind} | {} | `{}` |\n", member.say, member.name);
        }
    }
    out
}

fn add(path: &str, object: &'static Object, found: &mut Vec<(String, &'static Object)>) {
    if found.iter().any(|(_, known)| std::ptr::eq(*known, object)) {
        return;
    }
    found.push((path.to_owned(), object));
    for member in object.keys {
        if let Some(inner) = member.kind.object() {
            add(&format!("{path}.{}", snake(member.name)), inner, found);
        }
    }
}

fn outputs(root: &'static Table) -> String {
    let mut out = "| kind | outputs | written |\n| --- | --- | --- |\n".to_owned();
    for (made, _) in kinds(root) {
        let name = match made.kind {
            "network" | "cluster" => "",
            "listener" => ".BALANCER/NAME",
            "hosted_zone" => ".DOMAIN",
            _ => ".NAME",
        };
        let outputs: Vec<String> = made.outputs.iter().map(|output| format!("`{output}`")).collect();
        let written = format!("${{{}{name}.{}}}", made.kind, made.outputs[0]);
        out += &format!("| `{}` | {} | `{written}` |\n", made.kind, outputs.join(", "));
    }
    out
}

fn later(root: &'static Table) -> String {
    let mut out = "| in | keys |\n| --- | --- |\n".to_owned();
    for table in all(root) {
        let keys = table.keys().filter(|key| key.since == Since::NotYet);
        let names: Vec<String> = keys.map(|key| format!("`{}`", key.name)).collect();
        if !names.is_empty() {
            out += &format!("| {} | {} |\n", table.what, names.join(", "));
        }
    }
    out
}
