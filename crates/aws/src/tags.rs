//! The marks that say whose a thing is, and the difference between them and a user's own tags.
//! Every resource that can carry tags carries [`STACK`] and [`ID`]; keys of AWS itself (`aws:`) are never ours to see.

use std::collections::BTreeMap;

use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::Owner;

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// The tag that names the stack.
pub const STACK: &str = "evenkeel:stack";
/// The tag that names the node: `target_group.backend`.
pub const ID: &str = "evenkeel:id";
/// Every tag of evenkeel starts so; users' tags may not.
pub const PREFIX: &str = "evenkeel:";

/// Whose a thing with these tags is, for somebody working on `stack`.
pub fn owner(tags: &Tags, stack: &str) -> Owner {
    match (tags.get(STACK), tags.get(ID).and_then(|id| id.parse().ok())) {
        (Some(theirs), Some(node)) if theirs == stack => Owner::Ours(node),
        (Some(theirs), _) => Owner::OtherStack(theirs.clone()),
        (None, _) => Owner::Nobody,
    }
}

/// The tags that are the user's: neither evenkeel's nor AWS's own.
pub fn user(tags: &Tags) -> Tags {
    tags.iter()
        .filter(|(key, _)| !key.starts_with(PREFIX) && !key.starts_with("aws:"))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The user's tags with the marks of `node` added.
pub fn marked(user: &Tags, stack: &str, node: &NodeId) -> Tags {
    let mut tags = user.clone();
    tags.insert(STACK.to_owned(), stack.to_owned());
    tags.insert(ID.to_owned(), node.to_string());
    tags
}

/// What has to be written and what removed to get from one set of tags to another.
///
/// Keys of AWS itself are never removed.
pub fn changes(from: &Tags, to: &Tags) -> (Tags, Vec<String>) {
    let set =
        to.iter().filter(|(key, value)| from.get(*key) != Some(value)).map(|(k, v)| (k.clone(), v.clone())).collect();
    let remove = from.keys().filter(|key| !to.contains_key(*key) && !key.starts_with("aws:")).cloned().collect();
    (set, remove)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn an_owner_is_read_from_the_marks() {
        let node = NodeId::new("target_group", "web");
        let marked = marked(&tags(&[("team", "a")]), "cruddur", &node);
        assert_eq!(owner(&marked, "cruddur"), Owner::Ours(node));
        assert_eq!(owner(&marked, "other"), Owner::OtherStack("cruddur".to_owned()));
        assert_eq!(owner(&tags(&[("team", "a")]), "cruddur"), Owner::Nobody);
        assert_eq!(user(&marked), tags(&[("team", "a")]));
    }

    #[test]
    fn tag_changes_leave_those_of_aws_alone() {
        let (set, remove) = changes(&tags(&[("a", "1"), ("b", "2"), ("aws:x", "y")]), &tags(&[("a", "1"), ("c", "3")]));
        assert_eq!(set, tags(&[("c", "3")]));
        assert_eq!(remove, ["b"]);
    }
}
