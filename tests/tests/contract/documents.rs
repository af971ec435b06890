//! The documents: fields that a kind names exist, a document does not differ from itself, and each leaf that changes is found
//! at its place, with the effect that the kind's fields give it.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_aws::kinds;
use evenkeel_core::diff::{Effect, diff};
use evenkeel_core::doc::{self, Doc};
use evenkeel_core::graph::Node;
use evenkeel_core::kind::{Field, Kind, List, OnChange};
use serde_json::{Value, json};

use super::graphs;

/// Everything that the stacks make of one kind.
fn nodes() -> BTreeMap<&'static str, Vec<Node>> {
    let mut nodes: BTreeMap<&'static str, Vec<Node>> = BTreeMap::new();
    let graphs = graphs();
    for entry in kinds::ALL.iter() {
        let all = graphs.iter().flat_map(|(_, graph)| graph.of_kind(entry.kind.name).cloned());
        nodes.insert(entry.kind.name, all.collect());
    }
    nodes
}

/// The document with its holes filled by texts that tell them apart; a list of subnets by a list.
fn filled(want: &Doc) -> Doc {
    doc::fill(want, &|hole| {
        let text = format!("{}-{}", hole.node, hole.output);
        Some(if hole.output == "subnets" { json!([text.clone(), format!("{text}-2")]) } else { text.into() })
    })
}

#[test]
fn fields_exist() {
    let nodes = nodes();
    for entry in kinds::ALL.iter() {
        for field in entry.kind.fields {
            let found = nodes[entry.kind.name].iter().any(|node| exists(&filled(&node.want), field.path));
            assert!(found, "no document of a {} has {}", entry.kind.name, field.path);
        }
    }
}

/// Whether a value stands at a path of a kind's fields; `null` counts, because it stands for a field that is not managed.
fn exists(value: &Value, path: &str) -> bool {
    let Some((first, rest)) = path.split_once('.') else {
        return value.get(path.trim_end_matches("[]")).is_some();
    };
    match first.strip_suffix("[]") {
        Some(list) => {
            let members = value.get(list).and_then(Value::as_array);
            members.is_some_and(|members| members.iter().any(|member| exists(member, rest)))
        }
        None => value.get(first).is_some_and(|inner| exists(inner, rest)),
    }
}

#[test]
fn a_document_does_not_differ_from_itself() {
    for (kind, nodes) in nodes() {
        let kind = kinds::get(kind).expect("it is in the table").kind;
        for node in nodes {
            let want = filled(&node.want);
            assert!(!doc::is_open(&want), "{}: {want}", node.id);
            assert_eq!(diff(&kind, &want, &want), [], "{}", node.id);
            let text = want.to_string();
            let read: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(doc::fingerprint(&read), doc::fingerprint(&want), "{}", node.id);
        }
    }
}

#[test]
fn members_of_keyed_lists_have_keys_of_their_own() {
    for (kind, nodes) in nodes() {
        let kind = kinds::get(kind).expect("it is in the table").kind;
        for node in nodes {
            leaves(&kind, &filled(&node.want), &mut |place| {
                if let (Some(keys), Value::Array(members)) = (place.list.and_then(List::keys), place.value) {
                    let key = |member: &Value| -> Vec<Value> {
                        keys.iter().map(|key| member.get(*key).cloned().unwrap_or_default()).collect()
                    };
                    let all: BTreeSet<String> = members.iter().map(|member| format!("{:?}", key(member))).collect();
                    assert_eq!(all.len(), members.len(), "{} {}: two members have one key", node.id, place.pattern);
                }
            });
        }
    }
}

#[test]
fn one_changed_leaf_is_one_change_at_its_place() {
    let mut tried = 0;
    for (kind, nodes) in nodes() {
        let kind = kinds::get(kind).expect("it is in the table").kind;
        for node in nodes {
            let want = filled(&node.want);
            let mut places = Vec::new();
            leaves(&kind, &want, &mut |place| {
                // What counts only when a thing is made is not compared.
                let at_birth = |field: &Field| field.path == place.pattern && field.on_change == OnChange::Nothing;
                if place.counts && !kind.fields.iter().any(at_birth) {
                    places.push((place.pointer.clone(), place.pattern.clone(), place.reported.clone()));
                }
            });
            for (pointer, pattern, reported) in places {
                let mut have = want.clone();
                let leaf = have.pointer_mut(&pointer).expect("the pointer is of this document");
                *leaf = other(leaf);
                let changes = diff(&kind, &want, &have);
                let shown: Vec<String> = changes.iter().map(|change| bare(&change.path)).collect();
                assert_eq!(shown, std::slice::from_ref(&reported), "{} {pointer}", node.id);
                assert_eq!(changes[0].effect, effect(&kind, &pattern), "{} {pattern}", node.id);
                tried += 1;
            }
        }
    }
    assert!(tried > 500, "only {tried} leaves were changed");
}

/// A path with nothing between its brackets.
fn bare(path: &str) -> String {
    let (mut bare, mut depth) = (String::new(), 0);
    for c in path.chars() {
        match c {
            '[' => depth += 1,
            ']' => {
                depth -= 1;
                if depth == 0 {
                    bare += "[]";
                }
            }
            c if depth == 0 => bare.push(c),
            _ => {}
        }
    }
    bare
}

fn other(value: &Value) -> Value {
    match value {
        Value::Bool(on) => json!(!on),
        Value::Number(number) => json!(number.as_f64().unwrap_or_default() + 1.0),
        Value::String(text) => json!(format!("{text}-other")),
        Value::Null | Value::Array(_) | Value::Object(_) => json!("other"),
    }
}

/// What the kind's fields say of a change at a pattern: the strongest rule among those for it and for what it is inside of.
fn effect(kind: &Kind, pattern: &str) -> Effect {
    let inside = |path: &str| {
        pattern == path || pattern.starts_with(&format!("{path}.")) || pattern.starts_with(&format!("{path}["))
    };
    let rules: Vec<OnChange> =
        kind.fields.iter().filter(|field| inside(field.path)).map(|field| field.on_change).collect();
    if rules.contains(&OnChange::Replace) {
        Effect::Replace
    } else if rules.contains(&OnChange::Tell) {
        Effect::Tell
    } else {
        Effect::Update
    }
}

/// A place in a document.
struct Place<'a> {
    pointer: String,
    pattern: String,
    /// Where the difference shows: here, or at the list that is compared as a whole.
    reported: String,
    value: &'a Value,
    list: Option<List>,
    /// Whether a change of this leaf alone is one change: not for what is not managed or tells members apart.
    counts: bool,
}

fn leaves<'a>(kind: &Kind, document: &'a Value, visit: &mut dyn FnMut(&Place<'a>)) {
    let top = Place {
        pointer: String::new(),
        pattern: String::new(),
        reported: String::new(),
        value: document,
        list: None,
        counts: false,
    };
    walk(kind, &top, None, visit);
}

/// Goes through a document as the diff does; `whole` is the set that this is inside of.
fn walk<'a>(kind: &Kind, at: &Place<'a>, whole: Option<&str>, visit: &mut dyn FnMut(&Place<'a>)) {
    visit(at);
    let reported = |pattern: &str| whole.map_or_else(|| pattern.to_owned(), str::to_owned);
    match at.value {
        Value::Object(map) => {
            for (key, value) in map {
                let dot = if at.pattern.is_empty() { "" } else { "." };
                let pattern = format!("{}{dot}{key}", at.pattern);
                let rule = kind.fields.iter().find(|field| field.path == pattern).map(|field| field.list);
                let list = value.is_array().then(|| rule.unwrap_or(List::Ordered));
                let pointer = format!("{}/{}", at.pointer, key.replace('~', "~0").replace('/', "~1"));
                let counts = !value.is_null() && !value.is_array() && !value.is_object();
                // Keys with dots or brackets of their own (tags) cannot be told apart in a path.
                let counts = counts && !key.contains(['.', '[', ']']);
                walk(
                    kind,
                    &Place { pointer, reported: reported(&pattern), pattern, value, list, counts },
                    whole,
                    visit,
                );
            }
        }
        Value::Array(members) => {
            for (index, value) in members.iter().enumerate() {
                let pattern = format!("{}[]", at.pattern);
                let set = matches!(at.list, Some(List::Set)).then(|| reported(&at.pattern));
                let whole = whole.or(set.as_deref());
                let counts = !value.is_null() && !value.is_array() && !value.is_object();
                let shown = whole.map_or_else(|| pattern.clone(), str::to_owned);
                let place = Place {
                    pointer: format!("{}/{index}", at.pointer),
                    pattern: whole.map_or_else(|| pattern.clone(), str::to_owned),
                    reported: shown,
                    value,
                    list: None,
                    counts,
                };
                let keys: &[&str] = at.list.and_then(List::keys).unwrap_or_default();
                member(kind, &place, whole, keys, visit);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A member of a list; the keys that tell it apart are left out, because another key is another member.
fn member<'a>(kind: &Kind, at: &Place<'a>, whole: Option<&str>, keys: &[&str], visit: &mut dyn FnMut(&Place<'a>)) {
    let mut skip = |place: &Place<'a>| {
        let inner = place.pointer.strip_prefix(&at.pointer).unwrap_or_default().trim_start_matches('/');
        let first = inner.split('/').next().unwrap_or_default();
        if !keys.contains(&first) {
            visit(place);
        }
    };
    walk(kind, at, whole, &mut skip);
}
