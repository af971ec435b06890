//! A picture of a simulated world: everything that it keeps, made-up ids replaced by names and moments left out, so that two
//! worlds in which the same was done by other ways can be compared. What a world was made from can be given: whatever stood
//! there then keeps its own id and its own moment, so that something that was thrown away and made anew shows.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_sim::world::{Moment, World};
use serde_json::Value;

use crate::names::{made_up, named};
use crate::things::{Things, things};

/// A picture: where a thing is to what it is.
pub type Picture = BTreeMap<String, Value>;

/// Collections in which only what was there before counts: the rest comes and goes with tasks that were tried.
const ONLY_BEFORE: &[&str] = &["logs.groups.streams"];

/// Roles that AWS makes for its services stay for ever and are nobody's.
const AWS_ROLES: &str = "/aws-service-role/";

/// Paints a world.
pub fn picture(world: &World) -> Picture {
    paint(world, None)
}

/// Paints a world that came from another one. Some services know whole seconds only: what was made in the last of them may have
/// been made after it.
pub fn picture_since(before: &World, world: &World) -> Picture {
    paint(world, Some(before))
}

fn paint(world: &World, before: Option<&World>) -> Picture {
    let known = before.map(|before| (before.now, things(before)));
    let mut all: Things = things(world);
    all.retain(|key, thing| {
        let there = known.as_ref().is_some_and(|(_, things)| things.contains_key(key));
        let of_aws = thing["path"].as_str().is_some_and(|path| path.starts_with(AWS_ROLES));
        there || !(of_aws || ONLY_BEFORE.contains(&key.collection.as_str()))
    });
    // Before anything gets a name: names come from what stands beside them.
    let born = known.as_ref().map(|(now, _)| Moment(now.0 - 1000));
    all.values_mut().for_each(|thing| without_moments(thing, born));
    let mut names = made_up(&all);
    if let Some((_, known)) = &known {
        let old = made_up(known);
        names.retain(|name, _| !old.contains_key(name));
    }
    let mut picture = Picture::new();
    for (mut name, thing) in named(&all, &names) {
        while picture.contains_key(&name) {
            name.push_str(" (again)");
        }
        picture.insert(name, thing);
    }
    picture
}

/// Moments after the beginning say when somebody came by.
fn without_moments(value: &mut Value, born: Option<Moment>) {
    match value {
        Value::Object(map) => map.values_mut().for_each(|inner| without_moments(inner, born)),
        Value::Array(items) => items.iter_mut().for_each(|item| without_moments(item, born)),
        other => {
            if moment(other).is_some_and(|at| born.is_none_or(|born| at >= born)) {
                *other = "some time".into();
            }
        }
    }
}

/// The moment that a value tells: seconds with a fraction, whole milliseconds, or a text.
fn moment(value: &Value) -> Option<Moment> {
    const FIRST: f64 = 1.6e9;
    const LAST: f64 = 2.2e9;
    match value {
        Value::Number(number) if number.is_f64() => {
            number.as_f64().filter(|at| (FIRST..LAST).contains(at)).map(Moment::from_seconds)
        }
        Value::Number(number) => {
            number.as_i64().filter(|at| (1_600_000_000_000..2_200_000_000_000).contains(at)).map(Moment)
        }
        Value::String(text) if text.len() >= 20 && text.starts_with("20") => Moment::parse_iso(text),
        _ => None,
    }
}

/// What differs between two pictures, line by line; empty if nothing does.
pub fn difference(one: &Picture, other: &Picture) -> Vec<String> {
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let mut lines = Vec::new();
    for name in names {
        match (one.get(name), other.get(name)) {
            (Some(a), Some(b)) if a != b => differing(name, a, b, &mut lines),
            (Some(_), None) => lines.push(format!("only in the first: {name}")),
            (None, Some(_)) => lines.push(format!("only in the second: {name}")),
            _ => {}
        }
    }
    // Names tell apart what differs, and so differ as well: the reason comes first.
    lines.sort_by_key(|line| line.contains('<'));
    lines
}

/// Adds what differs between two values.
pub fn differing(path: &str, one: &Value, other: &Value, lines: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
                let (a, b) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
                differing(&format!("{path}.{key}"), a, b, lines);
            }
        }
        (a, b) if a == b => {}
        (a, b) => lines.push(format!("{path}: {a} and {b}")),
    }
}
