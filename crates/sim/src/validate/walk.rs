//! Goes through an input beside its shapes and collects what breaks their limits. Knows no service's words; a value that is told
//! is printed as AWS's frameworks print it.

use regex::Regex;
use serde_json::{Map, Value};

use super::{Violation, What};
use crate::model::{Api, Member, Shape, ShapeId, ShapeKind};

fn camel(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// What is wrong with the members of a structure, and with what is in them; `path` is where it stands.
pub(super) fn structure(
    service: &'static Api,
    shape: ShapeId,
    map: &Map<String, Value>,
    path: &str,
    found: &mut Vec<Violation>,
) {
    let ShapeKind::Structure { members, required, .. } = &service.shape(shape).kind else { return };
    for member in members {
        let name = camel(&member.name);
        let path = if path.is_empty() { name } else { format!("{path}.{name}") };
        match map.get(&member.name).filter(|value| !value.is_null()) {
            Some(inner) => value(service, member.shape, inner, &path, found),
            None if required.contains(&member.name) => {
                found.push(Violation { path, value: None, what: What::Missing });
            }
            None => {}
        }
    }
}

fn value(service: &'static Api, id: ShapeId, value_: &Value, path: &str, found: &mut Vec<Violation>) {
    let shape = service.shape(id);
    let mut wrong =
        |text: Option<String>, what: What| found.push(Violation { path: path.to_owned(), value: text, what });
    match (&shape.kind, value_) {
        (ShapeKind::Structure { .. }, Value::Object(map)) => structure(service, id, map, path, found),
        (ShapeKind::List { member, .. }, Value::Array(items)) => {
            if let Some(what) = length(shape, items.len()) {
                wrong(Some(printed(service, id, value_)), what);
            }
            for (index, item) in items.iter().enumerate() {
                value(service, member.shape, item, &format!("{path}.{}.member", index + 1), found);
            }
        }
        (ShapeKind::Map { key, value: inner, .. }, Value::Object(map)) => {
            if let Some(what) = length(shape, map.len()) {
                wrong(Some(printed(service, id, value_)), what);
            }
            let of_keys = service.shape(key.shape);
            if map.keys().any(|key| breaks(of_keys, &Value::String(key.clone()))) {
                wrong(Some(plain(value_)), What::Entries("keys", rules(of_keys)));
            }
            let of_values = service.shape(inner.shape);
            if map.values().any(|item| breaks(of_values, item)) {
                wrong(Some(plain(value_)), What::Entries("value", rules(of_values)));
            } else if !matches!(of_values.kind, ShapeKind::String) {
                for (key, item) in map {
                    value(service, inner.shape, item, &format!("{path}.{key}.member"), found);
                }
            }
        }
        (ShapeKind::String, Value::String(text)) => string(shape, text, &mut wrong),
        (ShapeKind::Integer | ShapeKind::Float, Value::Number(number)) => {
            let number = number.as_f64().unwrap_or_default();
            if let Some(min) = shape.min.filter(|min| number < *min) {
                wrong(Some(plain(value_)), What::Less(min));
            } else if let Some(max) = shape.max.filter(|max| number > *max) {
                wrong(Some(plain(value_)), What::More(max));
            }
        }
        _ => {}
    }
}

/// Whether a key or value of a map breaks a rule of its own: a text or a list. What is in a list is not looked at.
fn breaks(shape: &'static Shape, value: &Value) -> bool {
    match value {
        Value::String(text) => {
            let mut broken = false;
            string(shape, text, &mut |_, _| broken = true);
            broken
        }
        Value::Array(items) => length(shape, items.len()).is_some(),
        _ => false,
    }
}

/// All the rules of a shape.
fn rules(shape: &Shape) -> Vec<What> {
    let of_values = (!shape.values.is_empty()).then(|| What::NotOf(shape.values.clone()));
    let of_pattern = shape.pattern.clone().map(What::Unfit);
    let lengths = [shape.max.map(What::Longer), shape.min.map(What::Shorter)];
    lengths.into_iter().chain([of_pattern, of_values]).flatten().collect()
}

/// Shapes whose pattern AWS does not keep to: the namespace of a metric may have a colon.
const LENIENT: &[&str] = &["MetricNamespace"];

fn string(shape: &'static Shape, text: &str, wrong: &mut impl FnMut(Option<String>, What)) {
    if !shape.values.is_empty() && !shape.values.iter().any(|known| known == text) {
        wrong(Some(text.to_owned()), What::NotOf(shape.values.clone()));
    }
    if let Some(what) = length(shape, text.chars().count()) {
        wrong(Some(text.to_owned()), what);
    }
    if let Some(regex) = pattern(shape).filter(|_| !LENIENT.contains(&shape.name.as_str()))
        && !regex.is_match(text)
    {
        wrong(Some(text.to_owned()), What::Unfit(shape.pattern.clone().unwrap_or_default()));
    }
}

#[expect(clippy::cast_precision_loss, reason = "lengths of requests are small")]
fn length(shape: &Shape, length: usize) -> Option<What> {
    let length = length as f64;
    if let Some(min) = shape.min.filter(|min| length < *min) {
        return Some(What::Shorter(min));
    }
    shape.max.filter(|max| length > *max).map(What::Longer)
}

/// The pattern of a shape. What looks ahead or behind, which only Java understands, is left out of it.
fn pattern(shape: &'static Shape) -> Option<&'static Regex> {
    let whole = |text: &str| Regex::new(&format!("^(?:{text})$")).ok();
    let compile = || shape.pattern.as_ref().and_then(|text| whole(text).or_else(|| whole(&without_looks(text))));
    shape.regex.get_or_init(compile).as_ref()
}

/// A pattern without its groups that look ahead or behind.
pub(super) fn without_looks(pattern: &str) -> String {
    let mut kept = String::new();
    let mut rest = pattern;
    while let Some(start) = ["(?=", "(?!", "(?<=", "(?<!"].iter().filter_map(|look| rest.find(look)).min() {
        kept.push_str(&rest[..start]);
        rest = &rest[start + group_length(&rest[start..])..];
    }
    kept + rest
}

/// How long the group is that a text begins with.
fn group_length(text: &str) -> usize {
    let (mut depth, mut class, mut escaped) = (0_usize, false, false);
    for (index, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            '(' if !class => depth += 1,
            ')' if !class => {
                depth -= 1;
                if depth == 0 {
                    return index + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

/// A value as the framework prints it: a structure with its name and all its members.
fn printed(service: &Api, id: ShapeId, value: &Value) -> String {
    let shape = service.shape(id);
    match (&shape.kind, value) {
        (ShapeKind::List { member, .. }, Value::Array(items)) => {
            let items: Vec<String> = items.iter().map(|item| printed(service, member.shape, item)).collect();
            format!("[{}]", items.join(", "))
        }
        (ShapeKind::Structure { members, .. }, Value::Object(map)) => {
            let show = |member: &Member| {
                let value = map.get(&member.name).filter(|value| !value.is_null());
                let value = value.map_or_else(|| "null".to_owned(), |value| printed(service, member.shape, value));
                format!("{}={value}", camel(&member.name))
            };
            format!("{}({})", shape.name, members.iter().map(show).collect::<Vec<_>>().join(", "))
        }
        _ => plain(value),
    }
}

/// A value as Java prints it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let pairs: Vec<String> = map.iter().map(|(key, value)| format!("{key}={}", plain(value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}
