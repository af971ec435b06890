//! What tags may be: their characters and lengths by service, reserved beginnings, and keys that IAM takes for one. Reports
//! each at the line of the tag; must not know where tags are sent.

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::{Diagnostic, Place};

use super::decode::{Problems, Want};
use super::tree::{Tree, shorten};

/// Longest key and value of a tag.
const KEY: usize = 128;
const VALUE: usize = 256;
/// Tags of a thing: AWS's 50 less those that evenkeel may need for its marks.
const MOST: usize = 44;

/// Whose rules hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    /// EC2 takes every character.
    Ec2,
    /// Most services: letters, digits and spaces of any script, and a few signs.
    Common,
    /// IAM, for which keys that differ in upper and lower case are one.
    Iam,
}

/// Tags with the places of their keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tags {
    /// Values by key.
    pub values: BTreeMap<String, String>,
    /// Where each key stands.
    pub places: BTreeMap<String, Place>,
}

/// Tags of one map, checked for what holds in every service.
pub(crate) fn read(tree: &Tree, what: &str, problems: &Problems) -> Tags {
    let key = format!("a tag of {what}");
    let mut tags = Tags::default();
    for (name, value, place) in Want::new(&key, problems).string_map(tree) {
        let lower = name.to_ascii_lowercase();
        if let Some(prefix) = ["aws:", "evenkeel:"].iter().find(|prefix| lower.starts_with(**prefix)) {
            problems.error(
                "reserved-tag",
                &place,
                format!("the tag `{}` is reserved", shorten(&name)),
                format!(
                    "Only {} writes tags that start with `{prefix}`. Use another key.",
                    if *prefix == "aws:" { "AWS" } else { "evenkeel" }
                ),
            );
        } else if name.is_empty() || name.chars().count() > KEY || value.chars().count() > VALUE {
            problems.error(
                "bad-tag",
                &place,
                format!("the tag `{}` is too long or empty", shorten(&name)),
                format!("A key has 1 to {KEY} characters, a value at most {VALUE}."),
            );
        } else if name.contains(char::is_control) || value.contains(char::is_control) {
            let help = "A tag is one line of text. Remove line breaks, tabs and other control characters.";
            let summary = format!("the tag `{}` has a control character", shorten(&name));
            problems.error("bad-tag", &place, summary, help);
        } else if let Some(first) = tags.places.get(&name) {
            problems.push(
                Diagnostic::error("duplicate", format!("{what} has the tag `{name}` twice"), Some(place))
                    .related(first.clone(), "the first one")
                    .help("AWS refuses a key that is given twice. Remove one."),
            );
        } else {
            tags.places.insert(name.clone(), place);
            tags.values.insert(name, value);
        }
    }
    tags
}

/// Checks the tags of a thing, those of the stack among them, by the rules of its service.
pub(crate) fn check(tags: &Tags, place: &Place, what: &str, rules: Rules, problems: &Problems) {
    let at = |key: &str| tags.places.get(key).unwrap_or(place);
    if tags.values.len() > MOST {
        let summary = format!("{what} has {} tags, those of the stack included", tags.values.len());
        let help = format!("AWS accepts 50, and evenkeel needs some for its marks: {MOST} are left. Remove some.");
        problems.error("too-many", place, summary, help);
    }
    if rules == Rules::Ec2 {
        return;
    }
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (key, value) in &tags.values {
        for (text, part) in [(key, "key"), (value, "value")] {
            if let Some(bad) = text.chars().find(|c| !allowed(*c)) {
                let summary = format!("the {part} of the tag `{}` has `{bad}`, which AWS refuses", shorten(key));
                let help = "Use letters, digits, spaces and `_.:/=+-@`. Only security groups (EC2) accept more.";
                problems.error("bad-tag", at(key), summary, help);
            }
        }
        if let Some(other) = seen.insert(key.to_lowercase(), key).filter(|_| rules == Rules::Iam) {
            let summary = format!("{what} has the tags `{other}` and `{key}`, which are the same to IAM");
            let help = "IAM ignores the case of tag keys, and refuses both. Remove or rename one.";
            let error = Diagnostic::error("duplicate", summary, Some(at(key).clone())).help(help);
            problems.push(error.related(at(other).clone(), "the other one"));
        }
    }
}

/// A letter, digit or space of any script, or one of the signs.
fn allowed(c: char) -> bool {
    c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c)
}

/// The keys of `tags` that `over` sets anew are its own.
pub(crate) fn over(tags: &Tags, over: Tags) -> Tags {
    let mut all = tags.clone();
    all.values.extend(over.values);
    all.places.extend(over.places);
    all
}
