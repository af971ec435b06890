//! Tags, which every service keeps alike and writes in its own way: lists of `Key`/`Value` or `key`/`value`, or maps. What a service
//! accepts and how it says what it does not, is in `dialect`.

pub mod dialect;
pub mod rules;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::call::Members;

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// Reads a list such as `[{"Key": …, "Value": …}]`; the names of both members are given.
pub fn from_list(list: &[Value], key: &str, value: &str) -> Tags {
    list.iter().map(|tag| (tag.text_or_empty(key).to_owned(), tag.text_or_empty(value).to_owned())).collect()
}

/// Writes such a list, sorted by key.
pub fn to_list(tags: &Tags, key: &str, value: &str) -> Value {
    tags.iter().map(|(name, text)| json!({ key: name, value: text })).collect()
}

/// Reads a map.
pub fn from_map(map: Option<&Map<String, Value>>) -> Tags {
    let pairs = map.into_iter().flatten();
    pairs.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// Writes a map.
pub fn to_map(tags: &Tags) -> Value {
    tags.iter().map(|(key, value)| (key.clone(), Value::from(value.clone()))).collect::<Map<_, _>>().into()
}

/// A resource with its tags, as the tagging API sees it.
#[derive(Clone, Debug)]
pub struct Tagged {
    /// Its ARN.
    pub arn: String,
    /// Its tags.
    pub tags: Tags,
}
