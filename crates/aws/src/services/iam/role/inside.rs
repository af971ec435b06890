//! What others have put on a role of ours: policies that they attached or wrote, and instance profiles that hold it. A
//! deletion would take that along, so it is told and waits for consent. Which policies are ours is kept as short hashes in a
//! tag, since IAM says of none who attached it. Pure.

use std::collections::BTreeSet;

use evenkeel_core::doc::fingerprint;
use serde_json::json;

use super::Spec;
use crate::services::iam::read::Found;
use crate::tags::Tags;

/// The tag that holds the hashes of our policies.
pub(super) const POLICIES: &str = "evenkeel:policies";
/// Characters of a hash.
const HASH: usize = 6;
/// Most characters of a tag's value.
const LIMIT: usize = 256;
/// What stands for more policies than fit: all are ours.
const ALL: &str = "all";

/// The value of the tag; `None` if there are no policies.
pub(super) fn mark<'a>(
    managed: impl Iterator<Item = &'a str>,
    inline: impl Iterator<Item = &'a String>,
) -> Option<String> {
    let hashes: BTreeSet<String> =
        managed.map(|arn| hash("managed", arn)).chain(inline.map(|name| hash("inline", name))).collect();
    if hashes.is_empty() {
        return None;
    }
    let text = hashes.into_iter().collect::<Vec<_>>().join(".");
    Some(if text.len() <= LIMIT { text } else { ALL.to_owned() })
}

/// What others have put on a role, each for a person. What the file asks for is ours whoever put it there.
pub(super) fn of(found: &Found, want: Option<&Spec>) -> Vec<String> {
    let inline: Vec<String> = found.inline.keys().cloned().collect();
    let mut tags = found.tags.clone();
    if let Some(want) = want {
        let wanted = mark(want.managed.iter().filter_map(|arn| arn.known()), want.inline.keys()).unwrap_or_default();
        let both = tags.get(POLICIES).map_or_else(|| wanted.clone(), |ours| format!("{ours}.{wanted}"));
        tags.insert(POLICIES.to_owned(), both);
    }
    foreign(&tags, &found.managed, &inline, &found.profiles)
}

/// What of a role's policies and instance profiles is not ours, by the tags of the role.
pub(super) fn foreign(tags: &Tags, managed: &[String], inline: &[String], profiles: &[String]) -> Vec<String> {
    let ours: BTreeSet<&str> = tags.get(POLICIES).map(|mark| mark.split('.').collect()).unwrap_or_default();
    let is_ours = |hash: &str| ours.contains(hash) || ours.contains(ALL);
    let managed = managed.iter().filter(|arn| !is_ours(&hash("managed", arn))).map(|arn| format!("the policy {arn}"));
    let inline = inline.iter().filter(|name| !is_ours(&hash("inline", name)));
    let inline = inline.map(|name| format!("the inline policy {name}"));
    managed.chain(inline).chain(profiles.iter().map(|name| profile(name))).collect()
}

/// An instance profile, for a person.
pub(super) fn profile(name: &str) -> String {
    format!("its place in the instance profile {name}")
}

fn hash(sort: &str, name: &str) -> String {
    let mut hash = fingerprint(&json!([sort, name]));
    hash.truncate(HASH);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_put_on_a_role_is_told_apart() {
        let (ours, theirs) = ("arn:aws:iam::aws:policy/A".to_owned(), "arn:aws:iam::aws:policy/B".to_owned());
        let inline = "logs".to_owned();
        let mark = mark([ours.as_str()].into_iter(), [&inline].into_iter()).unwrap();
        let tags = Tags::from([(POLICIES.to_owned(), mark)]);
        let foreign = |tags: &Tags| {
            let managed = [ours.clone(), theirs.clone()];
            foreign(tags, &managed, &[inline.clone(), "more".to_owned()], &["p".to_owned()])
        };
        assert_eq!(
            foreign(&tags),
            ["the policy arn:aws:iam::aws:policy/B", "the inline policy more", "its place in the instance profile p"]
        );
        assert_eq!(foreign(&Tags::new()).len(), 5, "without the tag nothing is known to be ours");
    }

    #[test]
    fn the_tag_stays_within_its_limit() {
        let names: Vec<String> = (0..60).map(|n| format!("policy-{n}")).collect();
        let mark = mark(std::iter::empty(), names.iter()).unwrap();
        assert_eq!(mark, ALL);
        assert!(foreign(&Tags::from([(POLICIES.to_owned(), mark)]), &[], &names, &[]).is_empty());
        assert_eq!(super::mark(std::iter::empty(), std::iter::empty()), None);
    }
}
