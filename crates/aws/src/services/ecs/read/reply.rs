//! What all that reads from ECS does alike: members of a reply, the tags in it, the mark of a stack, and requests side by side. Knows
//! no kind of resource and asks for nothing.

use evenkeel_core::name;
use futures::StreamExt as _;
use serde_json::{Value, json};

use crate::tags::{self, Tags};

/// How many generations of a name are asked for at once.
const GENERATIONS: u32 = 9;
/// Requests side by side.
const AT_ONCE: usize = 16;

/// Awaits requests side by side, a handful at a time, and gives their outcomes in order.
pub async fn side_by_side<F: Future>(requests: Vec<F>) -> Vec<F::Output> {
    futures::stream::iter(requests).buffered(AT_ONCE).collect().await
}

/// The string at a key, empty if there is none.
pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The members of the list at a key.
pub fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The tags of an ECS reply: a list of `key` and `value`.
pub fn tags_of(value: &Value) -> Tags {
    items(value, "tags").iter().map(|tag| (text(tag, "key").to_owned(), text(tag, "value").to_owned())).collect()
}

/// Tags as ECS takes them.
pub fn tag_list(tags: &Tags) -> Value {
    tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

/// The names of the generations of a thing that come after the first: what was made a moment ago may be the next half of a replacement,
/// and no finder knows it yet. One request has room for them.
pub(super) fn later_names(base: &str, limit: usize) -> impl Iterator<Item = String> {
    (2..=GENERATIONS).map(move |number| name::of_generation(base, number, limit))
}

/// What stands behind the last slash of an ARN: a cluster's or a service's name, a family with its revision.
pub fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// Whether what a reply shows carries the mark of a resource of that kind of a stack.
pub(super) fn is_ours(value: &Value, stack: &str, kind: &str) -> bool {
    tags::is_marked(&tags::owner(&tags_of(value), stack, kind))
}
