//! The lists in documents that say which groups get which share, and which groups a server registers in. Groups are told
//! apart by the text of their reference, known or not. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::doc::Doc;
use crate::kind::{GROUP, WEIGHT};

/// Groups and their weights.
pub(super) type Shares = BTreeMap<String, u64>;

/// The group that a member names, as text.
pub(super) fn key(member: &Value) -> Option<String> {
    match member.get(GROUP)? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// The groups that a list of members names.
pub(super) fn groups(members: &[Value]) -> BTreeSet<String> {
    members.iter().filter_map(key).collect()
}

/// The members of a list of a document.
pub(super) fn members(doc: &Doc, list: &str) -> Vec<Value> {
    doc.get(list).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// The shares that a document gives, by item: a name for each list that a path leads to.
pub(super) fn shares(doc: &Doc, paths: &[&str]) -> BTreeMap<String, Shares> {
    let mut found = BTreeMap::new();
    for path in paths {
        walk(doc, path, &mut |item, list| drop(found.insert(item, of(list))));
    }
    found
}

fn of(list: &[Value]) -> Shares {
    let weight = |member: &Value| member.get(WEIGHT).and_then(Value::as_u64).unwrap_or(1);
    list.iter().filter_map(|member| Some((key(member)?, weight(member)))).collect()
}

/// Calls `found` with each list that `path` leads to, and what it is called: by the member's conditions, where it is in a list.
fn walk(doc: &Doc, path: &str, found: &mut dyn FnMut(String, &[Value])) {
    match path.split_once("[].") {
        None => {
            if let Some(list) = doc.pointer(&pointer(path)).and_then(Value::as_array) {
                found(path.to_owned(), list);
            }
        }
        Some((outer, inner)) => {
            for member in doc.pointer(&pointer(outer)).and_then(Value::as_array).into_iter().flatten() {
                if let Some(list) = member.pointer(&pointer(inner)).and_then(Value::as_array) {
                    found(name(member, path), list);
                }
            }
        }
    }
}

/// What a member of a list is called: everything of it but the list with the shares and its place among the others.
fn name(member: &Value, path: &str) -> String {
    let inner = path.split_once("[].").map_or(path, |(_, inner)| inner);
    let skipped = inner.split('.').next().unwrap_or(inner);
    let rest = member.as_object().into_iter().flatten().filter(|(key, _)| *key != skipped && *key != "priority");
    format!("{path} {}", Value::Object(rest.map(|(key, value)| (key.clone(), value.clone())).collect()))
}

fn pointer(path: &str) -> String {
    format!("/{}", path.replace('.', "/"))
}

/// The document with other shares in each list: `new` gets the list's name and the shares that are wanted there.
pub(super) fn with_shares(doc: &Doc, paths: &[&str], new: impl Fn(&str, &Shares) -> Shares) -> Doc {
    let mut changed = doc.clone();
    for path in paths {
        match path.split_once("[].") {
            None => {
                if let Some(list) = changed.pointer_mut(&pointer(path)).and_then(Value::as_array_mut) {
                    rewrite(list, |shares| new(path, shares));
                }
            }
            Some((outer, inner)) => {
                let members = changed.pointer_mut(&pointer(outer)).and_then(Value::as_array_mut);
                for member in members.into_iter().flatten() {
                    let item = name(member, path);
                    if let Some(list) = member.pointer_mut(&pointer(inner)).and_then(Value::as_array_mut) {
                        rewrite(list, |shares| new(&item, shares));
                    }
                }
            }
        }
    }
    changed
}

/// Gives a list other shares: members that stay keep their place, new ones come behind them.
fn rewrite(list: &mut Vec<Value>, new: impl FnOnce(&Shares) -> Shares) {
    let mut shares = new(&of(list));
    let mut kept: Vec<Value> = Vec::with_capacity(shares.len());
    for member in list.drain(..) {
        if let Some(weight) = key(&member).and_then(|group| shares.remove(&group)) {
            kept.push(with_weight(member, weight));
        }
    }
    for (group, weight) in shares {
        // A group that is not in the list is live, so its reference is its text.
        kept.push(with_weight(serde_json::json!({ GROUP: group }), weight));
    }
    *list = kept;
}

fn with_weight(mut member: Value, weight: u64) -> Value {
    member[WEIGHT] = weight.into();
    member
}

/// What a server registers in while it serves both: everything wanted, and what it has of `routed`.
///
/// New tasks register in the whole list, so a group that stays for a while takes the container and port of what comes.
pub(super) fn both(have: &[Value], want: &[Value], routed: &BTreeSet<String>) -> Vec<Value> {
    let wanted = groups(want);
    let had = groups(have);
    let coming: Vec<&Value> =
        want.iter().filter(|member| key(member).is_some_and(|group| !had.contains(&group))).collect();
    let mut both = want.to_vec();
    for member in have {
        let Some(group) = key(member).filter(|group| !wanted.contains(group) && routed.contains(group)) else {
            continue;
        };
        let as_is = want.iter().any(|other| apart_from_group(other) == apart_from_group(member));
        let kept = match coming[..] {
            [one] if !as_is => {
                let mut kept = one.clone();
                kept[GROUP] = group.into();
                kept
            }
            _ => member.clone(),
        };
        both.push(kept);
    }
    both
}

fn apart_from_group(member: &Value) -> Value {
    let mut rest = member.clone();
    if let Some(map) = rest.as_object_mut() {
        map.remove(GROUP);
    }
    rest
}
