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
    all.iter_mut().for_each(|(key, thing)| without_details(&key.collection, thing));
    let born = known.as_ref().map(|(now, _)| Moment(now.0 - 1000));
    all.values_mut().for_each(|thing| without_moments(thing, born));
    let mut names = made_up(&all);
    if let Some((_, known)) = &known {
        let old = made_up(known);
        // Name servers are drawn from few: a new zone may get one that another has already.
        names.retain(|name, _| !old.contains_key(name) || name.contains("awsdns"));
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

/// What AWS draws for a load balancer by itself, and no name leads to.
fn without_details(collection: &str, thing: &mut Value) {
    if collection == "elb.balancers" {
        let zones = thing.get_mut("zones").and_then(Value::as_array_mut);
        for zone in zones.into_iter().flatten().filter_map(Value::as_object_mut) {
            zone.remove("interface");
        }
    }
    // Who uses a certificate is noted by AWS, some time later.
    if collection == "acm.certificates"
        && let Some(members) = thing.as_object_mut()
    {
        members.remove("users");
    }
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
///
/// A name that was made up tells apart what stands beside other things; where that alone differs, nothing does.
pub fn difference(one: &Picture, other: &Picture) -> Vec<String> {
    if one == other {
        return Vec::new();
    }
    let unmatched = unmatched(anonymous(one), anonymous(other));
    if unmatched.is_empty() {
        return Vec::new();
    }
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
    lines.retain(|line| unmatched.iter().any(|name| nameless(line).contains(name.as_str())));
    lines
}

/// The names of what stands in one list and has no equal in the other.
fn unmatched(one: Vec<(String, String)>, other: Vec<(String, String)>) -> BTreeSet<String> {
    let mut count: BTreeMap<(String, String), i64> = BTreeMap::new();
    one.into_iter().for_each(|it| *count.entry(it).or_default() += 1);
    other.into_iter().for_each(|it| *count.entry(it).or_default() -= 1);
    count.into_iter().filter(|(_, count)| *count != 0).map(|((name, _), _)| name).collect()
}

/// A picture in which made-up names only say what they are names of.
fn anonymous(picture: &Picture) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> =
        picture.iter().map(|(name, value)| (nameless(name), without_names(value))).collect();
    all.sort();
    all
}

fn without_names(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut members: Vec<String> =
                map.iter().map(|(key, value)| format!("{}: {}", nameless(key), without_names(value))).collect();
            members.sort();
            format!("{{{}}}", members.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(without_names).collect::<Vec<_>>().join(", ")),
        Value::String(text) => nameless(text),
        other => other.to_string(),
    }
}

/// `<ec2.interfaces 1e70>` as `<ec2.interfaces>`.
fn nameless(text: &str) -> String {
    let is_hash = |word: &str| word.len() == 4 && word.chars().all(|c| c.is_ascii_hexdigit());
    let mut rest = text;
    let mut plain = String::new();
    while let Some((before, after)) = rest.split_once('<') {
        let Some((name, behind)) = after.split_once('>') else { break };
        let kept = name.rsplit_once(' ').filter(|(_, last)| is_hash(last)).map_or(name, |(kept, _)| kept);
        plain.push_str(&format!("{before}<{kept}>"));
        rest = behind;
    }
    plain.push_str(rest);
    plain
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
