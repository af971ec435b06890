//! The keys of the stack file, from its tables, so that documentation and tests cannot forget one.

use std::collections::BTreeSet;

use evenkeel_stack::ROOT;
use evenkeel_stack::table::{self, Since, Type};

/// The string literals right after each occurrence of `before`.
pub fn literals<'t>(source: &'t str, before: &str) -> Vec<&'t str> {
    source.split(before).skip(1).filter_map(|rest| rest.split_once('"').map(|(word, _)| word)).collect()
}

/// All keys of this version in all their spellings, but for those of the JSON form that the inline form puts up with, and what
/// goes to ECS as it stands.
pub fn keys() -> BTreeSet<String> {
    let keys = table::all(&ROOT).into_iter().flat_map(|table| table.keys());
    let keys = keys.filter(|key| !matches!(key.kind, Type::Ecs(..)));
    let spellings = keys.filter(|key| key.since != Since::NotYet).flat_map(|key| key.spellings());
    spellings.filter(|name| !name.contains(char::is_uppercase)).map(str::to_owned).collect()
}
