//! What a run changed is ours: judged by the whole world before and after it. A thing of a collection whose things carry marks
//! needs one of its own; what cannot carry any (interfaces, tasks, records) has to belong to a thing that does.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_aws::hands;
use evenkeel_sim::world::World;
use serde_json::Value;

use crate::picture::differing;
use crate::things::{Key, Things, is_of, mark, things};

/// Things that get the tags of others, and things of which several are one node.
const TOGETHER: &[&str] = &[
    "ecs.running.tasks",
    "elb.rules",
    "ecs.registry.families.revisions",
    "cloud_map.services",
    "ec2.interfaces",
    "ec2.groups.rules",
];

/// What a stack writes on the zones that it has records in.
const ZONES: &str = "route53.zones";
/// What runs.
const TASKS: &str = "ecs.running.tasks";
/// What stands in zones.
const RECORDS: &str = "route53.zones.sets";

/// Members that change without anybody's doing: a load balancer gets ready, and so does a database.
const OF_ITSELF: &[(&str, &str)] = &[
    ("acm.certificates", "users"),
    ("elb.balancers", "active"),
    ("rds.instances", "reachable"),
    ("rds.instances", "status"),
    ("rds.instances", "turn"),
];

/// What AWS makes by itself, for ever.
fn is_of_aws(thing: &Value) -> bool {
    // A role that a service made for itself, or the secret of a database.
    thing["linked"] == true || thing["owner"].as_str().is_some_and(|owner| owner.contains(":rds:"))
}

/// What AWS makes along with a VPC, and takes away with it.
fn comes_with_a_vpc(key: &Key, thing: &Value) -> bool {
    match key.collection.as_str() {
        "ec2.groups" => thing["name"] == "default",
        "ec2.route_tables" => thing["main"].is_string(),
        "ec2.acls" => thing["default"] == true,
        _ => false,
    }
}

/// No two things carry the same mark of one sort of things.
///
/// # Panics
/// If some do.
pub fn nothing_is_there_twice(world: &World) {
    twice(&things(world));
}

fn twice(all: &Things) {
    let mut marked: BTreeMap<(String, String, String), Vec<String>> = BTreeMap::new();
    for (key, thing) in all.iter().filter(|(key, _)| !TOGETHER.contains(&key.collection.as_str())) {
        // What ECS makes for a gateway carries a copy of its tags.
        let copy = |id: &str| id.starts_with("gateway.") && thing.to_string().contains(hands::ECS.0);
        if let Some((stack, id)) = mark(thing).filter(|(_, id)| !copy(id)) {
            let whose = (key.place.clone(), stack.to_owned(), id.to_owned());
            marked.entry(whose).or_default().push(key.to_string());
        }
    }
    let twice: Vec<_> = marked.iter().filter(|(_, keys)| keys.len() > 1).collect();
    assert!(twice.is_empty(), "something is there twice: {twice:#?}");
}

/// Everything that was there before the stack is there as it was.
///
/// # Panics
/// If not.
pub fn others_are_untouched(before: &Things, now: &Things) {
    let mut touched = Vec::new();
    for (key, thing) in before.iter().filter(|(_, thing)| !is_of_aws(thing)) {
        match now.get(key) {
            Some(now) => differing(&key.to_string(), &told(key, thing), &told(key, now), &mut touched),
            None => touched.push(format!("{key} is gone")),
        }
    }
    assert!(touched.is_empty(), "something that is not of the stack was touched:\n{}", touched.join("\n"));
}

/// A thing without what comes of itself, and what evenkeel is allowed to write on the zones of others.
fn told(key: &Key, thing: &Value) -> Value {
    let mut thing = thing.clone();
    if let Some(members) = thing.as_object_mut() {
        members.retain(|member, _| !OF_ITSELF.contains(&(key.collection.as_str(), member.as_str())));
    }
    if key.collection == ZONES
        && let Some(tags) = thing.get_mut("tags").and_then(Value::as_object_mut)
    {
        tags.retain(|key, _| !key.starts_with("evenkeel:"));
    }
    thing
}

/// What a run may have done.
#[derive(Clone, Copy, Debug)]
pub struct Allowed<'a> {
    /// Whose run it was.
    pub stack: &'a str,
    /// Whether it was asked to take something over.
    pub adopts: bool,
    /// Whether it came to its end: what was made bears its mark by then.
    pub done: bool,
    /// What somebody else did meanwhile.
    pub others: &'a BTreeSet<Key>,
}

/// What has no mark of the stack was neither changed nor taken away, and nothing was made without one.
///
/// # Panics
/// If not.
pub fn only_ours_changed(allowed: Allowed<'_>, before: &Things, after: &Things) {
    let ours = |thing: &Value| mark(thing).is_some_and(|(stack, _)| is_of(stack, allowed.stack));
    let marked: Vec<(&Key, &Value)> = before.iter().chain(after).filter(|(_, thing)| ours(thing)).collect();
    let collections: BTreeSet<&str> = marked.iter().map(|(key, _)| key.collection.as_str()).collect();
    let mut names: BTreeSet<String> = marked.iter().flat_map(|(key, thing)| names(key, thing)).collect();
    // The interface of a task is named after what attaches it, which only the task knows.
    let tasks = before.iter().chain(after).filter(|(key, _)| key.collection == TASKS);
    let tasks = tasks.filter(|(key, thing)| belongs(key, thing, &names, &[]));
    let attached: Vec<String> = tasks.filter_map(|(_, task)| task["attachment"].as_str()).map(str::to_owned).collect();
    names.extend(attached);
    let sets = before.iter().chain(after).filter(|(key, _)| key.collection == RECORDS);
    let marks: Vec<String> = sets
        .map(|(_, thing)| thing.to_string())
        .filter(|text| text.contains("evenkeel") && text.contains(allowed.stack))
        .collect();
    // Cloud Map makes zones of its own, which name their namespace, and keeps the records in them.
    let kept = |(key, zone): &(&Key, &Value)| key.collection == ZONES && zone["linked"].is_array();
    let kept: Vec<&str> = before.iter().chain(after).filter(kept).map(|(key, _)| key.key.as_str()).collect();
    let of_cloud_map =
        |key: &Key| key.collection == RECORDS && key.key.split_once(':').is_some_and(|(zone, _)| kept.contains(&zone));
    let mut wrong = Vec::new();
    for key in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let (was, is) = (before.get(key), after.get(key));
        if was == is || allowed.others.contains(key) || was.or(is).is_some_and(is_of_aws) || of_cloud_map(key) {
            continue;
        }
        if let (Some(was), Some(is)) = (was, is)
            && told(key, was) == told(key, is)
        {
            continue;
        }
        if is_of_ecs(key, was, is) {
            continue;
        }
        let bears = |thing: Option<&Value>| thing.is_some_and(ours);
        // A zone is made without tags: one without any may be what an earlier run made before it was cut short.
        let zone = |was: Option<&Value>| key.collection == ZONES && was.is_some_and(|was| mark(was).is_none());
        let default_rule = |thing: &Value| key.collection == "elb.rules" && thing["priority"].is_null();
        let needs_mark = collections.contains(key.collection.as_str())
            && !TOGETHER.contains(&key.collection.as_str())
            && !was.or(is).is_some_and(default_rule)
            && !was.or(is).is_some_and(|thing| comes_with_a_vpc(key, thing))
            && !kept.contains(&key.key.as_str());
        let good = match (was, is) {
            _ if !needs_mark => {
                bears(was)
                    || bears(is)
                    || [was, is].into_iter().flatten().any(|thing| belongs(key, thing, &names, &marks))
                    // What a run that was cut short has made may not bear its mark yet.
                    || (was.is_none() && !allowed.done)
                    // AWS takes its own interfaces away some minutes after what they belonged to.
                    || (key.collection == "ec2.interfaces" && (!allowed.done || is.is_none()))
            }
            (None, _) => bears(is) || !allowed.done,
            (Some(_), None) => bears(was),
            (Some(_), Some(_)) => bears(was) || (allowed.adopts && bears(is)) || (zone(was) && bears(is)),
        };
        if !good {
            let what = match (was, is) {
                (None, _) => "was made without our mark".to_owned(),
                (_, None) => "has no mark of ours and was taken away".to_owned(),
                (Some(was), Some(is)) => {
                    let mut lines = Vec::new();
                    differing("", was, is, &mut lines);
                    format!("has no mark of ours and was changed: {}", lines.join("; "))
                }
            };
            wrong.push(format!("{key} {what}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What ECS does for the tasks of a service in what others own: it registers them in target groups, and their logs get streams and lines.
fn is_of_ecs(key: &Key, was: Option<&Value>, is: Option<&Value>) -> bool {
    let without_targets = |group: &Value| {
        let mut group = group.clone();
        group["targets"].take();
        group
    };
    match (key.collection.as_str(), was, is) {
        ("logs.groups.streams", None, Some(_)) => true,
        // Lines are only added.
        ("logs.groups.streams", Some(was), Some(is)) => {
            let lines = |stream: &Value| stream["events"].as_array().cloned().unwrap_or_default();
            lines(is).starts_with(&lines(was))
        }
        ("elb.groups", Some(was), Some(is)) => without_targets(was) == without_targets(is),
        _ => false,
    }
}

/// What others call a thing by.
fn names(key: &Key, thing: &Value) -> Vec<String> {
    let arn = thing["arn"].as_str().unwrap_or_default();
    let tail = arn.split_once("loadbalancer/").map(|(_, tail)| tail).unwrap_or_default();
    let all = [key.key.as_str(), arn, tail, thing["dns_name"].as_str().unwrap_or_default()];
    // The interfaces of a database are named by it alone.
    let interfaces = thing["interfaces"].as_array().into_iter().flatten().filter_map(Value::as_str);
    all.into_iter().chain(interfaces).filter(|name| name.len() > 3).map(str::to_owned).collect()
}

/// Whether something without a mark belongs to what has one. A record is marked by a TXT record in its zone.
fn belongs(key: &Key, thing: &Value, names: &BTreeSet<String>, marks: &[String]) -> bool {
    // Those that every zone has come and go with it.
    if key.collection == RECORDS && !matches!(thing["kind"].as_str(), Some("NS" | "SOA")) {
        let name = thing["name"].as_str().unwrap_or_default().trim_end_matches('.').replace("\\052", "*");
        let name = name.as_str();
        // Cloud Map keeps the records of its own zones, which are the ones under `local` here.
        return key.key.contains(":local.") || marks.iter().any(|mark| mark.contains(name));
    }
    let text = format!("{} {thing}", key.key);
    names.iter().any(|name| text.contains(name.as_str()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn thing(collection: &str, key: &str, value: Value) -> Things {
        let key = Key { place: "1 us-east-1".to_owned(), collection: collection.to_owned(), key: key.to_owned() };
        [(key, value)].into()
    }

    fn marked(stack: &str, retention: u32) -> Value {
        json!({ "retention": retention, "tags": { "evenkeel:stack": stack, "evenkeel:id": "log_group.a" } })
    }

    fn judge(before: &[Things], after: &[Things]) {
        let all = |parts: &[Things]| {
            parts.iter().flatten().map(|(key, thing)| (key.clone(), thing.clone())).collect::<Things>()
        };
        let others = BTreeSet::new();
        let allowed = Allowed { stack: "s", adopts: false, done: true, others: &others };
        only_ours_changed(allowed, &all(before), &all(after));
    }

    #[test]
    fn what_is_ours_may_change() {
        let foreign = thing("logs.groups", "b", marked("other", 1));
        let ours = |days| thing("logs.groups", "a", marked("s", days));
        judge(&[ours(1), foreign.clone()], &[ours(2), foreign.clone()]);
        judge(std::slice::from_ref(&foreign), &[ours(2), foreign.clone()]);
        judge(&[ours(1), foreign.clone()], &[foreign]);
    }

    #[test]
    #[should_panic(expected = "logs.groups b has no mark of ours and was changed: .retention: 1 and 2")]
    fn what_is_not_ours_may_not() {
        let ours = thing("logs.groups", "a", marked("s", 1));
        judge(
            &[ours.clone(), thing("logs.groups", "b", marked("t", 1))],
            &[ours, thing("logs.groups", "b", marked("t", 2))],
        );
    }

    #[test]
    #[should_panic(expected = "has no mark of ours and was taken away")]
    fn nor_may_it_go() {
        let ours = thing("logs.groups", "a", marked("s", 1));
        judge(&[ours.clone(), thing("logs.groups", "b", json!({ "tags": {} }))], &[ours]);
    }

    #[test]
    #[should_panic(expected = "was made without our mark")]
    fn what_is_made_is_marked() {
        let ours = thing("logs.groups", "a", marked("s", 1));
        judge(std::slice::from_ref(&ours), &[ours.clone(), thing("logs.groups", "b", json!({ "tags": {} }))]);
    }

    #[test]
    #[should_panic(expected = "sets www has no mark of ours and was changed")]
    fn a_record_is_marked_beside_it() {
        let record = |value: &str| thing(RECORDS, "www", json!({ "name": "www.x.", "document": value }));
        judge(&[record("1")], &[record("2")]);
    }

    #[test]
    #[should_panic(expected = "something is there twice")]
    fn two_things_of_one_mark_are_seen() {
        twice(
            &[thing("logs.groups", "a", marked("s", 1)), thing("logs.groups", "b", marked("s", 1))]
                .into_iter()
                .flatten()
                .collect(),
        );
    }
}
