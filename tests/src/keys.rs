//! The keys of the stack file, found where the sections read them, so that documentation and tests cannot forget one.

use std::collections::BTreeSet;

use crate::moto::root;

/// What stands before one key in the sources.
const TAKES: &[&str] =
    &["take(\"", "need(\"", "flag(\"", "word(\"", "seconds(\"", "threshold(\"", "text(\"", "number(\"", "entry(\""];

/// What stands before a list of keys.
const LISTS: &[&str] =
    &["either(&[", "list(&[", "percent(&[", "flag(&[", "TASK_KEYS: &[&str] = &[", "SUGAR: &[&str] = &["];

/// The string literals right after each occurrence of `before`.
pub fn literals<'t>(source: &'t str, before: &str) -> Vec<&'t str> {
    source.split(before).skip(1).filter_map(|rest| rest.split_once('"').map(|(word, _)| word)).collect()
}

/// All keys that the sections of the stack file take.
///
/// # Panics
/// If the sources are not there.
pub fn keys() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let folder = root().join("crates/stack/src");
    let files = std::fs::read_dir(folder.join("sections")).expect("the sections are there");
    let files = files.map(|entry| entry.expect("an entry").path());
    for path in files.chain([folder.join("root.rs"), folder.join("actions.rs"), folder.join("policy.rs")]) {
        let source = std::fs::read_to_string(&path).expect("a source is text");
        for before in TAKES {
            found.extend(literals(&source, before).into_iter().map(str::to_owned));
        }
        for list in LISTS.iter().flat_map(|before| source.split(before).skip(1)) {
            let list = list.split(']').next().unwrap_or_default();
            found.extend(list.split('"').skip(1).step_by(2).map(str::to_owned));
        }
    }
    // Spellings of the JSON form that the inline form puts up with, and options of log drivers.
    found.retain(|key| !key.contains(|c: char| c.is_uppercase() || c == '-'));
    found
}
