//! The marks that say whose a thing is, and the difference between them and a user's own tags.
//! Every resource that can carry tags carries [`STACK`] and [`ID`]; keys of AWS itself (`aws:`) are never ours to see.

use std::collections::BTreeMap;

use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::Owner;

use crate::hands;

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// The tag that names the stack.
pub const STACK: &str = "evenkeel:stack";
/// The tag that names the node: `target_group.backend`.
pub const ID: &str = "evenkeel:id";
/// The tag that protects a thing from deletion, `true`. It is part of what is wanted, and outlives the entry in the file.
pub const PROTECT: &str = "evenkeel:protect";
/// The tag that names the thing whose place this one took, by its id: only such a pair can rightly carry one mark.
pub const REPLACES: &str = "evenkeel:replaces";
/// Every tag of evenkeel starts so; users' tags may not.
pub const PREFIX: &str = "evenkeel:";

/// What the mark of a global thing (a role, a zone, a record) says in place of the stack's name: no region holds such a
/// thing, so it belongs to a stack in a region.
pub fn global(stack: &str, region: &str) -> String {
    format!("{stack}@{region}")
}

/// Whose something is, for a person: `shop`, or `shop in eu-west-1` for a global thing.
pub fn told(stack: &str) -> String {
    stack.replacen('@', " in ", 1)
}

/// Whose a thing of this kind with these tags is, for somebody working on `stack` (for a global thing: on what [`global`]
/// makes of it).
///
/// What AWS itself or another controller runs is theirs, whatever marks it carries. A mark counts only on a thing of the kind that it
/// names: tags are written by many, and may say anything.
pub fn owner(tags: &Tags, stack: &str, kind: &str) -> Owner {
    let marked = by_mark(tags, stack, kind);
    let Some(by) = hands::of(tags, kind) else { return marked };
    let mark = matches!(marked, Owner::Ours(_) | Owner::Stray(_)).then(|| {
        let read = |key: &str| tags.get(key).map_or("", String::as_str);
        format!("{STACK}={}, {ID}={}", read(STACK), read(ID))
    });
    Owner::Managed { by, mark: mark.filter(|_| !is_copy(tags)) }
}

/// Whether marks of ours are only copies: what ECS makes for a gateway carries the tags of that.
pub(crate) fn is_copy(tags: &Tags) -> bool {
    tags.contains_key(hands::ECS.0) && tags.get(ID).is_some_and(|id| id.starts_with("gateway."))
}

/// The same by our own marks alone.
fn by_mark(tags: &Tags, stack: &str, kind: &str) -> Owner {
    let Some(theirs) = tags.get(STACK) else { return Owner::Nobody };
    // On a global thing the region is part of the mark.
    let without_region = stack.split_once('@').is_some_and(|(name, _)| name == theirs);
    if theirs != stack && !without_region {
        return Owner::OtherStack(told(theirs));
    }
    let id = tags.get(ID).filter(|_| !without_region);
    match id.and_then(|id| id.parse::<NodeId>().ok()).filter(|node| node.kind() == kind) {
        Some(node) => Owner::Ours(node),
        None => Owner::Stray(format!("{STACK}={theirs}, {ID}={}", tags.get(ID).map_or("", String::as_str))),
    }
}

/// Whether something carries this stack's mark, rightly or not: then it is told about whatever it is called.
pub fn is_marked(owner: &Owner) -> bool {
    matches!(owner, Owner::Ours(_) | Owner::Stray(_) | Owner::Managed { mark: Some(_), .. })
}

/// Whose a thing of others is, for a person, behind its name: ` of stack shop`; nothing if no stack has marked it.
pub fn of_stack(tags: &Tags) -> String {
    tags.get(STACK).map(|stack| format!(" of stack {stack}")).unwrap_or_default()
}

/// The tags that a stack file decides: neither our marks nor AWS's own, but [`PROTECT`].
pub fn user(tags: &Tags) -> Tags {
    tags.iter()
        .filter(|(key, _)| *key == PROTECT || !key.starts_with(PREFIX) && !key.starts_with("aws:"))
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

/// The user's tags that a node wants; none if its kind has none.
pub fn wanted(node: &Node) -> Tags {
    let tags = node.want.get("tags").cloned().unwrap_or_default();
    serde_json::from_value(tags).unwrap_or_default()
}

/// All tags that a node wants: the user's, and the marks.
pub fn of_node(node: &Node, stack: &str) -> Tags {
    marked(&wanted(node), stack, &node.id)
}

/// What has to be written and what removed to get from one set of tags to another.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Retag {
    /// What to set.
    pub set: Tags,
    /// Which keys to remove.
    pub remove: Vec<String>,
}

impl Retag {
    /// From one set of tags to another. Keys of AWS itself are never removed.
    pub fn between(from: &Tags, to: &Tags) -> Self {
        let differs = |(key, value): &(&String, &String)| from.get(*key) != Some(*value);
        let set = to.iter().filter(differs).map(|(key, value)| (key.clone(), value.clone())).collect();
        let remove = from.keys().filter(|key| !to.contains_key(*key) && !key.starts_with("aws:")).cloned().collect();
        Self { set, remove }
    }

    /// Tags to set.
    pub fn set(tags: Tags) -> Self {
        Self { set: tags, remove: Vec::new() }
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty()
    }
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
        assert_eq!(owner(&marked, "cruddur", "target_group"), Owner::Ours(node));
        assert_eq!(owner(&marked, "other", "target_group"), Owner::OtherStack("cruddur".to_owned()));
        assert_eq!(owner(&tags(&[("team", "a")]), "cruddur", "target_group"), Owner::Nobody);
        assert_eq!(user(&marked), tags(&[("team", "a")]));
    }

    #[test]
    fn a_mark_counts_only_on_a_thing_of_its_kind() {
        let marked = marked(&Tags::new(), "cruddur", &NodeId::new("log_group", "web"));
        let text = "evenkeel:stack=cruddur, evenkeel:id=log_group.web";
        assert_eq!(owner(&marked, "cruddur", "security_group"), Owner::Stray(text.to_owned()));
        assert_eq!(owner(&marked, "other", "security_group"), Owner::OtherStack("cruddur".to_owned()));
        for id in ["", "web", "log_group", "log_group."] {
            let odd = tags(&[(STACK, "cruddur"), (ID, id)]);
            assert!(matches!(owner(&odd, "cruddur", "log_group"), Owner::Stray(_)), "{id:?}");
        }
        assert!(matches!(owner(&tags(&[(STACK, "cruddur")]), "cruddur", "log_group"), Owner::Stray(_)));
    }

    #[test]
    fn global_things_belong_to_a_stack_in_a_region() {
        let (node, scope) = (NodeId::new("role", "task"), global("shop", "eu-west-1"));
        let made = marked(&Tags::new(), &scope, &node);
        assert_eq!(owner(&made, &scope, "role"), Owner::Ours(node.clone()));
        let elsewhere = owner(&made, &global("shop", "us-east-1"), "role");
        assert_eq!(elsewhere, Owner::OtherStack("shop in eu-west-1".to_owned()));
        let regionless = owner(&marked(&Tags::new(), "shop", &node), &scope, "role");
        assert_eq!(regionless, Owner::Stray("evenkeel:stack=shop, evenkeel:id=role.task".to_owned()));
    }

    #[test]
    fn tag_changes_leave_those_of_aws_alone() {
        let from = tags(&[("a", "1"), ("b", "2"), ("aws:x", "y")]);
        let Retag { set, remove } = Retag::between(&from, &tags(&[("a", "1"), ("c", "3")]));
        assert_eq!(set, tags(&[("c", "3")]));
        assert_eq!(remove, ["b"]);
    }
}
