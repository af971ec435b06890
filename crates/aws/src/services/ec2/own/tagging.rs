//! What the things of a network have in common: they have no names, are told apart by the tag `Name`, and are owned by their tags. Knows no kind
//! and sends nothing.

use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::name;
use evenkeel_core::snapshot::Live;
use evenkeel_stack::model::{OwnNetwork, Stack};
use serde::Serialize;

use super::super::replies::{sdk_tags, tags_of};
use crate::resource::doc;
use crate::tags::{self, Tags};

/// Longest value of a tag.
const VALUE_LIMIT: usize = 255;

/// The tags of a thing: those of the stack, and by default one with its name, as the console shows it.
pub(super) fn named(stack: &Stack, entry: &str) -> Tags {
    let mut all = stack.tags.clone();
    let own = || if entry == "main" { stack.name.clone() } else { name::physical(&stack.name, entry, VALUE_LIMIT) };
    all.entry("Name".to_owned()).or_insert_with(own);
    all
}

/// The node of a thing of a network.
pub(super) fn node<S: Serialize>(own: &OwnNetwork, id: NodeId, want: &S) -> Node {
    let mut node = Node::new(id, "", doc(want));
    node.origin = Some(own.place.to_string());
    node
}

/// Tags for a new thing.
pub(super) fn specification(kind: ResourceType, tags: &Tags) -> TagSpecification {
    TagSpecification::builder().resource_type(kind).set_tags(Some(sdk_tags(tags))).build()
}

/// A live thing with what its tags say of it.
pub(super) fn live<S>(id: Option<&str>, raw: &[Tag], (stack, kind): (&str, &str), have: S) -> Live<S> {
    let all = tags_of(raw);
    let id = id.unwrap_or_default();
    let mut live = Live::new(id, "", tags::owner(&all, stack, kind), have).output("id", id);
    live.replaces = all.get(tags::REPLACES).cloned();
    live
}

/// The tags that the file decides.
pub(super) fn user(raw: &[Tag]) -> Tags {
    tags::user(&tags_of(raw))
}
