//! What the things of a network have in common: they have no names, are told apart by the tag `Name`, are owned by their tags, and may not
//! be known everywhere a moment after they were made. Knows no kind.

use aws_sdk_ec2::types::{Filter, NetworkInterface, ResourceType, Tag, TagSpecification};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::name;
use evenkeel_core::snapshot::{Live, Readiness};
use evenkeel_stack::model::{OwnNetwork, Stack};
use serde::Serialize;

use super::super::replies::{sdk_tags, tags_of};
use crate::client::Aws;
use crate::resource::doc;
use crate::tags::{self, Retag, Tags};

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

/// Writes tags and takes some away.
///
/// # Errors
/// Any error of the requests.
pub(super) async fn write(aws: &Aws, id: &str, tags: &Retag) -> Result<(), CloudError> {
    if !tags.set.is_empty() {
        let request = || aws.ec2().create_tags().resources(id).set_tags(Some(sdk_tags(&tags.set))).send();
        aws.caller.send("ec2:CreateTags", request).await?;
    }
    if !tags.remove.is_empty() {
        let keys: Vec<Tag> = tags.remove.iter().map(|key| Tag::builder().key(key).build()).collect();
        let request = || aws.ec2().delete_tags().resources(id).set_tags(Some(keys.clone())).send();
        aws.caller.send("ec2:DeleteTags", request).await?;
    }
    Ok(())
}

/// What a request names was made a moment ago or read a moment ago: if EC2 does not know it, it does not know it yet.
pub(super) fn soon<T>(reply: Result<T, CloudError>) -> Result<T, CloudError> {
    reply.map_err(|error| match error.class {
        ErrorClass::Gone => CloudError { class: ErrorClass::Propagating, ..error },
        _ => error,
    })
}

/// What is gone needs nothing more.
pub(super) fn gone_is_fine(reply: Result<(), CloudError>) -> Result<(), CloudError> {
    match reply {
        Err(error) if error.class == ErrorClass::Gone => Ok(()),
        reply => reply,
    }
}

/// Network interfaces that a filter lets through.
///
/// # Errors
/// Any error of the request.
pub(super) async fn interfaces(aws: &Aws, only: Filter) -> Result<Vec<NetworkInterface>, CloudError> {
    let (mut found, mut token) = (Vec::new(), None);
    loop {
        let request = || {
            let request = aws.ec2().describe_network_interfaces().filters(only.clone());
            request.max_results(1000).set_next_token(token.clone()).send()
        };
        let page = aws.caller.send("ec2:DescribeNetworkInterfaces", request).await?;
        token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        found.extend(page.network_interfaces.unwrap_or_default());
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// Whether something is vacant of these, which are in it.
pub(super) fn vacancy(inside: &[String]) -> Readiness {
    match inside {
        [] => Readiness::Ready,
        [one] => Readiness::Pending(one.clone()),
        [one, more @ ..] => Readiness::Pending(format!("{one} and {} more", more.len())),
    }
}
