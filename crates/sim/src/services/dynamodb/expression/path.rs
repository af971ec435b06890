//! Document paths such as `a.b[2]`: found, set and removed in an item, and what a projection leaves of an item.

use serde_json::{Map, Value, json};

use super::super::{Item, value};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// Into a map.
    Name(String),
    /// Into a list.
    Index(usize),
}

/// A path; it begins with an attribute's name.
pub(crate) type Path = Vec<Step>;

/// As the service writes it.
pub(super) fn text(path: &[Step]) -> String {
    let steps: Vec<String> = path
        .iter()
        .map(|step| match step {
            Step::Name(name) => name.clone(),
            Step::Index(index) => format!("[{index}]"),
        })
        .collect();
    format!("[{}]", steps.join(", "))
}

/// What is at a path.
pub(super) fn find<'i>(item: &'i Item, path: &[Step]) -> Option<&'i Value> {
    let (Step::Name(first), rest) = path.split_first()? else { return None };
    rest.iter().try_fold(item.get(first)?, |here, step| match (value::parts(here), step) {
        (("M", Value::Object(map)), Step::Name(name)) => map.get(name),
        (("L", Value::Array(list)), Step::Index(index)) => list.get(*index),
        _ => None,
    })
}

fn find_mut<'i>(item: &'i mut Item, path: &[Step]) -> Option<&'i mut Value> {
    let (Step::Name(first), rest) = path.split_first()? else { return None };
    rest.iter().try_fold(item.get_mut(first)?, |here, step| {
        let (kind, inner) = here.as_object_mut()?.iter_mut().next()?;
        match (kind.as_str(), inner, step) {
            ("M", Value::Object(map), Step::Name(name)) => map.get_mut(name),
            ("L", Value::Array(list), Step::Index(index)) => list.get_mut(*index),
            _ => None,
        }
    })
}

/// What is at a path, with the name of its type: `M`, `L`.
fn find_typed<'i>(item: &'i mut Item, path: &[Step]) -> Option<(&'i str, &'i mut Value)> {
    let (kind, value) = find_mut(item, path)?.as_object_mut()?.iter_mut().next()?;
    Some((kind.as_str(), value))
}

/// Sets what is at a path; false if what is around it is not there.
pub(super) fn set(item: &mut Item, path: &[Step], new: Value) -> bool {
    let Some((last, parents)) = path.split_last() else { return false };
    if let (true, Step::Name(name)) = (parents.is_empty(), last) {
        item.insert(name.clone(), new);
        return true;
    }
    let Some((kind, parent)) = find_typed(item, parents) else { return false };
    match (kind, parent, last) {
        ("M", Value::Object(map), Step::Name(name)) => {
            map.insert(name.clone(), new);
            true
        }
        // Behind the end of a list means at its end.
        ("L", Value::Array(list), Step::Index(index)) => {
            match list.get_mut(*index) {
                Some(here) => *here = new,
                None => list.push(new),
            }
            true
        }
        _ => false,
    }
}

/// Removes what is at a path; false if what is around it is not there.
pub(super) fn remove(item: &mut Item, path: &[Step]) -> bool {
    let Some((last, parents)) = path.split_last() else { return false };
    if let (true, Step::Name(name)) = (parents.is_empty(), last) {
        item.remove(name);
        return true;
    }
    let Some((kind, parent)) = find_typed(item, parents) else { return false };
    match (kind, parent, last) {
        ("M", Value::Object(map), Step::Name(name)) => {
            map.remove(name);
            true
        }
        ("L", Value::Array(list), Step::Index(index)) => {
            if *index < list.len() {
                list.remove(*index);
            }
            true
        }
        _ => false,
    }
}

/// Paths of one expression must not be within each other.
pub(super) fn no_overlap(paths: &[Path]) -> Result<(), String> {
    for (number, one) in paths.iter().enumerate() {
        for two in &paths[..number] {
            let common = one.iter().zip(two).take_while(|(a, b)| a == b).count();
            let differ = |rest: Option<&Step>| matches!(rest, Some(Step::Index(_)));
            let what = if common == one.len().min(two.len()) {
                "overlap"
            } else if common > 0 && differ(one.get(common)) != differ(two.get(common)) {
                "conflict"
            } else {
                continue;
            };
            return Err(format!(
                "Two document paths {what} with each other; must remove or rewrite one of these paths; path one: {}, path two: {}",
                text(two),
                text(one)
            ));
        }
    }
    Ok(())
}

/// What a projection leaves of an item.
pub(crate) fn project(item: &Item, paths: &[Path]) -> Item {
    let mut sorted: Vec<&Path> = paths.iter().collect();
    // Elements of a list keep their order and close up.
    sorted.sort();
    let mut kept = Map::new();
    for path in sorted {
        if let Some(found) = find(item, path) {
            graft(&mut kept, path, found.clone());
        }
    }
    kept
}

fn graft(item: &mut Item, path: &[Step], leaf: Value) {
    let Some((Step::Name(first), rest)) = path.split_first() else { return };
    if rest.is_empty() {
        item.insert(first.clone(), leaf);
        return;
    }
    let mut here = item.entry(first.clone()).or_insert_with(|| empty(rest));
    for (depth, step) in rest.iter().enumerate() {
        let after = &rest[depth + 1..];
        let fresh = || if after.is_empty() { leaf.clone() } else { empty(after) };
        let inner = here.as_object_mut().and_then(|map| map.values_mut().next());
        here = match (inner, step) {
            (Some(Value::Object(map)), Step::Name(name)) => map.entry(name.clone()).or_insert_with(fresh),
            (Some(Value::Array(list)), Step::Index(_)) => {
                list.push(fresh());
                match list.last_mut() {
                    Some(last) => last,
                    None => return,
                }
            }
            _ => return,
        };
    }
}

fn empty(rest: &[Step]) -> Value {
    match rest.first() {
        Some(Step::Index(_)) => json!({"L": []}),
        _ => json!({"M": {}}),
    }
}
