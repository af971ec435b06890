//! The lists in documents that say which groups get which share, and which groups a server registers in. Groups are told
//! apart by the text of their reference, known or not. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::doc::Doc;
use crate::kind::{GROUP, RANK, STAY, Serving, WEIGHT};

/// Groups and their weights.
pub(super) type Shares = BTreeMap<String, u64>;

/// The group that a member names, as text.
pub(in crate::plan) fn key(member: &Value) -> Option<String> {
    match member.get(GROUP)? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// The groups that a list of members names.
pub(in crate::plan) fn groups(members: &[Value]) -> BTreeSet<String> {
    members.iter().filter_map(key).collect()
}

/// The members of a list of a document.
pub(in crate::plan) fn members(doc: &Doc, list: &str) -> Vec<Value> {
    doc.get(list).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// The groups that get a share and had none.
pub(super) fn raised(had: &Shares, wanted: &Shares) -> Vec<String> {
    let gets = |(group, weight): &(&String, &u64)| **weight > 0 && had.get(*group).copied().unwrap_or(0) == 0;
    wanted.iter().filter(gets).map(|(group, _)| group.clone()).collect()
}

/// The shares that a document gives, by item: a name for each list that a path leads to.
pub(super) fn shares(doc: &Doc, paths: &[&str]) -> BTreeMap<String, Shares> {
    let mut found = BTreeMap::new();
    for path in paths {
        walk(doc, path, &mut |item, list| drop(found.insert(item, of(list))));
    }
    found
}

/// The shares of two documents of one thing. An item that is called otherwise by now, because its conditions have changed, is
/// the one that had its rank.
pub(super) fn paired(
    before: &Doc,
    after: &Doc,
    paths: &[&str],
) -> (BTreeMap<String, Shares>, BTreeMap<String, Shares>) {
    let (mut have, want) = (shares(before, paths), shares(after, paths));
    let (old, new) = (ranks(before, paths), ranks(after, paths));
    for (rank, item) in &new {
        let was = old.get(rank).filter(|was| !want.contains_key(*was) && !have.contains_key(item));
        let Some(was) = was else { continue };
        if let Some(shares) = have.remove(was) {
            have.insert(item.clone(), shares);
        }
    }
    (have, want)
}

/// The names of the members of lists that have a rank, by list and rank.
fn ranks(doc: &Doc, paths: &[&str]) -> BTreeMap<(String, String), String> {
    let mut found = BTreeMap::new();
    for (path, outer) in paths.iter().filter_map(|path| Some((path, path.split_once("[].")?.0))) {
        for member in doc.pointer(&pointer(outer)).and_then(Value::as_array).into_iter().flatten() {
            let rank = member.get(RANK).map(|rank| ((*path).to_owned(), rank.to_string()));
            found.extend(rank.map(|rank| (rank, name(member, path))));
        }
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
    let rest = member.as_object().into_iter().flatten().filter(|(key, _)| *key != skipped && *key != RANK);
    format!("{path} {}", Value::Object(rest.map(|(key, value)| (key.clone(), value.clone())).collect()))
}

fn pointer(path: &str) -> String {
    format!("/{}", path.replace('.', "/"))
}

/// The document with other shares in each list: `new` gets the list's name and the shares that are wanted there. A list that
/// grows to have one of the groups in `sticky` keeps clients with their group for a second, the shortest time there is.
pub(super) fn with_shares(
    doc: &Doc,
    paths: &[&str],
    sticky: &BTreeSet<String>,
    new: impl Fn(&str, &Shares) -> Shares,
) -> Doc {
    let mut changed = doc.clone();
    for path in paths {
        match path.split_once("[].") {
            None => grow(&mut changed, path, sticky, |shares| new(path, shares)),
            Some((outer, inner)) => {
                let members = changed.pointer_mut(&pointer(outer)).and_then(Value::as_array_mut);
                for member in members.into_iter().flatten() {
                    let item = name(member, path);
                    grow(member, inner, sticky, |shares| new(&item, shares));
                }
            }
        }
    }
    changed
}

/// The document without some of its items, where these are members of a list.
pub(super) fn without(doc: &Doc, paths: &[&str], items: &BTreeSet<&String>) -> Doc {
    let mut changed = doc.clone();
    for (path, outer) in paths.iter().filter_map(|path| Some((path, path.split_once("[].")?.0))) {
        if let Some(members) = changed.pointer_mut(&pointer(outer)).and_then(Value::as_array_mut) {
            members.retain(|member| !items.contains(&name(member, path)));
        }
    }
    changed
}

/// Gives the list at `path` other shares.
fn grow(doc: &mut Value, path: &str, sticky: &BTreeSet<String>, new: impl FnOnce(&Shares) -> Shares) {
    let Some(list) = doc.pointer_mut(&pointer(path)).and_then(Value::as_array_mut) else { return };
    let before = list.len();
    rewrite(list, new);
    let keeps = list.len() > before.max(1) && groups(list).iter().any(|group| sticky.contains(group));
    let beside = path.rsplit_once('.').map_or(String::new(), |(outer, _)| pointer(outer));
    if let Some(Value::Object(around)) = doc.pointer_mut(&beside).filter(|_| keeps)
        && around.get(STAY).and_then(Value::as_u64) == Some(0)
    {
        around.insert(STAY.to_owned(), 1.into());
    }
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
        // A group that is not in the list is live, so its reference is its text; or it is made by this plan.
        let reference = serde_json::from_str(&group).ok().filter(Value::is_object);
        kept.push(with_weight(serde_json::json!({ GROUP: reference.unwrap_or_else(|| group.into()) }), weight));
    }
    *list = kept;
}

fn with_weight(mut member: Value, weight: u64) -> Value {
    member[WEIGHT] = weight.into();
    member
}

/// A member that registers in the group beside that of another one.
pub(in crate::plan) fn beside(member: &Value, serving: Serving) -> Option<Value> {
    let (object, group) = serving.aside?;
    let other = member.get(object)?.get(group)?.clone();
    let mut beside = plain(member, serving);
    beside[GROUP] = other;
    Some(beside)
}

/// A member without what it says of a group beside its own.
fn plain(member: &Value, serving: Serving) -> Value {
    let mut plain = member.clone();
    if let (Some(map), Some((object, _))) = (plain.as_object_mut(), serving.aside) {
        map.remove(object);
    }
    plain
}

/// What a server registers in while it serves both: everything wanted, and what it has of `routed`.
///
/// New tasks register in the whole list, so a group that stays for a while takes the container and port of what comes. Nobody else
/// moves traffic meanwhile.
pub(super) fn both(have: &[Value], want: &[Value], routed: &BTreeSet<String>, serving: Serving) -> Vec<Value> {
    let wanted = groups(want);
    let had = groups(have);
    let coming: Vec<&Value> =
        want.iter().filter(|member| key(member).is_some_and(|group| !had.contains(&group))).collect();
    let stays = |member: &&Value| key(member).is_some_and(|group| !wanted.contains(&group) && routed.contains(&group));
    let kept: Vec<&Value> = have.iter().filter(stays).collect();
    let mut both = want.to_vec();
    if !kept.is_empty() {
        both.iter_mut().for_each(|member| *member = plain(member, serving));
    }
    for member in kept {
        let alike =
            |other: &Value| apart_from_group(&plain(other, serving)) == apart_from_group(&plain(member, serving));
        let as_is = want.iter().any(alike);
        let kept = match coming[..] {
            [one] if !as_is => {
                let mut kept = plain(one, serving);
                kept[GROUP] = member[GROUP].clone();
                kept
            }
            _ => plain(member, serving),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RULES: &[&str] = &["rules[].action.targets"];

    fn rules(conditions: &str, priority: u32, group: &str) -> Doc {
        json!({ "rules": [{
            "priority": priority,
            "conditions": conditions,
            "action": { "stickiness_secs": 0, "targets": [{ GROUP: group, WEIGHT: 1 }] },
        }] })
    }

    #[test]
    fn a_rule_with_other_conditions_is_the_one_that_had_its_priority() {
        let (have, want) = paired(&rules("/a", 1, "old"), &rules("/b", 1, "new"), RULES);
        assert_eq!(have.keys().collect::<Vec<_>>(), want.keys().collect::<Vec<_>>());
        assert!(have.values().all(|shares| shares.contains_key("old")));
        let (have, want) = paired(&rules("/a", 1, "old"), &rules("/b", 2, "new"), RULES);
        assert_ne!(have.keys().collect::<Vec<_>>(), want.keys().collect::<Vec<_>>());
    }

    #[test]
    fn a_sticky_group_shares_with_another_for_a_second_at_a_time() {
        let both = |_: &str, shares: &Shares| {
            let mut both = shares.clone();
            both.insert("other".to_owned(), 0);
            both
        };
        let sticky = BTreeSet::from(["other".to_owned()]);
        let seconds = |doc: &Doc| doc.pointer("/rules/0/action/stickiness_secs").and_then(Value::as_u64);
        let doc = rules("/a", 1, "one");
        assert_eq!(seconds(&with_shares(&doc, RULES, &sticky, both)), Some(1));
        assert_eq!(seconds(&with_shares(&doc, RULES, &BTreeSet::new(), both)), Some(0));
        assert_eq!(seconds(&with_shares(&doc, RULES, &sticky, |_, shares| shares.clone())), Some(0));
        let top = json!({ "default": { "stickiness_secs": 0, "targets": [{ GROUP: "one", WEIGHT: 1 }] } });
        let grown = with_shares(&top, &["default.targets"], &sticky, both);
        assert_eq!(grown.pointer("/default/stickiness_secs"), Some(&json!(1)));
    }
}
